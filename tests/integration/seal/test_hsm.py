"""A server whose root key is under a key in an HSM, SoftHSM 2."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from hsm_rig import Hsm
from server_rig import Failed, Server, wait_until

BUILD = os.path.abspath(sys.argv[1])
HANGING = os.path.abspath(sys.argv[2])


class HsmTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hsm-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.hsm = Hsm(os.path.join(self.folder, "hsm"))

    def serve(self, *options, start=True, **names):
        server = Server(BUILD, seal=self.hsm.options(*options, **names))
        self.addCleanup(server.remove)
        if start:
            server.start()
        return server

    def replace_config(self, server, old, new):
        path = server.path("warder.conf")
        with open(path, encoding="utf-8") as f:
            text = f.read()
        self.assertIn(old, text)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace(old, new))

    def pid(self, server, role):
        return [p["pid"] for p in server.processes(role)][0]

    def why_sealed(self, server):
        """Started, it stays sealed; what the log and an operator are told."""
        server.start(ready=False) if server.process is None else None
        wait_until(lambda: "seal_not_opened" in server.log_text(), "a refusal")
        self.assertTrue(server.status()["sealed"])
        with self.assertRaises(Failed) as refused:
            server.warder("unseal", stdin=b"")
        return str(refused.exception) + server.log_text()

    def init_fails(self, *options, status=3, **names):
        with self.assertRaises(Failed) as refused:
            self.serve(*options, start=False, **names)
        self.assertEqual(refused.exception.status, status)
        return str(refused.exception)


class Life(HsmTest):
    def test_opens_by_itself_again_and_again(self):
        server = self.serve("--generate-key")
        shown = server.status()
        self.assertEqual(shown["seal"]["kind"], "pkcs11")
        self.assertEqual(shown["seal"]["shares"], 0)
        server.stop()
        server.start()
        for role in ("seal", "device"):
            old = self.pid(server, role)
            os.kill(old, signal.SIGKILL)
            wait_until(lambda: [p for p in server.processes(role)
                                if p["ready"] and p["pid"] != old],
                       "a new " + role)
        keeper = self.pid(server, "keeper")
        os.kill(keeper, signal.SIGKILL)
        wait_until(server.is_ready, "readiness")

    def test_sealed_by_an_operator_it_opens_when_asked(self):
        server = self.serve("--generate-key")
        self.assertTrue(server.warder("seal")["sealed"])
        os.kill(self.pid(server, "device"), signal.SIGKILL)
        time.sleep(1)
        self.assertTrue(server.status()["sealed"])
        self.assertFalse(server.warder("unseal", stdin=b"")["sealed"])
        wait_until(server.is_ready, "readiness")

    def test_key_that_is_made_cannot_leave(self):
        self.serve("--generate-key", start=False)
        shown = self.hsm.key_tool("--list-objects", "--type", "secrkey").stdout
        self.assertIn("AES length 32", shown)
        access = [l for l in shown.splitlines() if "Access:" in l][0]
        self.assertIn("never extractable", access)
        self.assertIn("always sensitive", access)
        usage = [l for l in shown.splitlines() if "Usage:" in l][0]
        self.assertEqual(usage.split(":")[1].replace(" ", ""),
                         "encrypt,decrypt")

    def test_pin_is_in_no_argument_environment_or_log(self):
        server = self.serve("--generate-key")
        pin = self.hsm.pin.encode()
        for process in server.processes():
            for name in ("cmdline", "environ"):
                try:
                    with open("/proc/%d/%s" % (process["pid"], name),
                              "rb") as f:
                        self.assertNotIn(pin, f.read())
                except PermissionError:
                    pass
        self.assertNotIn(self.hsm.pin, server.log_text())

    def test_rsa_key_wraps_too_by_a_switch_where_there_is_no_sha256(self):
        self.hsm.key_tool("--keypairgen", "--key-type", "rsa:2048", "--label",
                          "root", "--id", "01", "--usage-decrypt",
                          "--sensitive", "--private")
        self.assertIn("cannot encrypt", self.init_fails(status=1))
        conf = os.path.join(self.folder, "rsa.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write("[server]\nname = localhost\nstate_dir = state\n"
                    "run_dir = run\n[users]\nseparate = no\n[seal]\n"
                    "pkcs11 = %s\npkcs11_environment = SOFTHSM2_CONF=%s\n"
                    "pkcs11_oaep_sha1 = yes\n" %
                    (self.hsm.uri(), self.hsm.conf))
        done = subprocess.run(
            [os.path.join(BUILD, "warder"), "init", "--seal", "pkcs11",
             "--config", conf], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)


class Trials(HsmTest):
    """The seal is opened for a trial while it is open."""

    def probed(self, **more):
        server = self.serve("--generate-key", start=False)
        server.add_config("[seal]", "probe_seconds = 1")
        server.start()
        wait_until(lambda: server.status()["seal"]["last_good_probe"],
                   "a trial")
        return server

    def metrics(self, server):
        done = subprocess.run(
            ["curl", "-s", "-m", "5", "--unix-socket", server.socket,
             "http://localhost/metrics"], stdout=subprocess.PIPE, text=True)
        return dict(line.rsplit(" ", 1) for line in done.stdout.splitlines()
                    if not line.startswith("#"))

    def test_a_key_that_went_away_is_seen_before_a_start_needs_it(self):
        server = self.probed()
        self.assertIsNone(server.status()["seal"]["failing_since"])
        wait_until(lambda: self.metrics(server).get(
            "warder_seal_probe_ok") == "1", "a metric")
        kept = os.path.join(self.folder, "kept")
        shutil.copytree(os.path.join(self.hsm.folder, "tokens"), kept)
        self.hsm.key_tool("--delete-object", "--type", "secrkey", "--label",
                          "root")
        os.kill(self.pid(server, "device"), signal.SIGKILL)
        wait_until(lambda: server.status()["seal"]["failing_since"],
                   "a failing trial")
        status = server.status()
        self.assertFalse(status["sealed"])
        self.assertTrue([w for w in status["warnings"] if "device" in w])
        self.assertIn("seal_probe_failed", server.log_text())
        wait_until(lambda: self.metrics(server).get(
            "warder_seal_probe_ok") == "0", "a metric")
        self.assertEqual(self.metrics(server)["warder_sealed"], "0")
        self.assertTrue(server.is_ready())
        shutil.rmtree(os.path.join(self.hsm.folder, "tokens"))
        shutil.copytree(kept, os.path.join(self.hsm.folder, "tokens"))
        os.kill(self.pid(server, "device"), signal.SIGKILL)
        wait_until(lambda: server.status()["seal"]["failing_since"] is None,
                   "a good trial")

    def test_a_process_that_is_replaced_is_no_failure(self):
        server = self.probed()
        for _ in range(2):
            device = self.pid(server, "device")
            time.sleep(0.5)  # so that a trial falls due meanwhile
            server.process.send_signal(signal.SIGSTOP)
            try:
                os.kill(device, signal.SIGKILL)
                time.sleep(0.6)
            finally:
                server.process.send_signal(signal.SIGCONT)
            wait_until(lambda: [p for p in server.processes("device")
                                if p["pid"] not in (0, device)],
                       "a new device")
            good = server.status()["seal"]["last_good_probe"]
            wait_until(
                lambda: server.status()["seal"]["last_good_probe"] != good,
                "a good trial")
        self.assertNotIn("seal_probe_failed", server.log_text())

    def test_a_pin_that_is_refused_is_tried_once(self):
        server = self.probed()
        self.hsm.write_pin("0" * 10)
        os.kill(self.pid(server, "device"), signal.SIGKILL)
        wait_until(lambda: server.status()["seal"]["failing_since"],
                   "a failing trial")
        time.sleep(3)
        said = server.log_text()
        self.assertEqual(said.count("seal_probe_failed"), 1)
        self.hsm.write_pin(self.hsm.pin)
        os.kill(self.pid(server, "device"), signal.SIGKILL)
        wait_until(lambda: server.status()["seal"]["failing_since"] is None,
                   "a good trial")


class Status(HsmTest):
    def test_exits_2_while_sealed(self):
        server = self.serve("--generate-key")
        ask = lambda *more: server.run(
            "status", "--admin", server.socket, *more, check=False).returncode
        self.assertEqual((ask(), ask("--json")), (0, 0))
        server.warder("seal")
        self.assertEqual((ask(), ask("--json")), (2, 2))


class Refused(HsmTest):
    def test_key_that_may_leave(self):
        self.hsm.key_tool("--keygen", "--key-type", "AES:32", "--label",
                          "root", "--id", "01", "--extractable")
        self.assertIn("must be ", self.init_fails())

    def test_key_in_place_of_ours_is_looked_at_at_each_start(self):
        server = self.serve("--generate-key", start=False)
        self.hsm.key_tool("--delete-object", "--type", "secrkey", "--label",
                          "root")
        self.hsm.key_tool("--keygen", "--key-type", "AES:32", "--label",
                          "root", "--id", "01", "--extractable")
        self.assertIn("must be ", self.why_sealed(server))

    def test_another_key(self):
        server = self.serve("--generate-key", start=False)
        with open(os.path.join(server.path("state"), "seal"), "rb") as f:
            seal = f.read()
        other = self.serve("--generate-key", start=False, key="other")
        self.replace_config(server, "object=root", "object=other")
        self.assertIn("does not open this seal", self.why_sealed(server))
        with open(os.path.join(server.path("state"), "seal"), "rb") as f:
            self.assertEqual(f.read(), seal)
        self.assertTrue(os.path.exists(other.path("state")))

    def test_changed_bytes(self):
        server = self.serve("--generate-key", start=False)
        path = os.path.join(server.path("state"), "seal")
        with open(path, "rb") as f:
            seal = bytearray(f.read())
        seal[46 + 3 + 20] ^= 1
        with open(path, "wb") as f:
            f.write(seal)
        self.assertIn("does not open this seal", self.why_sealed(server))

    def test_wrong_pin_is_tried_once_and_locks_nothing(self):
        server = self.serve("--generate-key", start=False)
        self.hsm.write_pin("0000")
        self.assertIn("refuses the PIN", self.why_sealed(server))

    def test_pin_others_can_read(self):
        server = self.serve("--generate-key", start=False)
        os.chmod(self.hsm.pin_file, 0o644)
        done = subprocess.run(
            [server.program("warderd"), "--config",
             server.path("warder.conf"), "--check"], capture_output=True,
            text=True, timeout=20)
        self.assertEqual(done.returncode, 3)
        self.assertIn("mode 0644", done.stderr)

    def test_pin_in_the_configuration(self):
        server = self.serve("--generate-key", start=False)
        self.replace_config(server, "&pin-source", "&pin-value=1&pin-source")
        done = subprocess.run(
            [server.program("warderd"), "--config",
             server.path("warder.conf"), "--check"], capture_output=True,
            text=True, timeout=20)
        self.assertEqual(done.returncode, 3)
        self.assertIn("a PIN lies in a file", done.stderr)

    def test_no_key_and_no_token(self):
        self.assertIn("no key", self.init_fails())
        self.hsm.label = "nobody"
        self.assertIn("no token", self.init_fails())

    def test_key_of_that_name_is_not_made_twice(self):
        self.serve("--generate-key", start=False)
        self.assertIn("already", self.init_fails("--generate-key"))


class Failing(HsmTest):
    def test_module_that_cannot_be_loaded(self):
        server = self.serve("--generate-key", start=False)
        self.replace_config(server, "libsofthsm2.so", "libnothing.so")
        said = self.why_sealed(server)
        self.assertIn("cannot load the module", said)

    def test_module_that_hangs_is_ended(self):
        server = self.serve("--generate-key", start=False)
        self.replace_config(server, "/usr/lib/softhsm/libsofthsm2.so", HANGING)
        server.start(ready=False)
        first = self.pid(server, "device")
        wait_until(lambda: "does not answer in time" in server.log_text(),
                   "an end", 30)
        wait_until(lambda: [p for p in server.processes("device")
                            if p["pid"] != first], "a new process")
        self.assertTrue(server.status()["sealed"])

    def test_token_that_comes_back(self):
        server = self.serve("--generate-key", start=False)
        tokens = os.path.join(self.hsm.folder, "tokens")
        os.rename(tokens, tokens + ".away")
        os.mkdir(tokens)
        self.assertIn("no token", self.why_sealed(server))
        os.rmdir(tokens)
        os.rename(tokens + ".away", tokens)
        os.kill(self.pid(server, "device"), signal.SIGKILL)
        wait_until(server.is_ready, "readiness")


if __name__ == "__main__":
    signal.alarm(230)
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)
