#!/usr/bin/env python3
"""A process of a backend that was taken over: what it says is read as the answer
to what it was asked, or not at all."""
import shutil
import tempfile
import unittest

from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec
from keeper_rig import AES256, BACKEND, OPAQUE, P256, Refused, Server, main
from warder_rpc import encode_list

CAN_BRING, CAN_ATTACH = 2, 4
KEY = "6f1d2c5e-3b1a-4c7e-9a52-0d2f4b6c8e10"
QUEUE = 64  # admin calls that wait
CALLS = {
    # Read as another answer, its numbers would be an address and a length.
    "BACKEND_CHECK": {"reason": AES256, "words": "x", "calls": 1 << 40,
                      "failures": 64},
    "BACKEND_FETCH": {"bytes": b"x" * 32, "lease": "x", "seconds": 64},
    "BACKEND_DESTROY": {},
}


def spki(key):
    return key.public_key().public_bytes(
        ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)


def pkcs8(key):
    return key.private_bytes(
        ser.Encoding.DER, ser.PrivateFormat.PKCS8, ser.NoEncryption())


class Case(unittest.TestCase):
    KIND = 1  # of the backend

    def setUp(self):
        folder = tempfile.mkdtemp(prefix="keeper-")
        self.addCleanup(shutil.rmtree, folder, True)
        self.server = Server(folder, backends=encode_list("backend_entry", [
            {"name": "here", "kind": self.KIND, "kind_name": "vault",
             "can": CAN_BRING | CAN_ATTACH, "kinds": 0xffff, "timeout_ms": 5000,
             "processes": 1}]))
        self.addCleanup(self.server.close)

    def asked_for(self, peer, name):
        """The request of this call, after checks: its number, what it says."""
        while True:
            frame = peer.receive()
            self.assertIsNotNone(frame, "the keeper has ended")
            if frame[0] == name:
                return frame[2:4]
            self.assertEqual(frame[0], "BACKEND_CHECK")
            peer.reply("BACKEND_CHECK", frame[2], {})

    def asked(self, peer, name):
        return self.asked_for(peer, name)[0]

    def begin(self, call, **fields):
        """A key that a backend has been asked for: it, and the request."""
        peer = self.server.join(BACKEND)
        self.addCleanup(peer.close)
        self.server.do("STATUS")  # it is attached by then
        self.server.ask("KEY_CREATE", backend="here", **fields)
        return peer, self.asked(peer, call)

    def attach(self):
        return self.begin("BACKEND_ATTACH", kind=AES256, attach="mine")

    def bring(self, kept_as):
        """Brings a pair; the backend says that it keeps this one."""
        own = ec.generate_private_key(ec.SECP256R1())
        peer, number = self.begin("BACKEND_MAKE", material=pkcs8(own))
        peer.reply("BACKEND_MAKE", number, dict(
            {"kind": P256, "locator": "brought", "spki": spki(own)},
            **kept_as))
        self.server.logged()
        self.server.confirm()
        return peer


class Backends(Case):
    def test_what_was_asked_is_kept(self):
        peer, number = self.attach()
        peer.reply("BACKEND_ATTACH", number,
                   {"kind": AES256, "locator": "mine"})
        self.server.logged()
        self.server.confirm()
        self.assertEqual(
            self.server.answer("KEY_CREATE")["attach"], "mine")

    def test_an_opaque_secret_is_attached(self):
        for kind in (OPAQUE, 0):  # asked for, or whatever is there
            peer, number = self.begin("BACKEND_ATTACH", kind=kind,
                                      attach="mine")
            peer.reply("BACKEND_ATTACH", number, {
                "kind": OPAQUE, "locator": "creds|mine", "leased": True})
            self.server.logged()
            self.server.confirm()
            self.assertEqual(self.server.answer("KEY_CREATE")["kind"], OPAQUE)
            peer.close()

    def test_what_is_leased_for_a_request_is_given_back(self):
        own = ec.generate_private_key(ec.SECP256R1())
        peer, number = self.begin("BACKEND_ATTACH", kind=P256, attach="mine")
        peer.reply("BACKEND_ATTACH", number, {
            "kind": P256, "locator": "mine", "spki": spki(own),
            "leased": True})
        self.server.logged()
        self.server.confirm()
        key = self.server.answer("KEY_CREATE")["id"]
        self.server.ask("KEY_CSR", id=key, subject="CN=here.example")
        peer.reply("BACKEND_FETCH", self.asked(peer, "BACKEND_FETCH"), {
            "bytes": pkcs8(own), "lease": "mine/1", "seconds": 60})
        self.server.logged()
        self.server.confirm()
        self.server.answer("KEY_CSR")
        self.asked(peer, "BACKEND_REVOKE")

    def test_an_answer_to_another_call_is_not_read_as_this_one(self):
        for name, message in CALLS.items():
            peer, number = self.attach()
            peer.reply(name, number, message)
            self.server.logged()
            self.server.confirm()
            with self.assertRaises(Refused) as caught:
                self.server.answer("KEY_CREATE")
            self.assertEqual(caught.exception.reason, "unavailable", name)

    def test_a_key_that_was_brought_is_the_one_that_is_kept(self):
        self.bring({})
        self.assertEqual(self.server.answer("KEY_CREATE")["kind"], P256)

    def test_another_key_in_its_place_is_not_registered(self):
        other = spki(ec.generate_private_key(ec.SECP256R1()))
        for kept_as in ({"spki": other}, {"kind": AES256, "spki": b""}):
            peer = self.bring(kept_as)
            with self.assertRaises(Refused) as caught:
                self.server.answer("KEY_CREATE")
            self.assertEqual(caught.exception.reason, "backend_answer")
            self.asked(peer, "BACKEND_DESTROY")
            peer.close()


class Attached(Case):
    """A key of this server, attached once more under a policy of somebody
    else's."""
    LOCATORS = ("kv|2|keybroker|%s|1|", "kv|2|keybroker|%s.v3|1|%s",
                "transit|transit|warder-%s|1", "pkcs11:id=%s;type=secret-key")

    def brought(self, peer, locator):
        """The id of a key that rests there."""
        self.server.ask("KEY_CREATE", backend="here", kind=AES256,
                        material=b"k" * 32)
        number, message = self.asked_for(peer, "BACKEND_MAKE")
        locator = locator.replace("%s", message["id"])
        peer.reply("BACKEND_MAKE", number,
                   {"kind": AES256, "locator": locator})
        self.server.logged()
        self.server.confirm()
        return self.server.answer("KEY_CREATE")["id"], locator

    def attach_again(self, peer, locator, rules):
        token = self.server.do("TOKEN_CREATE", user="bob", rules=rules,
                               seconds=600)["token"]
        self.server.ask("KEY_CREATE", token, backend="here", kind=AES256,
                        attach="mine")
        peer.reply("BACKEND_ATTACH", self.asked(peer, "BACKEND_ATTACH"),
                   {"kind": AES256, "locator": locator})
        entry = self.server.logged()
        self.server.confirm()
        self.assertEqual(entry["actor"], "bob")
        return self.server.answer("KEY_CREATE")

    def takes_a_right(self, locator, found=None):
        peer = self.server.join(BACKEND)
        self.addCleanup(peer.close)
        self.server.do("STATUS")
        key, locator = self.brought(peer, locator)
        found = found or locator
        before = self.server.keys()
        with self.assertRaises(Refused) as caught:
            self.attach_again(peer, found, "keys:register keys:retrieve")
        self.assertEqual(caught.exception.reason, "permission_denied")
        self.assertIn(key, caught.exception.detail)
        self.assertEqual(self.server.keys(), before)
        # who may give it another policy has no need of this
        self.attach_again(peer, found, "keys:register keys:update")
        # nor is it a key of ours any more
        for row in self.server.keys():
            self.server.ask("KEY_DELETE", id=row["id"])
            if row["id"] == key:
                peer.reply("BACKEND_DESTROY",
                           self.asked(peer, "BACKEND_DESTROY"), {})
            self.server.logged()
            self.server.confirm()
            self.server.answer("KEY_DELETE")
        self.attach_again(peer, found, "keys:register")
        peer.close()

    def test_it_takes_the_right_to_change_its_policy(self):
        for locator in self.LOCATORS:
            with self.subTest(locator):
                self.takes_a_right(locator)

    def test_anything_else_may_be_attached(self):
        peer = self.server.join(BACKEND)
        self.addCleanup(peer.close)
        self.server.do("STATUS")
        for path in ("theirs", KEY):  # an id, but of no key here
            self.attach_again(peer, "kv|2|keybroker|%s|1|" % path,
                              "keys:register")


class AttachedByNumber(Attached):
    """A backend whose identifiers are its own."""
    KIND = 2
    LOCATORS = ("12|13", "12|")

    def test_whatever_is_known_of_it(self):
        self.takes_a_right("12|13", "12|")

    def test_anything_else_may_be_attached(self):
        peer = self.server.join(BACKEND)
        self.addCleanup(peer.close)
        self.server.do("STATUS")
        self.brought(peer, "12|13")
        for number in ("1|", "2|", "13|", "121|"):
            self.attach_again(peer, number, "keys:register")


class Stopping(Case):
    """What an operator stops things with, while a backend takes its time."""

    def wait_for_backend(self, n):
        """A key that a backend has been asked for, and N after it."""
        peer, number = self.attach()
        for _ in range(n):
            self.server.ask("KEY_CREATE", backend="here", kind=AES256,
                            attach="mine")
        return peer, number

    def next_is(self, event):
        self.assertEqual(self.server.logged()["event"], event)
        self.server.confirm()

    def go_on(self, peer, number):
        peer.reply("BACKEND_ATTACH", number,
                   {"kind": AES256, "locator": "mine"})
        self.next_is("key_create")
        self.server.answer("KEY_CREATE")

    def test_it_waits_for_one_call_alone(self):
        peer, number = self.wait_for_backend(3)
        self.server.ask("REVOKE", kind="key", what=KEY)
        self.server.ask("TOKEN_REVOKE", id=KEY)
        self.server.ask("SEAL")
        self.go_on(peer, number)
        self.next_is("revoke")
        self.server.answer("REVOKE")
        self.next_is("token_revoke")
        with self.assertRaises(Refused):
            self.server.answer("TOKEN_REVOKE")
        self.next_is("seal")
        self.server.answer("SEAL")

    def test_a_full_queue_does_not_turn_it_away(self):
        peer, number = self.wait_for_backend(QUEUE + 6)
        for _ in range(6):
            with self.assertRaises(Refused) as caught:
                self.server.answer("KEY_CREATE")
            self.assertEqual(caught.exception.reason, "overloaded")
        self.server.ask("REVOKE", kind="key", what=KEY)
        self.go_on(peer, number)
        self.next_is("revoke")
        self.server.answer("REVOKE")

    def test_who_may_not_does_not_come_first(self):
        peer, number = self.wait_for_backend(1)
        for _ in range(QUEUE // 2):
            self.server.ask("REVOKE", token="wdt_" + "A" * 43, kind="key",
                            what=KEY)
        self.server.ask("REVOKE", kind="key", what=KEY)
        self.go_on(peer, number)
        self.next_is("revoke")
        self.server.answer("REVOKE")
        # after it those that were there before
        peer.reply("BACKEND_ATTACH", self.asked(peer, "BACKEND_ATTACH"),
                   {"kind": AES256, "locator": "mine"})
        self.next_is("key_create")
        self.server.answer("KEY_CREATE")
        with self.assertRaises(Refused) as caught:
            self.server.answer("REVOKE")
        self.assertEqual(caught.exception.reason, "credential_invalid")


if __name__ == "__main__":
    main()
