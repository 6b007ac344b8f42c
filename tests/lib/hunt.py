"""Looks for secrets where they should not be: in the memory of processes and in
files, in every form a program would have them. hunt.c does the looking.
"""
import base64
import ctypes
import os
import struct
import subprocess
import sys
import threading

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

SECRET_CALL = 447  # memfd_secret
SKIP = 77


def skip_unless_root(name, build):
    """Ends the test as skipped, loudly, where nobody may look."""
    with open(os.path.join(build, "warder-keeper"), "rb") as f:
        sanitized = b"__asan_init" in f.read()
    why = "only root reads the memory of others" if os.geteuid() else \
        "sanitizers keep freed memory as it was" if sanitized else None
    if why:
        print("SKIPPED: %s: %s" % (name, why), flush=True)
        sys.exit(SKIP)


def big(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def numbers(der):
    """What is secret in a PKCS#8 key; the rest of it is public or the same in
    every key."""
    key = serialization.load_der_private_key(der, None)
    if isinstance(key, rsa.RSAPrivateKey):
        n = key.private_numbers()
        return {"d": big(n.d), "p": big(n.p), "q": big(n.q),
                "dp": big(n.dmp1), "dq": big(n.dmq1), "qi": big(n.iqmp)}
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return {"scalar": big(key.private_numbers().private_value)}
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    return {"seed": key.private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw,
        serialization.NoEncryption())}


def shifted_base64(data, shift):
    """As it reads inside of something longer, where SHIFT bytes of a group of
    three come before: only what the data alone decides."""
    text = base64.b64encode(bytes(shift) + data)
    return text[(8 * shift + 5) // 6:8 * (shift + len(data)) // 6]


def forms(data):
    """Every way in which bytes are written down, or held as a number."""
    found = {"raw": data, "backwards": data[::-1], "hex": data.hex().encode(),
             "HEX": data.hex().upper().encode()}
    for shift in range(3):
        text = shifted_base64(data, shift)
        found["base64.%d" % shift] = text
        found["base64url.%d" % shift] = text.replace(b"+", b"-").replace(
            b"/", b"_")
    return found


class Find:
    """A piece of a secret: of what KIND, where, and how long."""

    def __init__(self, target, kind, name, length, place):
        self.target, self.kind, self.name = target, kind, name
        self.length, self.place = length, place
        self.guarded = place.startswith("guarded")

    def __repr__(self):
        return "%s: %d bytes of %s at %s" % (self.target, self.length,
                                             self.name, self.place)


class Hunt:
    """.add() what is secret, then .process() and .file()."""

    def __init__(self, tool):
        self.tool = subprocess.Popen([tool], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True)
        self.lock = threading.Lock()
        self.kinds = {}
        self.seen = self.secret = self.unread = 0

    def close(self):
        self.tool.stdin.close()
        self.tool.stdout.close()
        self.tool.wait(20)

    def _say(self, line):
        self.tool.stdin.write(line + "\n")
        self.tool.stdin.flush()

    def add(self, kind, name, data):
        """DATA: bytes."""
        with self.lock:
            done = set()
            for form, text in forms(data).items():
                if text in done:
                    continue
                done.add(text)
                full = "%s.%s" % (name, form)
                self.kinds[full] = kind
                self._say("needle %s %s" % (full, text.hex()))

    def add_text(self, kind, name, text):
        """TEXT: what is written down as it is; base64 of it counts too."""
        self.add(kind, name, text.encode() if isinstance(text, str) else text)

    def add_key(self, name, data, der=True):
        """A released key: PKCS#8, or bytes of one that is none."""
        parts = numbers(data) if der else {"bytes": data}
        for part, value in parts.items():
            self.add("key", "%s.%s" % (name, part), value)

    def _ask(self, what, target, label):
        with self.lock:
            self._say("%s %s" % (what, target))
            found = []
            while True:
                words = self.tool.stdout.readline().rstrip("\n").split("\t")
                if words[0] == "hit":
                    found.append(Find(label, self.kinds[words[2]], words[2],
                                      int(words[3]), words[4]))
                    continue
                assert words[0] in ("seen", "gone"), words
                break
            if words[0] == "gone":
                return None
            self.seen += int(words[2])
            self.secret += int(words[3])
            self.unread += int(words[4])
            return found

    def process(self, pid, label):
        """What is found in it; None: it is not there."""
        return self._ask("process", pid, label)

    def file(self, path, label=None):
        return self._ask("file", path, label or path)

    def proc_files(self, pid, label):
        """Its environment and arguments, and what it holds open that has no
        name: memory files, files that are deleted."""
        found = []
        for name in ("environ", "cmdline", "comm"):
            try:
                with open("/proc/%d/%s" % (pid, name), "rb") as f:
                    data = f.read()
            except OSError:
                continue
            found += self.bytes(data, "%s %s" % (label, name))
        try:
            fds = os.listdir("/proc/%d/fd" % pid)
        except OSError:
            return found
        for fd in fds:
            path = "/proc/%d/fd/%s" % (pid, fd)
            try:
                name = os.readlink(path)
            except OSError:
                continue
            if name.startswith("/") and name.endswith(" (deleted)") and \
                    "secretmem" not in name:
                found += self.file(path, "%s %s" % (label, name)) or []
        return found

    def bytes(self, data, label):
        """As a file of them."""
        fd = os.memfd_create("hunt")
        try:
            os.write(fd, data)
            return self.file("/proc/%d/fd/%d" % (os.getpid(), fd), label)
        finally:
            os.close(fd)

    def folder(self, top):
        """Every file below it."""
        found = []
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    found += self.file(path, os.path.relpath(path, top)) or []
        return found


def deny_secret_memory():
    """From now on this process and its children have no memfd_secret(2), so
    that their arenas can be looked into. As root alone."""
    class Filter(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("code", ctypes.c_void_p)]

    lines = [(0x20, 0, 0, 0),                   # the call's number
             (0x15, 0, 1, SECRET_CALL),
             (0x06, 0, 0, 0x00050000 | 38),     # ENOSYS
             (0x06, 0, 0, 0x7fff0000)]          # allow
    code = b"".join(struct.pack("<HBBI", *line) for line in lines)
    text = ctypes.create_string_buffer(code, len(code))
    libc = ctypes.CDLL(None, use_errno=True)
    prog = Filter(len(lines), ctypes.cast(text, ctypes.c_void_p))
    if libc.prctl(22, 2, ctypes.byref(prog), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no filter")
