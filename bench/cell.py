"""A server for measurements: one cell on a CPU of its own, clients on another."""
import json
import os
import socket
import ssl
import statistics
import subprocess
import time

from whole import Whole, policy

CELL, CLIENT = 0, 1  # CPUs
LIMITS = "[limits]\nmax_connections = 256\nmax_per_source = 256"


def ratios(rows, value, reference):
    """The median of VALUE against REFERENCE, each of the same round."""
    return statistics.median(r[value] / max(1, r[reference]) for r in rows)


class Cell(Whole):
    def __init__(self, config="", **kw):
        super().__init__(cells=1, config=LIMITS + "\n" + config, **kw)

    def start(self, *args, **kw):
        super().start(*args, **kw)
        for p in self.processes():
            if p["cell"] != "admin" and p["role"] in ("front", "keeper",
                                                      "verify"):
                os.sched_setaffinity(p["pid"], {CELL})
        return self

    def any_policy(self):
        """One that every enclave of the software TEE meets."""
        return self.add_policy(dict(policy(), all=[
            {"claim": "isv_svn", "ge": 0}]))

    def begin(self, path, clients, seconds, rate=None, form="plain"):
        """Clients that are under way; see release_client."""
        return subprocess.Popen(
            ["taskset", "-c", str(CLIENT),
             os.path.join(self.build, "bench", "release_client"), "localhost",
             str(self.port), self.ca, self.path("swtee"), path, form,
             str(clients), str(seconds)] + ([str(rate)] if rate else []),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    @staticmethod
    def end(clients):
        """What they say: releases, failed, p50_us, p99_us."""
        out = clients.communicate()[0]
        if clients.returncode != 0:
            raise SystemExit("release_client: %d" % clients.returncode)
        return json.loads(out)

    def memory_kb(self):
        """Of all its processes: shares of what they have in common."""
        pids = [p["pid"] for p in self.processes()] + [self.process.pid]
        total = 0
        for pid in pids:
            with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as f:
                total += sum(int(line.split()[1]) for line in f
                             if line.startswith("Pss:"))
        return total

    def ready_after_ms(self):
        """Started, from exec to the first 200 of /readyz."""
        context = ssl.create_default_context(cafile=self.ca)
        log = open(self.log, "ab")
        start = time.monotonic()
        self.process = subprocess.Popen(
            [self.program("warderd"), "--config", self.path("warder.conf")],
            stdout=log, stderr=log)
        log.close()
        while time.monotonic() - start < 30:
            try:
                with socket.create_connection(("127.0.0.1", self.port),
                                              5) as s:
                    tls = context.wrap_socket(s, server_hostname="localhost")
                    tls.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n"
                                b"Connection: close\r\n\r\n")
                    if b" 200 " in tls.recv(4096):
                        return (time.monotonic() - start) * 1000
            except (OSError, ssl.SSLError):
                pass
            time.sleep(0.001)
        raise SystemExit("the server does not become ready")
