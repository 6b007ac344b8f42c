"""Test cases with a server double and agents that end with the test."""
import hashlib
import os
import unittest

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from agent_rig import OK, Agent
from kbs_double import Kbs, Resource, certificate, new_key, pkcs8

ID = "0d3e5bb8-56a4-4a8a-a4f4-3f4f7a1b2c3d"
OTHER_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
ME = str(os.getuid())
DIGEST = hashlib.sha256(b"message").digest()


def path_of(key_id):
    return "default/key/" + key_id


def verifies(key, signature):
    half = len(signature) // 2
    der = utils.encode_dss_signature(
        int.from_bytes(signature[:half], "big"),
        int.from_bytes(signature[half:], "big"))
    key.public_key().verify(der, DIGEST, ec.ECDSA(utils.Prehashed(
        hashes.SHA256())))
    return True


class AgentTest(unittest.TestCase):
    def setUp(self):
        self.kbs = Kbs()
        self.addCleanup(self.kbs.close)
        self.key = self.put_key(ID)

    def put_key(self, key_id, **options):
        """A P-256 key on the server."""
        key = new_key()
        options.setdefault("chain", certificate("site.example", key))
        self.kbs.resources[path_of(key_id)] = Resource(
            "ec-p256", pkcs8(key), "from the server", **options)
        return key

    def put_secret(self, path, data=None, **options):
        data = data or os.urandom(40)
        self.kbs.resources[path] = Resource("opaque", data, **options)
        return data

    def agent(self, keys=None, start=True, kbs=None, **server):
        if keys is None:
            keys = {"web": {"id": ID, "use": ME}}
        agent = Agent(kbs or self.kbs, keys, **server)
        self.addCleanup(agent.close)
        return agent.start() if start else agent

    def can_sign(self, agent, key=None, key_id=ID, generation=1):
        status, signature = agent.ask(
            lambda h: h.sign(key_id, generation, DIGEST))
        if status != OK:
            return False
        return verifies(key or self.key, signature)

    def status_of_sign(self, agent, key_id=ID, generation=1):
        return agent.ask(lambda h: h.sign(key_id, generation, DIGEST))[0]

    def wait_held(self, agent, n=1):
        return agent.wait_for("key_held", n)
