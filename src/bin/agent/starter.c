/*
 * The starter's loop. There is one link at a time; asked for another it ends
 * the one before.
 */
#include "bin/agent/starter.h"

#include "sys/file.h"
#include "sys/log.h"
#include "sys/spawn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINK_FILES = 64, SEND_MS = 2000 };

struct starter {
	const char *conf_path;
	struct wd_peer agent;
	struct wd_peer link; /* its control channel */
	pid_t pid;           /* of the link; 0: none */
	bool separate;
	char user[AGENT_USER];
	uint8_t log_level;
};

/* ---- the link */

static void
end_link(struct starter *s)
{
	wd_peer_done(&s->link);
	if (s->pid == 0)
		return;
	(void)kill(s->pid, SIGKILL); /* it may have ended by itself */
	while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		;
	s->pid = 0;
}

static int
spawn(struct starter *s, int control, struct wd_diag *d)
{
	char program[WD_SPAWN_PATH];
	const struct wd_spawn how = {
		.program = program,
		.control = control,
		.user = s->separate && geteuid() == 0 ? s->user : NULL,
		.cpu = -1,
		.max_files = LINK_FILES,
	};

	if (wd_spawn_find("warder-link", WARDER_LIBEXECDIR, program, d) != 0)
		return WD_F_SYSTEM;
	return wd_spawn(&how, &s->pid, d);
}

/* Everything a role hears before it is ready. */
static int
introduce(struct starter *s, int to_agent)
{
	const struct wd_msg_config config = {
		.rpc_version = WD_RPC_VERSION,
		.role = WD_PROC_LINK,
		.log_level = s->log_level,
	};
	const struct wd_msg_attach attach = { WD_PROC_AGENT, 0, false };
	uint32_t number;
	int r = wd_peer_send(&s->link, WD_CALL_CONFIG, &config, -1, &number);

	if (r == 0)
		r = wd_peer_send(
		    &s->link, WD_CALL_ATTACH, &attach, to_agent, &number);
	if (r == 0)
		r = wd_peer_send(&s->link, WD_CALL_START, NULL, -1, &number);
	return r != 0 ? r : wd_chan_drain(s->link.chan, SEND_MS);
}

static int
give_to_agent(struct starter *s, int to_link)
{
	const struct wd_msg_attach attach = { WD_PROC_LINK, 0, false };
	uint32_t number;
	int r =
	    wd_peer_send(&s->agent, WD_CALL_ATTACH, &attach, to_link, &number);

	return r != 0 ? r : wd_chan_drain(s->agent.chan, SEND_MS);
}

static int
open_control(struct starter *s, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int theirs = -1;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return wd_fault_errno(d, "cannot make a socketpair");
	theirs = fds[1];
	if (wd_peer_open(
		&s->link, WD_PROC_SUPERVISOR, WD_PROC_LINK, 0, fds[0]) != 0)
		return wd_fault(d, WD_F_SYSTEM, "cannot open a channel");
	return spawn(s, theirs, d);
}

static int
join(struct starter *s, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int one = -1;
	WD_AUTO(wd_fd_closep) int two = -1;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return wd_fault_errno(d, "cannot make a socketpair");
	one = fds[0];
	two = fds[1];
	if (introduce(s, one) != 0)
		return wd_fault(d, WD_F_PEER, "the link does not listen");
	if (give_to_agent(s, two) != 0)
		return wd_fault(d, WD_F_PEER, "the agent does not listen");
	return 0;
}

/* The agent has its end of the link's channel before it hears that all went
 * well. */
static int
start_link(struct starter *s, const struct wd_frame *f)
{
	struct wd_diag d = { 0 };
	int r;

	end_link(s);
	r = open_control(s, &d);
	if (r == 0)
		r = join(s, &d);
	if (r != 0) {
		wd_log_result("link_not_started", r, &d);
		end_link(s);
	}
	return wd_peer_reply(
	    &s->agent, WD_CALL_LINK_START, f->request, r, d.detail, NULL);
}

static void
hear_link(struct starter *s)
{
	const struct wd_call_row *row;
	struct wd_msg_ready ready;
	struct wd_diag d = { 0 };
	struct wd_frame f;
	char missing[512];
	int n;

	if (wd_chan_fill(s->link.chan) != 0) {
		wd_log(WD_LOG_WARNING, "link_ended", NULL);
		end_link(s);
		return;
	}
	while ((n = wd_peer_next(&s->link, &f, &row, &d)) > 0) {
		if (row->id != WD_CALL_READY ||
		    wd_msg_read(f.body, row->request, &ready) != 0)
			continue; /* a complaint; it has logged it itself */
		if (!wd_span_to_text(ready.missing, missing, sizeof(missing)))
			missing[0] = '\0';
		wd_log(WD_LOG_INFO, "link_ready", "missing", missing, NULL);
	}
	if (n == 0)
		return;
	wd_log_result("link_not_understood", n, &d);
	end_link(s);
}

/* ---- the agent */

static int
answer_conf(struct starter *s, const struct wd_frame *f)
{
	WD_AUTO(agent_setup_freep) struct agent_setup *setup = NULL;
	struct wd_msg_agent_conf m = { 0 };
	struct wd_diag d = { 0 };
	int r = agent_setup_read(s->conf_path, &setup, &d);

	if (r == 0) {
		s->separate = setup->conf.separate_users;
		wd_copy(s->user, WD_SPAN(setup->conf.link_user));
		s->log_level = setup->conf.log_level;
		m.conf = wd_span(&setup->conf, sizeof(setup->conf));
		m.ca = wd_bytes_span(setup->ca);
	}
	return wd_peer_reply(
	    &s->agent, WD_CALL_AGENT_CONF, f->request, r, d.detail, &m);
}

static int
serve(
    struct starter *s, const struct wd_frame *f, const struct wd_call_row *row)
{
	if (row->id == WD_CALL_AGENT_CONF)
		return answer_conf(s, f);
	if (row->id == WD_CALL_LINK_START)
		return start_link(s, f);
	return WD_F_PEER;
}

/* Without the agent there is nothing left to do. */
static _Noreturn void
leave(struct starter *s, int status)
{
	end_link(s);
	_exit(status);
}

static void
hear_agent(struct starter *s)
{
	const struct wd_call_row *row;
	struct wd_diag d = { 0 };
	struct wd_frame f;
	int n;

	if (wd_chan_fill(s->agent.chan) != 0)
		leave(s, 0);
	while ((n = wd_peer_next(&s->agent, &f, &row, &d)) > 0)
		if (serve(s, &f, row) != 0)
			leave(s, 1);
	if (n < 0 || wd_chan_flush(s->agent.chan) != 0)
		leave(s, 1);
}

static _Noreturn void
loop(struct starter *s)
{
	for (;;) {
		struct pollfd fds[2] = { { wd_chan_fd(s->agent.chan), POLLIN,
		    0 } };
		nfds_t n = 1;

		if (wd_chan_waiting(s->agent.chan) > 0)
			fds[0].events |= POLLOUT;
		if (s->link.chan != NULL)
			fds[n++] = (struct pollfd){ wd_chan_fd(s->link.chan),
				POLLIN, 0 };
		if (poll(fds, n, -1) < 0 && errno != EINTR)
			leave(s, 1);
		if (n == 2 && fds[1].revents != 0)
			hear_link(s);
		if (fds[0].revents != 0)
			hear_agent(s);
	}
}

/* What stops the agent reaches the whole group; we stop when it has. */
static _Noreturn void
run(const char *conf_path, int fd)
{
	static struct starter s;

	s.conf_path = conf_path;
	(void)prctl(PR_SET_NAME, "warder-starter"); /* for ps alone */
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	wd_log_start("starter", -1, WD_LOG_INFO);
	if (wd_peer_open(&s.agent, WD_PROC_SUPERVISOR, WD_PROC_AGENT, 0, fd) !=
	    0)
		_exit(1);
	loop(&s);
}

int
agent_starter_fork(
    const char *conf_path, struct wd_peer *ret, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int ours = -1;
	WD_AUTO(wd_fd_closep) int theirs = -1;
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return wd_fault_errno(d, "cannot make a socketpair");
	ours = fds[0];
	theirs = fds[1];
	pid = fork();
	if (pid < 0)
		return wd_fault_errno(d, "cannot start a process");
	if (pid == 0) {
		wd_fd_closep(&ours);
		run(conf_path, theirs);
	}
	ours = -1; /* the channel's, also when it fails */
	return wd_peer_open(
		   ret, WD_PROC_AGENT, WD_PROC_SUPERVISOR, 0, fds[0]) == 0
	    ? 0
	    : wd_fault(d, WD_F_SYSTEM, "cannot open a channel");
}
