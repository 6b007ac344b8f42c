"""Enrolment of a TPM's attestation key (swtpm, with the chain of
swtpm_localca): by the agent, by a client made of tpm2-tools, and what must not
become of it.
"""
import base64
import datetime
import hashlib
import json
import os
import subprocess
import sys
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import agent_rig
import tpm_rig
from coco_client import Client, Refused, b64
from server_rig import Failed, Server, wait_until
from agent_rig import Agent

BUILD = sys.argv[1] if len(sys.argv) > 1 else "build"
agent_rig.PROGRAM = os.path.join(BUILD, "warder-agent")
agent_rig.WARDER = os.path.join(BUILD, "warder")

ME = str(os.getuid())
SECRET = "default/db/password"
ENROL = "/kbs/v0/warder/tpm/enrol"
ENROLMENT = "/kbs/v0/warder/tpm/enrolment"
AK_BITS = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"


def read(path):
    with open(path, "rb") as f:
        return f.read()


def to_der(pem):
    return subprocess.run(["openssl", "x509", "-outform", "der"], input=pem,
                          check=True, capture_output=True).stdout


class Keys:
    """What a client of tpm2-tools shows of one TPM."""

    def __init__(self, tpm, kind="ecc", scheme="ecdsa"):
        self.tpm = tpm
        tpm.make_key(kind, scheme)
        self.ak = tpm.read("ak.pub")
        self.ek = tpm.read("ek.pub")
        self.name = tpm.read("ak.name")
        tpm.call("nvread", "0x1c00002", "-o", "ek.der")
        tpm.call("readpublic", "-c", "ek.ctx", "-f", "der", "-o", "ek.spki")
        tpm.flush()
        self.certificate = tpm.read("ek.der")
        self.root = tpm.path("ca/swtpm-localca-rootca-cert.pem")
        self.chain = self.certificate + to_der(
            tpm.read("ca/issuer.pem")) + to_der(read(self.root))
        self.platform = hashlib.sha256(tpm.read("ek.spki")).hexdigest()

    def ask(self, **changes):
        doc = {"certificates": b64(self.chain), "ek_public": b64(self.ek),
               "ak_public": b64(self.ak)}
        doc.update(changes)
        return doc

    def open(self, answer, ak="ak.ctx"):
        """What is in the credential; raises when this TPM cannot open it."""
        tpm = self.tpm
        blob = base64.b64decode(answer["credential"])
        seed = base64.b64decode(answer["secret"])
        with open(tpm.path("cred"), "wb") as f:
            f.write(bytes.fromhex("badcc0de00000001") + blob + seed)
        tpm.call("startauthsession", "--policy-session", "-S", "s.ctx")
        try:
            tpm.call("policysecret", "-S", "s.ctx", "-c", "e")
            tpm.call("activatecredential", "-c", ak, "-C", "ek.ctx", "-i",
                     "cred", "-o", "got", "-P", "session:s.ctx")
        finally:
            tpm.call("flushcontext", "s.ctx", check=False)
            tpm.flush()
        return tpm.read("got")


class Case(unittest.TestCase):
    def setUp(self):
        self.server = Server(BUILD)
        self.addCleanup(self.server.remove)

    def tpm(self):
        tpm = tpm_rig.Tpm()
        self.addCleanup(tpm.close)
        return tpm

    def trust(self, *keys, seconds=None, software=False):
        """The server starts with the roots of these TPMs."""
        word = "tpm_ek_software_anchor" if software else "tpm_ek_anchor"
        lines = ["%s = %s" % (word, k.root) for k in keys]
        if seconds is not None:
            lines.append("tpm_enrolment_seconds = %d" % seconds)
        self.server.add_config("[attestation]", *lines)
        self.server.start()

    def guard(self, *clauses, **more):
        path = self.server.path("policy.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(dict({"warder": 1, "tee": "tpm", "all": [
                {"claim": "pcr.16", "in": ["00" * 32]}] + list(clauses)},
                **more), f)
        policy = self.server.warder("policy", "add", path)["id"]
        self.server.warder("secret", "put", SECRET, "--file", "-",
                           "--policy", policy, stdin=b"the secret")

    def client(self):
        return Client(("127.0.0.1", self.server.port), self.server.ca)

    def post(self, path, doc):
        return json.loads(self.client().ok("POST", path, doc)[1])

    def refused(self, run):
        with self.assertRaises(Refused) as caught:
            run()
        return caught.exception.type

    def enrol(self, keys):
        offer = self.post(ENROL, keys.ask())
        return self.post(ENROLMENT, {
            "secret": b64(keys.open(offer)), "state": offer["state"]})

    def evidence(self, keys, nonce, enrolment=None):
        message, signature = keys.tpm.quote(nonce)
        doc = {"ak_public": b64(keys.ak),
               "tpm_quote": {"message": b64(message),
                             "signature": b64(signature),
                             "pcrs": [keys.tpm.pcr(i) for i in range(24)]}}
        if enrolment is not None:
            doc["tpm_enrolment"] = enrolment
        return doc

    def attest(self, keys, enrolment=None):
        client = self.client()
        client.auth("tpm")
        client.attest(None, primary=self.evidence(
            keys, client.runtime_digest()[:32], enrolment))
        return client

    def explain(self, keys, enrolment=None):
        """What evidence that is bound to nothing would get."""
        path = self.server.path("evidence.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(self.evidence(keys, bytes(32), enrolment), f)
        done = self.server.run(
            "policy", "explain", SECRET, path, "--admin", self.server.socket,
            "--token-file", self.server.token_file, "--json", check=False)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return json.loads(done.stdout)

    def entries(self, event):
        got = self.server.warder("audit", "tail", "--limit", "100")["items"]
        return [i["entry"] for i in got if i["entry"]["event"] == event]


class Proved(Case):
    """By a client that shares no code with the agent."""

    def test_an_enrolled_key_gets_the_secret_and_is_a_platform(self):
        keys = Keys(self.tpm())
        self.trust(keys)
        self.guard()
        got = self.enrol(keys)
        self.assertLessEqual(got["seconds"], 86400)
        client = self.attest(keys, got["enrolment"])
        self.assertEqual(client.resource(SECRET), b"the secret")
        one, = self.entries("tpm_enrol")
        self.assertEqual(one["claims"]["platform_id"], keys.platform)
        self.assertEqual(one["claims"]["ak_name"], keys.name.hex())
        claims = self.entries("attest")[-1]["claims"]
        self.assertEqual((claims["ak_trust"], claims["platform_id"]),
                         ("enrolled", keys.platform))
        # Without it the key is tied to nothing.
        client = self.attest(keys)
        self.assertEqual(self.refused(lambda: client.resource(SECRET)),
                         "AkNotTrusted")

    def test_a_credential_is_for_the_tpm_that_has_both_keys(self):
        one, two = Keys(self.tpm()), Keys(self.tpm())
        self.trust(one, two)
        offer = self.post(ENROL, one.ask())
        with self.assertRaises(subprocess.CalledProcessError):
            two.open(offer)
        self.assertEqual(self.refused(lambda: self.post(ENROLMENT, {
            "secret": b64(os.urandom(32)), "state": offer["state"]})),
            "AkNotTrusted")
        # The key of one TPM with the endorsement key of another.
        mixed = self.post(ENROL, one.ask(ak_public=b64(two.ak)))
        for keys in (one, two):
            with self.assertRaises(subprocess.CalledProcessError):
                keys.open(mixed)
        # A secret that was found, with the state of somebody else.
        secret = one.open(offer)
        self.assertEqual(self.refused(lambda: self.post(ENROLMENT, {
            "secret": b64(secret), "state": mixed["state"]})),
            "AkNotTrusted")
        self.assertEqual(self.entries("tpm_enrol"), [])


class Wrong(Case):
    """What a client may send that is not right."""

    def test_keys_and_certificates_that_are_not_right(self):
        one, two = Keys(self.tpm()), Keys(self.tpm())
        tpm = one.tpm
        tpm.call("createprimary", "-C", "o", "-G", "ecc", "-c", "p.ctx")
        tpm.flush()
        tpm.call("create", "-C", "p.ctx", "-G", "ecc:ecdsa-sha256", "-u",
                 "s.pub", "-r", "s.priv", "-a", AK_BITS, "-c", "s.ctx")
        tpm.flush()
        self.trust(one)
        cases = (
            ("AkAttributes", one.ask(ak_public=b64(tpm.read("s.pub")))),
            ("AkAttributes", one.ask(ak_public=b64(one.ek))),
            ("EkAttributes", one.ask(ek_public=b64(one.ak))),
            ("EkNotTrusted", one.ask(ek_public=b64(two.ek))),
            ("EkNotTrusted", one.ask(certificates=b64(two.chain))),
            ("EkNotTrusted", one.ask(certificates="")),
            ("ChainUntrustedRoot", two.ask()),
            ("ChainUntrustedRoot", one.ask(certificates=b64(
                one.certificate))),
            ("ChainBadSignature", one.ask(certificates=b64(
                one.certificate + to_der(two.tpm.read("ca/issuer.pem")) +
                to_der(read(one.root))))),
            ("Malformed", one.ask(certificates=b64(b"\x30\x03\x02"))),
            ("Malformed", one.ask(ek_public=b64(one.ek[:-1]))),
            ("Malformed", one.ask(ak_public="=")),
            ("UnknownMember", one.ask(more="")),
        )
        for want, doc in cases:
            with self.subTest(want):
                self.assertEqual(
                    self.refused(lambda: self.post(ENROL, doc)), want)

    def test_states_and_enrolments_are_the_servers_own(self):
        one = Keys(self.tpm())
        self.trust(one, seconds=60)
        self.guard()
        offer = self.post(ENROL, one.ask())
        secret = b64(one.open(offer))
        state = base64.b64decode(offer["state"])
        for i in range(len(state)):
            edited = bytearray(state)
            edited[i] ^= 1
            self.assertEqual(self.refused(lambda: self.post(ENROLMENT, {
                "secret": secret, "state": b64(bytes(edited))})),
                "ChallengeInvalid")
        got = self.post(ENROLMENT, {"secret": secret,
                                    "state": offer["state"]})
        self.assertLessEqual(got["seconds"], 60)
        token = base64.b64decode(got["enrolment"])
        # A state is no enrolment, nor the other way round.
        self.assertEqual(self.refused(
            lambda: self.attest(one, offer["state"])), "AkNotTrusted")
        self.assertEqual(self.refused(lambda: self.post(ENROLMENT, {
            "secret": secret, "state": got["enrolment"]})),
            "ChallengeInvalid")
        for at in (0, 2, 3, 12, 40, 68, len(token) - 1):
            edited = bytearray(token)
            edited[at] ^= 1
            self.assertEqual(self.refused(
                lambda: self.attest(one, b64(bytes(edited)))), "AkNotTrusted")
        # Another server's.
        other = Server(BUILD)
        self.addCleanup(other.remove)
        mine, self.server = self.server, other
        self.trust(one)
        self.assertEqual(self.refused(
            lambda: self.attest(one, got["enrolment"])), "AkNotTrusted")
        self.server = mine
        self.attest(one, got["enrolment"])


class Platforms(Case):
    """What an endorsement key stands for."""

    def test_another_key_of_the_same_tpm_takes_nothing_over(self):
        tpm = self.tpm()
        first = Keys(tpm)
        self.trust(first)
        self.guard()
        one = self.enrol(first)["enrolment"]
        self.attest(first, one)
        second = Keys(tpm, "rsa", "rsassa")
        self.assertNotEqual(first.name, second.name)
        two = self.enrol(second)["enrolment"]
        self.assertEqual(
            self.attest(second, two).resource(SECRET), b"the secret")
        self.assertEqual(self.refused(lambda: self.attest(second, one)),
                         "AkNotTrusted")

    def test_a_platform_that_was_revoked(self):
        keys = Keys(self.tpm())
        self.trust(keys)
        self.guard()
        token = self.enrol(keys)["enrolment"]
        offer = self.post(ENROL, keys.ask())
        secret = b64(keys.open(offer))
        client = self.attest(keys, token)
        self.server.warder("lease", "revoke", "--kind", "platform",
                           keys.platform)
        self.assertEqual(self.refused(lambda: client.resource(SECRET)),
                         "RevokedByOperator")
        self.assertEqual(self.refused(lambda: self.attest(keys, token)),
                         "RevokedByOperator")
        self.assertEqual(self.refused(lambda: self.post(ENROL, keys.ask())),
                         "RevokedByOperator")
        self.assertEqual(self.refused(lambda: self.post(ENROLMENT, {
            "secret": secret, "state": offer["state"]})),
            "RevokedByOperator")

    def test_a_tpm_in_software_is_marked(self):
        keys = Keys(self.tpm())
        self.trust(keys, software=True)
        self.guard()
        client = self.attest(keys, self.enrol(keys)["enrolment"])
        with self.assertRaises(Refused):
            client.resource(SECRET)
        self.guard(accept_software=True)
        self.assertEqual(client.resource(SECRET), b"the secret")


class Vouched(Case):
    """Endorsement keys that an operator vouches for."""

    def test_an_operator_vouches_for_a_key_and_takes_it_back(self):
        keys = Keys(self.tpm())
        self.server.start()  # without any root
        self.guard()
        bare = keys.ask(certificates="")
        self.assertEqual(self.refused(lambda: self.post(ENROL, bare)),
                         "EkNotTrusted")
        self.server.warder("tpm", "enrol", keys.tpm.path("ek.pub"), "--label",
                           "rack 4")
        with self.assertRaises(Failed):
            self.server.warder("tpm", "enrol", keys.platform)
        row, = self.server.warder("tpm", "list")["items"]
        self.assertEqual((row["ek"], row["label"]),
                         (keys.platform, "rack 4"))
        for doc in (bare, keys.ask()):
            offer = self.post(ENROL, doc)
            got = self.post(ENROLMENT, {"secret": b64(keys.open(offer)),
                                        "state": offer["state"]})
            client = self.attest(keys, got["enrolment"])
            self.assertEqual(client.resource(SECRET), b"the secret")
        offer = self.post(ENROL, bare)
        secret = b64(keys.open(offer))
        self.server.warder("tpm", "remove", keys.platform)
        self.assertEqual(self.server.warder("tpm", "list")["items"], [])
        self.assertEqual(
            self.refused(lambda: self.attest(keys, got["enrolment"])),
            "AkNotTrusted")
        self.assertEqual(self.refused(lambda: self.post(ENROLMENT, {
            "secret": secret, "state": offer["state"]})), "EkNotTrusted")
        self.assertEqual(len(self.entries("tpm_add")), 2)
        self.assertEqual(len(self.entries("tpm_remove")), 1)

    def test_a_key_in_any_form(self):
        keys = Keys(self.tpm())
        self.server.start()
        tpm = keys.tpm
        tpm.call("readpublic", "-c", "ek.ctx", "-f", "pem", "-o", "ek.pem")
        tpm.flush()
        for form in ("ek.pub", "ek.pem", "ek.spki", "ek.der"):
            self.server.warder("tpm", "enrol", tpm.path(form))
            row, = self.server.warder("tpm", "list")["items"]
            self.assertEqual(row["ek"], keys.platform)
            self.server.warder("tpm", "remove", row["ek"])


class Maker:
    """Certifies the endorsement key of KEYS, and publishes lists."""

    DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM

    def __init__(self, keys, folder):
        self.now = datetime.datetime.now(datetime.timezone.utc)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.folder = folder
        os.mkdir(folder)
        root = self.certificate("maker", self.key.public_key(), True)
        ek = serialization.load_der_public_key(keys.tpm.read("ek.spki"))
        self.leaf = self.certificate("EK", ek, False)
        keys.root = os.path.join(folder, "ek_ca.pem")
        with open(keys.root, "wb") as f:
            f.write(root.public_bytes(self.PEM))
        keys.chain = self.leaf.public_bytes(self.DER) + \
            root.public_bytes(self.DER)

    @staticmethod
    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def certificate(self, name, key, is_ca):
        no = dict.fromkeys((
            "digital_signature", "content_commitment", "key_encipherment",
            "data_encipherment", "key_agreement", "key_cert_sign",
            "crl_sign", "encipher_only", "decipher_only"), False)
        use = dict(no, key_cert_sign=True, crl_sign=True) if is_ca else \
            dict(no, key_encipherment=True)
        return x509.CertificateBuilder().subject_name(
            self.name(name)).issuer_name(self.name("maker")).public_key(
            key).serial_number(x509.random_serial_number()).not_valid_before(
            self.now - datetime.timedelta(days=1)).not_valid_after(
            self.now + datetime.timedelta(days=9)).add_extension(
            x509.BasicConstraints(is_ca, None), True).add_extension(
            x509.KeyUsage(**use), True).sign(self.key, hashes.SHA256())

    def publish(self, age, revoked):
        """A list that is AGE seconds old, in the folder to import."""
        made = self.now - datetime.timedelta(seconds=age)
        crl = x509.CertificateRevocationListBuilder().issuer_name(
            self.name("maker")).last_update(made).next_update(
            self.now + datetime.timedelta(days=1))
        if revoked:
            crl = crl.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(
                    self.leaf.serial_number).revocation_date(made).build())
        with open(os.path.join(self.folder, "ek_crl.der"), "wb") as f:
            f.write(crl.sign(self.key, hashes.SHA256()).public_bytes(
                self.DER))


class Lists(Case):
    """Revocation lists of makers."""

    def test_a_makers_lists_are_needed_and_believed(self):
        keys = Keys(self.tpm())
        maker = Maker(keys, self.server.path("maker"))
        self.server.add_config("[attestation]",
                               "tpm_ek_anchor = " + keys.root,
                               "tpm_ek_crl_required = yes")
        self.server.start()
        self.guard()
        self.assertEqual(self.refused(lambda: self.enrol(keys)),
                         "CrlMissing")
        maker.publish(60, False)
        self.import_lists(maker)
        wait_until(lambda: self.enrols(keys), "a list that is seen")
        client = self.attest(keys, self.enrol(keys)["enrolment"])
        self.assertEqual(client.resource(SECRET), b"the secret")
        maker.publish(30, True)
        self.import_lists(maker)
        wait_until(lambda: not self.enrols(keys), "a list that is seen")
        self.assertEqual(self.refused(lambda: self.enrol(keys)), "Revoked")
        maker.publish(60, False)
        with self.assertRaises(Failed):
            self.import_lists(maker)

    def import_lists(self, maker):
        self.server.warder("collateral", "import", maker.folder)

    def enrols(self, keys):
        try:
            self.enrol(keys)
        except Refused:
            return False
        return True


class Explained(Case):
    def test_the_enrolment_in_evidence_counts(self):
        keys = Keys(self.tpm())
        self.trust(keys)
        self.guard()
        enrolment = self.enrol(keys)["enrolment"]
        told = self.explain(keys, enrolment)
        self.assertEqual(told["verdict"], "allow")
        self.assertEqual((told["claims"]["ak_trust"],
                          told["claims"]["platform_id"]),
                         ("enrolled", keys.platform))
        told = self.explain(keys)
        self.assertEqual((told["reason"], told["claims"]["ak_trust"]),
                         ("ak_not_trusted", "none"))
        bad = bytearray(base64.b64decode(enrolment))
        bad[-1] ^= 1
        told = self.explain(keys, base64.b64encode(bad).decode())
        self.assertEqual(told["reason"], "ak_not_trusted")
        self.assertIn("not made by this server", told["detail"])

    def test_registers_of_one_boot_are_reference_values(self):
        keys = Keys(self.tpm())
        self.trust(keys)
        self.guard()
        enrolment = self.enrol(keys)["enrolment"]
        made = self.server.warder(
            "reference", "add", "--from-evidence", "-", "--name", "boot",
            "--claim", "pcr.0", "--claim", "pcr.7", "--claim", "pcr.16",
            stdin=json.dumps(self.explain(keys)).encode())
        self.assertEqual(set(made["values"]["pcrs"]["sha256"]),
                         {"0", "7", "16"})
        self.guard(all=[{"claim": "pcrs", "reference": "boot"}])
        client = self.attest(keys, enrolment)
        self.assertEqual(client.resource(SECRET), b"the secret")
        keys.tpm.extend(16, "11" * 32)
        client = self.attest(keys, enrolment)
        self.assertEqual(self.refused(lambda: client.resource(SECRET)),
                         "MeasurementMismatch")
        row, = [c for c in self.explain(keys, enrolment)["clauses"]
                if c["name"] == "pcrs"]
        self.assertIn("sha256 0 16 7", row["expected"])
        self.assertTrue(row["got"].startswith("pcr.16 "), row)


class Agents(Case):
    def agent(self, keys, **more):
        agent = Agent(keys={"db": {"path": SECRET, "get": ME}}, tee="none",
                      address="127.0.0.1:%d" % self.server.port,
                      release_key=self.server.release_key)
        self.addCleanup(agent.close)
        agent.write_ca(read(self.server.ca).decode())
        agent.kind = "tpm"
        chain = keys.tpm.path("chain.pem")
        with open(chain, "wb") as f:
            f.write(keys.tpm.read("ca/issuer.pem") + read(keys.root))
        agent.tpm = dict({"tcti": keys.tpm.tcti, "pcrs": "0,7,16",
                          "ek_certificates": chain}, **more)
        agent.write()
        return agent.start()

    def said(self, agent):
        return agent.run("status").stdout.decode()

    def test_the_agent_enrols_itself(self):
        keys = Keys(self.tpm())
        self.trust(keys, seconds=60)
        self.guard()
        agent = self.agent(keys)
        self.assertEqual(agent.wait_for("tpm_enrolled")["platform"],
                         keys.platform)
        agent.wait_for("key_held")
        self.assertEqual(agent.run("get", "db").stdout, b"the secret")
        self.assertIn("enrolled, platform " + keys.platform,
                      self.said(agent))
        self.assertEqual(len(self.entries("tpm_enrol")), 1)

    def test_the_agent_enrols_again_before_its_time_is_over(self):
        keys = Keys(self.tpm())
        self.trust(keys, seconds=12)
        self.guard()
        agent = self.agent(keys)
        agent.wait_for("tpm_enrolled")
        agent.wait_for("key_held")
        agent.run("rotate")
        self.assertEqual(len(agent.events("tpm_enrolled")), 1)

        def again():
            agent.run("rotate")
            return len(agent.events("tpm_enrolled")) > 1
        wait_until(again, "second enrolment")
        self.assertEqual(agent.events("round_failed"), [])
        self.assertEqual(agent.events("key_refused"), [])

    def test_an_agent_that_is_not_trusted_yet(self):
        keys = Keys(self.tpm())
        self.server.start()
        self.guard()
        agent = self.agent(keys)
        self.assertEqual(agent.wait_for("tpm_not_enrolled")["reason"],
                         "chain_untrusted_root")
        self.assertEqual(agent.wait_for("key_refused")["reason"],
                         "ak_not_trusted")
        self.assertIn("not enrolled", self.said(agent))
        name = agent.wait_for("tpm_endorsement_key")["platform"]
        self.server.warder("tpm", "enrol", name)
        agent.run("rotate")
        agent.wait_for("tpm_enrolled")
        agent.wait_for("key_held")
        # Taken out and put back: the agent finds its way.
        self.server.warder("tpm", "remove", name)
        agent.run("rotate")
        agent.wait_for("round_failed")
        self.server.warder("tpm", "enrol", name)
        agent.wait_for("tpm_enrolled", 2, seconds=20)

    def test_an_agent_that_is_told_not_to(self):
        keys = Keys(self.tpm())
        self.trust(keys)
        self.guard()
        agent = self.agent(keys, enrol="no")
        self.assertEqual(agent.wait_for("key_refused")["reason"],
                         "ak_not_trusted")
        self.assertEqual(agent.events("tpm_enrolled"), [])


if __name__ == "__main__":
    missing = tpm_rig.have()
    if missing:
        print("SKIPPED: not installed: " + ", ".join(missing))
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
