"""A TPM 2.0 (swtpm) from the quote to the secret: by the agent, and by a client
that makes its evidence with tpm2-tools.
"""
import datetime
import hashlib
import json
import os
import struct
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
from server_rig import Server
from agent_rig import Agent

BUILD = sys.argv[1] if len(sys.argv) > 1 else "build"
agent_rig.PROGRAM = os.path.join(BUILD, "warder-agent")
agent_rig.WARDER = os.path.join(BUILD, "warder")

ME = str(os.getuid())
SECRET = "default/db/password"
NOW = "2026-01-01T00:00:00Z"
PCRS = (0, 7, 16)
MEASURED = "ab" * 32


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def pcr_json(tpm):
    return {str(i): tpm.pcr(i) for i in PCRS}


AK_PURPOSE = x509.ObjectIdentifier("2.23.133.8.3")


def ima_entry(path):
    """An entry of IMA's list (template ima-ng), and what it extends."""
    def field(data):
        return struct.pack("<I", len(data)) + data
    data = field(b"sha256:\0" + bytes(32)) + field(path.encode() + b"\0")
    return (struct.pack("<I", 10) + hashlib.sha1(data).digest() +
            field(b"ima-ng") + field(data), hashlib.sha256(data).hexdigest())


def issue(key, purpose=AK_PURPOSE):
    """A root in PEM, and a certificate under it for KEY with the root."""
    now = datetime.datetime.now(datetime.timezone.utc)
    own = ec.generate_private_key(ec.SECP256R1())

    def make(subject, public, is_ca):
        usage = dict.fromkeys(
            ("digital_signature", "content_commitment", "key_encipherment",
             "data_encipherment", "key_agreement", "key_cert_sign",
             "crl_sign", "encipher_only", "decipher_only"), False)
        usage["key_cert_sign" if is_ca else "digital_signature"] = True
        builder = x509.CertificateBuilder()
        if purpose and not is_ca:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([purpose]), False)
        return builder.subject_name(subject).issuer_name(
            authority).public_key(public).serial_number(
            x509.random_serial_number()).not_valid_before(
            now - datetime.timedelta(days=1)).not_valid_after(
            now + datetime.timedelta(days=1)).add_extension(
            x509.BasicConstraints(is_ca, None), True).add_extension(
            x509.KeyUsage(**usage), True).sign(
            own, hashes.SHA256()).public_bytes(
            serialization.Encoding.PEM)
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "makers")])
    root = make(authority, own.public_key(), True)
    leaf = make(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "AK")]),
                serialization.load_pem_public_key(key), False)
    return root, leaf + root


class Case(unittest.TestCase):
    def tpm(self):
        tpm = tpm_rig.Tpm()
        self.addCleanup(tpm.close)
        return tpm


class Offline(Case):
    """What tpm2-tools make is what is judged."""

    def judge(self, tpm, nonce, attest, signature, **more):
        files = {"ak": tpm.read("ak.pub"), "attest": attest,
                 "signature": signature,
                 "pcrs": json.dumps(pcr_json(tpm)).encode()}
        files.update(more)
        words = []
        for part, data in files.items():
            with open(tpm.path("in." + part), "wb") as f:
                f.write(data)
            words += ["--input", "%s=%s" % (part, tpm.path("in." + part))]
        done = subprocess.run(
            [os.path.join(BUILD, "warder"), "evidence", "verify", "--tee",
             "tpm", "--at", NOW, "--nonce", nonce.hex(), "--json"] + words,
            capture_output=True, timeout=30)
        return json.loads(done.stdout)

    def test_quotes_of_every_scheme(self):
        tpm = self.tpm()
        tpm.extend(16, MEASURED)
        nonce = os.urandom(32)
        for kind, scheme in (("ecc", "ecdsa"), ("rsa", "rsassa"),
                             ("rsa", "rsapss")):
            tpm.make_key(kind, scheme)
            got = self.judge(tpm, nonce, *tpm.quote(nonce, scheme=scheme))
            self.assertEqual(got["verdict"], "verified", got)
            self.assertEqual(got["ak_name"], tpm.read("ak.name").hex())
            self.assertEqual(got["pcr"]["16"], tpm.pcr(16))
            self.assertEqual(got["pcrs_selected"], list(PCRS))
            self.assertEqual(got["ak_trust"], "none")

    def test_evidence_is_put_in_words(self):
        tpm = self.tpm()
        tpm.make_key()
        nonce = os.urandom(32)
        attest, signature = tpm.quote(nonce)
        for data, words in (
                (attest, ["TPM quote, NOT VERIFIED", nonce.hex(), "0 7 16"]),
                (signature, ["ECDSA", "sha256"]),
                (tpm.read("ak.pub"), [tpm.read("ak.name").hex()])):
            with open(tpm.path("shown"), "wb") as f:
                f.write(data)
            shown = subprocess.run(
                [os.path.join(BUILD, "warder"), "evidence", "inspect",
                 tpm.path("shown")], capture_output=True, timeout=30,
                check=True).stdout.decode()
            for word in words:
                self.assertIn(word, shown)

    def test_what_a_key_signs_that_signs_anything(self):
        """A quote made up outside, signed by an ordinary key of the TPM."""
        tpm = self.tpm()
        tpm.make_key()
        nonce = os.urandom(32)
        attest, _ = tpm.quote(nonce)
        tpm.call("createprimary", "-C", "o", "-G", "ecc", "-c", "p.ctx")
        tpm.flush()
        tpm.call("create", "-C", "p.ctx", "-G", "ecc:ecdsa-sha256", "-u",
                 "s.pub", "-r", "s.priv", "-a",
                 "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign",
                 "-c", "s.ctx")
        tpm.flush()
        with open(tpm.path("forged"), "wb") as f:
            f.write(attest)
        tpm.call("sign", "-c", "s.ctx", "-g", "sha256", "-s", "ecdsa", "-o",
                 "s.sig", "forged")
        tpm.flush()
        got = self.judge(tpm, nonce, attest, tpm.read("s.sig"),
                         ak=tpm.read("s.pub"))
        self.assertEqual(got["reason"], "ak_attributes")

    def test_a_certification_is_no_quote(self):
        tpm = self.tpm()
        tpm.make_key()
        nonce = os.urandom(32)
        tpm.call("certify", "-c", "ak.ctx", "-C", "ak.ctx", "-g", "sha256",
                 "-o", "c.msg", "-s", "c.sig")
        tpm.flush()
        got = self.judge(tpm, nonce, tpm.read("c.msg"), tpm.read("c.sig"))
        self.assertEqual(got["reason"], "not_a_quote")

    def test_another_tpms_quote_and_other_values(self):
        one, two = self.tpm(), self.tpm()
        one.make_key()
        two.make_key()
        nonce = os.urandom(32)
        quote = one.quote(nonce)
        self.assertEqual(self.judge(two, nonce, *quote)["reason"],
                         "quote_bad_signature")
        self.assertEqual(self.judge(one, os.urandom(32), *quote)["reason"],
                         "nonce_mismatch")
        values = pcr_json(one)
        values["7"] = MEASURED
        self.assertEqual(
            self.judge(one, nonce, *quote,
                       pcrs=json.dumps(values).encode())["reason"],
            "pcr_digest_mismatch")


class Credentials(Case):
    def test_only_the_tpm_with_both_keys_opens_a_credential(self):
        tpm = self.tpm()
        done = subprocess.run(
            [os.path.join(BUILD, "tests/integration/tpm/test_tpm_activate"),
             tpm.tcti], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"certificate of", done.stdout)


class AtServer(Case):
    def setUp(self):
        self.server = Server(BUILD)
        self.addCleanup(self.server.remove)
        self.server.start()

    def guard(self, *clauses, **more):
        path = self.server.path("policy.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(dict({"warder": 1, "tee": "tpm",
                            "all": list(clauses)}, **more), f)
        policy = self.server.warder("policy", "add", path)["id"]
        self.server.warder("secret", "put", SECRET, "--file", "-",
                           "--policy", policy, stdin=b"the secret")
        return policy

    def agent(self, tpm, kind="ecc", **settings):
        agent = Agent(keys={"db": {"path": SECRET, "get": ME}}, tee="none",
                      address="127.0.0.1:%d" % self.server.port,
                      release_key=self.server.release_key)
        self.addCleanup(agent.close)
        agent.write_ca(read(self.server.ca))
        agent.kind = "tpm"
        agent.tpm = {"tcti": tpm.tcti, "pcrs": "0,7,16", "key": kind}
        agent.tpm.update(settings)
        agent.write()
        return agent.start()

    def client(self):
        return Client(("127.0.0.1", self.server.port), self.server.ca)

    def evidence(self, tpm, digest, **more):
        message, signature = tpm.quote(digest[:32])
        doc = {"ak_public": b64(tpm.read("ak.pub")),
               "tpm_quote": {"message": b64(message),
                             "signature": b64(signature),
                             "pcrs": [tpm.pcr(i) for i in range(24)]}}
        doc.update(more)
        return doc

    def attest(self, client, tpm, change=None):
        client.auth("tpm")
        doc = self.evidence(tpm, client.runtime_digest())
        if change is not None:
            change(doc)
        client.attest(None, primary=doc)
        return client

    def refused(self, run):
        with self.assertRaises(Refused) as caught:
            run()
        return caught.exception.type

    def pin(self, tpm):
        return {"claim": "ak_name", "eq": tpm.read("ak.name").hex()}

    def measured(self, tpm):
        return {"claim": "pcr.16", "in": [tpm.pcr(16)]}


class Served(AtServer):
    def test_the_right_registers_get_the_secret(self):
        tpm = self.tpm()
        tpm.make_key()
        tpm.extend(16, MEASURED)
        self.guard(self.pin(tpm), self.measured(tpm))
        self.assertEqual(self.attest(self.client(), tpm).resource(SECRET),
                         b"the secret")

    def test_other_registers_do_not(self):
        tpm = self.tpm()
        tpm.make_key()
        self.guard(self.pin(tpm), self.measured(tpm))
        tpm.extend(16, MEASURED)
        client = self.attest(self.client(), tpm)
        self.assertEqual(self.refused(lambda: client.resource(SECRET)),
                         "MeasurementMismatch")

    def test_a_key_that_nothing_ties_to_a_tpm(self):
        tpm, other = self.tpm(), self.tpm()
        tpm.make_key()
        other.make_key()
        self.guard(self.measured(tpm))
        client = self.attest(self.client(), tpm)
        self.assertEqual(self.refused(lambda: client.resource(SECRET)),
                         "AkNotTrusted")
        self.guard(self.pin(other), self.measured(tpm))
        self.assertEqual(self.refused(lambda: client.resource(SECRET)),
                         "AkNotTrusted")

    def test_evidence_that_does_not_fit(self):
        tpm = self.tpm()
        tpm.make_key()
        self.guard(self.pin(tpm), self.measured(tpm))
        used = self.client()
        used.auth("tpm")
        old = self.evidence(tpm, used.runtime_digest())
        fresh = self.client()
        fresh.auth("tpm")
        self.assertEqual(
            self.refused(lambda: fresh.attest(None, primary=old)),
            "NonceMismatch")

        def other_value(doc):
            doc["tpm_quote"]["pcrs"][7] = MEASURED
        self.assertEqual(
            self.refused(lambda: self.attest(self.client(), tpm,
                                             other_value)),
            "PcrDigestMismatch")

        def no_value(doc):
            doc["tpm_quote"]["pcrs"][7] = ""
        self.assertEqual(
            self.refused(lambda: self.attest(self.client(), tpm, no_value)),
            "PcrValuesMissing")

        def no_quote(doc):
            del doc["tpm_quote"]
        self.assertEqual(
            self.refused(lambda: self.attest(self.client(), tpm, no_quote)),
            "Malformed")

    def test_a_certificate_under_an_anchor_is_trust_enough(self):
        tpm = self.tpm()
        measured = self.measured(tpm)
        tpm.make_key("rsa", "rsassa")
        tpm.call("readpublic", "-c", "ak.ctx", "-f", "pem", "-o", "ak.pem")
        tpm.flush()
        root, chain = issue(tpm.read("ak.pem"))
        with open(self.server.path("tpm_ca.pem"), "wb") as f:
            f.write(root)
        self.server.stop()
        self.server.add_config("[attestation]", "anchor = tpm " +
                               self.server.path("tpm_ca.pem"))
        self.server.start()
        self.guard(measured)

        def with_chain(doc):
            doc["ak_cert"] = b64(chain)
        client = self.attest(self.client(), tpm, with_chain)
        self.assertEqual(client.resource(SECRET), b"the secret")
        client = self.attest(self.client(), tpm)
        self.assertEqual(self.refused(lambda: client.resource(SECRET)),
                         "AkNotTrusted")

    def test_a_certificate_must_say_what_it_is_for(self):
        tpm = self.tpm()
        tpm.make_key("rsa", "rsassa")
        tpm.call("readpublic", "-c", "ak.ctx", "-f", "pem", "-o", "ak.pem")
        tpm.flush()
        root, chain = issue(tpm.read("ak.pem"), None)
        with open(self.server.path("other_ca.pem"), "wb") as f:
            f.write(root)

        def with_chain(doc):
            doc["ak_cert"] = b64(chain)

        def attest():
            return self.attest(self.client(), tpm, with_chain)
        self.server.stop()
        self.server.add_config("[attestation]", "anchor = tpm " +
                               self.server.path("other_ca.pem"))
        self.server.start()
        self.assertEqual(self.refused(attest), "AkNotTrusted")
        self.server.stop()
        self.server.add_config("[attestation]",
                               "tpm_ak_purpose_optional = yes")
        self.server.start()
        self.guard(self.measured(tpm))
        self.assertEqual(attest().resource(SECRET), b"the secret")
        self.assertIn("tpm_ak_purpose_optional",
                      json.dumps(self.server.status()))

    def test_registers_that_the_configuration_wants_are_quoted(self):
        tpm = self.tpm()
        tpm.make_key()
        self.attest(self.client(), tpm)
        self.server.stop()
        self.server.add_config("[attestation]", "tpm_required_pcrs = 0 9")
        self.server.start()
        self.assertEqual(
            self.refused(lambda: self.attest(self.client(), tpm)),
            "PcrSelection")


class Agents(AtServer):
    def test_the_agent_gets_the_secret_when_registers_are_right(self):
        """swtpm talks to one at a time: tools wait while an agent runs."""
        for kind in ("ecc", "rsa"):
            with self.subTest(kind):
                tpm = self.tpm()
                measured = self.measured(tpm)
                agent = self.agent(tpm, kind)
                name = agent.wait_for("tpm_key")["name"]
                self.guard({"claim": "ak_name", "eq": name}, measured)
                agent.run("rotate")
                agent.wait_for("key_held")
                run = agent.run("get", "db")
                self.assertEqual((run.returncode, run.stdout),
                                 (0, b"the secret"))
                agent.close()
                tpm.extend(16, MEASURED)
                agent = self.agent(tpm, kind)
                self.assertEqual(agent.wait_for("key_refused")["reason"],
                                 "measurement_mismatch")
                agent.close()

    def test_a_list_of_ima_goes_along_until_it_is_too_long(self):
        tpm = self.tpm()
        made = [ima_entry("/usr/bin/%d" % i) for i in range(3)]
        for _, digest in made:
            tpm.extend(10, digest)
        path = tpm.path("ima")
        with open(path, "wb") as f:
            f.writelines(entry for entry, _ in made)
        agent = self.agent(tpm, pcrs="7,10", ima_log=path)
        pin = {"claim": "ak_name", "eq": agent.wait_for("tpm_key")["name"]}
        self.guard(pin, {"claim": "ima_violations", "le": 0})
        agent.run("rotate")
        agent.wait_for("key_held")
        with open(path, "ab") as f:  # as if the kernel went on meanwhile
            f.writelines(ima_entry("/tmp/%d" % i)[0] for i in range(2000))
        refused = agent.count("key_refused")
        agent.run("rotate")
        self.assertEqual(agent.wait_for("log_too_long")["log"], "ima_log")
        self.assertEqual(agent.wait_for("key_refused", refused + 1)["reason"],
                         "policy_clause")
        self.guard(pin)
        agent.run("rotate")
        agent.wait_for("key_held", 2)
        self.assertEqual(agent.run("get", "db").stdout, b"the secret")
        self.assertEqual(agent.count("log_too_long"), 1)

    def test_the_agents_key_is_the_same_at_each_start(self):
        tpm = self.tpm()
        first = self.agent(tpm)
        name = first.wait_for("tpm_key")["name"]
        first.close()
        second = self.agent(tpm)
        self.assertEqual(second.wait_for("tpm_key")["name"], name)


if __name__ == "__main__":
    missing = tpm_rig.have()
    if missing:
        print("SKIPPED: not installed: " + ", ".join(missing))
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
