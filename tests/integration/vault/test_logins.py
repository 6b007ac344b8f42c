"""How a client comes to a token, keeps it and gets another: against a real
server, whose tokens last a few seconds."""
import http.server
import json
import os
import socketserver
import ssl
import sys
import threading
import time
import unittest

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwcrypto import jwk, jwt

import openbao
from vault_rig import Peer

PEER = sys.argv.pop(1)
DEADLINE = 60
vault = None


def setUpModule():
    global vault
    vault = openbao.for_module()
    vault.enable("kv", "kv", version="2")
    vault.ask("POST", "kv/data/a", {"data": {"x": "1"}})
    vault.policy("reader", {"kv/data/a": ["read"]})


def tearDownModule():
    vault.ask("DELETE", "sys/mounts/kv")


class Case(unittest.TestCase):
    def peer(self, files=(), **settings):
        peer = Peer(PEER, dict(files, ca=vault.ca), address=vault.address,
                    **settings)
        self.addCleanup(peer.close)
        return peer

    def read(self, peer):
        answer = peer.ask("kv-read", "kv", 2, "a", 0)
        self.assertEqual(answer.result, "ok", answer)
        self.assertEqual(answer.output, '1 {"x":"1"}')

    def refused(self, peer, result, words):
        answer = peer.ask("kv-read", "kv", 2, "a", 0)
        self.assertEqual(answer.result, result, answer)
        self.assertIn(words, answer.detail)

    def logins(self, path="approle"):
        """How often the server has given a token by it."""
        tokens = 0
        for accessor in vault.ask("GET", "auth/token/accessors?list=true")[
                "data"]["keys"]:
            try:
                tokens += vault.ask(
                    "POST", "auth/token/lookup-accessor",
                    {"accessor": accessor})["data"]["path"].startswith(
                        "auth/%s/" % path)
            except openbao.Refused:
                pass  # has ended meanwhile
        return tokens


class Tokens(Case):
    def test_a_token_of_a_file(self):
        token = vault.make_token(policies=["reader"])
        self.read(self.peer({"secret": token + "\n"}, method="token"))

    def test_no_file_or_no_token_in_it(self):
        peer = self.peer({"secret": ""}, method="token")
        self.refused(peer, "no_credential", "no token in")
        os.unlink(peer.path("secret"))
        self.refused(peer, "no_credential", peer.path("secret"))
        peer.put("secret", "two words")
        self.refused(peer, "no_credential", "no token in")

    def test_an_unknown_token(self):
        peer = self.peer({"secret": "s.unknown"}, method="token")
        self.refused(peer, "permission_denied", "unknown, expired or revoked")

    def test_a_revoked_token_and_the_one_that_replaces_it(self):
        token = vault.make_token(policies=["reader"])
        peer = self.peer({"secret": token}, method="token")
        self.read(peer)
        vault.revoke(token)
        self.refused(peer, "permission_denied", "revoked")
        peer.put("secret", vault.make_token(policies=["reader"]))
        self.read(peer)

    def test_an_expired_token_and_the_one_that_replaces_it(self):
        token = vault.make_token(ttl="2s", policies=["reader"],
                                 renewable=False)
        peer = self.peer({"secret": token}, method="token")
        self.read(peer)
        time.sleep(3)
        self.refused(peer, "permission_denied", "expired")
        peer.put("secret", vault.make_token(policies=["reader"]))
        self.read(peer)

    def test_what_a_token_may_not_is_no_reason_to_log_in(self):
        role, secret = vault.approle("little", ["default"])
        peer = self.peer({"secret": secret}, method="approle", role=role)
        before = self.logins()
        for _ in range(3):
            self.refused(peer, "permission_denied", "permission denied")
        self.assertEqual(self.logins() - before, 1)

    def test_a_token_is_renewed_before_its_end(self):
        token = vault.make_token(ttl="3s", policies=["reader"], period="3s")
        peer = self.peer({"secret": token}, method="token")
        end = time.monotonic() + 8
        while time.monotonic() < end:
            self.read(peer)
            due = int(peer.ask("due").output)
            self.assertLessEqual(due, 2000)
            time.sleep(0.5)


class AppRole(Case):
    def test_role_and_secret_id(self):
        role, secret = vault.approle("web", ["reader"])
        self.read(self.peer({"secret": secret}, method="approle", role=role))

    def test_a_wrong_secret_id(self):
        role, _ = vault.approle("web", ["reader"])
        peer = self.peer({"secret": "none"}, method="approle", role=role)
        self.refused(peer, "malformed", "secret")

    def test_a_token_that_was_revoked_is_replaced_once(self):
        role, secret = vault.approle("again", ["reader"])
        peer = self.peer({"secret": secret}, method="approle", role=role)
        self.read(peer)
        for accessor in vault.ask("GET", "auth/token/accessors?list=true")[
                "data"]["keys"]:
            found = vault.ask("POST", "auth/token/lookup-accessor",
                              {"accessor": accessor})["data"]
            if found["path"] == "auth/approle/login":
                vault.ask("POST", "auth/token/revoke-accessor",
                          {"accessor": accessor})
        self.read(peer)
        self.read(peer)

    def test_a_token_that_cannot_be_renewed_further_is_replaced(self):
        role, secret = vault.approle("short", ["reader"], ttl="2s",
                                     token_max_ttl="3s")
        peer = self.peer({"secret": secret}, method="approle", role=role)
        end = time.monotonic() + 7
        while time.monotonic() < end:
            self.read(peer)
            time.sleep(0.4)

    def test_the_secret_of_a_new_login_is_read_anew(self):
        role, secret = vault.approle("once", ["reader"], ttl="1s",
                                     token_max_ttl="1s", secret_id_num_uses=1)
        peer = self.peer({"secret": secret}, method="approle", role=role)
        self.read(peer)
        time.sleep(1.5)
        self.refused(peer, "malformed", "secret")
        peer.put("secret", vault.ask(
            "POST", "auth/approle/role/once/secret-id", {})["data"][
                "secret_id"])
        self.read(peer)

    def test_another_mount(self):
        vault.ask("POST", "sys/auth/factory/floor", {"type": "approle"})
        self.addCleanup(vault.ask, "DELETE", "sys/auth/factory/floor")
        vault.ask("POST", "auth/factory/floor/role/a",
                  {"token_policies": ["reader"]})
        role = vault.ask("GET", "auth/factory/floor/role/a/role-id")
        secret = vault.ask("POST", "auth/factory/floor/role/a/secret-id", {})
        self.read(self.peer({"secret": secret["data"]["secret_id"]},
                            method="approle", mount="factory/floor",
                            role=role["data"]["role_id"]))


class Certificates(Case):
    def test_our_certificate_logs_in(self):
        authority = openbao.Authority("clients")
        key, cert = authority.make("warder-1")
        vault.cert("warder", authority, ["reader"])
        for role in ("warder", ""):
            self.read(self.peer({"cert": cert, "key": key}, method="cert",
                                role=role))

    def test_one_of_another_authority_does_not(self):
        authority = openbao.Authority("clients")
        vault.cert("warder", authority, ["reader"])
        key, cert = openbao.Authority("clients").make("warder-1")
        peer = self.peer({"cert": cert, "key": key}, method="cert",
                         role="warder")
        self.refused(peer, "malformed", "")


class Issuer:
    """Signs JWTs."""

    def __init__(self):
        key = ec.generate_private_key(ec.SECP256R1())
        pem = serialization.Encoding.PEM
        self.public = key.public_key().public_bytes(
            pem, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        self.key = jwk.JWK.from_pem(key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))

    def token(self, seconds=600, **claims):
        now = int(time.time())
        token = jwt.JWT({"alg": "ES256"}, dict(
            {"iat": now, "nbf": now - 5, "exp": now + seconds}, **claims))
        token.make_signed_token(self.key)
        return token.serialize()


class Jwts(Case):
    def test_a_jwt_logs_in(self):
        issuer = Issuer()
        vault.jwt("warder", issuer.public, ["reader"], "vault")
        token = issuer.token(sub="warder-1", aud="vault")
        self.read(self.peer({"secret": token}, method="jwt", role="warder"))

    def test_a_jwt_for_others_does_not(self):
        issuer = Issuer()
        vault.jwt("warder", issuer.public, ["reader"], "vault")
        for token in (issuer.token(sub="warder-1", aud="others"),
                      issuer.token(sub="warder-1", aud="vault", seconds=-500),
                      Issuer().token(sub="warder-1", aud="vault")):
            peer = self.peer({"secret": token}, method="jwt", role="warder")
            answer = peer.ask("keep")
            self.assertIn(answer.result, ("malformed", "permission_denied"),
                          answer)


class Reviewer(http.server.BaseHTTPRequestHandler):
    """Kubernetes, as far as the server asks it: are these tokens good?"""
    good = {}

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        review = json.loads(self.rfile.read(length))
        user = self.good.get(review["spec"]["token"])
        review["status"] = {"authenticated": user is not None}
        if user:
            review["status"]["user"] = {"username": user, "uid": "u-1"}
        body = json.dumps(review).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Kubernetes(Case):
    def serve(self):
        authority = openbao.Authority("kubernetes")
        key, cert = authority.make("kubernetes")
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Reviewer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        path = "/proc/self/fd/%d"
        files = []
        for text in (cert, key):
            fd = os.memfd_create("pem")
            os.write(fd, text.encode())
            files.append(fd)
        context.load_cert_chain(path % files[0], path % files[1])
        for fd in files:
            os.close(fd)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.1,))
        thread.start()
        self.addCleanup(thread.join, DEADLINE)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return "https://127.0.0.1:%d" % server.server_address[1], authority

    @unittest.skipIf(openbao.is_foreign(), "it could not ask back")
    def test_a_service_account_logs_in(self):
        host, authority = self.serve()
        vault.kubernetes("warder", host, authority.pem, ["reader"])
        issuer = Issuer()
        claims = {"iss": "kubernetes/serviceaccount",
                  "sub": "system:serviceaccount:default:warder",
                  "kubernetes.io/serviceaccount/namespace": "default",
                  "kubernetes.io/serviceaccount/service-account.name":
                  "warder",
                  "kubernetes.io/serviceaccount/service-account.uid": "u-1"}
        token, other = issuer.token(**claims), issuer.token(seconds=601,
                                                            **claims)
        Reviewer.good[token] = claims["sub"]
        self.read(self.peer({"secret": token}, method="kubernetes",
                            role="warder"))
        peer = self.peer({"secret": other}, method="kubernetes",
                         role="warder")
        self.refused(peer, "permission_denied", "")


class Namespaces(Case):
    def test_a_namespace_is_another_vault(self):
        try:
            vault.ask("POST", "sys/namespaces/team", {})
        except openbao.Refused:
            self.skipTest("this server has no namespaces")
        self.addCleanup(vault.ask, "DELETE", "sys/namespaces/team")
        vault.enable("kv", "kv", namespace="team", version="2")
        vault.ask("POST", "kv/data/a", {"data": {"x": "team"}},
                  namespace="team")
        for name in ("team", "team/"):
            peer = self.peer({"secret": vault.token}, method="token",
                             namespace=name)
            self.assertEqual(peer.ask("kv-read", "kv", 2, "a", 0).output,
                             '1 {"x":"team"}')
        self.read(self.peer({"secret": vault.token}, method="token"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
