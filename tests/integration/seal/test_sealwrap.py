"""Keys and secrets that the HSM of the seal wraps too: a whole server with
SoftHSM 2, which goes away and comes back."""
import copy
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from backup_rig import Restored, backup
from coco_client import Refused, open_release, unb64url
from hsm_rig import Hsm
from server_rig import Failed, wait_until
from whole import SECRET, Whole, refusal

OTHER = "default/db/other"
SLOW = os.path.abspath(sys.argv[2])


class Case(unittest.TestCase):
    CONFIG = ("[seal]", "probe_seconds = 1")
    NAMES = {}

    @classmethod
    def options(cls):
        return ()

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sealwrap-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.hsm = Hsm(os.path.join(cls.folder, "hsm"))
        cls.server = s = Whole(
            seal=cls.hsm.options("--generate-key", *cls.options(),
                                 **cls.NAMES))
        cls.addClassCleanup(s.remove)
        s.add_config(*cls.CONFIG)
        s.start()
        cls.policy = s.add_policy(prefix="default/db")
        wait_until(lambda: s.status()["seal"]["last_good_probe"], "a trial")

    def warder(self, *args, **kw):
        return self.server.warder(*args, **kw)

    def refused(self, *args, **kw):
        with self.assertRaises(Failed) as failed:
            self.warder(*args, **kw)
        return str(failed.exception)

    def put(self, path=SECRET, data=None, mark=True):
        data = os.urandom(24) if data is None else data
        self.warder("secret", "put", path, "--file", "-",
                    *(["--seal-wrap"] if mark else []), stdin=data)
        return data

    def get(self, path=SECRET):
        return self.server.run(
            "secret", "get", path, "--admin", self.server.socket,
            "--token-file", self.server.token_file).stdout

    def create(self, kind="aes-256", *more):
        return self.warder("key", "create", "--kind", kind, "--policy",
                           self.policy, "--seal-wrap", *more)

    def device(self):
        return [p["pid"] for p in self.server.processes("device")
                if p["ready"]]

    def new_device(self):
        old = self.device()
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self.device() and self.device() != old,
                   "a new device")

    def tokens(self):
        return os.path.join(self.hsm.folder, "tokens")

    def reads(self, data):
        try:
            return self.get() == data
        except Failed:
            return False

    def take_hsm_away(self):
        os.rename(self.tokens(), self.tokens() + ".away")
        os.mkdir(self.tokens())
        self.new_device()

    def bring_hsm_back(self):
        shutil.rmtree(self.tokens())
        os.rename(self.tokens() + ".away", self.tokens())
        self.new_device()
        self.wait_for_hsm()

    def wait_for_hsm(self):
        def good():
            seal = self.server.status()["seal"]
            return seal["failing_since"] is None and \
                seal["wrap_failing_since"] is None
        wait_until(good, "the HSM")

    def clear(self):
        """No marks are left for the next test."""
        for secret in self.warder("secret", "list")["items"]:
            self.warder("secret", "delete", secret["path"])
        for key in self.warder("key", "list")["items"]:
            self.warder("key", "delete", key["id"])
        self.assertEqual(self.server.status()["seal"]["wrapped"], 0)

    def store(self):
        return self.server.path("state/store.db")

    def entries(self, event):
        return [e for e in self.server.entries() if e["event"] == event]


class Life(Case):
    def tearDown(self):
        self.wait_for_hsm()
        self.clear()

    def test_a_marked_secret_is_read_and_released_and_shown(self):
        data = self.put()
        self.put(OTHER, mark=False)
        self.assertEqual(self.get(), data)
        self.assertEqual(self.server.attested().resource(SECRET), data)
        shown = {s["path"]: s.get("seal_wrap")
                 for s in self.warder("secret", "list")["items"]}
        self.assertEqual(shown, {SECRET: True, OTHER: None})
        status = self.server.status()["seal"]
        self.assertEqual((status["wrapped"], status["wrap_failing_since"]),
                         (1, None))
        key = self.create()
        self.assertTrue(key["seal_wrap"])
        self.assertTrue(self.warder("key", "show", key["id"])["seal_wrap"])
        self.assertEqual(self.server.status()["seal"]["wrapped"], 2)
        said = self.server.run("doctor", "--config",
                               self.server.path("warder.conf"), check=False)
        self.assertIn(b"2 keys and secrets have seal wrap, and the HSM "
                      b"answers", said.stdout)
        self.assertIn(b"2 keys and secrets in it open with the HSM of the "
                      b"seal alone", said.stdout)

    def test_a_marked_key_is_released_used_certified_and_rotated(self):
        key = self.create("ec-p256", "--label", "web")
        path = "default/key/" + key["id"]
        client = self.server.attested()
        first = client.resource(path)
        self.assertEqual(client.resource(path), first)
        native = open_release(client.resource(path, native=True),
                              self.server.release_key)
        self.assertEqual(unb64url(native["key"]["bytes"]), first)
        csr = self.server.run(
            "key", "csr", key["id"], "--subject", "CN=web.test", "--admin",
            self.server.socket, "--token-file", self.server.token_file)
        self.assertIn(b"CERTIFICATE REQUEST", csr.stdout)
        made = self.warder("key", "rotate", key["id"])
        self.assertEqual((made["version"], made["seal_wrap"]), (2, True))
        self.assertNotEqual(client.resource(path), first)
        self.assertEqual(client.resource(path + ".v1"), first)
        aes = self.create("aes-256", "--stays")
        sealed = client.use(aes["id"], "encrypt", plaintext=b"text")
        self.assertEqual(client.use(
            aes["id"], "decrypt", ciphertext=sealed["ciphertext"])
            ["plaintext"], b"text")
        out = self.server.run(
            "key", "encrypt", aes["id"], "--file", "-", "--admin",
            self.server.socket, "--token-file", self.server.token_file,
            stdin=b"by an admin", check=False)
        self.assertEqual(out.returncode, 0, out.stderr)

    def test_without_the_hsm_it_is_503_and_in_the_log_until_it_is_back(self):
        data, plain = self.put(), self.put(OTHER, mark=False)
        key = self.create()
        client = self.server.attested()
        self.take_hsm_away()
        refused = refusal(client.resource, SECRET)
        self.assertEqual((refused.status, refused.type),
                         (503, "HsmUnavailable"))
        entry = self.entries("release")[-1]
        self.assertEqual((entry["reason"], entry["path"], entry["result"]),
                         ("hsm_unavailable", SECRET, "deny"))
        refused = refusal(client.use, key["id"], "encrypt", plaintext=b"x")
        self.assertEqual(refused.status, 503)
        self.assertEqual(self.entries("use")[-1]["reason"], "hsm_unavailable")
        self.assertIn("hsm_unavailable", self.refused("secret", "get", SECRET))
        self.assertIn("hsm_unavailable", self.refused(
            "secret", "put", OTHER, "--file", "-", "--seal-wrap", stdin=b"x"))
        self.assertIn("hsm_unavailable", self.refused(
            "key", "rotate", key["id"]))
        self.assertEqual(client.resource(OTHER), plain)
        wait_until(lambda: self.server.status()["seal"]["wrap_failing_since"],
                   "a status")
        self.assertTrue([w for w in self.server.status()["warnings"]
                         if "seal wrap" in w])
        said = self.server.run("doctor", "--config",
                               self.server.path("warder.conf"), check=False)
        self.assertIn(b"the HSM does not open them", said.stdout)
        self.bring_hsm_back()
        self.assertEqual(client.resource(SECRET), data)

    def test_an_hsm_that_hangs_holds_up_nobody_else(self):
        data, plain = self.put(), self.put(OTHER, mark=False)
        client, other = self.server.attested(), self.server.attested()
        hung = self.device()[0]
        os.kill(hung, signal.SIGSTOP)
        said = []
        waiting = threading.Thread(target=lambda: said.append(
            refusal(client.resource, SECRET).type))
        waiting.start()
        while waiting.is_alive():
            self.assertEqual(other.resource(OTHER), plain)
        waiting.join()
        self.assertEqual(said, ["HsmUnavailable"])
        wait_until(lambda: self.device() and hung not in self.device(),
                   "a new device")
        wait_until(lambda: self.reads(data), "a read")

    def test_a_pin_that_is_refused_is_not_tried_by_reads(self):
        def failures():
            text = self.server.log_text()
            return text.count("seal_probe_failed") + \
                text.count("hsm_does_not_answer")

        data, before = self.put(), failures()
        self.hsm.write_pin("0" * 10)
        try:
            self.new_device()
            # Until the new device is there, it may be that nothing answers.
            wait_until(lambda: "is not tried again" in self.refused(
                "secret", "get", SECRET), "a refused PIN")
            after = failures()
            self.assertGreater(after, before)
            for _ in range(3):
                self.assertIn("is not tried again", self.refused(
                    "secret", "get", SECRET))
            self.assertEqual(failures(), after)
        finally:
            self.hsm.write_pin(self.hsm.pin)
            self.new_device()
        wait_until(lambda: self.reads(data), "a read")

    def test_a_keyring_that_is_rotated_and_a_restart_keep_it(self):
        data = self.put()
        term = self.server.status()["keyring"]["term"]
        self.warder("keyring", "rotate")
        wait_until(lambda: self.server.status()["keyring"]["term"] > term and
                   self.server.status()["keyring"]["rows_left"] == 0, "a term")
        self.assertEqual(self.get(), data)
        self.server.stop()
        self.server.start()
        self.assertEqual(self.get(), data)
        self.assertEqual(self.server.status()["seal"]["wrapped"], 1)

    def test_one_client_does_not_have_the_hsm_to_itself(self):
        data, said, got = self.put(), [], []
        client, other = self.server.attested(), self.server.attested()

        def connected():
            one = copy.copy(client)
            one.connection = None
            one.ok("GET", "/healthz")
            return one

        def ask(one):
            try:
                said.append(one.resource(SECRET) == data)
            except Refused as refused:
                said.append(refused.type)

        # Only what takes place while the HSM does not answer has to be fast.
        clients = [connected() for _ in range(30)]
        device, = self.device()
        os.kill(device, signal.SIGSTOP)
        try:
            threads = [threading.Thread(target=ask, args=(one,))
                       for one in clients]
            for t in threads:
                t.start()
            wait_until(lambda: len(said) == 6, "refusals")
            threads.append(threading.Thread(
                target=lambda: got.append(other.resource(SECRET))))
            threads[-1].start()
            threads[-1].join(0.3)
        finally:
            os.kill(device, signal.SIGCONT)
        for t in threads:
            t.join(20)
        self.assertEqual(got, [data])
        self.assertEqual(said, ["Overloaded"] * 6 + [True] * 24)

    def test_the_processes_that_ask_may_die(self):
        data = self.put()
        for role in ("device", "seal", "keeper"):
            for p in self.server.processes(role):
                os.kill(p["pid"], signal.SIGKILL)
            wait_until(lambda: self.reads(data), "a read after " + role)

    def test_marks_are_put_on_and_taken_off(self):
        data = self.put(mark=False)
        self.assertTrue(self.warder("secret", "seal-wrap", SECRET)
                        ["seal_wrap"])
        self.assertEqual(self.get(), data)
        self.assertNotIn("seal_wrap", self.warder(
            "secret", "seal-wrap", SECRET, "--off"))
        key = self.warder("key", "create", "--kind", "ec-p256", "--policy",
                          self.policy)
        self.warder("key", "rotate", key["id"])
        path = "default/key/%s.v%d"
        client = self.server.attested()
        before = [client.resource(path % (key["id"], n)) for n in (1, 2)]
        self.warder("key", "seal-wrap", key["id"])
        self.assertEqual(self.server.status()["seal"]["wrapped"], 2)
        self.assertEqual(before, [client.resource(path % (key["id"], n))
                                  for n in (1, 2)])
        self.warder("key", "seal-wrap", key["id"], "--off")
        self.assertEqual(self.server.status()["seal"]["wrapped"], 0)
        self.assertEqual(before, [client.resource(path % (key["id"], n))
                                  for n in (1, 2)])
        self.assertEqual([e["result"] for e in self.entries("key_seal_wrap")],
                         ["allow", "allow"])

    def test_another_row_does_not_open_in_its_place(self):
        self.put()
        self.put(OTHER)
        self.server.stop()
        with sqlite3.connect(self.store()) as db:
            db.execute("UPDATE secrets SET wrapped = (SELECT wrapped FROM "
                       "secrets WHERE path = ?) WHERE path = ?",
                       (SECRET, OTHER))
            db.execute("UPDATE secrets SET hsm = 0 WHERE path = ?", (SECRET,))
        db.close()
        self.server.start()
        self.assertIn("tampered", self.refused("secret", "get", OTHER))
        self.assertIn("tampered", self.refused("secret", "get", SECRET))

    def test_the_isecl_door_marks_keys_too(self):
        with open(self.server.token_file, encoding="ascii") as f:
            token = f.read().strip()
        done = subprocess.run(
            ["curl", "-s", "-m", "10", "--unix-socket", self.server.socket,
             "-H", "Authorization: Bearer " + token, "-H",
             "Content-Type: application/json", "-H",
             "Accept: application/json", "-d",
             json.dumps({"key_information": {
                 "algorithm": "AES", "key_length": 256, "seal_wrap": True}}),
             "http://localhost/kbs/v1/keys"],
            capture_output=True, text=True, timeout=20)
        made = json.loads(done.stdout)
        self.assertTrue(made["key_information"]["seal_wrap"], done.stdout)


class SlowStart(Case):
    """A module takes longer to start than anybody waits for an answer."""

    SECONDS = 7  # seal waits for 4 and for 6
    NAMES = {"module": SLOW}

    def kill(self, *roles):
        for role in roles:
            for p in self.server.processes(role):
                os.kill(p["pid"], signal.SIGKILL)

    def restarts(self):
        return [p["restarts"] for p in self.server.processes("device")]

    def test_nothing_is_asked_of_it_before_it_is_up(self):
        data = self.put()
        self.server.stop()
        with open(self.hsm.conf + ".slow", "w", encoding="ascii") as f:
            f.write(str(self.SECONDS * 1000))
        said = len(self.server.log_text())
        self.server.start(ready=False)
        wait_until(self.server.is_ready, "readiness", 40)
        wait_until(lambda: self.reads(data), "a read", 40)
        self.assertEqual(self.restarts(), [0])
        # A trial finds that it is gone, which nobody else is to pay for.
        self.kill("device")
        wait_until(lambda: self.server.status()["seal"]["failing_since"],
                   "a failing trial")
        for n, roles in ((1, ()), (1, ["seal"]), (2, ["seal", "device"])):
            self.kill(*roles)
            wait_until(lambda: self.restarts() == [n] and self.reads(data),
                       "a read after %s" % (roles or "device"), 40)
        os.kill(self.server.process.pid, signal.SIGHUP)
        wait_until(lambda: '"reloaded"' in self.server.log_text(), "reload")
        self.assertEqual(self.get(), data)
        self.assertEqual(self.restarts(), [2])
        # One that was killed with seal may be dead when it is to be joined.
        self.assertEqual([
            line for line in self.server.log_text()[said:].splitlines()
            if "role_killed" in line and '"device"' in line and
            "does not take a peer" not in line], [])


class Migration(Case):
    def tearDown(self):
        self.clear()

    def migrate(self, *args):
        return self.warder("seal", "migrate", *args)

    def test_away_from_the_hsm_is_refused_until_nothing_is_wrapped(self):
        data = self.put()
        key = self.create()
        said = self.refused("seal", "migrate", "--to", "file")
        self.assertIn("conflict", said)
        self.assertIn("seal-wrap --off", said)
        self.assertEqual(self.server.status()["seal"]["kind"], "pkcs11")
        self.assertEqual(self.get(), data)
        # To a new root key under the same key of the HSM it goes.
        self.migrate("--to", "pkcs11")
        self.assertEqual(self.get(), data)
        self.server.stop()
        self.server.start()
        self.assertEqual(self.get(), data)
        self.warder("key", "seal-wrap", key["id"], "--off")
        self.warder("secret", "seal-wrap", SECRET, "--off")
        self.migrate("--to", "file")
        self.assertEqual(self.get(), data)
        said = self.refused("secret", "seal-wrap", SECRET)
        self.assertIn("hsm_seal_not_configured", said)
        said = self.refused("key", "create", "--kind", "aes-256",
                            "--seal-wrap")
        self.assertIn("hsm_seal_not_configured", said)
        self.migrate("--to", "pkcs11")
        wait_until(lambda: self.server.status()["seal"]["last_good_probe"],
                   "a trial")
        self.warder("secret", "seal-wrap", SECRET)
        self.assertEqual(self.get(), data)

    def test_to_another_key_of_the_hsm_is_refused(self):
        self.put()
        kept = os.path.join(self.folder, "kept")
        shutil.copytree(self.tokens(), kept)
        self.hsm.key_tool("--delete-object", "--type", "secrkey", "--label",
                          "root")
        self.new_device()
        said = self.refused("seal", "migrate", "--to", "pkcs11",
                            "--generate-key")
        self.assertIn("conflict", said)
        shutil.rmtree(self.tokens())
        shutil.copytree(kept, self.tokens())
        self.new_device()
        wait_until(lambda: self.server.status()["seal"]["failing_since"]
                   is None, "the HSM")
        time.sleep(1.1)
        self.get()


class RootKeyAlone(Case):
    """Whoever has the root key, the keyring and the store, but no HSM: here an
    operator with break-glass shares."""

    OPTIONS = ("--break-glass-shares", "1", "--break-glass-threshold", "1",
               "--share-dir")

    @classmethod
    def options(cls):
        return (*cls.OPTIONS, os.path.join(cls.folder, "shares"))

    def break_glass(self, server):
        wait_until(lambda: server.status()["log"]["writable"], "a log")
        server.warder("unseal", "--break-glass", "--passphrase-file",
                      os.path.join(self.folder, "shares", "break-glass-1"))
        wait_until(server.is_ready, "readiness")

    def test_is_not_enough_here_nor_in_a_place_restored_without_the_hsm(self):
        data, plain = self.put(), self.put(OTHER, mark=False)
        wait_until(lambda: os.path.exists(
            self.server.path("state/log/checkpoint")), "a checkpoint")
        place = self.restored()
        self.server.stop()
        os.rename(self.tokens(), self.tokens() + ".away")
        os.mkdir(self.tokens())
        self.server.start(ready=False)
        self.break_glass(self.server)
        self.assertEqual(self.get(OTHER), plain)
        self.assertIn("hsm_unavailable", self.refused("secret", "get", SECRET))
        self.assertIn("hsm_unavailable", self.refused(
            "secret", "seal-wrap", SECRET, "--off"))
        self.assertIn("conflict", self.refused(
            "seal", "migrate", "--to", "file", "--drop-break-glass"))
        # What it has not opened it does not wrap either.
        self.assertIn("hsm_unavailable", self.refused(
            "secret", "seal-wrap", OTHER))
        place.start(ready=False)
        self.break_glass(place)
        out = lambda path: place.run(
            "secret", "get", path, "--admin", place.socket, "--token-file",
            place.token_file, check=False)
        self.assertEqual(out(OTHER).stdout, plain)
        self.assertIn(b"hsm_unavailable", out(SECRET).stderr)
        place.stop()
        self.bring_hsm_back()
        self.assertEqual(self.get(), data)

    def restored(self):
        class Place(Restored):
            def restore_args(self, file=None):
                return ["restore", file or self.file, "--config",
                        self.path("warder.conf"), "--json"], None

        place = Place(self.server, backup(self.server))
        self.addCleanup(place.remove)
        self.assertEqual(place.said["seal_wrapped"], 1)
        return place


class Kept(Case):
    CONFIG = ("[seal]", "probe_seconds = 1", "wrap_cache_seconds = 5")

    def test_what_was_opened_is_used_for_a_while_and_no_longer(self):
        data = self.put()
        client = self.server.attested()
        self.assertEqual(client.resource(SECRET), data)
        self.take_hsm_away()
        began = time.monotonic()
        first = self.outcome(client, data)
        wait_until(lambda: self.outcome(client, data) == 503, "an end", 20)
        self.assertLess(time.monotonic() - began, 20)
        self.assertIn(first, (data, 503))
        self.bring_hsm_back()
        self.assertEqual(client.resource(SECRET), data)

    def outcome(self, client, data):
        try:
            return client.resource(SECRET)
        except Refused as refused:
            return refused.status


class Passphrase(unittest.TestCase):
    def test_a_mark_without_an_hsm_is_422(self):
        server = Whole()
        self.addCleanup(server.remove)
        server.start()
        for args in (("secret", "put", SECRET, "--file", "-", "--seal-wrap"),
                     ("key", "create", "--kind", "aes-256", "--seal-wrap")):
            with self.assertRaises(Failed) as failed:
                server.warder(*args, stdin=b"x")
            self.assertIn("hsm_seal_not_configured", str(failed.exception))
        self.assertEqual(server.warder("secret", "list")["items"], [])


if __name__ == "__main__":
    signal.alarm(115)
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)
