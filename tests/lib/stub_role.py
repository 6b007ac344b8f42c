"""A stand-in for every role: speaks the control protocol and notes what it is
told. What it does apart from that is in behaviour.json beside it, by the name
of its program. SIGUSR1 makes it say what `say` holds to the supervisor.

Started by warderd, so without arguments and environment; see supervisor_rig.
"""
import json
import os
import select
import signal
import socket
import sys
import time

FOLDER = os.path.dirname(os.path.abspath(sys.argv[0]))
NAME = os.path.basename(sys.argv[0])

from warder_rpc import CALLS, Channel, encode  # noqa: E402 (rig sets the path)


def behaviour():
    with open(os.path.join(FOLDER, "behaviour.json"), encoding="utf-8") as f:
        every = json.load(f)
    return {**every.get("*", {}), **every.get(NAME, {})}


class Stub:
    def __init__(self):
        self.opened = sorted(int(n) for n in os.listdir("/proc/self/fd"))[:-1]
        self.control = Channel(socket.socket(fileno=3))
        self.config, self.listeners, self.peers, self.given = {}, [], {}, []
        self.how = behaviour()
        self.leave_at = None

    def note(self, event, **more):
        line = json.dumps({
            "program": NAME, "pid": os.getpid(), "at": time.monotonic(),
            "cell": self.config.get("cell"), "event": event, **more})
        fd = os.open(os.path.join(FOLDER, "events"),
                     os.O_WRONLY | os.O_APPEND)
        # One that was killed here has left a piece without an end.
        os.write(fd, b"\n" + line.encode() + b"\n")
        os.close(fd)

    def receive(self):
        """One message of the supervisor; false: it is gone."""
        frame = self.control.receive()
        if frame is None:
            self.note("orphaned")
            return False
        name, _, _, message = frame
        getattr(self, "on_" + name.lower())(message)
        return True

    def on_config(self, message):
        for name in ("anchors", "snp_min_tcb", "ek_anchors", "backends"):
            message[name] = message[name].hex()
        self.config = message
        self.note("config", config=message, uid=os.getuid(), gid=os.getgid(),
                  groups=os.getgroups(), environment=dict(os.environ),
                  session=os.getsid(0) == os.getpid(), fds=self.opened,
                  cpus=sorted(os.sched_getaffinity(0)))

    def on_descriptor(self, message):
        fd = self.control.fds.pop(0)
        self.given.append([message["what"], message["admin"]])
        if message["what"] == 1:
            self.listeners.append(socket.socket(fileno=fd))

    def on_attach(self, message):
        fd = self.control.fds.pop(0)
        key = (message["peer"], message["cell"])
        if key in self.peers:
            self.peers[key].close()
        self.peers[key] = socket.socket(fileno=fd)
        self.note("attach", peer=message["peer"], peer_cell=message["cell"])
        # Says who it is, so that the other side can tell whom it has.
        try:
            self.peers[key].sendall(b"%d\n" % os.getpid())
        except (BrokenPipeError, ConnectionResetError):
            pass  # gone already: seen when it is read from

    def on_start(self, _):
        if "exit_at_start" in self.how:
            sys.exit(self.how["exit_at_start"])
        if "hang_at_start" in self.how:
            time.sleep(60)
        self.note("start", given=self.given)
        # Noted first: who waits for the supervisor to be ready then finds
        # the notes of every role.
        self.note("ready")
        self.control.tell("READY", {"missing": self.how.get("missing", "")})
        if "exit_after_ready" in self.how:
            sys.exit(self.how["exit_after_ready"])

    def on_drain(self, _):
        self.note("drain")
        for listener in self.listeners:
            listener.close()
        self.listeners = []
        if not self.how.get("ignore_drain"):
            self.leave_at = time.monotonic() + self.how.get("drain_for", 0)

    def on_procs(self, message):
        from warder_rpc import decode_list
        self.note("procs", procs=decode_list("proc_record", message["procs"]),
                  warnings=message["warnings"])

    def say(self, *_):
        name, message = behaviour()["say"]
        if name == "RAW":
            self.control.sock.sendall(bytes.fromhex(message))
        else:
            number, request, _ = CALLS[name]
            self.control.send_frame(number, 0, 1, encode(request, message))

    def hear(self, key):
        try:
            data = self.peers[key].recv(4096)
        except ConnectionResetError:
            data = b""
        if data:
            self.note("heard", peer=key[0], peer_cell=key[1],
                      text=data.decode())
        else:
            self.peers.pop(key).close()
            self.note("lost", peer=key[0], peer_cell=key[1])

    def turn(self):
        wait = 5 if self.leave_at is None else max(
            0, self.leave_at - time.monotonic())
        watched = [self.control.sock, *self.peers.values(), *self.listeners]
        ready = select.select(watched, [], [], wait)[0]
        if self.leave_at is not None and time.monotonic() >= self.leave_at:
            self.note("leaves")
            sys.exit(0)
        for key in [k for k, s in self.peers.items() if s in ready]:
            self.hear(key)
        for listener in [x for x in self.listeners if x in ready]:
            self.answer(listener)
        if self.control.sock in ready and not self.receive():
            return False
        # What came along with it is in no socket any more.
        while self.control.buffer:
            if not self.receive():
                return False
        return True

    def answer(self, listener):
        try:
            s, _ = listener.accept()
        except BlockingIOError:
            return  # another front was quicker
        s.sendall(b"%d\n" % os.getpid())
        s.close()


def main():
    stub = Stub()
    signal.signal(signal.SIGUSR1, stub.say)
    while stub.turn():
        pass


main()
