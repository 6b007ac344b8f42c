"""The whole way of a key: made in the server, released to an agent, used by a
local program, renewed, and gone when the server will have it so.
"""
import hashlib
import json
import os
import sys
import unittest

import agent_rig
from whole import BUILD, MRENCLAVE, MRSIGNER, OTHER, SECRET, Whole, policy

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

from agent_rig import ECDSA, KEY_ENDED, NO_KEY, OK, PKCS1, Agent, wait_until

agent_rig.PROGRAM = os.path.join(BUILD, "warder-agent")
agent_rig.WARDER = os.path.join(BUILD, "warder")

ME = str(os.getuid())
MESSAGE = b"message"
DIGEST = hashlib.sha256(MESSAGE).digest()
DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420") + DIGEST
LEASE = 5


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


class WholeWay(unittest.TestCase):
    def setUp(self):
        self.server = Whole()
        self.addCleanup(self.server.remove)
        self.server.start()
        self.policy = self.server.add_policy(policy(lease_seconds=LEASE))

    def create(self, kind, **options):
        words = ["key", "create", "--kind", kind, "--label", "web",
                 "--policy", options.get("policy", self.policy),
                 "--certificate", "CN=web.test,DNS=web.test"]
        return self.server.warder(*words)["id"]

    def agent(self, keys, start=True, **swtee):
        agent = Agent(keys=keys, tee=self.server.path("swtee"),
                      address="127.0.0.1:%d" % self.server.port,
                      release_key=self.server.release_key)
        self.addCleanup(agent.close)
        agent.write_ca(read(self.server.ca))
        agent.swtee.update({"mrenclave": MRENCLAVE, "mrsigner": MRSIGNER},
                           **swtee)
        agent.write()
        return agent.start() if start else agent

    def signs(self, agent, key_id, mech=ECDSA):
        """By the key of the certificate that comes with it."""
        def act(holder):
            keys = [k for k in holder.keys()[1] if k.id == key_id]
            if not keys:
                return False
            status, sig = holder.sign(
                key_id, keys[0].generation,
                DIGEST if mech == ECDSA else DIGEST_INFO, mech)
            if status != OK:
                return False
            public = x509.load_der_x509_certificate(
                keys[0].certs[0]).public_key()
            if mech == ECDSA:
                half = len(sig) // 2
                der = utils.encode_dss_signature(
                    int.from_bytes(sig[:half], "big"),
                    int.from_bytes(sig[half:], "big"))
                public.verify(der, MESSAGE, ec.ECDSA(hashes.SHA256()))
            else:
                public.verify(sig, MESSAGE, padding.PKCS1v15(),
                              hashes.SHA256())
            return True
        return agent.ask(act)

    def test_keys_and_secrets_reach_local_programs(self):
        p256, rsa = self.create("ec-p256"), self.create("rsa-2048")
        secret = self.server.put_secret(policy_id=self.policy)
        agent = self.agent({
            "p256": {"id": p256, "use": ME}, "rsa": {"id": rsa, "use": ME},
            "db": {"path": SECRET, "get": ME}})
        agent.wait_for("key_held", 3)
        self.assertTrue(self.signs(agent, p256))
        self.assertTrue(self.signs(agent, rsa, PKCS1))
        run = agent.run("get", "db")
        self.assertEqual((run.returncode, run.stdout), (0, secret))
        wait_until(lambda: p256 in json.dumps(
            self.server.warder("lease", "list")), what="a lease in the index")

    def test_leases_are_renewed_and_logged(self):
        key = self.create("ec-p256")
        agent = self.agent({"web": {"id": key, "use": ME}})
        agent.wait_for("key_renewed", 2)
        self.assertTrue(self.signs(agent, key))
        self.assertEqual(agent.count("key_ended"), 0)
        releases = [e for e in self.server.entries()
                    if e["event"] == "release"]
        self.assertGreaterEqual(len(releases), 3)

    def test_a_trust_domain_gets_its_key_and_no_other(self):
        doc = policy(tee="tdx", all=[{"claim": "mr_td", "in": ["d4" * 48]}])
        key = self.create("ec-p256", policy=self.server.add_policy(doc))
        agent = self.agent({"web": {"id": key, "use": ME}}, tee="tdx",
                           mrtd="d4" * 48)
        agent.wait_for("key_held")
        self.assertTrue(self.signs(agent, key))
        other = self.agent({"web": {"id": key, "use": ME}}, tee="tdx",
                           mrtd="e5" * 48)
        other.wait_for("key_refused")

    def test_another_enclave_gets_no_key(self):
        key = self.create("ec-p256")
        agent = self.agent({"web": {"id": key, "use": ME}}, mrenclave=OTHER)
        refused = agent.wait_for("key_refused")
        self.assertEqual(refused["reason"], "measurement_mismatch")
        self.assertEqual(agent.ask(lambda h: h.sign(key, 1, DIGEST))[0],
                         NO_KEY)

    def test_debug_enclave_is_refused(self):
        key = self.create("ec-p256")
        agent = self.agent({"web": {"id": key, "use": ME}}, debug="yes")
        failed = agent.wait_for("round_failed")
        self.assertEqual(failed["reason"], "debug_not_allowed")

    def test_revoked_key_ends(self):
        key = self.create("ec-p256")
        agent = self.agent({"web": {"id": key, "use": ME}})
        agent.wait_for("key_held")
        self.server.warder("lease", "revoke", "--kind", "key", key)
        refused = agent.wait_for("key_refused")
        self.assertEqual(refused["reason"], "revoked_by_operator")
        agent.wait_for("key_revoked")
        self.assertEqual(agent.ask(lambda h: h.sign(key, 1, DIGEST))[0],
                         KEY_ENDED)

    def test_stricter_policy_holds_from_the_next_renewal_on(self):
        key = self.create("ec-p256")
        agent = self.agent({"web": {"id": key, "use": ME}})
        agent.wait_for("key_held")
        self.server.add_policy(policy(OTHER), policy_id=self.policy)
        refused = agent.wait_for("key_refused")
        self.assertEqual(refused["reason"], "measurement_mismatch")
        agent.wait_for("key_ended")
        self.server.add_policy(policy(), policy_id=self.policy)
        agent.wait_for("key_held", 2, 20)
        self.assertTrue(self.signs(agent, key))

    def test_server_of_another_release_key_is_not_believed(self):
        key = self.create("ec-p256")
        agent = self.agent({"web": {"id": key, "use": ME}}, start=False)
        agent.server["release_key"] = "A" * 43
        agent.write()
        agent.start()
        refused = agent.wait_for("release_refused")
        self.assertEqual(refused["reason"], "release_bad_signature")

    def test_server_may_be_started_again(self):
        key = self.create("ec-p256")
        agent = self.agent({"web": {"id": key, "use": ME}})
        agent.wait_for("key_held")
        self.server.stop()
        agent.wait_for("round_failed")
        self.server.start()
        n = agent.count("key_held") + agent.count("key_renewed")
        wait_until(lambda: agent.count("key_held") +
                   agent.count("key_renewed") > n, 20, "a release")
        self.assertTrue(self.signs(agent, key))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)
