/*
 * A use of a key for an attested client, in its order: session, key, policy,
 * then the key. The verdict starts as deny and becomes allow in decide() alone.
 */
#include "broker/use.h"

#include "broker/asking.h"
#include "broker/release.h"
#include "broker/session.h"
#include "crypto/jwe.h"

/* One use while it is made. */
struct use {
	struct wd_asking a;
	struct wd_use_work w;
	enum wd_verdict verdict;
	struct wd_use_asked *x;
	struct wd_use_done done;
	struct wd_jwe jwe;
	bool theirs; /* what went wrong is the backend's matter */
};

static void
use_done(struct use *u)
{
	wd_asking_done(&u->a);
	wd_use_done_done(&u->done);
	wd_jwe_done(&u->jwe);
}

/* The one place where a verdict becomes allow. */
static int
decide(struct use *u, struct wd_diag *d)
{
	int r = wd_asking_judge(&u->a, d);

	if (r == 0)
		u->verdict = WD_ALLOW;
	return r;
}

/* What is secret in the answer is the session's key's alone. */
static int
wrap(struct use *u, struct wd_diag *d)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *room = NULL;
	const struct wd_pkey *client;

	if (u->done.plain == NULL)
		return 0;
	client = wd_session_key(u->a.b, u->a.session, &room);
	if (client == NULL)
		return wd_fault(d, WD_F_STORE, "a session without a key");
	if (wd_jwe_seal(client, (enum wd_jwe_alg)u->a.session->key_alg,
		wd_secret_borrow(u->done.plain), &u->jwe) != 0)
		return wd_fault(d, WD_F_CRYPTO, "could not be wrapped");
	return 0;
}

static int
use(struct use *u, const struct wd_msg_use_ask *ask, struct wd_diag *d)
{
	int r;

	if ((r = wd_asking_begin(&u->a, ask->cookie, ask->token,
		 u->x->fetch.answered || u->x->fetch.again, d)) != 0 ||
	    (r = wd_use_find(u->a.b, &u->w, &u->a.thing, d)) != 0 ||
	    (r = decide(u, d)) != 0)
		return r;
	if (u->verdict != WD_ALLOW)
		return wd_fault(d, WD_F_BUG, "no verdict");
	r = wd_use_do(u->a.b, u->a.thing, &u->w, u->x, &u->done, &u->theirs, d);
	u->x->fetch.session = u->a.session->id;
	return r != 0 || u->x->fetch.wanted ? r : wrap(u, d);
}

static int
log_use(const struct use *u, const struct wd_msg_use_ask *ask, int result,
    const char *why, struct wd_outcome *out)
{
	WD_AUTO(wd_wr_done) struct wd_wr trace = wd_wr_growing(WD_ENTRY_MAX);
	WD_AUTO(wd_wr_done) struct wd_wr sets = wd_wr_growing(WD_ENTRY_MAX);
	char source[65], detail[320];
	struct wd_wr wr = wd_wr_fixed(detail, sizeof(detail));
	struct wd_entry e = {
		.event = WD_EV_USE, .request = ask->request, .detail = detail
	};

	wd_use_say(&u->w, &wr);
	if (result != 0)
		wd_wr_printf(&wr, ": %s", why);
	wd_wr_u8(&wr, 0);
	if (wd_wr_end(&wr) != 0 ||
	    wd_asking_entry(&u->a, result, &e, &trace, &sets) != 0)
		return WD_F_MEMORY;
	e.key = u->w.key;
	if (wd_span_to_text(ask->source, source, sizeof(source)))
		e.source = source;
	return wd_outcome_log(out, &e);
}

static struct wd_msg_used
answer(const struct use *u)
{
	return (struct wd_msg_used){
		.version = u->done.version,
		.sig = (uint8_t)u->done.sig,
		.valid = u->done.valid,
		.output = wd_bytes_span(u->done.output),
		.protected = wd_bytes_span(u->jwe.protected_b64),
		.encrypted_key = wd_bytes_span(u->jwe.encrypted_key),
		.iv = wd_bytes_span(u->jwe.iv),
		.ciphertext = wd_bytes_span(u->jwe.ciphertext),
		.tag = wd_bytes_span(u->jwe.tag),
	};
}

int
wd_use_with(struct wd_broker *b, const struct wd_msg_use_ask *ask, int64_t now,
    struct wd_use_asked *x, struct wd_outcome *out)
{
	WD_AUTO(use_done)
	struct use u = {
		.a = { .b = b, .now = now }, .w = wd_use_work_of(ask), .x = x
	};
	struct wd_diag d = { 0 };
	int r = use(&u, ask, &d);
	struct wd_msg_used msg = answer(&u);

	if (r != 0)
		x->fetch.wanted = false; /* this is the answer */
	if (x->fetch.wanted)
		return 0; /* decided when the backend has answered */
	if (u.a.session != NULL && r != WD_R_RATE_LIMITED &&
	    log_use(&u, ask, r, d.detail, out) != 0)
		r = wd_fault(&d, WD_F_MEMORY, "no memory for the log");
	if (r > 0 && u.theirs) {
		/* What an operator's server says is no client's business. */
		wd_diag_clear(&d);
		(void)wd_reject(
		    &d, (enum wd_reason)r, "%s", wd_reason_row(r)->sentence);
	}
	return wd_outcome_reply(out, WD_CALL_USE, r, &d, &msg);
}
