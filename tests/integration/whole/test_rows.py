"""Rows that decide, changed by somebody who can write the file of the store,
under a server that runs and while it is down: each is refused where it is
needed, and the log says which it was.
"""
import json
import os
import sqlite3
import subprocess
import unittest

from whole import OTHER, SECRET, Whole, policy, refusal, wait_until

FOREIGN = "00000000-0000-4000-8000-000000000009"


class Edited(Whole):
    def edit(self, statement, *values):
        with sqlite3.connect(self.path("state/store.db"), timeout=10) as db:
            done = db.execute(statement, values).rowcount
        db.close()
        assert done != 0, statement

    def tampered(self):
        """What the log says of foreign rows."""
        return [e for e in self.entries() if e["event"] == "store_tampered"]

    def cli(self, *args, token=None):
        return self.run(*args, "--admin", self.socket, "--token-file",
                        token or self.token_file, check=False)

    def write_token(self, name, text):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, 0o600)
        return path


class Running(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Edited()
        try:
            cls.server.start()
            cls.lax = cls.server.add_policy()
        except BaseException:
            cls.server.remove()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()

    def strict(self):
        return self.server.add_policy(policy(OTHER))

    def expect_logged(self, *words):
        def said():
            return [e for e in self.server.tampered()
                    if all(w in e["detail"] for w in words)]
        entry = wait_until(said, "an entry with %s" % (words,))[-1]
        self.assertEqual(entry["reason"], "tampered")
        self.assertNotEqual(entry["result"], "allow")

    def expect_refused(self, client, path, *words):
        got = refusal(client.resource, path)
        self.assertGreaterEqual(got.status, 500, str(got))
        self.expect_logged(*words)
        last = [e for e in self.server.entries()
                if e["event"] == "release"][-1]
        self.assertIn("somebody else", last["detail"])

    def test_a_policy_replaced_by_one_that_says_yes(self):
        strict = self.strict()
        self.server.put_secret("rows/of/policies", policy_id=strict)
        client = self.server.attested()
        self.assertEqual(
            refusal(client.resource, "rows/of/policies").status, 403)
        self.server.edit(
            "UPDATE policies SET (version, flat, mac) = (SELECT version, flat,"
            " mac FROM policies WHERE id = ?) WHERE id = ?", self.lax, strict)
        self.expect_refused(client, "rows/of/policies", "policies", strict)
        self.server.add_policy(policy(OTHER), policy_id=strict)
        self.assertEqual(
            refusal(client.resource, "rows/of/policies").status, 403)

    def test_an_older_policy_put_back(self):
        which = self.server.add_policy()
        secret = self.server.put_secret("rows/of/yesterday", policy_id=which)
        client = self.server.attested()
        self.assertEqual(client.resource("rows/of/yesterday"), secret)
        self.server.edit("CREATE TABLE before AS SELECT * FROM policies")
        self.server.add_policy(policy(OTHER), policy_id=which)
        self.assertEqual(
            refusal(client.resource, "rows/of/yesterday").status, 403)
        self.server.edit(
            "UPDATE policies SET (version, flat, updated, mac) = (SELECT "
            "version, flat, updated, mac FROM before b WHERE b.id = ?) "
            "WHERE id = ?", which, which)
        got = refusal(client.resource, "rows/of/yesterday")
        self.assertGreaterEqual(got.status, 500, str(got))
        last = [e for e in self.server.entries()
                if e["event"] == "release"][-1]
        self.assertIn("an older policy", last["detail"])
        self.server.edit("DROP TABLE before")

    def test_a_key_bound_to_another_policy(self):
        key = self.server.warder("key", "create", "--kind", "aes-256",
                                 "--policy", self.strict())["id"]
        client = self.server.attested()
        path = "default/key/" + key
        self.assertEqual(refusal(client.resource, path).status, 403)
        self.server.edit("UPDATE keys SET policy = ? WHERE id = ?", self.lax,
                         key)
        self.expect_refused(client, path, "keys", key)
        done = self.server.cli("key", "rotate", key)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"fault", done.stderr)
        self.server.cli("key", "delete", key)
        self.assertEqual(refusal(client.resource, path).status, 404)

    def test_a_foreign_version_hides_no_key_in_the_list(self):
        keys = [self.server.warder("key", "create", "--kind", "ec-p256",
                                   "--policy", self.lax)["id"]
                for _ in range(2)]
        self.server.edit("UPDATE versions SET spki = x'00' WHERE key = ?",
                         keys[0])
        listed = self.server.cli("key", "list").stdout
        for key in keys:
            self.assertIn(key.encode(), listed)
        self.expect_logged("versions", keys[0])
        for key in keys:
            self.server.warder("key", "delete", key)

    def test_a_newest_version_taken_out(self):
        key = self.server.warder("key", "create", "--kind", "aes-256",
                                 "--policy", self.lax)["id"]
        self.server.warder("key", "rotate", key)
        client = self.server.attested()
        path = "default/key/" + key
        client.resource(path)
        self.server.edit("DELETE FROM versions WHERE key = ? AND "
                         "version = 2", key)
        got = refusal(client.resource, path)
        self.assertGreaterEqual(got.status, 500, str(got))
        self.expect_logged("the newest version")
        self.assertIn(key.encode(), self.server.cli("key", "list").stdout)
        self.server.warder("key", "delete", key)

    def test_a_path_bound_to_another_policy(self):
        self.server.put_secret("rows/of/paths", policy_id=self.strict())
        client = self.server.attested()
        self.assertEqual(
            refusal(client.resource, "rows/of/paths").status, 403)
        self.server.edit("UPDATE paths SET policy = ? WHERE prefix = ?",
                         self.lax, "rows/of/paths")
        self.expect_refused(client, "rows/of/paths", "paths", "rows/of/paths")
        self.assertIn(b"rows/of/paths",
                      self.server.cli("secret", "list").stdout)

    def test_a_path_bound_anew(self):
        self.server.put_secret("rows/new/path")
        client = self.server.attested()
        self.assertEqual(
            refusal(client.resource, "rows/new/path").status, 403)
        self.server.put_secret("rows/other/path", policy_id=self.lax)
        self.server.edit("INSERT INTO paths SELECT 'rows/new', policy, mac "
                         "FROM paths WHERE prefix = 'rows/other/path'")
        self.expect_refused(client, "rows/new/path", "paths", "rows/new")

    def test_a_token_of_somebody_else(self):
        text = "wdt_" + "A" * 43
        digest = subprocess.run(
            ["sha256sum"], input=text.encode(), stdout=subprocess.PIPE,
            check=True).stdout.split()[0].decode()
        self.server.edit(
            "INSERT INTO tokens SELECT ?, ?, user, '*:*', created, expires, "
            "mac FROM tokens LIMIT 1", FOREIGN, bytes.fromhex(digest))
        path = self.server.write_token("foreign.token", text)
        done = self.server.cli("policy", "list", token=path)
        self.assertNotEqual(done.returncode, 0)
        self.expect_logged("tokens", FOREIGN)
        # It is named, and goes as every other.
        self.assertIn(FOREIGN.encode(),
                      self.server.cli("token", "list").stdout)
        self.assertEqual(self.server.cli("token", "revoke", FOREIGN)
                         .returncode, 0)
        self.assertNotIn(FOREIGN.encode(),
                         self.server.cli("token", "list").stdout)

    def test_rights_added_to_a_token(self):
        made = self.server.warder("token", "create", "--user", "reader",
                                  "--rule", "keys:search")
        path = self.server.write_token("reader.token", made["token"])
        self.assertEqual(
            self.server.cli("key", "list", token=path).returncode, 0)
        self.server.edit("UPDATE tokens SET rules = '*:*' WHERE id = ?",
                         made["id"])
        for verb in ("policy", "list"), ("key", "list"):
            done = self.server.cli(*verb, token=path)
            self.assertNotEqual(done.returncode, 0)
        self.expect_logged("tokens", made["id"])
        self.server.cli("token", "revoke", made["id"])

    def test_a_tpm_that_no_operator_vouches_for(self):
        self.server.edit(
            "INSERT INTO tpms VALUES(?, 'mine', 1, zeroblob(32))",
            b"\x07" * 32)
        self.assertIn(b"07" * 32, self.server.cli("tpm", "list").stdout)
        self.expect_logged("tpms", "07" * 16)
        self.assertEqual(self.server.cli("tpm", "remove", "07" * 32)
                         .returncode, 0)

    def test_a_token_that_was_revoked_put_back(self):
        made = self.server.warder("token", "create", "--user", "reader",
                                  "--rule", "keys:search")
        path = self.server.write_token("old.token", made["token"])
        self.assertEqual(
            self.server.cli("key", "list", token=path).returncode, 0)
        self.server.edit("CREATE TABLE old AS SELECT * FROM tokens")
        self.server.warder("token", "revoke", made["id"])
        self.server.edit("INSERT INTO tokens SELECT * FROM old WHERE id = ?",
                         made["id"])
        done = self.server.cli("key", "list", token=path)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"credential_invalid", done.stderr)
        self.server.edit("DROP TABLE old")


class Found(unittest.TestCase):
    """Rows stay as they are, and others are found."""

    COLUMNS = {"keys": ("id", "kind", "version", "backend", "attach",
                        "policy", "label", "usage", "created", "mac"),
               "revocations": ("kind", "what", "since", "number", "mac")}

    def setUp(self):
        self.server = Edited()
        self.addCleanup(self.server.remove)
        self.server.start()
        self.client = self.server.attested()

    def script(self, text):
        with sqlite3.connect(self.server.path("state/store.db"),
                             timeout=10) as db:
            db.executescript("BEGIN IMMEDIATE; %s; COMMIT" % text)
        db.close()

    def replace(self, table, columns, made):
        """The same rows and MACs in a table that is MADE so."""
        self.script(
            "CREATE TABLE kept AS SELECT %s FROM %s; DROP TABLE %s; %s;"
            "INSERT INTO %s SELECT * FROM kept; DROP TABLE kept"
            % (", ".join(columns), table, table, "; ".join(made), table))

    def expect_tampered(self, path, table, column, value):
        """COLUMN is computed of one that is HIDDEN, and back."""
        with sqlite3.connect(self.server.path("state/store.db")) as db:
            good = [sql for sql, in db.execute(
                "SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND "
                "sql IS NOT NULL ORDER BY type DESC", (table,))]
        db.close()
        hidden = ["hidden" if c == column else c for c in self.COLUMNS[table]]
        self.replace(table, self.COLUMNS[table], [
            "CREATE TABLE %s(%s, %s AS (%s))"
            % (table, ", ".join(hidden), column, value)])
        got = refusal(self.client.resource, path)
        self.assertGreaterEqual(got.status, 500, str(got))
        self.replace(table, hidden, good)
        self.assertEqual(refusal(self.client.resource, path).status, 403)
        self.assertIn("its tables", self.server.tampered()[-1]["detail"])

    def make_key(self, which):
        return self.server.warder("key", "create", "--kind", "aes-256",
                                  "--policy", which)["id"]

    def test_a_key_found_by_the_id_of_another(self):
        lax = self.make_key(self.server.add_policy())
        strict = self.make_key(self.server.add_policy(policy(OTHER)))
        path = "default/key/" + strict
        self.assertEqual(refusal(self.client.resource, path).status, 403)
        self.expect_tampered(path, "keys", "id",
                             "iif(hidden = '%s', '%s', 'none')"
                             % (lax, strict))

    def test_hidden_by_its_table(self):
        key = self.make_key(self.server.add_policy())
        path = "default/key/" + key
        self.client.resource(path)
        self.server.warder("lease", "revoke", key, "--kind", "key")
        self.assertEqual(refusal(self.client.resource, path).status, 403)
        self.expect_tampered(path, "revocations", "what", "hidden || '0'")


class Revoked(unittest.TestCase):
    """What was revoked stays so, or nothing is released any more."""

    def setUp(self):
        self.server = Edited()
        self.addCleanup(self.server.remove)
        self.server.start()
        self.policy = self.server.add_policy()
        self.secret = self.server.put_secret(policy_id=self.policy)
        self.key = self.server.warder("key", "create", "--kind", "aes-256",
                                      "--policy", self.policy)["id"]
        self.path = "default/key/" + self.key
        self.server.warder("lease", "revoke", self.key, "--kind", "key")
        self.client = self.server.attested()
        got = refusal(self.client.resource, self.path)
        self.assertEqual((got.status, got.type), (403, "RevokedByOperator"))
        self.assertEqual(self.client.resource(SECRET), self.secret)

    def expect_closed(self):
        for path in self.path, SECRET:
            got = refusal(self.client.resource, path)
            self.assertGreaterEqual(got.status, 500, str(got))
        got = refusal(self.server.attested)
        self.assertGreaterEqual(got.status, 500, str(got))
        # No admin either, until the store is good again.
        self.assertNotEqual(self.server.cli("key", "list").returncode, 0)

    def test_changed(self):
        self.server.edit("UPDATE revocations SET since = -1 WHERE what = ?",
                         self.key)
        got = refusal(self.client.resource, self.path)
        self.assertGreaterEqual(got.status, 500, str(got))

    def test_changed_to_be_of_another(self):
        # In its order, and its MAC stays: only what it says is another.
        self.server.edit("UPDATE revocations SET what = what || '0' "
                         "WHERE what = ?", self.key)
        self.expect_closed()
        self.server.edit("UPDATE revocations SET what = ?", self.key)
        self.assertEqual(self.client.resource(SECRET), self.secret)
        entry = self.server.tampered()[-1]
        self.assertIn("of revocations", entry["detail"])

    def test_deleted_and_put_back(self):
        self.server.edit("CREATE TABLE old AS SELECT * FROM revocations")
        self.server.edit("DELETE FROM revocations")
        self.expect_closed()
        self.server.edit("INSERT INTO revocations SELECT * FROM old")
        self.assertEqual(self.client.resource(SECRET), self.secret)
        entry = self.server.tampered()[-1]
        self.assertIn("revocations are missing", entry["detail"])

    def test_deleted_while_the_server_is_down(self):
        self.server.stop()
        self.server.edit("DELETE FROM revocations WHERE what = ?", self.key)
        self.server.start()
        self.client = self.server.client()
        got = refusal(self.server.attested)
        self.assertGreaterEqual(got.status, 500, str(got))


class Stopped(unittest.TestCase):
    def test_a_session_that_would_not_end(self):
        with Edited() as server:
            server.start()
            secret = server.put_secret(policy_id=server.add_policy())
            client = server.attested()
            self.assertEqual(client.resource(SECRET), secret)
            server.stop()
            with sqlite3.connect(server.path("state/sessions.db")) as db:
                self.assertEqual(db.execute(
                    "UPDATE sessions SET expires = expires + 999999")
                    .rowcount, 1)
            db.close()
            server.start()
            again = server.client()
            again.cookie = client.cookie
            got = refusal(again.resource, SECRET)
            self.assertGreaterEqual(got.status, 500, str(got))
            entry = wait_until(server.tampered, "an entry")[-1]
            self.assertIn("sessions.db was changed", entry["detail"])

    def test_found_without_being_asked_for(self):
        with Edited() as server:
            server.start()
            lax = server.add_policy()
            strict = server.add_policy(policy(OTHER))
            keys = [server.warder("key", "create", "--kind", "aes-256",
                                  "--policy", strict)["id"]
                    for _ in range(3)]
            secret = server.put_secret(policy_id=lax)
            server.stop()
            server.edit("UPDATE keys SET policy = ? WHERE id = ?", lax,
                        keys[1])
            server.start()
            found = wait_until(server.tampered, "an entry")
            self.assertEqual(len(found), 1)
            self.assertIn(keys[1], found[0]["detail"])
            said = wait_until(
                lambda: [w for w in server.status()["warnings"]
                         if "somebody else has changed" in w], "a warning")
            self.assertIn("1 rows", said[0])
            doctor = server.run("doctor", "--config",
                                server.path("warder.conf"), "--json",
                                check=False)
            self.assertIn(b"somebody else has changed store.db",
                          doctor.stdout)
            # All else is as it was.
            client = server.attested()
            self.assertEqual(client.resource(SECRET), secret)
            got = refusal(client.resource, "default/key/" + keys[1])
            self.assertGreaterEqual(got.status, 500)
            got = refusal(client.resource, "default/key/" + keys[0])
            self.assertEqual(got.status, 403)

    def test_collateral_of_somebody_else_judges_nothing(self):
        with Edited() as server:
            server.start()
            server.attested()
            server.stop()
            server.edit("UPDATE docs SET evaluation_number = 1 "
                        "WHERE role = 2")
            server.start()
            got = refusal(server.attested)
            self.assertGreaterEqual(got.status, 500, str(got))
            self.assertIn("docs", wait_until(server.tampered, "an entry")[-1]
                          ["detail"])

    def test_an_earlier_format_is_not_read(self):
        with Edited() as server:
            server.start()
            server.stop()
            server.edit("PRAGMA user_version = 5")
            server.start(ready=False)
            done = server.run("doctor", "--config",
                              server.path("warder.conf"), "--json",
                              check=False)
            self.assertIn(b"format 5", done.stdout)


class Sealed(unittest.TestCase):
    def test_nothing_is_written_while_sealed(self):
        with Edited(passphrase="a long passphrase") as server:
            server.start(ready=False)
            server.unseal()
            server.add_policy()
            server.warder("seal")
            path = server.path("policy.json")
            with open(path, "w", encoding="utf-8") as f:
                json.dump(policy(), f)
            for verb in (("policy", "add", path),
                         ("token", "create", "--user", "u", "--rule",
                          "*:*"),
                         ("lease", "revoke", FOREIGN, "--kind", "key")):
                done = server.cli(*verb)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(b"sealed", done.stderr)
            self.assertEqual(server.cli("policy", "list").returncode, 0)


unittest.main(argv=["test_rows.py"], verbosity=2)
