#!/usr/bin/env python3
"""Leases of a backend when something is in the way: the table that remembers them
cannot be written, the backend hangs, or dies, when they are to end."""
import concurrent.futures
import os
import signal
import sqlite3
import sys
import tempfile
import unittest

import small_disk
from backend_rig import Folder
from coco_client import open_release
from server_rig import wait_until
from whole import policy, refusal

SOON = 15


class Case(unittest.TestCase):
    def setUp(self):
        self.server = Folder(conf="mode = lease")
        self.addCleanup(self.server.remove)
        self.server.start()
        self.policy = self.server.add_policy(policy(lease_seconds=50))
        self.data = os.urandom(32)
        self.server.put("dyn", self.data)
        self.key = self.server.warder(
            "key", "attach", "--kind", "aes-256", "--name", "dyn", "--policy",
            self.policy)
        self.path = self.server.path_of(self.key)

    def get(self, client=None, replaces=None):
        client = client or self.server.attested()
        return open_release(client.resource(
            self.path, native=True, replaces=replaces),
            self.server.release_key)

    def revoke(self, release):
        self.server.warder("lease", "revoke", release["lease"]["id"])

    def given_back(self, n=1):
        wait_until(lambda: len(self.server.calls("revoke")) >= n,
                   "a lease given back", SOON)

    def logged(self):
        return [e for e in self.server.entries()
                if e["event"] == "upstream_revoked"]

    def rows(self):
        with sqlite3.connect(self.server.path("state/upstream.db")) as db:
            found = db.execute("select ending, secret is null, failures "
                               "from upstream").fetchall()
        db.close()
        return found

    def done(self):
        wait_until(lambda: self.rows() == [], "the end of its row", SOON)


class Leases(Case):
    def test_a_renewal_renews_theirs(self):
        first = self.get()
        second = self.get(replaces=first)
        self.assertEqual(first["key"], second["key"])
        self.assertEqual(len(self.server.calls("fetch")), 1)
        self.assertEqual(self.server.calls("renew"), ["renew lease-dyn"])
        self.assertEqual(self.rows(), [(0, 0, 0)])
        self.revoke(second)
        self.given_back()
        self.done()
        self.assertEqual([e["result"] for e in self.logged()], ["allow"])
        self.assertEqual(self.logged()[0]["lease"], second["lease"]["id"])

    def test_what_cannot_be_remembered_is_not_released(self):
        client = self.server.attested()
        db = sqlite3.connect(self.server.path("state/upstream.db"),
                             isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        try:
            got = refusal(client.resource, self.path)
        finally:
            db.close()
        self.assertGreaterEqual(got.status, 500)
        self.given_back()
        self.assertEqual(self.rows(), [])
        self.assertEqual(len(self.get(client)["key"]["bytes"]), 43)

    def test_what_cannot_be_renewed_in_the_table_is_not_released(self):
        first = self.get()
        client = self.server.attested()
        db = sqlite3.connect(self.server.path("state/upstream.db"),
                             isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        try:
            got = refusal(client.resource, self.path, native=True,
                          replaces=first)
        finally:
            db.close()
        self.assertGreaterEqual(got.status, 500)
        self.assertEqual(self.server.calls("revoke"), [])
        self.assertEqual(self.get(client, replaces=first)["key"],
                         first["key"])

    def test_a_backend_that_hangs_gets_it_later(self):
        release = self.get()
        self.server.put("hang")
        self.revoke(release)
        wait_until(lambda: self.rows() and self.rows()[0] == (1, 1, 1),
                   "a failure", SOON)
        self.server.drop("hang")
        self.done()
        self.assertEqual([e["result"] for e in self.logged()][-1], "allow")
        self.assertNotEqual(self.logged()[0]["result"], "allow")

    def test_a_backend_that_dies_gets_it_later(self):
        release = self.get()
        self.server.put("die")
        self.revoke(release)
        self.given_back()  # or so it was asked
        self.server.drop("die")
        self.done()

    def test_bytes_of_a_row_that_was_changed_are_not_released(self):
        first, other = self.get(), self.get()
        with sqlite3.connect(self.server.path("state/upstream.db")) as db:
            rows = db.execute("select id, secret from upstream").fetchall()
            self.assertEqual(len(rows), 2)
            db.execute("update upstream set secret = ? where id = ?",
                       (rows[1][1], rows[0][0]))
            db.execute("update upstream set secret = ? where id = ?",
                       (rows[0][1], rows[1][0]))
        db.close()
        for release in (first, other):  # each is made anew
            self.get(replaces=release)
        self.assertEqual(len(self.server.calls("fetch")), 4)


class Lost(Case):
    def lost_while_it_waits(self, lose):
        """The secret is made, its entry is not written: LOSE says how the log
        ends then, given the process that should."""
        client = self.server.attested()
        scribe = self.server.processes("scribe")[0]["pid"]
        os.kill(scribe, signal.SIGSTOP)
        try:
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                answer = pool.submit(refusal, client.resource, self.path,
                                     native=True)
                wait_until(lambda: self.rows() == [(0, 0, 0)],
                           "a secret that is remembered", SOON)
                self.assertEqual(len(self.server.calls("fetch")), 1)
                self.assertFalse(answer.done())
                lose(scribe)
                got = answer.result(SOON + 10)
        finally:
            try:
                os.kill(scribe, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it was ended for it
        self.assertEqual((got.status, got.type), (503, "AuditUnavailable"))
        self.given_back()
        self.assertEqual(self.server.calls("revoke"), ["revoke lease-dyn"])
        self.done()
        wait_until(lambda: self.server.status()["log"]["writable"], "a log",
                   SOON)
        entries = self.server.entries()
        self.assertEqual([e for e in entries if e["event"] == "release" and
                          e["result"] == "allow"], [])
        self.assertEqual(len(self.logged()), 1)
        # The next one gets a new one.
        self.assertEqual(len(self.get(client)["key"]["bytes"]), 43)
        self.assertEqual(len(self.server.calls("fetch")), 2)

    def test_the_log_dies_when_the_secret_was_just_made(self):
        self.lost_while_it_waits(lambda pid: os.kill(pid, signal.SIGKILL))

    def test_the_log_hangs_when_the_secret_was_just_made(self):
        self.lost_while_it_waits(lambda pid: None)


class Full(unittest.TestCase):
    def test_a_full_disk(self):
        if not small_disk.folder():
            self.skipTest("NO MOUNT NAMESPACE: full disk not tried")
        tempfile.tempdir = small_disk.folder()
        case = Leases()
        case.setUp()
        try:
            self.fill_and_ask(case)
        finally:
            case.doCleanups()

    def fill_and_ask(self, case):
        client = case.server.attested()
        first = case.get(client)
        ballast = small_disk.fill()
        refused = 0
        for _ in range(30):  # room that a file has already is used up first
            try:
                case.get(client)
            except Exception:  # any refusal, or no answer
                refused += 1
        self.assertGreater(refused, 0)
        rows = len(case.rows())
        self.assertLessEqual(rows, 31 - refused)
        os.unlink(ballast)
        wait_until(lambda: case.server.status()["log"]["writable"], "room")
        self.assertEqual(case.get(client, replaces=first)["key"],
                         first["key"])


if __name__ == "__main__":
    small_disk.go_inside()
    unittest.main(argv=["test_leases.py"] + sys.argv[3:], verbosity=2)
