"""warder-seal: wrong passphrases, and files that are not as they were."""
import os
import time

from seal_rig import PASSPHRASE, SealTest, init, main


class WrongPassphrase(SealTest):
    WRONG = "twelve more bytes and wrong"

    def attempts(self, keeper, *shares):
        """What each gives, and the state after the last; asked all at once,
        so that no wait passes between them."""
        for share in shares:
            keeper.send("SEAL_UNSEAL", {"share": share, "source": "test"})
        keeper.send("SEAL_HELLO")
        return [keeper.receive("SEAL_UNSEAL")[1] for _ in shares] + [
            keeper.receive("SEAL_HELLO")[1]]

    def wait_out(self, state):
        time.sleep(state["wait_ms"] / 1000 + 0.05)

    def test_makes_the_next_attempt_wait(self):
        seal = self.start()
        keeper, other = seal.attach(0), seal.attach(1)
        wrong, right, state = self.attempts(keeper, self.WRONG, PASSPHRASE)
        self.assert_refused(wrong, "unseal_refused")
        self.assert_refused(right, "rate_limited")
        self.assertIn("wait", right["detail"])
        self.assertTrue(state["sealed"])
        self.assertTrue(0 < state["wait_ms"] <= 1000, state)
        self.assertTrue(other.hello()["sealed"], "others have to wait too")
        self.wait_out(state)
        keeper.send("SEAL_UNSEAL", {"share": PASSPHRASE})
        other.acknowledge("KEYRING")
        self.assertEqual(keeper.answer("SEAL_UNSEAL")["result"], 0)
        self.assertEqual(keeper.hello()["wait_ms"], 0)
        self.assertEqual(seal.logged().count("unseal_refused"), 3)

    def test_wait_grows(self):
        keeper = self.start().attach()
        wrong, state = self.attempts(keeper, self.WRONG)
        self.assert_refused(wrong, "unseal_refused")
        self.wait_out(state)
        wrong, state = self.attempts(keeper, "short")
        self.assert_refused(wrong, "unseal_refused")
        self.assertTrue(1000 < state["wait_ms"] <= 2000, state)

    def test_is_in_no_log(self):
        seal = self.start()
        keeper = seal.attach()
        keeper.unseal(self.WRONG)
        self.assertIn("unseal_refused", seal.logged())
        self.assertNotIn(self.WRONG, seal.logged())


class OfClients(SealTest):
    """A keeper that serves clients alone and was taken over: it has the keys,
    and nothing to say."""
    CALLS = {
        "SEAL_UNSEAL": {"share": PASSPHRASE, "source": "test"},
        "SEAL_SEAL": {},
        "SEAL_FILES": {},
        "SEAL_CHANGE": {"kind": "passphrase", "share": "one of an attacker's"},
        "SEAL_ROTATE": {},
        "SEAL_DROP": {"oldest": 1},
    }

    def files(self):
        return {n: open(os.path.join(self.state, n), "rb").read()
                for n in ("seal", "keyring")}

    def test_it_is_ended_and_nothing_changes(self):
        seal, (admins,), keyring = self.start_open()
        before = self.files()
        for call, message in self.CALLS.items():
            with self.subTest(call):
                keeper = seal.attach(3, admin=False)
                self.assertEqual(keeper.first["keyring"], keyring)
                keeper.send(call, message)
                self.assertEqual(
                    seal.reported(), (3, call + " out of place"))
                self.assertTrue(admins.is_silent())
                self.assertEqual(self.files(), before)
                self.assertFalse(admins.hello()["sealed"])
                keeper.close()

    def test_it_neither_opens_nor_forgets_shares(self):
        seal = self.start()
        keeper = seal.attach(3, admin=False)
        keeper.send("SEAL_UNSEAL", {"share": PASSPHRASE, "source": "test"})
        self.assertEqual(seal.reported()[0], 3)
        state = seal.attach(0).first
        self.assertTrue(state["sealed"])
        self.assertEqual(state["wait_ms"], 0)


class Files(SealTest):
    """What lies in the folder is ours, but may have been changed."""

    def replace(self, name, data):
        with open(os.path.join(self.state, name), "wb") as f:
            f.write(data)

    def read(self, name, state=None):
        with open(os.path.join(state or self.state, name), "rb") as f:
            return f.read()

    def assert_unusable(self, reason="tampered"):
        seal = self.start()
        answer = seal.attach().unseal(PASSPHRASE)
        self.assert_refused(answer, reason)
        self.assertTrue(seal.attach().first["sealed"])
        seal.close()

    def another(self):
        """A server of the same passphrase and another root key."""
        folder = os.path.join(self.folder, "other")
        os.mkdir(folder)
        init(folder, passphrase=PASSPHRASE)
        return os.path.join(folder, "state")

    def test_keyring_under_another_root_key(self):
        other = self.another()
        self.replace("keyring", self.read("keyring", other))
        self.assert_unusable()

    def test_seal_of_another_server(self):
        other = self.another()
        self.replace("seal", self.read("seal", other))
        self.assert_unusable()

    def test_keyring_that_is_gone(self):
        os.remove(os.path.join(self.state, "keyring"))
        self.assert_unusable()

    def test_keyring_with_a_flipped_bit(self):
        data = bytearray(self.read("keyring"))
        data[len(data) // 2] ^= 1
        self.replace("keyring", data)
        self.assert_unusable()

    def test_seal_that_is_cut(self):
        data = self.read("seal")
        for n in (0, 3, 20, len(data) - 1):
            self.replace("seal", data[:n])
            self.assert_unusable()

    def test_seal_that_is_too_large(self):
        self.replace("seal", bytes(5000))
        self.assert_unusable()

    def test_seal_that_comes_back_is_seen(self):
        data = self.read("seal")
        os.remove(os.path.join(self.state, "seal"))
        keeper = self.start().attach()
        self.assertFalse(keeper.first["initialized"])
        self.replace("seal", data)
        self.assertEqual(keeper.unseal(PASSPHRASE)["result"], 0)
        self.assertTrue(keeper.hello()["initialized"])

    def test_cost_beyond_reason_is_not_paid(self):
        data = bytearray(self.read("seal"))
        at = data.index(bytes([1, 10, 8, 1]))
        data[at + 1] = 40
        self.replace("seal", data)
        self.assert_unusable()


if __name__ == "__main__":
    main()
