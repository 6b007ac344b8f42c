#!/usr/bin/env python3
"""A backend that hangs, dies or is away: clear answers, and everything that rests
in the server's own store goes on."""
import copy
import os
import signal
import threading
import unittest

from backend_rig import Folder, wait_until
from coco_client import Refused
from server_rig import Failed
from whole import refusal


class Case(unittest.TestCase):
    CONF = ""

    def setUp(self):
        self.server = Folder(self.CONF)
        self.server.start()
        self.policy = self.server.add_policy()
        self.key = self.server.create("--policy", self.policy)
        self.path = self.server.path_of(self.key)
        self.kept = self.server.get(self.key["id"] + ".1")
        self.client = self.server.attested()

    def tearDown(self):
        self.server.remove()

    def last(self, event):
        return [e for e in self.server.entries()
                if e["event"] == event][-1]

    def answers_again(self):
        """The key is released again, within the longest pause."""
        def released():
            try:
                return self.server.attested().resource(self.path)
            except Exception:  # refused for the moment
                return None
        self.assertEqual(wait_until(released, "release", 30), self.kept)


class Faults(Case):
    def test_a_process_that_ends_in_mid_request(self):
        self.server.put("die")
        got = refusal(self.client.resource, self.path)
        self.assertEqual(got.status, 503)
        self.assertEqual(self.last("release")["reason"], "unavailable")
        self.server.drop("die")
        self.answers_again()

    def test_a_hanging_backend_stops_nobody_else(self):
        stored = self.server.warder("key", "create", "--kind", "aes-256",
                                    "--policy", self.policy)
        clients = [self.server.attested() for _ in range(14)]
        self.server.put("hang")
        refusals, released, lock = [], [], threading.Lock()

        def ask_there(client):
            for _ in range(3):
                got = refusal(client.resource, self.path)
                with lock:
                    refusals.append(got.status)

        def ask_here(client):
            while len(refusals) < 36:
                got = client.resource(self.server.path_of(stored))
                with lock:
                    released.append(len(got))

        threads = [threading.Thread(target=ask_there, args=(c,))
                   for c in clients[:12]] + \
            [threading.Thread(target=ask_here, args=(c,), daemon=True)
             for c in clients[12:]]
        for t in threads:
            t.start()
        for t in threads:
            t.join(60)
        # Each that asked there was told so, and none that asked here.
        self.assertEqual(refusals, [503] * 36)
        self.assertGreater(len(released), 36)
        self.assertEqual(set(released), {32})
        self.server.drop("hang")
        self.answers_again()

    def test_a_key_of_a_hanging_backend_is_not_used(self):
        self.server.put("hang")
        for use, body in (("encrypt", {"plaintext": b"text"}),
                          ("datakey", {})):
            got = refusal(self.client.use, self.key["id"], use, **body)
            self.assertEqual((got.status, got.type), (503, "Unavailable"))
            entry = self.last("use")
            self.assertEqual((entry["result"], entry["reason"]),
                             ("deny", "unavailable"))
        with self.assertRaises(Failed):
            self.server.warder("key", "encrypt", self.key["id"], stdin=b"text")
        self.server.drop("hang")
        self.answers_again()
        made = self.client.use(self.key["id"], "encrypt", plaintext=b"text")
        self.assertEqual(self.client.use(
            self.key["id"], "decrypt", ciphertext=made["ciphertext"])[
                "plaintext"], b"text")

    def revoked_meanwhile(self, ask, *args, **kw):
        """What ASK is told whose key is revoked while it is fetched."""
        key, got = self.server.create("--policy", self.policy)["id"], []
        before = len(self.server.calls("fetch"))
        self.server.put("hang")
        thread = threading.Thread(target=lambda: got.append(
            refusal(ask, key, *args, **kw)))
        thread.start()
        wait_until(lambda: len(self.server.calls("fetch")) > before, "fetch")
        self.server.warder("lease", "revoke", key, "--kind", "key")
        self.server.drop("hang")
        thread.join(30)
        return got[0].status, got[0].type

    def revoked_meanwhile_is_said(self, *args, **kw):
        for _ in range(5):
            told = self.revoked_meanwhile(*args, **kw)
            if told != (503, "Unavailable"):  # the revoking took too long
                break
            self.answers_again()
        self.assertEqual(told, (403, "RevokedByOperator"))

    def test_a_key_revoked_while_its_backend_works_is_not_used(self):
        self.revoked_meanwhile_is_said(
            self.client.use, "encrypt", plaintext=b"text")

    def test_a_key_revoked_while_its_backend_works_is_not_released(self):
        self.revoked_meanwhile_is_said(
            lambda key: self.client.resource("default/key/" + key))
        entry = self.last("release")
        self.assertEqual((entry["result"], entry["reason"]),
                         ("deny", "revoked_by_operator"))

    def test_a_backend_that_did_not_answer_is_left_alone(self):
        self.server.put("hang")
        for _ in range(6):
            refusal(self.client.resource, self.path)
        before = len(self.server.calls("fetch"))
        for _ in range(10):
            self.assertEqual(
                refusal(self.client.resource, self.path).status, 503)
        self.assertLess(len(self.server.calls("fetch")) - before, 10)
        self.server.drop("hang")
        self.answers_again()

    def test_changes_while_it_is_away(self):
        self.server.put("hang")
        with self.assertRaises(Failed) as got:
            self.server.create("--policy", self.policy)
        self.assertIn(b"unavailable", got.exception.err + got.exception.out)
        with self.assertRaises(Failed):
            self.server.warder("key", "delete", self.key["id"])
        self.server.drop("hang")
        self.assertEqual(self.server.warder("key", "show", self.key["id"])
                         ["id"], self.key["id"])
        self.answers_again()

    def test_all_of_its_processes_are_killed(self):
        pids = [p["pid"] for p in self.server.processes("backend")]
        self.assertEqual(len(pids), 2)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.answers_again()
        wait_until(lambda: all(
            p["ready"] and p["restarts"] > 0
            for p in self.server.processes("backend")), "new processes")

    def test_a_key_that_cannot_be_kept_is_destroyed_again(self):
        policy = "11111111-1111-4111-8111-111111111111"
        with self.assertRaises(Failed):
            self.server.create("--policy", policy)
        made = self.server.calls("make")[-1].split()[1]
        wait_until(lambda: "destroy " + made in self.server.calls(),
                   "destruction of " + made)


class Changes(Case):
    """Between asking and the answer."""
    CONF = "timeout_ms = 10000"

    def rotated_while(self, ask, *args, **kw):
        """What ASK gets whose key is rotated while it is fetched."""
        other = self.server.create("--policy", self.policy)
        names, got = [k["id"] + ".1" for k in (other, self.key)], []
        threads = [threading.Thread(target=f) for f in (
            lambda: self.server.attested().resource(
                self.server.path_of(other)),
            lambda: got.append(ask(*args, **kw)))]
        # The first process of the backend has to do until the second has the
        # key: it is then free, and makes the next version.
        for name, thread in zip(names, threads):
            self.server.put("hold-" + name)
            thread.start()
            wait_until(lambda: "fetch " + name in self.server.calls(), name)
        self.server.drop("hold-" + names[0])
        threads[0].join(30)
        made = self.server.warder("key", "rotate", self.key["id"])
        self.assertEqual(made["version"], 2)
        self.server.drop("hold-" + names[1])
        threads[1].join(30)
        self.assertEqual(
            [c for c in self.server.calls("fetch") if self.key["id"] in c],
            ["fetch %s.%d" % (self.key["id"], n) for n in (1, 2)])
        return got[0]

    def only_entry(self, event):
        """There is one for one answer."""
        entry, = [e for e in self.server.entries()
                  if e["event"] == event and e["key"] == self.key["id"]]
        self.assertEqual((entry["result"], entry["version"]), ("allow", 2))

    def test_a_key_rotated_while_it_is_fetched_is_released_as_it_is_now(self):
        got = self.rotated_while(self.client.resource, self.path)
        self.assertEqual(got, self.server.get(self.key["id"] + ".2"))
        self.assertNotEqual(got, self.kept)
        self.only_entry("release")

    def test_a_key_rotated_while_it_is_fetched_is_used_as_it_is_now(self):
        made = self.rotated_while(
            self.client.use, self.key["id"], "encrypt", plaintext=b"text")
        self.only_entry("use")
        self.assertEqual(self.client.use(
            self.key["id"], "decrypt", ciphertext=made["ciphertext"])[
                "plaintext"], b"text")


class Shares(Case):
    """A slow backend, and one client that asks for all that it does."""
    CONF = "processes = 1\ntimeout_ms = 5000"  # and eight calls of a keeper

    def ask_often(self, n, said):
        """N releases and uses at once, each over a connection of its own."""
        def ask(i):
            one = copy.copy(self.client)
            one.connection = None
            try:
                if i % 2:
                    one.use(self.key["id"], "encrypt", plaintext=b"x")
                else:
                    one.resource(self.path)
                said.append("")
            except Refused as refused:
                said.append(refused.type)

        threads = [threading.Thread(target=ask, args=(i,)) for i in range(n)]
        for t in threads:
            t.start()
        return threads

    def test_the_last_quarter_of_the_room_is_for_others(self):
        other, said, got = self.server.attested(), [], []
        before = len(self.server.calls("fetch"))
        self.server.put("hang")
        threads = self.ask_often(10, said)
        wait_until(lambda: len(said) == 4, "refusals")
        threads.append(threading.Thread(
            target=lambda: got.append(other.resource(self.path))))
        threads[-1].start()
        threads[-1].join(0.2)
        self.server.drop("hang")
        for t in threads:
            t.join(20)
        self.assertEqual(got, [self.kept])
        self.assertEqual(said, ["Overloaded"] * 4 + [""] * 6)
        self.assertEqual(len(self.server.calls("fetch")) - before, 7)


unittest.main(argv=["test_faults.py"], verbosity=2)
