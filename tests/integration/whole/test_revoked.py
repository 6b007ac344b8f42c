"""What an operator revokes is gone from a real agent within a few seconds, though
its lease would last for ten minutes; everything else stays.
"""
import hashlib
import json
import os
import sys
import time
import unittest

import agent_rig
from whole import BUILD, MRENCLAVE, MRSIGNER, SECRET, Whole, policy

from agent_rig import KEY_ENDED, OK, Agent, wait_until

agent_rig.PROGRAM = os.path.join(BUILD, "warder-agent")
agent_rig.WARDER = os.path.join(BUILD, "warder")

ME = str(os.getuid())
DIGEST = hashlib.sha256(b"message").digest()
SECONDS = 5


class Revoked(unittest.TestCase):
    def setUp(self):
        self.server = Whole()
        self.addCleanup(self.server.remove)
        self.server.start()
        self.policy = self.server.add_policy(policy(lease_seconds=600))
        self.other = self.server.add_policy(policy(lease_seconds=601))
        self.a = self.key(self.policy)
        self.b = self.key(self.other)
        self.secret = self.server.put_secret(policy_id=self.other)
        self.agent = Agent(
            keys={"a": {"id": self.a, "use": ME},
                  "b": {"id": self.b, "use": ME},
                  "db": {"path": SECRET, "get": ME}},
            tee=self.server.path("swtee"),
            address="127.0.0.1:%d" % self.server.port,
            release_key=self.server.release_key)
        self.addCleanup(self.agent.close)
        with open(self.server.ca, encoding="utf-8") as f:
            self.agent.write_ca(f.read())
        self.agent.swtee.update(mrenclave=MRENCLAVE, mrsigner=MRSIGNER)
        self.agent.write()
        self.agent.start()
        self.agent.wait_for("key_held", 3)
        self.waits()

    def key(self, policy_id):
        return self.server.warder("key", "create", "--kind", "ec-p256",
                                  "--policy", policy_id)["id"]

    def waits(self):
        wait_until(lambda: self.agent.ask(lambda h: h.lines())[
            "hears of revocations"] == "yes", 10, "a wait")

    def revoke(self, kind, what):
        args = ["lease", "revoke", what]
        if kind != "lease":
            args += ["--kind", kind]
        self.server.warder(*args)

    def status(self):
        """What a, b and the secret are to local programs."""
        return (self.agent.ask(lambda h: h.sign(self.a, 1, DIGEST))[0],
                self.agent.ask(lambda h: h.sign(self.b, 1, DIGEST))[0],
                self.agent.ask(lambda h: h.get("db"))[0])

    def becomes(self, *status):
        self.assertEqual(self.status(), (OK, OK, OK))
        self.started = time.monotonic()
        return lambda: wait_until(lambda: self.status() == status, SECONDS,
                                  "%s (not %s)" % (status, self.status()))

    def expect(self, kind, what, *status):
        wait = self.becomes(*status)
        self.revoke(kind, what)
        wait()
        refused = self.agent.wait_for(
            "round_failed" if kind in ("platform", "measurement") else
            "key_refused")
        self.assertEqual(refused["reason"], "revoked_by_operator")
        time.sleep(1)
        self.assertEqual(self.status(), status)

    def held(self, name):
        return [e for e in self.agent.events("key_held")
                if e["key"] == name][0]["lease"]

    def attested(self):
        return [e for e in self.server.entries()
                if e["event"] == "attest"][-1]

    def test_key(self):
        self.expect("key", self.a, KEY_ENDED, OK, OK)

    def test_lease_alone(self):
        self.expect("lease", self.held("b"), OK, KEY_ENDED, OK)

    def test_session(self):
        """All three came in one session, and none comes back in another."""
        self.expect("session", self.attested()["session"], KEY_ENDED,
                    KEY_ENDED, KEY_ENDED)

    def test_prefix(self):
        self.expect("prefix", "default/db", OK, OK, KEY_ENDED)

    def test_policy_version(self):
        version = self.server.warder("policy", "show", self.policy)["version"]
        self.expect("policy_version", version, KEY_ENDED, OK, OK)

    def test_measurement(self):
        self.expect("measurement", MRENCLAVE, KEY_ENDED, KEY_ENDED, KEY_ENDED)

    def test_platform(self):
        claims = json.dumps(self.attested()["claims"])
        platform = json.loads(claims)["platform_id"]
        self.expect("platform", platform, KEY_ENDED, KEY_ENDED, KEY_ENDED)

    def test_what_is_of_others_ends_nothing(self):
        self.revoke("key", self.key(self.policy))
        self.revoke("prefix", "default/d")
        self.revoke("measurement", "b2" * 32)
        self.revoke("platform", "00" * 16)
        time.sleep(2)
        self.assertEqual(self.status(), (OK, OK, OK))
        self.assertEqual(self.agent.count("key_revoked"), 0)

    def test_server_started_again(self):
        """Keys are served while it is away; then word comes again."""
        self.server.stop()
        time.sleep(1)
        self.assertEqual(self.status(), (OK, OK, OK))
        self.server.start()
        self.waits()
        self.expect("key", self.b, OK, KEY_ENDED, OK)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)
