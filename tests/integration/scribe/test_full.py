"""The disk of the log is full: said, logged, and over when there is room.

Needs a small file system of its own; where that is not allowed it skips, loudly.
"""
import json
import os
import shutil
import time
import unittest

import log_reader
import small_disk
from scribe_rig import Scribe, entry, main, SECONDS

MIB = 1 << 20


def events(folder):
    return [json.loads(e)["event"] for e in log_reader.entries(folder)]


class Full(unittest.TestCase):
    def setUp(self):
        folder = small_disk.folder()
        if not folder:
            self.skipTest("NO MOUNT NAMESPACE: full disk not tried")
        self.folder = os.path.join(folder, self.id().split(".")[-1])
        os.mkdir(self.folder)
        self.addCleanup(shutil.rmtree, self.folder, True)

    def start(self):
        scribe = Scribe(self.folder)
        self.addCleanup(scribe.close)
        return scribe

    def fill(self, leave=0):
        path = small_disk.fill(leave)
        self.addCleanup(lambda: os.path.exists(path) and os.unlink(path))
        return path

    def await_reserve(self):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            names = os.listdir(os.path.join(self.folder, "journal"))
            if sum(n.startswith("spare-") for n in names) == 5:
                return
            time.sleep(0.05)
        raise AssertionError("no reserve: %s" % names)

    def await_file(self, name):
        """Tiles and checkpoints are made in idle time."""
        end = time.monotonic() + SECONDS
        while not os.path.exists(os.path.join(self.folder, name)):
            assert time.monotonic() < end, name
            time.sleep(0.05)

    def test_full_is_told_and_logged_and_over_when_there_is_room(self):
        scribe = self.start()
        keeper = scribe.keeper
        keeper.wait_state(True)
        self.await_reserve()
        ballast = self.fill()
        large = entry(0, 16000)
        while keeper.states[-1]["writable"]:
            keeper.append(*[large] * 20)
            keeper.wait_durable()
            self.assertLess(keeper.seq, 4000, "64 MiB gone and nothing said")
            time.sleep(0.01)
            keeper.take_all()
        self.assertIn("room", keeper.states[-1]["why"])
        # What is on its way is still taken.
        keeper.append(entry(1))
        keeper.wait_durable()
        self.assertIn("log_full", events(self.folder))
        os.unlink(ballast)
        keeper.wait_state(True)
        keeper.append(entry(2))
        keeper.wait_durable()
        self.assertEqual(
            [e for e in events(self.folder) if e.startswith("log_")],
            ["log_opened", "log_full", "log_writable"])
        self.await_file("checkpoint")
        scribe.drain()
        log_reader.check_tiles(self.folder)

    def test_it_starts_on_a_full_disk_and_waits(self):
        ballast = self.fill(8192)
        scribe = self.start()
        self.assertIn("room", scribe.keeper.wait_state(False)["why"])
        os.unlink(ballast)
        scribe.keeper.wait_state(True)
        scribe.keeper.append(entry(1))
        scribe.keeper.wait_durable()

    def test_when_even_the_reserve_is_gone_nothing_is_acknowledged(self):
        scribe = self.start()
        keeper = scribe.keeper
        keeper.wait_state(True)
        self.await_reserve()
        ballast = self.fill()
        large = entry(0, 16000)
        ended = False
        while not ended:
            try:
                keeper.append(*[large] * 20)
            except OSError:
                break
            self.assertLess(keeper.seq, 9000)
            while keeper.durable < keeper.seq and not ended:
                ended = not keeper.take()
        self.assertEqual(scribe.process.wait(SECONDS), 1)
        keeper.take_all()  # what it said before it left
        self.assertFalse(keeper.states[-1]["writable"])
        logged = sum(e == large for e in log_reader.entries(self.folder))
        self.assertGreaterEqual(logged, keeper.durable)
        os.unlink(ballast)
        scribe = self.start()
        scribe.keeper.wait_state(True)
        scribe.drain()
        log_reader.check_tiles(self.folder)


if __name__ == "__main__":
    small_disk.go_inside()
    main()
