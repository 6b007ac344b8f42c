"""A keeper of the admin cell with a real seal; this process plays supervisor,
front, verify and scribe, and decides itself when an entry is durable.

The programs under test (keeper, seal, warder) are the first arguments of the
test file.
"""
import json
import os
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from warder_rpc import CALLS, REASONS, Channel, decode_list, encode

KEEPER_PROGRAM, SEAL_PROGRAM, WARDER = (
    [os.path.abspath(a) for a in sys.argv[1:4]] + [None] * 3)[:3]
SECONDS = 20
ADMIN_FRONT, KEEPER, VERIFY, SEAL, SCRIBE, BACKEND = 3, 4, 5, 6, 7, 11
STATE_DIR = 4
REASON_NAMES = {number: name for name, number in REASONS.items()}
AES256, P256, OPAQUE = 3, 7, 11


class Refused(Exception):
    def __init__(self, reason, detail):
        self.reason, self.detail = reason, detail
        super().__init__("%s: %s" % (reason, detail))


class Peer(Channel):
    """This process's end of a channel to a role under test."""

    def __init__(self, sock):
        sock.settimeout(SECONDS)
        super().__init__(sock)
        self.number = 0

    def ask(self, name, message=None):
        """Sends a request; its number."""
        self.number += 1
        self.send_frame(CALLS[name][0], 0, self.number,
                        encode(CALLS[name][1], message or {}))
        return self.number

    def take(self, name):
        """(request, message) of the next frame, which is of this call."""
        frame = self.receive()
        assert frame is not None, "%s: the role has ended" % name
        assert frame[0] == name, (name, frame)
        return frame[2], frame[3]

    def is_silent(self, seconds=0.2):
        return not self.buffer and not select.select(
            [self.sock], [], [], seconds)[0]


class Role:
    """A program with its control channel and its log."""

    def __init__(self, command, config, state=None):
        ours, theirs = socket.socketpair()
        self.control = Peer(ours)
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command, stderr=self.log, pass_fds=[3],
            preexec_fn=lambda: os.dup2(theirs.fileno(), 3, inheritable=True))
        theirs.close()
        self.control.tell("CONFIG", dict(
            {"rpc_version": 1, "log_level": 3, "cells": 1}, **config))
        if state:
            fd = os.open(state, os.O_RDONLY | os.O_DIRECTORY)
            self.control.tell("DESCRIPTOR", {"what": STATE_DIR}, fd)
            os.close(fd)

    def attach(self, peer, sock, cell=0):
        self.control.tell("ATTACH", {"peer": peer, "cell": cell,
                                     "admin": cell >= 65534}, sock.fileno())
        sock.close()

    def start(self):
        self.control.tell("START")
        frame = self.control.receive()
        assert frame and frame[0] == "READY", self.logged()

    def logged(self):
        self.log.seek(0)
        return self.log.read().decode()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.control.close()
        self.log.close()


class Server:
    log_size = 0  # entries of the log when scribe is attached

    def __init__(self, folder, **config):
        self.folder, self.config = folder, config
        self.state = os.path.join(folder, "state")
        subprocess.run(
            [WARDER, "init", "--output", folder, "--state-dir", self.state,
             "--run-dir", os.path.join(folder, "run"), "--server-name",
             "localhost", "--listen", "127.0.0.1:1", "--one-user", "--dev",
             "--json"], check=True, timeout=SECONDS, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        with open(os.path.join(folder, "admin.token"), encoding="utf-8") as f:
            self.token = f.read().strip()
        self.entries = []
        self.seal = Role([SEAL_PROGRAM], {"role": SEAL}, self.state)
        self.seal.start()
        self.keeper = None
        self.start_keeper()

    def program(self):
        return [KEEPER_PROGRAM]

    def start_keeper(self):
        self.keeper = Role(self.program(), {
            "role": KEEPER, "admin": True, "cell": 65535,
            "state_dir": self.state,
            "server_name": "localhost", "session_seconds": 300,
            **self.config})
        ours, theirs = socket.socketpair()
        self.seal.attach(KEEPER, ours, 65535)
        self.keeper.attach(SEAL, theirs)
        self.front = self.join(ADMIN_FRONT)
        self.verify = self.join(VERIFY)
        self.attach_scribe()
        self.keeper.start()
        self.snapshot()
        self.until(sealed=False)

    def join(self, peer):
        ours, theirs = socket.socketpair()
        self.keeper.attach(peer, theirs)
        return Peer(ours)

    def attach_scribe(self):
        self.scribe = self.join(SCRIBE)
        self.durable, self.size = 0, self.log_size
        self.writable()

    def snapshot(self):
        """Takes the collateral that the keeper sends to verify: its size."""
        request, message = self.verify.take("SNAPSHOT")
        self.verify.reply("SNAPSHOT", request, {})
        os.close(self.verify.fds.pop())
        return message["size"]

    def until(self, **fields):
        """Waits for a status with these fields."""
        end = time.monotonic() + SECONDS
        while True:
            status = self.do("STATUS")
            if all(status[k] == v for k, v in fields.items()):
                return
            assert time.monotonic() < end, (fields, status)
            time.sleep(0.01)

    def writable(self, yes=True, why=""):
        self.scribe.tell("LOG_STATE", {
            "writable": yes, "why": why, "tree_size": self.size})

    # ---- admin calls

    def who(self, token=None):
        return {"token": self.token if token is None else token,
                "source": "local",
                "request": "00000000-0000-4000-8000-%012d" % self.front.number}

    def ask(self, name, token=None, **fields):
        head = self.who(token) if name != "STATUS" else {}
        return self.front.ask(name, dict(head, **fields))

    def logged(self):
        """The next entry, not yet durable."""
        _, message = self.scribe.take("LOG_APPEND")
        self.durable = message["seq"]
        self.entries.append(json.loads(message["entry"]))
        return self.entries[-1]

    def confirm(self):
        self.size += 1
        self.scribe.tell("LOG_DURABLE", {
            "up_to": self.durable, "tree_size": self.size})

    def answer(self, name):
        frame = self.front.receive()
        while frame and frame[0] == "BACKENDS":  # which is no answer
            frame = self.front.receive()
        assert frame is not None, "the keeper has ended"
        assert frame[0] == name, (name, frame)
        message = frame[3]
        result = message.pop("result")
        if result != 0:
            raise Refused(REASON_NAMES.get(result, result), message["detail"])
        return message

    def do(self, name, token=None, logged=True, **fields):
        """One call from beginning to end."""
        self.ask(name, token, **fields)
        if logged and name != "STATUS":
            self.logged()
            self.confirm()
        return self.answer(name)

    def list(self, name, record, member, **fields):
        return decode_list(record, self.do(name, **fields)[member])

    def keys(self):
        return self.list("KEY_LIST", "key_record", "keys", limit=100)

    def kill_keeper(self):
        self.keeper.close()
        for peer in (self.front, self.verify, self.scribe):
            peer.close()

    def close(self):
        for role in (self.keeper, self.seal):
            role.close()
        for peer in (self.front, self.verify, self.scribe):
            peer.close()


def policy(signer):
    """A flat policy: SGX, this signer."""
    return struct.pack(
        "<HBBBHIqqHBBHH", 1, 1, 1, 0, 3, 600, 0, 0, 0, 5, 51, 1,
        len(signer)) + signer


class KeeperTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.mkdtemp(prefix="keeper-")
        self.addCleanup(shutil.rmtree, folder, True)
        self.server = Server(folder)
        self.addCleanup(self.server.close)

    def refused(self, reason, name, **fields):
        """The call is refused for this reason, and that is logged."""
        with self.assertRaises(Refused) as caught:
            self.server.do(name, **fields)
        self.assertEqual(caught.exception.reason, reason)
        return caught.exception.detail


def main():
    unittest.main(argv=[sys.argv[0]] + sys.argv[4:], verbosity=2)
