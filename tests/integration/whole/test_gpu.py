"""GPUs beside a trust domain at the coco door of a whole server: a domain with
the right ones gets its secret; any that is not good refuses the whole.
"""
import base64
import json
import os
import unittest

from coco_client import b64
from gpu_rig import Maker, additional, device_nonce
from whole import Whole, policy, refusal

MRTD = "d4" * 48
SECRET, PLAIN = "default/gpu/model", "default/gpu/plain"


def gpu_policy(*clauses):
    return policy(tee="tdx", all=[{"claim": "mr_td", "in": [MRTD]}] +
                  list(clauses))


class Rig(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.maker = Maker()
        cls.server = Whole()
        cls.addClassCleanup(cls.server.remove)
        with open(cls.server.path("gpu.pem"), "wb") as f:
            f.write(cls.maker.root.pem())
        cls.server.add_config("[attestation]", "software_anchor = nvidia %s"
                              % cls.server.path("gpu.pem"))
        cls.server.start()
        cls.feed()
        cls.gpus = [cls.maker.gpu(), cls.maker.gpu()]
        cls.prepare()

    @classmethod
    def feed(cls):
        cls.lists()

    @classmethod
    def lists(cls, of_root=(), of_product=()):
        """What the maker has revoked, imported."""
        folder = cls.server.path("gpu/collateral")
        os.makedirs(folder, exist_ok=True)
        maker = cls.maker
        for name, text in (
                ("gpu_ca.pem", maker.product.pem() + maker.root.pem()),
                ("gpu_root_crl.der", maker.root.crl(*of_root)),
                ("gpu_crl.der", maker.product.crl(*of_product))):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(text)
        cls.server.import_collateral("gpu")

    @classmethod
    def prepare(cls):
        pass

    def refused(self, status, kind, run, *args, **kw):
        got = refusal(run, *args, **kw)
        self.assertEqual((got.status, got.type), (status, kind), str(got))

    def begun(self):
        client = self.server.client()
        client.auth(tee="tdx")
        return client

    def send(self, client, text, bound=None):
        """TEXT is what goes with the quote, BOUND what the quote binds."""
        quote = self.server.quote(
            client.runtime_digest(
                additional=text if bound is None else bound),
            "--mrtd", MRTD, tee="tdx")
        headers, body = client.ok("POST", "/kbs/v0/attest", {
            "init-data": None,
            "runtime-data": {"nonce": client.nonce,
                             "tee-pubkey": client.public},
            "tee-evidence": {
                "primary_evidence": {"cc_eventlog": None,
                                     "quote": b64(quote)},
                "additional_evidence": text},
        }, {"Cookie": client.cookie})
        client.cookie = headers["Set-Cookie"].split(";")[0]
        client.token = json.loads(body)["token"]
        return client

    def attested(self, gpus=None, **how):
        client = self.begun()
        nonce = device_nonce(client)
        gpus = self.gpus if gpus is None else gpus
        return self.send(client, additional(
            [gpu.entry(nonce, **how) for gpu in gpus]))


class Gpus(Rig):
    @classmethod
    def prepare(cls):
        add = cls.server.add_policy
        cls.data = cls.server.put_secret(SECRET, policy_id=add(gpu_policy(
            {"claim": "gpus.count", "ge": 2},
            {"claim": "gpus.architectures", "in": ["HOPPER"]},
            {"claim": "gpus.driver_versions", "in": ["590.12"]},
            {"claim": "gpus.vbios_versions", "in": ["96.00.A5.00.01"]},
            {"claim": "gpus.chips", "in": ["G520_0200_885"]})))
        cls.plain = cls.server.put_secret(
            PLAIN, policy_id=add(gpu_policy()))

    def test_a_domain_with_two_gpus_gets_its_secret(self):
        for as_hex in (False, True):
            client = self.attested(as_hex=as_hex)
            self.assertEqual(client.resource(SECRET), self.data)
            self.assertEqual(client.resource(PLAIN), self.plain)

    def test_sixteen_gpus_fit(self):
        """Into claims, token and log, when no two say the same."""
        client = self.begun()
        nonce = device_nonce(client)
        self.send(client, additional(
            [self.maker.gpu().entry(nonce, measured=bytes([i + 1]))
             for i in range(16)]))
        self.assertEqual(self.claims(client)["gpus"]["count"], 16)
        self.assertEqual(client.resource(SECRET), self.data)
        self.assertEqual(client.resource(SECRET, bearer=True), self.data)
        attested = [e for e in self.server.entries()
                    if e["event"] == "attest"][-1]
        self.assertEqual(
            len(attested["claims"]["gpus"]["measurements_sha384"]), 16)

    def test_a_domain_with_one_or_none_does_not(self):
        client = self.attested(self.gpus[:1])
        self.refused(403, "PolicyClause", client.resource, SECRET)
        for text in ("", "{}"):
            client = self.send(self.begun(), text)
            self.refused(403, "PolicyClause", client.resource, SECRET)
            self.assertEqual(client.resource(PLAIN), self.plain)

    def test_each_gpu_must_satisfy_the_policy(self):
        client = self.attested(
            [self.gpus[0], self.maker.gpu(driver="580.01")])
        self.refused(403, "PolicyClause", client.resource, SECRET)
        client = self.attested(
            [self.gpus[0], self.maker.gpu(chip="GX100 A01")])
        self.refused(403, "PolicyClause", client.resource, SECRET)

    def test_measurements_are_those_of_the_policy(self):
        client = self.attested()
        claims = self.claims(client)
        path = "default/gpu/measured"
        self.server.put_secret(path, policy_id=self.server.add_policy(
            gpu_policy({"claim": "gpus.measurements_sha384",
                        "in": claims["gpus"]["measurements_sha384"]})))
        client.resource(path)
        client = self.attested(measured=b"\x5b")
        self.refused(403, "MeasurementMismatch", client.resource, path)

    def claims(self, client):
        payload = client.token.split(".")[1]
        text = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        return self.find(json.loads(text), "gpus")

    def find(self, doc, member):
        """The object with MEMBER, wherever a token has it."""
        if isinstance(doc, dict):
            if member in doc:
                return doc
            for inner in doc.values():
                found = self.find(inner, member)
                if found:
                    return found
        return None

    def test_the_token_says_which_gpus(self):
        claims = self.claims(self.attested())
        self.assertEqual(claims["gpus"]["count"], 2)
        self.assertEqual(claims["gpus"]["platform_ids"],
                         [gpu.id for gpu in self.gpus])

    def test_evidence_of_another_session_is_refused(self):
        other = self.begun()
        client = self.begun()
        text = additional([self.gpus[0].entry(device_nonce(client)),
                           self.gpus[1].entry(device_nonce(other))])
        self.refused(403, "NonceMismatch", self.send, client, text)

    def test_a_list_that_the_domain_did_not_vouch_for_is_refused(self):
        client = self.begun()
        nonce = device_nonce(client)
        text = additional([gpu.entry(nonce) for gpu in self.gpus])
        self.refused(403, "NonceMismatch", self.send, client, text, "")
        client = self.begun()
        self.refused(403, "NonceMismatch", self.send, client, "", text)

    def test_altered_measurements_are_refused(self):
        def edit(evidence):
            evidence[60] ^= 1
        client = self.begun()
        nonce = device_nonce(client)
        text = additional([self.gpus[0].entry(nonce),
                           self.gpus[1].entry(nonce, edit=edit)])
        self.refused(403, "ReportBadSignature", self.send, client, text)

    def test_a_gpu_of_another_root_is_refused(self):
        self.refused(403, "ChainUntrustedRoot", self.attested,
                     [self.gpus[0], Maker().gpu()])

    def test_a_gpu_twice_is_refused(self):
        self.refused(403, "DeviceTwice", self.attested, [self.gpus[0]] * 2)

    def test_seventeen_are_refused(self):
        client = self.begun()
        nonce = device_nonce(client)
        entry = self.gpus[0].entry(nonce)
        entry["certificate"] = b64(b"none")
        self.refused(400, "OutOfRange", self.send, client,
                     additional([entry] * 17))

    def test_a_missing_part_or_another_device_is_refused(self):
        client = self.begun()
        entry = self.gpus[0].entry(device_nonce(client))
        del entry["certificate"]
        self.refused(400, "Malformed", self.send, client,
                     additional([entry]))
        for text in ('{"sampledevice":{}}', '{"nvidia-dpu":{}}'):
            self.refused(422, "TeeNotSupported", self.send, self.begun(),
                         text)

    def test_a_gpu_alone_is_no_place_for_a_key(self):
        client = self.begun()
        entry = self.gpus[0].entry(device_nonce(client))
        got = refusal(client.ok, "POST", "/kbs/v0/attest", {
            "init-data": None,
            "runtime-data": {"nonce": client.nonce,
                             "tee-pubkey": client.public},
            "tee-evidence": {
                "primary_evidence": {"device_evidence_list": [entry]},
                "additional_evidence": ""},
        }, {"Cookie": client.cookie})
        self.assertEqual((got.status, got.type), (422, "TeeNotSupported"))

    def explained(self, gpus, status):
        client = self.begun()
        nonce = device_nonce(client)
        quote = self.server.quote(b"", "--mrtd", MRTD, tee="tdx")
        path = self.server.path("evidence.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"tee-evidence": {
                "primary_evidence": {"cc_eventlog": None,
                                     "quote": b64(quote)},
                "additional_evidence": additional(
                    [gpu.entry(nonce) for gpu in gpus])}}, f)
        done = self.server.run(
            "policy", "explain", SECRET, path, "--admin", self.server.socket,
            "--token-file", self.server.token_file, "--json", check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout)

    def test_an_operator_can_ask_what_gpus_would_get(self):
        got = self.explained(self.gpus, 0)
        self.assertEqual(got["claims"]["gpus"]["count"], 2)
        got = self.explained(self.gpus[:1], 3)
        self.assertEqual(got["reason"], "policy_clause")
        got = self.explained(self.gpus[:1] * 2, 3)
        self.assertEqual(got["reason"], "device_twice")

    def test_a_revoked_gpu_is_refused(self):
        gpus = [self.maker.gpu(), self.maker.gpu()]
        client = self.attested(gpus)
        self.assertEqual(client.resource(SECRET), self.data)
        self.server.warder("lease", "revoke", gpus[1].id, "--kind",
                           "platform")
        self.refused(403, "RevokedByOperator", client.resource, SECRET)
        self.refused(403, "RevokedByOperator", self.attested, gpus)
        self.attested(gpus[:1])


class Lists(Rig):
    @classmethod
    def feed(cls):
        pass

    def test_lists_are_needed_and_believed(self):
        self.refused(503, "CrlMissing", self.attested)
        self.lists()
        self.attested()
        self.lists(of_product=[self.maker.provisioner.cert])
        self.refused(403, "Revoked", self.attested)
        self.lists()
        self.attested()
        self.lists(of_root=[self.maker.product.cert])
        self.refused(403, "Revoked", self.attested)


class SoftwareGpus(Rig):
    """What `warder swtee gpu` makes, as its page says."""

    @classmethod
    def feed(cls):
        pass

    @classmethod
    def setUpClass(cls):
        cls.maker = None
        cls.server = Whole()
        cls.addClassCleanup(cls.server.remove)
        cls.server.run("swtee", "gpu", "--dir", cls.server.path("gpus"))
        cls.server.add_config("[attestation]", "software_anchor = nvidia %s"
                              % cls.server.path("gpus/root.pem"))
        cls.server.start()
        cls.server.import_collateral("gpus")
        cls.data = cls.server.put_secret(
            SECRET, policy_id=cls.server.add_policy(gpu_policy(
                {"claim": "gpus.count", "eq": 2},
                {"claim": "gpus.driver_versions", "in": ["600.01"]})))

    def entry(self, client, number, *options):
        done = self.server.run(
            "swtee", "gpu", "--dir", self.server.path("gpus"), "--number",
            str(number), "--nonce", device_nonce(client).hex(), *options)
        return json.loads(done.stdout)

    def with_gpus(self, *options):
        client = self.begun()
        return self.send(client, additional(
            [self.entry(client, n, *options) for n in (0, 1)]))

    def test_two_of_them_get_the_secret(self):
        client = self.with_gpus("--driver-version", "600.01")
        self.assertEqual(client.resource(SECRET), self.data)

    def test_another_driver_does_not(self):
        client = self.with_gpus()
        self.refused(403, "PolicyClause", client.resource, SECRET)


if __name__ == "__main__":
    unittest.main(argv=["test_gpu"], verbosity=2)
