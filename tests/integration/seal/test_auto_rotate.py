"""The keyring of a whole server, rotated without being asked: before a term has
encrypted too often, when it is too old, and when nobody knows how often."""
import os
import sqlite3
import sys
import unittest

from backup_rig import Restored, backup
from server_rig import wait_until
from whole import Whole

LIMIT = 64


class AutoRotate(unittest.TestCase):
    def server(self, *lines, **kw):
        self.whole = Whole(
            config="\n".join(("[seal]",) + lines), **kw)
        self.addCleanup(self.whole.remove)
        self.whole.start()
        return self.whole

    def keyring(self):
        return self.whole.warder("keyring", "status")["keyring"]

    def until(self, what, **fields):
        def look():
            found = self.keyring()
            return found and all(
                found[k] == v for k, v in fields.items()) and found
        return wait_until(look, what)

    def automatic(self):
        return [e for e in self.whole.entries()
                if e["event"] == "keyring_rotate" and "actor" not in e]

    def test_it_is_rotated_before_the_limit(self):
        server = self.server("keyring_uses = %d" % LIMIT)
        server.add_policy(prefix="default/db")
        first = self.until("count", term=1, terms=1, limit=LIMIT)
        self.assertEqual(first["uses"], 0)
        self.assertIsNotNone(first["since"])
        secrets = {}
        for n in range(LIMIT * 7 // 8):
            path = "default/db/s%d" % n
            secrets[path] = server.put_secret(path)
        found = self.until("rotation", term=2)
        self.assertLess(found["uses"], LIMIT)
        for n in range(LIMIT):  # and on, past the limit of the first term
            path = "default/db/t%d" % n
            secrets[path] = server.put_secret(path)
            if n % 16 == 0:
                self.keyring()
        self.assertTrue(self.automatic())
        self.assertIn("encrypted nearly as often", self.automatic()[0]["detail"])
        for path in list(secrets)[::17]:
            client = server.attested()
            self.assertEqual(client.resource(path), secrets[path])
            client.close()

    def test_a_backup_from_before_rotations_is_restored(self):
        server = self.server()
        server.add_policy(prefix="default/db")
        secret = server.put_secret("default/db/x")
        file = backup(server)
        for n in range(2, 5):
            server.warder("keyring", "rotate")
            self.until("dropping", term=n, terms=1, rows_left=0)
        server.stop()
        self.whole = restored = Restored(server, file)
        self.addCleanup(restored.remove)
        restored.start()
        self.until("rotation and dropping", term=2, terms=1, rows_left=0)
        client = restored.attested()
        self.assertEqual(client.resource("default/db/x"), secret)
        client.close()
        events = [e["event"] for e in restored.entries()]
        self.assertEqual(events.count("keyring_drop"), 1)

    def test_a_count_that_is_lost_has_it_rotated(self):
        server = self.server()
        secret = server.put_secret("default/db/x")
        server.add_policy(prefix="default/db")
        self.until("count", term=1)
        server.stop()
        db = sqlite3.connect(server.path("state/store.db"))
        db.execute("UPDATE meta SET value = ? WHERE name = 'uses'",
                   (os.urandom(53),))
        db.commit()
        db.close()
        server.start()
        found = self.until("rotation", term=2)
        self.assertIsNotNone(found["since"])
        self.assertEqual(len(self.automatic()), 1)
        self.assertIn("not known", self.automatic()[0]["detail"])
        client = server.attested()
        self.assertEqual(client.resource("default/db/x"), secret)
        client.close()


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)
