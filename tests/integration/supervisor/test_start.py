#!/usr/bin/env python3
"""The supervisor with stand-ins for its roles: starting, joining, users, and
what the admin front is told of it."""
import os
import signal
import socket
import unittest

from reach import OTHERS_CANNOT, others_may_enter
from supervisor_rig import (ADMIN_CELL, ADMIN_FRONT, FRONT, KEEPER, SCRIBE,
                            SEAL, VERIFY, SupervisorTest, is_gone, main)

LISTEN, TLS_KEY, TLS_CERT, STATE_DIR, LOG_DIR, CLIENT_CA = 1, 2, 3, 4, 5, 6


class Start(SupervisorTest):
    def test_starts_every_role_and_says_ready(self):
        self.sup.configure(cells=2)
        self.sup.start()
        self.assertEqual(self.sup.notify.recv(100), b"READY=1")
        ready = [(x["program"], x["cell"]) for x in self.sup.events("ready")]
        self.assertEqual(sorted(ready), sorted(
            [("warder-scribe", 0), ("warder-seal", 0)] +
            [("warder-" + role, cell) for cell in (0, 1, ADMIN_CELL)
             for role in ("front", "keeper", "verify")]))

    def test_who_is_asked_is_started_before_who_asks(self):
        self.sup.start()
        pids = [x["of"] for x in self.sup.logged("role_started")]
        self.assertEqual(pids, ["scribe", "seal", "verify", "keeper", "front",
                                "verify", "keeper", "admin-front"])

    def test_roles_start_with_nothing(self):
        self.sup.start()
        for event in self.sup.events("config"):
            self.assertEqual(set(event["environment"]) - {"LC_CTYPE"}, set())
            self.assertTrue(event["session"])
            self.assertEqual(event["fds"], [0, 1, 2, 3])

    def test_roles_get_their_configuration(self):
        self.sup.configure("[limits]\nmax_body = 70000\nrequest_seconds = 7\n"
                           "[attestation]\nsoftware_anchor = sgx %s\n" %
                           ("ab" * 32))
        self.sup.start()
        for event in self.sup.events("config"):
            config = event["config"]
            self.assertEqual(config["rpc_version"], 1)
            self.assertEqual(config["server_name"], "kbs.example")
            self.assertEqual(config["state_dir"], self.sup.path("state"))
            self.assertEqual(config["max_body"], 70000)
            self.assertEqual(config["deadline_ms"], 7000)
            self.assertEqual(config["session_seconds"], 300)
            self.assertEqual(config["admin"], config["cell"] == ADMIN_CELL)
            self.assertIn("0101" + "ab" * 32, config["anchors"])
            self.assertEqual(len(config["anchors"]) % (2 * 34), 0)
        roles = [x["config"]["role"] for x in
                 self.sup.events("config", "warder-front")]
        self.assertEqual(sorted(roles), [FRONT, ADMIN_FRONT])

    def test_roles_get_the_descriptors_of_their_row_alone(self):
        self.sup.write("ca.pem", "roots\n")
        self.sup.configure("client_ca = ca.pem\n"
                           "[admin]\nlisten = 127.0.0.1:0\n")
        self.sup.start()
        given = {(x["program"], x["cell"]): x["given"]
                 for x in self.sup.events("start")}
        self.assertEqual(given[("warder-front", 0)], [
            [LISTEN, False], [TLS_KEY, False], [TLS_CERT, False],
            [CLIENT_CA, False]])
        self.assertEqual(given[("warder-front", ADMIN_CELL)], [
            [LISTEN, True], [LISTEN, True], [TLS_KEY, True],
            [TLS_CERT, True], [CLIENT_CA, True]])
        self.assertEqual(given[("warder-keeper", 0)], [[STATE_DIR, False]])
        self.assertEqual(given[("warder-seal", 0)], [[STATE_DIR, False]])
        self.assertEqual(given[("warder-scribe", 0)], [[LOG_DIR, False]])
        self.assertEqual(given[("warder-verify", 0)], [])

    def test_joins_who_may_speak_and_nobody_else(self):
        self.sup.configure(cells=2)
        self.sup.start()
        # Both ends of a channel name the process at the other end.
        name = {x["pid"]: (x["config"]["role"], x["cell"])
                for x in self.sup.events("config")}
        keepers = [(KEEPER, c) for c in (0, 1, ADMIN_CELL)]
        want = set()
        for a, b in (
                [((FRONT, c), (KEEPER, c)) for c in (0, 1)] +
                [((ADMIN_FRONT, ADMIN_CELL), (KEEPER, ADMIN_CELL))] +
                [((VERIFY, k[1]), k) for k in keepers] +
                [((SEAL, 0), k) for k in keepers] +
                [((SCRIBE, 0), k) for k in keepers]):
            want |= {(a, b), (b, a)}
        self.until(lambda: len(self.sup.events("heard")) == len(want))
        heard = {(name[x["pid"]], (x["peer"], x["peer_cell"]))
                 for x in self.sup.events("heard")}
        self.assertEqual(heard, want)
        for x in self.sup.events("heard"):
            self.assertEqual(name[int(x["text"])],
                             (x["peer"], x["peer_cell"]))

    def test_more_than_one_cell_is_pinned(self):
        cpus = sorted(os.sched_getaffinity(0))
        self.sup.configure(cells=2)
        self.sup.start()
        for event in self.sup.events("config"):
            single = event["program"] in ("warder-seal", "warder-scribe")
            if single or event["cell"] == ADMIN_CELL:
                self.assertEqual(event["cpus"], cpus)
            else:
                self.assertEqual(event["cpus"],
                                 [cpus[event["cell"] % len(cpus)]])

    def test_one_cell_is_not_pinned(self):
        self.sup.start()
        for event in self.sup.events("config"):
            self.assertEqual(event["cpus"], sorted(os.sched_getaffinity(0)))

    def test_role_that_does_not_start_ends_the_start(self):
        self.sup.behave({"warder-keeper": {"exit_at_start": 7}})
        self.sup.start(wait=False)
        self.assertEqual(self.sup.end(), 1)
        said = self.sup.logged("role_does_not_start")
        self.assertEqual([x["of"] for x in said], ["keeper"])
        self.assertEqual(self.sup.pids(), [])

    def test_public_and_admin_listeners_serve(self):
        self.sup.start()
        self.assertEqual(self.sup.ask(), self.sup.pid("warder-front"))
        path = self.sup.path("run/admin.sock")
        self.assertEqual(os.stat(path).st_mode & 0o077, 0)
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(path)
            self.assertEqual(int(s.recv(100)),
                             self.sup.pid("warder-front", ADMIN_CELL))


@unittest.skipUnless(os.geteuid() == 0 and others_may_enter(__file__),
                     OTHERS_CANNOT)
class Users(SupervisorTest):
    USERS = ("front = nobody\nverify = games\nkeeper = daemon\n"
             "seal = daemon\nscribe = backup\n")

    def configure(self, users=USERS):
        self.sup.configure("[admin]\ngroup = games\n", users=users)

    def test_roles_run_as_their_users(self):
        import grp
        import pwd
        self.configure()
        state = self.sup.path("state")
        os.chown(state, pwd.getpwnam("daemon").pw_uid, -1)
        self.sup.start()
        want = {"warder-front": "nobody", "warder-verify": "games",
                "warder-keeper": "daemon", "warder-seal": "daemon",
                "warder-scribe": "backup"}
        for event in self.sup.events("config"):
            user = pwd.getpwnam(want[event["program"]])
            self.assertEqual(event["uid"], user.pw_uid)
            self.assertEqual(event["gid"], user.pw_gid)
            self.assertEqual(event["groups"], [])
        log = os.stat(os.path.join(state, "log"))
        self.assertEqual(log.st_uid, pwd.getpwnam("backup").pw_uid)
        sock = os.stat(self.sup.path("run/admin.sock"))
        self.assertEqual(sock.st_gid, grp.getgrnam("games").gr_gid)
        self.assertEqual(sock.st_mode & 0o777, 0o660)

    def test_missing_user_is_said(self):
        self.configure(self.USERS.replace("nobody", "no-such-user"))
        self.sup.start(wait=False)
        self.assertEqual(self.sup.end(), 3)
        self.assertIn("there is no user no-such-user", self.sup.log())

    def test_state_of_another_owner_is_refused(self):
        self.configure()
        self.sup.start(wait=False)
        self.assertEqual(self.sup.end(), 3)
        self.assertIn("must belong to the user daemon", self.sup.log())

    def test_running_without_users_is_said(self):
        self.sup.start()
        self.assertIn("all roles run as root",
                      self.sup.logged("warnings")[0]["detail"])


class Procs(SupervisorTest):
    def last(self):
        events = self.sup.events("procs")
        return events[-1] if events else {"procs": [], "warnings": ""}

    def test_admin_front_is_told_who_runs(self):
        self.sup.behave({"warder-keeper": {"missing": "memfd_secret"}})
        self.sup.configure("tls12 = yes\n[admin]\nadmin_on_public = yes\n"
                           "[attestation]\nallow_debug = yes\n"
                           "tpm_allow_sha1 = yes\n"
                           "tpm_ak_purpose_optional = yes\n"
                           "snp_allow_migrate_ma = yes\n")
        self.sup.start()
        self.until(lambda: sum(
            p["ready"] for p in self.last()["procs"]) == 8)
        for record in self.last()["procs"]:
            self.assertFalse(is_gone(record["pid"]))
            self.assertEqual(record["restarts"], 0)
            self.assertEqual(
                record["missing"],
                "memfd_secret" if record["role"] == KEEPER else "")
        for word in ("admin_on_public", "tls12", "allow_debug",
                     "tpm_allow_sha1", "tpm_ak_purpose_optional",
                     "snp_allow_migrate_ma"):
            self.assertIn(word, self.last()["warnings"])
        self.assertNotIn("crl_optional", self.last()["warnings"])

    def test_restarts_are_counted(self):
        self.sup.start()
        old = self.sup.pid("warder-verify")
        os.kill(old, signal.SIGKILL)
        self.until(lambda: [p for p in self.last()["procs"]
                            if p["role"] == VERIFY and p["cell"] == 0 and
                            p["ready"] and p["restarts"] == 1])

    def test_public_front_is_told_nothing(self):
        self.sup.start()
        self.until(lambda: self.sup.events("procs"))
        self.assertEqual({x["cell"] for x in self.sup.events("procs")},
                         {ADMIN_CELL})


if __name__ == "__main__":
    main()
