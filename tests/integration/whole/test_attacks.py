"""What an enemy of a whole server tries from outside: replays on two keepers at
once, credentials of others, collateral that goes back in time, files that were
exchanged, requests that two readers would read differently, and floods.
"""
import base64
import json
import os
import shutil
import signal
import socket
import sqlite3
import ssl
import sys
import threading
import time
import unittest
from concurrent import futures

from front_rig import read_answer
from jwcrypto import jwk, jws
from whole import (MRENCLAVE, OTHER, SECRET, Refused, Whole, policy, refusal,
                   wait_until)

SECONDS = 20
JSON = "Content-Type: application/json\r\n"


def unb64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Attacked(Whole):
    def tls(self):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)
        return ssl.create_default_context(cafile=self.ca).wrap_socket(
            s, server_hostname="localhost")

    def raw(self, data):
        """The first answer to these bytes on a connection of their own."""
        with self.tls() as s:
            s.sendall(data)
            return read_answer(s)

    def size_of_log(self):
        """What scribe has, not what a keeper was last told."""
        with socket.socket(socket.AF_UNIX) as s, \
                open(self.token_file, encoding="utf-8") as token:
            s.settimeout(SECONDS)
            s.connect(self.socket)
            s.sendall(("GET /admin/v1/audit?limit=1 HTTP/1.1\r\nHost: a\r\n"
                       "Authorization: Bearer %s\r\n\r\n" %
                       token.read().strip()).encode())
            return read_answer(s).json()["size"]

    def restart(self):
        self.stop()
        return self.start()

    def edit_store(self, *statements):
        with sqlite3.connect(self.path("state/store.db")) as db:
            for statement in statements:
                db.execute(*statement)
        db.close()


class AttackTest(unittest.TestCase):
    CELLS = 1

    @classmethod
    def setUpClass(cls):
        cls.server = Attacked(cells=cls.CELLS)
        try:
            cls.server.start()
            cls.policy = cls.server.add_policy()
            cls.secret = cls.server.put_secret(policy_id=cls.policy)
        except BaseException:
            cls.server.remove()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()

    def refused(self, status, kind, run, *args, **kw):
        got = refusal(run, *args, **kw)
        self.assertEqual((got.status, got.type), (status, kind), str(got))
        return got

    def bad_attest(self, client):
        """One attestation whose quote nobody signed, as bytes."""
        quote = self.server.quote(
            client.runtime_digest(), "--mrenclave", MRENCLAVE, "--fault",
            "quote_signature")
        body = json.dumps({
            "init-data": None,
            "runtime-data": {"nonce": client.nonce,
                             "tee-pubkey": client.public},
            "tee-evidence": {
                "primary_evidence": {"quote":
                                     base64.b64encode(quote).decode()},
                "additional_evidence": ""}}).encode()
        return ("POST /kbs/v0/attest HTTP/1.1\r\nHost: a\r\n%s"
                "Content-Length: %d\r\n\r\n" % (JSON, len(body))).encode() + \
            body


class Replay(AttackTest):
    """Two keepers of one server, asked in the same moment."""

    CELLS = 2

    def attest_at_once(self, client, quote, n=8):
        others = []
        for _ in range(n):
            other = self.server.client()
            other.key, other.public = client.key, client.public
            other.nonce, other.cookie = client.nonce, client.cookie
            other.send("GET", "/healthz")  # connected, at one of the fronts
            others.append(other)
        start, got = threading.Barrier(n), []

        def attest(other):
            start.wait(SECONDS)
            try:
                other.attest(quote)
                got.append("opened")
            except Refused as refused:
                got.append(refused.type)

        threads = [threading.Thread(target=attest, args=(o,)) for o in others]
        for t in threads:
            t.start()
        for t in threads:
            t.join(SECONDS)
        return got

    def test_challenge_opens_one_session_on_two_keepers_at_once(self):
        for _ in range(5):
            client = self.server.client()
            client.auth()
            quote = self.server.quote(client.runtime_digest(), "--mrenclave",
                                      MRENCLAVE)
            got = self.attest_at_once(client, quote)
            self.assertEqual(sorted(set(got)), ["ChallengeUsed", "opened"])
            self.assertEqual(got.count("opened"), 1, got)

    def test_session_of_one_keeper_is_known_to_the_other(self):
        client = self.server.attested()
        for _ in range(8):
            client.close()
            self.assertEqual(client.resource(SECRET), self.secret)
        self.server.warder("lease", "revoke", "--kind", "session", [
            e for e in self.server.entries() if e["event"] == "attest"
        ][-1]["session"])
        for _ in range(8):
            client.close()
            self.refused(401, "CredentialInvalid", client.resource, SECRET)


class Credentials(AttackTest):
    def test_token_with_a_key_of_its_own_is_refused(self):
        client = self.server.attested()
        head, payload, _ = client.token.split(".")
        key = jwk.JWK.generate(kty="EC", crv="P-256")
        header = json.loads(unb64url(head))
        header["jwk"] = json.loads(key.export_public())
        forged = jws.JWS(unb64url(payload))
        forged.add_signature(key, None, json.dumps(header))
        client.token = forged.serialize(compact=True)
        self.refused(401, "CredentialInvalid", client.resource, SECRET,
                     bearer=True)

    def test_token_of_another_audience_is_refused(self):
        with Attacked() as other:
            other.start()
            client = self.server.client()
            client.token = other.attested().token
            self.refused(401, "CredentialInvalid", client.resource, SECRET,
                         bearer=True)

    def test_parts_of_two_tokens_make_none(self):
        one, two = self.server.attested(), self.server.attested()
        a, b = one.token.split("."), two.token.split(".")
        for parts in ((a[0], a[1], b[2]), (a[0], b[1], a[2])):
            one.token = ".".join(parts)
            self.refused(401, "CredentialInvalid", one.resource, SECRET,
                         bearer=True)

    def test_credentials_are_not_taken_for_each_other(self):
        client = self.server.attested()
        cookie, token = client.cookie, client.token
        client.cookie = "kbs-session-id=" + token[:64]
        self.refused(401, "CredentialInvalid", client.resource, SECRET)
        client.token = cookie.split("=")[1]
        self.refused(401, "CredentialInvalid", client.resource, SECRET,
                     bearer=True)
        with open(self.server.token_file, encoding="utf-8") as f:
            client.token = f.read().strip()
        self.refused(401, "CredentialInvalid", client.resource, SECRET,
                     bearer=True)

    def test_attestation_token_is_no_admin_token(self):
        path = self.server.path("ear.token")
        with open(path, "w", encoding="utf-8") as f:
            f.write(self.server.attested().token)
        os.chmod(path, 0o600)
        done = self.server.run("key", "list", "--admin", self.server.socket,
                               "--token-file", path, check=False)
        self.assertNotEqual(done.returncode, 0)

    def test_cookie_of_the_challenge_is_no_session(self):
        client = self.server.client()
        client.auth()
        self.refused(401, "CredentialInvalid", client.resource, SECRET)

    def test_release_is_wrapped_to_the_key_of_the_session(self):
        """Whoever has the cookie alone gets bytes that are of no use."""
        client, thief = self.server.attested(), self.server.client()
        thief.cookie = client.cookie
        with self.assertRaises(Exception) as caught:
            thief.resource(SECRET)
        self.assertNotIsInstance(caught.exception, Refused)


class Expiry(unittest.TestCase):
    def test_session_and_token_end(self):
        with Attacked(config="[limits]\nsession_seconds = 10") as server:
            server.start()
            secret = server.put_secret(policy_id=server.add_policy())
            client = server.attested()
            self.assertEqual(client.resource(SECRET, bearer=True), secret)
            quote = server.quote(client.runtime_digest(), "--mrenclave",
                                 MRENCLAVE)
            time.sleep(12)
            for bearer in (False, True):
                got = refusal(client.resource, SECRET, bearer=bearer)
                self.assertEqual((got.status, got.type),
                                 (401, "CredentialInvalid"))
            # The row is gone or not: its challenge stays spent.
            got = refusal(client.attest, quote)
            self.assertEqual((got.status, got.type), (401, "ChallengeUsed"))


class Collateral(AttackTest):
    def put_tcb_info(self, update_class, *options):
        server = self.server
        folder = server.path("swtee/collateral")
        server.run("swtee", "collateral", "--dir", server.path("swtee"),
                   *options)
        with open(folder + "/tcb_info.json", "rb") as f:
            document = f.read()
        with open(folder + "/tcb_signing_chain.pem", encoding="utf-8") as f:
            chain = f.read()
        body = json.dumps({
            "class": update_class, "chain": chain,
            "document": base64.b64encode(document).decode()}).encode()
        with socket.socket(socket.AF_UNIX) as s, \
                open(server.token_file, encoding="utf-8") as token:
            s.settimeout(SECONDS)
            s.connect(server.socket)
            s.sendall(("PUT /admin/v1/collateral/tcb_info HTTP/1.1\r\n"
                       "Host: a\r\nAuthorization: Bearer %s\r\n%s"
                       "Content-Length: %d\r\n\r\n" % (
                           token.read().strip(), JSON,
                           len(body))).encode() + body)
            return read_answer(s)

    def judged_with(self):
        self.server.attested()
        return [e for e in self.server.entries() if e["event"] == "attest"][
            -1]["claims"]["tcb_evaluation_data_number"]

    def test_an_old_document_does_not_come_back_as_an_early_one(self):
        new = self.put_tcb_info("standard", "--evaluation-number", "50")
        self.assertEqual(new.status, 200, new)
        self.put_tcb_info("early", "--evaluation-number", "3")
        self.assertEqual(self.judged_with(), 50)
        self.put_tcb_info("early", "--evaluation-number", "51")
        self.assertEqual(self.judged_with(), 51)
        self.put_tcb_info("standard", "--evaluation-number", "52")
        self.assertEqual(self.judged_with(), 52)

    def test_expired_collateral_judges_nothing(self):
        """It was good when it was stored."""
        with Attacked() as server:
            server.start()
            server.attested()
            ends = int(time.time()) + 8
            server.run("swtee", "collateral", "--dir", server.path("swtee"),
                       "--next-update", time.strftime(
                           "%Y-%m-%dT%H:%M:%SZ", time.gmtime(ends)),
                       "--document", "tcb_info")
            server.import_collateral()
            while time.time() < ends + 1:
                time.sleep(0.2)
            got = refusal(server.attested)
            self.assertEqual((got.status, got.type),
                             (503, "TcbInfoExpired"), str(got))
            done = server.run("collateral", "import", server.path(
                "swtee/collateral"), "--admin", server.socket, "--token-file",
                server.token_file, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(b"tcb_info", done.stderr)


class Policies(AttackTest):
    def test_key_without_a_policy_stays(self):
        key = self.server.warder("key", "create", "--kind", "aes-256")
        client = self.server.attested()
        self.refused(403, "NoPolicy", client.resource,
                     "default/key/" + key["id"])

    def test_writing_a_secret_gives_no_right_to_bind_its_path(self):
        lax = self.server.add_policy(policy(OTHER))
        made = self.server.warder("token", "create", "--user", "writer",
                                  "--rule", "secrets:write")
        path = self.server.path("writer.token")
        with open(path, "w", encoding="utf-8") as f:
            f.write(made["token"])
        os.chmod(path, 0o600)
        done = self.server.run(
            "secret", "put", SECRET, "--file", "-", "--policy", lax,
            "--admin", self.server.socket, "--token-file", path,
            stdin=b"mine", check=False)
        self.assertEqual(done.returncode, 3, done)
        self.assertIn(b"permission_denied", done.stderr)
        thief = self.server.attested(mrenclave=OTHER)
        self.refused(403, "MeasurementMismatch", thief.resource, SECRET)
        self.assertEqual(
            self.server.attested().resource(SECRET), self.secret)


class Stores(unittest.TestCase):
    """A state folder that somebody has worked on while the server was down."""

    def test_row_moved_to_another_path_does_not_open(self):
        with Attacked() as server:
            server.start()
            open_to_all = server.add_policy()
            server.put_secret("moved/from/here", b"theirs",
                              server.add_policy(policy(OTHER)))
            server.put_secret("moved/to/there", b"mine", open_to_all)
            key = server.warder("key", "create", "--kind", "aes-256",
                                "--policy", open_to_all)["id"]
            other = server.warder("key", "create", "--kind", "aes-256")["id"]
            server.stop()
            server.edit_store(
                ("UPDATE secrets SET wrapped = (SELECT wrapped FROM secrets "
                 "WHERE path = 'moved/from/here'), version = (SELECT version "
                 "FROM secrets WHERE path = 'moved/from/here') "
                 "WHERE path = 'moved/to/there'",),
                ("UPDATE versions SET wrapped = (SELECT wrapped FROM versions"
                 " WHERE key = ?) WHERE key = ?", (other, key)))
            server.start()
            client = server.attested()
            for path in ("moved/to/there", "default/key/" + key):
                got = refusal(client.resource, path)
                self.assertGreaterEqual(got.status, 400)
                self.assertEqual(got.type, "Tampered", str(got))

    def test_store_under_another_root_key_is_not_served(self):
        with Attacked() as server, Attacked() as other:
            server.start()
            server.put_secret(policy_id=server.add_policy())
            server.stop()
            for name in ("seal", "seal.key", "keyring"):
                shutil.copy(other.path("state/" + name),
                            server.path("state/" + name))
            server.start(ready=False)
            got = wait_until(lambda: refusal(server.client().auth),
                             "refusal")
            self.assertEqual((got.status, got.type), (503, "Sealed"))
            self.assertTrue(server.status()["sealed"])


class Framing(AttackTest):
    """Heads and bodies that two programs could read differently."""

    def test_heads(self):
        start = "GET /healthz HTTP/1.1\r\nHost: a\r\n"
        inner = start + "\r\n"
        length = "Content-Length: %d\r\n" % len(inner)
        for name, head in {
                "two lengths": start + length + length,
                "two lengths that differ": start + length +
                                           "Content-Length: 0\r\n",
                "list of lengths": start + "Content-Length: 0, 0\r\n",
                "signed length": start + "Content-Length: +0\r\n",
                "length with a space": start + "Content-Length : 0\r\n",
                "folded": start + " X: y\r\n",
                "encoding": start + "Transfer-Encoding: chunked\r\n",
                "encoding and length": start + length +
                                       "Transfer-Encoding: identity\r\n",
                "two hosts": start + "Host: b\r\n",
                "bare line ends": "GET /healthz HTTP/1.1\nHost: a\n",
                "bare carriage return": start + "X: a\rb\r\n",
                "zero byte": start + "X: a\0b\r\n",
                "dots": "GET /kbs/../healthz HTTP/1.1\r\nHost: a\r\n",
                "escape": "GET /kbs/v0/resource/a%2fb/c HTTP/1.1\r\n"
                          "Host: a\r\n",
                "absolute": "GET http://a/healthz HTTP/1.1\r\nHost: a\r\n",
        }.items():
            with self.subTest(name), self.server.tls() as s:
                end = "\n" if name == "bare line ends" else "\r\n"
                s.sendall((head + end + inner).encode())
                self.assertEqual(read_answer(s).status, 400)
                try:  # and what follows is not read as a request
                    self.assertEqual(s.recv(1), b"")
                except (ConnectionError, ssl.SSLError):
                    pass

    def post(self, body, path="/kbs/v0/auth"):
        return self.server.raw((
            "POST %s HTTP/1.1\r\nHost: a\r\n%sContent-Length: %d\r\n\r\n" %
            (path, JSON, len(body))).encode() + body)

    def test_bodies(self):
        good = b'"version":"0.4.0","tee":"sgx","extra-params":""'
        self.assertEqual(self.post(b"{" + good + b"}").status, 200)
        for body in (b"{" + good + b',"tee":"sgx"}', b"[" * 4000,
                     b"{" + good + b"}{}", b"{" + good + b',"x":1}',
                     b'{"version":"\\ud800"}', b'{"version":1e99999}'):
            answer = self.post(body)
            self.assertEqual(answer.status, 400, body[:80])
        self.assertEqual(self.post(b" " * 4097).status, 413)
        self.assertEqual(self.post(b" " * (256 * 1024 + 1),
                                   "/kbs/v0/attest").status, 413)

    def test_slow_client_is_cut(self):
        with self.server.tls() as s:
            s.settimeout(15)
            s.sendall(b"GET /healthz HTTP/1.1\r\n")
            self.assertIn(s.recv(1), (b"", b"H"))


class Floods(AttackTest):
    N = 100000 if "--full" in sys.argv else 3000

    def test_bad_attestations_cost_a_handful_of_entries_and_no_memory(self):
        server = self.server
        client = server.client()
        challenged = None  # when
        memory = lambda: {p["pid"]: self.resident(p["pid"])
                          for p in server.processes()}
        with server.tls() as s:
            for i in range(self.N):
                if i == 500:
                    before, size = memory(), server.size_of_log()
                # A slow machine needs longer than a challenge is good for.
                if challenged is None or time.monotonic() - challenged > 100:
                    client.auth()
                    challenged = time.monotonic()
                    request = self.bad_attest(client)
                s.sendall(request)
                self.assertEqual(read_answer(s).status, 403)
        entries = server.size_of_log() - size
        self.assertLess(entries, 5 + self.N // 3000)
        with open(server.program("warder-front"), "rb") as f:
            if b"__asan_init" in f.read():
                return  # it keeps what was freed
        for pid, now in memory().items():
            self.assertLess(now - before[pid], 4096, "KiB more")
        print("NOTE: %d bad attestations, %d entries" % (self.N, entries),
              flush=True)

    @staticmethod
    def resident(pid):
        with open("/proc/%d/status" % pid, encoding="utf-8") as f:
            return int([x for x in f if x.startswith("VmRSS")][0].split()[1])

    def test_status_knows_what_other_cells_have_logged(self):
        client = self.server.attested()
        before = self.server.status()["log"]["size"]
        for _ in range(20):
            client.resource(SECRET)
        wait_until(lambda: self.server.status()["log"]["size"] >= before + 20,
                   "the new size in the status")

    def test_rows_that_are_over_do_not_pile_up(self):
        """As many as a client that keeps asking leaves behind in a minute."""
        path = self.server.path("state/sessions.db")
        row = ("%08d-0000-4000-8000-000000000000", "0" * 36, SECRET, 1, 2)
        db = sqlite3.connect(path, timeout=SECONDS)
        self.addCleanup(db.close)
        db.executemany("INSERT INTO leases VALUES(?, ?, ?, ?, ?)", (
            (row[0] % i, *row[1:]) for i in range(40000)))
        db.commit()
        left = lambda: db.execute(
            "SELECT count(*) FROM leases WHERE expires = 2").fetchone()[0]
        wait_until(lambda: left() == 0, "end of what is over", 30)

    def test_refusals_of_the_keeper_are_counted_in_the_log(self):
        with Attacked() as server:
            server.start()
            client = server.attested()
            quote = server.quote(client.runtime_digest(), "--mrenclave",
                                 MRENCLAVE)
            refusal(client.attest, quote)
            client.cookie = "kbs-session-id=" + "0" * 32
            refusal(client.resource, SECRET)
            time.sleep(1.5)  # fronts tell once a second
            server.restart()  # scribe writes what it counted as it leaves
            counted = {c["reason"]: c["n"] for e in server.entries()
                       if e["event"] == "counts" for c in e["counts"]}
            self.assertEqual(counted.get("challenge_used"), 1, counted)
            self.assertEqual(counted.get("credential_invalid"), 1, counted)


class Entries(unittest.TestCase):
    """Attesting needs no policy: whoever can must not be able to fill the log."""

    def flood(self, *limits):
        server = Attacked(bounded=True, config="[limits]\n" + "\n".join(limits))
        self.addCleanup(server.remove)
        server.start()
        server.put_secret(policy_id=server.add_policy())
        before = server.size_of_log()
        clients, statuses = [server.attested() for _ in range(4)], []
        for client in clients:
            for _ in range(30):
                try:
                    client.resource("no/such/thing")
                except Refused as refused:
                    statuses.append(refused.status)
                    if refused.status == 429:
                        self.assertEqual(refused.type, "RateLimited")
                        self.assertEqual(refused.headers["Retry-After"], "1")
        self.assertEqual(set(statuses), {404, 429})
        return server, server.size_of_log() - before, statuses.count(404)

    def test_a_session_fills_no_log(self):
        _, grown, decided = self.flood("entries_per_session = 10",
                                       "entries_per_platform = 0")
        self.assertIn(decided, range(40, 60))
        self.assertLess(grown, 60 + 10)

    def test_a_platform_fills_no_log_with_many_sessions(self):
        server, grown, decided = self.flood("entries_per_platform = 20")
        self.assertLess(decided, 30)
        self.assertLess(grown, 40)
        refused = refusal(server.attested)
        self.assertEqual((refused.status, refused.type), (429, "RateLimited"))
        server.restart()  # scribe writes what it counted as it leaves
        counted = {c["reason"]: c["n"] for e in server.entries()
                   if e["event"] == "counts" for c in e["counts"]}
        self.assertGreater(counted["rate_limited"], 80)


class Hung(AttackTest):
    def test_a_verify_that_hangs_is_replaced(self):
        verify = [p for p in self.server.processes("verify")
                  if p["cell"] == 0][0]
        os.kill(verify["pid"], signal.SIGSTOP)
        got = refusal(self.server.attested)
        self.assertEqual((got.status, got.type), (503, "Unavailable"))

        def serves():
            try:
                return self.server.attested().resource(SECRET) == self.secret
            except Refused:
                return False
        wait_until(serves, "release by another verify")
        self.assertNotIn(verify["pid"], [
            p["pid"] for p in self.server.processes("verify")])

    def test_a_scribe_that_hangs_stops_releases_and_is_replaced(self):
        """And sessions: neither is given before its entry is durable."""
        scribe = self.server.processes("scribe")[0]["pid"]
        client, other = self.server.attested(), self.server.client()
        other.auth()
        quote = self.server.quote(other.runtime_digest(), "--mrenclave",
                                  MRENCLAVE)
        os.kill(scribe, signal.SIGSTOP)
        with futures.ThreadPoolExecutor(1) as pool:
            attest = pool.submit(refusal, other.attest, quote)
            for got in (refusal(client.resource, SECRET),
                        attest.result(SECONDS)):
                self.assertEqual((got.status, got.type),
                                 (503, "AuditUnavailable"), str(got))
        self.server.status()

        def serves():
            try:
                return self.server.attested().resource(SECRET) == self.secret
            except Refused:
                return False
        wait_until(serves, "release by another scribe")
        self.assertNotIn(scribe, [
            p["pid"] for p in self.server.processes("scribe")])


def main():
    unittest.main(argv=["test_attacks"] + [
        a for a in sys.argv[2:] if a != "--full"], verbosity=2)


if __name__ == "__main__":
    main()
