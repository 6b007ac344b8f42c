#!/usr/bin/env python3
"""What is installed beside the programs: systemd takes it without a word, and
it makes the users and folders that the configuration's defaults name."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

WARDERD, PACKAGING, *UNITS = (os.path.abspath(p) for p in sys.argv[1:])


def has(*programs):
    return all(shutil.which(p) for p in programs)


def said(command):
    run = subprocess.run(command, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, timeout=30)
    return run.returncode, run.stdout


class Packaging(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="packaging-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        manual = said([WARDERD, "--print-config-manual"])[1]
        self.defaults = dict(re.findall(
            r"\.It Cm (\w+)\n(?:[^.][^\n]*\n)+\.Ql (\S+) \.\n", manual))

    @unittest.skipUnless(has("systemd-analyze"), "no systemd-analyze")
    def test_units_are_proper(self):
        self.assertTrue(UNITS)
        for unit in UNITS:
            with open(unit, encoding="utf-8") as f:
                text = f.read()
            # Any program that is there: ours is not installed.
            text, n = re.subn(r"ExecStart=\S+", "ExecStart=" + WARDERD, text)
            self.assertEqual(n, 1)
            path = os.path.join(self.folder, os.path.basename(unit))
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            self.assertEqual(
                said(["systemd-analyze", "verify", "--man=no", path]),
                (0, ""))

    @unittest.skipUnless(os.geteuid() == 0 and has("systemd-sysusers"),
                         "only root may make users, with systemd-sysusers")
    def test_users_are_those_of_the_defaults(self):
        os.mkdir(os.path.join(self.folder, "etc"))
        status, text = said([
            "systemd-sysusers", "--root=" + self.folder,
            *glob.glob(os.path.join(PACKAGING, "sysusers.d/*"))])
        self.assertEqual(status, 0, text)
        for line in text.splitlines():
            self.assertRegex(line, "^Creating ")
        made = {}
        for name in ("passwd", "group"):
            with open(os.path.join(self.folder, "etc", name),
                      encoding="utf-8") as f:
                made[name] = {line.split(":")[0] for line in f}
        for key in ("front", "verify", "keeper", "seal", "scribe"):
            self.assertIn(self.defaults[key], made["passwd"])
        self.assertIn(self.defaults["group"], made["group"])

    def test_folders_are_those_of_the_defaults(self):
        path = os.path.join(PACKAGING, "tmpfiles.d/warder.conf")
        with open(path, encoding="utf-8") as f:
            rows = [x.split() for x in f if x.startswith("d ")]
        made = {row[1]: (row[2], row[3]) for row in rows}
        state = self.defaults["state_dir"]
        self.assertEqual(made[state], ("0700", self.defaults["keeper"]))
        self.assertEqual(made[state + "/log"],
                         ("0700", self.defaults["scribe"]))


unittest.main(argv=sys.argv[:1], verbosity=2)
