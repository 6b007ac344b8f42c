"""A link under test: this process plays the agent that starts it.

The program under test is the first argument of the test file.
"""
import os
import socket
import struct
import subprocess
import sys
import tempfile

from warder_rpc import CALLS, REPLY, Channel, decode, encode

PROGRAM = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None
AGENT, LINK, SGX = 8, 9, 1
MEMORY, SYSTEM, CRYPTO, STORE, PEER, TIMEOUT, BUG = range(-1, -8, -1)


class Refused(Exception):
    """What a call returned when it was not 0."""

    def __init__(self, result, detail):
        super().__init__("%d: %s" % (result, detail))
        self.result, self.detail = result, detail


class Link:
    def __init__(self, host, port, ca, deadline_ms=5000, ready=True):
        ours, theirs = socket.socketpair()
        self.control = Channel(ours)
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [PROGRAM], stderr=self.log, pass_fds=[3],
            preexec_fn=lambda: os.dup2(theirs.fileno(), 3, inheritable=True))
        theirs.close()
        self.control.tell("CONFIG", {"rpc_version": 1, "role": LINK,
                                     "log_level": 3})
        ours, theirs = socket.socketpair()
        ours.settimeout(20)
        self.agent = Channel(ours)
        self.control.tell("ATTACH", {"peer": AGENT, "cell": 0},
                          theirs.fileno())
        theirs.close()
        self.control.tell("START")
        self.numbers = 0
        if not ready:
            return
        self.call("LINK_SETUP", {"host": host, "port": port, "ca": ca,
                                 "deadline_ms": deadline_ms})
        self.control.sock.settimeout(20)
        assert self.control.receive()[0] == "READY"

    def logged(self):
        self.log.seek(0)
        return self.log.read().decode()

    def call(self, name, message):
        """The answer's message; raises Refused."""
        number, request, reply = CALLS[name]
        self.numbers += 1
        self.agent.send_frame(number, 0, self.numbers,
                              encode(request, message))
        length, call, flags, n = struct.unpack("<IHHI", self._take(12))
        body = self._take(length)
        assert (call, flags, n) == (number, REPLY, self.numbers)
        result = struct.unpack("<i", body[:4])[0]
        if result != 0:
            raise Refused(result, body[8:].decode())
        return decode(reply, body[4:])

    def _take(self, n):
        if not self.agent._fill(n):
            self.process.wait(20)
            raise AssertionError("the link ended (%d): %s" % (
                self.process.returncode, self.logged()))
        data = self.agent.buffer[:n]
        self.agent.buffer = self.agent.buffer[n:]
        return data

    def close(self):
        self.process.kill()
        self.process.wait()
        self.control.close()
        self.agent.close()
        self.log.close()
