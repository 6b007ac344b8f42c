#!/usr/bin/env python3
"""What a store of a million keys costs: two servers, one with many keys and one
with few, are asked for keys by chance, in turn. Prints the ratio of the times of
a release at the median and at p99, then of everything else that looks at the
store: a start, status, lists, making a key, a backup, a check.

Keys are put into the stores by bench/fill_store, through the same code as an
administrator's call, while no server runs.

    bench/scale.py BUILD [--keys N] [--few N] [--kind KIND] [--rounds N]
                   [--seconds N] [--clients N] [--rate N] [--all] [--json]
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "lib"))
sys.argv, rest = [sys.argv[0], sys.argv[1]], sys.argv[2:]
from cell import Cell, ratios  # noqa: E402

TIMES = 9  # of what is quick


class Store:
    """A server with N keys."""

    def __init__(self, n, kind):
        self.n = n
        self.server = Cell()
        self.server.start()
        policy = self.server.any_policy()
        self.other = self.server.any_policy()
        self.last = self.server.warder(
            "key", "create", "--kind", kind, "--policy", self.other)["id"]
        self.server.stop()
        sample = self.server.path("sample")
        self.filled = json.loads(subprocess.check_output(
            [os.path.join(self.server.build, "bench", "fill_store"),
             self.server.path("state"), policy, str(n), kind, sample]))
        with open(sample, encoding="ascii") as f:
            ids = f.read().split()
        with open(sample, "w", encoding="ascii") as f:
            f.writelines("/kbs/v0/resource/default/key/%s\n" % i for i in ids)
        self.paths = "@" + sample
        self.ready_ms = self.server.ready_after_ms()
        self.server.stop()
        self.server.start()

    def megabytes(self):
        return os.path.getsize(self.server.path("state/store.db")) / 1e6

    def releases(self, options):
        return self.server.end(self.server.begin(
            self.paths, options.clients, options.seconds, options.rate))

    def took_ms(self, *words, times=TIMES, **kw):
        """The median time of a verb."""
        took = []
        for _ in range(times):
            begun = time.monotonic()
            self.server.warder(*words, **kw)
            took.append((time.monotonic() - begun) * 1000)
        return statistics.median(took)

    def verbs(self):
        """Milliseconds of each."""
        create = ("key", "create", "--kind", "aes-256")
        return {
            "start until ready": self.ready_ms,
            "status": self.took_ms("status"),
            "key list, a page": self.took_ms("key", "list", "--limit", "100"),
            "key list, a policy of one key": self.took_ms(
                "key", "list", "--policy", self.other),
            "key show": self.took_ms("key", "show", self.last),
            "key create": self.took_ms(*create),
        }

    def whole(self):
        """Seconds of what looks at every key."""
        out, file = {}, self.server.path("x.backup")

        def run(name, *words):
            begun = time.monotonic()
            done = subprocess.run(
                [self.server.program("warder"), *words, "--json"],
                stdout=subprocess.DEVNULL, timeout=3600)
            out[name] = time.monotonic() - begun
            out[name + ", status"] = done.returncode
        admin = ("--admin", self.server.socket, "--token-file",
                 self.server.token_file)
        run("key list", "key", "list", *admin)
        run("backup", "backup", file, *admin)
        run("backup verify", "backup", "verify", file, "--key-file",
            self.server.path("state/seal.key"))
        run("doctor", "doctor", "--config", self.server.path("warder.conf"))
        return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=int, default=1000000)
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--kind", default="ec-p256")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rate", type=float, default=300)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(rest)
    stores = []
    try:
        for n in (options.keys, options.few):
            stores.append(Store(n, options.kind))
        measure(options, *stores)
    finally:
        for s in stores:
            s.server.remove()


def measure(options, many, few):
    for s in (many, few):
        s.releases(options)  # warm
    rows = []
    for _ in range(options.rounds):
        a, b = many.releases(options), few.releases(options)
        rows.append({"many_p50_us": a["p50_us"], "few_p50_us": b["p50_us"],
                     "many_p99_us": a["p99_us"], "few_p99_us": b["p99_us"],
                     "failed": a["failed"] + b["failed"]})
    done = {
        "keys": many.n, "few": few.n, "rounds": rows,
        "filled_per_second": many.filled["per_second"],
        "p50_ratio": ratios(rows, "many_p50_us", "few_p50_us"),
        "p99_ratio": ratios(rows, "many_p99_us", "few_p99_us"),
        "failed": sum(r["failed"] for r in rows),
        "memory_kb": many.server.memory_kb(),
        "few_memory_kb": few.server.memory_kb(),
        "store_mb": many.megabytes(), "few_store_mb": few.megabytes(),
        "verbs_ms": many.verbs(), "few_verbs_ms": few.verbs(),
        "whole_s": many.whole() if options.all else None,
    }
    if options.json:
        print(json.dumps(done, indent=1))
        return
    middle = {k: statistics.median(r[k] for r in rows) / 1000
              for k in ("many_p50_us", "few_p50_us", "many_p99_us",
                        "few_p99_us")}
    print("%d keys against %d (put in at %.0f a second)" % (
        many.n, few.n, done["filled_per_second"]))
    print("  a release, median  ratio %.2f  %.2f ms against %.2f" % (
        done["p50_ratio"], middle["many_p50_us"], middle["few_p50_us"]))
    print("  a release, p99     ratio %.2f  %.2f ms against %.2f  failed %d"
          % (done["p99_ratio"], middle["many_p99_us"], middle["few_p99_us"],
             done["failed"]))
    print("  memory of all processes %.1f MB against %.1f; store.db %.0f MB "
          "against %.1f" % (done["memory_kb"] / 1000,
                            done["few_memory_kb"] / 1000, done["store_mb"],
                            done["few_store_mb"]))
    for name, ms in done["verbs_ms"].items():
        print("  %-30s %6.0f ms against %.0f" % (
            name, ms, done["few_verbs_ms"][name]))
    for name, value in (done["whole_s"] or {}).items():
        print("  %-30s %s" % (name, "%.1f s" % value
                              if isinstance(value, float) else value))


main()
