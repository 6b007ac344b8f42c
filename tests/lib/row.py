"""tests/lib/row_tool.c: the row of one kind of backend, driven directly."""
import os
import selectors
import subprocess
import tempfile
import time

DEADLINE = 90
ENCRYPT, DECRYPT, SIGN, VERIFY = 1, 2, 3, 4
AES_GCM, RSA_OAEP, RSA_PSS, RSA_PKCS1, ECDSA, ED25519 = range(1, 7)


class Answer:
    def __init__(self, line, seconds):
        self.result, self.output, self.detail = line.rstrip("\n").split("\t")
        self.seconds = seconds

    def __repr__(self):
        return "%s %s (%s)" % (self.result, self.output, self.detail)


class Ended(Exception):
    """The process is gone, as it is when what it called hung."""


class Row:
    """One of KIND with these settings; what is in FILES becomes files that the
    settings name. .started says "ready", or why not."""

    def __init__(self, program, kind, files=(), **settings):
        self.folder = tempfile.TemporaryDirectory(prefix="row-")
        for name, text in dict(files).items():
            self.put(name, text)
            settings[name] = self.path(name)
        env = dict(os.environ)
        if kind == "pkcs11":  # SoftHSM loses memory of its own
            self.put("leaks", "leak:libsofthsm2.so\n")
            env["LSAN_OPTIONS"] = "print_suppressions=0:suppressions=" + \
                self.path("leaks")
            env["ASAN_OPTIONS"] = "fast_unwind_on_malloc=0"
        self.process = subprocess.Popen(
            [program, kind] + ["%s=%s" % s for s in settings.items()],
            env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            bufsize=1)
        self.started = self.answer(time.monotonic())

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def put(self, name, text):
        """Writes a file that a setting names, anew."""
        data = text if isinstance(text, bytes) else text.encode()
        with open(os.open(self.path(name), os.O_CREAT | os.O_TRUNC |
                          os.O_WRONLY, 0o600), "wb") as f:
            f.write(data)

    def answer(self, begun):
        with selectors.DefaultSelector() as ready:
            ready.register(self.process.stdout, selectors.EVENT_READ)
            assert ready.select(DEADLINE), "row_tool says nothing"
        line = self.process.stdout.readline()
        if not line:
            raise Ended("row_tool ended with %d" % self.process.wait(DEADLINE))
        return Answer(line, time.monotonic() - begun)

    def ask(self, *words):
        begun = time.monotonic()
        self.process.stdin.write(" ".join(
            w.hex() or "-" if isinstance(w, bytes) else str(w)
            for w in words) + "\n")
        self.process.stdin.flush()
        return self.answer(begun)

    def close(self):
        if self.process.stdin.closed:
            return
        self.process.stdin.close()
        try:
            self.process.wait(DEADLINE)
        finally:
            self.process.kill()
            self.process.stdout.close()
            self.folder.cleanup()
        # a sanitizer or the sandbox would have ended it otherwise
        if self.started.result == "ready" and self.process.returncode != 0:
            raise AssertionError(
                "row_tool ended with %d" % self.process.returncode)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()
