#!/usr/bin/env python3
"""warder-agent when its server is away, slow, or not the one it should be."""
import sys
import threading
import time
import unittest

from agent_case import ID, AgentTest, path_of
from agent_rig import KEY_ENDED, NOT_READY, OK, wait_until
from kbs_double import Identity

LEASE = 6


class Server(AgentTest):
    def setUp(self):
        super().setUp()
        self.kbs.resources[path_of(ID)].seconds = LEASE

    def test_key_outlives_the_server_until_its_lease_ends(self):
        agent = self.agent()
        self.wait_held(agent)
        self.kbs.stop()
        stopped = time.monotonic()
        agent.wait_for("round_failed")
        self.assertTrue(self.can_sign(agent))
        agent.wait_for("key_ended")
        self.assertLess(time.monotonic() - stopped, LEASE + 3)
        self.assertEqual(self.status_of_sign(agent), KEY_ENDED)
        self.kbs.start()
        self.wait_held(agent, 2)
        self.assertTrue(self.can_sign(agent))

    def test_short_absence_of_the_server_is_not_noticed(self):
        agent = self.agent()
        self.wait_held(agent)
        self.kbs.stop()
        agent.wait_for("round_failed")
        self.kbs.start()
        agent.wait_for("key_renewed")
        self.assertEqual(agent.count("key_ended"), 0)

    def test_waits_grow_while_the_server_is_away(self):
        self.kbs.stop()
        agent = self.agent()
        failed = agent.wait_for("round_failed", 4, 20)
        self.assertGreater(float(failed["again_in"]), 0.9)
        self.kbs.start()
        self.wait_held(agent)

    def test_agent_starts_without_its_server(self):
        self.kbs.stop()
        agent = self.agent()
        self.assertEqual(self.status_of_sign(agent), NOT_READY)
        self.assertEqual(agent.ask(lambda h: h.keys())[0], NOT_READY)
        # After a while programs are told what there is: nothing.
        wait_until(lambda: agent.ask(lambda h: h.keys()) == (OK, []))
        self.kbs.start()
        self.wait_held(agent)

    def test_slow_server_does_not_stop_signatures(self):
        self.kbs.resources[path_of(ID)].seconds = 6
        agent = self.agent()
        self.wait_held(agent)
        inside, go_on = threading.Event(), threading.Event()
        self.addCleanup(go_on.set)

        def slowly(handler, body):
            inside.set()
            go_on.wait(10)

        self.kbs.hooks["attest"] = slowly
        self.assertTrue(inside.wait(10))
        for _ in range(20):
            self.assertTrue(self.can_sign(agent))
        self.assertEqual(agent.count("key_renewed"), 0)
        go_on.set()
        agent.wait_for("key_renewed")

    def test_server_of_another_ca_is_not_trusted(self):
        agent = self.agent(start=False)
        agent.write_ca(Identity().ca)
        agent.start()
        failed = agent.wait_for("round_failed")
        self.assertIn("certificate", failed["detail"])
        self.assertEqual(self.kbs.seen, [])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)
