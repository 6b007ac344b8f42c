"""The door of the Confidential Containers KBS protocol, up to the keeper."""
import base64
import json
import struct
import tempfile
import time

from front_rig import (Front, FrontTest, main, make_certificate, read_answer,
                       request, wait_until)

NONCE = bytes(range(32))
KEY = {"kty": "EC", "crv": "P-256", "alg": "ECDH-ES+A256KW",
       "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
       "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
RELEASE = {"lease": "6b3a9d6e-3f0c-4d52-9c53-5d4fe3a0a5a1", "seconds": 600,
           "protected": "eyJhIjoxfQ", "encrypted_key": b"\x01\x02",
           "iv": b"i" * 12, "ciphertext": b"c" * 1000, "tag": b"t" * 16}


def b64(data):
    return base64.b64encode(data).decode()


def auth(version="0.4.0", tee="sgx"):
    return {"version": version, "tee": tee, "extra-params": {
        "supported-hash-algorithms": ["sha256", "sha384", "sha512", "sm3"]}}


def attestation(**changes):
    body = {"init-data": None,
            "runtime-data": {"nonce": b64(NONCE), "tee-pubkey": KEY},
            "tee-evidence": {"primary_evidence": {"quote": b64(b"q" * 5000)},
                             "additional_evidence": ""}}
    body.update(changes)
    return body


class Coco(FrontTest):
    def test_auth_gives_nonce_and_cookie(self):
        self.keeper.answers["CHALLENGE"] = {"challenge": NONCE}
        answer = self.ask("POST", "/kbs/v0/auth", auth())
        self.assertEqual(answer.status, 200)
        self.assertEqual(
            answer.json(), {"nonce": b64(NONCE), "extra-params": ""})
        cookie = answer.fields["set-cookie"]
        self.assertRegex(
            cookie, r"^kbs-session-id=[0-9a-f]{32}; Path=/kbs/v0; ")
        self.assertIn("HttpOnly", cookie)
        self.assertIn("Secure", cookie)
        self.assertEqual(self.keeper.seen, [("CHALLENGE", {"door": 1})])
        plain = self.ask("POST", "/kbs/v0/auth", auth(), local=True)
        self.assertNotIn("Secure", plain.fields["set-cookie"])
        self.assertNotEqual(cookie.split(";")[0],
                            plain.fields["set-cookie"].split(";")[0])

    def test_other_versions_are_told_ours(self):
        for version in ("0.1.0", "0.3.0", "0.4.1", "1.0.0"):
            answer = self.ask("POST", "/kbs/v0/auth", auth(version))
            self.assert_refused(answer, 401, "version_not_supported")
            self.assertIn("0.4.0", answer.json()["detail"])

    def test_other_tees_are_refused_at_once(self):
        for tee in ("sample", "csv", "nothing"):
            self.assert_refused(
                self.ask("POST", "/kbs/v0/auth", auth(tee=tee)), 422,
                "tee_not_supported")
        self.assertEqual([n for n, _ in self.keeper.seen if n != "COUNT"], [])

    def test_attestation_reaches_the_keeper_as_fields(self):
        self.keeper.answers["ATTEST"] = {
            "session": RELEASE["lease"], "cookie": "ab" * 16,
            "token": "h.p.s", "expires": 1}
        answer = self.ask("POST", "/kbs/v0/attest", attestation(),
                          ["Cookie: kbs-session-id=" + "00" * 16])
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json(), {"token": "h.p.s"})
        self.assertTrue(answer.fields["set-cookie"].startswith(
            "kbs-session-id=" + "ab" * 16 + ";"))
        ask = self.keeper.wait_for("ATTEST")
        self.assertEqual(ask["request"], answer.fields["warder-request"])
        self.assertEqual(ask["source"], "127.0.0.1")
        self.assertEqual((ask["door"], ask["tee"]), (1, 1))
        self.assertEqual(ask["challenge"], NONCE)
        # one part, by number and length
        self.assertEqual(ask["evidence"], b"\0" + struct.pack("<I", 5000) +
                         b"q" * 5000)
        self.assertEqual(ask["key_x"], base64.urlsafe_b64decode(
            KEY["x"] + "="))
        self.assertEqual((ask["client_cn"], ask["client_issuer"]), ("", ""))

    def test_keeper_decides_and_its_reason_is_told(self):
        self.keeper.answers["ATTEST"] = ("challenge_used", "used before")
        answer = self.ask("POST", "/kbs/v0/attest", attestation())
        self.assert_refused(answer, 401, "challenge_used")
        self.assertEqual(answer.json()["detail"], "used before")
        self.keeper.answers["ATTEST"] = ("debug_not_allowed",)
        self.assert_refused(self.ask("POST", "/kbs/v0/attest", attestation()),
                            403, "debug_not_allowed")
        self.keeper.answers["ATTEST"] = (-4, "store.db: disk I/O error")
        answer = self.ask("POST", "/kbs/v0/attest", attestation())
        self.assertEqual(answer.status, 500)
        self.assertNotIn("disk", answer.json()["detail"])

    def test_what_the_keeper_refuses_without_an_entry_is_counted(self):
        for reason in ("challenge_used", "quote_bad_signature",
                       "revoked_by_operator"):
            self.keeper.answers["ATTEST"] = (reason,)
            self.ask("POST", "/kbs/v0/attest", attestation())
        for reason in ("measurement_mismatch", "not_found",
                       "credential_invalid"):
            self.keeper.answers["RESOURCE"] = (reason,)
            self.ask("GET", "/kbs/v0/resource/a/b/c",
                     fields=["Cookie: kbs-session-id=cafe"])
        counts = lambda: {(m["reason"], m["prefix"], m["n"])
                          for n, m in list(self.keeper.seen) if n == "COUNT"}
        expected = {(reason, "127.0.0.0/24", 1) for reason in (
            "challenge_used", "quote_bad_signature", "credential_invalid")}
        self.assertTrue(wait_until(lambda: counts() >= expected), counts())
        self.assertEqual(counts(), expected)

    def test_bad_attestations_do_not_reach_the_keeper(self):
        deep = "[" * 40 + "]" * 40
        doubled = json.dumps(attestation())[:-1] + ', "init-data": null}'
        for body in (b"", b"{", deep, doubled, b"\xff\xfe", b"{}\x00", "[]",
                     attestation(more=1)):
            answer = self.ask("POST", "/kbs/v0/attest", body)
            self.assertEqual(answer.status, 400, (body, answer))
            self.assertEqual(set(answer.json()), {"type", "detail"})
        self.assert_refused(self.ask("POST", "/kbs/v0/attest", attestation(
            **{"init-data": {"format": "json", "body": "{}"}})), 422,
            "unsupported")
        self.assertEqual([n for n, _ in self.keeper.seen if n != "COUNT"], [])

    def test_resource_without_credential_is_401_with_json(self):
        answer = self.ask("GET", "/kbs/v0/resource/a/b/c")
        self.assert_refused(answer, 401, "no_credential")
        self.assertEqual(set(answer.json()), {"type", "detail"})
        long_cookie = "Cookie: kbs-session-id=" + "a" * 65
        self.assert_refused(self.ask(
            "GET", "/kbs/v0/resource/a/b/c", fields=[long_cookie]), 401,
            "credential_invalid")

    def test_resource_is_a_flattened_jwe(self):
        self.keeper.answers["RESOURCE"] = RELEASE
        answer = self.ask("GET", "/kbs/v0/resource/one/two/three",
                          fields=["Cookie: a=b; kbs-session-id=cafe"])
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.fields["content-type"], "application/json")
        self.assertEqual(list(answer.json()), [
            "protected", "encrypted_key", "iv", "ciphertext", "tag"])
        self.assertEqual(answer.json()["encrypted_key"], "AQI")
        ask = self.keeper.wait_for("RESOURCE")
        self.assertEqual(ask["path"], "one/two/three")
        self.assertEqual((ask["cookie"], ask["token"], ask["native"]),
                         (b"cafe", b"", False))

    def test_cookie_comes_before_bearer(self):
        self.keeper.answers["RESOURCE"] = RELEASE
        bearer = "Authorization: Bearer " + "t" * 10000
        self.ask("GET", "/kbs/v0/resource/a/b/c", fields=[bearer])
        self.ask("GET", "/kbs/v0/resource/a/b/c",
                 fields=[bearer, "Cookie: kbs-session-id=cafe"])
        first, second = [m for n, m in self.keeper.seen if n == "RESOURCE"]
        self.assertEqual((first["cookie"], first["token"]),
                         (b"", b"t" * 10000))
        self.assertEqual((second["cookie"], second["token"]), (b"cafe", b""))

    def test_native_release_is_asked_for_by_its_type(self):
        self.keeper.answers["RESOURCE"] = RELEASE
        native = "application/vnd.warder.release+jwe"
        answer = self.ask("GET", "/kbs/v0/resource/a/b/c",
                          fields=["Cookie: kbs-session-id=cafe",
                                  "Accept: " + native])
        self.assertEqual(answer.fields["content-type"], native)
        self.assertTrue(self.keeper.wait_for("RESOURCE")["native"])
        answer = self.ask("GET", "/kbs/v0/resource/a/b/c",
                          fields=["Cookie: kbs-session-id=cafe",
                                  "Accept: */*"])
        self.assertEqual(answer.fields["content-type"], "application/json")

    def test_renewal_names_the_lease_it_replaces(self):
        self.keeper.answers["RESOURCE"] = RELEASE
        one, two = RELEASE["lease"], "0d3e5bb8-56a4-4a8a-a4f4-3f4f7a1b2c3d"
        fields = ["Cookie: kbs-session-id=cafe",
                  "Accept: application/vnd.warder.release+jwe"]
        answer = self.ask("GET", "/kbs/v0/resource/a/b/c", fields=fields + [
            "Warder-Replaces: %s %s" % (one, two)])
        self.assertEqual(answer.status, 200)
        ask = self.keeper.wait_for("RESOURCE")
        self.assertEqual((ask["replaces"], ask["replaces_session"]),
                         (one, two))
        self.assert_refused(
            self.ask("GET", "/kbs/v0/resource/a/b/c", fields=fields + [
                "Warder-Replaces: " + one]), 400, "malformed")

    def test_how_a_key_may_be_wrapped_is_asked_by_its_name(self):
        self.keeper.answers["RESOURCE"] = RELEASE
        cookie = "Cookie: kbs-session-id=cafe"
        native = "Accept: application/vnd.warder.release+jwe"
        wrap = "Warder-Wrap: RSA-OAEP+A256KWP"
        for fields, wrapped in (
                ([cookie, native], False), ([cookie, native, wrap], True),
                ([cookie, wrap], False), ([cookie, "Warder-Wrap: x"], False)):
            answer = self.ask("GET", "/kbs/v0/resource/a/b/c", fields=fields)
            self.assertEqual(answer.status, 200)
            asked = [m for n, m in self.keeper.seen if n == "RESOURCE"]
            self.assertEqual(asked[-1]["wrapped"], wrapped)
        for name in ("x", "rsa-oaep+a256kwp", "RSA-OAEP-256+A256KWP",
                     "RSA-OAEP+A256KWP, RSA1_5"):
            self.assert_refused(
                self.ask("GET", "/kbs/v0/resource/a/b/c", fields=[
                    cookie, native, "Warder-Wrap: " + name]),
                422, "unsupported")

    def test_large_releases_pass(self):
        self.keeper.answers["RESOURCE"] = dict(
            RELEASE, ciphertext=b"c" * 262144)
        answer = self.ask("GET", "/kbs/v0/resource/a/b/c",
                          fields=["Cookie: kbs-session-id=cafe"])
        self.assertEqual(len(answer.json()["ciphertext"]), 349526)


class CocoAdmin(FrontTest):
    OPTIONS = {"admin": True}
    TOKEN = ["Authorization: Bearer wdt_abc"]

    def test_upload_and_delete_answer_200(self):
        self.keeper.answers["SECRET_PUT"] = {"path": "a/b/c", "version": 1}
        self.keeper.answers["SECRET_DELETE"] = {}
        answer = self.ask(
            "POST", "/kbs/v0/resource/a/b/c", b"\x00secret",
            self.TOKEN + ["Content-Type: application/octet-stream"],
            local=True)
        self.assertEqual(answer.status, 200)
        put = self.keeper.wait_for("SECRET_PUT")
        self.assertEqual((put["token"], put["path"], put["bytes"]),
                         (b"wdt_abc", "a/b/c", b"\x00secret"))
        self.assertRegex(put["source"], r"^uid \d+$")
        answer = self.ask("DELETE", "/kbs/v0/resource/a/b/c",
                          fields=self.TOKEN, local=True)
        self.assertEqual(answer.status, 200)

    def test_admin_calls_need_a_token(self):
        for method in ("POST", "DELETE"):
            self.assert_refused(
                self.ask(method, "/kbs/v0/resource/a/b/c", local=True), 401,
                "no_credential")
        self.assert_refused(self.ask(
            "DELETE", "/kbs/v0/resource/a/b/c", local=True,
            fields=["Authorization: Bearer " + "a" * 65]), 401,
            "credential_invalid")

    def test_rego_is_refused_by_name(self):
        for path in ("resource-policy", "attestation-policy"):
            answer = self.ask("POST", "/kbs/v0/" + path, {"policy": "eA"},
                              self.TOKEN, local=True)
            self.assert_refused(answer, 422, "unsupported")
            self.assertIn("warder policy", answer.json()["detail"])

    def test_values_for_rego_are_refused_by_name(self):
        for args in (("POST", "/kbs/v0/reference-value", {"version": "0.1.0"}),
                     ("GET", "/kbs/v0/reference-value/launch_digest", None)):
            answer = self.ask(*args, self.TOKEN, local=True)
            self.assert_refused(answer, 422, "unsupported")
            self.assertIn("warder reference", answer.json()["detail"])

    def test_clients_are_served_here_too(self):
        self.keeper.answers["CHALLENGE"] = {"challenge": NONCE}
        self.assertEqual(self.ask(
            "POST", "/kbs/v0/auth", auth(), local=True).status, 200)

    def test_metrics_count_answers_and_refusals(self):
        self.ask("GET", "/kbs/v0/resource/a/b/c", local=True)
        text = self.ask("GET", "/metrics", local=True).body.decode()
        self.assertIn('warder_http_requests_total{door="coco",'
                      'status="401"} 1\n', text)
        self.assertIn(
            'warder_refusals_total{reason="no_credential"} 1\n', text)
        self.assertNotIn("warder_process_ready", text)


class ClientCertificates(FrontTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.ca = make_certificate(self.folder, "Floor CA", "ca")
        self.front = Front(client_ca=self.ca[1])
        self.addCleanup(self.front.close)
        self.keeper = self.front.keeper
        self.keeper.answers["ATTEST"] = ("challenge_invalid",)

    def attest_as(self, key, cert):
        context = self.front.context()
        context.load_cert_chain(cert, key)
        s = self.front.connect(context=context)
        self.ask("POST", "/kbs/v0/attest", attestation(), stream=s)
        return self.keeper.wait_for("ATTEST")

    def test_names_of_a_verified_certificate_are_passed_on(self):
        key, cert = make_certificate(
            self.folder, "nginx", "client", signer=self.ca,
            extra=["-addext", "basicConstraints=critical,CA:FALSE"])
        ask = self.attest_as(key, cert)
        self.assertEqual((ask["client_cn"], ask["client_issuer"]),
                         ("nginx", "Floor CA"))

    def test_no_certificate_is_no_name(self):
        self.ask("POST", "/kbs/v0/attest", attestation())
        ask = self.keeper.wait_for("ATTEST")
        self.assertEqual((ask["client_cn"], ask["client_issuer"]), ("", ""))

    def test_a_certificate_of_another_ca_ends_the_connection(self):
        key, cert = make_certificate(self.folder, "nginx", "other")
        with self.assertRaises((OSError, AssertionError)):
            self.attest_as(key, cert)
        self.assertEqual(self.keeper.seen, [])


REVOKED = "/kbs/v0/warder/leases"
COOKIE = ["Cookie: kbs-session-id=cafe"]


class Bounded(FrontTest):
    OPTIONS = {"attestations_per_network": 3}

    def test_a_network_has_so_many_attestations_a_minute(self):
        self.keeper.answers["ATTEST"] = ("quote_bad_signature",)
        for _ in range(3):
            self.assertEqual(self.ask(
                "POST", "/kbs/v0/attest", attestation()).status, 403)
        for body in (attestation(), b"{"):
            answer = self.ask("POST", "/kbs/v0/attest", body)
            self.assert_refused(answer, 429, "rate_limited")
            self.assertIn("retry-after", answer.fields)
        asked = [n for n, _ in self.keeper.seen if n == "ATTEST"]
        self.assertEqual(len(asked), 3)
        # told at once, or each by itself where a second ended between them
        counted = lambda: sum(
            m["n"] for n, m in self.keeper.seen if n == "COUNT" and
            (m["reason"], m["prefix"]) == ("rate_limited", "127.0.0.0/24"))
        self.assertTrue(wait_until(lambda: counted() == 2))
        # a local client is no stranger
        self.assertEqual(self.ask("POST", "/kbs/v0/attest", attestation(),
                                  local=True).status, 403)


class Waiting(FrontTest):
    """GET /kbs/v0/warder/leases."""

    def setUp(self):
        super().setUp()
        self.number, self.digests = 3, b""
        self.keeper.answers["REVOKED_LAST"] = lambda ask: {
            "number": self.number}
        self.keeper.answers["REVOKED"] = lambda ask: {
            "after": self.number, "expires": int(time.time()) + 200,
            "digests": self.digests if ask["after"] < self.number else b""}

    def calls(self, name):
        return [m for n, m in self.keeper.seen if n == name]

    def wait(self, n=1):
        """N clients that wait for what comes after the present."""
        streams = [self.front.connect() for _ in range(n)]
        before = len(self.calls("REVOKED"))
        for s in streams:
            s.sendall(request("GET", REVOKED + "?after=%d" % self.number,
                              fields=COOKIE))
        self.assertTrue(wait_until(
            lambda: len(self.calls("REVOKED")) == before + n))
        return streams

    def test_number_of_the_last_is_told_at_once(self):
        answer = self.ask("GET", REVOKED, fields=COOKIE)
        self.assertEqual(answer.status, 200)
        body = answer.json()
        self.assertIn(body.pop("seconds"), range(190, 201))
        self.assertEqual(body, {"after": 3, "all": False, "revoked": []})
        ask = self.keeper.wait_for("REVOKED")
        self.assertEqual((ask["has_after"], ask["cookie"]), (False, b"cafe"))

    def test_what_came_before_is_told_at_once(self):
        self.digests = bytes(32) + b"\xff" * 32
        answer = self.ask("GET", REVOKED + "?after=2", fields=COOKIE)
        self.assertEqual(answer.json()["revoked"], ["00" * 32, "ff" * 32])

    def test_who_waits_hears_of_it_within_a_second(self):
        streams = self.wait(3)
        streams[0].settimeout(1)
        with self.assertRaises(TimeoutError):
            streams[0].recv(1)
        self.digests, self.number = b"\x01" * 32, 4
        for s in streams:
            s.settimeout(5)
            body = read_answer(s).json()
            self.assertEqual((body["after"], body["revoked"]),
                             (4, ["01" * 32]))

    def test_keeper_is_asked_four_times_a_second_whoever_waits(self):
        self.wait(6)
        began = time.monotonic()
        before = len(self.calls("REVOKED_LAST"))
        asked = len(self.calls("REVOKED"))
        time.sleep(1.5)
        calls = len(self.calls("REVOKED_LAST")) - before
        self.assertLessEqual(calls, (time.monotonic() - began) * 4 + 2)
        self.assertEqual(len(self.calls("REVOKED")), asked)

    def test_nobody_waits_without_a_session(self):
        self.keeper.answers["REVOKED"] = ("credential_invalid", "expired")
        self.assert_refused(self.ask("GET", REVOKED + "?after=3",
                                     fields=COOKIE), 401, "credential_invalid")
        self.assert_refused(self.ask("GET", REVOKED), 401, "no_credential")

    def test_queries_that_are_none(self):
        for query in ("after=x", "after=-1", "after=1&after=2", "before=1"):
            self.assertEqual(self.ask("GET", REVOKED + "?" + query,
                                      fields=COOKIE).status, 400, query)

    def test_a_source_has_its_share_of_places(self):
        """24 connections may come from here, and 7 of them may wait."""
        streams = self.wait(7)
        self.assert_refused(self.ask("GET", REVOKED + "?after=3",
                                     fields=COOKIE), 429, "rate_limited")
        # a place that is left is free again
        streams[0].close()
        self.assertTrue(wait_until(lambda: self.ask(
            "GET", REVOKED, fields=COOKIE).status == 200))

    def test_waits_outlive_the_deadline_of_requests_and_the_keeper(self):
        [s] = self.wait()
        s.settimeout(5)
        with self.assertRaises(TimeoutError):
            s.recv(1)  # the deadline is three seconds here
        self.front.attach()
        self.keeper = self.front.keeper
        self.digests, self.number = b"\x02" * 32, 9
        s.settimeout(5)
        self.assertEqual(read_answer(s).json()["after"], 9)

    def test_who_waits_is_answered_when_the_front_leaves(self):
        [s] = self.wait()
        self.front.tell("DRAIN")
        s.settimeout(5)
        body = read_answer(s).json()
        self.assertEqual((body["after"], body["revoked"]), (3, []))


if __name__ == "__main__":
    main()
