"""A Vault for the tests: an OpenBao server of the test's own, with TLS and a
certificate of the test's, or the one that VAULT_ADDR and VAULT_TOKEN name."""
import base64
import datetime
import ipaddress
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ports import free_port
from warder_rpc import ROOT

DEADLINE = 60
PEM = serialization.Encoding.PEM
SKIP = 77


def is_foreign():
    return "VAULT_ADDR" in os.environ


def program():
    """The server's path; ends the test as skipped where there is none."""
    run = subprocess.run([os.path.join(ROOT, "scripts", "openbao"),
                          "--cached"], stdin=subprocess.DEVNULL,
                         capture_output=True, text=True, timeout=DEADLINE)
    if run.returncode == SKIP:
        sys.stderr.flush()
        print("SKIPPED: " + run.stderr.strip().splitlines()[-1], flush=True)
        sys.exit(SKIP)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


class Authority:
    """A CA that makes certificates for servers and clients."""

    def __init__(self, name="test CA"):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.cert = self._sign(self.name, self.key.public_key(), [
            (x509.BasicConstraints(True, None), True)])
        self.pem = self.cert.public_bytes(PEM).decode()

    def _sign(self, name, public, extensions, days=(-1, 30)):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder(
            self.name, name, public, x509.random_serial_number(),
            now + datetime.timedelta(days[0]),
            now + datetime.timedelta(days[1]))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def make(self, name, addresses=("127.0.0.1",), names=("localhost",),
             days=(-1, 30)):
        """(key, certificate) as PEM, for a server or a client."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        alternatives = [x509.DNSName(n) for n in names] + [
            x509.IPAddress(ipaddress.ip_address(a)) for a in addresses]
        cert = self._sign(subject, key.public_key(), [
            (x509.SubjectAlternativeName(alternatives), False),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH,
                                    ExtendedKeyUsageOID.CLIENT_AUTH]), False),
        ], days)
        return (key.private_bytes(PEM, serialization.PrivateFormat.PKCS8,
                                  serialization.NoEncryption()).decode(),
                cert.public_bytes(PEM).decode())


class Refused(Exception):
    def __init__(self, status, answer):
        super().__init__("%d %s" % (status, answer))
        self.status, self.answer = status, answer


class Vault:
    """One that can be asked, whoever runs it."""

    def __init__(self, address, ca, token=None):
        self.address, self.ca, self.token = address, ca, token
        self.tls = ssl.create_default_context(cadata=ca)
        self.methods = set()

    def ask(self, method, path, body=None, token=None, namespace=None):
        """The answer of a call; Refused for 400 and more."""
        request = urllib.request.Request(
            "%s/v1/%s" % (self.address, path), method=method,
            data=None if body is None else json.dumps(body).encode())
        request.add_header("X-Vault-Request", "true")
        if token or self.token:
            request.add_header("X-Vault-Token", token or self.token)
        if namespace:
            request.add_header("X-Vault-Namespace", namespace)
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=self.tls))
        try:
            with opener.open(request, timeout=DEADLINE) as answer:
                text = answer.read()
        except urllib.error.HTTPError as e:
            raise Refused(e.code, e.read().decode(errors="replace")) from e
        return json.loads(text) if text else None

    def enable(self, path, kind, namespace=None, **options):
        self.ask("POST", "sys/mounts/" + path, {"type": kind,
                                                "options": options},
                 namespace=namespace)
        if options.get("version") == "2":
            self.until_upgraded(path, namespace)

    def until_upgraded(self, path, namespace):
        """A new KV v2 refuses everything for a moment."""
        end = time.monotonic() + DEADLINE
        while True:
            try:
                return self.ask("GET", path + "/config", namespace=namespace)
            except Refused as e:
                assert e.status == 400 and time.monotonic() < end, e
                time.sleep(0.05)

    def enable_login(self, kind):
        if kind not in self.methods:
            self.ask("POST", "sys/auth/" + kind, {"type": kind})
            self.methods.add(kind)

    def policy(self, name, rules):
        """RULES: {path: [capabilities]}."""
        self.ask("PUT", "sys/policies/acl/" + name, {"policy": json.dumps(
            {"path": {p: {"capabilities": c} for p, c in rules.items()}})})

    def make_token(self, ttl="1h", policies=("root",), **more):
        return self.ask("POST", "auth/token/create", dict(
            {"ttl": ttl, "policies": list(policies)}, **more)
        )["auth"]["client_token"]

    def revoke(self, token):
        self.ask("POST", "auth/token/revoke", {"token": token})

    def approle(self, name, policies, ttl="1h", **more):
        """(role id, secret id)."""
        self.enable_login("approle")
        self.ask("POST", "auth/approle/role/" + name, dict(
            {"token_policies": list(policies), "token_ttl": ttl}, **more))
        role = self.ask("GET", "auth/approle/role/%s/role-id" % name)
        secret = self.ask("POST", "auth/approle/role/%s/secret-id" % name, {})
        return role["data"]["role_id"], secret["data"]["secret_id"]

    def userpass(self, name, password, policies, ttl="1h"):
        self.enable_login("userpass")
        self.ask("POST", "auth/userpass/users/" + name, {
            "password": password, "token_policies": list(policies),
            "token_ttl": ttl})

    def cert(self, name, authority, policies, ttl="1h"):
        self.enable_login("cert")
        self.ask("POST", "auth/cert/certs/" + name, {
            "certificate": authority.pem, "token_policies": list(policies),
            "token_ttl": ttl, "display_name": name})

    def jwt(self, name, public_pem, policies, audience, ttl="1h"):
        self.enable_login("jwt")
        self.ask("POST", "auth/jwt/config",
                 {"jwt_validation_pubkeys": [public_pem]})
        self.ask("POST", "auth/jwt/role/" + name, {
            "role_type": "jwt", "user_claim": "sub",
            "bound_audiences": [audience], "token_policies": list(policies),
            "token_ttl": ttl})

    def kubernetes(self, name, host, ca, policies, ttl="1h"):
        """HOST reviews the tokens."""
        self.enable_login("kubernetes")
        self.ask("POST", "auth/kubernetes/config", {
            "kubernetes_host": host, "kubernetes_ca_cert": ca,
            "disable_local_ca_jwt": True, "token_reviewer_jwt": "x.y.z"})
        self.ask("POST", "auth/kubernetes/role/" + name, {
            "bound_service_account_names": [name],
            "bound_service_account_namespaces": ["default"],
            "token_policies": list(policies), "token_ttl": ttl})


def for_module():
    """One for all tests of a file; ended with them, even if it fails here."""
    if is_foreign():
        return foreign()
    bao = OpenBao()
    unittest.addModuleCleanup(bao.close)
    return bao.init()


def foreign():
    """The one that the environment names."""
    with open(os.environ["VAULT_CACERT"], encoding="ascii") as f:
        return Vault(os.environ["VAULT_ADDR"], f.read(),
                     os.environ["VAULT_TOKEN"])


class OpenBao(Vault):
    """A server that the test starts, seals, stops and starts again. Its files
    are in a folder of their own; .close() leaves nothing behind."""

    def __init__(self, authority=None, storage="file", node=None, port=None,
                 **listener):
        """LISTENER: more of its listener, as its configuration has it."""
        self.program = program()
        self.folder = tempfile.mkdtemp(prefix="bao-")
        self.authority = authority or Authority()
        self.port = port or free_port()
        super().__init__("https://127.0.0.1:%d" % self.port,
                         self.authority.pem)
        self.storage, self.node, self.listener = storage, node, listener
        self.process, self.shares = None, []
        self.write_certificate()
        self._write("config.json", json.dumps(self._config()))
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def path(self, name):
        return os.path.join(self.folder, name)

    def _write(self, name, text):
        with open(os.open(self.path(name), os.O_CREAT | os.O_TRUNC |
                          os.O_WRONLY, 0o600), "w", encoding="utf-8") as f:
            f.write(text)

    def write_certificate(self, authority=None, **how):
        """The one that it shows from its next start on."""
        key, cert = (authority or self.authority).make("openbao", **how)
        self._write("tls.key", key)
        self._write("tls.crt", cert)

    def _config(self):
        storage, cluster = {"path": self.path("data")}, free_port()
        if self.node:
            storage["node_id"] = self.node
        os.makedirs(self.path("data"), exist_ok=True)
        return {
            "storage": {self.storage: storage},
            "cluster_addr": "https://127.0.0.1:%d" % cluster,
            "listener": [{"tcp": dict(self.listener, **{
                "address": "127.0.0.1:%d" % self.port,
                "cluster_address": "127.0.0.1:%d" % cluster,
                "tls_cert_file": self.path("tls.crt"),
                "tls_key_file": self.path("tls.key")})}],
            "api_addr": self.address,
            "disable_mlock": True, "log_level": "error",
            "default_lease_ttl": "1h", "max_lease_ttl": "24h"}

    def start(self):
        with open(self.path("log"), "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "server", "-config",
                 self.path("config.json")], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log,
                env={"HOME": self.folder, "PATH": os.environ["PATH"]})
        end = time.monotonic() + DEADLINE
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    break
            except OSError:
                assert self.process.poll() is None, self.log()
                assert time.monotonic() < end, "it does not start"
                time.sleep(0.05)

    def log(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def init(self):
        answer = self.ask("PUT", "sys/init", {
            "secret_shares": 1, "secret_threshold": 1})
        self.shares = answer["keys_base64"]
        self.token = answer["root_token"]
        return self.unseal()

    def unseal(self):
        for share in self.shares:
            self.ask("PUT", "sys/unseal", {"key": share})
        end = time.monotonic() + DEADLINE
        while True:
            try:
                self.ask("GET", "sys/health?standbyok=true")
                return self
            except (Refused, OSError) as e:
                assert time.monotonic() < end, e
                time.sleep(0.05)

    def seal(self):
        self.ask("PUT", "sys/seal", {})

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait(DEADLINE)
            self.process = None

    def again(self):
        """Killed, started and unsealed."""
        self.kill()
        self.start()
        return self.unseal()

    def close(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def b64(data):
    return base64.b64encode(data).decode()
