#!/usr/bin/env python3
"""What a running server takes: the proportional set size of all its processes
on two cells, unsealed, after releases and with connections open; and how long a
start takes until the server can release.

    bench/footprint.py BUILD [--releases N] [--connections N] [--keys N]
"""
import argparse
import os
import socket
import ssl
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "lib"))
sys.argv, rest = [sys.argv[0], sys.argv[1]], sys.argv[2:]
from whole import Whole, policy, wait_until  # noqa: E402

SECRET = "bench/footprint/secret"


def pss_kb(pid):
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as f:
        return sum(int(line.split()[1]) for line in f
                   if line.startswith("Pss:"))


def ready_after_ms(server):
    """From exec to the first 200 of /readyz, asked over and over."""
    context = ssl.create_default_context(cafile=server.ca)
    log = open(server.log, "ab")
    start = time.monotonic()
    server.process = subprocess.Popen(
        [server.program("warderd"), "--config", server.path("warder.conf")],
        stdout=log, stderr=log)
    while time.monotonic() - start < 20:
        try:
            with socket.create_connection(("127.0.0.1", server.port), 5) as s:
                tls = context.wrap_socket(s, server_hostname="localhost")
                tls.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n"
                            b"Connection: close\r\n\r\n")
                if b" 200 " in tls.recv(4096):
                    return (time.monotonic() - start) * 1000
        except (OSError, ssl.SSLError):
            pass
        time.sleep(0.001)
    raise AssertionError("not ready")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--releases", type=int, default=1000)
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--keys", type=int, default=1000)
    parser.add_argument("--starts", type=int, default=5)
    options = parser.parse_args(rest)
    server = Whole(cells=2)
    try:
        server.start()
        anything = policy()
        anything["all"] = [{"claim": "isv_svn", "ge": 0}]
        server.put_secret(SECRET, b"x", server.add_policy(anything))
        done = 0
        client = os.path.join(server.build, "bench", "release_client")
        while done < options.releases:
            out = subprocess.check_output(
                [client, "localhost", str(server.port), server.ca,
                 server.path("swtee"), "/kbs/v0/resource/" + SECRET, "native",
                 "8", "1"])
            done += int(out.split(b"\"releases\":")[1].split(b",")[0])
        context = ssl.create_default_context(cafile=server.ca)
        open_ones = [context.wrap_socket(
            socket.create_connection(("127.0.0.1", server.port), 5),
            server_hostname="localhost") for _ in range(options.connections)]
        sizes = [(p["role"], pss_kb(p["pid"])) for p in server.processes()]
        sizes.append(("supervisor", pss_kb(server.process.pid)))
        by_role = {}
        for role, kb in sizes:
            by_role.setdefault(role, []).append(kb)
        print("after %d releases, with %d connections open: %.1f MB" % (
            done, len(open_ones), sum(kb for _, kb in sizes) / 1000))
        for role, kb in sorted(by_role.items()):
            print("  %-12s %s kB" % (role, " ".join(map(str, kb))))
        for one in open_ones:
            one.close()
        for _ in range(options.keys):
            server.warder("key", "create", "--kind", "ec-p256")
        took = []
        for _ in range(options.starts):
            server.stop()
            took.append(ready_after_ms(server))
            wait_until(server.is_ready, "readiness")
        print("ready after a start with %d keys: %.0f ms (median of %d)" % (
            options.keys, statistics.median(took), len(took)))
    finally:
        server.remove()


main()
