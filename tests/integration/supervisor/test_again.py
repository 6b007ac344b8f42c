#!/usr/bin/env python3
"""The supervisor with stand-ins for its roles: who ends is started again, who
breaks the rules is ended, and everything ends with the supervisor."""
import os
import signal
import time

from supervisor_rig import (ADMIN_CELL, KEEPER, PROGRAMS, VERIFY,
                            SupervisorTest, is_gone, main)


class Again(SupervisorTest):
    def kill(self, program, cell=0):
        pid = self.sup.pid(program, cell)
        os.kill(pid, signal.SIGKILL)
        self.until(lambda: is_gone(pid))
        self.until(lambda: self.sup.pids(program, cell))
        return pid, self.sup.pid(program, cell)

    def test_every_role_comes_back_with_its_peers(self):
        self.sup.start()
        for program in PROGRAMS:
            before = {p: self.sup.pid(p) for p in PROGRAMS}
            old, new = self.kill(program)
            self.assertNotEqual(old, new)
            for other in PROGRAMS:
                if other != program:
                    self.assertEqual(self.sup.pid(other), before[other])
            # Whoever it speaks to lost the old one and hears the new one.
            keepers = self.sup.pids("warder-keeper")
            partners = {"warder-keeper": [
                self.sup.pid(p) for p in PROGRAMS if p != "warder-keeper"],
                "warder-scribe": keepers, "warder-seal": keepers}.get(
                    program, [self.sup.pid("warder-keeper")])
            self.until(lambda: set(partners) <= {
                x["pid"] for x in self.sup.events("heard")
                if x["text"] == "%d\n" % new})
        self.assertIsNone(self.sup.process.poll())

    def test_proved_role_comes_back_at_once(self):
        self.sup.start()
        time.sleep(1.2)
        old, new = self.kill("warder-verify")
        self.assertNotEqual(old, new)

    def test_crash_loop_is_bounded(self):
        self.sup.start()
        others = {p: self.sup.pid(p) for p in PROGRAMS
                  if p != "warder-verify"}
        self.sup.behave({"warder-verify": {"exit_after_ready": 1}})
        os.kill(self.sup.pid("warder-verify"), signal.SIGKILL)

        def starts():
            return [x["at"] for x in self.sup.events("config", "warder-verify")
                    if x["cell"] == 0]

        self.until(lambda: len(starts()) > 6)
        # 20, 40, ... 5000 ms: eight more take 2.5 s of waiting alone.
        first = starts()[1]
        self.assertLess(len([x for x in starts() if x < first + 2.5]), 12)
        self.sup.behave({})
        self.until(lambda: self.sup.pids("warder-verify", 0))
        for program, pid in others.items():
            self.assertEqual(self.sup.pid(program), pid)

    def test_role_that_hangs_at_start_is_not_waited_for_by_others(self):
        self.sup.start()
        self.sup.behave({"warder-verify": {"hang_at_start": 1}})
        os.kill(self.sup.pid("warder-verify"), signal.SIGKILL)
        old, new = self.kill("warder-front")
        self.assertNotEqual(old, new)

    def test_accused_peer_is_ended(self):
        self.sup.start()
        keeper = self.sup.pid("warder-keeper")
        front = self.sup.pid("warder-front")
        self.sup.behave({"warder-front": {"say": ["BAD_PEER", {
            "peer": KEEPER, "cell": 0, "why": "impossible frame"}]}})
        os.kill(front, signal.SIGUSR1)
        self.until(lambda: is_gone(keeper))
        self.assertNotEqual(self.sup.pid("warder-keeper"), keeper)
        self.assertEqual(self.sup.pid("warder-front"), front)
        said = self.sup.logged("role_killed")[0]
        self.assertEqual((said["of"], said["why"]),
                         ("keeper", "impossible frame"))

    def accuser_is_ended(self, *say):
        self.sup.start()
        front = self.sup.pid("warder-front")
        others = {p: self.sup.pid(p) for p in PROGRAMS if p != "warder-front"}
        self.sup.behave({"warder-front": {"say": say}})
        os.kill(front, signal.SIGUSR1)
        self.until(lambda: is_gone(front))
        self.assertNotEqual(self.sup.pid("warder-front"), front)
        for program, pid in others.items():
            self.assertEqual(self.sup.pid(program), pid)

    def test_who_accuses_a_role_it_cannot_know_is_ended(self):
        self.accuser_is_ended("BAD_PEER", {"peer": VERIFY, "cell": 0})

    def test_who_accuses_another_cell_is_ended(self):
        self.accuser_is_ended("BAD_PEER", {"peer": KEEPER,
                                           "cell": ADMIN_CELL})

    def test_who_says_ready_twice_is_ended(self):
        self.accuser_is_ended("READY", {})

    def test_who_says_what_is_not_for_the_supervisor_is_ended(self):
        self.accuser_is_ended("HEALTH", {})

    def test_who_says_noise_is_ended(self):
        self.accuser_is_ended("RAW", "ff" * 64)

    def test_supervisor_outlives_random_kills(self):
        self.sup.configure(cells=2)
        self.sup.start()
        for i in range(30):
            pids = self.sup.pids()
            if pids:
                os.kill(pids[i * 7 % len(pids)], signal.SIGKILL)
            time.sleep(0.05)
        self.until(lambda: len(self.sup.pids()) == 11)
        self.assertIsNone(self.sup.process.poll())


class Stop(SupervisorTest):
    def test_ends_from_the_outside_in(self):
        self.sup.behave({"*": {"drain_for": 0.2}})
        self.sup.start()
        self.sup.signal(signal.SIGTERM)
        self.assertEqual(self.sup.end(), 0)
        left = [(x["program"], x["cell"]) for x in self.sup.events("leaves")]
        for cell in (0, ADMIN_CELL):
            front = left.index(("warder-front", cell))
            self.assertLess(front, left.index(("warder-keeper", cell)))
            self.assertLess(front, left.index(("warder-verify", cell)))
        self.assertEqual(left[6:], [("warder-seal", 0), ("warder-scribe", 0)])
        self.assertFalse(os.path.exists(self.sup.path("run/admin.sock")))
        self.assertEqual(self.sup.logged("role_killed"), [])

    def test_front_that_does_not_leave_is_ended(self):
        self.sup.behave({"warder-front": {"ignore_drain": True}})
        self.sup.start()
        self.sup.signal(signal.SIGINT)
        self.assertEqual(self.sup.end(), 0)
        self.assertEqual({x["why"] for x in self.sup.logged("role_killed")},
                         {"did not leave in time"})

    def test_second_signal_hurries(self):
        self.sup.behave({"warder-front": {"drain_for": 60}})
        self.sup.start()
        self.sup.signal(signal.SIGTERM)
        self.until(lambda: len(self.sup.events("drain")) == 2)
        self.sup.signal(signal.SIGTERM)
        self.assertEqual(self.sup.end(), 0)
        self.assertEqual({x["why"] for x in self.sup.logged("role_killed")},
                         {"told twice to stop"})

    def test_can_be_stopped_while_it_starts(self):
        self.sup.behave({"warder-keeper": {"hang_at_start": 1}})
        self.sup.start(wait=False)
        self.until(lambda: self.sup.events("ready", "warder-front"))
        self.sup.signal(signal.SIGTERM)
        self.sup.signal(signal.SIGTERM)
        self.assertEqual(self.sup.end(), 0)

    def test_roles_end_with_a_killed_supervisor(self):
        self.sup.start()
        self.until(lambda: len(self.sup.pids()) == 8)
        pids = self.sup.pids()
        self.sup.signal(signal.SIGKILL)
        self.sup.end()
        self.until(lambda: all(is_gone(p) for p in pids))
        # And what it left behind does not keep a new one from starting.
        os.truncate(self.sup.path("log"), 0)
        self.sup.start()
        self.until(lambda: len(self.sup.pids()) == 8)

    def test_starts_where_the_socket_of_a_killed_one_lies(self):
        self.sup.start()
        self.sup.signal(signal.SIGKILL)
        self.sup.end()
        self.assertTrue(os.path.exists(self.sup.path("run/admin.sock")))
        os.truncate(self.sup.path("log"), 0)
        self.sup.start()


if __name__ == "__main__":
    main()
