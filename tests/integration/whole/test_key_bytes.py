"""Key bytes are where they should be and nowhere else: keys of every backend, the
passphrase, tokens and PINs are looked for in the memory of every process, in
every file, in environments and arguments, while keys are released and after.

What may hold what is the table MAY, as ARCHITECTURE.md has it.
"""
import base64
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import agent_rig
import holder_rig
import hsm_rig
import hsm_row
import kmip_rig
import nginx_rig
import openbao
from front_rig import read_answer, request
from hunt import Hunt, deny_secret_memory, numbers, skip_unless_root
from whole import BUILD, MRENCLAVE, MRSIGNER, Whole, policy, wait_until

import socket

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

TOOL = os.path.abspath(sys.argv[2])
holder_rig.MODULE = os.path.join(os.path.abspath(BUILD), "warder-pkcs11.so")
agent_rig.PROGRAM = os.path.join(BUILD, "warder-agent")
agent_rig.WARDER = os.path.join(BUILD, "warder")

# Freed memory as it is in use: meson has the C library overwrite it.
os.environ.pop("MALLOC_PERTURB_", None)

QUIET = 3  # seconds until nothing is under way any more

# Who may hold what, while requests are served. Whatever stands here may be in
# secret memory; of those in OPEN copies may be elsewhere, too.
MAY = {
    "supervisor": (),
    "admin-front": ("key", "seal secret", "admin token", "tls key"),
    "front": ("tls key",),
    "keeper": ("key", "admin token"),
    "verify": (),
    "seal": ("seal secret",),
    "scribe": (),
    "backend": ("key", "backend secret"),
    "hsm": ("key", "backend secret"),
    "agent": ("key",),
    "starter": (),
    "link": (),
    "nginx": (),
}
# The module of an HSM is its maker's, and its memory too.
OPEN = {("admin-front", kind) for kind in MAY["admin-front"]} | {
    ("front", "tls key"), ("hsm", "key"), ("hsm", "backend secret")}
# When nothing is under way: what a process needs for the next request.
KEPT = {
    "admin-front": ("tls key",),
    "front": ("tls key",),
    "backend": ("backend secret",),
    "hsm": ("key", "backend secret"),
    "agent": ("key",),
}


def not_allowed(finds, role, table):
    may = table.get(role, ())
    return [f for f in finds
            if f.kind not in may or
            not (f.guarded or (role, f.kind) in OPEN)]


def pkcs8(key):
    return key.private_bytes(serialization.Encoding.DER,
                             serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def pem(key):
    return key.private_bytes(serialization.Encoding.PEM,
                             serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def read(path):
    with open(path, "rb") as f:
        return f.read()


class Looking(unittest.TestCase):
    """What the cases share: a hunt, and processes and files to look at."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.hunt = Hunt(TOOL)
        cls.addClassCleanup(cls.hunt.close)

    @classmethod
    def prepare(cls, **kw):
        cls.server = Whole(**kw)
        cls.addClassCleanup(cls.server.remove)
        cls.hunt.add_text("admin token", "token",
                          read(cls.server.token_file).strip())
        cls.hunt.add("tls key", "tls", numbers(
            pkcs8(serialization.load_pem_private_key(
                read(cls.server.path("tls.key")), None)))["scalar"])

    def roles(self):
        """(role, process id) of all that are ours."""
        found = [("supervisor", self.server.process.pid)]
        for p in self.server.processes():
            found.append((self.role_of(p), p["pid"]))
        return found

    def role_of(self, process):
        admin = process["role"] == "front" and process["cell"] == "admin"
        return "admin-front" if admin else process["role"]

    def look(self, table):
        """What is in a process that should not have it, by TABLE."""
        wrong = []
        for role, pid in self.roles():
            finds = self.hunt.process(pid, role)
            if finds is None:
                continue
            self.looked_at = getattr(self, "looked_at", set()) | {role}
            wrong += not_allowed(finds, role, table)
            wrong += self.hunt.proc_files(pid, role)
        return wrong

    def assert_clean(self, wrong, when):
        self.assertEqual([repr(f) for f in wrong], [], when)

    def say(self):
        print("looked through %.0f MB; secret memory that nobody can read: "
              "%.0f MB; not readable otherwise: %.1f MB" % (
                  self.hunt.seen / 1e6, self.hunt.secret / 1e6,
                  self.hunt.unread / 1e6), flush=True)


class Served(Looking):
    """A server with keys of every backend that can be had here, and clients
    that get them."""

    BACKEND = "backend"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.passphrase = secrets.token_hex(16)
        cls.hunt.add_text("seal secret", "passphrase", cls.passphrase)
        cls.prepare(passphrase=cls.passphrase)
        cls.paths, cls.allowed = [], {
            "admin.token": "admin token", "tls.key": "tls key"}
        backends = cls.add_backends()
        cls.server.start()
        cls.server.unseal()
        cls.server.import_collateral()
        cls.policy = cls.server.add_policy()
        cls.make_embedded()
        for name in backends:
            cls.make_in(name)
        for path, der in cls.paths:
            cls.hunt.add_key(path, cls.get(path), der)

    @classmethod
    def get(cls, path):
        client = cls.server.attested()
        try:
            return client.resource(path)
        finally:
            client.close()

    # ---- backends

    @classmethod
    def add_backends(cls):
        return cls.add_vault() + cls.add_kmip()

    @classmethod
    def add_vault(cls):
        bao = openbao.OpenBao().init()
        cls.addClassCleanup(bao.close)
        bao.enable("keybroker", "kv", version="2")
        bao.enable("transit", "transit")
        token = bao.make_token(period="1h")
        cls.bao = bao
        cls.hunt.add_text("backend secret", "vault-token", token)
        cls.private_file("vault.token", token)
        cls.private_file("vault.pem", bao.authority.pem)
        cls.allowed["vault.token"] = "backend secret"
        cls.server.add_config(
            "[backend vault]", "kind = vault", "address = " + bao.address,
            "ca = vault.pem", "secret = vault.token")
        return ["vault"]

    @classmethod
    def add_kmip(cls):
        if not kmip_rig.available():
            print("without KMIP: there is no PyKMIP", flush=True)
            return []
        folder = tempfile.mkdtemp(prefix="kmip-")
        cls.addClassCleanup(shutil.rmtree, folder, True)
        pki = kmip_rig.Pki(folder)
        server = kmip_rig.Server(folder, pki).start()
        cls.addClassCleanup(server.close)
        client = pki.issue("client")
        os.chmod(client + ".key", 0o600)
        key = serialization.load_pem_private_key(read(client + ".key"), None)
        cls.hunt.add("backend secret", "kmip-key",
                     numbers(pkcs8(key))["scalar"])
        cls.server.add_config(
            "[backend kmip]", "kind = kmip", "host = localhost",
            "port = %d" % server.port, "ca = " + pki.ca,
            "certificate = " + client, "key = " + client + ".key")
        return ["kmip"]

    @classmethod
    def private_file(cls, name, text):
        with open(os.open(cls.server.path(name), os.O_CREAT | os.O_WRONLY |
                          os.O_TRUNC, 0o600), "w", encoding="utf-8") as f:
            f.write(text)

    # ---- keys

    @classmethod
    def keep(cls, key, der):
        cls.paths.append(("default/key/" + key["id"], der))
        return key

    @classmethod
    def create(cls, kind, *options):
        return cls.keep(cls.server.warder(
            "key", "create", "--kind", kind, "--policy", cls.policy,
            *options), not kind.startswith("aes"))

    @classmethod
    def bring(cls, kind, data, *options):
        return cls.keep(cls.server.warder(
            "key", "import", "--kind", kind, "--file", "-", "--policy",
            cls.policy, *options, stdin=data), not kind.startswith("aes"))

    @classmethod
    def make_embedded(cls):
        rsa_key = cls.create("rsa-2048")
        cls.create("ec-p384", "--certificate", "CN=x.test,DNS=x.test")
        cls.create("aes-256")
        cls.bring("rsa-2048", pem(rsa.generate_private_key(65537, 2048)))
        cls.bring("aes-256", os.urandom(32))
        cls.bring_by_isecl(ec.generate_private_key(ec.SECP256R1()))
        cls.server.warder("key", "csr", rsa_key["id"], "--subject",
                          "CN=y.test")
        cls.server.put_secret("default/db/password", os.urandom(48),
                              cls.policy)
        cls.paths.append(("default/db/password", False))
        cls.refused_ones()

    @classmethod
    def bring_by_isecl(cls, key):
        token = read(cls.server.token_file).decode().strip()
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(20)
            s.connect(cls.server.socket)
            s.sendall(request("POST", "/kbs/v1/keys", {"key_information": {
                "algorithm": "EC", "key_string": pem(key).decode()}}, [
                    "Accept: application/json",
                    "Authorization: Bearer " + token]))
            answer = read_answer(s)
        assert answer.status == 201, answer
        cls.hunt.add_key("isecl", pkcs8(key))

    @classmethod
    def refused_ones(cls):
        """Keys that were brought and not kept: they leave nothing either."""
        key = rsa.generate_private_key(65537, 2048)
        cls.hunt.add_key("refused", pkcs8(key))
        done = cls.server.run(
            "key", "import", "--kind", "rsa-3072", "--file", "-", "--admin",
            cls.server.socket, "--token-file", cls.server.token_file,
            stdin=pem(key), check=False)
        assert done.returncode != 0
        data = secrets.token_bytes(64)
        cls.hunt.add("key", "refused-secret", data)
        done = cls.server.run(
            "secret", "put", "default/key/x", "--file", "-", "--admin",
            cls.server.socket, "--token-file", cls.server.token_file,
            stdin=data, check=False)
        assert done.returncode != 0

    @classmethod
    def make_in(cls, name):
        where = ("--backend", name)
        cls.create("aes-256", *where)
        cls.bring("aes-256", os.urandom(32), *where)
        cls.bring("rsa-2048", pem(rsa.generate_private_key(65537, 2048)),
                  *where)
        if name != "vault":
            return
        cls.create("ec-p256", *where)
        data = os.urandom(32)
        cls.bao.ask("POST", "keybroker/data/theirs", {"data": {
            "algorithm": "AES", "key_data": base64.b64encode(data).decode()}})
        cls.keep(cls.server.warder(
            "key", "attach", "--kind", "aes-256", "--name", "theirs",
            "--policy", cls.policy, *where), False)

    # ---- what is tried

    def released_meanwhile(self, look):
        """What LOOK finds while keys are released, over and over."""
        ended, count, failed = threading.Event(), [0], []

        def run():
            try:
                while not ended.is_set():
                    client = self.server.attested()
                    for path, _ in self.paths:
                        client.resource(path)
                        count[0] += 1
                    self.use_keys(client)
                    client.close()
            except Exception as e:  # of another thread: told below
                failed.append(e)
        load = threading.Thread(target=run)
        load.start()
        try:
            before = count[0]
            found = look() + look()
            wait_until(lambda: failed or count[0] - before >=
                       2 * len(self.paths), "releases")
            found += look()
        finally:
            ended.set()
            load.join(30)
        self.assertEqual(failed, [])
        return found

    def use_keys(self, client):
        """Of keys that do not leave."""

    def admin_acts(self):
        """What administrators do, with secrets in it."""
        with self.assertRaises(Exception):
            self.server.unseal("not" + self.passphrase)
        self.server.warder("key", "list")
        self.server.warder("policy", "list")

    def wrong_files(self):
        return [f for f in self.hunt.folder(self.server.folder)
                if self.allowed.get(f.target) != f.kind]

    def test_1_while_keys_are_released(self):
        self.assert_clean(self.released_meanwhile(lambda: self.look(MAY)),
                          "while keys are released")
        self.assertEqual(self.looked_at, {
            "supervisor", "admin-front", "front", "keeper", "verify", "seal",
            "scribe", self.BACKEND})

    def test_2_when_all_is_done(self):
        self.admin_acts()
        for path, _ in self.paths:
            self.get(path)
        time.sleep(QUIET)
        self.assert_clean(self.look(KEPT), "when all is done")
        self.say()

    def test_3_in_files(self):
        self.assert_clean(self.wrong_files(), "in files")

    def test_4_what_was_planted_is_found(self):
        key = self.get(self.paths[0][0])
        part = numbers(key)["q"][3:27]
        child = subprocess.Popen(
            [sys.executable, "-c",
             "import sys; x = b'x' * 13 + sys.stdin.buffer.read();"
             "print('ready', flush=True); import time; time.sleep(60)"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            child.stdin.write(part)
            child.stdin.close()
            child.stdout.readline()
            found = self.hunt.process(child.pid, "planted")
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
        self.assertTrue([f for f in found if ".q.raw" in f.name], found)
        self.assertGreaterEqual(max(f.length for f in found), 16)
        self.assertNotEqual(not_allowed(found, "front", MAY), [])
        for text, form in ((base64.b64encode(b"a" + key), "base64"),
                           (key.hex().upper().encode(), "HEX")):
            found = self.hunt.bytes(b"said: " + text + b"\n", "a log")
            self.assertTrue([f for f in found if form in f.name], found)
        self.assertEqual(self.hunt.bytes(part[:15], "too little"), [])

    def test_5_no_core_is_left(self):
        pids = dict(self.roles())
        for role, pid in self.roles():
            with open("/proc/%d/limits" % pid, encoding="ascii") as f:
                core = [line.split()[4:6] for line in f
                        if line.startswith("Max core file size")]
            self.assertEqual(core, [["0", "0"]], role)
        for role in ("keeper", self.BACKEND, "seal", "front"):
            os.kill(pids[role], signal.SIGABRT)
        wait_until(lambda: not any(os.path.exists("/proc/%d" % pids[role])
                                   for role in ("keeper", self.BACKEND)),
                   "end of those that were killed")
        supervisor = self.server.process
        supervisor.send_signal(signal.SIGABRT)
        _, status = os.waitpid(supervisor.pid, 0)
        supervisor.returncode = -os.WTERMSIG(status)
        self.assertFalse(os.WCOREDUMP(status))
        wait_until(lambda: not any(os.path.exists("/proc/%d" % pid)
                                   for pid in pids.values()), "end of all")
        self.assertEqual(cores(self.server.folder, os.getcwd()), [])
        self.assert_clean(self.wrong_files(), "in files after the end")


def cores(*folders):
    return [os.path.join(folder, name) for folder in folders
            for name in os.listdir(folder) if name.startswith("core")]


class Open(Served):
    """The same with arenas that can be looked into: nothing that was released
    is left in them, either."""

    @classmethod
    def setUpClass(cls):
        deny_secret_memory()
        super().setUpClass()

    def test_0_the_arenas_can_be_read(self):
        found = []
        for role, pid in self.roles():
            if role == "backend":
                found += self.hunt.process(pid, role)
        self.assertTrue([f for f in found if f.guarded and
                         f.kind == "backend secret"], found)
        self.assertEqual(self.hunt.secret, 0)


class Hsm(Open):
    """Keys that rest in an HSM and are used there: nobody else has them,
    and who has brought them there has wiped them."""

    BACKEND = "hsm"

    def role_of(self, process):
        return "hsm" if process["role"] == "backend" else \
            super().role_of(process)

    @classmethod
    def add_backends(cls):
        token = hsm_row.Token()
        cls.addClassCleanup(token.close)
        cls.hunt.add_text("backend secret", "pin", token.pin)
        cls.server.add_config(
            "[backend hsm]", "kind = pkcs11",
            *("%s = %s" % s for s in token.settings(
                oaep_sha1="yes").items()))
        return ["hsm"]

    @classmethod
    def make_in(cls, name):
        cls.pair, data = ec.generate_private_key(ec.SECP256R1()), \
            os.urandom(32)
        made = [cls.server.warder(
            "key", "import", "--kind", kind, "--file", "-", "--policy",
            cls.policy, "--backend", name, stdin=brought)["id"]
            for kind, brought in (("ec-p256", pem(cls.pair)),
                                  ("aes-256", data))]
        cls.signs, cls.encrypts = made
        cls.hunt.add_key("hsm-ec", pkcs8(cls.pair))
        cls.hunt.add_key("hsm-aes", data, False)

    def use_keys(self, client):
        client.use(self.signs, "sign", message=b"letter")
        client.use(self.encrypts, "encrypt", plaintext=b"letter")

    def test_0_the_arenas_can_be_read(self):
        """There is nothing to be found in them, not even the PIN: SoftHSM has
        no secret in memory as it is."""
        self.look(MAY)
        self.assertEqual(self.hunt.secret, 0)


class Chained:
    """A key as nginx_rig wants it: its label and the file of its chain."""

    def __init__(self, label, chain):
        self.label, self.chain = label, chain


class Released(Looking):
    """An agent that got keys from a server whose seal is split, and nginx that
    uses them: they are in the agent alone."""

    KEYS = {"RSAKEY": "rsa-2048", "ECKEY": "ec-p256"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.mkdtemp(prefix="shares-")
        cls.addClassCleanup(shutil.rmtree, folder, True)
        cls.prepare(seal=("--shares", "3", "--threshold", "2", "--share-dir",
                          folder))
        for n in (1, 2, 3):
            cls.hunt.add_text("seal secret", "share-%d" % n,
                              read("%s/share-%d" % (folder, n)).strip())
        cls.server.start()
        for n in (1, 3):
            cls.server.warder("unseal", "--passphrase-file",
                              "%s/share-%d" % (folder, n))
        cls.server.import_collateral()
        cls.policy = cls.server.add_policy(policy(lease_seconds=8))
        cls.ids = {name: cls.server.warder(
            "key", "create", "--kind", kind, "--label", name, "--policy",
            cls.policy, "--certificate", "CN=localhost,DNS=localhost")["id"]
            for name, kind in cls.KEYS.items()}
        cls.secret = cls.server.put_secret(data=os.urandom(48),
                                           policy_id=cls.policy)
        cls.hunt.add("key", "secret", cls.secret)
        for name, key_id in cls.ids.items():
            client = cls.server.attested()
            cls.hunt.add_key(name, client.resource("default/key/" + key_id))
            client.close()
        cls.start_agent()
        cls.start_nginx()

    @classmethod
    def start_agent(cls):
        cls.rig = holder_rig.Rig()
        cls.addClassCleanup(cls.rig.stop)
        keys = {name: {"id": key_id, "see": "root", "use": nginx_rig.WORKER}
                for name, key_id in cls.ids.items()}
        keys["db"] = {"path": "default/db/password", "get": "root"}
        agent = agent_rig.Agent(
            keys=keys, tee=cls.server.path("swtee"),
            address="127.0.0.1:%d" % cls.server.port,
            release_key=cls.server.release_key)
        cls.addClassCleanup(agent.close)
        agent.write_ca(read(cls.server.ca).decode())
        agent.swtee.update({"mrenclave": MRENCLAVE, "mrsigner": MRSIGNER})
        agent.path = agent.agent["socket"] = cls.rig.socket
        agent.write()
        agent.start()
        agent.wait_for("key_held", 3)
        cls.agent = agent

    @classmethod
    def start_nginx(cls):
        cls.nginx = None
        why = nginx_rig.missing()
        if why:
            print("without nginx: " + why, flush=True)
            return
        cls.rig.keys = [Chained(name, cls.rig.file(
            name + ".pem", cls.agent.run("get", name, "--chain").stdout))
            for name in cls.ids]
        cls.nginx = nginx_rig.Nginx(
            cls.rig, {name: nginx_rig.uri(name) for name in cls.ids})

    def roles(self):
        return super().roles() + self.agent_side()

    def agent_side(self):
        found = []
        for pid in self.agent.kin():
            comm = read("/proc/%d/comm" % pid).decode().strip()
            role = "link" if comm == "warder-link" else "agent" \
                if pid == self.agent.process.pid else "starter"
            found.append((role, pid))
        if self.nginx:
            found += [("nginx", self.nginx.process.pid),
                      ("nginx", self.nginx.worker)]
        return found

    def use(self):
        if self.nginx:
            for name in self.ids:
                self.assertTrue(self.nginx.works(name), self.nginx.errors())
        self.assertEqual(self.agent.run("get", "db").stdout, self.secret)

    def test_1_while_keys_are_used_and_renewed(self):
        wrong, renewed = [], self.agent.count("key_renewed")
        while self.agent.count("key_renewed") < renewed + 3:
            self.use()
            wrong += self.look(MAY)
        self.assert_clean(wrong, "while keys are used")
        self.assertGreaterEqual(self.looked_at, {"agent", "link", "starter"})

    def test_2_in_files(self):
        for folder in (self.server.folder, self.agent.folder,
                       self.rig.folder):
            self.assert_clean([
                f for f in self.hunt.folder(folder) if f.target not in
                ("admin.token", "tls.key")], folder)

    def test_3_when_the_server_is_gone(self):
        """What the agent holds is held by nobody else any more."""
        self.server.stop()
        self.use()
        wrong = []
        for role, pid in self.agent_side():
            finds = self.hunt.process(pid, role)
            wrong += not_allowed(finds, role, KEPT)
        self.assert_clean(wrong, "without a server")
        self.say()

    def test_4_no_core_of_the_agent_is_left(self):
        process = self.agent.process
        process.send_signal(signal.SIGABRT)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -os.WTERMSIG(status)
        self.assertFalse(os.WCOREDUMP(status))
        self.assertEqual(cores(self.agent.folder, os.getcwd()), [])


class ReleasedOpen(Released):
    """The same with arenas that can be looked into."""

    @classmethod
    def setUpClass(cls):
        deny_secret_memory()
        super().setUpClass()

    def test_0_the_agent_holds_them(self):
        found = self.hunt.process(self.agent.process.pid, "agent")
        self.assertTrue([f for f in found if f.guarded and f.kind == "key"])


if __name__ == "__main__":
    skip_unless_root("test_key_bytes.py", BUILD)
    if "Hsm" in sys.argv[3:] and not os.path.exists(hsm_rig.MODULE):
        print("SKIPPED: without SoftHSM 2 (apt-get install softhsm2)",
              flush=True)
        sys.exit(77)
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)
