"""TPMs in software for tests: swtpm, with an endorsement key that a certificate
authority of the test's own has certified, spoken to by tpm2-tools.
"""
import os
import shutil
import signal
import subprocess
import tempfile
import time

DEADLINE = 20


def have():
    """What is missing, or nothing."""
    return [p for p in ("swtpm", "swtpm_setup", "swtpm_localca", "tpm2")
            if shutil.which(p) is None]


class Tpm:
    """A TPM that runs. .tcti is how the agent reaches it, .call() a tool."""

    def __init__(self, banks="sha256"):
        self.folder = tempfile.mkdtemp(prefix="tpm-")
        self.process = None
        self.socket = self.path("sock")
        self.tcti = "swtpm:path=" + self.socket
        self._make(banks)
        self.start()

    def path(self, name):
        return os.path.join(self.folder, name)

    def _write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def _make(self, banks):
        os.makedirs(self.path("state"))
        ca = self.path("ca")
        os.makedirs(ca)
        self._write("localca.conf", (
            "statedir = {0}\nsigningkey = {0}/key.pem\n"
            "issuercert = {0}/issuer.pem\ncertserial = {0}/serial\n"
        ).format(ca))
        self._write("localca.options", (
            "--platform-manufacturer Test\n--platform-version 1\n"
            "--platform-model Test\n"))
        self._write("setup.conf", (
            "create_certs_tool = %s\ncreate_certs_tool_config = %s\n"
            "create_certs_tool_options = %s\nactive_pcr_banks = %s\n" % (
                shutil.which("swtpm_localca"), self.path("localca.conf"),
                self.path("localca.options"), banks)))
        subprocess.run(
            ["swtpm_setup", "--tpm2", "--tpmstate", self.path("state"),
             "--config", self.path("setup.conf"), "--create-ek-cert",
             "--lock-nvram", "--overwrite"],
            check=True, capture_output=True, timeout=DEADLINE * 2)

    def start(self):
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate",
             "dir=" + self.path("state"), "--server",
             "type=unixio,path=" + self.socket, "--ctrl",
             "type=unixio,path=" + self.socket + ".ctrl", "--flags",
             "not-need-init,startup-clear"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        end = time.monotonic() + DEADLINE
        while not os.path.exists(self.socket + ".ctrl") or \
                not os.path.exists(self.socket):
            assert time.monotonic() < end, "swtpm does not start"
            time.sleep(0.02)

    def call(self, tool, *args, check=True, **kw):
        env = dict(os.environ, TPM2TOOLS_TCTI=self.tcti)
        return subprocess.run(["tpm2", tool] + list(args), check=check,
                              capture_output=True, timeout=DEADLINE,
                              cwd=self.folder, env=env, **kw)

    def flush(self):
        self.call("flushcontext", "-t")

    def extend(self, pcr, digest):
        self.call("pcrextend", "%d:sha256=%s" % (pcr, digest))

    def pcr(self, number):
        self.call("pcrread", "sha256:%d" % number, "-o", "pcr.bin")
        return self.read("pcr.bin").hex()

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def make_key(self, kind="ecc", scheme="ecdsa"):
        """An attestation key ak.ctx; its public area as TPM2B_PUBLIC."""
        self.call("createek", "-c", "ek.ctx", "-G", "rsa", "-u", "ek.pub")
        self.flush()
        self.call("createak", "-C", "ek.ctx", "-c", "ak.ctx", "-G", kind,
                  "-g", "sha256", "-s", scheme, "-u", "ak.pub", "-n",
                  "ak.name")
        self.flush()
        return self.read("ak.pub")

    def quote(self, nonce, pcrs="0,7,16", scheme=None):
        """(TPMS_ATTEST, TPMT_SIGNATURE)"""
        self.call("quote", "-c", "ak.ctx", "-l", "sha256:" + pcrs, "-q",
                  nonce.hex(), "-m", "q.msg", "-s", "q.sig", "-g", "sha256",
                  *(["--scheme", scheme] if scheme else []))
        self.flush()
        return self.read("q.msg"), self.read("q.sig")

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
