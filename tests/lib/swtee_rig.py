"""A software TEE made by the command line, and what a keeper and a client do
with it: snapshots, bindings, claims."""
import base64
import fcntl
import hashlib
import json
import os
import re
import struct
import subprocess

from warder_rpc import ROOT

SGX, COCO = 1, 1
P256, ECDH_ES_A256KW = 4, 1
AT_TEXT, AT = "2030-06-01T00:00:00Z", 1906502400

DOCS = {"tcb_info": "tcb_info.json", "qe_identity": "qe_identity.json",
        "tcb_signing_chain": "tcb_signing_chain.pem",
        "pck_crl": "pck_crl.der", "root_ca_crl": "root_ca_crl.der"}


def _defs(path, pattern):
    with open(os.path.join(ROOT, "src", path), encoding="utf-8") as f:
        text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    return re.findall(pattern, text)


PARTS = {name: number for number, name in enumerate(
    _defs("verify/parts.def", r'WD_PART\(\w+, "(\w+)"'))}
CLAIMS = {int(number): (name, kind) for number, name, kind in _defs(
    "verify/claims.def", r'WD_CLAIM\((\d+), \w+, "(\w+)", (\w+)\)')}


def read_claims(flat):
    """The flat block of claims as a dictionary."""
    claims, at = {}, 0
    while at < len(flat):
        number, _, length = struct.unpack("<BBH", flat[at:at + 4])
        value = flat[at + 4:at + 4 + length]
        name, kind = CLAIMS[number]
        if kind in ("UINT", "TIME"):
            value = struct.unpack("<q", value)[0]
        elif kind == "BOOL":
            value = value == b"\1"
        elif kind == "TEXT":
            value = value.decode()
        elif kind == "LIST":
            value = value.decode().split("\0")[:-1]
        claims[name] = value
        at += 4 + length
    return claims


def bundle(**parts):
    """Parts of evidence in one block, as verify takes them."""
    return b"".join(struct.pack("<BI", PARTS[name], len(data)) + data
                    for name, data in sorted(parts.items(),
                                             key=lambda p: PARTS[p[0]]))


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def coco_binding(challenge, x, y, additional=""):
    """What a Confidential Containers client puts into its report data."""
    text = json.dumps({
        "additional-evidence": additional,
        "nonce": base64.b64encode(challenge).decode(),
        "tee-pubkey": {"alg": "ECDH-ES+A256KW", "crv": "P-256", "kty": "EC",
                       "x": b64url(x), "y": b64url(y)}},
        sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha384(text.encode()).digest()


def sealed(data, seals=fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK |
           fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE):
    """A descriptor of a sealed memfd."""
    fd = os.memfd_create("snapshot", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, data)
    if seals:
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    return fd


class Swtee:
    """A folder of `warder swtee init`."""

    def __init__(self, warder, folder):
        self.warder, self.folder = warder, folder
        self.run("init", folder, "--made", AT_TEXT)

    def run(self, *words):
        return subprocess.run(
            [self.warder, "swtee", *words], check=True, timeout=30,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout

    def collateral(self, *options):
        self.run("collateral", "--dir", self.folder, "--issued", AT_TEXT,
                 *options)

    def quote(self, report_data, *options):
        return self.run("quote", "--dir", self.folder, "--report-data",
                        report_data.hex(), *options)

    def file(self, name):
        with open(os.path.join(self.folder, "collateral", name), "rb") as f:
            return f.read()

    def root_sha256(self):
        pem = self.file("trust_anchor.pem").decode()
        body = "".join(pem.splitlines()[1:-1])
        return hashlib.sha256(base64.b64decode(body)).digest()

    def anchor(self):
        """As the message `config` carries it: SGX, software."""
        return bytes([SGX, 1]) + self.root_sha256()

    def documents(self):
        """(part, document, chain that DOC_CHECK wants) of each."""
        for name, file in DOCS.items():
            chain = self.file("pck_crl_issuer_chain.pem" if name == "pck_crl"
                              else "tcb_signing_chain.pem")
            yield name, self.file(file), chain
