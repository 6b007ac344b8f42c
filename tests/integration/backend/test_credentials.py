#!/usr/bin/env python3
"""Secrets that systemd gives to the service: the PIN of a backend's token and of
the seal's, named in the configuration as credential:NAME."""
import os
import shutil
import stat
import subprocess
import sys
import unittest

from cryptography.hazmat.primitives import serialization

import hsm_row
from server_rig import Server, wait_until
from whole import BUILD, Whole

NOT_STARTED = 3
NOWHERE = {k: v for k, v in os.environ.items()
           if k != "CREDENTIALS_DIRECTORY"}


class Case(unittest.TestCase):
    """With a folder as systemd makes it: one file a credential, closed."""

    def setUp(self):
        self.token = hsm_row.Token()
        self.addCleanup(self.token.close)
        self.given = os.path.join(self.token.home, "credentials")
        os.mkdir(self.given, 0o700)
        os.environ["CREDENTIALS_DIRECTORY"] = self.given
        self.addCleanup(os.environ.pop, "CREDENTIALS_DIRECTORY", None)

    def give(self, name, text, mode=0o400):
        path = os.path.join(self.given, name)
        if os.path.exists(path):
            os.unlink(path)
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, mode), "w",
                  encoding="ascii") as f:
            f.write(text + "\n")

    def server_of(self, server):
        self.server = server
        self.addCleanup(server.remove)
        return server

    def conf(self, **more):
        settings = self.token.settings(oaep_sha1="yes", **more)
        return ["[backend hsm]", "kind = pkcs11", "timeout_ms = 5000"] + [
            "%s = %s" % s for s in settings.items()]

    def program(self, *options, env=None):
        return subprocess.run(
            [self.server.program("warderd"), "--config",
             self.server.path("warder.conf"), *options], env=env,
            capture_output=True, text=True, timeout=60)

    def not_started(self, words, env=None):
        done = self.program(env=env)
        self.assertEqual(done.returncode, NOT_STARTED, done)
        self.assertIn(words, done.stderr)
        self.assertNotIn(self.token.pin, done.stderr + done.stdout)
        self.assertFalse(os.path.exists(self.server.path("run/credentials")))


class OfABackend(Case):
    def make(self, name="credential:hsm.pin"):
        server = self.server_of(Whole())
        server.add_config(*self.conf(pin_file=name))
        return server

    def copy(self):
        return self.server.path("run/credentials/hsm.pin")

    def test_its_process_gets_the_pin_and_nothing_is_left(self):
        self.give("hsm.pin", self.token.pin)
        server = self.make()
        # What a server that was killed has left is gone too.
        os.mkdir(server.path("run/credentials"))
        with open(server.path("run/credentials/old"), "wb"):
            pass
        server.start()
        self.assertEqual(os.listdir(server.path("run/credentials")),
                         ["hsm.pin"])
        st = os.stat(self.copy())
        self.assertEqual((stat.S_IMODE(st.st_mode), st.st_uid),
                         (0o400, os.getuid()))
        key = server.warder("key", "create", "--kind", "ec-p256", "--backend",
                            "hsm")
        serialization.load_pem_public_key(key["public_key"].encode())
        # A doctor that has no credentials looks where the server has them.
        done = server.run("doctor", "--config", server.path("warder.conf"),
                          check=False, env=NOWHERE)
        self.assertRegex(done.stdout.decode(), "ok +backends +hsm")
        self.assertNotIn(self.token.pin, server.log_text())
        server.stop()
        self.assertFalse(os.path.exists(server.path("run/credentials")))
        done = server.run("doctor", "--config", server.path("warder.conf"),
                          check=False, env=NOWHERE)
        self.assertRegex(done.stdout.decode(),
                         "warning +backends +hsm .*not tried")

    def test_a_reload_takes_what_is_there_then(self):
        self.give("hsm.pin", "9" * 9)
        server = self.make()
        server.start()

        def words():
            return " ".join(b["words"] for b in server.status()["backends"])
        wait_until(lambda: "PIN" in words(), "word of the PIN", 30)
        self.give("hsm.pin", self.token.pin)
        server.process.send_signal(1)
        wait_until(lambda: "token warder" in words(), "the token", 30)

    def test_without_it_the_server_does_not_start(self):
        self.make()
        self.not_started("the unit loads no such credential")
        self.give("hsm.pin", self.token.pin, 0o444)
        self.not_started("others may use it")
        self.give("hsm.pin", self.token.pin)
        self.not_started("this process was given none", env=NOWHERE)
        # Whether that holds only the service can tell.
        done = self.program("--check", env=NOWHERE)
        self.assertEqual(done.returncode, 0, done)

    def test_names_that_would_lead_elsewhere_are_refused(self):
        self.server_of(Whole())
        before = self.server.path("before")
        shutil.copy(self.server.path("warder.conf"), before)
        for name in ("../pin", "/etc/passwd", "", ".hidden", "a/b", "a b",
                     "x" * 65):
            shutil.copy(before, self.server.path("warder.conf"))
            self.server.add_config(*self.conf(pin_file="credential:" + name))
            self.not_started("pin_file is not a path, or credential:NAME")


class OfTheSeal(Case):
    def make(self):
        uri = "pkcs11:token=%s;object=root?module-path=%s&" \
            "pin-source=credential:seal.pin" % (
                self.token.label, hsm_row.MODULE)
        return self.server_of(Server(BUILD, seal=[
            "--seal", "pkcs11", "--pkcs11", uri, "--pkcs11-environment",
            "SOFTHSM2_CONF=" + self.token.conf, "--generate-key"]))

    def doctor(self, **more):
        return self.server.run(
            "doctor", "--config", self.server.path("warder.conf"),
            check=False, **more).stdout.decode()

    def test_it_opens_by_itself(self):
        self.give("seal.pin", self.token.pin)
        server = self.make()
        self.assertEqual(self.program("--check").returncode, 0)
        self.assertEqual(self.program("--check", env=NOWHERE).returncode, 0)
        self.assertRegex(self.doctor(), "ok +seal +pkcs11: it opens by itself")
        self.assertRegex(self.doctor(env=NOWHERE),
                         "warning +seal .*not tried: its PIN is credential:")
        self.not_started("this process was given none", env=NOWHERE)
        server.start()
        self.assertFalse(server.status()["sealed"])
        self.assertFalse(os.path.exists(server.path("run/credentials")))


class BySystemd(Case):
    """The same from systemd itself."""

    @unittest.skipUnless(os.path.isdir("/run/systemd/system"),
                         "SKIPPED: systemd does not run here")
    def test_a_service_gets_its_credential(self):
        self.give("hsm.pin", self.token.pin)
        source = os.path.join(self.given, "hsm.pin")
        server = self.server_of(Whole())
        server.add_config(*self.conf(pin_file="credential:hsm.pin"))
        unit = "warder-test-%d" % os.getpid()
        subprocess.run(
            ["systemd-run", "--unit", unit, "--collect", "-p",
             "LoadCredential=hsm.pin:" + source,
             server.program("warderd"), "--config",
             server.path("warder.conf")], check=True, timeout=60)
        self.addCleanup(subprocess.run, ["systemctl", "stop", unit],
                        timeout=120)
        key = wait_until(lambda: self.made(server), "a key", 30)
        self.assertEqual(key["backend"], "hsm")

    def made(self, server):
        try:
            return server.warder("key", "create", "--kind", "ec-p256",
                                 "--backend", "hsm")
        except Exception:  # it is starting
            return None


hsm_row.skip_loudly("test_credentials.py")
if not os.path.isdir("/run/systemd/system"):
    print("SKIPPED: systemd does not run here, so it gives no credentials; "
          "a folder as it makes them is used", file=sys.stderr)
unittest.main(argv=["test_credentials.py"] + sys.argv[2:], verbosity=2)
