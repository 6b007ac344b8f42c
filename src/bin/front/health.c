/*
 * Whether the server lives and whether it can release; and its counters.
 */
#include "bin/front/front.h"

#include "codec/jtext.h"

void
front_healthz(void *ctx, struct wd_request *rq)
{
	struct wd_wr wr = wd_wr_growing(64);

	wd_wr_text(&wr, "{\"alive\":true}");
	front_answer_json(ctx, rq, 200, &wr);
}

static void
ready_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_health *h = msg;
	bool ready =
	    h->initialized && !h->sealed && h->log_writable && h->verify_ready;
	struct wd_wr wr = wd_wr_growing(256);
	struct wd_jtext j = wd_jtext(&wr);

	wd_jtext_object(&j);
	wd_jtext_key_bool(&j, "initialized", h->initialized);
	wd_jtext_key_bool(&j, "log_writable", h->log_writable);
	wd_jtext_key_bool(&j, "ready", ready);
	wd_jtext_key_bool(&j, "sealed", h->sealed);
	wd_jtext_key_bool(&j, "verify_ready", h->verify_ready);
	wd_jtext_end(&j);
	front_answer_json(f, rq, ready ? 200 : 503, &wr);
}

void
front_readyz(void *ctx, struct wd_request *rq)
{
	front_ask(ctx, rq, WD_CALL_HEALTH, NULL, ready_done);
}

/* Once a second, so that whoever asks for the counters never waits. */
static void
on_health(struct front *f, struct wd_request *rq, const void *msg)
{
	(void)rq;
	f->health_asked = false;
	f->health_known = msg != NULL;
	if (msg != NULL)
		f->health = *(const struct wd_msg_health *)msg; /* no texts */
}

void
front_health_look(struct front *f)
{
	if (f->self == WD_PROC_ADMIN_FRONT && !f->health_asked)
		f->health_asked = front_ask_own(f, WD_CALL_HEALTH, on_health);
}

void
front_metrics(void *ctx, struct wd_request *rq)
{
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);

	front_metrics_write(ctx, &wr);
	front_answer(ctx, rq, 200, "text/plain; version=0.0.4", &wr);
}
