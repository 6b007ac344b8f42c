"""What tests of the whole server share: one with a software TEE, policies, and
a client on its way to a secret.
"""
import json
import os
import sys
import tempfile

from coco_client import Client, Refused, open_release
from server_rig import Server, wait_until

BUILD = sys.argv[1] if len(sys.argv) > 1 else "build"
MRENCLAVE = "a1" * 32
OTHER = "b2" * 32
MRSIGNER = "c3" * 32
SECRET = "default/db/password"


def policy(mrenclave=MRENCLAVE, **members):
    doc = {"warder": 1, "tee": "sgx", "accept_software": True,
           "all": [{"claim": "mrenclave", "in": [mrenclave]}]}
    doc.update(members)
    return {k: v for k, v in doc.items() if v is not None}


class Whole(Server):
    """A server with collateral, ready to release."""

    def __init__(self, **kw):
        super().__init__(BUILD, **kw)
        self.add_swtee()

    def start(self, *args, **kw):
        super().start(*args, **kw)
        if not self.status()["sealed"] and not getattr(self, "fed", False):
            self.import_collateral()
            self.fed = True
        return self

    def add_policy(self, doc=None, prefix=None, policy_id=None):
        path = self.path("policy.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(doc or policy(), f)
        args = ["policy", "add", path]
        if prefix:
            args += ["--prefix", prefix]
        if policy_id:
            args += ["--id", policy_id]
        return self.warder(*args)["id"]

    def put_secret(self, path=SECRET, data=None, policy_id=None):
        data = os.urandom(24) if data is None else data
        args = ["secret", "put", path, "--file", "-"]
        if policy_id:
            args += ["--policy", policy_id]
        self.warder(*args, stdin=data)
        return data

    def client(self, curve="P-256"):
        return Client(("127.0.0.1", self.port), self.ca, curve)

    def attested(self, *options, mrenclave=MRENCLAVE, client=None):
        """A client with a session; OPTIONS are those of swtee quote."""
        client = client or self.client()
        client.auth()
        client.attest(self.quote(client.runtime_digest(), "--mrenclave",
                                 mrenclave, *options))
        return client

    def entries(self, limit=100):
        return [e["entry"] for e in self.warder(
            "audit", "tail", "--limit", str(limit))["items"]]


def refusal(run, *args, **kw):
    """The refusal that this call ends in."""
    try:
        run(*args, **kw)
    except Refused as refused:
        return refused
    raise AssertionError("was not refused")
