#!/usr/bin/env python3
"""Manual pages: what stands in tables is printed by the programs that have them,
and every page is proper mdoc (where mandoc is installed). And the help that the
command line itself gives."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
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


class Help(unittest.TestCase):
    """Exit status, and what is said where."""

    def warder(self, *words):
        run = subprocess.run([PROGRAMS["warder.1"][0], *words],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, timeout=20)
        return run.returncode, run.stdout, run.stderr

    def verbs(self):
        with open(os.path.join(MAN, "warder.1"), encoding="utf-8") as f:
            found = re.findall(r"^\.It Cm ([a-z -]+?)(?: Ar .*)?$", f.read(),
                               re.M)
        self.assertIn("key create", found)
        return found

    def test_each_verb_is_listed(self):
        status, out, err = self.warder("--help")
        self.assertEqual((status, err), (0, ""))
        listed = []
        for line in out.replace(",\n", ", ").splitlines():
            noun, _, rest = line.strip().partition(" ")
            if rest.startswith("..."):
                listed += [noun + " " + verb.strip()
                           for verb in rest[3:].split(",")]
            elif line.startswith("  "):
                listed.append(noun)
        self.assertEqual(sorted(listed), sorted(self.verbs()))

    def test_each_verb_explains_itself(self):
        for verb in self.verbs():
            status, out, err = self.warder(*verb.split(), "--help")
            self.assertEqual((status, err), (0, ""), verb)
            self.assertTrue(out.startswith("usage: warder " + verb), out)

    def test_what_can_be_done_to_a_noun(self):
        status, out, err = self.warder("lease", "--help")
        self.assertEqual((status, err), (0, ""))
        self.assertIn("lease list ", out)
        self.assertIn("lease revoke ", out)
        self.assertNotIn("key", out)
        self.assertEqual(self.warder("lease"), (2, "", out))

    def test_no_verb(self):
        status, out, err = self.warder()
        self.assertEqual((status, out), (2, ""))
        self.assertTrue(err.startswith("usage: warder VERB"), err)
        self.assertEqual(
            self.warder("kye", "list"),
            (2, "", "warder: there is no verb 'kye'\nTry 'warder --help'.\n"))
        status, out, err = self.warder("lease", "foo")
        self.assertEqual((status, out), (2, ""))
        self.assertIn("lease revoke ", err)
        self.assertTrue(err.endswith("there is no verb 'lease foo'\n"), err)
        self.assertEqual(self.warder("lease", "foo", "--help")[0], 2)
        self.assertEqual(self.warder("leases")[0], 2)

    def test_no_server(self):
        with tempfile.TemporaryDirectory() as folder:
            token = os.path.join(folder, "token")
            with open(token, "w", encoding="ascii",
                      opener=lambda p, f: os.open(p, f, 0o600)) as f:
                f.write("none")
            where = os.path.join(folder, "admin.sock")
            self.assertEqual(
                self.warder("key", "list", "--admin", where,
                            "--token-file", token),
                (1, "", "warder: no answer from %s: the socket: No such file "
                 "or directory\n" % where))


unittest.main(argv=[sys.argv[0]] + sys.argv[5:], verbosity=2)
