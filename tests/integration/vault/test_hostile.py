"""Answers that no Vault gives, by a server that has its certificate: each is
read as what it is or refused, within the deadline, and leaves nothing behind
that the next request would show or be answered by."""
import json
import os
import re
import socket
import ssl
import sys
import tempfile
import threading
import time
import unittest

import openbao
from vault_rig import Peer

PEER = sys.argv.pop(1)
DEADLINE_MS = 3000
LATE = DEADLINE_MS / 1000 + 3
TOKEN = "s." + os.urandom(12).hex()
ENTRY = json.dumps({"data": {"data": {"x": "1"}, "metadata": {"version": 1}}})


def answer(body=ENTRY, *fields, status="200 OK", length=None):
    """An answer as it goes over the wire."""
    head = ["HTTP/1.1 " + status, "Content-Type: application/json",
            "Content-Length: %d" % (len(body) if length is None else length)]
    return ("\r\n".join(head + list(fields)) + "\r\n\r\n" + body).encode()


SELF = answer(json.dumps({"data": {"ttl": 3600, "renewable": True}}))


class Hostile:
    """Answers look-ups of the token as a Vault does, and anything else by
    .say: bytes, or what gives pieces of them without end."""

    def __init__(self, authority, names=("localhost",)):
        key, cert = authority.make("vault", names=names)
        self.heads, self.say, self.ended = [], answer(), False
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile("w") as f:
            f.write(key + cert)
            f.flush()
            self.tls.load_cert_chain(f.name)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.port = self.socket.getsockname()[1]
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def _accept(self):
        while not self.ended:
            try:
                client, _ = self.socket.accept()
            except socket.timeout:
                continue
            client.settimeout(10)
            one = threading.Thread(target=self._serve, args=(client,))
            self.threads.append(one)
            one.start()

    def _serve(self, client):
        try:
            with self.tls.wrap_socket(client, server_side=True) as c:
                while not self.ended and self._one(c):
                    pass
        except OSError:
            pass  # it has left, which it may

    def _one(self, c):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            piece = c.recv(1)
            if not piece:
                return False
            head += piece
        text = head.decode()
        length = re.search(r"(?i)content-length: (\d+)", text)
        while length and len(head) < len(text) + int(length.group(1)):
            head += c.recv(4096)
        self.heads.append(text)
        if "lookup-self" in text:
            c.sendall(SELF)
            return True
        for piece in [self.say] if isinstance(self.say, bytes) else self.say:
            if self.ended:
                return False
            c.sendall(piece)
        return True

    def close(self):
        self.ended = True
        for one in self.threads:
            one.join(15)
        self.socket.close()


class Case(unittest.TestCase):
    def setUp(self):
        self.authority = openbao.Authority()
        self.server = self.another()
        self.peer = Peer(PEER, {"ca": self.authority.pem, "secret": TOKEN},
                         address="https://127.0.0.1:%d" % self.server.port,
                         method="token", deadline=DEADLINE_MS)
        self.addCleanup(self.peer.close)

    def another(self, **more):
        server = Hostile(self.authority, **more)
        self.addCleanup(server.close)
        return server

    def read(self):
        a = self.peer.ask("kv-read", "kv", 2, "a", 0)
        self.assertLess(a.seconds, LATE, a)
        return a

    def is_well(self):
        """The next request is answered by its own answer."""
        self.server.say = answer()
        a = self.read()
        self.assertEqual((a.result, a.output), ("ok", '1 {"x":"1"}'), a)

    def refused(self, result, say):
        self.server.say = say
        self.assertIn(self.read().result, (result,) if isinstance(result, str)
                      else result)
        self.is_well()


class Answers(Case):
    def test_cookies_are_not_kept(self):
        for i in range(5):
            self.server.say = answer(
                ENTRY, *["Set-Cookie: c%d-%d=%s; Path=/" % (i, j, "x" * 500)
                         for j in range(20)])
            self.assertEqual(self.read().result, "ok")
        self.assertNotIn("cookie:", "".join(self.server.heads).lower())

    def test_more_than_an_answer_may_be(self):
        big = answer("x", length=1 << 40)
        self.refused("too_large", (p for p in [big] + [b"x" * 65536] * 4096))

    def test_chunks_without_end(self):
        def forever():
            yield (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                yield b"2000\r\n" + b" " * 8192 + b"\r\n"
        self.refused("too_large", forever())

    def test_chunks_that_drip(self):
        def slowly():
            yield (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                time.sleep(0.1)
                yield b"1\r\n \r\n"
        self.refused("fault", slowly())

    def test_a_head_without_end(self):
        def forever():
            yield b"HTTP/1.1 200 OK\r\n"
            while True:
                yield b"X-More: " + b"x" * 1000 + b"\r\n"
        self.refused(("fault", "too_large"), forever())

    def test_interim_answers_without_end(self):
        def forever():
            while True:
                yield b"HTTP/1.1 103 Early Hints\r\nX: %s\r\n\r\n" % (b"x" * 99)
        self.refused(("fault", "too_large"), forever())

    def test_json_that_nests(self):
        for n in (100, 200000):
            self.refused("backend_answer", answer("[" * n + "]" * n))
            self.refused(("backend_answer", "too_large"),
                         answer('{"data":' * n + "1" + "}" * n))

    def test_members_without_end(self):
        many = ",".join('"a%d":1' % i for i in range(40000))
        self.refused(("backend_answer", "too_large"),
                     answer('{"data":{%s}}' % many))

    def test_two_lengths(self):
        """What follows is no answer to the next request."""
        other = answer(ENTRY.replace('"1"', '"2"'))
        self.server.say = answer(
            ENTRY, "Content-Length: %d" % (len(ENTRY) + len(other))) + other
        self.read()
        self.is_well()

    def test_an_answer_before_its_question(self):
        self.server.say = answer() + answer(ENTRY.replace('"1"', '"2"'))
        self.read()
        self.is_well()

    def test_no_http(self):
        self.refused("fault", b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        self.refused("fault", b"HTTP/9.9 200 OK\r\n\r\n")

    def test_numbers_that_are_none(self):
        for version in ("-1", "1e99", "4294967296", '"1"', "null", "1.5"):
            self.refused("backend_answer", answer(
                '{"data":{"data":{"x":"1"},"metadata":{"version":%s}}}'
                % version))

    def test_another_version_than_was_asked_for(self):
        a = self.peer.ask("kv-read", "kv", 2, "a", 7)
        self.assertEqual(a.result, "backend_answer", a)

    def test_an_error_that_is_none(self):
        for body in ('{"errors":[{"a":"b"}]}', '{"errors":"x"}', "[]", "",
                     '{"errors":["%s"]}' % ("\\u001b[31m" * 99),
                     '{"errors":[%s]}' % ",".join(['"x"'] * 9000)):
            self.server.say = answer(body, status="400 Bad Request")
            a = self.read()
            self.assertEqual(a.result, "malformed", a)
            self.assertNotIn("\033", a.detail)
            self.assertLess(len(a.detail), 300)


class Elsewhere(Case):
    """A redirection, which takes the token along."""

    def go(self, location):
        self.server.say = answer("", "Location: " + location,
                                 status="307 Temporary Redirect")
        return self.read()

    def test_without_tls(self):
        with socket.create_server(("127.0.0.1", 0)) as plain:
            plain.settimeout(0.2)
            a = self.go("http://127.0.0.1:%d/v1/kv/data/a" %
                        plain.getsockname()[1])
            self.assertEqual(a.result, "unavailable", a)
            with self.assertRaises(socket.timeout):
                plain.accept()

    def test_to_one_of_another_authority(self):
        self.authority = openbao.Authority("another CA")
        other = self.another()
        self.assertEqual(
            self.go("https://127.0.0.1:%d/" % other.port).result, "fault")
        self.assertEqual(other.heads, [])

    def test_to_a_name_that_is_not_in_the_certificate(self):
        other = self.another(names=("elsewhere.example",))
        self.assertEqual(
            self.go("https://localhost:%d/" % other.port).result, "fault")
        self.assertEqual(other.heads, [])

    def test_in_a_circle(self):
        other = self.another()
        for one, to in ((self.server, other), (other, self.server)):
            one.say = answer("", "Location: https://127.0.0.1:%d/" % to.port,
                             status="307 Temporary Redirect")
        self.assertEqual(self.read().result, "unavailable")
        self.assertLess(len(self.server.heads) + len(other.heads), 10)

    def test_where_nobody_can_be(self):
        for location in ("", "https://", "//127.0.0.1", "https://a@127.0.0.1/",
                         "https://127.0.0.1:0/", "https://127.0.0.1:99999/",
                         "https://" + "a" * 600, "file:///etc/passwd"):
            self.assertEqual(self.go(location).result, "unavailable", location)


if __name__ == "__main__":
    unittest.main()
