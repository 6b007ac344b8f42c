#!/usr/bin/env python3
"""What a release costs: POST auth, POST attest, GET resource over one kept
connection, a new client key and challenge each time, a hot quote, the session
stored, the entry durable. The limit is its cryptography alone, measured in the
same run, in turn with it. Prints ratios and the split by role.

    bench/release.py BUILD [--rounds N] [--seconds N] [--json]
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "lib"))
sys.argv, rest = [sys.argv[0], sys.argv[1]], sys.argv[2:]
from whole import Whole, policy  # noqa: E402

SECRET = "bench/release/secret"


def cpu_ns(pid):
    with open("/proc/%d/schedstat" % pid, encoding="ascii") as f:
        return int(f.read().split()[0])


class Bench:
    def __init__(self, options):
        self.options = options
        self.server = Whole(cells=1, config="[limits]\nmax_connections = "
                            "256\nmax_per_source = 256")
        self.server.start()
        anything = policy()
        anything["all"] = [{"claim": "isv_svn", "ge": 0}]
        self.server.put_secret(SECRET, os.urandom(64),
                               self.server.add_policy(anything))

    def program(self, name):
        return os.path.join(self.server.build, "bench", name)

    def limit(self):
        return json.loads(subprocess.check_output(
            ["taskset", "-c", "0", self.program("release_limit")]))

    def run(self, form, clients, seconds, rate=None):
        """Releases, latencies, and CPU microseconds per release by role."""
        processes = [(p["role"], p["pid"]) for p in self.server.processes()
                     if p["cell"] != "admin"]
        before = {pid: cpu_ns(pid) for _, pid in processes}
        command = ["taskset", "-c", "1", self.program("release_client"),
                   "localhost", str(self.server.port), self.server.ca,
                   self.server.path("swtee"),
                   "/kbs/v0/resource/" + SECRET, form, str(clients),
                   str(seconds)]
        if rate:
            command.append(str(rate))
        out = json.loads(subprocess.check_output(command))
        out["per_second"] = out["releases"] / seconds
        split = {}
        for role, pid in processes:
            split[role] = split.get(role, 0) + \
                (cpu_ns(pid) - before[pid]) / 1000 / max(1, out["releases"])
        out["cpu_us"] = sum(split.values())
        out["split_us"] = split
        return out

    def ratio(self, form, clients):
        ratios, last = [], None
        for _ in range(self.options.rounds):
            limit = self.limit()
            least = limit["verify"] + limit["import"] + limit["wrap"] + \
                limit["sign"] * (2 if form == "native" else 1)
            last = self.run(form, clients, self.options.seconds)
            ratios.append(least / last["cpu_us"])
            last["limit_us"] = least
        last["ratio"] = statistics.median(ratios)
        return last


def show(name, x):
    print("%-22s ratio %s  %5.0f/s  cpu %4.0f us  limit %s us  p50 %5.2f ms"
          "  p99 %5.2f ms  failed %d" % (
              name, "%.2f" % x["ratio"] if "ratio" in x else "  - ",
              x["per_second"], x["cpu_us"],
              "%4.0f" % x["limit_us"] if "limit_us" in x else "  - ",
              x["p50_us"] / 1000, x["p99_us"] / 1000, x["failed"]))
    print("    " + "  ".join("%s %.0f" % (k, v)
                             for k, v in sorted(x["split_us"].items())))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(rest)
    bench = Bench(options)
    try:
        done = {}
        bench.run("plain", 16, 1)  # warm
        for form in ("plain", "native"):
            done["16 clients, " + form] = bench.ratio(form, 16)
        done["1 client, plain"] = bench.run("plain", 1, options.seconds)
        half = done["16 clients, plain"]["per_second"] / 2
        done["half load, plain"] = bench.run("plain", 16, options.seconds,
                                             half)
        if options.json:
            print(json.dumps(done, indent=1))
            return
        for name, x in done.items():
            show(name, x)
    finally:
        bench.server.remove()


main()
