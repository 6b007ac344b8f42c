"""The keyring of a keeper whose seal is away: how often its term encrypts is
counted, and the limit is kept."""
import shutil
import tempfile
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


if __name__ == "__main__":
    main()
