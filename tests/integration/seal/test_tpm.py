"""A server whose root key is sealed to registers of a TPM, swtpm."""
import os
import signal
import sys
import unittest

from server_rig import Failed, Server, wait_until
from tpm_rig import Tpm, have

BUILD = os.path.abspath(sys.argv[1])


@unittest.skipIf(have(), "not installed: %s" % have())
class TpmTest(unittest.TestCase):
    def setUp(self):
        self.tpm = Tpm()
        self.addCleanup(self.tpm.close)

    def serve(self, pcrs="7 16"):
        server = Server(BUILD, seal=(
            "--seal", "tpm", "--tpm", self.tpm.tcti, "--tpm-pcrs", pcrs))
        self.addCleanup(server.remove)
        return server

    def extend(self, register):
        self.tpm.call("pcrextend", "%d:sha256=%s" % (register, "ab" * 32))

    def why_sealed(self, server):
        server.start(ready=False)
        wait_until(lambda: "seal_not_opened" in server.log_text(), "a refusal")
        self.assertTrue(server.status()["sealed"])
        with self.assertRaises(Failed) as refused:
            server.warder("unseal", stdin=b"")
        return str(refused.exception)

    def test_opens_by_itself_after_restarts(self):
        server = self.serve()
        server.start()
        self.assertEqual(server.status()["seal"]["kind"], "tpm")
        for role in ("device", "seal"):
            old = server.processes(role)[0]["pid"]
            os.kill(old, signal.SIGKILL)
            wait_until(lambda: [p for p in server.processes(role)
                                if p["ready"] and p["pid"] != old],
                       "a new " + role)
        keeper = server.processes("keeper")[0]["pid"]
        os.kill(keeper, signal.SIGKILL)
        wait_until(server.is_ready, "readiness")
        server.stop()
        server.start()

    def test_stays_sealed_when_a_register_changed_and_says_which(self):
        server = self.serve()
        self.extend(16)
        said = self.why_sealed(server)
        self.assertIn("registers have changed since: 16", said)

    def test_registers_that_are_not_named_do_not_count(self):
        server = self.serve(pcrs="7")
        self.extend(16)
        server.start()

    def test_another_tpm_does_not_open_it(self):
        server = self.serve()
        other = Tpm()
        self.addCleanup(other.close)
        path = server.path("warder.conf")
        with open(path, encoding="utf-8") as f:
            text = f.read()
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace(self.tpm.tcti, other.tcti))
        self.assertIn("another TPM", self.why_sealed(server))

    def test_changed_bytes_do_not_open(self):
        server = self.serve()
        path = os.path.join(server.path("state"), "seal")
        with open(path, "rb") as f:
            seal = bytearray(f.read())
        seal[46 + 3 + 1 + 4 + 64 + 2 + 40] ^= 1
        with open(path, "wb") as f:
            f.write(seal)
        self.assertIn("damaged", self.why_sealed(server))

    def test_no_tpm_no_server(self):
        self.tpm.close()
        with self.assertRaises(Failed) as refused:
            self.serve()
        self.assertIn("TPM", str(refused.exception))


if __name__ == "__main__":
    signal.alarm(115)
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)
