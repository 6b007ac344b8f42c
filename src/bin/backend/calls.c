/*
 * Each call of a keeper as a call of the row, and back. A row may lack any of
 * them.
 */
#include "bin/backend/backend.h"

#include "base/clock.h"
#include "base/reason.h"

void
backend_answer_done(struct answer *a)
{
	wd_backend_made_done(&a->made);
	wd_backend_got_done(&a->got);
	a->wrapped = wd_bytes_free(a->wrapped);
	a->output = wd_secret_free(a->output);
}

static int
cannot(struct answer *a)
{
	return wd_reject(
	    &a->why, WD_R_UNSUPPORTED, "a backend of this kind cannot do that");
}

/* ---- keys */

static void
say_made(struct answer *a)
{
	a->msg.made = (struct wd_msg_backend_made){
		.kind = (uint8_t)a->made.kind,
		.locator = wd_span_text(a->made.locator),
		.spki = wd_bytes_span(a->made.spki),
		.stays = a->made.stays,
		.leased = a->made.leased,
		.wrapped_only = a->made.wrapped_only,
	};
}

static int
make(struct backend *b, const void *msg, int64_t deadline, struct answer *a)
{
	const struct wd_msg_backend_make *m = msg;
	const struct wd_backend_make in = {
		.id = m->id,
		.version = m->version,
		.kind = (enum wd_key_kind)m->kind,
		.bytes = m->bytes,
		.label = m->label,
		.stays = m->stays,
		.previous = m->previous,
	};
	int r;

	if (b->row->make == NULL)
		return cannot(a);
	r = b->row->make(b->x, &in, deadline, &a->made, &a->why);
	say_made(a);
	return r;
}

static int
attach(struct backend *b, const void *msg, int64_t deadline, struct answer *a)
{
	const struct wd_msg_backend_attach *m = msg;
	int r;

	if (b->row->attach == NULL)
		return cannot(a);
	r = b->row->attach(b->x, m->name, deadline, &a->made, &a->why);
	say_made(a);
	return r;
}

static int
fetch(struct backend *b, const void *msg, int64_t deadline, struct answer *a)
{
	const struct wd_msg_backend_fetch *m = msg;
	int r;

	if (b->row->fetch == NULL)
		return cannot(a);
	r = b->row->fetch(b->x, m->locator, (enum wd_key_kind)m->kind, deadline,
	    &a->got, &a->why);
	a->msg.got = (struct wd_msg_backend_got){
		.bytes = wd_secret_borrow(a->got.bytes),
		.lease = wd_span_text(a->got.lease),
		.seconds = a->got.seconds,
		.renewable = a->got.renewable,
	};
	return r;
}

static int
wrap(struct backend *b, const void *msg, int64_t deadline, struct answer *a)
{
	const struct wd_msg_backend_wrap *m = msg;
	bool sha1 = false;
	int r;

	if (b->row->wrap == NULL)
		return cannot(a);
	r = b->row->wrap(
	    b->x, m->locator, m->client, deadline, &a->wrapped, &sha1, &a->why);
	a->msg.wrapped =
	    (struct wd_msg_backend_wrapped){ wd_bytes_span(a->wrapped), sha1 };
	return r;
}

static int
use(struct backend *b, const void *msg, int64_t deadline, struct answer *a)
{
	const struct wd_msg_backend_work *m = msg;
	const struct wd_backend_work in = {
		.use = (enum wd_backend_use)m->use,
		.alg = (enum wd_backend_alg)m->alg,
		.kind = (enum wd_key_kind)m->kind,
		.locator = m->locator,
		.input = m->input,
		.aad = m->aad,
		.signature = m->signature,
		.hashed = m->hashed,
	};
	int r;

	if (b->row->use == NULL)
		return cannot(a);
	r = b->row->use(b->x, &in, deadline, &a->output, &a->why);
	a->msg.output.bytes = wd_secret_borrow(a->output);
	return r;
}

static int
destroy(struct backend *b, const void *msg, int64_t deadline, struct answer *a)
{
	const struct wd_msg_backend_locator *m = msg;

	if (b->row->destroy == NULL)
		return cannot(a);
	return b->row->destroy(b->x, m->locator, deadline, &a->why);
}

/* ---- leases */

static int
renew(struct backend *b, const void *msg, int64_t deadline, struct answer *a)
{
	const struct wd_msg_backend_lease *m = msg;

	if (b->row->renew == NULL)
		return cannot(a);
	return b->row->renew(b->x, m->lease, m->seconds, deadline,
	    &a->msg.renewed.seconds, &a->why);
}

static int
revoke(struct backend *b, const void *msg, int64_t deadline, struct answer *a)
{
	const struct wd_msg_backend_lease *m = msg;

	if (b->row->revoke == NULL)
		return cannot(a);
	return b->row->revoke(b->x, m->lease, deadline, &a->why);
}

/* ---- how it is */

void
backend_state(
    const struct backend *b, int reason, const char *why, struct answer *a)
{
	struct wd_wr wr = wd_wr_fixed(a->words, sizeof(a->words) - 1);

	wd_wr_printf(&wr, "%.500s", why);
	a->msg.state = (struct wd_msg_backend_state){
		.reason = (uint32_t)reason,
		.words = wd_span_text(a->words),
		.calls = b->calls,
		.failures = b->failures,
		.paused_ms = breaker_pause(&b->breaker, wd_time_mono_ms()),
	};
}

static int
check(struct backend *b, const void *msg, int64_t deadline, struct answer *a)
{
	struct wd_wr words = wd_wr_fixed(a->words, sizeof(a->words) - 1);
	int r = b->row->check(b->x, deadline, &words, &a->why);

	(void)msg;
	if (r != 0) {
		/* A fault was of ours, which is no state of the server. */
		backend_state(
		    b, r > 0 ? r : WD_R_UNAVAILABLE, a->why.detail, a);
		return 0;
	}
	a->msg.state = (struct wd_msg_backend_state){
		.words = wd_wr_span(&words),
		.calls = b->calls,
		.failures = b->failures,
	};
	return 0;
}

static const struct {
	enum wd_call call;
	size_t deadline; /* where it lies in the request */
	int (*ask)(struct backend *b, const void *msg, int64_t deadline,
	    struct answer *a);
} rows[] = {
	{ WD_CALL_BACKEND_MAKE, offsetof(struct wd_msg_backend_make, deadline),
	    make },
	{ WD_CALL_BACKEND_ATTACH,
	    offsetof(struct wd_msg_backend_attach, deadline), attach },
	{ WD_CALL_BACKEND_FETCH,
	    offsetof(struct wd_msg_backend_fetch, deadline), fetch },
	{ WD_CALL_BACKEND_WRAP, offsetof(struct wd_msg_backend_wrap, deadline),
	    wrap },
	{ WD_CALL_BACKEND_USE, offsetof(struct wd_msg_backend_work, deadline),
	    use },
	{ WD_CALL_BACKEND_DESTROY,
	    offsetof(struct wd_msg_backend_locator, deadline), destroy },
	{ WD_CALL_BACKEND_RENEW,
	    offsetof(struct wd_msg_backend_lease, deadline), renew },
	{ WD_CALL_BACKEND_REVOKE,
	    offsetof(struct wd_msg_backend_lease, deadline), revoke },
	{ WD_CALL_BACKEND_CHECK,
	    offsetof(struct wd_msg_backend_check, deadline), check },
};

int64_t
backend_deadline(enum wd_call call, const void *msg)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (rows[i].call == call) {
			uint64_t at;

			wd_copy(&at,
			    wd_span((const char *)msg + rows[i].deadline,
				sizeof(at)));
			return at < INT64_MAX ? (int64_t)at : INT64_MAX;
		}
	return 0;
}

void
backend_ask(struct backend *b, enum wd_call call, const void *msg,
    int64_t deadline, struct answer *a)
{
	a->result = cannot(a);
	for (size_t i = 0; i < WD_N(rows); i++) {
		if (rows[i].call != call)
			continue;
		wd_diag_clear(&a->why);
		a->result = rows[i].ask(b, msg, deadline, a);
		return;
	}
}
