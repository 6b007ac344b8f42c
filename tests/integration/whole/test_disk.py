"""The disk under the log of a whole server is full: nothing is released, and all
goes on when there is room.
"""
import os
import tempfile
import unittest

import small_disk
from whole import SECRET, Whole, refusal, wait_until


class Full(unittest.TestCase):
    def setUp(self):
        if not small_disk.folder():
            self.skipTest("NO MOUNT NAMESPACE: full disk not tried")
        tempfile.tempdir = small_disk.folder()

    def test_nothing_is_released_until_there_is_room(self):
        with Whole() as server:
            server.start()
            secret = server.put_secret(policy_id=server.add_policy())
            client = server.attested()
            self.assertEqual(client.resource(SECRET), secret)
            server.stop()
            journal = server.path("state/log/journal")
            for name in os.listdir(journal):
                if not name.isdigit():  # room that was kept in advance
                    os.unlink(os.path.join(journal, name))
            ballast = small_disk.fill(leave=1 << 20)
            server.start(ready=False)
            for _ in range(20):
                got = refusal(client.resource, SECRET)
                self.assertEqual((got.status, got.type),
                                 (503, "AuditUnavailable"))
            self.assertFalse(server.status()["log"]["writable"])
            done = server.run("secret", "get", SECRET, "--admin",
                              server.socket, "--token-file",
                              server.token_file, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertNotIn(secret, done.stdout)
            os.unlink(ballast)
            wait_until(lambda: server.status()["log"]["writable"], "room")
            self.assertEqual(client.resource(SECRET), secret)


if __name__ == "__main__":
    small_disk.go_inside()
    unittest.main(argv=["test_disk"], verbosity=2)
