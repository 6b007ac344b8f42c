#!/usr/bin/env python3
"""warder-agent with many keys: it asks for several at a time, in one session,
and one that is slow holds up no other.
"""
import sys
import threading
import time
import unittest

from agent_case import ID, ME, AgentTest, path_of
from agent_rig import NO_KEY, OK, wait_until
from kbs_double import refusal

AT_ONCE = 8


class Many(AgentTest):
    N = 200

    def setUp(self):
        super().setUp()
        self.lock, self.most, self.now = threading.Lock(), 0, 0
        self.secrets = {"s%d" % i: self.put_secret("prod/many/s%d" % i)
                        for i in range(self.N)}

    def counting(self, seconds):
        """A server that takes so long for each, and counts."""
        def hook(handler, body):
            with self.lock:
                self.now += 1
                self.most = max(self.most, self.now)
            time.sleep(seconds)
            with self.lock:
                self.now -= 1
        return hook

    def keys(self):
        return {name: {"path": "prod/many/" + name, "get": ME}
                for name in self.secrets}

    def test_all_come_in_one_session_several_at_a_time(self):
        self.kbs.hooks["resource"] = self.counting(0.02)
        agent = self.agent(self.keys())
        agent.wait_for("key_held", self.N, 40)
        self.assertEqual(self.kbs.count("/attest"), 1)
        self.assertEqual(self.kbs.count("/resource/"), self.N)
        self.assertGreater(self.most, 1)
        self.assertLessEqual(self.most, AT_ONCE)
        for name in ("s0", "s99", "s199"):
            self.assertEqual(agent.ask(lambda h, n=name: h.get(n)),
                             (OK, self.secrets[name]))
        run = agent.run("status")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn(b"key s199", run.stdout)

    def test_one_that_does_not_come_holds_up_no_other(self):
        go = threading.Event()
        self.addCleanup(go.set)

        def hook(handler, body):
            if handler.path.endswith("/s0"):
                go.wait(20)

        self.kbs.hooks["resource"] = hook
        agent = self.agent(self.keys())
        agent.wait_for("key_held", self.N - 1, 40)
        self.assertNotEqual(agent.ask(lambda h: h.get("s0"))[0], OK)
        go.set()
        agent.wait_for("key_held", self.N, 20)

    def test_what_becomes_due_meanwhile_is_asked_for(self):
        """While the round waits for the slow ones, as long as they take."""
        go = threading.Event()
        self.addCleanup(go.set)
        for name in ("s0", "s1", "s2"):
            self.kbs.resources["prod/many/" + name].seconds = 4

        def hook(handler, body):
            if "/s9" in handler.path:
                go.wait(20)

        self.kbs.hooks["resource"] = hook
        self.secrets = {n: self.secrets[n] for n in (
            "s0", "s1", "s2", "s90", "s91")}
        agent = self.agent(self.keys(), deadline_seconds=15)
        agent.wait_for("key_renewed", 9, 20)
        self.assertEqual(agent.count("key_ended"), 0)
        self.assertEqual(self.kbs.count("/attest"), 1)

    def test_a_session_that_ends_among_them_ends_the_round(self):
        went = []

        def hook(handler, body):
            with self.lock:
                went.append(handler.path)
                n = len(went)
            if n == 20:
                for session in self.kbs.sessions.values():
                    session.client = None

        self.kbs.hooks["resource"] = hook
        agent = self.agent(self.keys())
        agent.wait_for("round_failed", 1, 20)
        agent.wait_for("key_held", self.N, 40)
        self.assertEqual(self.kbs.count("/attest"), 2)

    def test_refused_keys_are_told_apart(self):
        def hook(handler, body):
            if handler.path.endswith(("3", "7")):
                return refusal(403, "MeasurementMismatch")

        self.kbs.hooks["resource"] = hook
        agent = self.agent(self.keys())
        refused = sum(n.endswith(("3", "7")) for n in self.secrets)
        agent.wait_for("key_held", self.N - refused, 40)
        wait_until(lambda: agent.count("key_refused") >= refused)
        self.assertEqual({e["key"] for e in agent.events("key_refused")},
                         {n for n in self.secrets if n.endswith(("3", "7"))})
        self.assertEqual(agent.ask(lambda h: h.get("s13"))[0], NO_KEY)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)
