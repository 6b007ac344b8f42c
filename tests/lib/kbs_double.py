"""An HTTPS server that speaks the KBS protocol and issues signed releases, for
tests of the agent's side. Shares no code with the product: the formats are
written out here a second time.

Everything it says can be replaced: hooks["auth"], ["attest"], ["resource"],
["sign"] and ["leases"] (404 without one, as of a server where nobody can wait)
take the request and return Answer, or None for the usual one.
"""
import base64
import datetime
import hashlib
import http.server
import ipaddress
import json
import os
import ssl
import tempfile
import threading
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from ports import free_port

NATIVE = "application/vnd.warder.release+jwe"
ERRORS = "https://github.com/confidential-containers/kbs/errors/"


def b64(data):
    return base64.b64encode(data).decode()


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def jcs(value):
    """RFC 8785 for what occurs here: no numbers but small integers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"),
                      ensure_ascii=False).encode()


# ---- keys and certificates

def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def jwk_of(key):
    """The public half: members crv, kty, x, y."""
    n = key.public_key().public_numbers()
    return {"crv": "P-256", "kty": "EC", "x": b64url(n.x.to_bytes(32, "big")),
            "y": b64url(n.y.to_bytes(32, "big"))}


def thumbprint(jwk):
    """RFC 7638."""
    members = {m: jwk[m] for m in ("crv", "kty", "x", "y")}
    return b64url(hashlib.sha256(jcs(members)).digest())


def pkcs8(key):
    return key.private_bytes(serialization.Encoding.DER,
                             serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def certificate(name, key, issuer_name=None, issuer_key=None, ca=False,
                hosts=(), days=2):
    def full(common):
        return x509.Name([x509.NameAttribute(
            x509.oid.NameOID.COMMON_NAME, common)])
    now = datetime.datetime.utcnow()
    start = now - datetime.timedelta(days=1)
    builder = (x509.CertificateBuilder()
               .subject_name(full(name))
               .issuer_name(full(issuer_name or name))
               .public_key(key.public_key())
               .serial_number(x509.random_serial_number())
               .not_valid_before(start - datetime.timedelta(days=30))
               .not_valid_after(now + datetime.timedelta(days=days))
               .add_extension(x509.BasicConstraints(ca, None), True))
    names = []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName(names), False)
    made = builder.sign(issuer_key or key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


# ---- releases

def sign_compact(key, header, payload):
    """A compact JWS; ES256 whatever the header says."""
    text = b64url(header) + "." + b64url(payload)
    r, s = utils.decode_dss_signature(
        key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return text + "." + b64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def release_header(jwk):
    return jcs({"alg": "ES256", "jwk": jwk, "typ": "vnd.warder.release"})


def wrap(plain, client, header=None):
    """A flattened JWE for the client's JWK; HEADER changes its own."""
    public = ec.EllipticCurvePublicNumbers(
        int.from_bytes(unb64url(client["x"]), "big"),
        int.from_bytes(unb64url(client["y"]), "big"),
        ec.SECP256R1()).public_key()
    own = new_key()
    z = own.exchange(ec.ECDH(), public)
    name = b"ECDH-ES+A256KW"
    info = (len(name).to_bytes(4, "big") + name + bytes(8) +
            (256).to_bytes(4, "big"))
    kek = ConcatKDFHash(hashes.SHA256(), 32, info).derive(z)
    cek, iv = os.urandom(32), os.urandom(12)
    epk = jwk_of(own)
    protected = b64url((
        '{"alg":"ECDH-ES+A256KW","enc":"A256GCM","epk":{"crv":"P-256",'
        '"kty":"EC","x":"%s","y":"%s"}}' % (epk["x"], epk["y"])).encode()
        if header is None else header(epk))
    sealed = AESGCM(cek).encrypt(iv, plain, protected.encode())
    return {"protected": protected,
            "encrypted_key": b64url(aes_key_wrap(kek, cek)),
            "iv": b64url(iv), "ciphertext": b64url(sealed[:-16]),
            "tag": b64url(sealed[-16:])}


class Resource:
    """What lies under one path."""

    def __init__(self, algorithm, data, label="", chain="", version=1,
                 seconds=600):
        self.algorithm, self.data = algorithm, data
        self.label, self.chain = label, chain
        self.version, self.seconds = version, seconds


class Session:
    def __init__(self, nonce, client=None):
        self.nonce, self.client = nonce, client
        self.id = str(uuid.uuid4())


class Answer:
    def __init__(self, status=200, body=b"", type="application/json",
                 fields=()):
        self.status, self.type, self.fields = status, type, list(fields)
        self.body = body if isinstance(body, bytes) else json.dumps(
            body).encode()


def refusal(status, name, detail="no"):
    return Answer(status, {"type": ERRORS + name, "detail": detail})


# ---- the server

def report_data(nonce, client):
    """What the evidence must carry, 64 bytes."""
    key = dict(client)
    data = {"additional-evidence": "", "nonce": nonce, "tee-pubkey": key}
    return hashlib.sha384(jcs(data)).digest() + bytes(16)


class Kbs:
    """.port, .ca (PEM), .thumbprint of the release key, .resources by path."""

    def __init__(self, host="127.0.0.1", hosts=("127.0.0.1", "localhost"),
                 port=0, identity=None, tls12=False):
        self.release_key = new_key()
        self.resources = {}
        self.signers = {}        # P-256 keys that stay, by id
        self.sessions = {}
        self.hooks = {}
        self.seen = []           # (method, path, headers, body)
        self.quotes = []
        self.check_quotes = True
        self.lock = threading.Lock()
        self.identity = identity or Identity(hosts)
        self.ca = self.identity.ca
        self.host, self.port, self.tls12 = host, port or free_port(), tls12
        self.server = None
        self.start()

    @property
    def thumbprint(self):
        return thumbprint(jwk_of(self.release_key))

    def start(self):
        outer = self

        class Handler(_Handler):
            kbs = outer

        self.server = _Server((self.host, self.port), Handler)
        self.port = self.server.server_address[1]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.tls12:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as f:
            f.write(self.identity.key_pem + self.identity.cert)
            f.flush()
            context.load_cert_chain(f.name)
        self.server.context = context
        self.thread = threading.Thread(
            target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def stop(self):
        """As if the machine had gone: open connections end too."""
        if self.server is None:
            return
        self.server.shutdown()
        self.server.server_close()
        self.server.close_all()
        self.server = None

    close = stop

    def count(self, what):
        with self.lock:
            return sum(1 for _, path, _, _ in self.seen if what in path)

    # -- what is said

    def auth(self, body):
        request = json.loads(body)
        if request["version"] != "0.4.0" or request["tee"] != "sgx":
            return refusal(401, "VersionNotSupported")
        nonce, cookie = b64(os.urandom(49)), uuid.uuid4().hex
        with self.lock:
            self.sessions[cookie] = Session(nonce)
        return Answer(200, {"nonce": nonce, "extra-params": ""}, fields=[
            ("Set-Cookie", "kbs-session-id=%s; Path=/kbs/v0; Max-Age=300; "
             "HttpOnly; Secure" % cookie)])

    def attest(self, body, cookie):
        message = json.loads(body)
        session = self.sessions.get(cookie)
        runtime = message["runtime-data"]
        if session is None or runtime["nonce"] != session.nonce:
            return refusal(401, "ChallengeInvalid")
        evidence = message["tee-evidence"]
        assert evidence["additional_evidence"] == ""
        assert message["init-data"] is None
        quote = base64.b64decode(evidence["primary_evidence"]["quote"])
        self.quotes.append(quote)
        client = runtime["tee-pubkey"]
        # REPORTDATA of an SGX quote, version 3
        if self.check_quotes and quote[368:432] != report_data(
                session.nonce, client):
            return refusal(403, "NonceMismatch")
        session.client = client
        return Answer(200, {"token": "a.b.c"})

    def payload(self, path, session, resource):
        return {"chain": resource.chain, "client": thumbprint(session.client),
                "key": {"algorithm": resource.algorithm,
                        "bytes": b64url(resource.data),
                        "label": resource.label, "path": path,
                        "version": resource.version},
                "lease": {"id": str(uuid.uuid4()),
                          "seconds": resource.seconds,
                          "session": session.id},
                "nonce": session.nonce, "policy": "5a" * 32, "v": 1}

    def release(self, path, session, resource, key=None):
        key = key or self.release_key
        jws = sign_compact(key, release_header(jwk_of(key)),
                           jcs(self.payload(path, session, resource)))
        return Answer(200, wrap(jws.encode(), session.client), NATIVE)

    def resource(self, path, cookie, accept):
        session = self.sessions.get(cookie)
        if session is None or session.client is None:
            return refusal(401, "NoCredential")
        if accept != NATIVE:
            return refusal(406, "Unsupported")
        resource = self.resources.get(path)
        if resource is None:
            return refusal(404, "NotFound", "there is no such resource")
        if isinstance(resource, Answer):
            return resource
        return self.release(path, session, resource)


    def sign(self, key_id, body, cookie):
        session = self.sessions.get(cookie)
        if session is None or session.client is None:
            return refusal(401, "CredentialInvalid")
        asked, key = json.loads(body), self.signers.get(key_id)
        if key is None:
            return refusal(404, "NotFound", "there is no such resource")
        assert asked["algorithm"] == "ES256", asked
        return self.signed(key, unb64url(asked["digest"]), asked["version"])

    @staticmethod
    def signed(key, digest, version=1):
        r, s = utils.decode_dss_signature(key.sign(
            digest, ec.ECDSA(utils.Prehashed(hashes.SHA256()))))
        return Answer(200, {
            "algorithm": "ES256", "version": version, "signature": b64url(
                r.to_bytes(32, "big") + s.to_bytes(32, "big"))})


class Identity:
    """A CA and the certificate of a server."""

    def __init__(self, hosts=("127.0.0.1", "localhost"), days=2):
        ca_key, key = new_key(), new_key()
        self.ca = certificate("test CA", ca_key, ca=True)
        self.cert = certificate("server", key, "test CA", ca_key, hosts=hosts,
                                days=days)
        self.key_pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()).decode()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    context = None

    def __init__(self, *args):
        self.streams = []
        super().__init__(*args)

    def finish_request(self, request, client_address):
        request.settimeout(30)
        try:
            stream = self.context.wrap_socket(request, server_side=True)
        except (OSError, ssl.SSLError):
            return
        self.streams.append(stream)
        try:
            super().finish_request(stream, client_address)
        except (OSError, ValueError):
            pass  # the other side, or close_all(), ended it

    def handle_error(self, request, client_address):
        pass

    def close_all(self):
        for stream in self.streams:
            try:
                stream.shutdown(2)
            except OSError:
                pass
            stream.close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    kbs = None

    def log_message(self, *args):
        pass

    def cookie(self):
        for part in (self.headers.get("Cookie") or "").split("; "):
            name, _, value = part.partition("=")
            if name == "kbs-session-id":
                return value
        return None

    def respond(self, hook, usual):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.kbs.lock:
            self.kbs.seen.append((self.command, self.path,
                                  dict(self.headers), body))
        replace = self.kbs.hooks.get(hook)
        answer = replace(self, body) if replace else None
        if answer is None:
            answer = usual(body)
        if answer is False:  # the hook has done it all
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.fields:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def do_POST(self):
        kbs = self.kbs
        if self.path == "/kbs/v0/auth":
            self.respond("auth", kbs.auth)
        elif self.path == "/kbs/v0/attest":
            self.respond("attest", lambda b: kbs.attest(b, self.cookie()))
        elif self.path.startswith("/kbs/v0/warder/keys/"):
            key_id, _, use = self.path[len("/kbs/v0/warder/keys/"):].partition(
                "/")
            assert use == "sign", use
            self.respond("sign", lambda b: kbs.sign(key_id, b, self.cookie()))
        else:
            self.respond("other", lambda b: refusal(404, "NotFound"))

    def do_GET(self):
        start = "/kbs/v0/resource/"
        if self.path.startswith(start):
            self.respond("resource", lambda b: self.kbs.resource(
                self.path[len(start):], self.cookie(),
                self.headers.get("Accept")))
        elif self.path.startswith("/kbs/v0/warder/leases"):
            self.respond("leases", lambda b: refusal(404, "NotFound"))
        else:
            self.respond("other", lambda b: refusal(404, "NotFound"))
