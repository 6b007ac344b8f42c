"""A machine that measures its boot gets the secret; the same machine with
another kernel command line, or without Secure Boot, does not.

The way of the field, as Debian installs it, all of it signed: the firmware
(OVMF) measures itself and its settings into registers 0 to 7 (7: Secure Boot
and whose keys; 4: the programs it starts, here shim and GRUB, to which shim
adds the kernel), shim adds 14 (its own list of keys), GRUB measures each
command and the kernel's command line into 8 and each file it reads, the
initramfs among them, into 9, and Linux its files into 10 (IMA). So a changed
command line is seen in register 8 (and in 9, as grub.cfg is a file), a changed
agent or configuration, which lie in the initramfs, in 9. This kernel does not
measure the command line itself (later ones do, into 9), and it has the event
log only where GRUB started it as a program of the firmware, which GRUB does
under Secure Boot.

One boot takes half a minute. Without --full there is one; with it the machine
is switched off and on again, the same and changed.
"""
import json
import os
import shutil
import sys
import tempfile
import time
import unittest

import image
import machine
from server_rig import Server, wait_until

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
FULL = "--full" in sys.argv
SECRET = "default/db/password"
COMMAND_LINE = "console=ttyS0 no_timer_check panic=-1 ima_policy=tcb"
PCRS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14)
# Of IMA's register the value depends on what ran; of 1 and 5, on settings and
# partitions: an operator names the others.
NAMED = (0, 4, 7, 8, 9, 14)
WAIT = 120
CONF = """
[agent]
log_level = %s
[server]
address = 10.0.2.2:%d
ca = ca.pem
release_key = %s
[attester]
kind = tpm
[tpm]
pcrs = %s
[key db]
path = %s
get = 0
"""
USERS = """root:x:0:0::/:/bin/sh
warder-agent:x:990:990::/:/bin/false
warder-link:x:991:991::/:/bin/false
"""


class Guest(unittest.TestCase):
    """A server, a machine and a TPM, which are the same at each boot."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(BUILD, name="10.0.2.2")
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()
        cls.folder = tempfile.mkdtemp(prefix="measured-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.tpm = machine.Tpm()
        cls.addClassCleanup(cls.tpm.close)
        cls.esp = os.path.join(cls.folder, "esp")
        cls.install()

    @classmethod
    def install(cls, level="debug"):
        image.esp(cls.esp, PARTS, image.initramfs(PARTS, BUILD, {
            "etc/warder/agent.conf": (CONF % (
                level, cls.server.port, cls.server.release_key,
                ",".join(map(str, PCRS)), SECRET)).encode(),
            "etc/warder/ca.pem": image.content(cls.server.ca),
            "etc/passwd": USERS.encode()}))

    def boot(self, command_line=COMMAND_LINE, **more):
        image.configure(self.esp, command_line)
        self.machine = machine.Machine(self.folder, self.esp, self.tpm,
                                       **more)
        self.addCleanup(self.machine.close)
        return self.machine

    def put(self, *clauses):
        """The secret, under a policy with these clauses and no other."""
        path = self.server.path("policy.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"warder": 1, "tee": "tpm", "all": list(clauses)}, f)
        policy = self.server.warder("policy", "add", path)["id"]
        secret = os.urandom(12).hex().encode()
        self.server.warder("secret", "put", SECRET, "--file", "-",
                           "--policy", policy, stdin=secret)
        return secret

    # ---- the guest

    def ask(self, line):
        status, out = self.machine.run(line)
        self.assertEqual(status, 0, (line, out, self.machine.tail()))
        return out

    def start_agent(self):
        self.ask("warder-agent </dev/null >/dev/ttyS2 2>&1 & true")

    def events(self, name):
        with open(self.machine.agent_log, encoding="utf-8",
                  errors="replace") as f:
            lines = f.read().splitlines()
        found = [json.loads(line) for line in lines
                 if line.startswith("{") and line.endswith("}")]
        return [e for e in found if e["event"] == name]

    def wait_for(self, name, n=1):
        try:
            return wait_until(lambda: self.events(name)[n - 1:], name,
                              WAIT)[0]
        except AssertionError as e:
            raise AssertionError("%s: %s" % (e, image.content(
                self.machine.agent_log)[-3000:])) from e

    def reference_values(self):
        """What the machine runs now, as an operator reads it there."""
        return {i: self.ask("cat /sys/class/tpm/tpm0/pcr-sha256/%d" %
                            i).decode().strip().lower() for i in NAMED}

    def pin(self):
        return {"claim": "ak_name", "eq": self.wait_for("tpm_key")["name"]}

    def held(self, secret):
        self.wait_for("key_held")
        self.assertEqual(self.ask("warder-agent get db"), secret)

    def refused(self, reason):
        """By the agent's log, its own status and the server's audit log."""
        self.assertEqual(self.wait_for("key_refused")["reason"], reason)
        self.assertIn(reason, self.ask("warder-agent status").decode())
        self.assertEqual(self.machine.run("warder-agent get db")[0], 3)
        self.assertIn(reason, json.dumps(self.last_entry()))

    def last_entry(self):
        return self.server.warder("audit", "tail", "--limit", "1")["items"][0]


def policy_for(values):
    return [{"claim": "pcr.%d" % i, "eq": v} for i, v in values.items()]


class Trusted(Guest):
    def test_a_trusted_boot_gets_the_secret(self):
        """The clock is wrong at first; the agent waits until it is right."""
        self.boot(clock="2020-01-01T00:00:00")
        self.start_agent()
        self.assertIn("not yet valid", self.wait_for("round_failed")["detail"])
        self.ask("date -s @%d" % time.time())
        pin = self.pin()
        self.wait_for("attested")
        secret = self.put(
            pin, *policy_for(self.reference_values()),
            # Only logs that lead to the quoted values make these claims.
            {"claim": "secure_boot", "is": True},
            {"claim": "event_data", "in": ["rehashed", "untrusted"]},
            {"claim": "ima_violations", "le": 0})
        self.ask("warder-agent rotate")
        self.held(secret)
        self.machine.off()


class Again(Guest):
    """Boots that follow a trusted one, which named its values."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        first = cls("boot")
        try:
            first.boot()
            first.start_agent()
            cls.trusted = first.reference_values()
            cls.key = first.pin()
            first.machine.off()
        finally:
            first.doCleanups()

    def agent_starts(self, command_line=COMMAND_LINE, **more):
        self.boot(command_line, **more)
        self.start_agent()

    def other_values(self):
        return [i for i, v in self.reference_values().items()
                if v != self.trusted[i]]

    def test_the_same_boot_gets_the_secret(self):
        secret = self.put(self.key, *policy_for(self.trusted))
        self.agent_starts()
        self.held(secret)
        self.assertEqual(self.other_values(), [])
        self.machine.off()

    def test_another_command_line_does_not(self):
        self.put(self.key, *policy_for(self.trusted))
        self.agent_starts(COMMAND_LINE + " module.sig_enforce=0")
        self.refused("measurement_mismatch")
        self.assertEqual(self.other_values(), [8, 9])
        self.machine.off()

    def test_another_configuration_in_the_initramfs_does_not(self):
        self.put(self.key, *policy_for(self.trusted))
        self.install(level="info")
        self.addCleanup(self.install)
        self.agent_starts()
        self.refused("measurement_mismatch")
        self.assertEqual(self.other_values(), [9])
        self.machine.off()

    def test_without_secure_boot_it_does_not(self):
        """No log proves what was started, and register 7 is another."""
        self.put(self.key, {"claim": "secure_boot", "is": True})
        self.agent_starts(secure_boot=False)
        self.refused("policy_clause")
        self.assertIn(7, self.other_values())
        self.machine.off()


def load_tests(loader, tests, pattern):
    return unittest.TestSuite(
        loader.loadTestsFromTestCase(case)
        for case in ((Trusted, Again) if FULL else (Trusted,)))


if __name__ == "__main__":
    missing = machine.lacking()
    if missing:
        print("SKIPPED: not installed: " + ", ".join(missing))
        sys.exit(77)
    try:
        PARTS = image.Parts(BUILD)
    except image.Unavailable as e:
        print("SKIPPED: the guest cannot be had: %s" % e)
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=2)
