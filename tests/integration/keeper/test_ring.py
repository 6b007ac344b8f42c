"""The keyring of a keeper whose seal is away: how often its term encrypts is
counted, and the limit is kept."""
import os
import shutil
import signal
import tempfile
import time
import unittest

from keeper_rig import Refused, Server, main

LIMIT = 64


class Ring(unittest.TestCase):
    def setUp(self):
        folder = tempfile.mkdtemp(prefix="keeper-")
        self.addCleanup(shutil.rmtree, folder, True)
        self.server = Server(folder, keyring_uses=LIMIT)
        self.addCleanup(self.server.close)

    def put(self, n):
        self.server.do("SECRET_PUT", path="default/db/s%d" % n, bytes=b"x")

    def test_without_a_seal_the_limit_is_kept(self):
        s = self.server
        s.until(keyring_term=1, keyring_uses=0, keyring_limit=LIMIT)
        s.seal.process.kill()
        for n in range(LIMIT):
            self.put(n)
        s.until(keyring_uses=LIMIT)
        for n in range(3):
            with self.assertRaises(Refused) as refused:
                self.put(LIMIT + n)
            self.assertEqual(refused.exception.reason, "unavailable")
            self.assertIn("rotate", refused.exception.detail)
        self.assertEqual(
            s.do("SECRET_GET", path="default/db/s0")["bytes"], b"x")
        warnings = s.do("STATUS")["warnings"]
        self.assertIn("nothing more is encrypted", warnings)
        self.assertIn("the seal", warnings)

    def test_what_the_seal_does_late_is_logged(self):
        s = self.server
        s.until(keyring_term=1, keyring_uses=0, keyring_limit=LIMIT)
        os.kill(s.seal.process.pid, signal.SIGSTOP)
        for n in range(LIMIT - 1):
            self.put(n)
        end = time.monotonic() + 60
        while "did not answer in time" not in s.do("STATUS")["warnings"]:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)
        os.kill(s.seal.process.pid, signal.SIGCONT)
        entry = s.logged()
        self.assertEqual((entry["event"], entry["result"]),
                         ("keyring_rotate", "allow"))
        s.confirm()
        s.until(keyring_term=2)
        self.assertNotIn("in time", s.do("STATUS")["warnings"])


if __name__ == "__main__":
    main()
