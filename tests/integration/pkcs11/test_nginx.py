"""nginx serves HTTPS with keys it does not have, through Debian's engine."""
import os
import re
import signal
import subprocess
import sys
import time
import unittest

from holder_rig import Rig, is_root, user_id, wait_until
from nginx_rig import WORKER, Nginx, missing, uri

SOON = 6  # seconds: far from ever, and from curl's own limit


def memory_of(pid):
    """All that can be read of a process, mapping by mapping."""
    with open("/proc/%d/maps" % pid, encoding="ascii") as maps, \
            open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for line in maps:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) ", line)
            start, end = int(m[1], 16), int(m[2], 16)
            if m[3][0] != "r" or "[v" in line:
                continue
            try:
                yield os.pread(mem.fileno(), end - start, start)
            except OSError:
                continue  # secret memory: not even root reads it


def holds(pid, needles):
    """Which of the needles are in the memory of a process."""
    found = set()
    for block in memory_of(pid):
        found.update(n for n in needles if n in block)
    return found


def both_ways(number):
    size = (number.bit_length() + 7) // 8
    return {number.to_bytes(size, "big"), number.to_bytes(size, "little")}


def private_numbers(key):
    numbers = key.private.private_numbers()
    if hasattr(numbers, "p"):
        parts = (numbers.p, numbers.q, numbers.d, numbers.dmp1, numbers.dmq1)
    else:
        parts = (numbers.private_value,)
    return set().union(*(both_ways(n) for n in parts)) | {key.der[30:62]}


class TestNginx(unittest.TestCase):
    def setUp(self):
        self.rig = Rig()
        self.addCleanup(self.rig.stop)
        self.use = [user_id(WORKER) if is_root() else os.getuid()]

    def keys(self):
        self.rsa = self.rig.key("rsa", "RSAKEY", use=self.use)
        self.p256 = self.rig.key("p256", "ECKEY", use=self.use)

    def serve(self):
        self.keys()
        self.rig.start()
        return Nginx(self.rig, {"RSAKEY": uri("RSAKEY"),
                                "ECKEY": uri("ECKEY")})

    def test_https_works_with_rsa_and_p256(self):
        nginx = self.serve()
        for label in ("RSAKEY", "ECKEY"):
            for version in ("1.2", "1.3"):
                done = nginx.fetch(label, "--tls-max", version,
                                   "--tlsv" + version)
                self.assertEqual(done.stdout.decode(), label + "\n",
                                 nginx.errors())

    def test_the_form_of_skc_works(self):
        self.rig.token = "KMS"
        self.keys()
        self.rig.options = ["skc=" + self.rig.file("keys.txt", "".join(
            "pkcs11:token=KMS;id=%s;object=%s;type=private;pin-value=1234;\n"
            % (key.id, name)
            for key, name in ((self.rsa, "SKCRSA"), (self.p256, "SKCEC"))))]
        self.rsa.label, self.p256.label = "SKCRSA", "SKCEC"
        self.rig.start()
        nginx = Nginx(self.rig, {
            "SKCRSA": uri("SKCRSA", "KMS", ";pin-value=1234"),
            "SKCEC": "engine:pkcs11:pkcs11:token=KMS;id=%s;object=SKCEC;"
                     "type=private;pin-value=1234" % self.p256.id})
        for label in ("SKCRSA", "SKCEC"):
            self.assertTrue(nginx.works(label), nginx.errors())

    def test_it_heals_when_the_holder_was_killed(self):
        nginx = self.serve()
        worker = nginx.worker
        self.assertTrue(nginx.works("ECKEY"), nginx.errors())
        for _ in range(2):
            self.rig.kill()
            for label in ("RSAKEY", "ECKEY"):
                begin = time.monotonic()
                self.assertNotEqual(nginx.fetch(label).returncode, 0)
                self.assertLess(time.monotonic() - begin, SOON)
            self.rig.start()
            for label in ("RSAKEY", "ECKEY"):
                wait_until("handshakes to work again",
                           lambda label=label: nginx.works(label), SOON)
        self.assertEqual(nginx.worker, worker)

    def test_a_holder_that_hangs_does_not_hang_nginx(self):
        nginx = self.serve()
        self.assertTrue(nginx.works("ECKEY"), nginx.errors())
        self.rig.holder.send_signal(signal.SIGSTOP)
        try:
            begin = time.monotonic()
            self.assertNotEqual(nginx.fetch("ECKEY").returncode, 0)
            self.assertLess(time.monotonic() - begin, SOON)
        finally:
            self.rig.holder.send_signal(signal.SIGCONT)
        wait_until("handshakes to work again",
                   lambda: nginx.works("ECKEY"), 5)

    def test_a_worker_born_without_the_holder_heals_too(self):
        nginx = self.serve()
        self.rig.kill()
        os.kill(nginx.worker, signal.SIGKILL)
        nginx.worker = wait_until(
            "a new worker", lambda: nginx._other_worker(nginx.worker), 10)
        self.assertNotEqual(nginx.fetch("ECKEY").returncode, 0)
        self.rig.start()
        wait_until("handshakes to work again",
                   lambda: nginx.works("ECKEY"), SOON)

    def test_reload_takes_the_new_certificate_of_a_new_version(self):
        nginx = self.serve()
        self.assertTrue(nginx.works("ECKEY"), nginx.errors())
        old, path = self.p256, self.p256.chain
        new = self.rig.key("p256", "ECKEY", use=self.use, version=2,
                           key_id=old.id)
        self.rig.kill()
        self.rig.start()
        self.assertTrue(nginx.works("ECKEY"))  # the old one, still held
        with open(new.chain, "rb") as f:
            chain = f.read()
        with open(path, "wb") as f:
            f.write(chain)
        self.assertFalse(nginx.works("ECKEY"))  # curl trusts the new one
        nginx.reload()
        wait_until("the new certificate", lambda: nginx.works("ECKEY"), 5)

    def test_a_worker_without_the_right_fails_and_does_not_hang(self):
        if not is_root():
            self.skipTest("not root: worker and master are one user")
        self.use = [user_id("nobody")]
        nginx = self.serve()
        begin = time.monotonic()
        self.assertNotEqual(nginx.fetch("ECKEY").returncode, 0)
        self.assertLess(time.monotonic() - begin, SOON)

    def test_without_a_holder_the_configuration_is_refused(self):
        self.keys()
        self.rig.start()
        nginx = Nginx(self.rig, {"ECKEY": uri("ECKEY")})
        self.rig.kill()
        done = subprocess.run(nginx.command("-t"), env=nginx.env(),
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=30)
        self.assertNotEqual(done.returncode, 0)

    def test_the_key_is_nowhere_in_the_memory_of_nginx(self):
        if not is_root():
            self.skipTest("not root: cannot read the memory of others")
        nginx = self.serve()
        for label in ("RSAKEY", "ECKEY"):
            for _ in range(20):
                self.assertTrue(nginx.works(label), nginx.errors())
        public = self.rsa.private.public_key().public_numbers().n
        secret = private_numbers(self.rsa) | private_numbers(self.p256)
        for pid in (nginx.process.pid, nginx.worker):
            self.assertTrue(holds(pid, both_ways(public)))
            self.assertEqual(holds(pid, secret), set())
        with open("/proc/%d/maps" % self.rig.holder.pid,
                  encoding="ascii") as f:
            if "secretmem" not in f.read():
                self.skipTest("no memfd_secret: root can read the holder")
        self.assertEqual(holds(self.rig.holder.pid, secret), set())


if __name__ == "__main__":
    WHY = missing()
    if WHY:
        print("SKIPPED: " + WHY)
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
