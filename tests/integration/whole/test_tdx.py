"""A trust domain at the coco door of a whole server: the right one gets its
secret, others and those that were tampered with do not.
"""
import hashlib
import json
import struct
import unittest

from coco_client import b64
from whole import Whole, policy, refusal

MRTD = "d4" * 48
OTHER = "e5" * 48
SECRET = "default/db/td"


def td_policy(**members):
    return policy(tee="tdx", all=[{"claim": "mr_td", "in": [MRTD]}],
                  **members)


def event(register, data):
    return struct.pack("<IIIH", register, 5, 1, 0xc) + \
        hashlib.sha384(data).digest() + struct.pack("<I", len(data)) + data


def event_log(*events):
    """A CCEL, and the register that each pair of register and data makes."""
    spec = b"Spec ID Event03\0" + bytes(8) + struct.pack(
        "<IHHB", 1, 0xc, 48, 0)
    log = struct.pack("<II", 1, 3) + bytes(20) + struct.pack(
        "<I", len(spec)) + spec
    registers = {n: bytes(48) for n in range(1, 5)}
    for register, data in events:
        log += event(register, data)
        registers[register] = hashlib.sha384(
            registers[register] + hashlib.sha384(data).digest()).digest()
    return log + b"\xff" * 8, registers


class Tdx(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Whole()
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()
        cls.data = cls.server.put_secret(
            SECRET, policy_id=cls.server.add_policy(td_policy()))

    def refused(self, status, kind, run, *args, **kw):
        got = refusal(run, *args, **kw)
        self.assertEqual((got.status, got.type), (status, kind), str(got))

    def begun(self):
        client = self.server.client()
        client.auth(tee="tdx")
        return client

    def quote(self, client, *options):
        if "--mrtd" not in options:
            options += ("--mrtd", MRTD)
        return self.server.quote(
            client.runtime_digest(), *options, tee="tdx")

    def attest(self, client, quote, log=None, **more):
        """As guests send it: with the event log, or null for none."""
        evidence = dict({"cc_eventlog": log and b64(log),
                         "quote": b64(quote)}, **more)
        headers, body = client.ok("POST", "/kbs/v0/attest", {
            "init-data": None,
            "runtime-data": {"nonce": client.nonce,
                             "tee-pubkey": client.public},
            "tee-evidence": {"primary_evidence": evidence,
                             "additional_evidence": ""},
        }, {"Cookie": client.cookie})
        client.cookie = headers["Set-Cookie"].split(";")[0]
        client.token = json.loads(body)["token"]
        return client

    def attested(self, *options):
        client = self.begun()
        return self.attest(client, self.quote(client, *options))

    def test_the_right_td_gets_its_secret(self):
        for version in ("4", "5"):
            client = self.attested("--quote-version", version)
            self.assertEqual(client.resource(SECRET), self.data)

    def test_a_quote_alone_is_known_as_a_tds(self):
        client = self.begun()
        client.attest(self.quote(client))
        self.assertEqual(client.resource(SECRET), self.data)

    def test_another_td_does_not(self):
        client = self.attested("--mrtd", OTHER)
        self.refused(403, "MeasurementMismatch", client.resource, SECRET)

    def test_an_enclave_gets_no_secret_of_a_td(self):
        client = self.server.attested()
        self.refused(403, "TeeMismatch", client.resource, SECRET)

    def test_a_debug_td_is_refused(self):
        client = self.begun()
        self.refused(403, "DebugNotAllowed", self.attest, client,
                     self.quote(client, "--debug"))

    def test_an_unknown_module_is_refused(self):
        client = self.begun()
        self.refused(403, "TdxModuleMismatch", self.attest, client,
                     self.quote(client, "--tee-tcb-svn", "050203"))

    def test_evidence_for_another_challenge_is_refused(self):
        client = self.begun()
        quote = self.quote(client)
        client.auth(tee="tdx")
        self.refused(403, "NonceMismatch", self.attest, client, quote)

    def test_an_old_module_is_for_the_policy_to_accept(self):
        client = self.attested("--tee-tcb-svn", "040103", "--tee-tcb-svn2",
                               "050103")
        self.refused(403, "TcbStatusNotAccepted", client.resource, SECRET)
        path = "default/db/relaunch"
        self.server.put_secret(path, b"x", self.server.add_policy(
            td_policy(tcb_statuses=["UpToDate", "TDRelaunchAdvised"])))
        self.assertEqual(client.resource(path), b"x")

    def test_an_event_log_must_lead_to_the_registers(self):
        log, registers = event_log((1, b"firmware"), (2, b"loader"),
                                   (2, b"kernel"))
        client = self.begun()
        quote = self.quote(client, "--rtmr0", registers[1].hex(), "--rtmr1",
                           registers[2].hex())
        self.attest(client, quote, log)
        self.assertEqual(client.resource(SECRET), self.data)
        altered, _ = event_log((1, b"firmware"), (2, b"loader"),
                               (2, b"another kernel"))
        client = self.begun()
        quote = self.quote(client, "--rtmr0", registers[1].hex(), "--rtmr1",
                           registers[2].hex())
        self.refused(403, "EventLogMismatch", self.attest, client, quote,
                     altered)
        self.refused(403, "EventLogMalformed", self.attest, client, quote,
                     log[:-20])

    def test_a_policy_may_ask_for_registers(self):
        path = "default/db/rtmr"
        doc = td_policy()
        doc["all"].append({"claim": "rtmr2", "in": ["77" * 48]})
        self.server.put_secret(path, b"x", self.server.add_policy(doc))
        client = self.attested("--rtmr2", "77" * 48)
        self.assertEqual(client.resource(path), b"x")
        client = self.attested("--rtmr2", "78" * 48)
        self.refused(403, "MeasurementMismatch", client.resource, path)


if __name__ == "__main__":
    unittest.main(argv=["test_tdx"])
