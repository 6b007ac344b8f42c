"""The kinds of backends before real servers, all in one form: what each can,
how it is reached, and how it is made to fail."""
import base64
import os
import shutil
import tempfile
import uuid

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

import hsm_row
import kmip_rig
import openbao
from hsm_row import der
from row import Row
from vault_rig import Proxy

PAIRS = ("rsa-2048", "ec-p256", "ec-p384", "ec-p521", "ed25519")
AES = ("aes-128", "aes-192", "aes-256")


def another(locator):
    """Of a key that there is none of, in the same form."""
    uuids = [w for w in locator.replace("/", "|").replace("=", "|").replace(
        ";", "|").split("|") if len(w) == 36]
    if not uuids:
        return "987654" + locator[locator.index("|"):]
    return locator.replace(uuids[0], str(uuid.uuid4()))


class Kind:
    """One server, and rows before it; through a proxy where there is one."""

    LEAVES = True    # keys are fetched; else they leave wrapped
    MADE = BROUGHT = AES + PAIRS
    OPAQUE = True
    STAYS = ()       # kinds that may never leave
    USED = False     # keys that stay are used there
    HANG_ENDS = False  # the process of what hangs
    HOSTILE = ("x", "|", "|x", "..", "%00", "a" * 512, "pkcs11:", "1|2|3")

    def __init__(self, tool, shim):
        self.tool, self.shim = tool, shim
        self.folder = tempfile.mkdtemp(prefix="kind-")
        self.proxy = None

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(os.open(self.path(name), os.O_CREAT | os.O_TRUNC |
                          os.O_WRONLY, 0o600), "w", encoding="utf-8") as f:
            f.write(text)
        return self.path(name)

    def settings(self, port=None):
        raise NotImplementedError

    def row(self, **more):
        port = self.proxy.port if self.proxy else None
        return Row(self.tool, self.name, **dict(self.settings(port), **more))

    def before(self):
        """Puts a proxy between, for rows to come."""
        self.proxy = Proxy(self.port())
        return self

    def hang(self):
        self.proxy.mode = "hang"

    def slow(self):
        self.proxy.mode = "slow"

    def well(self):
        """As it was before hang() or slow()."""
        self.proxy.mode = "pass"

    def close(self):
        if self.proxy:
            self.proxy.close()
        shutil.rmtree(self.folder)


class VaultKind(Kind):
    name = "vault"
    STAYS = ("aes-128", "aes-256") + PAIRS
    USED = True

    def __init__(self, *how):
        super().__init__(*how)
        if openbao.is_foreign():
            print("SKIPPED: nobody else's Vault is stopped here")
            raise SystemExit(77)
        self.bao = openbao.OpenBao().init()
        self.bao.enable("keybroker", "kv", version="2")
        self.bao.enable("transit", "transit")
        self.write("ca", self.bao.ca)
        self.good()

    def good(self):
        self.token = self.bao.make_token(period="1h")
        self.write("token", self.token)

    def end_credential(self):
        self.bao.revoke(self.token)

    def port(self):
        return self.bao.port

    def settings(self, port=None):
        return {"address": "https://127.0.0.1:%d" % (port or self.bao.port),
                "ca": self.path("ca"), "secret": self.path("token")}

    def attachable(self):
        data = os.urandom(32)
        self.bao.ask("POST", "keybroker/data/theirs", {"data": {
            "algorithm": "AES", "key_data": base64.b64encode(data).decode()}})
        return "theirs", "aes-256", data

    def down(self):
        self.bao.kill()

    def up(self):
        self.bao.start()
        self.bao.unseal()

    def other_server(self):
        return self.row(ca=self.write("other", openbao.Authority().pem))

    def close(self):
        super().close()
        self.bao.close()


class KmipKind(Kind):
    name = "kmip"
    HOSTILE = Kind.HOSTILE[:-1]  # identifiers may have any form

    def __init__(self, *how):
        super().__init__(*how)
        self.pki = kmip_rig.Pki(self.folder)
        self.server = kmip_rig.Server(self.folder, self.pki).start()
        self.ours = self.certificate = self.pki.issue("warder")

    def good(self):
        self.certificate = self.ours

    def end_credential(self):
        self.certificate = kmip_rig.Pki(self.folder, "other").issue("gone")

    def port(self):
        return self.server.port

    def settings(self, port=None):
        return {"host": "127.0.0.1", "port": port or self.server.port,
                "ca": self.pki.ca, "certificate": self.certificate,
                "key": self.certificate + ".key"}

    def attachable(self):
        data = os.urandom(32)
        with self.row() as row:
            made = row.ask("make", str(uuid.uuid4()), 1, "aes-256", 0, data)
        return made.output.split(" ")[1].split("|")[0], "aes-256", data

    def down(self):
        self.server.kill()

    def up(self):
        self.server.start()

    def other_server(self):
        return self.row(ca=kmip_rig.Pki(self.folder, "third").ca)

    def close(self):
        self.server.close()
        super().close()


class Pkcs11Kind(Kind):
    name = "pkcs11"
    LEAVES = OPAQUE = False
    MADE = AES + PAIRS
    BROUGHT = AES + PAIRS
    STAYS = MADE
    USED = HANG_ENDS = True
    HOSTILE = Kind.HOSTILE + ("pkcs11:id=", "pkcs11:object=%00",
                              "pkcs11:id=1?module-path=/x.so")

    def __init__(self, *how):
        super().__init__(*how)
        self.token = hsm_row.Token(self.shim)

    def good(self):
        self.token.write_pin(self.token.pin)

    def end_credential(self):
        self.token.write_pin("9" * 9)

    def settings(self, port=None):
        return self.token.settings(through=True, oaep_sha1="yes")

    def before(self):
        return self

    def attachable(self):
        self.token.key_tool(
            "--keygen", "--key-type", "AES:32", "--label", "theirs", "--id",
            "0b", "--sensitive", "--private", "--extractable")
        return "theirs", "aes-256", None

    def down(self):
        self.token.fail("C_Initialize 30 99999", "C_OpenSession 32 99999",
                        "C_FindObjectsInit 32 99999",
                        "C_GetSlotList 32 99999")

    def hang(self):
        self.token.fail("C_FindObjectsInit hang 1")

    def slow(self):
        self.token.fail("C_FindObjectsInit slow 300")

    def up(self):
        self.token.fail()

    well = up

    def other_server(self):
        return self.row(uri="pkcs11:token=warder;serial=0?module-path=" +
                        self.shim)

    def close(self):
        self.token.close()
        super().close()


KINDS = {k.name: k for k in (VaultKind, KmipKind, Pkcs11Kind)}


def open_kind(name, tool, shim):
    if name == "kmip":
        kmip_rig.skip_loudly("conformance of kmip")
    if name == "pkcs11":
        hsm_row.skip_loudly("conformance of pkcs11")
    return KINDS[name](tool, shim)


def material(kind):
    """Bytes to bring of a key of this kind."""
    if kind.startswith("aes"):
        return os.urandom(int(kind[4:]) // 8)
    curves = {"ec-p256": ec.SECP256R1, "ec-p384": ec.SECP384R1,
              "ec-p521": ec.SECP521R1}
    if kind in curves:
        return der(ec.generate_private_key(curves[kind]()))
    return der(ed25519.Ed25519PrivateKey.generate() if kind == "ed25519"
               else rsa.generate_private_key(65537, int(kind[4:])))


def public_of(data):
    """The SPKI of a private key."""
    return serialization.load_der_private_key(
        data, None).public_key().public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo)
