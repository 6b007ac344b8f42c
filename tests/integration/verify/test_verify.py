"""warder-verify as its keeper and its supervisor see it: evidence of a software
TEE becomes claims, every lie is refused for its reason, and whoever speaks out
of turn is the only one to suffer."""
import base64
import contextlib
import hashlib
import os
import random
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

from swtee_rig import (AT, COCO, ECDH_ES_A256KW, P256, PARTS, SGX, Swtee,
                       bundle, coco_binding, read_claims, sealed)
from warder_rpc import CALLS, REASONS, Channel, encode

VERIFY, WARDER = (os.path.abspath(a) for a in sys.argv[1:3])
del sys.argv[1:3]

KEEPER, VERIFY_ROLE, FRONT = 4, 5, 2
SNP = 3
DAY = 86400
CHALLENGE, X, Y = bytes(range(40)), b"\x11" * 32, b"\x22" * 32


REASON_NAMES = {number: name for name, number in REASONS.items()}


class Keeper(Channel):
    """Asks, and has reasons by their names."""

    def answer(self):
        """(request, None, message) or (request, reason, sentence), or None
        at the end."""
        frame = self.receive()
        if frame is None:
            return None
        _, _, request, message = frame
        result = message["result"]
        if result == 0:
            return request, None, message
        return (request, REASON_NAMES.get(result, result), message["detail"])

    def ask(self, name, message, fd=None):
        """(None, message), or (reason, sentence)."""
        self.tell(name, message, fd)
        answer = self.answer()
        assert answer is not None, "%s: verify went away" % name
        return answer[1:]


class Rig:
    """A verify with a keeper; this process plays both its neighbours."""

    def __init__(self, anchors, **config):
        ours, theirs = socket.socketpair()
        self.control = Channel(ours)
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [VERIFY], stderr=self.log, pass_fds=[3],
            preexec_fn=lambda: os.dup2(theirs.fileno(), 3, inheritable=True))
        theirs.close()
        ours.settimeout(20)
        self.control.tell("CONFIG", dict(
            {"rpc_version": 1, "role": VERIFY_ROLE, "log_level": 3,
             "anchors": anchors}, **config))
        self.keeper = None
        self.attach()
        self.control.tell("START")
        name = (self.control.receive() or self.died())[0]
        assert name == "READY", name

    def died(self):
        self.process.wait(10)
        why = "verify ended (%d): %s" % (self.process.returncode,
                                         self.logged())
        self.close()
        raise AssertionError(why)

    def logged(self):
        self.log.seek(0)
        return self.log.read().decode()

    def attach(self, peer=KEEPER):
        ours, theirs = socket.socketpair()
        ours.settimeout(30)
        if self.keeper:
            self.keeper.close()
        self.keeper = Keeper(ours)
        self.control.tell("ATTACH", {"peer": peer, "cell": 0},
                          theirs.fileno())
        theirs.close()

    def snapshot_of(self, swtee, without=()):
        """What a keeper does: each document checked, then all in a block."""
        block = struct.pack("<I", 2)
        for name, doc, chain in swtee.documents():
            if name in without:
                continue
            reason, info = self.check(name, doc, chain)
            assert reason is None, (name, reason, info)
            block += struct.pack("<BBcB", PARTS[name], info["tee"], b"s",
                                 info["software"]) + info["scope"]
            block += struct.pack("<qII", info["issued"],
                                 info["evaluation_number"], len(doc)) + doc
        return block

    def check(self, name, doc, chain, at=AT):
        return self.keeper.ask("DOC_CHECK", {
            "role": PARTS.get(name, name), "at": at, "doc": doc,
            "chain": chain})

    def snapshot(self, block, size=None, **how):
        fd = sealed(block, **how)
        try:
            return self.keeper.ask("SNAPSHOT", {
                "version": 1, "size": len(block) if size is None else size},
                fd)
        finally:
            os.close(fd)

    def take(self, swtee, without=()):
        reason, detail = self.snapshot(self.snapshot_of(swtee, without))
        assert reason is None, (reason, detail)

    def message(self, evidence, **fields):
        return dict({"door": COCO, "tee": SGX, "at": AT,
                     "challenge": CHALLENGE, "key_curve": P256,
                     "key_alg": ECDH_ES_A256KW, "key_x": X, "key_y": Y,
                     "evidence": bundle(**(
                         evidence if isinstance(evidence, dict)
                         else {"quote": evidence}))}, **fields)

    def judge(self, evidence, **fields):
        return self.keeper.ask("APPRAISE", self.message(evidence, **fields))

    def close(self):
        self.process.kill()
        self.process.wait()
        self.control.close()
        self.keeper.close()
        self.log.close()


class Test(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.swtee = Swtee(WARDER, os.path.join(cls.folder.name, "one"))
        cls.other = Swtee(WARDER, os.path.join(cls.folder.name, "other"))
        cls.bound = coco_binding(CHALLENGE, X, Y)
        cls.good = cls.swtee.quote(cls.bound)

    def setUp(self):
        self.swtee.collateral()

    def rig(self, anchors=None, **config):
        rig = Rig(self.swtee.anchor() if anchors is None else anchors,
                  **config)
        self.addCleanup(rig.close)
        return rig

    def ready(self, **config):
        """A rig that has the collateral."""
        rig = self.rig(**config)
        rig.take(self.swtee)
        return rig

    def refused(self, rig, reason, evidence=None, **fields):
        got, detail = rig.judge(
            self.good if evidence is None else evidence, **fields)
        self.assertEqual(got, reason, detail)

    def verified(self, rig, evidence=None, **fields):
        reason, answer = rig.judge(
            self.good if evidence is None else evidence, **fields)
        self.assertIsNone(reason, answer)
        return read_claims(answer["flat"])


class Evidence(Test):
    def test_a_quote_becomes_claims(self):
        rig = self.ready()
        claims = self.verified(rig, self.swtee.quote(
            self.bound, "--mrenclave", "ab" * 32, "--mrsigner", "cd" * 32,
            "--isv-prod-id", "7", "--isv-svn", "9"))
        self.assertEqual(claims["tee"], "sgx")
        self.assertIs(claims["software"], True)
        self.assertEqual(claims["tcb_status"], "UpToDate")
        self.assertEqual(claims["mrenclave"], b"\xab" * 32)
        self.assertEqual(claims["mrsigner"], b"\xcd" * 32)
        self.assertEqual(claims["isv_prod_id"], 7)
        self.assertEqual(claims["isv_svn"], 9)
        self.assertEqual(claims["report_data"], self.bound + bytes(16))
        self.assertEqual(claims["collateral_expiry"], AT + 30 * DAY)

    def test_evidence_is_bound_to_challenge_key_and_what_came_with_it(self):
        rig = self.ready()
        self.verified(rig)
        for change in ({"challenge": CHALLENGE[1:]},
                       {"challenge": b"\1" + CHALLENGE[1:]},
                       {"key_x": Y}, {"key_y": X},
                       {"additional": b"{}"}):
            self.refused(rig, "nonce_mismatch", **change)
        with_more = self.swtee.quote(coco_binding(CHALLENGE, X, Y, "{}"))
        self.verified(rig, with_more, additional=b"{}")
        self.refused(rig, "nonce_mismatch", with_more)
        self.refused(rig, "nonce_mismatch", self.swtee.quote(b""))
        self.refused(rig, "nonce_mismatch",
                     self.swtee.quote(self.bound + b"\1"))

    def test_what_no_door_binds_is_refused(self):
        rig = self.ready()
        self.refused(rig, "key_invalid", key_x=X + b"\0")
        self.refused(rig, "key_invalid", key_y=b"")
        for change in ({"door": 0}, {"door": 4}, {"door": 200},
                       {"key_curve": 0}, {"key_curve": 5},
                       {"key_curve": 250}, {"key_alg": 0},
                       {"key_alg": 250}):
            self.refused(rig, "unsupported", **change)
        for tee in (0, 200, 255):
            self.refused(rig, "tee_not_supported", tee=tee)
        self.refused(rig, "malformed", additional=b"\xff")

    def test_each_fault_of_a_quote_has_its_reason(self):
        rig = self.ready()
        for fault, reason in (
                ("quote_signature", "quote_bad_signature"),
                ("att_key_binding", "att_key_binding"),
                ("qe_report_signature", "qe_report_bad_signature"),
                ("qe_signer", "qe_identity_mismatch"),
                ("qe_debug", "qe_identity_mismatch"),
                ("pck_signature", "pck_chain_bad_signature"),
                ("cert_data", "unsupported_cert_data"),
                ("vendor", "malformed"), ("length", "malformed")):
            self.refused(rig, reason, self.swtee.quote(
                self.bound, "--fault", fault))
        self.verified(rig)

    def test_debug_is_refused_unless_the_configuration_allows_it(self):
        debug = self.swtee.quote(self.bound, "--debug")
        self.refused(self.ready(), "debug_not_allowed", debug)
        self.assertIs(
            self.verified(self.ready(allow_debug=True), debug)["debug"], True)

    def test_another_root_is_not_trusted(self):
        rig = self.ready()
        self.refused(rig, "pck_chain_untrusted_root",
                     self.other.quote(self.bound))
        rig = self.rig(anchors=self.swtee.anchor() + self.other.anchor())
        rig.take(self.swtee)
        self.refused(rig, "crl_bad_signature", self.other.quote(self.bound))
        self.verified(rig)

    def test_a_vendors_anchor_is_no_software_and_no_anchor_is_none(self):
        vendor = bytes([SGX, 0]) + self.swtee.root_sha256()
        rig = self.rig(anchors=vendor)
        rig.take(self.swtee)
        self.assertIs(self.verified(rig)["software"], False)
        tdx_only = bytes([2, 1]) + self.swtee.root_sha256()
        self.refused(self.rig(anchors=tdx_only), "pck_chain_untrusted_root")
        self.refused(self.rig(anchors=b""), "pck_chain_untrusted_root")


class Snp(unittest.TestCase):
    """The rules of the configuration that reports of SNP are judged by."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.dir = os.path.join(cls.folder.name, "snp")
        cls.swtee("init", "--tee", "snp", "--line", "Genoa", "--tcb",
                  "00030405c8", "--made", "2029-06-01T00:00:00Z", cls.dir)
        cls.bound = coco_binding(CHALLENGE, X, Y)
        cls.vek = b"".join(cls.file(n) for n in (
            "vek.pem", "ask.pem", "ark.pem"))
        cls.root = hashlib.sha256(base64.b64decode("".join(
            cls.file("ark.pem").decode().splitlines()[1:-1]))).digest()

    @classmethod
    def swtee(cls, *words):
        return subprocess.run(
            [WARDER, "swtee", *words], check=True, timeout=30,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout

    @classmethod
    def file(cls, name):
        with open(os.path.join(cls.dir, name), "rb") as f:
            return f.read()

    def judge(self, *options, **config):
        config = dict({"crl_optional": True, "snp_max_vmpl": 3}, **config)
        rig = Rig(bytes([SNP, 1]) + self.root, **config)
        self.addCleanup(rig.close)
        report = self.swtee("quote", "--dir", self.dir, "--tee", "snp",
                            "--report-data", self.bound.hex(), *options)
        return rig.judge({"report": report, "vek": self.vek}, tee=SNP)[0]

    def test_a_minimum_tcb_is_of_its_line_and_each_component(self):
        for tcb, reason in (
                (b"", None), (bytes([2, 0, 3, 4, 5, 200]), None),
                (bytes([1, 9, 9, 9, 9, 255, 3, 9, 9, 9, 9, 255]), None),
                (bytes([2, 0, 4, 4, 5, 200]), "tcb_below_minimum"),
                (bytes([2, 0, 3, 5, 5, 200]), "tcb_below_minimum"),
                (bytes([2, 0, 3, 4, 6, 200]), "tcb_below_minimum"),
                (bytes([2, 0, 0, 0, 0, 201]), "tcb_below_minimum")):
            self.assertEqual(self.judge(snp_min_tcb=tcb), reason, tcb)

    def test_a_most_vmpl_holds(self):
        self.assertIsNone(self.judge("--vmpl", "3"))
        self.assertIsNone(self.judge("--vmpl", "1", snp_max_vmpl=1))
        self.assertEqual(self.judge("--vmpl", "2", snp_max_vmpl=1),
                         "vmpl_not_allowed")

    def test_migration_is_refused_unless_the_configuration_allows_it(self):
        self.assertEqual(self.judge("--migrate-ma"), "migration_not_allowed")
        self.assertIsNone(self.judge("--migrate-ma",
                                     snp_allow_migrate_ma=True))

    def test_minimum_versions_that_are_none_are_fatal(self):
        for tcb in (bytes([4, 0, 0, 0, 0, 0]), bytes(5)):
            with self.assertRaises(AssertionError):
                self.judge(snp_min_tcb=tcb)


class Collateral(Test):
    def test_without_it_nothing_is_judged(self):
        rig = self.rig()
        self.refused(rig, "crl_missing")
        for name, reason in (("tcb_info", "collateral_missing"),
                             ("qe_identity", "collateral_missing"),
                             ("tcb_signing_chain", "collateral_missing"),
                             ("pck_crl", "crl_missing"),
                             ("root_ca_crl", "crl_missing")):
            rig.take(self.swtee, without=[name])
            self.refused(rig, reason)
        rig.take(self.swtee)
        self.verified(rig)

    def test_missing_lists_may_be_allowed_by_the_configuration(self):
        rig = self.rig(crl_optional=True)
        rig.take(self.swtee, without=["pck_crl", "root_ca_crl"])
        self.verified(rig)

    def test_it_ends_and_begins_by_the_keepers_clock(self):
        rig = self.ready()
        self.verified(rig, at=AT + 30 * DAY)
        self.refused(rig, "crl_expired", at=AT + 30 * DAY + 1)
        self.refused(rig, "crl_expired", at=AT - 1)
        self.refused(rig, "pck_chain_expired", at=AT + 8 * 365 * DAY)
        self.refused(rig, "pck_chain_expired", at=-1)

    def test_a_new_snapshot_takes_the_place_of_the_old(self):
        rig = self.ready()
        self.assertEqual(self.verified(rig)["tcb_status"], "UpToDate")
        self.swtee.collateral("--status", "OutOfDate", "--advisories",
                              "INTEL-SA-1", "--evaluation-number", "18")
        rig.take(self.swtee)
        claims = self.verified(rig)
        self.assertEqual(claims["tcb_status"], "OutOfDate")
        self.assertEqual(claims["advisory_ids"], ["INTEL-SA-1"])
        self.assertEqual(claims["tcb_evaluation_data_number"], 18)
        self.swtee.collateral("--revoke-pck")
        rig.take(self.swtee)
        self.refused(rig, "revoked")
        self.swtee.collateral("--revoke-ca")
        rig.take(self.swtee)
        self.refused(rig, "revoked")
        self.swtee.collateral("--level", "ff" * 16 + ":0:UpToDate")
        rig.take(self.swtee)
        self.refused(rig, "tcb_not_supported")

    def test_a_minimum_evaluation_number_holds(self):
        rig = self.ready(min_evaluation_number=18)
        self.refused(rig, "evaluation_number_below_minimum")
        self.swtee.collateral("--evaluation-number", "18")
        rig.take(self.swtee)
        self.verified(rig)

    def test_a_minimum_number_of_sgx_is_of_sgx(self):
        rig = self.ready(min_evaluation_number=17, tdx_min_evaluation_number=99)
        self.verified(rig)
        rig = self.ready(min_evaluation_number=1, sgx_min_evaluation_number=18)
        self.refused(rig, "evaluation_number_below_minimum")

    def test_a_bad_snapshot_leaves_the_old_one_in_force(self):
        rig = self.ready()
        block = rig.snapshot_of(self.swtee)
        for bad in (b"\1" + block[1:], block[:-1], block + b"\0", b"\0",
                    block[:4] + b"\xff" + block[5:],
                    block[:28] + b"\xff\xff\xff\xff" + block[32:]):
            self.assertEqual(rig.snapshot(bad)[0], "malformed")
        self.assertEqual(rig.snapshot(block, size=len(block) + 1)[0],
                         "malformed")
        self.assertEqual(rig.snapshot(block, size=0)[0], "malformed")
        self.assertEqual(rig.snapshot(block, size=1 << 40)[0], "too_large")
        self.assertEqual(rig.snapshot(block, seals=0)[0], "malformed")
        self.verified(rig)

    def test_documents_of_another_root_are_not_taken(self):
        rig = self.rig()
        for name, doc, chain in self.other.documents():
            reason, _ = rig.check(name, doc, chain)
            self.assertIn(reason, ("tcb_signing_chain_untrusted_root",
                                   "qe_identity_chain_untrusted_root",
                                   "pck_chain_untrusted_root"), name)

    def test_each_document_is_checked_on_its_own(self):
        rig = self.rig()
        for name, doc, chain in self.swtee.documents():
            reason, info = rig.check(name, doc, chain)
            self.assertIsNone(reason, info)
            self.assertIs(info["software"], True)
            if name in ("tcb_info", "qe_identity"):
                self.assertEqual(info["evaluation_number"], 17)
                self.assertEqual(info["issued"], AT)
            late, _ = rig.check(name, doc, chain, at=AT + 40 * 365 * DAY)
            self.assertIn("expired", late)
            cut, _ = rig.check(name, doc[:-2], chain)
            self.assertIsNotNone(cut)
            if name != "tcb_signing_chain":
                self.assertIsNotNone(rig.check(name, doc, b"")[0])
        for role in (PARTS["quote"], PARTS["pck_chain"], len(PARTS), 255):
            self.assertEqual(rig.check(role, b"x", b"")[0], "unsupported")


class Neighbours(Test):
    def test_garbage_never_ends_it(self):
        rig = self.ready()
        rng = random.Random(20300601)
        for _ in range(300):
            data = rng.randbytes(rng.choice((0, 1, 47, 48, 436, 4096, 65536)))
            reason, _ = rig.judge(data)
            self.assertEqual(reason, "malformed")
        for _ in range(300):
            data = bytearray(self.good)
            for _ in range(rng.randrange(1, 8)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            rig.judge(bytes(data))
            rig.judge(bytes(data[:rng.randrange(len(data))]))
        self.verified(rig)

    def test_many_questions_at_once_are_answered_in_order(self):
        rig = self.ready()
        number, request, _ = CALLS["APPRAISE"]
        for i in range(256):
            challenge = CHALLENGE if i % 3 else b"other"
            rig.keeper.send_frame(number, 0, 1000 + i, encode(
                request, rig.message(self.good, challenge=challenge)))
        for i in range(256):
            n, reason, _ = rig.keeper.answer()
            self.assertEqual(n, 1000 + i)
            self.assertEqual(reason, None if i % 3 else "nonce_mismatch")

    def ended(self, rig, why):
        """The keeper is cut off and reported; a new one is served."""
        with contextlib.suppress(ConnectionResetError):  # not all was read
            self.assertIsNone(rig.keeper.answer())
        name, _, _, report = rig.control.receive()
        self.assertEqual((name, report["peer"]), ("BAD_PEER", KEEPER))
        self.assertIn(why, report["why"])
        rig.attach()
        self.verified(rig)

    def test_a_message_out_of_place_ends_its_sender_alone(self):
        rig = self.ready()
        appraise = CALLS["APPRAISE"][0]
        good = encode("appraise_ask", rig.message(self.good))
        for call, flags, body, why in (
                (appraise, 0, b"", "malformed APPRAISE"),
                (appraise, 0, good[:-1], "malformed APPRAISE"),
                (appraise, 0, good + b"\0", "malformed APPRAISE"),
                (appraise, 0, bytes(540001), "body too large"),
                (appraise, 1, good, "answer to nothing"),
                (appraise, 4, good, "impossible frame"),
                (appraise, 2, good, "impossible frame"),
                (CALLS["DOC_CHECK"][0], 0, b"x", "malformed DOC_CHECK"),
                (CALLS["SNAPSHOT"][0], 0, bytes(16), "descriptor"),
                (CALLS["CHALLENGE"][0], 0, b"\1", "not allowed"),
                (CALLS["START"][0], 0, b"", "not allowed"),
                (9999, 0, b"", "no such call")):
            with contextlib.suppress(BrokenPipeError):  # while it sends
                rig.keeper.send_frame(call, flags, 1, body)
            self.ended(rig, why)
        rig.keeper.sock.sendall(struct.pack("<IHHI", 1 << 31, 0, 0, 0))
        self.ended(rig, "impossible frame")

    def test_a_snapshot_out_of_place_ends_its_sender_alone(self):
        rig = self.ready()
        fd = sealed(b"\1\0\0\0")
        self.addCleanup(os.close, fd)
        number = CALLS["SNAPSHOT"][0]
        rig.keeper.send_frame(number, 0, 1, b"short", fd)
        self.ended(rig, "malformed SNAPSHOT")
        rig.keeper.send_frame(CALLS["APPRAISE"][0], 0, 1, b"", fd)
        self.ended(rig, "descriptor")

    def test_a_keeper_that_goes_away_is_replaced(self):
        rig = self.ready()
        rig.keeper.sock.sendall(b"\x10\0\0")
        rig.attach()
        self.verified(rig)
        rig.attach()
        rig.attach()
        self.verified(rig)

    def test_only_keepers_are_its_to_talk_to(self):
        rig = self.rig()
        keeper, rig.keeper = rig.keeper, None
        rig.attach(FRONT)
        self.assertEqual(rig.keeper.sock.recv(1), b"")
        rig.keeper.close()
        rig.keeper = keeper
        rig.take(self.swtee)
        self.verified(rig)

    def test_drained_it_serves_its_keeper_to_the_end(self):
        rig = self.ready()
        rig.control.tell("DRAIN")
        self.verified(rig)
        self.verified(rig)
        self.assertIsNone(rig.process.poll())
        rig.keeper.sock.close()
        self.assertEqual(rig.process.wait(10), 0)

    def test_without_a_supervisor_it_ends(self):
        rig = self.ready()
        rig.control.sock.close()
        self.assertEqual(rig.process.wait(10), 0)

    def test_a_configuration_that_is_none_is_fatal(self):
        for anchors in (b"\1", bytes(34), bytes([1, 2]) + bytes(32),
                        bytes([200, 1]) + bytes(32),
                        (bytes([1, 1]) + bytes(32)) * 2 + b"\1"):
            with self.assertRaisesRegex(AssertionError, "ended .1."):
                self.rig(anchors=anchors)

    def test_started_by_hand_it_says_what_it_is(self):
        run = subprocess.run([VERIFY], stderr=subprocess.PIPE, timeout=10,
                             stdin=subprocess.DEVNULL, check=False)
        self.assertEqual(run.returncode, 2)
        self.assertIn(b"part of warderd", run.stderr)


if __name__ == "__main__":
    unittest.main()
