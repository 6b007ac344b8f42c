#!/usr/bin/env python3
"""Manual pages: what stands in tables is printed by the programs that have them,
and every page is proper mdoc (where mandoc is installed)."""
import glob
import os
import shutil
import subprocess
import sys
import unittest

CONF = "--print-config-manual"
PROGRAMS = {"warder.conf.5": (os.path.abspath(sys.argv[1]), CONF),
            "agent.conf.5": (os.path.abspath(sys.argv[2]), CONF),
            "warder.1": (os.path.abspath(sys.argv[3]), "--print-manual")}
MAN = os.path.abspath(sys.argv[4])


class Manual(unittest.TestCase):
    def test_tables_are_those_of_the_program(self):
        for name, (program, option) in PROGRAMS.items():
            with self.subTest(name):
                self.table_is_printed(name, program, option)

    def table_is_printed(self, name, program, option):
        printed = subprocess.run(
            [program, option], stdout=subprocess.PIPE,
            text=True, timeout=20, check=True).stdout
        with open(os.path.join(MAN, name), encoding="utf-8") as f:
            page = f.read()
        begin = "printed by %s %s.\n" % (os.path.basename(program), option)
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


unittest.main(argv=[sys.argv[0]] + sys.argv[5:], verbosity=2)
