"""Every role killed in the middle of work comes back by itself, unsealed, and
nothing that was acknowledged is lost.
"""
import os
import signal
import threading
import time
import unittest

from whole import MRENCLAVE, SECRET, Refused, Whole, wait_until

ROLES = ("front", "keeper", "verify", "scribe", "seal", "admin-front")


class Kills(unittest.TestCase):
    def setUp(self):
        self.server = Whole()
        self.server.start()
        self.policy = self.server.add_policy()
        self.secret = self.server.put_secret(policy_id=self.policy)

    def tearDown(self):
        self.server.remove()

    def serves(self):
        try:
            return self.server.attested().resource(SECRET) == self.secret
        except (Refused, OSError):
            return False

    def restarts(self, role):
        return sum(p["restarts"] for p in self.server.processes(role))

    def admin_answers(self):
        try:
            return self.server.is_ready()
        except Exception:  # the admin door itself may be away
            return False

    def test_each_role_comes_back(self):
        for role in ROLES:
            with self.subTest(role=role):
                before = self.restarts(role)
                for process in self.server.processes(role):
                    os.kill(process["pid"], signal.SIGKILL)
                wait_until(self.admin_answers, "readiness after " + role)
                wait_until(self.serves, "release after " + role)
                self.assertGreater(self.restarts(role), before)
                self.assertIn(SECRET, [
                    x["path"] for x in
                    self.server.warder("secret", "list")["items"]])

    def test_under_load(self):
        """Clients that keep asking see refusals, never a wrong answer, and no
        request hangs."""
        stop, wrong, served = threading.Event(), [], [0]

        def ask():
            client = self.server.client()
            quotes = 0
            while not stop.is_set():
                try:
                    client.auth()
                    quotes += 1
                    name = "quote-%d" % threading.get_ident()
                    path = self.server.path(name)
                    self.server.run(
                        "swtee", "quote", "--dir", self.server.path("swtee"),
                        "--tee", "sgx", "--mrenclave", MRENCLAVE,
                        "--report-data", client.runtime_digest().hex(),
                        "--output", path)
                    with open(path, "rb") as f:
                        client.attest(f.read())
                    if client.resource(SECRET) != self.secret:
                        wrong.append("another secret")
                    served[0] += 1
                except Refused as refused:
                    if refused.status not in (401, 503):
                        wrong.append(str(refused))
                except OSError as error:
                    if isinstance(error, TimeoutError):
                        wrong.append("hung")
                    time.sleep(0.01)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for role in ("verify", "keeper", "scribe", "front", "seal"):
                time.sleep(0.7)
                for process in self.server.processes(role):
                    if process["cell"] != "admin" and process["pid"]:
                        os.kill(process["pid"], signal.SIGKILL)
                wait_until(self.admin_answers, "readiness after " + role)
        finally:
            stop.set()
            for thread in threads:
                thread.join(30)
        self.assertEqual(wrong, [])
        self.assertGreater(served[0], 0)

    def test_supervisor_killed(self):
        """Roles do not outlive it; the next start finds everything."""
        pids = [p["pid"] for p in self.server.processes()]
        self.server.stop(signal.SIGKILL)
        wait_until(lambda: not any(os.path.exists("/proc/%d" % p)
                                   for p in pids), "end of the roles")
        self.server.start()
        wait_until(self.serves, "release after a restart")
        events = [e["event"] for e in self.server.entries()]
        self.assertIn("secret_put", events)

    def test_reload_replaces_the_cells(self):
        before = {p["pid"] for p in self.server.processes("keeper")}
        self.server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.admin_answers() and not before & {
            p["pid"] for p in self.server.processes("keeper")},
            "new keepers")
        wait_until(self.serves, "release after a reload")


class Passphrase(unittest.TestCase):
    def test_killed_keeper_is_unsealed_by_seal_and_killed_seal_is_not(self):
        server = Whole(passphrase="a passphrase of some length")
        try:
            server.start()
            self.assertTrue(server.status()["sealed"])
            with self.assertRaises(Exception) as wrong:
                server.unseal("another passphrase, wrong")
            self.assertIn("unseal_refused", str(wrong.exception))
            self.wait_out(server)
            server.import_collateral()
            policy = server.add_policy()
            secret = server.put_secret(policy_id=policy)
            for process in server.processes("keeper"):
                os.kill(process["pid"], signal.SIGKILL)
            wait_until(lambda: self.ready(server), "unsealed keepers")
            self.assertEqual(server.attested().resource(SECRET), secret)
            for process in server.processes("seal"):
                os.kill(process["pid"], signal.SIGKILL)
            wait_until(lambda: self.ready(server), "seal back")
            self.assertEqual(server.attested().resource(SECRET), secret)
            for process in server.processes("keeper"):
                if process["cell"] == "admin":
                    os.kill(process["pid"], signal.SIGKILL)
            wait_until(lambda: self.sealed(server), "a sealed keeper")
            self.wait_out(server)
            self.assertEqual(server.attested().resource(SECRET), secret)
        finally:
            server.remove()

    def ready(self, server):
        try:
            return server.is_ready()
        except Exception:
            return False

    def sealed(self, server):
        try:
            return server.status()["sealed"]
        except Exception:  # the keeper is on its way
            return False

    def wait_out(self, server):
        """Unseals; a wrong attempt before makes the server wait."""
        def attempt():
            try:
                return not server.unseal()["sealed"]
            except Exception as refused:
                assert "rate_limited" in str(refused), refused
                time.sleep(0.2)
                return False
        wait_until(attempt, "unsealing")
        wait_until(lambda: self.ready(server), "readiness")


if __name__ == "__main__":
    unittest.main(argv=["test_kills"], verbosity=2)
