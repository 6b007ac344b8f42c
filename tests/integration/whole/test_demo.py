#!/usr/bin/env python3
"""./demo and ./demo --vault end well, say what they have to, and leave nothing.
"""
import os
import re
import signal
import subprocess
import sys
import unittest

import holder_rig
import openbao
from nginx_rig import missing
from warder_rpc import ROOT

holder_rig.MODULE = os.path.join(os.path.abspath(sys.argv[1]),
                                 "warder-pkcs11.so")
DEADLINE = 150


def demo(*options):
    """What it printed."""
    run = subprocess.Popen(
        [os.path.join(ROOT, "demo"), *options], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=dict(os.environ, WARDER_BUILD=os.path.abspath(sys.argv[1])))
    try:
        text, _ = run.communicate(timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        run.send_signal(signal.SIGTERM)  # it ends what it has started
        text, _ = run.communicate(timeout=30)
        raise AssertionError("not done in time:\n" + text) from None
    assert run.returncode == 0, text
    return text


class Told(unittest.TestCase):
    def assert_told(self, text, *lines):
        """In this order."""
        at = 0
        for line in lines + ("All of it worked.",):
            self.assertIn(line, text[at:], text)
            at = text.index(line, at) + len(line)
        for folder in set(re.findall(r"/tmp/warder-demo-\w+", text)):
            self.assertFalse(os.path.exists(folder))


class Demo(Told):
    def test_of_warders_own_store(self):
        self.assert_told(
            demo(), "Hello from a key that is not here.",
            "measurement_mismatch", "svn_below_minimum",
            "release_bad_signature", "verified")


class Vault(Told):
    def test_of_a_vault(self):
        self.assert_told(
            demo("--vault"), '"algorithm":"RSA"', "private_key: (",
            "Hello from a key that is not here.", "measurement_mismatch",
            "unavailable: ", "Hello from Warder's own key.",
            "Hello from a key that is not here.",
            "not_found: ", "Hello from Warder's own key.", "verified")


WHY = missing()
if WHY:
    print("SKIPPED: " + WHY)
    sys.exit(77)
if "Vault" in sys.argv[2:]:
    openbao.program()  # says that there is none, if so
unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)
