#!/usr/bin/env python3
"""warder-agent against those it does not believe: a server, or a link, that
passes on releases which are forged, replayed or for somebody else; and a link
that breaks every rule there is."""
import json
import os
import shutil
import sys
import unittest
import uuid

import agent_rig
import kbs_double
from agent_case import ID, ME, OTHER_ID, AgentTest, path_of
from agent_rig import NO_KEY, OK, wait_until
from kbs_double import NATIVE, Answer, b64url, jcs, new_key, wrap

LIB = os.path.dirname(os.path.abspath(agent_rig.__file__))


class Releases(AgentTest):
    """All of them reach the agent as a hostile link would hand them over."""

    def forged(self, make, reason, words):
        def resource(handler, body):
            session = self.kbs.sessions[handler.cookie()]
            return make(session, self.kbs.resources[path_of(ID)])

        self.kbs.hooks["resource"] = resource
        agent = self.agent()
        refused = agent.wait_for("release_refused")
        self.assertEqual((refused["key"], refused["reason"]),
                         ("web", reason))
        self.assertIn(words, refused["detail"])
        self.assertEqual(self.status_of_sign(agent), NO_KEY)
        self.assertEqual(agent.ask(lambda h: h.keys()), (OK, []))
        self.assertEqual(agent.count("key_held"), 0)
        self.kbs.hooks.clear()
        self.wait_held(agent)
        self.assertTrue(self.can_sign(agent))

    def wrapped(self, session, jws, client=None):
        return Answer(200, wrap(jws, client or session.client), NATIVE)

    def signed(self, payload, key=None, header=None):
        key = key or self.kbs.release_key
        header = header or kbs_double.release_header(
            kbs_double.jwk_of(key))
        return kbs_double.sign_compact(key, header, jcs(payload)).encode()

    def test_signed_by_another_key(self):
        thief = new_key()
        self.forged(lambda s, r: self.kbs.release(path_of(ID), s, r, thief),
                    "release_bad_signature", "another key")

    def test_header_of_the_pinned_key_over_a_foreign_signature(self):
        thief = new_key()
        header = kbs_double.release_header(
            kbs_double.jwk_of(self.kbs.release_key))
        self.forged(lambda s, r: self.wrapped(s, self.signed(
            self.kbs.payload(path_of(ID), s, r), thief, header)),
            "release_bad_signature", "signature")

    def test_wrapped_to_another_client(self):
        other = kbs_double.jwk_of(new_key())
        self.forged(lambda s, r: self.wrapped(s, self.signed(
            self.kbs.payload(path_of(ID), s, r)), other),
            "release_mismatch", "not wrapped")

    def test_for_another_client_key(self):
        other = kbs_double.thumbprint(kbs_double.jwk_of(new_key()))
        self.forged(lambda s, r: self.wrapped(s, self.signed(dict(
            self.kbs.payload(path_of(ID), s, r), client=other))),
            "release_mismatch", "another client")

    def test_replayed(self):
        self.forged(lambda s, r: self.wrapped(s, self.signed(dict(
            self.kbs.payload(path_of(ID), s, r), nonce="AAAA"))),
            "release_mismatch", "another challenge")

    def test_of_another_path(self):
        self.forged(lambda s, r: self.wrapped(s, self.signed(
            self.kbs.payload(path_of(OTHER_ID), s, r))),
            "release_mismatch", "another key than the one asked for")

    def test_not_signed_at_all(self):
        self.forged(lambda s, r: self.wrapped(s, jcs(
            self.kbs.payload(path_of(ID), s, r))), "malformed", "header")

    def test_with_algorithm_none(self):
        def make(s, r):
            header = b64url(b'{"alg":"none"}')
            payload = b64url(jcs(self.kbs.payload(path_of(ID), s, r)))
            return self.wrapped(s, (header + "." + payload + ".").encode())
        self.forged(make, "malformed", "header")

    def test_token_instead_of_a_release(self):
        key = self.kbs.release_key
        header = jcs({"alg": "ES256", "jwk": kbs_double.jwk_of(key),
                      "typ": "JWT"})
        self.forged(lambda s, r: self.wrapped(s, self.signed(
            self.kbs.payload(path_of(ID), s, r), key, header)),
            "malformed", "header")

    def test_of_another_version(self):
        self.forged(lambda s, r: self.wrapped(s, self.signed(dict(
            self.kbs.payload(path_of(ID), s, r), v=2))),
            "version_not_supported", "version")

    def test_with_a_member_too_many(self):
        self.forged(lambda s, r: self.wrapped(s, self.signed(dict(
            self.kbs.payload(path_of(ID), s, r), more=1))),
            "malformed", "not as it must be")

    def test_with_a_key_that_is_none(self):
        def make(s, r):
            payload = self.kbs.payload(path_of(ID), s, r)
            payload["key"]["bytes"] = b64url(b"no key")
            return self.wrapped(s, self.signed(payload))
        self.forged(make, "key_invalid", "private key")

    def test_with_a_certificate_of_another_key(self):
        chain = kbs_double.certificate("other", new_key())
        self.forged(lambda s, r: self.wrapped(s, self.signed(dict(
            self.kbs.payload(path_of(ID), s, r), chain=chain))),
            "mismatch", "certificate")

    def test_key_that_signs_under_the_path_of_a_secret(self):
        key = new_key()
        self.kbs.resources["prod/db/password"] = kbs_double.Resource(
            "ec-p256", kbs_double.pkcs8(key))
        agent = self.agent({"p": {"path": "prod/db/password", "get": ME}})
        refused = agent.wait_for("release_refused")
        self.assertEqual(refused["reason"], "unsupported")


# What a link of the enemy runs: the agent has started it, and it says what the
# test has written beside it.
FAKE = """#!/usr/bin/python3
import json, os, socket, struct, sys, time
sys.dont_write_bytecode = True
sys.path.insert(0, %r)
from warder_rpc import CALLS, Channel, REPLY, encode
here = os.path.dirname(os.path.abspath(__file__))
control = Channel(socket.socket(fileno=3))
agent = None
while True:
    # The descriptor rides on the frame named ATTACH.
    frame = control.receive()
    if frame[0] == "ATTACH":
        agent = Channel(socket.socket(fileno=control.fds.pop(0)))
    if frame[0] == "START":
        break
control.tell("READY")
with open(here + "/says") as f:
    says = json.load(f)
while True:
    name, flags, request, message = agent.receive() or sys.exit(0)
    act = says.get(name, says["*"])
    kind = act[0]
    if kind == "reply":
        agent.reply(name, request, {k: bytes.fromhex(v) if k != "protected"
                                    else v for k, v in act[1].items()})
    elif kind == "refuse":
        agent.refuse(name, request, act[1], act[2])
    elif kind == "number":
        agent.reply(name, request + 1, {})
    elif kind == "other":
        agent.send_frame(CALLS[act[1]][0], REPLY, request, bytes(64))
    elif kind == "call":
        agent.send_frame(CALLS[act[1]][0], 0, 1, bytes(64))
    elif kind == "short":
        agent.send_frame(CALLS[name][0], REPLY, request, b"\\0\\0\\0\\0\\1")
    elif kind == "huge":
        agent.sock.sendall(struct.pack("<IHHI", 1 << 30, CALLS[name][0],
                                       REPLY, request))
    elif kind == "noise":
        agent.sock.sendall(os.urandom(4096))
    elif kind == "twice":
        agent.reply(name, request, {"challenge": bytes(32)})
        agent.reply(name, request, {"challenge": bytes(32)})
    elif kind == "fd":
        agent.send_frame(CALLS[name][0], REPLY, request, bytes(4), fd=0)
    elif kind == "end":
        sys.exit(0)
""" % LIB

GOOD = ["reply", {}]
CHALLENGE = ["reply", {"challenge": "00" * 32}]


class Links(AgentTest):
    """The agent starts a program of ours as its link."""

    def setUp(self):
        super().setUp()
        self.agent_under_test = self.agent(start=False)
        folder = self.agent_under_test.folder
        self.program = os.path.join(folder, "warder-agent")
        shutil.copy(agent_rig.PROGRAM, self.program)
        self.fake = os.path.join(folder, "warder-link")
        with open(self.fake, "w") as f:
            f.write(FAKE)
        os.chmod(self.fake, 0o755)
        self.real, agent_rig.PROGRAM = agent_rig.PROGRAM, self.program
        self.addCleanup(self.put_back)

    def put_back(self):
        agent_rig.PROGRAM = self.real

    def says(self, **answers):
        """By call; `any` stands for the others."""
        answers = {("*" if k == "any" else k): v for k, v in answers.items()}
        with open(os.path.join(self.agent_under_test.folder, "says"),
                  "w") as f:
            json.dump(dict({"*": GOOD}, **answers), f)

    def survives(self, event, n=2, **answers):
        """The event comes N times and the agent lives."""
        agent = self.agent_under_test
        self.says(**answers)
        agent.start()
        found = agent.wait_for(event, n, 20)
        agent.alive()
        self.assertEqual(agent.count("key_held"), 0)
        self.assertEqual(agent.stop(), 0)
        return found

    def breaks_the_rules(self, act, why="broke the rules"):
        for call in ("LINK_SETUP", "LINK_CHALLENGE"):
            with self.subTest(call):
                lost = self.survives("link_lost", **{call: act})
                self.assertEqual(lost["why"], why)
                os.unlink(self.agent_under_test.log_path)
                self.agent_under_test.starts = 0

    def test_wrong_number(self):
        self.breaks_the_rules(["number"])

    def test_answer_to_another_call(self):
        self.breaks_the_rules(["other", "LINK_RELEASE"])

    def test_call_of_its_own(self):
        self.breaks_the_rules(["call", "LINK_CHALLENGE"])

    def test_call_of_another_role(self):
        self.breaks_the_rules(["call", "KEYRING"])

    def test_malformed_answer(self):
        self.breaks_the_rules(["short"])

    def test_impossible_frame(self):
        self.breaks_the_rules(["huge"])

    def test_noise(self):
        self.breaks_the_rules(["noise"])

    def test_descriptor(self):
        self.breaks_the_rules(["fd"])

    def test_end_of_the_connection(self):
        self.breaks_the_rules(["end"], "has ended")

    def test_answer_given_twice(self):
        lost = self.survives("link_lost", LINK_CHALLENGE=["twice"],
                             LINK_ATTEST=["nothing"])
        self.assertEqual(lost["why"], "broke the rules")

    def test_refusals_with_made_up_numbers_and_bytes(self):
        for number in (1, 9999, -1, -9999, 2147483647, -2147483648):
            with self.subTest(number):
                failed = self.survives("round_failed", 1, LINK_CHALLENGE=[
                    "refuse", number, "\u001b[2J%s%n\u00e9" + "x" * 500])
                self.assertNotIn("\u001b", failed["detail"])
                os.unlink(self.agent_under_test.log_path)
                self.agent_under_test.starts = 0

    def test_release_made_of_nothing(self):
        refused = self.survives("release_refused", 1, LINK_CHALLENGE=CHALLENGE,
                                LINK_RELEASE=["reply", {
                                    "epk_x": "00" * 32, "epk_y": "00" * 32}])
        self.assertEqual(refused["reason"], "malformed")

    def test_link_that_keeps_silent_is_given_up(self):
        agent = self.agent_under_test
        agent.server["deadline_seconds"] = "1"
        agent.write()
        lost = self.survives("link_lost", 1, LINK_CHALLENGE=["nothing"])
        self.assertEqual(lost["why"], "does not answer")

    def test_program_that_does_not_start(self):
        with open(self.fake, "w") as f:
            f.write("#!/nowhere\n")
        agent = self.agent_under_test
        agent.start()
        failed = agent.wait_for("link_not_started")
        self.assertIn("warder-link", failed["detail"])
        self.assertEqual(agent.wait_for("link_lost")["why"],
                         "cannot be started")
        agent.alive()


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)
