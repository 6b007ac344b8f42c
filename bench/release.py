#!/usr/bin/env python3
"""What a release costs: POST auth, POST attest, GET resource over one kept
connection, a new client key and challenge each time, a hot quote, the session
stored, the entries durable. The limit is its cryptography alone, measured in
the same run, in turn with it. Prints ratios and the split by role.

The cell has one CPU, as a cell has that is not alone, and the client another;
scribe runs where it likes, as always.

At half load the 99th percentile is compared with what the machine allows: the
moments in which a CPU that only counts stands still are recorded in turn with
the load, and the same arrivals are served, on paper, by one server that needs
the same CPU time for a release and is stopped by them: a release needs both
CPUs, so it waits for either. As root, in turn with that, the same load when all
that takes part goes before what else runs on the machine, and the roles before
the clients (SCHED_RR): the difference is what other processes do to it.

Then, as root and with strace: what 64 clients get with each fdatasync of scribe
5 ms longer, against what they get without, in turn. strace stops scribe twice at
each of its calls, which only makes the delayed rate lower.

    bench/release.py BUILD [--rounds N] [--seconds N] [--json]
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "lib"))
sys.argv, rest = [sys.argv[0], sys.argv[1]], sys.argv[2:]
from whole import Whole, policy  # noqa: E402

SECRET = "bench/release/secret"
CELL, CLIENT = 0, 1  # CPUs
STILL_S = 0.0002  # so long a CPU that only counts was not ours
DELAY_US = 5000


def cpu_ns(pid):
    with open("/proc/%d/schedstat" % pid, encoding="ascii") as f:
        return int(f.read().split()[0])


def stand_still(cpu, seconds, out):
    """Counts on a CPU; writes when it stood still, and for how long."""
    os.sched_setaffinity(0, {cpu})
    found, begin = [], time.monotonic()
    last = begin
    while last < begin + seconds:
        at = time.monotonic()
        if at - last > STILL_S:
            found.append((last - begin, at - last))
        last = at
    with os.fdopen(out, "w", encoding="ascii") as f:
        json.dump(found, f)


def stills(seconds):
    """Both CPUs count, as both are busy under load: when one of them paused."""
    ends = [os.pipe(), os.pipe()]
    pids = []
    for cpu, (_, out) in zip((CELL, CLIENT), ends):
        pids.append(os.fork())
        if pids[-1] == 0:
            stand_still(cpu, seconds, out)
            os._exit(0)
        os.close(out)
    found = []
    for pid, (end, _) in zip(pids, ends):
        with os.fdopen(end, encoding="ascii") as f:
            found.append(json.load(f))
        os.waitpid(pid, 0)
    return sorted(found[0] + found[1])


def ideal_p99(pauses, rate, cpu, seconds):
    """In seconds: one server, CPU for each, evenly coming, and the pauses."""
    waits, free, i = [], 0.0, 0
    for k in range(int(rate * seconds)):
        due = k / rate
        at, left = max(due, free), cpu
        while i < len(pauses) and pauses[i][0] < at + left:
            start, length = pauses[i]
            left -= max(0.0, start - at)
            at = max(at, start + length)
            i += 1
        free = at + left
        waits.append(free - due)
    return sorted(waits)[len(waits) * 99 // 100]


def tracer_of(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        for line in f:
            if line.startswith("TracerPid:"):
                return int(line.split()[1])
    return 0


class First:
    """Processes go before what this one starts, and both before all others."""

    def __init__(self, pids):
        self.pids = pids

    def set(self, how, own, theirs):
        os.sched_setscheduler(0, how, os.sched_param(own))
        for pid in self.pids:
            os.sched_setscheduler(pid, how, os.sched_param(theirs))

    def __enter__(self):
        self.set(os.SCHED_RR, 1, 2)

    def __exit__(self, *_):
        self.set(os.SCHED_OTHER, 0, 0)


class Bench:
    def __init__(self, options):
        self.options = options
        self.server = Whole(cells=1, config="[limits]\nmax_connections = "
                            "256\nmax_per_source = 256")
        self.server.start()
        for p in self.server.processes():
            if p["cell"] != "admin" and p["role"] in ("front", "keeper",
                                                      "verify"):
                os.sched_setaffinity(p["pid"], {CELL})
        anything = policy()
        anything["all"] = [{"claim": "isv_svn", "ge": 0}]
        self.server.put_secret(SECRET, os.urandom(64),
                               self.server.add_policy(anything))

    def program(self, name):
        return os.path.join(self.server.build, "bench", name)

    def limit(self):
        return json.loads(subprocess.check_output(
            ["taskset", "-c", str(CELL), self.program("release_limit")]))

    def run(self, form, clients, seconds, rate=None):
        """Releases, latencies, and CPU microseconds per release by role."""
        processes = [(p["role"], p["pid"]) for p in self.server.processes()
                     if p["cell"] != "admin"]
        before = {pid: cpu_ns(pid) for _, pid in processes}
        command = ["taskset", "-c", str(CLIENT),
                   self.program("release_client"),
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

    def slow_sync(self):
        """Makes every fdatasync of scribe longer until it is ended."""
        scribe = self.server.processes("scribe")[0]["pid"]
        tracer = subprocess.Popen(
            ["strace", "-qq", "-p", str(scribe), "-o", "/dev/null", "-e",
             "trace=fdatasync", "-e",
             "inject=fdatasync:delay_exit=%d" % DELAY_US])
        end = time.monotonic() + 10
        while tracer_of(scribe) != tracer.pid:
            if tracer.poll() is not None or time.monotonic() > end:
                tracer.kill()
                raise SystemExit("strace does not trace scribe")
            time.sleep(0.01)
        return tracer

    def delayed(self):
        """The rates of 64 clients without and with the delay, and the ratio of
        the two: the medians."""
        rows = []
        for _ in range(self.options.rounds):
            fast = self.run("plain", 64, self.options.seconds)
            tracer = self.slow_sync()
            try:
                slow = self.run("plain", 64, self.options.seconds)
            finally:
                tracer.terminate()
                tracer.wait()
            rows.append((fast["per_second"], slow["per_second"],
                         slow["per_second"] / fast["per_second"],
                         fast["failed"] + slow["failed"]))
        columns = list(zip(*rows))
        return {"per_second": statistics.median(columns[0]),
                "delayed_per_second": statistics.median(columns[1]),
                "ratio": statistics.median(columns[2]),
                "failed": sum(columns[3])}

    def half_usual(self, rate):
        """At this rate, behind a look at the pauses of the machine."""
        pauses = stills(self.options.seconds)
        x = self.run("plain", 16, self.options.seconds, rate)
        x["longest_still_us"] = 1e6 * max((p[1] for p in pauses), default=0)
        x["ideal_p99_us"] = 1e6 * ideal_p99(
            pauses, rate, x["cpu_us"] / 1e6, self.options.seconds)
        return x

    def half(self, rate):
        """As all processes are, and before all others; None without root."""
        usual, first = [], []
        pids = [p["pid"] for p in self.server.processes()]
        for _ in range(self.options.rounds):
            usual.append(self.half_usual(rate))
            if os.geteuid() == 0:
                with First(pids):
                    first.append(self.run("plain", 16, self.options.seconds,
                                          rate))
        return self.middle(usual), self.middle(first) if first else None

    @staticmethod
    def middle(rows):
        rows.sort(key=lambda x: x["p99_us"])
        middle = rows[len(rows) // 2]
        for name in ("longest_still_us", "ideal_p99_us"):
            if name in middle:
                middle[name] = statistics.median(x[name] for x in rows)
        return middle

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
    if "ideal_p99_us" in x:
        print("    the machine stands still %.1f ms at the longest: p99 of one "
              "ideal server %.2f ms" % (x["longest_still_us"] / 1000,
                                        x["ideal_p99_us"] / 1000))


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
        usual, first = bench.half(half)
        done["half load, plain"] = usual
        if first:
            done["half load, first"] = first
        if os.geteuid() == 0 and shutil.which("strace"):
            delayed = bench.delayed()
        else:
            delayed = None
        if options.json:
            print(json.dumps(dict(done, delayed=delayed), indent=1))
            return
        for name, x in done.items():
            show(name, x)
        if delayed is None:
            print("no delayed syncs: that needs root and strace")
        else:
            print("64 clients, plain: %.0f/s, %.0f/s with fdatasync %g ms "
                  "longer: ratio %.2f  failed %d" % (
                      delayed["per_second"], delayed["delayed_per_second"],
                      DELAY_US / 1000, delayed["ratio"], delayed["failed"]))
    finally:
        bench.server.remove()


main()
