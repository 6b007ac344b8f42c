"""What evidence would get is said clause by clause, and nothing is released."""
import base64
import json
import os
import unittest

from whole import MRENCLAVE, MRSIGNER, OTHER, SECRET, Whole, policy


class Explain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Whole()
        cls.server.start()
        cls.policy = cls.server.add_policy(policy(all=[
            {"claim": "mrenclave", "in": [MRENCLAVE]},
            {"any": [{"claim": "mrsigner", "in": [MRSIGNER]},
                     {"claim": "isv_svn", "ge": 5}]}]))
        cls.secret = cls.server.put_secret(policy_id=cls.policy)
        cls.server.put_secret(path="default/db/bare")

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()

    def quote(self, *options):
        """A quote that is bound to nothing."""
        self.server.quote(bytes(48), *options)
        return self.server.path("quote.bin")

    def explain(self, *args, status=3):
        done = self.server.run(
            "policy", "explain", *args, "--admin", self.server.socket,
            "--token-file", self.server.token_file, "--json", check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout)

    def clauses(self, answer):
        return [(c["depth"], c["name"], c["result"])
                for c in answer["clauses"]]

    def test_what_fits_would_be_released(self):
        got = self.explain(SECRET, "--tee", "sgx", self.quote(
            "--mrenclave", MRENCLAVE, "--mrsigner", MRSIGNER), status=0)
        self.assertEqual(got["verdict"], "allow")
        self.assertEqual(got["policy"], self.policy)
        self.assertEqual(got["lease_seconds"], 600)
        self.assertEqual(got["claims"]["mrenclave"], MRENCLAVE)
        self.assertTrue(got["claims"]["software"])
        self.assertNotIn("reason", got)
        self.assertNotIn(self.secret, json.dumps(got).encode())

    def test_each_clause_says_how_it_went(self):
        got = self.explain(SECRET, "--tee", "sgx", "--input", "quote=" +
                           self.quote("--mrenclave", OTHER, "--mrsigner",
                                      OTHER, "--isv-svn", "7"))
        self.assertEqual((got["verdict"], got["reason"]),
                         ("deny", "measurement_mismatch"))
        rows = {c["name"]: c for c in got["clauses"]}
        self.assertEqual(rows["mrenclave"]["result"], "fails")
        self.assertEqual(rows["mrenclave"]["expected"],
                         "in " + MRENCLAVE)
        self.assertEqual(rows["mrenclave"]["got"], OTHER)
        self.assertEqual(rows["mrsigner"]["result"], "fails")
        self.assertEqual(rows["isv_svn"]["result"], "holds")
        entry = [e for e in self.server.entries()
                 if e["event"] == "policy_explain"][-1]
        self.assertIn("measurement_mismatch", entry["detail"])
        self.assertEqual(entry["path"], SECRET)

    def test_words_are_for_people(self):
        done = self.server.run(
            "policy", "explain", SECRET, "--tee", "sgx",
            self.quote("--mrenclave", OTHER), "--admin", self.server.socket,
            "--token-file", self.server.token_file, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"fails  mrenclave  expected in " + MRENCLAVE.encode(),
                      done.stdout)

    def test_evidence_as_guests_send_it(self):
        with open(self.quote("--mrenclave", MRENCLAVE, "--isv-svn", "5"),
                  "rb") as f:
            quote = base64.b64encode(f.read()).decode()
        for doc in ({"quote": quote},
                    {"init-data": None, "runtime-data": {},
                     "tee-evidence": {"primary_evidence": {"quote": quote},
                                      "additional_evidence": ""}}):
            path = self.server.path("evidence.json")
            with open(path, "w", encoding="utf-8") as f:
                json.dump(doc, f)
            self.assertEqual(
                self.explain(SECRET, path, status=0)["verdict"], "allow")

    def test_evidence_that_is_refused_is_said_so(self):
        got = self.explain(SECRET, "--tee", "sgx",
                           self.quote("--mrenclave", MRENCLAVE, "--debug"))
        self.assertEqual(got["reason"], "debug_not_allowed")
        self.assertNotIn("claims", got)
        self.assertNotIn("clauses", got)
        self.assertIn("debug", got["detail"])

    def test_what_nothing_is_bound_to(self):
        got = self.explain("default/db/bare", "--tee", "sgx", self.quote())
        self.assertEqual(got["reason"], "no_policy")
        self.assertEqual(got["claims"]["tee"], "sgx")

    def test_who_may_not_is_refused(self):
        token = self.server.warder("token", "create", "--user", "reader",
                                   "--rule", "keys:search")["token"]
        path = self.server.path("reader.token")
        with open(path, "w", encoding="utf-8") as f:
            f.write(token)
        os.chmod(path, 0o600)
        done = self.server.run(
            "policy", "explain", SECRET, "--tee", "sgx", self.quote(),
            "--admin", self.server.socket, "--token-file", path, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"permission", done.stderr)

    def test_half_a_question_is_wrong_usage(self):
        for args in ((SECRET,), (SECRET, self.quote())):
            done = self.server.run(
                "policy", "explain", *args, "--admin", self.server.socket,
                "--token-file", self.server.token_file, check=False)
            self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main(argv=["test_explain"], verbosity=2)
