"""The index of leases completed from a log that is long: this process plays the
scribe, and sees what the keeper asks for.
"""
import glob
import json
import os
import shutil
import tempfile
import time

from keeper_rig import KeeperTest, Server, main
from warder_rpc import decode_list, encode_list

SIZE = 10000
EVERY = 20   # seconds between entries
LEASE = 600
DAY = 24 * 3600
ID = "%08d-0000-4000-8000-000000000000"


class LongLog(Server):
    """A keeper whose sessions.db is new, and a log of SIZE entries."""

    def __init__(self, folder):
        self.now = int(time.time())
        super().__init__(folder)

    def entry(self, i):
        at = time.gmtime(self.now - (SIZE - i) * EVERY)
        return json.dumps({
            "event": "release" if i % 2 else "attest", "lease": ID % i,
            "lease_seconds": LEASE, "path": "default/db/x", "result": "allow",
            "session": ID % 1, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", at),
            "v": 1}, sort_keys=True, separators=(",", ":")).encode()

    def answer_tail(self, refuse=False):
        """The place and number of entries of the next question."""
        request, message = self.scribe.take("LOG_TAIL")
        first, limit = message["from"], message["limit"]
        if refuse:
            self.scribe.refuse("LOG_TAIL", request, "unavailable")
            return first, limit
        self.scribe.reply("LOG_TAIL", request, {
            "size": SIZE, "entries": encode_list("audit_entry", [
                {"index": i, "entry": self.entry(i)}
                for i in range(first, min(first + limit, SIZE))])})
        return first, limit

    def again(self, fresh=True):
        self.kill_keeper()
        if fresh:
            for name in glob.glob(os.path.join(self.state, "sessions.db*")):
                os.unlink(name)
        self.log_size = SIZE
        self.start_keeper()

    def leases(self):
        found, after = set(), None
        while True:
            answer = self.do("LEASE_LIST", limit=100,
                             **({"after": after} if after else {}))
            page = decode_list("lease_record", answer["leases"])
            found |= {lease["id"] for lease in page}
            if not answer["more"]:
                return found
            after = page[-1]["id"]


class Index(KeeperTest):
    def setUp(self):
        folder = tempfile.mkdtemp(prefix="keeper-")
        self.addCleanup(shutil.rmtree, folder, True)
        self.server = LongLog(folder)
        self.addCleanup(self.server.close)

    def read(self):
        """All questions up to the end of the log: (looked at, read)."""
        looked, read = [], []
        while not read or read[-1] + 100 < SIZE:
            first, limit = self.server.answer_tail()
            (looked if limit == 1 else read).append(first)
        return looked, read

    def running(self):
        return {ID % i for i in range(1, SIZE, 2)
                if (SIZE - i) * EVERY < LEASE - 10}

    def test_only_the_last_day_is_read(self):
        self.server.again()
        looked, read = self.read()
        self.assertLessEqual(len(looked), 15)
        ago = (SIZE - read[0]) * EVERY
        self.assertGreaterEqual(ago, DAY)
        self.assertLess(ago, DAY + 2 * 3600)
        self.assertEqual(read, list(range(read[0], SIZE, 100)))
        self.assertLessEqual(self.running(), self.server.leases())

    def test_what_cannot_be_read_now_is_asked_for_again(self):
        self.server.again()
        self.server.answer_tail(refuse=True)
        self.server.scribe.sock.settimeout(20)
        self.read()
        self.assertLessEqual(self.running(), self.server.leases())

    def test_next_start_goes_on_where_the_index_ends(self):
        self.server.again()
        self.read()
        self.server.leases()
        time.sleep(1.2)  # the mark is written with the next tick
        self.server.again(fresh=False)
        self.assertTrue(self.server.scribe.is_silent(2))
        self.assertLessEqual(self.running(), self.server.leases())


if __name__ == "__main__":
    main()
