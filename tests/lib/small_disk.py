"""A test that needs a small disk of its own starts itself again in a mount
namespace, on 256 MiB of memory; where that is not allowed it stays outside.
"""
import os
import subprocess
import sys

INSIDE = "WARDER_TEST_DISK"
SECONDS = 20


def folder():
    """The small disk; None outside."""
    return os.environ.get(INSIDE)


def fill(leave=0):
    """Takes all room of the disk but LEAVE bytes: the file that has it."""
    path = os.path.join(folder(), "ballast")
    with open(path, "wb") as f:
        try:
            while True:
                f.write(bytes(1 << 18))
                f.flush()
        except OSError:
            pass
    os.truncate(path, max(0, os.path.getsize(path) - leave))
    return path


def go_inside():
    """Does not return when the test runs on a small disk instead."""
    if folder():
        return
    script = ('mkdir -p "$0" && mount -t tmpfs -o size=256m warder "$0" && '
              'shift 0 && exec "$@"')
    disk = "/tmp/warder-disk-%d" % os.getpid()
    try:
        probe = subprocess.run(
            ["unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=1m",
             "warder", "/tmp"], capture_output=True, timeout=SECONDS)
    except OSError:
        return
    if probe.returncode != 0:
        return
    status = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, disk, sys.executable] +
        sys.argv, env=dict(os.environ, **{INSIDE: disk})).returncode
    os.rmdir(disk)
    sys.exit(status)
