#!/usr/bin/env python3
"""A whole server before a real Vault: keys are made, brought and attached there,
and an attested client gets them; the Vault goes away and comes back."""
import base64
import hashlib
import os
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import serialization

import openbao
from backend_rig import AttachesOurs
from server_rig import Failed, wait_until
from whole import Whole, refusal


def flipped(data):
    """Another last bit."""
    return data[:-1] + bytes([data[-1] ^ 1])


class Keys(AttachesOurs, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bao = openbao.OpenBao().init()
        cls.bao.enable("keybroker", "kv", version="2")
        cls.bao.enable("transit", "transit")
        cls.server = Whole()
        cls.renew()
        cls.write("vault.pem", cls.bao.authority.pem)
        cls.server.add_config(
            "[server]", "default_backend = corporate",
            "[backend corporate]", "kind = vault",
            "address = " + cls.bao.address, "ca = vault.pem",
            "secret = vault.token")
        cls.server.start()
        cls.policy = cls.server.add_policy()

    @classmethod
    def renew(cls):
        cls.token = cls.bao.make_token(period="1h")
        cls.write("vault.token", cls.token)

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()
        cls.bao.close()

    @classmethod
    def write(cls, name, text):
        with open(os.open(cls.server.path(name), os.O_CREAT | os.O_WRONLY |
                          os.O_TRUNC, 0o600), "w", encoding="utf-8") as f:
            f.write(text)

    def create(self, kind="aes-256", *options):
        return self.server.warder("key", "create", "--kind", kind, "--policy",
                                  self.policy, *options)

    def get(self, key, **kw):
        return self.server.attested().resource("default/key/" + key["id"],
                                               **kw)

    def released(self, key):
        """Waits until it is."""
        def once():
            try:
                return self.get(key)
            except Exception:  # refused for the moment
                return None
        return wait_until(once, "release", 30)

    def test_keys_of_several_kinds_are_made_there(self):
        for kind in ("aes-256", "ec-p256", "rsa-2048"):
            key = self.create(kind)
            self.assertEqual(key["backend"], "corporate")
            self.assertGreater(len(self.get(key)), 31)

    def test_a_key_is_brought_and_deleted_there(self):
        data = os.urandom(32)
        key = self.server.warder(
            "key", "import", "--kind", "aes-256", "--file", "-", "--policy",
            self.policy, stdin=data)
        self.assertEqual(self.get(key), data)
        self.server.warder("key", "delete", key["id"])
        self.assertEqual(
            refusal(self.server.attested().resource,
                    "default/key/" + key["id"]).status, 404)

    def test_a_key_is_attached(self):
        data = os.urandom(32)
        self.bao.ask("POST", "keybroker/data/theirs", {
            "data": {"algorithm": "AES",
                     "key_data": base64.b64encode(data).decode()}})
        key = self.server.warder("key", "attach", "--kind", "aes-256",
                                 "--name", "theirs", "--policy", self.policy)
        self.assertEqual(key["attach"], "theirs")
        self.assertEqual(self.get(key), data)

    def test_a_key_of_ours_is_attached_by_who_may_change_its_policy(self):
        key, stays = self.create(), self.create("ec-p256", "--stays")
        for name in (key["id"], "%s#%s" % (key["id"], key["id"]),
                     "keybroker/" + key["id"]):
            self.only_who_may_change_its_policy(
                "--kind", "aes-256", "--name", name)
        self.only_who_may_change_its_policy(
            "--kind", "ec-p256", "--name", "transit/keys/warder-" + stays["id"])

    def test_a_text_is_attached_as_an_opaque_secret(self):
        self.bao.ask("POST", "keybroker/data/login", {
            "data": {"user": "me", "password": "a text"}})
        key = self.server.warder("key", "attach", "--kind", "opaque", "--name",
                                 "login#password", "--policy", self.policy)
        self.assertEqual(self.get(key), b"a text")

    def test_a_csr(self):
        key = self.create("ec-p256")
        csr = self.server.warder("key", "csr", key["id"], "--subject",
                                 "CN=there.example")
        self.assertIn("CERTIFICATE REQUEST", str(csr))

    def test_a_key_that_stays_does_not_leave(self):
        key = self.create("rsa-2048", "--stays")
        got = refusal(self.server.attested().resource,
                      "default/key/" + key["id"])
        self.assertEqual(got.status, 422)

    def test_a_key_that_stays_is_used_there(self):
        client, key = self.server.attested(), self.create("aes-256", "--stays")
        made = client.use(key["id"], "encrypt", plaintext=b"text", aad=b"row")
        self.assertEqual(made["ciphertext"][4], 1)  # the Vault's own GCM
        self.server.warder("key", "rotate", key["id"])
        got = client.use(key["id"], "decrypt", ciphertext=made["ciphertext"],
                         aad=b"row")
        self.assertEqual((got["plaintext"], got["version"]), (b"text", 1))
        for bad in ({"ciphertext": made["ciphertext"]},
                    {"ciphertext": flipped(made["ciphertext"]),
                     "aad": b"row"}):
            no = refusal(client.use, key["id"], "decrypt", **bad)
            self.assertEqual((no.status, no.type), (400, "Mismatch"))
        data_key = client.use(key["id"], "datakey")
        self.assertEqual(data_key["version"], 2)
        self.assertEqual(client.use(
            key["id"], "decrypt", ciphertext=data_key["ciphertext"])[
                "plaintext"], data_key["plaintext"])

    def test_a_pair_that_stays_signs_and_decrypts_there(self):
        client = self.server.attested()
        for kind, algorithms in (("rsa-2048", ("PS256", "RS256", "PS384",
                                               "RS384", "PS512", "RS512")),
                                 ("ec-p256", ("ES256",)),
                                 ("ed25519", ("EdDSA",))):
            key = self.create(kind, "--stays")["id"]
            for algorithm in algorithms:
                made = client.use(key, "sign", message=b"letter",
                                  algorithm=algorithm)
                for message, valid in ((b"letter", True), (b"other", False)):
                    self.assertEqual(client.use(
                        key, "verify", message=message, algorithm=algorithm,
                        signature=made["signature"])["valid"], valid)
                if algorithm == "EdDSA":
                    continue
                digest = hashlib.new("sha" + algorithm[2:], b"letter")
                made = client.use(key, "sign", algorithm=algorithm,
                                  digest=digest.digest())
                self.assertTrue(client.use(
                    key, "verify", message=b"letter", algorithm=algorithm,
                    signature=made["signature"])["valid"])
            if kind == "rsa-2048":
                made = client.use(key, "encrypt", plaintext=b"text")
                self.assertEqual(client.use(
                    key, "decrypt", ciphertext=made["ciphertext"])[
                        "plaintext"], b"text")

    def test_a_pair_that_stays_signs_its_request(self):
        for kind in ("rsa-2048", "ec-p256", "ed25519"):
            key = self.create(kind, "--stays")
            pem = self.server.warder("key", "csr", key["id"], "--subject",
                                     "CN=there.example")
            csr = x509.load_pem_x509_csr(pem)
            self.assertTrue(csr.is_signature_valid)
            self.assertEqual(csr.public_key().public_bytes(
                serialization.Encoding.PEM,
                serialization.PublicFormat.SubjectPublicKeyInfo).decode(),
                key["public_key"])

    def test_admins_use_what_stays(self):
        key = self.create("aes-256", "--stays")["id"]
        made = self.server.warder("key", "encrypt", key, stdin=b"text")
        got = self.server.warder("key", "decrypt", key, stdin=base64.b64decode(
            made["ciphertext"]))
        self.assertEqual(base64.b64decode(got["plaintext"]), b"text")

    def test_a_key_that_may_leave_is_used_by_the_server(self):
        client, key = self.server.attested(), self.create()
        made = client.use(key["id"], "encrypt", plaintext=b"text")
        self.assertEqual(made["ciphertext"][4], 2)
        self.assertEqual(client.use(
            key["id"], "decrypt", ciphertext=made["ciphertext"])["plaintext"],
            b"text")
        pair = self.create("ec-p256")["id"]
        made = client.use(pair, "sign", message=b"letter")
        self.assertTrue(client.use(pair, "verify", message=b"letter",
                                   signature=made["signature"])["valid"])

    def test_a_token_that_is_revoked_is_no_fault_of_the_caller(self):
        key = self.create()
        kept = self.get(key)
        self.bao.revoke(self.token)
        got = refusal(self.server.attested().resource,
                      "default/key/" + key["id"])
        self.assertEqual(got.status, 503)
        with self.assertRaises(Failed) as made:
            self.create()
        self.assertIn("unknown, expired or revoked", str(made.exception))
        self.assertNotIn("permission", str(made.exception))
        self.renew()
        self.assertEqual(self.released(key), kept)

    def test_it_goes_away_and_comes_back(self):
        key = self.create()
        kept = self.get(key)
        client = self.server.attested()
        self.bao.kill()
        got = refusal(client.resource, "default/key/" + key["id"])
        self.assertEqual(got.status, 503)
        with self.assertRaises(Failed):
            self.create()
        self.bao.start()
        self.bao.unseal()
        self.assertEqual(self.released(key), kept)


if openbao.is_foreign():
    print("SKIPPED: this test stops its server", flush=True)
    raise SystemExit(77)
openbao.program()  # says that there is none, if so
unittest.main(argv=["test_vault.py"], verbosity=2)
