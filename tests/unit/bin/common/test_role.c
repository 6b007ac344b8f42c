/*
 * The start of a role: a child is the role, the test is its supervisor.
 */
#include "lib/t_child.h"

#include "base/reason.h"
#include "bin/common/role.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

enum { CONTROL = 3, EXIT_BAD = 40, EXIT_FAULT = 41 };

/* What the child does once it is ready: echoes what it was given. */
struct child {
	struct wd_role *role;
	unsigned attached;
	int last_fd;
	bool stop;
};

static void
on_attached(void *ctx, enum wd_proc peer, uint16_t cell, int fd)
{
	struct child *c = ctx;
	struct wd_peer p;

	c->attached++;
	if (wd_peer_open(&p, WD_PROC_KEEPER, peer, cell, fd) != 0)
		_exit(EXIT_BAD);
	if (peer == WD_PROC_FRONT) { /* the test means: accuse it */
		wd_role_bad_peer(c->role, &p, "because");
		wd_peer_done(&p);
	}
}

static void
on_drain(void *ctx)
{
	struct child *c = ctx;

	c->stop = true;
}

static const struct wd_role_ops ops = { .attached = on_attached,
	.drain = on_drain };
static const struct wd_role_ops ops_at_once = { .attached = on_attached };

static int
play_role(void *ctx)
{
	const struct wd_role_ops *o = ctx;
	struct child c = { 0 };
	struct wd_diag d = { 0 };

	if (wd_role_start(WD_PROC_KEEPER, 1 << 20, &c.role, &d) != 0)
		return EXIT_FAULT;
	if (!wd_span_is(wd_role_config(c.role)->server_name, "kbs.example") ||
	    wd_role_descriptor(c.role, WD_CTL_STATE_DIR, false, 0) < 0 ||
	    wd_role_descriptor(c.role, WD_CTL_STATE_DIR, false, 1) != -1 ||
	    wd_role_descriptor(c.role, WD_CTL_STATE_DIR, true, 0) != -1 ||
	    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return EXIT_BAD;
	if (wd_role_ready(c.role, WD_SANDBOX_KEEPER, o, &c, &d) != 0)
		return EXIT_FAULT;
	while (!c.stop) {
		struct pollfd p = { wd_role_control_fd(c.role), POLLIN, 0 };

		if (poll(&p, 1, 5000) == 1)
			wd_role_control(c.role);
	}
	return (int)c.attached;
}

/* The supervisor's side of one role. */
struct world {
	struct wd_peer role;
	pid_t pid;
	int status;
};

static struct world
begin(const struct wd_role_ops *o)
{
	struct world w = { 0 };
	int fds[2];

	t_ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	w.pid = fork();
	assert_true(w.pid >= 0);
	if (w.pid == 0) {
		if (fds[1] != CONTROL && dup2(fds[1], CONTROL) != CONTROL)
			_exit(EXIT_BAD);
		for (int fd = CONTROL + 1; fd < 64; fd++)
			(void)close(fd); /* what the test has open */
		_exit(play_role((void *)(uintptr_t)o));
	}
	close(fds[1]);
	t_ok(wd_peer_open(
	    &w.role, WD_PROC_SUPERVISOR, WD_PROC_KEEPER, 2, fds[0]));
	return w;
}

static int
end(struct world *w)
{
	wd_peer_done(&w->role);
	assert_int_equal(waitpid(w->pid, &w->status, 0), w->pid);
	return w->status;
}

static void
say(struct world *w, enum wd_call call, const void *msg, int fd)
{
	uint32_t number;

	t_ok(wd_peer_send(&w->role, call, msg, fd, &number));
	t_ok(wd_chan_drain(w->role.chan, 1000));
}

static struct wd_msg_config
good_config(void)
{
	return (struct wd_msg_config){ .rpc_version = WD_RPC_VERSION,
		.role = WD_PROC_KEEPER,
		.cell = 2,
		.server_name = WD_SPAN_LIT("kbs.example") };
}

static void
say_config(struct world *w)
{
	struct wd_msg_config m = good_config();

	say(w, WD_CALL_CONFIG, &m, -1);
}

static void
say_descriptor(struct world *w)
{
	struct wd_msg_descriptor m = { WD_CTL_STATE_DIR, false };
	int dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	say(w, WD_CALL_DESCRIPTOR, &m, dir);
	close(dir);
}

/* Attaches one end of a socketpair; the other is dropped. */
static void
say_attach(struct world *w, enum wd_proc peer)
{
	struct wd_msg_attach m = { (uint8_t)peer, 2, false };
	int fds[2];

	t_ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	say(w, WD_CALL_ATTACH, &m, fds[0]);
	close(fds[0]);
	close(fds[1]);
}

static void
expect(struct world *w, enum wd_call call, void *ret_msg)
{
	const struct wd_call_row *row;
	struct wd_diag d = { 0 };
	struct wd_frame f;

	t_ok(wd_peer_wait(&w->role, 5000, &f, &row, &d));
	assert_int_equal(row->id, call);
	t_ok(wd_msg_read(f.body, row->request, ret_msg));
}

static void
become_ready(struct world *w)
{
	struct wd_msg_ready ready;

	say_config(w);
	say_descriptor(w);
	say_attach(w, WD_PROC_SEAL);
	say_attach(w, WD_PROC_SCRIBE);
	say(w, WD_CALL_START, NULL, -1);
	expect(w, WD_CALL_READY, &ready);
}

/* Nothing more arrives that could wake the role. */
static void
frame_in_one_piece_with_start_is_handled(void **state)
{
	struct world w = begin(&ops);
	struct wd_msg_ready ready;
	uint32_t number;

	(void)state;
	say_config(&w);
	say_descriptor(&w);
	t_ok(wd_peer_send(&w.role, WD_CALL_START, NULL, -1, &number));
	t_ok(wd_peer_send(&w.role, WD_CALL_DRAIN, NULL, -1, &number));
	t_ok(wd_chan_drain(w.role.chan, 1000));
	expect(&w, WD_CALL_READY, &ready);
	assert_int_equal(waitpid(w.pid, &w.status, 0), w.pid);
	t_exits(w.status, 0);
	wd_peer_done(&w.role);
}

static void
role_starts_serves_and_drains(void **state)
{
	struct world w = begin(&ops);

	(void)state;
	become_ready(&w);
	say_attach(&w, WD_PROC_VERIFY);
	say(&w, WD_CALL_DRAIN, NULL, -1);
	assert_int_equal(waitpid(w.pid, &w.status, 0), w.pid);
	t_exits(w.status, 3); /* two before, one after the start */
	wd_peer_done(&w.role);
}

static void
role_without_drain_leaves_at_once(void **state)
{
	struct world w = begin(&ops_at_once);

	(void)state;
	become_ready(&w);
	say(&w, WD_CALL_DRAIN, NULL, -1);
	assert_int_equal(waitpid(w.pid, &w.status, 0), w.pid);
	t_exits(w.status, 0);
	wd_peer_done(&w.role);
}

static void
role_leaves_with_its_supervisor(void **state)
{
	struct world w = begin(&ops);

	(void)state;
	become_ready(&w);
	t_exits(end(&w), 0);
}

static void
role_accuses_a_peer(void **state)
{
	struct world w = begin(&ops);
	struct wd_msg_bad_peer m;

	(void)state;
	become_ready(&w);
	say_attach(&w, WD_PROC_FRONT);
	expect(&w, WD_CALL_BAD_PEER, &m);
	assert_int_equal(m.peer, WD_PROC_FRONT);
	assert_int_equal(m.cell, 2);
	t_span_equal(m.why, WD_SPAN_LIT("because"));
	t_exits(end(&w), 0);
}

static void
start_without_configuration_is_a_fault(void **state)
{
	struct world w = begin(&ops);

	(void)state;
	say(&w, WD_CALL_START, NULL, -1);
	t_exits(end(&w), EXIT_FAULT);
}

static void
second_configuration_is_a_fault(void **state)
{
	struct world w = begin(&ops);

	(void)state;
	say_config(&w);
	say_config(&w);
	t_exits(end(&w), EXIT_FAULT);
}

static void
other_version_is_a_fault(void **state)
{
	struct world w = begin(&ops);
	struct wd_msg_config m = good_config();

	(void)state;
	m.rpc_version++;
	say(&w, WD_CALL_CONFIG, &m, -1);
	t_exits(end(&w), EXIT_FAULT);
}

static void
other_role_is_a_fault(void **state)
{
	struct world w = begin(&ops);
	struct wd_msg_config m = good_config();

	(void)state;
	m.role = WD_PROC_SEAL;
	say(&w, WD_CALL_CONFIG, &m, -1);
	say(&w, WD_CALL_START, NULL, -1);
	t_exits(end(&w), EXIT_FAULT);
}

static void
supervisor_gone_before_start_is_a_fault(void **state)
{
	struct world w = begin(&ops);

	(void)state;
	say_config(&w);
	t_exits(end(&w), EXIT_FAULT);
}

static void
configuration_after_start_ends_the_role(void **state)
{
	struct world w = begin(&ops);

	(void)state;
	become_ready(&w);
	say_config(&w);
	assert_int_equal(waitpid(w.pid, &w.status, 0), w.pid);
	t_exits(w.status, 1);
	wd_peer_done(&w.role);
}

static void
descriptor_after_start_ends_the_role(void **state)
{
	struct world w = begin(&ops);

	(void)state;
	become_ready(&w);
	say_descriptor(&w);
	assert_int_equal(waitpid(w.pid, &w.status, 0), w.pid);
	t_exits(w.status, 1);
	wd_peer_done(&w.role);
}

static int
start_by_hand(void *ctx)
{
	struct wd_role *role;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)ctx;
	(void)dup2(null, STDERR_FILENO);
	(void)dup2(null, CONTROL);
	return wd_role_start(WD_PROC_KEEPER, 0, &role, NULL) == 0 ? 0 : 1;
}

static void
started_by_hand_it_explains_itself(void **state)
{
	(void)state;
	t_exits(t_child(start_by_hand, NULL), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(role_starts_serves_and_drains),
		cmocka_unit_test(frame_in_one_piece_with_start_is_handled),
		cmocka_unit_test(role_without_drain_leaves_at_once),
		cmocka_unit_test(role_leaves_with_its_supervisor),
		cmocka_unit_test(role_accuses_a_peer),
		cmocka_unit_test(start_without_configuration_is_a_fault),
		cmocka_unit_test(second_configuration_is_a_fault),
		cmocka_unit_test(other_version_is_a_fault),
		cmocka_unit_test(other_role_is_a_fault),
		cmocka_unit_test(supervisor_gone_before_start_is_a_fault),
		cmocka_unit_test(configuration_after_start_ends_the_role),
		cmocka_unit_test(descriptor_after_start_ends_the_role),
		cmocka_unit_test(started_by_hand_it_explains_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
