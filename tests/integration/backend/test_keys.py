#!/usr/bin/env python3
"""Keys in a backend: made, brought and attached; released, certified, rotated and
deleted as those of the server's own store."""
import json
import os
import sqlite3
import subprocess
import unittest

from backend_rig import Folder, wait_until
from backup_rig import opened_by
from server_rig import Failed
from whole import OTHER, open_release, refusal


class Keys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Folder()
        cls.server.start()
        cls.policy = cls.server.add_policy()

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()

    def setUp(self):
        self.made = []

    def create(self, *options, **kw):
        return self.server.create("--policy", self.policy, *options, **kw)

    def refused(self, reason, *args):
        with self.assertRaises(Failed) as got:
            self.server.warder(*args)
        self.assertIn(reason.encode(), got.exception.err + got.exception.out)

    def last(self, event):
        return [e for e in self.server.entries()
                if e["event"] == event][-1]

    def test_a_key_is_made_there_and_released(self):
        key = self.create("--label", "one")
        self.assertEqual(key["backend"], "here")
        self.assertEqual(key["attach"], key["id"] + ".1")
        kept = self.server.get(key["id"] + ".1")
        self.assertEqual(len(kept), 32)
        client = self.server.attested()
        self.assertEqual(client.resource(self.server.path_of(key)), kept)
        entry = self.last("release")
        self.assertEqual(entry["result"], "allow")
        self.assertEqual(entry["key"], key["id"])

    def test_a_pair_is_made_there_and_released_natively(self):
        key = self.create(kind="ec-p256")
        jws = self.server.attested().resource(
            self.server.path_of(key), native=True)
        release = open_release(jws, self.server.release_key)
        self.assertEqual(release["key"]["algorithm"], "ec-p256")

    def test_a_key_is_brought_there(self):
        data = os.urandom(16)
        key = self.server.warder(
            "key", "import", "--kind", "aes-128", "--file", "-", "--backend",
            "here", "--policy", self.policy, stdin=data)
        self.assertEqual(self.server.get(key["id"] + ".1"), data)
        self.assertEqual(self.server.attested().resource(
            self.server.path_of(key)), data)

    def test_a_key_is_attached_and_only_forgotten(self):
        data = os.urandom(32)
        self.server.put("mine", data)
        key = self.server.warder("key", "attach", "--kind", "aes-256",
                                 "--name", "mine", "--policy", self.policy)
        self.assertEqual((key["backend"], key["attach"]), ("here", "mine"))
        self.assertEqual(self.server.attested().resource(
            self.server.path_of(key)), data)
        self.server.warder("key", "delete", key["id"])
        self.assertEqual(self.server.get("mine"), data)

    def test_what_is_not_there_is_not_attached(self):
        self.refused("not_found", "key", "attach", "--kind", "aes-256",
                     "--backend", "here", "--name", "nothing")
        self.server.put("short", os.urandom(16))
        self.refused("mismatch", "key", "attach", "--kind", "aes-256",
                     "--backend", "here", "--name", "short")

    def test_another_enclave_gets_nothing_and_nothing_is_fetched(self):
        key = self.create()
        client = self.server.attested(mrenclave=OTHER)
        before = len(self.server.calls("fetch"))
        got = refusal(client.resource, self.server.path_of(key))
        self.assertEqual((got.status, got.type), (403, "MeasurementMismatch"))
        self.assertEqual(len(self.server.calls("fetch")), before)

    def test_a_backend_that_is_not_configured(self):
        self.refused("backend_not_configured", "key", "create", "--kind",
                     "aes-256", "--backend", "there")
        self.refused("backend_not_configured", "key", "attach", "--kind",
                     "aes-256", "--backend", "there", "--name", "x")

    def test_what_the_kind_cannot(self):
        self.refused("unsupported", "key", "create", "--kind", "aes-256",
                     "--backend", "here", "--stays")
        self.refused("unsupported", "key", "create", "--kind", "ec-p256",
                     "--backend", "here", "--certificate", "CN=x")

    def test_versions(self):
        key = self.create()
        first = self.server.get(key["id"] + ".1")
        self.assertEqual(
            self.server.warder("key", "rotate", key["id"])["version"], 2)
        second = self.server.get(key["id"] + ".2")
        client = self.server.attested()
        path = self.server.path_of(key)
        self.assertEqual(client.resource(path), second)
        self.assertEqual(client.resource(path + ".v1"), first)

    def test_a_backup_with_references_opens(self):
        key = self.create()
        self.server.warder("key", "rotate", key["id"])
        # The program does not know the kind that only tests have.
        conf, file = (self.server.path(n) for n in ("plain.conf", "a.backup"))
        with open(self.server.path("warder.conf"), encoding="utf-8") as f:
            text = f.read().split("[backend here]")[0]
        with open(conf, "w", encoding="utf-8") as f:
            f.write(text)
        self.server.warder("backup", file, "--config", conf)
        options, stdin = opened_by(self.server)
        said = json.loads(self.server.run(
            "backup", "verify", file, "--json", *options, stdin=stdin).stdout)
        self.assertGreaterEqual(said["keys"], 2)

    def test_deletion_destroys_every_version_that_was_made(self):
        key = self.create()
        self.server.warder("key", "rotate", key["id"])
        self.server.warder("key", "delete", key["id"])
        for version in (1, 2):
            name = "%s.%d" % (key["id"], version)
            self.assertIn("destroy " + name, self.server.calls())
            self.assertEqual(self.server.get(name), b"")
        self.refused("not_found", "key", "show", key["id"])

    def test_a_csr_is_signed_by_the_key_there(self):
        key = self.create(kind="rsa-2048")
        csr = self.server.warder("key", "csr", key["id"], "--subject",
                                 "CN=there.example")
        pem = csr if isinstance(csr, bytes) else csr["csr"].encode()
        done = subprocess.run(["openssl", "req", "-verify", "-noout"],
                              input=pem, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_another_private_key_is_not_released(self):
        key = self.create(kind="ec-p256")
        other = self.create(kind="ec-p256")
        client = self.server.attested()
        self.server.put("wrong", self.server.get(other["id"] + ".1"))
        try:
            got = refusal(client.resource, self.server.path_of(key))
        finally:
            self.server.drop("wrong")
        self.assertEqual(got.status, 503)
        entry = self.last("release")
        self.assertEqual(entry["reason"], "backend_answer")
        self.assertIn("another private key", entry["detail"])

    def test_an_aes_key_of_another_length_is_not_released(self):
        key = self.create()
        client = self.server.attested()
        self.server.put("wrong", os.urandom(16))
        try:
            got = refusal(client.resource, self.server.path_of(key))
        finally:
            self.server.drop("wrong")
        self.assertEqual(got.status, 503)
        self.assertEqual(self.last("release")["reason"], "backend_answer")


    def test_status_and_metrics_say_how_it_is(self):
        def found():
            for b in self.server.status()["backends"]:
                if b["name"] == "here" and b["ready"]:
                    return b
            return None
        b = wait_until(found, "backend that is ready")
        self.assertEqual((b["kind"], b["processes"], b["words"]),
                         ("folder", 2, "a folder of tests"))
        done = subprocess.run(
            ["curl", "-s", "--unix-socket", self.server.socket,
             "http://localhost/metrics"], stdout=subprocess.PIPE, timeout=20)
        self.assertIn(b'warder_backend_ready{backend="here"} 1', done.stdout)


class Leases(unittest.TestCase):
    """What a backend leases, each fetch anew."""

    def setUp(self):
        self.server = Folder(conf="mode = lease")
        self.server.start()
        self.policy = self.server.add_policy()
        self.server.put("dyn", os.urandom(32))
        self.key = self.server.warder(
            "key", "attach", "--kind", "aes-256", "--name", "dyn", "--policy",
            self.policy)

    def tearDown(self):
        self.server.remove()

    def test_our_lease_is_no_longer_than_theirs(self):
        self.assertEqual(self.server.attested().resource(
            self.server.path_of(self.key)), self.server.get("dyn"))
        entry = [e for e in self.server.entries()
                 if e["event"] == "release"][-1]
        self.assertEqual(entry["lease_seconds"], 60)
        self.assertEqual(self.server.calls("revoke"), [])

    def test_what_was_leased_and_not_released_is_given_back(self):
        client = self.server.attested()
        self.server.put("wrong", os.urandom(16))
        got = refusal(client.resource, self.server.path_of(self.key))
        self.assertEqual(got.status, 503)
        wait_until(lambda: self.server.calls("revoke") == ["revoke lease-dyn"],
                   "lease given back")

    def test_it_has_no_versions(self):
        with self.assertRaises(Failed):
            self.server.warder("key", "rotate", self.key["id"])


class Rows(unittest.TestCase):
    """Whoever can write the database cannot have another key fetched."""

    def setUp(self):
        self.server = Folder()
        self.server.add_backend("there", self.server.keys)
        self.server.start()
        self.policy = self.server.add_policy()

    def tearDown(self):
        self.server.remove()

    def change(self, statement, *values):
        with sqlite3.connect(self.server.path("state/store.db")) as db:
            db.execute(statement, values)
        db.close()

    def refused(self, key, status=500, reason="fault"):
        got = refusal(self.server.attested().resource,
                      self.server.path_of(key))
        self.assertEqual(got.status, status)
        entry = [e for e in self.server.entries()
                 if e["event"] == "release"][-1]
        self.assertEqual(entry["reason"], reason)
        return entry

    def test_a_reference_is_bound_to_its_row_and_backend(self):
        one = self.server.create("--policy", self.policy)
        two = self.server.create("--policy", self.policy)
        stored = self.server.warder("key", "create", "--kind", "aes-256",
                                    "--policy", self.policy)
        before = len(self.server.calls("fetch"))
        # Taken for a stored key, and a stored key for a reference.
        self.change("UPDATE keys SET backend = 'embedded' WHERE id = ?",
                    one["id"])
        self.refused(one)
        self.change("UPDATE keys SET backend = 'here' WHERE id = ?",
                    stored["id"])
        self.refused(stored)
        # In another backend.
        self.change("UPDATE keys SET backend = 'there' WHERE id = ?",
                    one["id"])
        self.refused(one)
        # Another key's reference.
        self.change("UPDATE versions SET wrapped = (SELECT wrapped FROM "
                    "versions WHERE key = ?) WHERE key = ?", one["id"],
                    two["id"])
        self.refused(two, 503, "tampered")
        self.assertEqual(len(self.server.calls("fetch")), before)


unittest.main(argv=["test_keys.py"], verbosity=2)
