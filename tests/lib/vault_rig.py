"""vault_peer, the client on standard input and output, and what lies between
it and a server: a proxy that is slow, silent or cuts off."""
import os
import re
import selectors
import socket
import subprocess
import tempfile
import threading
import time

DEADLINE = 60


class Answer:
    def __init__(self, line, seconds):
        self.result, self.output, self.detail = line.rstrip("\n").split("\t")
        self.seconds = seconds

    def __repr__(self):
        return "%s %s (%s)" % (self.result, self.output, self.detail)


class Peer:
    """A client with these settings: address, ca, method, secret, deadline
    (milliseconds of a command) …; what is in
    FILES becomes files that the settings name."""

    def __init__(self, program, files=(), **settings):
        settings.setdefault("deadline", 40000)
        self.folder = tempfile.TemporaryDirectory(prefix="peer-")
        for name, text in dict(files).items():
            self.put(name, text)
            settings[name] = self.path(name)
        self.process = subprocess.Popen(
            (program if isinstance(program, list) else [program]) +
            ["%s=%s" % s for s in settings.items()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            bufsize=1)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def put(self, name, text):
        """Writes a file that a setting names, anew."""
        with open(os.open(self.path(name), os.O_CREAT | os.O_TRUNC |
                          os.O_WRONLY, 0o600), "w", encoding="utf-8") as f:
            f.write(text)

    def ask(self, *words):
        begun = time.monotonic()
        self.process.stdin.write(" ".join(
            w.hex() or "-" if isinstance(w, bytes) else str(w)
            for w in words) + "\n")
        self.process.stdin.flush()
        with selectors.DefaultSelector() as ready:
            ready.register(self.process.stdout, selectors.EVENT_READ)
            assert ready.select(DEADLINE), "vault_peer says nothing"
        return Answer(self.process.stdout.readline(),
                      time.monotonic() - begun)

    def close(self):
        if self.process.stdin.closed:
            return
        self.process.stdin.close()
        self.process.stdout.close()
        if self.process.wait(DEADLINE) != 0:
            raise AssertionError("vault_peer ended in a bad way")
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()


class Proxy:
    """In front of PORT. .mode: "pass"; "hang" takes what comes and gives
    nothing back; "refuse" closes at once; "lose" lets handshakes and requests
    through, keeps the answer and closes a moment later; "slow" gives 16 bytes
    each 50 ms."""

    def __init__(self, port):
        self.server, self.mode, self.lock = port, "pass", threading.Lock()
        self.lost = 0  # answers
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.port = self.socket.getsockname()[1]
        self.ended = False
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def _accept(self):
        while not self.ended:
            try:
                client, _ = self.socket.accept()
            except socket.timeout:
                continue
            if self.mode == "refuse":
                client.close()
                continue
            one = threading.Thread(target=self._carry, args=(client,))
            self.threads.append(one)
            one.start()

    def _give(self, client, data):
        if self.mode == "slow":
            for i in range(0, len(data), 16):
                client.sendall(data[i:i + 16])
                time.sleep(0.05)
        else:
            client.sendall(data)

    def _carry(self, client):
        """Until one side closes. A client's first words open the handshake;
        what the server says behind its second ones is kept in mode "lose"."""
        said = 0
        try:
            with client, socket.create_connection(
                    ("127.0.0.1", self.server), 5) as server, \
                    selectors.DefaultSelector() as ready:
                ready.register(client, selectors.EVENT_READ, server)
                ready.register(server, selectors.EVENT_READ, client)
                while not self.ended:
                    for key, _ in ready.select(0.1):
                        data = key.fileobj.recv(65536)
                        if not data:
                            return
                        said += key.fileobj is client
                        if key.fileobj is server and said > 1 and \
                                self.mode == "lose":
                            time.sleep(0.7)
                            with self.lock:
                                self.lost += 1
                            return
                        if self.mode == "hang":
                            continue
                        self._give(key.data, data) \
                            if key.fileobj is server else \
                            key.data.sendall(data)
        except OSError:
            pass

    def close(self):
        self.ended = True
        for t in self.threads:
            t.join(DEADLINE)
        self.socket.close()


def no_secret_in(text, *secrets):
    for s in secrets:
        assert s not in text, "a secret is in what was said"
        assert not re.search(re.escape(s[:12]), text)
