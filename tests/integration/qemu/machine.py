"""The machine that the guest runs on: QEMU without any help of the host's
processor, firmware with Secure Boot and Microsoft's keys, and a TPM in
software.
"""
import os
import re
import shutil
import socket
import subprocess
import time

import tpm_rig

QEMU = "qemu-system-x86_64"
FIRMWARE = "/usr/share/OVMF/OVMF_CODE_4M.ms.fd"
VARIABLES = {True: "/usr/share/OVMF/OVMF_VARS_4M.ms.fd",
             False: "/usr/share/OVMF/OVMF_VARS_4M.fd"}
BOOT_SECONDS = 240
STOP_SECONDS = 60
ANSWER_SECONDS = 60
SENT_AGAIN = 5


def lacking():
    """What is missing, or nothing."""
    return tpm_rig.have() + [
        p for p in (QEMU, "ldd", "dpkg", "apt-get") if not shutil.which(p)
    ] + [p for p in (FIRMWARE, *VARIABLES.values()) if not os.path.exists(p)]


class Tpm(tpm_rig.Tpm):
    """A TPM that QEMU reaches; it ends when the machine is switched off."""

    def start(self):
        self.control = self.path("control")
        self.end()
        if os.path.exists(self.control):
            os.unlink(self.control)
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate",
             "dir=" + self.path("state"), "--ctrl",
             "type=unixio,path=" + self.control], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + tpm_rig.DEADLINE
        while not os.path.exists(self.control):
            assert time.monotonic() < end, "swtpm does not start"
            time.sleep(0.02)

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(tpm_rig.DEADLINE)


class Machine:
    """One boot. .run(line) has the guest's shell run it."""

    def __init__(self, folder, esp, tpm, secure_boot=True, clock=None):
        self.folder = folder
        self.console = os.path.join(folder, "console")
        self.agent_log = os.path.join(folder, "agent.log")
        self.process = self.shell = None
        tpm.start()
        variables = os.path.join(folder, "variables")
        shutil.copyfile(VARIABLES[secure_boot], variables)
        for path in (self.console, self.agent_log):
            with open(path, "wb"):
                pass
        listener = self._listen()
        with listener:
            self.process = subprocess.Popen(
                self._words(esp, tpm, variables, clock),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE)
            try:
                self._reach(listener)
            except BaseException:
                self.close()
                raise

    def _words(self, esp, tpm, variables, clock):
        return [
            # The host's own virtualization, where it has any, is not asked for.
            QEMU, "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "1",
            "-M", "q35,smm=on", "-m", "512", "-nodefaults", "-display",
            "none", "-no-reboot",
            "-serial", "file:" + self.console,
            "-serial", "unix:" + self.socket,
            "-serial", "file:" + self.agent_log,
            "-global", "driver=cfi.pflash01,property=secure,value=on",
            "-drive", "if=pflash,format=raw,unit=0,readonly=on,file=" +
            FIRMWARE,
            "-drive", "if=pflash,format=raw,unit=1,file=" + variables,
            "-drive", "file=fat:%s,if=none,id=esp,format=raw,readonly=on" %
            esp, "-device", "virtio-blk-pci,drive=esp,bootindex=1,romfile=",
            "-netdev", "user,id=net", "-device",
            "virtio-net-pci,netdev=net,romfile=",
            "-chardev", "socket,id=tpm,path=" + tpm.control, "-tpmdev",
            "emulator,id=tpm0,chardev=tpm", "-device", "tpm-crb,tpmdev=tpm0",
        ] + (["-rtc", "base=" + clock] if clock else [])

    def _listen(self):
        self.socket = os.path.join(self.folder, "shell")
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.socket)
        listener.listen(1)
        listener.settimeout(STOP_SECONDS)
        return listener

    def _reach(self, listener):
        try:
            self.shell = listener.accept()[0]
        except OSError as e:
            raise AssertionError("QEMU does not start: %s" %
                                 self.complaint()) from e
        self.said = b""
        self._until(rb"@ready\n", BOOT_SECONDS)

    def complaint(self):
        """What QEMU said, once it has ended."""
        self.process.kill()
        return self.process.communicate(timeout=STOP_SECONDS)[1].decode()

    def _until(self, mark, seconds):
        """What comes before the mark, a regular expression, and its match."""
        end = time.monotonic() + seconds
        while True:
            found = re.search(mark, self.said)
            if found:
                before = self.said[:found.start()]
                self.said = self.said[found.end():]
                return before, found
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError("the guest does not answer; %r; %s" % (
                    self.said, self.tail()))
            self.shell.settimeout(left)
            try:
                more = self.shell.recv(65536)
            except TimeoutError:
                continue
            if not more:
                raise AssertionError("the machine went off: " + self.tail())
            self.said += more

    def tail(self):
        with open(self.console, "rb") as f:
            return f.read()[-1500:].decode(errors="replace")

    def _send(self, line, seconds):
        self.shell.settimeout(seconds)
        self.shell.sendall(b"%d %s\n" % (len(line), line.encode()))

    def run(self, line, seconds=ANSWER_SECONDS):
        """(exit status, output)"""
        for _ in range(SENT_AGAIN):
            self._send(line, seconds)
            out, found = self._until(rb"@(again|done (\d+))\n", seconds)
            if found.group(2):
                return int(found.group(2)), out
        raise AssertionError("the guest does not understand: " + line)

    def off(self):
        """Switched off as a guest does it."""
        self._send("poweroff -f", STOP_SECONDS)
        try:
            self.process.wait(STOP_SECONDS)
        finally:
            self.close()

    def close(self):
        if self.shell is not None:
            self.shell.close()
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()
