"""What scribe acknowledges is on the disk; what it may not take, it refuses."""
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
import unittest

import log_reader
from scribe_rig import ScribeTest, entry, main, SECONDS
from warder_rpc import REASONS

LAST = 2 ** 64 - 1


def tested(folder):
    """The numbers of the test's entries in the log, in order."""
    found = [json.loads(e) for e in log_reader.entries(folder)]
    return [e["n"] for e in found if e["event"] == "test"]


def own(folder, event):
    found = [json.loads(e) for e in log_reader.entries(folder)]
    return [e for e in found if e["event"] == event]


class Durable(ScribeTest):
    def test_entries_are_acknowledged_and_in_the_log(self):
        scribe = self.start()
        scribe.keeper.wait_state(True)
        scribe.keeper.append(*[entry(n) for n in range(1000)])
        scribe.keeper.wait_durable()
        self.assertEqual(tested(self.folder), list(range(1000)))
        self.assertEqual(scribe.keeper.size,
                         len(log_reader.entries(self.folder)))

    def test_two_keepers_have_numbers_of_their_own(self):
        scribe = self.start(keepers=2)
        a, b = scribe.keepers
        b.seq = 7000
        a.append(entry(1), entry(2))
        b.append(entry(3))
        a.wait_durable()
        b.wait_durable()
        self.assertEqual((a.durable, b.durable), (2, 7001))
        self.assertEqual(sorted(tested(self.folder)), [1, 2, 3])

    def test_many_entries_share_one_sync(self):
        scribe = self.start()
        scribe.keeper.wait_state(True)
        scribe.process.send_signal(signal.SIGSTOP)
        scribe.keeper.append(*[entry(n) for n in range(40)])
        scribe.process.send_signal(signal.SIGCONT)
        scribe.keeper.wait_durable()
        batches = {batch for path in log_reader.segments(self.folder)
                   for _, batch, e, _ in log_reader.records(path)
                   if json.loads(e)["event"] == "test"}
        self.assertLess(len(batches), 4)
        for path in log_reader.segments(self.folder):
            for index, batch, _, _ in log_reader.records(path):
                self.assertLess(index - batch, 256)

    def test_the_sync_comes_before_the_answer(self):
        if not shutil.which("strace"):
            self.skipTest("NO STRACE: order of sync and answer not looked at")
        trace = os.path.join(self.folder, "trace")
        scribe = self.start(wrap=[
            "strace", "-qq", "-e", "trace=pwrite64,fdatasync,sendmsg",
            "-e", "signal=none", "-o", trace])
        scribe.keeper.wait_state(True)
        for n in range(40):
            scribe.keeper.append(entry(n))
            scribe.keeper.wait_durable()
        scribe.drain()
        with open(trace) as f:
            calls = [line for line in f if "Segment" not in line]
        synced = False
        answers = 0
        for line in calls:
            if line.startswith("pwrite64") and '\\"event\\":' in line:
                synced = False
            elif line.startswith("fdatasync"):
                self.assertIn("= 0", line)
                synced = True
            elif line.startswith("sendmsg") and '\\20\\0\\0\\0y\\0' in line:
                self.assertTrue(synced, line)
                answers += 1
        self.assertEqual(answers, 40)

    def test_a_delayed_sync_is_shared_by_all_who_wait(self):
        if not shutil.which("strace"):
            self.skipTest("NO STRACE: no delayed sync")
        scribe = self.start(wrap=[
            "strace", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync",
            "-e", "signal=none",
            "-e", "inject=fdatasync:delay_exit=5000"])
        scribe.keeper.wait_state(True)
        scribe.keeper.append(*[entry(n) for n in range(2000)])
        scribe.keeper.wait_durable()
        self.assertEqual(tested(self.folder), list(range(2000)))


class Killed(ScribeTest):
    def test_a_kill_loses_nothing_that_was_acknowledged(self):
        seed = int(os.environ.get("SEED", time.time_ns() % 10 ** 6))
        print("SEED=%d" % seed, flush=True)
        dice = random.Random(seed)
        sent, acknowledged = 0, set()
        for _ in range(25):
            scribe = self.start()
            keeper = scribe.keeper
            keeper.wait_state(True)
            numbers = {}
            timer = threading.Timer(dice.random() * 0.1, scribe.process.kill)
            timer.start()
            try:
                while True:
                    for _ in range(dice.randrange(1, 40)):
                        numbers[keeper.append(
                            entry(sent, dice.randrange(900)))] = sent
                        sent += 1
                    if not keeper.take():
                        break
            except OSError:
                pass
            try:
                while keeper.take():
                    pass
            except OSError:
                pass
            timer.join()
            scribe.process.wait(SECONDS)
            acknowledged |= {n for seq, n in numbers.items()
                             if seq <= keeper.durable}
            found = tested(self.folder)
            self.assertEqual(found, sorted(set(found)), "twice or out of order")
            self.assertEqual(acknowledged - set(found), set())
        self.assertGreater(len(acknowledged), 100)

    def test_the_next_one_says_what_it_found(self):
        self.start().kill()
        scribe = self.start()
        scribe.keeper.append(entry(1))
        scribe.keeper.wait_durable()
        scribe.kill()
        self.start()
        details = [e["detail"] for e in own(self.folder, "log_opened")]
        self.assertIn("opened with 3 entries", details[2])


class Peers(ScribeTest):
    def assert_refused(self, scribe, why):
        name, message = scribe.told()
        self.assertEqual(name, "BAD_PEER")
        self.assertEqual((message["peer"], message["cell"]), (4, 0))
        self.assertIn(why, message["why"])
        # The other one is served.
        scribe.keepers[1].append(entry(99))
        scribe.keepers[1].wait_durable()
        self.assertIsNone(scribe.process.poll())

    def test_a_number_left_out_is_a_broken_rule(self):
        scribe = self.start(keepers=2)
        scribe.keeper.append(entry(1))
        scribe.keeper.append(entry(3), seq=3)
        self.assert_refused(scribe, "out of sequence")
        self.assertNotIn(3, tested(self.folder))

    def test_a_number_used_twice_is_a_broken_rule(self):
        scribe = self.start(keepers=2)
        scribe.keeper.append(entry(1))
        scribe.keeper.append(entry(2), seq=1)
        self.assert_refused(scribe, "out of sequence")

    def test_what_is_no_entry_is_refused(self):
        for bad in (b"", b"{}\n", b"\0" * 70, b"text", b"{" + b"x" * 9,
                    b'{"a":"\x01"}'):
            scribe = self.start(keepers=2)
            scribe.keeper.append(bad)
            self.assert_refused(scribe, "malformed log entry")
            scribe.close()

    def test_a_call_of_another_role_is_refused(self):
        scribe = self.start(keepers=2)
        scribe.keeper.channel.tell("LOG_DURABLE", {"up_to": 1})
        self.assert_refused(scribe, "not allowed")

    def test_an_entry_of_the_largest_size_is_taken(self):
        scribe = self.start()
        largest = entry(1, 16384 - len(entry(1)))
        self.assertEqual(len(largest), 16384)
        scribe.keeper.append(*[largest] * 600)
        scribe.keeper.wait_durable()
        self.assertEqual(len(tested(self.folder)), 600)

    def test_a_keeper_may_go_and_come_back(self):
        scribe = self.start(keepers=2)
        for n in range(20):
            scribe.keepers[0].append(entry(n))
            scribe.keepers[0].channel.close()
            scribe.keepers[0] = scribe.attach()
        scribe.keepers[0].wait_state(True)
        scribe.keepers[0].append(entry(20))
        scribe.keepers[0].wait_durable()
        self.assertEqual(tested(self.folder), list(range(21)))

    def test_one_that_does_not_read_holds_nobody_up(self):
        scribe = self.start(keepers=2)
        for n in range(3000):
            scribe.keeper.append(entry(n))
        scribe.keepers[1].append(entry(9999))
        scribe.keepers[1].wait_durable()


class Counts(ScribeTest):
    def test_a_hundred_thousand_are_one_entry(self):
        scribe = self.start()
        for i in range(1000):
            scribe.keeper.count("challenge_invalid",
                                "10.0.%d.0/24" % (i % 250), 100)
        scribe.keeper.append(entry(1))
        scribe.keeper.wait_durable()
        scribe.drain()
        found = own(self.folder, "counts")
        self.assertEqual(len(found), 1)
        rows = found[0]["counts"]
        self.assertLessEqual(len(rows), 64)
        self.assertEqual(sum(r["n"] for r in rows), 100000)
        self.assertEqual({r["reason"] for r in rows},
                         {"challenge_invalid", "others"})

    def test_hostile_texts_are_cleaned(self):
        scribe = self.start()
        for i in range(100):
            scribe.keeper.count('"' * 47 + chr(48 + i % 40), "\\" * 64, 2 ** 32 - 1)
        scribe.keeper.append(entry(1))
        scribe.keeper.wait_durable()
        scribe.drain()
        self.assertEqual(len(own(self.folder, "counts")), 1)

    def test_nothing_counted_is_no_entry(self):
        scribe = self.start()
        scribe.keeper.count("malformed", "::/48", 0)
        scribe.keeper.append(entry(1))
        scribe.keeper.wait_durable()
        scribe.drain()
        self.assertEqual(own(self.folder, "counts"), [])


class Tail(ScribeTest):
    def test_the_last_ones_and_any_others(self):
        scribe = self.start()
        scribe.keeper.append(*[entry(n) for n in range(250)])
        answer = scribe.keeper.tail(LAST, 10)
        size = answer["size"]
        self.assertEqual(size, 251)
        self.assertEqual([i for i, _ in answer["entries"]],
                         list(range(size - 10, size)))
        self.assertEqual(answer["entries"][-1][1], entry(249))
        answer = scribe.keeper.tail(100, 100)
        self.assertEqual(answer["entries"],
                         [(i, entry(i - 1)) for i in range(100, 200)])
        self.assertEqual(scribe.keeper.tail(size - 3, 100)["entries"][0][0],
                         size - 3)
        self.assertEqual(scribe.keeper.tail(size, 5)["entries"], [])
        self.assertEqual(scribe.keeper.tail(size + 9, 5)["entries"], [])
        scribe.keeper.wait_durable()

    def test_a_hundred_of_the_largest(self):
        scribe = self.start()
        largest = entry(1, 16384 - len(entry(1)))
        scribe.keeper.append(*[largest] * 120)
        answer = scribe.keeper.tail(LAST, 100)
        self.assertEqual(len(answer["entries"]), 100)

    def test_the_limit_has_a_range(self):
        scribe = self.start()
        for limit in (0, 101, 2 ** 32 - 1):
            self.assertEqual(scribe.keeper.tail(0, limit)["result"],
                             REASONS["out_of_range"])


class Damaged(ScribeTest):
    def test_a_damaged_journal_stops_releases_and_says_where(self):
        scribe = self.start()
        for n in range(3):
            scribe.keeper.append(entry(n))
            scribe.keeper.wait_durable()
        scribe.kill()
        path = log_reader.segments(self.folder)[-1]
        place = [at for _, _, e, at in log_reader.records(path)
                 if e == entry(1)][0]
        with open(path, "r+b") as f:
            f.seek(place + 70)
            f.write(b"!")
        scribe = self.start()
        state = scribe.keeper.wait_state(False)
        self.assertIn("damaged", state["why"])
        self.assertEqual(scribe.keeper.tail(0, 5)["result"],
                         REASONS["audit_unavailable"])
        scribe.keeper.append(entry(9))
        self.assertEqual(scribe.told()[0], "BAD_PEER")

    def test_a_second_writer_waits_until_the_first_is_gone(self):
        first = self.start()
        second = self.start()
        self.assertIn("another process",
                      second.keeper.wait_state(False)["why"])
        first.kill()
        second.keeper.wait_state(True)
        second.keeper.append(entry(1))
        second.keeper.wait_durable()

    def test_a_segment_cut_while_it_is_written_ends_the_role(self):
        scribe = self.start()
        scribe.keeper.append(entry(1))
        scribe.keeper.wait_durable()
        os.truncate(log_reader.segments(self.folder)[-1], 0)
        scribe.keeper.append(entry(2))
        self.assertIn("cut", scribe.keeper.wait_state(False)["why"])
        self.assertEqual(scribe.process.wait(SECONDS), 1)
        self.assertEqual(scribe.keeper.durable, 1)


class End(ScribeTest):
    def test_it_leaves_when_the_last_keeper_has(self):
        scribe = self.start(keepers=2)
        scribe.control.tell("DRAIN")
        time.sleep(0.2)
        scribe.keepers[0].append(entry(1))
        scribe.keepers[0].wait_durable()
        scribe.drain()
        self.assertEqual(tested(self.folder), [1])

    def test_it_does_not_wait_for_keepers_for_ever(self):
        scribe = self.start()
        scribe.control.tell("DRAIN")
        self.assertEqual(scribe.process.wait(SECONDS), 0)

    def test_it_ends_with_its_supervisor(self):
        scribe = self.start()
        scribe.control.close()
        self.assertEqual(scribe.process.wait(SECONDS), 0)

    def test_started_by_hand_it_says_so(self):
        import scribe_rig
        run = subprocess.run([scribe_rig.PROGRAM], stdin=subprocess.DEVNULL,
                             capture_output=True, timeout=SECONDS)
        self.assertEqual(run.returncode, 2)
        self.assertIn(b"part of warderd", run.stderr)


if __name__ == "__main__":
    main()
