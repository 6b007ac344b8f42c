"""A real KMIP server (PyKMIP), a PKI for it, and our client on a line.

PyKMIP is the system's package: `available()` says whether it is there and runs
under the system's Python, which must have ssl.wrap_socket (up to 3.11).
"""
import datetime
import ipaddress
import os
import select
import socket
import subprocess
import sys
import tempfile
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ports import free_port

PYTHON = "/usr/bin/python3"
SERVER = """
import sys, warnings
warnings.simplefilter("ignore")
from kmip.services.server import KmipServer
server = KmipServer(config_path=sys.argv[1], log_path=sys.argv[2])
with server:
    server.serve()
"""

# PyKMIP reads the credential of a request and has nothing that looks at it but
# a service of its own; so this does, in the place of that.
CHECK = """
from kmip.core import enums, exceptions
from kmip.services.server import session

def authenticate(self, certificate, request):
    with open(sys.argv[3], encoding="utf-8") as f:
        want = f.read().split("\\n")
    given = request.request_header.authentication
    for c in given.credentials if given is not None else ():
        if c.credential_type == enums.CredentialType.USERNAME_AND_PASSWORD \\
                and [c.credential_value.username,
                     c.credential_value.password] == want:
            return original(self, certificate, request)
    raise exceptions.PermissionDenied("Authentication failed.")

original = session.KmipSession.authenticate
session.KmipSession.authenticate = authenticate
"""


def available():
    run = subprocess.run(
        [PYTHON, "-W", "ignore", "-c",
         "import ssl; ssl.wrap_socket; import kmip.services.server"],
        capture_output=True, timeout=60, check=False)
    return run.returncode == 0


def skip_loudly(program):
    """Ends the test as skipped when there is no PyKMIP."""
    if available():
        return
    print("SKIPPED: %s needs PyKMIP: apt-get install python3-pykmip (and a "
          "system Python before 3.12)" % program, file=sys.stderr)
    sys.exit(77)


class Pki:
    """A CA in a folder, and what it signs."""

    def __init__(self, folder, name="ca"):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, "KMIP test " + name)])
        self.ca = self.write(name + ".pem", self.sign(
            self.subject, self.key.public_key(),
            (x509.BasicConstraints(True, None), True)))

    def sign(self, subject, public, *extensions):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder(
            self.subject, subject, public, x509.random_serial_number(),
            now - datetime.timedelta(1), now + datetime.timedelta(2))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def write(self, name, cert, key=None):
        path = os.path.join(self.folder, name)
        pem = serialization.Encoding.PEM
        with open(path, "wb") as f:
            f.write(cert.public_bytes(pem))
        if key is not None:
            with open(path + ".key", "wb") as f:
                f.write(key.private_bytes(
                    pem, serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption()))
        return path

    def issue(self, name, usage="client", hosts=("localhost",)):
        """The path of a certificate; its key is in PATH.key."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(h) for h in hosts if h != "127.0.0.1"]
        names += [x509.IPAddress(ipaddress.ip_address(h)) for h in hosts
                  if h == "127.0.0.1"]
        kinds = {"client": [ExtendedKeyUsageOID.CLIENT_AUTH],
                 "server": [ExtendedKeyUsageOID.SERVER_AUTH]}
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        extensions = [(x509.ExtendedKeyUsage(kinds[usage]), False)]
        if usage == "server":
            extensions.append((x509.SubjectAlternativeName(names), False))
        return self.write(name + ".pem", self.sign(
            subject, key.public_key(), *extensions), key)


class Server:
    """PyKMIP on a port of 127.0.0.1; keeps its objects over restarts."""

    def __init__(self, folder, pki, hosts=("localhost", "127.0.0.1"),
                 name="server"):
        self.folder = os.path.join(folder, name)
        os.makedirs(os.path.join(self.folder, "policy"))
        # its own syncs are not what is tried
        self.db = tempfile.TemporaryDirectory(
            dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        self.port = free_port()
        self.log = os.path.join(self.folder, "server.log")
        self.process = None
        self.user = None
        cert = pki.issue(name, "server", hosts)
        self.conf = os.path.join(self.folder, "server.conf")
        with open(self.conf, "w", encoding="ascii") as f:
            f.write("[server]\nhostname=127.0.0.1\nport=%d\n"
                    "certificate_path=%s\nkey_path=%s.key\nca_path=%s\n"
                    "auth_suite=TLS1.2\npolicy_path=%s/policy\n"
                    "enable_tls_client_auth=True\nlogging_level=INFO\n"
                    "tls_cipher_suites=ECDHE-ECDSA-AES256-GCM-SHA384\n"
                    "database_path=%s/kmip.db\n"
                    % (self.port, cert, cert, pki.ca, self.folder,
                       self.db.name))

    def require(self, user, password):
        """From the next request on. Before it is started the first time."""
        self.user = os.path.join(self.folder, "user")
        with open(self.user, "w", encoding="utf-8") as f:
            f.write(user + "\n" + password)

    def start(self):
        program = SERVER
        if self.user is not None:
            program = SERVER.replace("server = ", CHECK + "server = ", 1)
        with open(self.log + ".out", "ab") as out:
            self.process = subprocess.Popen(
                [PYTHON, "-W", "ignore", "-c", program, self.conf, self.log,
                 *([self.user] if self.user else ())],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        with open(self.log + ".out", encoding="utf-8") as f:
            raise RuntimeError("PyKMIP does not start: " + f.read())

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)
        self.process = None

    def signal(self, what):
        self.process.send_signal(what)

    def close(self):
        self.kill()
        self.db.cleanup()

    def connections(self):
        """How many were made to it since it started."""
        with open(self.log, encoding="utf-8") as f:
            return f.read().count("Starting session: ")


class Refused(Exception):
    def __init__(self, answer):
        super().__init__(answer)
        self.reason, _, self.words = answer.partition(" ")


class Client:
    """tests/integration/kmip/kmip_tool.c"""

    def __init__(self, tool, port, ca, cert, version="best",
                 host="127.0.0.1", user=()):
        self.run([tool, host, str(port), ca, cert, cert + ".key", version,
                  *user])

    def run(self, command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.started = self.line(20)

    def line(self, seconds):
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        if not ready:
            raise TimeoutError("the tool says nothing")
        return self.process.stdout.readline().rstrip("\n")

    def ask(self, *words, seconds=30):
        """The words of an answer; raises Refused."""
        self.process.stdin.write(" ".join(str(w) for w in words) + "\n")
        self.process.stdin.flush()
        answer = self.line(seconds)
        if answer.split(" ")[0] != "ok":
            raise Refused(answer)
        return answer.split(" ")[1:]

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        finally:
            self.process.kill()
            self.process.stdout.close()
        # a sanitizer or the sandbox would have ended it otherwise
        if self.started == "ready" and self.process.returncode != 0:
            raise AssertionError(
                "the tool ended with %d" % self.process.returncode)
