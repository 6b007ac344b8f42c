#!/usr/bin/python3
"""CPU time that one TLS 1.3 handshake costs nginx, with the key in a file and
with the key in the agent: of the worker and the agent together.

    bench/pkcs11/handshakes.py BUILD [rounds [seconds]]

A server releases the keys to an agent, as ever. One worker and the agent on CPU
0, clients (openssl s_time) on the others, all of them before whatever else runs
when started as root. The two ways take turns, and turns at being the first;
figures are medians of the rounds. Ratio: CPU time with a file, divided by that
through the module, each with its neighbour in time; with its quartiles, which lie
far apart where other work has cooled the caches.

Then the agent is killed and started again, five times: how long a handshake
takes to fail without it, and how long after its start they work again.
"""
import os
import re
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../../tests/lib"))

import agent_rig  # noqa: E402
import holder_rig  # noqa: E402
from whole import BUILD, MRENCLAVE, Whole, policy  # noqa: E402

holder_rig.MODULE = os.path.join(os.path.abspath(BUILD), "warder-pkcs11.so")
agent_rig.PROGRAM = os.path.join(BUILD, "warder-agent")
agent_rig.WARDER = os.path.join(BUILD, "warder")

from agent_rig import Agent  # noqa: E402
from holder_rig import Rig, is_root  # noqa: E402
from nginx_rig import WORKER, Nginx, uri  # noqa: E402

CLIENTS = 4
KILLS = 5
KINDS = {"RSA-2048": "rsa", "P-256": "p256"}


def cpu_ns(pid):
    """Time on a CPU, in nanoseconds."""
    with open("/proc/%d/schedstat" % pid, encoding="ascii") as f:
        return int(f.read().split()[0])


def go_first(pid, cpus):
    """What else runs here must not cool the caches."""
    os.sched_setaffinity(pid, cpus)
    if is_root():
        os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(1))


def load(port, seconds):
    """Handshakes that were made."""
    cpus = sorted(os.sched_getaffinity(0))
    cpus = cpus[1:] or cpus
    command = ["openssl", "s_time", "-new", "-tls1_3", "-time", str(seconds),
               "-connect", "127.0.0.1:%d" % port, "-www", "/"]
    clients = [subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={"PATH": os.environ["PATH"]},
        preexec_fn=lambda: go_first(0, cpus)) for _ in range(CLIENTS)]
    count = 0
    for c in clients:
        out = c.communicate(timeout=seconds + 30)[0].decode()
        count += int(re.search(r"(\d+) connections in \d+ real", out)[1])
    return count


def measure(nginx, label, pids, seconds):
    """Microseconds of CPU a handshake, by process, and the rate."""
    start = time.monotonic()
    begin = [cpu_ns(pid) for pid in pids]
    count = load(nginx.ports[label], seconds)
    return [(cpu_ns(pid) - b) / 1000 / count
            for pid, b in zip(pids, begin)], count / (time.monotonic() - start)


def start_agent(server, rig, key):
    """An agent that holds KEY, which the server has from an operator."""
    key_id = server.warder(
        "key", "import", "--file", rig.file("key.pem", key.pem), "--label",
        "KEY", "--policy", server.add_policy(policy(lease_seconds=3600)))["id"]
    use = WORKER if is_root() else str(os.getuid())
    agent = Agent(
        keys={"KEY": {"id": key_id, "see": "root", "use": use}},
        tee=server.path("swtee"), address="127.0.0.1:%d" % server.port,
        release_key=server.release_key)
    with open(server.ca, encoding="utf-8") as f:
        agent.write_ca(f.read())
    agent.swtee["mrenclave"] = MRENCLAVE
    agent.agent["socket"] = rig.socket
    agent.agent["log_level"] = "info"
    agent.write()
    agent.start()
    agent.wait_for("key_held")
    return agent


def quartiles(values):
    return (statistics.quantiles(values, n=4, method="inclusive")
            if len(values) > 1 else values * 3)


def take_turns(name, rig, agent, rounds, seconds):
    http = "ssl_ecdh_curve X25519; ssl_session_cache off; keepalive_timeout 0;"
    servers = {
        "file": Nginx(rig, {"KEY": os.path.join(rig.folder, "key.pem")}, http,
                      "204", engine=False, log_level="warn"),
        "module": Nginx(rig, {"KEY": uri("KEY")}, http, "204",
                        log_level="warn"),
    }
    pids = {"file": [servers["file"].worker],
            "module": [servers["module"].worker, agent.process.pid]}
    first = sorted(os.sched_getaffinity(0))[0]
    for pid in pids["file"] + pids["module"]:
        go_first(pid, {first})
    seen = {way: [] for way in servers}
    for i in range(rounds):
        for way in sorted(servers, reverse=i % 2 == 1):
            seen[way].append(measure(servers[way], "KEY", pids[way], seconds))
    each = {w: [sum(x[0]) for x in s] for w, s in seen.items()}
    cpu = {w: statistics.median(s) for w, s in each.items()}
    ratios = [f / m for f, m in zip(each["file"], each["module"])]
    low, ratio, high = quartiles(ratios)
    rate = {w: statistics.median(x[1] for x in s) for w, s in seen.items()}
    print("%-9s file %6.1f us (%5.0f/s)  module %6.1f us (%5.0f/s), of which "
          "the agent %5.1f  ratio %.3f (%.3f to %.3f)" % (
              name, cpu["file"], rate["file"], cpu["module"], rate["module"],
              statistics.median(x[0][1] for x in seen["module"]),
              ratio, low, high))
    sys.stdout.flush()


def handshake(port):
    """Seconds it took, and whether it came to its end."""
    start = time.monotonic()
    done = subprocess.run(
        ["openssl", "s_client", "-tls1_3", "-connect", "127.0.0.1:%d" % port],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=30)
    took = time.monotonic() - start
    return took, done.returncode == 0


def kill(name, rig, agent):
    """Without reload of nginx."""
    nginx = Nginx(rig, {"KEY": uri("KEY")}, "ssl_session_cache off;", "204",
                  log_level="crit")
    port = nginx.ports["KEY"]
    assert handshake(port)[1], nginx.errors()
    fail, back = [], []
    for _ in range(KILLS):
        agent.stop(signal.SIGKILL)
        took, worked = handshake(port)
        assert not worked
        fail.append(took)
        start = time.monotonic()
        agent.start(wait=False)
        while not handshake(port)[1]:
            assert time.monotonic() < start + 30, nginx.errors()
        back.append(time.monotonic() - start)
    print("%-9s killed: a handshake fails after %.2f s (at most %.2f), works "
          "%.2f s after the start (at most %.2f)" % (
              name, statistics.median(fail), max(fail),
              statistics.median(back), max(back)))
    sys.stdout.flush()


def bench(server, name, kind, rounds, seconds):
    rig = Rig()
    agent = None
    try:
        agent = start_agent(server, rig, rig.key(kind, "KEY"))
        take_turns(name, rig, agent, rounds, seconds)
        kill(name, rig, agent)
    finally:
        rig.stop()
        if agent:
            agent.close()


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    server = Whole()
    try:
        server.start()
        for name, kind in KINDS.items():
            bench(server, name, kind, rounds, seconds)
    finally:
        server.remove()


main()
