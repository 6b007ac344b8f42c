"""Tiles and checkpoints as scribe makes them, read by another hand."""
import json
import os
import random
import shutil
import struct
import time

import log_reader
from scribe_rig import ScribeTest, entry, main


class Checkpoints(ScribeTest):
    def test_every_entry_comes_under_a_checkpoint_by_itself(self):
        scribe = self.start()
        for n in (1, 2, 253, 1, 500):
            scribe.keeper.append(*[entry(i, i % 700) for i in range(n)])
            scribe.keeper.wait_durable()
            self.await_size(scribe.keeper.size)
            self.assertEqual(log_reader.check_tiles(self.folder),
                             scribe.keeper.size)

    def test_full_tiles_do_not_wait_for_the_second(self):
        scribe = self.start()
        scribe.keeper.append(*[entry(i) for i in range(600)])
        scribe.keeper.wait_durable()
        self.await_size(512)
        scribe.drain()
        self.assertEqual(log_reader.check_tiles(self.folder), 601)

    def test_the_last_checkpoint_is_over_everything(self):
        scribe = self.start()
        scribe.keeper.append(*[entry(i) for i in range(7)])
        scribe.keeper.count("malformed", "::/48", 3)
        scribe.keeper.wait_durable()
        scribe.drain()
        self.assertEqual(log_reader.check_tiles(self.folder), 9)

    def test_the_log_is_named_after_the_server(self):
        self.start(server_name="release.example.org").drain()
        self.assertEqual(log_reader.note_key(self.folder)[0],
                         "release.example.org/log")

    def test_a_kill_leaves_what_can_be_continued(self):
        dice = random.Random(time.time_ns())
        last = 0
        for _ in range(20):
            scribe = self.start()
            keeper = scribe.keeper
            keeper.wait_state(True)
            keeper.append(*[entry(i) for i in range(dice.randrange(300))])
            time.sleep(dice.random() * 0.05)
            scribe.kill()
            try:
                size = log_reader.check_tiles(self.folder)
            except FileNotFoundError:
                size = 0
            self.assertGreaterEqual(size, last)
            last = size
        scribe = self.start()
        scribe.keeper.wait_state(True)
        self.await_tiles(scribe)
        scribe.drain()
        self.assertEqual(log_reader.check_tiles(self.folder),
                         len(log_reader.entries(self.folder)))

    def test_tiles_that_are_gone_are_made_again(self):
        scribe = self.start()
        scribe.keeper.append(*[entry(i) for i in range(1500)])
        scribe.keeper.wait_durable()
        self.await_tiles(scribe)
        scribe.drain()
        shutil.rmtree(os.path.join(self.folder, "tile"))
        scribe = self.start()
        scribe.keeper.wait_state(True)
        self.await_tiles(scribe)
        scribe.drain()
        self.assertEqual(log_reader.check_tiles(self.folder), 1502)


class Distrust(ScribeTest):
    """Entries are not taken into a log that is not the one that was signed."""

    def made(self, n):
        scribe = self.start()
        scribe.keeper.wait_state(True)
        for i in range(n):
            scribe.keeper.append(entry(i))
            scribe.keeper.wait_durable()
        scribe.drain()

    def assert_not_writable(self, why):
        before = log_reader.entries(self.folder)
        scribe = self.start()
        self.assertIn(why, scribe.keeper.wait_state(False)["why"])
        scribe.keeper.append(entry(99))
        self.assertEqual(scribe.told()[0], "BAD_PEER")
        scribe.kill()
        self.assertEqual(log_reader.entries(self.folder), before)

    def rewrite(self, entries):
        """A journal of these entries, its hashes in order."""
        shutil.rmtree(os.path.join(self.folder, "journal"))
        os.mkdir(os.path.join(self.folder, "journal"), 0o700)
        data = struct.pack("<8sIIQQ", b"WDJOURN\0", 1, 0, 1, 0)
        for i, e in enumerate(entries):
            data += struct.pack("<IIQQ32s", len(e), 0, i, i,
                                log_reader.leaf_hash(e)) + e
            data += bytes(-len(e) % 8)
        with open(os.path.join(self.folder, "journal", "00000001"), "wb") as f:
            f.write(data)
        self.assertEqual(log_reader.entries(self.folder), entries)

    def test_a_log_that_was_cut(self):
        self.made(5)
        self.rewrite(log_reader.entries(self.folder)[:4])
        self.assert_not_writable("was cut")

    def test_an_edited_log_with_hashes_made_to_fit(self):
        # What is in full tiles is left to `warder audit verify`.
        for size in (5, 300):
            self.made(size)
            entries = log_reader.entries(self.folder)
            entries[size - 3] = entry(77)
            self.rewrite(entries)
            self.assert_not_writable("not those that were signed")
            shutil.rmtree(self.folder)
            os.mkdir(self.folder)

    def test_a_checkpoint_by_another_key(self):
        self.made(3)
        other = os.path.join(self.folder, "other")
        os.mkdir(other)
        folder, self.folder = self.folder, other
        self.made(3)
        self.folder = folder
        shutil.copy(os.path.join(other, "checkpoint"), self.folder)
        self.assert_not_writable("not signed by the key")

    def test_a_key_that_is_missing(self):
        self.made(3)
        os.unlink(os.path.join(self.folder, "checkpoint.key"))
        self.assert_not_writable("checkpoint.key")

    def test_it_is_looked_at_again_without_a_restart(self):
        self.made(3)
        key = os.path.join(self.folder, "checkpoint.key")
        os.rename(key, key + ".away")
        scribe = self.start()
        scribe.keeper.wait_state(False)
        os.rename(key + ".away", key)
        scribe.keeper.wait_state(True)
        scribe.keeper.append(entry(1))
        scribe.keeper.wait_durable()
        scribe.drain()
        log_reader.check_tiles(self.folder)
        opened = [json.loads(e) for e in log_reader.entries(self.folder)]
        self.assertEqual([e["event"] for e in opened][-2:],
                         ["log_opened", "test"])


if __name__ == "__main__":
    main()
