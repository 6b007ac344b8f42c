"""The seal within a whole server: what an operator sees of it."""
import os
import shutil
import signal
import sys
import unittest

from server_rig import Failed, Server, wait_until

BUILD = os.path.abspath(sys.argv[1])
PASSPHRASE = "a passphrase of " + os.urandom(8).hex()


class Whole(unittest.TestCase):
    def serve(self, passphrase=PASSPHRASE, start=True, **options):
        server = Server(BUILD, passphrase=passphrase, **options)
        self.addCleanup(server.remove)
        if start:
            server.start()
        return server

    def pids(self, server, role):
        return [p["pid"] for p in server.processes(role)]

    def answers(self, do):
        """What DO gives, or None while a role is on its way."""
        try:
            return do()
        except Failed:
            return None

    def refusal(self, do):
        with self.assertRaises(Failed) as refused:
            do()
        return str(refused.exception)

    def test_keeper_that_is_stuck_is_ended_before_the_answer(self):
        server = self.serve(cells=2)
        server.unseal()
        stuck = [p["pid"] for p in server.processes("keeper")
                 if p["cell"] == 1][0]
        os.kill(stuck, signal.SIGSTOP)
        self.assertTrue(server.warder("seal")["sealed"])
        self.assertFalse(self.runs(stuck), "the stuck keeper still has keys")
        wait_until(lambda: stuck not in self.pids(server, "keeper") and
                   len(self.pids(server, "keeper")) == 3, "a new keeper")
        self.assertFalse(server.public_ready())
        self.assertFalse(server.unseal()["sealed"])
        wait_until(server.public_ready, "readiness")

    @staticmethod
    def runs(pid):
        """A process that is dead but not yet waited for does not."""
        try:
            with open("/proc/%d/stat" % pid, encoding="ascii") as f:
                return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
        except OSError:
            return False

    def test_seal_that_was_started_again_can_still_seal(self):
        server = self.serve()
        server.unseal()
        wait_until(server.public_ready, "readiness")
        seal = self.pids(server, "seal")[0]
        os.kill(seal, signal.SIGKILL)
        wait_until(lambda: self.pids(server, "seal") not in ([], [seal]),
                   "a new seal")
        self.assertTrue(server.public_ready(), "keepers that have keys go on")
        said = wait_until(
            lambda: self.answers(lambda: server.warder("seal")), "a seal")
        self.assertTrue(said["sealed"])
        self.assertFalse(server.public_ready())
        self.assertTrue(server.status()["sealed"])

    def test_store_under_another_root_key(self):
        server, other = self.serve(start=False), self.serve(start=False)
        for name in os.listdir(server.path("state")):
            if name.startswith(("store.db", "sessions.db", "upstream.db")):
                shutil.copy(other.path("state/" + name),
                            server.path("state/" + name))
        server.start()
        self.assertIn("wrong_store", self.refusal(server.unseal))
        self.assertTrue(server.status()["sealed"])
        self.assertFalse(server.public_ready())

    def test_operators_open_it_together(self):
        server = self.serve(passphrase=None, seal=(
            "--shares", "3", "--threshold", "2"))
        shares = server.made["shares"]
        give = lambda share, *more: server.warder(
            "unseal", "--passphrase-file", "-", *more, stdin=share.encode())
        first = give(shares[2])
        self.assertEqual((first["sealed"], first["progress"]), (True, 1))
        shown = server.status()["seal"]
        self.assertEqual({k: shown[k] for k in (
            "kind", "nonce", "progress", "shares", "threshold")}, {
            "kind": "shamir", "nonce": first["nonce"], "progress": 1,
            "shares": 3, "threshold": 2})
        self.assertIn("exists", self.refusal(lambda: give(shares[2])))
        self.assertIn("conflict", self.refusal(lambda: give(
            shares[0], "--nonce", "00000000-0000-4000-8000-000000000000")))
        self.assertEqual(server.warder("unseal", "--reset")["progress"], 0)
        self.assertIsNone(server.status()["seal"]["nonce"])
        nonce = give(shares[0])["nonce"]
        self.assertFalse(give(shares[2], "--nonce", nonce)["sealed"])
        wait_until(server.public_ready, "readiness")
        entries = [item["entry"] for item in
                   server.warder("audit", "tail")["items"]]
        self.assertEqual(
            [e.get("detail") for e in entries if e["event"] == "unseal"],
            ["share 1 of 2", "the shares given were forgotten",
             "share 1 of 2", None])

    def test_file_seal_is_opened_by_asking(self):
        server = self.serve(passphrase=None)
        self.assertTrue(any("DEVELOPMENT" in warning for warning in
                            server.status()["warnings"]))
        self.assertTrue(server.warder("seal")["sealed"])
        self.assertFalse(server.warder("unseal", stdin=b"")["sealed"])
        wait_until(server.public_ready, "readiness")

    def test_wrong_passphrase_says_how_long_to_wait(self):
        server = self.serve()
        said = self.refusal(lambda: server.unseal("another one than that"))
        self.assertIn("unseal_refused", said)
        # The wait may be over before the next attempt, but it grows.
        while "rate_limited" not in said:
            said = self.refusal(lambda: server.unseal("wrong once more"))
        self.assertRegex(said, r"wait [0-9]+ s\b")
        wait_until(lambda: self.answers(server.unseal), "another attempt", 70)
        self.assertIn("not_sealed", self.refusal(server.unseal))


if __name__ == "__main__":
    signal.alarm(170)
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)
