/*
 * The steps of a release in their order; each may end it. The verdict starts
 * as deny and becomes allow in decide() alone.
 */
#include "broker/release.h"

#include "broker/headers.h"
#include "broker/judge.h"
#include "broker/leased.h"
#include "broker/limits.h"
#include "broker/native.h"
#include "broker/references.h"
#include "broker/revoked.h"
#include "broker/session.h"
#include "codec/jtext.h"
#include "crypto/jwe.h"
#include "crypto/rand.h"

/* One release while it is made. */
struct release {
	struct wd_broker *b;
	const struct wd_msg_resource_ask *ask;
	int64_t now;
	enum wd_verdict verdict;
	const struct wd_store_session *session; /* NULL: not found */
	const struct wd_pkey *client;           /* its key, maybe in: */
	struct wd_pkey *client_room;
	struct wd_store_session room; /* maybe where it lies */
	struct wd_claims claims;
	struct wd_thing thing;
	struct wd_judged judged;
	struct wd_id lease;
	struct wd_jwe jwe;
	struct wd_fetch *fetch;
	struct wd_remote remote; /* where it rests, when it does elsewhere */
	bool not_fetched;        /* what went wrong is the backend's matter */
};

static void
release_done(struct release *x)
{
	wd_store_session_done(&x->room);
	wd_pkey_freep(&x->client_room);
	wd_thing_done(&x->thing);
	wd_jwe_done(&x->jwe);
}

static int
find_session(struct release *x, struct wd_diag *d)
{
	int r;

	if (!x->b->open)
		return wd_reject(d, WD_R_SEALED, "the server is sealed");
	if ((r = wd_broker_look(x->b, x->now, d)) != 0 ||
	    (r = wd_session_find(x->b, x->ask->cookie, x->ask->token, x->now,
		 &x->room, &x->session, d)) != 0)
		return r;
	if (wd_claims_adopt(&x->claims, wd_bytes_span(x->session->claims)) != 0)
		return wd_fault(d, WD_F_STORE, "a session without claims");
	if (x->fetch->answered || x->fetch->anew)
		return 0; /* it was counted when it was asked for */
	return wd_limit_session(x->b, &x->session->id, &x->claims, d);
}

/* The client as its certificate named it; NULL without one. */
static const struct wd_client_identity *
identity(const struct release *x, struct wd_client_identity *room)
{
	if (x->session->client_cn[0] == '\0')
		return NULL;
	room->cn = wd_span_text(x->session->client_cn);
	room->issuer_cn = wd_span_text(x->session->client_issuer);
	return room;
}

/* What a client renews must not have been taken back. A client that does not
 * say asks for a lease of its own. */
static int
check_replaced(const struct release *x, struct wd_diag *d)
{
	const struct wd_msg_resource_ask *ask = x->ask;
	int r = 0;

	if (!wd_id_is_none(&ask->replaces))
		r = wd_is_revoked(x->b, "lease", ask->replaces.s, d);
	if (r == 0 && !wd_id_is_none(&ask->replaces_session))
		r = wd_is_revoked(x->b, "session", ask->replaces_session.s, d);
	return r;
}

/* The one place where a verdict becomes allow. */
static int
decide(struct release *x, struct wd_diag *d)
{
	struct wd_client_identity room = { 0 };
	int r = wd_judge(x->b, &x->thing, &x->claims, identity(x, &room),
	    x->now, NULL, &x->judged, d);

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
	    x->client, (enum wd_jwe_alg)x->session->key_alg, plain, &x->jwe);

	return r == 0 ? 0 : wd_fault(d, WD_F_CRYPTO, "could not be wrapped");
}

static int
make_native(struct release *x, struct wd_span bytes, struct wd_secret **ret,
    struct wd_diag *d)
{
	char thumb[WD_THUMB_TEXT];
	struct wd_native_in in = {
		.thing = &x->thing,
		.bytes = bytes,
		.wrap = x->fetch->wrap,
		.nonce = wd_bytes_span(x->session->nonce),
		.client = thumb,
		.lease = &x->lease,
		.session = &x->session->id,
		.seconds = x->judged.seconds,
		.policy_version = x->judged.policy_version,
	};

	if (wd_thumb_text(x->client, thumb) != 0 ||
	    wd_native_make(x->b, &in, ret) != 0)
		return wd_fault(d, WD_F_CRYPTO, "could not be signed");
	return 0;
}

static struct wd_leased
leased(const struct release *x)
{
	return (struct wd_leased){ .b = x->b,
		.thing = &x->thing,
		.what = &x->remote,
		.claims = &x->claims,
		.replaces = &x->ask->replaces,
		.now = x->now,
		.seconds = x->judged.seconds,
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
	f->how = how;
	f->what = x->remote;
	f->kind = (enum wd_key_kind)x->thing.key.kind;
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
		    wd_bytes_span(x->thing.version.spki), bytes, d);
		x->not_fetched = r != 0;
	}
	if (r == 0 && f->seconds > 0 && f->seconds < x->judged.seconds)
		x->judged.seconds = f->seconds;
	return r;
}

/* From a backend; BYTES stay none when it is to be asked first. */
static int
open_remote(struct release *x, struct wd_secret **bytes, struct wd_diag *d)
{
	enum wd_fetch_how how;
	int r = wd_remote_open(
	    x->b, &x->thing.key, &x->thing.version, &x->remote, d);

	if (r != 0 ||
	    (r = wd_remote_how(&x->remote, x->ask->native && x->ask->wrapped,
		 x->client, &how, d)) != 0)
		return r;
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
		.session = &x->session->id,
		.seconds = x->judged.seconds,
		.policy_version = x->judged.policy_version,
		.bytes = bytes };

	return x->fetch->lease[0] == '\0' ? 0 : wd_leased_keep(&l, &to, d);
}

static int
open_thing(struct release *x, struct wd_secret **bytes, struct wd_diag *d)
{
	if (x->thing.path.kind == WD_PATH_KEY && wd_remote_is(&x->thing.key))
		return open_remote(x, bytes, d);
	return wd_thing_open(x->b, &x->thing, bytes, d);
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
	x->client = wd_session_key(x->b, x->session, &x->client_room);
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
	int r;

	if ((r = find_session(x, d)) != 0 ||
	    (r = wd_thing_find(x->b, x->ask->path, &x->thing, d)) != 0 ||
	    (r = decide(x, d)) != 0)
		return r;
	return wrap(x, d);
}

/* Which sets of reference values decided, in which version. */
static void
write_references(const struct release *x, struct wd_wr *wr)
{
	struct wd_jtext j = wd_jtext(wr);

	if (x->judged.policy != NULL && x->judged.policy->n_sets > 0)
		wd_references_write(x->judged.policy, &j);
}

/* Why, clause by clause: for the log alone. */
static void
write_trace(const struct release *x, struct wd_wr *wr)
{
	struct wd_client_identity room = { 0 };
	struct wd_policy_trace trace = { 0 };
	struct wd_jtext j = wd_jtext(wr);

	if (x->judged.policy == NULL)
		return;
	if (wd_policy_eval(x->judged.policy, &x->claims, identity(x, &room),
		x->now, &trace) >= 0)
		wd_policy_trace_write(&trace, &j);
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
		.time = x->now,
		.request = x->ask->request,
		.session = x->session->id,
		.lease = x->lease,
		.key = x->thing.path.key,
		.policy = x->thing.policy,
		.policy_version = x->judged.policy_version,
		.version = x->thing.number,
		.lease_seconds = result == 0 ? x->judged.seconds : 0,
		.result = result,
		.software = wd_claims_bool(&x->claims, WD_C_SOFTWARE),
		.broker_unwrapped =
		    result == 0 && x->fetch->how == WD_FETCH_UNWRAPPED,
	};

	if (wd_span_to_text(x->ask->source, source, sizeof(source)))
		e.source = source;
	if (wd_span_to_text(x->ask->path, path, sizeof(path)))
		e.path = path;
	if (result != 0) {
		e.detail = why;
		write_trace(x, &trace);
		e.trace = wd_wr_span(&trace);
	}
	write_references(x, &sets);
	if (wd_wr_end(&sets) != 0)
		return WD_F_MEMORY;
	e.references = wd_wr_span(&sets);
	return wd_outcome_log(out, &e);
}

static struct wd_msg_release
answer(const struct release *x)
{
	return (struct wd_msg_release){
		.lease = x->lease,
		.seconds = x->judged.seconds,
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
		.session = x->session->id,
		.made = x->now,
		.expires = x->now + x->judged.seconds,
	};
	wd_copy(lease->what, WD_SPAN(x->thing.text));
}

int
wd_release_with(struct wd_broker *b, const struct wd_msg_resource_ask *ask,
    int64_t now, struct wd_fetch *fetch, struct wd_outcome *out,
    struct wd_store_lease *ret_lease)
{
	WD_AUTO(release_done)
	struct release x = { .b = b, .ask = ask, .now = now, .fetch = fetch };
	struct wd_diag d = { 0 };
	int r = release(&x, &d);
	struct wd_msg_release msg = answer(&x);

	if (r == 0 && fetch->wanted)
		return 0; /* decided when it is there */
	if (r != 0)
		x.lease = (struct wd_id){ 0 };
	if (x.session != NULL && r != WD_R_RATE_LIMITED &&
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

	/* At most a renewal and something new are wanted. */
	while ((r = wd_release_with(b, ask, now, &none, out, ret_lease)) == 0 &&
	    none.wanted) {
		none.answered = true;
		none.result = WD_R_BACKEND_NOT_CONFIGURED;
	}
	return r;
}
