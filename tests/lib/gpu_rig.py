"""GPUs that are not there: their certificates and their measurements, made by
other code than the server's.
"""
import base64
import datetime
import hashlib
import json
import struct

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID

from coco_client import jcs

COMPOSITE = x509.ObjectIdentifier("2.23.133.5.4.1")
FIRMWARE = bytes(range(48))


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def tlv(tag, body):
    length = bytes([len(body)]) if len(body) < 128 else bytes(
        [0x81, len(body)])
    return bytes([tag]) + length + body


def spki(key):
    return key.public_key().public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo)


def composite(key, firmware):
    """What a DICE layer writes of the firmware above it."""
    sha384 = bytes.fromhex("0609608648016503040202")
    return tlv(0x30, bytes([2, 1, 1]) + spki(key) +
               tlv(0x30, sha384 + tlv(4, firmware)))


class Issuer:
    """A CA, and what stands above it."""

    def __init__(self, text, above=None):
        self.key = ec.generate_private_key(ec.SECP384R1())
        self.name = name(text)
        issuer = above or self
        self.cert = issuer.certify(self.name, self.key, True)
        self.chain = [self.cert] + (above.chain if above else [])

    def certify(self, subject, key, is_ca, *extensions):
        day = datetime.timedelta(days=1)
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (x509.CertificateBuilder()
                   .subject_name(subject).issuer_name(self.name)
                   .public_key(key.public_key())
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(now - day)
                   .not_valid_after(now + 30 * day)
                   .add_extension(x509.KeyUsage(
                       not is_ca, False, False, False, False, is_ca, is_ca,
                       False, False), True))
        if is_ca:
            builder = builder.add_extension(
                x509.BasicConstraints(True, None), True)
        for extension in extensions:
            builder = builder.add_extension(extension, False)
        return builder.sign(self.key, hashes.SHA384())

    def pem(self):
        return self.cert.public_bytes(serialization.Encoding.PEM)

    def crl(self, *revoked, seconds=86400):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (x509.CertificateRevocationListBuilder()
                   .issuer_name(self.name).last_update(
                       now - datetime.timedelta(minutes=1))
                   .next_update(now + datetime.timedelta(seconds=seconds)))
        for cert in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(cert.serial_number)
                .revocation_date(now).build())
        return builder.sign(self.key, hashes.SHA384()).public_bytes(
            serialization.Encoding.DER)


class Maker:
    """Root, product and provisioner, as a vendor has them."""

    def __init__(self):
        self.root = Issuer("Device Identity CA")
        self.product = Issuer("GH100 Identity", self.root)
        self.provisioner = Issuer("GH100 Provisioner ICA 1", self.product)

    def gpu(self, **how):
        return Gpu(self.provisioner, **how)


class Gpu:
    def __init__(self, provisioner, driver="590.12", chip="GH100 A01"):
        self.driver = driver
        self.rom = Issuer(chip + " GSP BROM", provisioner)
        self.key = ec.generate_private_key(ec.SECP384R1())
        extension = x509.UnrecognizedExtension(
            COMPOSITE, composite(self.key, FIRMWARE))
        self.cert = self.rom.certify(
            name(chip + " GSP FMC LF"), self.key, False, extension)
        self.id = hashlib.sha256(spki(self.rom.key)).hexdigest()

    def chain(self):
        return b"".join(c.public_bytes(serialization.Encoding.PEM)
                        for c in [self.cert] + self.rom.chain)

    def evidence(self, nonce, measured=b"\x5a"):
        record = b"".join(
            bytes([i, 1]) + struct.pack("<HBH", 51, 1, 48) + measured * 48
            for i in range(1, 9))
        fields = ((3, self.driver.encode() + b"\0"),
                  (6, bytes.fromhex("00a500960100")),
                  (15, b"885\0"), (17, b"G520\0"), (18, b"0200\0"),
                  (20, FIRMWARE))
        opaque = b"".join(struct.pack("<HH", t, len(v)) + v
                          for t, v in fields)
        text = (b"\x11\xe0\x01\xff" + nonce + b"\0" + b"\x11\x60\0\0\x08" +
                struct.pack("<I", len(record))[:3] + record + bytes(32) +
                struct.pack("<H", len(opaque)) + opaque)
        r, s = utils.decode_dss_signature(
            self.key.sign(text, ec.ECDSA(hashes.SHA384())))
        return text + r.to_bytes(48, "big") + s.to_bytes(48, "big")

    def entry(self, nonce, edit=None, as_hex=False, **how):
        """A device of the list that a guest sends."""
        evidence = bytearray(self.evidence(nonce, **how))
        if edit:
            edit(evidence)
        return {"arch": "HOPPER", "uuid": "GPU-" + self.id[:8],
                "evidence": evidence.hex() if as_hex else
                base64.b64encode(evidence).decode(),
                "certificate": base64.b64encode(self.chain()).decode()}


def device_nonce(client, nonce=None):
    """What the request of a device carries: bound to no other text."""
    return hashlib.sha384(jcs({
        "nonce": nonce or client.nonce,
        "tee-pubkey": client.public})).digest()[:32]


def additional(entries):
    return json.dumps({"nvidia": {"device_evidence_list": entries}})
