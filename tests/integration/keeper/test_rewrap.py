"""A keeper that encrypts what is stored anew after a rotation: it is killed at
each of its writes, and nothing is lost; what was dropped is not needed."""
import os
import shutil
import socket
import sqlite3
import tempfile
import unittest

from keeper_rig import (AES256, KEEPER, KEEPER_PROGRAM, SEAL, SEAL_PROGRAM,
                        KeeperTest, Peer, Role, Server, main)
from torture import can_trace

SECRETS = {"default/db/s%d" % n: os.urandom(24) for n in range(5)}


def fill(server):
    """Secrets by path; keys, one of them with two versions."""
    for path, value in SECRETS.items():
        server.do("SECRET_PUT", path=path, bytes=value)
    for _ in range(2):
        key = server.do("KEY_CREATE", kind=AES256)["id"]
    server.do("KEY_ROTATE", id=key)


def terms_of_rows(state):
    """Rows of each term, as the store has them."""
    db = sqlite3.connect(os.path.join(state, "store.db"))
    found = {}
    for table in ("versions", "secrets"):
        for wrapped, in db.execute(
                "SELECT wrapped FROM %s WHERE wrapped IS NOT NULL" % table):
            term = int.from_bytes(wrapped[:4], "little")
            found[term] = found.get(term, 0) + 1
    db.close()
    return found


class Rewrap(KeeperTest):
    def rotate(self):
        self.server.do("KEYRING_ROTATE")

    def cleared(self, term, **more):
        """All rows are under TERM, and there is no other."""
        s = self.server
        self.assertEqual(s.logged()["event"], "keyring_drop")
        s.confirm()
        s.until(keyring_term=term, keyring_terms=1, keyring_rows_left=0,
                **more)
        self.assertEqual(list(terms_of_rows(s.state)), [term])

    def check(self):
        for path, value in SECRETS.items():
            self.assertEqual(
                self.server.do("SECRET_GET", path=path)["bytes"], value)

    def test_all_rows_come_under_the_newest_term(self):
        fill(self.server)
        self.assertEqual(terms_of_rows(self.server.state), {1: 8})
        self.rotate()
        self.cleared(2)
        self.check()

    def test_a_hundred_rotations(self):
        fill(self.server)
        for n in range(2, 102):
            self.rotate()
            self.cleared(n)
        self.check()

    def test_a_row_that_does_not_open_keeps_its_term(self):
        s = self.server
        fill(s)
        db = sqlite3.connect(os.path.join(s.state, "store.db"))
        db.execute("UPDATE secrets SET wrapped = CAST(wrapped || x'00' AS BLOB)"
                   " WHERE path = 'default/db/s3'")
        db.commit()
        db.close()
        self.rotate()
        s.until(keyring_term=2, keyring_terms=2, keyring_rows_left=1)
        self.assertEqual(terms_of_rows(s.state), {1: 1, 2: 7})
        self.assertIn("do not open", s.do("STATUS")["warnings"])
        self.rotate()
        self.cleared_up_to_bad()
        s.do("SECRET_DELETE", path="default/db/s3")

    def cleared_up_to_bad(self):
        self.server.until(keyring_term=3, keyring_terms=3,
                          keyring_rows_left=1)
        self.assertEqual(terms_of_rows(self.server.state), {1: 1, 3: 7})

    def begin_backup(self):
        s = self.server
        s.ask("BACKUP_BEGIN")
        request, _ = s.scribe.take("LOG_NOTE")
        s.scribe.reply("LOG_NOTE", request, {
            "size": 7, "checkpoint": b"a note", "key": b"a key"})
        s.logged()
        s.confirm()
        return s.answer("BACKUP_BEGIN")["backup"]

    def end_backup(self, backup):
        s, offset = self.server, 0
        while True:
            s.ask("BACKUP_ROWS", id=backup, offset=offset)
            rows = s.answer("BACKUP_ROWS")["rows"]
            if not rows:
                break
            offset += len(rows)
        s.do("BACKUP_END", id=backup)

    def test_a_backup_is_not_disturbed(self):
        s = self.server
        fill(s)
        backup = self.begin_backup()
        self.rotate()
        s.until(keyring_term=2)
        self.assertTrue(s.scribe.is_silent(2.5))
        self.assertEqual(terms_of_rows(s.state), {1: 8})
        self.end_backup(backup)
        self.cleared(2)

    def test_another_seal_in_the_middle(self):
        s = self.server
        fill(s)
        backup = self.begin_backup()
        self.rotate()
        s.until(keyring_term=2, keyring_terms=2)
        s.ask("SEAL_MIGRATE", kind="file")
        for event in ("seal_migrate", "seal_migrated"):
            self.assertEqual(s.logged()["event"], event)
            s.confirm()
        s.answer("SEAL_MIGRATE")
        self.assertEqual(terms_of_rows(s.state), {1: 8})
        self.end_backup(backup)
        self.cleared(2)
        s.kill_keeper()
        s.start_keeper()
        self.check()


class Again(Server):
    """A server over a state that there is; WRAPPER goes before the keeper."""

    def __init__(self, folder, token, wrapper=()):
        self.folder, self.config, self.token = folder, {}, token
        self.state = os.path.join(folder, "state")
        self.entries = []
        self.seal = Role([SEAL_PROGRAM], {"role": SEAL}, self.state)
        self.seal.start()
        self.wrapper = wrapper
        self.front = self.verify = self.scribe = None
        self.keeper = None

    def program(self):
        return [*self.wrapper, KEEPER_PROGRAM]

    def close(self):
        for part in (self.keeper, self.seal, self.front, self.verify,
                     self.scribe):
            if part is not None:
                part.close()


@unittest.skipUnless(can_trace(), "strace cannot be used here")
class Killed(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rewrap-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        server = Server(self.folder)
        try:
            fill(server)
            server.kill_keeper()
            self.rotate(server)
        finally:
            server.close()
        self.token, self.state = server.token, server.state
        self.made = os.path.join(self.folder, "made")
        os.rename(self.state, self.made)
        self.assertEqual(terms_of_rows(self.made), {1: 8})

    def rotate(self, server):
        """Without a keeper that would go on."""
        ours, theirs = socket.socketpair()
        server.seal.attach(KEEPER, theirs, 65535)
        peer = Peer(ours)
        request = peer.ask("SEAL_ROTATE")
        name, _, number, answer = peer.receive()
        self.assertEqual((name, number, answer["result"]),
                         ("SEAL_ROTATE", request, 0))
        peer.close()

    def run_until_dropped(self, *wrapper):
        """False: it was killed before."""
        server = Again(self.folder, self.token, wrapper)
        try:
            server.start_keeper()
            self.assertEqual(server.logged()["event"], "keyring_drop")
            server.confirm()
            server.until(keyring_terms=1, keyring_term=2)
            return server.keeper.process.poll() is None
        except (OSError, AssertionError):
            if not wrapper:
                raise
            return False
        finally:
            server.close()

    def get(self, server, path):
        """If the term was dropped only now, its entry comes in between."""
        server.ask("SECRET_GET", path=path)
        while server.logged()["event"] == "keyring_drop":
            server.confirm()
        server.confirm()
        return server.answer("SECRET_GET")["bytes"]

    def check(self, where):
        """Whoever comes next finds every secret, and nothing else to do."""
        server = Again(self.folder, self.token)
        try:
            server.start_keeper()
            server.until(keyring_term=2, keyring_terms=1)
            for path, value in SECRETS.items():
                self.assertEqual(self.get(server, path), value, where)
        finally:
            server.close()
        self.assertEqual(terms_of_rows(self.state), {2: 8}, where)

    def each(self, call, what):
        n, whole, seen = 0, False, set()
        while not whole:
            n += 1
            shutil.rmtree(self.state, True)
            shutil.copytree(self.made, self.state)
            whole = self.run_until_dropped(
                "strace", "-qq", "-o", os.path.join(self.folder, "trace"),
                "-e", "trace=" + call, "-e",
                "inject=%s:%s:when=%d" % (call, what, n))
            seen.update(terms_of_rows(self.state))
            self.check("%s %s %d" % (call, what, n))
        self.assertGreater(n, 3)
        self.assertEqual(seen, {1, 2})  # before it was stored, and after

    def test_at_each_write_nothing_is_lost(self):
        self.each("pwrite64", "signal=KILL")

    def test_at_each_sync_nothing_is_lost(self):
        self.each("fdatasync", "signal=KILL")


if __name__ == "__main__":
    main()
