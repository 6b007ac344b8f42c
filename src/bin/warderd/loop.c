/*
 * The supervisor's one loop: signals, control channels and clocks. It blocks
 * nowhere else for longer than a program takes to start.
 */
#include "bin/warderd/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "sys/log.h"
#include "sys/notify.h"

/* ---- signals */

static int
open_signals(struct sup *s, struct wd_diag *d)
{
	static const int watched[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	sigset_t set;

	(void)sigemptyset(&set); /* cannot fail on a real set */
	for (size_t i = 0; i < WD_N(watched); i++)
		(void)sigaddset(&set, watched[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return wd_fault_errno(d, "cannot block signals");
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals >= 0 ? 0 : wd_fault_errno(d, "no signalfd");
}

static void
reap(struct sup *s)
{
	for (size_t i = 0; i < SUP_PROCS; i++) {
		struct sup_proc *p = &s->procs[i];
		int status;

		if (p->pid != 0 && waitpid(p->pid, &status, WNOHANG) == p->pid)
			sup_proc_ended(s, p, status);
	}
}

static void
on_signals(struct sup *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			sup_reload_begin(s);
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			sup_stop_begin(s, 0);
	}
	/* Ends of several children may come as one signal. */
	reap(s);
}

/* ---- clocks */

static void
on_time(struct sup *s, struct sup_proc *p, int64_t now)
{
	if (p->state == SUP_FREE || p->state == SUP_READY || now < p->at)
		return;
	switch (p->state) {
	case SUP_WAITING:
		sup_proc_start(s, p);
		return;
	case SUP_STARTING:
		sup_proc_kill(s, p, "was not ready in time");
		return;
	case SUP_LEAVING:
		sup_proc_kill(s, p, "did not leave in time");
		return;
	case SUP_ENDING:
		sup_proc_kill(s, p, "did not end");
		return;
	case SUP_FREE:
	case SUP_READY:
		return;
	}
}

static int
until_next(const struct sup *s, int64_t now)
{
	int64_t next = now + 60000;

	for (size_t i = 0; i < SUP_PROCS; i++) {
		const struct sup_proc *p = &s->procs[i];

		if (p->state != SUP_FREE && p->state != SUP_READY &&
		    p->at < next)
			next = p->at;
	}
	return next > now ? (int)(next - now) : 0;
}

/* ---- turns */

static bool
all_are_ready(const struct sup *s)
{
	for (size_t i = 0; i < SUP_PROCS; i++)
		if (s->procs[i].state != SUP_FREE &&
		    s->procs[i].state != SUP_READY &&
		    s->procs[i].proc != WD_PROC_BACKEND)
			return false;
	return sup_backends_are_up(s, s->setup);
}

/* What follows from the states of processes; true at the end. */
static bool
advance(struct sup *s)
{
	int64_t now = wd_time_mono_ms();

	for (size_t i = 0; i < SUP_PROCS; i++)
		on_time(s, &s->procs[i], now);
	if (s->phase == SUP_BEGINNING && all_are_ready(s)) {
		s->phase = SUP_SERVING;
		wd_log(WD_LOG_INFO, "ready", NULL);
		wd_notify("READY=1");
	}
	sup_cells_advance(s);
	sup_backends_advance(s);
	sup_reload_advance(s);
	if (s->phase == SUP_SERVING && s->reload_wanted)
		sup_reload_begin(s);
	if (sup_stop_advance(s))
		return true;
	if (s->changed)
		sup_publish(s);
	return false;
}

/* Fills FDS with who is to be watched; what does not go out now waits. */
static nfds_t
watch(struct sup *s, struct pollfd *fds, struct sup_proc **who)
{
	nfds_t n = 1;

	fds[0] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	for (size_t i = 0; i < SUP_PROCS; i++) {
		struct sup_proc *p = &s->procs[i];
		bool more;

		if (p->control.chan == NULL)
			continue;
		/* Who is gone is seen when it is read from. */
		(void)!wd_chan_flush(p->control.chan);
		more = wd_chan_waiting(p->control.chan) > 0;
		fds[n] = (struct pollfd){
			.fd = wd_chan_fd(p->control.chan),
			.events = (short)(POLLIN | (more ? POLLOUT : 0)),
		};
		who[n++] = p;
	}
	return n;
}

/* Starts may be due that change who is watched: the next turn sees to it. */
static void
turn(struct sup *s)
{
	static struct pollfd fds[SUP_PROCS + 1];
	static struct sup_proc *who[SUP_PROCS + 1];
	nfds_t n = watch(s, fds, who);
	int r = poll(fds, n, until_next(s, wd_time_mono_ms()));

	if (r < 0 && errno != EINTR)
		wd_log(WD_LOG_ERROR, "poll_failed", NULL);
	for (nfds_t i = 1; r > 0 && i < n; i++)
		if ((fds[i].revents & ~POLLOUT) != 0 &&
		    who[i]->control.chan != NULL)
			sup_control(s, who[i]);
	if (r > 0 && fds[0].revents != 0)
		on_signals(s);
}

static int
add_all(struct sup *s)
{
	int r = sup_proc_add(s, WD_PROC_SCRIBE, SUP_NO_CELL, -1, s->setup);

	if (r == 0 && wd_conf_has_device(&s->setup->conf))
		r = sup_proc_add(s, WD_PROC_DEVICE, SUP_NO_CELL, -1, s->setup);
	if (r == 0)
		r = sup_proc_add(s, WD_PROC_SEAL, SUP_NO_CELL, -1, s->setup);
	if (r == 0)
		r = sup_backends_add(s, s->setup);
	for (unsigned i = 0; r == 0 && i < s->setup->cells; i++)
		r = sup_cell_add(
		    s, (uint16_t)i, sup_cell_cpu(s->setup, i), s->setup);
	return r == 0 ? sup_cell_add(s, WD_ADMIN_CELL, -1, s->setup) : r;
}

int
sup_run(struct sup *s)
{
	struct wd_diag d = { 0 };
	int r = open_signals(s, &d);

	if (r == 0)
		r = add_all(s);
	if (r != 0) {
		wd_log_result("not_started", r, &d);
		return 1;
	}
	s->phase = SUP_BEGINNING;
	while (!advance(s))
		turn(s);
	(void)unlink(s->setup->conf.admin_socket); /* may have been removed */
	wd_log(WD_LOG_INFO, "stopped", NULL);
	return s->result;
}
