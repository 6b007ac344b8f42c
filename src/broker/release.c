/*
 * The steps of a release in their order; each may end it. The verdict starts
 * as deny and becomes allow in decide() alone.
 */
#include "broker/release.h"

#include "broker/asking.h"
#include "broker/headers.h"
#include "broker/leased.h"
#include "broker/native.h"
#include "broker/revoked.h"
#include "broker/session.h"
#include "crypto/jwe.h"
#include "crypto/rand.h"

/* One release while it is made. */
struct release {
	struct wd_asking a;
	const struct wd_msg_resource_ask *ask;
	enum wd_verdict verdict;
	const struct wd_pkey *client; /* the session's key, maybe in: */
	struct wd_pkey *client_room;
	struct wd_id lease;
	struct wd_jwe jwe;
	struct wd_fetch *fetch;
	struct wd_remote remote; /* where it rests, when it does elsewhere */
	bool not_fetched;        /* what went wrong is the backend's matter */
};

static void
release_done(struct release *x)
{
	wd_asking_done(&x->a);
	wd_pkey_freep(&x->client_room);
	wd_jwe_done(&x->jwe);
}

/* What a client renews must not have been taken back. A client that does not
 * say asks for a lease of its own. */
static int
check_replaced(const struct release *x, struct wd_diag *d)
{
	const struct wd_msg_resource_ask *ask = x->ask;
	int r = 0;

	if (!wd_id_is_none(&ask->replaces))
		r = wd_is_revoked(x->a.b, "lease", ask->replaces.s, d);
	if (r == 0 && !wd_id_is_none(&ask->replaces_session))
		r = wd_is_revoked(
		    x->a.b, "session", ask->replaces_session.s, d);
	return r;
}

/* The one place where a verdict becomes allow. */
static int
decide(struct release *x, struct wd_diag *d)
{
	int r = wd_asking_judge(&x->a, d);

	if (r == 0)
		r = check_replaced(x, d);
	if (r != 0)
		return r;
	x->verdict = WD_ALLOW;
	return 0;
}

static int
seal_to_client(struct release *x, struct wd_span plain, struct wd_diag *d)
{
	int r = wd_jwe_seal(
	    x->client, (enum wd_jwe_alg)x->a.session->key_alg, plain, &x->jwe);

	return r == 0 ? 0 : wd_fault(d, WD_F_CRYPTO, "could not be wrapped");
}

static int
make_native(struct release *x, struct wd_span bytes, struct wd_secret **ret,
    struct wd_diag *d)
{
	char thumb[WD_THUMB_TEXT];
	struct wd_native_in in = {
		.thing = x->a.thing,
		.bytes = bytes,
		.wrap = x->fetch->wrap,
		.nonce = wd_bytes_span(x->a.session->nonce),
		.client = thumb,
		.lease = &x->lease,
		.session = &x->a.session->id,
		.seconds = x->a.judged.seconds,
		.policy_version = x->a.judged.policy_version,
	};

	if (wd_thumb_text(x->client, thumb) != 0 ||
	    wd_native_make(x->a.b, &in, ret) != 0)
		return wd_fault(d, WD_F_CRYPTO, "could not be signed");
	return 0;
}

static struct wd_leased
leased(const struct release *x)
{
	return (struct wd_leased){ .b = x->a.b,
		.thing = x->a.thing,
		.what = &x->remote,
		.claims = &x->a.claims,
		.replaces = &x->ask->replaces,
		.now = x->a.now,
		.seconds = x->a.judged.seconds,
		.fetch = x->fetch };
}

/* Sets what is wanted of the backend, if anything. */
static int
plan_remote(struct release *x, enum wd_fetch_how how, struct wd_diag *d)
{
	const struct wd_leased l = leased(x);
	struct wd_fetch *f = x->fetch;

	wd_fetch_done(f);
	if (how == WD_FETCH_WRAPPED &&
	    wd_pkey_to_spki(x->client, &f->client) != 0)
		return wd_fault(d, WD_F_CRYPTO, "no public key");
	f->session = x->a.session->id;
	f->how = how;
	f->what = x->remote;
	f->kind = (enum wd_key_kind)x->a.thing->key.kind;
	f->wanted = true;
	return x->remote.leased ? wd_leased_plan(&l, d) : 0;
}

/* What came of it. */
static int
take_remote(struct release *x, struct wd_secret **bytes, struct wd_diag *d)
{
	const struct wd_leased l = leased(x);
	struct wd_fetch *f = x->fetch;
	int r;

	f->wanted = false;
	if (f->renews) {
		r = wd_leased_again(&l, bytes, d);
	} else {
		r = wd_remote_take(f, &x->remote,
		    wd_bytes_span(x->a.thing->version.spki), bytes, d);
		x->not_fetched = r != 0;
	}
	if (r == 0 && f->seconds > 0 && f->seconds < x->a.judged.seconds)
		x->a.judged.seconds = f->seconds;
	return r;
}

/* From a backend; BYTES stay none when it is to be asked first. */
static int
open_remote(struct release *x, struct wd_secret **bytes, struct wd_diag *d)
{
	enum wd_fetch_how how;
	int r = wd_remote_open(
	    x->a.b, &x->a.thing->key, &x->a.thing->version, &x->remote, d);

	if (r != 0 ||
	    (r = wd_remote_how(&x->remote, x->ask->native && x->ask->wrapped,
		 x->client, &how, d)) != 0)
		return r;
	/* What is renewed looks after that itself. */
	if (!x->fetch->renews &&
	    (how != x->fetch->how || !wd_fetch_is_of(x->fetch, &x->remote)))
		wd_fetch_again(x->fetch);
	if (!x->fetch->answered &&
	    ((r = plan_remote(x, how, d)) != 0 || x->fetch->wanted))
		return r;
	if (how != x->fetch->how)
		return wd_reject(d, WD_R_UNAVAILABLE,
		    "the key has changed meanwhile; try again");
	return take_remote(x, bytes, d);
}

/* The lease of a backend is remembered before the secret leaves. */
static int
keep_leased(struct release *x, struct wd_span bytes, struct wd_diag *d)
{
	const struct wd_leased l = leased(x);
	const struct wd_leased_to to = { .lease = &x->lease,
		.session = &x->a.session->id,
		.seconds = x->a.judged.seconds,
		.policy_version = x->a.judged.policy_version,
		.bytes = bytes };

	return x->fetch->lease[0] == '\0' ? 0 : wd_leased_keep(&l, &to, d);
}

/* From our own store; BYTES stay none when the HSM is to be asked first. */
static int
open_here(struct release *x, struct wd_secret **bytes, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *blob = NULL;
	struct wd_sealwrap w = { 0 };
	int r = wd_thing_blob(x->a.b, x->a.thing, &blob, d);

	x->fetch->wanted = false;
	if (r != 0)
		return r;
	if (blob == NULL)
		return wd_thing_open(x->a.b, x->a.thing, NULL, bytes, d);
	if (!wd_fetch_is_of_blob(x->fetch, blob))
		wd_fetch_again(x->fetch);
	if (!x->fetch->answered) {
		wd_fetch_by_seal(x->fetch, &blob);
		x->fetch->session = x->a.session->id;
		return 0;
	}
	if ((r = wd_fetch_unwrapped(x->fetch, blob, &w, d)) != 0) {
		x->not_fetched = true;
		return r;
	}
	return wd_thing_open(x->a.b, x->a.thing, &w, bytes, d);
}

static int
open_thing(struct release *x, struct wd_secret **bytes, struct wd_diag *d)
{
	if (x->a.thing->path.kind == WD_PATH_KEY &&
	    wd_remote_is(&x->a.thing->key))
		return open_remote(x, bytes, d);
	return open_here(x, bytes, d);
}

static int
wrap_to_client(struct release *x, struct wd_span bytes, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *jws = NULL;
	int r;

	if (!x->ask->native)
		return seal_to_client(x, bytes, d);
	if ((r = make_native(x, bytes, &jws, d)) != 0)
		return r;
	return seal_to_client(x, wd_secret_borrow(jws), d);
}

/* Opens and wraps; only ever called with the verdict allow. */
static int
wrap(struct release *x, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *bytes = NULL;
	int r;

	if (x->verdict != WD_ALLOW)
		return wd_fault(d, WD_F_BUG, "no verdict");
	x->client = wd_session_key(x->a.b, x->a.session, &x->client_room);
	if (x->client == NULL)
		return wd_fault(d, WD_F_STORE, "a session without a key");
	if ((r = open_thing(x, &bytes, d)) != 0 || x->fetch->wanted)
		return r;
	if ((r = wd_rand_id(&x->lease)) != 0 ||
	    (r = wrap_to_client(x, wd_secret_borrow(bytes), d)) != 0)
		return r;
	return keep_leased(x, wd_secret_borrow(bytes), d);
}

static int
release(struct release *x, struct wd_diag *d)
{
	/* It was counted when it was asked for. */
	bool again = x->fetch->answered || x->fetch->anew || x->fetch->again;
	int r;

	if ((r = wd_asking_begin(
		 &x->a, x->ask->cookie, x->ask->token, again, d)) != 0 ||
	    (r = wd_thing_find(x->a.b, x->ask->path, &x->a.thing, d)) != 0 ||
	    (r = decide(x, d)) != 0)
		return r;
	return wrap(x, d);
}

static int
log_release(const struct release *x, int result, const char *why,
    struct wd_outcome *out)
{
	WD_AUTO(wd_wr_done) struct wd_wr trace = wd_wr_growing(WD_ENTRY_MAX);
	WD_AUTO(wd_wr_done) struct wd_wr sets = wd_wr_growing(WD_ENTRY_MAX);
	char source[65], path[WD_PATH_MAX + 1];
	struct wd_entry e = {
		.event = WD_EV_RELEASE,
		.request = x->ask->request,
		.lease = x->lease,
		.lease_seconds = result == 0 ? x->a.judged.seconds : 0,
		.detail = result == 0 ? NULL : why,
		.broker_unwrapped =
		    result == 0 && x->fetch->how == WD_FETCH_UNWRAPPED,
	};

	if (wd_span_to_text(x->ask->source, source, sizeof(source)))
		e.source = source;
	if (wd_span_to_text(x->ask->path, path, sizeof(path)))
		e.path = path;
	if (wd_asking_entry(&x->a, result, &e, &trace, &sets) != 0)
		return WD_F_MEMORY;
	return wd_outcome_log(out, &e);
}

static struct wd_msg_release
answer(const struct release *x)
{
	return (struct wd_msg_release){
		.lease = x->lease,
		.seconds = x->a.judged.seconds,
		.protected = wd_bytes_span(x->jwe.protected_b64),
		.encrypted_key = wd_bytes_span(x->jwe.encrypted_key),
		.iv = wd_bytes_span(x->jwe.iv),
		.ciphertext = wd_bytes_span(x->jwe.ciphertext),
		.tag = wd_bytes_span(x->jwe.tag),
	};
}

static void
fill_lease(const struct release *x, struct wd_store_lease *lease)
{
	*lease = (struct wd_store_lease){
		.id = x->lease,
		.session = x->a.session->id,
		.made = x->a.now,
		.expires = x->a.now + x->a.judged.seconds,
	};
	wd_copy(lease->what, WD_SPAN(x->a.thing->text));
}

int
wd_release_with(struct wd_broker *b, const struct wd_msg_resource_ask *ask,
    int64_t now, struct wd_fetch *fetch, struct wd_outcome *out,
    struct wd_store_lease *ret_lease)
{
	WD_AUTO(release_done)
	struct release x = {
		.a = { .b = b, .now = now }, .ask = ask, .fetch = fetch
	};
	struct wd_diag d = { 0 };
	int r = release(&x, &d);
	struct wd_msg_release msg = answer(&x);

	if (r != 0)
		fetch->wanted = false; /* this is the answer */
	if (fetch->wanted)
		return 0; /* decided when it is there */
	if (r != 0)
		x.lease = (struct wd_id){ 0 };
	if (x.a.session != NULL && r != WD_R_RATE_LIMITED &&
	    log_release(&x, r, d.detail, out) != 0)
		r = wd_fault(&d, WD_F_MEMORY, "no memory for the log");
	if (r == 0)
		fill_lease(&x, ret_lease);
	if (r > 0 && x.not_fetched) {
		/* What an operator's server says is no client's business. */
		wd_diag_clear(&d);
		(void)wd_reject(
		    &d, (enum wd_reason)r, "%s", wd_reason_row(r)->sentence);
	}
	return wd_outcome_reply(out, WD_CALL_RESOURCE, r, &d, &msg);
}

int
wd_release(struct wd_broker *b, const struct wd_msg_resource_ask *ask,
    int64_t now, struct wd_outcome *out, struct wd_store_lease *ret_lease)
{
	WD_AUTO(wd_fetch_done) struct wd_fetch none = { 0 };
	int r;

	/* At most a renewal and something new are wanted: what was not asked
	 * is not asked again. */
	while ((r = wd_release_with(b, ask, now, &none, out, ret_lease)) == 0 &&
	    none.wanted) {
		none.answered = true;
		none.result = none.by_seal ? WD_R_HSM_UNAVAILABLE
					   : WD_R_BACKEND_NOT_CONFIGURED;
	}
	return r;
}
