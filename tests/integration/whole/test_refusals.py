"""What a server must refuse, each with its status and its reason. Parts that
need no whole server are tested where they are.
"""
import os
import unittest

from whole import (MRENCLAVE, MRSIGNER, OTHER, SECRET, Whole, policy, refusal)
from server_rig import Failed


class Refusals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Whole()
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()

    def refused(self, status, kind, run, *args, **kw):
        got = refusal(run, *args, **kw)
        self.assertEqual((got.status, got.type), (status, kind), str(got))
        return got

    def put(self, name, doc):
        """A secret of its own under a policy of its own."""
        path = "refusals/%s/x" % name
        self.server.put_secret(path, b"x",
                               self.server.add_policy(doc) if doc else None)
        return path

    # ---- the policy

    def test_wrong_measurement_signer_svn(self):
        svn = policy()
        svn["all"] = [{"claim": "isv_svn", "ge": 5}]
        signer = policy()
        signer["all"] = [{"claim": "mrsigner", "in": [MRSIGNER]}]
        client = self.server.attested("--isv-svn", "4", "--mrsigner", OTHER)
        self.refused(403, "SvnBelowMinimum", client.resource,
                     self.put("svn", svn))
        self.refused(403, "SignerMismatch", client.resource,
                     self.put("signer", signer))
        self.refused(403, "MeasurementMismatch", client.resource,
                     self.put("measurement", policy(OTHER)))

    def test_isecl_policy_is_enforced_member_by_member(self):
        doc = {"attestation_type": ["SGX"], "sgx": {"attributes": {
            "mrsigner": [MRSIGNER], "isvprodid": [2], "isvsvn": 3,
            "mrenclave": [MRENCLAVE], "enforce_tcb_upto_date": False}}}
        client = self.server.attested("--mrsigner", MRSIGNER)
        path = self.put("isecl", doc)
        self.refused(403, "SoftwareNotAccepted", client.resource, path)

    def test_software_evidence_without_acceptance(self):
        client = self.server.attested()
        self.refused(403, "SoftwareNotAccepted", client.resource,
                     self.put("software", policy(accept_software=None)))

    def test_no_policy(self):
        client = self.server.attested()
        self.refused(403, "NoPolicy", client.resource, self.put("none", None))

    def test_status_not_accepted(self):
        with Whole() as server:
            server.start()
            server.run("swtee", "collateral", "--dir", server.path("swtee"),
                       "--status", "OutOfDate")
            server.import_collateral()
            server.put_secret(policy_id=server.add_policy())
            client = server.attested()
            self.refused(403, "TcbStatusNotAccepted", client.resource, SECRET)
            accepted = server.add_policy(policy(tcb_statuses=["OutOfDate"]))
            server.put_secret("default/db/old", b"x", accepted)
            self.assertEqual(client.resource("default/db/old"), b"x")

    def test_policy_for_another_tee(self):
        """Each of them: tests/unit/policy."""
        other = self.server.add_policy({
            "warder": 1, "tee": "az-snp-vtpm", "accept_software": True,
            "all": [{"claim": "pcr.7", "in": ["00" * 32]}]})
        self.server.put_secret("default/db/azure", b"x", other)
        self.refused(403, "TeeMismatch", self.server.attested().resource,
                     "default/db/azure")

    # ---- the evidence

    def test_debug_enclave(self):
        client = self.server.client()
        client.auth()
        quote = self.server.quote(client.runtime_digest(), "--mrenclave",
                                  MRENCLAVE, "--debug")
        self.refused(403, "DebugNotAllowed", client.attest, quote)

    def test_faults_of_evidence(self):
        faults = {
            "quote_signature": "QuoteBadSignature",
            "att_key_binding": "AttKeyBinding",
            "qe_report_signature": "QeReportBadSignature",
            "qe_signer": "QeIdentityMismatch",
            "pck_signature": "PckChainBadSignature",
        }
        for fault, kind in faults.items():
            with self.subTest(fault=fault):
                client = self.server.client()
                client.auth()
                quote = self.server.quote(client.runtime_digest(),
                                          "--mrenclave", MRENCLAVE, "--fault",
                                          fault)
                self.refused(403, kind, client.attest, quote)

    def test_another_root(self):
        self.server.run("swtee", "init", self.server.path("stranger"))
        client = self.server.client()
        client.auth()
        quote = self.server.quote(client.runtime_digest(), "--mrenclave",
                                  MRENCLAVE, name="stranger")
        self.refused(403, "PckChainUntrustedRoot", client.attest, quote)

    # ---- sessions and tokens

    def test_without_and_with_foreign_credentials(self):
        client = self.server.client()
        self.refused(401, "NoCredential", client.ok, "GET",
                     "/kbs/v0/resource/" + SECRET)
        client.cookie = "kbs-session-id=" + "0" * 32
        self.refused(401, "CredentialInvalid", client.resource, SECRET)

    def test_tokens_made_up(self):
        path = self.put("token", policy())
        client = self.server.attested()
        self.assertEqual(client.resource(path, bearer=True), b"x")
        head, payload, signature = client.token.split(".")
        none = "eyJhbGciOiJub25lIn0"
        for token in (".".join((none, payload, "")),
                      ".".join((none, payload, signature)),
                      ".".join((head, payload, signature[:-4] + "AAAA")),
                      "x", head):
            client.token = token
            got = refusal(client.resource, path, bearer=True)
            self.assertEqual(got.status, 401, str(got))

    def test_older_protocol(self):
        got = refusal(self.server.client().auth, version="0.3.0")
        self.assertEqual(got.status, 401)
        self.assertIn("0.4.0", got.detail)

    def test_leniency_cannot_be_asked_for(self):
        client = self.server.client()
        got = refusal(client.ok, "POST", "/kbs/v0/auth", {
            "version": "0.4.0", "tee": "sgx", "extra-params": "",
            "allow_debug": True})
        self.assertEqual(got.status, 400)

    # ---- admin

    def test_admin_calls_on_the_public_listener(self):
        client = self.server.client()
        with open(self.server.token_file, encoding="utf-8") as f:
            token = {"Authorization": "Bearer " + f.read().strip()}
        for path in ("/admin/v1/status", "/admin/v1/keys", "/kbs/v1/keys",
                     "/kbs/v1/key-transfer-policies", "/metrics"):
            status, _, _ = client.send("GET", path, headers=token)
            self.assertEqual(status, 404, path)

    def test_admin_without_right(self):
        made = self.server.warder("token", "create", "--user", "bob",
                                  "--rule", "keys:search")
        path = self.server.path("bob.token")
        with open(path, "w", encoding="utf-8") as f:
            f.write(made["token"])
        os.chmod(path, 0o600)
        done = self.server.run("secret", "list", "--admin",
                               self.server.socket, "--token-file", path,
                               check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"permission_denied", done.stderr)
        refused = [e for e in self.server.entries()
                   if e.get("actor") == "bob"]
        self.assertEqual(refused[-1]["reason"], "permission_denied")

    # ---- collateral

    def test_rolled_back_collateral(self):
        with Whole() as server:
            server.start()
            server.run("swtee", "collateral", "--dir", server.path("swtee"),
                       "--evaluation-number", "99")
            server.import_collateral()
            server.run("swtee", "collateral", "--dir", server.path("swtee"),
                       "--evaluation-number", "3")
            with self.assertRaises(Failed) as failed:
                server.import_collateral()
            self.assertIn("rollback", str(failed.exception))

    def test_missing_and_revoked(self):
        with Whole() as server:
            server.fed = True  # no collateral yet
            server.start()
            client = server.client()
            client.auth()
            quote = server.quote(client.runtime_digest(), "--mrenclave",
                                 MRENCLAVE)
            got = refusal(client.attest, quote)
            self.assertEqual(got.status, 503, str(got))
            server.import_collateral()
            server.attested()
            server.run("swtee", "collateral", "--dir", server.path("swtee"),
                       "--revoke-pck")
            server.import_collateral()
            client.auth()
            quote = server.quote(client.runtime_digest(), "--mrenclave",
                                 MRENCLAVE)
            self.refused(403, "Revoked", client.attest, quote)


if __name__ == "__main__":
    unittest.main(argv=["test_refusals"], verbosity=2)
