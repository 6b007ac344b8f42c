#!/usr/bin/env python3
"""A reload adds, changes and removes backends."""
import os
import signal
import subprocess
import unittest

from backend_rig import Folder, wait_until
from server_rig import Failed
from whole import refusal


class Reload(unittest.TestCase):
    def setUp(self):
        self.server = Folder()
        self.server.start()
        self.policy = self.server.add_policy()

    def tearDown(self):
        self.server.remove()

    def reload(self):
        before = self.server.log_text().count('"reloaded"')
        os.kill(self.server.process.pid, signal.SIGHUP)
        wait_until(lambda: self.server.log_text().count('"reloaded"') > before,
                   "reload", 30)

    def pids(self):
        return {p["pid"] for p in self.server.processes("backend")}

    def test_backends_come_and_go(self):
        key = self.server.create("--policy", self.policy)
        old = self.pids()
        self.assertEqual(len(old), 2)
        os.mkdir(self.server.path("more"))
        self.server.add_backend("more", self.server.path("more"),
                                "processes = 3")
        self.reload()
        wait_until(lambda: len(self.pids()) == 5 and not old & self.pids(),
                   "five new processes", 30)
        more = self.server.warder("key", "create", "--kind", "aes-256",
                                  "--backend", "more", "--policy", self.policy)
        for k in (key, more):
            self.assertEqual(len(self.server.attested().resource(
                self.server.path_of(k))), 32)
        with open(self.server.path("warder.conf"), encoding="utf-8") as f:
            text = f.read().split("[backend more]")[0]
        with open(self.server.path("warder.conf"), "w", encoding="utf-8") as f:
            f.write(text)
        self.reload()
        wait_until(lambda: len(self.pids()) == 2, "two processes", 30)
        got = refusal(self.server.attested().resource,
                      self.server.path_of(more))
        self.assertEqual(got.status, 422)
        self.assertEqual(len(self.server.attested().resource(
            self.server.path_of(key))), 32)

    def test_a_bad_section_changes_nothing(self):
        old = self.pids()
        self.server.add_config("[backend bad]", "kind = folder")
        os.kill(self.server.process.pid, signal.SIGHUP)
        wait_until(lambda: "reload_refused" in self.server.log_text(),
                   "refusal")
        self.assertEqual(self.pids(), old)
        done = subprocess.run(
            [self.server.program("warderd"), "--check", "--config",
             self.server.path("warder.conf")], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=20)
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertIn(b"backend bad: folder must be given", done.stdout)

    def test_the_default_backend(self):
        self.server.add_config("[server]", "default_backend = here")
        self.reload()
        key = self.server.warder("key", "create", "--kind", "aes-256")
        self.assertEqual(key["backend"], "here")
        key = self.server.warder("key", "create", "--kind", "aes-256",
                                 "--backend", "embedded")
        self.assertEqual(key["backend"], "embedded")

    def test_a_backend_that_cannot_be_opened_says_so(self):
        self.server.add_backend("gone", self.server.path("nowhere"))
        self.reload()
        with self.assertRaises(Failed) as got:
            self.server.warder("key", "create", "--kind", "aes-256",
                               "--backend", "gone")
        self.assertIn(b"there is no folder",
                      got.exception.err + got.exception.out)


unittest.main(argv=["test_reload.py"], verbosity=2)
