"""The front's HTTP: what is refused, what is cut, and how it ends."""
import os
import re
import socket
import ssl
import threading
import time

from front_rig import (Front, FrontTest, is_closed, main, read_answer, request,
                       wait_until)

HOST = b"Host: kbs.example\r\n"


class Strictness(FrontTest):
    """Each head that two programs could read differently: 400, then closed."""

    BAD = {
        "two lengths": b"POST /kbs/v0/auth HTTP/1.1\r\n" + HOST +
        b"Content-Length: 0\r\nContent-Length: 4\r\n\r\n",
        "two hosts": b"GET /healthz HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
        "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
        "transfer encoding": b"POST /kbs/v0/auth HTTP/1.1\r\n" + HOST +
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "both framings": b"POST /kbs/v0/auth HTTP/1.1\r\n" + HOST +
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "control byte": b"GET /healthz HTTP/1.1\r\n" + HOST +
        b"X: a\x01b\r\n\r\n",
        "NUL": b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n",
        "folded line": b"GET /healthz HTTP/1.1\r\n" + HOST +
        b"X: a\r\n b\r\n\r\n",
        "bare line feed": b"GET /healthz HTTP/1.1\n" + HOST + b"\n",
        "space before colon": b"GET /healthz HTTP/1.1\r\n" + HOST +
        b"X : a\r\n\r\n",
        "signed length": b"POST /kbs/v0/auth HTTP/1.1\r\n" + HOST +
        b"Content-Length: +4\r\n\r\nabcd",
        "absolute target": b"GET https://kbs.example/healthz HTTP/1.1\r\n" +
        HOST + b"\r\n",
        "authority target": b"CONNECT a:1 HTTP/1.1\r\n" + HOST + b"\r\n",
        "escaped path": b"GET /%68ealthz HTTP/1.1\r\n" + HOST + b"\r\n",
        "dot segment": b"GET /a/../healthz HTTP/1.1\r\n" + HOST + b"\r\n",
        "old version": b"GET /healthz HTTP/1.0\r\n" + HOST + b"\r\n",
        "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "TLS in TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n",
    }

    def test_bad_heads_are_answered_400_and_closed(self):
        for name, head in self.BAD.items():
            with self.subTest(name):
                s = self.front.connect()
                s.sendall(head)
                self.assert_refused(read_answer(s), 400, "malformed")
                self.assertTrue(is_closed(s))
                s.close()
        self.assert_alive()

    def test_nothing_after_a_bad_head_is_read(self):
        s = self.front.connect(local=True)
        s.sendall(self.BAD["two lengths"] + request("GET", "/healthz"))
        self.assert_refused(read_answer(s), 400, "malformed")
        self.assertIsNone(read_answer(s))

    def test_refused_heads_are_counted_by_reason_and_prefix(self):
        for _ in range(50):
            s = self.front.connect()
            s.sendall(self.BAD["no host"])
            read_answer(s)
            s.close()
        seen = lambda: [m for n, m in self.keeper.seen if n == "COUNT"]
        self.assertTrue(wait_until(lambda: sum(m["n"] for m in seen()) >= 50))
        time.sleep(1.2)  # and no more of them
        counts = seen()
        self.assertLess(len(counts), 10)
        self.assertEqual(sum(m["n"] for m in counts), 50)
        self.assertEqual({(m["reason"], m["prefix"]) for m in counts},
                         {("malformed", "127.0.0.0/24")})


class Sizes(FrontTest):
    def test_oversize_body_gets_413_though_it_is_still_sent(self):
        s = self.front.connect()
        s.sendall(b"POST /kbs/v0/auth HTTP/1.1\r\n" + HOST +
                  b"Content-Type: application/json\r\n"
                  b"Content-Length: 500000\r\n\r\n")
        s.sendall(b"x" * 500000)
        self.assert_refused(read_answer(s), 413, "too_large")
        self.assertTrue(is_closed(s))

    def test_oversize_head_is_refused(self):
        s = self.front.connect(local=True)
        s.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST)
        s.sendall(b"X: " + b"a" * 40000 + b"\r\n\r\n")
        self.assert_refused(read_answer(s), 413, "too_large")
        self.assertTrue(is_closed(s))

    def test_configured_maximum_is_over_every_cap(self):
        front = Front(max_body=100)
        self.addCleanup(front.close)
        answer = front.ask("POST", "/kbs/v0/auth", "x" * 101)
        self.assert_refused(answer, 413, "too_large")

    def test_clients_that_ask_first_are_told_to_go_on(self):
        s = self.front.connect()
        s.sendall(b"POST /kbs/v0/auth HTTP/1.1\r\n" + HOST +
                  b"Content-Type: application/json\r\n"
                  b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        self.assertEqual(s.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
        s.sendall(b"{}")
        self.assert_refused(read_answer(s), 400, "malformed")

    def test_clients_that_ask_first_are_spared_a_body_too_large(self):
        s = self.front.connect()
        s.sendall(b"POST /kbs/v0/auth HTTP/1.1\r\n" + HOST +
                  b"Content-Type: application/json\r\n"
                  b"Expect: 100-continue\r\nContent-Length: 99999\r\n\r\n")
        self.assert_refused(read_answer(s), 413, "too_large")


class Routes(FrontTest):
    def test_unknown_paths_methods_and_types(self):
        for options in ({}, {"local": True}):
            self.assert_refused(
                self.ask("GET", "/none", **options), 404, "not_found")
            answer = self.ask("PUT", "/kbs/v0/auth", **options)
            self.assert_refused(answer, 405, "method_not_allowed")
            self.assertEqual(answer.fields["allow"], "POST")
            self.assert_refused(self.ask(
                "POST", "/kbs/v0/auth", "{}",
                ["Content-Type: text/plain"], **options), 415, "media_type")
            self.assert_refused(self.ask(
                "PATCH", "/healthz", **options), 405, "method_not_allowed")

    def test_admin_calls_are_not_on_the_public_listener(self):
        for method, path in (("POST", "/kbs/v0/resource/a/b/c"),
                             ("DELETE", "/kbs/v0/resource/a/b/c"),
                             ("POST", "/kbs/v0/resource-policy"),
                             ("GET", "/metrics")):
            self.assert_refused(
                self.ask(method, path), 404, "not_on_this_listener")
        self.assertEqual(
            [n for n, _ in self.keeper.seen if n != "COUNT"], [])

    def test_errors_have_the_form_of_their_door(self):
        self.assertEqual(
            set(self.ask("GET", "/kbs/v0/none").json()), {"type", "detail"})
        self.assertEqual(set(self.ask("GET", "/admin/v1/none").json()),
                         {"reason", "detail", "request"})
        answer = self.ask("GET", "/kbs/v1/none")
        self.assertEqual(answer.fields["content-type"], "text/plain")
        self.assertEqual(answer.body.count(b"\n"), 0)


class KeepAlive(FrontTest):
    def test_one_connection_serves_many_requests(self):
        for local in (False, True):
            s = self.front.connect(local=local)
            ids = {self.ask("GET", "/healthz", stream=s)
                   .fields["warder-request"] for _ in range(20)}
            self.assertEqual(len(ids), 20)
            s.close()

    def test_pipelined_requests_are_answered_in_order(self):
        self.keeper.answers["HEALTH"] = {"initialized": True}
        s = self.front.connect(local=True)
        s.sendall(request("GET", "/readyz") + request("GET", "/healthz") +
                  request("GET", "/readyz"))
        data = b""
        while data.count(b"HTTP/1.1 ") < 3:
            data += s.recv(65536)
        statuses = [part.split(b" ")[0] for part in data.split(b"HTTP/1.1 ")]
        self.assertEqual(statuses[1:], [b"503", b"200", b"503"])

    def pipeline(self, s, n):
        """Sends N requests, reads nothing for a moment, then all answers."""
        sender = threading.Thread(
            target=s.sendall, args=(request("GET", "/healthz") * n,))
        sender.start()
        time.sleep(0.3)
        data, got = b"", 0
        while got < n:
            piece = s.recv(65536)
            self.assertTrue(piece)
            data += piece
            got = data.count(b"HTTP/1.1 200 ")
        sender.join(10)
        self.assertFalse(sender.is_alive())
        self.assertEqual(len(set(re.findall(b"Warder-Request: (.*)\r", data))), n)

    def test_a_client_that_reads_late_gets_every_answer(self):
        for local in (False, True):
            with self.subTest(local=local):
                self.pipeline(self.front.connect(local=local), 4000)

    def test_a_client_that_closes_its_side_gets_its_answer(self):
        self.keeper.answers["HEALTH"] = lambda m: time.sleep(0.3) or {}
        for local in (False, True):
            s = self.front.connect(local=local)
            s.sendall(request("GET", "/readyz"))
            with socket.socket(fileno=os.dup(s.fileno())) as below:
                below.shutdown(socket.SHUT_WR)
            self.assertEqual(read_answer(s).status, 503)
            self.assertTrue(is_closed(s))

    def test_bytes_that_arrive_while_the_keeper_works_do_no_harm(self):
        self.keeper.answers["HEALTH"] = lambda m: time.sleep(0.5) or {}
        s = self.front.connect()
        s.sendall(request("GET", "/readyz"))
        time.sleep(0.1)
        s.sendall(b"GET /healthz HT")
        self.assertEqual(read_answer(s).status, 503)
        s.sendall(b"TP/1.1\r\n" + HOST + b"\r\n")
        self.assertEqual(read_answer(s).status, 200)

    def test_close_is_honoured(self):
        s = self.front.connect()
        s.sendall(request("GET", "/healthz", fields=["Connection: close"]))
        answer = read_answer(s)
        self.assertEqual(answer.fields["connection"], "close")
        self.assertTrue(is_closed(s))


    def test_what_comes_behind_the_last_body_is_thrown_away(self):
        for local in (False, True):
            s = self.front.connect(local=local)
            s.sendall(request("POST", "/kbs/v0/attest", b"x" * 20000,
                              ["Content-Type: application/json",
                               "Connection: close"]) + b"y" * 50000)
            self.assertEqual(read_answer(s).status, 400)
            s.sendall(b"z" * 50000)
            self.assertTrue(is_closed(s))


class Deadlines(FrontTest):
    OPTIONS = {"deadline_ms": 1000, "idle_ms": 700}

    def cut_after(self, s, piece):
        start = time.monotonic()
        try:
            for _ in range(60):
                s.sendall(piece)
                time.sleep(0.1)
        except (OSError, ssl.SSLError):
            pass
        s.close()
        return time.monotonic() - start

    def test_a_slow_head_is_cut_in_time(self):
        for local in (False, True):
            s = self.front.connect(local=local)
            s.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: ")
            self.assertLess(self.cut_after(s, b"a"), 2.5)
        self.assert_alive()

    def test_a_slow_body_is_cut_in_time(self):
        s = self.front.connect()
        s.sendall(b"POST /kbs/v0/auth HTTP/1.1\r\n" + HOST +
                  b"Content-Type: application/json\r\n"
                  b"Content-Length: 1000\r\n\r\n")
        self.assertLess(self.cut_after(s, b"a"), 2.5)

    def test_a_handshake_that_does_not_come_is_cut(self):
        s = self.front.connect_plain()
        start = time.monotonic()
        self.assertTrue(is_closed(s))
        self.assertLess(time.monotonic() - start, 2.5)

    def test_an_idle_connection_is_closed(self):
        s = self.front.connect(local=True)
        self.assertEqual(self.ask("GET", "/healthz", stream=s).status, 200)
        start = time.monotonic()
        self.assertTrue(is_closed(s))
        self.assertLess(time.monotonic() - start, 2)

    def test_a_keeper_that_is_silent_costs_503_in_time(self):
        s = self.front.connect()
        start = time.monotonic()
        answer = self.ask("GET", "/readyz", stream=s)
        self.assert_refused(answer, 503, "unavailable")
        self.assertIn("retry-after", answer.fields)
        self.assertLess(time.monotonic() - start, 2)

    def test_a_late_reply_goes_to_nobody_else(self):
        held = []
        release = threading.Event()

        def slow(message):
            held.append(message)
            if len(held) == 1:
                release.wait(5)
                return {"initialized": True, "log_writable": True,
                        "verify_ready": True}
            return {}

        self.keeper.answers["HEALTH"] = slow
        s = self.front.connect(local=True)
        self.assertEqual(self.ask("GET", "/readyz", stream=s).status, 503)
        release.set()
        self.assertEqual(self.ask("GET", "/readyz", local=True).json(), {
            "initialized": False, "log_writable": False, "ready": False,
            "sealed": False, "verify_ready": False})


class Caps(FrontTest):
    OPTIONS = {"max_connections": 8, "max_per_source": 4, "idle_ms": 30000,
               "deadline_ms": 30000}

    def test_a_source_has_its_cap_and_others_still_get_in(self):
        kept = [self.front.connect() for _ in range(4)]
        s = self.front.connect_plain()
        self.assertTrue(is_closed(s))
        self.assertEqual(
            self.ask("GET", "/healthz", local=True).status, 200)
        counts = lambda: [m for n, m in self.keeper.seen if n == "COUNT"]
        self.assertTrue(wait_until(counts))
        self.assertEqual(counts()[0]["reason"], "rate_limited")
        kept.pop().close()
        self.assertTrue(wait_until(lambda: self.gets_in()))

    def gets_in(self):
        try:
            return self.ask("GET", "/healthz").status == 200
        except OSError:
            return False

    def fill(self, busy=False):
        """Eight connections, all there may be; BUSY: with half a request."""
        kept = []
        for _ in range(8):
            s = self.front.connect(local=True)
            self.assertEqual(
                self.ask("GET", "/healthz", stream=s).status, 200)
            if busy:
                s.sendall(b"GET ")
            kept.append(s)
        return kept

    def late(self):
        """One more, which has asked."""
        s = self.front.connect(local=True)
        s.sendall(request("GET", "/healthz"))
        return s

    def waits(self, s, seconds=0.5):
        s.settimeout(seconds)
        with self.assertRaises(TimeoutError):
            s.recv(1)
        s.settimeout(5)

    def test_beyond_the_cap_in_all_clients_wait_for_a_place(self):
        kept = self.fill(busy=True)
        late = self.late()
        self.waits(late, 1.5)
        kept.pop().close()
        self.assertEqual(read_answer(late).status, 200)

    def test_longest_idle_makes_room_at_the_cap(self):
        kept = self.fill()
        time.sleep(1.2)
        # the first has asked once more, so that the second is idle for longest
        self.assertEqual(
            self.ask("GET", "/healthz", stream=kept[0]).status, 200)
        self.assertEqual(read_answer(self.late()).status, 200)
        self.assertTrue(is_closed(kept[1]))
        for s in kept[:1] + kept[2:]:
            self.assertEqual(
                self.ask("GET", "/healthz", stream=s).status, 200)

    def test_whoever_is_busy_or_has_just_come_is_left_alone(self):
        kept = self.fill()
        late = self.late()
        self.waits(late, 0.1)
        for s in kept:
            s.sendall(b"GET ")
        self.waits(late, 1.5)
        for s in kept:
            s.sendall(b"/healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(read_answer(s).status, 200)
        self.assertEqual(read_answer(late).status, 200)

    def test_idle_connections_of_many_do_not_keep_others_out(self):
        for _ in range(3):
            self.fill()
            time.sleep(1.2)
        for _ in range(8):
            self.assertEqual(read_answer(self.late()).status, 200)
        self.assert_alive()


class KeeperAway(FrontTest):
    def test_a_keeper_that_dies_in_mid_request_costs_503(self):
        streams = [self.front.connect() for _ in range(5)]
        for s in streams:
            s.sendall(request("GET", "/readyz"))
        self.keeper.wait_for("HEALTH")
        self.keeper.channel.sock.shutdown(socket.SHUT_RDWR)
        for s in streams:
            self.assert_refused(read_answer(s), 503, "unavailable")
        self.assert_refused(self.ask("GET", "/readyz"), 503, "unavailable")
        self.front.attach()
        self.front.keeper.answers["HEALTH"] = {
            "initialized": True, "log_writable": True, "verify_ready": True}
        self.assertTrue(wait_until(
            lambda: self.ask("GET", "/readyz").status == 200))

    def test_a_keeper_that_breaks_the_rules_is_reported(self):
        self.keeper.channel.reply("CHALLENGE", 77, {"challenge": b"x"})
        name, _, _, message = self.front.control.receive()
        self.assertEqual((name, message["peer"]), ("BAD_PEER", 4))
        self.assert_alive()

    def test_a_client_that_goes_away_is_forgotten(self):
        release = threading.Event()
        self.keeper.answers["HEALTH"] = lambda m: release.wait(5) and {}
        for local in (False, True):
            s = self.front.connect(local=local)
            s.sendall(request("GET", "/readyz"))
            self.keeper.wait_for("HEALTH")
            s.close()
        time.sleep(0.2)
        release.set()
        self.assert_alive()


class Overload(FrontTest):
    OPTIONS = {"max_connections": 400, "max_per_source": 400,
               "deadline_ms": 20000}

    def test_at_most_256_requests_wait_for_the_keeper(self):
        streams = [self.front.connect(local=True) for _ in range(260)]
        for s in streams:
            s.sendall(request("GET", "/readyz"))
        answers = []
        for s in streams[-4:]:
            answers.append(read_answer(s))
        for answer in answers:
            self.assert_refused(answer, 503, "overloaded")
            self.assertIn("retry-after", answer.fields)
        for s in streams:
            s.close()
        self.assert_alive()


class Drain(FrontTest):
    def test_requests_under_way_are_finished_and_idle_ones_closed(self):
        release = threading.Event()
        self.keeper.answers["HEALTH"] = lambda m: release.wait(5) and {}
        idle = self.front.connect()
        self.assertEqual(self.ask("GET", "/healthz", stream=idle).status, 200)
        busy = self.front.connect()
        busy.sendall(request("GET", "/readyz"))
        self.keeper.wait_for("HEALTH")
        self.front.tell("DRAIN")
        self.assertTrue(is_closed(idle))
        idle.close()
        self.assertIsNone(self.front.process.poll())
        release.set()
        answer = read_answer(busy)
        self.assertEqual(answer.status, 503)
        self.assertEqual(answer.fields["connection"], "close")
        busy.close()
        self.assertEqual(self.front.process.wait(5), 0)

    def test_who_has_just_connected_may_ask(self):
        silent = self.front.connect()
        asking = self.front.connect()
        plain = self.front.connect_plain()  # not as far as TLS yet
        self.assert_alive()  # and with that all of them are accepted
        self.front.tell("DRAIN")
        time.sleep(0.2)
        asking.sendall(request("GET", "/healthz"))
        answer = read_answer(asking)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.fields["connection"], "close")
        late = self.front.context().wrap_socket(
            plain, server_hostname="kbs.example")
        self.assertEqual(
            self.ask("GET", "/healthz", stream=self.front.keep(late)).status,
            200)
        # Who says nothing is not waited for.
        self.assertTrue(is_closed(silent))
        for s in (silent, asking, late):
            s.close()
        self.assertEqual(self.front.process.wait(10), 0)

    def test_nothing_to_finish_means_to_leave_at_once(self):
        self.front.tell("DRAIN")
        self.assertEqual(self.front.process.wait(5), 0)


class Tls(FrontTest):
    def test_only_tls_1_3_by_default(self):
        context = self.front.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaises(ssl.SSLError):
            self.front.connect(context=context)

    def test_tls_1_2_by_switch(self):
        front = Front(tls12=True)
        self.addCleanup(front.close)
        context = front.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        s = front.connect(context=context)
        self.assertEqual(s.version(), "TLSv1.2")
        self.assertEqual(front.ask("GET", "/healthz", stream=s).status, 200)

    def test_a_session_is_resumed_once(self):
        context = self.front.context()

        def connect(session):
            s = self.front.connect(context=context, session=session)
            self.ask("GET", "/healthz", stream=s)
            return s

        first = connect(None)
        session = first.session
        first.close()
        time.sleep(0.2)
        second = connect(session)
        self.assertTrue(second.session_reused)
        second.close()
        third = connect(session)
        self.assertFalse(third.session_reused)

    def test_plain_http_on_the_tls_port_is_cut(self):
        s = self.front.connect_plain()
        s.sendall(request("GET", "/healthz"))
        self.assertTrue(is_closed(s))

    def test_other_protocols_by_alpn_are_refused(self):
        context = self.front.context()
        context.set_alpn_protocols(["h2"])
        with self.assertRaises(ssl.SSLError):
            self.front.connect(context=context)


if __name__ == "__main__":
    main()
