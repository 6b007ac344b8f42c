/*
 * The table of calls on a channel: what it lets through and what it refuses.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "bin/common/peer.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A keeper and the role it talks to, each with its end. */
struct pair {
	struct wd_peer keeper, other;
};

static struct pair
new_pair(enum wd_proc other)
{
	struct pair p = { 0 };
	int fds[2];

	t_ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	t_ok(wd_peer_open(&p.keeper, WD_PROC_KEEPER, other, 4, fds[0]));
	t_ok(wd_peer_open(&p.other, other, WD_PROC_KEEPER, 4, fds[1]));
	return p;
}

static void
done(struct pair *p)
{
	wd_peer_done(&p->keeper);
	wd_peer_done(&p->other);
}

/* Moves what FROM has queued, and takes TO's next frame. */
static int
pass(struct wd_peer *from, struct wd_peer *to, struct wd_frame *f,
    const struct wd_call_row **row, struct wd_diag *d)
{
	t_ok(wd_chan_flush(from->chan));
	t_ok(wd_chan_fill(to->chan));
	return wd_peer_next(to, f, row, d);
}

/* Sends bytes past the table; they must be refused with these words. */
static void
is_refused(struct wd_peer *from, struct wd_peer *to, uint16_t call,
    uint16_t flags, size_t len, int fd, const char *why)
{
	static const uint8_t zeros[4096];
	const struct wd_call_row *row;
	struct wd_diag d = { 0 };
	struct wd_frame f;

	t_ok(wd_chan_send(from->chan, call, flags, 1, wd_span(zeros, len), fd));
	assert_int_equal(pass(from, to, &f, &row, &d), WD_F_PEER);
	assert_non_null(strstr(d.detail, why));
}

static void
request_and_answer_pass(void **state)
{
	struct pair p = new_pair(WD_PROC_FRONT);
	struct wd_msg_challenge_ask ask = { 2 };
	struct wd_msg_challenge challenge = { WD_SPAN_LIT("nonce") };
	const struct wd_call_row *row;
	struct wd_span detail;
	struct wd_frame f;
	uint32_t number;
	int result;

	(void)state;
	t_ok(wd_peer_send(&p.other, WD_CALL_CHALLENGE, &ask, -1, &number));
	assert_int_equal(p.other.in_flight, 1);
	assert_int_equal(pass(&p.other, &p.keeper, &f, &row, NULL), 1);
	assert_int_equal(row->id, WD_CALL_CHALLENGE);
	assert_int_equal(f.request, number);
	ask.door = 0;
	t_ok(wd_msg_read(f.body, row->request, &ask));
	assert_int_equal(ask.door, 2);

	t_ok(wd_peer_reply(
	    &p.keeper, WD_CALL_CHALLENGE, number, 0, NULL, &challenge));
	assert_int_equal(pass(&p.keeper, &p.other, &f, &row, NULL), 1);
	assert_int_equal(f.flags, WD_FRAME_REPLY);
	assert_int_equal(f.request, number);
	assert_int_equal(p.other.in_flight, 0);
	t_ok(wd_reply_read(f.body, row, &result, &detail, &challenge));
	assert_int_equal(result, 0);
	t_span_equal(challenge.challenge, WD_SPAN_LIT("nonce"));
	assert_int_equal(wd_peer_next(&p.other, &f, &row, NULL), 0);
	done(&p);
}

static void
requests_are_numbered(void **state)
{
	struct pair p = new_pair(WD_PROC_FRONT);
	uint32_t first, second;

	(void)state;
	t_ok(wd_peer_send(&p.other, WD_CALL_HEALTH, NULL, -1, &first));
	t_ok(wd_peer_send(&p.other, WD_CALL_HEALTH, NULL, -1, &second));
	assert_int_equal(second, first + 1);
	assert_int_equal(p.other.in_flight, 2);
	done(&p);
}

static void
one_way_message_expects_nothing(void **state)
{
	struct pair p = new_pair(WD_PROC_SCRIBE);
	struct wd_msg_log_append m = { 7, WD_SPAN_LIT("{}") };
	uint32_t number;

	(void)state;
	t_ok(wd_peer_send(&p.keeper, WD_CALL_LOG_APPEND, &m, -1, &number));
	assert_int_equal(p.keeper.in_flight, 0);
	assert_int_equal(
	    wd_peer_reply(&p.other, WD_CALL_LOG_APPEND, number, 0, NULL, NULL),
	    WD_F_BUG);
	done(&p);
}

static void
what_the_table_forbids_is_not_sent(void **state)
{
	struct pair p = new_pair(WD_PROC_FRONT);
	struct wd_msg_appraise_ask appraise = { 0 };
	struct wd_msg_admin_ask ask = { 0 };
	struct wd_msg_snapshot snapshot = { 0 };
	struct wd_msg_challenge_ask challenge = { 0 };
	uint32_t number;

	(void)state;
	assert_int_equal(
	    wd_peer_send(&p.other, WD_CALL_APPRAISE, &appraise, -1, &number),
	    WD_F_BUG);
	assert_int_equal(
	    wd_peer_send(&p.other, WD_CALL_SEAL, &ask, -1, &number), WD_F_BUG);
	assert_int_equal(
	    wd_peer_send(&p.keeper, WD_CALL_CHALLENGE, &challenge, -1, &number),
	    WD_F_BUG);
	assert_int_equal(
	    wd_peer_send(&p.other, WD_CALL_CHALLENGE, &challenge, 0, &number),
	    WD_F_BUG);
	assert_int_equal(
	    wd_peer_send(&p.other, (enum wd_call)999, &ask, -1, &number),
	    WD_F_BUG);
	done(&p);
	p = new_pair(WD_PROC_VERIFY);
	assert_int_equal(
	    wd_peer_send(&p.keeper, WD_CALL_SNAPSHOT, &snapshot, -1, &number),
	    WD_F_BUG);
	t_ok(wd_peer_send(&p.keeper, WD_CALL_SNAPSHOT, &snapshot, 0, &number));
	done(&p);
}

static void
field_over_its_cap_is_not_sent(void **state)
{
	static const uint8_t big[600];
	struct pair p = new_pair(WD_PROC_FRONT);
	struct wd_msg_resource_ask m = { .path = WD_SPAN(big) };
	uint32_t number;

	(void)state;
	assert_int_equal(
	    wd_peer_send(&p.other, WD_CALL_RESOURCE, &m, -1, &number),
	    WD_F_BUG);
	assert_int_equal(wd_chan_waiting(p.other.chan), 0);
	done(&p);
}

static void
frames_outside_the_table_are_refused(void **state)
{
	static const struct {
		uint16_t call, flags;
		size_t len;
		int fd;
		const char *why;
	} bad[] = {
		{ 0, 0, 0, -1, "no such call" },
		{ 999, 0, 0, -1, "no such call" },
		{ WD_CALL_KEY_SHOW, 0, 10, -1, "not allowed" },
		{ WD_CALL_LOG_DURABLE, 0, 16, -1, "not allowed" },
		{ WD_CALL_CONFIG, 0, 10, -1, "not allowed" },
		{ WD_CALL_HEALTH, 0, 257, -1, "too large" },
		{ WD_CALL_HEALTH, 0, 0, 0, "descriptor" },
		{ WD_CALL_HEALTH, WD_FRAME_REPLY, 4, -1, "answer to nothing" },
		{ WD_CALL_COUNT, WD_FRAME_REPLY, 4, -1, "answer to nothing" },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		struct pair p = new_pair(WD_PROC_FRONT);

		is_refused(&p.other, &p.keeper, bad[i].call, bad[i].flags,
		    bad[i].len, bad[i].fd, bad[i].why);
		done(&p);
	}
}

static void
answer_to_nothing_is_refused(void **state)
{
	struct pair p = new_pair(WD_PROC_FRONT);

	(void)state;
	is_refused(&p.keeper, &p.other, WD_CALL_HEALTH, WD_FRAME_REPLY, 4, -1,
	    "answer to nothing");
	done(&p);
}

static void
missing_descriptor_is_refused(void **state)
{
	struct pair p = new_pair(WD_PROC_VERIFY);

	(void)state;
	is_refused(
	    &p.keeper, &p.other, WD_CALL_SNAPSHOT, 0, 16, -1, "descriptor");
	done(&p);
}

static void
only_the_admin_front_has_admin_calls(void **state)
{
	struct pair p = new_pair(WD_PROC_ADMIN_FRONT);
	const struct wd_call_row *row;
	struct wd_msg_key_ask ask = { 0 };
	struct wd_frame f;
	uint32_t number;

	(void)state;
	t_ok(wd_peer_send(&p.other, WD_CALL_KEY_SHOW, &ask, -1, &number));
	assert_int_equal(pass(&p.other, &p.keeper, &f, &row, NULL), 1);
	assert_int_equal(row->id, WD_CALL_KEY_SHOW);
	done(&p);
}

static void
call_waits_for_its_answer(void **state)
{
	struct pair p = new_pair(WD_PROC_SEAL);
	struct wd_msg_seal_state m = { .sealed = true,
		.kind = WD_SPAN_LIT("passphrase") };

	(void)state;
	t_ok(wd_peer_reply(&p.other, WD_CALL_SEAL_HELLO, 1, 0, NULL, &m));
	t_ok(wd_chan_flush(p.other.chan));
	m = (struct wd_msg_seal_state){ 0 };
	t_ok(wd_peer_call(&p.keeper, WD_CALL_SEAL_HELLO, NULL, 1000, &m, NULL));
	assert_true(m.sealed);
	t_span_equal(m.kind, WD_SPAN_LIT("passphrase"));
	assert_int_equal(p.keeper.in_flight, 0);
	done(&p);
}

static void
call_passes_refusals_on(void **state)
{
	struct pair p = new_pair(WD_PROC_SEAL);
	struct wd_msg_seal_state m = { 0 };
	struct wd_diag d = { 0 };

	(void)state;
	t_ok(wd_peer_reply(&p.other, WD_CALL_SEAL_HELLO, 1, WD_R_RATE_LIMITED,
	    "wait a moment", NULL));
	t_ok(wd_peer_reply(
	    &p.other, WD_CALL_SEAL_HELLO, 2, WD_F_SYSTEM, NULL, NULL));
	t_ok(wd_chan_flush(p.other.chan));
	assert_int_equal(
	    wd_peer_call(&p.keeper, WD_CALL_SEAL_HELLO, NULL, 1000, &m, &d),
	    WD_R_RATE_LIMITED);
	assert_string_equal(d.detail, "wait a moment");
	assert_int_equal(
	    wd_peer_call(&p.keeper, WD_CALL_SEAL_HELLO, NULL, 1000, &m, NULL),
	    WD_F_SYSTEM);
	done(&p);
}

static void
call_ends_at_its_deadline(void **state)
{
	struct pair p = new_pair(WD_PROC_SEAL);
	struct wd_msg_seal_state m = { 0 };

	(void)state;
	assert_int_equal(
	    wd_peer_call(&p.keeper, WD_CALL_SEAL_HELLO, NULL, 10, &m, NULL),
	    WD_F_TIMEOUT);
	wd_peer_done(&p.other);
	assert_int_equal(
	    wd_peer_call(&p.keeper, WD_CALL_SEAL_HELLO, NULL, 10, &m, NULL),
	    WD_F_PEER);
	done(&p);
}

static void
call_refuses_another_answer(void **state)
{
	struct pair p = new_pair(WD_PROC_SEAL);
	struct wd_msg_seal_state m = { 0 };
	struct wd_diag d = { 0 };
	uint32_t number;

	(void)state;
	t_ok(wd_peer_reply(&p.other, WD_CALL_SEAL_HELLO, 9, 0, NULL, &m));
	t_ok(wd_chan_flush(p.other.chan));
	assert_int_equal(
	    wd_peer_call(&p.keeper, WD_CALL_SEAL_HELLO, NULL, 1000, &m, &d),
	    WD_F_PEER);
	done(&p);
	p = new_pair(WD_PROC_SEAL);
	t_ok(wd_peer_send(&p.other, WD_CALL_WIPE, NULL, -1, &number));
	t_ok(wd_chan_flush(p.other.chan));
	assert_int_equal(
	    wd_peer_call(&p.keeper, WD_CALL_SEAL_HELLO, NULL, 1000, &m, &d),
	    WD_F_PEER);
	done(&p);
}

static void
long_detail_is_cut_to_what_fits(void **state)
{
	struct pair p = new_pair(WD_PROC_FRONT);
	struct wd_msg_health m;
	char detail[300];
	const struct wd_call_row *row;
	struct wd_span got;
	struct wd_frame f;
	uint32_t number;
	int result;

	(void)state;
	(void)memset(detail, 'x', sizeof(detail) - 1);
	detail[sizeof(detail) - 1] = '\0';
	t_ok(wd_peer_send(&p.other, WD_CALL_HEALTH, NULL, -1, &number));
	t_ok(wd_peer_reply(
	    &p.keeper, WD_CALL_HEALTH, number, WD_R_SEALED, detail, NULL));
	assert_int_equal(pass(&p.keeper, &p.other, &f, &row, NULL), 1);
	t_ok(wd_reply_read(f.body, row, &result, &got, &m));
	assert_int_equal(result, WD_R_SEALED);
	assert_int_equal(got.len, 247); /* of 256 with result, length, NUL */
	done(&p);
}

static void
peer_not_attached_is_told(void **state)
{
	struct wd_peer p = { .self = WD_PROC_KEEPER, .other = WD_PROC_SEAL };
	struct wd_msg_seal_state m = { 0 };
	const struct wd_call_row *row;
	struct wd_frame f;
	uint32_t number;

	(void)state;
	assert_int_equal(
	    wd_peer_send(&p, WD_CALL_SEAL_HELLO, NULL, -1, &number), WD_F_PEER);
	assert_int_equal(
	    wd_peer_reply(&p, WD_CALL_KEYRING, 1, 0, NULL, NULL), WD_F_PEER);
	assert_int_equal(wd_peer_next(&p, &f, &row, NULL), WD_F_PEER);
	assert_int_equal(wd_peer_wait(&p, 1, &f, &row, NULL), WD_F_PEER);
	assert_int_equal(
	    wd_peer_call(&p, WD_CALL_SEAL_HELLO, NULL, 1, &m, NULL), WD_F_PEER);
	wd_peer_done(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_and_answer_pass),
		cmocka_unit_test(requests_are_numbered),
		cmocka_unit_test(one_way_message_expects_nothing),
		cmocka_unit_test(what_the_table_forbids_is_not_sent),
		cmocka_unit_test(field_over_its_cap_is_not_sent),
		cmocka_unit_test(frames_outside_the_table_are_refused),
		cmocka_unit_test(answer_to_nothing_is_refused),
		cmocka_unit_test(missing_descriptor_is_refused),
		cmocka_unit_test(only_the_admin_front_has_admin_calls),
		cmocka_unit_test(call_waits_for_its_answer),
		cmocka_unit_test(call_passes_refusals_on),
		cmocka_unit_test(call_ends_at_its_deadline),
		cmocka_unit_test(call_refuses_another_answer),
		cmocka_unit_test(long_detail_is_cut_to_what_fits),
		cmocka_unit_test(peer_not_attached_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
