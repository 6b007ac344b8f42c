"""warder keyring rotate on a whole server: what was stored under an older term
and what is stored under the new one are both released, by every cell."""
import os
import signal
import sys
import unittest

from server_rig import Failed, wait_until
from whole import Whole


class Rotate(unittest.TestCase):
    def setUp(self):
        self.server = Whole(cells=2)
        self.addCleanup(self.server.remove)
        self.server.start()
        self.server.add_policy(prefix="default/db")

    def released(self, secrets):
        for path, value in secrets.items():
            for _ in range(2):  # by either cell
                client = self.server.attested()
                self.assertEqual(client.resource(path), value)
                client.close()

    def test_old_and_new_are_released_after_each_rotation_and_start(self):
        secrets = {}
        for n in range(3):
            path = "default/db/s%d" % n
            secrets[path] = self.server.put_secret(path)
            self.released(secrets)
            shown = self.server.warder("keyring", "rotate")
            self.assertEqual(shown["keyring_term"], n + 2)
            self.released(secrets)
        with open(self.server.path("state/keyring"), "rb") as f:
            self.assertEqual(f.read(4), b"WDKR")
        self.server.stop()
        self.server.start()
        self.released(secrets)
        events = [e["event"] for e in self.server.entries()]
        self.assertEqual(events.count("keyring_rotate"), 3)

    def test_while_older_terms_go_it_waits_its_turn(self):
        secrets = {"default/db/x": self.server.put_secret("default/db/x")}
        slow = [p["pid"] for p in self.server.processes("keeper")
                if p["cell"] == 1][0]
        os.kill(slow, signal.SIGSTOP)  # every change takes its whole time
        try:
            self.server.warder("keyring", "rotate")
            wait_until(lambda: "terms_dropped" in self.server.log_text(),
                       "the first term to be dropped")
            shown = self.server.warder("keyring", "rotate")
            self.assertEqual(shown["keyring_term"], 3)
        finally:
            os.kill(slow, signal.SIGCONT)
        self.released(secrets)

    def test_without_the_right_it_is_refused(self):
        made = self.server.warder("token", "create", "--user", "other",
                                  "--rule", "seal:migrate")
        path = self.server.path("other.token")
        with open(path, "w", encoding="ascii") as f:
            f.write(made["token"])
        os.chmod(path, 0o600)
        self.server.token_file, mine = path, self.server.token_file
        with self.assertRaises(Failed) as refused:
            self.server.warder("keyring", "rotate")
        self.assertIn("permission_denied", str(refused.exception))
        self.server.token_file = mine
        self.assertEqual(
            self.server.warder("keyring", "rotate")["keyring_term"], 2)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)
