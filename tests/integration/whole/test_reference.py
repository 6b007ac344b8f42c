"""Named sets of reference values: a change of the set is a change of what every
policy that names it accepts, in every keeper and from its answer on.
"""
import json
import unittest

from whole import MRENCLAVE, MRSIGNER, OTHER, SECRET, Whole, policy, refusal


def naming(name="web", claim="mrenclave"):
    return policy(all=[{"claim": claim, "reference": name}])


def a_set(*values, name="web", **members):
    return dict({"name": name, "values": {"mrenclave": list(values)}},
                **members)


class Reference(unittest.TestCase):
    def setUp(self):
        self.server = Whole()
        self.addCleanup(self.server.remove)
        self.server.start()

    def put(self, doc, *options, check=True):
        path = self.server.path("set.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(doc, f)
        return self.run_cli("reference", "add", path, *options, check=check)

    def run_cli(self, *args, check=True, stdin=None):
        done = self.server.run(
            *args, "--admin", self.server.socket, "--token-file",
            self.server.token_file, "--json", check=False, stdin=stdin)
        if check:
            self.assertEqual(done.returncode, 0, done.stderr)
            return json.loads(done.stdout) if done.stdout.strip() else None
        return done

    def explain(self, mrenclave):
        self.server.quote(bytes(48), "--mrenclave", mrenclave)
        done = self.run_cli("policy", "explain", SECRET, "--tee", "sgx",
                            self.server.path("quote.bin"), check=False)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return json.loads(done.stdout)

    def releases(self):
        return [e for e in self.server.entries() if e["event"] == "release"]

    def test_a_changed_set_holds_in_every_keeper(self):
        first = self.put(a_set(MRENCLAVE))
        secret = self.server.put_secret(
            policy_id=self.server.add_policy(naming()))
        client = self.server.attested()
        self.assertEqual(client.resource(SECRET), secret)
        self.assertEqual(self.releases()[-1]["references"],
                         [{"name": "web", "version": first["version"]}])
        self.assertEqual(self.explain(MRENCLAVE)["verdict"], "allow")

        second = self.put(a_set(OTHER), "--replace")
        self.assertNotEqual(first["version"], second["version"])
        # the public cell's keeper, the same session; then the admin cell's
        no = refusal(client.resource, SECRET)
        self.assertEqual((no.status, no.type), (403, "MeasurementMismatch"))
        told = self.explain(MRENCLAVE)
        self.assertEqual(told["reason"], "measurement_mismatch")
        self.assertEqual(told["references"],
                         [{"name": "web", "version": second["version"]}])
        row = [c for c in told["clauses"] if c["name"] == "mrenclave"][0]
        self.assertEqual(row["result"], "fails")
        self.assertEqual(row["got"], MRENCLAVE)
        self.assertTrue(row["expected"].startswith(
            "reference web@%s: %s" % (second["version"][:16], OTHER[:32])))
        denied = self.releases()[-1]
        self.assertEqual(denied["reason"], "measurement_mismatch")
        self.assertEqual(denied["references"],
                         [{"name": "web", "version": second["version"]}])
        self.assertIn(row["expected"],
                      [c["expected"] for c in denied["trace"]])

        self.put(a_set(OTHER, MRENCLAVE), "--replace")
        self.assertEqual(client.resource(SECRET), secret)

    def test_a_set_that_has_ended_or_says_nothing_denies(self):
        self.put(a_set(MRENCLAVE))
        self.server.put_secret(policy_id=self.server.add_policy(naming()))
        client = self.server.attested()
        self.put(a_set(MRENCLAVE, expires="2020-01-01T00:00:00Z"),
                 "--replace")
        no = refusal(client.resource, SECRET)
        self.assertEqual((no.status, no.type), (403, "ReferenceExpired"))
        self.assertIn("expired 2020-01-01T00:00:00Z", json.dumps(
            self.explain(MRENCLAVE)["clauses"]))
        self.put({"name": "web", "values": {"mrsigner": [MRSIGNER]}},
                 "--replace")
        no = refusal(client.resource, SECRET)
        self.assertEqual((no.status, no.type), (403, "ReferenceMissing"))
        self.assertIn("has no values for this", json.dumps(
            self.explain(MRENCLAVE)["clauses"]))

    def test_what_is_named_is_there(self):
        path = self.server.path("policy.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(naming(), f)
        done = self.run_cli("policy", "add", path, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"no reference values called web", done.stderr)

        self.put(a_set(MRENCLAVE))
        named = self.server.add_policy(naming())
        self.assertEqual(self.run_cli("reference", "show", "web")["policies"],
                         [named])
        done = self.run_cli("reference", "delete", "web", check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"in_use", done.stdout + done.stderr)
        self.server.warder("policy", "delete", named)
        self.run_cli("reference", "delete", "web")
        self.assertEqual(self.run_cli("reference", "list")["items"], [])
        events = [e["event"] for e in self.server.entries()]
        for event in ("reference_put", "reference_show", "reference_list"):
            self.assertIn(event, events)
        self.assertEqual(events.count("reference_delete"), 2)

    def test_nothing_is_replaced_by_accident(self):
        self.put(a_set(MRENCLAVE))
        done = self.put(a_set(OTHER), check=False)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(
            self.run_cli("reference", "show", "web")["values"],
            {"mrenclave": [MRENCLAVE]})
        done = self.put(a_set(OTHER, name="db"), "--replace", check=False)
        self.assertEqual(done.returncode, 3)

    def test_a_set_of_what_evidence_says(self):
        self.server.put_secret(policy_id=self.server.add_policy(policy()))
        claims = json.dumps(self.explain(OTHER)).encode()
        made = self.run_cli(
            "reference", "add", "--from-evidence", "-", "--name", "seen",
            "--claim", "mrenclave", "--claim", "isv_prod_id",
            "--description", "as built", stdin=claims)
        self.assertEqual(made["values"]["mrenclave"], [OTHER])
        self.assertEqual(made["description"], "as built")
        self.server.add_policy(naming("seen", "isv_prod_id"))
        for args, status in ((("--claim", "mr_td"), 3), ((), 2)):
            done = self.run_cli(
                "reference", "add", "--from-evidence", "-", "--name", "x",
                *args, stdin=claims, check=False)
            self.assertEqual(done.returncode, status, done.stderr)
        # what nobody verified is no evidence
        done = self.run_cli(
            "reference", "add", "--from-evidence", "-", "--name", "x",
            "--claim", "mrenclave", check=False,
            stdin=json.dumps({"mrenclave": OTHER}).encode())
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"evidence verify --json", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=["test_reference"], verbosity=2)
