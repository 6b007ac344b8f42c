"""Releases go on while roles are killed at random, and no promise is broken:
every answer that a client got has exactly one entry in the log, every key that
was acknowledged is there, the log verifies, and nobody had to do anything but
give the passphrase where seal was killed.

  test_random_kills.py BUILD [--full] [--releases N] [--seed SEED]

500 releases, with --full 10,000. The seed decides who is killed when; a run
cannot be repeated exactly, since what it hits is up to the machine.
"""
import collections
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import unittest

import log_reader
from coco_client import NATIVE, unb64url
from quoter import Quoter
from server_rig import Failed
from whole import (MRENCLAVE, OTHER, SECRET, Refused, Whole, open_release,
                   policy, wait_until)

ROLES = ("front", "keeper", "verify", "seal", "scribe")
PASSPHRASE = "a passphrase of some length"
CLIENTS = 4
STUCK = 60  # seconds without one release, or for one answer


def option(name, value):
    if name in sys.argv:
        return sys.argv[sys.argv.index(name) + 1]
    return value


N = int(option("--releases", 10000 if "--full" in sys.argv else 500))
SEED = int(option("--seed", random.SystemRandom().randrange(1 << 32)))


class Killer(threading.Thread):
    """Waits, kills one process of a random role, and again."""

    def __init__(self, test):
        super().__init__(daemon=True)
        self.test, self.server, self.stop = test, test.server, test.stop
        self.random = random.Random(SEED)
        self.killed = collections.Counter()

    def processes(self, role):
        """Asks the kernel: the server's doors may be away."""
        pid = self.server.process.pid
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            pids = f.read().split()
        found = []
        for child in pids:
            try:
                with open("/proc/%s/cmdline" % child, "rb") as f:
                    name = f.read().split(b"\0")[0]
            except OSError:
                continue
            if name.decode().endswith("warder-" + role):
                found.append(int(child))
        return found

    def wait(self):
        """Some time, and some releases if there are any; True: to go on."""
        most = time.monotonic() + 0.6
        released = self.test.released + self.random.randrange(1, 30)
        self.stop.wait(self.random.uniform(0.05, 0.3))
        while self.test.released < released and time.monotonic() < most:
            self.stop.wait(0.01)
        return not self.stop.is_set()

    def run(self):
        while self.wait():
            role = self.random.choice(ROLES)
            chosen = self.random.random()
            found = self.processes(role)
            if not found:
                continue
            try:
                os.kill(found[int(chosen * len(found))], signal.SIGKILL)
            except ProcessLookupError:
                continue
            self.killed[role] += 1


class Operator(threading.Thread):
    """Gives the passphrase again when seal was killed, and only then."""

    def __init__(self, server, killer, stop):
        super().__init__(daemon=True)
        self.server, self.killer, self.stop = server, killer, stop
        self.answered = self.given = 0
        self.problem = self.refused = None

    def run(self):
        while not self.stop.wait(0.05):
            try:
                self.answer()
            except AssertionError as problem:
                self.problem = "%s: %s" % (problem, self.refused)
                return

    def answer(self):
        killed = self.killer.killed["seal"]
        if killed == self.answered:
            return
        wait_until(self.unsealed, "unsealing after seal was killed", STUCK)
        self.answered = killed
        self.given += 1

    def unsealed(self):
        try:
            return not self.server.unseal()["sealed"]
        except (Failed, subprocess.TimeoutExpired) as refused:
            self.refused = str(refused)
            time.sleep(0.1)
            # Sent before, and the answer was lost.
            return "not_sealed" in self.refused


class Owner(threading.Thread):
    """Makes keys, and keeps which were acknowledged."""

    def __init__(self, server, policy_id, stop):
        super().__init__(daemon=True)
        self.server, self.policy, self.stop = server, policy_id, stop
        self.acknowledged, self.refused = [], 0

    def run(self):
        while not self.stop.wait(0.2):
            try:
                self.acknowledged.append(self.server.warder(
                    "key", "create", "--kind", "aes-256", "--policy",
                    self.policy)["id"])
            except (Failed, subprocess.TimeoutExpired):
                self.refused += 1


class Asker(threading.Thread):
    """A client after the other, each on its way to the secret once. What it was
    answered is in .answers: (request id, event, result, lease)."""

    def __init__(self, test, number):
        super().__init__(daemon=True)
        self.test, self.server = test, test.server
        self.random = random.Random("%d %d" % (SEED, number))
        self.client = self.server.client()
        self.client.timeout = STUCK
        self.answers, self.wrong = [], []
        self.refused = collections.Counter()

    def run(self):
        while not self.test.stop.is_set() and not self.wrong:
            try:
                self.one()
            except Refused as refused:
                self.take(refused)
            except TimeoutError:
                self.wrong.append("no answer in time")
            except (OSError, http.client.HTTPException):
                self.refused["connection"] += 1
                self.client.close()
            except Exception as problem:  # would end the thread unheard
                self.wrong.append(repr(problem))

    def take(self, refused):
        self.refused[refused.status, refused.type] += 1
        if refused.status == 503:
            time.sleep(0.02)
        elif (refused.status, refused.type) != (401, "ChallengeUsed"):
            # An attestation whose answer was lost is sent again.
            self.wrong.append(str(refused))

    def one(self):
        client, stranger = self.client, self.random.random() < 0.05
        client.new_key()
        client.auth()
        quote = self.test.quoter.quote(client.runtime_digest(),
                                       OTHER if stranger else None)
        client.attest(quote)
        self.note(client.answered, "attest")
        native = self.random.random() < 0.5
        headers = {"Cookie": client.cookie}
        if native:
            headers["Accept"] = NATIVE
        status, got, body = client.send(
            "GET", "/kbs/v0/resource/" + SECRET, headers=headers)
        if status == 403 and stranger:
            return self.note(got, "release", "deny")
        if status != 200:
            raise Refused(status, got, body)
        data, lease = client.open(body), None
        if native:
            release = open_release(data, self.server.release_key)
            data = unb64url(release["key"]["bytes"])
            lease = release["lease"]["id"]
        if data != self.test.secret or stranger:
            self.wrong.append("got what it may not have, or another secret")
        self.note(got, "release", "allow", lease)
        self.test.count()

    def note(self, headers, event, result="allow", lease=None):
        self.answers.append((headers["Warder-Request"], event, result, lease))


class RandomKills(unittest.TestCase):
    def setUp(self):
        self.server = Whole(passphrase=PASSPHRASE, cells=2)
        self.addCleanup(self.server.remove)
        self.server.start()
        self.server.unseal()
        self.server.import_collateral()
        self.policy = self.server.add_policy(policy(MRENCLAVE))
        self.secret = self.server.put_secret(policy_id=self.policy)
        self.quoter = Quoter(self.server.path("swtee"), self.server.quote(
            bytes(48), "--mrenclave", MRENCLAVE))
        self.stop, self.lock = threading.Event(), threading.Lock()
        self.released, self.last = 0, time.monotonic()

    def count(self):
        with self.lock:
            self.released += 1
            self.last = time.monotonic()
            if self.released >= N:
                self.stop.set()

    def serves(self):
        """With every process there, and a release that works."""
        try:
            return self.server.is_ready() and self.server.attested().resource(
                SECRET) == self.secret
        except (Failed, Refused, OSError, http.client.HTTPException,
                subprocess.TimeoutExpired):
            return False

    def go_on(self, threads, askers):
        """Until there are N releases, somebody complains, or nothing moves."""
        for thread in threads:
            thread.start()
        stuck = None
        while not self.stop.wait(0.2):
            if any(a.wrong for a in askers) or self.operator.problem:
                self.stop.set()
            elif time.monotonic() - self.last > STUCK:
                stuck = "no release for %d s" % STUCK
                self.stop.set()
        for thread in threads:
            thread.join(2 * STUCK)
            self.assertFalse(thread.is_alive(), "%s hangs" % thread)
        self.assertIsNone(stuck, self.server.log_text()[-3000:])

    def test_no_promise_is_broken(self):
        print("NOTE: seed %d, %d releases" % (SEED, N), flush=True)
        begun = time.monotonic()
        killer = Killer(self)
        self.operator = Operator(self.server, killer, self.stop)
        owner = Owner(self.server, self.policy, self.stop)
        askers = [Asker(self, i) for i in range(CLIENTS)]
        self.go_on([killer, self.operator, owner, *askers], askers)
        refused = sum((a.refused for a in askers), collections.Counter())
        print("NOTE: %d releases in %d s; killed %s; passphrase given %d "
              "times; %d keys acknowledged, %d not; refused %s" % (
                  self.released, time.monotonic() - begun,
                  dict(killer.killed), self.operator.given,
                  len(owner.acknowledged), owner.refused, dict(refused)),
              flush=True)
        self.assertEqual([a.wrong for a in askers if a.wrong], [])
        self.assertIsNone(self.operator.problem,
                          self.server.log_text()[-6000:])
        self.operator.answer()
        wait_until(self.serves, "a whole server after the last kill", STUCK)
        self.check_keys(owner.acknowledged)
        self.server.stop()
        self.check_log([x for a in askers for x in a.answers],
                       owner.acknowledged)

    def check_keys(self, acknowledged):
        there = [k["id"] for k in self.server.warder("key", "list")["items"]]
        self.assertEqual(set(acknowledged) - set(there), set())
        self.there = there
        client = self.server.attested()
        for key in acknowledged:
            self.assertEqual(len(client.resource("default/key/" + key)), 32)

    def check_log(self, answers, acknowledged):
        folder = self.server.path("state/log")
        entries = [json.loads(e) for e in log_reader.entries(folder)]
        by_request, created = collections.defaultdict(list), []
        for e in entries:
            by_request[e.get("request")].append(e)
            if e["event"] == "key_create" and e["result"] == "allow":
                created.append(e["key"])
        self.assertEqual(len({a[0] for a in answers}), len(answers))
        for request, event, result, lease in answers:
            found = by_request[request]
            self.assertEqual([(e["event"], e["result"]) for e in found],
                             [(event, result)], request)
            if lease:
                self.assertEqual(found[0]["lease"], lease)
        leases = [e["lease"] for e in entries if e.get("lease")]
        self.assertEqual(len(set(leases)), len(leases))
        for key in set(acknowledged) | set(self.there):
            self.assertEqual(created.count(key), 1, key)
        done = self.server.run("audit", "verify", "--log", folder,
                               timeout=300)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(log_reader.check_tiles(folder), len(entries))


if __name__ == "__main__":
    unittest.main(argv=["test_random_kills"], verbosity=2)
