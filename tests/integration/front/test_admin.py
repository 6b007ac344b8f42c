"""The admin API, up to the keeper: docs/admin-api.md, route by route."""
import base64
import json
import os
import re
import socket

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from front_rig import (
    Front, FrontTest, main, read_answer, request, wait_until)
from warder_rpc import ROOT, encode_list

KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"
POLICY = "6b3a9d6e-3f0c-4d52-9c53-5d4fe3a0a5a1"
LEASE = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
TOKEN = "Authorization: Bearer wdt_abc"
OCTETS = "Content-Type: application/octet-stream"
PEM = "Content-Type: application/x-pem-file"
SIGNER = "ab" * 32
REFERENCE = {"name": KEY, "values": {"isv_svn": [1]}}
WARDER = {"warder": 1, "tee": "sgx",
          "all": [{"claim": "mrsigner", "in": [SIGNER]}]}
WHEN, TEXT = 1751328000, "2025-07-01T00:00:00Z"
AES256, RSA2048, P256, OPAQUE = 3, 4, 7, 11
TCB_INFO, PCK_CRL = 2, 6


def key_record(**more):
    return dict({"id": KEY, "kind": RSA2048, "version": 2, "label": "web",
                 "backend": "embedded", "created": WHEN, "spki": b"\x30\x00",
                 "policy": POLICY}, **more)


KEY_SHOWN = {
    "backend": "embedded", "created": TEXT, "id": KEY, "kind": "rsa-2048",
    "label": "web", "policy": POLICY, "usage": "", "version": 2,
    "public_key": "-----BEGIN PUBLIC KEY-----\nMAA=\n"
                  "-----END PUBLIC KEY-----\n"}


def uuid(n):
    return "%08x-0000-4000-8000-000000000000" % n


class AdminTest(FrontTest):
    OPTIONS = {"admin": True}

    def admin(self, method, path, body=None, fields=()):
        return self.ask(method, "/admin/v1" + path, body,
                        [TOKEN] + list(fields), local=True)

    def answers(self, call, reply):
        self.keeper.answers[call] = reply

    def asked(self, call):
        return [m for n, m in self.keeper.seen if n == call][-1]

    def calls(self):
        return [n for n, _ in self.keeper.seen if n != "COUNT"]

    def assert_malformed(self, method, path, bodies, call=None, fields=()):
        """Each body (with the status it gets) is refused by the front."""
        for body, status in bodies:
            answer = self.admin(method, path, body, fields)
            self.assertEqual(answer.status, status, (body, answer))
            self.assertEqual(
                set(answer.json()), {"reason", "detail", "request"})
        self.assertEqual(self.calls(), [])


class Every(AdminTest):
    """What holds for each route of the API."""

    # method, path, body; the content type follows from the body
    ROUTES = [
        ("POST", "/seal", None), ("POST", "/seal/migrate", {"kind": "tpm"}),
        ("POST", "/keyring/rotate", None),
        ("POST", "/keys", {"kind": "aes-128"}),
        ("GET", "/keys", None), ("GET", "/keys/" + KEY, None),
        ("DELETE", "/keys/" + KEY, None),
        ("PUT", "/keys/%s/policy" % KEY, {"policy": POLICY}),
        ("PUT", "/keys/%s/unwrap" % KEY, {"broker_may_unwrap": True}),
        ("PUT", "/keys/%s/seal-wrap" % KEY, {"seal_wrap": True}),
        ("POST", "/keys/%s/csr" % KEY, {"subject": "CN=x"}),
        ("POST", "/keys/%s/rotate" % KEY, {}),
        ("POST", "/keys/%s/encrypt" % KEY, {"plaintext": "YQ=="}),
        ("POST", "/keys/%s/decrypt" % KEY, {"ciphertext": "YQ=="}),
        ("POST", "/keys/%s/datakey" % KEY, {"bits": 128}),
        ("POST", "/keys/%s/sign" % KEY, {"message": "YQ=="}),
        ("POST", "/keys/%s/verify" % KEY, {"message": "YQ==",
                                           "signature": "YQ=="}),
        ("GET", "/keys/%s/certificate" % KEY, None),
        ("PUT", "/keys/%s/certificate" % KEY, b"PEM"),
        ("POST", "/policies", {"policy": WARDER}),
        ("GET", "/policies", None), ("GET", "/policies/" + POLICY, None),
        ("PUT", "/policies/" + POLICY, {"policy": WARDER}),
        ("DELETE", "/policies/" + POLICY, None),
        ("POST", "/explain", {"path": "a/b", "tee": "sgx",
                              "parts": {"quote": "AAAA"}}),
        ("POST", "/reference-values", REFERENCE),
        ("GET", "/reference-values", None),
        ("GET", "/reference-values/" + KEY, None),
        ("PUT", "/reference-values/" + KEY, REFERENCE),
        ("DELETE", "/reference-values/" + KEY, None),
        ("PUT", "/bindings/a/b", {"policy": POLICY}),
        ("DELETE", "/bindings/a/b", None), ("GET", "/secrets", None),
        ("PUT", "/secrets/a/b/c", b"s"), ("GET", "/secrets/a/b/c", None),
        ("POST", "/secrets/a/b/c", {"seal_wrap": True}),
        ("DELETE", "/secrets/a/b/c", None), ("GET", "/collateral", None),
        ("PUT", "/collateral/tcb_info", {"document": "AAEC"}),
        ("GET", "/collateral/tcb_info", None),
        ("POST", "/tokens", {"user": "a", "rules": ["*:*"], "seconds": 1}),
        ("GET", "/tokens", None), ("DELETE", "/tokens/" + KEY, None),
        ("POST", "/tpms", {"ek": "00" * 32, "label": "rack"}),
        ("GET", "/tpms", None), ("DELETE", "/tpms/" + KEY, None),
        ("POST", "/backups", None),
        ("GET", "/backups/%s/rows" % KEY, None),
        ("POST", "/backups/%s/manifest" % KEY, {}),
        ("GET", "/leases", None),
        ("POST", "/revocations", {"kind": "lease", "what": LEASE}),
        ("GET", "/audit", None)]
    OPEN = [("GET", "/status", None), ("POST", "/unseal", {"share": "x"})]

    def fields_for(self, path, body):
        if isinstance(body, bytes):
            return [PEM if "/certificate" in path else OCTETS]
        return []

    def send(self, method, path, body, fields=(), **options):
        return self.ask(method, "/admin/v1" + path, body,
                        self.fields_for(path, body) + list(fields), **options)

    def test_the_table_above_has_every_route(self):
        with open(os.path.join(ROOT, "src/bin/front/routes.c"),
                  encoding="utf-8") as f:
            rows = re.findall(r'\{\s*(\w+),\s*"/admin/v1(/[^"]*)"', f.read())
        known = {(m, re.sub(KEY + "|" + POLICY + "|tcb_info", "*",
                            re.sub("/a/b(/c)?$", "/**", p)))
                 for m, p, _ in self.ROUTES + self.OPEN}
        self.assertEqual(set(rows), known)

    def test_no_token_no_answer(self):
        for method, path, body in self.ROUTES:
            for fields in ([], ["Authorization: Basic YTpi"],
                           ["Authorization: Bearer"]):
                answer = self.send(method, path, body, fields, local=True)
                self.assert_refused(answer, 401, "no_credential")
        for path in ("/keys/nonsense", "/keys?nonsense=1", "/tokens/x"):
            method = "DELETE" if path[1] == "t" else "GET"
            self.assert_refused(
                self.send(method, path, None, local=True), 401,
                "no_credential")
        self.assertEqual(self.calls(), [])

    def test_a_token_too_long_to_be_ours_is_not_passed_on(self):
        fields = ["Authorization: Bearer " + "a" * 65]
        for method, path, body in self.ROUTES:
            self.assert_refused(
                self.send(method, path, body, fields, local=True), 401,
                "credential_invalid")
        self.assertEqual(self.calls(), [])

    def test_the_keepers_refusals_are_told(self):
        for method, path, body in self.ROUTES + self.OPEN:
            for reason, status in (("credential_invalid", 401),
                                   ("permission_denied", 403),
                                   ("not_found", 404), ("sealed", 503),
                                   ("audit_unavailable", 503)):
                for call in list(self.known_calls()):
                    self.keeper.answers[call] = (reason, "because")
                answer = self.send(method, path, body, [TOKEN], local=True)
                self.assert_refused(answer, status, reason)
                self.assertEqual(answer.json(), {
                    "reason": reason, "detail": "because",
                    "request": answer.fields["warder-request"]})
                self.assertEqual(
                    "retry-after" in answer.fields, status == 503)
        self.assertEqual(len(self.calls()),
                         5 * len(self.ROUTES + self.OPEN))

    def known_calls(self):
        with open(os.path.join(ROOT, "src/proto/calls.def"),
                  encoding="utf-8") as f:
            return re.findall(r"WD_CALL\(\d+, (\w+)", f.read())

    def test_each_call_says_who_asks(self):
        for method, path, body in self.ROUTES:
            for call in self.known_calls():
                self.keeper.answers[call] = ("not_found",)
            answer = self.send(method, path, body, [TOKEN], local=True)
            ask = self.keeper.seen[-1][1]
            self.assertEqual(ask["token"], b"wdt_abc", path)
            self.assertEqual(ask["request"], answer.fields["warder-request"])
            self.assertRegex(ask["source"], r"^uid \d+$")

    def test_unknown_parameters_are_400(self):
        for method, path, body in self.ROUTES + self.OPEN:
            answer = self.send(
                method, path + "?more=1", body, [TOKEN], local=True)
            self.assert_refused(answer, 400, "unknown_member")
        self.assertEqual(self.calls(), [])

    def test_bodies_of_another_type_or_size_are_refused(self):
        for method, path, body in self.ROUTES + self.OPEN:
            if body is None:
                answer = self.ask(method, "/admin/v1" + path, "{}", [TOKEN],
                                  local=True)
                self.assert_refused(answer, 413, "too_large")
                continue
            answer = self.ask(method, "/admin/v1" + path, "{}", [
                TOKEN, "Content-Type: text/plain"], local=True)
            self.assert_refused(answer, 415, "media_type")
            answer = self.send(method, path, body, [
                TOKEN, "Content-Encoding: gzip"], local=True)
            self.assert_refused(answer, 415, "media_type")
            answer = self.send(method, path, self.of_size(body, 1100000),
                               [TOKEN], local=True)
            self.assert_refused(answer, 413, "too_large")
        self.assertEqual(self.calls(), [])

    def of_size(self, body, n):
        return b" " * n if isinstance(body, bytes) else " " * n

    def test_json_is_read_strictly(self):
        for method, path, body in self.ROUTES + self.OPEN:
            if not isinstance(body, dict):
                continue
            text = json.dumps(body)
            first = text[1:].split(":")[0]
            for bad in ("", "{", "[]", "null", text + "x", text[:-1],
                        text[:-1] + ',"more":1}',
                        text[:-1] + ', %s:1}' % first,
                        "[" * 40 + "]" * 40, text.encode() + b"\0",
                        text.encode()[:-1] + b',"\xff":1}'):
                answer = self.ask(method, "/admin/v1" + path, bad, [TOKEN],
                                  local=True)
                self.assertEqual(answer.status, 400, (path, bad, answer))
        self.assertEqual(self.calls(), [])

    def test_other_methods_are_named(self):
        for path, allowed in (("/keys", {"GET", "POST"}), ("/audit", {"GET"}),
                              ("/secrets/a/b/c", {"GET", "PUT", "POST",
                                                  "DELETE"}),
                              ("/status", {"GET"}), ("/unseal", {"POST"})):
            answer = self.ask("PATCH", "/admin/v1" + path, local=True)
            self.assert_refused(answer, 405, "method_not_allowed")
            self.assertEqual(
                set(answer.fields["allow"].split(", ")), allowed)

    def test_a_keeper_that_dies_costs_503(self):
        for method, path, body in self.ROUTES[:3] + self.OPEN:
            s = self.front.connect(local=True)
            seen = len(self.front.keeper.seen)
            s.sendall(request(method, "/admin/v1" + path, body,
                              [TOKEN] + self.fields_for(path, body)))
            self.assertTrue(wait_until(
                lambda: len(self.front.keeper.seen) > seen))
            self.front.keeper.channel.sock.shutdown(socket.SHUT_RDWR)
            answer = read_answer(s)
            self.assert_refused(answer, 503, "unavailable")
            self.assertIn("retry-after", answer.fields)
            self.front.attach()
            self.front.keeper.answers["HEALTH"] = {}
            self.assertTrue(wait_until(lambda: self.ask(
                "GET", "/readyz", local=True).json().get("ready") is False))


class Keys(AdminTest):
    def test_a_key_is_generated(self):
        self.answers("KEY_CREATE", key_record(chain=b"-----BEGIN"))
        answer = self.admin("POST", "/keys", {
            "kind": "rsa-2048", "policy": POLICY, "label": "web",
            "usage": "u", "subject": "CN=web,DNS=web.example"})
        self.assertEqual(answer.status, 201)
        self.assertEqual(
            answer.json(), dict(KEY_SHOWN, certificate="-----BEGIN"))
        ask = self.asked("KEY_CREATE")
        self.assertEqual(
            (ask["kind"], ask["policy"], ask["label"], ask["usage"],
             ask["subject"], ask["material"], ask["attach"], ask["backend"]),
            (RSA2048, POLICY, "web", "u", "CN=web,DNS=web.example", b"", "",
             ""))

    def test_a_key_of_ones_own_passes_unread(self):
        self.answers("KEY_CREATE", key_record())
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())
        der = ed25519.Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())
        b64 = lambda data: base64.b64encode(data).decode()
        for body, kind, material in (
                ({"pem": pem.decode()}, 0, pem),
                ({"pem": pem.decode(), "kind": "ec-p256"}, P256, pem),
                ({"base64": b64(der)}, 0, der),
                ({"base64": b64(bytes(32)), "kind": "aes-256"}, AES256,
                 bytes(32)),
                ({"base64": b64(b"\x00\xff" * 32768), "kind": "opaque"},
                 OPAQUE, b"\x00\xff" * 32768)):
            answer = self.admin("POST", "/keys", body)
            self.assertEqual(answer.status, 201, answer)
            ask = self.asked("KEY_CREATE")
            self.assertEqual((ask["kind"], ask["material"]), (kind, material))
        self.keeper.seen.clear()
        self.assert_malformed("POST", "/keys", [
            ({"pem": pem.decode(), "kind": "aes-128"}, 400),
            ({"base64": b64(bytes(31)), "kind": "aes-256"}, 400),
            ({"base64": b64(bytes(16)), "kind": "aes-256"}, 400),
            ({"base64": b64(bytes(65537)), "kind": "opaque"}, 400),
            ({"base64": "AAE", "kind": "opaque"}, 400),
            ({"base64": "", "kind": "aes-128"}, 400),
            ({"pem": "", "kind": "ec-p256"}, 400)])

    def test_a_key_of_a_backend_is_passed_on(self):
        self.answers("KEY_CREATE", ("backend_not_configured",))
        answer = self.admin("POST", "/keys", {
            "kind": "rsa-2048", "attach": "transit/web", "backend": "vault"})
        self.assert_refused(answer, 422, "backend_not_configured")
        ask = self.asked("KEY_CREATE")
        self.assertEqual((ask["attach"], ask["backend"]),
                         ("transit/web", "vault"))

    def test_requests_that_are_wrong(self):
        self.assert_malformed("POST", "/keys", [
            ({}, 400), ({"kind": "rsa-1024"}, 400), ({"kind": 4}, 400),
            ({"kind": "aes-128", "policy": "x"}, 400),
            ({"kind": "aes-128", "policy": None}, 400),
            ({"kind": "aes-128", "label": "l" * 129}, 400),
            ({"kind": "aes-128", "label": "a\nb"}, 400),
            ({"kind": "aes-128", "id": KEY}, 400),
            ({"kind": "aes-128", "backend": "kmip", "stays": "yes"}, 400),
            ({"kind": "aes-128", "attach": "", "backend": "kmip"}, 400),
            ({"kind": "aes-128", "attach": "x", "backend": "kmip",
              "base64": "AAAA"}, 400)])

    def test_keys_are_listed_in_pages(self):
        keys = [key_record(id=uuid(n)) for n in range(3)]
        self.answers("KEY_LIST", {
            "more": True, "keys": encode_list("key_record", keys)})
        answer = self.admin("GET", "/keys?limit=3&kind=rsa-2048&policy=%s"
                            "&after=%s" % (POLICY, uuid(9)))
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json(), {
            "items": [dict(KEY_SHOWN, id=k["id"]) for k in keys],
            "next": uuid(2)})
        ask = self.asked("KEY_LIST")
        self.assertEqual(
            (ask["limit"], ask["kind"], ask["policy"], ask["after"]),
            (3, RSA2048, POLICY, uuid(9)))
        self.answers("KEY_LIST", {})
        self.assertEqual(self.admin("GET", "/keys").json(), {"items": []})
        self.assertEqual(self.asked("KEY_LIST")["limit"], 100)
        self.keeper.seen.clear()
        for query in ("limit=0", "limit=101", "limit=x", "limit=1&limit=1",
                      "after=x", "kind=rsa", "policy=x", "limit=1000"):
            self.assertEqual(
                self.admin("GET", "/keys?" + query).status, 400, query)
        self.assertEqual(self.calls(), [])

    def test_a_list_that_is_none_is_a_fault_of_ours(self):
        self.answers("KEY_LIST", {"keys": b"\xff\xff\xff\xff"})
        self.assertEqual(self.admin("GET", "/keys").status, 500)
        self.answers("KEY_LIST", {"keys": encode_list(
            "key_record", [key_record(kind=99)])})
        self.assertEqual(self.admin("GET", "/keys").status, 500)
        self.assert_alive()

    def test_a_key_is_shown_and_deleted(self):
        self.answers("KEY_SHOW", key_record(
            kind=AES256, spki=b"", policy="", backend="kmip", attach="17"))
        self.answers("KEY_DELETE", {})
        answer = self.admin("GET", "/keys/" + KEY.upper())
        self.assertEqual(answer.json(), dict(
            KEY_SHOWN, kind="aes-256", public_key=None, policy=None,
            backend="kmip", attach="17"))
        answer = self.admin("DELETE", "/keys/" + KEY)
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertNotIn("content-type", answer.fields)
        self.assertEqual(self.asked("KEY_DELETE")["id"], KEY)
        for name in ("17", KEY[:-1], KEY + "/more"):
            self.assert_refused(
                self.admin("GET", "/keys/" + name), 404, "not_found")

    def test_a_policy_is_bound_and_taken_away(self):
        self.answers("KEY_POLICY", key_record())
        path = "/keys/%s/policy" % KEY
        answer = self.admin("PUT", path, {"policy": POLICY})
        self.assertEqual((answer.status, answer.json()), (200, KEY_SHOWN))
        ask = self.asked("KEY_POLICY")
        self.assertEqual((ask["id"], ask["policy"]), (KEY, POLICY))
        self.admin("PUT", path, {"policy": None})
        self.assertEqual(self.asked("KEY_POLICY")["policy"], "")
        self.keeper.seen.clear()
        self.assert_malformed("PUT", path, [
            ({}, 400), ({"policy": ""}, 400), ({"policy": "x"}, 400),
            ({"policy": 1}, 400)])

    def test_how_a_key_leaves_is_shown_and_changed(self):
        path = "/keys/%s/unwrap" % KEY
        for leaves, name in ((1, "plain"), (2, "leased"), (4, "never")):
            self.answers("KEY_UNWRAP", key_record(
                leaves=leaves, version_created=WHEN))
            answer = self.admin("PUT", path, {"broker_may_unwrap": False})
            self.assertEqual((answer.status, answer.json()), (200, dict(
                KEY_SHOWN, leaves=name, version_created=TEXT)))
        for allow in (True, False):
            self.answers("KEY_UNWRAP", key_record(
                leaves=3, broker_may_unwrap=allow))
            answer = self.admin("PUT", path, {"broker_may_unwrap": allow})
            self.assertEqual(answer.json(), dict(
                KEY_SHOWN, leaves="wrapped", broker_may_unwrap=allow))
            ask = self.asked("KEY_UNWRAP")
            self.assertEqual((ask["id"], ask["allow"]), (KEY, allow))
        self.keeper.seen.clear()
        self.assert_malformed("PUT", path, [
            ({}, 400), ({"broker_may_unwrap": "yes"}, 400),
            ({"broker_may_unwrap": None}, 400),
            ({"broker_may_unwrap": True, "stays": False}, 400)])

    def test_seal_wrap_is_passed_on_and_shown(self):
        self.answers("KEY_CREATE", key_record(seal_wrap=True))
        answer = self.admin("POST", "/keys", {
            "kind": "aes-128", "seal_wrap": True})
        self.assertEqual((answer.status, answer.json()), (
            201, dict(KEY_SHOWN, seal_wrap=True)))
        self.assertTrue(self.asked("KEY_CREATE")["seal_wrap"])
        path = "/keys/%s/seal-wrap" % KEY
        for mark in (True, False):
            self.answers("KEY_HSM", key_record(seal_wrap=mark))
            answer = self.admin("PUT", path, {"seal_wrap": mark})
            self.assertEqual((answer.status, answer.json()), (200, dict(
                KEY_SHOWN, **({"seal_wrap": True} if mark else {}))))
            ask = self.asked("KEY_HSM")
            self.assertEqual((ask["id"], ask["seal_wrap"]), (KEY, mark))
        self.keeper.seen.clear()
        self.assert_malformed("PUT", path, [
            ({}, 400), ({"seal_wrap": "yes"}, 400),
            ({"seal_wrap": None}, 400),
            ({"seal_wrap": True, "stays": False}, 400)])

    def test_rotating_asks_for_a_new_version(self):
        self.answers("KEY_ROTATE", key_record(version=2))
        path = "/keys/%s/rotate" % KEY
        answer = self.admin("POST", path, {})
        self.assertEqual((answer.status, answer.json()["version"]), (200, 2))
        ask = self.asked("KEY_ROTATE")
        self.assertEqual((ask["id"], ask["subject"]), (KEY, ""))
        self.admin("POST", path, {"subject": "CN=web"})
        self.assertEqual(self.asked("KEY_ROTATE")["subject"], "CN=web")
        self.keeper.seen.clear()
        self.assert_malformed("POST", path, [
            ({"subject": 1}, 400), ({"kind": "rsa-2048"}, 400)])

    def test_requests_and_chains_are_pem(self):
        self.answers("KEY_CSR", {"der": b"\x30\x00"})
        answer = self.admin(
            "POST", "/keys/%s/csr" % KEY, {"subject": "CN=web"})
        self.assertEqual(answer.status, 200)
        self.assertEqual(
            answer.fields["content-type"], "application/x-pem-file")
        self.assertEqual(
            answer.body, b"-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n"
            b"-----END CERTIFICATE REQUEST-----\n")
        self.assertEqual(self.asked("KEY_CSR")["subject"], "CN=web")
        path = "/keys/%s/certificate" % KEY
        self.answers("KEY_CHAIN", key_record())
        answer = self.admin("PUT", path, b"PEM " * 8192, [PEM])
        self.assertEqual(answer.status, 200)
        self.assertEqual(self.asked("KEY_CHAIN")["pem"], b"PEM " * 8192)
        self.assert_refused(self.admin("PUT", path, b"p" * 32769, [PEM]),
                            413, "too_large")
        self.answers("KEY_SHOW", key_record(chain=b"-----BEGIN"))
        answer = self.admin("GET", path)
        self.assertEqual((answer.status, answer.body), (200, b"-----BEGIN"))
        self.answers("KEY_SHOW", key_record())
        self.assert_refused(self.admin("GET", path), 404, "not_found")


class Policies(AdminTest):
    def keep(self):
        kept = {}

        def add(ask):
            kept.update(ask)
            return self.shown(kept)
        self.answers("POLICY_ADD", add)
        self.answers("POLICY_SHOW", lambda m: self.shown(kept))
        return kept

    def shown(self, kept, **more):
        return dict({
            "id": POLICY, "flat": kept["flat"], "created": WHEN,
            "updated": WHEN + 60, "version": b"\x0f" * 32,
            "prefixes": encode_list("path_record", [
                {"path": "default/db"}, {"path": "x"}])}, **more)

    def test_a_policy_of_our_own_form(self):
        kept = self.keep()
        answer = self.admin(
            "POST", "/policies", {"policy": WARDER, "prefix": "default/db"})
        self.assertEqual(answer.status, 201)
        self.assertEqual((kept["id"], kept["prefix"]), ("", "default/db"))
        shown = answer.json()
        self.assertEqual(shown.pop("policy"), dict(
            WARDER, accept_software=False, allow_debug=False,
            lease_seconds=600,
            tcb_statuses=["UpToDate", "SWHardeningNeeded"]))
        self.assertEqual(shown, {
            "created": TEXT, "id": POLICY, "prefixes": ["default/db", "x"],
            "schema": "warder", "updated": "2025-07-01T00:01:00Z",
            "version": "0f" * 32})
        self.assertEqual(self.admin("GET", "/policies/" + POLICY).json(),
                         answer.json())

    def test_isecl_schemas_are_shown_as_they_were_written_too(self):
        self.keep()
        for policy, schema in (
                ({"sgx_enclave_issuer_anyof": [SIGNER]}, "isecl-v3"),
                ({"attestation_type": ["SGX"], "sgx": {"attributes": {
                    "mrsigner": [SIGNER]}}}, "isecl-v5")):
            shown = self.admin("POST", "/policies", {"policy": policy}).json()
            self.assertEqual(shown["schema"], schema)
            self.assertEqual(shown["policy"]["warder"], 1)
            self.assertLessEqual(policy.items(), shown["written"].items())

    def test_a_new_version_has_the_same_id(self):
        kept = self.keep()
        answer = self.admin("PUT", "/policies/" + POLICY, {"policy": WARDER})
        self.assertEqual((answer.status, kept["id"]), (200, POLICY))

    def test_policies_that_would_not_be_enforced(self):
        self.assert_malformed("POST", "/policies", [
            (WARDER, 400), ({}, 400), ({"policy": {}}, 400),
            ({"policy": dict(WARDER, more=1)}, 400),
            ({"policy": dict(WARDER, all=[])}, 400),
            ({"policy": [WARDER]}, 400),
            ({"policy": dict(WARDER, tee="csv")}, 400),
            ({"policy": WARDER, "prefix": "a\nb"}, 400),
            ({"policy": WARDER, "prefix": 1}, 400)])

    def test_lists_leave_the_texts_out(self):
        kept = self.keep()
        self.admin("POST", "/policies", {"policy": WARDER})
        rows = [self.shown(kept, id=uuid(n)) for n in range(2)]
        self.answers("POLICY_LIST", {
            "more": True, "policies": encode_list("policy_record", rows)})
        answer = self.admin("GET", "/policies?limit=2")
        self.assertEqual(answer.json()["next"], uuid(1))
        self.assertEqual(
            [set(p) for p in answer.json()["items"]],
            [{"created", "id", "prefixes", "schema", "updated",
              "version"}] * 2)

    def test_a_policy_in_use_stays(self):
        self.answers("POLICY_DELETE", ("in_use",))
        self.assert_refused(self.admin("DELETE", "/policies/" + POLICY), 400,
                            "in_use")
        self.answers("POLICY_DELETE", {})
        self.assertEqual(
            self.admin("DELETE", "/policies/" + POLICY).status, 204)

    def test_what_evidence_would_get_is_asked(self):
        self.answers("POLICY_EXPLAIN", {
            "reason": 204, "detail": "no", "policy": POLICY,
            "version": bytes(32), "clauses": "[]", "seconds": 0})
        answer = self.admin("POST", "/explain", {
            "path": "a/b/c", "tee": "snp", "parts": {
                "vek": "AQ==", "report": "AAAA"}})
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json(), {
            "clauses": [], "detail": "no", "policy": POLICY,
            "reason": "measurement_mismatch", "verdict": "deny",
            "version": "00" * 32})
        ask = self.asked("POLICY_EXPLAIN")
        self.assertEqual((ask["path"], ask["tee"]), ("a/b/c", 3))
        self.assertEqual(ask["evidence"].hex(),
                         "0a03000000" + "000000" + "0b01000000" + "01")
        self.keeper.seen.clear()
        sgx = {"quote": "AAAA"}
        self.assert_malformed("POST", "/explain", [
            ({}, 400), ({"path": "a/b/c"}, 400),
            ({"path": "a/b/c", "tee": "sgx"}, 400),
            ({"path": "a/b/c", "tee": "x", "parts": sgx}, 422),
            ({"path": "a/b/c", "parts": sgx}, 422),
            ({"path": "a/b/c", "tee": "sgx", "parts": {"quote": "?"}}, 400),
            ({"path": "a/b/c", "tee": "sgx", "parts": {"tcb_info": ""}},
             400),
            ({"path": "a/b/c", "tee": "sgx", "parts": sgx,
              "evidence": sgx}, 400),
            ({"path": "a/b/c", "evidence": {"svn": "1"}}, 422)])

    def test_prefixes_are_bound_and_freed(self):
        self.answers("POLICY_BIND", {})
        answer = self.admin(
            "PUT", "/bindings/default/db", {"policy": POLICY})
        self.assertEqual(answer.status, 204)
        ask = self.asked("POLICY_BIND")
        self.assertEqual((ask["id"], ask["prefix"]), (POLICY, "default/db"))
        self.assertEqual(self.admin("DELETE", "/bindings/x").status, 204)
        ask = self.asked("POLICY_BIND")
        self.assertEqual((ask["id"], ask["prefix"]), ("", "x"))
        self.keeper.seen.clear()
        self.assert_malformed("PUT", "/bindings/x", [
            ({}, 400), ({"policy": None}, 400), ({"policy": "x"}, 400)])
        self.assert_malformed(
            "PUT", "/bindings/" + "x" * 513, [({"policy": POLICY}, 400)])


class Secrets(AdminTest):
    RECORD = {"path": "a/b/c", "version": 1, "updated": WHEN,
              "policy": POLICY}
    SHOWN = {"path": "a/b/c", "version": 1, "updated": TEXT,
             "policy": POLICY}

    def test_bytes_go_in_and_come_out_as_they_are(self):
        secret = bytes(range(256)) * 256
        self.answers("SECRET_PUT", self.RECORD)
        answer = self.admin(
            "PUT", "/secrets/a/b/c?policy=" + POLICY, secret, [OCTETS])
        self.assertEqual((answer.status, answer.json()), (201, self.SHOWN))
        ask = self.asked("SECRET_PUT")
        self.assertEqual((ask["path"], ask["bytes"], ask["policy"]),
                         ("a/b/c", secret, POLICY))
        self.answers("SECRET_PUT", dict(self.RECORD, version=2, policy=""))
        answer = self.admin("PUT", "/secrets/a/b/c", b"x", [OCTETS])
        self.assertEqual((answer.status, answer.json()), (
            200, dict(self.SHOWN, version=2, policy=None)))
        self.answers("SECRET_GET", {"bytes": secret})
        answer = self.admin("GET", "/secrets/a/b/c")
        self.assertEqual((answer.status, answer.body), (200, secret))
        self.assertEqual(
            answer.fields["content-type"], "application/octet-stream")
        self.assertEqual(self.asked("SECRET_GET")["path"], "a/b/c")
        self.answers("SECRET_DELETE", {})
        self.assertEqual(
            self.admin("DELETE", "/secrets/a/b/c").status, 204)

    def test_seal_wrap_is_passed_on_and_shown(self):
        self.answers("SECRET_PUT", dict(self.RECORD, seal_wrap=True))
        answer = self.admin(
            "PUT", "/secrets/a/b/c?seal_wrap=true", b"x", [OCTETS])
        self.assertEqual((answer.status, answer.json()), (
            201, dict(self.SHOWN, seal_wrap=True)))
        self.assertTrue(self.asked("SECRET_PUT")["seal_wrap"])
        for mark in (True, False):
            self.answers("SECRET_HSM", dict(self.RECORD, seal_wrap=mark))
            answer = self.admin("POST", "/secrets/a/b/c", {"seal_wrap": mark})
            self.assertEqual((answer.status, answer.json()), (200, dict(
                self.SHOWN, **({"seal_wrap": True} if mark else {}))))
            ask = self.asked("SECRET_HSM")
            self.assertEqual((ask["path"], ask["seal_wrap"]), ("a/b/c", mark))
        self.keeper.seen.clear()
        self.assertEqual(self.admin(
            "PUT", "/secrets/a/b/c?seal_wrap=false", b"x", [OCTETS]).status,
            400)
        self.assert_malformed("POST", "/secrets/a/b/c", [
            ({}, 400), ({"seal_wrap": 1}, 400)])

    def test_where_keys_are_nothing_is_written(self):
        self.answers("SECRET_PUT", ("conflict",))
        self.assert_refused(self.admin(
            "PUT", "/secrets/default/key/x", b"x", [OCTETS]), 409, "conflict")

    def test_bounds(self):
        self.assert_refused(self.admin(
            "PUT", "/secrets/a/b/c", b"x" * 65537, [OCTETS]), 413,
            "too_large")
        self.assert_refused(self.admin(
            "PUT", "/secrets/a/b/" + "c" * 509, b"x", [OCTETS]), 400,
            "out_of_range")
        self.assert_refused(self.admin(
            "PUT", "/secrets/a/b/c?policy=x", b"x", [OCTETS]), 400,
            "malformed")
        for path in ("/secrets/a//c", "/secrets/a/../c", "/secrets/a/b/",
                     "/secrets/a/%62/c"):
            self.assertEqual(self.admin("GET", path).status, 400, path)
        self.assertEqual(self.calls(), [])

    def test_paths_are_listed(self):
        rows = [dict(self.RECORD, path="a/b/%d" % n) for n in range(3)]
        self.answers("SECRET_LIST", {
            "more": True, "secrets": encode_list("secret_record", rows)})
        answer = self.admin(
            "GET", "/secrets?prefix=a/b&after=a/b/c&limit=3")
        self.assertEqual(answer.json(), {
            "items": [dict(self.SHOWN, path=r["path"]) for r in rows],
            "next": "a/b/2"})
        ask = self.asked("SECRET_LIST")
        self.assertEqual((ask["prefix"], ask["after"], ask["limit"]),
                         ("a/b", "a/b/c", 3))


class Collateral(AdminTest):
    RECORD = {"role": TCB_INFO, "tee": 1, "update_class": ord("s"),
              "scope": bytes.fromhex("00906ed500000000"), "issued": WHEN,
              "next_update": WHEN + 60, "evaluation_number": 17,
              "size": 4021}
    SHOWN = {"class": "standard", "evaluation_number": 17, "issued": TEXT,
             "next_update": "2025-07-01T00:01:00Z", "role": "tcb_info",
             "scope": "00906ed50000", "size": 4021, "software": False,
             "tee": "sgx"}
    CRL = dict(RECORD, role=PCK_CRL, tee=0, update_class=ord("e"),
               scope=b"P" + bytes(7), software=True, evaluation_number=0)
    CRL_SHOWN = {"class": "early", "scope": "platform", "role": "pck_crl",
                 "software": True, "evaluation_number": 0, "tee": "none"}

    def test_a_document_is_passed_on(self):
        self.answers("COLLATERAL_PUT", self.RECORD)
        document = bytes(range(256)) * 2800
        answer = self.admin("PUT", "/collateral/tcb_info", {
            "document": base64.b64encode(document).decode(),
            "chain": "-----BEGIN CERTIFICATE-----\n", "class": "early"})
        self.assertEqual((answer.status, answer.json()), (200, self.SHOWN))
        ask = self.asked("COLLATERAL_PUT")
        self.assertEqual(
            (ask["role"], ask["doc"], ask["chain"], ask["update_class"]),
            (TCB_INFO, document, b"-----BEGIN CERTIFICATE-----\n",
             ord("e")))
        self.admin("PUT", "/collateral/pck_crl", {"document": "AAEC"})
        ask = self.asked("COLLATERAL_PUT")
        self.assertEqual((ask["role"], ask["chain"], ask["update_class"]),
                         (PCK_CRL, b"", ord("s")))

    def test_only_roles_of_collateral_are_there(self):
        for role in ("quote", "pck_chain", "nonsense"):
            self.assert_refused(self.admin(
                "PUT", "/collateral/" + role, {"document": "AAEC"}), 404,
                "not_found")
            self.assert_refused(
                self.admin("GET", "/collateral/" + role), 404, "not_found")

    def test_requests_that_are_wrong(self):
        self.assert_malformed("PUT", "/collateral/tcb_info", [
            ({}, 400), ({"document": "x"}, 400), ({"document": 1}, 400),
            ({"document": "AAEC", "class": "late"}, 400),
            ({"document": "AAEC", "chain": "x" * 32769}, 400),
            ({"document": "AAEC", "tee": "sgx"}, 400)])

    def test_documents_are_listed(self):
        self.answers("COLLATERAL_LIST", {"docs": encode_list(
            "collateral_record", [self.RECORD, self.CRL])})
        answer = self.admin("GET", "/collateral")
        self.assertEqual(answer.json(), {"items": [
            self.SHOWN, dict(self.SHOWN, **self.CRL_SHOWN)]})

    def test_one_is_shown_by_what_the_list_says_of_it(self):
        self.answers("COLLATERAL_SHOW", {"doc": b"\x00doc"})
        answer = self.admin("GET", "/collateral/tcb_info?tee=sgx&class="
                            "standard&scope=00906ed50000&software=false")
        self.assertEqual((answer.status, answer.body), (200, b"\x00doc"))
        ask = self.asked("COLLATERAL_SHOW")
        self.assertEqual(
            [ask[n] for n in ("role", "tee", "update_class", "scope",
                              "software")],
            [self.RECORD[n] for n in ("role", "tee", "update_class",
                                      "scope")] + [False])
        self.admin("GET", "/collateral/pck_crl?tee=none&class=early&"
                   "scope=platform&software=true")
        ask = self.asked("COLLATERAL_SHOW")
        self.assertEqual(
            [ask[n] for n in ("role", "tee", "update_class", "scope",
                              "software")],
            [self.CRL[n] for n in ("role", "tee", "update_class", "scope",
                                   "software")])
        self.keeper.seen.clear()
        for query in ("tee=amd", "class=late", "scope=0090", "software=yes",
                      "scope=platform"):
            self.assertEqual(self.admin(
                "GET", "/collateral/tcb_info?" + query).status, 400, query)
        self.assertEqual(self.calls(), [])


class Tokens(AdminTest):
    def test_a_token_is_told_once(self):
        self.answers("TOKEN_CREATE", {
            "id": KEY, "token": b"wdt_new", "expires": WHEN})
        answer = self.admin("POST", "/tokens", {
            "user": "alice", "rules": ["keys:create", "keys:search"],
            "seconds": 86400})
        self.assertEqual(answer.status, 201)
        self.assertEqual(answer.json(), {
            "expires": TEXT, "id": KEY, "token": "wdt_new"})
        ask = self.asked("TOKEN_CREATE")
        self.assertEqual((ask["user"], ask["rules"], ask["seconds"]),
                         ("alice", "keys:create keys:search", 86400))

    def test_requests_that_are_wrong(self):
        good = {"user": "a", "rules": ["*:*"], "seconds": 1}
        self.assert_malformed("POST", "/tokens", [
            (dict(good, rules=[]), 400), (dict(good, rules="*:*"), 400),
            (dict(good, rules=["a:b *:*"]), 400), (dict(good, rules=[1]), 400),
            (dict(good, rules=[""]), 400),
            (dict(good, rules=["\u00e4:b"]), 400),
            (dict(good, rules=["k:" + "x" * 1023]), 400),
            (dict(good, rules=["a:b"] * 65), 400),
            (dict(good, seconds=-1), 400),
            (dict(good, seconds=1 << 32), 400),
            (dict(good, seconds=1.5), 400), (dict(good, user="a\tb"), 400),
            (dict(good, user="a" * 65), 400), ({"user": "a"}, 400)])

    def test_tokens_are_listed_and_revoked(self):
        self.answers("TOKEN_LIST", {"tokens": encode_list("token_record", [
            {"id": KEY, "user": "alice", "rules": "keys:create *:*",
             "created": WHEN, "expires": WHEN}])})
        self.assertEqual(self.admin("GET", "/tokens").json(), {"items": [
            {"id": KEY, "user": "alice", "rules": ["keys:create", "*:*"],
             "created": TEXT, "expires": TEXT}]})
        self.answers("TOKEN_REVOKE", {})
        self.assertEqual(self.admin("DELETE", "/tokens/" + KEY).status, 204)
        self.assertEqual(self.asked("TOKEN_REVOKE")["id"], KEY)

    def test_leases_are_listed(self):
        self.answers("LEASE_LIST", {"more": True, "leases": encode_list(
            "lease_record", [{"id": LEASE, "session": KEY, "made": WHEN,
                              "expires": WHEN, "what": "a/b/c"}])})
        self.assertEqual(
            self.admin("GET", "/leases?limit=1&after=" + KEY).json(), {
                "items": [{"id": LEASE, "session": KEY, "made": TEXT,
                           "expires": TEXT, "path": "a/b/c"}],
                "next": LEASE})
        ask = self.asked("LEASE_LIST")
        self.assertEqual((ask["limit"], ask["after"]), (1, KEY))

    def test_what_is_revoked_is_passed_on(self):
        self.answers("REVOKE", {})
        answer = self.admin(
            "POST", "/revocations", {"kind": "lease", "what": LEASE})
        self.assertEqual(answer.status, 204)
        ask = self.asked("REVOKE")
        self.assertEqual((ask["kind"], ask["what"]), ("lease", LEASE))


class Audit(AdminTest):
    def test_entries_are_passed_on_as_they_are(self):
        entries = [{"index": 7, "entry": b'{"event":"start","n":1}'},
                   {"index": 8, "entry": b"{}"}]
        self.answers("AUDIT_TAIL", {
            "size": 9, "entries": encode_list("audit_entry", entries)})
        answer = self.admin("GET", "/audit?from=7&limit=2")
        self.assertEqual(answer.json(), {
            "items": [{"index": 7, "entry": {"event": "start", "n": 1}},
                      {"index": 8, "entry": {}}], "size": 9})
        ask = self.asked("AUDIT_TAIL")
        self.assertEqual((ask["from"], ask["limit"]), (7, 2))
        self.admin("GET", "/audit")
        ask = self.asked("AUDIT_TAIL")
        self.assertEqual((ask["from"], ask["limit"]), (2 ** 64 - 1, 100))

    def test_a_hundred_large_entries_fit(self):
        entry = b'{"a":"' + b"x" * 16376 + b'"}'
        self.answers("AUDIT_TAIL", {"size": 100, "entries": encode_list(
            "audit_entry", [{"index": n, "entry": entry}
                            for n in range(100)])})
        answer = self.admin("GET", "/audit")
        self.assertEqual(len(answer.json()["items"]), 100)

    def test_indexes_that_are_none(self):
        for query in ("from=-1", "from=x", "from=01", "limit=0",
                      "from=" + "9" * 19 + "9"):
            self.assertEqual(
                self.admin("GET", "/audit?" + query).status, 400, query)
        self.assertEqual(self.calls(), [])


class References(AdminTest):
    SET = {"name": "web", "values": {"isv_svn": [1]}}
    RECORD = {"name": "web", "version": b"\x11" * 32, "created": 1751328000,
              "updated": 1751328001, "used": 1}

    def test_a_set_is_named_by_its_path(self):
        self.answers("REFERENCE_PUT", ("not_found",))
        self.admin("PUT", "/reference-values/web", self.SET)
        ask = self.asked("REFERENCE_PUT")
        self.assertEqual((ask["name"], ask["replace"]), ("web", True))
        answer = self.admin("PUT", "/reference-values/db", self.SET)
        self.assert_refused(answer, 400, "mismatch")
        for name in ("-web", "a" * 65, "~"):
            answer = self.admin("GET", "/reference-values/" + name)
            self.assert_refused(answer, 404, "not_found")

    def test_a_set_is_shown_with_its_values(self):
        self.answers("REFERENCE_PUT", ("not_found",))
        self.admin("POST", "/reference-values", self.SET)
        flat = self.asked("REFERENCE_PUT")["flat"]
        self.answers("REFERENCE_SHOW", dict(
            self.RECORD, flat=flat,
            policies=encode_list("id_record", [{"id": POLICY}])))
        self.assertEqual(self.admin("GET", "/reference-values/web").json(), {
            "created": "2025-07-01T00:00:00Z", "description": "",
            "expires": None, "name": "web", "policies": [POLICY],
            "updated": "2025-07-01T00:00:01Z", "used_by": 1,
            "values": {"isv_svn": [1]}, "version": "11" * 32})

    def test_what_is_no_set_is_malformed(self):
        self.assert_malformed("POST", "/reference-values", [
            ({"name": "web"}, 400), ([], 400),
            (dict(self.SET, more=1), 400),
            (dict(self.SET, values={"isv_svn": []}), 400),
            (dict(self.SET, values={"isv_svn": [1, 1]}), 400),
            (dict(self.SET, values={"pcr.7": ["00" * 32]}), 400)])

    def test_lists_have_pages(self):
        self.answers("REFERENCE_LIST", {
            "more": True, "sets": encode_list(
                "reference_record", [self.RECORD])})
        answer = self.admin("GET", "/reference-values?after=a&limit=1").json()
        self.assertEqual(answer["next"], "web")
        self.assertNotIn("values", answer["items"][0])
        self.assertEqual(self.asked("REFERENCE_LIST")["after"], "a")


class Documents(AdminTest):
    """What the documents show is taken as they show it."""

    def text(self, name):
        with open(os.path.join(ROOT, "docs", name), encoding="utf-8") as f:
            return f.read()

    def examples(self, name):
        """The indented blocks that are JSON."""
        for block in re.findall(r"(?:^    .*\n)+", self.text(name), re.M):
            try:
                yield json.loads(block)
            except ValueError:
                pass

    def test_every_policy_that_is_shown_is_one(self):
        shown = [x for x in self.examples("policy.md") if "values" not in x]
        self.assertEqual(len(shown), 3)
        self.answers("POLICY_ADD", ("not_found",))
        for policy in shown:
            self.admin("POST", "/policies", {"policy": policy})
        self.assertEqual(self.calls(), ["POLICY_ADD"] * 3)

    def test_the_reference_values_that_are_shown_are_some(self):
        shown, = [x for x in self.examples("policy.md") if "values" in x]
        self.answers("REFERENCE_PUT", ("not_found",))
        self.admin("POST", "/reference-values", shown)
        self.assertEqual(self.asked("REFERENCE_PUT")["name"], shown["name"])
        self.assertFalse(self.asked("REFERENCE_PUT")["replace"])

    def test_every_claim_that_is_named_can_be_compared(self):
        table = self.text("policy.md").split("| claims | values |")[1]
        rows = re.findall(r"^\| (`.*?) \|", table.split("\n\n")[0], re.M)
        names = re.findall(r"`(\w+)`", " ".join(rows))
        self.assertGreater(len(names), 25)
        for name in names:
            answer = self.admin("POST", "/policies", {"policy": dict(
                WARDER, all=[{"claim": name, "eq": {}}])})
            self.assertNotIn("no clause can compare", answer.json()["detail"])

    def test_the_key_request_that_is_shown_is_one(self):
        body, = [x for x in self.examples("isecl-api.md")
                 if "created_at" not in x]
        self.answers("KEY_CREATE", ("not_found",))
        self.ask("POST", "/kbs/v1/keys", body,
                 [TOKEN, "Accept: application/json"], local=True)
        self.assertEqual(self.asked("KEY_CREATE")["usage"], "COUNTRY:USA")

    def test_every_route_is_described(self):
        with open(os.path.join(ROOT, "src/bin/front/routes.c"),
                  encoding="utf-8") as f:
            rows = re.findall(
                r'\{\s*([\w |]+),\s*"(/(?:admin|kbs)/v1/[^"]*)"', f.read())
        text = self.text("admin-api.md") + self.text("isecl-api.md")
        text = re.sub(r"\{\w+\}", "*", text)
        for methods, path in rows:
            if "certificates" in path:
                self.assertIn(path, text)
                continue
            for method in methods.split(" | "):
                self.assertIn("%s %s" % (method, path.replace("**", "*")),
                              text)


class Sealing(AdminTest):
    STATE = {"initialized": True, "sealed": True, "kind": "passphrase",
             "shares": 5, "threshold": 3, "progress": 1, "wait_ms": 1001,
             "nonce": "a nonce", "keyring": b"never shown"}
    SHOWN = {"break_glass_shares": 0, "break_glass_threshold": 0,
             "failing_since": None, "last_good_probe": None,
             "initialized": True, "keyring_term": 0,
             "keyring_terms": 0, "sealed": True, "kind": "passphrase",
             "shares": 5, "threshold": 3, "progress": 1, "wait_seconds": 2,
             "nonce": "a nonce"}

    def test_unsealing_takes_no_token(self):
        self.answers("UNSEAL", self.STATE)
        answer = self.ask("POST", "/admin/v1/unseal",
                          {"share": "p\u00e4ss\nword"}, local=True)
        self.assertEqual((answer.status, answer.json()), (200, self.SHOWN))
        ask = self.asked("UNSEAL")
        self.assertEqual(ask["share"], "p\u00e4ss\nword".encode())
        self.assertEqual(ask["request"], answer.fields["warder-request"])

    def test_wrong_shares(self):
        self.answers("UNSEAL", ("unseal_refused",))
        self.assert_refused(self.ask(
            "POST", "/admin/v1/unseal", {"share": "x"}, local=True), 403,
            "unseal_refused")
        self.answers("UNSEAL", ("rate_limited",))
        answer = self.ask(
            "POST", "/admin/v1/unseal", {"share": "x"}, local=True)
        self.assert_refused(answer, 429, "rate_limited")
        self.assertIn("retry-after", answer.fields)
        self.keeper.seen.clear()
        self.assert_malformed("POST", "/unseal", [
            ({}, 400), ({"share": "x" * 1025}, 400), ({"share": 1}, 400)])

    def test_sealing(self):
        self.answers("SEAL", self.STATE)
        answer = self.admin("POST", "/seal")
        self.assertEqual((answer.status, answer.json()), (200, self.SHOWN))

    def test_another_seal_is_asked_for(self):
        self.answers("SEAL_MIGRATE", self.STATE)
        answer = self.admin("POST", "/seal/migrate", {
            "kind": "shamir", "key": "AAAA", "shares": 5, "threshold": 3})
        self.assertEqual((answer.status, answer.json()), (200, self.SHOWN))
        ask = self.asked("SEAL_MIGRATE")
        self.assertEqual((ask["shares"], ask["threshold"], ask["generate"]),
                         (5, 3, False))
        self.assertIn(ask["share"], ("AAAA", b"AAAA"))
        self.admin("POST", "/seal/migrate",
                   {"kind": "pkcs11", "generate_key": True})
        self.assertTrue(self.asked("SEAL_MIGRATE")["generate"])
        self.keeper.seen.clear()
        self.assert_malformed("POST", "/seal/migrate", [
            ({}, 400), ({"kind": "passphrase", "passphrase": 1}, 400),
            ({"kind": "shamir", "key": "a", "passphrase": "b"}, 400),
            ({"kind": "shamir", "key": "a", "shares": 256}, 400),
            ({"kind": "passphrase", "passphrase": "x" * 1025}, 400)])

    def test_status_is_the_keepers_and_the_supervisors(self):
        self.answers("STATUS", {
            "version": "0.1.0", "server_name": "kbs.example",
            "initialized": True, "seal_kind": "file", "shares": 1,
            "threshold": 1, "keys": 3, "policies": 2, "log_size": 120,
            "log_writable": True, "clock": WHEN, "keyring_terms": 2,
            "keyring_term": 7, "keyring_made": WHEN, "keyring_uses": 300,
            "keyring_limit": 1000, "keyring_rows_left": 5,
            "seal_wrapped": 4, "seal_wrap_failing": WHEN,
            "warnings": "one thing; another; "})
        shown = {
            "clock": TEXT, "initialized": True, "keyring": {
                "limit": 1000, "rows_left": 5, "since": TEXT, "term": 7,
                "terms": 2, "uses": 300}, "keys": 3, "log": {
                "size": 120, "writable": True}, "policies": 2,
            "backends": [], "processes": [], "seal": {
                "break_glass_shares": 0, "break_glass_threshold": 0,
                "failing_since": None, "last_good_probe": None,
                "kind": "file", "nonce": None,
                                      "progress": 0, "shares": 1,
                                      "threshold": 1,
                "wrap_failing_since": TEXT, "wrapped": 4},
            "sealed": False, "server_name": "kbs.example",
            "version": "0.1.0", "warnings": ["one thing", "another"]}
        answer = self.ask("GET", "/admin/v1/status", local=True)
        self.assertEqual((answer.status, answer.json()), (200, shown))
        self.front.tell("PROCS", {
            "warnings": "development", "procs": encode_list("proc_record", [
                {"role": 4, "cell": 65535, "pid": 7, "restarts": 1,
                 "ready": True, "missing": "memfd_secret; SCHED_BATCH"},
                {"role": 2, "cell": 0, "pid": 8}])})
        shown["warnings"].append("development")
        shown["processes"] = [
            {"cell": "admin", "missing": ["memfd_secret", "SCHED_BATCH"],
             "pid": 7, "ready": True, "restarts": 1, "role": "keeper"},
            {"cell": 0, "missing": [], "pid": 8, "ready": False,
             "restarts": 0, "role": "front"}]
        self.assertTrue(wait_until(lambda: self.ask(
            "GET", "/admin/v1/status", local=True).json() == shown))
        text = self.ask("GET", "/metrics", local=True).body.decode()
        self.assertIn(
            'warder_process_restarts_total{role="keeper",cell="65535"} 1\n',
            text)


class OnThePublicListener(FrontTest):
    """Admin calls of a public front: none, whatever it is told."""

    ON_PUBLIC = {}

    def setUp(self):
        self.front = Front(**self.ON_PUBLIC)
        self.addCleanup(self.front.close)
        self.keeper = self.front.keeper

    def test_nothing_of_the_api_is_there(self):
        for method, path, body in Every.ROUTES + Every.OPEN:
            fields = [TOKEN]
            if isinstance(body, bytes):
                fields.append(
                    PEM if path.endswith("certificate") else OCTETS)
            answer = self.ask(method, "/admin/v1" + path, body, fields)
            self.assert_refused(answer, 404, "not_on_this_listener")
        self.assertEqual(
            [n for n, _ in self.keeper.seen if n != "COUNT"], [])


class SwitchWithoutTheRow(OnThePublicListener):
    ON_PUBLIC = {"admin_on_public": True}


class SwitchWithTheRow(FrontTest):
    OPTIONS = {"admin": True, "admin_on_public": True}

    def test_admin_calls_are_served_to_all(self):
        self.keeper.answers["KEY_LIST"] = {}
        answer = self.ask("GET", "/admin/v1/keys", fields=[TOKEN])
        self.assertEqual((answer.status, answer.json()),
                         (200, {"items": []}))
        self.assertEqual(
            self.keeper.wait_for("KEY_LIST")["source"], "127.0.0.1")
        self.assertIn("admin_on_public", self.front.logged())


class RowWithoutTheSwitch(FrontTest):
    OPTIONS = {"admin": True}

    def test_a_public_listener_stays_one(self):
        self.assert_refused(
            self.ask("GET", "/admin/v1/keys", fields=[TOKEN]), 404,
            "not_on_this_listener")


if __name__ == "__main__":
    main()
