"""A seal in an HSM with break-glass shares beside it: what opens the server on
the day on which the HSM is gone, by its own verb and no other."""
import os
import shutil
import sys
import tempfile
import unittest

from hsm_rig import Hsm
from server_rig import Failed, Server, wait_until

BUILD = os.path.abspath(sys.argv[1])


class BreakGlass(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="glass-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.hsm = Hsm(os.path.join(self.folder, "hsm"))
        self.shares = os.path.join(self.folder, "shares")
        self.server = Server(BUILD, seal=self.hsm.options(
            "--generate-key", "--break-glass-shares", "3",
            "--break-glass-threshold", "2", "--share-dir", self.shares))
        self.addCleanup(self.server.remove)

    def share(self, number, folder=None):
        return os.path.join(folder or self.shares, "break-glass-%d" % number)

    def lose_the_key(self):
        self.hsm.key_tool("--delete-object", "--type", "secrkey", "--label",
                          "root")

    def start_without(self):
        self.lose_the_key()
        self.server.start(ready=False)
        wait_until(lambda: self.server.status()["log"]["writable"], "a log")

    def unseal(self, share, *options):
        return self.server.warder(
            "unseal", "--break-glass", "--passphrase-file", share, *options)

    def refused(self, reason, run, *args):
        with self.assertRaises(Failed) as refused:
            run(*args)
        self.assertIn(reason, str(refused.exception))

    def test_shares_open_it_when_the_hsm_is_gone_and_the_log_has_it(self):
        self.assertEqual(sorted(os.listdir(self.shares)), [
            "break-glass-1", "break-glass-2", "break-glass-3"])
        self.start_without()
        shown = self.server.status()["seal"]
        self.assertEqual((shown["kind"], shown["break_glass_shares"],
                          shown["break_glass_threshold"]), ("pkcs11", 3, 2))
        state = self.unseal(self.share(3))
        self.assertTrue(state["sealed"])
        self.assertEqual(state["progress"], 1)
        self.refused("exists", self.unseal, self.share(3))
        self.assertFalse(self.unseal(self.share(1))["sealed"])
        wait_until(self.server.is_ready, "readiness")
        said = [e["entry"].get("detail") for e in self.server.warder(
            "audit", "tail")["items"] if e["entry"]["event"] == "unseal"]
        self.assertIn("break-glass share 1 of 2", said)
        self.assertIn("by break-glass shares", said)

        # and from there to another seal, which has to say what of the shares
        words = os.path.join(self.folder, "words")
        with open(words, "w", encoding="ascii") as f:
            f.write("a passphrase of some length")
        to = ("seal", "migrate", "--to", "passphrase", "--passphrase-file",
              words)
        self.refused("conflict", self.server.warder, *to)
        self.assertEqual(self.server.warder(
            *to, "--drop-break-glass")["break_glass_shares"], 0)
        self.server.stop()
        self.server.start(ready=False)
        wait_until(lambda: self.server.status()["log"]["writable"], "a log")
        self.refused("unsupported", self.unseal, self.share(1))
        self.server.warder("unseal", "--passphrase-file", words)

    def test_no_other_verb_takes_them(self):
        self.start_without()
        with self.assertRaises(Failed):
            self.server.warder("unseal", "--passphrase-file", self.share(1))
        self.assertEqual(self.server.status()["seal"]["progress"], 0)
        self.assertTrue(self.server.status()["sealed"])

    def test_a_wrong_one_forgets_all_and_makes_wait(self):
        self.start_without()
        with open(self.share(2), encoding="ascii") as f:
            text = f.read()
        with open(self.share(2), "w", encoding="ascii") as f:
            f.write(("A" if text[0] != "A" else "B") + text[1:])
        self.assertFalse(self.has_to_wait())
        # The wait may be over before the next attempt, but it grows.
        wait_until(self.has_to_wait, "a wait", 60)
        self.assertTrue(self.server.status()["sealed"])

    def has_to_wait(self):
        """If not: a good share, which is the first again, and a wrong one."""
        try:
            self.assertEqual(self.unseal(self.share(1))["progress"], 1)
        except Failed as refused:
            self.assertIn("rate_limited", str(refused))
            return True
        self.refused("unseal_refused", self.unseal, self.share(2))
        return False

    def test_new_ones_with_a_migration_and_the_old_open_nothing(self):
        self.server.start()
        new = os.path.join(self.folder, "new")
        self.refused("conflict", self.server.warder, "seal", "migrate",
                     "--to", "pkcs11")
        self.server.warder(
            "seal", "migrate", "--to", "pkcs11", "--break-glass-shares", "1",
            "--break-glass-threshold", "1", "--share-dir", new)
        self.server.stop()
        self.start_without()
        self.refused("unseal_refused", self.unseal, self.share(1))
        wait_until(lambda: self.unseals(self.share(1, new)), "its turn")
        wait_until(self.server.is_ready, "readiness")

    def unseals(self, share):
        try:
            return not self.unseal(share)["sealed"]
        except Failed as refused:
            self.assertIn("rate_limited", str(refused))
            return False

    def test_they_are_for_seals_with_a_device_alone(self):
        done = self.server.run(
            "init", "--dev", "--break-glass-shares", "3",
            "--break-glass-threshold", "2", "--output", self.folder + "/x",
            check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"break-glass", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)
