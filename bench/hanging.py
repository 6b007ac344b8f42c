#!/usr/bin/env python3
"""What a Vault that hangs costs those whose keys rest elsewhere: the p99 of
releases from our own store while others ask, without end, for keys of a Vault
that takes every connection and never answers.

Each round has three parts, with the same load of releases from our own store:
nothing else; beside it as many requests of others for keys of our own store,
too; and beside it those requests for the keys of the Vault that hangs. More of
them wait than may. The keys were made in a real Vault (scripts/openbao), whose
place is then taken by a process that says nothing.

    bench/hanging.py BUILD [--rounds N] [--seconds N] [--rate N] [--others N]
                     [--others-rate N] [--silent connect|request] [--json]
"""
import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "lib"))
sys.argv, rest = [sys.argv[0], sys.argv[1]], sys.argv[2:]
import openbao  # noqa: E402
from cell import Cell, ratios  # noqa: E402

SECRET = "bench/hanging/secret"

# Takes connections and, unless it is silent from the start, their handshakes.
SILENT = """
import select, socket, ssl, sys
port, silent, key, cert = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(cert, key)
server = socket.create_server(("127.0.0.1", port), backlog=256)
print("ready", flush=True)
kept, shaking = [], []
while True:
    ready, _, _ = select.select([server] + shaking, [], [], 0.2)
    for s in ready:
        if s is server:
            client, _ = s.accept()
            client.setblocking(False)
            if silent == "connect":
                kept.append(client)
            else:
                shaking.append(context.wrap_socket(
                    client, server_side=True, do_handshake_on_connect=False))
            continue
        try:
            s.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except OSError:
            s.close()
        else:
            kept.append(s)
        shaking.remove(s)
    while len(kept) > 512:
        kept.pop(0).close()
"""


class Bench:
    def __init__(self, options):
        self.options = options
        self.bao = openbao.OpenBao().init()
        self.silent = None
        self.server = Cell()
        try:
            self.make()
        except BaseException:
            self.close()
            raise

    def make(self):
        bao, server = self.bao, self.server
        bao.enable("keybroker", "kv", version="2")
        for name, text in (("vault.token", bao.make_token()),
                           ("vault.pem", bao.authority.pem)):
            with open(os.open(server.path(name), os.O_CREAT | os.O_WRONLY,
                              0o600), "w", encoding="ascii") as f:
                f.write(text)
        server.add_config("[backend vault]", "kind = vault",
                          "address = " + bao.address, "ca = vault.pem",
                          "secret = vault.token")
        server.start()
        policy = server.any_policy()
        server.put_secret(SECRET, os.urandom(64), policy)
        key = server.warder("key", "create", "--kind", "aes-256", "--policy",
                            policy, "--backend", "vault")["id"]
        self.ours = "/kbs/v0/resource/" + SECRET
        self.theirs = "/kbs/v0/resource/default/key/" + key
        if server.end(server.begin(self.theirs, 1, 0.5))["releases"] == 0:
            raise SystemExit("no release from the Vault")
        bao.kill()
        self.silent = subprocess.Popen(
            [sys.executable, "-c", SILENT, str(bao.port), self.options.silent,
             bao.path("tls.key"), bao.path("tls.crt")],
            stdout=subprocess.PIPE)
        if self.silent.stdout.readline() != b"ready\n":
            raise SystemExit("nothing takes the Vault's place")

    def close(self):
        if self.silent is not None:
            self.silent.kill()
            self.silent.wait()
        self.server.remove()
        self.bao.close()

    def run(self, others=None):
        """The p99 of releases from our own store, OTHERS beside it."""
        o = self.options
        beside = self.server.begin(others, o.others, o.seconds,
                                   o.others_rate) if others else None
        mine = self.server.end(self.server.begin(
            self.ours, o.clients, o.seconds, o.rate))
        mine["beside"] = self.server.end(beside) if beside else None
        return mine

    def round(self):
        alone, answered = self.run(), self.run(self.ours)
        hanging = self.run(self.theirs)
        failed = alone["failed"] + answered["failed"] + hanging["failed"]
        if hanging["beside"]["releases"]:
            raise SystemExit("the Vault did not hang")
        return {"alone_p99_us": alone["p99_us"],
                "answered_p99_us": answered["p99_us"],
                "hanging_p99_us": hanging["p99_us"],
                "alone_p50_us": alone["p50_us"],
                "hanging_p50_us": hanging["p50_us"],
                "releases": hanging["releases"], "failed": failed,
                "refused": hanging["beside"]["failed"]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--rate", type=float, default=300)
    parser.add_argument("--others", type=int, default=48)
    parser.add_argument("--others-rate", type=float, default=30)
    parser.add_argument("--silent", choices=("connect", "request"),
                        default="request")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(rest)
    openbao.program()  # or it is skipped, loudly
    bench = Bench(options)
    try:
        bench.run(bench.theirs)  # warm
        rows = []
        for n in range(options.rounds):
            rows.append(bench.round())
            if not options.json:
                print("round %d: p99 %5.2f ms alone, %5.2f with others, "
                      "%5.2f while they wait for a Vault that hangs (%d "
                      "refused): %.2f" % (
                          n + 1, rows[-1]["alone_p99_us"] / 1000,
                          rows[-1]["answered_p99_us"] / 1000,
                          rows[-1]["hanging_p99_us"] / 1000,
                          rows[-1]["refused"],
                          rows[-1]["hanging_p99_us"] /
                          rows[-1]["answered_p99_us"]), flush=True)
        done = {"rounds": rows,
                "ratio": ratios(rows, "hanging_p99_us", "answered_p99_us"),
                "ratio_alone": ratios(rows, "hanging_p99_us",
                                      "alone_p99_us"),
                "p50_ratio_alone": ratios(rows, "hanging_p50_us",
                                          "alone_p50_us"),
                "failed": sum(r["failed"] for r in rows)}
        if options.json:
            print(json.dumps(done, indent=1))
            return
        print("p99 while a Vault hangs, against others that are answered: "
              "%.2f; against none: %.2f (p50 %.2f); failed %d" % (
                  done["ratio"], done["ratio_alone"],
                  done["p50_ratio_alone"], done["failed"]))
    finally:
        bench.close()


main()
