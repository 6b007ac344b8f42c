"""warder init: what it makes, when it refuses, and that it fails whole."""
import base64
import fcntl
import hashlib
import json
import os
import pty
import select
import shutil
import signal
import stat
import subprocess
import tempfile
import termios
import time
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from jwcrypto import jwk

from seal_rig import PASSPHRASE, WARDER, Seal, init, main
from tls_pair import tls_pair

DONE, FAULT, USAGE, REJECTED = 0, 1, 2, 3


class InitTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="init-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def read(self, *names):
        with open(self.path(*names), "rb") as f:
            return f.read()

    def write(self, data, *names):
        os.makedirs(os.path.dirname(self.path(*names)), exist_ok=True)
        with open(self.path(*names), "w", encoding="utf-8") as f:
            f.write(data)
        return self.path(*names)

    def init(self, *options, **more):
        return init(self.folder, *options, check=False, **more)

    def run_init(self, *options, **more):
        """Without the options of the rig."""
        return subprocess.run([WARDER, "init", *options], text=True,
                              capture_output=True, timeout=60, **more)

    def entries(self):
        """Everything there is, with its bytes."""
        return {os.path.relpath(os.path.join(path, name), self.folder):
                self.read(path, name)
                for path, _, names in os.walk(self.folder) for name in names}

    def assert_nothing(self, run, status, *says):
        """Refused, for this reason, and nothing is left."""
        self.assertEqual(run.returncode, status, run.stderr)
        for text in says:
            self.assertIn(text, run.stderr)
        self.assertEqual(os.listdir(self.folder), [])


class Makes(InitTest):
    def test_all_that_a_server_needs(self):
        run = self.init("--json", passphrase=PASSPHRASE)
        self.assertEqual(run.returncode, DONE, run.stderr)
        said = json.loads(run.stdout)
        self.assertEqual(said["seal"], "passphrase")
        self.assertEqual(said["server_name"], "kbs.example")
        self.assertEqual(said["state_dir"], self.path("state"))
        self.assertEqual(said["config"], self.path("etc", "warder.conf"))
        self.assertEqual(said["token_file"], self.path("etc", "admin.token"))
        self.assertIsNone(said["warning"])
        self.assertEqual(run.stderr, "")
        self.assertIn("seal", os.listdir(self.path("state")))
        self.assertNotIn("init.unfinished", os.listdir(self.path("state")))
        self.check_modes()
        self.check_token(said)
        self.check_certificate(said)
        self.check_log(said)

    def check_modes(self):
        public = {"warder.conf", "tls.pem", "checkpoint.pub"}
        for path, folders, names in os.walk(self.folder):
            for name in names:
                mode = os.stat(os.path.join(path, name)).st_mode & 0o7777
                self.assertEqual(
                    oct(mode), oct(0o644 if name in public else 0o600), name)
        for name, mode in (("etc", 0o755), ("state", 0o700),
                           ("state/log", 0o700)):
            self.assertEqual(
                stat.S_IMODE(os.stat(self.path(name)).st_mode), mode, name)

    def check_token(self, said):
        token = self.read("etc", "admin.token").decode()
        self.assertTrue(token.startswith("wdt_") and token.endswith("\n"))
        self.assertEqual(
            len(base64.urlsafe_b64decode(token[4:-1] + "=")), 32)
        self.assertRegex(said["token_expires"], r"^20\d\d-.*Z$")
        digest = hashlib.sha256(token[:-1].encode()).digest()
        self.assertTrue(any(digest in data for name, data in
                            self.entries().items() if "store.db" in name))

    def check_certificate(self, said):
        cert = x509.load_pem_x509_certificate(self.read("etc", "tls.pem"))
        names = cert.extensions.get_extension_for_class(
            x509.SubjectAlternativeName).value
        self.assertEqual(
            names.get_values_for_type(x509.DNSName), ["kbs.example"])
        key = serialization.load_pem_private_key(
            self.read("etc", "tls.key"), None)
        spki = (serialization.Encoding.DER,
                serialization.PublicFormat.SubjectPublicKeyInfo)
        self.assertEqual(key.public_key().public_bytes(*spki),
                         cert.public_key().public_bytes(*spki))
        run = subprocess.run(
            ["openssl", "verify", "-x509_strict", "-purpose", "sslserver",
             "-CAfile", said["tls_certificate"], said["tls_certificate"]],
            capture_output=True, text=True, timeout=20)
        self.assertEqual(run.returncode, 0, run.stderr)

    def check_log(self, said):
        self.assertEqual(self.read("state", "log", "checkpoint.pub").decode(),
                         said["log_key"] + "\n")
        self.assertTrue(said["log_key"].startswith("kbs.example/log+"))
        journal = self.read("state", "log", "journal", "00000001")
        self.assertEqual(journal.count(b'"event":"init"'), 1)
        self.assertIn(said["release_key"].encode(), journal)

    def test_release_key_thumbprint_as_rfc_7638_has_it(self):
        said = json.loads(self.init("--dev", "--json").stdout)
        seal = Seal(self.path("state"))
        self.addCleanup(seal.close)
        keyring = seal.attach().first["keyring"]
        at = 43 + 32 * (keyring[42] + 2)
        length = int.from_bytes(keyring[at:at + 2], "little")
        key = serialization.load_der_private_key(
            keyring[at + 2:at + 2 + length], None)
        public = jwk.JWK.from_pyca(key.public_key())
        self.assertEqual(public.thumbprint(), said["release_key"])

    def test_words_for_people(self):
        run = self.init(passphrase=PASSPHRASE)
        self.assertEqual(run.returncode, DONE, run.stderr)
        for text in ("warderd --config " + self.path("etc", "warder.conf"),
                     "warder unseal --admin " + self.path("run"),
                     "admin.token", "release key"):
            self.assertIn(text, run.stdout)
        self.assertNotIn("wdt_", run.stdout)

    def test_development_warns_loudly(self):
        run = self.init("--dev")
        self.assertEqual(run.returncode, DONE)
        self.assertIn("DEVELOPMENT ONLY", run.stderr)
        self.assertNotIn("unseal", run.stdout)
        self.assertIn("DEVELOPMENT ONLY", json.loads(init(
            tempfile.mkdtemp(dir=self.folder), "--dev", "--json").stdout)
            ["warning"])

    def test_more_names_in_the_certificate(self):
        self.init("--dev", "--name", "10.1.2.3", "--name", "other.example",
                  "--name", "::1")
        cert = x509.load_pem_x509_certificate(self.read("etc", "tls.pem"))
        names = cert.extensions.get_extension_for_class(
            x509.SubjectAlternativeName).value
        self.assertEqual(names.get_values_for_type(x509.DNSName),
                         ["kbs.example", "other.example"])
        self.assertEqual([str(a) for a in names.get_values_for_type(
            x509.IPAddress)], ["10.1.2.3", "::1"])

    def test_configuration_that_says_what_was_asked(self):
        self.init("--dev", "--listen", "127.0.0.1:9")
        text = self.read("etc", "warder.conf").decode()
        for line in ("name = kbs.example", "state_dir = " +
                     self.path("state"), "listen = 127.0.0.1:9",
                     "run_dir = " + self.path("run"), "separate = no"):
            self.assertIn(line + "\n", text)

    def test_relative_paths_are_of_the_current_folder(self):
        run = self.run_init("--dev", "--server-name", "h", "--one-user",
                            "--output", "o", "--state-dir", "s/",
                            cwd=self.folder)
        self.assertEqual(run.returncode, DONE, run.stderr)
        self.assertIn("state_dir = %s\n" % self.path("s"),
                      self.read("o", "warder.conf").decode())

    def test_by_a_configuration_that_is_there(self):
        conf = self.write(
            "[server]\nname = here.example\nstate_dir = ../data\n"
            "[users]\nseparate = no\n[public]\ntls_key = k.pem\n"
            "tls_certificate = c.pem\n", "etc", "w.conf")
        before = self.read("etc", "w.conf")
        run = self.run_init("--config", conf, "--dev", "--json")
        self.assertEqual(run.returncode, DONE, run.stderr)
        self.assertEqual(sorted(os.listdir(self.path("etc"))),
                         ["admin.token", "c.pem", "k.pem", "w.conf"])
        self.assertIn("seal", os.listdir(self.path("data")))
        self.assertEqual(self.read("etc", "w.conf"), before)

    def test_uses_a_certificate_that_is_there(self):
        key, certificate = tls_pair()
        self.write(certificate, "etc", "tls.pem")
        self.write(key, "etc", "tls.key")
        run = self.init("--dev", "--json")
        self.assertEqual(run.returncode, DONE, run.stderr)
        self.assertEqual(self.read("etc", "tls.pem").decode(), certificate)
        self.assertEqual(self.read("etc", "tls.key").decode(), key)
        ends = x509.load_pem_x509_certificate(certificate.encode())
        self.assertEqual(json.loads(run.stdout)["tls_certificate_expires"],
                         ends.not_valid_after.isoformat() + "Z")

    def test_uses_a_key_that_is_there(self):
        os.mkdir(self.path("etc"))
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt",
                        "rsa_keygen_bits:2048", "-quiet", "-out",
                        self.path("etc", "tls.key")], check=True, timeout=50)
        before = self.read("etc", "tls.key")
        self.assertEqual(self.init("--dev").returncode, DONE)
        self.assertEqual(self.read("etc", "tls.key"), before)
        cert = x509.load_pem_x509_certificate(self.read("etc", "tls.pem"))
        self.assertEqual(cert.public_key().key_size, 2048)

    @unittest.skipIf(os.getuid() != 0, "only root can give files away")
    def test_files_are_the_users_that_need_them(self):
        os.chmod(self.folder, 0o755)
        conf = self.write("[server]\nstate_dir = ../state\n[users]\n"
                          "keeper = nobody\nscribe = daemon\n",
                          "etc", "warder.conf")
        run = self.run_init("--config", conf, "--dev")
        self.assertEqual(run.returncode, DONE, run.stderr)
        for path, folders, names in os.walk(self.folder):
            for name in folders + names:
                whole = os.path.join(path, name)
                within = os.path.relpath(whole, self.folder)
                owner = 0
                if within.startswith("state/log"):
                    owner = 1
                elif within.startswith("state") and "lock" not in name:
                    owner = 65534
                self.assertEqual(os.lstat(whole).st_uid, owner, within)


class Refuses(InitTest):
    def test_twice(self):
        self.assertEqual(self.init("--dev").returncode, DONE)
        before = self.entries()
        for options in ((), ("--dev",)):
            run = self.init(*options, passphrase=PASSPHRASE)
            self.assertEqual(run.returncode, REJECTED)
            self.assertIn("there already", run.stderr)
        self.assertEqual(self.entries(), before)

    def test_while_a_supervisor_runs(self):
        self.write("", "state", "warderd.lock")
        with open(self.path("state", "warderd.lock"), "wb") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            run = self.init("--dev")
            self.assertEqual(run.returncode, REJECTED)
            self.assertIn("lock", run.stderr)
        self.assertEqual(list(self.entries()), ["state/warderd.lock"])
        self.assertEqual(self.init("--dev").returncode, DONE)

    def test_what_is_left_of_a_server(self):
        for name in ("store.db", "keyring", "seal.key"):
            self.write("precious", "state", name)
            run = self.init("--dev")
            self.assertEqual(run.returncode, REJECTED)
            self.assertIn(name, run.stderr)
            self.assertEqual(self.read("state", name), b"precious")
            os.remove(self.path("state", name))

    def test_a_log_that_is_there(self):
        os.makedirs(self.path("state", "log", "journal"))
        run = self.init("--dev")
        self.assertEqual(run.returncode, REJECTED)
        self.assertIn("journal", run.stderr)
        self.assertFalse(os.path.exists(self.path("etc")))

    def test_a_token_that_is_there(self):
        self.write("mine", "etc", "admin.token")
        run = self.init("--dev")
        self.assertEqual(run.returncode, REJECTED)
        self.assertEqual(self.entries(), {"etc/admin.token": b"mine"})

    def test_a_certificate_without_its_key(self):
        self.write("mine", "etc", "tls.pem")
        self.assertEqual(self.init("--dev").returncode, REJECTED)
        self.assertEqual(self.entries(), {"etc/tls.pem": b"mine"})

    def test_a_certificate_of_another_key(self):
        key, certificate = tls_pair()[0], tls_pair()[1]
        self.write(certificate, "etc", "tls.pem")
        self.write(key, "etc", "tls.key")
        run = self.init("--dev")
        self.assertEqual(run.returncode, REJECTED)
        self.assertIn("the key is not the certificate's", run.stderr)
        self.assertEqual(sorted(self.entries()),
                         ["etc/tls.key", "etc/tls.pem"])

    def test_another_configuration_that_is_there(self):
        self.write("[server]\nname = other.example\n", "etc", "warder.conf")
        run = self.init("--dev")
        self.assertEqual(run.returncode, USAGE)
        self.assertIn("there already", run.stderr)
        self.assertEqual(len(self.entries()), 1)

    def test_a_configuration_that_is_wrong(self):
        conf = self.write("[server]\nnonsense = 1\n", "etc", "warder.conf")
        run = self.run_init("--config", conf, "--dev")
        self.assertEqual(run.returncode, USAGE)
        self.assertIn("nonsense", run.stderr)

    def test_no_server_name(self):
        self.assert_nothing(
            self.run_init("--dev", "--output", self.path("etc")), USAGE,
            "--server-name")

    def test_values_that_would_break_the_configuration(self):
        for name in ("a b", "A.example", "x\nadmin_on_public = yes", "",
                     "a;b"):
            self.assert_nothing(self.run_init(
                "--dev", "--server-name", name, "--output",
                self.path("etc")), USAGE)
        self.assert_nothing(self.init("--dev", "--listen", "nowhere"), USAGE)
        self.assert_nothing(self.run_init(
            "--dev", "--server-name", "h", "--one-user", "--output",
            self.path("etc"), "--state-dir", self.path("a\nb = c")), USAGE)

    def test_dev_with_a_passphrase(self):
        self.assert_nothing(
            self.init("--dev", "--passphrase-file", "-"), USAGE)

    def test_passphrase_on_the_command_line(self):
        self.assert_nothing(self.init("--passphrase", "x" * 20), USAGE)
        self.assert_nothing(self.init("x" * 20), USAGE)

    def test_passphrases_that_are_none(self):
        for text, says in (("", "12 to 1024"), ("\n", "12 to 1024"),
                           ("eleven char\n", "12 to 1024"),
                           ("x" * 1025, "1024"), ("x" * 5000, "1024"),
                           ("two lines of\ntext\n", "one line"),
                           ("tabs\tare controls", "one line")):
            self.assert_nothing(self.init(passphrase=text), REJECTED, says)
        run = subprocess.run(
            [WARDER, "init", "--server-name", "h", "--one-user", "--output",
             self.path("etc"), "--state-dir", self.path("state")],
            input=b"\xff\xfe no text at all", capture_output=True, timeout=60)
        self.assertEqual(run.returncode, REJECTED)
        self.assertEqual(os.listdir(self.folder), [])

    def test_passphrase_file_that_is_not_there(self):
        self.assert_nothing(self.init(
            "--passphrase-file", self.path("none")), FAULT, "none")

    def test_users_that_there_are_not(self):
        if os.getuid() != 0:
            self.skipTest("only root uses them")
        conf = self.write("[server]\nstate_dir = ../state\n[users]\n"
                          "scribe = nobody-of-that-name\n",
                          "etc", "warder.conf")
        run = self.run_init("--config", conf, "--dev")
        self.assertEqual(run.returncode, FAULT)
        self.assertIn("--one-user", run.stderr)
        self.assertEqual(list(self.entries()), ["etc/warder.conf"])

    def test_places_that_cannot_be(self):
        self.write("a file", "file")
        for option in ("--state-dir", "--output"):
            other = {"--state-dir": "--output", "--output": "--state-dir"}
            for place in ("/proc/none", self.path("file"),
                          self.path("file", "below"),
                          self.path("no", "such")):
                run = self.run_init(
                    "--dev", "--server-name", "h", "--one-user", option,
                    place, other[option], self.path("o"))
                self.assertNotEqual(run.returncode, DONE)
                self.assertEqual(self.entries(), {"file": b"a file"})
                self.assertFalse(os.path.exists(self.path("o")))

    def test_symbolic_link_for_the_state_folder(self):
        os.mkdir(self.path("real"))
        os.symlink("real", self.path("state"))
        self.assertEqual(self.init("--dev").returncode, REJECTED)
        self.assertEqual(os.listdir(self.path("real")), [])


class Passphrase(InitTest):
    def opens_with(self, passphrase):
        seal = Seal(self.path("state"))
        self.addCleanup(seal.close)
        return seal.attach().unseal(passphrase)["result"] == 0

    def test_from_standard_input(self):
        self.assertEqual(self.init(passphrase=PASSPHRASE + "\n").returncode,
                         DONE)
        self.assertTrue(self.opens_with(PASSPHRASE))

    def test_takes_work_to_guess(self):
        self.init(passphrase=PASSPHRASE)
        # scrypt with N = 2^17, r = 8, p = 1
        self.assertEqual(self.read("state", "seal")[46:50],
                         bytes([1, 17, 8, 1]))

    def test_from_a_file(self):
        file = self.write(" blanks and ümläuts stay \r\n", "pass")
        self.assertEqual(
            self.init("--passphrase-file", file).returncode, DONE)
        self.assertTrue(self.opens_with(" blanks and ümläuts stay "))

    def test_is_in_no_file(self):
        self.init(passphrase=PASSPHRASE)
        for name, data in self.entries().items():
            self.assertNotIn(PASSPHRASE.encode(), data, name)


class Terminal(InitTest):
    """Init at a terminal of the test's own."""

    def start(self):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(WARDER, [
                WARDER, "init", "--output", self.path("etc"), "--state-dir",
                self.path("state"), "--server-name", "h", "--one-user"])
        self.addCleanup(os.close, self.fd)
        self.heard = ""

    def hear(self, text, seconds=20):
        end = time.monotonic() + seconds
        while text not in self.heard:
            left = end - time.monotonic()
            assert left > 0, "no %r in %r" % (text, self.heard)
            if select.select([self.fd], [], [], left)[0]:
                try:
                    self.heard += os.read(self.fd, 4096).decode()
                except OSError:
                    assert text in self.heard, self.heard
        self.heard = self.heard.split(text, 1)[1]

    def type(self, text):
        os.write(self.fd, text.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def ended(self):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid != 0:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.01)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise AssertionError("it does not end")

    def test_asks_twice_without_echo(self):
        self.start()
        self.hear("New passphrase: ")
        self.assertFalse(self.echoes())
        self.type(PASSPHRASE + "\n")
        self.hear("Once more: ")
        self.type(PASSPHRASE + "\n")
        self.hear("Warder is initialized")
        self.assertEqual(self.ended(), DONE)
        self.assertTrue(self.echoes())
        self.assertNotIn(PASSPHRASE, self.heard)

    def test_refuses_what_differs(self):
        self.start()
        self.hear("New passphrase: ")
        self.type(PASSPHRASE + "\n")
        self.hear("Once more: ")
        self.type(PASSPHRASE + "x\n")
        self.hear("differ")
        self.assertEqual(self.ended(), REJECTED)
        self.assertTrue(self.echoes())
        self.assertEqual(os.listdir(self.folder), [])

    def test_can_be_given_up(self):
        for way in ("\x03", signal.SIGTERM, signal.SIGHUP):
            self.start()
            self.hear("New passphrase: ")
            self.type("half")
            if isinstance(way, str):
                self.type(way)
            else:
                os.kill(self.pid, way)
            self.hear("given up")
            self.assertEqual(self.ended(), FAULT)
            self.assertTrue(self.echoes())
            self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    main()
