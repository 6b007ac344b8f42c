#!/usr/bin/env python3
"""What every kind of backend does alike, each before a real server: a key made,
brought and attached, its versions, its use, its leaving, its end; and faults,
each with its own answer and nothing lost afterwards."""
import os
import sys
import unittest
import uuid

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import (ec, padding, rsa,
                                                       utils)

import kinds
from hsm_row import spki, unwrap
from row import (AES_GCM, DECRYPT, ECDSA, ED25519, ENCRYPT, RSA_PSS, SIGN,
                 VERIFY, Ended)

NAME, TOOL, SHIM = sys.argv[1], *map(os.path.abspath, sys.argv[2:4])
CLIENT = rsa.generate_private_key(65537, 2048)
ALGORITHMS = {"rsa-2048": RSA_PSS, "ed25519": ED25519}
DEADLINE_MS = 1500
LATE = DEADLINE_MS / 1000 + 3  # without one, a connection alone has 5 s


def new_id():
    return str(uuid.uuid4())


def check_signature(kind, hex_spki, message, sig):
    key = serialization.load_der_public_key(bytes.fromhex(hex_spki))
    if kind == "ed25519":
        return key.verify(sig, message)
    if kind == "rsa-2048":
        return key.verify(sig, message, padding.PSS(
            padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    digest = {"ec-p256": hashes.SHA256, "ec-p384": hashes.SHA384,
              "ec-p521": hashes.SHA512}[kind]()
    half = len(sig) // 2
    return key.verify(utils.encode_dss_signature(
        int.from_bytes(sig[:half], "big"), int.from_bytes(sig[half:], "big")),
        message, ec.ECDSA(digest))


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kind = kinds.open_kind(NAME, TOOL, SHIM)

    @classmethod
    def tearDownClass(cls):
        cls.kind.close()

    def setUp(self):
        self.row = self.open()

    def open(self, **settings):
        row = self.kind.row(**settings)
        self.addCleanup(row.close)
        self.assertEqual(row.started.result, "ready", row.started)
        return row

    def ok(self, *words):
        answer = self.row.ask(*words)
        self.assertEqual(answer.result, "ok", answer)
        return answer.output

    def no(self, results, *words):
        answer = self.row.ask(*words)
        self.assertIn(answer.result, results.split(), answer)
        self.assertGreater(len(answer.detail), 10)
        return answer

    def make(self, kind="aes-256", stays=0, data=b"", version=1, key=None):
        """(kind, locator, flags, spki)."""
        return self.ok("make", key or new_id(), version, kind, stays,
                       data).split(" ")

    def leave(self, kind, locator):
        """The key, as it leaves this backend."""
        if self.kind.LEAVES:
            data, _, _, lease = self.ok("fetch", locator, kind).split(" ")
            self.assertEqual(lease, "")
            return bytes.fromhex(data)
        self.no("key_may_not_leave_hsm", "fetch", locator, kind)
        data, _ = self.ok("wrap", locator, spki(CLIENT)).split(" ")
        return unwrap(CLIENT, bytes.fromhex(data))

    def gone(self, kind, locator):
        if self.kind.LEAVES:
            self.no("not_found", "fetch", locator, kind)
        else:
            self.no("not_found", "wrap", locator, spki(CLIENT))


class Keys(Case):
    def test_it_says_what_is_there(self):
        self.assertGreater(len(self.ok("check")), 10)

    def test_keys_of_every_kind_are_made(self):
        for kind in self.kind.MADE:
            with self.subTest(kind=kind):
                made, locator, flags, public = self.make(kind)
                self.assertEqual((made, flags), (kind, "00"))
                if kind == "ed25519" and not self.kind.LEAVES:
                    # SoftHSM wraps no such keys.
                    self.no("unsupported key_may_not_leave_hsm", "wrap",
                            locator, spki(CLIENT))
                    continue
                key = self.leave(kind, locator)
                if kind.startswith("aes"):
                    self.assertEqual((len(key) * 8, public),
                                     (int(kind[4:]), ""))
                else:
                    self.assertEqual(kinds.public_of(key).hex(), public)
                self.assertNotEqual(self.make(kind)[3] or None, public)

    def test_keys_of_every_kind_are_brought(self):
        for kind in self.kind.BROUGHT:
            with self.subTest(kind=kind):
                data = kinds.material(kind)
                made, locator, _, public = self.make(kind, data=data)
                self.assertEqual(made, kind)
                if kind == "ed25519" and not self.kind.LEAVES:
                    self.assertEqual(public, kinds.public_of(data).hex())
                    continue
                got = self.leave(kind, locator)
                if kind.startswith("aes"):
                    self.assertEqual(got, data)
                else:
                    self.assertEqual(public, kinds.public_of(data).hex())
                    self.assertEqual(kinds.public_of(got),
                                     kinds.public_of(data))

    def test_opaque_secrets_where_it_keeps_them(self):
        data = b"\0\xff no text"
        if not self.kind.OPAQUE:
            self.no("unsupported", "make", new_id(), 1, "opaque", 0, data)
            return
        self.assertEqual(self.leave("opaque", self.make("opaque", data=data)[
            1]), data)
        self.no("unsupported", "make", new_id(), 1, "opaque", 0, "-")

    def test_a_key_that_is_there_is_attached(self):
        name, kind, data = self.kind.attachable()
        found, locator, flags, _ = self.ok("attach", name).split(" ")
        self.assertEqual((found, flags), (kind, "00"))
        self.assertEqual(self.ok("attach", name).split(" ")[1], locator)
        got = self.leave(kind, locator)
        self.assertEqual(got, data or got)
        self.no("not_found", "attach", "nothing-of-this-name")


class Lives(Case):
    def test_versions_are_keys_of_their_own(self):
        key = new_id()
        first = self.make(key=key)[1]
        second = self.make(key=key, version=2)[1]
        self.assertNotEqual(first, second)
        self.assertNotEqual(self.leave("aes-256", first),
                            self.leave("aes-256", second))
        self.ok("destroy", first)
        self.gone("aes-256", first)
        self.leave("aes-256", second)

    def test_what_is_destroyed_is_gone_and_may_be_again(self):
        for kind in ("aes-256", "ec-p256"):
            locator = self.make(kind)[1]
            for _ in range(2):
                self.ok("destroy", locator)
            self.gone(kind, locator)

    def test_a_key_that_stays(self):
        if not self.kind.STAYS:
            self.no("unsupported", "make", new_id(), 1, "aes-256", 1, "-")
        for kind in self.kind.STAYS:
            with self.subTest(kind=kind):
                made, locator, flags, public = self.make(kind, stays=1)
                self.assertEqual((made, flags), (kind, "10"))
                self.no("key_may_not_leave_hsm", "fetch", locator, kind)
                self.no("key_may_not_leave_hsm unsupported", "wrap", locator,
                        spki(CLIENT))
                self.used(kind, locator, public)
                self.ok("destroy", locator)

    def used(self, kind, locator, public):
        if kind.startswith("aes"):
            sealed = bytes.fromhex(self.ok(
                "use", ENCRYPT, AES_GCM, kind, locator, b"text", b"aad"))
            self.assertEqual(len(sealed), 12 + 4 + 16)
            self.assertEqual(self.ok("use", DECRYPT, AES_GCM, kind, locator,
                                     sealed, b"aad"), b"text".hex())
            for bad in ((sealed[:-1] + bytes([sealed[-1] ^ 1]), b"aad"),
                        (sealed, b"other")):
                self.no("mismatch", "use", DECRYPT, AES_GCM, kind, locator,
                        *bad)
            return
        how = (ALGORITHMS.get(kind, ECDSA), kind, locator)
        sig = bytes.fromhex(self.ok("use", SIGN, *how, b"message"))
        check_signature(kind, public, b"message", sig)
        with self.assertRaises(InvalidSignature):
            check_signature(kind, public, b"other", sig)
        self.ok("use", VERIFY, *how, b"message", b"", sig)
        self.no("mismatch", "use", VERIFY, *how, b"other", b"", sig)

    def test_use_and_wrap_where_it_cannot(self):
        locator = self.make("ec-p256")[1]
        if not self.kind.USED:
            self.no("unsupported", "use", SIGN, ECDSA, "ec-p256", locator,
                    b"x")
        if self.kind.LEAVES:
            self.no("unsupported", "wrap", locator, spki(CLIENT))

    def test_what_is_of_another_kind_is_not_given(self):
        locator = self.make("aes-256")[1]
        self.no("backend_answer" if self.kind.LEAVES
                else "key_may_not_leave_hsm", "fetch", locator, "ec-p256")

    def test_locators_of_keys_that_are_not_there(self):
        for kind in ("aes-256", "ec-p256"):
            locator = kinds.another(self.make(kind)[1])
            self.gone(kind, locator)
            self.ok("destroy", locator)
            if self.kind.USED:
                self.no("not_found unsupported", "use", SIGN, ECDSA,
                        "ec-p256", locator, b"x")

    def test_locators_that_are_none(self):
        for locator in self.kind.HOSTILE:
            with self.subTest(locator=locator[:20]):
                for words in (("fetch", locator, "aes-256"),
                              ("wrap", locator, spki(CLIENT)),
                              ("use", SIGN, ECDSA, "ec-p256", locator, b"x"),
                              ("destroy", locator)):
                    self.no("unsupported not_found", *words)
        self.ok("check")


class Faults(Case):
    """Keys that were acknowledged before are the same afterwards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kind.before()

    def setUp(self):
        super().setUp()
        self.locator = self.make()[1]
        self.key = self.leave("aes-256", self.locator)

    def is_kept(self):
        self.assertEqual(self.leave("aes-256", self.locator), self.key)

    def late(self, answer):
        self.assertLess(answer.seconds, LATE)

    def read(self):
        """What asks the server, and changes nothing."""
        return ("fetch", self.locator, "aes-256") if self.kind.LEAVES else \
            ("wrap", self.locator, spki(CLIENT))

    def test_down_at_start(self):
        self.kind.down()
        try:
            self.row = self.open(deadline=DEADLINE_MS)
            for words in (("check",), self.read(), ("attach", "x"),
                          ("make", new_id(), 1, "aes-256", 0, "-"),
                          ("destroy", self.locator)):
                self.late(self.no("unavailable", *words))
        finally:
            self.kind.up()
        self.ok("deadline", 40000)
        self.is_kept()

    def test_down_in_between(self):
        self.ok("deadline", DEADLINE_MS)
        self.kind.down()
        try:
            for _ in range(2):
                self.late(self.no("unavailable", *self.read()))
        finally:
            self.kind.up()
        self.ok("deadline", 40000)
        self.is_kept()
        self.leave("aes-256", self.make()[1])

    def test_hanging(self):
        self.ok("deadline", DEADLINE_MS)
        self.kind.hang()
        try:
            if self.kind.HANG_ENDS:
                with self.assertRaises(Ended):
                    self.row.ask(*self.read())
                self.row.started.result = "ended"
            else:
                for _ in range(2):
                    self.late(self.no("unavailable", *self.read()))
        finally:
            self.kind.well()
        if self.kind.HANG_ENDS:
            self.row = self.open()
        self.ok("deadline", 40000)
        self.is_kept()

    def test_slow(self):
        self.kind.slow()
        try:
            self.is_kept()
        finally:
            self.kind.well()
        self.is_kept()

    def test_another_server_in_its_place(self):
        good, self.row = self.row, self.kind.other_server()
        self.addCleanup(self.row.close)
        self.assertEqual(self.row.started.result, "ready")
        for words in (("check",), self.read()):
            self.no("unavailable", *words)
        self.row = good
        self.is_kept()

    def test_a_credential_that_is_over(self):
        before = self.row
        self.kind.end_credential()
        try:
            self.row = self.open()
            for words in (("check",), self.read()):
                self.no("permission_denied", *words)
        finally:
            self.kind.good()
        for row in (self.open(), before):
            self.row = row
            self.is_kept()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
