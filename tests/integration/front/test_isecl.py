"""The management half of the ISecL KBS API, up to the keeper."""
import base64
import socket

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from front_rig import FrontTest, main, wait_until
from warder_rpc import encode_list

KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"
POLICY = "6b3a9d6e-3f0c-4d52-9c53-5d4fe3a0a5a1"
SIGNER = "ab" * 32
TOKEN = "Authorization: Bearer wdt_abc"
ACCEPT = "Accept: application/json"
V3 = {"sgx_enclave_issuer_anyof": [SIGNER],
      "sgx_enclave_issuer_product_id": 1,
      "sgx_enclave_svn_minimum": 3}
V5 = {"attestation_type": ["SGX"],
      "sgx": {"attributes": {"mrsigner": [SIGNER], "isvprodid": [1],
                             "isvsvn": 3}}}
AES256, RSA2048, RSA3072, RSA4096, P256 = 3, 4, 5, 6, 7


def record(kind=RSA2048, **more):
    return dict({"id": KEY, "kind": kind, "version": 1,
                 "backend": "embedded", "label": "web",
                 "created": 1751328000}, **more)


def uuid(n):
    return "%08x-0000-4000-8000-000000000000" % n


class IseclTest(FrontTest):
    OPTIONS = {"admin": True}

    def admin(self, method, path, body=None, fields=(TOKEN, ACCEPT)):
        return self.ask(method, "/kbs/v1" + path, body, list(fields),
                        local=True)

    def assert_text(self, answer, status, reason):
        self.assert_refused(answer, status, reason)
        self.assertEqual(answer.fields["content-type"], "text/plain")
        self.assertNotIn(b"\n", answer.body)

    def calls(self):
        return [n for n, _ in self.keeper.seen if n != "COUNT"]


class Keys(IseclTest):
    def test_a_key_is_generated(self):
        self.keeper.answers["KEY_CREATE"] = record(policy=POLICY)
        answer = self.admin("POST", "/keys", {
            "key_information": {"algorithm": "RSA", "key_length": 2048},
            "transfer_policy_ID": POLICY, "label": "web",
            "usage": "COUNTRY:USA"})
        self.assertEqual(answer.status, 201)
        self.assertEqual(answer.json(), {
            "created_at": "2025-07-01T00:00:00Z",
            "key_information": {"algorithm": "RSA", "id": KEY,
                                "key_length": 2048},
            "label": "web", "usage": "", "transfer_policy_id": POLICY,
            "transfer_link": "/kbs/v1/keys/%s/transfer" % KEY})
        ask = self.keeper.wait_for("KEY_CREATE")
        self.assertEqual(
            (ask["kind"], ask["policy"], ask["label"], ask["usage"]),
            (RSA2048, POLICY, "web", "COUNTRY:USA"))
        self.assertEqual((ask["material"], ask["attach"], ask["subject"]),
                         (b"", "", ""))
        self.assertEqual(ask["token"], b"wdt_abc")
        self.assertEqual(ask["request"], answer.fields["warder-request"])

    def test_keys_of_ones_own_pass_as_they_are(self):
        self.keeper.answers["KEY_CREATE"] = record()
        rsa_pem = rsa.generate_private_key(65537, 3072).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption())
        ec_der = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())
        for information, kind, kinds, material in (
                ({"algorithm": "RSA", "key_string": rsa_pem.decode()}, 0,
                 {RSA2048, RSA3072, RSA4096}, rsa_pem),
                ({"algorithm": "EC", "curve_type": "secp256r1", "key_string":
                  base64.b64encode(ec_der).decode()}, 0, {P256}, ec_der),
                ({"algorithm": "AES", "key_length": 256, "key_string":
                  base64.b64encode(bytes(32)).decode()}, AES256, set(),
                 bytes(32))):
            answer = self.admin(
                "POST", "/keys", {"key_information": information})
            self.assertEqual(answer.status, 201, answer)
            ask = [m for n, m in self.keeper.seen if n == "KEY_CREATE"][-1]
            self.assertEqual((ask["kind"], ask["material"]), (kind, material))
            self.assertEqual(ask["kinds"], sum(1 << k for k in kinds))

    def test_a_key_of_a_backend_is_the_keepers_to_refuse(self):
        self.keeper.answers["KEY_CREATE"] = ("backend_not_configured",)
        answer = self.admin("POST", "/keys", {"key_information": {
            "algorithm": "AES", "key_length": 256, "kmip_key_id": "17"}})
        self.assert_text(answer, 422, "backend_not_configured")
        ask = self.keeper.wait_for("KEY_CREATE")
        self.assertEqual((ask["attach"], ask["backend"],
                          ask["backend_kind"]), ("17", "", ""))

    def test_an_unknown_policy_makes_the_request_wrong(self):
        self.keeper.answers["KEY_CREATE"] = ("not_found", "no such policy")
        answer = self.admin("POST", "/keys", {"key_information": {
            "algorithm": "AES", "key_length": 256},
            "transfer_policy_id": POLICY})
        self.assert_text(answer, 400, "not_found")

    def test_a_key_is_shown_and_deleted(self):
        self.keeper.answers["KEY_SHOW"] = record(
            kind=P256, chain=b"PEM", spki=b"DER")
        self.keeper.answers["KEY_DELETE"] = {}
        answer = self.admin("GET", "/keys/" + KEY)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json()["key_information"], {
            "algorithm": "EC", "curve_type": "secp256r1", "id": KEY})
        self.assertNotIn("transfer_policy_id", answer.json())
        answer = self.admin("DELETE", "/keys/" + KEY, fields=[TOKEN])
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertEqual(self.keeper.wait_for("KEY_DELETE")["id"], KEY)

    def test_absent_keys_are_404_to_a_token_that_holds(self):
        self.keeper.answers["KEY_SHOW"] = ("not_found",)
        self.assert_text(self.admin("GET", "/keys/" + KEY), 404, "not_found")
        for name in ("17", KEY.replace("-4", "-1"), KEY + "0"):
            self.assert_text(
                self.admin("GET", "/keys/" + name), 404, "not_found")
        self.assertEqual(self.calls(), ["KEY_SHOW"])

    def test_lacking_a_permission_is_401(self):
        self.keeper.answers["KEY_SHOW"] = ("permission_denied",)
        self.assert_text(
            self.admin("GET", "/keys/" + KEY), 401, "permission_denied")

    def test_requests_that_are_wrong_do_not_reach_the_keeper(self):
        deep = '{"key_information":' + "[" * 40 + "]" * 40 + "}"
        doubled = ('{"key_information":{"algorithm":"AES","key_length":128},'
                   '"label":"a","Label":"b"}')
        twice = ('{"key_information":{"algorithm":"AES","algorithm":"AES",'
                 '"key_length":128}}')
        for body in (b"", "{", deep, doubled, twice, b"{}\x00", "[]",
                     {"key_information": {"algorithm": "RSA"}},
                     {"key_information": {"algorithm": "RSA",
                                          "key_length": 2048}, "more": 1}):
            answer = self.admin("POST", "/keys", body)
            self.assertEqual(answer.status, 400, (body, answer))
        self.assertEqual(self.calls(), [])

    def test_media_types(self):
        body = {"key_information": {"algorithm": "AES", "key_length": 128}}
        for fields in ([TOKEN], [TOKEN, "Accept: text/plain"],
                       [TOKEN, "Accept: application/xml, text/*"]):
            self.assert_text(self.admin("POST", "/keys", body, fields),
                             415, "media_type")
        self.assert_text(self.admin("POST", "/keys", body, [
            TOKEN, ACCEPT, "Content-Type: text/plain"]), 415, "media_type")
        self.keeper.answers["KEY_LIST"] = {}
        self.assertEqual(self.admin(
            "GET", "/keys", fields=[TOKEN, "Accept: */*"]).status, 200)

    def test_too_large_a_body_is_413(self):
        self.assert_text(self.admin(
            "POST", "/keys", b" " * 140000), 413, "too_large")

    def test_without_a_token_nothing_is_looked_at(self):
        for method, path, body in (
                ("GET", "/keys", None), ("GET", "/keys/" + KEY, None),
                ("GET", "/keys/nonsense", None),
                ("GET", "/keys?nonsense=1", None), ("POST", "/keys", "{"),
                ("DELETE", "/keys/" + KEY, None),
                ("POST", "/key-transfer-policies", "{"),
                ("GET", "/key-transfer-policies", None),
                ("GET", "/key-transfer-policies/" + POLICY, None),
                ("PUT", "/key-transfer-policies/" + POLICY, "{"),
                ("DELETE", "/key-transfer-policies/" + POLICY, None)):
            self.assert_text(self.admin(method, path, body, []), 401,
                             "no_credential")
            self.assert_text(self.admin(
                method, path, body, ["Authorization: Basic YTpi"]), 401,
                "no_credential")
        self.assertEqual(self.calls(), [])


class KeyList(IseclTest):
    def serve(self, keys, page=100):
        def answer(ask):
            left = [k for k in keys if k["id"] > ask["after"]]
            return {"more": len(left) > page,
                    "keys": encode_list("key_record", left[:page])}
        self.keeper.answers["KEY_LIST"] = answer

    def test_all_pages_become_one_array(self):
        keys = [record(id=uuid(n)) for n in range(250)]
        self.serve(keys)
        answer = self.admin("GET", "/keys")
        self.assertEqual(answer.status, 200)
        self.assertEqual([k["key_information"]["id"] for k in answer.json()],
                         [k["id"] for k in keys])
        self.assertEqual(self.calls(), ["KEY_LIST"] * 3)
        asks = [m for n, m in self.keeper.seen if n == "KEY_LIST"]
        self.assertEqual(len({m["request"] for m in asks}), 1)
        self.assertEqual({m["limit"] for m in asks}, {100})

    def test_no_keys_are_an_empty_array(self):
        self.serve([])
        answer = self.admin("GET", "/keys")
        self.assertEqual((answer.status, answer.body), (200, b"[]"))

    def test_parameters_narrow_the_list(self):
        keys = [record(kind, id=uuid(n)) for n, kind in
                enumerate((AES256, RSA2048, RSA3072, P256))]
        self.serve(keys)
        for query, kinds, asked in (
                ("algorithm=RSA", {RSA2048, RSA3072}, 0),
                ("algorithm=RSA&keyLength=3072", {RSA3072}, RSA3072),
                ("keyLength=256", {AES256}, AES256),
                ("curveType=prime256v1", {P256}, P256),
                ("algorithm=EC", {P256}, 0)):
            found = self.admin("GET", "/keys?" + query).json()
            wanted = [k["id"] for k in keys if k["kind"] in kinds]
            self.assertEqual(
                [k["key_information"]["id"] for k in found], wanted, query)
            self.assertEqual(self.keeper.seen[-1][1]["kind"], asked)
        self.admin("GET", "/keys?transferPolicyId=" + POLICY)
        self.assertEqual(self.keeper.seen[-1][1]["policy"], POLICY)

    def test_other_parameters_are_400(self):
        self.serve([])
        for query in ("algorithm=DES", "keyLength=17", "keyLength=x",
                      "curveType=secp224r1", "transferPolicyId=x",
                      "algorithm=AES&algorithm=AES", "limit=1",
                      "algorithm=AES&keyLength=2048", "a" * 50,
                      "algorithm=" + "A" * 40):
            answer = self.admin("GET", "/keys?" + query)
            self.assertEqual(answer.status, 400, (query, answer))
        self.assertEqual(self.calls(), [])

    def test_a_list_that_is_too_long_is_refused_whole(self):
        keys = [record(id=uuid(n), usage="u" * 500) for n in range(3000)]
        self.serve(keys)
        self.assert_text(self.admin("GET", "/keys"), 413, "too_large")

    def test_a_refusal_on_a_later_page_is_the_answer(self):
        pages = []

        def answer(ask):
            pages.append(ask)
            if len(pages) > 1:
                return ("sealed",)
            return {"more": True,
                    "keys": encode_list("key_record", [record()])}
        self.keeper.answers["KEY_LIST"] = answer
        answer = self.admin("GET", "/keys")
        self.assert_text(answer, 503, "sealed")
        self.assertIn("retry-after", answer.fields)

    def test_a_keeper_that_never_ends_is_not_followed(self):
        self.keeper.answers["KEY_LIST"] = {"more": True}
        self.assert_text(self.admin("GET", "/keys"), 503, "unavailable")
        self.keeper.answers["KEY_LIST"] = {"keys": b"\xff\xff\xff\xff"}
        self.assert_text(self.admin("GET", "/keys"), 503, "unavailable")
        self.assert_alive()

    def test_a_client_that_leaves_between_pages_is_forgotten(self):
        asked = []

        def answer(ask):
            asked.append(ask)
            return {"more": True, "keys": encode_list(
                "key_record", [record(id=uuid(len(asked)))])}
        self.keeper.answers["KEY_LIST"] = answer
        s = self.front.connect(local=True)
        s.sendall(b"GET /kbs/v1/keys HTTP/1.1\r\nHost: k\r\n" +
                  (TOKEN + "\r\n" + ACCEPT + "\r\n\r\n").encode())
        self.keeper.wait_for("KEY_LIST")
        s.close()
        self.assertTrue(wait_until(lambda: self.is_quiet(asked)))
        self.assert_alive()

    def is_quiet(self, asked):
        before = len(asked)
        return not wait_until(lambda: len(asked) > before, 0.3)


class Policies(IseclTest):
    def keep(self):
        """The keeper keeps what it is given, under one id."""
        kept = {}

        def add(ask):
            kept.update(ask)
            return self.shown(kept)
        self.keeper.answers["POLICY_ADD"] = add
        self.keeper.answers["POLICY_SHOW"] = lambda m: self.shown(kept)
        return kept

    def shown(self, kept):
        return {"id": POLICY, "flat": kept["flat"], "created": 1751328000,
                "updated": 1751328060, "version": bytes(32)}

    def test_both_schemas_come_back_as_they_were_written(self):
        kept = self.keep()
        dates = {"id": POLICY, "created_at": "2025-07-01T00:00:00Z"}
        for policy, more in (
                (V3, dates),
                (V5, dict(dates, updated_at="2025-07-01T00:01:00Z"))):
            answer = self.admin("POST", "/key-transfer-policies", policy)
            self.assertEqual(answer.status, 201, answer)
            self.assertEqual(answer.json(), dict(policy, **more))
            self.assertEqual((kept["id"], kept["prefix"]), ("", ""))
            answer = self.admin("GET", "/key-transfer-policies/" + POLICY)
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.json(), dict(policy, **more))

    def test_a_policy_is_replaced_under_its_id(self):
        kept = self.keep()
        answer = self.admin("PUT", "/key-transfer-policies/" + POLICY, V5)
        self.assertEqual((answer.status, kept["id"]), (200, POLICY))

    def test_what_would_not_be_enforced_is_refused(self):
        for policy, status in (
                (dict(V3, more=1), 400), ({}, 400), ([], 400),
                (dict(V3, sgx_enclave_issuer_anyof=[]), 400),
                (dict(V3, sgx_enclave_issuer_anyof=["ab"]), 400),
                (dict(V3, attestation_type_anyof=["SW"]), 400),
                (dict(V3, id=POLICY), 400),
                ({"sgx_enclave_issuer_product_id": 1}, 400),
                ({"attestation_type": ["TDX"], "tdx": {"attributes": {
                    "mrsignerseam": ["ab" * 48], "mrseam": ["ab" * 48]}}},
                 400),
                (dict(V5, sgx=dict(V5["sgx"], policy_ids=[POLICY])), 422)):
            answer = self.admin("POST", "/key-transfer-policies", policy)
            self.assertEqual(answer.status, status, (policy, answer))
        self.assertEqual(self.calls(), [])

    def test_the_list_has_every_page(self):
        kept = self.keep()
        self.admin("POST", "/key-transfer-policies", V3)
        policies = [dict(self.shown(kept), id=uuid(n)) for n in range(5)]

        def page(ask):
            left = [p for p in policies if p["id"] > ask["after"]]
            return {"more": len(left) > 2, "policies": encode_list(
                "policy_record", left[:2])}
        self.keeper.answers["POLICY_LIST"] = page
        answer = self.admin("GET", "/key-transfer-policies")
        self.assertEqual([p["id"] for p in answer.json()],
                         [p["id"] for p in policies])
        self.assertEqual(answer.json()[0]["sgx_enclave_svn_minimum"], 3)

    def test_a_record_that_is_no_policy_is_a_fault_of_ours(self):
        self.keeper.answers["POLICY_SHOW"] = {"id": POLICY, "flat": b"junk"}
        answer = self.admin("GET", "/key-transfer-policies/" + POLICY)
        self.assertEqual(answer.status, 500)
        self.assert_alive()

    def test_a_policy_in_use_stays(self):
        self.keeper.answers["POLICY_DELETE"] = ("in_use",)
        path = "/key-transfer-policies/" + POLICY
        self.assert_text(self.admin("DELETE", path), 400, "in_use")
        self.keeper.answers["POLICY_DELETE"] = {}
        self.assertEqual(self.admin("DELETE", path).status, 204)


class Rest(IseclTest):
    def test_version_is_for_anyone(self):
        for options in ({}, {"local": True}):
            answer = self.ask("GET", "/kbs/v1/version", **options)
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.fields["content-type"], "text/plain")
            self.assertRegex(answer.body.decode(), "Version: v[0-9.]+\n")

    def test_w8_no_key_leaves_without_attestation(self):
        pem = "-----BEGIN PUBLIC KEY-----\n"
        for method, path, body, fields in (
                ("POST", "/keys/%s/transfer" % KEY, pem,
                 ["Content-Type: text/plain"]),
                ("POST", "/keys/%s" % KEY, pem, ["Content-Type: text/plain"]),
                ("POST", "/keys/%s/transfer" % KEY, "<saml/>",
                 ["Content-Type: application/samlassertion+xml",
                  "Accept: application/octet-stream"]),
                ("GET", "/keys/%s/dhsm2-transfer" % KEY, None,
                 [ACCEPT, "Accept-Challenge: SGX"]),
                ("POST", "/session", "{}", [ACCEPT]),
                ("GET", "/saml-certificates", None, [ACCEPT]),
                ("POST", "/tpm-identity-certificates", pem,
                 ["Content-Type: application/x-pem-file"])):
            for token in ([], [TOKEN]):
                answer = self.admin(method, path, body, fields + token)
                self.assert_text(answer, 422, "unsupported")
        self.assertEqual(self.calls(), [])

    def test_methods_that_are_not_served(self):
        answer = self.admin("PUT", "/keys/" + KEY, "{}")
        self.assert_text(answer, 405, "method_not_allowed")
        self.assertEqual(set(answer.fields["allow"].split(", ")),
                         {"GET", "POST", "DELETE"})

    def test_a_keeper_that_is_away_costs_503(self):
        self.keeper.channel.sock.shutdown(socket.SHUT_RDWR)
        self.assertTrue(wait_until(lambda: self.admin(
            "GET", "/keys").status == 503))
        answer = self.admin("GET", "/keys/" + KEY)
        self.assert_text(answer, 503, "unavailable")
        self.assertIn("retry-after", answer.fields)


class OnThePublicListener(FrontTest):
    def test_management_is_not_there(self):
        for method, path in (
                ("GET", "/keys"), ("POST", "/keys"), ("GET", "/keys/" + KEY),
                ("DELETE", "/keys/" + KEY),
                ("GET", "/key-transfer-policies"),
                ("POST", "/key-transfer-policies"),
                ("PUT", "/key-transfer-policies/" + POLICY)):
            body = "{}" if method in ("POST", "PUT") else None
            self.assert_refused(
                self.ask(method, "/kbs/v1" + path, body, [TOKEN, ACCEPT]),
                404, "not_on_this_listener")
        self.assertEqual(
            [n for n, _ in self.keeper.seen if n != "COUNT"], [])


if __name__ == "__main__":
    main()
