/*
 * Streams over a pair of sockets: what the owner is told, in which order, and
 * that it may end the stream at any word.
 */
#include "lib/t.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "http/stream.h"

enum { BIG = 4 << 20 };

/* One stream and the other end of its socket. */
static struct {
	struct wd_loop *loop;
	struct wd_event *stop;
	struct wd_stream *stream;
	int peer;
	unsigned arrived, sent, ended;
	bool broken, free_at_once;
} f;

static void
stop(void *ctx)
{
	(void)ctx;
	wd_loop_stop(f.loop);
}

/* Lets the loop do all there is to do now. */
static void
turn(void)
{
	wd_event_after(f.stop, 20);
	wd_loop_run(f.loop);
}

static void
maybe_free(void)
{
	if (f.free_at_once)
		f.stream = wd_stream_free(f.stream);
}

static void
on_opened(void *ctx)
{
	(void)ctx;
	fail_msg("a plain stream was opened");
}

static void
on_arrived(void *ctx)
{
	assert_ptr_equal(ctx, &f);
	f.arrived++;
	maybe_free();
}

static void
on_sent(void *ctx)
{
	(void)ctx;
	f.sent++;
	maybe_free();
}

static void
on_ended(void *ctx, bool broken)
{
	(void)ctx;
	f.ended++;
	f.broken = broken;
	maybe_free();
}

static const struct wd_stream_ops ops = { on_opened, on_arrived, on_sent,
	on_ended };

static int
set_up(void **state)
{
	int fds[2];

	(void)state;
	f.arrived = f.sent = f.ended = 0;
	f.broken = f.free_at_once = false;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0)
		return -1;
	f.peer = fds[1];
	if (wd_loop_new(&f.loop, NULL) != 0 ||
	    wd_loop_timer(f.loop, stop, NULL, &f.stop) != 0)
		return -1;
	return wd_stream_open(f.loop, fds[0], NULL, &ops, &f, &f.stream);
}

static int
tear_down(void **state)
{
	(void)state;
	f.stream = wd_stream_free(f.stream);
	f.stop = wd_event_free(f.stop);
	f.loop = wd_loop_free(f.loop);
	if (f.peer >= 0)
		(void)close(f.peer);
	return 0;
}

static void
peer_sends(const char *text)
{
	struct wd_span s = wd_span_text(text);

	assert_int_equal(send(f.peer, s.p, s.len, MSG_NOSIGNAL), s.len);
}

static void
peer_goes(void)
{
	(void)close(f.peer);
	f.peer = -1;
}

/* Reads up to N bytes that are there; how many there were. */
static size_t
peer_reads(uint8_t *p, size_t n)
{
	size_t have = 0;
	ssize_t got = 1;

	while (got > 0 && have < n) {
		got = recv(f.peer, p + have, n - have, MSG_DONTWAIT);
		have += got > 0 ? (size_t)got : 0;
	}
	return have;
}

static void
nothing_is_read_before_it_is_wanted(void **state)
{
	(void)state;
	peer_sends("early");
	turn();
	assert_int_equal(f.arrived, 0);
	wd_stream_want(f.stream, 100);
	turn();
	assert_int_equal(f.arrived, 1);
	assert_true(wd_span_is(wd_stream_input(f.stream), "early"));
}

static void
no_more_is_read_than_is_wanted(void **state)
{
	(void)state;
	wd_stream_want(f.stream, 4);
	peer_sends("abcdefgh");
	turn();
	assert_true(wd_span_is(wd_stream_input(f.stream), "abcd"));
	wd_stream_take(f.stream, 3);
	wd_stream_want(f.stream, 4);
	turn();
	assert_true(wd_span_is(wd_stream_input(f.stream), "defg"));
	wd_stream_want(f.stream, 0);
	peer_sends("ijkl");
	turn();
	assert_true(wd_span_is(wd_stream_input(f.stream), "defg"));
	wd_stream_want(f.stream, 100);
	turn();
	assert_true(wd_span_is(wd_stream_input(f.stream), "defghijkl"));
}

static void
both_parts_are_written_at_once_and_told_later(void **state)
{
	uint8_t got[16];

	(void)state;
	t_ok(wd_stream_write(
	    f.stream, WD_SPAN_LIT("head "), WD_SPAN_LIT("body")));
	assert_int_equal(peer_reads(got, sizeof(got)), 9);
	assert_true(wd_span_is(wd_span(got, 9), "head body"));
	assert_int_equal(f.sent, 0);
	turn();
	assert_int_equal(f.sent, 1);
}

static void
what_the_socket_does_not_take_waits(void **state)
{
	uint8_t *big = wd_alloc(BIG), *got = wd_alloc(BIG);
	size_t have = 0;

	(void)state;
	assert_true(big != NULL && got != NULL);
	for (size_t i = 0; i < BIG; i++)
		big[i] = (uint8_t)(i * 31 >> 3);
	t_ok(wd_stream_write(
	    f.stream, wd_span(big, 100), wd_span(big + 100, BIG - 100)));
	turn();
	assert_int_equal(f.sent, 0);
	for (size_t i = 0; have < BIG && i < 1000; i++) {
		have += peer_reads(got + have, BIG - have);
		turn();
	}
	assert_int_equal(have, BIG);
	assert_memory_equal(got, big, BIG);
	assert_int_equal(f.sent, 1);
	big = wd_free(big);
	got = wd_free(got);
}

static void
the_end_comes_behind_the_last_bytes(void **state)
{
	(void)state;
	wd_stream_want(f.stream, 100);
	peer_sends("last");
	t_ok(shutdown(f.peer, SHUT_WR));
	turn();
	assert_int_equal(f.arrived, 1);
	assert_int_equal(f.ended, 1);
	assert_false(f.broken);
	/* The other way is still open. */
	t_ok(wd_stream_write(f.stream, WD_SPAN_LIT("x"), wd_span(NULL, 0)));
	turn();
	assert_int_equal(f.sent, 1);
	assert_int_equal(f.ended, 1);
}

static void
a_peer_that_is_gone_breaks_the_stream_once(void **state)
{
	(void)state;
	peer_goes();
	t_ok(wd_stream_write(f.stream, WD_SPAN_LIT("x"), wd_span(NULL, 0)));
	t_ok(wd_stream_write(f.stream, WD_SPAN_LIT("y"), wd_span(NULL, 0)));
	turn();
	assert_int_equal(f.sent, 0);
	assert_int_equal(f.ended, 1);
	assert_true(f.broken);
	turn();
	assert_int_equal(f.ended, 1);
}

static void
breaking_is_told_later_and_ends_both_ways(void **state)
{
	uint8_t got[8];

	(void)state;
	wd_stream_want(f.stream, 100);
	wd_stream_break(f.stream);
	assert_int_equal(f.ended, 0);
	turn();
	assert_int_equal(f.ended, 1);
	assert_true(f.broken);
	assert_int_equal(recv(f.peer, got, sizeof(got), 0), 0);
}

static void
a_half_closed_stream_still_reads(void **state)
{
	uint8_t got[8];

	(void)state;
	wd_stream_half_close(f.stream);
	assert_int_equal(recv(f.peer, got, sizeof(got), 0), 0);
	wd_stream_want(f.stream, 100);
	peer_sends("more");
	turn();
	assert_true(wd_span_is(wd_stream_input(f.stream), "more"));
}

/* With everything there is to tell at once. */
static void
the_owner_may_free_it_at_the_first_word(void **state)
{
	(void)state;
	f.free_at_once = true;
	wd_stream_want(f.stream, 100);
	t_ok(wd_stream_write(f.stream, WD_SPAN_LIT("x"), wd_span(NULL, 0)));
	peer_sends("last");
	t_ok(shutdown(f.peer, SHUT_WR));
	turn();
	assert_null(f.stream);
	assert_int_equal(f.arrived + f.sent + f.ended, 1);
}

static void
without_memory_nothing_is_written(void **state)
{
	uint8_t got[8];

	(void)state;
	(void)wd_alloc_fail_at(1);
	assert_int_equal(
	    wd_stream_write(f.stream, WD_SPAN_LIT("x"), WD_SPAN_LIT("y")),
	    WD_F_MEMORY);
	assert_true(wd_alloc_fail_at(0));
	turn();
	assert_int_equal(f.sent + f.ended, 0);
	assert_int_equal(peer_reads(got, sizeof(got)), 0);
}

static void
every_failed_allocation_at_the_start_is_a_fault(void **state)
{
	bool fired = true;

	(void)state;
	for (uint64_t k = 1; fired; k++) {
		struct wd_stream *s = NULL;
		int fds[2], r;

		t_ok(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
		(void)wd_alloc_fail_at(k);
		r = wd_stream_open(f.loop, fds[0], NULL, &ops, &f, &s);
		fired = wd_alloc_fail_at(0) != 0;
		assert_int_equal(r, fired ? WD_F_MEMORY : 0);
		assert_true((s != NULL) == (r == 0));
		s = wd_stream_free(s);
		assert_int_equal(fcntl(fds[0], F_GETFD), -1); /* closed */
		(void)close(fds[1]);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_read_before_it_is_wanted),
		TEST(no_more_is_read_than_is_wanted),
		TEST(both_parts_are_written_at_once_and_told_later),
		TEST(what_the_socket_does_not_take_waits),
		TEST(the_end_comes_behind_the_last_bytes),
		TEST(a_peer_that_is_gone_breaks_the_stream_once),
		TEST(breaking_is_told_later_and_ends_both_ways),
		TEST(a_half_closed_stream_still_reads),
		TEST(the_owner_may_free_it_at_the_first_word),
		TEST(without_memory_nothing_is_written),
		TEST(every_failed_allocation_at_the_start_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
