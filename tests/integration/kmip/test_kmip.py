#!/usr/bin/env python3
"""The KMIP client against PyKMIP, with each version: every operation, wrong
certificates, and servers that are down, die, hang, are slow or lie."""
import os
import signal
import socket
import ssl
import struct
import sys
import tempfile
import threading
import time
import unittest

import kmip_rig as rig

TOOL = sys.argv[1]
VERSIONS = ("1.2", "1.3", "1.4", "2.0")
SYMMETRIC, PUBLIC, PRIVATE, SECRET = 2, 3, 4, 7
AES, RSA, ECDSA, EC = 3, 4, 6, 0x1a
RAW, OPAQUE, PKCS1, PKCS8, SEC1 = 1, 2, 3, 4, 6
ENCRYPT, WRAP, EXPORT, SIGN = 0x0c, 0x30, 0x40, 1
PRE_ACTIVE, ACTIVE, DEACTIVATED, COMPROMISED = 1, 2, 3, 4


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.pki = rig.Pki(self.dir.name)

    def refused(self, reason, words, call, *args, **more):
        with self.assertRaises(rig.Refused) as caught:
            call(*args, **more)
        self.assertEqual(caught.exception.reason, reason,
                         caught.exception.words)
        self.assertIn(words, caught.exception.words)
        return caught.exception.words

    def client(self, port, ca=None, cert=None, **more):
        if cert is None:
            cert = self.pki.issue("alice")
        c = rig.Client(TOOL, port, ca or self.pki.ca, cert, **more)
        self.addCleanup(c.close)
        self.assertEqual(c.started, "ready")
        return c

    def server(self, **more):
        s = rig.Server(self.dir.name, self.pki, **more)
        self.addCleanup(s.close)
        return s


class Operations(Case):
    """Every operation, with every version."""

    def setUp(self):
        super().setUp()
        self.kmip = self.server().start()

    def for_each(self, what):
        for version in VERSIONS:
            with self.subTest(version=version):
                what(self.client(self.kmip.port, version=version), version)

    def test_keys_live_and_die(self):
        def life(c, version):
            name = "aes-" + version
            one = c.ask("create", 256, ENCRYPT, name)[0]
            kind, form, algorithm, bits, wrapped, key = c.ask("get", one)
            self.assertEqual(
                [kind, form, algorithm, bits, wrapped],
                [str(x) for x in (SYMMETRIC, RAW, AES, 256, 0)])
            self.assertEqual(len(key), 64)
            self.assertEqual(c.ask("locate", name), [one])
            self.assertEqual(c.ask("attributes", one),
                             [str(x) for x in (SYMMETRIC, AES, 256,
                                               PRE_ACTIVE)])
            c.ask("activate", one)
            self.assertEqual(c.ask("attributes", one)[3], str(ACTIVE))
            self.refused("permission_denied", "not pre-active", c.ask,
                         "activate", one)
            self.refused("permission_denied", "active", c.ask, "destroy", one)
            c.ask("revoke", one, 6)
            self.assertEqual(c.ask("attributes", one)[3], str(DEACTIVATED))
            c.ask("destroy", one)
            for op in ("get", "attributes", "destroy", "activate"):
                self.refused("not_found", "no such object", c.ask, op, one)
            self.refused("not_found", "nothing of that name", c.ask,
                         "locate", name)
        self.for_each(life)

    def test_a_compromised_key_says_so(self):
        def compromise(c, version):
            one = c.ask("create", 128, ENCRYPT, "gone-" + version)[0]
            c.ask("activate", one)
            c.ask("revoke", one, 2)
            self.assertEqual(c.ask("attributes", one)[3], str(COMPROMISED))
        self.for_each(compromise)

    def test_pairs_have_two_halves(self):
        def pair(c, version):
            private, public = c.ask("pair", RSA, 2048, 0, "rsa-" + version)
            got = c.ask("get", private)
            self.assertEqual(got[:4],
                             [str(x) for x in (PRIVATE, PKCS8, RSA, 2048)])
            self.assertTrue(got[5].startswith("30"))
            self.assertEqual(c.ask("get", public)[0], str(PUBLIC))
            self.assertEqual(c.ask("locate", "rsa-%s-public" % version),
                             [public])
        self.for_each(pair)

    def test_what_is_brought_comes_back(self):
        things = ((SYMMETRIC, AES, 256, RAW, ENCRYPT, 32),
                  (SYMMETRIC, AES, 128, RAW, ENCRYPT, 16),
                  (SECRET, 0, 0, OPAQUE, EXPORT, 1),
                  (SECRET, 0, 0, OPAQUE, EXPORT, 16384))

        def bring(c, version):
            for n, (kind, alg, bits, form, usage, size) in enumerate(things):
                data = os.urandom(size).hex()
                one = c.ask("register", kind, alg, bits, form, usage,
                            "own-%s-%d" % (version, n), data)[0]
                got = c.ask("get", one)
                self.assertEqual(got[0], str(kind))
                self.assertEqual(got[5], data)
        self.for_each(bring)

    def test_private_keys_come_back_as_they_were(self):
        from cryptography.hazmat.primitives import serialization as ser
        from cryptography.hazmat.primitives.asymmetric import ec, rsa
        key = rsa.generate_private_key(65537, 2048)
        curve = ec.generate_private_key(ec.SECP256R1())
        forms = {PKCS8: ser.PrivateFormat.PKCS8,
                 PKCS1: ser.PrivateFormat.TraditionalOpenSSL}
        things = [(RSA, 2048, form, key.private_bytes(
            ser.Encoding.DER, f, ser.NoEncryption()))
            for form, f in forms.items()]
        things += [(ECDSA, 256, PKCS8, curve.private_bytes(
            ser.Encoding.DER, forms[PKCS8], ser.NoEncryption()))]

        def bring(c, version):
            for n, (alg, bits, form, der) in enumerate(things):
                one = c.ask("register", PRIVATE, alg, bits, form, SIGN,
                            "der-%s-%d" % (version, n), der.hex())[0]
                got = c.ask("get", one)
                self.assertEqual(got[:4],
                                 [str(x) for x in (PRIVATE, form, alg, bits)])
                self.assertEqual(got[5], der.hex())
        self.for_each(bring)

    def test_keys_come_wrapped_under_ours(self):
        def wrap(c, version):
            kek = os.urandom(32).hex()
            kek_id = c.ask("register", SYMMETRIC, AES, 256, RAW, WRAP,
                           "kek-" + version, kek)[0]
            one = c.ask("create", 256, ENCRYPT, "in-" + version)[0]
            self.refused("permission_denied", "must be activated", c.ask,
                         "get", one, kek_id, kek, 0)
            c.ask("activate", kek_id)
            plain, wrapped = c.ask("get", one), c.ask("get", one, kek_id,
                                                      kek, 0)
            self.assertEqual((plain[4], wrapped[4]), ("0", "1"))
            self.assertEqual(plain[5], wrapped[5])
            self.refused("tampered", "not ours", c.ask, "get", one, kek_id,
                         os.urandom(32).hex(), 0)
            self.refused("not_found", "Wrapping key does not exist", c.ask,
                         "get", one, "99999", kek, 0)
            # what this server cannot do
            self.refused("unsupported", "wrap", c.ask, "get", one, kek_id,
                         kek, 1)
        self.for_each(wrap)

    def test_names_that_are_not_unique_are_refused(self):
        def twice(c, version):
            name = "twin-" + version
            first = c.ask("create", 256, ENCRYPT, name)[0]
            self.assertEqual(c.ask("locate", name), [first])
            c.ask("create", 256, ENCRYPT, name)
            self.refused("conflict", "more than one", c.ask, "locate", name)
        self.for_each(twice)

    def test_what_it_does_not_have_is_unsupported(self):
        def curve(c, version):
            self.refused("unsupported", "", c.ask, "pair", EC, 256, 7,
                         "ec-" + version)
            self.assertEqual(len(c.ask("create", 256, ENCRYPT,
                                       "after-" + version)), 1)
        self.for_each(curve)

    def test_the_best_version_is_agreed_on_and_told(self):
        answer = self.client(self.kmip.port).ask("hello")
        self.assertEqual(answer[0], "2.0")
        self.assertIn("PyKMIP", " ".join(answer[1:]))
        for version in VERSIONS:
            c = self.client(self.kmip.port, version=version)
            self.assertEqual(c.ask("hello")[0], version)

    def test_one_connection_serves_all(self):
        c = self.client(self.kmip.port)
        before = self.kmip.connections()
        for n in range(20):
            c.ask("create", 256, ENCRYPT, "many-%d" % n)
        self.assertEqual(self.kmip.connections(), before + 1)

    def test_keys_of_others_are_refused(self):
        one = self.client(self.kmip.port).ask("create", 256, ENCRYPT, "a")[0]
        bob = self.client(self.kmip.port, cert=self.pki.issue("bob"))
        self.refused("permission_denied", "", bob.ask, "get", one)


class Encoding(Case):
    """What PyKMIP's own encoder makes is read, and written the same."""

    def test_its_items_are_ours(self):
        from kmip.core import enums, primitives as p, utils
        tag = enums.Tags.DEFAULT
        many = [p.Integer(v, tag) for v in (0, 1, -1, 2 ** 31 - 1, -2 ** 31)]
        many += [p.LongInteger(v, tag) for v in (0, -1, 2 ** 63 - 1)]
        many += [p.BigInteger(v, tag)
                 for v in (0, -1, 2 ** 64 - 1, 2 ** 64, -2 ** 127)]
        many += [p.Enumeration(enums.ObjectType, v, tag)
                 for v in enums.ObjectType]
        many += [p.Boolean(v, tag) for v in (True, False)]
        many += [p.TextString("x" * n, tag) for n in range(9)]
        many += [p.ByteString(os.urandom(n), tag) for n in range(18)]
        many += [p.DateTime(v, tag) for v in (0, 1700000000)]
        many += [p.Interval(v, tag) for v in (0, 2 ** 32 - 1)]
        c = self.client(1)
        for one in many:
            with self.subTest(one=one):
                stream = utils.BytearrayStream()
                one.write(stream)
                self.same(c, message(stream.buffer))

    def test_its_messages_are_ours(self):
        from kmip.core import attributes, enums, objects
        from kmip.core.factories import attributes as factory
        from kmip.core.messages import payloads
        from kmip.core import utils
        make = factory.AttributeFactory().create_attribute
        names = [make(enums.AttributeType.NAME, attributes.Name.create(
            "n", enums.NameType.UNINTERPRETED_TEXT_STRING))]
        names.append(make(enums.AttributeType.CRYPTOGRAPHIC_LENGTH, 256))
        c = self.client(1)
        for version in (enums.KMIPVersion.KMIP_1_2, enums.KMIPVersion.KMIP_1_4):
            payload = payloads.CreateRequestPayload(
                enums.ObjectType.SYMMETRIC_KEY,
                objects.TemplateAttribute(attributes=names))
            stream = utils.BytearrayStream()
            payload.write(stream, kmip_version=version)
            self.same(c, bytes(stream.buffer))

    def same(self, c, data):
        self.assertEqual(c.ask("ttlv", data.hex()), [data.hex()])
        for n in (1, 8, len(data) - 1):
            self.refused("malformed", "", c.ask, "ttlv", data[:n].hex())


class Certificates(Case):
    def setUp(self):
        super().setUp()
        self.kmip = self.server().start()
        self.other = rig.Pki(self.dir.name, "other")

    def test_a_server_of_another_ca_is_not_trusted(self):
        c = self.client(self.kmip.port, ca=self.other.ca)
        words = self.refused("unavailable", "is not trusted", c.ask, "hello")
        self.assertIn("127.0.0.1 port %d" % self.kmip.port, words)

    def test_a_client_of_another_ca_is_refused(self):
        c = self.client(self.kmip.port, cert=self.other.issue("mallory"))
        self.refused("permission_denied", "refuses us", c.ask, "hello")

    def test_a_certificate_for_something_else_is_refused(self):
        c = self.client(self.kmip.port,
                        cert=self.pki.issue("eve", "server"))
        with self.assertRaises(rig.Refused) as caught:
            c.ask("create", 256, ENCRYPT, "k")
        self.assertEqual(caught.exception.reason, "permission_denied")

    def test_a_server_of_another_name_is_not_trusted(self):
        other = rig.Server(self.dir.name, self.pki, ("elsewhere",),
                           "elsewhere").start()
        self.addCleanup(other.close)
        for host, why in (("127.0.0.1", "IP address mismatch"),
                          ("localhost", "hostname mismatch")):
            c = self.client(other.port, host=host)
            self.refused("unavailable", why, c.ask, "hello")

    def test_a_name_is_looked_up_and_checked(self):
        c = self.client(self.kmip.port, host="localhost")
        self.assertEqual(c.ask("hello")[0], "2.0")

    def test_what_is_no_certificate_is_said_at_once(self):
        bad = os.path.join(self.dir.name, "bad.pem")
        for path in (bad, bad + ".key"):
            with open(path, "w", encoding="ascii") as f:
                f.write("nothing\n")
        c = rig.Client(TOOL, self.kmip.port, self.pki.ca, bad)
        self.addCleanup(c.close)
        self.assertIn("malformed", c.started)
        c = rig.Client(TOOL, self.kmip.port, bad, self.pki.issue("x"))
        self.addCleanup(c.close)
        self.assertIn("holds no PEM certificate", c.started)


class Faults(Case):
    def test_a_server_that_is_down_is_unavailable_until_it_is_up(self):
        kmip = self.server()
        c = self.client(kmip.port)
        self.refused("unavailable", "cannot be reached: Connection refused",
                     c.ask, "hello")
        kmip.start()
        self.assertEqual(c.ask("hello")[0], "2.0")

    def test_a_server_that_was_killed_comes_back(self):
        kmip = self.server().start()
        c = self.client(kmip.port)
        one = c.ask("create", 256, ENCRYPT, "k")[0]
        key = c.ask("get", one)[5]
        kmip.kill()
        self.refused("unavailable", "", c.ask, "get", one)
        kmip.start()
        # The connection of before is gone: that is no error any more.
        self.assertEqual(c.ask("get", one)[5], key)
        kmip.kill()
        kmip.start()
        self.assertEqual(c.ask("get", one)[5], key)
        c.ask("create", 256, ENCRYPT, "k2")

    def later(self, seconds, kmip, what):
        timer = threading.Timer(seconds, kmip.signal, [what])
        timer.start()
        self.addCleanup(timer.join)

    def test_a_server_that_is_killed_in_mid_request_is_unavailable(self):
        kmip = self.server().start()
        c = self.client(kmip.port)
        c.ask("hello")
        kmip.signal(signal.SIGSTOP)
        self.later(0.5, kmip, signal.SIGKILL)
        self.refused("unavailable", "", c.ask, "create", 256, ENCRYPT, "k")
        kmip.kill()
        kmip.start()
        # whether it was done is not known; and it was not asked for again
        self.refused("not_found", "", c.ask, "locate", "k")

    def test_a_server_that_stops_is_left_and_found_again(self):
        kmip = self.server().start()
        c = self.client(kmip.port)
        one = c.ask("create", 256, ENCRYPT, "k")[0]
        key = c.ask("get", one)[5]
        c.ask("deadline", 1000)
        kmip.signal(signal.SIGSTOP)
        self.refused("unavailable", "did not answer in time", c.ask, "get",
                     one)
        kmip.signal(signal.SIGCONT)
        c.ask("deadline", 20000)
        self.assertEqual(c.ask("get", one)[5], key)

    def test_a_server_that_is_slow_is_waited_for(self):
        kmip = self.server().start()
        c = self.client(kmip.port)
        one = c.ask("create", 256, ENCRYPT, "k")[0]
        kmip.signal(signal.SIGSTOP)
        self.later(1.5, kmip, signal.SIGCONT)
        self.assertEqual(c.ask("get", one)[0], str(SYMMETRIC))

    def test_a_name_that_is_none_is_unavailable(self):
        c = self.client(1, host="no.such.host.invalid")
        self.refused("unavailable", "is not found", c.ask, "hello",
                     seconds=60)


def message(*parts):
    body = b"".join(parts)
    return struct.pack(">II", 0x42007b01, len(body)) + body


class Liar:
    """A TLS server that takes one request a connection and does as told."""

    def __init__(self, pki, act, clients=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if clients is not None:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(clients)
        cert = pki.issue("liar", "server", ("127.0.0.1",))
        self.context.load_cert_chain(cert, cert + ".key")
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(30)
        self.port = self.socket.getsockname()[1]
        self.act, self.asked, self.over = act, [], threading.Event()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while not self.over.is_set():
            try:
                raw, _ = self.socket.accept()
            except OSError:
                return
            raw.settimeout(30)
            try:
                with self.context.wrap_socket(raw, server_side=True) as s:
                    self.take(s)
            except OSError:
                pass

    def take(self, s):
        head = s.recv(8)
        if len(head) == 8:
            left = struct.unpack(">I", head[4:])[0]
            while left > 0:
                data = s.recv(left)
                if not data:
                    return
                left -= len(data)
            self.asked.append(time.monotonic())
            self.act(self, s)

    def stop(self):
        self.over.set()
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(40)


class Lies(Case):
    """No KMIP server does these; anybody in its place may."""

    def liar(self, act, deadline=2000):
        liar = Liar(self.pki, act)
        self.addCleanup(liar.stop)
        c = self.client(liar.port, version="1.4")
        c.ask("deadline", deadline)
        return c, liar

    def test_a_socket_that_never_answers_is_left_in_time(self):
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        c = self.client(silent.getsockname()[1])
        c.ask("deadline", 1000)
        before = time.monotonic()
        self.refused("unavailable", "did not answer in time", c.ask, "hello")
        self.assertLess(time.monotonic() - before, 10)

    def test_a_server_that_hangs_is_left_in_time(self):
        c, _ = self.liar(lambda liar, s: liar.over.wait(20), 1000)
        before = time.monotonic()
        self.refused("unavailable", "did not answer in time", c.ask, "hello")
        self.assertLess(time.monotonic() - before, 10)

    def test_a_server_that_drips_is_left_in_time(self):
        def drip(liar, s):
            s.sendall(struct.pack(">II", 0x42007b01, 8000))
            while not liar.over.wait(0.1):
                s.sendall(b"B")
        c, _ = self.liar(drip, 1500)
        before = time.monotonic()
        self.refused("unavailable", "did not answer in time", c.ask, "hello")
        self.assertLess(time.monotonic() - before, 12)

    def test_a_length_beyond_the_cap_is_refused_unread(self):
        for length in (0xfffffff8, 0x7ffffff8, 131072):
            with self.subTest(length=length):
                c, _ = self.liar(lambda liar, s: s.sendall(
                    struct.pack(">II", 0x42007b01, length)))
                self.refused("backend_answer", "too large", c.ask, "hello")

    def test_what_is_no_kmip_is_refused(self):
        for words in (b"HTTP/1.1 400 Bad Request\r\n\r\n",
                      struct.pack(">II", 0x42007b01, 7) + b"1234567",
                      struct.pack(">II", 0x42007b02, 4) + bytes(8)):
            with self.subTest(words=words[:8]):
                c, _ = self.liar(lambda liar, s: s.sendall(words))
                self.refused("backend_answer", "no KMIP", c.ask, "hello")

    def test_a_refusal_after_the_handshake_is_told(self):
        # TLS 1.3 tells a client of it only when it reads
        other = rig.Pki(self.dir.name, "other")
        liar = Liar(self.pki, lambda liar, s: None, other.ca)
        self.addCleanup(liar.stop)
        self.refused("permission_denied", "refuses us",
                     self.client(liar.port).ask, "hello")

    def test_a_message_of_rubbish_is_malformed(self):
        c, _ = self.liar(lambda liar, s: s.sendall(message(os.urandom(64))))
        self.refused("backend_answer", "malformed", c.ask, "hello")

    def test_a_server_that_dies_in_mid_answer_is_unavailable(self):
        c, _ = self.liar(lambda liar, s: s.sendall(
            struct.pack(">II", 0x42007b01, 800) + bytes(100)))
        self.refused("unavailable", "closed the connection", c.ask, "hello")

    def test_a_change_is_never_asked_for_twice(self):
        def close(_, s):
            s.close()
        c, liar = self.liar(close)
        for _ in range(2):
            with self.assertRaises(rig.Refused):
                c.ask("destroy", "1")
        self.assertLessEqual(len(liar.asked), 4)  # Query, and no more


if __name__ == "__main__":
    if sys.argv[2:] != ["Lies"]:
        rig.skip_loudly("test_kmip.py")
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
