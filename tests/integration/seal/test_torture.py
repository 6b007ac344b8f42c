"""warder init killed, or failed by the kernel, at one system call after the
other: afterwards there is no server, or a whole one, and where there is none
the same command line makes it."""
import os
import shutil
import subprocess
import tempfile
import unittest

from seal_rig import WARDER, Seal, main

# Every call that changes a disk, and how many of its invocations to skip
# between two that are tried: databases write many pages that are alike.
CALLS = {"mkdir": 1, "mkdirat": 1, "chmod": 1, "fchmod": 1, "fchown": 1,
         "write": 1, "ftruncate": 1, "linkat": 1, "renameat": 1, "unlink": 1,
         "unlinkat": 1, "fsync": 1, "fdatasync": 2, "pwrite64": 11,
         "openat": 4}
# Reads at the start of the program that are not ours to fail.
FIRST = {"openat": 30}
ROOM = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def can_trace():
    try:
        return subprocess.run(["strace", "-o", os.devnull, "true"],
                              capture_output=True, timeout=20).returncode == 0
    except OSError:
        return False


def names(folder):
    """What there is, temporary names included."""
    return sorted(os.path.relpath(os.path.join(path, name), folder)
                  for path, _, found in os.walk(folder) for name in found)


@unittest.skipUnless(can_trace(), "strace cannot be used here")
class Torture(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="torture-", dir=ROOM)
        self.addCleanup(shutil.rmtree, self.top, True)
        self.whole = names(self.fresh(self.init))

    def fresh(self, make):
        folder = tempfile.mkdtemp(dir=self.top)
        make(folder)
        return folder

    def command(self, folder):
        return [WARDER, "init", "--dev", "--one-user", "--server-name", "h",
                "--output", folder + "/etc", "--state-dir", folder + "/state",
                "--run-dir", folder + "/run"]

    def init(self, folder):
        run = subprocess.run(self.command(folder), capture_output=True,
                             text=True, timeout=30)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run

    def hit(self, folder, call, what, nth):
        """(was it hit, exit status, standard error)"""
        trace = os.path.join(self.top, "trace")
        run = subprocess.run(
            ["strace", "-f", "-qq", "-o", trace, "-e", "trace=" + call, "-e",
             "inject=%s:%s:when=%d" % (call, what, nth)] +
            self.command(folder), capture_output=True, text=True, timeout=30,
            env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        with open(trace, encoding="utf-8", errors="replace") as f:
            text = f.read()
        return ("INJECTED" in text or "killed by" in text, run.returncode,
                run.stderr)

    def each_hit(self, what):
        """Every call of the table in turn: (folder, call, status, error)."""
        for call, step in CALLS.items():
            nth = FIRST.get(call, 1)
            while True:
                folder = tempfile.mkdtemp(dir=self.top)
                was_hit, status, error = self.hit(folder, call, what, nth)
                if was_hit:
                    yield folder, "%s %d" % (call, nth), status, error
                shutil.rmtree(folder)
                if not was_hit:
                    break
                nth += step

    def assert_whole(self, folder, where):
        self.assertEqual(names(folder), self.whole, where)
        seal = Seal(folder + "/state")
        try:
            self.assertFalse(seal.attach().first["sealed"], where)
        finally:
            seal.close()

    def test_killed_it_leaves_no_server_or_a_whole_one(self):
        n = 0
        for folder, where, status, _ in self.each_hit("signal=KILL"):
            self.assertEqual(status, -9, where)
            if not os.path.exists(folder + "/state/seal"):
                self.init(folder)
            self.assert_whole(folder, where)
            n += 1
        self.assertGreater(n, 100)

    def test_failed_it_leaves_nothing(self):
        n = 0
        for folder, where, status, error in self.each_hit("error=EIO"):
            self.assertIn(status, (0, 1, 3), where + ": " + error)
            if status == 0 and where.startswith("unlink"):
                continue  # what could not be removed is still there
            if status == 0 or "done, but" in error:
                self.assert_whole(folder, where)
            else:
                self.assertTrue(error, where)
                self.assertEqual(names(folder), [], where)
            n += 1
        self.assertGreater(n, 100)


if __name__ == "__main__":
    main()
