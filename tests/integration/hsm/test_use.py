#!/usr/bin/env python3
"""A whole server before an HSM: keys that never leave it are used there, by
attested clients and by admins."""
import base64
import hashlib
import os
import unittest

from hsm_rig import MODULE, Hsm
from whole import Whole, refusal

TEXT = b"of a client"


def flipped(data):
    """Another last bit."""
    return data[:-1] + bytes([data[-1] ^ 1])


class Use(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Whole()
        folder = cls.server.path("hsm")
        os.mkdir(folder)
        cls.hsm = Hsm(folder)
        cls.server.add_config(
            "[backend hsm]", "kind = pkcs11",
            "uri = pkcs11:token=%s?module-path=%s" % (cls.hsm.label, MODULE),
            "pin_file = " + cls.hsm.pin_file, "oaep_sha1 = yes",
            "environment = SOFTHSM2_CONF=" + cls.hsm.conf)
        cls.server.start()
        cls.policy = cls.server.add_policy()

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()

    def create(self, kind, *options):
        return self.server.warder("key", "create", "--kind", kind,
                                  "--backend", "hsm", "--policy", self.policy,
                                  *options)

    def test_an_aes_key_encrypts_there(self):
        client = self.server.attested()
        for options in ((), ("--stays",)):
            key = self.create("aes-256", *options)["id"]
            made = client.use(key, "encrypt", plaintext=TEXT, aad=b"row")
            self.assertEqual(made["ciphertext"][4], 1)
            self.assertEqual(client.use(
                key, "decrypt", ciphertext=made["ciphertext"], aad=b"row")[
                    "plaintext"], TEXT)
            for bad in ({"ciphertext": made["ciphertext"]},
                        {"ciphertext": flipped(made["ciphertext"]),
                         "aad": b"row"}):
                got = refusal(client.use, key, "decrypt", **bad)
                self.assertEqual((got.status, got.type), (400, "Mismatch"))
            self.server.warder("key", "rotate", key)
            data_key = client.use(key, "datakey")
            self.assertEqual(data_key["version"], 2)
            self.assertEqual(client.use(
                key, "decrypt", ciphertext=data_key["ciphertext"])[
                    "plaintext"], data_key["plaintext"])
            self.assertEqual(client.use(
                key, "decrypt", ciphertext=made["ciphertext"], aad=b"row")[
                    "version"], 1)

    def test_pairs_sign_there(self):
        client = self.server.attested()
        for kind, algorithms in (("rsa-2048", ("PS256", "RS256", "PS384",
                                               "RS384", "PS512", "RS512")),
                                 ("ec-p256", ("ES256",)),
                                 ("ec-p384", ("ES384",))):
            key = self.create(kind, "--stays")["id"]
            got = refusal(client.resource, "default/key/" + key)
            self.assertEqual(got.status, 422)
            for algorithm in algorithms:
                made = client.use(key, "sign", message=TEXT,
                                  algorithm=algorithm)
                for message, valid in ((TEXT, True), (b"other", False)):
                    self.assertEqual(client.use(
                        key, "verify", message=message, algorithm=algorithm,
                        signature=made["signature"])["valid"], valid)
                digest = hashlib.new("sha" + algorithm[2:], TEXT)
                made = client.use(key, "sign", digest=digest.digest(),
                                  algorithm=algorithm)
                self.assertTrue(client.use(
                    key, "verify", message=TEXT, algorithm=algorithm,
                    signature=made["signature"])["valid"])

    def test_an_rsa_key_does_not_decrypt_without_sha256(self):
        """SoftHSM has OAEP with SHA-1 alone, which no data is under."""
        client, key = self.server.attested(), self.create("rsa-2048")
        made = client.use(key["id"], "encrypt", plaintext=TEXT)
        got = refusal(client.use, key["id"], "decrypt",
                      ciphertext=made["ciphertext"])
        self.assertEqual((got.status, got.type), (422, "Unsupported"))

    def test_admins_use_what_stays(self):
        key = self.create("ec-p256", "--stays")
        made = self.server.warder("key", "sign", key["id"], stdin=TEXT)
        with open(self.server.path("sig"), "wb") as f:
            f.write(base64.b64decode(made["signature"]))
        self.assertTrue(self.server.warder(
            "key", "verify", key["id"], "--signature", self.server.path("sig"),
            stdin=TEXT)["valid"])


if __name__ == "__main__":
    unittest.main(argv=["test_use"], verbosity=2)
