#!/usr/bin/env python3
"""warder-link between an agent and a server, both played by this process: what
it says and hears, and that no server can do more than be refused."""
import socket
import subprocess
import sys
import threading
import time
import unittest

from cryptography.hazmat.primitives.asymmetric import rsa
from jwcrypto import jwe as jose_jwe
from jwcrypto import jwk as jose_jwk

import kbs_double
from kbs_double import Answer, Identity, Kbs, Resource, b64, refusal
from link_rig import PEER, PROGRAM, SGX, TIMEOUT, Link, Refused
from server_rig import wait_until
from swtee_rig import bundle
from warder_rpc import CALLS, REASONS, encode

ES256 = 3
PATH = "default/key/0d3e5bb8-56a4-4a8a-a4f4-3f4f7a1b2c3d"


class LinkTest(unittest.TestCase):
    def serve(self, **options):
        self.kbs = Kbs(**options)
        self.addCleanup(self.kbs.close)
        self.kbs.resources[PATH] = Resource("ec-p256", b"the secret", "a key")
        return self.kbs

    def link(self, host="127.0.0.1", port=None, ca=None, **options):
        link = Link(host, port or self.kbs.port, ca or self.kbs.ca, **options)
        self.addCleanup(link.close)
        return link

    def setUp(self):
        self.key = kbs_double.new_key()
        self.jwk = dict(kbs_double.jwk_of(self.key), alg="ECDH-ES+A256KW")

    def attestation(self, challenge, quote=None):
        if quote is None:
            quote = bytes(368) + kbs_double.report_data(
                b64(challenge), self.jwk) + bytes(4)
        return {"tee": SGX, "challenge": challenge,
                "evidence": bundle(quote=quote),
                "key_x": kbs_double.unb64url(self.jwk["x"]),
                "key_y": kbs_double.unb64url(self.jwk["y"])}

    def attest(self, link):
        challenge = link.call("LINK_CHALLENGE", {"tee": SGX})["challenge"]
        link.call("LINK_ATTEST", self.attestation(challenge))
        return challenge

    def refused(self, result, link, call, message):
        with self.assertRaises(Refused) as caught:
            link.call(call, message)
        if isinstance(result, str):
            result = REASONS[result]
        self.assertEqual(caught.exception.result, result, caught.exception)
        return caught.exception.detail

    def assert_alive(self, link):
        self.assertIsNone(link.process.poll(), link.logged())


class Rounds(LinkTest):
    def test_release_reaches_the_agent_in_fields(self):
        self.serve()
        link = self.link()
        challenge = self.attest(link)
        self.assertEqual(b64(challenge),
                         list(self.kbs.sessions.values())[0].nonce)
        got = link.call("LINK_RELEASE", {"path": PATH})
        header = kbs_double.unb64url(got["protected"])
        self.assertEqual(header, (
            '{"alg":"ECDH-ES+A256KW","enc":"A256GCM","epk":{"crv":"P-256",'
            '"kty":"EC","x":"%s","y":"%s"}}' % (
                kbs_double.b64url(got["epk_x"]),
                kbs_double.b64url(got["epk_y"]))).encode())
        # Another implementation opens what was passed on.
        token = jose_jwe.JWE()
        token.deserialize(".".join(
            [got["protected"]] + [kbs_double.b64url(got[m]) for m in (
                "encrypted_key", "iv", "ciphertext", "tag")]))
        token.decrypt(jose_jwk.JWK.from_pyca(self.key))
        self.assertEqual(token.payload.count(b"."), 2)

    def test_two_connections_serve_many_requests_and_rounds(self):
        """One for attestations, one for releases that do not meet."""
        self.serve()
        accepted = []
        accept = self.kbs.server.get_request
        self.kbs.server.get_request = lambda: (
            accepted.append(1), accept())[1]
        link = self.link()
        for _ in range(3):
            self.attest(link)
            link.call("LINK_RELEASE", {"path": PATH})
        self.assertEqual(len(accepted), 2)

    def test_each_round_has_a_session_of_its_own(self):
        self.serve()
        link = self.link()
        self.attest(link)
        self.attest(link)
        attests = [h.get("Cookie") for _, path, h, _ in self.kbs.seen
                   if path.endswith("attest")]
        self.assertEqual(len(set(attests)), 2)
        self.assertFalse([h for _, path, h, _ in self.kbs.seen
                          if path.endswith("auth") and "Cookie" in h])

    def test_server_is_found_by_its_name(self):
        self.serve()
        link = self.link(host="localhost")
        self.attest(link)

    def test_link_ends_with_the_agent(self):
        self.serve()
        link = self.link()
        link.agent.close()
        self.assertEqual(link.process.wait(5), 0)

    def test_link_ends_with_the_one_who_started_it(self):
        self.serve()
        link = self.link()
        link.control.close()
        self.assertEqual(link.process.wait(5), 0)

    def test_two_links_do_not_share_anything(self):
        self.serve()
        one, two = self.link(), self.link()
        self.attest(one)
        self.refused("no_credential", two, "LINK_RELEASE", {"path": PATH})


class Refusals(LinkTest):
    def test_reasons_of_the_server_are_told(self):
        self.serve()
        link = self.link()
        self.attest(link)
        detail = self.refused("not_found", link, "LINK_RELEASE",
                              {"path": "default/key/x"})
        self.assertEqual(detail, "there is no such resource")
        self.kbs.resources[PATH] = refusal(403, "MeasurementMismatch")
        self.refused("measurement_mismatch", link, "LINK_RELEASE",
                     {"path": PATH})
        self.kbs.resources[PATH] = refusal(503, "Sealed")
        self.refused("sealed", link, "LINK_RELEASE", {"path": PATH})
        self.kbs.resources[PATH] = Answer(403, b"<html>", "text/html")
        self.refused("permission_denied", link, "LINK_RELEASE",
                     {"path": PATH})

    def test_refused_evidence_is_told(self):
        self.serve()
        link = self.link()
        challenge = link.call("LINK_CHALLENGE", {"tee": SGX})["challenge"]
        self.refused("nonce_mismatch", link, "LINK_ATTEST",
                     self.attestation(challenge, bytes(432)))

    def test_release_without_the_native_form_is_refused(self):
        self.serve()
        link = self.link()
        self.attest(link)
        self.kbs.resources[PATH] = Answer(
            200, kbs_double.wrap(b"plain", self.jwk))
        self.refused("media_type", link, "LINK_RELEASE", {"path": PATH})

    def test_redirects_are_not_followed(self):
        self.serve()
        link = self.link()
        self.kbs.hooks["auth"] = lambda handler, body: Answer(
            302, b"", fields=[("Location", "https://127.0.0.1:%d/kbs/v0/auth" %
                               self.kbs.port)])
        self.refused("unavailable", link, "LINK_CHALLENGE", {"tee": SGX})
        self.assertEqual(self.kbs.count("auth"), 1)

    def test_paths_that_are_none_do_not_reach_the_server(self):
        self.serve()
        link = self.link()
        for path in ("", "a b", "a?b", "a#b", "a%20b", "\u00e9"):
            self.refused("out_of_range", link, "LINK_RELEASE",
                         {"path": path})
        self.assertEqual(self.kbs.count("resource"), 0)


class Hostile(LinkTest):
    def answers(self, answer):
        self.kbs.hooks["auth"] = lambda handler, body: answer

    def test_bad_json_is_refused(self):
        self.serve()
        link = self.link()
        for body in (b"", b"{", b"[]", b"\xff\xfe", b"[" * 100000, b"null",
                     b'{"nonce":"AAEC","nonce":"AAEC"}', b'{"nonce":"!"}',
                     b'{"nonce":' + b"9" * 10000 + b"}"):
            self.answers(Answer(200, body))
            self.refused("malformed", link, "LINK_CHALLENGE", {"tee": SGX})
        self.answers(Answer(200, {"nonce": b64(bytes(100))}))
        self.refused("out_of_range", link, "LINK_CHALLENGE", {"tee": SGX})
        self.assert_alive(link)

    def test_bad_releases_are_refused(self):
        self.serve()
        link = self.link()
        self.attest(link)
        good = kbs_double.wrap(b"x", self.jwk)
        bad = [("malformed", b"{}"),
               ("malformed", dict(good, protected="e30")),
               ("malformed", dict(good, iv="=")),
               ("out_of_range", dict(good, tag="A" * 100)),
               ("out_of_range", dict(good, ciphertext="A" * 360000)),
               ("unknown_member", dict(good, aad="")),
               ("unsupported", kbs_double.wrap(
                   b"x", self.jwk, lambda epk: kbs_double.jcs(
                       {"alg": "dir", "enc": "A256GCM", "epk": epk})))]
        for reason, body in bad:
            self.kbs.resources[PATH] = Answer(200, body, kbs_double.NATIVE)
            self.refused(reason, link, "LINK_RELEASE", {"path": PATH})
        self.assert_alive(link)

    def test_huge_answer_is_refused(self):
        self.serve()
        link = self.link()
        self.answers(Answer(200, b" " * (2 << 20)))
        self.refused("too_large", link, "LINK_CHALLENGE", {"tee": SGX})
        self.answers(Answer(200, b"{}", fields=[
            ("X-%d" % i, "y" * 1000) for i in range(64)]))
        self.refused("too_large", link, "LINK_CHALLENGE", {"tee": SGX})
        self.kbs.hooks.clear()
        self.attest(link)

    def test_endless_answer_is_refused(self):
        self.serve()
        link = self.link()

        def endless(handler, body):
            handler.send_response(200)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            try:
                while True:
                    handler.wfile.write(b"1000\r\n" + b" " * 4096 + b"\r\n")
            except OSError:
                return False

        self.kbs.hooks["auth"] = endless
        self.refused("too_large", link, "LINK_CHALLENGE", {"tee": SGX})

    def test_slow_server_is_left(self):
        self.serve()
        link = self.link(deadline_ms=700)
        stop = threading.Event()
        self.addCleanup(stop.set)

        def silent(handler, body):
            stop.wait(10)
            return False

        def dripping(handler, body):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            try:
                while not stop.wait(0.1):
                    handler.wfile.write(b"y")
            except OSError:
                pass
            return False

        for hook in (silent, dripping):
            self.kbs.hooks["auth"] = hook
            began = time.monotonic()
            self.refused(TIMEOUT, link, "LINK_CHALLENGE", {"tee": SGX})
            self.assertLess(time.monotonic() - began, 8)
        self.kbs.hooks.clear()
        self.attest(link)

    def test_server_that_only_listens_is_left(self):
        self.serve()
        with socket.create_server(("127.0.0.1", 0)) as mute:
            link = self.link(port=mute.getsockname()[1], deadline_ms=700)
            self.refused(TIMEOUT, link, "LINK_CHALLENGE", {"tee": SGX})

    def test_server_away_and_back(self):
        self.serve()
        link = self.link()
        self.attest(link)
        self.kbs.stop()
        self.refused(PEER, link, "LINK_CHALLENGE", {"tee": SGX})
        self.kbs.start()
        self.attest(link)

    def test_connection_that_breaks_is_told(self):
        self.serve()
        link = self.link()

        def cut(handler, body):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n"
                                b"\r\n{")
            handler.wfile.flush()
            handler.connection.shutdown(socket.SHUT_RDWR)
            return False

        self.kbs.hooks["auth"] = cut
        self.refused(PEER, link, "LINK_CHALLENGE", {"tee": SGX})
        self.kbs.hooks["auth"] = lambda handler, body: (
            handler.wfile.write(b"SSH-2.0-x\r\n"), False)[1]
        self.refused(PEER, link, "LINK_CHALLENGE", {"tee": SGX})
        self.assert_alive(link)


class Trust(LinkTest):
    def untrusted(self, link):
        detail = self.refused(PEER, link, "LINK_CHALLENGE", {"tee": SGX})
        self.assertEqual(self.kbs.seen, [])
        return detail

    def not_trusted(self, link):
        self.assertIn("certificate is not trusted", self.untrusted(link))

    def test_other_ca_is_refused(self):
        self.serve()
        self.not_trusted(self.link(ca=Identity().ca))

    def test_certificate_for_another_name_is_refused(self):
        self.serve(hosts=("kbs.example",))
        self.not_trusted(self.link())
        self.not_trusted(self.link(host="localhost"))

    def test_expired_certificate_is_refused(self):
        self.serve(identity=Identity(days=-1))
        self.not_trusted(self.link())

    def test_tls_1_2_is_refused(self):
        self.serve(tls12=True)
        self.untrusted(self.link())

    def test_plain_http_is_refused(self):
        self.serve()
        with socket.create_server(("127.0.0.1", 0)) as plain:
            def serve():
                s, _ = plain.accept()
                s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                s.close()
            threading.Thread(target=serve, daemon=True).start()
            self.untrusted(self.link(port=plain.getsockname()[1]))

    def test_roots_that_are_none_are_refused(self):
        self.serve()
        link = self.link(ca=b"not a certificate")
        self.untrusted(link)


class Agents(LinkTest):
    """An agent that breaks the table ends its link."""

    def ended_by(self, act):
        self.serve()
        link = self.link()
        act(link)
        self.assertEqual(link.process.wait(5), 1, link.logged())

    def test_call_of_another_role(self):
        self.ended_by(lambda link: link.agent.send_frame(1, 0, 1, b"\1"))

    def test_malformed_request(self):
        self.ended_by(lambda link: link.agent.send_frame(181, 0, 1, b""))

    def test_answer_to_nothing(self):
        self.ended_by(lambda link: link.agent.send_frame(181, 1, 1, b"1234"))

    def test_host_that_is_none(self):
        self.serve()
        link = self.link(ready=False)
        self.refused("out_of_range", link, "LINK_SETUP", {
            "host": "a/b", "port": 1, "ca": self.kbs.ca,
            "deadline_ms": 1000})
        self.refused(PEER, link, "LINK_CHALLENGE", {"tee": SGX})

    def test_started_by_hand_it_says_so(self):
        run = subprocess.run([PROGRAM], capture_output=True, timeout=10,
                             stdin=subprocess.DEVNULL)
        self.assertEqual(run.returncode, 2)
        self.assertIn(b"part of", run.stderr)


def revocations(after=1, revoked=(), seconds=100, everything=False):
    return Answer(200, {"after": after, "all": everything,
                        "revoked": list(revoked), "seconds": seconds})


KEY = "0d3e5bb8-56a4-4a8a-a4f4-3f4f7a1b2c3d"


class Beside(LinkTest):
    """Requests of one session that go on beside one another."""

    def setUp(self):
        super().setUp()
        self.serve()
        self.kbs.signers[KEY] = kbs_double.new_key()
        self.go = threading.Event()
        self.addCleanup(self.go.set)

    def wait(self, handler, body):
        self.go.wait(20)

    def sign(self):
        return {"id": KEY, "version": 1, "sig": ES256, "hashed": True,
                "input": bytes(32), "deadline_ms": 3000}

    def ask(self, link, name, message):
        link.numbers += 1
        number, request, _ = CALLS[name]
        link.agent.send_frame(number, 0, link.numbers,
                              encode(request, message))
        return link.numbers

    def answers(self, link, *numbers):
        """The results of these requests, whatever their order."""
        found = {}
        for _ in numbers:
            _, _, request, message = link.agent.receive()
            found[request] = message["result"]
        return [found[n] for n in numbers]

    def test_a_signature_comes_back_as_it_is(self):
        link = self.link()
        self.attest(link)
        got = link.call("LINK_SIGN", self.sign())["signature"]
        self.assertEqual(len(got), 64)
        self.refused("not_found", link, "LINK_SIGN",
                     dict(self.sign(), id=KEY[:-1] + "0"))

    def test_without_a_session_nothing_is_asked(self):
        link = self.link()
        self.refused("no_credential", link, "LINK_SIGN", self.sign())
        self.assertEqual(self.kbs.count("/sign"), 0)

    def test_what_is_no_signature_is_no_refusal(self):
        link = self.link()
        self.attest(link)
        for body in (b"", b"{}", b'{"signature":"*"}', b"<html>"):
            self.kbs.hooks["sign"] = \
                lambda handler, _, b=body: Answer(200, b)
            self.refused(PEER, link, "LINK_SIGN", self.sign())

    def test_a_slow_attestation_holds_up_nothing(self):
        link = self.link()
        self.attest(link)
        self.kbs.hooks["attest"] = self.wait
        challenge = link.call("LINK_CHALLENGE", {"tee": SGX})["challenge"]
        number = self.ask(link, "LINK_ATTEST", self.attestation(challenge))
        link.agent.sock.settimeout(20)
        one = self.ask(link, "LINK_SIGN", self.sign())
        two = self.ask(link, "LINK_RELEASE", {"path": PATH})
        self.assertEqual(self.answers(link, one, two), [0, 0])
        self.go.set()
        self.assertEqual(self.answers(link, number), [0])
        self.assertEqual(len(link.call("LINK_SIGN", self.sign())[
            "signature"]), 64)

    def test_eight_of_a_kind_go_at_a_time_and_no_ninth(self):
        link = self.link()
        self.attest(link)
        self.kbs.hooks.update(sign=self.wait, resource=self.wait)
        signs = [self.ask(link, "LINK_SIGN", self.sign()) for _ in range(8)]
        releases = [self.ask(link, "LINK_RELEASE", {"path": PATH})
                    for _ in range(8)]
        self.go.set()
        self.assertEqual(self.answers(link, *signs, *releases), [0] * 16)
        self.go.clear()
        for _ in range(9):
            self.ask(link, "LINK_SIGN", self.sign())
        self.assertNotEqual(link.process.wait(10), 0)

    def test_a_signature_is_waited_for_as_long_as_it_says(self):
        link = self.link()
        self.attest(link)
        self.kbs.hooks["sign"] = self.wait
        self.refused(TIMEOUT, link, "LINK_SIGN",
                     dict(self.sign(), deadline_ms=300))


class Waits(LinkTest):
    """What was revoked, asked for beside everything else."""

    def setUp(self):
        super().setUp()
        self.serve()
        self.news = threading.Event()
        self.answer = revocations(3, ["ab" * 32, "cd" * 32])
        self.kbs.hooks["leases"] = self.lease_hook
        self.addCleanup(self.news.set)

    def lease_hook(self, request, body):
        if "?after=" in request.path:
            self.news.wait(20)
        return self.answer

    def begin(self, link, after=2):
        link.numbers += 1
        link.agent.send_frame(
            CALLS["LINK_WATCH"][0], 0, link.numbers, encode(
                "link_watch_ask", {"has_after": True, "after": after}))
        return link.numbers

    def end(self, link, number):
        """The answer to the wait: (result, message)."""
        name, flags, request, message = link.agent.receive()
        self.assertEqual((name, request), ("LINK_WATCH", number))
        return message.pop("result"), message

    def asked(self):
        return [h for _, p, h, _ in self.kbs.seen if "warder/leases" in p]

    def test_number_of_the_last_comes_at_once(self):
        link = self.link()
        self.attest(link)
        got = link.call("LINK_WATCH", {})
        self.assertEqual((got["after"], got["seconds"], got["all"]),
                         (3, 100, False))
        self.assertEqual(got["digests"], b"\xab" * 32 + b"\xcd" * 32)

    def test_everything_else_goes_on_while_it_waits(self):
        link = self.link()
        self.attest(link)
        number = self.begin(link)
        wait_until(self.asked, "a question")
        for _ in range(3):
            link.call("LINK_RELEASE", {"path": PATH})
        self.attest(link)
        self.assertEqual(len(self.asked()), 1)
        self.news.set()
        result, message = self.end(link, number)
        self.assertEqual((result, message["after"]), (0, 3))
        # with the session that was there when it began
        sessions = list(self.kbs.sessions)
        self.assertIn(sessions[0], self.asked()[0]["Cookie"])

    def test_an_attestation_that_fails_takes_no_session_from_it(self):
        link = self.link()
        self.refused("no_credential", link, "LINK_WATCH",
                     {"has_after": True, "after": 2})
        self.attest(link)
        self.kbs.hooks["attest"] = lambda handler, body: refusal(
            503, "Unavailable")
        with self.assertRaises(Refused):
            self.attest(link)
        self.news.set()
        self.assertEqual(self.end(link, self.begin(link))[0], 0)
        self.assertIn(list(self.kbs.sessions)[0], self.asked()[-1]["Cookie"])

    def test_answers_that_are_none_are_refused(self):
        link = self.link()
        self.attest(link)
        self.news.set()
        for answer, reason in (
                (Answer(200, b"{"), "malformed"),
                (Answer(200, {"after": 1}), "malformed"),
                (revocations(-1), "out_of_range"),
                (revocations(1, ["ab"]), "malformed"),
                (revocations(1, [7]), "malformed"),
                (revocations(1, ["AB" * 33]), "malformed"),
                (revocations(1, ["ab" * 32] * 257), "out_of_range"),
                (refusal(401, "CredentialInvalid"), "credential_invalid"),
                (refusal(404, "NotFound"), "not_found"),
                (refusal(429, "RateLimited"), "rate_limited")):
            self.answer = answer
            result, message = self.end(link, self.begin(link))
            self.assertEqual(result, REASONS[reason], answer.body)
        self.answer = Answer(200, b" " * (1 << 20))
        result, _ = self.end(link, self.begin(link))
        self.assertEqual(result, REASONS["too_large"])
        self.answer = revocations(5)
        self.assertEqual(self.end(link, self.begin(link))[0], 0)

    def test_server_that_goes_away_ends_the_wait_alone(self):
        link = self.link()
        self.attest(link)
        number = self.begin(link)
        deadline = time.monotonic() + 5
        while not self.asked() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.kbs.stop()
        self.assertEqual(self.end(link, number)[0], PEER)
        self.kbs.start()
        self.attest(link)
        self.news.set()
        self.assertEqual(self.end(link, self.begin(link))[0], 0)

    def test_two_waits_at_once_are_out_of_place(self):
        link = self.link()
        self.attest(link)
        self.begin(link)
        self.begin(link)
        link.process.wait(5)
        self.assertIn("agent_not_understood", link.logged())

    def test_renewal_names_what_it_replaces(self):
        link = self.link()
        self.attest(link)
        one, two = PATH[-36:], "6b3a9d6e-3f0c-4d52-9c53-5d4fe3a0a5a1"
        link.call("LINK_RELEASE", {"path": PATH})
        link.call("LINK_RELEASE", {
            "path": PATH, "replaces": one, "replaces_session": two})
        first, second = [h for _, p, h, _ in self.kbs.seen if PATH in p]
        self.assertNotIn("Warder-Replaces", first)
        self.assertEqual(second["Warder-Replaces"], one + " " + two)

    def test_keys_may_come_wrapped_to_an_rsa_key(self):
        link = self.link()
        challenge = link.call("LINK_CHALLENGE", {"tee": SGX})["challenge"]
        own = rsa.generate_private_key(65537, 2048)
        n = own.public_key().public_numbers().n.to_bytes(256, "big")
        self.jwk = {"alg": "RSA-OAEP-256", "e": "AQAB", "kty": "RSA",
                    "n": kbs_double.b64url(n)}
        quote = bytes(368) + kbs_double.report_data(
            b64(challenge), self.jwk) + bytes(4)
        link.call("LINK_ATTEST", {
            "tee": SGX, "challenge": challenge,
            "evidence": bundle(quote=quote), "key_n": n,
            "key_e": b"\x01\x00\x01"})
        header = kbs_double.b64url(
            b'{"alg":"RSA-OAEP-256","enc":"A256GCM"}')
        self.kbs.hooks["resource"] = lambda *_: Answer(200, {
            "protected": header, "encrypted_key": kbs_double.b64url(n),
            "iv": "AAAAAAAAAAAAAAAA", "ciphertext": "AAAA",
            "tag": kbs_double.b64url(bytes(16))}, kbs_double.NATIVE)
        got = link.call("LINK_RELEASE", {"path": PATH, "wrapped": True})
        self.assertEqual((got["protected"], got["encrypted_key"]),
                         (header, n))
        self.assertEqual(got["epk_x"] + got["epk_y"], bytes(64))
        link.call("LINK_RELEASE", {"path": PATH})
        first, second = [h for _, p, h, _ in self.kbs.seen if PATH in p]
        self.assertEqual(first["Warder-Wrap"], "RSA-OAEP+A256KWP")
        self.assertNotIn("Warder-Wrap", second)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)
