"""A scribe under test: this process plays its supervisor and its keepers.

The program under test is the first argument of the test file, the command
line the second.
"""
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import log_reader
from warder_rpc import Channel, REPLY, decode_list

PROGRAM = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None
WARDER = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None
SECONDS = 20
TILE = 256
SCRIBE, KEEPER, LOG_DIR = 7, 4, 5
CONFIG = {"rpc_version": 1, "role": SCRIBE, "server_name": "kbs.example",
          "log_level": 3, "cells": 1}


def entry(n, size=0):
    text = json.dumps({"event": "test", "n": n, "pad": "x" * size},
                      separators=(",", ":"))
    return text.encode()


class Keeper:
    """One keeper's end of a channel to scribe."""

    def __init__(self, sock, seq=0):
        sock.settimeout(SECONDS)
        self.channel = Channel(sock)
        self.seq = seq
        self.durable = 0
        self.size = None
        self.states = []
        self.answers = []

    def append(self, *entries, seq=None):
        """Sends entries; the number of the last."""
        for e in entries:
            self.seq = self.seq + 1 if seq is None else seq
            self.channel.tell("LOG_APPEND", {"seq": self.seq, "entry": e})
        return self.seq

    def count(self, reason, prefix, n):
        self.channel.tell(
            "LOG_COUNT", {"reason": reason, "prefix": prefix, "n": n})

    def take(self):
        """One frame of scribe; False at the end."""
        try:
            frame = self.channel.receive()
        except ConnectionResetError:
            frame = None
        if frame is None:
            return False
        name, flags, _, message = frame
        if flags & REPLY:
            self.answers.append(message)
        elif name == "LOG_DURABLE":
            assert message["up_to"] > self.durable, message
            self.durable = message["up_to"]
            self.size = message["tree_size"]
        else:
            assert name == "LOG_STATE", name
            self.states.append(message)
            self.size = message["tree_size"]
        return True

    def until(self, condition):
        while not condition():
            assert self.take(), "scribe has ended"

    def wait_durable(self, seq=None):
        seq = self.seq if seq is None else seq
        self.until(lambda: self.durable >= seq)

    def wait_state(self, writable):
        self.until(lambda: self.states and
                   self.states[-1]["writable"] == writable)
        return self.states[-1]

    def take_all(self):
        """What has been sent already."""
        while self.channel.buffer or select.select(
                [self.channel.sock], [], [], 0)[0]:
            if not self.take():
                return

    def tail(self, start, limit):
        known = len(self.answers)
        self.channel.tell("LOG_TAIL", {"from": start, "limit": limit})
        self.until(lambda: len(self.answers) > known)
        answer = self.answers[-1]
        if answer["result"] == 0:
            answer["entries"] = [
                (m["index"], m["entry"])
                for m in decode_list("audit_entry", answer["entries"])]
        return answer


class Scribe:
    def __init__(self, folder, keepers=1, wrap=(), **config):
        self.folder = folder
        ours, theirs = socket.socketpair()
        ours.settimeout(SECONDS)
        self.control = Channel(ours)
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            list(wrap) + [PROGRAM], stderr=self.log, pass_fds=[3],
            preexec_fn=lambda: os.dup2(theirs.fileno(), 3, inheritable=True))
        theirs.close()
        self.control.tell("CONFIG", dict(CONFIG, **config))
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self.control.tell("DESCRIPTOR", {"what": LOG_DIR}, fd)
        os.close(fd)
        self.keepers = [self.attach() for _ in range(keepers)]
        self.control.tell("START")
        frame = self.control.receive()
        assert frame and frame[0] == "READY", self.logged()

    @property
    def keeper(self):
        return self.keepers[0]

    def attach(self, cell=0, seq=0):
        ours, theirs = socket.socketpair()
        self.control.tell("ATTACH", {"peer": KEEPER, "cell": cell},
                          theirs.fileno())
        theirs.close()
        return Keeper(ours, seq)

    def told(self):
        """The next thing it tells its supervisor: (name, message)."""
        name, _, _, message = self.control.receive()
        return name, message

    def logged(self):
        self.log.seek(0)
        return self.log.read().decode()

    def drain(self):
        self.control.tell("DRAIN")
        for k in self.keepers:
            k.channel.close()
        status = self.process.wait(SECONDS)
        assert status == 0, (status, self.logged())

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.kill()
        for k in self.keepers:
            k.channel.close()
        self.control.close()
        self.log.close()


class ScribeTest(unittest.TestCase):
    def warder(self, *words, status=0):
        """Runs the command line; what it printed."""
        run = subprocess.run([WARDER] + list(words), capture_output=True,
                             timeout=SECONDS)
        self.assertEqual(run.returncode, status, (run.stdout, run.stderr))
        return run.stdout.decode()

    def verify(self, *options, status=0):
        return json.loads(self.warder(
            "audit", "verify", "--json", "--log", self.folder, *options,
            status=status))

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="scribe-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def await_size(self, size):
        """A checkpoint over so many entries."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            try:
                if log_reader.checkpoint(self.folder)[0] >= size:
                    return
            except FileNotFoundError:
                pass
            time.sleep(0.05)
        raise AssertionError("no checkpoint over %d entries" % size)

    def await_tiles(self, scribe):
        """What is left is made in one step; one that drains has a second for
        all of its steps."""
        full = scribe.keeper.size // TILE * TILE
        if full > 0:
            self.await_size(full)

    def start(self, **options):
        scribe = Scribe(self.folder, **options)
        self.addCleanup(scribe.close)
        return scribe


def main():
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)
