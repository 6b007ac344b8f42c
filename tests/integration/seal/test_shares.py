"""Shares of several operators: made by warder init, put together by
warder-seal, and by an implementation of its own here."""
import base64
import itertools
import json
import os
import stat
import subprocess

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

import seal_rig
from seal_rig import SealTest, init, main

SHARES, THRESHOLD = 5, 3

# Exponents and logarithms of the generator 3: nothing like the product's.
EXP, LOG = [0] * 510, {}
x = 1
for i in range(255):
    EXP[i] = EXP[i + 255] = x
    LOG[x] = i
    x ^= (x << 1) ^ (0x11b if x & 0x80 else 0)


def mul(a, b):
    return EXP[LOG[a] + LOG[b]] if a and b else 0


def div(a, b):
    return EXP[LOG[a] + 255 - LOG[b]] if a else 0


def join(shares):
    """Interpolates at 0, a byte after the other."""
    secret = bytearray(len(shares[0]) - 1)
    for share in shares:
        weight = 1
        for other in shares:
            if other is not share:
                weight = mul(weight, div(other[-1], other[-1] ^ share[-1]))
        for n, value in enumerate(share[:-1]):
            secret[n] ^= mul(weight, value)
    return bytes(secret)


class Shares(SealTest):
    def setUp(self):
        super().setUp()
        self.made = json.loads(self.make(
            "own", "--shares", str(SHARES), "--threshold", str(THRESHOLD),
            "--json").stdout)
        self.state = self.made["state_dir"]
        self.shares = self.made["shares"]

    def make(self, name, *options, **more):
        folder = os.path.join(self.folder, name)
        os.makedirs(folder, exist_ok=True)
        return init(folder, *options, **more)

    @staticmethod
    def bytes_of(folder, name):
        with open(os.path.join(folder, name), "rb") as f:
            return f.read()

    def read(self, name):
        return self.bytes_of(self.state, name)

    def give(self, keeper, *shares, **more):
        """What each gives, the last first told to nobody else."""
        answers = []
        for share in shares:
            keeper.send("SEAL_UNSEAL", dict(share=share, **more))
            while True:
                name, _, request, message = keeper.channel.receive()
                if name == "SEAL_UNSEAL":
                    break
                keeper.channel.reply(name, request, {})
            answers.append(message)
        return answers

    def state_of(self, keeper):
        """Its answer to a greeting, past what it is told meanwhile."""
        keeper.send("SEAL_HELLO")
        while True:
            name, _, request, message = keeper.channel.receive()
            if name == "SEAL_HELLO":
                return message
            keeper.channel.reply(name, request, {})


class Making(Shares):
    def test_any_that_are_enough_open_what_this_test_can_open(self):
        """The blob by its documented form, shares joined by other code."""
        shares = [base64.b64decode(s) for s in self.shares]
        self.assertEqual([len(s) for s in shares], [33] * SHARES)
        seal = self.read("seal")
        store, blob = seal[8:44], seal[46:]
        self.assertEqual(blob[:3], bytes([1, SHARES, THRESHOLD]))
        bound = b"warder/1/seal" + seal[6:44] + blob[:3]

        def opens(some):
            key = HKDF(hashes.SHA256(), 32, None, b"warder/1/seal-shares" +
                       store).derive(join(some))
            try:
                return AESGCM(key).decrypt(blob[3:15], blob[15:], bound)
            except Exception:
                return None

        roots = {opens(some) for some in
                 itertools.permutations(shares, THRESHOLD)}
        self.assertEqual(len(roots), 1)
        self.assertEqual(len(roots.pop()), 32)
        for some in itertools.combinations(shares, THRESHOLD - 1):
            self.assertIsNone(opens(some))

    def test_every_set_that_is_enough_opens_the_server(self):
        for some in itertools.combinations(self.shares, THRESHOLD):
            seal = self.start()
            keeper = seal.attach()
            answers = self.give(keeper, *some)
            self.assertEqual([a["progress"] for a in answers], [1, 2, 0])
            self.assertFalse(answers[-1]["sealed"])
            seal.close()

    def test_shares_are_shown_once_and_kept_nowhere(self):
        shown = self.make("words", "--shares", "2", "--threshold",
                          "2").stdout
        lines = [l.split()[-1] for l in shown.splitlines()
                 if l.startswith("  share ")]
        self.assertEqual(len(lines), 2)
        for path, _, names in os.walk(os.path.join(self.folder, "words")):
            for name in names:
                with open(os.path.join(path, name), "rb") as f:
                    data = f.read()
                for line in lines:
                    self.assertNotIn(line.encode(), data)
                    self.assertNotIn(base64.b64decode(line)[:32], data)

    def test_files_are_for_their_owner_alone(self):
        target = os.path.join(self.folder, "handed-out")
        made = json.loads(self.make(
            "files", "--shares", "3",
            "--threshold", "2", "--share-dir", target, "--json").stdout)
        self.assertIsNone(made["shares"])
        self.assertEqual(sorted(os.listdir(target)),
                         ["share-1", "share-2", "share-3"])
        for name in os.listdir(target):
            mode = os.stat(os.path.join(target, name)).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o600)
        self.state = made["state_dir"]
        texts = [self.bytes_of(target, n).decode()
                 for n in ("share-3", "share-1")]
        answers = self.give(self.start().attach(), *texts)
        self.assertFalse(answers[-1]["sealed"])

    def test_files_of_another_server_are_not_replaced(self):
        target = os.path.join(self.folder, "handed-out")
        options = ["--shares", "2", "--threshold", "2", "--share-dir", target]
        self.make("a", *options)
        before = self.bytes_of(target, "share-2")
        again = self.make("b", *options, check=False)
        self.assertEqual(again.returncode, 3, again.stderr)
        self.assertFalse(os.path.exists(
            os.path.join(self.folder, "b", "state", "seal")))
        self.assertEqual(self.bytes_of(target, "share-2"), before)

    def test_numbers_that_cannot_be_are_refused(self):
        for shares, threshold in (("5", "1"), ("5", "6"), ("0", "0"),
                                  ("256", "3"), ("x", "2")):
            done = self.make("bad", "--shares", shares, "--threshold",
                             threshold, check=False)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertEqual(
                os.listdir(os.path.join(self.folder, "bad")), [])
        done = self.make("bad", "--shares", "5", "--threshold", "3", "--dev",
                         check=False)
        self.assertEqual(done.returncode, 2)

    def test_lost_output_is_an_error_that_says_so(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [seal_rig.WARDER, "init", "--output",
                 os.path.join(self.folder, "lost"), "--server-name", "x",
                 "--state-dir", os.path.join(self.folder, "lost-state"),
                 "--one-user", "--shares", "2", "--threshold", "2"],
                stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("could not be printed", done.stderr)


class Unsealing(Shares):
    def test_progress_is_told_and_named(self):
        seal = self.start()
        keeper = seal.attach()
        self.assertEqual((keeper.first["kind"], keeper.first["shares"],
                          keeper.first["threshold"], keeper.first["nonce"]),
                         ("shamir", SHARES, THRESHOLD, ""))
        first, second = self.give(keeper, *self.shares[:2])
        self.assertTrue(second["sealed"])
        self.assertEqual(len(first["nonce"]), 36)
        self.assertEqual(first["nonce"], second["nonce"])
        self.assertEqual(second["keyring"], b"")
        third = self.give(keeper, self.shares[4])[0]
        self.assertFalse(third["sealed"])
        self.assertEqual((third["progress"], third["nonce"]), (0, ""))

    def test_operators_at_different_keepers_join_one_attempt(self):
        seal = self.start()
        one, other = seal.attach(0), seal.attach(1)
        nonce = self.give(one, self.shares[0])[0]["nonce"]
        told = other.acknowledge("KEYRING")
        self.assertEqual((told["progress"], told["nonce"], told["keyring"]),
                         (1, nonce, b""))
        answer = self.give(other, self.shares[3], nonce=nonce)[0]
        self.assertEqual((answer["progress"], answer["nonce"]), (2, nonce))
        one.acknowledge("KEYRING")
        one.send("SEAL_UNSEAL", {"share": self.shares[1], "nonce": nonce})
        self.assertFalse(other.acknowledge("KEYRING")["sealed"])
        self.assertFalse(one.answer("SEAL_UNSEAL")["sealed"])

    def test_share_for_another_attempt_is_refused(self):
        seal = self.start()
        keeper = seal.attach()
        stray = "00000000-0000-4000-8000-000000000000"
        self.assert_refused(
            self.give(keeper, self.shares[0], nonce=stray)[0], "conflict")
        self.give(keeper, self.shares[0])
        self.assert_refused(
            self.give(keeper, self.shares[1], nonce=stray)[0], "conflict")
        self.assertEqual(self.state_of(keeper)["progress"], 1)

    def test_same_share_twice_is_refused(self):
        keeper = self.start().attach()
        self.give(keeper, self.shares[0])
        self.assert_refused(self.give(keeper, self.shares[0])[0], "exists")
        as_hex = base64.b64decode(self.shares[0]).hex()
        self.assert_refused(self.give(keeper, as_hex)[0], "exists")
        other = bytearray(base64.b64decode(self.shares[0]))
        other[0] ^= 1
        self.assert_refused(
            self.give(keeper, bytes(other).hex())[0], "exists")
        self.assertEqual(self.state_of(keeper)["progress"], 1)

    def test_hex_counts_like_base64(self):
        keeper = self.start().attach()
        texts = [base64.b64decode(s).hex() for s in self.shares[:3]]
        answers = self.give(keeper, texts[0], texts[1].upper(), texts[2])
        self.assertFalse(answers[-1]["sealed"])

    def test_wrong_share_forgets_all_and_makes_wait(self):
        seal = self.start()
        keeper = seal.attach()
        wrong = bytearray(base64.b64decode(self.shares[1]))
        wrong[7] ^= 0x40
        answers = self.give(keeper, self.shares[0],
                            base64.b64encode(wrong).decode(), self.shares[2])
        self.assert_refused(answers[-1], "unseal_refused")
        self.assert_refused(
            self.give(keeper, self.shares[0])[0], "rate_limited")
        state = self.state_of(keeper)
        self.assertEqual((state["progress"], state["nonce"]), (0, ""))
        self.assertGreater(state["wait_ms"], 0)
        self.assertIn("unseal_refused", seal.logged())

    def test_shares_of_another_server_do_not_open_this_one(self):
        other = json.loads(self.make(
            "other", "--shares", "5",
            "--threshold", "3", "--json").stdout)["shares"]
        answers = self.give(self.start().attach(), *other[:3])
        self.assert_refused(answers[-1], "unseal_refused")

    def test_what_is_no_share_is_malformed_and_counts_for_nothing(self):
        keeper = self.start().attach()
        for text in ("", "a passphrase", self.shares[0][:-1] + "!"):
            self.assert_refused(self.give(keeper, text)[0], "malformed")
        self.assertEqual(self.state_of(keeper)["progress"], 0)
        self.assertEqual(self.state_of(keeper)["wait_ms"], 0)

    def test_reset_forgets(self):
        keeper = self.start().attach()
        nonce = self.give(keeper, self.shares[0])[0]["nonce"]
        keeper.send("SEAL_UNSEAL", {"reset": True, "nonce": nonce})
        keeper.acknowledge("KEYRING")
        answer = keeper.answer("SEAL_UNSEAL")
        self.assertEqual((answer["result"], answer["progress"],
                          answer["nonce"]), (0, 0, ""))
        answers = self.give(keeper, *self.shares[2:])
        self.assertNotEqual(answers[0]["nonce"], nonce)
        self.assertFalse(answers[-1]["sealed"])

    def test_killed_seal_has_kept_no_share(self):
        seal = self.start()
        self.give(seal.attach(), *self.shares[:2])
        seal.kill()
        keeper = self.start().attach()
        self.assertEqual(keeper.first["progress"], 0)
        self.assertTrue(self.give(keeper, self.shares[2])[0]["sealed"])

    def test_shares_are_in_no_log(self):
        seal = self.start()
        self.give(seal.attach(), *self.shares[:3])
        log = seal.logged()
        self.assertIn("share_taken", log)
        for share in self.shares:
            self.assertNotIn(share, log)
            self.assertNotIn(base64.b64decode(share).hex(), log)

    def test_changed_numbers_in_the_file_do_not_open(self):
        """One share would be enough, says the file."""
        seal = bytearray(self.read("seal"))
        seal[47:49] = bytes([1, 1])
        with open(os.path.join(self.state, "seal"), "wb") as f:
            f.write(seal)
        answer = self.give(self.start().attach(), self.shares[0])[0]
        self.assert_refused(answer, "unseal_refused")


if __name__ == "__main__":
    main()
