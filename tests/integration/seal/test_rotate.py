"""warder-seal and another term of the keyring: every other keeper has it before
the one that asks, and a rotation that is killed or fails loses nothing."""
import os
import shutil
import tempfile
import unittest

from seal_rig import SealTest, main, make_state
from test_migrate import CALLS, Traced, counts
from test_torture import can_trace
from seal_rig import Seal

HEAD, TERM = 2 + 36 + 4, 32  # of the flat form, before the number of terms


def terms(keyring):
    n = keyring[HEAD]
    return [keyring[HEAD + 1 + i * TERM:HEAD + 1 + (i + 1) * TERM]
            for i in range(n)]


def others(keyring):
    return keyring[HEAD + 1 + keyring[HEAD] * TERM:]


class RotateTest(SealTest):
    KIND = "file"

    def opened(self, state):
        seal = Seal(state)
        try:
            first = seal.attach().first
            self.assertFalse(first["sealed"])
            return first["keyring"]
        finally:
            seal.close()


class Rotate(RotateTest):
    def test_others_have_it_before_the_one_that_asks(self):
        seal = self.start()
        first, second = seal.attach(0), seal.attach(1)
        before = first.first["keyring"]
        first.send("SEAL_ROTATE")
        request, told = second.receive("KEYRING")
        self.assertTrue(first.is_silent(), "answered before the other had it")
        second.channel.reply("KEYRING", request, {})
        answer = first.answer("SEAL_ROTATE")
        self.assertEqual((answer["result"], answer["terms"]), (0, 2))
        self.assertEqual(answer["keyring"], told["keyring"])
        self.assertEqual(terms(answer["keyring"])[:1], terms(before))
        self.assertEqual(others(answer["keyring"]), others(before))
        self.assertEqual(len(set(terms(answer["keyring"]))), 2)
        self.assertEqual(self.opened(self.state), answer["keyring"])

    def test_one_that_comes_meanwhile_waits(self):
        seal = self.start()
        first, second = seal.attach(65535), seal.attach(65534)
        first.send("SEAL_ROTATE")
        request, _ = second.receive("KEYRING")
        second.send("SEAL_ROTATE")
        self.assertTrue(second.is_silent(), "not even begun")
        second.channel.reply("KEYRING", request, {})
        self.assertEqual(first.answer("SEAL_ROTATE")["term"], 2)
        self.assertEqual(first.acknowledge("KEYRING")["term"], 3)
        answer = second.answer("SEAL_ROTATE")
        self.assertEqual((answer["result"], answer["term"]), (0, 3))
        self.assertTrue(seal.reports_nothing())

    def test_each_keeper_has_one_that_waits(self):
        seal = self.start()
        first, second = seal.attach(65535), seal.attach(65534)
        first.send("SEAL_ROTATE")
        request, _ = second.receive("KEYRING")
        one = second.send("SEAL_ROTATE")
        self.assert_refused(second.ask("SEAL_ROTATE"), "overloaded")
        second.channel.reply("KEYRING", request, {})
        first.answer("SEAL_ROTATE")
        first.acknowledge("KEYRING")
        request, answer = second.receive("SEAL_ROTATE")
        self.assertEqual((request, answer["term"]), (one, 3))

    def test_what_waits_goes_with_its_keeper(self):
        seal = self.start()
        first, second = seal.attach(65535), seal.attach(65534)
        first.send("SEAL_ROTATE")
        second.receive("KEYRING")
        second.send("SEAL_ROTATE")
        second.close()
        self.assertEqual(first.answer("SEAL_ROTATE")["term"], 2)
        self.assertEqual(seal.attach(65534).first["term"], 2)
        self.assertTrue(first.is_silent())

    def test_one_that_sealing_overtakes_was_made(self):
        seal = self.start()
        first, second = seal.attach(65535), seal.attach(0)
        first.send("SEAL_ROTATE")
        late, _ = second.receive("KEYRING")
        made = first.number
        waits = first.send("SEAL_DROP", {"oldest": 2})
        first.send("SEAL_SEAL")
        request, answer = first.receive("SEAL_ROTATE")
        self.assertEqual((request, answer["result"]), (made, 0))
        self.assertEqual((answer["sealed"], answer["keyring"]), (True, b""))
        second.channel.reply("KEYRING", late, {})
        second.acknowledge("WIPE")
        first.acknowledge("WIPE")
        self.assertTrue(first.answer("SEAL_SEAL")["sealed"])
        request, answer = first.receive("SEAL_DROP")
        self.assertEqual(request, waits)
        self.assert_refused(answer, "sealed")
        self.assertEqual(len(terms(self.opened(self.state))), 2)

    def test_terms_are_dropped_and_make_room(self):
        seal = self.start()
        keeper, other = seal.attach(65535), seal.attach(0)
        before = keeper.first["keyring"]
        for _ in range(2):
            keeper.send("SEAL_ROTATE")
            other.acknowledge("KEYRING")
            three = keeper.answer("SEAL_ROTATE")
        self.assertEqual((three["terms"], three["term"]), (3, 3))
        keeper.send("SEAL_DROP", {"oldest": 3})
        request, told = other.receive("KEYRING")
        self.assertTrue(keeper.is_silent(), "answered before the other had it")
        other.channel.reply("KEYRING", request, {})
        answer = keeper.answer("SEAL_DROP")
        self.assertEqual((answer["result"], answer["terms"], answer["term"]),
                         (0, 1, 3))
        self.assertEqual(answer["keyring"], told["keyring"])
        self.assertEqual(terms(answer["keyring"]),
                         terms(three["keyring"])[2:])
        self.assertEqual(others(answer["keyring"]), others(before))
        self.assertEqual(self.opened(self.state), answer["keyring"])

    def test_unlimited_rotations(self):
        keeper = self.start().attach(65535)
        for n in range(2, 102):
            self.assertEqual(keeper.ask("SEAL_ROTATE")["term"], n)
            self.assertEqual(
                keeper.ask("SEAL_DROP", {"oldest": n})["terms"], 1)

    def test_terms_that_are_not_there_are_not_dropped(self):
        keeper = self.start().attach(65535)
        before = keeper.ask("SEAL_ROTATE")["keyring"]
        for oldest in (0, 3, 2 ** 32 - 1):
            self.assert_refused(
                keeper.ask("SEAL_DROP", {"oldest": oldest}), "out_of_range")
        self.assertEqual(self.opened(self.state), before)

    def test_a_keeper_of_clients_that_would_drop_terms_is_ended(self):
        seal = self.start()
        keeper = seal.attach(0)
        before = keeper.ask("SEAL_ROTATE")["keyring"]
        keeper.send("SEAL_DROP", {"oldest": 2})
        self.assertEqual(seal.reported()[0], 0)
        self.assertEqual(self.opened(self.state), before)

    def test_there_are_no_more_terms_than_fit(self):
        keeper = self.start().attach()
        for n in range(2, 17):
            self.assertEqual(keeper.ask("SEAL_ROTATE")["terms"], n)
        self.assert_refused(keeper.ask("SEAL_ROTATE"), "conflict")
        self.assertEqual(len(set(terms(self.opened(self.state)))), 16)

    def test_it_goes_on_under_another_seal(self):
        keeper = self.start().attach()
        keeper.send("SEAL_CHANGE", {"kind": "file"})
        keeper.acknowledge("KEYRING")
        self.assertEqual(keeper.answer("SEAL_CHANGE")["result"], 0)
        answer = keeper.ask("SEAL_ROTATE")
        self.assertEqual(self.opened(self.state), answer["keyring"])


class Sealed(SealTest):
    def test_sealed_it_is_refused(self):
        keeper = self.start().attach(65535)
        self.assert_refused(keeper.ask("SEAL_ROTATE"), "sealed")
        self.assert_refused(keeper.ask("SEAL_DROP", {"oldest": 1}), "sealed")


@unittest.skipUnless(can_trace(), "strace cannot be used here")
class Torture(RotateTest):
    ASKED = ("SEAL_ROTATE",)

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rotate-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.made = make_state(self.folder, "file")
        self.keys = self.opened(self.made)
        self.trace = os.path.join(self.folder, "trace")

    def attempt(self, what=None):
        """(state, calls before, the answer; None: it was killed)"""
        state = os.path.join(self.folder, "state")
        shutil.rmtree(state, True)
        shutil.copytree(self.made, state)
        seal = Traced(state, self.trace, what)
        try:
            keeper = seal.attach(65535)
            already = counts(self.trace)
            keeper.send(*self.ASKED)
            frame = keeper.channel.receive()
            return state, already, None if frame is None else frame[3]
        except (OSError, AssertionError):
            if what is None:
                raise
            return state, {}, None
        finally:
            seal.close()

    def each(self, what):
        _, first, answer = self.attempt()
        self.assertEqual(answer["result"], 0)
        last, n = counts(self.trace), 0
        for call in CALLS:
            for at in range(first.get(call, 0) + 1, last.get(call, 0) + 1):
                state, _, answer = self.attempt((call, what, at))
                yield state, answer, "%s %d" % (call, at)
                n += 1
        self.assertGreater(n, 6)

    def check(self, state, answer, where):
        """What was stored under the term there was opens."""
        now = self.opened(state)
        self.assertEqual(terms(now)[:1], terms(self.keys), where)
        self.assertEqual(others(now), others(self.keys), where)
        if answer is not None and answer["result"] == 0:
            self.assertEqual(now, answer["keyring"], where)

    def test_killed_or_failed_nothing_is_lost(self):
        for what in ("signal=KILL", "error=EIO"):
            for state, answer, where in self.each(what):
                self.check(state, answer, what + " " + where)


class DropTorture(Torture):
    ASKED = ("SEAL_DROP", {"oldest": 2})

    def setUp(self):
        super().setUp()
        seal = Seal(self.made)
        try:
            self.keys = seal.attach().ask("SEAL_ROTATE")["keyring"]
        finally:
            seal.close()

    def check(self, state, answer, where):
        """The term that stays is there, and the other or not."""
        now = self.opened(state)
        self.assertEqual(terms(now)[-1:], terms(self.keys)[1:], where)
        self.assertIn(len(terms(now)), (1, 2), where)
        self.assertEqual(others(now), others(self.keys), where)
        if answer is not None and answer["result"] == 0:
            self.assertEqual(now, answer["keyring"], where)


if __name__ == "__main__":
    main()
