"""warder-seal from one seal to another, killed or failed at each system call
that changes the disk: what opened it before, or what was to open it from then
on, opens it afterwards, and nothing of the other is left."""
import base64
import os
import re
import shutil
import tempfile
import unittest

from seal_rig import PASSPHRASE, Seal, SealTest, main, make_state
from test_torture import can_trace

KEY = os.urandom(32)
SHARE = base64.b64encode(KEY + b"\x01")  # the only one of 1 of 1
WISH = {"shamir": {"kind": "shamir", "share": base64.b64encode(KEY),
                   "shares": 1, "threshold": 1},
        "file": {"kind": "file"},
        "passphrase": {"kind": "passphrase", "share": "n" + PASSPHRASE}}
CALLS = ("write", "pwrite64", "fsync", "fchmod", "renameat", "renameat2",
         "unlinkat", "openat")
FILES = {"passphrase": ["keyring", "seal"], "shamir": ["keyring", "seal"],
         "file": ["keyring", "seal", "seal.key"]}


def files(state):
    return sorted(n for n in os.listdir(state) if not n.startswith(
        ("store.db", "sessions.db", "upstream.db", "warderd.lock")))


def read(state, name):
    with open(os.path.join(state, name), "rb") as f:
        return f.read()


class MigrateTest(SealTest):
    def open_with(self, seal, share):
        """The keyring; None: it does not open by that."""
        keeper = seal.attach()
        state = keeper.first
        if state["sealed"]:
            state = keeper.unseal(share)
        return None if state.get("sealed", True) else state["keyring"]

    def keyring(self, state, share=b""):
        seal = Seal(state)
        try:
            return self.open_with(seal, share)
        finally:
            seal.close()


class Migrate(MigrateTest):
    def migrated(self, keeper, wish):
        answer = keeper.ask("SEAL_CHANGE", wish)
        self.assertEqual(answer["result"], 0, answer)
        return answer

    def test_other_keepers_are_told_and_stay_open(self):
        seal, (first, second), keyring = self.start_open(2)
        first.send("SEAL_CHANGE", WISH["shamir"])
        told = second.acknowledge("KEYRING")
        self.assertEqual(told["keyring"], keyring)
        self.assertIn(told["kind"], (b"shamir", "shamir"))
        first.acknowledge("KEYRING")
        self.assertEqual(first.answer("SEAL_CHANGE")["keyring"], keyring)
        self.assertTrue(seal.reports_nothing())
        self.assertEqual(files(self.state), FILES["shamir"])

    def change(self, seal, keeper, wish):
        keeper.send("SEAL_CHANGE", wish)
        keeper.acknowledge("KEYRING")
        answer = keeper.answer("SEAL_CHANGE")
        self.assertEqual(answer["result"], 0, answer)
        return answer

    def test_each_to_each_and_only_the_newest_opens(self):
        seal, (keeper,), keyring = self.start_open(1)
        share, before = PASSPHRASE, read(self.state, "seal")
        for kind in ("file", "shamir", "shamir", "file", "file", "passphrase"):
            wish = dict(WISH[kind])
            if kind == "shamir":
                key = os.urandom(32)
                wish["share"] = base64.b64encode(key)
            self.change(seal, keeper, wish)
            self.assertEqual(files(self.state), FILES[kind])
            self.assertNotEqual(read(self.state, "seal"), before)
            before = read(self.state, "seal")
            old = share
            share = {"file": b"", "passphrase": WISH["passphrase"]["share"],
                     "shamir": base64.b64encode(key + b"\x01")
                     if kind == "shamir" else b""}[kind]
            if kind == "shamir":
                self.assertIsNone(self.keyring(self.state, old or PASSPHRASE))
            self.assertEqual(self.keyring(self.state, share), keyring)
        self.assertIsNone(self.keyring(self.state, PASSPHRASE))

    def test_an_old_copy_of_the_seal_opens_nothing_new(self):
        old = read(self.state, "seal")
        seal, (keeper,), _ = self.start_open(1)
        self.change(seal, keeper, WISH["passphrase"])
        seal.kill()
        with open(os.path.join(self.state, "seal"), "wb") as f:
            f.write(old)
        again = self.start()
        answer = again.attach().unseal(PASSPHRASE)
        self.assert_refused(answer, "tampered")

    def test_passphrase_is_changed(self):
        seal, (keeper,), keyring = self.start_open(1)
        self.change(seal, keeper, WISH["passphrase"])
        self.assertIsNone(self.keyring(self.state, PASSPHRASE))
        self.assertEqual(self.keyring(
            self.state, WISH["passphrase"]["share"]), keyring)

    def test_what_cannot_be_is_refused_and_the_old_one_stands(self):
        seal, (keeper,), keyring = self.start_open(1)
        before = {n: read(self.state, n) for n in FILES["passphrase"]}
        for wish, reason in (
                ({"kind": "passphrase", "share": "short"}, "out_of_range"),
                ({"kind": "paper"}, "unsupported"),
                ({"kind": "pkcs11"}, "unavailable"),
                ({"kind": "tpm"}, "unavailable"),
                ({"kind": "file", "generate": True}, "unsupported"),
                (dict(WISH["shamir"], share="abc"), "malformed"),
                (dict(WISH["shamir"], shares=0), "out_of_range"),
                (dict(WISH["shamir"], shares=3), "out_of_range"),
                (dict(WISH["shamir"], threshold=2), "out_of_range"),
                (dict(WISH["shamir"], shares=256, threshold=2),
                 "out_of_range")):
            self.assert_refused(keeper.ask("SEAL_CHANGE", wish), reason)
            self.assertEqual({n: read(self.state, n) for n in files(
                self.state)}, before)
        self.assertTrue(seal.reports_nothing())
        self.assertEqual(self.keyring(self.state, PASSPHRASE), keyring)

    def test_sealed_it_is_refused(self):
        seal = self.start()
        self.assert_refused(
            seal.attach().ask("SEAL_CHANGE", WISH["file"]), "sealed")
        self.assertEqual(files(self.state), FILES["passphrase"])

    def test_passphrases_and_keys_are_in_no_log(self):
        seal, (keeper,), _ = self.start_open(1)
        self.change(seal, keeper, WISH["passphrase"])
        self.change(seal, keeper, WISH["shamir"])
        said = seal.logged()
        self.assertIn("seal_migrated", said)
        for secret in (PASSPHRASE, WISH["shamir"]["share"].decode(),
                       KEY.hex()):
            self.assertNotIn(secret, said)


class Traced(Seal):
    """A seal under strace, which does WHAT to it at a call of its choice."""

    def __init__(self, state, trace, what=None):
        self.command = ["strace", "-qq", "-o", trace, "-e",
                        "trace=" + ",".join(CALLS)]
        if what is not None:
            self.command += ["-e", "inject=%s:%s:when=%d" % what]
        super().__init__(state, wrapper=self.command)


def counts(trace):
    found = {}
    with open(trace, encoding="utf-8", errors="replace") as f:
        for line in f:
            name = re.match(r"(\w+)\(", line)
            if name:
                found[name.group(1)] = found.get(name.group(1), 0) + 1
    return found


@unittest.skipUnless(can_trace(), "strace cannot be used here")
class Torture(MigrateTest):
    WAYS = (("file", "shamir"), ("file", "file"), ("shamir", "file"))

    def setUp(self):
        self.folder = tempfile.mkdtemp(
            prefix="seal-", dir="/dev/shm" if os.access(
                "/dev/shm", os.W_OK) else None)
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.trace = os.path.join(self.folder, "trace")
        self.made = {"file": make_state(self.folder, "file")}
        self.keys = self.keyring(self.made["file"])
        self.made["shamir"] = shutil.copytree(
            self.made["file"], os.path.join(self.folder, "state-shamir"))
        seal = self.start(self.made["shamir"])
        keeper = seal.attach()
        keeper.send("SEAL_CHANGE", WISH["shamir"])
        keeper.acknowledge("KEYRING")
        self.assertEqual(keeper.answer("SEAL_CHANGE")["result"], 0)
        seal.close()

    def fresh(self, kind):
        state = os.path.join(self.folder, "state")
        shutil.rmtree(state, True)
        return shutil.copytree(self.made[kind], state)

    def attempt(self, before, after, what=None):
        """(state, calls before, the answer; None: it was killed)"""
        state = self.fresh(before)
        seal = Traced(state, self.trace, what)
        try:
            keeper = seal.attach()
            if keeper.first["sealed"]:
                self.assertFalse(keeper.unseal(SHARE)["sealed"])
            already = counts(self.trace)
            keeper.send("SEAL_CHANGE", WISH[after])
            while True:
                frame = keeper.channel.receive()
                if frame is None:
                    return state, already, None
                if frame[0] == "SEAL_CHANGE":
                    return state, already, frame[3]
                keeper.channel.reply(frame[0], frame[2], {})
        except (OSError, AssertionError):
            if what is None:
                raise
            return state, {}, None
        finally:
            seal.close()

    def hits(self, before, after):
        """Every call that a migration makes: (call, number)."""
        _, first, answer = self.attempt(before, after)
        self.assertEqual(answer["result"], 0)
        last = counts(self.trace)
        for call in CALLS:
            for n in range(first.get(call, 0) + 1, last.get(call, 0) + 1):
                yield call, n

    def assert_opens(self, state, before, after, where):
        self.assertEqual(self.keyring(state, SHARE), self.keys, where)
        self.assertIn(files(state), (FILES[before], FILES[after]), where)
        # and it can be changed again
        seal = self.start(state)
        keeper = seal.attach()
        if keeper.first["sealed"]:
            self.assertFalse(keeper.unseal(SHARE)["sealed"], where)
        keeper.send("SEAL_CHANGE", WISH["file"])
        keeper.acknowledge("KEYRING")
        self.assertEqual(keeper.answer("SEAL_CHANGE")["result"], 0, where)
        seal.close()
        self.assertEqual(self.keyring(state), self.keys, where)

    def each(self, what):
        n = 0
        for before, after in self.WAYS:
            for call, number in list(self.hits(before, after)):
                where = "%s to %s, %s %d" % (before, after, call, number)
                state, _, answer = self.attempt(
                    before, after, (call, what, number))
                yield state, before, after, answer, where
                n += 1
        self.assertGreater(n, 60)

    def test_killed_either_seal_opens(self):
        for state, before, after, answer, where in self.each("signal=KILL"):
            self.assertIsNone(answer, where)
            self.assert_opens(state, before, after, where)

    def test_failed_either_seal_opens(self):
        for state, before, after, answer, where in self.each("error=EIO"):
            if answer is not None and answer["result"] == 0:
                self.assertEqual(
                    [n for n in files(state) if not n.endswith(".next")
                     and not n.startswith(".") and n != "seal.key"],
                    FILES["shamir"], where)
            self.assert_opens(state, before, after, where)


if __name__ == "__main__":
    main()
