/*
 * Start and loop of warder-backend. Between two calls it listens to everybody,
 * so that what waits is known and the supervisor is heard.
 */
#include "bin/backend/backend.h"

#include "backend/conf.h"
#include "base/clock.h"
#include "crypto/init.h"
#include "sys/arena.h"
#include "sys/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

enum { ARENA = 16 << 20, KEEP_MS = 2000 };

/* ---- keepers */

static struct backend_keeper *
free_slot(struct backend *b)
{
	for (size_t i = 0; i < WD_KEEPERS; i++)
		if (b->keepers[i].base.peer.chan == NULL)
			return &b->keepers[i];
	return NULL;
}

static void
attached(void *ctx, enum wd_proc peer, uint16_t cell, int fd)
{
	struct backend *b = ctx;
	struct backend_keeper *k = free_slot(b);

	if (peer != WD_PROC_KEEPER) {
		(void)close(fd); /* no other role is ours to talk to */
		return;
	}
	if (wd_keeper_attach(
		k == NULL ? NULL : &k->base, WD_PROC_BACKEND, cell, fd))
		k->serial = ++b->last_serial;
}

static int
serve(void *ctx, struct wd_keeper *base, const struct wd_frame *f,
    const struct wd_call_row *row, struct wd_diag *d)
{
	return backend_take(
	    ctx, (struct backend_keeper *)base /* the first */, f, row, d);
}

/* ---- the loop */

struct watched {
	struct pollfd fds[WD_KEEPERS + 1];
	struct backend_keeper *keeper[WD_KEEPERS + 1]; /* NULL: control */
	nfds_t n;
};

static void
watch(struct watched *w, struct backend_keeper *k, int fd, short events)
{
	w->fds[w->n] = (struct pollfd){ fd, events, 0 };
	w->keeper[w->n++] = k;
}

static void
list(struct backend *b, struct watched *w)
{
	w->n = 0;
	for (size_t i = 0; i < WD_KEEPERS; i++) {
		struct backend_keeper *k = &b->keepers[i];

		if (k->base.peer.chan == NULL)
			continue;
		/* Its end is seen when it is read from. */
		(void)!wd_chan_flush(k->base.peer.chan);
		watch(w, k, wd_chan_fd(k->base.peer.chan),
		    wd_keeper_events(&k->base));
	}
	/* The supervisor last: it may fill slots that the list has free. */
	watch(w, NULL, wd_role_control_fd(b->role), POLLIN);
}

int
backend_listen(struct backend *b, int timeout_ms, struct wd_diag *d)
{
	struct watched w;

	list(b, &w);
	if (poll(w.fds, w.n, timeout_ms) < 0)
		return errno == EINTR ? 0 : wd_fault_errno(d, "cannot wait");
	for (nfds_t i = 0; i < w.n; i++) {
		if ((w.fds[i].revents & ~POLLOUT) == 0)
			continue;
		if (w.keeper[i] == NULL)
			wd_role_control(b->role);
		else if (!wd_keeper_ready(
			     b->role, &w.keeper[i]->base, serve, b))
			*w.keeper[i] = (struct backend_keeper){ 0 };
	}
	return 0;
}

/* One that could not be opened may be later: a file of its has come. What is
 * loaded into a process is loaded at its start alone, so it starts again. */
static int
patience(const struct backend *b)
{
	int64_t left = b->again - wd_time_mono_ms();

	if (b->n > 0)
		return 0;
	if (b->x != NULL)
		left = b->keep_at - wd_time_mono_ms();
	if (left > INT_MAX)
		return -1;
	return left > 0 ? (int)left : 0;
}

/* Between two calls, and only while none waits. */
static void
keep(struct backend *b, bool asked)
{
	int64_t now = wd_time_mono_ms(), ms = -1;

	if (b->x == NULL || b->n > 0 || (!asked && now < b->keep_at))
		return;
	if (b->row->keep != NULL)
		ms = b->row->keep(b->x, now + KEEP_MS);
	b->keep_at = ms < 0 ? INT64_MAX : wd_time_mono_ms() + ms;
}

static int
loop(struct backend *b, struct wd_diag *d)
{
	int r;

	while ((r = backend_listen(b, patience(b), d)) == 0) {
		keep(b, backend_serve_one(b));
		if (b->x == NULL && b->n == 0 && wd_time_mono_ms() >= b->again)
			_exit(1); /* the supervisor starts us again */
	}
	return r;
}

/* ---- start */

static int
read_setting(struct backend *b, struct wd_rd *rd, struct wd_diag *d)
{
	struct wd_msg_backend_setting m;
	char name[33];

	if (wd_list_next(rd, &wd_msg_backend_setting_type, &m) != 0 ||
	    !wd_span_to_text(m.name, name, sizeof(name)))
		return wd_fault(d, WD_F_PEER, "malformed setting");
	/* Left empty it is what it is by default, which is to be empty. */
	return wd_backend_conf_set(&b->conf, name, m.value, "", d);
}

static int
read_conf(struct backend *b, struct wd_diag *d)
{
	const struct wd_msg_backend_conf *m = wd_role_backend(b->role);
	struct wd_rd rd;
	int r = 0;

	if (m == NULL)
		return wd_fault(d, WD_F_PEER, "no backend was given");
	b->row = wd_backend_row((enum wd_backend_kind)m->kind);
	if (b->row == NULL)
		return wd_fault(d, WD_F_PEER, "no such kind of backend");
	b->timeout_ms = m->timeout_ms;
	b->conf.form = b->row->form;
	if (!wd_span_to_text(m->name, b->conf.name, sizeof(b->conf.name)))
		return wd_fault(d, WD_F_PEER, "malformed name");
	rd = wd_rd(m->settings);
	while (r == 0 && wd_rd_more(&rd))
		r = read_setting(b, &rd, d);
	return r != 0 ? r : wd_backend_conf_complete(&b->conf, d);
}

/* Its end is known to nobody but those who ask. */
static void
open_backend(struct backend *b)
{
	int r = b->row->open(&b->conf, &b->x, &b->why);

	if (r == 0)
		return;
	b->x = NULL;
	b->again = wd_time_mono_ms() + BACKEND_AGAIN_MS;
	wd_log_result("backend_not_opened", r, &b->why);
}

static int
run(struct backend *b, struct wd_diag *d)
{
	static const struct wd_role_ops ops = { .attached = attached };
	int r = wd_role_start(WD_PROC_BACKEND, ARENA, &b->role, d);

	if (r != 0)
		return r;
	wd_arena_take_heap(); /* answers are keys, in one form or another */
	if ((r = wd_crypto_init(d)) != 0 || (r = read_conf(b, d)) != 0)
		return r;
	open_backend(b);
	r = wd_role_ready(b->role, WD_SANDBOX_BACKEND, &ops, b, d);
	return r != 0 ? r : loop(b, d);
}

int
main(void)
{
	static struct backend b;
	struct wd_diag d = { 0 };
	int r = run(&b, &d);

	wd_log_result("backend_failed", r, &d);
	_exit(1); /* a sandboxed role runs no destructors */
}
