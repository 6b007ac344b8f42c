#!/usr/bin/env python3
"""warder-agent with keys that stay in the server: it asks for each signature,
waits for none of them, and believes no signature that it has not verified.
"""
import os
import signal
import struct
import sys
import threading
import time
import unittest

from cryptography.hazmat.primitives import serialization

from agent_case import DIGEST, ID, ME, OTHER_ID, AgentTest, verifies
from agent_rig import (ECDSA, KEY_ENDED, MECHANISM, NOT_PERMITTED, OK, PKCS1,
                       REFUSED, SERVER, SIGN, wait_until)
from kbs_double import Answer, Resource, b64url, certificate, new_key, refusal

NOBODY = "65534"
PATIENCE = 1.5  # of the PKCS#11 module
HANGS = 3       # what is over by then has not waited for the server


def spki(key):
    return key.public_key().public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo)


class RemoteTest(AgentTest):
    def setUp(self):
        super().setUp()
        self.kbs.resources.clear()
        self.stay(self.key)

    def stay(self, key, version=1, **options):
        """The key is one that is used in the server."""
        self.key = self.kbs.signers[ID] = key
        options.setdefault("chain", certificate("site.example", key))
        self.kbs.resources["default/public/" + ID] = Resource(
            "public-key", spki(key), "from the server", version=version,
            **options)

    def remote(self, **options):
        section = dict({"id": ID, "mode": "remote", "use": ME}, **options)
        agent = self.agent({"web": section})
        self.wait_held(agent)
        return agent

    def timed(self, agent):
        """(status, seconds)"""
        began = time.monotonic()
        return self.status_of_sign(agent), time.monotonic() - began

    def assert_left_in_time(self, agent):
        """The agent gives up before the module does: at the second or third
        time, where something else held it up."""
        for _ in range(3):
            status, seconds = self.timed(agent)
            self.assertEqual(status, SERVER)
            self.assertLess(seconds, HANGS)
            if seconds < PATIENCE:
                return
        self.assertLess(seconds, PATIENCE)


class Signs(RemoteTest):
    def test_the_server_signs_and_the_agent_shows_the_key(self):
        agent = self.remote()
        status, keys = agent.ask(lambda h: h.keys())
        self.assertEqual((status, [k.id for k in keys]), (OK, [ID]))
        self.assertEqual(keys[0].spki, spki(self.key))
        self.assertEqual(len(keys[0].certs), 1)
        self.assertTrue(self.can_sign(agent))
        self.assertEqual(self.kbs.count("/sign"), 1)
        self.assertEqual(self.kbs.count("default/key/"), 0)
        self.assertIn("used in the server", agent.ask(
            lambda h: h.lines())[ID])

    def test_it_is_had_where_other_keys_must_come_wrapped(self):
        agent = self.agent({"web": {"id": ID, "mode": "remote", "use": ME}},
                           start=False)
        agent.agent["wrapped"] = "only"
        agent.write()
        agent.start()
        self.wait_held(agent)
        self.assertTrue(self.can_sign(agent))

    def test_what_the_door_does_not_have_is_asked_of_nobody(self):
        agent = self.remote()
        status, _ = agent.ask(lambda h: h.sign(ID, 1, DIGEST, PKCS1))
        self.assertEqual(status, MECHANISM)
        self.assertEqual(self.kbs.count("/sign"), 0)

    def test_who_may_see_and_not_use_has_nothing_asked_for(self):
        agent = self.remote(see=ME, use=NOBODY)
        self.assertEqual(self.status_of_sign(agent), NOT_PERMITTED)
        self.assertEqual(self.kbs.count("/sign"), 0)

    def test_many_at_once_are_all_answered(self):
        agent = self.remote()
        lock, most, now = threading.Lock(), [0], [0]

        def hook(handler, body):
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(0.02)
            with lock:
                now[0] -= 1

        self.kbs.hooks["sign"] = hook
        holders = [agent.holder() for _ in range(24)]
        for h in holders:
            self.addCleanup(h.close)
        answers = []

        def ask(h):
            answers.append(h.sign(ID, 1, DIGEST))

        threads = [threading.Thread(target=ask, args=(h,)) for h in holders]
        for t in threads:
            t.start()
        for t in threads:
            t.join(20)
        self.assertEqual([s for s, _ in answers], [OK] * 24)
        for _, signature in answers:
            verifies(self.key, signature)
        self.assertEqual(len({s for _, s in answers}), 24)
        self.assertGreater(most[0], 1)
        self.assertLessEqual(most[0], 8)

    def test_a_new_version_signs_beside_the_old_one(self):
        old = self.key
        agent = self.remote()
        self.stay(new_key(), 2)
        agent.run("rotate")
        self.wait_held(agent, 2)
        self.assertTrue(self.can_sign(agent, generation=2))
        self.kbs.signers[ID] = old
        self.assertTrue(self.can_sign(agent, key=old, generation=1))

    def test_a_key_may_come_to_be_held_by_reload(self):
        agent = self.remote()
        self.kbs.resources["default/key/" + ID] = Resource(
            "ec-p256", self.key.private_bytes(
                serialization.Encoding.DER,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption()))
        agent.keys["web"]["mode"] = "release"
        agent.reload()
        self.wait_held(agent, 2)
        self.assertTrue(self.can_sign(agent))
        self.assertEqual(self.kbs.count("/sign"), 0)


    def test_a_public_part_may_come_to_sign_by_reload_and_back(self):
        agent = self.agent({"web": {"path": "default/public/" + ID,
                                    "get": ME}})
        self.wait_held(agent)
        self.assertEqual(agent.ask(lambda h: h.get("web")),
                         (OK, spki(self.key)))
        read = agent.keys["web"]
        agent.keys["web"] = {"id": ID, "mode": "remote", "use": ME}
        agent.reload()
        self.wait_held(agent, 2)
        self.assertTrue(self.can_sign(agent))
        self.assertNotEqual(agent.ask(lambda h: h.get("web"))[0], OK)
        agent.keys["web"] = read
        agent.reload()
        self.wait_held(agent, 3)
        self.assertNotEqual(self.status_of_sign(agent), OK)


class Hostile(RemoteTest):
    def refused(self, answer):
        agent = self.remote()
        self.kbs.hooks["sign"] = lambda handler, body: answer
        self.assertEqual(self.status_of_sign(agent), SERVER)
        return agent

    def test_a_signature_by_another_key_is_given_to_nobody(self):
        agent = self.refused(self.kbs.signed(new_key(), DIGEST))
        agent.wait_for("signature_refused")
        del self.kbs.hooks["sign"]
        self.assertTrue(self.can_sign(agent))

    def test_nor_is_one_over_something_else(self):
        agent = self.refused(self.kbs.signed(self.key, bytes(32)))
        agent.wait_for("signature_refused")

    def test_nor_is_what_is_no_signature(self):
        for text in ("", b64url(bytes(64)), b64url(bytes(512)), "*"):
            agent = self.refused(Answer(200, {
                "algorithm": "ES256", "version": 1, "signature": text}))
            agent.stop()
            del self.kbs.hooks["sign"]

    def test_another_public_key_is_not_believed(self):
        """It comes in a release, which is signed."""
        self.kbs.hooks["resource"] = lambda handler, body: self.kbs.release(
            "default/public/" + ID, self.kbs.sessions[handler.cookie()],
            Resource("public-key", spki(new_key())), new_key())
        agent = self.agent({"web": {"id": ID, "mode": "remote", "use": ME}})
        self.assertEqual(agent.wait_for("release_refused")["reason"],
                         "release_bad_signature")

    def test_a_private_key_is_no_public_part(self):
        self.kbs.resources["default/public/" + ID] = Resource(
            "ec-p256", spki(self.key))
        agent = self.agent({"web": {"id": ID, "mode": "remote", "use": ME}})
        self.assertEqual(agent.wait_for("release_refused")["reason"],
                         "unsupported")


class Away(RemoteTest):
    def test_a_server_that_says_no_is_heard(self):
        agent = self.remote()
        for status, name, want in ((403, "SignerMismatch", REFUSED),
                                   (403, "RevokedByOperator", REFUSED),
                                   (404, "NotFound", REFUSED),
                                   (503, "Unavailable", SERVER),
                                   (503, "Sealed", SERVER)):
            self.kbs.hooks["sign"] = \
                lambda handler, body, s=status, n=name: refusal(s, n)
            self.assertEqual(self.status_of_sign(agent), want, name)
        self.assertEqual(agent.count("sign_failed"), 1)

    def test_a_server_that_hangs_is_left_in_time(self):
        agent = self.remote()
        go = threading.Event()
        self.addCleanup(go.set)
        self.kbs.hooks["sign"] = lambda handler, body: go.wait(20) and None
        self.assert_left_in_time(agent)
        go.set()
        del self.kbs.hooks["sign"]
        self.assertTrue(self.can_sign(agent))

    def test_others_are_served_while_one_waits(self):
        agent = self.remote()
        go = threading.Event()
        self.addCleanup(go.set)
        self.kbs.hooks["sign"] = lambda handler, body: go.wait(1) and None
        waiting = agent.holder()
        self.addCleanup(waiting.close)
        thread = threading.Thread(
            target=lambda: waiting.sign(ID, 1, DIGEST))
        thread.start()
        wait_until(lambda: self.kbs.count("/sign"), what="a question")
        lines = agent.ask(lambda h: h.lines())
        self.assertEqual(lines["waiting"], "1")
        go.set()
        thread.join(10)

    def test_a_server_that_goes_in_mid_request_is_told_and_comes_back(self):
        agent = self.remote()
        reached, go = threading.Event(), threading.Event()
        self.addCleanup(go.set)

        def hook(handler, body):
            reached.set()
            go.wait(20)
            return False

        self.kbs.hooks["sign"] = hook
        got = []
        thread = threading.Thread(
            target=lambda: got.append(self.timed(agent)))
        thread.start()
        self.assertTrue(reached.wait(10))
        self.kbs.stop()
        thread.join(10)
        self.assertEqual(got[0][0], SERVER)
        self.assertLess(got[0][1], HANGS)
        self.assertEqual(self.timed(agent)[0], SERVER)
        go.set()
        del self.kbs.hooks["sign"]
        self.kbs.start()
        wait_until(lambda: self.can_sign(agent), 10, "signatures again")

    def test_a_key_whose_signatures_do_not_come_holds_up_no_other(self):
        other = self.kbs.signers[OTHER_ID] = new_key()
        self.kbs.resources["default/public/" + OTHER_ID] = Resource(
            "public-key", spki(other), "another")
        agent = self.agent({n: {"id": i, "mode": "remote", "use": ME}
                            for n, i in (("web", ID), ("other", OTHER_ID))})
        self.wait_held(agent, 2)
        over = threading.Event()
        self.addCleanup(over.set)
        self.kbs.hooks["sign"] = lambda handler, body: \
            over.wait(3) and None if ID in handler.path else None
        for _ in range(3):
            for _ in range(16):
                self.addCleanup(self.sent(agent, ID).close)
            self.assertTrue(self.can_sign(agent, other, OTHER_ID))
            wait_until(lambda: agent.ask(lambda h: h.lines())["waiting"] ==
                       "0", what="nobody to wait")
        self.assertGreater(self.kbs.count(ID + "/sign"), 6)

    def sent(self, agent, key_id):
        """A connection on which a signature was asked for."""
        holder = agent.holder()
        body = key_id.encode() + struct.pack(
            "<IBBBBHH", 1, ECDSA, 0, 0, 0, 0, len(DIGEST)) + DIGEST
        holder.sock.send(struct.pack(
            "<BBHIII", 1, SIGN, 0, 1, 0, len(body)) + body)
        return holder

    def test_who_goes_in_mid_request_leaves_nothing_behind(self):
        agent = self.remote()
        go = threading.Event()
        self.addCleanup(go.set)
        self.kbs.hooks["sign"] = lambda handler, body: go.wait(0.4) and None
        for n in range(1, 9):
            pid = os.fork()
            if pid == 0:
                try:
                    agent.holder().sign(ID, 1, DIGEST)
                finally:
                    os._exit(0)
            wait_until(lambda: self.kbs.count("/sign") == n, what="a question")
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        wait_until(lambda: agent.ask(lambda h: h.lines())["waiting"] == "0",
                   what="nobody to wait")
        go.set()
        del self.kbs.hooks["sign"]
        wait_until(lambda: self.can_sign(agent), 5, "signatures again")

    def test_a_killed_link_is_replaced(self):
        agent = self.remote()
        self.assertTrue(self.can_sign(agent))
        os.kill(agent.kin()[-1], signal.SIGKILL)
        wait_until(lambda: self.can_sign(agent), 10, "signatures again")


class Sessions(RemoteTest):
    def test_a_session_that_ended_is_replaced_and_nobody_notices(self):
        agent = self.remote()
        time.sleep(1.1)  # not two sessions within a second
        for session in self.kbs.sessions.values():
            session.client = None
        self.assertTrue(self.can_sign(agent))
        self.assertEqual(self.kbs.count("/attest"), 2)
        self.assertEqual(self.kbs.count("/sign"), 2)

    def test_a_session_is_renewed_before_it_ends(self):
        attested = []

        def attest(handler, body):
            attested.append(time.monotonic())

        def leases(handler, body):
            """The server says how long the session lasts: 7 seconds."""
            if "?after" in handler.path:
                time.sleep(1)
            left = attested[-1] + 7 - time.monotonic()
            return Answer(200, {"after": 1, "all": False, "revoked": [],
                                "seconds": max(0, int(left))})

        self.kbs.hooks.update(attest=attest, leases=leases)
        agent = self.remote()
        while len(attested) < 3:
            self.assertTrue(self.can_sign(agent))
            self.assertLess(time.monotonic() - attested[-1], 7)
            time.sleep(0.02)
        self.assertEqual(agent.count("round_failed"), 0)

    def test_a_session_that_is_never_good_is_not_tried_for_ever(self):
        agent = self.remote()
        self.kbs.hooks["sign"] = \
            lambda handler, body: refusal(401, "CredentialInvalid")
        took = []
        for _ in range(3):
            status, seconds = self.timed(agent)
            self.assertEqual(status, SERVER)
            self.assertLess(seconds, HANGS)
            took.append(seconds)
        self.assertLess(min(took), PATIENCE)
        self.assertLessEqual(self.kbs.count("/attest"), 6)

    def test_without_a_session_nobody_waits_long(self):
        agent = self.remote()
        self.kbs.hooks["attest"] = \
            lambda handler, body: refusal(403, "SignerMismatch")
        os.kill(agent.kin()[-1], signal.SIGKILL)
        agent.wait_for("round_failed", 2)
        self.assert_left_in_time(agent)

    def test_the_lease_ends_the_key_as_any_other(self):
        self.stay(self.key, seconds=2)
        agent = self.remote()
        self.assertTrue(self.can_sign(agent))
        self.kbs.hooks["resource"] = \
            lambda handler, body: refusal(403, "SignerMismatch")
        agent.wait_for("key_ended")
        self.assertEqual(self.status_of_sign(agent), KEY_ENDED)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)
