"""A client of the KBS protocol for tests of the whole server. It shares no code
with the product: JOSE is python3-jwcrypto's, and what is hashed is written out
here a second time.
"""
import base64
import hashlib
import http.client
import json
import ssl

from jwcrypto import jwe, jwk, jws

NATIVE = "application/vnd.warder.release+jwe"


def b64(data):
    return base64.b64encode(data).decode()


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def jcs(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"),
                      ensure_ascii=False).encode()


class Refused(Exception):
    """An answer that is no 2xx: status, reason (as the error's type has it in
    CamelCase) and detail."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        try:
            doc = json.loads(body)
        except ValueError:
            doc = {}
        self.type = doc.get("type", "").rsplit("/", 1)[-1]
        self.detail = doc.get("detail", "")
        super().__init__("%d %s: %s" % (status, self.type, self.detail or body))


class Client:
    """One attested environment with a key of its own and one connection."""

    def __init__(self, address, ca=None, curve="P-256", timeout=15):
        self.address = address
        self.context = ssl.create_default_context(cafile=ca) if ca else \
            ssl._create_unverified_context()
        self.context.check_hostname = False
        self.timeout = timeout
        self.connection = None
        self.cookie = None
        self.token = None
        self.nonce = None
        self.new_key(curve)

    def new_key(self, curve="P-256"):
        if curve == "RSA":
            self.key = jwk.JWK.generate(kty="RSA", size=2048)
            full = json.loads(self.key.export_public())
            self.public = {"kty": "RSA", "alg": "RSA-OAEP-256",
                           "n": full["n"], "e": full["e"]}
            return
        self.key = jwk.JWK.generate(kty="EC", crv=curve)
        full = json.loads(self.key.export_public())
        self.public = {"kty": "EC", "crv": curve, "alg": "ECDH-ES+A256KW",
                       "x": full["x"], "y": full["y"]}

    # ---- HTTP

    def __del__(self):
        self.close()

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def send(self, method, path, body=None, headers=None):
        """(status, headers, body), over the kept connection."""
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = http.client.HTTPSConnection(
                    self.address[0], self.address[1], context=self.context,
                    timeout=self.timeout)
            try:
                self.connection.request(method, path, body, headers)
                answer = self.connection.getresponse()
                data = answer.read()
                if answer.getheader("Connection", "").lower() == "close":
                    self.close()
                return answer.status, answer.headers, data
            except TimeoutError:
                self.close()
                raise
            except (http.client.BadStatusLine, ConnectionError, ssl.SSLError):
                self.close()
                if attempt == 2:
                    raise
        raise AssertionError

    def ok(self, *args, **kw):
        status, headers, body = self.send(*args, **kw)
        if status // 100 != 2:
            raise Refused(status, headers, body)
        return headers, body

    # ---- RCAR

    def auth(self, tee="sgx", version="0.4.0"):
        headers, body = self.ok("POST", "/kbs/v0/auth", {
            "version": version, "tee": tee, "extra-params": ""})
        self.cookie = headers.get("Set-Cookie", "").split(";")[0]
        self.nonce = json.loads(body)["nonce"]
        return self.nonce

    def runtime_digest(self, nonce=None, public=None, additional=""):
        """What the evidence has to carry in its report data: SHA-384."""
        return hashlib.sha384(jcs({
            "additional-evidence": additional,
            "nonce": nonce or self.nonce,
            "tee-pubkey": public or self.public})).digest()

    def attest(self, quote, public=None, nonce=None, primary=None):
        """QUOTE: raw SGX quote over runtime_digest()."""
        headers, body = self.ok("POST", "/kbs/v0/attest", {
            "init-data": None,
            "runtime-data": {"nonce": nonce or self.nonce,
                             "tee-pubkey": public or self.public},
            "tee-evidence": {"primary_evidence": primary or
                             {"quote": b64(quote)},
                             "additional_evidence": ""},
        }, {"Cookie": self.cookie})
        cookie = headers.get("Set-Cookie")
        if cookie:
            self.cookie = cookie.split(";")[0]
        self.token = json.loads(body)["token"]
        self.answered = headers
        return self.token

    def resource(self, path, native=False, bearer=False, replaces=None,
                 wrap=None):
        """The bytes of a resource; of a native release the JWS. REPLACES: the
        payload of the release that is renewed. WRAP: the name of how a key
        may come that its HSM wraps."""
        headers = {"Authorization": "Bearer " + self.token} if bearer else \
            {"Cookie": self.cookie}
        if native:
            headers["Accept"] = NATIVE
        if replaces:
            headers["Warder-Replaces"] = "%s %s" % (
                replaces["lease"]["id"], replaces["lease"]["session"])
        if wrap:
            headers["Warder-Wrap"] = wrap
        _, body = self.ok("GET", "/kbs/v0/resource/" + path, headers=headers)
        return self.open(body)

    def use(self, key_id, use, bearer=False, **members):
        """A key used without being released: bytes go in as bytes, a plaintext
        comes out as what only this client can read."""
        body = {k: b64url(v) if isinstance(v, bytes) else v
                for k, v in members.items()}
        headers = {"Authorization": "Bearer " + self.token} if bearer else \
            {"Cookie": self.cookie}
        _, answer = self.ok("POST", "/kbs/v0/warder/keys/%s/%s" % (
            key_id, use), body, headers)
        answer = json.loads(answer)
        for name in ("ciphertext", "signature"):
            if name in answer:
                answer[name] = unb64url(answer[name])
        if "plaintext" in answer:
            answer["plaintext"] = self.open(json.dumps(answer["plaintext"]))
        return answer

    def open(self, body):
        doc = json.loads(body)
        token = jwe.JWE()
        token.deserialize(json.dumps(doc), key=self.key)
        return token.payload


def open_release(compact, thumbprint):
    """The payload of a native release signed by the pinned key."""
    token = jws.JWS()
    token.deserialize(compact.decode())
    header = token.jose_header
    key = jwk.JWK(**header["jwk"])
    assert key.thumbprint() == thumbprint, "signed by another key"
    assert header["alg"] == "ES256"
    token.verify(key)
    return json.loads(token.payload)
