#!/usr/bin/env python3
"""Keys that leave their backend wrapped alone: to an agent that asks for it, in
two layers that the server only passes on; to others not at all, or opened by
the server where its operator says so."""
import base64
import hashlib
import json
import os
import sys
import unittest

import agent_rig
from agent_rig import ECDSA, OK, PKCS1, Agent
from backend_rig import BUILD, Folder, wait_until
from server_rig import Failed
from whole import MRENCLAVE, MRSIGNER, open_release, policy, refusal

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.keywrap import (
    aes_key_unwrap_with_padding, aes_key_wrap_with_padding)

agent_rig.PROGRAM = os.path.join(BUILD, "warder-agent")
agent_rig.WARDER = os.path.join(BUILD, "warder")

WRAP = "RSA-OAEP+A256KWP"
ME = str(os.getuid())
MESSAGE = b"message"
DIGEST = hashlib.sha256(MESSAGE).digest()
DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420") + DIGEST


def unb64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def oaep(hash_):
    return padding.OAEP(padding.MGF1(hash_()), hash_(), None)


def unwrap(client, key):
    """What the two layers hold, opened by another implementation."""
    own = serialization.load_pem_private_key(
        client.key.export_to_pem(private_key=True, password=None), None)
    data, n = unb64url(key["bytes"]), own.key_size // 8
    hash_ = {"RSA-OAEP-256+A256KWP": hashes.SHA256,
             "RSA-OAEP-SHA1+A256KWP": hashes.SHA1}[key["wrap"]]
    kek = own.decrypt(data[:n], oaep(hash_))
    assert len(kek) == 32
    return aes_key_unwrap_with_padding(kek, data[n:])


def setUpModule():
    Wrapped.server = Folder("mode = wrap", "wrapping")
    Wrapped.server.start()
    Wrapped.policy = Wrapped.server.add_policy(policy(lease_seconds=6))


def tearDownModule():
    Wrapped.server.remove()


class Wrapped(unittest.TestCase):
    server = policy = None

    def create(self, *options, **kw):
        return self.server.create("--policy", self.policy, *options, **kw)

    def bring_rsa(self, *options):
        """Not made there: that may take longer than a backend has."""
        pem = rsa.generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())
        return self.server.warder(
            "key", "import", "--file", "-", "--backend", "here", "--policy",
            self.policy, *options, stdin=pem)

    def last(self, event="release"):
        return [e for e in self.server.entries()
                if e["event"] == event][-1]

    def attested(self, curve="RSA"):
        return self.server.attested(client=self.server.client(curve))

    def released(self, client, key):
        jws = client.resource(self.server.path_of(key), native=True,
                              wrap=WRAP)
        return open_release(jws, self.server.release_key)

    def refused(self, client, key, **how):
        return refusal(client.resource, self.server.path_of(key), **how)

    def flag(self, name, data=b"x"):
        self.server.put(name, data)
        self.addCleanup(self.server.drop, name)


class ToAgents(Wrapped):
    def test_a_pair_comes_in_two_layers(self):
        key = self.create(kind="ec-p256")
        before = len(self.server.calls("fetch"))
        client = self.attested()
        got = self.released(client, key)["key"]
        self.assertEqual(got["wrap"], "RSA-OAEP-256+A256KWP")
        self.assertEqual(unwrap(client, got),
                         self.server.get(key["id"] + ".1"))
        public = serialization.load_pem_public_key(key["public_key"].encode())
        self.assertEqual(unb64url(got["spki"]), public.public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo))
        self.assertEqual(len(self.server.calls("fetch")), before)
        entry = self.last()
        self.assertEqual((entry["result"], entry["key"]),
                         ("allow", key["id"]))
        self.assertNotIn("broker_unwrapped", entry)

    def test_an_aes_key_comes_in_two_layers(self):
        key = self.create()
        client = self.attested()
        got = self.released(client, key)["key"]
        self.assertEqual((got["algorithm"], got["spki"]), ("aes-256", ""))
        self.assertEqual(unwrap(client, got),
                         self.server.get(key["id"] + ".1"))

    def test_sha1_is_named_as_such(self):
        key = self.create()
        self.flag("sha1")
        client = self.attested()
        got = self.released(client, key)["key"]
        self.assertEqual(got["wrap"], "RSA-OAEP-SHA1+A256KWP")
        self.assertEqual(unwrap(client, got),
                         self.server.get(key["id"] + ".1"))

    def test_keys_that_leave_as_they_are_do_so(self):
        key = self.server.warder("key", "create", "--kind", "ec-p256",
                                 "--policy", self.policy)
        got = self.released(self.attested(), key)["key"]
        self.assertNotIn("wrap", got)
        self.assertNotIn("spki", got)
        serialization.load_der_private_key(unb64url(got["bytes"]), None)

    def test_versions(self):
        key = self.create()
        self.server.warder("key", "rotate", key["id"])
        client = self.attested()
        got = self.released(client, key)["key"]
        self.assertEqual(got["version"], 2)
        self.assertEqual(unwrap(client, got),
                         self.server.get(key["id"] + ".2"))


class ToOthers(Wrapped):
    def test_who_does_not_ask_gets_nothing_and_nothing_is_wrapped(self):
        key = self.create(kind="ec-p256")
        client = self.attested()
        before = self.server.calls()
        for how in ({}, {"native": True}, {"wrap": WRAP}):
            got = self.refused(client, key, **how)
            self.assertEqual((got.status, got.type),
                             (422, "KeyMayNotLeaveHsm"))
            self.assertEqual(self.last()["reason"], "key_may_not_leave_hsm")
        self.assertEqual(self.server.calls(), before)

    def test_a_session_with_another_key_than_rsa_gets_nothing(self):
        for options in ((), ("--broker-may-unwrap",)):
            key = self.create(*options)
            got = self.refused(self.attested("P-256"), key, native=True,
                               wrap=WRAP)
            self.assertEqual((got.status, got.type),
                             (422, "KeyMayNotLeaveHsm"))

    def test_unknown_wraps_are_refused(self):
        key = self.create()
        for wrap in ("RSA1_5+A256KWP", "rsa-oaep+a256kwp", WRAP + ", x"):
            got = self.refused(self.attested(), key, native=True, wrap=wrap)
            self.assertEqual((got.status, got.type), (422, "Unsupported"))

    def test_the_policy_comes_first(self):
        key = self.create("--broker-may-unwrap")
        client = self.server.attested(mrenclave="b2" * 32,
                                      client=self.server.client("RSA"))
        before = self.server.calls()
        got = self.refused(client, key, native=True, wrap=WRAP)
        self.assertEqual(got.type, "MeasurementMismatch")
        self.assertEqual(self.refused(client, key).type,
                         "MeasurementMismatch")
        self.assertEqual(self.server.calls(), before)

    def test_what_the_hsm_cannot_wrap_does_not_leave(self):
        key = self.create()
        self.flag("cannot")
        got = self.refused(self.attested(), key, native=True, wrap=WRAP)
        self.assertEqual((got.status, got.type), (422, "KeyMayNotLeaveHsm"))
        self.assertIn("no OAEP", self.last()["detail"])

    def test_bytes_of_no_wrapped_keys_length_are_refused(self):
        key = self.create()
        for data in (b"x", bytes(256), bytes(256 + 40 + 1), bytes(7000)):
            self.server.put("layers", data)
            try:
                got = self.refused(self.attested(), key, native=True,
                                   wrap=WRAP)
            finally:
                self.server.drop("layers")
            self.assertEqual(got.status, 503)


class ByTheBroker(Wrapped):
    def test_it_unwraps_where_it_may_and_the_log_says_so(self):
        may = "--broker-may-unwrap"
        for key in (self.create(may), self.create(may, kind="ec-p256"),
                    self.bring_rsa(may)):
            got = self.attested("P-256").resource(self.server.path_of(key))
            self.assertEqual(got, self.server.get(key["id"] + ".1"))
            entry = self.last()
            self.assertEqual((entry["result"], entry["broker_unwrapped"]),
                             ("allow", True))
        self.assertIn("may unwrap", self.last("key_create")["detail"])

    def test_who_asks_for_it_wrapped_gets_it_so(self):
        key = self.create("--broker-may-unwrap")
        client = self.attested()
        self.assertEqual(unwrap(client, self.released(client, key)["key"]),
                         self.server.get(key["id"] + ".1"))
        self.assertNotIn("broker_unwrapped", self.last())

    def test_native_clients_that_do_not_ask(self):
        key = self.create("--broker-may-unwrap", kind="ec-p256")
        jws = self.attested("P-256").resource(
            self.server.path_of(key), native=True)
        got = open_release(jws, self.server.release_key)["key"]
        self.assertEqual(unb64url(got["bytes"]),
                         self.server.get(key["id"] + ".1"))
        self.assertNotIn("wrap", got)
        self.assertTrue(self.last()["broker_unwrapped"])

    def test_later_versions_too(self):
        key = self.create("--broker-may-unwrap")
        self.server.warder("key", "rotate", key["id"])
        got = self.attested("P-256").resource(self.server.path_of(key))
        self.assertEqual(got, self.server.get(key["id"] + ".2"))

    def test_another_key_is_not_released(self):
        key = self.create("--broker-may-unwrap", kind="ec-p256")
        other = self.create(kind="ec-p256")
        client = self.attested("P-256")
        self.flag("wrong", self.server.get(other["id"] + ".1"))
        self.assertEqual(self.refused(client, key).status, 503)
        entry = self.last()
        self.assertEqual(entry["reason"], "backend_answer")
        self.assertIn("another private key", entry["detail"])
        self.assertNotIn("broker_unwrapped", entry)

    def test_what_does_not_open_is_refused(self):
        key = self.create("--broker-may-unwrap")
        client = self.attested("P-256")
        kwp = aes_key_wrap_with_padding(bytes(32), bytes(32))
        for data in (b"x", bytes(384) + kwp, bytes(384 + 8)):
            self.server.put("layers", data)
            try:
                self.assertEqual(self.refused(client, key).status, 503)
            finally:
                self.server.drop("layers")
            entry = self.last()
            self.assertEqual(entry["reason"], "backend_answer")
            self.assertIn("does not open", entry["detail"])

    def test_a_csr_is_signed_and_the_log_says_how(self):
        key = self.create("--broker-may-unwrap", kind="ec-p256")
        self.server.warder("key", "csr", key["id"], "--subject", "CN=x")
        self.assertTrue(self.last("key_csr")["broker_unwrapped"])
        shut = self.create(kind="ec-p256")
        with self.assertRaises(Failed) as got:
            self.server.warder("key", "csr", shut["id"], "--subject", "CN=x")
        self.assertIn(b"key_may_not_leave_hsm",
                      got.exception.err + got.exception.out)


class Rights(Wrapped):
    def refused_with(self, reason, *args):
        with self.assertRaises(Failed) as got:
            self.server.warder(*args)
        self.assertIn(reason.encode(), got.exception.err + got.exception.out)

    def use_token(self, *rules):
        made = self.server.warder("token", "create", "--user", "some",
                                  *[w for r in rules for w in ("--rule", r)])
        mine, path = self.server.token_file, self.server.path("less.token")
        with open(path, "w", encoding="utf-8") as f:
            f.write(made["token"])
        os.chmod(path, 0o600)
        self.server.token_file = path
        self.addCleanup(setattr, self.server, "token_file", mine)

    def test_it_takes_a_right_of_its_own(self):
        before = self.server.calls("make")
        self.use_token("keys:create")
        with self.assertRaises(Failed) as got:
            self.server.create("--broker-may-unwrap")
        self.assertIn(b"keys:unwrap", got.exception.err + got.exception.out)
        self.assertEqual(self.server.calls("make"), before)
        self.server.create()

    def test_it_is_given_and_withdrawn_later(self):
        key = self.create(kind="ec-p256")
        verb = ("key", "broker-may-unwrap", key["id"])
        shown = self.server.warder("key", "show", key["id"])
        self.assertEqual((shown["leaves"], shown["broker_may_unwrap"]),
                         ("wrapped", False))
        for allow, event in ((True, "may unwrap"), (False, "may not unwrap")):
            client = self.attested("P-256")
            got = self.server.warder(*verb, "yes" if allow else "no")
            self.assertEqual(got["broker_may_unwrap"], allow)
            entry = self.last("key_unwrap")
            self.assertEqual((entry["result"], entry["key"]),
                             ("allow", key["id"]))
            self.assertIn(event, entry["detail"])
            if allow:
                self.assertEqual(client.resource(self.server.path_of(key)),
                                 self.server.get(key["id"] + ".1"))
            else:
                self.assertEqual(self.refused(client, key).type,
                                 "KeyMayNotLeaveHsm")

    def test_who_may_rotate_a_key_may_not_give_that_leave(self):
        key = self.create()
        self.use_token("keys:create", "keys:update", "keys:retrieve",
                       "audit:search")
        verb = ("key", "broker-may-unwrap", key["id"], "yes")
        self.refused_with("permission_denied", *verb)
        self.assertEqual(self.last("key_unwrap")["reason"],
                         "permission_denied")
        self.assertFalse(self.server.warder(
            "key", "show", key["id"])["broker_may_unwrap"])

    def test_not_of_keys_of_the_own_store(self):
        self.refused_with("unsupported", "key", "create", "--kind", "aes-256",
                          "--broker-may-unwrap")
        self.refused_with("unsupported", "key", "create", "--kind", "aes-256",
                          "--backend", "here", "--stays",
                          "--broker-may-unwrap")


class Plain(unittest.TestCase):
    """A backend that could wrap, with a key that leaves as it is."""

    def setUp(self):
        self.server = Folder(kind="wrapping")
        self.addCleanup(self.server.remove)
        self.server.start()
        self.policy = self.server.add_policy()

    def test_there_is_nothing_to_unwrap(self):
        with self.assertRaises(Failed) as got:
            self.server.create("--policy", self.policy, "--broker-may-unwrap")
        self.assertIn(b"unsupported", got.exception.err + got.exception.out)
        # It was made there, and is taken back.
        wait_until(lambda: self.server.calls("destroy"), "its end")


class Agents(Wrapped):
    def agent(self, keys, **conf):
        agent = Agent(keys=keys, tee=self.server.path("swtee"),
                      address="127.0.0.1:%d" % self.server.port,
                      release_key=self.server.release_key)
        self.addCleanup(agent.close)
        with open(self.server.ca, encoding="utf-8") as f:
            agent.write_ca(f.read())
        agent.swtee.update({"mrenclave": MRENCLAVE, "mrsigner": MRSIGNER})
        agent.agent.update({"wrap_key_bits": "2048"}, **conf)
        agent.write()
        return agent.start()

    def signs(self, agent, key, mech=ECDSA):
        def act(holder):
            found = [k for k in holder.keys()[1] if k.id == key["id"]]
            self.assertTrue(found)
            status, sig = holder.sign(
                key["id"], found[0].generation,
                DIGEST if mech == ECDSA else DIGEST_INFO, mech)
            self.assertEqual(status, OK)
            return sig
        sig = agent.ask(act)
        public = serialization.load_pem_public_key(key["public_key"].encode())
        if mech == PKCS1:
            public.verify(sig, MESSAGE, padding.PKCS1v15(), hashes.SHA256())
            return
        half = len(sig) // 2
        public.verify(utils.encode_dss_signature(
            int.from_bytes(sig[:half], "big"),
            int.from_bytes(sig[half:], "big")), MESSAGE,
            ec.ECDSA(hashes.SHA256()))

    def test_pairs_are_held_and_sign(self):
        p256, pair = self.create(kind="ec-p256"), self.bring_rsa()
        plain = self.server.warder("key", "create", "--kind", "ec-p256",
                                   "--policy", self.policy)
        agent = self.agent({n: {"id": k["id"], "use": ME} for n, k in (
            ("p256", p256), ("rsa", pair), ("plain", plain))})
        agent.wait_for("key_held", 3)
        self.assertEqual({e["key"] for e in agent.events(
            "key_leaves_wrapped")}, {"p256", "rsa"})
        self.assertEqual(agent.count("key_refused"), 0)
        self.signs(agent, p256)
        self.signs(agent, pair, PKCS1)
        self.signs(agent, plain)
        # Renewed by a new RSA key each time, without another refusal.
        agent.wait_for("key_renewed", 6)
        self.assertEqual(agent.count("key_leaves_wrapped"), 2)
        self.assertEqual(agent.count("key_ended"), 0)
        self.signs(agent, p256)

    def test_a_secret_key_is_given_to_who_may_get_it(self):
        key = self.create()
        agent = self.agent({"aes": {"path": self.server.path_of(key),
                                    "get": ME, "wrapped": "only"}})
        agent.wait_for("key_held")
        run = agent.run("get", "aes")
        self.assertEqual((run.returncode, run.stdout),
                         (0, self.server.get(key["id"] + ".1")))

    def test_never_is_never(self):
        key = self.create(kind="ec-p256")
        agent = self.agent({"one": {"id": key["id"]}}, wrapped="never")
        refused = agent.wait_for("key_refused")
        self.assertEqual(refused["reason"], "key_may_not_leave_hsm")
        self.assertEqual(agent.count("key_leaves_wrapped"), 0)

    def test_auto_is_not_served_by_unwrapping(self):
        key = self.create("--broker-may-unwrap", kind="ec-p256")
        agent = self.agent({"one": {"id": key["id"], "use": ME}})
        agent.wait_for("key_held")
        self.signs(agent, key)
        self.assertNotIn("broker_unwrapped", self.last())
        other = self.agent({"one": {"id": key["id"], "use": ME}},
                           wrapped="never")
        other.wait_for("key_held")
        self.assertTrue(any("broker_unwrapped" in e
                            for e in self.server.entries()[-8:]))

    def test_only_refuses_what_the_server_had(self):
        key = self.server.warder("key", "create", "--kind", "ec-p256",
                                 "--policy", self.policy)
        agent = self.agent({"one": {"id": key["id"], "wrapped": "only"}})
        refused = agent.wait_for("release_refused")
        self.assertEqual(refused["reason"], "release_mismatch")

    def test_another_key_inside_is_refused(self):
        key, other = (self.create(kind="ec-p256") for _ in range(2))
        self.flag("wrong", self.server.get(other["id"] + ".1"))
        agent = self.agent({"one": {"id": key["id"]}})
        refused = agent.wait_for("release_refused")
        self.assertEqual(refused["reason"], "release_mismatch")
        self.assertIn("another key", refused["detail"])

    def test_layers_that_do_not_open_are_refused(self):
        key = self.create(kind="ec-p256")
        self.flag("layers", os.urandom(256 + 144))
        agent = self.agent({"one": {"id": key["id"]}})
        refused = agent.wait_for("release_refused")
        self.assertEqual(refused["reason"], "release_mismatch")
        self.assertIn("does not open", refused["detail"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)
