"""A realm of Arm CCA on its way to a secret: tokens of a software platform,
through the door that guests use.
"""
import json
import os
import unittest

from whole import SECRET, Whole, refusal

RIM = "d4" * 64
OTHER = "e5" * 64


def policy(rim=RIM, **members):
    doc = {"warder": 1, "tee": "cca", "accept_software": True,
           "all": [{"claim": "realm_initial_measurement", "in": [rim]}]}
    doc.update(members)
    return doc


class Realms(Whole):
    """A server that believes one software platform."""

    def __init__(self, **kw):
        super().__init__(**kw)
        made = self.run("swtee", "token", "--dir", self.path("arm"))
        assert made.returncode == 0
        with open(self.path("arm/collateral/cpak.jwk"), encoding="utf-8") as f:
            self.jwk = json.load(f)
        self.trust(self.jwk)

    def trust(self, jwk):
        """The digest of the key is in the platform's instance id."""
        self.add_config("[attestation]", *(
            "software_anchor = %s %s" % (tee, jwk["instance_id"][2:])
            for tee in ("cca", "psa")))

    def token(self, digest, *options, name="arm", rim=RIM):
        out = self.path("token.cbor")
        self.run("swtee", "token", "--dir", self.path(name), "--tee", "cca",
                 "--challenge", digest.hex(), "--measurement", rim,
                 "--output", out, *options)
        with open(out, "rb") as f:
            return f.read()

    def present(self, client, token):
        """What a guest's attester sends."""
        headers, body = client.ok("POST", "/kbs/v0/attest", {
            "init-data": None,
            "runtime-data": {"nonce": client.nonce,
                             "tee-pubkey": client.public},
            "tee-evidence": {"primary_evidence": {"token": list(token)},
                             "additional_evidence": ""},
        }, {"Cookie": client.cookie})
        client.cookie = headers["Set-Cookie"].split(";")[0]
        client.token = json.loads(body)["token"]

    def realm(self, *options, **kw):
        client = self.client()
        client.auth("cca")
        self.present(client, self.token(client.runtime_digest(), *options,
                                        **kw))
        return client


class Test(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Realms()
        cls.server.start()
        cls.server.import_collateral("arm")
        cls.secret = cls.server.put_secret(
            policy_id=cls.server.add_policy(policy()))

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)

    def refused(self, status, reason, run, *args, **kw):
        got = refusal(run, *args, **kw)
        self.assertEqual((got.status, got.type), (status, reason), got.detail)

    def test_the_right_realm_gets_the_secret(self):
        for options in ((), ("--named",)):
            client = self.server.realm(*options)
            self.assertEqual(client.resource(SECRET), self.secret)
            self.assertEqual(client.resource(SECRET, bearer=True), self.secret)

    def test_another_realm_does_not(self):
        client = self.server.realm(rim=OTHER)
        self.refused(403, "MeasurementMismatch", client.resource, SECRET)

    def test_a_policy_may_list_what_the_platform_booted(self):
        for listed, reason in ((True, None), (False, "MeasurementMismatch")):
            client = self.server.realm()
            parts = [p for p in self.claims(client)["software_components"]]
            self.assertEqual(len(parts), 2)
            doc = policy()
            doc["all"].append({"claim": "software_components",
                               "in": parts if listed else parts[:1]})
            path = "default/db/booted%d" % listed
            data = self.server.put_secret(
                path, policy_id=self.server.add_policy(doc))
            if listed:
                self.assertEqual(client.resource(path), data)
            else:
                self.refused(403, reason, client.resource, path)

    @staticmethod
    def claims(client):
        from coco_client import unb64url
        token = json.loads(unb64url(client.token.split(".")[1]))
        evidence = token["submods"]["cpu0"]["ear.veraison.annotated-evidence"]
        return evidence["cca"]

    def test_the_token_says_what_the_realm_is(self):
        claims = self.claims(self.server.realm())
        self.assertEqual(claims["realm_initial_measurement"], RIM)
        self.assertTrue(claims["software"])
        self.assertEqual(claims["instance_id"], self.server.jwk["instance_id"])

    def test_a_policy_for_another_tee_gives_nothing(self):
        path = "default/db/enclave"
        self.server.put_secret(path, policy_id=self.server.add_policy(
            {"warder": 1, "tee": "psa", "accept_software": True,
             "all": [{"claim": "realm_initial_measurement", "in": [RIM]}]}))
        client = self.server.realm()
        self.refused(403, "TeeMismatch", client.resource, path)

    def test_software_is_refused_where_it_is_not_accepted(self):
        path = "default/db/hardware"
        self.server.put_secret(path, policy_id=self.server.add_policy(
            policy(accept_software=False)))
        client = self.server.realm()
        self.refused(403, "SoftwareNotAccepted", client.resource, path)

    def test_a_token_for_another_challenge_or_key(self):
        client, other = self.server.client(), self.server.client()
        client.auth("cca")
        other.auth("cca")
        self.refused(403, "NonceMismatch", self.server.present, client,
                     self.server.token(other.runtime_digest()))

    def test_a_platform_that_can_be_debugged(self):
        self.refused(403, "DebugNotAllowed", self.server.realm,
                     "--lifecycle", "16384")
        self.refused(403, "LifecycleNotSecured", self.server.realm,
                     "--lifecycle", "8192")

    def test_a_platform_whose_key_is_not_known(self):
        self.server.run("swtee", "token", "--dir", self.server.path("stray"))
        self.refused(503, "CollateralMissing", self.server.realm, name="stray")

    def test_a_key_that_no_anchor_names_is_not_stored(self):
        self.server.run("swtee", "token", "--dir", self.server.path("new"))
        done = self.server.run("collateral", "import", "--admin",
                               self.server.socket, "--token-file",
                               self.server.token_file,
                               self.server.path("new/collateral"), check=False)
        self.assertNotEqual(done.returncode, 0)
        listed = self.server.warder("collateral", "list")["items"]
        keys = [d for d in listed if d["role"] == "cpak"]
        self.assertEqual(sorted(k["tee"] for k in keys), ["cca", "psa"])
        self.assertTrue(keys[0]["software"])

    def test_what_is_no_token(self):
        client = self.server.client()
        client.auth("cca")
        self.refused(400, "Malformed", self.server.present, client,
                     os.urandom(500))


if __name__ == "__main__":
    unittest.main(argv=["test_cca"], verbosity=2)
