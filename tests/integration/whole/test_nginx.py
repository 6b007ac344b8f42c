"""nginx serves HTTPS with keys that a server has released to an agent: the
server, the agent, the PKCS#11 module and nginx as an operator runs them.
"""
import os
import signal
import sys
import time
import unittest

import agent_rig
import holder_rig
from whole import BUILD, MRENCLAVE, OTHER, Whole, policy

holder_rig.MODULE = os.path.join(os.path.abspath(BUILD), "warder-pkcs11.so")
agent_rig.PROGRAM = os.path.join(BUILD, "warder-agent")
agent_rig.WARDER = os.path.join(BUILD, "warder")

from agent_rig import Agent, wait_until
from holder_rig import Rig, is_root
from nginx_rig import WORKER, Nginx, missing, uri

LEASE = 4
MASTER_AND_WORKER = {"see": "root", "use": WORKER} if is_root() else {
    "use": str(os.getuid())}


class Chained:
    """A key as nginx_rig wants it: its label and the file of its chain."""

    def __init__(self, label, chain):
        self.label, self.chain = label, chain


class NginxTest(unittest.TestCase):
    def setUp(self):
        self.server = Whole()
        self.addCleanup(self.server.remove)
        self.server.start()
        self.policy = self.server.add_policy(policy(lease_seconds=LEASE))
        self.ids = {name: self.server.warder(
            "key", "create", "--kind", kind, "--label", name, "--policy",
            self.policy, "--certificate", "CN=localhost,DNS=localhost")["id"]
            for name, kind in (("RSAKEY", "rsa-2048"), ("ECKEY", "ec-p256"))}
        self.rig = Rig()
        self.addCleanup(self.rig.stop)
        self.agent = self.start_agent()
        self.rig.keys = [Chained(name, self.rig.file(
            name + ".pem", self.agent.run("get", name, "--chain").stdout))
            for name in self.ids]
        self.nginx = Nginx(self.rig, {name: uri(name) for name in self.ids})

    def start_agent(self, skc=None):
        keys = {} if skc else {name: dict(MASTER_AND_WORKER, id=key_id)
                               for name, key_id in self.ids.items()}
        agent = Agent(
            keys=keys, tee=self.server.path("swtee"),
            address="127.0.0.1:%d" % self.server.port,
            release_key=self.server.release_key)
        self.addCleanup(agent.close)
        with open(self.server.ca, encoding="utf-8") as f:
            agent.write_ca(f.read())
        agent.swtee["mrenclave"] = MRENCLAVE
        agent.path = agent.agent["socket"] = self.rig.socket
        agent.skc = skc
        agent.write()
        agent.start()
        agent.wait_for("key_held", 2)
        return agent

    def works(self):
        return all(self.nginx.works(name) for name in self.ids)

    def assert_works(self):
        self.assertTrue(self.works(), self.nginx.errors())

    def assert_fails(self):
        for name in self.ids:
            self.assertNotEqual(self.nginx.fetch(name).returncode, 0)

    def test_https_works_and_goes_on_through_renewals(self):
        end = time.monotonic() + 2 * LEASE
        while time.monotonic() < end:
            self.assert_works()
        self.assertGreaterEqual(self.agent.count("key_renewed"), 2)
        self.assertEqual(self.agent.count("key_ended"), 0)

    def test_files_of_skc_go_on_working(self):
        self.agent.stop()
        lines = "".join(
            "pkcs11:token=KMS;id=%s;object=%s;type=private;pin-value=1234;\n"
            % (key_id, name) for name, key_id in self.ids.items())
        self.agent = self.start_agent(dict(
            MASTER_AND_WORKER, keys=self.rig.file("keys.txt", lines)))
        self.nginx = Nginx(self.rig, {
            name: uri(name, "KMS", ";pin-value=1234") for name in self.ids})
        self.assert_works()

    def test_killed_agent_is_missed_only_until_it_is_back(self):
        worker = self.nginx.worker
        self.assert_works()
        self.agent.stop(signal.SIGKILL)
        self.assert_fails()
        self.agent.start()
        wait_until(self.works, 10, "handshakes to work again")
        self.assertEqual(self.nginx.worker, worker)

    def test_denied_keys_stop_serving_when_their_leases_end(self):
        self.assert_works()
        self.server.add_policy(policy(OTHER, lease_seconds=LEASE),
                               policy_id=self.policy)
        self.agent.wait_for("key_ended", 2, 20)
        self.assert_fails()
        self.server.add_policy(policy(lease_seconds=LEASE),
                               policy_id=self.policy)
        wait_until(self.works, 30, "handshakes to work again")


if __name__ == "__main__":
    WHY = missing()
    if WHY:
        print("SKIPPED: " + WHY)
        sys.exit(77)
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)
