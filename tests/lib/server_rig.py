"""A whole server from a build folder: made by warder init, run by warderd, and
spoken to with the command line. Everything lies in one temporary folder.
"""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import sanitizer
from ports import free_port

DEADLINE = 20


class Failed(Exception):
    """A verb that did not exit with 0."""

    def __init__(self, args, done):
        self.status, self.out, self.err = \
            done.returncode, done.stdout, done.stderr
        super().__init__("%s: %d %s" % (" ".join(args), done.returncode,
                                        done.stderr.decode().strip()))


def wait_until(condition, what, seconds=DEADLINE):
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError("no %s within %d s" % (what, seconds))
        time.sleep(0.02)


def answer_of(out):
    """JSON, or the bytes if it is none. A long list has a line per page."""
    try:
        pages = [json.loads(line) for line in out.splitlines()]
    except ValueError:
        return out
    if not pages:
        return out
    for page in pages[1:]:
        pages[0]["items"] += page["items"]
    return pages[0]


class Server:
    def __init__(self, build, passphrase=None, cells=1, config="",
                 bounded=False, name="127.0.0.1", seal=("--dev",)):
        """SEAL: options of init where there is no passphrase. BOUNDED: with
        the usual bounds of the rate of entries; all tests are one network and
        one platform. NAME: by which clients know it, too."""
        self.name = name
        self.build = os.path.abspath(build)
        self.folder = tempfile.mkdtemp(prefix="warder-")
        self.passphrase, self.seal = passphrase, seal
        self.process = None
        self.port = free_port()
        self.socket = self.path("run/admin.sock")
        self.token_file = self.path("admin.token")
        self.log = self.path("warderd.log")
        os.mkdir(self.path("run"))
        self.init()
        if cells is not None:
            self.add_config("[server]", "cells = %d" % cells)
        if not bounded:
            self.add_config("[limits]", "attestations_per_network = 0",
                            "entries_per_platform = 0",
                            "entries_per_session = 0")
        if config:
            self.add_config(config)

    def path(self, name):
        return os.path.join(self.folder, name)

    def program(self, name):
        return os.path.join(self.build, name)

    # ---- the command line

    def run(self, *args, stdin=None, check=True, timeout=30, **more):
        done = subprocess.run([self.program("warder"), *args], input=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=timeout, **more)
        told = args[0] == "status" and done.returncode == 2  # sealed
        if check and done.returncode != 0 and not told:
            raise Failed(args, done)
        return done

    def warder(self, *args, **kw):
        """An online verb; its answer as JSON, or the bytes if it is none."""
        done = self.run(*args, "--admin", self.socket, "--token-file",
                        self.token_file, "--json", **kw)
        return answer_of(done.stdout)

    # ---- its life

    def init(self):
        args = ["init", "--output", self.folder, "--state-dir",
                self.path("state"), "--run-dir", self.path("run"),
                "--server-name", "localhost", "--name", self.name,
                "--listen", "127.0.0.1:%d" % self.port, "--one-user",
                "--json"]
        if self.passphrase is None:
            made = self.run(*args, *self.seal)
        else:
            made = self.run(*args, "--passphrase-file", "-",
                            stdin=self.passphrase.encode())
        self.made = json.loads(made.stdout)
        self.release_key = self.made["release_key"]
        self.ca = self.made["tls_certificate"]

    def add_config(self, *lines):
        """Adds lines to the configuration; sections may come twice."""
        with open(self.path("warder.conf"), "a", encoding="utf-8") as f:
            f.write("\n" + "\n".join(lines) + "\n")

    def start(self, ready=True):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.program("warderd"), "--config",
                 self.path("warder.conf")], stdout=log, stderr=log)
        wait_until(self.answers, "answer of the admin door")
        if ready and self.passphrase is None and "--shares" not in self.seal:
            wait_until(self.is_ready, "readiness")
        elif ready:
            wait_until(lambda: self.status()["log"]["writable"], "a log")
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError("warderd ended:\n" + self.log_text()[-3000:])
        return self.run("status", "--admin", self.socket, "--json",
                        check=False).returncode in (0, 2)

    def status(self):
        return self.warder("status")

    def processes(self, role=None):
        return [p for p in self.status()["processes"]
                if role in (None, p["role"])]

    def is_ready(self):
        status = self.status()
        return not status["sealed"] and status["log"]["writable"] and \
            all(p["ready"] for p in status["processes"]) and \
            self.public_ready()

    def public_ready(self):
        done = subprocess.run(
            ["curl", "-s", "-m", "5", "-o", "/dev/null", "-w",
             "%{http_code}", "--cacert", self.ca,
             "https://localhost:%d/readyz" % self.port,
             "--resolve", "localhost:%d:127.0.0.1" % self.port],
            stdout=subprocess.PIPE)
        return done.stdout == b"200"

    def unseal(self, passphrase=None):
        return self.warder("unseal", "--passphrase-file", "-",
                           stdin=(passphrase or self.passphrase).encode())

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def stop(self, sig=signal.SIGTERM):
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(sig)
        try:
            status = self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("warderd did not end")
        self.process = None
        return status

    def remove(self):
        said = ""
        try:
            self.stop()
            if os.path.exists(self.log):
                said = self.log_text()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
        sanitizer.check(said)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            print(self.log_text()[-4000:])
        self.remove()

    # ---- what a server of a software TEE needs

    def add_swtee(self, name="swtee", *options):
        """Makes a software TEE whose root this server trusts as software; its
        collateral is imported once the server runs."""
        self.run("swtee", "init", self.path(name), *options)
        for tee in ("sgx", "tdx"):
            self.add_config("[attestation]", "software_anchor = %s %s" % (
                tee, self.path(name + "/collateral/trust_anchor.pem")))
        return self.path(name)

    def import_collateral(self, name="swtee"):
        self.warder("collateral", "import", self.path(name + "/collateral"))

    def quote(self, digest, *options, name="swtee", tee="sgx"):
        done = self.run("swtee", "quote", "--dir", self.path(name), "--tee",
                        tee, "--report-data",
                        (digest + bytes(64 - len(digest))).hex(),
                        "--output", self.path("quote.bin"), *options)
        assert done.returncode == 0
        with open(self.path("quote.bin"), "rb") as f:
            return f.read()
