#!/usr/bin/env python3
"""warder-agent with a server double: what it holds, whom it serves, its verbs
and its configuration."""
import json
import os
import subprocess
import sys
import time
import unittest

from agent_case import DIGEST, ID, ME, OTHER_ID, AgentTest, path_of
from agent_rig import (KEY_ENDED, NO_KEY, NOT_PERMITTED, OK, ROTATE, STATUS,
                       wait_until)
from kbs_double import Kbs, Resource, new_key, pkcs8
from reach import OTHERS_CANNOT, others_may_enter
from torture import can_trace

ROOT = os.getuid() == 0


class Holding(AgentTest):
    def test_key_of_the_server_signs_for_a_local_program(self):
        agent = self.agent()
        self.wait_held(agent)
        status, keys = agent.ask(lambda h: h.keys())
        self.assertEqual((status, len(keys)), (OK, 1))
        self.assertEqual((keys[0].id, keys[0].generation, keys[0].label),
                         (ID, 1, "from the server"))
        self.assertEqual(len(keys[0].certs), 1)
        self.assertTrue(self.can_sign(agent))

    def test_label_of_the_configuration_comes_first(self):
        agent = self.agent({"web": {"id": ID, "use": ME, "label": "mine"}})
        self.wait_held(agent)
        self.assertEqual(agent.ask(lambda h: h.keys())[1][0].label, "mine")

    def test_many_keys_need_one_attestation(self):
        keys = {"web": {"id": ID, "use": ME}}
        for i in range(5):
            key_id = OTHER_ID[:-1] + str(i)
            self.put_key(key_id)
            keys["k%d" % i] = {"id": key_id, "use": ME}
        agent = self.agent(keys)
        self.wait_held(agent, 6)
        self.assertEqual(len(agent.ask(lambda h: h.keys())[1]), 6)
        self.assertEqual(self.kbs.count("/attest"), 1)

    def test_key_that_is_not_released_does_not_stop_the_others(self):
        agent = self.agent({"gone": {"id": OTHER_ID, "use": ME},
                            "web": {"id": ID, "use": ME}})
        self.wait_held(agent)
        refused = agent.wait_for("key_refused")
        self.assertEqual((refused["key"], refused["reason"]),
                         ("gone", "not_found"))
        self.assertTrue(self.can_sign(agent))
        lines = agent.ask(lambda h: h.lines())
        self.assertIn("not held yet; not_found", lines["key gone"])
        self.assertIn("held, version 1", lines["key web"])

    def test_nothing_secret_is_in_the_log_or_on_the_disk(self):
        secret = self.put_secret("prod/db/password")
        agent = self.agent({"web": {"id": ID, "use": ME},
                            "pass": {"path": "prod/db/password", "get": ME}})
        self.wait_held(agent, 2)
        agent.stop()
        scalar = self.key.private_numbers().private_value.to_bytes(32, "big")
        for folder, _, names in os.walk(agent.folder):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    data = f.read()
                self.assertNotIn(scalar, data)
                self.assertNotIn(secret, data)
                self.assertNotIn(secret.hex().encode(), data)

    @unittest.skipUnless(ROOT, "only root may read another's memory")
    def test_keys_are_not_in_memory_that_others_can_read(self):
        secret = self.put_secret("prod/db/password")
        agent = self.agent({"web": {"id": ID, "use": ME},
                            "pass": {"path": "prod/db/password", "get": ME}})
        self.wait_held(agent, 2)
        if "memfd_secret" in agent.wait_for("started")["kernel_lacks"]:
            self.skipTest("this kernel has no secret memory")
        self.assertTrue(self.can_sign(agent))
        self.assertEqual(agent.ask(lambda h: h.get("pass")), (OK, secret))
        scalar = self.key.private_numbers().private_value
        wanted = {"secret": secret,
                  "scalar": scalar.to_bytes(32, "big"),
                  "scalar, turned": scalar.to_bytes(32, "little")}
        marker = b"from the server"
        found_marker = False
        for pid in agent.kin():
            for memory in readable_memory(pid):
                found_marker = found_marker or marker in memory
                for what, data in wanted.items():  # not shown: it is large
                    self.assertEqual(memory.find(data), -1, what)
        self.assertTrue(found_marker, "nothing was read at all")

    @unittest.skipUnless(ROOT and can_trace(), "that needs root and strace")
    def test_a_secret_is_in_no_such_memory_while_it_is_sent(self):
        """Its answer has left, and the agent is stopped right behind."""
        secret = self.put_secret("prod/db/password")
        agent = self.agent({"pass": {"path": "prod/db/password", "get": ME}})
        self.wait_held(agent)
        if "memfd_secret" in agent.wait_for("started")["kernel_lacks"]:
            self.skipTest("this kernel has no secret memory")
        pid = agent.process.pid
        tracer = subprocess.Popen(
            ["strace", "-qq", "-p", str(pid), "-o", "/dev/null", "-e",
             "trace=sendto", "-e", "inject=sendto:delay_exit=2000000"])
        self.addCleanup(tracer.wait)
        self.addCleanup(tracer.terminate)
        wait_until(lambda: self.is_traced(pid), what="a tracer")
        begin = time.monotonic()
        self.assertEqual(agent.ask(lambda h: h.get("pass")), (OK, secret))
        found = [memory.find(secret) for memory in readable_memory(pid)]
        self.assertTrue(found)
        self.assertEqual(set(found), {-1})
        if time.monotonic() - begin > 1.9:
            self.skipTest("this machine was too slow to look in time")

    def is_traced(self, pid):
        with open("/proc/%d/status" % pid) as f:
            return "TracerPid:\t0\n" not in f.read()

    @unittest.skipUnless(ROOT and others_may_enter(__file__), OTHERS_CANNOT)
    def test_agent_and_link_run_as_users_of_their_own(self):
        agent = self.agent(start=False)
        agent.agent.update(separate_users="yes", user="nobody",
                           link_user="daemon")
        self.kbs.resources[path_of(ID)].seconds = 2
        agent.write()
        agent.start()
        agent.wait_for("key_renewed", 2)
        uids = [uids_of(pid) for pid in agent.kin()]
        nobody, daemon = (int(subprocess.check_output(
            ["id", "-u", name])) for name in ("nobody", "daemon"))
        self.assertEqual(uids, [{nobody}, {0}, {daemon}])
        agent.keys["two"] = {"id": OTHER_ID, "use": ME}
        self.put_key(OTHER_ID)
        agent.reload()
        wait_until(lambda: [e for e in agent.events("key_held")
                            if e["key"] == "two"])

    def test_processes_cannot_be_debugged_or_dumped(self):
        agent = self.agent()
        self.wait_held(agent)
        for pid in agent.kin():
            with open("/proc/%d/status" % pid) as f:
                status = dict(line.split(":\t", 1) for line in f)
            with open("/proc/%d/limits" % pid) as f:
                core = [line.split() for line in f if "core" in line][0]
            self.assertEqual(status["NoNewPrivs"].strip(), "1")
            self.assertEqual(core[4:6], ["0", "0"])
            # A process that is not dumpable belongs to root in /proc.
            self.assertEqual(os.stat("/proc/%d/mem" % pid).st_uid, 0)
        if "seccomp" in agent.wait_for("started")["kernel_lacks"]:
            self.skipTest("this build has no sandbox")
        with open("/proc/%d/status" % agent.process.pid) as f:
            self.assertIn("Seccomp:\t2", f.read())


def readable_memory(pid):
    """What a debugger of root's could see."""
    with open("/proc/%d/maps" % pid) as maps, \
            open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for line in maps:
            span, rights = line.split()[:2]
            start, end = (int(n, 16) for n in span.split("-"))
            if rights[0] != "r" or end > 1 << 63:
                continue
            try:
                mem.seek(start)
                yield mem.read(end - start)
            except OSError:
                pass


def uids_of(pid):
    with open("/proc/%d/status" % pid) as f:
        return {int(n) for line in f if line.startswith("Uid:")
                for n in line.split()[1:]}


class Rights(AgentTest):
    """As user 65534, where the test is run by root."""

    def as_stranger(self, agent, act):
        """Status numbers that ACT gives in a process of another user."""
        os.chmod(agent.folder, 0o755)
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                os.write(writing, json.dumps(agent.ask(act)).encode())
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as f:
            answer = f.read()
        os.waitpid(pid, 0)
        return json.loads(answer)

    @unittest.skipUnless(ROOT and others_may_enter(__file__), OTHERS_CANNOT)
    def test_who_has_no_right_gets_nothing(self):
        self.put_secret("prod/db/password")
        agent = self.agent({"web": {"id": ID, "use": ME},
                            "pass": {"path": "prod/db/password", "get": ME}})
        self.wait_held(agent, 2)
        self.assertEqual(self.as_stranger(agent, lambda h: (
            len(h.keys()[1]), h.sign(ID, 1, DIGEST)[0], h.get("pass")[0],
            h.get("web", 2)[0], h.ask(STATUS)[0], h.ask(ROTATE)[0])),
            [0, NO_KEY, NO_KEY, NO_KEY, NOT_PERMITTED, NOT_PERMITTED])

    @unittest.skipUnless(ROOT and others_may_enter(__file__), OTHERS_CANNOT)
    def test_each_right_gives_what_it_says(self):
        secret = self.put_secret("prod/db/password")
        agent = self.agent({
            "web": {"id": ID, "see": "65534"},
            "pass": {"path": "prod/db/password", "get": "@65534"}})
        self.wait_held(agent, 2)
        self.assertEqual(self.as_stranger(agent, lambda h: (
            len(h.keys()[1]), h.sign(ID, 1, DIGEST)[0],
            h.get("pass")[1].hex(), h.get("web", 2)[0], h.get("web")[0])),
            [1, NOT_PERMITTED, secret.hex(), OK, NOT_PERMITTED])

    def test_root_sees_but_does_not_use_what_was_not_granted(self):
        agent = self.agent({"web": {"id": ID, "see": ME}})
        self.wait_held(agent)
        self.assertEqual(len(agent.ask(lambda h: h.keys())[1]), 1)
        self.assertEqual(self.status_of_sign(agent), NOT_PERMITTED)


class Verbs(AgentTest):
    def test_status_is_for_people_and_programs(self):
        agent = self.agent()
        self.wait_held(agent)
        run = agent.run("status")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn(b"key web ", run.stdout)
        self.assertIn(b"SOFTWARE", run.stdout)
        lines = {line["name"]: line["value"] for line in json.loads(
            agent.run("status", "--json").stdout)}
        self.assertEqual(lines["link"], "ready")
        self.assertEqual(lines["server"], "127.0.0.1:%d" % self.kbs.port)
        self.assertIn("held, version 1", lines["key web"])

    def test_get_writes_a_secret_byte_by_byte(self):
        secret = self.put_secret("prod/db/password", bytes(range(256)) * 250)
        agent = self.agent({"pass": {"path": "prod/db/password", "get": ME}})
        self.wait_held(agent)
        run = agent.run("get", "pass")
        self.assertEqual((run.returncode, run.stdout), (0, secret))
        run = agent.run("get", "pass", "--socket", agent.path, config=False)
        self.assertEqual((run.returncode, run.stdout), (0, secret))

    def test_key_that_signs_is_not_given_out(self):
        agent = self.agent({"web": {"id": ID, "use": ME, "get": ME}})
        self.wait_held(agent)
        run = agent.run("get", "web")
        self.assertEqual((run.returncode, run.stdout), (3, b""))
        run = agent.run("get", "web", "--chain")
        self.assertEqual(run.stdout.decode(),
                         self.kbs.resources[path_of(ID)].chain)

    def test_get_of_what_is_not_there_is_refused(self):
        agent = self.agent()
        self.wait_held(agent)
        run = agent.run("get", "nothing")
        self.assertEqual((run.returncode, run.stdout), (3, b""))

    def test_rotate_asks_for_every_key_again(self):
        agent = self.agent()
        self.wait_held(agent)
        fresh = self.put_key(ID, version=2)
        run = agent.run("rotate")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn(b"version 2", run.stdout)
        keys = agent.ask(lambda h: h.keys())[1]
        self.assertEqual([k.generation for k in keys], [2])
        self.assertTrue(self.can_sign(agent, fresh, generation=2))
        # Whoever loaded the older one can finish.
        self.assertTrue(self.can_sign(agent, generation=1))

    def test_without_an_agent_verbs_say_so(self):
        agent = self.agent(start=False)
        for words in (["status"], ["get", "web"], ["rotate"]):
            run = agent.run(*words)
            self.assertEqual(run.returncode, 1)
            self.assertIn(b"no agent listens", run.stderr)

    def test_wrong_words_are_usage(self):
        agent = self.agent(start=False)
        for words in (["get"], ["get", "a", "b"], ["status", "x"],
                      ["rotate", "--chain"], ["nothing"], ["--nothing"],
                      ["--config"]):
            run = agent.run(*words, config=False)
            self.assertEqual(run.returncode, 2, words)
            self.assertIn(b"usage:", run.stderr)

    def test_help_is_printed(self):
        agent = self.agent(start=False)
        for words in (["--help"], ["get", "--help"], ["--version"],
                      ["--print-config-manual"]):
            run = agent.run(*words, config=False)
            self.assertEqual((run.returncode, run.stderr), (0, b""))
            self.assertTrue(run.stdout)


class Configuration(AgentTest):
    def test_check_says_good(self):
        agent = self.agent(start=False)
        run = agent.run("--check")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn(b"good", run.stdout)
        self.assertIn(b"SOFTWARE", run.stdout)

    def bad(self, change, words):
        """Refused by --check and by a start."""
        agent = self.agent(start=False)
        change(agent)
        agent.write()
        run = agent.run("--check")
        self.assertIn(words.encode(), run.stderr)
        self.assertNotEqual(run.returncode, 0)
        agent.start(wait=False)
        self.assertEqual(agent.process.wait(10), run.returncode)
        self.assertIn(words, agent.events("not_started")[0]["detail"])
        self.assertFalse(os.path.exists(agent.path))
        return run.returncode

    def test_bad_configurations_are_refused(self):
        def no_roots(agent):
            agent.write_ca("nothing")

        rows = [
            (3, lambda a: a.keys["web"].update(use="nobody-of-this-name"),
             "there is no user"),
            (3, lambda a: a.server.pop("address"), "address"),
            (3, lambda a: a.swtee.pop("dir"), "dir"),
            (3, lambda a: a.swtee.update(dir=a.folder), "software TEE"),
            (3, lambda a: a.server.update(ca="nowhere.pem"), "nowhere.pem"),
            (3, no_roots, "certificates"),
        ]
        for status, change, words in rows:
            with self.subTest(words):
                self.assertEqual(self.bad(change, words), status)

    def test_second_agent_on_the_same_socket_is_refused(self):
        first = self.agent()
        self.wait_held(first)
        second = self.agent(start=False)
        second.agent["socket"] = first.path
        second.write()
        second.start(wait=False)
        self.assertEqual(second.process.wait(10), 3)
        self.assertIn("in_use", second.logged())
        self.assertTrue(self.can_sign(first))

    def test_reload_adds_and_takes_away(self):
        agent = self.agent()
        self.wait_held(agent)
        other = self.put_key(OTHER_ID)
        agent.keys = {"two": {"id": OTHER_ID, "use": ME}}
        agent.reload()
        agent.wait_for("reloaded")
        self.assertEqual(self.status_of_sign(agent), KEY_ENDED)
        self.wait_held(agent, 2)
        self.assertTrue(self.can_sign(agent, other, OTHER_ID))
        self.assertEqual(
            [k.id for k in agent.ask(lambda h: h.keys())[1]], [OTHER_ID])

    def test_reload_keeps_what_is_held_and_changes_rights_at_once(self):
        agent = self.agent()
        self.wait_held(agent)
        agent.keys["web"] = {"id": ID, "see": ME}
        agent.reload()
        agent.wait_for("reloaded")
        self.assertEqual(self.status_of_sign(agent), NOT_PERMITTED)
        agent.keys["web"] = {"id": ID, "use": ME}
        agent.reload()
        agent.wait_for("reloaded", 2)
        self.assertTrue(self.can_sign(agent))
        self.assertEqual(self.kbs.count("/attest"), 1)

    def test_bad_reload_changes_nothing(self):
        agent = self.agent()
        self.wait_held(agent)
        good = dict(agent.keys["web"])
        for n, change in enumerate([
                lambda: agent.keys["web"].update(use="nobody-of-this-name"),
                lambda: agent.agent.update(socket=agent.path + "2"),
                lambda: agent.swtee.update(dir=agent.folder),
                lambda: agent.server.update(ca="nowhere.pem")]):
            change()
            agent.reload()
            agent.wait_for("reload_refused", n + 1)
            agent.keys["web"] = dict(good)
            agent.agent["socket"] = agent.path
            agent.swtee["dir"] = agent.tee
            agent.server["ca"] = "ca.pem"
            self.assertTrue(self.can_sign(agent))
        agent.reload()
        agent.wait_for("reloaded")
        self.assertEqual(self.kbs.count("/attest"), 1)

    def test_reload_to_another_server(self):
        agent = self.agent()
        self.wait_held(agent)
        other = Kbs()
        self.addCleanup(other.close)
        fresh = new_key()
        other.resources[path_of(ID)] = Resource("ec-p256", pkcs8(fresh),
                                                "x", version=2)
        agent.server.update(address="127.0.0.1:%d" % other.port,
                            release_key=other.thumbprint)
        agent.write_ca(other.ca)
        agent.reload()
        agent.wait_for("reloaded")
        wait_until(lambda: self.status_of_sign(agent, generation=2) == OK)
        self.assertTrue(self.can_sign(agent, fresh, generation=2))

    def test_claims_of_the_configuration_are_in_the_evidence(self):
        agent = self.agent(start=False)
        agent.swtee.update(mrenclave="11" * 32, mrsigner="22" * 32,
                           isv_prod_id="7", isv_svn="9")
        agent.write()
        agent.start()
        self.wait_held(agent)
        quote = self.kbs.quotes[-1]
        # Report body of an SGX quote, version 3: offset 48.
        self.assertEqual(quote[48 + 64:48 + 96], b"\x11" * 32)
        self.assertEqual(quote[48 + 128:48 + 160], b"\x22" * 32)
        self.assertEqual(quote[48 + 256:48 + 260], b"\x07\0\x09\0")
        agent.swtee.update(isv_svn="10")
        agent.reload()
        wait_until(lambda: len(self.kbs.quotes) > 1)
        self.assertEqual(self.kbs.quotes[-1][48 + 258:48 + 260], b"\x0a\0")

    def test_stop_takes_the_socket_away(self):
        agent = self.agent()
        self.wait_held(agent)
        pids = agent.kin()
        self.assertEqual(len(pids), 3)
        self.assertEqual(agent.stop(), 0)
        self.assertFalse(os.path.exists(agent.path))
        wait_until(lambda: not any(
            os.path.exists("/proc/%d" % pid) for pid in pids))
        self.assertEqual(agent.count("stopped"), 1)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:], verbosity=2)
