"""A front under test: this process plays its supervisor and its keeper.

The program under test is the first argument of the test file.
"""
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from warder_rpc import Channel, REASONS

PROGRAM = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None

FRONT, ADMIN_FRONT, KEEPER = 2, 3, 4
LISTEN, TLS_KEY, TLS_CERT, CLIENT_CA = 1, 2, 3, 6

CONFIG = {
    "rpc_version": 1, "role": FRONT, "server_name": "kbs.example",
    "log_level": 3, "max_body": 2 << 20, "max_connections": 32,
    "max_per_source": 24, "deadline_ms": 3000, "idle_ms": 5000,
    "session_seconds": 300, "cells": 1,
}


class Keeper(threading.Thread):
    """Answers calls by functions: name -> message -> reply or refusal."""

    def __init__(self, sock):
        super().__init__(daemon=True)
        self.channel = Channel(sock)
        self.answers = {}
        self.seen = []
        self.arrived = threading.Condition()

    def run(self):
        while True:
            try:
                frame = self.channel.receive()
            except OSError:
                frame = None
            if frame is None:
                return
            name, _, request, message = frame
            answer = self.answers.get(name)
            with self.arrived:
                self.seen.append((name, message))
                self.arrived.notify_all()
            if name == "COUNT" or answer is None:
                continue
            result = answer(message) if callable(answer) else answer
            if isinstance(result, tuple):
                self.channel.refuse(name, request, *result)
            elif result is not None:
                self.channel.reply(name, request, result)

    def wait_for(self, name, seconds=20):
        """The first message of this call that has come."""
        with self.arrived:
            found = self.arrived.wait_for(
                lambda: [m for n, m in self.seen if n == name], seconds)
        assert found, "no %s came" % name
        return found[0]


class Front:
    """One front with its listeners; .port, .path, .keeper."""

    def __init__(self, admin=False, tls=True, client_ca=None, **config):
        self.folder = tempfile.mkdtemp(prefix="front-")
        self.public = socket.create_server(("127.0.0.1", 0))
        self.port = self.public.getsockname()[1]
        self.path = os.path.join(self.folder, "admin.sock")
        self.local = socket.socket(socket.AF_UNIX)
        self.local.bind(self.path)
        self.local.listen(512)
        ours, theirs = socket.socketpair()
        self.control = Channel(ours)
        self.log = open(os.path.join(self.folder, "log"), "w+b")
        self.process = subprocess.Popen(
            [PROGRAM], stderr=self.log, pass_fds=[3],
            preexec_fn=lambda: os.dup2(theirs.fileno(), 3, inheritable=True))
        theirs.close()
        role = ADMIN_FRONT if admin else FRONT
        self.tell("CONFIG", dict(CONFIG, role=role, admin=admin, **config))
        if tls:
            self.give(self.public, LISTEN, False)
            key, cert = make_certificate(self.folder)
            self.give_file(key, TLS_KEY)
            self.give_file(cert, TLS_CERT)
            self.cert = cert
        if client_ca:
            self.give_file(client_ca, CLIENT_CA)
        self.give(self.local, LISTEN, admin)
        self.streams = []
        self.keeper = None
        self.attach()
        self.tell("START")
        name, _, _, _ = self.control.receive() or self.died()
        assert name == "READY", name

    def died(self):
        self.process.wait(20)
        raise AssertionError(
            "the front ended (%d): %s" % (self.process.returncode, self.logged()))

    def logged(self):
        self.log.seek(0)
        return self.log.read().decode()

    def tell(self, name, message=None, fd=None):
        self.control.tell(name, message, fd)

    def give(self, sock, what, admin):
        self.tell("DESCRIPTOR", {"what": what, "admin": admin}, sock.fileno())

    def give_file(self, path, what):
        with open(path, "rb") as f:
            self.tell("DESCRIPTOR", {"what": what}, f.fileno())

    def attach(self):
        ours, theirs = socket.socketpair()
        answers = self.keeper.answers if self.keeper else {}
        if self.keeper:
            self.keeper.channel.close()
        self.keeper = Keeper(ours)
        self.keeper.answers = answers
        self.keeper.start()
        self.tell("ATTACH", {"peer": KEEPER, "cell": 0}, theirs.fileno())
        theirs.close()

    def connect(self, local=False, context=None, session=None):
        """A connected stream: TLS, or the local socket."""
        if local:
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(20)
            s.connect(self.path)
            return self.keep(s)
        s = self.connect_plain()
        context = context or self.context()
        return self.keep(context.wrap_socket(
            s, server_hostname="kbs.example", session=session))

    def connect_plain(self):
        """TCP to the public port, without TLS."""
        s = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.keep(s)

    def keep(self, s):
        """S is closed with the front, if not before."""
        self.streams.append(s)
        return s

    def context(self):
        return ssl.create_default_context(cafile=self.cert)

    def ask(self, method, target, body=None, fields=(), local=False,
            stream=None):
        """One request on a connection of its own (or STREAM); an Answer."""
        s = stream or self.connect(local)
        s.sendall(request(method, target, body, fields))
        answer = read_answer(s)
        if stream is None:
            s.close()
        return answer

    def close(self):
        for s in self.streams:
            s.close()
        self.process.kill()
        self.process.wait()
        self.control.close()
        self.keeper.channel.close()
        self.public.close()
        self.local.close()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def request(method, target, body=None, fields=()):
    lines = ["%s %s HTTP/1.1" % (method, target), "Host: kbs.example"]
    if body is not None and not any(
            f.lower().startswith("content-type:") for f in fields):
        lines.append("Content-Type: application/json")
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    if body is not None:
        lines.append("Content-Length: %d" % len(body))
    lines += fields
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


class Answer:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return "%d %r %r" % (self.status, self.fields, self.body)


def read_answer(s):
    """The next answer on S; None when the connection ends before one."""
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            piece = s.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError):
            piece = b""
        if not piece:
            return None
        data += piece
    head, body = data.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")
    fields = {}
    for line in lines[1:]:
        name, value = line.split(": ", 1)
        assert name.lower() not in fields, "two of " + name
        fields[name.lower()] = value
    length = int(fields.get("content-length", 0))
    while len(body) < length:
        piece = s.recv(65536)
        assert piece, "short body"
        body += piece
    assert len(body) == length, "long body"
    assert "warder-request" in fields and "server" not in fields
    assert fields["cache-control"] == "no-store"
    return Answer(int(lines[0].split(" ")[1]), fields, body)


def is_closed(s, seconds=5):
    """The other side has ended the connection."""
    s.settimeout(seconds)
    try:
        return s.recv(1) == b""
    except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
        return True
    except (TimeoutError, socket.timeout):
        return False


def make_certificate(folder, name="kbs.example", stem="tls", signer=None,
                     extra=()):
    key = os.path.join(folder, stem + ".key")
    cert = os.path.join(folder, stem + ".pem")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
               "/CN=" + name, "-addext", "subjectAltName=DNS:" + name,
               "-keyout", key, "-out", cert]
    if signer:
        command += ["-CAkey", signer[0], "-CA", signer[1]]
    command += extra
    subprocess.run(command, check=True, capture_output=True)
    return key, cert


class FrontTest(unittest.TestCase):
    """Starts a front for each test; OPTIONS are Front's."""

    OPTIONS = {}

    def setUp(self):
        self.front = Front(**self.OPTIONS)
        self.addCleanup(self.front.close)
        self.keeper = self.front.keeper

    def ask(self, *args, **options):
        return self.front.ask(*args, **options)

    def assert_alive(self):
        self.assertIsNone(self.front.process.poll(), self.front.logged())
        self.assertEqual(
            self.ask("GET", "/healthz", local=True).status, 200)

    def assert_refused(self, answer, status, reason):
        self.assertIsNotNone(answer)
        self.assertEqual(answer.status, status, answer)
        self.assertIn(reason, REASONS)
        text = answer.body.decode()
        camel = "".join(w.capitalize() for w in reason.split("_"))
        self.assertTrue('"%s"' % reason in text or "/" + camel + '"' in text
                        or text.startswith(reason + ":"), answer)


def main():
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False
