#!/usr/bin/env python3
"""What was leased ends, and what was not stays, whatever becomes of the server or
of OpenBao in between."""
import os
import signal
import subprocess

from dynamic_rig import SOON, Case, main
from server_rig import wait_until


class Away(Case):
    """OpenBao, or the server, is away when something is to end."""

    def metric(self, state):
        text = subprocess.run(
            ["curl", "-s", "-m", "5", "--unix-socket", self.server.socket,
             "http://localhost/metrics"], stdout=subprocess.PIPE, text=True,
            check=True, timeout=10)
        for line in text.stdout.splitlines():
            if line.startswith("warder_backend_leases") and state in line:
                return int(line.split()[-1])
        return None

    def test_openbao_is_down_and_comes_back(self):
        path = self.attach()
        release = self.get(path)
        self.bao.kill()
        self.revoke("lease", release["lease"]["id"])
        wait_until(lambda: "failed" in (self.shown(release) or ""),
                   "a failure that is shown", 25)
        first = self.logged(release)
        self.assertNotEqual(first[0]["result"], "allow")
        wait_until(lambda: self.metric("failing") == 1, "its metric", SOON)
        self.assertTrue(self.there(release))
        self.bao.start()
        self.bao.unseal()
        self.ended(release)
        wait_until(lambda: self.entries(release)[-1]["result"] == "allow",
                   "its end in the log", SOON)
        wait_until(lambda: self.shown(release) is None or
                   self.shown(release) == "", "the end", SOON)

    def test_a_renewal_while_openbao_is_down(self):
        self.role("long", "10m", "1h")
        path = self.attach("database/creds/long", lease_seconds=20)
        first = self.get(path)
        self.bao.kill()
        second = self.get(path, replaces=first)
        self.assertEqual(second["data"], first["data"])
        self.bao.start()
        self.bao.unseal()
        self.revoke("lease", second["lease"]["id"])
        self.ended(first)

    def test_the_keeper_is_killed(self):
        path = self.attach()
        release = self.get(path)
        self.bao.kill()
        self.revoke("lease", release["lease"]["id"])
        for p in self.server.processes("keeper"):
            os.kill(p["pid"], signal.SIGKILL)
        wait_until(self.server.public_ready, "readiness", 30)
        self.bao.start()
        self.bao.unseal()
        self.ended(release)

    def test_the_server_is_started_again(self):
        path = self.attach(lease_seconds=20)
        revoked, over = self.get(path), self.get(path)
        short = self.get(self.attach(lease_seconds=1))
        kept = self.get(path)
        self.bao.kill()
        self.revoke("lease", revoked["lease"]["id"])
        self.server.stop()
        self.bao.start()
        self.bao.unseal()
        self.server.start()
        self.ended(revoked, short)
        self.assertTrue(self.there(kept))
        self.assertEqual(self.get(path, replaces=kept)["data"], kept["data"])
        self.revoke("key", path.split("/")[-1])
        self.ended(over, kept)


main("test_dynamic_away.py")
