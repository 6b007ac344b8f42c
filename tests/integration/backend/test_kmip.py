#!/usr/bin/env python3
"""A whole server before a real KMIP server."""
import os
import tempfile
import shutil
import unittest

import kmip_rig
from backend_rig import AttachesOurs
from whole import Whole, refusal


class Keys(AttachesOurs, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="kmip-")
        pki = kmip_rig.Pki(cls.folder)
        cls.kmip = kmip_rig.Server(cls.folder, pki).start()
        client = pki.issue("client")
        cls.server = Whole()
        os.chmod(client + ".key", 0o600)
        cls.server.add_config(
            "[limits]", "request_seconds = 60",  # its RSA keys take their time
            "[server]", "default_backend = corporate",
            "[backend corporate]", "kind = kmip", "timeout_ms = 50000", "host = localhost",
            "port = %d" % cls.kmip.port, "ca = " + pki.ca,
            "certificate = " + client, "key = " + client + ".key")
        cls.server.start()
        cls.policy = cls.server.add_policy()

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()
        cls.kmip.kill()
        shutil.rmtree(cls.folder)

    def get(self, key):
        return self.server.attested().resource("default/key/" + key["id"])

    def test_keys_are_made_there(self):
        for kind in ("aes-256", "rsa-2048"):
            key = self.server.warder("key", "create", "--kind", kind,
                                     "--policy", self.policy)
            self.assertEqual(key["backend"], "corporate")
            self.assertGreater(len(self.get(key)), 31)

    def test_a_key_of_ours_is_attached_by_who_may_change_its_policy(self):
        for kind in ("aes-256", "rsa-2048"):
            key = self.server.warder("key", "create", "--kind", kind,
                                     "--policy", self.policy)
            for name in (key["attach"].split("|")[0], "warder-" + key["id"]):
                if kind == "rsa-2048" and name[0] == "w":
                    continue  # the name of both halves
                self.only_who_may_change_its_policy(
                    "--kind", kind, "--name", name)

    def test_a_key_is_brought_attached_and_deleted(self):
        data = os.urandom(32)
        key = self.server.warder(
            "key", "import", "--kind", "aes-256", "--file", "-", "--policy",
            self.policy, stdin=data)
        self.assertEqual(self.get(key), data)
        same = self.server.warder(
            "key", "attach", "--kind", "aes-256", "--name", key["attach"].split("|")[0],
            "--policy", self.policy)
        self.assertEqual(same["attach"], key["attach"].split("|")[0])
        self.assertEqual(self.get(same), data)
        self.server.warder("key", "delete", key["id"])
        self.assertEqual(
            refusal(self.server.attested().resource,
                    "default/key/" + same["id"]).status, 404)


kmip_rig.skip_loudly("test_kmip.py")
unittest.main(argv=["test_kmip.py"], verbosity=2)
