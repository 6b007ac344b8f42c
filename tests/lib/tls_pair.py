"""A fresh TLS key and certificate for a test."""
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def tls_pair(days=(-1, 90), encryption=None):
    """A key and a certificate that holds between these days from now, PEM."""
    encryption = encryption or serialization.NoEncryption()
    now = datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kbs.example")])
    key = ec.generate_private_key(ec.SECP256R1())
    cert = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(),
        now + datetime.timedelta(days[0]), now + datetime.timedelta(days[1])
    ).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    return (key.private_bytes(pem, serialization.PrivateFormat.PKCS8,
                              encryption).decode(),
            cert.public_bytes(pem).decode())
