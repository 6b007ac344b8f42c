/*
 * Frames over a socketpair: what passes, and how a peer can break it.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "base/wr.h"
#include "sys/chan.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair {
	struct wd_chan *a, *b;
};

static struct pair
new_pair(void)
{
	struct pair p = { NULL, NULL };
	int fds[2];

	t_ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	t_ok(wd_chan_open(fds[0], &p.a));
	t_ok(wd_chan_open(fds[1], &p.b));
	return p;
}

static void
done(struct pair *p)
{
	wd_chan_closep(&p->a);
	wd_chan_closep(&p->b);
}

/* A channel whose other end is a plain descriptor that may write anything. */
static struct wd_chan *
facing(int *ret_raw)
{
	struct wd_chan *c = NULL;
	int fds[2];

	t_ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	t_ok(wd_chan_open(fds[0], &c));
	*ret_raw = fds[1];
	return c;
}

static void
write_head(int raw, uint32_t len, uint16_t flags)
{
	uint8_t head[WD_FRAME_HEAD];
	struct wd_wr wr = wd_wr_fixed(head, sizeof(head));

	wd_wr_le32(&wr, len);
	wd_wr_le16(&wr, 7);
	wd_wr_le16(&wr, flags);
	wd_wr_le32(&wr, 9);
	t_ok(wd_wr_end(&wr));
	assert_int_equal(write(raw, head, sizeof(head)), sizeof(head));
}

/* Sends bytes with N copies of a descriptor. */
static void
write_with_fds(int raw, struct wd_span s, int fd, size_t n)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(4 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)s.p, s.len };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	uint8_t *at = CMSG_DATA(&control.head);

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(n * sizeof(int));
	for (size_t i = 0; i < n; i++)
		wd_copy(at + i * sizeof(int), wd_span(&fd, sizeof(fd)));
	assert_int_equal(sendmsg(raw, &m, 0), s.len);
}

static size_t
open_fds(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
frame_arrives_as_it_was_sent(void **state)
{
	struct pair p = new_pair();
	struct wd_frame f;

	(void)state;
	t_ok(
	    wd_chan_send(p.a, 4, WD_FRAME_REPLY, 77, WD_SPAN_LIT("hello"), -1));
	assert_int_equal(wd_chan_waiting(p.a), WD_FRAME_HEAD + 5);
	t_ok(wd_chan_flush(p.a));
	assert_int_equal(wd_chan_waiting(p.a), 0);
	assert_int_equal(wd_chan_next(p.b, &f), 0);
	t_ok(wd_chan_fill(p.b));
	assert_int_equal(wd_chan_next(p.b, &f), 1);
	assert_int_equal(f.call, 4);
	assert_int_equal(f.flags, WD_FRAME_REPLY);
	assert_int_equal(f.request, 77);
	assert_int_equal(f.fd, -1);
	t_span_equal(f.body, WD_SPAN_LIT("hello"));
	assert_int_equal(wd_chan_next(p.b, &f), 0);
	done(&p);
}

/* Without another read, which may be long in coming. */
static void
forgotten_frames_are_wiped_where_they_lay(void **state)
{
	static const uint8_t zeros[5];
	struct pair p = new_pair();
	struct wd_frame first, second;
	const uint8_t *at;

	(void)state;
	wd_chan_forget(p.b);
	t_ok(wd_chan_send(p.a, 1, 0, 1, WD_SPAN_LIT("a key"), -1));
	t_ok(wd_chan_send(p.a, 2, 0, 2, WD_SPAN_LIT("another"), -1));
	t_ok(wd_chan_flush(p.a));
	t_ok(wd_chan_fill(p.b));
	assert_int_equal(wd_chan_next(p.b, &first), 1);
	at = first.body.p;
	wd_chan_forget(p.b);
	t_span_equal(wd_span(at, 5), WD_SPAN(zeros));
	assert_int_equal(wd_chan_next(p.b, &second), 1);
	t_span_equal(second.body, WD_SPAN_LIT("another"));
	done(&p);
}

static void
many_frames_come_in_one_read(void **state)
{
	struct pair p = new_pair();
	struct wd_frame f;

	(void)state;
	for (uint32_t i = 0; i < 500; i++)
		t_ok(wd_chan_send(
		    p.a, 1, 0, i, wd_span(&i, i % 5 == 0 ? 0 : 4), -1));
	t_ok(wd_chan_flush(p.a));
	t_ok(wd_chan_fill(p.b));
	for (uint32_t i = 0; i < 500; i++) {
		assert_int_equal(wd_chan_next(p.b, &f), 1);
		assert_int_equal(f.request, i);
		t_span_equal(f.body, wd_span(&i, i % 5 == 0 ? 0 : 4));
	}
	assert_int_equal(wd_chan_next(p.b, &f), 0);
	done(&p);
}

static void
largest_frame_passes_in_many_reads(void **state)
{
	struct pair p = new_pair();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = wd_bytes_new(WD_FRAME_MAX);
	struct wd_frame f;
	int n = 0;

	(void)state;
	for (size_t i = 0; i < b->len; i++)
		b->p[i] = (uint8_t)(i * 31 >> 3);
	t_ok(wd_chan_send(p.a, 1, 0, 1, wd_bytes_span(b), -1));
	t_ok(wd_chan_send(p.a, 2, 0, 2, WD_SPAN_LIT("next"), -1));
	while (n == 0) {
		t_ok(wd_chan_flush(p.a));
		t_ok(wd_chan_fill(p.b));
		n = wd_chan_next(p.b, &f);
	}
	assert_int_equal(n, 1);
	t_span_equal(f.body, wd_bytes_span(b));
	t_ok(wd_chan_drain(p.a, 1000));
	t_ok(wd_chan_wait(p.b, 1000, &f));
	t_span_equal(f.body, WD_SPAN_LIT("next"));
	done(&p);
}

static void
over_large_body_is_not_sent(void **state)
{
	struct pair p = new_pair();
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *b = wd_bytes_new(WD_FRAME_MAX + 1);

	(void)state;
	assert_int_equal(
	    wd_chan_send(p.a, 1, 0, 1, wd_bytes_span(b), -1), WD_F_BUG);
	done(&p);
}

static void
body_is_written_where_it_is_sent_from(void **state)
{
	struct pair p = new_pair();
	struct wd_frame f;
	struct wd_wr wr;

	(void)state;
	t_ok(wd_chan_begin(p.a, 100, &wr)); /* less may follow */
	wd_wr_text(&wr, "hello");
	t_ok(wd_chan_end(p.a, 4, WD_FRAME_REPLY, 77, &wr, -1));
	t_ok(wd_chan_begin(p.a, 3, &wr));
	wd_wr_text(&wr, "four");
	assert_int_equal(wd_chan_end(p.a, 5, 0, 78, &wr, -1), WD_F_BUG);
	t_ok(wd_chan_send(p.a, 6, 0, 79, WD_SPAN_LIT("next"), -1));
	assert_int_equal(wd_chan_begin(p.a, WD_FRAME_MAX + 1, &wr), WD_F_BUG);
	t_ok(wd_chan_flush(p.a));
	t_ok(wd_chan_fill(p.b));
	assert_int_equal(wd_chan_next(p.b, &f), 1);
	assert_int_equal(f.call, 4);
	assert_int_equal(f.flags, WD_FRAME_REPLY);
	assert_int_equal(f.request, 77);
	t_span_equal(f.body, WD_SPAN_LIT("hello"));
	assert_int_equal(wd_chan_next(p.b, &f), 1);
	assert_int_equal(f.call, 6);
	t_span_equal(f.body, WD_SPAN_LIT("next"));
	assert_int_equal(wd_chan_next(p.b, &f), 0);
	done(&p);
}

static void
at_most_eight_mebibytes_wait(void **state)
{
	struct pair p = new_pair();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = wd_bytes_new(1 << 20);
	struct wd_span s = wd_bytes_span(b);
	int n = 0;

	(void)state;
	while (wd_chan_send(p.a, 1, 0, 1, s, -1) == 0)
		n++;
	assert_int_equal(n, 7); /* heads do not fit beside eight */
	assert_int_equal(wd_chan_send(p.a, 1, 0, 1, s, -1), WD_F_MEMORY);
	t_ok(wd_chan_send(p.a, 1, 0, 1, wd_span(b->p, 1000), -1));
	assert_true(wd_chan_waiting(p.a) <= 8 << 20);
	done(&p);
}

static void
unread_frames_stop_the_reader_not_the_process(void **state)
{
	struct pair p = new_pair();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = wd_bytes_new(1 << 19);
	struct wd_frame f;
	int n = 0;

	(void)state;
	for (int i = 0; i < 8; i++)
		t_ok(wd_chan_send(p.a, 1, 0, 1, wd_bytes_span(b), -1));
	for (int i = 0; i < 2000; i++) {
		t_ok(wd_chan_flush(p.a));
		t_ok(wd_chan_fill(p.b));
	}
	assert_true(wd_chan_waiting(p.a) > 0);
	while (n < 8) {
		if (wd_chan_next(p.b, &f) == 1) {
			n++;
			continue;
		}
		t_ok(wd_chan_flush(p.a));
		t_ok(wd_chan_fill(p.b));
	}
	done(&p);
}

static void
descriptor_rides_on_its_frame(void **state)
{
	struct pair p = new_pair();
	struct wd_frame f;
	int pipes[2];

	(void)state;
	t_ok(pipe(pipes));
	t_ok(wd_chan_send(p.a, 1, 0, 1, WD_SPAN_LIT("without"), -1));
	t_ok(wd_chan_send(p.a, 2, 0, 2, WD_SPAN_LIT("with"), pipes[1]));
	t_ok(wd_chan_send(p.a, 3, 0, 3, WD_SPAN_LIT("without"), -1));
	t_ok(wd_chan_send(p.a, 4, 0, 4, wd_span(NULL, 0), pipes[1]));
	t_ok(wd_chan_flush(p.a));
	for (uint32_t i = 1; i <= 4; i++) {
		t_ok(wd_chan_wait(p.b, 1000, &f));
		assert_int_equal(f.request, i);
		assert_int_equal(f.flags, i % 2 == 0 ? WD_FRAME_WITH_FD : 0);
		assert_int_equal(f.fd >= 0, i % 2 == 0);
		if (f.fd < 0)
			continue;
		assert_int_equal(fcntl(f.fd, F_GETFD), FD_CLOEXEC);
		assert_int_equal(write(f.fd, "x", 1), 1);
		close(f.fd);
	}
	close(pipes[0]);
	close(pipes[1]);
	done(&p);
}

static void
descriptors_not_taken_are_closed(void **state)
{
	size_t before = open_fds();
	struct pair p = new_pair();
	int pipes[2];

	(void)state;
	t_ok(pipe(pipes));
	t_ok(wd_chan_send(p.a, 1, 0, 1, WD_SPAN_LIT("sent"), pipes[0]));
	t_ok(wd_chan_flush(p.a));
	t_ok(wd_chan_fill(p.b));
	t_ok(wd_chan_send(p.a, 1, 0, 1, WD_SPAN_LIT("queued"), pipes[0]));
	close(pipes[0]);
	close(pipes[1]);
	done(&p);
	assert_int_equal(open_fds(), before);
}

static void
too_many_descriptors_in_the_queue_are_refused(void **state)
{
	struct pair p = new_pair();
	int n = 0;

	(void)state;
	while (wd_chan_send(p.a, 1, 0, 1, WD_SPAN_LIT("x"), 0) == 0)
		n++;
	assert_int_equal(n, 16);
	assert_int_equal(
	    wd_chan_send(p.a, 1, 0, 1, WD_SPAN_LIT("x"), 0), WD_F_MEMORY);
	done(&p);
}

static void
missing_descriptor_breaks_the_channel(void **state)
{
	struct wd_frame f;
	int raw;
	struct wd_chan *c = facing(&raw);

	(void)state;
	write_head(raw, 0, WD_FRAME_WITH_FD);
	t_ok(wd_chan_fill(c));
	assert_int_equal(wd_chan_next(c, &f), WD_F_PEER);
	assert_int_equal(wd_chan_next(c, &f), WD_F_PEER);
	assert_int_equal(wd_chan_fill(c), WD_F_PEER);
	wd_chan_closep(&c);
	close(raw);
}

static void
extra_descriptor_breaks_the_channel(void **state)
{
	static const uint8_t head[WD_FRAME_HEAD] = { 0, 0, 0, 0, 7 };
	struct wd_frame f;
	int raw;
	struct wd_chan *c = facing(&raw);

	(void)state;
	write_head(raw, 0, 0);
	write_with_fds(raw, WD_SPAN(head), 0, 1);
	t_ok(wd_chan_fill(c));
	t_ok(wd_chan_fill(c)); /* the kernel may end a read at a descriptor */
	assert_int_equal(wd_chan_next(c, &f), 1);
	assert_int_equal(wd_chan_next(c, &f), WD_F_PEER);
	wd_chan_closep(&c);
	close(raw);
}

static void
more_descriptors_than_one_break_the_channel(void **state)
{
	static const uint8_t head[WD_FRAME_HEAD] = { 0, 0, 0, 0, 7, 0,
		WD_FRAME_WITH_FD };
	size_t before = open_fds();
	struct wd_frame f;
	int raw;
	struct wd_chan *c = facing(&raw);

	(void)state;
	write_with_fds(raw, WD_SPAN(head), 0, 4);
	t_ok(wd_chan_fill(c));
	assert_int_equal(wd_chan_next(c, &f), WD_F_PEER);
	wd_chan_closep(&c);
	close(raw);
	assert_int_equal(open_fds(), before);
}

static void
descriptor_of_a_later_frame_is_not_taken_early(void **state)
{
	static const uint8_t head[WD_FRAME_HEAD] = { 0, 0, 0, 0, 7, 0,
		WD_FRAME_WITH_FD };
	struct wd_frame f;
	int raw;
	struct wd_chan *c = facing(&raw);

	(void)state;
	write_head(raw, 0, WD_FRAME_WITH_FD);
	t_ok(wd_chan_fill(c));
	write_with_fds(raw, WD_SPAN(head), 0, 1);
	t_ok(wd_chan_fill(c));
	assert_int_equal(wd_chan_next(c, &f), WD_F_PEER);
	wd_chan_closep(&c);
	close(raw);
}

static void
oversize_head_breaks_the_channel(void **state)
{
	struct wd_frame f;
	int raw;
	struct wd_chan *c = facing(&raw);

	(void)state;
	write_head(raw, WD_FRAME_MAX + 1, 0);
	t_ok(wd_chan_fill(c));
	assert_int_equal(wd_chan_next(c, &f), WD_F_PEER);
	wd_chan_closep(&c);
	close(raw);
}

static void
unknown_flag_breaks_the_channel(void **state)
{
	struct wd_frame f;

	(void)state;
	for (unsigned bit = 2; bit < 16; bit++) {
		int raw;
		struct wd_chan *c = facing(&raw);

		write_head(raw, 0, (uint16_t)(1u << bit));
		t_ok(wd_chan_fill(c));
		assert_int_equal(wd_chan_next(c, &f), WD_F_PEER);
		wd_chan_closep(&c);
		close(raw);
	}
}

static void
truncated_head_and_body_wait(void **state)
{
	static const uint8_t bytes[] = { 3, 0, 0, 0, 7, 0, 0, 0, 9, 0, 0, 0,
		'a', 'b', 'c' };
	struct wd_frame f;
	int raw;
	struct wd_chan *c = facing(&raw);

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		assert_int_equal(wd_chan_next(c, &f), 0);
		assert_int_equal(write(raw, bytes + i, 1), 1);
		t_ok(wd_chan_fill(c));
	}
	assert_int_equal(wd_chan_next(c, &f), 1);
	t_span_equal(f.body, WD_SPAN_LIT("abc"));
	wd_chan_closep(&c);
	close(raw);
}

static void
end_of_stream_is_told(void **state)
{
	struct wd_frame f;
	int raw;
	struct wd_chan *c = facing(&raw);

	(void)state;
	write_head(raw, 0, 0);
	assert_int_equal(write(raw, "\1\0", 2), 2); /* half a head more */
	close(raw);
	t_ok(wd_chan_fill(c));
	assert_int_equal(wd_chan_next(c, &f), 1);
	assert_int_equal(wd_chan_next(c, &f), 0);
	assert_int_equal(wd_chan_fill(c), WD_F_PEER);
	assert_int_equal(wd_chan_wait(c, 1000, &f), WD_F_PEER);
	wd_chan_closep(&c);
}

static void
sending_to_nobody_is_told(void **state)
{
	int raw;
	struct wd_chan *c = facing(&raw);

	(void)state;
	close(raw);
	t_ok(wd_chan_send(c, 1, 0, 1, WD_SPAN_LIT("x"), -1));
	assert_int_equal(wd_chan_flush(c), WD_F_PEER);
	assert_int_equal(wd_chan_drain(c, 100), WD_F_PEER);
	wd_chan_closep(&c);
}

static void
waiting_ends_at_the_deadline(void **state)
{
	struct pair p = new_pair();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = wd_bytes_new(1 << 20);
	struct wd_frame f;

	(void)state;
	assert_int_equal(wd_chan_wait(p.a, 10, &f), WD_F_TIMEOUT);
	for (int i = 0; i < 7; i++)
		t_ok(wd_chan_send(p.a, 1, 0, 1, wd_bytes_span(b), -1));
	assert_int_equal(wd_chan_drain(p.a, 10), WD_F_TIMEOUT);
	done(&p);
}

static void
only_stream_sockets_are_taken(void **state)
{
	struct wd_chan *c = NULL;
	size_t before = open_fds();
	int pipes[2];

	(void)state;
	t_ok(pipe(pipes));
	assert_int_equal(wd_chan_open(pipes[0], &c), WD_F_SYSTEM);
	assert_null(c);
	close(pipes[1]);
	assert_int_equal(open_fds(), before); /* it was taken all the same */
}

static void
no_memory_is_a_fault_and_nothing_leaks(void **state)
{
	struct wd_frame f;

	(void)state;
	for (uint64_t k = 1; k < 5; k++) {
		size_t before = open_fds();
		struct wd_chan *a = NULL;
		int fds[2];
		int r;

		t_ok(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
		(void)wd_alloc_fail_at(k);
		r = wd_chan_open(fds[0], &a);
		if (r == 0)
			r = wd_chan_send(a, 1, 0, 1, WD_SPAN_LIT("x"), -1);
		if (r == 0)
			r = wd_chan_fill(a);
		assert_int_equal(r, wd_alloc_fail_at(0) == 1 ? WD_F_MEMORY : 0);
		assert_true(a == NULL || wd_chan_next(a, &f) == 0);
		wd_chan_closep(&a);
		close(fds[1]);
		assert_int_equal(open_fds(), before);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frame_arrives_as_it_was_sent),
		cmocka_unit_test(forgotten_frames_are_wiped_where_they_lay),
		cmocka_unit_test(many_frames_come_in_one_read),
		cmocka_unit_test(largest_frame_passes_in_many_reads),
		cmocka_unit_test(over_large_body_is_not_sent),
		cmocka_unit_test(body_is_written_where_it_is_sent_from),
		cmocka_unit_test(at_most_eight_mebibytes_wait),
		cmocka_unit_test(unread_frames_stop_the_reader_not_the_process),
		cmocka_unit_test(descriptor_rides_on_its_frame),
		cmocka_unit_test(descriptors_not_taken_are_closed),
		cmocka_unit_test(too_many_descriptors_in_the_queue_are_refused),
		cmocka_unit_test(missing_descriptor_breaks_the_channel),
		cmocka_unit_test(extra_descriptor_breaks_the_channel),
		cmocka_unit_test(more_descriptors_than_one_break_the_channel),
		cmocka_unit_test(
		    descriptor_of_a_later_frame_is_not_taken_early),
		cmocka_unit_test(oversize_head_breaks_the_channel),
		cmocka_unit_test(unknown_flag_breaks_the_channel),
		cmocka_unit_test(truncated_head_and_body_wait),
		cmocka_unit_test(end_of_stream_is_told),
		cmocka_unit_test(sending_to_nobody_is_told),
		cmocka_unit_test(waiting_ends_at_the_deadline),
		cmocka_unit_test(only_stream_sockets_are_taken),
		cmocka_unit_test(no_memory_is_a_fault_and_nothing_leaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
