"""The admin and the ISecL door of a whole server: what an operator's tools send
is done, kept, shown and released as they say.
"""
import base64
import json
import socket
import ssl
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from front_rig import read_answer, request
from server_rig import free_port
from whole import MRENCLAVE, MRSIGNER, Whole, policy, refusal, wait_until

V3 = {"sgx_enclave_issuer_anyof": [MRSIGNER],
      "sgx_enclave_issuer_product_id": 1, "sgx_enclave_svn_minimum": 1,
      "attestation_type_anyof": ["SGX"]}
V5 = {"attestation_type": ["SGX"],
      "sgx": {"attributes": {"mrsigner": [MRSIGNER], "isvprodid": [1],
                             "mrenclave": [MRENCLAVE]}}}
JSON = ["Accept: application/json"]


class Doors(Whole):
    """A server with plain requests to both of its listeners."""

    def token(self):
        with open(self.token_file, encoding="utf-8") as f:
            return f.read().strip()

    def local(self):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(20)
        s.connect(self.socket)
        return s

    def public(self, port=None):
        s = socket.create_connection(
            ("127.0.0.1", port or self.port), timeout=20)
        return ssl.create_default_context(cafile=self.ca).wrap_socket(
            s, server_hostname="localhost")

    def ask(self, method, path, body=None, fields=(), token=None, to=None):
        with (to or self.local)() as s:
            bearer = token if token is not None else self.token()
            auth = ["Authorization: Bearer " + bearer] if bearer else []
            s.sendall(request(method, path, body, auth + list(fields)))
            return read_answer(s)


class DoorsTest(unittest.TestCase):
    OPTIONS = {}

    @classmethod
    def setUpClass(cls):
        cls.server = Doors(**cls.OPTIONS)
        try:
            cls.server.start()
        except BaseException:
            cls.server.remove()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()

    def admin(self, method, path, body=None, fields=(), status=200, **kw):
        answer = self.server.ask(
            method, "/admin/v1" + path, body, fields, **kw)
        self.assertEqual(answer.status, status, answer)
        return answer

    def isecl(self, method, path, body=None, status=200, **kw):
        answer = self.server.ask(method, "/kbs/v1" + path, body, JSON, **kw)
        self.assertEqual(answer.status, status, answer)
        return answer


class Isecl(DoorsTest):
    def test_keys_of_every_kind_are_made(self):
        for information in (
                {"algorithm": "AES", "key_length": 256},
                {"algorithm": "RSA", "key_length": 2048},
                {"algorithm": "EC", "curve_type": "secp384r1"}):
            key = self.isecl("POST", "/keys", {
                "key_information": information, "label": "x"},
                status=201).json()
            shown = dict(key["key_information"])
            key_id = shown.pop("id")
            self.assertEqual(shown, information)
            self.assertEqual(
                self.isecl("GET", "/keys/" + key_id).json(), key)
            self.isecl("DELETE", "/keys/" + key_id, status=204)
            self.isecl("GET", "/keys/" + key_id, status=404)

    def test_a_key_of_ones_own_is_kept_and_must_be_what_it_is_said_to_be(self):
        pem = rsa.generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption()).decode()
        made = self.isecl("POST", "/keys", {"key_information": {
            "algorithm": "RSA", "key_string": pem}}, status=201).json()
        self.assertEqual(made["key_information"]["key_length"], 2048)
        for information in ({"algorithm": "RSA", "key_length": 3072},
                            {"algorithm": "EC"}):
            answer = self.isecl("POST", "/keys", {"key_information": dict(
                information, key_string=pem)}, status=400)
            self.assertIn(b"mismatch", answer.body)

    def test_a_key_of_a_backend_is_422(self):
        answer = self.isecl("POST", "/keys", {"key_information": {
            "algorithm": "AES", "key_length": 256, "kmip_key_id": "7"}},
            status=422)
        self.assertIn(b"backend_not_configured", answer.body)

    def test_policies_come_back_as_written_and_stay_while_in_use(self):
        for written in (V3, V5):
            made = self.isecl("POST", "/key-transfer-policies", written,
                              status=201).json()
            self.assertLessEqual(written.items(), made.items())
            path = "/key-transfer-policies/" + made["id"]
            self.assertEqual(self.isecl("GET", path).json(), made)
            key = self.isecl("POST", "/keys", {
                "key_information": {"algorithm": "AES", "key_length": 128},
                "transfer_policy_ID": made["id"]}, status=201).json()
            self.assertEqual(key["transfer_policy_id"], made["id"])
            self.assertEqual(key.pop("leaves"), "plain")  # of one alone
            found = self.isecl(
                "GET", "/keys?algorithm=AES&transferPolicyId=" +
                made["id"]).json()
            self.assertEqual(found, [key])
            answer = self.isecl("DELETE", path, status=400)
            self.assertIn(b"in_use", answer.body)
            self.isecl("DELETE", "/keys/" + key["key_information"]["id"],
                       status=204)
            self.isecl("DELETE", path, status=204)
            self.isecl("GET", path, status=404)

    def test_a_policy_that_is_not_there_makes_the_request_wrong(self):
        self.isecl("POST", "/keys", {
            "key_information": {"algorithm": "AES", "key_length": 128},
            "transfer_policy_id": "0f8fad5b-d9cb-469f-a165-70867728950e"},
            status=400)

    def test_lists_are_whole(self):
        label = "many"
        made = {self.isecl("POST", "/keys", {
            "key_information": {"algorithm": "AES", "key_length": 192},
            "label": label}, status=201).json()["key_information"]["id"]
            for _ in range(120)}
        found = self.isecl("GET", "/keys?keyLength=192").json()
        self.assertEqual(
            {k["key_information"]["id"] for k in found if
             k["label"] == label}, made)

    def test_a_token_without_the_right_is_401(self):
        made = self.admin("POST", "/tokens", {
            "user": "reader", "rules": ["keys:search"], "seconds": 60},
            status=201).json()
        self.isecl("GET", "/keys", token=made["token"])
        answer = self.isecl("POST", "/keys", {"key_information": {
            "algorithm": "AES", "key_length": 128}}, status=401,
            token=made["token"])
        self.assertIn(b"permission_denied", answer.body)


class Admin(DoorsTest):
    def test_a_key_with_its_certificate(self):
        key = self.admin("POST", "/keys", {
            "kind": "ec-p256", "label": "web",
            "subject": "CN=web,DNS=web.example"}, status=201).json()
        certificate = x509.load_pem_x509_certificate(
            key["certificate"].encode())
        self.assertEqual(certificate.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo).decode(),
            key["public_key"])
        path = "/keys/" + key["id"]
        csr = self.admin("POST", path + "/csr", {"subject": "CN=other"})
        self.assertTrue(x509.load_pem_x509_csr(csr.body).is_signature_valid)
        pem = self.admin("GET", path + "/certificate").body
        pem_type = ["Content-Type: application/x-pem-file"]
        self.admin("PUT", path + "/certificate", pem, pem_type)
        other = self.admin("POST", "/keys", {
            "kind": "ec-p256", "subject": "CN=x"}, status=201).json()
        self.admin("PUT", path + "/certificate",
                   other["certificate"].encode(), pem_type, status=400)

    def test_keys_are_paged(self):
        for _ in range(5):
            self.admin("POST", "/keys", {"kind": "aes-256"}, status=201)
        found, after = [], ""
        while after is not None:
            page = self.admin(
                "GET", "/keys?kind=aes-256&limit=2&after=" + after).json()
            self.assertLessEqual(len(page["items"]), 2)
            found += [k["id"] for k in page["items"]]
            after = page.get("next")
        self.assertGreaterEqual(len(found), 5)
        self.assertEqual(found, sorted(set(found)))

    def test_the_command_line_lists_as_much_as_it_is_told(self):
        policy_id = self.server.add_policy()
        made = sorted(self.server.warder(
            "key", "create", "--kind", "aes-256", "--policy", policy_id)["id"]
            for _ in range(5))

        def listed(*options):
            return [k["id"] for k in self.server.warder(
                "key", "list", "--policy", policy_id, *options)["items"]]
        self.assertEqual(listed(), made)
        self.assertEqual(listed("--limit", "2"), made[:2])
        self.assertEqual(listed("--limit", "250"), made)
        self.assertEqual(listed("--after", made[1], "--limit", "2"),
                         made[2:4])
        words = ["key", "list", "--policy", policy_id, "--limit", "2",
                 "--admin", self.server.socket, "--token-file",
                 self.server.token_file]
        shown = self.server.run(*words).stdout.decode()
        self.assertIn("more: --after " + made[1], shown)
        self.assertNotIn(made[2], shown)
        words[5] = "0"
        self.assertEqual(self.server.run(*words, check=False).returncode, 2)

    def test_brought_keys(self):
        key = ec.generate_private_key(ec.SECP521R1())
        der = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())
        made = self.admin("POST", "/keys", {
            "base64": base64.b64encode(der).decode()}, status=201).json()
        self.assertEqual(made["kind"], "ec-p521")
        locked = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret")).decode()
        for body in ({"pem": locked}, {"pem": "x"}, {"base64": "AAEC"},
                     {"base64": base64.b64encode(der).decode(),
                      "kind": "ec-p256"}):
            self.admin("POST", "/keys", body, status=400)

    def test_policies_and_secrets(self):
        made = self.admin("POST", "/policies", {
            "policy": policy(), "prefix": "pre/fix"}, status=201).json()
        path = "/policies/" + made["id"]
        self.assertEqual(made["prefixes"], ["pre/fix"])
        self.assertEqual(self.admin("GET", path).json(), made)
        octets = ["Content-Type: application/octet-stream"]
        where = "/secrets/pre/fix/one"
        put = self.admin("PUT", where, b"\x00one", octets, status=201).json()
        self.assertEqual((put["policy"], put["version"]), (made["id"], 1))
        put = self.admin("PUT", where, b"\x00two", octets).json()
        self.assertEqual(put["version"], 2)
        self.assertEqual(self.admin("GET", where).body, b"\x00two")
        listed = self.admin("GET", "/secrets?prefix=pre").json()
        self.assertEqual([s["path"] for s in listed["items"]],
                         ["pre/fix/one"])
        self.admin("DELETE", path, status=400)
        client = self.server.attested()
        self.assertEqual(client.resource("pre/fix/one"), b"\x00two")
        changed = self.admin("PUT", path, {"policy": policy(
            mrenclave="ff" * 32)}).json()
        self.assertEqual(changed["id"], made["id"])
        self.assertNotEqual(changed["version"], made["version"])
        self.admin("DELETE", "/bindings/pre/fix", status=204)
        self.admin("DELETE", where, status=204)
        self.admin("DELETE", path, status=204)
        for path in ("/secrets/default/key/x", "/secrets/default/cert/y"):
            self.admin("PUT", path, b"x", octets, status=409)

    def test_collateral_is_shown_as_it_was_given(self):
        with open(self.server.path("swtee/collateral/tcb_info.json"),
                  "rb") as f:
            document = f.read()
        listed = self.admin("GET", "/collateral").json()["items"]
        row = [d for d in listed if d["role"] == "tcb_info"][0]
        self.assertTrue(row["software"])
        self.assertEqual(row["size"], len(document))
        shown = self.admin(
            "GET", "/collateral/tcb_info?tee=%s&scope=%s&class=%s&"
            "software=true" % (row["tee"], row["scope"], row["class"]))
        self.assertEqual(shown.body, document)
        self.admin("GET", "/collateral/tcb_info?tee=sgx&scope=" +
                   row["scope"], status=404)
        with open(self.server.path(
                "swtee/collateral/tcb_signing_chain.pem"),
                encoding="utf-8") as f:
            chain = f.read()
        give = lambda data, status: self.admin(
            "PUT", "/collateral/tcb_info", {
                "document": base64.b64encode(data).decode(),
                "chain": chain}, status=status)
        self.assertEqual(give(document, 200).json(), row)
        other = document.replace(b'"pceId":"0000"', b'"pceId":"0001"')
        self.assertNotEqual(other, document)
        self.assertEqual(
            give(other, 403).json()["reason"], "tcb_info_bad_signature")

    def test_leases_and_revocation(self):
        made = self.admin("POST", "/policies", {
            "policy": policy(), "prefix": "lea"}, status=201).json()
        self.admin("PUT", "/secrets/lea/se/d", b"x", [
            "Content-Type: application/octet-stream"], status=201)
        client = self.server.attested()
        self.assertEqual(client.resource("lea/se/d"), b"x")
        rows = lambda: [r for r in self.admin(
            "GET", "/leases").json()["items"] if r["path"] == "lea/se/d"]
        wait_until(rows, "lease")
        self.admin("POST", "/revocations", {
            "kind": "session", "what": rows()[0]["session"]}, status=204)
        self.assertEqual(refusal(client.resource, "lea/se/d").status, 401)
        self.admin("POST", "/revocations", {
            "kind": "nonsense", "what": "x"}, status=400)
        self.assertEqual(made["prefixes"], ["lea"])

    def test_the_log_has_what_was_asked_by_its_request(self):
        answer = self.admin("POST", "/keys", {"kind": "aes-128"}, status=201)
        tail = self.admin("GET", "/audit?limit=5").json()
        requests = [i["entry"].get("request") for i in tail["items"]]
        self.assertIn(answer.fields["warder-request"], requests)
        self.assertGreaterEqual(tail["size"], len(tail["items"]))
        first = self.admin("GET", "/audit?from=0&limit=1").json()
        self.assertEqual([i["index"] for i in first["items"]], [0])

    def test_tokens_end_when_they_are_revoked(self):
        made = self.admin("POST", "/tokens", {
            "user": "bob", "rules": ["*:*"], "seconds": 60},
            status=201).json()
        self.admin("GET", "/tokens", token=made["token"])
        self.admin("DELETE", "/tokens/" + made["id"], status=204)
        self.admin("GET", "/tokens", token=made["token"], status=401)
        self.admin("GET", "/keys/0f8fad5b-d9cb-469f-a165-70867728950e",
                   token=made["token"], status=401)

    def test_status_and_health(self):
        shown = self.admin("GET", "/status", token="").json()
        self.assertFalse(shown["sealed"])
        self.assertTrue(all(p["ready"] for p in shown["processes"]))
        for to in (self.server.local, self.server.public):
            answer = self.server.ask("GET", "/readyz", token="", to=to)
            self.assertEqual(answer.status, 200)
        text = self.server.ask("GET", "/metrics", token="").body.decode()
        self.assertIn('warder_process_ready{role="keeper"', text)

    def test_the_public_listener_has_none_of_it(self):
        for path in ("/admin/v1/status", "/admin/v1/keys", "/kbs/v1/keys",
                     "/metrics"):
            answer = self.server.ask("GET", path, fields=JSON,
                                     to=self.server.public)
            self.assertEqual(answer.status, 404)


class OverTls(DoorsTest):
    """An address of the admin door's own: all of it, over TLS."""

    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.OPTIONS = {
            "config": "[admin]\nlisten = 127.0.0.1:%d" % cls.port}
        super().setUpClass()

    def over_tls(self):
        return self.server.public(self.port)

    def test_the_admin_address_has_every_door(self):
        made = self.admin("POST", "/keys", {"kind": "aes-128"}, status=201,
                          to=self.over_tls).json()
        shown = self.isecl("GET", "/keys/" + made["id"], to=self.over_tls)
        self.assertEqual(shown.json()["key_information"]["id"], made["id"])
        self.admin("GET", "/keys", token="", status=401, to=self.over_tls)
        self.admin("GET", "/keys", status=404, to=self.server.public)
        tail = self.admin("GET", "/audit?limit=10").json()["items"]
        self.assertIn("127.0.0.1", [i["entry"].get("source") for i in tail])


class OnPublic(DoorsTest):
    """admin_on_public: every cell is an admin cell, and it is said."""

    OPTIONS = {"config": "[admin]\nadmin_on_public = yes", "cells": 2}

    def test_admin_calls_are_served_on_both(self):
        made = self.admin("POST", "/keys", {"kind": "aes-128"}, status=201,
                          to=self.server.public).json()
        for _ in range(6):
            for to in (self.server.public, self.server.local):
                self.assertEqual(self.admin(
                    "GET", "/keys/" + made["id"], to=to).json(), made)
        status = self.admin("GET", "/status", to=self.server.public).json()
        self.assertTrue(
            any("admin_on_public" in w for w in status["warnings"]))
        self.admin("GET", "/keys", token="", status=401,
                   to=self.server.public)

    def test_clients_are_served_as_ever(self):
        made = self.admin("POST", "/policies", {
            "policy": policy(), "prefix": "a"}, status=201).json()
        self.admin("PUT", "/secrets/a/b/c", b"x", [
            "Content-Type: application/octet-stream"], status=201)
        self.assertEqual(self.server.attested().resource("a/b/c"), b"x")
        self.assertTrue(made["id"])


class Sealed(DoorsTest):
    OPTIONS = {"passphrase": "correct horse battery"}

    def test_unsealing_and_sealing_by_hand(self):
        state = lambda: self.admin("GET", "/status", token="").json()
        self.assertTrue(state()["sealed"])
        wait_until(lambda: state()["log"]["writable"], "a log")
        make = lambda status: self.admin(
            "POST", "/keys", {"kind": "aes-128"}, status=status).json()
        self.assertEqual(make(503)["reason"], "sealed")
        self.admin("POST", "/unseal", {"share": "wrong one"}, status=403,
                   token="")
        wait_until(lambda: self.server.ask(
            "POST", "/admin/v1/unseal", {"share": "correct horse battery"},
            token="").status == 200, "the server unsealed")
        make(201)
        self.admin("POST", "/unseal", {"share": "correct horse battery"},
                   status=409, token="")
        self.assertTrue(self.admin("POST", "/seal").json()["sealed"])
        self.assertEqual(make(503)["reason"], "sealed")
        self.assertNotIn("correct horse", json.dumps(
            self.admin("GET", "/status", token="").json()))
        self.assertNotIn("correct horse", self.server.log_text())


if __name__ == "__main__":
    unittest.main(argv=["test_doors.py"], verbosity=2)
