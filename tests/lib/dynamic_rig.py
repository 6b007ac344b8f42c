"""A server before a real OpenBao, which makes users of a real PostgreSQL for
attested clients."""
import base64
import json
import os
import sys
import unittest

import openbao
import postgres_rig
from coco_client import open_release
from server_rig import wait_until
from whole import MRENCLAVE, Whole, policy

SOON = 12


class Case(unittest.TestCase):
    """One OpenBao before one PostgreSQL, and one server before it."""

    @classmethod
    def setUpClass(cls):
        cls.bao = openbao.OpenBao().init()
        cls.addClassCleanup(cls.bao.close)
        cls.db = postgres_rig.Postgres(openbao.free_port())
        cls.addClassCleanup(cls.db.close)
        cls.bao.enable("keybroker", "kv", version="2")
        cls.bao.enable("database", "database")
        cls.bao.ask("POST", "database/config/it", {
            "plugin_name": "postgresql-database-plugin",
            "allowed_roles": "*", "username": "admin",
            "password": cls.db.password,
            "connection_url": "postgresql://{{username}}:{{password}}@"
            "127.0.0.1:%d/postgres?sslmode=disable" % cls.db.port})
        cls.role("web", "60s", "1h")
        cls.server = Whole()
        cls.addClassCleanup(cls.server.remove)
        cls.write("vault.pem", cls.bao.authority.pem)
        cls.write("vault.token", cls.bao.make_token(period="1h"))
        cls.server.add_config(
            "[backend corporate]", "kind = vault",
            "address = " + cls.bao.address, "ca = vault.pem", "timeout_ms = 4000",
            "secret = vault.token", *cls.more_config())
        cls.server.start()

    @staticmethod
    def more_config():
        return ()

    @classmethod
    def role(cls, name, ttl, most):
        cls.bao.ask("POST", "database/roles/" + name, {
            "db_name": "it", "default_ttl": ttl, "max_ttl": most,
            "creation_statements": [
                "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}' "
                "VALID UNTIL '{{expiration}}'"]})

    @classmethod
    def write(cls, name, text):
        with open(os.open(cls.server.path(name), os.O_CREAT | os.O_WRONLY |
                          os.O_TRUNC, 0o600), "w", encoding="utf-8") as f:
            f.write(text)

    def setUp(self):
        self.policy = None

    # ---- what is asked

    def attach(self, path="database/creds/web", **members):
        members.setdefault("lease_seconds", 30)
        self.policy = self.server.add_policy(policy(**members))
        return "default/key/" + self.server.warder(
            "key", "attach", "--kind", "opaque", "--backend", "corporate",
            "--name", path, "--policy", self.policy)["id"]

    def get(self, path, replaces=None, mrenclave=MRENCLAVE):
        """The payload of a native release in a session of its own; the user
        in it."""
        client = self.server.attested(mrenclave=mrenclave)
        payload = open_release(
            client.resource(path, native=True, replaces=replaces),
            self.server.release_key)
        data = base64.b64decode(payload["key"]["bytes"] + "==",
                                altchars="-_")
        payload["data"] = json.loads(data)
        return payload

    def leases(self):
        return {item["id"]: item
                for item in self.server.warder("lease", "list")["items"]}

    def shown(self, release):
        return self.leases().get(release["lease"]["id"], {}).get("upstream")

    def there(self, release):
        """Whether its user is in the data base."""
        return [release["data"]["username"]] == self.db.query(
            "select rolname from pg_roles where rolname = '%s'" %
            release["data"]["username"])

    def upstream(self, name="web"):
        """Ids of what OpenBao has leased."""
        try:
            keys = self.bao.ask(
                "LIST", "sys/leases/lookup/database/creds/" + name)
        except openbao.Refused:
            return set()
        return set(keys["data"]["keys"])

    def ended(self, *releases):
        def gone():
            return not any(self.there(r) for r in releases)
        wait_until(gone, "the end of a user", SOON)

    def entries(self, release):
        return [e for e in self.server.entries()
                if e["event"] == "upstream_revoked" and
                e["lease"] == release["lease"]["id"]]

    def logged(self, release):
        return wait_until(lambda: self.entries(release), "an entry", SOON)

    def revoke(self, kind, what):
        self.server.warder("lease", "revoke", what, "--kind", kind)


def main(name):
    if openbao.is_foreign() or not postgres_rig.is_there():
        print("SKIPPED: this test starts an OpenBao and a PostgreSQL of its "
              "own", flush=True)
        sys.exit(77)
    openbao.program()  # says that there is none, if so
    unittest.main(argv=[name], verbosity=2)
