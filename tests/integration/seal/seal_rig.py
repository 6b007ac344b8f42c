"""warder-seal with a supervisor and keepers played by the test.

Programs are given on the command line: warder-seal, then warder.
"""
import hashlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from warder_rpc import CALLS, REASONS, Channel, encode

SEAL_PROGRAM = os.path.abspath(sys.argv[1])
WARDER = os.path.abspath(sys.argv[2])
KEEPER, SEAL, STATE_DIR = 4, 6, 4
PASSPHRASE = "twelve more bytes " + os.urandom(8).hex()
SECONDS = 40

_made = {}


def init(folder, *options, passphrase=None, check=True, **more):
    """Runs `warder init` with its files in FOLDER/etc and FOLDER/state."""
    command = [WARDER, "init", "--output", os.path.join(folder, "etc"),
               "--state-dir", os.path.join(folder, "state"), "--run-dir",
               os.path.join(folder, "run"), "--server-name", "kbs.example",
               "--one-user", *options]
    return subprocess.run(
        command, input=passphrase, text=True, capture_output=True,
        check=check, timeout=60, **more)


def cheapen(path, passphrase):
    """The same root key under the same passphrase at the least cost: what is
    tested is not how long scrypt takes."""
    with open(path, "rb") as f:
        head, blob = f.read(46), f.read()
    assert head[:4] == b"WDSL" and len(blob) == int.from_bytes(
        head[44:46], "little")

    def lock(params):
        key = hashlib.scrypt(
            passphrase.encode(), salt=params[4:], n=1 << params[1],
            r=params[2], p=params[3], maxmem=1 << 28, dklen=32)
        return AESGCM(key), b"warder/1/seal" + head[6:44] + params

    lid, bound = lock(blob[:36])
    root = lid.decrypt(blob[36:48], blob[48:], bound)
    params = blob[:1] + bytes([10]) + blob[2:36]
    lid, bound = lock(params)
    nonce = os.urandom(12)
    with open(path, "wb") as f:
        f.write(head + params + nonce + lid.encrypt(nonce, root, bound))


def make_state(parent, kind="passphrase"):
    """A state folder in PARENT; each kind is made once and copied."""
    if kind not in _made:
        folder = tempfile.mkdtemp(prefix="seal-made-")
        init(folder, *(["--dev"] if kind == "file" else []),
             passphrase=None if kind == "file" else PASSPHRASE)
        if kind == "passphrase":
            cheapen(os.path.join(folder, "state", "seal"), PASSPHRASE)
        _made[kind] = folder
    target = os.path.join(parent, "state-" + kind)
    shutil.copytree(os.path.join(_made[kind], "state"), target,
                    ignore=shutil.ignore_patterns("log"))
    return target


def forget_made():
    while _made:
        shutil.rmtree(_made.popitem()[1])


class Keeper:
    """One end that speaks as a keeper."""

    def __init__(self, sock, cell):
        sock.settimeout(SECONDS)
        self.channel, self.cell, self.number = Channel(sock), cell, 0

    def send(self, name, message=None):
        self.number += 1
        number, request, _ = CALLS[name]
        self.channel.send_frame(
            number, 0, self.number, encode(request, message or {}))
        return self.number

    def receive(self, name):
        """The next frame, which must be of this call: (request, message)."""
        frame = self.channel.receive()
        assert frame is not None, "the seal hung up"
        assert frame[0] == name, frame
        return frame[2], frame[3]

    def answer(self, name):
        request, message = self.receive(name)
        assert request == self.number, request
        return message

    def ask(self, name, message=None):
        self.send(name, message)
        return self.answer(name)

    def hello(self):
        return self.ask("SEAL_HELLO")

    def unseal(self, share):
        return self.ask("SEAL_UNSEAL", {"share": share, "source": "test"})

    def acknowledge(self, name):
        """Takes a KEYRING or WIPE and says so; its message."""
        request, message = self.receive(name)
        self.channel.reply(name, request, {})
        return message

    def is_silent(self, seconds=0.1):
        readable = select.select([self.channel.sock], [], [], seconds)[0]
        return not readable and not self.channel.buffer

    def is_closed(self):
        return self.channel.receive() is None

    def close(self):
        self.channel.close()


class Seal:
    """A running warder-seal; .control speaks as the supervisor."""

    def __init__(self, state, user=None, program=SEAL_PROGRAM, wrapper=()):
        ours, theirs = socket.socketpair()
        ours.settimeout(SECONDS)
        self.control = Channel(ours)
        self.log = tempfile.TemporaryFile()
        self.keepers = []

        def prepare():
            os.dup2(theirs.fileno(), 3, inheritable=True)
            if user is not None:
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)

        self.process = subprocess.Popen(
            [*wrapper, program], stderr=self.log, pass_fds=[3],
            preexec_fn=prepare)
        theirs.close()
        self.control.tell("CONFIG", {
            "rpc_version": 1, "role": SEAL, "log_level": 3,
            "state_dir": state, "server_name": "kbs.example"})
        folder = os.open(state, os.O_RDONLY | os.O_DIRECTORY)
        self.control.tell("DESCRIPTOR", {"what": STATE_DIR}, folder)
        os.close(folder)
        self.control.tell("START")
        frame = self.control.receive()
        assert frame is not None and frame[0] == "READY", self.logged()
        self.missing = frame[3]["missing"]

    def attach(self, cell=0, hello=True, admin=True):
        ours, theirs = socket.socketpair()
        self.control.tell(
            "ATTACH", {"peer": KEEPER, "cell": cell, "admin": admin},
            theirs.fileno())
        theirs.close()
        keeper = Keeper(ours, cell)
        self.keepers.append(keeper)
        if hello:
            keeper.first = keeper.hello()
        return keeper

    def reported(self):
        """The next keeper that is reported: (cell, why)."""
        name, _, _, message = self.control.receive()
        assert name == "BAD_PEER" and message["peer"] == KEEPER, name
        return message["cell"], message["why"]

    def reports_nothing(self):
        sock = self.control.sock
        return not select.select([sock], [], [], 0.2)[0]

    def logged(self):
        self.log.seek(0)
        return self.log.read().decode()

    def kill(self):
        self.process.kill()
        return self.process.wait(SECONDS)

    def close(self):
        if self.process.poll() is None:
            self.kill()
        for keeper in self.keepers:
            keeper.close()
        self.control.close()
        self.log.close()


class SealTest(unittest.TestCase):
    KIND = "passphrase"

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="seal-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.state = make_state(self.folder, self.KIND)

    def start(self, state=None, **options):
        seal = Seal(state or self.state, **options)
        self.addCleanup(seal.close)
        return seal

    def start_open(self, keepers=1):
        """An open seal with keepers that have the keyring."""
        seal = self.start()
        all_of_them = [seal.attach(cell) for cell in range(keepers)]
        all_of_them[0].send("SEAL_UNSEAL", {"share": PASSPHRASE})
        for keeper in all_of_them[1:]:
            keeper.acknowledge("KEYRING")
        answer = all_of_them[0].answer("SEAL_UNSEAL")
        self.assertEqual(answer["result"], 0)
        return seal, all_of_them, answer["keyring"]

    def assert_refused(self, answer, reason):
        self.assertEqual(answer["result"], REASONS[reason], answer)
        self.assertTrue(answer["detail"])


def main():
    signal.alarm(110)
    try:
        unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)
    finally:
        forget_made()
