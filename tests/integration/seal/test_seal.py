"""warder-seal: opening, what it opens, and the process as such."""
import ctypes
import errno
import os
import shutil
import socket
import subprocess

from seal_rig import PASSPHRASE, SEAL_PROGRAM, SECONDS, SealTest, main

NOBODY, PTRACE_ATTACH = 65534, 16


class Hello(SealTest):
    def test_passphrase_waits(self):
        keeper = self.start().attach()
        known = {
            "result": 0, "initialized": True, "sealed": True,
            "kind": "passphrase", "shares": 1, "threshold": 1, "progress": 0,
            "nonce": "",
            "wait_ms": 0, "keyring": b""}
        self.assertEqual(
            {k: keeper.first[k] for k in known}, known)

    def test_folder_without_a_server_is_not_initialized(self):
        empty = os.path.join(self.folder, "empty")
        os.mkdir(empty)
        keeper = self.start(empty).attach()
        self.assertFalse(keeper.first["initialized"])
        self.assertTrue(keeper.first["sealed"])
        self.assert_refused(keeper.unseal(PASSPHRASE), "not_initialized")

    def test_peers_that_are_no_keepers_are_hung_up_on(self):
        seal = self.start()
        ours, theirs = socket.socketpair()
        ours.settimeout(SECONDS)
        seal.control.tell("ATTACH", {"peer": 7, "cell": 0}, theirs.fileno())
        theirs.close()
        self.assertEqual(ours.recv(1), b"")
        ours.close()

    def test_keepers_are_bounded(self):
        seal = self.start()
        for cell in range(256):
            seal.attach(cell, hello=False)
        self.assertTrue(seal.attach(256, hello=False).is_closed())
        seal.keepers[0].close()
        self.assertTrue(seal.keepers[255].hello()["sealed"])
        self.assertTrue(seal.attach(0).first["sealed"])


class FileSeal(SealTest):
    KIND = "file"

    def test_opens_by_itself_and_says_what_it_is(self):
        seal = self.start()
        first = seal.attach().first
        self.assertFalse(first["sealed"])
        self.assertEqual(first["kind"], "file")
        self.assertEqual((first["shares"], first["threshold"]), (0, 0))
        self.assertGreater(len(first["keyring"]), 100)
        self.assertIn("DEVELOPMENT", seal.logged())

    def test_killed_it_opens_again(self):
        seal = self.start()
        keyring = seal.attach().first["keyring"]
        seal.kill()
        self.assertEqual(self.start().attach().first["keyring"], keyring)

    def test_sealed_it_opens_for_whoever_asks(self):
        keeper = self.start().attach()
        keeper.send("SEAL_SEAL")
        keeper.acknowledge("WIPE")
        self.assertTrue(keeper.answer("SEAL_SEAL")["sealed"])
        self.assertTrue(keeper.hello()["sealed"])
        self.assertEqual(
            keeper.unseal("")["keyring"], keeper.first["keyring"])

    def test_without_its_key_it_serves_sealed(self):
        os.remove(os.path.join(self.state, "seal.key"))
        seal = self.start()
        keeper = seal.attach()
        self.assertTrue(keeper.first["sealed"])
        self.assert_refused(keeper.unseal(""), "tampered")
        self.assertIn("seal.key", seal.logged())

    def test_another_key_is_damage_not_a_guess(self):
        with open(os.path.join(self.state, "seal.key"), "wb") as f:
            f.write(os.urandom(32))
        keeper = self.start().attach()
        self.assert_refused(keeper.unseal(""), "tampered")
        self.assertEqual(keeper.hello()["wait_ms"], 0)


class Unseal(SealTest):
    def test_reaches_every_other_keeper(self):
        seal = self.start()
        first, second, third, stranger = [
            seal.attach(cell, hello=cell < 3) for cell in range(4)]
        first.send("SEAL_UNSEAL", {"share": PASSPHRASE, "source": "test"})
        told = second.acknowledge("KEYRING")
        self.assertFalse(told["sealed"])
        self.assertTrue(first.is_silent(), "answered before all knew")
        self.assertEqual(third.acknowledge("KEYRING"), told)
        answer = first.answer("SEAL_UNSEAL")
        self.assertFalse(answer["sealed"])
        self.assertEqual(answer["keyring"], told["keyring"])
        self.assertTrue(stranger.is_silent(0.1), "told without having asked")
        self.assertEqual(stranger.hello()["keyring"], told["keyring"])
        self.assertTrue(seal.reports_nothing())

    def test_does_not_wait_for_the_dead(self):
        seal = self.start()
        first, second = seal.attach(0), seal.attach(1)
        first.send("SEAL_UNSEAL", {"share": PASSPHRASE})
        second.receive("KEYRING")
        second.close()
        self.assertEqual(first.answer("SEAL_UNSEAL")["result"], 0)

    def test_does_not_wait_for_ever_for_the_slow(self):
        seal = self.start()
        first, second = seal.attach(0), seal.attach(1)
        first.send("SEAL_UNSEAL", {"share": PASSPHRASE})
        self.assertEqual(first.answer("SEAL_UNSEAL")["result"], 0)
        self.assertTrue(seal.reports_nothing())
        second.acknowledge("KEYRING")
        self.assertFalse(second.hello()["sealed"])

    def test_keeper_that_cannot_take_it_is_no_hindrance(self):
        seal = self.start()
        first, second = seal.attach(0), seal.attach(1)
        first.send("SEAL_UNSEAL", {"share": PASSPHRASE})
        request, _ = second.receive("KEYRING")
        second.channel.refuse("KEYRING", request, "wrong_store", "not mine")
        self.assertEqual(first.answer("SEAL_UNSEAL")["result"], 0)
        self.assertIn("keyring_not_taken", seal.logged())

    def test_of_an_open_server_is_refused(self):
        _, keepers, _ = self.start_open()
        self.assert_refused(keepers[0].unseal(PASSPHRASE), "not_sealed")

    def test_killed_keeper_gets_the_keyring_again(self):
        seal, keepers, keyring = self.start_open(2)
        keepers[1].close()
        self.assertEqual(seal.attach(1).first["keyring"], keyring)

    def test_killed_seal_needs_the_passphrase_again(self):
        seal, _, keyring = self.start_open()
        seal.kill()
        keeper = self.start().attach()
        self.assertTrue(keeper.first["sealed"])
        self.assertEqual(keeper.unseal(PASSPHRASE)["keyring"], keyring)


class Process(SealTest):
    def test_ends_with_its_supervisor(self):
        seal = self.start()
        seal.control.close()
        self.assertEqual(seal.process.wait(SECONDS), 0)

    def test_does_nothing_by_hand(self):
        run = subprocess.run([SEAL_PROGRAM], capture_output=True, text=True,
                             stdin=subprocess.DEVNULL, timeout=SECONDS)
        self.assertEqual(run.returncode, 2)
        self.assertIn("warderd", run.stderr)

    def test_drain_ends_it(self):
        seal = self.start()
        seal.control.tell("DRAIN")
        self.assertEqual(seal.process.wait(SECONDS), 0)

    def test_no_debugger_and_no_core(self):
        user = None
        if os.getuid() == 0:
            user = NOBODY
            os.chmod(self.folder, 0o755)
            for path, _, names in os.walk(self.state):
                for name in names + ["."]:
                    os.chown(os.path.join(path, name), user, user)
        program = shutil.copy(SEAL_PROGRAM, self.folder)
        pid = self.start(user=user, program=program).process.pid
        with open("/proc/%d/limits" % pid, encoding="ascii") as f:
            core = [l for l in f if l.startswith("Max core file size")]
        self.assertEqual(core[0].split()[4:6], ["0", "0"])
        self.assertEqual(os.stat("/proc/%d/mem" % pid).st_uid, 0)
        self.assertEqual(self.attack(pid, user), (errno.EPERM, errno.EACCES))

    @staticmethod
    def attack(pid, user):
        """What the seal's own user gets: of ptrace, and of its memory."""
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            if user is not None:
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)
            libc = ctypes.CDLL(None, use_errno=True)
            traced = libc.ptrace(PTRACE_ATTACH, pid, None, None)
            result = [ctypes.get_errno() if traced != 0 else 0, 0]
            try:
                open("/proc/%d/mem" % pid, "rb").close()
            except OSError as e:
                result[1] = e.errno
            os.write(theirs, bytes(result))
            os._exit(0)
        os.waitpid(child, 0)
        os.close(theirs)
        with open(ours, "rb") as f:
            return tuple(f.read())


class Secrets(SealTest):
    def parts(self, keyring):
        """Every key in the flat form of the keyring."""
        at, parts = 2 + 36 + 4 + 1, []
        for _ in range(keyring[42] + 1):
            parts.append(keyring[at:at + 32])
            at += 32
        at += 32  # what tells keyrings apart, no key
        for _ in range(2):
            length = int.from_bytes(keyring[at:at + 2], "little")
            parts.append(keyring[at + 2:at + 2 + length])
            at += 2 + length
        self.assertEqual(at, len(keyring))
        return parts

    def test_are_in_no_file_and_no_log(self):
        seal, _, keyring = self.start_open()
        secrets = self.parts(keyring) + [PASSPHRASE.encode()]
        self.assertEqual(len(secrets), 5)
        places = {"the log": seal.logged().encode()}
        for path, _, names in os.walk(self.state):
            for name in names:
                with open(os.path.join(path, name), "rb") as f:
                    places[name] = f.read()
        self.assertIn("store.db", places)
        for name, data in places.items():
            for secret in secrets:
                self.assertNotIn(secret, data, name)
                self.assertNotIn(secret.hex().encode(), data, name)

    def test_are_in_no_memory_that_root_can_read(self):
        if os.getuid() != 0:
            self.skipTest("only root can look")
        seal, _, keyring = self.start_open()
        if "memfd_secret" in seal.missing:
            self.skipTest("no memfd_secret here: " + seal.missing)
        found = self.search(seal.process.pid, self.parts(keyring)[0])
        self.assertEqual(found, [])

    @staticmethod
    def search(pid, secret):
        found = []
        with open("/proc/%d/maps" % pid, encoding="utf-8") as maps, \
                open("/proc/%d/mem" % pid, "rb", 0) as mem:
            for line in maps:
                start, end = [int(x, 16) for x in
                              line.split()[0].split("-")]
                try:
                    mem.seek(start)
                    data = mem.read(end - start)
                except (OSError, OverflowError, ValueError):
                    continue
                if secret in data:
                    found.append(line)
        return found


if __name__ == "__main__":
    main()
