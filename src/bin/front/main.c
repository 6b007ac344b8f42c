/*
 * The front: one process per cell between the network and its keeper.
 */
#include "bin/front/front.h"

#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "crypto/init.h"
#include "proto/calls.h"
#include "sys/log.h"

enum { TICK_MS = 1000 };

/* ---- what the supervisor says later */

static void
attached(void *ctx, enum wd_proc peer, uint16_t cell, int fd)
{
	struct front *f = ctx;

	if (peer == WD_PROC_KEEPER)
		front_keeper_attach(f, cell, fd);
	else
		(void)close(fd); /* no other role is a front's to talk to */
}

static void
drain(void *ctx)
{
	struct front *f = ctx;

	f->leaving = true;
	wd_log(WD_LOG_INFO, "draining", NULL);
	front_watch_end(f);
	wd_http_drain(f->http);
}

static void
procs(void *ctx, const struct wd_msg_proc_list *list)
{
	struct front *f = ctx;
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);
	struct wd_bytes *fresh = NULL;

	wd_msg_write(&wr, &wd_msg_proc_list_type, list);
	if (wd_wr_take(&wr, &fresh) == 0) {
		wd_bytes_freep(&f->procs);
		f->procs = fresh;
	}
	wd_wr_done(&wr);
}

static const struct wd_role_ops ops = {
	.attached = attached,
	.drain = drain,
	.procs = procs,
};

static void
on_control(void *ctx)
{
	struct front *f = ctx;

	wd_role_control(f->role);
}

static void
on_tick(void *ctx)
{
	struct front *f = ctx;

	front_count_flush(f);
	front_health_look(f);
	wd_event_after(f->tick, TICK_MS);
}

/* ---- what the server says */

static void
on_refused(void *ctx, struct wd_request *rq, int result, const char *detail,
    unsigned allowed)
{
	struct wd_diag d = { 0 };

	(void)allowed; /* answers.c looks it up for the one door that tells */
	d.result = result;
	(void)wd_span_to_text(wd_span_text(detail), d.detail,
	    sizeof(d.detail)); /* cut to nothing at worst */
	front_refuse(ctx, rq, result, &d);
}

static void
on_answered(void *ctx, const struct wd_request *rq, int status)
{
	front_metrics_answered(ctx, front_door(rq), status);
}

static void
on_turned_away(void *ctx, const struct wd_source *source)
{
	front_count_add(ctx, WD_R_RATE_LIMITED, source->prefix);
}

/* Last words: what was counted, then the end. Nothing is released; a sandboxed
 * role does not run the destructors of libraries. */
static void
on_drained(void *ctx)
{
	struct front *f = ctx;

	if (!f->leaving)
		return;
	front_count_flush(f);
	if (f->keeper.chan != NULL && wd_chan_flush(f->keeper.chan) != 0)
		wd_log(WD_LOG_INFO, "counts_lost", NULL);
	wd_log(WD_LOG_INFO, "drained", NULL);
	_exit(0);
}

/* ---- start */

static int
open_server(struct front *f, struct wd_diag *d)
{
	struct wd_http_config config = {
		.max_connections = f->config->max_connections,
		.max_per_source = f->config->max_per_source,
		.max_body = f->config->max_body,
		.deadline_ms = f->config->deadline_ms,
		.idle_ms = f->config->idle_ms,
		.ctx = f,
		.refuse = on_refused,
		.answered = on_answered,
		.turned_away = on_turned_away,
		.drained = on_drained,
	};

	config.routes = front_routes(&config.n_routes);
	return wd_http_new(f->loop, &config, &f->http, d);
}

static void
on_flush(void *ctx)
{
	struct front *f = ctx;

	if (f->keeper.chan == NULL)
		return;
	if (wd_chan_flush(f->keeper.chan) != 0)
		return; /* its watch sees the end too, and tidies up */
	wd_event_want_write(
	    f->keeper_watch, wd_chan_waiting(f->keeper.chan) > 0);
}

static int
open_loop(struct front *f, struct wd_diag *d)
{
	int r = wd_loop_new(&f->loop, d);

	if (r == 0)
		r = wd_loop_timer(f->loop, on_flush, f, &f->flush);
	if (r == 0)
		r = wd_loop_timer(f->loop, on_tick, f, &f->tick);
	if (r == 0)
		r = wd_loop_watch(f->loop, wd_role_control_fd(f->role),
		    on_control, f, &f->control);
	if (r != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory for the loop");
	wd_event_after(f->tick, TICK_MS);
	return 0;
}

static int
run(struct front *f, struct wd_diag *d)
{
	int r = wd_role_start(WD_PROC_FRONT, 0, &f->role, d);

	if (r != 0)
		return r;
	f->config = wd_role_config(f->role);
	f->self = (enum wd_proc)f->config->role;
	if ((r = wd_crypto_init(d)) != 0 || (r = open_loop(f, d)) != 0 ||
	    (r = open_server(f, d)) != 0 || (r = front_watch_open(f, d)) != 0 ||
	    (r = front_listen(f, d)) != 0)
		return r;
	r = wd_role_ready(f->role, WD_SANDBOX_FRONT, &ops, f, d);
	if (r == 0)
		wd_loop_run(f->loop);
	return r;
}

int
main(void)
{
	static struct front f;
	struct wd_diag d = { 0 };
	int r = run(&f, &d);

	if (r != 0)
		wd_log_result("front_failed", r, &d);
	return r == 0 ? 0 : 1;
}
