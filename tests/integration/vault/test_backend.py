"""Keys that rest in a Vault: the backend's row against a real server."""
import base64
import json
import os
import socket
import ssl
import sys
import time
import unittest
import uuid

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import (ec, ed25519, padding,
                                                       rsa, utils)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import openbao
import postgres_rig
from row import (AES_GCM, DECRYPT, ECDSA, ED25519, ENCRYPT, RSA_OAEP,
                 RSA_PKCS1, RSA_PSS, SIGN, VERIFY, Row)

ROW = sys.argv.pop(1)
UNIQUE = "t" + os.urandom(4).hex()
MOUNT, TRANSIT, OTHER = (UNIQUE + w for w in ("-kv", "-transit", "/other"))
vault = None


def setUpModule():
    global vault
    vault = openbao.for_module()
    vault.enable(MOUNT, "kv", version="2")
    vault.enable(OTHER, "kv", version="1")
    vault.enable(TRANSIT, "transit")


def tearDownModule():
    for mount in (MOUNT, OTHER, TRANSIT):
        vault.ask("DELETE", "sys/mounts/" + mount)


def b64(data):
    return base64.b64encode(data).decode()


def der(key):
    return key.private_bytes(serialization.Encoding.DER,
                             serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def pem(key, form=serialization.PrivateFormat.PKCS8):
    return key.private_bytes(serialization.Encoding.PEM, form,
                             serialization.NoEncryption()).decode()


def public(hex_spki):
    return serialization.load_der_public_key(bytes.fromhex(hex_spki))


class Case(unittest.TestCase):
    mount = MOUNT

    def setUp(self):
        self.peer = self.open()

    def open(self, **settings):
        peer = Row(ROW, "vault", {"ca": vault.ca, "secret": vault.token},
                   **dict(dict(address=vault.address, mount=self.mount,
                               transit=TRANSIT), **settings))
        self.addCleanup(peer.close)
        return peer

    def ok(self, *words, peer=None):
        a = (peer or self.peer).ask(*words)
        self.assertEqual(a.result, "ok", a)
        return a.output

    def no(self, result, *words, peer=None):
        a = (peer or self.peer).ask(*words)
        self.assertEqual(a.result, result, a)
        return a.detail

    def make(self, kind, version=1, stays=0, data=b"", key_id=None):
        """(id, kind, locator, flags, spki)."""
        key_id = key_id or str(uuid.uuid4())
        return [key_id] + self.ok("make", key_id, version, kind, stays,
                                  data).split(" ")

    def attach(self, name):
        """(kind, locator, flags, spki)."""
        return self.ok("attach", name).split(" ")

    def fetch(self, locator, kind):
        """(bytes, seconds, renewable, lease)."""
        data, seconds, renewable, lease = self.ok(
            "fetch", locator, kind).split(" ")
        return bytes.fromhex(data), int(seconds), int(renewable), lease

    def entry(self, path):
        return vault.ask("GET", "%s/data/%s" % (self.mount, path))[
            "data"]["data"]


class Made(Case):
    def test_every_kind_of_key_is_made_and_fetched(self):
        for kind, size in (("aes-128", 16), ("aes-192", 24), ("aes-256", 32)):
            _, found, locator, flags, spki = self.make(kind)
            self.assertEqual((found, flags, spki), (kind, "00", ""))
            data, _, _, lease = self.fetch(locator, kind)
            self.assertEqual((len(data), lease), (size, ""))
        for kind in ("rsa-2048", "rsa-3072", "ec-p256", "ec-p384", "ec-p521",
                     "ed25519"):
            _, found, locator, flags, spki = self.make(kind)
            self.assertEqual((found, flags), (kind, "00"))
            key = serialization.load_der_private_key(
                self.fetch(locator, kind)[0], None)
            self.assertEqual(key.public_key().public_bytes(
                serialization.Encoding.DER,
                serialization.PublicFormat.SubjectPublicKeyInfo).hex(), spki)

    def test_two_keys_are_not_alike(self):
        a, b = (self.fetch(self.make("aes-256")[2], "aes-256")[0]
                for _ in range(2))
        self.assertNotEqual(a, b)

    def test_the_layout_is_that_of_intels_broker(self):
        key_id = self.make("aes-256")[0]
        data = self.entry(key_id)
        self.assertEqual(list(data), [key_id])
        inner = json.loads(data[key_id])
        self.assertEqual(inner["algorithm"], "AES")
        self.assertEqual(inner["id"], key_id)
        self.assertEqual(inner["key_length"], 256)
        self.assertEqual(len(base64.b64decode(inner["key_data"])), 32)
        key_id, _, _, _, spki = self.make("rsa-2048")
        inner = json.loads(self.entry(key_id)[key_id])
        self.assertEqual(inner["algorithm"], "RSA")
        self.assertEqual(base64.b64decode(inner["public_key"]).hex(), spki)
        serialization.load_der_private_key(
            base64.b64decode(inner["private_key"]), None)
        key_id = self.make("ec-p384")[0]
        inner = json.loads(self.entry(key_id)[key_id])
        self.assertEqual((inner["algorithm"], inner["curve_type"]),
                         ("EC", "secp384r1"))

    def test_keys_are_brought(self):
        key = ec.generate_private_key(ec.SECP256R1())
        for kind, data in (("aes-256", os.urandom(32)), ("ec-p256", der(key)),
                           ("opaque", b"\0\xffnot a text")):
            locator = self.make(kind, data=data)[2]
            self.assertEqual(self.fetch(locator, kind)[0], data)
        self.no("unsupported", "make", str(uuid.uuid4()), 1, "ec-p384", 0,
                der(key))
        self.no("unsupported", "make", str(uuid.uuid4()), 1, "opaque", 0, b"")

    def test_the_same_brought_again_is_there_already(self):
        key_id, data = str(uuid.uuid4()), os.urandom(32)
        first = self.make("aes-256", data=data, key_id=key_id)
        self.assertEqual(self.make("aes-256", data=data, key_id=key_id), first)
        self.no("conflict", "make", key_id, 1, "aes-256", 0, os.urandom(32))
        self.no("conflict", "make", key_id, 1, "aes-256", 0, b"")
        self.assertEqual(self.fetch(first[2], "aes-256")[0], data)

    def test_versions_are_entries_of_their_own(self):
        key_id, _, first, _, _ = self.make("aes-256")
        _, _, second, _, _ = self.make("aes-256", version=2, key_id=key_id)
        self.assertEqual(sorted(vault.ask(
            "LIST", self.mount + "/metadata/")["data"]["keys"].count(n)
            for n in (key_id, key_id + ".v2")), [1, 1])
        self.assertNotEqual(self.fetch(first, "aes-256"),
                            self.fetch(second, "aes-256"))
        self.ok("destroy", first)
        self.no("not_found", "fetch", first, "aes-256")
        self.fetch(second, "aes-256")

    def test_destroyed_is_gone(self):
        key_id, _, locator, _, _ = self.make("aes-256")
        self.ok("destroy", locator)
        self.ok("destroy", locator)
        self.no("not_found", "fetch", locator, "aes-256")
        with self.assertRaises(openbao.Refused):
            vault.ask("GET", "%s/metadata/%s" % (self.mount, key_id))

    def test_another_kind_than_was_stored(self):
        _, _, locator, _, _ = self.make("aes-256")
        self.no("backend_answer", "fetch", locator, "ec-p256")

    def test_locators_of_somebody_else(self):
        for locator in ("", "x", "kv|2|a", "kv|3|a|b|1|", "kv|2|a/../b|c|1|",
                        "kv|2|%s|a|x|" % MOUNT, "transit|a|b|0",
                        "transit|a|b|1|2", "creds|a?b"):
            self.no("unsupported", "fetch", locator or "-", "aes-256")


class MadeInVersion1(Made):
    mount = OTHER

    def entry(self, path):
        return vault.ask("GET", "%s/%s" % (self.mount, path))["data"]

    def test_versions_are_entries_of_their_own(self):
        key_id, _, first, _, _ = self.make("aes-256")
        _, _, second, _, _ = self.make("aes-256", version=2, key_id=key_id)
        self.ok("destroy", first)
        self.fetch(second, "aes-256")

    def test_destroyed_is_gone(self):
        _, _, locator, _, _ = self.make("aes-256")
        self.ok("destroy", locator)
        self.ok("destroy", locator)
        self.no("not_found", "fetch", locator, "aes-256")


class Engines(Case):
    """Which version the engine is, and what is written over what."""

    def mounted(self, version):
        mount = "%s/%s" % (UNIQUE, os.urandom(4).hex())
        vault.enable(mount, "kv", version=version)
        self.addCleanup(vault.ask, "DELETE", "sys/mounts/" + mount)
        return mount

    def test_its_version_is_found(self):
        for version in ("1", "2"):
            mount = self.mounted(version)
            for engine in ("auto", version):
                peer = self.open(mount=mount, engine=engine)
                self.assertIn("%s is a key-value engine %s" % (
                    mount, version), self.ok("check", peer=peer))
                made = self.ok("make", str(uuid.uuid4()), 1, "aes-256", 0,
                               b"", peer=peer).split(" ")
                self.assertTrue(made[1].startswith("kv|%s|" % version), made)
                self.ok("fetch", made[1], "aes-256", peer=peer)

    def test_another_version_than_is_said_makes_nothing(self):
        for there, said in (("1", "2"), ("2", "1")):
            mount = self.mounted(there)
            peer, right = (self.open(mount=mount, engine=e)
                           for e in (said, there))
            key_id = str(uuid.uuid4())
            a = peer.ask("make", key_id, 1, "aes-256", 0, b"")
            self.assertIn(a.result, ("unavailable", "backend_answer",
                                     "not_found"), a)
            self.assertNotEqual(a.detail, "")
            # Nothing lies there, by the right name or by another.
            with self.assertRaises(openbao.Refused) as got:
                vault.ask("LIST", mount + ("/metadata/" if there == "2"
                                           else "/"))
            self.assertEqual(got.exception.status, 404)
            self.ok("make", key_id, 1, "aes-256", 0, b"", peer=right)

    def test_an_engine_that_was_upgraded_is_never_misread(self):
        mount = self.mounted("1")
        peer = self.open(mount=mount)
        old = self.ok("make", str(uuid.uuid4()), 1, "aes-256", 0, b"",
                      peer=peer).split(" ")[1]
        data = self.ok("fetch", old, "aes-256", peer=peer)
        vault.ask("POST", "sys/mounts/%s/tune" % mount,
                  {"options": {"version": "2"}})
        vault.until_upgraded(mount, None)
        # Who knew it before gives nothing else than the key, or says why not.
        a = peer.ask("fetch", old, "aes-256")
        self.assertTrue(a.result in ("unavailable", "not_found",
                                     "backend_answer") or a.output == data, a)
        a = peer.ask("make", str(uuid.uuid4()), 1, "aes-256", 0, b"")
        self.assertNotEqual((a.result, a.detail), ("ok", ""), a)
        # Who comes later finds it.
        fresh = self.open(mount=mount)
        made = self.ok("make", str(uuid.uuid4()), 1, "aes-256", 0, b"",
                       peer=fresh).split(" ")[1]
        self.assertTrue(made.startswith("kv|2|"), made)

    def test_what_somebody_has_written_meanwhile_stays(self):
        key_id = str(uuid.uuid4())
        vault.ask("POST", "%s/data/%s" % (MOUNT, key_id),
                  {"data": {"theirs": "1"}})
        self.assertIn("another version", self.no(
            "conflict", "make", key_id, 1, "aes-256", 0, b""))
        self.no("conflict", "make", key_id, 1, "aes-256", 0, os.urandom(32))
        self.assertEqual(self.entry(key_id), {"theirs": "1"})

    def test_what_somebody_has_deleted_is_not_written_over(self):
        key_id = self.make("aes-256")[0]
        before = self.entry(key_id)
        vault.ask("DELETE", "%s/data/%s" % (MOUNT, key_id))
        self.no("conflict", "make", key_id, 1, "aes-256", 0, b"")
        vault.ask("POST", "%s/undelete/%s" % (MOUNT, key_id),
                  {"versions": [1]})
        self.assertEqual(self.entry(key_id), before)

    def test_of_several_at_once_one_is_kept(self):
        # Of version 2: version 1 has no check-and-set.
        key_id = str(uuid.uuid4())
        peers = [self.open() for _ in range(3)]
        for p in peers:
            p.process.stdin.write("make %s 1 aes-256 0 %s\n" % (
                key_id, os.urandom(32).hex()))
            p.process.stdin.flush()
        said = [p.answer(time.monotonic()) for p in peers]
        self.assertEqual(sorted(a.result for a in said),
                         ["conflict", "conflict", "ok"])


@unittest.skipIf(openbao.is_foreign(), "wants a server of its own")
class OnlyTls12(unittest.TestCase):
    """A server that has nothing newer than TLS 1.2."""

    @classmethod
    def setUpClass(cls):
        cls.bao = openbao.OpenBao(tls_max_version="tls12").init()
        cls.bao.enable("keybroker", "kv", version="2")

    @classmethod
    def tearDownClass(cls):
        cls.bao.close()

    def row(self, **settings):
        peer = Row(ROW, "vault", {"ca": self.bao.ca,
                                  "secret": self.bao.token},
                   address=self.bao.address, **settings)
        self.addCleanup(peer.close)
        return peer

    def test_it_has_nothing_newer(self):
        context = ssl.create_default_context(cadata=self.bao.ca)
        with socket.create_connection(("127.0.0.1", self.bao.port), 10) as s:
            with context.wrap_socket(s, server_hostname="127.0.0.1") as t:
                self.assertEqual(t.version(), "TLSv1.2")

    def test_it_is_spoken_to_where_the_section_says_so(self):
        row = self.row(tls12="yes")
        self.assertEqual(row.ask("check").result, "ok")
        made = row.ask("make", str(uuid.uuid4()), 1, "ec-p256", 0, b"")
        self.assertEqual(made.result, "ok", made)
        got = row.ask("fetch", made.output.split(" ")[1], "ec-p256")
        self.assertEqual(got.result, "ok", got)

    def test_and_not_otherwise(self):
        a = self.row().ask("check")
        self.assertEqual(a.result, "unavailable")
        self.assertIn("does not speak TLS 1.3", a.detail)


class Staying(Case):
    def use(self, what, alg, made, *words):
        return self.ok("use", what, alg, made[1], made[2], *words)

    def test_a_symmetric_key_encrypts_there(self):
        for kind in ("aes-128", "aes-256"):
            made = self.make(kind, stays=1)
            self.assertEqual(made[3:], ["10", ""])
            sealed = self.use(ENCRYPT, AES_GCM, made, b"plain", b"aad")
            self.assertEqual(len(sealed) // 2, 12 + 5 + 16)
            self.assertEqual(self.use(DECRYPT, AES_GCM, made,
                                      bytes.fromhex(sealed), b"aad"),
                             b"plain".hex())
            self.no("mismatch", "use", DECRYPT, AES_GCM, kind, made[2],
                    bytes.fromhex(sealed), b"other")
            self.no("key_may_not_leave_hsm", "fetch", made[2], kind)
            self.no("unsupported", "use", SIGN, ECDSA + 3, kind, made[2],
                    b"x")

    def test_rsa_decrypts_and_signs_there(self):
        made = self.make("rsa-2048", stays=1)
        key = public(made[4])
        sealed = key.encrypt(b"plain", padding.OAEP(
            padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
        self.assertEqual(self.use(DECRYPT, RSA_OAEP, made, sealed),
                         b"plain".hex())
        sig = bytes.fromhex(self.use(SIGN, RSA_PSS, made, b"message"))
        key.verify(sig, b"message", padding.PSS(
            padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        sig = bytes.fromhex(self.use(SIGN, RSA_PKCS1, made, b"message"))
        key.verify(sig, b"message", padding.PKCS1v15(), hashes.SHA256())
        self.use(VERIFY, RSA_PKCS1, made, b"message", b"", sig)
        self.no("mismatch", "use", VERIFY, RSA_PKCS1, made[1], made[2],
                b"other", b"", sig)

    def test_curves_sign_there(self):
        for kind, digest in (("ec-p256", hashes.SHA256()),
                             ("ec-p384", hashes.SHA384()),
                             ("ec-p521", hashes.SHA512())):
            made = self.make(kind, stays=1)
            sig = bytes.fromhex(self.use(SIGN, ECDSA, made, b"message"))
            half = len(sig) // 2
            public(made[4]).verify(utils.encode_dss_signature(
                int.from_bytes(sig[:half], "big"),
                int.from_bytes(sig[half:], "big")), b"message",
                ec.ECDSA(digest))
            self.use(VERIFY, ECDSA, made, b"message", b"", sig)
        made = self.make("ed25519", stays=1)
        sig = bytes.fromhex(self.use(SIGN, ED25519, made, b"message"))
        public(made[4]).verify(sig, b"message")

    def test_versions_are_keys_of_their_own(self):
        key_id, kind, first, _, spki = self.make("ec-p256", stays=1)
        _, _, second, _, other = self.make("ec-p256", stays=1, version=2,
                                           key_id=key_id)
        self.assertNotEqual(spki, other)
        self.ok("destroy", first)
        self.ok("destroy", first)
        self.no("not_found", "use", SIGN, ECDSA, kind, first, b"m")
        self.ok("use", SIGN, ECDSA, kind, second, b"m")

    def test_keys_are_brought_to_stay(self):
        vault.ask("GET", TRANSIT + "/wrapping_key")  # is made, and slowly
        for kind, key in (("ec-p256", ec.generate_private_key(
                ec.SECP256R1())), ("rsa-2048", rsa.generate_private_key(
                    65537, 2048)),
                ("ed25519", ed25519.Ed25519PrivateKey.generate())):
            made = self.make(kind, stays=1, data=der(key))
            self.assertEqual(made[3], "10")
            self.assertEqual(
                public(made[4]).public_bytes(
                    serialization.Encoding.DER,
                    serialization.PublicFormat.SubjectPublicKeyInfo),
                key.public_key().public_bytes(
                    serialization.Encoding.DER,
                    serialization.PublicFormat.SubjectPublicKeyInfo))
            self.assertEqual(self.make(kind, stays=1, data=der(key),
                                       key_id=made[0]), made)
        key = os.urandom(32)
        made = self.make("aes-256", stays=1, data=key)
        sealed = bytes.fromhex(self.use(ENCRYPT, AES_GCM, made, b"plain",
                                        b"aad"))
        self.assertEqual(AESGCM(key).decrypt(sealed[:12], sealed[12:],
                                             b"aad"), b"plain")
        self.no("exists", "make", made[0], 1, "aes-256", 1, os.urandom(32))
        self.no("unsupported", "make", str(uuid.uuid4()), 1, "ec-p384", 1,
                der(ec.generate_private_key(ec.SECP256R1())))

    def test_what_cannot_stay(self):
        for kind, data in (("aes-192", b""), ("opaque", b"")):
            self.no("unsupported", "make", str(uuid.uuid4()), 1, kind, 1, data)

    def test_a_key_that_leaves_is_not_used_there(self):
        made = self.make("aes-256")
        self.no("unsupported", "use", ENCRYPT, AES_GCM, made[1], made[2],
                b"x", b"")


class Attached(Case):
    def put(self, path, **data):
        vault.ask("POST", "%s/data/%s" % (MOUNT, path), {"data": data})

    def test_an_entry_of_intels_broker(self):
        """As ISecL's kmip_key_id names it."""
        key_id, key = str(uuid.uuid4()), rsa.generate_private_key(65537, 2048)
        self.put(key_id, **{key_id: json.dumps({
            "id": key_id, "algorithm": "RSA", "key_length": 2048,
            "public_key": "", "private_key": b64(der(key)),
            "transfer_policy_id": str(uuid.uuid4()), "transfer_link": "",
            "created_at": "2026-01-01T00:00:00Z"})})
        kind, locator, flags, spki = self.attach(key_id)
        self.assertEqual((kind, flags), ("rsa-2048", "00"))
        self.assertEqual(public(spki).public_numbers(),
                         key.public_key().public_numbers())
        self.assertEqual(self.fetch(locator, kind)[0], der(key))
        data = os.urandom(32)
        self.put(key_id, **{key_id: json.dumps({
            "id": key_id, "algorithm": "AES", "key_length": 256,
            "key_data": b64(data)})})
        kind, locator, _, _ = self.attach(key_id)
        self.assertEqual(kind, "aes-256")
        self.assertEqual(self.fetch(locator, kind)[0], data)

    def test_private_keys_in_the_forms_of_people(self):
        form = serialization.PrivateFormat
        for key, kind, text in [
                (k, kind, t) for k, kind in (
                    (rsa.generate_private_key(65537, 2048), "rsa-2048"),
                    (ec.generate_private_key(ec.SECP521R1()), "ec-p521"))
                for t in (pem(k), pem(k, form.TraditionalOpenSSL),
                          b64(der(k)))] + [
                (k, "ed25519", pem(k))
                for k in (ed25519.Ed25519PrivateKey.generate(),)]:
            self.put("web/tls", private_key=text)
            found, locator, _, _ = self.attach(MOUNT + "/web/tls")
            self.assertEqual(found, kind)
            self.assertEqual(serialization.load_der_private_key(
                self.fetch(locator, kind)[0], None).private_numbers()
                if kind != "ed25519" else self.fetch(locator, kind)[0],
                key.private_numbers() if kind != "ed25519" else der(key))

    def test_a_member_is_named(self):
        self.put("app", user="web", password="hunter2 ü")
        self.assertIn("PATH#MEMBER", self.no(
            "unsupported", "attach", MOUNT + "/app"))
        kind, locator, _, _ = self.attach(MOUNT + "/app#password")
        self.assertEqual(kind, "opaque")
        self.assertEqual(self.fetch(locator, kind)[0], "hunter2 ü".encode())
        self.assertIn("no member", self.no(
            "not_found", "attach", MOUNT + "/app#pass"))

    def test_what_was_attached_is_what_is_released(self):
        self.put("kept", a="first")
        _, locator, _, _ = self.attach("kept")
        self.put("kept", a="second")
        self.assertEqual(self.fetch(locator, "opaque")[0], b"first")
        vault.ask("POST", "%s/destroy/kept" % MOUNT, {"versions": [1]})
        self.no("not_found", "fetch", locator, "opaque")

    def test_an_entry_of_another_engine(self):
        vault.ask("POST", OTHER + "/a/b", {"value": "text"})
        kind, locator, _, _ = self.attach(OTHER + "/a/b")
        self.assertEqual(self.fetch(locator, kind)[0], b"text")

    def test_values_that_are_no_secrets(self):
        self.put("odd", a=5)
        self.no("backend_answer", "attach", "odd")
        self.put("odd", a="")
        self.no("backend_answer", "attach", "odd")
        self.put("odd", odd=json.dumps({"algorithm": "AES", "key_data": "AA=="}))
        self.no("backend_answer", "attach", "odd")
        self.put("odd", odd=json.dumps({"algorithm": "RSA",
                                        "private_key": "AA=="}))
        self.no("backend_answer", "attach", "odd")

    def test_what_is_not_there(self):
        self.no("not_found", "attach", "nothing")
        self.no("not_found", "attach", MOUNT + "/nothing")
        self.no("unsupported", "attach", "a/../b")
        self.no("unsupported", "attach", "a#b|c d".replace(" ", "\u00a0"))

    def test_a_transit_key(self):
        vault.ask("POST", TRANSIT + "/keys/own", {"type": "ecdsa-p256"})
        vault.ask("POST", TRANSIT + "/keys/own/rotate", {})
        kind, locator, flags, spki = self.attach(TRANSIT + "/keys/own")
        self.assertEqual((kind, flags), ("ec-p256", "10"))
        vault.ask("POST", TRANSIT + "/keys/own/rotate", {})
        sig = bytes.fromhex(self.ok("use", SIGN, ECDSA, kind, locator, b"m"))
        public(spki).verify(utils.encode_dss_signature(
            int.from_bytes(sig[:32], "big"), int.from_bytes(sig[32:], "big")),
            b"m", ec.ECDSA(hashes.SHA256()))
        self.no("unsupported", "attach", TRANSIT + "/export/own")
        vault.ask("POST", TRANSIT + "/keys/mac", {"type": "chacha20-poly1305"})
        self.no("unsupported", "attach", TRANSIT + "/keys/mac")


class Leased(Case):
    """By certificates: an engine that needs nothing else."""

    def setUp(self):
        super().setUp()
        self.pki = UNIQUE + "-pki"
        vault.enable(self.pki, "pki")
        self.addCleanup(vault.ask, "DELETE", "sys/mounts/" + self.pki)
        vault.ask("POST", self.pki + "/root/generate/internal",
                  {"common_name": "test", "key_type": "ec"})

    def test_a_path_that_our_token_may_not_read(self):
        vault.policy("little", {MOUNT + "/*": ["read"],
                                self.pki + "/cert/*": ["read"]})
        token = vault.make_token(policies=["default", "little"])
        peer = self.open()
        peer.put("secret", token)
        self.no("permission_denied", "attach", self.pki + "/creds/web",
                peer=peer)

    def test_only_what_paths_name_may_be_attached(self):
        peer = self.open(paths="%s/creds %s/web" % (self.pki, MOUNT))
        for name in (self.pki + "/cred/x", self.pki + "/creds2/x", "other",
                     MOUNT + "/webs", self.pki):
            self.assertIn("paths", self.no("unsupported", "attach", name,
                                           peer=peer), name)
        for name in (MOUNT + "/web/none", "web"):  # they may be; none is there
            self.no("not_found", "attach", name, peer=peer)

    def test_what_gives_no_lease(self):
        kind, locator, flags, _ = self.attach(self.pki + "/cert/ca")
        self.assertEqual((kind, flags), ("opaque", "01"))
        self.no("backend_answer", "fetch", locator, "opaque")


@unittest.skipUnless(postgres_rig.is_there() and not openbao.is_foreign(),
                     "no PostgreSQL that the server could reach")
class Database(Case):
    """Users of a data base, made for the asking."""

    @classmethod
    def setUpClass(cls):
        cls.db = postgres_rig.Postgres(openbao.free_port())
        cls.mount_db = UNIQUE + "-db"
        vault.enable(cls.mount_db, "database")
        vault.ask("POST", cls.mount_db + "/config/it", {
            "plugin_name": "postgresql-database-plugin",
            "allowed_roles": "web", "username": "admin",
            "password": cls.db.password,
            "connection_url": "postgresql://{{username}}:{{password}}@"
            "127.0.0.1:%d/postgres?sslmode=disable" % cls.db.port})
        vault.ask("POST", cls.mount_db + "/roles/web", {
            "db_name": "it", "default_ttl": "60s", "max_ttl": "1h",
            "creation_statements": [
                "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}' "
                "VALID UNTIL '{{expiration}}'"]})

    @classmethod
    def tearDownClass(cls):
        vault.ask("POST", "sys/leases/revoke-force/" + cls.mount_db, {})
        vault.ask("DELETE", "sys/mounts/" + cls.mount_db)
        cls.db.close()

    def users(self):
        return self.db.query("select rolname from pg_roles "
                             "where rolname like 'v-%'")

    def test_each_fetch_makes_a_user_that_ends_with_its_lease(self):
        path = self.mount_db + "/creds/web"
        kind, locator, flags, _ = self.attach(path)
        self.assertEqual((kind, flags), ("opaque", "01"))
        self.assertEqual(self.users(), [])  # to attach makes none
        first, second = (self.fetch(locator, kind) for _ in range(2))
        self.assertNotEqual(first[0], second[0])
        found = json.loads(first[0])
        self.assertEqual(self.db.ask("select 1", found["username"],
                                     found["password"]).stdout, "1\n")
        self.assertEqual(len(self.users()), 2)
        self.assertEqual((first[1], first[2]), (60, 1))
        self.assertTrue(first[3].startswith(path + "/"))
        self.assertEqual(int(self.ok("renew", first[3], 600)), 600)
        self.ok("revoke", first[3])
        self.ok("revoke", first[3])
        self.assertEqual(self.users(), [json.loads(second[0])["username"]])
        self.assertNotEqual(self.db.ask("select 1", found["username"],
                                        found["password"]).returncode, 0)
        self.no("not_found", "renew", first[3], 60)
        self.ok("revoke", second[3])
        self.assertEqual(self.users(), [])

    def test_a_role_that_is_not_there(self):
        _, locator, _, _ = self.attach(self.mount_db + "/creds/none")
        answer = self.peer.ask("fetch", locator, "opaque")
        self.assertIn(answer.result, ("unsupported", "not_found"), answer)
        self.assertIn("none", answer.detail)


class State(Case):
    def test_check_says_what_is_there(self):
        words = self.ok("check")
        self.assertIn("version", words)
        self.assertIn(MOUNT + " is a key-value engine 2", words)

    @unittest.skipIf(openbao.is_foreign(), "has a name of its own")
    def test_a_server_by_its_name(self):
        self.ok("check", peer=self.open(
            address="https://localhost:%d" % vault.port))
        peer = self.open(address="https://localhost:%d" %
                         openbao.free_port())
        self.assertIn("localhost", self.no("unavailable", "check", peer=peer))
        self.assertIn("localhost", self.no("unavailable", "check", peer=peer))

    def test_a_token_that_nobody_uses_is_kept(self):
        token = vault.make_token(ttl="2s", period="2s")
        peer = self.open()
        peer.put("secret", token)
        self.assertEqual(self.ok("keep", peer=peer), "-1")
        _, _, locator, _, _ = self.make("aes-256")
        self.ok("fetch", locator, "aes-256", peer=peer)
        os.unlink(peer.path("secret"))
        end = time.monotonic() + 5
        while time.monotonic() < end:
            due = int(self.ok("keep", peer=peer))
            self.assertGreater(due, 0)
            time.sleep(min(due / 1000, 0.3))
        self.ok("fetch", locator, "aes-256", peer=peer)

    def test_a_mount_that_is_not_there_loses_nothing(self):
        peer = self.open(mount="not-there")
        for words in (("check",), ("make", str(uuid.uuid4()), 1, "aes-256",
                                   0, b""), ("attach", "x")):
            self.assertIn(peer.ask(*words).result,
                          ("unavailable", "permission_denied"))
        _, _, locator, _, _ = self.make("aes-256")
        gone = locator.replace(MOUNT, "not-there")
        self.no("unavailable", "fetch", gone, "aes-256")
        self.no("unavailable", "destroy", gone)


if __name__ == "__main__":
    unittest.main(verbosity=2)
