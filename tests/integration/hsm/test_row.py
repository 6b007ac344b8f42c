#!/usr/bin/env python3
"""The backend of kind pkcs11 against SoftHSM 2: keys of every kind made,
brought, attached, wrapped, used and destroyed; what is refused; and a session,
a login, a device that is lost."""
import os
import sys
import unittest
import uuid

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import (ec, ed25519, padding,
                                                       rsa, utils)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import hsm_row
from hsm_row import Token, der, spki, unwrap
from row import (AES_GCM, DECRYPT, ECDSA, ED25519, ENCRYPT, RSA_OAEP,
                 RSA_PKCS1, RSA_PSS, SIGN, VERIFY, Ended)

ROW, SHIM = (os.path.abspath(p) for p in sys.argv[1:3])
KINDS = ("aes-128", "aes-192", "aes-256", "rsa-2048", "ec-p256", "ec-p384",
         "ec-p521", "ed25519")
CLIENT = rsa.generate_private_key(65537, 2048)


def new_id():
    return str(uuid.uuid4())


def load(hex_spki):
    return serialization.load_der_public_key(bytes.fromhex(hex_spki))


class Case(unittest.TestCase):
    def setUp(self):
        self.token = Token(SHIM)
        self.addCleanup(self.token.close)
        self.row = self.open()

    def open(self, **settings):
        row = self.token.row(ROW, **dict(dict(oaep_sha1="yes"), **settings))
        self.addCleanup(row.close)
        self.assertEqual(row.started.result, "ready", row.started)
        return row

    def ok(self, *words):
        answer = self.row.ask(*words)
        self.assertEqual(answer.result, "ok", answer)
        return answer.output

    def no(self, result, words, *command):
        answer = self.row.ask(*command)
        self.assertEqual(answer.result, result, answer)
        self.assertIn(words, answer.detail)
        self.assertNotIn(self.token.pin, answer.detail)

    def make(self, kind, stays=0, data=b"", version=1, key=None, label="-"):
        """(kind, locator, flags, spki)."""
        return self.ok("make", key or new_id(), version, kind, stays, data,
                       label).split(" ")

    def wrapped(self, locator, client=CLIENT):
        data, sha1 = self.ok("wrap", locator, spki(client)).split(" ")
        self.assertEqual(sha1, "1")
        return unwrap(client, bytes.fromhex(data))

    def use(self, what, alg, kind, locator, *rest):
        return bytes.fromhex(self.ok("use", what, alg, kind, locator, *rest))


class Opened(Case):
    def started(self, **settings):
        row = self.token.row(ROW, **settings)
        self.addCleanup(row.close)
        return row.started

    def test_it_says_what_is_there(self):
        words = self.ok("check")
        for part in ("token warder", "serial number", "SoftHSM", "firmware",
                     "RSA-OAEP with SHA-1"):
            self.assertIn(part, words)
        self.assertNotIn("PIN", words)

    def test_a_section_that_cannot_be_is_refused_at_start(self):
        module = "?module-path=" + hsm_row.MODULE
        pin = self.token.pin_file
        for settings, words in (
                (dict(uri="token=x"), "begin with"),
                (dict(uri="pkcs11:token=warder"), "module-path"),
                (dict(uri="pkcs11:" + module[0:]), "token"),
                (dict(uri="pkcs11:token=a" + module + "&pin-value=1"),
                 "PIN lies in a file"),
                (dict(uri="pkcs11:token=a" + module + "&pin-source=/p"),
                 "pin_file"),
                (dict(uri="pkcs11:token=a;object=b" + module), "one by one"),
                (dict(uri="pkcs11:token=a?module-path=/none.so"),
                 "/none.so"),
                (dict(uri="pkcs11:token=a?module-path=" + pin), "pin"),
                (dict(pin_file=pin + "2"), "pin2"),
                (dict(environment="X"), "NAME=VALUE")):
            answer = self.started(**settings)
            self.assertNotEqual(answer.result, "ready")
            self.assertIn(words, answer.detail)

    def test_a_pin_that_others_may_read_is_refused(self):
        os.chmod(self.token.pin_file, 0o604)
        answer = self.started()
        self.assertEqual(answer.result, "permission_denied")
        self.assertIn("others may open it", answer.detail)

    def test_a_token_that_is_not_there_is_unavailable(self):
        self.row = self.open(uri="pkcs11:token=other?module-path=" +
                             hsm_row.MODULE)
        self.no("unavailable", "there is no token other", "check")
        self.no("unavailable", "no token", "make", new_id(), 1, "aes-256", 0,
                "-")
        self.token.tool("softhsm2-util", "--init-token", "--free", "--label",
                        "other", "--pin", self.token.pin, "--so-pin", "12345")
        self.assertIn("token other", self.ok("check"))

    def test_two_tokens_of_one_name_are_told_apart_by_serial_number(self):
        self.token.tool("softhsm2-util", "--init-token", "--free", "--label",
                        "warder", "--pin", self.token.pin, "--so-pin",
                        "12345")
        self.row = self.open()
        self.no("unavailable", "serial number", "check")
        slots = self.token.tool("softhsm2-util", "--show-slots").stdout
        serial = [line.split(":")[1].strip() for line in slots.split("\n")
                  if "Serial number" in line][0]
        self.row = self.open(uri="pkcs11:token=warder;serial=%s?module-path=%s"
                             % (serial, hsm_row.MODULE))
        self.assertIn(serial, self.ok("check"))


class Made(Case):
    def test_every_kind_is_made_and_destroyed(self):
        for kind in KINDS:
            for stays in (0, 1):
                with self.subTest(kind=kind, stays=stays):
                    key = new_id()
                    made, locator, flags, public = self.make(kind, stays,
                                                             key=key)
                    self.assertEqual((made, flags), (kind, "%d0" % stays))
                    self.assertEqual(
                        locator, "pkcs11:id=%s;type=%s" % (
                            key, "secret-key" if kind[0] == "a"
                            else "private"))
                    self.assertEqual(public == "", kind.startswith("aes"))
                    self.no("key_may_not_leave_hsm", "", "fetch", locator,
                            kind)
                    self.assertIn("warder-" + key, self.token.objects())
                    self.ok("destroy", locator)
                    self.ok("destroy", locator)
                    self.no("not_found", "no key", "wrap", locator,
                            spki(CLIENT))
        self.assertNotIn("warder-", self.token.objects())

    def test_attributes_are_those_of_keys_that_do_not_leave(self):
        self.make("rsa-2048", 1, label="one")
        self.make("aes-256", 0, label="two")
        text = self.token.objects()
        self.assertIn("sensitive, always sensitive, never extractable, local",
                      text)
        self.assertIn("sensitive, always sensitive, extractable, local", text)
        self.assertNotIn("unwrap", text)
        self.assertNotIn("derive", text)

    def test_versions_are_keys_of_their_own(self):
        key = new_id()
        first = self.make("ec-p256", key=key)
        second = self.make("ec-p256", key=key, version=2)
        self.assertNotEqual(first[1], second[1])
        self.assertNotEqual(first[3], second[3])
        self.no("exists", "already", "make", key, 2, "ec-p256", 0, "-")
        self.ok("destroy", first[1])
        self.wrapped(second[1])

    def test_keys_are_brought(self):
        keys = [(kind, key, der(key)) for kind, key in (
            ("rsa-2048", rsa.generate_private_key(65537, 2048)),
            ("ec-p256", ec.generate_private_key(ec.SECP256R1())),
            ("ec-p384", ec.generate_private_key(ec.SECP384R1())),
            ("ec-p521", ec.generate_private_key(ec.SECP521R1())))]
        keys += [("aes-%d" % n, None, os.urandom(n // 8))
                 for n in (128, 192, 256)]
        for kind, key, data in keys:
            with self.subTest(kind=kind):
                made, locator, flags, public = self.make(kind, data=data)
                self.assertEqual((made, flags), (kind, "00"))
                got = self.wrapped(locator)
                if key is None:
                    self.assertEqual(got, data)
                    continue
                self.assertEqual(public, spki(key).hex())
                self.assertEqual(
                    spki(serialization.load_der_private_key(got, None)),
                    spki(key))
                self.assertEqual(self.make(kind, 1, data=data)[2], "10")
        key = ed25519.Ed25519PrivateKey.generate()  # which it does not wrap
        kind, locator, _, public = self.make("ed25519", data=der(key))
        self.assertEqual(public, spki(key).hex())
        key.public_key().verify(
            self.use(SIGN, ED25519, kind, locator, b"m"), b"m")

    def test_what_it_cannot_take_is_said(self):
        before = self.token.objects()
        self.no("unsupported", "AES keys and key pairs alone", "make",
                new_id(), 1, "opaque", 0, b"x")
        self.assertEqual(self.token.objects(), before)

    def test_a_module_that_makes_other_keys_is_not_believed(self):
        self.row = self.open(through=True)
        for line, result in (("attribute 103 0", "unsupported"),
                             ("attribute 165 0", "unsupported"),
                             ("attribute 162 0", "backend_answer"),
                             ("attribute 2 0", "unsupported"),
                             ("attribute 1 0", "unsupported")):
            with self.subTest(line=line):
                self.token.fail(line)
                for kind in ("aes-256", "ec-p256"):
                    self.no(result, "", "make", new_id(), 1, kind, 0, "-")
        self.assertNotIn("warder-", self.token.objects())
        self.token.fail()
        self.make("aes-256")


class Attached(Case):
    def tool(self, *options):
        self.token.key_tool(*options)

    def attach(self, name):
        return self.ok("attach", name).split(" ")

    def test_by_label_id_and_uri(self):
        self.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label",
                  "web", "--id", "0a", "--usage-sign", "--sensitive", "--private")
        found = [self.attach(name) for name in (
            "web", "id=0a", "id=0A", "pkcs11:id=%0a",
            "pkcs11:object=web;type=private",
            "pkcs11:token=warder;object=web;id=%0A")]
        for one in found:
            self.assertEqual(one, found[0])
        kind, locator, flags, public = found[0]
        self.assertEqual((kind, locator, flags), (
            "ec-p256", "pkcs11:id=%0a;type=private", "10"))
        sig = self.use(SIGN, ECDSA, kind, locator, b"m")
        load(public).verify(utils.encode_dss_signature(
            int.from_bytes(sig[:32], "big"), int.from_bytes(sig[32:], "big")),
            b"m", ec.ECDSA(hashes.SHA256()))

    def test_what_may_leave_leaves_wrapped(self):
        self.tool("--keygen", "--key-type", "AES:32", "--label", "one",
                  "--id", "01", "--extractable", "--sensitive", "--private")
        kind, locator, flags, _ = self.attach("one")
        self.assertEqual((kind, flags), ("aes-256", "00"))
        self.assertEqual(len(self.wrapped(locator)), 32)

    def test_a_key_without_an_id_goes_by_its_label(self):
        self.tool("--keygen", "--key-type", "AES:16", "--label", "no id",
                  "--sensitive", "--private")
        locator = self.attach("pkcs11:object=no%20id")[1]
        if "object=" in locator:
            self.assertEqual(locator,
                             "pkcs11:object=no%20id;type=secret-key")
        self.ok("destroy", locator)

    def test_what_is_ambiguous_is_refused(self):
        for number in ("01", "02"):
            self.tool("--keygen", "--key-type", "AES:32", "--label", "twin",
                      "--id", number, "--sensitive", "--private")
        self.tool("--keygen", "--key-type", "AES:32", "--label", "third",
                  "--id", "01", "--sensitive", "--private")
        self.no("conflict", "more than one", "attach", "twin")
        self.no("conflict", "more than one", "attach", "id=01")
        # its locator would be its id, which another has too
        self.no("conflict", "more than one", "attach", "third")
        self.assertEqual(self.attach("id=02")[0], "aes-256")

    def test_what_can_be_read_in_the_clear_is_refused(self):
        self.row = self.open(through=True)
        self.tool("--keygen", "--key-type", "AES:32", "--label", "k", "--id",
                  "01", "--sensitive", "--private")
        for line, words in (
                ("attribute 103 0", "read in the clear"),
                ("attribute 165 0", "could once be read"),
                ("attribute 2 0", "without a login"),
                ("attribute 1 0", "not kept")):
            self.token.fail(line)
            self.no("unsupported", words, "attach", "k")
        self.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label",
                  "p", "--id", "02", "--usage-sign", "--sensitive",
                  "--private")
        self.token.fail("attribute 202 1")
        self.no("unsupported", "PIN at each use", "attach", "p")
        self.token.fail("attribute 162 1", "attribute 210 1")
        self.assertEqual(self.attach("k")[2], "10")

    def test_what_is_not_there_or_no_key_of_ours(self):
        self.no("not_found", "no key of that name", "attach", "nothing")
        self.no("not_found", "another token", "attach",
                "pkcs11:token=other;object=k")
        for name in ("id=", "id=0", "id=zz", "pkcs11:", "pkcs11:token=warder",
                     "pkcs11:object=k?module-path=/m.so", "x" * 65,
                     "pkcs11:type=cert;id=1"):
            self.no("unsupported", "", "attach", name)
        self.tool("--keypairgen", "--key-type", "EC:secp256k1", "--label",
                  "coin", "--id", "05", "--sensitive", "--private")
        self.no("unsupported", "of no kind", "attach", "coin")

    def test_a_private_key_without_its_public_half(self):
        self.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label",
                  "half", "--id", "06", "--sensitive", "--private")
        self.tool("--delete-object", "--type", "pubkey", "--id", "06")
        self.no("unsupported", "without its public half", "attach", "half")
        self.tool("--keypairgen", "--key-type", "rsa:2048", "--label", "rsa",
                  "--id", "07", "--sensitive", "--private")
        self.tool("--delete-object", "--type", "pubkey", "--id", "07")
        self.assertEqual(self.attach("rsa")[0], "rsa-2048")


class Wrapped(Case):
    def test_every_kind_leaves_for_its_client_alone(self):
        for kind in KINDS[:-1]:
            with self.subTest(kind=kind):
                _, locator, _, public = self.make(kind)
                got = self.wrapped(locator)
                if kind.startswith("aes"):
                    self.assertEqual(len(got), int(kind[4:]) // 8)
                    continue
                key = serialization.load_der_private_key(got, None)
                self.assertEqual(spki(key).hex(), public)

    def test_each_time_under_another_key(self):
        locator = self.make("aes-256")[1]
        one, two = (self.ok("wrap", locator, spki(CLIENT)) for _ in range(2))
        self.assertNotEqual(one[-96:], two[-96:])
        self.assertNotIn("Secret Key Object; AES length 32\n  label:  \n",
                         self.token.objects())

    def test_for_keys_of_every_length(self):
        locator = self.make("aes-256")[1]
        for bits in (3072, 4096):
            client = rsa.generate_private_key(65537, bits)
            self.assertEqual(len(self.wrapped(locator, client)), 32)

    def test_other_clients_get_nothing(self):
        locator = self.make("aes-256")[1]
        for client in (spki(rsa.generate_private_key(65537, 1024)),
                       spki(ec.generate_private_key(ec.SECP256R1())),
                       b"junk", spki(CLIENT)[:-1]):
            self.no("unsupported", "RSA keys of 2048", "wrap", locator,
                    client)

    def test_a_key_that_stays_does_not_leave(self):
        for kind in ("aes-256", "rsa-2048", "ec-p256"):
            locator = self.make(kind, 1)[1]
            self.no("key_may_not_leave_hsm", "not even wrapped", "wrap",
                    locator, spki(CLIENT))

    def test_a_module_that_says_it_may_not_leave(self):
        self.row = self.open(through=True)
        locator = self.make("aes-256")[1]
        self.wrapped(locator)
        for rv in ("6a", "69"):
            self.token.fail("C_WrapKey %s 9" % rv)
            self.no("key_may_not_leave_hsm", "", "wrap", locator,
                    spki(CLIENT))

    def test_without_sha1_this_token_does_not_wrap(self):
        locator = self.make("aes-256")[1]
        self.row = self.open(oaep_sha1="no")
        self.no("unsupported", "RSA-OAEP with SHA-256", "wrap", locator,
                spki(CLIENT))

    def test_hostile_locators(self):
        for text in ("x", "pkcs11:", "pkcs11:id=", "pkcs11:object=%00",
                     "pkcs11:id=1?module-path=/m.so", "pkcs11:id=%zz",
                     "pkcs11:id=" + "a" * 65, "pkcs11:pin-value=1"):
            for command in (("wrap", text, spki(CLIENT)),
                            ("fetch", text, "aes-256"), ("destroy", text),
                            ("use", SIGN, ECDSA, "ec-p256", text, b"x")):
                self.no("unsupported", "", *command)


class Used(Case):
    def test_aes_encrypts_and_decrypts_there(self):
        for bits in (128, 256):
            key = os.urandom(bits // 8)
            kind, locator, _, _ = self.make("aes-%d" % bits, 1, key)
            for plain in (b"", b"plain", os.urandom(60000)):
                sealed = self.use(ENCRYPT, AES_GCM, kind, locator, plain,
                                  b"aad")
                self.assertEqual(AESGCM(key).decrypt(
                    sealed[:12], sealed[12:], b"aad"), plain)
                self.assertEqual(self.use(DECRYPT, AES_GCM, kind, locator,
                                          sealed, b"aad"), plain)
            self.no("mismatch", "does not decrypt", "use", DECRYPT, AES_GCM,
                    kind, locator, sealed[:-1] + bytes([sealed[-1] ^ 1]),
                    b"aad")
            self.no("mismatch", "", "use", DECRYPT, AES_GCM, kind, locator,
                    sealed, b"other")
            self.no("mismatch", "length", "use", DECRYPT, AES_GCM, kind,
                    locator, sealed[:27], b"aad")

    def test_rsa_decrypts_and_signs_there(self):
        self.row = self.open(through=True)
        kind, locator, _, public = self.make("rsa-2048", 1)
        key = load(public)
        self.no("unsupported", "parameters", "use", DECRYPT, RSA_OAEP, kind,
                locator, os.urandom(256))
        # The token has no SHA-256 there: all but the hash is tried.
        self.token.fail("oaep sha1")
        sealed = key.encrypt(b"plain", padding.OAEP(
            padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))
        self.assertEqual(self.use(DECRYPT, RSA_OAEP, kind, locator, sealed),
                         b"plain")
        self.no("mismatch", "", "use", DECRYPT, RSA_OAEP, kind, locator,
                os.urandom(255) + b"\0")
        self.no("mismatch", "length", "use", DECRYPT, RSA_OAEP, kind, locator,
                b"short")
        sig = self.use(SIGN, RSA_PSS, kind, locator, b"message")
        key.verify(sig, b"message", padding.PSS(
            padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        sig = self.use(SIGN, RSA_PKCS1, kind, locator, b"message")
        key.verify(sig, b"message", padding.PKCS1v15(), hashes.SHA256())
        self.ok("use", VERIFY, RSA_PKCS1, kind, locator, b"message", b"", sig)
        self.no("mismatch", "not made", "use", VERIFY, RSA_PKCS1, kind,
                locator, b"other", b"", sig)

    def test_curves_sign_there(self):
        for kind, digest in (("ec-p256", hashes.SHA256()),
                             ("ec-p384", hashes.SHA384()),
                             ("ec-p521", hashes.SHA512())):
            _, locator, _, public = self.make(kind, 1)
            for _ in range(4):
                sig = self.use(SIGN, ECDSA, kind, locator, b"message")
                half = len(sig) // 2
                load(public).verify(utils.encode_dss_signature(
                    int.from_bytes(sig[:half], "big"),
                    int.from_bytes(sig[half:], "big")), b"message",
                    ec.ECDSA(digest))
            self.ok("use", VERIFY, ECDSA, kind, locator, b"message", b"", sig)
            self.no("mismatch", "", "use", VERIFY, ECDSA, kind, locator,
                    b"message", b"", sig[:-1])

    def test_ed25519_signs_there(self):
        kind, locator, _, public = self.make("ed25519", 1)
        sig = self.use(SIGN, ED25519, kind, locator, b"message")
        load(public).verify(sig, b"message")
        self.ok("use", VERIFY, ED25519, kind, locator, b"message", b"", sig)

    def test_what_a_key_is_not_for(self):
        aes = self.make("aes-256")[:2]
        pair = self.make("ec-p256")[:2]
        for words in ((SIGN, ECDSA, *aes, b"x"), (ENCRYPT, AES_GCM, *pair,
                      b"x"), (DECRYPT, RSA_OAEP, *pair, b"x"),
                      (SIGN, RSA_PSS, *pair, b"x"),
                      (ENCRYPT, RSA_OAEP, "rsa-2048", pair[1], b"x"),
                      (SIGN, ECDSA, "ec-p256", aes[1], b"x"),
                      (9, ECDSA, *pair, b"x"), (SIGN, 9, *pair, b"x")):
            self.no("unsupported", "", "use", *words)


class Lost(Case):
    def setUp(self):
        super().setUp()
        self.row = self.open(through=True)
        self.kind, self.locator, _, _ = self.make("aes-256")
        self.token.fail()
        self.sealed()

    def sealed(self):
        return self.use(ENCRYPT, AES_GCM, self.kind, self.locator, b"x")

    def test_a_lost_session_is_opened_again(self):
        for rv in ("b3", "b0", "101", "82", "60"):
            for name in ("C_FindObjectsInit", "C_EncryptInit"):
                with self.subTest(rv=rv, name=name):
                    before = self.token.calls("C_Login")
                    self.token.fail("%s %s 1" % (name, rv))
                    self.sealed()
                    self.assertEqual(self.token.calls("C_Login"), before + 1)

    def test_a_lost_device_is_found_by_a_module_that_starts_anew(self):
        for rv in ("30", "32", "e0", "e1", "3", "190"):
            with self.subTest(rv=rv):
                before = self.token.calls("C_Initialize")
                self.token.fail("C_EncryptInit %s 1" % rv)
                self.sealed()
                self.assertEqual(self.token.calls("C_Initialize"),
                                 before + 1)

    def test_one_that_stays_away_is_unavailable_until_it_is_back(self):
        for line, words in (("C_EncryptInit 32 9", "the device is gone"),
                            ("C_OpenSession e0 9", "the token is gone"),
                            ("C_GetSlotList 30 9", "list its slots"),
                            ("C_GetTokenInfo 32 9", "no token")):
            with self.subTest(line=line):
                self.sealed()
                if "Init" not in line:  # so that there is a session to open
                    self.token.fail("C_EncryptInit b3 1", line)
                else:
                    self.token.fail(line)
                self.no("unavailable", words, "use", ENCRYPT, AES_GCM,
                        self.kind, self.locator, b"x")
                self.token.fail()
                self.sealed()

    def test_a_module_that_does_not_start_is_started_later(self):
        self.token.fail("C_Initialize 30 9")
        self.row = self.open(through=True)
        self.no("unavailable", "start its module", "check")
        self.token.fail()
        self.ok("check")

    def test_a_module_that_must_start_threads_says_so(self):
        self.token.fail("C_Initialize 9 9")
        self.row = self.open(through=True)
        self.no("unsupported", "threads", "check")

    def test_no_session_free(self):
        self.token.fail("C_OpenSession b1 9")
        self.row = self.open(through=True)
        self.no("unavailable", "no session free", "check")
        self.token.fail()
        self.ok("check")

    def test_a_wrong_pin_is_shown_once(self):
        self.token.write_pin("1" * 9)
        self.row = self.open(through=True)
        before = self.token.calls("C_Login")
        self.no("permission_denied", "the PIN is wrong", "check")
        for _ in range(5):
            self.no("permission_denied", "not shown to it again", "check")
            self.no("permission_denied", "", "make", new_id(), 1, "aes-256",
                    0, "-")
        self.assertEqual(self.token.calls("C_Login"), before + 1)
        self.token.write_pin(self.token.pin)
        self.ok("check")

    def test_the_last_try_is_not_taken(self):
        for flag, words in (("20000", "one wrong PIN more"),
                            ("40000", "has locked its PIN")):
            self.token.fail("flags " + flag)
            self.row = self.open(through=True)
            before = self.token.calls("C_Login")
            self.no("permission_denied", words.replace(
                "one wrong", "takes one wrong"), "check")
            self.assertEqual(self.token.calls("C_Login"), before)
            self.token.fail()
            self.ok("check")

    def test_what_is_said_of_the_pin(self):
        for flag, words in (("10000", "wrong PIN was shown"),
                            ("80000", "to be changed"),
                            ("2", "write-protected")):
            self.token.fail("flags " + flag)
            self.assertIn(words, self.ok("check"))

    def test_a_pin_locked_meanwhile(self):
        self.token.fail("C_Login a4 1")
        self.row = self.open(through=True)
        self.no("permission_denied", "the PIN is locked", "check")

    def test_a_session_that_nobody_uses_is_looked_after(self):
        self.sealed()
        self.token.fail("C_GetSessionInfo b3 1")
        self.assertEqual(self.ok("keep"), "30000")
        before = self.token.calls("C_Login")
        self.sealed()
        self.assertEqual(self.token.calls("C_Login"), before + 1)

    def test_an_answer_that_nobody_knows(self):
        self.token.fail("C_SignInit 80000001 9")
        _, locator, _, _ = self.ok(
            "make", new_id(), 1, "aes-256", 0, "-").split(" ")
        self.token.fail("C_WrapKey 80000001 9")
        self.no("backend_answer", "0x80000001", "wrap", locator, spki(CLIENT))

    def test_a_hanging_module_ends_with_its_process(self):
        row = self.token.row(ROW, through=True)
        row.ask("deadline", 1000)
        self.token.fail("C_EncryptInit hang 1")
        with self.assertRaises(Ended):
            row.ask("use", ENCRYPT, AES_GCM, self.kind, self.locator, b"x")
        row.process.wait(10)
        row.started.result = "gone"
        row.close()

    def test_nothing_is_left_of_a_key_that_could_not_be_brought(self):
        key = ec.generate_private_key(ec.SECP256R1())
        before = self.token.objects()
        for line in ("C_CreateObject d1 9", "C_UnwrapKey d1 9",
                     "C_WrapKey 70 9"):
            self.token.fail(line)
            self.row = self.open(through=True)
            answer = self.row.ask("make", new_id(), 1, "ec-p256", 0, der(key))
            self.assertEqual(answer.result, "unsupported", answer)
        self.assertEqual(self.token.objects(), before)


if __name__ == "__main__":
    hsm_row.skip_loudly("test_row.py")
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
