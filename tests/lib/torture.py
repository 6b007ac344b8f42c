"""A command killed, or failed by the kernel, at one system call after the
other.
"""
import os
import subprocess


def can_trace():
    try:
        return subprocess.run(["strace", "-o", os.devnull, "true"],
                              capture_output=True, timeout=20).returncode == 0
    except OSError:
        return False


def names(folder):
    """What there is, temporary names included."""
    return sorted(os.path.relpath(os.path.join(path, name), folder)
                  for path, _, found in os.walk(folder) for name in found)


def hit(command, trace, call, what, nth, **more):
    """COMMAND with WHAT done to its NTH CALL: (hit, exit status, stderr)."""
    run = subprocess.run(
        ["strace", "-f", "-qq", "-o", trace, "-e", "trace=" + call, "-e",
         "inject=%s:%s:when=%d" % (call, what, nth)] + command,
        capture_output=True, timeout=60,
        env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"), **more)
    with open(trace, encoding="utf-8", errors="replace") as f:
        text = f.read()
    return ("INJECTED" in text or "killed by" in text, run.returncode,
            run.stderr.decode())


def each_hit(command, trace, calls, what, first, prepare, **more):
    """For each of CALLS (name -> step) the NTH from FIRST on: after PREPARE,
    what hit() says of it, and its name."""
    for call, step in calls.items():
        nth = first.get(call, 1)
        while True:
            prepare()
            was_hit, status, error = hit(
                command, trace, call, what, nth, **more)
            if not was_hit:
                break
            yield "%s %d" % (call, nth), status, error
            nth += step
