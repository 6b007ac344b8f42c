#!/usr/bin/env python3
"""The supervisor with the roles as they are: a server from init to its end."""
import http.client
import json
import os
import pwd
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

from reach import OTHERS_CANNOT, others_may_enter
from supervisor_rig import is_gone, wait_until

WARDERD = os.path.abspath(sys.argv[1])
WARDER = os.path.abspath(sys.argv[2])
ROLES = ("front", "keeper", "verify", "seal", "scribe")


class Server:
    def __init__(self, init=("--dev",), cells=1, users="separate = no\n"):
        self.folder = tempfile.mkdtemp(prefix="warder-")
        self.conf = self.path("warder.conf")
        self.process = None
        self.warderd = WARDERD
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write("[server]\nname = localhost\nstate_dir = state\n"
                    "run_dir = run\ncells = %d\nlog_level = debug\n"
                    "[users]\n%s"
                    "[public]\nlisten = 127.0.0.1:0\n" % (cells, users))
        if users != "separate = no\n":
            self.copy_programs()
        subprocess.run([WARDER, "init", "--config", self.conf, *init],
                       stdout=subprocess.DEVNULL, check=True, timeout=30)

    def copy_programs(self):
        """To where other users can run them, wherever the build lies."""
        os.chmod(self.folder, 0o755)
        os.mkdir(self.path("bin"), 0o755)
        self.warderd = self.path("bin/warderd")
        shutil.copy(WARDERD, self.warderd)
        for role in ROLES:
            shutil.copy(os.path.join(os.path.dirname(WARDERD),
                                     "warder-" + role), self.path("bin"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        with open(self.path("log"), "wb") as log:
            self.process = subprocess.Popen(
                [self.warderd, "--config", self.conf], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        assert wait_until(lambda: self.lines("ready") or
                          self.process.poll() is not None), self.log()
        assert self.process.poll() is None, self.log()

    def log(self):
        with open(self.path("log"), encoding="utf-8") as f:
            return f.read()

    def lines(self, event):
        found = [json.loads(x) for x in self.log().splitlines()
                 if x.startswith('{"time"') and x.endswith("}")]
        return [x for x in found if x["event"] == event]

    def get(self, target):
        """Status and body; (0, ...) when nobody answers."""
        host, port = self.lines("listening_public")[0]["address"].split(":")
        context = ssl.create_default_context(cafile=self.path("tls.pem"))
        c = http.client.HTTPSConnection(host, int(port), timeout=10,
                                        context=context)
        context.check_hostname = False  # by address; the root is pinned
        try:
            c.request("GET", target)
            answer = c.getresponse()
            return answer.status, answer.read()
        except OSError as error:
            return 0, repr(error).encode()
        finally:
            c.close()

    def is_ready(self):
        return self.get("/readyz")[0] == 200

    def status(self):
        """What `warder status` is told; None: not now."""
        said = subprocess.run(
            [WARDER, "status", "--json", "--admin",
             self.path("run/admin.sock"), "--token-file",
             self.path("admin.token")],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            timeout=20)
        return json.loads(said.stdout) if said.stdout else None

    def pid(self, role):
        """The process of this role that was started last."""
        of = [x for x in self.lines("role_started") if x["of"] == role]
        return int(of[-1]["of_pid"])

    def end(self):
        self.process.terminate()
        return self.process.wait(20)

    def close(self):
        pids = [int(x["of_pid"]) for x in self.lines("role_started")]
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        wait_until(lambda: all(is_gone(p) for p in pids))
        shutil.rmtree(self.folder, ignore_errors=True)


class Real(unittest.TestCase):
    def make(self, *args, **options):
        self.server = Server(*args, **options)
        self.addCleanup(self.server.close)
        return self.server

    def until(self, condition):
        found = wait_until(condition)
        self.assertTrue(found, self.server.log())
        return found

    def test_server_starts_serves_and_ends(self):
        server = self.make(cells=2)
        server.start()
        self.until(server.is_ready)
        self.assertEqual(server.get("/healthz")[0], 200)
        status = self.until(server.status)
        self.assertFalse(status["sealed"])
        self.assertIn("all roles run as", json.dumps(status))
        self.assertEqual(server.end(), 0)
        for end in server.lines("role_ended"):
            self.assertEqual(end["why"], "status 0", server.log())
        self.assertEqual(len(server.lines("role_ended")), 11)
        self.assertEqual(server.lines("role_killed"), [])

    def test_killed_role_comes_back_and_the_server_is_ready_again(self):
        server = self.make()
        server.start()
        self.until(server.is_ready)
        for role in ROLES:
            old = server.pid(role)
            os.kill(old, signal.SIGKILL)
            self.until(lambda: server.pid(role) != old and server.is_ready())
        self.assertEqual(server.end(), 0)

    def test_many_cells_share_seal_and_scribe(self):
        server = self.make(cells=20)  # more peers than a channel keeps back
        server.start()
        self.until(server.is_ready)
        for role in ("scribe", "seal"):
            old = server.pid(role)
            os.kill(old, signal.SIGKILL)
            self.until(lambda: server.pid(role) != old and server.is_ready())
        self.assertEqual(server.lines("role_killed"), [])
        self.assertEqual(server.end(), 0)

    def test_reload_serves_throughout(self):
        server = self.make()
        server.start()
        self.until(server.is_ready)
        server.process.send_signal(signal.SIGHUP)
        refused = []
        end = time.monotonic() + 20
        while not server.lines("reloaded") and time.monotonic() < end:
            answer = server.get("/readyz")
            if answer[0] != 200:
                refused.append(answer)
        self.assertEqual(refused, [])
        self.until(server.is_ready)
        self.assertTrue(server.lines("reloaded"), server.log())
        self.assertEqual(server.end(), 0)
        self.assertEqual(server.lines("role_killed"), [])

    def test_sealed_server_says_so_and_is_unsealed(self):
        with tempfile.NamedTemporaryFile("w") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(os.urandom(16).hex())
            f.flush()
            server = self.make(("--passphrase-file", f.name))
            server.start()
            self.until(lambda: server.get("/readyz")[0] == 503)
            subprocess.run(
                [WARDER, "unseal", "--admin", server.path("run/admin.sock"),
                 "--passphrase-file", f.name], check=True, timeout=30,
                stdout=subprocess.DEVNULL)
            self.until(server.is_ready)
            # A killed keeper comes back unsealed without an operator.
            old = server.pid("keeper")
            os.kill(old, signal.SIGKILL)
            self.until(lambda: server.pid("keeper") != old and
                       server.is_ready())
        self.assertEqual(server.end(), 0)

    @unittest.skipUnless(os.geteuid() == 0 and others_may_enter(__file__),
                         OTHERS_CANNOT)
    def test_a_credential_is_for_the_user_of_backends_alone(self):
        server = self.make(users=(
            "front = nobody\nverify = games\nkeeper = daemon\n"
            "seal = daemon\nscribe = backup\nbackend = mail\n"
            "[admin]\ngroup = games\n"
            "[backend there]\nkind = vault\nca = tls.pem\n"
            "address = https://127.0.0.1:1\nsecret = credential:v.token\n"))
        shutil.copy(os.path.join(os.path.dirname(WARDERD), "warder-backend"),
                    server.path("bin"))
        os.mkdir(server.path("given"), 0o700)
        with open(os.open(server.path("given/v.token"), os.O_CREAT |
                          os.O_WRONLY, 0o400), "w", encoding="ascii") as f:
            f.write("a token")
        os.environ["CREDENTIALS_DIRECTORY"] = server.path("given")
        self.addCleanup(os.environ.pop, "CREDENTIALS_DIRECTORY")
        server.start()
        folder = server.path("run/credentials")
        self.assertEqual((os.stat(folder).st_uid,
                          os.stat(folder).st_mode & 0o7777), (0, 0o711))
        st = os.stat(os.path.join(folder, "v.token"))
        self.assertEqual((st.st_uid, st.st_mode & 0o7777),
                         (pwd.getpwnam("mail").pw_uid, 0o400))
        # It could be read: what is missing is the server.
        self.until(lambda: any(
            b["name"] == "there" and not b["ready"] and "onnect" in b["words"]
            for b in (server.status() or {}).get("backends", [])))
        server.end()
        self.assertFalse(os.path.exists(folder))

    @unittest.skipUnless(os.geteuid() == 0 and others_may_enter(__file__),
                         OTHERS_CANNOT)
    def test_roles_work_as_users_of_their_own(self):
        server = self.make(users=(
            "front = nobody\nverify = games\nkeeper = daemon\n"
            "seal = daemon\nscribe = backup\n[admin]\ngroup = games\n"))
        server.start()
        self.until(server.is_ready)
        users = {"front": "nobody", "verify": "games", "keeper": "daemon",
                 "seal": "daemon", "scribe": "backup"}
        for role in ROLES:
            with open("/proc/%d/status" % server.pid(role),
                      encoding="utf-8") as f:
                status = f.read()
            user = pwd.getpwnam(users[role])
            self.assertIn("Uid:" + "\t%d" % user.pw_uid * 4, status)
            self.assertIn("Gid:" + "\t%d" % user.pw_gid * 4, status)
            self.assertIn("CapEff:\t0000000000000000", status)
            self.assertIn("CapPrm:\t0000000000000000", status)
            self.assertIn("NoNewPrivs:\t1", status)
            old = server.pid(role)
            os.kill(old, signal.SIGKILL)
            self.until(lambda: server.pid(role) != old and server.is_ready())
        self.assertEqual(server.end(), 0)

    def test_init_refuses_while_the_server_runs(self):
        server = self.make()
        server.start()
        said = subprocess.run(
            [WARDER, "init", "--config", server.conf, "--dev"],
            stderr=subprocess.PIPE, text=True, timeout=20)
        self.assertEqual(said.returncode, 3)
        self.assertTrue(re.search("lock|runs|already", said.stderr), said)

    def test_killed_supervisor_leaves_nobody(self):
        server = self.make()
        server.start()
        pids = [int(x["of_pid"]) for x in server.lines("role_started")]
        server.process.kill()
        server.process.wait(10)
        self.until(lambda: all(is_gone(p) for p in pids))
        server.start()
        self.until(server.is_ready)


unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)
