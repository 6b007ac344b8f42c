"""Guests of SEV-SNP before a whole server: evidence goes in as the Confidential
Containers guests send it, with fields instead of bytes.
"""
import base64
import hashlib
import json
import os
import unittest

import agent_rig
from agent_rig import Agent
from whole import BUILD, Whole, refusal

agent_rig.PROGRAM = os.path.join(BUILD, "warder-agent")
agent_rig.WARDER = os.path.join(BUILD, "warder")

MEASUREMENT, OTHER = "a1" * 48, "b2" * 48
BYTES = {"family_id": (0x10, 16), "image_id": (0x20, 16),
         "report_data": (0x50, 64), "measurement": (0x90, 48),
         "host_data": (0xc0, 32), "id_key_digest": (0xe0, 48),
         "author_key_digest": (0x110, 48), "report_id": (0x140, 32),
         "report_id_ma": (0x160, 32), "chip_id": (0x1a0, 64)}
NUMBERS = {"version": (0, 4), "guest_svn": (4, 4), "policy": (8, 8),
           "vmpl": (0x30, 4), "sig_algo": (0x34, 4), "plat_info": (0x40, 8),
           "key_info": (0x48, 4), "cpuid_fam_id": (0x188, 1),
           "cpuid_mod_id": (0x189, 1), "cpuid_step": (0x18a, 1),
           "launch_mit_vector": (0x1f8, 8), "current_mit_vector": (0x200, 8)}
TCBS = {"current_tcb": 0x38, "reported_tcb": 0x180, "committed_tcb": 0x1e0,
        "launch_tcb": 0x1f0}


def fields(report):
    """The object that a guest's library makes of a report of Milan."""
    doc = {name: list(report[at:at + n]) for name, (at, n) in BYTES.items()}
    for name, (at, n) in NUMBERS.items():
        doc[name] = int.from_bytes(report[at:at + n], "little")
    for name, at in TCBS.items():
        doc[name] = {"fmc": None, "bootloader": report[at],
                     "tee": report[at + 1], "snp": report[at + 6],
                     "microcode": report[at + 7]}
    for name, at in (("current", 0x1e8), ("committed", 0x1ec)):
        doc[name] = {"major": report[at + 2], "minor": report[at + 1],
                     "build": report[at]}
    doc["signature"] = {"r": list(report[0x2a0:0x2e8]),
                        "s": list(report[0x2e8:0x330])}
    return doc


def der(pem):
    return base64.b64decode("".join(
        line for line in pem.splitlines() if not line.startswith("-----")))


def policy(**members):
    doc = {"warder": 1, "tee": "snp", "accept_software": True,
           "all": [{"claim": "measurement", "in": [MEASUREMENT]},
                   {"claim": "vmpl", "le": 1},
                   {"claim": "reported_tcb.microcode", "ge": 200},
                   {"claim": "alias_check_complete", "is": True}]}
    doc.update(members)
    return doc


class SnpServer(Whole):
    def __init__(self):
        super().__init__()
        self.run("swtee", "init", "--tee", "snp", self.path("snp"))
        self.add_config("[attestation]", "software_anchor = snp %s" % (
            self.path("snp/collateral/trust_anchor.pem")))

    def start(self, *args, **kw):
        super().start(*args, **kw)
        self.import_collateral("snp")
        return self

    def report(self, digest, *options):
        done = self.run("swtee", "quote", "--dir", self.path("snp"), "--tee",
                        "snp", "--report-data", digest.hex(), "--output",
                        self.path("report.bin"), *options)
        assert done.returncode == 0
        with open(self.path("report.bin"), "rb") as f:
            return f.read()

    def pem(self, name):
        with open(self.path("snp/" + name), encoding="ascii") as f:
            return f.read()

    def chain(self, *names):
        """Entries of a cert_chain, in DER."""
        return [{"cert_type": kind, "data": list(der(self.pem(name)))}
                for kind, name in names]

    def attest(self, client, *options, chain=None, edit=None,
               measurement=MEASUREMENT, init=None):
        client.auth("snp")
        doc = fields(self.report(client.runtime_digest(), "--measurement",
                                 measurement, *options))
        if edit:
            edit(doc)
        headers, body = client.ok("POST", "/kbs/v0/attest", {
            "init-data": init and {"format": "toml", "body": init},
            "runtime-data": {"nonce": client.nonce,
                             "tee-pubkey": client.public},
            "tee-evidence": {
                "primary_evidence": {"attestation_report": doc,
                                     "cert_chain": chain},
                "additional_evidence": ""},
        }, {"Cookie": client.cookie})
        cookie = headers.get("Set-Cookie")
        if cookie:
            client.cookie = cookie.split(";")[0]
        client.token = json.loads(body)["token"]
        return client


class Snp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = SnpServer()
        cls.server.start()
        cls.path = "default/snp/key"
        cls.secret = cls.server.put_secret(
            cls.path, None, cls.server.add_policy(policy()))
        cls.vcek = cls.server.chain(("VCEK", "vek.pem"))

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()

    def refused(self, status, kind, run, *args, **kw):
        got = refusal(run, *args, **kw)
        self.assertEqual((got.status, got.type), (status, kind), str(got))

    def attested(self, *options, **kw):
        kw.setdefault("chain", self.vcek)
        return self.server.attest(self.server.client(), *options, **kw)

    def test_guest_gets_its_secret(self):
        self.assertEqual(self.attested().resource(self.path), self.secret)

    def test_certificates_come_in_any_way(self):
        whole = self.server.chain(("ARK", "ark.pem"), ("VCEK", "vek.pem"),
                                  ("ASK", "ask.pem"))
        pem = [{"cert_type": "VCEK",
                "data": list(self.server.pem("vek.pem").encode())},
               {"cert_type": {"OTHER": "00000000"}, "data": [1, 2, 3]}]
        for chain in (whole, pem, None):  # None: the one that is kept
            client = self.attested(chain=chain)
            self.assertEqual(client.resource(self.path), self.secret)

    def test_init_data_counts_when_the_hardware_signed_its_hash(self):
        text = 'version = "0.1.0"\nalgorithm = "sha384"\n[data]\n'
        digest = hashlib.sha256(text.encode()).hexdigest()
        path = "default/snp/init"
        secret = self.server.put_secret(path, None, self.server.add_policy(
            policy(all=[{"claim": "init_data_sha256", "in": [digest]}])))
        host = hashlib.sha384(text.encode()).hexdigest()[:64]
        client = self.attested("--host-data", host, init=text)
        self.assertEqual(client.resource(path), secret)
        self.refused(403, "InitDataMismatch", self.attested, "--host-data",
                     host, init=text + "# more")
        self.refused(403, "InitDataMismatch", self.attested, init=text)
        silent = self.attested("--host-data", host)
        self.refused(403, "MeasurementMismatch", silent.resource, path)

    def agent(self, **swtee):
        agent = Agent(keys={"db": {"path": self.path, "get": os.getuid()}},
                      tee=self.server.path("snp"),
                      address="127.0.0.1:%d" % self.server.port,
                      release_key=self.server.release_key)
        self.addCleanup(agent.close)
        with open(self.server.ca, encoding="ascii") as f:
            agent.write_ca(f.read())
        agent.swtee.update(tee="snp", **swtee)
        agent.write()
        return agent.start()

    def test_an_agent_gets_its_secret(self):
        agent = self.agent(measurement=MEASUREMENT)
        agent.wait_for("key_held")
        run = agent.run("get", "db")
        self.assertEqual((run.returncode, run.stdout), (0, self.secret))

    def test_an_agent_of_a_higher_vmpl_does_not(self):
        agent = self.agent(measurement=MEASUREMENT, vmpl=3)
        refused = agent.wait_for("key_refused")
        self.assertEqual(refused["reason"], "policy_clause")

    def test_another_measurement_does_not(self):
        client = self.attested(measurement=OTHER)
        self.refused(403, "MeasurementMismatch", client.resource, self.path)

    def test_a_higher_vmpl_does_not(self):
        client = self.attested("--vmpl", "2")
        self.refused(403, "PolicyClause", client.resource, self.path)

    def test_a_low_tcb_does_not(self):
        doc = policy()
        doc["all"] = [{"claim": "reported_tcb.snp", "ge": 25}]
        path = "default/snp/low"
        self.server.put_secret(path, b"x", self.server.add_policy(doc))
        self.refused(403, "SvnBelowMinimum", self.attested().resource, path)

    def test_a_debug_policy_does_not(self):
        self.refused(403, "DebugNotAllowed", self.attested, "--debug")

    def test_a_migration_agent_does_not(self):
        self.refused(403, "MigrationNotAllowed", self.attested, "--migrate-ma")

    def test_each_fault_is_refused(self):
        faults = {"signature": "ReportBadSignature",
                  "chip_id": "ChipIdMismatch", "tcb": "TcbMismatch"}
        for fault, kind in faults.items():
            with self.subTest(fault=fault):
                self.refused(403, kind, self.attested, "--fault", fault)

    def test_changed_fields_are_refused(self):
        def host_data(doc):
            doc["host_data"][0] ^= 1
        self.refused(403, "ReportBadSignature", self.attested, edit=host_data)

    def test_wrong_forms_are_refused(self):
        def short(doc):
            doc["measurement"].pop()

        def large(doc):
            doc["chip_id"][0] = 256

        def missing(doc):
            del doc["vmpl"]

        def more(doc):
            doc["more"] = 1
        for edit in (short, large, missing):
            self.refused(400, "Malformed", self.attested, edit=edit)
        self.refused(400, "UnknownMember", self.attested, edit=more)


class Lists(unittest.TestCase):
    def test_a_list_is_needed_and_believed(self):
        with SnpServer() as server:
            os.unlink(server.path("snp/collateral/amd_crl.der"))
            server.start()
            chain = server.chain(("VCEK", "vek.pem"))
            got = refusal(server.attest, server.client(), chain=chain)
            self.assertEqual((got.status, got.type), (503, "CrlMissing"))
            server.run("swtee", "collateral", "--tee", "snp", "--dir",
                       server.path("snp"), "--revoke-ask")
            server.import_collateral("snp")
            got = refusal(server.attest, server.client(), chain=chain)
            self.assertEqual((got.status, got.type), (403, "Revoked"))


if __name__ == "__main__":
    unittest.main(argv=["test_snp"], verbosity=2)
