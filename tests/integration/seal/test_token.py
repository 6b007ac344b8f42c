"""warder init --new-token: a way back in when every token is lost."""
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from reach import OTHERS_CANNOT, others_may_enter
from server_rig import Server

BUILD = os.path.abspath(sys.argv[1])
DONE, USAGE, REJECTED = 0, 2, 3


class NewToken(unittest.TestCase):
    def server(self):
        server = Server(BUILD)
        self.addCleanup(server.remove)
        return server

    def new_token(self, server, *options, check=False, **more):
        return server.run("init", "--new-token", "--config",
                          server.path("warder.conf"), *options, check=check,
                          **more)

    def test_works_when_the_server_runs_again_and_is_logged(self):
        server = self.server().start()
        server.stop()
        os.unlink(server.token_file)
        run = self.new_token(server, "--json")
        self.assertEqual(run.returncode, DONE, run.stderr)
        said = json.loads(run.stdout)
        self.assertEqual(said["token_file"], server.token_file)
        self.assertEqual(os.stat(server.token_file).st_mode & 0o7777, 0o600)
        server.start()
        tokens = server.warder("token", "list")["items"]
        self.assertEqual(len(tokens), 2)
        made = [t for t in tokens if t["id"] == said["id"]][0]
        self.assertEqual((made["user"], made["rules"]), ("admin", ["*:*"]))
        entries = [e["entry"] for e in server.warder(
            "audit", "tail", "--limit", "50")["items"]]
        logged = [e for e in entries if e["event"] == "token_create"]
        self.assertEqual(len(logged), 1)
        self.assertIn("token %s for admin" % said["id"], logged[0]["detail"])
        self.assertIn("--new-token", logged[0]["detail"])
        server.stop()
        server.run("audit", "verify", "--log", server.path("state/log"),
                   "--key", server.path("state/log/checkpoint.pub"))

    def test_goes_where_it_is_told_and_the_other_stays(self):
        server = self.server()
        with open(server.token_file, encoding="ascii") as f:
            before = f.read()
        os.mkdir(server.path("there"))
        run = self.new_token(server, "--output", server.path("there"))
        self.assertEqual(run.returncode, DONE, run.stderr)
        self.assertIn(server.path("there/admin.token"), run.stdout.decode())
        with open(server.token_file, encoding="ascii") as f:
            self.assertEqual(f.read(), before)
        with open(server.path("there/admin.token"), encoding="ascii") as f:
            self.assertRegex(f.read(), r"^wdt_[A-Za-z0-9_-]{43}\n$")
        server.start()
        self.assertEqual(len(server.warder("token", "list")["items"]), 2)

    def refused(self, server, says):
        with open(server.token_file, encoding="ascii") as f:
            before = f.read()
        run = self.new_token(server)
        self.assertEqual(run.returncode, REJECTED, run)
        self.assertIn(says, run.stderr.decode())
        with open(server.token_file, encoding="ascii") as f:
            self.assertEqual(f.read(), before)

    def test_needs_what_opens_the_seal(self):
        server = Server(BUILD, passphrase="a passphrase of ours")
        self.addCleanup(server.remove)
        for given, code in ((b"another passphrase", REJECTED),
                            (b"a passphrase of ours", DONE)):
            run = self.new_token(server, "--passphrase-file", "-",
                                 stdin=given + b"\n")
            self.assertEqual(run.returncode, code, run.stderr)
        server.start(ready=False)
        server.unseal()
        self.assertEqual(len(server.warder("token", "list")["items"]), 2)

    def test_is_refused_while_a_server_runs(self):
        server = self.server().start()
        self.refused(server, "lock of the state folder")
        self.assertEqual(len(server.warder("token", "list")["items"]), 1)

    def test_is_refused_when_the_log_is_damaged(self):
        server = self.server().start()
        server.stop()
        newest = max(glob.glob(server.path("state/log/journal/[0-9]*")))
        with open(newest, "r+b") as f:
            f.truncate(10)
        self.refused(server, "")

    def test_is_refused_where_there_is_no_server(self):
        server = self.server()
        os.unlink(server.path("state/seal"))
        self.refused(server, "there is no server in")

    def test_other_options_of_init_are_wrong_usage(self):
        run = self.new_token(self.server(), "--dev")
        self.assertEqual(run.returncode, USAGE)
        self.assertIn("--new-token goes with", run.stderr.decode())

    @unittest.skipUnless(os.getuid() == 0 and others_may_enter(__file__),
                         OTHERS_CANNOT)
    def test_needs_the_right_to_write_the_store(self):
        server = self.server()
        os.chmod(server.folder, 0o755)
        run = self.new_token(server, user="nobody")
        self.assertNotEqual(run.returncode, DONE)
        server.start()
        self.assertEqual(len(server.warder("token", "list")["items"]), 1)


@unittest.skipIf(os.getuid() != 0, "NOT ROOT: files cannot be given away")
class Owners(unittest.TestCase):
    def test_files_stay_those_of_the_roles(self):
        folder = tempfile.mkdtemp(prefix="token-")
        self.addCleanup(shutil.rmtree, folder, True)
        os.chmod(folder, 0o755)
        conf = os.path.join(folder, "warder.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write("[server]\nstate_dir = state\n[users]\n"
                    "keeper = nobody\nscribe = daemon\n")
        for options in ("--dev",), ("--new-token",):
            run = subprocess.run(
                [os.path.join(BUILD, "warder"), "init", "--config", conf,
                 *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, timeout=30)
            self.assertEqual(run.returncode, DONE, run.stdout)
        for path, folders, names in os.walk(folder):
            for name in folders + names:
                within = os.path.relpath(os.path.join(path, name), folder)
                owner = 0
                if within.startswith("state/log"):
                    owner = 1
                elif within.startswith("state") and "lock" not in name:
                    owner = 65534
                self.assertEqual(os.lstat(os.path.join(path, name)).st_uid,
                                 owner, within)


if __name__ == "__main__":
    signal.alarm(110)
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)
