"""Backups of a whole server, and servers made of them."""
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest

from backup_rig import (PASSPHRASE, Empty, Restored, backup, honest_manifest,
                        members, opened_by, plain, write)
from coco_client import open_release
from server_rig import Failed, wait_until
from whole import SECRET, Whole, refusal


def read(path):
    with open(path, "rb") as f:
        return f.read()


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = s = Whole(**cls.OPTIONS)
        cls.addClassCleanup(s.remove)
        s.start()
        if s.passphrase:
            s.unseal()
            s.import_collateral()
        cls.policy = s.add_policy()
        cls.secret = s.put_secret(policy_id=cls.policy)
        cls.key = s.warder("key", "create", "--kind", "ec-p256", "--label",
                           "web", "--policy", cls.policy)["id"]
        wait_until(lambda: os.path.exists(s.path("state/log/checkpoint")),
                   "checkpoint")
        cls.file = backup(s)

    OPTIONS = {}

    def path(self, name):
        return self.server.path(name)

    def verify(self, file, *more, check=True):
        options, stdin = opened_by(self.server)
        return self.server.run("backup", "verify", file, *options, *more,
                               stdin=stdin, check=check)

    def refused(self, file, text):
        """Neither verified nor restored, for this reason; nothing is left."""
        done = self.verify(file, check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn(text, done.stderr.decode())
        with Empty(self.server, file) as place:
            done = place.restore(check=False)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn(text, done.stderr.decode())
            self.assertFalse(os.path.exists(place.path("state")))
        self.assertEqual([n for n in os.listdir(self.server.folder)
                          if n.startswith(".verify")], [])


class Made(Case):
    def test_a_backup_is_private_and_plain_to_see(self):
        st = os.stat(self.file)
        self.assertEqual(stat.S_IMODE(st.st_mode), 0o600)
        self.assertEqual(list(members(self.file)), [
            "seal", "keyring", "log.checkpoint", "log.pub", "warder.conf",
            "certificate.pem", "rows", "manifest.json", "manifest.mac"])
        self.assertEqual(subprocess.run(
            ["tar", "tf", self.file], stdout=subprocess.PIPE,
            check=True).stdout.split()[0], b"seal")

    def test_no_secret_is_in_it_and_not_what_opens_it(self):
        data = read(self.file)
        self.assertNotIn(self.secret, data)
        self.assertNotIn(read(self.path("state/seal.key")), data)
        with open(self.server.token_file, "rb") as f:
            self.assertNotIn(f.read().strip(), data)

    def test_an_existing_file_stays(self):
        path = self.path("mine")
        with open(path, "wb") as f:
            f.write(b"mine")
        with self.assertRaises(Failed) as caught:
            self.server.warder("backup", path)
        self.assertIn(b"is there already", caught.exception.err)
        self.assertEqual(read(path), b"mine")

    def test_in_a_folder_it_gets_a_name(self):
        folder = tempfile.mkdtemp(dir=self.server.folder)
        said = self.server.warder("backup", folder)
        self.assertEqual(os.listdir(folder), [said["file"]])

    def test_beginning_and_end_are_logged(self):
        events = [e for e in self.server.entries()
                  if e["event"].startswith("backup")]
        self.assertEqual(events[0]["event"], "backup_begin")
        self.assertEqual(events[1]["event"], "backup_end")
        self.assertEqual(events[0]["actor"], "admin")

    def test_who_has_no_right_gets_none_and_no_file(self):
        s = self.server
        token = s.warder("token", "create", "--user", "bob", "--rule",
                         "keys:*")["token"]
        path = self.path("bob.token")
        with open(path, "w", encoding="utf-8",
                  opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(token)
        done = s.run("backup", self.path("no.backup"), "--admin", s.socket,
                     "--token-file", path, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"permission_denied", done.stderr)
        self.assertEqual([n for n in os.listdir(s.folder) if "no.backup" in n],
                         [])

    def test_a_killed_backup_leaves_no_file_and_does_not_stop_the_next(self):
        s = self.server
        run = subprocess.Popen(
            [s.program("warder"), "backup", self.path("killed.backup"),
             "--admin", s.socket, "--token-file", s.token_file],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        run.send_signal(signal.SIGKILL)
        run.communicate()
        if os.path.exists(self.path("killed.backup")):  # it was faster
            self.verify(self.path("killed.backup"))

    def test_sessions_go_on_while_one_is_made(self):
        client = self.server.attested()
        backup(self.server, "during.backup")
        self.assertEqual(client.resource(SECRET), self.secret)

    def test_verified_says_what_is_in_it(self):
        said = json.loads(self.verify(self.file, "--json").stdout)
        self.assertTrue(said["authentic"])
        self.assertEqual(said["keys"], 1)
        self.assertEqual(said["secrets"], 1)
        self.assertEqual(said["release_key"], self.server.release_key)
        said = json.loads(self.server.run(
            "backup", "verify", self.file, "--sealed", "--json").stdout)
        self.assertFalse(said["authentic"])


class Restoring(Case):
    def released(self, server):
        client = server.attested()
        self.assertEqual(client.resource(SECRET), self.secret)
        jws = client.resource("default/key/" + self.key, native=True)
        # the pin of the agents is the one of the first server
        return open_release(jws, self.server.release_key)["key"]

    def test_in_another_place_it_releases_the_same_under_the_same_pin(self):
        with Restored(self.server, self.file) as other:
            other.start()
            self.assertEqual(other.release_key, self.server.release_key)
            there, here = self.released(other), self.released(self.server)
            self.assertEqual(there, here)
            self.assertFalse(other.said["same_log"])
            first = other.entries()[0]
            self.assertEqual(first["event"], "restore")
            self.assertIn(other.said["backup"], first["detail"])

    def test_a_key_that_stays_does_so_in_another_place(self):
        key = self.server.warder(
            "key", "create", "--kind", "aes-256", "--stays", "--policy",
            self.policy)["id"]
        made = self.server.attested().use(key, "encrypt", plaintext=b"text")
        with Restored(self.server, backup(self.server, "t.backup")) as other:
            other.start()
            client = other.attested()
            got = refusal(client.resource, "default/key/" + key)
            self.assertEqual((got.status, got.type),
                             (422, "KeyMayNotLeaveHsm"))
            self.assertEqual(client.use(
                key, "decrypt", ciphertext=made["ciphertext"])["plaintext"],
                b"text")

    def test_while_the_keyring_is_rotated_every_secret_opens(self):
        s = self.server
        stop, failed = threading.Event(), []

        def rotate():
            for i in range(6):
                try:
                    s.warder("keyring", "rotate")
                    s.put_secret("default/turn/%d" % i,
                                 policy_id=self.policy)
                except Failed as e:
                    failed.append(e)
            stop.set()
        thread = threading.Thread(target=rotate)
        thread.start()
        files, n = [], 0
        while not stop.is_set() or n == 0:
            n += 1
            files.append(backup(s, "rotate%d.backup" % n))
        thread.join(30)
        self.assertEqual(failed, [])
        for file in files[:8] + files[-1:]:
            self.verify(file)

    def test_sessions_and_challenges_are_void(self):
        client = self.server.client()
        client.auth()
        session = self.server.attested()
        with Restored(self.server, backup(self.server, "s.backup")) as other:
            other.start()
            for c in (client, session):
                c.address, c.ca = ("127.0.0.1", other.port), other.ca
            stale = other.client()
            stale.nonce, stale.cookie = client.nonce, session.cookie
            got = refusal(stale.resource, SECRET)
            self.assertEqual(got.status, 401)

    def test_the_log_tells_what_is_lost(self):
        s = self.server
        file = backup(s, "lost.backup")
        victim = s.warder("key", "create", "--kind", "aes-128")["id"]
        s.warder("lease", "revoke", victim, "--kind", "key")
        log = self.path("state/log")
        s.stop()
        try:
            with Restored(s, file, log=log) as other:
                self.assertTrue(other.said["same_log"])
                lost = other.said["lost"]
                self.assertEqual([x["event"] for x in lost],
                                 ["key_create", "revoke"])
                self.assertIn(victim, lost[0]["detail"])
                self.assertIn("key " + victim, lost[1]["detail"])
                other.start()
                events = [e["event"] for e in other.entries()]
                self.assertIn("restore", events)
                self.assertIn("key_create", events)
                other.stop()
                other.run("audit", "verify", "--log",
                          other.path("state/log"))
        finally:
            s.start()

    def test_a_log_that_was_rolled_back_is_refused(self):
        s = self.server
        old = tempfile.mkdtemp(dir=s.folder)
        s.stop()
        shutil.copytree(self.path("state/log"), old + "/log")
        s.start()
        s.warder("key", "list")
        file = backup(s, "newer.backup")
        with Empty(s, file, log=old + "/log") as place:
            done = place.restore(check=False)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn(b"the log", done.stderr)
            self.assertNotIn("store.db", os.listdir(place.path("state")))
            self.assertTrue(os.path.exists(
                place.path("state/log/journal")))

    def test_another_servers_log_is_refused_and_stays(self):
        with Whole() as stranger:
            with Empty(self.server, self.file,
                       log=stranger.path("state/log")) as place:
                done = place.restore(check=False)
                self.assertEqual(done.returncode, 3)
                self.assertIn(b"not the one of this backup", done.stderr)
                self.assertTrue(os.path.exists(
                    place.path("state/log/journal")))

    def test_a_place_with_a_server_is_refused(self):
        with Restored(self.server, self.file) as other:
            before = read(other.path("state/store.db"))
            done = other.restore(check=False)
            self.assertEqual(done.returncode, 3)
            self.assertIn(b"holds a server", done.stderr)
            self.assertEqual(read(other.path("state/store.db")), before)
            other.start()
            done = other.restore(check=False)
            self.assertEqual(done.returncode, 3)

    def test_a_half_restored_place_says_so_and_init_leaves_it_alone(self):
        with Empty(self.server, self.file) as place:
            os.mkdir(place.path("state"), 0o700)
            for name in ("tls.key", "tls.pem"):
                shutil.copy2(self.path(name), place.path(name))
            for name in ("restore.unfinished", "store.db"):
                with open(place.path("state/" + name), "wb"):
                    pass
            done = place.run("init", "--dev", "--config",
                             place.path("warder.conf"), check=False)
            self.assertEqual(done.returncode, 3)
            self.assertIn(b"warder restore again", done.stderr)
            place.start(ready=False)
            self.assertTrue(place.status()["sealed"])
            self.assertIn("half restored", place.log_text())
            place.stop()
            place.restore()
            place.start()

    def test_the_configuration_comes_from_the_backup_where_there_is_none(self):
        with Empty(self.server, self.file) as place:
            os.unlink(place.path("warder.conf"))
            # it names the first server's folders, where there is a server
            done = place.restore(check=False)
            self.assertEqual(done.returncode, 3)
            self.assertFalse(os.path.exists(place.path("warder.conf")))


class Source(unittest.TestCase):
    def test_a_restore_tells_of_every_call_that_changes_the_store(self):
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                            "../../../src/")
        with open(root + "broker/admin_rows.c", encoding="utf-8") as f:
            rows = f.read().split("{ .call = ")[1:]
        changing = {re.search(r"WD_EV_(\w+)", r).group(1).lower()
                    for r in rows if ".writes = true" in r}
        with open(root + "bin/warder/restore_log.c", encoding="utf-8") as f:
            told = re.search(r"changes\[\] = \{(.*?)\}", f.read(), re.S)
        self.assertGreater(len(changing), 10)
        self.assertEqual(changing - set(
            re.findall(r'"(\w+)"', told.group(1))), set())


class Sealed(Case):
    OPTIONS = {"passphrase": PASSPHRASE}

    def test_it_opens_as_the_server_does_and_is_sealed_then(self):
        with Restored(self.server, self.file) as other:
            other.start()
            self.assertTrue(other.status()["sealed"])
            other.unseal()
            client = other.attested()
            self.assertEqual(client.resource(SECRET), self.secret)

    def test_a_wrong_passphrase_opens_nothing(self):
        done = self.server.run("backup", "verify", self.file,
                               "--passphrase-file", "-",
                               stdin=b"another passphrase", check=False)
        self.assertEqual(done.returncode, 3)


class Shares(unittest.TestCase):
    def test_the_shares_open_it(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder, True)
        with Whole(seal=("--shares", "3", "--threshold", "2", "--share-dir",
                         folder)) as s:
            s.start()
            for n in (1, 3):
                s.warder("unseal", "--passphrase-file",
                         "%s/share-%d" % (folder, n))
            file = backup(s)
            shares = ["--share-file", folder + "/share-2"]
            done = s.run("backup", "verify", file, *shares, check=False)
            self.assertEqual(done.returncode, 3)
            self.assertIn(b"2 shares open this seal", done.stderr)
            done = s.run("backup", "verify", file, *shares, *shares,
                         check=False)
            self.assertEqual(done.returncode, 3)
            s.run("backup", "verify", file, *shares, "--share-file",
                  folder + "/share-1")


class Attacks(Case):
    def changed(self, name="x.backup", header=plain, **files):
        """The backup with some files replaced."""
        new = members(self.file)
        for n, data in files.items():
            n = n.replace("__", ".")
            if data is None:
                del new[n]
            else:
                new[n] = data
        return write(self.path(name), new, header)

    def test_the_rig_writes_what_is_read(self):
        self.assertEqual(read(self.changed(
            header=lambda n, size: self.as_it_was(n, size))), read(self.file))

    def as_it_was(self, name, size):
        with tarfile.open(self.file) as t:
            info = plain(name, size)
            info.mtime = t.getmember(name).mtime
            return info

    def test_a_swapped_file_is_found(self):
        for name in ("seal", "keyring", "rows", "warder__conf",
                     "certificate__pem", "log__checkpoint"):
            data = bytearray(members(self.file)[name.replace("__", ".")])
            data[-1] ^= 1
            with self.subTest(name):
                done = self.verify(self.changed(**{name: bytes(data)}),
                                   check=False)
                self.assertEqual(done.returncode, 3, done.stderr)

    def test_a_forged_backup_is_refused(self):
        files = members(self.file)
        rows = files["rows"].replace(b"*:*", b"*:x")
        self.assertNotEqual(rows, files["rows"])
        forged = write(self.path("f.backup"), honest_manifest(
            dict(files, rows=rows)))
        self.refused(forged, "was not made by this server, or was changed")

    def test_an_older_store_with_a_newer_keyring_is_refused(self):
        files = members(self.file)
        self.server.warder("key", "create", "--kind", "aes-128")
        newer = members(backup(self.server, "newer.backup"))
        mixed = dict(newer, rows=files["rows"])
        self.refused(write(self.path("m.backup"), mixed),
                     "not what its manifest says")
        self.refused(write(self.path("m2.backup"), honest_manifest(mixed)),
                     "was not made by this server, or was changed")

    def test_a_backup_of_another_server_with_this_ones_seal_is_refused(self):
        with Whole() as other:
            other.start()
            theirs = members(backup(other))
        ours = members(self.file)
        mixed = dict(theirs, seal=ours["seal"])
        self.refused(write(self.path("o.backup"), honest_manifest(mixed)),
                     "of another store")

    def test_paths_links_and_devices_are_refused(self):
        def named(name):
            return lambda n, size: plain(name if n == "seal" else n, size)

        def typed(kind, target=""):
            def header(n, size):
                info = plain(n, size)
                if n == "seal":
                    info.type, info.linkname = kind, target
                return info
            return header
        for header in (named("../seal"), named("/etc/passwd"),
                       named("a/seal"), named(".."), named("SEAL"),
                       named("seal2"), named("keyring"),
                       typed(tarfile.SYMTYPE, "/etc/passwd"),
                       typed(tarfile.LNKTYPE, "keyring"),
                       typed(tarfile.CHRTYPE), typed(tarfile.DIRTYPE),
                       typed(tarfile.FIFOTYPE)):
            self.refused(self.changed(header=header), "not a backup")

    def test_huge_sizes_are_refused_at_once(self):
        for name, size in (("seal", 5000), ("keyring", 1 << 20),
                           ("manifest.json", 1 << 20), ("rows", 8 << 30 - 1)):
            def header(n, real, name=name, size=size):
                return plain(n, size if n == name else real)
            self.refused(self.changed(header=header), "not a backup")

    def test_what_stands_before_between_or_behind_is_refused(self):
        data = read(self.file)
        for bad in (b"x" + data, data + b"x", data + bytes(512), data[:-512],
                    data[:-1], data[:512], b""):
            path = self.path("b.backup")
            with open(path, "wb") as f:
                f.write(bad)
            self.refused(path, "not a backup")

    def test_missing_and_doubled_files_are_refused(self):
        for name in ("seal", "rows", "manifest__json", "manifest__mac",
                     "log__pub"):
            done = self.verify(self.changed(**{name: None}), check=False)
            self.assertEqual(done.returncode, 3)
        data = read(self.file)
        twice = self.path("t.backup")
        with open(twice, "wb") as f:
            f.write(data[:1024] + data)
        self.refused(twice, "not a backup")

    def test_what_is_no_file_is_refused(self):
        os.mkfifo(self.path("fifo"))
        for path in (self.path("fifo"), self.server.folder, "/dev/zero"):
            done = self.verify(path, check=False)
            self.assertIn(done.returncode, (1, 3))


if __name__ == "__main__":
    unittest.main(argv=["test_backup"] + sys.argv[2:], verbosity=2)
