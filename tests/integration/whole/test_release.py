"""A secret reaches the environment that its policy names and no other."""
import unittest

from whole import (MRENCLAVE, OTHER, SECRET, Whole, open_release, refusal,
                   wait_until)


class Release(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Whole()
        cls.server.start()
        cls.policy = cls.server.add_policy()
        cls.secret = cls.server.put_secret(policy_id=cls.policy)

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()

    def refused(self, status, kind, run, *args, **kw):
        got = refusal(run, *args, **kw)
        self.assertEqual((got.status, got.type), (status, kind))
        return got

    def test_secret_reaches_the_right_enclave(self):
        client = self.server.attested()
        self.assertEqual(client.resource(SECRET), self.secret)
        self.assertEqual(client.resource(SECRET, bearer=True), self.secret)

    def test_every_wrap_that_is_served(self):
        for curve in ("P-521", "RSA"):
            client = self.server.attested(client=self.server.client(curve))
            self.assertEqual(client.resource(SECRET), self.secret)

    def test_another_enclave_gets_nothing(self):
        client = self.server.attested(mrenclave=OTHER)
        self.refused(403, "MeasurementMismatch", client.resource, SECRET)
        entry = [e for e in self.server.entries()
                 if e["event"] == "release"][-1]
        self.assertEqual(entry["reason"], "measurement_mismatch")
        self.assertEqual(entry["software"], "SOFTWARE")

    def test_key_and_certificate_come_natively(self):
        key = self.server.warder("key", "create", "--kind", "ec-p256",
                                 "--label", "web", "--policy", self.policy,
                                 "--certificate", "CN=web.test,DNS=web.test")
        client = self.server.attested()
        path = "default/key/" + key["id"]
        jws = client.resource(path, native=True)
        release = open_release(jws, self.server.release_key)
        self.assertEqual(release["key"]["path"], path)
        self.assertEqual(release["key"]["algorithm"], "ec-p256")
        self.assertEqual(release["nonce"], client.nonce)
        self.assertEqual(release["client"], client.key.thumbprint())
        self.assertIn("BEGIN CERTIFICATE", release["chain"])
        self.assertGreater(release["lease"]["seconds"], 0)
        pem = client.resource("default/cert/" + key["id"])
        self.assertIn(b"BEGIN CERTIFICATE", pem)
        wait_until(lambda: release["lease"]["id"] in [
            x["id"] for x in self.server.warder("lease", "list")["items"]],
            "lease in the index")

    def test_a_key_in_its_newest_and_older_versions(self):
        server = self.server
        key = server.warder("key", "create", "--kind", "aes-256",
                            "--policy", server.add_policy())["id"]
        path = "default/key/" + key
        first = server.attested().resource(path)
        self.assertEqual(server.warder("key", "rotate", key)["version"], 2)
        client = server.attested()
        second = client.resource(path)
        self.assertEqual(len(second), 32)
        self.assertNotEqual(first, second)
        self.assertEqual(client.resource(path + ".v1"), first)
        self.assertEqual(client.resource(path + ".v2"), second)
        self.assertEqual(refusal(client.resource, path + ".v3").status, 404)

    def test_w1_another_master_of_the_key_is_refused(self):
        """Evidence joined to another client's public key by the front."""
        client, other = self.server.client(), self.server.client()
        client.auth()
        quote = self.server.quote(client.runtime_digest(), "--mrenclave",
                                  MRENCLAVE)
        self.refused(403, "NonceMismatch", client.attest, quote,
                     public=other.public)

    def test_challenges(self):
        client = self.server.attested()
        quote = self.server.quote(client.runtime_digest(), "--mrenclave",
                                  MRENCLAVE)
        self.refused(401, "ChallengeUsed", client.attest, quote)
        made_up = self.server.client()
        made_up.auth()
        made_up.nonce = made_up.nonce[:20] + "AAAA" + made_up.nonce[24:]
        quote = self.server.quote(made_up.runtime_digest(), "--mrenclave",
                                  MRENCLAVE)
        self.refused(401, "ChallengeInvalid", made_up.attest, quote)
        bound = self.server.client()
        first = bound.auth()
        quote = self.server.quote(bound.runtime_digest(first), "--mrenclave",
                                  MRENCLAVE)
        bound.auth()
        self.refused(403, "NonceMismatch", bound.attest, quote)

    def test_sealing_closes_and_opens(self):
        client = self.server.attested()
        self.server.warder("seal")
        self.refused(503, "Sealed", client.resource, SECRET)
        self.refused(503, "Sealed", client.auth)
        self.assertTrue(self.server.status()["sealed"])
        self.server.warder("unseal", "--passphrase-file", "-", stdin=b"x")
        wait_until(self.server.is_ready, "readiness")
        self.assertEqual(client.resource(SECRET), self.secret)


if __name__ == "__main__":
    unittest.main(argv=["test_release"], verbosity=2)
