"""Whatever happens to a Vault or on the way to it: clear words, in time, and
what was acknowledged is there afterwards."""
import json
import os
import signal
import sys
import threading
import time
import unittest

import openbao
from vault_rig import Peer, Proxy

PEER = sys.argv.pop(1)
DEADLINE_MS = 4000
LATE = DEADLINE_MS / 1000 + 1
if openbao.is_foreign():
    print("SKIPPED: nobody else's Vault is sealed, stopped or killed here")
    sys.exit(77)
vault = None


def setUpModule():
    global vault
    vault = openbao.for_module()
    vault.enable("kv", "kv", version="2")
    vault.enable("transit", "transit")
    vault.ask("POST", "kv/data/a", {"data": {"x": "1"}})


def text(**members):
    return json.dumps(members, sort_keys=True, separators=(",", ":")).encode()


class Case(unittest.TestCase):
    def peer(self, port=None, ca=None, token=None, **settings):
        settings.setdefault("deadline", DEADLINE_MS)
        settings.setdefault("method", "token")
        peer = Peer(PEER, {"ca": ca or vault.ca,
                           "secret": token or vault.token},
                    address="https://127.0.0.1:%d" % (port or vault.port),
                    **settings)
        self.addCleanup(peer.close)
        return peer

    def proxy(self, port=None):
        proxy = Proxy(port or vault.port)
        self.addCleanup(proxy.close)
        return proxy

    def read(self, peer):
        answer = peer.ask("kv-read", "kv", 2, "a", 0)
        self.assertEqual(answer.result, "ok", answer)
        self.assertEqual(answer.output, '1 {"x":"1"}')

    def fails(self, peer, result, words, *command):
        answer = peer.ask(*(command or ("kv-read", "kv", 2, "a", 0)))
        self.assertEqual(answer.result, result, answer)
        self.assertIn(words, answer.detail)
        self.assertLess(answer.seconds, LATE)
        return answer


class Ways(Case):
    def test_nobody_there_at_start(self):
        port = openbao.free_port()
        peer = self.peer(port)
        self.fails(peer, "fault", "127.0.0.1")

    def test_down_and_up_again(self):
        peer = self.peer()
        self.read(peer)
        vault.kill()
        try:
            self.fails(peer, "fault", "127.0.0.1")
        finally:
            vault.start()
            vault.unseal()
        self.read(peer)

    def test_away_for_a_moment_only(self):
        """A second and a third try are within one call."""
        proxy = self.proxy()
        peer = self.peer(proxy.port, deadline=20000)
        proxy.mode = "refuse"
        back = threading.Timer(0.3, setattr, (proxy, "mode", "pass"))
        back.start()
        self.addCleanup(back.join)
        self.read(peer)

    def test_hanging(self):
        proxy = self.proxy()
        peer = self.peer(proxy.port)
        self.read(peer)
        proxy.mode = "hang"
        for _ in range(2):
            # "timed out", or "timeout" where a handshake hangs
            answer = self.fails(peer, "fault", "time")
            self.assertGreater(answer.seconds, DEADLINE_MS / 1000 - 1)
        proxy.mode = "pass"
        self.read(peer)

    def test_hanging_in_the_handshake(self):
        proxy = self.proxy()
        proxy.mode = "hang"
        self.fails(self.peer(proxy.port), "fault", "127.0.0.1")

    def test_slow(self):
        proxy = self.proxy()
        peer = self.peer(proxy.port, deadline=30000)
        self.read(peer)
        proxy.mode = "slow"
        answer = peer.ask("kv-read", "kv", 2, "a", 0)
        self.assertEqual(answer.result, "ok", answer)
        self.assertGreater(answer.seconds, 0.5)

    def test_too_slow(self):
        proxy = self.proxy()
        peer = self.peer(proxy.port)
        self.read(peer)
        vault.ask("POST", "kv/data/big", {"data": {"x": "y" * 20000}})
        proxy.mode = "slow"
        self.fails(peer, "fault", "timed out", "kv-read", "kv", 2, "big", 0)

    def test_wrong_certificate(self):
        other = openbao.Authority()
        self.fails(self.peer(ca=other.pem), "fault", "not trusted")
        self.fails(self.peer(ca="nothing"), "fault", "")

    def test_certificate_for_another_name(self):
        for how in ({"addresses": ("127.0.0.2",)}, {"days": (-9, -2)}):
            bao = openbao.OpenBao(vault.authority)
            self.addCleanup(bao.close)
            bao.write_certificate(**how)
            bao.kill()
            bao.start()
            self.fails(self.peer(bao.port), "fault", "not trusted")


class Answers(Case):
    """The answer is lost, at a moment when the server has done it."""

    def lose(self, peer, proxy, *command):
        """The first answer; then all is well again."""
        proxy.lost, proxy.mode = 0, "lose"
        heal = threading.Thread(target=self.heal, args=(proxy,))
        heal.start()
        try:
            return peer.ask(*command)
        finally:
            heal.join()

    @staticmethod
    def heal(proxy):
        end = time.monotonic() + 30
        while not proxy.lost and time.monotonic() < end:
            time.sleep(0.005)
        proxy.mode = "pass"

    def connected(self):
        proxy = self.proxy()
        peer = self.peer(proxy.port, deadline=20000)
        self.read(peer)
        return peer, proxy

    def test_a_write_that_was_done_counts(self):
        peer, proxy = self.connected()
        for i in range(3):
            name = "lost%d" % i
            answer = self.lose(peer, proxy, "kv-write", "kv", 2, name, 0,
                               text(a=name))
            self.assertEqual(answer.result, "ok", answer)
            self.assertEqual(vault.ask("GET", "kv/data/" + name)["data"][
                "metadata"]["version"], 1)

    def test_what_has_an_effect_is_not_done_twice(self):
        vault.ask("POST", "transit/keys/once", {"type": "aes256-gcm96"})
        peer, proxy = self.connected()
        answer = self.lose(peer, proxy, "key-rotate", "transit", "once", 0)
        self.assertEqual(answer.result, "fault", answer)
        newest = vault.ask("GET", "transit/keys/once")["data"][
            "latest_version"]
        self.assertEqual(newest, 2)

    def test_a_use_is_asked_for_again(self):
        vault.ask("POST", "transit/keys/use", {"type": "ed25519"})
        peer, proxy = self.connected()
        answer = self.lose(peer, proxy, "sign", "transit", "use", 1, 3, "-",
                           b"m")
        self.assertEqual(answer.result, "ok", answer)


class States(Case):
    def test_sealed_in_between(self):
        peer = self.peer()
        self.read(peer)
        vault.seal()
        try:
            self.fails(peer, "unavailable", "sealed")
            self.fails(peer, "unavailable", "sealed", "kv-write", "kv", 2,
                       "new", 0, text(a="1"))
            self.assertEqual(peer.ask("health").output.split(" ")[:3],
                             ["1", "1", "1"])
        finally:
            vault.unseal()
        self.read(peer)
        self.fails(peer, "not_found", "", "kv-read", "kv", 2, "new", 0)

    def test_never_initialized(self):
        bao = openbao.OpenBao(vault.authority)
        self.addCleanup(bao.close)
        peer = self.peer(bao.port)
        answer = peer.ask("kv-read", "kv", 2, "a", 0)
        self.assertEqual(answer.result, "unavailable", answer)
        self.assertEqual(peer.ask("health").output.split(" ")[:2],
                         ["0", "1"])

    def test_killed_and_started_loses_nothing(self):
        peer = self.peer(deadline=20000)
        for i in range(4):
            self.assertEqual(peer.ask(
                "kv-write", "kv", 2, "kept%d" % i, 0,
                text(a=str(i))).result, "ok")
            vault.again()
        for i in range(4):
            self.assertEqual(peer.ask("kv-read", "kv", 2, "kept%d" % i,
                                      0).output, '1 {"a":"%d"}' % i)

    def test_too_many_requests(self):
        vault.ask("POST", "sys/quotas/rate-limit/q", {
            "rate": 0.3, "path": "kv/", "block_interval": "0s"})
        try:
            peer = self.peer(token=vault.make_token(), deadline=1500)
            results = [peer.ask("kv-read", "kv", 2, "a", 0)
                       for _ in range(4)]
        finally:
            vault.ask("DELETE", "sys/quotas/rate-limit/q")
        refused = [a for a in results if a.result != "ok"]
        self.assertTrue(refused)
        for answer in refused:
            self.assertEqual(answer.result, "overloaded", answer)
            self.assertIn("too many requests", answer.detail)
            self.assertLess(answer.seconds, 3)

    def test_a_token_that_ends_while_the_server_is_down(self):
        token = vault.make_token(ttl="2s", renewable=False)
        peer = self.peer(token=token)
        self.read(peer)
        vault.kill()
        try:
            time.sleep(2.5)
            self.fails(peer, "fault", "127.0.0.1")
        finally:
            vault.start()
            vault.unseal()
        self.fails(peer, "permission_denied", "expired")


class Standby(Case):
    """Two nodes with raft storage. The second forwards, or names the first."""

    @classmethod
    def setUpClass(cls):
        cls.first = openbao.OpenBao(storage="raft", node="one")
        cls.addClassCleanup(cls.first.close)
        cls.first.init()
        cls.second = openbao.OpenBao(cls.first.authority, storage="raft",
                                     node="two")
        cls.addClassCleanup(cls.second.close)
        cls.second.ask("POST", "sys/storage/raft/join", {
            "leader_api_addr": cls.first.address,
            "leader_ca_cert": cls.first.ca})
        cls.second.shares = cls.first.shares
        cls.second.token = cls.first.token
        cls.second.unseal()
        cls.first.enable("kv", "kv", version="2")
        cls.first.ask("POST", "kv/data/a", {"data": {"x": "1"}})
        end = time.monotonic() + 60
        while "standby" not in json.dumps(cls.second.ask(
                "GET", "sys/health?standbyok=true&perfstandbyok=true")) or \
                not cls.second.ask("GET", "sys/leader")["leader_address"]:
            assert time.monotonic() < end, "no second node"
            time.sleep(0.1)

    def both(self, peer):
        end = time.monotonic() + 30
        while peer.ask("kv-read", "kv", 2, "a", 0).result != "ok":
            self.assertLess(time.monotonic(), end)
        self.read(peer)
        self.assertEqual(peer.ask("kv-write", "kv", 2, os.urandom(8).hex(),
                                  0, text(a="1")).result, "ok")

    def test_a_standby_does(self):
        peer = self.peer(self.second.port, self.first.ca, self.first.token,
                         deadline=20000)
        self.both(peer)
        self.assertEqual(peer.ask("health").output.split(" ")[:3],
                         ["1", "0", "1"])

    def test_a_standby_names_the_one_that_acts(self):
        peer = self.peer(self.second.port, self.first.ca, self.first.token,
                         deadline=20000, direct="yes")
        self.both(peer)
        self.first.kill()
        try:
            answer = peer.ask("kv-read", "kv", 2, "a", 0)
            self.assertIn(answer.result, ("unavailable", "fault"), answer)
        finally:
            self.first.start()
            self.first.unseal()
        self.both(peer)

    def test_the_one_it_names_has_to_be_trusted(self):
        """Both certificates are looked at, each for itself."""
        self.first.write_certificate(openbao.Authority())
        self.first.process.send_signal(signal.SIGHUP)
        self.addCleanup(self.first.process.send_signal, signal.SIGHUP)
        self.addCleanup(self.first.write_certificate)
        peer = self.peer(self.second.port, self.first.ca, self.first.token,
                         direct="yes")
        end = time.monotonic() + 20
        while True:
            answer = peer.ask("kv-read", "kv", 2, "a", 0)
            if answer.result != "ok":
                break
            self.assertLess(time.monotonic(), end, "it is not loaded anew")
            peer.close()
            time.sleep(0.2)
            peer = self.peer(self.second.port, self.first.ca,
                             self.first.token, direct="yes")
        self.assertEqual(answer.result, "fault", answer)
        self.assertIn("not trusted", answer.detail)


if __name__ == "__main__":
    unittest.main(verbosity=2)
