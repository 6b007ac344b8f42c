#!/usr/bin/env python3
"""warder-agent before a server that is slow with some of its keys."""
import socket
import sys
import time
import unittest

from agent_case import ID, ME, AgentTest, path_of
from kbs_double import refusal


def breaks(handler):
    handler.connection.shutdown(socket.SHUT_RDWR)
    return False


class Slow(AgentTest):
    """Answers that take long, or do not come, are those of some keys only."""

    N = 6

    def setUp(self):
        super().setUp()
        self.resource = self.kbs.resources[path_of(ID)]
        self.seconds = 2.5
        self.kbs.hooks["resource"] = self.hook

    def hook(self, handler, body):
        if "/slow/" not in handler.path:
            return None
        time.sleep(self.seconds)
        return refusal(503, "Unavailable")

    def both(self, **server):
        """The slow ones stand before the other."""
        keys = {"s%d" % i: {"path": "prod/slow/s%d" % i, "get": ME}
                for i in range(self.N)}
        keys["web"] = {"id": ID, "use": ME}
        return self.agent(keys, **server)

    def test_slow_keys_do_not_make_others_lapse(self):
        self.resource.seconds = 12  # the slow ones together take 15
        agent = self.both()
        agent.wait_for("key_held", 1, 30)
        agent.wait_for("key_renewed", 3, 40)
        self.assertEqual(agent.count("key_ended"), 0)
        self.assertGreater(self.kbs.count("/slow/"), self.N)

    def test_an_answer_that_does_not_come_ends_no_round(self):
        self.resource.seconds = 600
        self.seconds, self.N = 8, 1
        agent = self.both(deadline_seconds=3)
        agent.wait_for("key_held", 1, 20)
        self.assertEqual(agent.wait_for("key_refused")["key"], "s0")
        self.assertEqual(agent.count("round_failed"), 0)

    def test_a_connection_that_breaks_for_one_ends_no_round(self):
        def hook(handler, body):
            if "/slow/" in handler.path:
                return breaks(handler)
            time.sleep(0.5)
            return None

        self.kbs.hooks["resource"], self.N = hook, 1
        agent = self.both()
        agent.wait_for("key_held", 1, 20)
        self.assertEqual(agent.wait_for("key_refused")["key"], "s0")
        self.assertEqual(agent.count("round_failed"), 0)

    def test_a_server_that_gives_nothing_has_given_no_round(self):
        self.kbs.hooks["resource"] = lambda handler, body: breaks(handler)
        agent = self.agent()
        agent.wait_for("round_failed", 2)
        del self.kbs.hooks["resource"]
        agent.wait_for("key_held")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)
