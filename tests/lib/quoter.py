"""Quotes of a software TEE without a program for each: one is made by the
command line and then signed again, here, over other report data.
"""
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

# Header and report body are signed; offsets of the SGX quote, version 3.
ENCLAVE, REPORT_DATA, SIGNED, SIGNATURE = 112, 368, 432, 436


class Quoter:
    """A software TEE in FOLDER; TEMPLATE is any quote by it."""

    def __init__(self, folder, template):
        with open(folder + "/attestation.key", "rb") as f:
            self.key = serialization.load_pem_private_key(f.read(), None)
        self.template = template

    def quote(self, digest, enclave=None):
        """Over DIGEST; of the enclave with this MRENCLAVE (hex)."""
        body = bytearray(self.template)
        body[REPORT_DATA:SIGNED] = digest + bytes(64 - len(digest))
        if enclave:
            body[ENCLAVE:ENCLAVE + 32] = bytes.fromhex(enclave)
        r, s = utils.decode_dss_signature(self.key.sign(
            bytes(body[:SIGNED]), ec.ECDSA(hashes.SHA256())))
        body[SIGNATURE:SIGNATURE + 64] = \
            r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return bytes(body)
