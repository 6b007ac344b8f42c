"""Messages between roles for tests: the tables of src/proto, read as they are.

Frames are u32 length of the body, u16 call, u16 flags, u32 request, all little
endian, then the body (src/sys/chan.h). Messages are dictionaries; a field that
is not given is zero or empty.
"""
import array
import os
import re
import socket
import struct

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
REPLY, WITH_FD = 1, 2

_NUMBERS = {"U8": "<B", "U16": "<H", "U32": "<I", "U64": "<Q", "I64": "<q"}
_SPANS = ("TEXT", "BYTES", "SECRET", "LIST")


def _rows(path, macro):
    with open(os.path.join(ROOT, "src", path), encoding="utf-8") as f:
        text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    return re.findall(macro, text)


def _messages():
    types = {"none": []}
    for name in _rows("proto/messages.def", r"WD_BEGIN\((\w+)\)"):
        types[name] = []
    for name, kind, field in _rows(
            "proto/messages.def", r"WD_F\((\w+), (\w+), (\w+), \d+\)"):
        types[name].append((field, kind))
    return types


MESSAGES = _messages()
CALLS = {name: (int(number), request, reply) for number, name, request, reply
         in _rows("proto/calls.def",
                  r"WD_CALL\((\d+), (\w+), [^,]+, [^,]+, (\w+), (\w+),")}
NAMES = {number: name for name, (number, _, _) in CALLS.items()}
REASONS = {name: int(number) for number, name in
           _rows("base/reason.def", r'WD_REASON\((\d+), \w+, "(\w+)"')}


def _field(kind, value):
    if kind in _NUMBERS:
        return struct.pack(_NUMBERS[kind], value or 0)
    if kind == "BOOL":
        return bytes([1 if value else 0])
    if kind == "FIX16":
        return value or bytes(16)
    if kind == "FIX32":
        return value or bytes(32)
    data = (value or b"")
    data = data.encode() if isinstance(data, str) else data
    if kind == "ID":
        return bytes([len(data)]) + data
    return struct.pack("<I", len(data)) + data


def encode(name, message):
    known = [field for field, _ in MESSAGES[name]]
    assert set(message) <= set(known), (name, message)
    return b"".join(
        _field(kind, message.get(field)) for field, kind in MESSAGES[name])


def encode_list(name, messages):
    records = [encode(name, m) for m in messages]
    return b"".join(struct.pack("<I", len(r)) + r for r in records)


def decode(name, body):
    at, message = 0, {}

    def take(n):
        nonlocal at
        assert at + n <= len(body), "short %s" % name
        at += n
        return body[at - n:at]

    for field, kind in MESSAGES[name]:
        if kind in _NUMBERS:
            form = _NUMBERS[kind]
            message[field] = struct.unpack(
                form, take(struct.calcsize(form)))[0]
        elif kind == "BOOL":
            message[field] = take(1) == b"\x01"
        elif kind in ("FIX16", "FIX32"):
            message[field] = take(int(kind[3:]))
        elif kind == "ID":
            message[field] = take(take(1)[0]).decode()
        else:
            data = take(struct.unpack("<I", take(4))[0])
            message[field] = data.decode() if kind == "TEXT" else data
    assert at == len(body), "long %s" % name
    return message


def decode_list(name, data):
    messages = []
    while data:
        length = struct.unpack("<I", data[:4])[0]
        messages.append(decode(name, data[4:4 + length]))
        data = data[4 + length:]
    return messages


def decode_reply(name, body):
    result = struct.unpack("<i", body[:4])[0]
    if result == 0:
        return dict(decode(CALLS[name][2], body[4:]), result=0)
    length = struct.unpack("<I", body[4:8])[0]
    assert len(body) == 8 + length, "long %s" % name
    return {"result": result, "detail": body[8:].decode()}


class Channel:
    """One end of a channel between two roles."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""
        self.fds = []

    def send_frame(self, call, flags, request, body, fd=None):
        head = struct.pack("<IHHI", len(body), call,
                           flags | (WITH_FD if fd is not None else 0), request)
        data = head + body
        if fd is None:
            self.sock.sendall(data)
            return
        sent = self.sock.sendmsg([data], [(
            socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
        if sent < len(data):  # even sending nothing fails at a closed end
            self.sock.sendall(data[sent:])

    def tell(self, name, message=None, fd=None):
        number, request, _ = CALLS[name]
        self.send_frame(number, 0, 1, encode(request, message or {}), fd)

    def reply(self, name, request, message):
        number, _, reply = CALLS[name]
        self.send_frame(number, REPLY, request,
                        struct.pack("<i", 0) + encode(reply, message))

    def refuse(self, name, request, result, detail=""):
        number = CALLS[name][0]
        if isinstance(result, str):
            result = REASONS[result]
        detail = detail.encode()
        self.send_frame(number, REPLY, request, struct.pack(
            "<iI", result, len(detail)) + detail)

    def _fill(self, n):
        while len(self.buffer) < n:
            data, fds, _, _ = socket.recv_fds(self.sock, 1 << 20, 16)
            self.fds += fds
            if not data:
                return False
            self.buffer += data
        return True

    def receive(self):
        """(name, flags, request, message), or None at the end.

        An answer's message has "result", on 0 also its fields, else "detail".
        """
        if not self._fill(12):
            return None
        length, call, flags, request = struct.unpack(
            "<IHHI", self.buffer[:12])
        if not self._fill(12 + length):
            return None
        body = self.buffer[12:12 + length]
        self.buffer = self.buffer[12 + length:]
        name = NAMES[call]
        if flags & REPLY:
            return name, flags, request, decode_reply(name, body)
        return name, flags, request, decode(CALLS[name][1], body)

    def close(self):
        self.sock.close()
