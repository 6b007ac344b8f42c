#!/usr/bin/env python3
"""warder-agent hears what was revoked and wipes it at once, and needs none of it
to go on serving."""
import hashlib
import sys
import threading
import time
import unittest

from agent_case import ID, ME, AgentTest, path_of
from agent_rig import KEY_ENDED, OK, wait_until
from kbs_double import Answer, refusal


class Revoked(AgentTest):
    """What the server says of revocations, and what it takes to say it."""

    def setUp(self):
        super().setUp()
        self.number, self.pages, self.waits = 4, {}, []
        self.seconds, self.everything, self.patience = 200, False, 20
        self.news = threading.Condition()
        self.kbs.hooks["leases"] = self.hook
        self.addCleanup(self.tell, "nothing")

    def hook(self, handler, body):
        query = handler.path.partition("?after=")[2]
        if not query:
            return self.page(self.number, [])
        after = int(query)
        with self.news:
            self.waits.append((time.monotonic(), after))
            self.news.wait_for(lambda: self.number != after,
                               self.patience)
            number = self.number
        return self.page(number, self.pages.get(number, []))

    def page(self, after, digests):
        return Answer(200, {"after": after, "all": self.everything,
                            "revoked": digests, "seconds": self.seconds})

    def tell(self, *texts):
        with self.news:
            self.pages[self.number + 1] = [
                hashlib.sha256(t.encode()).hexdigest() for t in texts]
            self.number += 1
            self.news.notify_all()

    def two_keys(self):
        """An agent with a key and a secret that wait for word."""
        self.put_secret("prod/db/password")
        agent = self.agent({"web": {"id": ID, "use": ME},
                            "pass": {"path": "prod/db/password", "get": ME}})
        self.wait_held(agent)
        wait_until(lambda: self.waits, what="a wait")
        return agent

    def gone(self, agent, key="web"):
        """This key is wiped within a second or so, and no other."""
        said = agent.wait_for("key_revoked")
        self.assertEqual(said["key"], key)
        self.assertEqual(agent.count("key_revoked"), 1)

    def test_key_is_wiped_at_once_and_others_stay(self):
        agent = self.two_keys()
        self.kbs.resources[path_of(ID)] = refusal(403, "RevokedByOperator")
        started = time.monotonic()
        self.tell("key " + ID)
        self.gone(agent)
        self.assertLess(time.monotonic() - started, 3)
        self.assertEqual(self.status_of_sign(agent), KEY_ENDED)
        self.assertEqual(agent.ask(lambda h: h.get("pass"))[0], OK)

    def test_every_text_that_a_lease_stands_for(self):
        for text in ("prefix prod", "prefix prod/db",
                     "prefix prod/db/password", "policy_version " + "5a" * 32):
            with self.subTest(text=text):
                agent = self.two_keys()
                self.kbs.resources["prod/db/password"] = refusal(
                    403, "RevokedByOperator")
                self.tell("key x", text)
                agent.wait_for("key_revoked")
                self.assertEqual(agent.ask(lambda h: h.get("pass"))[0],
                                 KEY_ENDED)
                agent.close()
                self.waits.clear()

    def test_texts_of_others_end_nothing(self):
        agent = self.two_keys()
        for text in ("prefix pro", "prefix prod/", "prefix prod/d",
                     "prefix default/key/", "key " + ID.upper(), "lease " + ID,
                     "session " + ID, "policy_version " + "5A" * 32, ""):
            self.tell(text)
        wait_until(lambda: self.waits[-1][1] == self.number, what="its turn")
        self.assertEqual(agent.count("key_revoked"), 0)
        self.assertTrue(self.can_sign(agent))

    def test_platform_that_was_revoked_loses_everything(self):
        agent = self.two_keys()
        self.kbs.hooks["attest"] = lambda h, b: refusal(
            403, "RevokedByOperator")
        self.everything = True
        self.tell("")
        agent.wait_for("key_revoked", 2)
        self.assertEqual(agent.ask(lambda h: h.get("pass"))[0], KEY_ENDED)
        self.assertEqual(self.status_of_sign(agent), KEY_ENDED)

    def test_renewal_after_a_revoked_lease_names_it(self):
        agent = self.two_keys()
        agent.wait_for("key_held", 2)
        lease = [e["lease"] for e in agent.events("key_held")
                 if e["key"] == "web"][0]
        self.kbs.resources[path_of(ID)] = refusal(403, "RevokedByOperator")
        self.tell("lease " + lease)
        agent.wait_for("key_revoked")
        agent.wait_for("key_refused", 2)
        named = [h.get("Warder-Replaces", "") for _, p, h, _ in self.kbs.seen
                 if path_of(ID) in p]
        self.assertEqual(named[0], "")
        self.assertEqual({n[:36] for n in named[1:]}, {lease})

    def test_new_session_when_the_old_one_ends(self):
        self.seconds, self.patience = 0, 1
        agent = self.agent()
        self.wait_held(agent)
        rounds = self.kbs.count("attest")
        wait_until(lambda: self.kbs.count("attest") >= rounds + 2, 20,
                   "two sessions more")
        self.assertEqual(agent.count("key_ended"), 0)
        self.assertEqual(agent.count("key_renewed"), 0)

    def attestations(self, seconds):
        before = self.kbs.count("/attest")
        time.sleep(seconds)
        return self.kbs.count("/attest") - before

    def test_sessions_good_for_all_but_waits_are_not_made_in_a_loop(self):
        agent = self.two_keys()
        self.kbs.hooks["leases"] = lambda h, b: refusal(
            401, "CredentialInvalid")
        self.tell("nothing")
        self.assertLess(self.attestations(3), 6)
        self.assertTrue(self.can_sign(agent))
        self.kbs.hooks["leases"] = self.hook
        self.waits.clear()
        wait_until(lambda: self.waits, 20, "a wait")
        self.tell("key " + ID)
        self.gone(agent)

    def test_nor_are_those_that_end_at_once_with_some_news(self):
        agent = self.two_keys()

        def news(handler, body):
            self.number += 1
            return self.page(self.number, [])

        self.seconds = 0
        self.kbs.hooks["leases"] = news
        self.tell("nothing")
        self.assertLess(self.attestations(3), 6)
        self.assertTrue(self.can_sign(agent))

    def test_lost_waits_stop_nothing_and_come_back(self):
        agent = self.two_keys()
        self.kbs.hooks["leases"] = lambda h, b: refusal(503, "Unavailable")
        self.tell("nothing")
        time.sleep(1)
        self.assertTrue(self.can_sign(agent))
        self.assertLess(self.kbs.count("warder/leases"), 12)
        self.kbs.hooks["leases"] = self.hook
        self.waits.clear()
        wait_until(lambda: self.waits, 20, "a wait")
        self.tell("key " + ID)
        self.gone(agent)

    def test_answers_that_say_nothing_are_not_asked_for_in_a_loop(self):
        self.kbs.hooks["leases"] = lambda h, b: self.page(4, [])
        agent = self.agent()
        self.wait_held(agent)
        time.sleep(2)
        self.assertLess(self.kbs.count("warder/leases"), 10)
        self.assertTrue(self.can_sign(agent))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)
