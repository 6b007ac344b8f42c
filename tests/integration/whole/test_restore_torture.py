"""Backups and restores killed, or failed by the kernel, at one system call
after the other: there is no backup, or a whole one; no server, or a whole one;
and the same command does it then. A log that was there before stays."""
import os
import shutil
import sys
import tempfile
import unittest

import small_disk
from backup_rig import Empty, Restored, backup
from server_rig import wait_until
from torture import can_trace, each_hit, names
from whole import Whole

# Every call that changes a disk, and how many to skip between two that are
# tried: databases write many pages that are alike.
CALLS = {"mkdir": 1, "mkdirat": 1, "fchmod": 2, "write": 3, "ftruncate": 1,
         "linkat": 1, "renameat": 1, "unlink": 1, "unlinkat": 2, "fsync": 1,
         "fdatasync": 4, "pwrite64": 23}
ROOM = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        tempfile.tempdir = ROOM
        cls.server = s = Whole()
        cls.addClassCleanup(s.remove)
        s.start()
        s.put_secret(policy_id=s.add_policy())
        wait_until(lambda: os.path.exists(s.path("state/log/checkpoint")),
                   "checkpoint")
        cls.trace = s.path("trace")


@unittest.skipUnless(can_trace(), "strace cannot be used here")
class Restore(Case):
    WITH_LOG, CALLS = False, CALLS

    def setUp(self):
        s = self.server
        self.file = s.path("a.backup")
        if not os.path.exists(self.file):
            backup(s)
        self.log = None
        if self.WITH_LOG:
            self.log = s.path("log")
            if not os.path.exists(self.log):
                s.stop()
                shutil.copytree(s.path("state/log"), self.log)
        self.place = Empty(s, self.file)
        self.addCleanup(self.place.remove)
        self.whole = None

    def prepare(self):
        """As if nothing had been tried."""
        p = self.place
        for name in os.listdir(p.folder):
            if os.path.isdir(p.path(name)) and not os.path.islink(
                    p.path(name)):
                shutil.rmtree(p.path(name))
            else:
                os.unlink(p.path(name))
        p.old_log = self.log
        p.prepare()
        os.mkdir(p.path("run"))
        self.before = names(p.folder)

    def command(self):
        args, _ = self.place.restore_args()
        return [self.place.program("warder")] + args

    def assert_whole(self, where):
        p = self.place
        found = names(p.folder)
        self.assertIn("state/seal", found, where)
        self.assertEqual([n for n in found if "unfinished" in n or
                          n.endswith(".new")], [], where)
        self.assertEqual(p.run(
            "doctor", "--config", p.path("warder.conf"),
            check=False).returncode, 0, where)

    def assert_log(self, where):
        """What was there before is there, and verifies."""
        if not self.WITH_LOG:
            return
        p = self.place
        done = p.run("audit", "verify", "--log", p.path("state/log"),
                     "--checkpoint", p.path("state/log/checkpoint"),
                     check=False)
        self.assertEqual(done.returncode, 0, (where, done.stdout))

    def test_killed_it_leaves_no_server_or_a_whole_one(self):
        n = 0
        for where, status, _ in each_hit(
                self.command(), self.trace, self.CALLS, "signal=KILL", {},
                self.prepare):
            self.assertEqual(status, -9, where)
            self.assert_log(where)
            if not os.path.exists(self.place.path("state/seal")):
                done = self.place.restore(check=False)
                self.assertEqual(done.returncode, 0, (where, done.stderr))
            self.assert_whole(where)
            self.assert_log(where)
            n += 1
        self.assertGreater(n, 15)

    def test_failed_it_leaves_nothing(self):
        n = 0
        for where, status, error in each_hit(
                self.command(), self.trace, self.CALLS, "error=EIO", {},
                self.prepare):
            self.assertIn(status, (0, 1, 3), where + ": " + error)
            self.assert_log(where)
            if status == 0:
                continue # what was not needed, or was said in vain
            self.assertTrue(error, where)
            if "done, but" in error:
                self.assert_whole(where)
                continue
            if not self.WITH_LOG and not where.startswith("unlink"):
                self.assertEqual(names(self.place.folder), self.before, where)
            self.assertFalse(os.path.exists(
                self.place.path("state/seal")), where)
            n += 1
        self.assertGreater(n, 10)


class RestoreWithLog(Restore):
    """Less often: a log takes its time to be looked at."""
    WITH_LOG = True
    CALLS = {"write": 9, "linkat": 1, "renameat": 1, "unlinkat": 7,
             "fsync": 3, "fdatasync": 9, "pwrite64": 71}


@unittest.skipUnless(can_trace(), "strace cannot be used here")
class Backup(Case):
    CALLS = {"pwrite64": 2, "write": 1, "fsync": 1, "linkat": 1}

    def prepare(self):
        for name in os.listdir(self.server.folder):
            if "t.backup" in name:
                os.unlink(self.server.path(name))

    def found(self):
        return [n for n in os.listdir(self.server.folder) if "t.backup" in n]

    def command(self):
        s = self.server
        return [s.program("warder"), "backup", s.path("t.backup"), "--admin",
                s.socket, "--token-file", s.token_file, "--config",
                s.path("warder.conf")]

    def whole(self):
        s = self.server
        return s.run("backup", "verify", s.path("t.backup"), "--sealed",
                     check=False).returncode == 0

    def each(self, what):
        return each_hit(self.command(), self.trace, self.CALLS, what, {},
                        self.prepare)

    def test_killed_it_leaves_none_or_a_whole_one(self):
        for where, status, _ in self.each("signal=KILL"):
            self.assertEqual(status, -9, where)
            if "t.backup" in self.found():
                self.assertTrue(self.whole(), where)

    def test_failed_it_leaves_nothing(self):
        for where, status, error in self.each("error=EIO"):
            if status == 0 or "done, but" in error:
                self.assertTrue(self.whole(), where)
            else:
                self.assertTrue(error, where)
                self.assertEqual(self.found(), [], where)


class Disk(unittest.TestCase):
    """On a disk of 256 MiB that is full."""

    def setUp(self):
        if not small_disk.folder():
            self.skipTest("NO MOUNT NAMESPACE: full disk not tried")

    def test_a_full_disk_ends_in_words_and_leaves_nothing(self):
        tempfile.tempdir = "/tmp"
        with Whole() as s:
            s.start()
            for i in range(24):
                s.put_secret("default/a/%d" % i, os.urandom(60000))
            file = backup(s)
            ballast = small_disk.fill(leave=300000)
            done = s.run("backup", small_disk.folder() + "/b.backup",
                         "--admin", s.socket, "--token-file", s.token_file,
                         check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"No space left on device", done.stderr)
            done = s.run("backup", "verify", file, "--sealed", "--dir",
                         small_disk.folder(), check=False)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(b"full", done.stderr)
            self.assertEqual(os.listdir(small_disk.folder()), ["ballast"])
            with Empty(s, file) as place:
                os.symlink(small_disk.folder(), place.path("full"))
                path = place.path("warder.conf")
                with open(path, encoding="utf-8") as f:
                    conf = f.read()
                with open(path, "w", encoding="utf-8") as f:
                    f.write(conf.replace(place.path("state"),
                                         small_disk.folder() + "/state"))
                done = place.restore(check=False)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertTrue(b"full" in done.stderr or
                                b"No space" in done.stderr, done.stderr)
                self.assertEqual(os.listdir(small_disk.folder()), ["ballast"])
                os.unlink(ballast)
                place.restore() # there is room again


if __name__ == "__main__":
    if "Disk" in sys.argv:
        small_disk.go_inside()
    unittest.main(argv=["test_restore_torture"] + sys.argv[2:], verbosity=2)
