"""nginx serves HTTPS with keys that never leave the server or its HSM: the
server, the agent, the PKCS#11 module and nginx as an operator runs them.
"""
import os
import sys
import time
import unittest

import agent_rig
import holder_rig
import hsm_row
from kbs_double import certificate, new_key
from whole import BUILD, MRENCLAVE, OTHER, Whole, policy

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

holder_rig.MODULE = os.path.join(os.path.abspath(BUILD), "warder-pkcs11.so")
agent_rig.PROGRAM = os.path.join(BUILD, "warder-agent")
agent_rig.WARDER = os.path.join(BUILD, "warder")

from agent_rig import KEY_ENDED, OK, PKCS1, PSS, Agent, wait_until
from holder_rig import Rig, is_root, is_sanitized
from nginx_rig import WORKER, Nginx, missing, uri

LEASE = 6
PATIENCE = 1.2  # of the agent with a signature
MASTER_AND_WORKER = {"see": "root", "use": WORKER} if is_root() else {
    "use": str(os.getuid())}
KEYS = {"RSAKEY": ("rsa-2048", "--stays"), "ECKEY": ("ec-p256", "--stays"),
        "HSMRSA": ("rsa-2048", "--backend", "hsm"),
        "HSMEC": ("ec-p256", "--backend", "hsm")}


class Chained:
    """A key as nginx_rig wants it: its label and the file of its chain."""

    def __init__(self, label, chain):
        self.label, self.chain = label, chain


def info(number, digest):
    """A DigestInfo of RFC 8017, section 9.2."""
    oid = bytes.fromhex("608648016503040200")[:-1] + bytes([number])
    algorithm = b"\x06" + bytes([len(oid)]) + oid + b"\x05\x00"
    text = (b"\x30" + bytes([len(algorithm)]) + algorithm +
            b"\x04" + bytes([len(digest)]) + digest)
    return b"\x30" + bytes([len(text)]) + text


class Public:
    """The half of a key that a certificate is made for."""

    def __init__(self, pem):
        self.key = serialization.load_pem_public_key(pem.encode())

    def public_key(self):
        return self.key


class RemoteTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Whole()
        cls.addClassCleanup(cls.server.remove)
        token = hsm_row.Token()
        cls.addClassCleanup(token.close)
        cls.server.add_config(
            "[backend hsm]", "kind = pkcs11",
            *("%s = %s" % s for s in token.settings(oaep_sha1="yes").items()))
        cls.server.start()

    def create(self, name, kind, *options):
        return self.server.warder(
            "key", "create", "--kind", kind, "--label", name, "--policy",
            self.policy, *options)

    def certify(self, key):
        """By a CA, whatever the key's place."""
        ca = new_key()
        path = self.server.path("leaf.pem")
        with open(path, "w", encoding="ascii") as f:
            f.write(certificate("localhost", Public(key["public_key"]),
                                "test CA", ca, hosts=("localhost",)))
        self.server.warder("key", "certificate", key["id"], path)
        return key["id"]

    def begin(self, ids, **rights):
        """An agent with these keys by name."""
        self.ids, self.rights = ids, rights
        self.rig = Rig()
        self.addCleanup(self.rig.stop)
        agent = Agent(
            keys={name: dict(self.rights, id=key_id, mode="remote")
                  for name, key_id in self.ids.items()},
            tee=self.server.path("swtee"),
            address="127.0.0.1:%d" % self.server.port,
            release_key=self.server.release_key)
        self.addCleanup(agent.close)
        with open(self.server.ca, encoding="utf-8") as f:
            agent.write_ca(f.read())
        agent.swtee["mrenclave"] = MRENCLAVE
        agent.path = agent.agent["socket"] = self.rig.socket
        agent.write()
        agent.start()
        agent.wait_for("key_held", len(self.ids), 20)
        self.agent = agent


class Https(RemoteTest):
    def setUp(self):
        self.policy = self.server.add_policy(policy(lease_seconds=LEASE))
        self.begin({name: self.certify(self.create(name, *kind))
                    for name, kind in KEYS.items()}, **MASTER_AND_WORKER)
        self.rig.keys = [Chained(name, self.rig.file(
            name + ".pem", self.agent.run("get", name, "--chain").stdout))
            for name in self.ids]
        self.nginx = Nginx(self.rig, {name: uri(name) for name in self.ids})

    def works(self):
        return all(self.nginx.works(name) for name in self.ids)

    def assert_works(self):
        for name in self.ids:
            self.assertTrue(self.nginx.works(name), self.nginx.errors())

    def assert_works_or_is_late(self, name):
        """Late: the disk stood still for longer than the agent waits."""
        began = time.monotonic()
        if not self.nginx.works(name):
            self.assertGreaterEqual(time.monotonic() - began, PATIENCE,
                                    self.nginx.errors())

    def assert_fails(self):
        for name in self.ids:
            self.assertNotEqual(self.nginx.fetch(name).returncode, 0)

    def test_https_works_and_no_key_has_left(self):
        end = time.monotonic() + 1.5 * LEASE
        while time.monotonic() < end:
            for name in self.ids:
                self.assert_works_or_is_late(name)
        wait_until(self.works, 20, "handshakes to work")
        self.assertEqual(self.agent.count("key_ended"), 0)
        entries = self.server.entries()
        paths = {e.get("path", "") for e in entries
                 if e["event"] == "release"}
        self.assertFalse([p for p in paths if p.startswith("default/key/")])
        used = {e["key"] for e in entries if e["event"] == "use"}
        self.assertLessEqual(set(self.ids.values()), used)

    def test_a_server_that_was_away_is_missed_only_so_long(self):
        worker = self.nginx.worker
        self.assert_works()
        self.server.stop()
        self.assert_fails()
        self.server.start()
        wait_until(self.works, 20, "handshakes to work again")
        self.assertEqual(self.nginx.worker, worker)

    def test_denied_keys_are_refused_from_then_on(self):
        self.assert_works()
        self.server.add_policy(policy(OTHER, lease_seconds=LEASE),
                               policy_id=self.policy)
        self.assert_fails()
        self.agent.wait_for("key_ended", len(self.ids), 20)
        self.assert_fails()
        self.server.add_policy(policy(lease_seconds=LEASE),
                               policy_id=self.policy)
        wait_until(self.works, 30, "handshakes to work again")


class Forms(RemoteTest):
    """Every form of a signature by RSA that the module has."""

    HASHES = ((1, hashes.SHA256()), (2, hashes.SHA384()), (3, hashes.SHA512()))

    def setUp(self):
        self.policy = self.server.add_policy(policy())
        self.keys = {name: self.create(name, *KEYS[name])
                     for name in ("RSAKEY", "HSMRSA")}
        self.begin({n: k["id"] for n, k in self.keys.items()},
                   use=str(os.getuid()))

    def sign(self, name, *form, **more):
        status, sig = self.agent.ask(
            lambda h: h.sign(self.ids[name], 1, *form, **more))
        self.assertEqual(status, OK, (name, form, more))
        return sig

    def test_each_hash_by_pkcs1_and_pss(self):
        for name, key in self.keys.items():
            public = Public(key["public_key"]).public_key()
            for number, alg in self.HASHES:
                digest = hashes.Hash(alg)
                digest.update(b"text")
                digest = digest.finalize()
                sig = self.sign(name, info(number, digest), PKCS1)
                public.verify(sig, b"text", padding.PKCS1v15(), alg)
                sig = self.sign(name, digest, PSS, hash=number,
                                salt=len(digest))
                public.verify(sig, b"text", padding.PSS(
                    padding.MGF1(alg), len(digest)), alg)


    @unittest.skipIf(is_sanitized(), "ssh-agent, being setgid, would load "
                     "the module without its runtime")
    def test_openssh_signs(self):
        """By SHA-512, which it likes best."""
        lines = self.rig.run("ssh-keygen", "-D", self.rig.module).stdout
        lines = [x for x in lines.splitlines() if x.startswith(b"ssh-rsa ")]
        self.assertEqual(len(lines), len(self.keys))
        os.chmod(self.rig.file("askpass", "#!/bin/sh\necho\n"), 0o755)
        agent = os.path.join(self.rig.folder, "agent.sock")
        self.rig.popen("ssh-agent", "-D", "-a", agent, "-P",
                       self.rig.folder + "/*")
        wait_until(lambda: os.path.exists(agent), what="ssh-agent")
        env = {"SSH_AUTH_SOCK": agent, "DISPLAY": "none",
               "SSH_ASKPASS": os.path.join(self.rig.folder, "askpass"),
               "SSH_ASKPASS_REQUIRE": "force"}
        self.rig.run("ssh-add", "-s", self.rig.module, **env)
        for n, line in enumerate(lines):
            public = self.rig.file("public%d.pub" % n, line + b"\n")
            data = self.rig.file("data%d" % n, os.urandom(1000))
            self.rig.run("ssh-keygen", "-Y", "sign", "-f", public, "-n",
                         "file", data, **env)
            with open(data, "rb") as f:
                self.rig.run("ssh-keygen", "-Y", "check-novalidate", "-n",
                             "file", "-s", data + ".sig", data=f.read())


class Revoked(RemoteTest):
    """A key without a certificate, whose lease is long."""

    def setUp(self):
        self.policy = self.server.add_policy(policy())
        self.key = self.create("web", "ec-p256", "--stays")["id"]
        self.begin({"web": self.key}, use=str(os.getuid()))
        wait_until(lambda: self.agent.ask(lambda h: h.lines())[
            "hears of revocations"] == "yes", 10, "a wait")

    def sign(self):
        return self.agent.ask(lambda h: h.sign(self.key, 1, bytes(32)))[0]

    def ends(self, kind, what):
        self.assertEqual(self.sign(), OK)
        self.server.warder("lease", "revoke", "--kind", kind, what)
        wait_until(lambda: self.sign() == KEY_ENDED, 10, "the end of the key")

    def test_key(self):
        self.ends("key", self.key)

    def test_prefix(self):
        self.ends("prefix", "default/key/" + self.key)

    def test_session(self):
        self.ends("session", [e for e in self.server.entries()
                              if e["event"] == "release"][-1]["session"])


if __name__ == "__main__":
    WHY = missing() or (None if os.path.exists(hsm_row.MODULE) else
                        hsm_row.MODULE + " is not there")
    if WHY:
        print("SKIPPED: " + WHY)
        sys.exit(77)
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)
