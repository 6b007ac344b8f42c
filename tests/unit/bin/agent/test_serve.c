/*
 * The local side: packets in, packets out, and what the kernel says of who
 * sent them.
 */
#include "t_hold.h"

#include "bin/agent/serve.h"
#include "lib/t_child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

static const struct wd_span hash = { (const uint8_t *)"0123456789abcdef"
						      "0123456789abcdef",
	32 };

struct fixture {
	char dir[32], path[64];
	struct wd_hold *hold;
	struct wd_serve *serve;
	struct t_release key;
	struct wd_serve_options options;
	struct wd_diag d;
};

/* The test's own user may use the key. */
static void
setup(struct fixture *f)
{
	int fd = -1;

	t_ok(wd_crypto_init(NULL));
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/serve-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->path, sizeof(f->path), "%s/sock", f->dir);
	f->hold = wd_hold_new();
	t_release_make(&f->key, WD_PKEY_P256);
	f->key.rights.use[0].id = getuid();
	t_ok(wd_hold_put(f->hold, &f->key.record, &f->d));
	wd_hold_set_ready(f->hold, true);
	f->options.label = "warder";
	f->options.serial = "0123456789abcdef";
	t_ok(wd_serve_listen(f->path, &fd, &f->d));
	t_ok(wd_serve_new(f->hold, fd, &f->options, &f->serve, &f->d));
}

static void
done(struct fixture *f)
{
	wd_serve_freep(&f->serve);
	wd_hold_freep(&f->hold);
	t_release_done(&f->key);
	(void)unlink(f->path);
	(void)rmdir(f->dir);
}

#define FIXTURE(f)                              \
	WD_AUTO(done) struct fixture f = { 0 }; \
	(void)state;                            \
	setup(&f)

/* Waits for TIMEOUT milliseconds with nothing of our own. */
static void
wait_for(struct fixture *f, int timeout_ms)
{
	t_ok(wd_serve_wait(f->serve, NULL, 0, timeout_ms, &f->d));
}

/* Accepted, heard, and one more. */
static void
turn(struct fixture *f)
{
	for (int i = 0; i < 3; i++)
		wait_for(f, 0);
}

static int
dial(const struct fixture *f)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	assert_true(wd_span_to_text(
	    wd_span_text(f->path), addr.sun_path, sizeof(addr.sun_path)));
	assert_int_equal(
	    connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void
send_packet(int fd, struct wd_span packet)
{
	assert_int_equal(
	    send(fd, packet.p, packet.len, MSG_NOSIGNAL), packet.len);
}

static void
start(struct wd_wr *wr, enum wd_holder_op op)
{
	const struct wd_holder_head head = {
		.version = WD_HOLDER_VERSION, .op = op, .request = 7
	};

	wd_holder_start(wr, &head);
}

static void
send_op(int fd, enum wd_holder_op op)
{
	uint8_t buf[64];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	start(&wr, op);
	if (op == WD_HOLDER_LIST)
		wd_holder_write_list_ask(&wr, 0);
	t_ok(wd_holder_finish(&wr));
	send_packet(fd, wd_wr_span(&wr));
}

static void
send_sign(int fd, const struct wd_id *id)
{
	const struct wd_holder_sign m = { .id = *id,
		.generation = 1,
		.mech = WD_HOLDER_ECDSA,
		.data = hash };
	uint8_t buf[256];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	start(&wr, WD_HOLDER_SIGN);
	wd_holder_write_sign(&wr, &m);
	t_ok(wd_holder_finish(&wr));
	send_packet(fd, wd_wr_span(&wr));
}

/* The status of the answer that waits; BODY views BUF. */
static unsigned
receive(int fd, uint8_t buf[WD_HOLDER_MAX], struct wd_span *body)
{
	struct wd_holder_head head;
	unsigned status;
	ssize_t n = recv(fd, buf, WD_HOLDER_MAX, MSG_DONTWAIT);

	assert_true(n > 0);
	t_ok(wd_holder_open(wd_span(buf, (size_t)n), &head, body));
	assert_true(head.reply);
	assert_int_equal(head.request, 7);
	t_ok(wd_holder_status(body, &status));
	return status;
}

static unsigned
status_of(int fd)
{
	uint8_t buf[WD_HOLDER_MAX];
	struct wd_span body;

	return receive(fd, buf, &body);
}

/* The other side has hung up. */
static bool
is_closed(int fd)
{
	uint8_t byte;
	ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno == ECONNRESET);
}

static void
hello_says_the_token(void **state)
{
	FIXTURE(f);
	uint8_t buf[WD_HOLDER_MAX];
	struct wd_holder_hello m;
	struct wd_span body;
	int fd = dial(&f);

	send_op(fd, WD_HOLDER_HELLO);
	turn(&f);
	assert_int_equal(receive(fd, buf, &body), WD_HOLDER_OK);
	t_ok(wd_holder_read_hello(body, &m));
	t_span_equal(m.label, WD_SPAN_LIT("warder"));
	t_span_equal(m.serial, WD_SPAN_LIT("0123456789abcdef"));
	(void)close(fd);
}

static void
list_waits_until_the_hold_is_ready(void **state)
{
	FIXTURE(f);
	uint8_t buf[WD_HOLDER_MAX];
	struct wd_span body, keys, entry;
	uint32_t next;
	int fd = dial(&f);

	wd_hold_set_ready(f.hold, false);
	send_op(fd, WD_HOLDER_LIST);
	turn(&f);
	assert_int_equal(status_of(fd), WD_HOLDER_NOT_READY);
	wd_hold_set_ready(f.hold, true);
	send_op(fd, WD_HOLDER_LIST);
	turn(&f);
	assert_int_equal(receive(fd, buf, &body), WD_HOLDER_OK);
	t_ok(wd_holder_read_list(body, &next, &keys));
	assert_int_equal(next, 0);
	t_ok(wd_holder_next_key(&keys, &entry));
	assert_int_equal(keys.len, 0);
	(void)close(fd);
}

static void
signatures_are_made_and_counted(void **state)
{
	FIXTURE(f);
	uint8_t buf[WD_HOLDER_MAX];
	struct wd_span body, sig;
	struct wd_id unknown;
	int fd = dial(&f);

	t_ok(wd_rand_id(&unknown));
	send_sign(fd, &f.key.record.id);
	turn(&f);
	assert_int_equal(receive(fd, buf, &body), WD_HOLDER_OK);
	t_ok(wd_holder_read_signature(body, &sig));
	assert_int_equal(sig.len, 64);
	send_sign(fd, &unknown);
	turn(&f);
	assert_int_equal(status_of(fd), WD_HOLDER_NO_KEY);
	assert_int_equal(wd_serve_counts(f.serve).signatures, 1);
	assert_int_equal(wd_serve_counts(f.serve).refused, 1);
	(void)close(fd);
	turn(&f);
	assert_int_equal(wd_serve_counts(f.serve).connections, 0);
}

static int
sign_in_child(void *ctx)
{
	send_sign(*(int *)ctx,
	    &(struct wd_id){ "00000000-0000-4000-8000-000000000000" });
	return 0;
}

/* The connection carries the rights of the process that made it. */
static void
a_forked_child_is_told_to_connect_again(void **state)
{
	FIXTURE(f);
	int fd = dial(&f);

	t_exits(t_child(sign_in_child, &fd), 0);
	turn(&f);
	assert_int_equal(status_of(fd), WD_HOLDER_RECONNECT);
	send_sign(fd, &f.key.record.id);
	turn(&f);
	assert_int_equal(status_of(fd), WD_HOLDER_OK);
	(void)close(fd);
}

static void
unknown_versions_and_operations_are_answered(void **state)
{
	FIXTURE(f);
	uint8_t packet[WD_HOLDER_HEAD] = { 2, 1, 0, 0, 7 };
	int fd = dial(&f);

	send_packet(fd, WD_SPAN(packet));
	turn(&f);
	assert_int_equal(status_of(fd), WD_HOLDER_BAD_VERSION);
	packet[0] = WD_HOLDER_VERSION;
	packet[1] = 9;
	send_packet(fd, WD_SPAN(packet));
	turn(&f);
	assert_int_equal(status_of(fd), WD_HOLDER_UNKNOWN_OP);
	packet[1] = 0;
	send_packet(fd, WD_SPAN(packet));
	turn(&f);
	assert_int_equal(status_of(fd), WD_HOLDER_UNKNOWN_OP);
	packet[1] = WD_HOLDER_SIGN;
	send_packet(fd, WD_SPAN(packet));
	turn(&f);
	assert_int_equal(status_of(fd), WD_HOLDER_MALFORMED);
	(void)close(fd);
}

static void
what_is_no_message_ends_the_connection(void **state)
{
	static const uint8_t wrong[][WD_HOLDER_HEAD] = {
		{ 1, 1, 1, 0, 7 },                         /* a reply */
		{ 1, 1, 2, 0, 7 },                         /* a flag */
		{ 1, 1, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1 }, /* length */
	};
	static uint8_t large[WD_HOLDER_MAX + 1];
	FIXTURE(f);

	for (size_t i = 0; i <= WD_N(wrong); i++) {
		int fd = dial(&f);

		send_packet(
		    fd, i < WD_N(wrong) ? WD_SPAN(wrong[i]) : WD_SPAN(large));
		turn(&f);
		assert_true(is_closed(fd));
		(void)close(fd);
	}
	assert_int_equal(wd_serve_counts(f.serve).connections, 0);
}

static void
a_descriptor_that_comes_along_is_dropped(void **state)
{
	FIXTURE(f);
	uint8_t packet[WD_HOLDER_HEAD] = { 1, 1, 0, 0, 7 };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { packet, sizeof(packet) };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	int pair[2];
	int fd = dial(&f);

	assert_int_equal(pipe(pair), 0);
	control.head =
	    (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
	wd_copy(CMSG_DATA(&control.head), wd_span(&pair[1], sizeof(int)));
	assert_int_equal(sendmsg(fd, &msg, 0), sizeof(packet));
	(void)close(pair[1]);
	turn(&f);
	assert_true(is_closed(fd));
	assert_true(is_closed(fd));
	assert_int_equal(read(pair[0], packet, 1), 0);
	(void)close(pair[0]);
	(void)close(fd);
}

static void
status_has_lines(void **state)
{
	FIXTURE(f);
	uint8_t buf[WD_HOLDER_MAX];
	struct wd_holder_line line;
	struct wd_span body;
	int fd = dial(&f);

	send_op(fd, WD_HOLDER_STATUS);
	turn(&f);
	assert_int_equal(receive(fd, buf, &body), WD_HOLDER_OK);
	t_ok(wd_holder_next_line(&body, &line));
	t_span_equal(line.name, WD_SPAN_LIT("keys"));
	t_span_equal(line.value, WD_SPAN_LIT("1"));
	t_ok(wd_holder_next_line(&body, &line));
	t_span_equal(line.name, wd_id_span(&f.key.record.id));
	while (body.len > 0)
		t_ok(wd_holder_next_line(&body, &line));
	(void)close(fd);
}

static void
the_rate_of_a_user_is_limited(void **state)
{
	FIXTURE(f);
	int listen_fd = -1;
	int fd;

	wd_serve_freep(&f.serve);
	f.options.rate = 2;
	t_ok(wd_serve_listen(f.path, &listen_fd, &f.d));
	t_ok(wd_serve_new(f.hold, listen_fd, &f.options, &f.serve, &f.d));
	fd = dial(&f);
	for (int i = 0; i < 3; i++) {
		send_sign(fd, &f.key.record.id);
		turn(&f);
		assert_int_equal(status_of(fd),
		    i < 2 ? WD_HOLDER_OK : WD_HOLDER_RATE_LIMITED);
	}
	(void)close(fd);
}

static void
connections_of_a_user_are_capped(void **state)
{
	FIXTURE(f);
	int fds[WD_SERVE_CONNS_USER + 1];

	for (size_t i = 0; i < WD_N(fds); i++) {
		fds[i] = dial(&f);
		turn(&f);
	}
	assert_int_equal(
	    wd_serve_counts(f.serve).connections, WD_SERVE_CONNS_USER);
	assert_int_equal(wd_serve_counts(f.serve).turned_away, 1);
	assert_true(is_closed(fds[WD_SERVE_CONNS_USER]));
	for (size_t i = 0; i < WD_N(fds); i++)
		(void)close(fds[i]);
}

/* A process that has one descriptor left, and then another. */
static int
run_out_of_descriptors(void *ctx)
{
	struct fixture *f = ctx;
	struct rlimit limit = { 0, 0 };
	clock_t before = clock();

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1;
	limit.rlim_cur = (rlim_t)dial(f) + 1;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 2;
	wait_for(f, 500);
	if (clock() - before > CLOCKS_PER_SEC / 20)
		return 3;
	if (wd_serve_counts(f->serve).connections != 0)
		return 4;
	limit.rlim_cur++;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 5;
	wait_for(f, 1000);
	return wd_serve_counts(f->serve).connections == 1 ? 0 : 6;
}

static void
the_loop_waits_for_descriptors_without_spinning(void **state)
{
	FIXTURE(f);

	t_exits(t_child(run_out_of_descriptors, &f), 0);
}

static void
descriptors_of_the_caller_end_the_wait(void **state)
{
	FIXTURE(f);
	struct pollfd own[2] = { { -1, POLLIN, 0 }, { -1, POLLIN, 0 } };
	int pair[2];

	assert_int_equal(pipe(pair), 0);
	own[1].fd = pair[0];
	t_ok(wd_serve_wait(f.serve, own, 2, 0, &f.d));
	assert_int_equal(own[1].revents, 0);
	assert_int_equal(write(pair[1], "x", 1), 1);
	t_ok(wd_serve_wait(f.serve, own, 2, 60000, &f.d));
	assert_int_equal(own[0].revents, 0);
	assert_int_equal(own[1].revents, POLLIN);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

/* Numbers come back with other descriptors behind them, and other wishes. */
static void
descriptors_of_the_caller_may_change(void **state)
{
	FIXTURE(f);
	struct pollfd own = { -1, POLLIN, 0 };

	for (int i = 0; i < 3; i++) {
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		own = (struct pollfd){ pair[0], POLLIN, 0 };
		t_ok(wd_serve_wait(f.serve, &own, 1, 0, &f.d));
		assert_int_equal(own.revents, 0);
		own.events |= POLLOUT;
		t_ok(wd_serve_wait(f.serve, &own, 1, 60000, &f.d));
		assert_int_equal(own.revents, POLLOUT);
		(void)close(pair[0]);
		(void)close(pair[1]);
	}
}

static int
connect_often(void *ctx)
{
	const struct fixture *f = ctx;

	if (setgid(12345) != 0 || setuid(12345) != 0)
		return 1;
	for (int i = 0; i < WD_SERVE_STRANGER + 3; i++)
		(void)dial(f);
	return 0;
}

static void
strangers_take_few_places(void **state)
{
	FIXTURE(f);

	if (getuid() != 0) {
		print_message("not root: cannot be another user\n");
		skip();
	}
	assert_int_equal(chmod(f.dir, 0755), 0);
	t_exits(t_child(connect_often, &f), 0);
	turn(&f);
	assert_int_equal(wd_serve_counts(f.serve).turned_away, 3);
}

static void
a_socket_in_use_is_not_taken(void **state)
{
	FIXTURE(f);
	int fd = -1;

	assert_int_equal(wd_serve_listen(f.path, &fd, &f.d), WD_R_IN_USE);
	wd_serve_freep(&f.serve);
	t_ok(wd_serve_listen(f.path, &fd, &f.d));
	(void)close(fd);
}

/* One that sends and never reads must not hold up the others. */
static void
a_peer_that_does_not_read_is_disconnected(void **state)
{
	FIXTURE(f);
	int fd = dial(&f);
	int other = dial(&f);

	for (int i = 0; i < 2000; i++) {
		uint8_t packet[WD_HOLDER_HEAD] = { 1, 4, 0, 0, 7 };

		if (send(fd, packet, sizeof(packet), MSG_NOSIGNAL) < 0)
			break;
		turn(&f);
	}
	assert_int_equal(wd_serve_counts(f.serve).connections, 1);
	send_sign(other, &f.key.record.id);
	turn(&f);
	assert_int_equal(status_of(other), WD_HOLDER_OK);
	(void)close(fd);
	(void)close(other);
}

/* ---- what the agent adds */

struct extra {
	uint8_t secret[WD_HOLDER_PIECE_MAX + 10];
	unsigned rotations;
	uint32_t uid;
};

static enum wd_holder_status
give(void *ctx, const struct wd_hold_user *user,
    const struct wd_holder_get *ask, struct wd_span *ret)
{
	struct extra *x = ctx;

	x->uid = user->uid;
	if (!wd_span_is(ask->name, "pass"))
		return WD_HOLDER_NO_KEY;
	*ret = WD_SPAN(x->secret);
	return WD_HOLDER_OK;
}

static void
rotate(void *ctx)
{
	((struct extra *)ctx)->rotations++;
}

static void
add_extra(struct fixture *f, struct extra *x)
{
	int fd = -1;

	wd_serve_freep(&f->serve);
	f->options.get = give;
	f->options.rotate = rotate;
	f->options.ctx = x;
	t_ok(wd_serve_listen(f->path, &fd, &f->d));
	t_ok(wd_serve_new(f->hold, fd, &f->options, &f->serve, &f->d));
}

static void
send_get(int fd, const char *name, uint32_t from)
{
	const struct wd_holder_get m = { wd_span_text(name), WD_HOLDER_SECRET,
		from };
	uint8_t buf[256];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	start(&wr, WD_HOLDER_GET);
	wd_holder_write_get(&wr, &m);
	t_ok(wd_holder_finish(&wr));
	send_packet(fd, wd_wr_span(&wr));
}

static void
a_secret_comes_in_pieces(void **state)
{
	static struct extra x = { .secret = {
				      [0] = 1, [WD_HOLDER_PIECE_MAX] = 2 } };
	FIXTURE(f);
	uint8_t buf[WD_HOLDER_MAX];
	struct wd_holder_piece piece;
	struct wd_span body;
	int fd;

	add_extra(&f, &x);
	fd = dial(&f);
	send_get(fd, "pass", 0);
	turn(&f);
	assert_int_equal(receive(fd, buf, &body), WD_HOLDER_OK);
	t_ok(wd_holder_read_piece(body, &piece));
	assert_int_equal(piece.total, sizeof(x.secret));
	t_span_equal(piece.bytes, wd_span(x.secret, WD_HOLDER_PIECE_MAX));
	send_get(fd, "pass", WD_HOLDER_PIECE_MAX);
	turn(&f);
	assert_int_equal(receive(fd, buf, &body), WD_HOLDER_OK);
	t_ok(wd_holder_read_piece(body, &piece));
	t_span_equal(piece.bytes, wd_span(x.secret + WD_HOLDER_PIECE_MAX, 10));
	send_get(fd, "pass", UINT32_MAX);
	turn(&f);
	assert_int_equal(receive(fd, buf, &body), WD_HOLDER_OK);
	t_ok(wd_holder_read_piece(body, &piece));
	assert_int_equal(piece.bytes.len, 0);
	assert_int_equal(x.uid, getuid());
	send_get(fd, "else", 0);
	turn(&f);
	assert_int_equal(status_of(fd), WD_HOLDER_NO_KEY);
	(void)close(fd);
}

static void
rotation_is_passed_on_and_ends_the_wait(void **state)
{
	static struct extra x;
	FIXTURE(f);
	int fd;

	add_extra(&f, &x);
	fd = dial(&f);
	send_op(fd, WD_HOLDER_ROTATE);
	wait_for(&f, 60000);
	assert_int_equal(status_of(fd), WD_HOLDER_OK);
	assert_int_equal(x.rotations, 1);
	(void)close(fd);
}

static void
without_an_agent_there_is_nothing_to_get_or_rotate(void **state)
{
	FIXTURE(f);
	int fd = dial(&f);

	send_get(fd, "pass", 0);
	turn(&f);
	assert_int_equal(status_of(fd), WD_HOLDER_UNKNOWN_OP);
	send_op(fd, WD_HOLDER_ROTATE);
	turn(&f);
	assert_int_equal(status_of(fd), WD_HOLDER_UNKNOWN_OP);
	(void)close(fd);
}

/* ---- keys that are not here */

/* What the server of such a key was asked, and who has gone. */
struct away {
	enum wd_holder_status status;
	uint64_t tickets[WD_SERVE_AWAY];
	size_t n, n_gone;
	uint64_t gone;
	struct wd_bytes *spki;
};

static void
away_done(struct away *x)
{
	wd_bytes_freep(&x->spki);
}

static enum wd_holder_status
ask_away(void *ctx, uint64_t ticket, const struct wd_holder_sign *ask)
{
	struct away *x = ctx;

	t_span_equal(ask->data, hash);
	if (x->status == WD_HOLDER_OK)
		x->tickets[x->n++] = ticket;
	return x->status;
}

static void
gone_away(void *ctx, uint64_t ticket)
{
	struct away *x = ctx;

	x->n_gone++;
	x->gone = ticket;
}

/* The key of the fixture becomes such a one. */
static void
send_away(struct fixture *f, struct away *x)
{
	int fd = -1;

	t_release_public(&f->key, &x->spki);
	t_ok(wd_hold_put(f->hold, &f->key.record, &f->d));
	f->options.away = ask_away;
	f->options.gone = gone_away;
	f->options.ctx = x;
	wd_serve_freep(&f->serve);
	t_ok(wd_serve_listen(f->path, &fd, &f->d));
	t_ok(wd_serve_new(f->hold, fd, &f->options, &f->serve, &f->d));
}

static bool
is_silent(int fd)
{
	uint8_t byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static void
a_signature_made_elsewhere_is_answered_when_it_is_there(void **state)
{
	WD_AUTO(away_done) struct away x = { 0 };
	FIXTURE(f);
	uint8_t buf[WD_HOLDER_MAX];
	struct wd_span body, sig;
	int fd;

	send_away(&f, &x);
	fd = dial(&f);
	send_sign(fd, &f.key.record.id);
	wait_for(&f, 60000); /* comes back for it */
	assert_int_equal(x.n, 1);
	assert_true(is_silent(fd));
	assert_int_equal(wd_serve_counts(f.serve).away, 1);
	send_op(fd, WD_HOLDER_HELLO); /* is heard after it */
	turn(&f);
	assert_true(is_silent(fd));
	wd_serve_finish(f.serve, x.tickets[0], WD_HOLDER_OK, hash);
	assert_int_equal(receive(fd, buf, &body), WD_HOLDER_OK);
	t_ok(wd_holder_read_signature(body, &sig));
	t_span_equal(sig, hash);
	turn(&f);
	assert_int_equal(status_of(fd), WD_HOLDER_OK);
	assert_int_equal(wd_serve_counts(f.serve).signatures, 1);
	assert_int_equal(wd_serve_counts(f.serve).away, 0);
	wd_serve_finish(f.serve, x.tickets[0], WD_HOLDER_OK, hash);
	assert_true(is_silent(fd));
	(void)close(fd);
}

static void
what_the_server_refuses_is_told_at_once_or_later(void **state)
{
	WD_AUTO(away_done) struct away x = { .status = WD_HOLDER_MECHANISM };
	FIXTURE(f);
	int fd;

	send_away(&f, &x);
	fd = dial(&f);
	send_sign(fd, &f.key.record.id);
	turn(&f);
	assert_int_equal(status_of(fd), WD_HOLDER_MECHANISM);
	x.status = WD_HOLDER_OK;
	send_sign(fd, &f.key.record.id);
	turn(&f);
	wd_serve_finish(
	    f.serve, x.tickets[0], WD_HOLDER_REFUSED, wd_span(NULL, 0));
	assert_int_equal(status_of(fd), WD_HOLDER_REFUSED);
	assert_int_equal(wd_serve_counts(f.serve).refused, 2);
	(void)close(fd);
}

static void
who_may_not_use_a_key_has_nothing_asked_for(void **state)
{
	WD_AUTO(away_done) struct away x = { 0 };
	FIXTURE(f);
	int fd;

	f.key.rights.n_see = 1;
	f.key.rights.see[0] = (struct wd_hold_grant){ false, getuid() };
	f.key.rights.use[0].id = getuid() + 1;
	send_away(&f, &x);
	fd = dial(&f);
	send_sign(fd, &f.key.record.id);
	turn(&f);
	assert_int_equal(status_of(fd), WD_HOLDER_NOT_PERMITTED);
	assert_int_equal(x.n, 0);
	(void)close(fd);
}

static void
who_goes_away_waits_no_more(void **state)
{
	WD_AUTO(away_done) struct away x = { 0 };
	FIXTURE(f);
	int fd, other;

	send_away(&f, &x);
	fd = dial(&f);
	send_sign(fd, &f.key.record.id);
	turn(&f);
	(void)close(fd);
	turn(&f);
	assert_int_equal(x.n_gone, 1);
	assert_int_equal(x.gone, x.tickets[0]);
	other = dial(&f); /* has the same place */
	send_sign(other, &f.key.record.id);
	turn(&f);
	assert_int_equal(x.n, 2);
	wd_serve_finish(f.serve, x.tickets[0], WD_HOLDER_OK, hash);
	assert_true(is_silent(other));
	wd_serve_finish(f.serve, x.tickets[1], WD_HOLDER_OK, hash);
	assert_int_equal(status_of(other), WD_HOLDER_OK);
	(void)close(other);
}

static void
so_many_of_a_user_wait_and_no_more(void **state)
{
	WD_AUTO(away_done) struct away x = { 0 };
	FIXTURE(f);
	int fds[WD_SERVE_AWAY_USER + 1];

	send_away(&f, &x);
	for (size_t i = 0; i < WD_N(fds); i++) {
		fds[i] = dial(&f);
		send_sign(fds[i], &f.key.record.id);
		turn(&f);
	}
	assert_int_equal(x.n, WD_SERVE_AWAY_USER);
	assert_int_equal(
	    status_of(fds[WD_SERVE_AWAY_USER]), WD_HOLDER_RATE_LIMITED);
	for (size_t i = 0; i < WD_N(fds); i++)
		(void)close(fds[i]);
}

static void
without_a_server_such_a_key_signs_nothing(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	FIXTURE(f);
	int fd = dial(&f);

	t_release_public(&f.key, &spki);
	t_ok(wd_hold_put(f.hold, &f.key.record, &f.d));
	send_sign(fd, &f.key.record.id);
	turn(&f);
	assert_int_equal(status_of(fd), WD_HOLDER_FAULT);
	(void)close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello_says_the_token),
		cmocka_unit_test(list_waits_until_the_hold_is_ready),
		cmocka_unit_test(signatures_are_made_and_counted),
		cmocka_unit_test(a_forked_child_is_told_to_connect_again),
		cmocka_unit_test(unknown_versions_and_operations_are_answered),
		cmocka_unit_test(what_is_no_message_ends_the_connection),
		cmocka_unit_test(a_descriptor_that_comes_along_is_dropped),
		cmocka_unit_test(status_has_lines),
		cmocka_unit_test(the_rate_of_a_user_is_limited),
		cmocka_unit_test(connections_of_a_user_are_capped),
		cmocka_unit_test(
		    the_loop_waits_for_descriptors_without_spinning),
		cmocka_unit_test(descriptors_of_the_caller_end_the_wait),
		cmocka_unit_test(descriptors_of_the_caller_may_change),
		cmocka_unit_test(strangers_take_few_places),
		cmocka_unit_test(a_socket_in_use_is_not_taken),
		cmocka_unit_test(a_peer_that_does_not_read_is_disconnected),
		cmocka_unit_test(a_secret_comes_in_pieces),
		cmocka_unit_test(rotation_is_passed_on_and_ends_the_wait),
		cmocka_unit_test(
		    without_an_agent_there_is_nothing_to_get_or_rotate),
		cmocka_unit_test(
		    a_signature_made_elsewhere_is_answered_when_it_is_there),
		cmocka_unit_test(
		    what_the_server_refuses_is_told_at_once_or_later),
		cmocka_unit_test(who_may_not_use_a_key_has_nothing_asked_for),
		cmocka_unit_test(who_goes_away_waits_no_more),
		cmocka_unit_test(so_many_of_a_user_wait_and_no_more),
		cmocka_unit_test(without_a_server_such_a_key_signs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
