"""A supervisor under test, with its programs in a folder of their own.

The warderd under test is the first argument of the test file.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from tls_pair import tls_pair

WARDERD = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None
HERE = os.path.dirname(os.path.abspath(__file__))

FRONT, ADMIN_FRONT, KEEPER, VERIFY, SEAL, SCRIBE = 2, 3, 4, 5, 6, 7
ADMIN_CELL = 65535
PROGRAMS = ("warder-front", "warder-keeper", "warder-verify", "warder-seal",
            "warder-scribe")


def wait_until(condition, seconds=20):
    """What CONDITION gives once it is true; else false."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found or time.monotonic() > end:
            return found
        time.sleep(0.02)


def is_gone(pid):
    """No process, or one that only waits to be reaped by a stranger."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8") as f:
            return f.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def read_event(line):
    """None for an empty line, and for what a stub could not finish."""
    try:
        return json.loads(line)
    except ValueError:
        return None


class Supervisor:
    """A warderd in a temporary folder whose roles are stubs."""

    def __init__(self):
        # Roles may run as other users: the folder is open to all.
        self.folder = tempfile.mkdtemp(prefix="warderd-")
        os.chmod(self.folder, 0o755)
        self.programs = self.path("bin")
        os.mkdir(self.programs)
        self.warderd = os.path.join(self.programs, "warderd")
        shutil.copy(WARDERD, self.warderd)
        self.write_stubs()
        os.mkdir(self.path("state"), 0o700)
        key, certificate = tls_pair()
        self.write("tls.key", key, 0o600)
        self.write("tls.pem", certificate)
        self.process = None
        self.notify = None

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.path(name), mode)

    def write_stubs(self):
        with open(os.path.join(HERE, "stub_role.py"), encoding="utf-8") as f:
            text = f.read()
        head = "#!%s -BESs\nimport sys\nsys.path.insert(0, %r)\n" % (
            sys.executable, HERE)
        for name in PROGRAMS:
            self.write("bin/" + name, head + text, 0o755)
        self.write("bin/events", "", 0o666)
        self.behave({})

    def behave(self, how):
        """Sets what stubs do that start from now on."""
        self.write("bin/behaviour.json.new", json.dumps(how))
        os.rename(self.path("bin/behaviour.json.new"),
                  self.path("bin/behaviour.json"))

    def configure(self, text="", cells=1, users="separate = no\n",
                  server=""):
        """TEXT goes on in the section [public]."""
        self.write("warder.conf", (
            "[server]\nname = kbs.example\nstate_dir = state\n"
            "run_dir = run\ncells = %d\nlog_level = debug\n"
            "drain_seconds = 3\n%s[users]\n%s"
            "[public]\nlisten = 127.0.0.1:0\n%s") % (
                cells, server, users, text))

    def run(self, *words):
        """Runs it to its end, for what needs no server."""
        return subprocess.run(
            [self.warderd, *words], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=20)

    def start(self, wait=True):
        if self.notify is not None:
            self.notify.close()
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind("\0warderd-test-%d-%d" % (os.getpid(), id(self)))
        self.notify.settimeout(20)
        with open(self.path("log"), "ab") as log:
            self.process = subprocess.Popen(
                [self.warderd, "--config", self.path("warder.conf")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"NOTIFY_SOCKET": "@" + self.notify.getsockname()[
                    1:].decode(), "SECRET": "not for roles"})
        if wait and not wait_until(lambda: self.logged("ready") or
                                   self.process.poll() is not None):
            raise AssertionError("never ready: " + self.log())
        if wait:
            assert self.process.poll() is None, self.log()
            # The doubles write that they are ready just after they say so.
            wait_until(self.all_have_written, 5)

    def all_have_written(self):
        written = {x["pid"] for x in self.events("ready")}
        return all(int(x["of_pid"]) in written or is_gone(int(x["of_pid"]))
                   for x in self.logged("role_started"))

    def log(self):
        with open(self.path("log"), encoding="utf-8") as f:
            return f.read()

    def logged(self, event):
        """The lines of the supervisor's log for this event."""
        lines = [json.loads(line) for line in self.log().splitlines()
                 if line.startswith('{"time"') and line.endswith("}")]
        return [x for x in lines if x.get("event") == event]

    def events(self, event=None, program=None):
        with open(self.path("bin/events"), encoding="utf-8") as f:
            text = f.read()
        lines = [x for x in map(read_event, text.splitlines()) if x]
        return [x for x in lines if event in (None, x["event"]) and
                program in (None, x["program"])]

    def pids(self, program=None, cell=None):
        """Who is ready and lives."""
        return [x["pid"] for x in self.events("ready", program)
                if cell in (None, x["cell"]) and not is_gone(x["pid"])]

    def pid(self, program, cell=0):
        found = wait_until(lambda: self.pids(program, cell))
        assert len(found) == 1, (program, cell, found)
        return found[0]

    def address(self):
        host, port = self.logged("listening_public")[-1]["address"].split(":")
        return host, int(port)

    def ask(self):
        """The process that answers at the public address now."""
        with socket.create_connection(self.address(), timeout=10) as s:
            return int(s.recv(100))

    def signal(self, number):
        self.process.send_signal(number)

    def end(self, seconds=20):
        """Waits for its own end; the exit status."""
        return self.process.wait(seconds)

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.notify is not None:
            self.notify.close()
        for event in self.events("config"):
            if not is_gone(event["pid"]):
                try:
                    os.kill(event["pid"], signal.SIGKILL)
                except ProcessLookupError:
                    pass
        shutil.rmtree(self.folder, ignore_errors=True)


class SupervisorTest(unittest.TestCase):
    def setUp(self):
        self.sup = Supervisor()
        self.addCleanup(self.sup.close)
        self.sup.configure()

    def until(self, condition, what="it never happened"):
        found = wait_until(condition)
        self.assertTrue(found, "%s\n%s" % (what, self.sup.log()))
        return found


def main():
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)
