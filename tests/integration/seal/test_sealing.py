"""warder-seal: closing, and keepers that break the rules."""
import socket

from seal_rig import PASSPHRASE, SealTest, main
from warder_rpc import CALLS, REPLY

TIMEOUT = -6


class Sealing(SealTest):
    def test_waits_for_every_acknowledgement(self):
        seal, (first, second, third), _ = self.start_open(3)
        first.send("SEAL_SEAL")
        second.acknowledge("WIPE")
        first.acknowledge("WIPE")
        self.assertTrue(first.is_silent(), "answered before all had wiped")
        state = second.hello()
        self.assertTrue(state["sealed"] and state["keyring"] == b"")
        self.assert_refused(second.unseal(PASSPHRASE), "overloaded")
        third.acknowledge("WIPE")
        answer = first.answer("SEAL_SEAL")
        self.assertTrue(answer["sealed"] and answer["keyring"] == b"")
        self.assertTrue(seal.reports_nothing())

    def test_counts_the_dead_as_wiped(self):
        _, (first, second), _ = self.start_open(2)
        first.send("SEAL_SEAL")
        first.acknowledge("WIPE")
        second.close()
        self.assertTrue(first.answer("SEAL_SEAL")["sealed"])

    def test_reports_who_does_not_wipe(self):
        seal, (first, second), _ = self.start_open(2)
        first.send("SEAL_SEAL")
        first.acknowledge("WIPE")
        self.assertEqual(seal.reported()[0], 1)
        self.assertTrue(first.is_silent(), "answered before its end")
        second.close()
        self.assertTrue(first.answer("SEAL_SEAL")["sealed"])

    def test_says_so_when_somebody_neither_wipes_nor_ends(self):
        seal, (first, second), _ = self.start_open(2)
        first.send("SEAL_SEAL")
        first.acknowledge("WIPE")
        self.assertEqual(seal.reported()[0], 1)
        answer = first.answer("SEAL_SEAL")
        self.assertEqual(answer["result"], TIMEOUT)
        self.assertTrue(first.hello()["sealed"])

    def test_reports_who_cannot_wipe(self):
        seal, (first, second), _ = self.start_open(2)
        first.send("SEAL_SEAL")
        first.acknowledge("WIPE")
        request, _ = second.receive("WIPE")
        second.channel.refuse("WIPE", request, -7, "no")
        self.assertEqual(seal.reported()[0], 1)
        second.close()
        self.assertTrue(first.answer("SEAL_SEAL")["sealed"])

    def test_answers_all_who_ask(self):
        _, (first, second), _ = self.start_open(2)
        first.send("SEAL_SEAL")
        request, _ = second.receive("WIPE")
        second.send("SEAL_SEAL")
        first.acknowledge("WIPE")
        self.assertTrue(first.is_silent())
        second.channel.reply("WIPE", request, {})
        self.assertTrue(first.answer("SEAL_SEAL")["sealed"])
        self.assertTrue(second.answer("SEAL_SEAL")["sealed"])

    def test_overtakes_an_unseal(self):
        seal = self.start()
        first, second = seal.attach(0), seal.attach(1)
        first.send("SEAL_UNSEAL", {"share": PASSPHRASE})
        last = first.send("SEAL_SEAL")
        late, _ = second.receive("KEYRING")
        request, answer = first.receive("SEAL_UNSEAL")
        self.assertEqual(request, last - 1)
        self.assert_refused(answer, "sealed")
        second.channel.reply("KEYRING", late, {})
        first.acknowledge("WIPE")
        wipe, _ = second.receive("WIPE")
        self.assertTrue(first.is_silent(), "the wrong acknowledgement counted")
        second.channel.reply("WIPE", wipe, {})
        self.assertTrue(first.answer("SEAL_SEAL")["sealed"])
        self.assertTrue(seal.reports_nothing())

    def test_reaches_keepers_that_a_former_seal_has_opened(self):
        seal = self.start()
        asker, running = seal.attach(0), seal.attach(1, hello=False)
        asker.send("SEAL_SEAL")
        running.acknowledge("WIPE")
        asker.acknowledge("WIPE")
        self.assertTrue(asker.answer("SEAL_SEAL")["sealed"])

    def test_reaches_keepers_that_come_afterwards(self):
        seal, (first,), _ = self.start_open()
        first.send("SEAL_SEAL")
        first.acknowledge("WIPE")
        first.answer("SEAL_SEAL")
        late = seal.attach(1)
        self.assertTrue(late.first["sealed"])
        late.acknowledge("WIPE")
        self.assertTrue(late.hello()["sealed"])
        self.assertTrue(late.is_silent(0.1), "told twice")
        first.send("SEAL_UNSEAL", {"share": PASSPHRASE})
        late.acknowledge("KEYRING")
        self.assertEqual(first.answer("SEAL_UNSEAL")["result"], 0)
        self.assertTrue(seal.attach(2).is_silent(0.1), "told while open")
        self.assertTrue(seal.reports_nothing())

    def test_asker_that_dies_leaves_no_trace(self):
        _, (first, second), _ = self.start_open(2)
        first.send("SEAL_SEAL")
        first.close()
        second.acknowledge("WIPE")
        self.assertTrue(second.hello()["sealed"])
        self.assertEqual(second.unseal(PASSPHRASE)["result"], 0)


class BrokenRules(SealTest):
    def broken(self, do):
        """Keeper 1 does something; keeper 0 is served all the same."""
        seal = self.start()
        good, bad = seal.attach(0), seal.attach(1)
        do(bad)
        self.assertEqual(seal.reported()[0], 1)
        self.assertTrue(good.hello()["sealed"])
        bad.close()
        self.assertTrue(seal.attach(1).first["sealed"])

    def frame(self, call, flags, body):
        self.broken(lambda k: k.channel.send_frame(call, flags, 1, body))

    def test_call_that_does_not_exist(self):
        self.frame(9999, 0, b"")

    def test_call_of_another_peer(self):
        self.frame(CALLS["CHALLENGE"][0], 0, b"\1")

    def test_call_of_the_supervisor(self):
        self.frame(CALLS["START"][0], 0, b"")

    def test_body_that_is_too_large(self):
        self.frame(CALLS["SEAL_HELLO"][0], 0, bytes(30000))

    def test_body_that_is_none(self):
        self.frame(CALLS["SEAL_UNSEAL"][0], 0, b"\xff")

    def test_bytes_after_the_message(self):
        self.frame(CALLS["SEAL_HELLO"][0], 0, b"x")

    def test_passphrase_that_is_too_long(self):
        self.broken(lambda k: k.send("SEAL_UNSEAL", {"share": bytes(1025)}))

    def test_acknowledgement_of_nothing(self):
        self.frame(CALLS["WIPE"][0], REPLY, bytes(4))

    def test_impossible_frame(self):
        self.broken(lambda k: k.channel.sock.sendall(b"\xff" * 12))

    def test_asking_without_reading(self):
        def flood(keeper):
            keeper.channel.sock.settimeout(0.2)
            try:
                for _ in range(100000):
                    keeper.send("SEAL_HELLO")
            except (TimeoutError, socket.timeout, OSError):
                pass
        self.broken(flood)


if __name__ == "__main__":
    main()
