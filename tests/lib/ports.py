"""Ports for servers that tests start: none that the system gives to clients in
the meantime, and none that another test was given and still lives.
"""
import random
import socket

_taken = []  # marks, for as long as this process lives


def _range():
    """The ports below those of clients."""
    with open("/proc/sys/net/ipv4/ip_local_port_range",
              encoding="ascii") as f:
        below = int(f.read().split()[0])
    return max(1024, below - 12000), below


def _take(port):
    mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        mark.bind("\0warder-test-port-%d" % port)
        with socket.socket() as s:
            s.bind(("127.0.0.1", port))
    except OSError:
        mark.close()
        return False
    _taken.append(mark)
    return True


def free_port():
    first, end = _range()
    for port in random.sample(range(first, end), min(1000, end - first)):
        if _take(port):
            return port
    raise AssertionError("no port is free below %d" % end)
