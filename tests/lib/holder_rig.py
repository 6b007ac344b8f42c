"""Keys made afresh, a holder that serves them, and programs that use them
through the PKCS#11 module.

Arguments of a test file: the holder_peer, the module, then what it likes.
"""
import datetime
import os
import pwd
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

PEER = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None
MODULE = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None

ENGINE = "/usr/lib/x86_64-linux-gnu/engines-3/pkcs11.so"

MAKERS = {
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "rsa3072": lambda: rsa.generate_private_key(65537, 3072),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}


def user_id(name):
    return pwd.getpwnam(name).pw_uid


def is_root():
    return os.getuid() == 0


def is_sanitized():
    """The module was built with the address sanitizer."""
    with open(MODULE, "rb") as f:
        return b"__asan_init" in f.read()


def sanitizer_runtime():
    """What a program that was not must load first, or None."""
    out = subprocess.run(["ldd", MODULE], stdout=subprocess.PIPE,
                         check=True).stdout.decode()
    found = re.search(r"libasan\S* => (\S+)", out)
    return found[1] if found else None


def wait_until(what, check, seconds=10.0):
    """Polls CHECK; fails with WHAT when the time is over."""
    end = time.monotonic() + seconds
    while True:
        result = check()
        if result:
            return result
        assert time.monotonic() < end, "waited too long: " + what
        time.sleep(0.02)


class Key:
    """A private key, its certificate for localhost, and who may what."""

    def __init__(self, folder, kind, label, see=None, use=None, version=1,
                 key_id=None):
        self.label = label
        self.id = key_id or str(uuid.uuid4())
        self.version = version
        self.see = [] if see is None else see
        self.use = [os.getuid()] if use is None else use
        self.private = MAKERS[kind]()
        self.file = os.path.join(folder, "%s.%d.key" % (label, version))
        self.chain = os.path.join(folder, "%s.%d.crt" % (label, version))
        self.der = self.private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())
        self.pem = self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())
        self.certificate = self._certificate(kind)
        with open(self.file, "wb") as f:
            f.write(self.der)
        os.chmod(self.file, 0o600)
        with open(self.chain, "wb") as f:
            f.write(self.certificate.public_bytes(
                serialization.Encoding.PEM))

    def _certificate(self, kind):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME,
                                             "localhost")])
        now = datetime.datetime.utcnow()
        return (x509.CertificateBuilder().subject_name(name).issuer_name(name)
                .public_key(self.private.public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(days=1))
                .not_valid_after(now + datetime.timedelta(days=30))
                .add_extension(x509.SubjectAlternativeName(
                    [x509.DNSName("localhost")]), False)
                .sign(self.private,
                      None if kind == "ed25519" else hashes.SHA256()))

    def argument(self):
        parts = ["version=%d" % self.version, "label=" + self.label,
                 "file=" + self.file, "chain=" + self.chain]
        if self.see:
            parts.append("see=" + ".".join(str(x) for x in self.see))
        if self.use:
            parts.append("use=" + ".".join(str(x) for x in self.use))
        return "key=%s,%s" % (self.id, ",".join(parts))


class Rig:
    """A folder, keys in it, and a holder that can be killed and started."""

    def __init__(self, token="warder", options=()):
        # World-readable by name alone: other users must reach the socket.
        self.folder = tempfile.mkdtemp(prefix="pkcs11-")
        os.chmod(self.folder, 0o755)
        self.socket = os.path.join(self.folder, "holder.sock")
        # Other users must reach it, wherever the build folder lies.
        self.module = shutil.copy(MODULE, self.folder)
        self.token = token
        self.options = list(options)
        self.keys = []
        self.holder = None
        self.others = []

    def key(self, kind, label, **more):
        key = Key(self.folder, kind, label, **more)
        self.keys.append(key)
        return key

    def start(self):
        self.holder = subprocess.Popen(
            [PEER, self.socket, "token=" + self.token] + self.options +
            [k.argument() for k in self.keys],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._hear(b"ready\n")

    def _hear(self, line):
        seen, _, _ = select.select([self.holder.stdout], [], [], 20)
        assert seen, "the holder says nothing"
        assert self.holder.stdout.readline() == line

    def say(self, line):
        os.write(self.holder.stdin.fileno(), line.encode() + b"\n")
        self._hear(b"done\n")

    def kill(self):
        self.holder.send_signal(signal.SIGKILL)
        self._reap()

    def _reap(self):
        self.holder.stdin.close()
        self.holder.wait(20)
        self.holder.stdout.close()
        self.holder = None

    def stop(self):
        for p in self.others:
            if p.poll() is None:
                p.terminate()
                try:
                    p.wait(20)
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.wait(20)
            if p.stdout and not p.stdout.closed:
                p.stdout.close()
        if self.holder:
            self._reap()
        shutil.rmtree(self.folder, ignore_errors=True)

    def env(self, **more):
        env = {"PATH": os.environ["PATH"], "LANG": "C",
               "WARDER_HOLDER_SOCKET": self.socket}
        if is_sanitized():
            env["LD_PRELOAD"] = sanitizer_runtime() or ""
            env["ASAN_OPTIONS"] = "detect_leaks=0"  # of foreign programs
        env.update(more)
        return env

    def run(self, *command, check=True, user=None, data=None, **env):
        done = subprocess.run(
            command, env=self.env(**env), input=data, timeout=60,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=self.folder, **as_user(user))
        if check:
            assert done.returncode == 0, "%s: %d\n%s" % (
                " ".join(command), done.returncode,
                done.stdout.decode(errors="replace"))
        return done

    def popen(self, *command, **env):
        """A program that stop() ends."""
        p = subprocess.Popen(
            command, env=self.env(**env), cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.others.append(p)
        return p

    def tool(self, *arguments, **more):
        return self.run("pkcs11-tool", "--module", self.module, *arguments, **more)

    def openssl_conf(self):
        """A configuration with the engine of Debian and our module."""
        path = os.path.join(self.folder, "openssl.cnf")
        with open(path, "w", encoding="ascii") as f:
            f.write("openssl_conf = openssl_init\n"
                    "[openssl_init]\nengines = engine_section\n"
                    "[engine_section]\npkcs11 = pkcs11_section\n"
                    "[pkcs11_section]\nengine_id = pkcs11\n"
                    "dynamic_path = %s\nMODULE_PATH = %s\ninit = 1\n"
                    % (ENGINE, self.module))
        return path

    def file(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes)
                    else content.encode())
        return path


def as_user(name):
    """Arguments of subprocess for another user."""
    if name is None:
        return {}
    entry = pwd.getpwnam(name)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
