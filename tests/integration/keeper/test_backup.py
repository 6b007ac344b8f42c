"""Backups at a keeper: one moment of the store, with the files of the seal that
belong to it, in order, by whoever has begun."""
import os
import struct

from keeper_rig import AES256, SEAL, KeeperTest, Refused, main

CHECKPOINT, KEY = b"localhost/log\n7\nroot\n", b"localhost/log+hash+key\n"


class BackupTest(KeeperTest):
    def refused(self, reason, name, **fields):
        with self.assertRaises(Refused) as caught:
            self.server.do(name, **fields)
        self.assertEqual(caught.exception.reason, reason)
        return caught.exception.detail

    def note(self):
        request, _ = self.server.scribe.take("LOG_NOTE")
        self.server.scribe.reply("LOG_NOTE", request, {
            "size": 7, "checkpoint": CHECKPOINT, "key": KEY})

    def begin(self, **who):
        s = self.server
        s.ask("BACKUP_BEGIN", **who)
        self.note()
        self.assertEqual(s.logged()["event"], "backup_begin")
        s.confirm()
        return s.answer("BACKUP_BEGIN")

    def rows(self, backup, offset=0):
        s = self.server
        s.ask("BACKUP_ROWS", id=backup, offset=offset)
        return s.answer("BACKUP_ROWS")["rows"]

    def all_rows(self, backup):
        rows = b""
        while True:
            piece = self.rows(backup, len(rows))
            if not piece:
                return rows
            rows += piece

    def records(self, rows):
        found = []
        while rows:
            size, = struct.unpack_from("<I", rows)
            found.append(rows[4:4 + size])
            rows = rows[4 + size:]
        return found

    def state_file(self, name):
        with open(os.path.join(self.server.state, name), "rb") as f:
            return f.read()


class Backup(BackupTest):
    def test_a_backup_has_the_rows_and_the_files_of_the_seal(self):
        s = self.server
        key = s.do("KEY_CREATE", kind=AES256, label="a label")["id"]
        begun = self.begin()
        self.assertEqual(begun["seal"], self.state_file("seal"))
        self.assertEqual(begun["keyring"], self.state_file("keyring"))
        self.assertEqual(begun["checkpoint"], CHECKPOINT)
        self.assertEqual(begun["log_key"], KEY)
        self.assertEqual(begun["log_entries"], 7)
        rows = self.all_rows(begun["backup"])
        records = self.records(rows)
        self.assertEqual(records[0][:1], b"H")
        self.assertEqual(records[-1][:1], b"E")
        self.assertTrue([r for r in records if key.encode() in r])
        answer = s.do("BACKUP_END", id=begun["backup"])
        self.assertEqual(len(answer["mac"]), 32)
        self.assertIn(b'"log_entries":7', answer["manifest"])
        self.assertEqual(s.entries[-1]["event"], "backup_end")

    def test_changes_that_come_later_are_not_in_it_and_do_not_wait(self):
        s = self.server
        before = s.do("KEY_CREATE", kind=AES256)["id"]
        begun = self.begin()
        after = s.do("KEY_CREATE", kind=AES256)["id"]
        rows = self.all_rows(begun["backup"])
        self.assertIn(before.encode(), rows)
        self.assertNotIn(after.encode(), rows)
        self.assertEqual(len(s.keys()), 2)
        s.do("BACKUP_END", id=begun["backup"])

    def test_pieces_have_a_bound(self):
        s = self.server
        for i in range(20):
            s.do("SECRET_PUT", path="a/b/c%d" % i, bytes=os.urandom(60000))
        begun = self.begin()
        first = self.rows(begun["backup"])
        self.assertLess(len(first), (512 + 100) << 10)
        self.assertGreater(len(first), 500 << 10)
        self.assertTrue(self.rows(begun["backup"], len(first)))

    def test_rows_come_in_order_and_once(self):
        s = self.server
        begun = self.begin()
        self.refused("conflict", "BACKUP_ROWS", id=begun["backup"], offset=1)
        first = self.rows(begun["backup"])
        self.refused("conflict", "BACKUP_ROWS", id=begun["backup"])
        self.assertEqual(self.rows(begun["backup"], len(first)), b"")
        s.do("BACKUP_END", id=begun["backup"])
        self.refused("not_found", "BACKUP_ROWS", id=begun["backup"])
        self.refused("not_found", "BACKUP_END", id=begun["backup"])

    def test_a_backup_that_was_not_read_has_no_manifest(self):
        begun = self.begin()
        self.refused("conflict", "BACKUP_END", id=begun["backup"])

    def test_one_at_a_time(self):
        s = self.server
        other = s.do("TOKEN_CREATE", user="bob", rules="backup:create",
                     seconds=60)["token"].decode()
        begun = self.begin()
        self.refused("conflict", "BACKUP_BEGIN", token=other)
        self.all_rows(begun["backup"])
        s.do("BACKUP_END", id=begun["backup"])
        self.begin(token=other)

    def test_who_begins_again_has_given_up_the_first(self):
        first = self.begin()
        second = self.begin()
        self.refused("not_found", "BACKUP_ROWS", id=first["backup"])
        self.all_rows(second["backup"])
        self.server.do("BACKUP_END", id=second["backup"])

    def test_another_token_does_not_read_on(self):
        s = self.server
        other = s.do("TOKEN_CREATE", user="bob", rules="backup:create",
                     seconds=60)["token"].decode()
        begun = self.begin()
        self.refused("not_found", "BACKUP_ROWS", token=other,
                     id=begun["backup"])
        self.refused("not_found", "BACKUP_END", token=other,
                     id=begun["backup"])

    def test_it_needs_the_right(self):
        s = self.server
        other = s.do("TOKEN_CREATE", user="bob", rules="keys:* server:seal",
                     seconds=60)["token"].decode()
        for name in ("BACKUP_BEGIN", "BACKUP_ROWS", "BACKUP_END"):
            self.refused("permission_denied", name, token=other)
            self.assertEqual(s.entries[-1]["reason"], "permission_denied")
        self.assertTrue(s.scribe.is_silent())

    def test_pieces_have_no_entries_of_their_own(self):
        s = self.server
        begun = self.begin()
        n = len(s.entries)
        self.all_rows(begun["backup"])
        self.assertTrue(s.scribe.is_silent())
        self.assertEqual(len(s.entries), n)

    def test_without_a_log_there_is_none(self):
        s = self.server
        s.ask("BACKUP_BEGIN")
        request, _ = s.scribe.take("LOG_NOTE")
        s.scribe.refuse("LOG_NOTE", request, 27, "gone")
        s.logged()
        s.confirm()
        with self.assertRaises(Refused) as caught:
            s.answer("BACKUP_BEGIN")
        self.assertEqual(caught.exception.reason, "audit_unavailable")
        self.begin() # nothing is left of it

    def test_a_sealed_keeper_makes_none(self):
        s = self.server
        s.do("SEAL")
        self.refused("sealed", "BACKUP_BEGIN")
        self.assertTrue(s.scribe.is_silent())


class Changing(BackupTest):
    """A keyring that is rotated, or another seal, at the same time."""

    def setUp(self):
        super().setUp()
        self.seal = self.server.join(SEAL)
        self.addCleanup(self.seal.close)
        request, _ = self.seal.take("SEAL_HELLO")
        self.seal.reply("SEAL_HELLO", request, {"initialized": True})

    def files(self, keyring, seal=b"seal"):
        request, _ = self.seal.take("SEAL_FILES")
        self.seal.reply("SEAL_FILES", request, {
            "seal": seal, "keyring": keyring})

    def begin_with(self, *keyrings):
        self.server.ask("BACKUP_BEGIN")
        for keyring in keyrings:
            self.files(keyring)

    def end_begin(self):
        self.note()
        self.server.logged()
        self.server.confirm()
        return self.server.answer("BACKUP_BEGIN")

    def test_files_that_have_changed_are_taken_again(self):
        self.begin_with(b"one", b"two", b"two")
        self.assertEqual(self.end_begin()["keyring"], b"two")

    def test_another_seal_is_a_change_as_well(self):
        self.server.ask("BACKUP_BEGIN")
        for seal in (b"old", b"new", b"new"):
            self.files(b"keyring", seal)
        self.assertEqual(self.end_begin()["seal"], b"new")

    def test_the_state_is_taken_after_the_first_look_at_the_files(self):
        s = self.server
        s.ask("BACKUP_BEGIN")
        request, _ = self.seal.take("SEAL_FILES")
        s.ask("KEY_CREATE", kind=AES256) # waits for its turn
        self.seal.reply("SEAL_FILES", request, {
            "seal": b"seal", "keyring": b"one"})
        self.files(b"one")
        begun = self.end_begin()
        s.logged()
        s.confirm()
        key = s.answer("KEY_CREATE")["id"]
        self.assertNotIn(key.encode(), self.all_rows(begun["backup"]))

    def test_what_never_stays_the_same_is_given_up(self):
        s = self.server
        self.begin_with(*(b"%d" % i for i in range(6)))
        with self.assertRaises(Refused) as caught:
            s.answer("BACKUP_BEGIN")
        self.assertEqual(caught.exception.reason, "conflict")
        self.begin_with(b"x", b"x")
        self.end_begin()

    def test_a_file_that_is_missing_is_said(self):
        s = self.server
        s.ask("BACKUP_BEGIN")
        request, _ = self.seal.take("SEAL_FILES")
        self.seal.refuse("SEAL_FILES", request, 20, "there is no keyring")
        with self.assertRaises(Refused) as caught:
            s.answer("BACKUP_BEGIN")
        self.assertEqual(caught.exception.detail, "there is no keyring")

    def test_a_seal_that_goes_away_ends_it(self):
        s = self.server
        s.ask("BACKUP_BEGIN")
        self.seal.take("SEAL_FILES")
        self.seal.close()
        with self.assertRaises(Refused) as caught:
            s.answer("BACKUP_BEGIN")
        self.assertEqual(caught.exception.reason, "unavailable")


if __name__ == "__main__":
    main()
