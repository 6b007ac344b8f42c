#!/usr/bin/env python3
"""Manual pages: the keys of a configuration are those that its program reads,
and every page is proper mdoc (where mandoc is installed)."""
import glob
import os
import shutil
import subprocess
import sys
import unittest

PROGRAMS = {"warder.conf.5": os.path.abspath(sys.argv[1]),
            "agent.conf.5": os.path.abspath(sys.argv[2])}
MAN = os.path.abspath(sys.argv[3])


class Manual(unittest.TestCase):
    def test_keys_are_those_of_the_program(self):
        for name, program in PROGRAMS.items():
            with self.subTest(name):
                self.keys_are_printed(name, program)

    def keys_are_printed(self, name, program):
        printed = subprocess.run(
            [program, "--print-config-manual"], stdout=subprocess.PIPE,
            text=True, timeout=20, check=True).stdout
        with open(os.path.join(MAN, name), encoding="utf-8") as f:
            page = f.read()
        begin = "printed by %s --print-config-manual.\n" % os.path.basename(
            program)
        self.assertEqual(page.count(begin), 1)
        self.assertEqual(page.count('.\\" END\n'), 1)
        page = page.split(begin)[1].split('.\\" END\n')[0]
        self.assertEqual(page, printed, "paste what the program prints")

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_pages_are_proper_mdoc(self):
        pages = glob.glob(os.path.join(MAN, "*.[1-9]"))
        self.assertTrue(pages)
        for page in pages:
            run = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page],
                                 stdout=subprocess.PIPE, text=True,
                                 timeout=20)
            self.assertEqual(run.stdout, "", page)


unittest.main(argv=[sys.argv[0]] + sys.argv[4:], verbosity=2)
