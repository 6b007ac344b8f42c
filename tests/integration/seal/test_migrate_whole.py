"""A whole server from one seal to the next by warder seal migrate: passphrase,
shares, an HSM, a TPM, the file, while it releases."""
import os
import shutil
import sys
import tempfile
import unittest

from hsm_rig import Hsm
from server_rig import Failed, wait_until
from tpm_rig import Tpm, have
from whole import SECRET, Whole

PASSPHRASE = "a passphrase of some length"


@unittest.skipIf(have(), "not installed: %s" % have())
class Ways(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="migrate-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.hsm = Hsm(os.path.join(self.folder, "hsm"))
        self.tpm = Tpm()
        self.addCleanup(self.tpm.close)
        self.server = Whole(passphrase=PASSPHRASE, config="\n".join((
            "[seal]", "pkcs11 = " + self.hsm.uri(),
            "pkcs11_environment = SOFTHSM2_CONF=" + self.hsm.conf,
            "tpm = " + self.tpm.tcti, "tpm_pcrs = 7 16")))
        self.addCleanup(self.server.remove)

    def path(self, name):
        return os.path.join(self.folder, name)

    def migrate(self, kind, *options, **more):
        shown = self.server.warder(
            "seal", "migrate", "--to", kind, *options, **more)
        self.assertEqual((shown["kind"], shown["sealed"]), (kind, False))
        self.assertEqual(self.server.status()["seal"]["kind"], kind)
        self.assert_releases()

    def assert_releases(self):
        self.assertEqual(
            self.server.attested().resource(SECRET), self.secret)

    def restart(self, share=None):
        self.server.stop()
        self.server.start(ready=False)
        if share is not None:
            wait_until(lambda: self.server.status()["log"]["writable"],
                       "a log")
            self.server.warder("unseal", "--passphrase-file", share)
        wait_until(self.server.is_ready, "readiness")
        self.assert_releases()

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as f:
            f.write(text)
        return self.path(name)

    def test_from_each_to_the_next(self):
        server = self.server
        server.start()
        first = self.write("first", PASSPHRASE)
        server.warder("unseal", "--passphrase-file", first)
        server.import_collateral()
        wait_until(server.is_ready, "readiness")
        server.add_policy(prefix="default/db")
        self.secret = server.put_secret()

        self.migrate("passphrase", "--passphrase-file",
                     self.write("second", "another one of some length"))
        self.migrate("shamir", "--shares", "1", "--threshold", "1",
                     "--share-dir", self.path("shares"))
        self.assertEqual(os.stat(self.path("shares/share-1")).st_mode & 0o777,
                         0o600)
        self.restart(self.path("shares/share-1"))
        with self.assertRaises(Failed):  # never over what is there
            self.migrate("shamir", "--shares", "2", "--threshold", "2",
                         "--share-dir", self.path("shares"))
        self.migrate("pkcs11", "--generate-key")
        self.restart()
        self.migrate("tpm")
        self.restart()
        self.migrate("file")
        self.restart()
        with self.assertRaises(Failed) as refused:
            self.migrate("pkcs11", "--generate-key")
        self.assertIn("exists", str(refused.exception))
        self.migrate("pkcs11")
        self.assertFalse(os.path.exists(server.path("state/seal.key")))

        entries = server.entries(limit=100)
        said = [e["detail"] for e in entries if e["event"] == "seal_migrated"]
        self.assertIn("passphrase to shamir", said)
        self.assertIn("shamir to pkcs11", said)
        self.assertTrue([e for e in entries if e["event"] == "seal_migrate"
                         and e["detail"] == "tpm"])
        refused = [e for e in entries if e["event"] == "seal_migrated"
                   and e["result"] == "deny"]
        self.assertEqual([e["reason"] for e in refused], ["exists"])
        self.assertTrue(all(e.get("actor") for e in entries
                            if e["event"] == "seal_migrated"))

    def test_without_the_right_it_is_refused_and_logged(self):
        server = self.server
        server.start()
        server.warder("unseal", "--passphrase-file",
                      self.write("first", PASSPHRASE))
        made = server.warder("token", "create", "--user", "other",
                             "--rule", "server:*")
        mine = server.token_file
        server.token_file = self.write("other.token", made["token"])
        os.chmod(server.token_file, 0o600)
        with self.assertRaises(Failed) as refused:
            server.warder("seal", "migrate", "--to", "shamir", "--shares", "1",
                          "--threshold", "1", "--share-dir",
                          self.path("shares"))
        self.assertIn("permission_denied", str(refused.exception))
        self.assertFalse(os.path.exists(self.path("shares")))
        server.token_file = mine
        entry = [e for e in server.entries() if e["event"] == "seal_migrate"]
        self.assertEqual(len(entry), 1)
        self.assertEqual(server.status()["seal"]["kind"], "passphrase")

    def test_sealed_it_is_refused(self):
        self.server.start()
        with self.assertRaises(Failed) as refused:
            self.server.warder("seal", "migrate", "--to", "file")
        self.assertIn("sealed", str(refused.exception))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)
