#!/usr/bin/env python3
"""Users of a data base, made by a real OpenBao in a real PostgreSQL for attested
clients: they last as long as the client's lease does, renewals included, and no
longer."""
import time

from dynamic_rig import SOON, Case, main
from server_rig import wait_until
from whole import MRENCLAVE, OTHER, refusal


class Release(Case):
    def test_it_is_leased_and_shown(self):
        before = self.upstream()
        release = self.get(self.attach())
        self.assertEqual(release["lease"]["seconds"], 30)
        self.assertTrue(self.there(release))
        self.assertEqual(len(self.upstream() - before), 1)
        shown = wait_until(  # the list is up to a second behind
            lambda: self.leases().get(release["lease"]["id"]), "it", SOON)
        self.assertEqual((shown["backend"], shown["upstream"]),
                         ("corporate", "live"))
        self.revoke("lease", release["lease"]["id"])
        self.ended(release)
        wait_until(lambda: self.upstream() == before, "the end", SOON)

    def test_ours_is_at_most_as_long(self):
        release = self.get(self.attach(lease_seconds=3600))
        self.assertEqual(release["lease"]["seconds"], 60)
        self.revoke("lease", release["lease"]["id"])
        self.ended(release)

    def test_a_renewal_gives_the_same_bytes(self):
        path = self.attach()
        before = self.upstream()
        first = self.get(path)
        second = self.get(path, replaces=first)
        again = self.get(path, replaces=first)  # the answer was lost
        third = self.get(path, replaces=again)
        for release in (second, again, third):
            self.assertEqual(release["data"], first["data"])
            self.assertEqual(release["lease"]["seconds"], 30)
        self.assertEqual(len(self.upstream() - before), 1)
        self.assertEqual(len({r["lease"]["id"] for r in (
            first, second, again, third)}), 4)
        # one that is older than the last two is nobody's
        self.assertNotEqual(self.get(path, replaces=first)["data"],
                            first["data"])
        self.revoke("key", path.split("/")[-1])
        self.ended(first)

    def test_a_lease_is_renewed_up_to_its_most_and_then_made_anew(self):
        self.role("short", "6s", "9s")
        path = self.attach("database/creds/short", lease_seconds=6)
        first = last = self.get(path)
        end = time.monotonic() + 20
        same = 0
        while last["data"] == first["data"]:
            self.assertLess(time.monotonic(), end)
            time.sleep(2)
            last = self.get(path, replaces=last)
            same += last["data"] == first["data"]
        self.assertGreaterEqual(same, 1)
        self.assertTrue(self.there(last))
        self.ended(first)
        self.revoke("key", path.split("/")[-1])
        self.ended(last)

    def test_what_openbao_has_ended_is_made_anew(self):
        path = self.attach()
        first = self.get(path)
        self.bao.ask("POST", "sys/leases/revoke-prefix/database/creds/web",
                     {})
        second = self.get(path, replaces=first)
        self.assertNotEqual(second["data"], first["data"])
        self.assertTrue(self.there(second))
        self.revoke("key", path.split("/")[-1])
        self.ended(second)

    def test_another_enclave_gets_another_user(self):
        path = self.attach(all=[{"claim": "mrenclave",
                                 "in": [MRENCLAVE, OTHER]}])
        first = self.get(path)
        second = self.get(path, replaces=first, mrenclave=OTHER)
        self.assertNotEqual(second["data"], first["data"])
        self.revoke("key", path.split("/")[-1])
        self.ended(first, second)

    def test_another_key_gets_another_user(self):
        one, two = self.attach(), self.attach()
        first = self.get(one)
        second = self.get(two, replaces=first)
        self.assertNotEqual(second["data"], first["data"])
        self.revoke("key", one.split("/")[-1])
        self.ended(first)
        self.assertTrue(self.there(second))
        self.revoke("key", two.split("/")[-1])
        self.ended(second)

    def test_it_ends_with_its_lease(self):
        release = self.get(self.attach(lease_seconds=2))
        self.assertTrue(self.there(release))
        self.ended(release)
        self.assertEqual(self.logged(release)[0]["result"], "allow")
        wait_until(lambda: self.shown(release) is None, "the end", SOON)


class Revoked(Case):
    def expect(self, kind, what_of, **members):
        path = self.attach(**members)
        release, other = self.get(path), self.get(self.attach())
        self.revoke(kind, what_of(path, release))
        self.ended(release)
        self.assertEqual(self.logged(release)[0]["result"], "allow")
        if "mrenclave" not in members:
            self.assertTrue(self.there(other))

    def test_lease(self):
        self.expect("lease", lambda path, r: r["lease"]["id"])

    def test_session(self):
        self.expect("session", lambda path, r: r["lease"]["session"])

    def test_key(self):
        self.expect("key", lambda path, r: path.split("/")[-1])

    def test_prefix(self):
        self.expect("prefix", lambda path, r: path)

    def test_policy_version(self):
        self.expect("policy_version", lambda path, r: self.server.warder(
            "policy", "show", r["mine"])["version"], lease_seconds=31)

    def get(self, path, **kw):
        mine = self.policy
        release = super().get(path, **kw)
        release["mine"] = mine
        return release

    def test_measurement(self):
        path = self.attach(mrenclave="d7" * 32)
        release = super().get(path, mrenclave="d7" * 32)
        other = self.get(self.attach())
        self.revoke("measurement", "d7" * 32)
        self.ended(release)
        self.assertTrue(self.there(other))

    def test_deleted_key(self):
        path = self.attach()
        one, two = self.get(path), self.get(path)
        self.server.warder("key", "delete", path.split("/")[-1])
        self.ended(one, two)
        self.assertEqual(self.logged(two)[0]["result"], "allow")

    def test_a_renewed_lease_is_revoked(self):
        path = self.attach()
        first = self.get(path)
        second = self.get(path, replaces=first)
        self.revoke("lease", second["lease"]["id"])
        self.ended(first)
        client = self.server.attested()
        self.assertEqual(refusal(client.resource, path, native=True,
                                 replaces=second).status, 403)

    def test_many_at_once(self):
        path = self.attach()
        releases = [self.get(path) for _ in range(20)]
        self.revoke("key", path.split("/")[-1])
        self.ended(*releases)


main("test_dynamic.py")
