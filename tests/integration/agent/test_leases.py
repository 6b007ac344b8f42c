#!/usr/bin/env python3
"""warder-agent over time: leases of a few seconds are renewed, end, and come
back."""
import sys
import time
import unittest

from agent_case import ID, ME, AgentTest, path_of
from agent_rig import KEY_ENDED, OK, wait_until
from kbs_double import refusal

LEASE = 5


class Renewal(AgentTest):
    def setUp(self):
        super().setUp()
        self.resource = self.kbs.resources[path_of(ID)]
        self.resource.seconds = LEASE

    def test_lease_is_renewed_when_40_percent_of_it_have_passed(self):
        moments = []
        self.kbs.hooks["resource"] = lambda handler, body: moments.append(
            time.monotonic())
        agent = self.agent()
        wait_until(lambda: len(moments) >= 4, 15)
        for before, after in zip(moments, moments[1:]):
            self.assertGreaterEqual(after - before, 0.4 * LEASE - 0.05)
        self.assertEqual(agent.count("key_ended"), 0)

    def test_key_signs_all_the_time(self):
        agent = self.agent()
        self.wait_held(agent)
        end = time.monotonic() + 1.2 * LEASE
        while time.monotonic() < end:
            self.assertTrue(self.can_sign(agent))
            time.sleep(0.05)
        self.assertGreaterEqual(agent.count("key_renewed"), 2)

    def test_each_round_has_a_new_key_and_challenge(self):
        agent = self.agent()
        agent.wait_for("key_renewed", 2)
        sessions = list(self.kbs.sessions.values())
        self.assertGreaterEqual(len(sessions), 3)
        clients = {s.client["x"] for s in sessions if s.client}
        self.assertGreaterEqual(len(clients), 3)

    def test_key_that_is_denied_ends_with_its_lease_and_may_come_back(self):
        agent = self.agent()
        self.wait_held(agent)
        held = time.monotonic()
        self.kbs.resources[path_of(ID)] = refusal(403, "PolicyClause")
        refused = agent.wait_for("key_refused")
        self.assertEqual(refused["reason"], "policy_clause")
        self.assertTrue(self.can_sign(agent))
        agent.wait_for("key_ended", seconds=2 * LEASE)
        self.assertLess(time.monotonic() - held, LEASE + 3)
        self.assertEqual(self.status_of_sign(agent), KEY_ENDED)
        self.assertEqual(agent.ask(lambda h: h.keys()), (OK, []))
        lines = agent.ask(lambda h: h.lines())
        self.assertIn("ended; policy_clause", lines["key web"])
        self.kbs.resources[path_of(ID)] = self.resource
        self.wait_held(agent, 2)
        self.assertTrue(self.can_sign(agent))

    def test_secret_ends_with_its_lease(self):
        secret = self.put_secret("prod/db/password", seconds=2)
        agent = self.agent({"pass": {"path": "prod/db/password", "get": ME}})
        self.wait_held(agent)
        self.assertEqual(agent.ask(lambda h: h.get("pass")), (OK, secret))
        self.kbs.resources["prod/db/password"] = refusal(403, "PolicyClause")
        agent.wait_for("key_ended")
        self.assertEqual(agent.ask(lambda h: h.get("pass")),
                         (KEY_ENDED, b""))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)
