/*
 * Releases of what a backend has leased: remembered before they leave, released
 * again when they are renewed, ended with everything they hang on.
 */
#include "fixture.h"

#include "broker/admin_remote.h"
#include "broker/admin_remote.h"
#include "broker/challenge.h"
#include "broker/leased.h"
#include "broker/release.h"
#include "broker/session.h"
#include "broker/ties.h"
#include "codec/hex.h"
#include "crypto/jwe.h"
#include "crypto/pkey.h"

#include <stdio.h>
#include <string.h>

enum { SIGNER = 7, ENCLAVE = 5, ROWS = 8, FULL = 600 };

static const char upstream_lease[] = "database/creds/web/abc";

/* A key that is leased, and what was asked and answered for it. */
struct way {
	struct t_broker *f;
	struct wd_id key;
	char path[80];
	struct wd_id session;
	char cookie[41];
	struct wd_fetch fetch;
	struct wd_store_lease lease;
};

static void
put_claims(struct wd_claims *c, uint8_t enclave)
{
	uint8_t data[64] = { 1 }, measure[32], who[32], platform[16] = { 9 };

	(void)memset(measure, enclave, sizeof(measure));
	(void)memset(who, SIGNER, sizeof(who));
	*c = (struct wd_claims){ 0 };
	t_ok(wd_claims_put_text(c, WD_C_TEE, "sgx"));
	t_ok(wd_claims_put_bool(c, WD_C_SOFTWARE, false));
	t_ok(wd_claims_put_bool(c, WD_C_DEBUG, false));
	t_ok(wd_claims_put_text(c, WD_C_TCB_STATUS, "UpToDate"));
	t_ok(wd_claims_put(c, WD_C_REPORT_DATA, WD_SPAN(data)));
	t_ok(wd_claims_put(c, WD_C_PLATFORM_ID, WD_SPAN(platform)));
	t_ok(wd_claims_put(c, WD_C_MRENCLAVE, WD_SPAN(measure)));
	t_ok(wd_claims_put(c, WD_C_MRSIGNER, WD_SPAN(who)));
	t_ok(wd_claims_put_uint(c, WD_C_ISVPRODID, 1));
	t_ok(wd_claims_put_uint(c, WD_C_ISVSVN, 3));
}

/* A new session of this enclave. */
static void
attest_as(struct way *w, uint8_t enclave)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *x = NULL, *y = NULL;
	uint8_t challenge[WD_CHALLENGE_LEN];
	struct wd_msg_attest_ask ask = { .request = w->f->request,
		.source = WD_SPAN_LIT("192.0.2.1"),
		.door = WD_DOOR_COCO,
		.tee = WD_TEE_SGX,
		.key_curve = WD_PKEY_P256,
		.key_alg = WD_JWE_ECDH_ES_A256KW };
	struct wd_claims claims;
	struct wd_msg_session m;

	put_claims(&claims, enclave);
	t_ok(wd_pkey_generate(WD_PKEY_P256, &key));
	t_ok(wd_pkey_public_parts(key, &x, &y));
	t_ok(wd_challenge_make(w->f->b, WD_DOOR_COCO, w->f->now, challenge));
	ask.challenge = WD_SPAN(challenge);
	ask.key_x = wd_bytes_span(x);
	ask.key_y = wd_bytes_span(y);
	wd_outcome_done(&w->f->out);
	w->f->out = (struct wd_outcome){ 0 };
	t_ok(wd_session_open(
	    w->f->b, &ask, wd_claims_flat(&claims), w->f->now, &w->f->out));
	t_reply(w->f, WD_CALL_ATTEST, &m);
	assert_true(wd_span_to_text(m.cookie, w->cookie, sizeof(w->cookie)));
	w->session = m.session;
}

static struct way
begin_with(struct t_broker *f, uint8_t key_number)
{
	struct wd_msg_backend_made made = { .kind = WD_KEY_OPAQUE,
		.locator = WD_SPAN_LIT("creds|database/creds/web"),
		.leased = true };
	struct wd_admin_made x = { .id = t_id(key_number),
		.backend = "here",
		.kind = WD_BACKEND_VAULT,
		.attached = true,
		.msg = &made };
	struct wd_admin_found found = { .made = &x };
	struct wd_msg_key_create m = { t_head(f), .kind = WD_KEY_OPAQUE,
		.attach = WD_SPAN_LIT("database/creds/web"),
		.policy = t_add_policy(f, SIGNER) };
	struct wd_msg_key_record key;
	struct way w = { .f = f };

	t_ok(t_call_found(f, WD_CALL_KEY_CREATE, &m, &found));
	t_reply(f, WD_CALL_KEY_CREATE, &key);
	w.key = key.id;
	(void)snprintf(w.path, sizeof(w.path), "default/key/%s", w.key.s);
	attest_as(&w, ENCLAVE);
	return w;
}

static struct way
begin(struct t_broker *f)
{
	return begin_with(f, 9);
}

/* One step of a release; what the client is told, when it is told anything. */
static int
step(struct way *w, const struct wd_id *replaces)
{
	struct wd_msg_resource_ask ask = { .request = w->f->request,
		.source = WD_SPAN_LIT("192.0.2.1"),
		.door = WD_DOOR_COCO,
		.cookie = wd_span_text(w->cookie),
		.path = wd_span_text(w->path) };

	if (replaces != NULL)
		ask.replaces = *replaces;
	wd_outcome_done(&w->f->out);
	w->f->out = (struct wd_outcome){ 0 };
	t_ok(wd_broker_look(w->f->b, w->f->now, NULL));
	t_ok(wd_release_with(
	    w->f->b, &ask, w->f->now, &w->fetch, &w->f->out, &w->lease));
	return w->f->out.result;
}

static void
ask_first(struct way *w, const struct wd_id *replaces)
{
	w->fetch = (struct wd_fetch){ 0 };
	(void)step(w, replaces);
}

static void
got(struct way *w, const char *bytes, uint32_t seconds, bool renewable)
{
	w->fetch.answered = true;
	w->fetch.result = 0;
	w->fetch.bytes = wd_span_text(bytes);
	w->fetch.seconds = seconds;
	w->fetch.renewable = renewable;
	wd_copy(w->fetch.lease, WD_SPAN(upstream_lease));
}

/* The first release, under the lease that comes back. */
static struct wd_id
release_first(struct way *w, uint32_t seconds, bool renewable)
{
	ask_first(w, NULL);
	assert_true(w->fetch.wanted);
	assert_false(w->fetch.renews);
	got(w, "{\"user\":\"one\"}", seconds, renewable);
	t_ok(step(w, NULL));
	assert_true(w->fetch.kept);
	return w->lease.id;
}

static int
find(struct way *w, const struct wd_id *lease, struct wd_store_upstream *ret)
{
	wd_store_upstream_done(ret);
	*ret = (struct wd_store_upstream){ 0 };
	return wd_store_upstream_by_lease(w->f->b->store, lease, ret);
}

/* ---- kept */

static void
a_leased_secret_is_remembered_before_it_leaves(void **state)
{
	WD_AUTO(wd_store_upstream_done) struct wd_store_upstream row = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *secret = NULL;
	struct way w = begin(*state);
	struct wd_id lease = release_first(&w, 900, true);
	struct wd_upstream u;
	struct wd_diag d = { 0 };

	t_ok(find(&w, &lease, &row));
	assert_int_equal(row.expires, w.f->now + FULL);
	assert_int_equal(row.ends, w.f->now + 900);
	assert_string_equal(row.session.s, w.session.s);
	assert_string_equal(row.key.s, w.key.s);
	assert_string_equal(row.what, w.path);
	t_ok(wd_upstream_open(w.f->b, &row, &u, &d));
	assert_string_equal(u.lease, upstream_lease);
	assert_string_equal(u.backend, "here");
	assert_int_equal(u.granted, 900);
	assert_true(u.renewable);
	t_ok(wd_upstream_secret(w.f->b, &row, &secret, &d));
	assert_true(wd_span_is(wd_secret_borrow(secret), "{\"user\":\"one\"}"));
}

static void
neither_lease_nor_secret_stand_there_in_the_clear(void **state)
{
	WD_AUTO(wd_store_upstream_done) struct wd_store_upstream row = { 0 };
	struct way w = begin(*state);
	struct wd_id lease = release_first(&w, 900, true);
	struct wd_span s;

	t_ok(find(&w, &lease, &row));
	s = wd_bytes_span(row.reference);
	for (size_t i = 0; i + 8 < s.len; i++)
		assert_false(wd_span_is(wd_span(s.p + i, 8), "database"));
	s = wd_bytes_span(row.secret);
	for (size_t i = 0; i + 4 < s.len; i++)
		assert_false(wd_span_is(wd_span(s.p + i, 4), "user"));
}

static void
a_row_that_was_moved_does_not_open(void **state)
{
	WD_AUTO(wd_store_upstream_done) struct wd_store_upstream row = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *secret = NULL;
	struct way w = begin(*state);
	struct wd_id lease = release_first(&w, 900, true);
	struct wd_upstream u;
	struct wd_diag d = { 0 };

	t_ok(find(&w, &lease, &row));
	(void)snprintf(row.backend, sizeof(row.backend), "there");
	assert_int_equal(wd_upstream_open(w.f->b, &row, &u, &d), WD_R_TAMPERED);
	(void)snprintf(row.backend, sizeof(row.backend), "here");
	row.id = t_id(77);
	assert_int_equal(wd_upstream_open(w.f->b, &row, &u, &d), WD_R_TAMPERED);
	assert_int_equal(
	    wd_upstream_secret(w.f->b, &row, &secret, &d), WD_R_TAMPERED);
}

/* ---- renewed */

static void
a_renewal_releases_the_same_again(void **state)
{
	WD_AUTO(wd_store_upstream_done) struct wd_store_upstream row = { 0 };
	struct way w = begin(*state);
	struct wd_id first = release_first(&w, 900, true);

	w.f->now += 100;
	attest_as(&w, ENCLAVE);
	ask_first(&w, &first);
	assert_true(w.fetch.wanted);
	assert_true(w.fetch.renews);
	assert_string_equal(w.fetch.lease, upstream_lease);
	assert_int_equal(w.fetch.seconds_asked, 900);
	w.fetch.answered = true;
	w.fetch.seconds = 450;
	t_ok(step(&w, &first));
	assert_false(w.fetch.wanted);
	assert_int_equal(w.lease.expires, w.f->now + 450);
	t_ok(find(&w, &w.lease.id, &row));
	assert_string_equal(row.previous.s, first.s);
	assert_int_equal(row.ends, w.f->now + 450);
	assert_int_equal(row.expires, w.f->now + 450);
	assert_string_equal(row.session.s, w.session.s);
}

static void
what_is_renewed_for_too_short_is_made_anew(void **state)
{
	WD_AUTO(wd_store_upstream_done) struct wd_store_upstream row = { 0 };
	struct way w = begin(*state);
	struct wd_id first = release_first(&w, 900, true);

	ask_first(&w, &first);
	w.fetch.answered = true;
	w.fetch.seconds = 299; /* less than half of 600 */
	(void)step(&w, &first);
	assert_true(w.fetch.wanted);
	assert_false(w.fetch.renews);
	assert_true(w.fetch.anew);
	got(&w, "{\"user\":\"two\"}", 900, true);
	(void)snprintf(w.fetch.lease, sizeof(w.fetch.lease), "other");
	t_ok(step(&w, &first));
	t_ok(find(&w, &w.lease.id, &row));
	assert_true(wd_id_is_none(&row.previous));
	t_ok(find(&w, &first, &row)); /* to its own end */
	assert_false(row.ending);
}

static void
a_lease_that_is_gone_there_is_made_anew(void **state)
{
	struct way w = begin(*state);
	struct wd_id first = release_first(&w, 900, true);

	ask_first(&w, &first);
	w.fetch.answered = true;
	w.fetch.result = WD_R_NOT_FOUND;
	(void)step(&w, &first);
	assert_true(w.fetch.wanted);
	assert_true(w.fetch.anew);
}

static void
a_backend_that_is_away_leaves_what_is_left(void **state)
{
	struct way w = begin(*state);
	struct wd_id first = release_first(&w, 900, true);

	w.f->now += 200;
	ask_first(&w, &first);
	w.fetch.answered = true;
	w.fetch.result = WD_R_UNAVAILABLE;
	t_ok(step(&w, &first));
	assert_int_equal(w.lease.expires, w.f->now + FULL);
	first = w.lease.id;
	w.f->now += 250; /* 450 of 900 left */
	attest_as(&w, ENCLAVE);
	ask_first(&w, &first);
	w.fetch.answered = true;
	w.fetch.result = WD_R_UNAVAILABLE;
	t_ok(step(&w, &first));
	assert_int_equal(w.lease.expires, w.f->now + 450);
	first = w.lease.id;
	w.f->now += 200; /* 250: not worth it */
	attest_as(&w, ENCLAVE);
	ask_first(&w, &first);
	w.fetch.answered = true;
	w.fetch.result = WD_R_UNAVAILABLE;
	(void)step(&w, &first);
	assert_true(w.fetch.wanted);
	assert_true(w.fetch.anew);
	w.fetch.answered = true;
	w.fetch.result = WD_R_UNAVAILABLE;
	assert_int_equal(step(&w, &first), WD_R_UNAVAILABLE);
}

static void
what_cannot_be_renewed_is_used_while_it_lasts(void **state)
{
	struct way w = begin(*state);
	struct wd_id first = release_first(&w, 900, false);

	w.f->now += 100;
	ask_first(&w, &first);
	assert_false(w.fetch.wanted);
	assert_true(w.fetch.renews);
	assert_int_equal(w.f->out.result, 0);
	assert_int_equal(w.lease.expires, w.f->now + FULL);
	first = w.lease.id;
	w.f->now += 550;
	attest_as(&w, ENCLAVE);
	ask_first(&w, &first);
	assert_true(w.fetch.wanted);
	assert_false(w.fetch.renews);
}

/* Whether a release that names REPLACES wants that lease renewed. */
static bool
renews(struct way *w, const struct wd_id *replaces)
{
	ask_first(w, replaces);
	assert_true(w->fetch.wanted);
	return w->fetch.renews;
}

static void
nobody_else_is_given_what_was_leased(void **state)
{
	struct way w = begin(*state), another;
	struct wd_id first = release_first(&w, 900, true), none = t_id(3);

	assert_true(renews(&w, &first));
	assert_false(renews(&w, &none));
	attest_as(&w, ENCLAVE + 1);
	assert_false(renews(&w, &first));
	attest_as(&w, ENCLAVE);
	assert_true(renews(&w, &first));
	another = begin_with(*state, 10); /* a key that rests there too */
	assert_false(renews(&another, &first));
	w.f->now += FULL; /* it is over */
	attest_as(&w, ENCLAVE);
	assert_false(renews(&w, &first));
}

static void
what_ends_is_not_renewed(void **state)
{
	struct way w = begin(*state);
	struct wd_id first = release_first(&w, 900, true), row = w.fetch.row;

	ask_first(&w, &first);
	t_ok(wd_store_upstream_end(w.f->b->store, &row, w.f->now));
	w.fetch.answered = true;
	w.fetch.seconds = 900;
	(void)step(&w, &first);
	assert_true(w.fetch.wanted); /* something new */
	assert_true(w.fetch.anew);
	assert_false(renews(&w, &first));
}

static void
without_a_backend_a_renewal_ends_too(void **state)
{
	struct way w = begin(*state);
	struct wd_id first = release_first(&w, 900, true);
	struct wd_msg_resource_ask ask = { .request = w.f->request,
		.source = WD_SPAN_LIT("192.0.2.1"),
		.door = WD_DOOR_COCO,
		.cookie = wd_span_text(w.cookie),
		.path = wd_span_text(w.path),
		.replaces = first };

	w.f->now += 290;
	t_ok(wd_release(w.f->b, &ask, w.f->now, &w.f->out, &w.lease));
	assert_int_equal(w.f->out.result, 0); /* 610 are left */
	w.f->now += 250;
	attest_as(&w, ENCLAVE);
	ask.cookie = wd_span_text(w.cookie);
	ask.replaces = t_id(4);
	wd_outcome_done(&w.f->out);
	w.f->out = (struct wd_outcome){ 0 };
	t_ok(wd_release(w.f->b, &ask, w.f->now, &w.f->out, &w.lease));
	assert_int_equal(w.f->out.result, WD_R_BACKEND_NOT_CONFIGURED);
}

/* The next version of the key is leased elsewhere. */
static void
move_on(struct way *w)
{
	struct wd_remote x = { .backend = "here",
		.kind = WD_BACKEND_VAULT,
		.locator = "creds|database/creds/next",
		.leased = true };
	WD_AUTO(wd_store_version_done)
	struct wd_store_version v = {
		.key = w->key, .version = 2, .created = w->f->now
	};

	t_ok(wd_remote_seal(w->f->b, &w->key, 2, &x, &v.wrapped, NULL));
	t_ok(wd_store_key_rotate(w->f->b->store, &v));
}

static void
a_lease_from_where_it_rests_no_more_is_not_kept(void **state)
{
	WD_AUTO(wd_store_upstream_done) struct wd_store_upstream row = { 0 };
	struct way w = begin(*state);
	struct wd_upstream u;
	struct wd_diag d = { 0 };

	ask_first(&w, NULL);
	move_on(&w);
	got(&w, "{\"user\":\"one\"}", 900, true);
	(void)step(&w, NULL);
	assert_true(w.fetch.wanted);
	assert_false(w.fetch.kept);
	assert_string_equal(w.fetch.lease, "");
	assert_int_equal(w.fetch.seconds, 0);
	assert_string_equal(w.fetch.what.locator, "creds|database/creds/next");
	got(&w, "{\"user\":\"two\"}", 900, true);
	t_ok(step(&w, NULL));
	assert_true(w.fetch.kept);
	t_ok(find(&w, &w.lease.id, &row));
	t_ok(wd_upstream_open(w.f->b, &row, &u, &d));
	assert_int_equal(u.version, 2);
	assert_string_equal(u.locator, "creds|database/creds/next");
}

static void
what_is_renewed_and_rests_elsewhere_is_made_there(void **state)
{
	struct way w = begin(*state);
	struct wd_id first = release_first(&w, 900, true);

	ask_first(&w, &first);
	assert_true(w.fetch.renews);
	move_on(&w);
	w.fetch.answered = true;
	w.fetch.seconds = 900;
	(void)step(&w, &first);
	assert_true(w.fetch.wanted);
	assert_true(w.fetch.anew);
	assert_string_equal(w.fetch.what.locator, "creds|database/creds/next");
	got(&w, "{\"user\":\"two\"}", 900, true);
	t_ok(step(&w, &first));
	assert_false(w.fetch.wanted);
	assert_false(w.fetch.again);
}

/* Or the server would ask for it without end. */
static void
what_is_refused_meanwhile_is_wanted_no_more(void **state)
{
	struct way w = begin(*state);

	ask_first(&w, NULL);
	assert_true(w.fetch.wanted);
	t_ok(wd_store_revoke(w.f->b->store, "key", w.key.s, w.f->now));
	got(&w, "{\"user\":\"one\"}", 900, true);
	assert_int_equal(step(&w, NULL), WD_R_REVOKED_BY_OPERATOR);
	assert_false(w.fetch.wanted);
	assert_false(w.fetch.kept);
}

/* ---- revoked */

/* Whether the row of LEASE ends once everything revoked was looked at. */
static bool
ends(struct way *w, const struct wd_id *lease)
{
	WD_AUTO(wd_store_upstream_done) struct wd_store_upstream row = { 0 };
	struct wd_diag d = { 0 };
	bool more = true;

	t_ok(wd_broker_look(w->f->b, w->f->now, &d));
	while (more)
		t_ok(wd_upstream_look(w->f->b, w->f->now, &more, &d));
	t_ok(find(w, lease, &row));
	assert_true(row.ending || row.seen == w->f->b->revocations);
	return row.ending;
}

static bool
ends_by(struct t_broker *f, const char *kind,
    const char *(*what)(const struct way *w, const struct wd_id *lease))
{
	struct way w = begin(f);
	struct wd_id lease = release_first(&w, 900, true);
	bool before = ends(&w, &lease);

	assert_false(before);
	t_ok(wd_store_revoke(f->b->store, kind, what(&w, &lease), f->now));
	return ends(&w, &lease);
}

static const char *
the_lease(const struct way *w, const struct wd_id *lease)
{
	(void)w;
	return lease->s;
}

static const char *
the_session(const struct way *w, const struct wd_id *lease)
{
	(void)lease;
	return w->session.s;
}

static const char *
the_key(const struct way *w, const struct wd_id *lease)
{
	(void)lease;
	return w->key.s;
}

static const char *
the_path(const struct way *w, const struct wd_id *lease)
{
	(void)lease;
	return w->path;
}

static const char *
the_repository(const struct way *w, const struct wd_id *lease)
{
	(void)w;
	(void)lease;
	return "default";
}

static const char *
half_a_segment(const struct way *w, const struct wd_id *lease)
{
	(void)w;
	(void)lease;
	return "default/ke";
}

static const char *
the_policy_version(const struct way *w, const struct wd_id *lease)
{
	WD_AUTO(wd_store_policy_done) struct wd_store_policy p = { 0 };
	struct wd_store_key key;
	static char text[65];

	(void)lease;
	t_ok(wd_store_key_get(w->f->b->store, &w->key, &key));
	t_ok(wd_store_policy_get(w->f->b->store, &key.policy, &p));
	wd_hex_format(WD_SPAN(p.version), text);
	return text;
}

static const char *
repeated(uint8_t n, size_t len)
{
	static char text[129];
	uint8_t bytes[64];

	(void)memset(bytes, n, sizeof(bytes));
	wd_hex_format(wd_span(bytes, len), text);
	return text;
}

static const char *
the_enclave(const struct way *w, const struct wd_id *lease)
{
	(void)w;
	(void)lease;
	return repeated(ENCLAVE, 32);
}

static const char *
another_enclave(const struct way *w, const struct wd_id *lease)
{
	(void)w;
	(void)lease;
	return repeated(ENCLAVE + 1, 32);
}

static const char *
the_platform(const struct way *w, const struct wd_id *lease)
{
	(void)w;
	(void)lease;
	return "09000000000000000000000000000000";
}

static void
whatever_ends_a_lease_of_ours_ends_the_backends(void **state)
{
	static const struct {
		const char *kind;
		const char *(*what)(
		    const struct way *w, const struct wd_id *lease);
		bool ends;
	} rows[] = {
		{ "session", half_a_segment, false },
		{ "prefix", half_a_segment, false },
		{ "measurement", another_enclave, false },
		{ "lease", the_lease, true },
		{ "session", the_session, true },
		{ "key", the_key, true },
		{ "prefix", the_path, true },
		{ "policy_version", the_policy_version, true },
		{ "platform", the_platform, true },
		{ "measurement", the_enclave, true },
		{ "prefix", the_repository, true },
	};

	/* A revocation lasts; so each has a store of its own. */
	for (size_t i = 0; i < WD_N(rows); i++) {
		assert_int_equal(
		    ends_by(*state, rows[i].kind, rows[i].what), rows[i].ends);
		t_ok(t_broker_teardown(state));
		t_ok(t_broker_setup(state));
	}
}

static void
a_renewed_lease_hangs_on_its_new_session(void **state)
{
	struct way w = begin(*state);
	struct wd_id first = release_first(&w, 900, true), second, old;

	old = w.session;
	attest_as(&w, ENCLAVE);
	ask_first(&w, &first);
	w.fetch.answered = true;
	w.fetch.seconds = 900;
	t_ok(step(&w, &first));
	second = w.lease.id;
	t_ok(wd_store_revoke(w.f->b->store, "session", old.s, w.f->now));
	assert_false(ends(&w, &second));
	t_ok(wd_store_revoke(w.f->b->store, "lease", second.s, w.f->now));
	assert_true(ends(&w, &second));
}

/* Released by a keeper that had not seen the revocation. */
static void
a_row_that_comes_after_its_revocation_ends_too(void **state)
{
	struct way w = begin(*state);
	struct wd_id lease;

	t_ok(wd_store_revoke(w.f->b->store, "key", t_id(1).s, w.f->now));
	lease = release_first(&w, 900, true);
	assert_false(ends(&w, &lease));
	lease = release_first(&w, 900, true);
	t_ok(wd_store_revoke(w.f->b->store, "lease", lease.s, w.f->now));
	t_ok(wd_broker_look(w.f->b, w.f->now, NULL));
	assert_true(ends(&w, &lease));
}

static void
ties_that_are_none_end_it(void **state)
{
	struct t_broker *f = *state;
	struct wd_diag d = { 0 };

	t_ok(wd_store_revoke(f->b->store, "key", "x", f->now));
	t_ok(wd_broker_look(f->b, f->now, &d));
	t_ok(wd_ties_revoked(f->b, WD_SPAN_LIT("key y\n"), &d));
	t_ok(wd_ties_revoked(f->b, WD_SPAN_LIT(""), &d));
	assert_int_equal(
	    wd_ties_revoked(f->b, WD_SPAN_LIT("key y\nkey x\n"), &d),
	    WD_R_REVOKED_BY_OPERATOR);
	assert_int_equal(
	    wd_ties_revoked(f->b, WD_SPAN_LIT("key y"), &d), WD_R_TAMPERED);
	assert_int_equal(
	    wd_ties_revoked(f->b, WD_SPAN_LIT("key\n"), &d), WD_R_TAMPERED);
	assert_int_equal(
	    wd_ties_revoked(f->b, WD_SPAN_LIT("key \n"), &d), WD_R_TAMPERED);
}

/* ---- admin */

static void
deleting_the_key_revokes_its_leases(void **state)
{
	struct way w = begin(*state);
	struct wd_id lease = release_first(&w, 900, true);
	struct wd_msg_key_ask m = { t_head(w.f), .id = w.key };

	t_ok(t_call(w.f, WD_CALL_KEY_DELETE, &m));
	assert_true(ends(&w, &lease));
}

static void
leases_are_listed_with_what_is_to_be_given_back(void **state)
{
	struct way w = begin(*state);
	struct wd_id ended;
	struct wd_msg_lease_list_ask m = { t_head(w.f), .limit = 10 };
	struct wd_msg_lease_list list;
	struct wd_msg_lease_record row;
	struct wd_rd rd;
	size_t n = 0;

	ended = release_first(&w, 900, true);
	t_ok(wd_store_upstream_end(w.f->b->store, &w.fetch.row, w.f->now));
	t_ok(wd_store_upstream_failed(w.f->b->store, &w.fetch.row, 1));
	w.f->now += 100;
	(void)release_first(&w, 900, true);
	t_ok(wd_store_lease_add(w.f->b->store, &w.lease, 1));
	w.f->now += FULL - 100; /* the first is over */
	t_ok(t_call(w.f, WD_CALL_LEASE_LIST, &m));
	t_reply(w.f, WD_CALL_LEASE_LIST, &list);
	rd = wd_rd(list.leases);
	while (wd_rd_more(&rd)) {
		t_ok(wd_list_next(&rd, &wd_msg_lease_record_type, &row));
		assert_true(wd_span_is(row.backend, "here"));
		assert_true(wd_span_is(row.upstream,
		    strcmp(row.id.s, ended.s) == 0
			? "to be revoked, failed 1 time"
			: "live"));
		n++;
	}
	assert_int_equal(n, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_broker(a_leased_secret_is_remembered_before_it_leaves),
		with_broker(neither_lease_nor_secret_stand_there_in_the_clear),
		with_broker(a_row_that_was_moved_does_not_open),
		with_broker(a_renewal_releases_the_same_again),
		with_broker(what_is_renewed_for_too_short_is_made_anew),
		with_broker(a_lease_that_is_gone_there_is_made_anew),
		with_broker(a_backend_that_is_away_leaves_what_is_left),
		with_broker(what_cannot_be_renewed_is_used_while_it_lasts),
		with_broker(nobody_else_is_given_what_was_leased),
		with_broker(what_ends_is_not_renewed),
		with_broker(without_a_backend_a_renewal_ends_too),
		with_broker(a_lease_from_where_it_rests_no_more_is_not_kept),
		with_broker(what_is_renewed_and_rests_elsewhere_is_made_there),
		with_broker(what_is_refused_meanwhile_is_wanted_no_more),
		with_broker(whatever_ends_a_lease_of_ours_ends_the_backends),
		with_broker(a_renewed_lease_hangs_on_its_new_session),
		with_broker(a_row_that_comes_after_its_revocation_ends_too),
		with_broker(ties_that_are_none_end_it),
		with_broker(deleting_the_key_revokes_its_leases),
		with_broker(leases_are_listed_with_what_is_to_be_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
