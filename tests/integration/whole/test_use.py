#!/usr/bin/env python3
"""Keys used in the server by attested clients and by admins: what comes out is
right by other people's libraries, and whoever may not gets nothing."""
import hashlib
import json
import os
import unittest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from coco_client import b64url
from server_rig import Failed
from whole import OTHER, Whole, refusal

HEAD = 45
TEXT = b"of a client"


def xaes(key, nonce):
    """The key and nonce of AES-256-GCM that XAES-256-GCM derives."""
    block = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    k1 = int.from_bytes(block.update(bytes(16)), "big") << 1
    if k1 >> 128:
        k1 ^= 1 << 128 | 0x87
    derived = b""
    for n in (1, 2):
        m = int.from_bytes(bytes([0, n, 0x58, 0]) + nonce[:12], "big")
        derived += block.update((m ^ k1).to_bytes(16, "big"))
    return derived, nonce[12:]


class Use(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Whole()
        cls.server.start()
        cls.policy = cls.server.add_policy()

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()

    def create(self, kind="aes-256"):
        return self.server.warder("key", "create", "--kind", kind, "--policy",
                                  self.policy)

    def cli(self, *args, stdin=b""):
        """The verb as people call it: bytes on standard output."""
        return self.server.run(
            *args, "--admin", self.server.socket, "--token-file",
            self.server.token_file, stdin=stdin).stdout

    def entries(self):
        return [e for e in self.server.entries() if e["event"] == "use"]

    # ---- attested clients

    def test_a_client_encrypts_and_decrypts(self):
        key, client = self.create(), self.server.attested()
        made = client.use(key["id"], "encrypt", plaintext=TEXT, aad=b"row 7")
        self.assertEqual(made["version"], 1)
        got = client.use(key["id"], "decrypt", bearer=True, aad=b"row 7",
                         ciphertext=made["ciphertext"])
        self.assertEqual(got["plaintext"], TEXT)
        entry = self.entries()[-1]
        self.assertEqual((entry["key"], entry["result"], entry["policy"],
                          entry["software"]),
                         (key["id"], "allow", self.policy, "SOFTWARE"))
        self.assertTrue(entry["detail"].startswith("decrypt, "))
        self.assertNotIn(TEXT.decode(), self.server.log_text())

    def test_whoever_has_the_key_decrypts_it_by_the_published_form(self):
        key, client = self.create(), self.server.attested()
        made = client.use(key["id"], "encrypt", plaintext=TEXT,
                          aad=b"row 7")["ciphertext"]
        self.assertEqual(made[:5], b"WDE1\x02")
        self.assertEqual(made[5:41].decode(), key["id"])
        secret = client.resource("default/key/" + key["id"])
        derived, nonce = xaes(secret, made[HEAD:HEAD + 24])
        opened = AESGCM(derived).decrypt(nonce, made[HEAD + 24:],
                                         made[:HEAD] + b"row 7")
        self.assertEqual(opened, TEXT)
        with self.assertRaises(InvalidTag):
            AESGCM(derived).decrypt(nonce, made[HEAD + 24:], made[:HEAD])

    def test_every_wrap_of_a_session_carries_what_is_secret(self):
        key = self.create()
        for curve in ("P-521", "RSA"):
            client = self.server.attested(client=self.server.client(curve))
            made = client.use(key["id"], "datakey", bits=128)
            data_key = made["plaintext"]
            self.assertEqual(len(data_key), 16)
            got = client.use(key["id"], "decrypt",
                             ciphertext=made["ciphertext"])
            self.assertEqual(got["plaintext"], data_key)
            alone = client.use(key["id"], "datakey", wrapped=True)
            self.assertEqual(sorted(alone), ["ciphertext", "version"])

    def test_rotation_leaves_what_was_encrypted_readable(self):
        key, client = self.create(), self.server.attested()
        old = client.use(key["id"], "encrypt", plaintext=TEXT)["ciphertext"]
        self.server.warder("key", "rotate", key["id"])
        got = client.use(key["id"], "decrypt", ciphertext=old)
        self.assertEqual((got["plaintext"], got["version"]), (TEXT, 1))
        self.assertEqual(
            client.use(key["id"], "encrypt", plaintext=b"")["version"], 2)

    def test_a_client_signs_and_verifies(self):
        client = self.server.attested()
        key = self.create("ec-p256")
        made = client.use(key["id"], "sign", message=TEXT)
        self.assertEqual(made["algorithm"], "ES256")
        sig = made["signature"]
        public = serialization.load_pem_public_key(key["public_key"].encode())
        public.verify(utils.encode_dss_signature(
            int.from_bytes(sig[:32], "big"), int.from_bytes(sig[32:], "big")),
            TEXT, ec.ECDSA(hashes.SHA256()))
        for message, valid in ((TEXT, True), (b"another", False)):
            self.assertEqual(
                client.use(key["id"], "verify", message=message,
                           signature=sig)["valid"], valid)

    def test_a_key_that_stays_is_not_released(self):
        key = self.server.warder(
            "key", "create", "--kind", "ec-p256", "--stays", "--policy",
            self.policy, "--certificate", "CN=web.example")["id"]
        client = self.server.attested()
        for native in (False, True):
            got = refusal(client.resource, "default/key/" + key,
                          native=native)
            self.assertEqual((got.status, got.type),
                             (422, "KeyMayNotLeaveHsm"))
        made = client.use(key, "sign", message=TEXT)
        self.assertTrue(client.use(key, "verify", message=TEXT,
                                   signature=made["signature"])["valid"])
        self.assertIn("BEGIN CERTIFICATE",
                      client.resource("default/cert/" + key).decode())

    def test_what_the_public_key_encrypted_is_decrypted(self):
        client, key = self.server.attested(), self.create("rsa-2048")
        public = serialization.load_pem_public_key(key["public_key"].encode())
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(),
                            None)
        got = client.use(key["id"], "decrypt",
                         ciphertext=public.encrypt(TEXT, oaep))
        self.assertEqual(got["plaintext"], TEXT)

    # ---- refusals

    def refused(self, status, kind, client, key, use, **body):
        got = refusal(client.use, key["id"], use, **body)
        self.assertEqual((got.status, got.type), (status, kind), got)
        return got

    def test_whom_the_policy_denies_uses_nothing(self):
        key = self.create()
        client = self.server.attested(mrenclave=OTHER)
        for use, body in (("encrypt", {"plaintext": TEXT}), ("datakey", {}),
                          ("decrypt", {"ciphertext": TEXT})):
            self.refused(403, "MeasurementMismatch", client, key, use, **body)
            entry = self.entries()[-1]
            self.assertEqual((entry["result"], entry["reason"]),
                             ("deny", "measurement_mismatch"))
            self.assertIn("trace", entry)

    def test_without_a_session_nothing_is_used(self):
        key, client = self.create(), self.server.attested()
        client.cookie = "kbs-session-id=" + "0" * 40
        self.refused(401, "CredentialInvalid", client, key, "encrypt",
                     plaintext=TEXT)
        client.cookie = "x=y"
        self.refused(401, "NoCredential", client, key, "encrypt",
                     plaintext=TEXT)

    def test_a_revoked_session_and_key_use_nothing(self):
        key, client = self.create(), self.server.attested()
        client.use(key["id"], "encrypt", plaintext=TEXT)
        self.server.warder("lease", "revoke", key["id"], "--kind", "key")
        self.refused(403, "RevokedByOperator", client, key, "encrypt",
                     plaintext=TEXT)
        other = self.create()
        client.use(other["id"], "encrypt", plaintext=TEXT)
        session = self.entries()[-1]["session"]
        self.server.warder("lease", "revoke", session, "--kind", "session")
        self.refused(401, "CredentialInvalid", client, other, "encrypt",
                     plaintext=TEXT)

    def test_a_ciphertext_that_was_changed_says_nothing_of_why(self):
        client = self.server.attested()
        for kind in ("aes-256", "rsa-2048"):
            key, told = self.create(kind), set()
            made = client.use(key["id"], "encrypt",
                              plaintext=TEXT)["ciphertext"]
            for at in (HEAD, len(made) // 2, len(made) - 1):
                bad = bytearray(made)
                bad[at] ^= 1
                told.add(self.refused(400, "Mismatch", client, key, "decrypt",
                                      ciphertext=bytes(bad)).body)
            told.add(self.refused(400, "Mismatch", client, self.create(kind),
                                  "decrypt", ciphertext=made).body)
            self.assertEqual(len(told), 1)

    def test_another_kind_of_key_does_not_do_it(self):
        client = self.server.attested()
        self.refused(422, "Unsupported", client, self.create("ec-p256"),
                     "encrypt", plaintext=TEXT)
        self.refused(422, "Unsupported", client, self.create(), "sign",
                     message=TEXT)

    def test_bodies_are_read_strictly(self):
        client, key = self.server.attested(), self.create()
        path = "/kbs/v0/warder/keys/%s/encrypt" % key["id"]

        def send(body, kind="application/json"):
            return refusal(client.ok, "POST", path, body, {
                "Cookie": client.cookie, "Content-Type": kind})

        text = b64url(TEXT)
        for body, status, kind in (
                (b'{"plaintext":"%s","plaintext":"%s"}', 400, "Malformed"),
                (b'{"plaintext":"%s","more":"%s"}', 400, "UnknownMember"),
                (b'{"plaintext":"%s=","aad":"%s"}', 400, "Malformed"),
                (b'{"aad":"%s%s"}', 400, "Malformed")):
            got = send(body % (text.encode(), text.encode()))
            self.assertEqual((got.status, got.type), (status, kind))
        got = send(json.dumps({"plaintext": b64url(bytes(32769))}).encode())
        self.assertEqual((got.status, got.type), (413, "TooLarge"))
        self.assertEqual(send(b" " * 70000).status, 413)
        self.assertEqual(send(b"{}", "text/plain").status, 415)
        client.use(key["id"], "encrypt", plaintext=bytes(32768))

    def test_a_sealed_server_uses_nothing(self):
        with Whole() as server:
            policy = server.start().add_policy()
            key = server.warder("key", "create", "--kind", "aes-256",
                                "--policy", policy)
            client = server.attested()
            client.use(key["id"], "encrypt", plaintext=TEXT)
            server.warder("seal")
            self.refused(503, "Sealed", client, key, "encrypt",
                         plaintext=TEXT)
            with self.assertRaises(Failed) as failed:
                server.warder("key", "encrypt", key["id"], stdin=TEXT)
            self.assertIn("sealed", str(failed.exception))

    # ---- admins

    def test_an_admin_encrypts_and_decrypts(self):
        key, path = self.create()["id"], self.server.path
        with open(path("plain"), "wb") as f:
            f.write(bytes(range(256)))
        self.cli("key", "encrypt", key, "--file", path("plain"),
                           "--aad", "row 7", "--out", path("cipher"))
        self.cli("key", "decrypt", key, "--file", path("cipher"),
                           "--aad", "row 7", "--out", path("again"))
        with open(path("again"), "rb") as f:
            self.assertEqual(f.read(), bytes(range(256)))
        self.assertEqual(os.stat(path("again")).st_mode & 0o777, 0o600)
        with self.assertRaises(Failed) as failed:
            self.cli("key", "decrypt", key, "--file",
                               path("cipher"))
        self.assertIn("mismatch", str(failed.exception))

    def test_an_admin_gets_a_data_key(self):
        key, path = self.create()["id"], self.server.path
        self.cli("key", "datakey", key, "--ciphertext",
                           path("wrapped"), "--out", path("data.key"))
        self.cli("key", "decrypt", key, "--file", path("wrapped"),
                           "--out", path("opened"))
        with open(path("data.key"), "rb") as a, open(path("opened"),
                                                     "rb") as b:
            data = a.read()
            self.assertEqual(data, b.read())
        self.assertEqual(len(data), 32)
        self.assertEqual(os.stat(path("data.key")).st_mode & 0o777, 0o600)

    def test_an_admin_signs_and_verifies(self):
        key, path = self.create("rsa-2048")["id"], self.server.path
        with open(path("letter"), "wb") as f:
            f.write(TEXT)
        for algorithm in ("PS256", "RS256"):
            self.cli("key", "sign", key, "--file", path("letter"),
                               "--algorithm", algorithm, "--out",
                               path("letter.sig"))
            check = ["key", "verify", key, "--signature", path("letter.sig"),
                     "--algorithm", algorithm]
            self.assertTrue(self.server.warder(
                *check, "--file", path("letter"))["valid"])
            self.assertEqual(self.cli(*check, "--file", path("letter")),
                             b"valid\n")
            with self.assertRaises(Failed):
                self.cli(*check, stdin=b"another")
            self.assertEqual(self.cli(
                *check, "--digest", stdin=hashlib.sha256(TEXT).digest()),
                b"valid\n")

    def test_a_right_is_needed_for_each(self):
        key = self.create()["id"]
        token = self.server.warder("token", "create", "--user", "app",
                                   "--rule", "keys:encrypt")["token"]
        with open(os.open(self.server.path("app.token"), os.O_CREAT |
                          os.O_WRONLY | os.O_TRUNC, 0o600), "w",
                  encoding="utf-8") as f:
            f.write(token)
        mine = ("--admin", self.server.socket, "--token-file",
                self.server.path("app.token"))
        made = self.server.run("key", "encrypt", key, *mine, stdin=TEXT)
        with self.assertRaises(Failed) as failed:
            self.server.run("key", "decrypt", key, *mine, stdin=made.stdout)
        self.assertIn("keys:decrypt", str(failed.exception))
        entry = self.entries()[-1]
        self.assertEqual((entry["actor"], entry["result"], entry["reason"]),
                         ("app", "deny", "permission_denied"))


if __name__ == "__main__":
    unittest.main(argv=["test_use"], verbosity=2)
