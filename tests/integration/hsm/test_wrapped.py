#!/usr/bin/env python3
"""Keys that leave an HSM (SoftHSM 2) wrapped alone: an agent gets them so, opens
them and signs; another client gets them not at all, or unwrapped by the server
where its operator says so."""
import hashlib
import os
import sys
import unittest

import agent_rig
from agent_rig import ECDSA, OK, PKCS1, Agent
from hsm_rig import MODULE, Hsm
from whole import BUILD, MRENCLAVE, MRSIGNER, Whole, policy, refusal

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

agent_rig.PROGRAM = os.path.join(BUILD, "warder-agent")
agent_rig.WARDER = os.path.join(BUILD, "warder")

ME = str(os.getuid())
MESSAGE = b"message"
DIGEST = hashlib.sha256(MESSAGE).digest()
DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420") + DIGEST


def spki(public):
    return public.public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo)


class Wrapped(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Whole()
        folder = cls.server.path("hsm")
        os.mkdir(folder)
        cls.hsm = Hsm(folder)
        # SoftHSM knows RSA-OAEP with SHA-1 alone.
        cls.server.add_config(
            "[backend hsm]", "kind = pkcs11",
            "uri = pkcs11:token=%s?module-path=%s" % (cls.hsm.label, MODULE),
            "pin_file = " + cls.hsm.pin_file, "oaep_sha1 = yes",
            "environment = SOFTHSM2_CONF=" + cls.hsm.conf)
        cls.server.start()
        cls.policy = cls.server.add_policy(policy(lease_seconds=5))

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()

    def create(self, kind, *options):
        return self.server.warder("key", "create", "--kind", kind,
                                  "--backend", "hsm", "--policy", self.policy,
                                  *options)

    def releases(self, key):
        return [e for e in self.server.entries()
                if e["event"] == "release" and e["key"] == key["id"]]

    def agent(self, keys, **conf):
        agent = Agent(keys=keys, tee=self.server.path("swtee"),
                      address="127.0.0.1:%d" % self.server.port,
                      release_key=self.server.release_key)
        self.addCleanup(agent.close)
        with open(self.server.ca, encoding="utf-8") as f:
            agent.write_ca(f.read())
        agent.swtee.update({"mrenclave": MRENCLAVE, "mrsigner": MRSIGNER})
        agent.agent.update(conf)
        agent.write()
        return agent.start()

    def sign(self, agent, key, mech, data):
        def act(holder):
            found = [k for k in holder.keys()[1] if k.id == key["id"]]
            self.assertTrue(found)
            return holder.sign(key["id"], found[0].generation, data, mech)
        status, sig = agent.ask(act)
        self.assertEqual(status, OK)
        return sig, serialization.load_pem_public_key(
            key["public_key"].encode())

    def test_pairs_of_an_hsm_sign_in_an_agent(self):
        p256, rsa = self.create("ec-p256"), self.create("rsa-2048")
        agent = self.agent({"p256": {"id": p256["id"], "use": ME},
                            "rsa": {"id": rsa["id"], "use": ME}})
        agent.wait_for("key_held", 2, 20)
        sig, public = self.sign(agent, rsa, PKCS1, DIGEST_INFO)
        public.verify(sig, MESSAGE, padding.PKCS1v15(), hashes.SHA256())
        sig, public = self.sign(agent, p256, ECDSA, DIGEST)
        public.verify(utils.encode_dss_signature(
            int.from_bytes(sig[:32], "big"), int.from_bytes(sig[32:], "big")),
            MESSAGE, ec.ECDSA(hashes.SHA256()))
        agent.wait_for("key_renewed", 2, 20)
        self.sign(agent, p256, ECDSA, DIGEST)
        self.assertEqual(agent.count("key_ended"), 0)
        for key in (p256, rsa):
            allowed = [e for e in self.releases(key)
                       if e["result"] == "allow"]
            self.assertTrue(allowed)
            self.assertFalse([e for e in allowed if "broker_unwrapped" in e])

    def test_keys_of_the_other_kinds_reach_an_agent(self):
        # SoftHSM wraps no Ed25519.
        keys = {kind: self.create(kind) for kind in (
            "aes-128", "aes-256", "ec-p384", "ec-p521")}
        agent = self.agent({kind: {
            "path": "default/key/" + k["id"], "use": ME, "get": ME}
            for kind, k in keys.items()}, wrapped="only",
            wrap_key_bits="2048")
        agent.wait_for("key_held", len(keys), 30)
        self.assertEqual(agent.count("release_refused"), 0)
        run = agent.run("get", "aes-128")
        self.assertEqual((run.returncode, len(run.stdout)), (0, 16))

    def test_a_later_version(self):
        key = self.create("ec-p256")
        agent = self.agent({"one": {"id": key["id"], "use": ME}},
                           wrap_key_bits="2048")
        agent.wait_for("key_held", 1, 20)
        key = self.server.warder("key", "rotate", key["id"])
        agent.wait_for("key_held", 2, 20)
        sig, public = self.sign(agent, key, ECDSA, DIGEST)
        public.verify(utils.encode_dss_signature(
            int.from_bytes(sig[:32], "big"), int.from_bytes(sig[32:], "big")),
            MESSAGE, ec.ECDSA(hashes.SHA256()))

    def test_a_plain_client_gets_nothing(self):
        for options in ((), ("--stays",)):
            key = self.create("ec-p256", *options)
            got = refusal(self.server.attested().resource,
                          "default/key/" + key["id"])
            self.assertEqual((got.status, got.type),
                             (422, "KeyMayNotLeaveHsm"))

    def test_a_key_that_stays_does_not_leave_wrapped_either(self):
        key = self.create("ec-p256", "--stays")
        client = self.server.attested(client=self.server.client("RSA"))
        got = refusal(client.resource, "default/key/" + key["id"],
                      native=True, wrap="RSA-OAEP+A256KWP")
        self.assertEqual((got.status, got.type), (422, "KeyMayNotLeaveHsm"))

    def test_the_server_unwraps_where_it_may(self):
        for kind in ("aes-256", "ec-p256", "rsa-2048"):
            key = self.create(kind, "--broker-may-unwrap")
            data = self.server.attested().resource(
                "default/key/" + key["id"])
            if kind == "aes-256":
                self.assertEqual(len(data), 32)
            else:
                self.assertEqual(spki(
                    serialization.load_der_private_key(data, None)
                    .public_key()), spki(serialization.load_pem_public_key(
                        key["public_key"].encode())))
            entry = self.releases(key)[-1]
            self.assertEqual((entry["result"], entry["broker_unwrapped"]),
                             ("allow", True))


if __name__ == "__main__":
    if not os.path.exists(MODULE):
        print("SKIPPED: SoftHSM 2 is not installed", file=sys.stderr)
        sys.exit(77)
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)
