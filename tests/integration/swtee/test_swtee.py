"""The software TEE by command line: what it makes is judged by the command
line, and by the reason each lie is refused for."""
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

WARDER = os.path.abspath(sys.argv.pop(1))
DOCS = {"tcb_info": "tcb_info.json", "qe_identity": "qe_identity.json",
        "tcb_signing_chain": "tcb_signing_chain.pem",
        "pck_crl": "pck_crl.der", "root_ca_crl": "root_ca_crl.der"}
AT = "2030-06-01T00:00:00Z"
LONG_AGO, AGO = "2030-03-01T00:00:00Z", "2030-04-01T00:00:00Z"


def warder(*words):
    return subprocess.run([WARDER, *words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=30, check=False)


class Swtee(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.dir = os.path.join(self.folder, "swtee")
        self.done("swtee", "init", self.dir, "--made", AT)

    def done(self, *words):
        run = warder(*words)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout

    def collateral(self, *options):
        self.done("swtee", "collateral", "--dir", self.dir, "--issued", AT,
                  *options)

    def quote(self, *options):
        path = os.path.join(self.folder, "quote.bin")
        self.done("swtee", "quote", "--dir", self.dir, "--tee", "sgx",
                  "--output", path, *options)
        return path

    def judge(self, quote, *options, without=None, anchor=None):
        docs = os.path.join(self.dir, "collateral")
        words = ["evidence", "verify", "--tee", "sgx", "--at", AT, "--json",
                 "--input", "quote=" + quote, "--trust-anchor",
                 anchor or os.path.join(docs, "trust_anchor.pem")]
        for name, file in DOCS.items():
            if name != without:
                words += ["--input", "%s=%s" % (name,
                                                os.path.join(docs, file))]
        run = warder(*words, *options)
        answer = json.loads(run.stdout)
        self.assertEqual(run.returncode,
                         {"verified": 0, "rejected": 3}[answer["verdict"]])
        return answer

    def refused(self, reason, quote=None, **how):
        answer = self.judge(quote or self.quote(), **how)
        self.assertEqual(answer.get("reason"), reason, answer)

    def judge_folder(self, folder, *options, tee="sgx", anchor=True):
        """The exit status, and the answer where there is one."""
        words = ["evidence", "verify", "--tee", tee, "--at", AT, "--json",
                 "--collateral", folder, *options]
        if anchor:
            words += ["--trust-anchor", os.path.join(
                self.dir, "collateral", "trust_anchor.pem")]
        run = warder(*words)
        return (run.returncode, json.loads(run.stdout) if run.stdout
                else run.stderr.decode())

    def test_collateral_may_come_from_its_folder(self):
        docs = os.path.join(self.dir, "collateral")
        quote = "quote=" + self.quote("--isv-svn", "5")
        self.assertEqual(self.judge_folder(docs, "--input", quote),
                         (0, self.judge(quote[6:])))
        self.done("swtee", "quote", "--dir", self.dir, "--tee", "tdx",
                  "--output", quote[6:])
        status, answer = self.judge_folder(docs, "--input", quote, tee="tdx")
        self.assertEqual((status, answer["tee"]), (0, "tdx"), answer)

    def test_a_folder_brings_no_root_and_does_not_replace_what_is_named(self):
        docs = os.path.join(self.dir, "collateral")
        quote = "quote=" + self.quote()
        status, answer = self.judge_folder(docs, "--input", quote,
                                           anchor=False)
        self.assertEqual((status, answer["reason"]),
                         (3, "pck_chain_untrusted_root"))
        wrong = "tcb_info=" + os.path.join(docs, "qe_identity.json")
        status, answer = self.judge_folder(docs, "--input", quote,
                                           "--input", wrong)
        self.assertEqual((status, answer["reason"]),
                         (3, "malformed"), answer)
        self.assertIn("tcbInfo", answer["detail"])

    def test_a_folder_without_collateral_is_said_to_be_one(self):
        quote = "quote=" + self.quote()
        for folder, why in ((self.dir, "there is no collateral in it"),
                            (self.dir + "/none", "No such file")):
            status, said = self.judge_folder(folder, "--input", quote)
            self.assertEqual(status, 1)
            self.assertIn(folder, said)
            self.assertIn(why, said)
        os.mkdir(self.dir + "/bad")
        with open(self.dir + "/bad/pck_crl.der", "wb") as f:
            f.truncate(2 << 20)
        status, said = self.judge_folder(self.dir + "/bad", "--input", quote)
        self.assertEqual(status, 2)
        self.assertIn("pck_crl.der", said)

    def test_a_quote_says_what_it_was_asked_to(self):
        quote = self.quote("--mrenclave", "ab" * 32, "--mrsigner", "cd" * 32,
                           "--isv-prod-id", "4", "--isv-svn", "5",
                           "--report-data", "00ff")
        answer = self.judge(quote, "--nonce", "00ff")
        self.assertEqual(answer["mrenclave"], "ab" * 32)
        self.assertEqual(answer["mrsigner"], "cd" * 32)
        self.assertEqual(answer["isv_prod_id"], 4)
        self.assertEqual(answer["isv_svn"], 5)
        self.assertEqual(answer["report_data"], "00ff" + "00" * 62)
        self.assertIs(answer["software"], True)
        wrong = self.judge(quote, "--nonce", "00fe")
        self.assertEqual(wrong["reason"], "nonce_mismatch")

    def test_statuses_and_advisories_can_be_chosen(self):
        self.collateral("--status", "SWHardeningNeeded", "--advisories",
                        "INTEL-SA-00001,INTEL-SA-00002",
                        "--evaluation-number", "21")
        answer = self.judge(self.quote())
        self.assertEqual(answer["tcb_status"], "SWHardeningNeeded")
        self.assertEqual(answer["advisory_ids"],
                         ["INTEL-SA-00001", "INTEL-SA-00002"])
        self.assertEqual(answer["tcb_evaluation_data_number"], 21)
        self.collateral("--qe-status", "OutOfDate", "--tcb-info-version", "2")
        self.assertEqual(self.judge(self.quote())["tcb_status"], "OutOfDate")
        self.collateral("--level", "ff" * 16 + ":0:UpToDate", "--level",
                        "00" * 16 + ":1:ConfigurationNeeded:INTEL-SA-3")
        answer = self.judge(self.quote())
        self.assertEqual(answer["tcb_status"], "ConfigurationNeeded")
        self.assertEqual(answer["advisory_ids"], ["INTEL-SA-3"])
        self.collateral("--level", "ff" * 16 + ":0:UpToDate")
        self.refused("tcb_not_supported")

    def test_revoked_expired_and_missing_collateral_is_refused(self):
        for what in ("pck", "ca", "signing"):
            self.collateral("--revoke-" + what)
            self.refused("revoked")
        for name, reason in (("tcb_info", "tcb_info_expired"),
                             ("qe_identity", "qe_identity_expired"),
                             ("pck_crl", "crl_expired"),
                             ("root_ca_crl", "crl_expired")):
            self.collateral()
            self.done("swtee", "collateral", "--dir", self.dir, "--issued",
                      LONG_AGO, "--next-update", AGO, "--document", name)
            self.refused(reason)
        self.collateral()
        for name, reason in (("tcb_info", "collateral_missing"),
                             ("qe_identity", "collateral_missing"),
                             ("tcb_signing_chain", "collateral_missing"),
                             ("pck_crl", "crl_missing"),
                             ("root_ca_crl", "crl_missing")):
            self.refused(reason, without=name)

    def test_each_fault_is_refused_for_its_reason(self):
        for fault, reason in (
                ("quote_signature", "quote_bad_signature"),
                ("att_key_binding", "att_key_binding"),
                ("qe_report_signature", "qe_report_bad_signature"),
                ("qe_signer", "qe_identity_mismatch"),
                ("qe_debug", "qe_identity_mismatch"),
                ("pck_signature", "pck_chain_bad_signature"),
                ("cert_data", "unsupported_cert_data"),
                ("vendor", "malformed"), ("length", "malformed")):
            self.refused(reason, self.quote("--fault", fault))
        self.refused("debug_not_allowed", self.quote("--debug"))

    def test_another_platform_has_another_root(self):
        other = os.path.join(self.folder, "other")
        self.done("swtee", "init", other, "--made", AT)
        self.refused("pck_chain_untrusted_root",
                     anchor=os.path.join(other, "collateral",
                                         "trust_anchor.pem"))

    def test_init_never_overwrites_and_keys_are_the_owners_alone(self):
        run = warder("swtee", "init", self.dir)
        self.assertEqual(run.returncode, 3)
        keys = [f for f in os.listdir(self.dir) if f.endswith(".key")]
        self.assertEqual(len(keys), 5)
        for key in keys:
            mode = os.stat(os.path.join(self.dir, key)).st_mode
            self.assertEqual(mode & 0o777, 0o600)
        self.judge(self.quote())

    def inspect(self, data, name="evidence"):
        path = os.path.join(self.folder, name)
        if isinstance(data, bytes):
            with open(path, "wb") as f:
                f.write(data)
        else:
            path = data
        return self.done("evidence", "inspect", path).decode()

    def test_evidence_of_every_kind_is_put_in_words(self):
        quote = self.quote("--mrenclave", "ab" * 32, "--debug")
        shown = self.inspect(quote)
        self.assertTrue(shown.startswith("Intel quote, NOT VERIFIED"))
        self.assertRegex(shown, "MRENCLAVE +" + "ab" * 32)
        self.assertRegex(shown, "can be debugged +YES")
        td = os.path.join(self.folder, "td.bin")
        self.done("swtee", "quote", "--dir", self.dir, "--tee", "tdx",
                  "--output", td, "--mrtd", "cd" * 48)
        self.assertRegex(self.inspect(td), "MRTD +" + "cd" * 48)
        snp = os.path.join(self.folder, "snp")
        self.done("swtee", "init", "--tee", "snp", "--line", "Turin", snp)
        report = None
        for version in ("2", "3", "5"):
            report = self.done("swtee", "quote", "--dir", snp, "--tee", "snp",
                               "--report-version", version, "--measurement",
                               "ef" * 48, "--vmpl", "2")
            shown = self.inspect(report)
            self.assertRegex(shown, "measurement +" + "ef" * 48)
            self.assertRegex(shown, "VMPL +2\n")
            self.assertRegex(shown, "version +" + version)
        hcl = b"HCLA" + struct.pack("<III16x", 1, 1300, 2) + report
        runtime = b'{"user-data":"\x1b[31m"}'
        hcl += struct.pack("<IIIII", 20 + len(runtime), 1, 2, 1,
                           len(runtime)) + runtime
        shown = self.inspect(hcl)
        self.assertIn("Azure's paravisor, NOT VERIFIED", shown)
        self.assertIn("SEV-SNP report, NOT VERIFIED", shown)
        self.assertNotIn("\x1b", shown)
        pem = self.inspect(os.path.join(snp, "vek.pem"))
        self.assertIn("SEV-VCEK", pem)

    def test_tokens_and_gpus_are_put_in_words(self):
        arm = os.path.join(self.folder, "arm")
        self.done("swtee", "token", "--dir", arm)
        token = self.done("swtee", "token", "--dir", arm, "--challenge",
                          "ab" * 64, "--lifecycle", "16384")
        shown = self.inspect(token)
        self.assertTrue(shown.startswith("Arm CCA token, NOT VERIFIED"))
        self.assertRegex(shown, "challenge +" + "ab" * 64)
        self.assertIn("CAN BE DEBUGGED", shown)
        self.assertRegex(shown, "software TEE +YES")
        shown = self.inspect(json.dumps({"tee-evidence": {
            "primary_evidence": {"token": list(token)}}}).encode())
        self.assertIn("evidence of cca in JSON", shown)
        self.assertRegex(shown, "challenge +" + "ab" * 64)
        psa = self.inspect(self.done(
            "swtee", "token", "--dir", arm, "--tee", "psa", "--challenge",
            "cd" * 32))
        self.assertRegex(psa, "nonce +" + "cd" * 32)
        self.assertRegex(
            self.inspect(os.path.join(arm, "collateral", "iak.jwk")),
            "for tokens of +psa")
        block = struct.pack("<BBHBH", 1, 1, 51, 0, 48) + b"\xab" * 48
        field = struct.pack("<HH", 3, 8) + b"550.127\0"
        spdm = bytes([0x11, 0xe0, 1, 0xff]) + bytes(33) + bytes(
            [0x11, 0x60, 0, 0, 1]) + struct.pack("<I", len(block))[:3]
        spdm += block + bytes(32) + struct.pack("<H", len(field)) + field
        shown = self.inspect(spdm + bytes(96))
        self.assertRegex(shown, "driver version +550.127")
        self.assertRegex(shown, "block 1 +" + "ab" * 48)

    def test_what_is_no_evidence_is_not_inspected(self):
        for data in (b"", b"text", b"{}", b'{"token":1}', bytes(1184)):
            path = os.path.join(self.folder, "no")
            with open(path, "wb") as f:
                f.write(data)
            run = warder("evidence", "inspect", path)
            self.assertEqual(run.returncode, 3, data)
            self.assertEqual(run.stdout, b"", data)

    def test_wrong_words_are_wrong_usage(self):
        for words in (("init",), ("init", "a", "b"),
                      ("init", self.dir + "2", "--fmspc", "00"),
                      ("init", self.dir + "2", "--made", "yesterday"),
                      ("quote",), ("quote", "--dir", self.dir, "--isv-svn",
                                   "65536"),
                      ("quote", "--dir", self.dir, "--fault", "none_such"),
                      ("quote", "--dir", self.dir, "--tee", "tpm"),
                      ("quote", "--dir", self.dir, "--tee", "tdx",
                       "--mrenclave", "00" * 32),
                      ("quote", "--dir", self.dir, "--rtmr0", "00" * 48),
                      ("quote", "--dir", self.dir, "--report-data",
                       "00" * 65),
                      ("collateral",),
                      ("collateral", "--dir", self.dir, "--status", "Fine"),
                      ("collateral", "--dir", self.dir, "--status",
                       "TDRelaunchAdvised"),
                      ("collateral", "--dir", self.dir, "--level", "1:2"),
                      ("collateral", "--dir", self.dir, "--document",
                       "quote")):
            self.assertEqual(warder("swtee", *words).returncode, 2, words)
        self.assertFalse(os.path.exists(self.dir + "2"))
        for words in (("quote", "--dir", self.dir + "2"),
                      ("collateral", "--dir", self.folder),
                      ("collateral", "--dir", self.dir, "--advisories", "?")):
            self.assertEqual(warder("swtee", *words).returncode, 3, words)


class Bench(unittest.TestCase):
    """What is measured, not how fast it is."""

    def answer(self, *words):
        run = subprocess.run([WARDER, "bench", "verify", "--json", *words],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, timeout=100, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)

    def test_a_quote_of_a_tpm_is_measured_against_its_signature(self):
        got = self.answer("--tee", "tpm")
        self.assertEqual(got["limit"], "1 RSA-2048 signature")
        self.assertGreater(got["ratio_to_limit"], 0)

    @unittest.skipIf(len(os.sched_getaffinity(0)) < 2, "one CPU only")
    def test_two_processes_are_measured_against_signatures_alone(self):
        got = self.answer("--tee", "sgx", "--processes", "2")
        self.assertEqual(got["processes"], 2)
        self.assertGreater(got["scaling"], 0)
        self.assertGreater(got["scaling_of_signatures"], 0)

    def test_other_numbers_of_processes_are_wrong_usage(self):
        self.assertEqual(warder("bench", "verify", "--processes",
                                "3").returncode, 2)


if __name__ == "__main__":
    unittest.main()
