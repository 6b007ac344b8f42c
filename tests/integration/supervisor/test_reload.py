#!/usr/bin/env python3
"""A new configuration for a server that runs, and the words of warderd."""
import os
import signal
import socket
import subprocess
import threading
import unittest

from cryptography.hazmat.primitives.serialization import \
    BestAvailableEncryption

from ports import free_port
from supervisor_rig import ADMIN_CELL, SupervisorTest, main
from tls_pair import tls_pair

CELL_ROLES = ("warder-front", "warder-keeper", "warder-verify")


class Client(threading.Thread):
    """Connects without a pause; notes who answers and what is refused."""

    def __init__(self, sup):
        super().__init__(daemon=True)
        self.sup, self.answers, self.refused = sup, [], []
        self.done = threading.Event()

    def run(self):
        while not self.done.wait(0.005):
            try:
                self.answers.append(self.sup.ask())
            except (OSError, ValueError) as error:
                self.refused.append(repr(error))

    def stop(self):
        self.done.set()
        self.join(10)


class Reload(SupervisorTest):
    def reload(self):
        self.sup.signal(signal.SIGHUP)

    def reloaded(self, times=1):
        self.until(lambda: len(self.sup.logged("reloaded")) == times)

    def test_replaces_cells_and_nothing_else(self):
        self.sup.start()
        before = self.sup.pids()
        kept = {self.sup.pid("warder-seal"), self.sup.pid("warder-scribe")}
        self.sup.configure("[limits]\nmax_body = 99999\n")
        self.reload()
        self.reloaded()
        self.until(lambda: set(before) & set(self.sup.pids()) == kept)
        self.until(lambda: len(self.sup.pids()) == 8)
        for event in self.sup.events("config"):
            new = event["pid"] not in before
            self.assertEqual(event["config"]["max_body"],
                             99999 if new else 2097152)
        self.assertEqual(self.sup.logged("role_killed"), [])
        told = [self.sup.notify.recv(100) for _ in range(3)]
        self.assertEqual(told, [b"READY=1", b"RELOADING=1", b"READY=1"])

    def test_cells_keep_their_own_numbers_and_peers(self):
        self.sup.start()
        for times in (1, 2, 3):
            self.reload()
            self.reloaded(times)
            self.until(lambda: len(self.sup.pids()) == 8)
        config = {x["pid"]: x["config"] for x in self.sup.events("config")}
        living = self.sup.pids()
        cells = sorted(config[p]["cell"] for p in living)
        self.assertEqual(cells, [0, 0] + [1] * 3 + [65534] * 3)
        for pid in living:
            self.assertEqual(config[pid]["admin"],
                             config[pid]["cell"] == 65534)
        # No channel leads from a cell into another one.
        for x in self.sup.events("heard"):
            a, b = config[x["pid"]], config[int(x["text"])]
            if 6 not in (a["role"], b["role"]) and \
                    7 not in (a["role"], b["role"]):
                self.assertEqual(a["cell"], b["cell"])

    def test_no_connection_is_refused_meanwhile(self):
        self.sup.behave({"warder-front": {"drain_for": 0.3}})
        self.sup.start()
        client = Client(self.sup)
        client.start()
        self.reload()
        self.reloaded()
        self.until(lambda: len(self.sup.pids()) == 8)
        self.until(lambda: len(set(client.answers)) == 2)
        client.stop()
        self.assertEqual(client.refused, [])

    def test_old_cell_leaves_after_its_front(self):
        self.sup.behave({"warder-front": {"drain_for": 0.5}})
        self.sup.start()
        self.reload()
        self.reloaded()
        self.until(lambda: len(self.sup.events("leaves")) == 6)
        at = {(x["cell"], x["program"]): x["at"]
              for x in self.sup.events("leaves")}
        for cell in (0, ADMIN_CELL):
            for role in ("warder-keeper", "warder-verify"):
                self.assertGreater(at[(cell, role)],
                                   at[(cell, "warder-front")])

    def test_number_of_cells_may_change(self):
        self.sup.configure(cells=3)
        self.sup.start()
        self.assertEqual(len(self.sup.pids()), 14)
        self.sup.configure(cells=1)
        self.reload()
        self.reloaded()
        self.until(lambda: len(self.sup.pids()) == 8)
        self.sup.configure(cells=2)
        self.reload()
        self.reloaded(2)
        self.until(lambda: len(self.sup.pids()) == 11)

    def test_refused_configuration_changes_nothing(self):
        self.sup.start()
        before = self.sup.pids()
        for text, detail in (
                ("[limits]\nmax_bdy = 1\n", "line 13: there is no key"),
                ("[limits]\nmax_body = 1\n", "line 13: max_body is not from"),
                ("client_ca = none.pem\n", "none.pem is not there"),
                ("[admin]\nlisten = 192.0.2.1:1\n", "cannot listen on"),
                ("", "the key is not the certificate's")):
            self.sup.configure(text)
            if not text:
                self.sup.write("tls.key", tls_pair()[0], 0o600)
            self.reload()
            self.until(lambda: self.sup.logged("reload_refused") and detail in
                       self.sup.logged("reload_refused")[-1]["detail"],
                       detail)
        self.sup.configure()
        with open(self.sup.path("warder.conf"), encoding="utf-8") as f:
            text = f.read().replace("kbs.example", "other.example")
        self.sup.write("warder.conf", text)
        self.reload()
        self.until(lambda: "[server] name has changed" in
                   self.sup.logged("reload_refused")[-1]["detail"])
        self.assertEqual(self.sup.pids(), before)
        self.assertEqual(self.sup.logged("reloaded"), [])

    def test_cell_that_does_not_start_changes_nothing(self):
        self.sup.start()
        before = self.sup.pids()
        for role in CELL_ROLES:
            self.sup.behave({role: {"exit_at_start": 1}})
            failed = len(self.sup.logged("reload_failed"))
            self.reload()
            self.until(lambda: len(self.sup.logged("reload_failed")) > failed)
            self.until(lambda: self.sup.pids() == before)
        self.sup.behave({})
        self.reload()
        self.reloaded()

    def test_listeners_follow_the_configuration(self):
        port = free_port()
        self.sup.start()
        old = self.sup.address()
        self.sup.configure("[admin]\nsocket = run/other.sock\n"
                           "listen = 127.0.0.1:%d\n" % port)
        self.reload()
        self.reloaded()
        self.assertEqual(self.sup.address(), old)
        with socket.create_connection(("127.0.0.1", port), 10) as s:
            self.assertTrue(s.recv(100))
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.sup.path("run/other.sock"))
        self.until(lambda: not os.path.exists(
            self.sup.path("run/admin.sock")))

    def test_two_requests_to_reload_are_done_in_turn(self):
        self.sup.start()
        self.reload()
        self.until(lambda: self.sup.logged("reloading"))
        self.reload()
        self.reloaded(2)
        self.until(lambda: len(self.sup.pids()) == 8)

    def test_reloads_leave_nothing_open(self):
        self.sup.configure("[admin]\nlisten = 127.0.0.1:0\n")
        self.sup.start()
        # As root may look: the process cannot be looked into by its user.
        folder = "/proc/%d/fd" % self.sup.process.pid
        if not os.access(folder, os.R_OK):
            self.skipTest("only root may count descriptors")
        before = len(os.listdir(folder))
        for times in (1, 2, 3):
            self.reload()
            self.reloaded(times)
            self.until(lambda: len(self.sup.pids()) == 8)
        self.until(lambda: len(os.listdir(folder)) == before)

    def test_role_killed_meanwhile_comes_back(self):
        self.sup.behave({"warder-front": {"drain_for": 0.5}})
        self.sup.start()
        scribe = self.sup.pid("warder-scribe")
        self.reload()
        self.until(lambda: self.sup.events("drain"))
        os.kill(scribe, signal.SIGKILL)
        self.reloaded()
        self.until(lambda: len(self.sup.pids()) == 8)
        self.assertNotEqual(self.sup.pid("warder-scribe"), scribe)

    def test_can_be_stopped_meanwhile(self):
        self.sup.behave({"*": {"drain_for": 0.3}})
        self.sup.start()
        self.reload()
        self.until(lambda: self.sup.logged("reloading"))
        self.sup.signal(signal.SIGTERM)
        self.assertEqual(self.sup.end(), 0)
        self.assertEqual(self.sup.pids(), [])


class Refusals(SupervisorTest):
    """What keeps a server from starting; --check says the same."""

    def refused(self, detail):
        check = self.sup.run("--config", self.sup.path("warder.conf"),
                             "--check")
        self.assertEqual(check.returncode, 3, check)
        self.assertIn(detail, check.stderr)
        self.sup.start(wait=False)
        self.assertEqual(self.sup.end(), 3)
        self.assertIn(detail, self.sup.logged("not_started")[-1]["detail"])
        self.assertEqual(self.sup.events("config"), [])

    def test_bad_key(self):
        self.sup.configure("listn = 1\n")
        self.refused("line 12: there is no key listn in section [public]")

    def test_no_configuration(self):
        os.unlink(self.sup.path("warder.conf"))
        self.refused("no file")

    def test_tls_key_open_to_others(self):
        os.chmod(self.sup.path("tls.key"), 0o640)
        self.refused("mode 0640: others than its owner may use it")

    def test_no_tls_key(self):
        os.unlink(self.sup.path("tls.key"))
        self.refused("tls.key is not there (warder init makes it)")

    def test_certificate_is_a_folder(self):
        os.unlink(self.sup.path("tls.pem"))
        os.mkdir(self.sup.path("tls.pem"))
        self.refused("tls.pem is no file")

    def test_key_of_another_certificate(self):
        self.sup.write("tls.key", tls_pair()[0], 0o600)
        self.refused("tls.pem: the key is not the certificate's")

    def test_no_key_and_no_certificate_in_their_files(self):
        key, certificate = tls_pair()
        self.sup.write("tls.pem", key)
        self.refused("tls.pem: not a PEM certificate")
        self.sup.write("tls.pem", certificate)
        self.sup.write("tls.key", certificate, 0o600)
        self.refused("not an unencrypted PEM private key")
        self.sup.write("tls.key", "A" * 70000, 0o600)
        self.refused("the file is over 65536 bytes")

    def test_encrypted_key(self):
        key, certificate = tls_pair(
            encryption=BestAvailableEncryption(os.urandom(16).hex().encode()))
        self.sup.write("tls.key", key, 0o600)
        self.sup.write("tls.pem", certificate)
        self.refused("not an unencrypted PEM private key")

    def test_no_state(self):
        os.rmdir(self.sup.path("state"))
        self.refused("state is not there (warder init makes it)")

    def test_state_open_to_others(self):
        os.chmod(self.sup.path("state"), 0o770)
        self.refused("mode 0770: others may write there")

    def test_run_folder_open_to_others(self):
        os.mkdir(self.sup.path("run"))
        os.chmod(self.sup.path("run"), 0o1777)
        self.cannot_start("mode 1777: others may write there", 3)

    def test_run_folder_is_a_file(self):
        self.sup.write("run", "")
        self.cannot_start("run is no folder", 3)

    @unittest.skipIf(os.geteuid() != 0, "NOT ROOT: no other user to give to")
    def test_run_folder_of_another_user(self):
        os.mkdir(self.sup.path("run"), 0o755)
        os.chown(self.sup.path("run"), 65534, 65534)
        self.cannot_start("run belongs to another user", 3)

    def test_log_is_no_folder(self):
        self.sup.write("state/log", "")
        check = self.sup.run("--config", self.sup.path("warder.conf"),
                             "--check")
        self.assertEqual(check.returncode, 1, check)

    def cannot_start(self, detail, status):
        self.sup.start(wait=False)
        self.assertEqual(self.sup.end(), status)
        self.assertIn(detail, self.sup.logged("not_started")[-1]["detail"])

    def test_second_server_on_the_same_state(self):
        self.sup.start()
        second = subprocess.run(
            [self.sup.warderd, "--config", self.sup.path("warder.conf")],
            stderr=subprocess.PIPE, text=True, timeout=20)
        self.assertEqual(second.returncode, 3)
        self.assertIn("holds the lock of the state folder", second.stderr)
        self.until(lambda: len(self.sup.pids()) == 8)

    def test_admin_socket_of_another_server(self):
        os.mkdir(self.sup.path("run"))
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(self.sup.path("run/admin.sock"))
            s.listen()
            self.cannot_start("another server listens on", 3)

    def test_file_in_the_place_of_the_admin_socket(self):
        os.mkdir(self.sup.path("run"))
        self.sup.write("run/admin.sock", "precious\n")
        self.cannot_start("is no socket", 3)
        self.assertTrue(os.path.exists(self.sup.path("run/admin.sock")))

    def test_address_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            self.sup.configure()
            with open(self.sup.path("warder.conf"), encoding="utf-8") as f:
                text = f.read().replace(
                    "127.0.0.1:0", "127.0.0.1:%d" % s.getsockname()[1])
            self.sup.write("warder.conf", text)
            self.cannot_start("cannot listen on 127.0.0.1:", 1)

    def test_missing_program(self):
        os.unlink(os.path.join(self.sup.programs, "warder-verify"))
        self.cannot_start("warder-verify is neither beside warderd nor in", 3)

    def test_program_that_cannot_run(self):
        self.sup.write("bin/warder-verify", "#!/none\n", 0o755)
        self.sup.start(wait=False)
        self.assertEqual(self.sup.end(), 1)
        self.assertIn("cannot run it",
                      self.sup.logged("role_not_started")[0]["why"])


class Words(SupervisorTest):
    def test_check_of_a_good_configuration(self):
        self.sup.configure("tls12 = yes\n")
        check = self.sup.run("--check", "--config=" +
                             self.sup.path("warder.conf"))
        self.assertEqual((check.returncode, check.stderr), (0, ""))
        lines = check.stdout.splitlines()
        self.assertIn("(tls12)", lines[0])
        self.assertTrue(lines[-1].endswith("warder.conf: good"))
        self.assertEqual(self.sup.events(), [])

    def test_check_says_when_the_certificate_does_not_hold(self):
        for days, said in (((-9, -1), "has expired at "),
                           ((1, 90), "holds only from "),
                           ((-9, 9), "expires soon, at ")):
            key, certificate = tls_pair(days)
            self.sup.write("tls.key", key, 0o600)
            self.sup.write("tls.pem", certificate)
            check = self.sup.run("--check", "--config",
                                 self.sup.path("warder.conf"))
            self.assertEqual(check.returncode, 0, check)
            self.assertIn("the TLS certificate " + said, check.stdout)
        self.sup.start()
        self.assertIn("expires soon", self.sup.logged("warnings")[0]["detail"])

    def test_help_and_version(self):
        said = self.sup.run("--help")
        self.assertEqual(said.returncode, 0)
        self.assertIn("--config FILE", said.stdout)
        self.assertRegex(self.sup.run("--version").stdout,
                         r"^warderd \d+\.\d+\.\d+\n$")

    def test_other_words_are_refused(self):
        for words in (["--conf"], ["--config"], ["more"], ["--check", "x"]):
            said = self.sup.run(*words)
            self.assertEqual((said.returncode, said.stdout), (2, ""))
            self.assertIn("usage: warderd", said.stderr)

    def test_manual_has_every_key_once(self):
        said = self.sup.run("--print-config-manual")
        self.assertEqual(said.returncode, 0)
        keys = [line for line in said.stdout.splitlines()
                if line.startswith(".It Cm ")]
        self.assertIn(".It Cm max_per_source", keys)
        self.assertGreater(len(keys), 30)


if __name__ == "__main__":
    main()
