"""Every call of a Vault's client, against a real server."""
import json
import os
import sys
import unittest

from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import (ec, ed25519, padding,
                                                       rsa, utils)

import openbao
from vault_rig import Peer

PEER = sys.argv.pop(1)
KV1, KV2, TRANSIT = ("t%s-%s" % (os.urandom(4).hex(), what)
                     for what in ("kv1", "kv2", "transit"))
vault = None


def setUpModule():
    global vault
    vault = openbao.for_module()
    vault.enable(KV1, "kv", version="1")
    vault.enable(KV2, "kv", version="2")
    vault.enable(TRANSIT, "transit")


def tearDownModule():
    for mount in (KV1, KV2, TRANSIT):
        vault.ask("DELETE", "sys/mounts/" + mount)


class Case(unittest.TestCase):
    def setUp(self):
        self.peer = Peer(PEER, {"ca": vault.ca, "secret": vault.token + "\n"},
                         address=vault.address, method="token")
        self.addCleanup(self.peer.close)

    def ok(self, *words):
        a = self.peer.ask(*words)
        self.assertEqual(a.result, "ok", a)
        return a.output

    def no(self, result, *words):
        a = self.peer.ask(*words)
        self.assertEqual(a.result, result, a)
        return a.detail


def name():
    return os.urandom(8).hex()


def text(**members):
    return json.dumps(members, sort_keys=True, separators=(",", ":"),
                      ensure_ascii=False).encode()


class Entries(Case):
    def test_the_engine_says_which_version_it_is(self):
        self.assertEqual(self.ok("kv-find", KV1), "1")
        self.assertEqual(self.ok("kv-find", KV2), "2")
        self.no("unsupported", "kv-find", TRANSIT)

    def test_version_2_keeps_versions(self):
        n = name()
        self.ok("kv-write", KV2, 2, n, 0, text(a="1"))
        self.ok("kv-write", KV2, 2, n, 1, text(a="2"))
        self.assertEqual(self.ok("kv-read", KV2, 2, n, 0), '2 {"a":"2"}')
        self.assertEqual(self.ok("kv-read", KV2, 2, n, 1), '1 {"a":"1"}')
        self.assertEqual(self.ok("kv-metadata", KV2, 2, n), "2 0")
        self.no("not_found", "kv-read", KV2, 2, n, 3)

    def test_a_version_that_is_not_the_newest_is_not_replaced(self):
        n = name()
        self.ok("kv-write", KV2, 2, n, 0, text(a="1"))
        self.assertIn("another version", self.no(
            "conflict", "kv-write", KV2, 2, n, 0, text(a="other")))
        self.no("conflict", "kv-write", KV2, 2, n, 2, text(a="2"))
        self.assertEqual(self.ok("kv-read", KV2, 2, n, 0), '1 {"a":"1"}')

    def test_what_is_there_already_has_been_written(self):
        for mount, version in ((KV1, 1), (KV2, 2)):
            n = name()
            self.ok("kv-write", mount, version, n, 0, text(a="1", b="ü"))
            self.ok("kv-write", mount, version, n, 0, text(a="1", b="ü"))
            self.no("conflict", "kv-write", mount, version, n, 0, text(a="2"))

    def test_version_1_has_no_versions(self):
        n = name()
        self.ok("kv-write", KV1, 1, n, 0, text(a="1"))
        self.assertEqual(self.ok("kv-read", KV1, 1, n, 0), '0 {"a":"1"}')
        self.ok("kv-write", KV1, 1, n, 1, text(a="2"))
        self.assertEqual(self.ok("kv-read", KV1, 1, n, 0), '0 {"a":"2"}')
        self.no("unsupported", "kv-metadata", KV1, 1, n)
        self.ok("kv-destroy", KV1, 1, n, 0)
        self.no("not_found", "kv-read", KV1, 1, n, 0)
        self.ok("kv-destroy", KV1, 1, n, 0)

    def test_what_was_deleted_is_told_from_what_never_was(self):
        n = name()
        self.ok("kv-write", KV2, 2, n, 0, text(a="1"))
        self.ok("kv-delete", KV2, 2, n)
        self.assertIn("deleted", self.no("not_found", "kv-read", KV2, 2, n, 0))
        self.assertIn("not there", self.no(
            "not_found", "kv-read", KV2, 2, name(), 0))
        self.ok("raw", "POST", "%s/undelete/%s" % (KV2, n),
                text(versions=[1]))
        self.assertEqual(self.ok("kv-read", KV2, 2, n, 0), '1 {"a":"1"}')

    def test_destroyed_is_for_good(self):
        n = name()
        self.ok("kv-write", KV2, 2, n, 0, text(a="1"))
        self.ok("kv-write", KV2, 2, n, 1, text(a="2"))
        self.ok("kv-destroy", KV2, 2, n, 1)
        self.no("not_found", "kv-read", KV2, 2, n, 1)
        self.assertEqual(self.ok("kv-read", KV2, 2, n, 0), '2 {"a":"2"}')
        self.ok("kv-destroy", KV2, 2, n, 0)
        self.no("not_found", "kv-read", KV2, 2, n, 0)
        self.no("not_found", "kv-metadata", KV2, 2, n)
        self.ok("kv-destroy", KV2, 2, n, 0)

    def test_nothing_mounted_is_no_missing_entry(self):
        detail = self.no("backend_not_configured", "kv-read", "no-mount", 2,
                         name(), 0)
        self.assertIn("nothing is mounted", detail)

    def test_an_entry_as_large_as_a_key_ring(self):
        n, big = name(), "x" * 200000
        self.ok("kv-write", KV2, 2, n, 0, text(a=big))
        self.assertEqual(self.ok("kv-read", KV2, 2, n, 0),
                         '1 {"a":"%s"}' % big)

    def test_names_that_could_be_read_as_something_else(self):
        for n in ("a/../b", "a?version=1", "a%2fb", "a b", "/a", "a/", "a.",
                  "a#b"):
            a = self.peer.ask("kv-read", KV2, 2, n.replace(" ", "\u00a0"), 0)
            self.assertEqual(a.result, "out_of_range", a)

    def test_larger_than_an_answer_may_be(self):
        n = name()
        vault.ask("POST", "%s/data/%s" % (KV2, n),
                  {"data": {"a": "x" * (1 << 20)}})
        self.no("too_large", "kv-read", KV2, 2, n, 0)


class Keys(Case):
    def key(self, kind):
        n = name()
        self.ok("key-make", TRANSIT, n, 0, kind)
        return n

    def public(self, n, version=0):
        kind, newest, exportable, spki = self.ok(
            "key-look", TRANSIT, n, version).split(" ")
        self.assertEqual(exportable, "0")
        return kind, int(newest), spki and \
            serialization.load_der_public_key(bytes.fromhex(spki))

    def test_encryption_with_and_without_more_to_authenticate(self):
        n = self.key("aes256-gcm96")
        self.assertEqual(self.public(n), ("aes256-gcm96", 1, ""))
        for plain, aad in ((b"", b""), (b"plain", b""), (b"p" * 5000, b"aad")):
            version, cipher = self.ok("encrypt", TRANSIT, n, 0, plain,
                                      aad).split(" ")
            self.assertEqual(version, "1")
            cipher = bytes.fromhex(cipher)
            self.assertEqual(len(cipher), 12 + len(plain) + 16)
            self.assertEqual(self.ok("decrypt", TRANSIT, n, 1, cipher, aad),
                             plain.hex())
        changed = cipher[:20] + bytes([cipher[20] ^ 1]) + cipher[21:]
        self.no("malformed", "decrypt", TRANSIT, n, 1, changed, aad)
        self.no("malformed", "decrypt", TRANSIT, n, 1, cipher, b"another")

    def test_rotation_keeps_what_went_before(self):
        n = self.key("aes128-gcm96")
        _, cipher = self.ok("encrypt", TRANSIT, n, 0, b"old", b"").split(" ")
        self.ok("key-rotate", TRANSIT, n, 0)
        self.assertEqual(self.public(n)[1], 2)
        version, _ = self.ok("encrypt", TRANSIT, n, 0, b"new", b"").split(" ")
        self.assertEqual(version, "2")
        version, _ = self.ok("encrypt", TRANSIT, n, 1, b"new", b"").split(" ")
        self.assertEqual(version, "1")
        self.assertEqual(self.ok("decrypt", TRANSIT, n, 1,
                                 bytes.fromhex(cipher), b""), b"old".hex())
        self.no("malformed", "decrypt", TRANSIT, n, 2, bytes.fromhex(cipher),
                b"")
        self.no("not_found", "key-look", TRANSIT, n, 3)

    def test_data_keys(self):
        n = self.key("aes256-gcm96")
        for bits in (128, 256, 512):
            key, version, wrapped = self.ok("datakey", TRANSIT, n, 0,
                                            bits).split(" ")
            self.assertEqual(len(key), bits // 4)
            self.assertEqual(self.ok("decrypt", TRANSIT, n, version,
                                     bytes.fromhex(wrapped), b""), key)
        self.no("malformed", "datakey", TRANSIT, n, 0, 200)

    def test_rsa_keys_decrypt_and_sign(self):
        n = self.key("rsa-2048")
        _, _, public = self.public(n)
        cipher = public.encrypt(b"plain", padding.OAEP(
            padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
        self.assertEqual(self.ok("decrypt", TRANSIT, n, 1, cipher, b""),
                         b"plain".hex())
        sig = bytes.fromhex(self.ok("sign", TRANSIT, n, 1, 0, "sha2-256",
                                    b"message"))
        public.verify(sig, b"message", padding.PSS(
            padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        self.ok("verify", TRANSIT, n, 1, 0, "sha2-256", b"message", sig)
        self.no("mismatch", "verify", TRANSIT, n, 1, 0, "sha2-256", b"other",
                sig)
        sig = bytes.fromhex(self.ok("sign", TRANSIT, n, 1, 1, "sha2-256",
                                    b"message"))
        public.verify(sig, b"message", padding.PKCS1v15(), hashes.SHA256())
        self.ok("verify", TRANSIT, n, 1, 1, "sha2-256", b"message", sig)

    def test_ec_keys_sign_raw(self):
        for kind, hash_name, digest in (
                ("ecdsa-p256", "sha2-256", hashes.SHA256()),
                ("ecdsa-p384", "sha2-384", hashes.SHA384()),
                ("ecdsa-p521", "sha2-512", hashes.SHA512())):
            n = self.key(kind)
            found, _, public = self.public(n)
            self.assertEqual(found, kind)
            sig = bytes.fromhex(self.ok("sign", TRANSIT, n, 1, 2, hash_name,
                                        b"message"))
            half = len(sig) // 2
            der = utils.encode_dss_signature(
                int.from_bytes(sig[:half], "big"),
                int.from_bytes(sig[half:], "big"))
            public.verify(der, b"message", ec.ECDSA(digest))
            self.ok("verify", TRANSIT, n, 1, 2, hash_name, b"message", sig)
            self.no("mismatch", "verify", TRANSIT, n, 1, 2, hash_name,
                    b"other", sig)

    def test_ed25519_keys(self):
        n = self.key("ed25519")
        _, _, public = self.public(n)
        self.assertIsInstance(public, ed25519.Ed25519PublicKey)
        sig = bytes.fromhex(self.ok("sign", TRANSIT, n, 1, 3, "-", b"message"))
        public.verify(sig, b"message")
        self.ok("verify", TRANSIT, n, 1, 3, "-", b"message", sig)
        self.no("mismatch", "verify", TRANSIT, n, 1, 3, "-", b"other", sig)

    def test_a_key_is_brought_under_the_wrapping_key(self):
        vault.ask("GET", TRANSIT + "/wrapping_key")  # is made, and slowly
        wrapping = serialization.load_der_public_key(
            bytes.fromhex(self.ok("wrapping-key", TRANSIT)))
        self.assertEqual(wrapping.key_size, 4096)
        key, once = rsa.generate_private_key(65537, 2048), os.urandom(32)
        pkcs8 = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())
        blob = wrapping.encrypt(once, padding.OAEP(
            padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)) + \
            keywrap.aes_key_wrap_with_padding(once, pkcs8)
        n = name()
        self.ok("key-import", TRANSIT, n, 0, "rsa-2048", blob)
        _, _, public = self.public(n)
        self.assertEqual(public.public_numbers(),
                         key.public_key().public_numbers())
        self.assertIn("unwrap", self.no(
            "unavailable", "key-import", TRANSIT, name(), 0, "rsa-2048",
            blob[:-8]))

    def test_the_end_of_a_key(self):
        n = self.key("aes256-gcm96")
        self.ok("key-destroy", TRANSIT, n, 0)
        self.no("not_found", "key-look", TRANSIT, n, 0)
        self.ok("key-destroy", TRANSIT, n, 0)


class Leases(Case):
    """Of SSH passwords for one login: an engine that needs nothing else."""

    def setUp(self):
        super().setUp()
        self.mount = "ssh-" + name()
        vault.enable(self.mount, "ssh")
        self.addCleanup(vault.ask, "DELETE", "sys/mounts/" + self.mount)
        vault.ask("POST", self.mount + "/roles/web", {
            "key_type": "otp", "default_user": "web",
            "cidr_list": "127.0.0.0/8"})

    def make(self):
        return self.ok("lease-make", self.mount + "/creds/web",
                       text(ip="127.0.0.1")).split(" ", 3)

    def test_a_secret_comes_with_its_lease(self):
        lease, seconds, renewable, data = self.make()
        self.assertTrue(lease.startswith(self.mount + "/creds/web/"))
        self.assertGreater(int(seconds), 0)
        self.assertEqual(renewable, "0")
        self.assertEqual(json.loads(data)["username"], "web")
        self.no("not_found", "lease-renew", lease, 60)

    def test_a_lease_is_ended(self):
        lease, _, _, data = self.make()
        otp = json.loads(data)["key"]
        self.ok("lease-revoke", lease)
        with self.assertRaises(openbao.Refused):
            vault.ask("POST", self.mount + "/verify", {"otp": otp})
        self.ok("lease-revoke", lease)

    def test_what_has_no_lease_is_not_dynamic(self):
        self.no("backend_answer", "lease-make", KV2 + "/config", b"")

    def test_ids_are_looked_at(self):
        self.no("out_of_range", "lease-revoke", "x" * 600)


class State(Case):
    def test_health(self):
        initialized, sealed, standby, version = self.ok("health").split(" ")
        self.assertEqual((initialized, sealed, standby), ("1", "0", "0"))
        self.assertTrue(version)


if __name__ == "__main__":
    unittest.main(verbosity=2)
