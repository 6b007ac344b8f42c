/*
 * warder-scribe: writes the audit log. One process, one poll loop: what has
 * arrived is written with one sync, then those who wait are told. It must never
 * say that an entry is durable before it is.
 */
#include "bin/scribe/scribe.h"

#include "base/clock.h"
#include "crypto/init.h"
#include "sys/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

enum {
	GRACE_MS = 2000,
	PAUSE_MS = 1,    /* from the start of a sync for several entries */
	PAUSE_LEAST = 2, /* so many are several */
	PAUSE_BUSY_MS = 2,
	BUSY = 3, /* entries a millisecond */
};

/* ---- the loop */

struct watched {
	struct pollfd fds[WD_KEEPERS + 1];
	struct scribe_keeper *keeper[WD_KEEPERS + 1]; /* NULL: control */
	nfds_t n;
};

static void
watch(struct watched *w, struct scribe_keeper *k, int fd, short events)
{
	w->fds[w->n] = (struct pollfd){ fd, events, 0 };
	w->keeper[w->n++] = k;
}

/* Keepers that were reported only wake us by their end. */
static void
list(struct scribe *s, struct watched *w)
{
	w->n = 0;
	for (size_t i = 0; i < WD_KEEPERS; i++) {
		struct scribe_keeper *k = &s->keepers[i];

		if (k->base.peer.chan != NULL)
			watch(w, k, wd_chan_fd(k->base.peer.chan),
			    wd_keeper_events(&k->base));
	}
	/* The supervisor last: it may fill slots that the list has free. */
	watch(w, NULL, wd_role_control_fd(s->role), POLLIN);
}

/* A sync: when it began, and what it is for. */
struct sync {
	int64_t start; /* monotonic ms */
	unsigned n;
};

/* So many come that who waits longer waits in the queues of others. */
static bool
is_busy(const struct sync *last, const struct sync *now)
{
	return now->n >= PAUSE_LEAST &&
	    now->n >= BUSY * (now->start - last->start);
}

/*
 * A sync for every entry or two is what the log costs most, and each wakes its
 * keeper: so while several come at once, syncs begin PAUSE_MS apart, or
 * PAUSE_BUSY_MS. The supervisor is heard meanwhile.
 */
static void
pause_after(struct scribe *s, const struct sync *last, const struct sync *now)
{
	struct pollfd fd = { wd_role_control_fd(s->role), POLLIN, 0 };
	int ms = is_busy(last, now) ? PAUSE_BUSY_MS : PAUSE_MS;
	int64_t left = now->start + ms - wd_time_mono_ms();

	if (now->n >= PAUSE_LEAST && left > 0)
		(void)poll(&fd, 1, (int)left); /* too short is no harm */
}

/* How many had something to say; < 0 a fault. */
static int
listen_for(struct scribe *s, int timeout_ms, struct wd_diag *d)
{
	struct watched w;
	int n = 0;

	list(s, &w);
	if (poll(w.fds, w.n, timeout_ms) < 0)
		return errno == EINTR ? 0 : wd_fault_errno(d, "cannot wait");
	for (nfds_t i = 0; i < w.n; i++) {
		if ((w.fds[i].revents & ~POLLOUT) == 0)
			continue;
		n++;
		if (w.keeper[i] == NULL)
			wd_role_control(s->role);
		else
			scribe_keeper_ready(s, w.keeper[i]);
	}
	return n;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* How long there is nothing to do but to listen; -1: for ever. */
static int
patience(const struct scribe *s)
{
	int64_t at = -1, left;

	if (scribe_log_wants_work(s) || scribe_tiles_want(s))
		return 0;
	at = earlier(at, scribe_log_due(s));
	at = earlier(at, scribe_tiles_due(s));
	at = earlier(at, s->n_counts > 0 ? s->counts_at : -1);
	at = earlier(at, s->leaving ? s->leave_at : -1);
	if (at < 0)
		return -1;
	left = at - wd_time_mono_ms();
	return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* What is to be done by the clock, or because nobody says anything. */
static void
between(struct scribe *s, bool idle)
{
	int64_t now = wd_time_mono_ms();
	int64_t due = scribe_log_due(s);

	if (s->n_counts > 0 && now >= s->counts_at)
		scribe_counts_write(s);
	scribe_log_commit(s);
	if (scribe_tiles_press(s) || (idle && scribe_tiles_want(s)))
		scribe_tiles_work(s);
	else if ((idle && scribe_log_wants_work(s)) || (due >= 0 && now >= due))
		scribe_log_work(s);
}

/* The last keeper is gone, or has had its time. */
static void
leave_when_done(struct scribe *s)
{
	if (!s->leaving ||
	    (scribe_keepers_any(s) && wd_time_mono_ms() < s->leave_at))
		return;
	scribe_counts_write(s);
	scribe_log_commit(s);
	scribe_keepers_flush(s, GRACE_MS);
	scribe_tiles_finish(s);
	wd_journal_closep(&s->journal); /* tidies up */
	wd_log(WD_LOG_INFO, "drained", NULL);
	_exit(0); /* libraries' destructors do not fit the sandbox */
}

static unsigned
pending_in(const struct scribe *s)
{
	return s->journal == NULL ? 0 : wd_journal_pending(s->journal);
}

static int
loop(struct scribe *s, struct wd_diag *d)
{
	struct sync last = { 0 };

	for (;;) {
		int n = listen_for(s, patience(s), d);
		bool idle = n == 0;
		struct sync now;

		/* One sync for all that has come by now. */
		while (n > 0 && pending_in(s) > 0 &&
		    pending_in(s) < WD_JOURNAL_BATCH)
			n = listen_for(s, 0, d);
		if (n < 0)
			return n;
		now = (struct sync){ wd_time_mono_ms(), pending_in(s) };
		between(s, idle);
		scribe_keepers_flush(s, 0);
		leave_when_done(s);
		pause_after(s, &last, &now);
		if (now.n > 0)
			last = now;
	}
}

/* ---- start */

static void
attached(void *ctx, enum wd_proc peer, uint16_t cell, int fd)
{
	struct scribe *s = ctx;

	if (peer == WD_PROC_KEEPER)
		scribe_keeper_attach(s, cell, fd);
	else
		(void)close(fd); /* no other role is scribe's to talk to */
}

static void
drain(void *ctx)
{
	struct scribe *s = ctx;

	s->leaving = true;
	s->leave_at = wd_time_mono_ms() + GRACE_MS;
}

static const struct wd_role_ops ops = { .attached = attached, .drain = drain };

static int
run(struct scribe *s, struct wd_diag *d)
{
	int r = wd_role_start(WD_PROC_SCRIBE, 0, &s->role, d);

	if (r != 0 || (r = wd_crypto_init(d)) != 0)
		return r;
	s->dir = wd_role_descriptor(s->role, WD_CTL_LOG_DIR, false, 0);
	if (s->dir < 0)
		return wd_fault(d, WD_F_PEER, "no log folder was given");
	scribe_log_open(s);
	r = wd_role_ready(s->role, WD_SANDBOX_SCRIBE, &ops, s, d);
	return r != 0 ? r : loop(s, d);
}

int
main(void)
{
	static struct scribe s;
	struct wd_diag d = { 0 };
	int r = run(&s, &d);

	wd_log_result("scribe_failed", r, &d);
	return 1;
}
