#!/usr/bin/env python3
"""What a server does alike with keys of every kind of backend, and with those of
its own store: made, brought, attached, released or refused, used, rotated,
deleted; and what it says while the backend is away."""
import os
import sys
import unittest
import uuid

from cryptography.hazmat.primitives import serialization

import kinds
from server_rig import Failed, wait_until
from whole import Whole, refusal

NAME, TOOL, SHIM = sys.argv.pop(2), *map(os.path.abspath, (
    sys.argv.pop(2), sys.argv.pop(2)))
EMBEDDED = NAME == "embedded"


class Keys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Whole()
        cls.addClassCleanup(cls.server.remove)
        cls.leaves = True
        if not EMBEDDED:
            cls.kind = kinds.open_kind(NAME, TOOL, SHIM)
            cls.addClassCleanup(cls.kind.close)
            cls.leaves = cls.kind.LEAVES
            cls.server.add_config(
                "[limits]", "request_seconds = 60",
                "[backend it]", "kind = " + NAME, "timeout_ms = 20000",
                *("%s = %s" % s for s in cls.kind.settings().items()))
        cls.backend = ("--backend", "embedded" if EMBEDDED else "it")
        cls.server.start()
        cls.policy = cls.server.add_policy()

    def create(self, kind="aes-256", *options):
        return self.server.warder("key", "create", "--kind", kind, "--policy",
                                  self.policy, *self.backend, *options)

    def bring(self, kind, data):
        return self.server.warder(
            "key", "import", "--kind", kind, "--file", "-", "--policy",
            self.policy, *self.backend, stdin=data)

    def refused(self, words, *args):
        with self.assertRaises(Failed) as got:
            self.server.warder(*args)
        self.assertIn(words, str(got.exception))

    def get(self, key, version=""):
        """What a client gets; where it gets nothing, None."""
        client, path = self.server.attested(), "default/key/" + key["id"]
        if self.leaves:
            return client.resource(path + version)
        got = refusal(client.resource, path + version)
        self.assertEqual((got.status, got.type), (422, "KeyMayNotLeaveHsm"))
        return None

    def test_made(self):
        for kind in ("aes-256", "ec-p256"):
            key = self.create(kind)
            self.assertEqual(key["backend"], self.backend[1])
            got = self.get(key)
            if got is not None and kind == "aes-256":
                self.assertEqual(len(got), 32)
            elif got is not None:
                serialization.load_der_private_key(got, None)

    def test_brought(self):
        for kind in ("aes-128", "ec-p384"):
            data = kinds.material(kind)
            text = data if kind[0] == "a" else \
                serialization.load_der_private_key(data, None).private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption())
            got = self.get(self.bring(kind, text))
            if got is not None and kind[0] == "a":
                self.assertEqual(got, data)
            elif got is not None:
                self.assertEqual(kinds.public_of(got), kinds.public_of(data))

    def test_attached(self):
        words = ("key", "attach", "--policy", self.policy, *self.backend)
        if EMBEDDED:
            self.refused("backend_not_configured", *words, "--name", "x",
                         "--kind", "aes-256")
            return
        name, kind, data = self.kind.attachable()
        key = self.server.warder(*words, "--name", name, "--kind", kind)
        self.assertEqual(key["attach"], name)
        self.assertEqual(self.get(key), data if self.leaves else None)
        self.server.warder("key", "delete", key["id"])
        again = self.server.warder(*words, "--name", name, "--kind", kind)
        self.assertNotEqual(again["id"], key["id"])
        self.refused("not_found", *words, "--name", "nothing-there", "--kind",
                     kind)
        self.refused("mismatch", *words, "--name", name, "--kind", "aes-128")

    def test_versions_and_the_end(self):
        key = self.create()
        first = self.get(key)
        self.assertEqual(self.server.warder("key", "rotate", key["id"])[
            "version"], 2)
        if self.leaves:
            self.assertNotEqual(self.get(key), first)
            self.assertEqual(self.get(key, ".v1"), first)
        self.server.warder("key", "delete", key["id"])
        got = refusal(self.server.attested().resource,
                      "default/key/" + key["id"])
        self.assertEqual(got.status, 404)
        self.refused("not_found", "key", "rotate", key["id"])

    def test_used_without_release(self):
        stays = EMBEDDED or "ec-p256" in self.kind.STAYS
        options = ("--stays",) if stays else ()
        if not stays:
            self.refused("unsupported", "key", "create", "--kind", "ec-p256",
                         *self.backend, "--stays")
        client = self.server.attested()
        pair = self.create("ec-p256", *options)["id"]
        made = client.use(pair, "sign", message=b"letter")
        for message, valid in ((b"letter", True), (b"other", False)):
            self.assertEqual(client.use(
                pair, "verify", message=message,
                signature=made["signature"])["valid"], valid)
        aes = self.create("aes-256", *options)["id"]
        made = client.use(aes, "encrypt", plaintext=b"text")
        self.assertEqual(client.use(
            aes, "decrypt", ciphertext=made["ciphertext"])["plaintext"],
            b"text")
        if stays:
            got = refusal(client.resource, "default/key/" + aes)
            self.assertEqual((got.status, got.type),
                             (422, "KeyMayNotLeaveHsm"))

    def test_what_is_not_there(self):
        client = self.server.attested()
        got = refusal(client.resource, "default/key/" + str(uuid.uuid4()))
        self.assertEqual(got.status, 404)
        self.refused("not_found", "key", "delete", str(uuid.uuid4()))

    def test_away_and_back(self):
        if EMBEDDED:
            return  # there is nothing that could be away
        key = self.create("aes-256")
        before = self.get(key)
        client = self.server.attested()

        def use():
            """503 while it is away, whatever is asked of it."""
            try:
                return client.use(key["id"], "encrypt", plaintext=b"x")
            except Exception as e:  # refused
                return getattr(e, "status", None)

        self.assertIsInstance(use(), dict)
        self.kind.down()
        try:
            wait_until(lambda: use() == 503, "refusal", 40)
            self.refused("unavailable", "key", "create", "--kind", "aes-256",
                         *self.backend)
            self.refused("unavailable", "key", "delete", key["id"])
        finally:
            self.kind.up()
        wait_until(lambda: isinstance(use(), dict), "use", 40)
        self.assertEqual(self.get(key), before)
        self.server.warder("key", "delete", key["id"])


unittest.main(argv=["test_server.py"], verbosity=2)
