"""Leases outlive whatever happens to the server: the log is their record, and
the index is completed from it.
"""
import contextlib
import glob
import json
import os
import signal
import unittest

from whole import SECRET, Whole, open_release, wait_until


class Index(unittest.TestCase):
    def setUp(self):
        self.server = Whole()
        self.addCleanup(self.server.remove)
        self.server.start()
        policy = self.server.add_policy()
        self.server.put_secret(policy_id=policy)

    def releases(self, n):
        """The leases of N releases that were answered."""
        client = self.server.attested()
        return [open_release(client.resource(SECRET, native=True),
                             self.server.release_key)["lease"]["id"]
                for _ in range(n)]

    def listed(self):
        done = self.server.run(
            "lease", "list", "--admin", self.server.socket, "--token-file",
            self.server.token_file, "--json")
        pages, text = [], done.stdout.decode().strip()
        while text:
            page, end = json.JSONDecoder().raw_decode(text)
            pages.append(page)
            text = text[end:].lstrip()
        return {lease["id"]: lease for page in pages
                for lease in page["items"]}

    def expect(self, leases):
        wait_until(lambda: set(leases) <= set(self.listed()),
                   "index of all leases")

    def test_killed_right_after_releases(self):
        """Nothing that was acknowledged is missing after the next start."""
        pids = [p["pid"] for p in self.server.processes()]
        leases = self.releases(150)
        os.kill(self.server.process.pid, signal.SIGKILL)
        for pid in pids:  # which end with their supervisor anyhow
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.server.stop(signal.SIGKILL)
        wait_until(lambda: not any(os.path.exists("/proc/%d" % p)
                                   for p in pids), "end of the roles")
        self.server.start()
        self.expect(leases)
        lease = self.listed()[leases[-1]]
        self.assertEqual(lease["path"], SECRET)
        self.assertGreater(lease["expires"], lease["made"])

    def test_keeper_killed_right_after_releases(self):
        keepers = [p["pid"] for p in self.server.processes("keeper")]
        leases = self.releases(50)
        for pid in keepers:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self.all_ready(), "keepers")
        self.expect(leases)

    def all_ready(self):
        try:
            return self.server.is_ready()
        except Exception:  # the admin door itself may be away
            return False

    def test_index_that_is_gone_is_made_from_the_log(self):
        """As after a restart of the machine, which replaces sessions.db."""
        leases = self.releases(250)
        self.expect(leases)
        self.server.stop()
        for name in glob.glob(self.server.path("state/sessions.db*")):
            os.unlink(name)
        self.server.start()
        self.expect(leases)
        self.assertIn("leases_completed", self.server.log_text())


if __name__ == "__main__":
    unittest.main(argv=["test_leases"], verbosity=2)
