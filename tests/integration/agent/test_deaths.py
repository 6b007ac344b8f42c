#!/usr/bin/env python3
"""warder-agent when its processes are killed, in whatever order."""
import os
import signal
import sys
import threading
import time
import unittest

from agent_case import ID, AgentTest, path_of
from agent_rig import OK, ROTATE, wait_until

LEASE = 8  # outlives three starts of a link


class Deaths(AgentTest):
    def children(self, agent):
        """The starter and the link."""
        kin = wait_until(lambda: (lambda k: k if len(k) == 3 else None)(
            agent.kin()))
        return kin[1], kin[2]

    def test_killed_agent_is_back_at_once_when_started_again(self):
        agent = self.agent()
        self.wait_held(agent)
        pids = agent.kin()
        self.assertEqual(agent.stop(signal.SIGKILL), -signal.SIGKILL)
        wait_until(lambda: not any(
            os.path.exists("/proc/%d" % pid) for pid in pids))
        with self.assertRaises(ConnectionRefusedError):
            agent.holder()
        agent.start()
        self.wait_held(agent, 2)
        self.assertTrue(self.can_sign(agent))

    def test_killed_link_is_replaced_and_keys_stay(self):
        self.kbs.resources[path_of(ID)].seconds = LEASE
        agent = self.agent()
        self.wait_held(agent)
        _, link = self.children(agent)
        for _ in range(3):
            os.kill(link, signal.SIGKILL)
            wait_until(lambda: not os.path.exists("/proc/%d" % link))
            self.assertTrue(self.can_sign(agent))
            _, link = self.children(agent)
        agent.wait_for("key_renewed")
        self.assertEqual(agent.count("key_ended"), 0)
        agent.alive()

    def test_link_killed_in_mid_request_costs_a_round(self):
        agent = self.agent(start=False)
        inside = threading.Event()

        def stuck(handler, body):
            inside.set()
            time.sleep(5)

        self.kbs.hooks["attest"] = stuck
        agent.start()
        self.assertTrue(inside.wait(10))
        self.kbs.hooks.clear()
        os.kill(self.children(agent)[1], signal.SIGKILL)
        agent.wait_for("round_failed")
        self.wait_held(agent)

    def test_stopped_link_is_given_up(self):
        agent = self.agent(start=False, deadline_seconds="1")
        agent.start()
        self.wait_held(agent)
        os.kill(self.children(agent)[1], signal.SIGSTOP)
        holder = agent.holder()
        self.addCleanup(holder.close)
        self.assertEqual(holder.ask(ROTATE)[0], OK)
        lost = agent.wait_for("link_lost", seconds=20)
        self.assertEqual(lost["why"], "does not answer")
        wait_until(lambda: self.kbs.count("/attest") >= 2)
        self.assertTrue(self.can_sign(agent))

    def test_without_its_starter_the_agent_stops_and_wipes(self):
        agent = self.agent()
        self.wait_held(agent)
        starter, link = self.children(agent)
        os.kill(starter, signal.SIGKILL)
        self.assertEqual(agent.process.wait(10), 1)
        wait_until(lambda: not os.path.exists("/proc/%d" % link))
        self.assertEqual(agent.count("agent_failed"), 1)
        self.assertFalse(os.path.exists(agent.path))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)
