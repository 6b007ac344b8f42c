#!/usr/bin/env python3
"""The backend of kind kmip against PyKMIP: keys of every kind made, brought,
attached, fetched, ended; wrapped under a key of ours; and what goes wrong."""
import os
import sqlite3
import sys
import tempfile
import unittest
import uuid

import kmip_rig as rig
import row
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

ROW, TOOL = sys.argv[1:3]
KINDS = ("aes-128", "aes-192", "aes-256", "rsa-2048", "ec-p256", "ec-p384",
         "ec-p521", "ed25519")


def new_id():
    return str(uuid.uuid4())


def der(key, form=ser.PrivateFormat.PKCS8):
    return key.private_bytes(ser.Encoding.DER, form, ser.NoEncryption())


def spki(key):
    return key.public_key().public_bytes(
        ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo).hex()


class Row:
    """tests/lib/row_tool.c, in the words of kmip_tool."""

    def __init__(self, port, ca, cert, **settings):
        settings = {"host": "127.0.0.1", "port": port, "ca": ca,
                    "certificate": cert, "key": cert + ".key", **settings}
        self.row = row.Row(ROW, "kmip", deadline=10000, **settings)
        self.started = self.row.started.result
        if self.started != "ready":
            self.started = self.row.started.detail

    def ask(self, command, *words):
        """The words of an answer; raises Refused. make KIND ID VERSION [HEX],
        fetch KIND LOCATOR."""
        if command == "make":
            kind, key, version = words[:3]
            words = (key, version, kind, 0, *words[3:])
        if command == "fetch":
            words = words[::-1]
        a = self.row.ask(command, *words)
        if a.result != "ok":
            raise rig.Refused("%s %s" % (a.result, a.detail))
        said = a.output.split(" ")
        if command in ("make", "attach"):  # without their flags
            return said[:2] + said[3:]
        return said[:1] if command == "fetch" else said

    def close(self):
        self.row.close()


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.pki = rig.Pki(self.dir.name)
        self.cert = self.pki.issue("warder")
        self.kmip = rig.Server(self.dir.name, self.pki)
        self.addCleanup(self.kmip.close)

    def row(self, **settings):
        row = Row(self.kmip.port, self.pki.ca, self.cert, **settings)
        self.addCleanup(row.close)
        self.assertEqual(row.started, "ready")
        return row

    def tool(self):
        c = rig.Client(TOOL, self.kmip.port, self.pki.ca, self.cert)
        self.addCleanup(c.close)
        return c

    def refused(self, reason, words, call, *args, **more):
        with self.assertRaises(rig.Refused) as caught:
            call(*args, **more)
        self.assertEqual(caught.exception.reason, reason,
                         caught.exception.words)
        self.assertIn(words, caught.exception.words)

    def file(self, name, data):
        path = os.path.join(self.dir.name, name)
        with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC,
                          0o600), "wb") as f:
            f.write(data)
        return path


class Keys(Case):
    def setUp(self):
        super().setUp()
        self.kmip.start()

    def test_it_says_what_is_there(self):
        words = " ".join(self.row().ask("check"))
        self.assertEqual(words, "KMIP 2.0, PyKMIP 0.10.0 Software Server, "
                         "keys come inside of TLS")
        self.assertIn("KMIP 1.3,", " ".join(
            self.row(version="1.3").ask("check")))

    def test_every_kind_is_made_fetched_and_ended(self):
        row = self.row()
        for kind in KINDS:
            with self.subTest(kind=kind):
                made, locator, *public = row.ask("make", kind, new_id(), 1)
                self.assertEqual(made, kind)
                key = bytes.fromhex(row.ask("fetch", kind, locator)[0])
                self.assertEqual(
                    row.ask("fetch", kind, locator)[0], key.hex())
                if kind.startswith("aes"):
                    self.assertEqual(len(key), int(kind[4:]) // 8)
                    self.assertEqual(public, [""])
                else:
                    loaded = ser.load_der_private_key(key, None)
                    self.assertEqual(public, [spki(loaded)])
                row.ask("destroy", locator)
                row.ask("destroy", locator)  # gone already
                self.refused("not_found", "", row.ask, "fetch", kind, locator)


class User(Case):
    """A server that wants a user and a password in each request."""
    PASSWORD = "pass: w0rd '\"\\"  # PyKMIP reads ASCII alone

    def setUp(self):
        super().setUp()
        self.kmip.require("kbs", self.PASSWORD)
        self.kmip.start()

    def password(self, text):
        return self.file("password", text.encode())

    def test_both_go_with_every_request(self):
        for version in ("1.2", "2.0"):
            row = self.row(user="kbs", version=version,
                           password=self.password(self.PASSWORD + "\n"))
            kind, locator = row.ask("make", "aes-256", new_id(), 1)[:2]
            self.assertEqual(len(bytes.fromhex(
                row.ask("fetch", kind, locator)[0])), 32)
            row.ask("destroy", locator)

    def test_without_them_or_with_others_nothing_is_done(self):
        for more in ({}, {"user": "kbs"}, {"user": "other"},
                     {"user": "kbs", "password": self.PASSWORD + "x"},
                     {"user": "kbs", "password": ""}):
            if "password" in more:
                more["password"] = self.password(more["password"])
            row = self.row(**more)
            for command in (("check",), ("make", "aes-256", new_id(), 1)):
                self.refused("permission_denied", "", row.ask, *command)

    def test_a_password_that_was_changed_there(self):
        row = self.row(user="kbs", password=self.password(self.PASSWORD))
        row.ask("check")
        self.kmip.require("kbs", "another")
        self.refused("permission_denied", "", row.ask, "check")

    def test_a_password_of_nobody_is_told_at_start(self):
        row = Row(self.kmip.port, self.pki.ca, self.cert,
                  password=self.password("x"))
        self.addCleanup(row.close)
        self.assertIn("user is not given", row.started)


class Kept(Case):
    def setUp(self):
        super().setUp()
        self.kmip.start()

    def test_with_every_version(self):
        for version in ("1.2", "1.3", "1.4", "2.0"):
            with self.subTest(version=version):
                row = self.row(version=version)
                for kind in ("aes-256", "rsa-2048", "ec-p256"):
                    locator = row.ask("make", kind, new_id(), 1)[1]
                    row.ask("fetch", kind, locator)
                    row.ask("destroy", locator)

    def test_what_is_brought_comes_back(self):
        row = self.row()
        things = [("rsa-2048", der(rsa.generate_private_key(65537, 2048))),
                  ("ec-p384", der(ec.generate_private_key(ec.SECP384R1()))),
                  ("ed25519", der(ed25519.Ed25519PrivateKey.generate())),
                  ("aes-192", os.urandom(24)), ("opaque", os.urandom(65536)),
                  ("opaque", b"x"),
                  # a secret that looks like a key stays what it is
                  ("opaque", der(ec.generate_private_key(ec.SECP256R1())))]
        for kind, data in things:
            with self.subTest(kind=kind, length=len(data)):
                made, locator, _ = row.ask("make", kind, new_id(), 1,
                                           data.hex())
                self.assertEqual(made, kind)
                self.assertEqual(row.ask("fetch", kind, locator),
                                 [data.hex()])

    def test_another_than_was_brought_is_not_taken(self):
        row = self.row()
        with sqlite3.connect(
                os.path.join(self.kmip.db.name, "kmip.db")) as db:
            db.execute("CREATE TRIGGER other AFTER INSERT ON managed_objects "
                       "BEGIN UPDATE managed_objects SET value = "
                       "zeroblob(length(value)) WHERE uid = NEW.uid; END")
        for kind, length in (("aes-192", 24), ("opaque", 100)):
            self.refused("backend_answer", "another key", row.ask, "make",
                         kind, new_id(), 1, os.urandom(length).hex())

    def test_versions_are_objects_of_their_own(self):
        row, key = self.row(), new_id()
        old = row.ask("make", "aes-256", key, 1)[1]
        new = row.ask("make", "aes-256", key, 2)[1]
        self.assertNotEqual(row.ask("fetch", "aes-256", old),
                            row.ask("fetch", "aes-256", new))
        row.ask("destroy", old)
        row.ask("fetch", "aes-256", new)

    def test_keys_are_active_there(self):
        row, tool = self.row(), self.tool()
        for kind in ("aes-256", "rsa-2048"):
            private, public = row.ask(
                "make", kind, new_id(), 1)[1].split("|")
            for one in filter(None, (private, public)):
                self.assertEqual(tool.ask("attributes", one)[3], "2")

    def test_a_key_that_was_revoked_there_is_not_given(self):
        row, tool = self.row(), self.tool()
        for why, words in ((2, "compromised"), (6, "no longer in use")):
            locator = row.ask("make", "aes-256", new_id(), 1)[1]
            tool.ask("revoke", locator.split("|")[0], why)
            self.refused("conflict", words, row.ask, "fetch", "aes-256",
                         locator)
            row.ask("destroy", locator)

    def test_another_kind_than_asked_for_is_not_given(self):
        row = self.row()
        locator = row.ask("make", "aes-256", new_id(), 1)[1]
        self.refused("backend_answer", "another kind", row.ask, "fetch",
                     "aes-128", locator)
        self.refused("backend_answer", "another kind", row.ask, "fetch",
                     "ec-p256", locator)

    def test_what_it_cannot_do_is_said(self):
        row = self.row()
        self.refused("unsupported", "brought, not made", row.ask, "make",
                     "opaque", new_id(), 1)
        for bad in ("none", "|", "1|2|", "|1", "x" * 300 + "|"):
            self.refused("unsupported" if bad != "1|2|" else "not_found", "",
                         row.ask, "fetch", "aes-256", bad)


class Wrapped(Case):
    def setUp(self):
        super().setUp()
        self.kmip.start()
        self.kek = self.file("kek", os.urandom(32))

    def gets(self):
        """How many objects the server wrapped since it started."""
        with open(self.kmip.log, encoding="utf-8") as f:
            return f.read().count("Wrapping ")

    def test_symmetric_keys_come_wrapped(self):
        row = self.row(kek=self.kek, kek_only="yes")
        self.assertIn("keys come wrapped", " ".join(row.ask("check")))
        before = self.gets()
        kind, locator, _ = row.ask("make", "aes-256", new_id(), 1)
        key = row.ask("fetch", kind, locator)[0]
        self.assertEqual(self.gets(), before + 2)
        self.assertEqual(self.row().ask("fetch", kind, locator)[0], key)

    def test_the_wrapping_key_is_registered_once(self):
        for _ in range(3):
            row = self.row(kek=self.kek)
            row.ask("make", "aes-128", new_id(), 1)
        with open(self.kmip.log, encoding="utf-8") as f:
            self.assertEqual(f.read().count("Registered a "), 1)

    def test_a_wrapping_key_that_is_destroyed_is_registered_again(self):
        row = self.row(kek=self.kek, kek_name="ours", kek_only="yes")
        kind, locator, _ = row.ask("make", "aes-256", new_id(), 1)
        tool = self.tool()
        kek = tool.ask("locate", "ours")[0]
        tool.ask("revoke", kek, 6)
        tool.ask("destroy", kek)
        row.ask("fetch", kind, locator)
        self.assertNotEqual(tool.ask("locate", "ours")[0], kek)

    def test_another_key_of_that_name_is_seen(self):
        row = self.row(kek=self.kek, kek_name="ours")
        kind, locator, _ = row.ask("make", "aes-256", new_id(), 1)
        other = self.row(kek=self.file("other", os.urandom(32)),
                         kek_name="ours")
        self.refused("backend_answer", "not ours", other.ask, "fetch", kind,
                     locator)

    def test_what_is_not_wrapped_comes_plain_only_where_it_may(self):
        data = der(ec.generate_private_key(ec.SECP256R1()))
        while len(data) % 8 == 0:
            data = der(rsa.generate_private_key(65537, 2048))
        kind = "ec-p256" if len(data) < 1000 else "rsa-2048"
        row = self.row(kek=self.kek)
        locator = row.ask("make", kind, new_id(), 1, data.hex())[1]
        self.assertEqual(row.ask("fetch", kind, locator), [data.hex()])
        strict = self.row(kek=self.kek, kek_only="yes")
        self.refused("key_may_not_leave_hsm", "does not wrap", strict.ask,
                     "fetch", kind, locator)

    def test_a_wrapping_key_that_is_none_is_refused_at_start(self):
        for settings, words in (
                (dict(kek=self.file("short", os.urandom(31))), "32 bytes"),
                (dict(kek_only="yes"), "without a kek"),
                (dict(kek=os.path.join(self.dir.name, "absent")), "absent")):
            row = Row(self.kmip.port, self.pki.ca, self.cert, **settings)
            self.addCleanup(row.close)
            self.assertIn(words, row.started)


class Attached(Case):
    def setUp(self):
        super().setUp()
        self.kmip.start()

    def test_by_identifier_and_by_name(self):
        tool, row = self.tool(), self.row()
        one = tool.ask("create", 256, 12, "their-key")[0]
        for name in (one, "their-key"):
            kind, locator, _ = row.ask("attach", name)
            self.assertEqual((kind, locator), ("aes-256", one + "|"))
            self.assertEqual(row.ask("fetch", kind, locator)[0],
                             tool.ask("get", one)[5])

    def test_what_it_is_is_found_out(self):
        tool, row = self.tool(), self.row()
        key = rsa.generate_private_key(65537, 3072)
        curve = ec.generate_private_key(ec.SECP521R1())
        for n, (kind, args, data) in enumerate((
                ("rsa-3072", (4, 4, 3072, 4, 1), der(key)),
                ("rsa-3072", (4, 4, 3072, 3, 1), der(
                    key, ser.PrivateFormat.TraditionalOpenSSL)),
                ("ec-p521", (4, 6, 521, 4, 1), der(curve)),
                ("ec-p521", (7, 0, 0, 2, 64), der(curve)),
                ("opaque", (7, 0, 0, 2, 64), b"a passphrase"))):
            with self.subTest(n=n):
                tool.ask("register", *args, "n%d" % n, data.hex())
                made, locator, public = row.ask("attach", "n%d" % n)
                self.assertEqual(made, kind)
                got = bytes.fromhex(row.ask("fetch", kind, locator)[0])
                if kind == "opaque":
                    self.assertEqual(got, data)
                    continue
                loaded = ser.load_der_private_key(got, None)
                self.assertEqual(public, spki(loaded))
                self.assertEqual(public, spki(
                    key if kind == "rsa-3072" else curve))

    def test_what_cannot_be_attached_is_said(self):
        tool, row = self.tool(), self.row()
        self.refused("not_found", "nothing of that name", row.ask, "attach",
                     "nobody")
        tool.ask("create", 256, 12, "twin")
        tool.ask("create", 256, 12, "twin")
        self.refused("conflict", "more than one", row.ask, "attach", "twin")
        public = tool.ask("pair", 4, 2048, 0, "pair")[1]
        self.refused("unsupported", "public key", row.ask, "attach", public)
        gone = tool.ask("create", 256, 12, "gone")[0]
        tool.ask("revoke", gone, 2)
        self.refused("conflict", "compromised", row.ask, "attach", gone)

    def test_keys_of_others_are_not_attached(self):
        one = self.tool().ask("create", 256, 12, "private")[0]
        self.cert = self.pki.issue("another")
        self.refused("not_found", "", self.row().ask, "attach", one)


class Broken(Case):
    def test_a_server_that_is_down_is_unavailable_until_it_is_up(self):
        row = self.row()
        self.refused("unavailable", "cannot be reached", row.ask, "check")
        self.refused("unavailable", "", row.ask, "make", "aes-256", new_id(),
                     1)
        self.kmip.start()
        locator = row.ask("make", "aes-256", new_id(), 1)[1]
        key = row.ask("fetch", "aes-256", locator)
        self.kmip.kill()
        self.refused("unavailable", "", row.ask, "fetch", "aes-256", locator)
        self.kmip.start()
        self.assertEqual(row.ask("fetch", "aes-256", locator), key)

    def test_a_name_is_looked_up_again_behind_the_sandbox(self):
        row = self.row(host="localhost")
        for _ in range(2):
            self.refused("unavailable", "", row.ask, "check")
        self.kmip.start()
        row.ask("check")

    def test_wrong_certificates_are_told(self):
        self.kmip.start()
        other = rig.Pki(self.dir.name, "other")
        self.cert = other.issue("mallory")
        self.refused("permission_denied", "refuses us", self.row().ask,
                     "check")
        self.cert = self.pki.issue("again")
        self.pki = other
        self.refused("unavailable", "not trusted", self.row().ask, "check")

    def test_files_that_are_missing_or_wrong_are_told_at_start(self):
        absent = os.path.join(self.dir.name, "absent")
        row = Row(self.kmip.port, absent, self.cert)
        self.addCleanup(row.close)
        self.assertIn("absent", row.started)
        junk = self.file("junk", b"junk")
        row = Row(self.kmip.port, self.pki.ca, junk)
        self.addCleanup(row.close)
        self.assertNotEqual(row.started, "ready")


if __name__ == "__main__":
    rig.skip_loudly("test_row.py")
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
