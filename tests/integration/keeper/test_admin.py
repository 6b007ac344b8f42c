"""Admin calls at a real keeper: nothing is answered, and nothing stays, before
its entry is durable."""
import os
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

from keeper_rig import (AES256, OPAQUE, P256, VERIFY, KeeperTest, Refused,
                        main, policy)
from warder_rpc import REASONS, decode_list, encode_list

NOBODY = "wdt_" + "A" * 43
TCB_INFO, SGX = 2, 1


class Durable(KeeperTest):
    def test_no_answer_before_the_entry_is_durable(self):
        s = self.server
        s.ask("KEY_CREATE", kind=AES256, label="first")
        entry = s.logged()
        self.assertTrue(s.front.is_silent())
        s.confirm()
        key = s.answer("KEY_CREATE")
        self.assertEqual(entry["event"], "key_create")
        self.assertEqual(entry["key"], key["id"])
        self.assertEqual(entry["actor"], "admin")
        self.assertEqual(entry["result"], "allow")
        self.assertEqual([k["id"] for k in s.keys()], [key["id"]])

    def test_a_change_whose_entry_is_lost_is_undone(self):
        s = self.server
        s.ask("KEY_CREATE", kind=AES256)
        s.logged()
        s.writable(False, "disk full")
        with self.assertRaises(Refused) as caught:
            s.answer("KEY_CREATE")
        self.assertEqual(caught.exception.reason, "audit_unavailable")
        s.writable()
        self.assertEqual(s.keys(), [])

    def test_without_a_log_nothing_is_done(self):
        s = self.server
        s.writable(False, "disk full")
        self.assertEqual(s.do("STATUS")["log_writable"], False)
        with self.assertRaises(Refused) as caught:
            s.do("KEY_CREATE", logged=False, kind=AES256)
        self.assertEqual(caught.exception.reason, "audit_unavailable")
        s.writable()
        self.assertEqual(s.keys(), [])

    def test_status_does_not_wait_for_a_change_that_waits_for_the_log(self):
        s = self.server
        s.ask("KEY_CREATE", kind=AES256)
        s.logged()
        self.assertTrue(s.do("STATUS")["log_writable"])
        s.confirm()
        s.answer("KEY_CREATE")

    def test_a_verify_that_says_nothing_is_reported(self):
        s = self.server
        s.ask("COLLATERAL_PUT", role=TCB_INFO, update_class=ord("s"),
              doc=b"x")
        s.verify.take("DOC_CHECK")
        with self.assertRaises(Refused) as caught:
            s.answer("COLLATERAL_PUT")
        self.assertEqual(caught.exception.reason, "unavailable")
        _, report = s.keeper.control.take("BAD_PEER")
        self.assertEqual(report["peer"], VERIFY)

    def test_a_scribe_that_goes_away_takes_the_change_with_it(self):
        s = self.server
        s.ask("SECRET_PUT", path="a/b/c", bytes=b"secret")
        s.logged()
        s.scribe.close()
        with self.assertRaises(Refused) as caught:
            s.answer("SECRET_PUT")
        self.assertEqual(caught.exception.reason, "audit_unavailable")
        s.attach_scribe()
        s.until(log_writable=True)
        self.refused("not_found", "SECRET_GET", path="a/b/c")

    def test_one_change_at_a_time(self):
        s = self.server
        s.ask("KEY_CREATE", kind=AES256)
        s.ask("KEY_CREATE", kind=P256)
        s.logged()
        self.assertTrue(s.scribe.is_silent())
        s.confirm()
        s.answer("KEY_CREATE")
        s.logged()
        s.confirm()
        s.answer("KEY_CREATE")
        self.assertEqual(len(s.keys()), 2)

    def test_what_was_answered_is_there_after_a_kill(self):
        s = self.server
        kept = s.do("KEY_CREATE", kind=AES256)["id"]
        s.ask("KEY_CREATE", kind=AES256)
        s.logged()
        s.kill_keeper()
        s.start_keeper()
        self.assertEqual([k["id"] for k in s.keys()], [kept])

    def test_a_start_waits_for_a_change_of_another(self):
        s = self.server
        other = sqlite3.connect(os.path.join(s.state, "store.db"),
                                isolation_level=None, check_same_thread=False)
        self.addCleanup(other.close)
        s.kill_keeper()
        other.execute("BEGIN IMMEDIATE")
        ended = threading.Timer(4, other.execute, ("ROLLBACK",))
        ended.start()
        self.addCleanup(ended.join)
        s.start_keeper()
        s.do("KEY_CREATE", kind=AES256)


class Clients(KeeperTest):
    """What clients are answered while the same keeper has other work."""

    def challenge(self):
        frame = self.server.front.receive()
        self.assertEqual(frame[0], "CHALLENGE")
        return frame[3]["result"]

    def ask(self):
        self.server.front.ask("CHALLENGE", {"door": 1})

    def test_a_look_that_waits_for_its_entry_holds_nobody_up(self):
        s = self.server
        s.ask("KEY_LIST", limit=100)
        s.logged()
        self.ask()
        self.assertEqual(self.challenge(), 0)
        s.confirm()
        s.answer("KEY_LIST")

    def test_a_change_that_waits_for_its_entry_decides_nothing(self):
        s = self.server
        s.ask("KEY_CREATE", kind=AES256)
        s.logged()
        self.ask()
        self.assertEqual(self.challenge(), REASONS["unavailable"])
        s.confirm()
        s.answer("KEY_CREATE")
        self.ask()
        self.assertEqual(self.challenge(), 0)

    def test_a_start_waits_for_a_seal_that_is_at_work(self):
        s, snapshot = self.server, self.server.snapshot
        s.kill_keeper()

        def asking():
            self.ask()
            snapshot()  # once the seal has said that it is open
            self.assertEqual(self.challenge(), 0)
        s.snapshot = asking
        seal = s.seal.process.pid
        os.kill(seal, signal.SIGSTOP)
        awake = threading.Timer(2, os.kill, (seal, signal.SIGCONT))
        awake.start()
        self.addCleanup(awake.join)
        s.start_keeper()


class Rights(KeeperTest):
    def token(self, rules, user="bob"):
        return self.server.do("TOKEN_CREATE", user=user, rules=rules,
                              seconds=600)["token"].decode()

    def test_strangers_are_refused_without_an_entry(self):
        s = self.server
        for token, reason in (("", "no_credential"),
                              (NOBODY, "credential_invalid")):
            with self.assertRaises(Refused) as caught:
                s.do("KEY_LIST", token=token, logged=False, limit=1)
            self.assertEqual(caught.exception.reason, reason)
            self.assertTrue(s.scribe.is_silent())

    def test_who_lacks_the_right_is_logged_with_what_they_wanted(self):
        s = self.server
        key = s.do("KEY_CREATE", kind=AES256)["id"]
        token = self.token("keys:search")
        self.refused("permission_denied", "KEY_DELETE", token=token, id=key)
        entry = s.entries[-1]
        self.assertEqual(
            (entry["actor"], entry["event"], entry["result"], entry["key"]),
            ("bob", "key_delete", "deny", key))
        self.assertEqual(len(s.keys()), 1)

    def test_verify_and_scribe_are_not_asked_for_who_may_not(self):
        s = self.server
        token = self.token("keys:search")
        self.refused("permission_denied", "COLLATERAL_PUT", token=token,
                     role=TCB_INFO, update_class=ord("s"), doc=b"{}")
        self.refused("permission_denied", "AUDIT_TAIL", token=token,
                     limit=10)
        self.assertTrue(s.verify.is_silent())
        self.assertTrue(s.scribe.is_silent())

    def test_a_revoked_token_is_gone_at_once(self):
        s = self.server
        made = s.do("TOKEN_CREATE", user="bob", rules="keys:*", seconds=600)
        token = made["token"].decode()
        s.do("KEY_LIST", token=token, limit=1)
        s.do("TOKEN_REVOKE", id=made["id"])
        with self.assertRaises(Refused) as caught:
            s.do("KEY_LIST", token=token, logged=False, limit=1)
        self.assertEqual(caught.exception.reason, "credential_invalid")


class Calls(KeeperTest):
    def test_policies_secrets_and_bindings(self):
        s = self.server
        one = s.do("POLICY_ADD", flat=policy(b"\1" * 32), prefix="app")
        two = s.do("POLICY_ADD", flat=policy(b"\2" * 32), id=one["id"])
        self.assertNotEqual(one["version"], two["version"])
        self.assertEqual(s.entries[-1]["policy_version"],
                         two["version"].hex())
        put = s.do("SECRET_PUT", path="app/db/pass", bytes=b"hunter2")
        self.assertEqual((put["version"], put["policy"]), (1, one["id"]))
        self.assertEqual(
            s.do("SECRET_GET", path="app/db/pass")["bytes"], b"hunter2")
        self.refused("in_use", "POLICY_DELETE", id=one["id"])
        s.do("POLICY_BIND", prefix="app")
        s.do("POLICY_DELETE", id=one["id"])
        s.do("SECRET_DELETE", path="app/db/pass")
        self.assertEqual(
            s.list("SECRET_LIST", "secret_record", "secrets", limit=9), [])
        self.refused("conflict", "SECRET_PUT", bytes=b"x",
                     path="default/key/00000000-0000-4000-8000-000000000000")
        self.refused("malformed", "POLICY_ADD", flat=b"none")

    def test_an_imported_key_gets_a_request_and_a_certificate(self):
        s = self.server
        pem = subprocess.run(
            ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
             "ec_paramgen_curve:P-256"], check=True, timeout=20,
            stdout=subprocess.PIPE).stdout
        key = s.do("KEY_CREATE", material=pem,
                   subject="CN=a.example,DNS=a.example")
        self.assertEqual(key["kind"], P256)
        subject = subprocess.run(
            ["openssl", "x509", "-noout", "-subject", "-ext",
             "subjectAltName"], check=True, timeout=20, input=key["chain"],
            stdout=subprocess.PIPE).stdout.decode()
        self.assertIn("a.example", subject)
        self.assertIn("DNS:a.example", subject)
        der = s.do("KEY_CSR", id=key["id"], subject="CN=b.example")["der"]
        subprocess.run(["openssl", "req", "-inform", "DER", "-noout",
                        "-verify"], check=True, timeout=20, input=der,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        s.do("KEY_CHAIN", id=key["id"], pem=key["chain"])
        other = s.do("KEY_CREATE", kind=P256)["id"]
        self.refused("mismatch", "KEY_CHAIN", id=other, pem=key["chain"])

    def test_collateral_is_stored_after_verify_and_goes_to_it(self):
        s = self.server
        before = int(time.time()) - 1000

        def put(doc, number):
            s.ask("COLLATERAL_PUT", role=TCB_INFO, update_class=ord("s"),
                  doc=doc)
            request, asked = s.verify.take("DOC_CHECK")
            self.assertEqual((asked["role"], asked["doc"]), (TCB_INFO, doc))
            s.verify.reply("DOC_CHECK", request, {
                "tee": SGX, "scope": b"\1\2\3\4\5\6\0\0", "issued": before,
                "next_update": before + 5000, "evaluation_number": number})
            s.logged()
            s.confirm()

        put(b"new", 17)
        empty = 4
        self.assertEqual(s.snapshot(), empty + 28 + 3)
        self.assertEqual(s.answer("COLLATERAL_PUT")["size"], 3)
        put(b"old", 16)
        with self.assertRaises(Refused) as caught:
            s.answer("COLLATERAL_PUT")
        self.assertEqual(caught.exception.reason, "rollback")
        row, = s.list("COLLATERAL_LIST", "collateral_record", "docs")
        self.assertEqual(row["evaluation_number"], 17)
        self.assertEqual(s.do(
            "COLLATERAL_SHOW", role=TCB_INFO, tee=SGX,
            update_class=ord("s"), scope=row["scope"])["doc"], b"new")

    def test_a_document_that_verify_refuses_is_logged_as_refused(self):
        s = self.server
        s.ask("COLLATERAL_PUT", role=TCB_INFO, update_class=ord("s"),
              doc=b"{}")
        request, _ = s.verify.take("DOC_CHECK")
        s.verify.refuse("DOC_CHECK", request, "tcb_info_bad_signature", "no")
        entry = s.logged()
        s.confirm()
        with self.assertRaises(Refused):
            s.answer("COLLATERAL_PUT")
        self.assertEqual(entry["reason"], "tcb_info_bad_signature")
        self.assertEqual(entry["detail"], "tcb_info: no")

    def test_the_log_is_read_through_scribe(self):
        s = self.server
        s.ask("AUDIT_TAIL", **{"from": 2**64 - 1, "limit": 5})
        request, asked = s.scribe.take("LOG_TAIL")
        self.assertEqual(asked["limit"], 5)
        s.scribe.reply("LOG_TAIL", request, {
            "size": 9, "entries": encode_list(
                "audit_entry", [{"index": 8, "entry": b"{}"}])})
        s.logged()
        s.confirm()
        answer = s.answer("AUDIT_TAIL")
        self.assertEqual(answer["size"], 9)
        self.assertEqual(decode_list("audit_entry", answer["entries"]),
                         [{"index": 8, "entry": b"{}"}])

    def test_revocations_leases_and_lists(self):
        s = self.server
        key = s.do("KEY_CREATE", kind=AES256)["id"]
        s.do("REVOKE", kind="key", what=key)
        self.assertEqual(s.entries[-1]["key"], key)
        self.refused("malformed", "REVOKE", kind="key", what="x")
        self.refused("out_of_range", "REVOKE", kind="x", what=key)
        self.assertEqual(
            s.list("LEASE_LIST", "lease_record", "leases", limit=9), [])
        token, = s.list("TOKEN_LIST", "token_record", "tokens")
        self.assertEqual((token["user"], token["rules"]), ("admin", "*:*"))
        s.do("KEY_DELETE", id=key)
        self.refused("not_found", "KEY_SHOW", id=key)

    def test_a_sealed_keeper_makes_no_key(self):
        s = self.server
        s.do("KEY_CREATE", kind=AES256)
        self.assertTrue(s.do("SEAL")["sealed"])
        self.assertEqual(s.entries[-1]["event"], "seal")
        self.assertTrue(s.do("STATUS")["sealed"])
        self.refused("sealed", "KEY_CREATE", kind=AES256)
        self.refused("sealed", "SECRET_GET", path="a/b/c")
        self.assertEqual(len(s.keys()), 1)


class Silence(KeeperTest):
    def test_no_secret_is_in_any_entry_or_log(self):
        s = self.server
        pem = subprocess.run(
            ["openssl", "genpkey", "-algorithm", "ED25519"], check=True,
            timeout=20, stdout=subprocess.PIPE).stdout.decode()
        s.do("KEY_CREATE", material=pem)
        s.do("KEY_CREATE", kind=OPAQUE, material=b"opaque-marker")
        s.do("SECRET_PUT", path="a/b/c", bytes=b"secret-marker")
        s.do("SECRET_GET", path="a/b/c")
        token = s.do("TOKEN_CREATE", user="bob", rules="keys:*",
                     seconds=60)["token"].decode()
        self.refused("permission_denied", "SECRET_PUT", token=token,
                     path="a/b/d", bytes=b"refused-marker")
        said = repr(s.entries) + s.keeper.logged() + s.seal.logged()
        for secret in (pem.splitlines()[1], "marker", token, s.token,
                       b"opaque-marker".hex()):
            self.assertNotIn(secret, said)


if __name__ == "__main__":
    main()
