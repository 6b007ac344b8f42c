/*
 * One process of a role, from its slot to its end. What goes wrong with a
 * process is never a failure of the supervisor: it is logged and the process
 * is started again, later each time.
 */
#include "bin/warderd/supervisor.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "proto/calls.h"
#include "sys/file.h"
#include "sys/log.h"

enum {
	RETRY_MS = 20, /* after the first failure, then doubled */
	RETRY_MOST_MS = 5000,
	PROVED_MS = 1000, /* ready for so long: no failure at start */
	BEGIN_TRIES = 6,  /* before the server has ever been ready */
	GONE_MS = 2000,   /* from the end of its channel to its own */
	CONTROL_ROOM = 1 << 20,
};

int
sup_proc_add(struct sup *s, enum wd_proc proc, uint16_t cell, int cpu,
    struct sup_setup *setup)
{
	for (size_t i = 0; i < SUP_PROCS; i++) {
		struct sup_proc *p = &s->procs[i];

		if (p->state != SUP_FREE)
			continue;
		*p = (struct sup_proc){ .state = SUP_WAITING,
			.role = sup_role(proc),
			.proc = proc,
			.cell = cell,
			.cpu = cpu,
			.setup = setup };
		return 0;
	}
	return WD_F_BUG;
}

static void
log_proc(enum wd_log_level level, const char *event, const struct sup_proc *p,
    const char *why)
{
	char pid[16], cell[16];

	(void)snprintf(pid, sizeof(pid), "%ld", (long)p->pid);
	(void)snprintf(cell, sizeof(cell), "%u", p->cell);
	if (p->proc == WD_PROC_BACKEND)
		wd_log(level, event, "of", wd_proc_name(p->proc), "of_backend",
		    sup_backend_of(p)->conf.name, "of_pid", pid, "why", why,
		    NULL);
	else
		wd_log(level, event, "of", wd_proc_name(p->proc), "of_cell",
		    cell, "of_pid", pid, "why", why, NULL);
}

/* ---- start */

static int
spawn(struct sup_proc *p, int control, struct wd_diag *d)
{
	const struct wd_conf *c = &p->setup->conf;
	char program[WD_SPAWN_PATH];
	struct wd_spawn how = {
		.program = program,
		.control = control,
		.user =
		    p->setup->separate ? (const char *)c + p->role->user : NULL,
		.cpu = p->role->pinned ? p->cpu : -1,
		.max_files = p->role->max_files,
		.max_locked = p->role->max_locked,
	};
	int r = sup_program(p->role, program, d);

	if (p->role->proc == WD_PROC_FRONT)
		how.max_files += c->max_connections;
	return r != 0 ? r : wd_spawn(&how, &p->pid, d);
}

static int
start(struct sup *s, struct sup_proc *p, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int theirs = -1;
	int fds[2], r, room = CONTROL_ROOM;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return wd_fault_errno(d, "no socketpair");
	theirs = fds[1];
	/* All that is said up to START, unread; less is no failure. */
	(void)setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	r = wd_peer_open(
	    &p->control, WD_PROC_SUPERVISOR, p->proc, p->cell, fds[0]);
	if (r != 0)
		return wd_fault(d, (enum wd_faults)r, "no control channel");
	r = spawn(p, theirs, d);
	return r != 0 ? r : sup_configure(s, p, d);
}

void
sup_proc_start(struct sup *s, struct sup_proc *p)
{
	struct wd_diag d = { 0 };
	int r;

	p->missing[0] = '\0';
	p->starts++;
	p->state = SUP_STARTING;
	p->at = wd_time_mono_ms() + p->role->start_ms;
	s->changed = true;
	r = start(s, p, &d);
	if (r == 0) {
		log_proc(WD_LOG_DEBUG, "role_started", p, "");
		return;
	}
	if (p->pid != 0) {
		sup_proc_kill(s, p, d.detail);
		return;
	}
	log_proc(WD_LOG_ERROR, "role_not_started", p, d.detail);
	sup_proc_ended(s, p, 0);
}

/* ---- end */

void
sup_proc_drain(struct sup *s, struct sup_proc *p, unsigned ms)
{
	p->retired = true;
	if (p->state == SUP_WAITING) {
		p->state = SUP_FREE;
		s->changed = true;
		return;
	}
	if (p->state != SUP_STARTING && p->state != SUP_READY)
		return;
	p->state = SUP_LEAVING;
	p->at = wd_time_mono_ms() + ms;
	s->changed = true;
	if (sup_tell(p, WD_CALL_DRAIN, NULL, -1) != 0)
		sup_proc_kill(s, p, "cannot be told to drain");
}

void
sup_proc_kill(struct sup *s, struct sup_proc *p, const char *why)
{
	if (p->pid == 0)
		return;
	log_proc(WD_LOG_WARNING, "role_killed", p, why);
	/* Not reaped yet, so the number is still its own. */
	(void)kill(p->pid, SIGKILL);
	wd_peer_done(&p->control);
	p->state = SUP_ENDING;
	p->at = wd_time_mono_ms() + GONE_MS;
	s->changed = true;
}

/* When it is started again: at once after a long life, else ever later. */
static int64_t
next_start(struct sup_proc *p, int64_t now)
{
	int64_t wait = RETRY_MS;

	if (p->since != 0 && now - p->since >= PROVED_MS) {
		p->failures = 0;
		return now;
	}
	for (unsigned i = 0; i < p->failures && wait < RETRY_MOST_MS; i++)
		wait *= 2;
	p->failures++;
	return now + (wait < RETRY_MOST_MS ? wait : RETRY_MOST_MS);
}

static void
log_end(const struct sup_proc *p, int status)
{
	char why[64];
	bool fine = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	if (p->pid == 0)
		return; /* it never began */
	if (WIFSIGNALED(status))
		(void)snprintf(why, sizeof(why), "signal %d", WTERMSIG(status));
	else
		(void)snprintf(
		    why, sizeof(why), "status %d", WEXITSTATUS(status));
	log_proc(fine && p->retired ? WD_LOG_INFO : WD_LOG_ERROR, "role_ended",
	    p, why);
}

void
sup_proc_ended(struct sup *s, struct sup_proc *p, int status)
{
	log_end(p, status);
	wd_peer_done(&p->control);
	p->pid = 0;
	s->changed = true;
	if (p->retired) {
		p->state = SUP_FREE;
		return;
	}
	p->state = SUP_WAITING;
	p->at = next_start(p, wd_time_mono_ms());
	p->since = 0;
	/* What rests in our own store is released without any backend. */
	if (s->phase == SUP_BEGINNING && p->failures >= BEGIN_TRIES &&
	    p->proc != WD_PROC_BACKEND) {
		log_proc(WD_LOG_ERROR, "role_does_not_start", p,
		    "see what it logged");
		sup_stop_begin(s, 1);
	}
}
