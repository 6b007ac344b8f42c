"""warder doctor: each finding, of something that is really so."""
import datetime
import json
import os
import pwd
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import small_disk
from hsm_rig import Hsm
from ports import free_port
from server_rig import Server, wait_until
from whole import BUILD, Whole

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")


class Case(unittest.TestCase):
    OPTIONS = {}

    def setUp(self):
        self.server = Whole(**self.OPTIONS)
        self.addCleanup(self.server.remove)

    def path(self, name):
        return self.server.path(name)

    def doctor(self, *more, config=None):
        s = self.server
        done = s.run("doctor", "--config", config or s.path("warder.conf"),
                     "--json", *more, check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        said = json.loads(done.stdout)
        self.assertEqual(done.returncode == 1, said["verdict"] == "failure")
        for f in said["findings"]:
            # what is wrong comes with what to do
            self.assertEqual(f["level"] == "ok", f["advice"] == "", f)
        return said["findings"]

    def find(self, level, check, text, *more, **kw):
        """The finding is there."""
        found = self.doctor(*more, **kw)
        for f in found:
            if (f["level"], f["check"]) == (level, check) and \
                    text in f["text"]:
                return f
        raise AssertionError("no %s %s '%s' in %s" % (
            level, check, text, json.dumps(found, indent=1)))

    def levels(self, check):
        return [f["level"] for f in self.doctor() if f["check"] == check]

    def replace(self, old, new, name="warder.conf"):
        with open(self.path(name), encoding="utf-8") as f:
            text = f.read()
        self.assertIn(old, text)
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text.replace(old, new))

    def sql(self, text):
        with sqlite3.connect(self.path("state/store.db")) as db:
            db.execute(text)
        db.close()


class Files(Case):
    def test_a_server_that_is_well(self):
        for check in ("configuration", "files", "space", "store", "tls",
                      "limits", "backends", "server"):
            self.assertEqual(self.levels(check), ["ok"], check)

    def test_in_words(self):
        done = self.server.run("doctor", "--config",
                               self.path("warder.conf"), check=False)
        self.assertRegex(done.stdout.decode(), r"(?m)^ok +tls ")
        self.assertRegex(done.stdout.decode(), r"(?m)^warning +users ")

    def test_no_configuration(self):
        f = self.find("failure", "configuration", "",
                      config=self.path("none.conf"))
        self.assertIn("warder init", f["advice"])

    def test_a_configuration_with_an_error(self):
        self.server.add_config("[server]", "nonsense = 1")
        self.find("failure", "configuration", "nonsense")

    def test_all_roles_one_user(self):
        self.find("warning", "users", "one user")

    def test_no_users(self):
        self.replace("separate = no", "separate = yes")
        self.server.add_config("[users]", "keeper = no-such-user",
                               "[admin]", "group = no-such-group")
        self.find("failure", "users", "no-such-user")
        self.find("failure", "users", "no-such-group")

    def test_wrong_modes(self):
        for name, mode in (("tls.key", 0o640), ("state/store.db", 0o604),
                           ("state/seal", 0o660), ("state/keyring", 0o644),
                           ("state/seal.key", 0o640), ("state", 0o755),
                           ("state/log/checkpoint.key", 0o644),
                           ("state/log", 0o711), ("admin.token", 0o644),
                           ("warder.conf", 0o664), ("tls.pem", 0o666)):
            with self.subTest(name):
                path = self.path(name)
                before = os.stat(path).st_mode & 0o777
                os.chmod(path, mode)
                f = self.find("failure", "files", path + " has mode")
                subprocess.run(f["advice"].split(), check=True, timeout=10)
                self.assertEqual(self.levels("files"), ["ok"])
                os.chmod(path, before)

    @unittest.skipUnless(os.getuid() == 0, "NOT ROOT: owners not tried")
    def test_wrong_owners(self):
        for name in ("tls.key", "state/store.db", "state/log/checkpoint.key"):
            path = self.path(name)
            os.chown(path, 12345, -1)
            f = self.find("failure", "files", path + " belongs to")
            subprocess.run(f["advice"].split(), check=True, timeout=10)
            self.assertEqual(self.levels("files"), ["ok"])

    def test_missing_files(self):
        for name in ("state/keyring", "state/store.db", "tls.pem",
                     "state/log/checkpoint.key"):
            os.rename(self.path(name), self.path("elsewhere"))
            self.find("failure", "files", self.path(name) + " is not there")
            os.rename(self.path("elsewhere"), self.path(name))

    def test_no_state_folder(self):
        os.rename(self.path("state"), self.path("elsewhere"))
        self.find("failure", "files", "is not there")
        self.find("failure", "space", "")
        os.rename(self.path("elsewhere"), self.path("state"))


class Store(Case):
    def test_a_damaged_store(self):
        with open(self.path("state/store.db"), "r+b") as f:
            f.seek(0)
            f.write(b"no database")
        f = self.find("failure", "store", "damaged")
        self.assertIn("restore", f["advice"])

    def test_a_page_that_is_damaged(self):
        self.server.start()
        for i in range(40):
            self.server.put_secret("default/a/%d" % i, os.urandom(4000),
                                   policy_id=None)
        self.server.stop()
        self.sql("PRAGMA wal_checkpoint(TRUNCATE)")
        path = self.path("state/store.db")
        with open(path, "r+b") as f:
            f.seek(os.path.getsize(path) // 2)
            f.write(os.urandom(6000))
        self.find("failure", "store", "damaged")

    def test_another_format(self):
        self.sql("PRAGMA user_version=77")
        f = self.find("failure", "store", "format 77")
        self.assertIn("version that made it", f["advice"])

    def test_no_collateral(self):
        self.find("warning", "collateral", "there is no collateral")

    def test_collateral_that_expires(self):
        self.server.start()
        self.server.stop()
        now = int(datetime.datetime.now().timestamp())
        self.sql("UPDATE docs SET next_update = %d WHERE role = 2" %
                 (now + 3600))
        self.find("warning", "collateral", "expires soon")
        self.sql("UPDATE docs SET next_update = %d WHERE role = 2" %
                 (now - 3600))
        self.find("failure", "collateral", "has expired")

    def test_the_clock_is_behind_the_store(self):
        now = int(datetime.datetime.now().timestamp())
        for ahead, level in ((1200, "warning"), (7200, "failure")):
            self.sql("INSERT OR REPLACE INTO meta VALUES('latest_time', "
                     "CAST('%d' AS BLOB))" % (now + ahead))
            self.find(level, "clock", "behind")


class Seals(Case):
    def test_a_seal_for_development(self):
        self.find("warning", "seal", "DEVELOPMENT")
        self.find("ok", "seal", "opens by itself")

    def test_a_key_that_does_not_open(self):
        with open(self.path("state/seal.key"), "r+b") as f:
            f.write(b"\0" * 8)
        self.find("failure", "seal", "does not open")

    def test_a_keyring_that_is_damaged(self):
        with open(self.path("state/keyring"), "r+b") as f:
            f.seek(40)
            f.write(b"\0" * 8)
        self.find("failure", "seal", "keyring is damaged")

    def test_a_seal_that_is_damaged_or_gone(self):
        with open(self.path("state/seal"), "r+b") as f:
            f.write(b"nonsense")
        self.find("failure", "seal", "cannot be read")
        os.unlink(self.path("state/seal"))
        self.find("failure", "seal", "no server was made here")

    def test_half_migrated(self):
        """Killed after the new seal was in force: no case for a backup."""
        for name in ("keyring", "seal.key"):
            shutil.copy(self.path("state/" + name),
                        self.path("state/%s.next" % name))
            with open(self.path("state/" + name), "r+b") as f:
                f.seek(8)
                f.write(os.urandom(16))  # of another root key
        f = self.find("failure", "seal", "migration of the seal")
        self.assertIn("start the server", f["advice"])
        self.assertNotIn("restore", f["advice"])
        self.server.start()
        self.assertFalse(self.server.status()["sealed"])
        self.find("ok", "seal", "opens by itself")

    def test_half_restored(self):
        os.rename(self.path("state/seal"),
                  self.path("state/restore.unfinished"))
        f = self.find("failure", "seal", "half restored")
        self.assertIn("warder restore", f["advice"])


class Keyring(Case):
    def test_of_a_server_that_runs(self):
        self.server.start()
        self.find("ok", "keyring", "term 1 has encrypted")
        self.find("ok", "keyring", "0 days old; it is rotated by itself after "
                  "90")
        self.find("ok", "keyring", "it has 1 term; everything")
        self.server.warder("keyring", "rotate")
        self.find("ok", "keyring", "term 2 has encrypted 0 times")

    def test_without_one(self):
        self.find("ok", "keyring", "the newest of its 1 terms is 1")

    def test_never_for_its_age(self):
        self.server.add_config("[seal]", "keyring_age = 0")
        self.server.start()
        f = self.find("warning", "keyring", "not rotated for its age")
        self.assertIn("keyring_age", f["advice"])


class Told(Case):
    """What a server would have to say for it, said by another."""

    def say(self, **keyring):
        told = dict({"limit": 1000, "rows_left": 0, "term": 4, "terms": 2,
                     "since": datetime.datetime.utcnow().strftime(
                         "%Y-%m-%dT%H:%M:%SZ"), "uses": 10}, **keyring)
        body = json.dumps({"keyring": told}).encode()
        path = self.path("run/admin.sock")
        if os.path.exists(path):
            os.unlink(path)
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
            s.listen()
            s.settimeout(20)

            def serve():
                try:
                    while True:
                        c, _ = s.accept()
                        with c:
                            c.settimeout(5)
                            c.recv(4096)
                            c.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: "
                                      b"application/json\r\nContent-Length: "
                                      b"%d\r\nConnection: close\r\n\r\n%s"
                                      % (len(body), body))
                except OSError:
                    pass  # it is over
            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            found = [f for f in self.doctor() if f["check"] == "keyring"]
            s.shutdown(socket.SHUT_RDWR)
        thread.join(10)
        return found

    def warned(self, text, **keyring):
        found = [f for f in self.say(**keyring) if f["level"] == "warning"]
        self.assertEqual(len(found), 1, found)
        self.assertIn(text, found[0]["text"])
        return found[0]["advice"]

    def test_what_is_due_or_unfinished(self):
        self.assertEqual({f["level"] for f in self.say()}, {"ok"})
        self.assertIn("keyring rotate", self.warned(
            "encrypted 875 of 1000 times", uses=875))
        self.assertEqual({f["level"] for f in self.say(uses=874)}, {"ok"})
        self.assertIn("keyring rotate", self.warned(
            "days old, with 90 allowed", since="2025-01-01T00:00:00Z"))
        self.assertIn("keyring rotate", self.warned(
            "is not known", since=None))
        self.assertIn("keyring status", self.warned(
            "7 stored secrets are still under older terms", rows_left=7))
        self.assertIn("keyring status", self.warned(
            "it has 16 terms", terms=16))

    def test_what_makes_no_sense_is_survived(self):
        for odd in ({"uses": -1}, {"limit": 0}, {"since": "x"},
                    {"uses": 2 ** 63, "limit": 2 ** 63},
                    {"terms": "many"}, {"term": None}):
            self.assertTrue(self.say(**odd), odd)


class Typed(Case):
    OPTIONS = {"passphrase": "correct horse battery"}

    def test_a_passphrase_is_not_asked_for(self):
        self.find("ok", "seal", "passphrase: operators open it")

    def test_a_sealed_server(self):
        self.server.start()
        f = self.find("warning", "server", "sealed")
        self.assertEqual(f["advice"], "warder unseal")
        self.server.unseal()
        self.assertNotIn("it is sealed", json.dumps(self.doctor()))


class Device(Case):
    def setUp(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder, True)
        self.hsm = Hsm(os.path.join(folder, "hsm"))
        self.server = Server(BUILD, seal=self.hsm.options("--generate-key"))
        self.addCleanup(self.server.remove)

    def test_an_hsm_that_opens(self):
        self.find("ok", "seal", "pkcs11: it opens by itself")

    def test_an_hsm_that_is_not_there(self):
        self.hsm.write_pin("1234567")
        self.find("failure", "seal", "pkcs11: it does not open")
        shutil.rmtree(self.hsm.folder + "/tokens")
        self.find("failure", "seal", "pkcs11: it does not open")


@unittest.skipUnless(os.getuid() == 0, "NOT ROOT: other users not tried")
class BackendUser(Case):
    """What is loaded or spoken to for a backend, as root never."""

    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder, True)
        os.chmod(self.folder, 0o755)
        for name in ("ca", "secret"):
            shutil.copy(self.path("tls.pem"),
                        os.path.join(self.folder, name))
            os.chmod(os.path.join(self.folder, name), 0o644)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(30)
        self.addCleanup(self.socket.close)

    def test_it_is_asked_as_its_user(self):
        self.replace("separate = no", "separate = yes")
        self.server.add_config(
            "[users]", "backend = nobody", "[backend one]", "kind = vault",
            "address = https://127.0.0.1:%d" % self.socket.getsockname()[1],
            "ca = %s/ca" % self.folder, "login = token",
            "secret = %s/secret" % self.folder)
        doctor = subprocess.Popen(
            [os.path.join(BUILD, "warder"), "doctor", "--config",
             self.path("warder.conf"), "--json"], stdout=subprocess.DEVNULL,
            env={"SECRET_OF_ROOTS": "x"})
        self.addCleanup(doctor.wait)
        self.addCleanup(doctor.kill)
        with self.socket.accept()[0]:
            with open("/proc/%d/task/%d/children" % (
                    doctor.pid, doctor.pid), encoding="ascii") as f:
                child, = f.read().split()
            with open("/proc/%s/status" % child, encoding="utf-8") as f:
                status = dict(line.rstrip("\n").split(":\t", 1) for line in f
                              if ":\t" in line)
        nobody = str(pwd.getpwnam("nobody").pw_uid)
        self.assertEqual(status["Uid"].split(), [nobody] * 4)
        self.assertEqual(status["Groups"].split(), [])
        self.assertEqual(status["NoNewPrivs"], "1")


class Tls(Case):
    def certificate(self, days, name="localhost", key=None):
        with open(self.path("tls.key"), "rb") as f:
            own = serialization.load_pem_private_key(f.read(), None)
        key = key or own
        now = datetime.datetime.now(datetime.timezone.utc)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        start, end = sorted((now - datetime.timedelta(days=90),
                             now + datetime.timedelta(days=days)))
        if days > 1000:
            start = now + datetime.timedelta(days=100)
        cert = x509.CertificateBuilder().subject_name(subject).issuer_name(
            subject).public_key(key.public_key()).serial_number(77
        ).not_valid_before(start).not_valid_after(end).add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name)]),
            False).sign(key, hashes.SHA256())
        with open(self.path("tls.pem"), "wb") as f:
            f.write(cert.public_bytes(serialization.Encoding.PEM))

    def test_expired(self):
        self.certificate(-1)
        self.find("failure", "tls", "has expired")

    def test_expires_soon(self):
        self.certificate(10)
        self.find("warning", "tls", "expires soon")

    def test_not_valid_yet(self):
        self.certificate(2000)
        self.find("failure", "tls", "not valid yet")

    def test_another_name(self):
        self.certificate(300, "elsewhere.example")
        self.find("warning", "tls", "does not name localhost")

    def test_another_key(self):
        self.certificate(300, key=ec.generate_private_key(ec.SECP256R1()))
        f = self.find("failure", "tls", "")
        self.assertIn("this key", f["advice"])

    def test_no_certificate(self):
        with open(self.path("tls.pem"), "wb") as f:
            f.write(b"nothing")
        self.find("failure", "tls", "")


class Log(Case):
    def run_it(self):
        self.server.start()
        wait_until(lambda: os.path.exists(
            self.path("state/log/checkpoint")), "checkpoint")
        self.server.stop()

    def test_a_log_that_is_whole(self):
        self.find("warning", "log", "no signed checkpoint")
        self.run_it()
        self.find("ok", "log", "the checkpoint is over them")

    def test_a_log_that_was_changed(self):
        self.run_it()
        folder = self.path("state/log/journal")
        first = sorted(n for n in os.listdir(folder) if n.isdigit())[0]
        with open(os.path.join(folder, first), "r+b") as f:
            data = f.read(4096)
            at = data.index(b'"event":"init"')
            f.seek(at + 10)
            f.write(b"tiny")
        self.find("failure", "log", "")

    def test_a_checkpoint_by_another_key(self):
        self.run_it()
        with open(self.path("state/log/checkpoint"), "r+b") as f:
            text = f.read()
            f.seek(len(text) - 12)
            f.write(b"AAAA")
        self.find("failure", "log", "forged")

    def test_no_log(self):
        shutil.rmtree(self.path("state/log"))
        self.find("failure", "log", "cannot be opened")


class Running(Case):
    def test_a_server_that_runs(self):
        self.server.start()
        self.find("warning", "server", "SOFTWARE")
        self.assertNotIn("failure", self.levels("server"))

    def test_a_role_that_was_started_again(self):
        self.server.start()
        pid = self.server.processes("scribe")[0]["pid"]
        os.kill(pid, 9)
        wait_until(self.server.is_ready, "readiness")
        self.find("warning", "server", "scribe was started again")

    def test_a_socket_that_nobody_serves(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(self.path("run/admin.sock"))
        self.find("warning", "server", "nobody answers")

    def test_what_answers_is_no_server(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(self.path("run/admin.sock"))
            s.listen()

            def serve():
                c, _ = s.accept()  # it asks once
                c.recv(4096)
                c.sendall(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
                c.close()
            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            self.find("failure", "server", "answers 500")
            thread.join(10)


class Limits(Case):
    def limited(self, *limits):
        s = self.server
        done = subprocess.run(
            ["prlimit", *limits, s.program("warder"), "doctor", "--config",
             s.path("warder.conf"), "--json"], stdout=subprocess.PIPE,
            timeout=30)
        return [f for f in json.loads(done.stdout)["findings"]
                if f["check"] == "limits"]

    def test_few_files(self):
        found, = self.limited("--nofile=300")
        self.assertEqual(found["level"], "warning")
        self.assertIn("300 files", found["text"])


class Agent(Case):
    def setUp(self):
        super().setUp()
        self.conf = self.path("agent.conf")
        self.write()

    def write(self, *more):
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write("[agent]\nsocket = %s\nseparate_users = no\n"
                    "[server]\naddress = localhost:1\nca = %s\n"
                    "release_key = %s\n[attester]\nkind = swtee\n"
                    "[swtee]\ndir = %s\n" % (
                        self.path("holder.sock"), self.path("tls.pem"),
                        self.server.release_key, self.path("swtee")))
            f.write("\n".join(more))

    def test_none_is_named(self):
        self.find("failure", "agent", "cannot be used", "--agent-config",
                  self.path("none.conf"))

    def test_one_that_does_not_run(self):
        self.find("warning", "agent", "does not run", "--agent-config",
                  self.conf)
        self.find("warning", "agent", "no key", "--agent-config", self.conf)

    def test_a_root_that_others_can_change_or_that_is_gone(self):
        os.chmod(self.path("tls.pem"), 0o666)
        self.find("failure", "agent", "others can change it",
                  "--agent-config", self.conf)
        os.rename(self.path("tls.pem"), self.path("gone"))
        self.find("failure", "agent", "No such file", "--agent-config",
                  self.conf)

    def test_an_error_in_it(self):
        self.write("[agent]", "nonsense = 1")
        self.find("failure", "agent", "nonsense", "--agent-config", self.conf)


class Backends(Case):
    def test_one_that_cannot_be_reached(self):
        port = free_port()
        with open(self.path("vault.token"), "w", encoding="utf-8",
                  opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write("hvs.x\n")
        self.server.add_config(
            "[backend far]", "kind = vault",
            "address = https://127.0.0.1:%d" % port,
            "ca = " + self.path("tls.pem"),
            "secret = " + self.path("vault.token"))
        found = [f for f in self.doctor() if f["check"] == "backends"]
        if not found: # the form of the section has changed
            self.fail(json.dumps(self.doctor(), indent=1))
        self.assertEqual(found[0]["level"], "failure")
        self.assertIn("far (vault)", found[0]["text"])


class Documented(unittest.TestCase):
    def test_every_check_is_in_the_documents(self):
        with open(os.path.join(ROOT, "src/bin/warder/doctor.c"),
                  encoding="utf-8") as f:
            names = re.findall(r'\t\{ "(\w+)", doctor_', f.read())
        with open(os.path.join(ROOT, "docs/doctor.md"),
                  encoding="utf-8") as f:
            rows = re.findall(r"(?m)^\| `(\w+)`", f.read())
        self.assertGreater(len(names), 10)
        self.assertEqual([r for r in rows if r not in (
            "collateral", "clock")], names)


class Disk(unittest.TestCase):
    """On a disk of 256 MiB."""
    find, doctor = Case.find, Case.doctor

    def setUp(self):
        if not small_disk.folder():
            self.skipTest("NO MOUNT NAMESPACE: full disk not tried")
        tempfile.tempdir = small_disk.folder()
        self.server = Whole()
        self.addCleanup(self.server.remove)

    def test_little_room_and_none(self):
        self.find("warning", "space", "only")
        ballast = small_disk.fill(leave=1 << 20)
        self.find("failure", "space", "less than the 64")
        os.unlink(ballast)


if __name__ == "__main__":
    if "Disk" in sys.argv:
        small_disk.go_inside()
    unittest.main(argv=["test_doctor"] + sys.argv[2:], verbosity=2)
