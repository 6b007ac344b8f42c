"""An agent under test with a configuration of its own, and a client of its
socket. The protocol (src/proto/holder.h) is written out here a second time.
"""
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

import sanitizer

PROGRAM = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None
WARDER = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None

HELLO, LIST, SIGN, STATUS, GET, ROTATE = range(1, 7)
OK, NO_KEY, NOT_PERMITTED, KEY_ENDED, NOT_READY = 0, 4, 5, 6, 12
MECHANISM, RATE_LIMITED, SERVER, REFUSED = 7, 10, 14, 15
PKCS1, PSS, ECDSA = 1, 2, 3


def wait_until(condition, seconds=30, what="it"):
    """The condition's first true value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "%s did not come about" % what
        time.sleep(0.02)


class Holder:
    """A connection to the agent's socket."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(20)
        self.request = 0
        try:
            self.sock.connect(path)
        except OSError:
            self.sock.close()
            raise

    def close(self):
        self.sock.close()

    def ask(self, op, body=b""):
        """(status, body, epoch)"""
        self.request += 1
        self.sock.send(struct.pack(
            "<BBHIII", 1, op, 0, self.request, 0, len(body)) + body)
        packet = self.sock.recv(65536)
        if not packet:
            raise ConnectionResetError
        version, got, flags, request, epoch, length = struct.unpack(
            "<BBHIII", packet[:16])
        assert (version, got, flags, request) == (1, op, 1, self.request)
        assert length == len(packet) - 16
        return struct.unpack("<H", packet[16:18])[0], packet[18:], epoch

    def keys(self):
        """(status, [(id, generation, label)])"""
        status, body, _ = self.ask(LIST, struct.pack("<I", 0))
        if status != OK:
            return status, []
        found, at = [], 4
        while at < len(body):
            entry = Entry(body[at:])
            found.append(entry)
            at += entry.length
        return status, found

    def sign(self, key_id, generation, digest, mech=ECDSA, hash=0, salt=0):
        body = (key_id.encode() + struct.pack(
            "<IBBBBHH", generation, mech, hash, hash, 0, salt, len(digest)) +
            digest)
        status, body, _ = self.ask(SIGN, body)
        return status, body[2:]

    def get(self, name, part=1):
        """(status, bytes)"""
        data = b""
        while True:
            status, body, _ = self.ask(GET, struct.pack(
                "<BIB", part, len(data), len(name)) + name.encode())
            if status != OK:
                return status, data
            total, n = struct.unpack("<II", body[:8])
            assert n == len(body) - 8
            data += body[8:]
            if len(data) >= total or n == 0:
                return status, data

    def lines(self):
        status, body, _ = self.ask(STATUS)
        assert status == OK, status
        lines, at = {}, 0
        while at < len(body):
            name, at = _text(body, at)
            value, at = _text(body, at)
            lines[name] = value
        return lines


def _text(body, at):
    n = body[at]
    return body[at + 1:at + 1 + n].decode(), at + 1 + n


class Entry:
    """One key of LIST: .id, .generation, .label, .spki, .certs (DER)."""

    def __init__(self, body):
        n = struct.unpack("<I", body[:4])[0]
        self.length = 4 + n
        body = body[4:4 + n]
        self.id = body[:36].decode()
        self.generation, self.kind, self.mechs = struct.unpack(
            "<IBI", body[36:45])
        at, fields = 45, []
        for _ in range(4):
            size = struct.unpack("<H", body[at:at + 2])[0]
            fields.append(body[at + 2:at + 2 + size])
            at += 2 + size
        self.label, self.spki = fields[0].decode(), fields[1]
        self.certs, n = [], body[at]
        at += 1
        for _ in range(n):
            size = struct.unpack("<H", body[at:at + 2])[0]
            self.certs.append(body[at + 2:at + 2 + size])
            at += 2 + size
        assert at == len(body)


class Agent:
    """.start() runs it; .path is its socket."""

    def __init__(self, kbs=None, keys=None, tee=None, **server):
        self.folder = tempfile.mkdtemp(prefix="agent-")
        self.path = os.path.join(self.folder, "holder.sock")
        self.conf = os.path.join(self.folder, "agent.conf")
        self.tee = tee or os.path.join(self.folder, "tee")
        self.log_path = os.path.join(self.folder, "log")
        self.process = None
        self.starts = 0
        self.server = server
        if kbs is not None:
            self.server = dict({"address": "127.0.0.1:%d" % kbs.port,
                                "release_key": kbs.thumbprint}, **server)
            self.write_ca(kbs.ca)
        self.keys = keys or {}
        self.agent = {"socket": self.path, "log_level": "debug",
                      "separate_users": "no"}
        self.swtee = {"dir": self.tee}
        self.skc = None
        self.kind = "swtee"
        self.tpm = None
        if tee is None:
            subprocess.run([WARDER, "swtee", "init", self.tee], check=True,
                           capture_output=True, timeout=60)
        self.write()

    def write_ca(self, pem):
        with open(os.path.join(self.folder, "ca.pem"), "w") as f:
            f.write(pem)

    def write(self):
        """The configuration, from the dictionaries."""
        sections = {"agent": self.agent,
                    "server": dict({"ca": "ca.pem"}, **self.server),
                    "attester": {"kind": self.kind}, "swtee": self.swtee}
        if self.tpm:
            sections["tpm"] = self.tpm
        if self.skc:
            sections["skc"] = self.skc
        sections.update(("key " + n, k) for n, k in self.keys.items())
        with open(self.conf, "w") as f:
            for name, values in sections.items():
                f.write("[%s]\n" % name)
                f.writelines("%s = %s\n" % v for v in values.items())

    def start(self, wait=True):
        self.log_file = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            [PROGRAM, "--config", self.conf], stderr=self.log_file,
            stdin=subprocess.DEVNULL, start_new_session=True)
        self.starts += 1
        self.log_file.close()
        if wait:
            wait_until(lambda: self.alive() and self.count("started") ==
                       self.starts, what="the start")
        return self

    def alive(self):
        assert self.process.poll() is None, (
            "the agent ended (%d): %s" % (self.process.returncode,
                                          self.logged()))
        return True

    def logged(self):
        with open(self.log_path) as f:
            return f.read()

    def events(self, name=None):
        # A program that a test puts in a link's place may write what it likes.
        found = [json.loads(line) for line in self.logged().splitlines()
                 if line.startswith("{") and line.endswith("}")]
        return [e for e in found if name is None or e["event"] == name]

    def count(self, name):
        return len(self.events(name))

    def wait_for(self, name, n=1, seconds=30):
        """The N-th event of that name."""
        return wait_until(lambda: self.events(name)[n - 1:], seconds,
                          name)[0]

    def holder(self):
        return Holder(self.path)

    def ask(self, act):
        holder = self.holder()
        try:
            return act(holder)
        finally:
            holder.close()

    def reload(self):
        self.write()
        self.process.send_signal(signal.SIGHUP)

    def run(self, *words, config=True):
        """One of its verbs; the finished process."""
        command = [PROGRAM] + list(words)
        if config:
            command += ["--config", self.conf]
        return subprocess.run(command, capture_output=True, timeout=60,
                              stdin=subprocess.DEVNULL)

    def kin(self):
        """Process ids of the agent, its starter and its link."""
        pids = [self.process.pid]
        for pid in pids:
            try:
                with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
                    pids += [int(p) for p in f.read().split()]
            except OSError:
                pass
        return pids

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        status = self.process.wait(30)
        self.process = None
        return status

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        said = self.logged() if os.path.exists(self.log_path) else ""
        shutil.rmtree(self.folder, ignore_errors=True)
        sanitizer.check(said)
