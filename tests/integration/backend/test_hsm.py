#!/usr/bin/env python3
"""A whole server before an HSM (SoftHSM 2): keys are made, brought and attached
there and do not leave in the clear; what the server says of it; and a module
that hangs."""
import datetime
import json
import os
import signal
import subprocess
import sys
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import agent_rig
import hsm_row
from agent_rig import Agent
from backend_rig import AttachesOurs
from server_rig import Failed, wait_until
from whole import BUILD, MRENCLAVE, MRSIGNER, Refused, Whole, refusal

agent_rig.PROGRAM = os.path.join(BUILD, "warder-agent")
agent_rig.WARDER = os.path.join(BUILD, "warder")

SHIM = os.path.abspath(sys.argv.pop(2))


class Case(unittest.TestCase):
    THROUGH = False
    TIMEOUT = 5000

    def setUp(self):
        self.token = hsm_row.Token(SHIM)
        self.addCleanup(self.token.close)
        self.server = Whole()
        self.addCleanup(self.server.remove)
        self.server.add_config(
            "[backend hsm]", "kind = pkcs11",
            "timeout_ms = %d" % self.TIMEOUT,
            *("%s = %s" % s for s in self.token.settings(
                through=self.THROUGH, oaep_sha1="yes").items()))
        self.server.start()
        self.policy = self.server.add_policy()

    def create(self, kind="aes-256", *options):
        return self.server.warder("key", "create", "--kind", kind,
                                  "--backend", "hsm", "--policy", self.policy,
                                  *options)

    def stays_there(self, key):
        """No client gets it in the clear."""
        for native in (False, True):
            got = refusal(self.server.attested().resource,
                          "default/key/" + key["id"], native=native)
            self.assertEqual((got.status, got.type),
                             (422, "KeyMayNotLeaveHsm"))
        entry = [e for e in self.server.entries()
                 if e["event"] == "release"][-1]
        self.assertEqual((entry["result"], entry["reason"]),
                         ("deny", "key_may_not_leave_hsm"))

    def refused(self, words, *args):
        with self.assertRaises(Failed) as got:
            self.server.warder(*args)
        self.assertIn(words, str(got.exception))


class Keys(AttachesOurs, Case):
    def test_keys_of_every_kind_are_made_and_end_there(self):
        for kind, options in (("aes-256", ()), ("rsa-2048", ()),
                              ("ec-p256", ("--stays",)), ("ed25519", ())):
            key = self.create(kind, *options, "--label", "of " + kind)
            self.assertEqual(key["backend"], "hsm")
            self.assertTrue(key["attach"].startswith(
                "pkcs11:id=" + key["id"]))
            self.assertIn("of " + kind, self.token.objects())
            self.stays_there(key)
            self.assertEqual(self.server.warder(
                "key", "rotate", key["id"])["version"], 2)
            self.assertEqual(self.token.objects().count("of " + kind),
                             2 if kind[0] == "a" else 4)
            self.server.warder("key", "delete", key["id"])
            self.assertNotIn("of " + kind, self.token.objects())

    def test_a_key_is_brought(self):
        pair = ec.generate_private_key(ec.SECP256R1())
        pem = pair.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())
        for kind, data in (("aes-256", os.urandom(32)), ("ec-p256", pem)):
            key = self.server.warder(
                "key", "import", "--kind", kind, "--file", "-", "--backend",
                "hsm", "--policy", self.policy, stdin=data)
            self.stays_there(key)
        self.refused("unsupported", "key", "import", "--kind", "opaque",
                     "--file", "/etc/hostname", "--backend", "hsm")

    def test_a_key_of_ours_is_attached_by_who_may_change_its_policy(self):
        key = self.create("ec-p256", "--label", "ours")
        for name in ("ours", "id=" + key["id"].encode().hex(), key["attach"]):
            self.only_who_may_change_its_policy(
                "--kind", "ec-p256", "--backend", "hsm", "--name", name)

    def test_a_key_is_attached_and_only_forgotten(self):
        self.token.key_tool("--keypairgen", "--key-type", "EC:prime256v1",
                            "--label", "web", "--id", "0a", "--usage-sign",
                            "--sensitive", "--private")
        key = self.server.warder(
            "key", "attach", "--kind", "ec-p256", "--name", "web", "--policy",
            self.policy)
        self.assertEqual(key["attach"], "web")
        self.stays_there(key)
        client = self.server.attested()
        made = client.use(key["id"], "sign", message=b"letter")
        self.assertTrue(client.use(key["id"], "verify", message=b"letter",
                                   signature=made["signature"])["valid"])
        self.server.warder("key", "delete", key["id"])
        self.assertIn("web", self.token.objects())
        for name, words in (("nothing", "not_found"),
                            ("pkcs11:object=web;type=cert", "unsupported")):
            self.refused(words, "key", "attach", "--kind", "ec-p256",
                         "--backend", "hsm", "--name", name)


class Uses(Case):
    def test_the_three_modes_of_isecl(self):
        self.token.key_tool("--keypairgen", "--key-type", "EC:prime256v1",
                            "--label", "skc key", "--id", "0b",
                            "--usage-sign", "--sensitive", "--private")
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()).decode()

        def post(status, **information):
            with open(self.server.token_file, encoding="ascii") as f:
                token = f.read().strip()
            done = subprocess.run(
                ["curl", "-s", "-w", "\n%{http_code}", "--unix-socket",
                 self.server.socket, "-H", "Accept: application/json", "-H",
                 "Content-Type: application/json", "-H", "@-", "-d",
                 json.dumps({"key_information": dict(
                     {"algorithm": "EC", "curve_type": "prime256v1"},
                     **information)}), "http://localhost/kbs/v1/keys"],
                input="Authorization: Bearer " + token, capture_output=True,
                text=True, timeout=60, check=True)
            body, _, said = done.stdout.rpartition("\n")
            self.assertEqual(int(said), status, body)
            return body
        self.server.add_config("[server]", "default_backend = hsm")
        self.server.stop()
        self.server.start()
        for more in ({}, {"key_string": pem},
                     {"pkcs11_uri": "pkcs11:object=skc%20key;type=private"},
                     {"kmip_key_id": "id=0b"}):
            made = json.loads(post(201, **more))["key_information"]
            shown = self.server.warder("key", "show", made["id"])
            self.assertEqual((shown["backend"], shown["kind"]),
                             ("hsm", "ec-p256"))
        for more, words in (
                ({"pkcs11_uri": "pkcs11:object=x?pin-value=1"},
                 "unsupported"),
                ({"pkcs11_uri": "pkcs11:object=x"}, "not_found")):
            self.assertIn(words, post(
                422 if words == "unsupported" else 400, **more))

    def test_a_key_that_stays_is_used_there(self):
        client, key = self.server.attested(), self.create("aes-256",
                                                          "--stays")
        made = client.use(key["id"], "encrypt", plaintext=b"text", aad=b"row")
        got = client.use(key["id"], "decrypt", ciphertext=made["ciphertext"],
                         aad=b"row")
        self.assertEqual(got["plaintext"], b"text")
        no = refusal(client.use, key["id"], "decrypt",
                     ciphertext=made["ciphertext"], aad=b"other")
        self.assertEqual((no.status, no.type), (400, "Mismatch"))
        for kind, algorithm in (("rsa-2048", "PS256"), ("ec-p384", "ES384"),
                                ("ed25519", "EdDSA")):
            pair = self.create(kind, "--stays")["id"]
            made = client.use(pair, "sign", message=b"letter",
                              algorithm=algorithm)
            self.assertTrue(client.use(
                pair, "verify", message=b"letter", algorithm=algorithm,
                signature=made["signature"])["valid"])


class Certificates(Case):
    """A key of an HSM gets one, and signs the request where it is."""

    def csr(self, key):
        pem = self.server.warder("key", "csr", key["id"], "--subject",
                                 "CN=web.test,DNS=web.test")
        done = subprocess.run(
            ["openssl", "req", "-verify", "-noout", "-subject"], input=pem,
            capture_output=True, timeout=60, check=True)
        self.assertIn(b"OK", done.stdout + done.stderr)
        self.assertIn(b"web.test", done.stdout)
        return x509.load_pem_x509_csr(pem)

    def certify(self, key):
        """By an authority of our own; the certificate as PEM."""
        csr, now = self.csr(key), datetime.datetime.utcnow()
        ca = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(
            x509.NameOID.COMMON_NAME, "Authority")])
        day = datetime.timedelta(days=1)
        pem = (x509.CertificateBuilder()
               .subject_name(csr.subject).issuer_name(name)
               .public_key(csr.public_key())
               .serial_number(x509.random_serial_number())
               .not_valid_before(now - day).not_valid_after(now + day)
               .add_extension(csr.extensions.get_extension_for_class(
                   x509.SubjectAlternativeName).value, False)
               .sign(ca, hashes.SHA256())
               .public_bytes(serialization.Encoding.PEM))
        path = self.server.path("web.pem")
        with open(path, "wb") as f:
            f.write(pem)
        self.server.warder("key", "certificate", key["id"], path)
        return pem

    def last_csr(self):
        return [e for e in self.server.entries()
                if e["event"] == "key_csr"][-1]

    def test_keys_that_stay_sign_their_requests(self):
        for kind in ("rsa-2048", "ec-p256", "ec-p384", "ec-p521", "ed25519"):
            key = self.create(kind, "--stays")
            pem = self.certify(key)
            entry = self.last_csr()
            self.assertEqual((entry["result"], entry["key"]),
                             ("allow", key["id"]))
            self.assertIn("signed where it rests", entry["detail"])
            self.assertNotIn("broker_unwrapped", entry)
            # Whoever may use the key is given its certificate.
            self.assertEqual(self.server.attested().resource(
                "default/cert/" + key["id"]), pem)
        symmetric = self.create("aes-256", "--stays")
        self.refused("unsupported", "key", "csr", symmetric["id"],
                     "--subject", "CN=x")

    def test_keys_that_leave_wrapped_sign_there_too(self):
        for options in ((), ("--broker-may-unwrap",)):
            key = self.create("ec-p256", *options)
            self.csr(key)
            self.assertNotIn("broker_unwrapped", self.last_csr())

    def test_an_agent_shows_the_certificate(self):
        key = self.create("ec-p256")
        der = x509.load_pem_x509_certificate(self.certify(key)).public_bytes(
            serialization.Encoding.DER)
        agent = Agent(keys={"web": {"id": key["id"], "use": str(os.getuid())}},
                      tee=self.server.path("swtee"),
                      address="127.0.0.1:%d" % self.server.port,
                      release_key=self.server.release_key)
        self.addCleanup(agent.close)
        with open(self.server.ca, encoding="utf-8") as f:
            agent.write_ca(f.read())
        agent.swtee.update({"mrenclave": MRENCLAVE, "mrsigner": MRSIGNER})
        agent.agent.update({"wrap_key_bits": "2048"})
        agent.write()
        agent.start()
        agent.wait_for("key_held", 1, 20)
        found = agent.ask(lambda holder: holder.keys()[1])
        self.assertEqual([(k.id, k.certs) for k in found],
                         [(key["id"], [der])])


class Words(Case):
    def test_status_and_doctor_speak_of_it(self):
        def found():
            for b in self.server.status()["backends"]:
                if b["name"] == "hsm" and b["ready"]:
                    return b
            return None
        b = wait_until(found, "backend that is ready")
        self.assertEqual(b["kind"], "pkcs11")
        self.assertIn("token warder, serial number", b["words"])
        self.assertIn("RSA-OAEP with SHA-1", b["words"])
        done = self.server.run("doctor", "--config",
                               self.server.path("warder.conf"), "--json",
                               check=False)
        said = [f for f in json.loads(done.stdout)["findings"]
                if f["check"] == "backends"]
        self.assertEqual([f["level"] for f in said], ["ok"], said)
        self.assertIn("token warder", said[0]["text"])
        self.assertNotIn(self.token.pin.encode(), done.stdout)

    def test_a_wrong_pin_is_said_and_mended_without_a_start(self):
        key = self.create("ec-p256", "--stays")
        client = self.server.attested()
        self.token.write_pin("9" * 9)
        for p in self.server.processes("backend"):
            os.kill(p["pid"], 9)

        def refused():
            got = refusal(client.use, key["id"], "sign", message=b"x")
            self.assertEqual(got.status, 503)
            return any("PIN" in b["words"]
                       for b in self.server.status()["backends"])
        wait_until(refused, "word of the PIN", 30)
        self.token.write_pin(self.token.pin)

        def signs():
            try:
                return client.use(key["id"], "sign", message=b"x")
            except Exception:  # refused for the moment
                return None
        wait_until(signs, "signature", 30)


class Hangs(Case):
    THROUGH = True

    def test_a_module_that_hangs_is_ended(self):
        key = self.create("ec-p256", "--stays")
        client = self.server.attested()
        before = {p["pid"] for p in self.server.processes("backend")}
        self.token.fail("C_SignInit hang 1")
        for _ in range(2):
            got = refusal(client.use, key["id"], "sign", message=b"x")
            self.assertEqual(got.status, 503)
        self.token.fail()

        def signs():
            try:
                return client.use(key["id"], "sign", message=b"x")
            except Exception:  # refused for the moment
                return None
        wait_until(signs, "signature", 30)
        after = {p["pid"] for p in self.server.processes("backend")}
        self.assertNotEqual(before, after)


class SlowStart(Case):
    """A module takes longer to start than keepers wait for an answer."""

    THROUGH = True
    TIMEOUT = 2000  # and four seconds more

    def test_nothing_is_asked_of_it_before_it_is_up(self):
        key = self.create("ec-p256", "--stays")
        client = self.server.attested()
        sign = lambda: client.use(key["id"], "sign", message=b"x")

        def signs():
            try:
                return sign()
            except Refused:  # for the moment
                return None
        wait_until(signs, "signature", 30)
        self.token.fail("C_Initialize slow 8000")
        # Those of before serve until the new ones are up.
        os.kill(self.server.process.pid, signal.SIGHUP)
        wait_until(lambda: sign() and '"reloaded"' in self.server.log_text(),
                   "reload", 40)
        old = {p["pid"] for p in self.server.processes("backend")}
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not old & {
            p["pid"] for p in self.server.processes("backend")
            if p["ready"]} and signs(), "signature", 40)
        self.assertEqual([
            line for line in self.server.log_text().splitlines()
            if "role_killed" in line and '"backend"' in line], [])


hsm_row.skip_loudly("test_hsm.py")
unittest.main(argv=["test_hsm.py"] + sys.argv[2:], verbosity=2)
