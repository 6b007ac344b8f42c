"""`warder audit verify` and `prove` on logs that scribe has made."""
import json
import os
import random
import shutil
import threading

import log_reader
from scribe_rig import ScribeTest, entry, main


class Audit(ScribeTest):
    def made(self, n):
        scribe = self.start()
        scribe.keeper.wait_state(True)
        scribe.keeper.append(*[entry(i) for i in range(n)])
        scribe.keeper.wait_durable()
        self.await_tiles(scribe)
        scribe.drain()

    def keep(self, name):
        """A copy of a file of the log, outside of it."""
        kept = os.path.join(self.folder, "kept-%d-%s" % (
            len(os.listdir(self.folder)), name))
        shutil.copy(os.path.join(self.folder, name), kept)
        return kept

    def rejected(self, kind, *options):
        answer = self.verify(*options, status=3)
        self.assertEqual(answer["verdict"], "rejected")
        self.assertIn(kind, [f["kind"] for f in answer["findings"]])
        return [f for f in answer["findings"] if f["kind"] == kind][0]


class Verify(Audit):
    def test_a_log_as_it_was_made_is_verified(self):
        self.made(700)
        key = self.keep("checkpoint.pub")
        answer = self.verify("--key", key)
        size, root = log_reader.checkpoint(self.folder)
        self.assertEqual(answer, {
            "checkpoint": {"root": root.hex(), "size": size},
            "entries": 701, "findings": [], "key_pinned": True,
            "log": "kbs.example/log", "more": 0, "root": root.hex(),
            "verdict": "verified"})
        self.assertFalse(self.verify()["key_pinned"])
        words = self.warder("audit", "verify", "--log", self.folder)
        self.assertTrue(words.endswith("verified\n"))
        self.assertIn("give --key", words)

    def test_a_log_may_be_verified_while_it_is_written(self):
        scribe = self.start()
        stop = threading.Event()

        def write():
            n = 0
            while not stop.is_set():
                scribe.keeper.append(*[entry(n + i, 200) for i in range(20)])
                scribe.keeper.wait_durable()
                n += 20
        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(25):
                if not os.path.exists(
                        os.path.join(self.folder, "checkpoint")):
                    continue
                self.verify()
        finally:
            stop.set()
            writer.join()

    def test_a_changed_byte_is_named(self):
        self.made(50)
        path = log_reader.segments(self.folder)[0]
        place = [at for i, _, _, at in log_reader.records(path) if i == 20][0]
        with open(path, "r+b") as f:
            f.seek(place + 60)
            f.write(b"X")
        found = self.rejected("damaged")
        self.assertEqual(found["entry"], 20)
        self.assertIn("entry 20", found["detail"])
        words = self.warder("audit", "verify", "--log", self.folder, status=3)
        self.assertTrue(words.endswith("REJECTED\n"))

    def test_a_cut_log_is_named(self):
        self.made(50)
        path = log_reader.segments(self.folder)[0]
        place = [at for i, _, _, at in log_reader.records(path) if i == 40][0]
        os.truncate(path, place)
        found = self.rejected("cut")
        self.assertEqual(found["entry"], 40)
        shutil.rmtree(os.path.join(self.folder, "journal"))
        self.rejected("cut")

    def test_records_that_changed_places_are_named(self):
        self.made(50)
        path = log_reader.segments(self.folder)[0]
        with open(path, "rb") as f:
            data = bytearray(f.read())
        at = {i: a for i, _, _, a in log_reader.records(path)}
        first, second = data[at[20]:at[21]], data[at[21]:at[22]]
        data[at[20]:at[22]] = second + first
        with open(path, "wb") as f:
            f.write(data)
        self.assertEqual(self.rejected("damaged")["entry"], 20)
        # With indexes made to fit, the tiles tell.
        for a, i in ((at[20], 20), (at[20] + len(second), 21)):
            data[a + 8:a + 16] = i.to_bytes(8, "little")
        with open(path, "wb") as f:
            f.write(data)
        self.assertEqual(self.rejected("reordered")["entry"], 20)

    def test_an_edited_entry_with_its_hash_is_named(self):
        self.made(50)
        path = log_reader.segments(self.folder)[0]
        with open(path, "rb") as f:
            data = bytearray(f.read())
        for i, _, e, at in list(log_reader.records(path)):
            if i == 30:
                edited = e.replace(b"test", b"TEST")
                data[at + 24:at + 56] = log_reader.leaf_hash(edited)
                data[at + 56:at + 56 + len(e)] = edited
        with open(path, "wb") as f:
            f.write(data)
        self.assertEqual(self.rejected("edited")["entry"], 30)

    def test_another_log_with_a_key_of_its_own_is_named(self):
        self.made(20)
        key = self.keep("checkpoint.pub")
        folder = self.folder
        self.folder = os.path.join(folder, "other")
        os.mkdir(self.folder)
        self.made(20)
        self.verify()
        self.rejected("forged", "--key", key)
        self.folder = folder

    def test_a_log_put_back_to_an_older_state_is_named(self):
        self.made(20)
        older = os.path.join(self.folder, "older")
        os.mkdir(older)
        for name in ("journal", "tile"):
            shutil.copytree(os.path.join(self.folder, name),
                            os.path.join(older, name))
        for name in ("checkpoint", "checkpoint.pub"):
            shutil.copy(os.path.join(self.folder, name), older)
        before = self.keep("checkpoint")
        self.made(20)
        self.verify("--checkpoint", before)
        kept = self.keep("checkpoint")
        self.folder, folder = older, self.folder
        self.verify("--checkpoint", before)
        self.rejected("older", "--checkpoint", kept)
        self.rejected("cut", "--checkpoint", kept)
        self.folder = folder

    def test_wrong_usage_and_missing_things(self):
        self.made(3)
        self.warder("audit", "verify", status=2)
        self.warder("audit", "verify", "--log", "/nonexistent", status=1)
        self.warder("audit", "verify", "--log", self.folder,
                    "--key", "/nonexistent", status=1)
        self.warder("audit", "verify", "--log", self.folder,
                    "--checkpoint", "/nonexistent", status=1)
        self.warder("audit", "verify", "--log", self.folder, "--key",
                    os.path.join(self.folder, "checkpoint"), status=1)
        self.warder("audit", "verify", "--log", self.folder, "--checkpoint",
                    os.path.join(self.folder, "checkpoint.pub"), status=3)


class Prove(Audit):
    def prove(self, *words, status=0):
        out = self.warder("audit", "prove", "--log", self.folder, *words,
                          status=status)
        return json.loads(out) if status == 0 else out

    def test_entries_are_proved_to_whoever_has_the_checkpoint(self):
        self.made(700)
        size, root = log_reader.checkpoint(self.folder)
        logged = log_reader.entries(self.folder)
        dice = random.Random(7)
        for index in [0, 255, 256, 511, 512, size - 1] + [
                dice.randrange(size) for _ in range(20)]:
            answer = self.prove(str(index))
            self.assertEqual((answer["size"], answer["root"]),
                             (size, root.hex()))
            with open(os.path.join(self.folder, "checkpoint")) as f:
                self.assertEqual(answer["checkpoint"], f.read())
            proof = answer["inclusion"]
            self.assertEqual(proof["index"], index)
            self.assertEqual(proof["entry"].encode(), logged[index])
            leaf = log_reader.leaf_hash(logged[index])
            self.assertEqual(proof["leaf"], leaf.hex())
            self.assertEqual(root, log_reader.inclusion_root(
                index, size, leaf,
                [bytes.fromhex(h) for h in proof["hashes"]]))

    def test_growth_is_proved_from_any_size(self):
        self.made(600)
        size, root = log_reader.checkpoint(self.folder)
        hashes = [log_reader.leaf_hash(e)
                  for e in log_reader.entries(self.folder)]
        for old in (0, 1, 2, 100, 255, 256, 257, 512, size - 1, size):
            proof = self.prove("--consistency", str(old))["consistency"]
            self.assertEqual(proof["size"], old)
            old_root = log_reader.tree_root(hashes[:old])
            self.assertEqual(proof["root"], old_root.hex())
            self.assertTrue(log_reader.is_consistent(
                old, old_root, size, root,
                [bytes.fromhex(h) for h in proof["hashes"]]))

    def test_both_may_be_asked_for_at_once(self):
        self.made(9)
        answer = self.prove("4", "--consistency", "5", "--json")
        self.assertIn("inclusion", answer)
        self.assertIn("consistency", answer)

    def test_nothing_wrong_is_ever_proved(self):
        self.made(300)
        path = os.path.join(self.folder, "tile", "0", "000")
        with open(path, "r+b") as f:
            f.seek(32 * 9)
            f.write(b"\0" * 32)
        self.prove("8", status=3)
        self.prove("10", status=3)
        self.prove("--consistency", "100", status=3)

    def test_what_is_not_there_is_not_proved(self):
        self.made(9)
        self.prove("10", status=3)
        self.prove("--consistency", "11", status=3)
        self.prove(status=2)
        self.prove("x", status=2)
        self.prove("1", "2", status=2)
        self.prove("-1", status=2)


if __name__ == "__main__":
    main()
