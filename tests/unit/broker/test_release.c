/*
 * From a challenge to a wrapped secret, and every way in which that is refused.
 */
#include "fixture.h"

#include "base/alloc.h"
#include "broker/challenge.h"
#include "broker/headers.h"
#include "broker/kept.h"
#include "broker/path.h"
#include "broker/release.h"
#include "broker/revoked.h"
#include "broker/rowkey.h"
#include "broker/secrets.h"
#include "broker/session.h"
#include "broker/watch.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/json.h"
#include "crypto/jwe.h"
#include "crypto/jws.h"
#include "crypto/rand.h"
#include "policy/parse.h"
#include "policy/parse_reference.h"
#include "policy/text.h"
#include "proto/revoked.h"

#include <stdio.h>
#include <string.h>

enum { SIGNER = 7 };

/* A client in the middle of its way. */
struct client {
	struct wd_pkey *key;
	struct wd_bytes *x, *y;
	uint8_t challenge[WD_CHALLENGE_LEN];
	struct wd_claims claims;
	char cookie[41];
	struct wd_bytes *token;
	struct wd_store_lease lease;
};

static void
client_done(struct client *c)
{
	c->key = wd_pkey_free(c->key);
	c->x = wd_bytes_free(c->x);
	c->y = wd_bytes_free(c->y);
	c->token = wd_bytes_free(c->token);
}

static void
put_claims(struct wd_claims *c, uint8_t signer, bool software, bool debug)
{
	uint8_t data[64] = { 1 }, measure[32], who[32];

	(void)memset(measure, 5, sizeof(measure));
	(void)memset(who, signer, sizeof(who));
	*c = (struct wd_claims){ 0 };
	t_ok(wd_claims_put_text(c, WD_C_TEE, "sgx"));
	t_ok(wd_claims_put_bool(c, WD_C_SOFTWARE, software));
	t_ok(wd_claims_put_bool(c, WD_C_DEBUG, debug));
	t_ok(wd_claims_put_text(c, WD_C_TCB_STATUS, "UpToDate"));
	t_ok(wd_claims_put(c, WD_C_REPORT_DATA, WD_SPAN(data)));
	t_ok(wd_claims_put(c, WD_C_MRENCLAVE, WD_SPAN(measure)));
	t_ok(wd_claims_put(c, WD_C_MRSIGNER, WD_SPAN(who)));
	t_ok(wd_claims_put_uint(c, WD_C_ISVPRODID, 1));
	t_ok(wd_claims_put_uint(c, WD_C_ISVSVN, 3));
}

/* A client with a key, a challenge and good claims. */
static struct client
client_new(struct t_broker *f)
{
	struct client c = { 0 };

	t_ok(wd_pkey_generate(WD_PKEY_P256, &c.key));
	t_ok(wd_pkey_public_parts(c.key, &c.x, &c.y));
	t_ok(wd_challenge_make(f->b, WD_DOOR_COCO, f->now, c.challenge));
	put_claims(&c.claims, SIGNER, false, false);
	return c;
}

static struct wd_msg_attest_ask
attest_ask(struct t_broker *f, struct client *c)
{
	return (struct wd_msg_attest_ask){ .request = f->request,
		.source = WD_SPAN_LIT("192.0.2.1"),
		.door = WD_DOOR_COCO,
		.tee = WD_TEE_SGX,
		.challenge = WD_SPAN(c->challenge),
		.key_curve = WD_PKEY_P256,
		.key_alg = WD_JWE_ECDH_ES_A256KW,
		.key_x = wd_bytes_span(c->x),
		.key_y = wd_bytes_span(c->y) };
}

/* Opens the session; what the client is told. */
static int
attest(struct t_broker *f, struct client *c)
{
	struct wd_msg_attest_ask ask = attest_ask(f, c);
	struct wd_msg_session m;
	struct wd_diag d = { 0 };
	int r = wd_session_may_attest(f->b, &ask, f->now, &d);

	if (r != 0)
		return r;
	wd_outcome_done(&f->out);
	f->out = (struct wd_outcome){ 0 };
	t_ok(wd_session_open(
	    f->b, &ask, wd_claims_flat(&c->claims), f->now, &f->out));
	if (f->out.result != 0)
		return f->out.result;
	t_reply(f, WD_CALL_ATTEST, &m);
	assert_true(wd_span_to_text(m.cookie, c->cookie, sizeof(c->cookie)));
	c->token = wd_bytes_free(c->token);
	c->token = wd_bytes_copy(m.token);
	assert_int_equal(m.expires, f->now + 300);
	return 0;
}

static struct client
attested(struct t_broker *f)
{
	struct client c = client_new(f);

	t_ok(attest(f, &c));
	return c;
}

static int
resource_by(struct t_broker *f, struct client *c, const char *path, bool native,
    struct wd_span cookie, struct wd_span token)
{
	struct wd_msg_resource_ask ask = { .request = f->request,
		.source = WD_SPAN_LIT("192.0.2.1"),
		.door = WD_DOOR_COCO,
		.cookie = cookie,
		.token = token,
		.path = wd_span_text(path),
		.native = native };

	wd_outcome_done(&f->out);
	f->out = (struct wd_outcome){ 0 };
	t_ok(wd_release(f->b, &ask, f->now, &f->out, &c->lease));
	return f->out.result;
}

static int
resource(struct t_broker *f, struct client *c, const char *path)
{
	return resource_by(
	    f, c, path, false, wd_span_text(c->cookie), wd_span(NULL, 0));
}

/* ---- what is there to be released */

static const char secret_path[] = "default/db/password";

static void
put_secret(struct t_broker *f, const char *path, const char *text,
    const struct wd_id *policy)
{
	WD_AUTO(wd_store_secret_done) struct wd_store_secret x = { 0 };

	assert_true(
	    wd_span_to_text(wd_span_text(path), x.path, sizeof(x.path)));
	t_ok(wd_store_secret_next(f->b->store, path, &x.version));
	t_ok(wd_secret_seal_path(
	    f->b, &x, NULL, wd_span_text(text), &x.wrapped, NULL));
	x.updated = f->now;
	t_ok(wd_store_secret_put(f->b->store, &x));
	if (policy != NULL)
		t_ok(wd_store_bind(f->b->store, path, policy));
}

static struct wd_id
put_key(struct t_broker *f, const struct wd_id *policy)
{
	struct wd_msg_key_create m = { t_head(f), .kind = WD_KEY_P256,
		.label = WD_SPAN_LIT("web"),
		.subject = WD_SPAN_LIT("CN=web.test,DNS=web.test"),
		.policy = *policy };
	struct wd_msg_key_record key;

	t_ok(t_call(f, WD_CALL_KEY_CREATE, &m));
	t_reply(f, WD_CALL_KEY_CREATE, &key);
	return key.id;
}

static const char *
key_path(const char *type, const struct wd_id *id)
{
	static char path[80];
	struct wd_wr wr = wd_wr_fixed(path, sizeof(path));

	wd_wr_printf(&wr, "default/%s/%s", type, id->s);
	wd_wr_u8(&wr, 0);
	return path;
}

/* ---- opening what came */

/* What the client reads out of the last release. */
static struct wd_secret *
opened(struct t_broker *f, struct client *c)
{
	struct wd_msg_release m;

	t_reply(f, WD_CALL_RESOURCE, &m);
	return t_jwe_opened(c->key,
	    (struct t_jwe){
		m.protected, m.encrypted_key, m.iv, m.ciphertext, m.tag });
}

/* ---- challenges */

static void
challenge_is_good_for_300_seconds(void **state)
{
	struct t_broker *f = *state;
	uint8_t c[WD_CHALLENGE_LEN];

	t_ok(wd_challenge_make(f->b, WD_DOOR_COCO, f->now, c));
	t_ok(wd_challenge_check(f->b, WD_DOOR_COCO, WD_SPAN(c), f->now));
	t_ok(wd_challenge_check(f->b, WD_DOOR_COCO, WD_SPAN(c), f->now + 299));
	assert_int_equal(
	    wd_challenge_check(f->b, WD_DOOR_COCO, WD_SPAN(c), f->now + 300),
	    WD_R_CHALLENGE_EXPIRED);
}

static void
made_up_challenges_are_refused(void **state)
{
	struct t_broker *f = *state;
	uint8_t c[WD_CHALLENGE_LEN];

	t_ok(wd_challenge_make(f->b, WD_DOOR_COCO, f->now, c));
	for (size_t i = 0; i < 8 * sizeof(c); i++) {
		c[i / 8] ^= (uint8_t)(1u << (i % 8));
		assert_int_equal(
		    wd_challenge_check(f->b, WD_DOOR_COCO, WD_SPAN(c), f->now),
		    WD_R_CHALLENGE_INVALID);
		c[i / 8] ^= (uint8_t)(1u << (i % 8));
	}
	for (size_t len = 0; len < sizeof(c); len++)
		assert_int_equal(wd_challenge_check(f->b, WD_DOOR_COCO,
				     wd_span(c, len), f->now),
		    WD_R_CHALLENGE_INVALID);
	assert_int_equal(
	    wd_challenge_check(f->b, WD_DOOR_ISECL, WD_SPAN(c), f->now),
	    WD_R_CHALLENGE_INVALID);
	assert_int_equal(
	    wd_challenge_check(f->b, WD_DOOR_COCO, WD_SPAN(c), f->now - 60),
	    WD_R_CHALLENGE_INVALID);
}

static void
doors_that_open_no_sessions_have_no_challenges(void **state)
{
	static const enum wd_door doors[] = { WD_DOOR_NONE, WD_DOOR_ADMIN,
		(enum wd_door)200 };
	struct t_broker *f = *state;
	WD_AUTO(client_done) struct client c = client_new(f);
	struct wd_msg_attest_ask ask = attest_ask(f, &c);
	struct wd_diag d = { 0 };

	for (size_t i = 0; i < WD_N(doors); i++) {
		assert_int_equal(
		    wd_challenge_make(f->b, doors[i], f->now, c.challenge),
		    WD_R_UNSUPPORTED);
		ask.door = (uint8_t)doors[i];
		assert_int_equal(wd_session_may_attest(f->b, &ask, f->now, &d),
		    WD_R_CHALLENGE_INVALID);
	}
}

static void
sealed_server_makes_and_takes_no_challenge(void **state)
{
	struct t_broker *f = *state;
	uint8_t c[WD_CHALLENGE_LEN];

	t_ok(wd_challenge_make(f->b, WD_DOOR_COCO, f->now, c));
	wd_broker_seal(f->b);
	assert_int_equal(
	    wd_challenge_make(f->b, WD_DOOR_COCO, f->now, c), WD_R_SEALED);
	assert_int_equal(
	    wd_challenge_check(f->b, WD_DOOR_COCO, WD_SPAN(c), f->now),
	    WD_R_SEALED);
}

/* ---- sessions */

static void
challenge_opens_one_session(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(client_done) struct client c = attested(f);

	t_logged(f, "\"event\":\"attest\"");
	t_logged(f, "\"mrsigner\":\"0707");
	assert_int_equal(attest(f, &c), WD_R_CHALLENGE_USED);
	assert_null(f->out.entry); /* counted, not logged one by one */
}

static void
challenge_spent_before_a_restart_stays_spent(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(client_done) struct client c = attested(f);

	t_reopen(f);
	t_ok(wd_broker_unseal(f->b, wd_secret_borrow(f->keyring), NULL));
	assert_int_equal(attest(f, &c), WD_R_CHALLENGE_USED);
}

static void
client_key_off_the_curve_is_refused(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(client_done) struct client c = client_new(f);

	c.x->p[3] ^= 1;
	assert_int_equal(attest(f, &c), WD_R_KEY_INVALID);
}

static void
clock_far_behind_refuses(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(client_done) struct client c = client_new(f);

	t_ok(wd_broker_note_time(f->b, f->now + 7200));
	assert_int_equal(attest(f, &c), WD_R_CLOCK);
	f->now += 3700;
	t_ok(wd_challenge_make(f->b, WD_DOOR_COCO, f->now, c.challenge));
	t_ok(attest(f, &c));
}

static void
token_is_an_ear_by_the_token_key(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(client_done) struct client c = attested(f);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *payload = NULL;
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	struct wd_span text;

	t_ok(wd_jws_verify(f->b->token_key, wd_bytes_span(f->b->token_header),
	    wd_bytes_span(c.token), &payload));
	t_ok(wd_json_parse(wd_bytes_span(payload), NULL, &doc));
	assert_true(wd_jval_text(wd_jval_get(wd_json_root(doc), "aud"), &text));
	assert_true(wd_span_is(text, "warder.test"));
	assert_true(wd_jval_text(
	    wd_jval_get(
		wd_jval_get(wd_jval_get(wd_json_root(doc), "submods"), "cpu0"),
		"ear.status"),
	    &text));
	assert_true(wd_span_is(text, "affirming"));
}

/* ---- releases */

static void
secret_reaches_the_sessions_key(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = attested(f);
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;

	put_secret(f, secret_path, "open sesame", &policy);
	t_ok(resource(f, &c, secret_path));
	plain = opened(f, &c);
	t_span_equal(wd_secret_borrow(plain), WD_SPAN_LIT("open sesame"));
	t_logged(f, "\"event\":\"release\"");
	t_logged(f, c.lease.id.s);
	t_logged(f, secret_path);
	t_not_logged(f, WD_SPAN_LIT("open sesame"));
	assert_int_equal(c.lease.expires, f->now + WD_LEASE_DEFAULT);
}

static void
token_serves_like_the_cookie(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = attested(f);

	put_secret(f, secret_path, "x", &policy);
	t_ok(resource_by(f, &c, secret_path, false, wd_span(NULL, 0),
	    wd_bytes_span(c.token)));
}

static void
altered_and_foreign_credentials_are_refused(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = attested(f);
	struct wd_span none = { 0 };

	put_secret(f, secret_path, "x", &policy);
	assert_int_equal(resource_by(f, &c, secret_path, false, none, none),
	    WD_R_NO_CREDENTIAL);
	for (size_t i = 0; i < c.token->len; i += 7) {
		c.token->p[i] ^= 1;
		assert_int_equal(resource_by(f, &c, secret_path, false, none,
				     wd_bytes_span(c.token)),
		    WD_R_CREDENTIAL_INVALID);
		c.token->p[i] ^= 1;
	}
	assert_null(f->out.entry);
	c.cookie[0] = c.cookie[0] == 'a' ? 'b' : 'a';
	assert_int_equal(resource(f, &c, secret_path), WD_R_CREDENTIAL_INVALID);
}

static void
session_ends(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = attested(f);

	put_secret(f, secret_path, "x", &policy);
	f->now += 299;
	t_ok(resource(f, &c, secret_path));
	f->now += 1;
	assert_int_equal(resource(f, &c, secret_path), WD_R_CREDENTIAL_INVALID);
}

/* Kept since the attestation or read from the store: the same is asked. */
static void
a_session_is_what_it_is_wherever_it_is_found(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = attested(f);
	const struct wd_session_kept *kept;
	uint8_t key[WD_ROW_KEY];

	put_secret(f, secret_path, "x", &policy);
	t_ok(wd_cookie_key(wd_span_text(c.cookie), key));
	kept = wd_kept_find(f->b, key);
	assert_non_null(kept);
	key[0] ^= 1;
	assert_null(wd_kept_find(f->b, key));
	t_ok(resource(f, &c, secret_path));
	wd_kept_forget(f->b);
	t_ok(resource(f, &c, secret_path));
	f->now += 300;
	assert_int_equal(resource(f, &c, secret_path), WD_R_CREDENTIAL_INVALID);
	f->now -= 300;
	t_ok(wd_store_revoke(
	    f->b->store, "session", c.lease.session.s, f->now + 1));
	assert_int_equal(resource(f, &c, secret_path), WD_R_CREDENTIAL_INVALID);
}

static void
a_kept_session_is_revoked_too(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = attested(f);

	put_secret(f, secret_path, "x", &policy);
	t_ok(resource(f, &c, secret_path));
	t_ok(wd_store_revoke(
	    f->b->store, "session", c.lease.session.s, f->now + 1));
	assert_int_equal(resource(f, &c, secret_path), WD_R_CREDENTIAL_INVALID);
}

static void
a_path_that_is_revoked_is_so_in_every_version(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = attested(f);
	struct wd_id id = put_key(f, &policy);
	char path[WD_PATH_MAX + 1];

	(void)snprintf(path, sizeof(path), "%s.v1", key_path("key", &id));
	t_ok(resource(f, &c, path));
	t_ok(wd_store_revoke(
	    f->b->store, "prefix", key_path("key", &id), f->now));
	assert_int_equal(resource(f, &c, path), WD_R_REVOKED_BY_OPERATOR);
	t_ok(resource(f, &c, key_path("cert", &id)));
}

/* More than can be kept, at least two of them in one place. */
static void
sessions_that_are_kept_no_more_are_still_found(void **state)
{
	enum { N = WD_SESSIONS_KEPT + 1 };
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct client *all = wd_alloc_array(N, sizeof(*all));

	assert_non_null(all);
	put_secret(f, secret_path, "x", &policy);
	for (size_t i = 0; i < N; i++)
		all[i] = attested(f);
	for (size_t i = 0; i < N; i++) {
		t_ok(resource(f, &all[i], secret_path));
		client_done(&all[i]);
	}
	all = wd_free(all);
}

static void
no_policy_no_release(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(client_done) struct client c = attested(f);

	put_secret(f, secret_path, "x", NULL);
	assert_int_equal(resource(f, &c, secret_path), WD_R_NO_POLICY);
	t_logged(f, "\"reason\":\"no_policy\"");
	assert_int_equal(resource(f, &c, "default/db/other"), WD_R_NOT_FOUND);
	assert_int_equal(resource(f, &c, "../../x"), WD_R_NOT_FOUND);
}

static void
policy_decides_by_the_claims(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER + 1);
	WD_AUTO(client_done) struct client c = attested(f);

	put_secret(f, secret_path, "x", &policy);
	assert_int_equal(resource(f, &c, secret_path), WD_R_SIGNER_MISMATCH);
	t_logged(f, "\"reason\":\"signer_mismatch\"");
	t_logged(f, "mrsigner");
	assert_true(wd_id_is_none(&c.lease.id));
}

static void
software_evidence_needs_a_policy_that_says_so(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = client_new(f);

	put_secret(f, secret_path, "x", &policy);
	put_claims(&c.claims, SIGNER, true, false);
	t_ok(attest(f, &c));
	t_logged(f, "SOFTWARE");
	assert_int_equal(
	    resource(f, &c, secret_path), WD_R_SOFTWARE_NOT_ACCEPTED);
	t_logged(f, "SOFTWARE");
}

static void
debug_evidence_needs_a_policy_that_says_so(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = client_new(f);

	put_secret(f, secret_path, "x", &policy);
	put_claims(&c.claims, SIGNER, false, true);
	t_ok(attest(f, &c));
	assert_int_equal(resource(f, &c, secret_path), WD_R_POLICY_DEBUG);
}

static void
changed_policy_holds_from_the_next_release_on(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = attested(f);
	WD_AUTO(wd_policy_freep) struct wd_policy *p = NULL;
	WD_AUTO(wd_store_policy_done)
	struct wd_store_policy row = { .id = policy };

	put_secret(f, secret_path, "x", &policy);
	t_ok(resource(f, &c, secret_path));
	row.flat = t_policy_flat(SIGNER + 1);
	t_ok(wd_policy_adopt(wd_bytes_span(row.flat), NULL, &p));
	t_ok(wd_policy_version(p, row.version));
	t_ok(wd_store_policy_put(f->b->store, &row));
	assert_int_equal(resource(f, &c, secret_path), WD_R_SIGNER_MISMATCH);
}

/* What was found at a path is kept, but not for longer than it is so. */
static void
changed_secret_holds_from_the_next_release_on(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id other = t_add_policy(f, SIGNER + 1);
	WD_AUTO(client_done) struct client c = attested(f);
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;

	put_secret(f, secret_path, "old", &policy);
	t_ok(resource(f, &c, secret_path));
	put_secret(f, secret_path, "new", NULL);
	for (int twice = 0; twice < 2; twice++) {
		t_ok(resource(f, &c, secret_path));
		wd_secret_freep(&plain);
		plain = opened(f, &c);
		t_span_equal(wd_secret_borrow(plain), WD_SPAN_LIT("new"));
		t_logged(f, "\"version\":2");
	}
	t_ok(wd_store_bind(f->b->store, secret_path, &other));
	assert_int_equal(resource(f, &c, secret_path), WD_R_SIGNER_MISMATCH);
	t_ok(wd_store_secret_delete(f->b->store, secret_path));
	assert_int_equal(resource(f, &c, secret_path), WD_R_NOT_FOUND);
	put_secret(f, secret_path, "newest", &policy);
	t_ok(resource(f, &c, secret_path));
}

/* More of them than are kept, so that they take each other's places. */
static void
many_secrets_are_told_apart(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = attested(f);
	char path[32], text[32];

	f->b->entries_per_session = 0;
	f->b->entries_per_platform = 0;
	for (unsigned i = 0; i < WD_THINGS_KEPT + 20; i++) {
		(void)snprintf(path, sizeof(path), "default/many/n%u", i);
		(void)snprintf(text, sizeof(text), "secret %u", i);
		put_secret(f, path, text, &policy);
	}
	for (unsigned i = 0; i < 3 * WD_THINGS_KEPT; i++) {
		WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
		unsigned n = i * 7 % (WD_THINGS_KEPT + 20);

		(void)snprintf(path, sizeof(path), "default/many/n%u", n);
		(void)snprintf(text, sizeof(text), "secret %u", n);
		t_ok(resource(f, &c, path));
		plain = opened(f, &c);
		t_span_equal(wd_secret_borrow(plain), wd_span_text(text));
	}
}

/* Stores a set "web" with this ISVSVN, as another process would. */
static void
put_web(struct t_broker *f, const char *svn)
{
	char json[80];
	WD_AUTO(wd_reference_freep) struct wd_reference *x = NULL;
	WD_AUTO(wd_store_reference_done)
	struct wd_store_reference row = { .name = "web" };

	(void)snprintf(json, sizeof(json),
	    "{\"name\":\"web\",\"values\":{\"isv_svn\":[%s]}}", svn);
	t_ok(wd_reference_parse(wd_span_text(json), NULL, &x));
	t_ok(wd_reference_version(x));
	wd_copy(row.version, WD_SPAN(x->version));
	row.flat = wd_bytes_copy(wd_reference_flat(x));
	if (wd_store_reference_add(f->b->store, &row) != 0)
		t_ok(wd_store_reference_replace(f->b->store, &row));
}

static void
changed_reference_values_hold_from_the_next_release_on(void **state)
{
	static const char json[] =
	    "{\"warder\":1,\"tee\":\"sgx\",\"all\":[{\"claim\":\"isv_svn\","
	    "\"reference\":\"web\"}]}";
	struct t_broker *f = *state;
	WD_AUTO(client_done) struct client c = attested(f);
	WD_AUTO(wd_policy_freep) struct wd_policy *p = NULL;
	WD_AUTO(wd_store_policy_done)
	struct wd_store_policy row = { .id = t_id(50) };

	put_web(f, "3");
	t_ok(wd_policy_parse(wd_span_text(json), NULL, &p));
	row.flat = wd_bytes_copy(wd_policy_flat(p));
	t_ok(wd_store_policy_put(f->b->store, &row));
	put_secret(f, secret_path, "x", &row.id);
	t_ok(resource(f, &c, secret_path));
	t_logged(f, "\"references\":[{\"name\":\"web\",\"version\":\"");
	put_web(f, "2");
	assert_int_equal(resource(f, &c, secret_path), WD_R_POLICY_CLAUSE);
	t_logged(f, "\"expected\":\"reference web@");
	put_web(f, "2,3");
	t_ok(resource(f, &c, secret_path));
	t_ok(wd_store_reference_delete(f->b->store, "web"));
	assert_int_equal(resource(f, &c, secret_path), WD_R_REFERENCE_MISSING);
	t_logged(f, "there is no such set");
}

static void
key_and_certificate_come_under_the_keys_policy(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id other = t_add_policy(f, SIGNER + 1);
	struct wd_id id = put_key(f, &policy), barred = put_key(f, &other);
	WD_AUTO(client_done) struct client c = attested(f);
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL, *pem = NULL;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *pair = NULL;

	t_ok(resource(f, &c, key_path("key", &id)));
	key = opened(f, &c);
	t_ok(wd_pkey_from_private(wd_secret_borrow(key), &pair));
	assert_int_equal(wd_pkey_alg(pair), WD_PKEY_P256);
	t_not_logged(f, wd_secret_borrow(key));
	t_ok(resource(f, &c, key_path("cert", &id)));
	pem = opened(f, &c);
	assert_non_null(memmem(
	    wd_secret_bytes(pem), wd_secret_len(pem), "BEGIN CERTIFICATE", 17));
	assert_int_equal(
	    resource(f, &c, key_path("key", &barred)), WD_R_SIGNER_MISMATCH);
	assert_int_equal(
	    resource(f, &c, key_path("cert", &barred)), WD_R_SIGNER_MISMATCH);
}

/* Whoever has a key used at the door knows by it whose signatures are right. */
static void
the_public_part_of_a_key_comes_alone(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id other = t_add_policy(f, SIGNER + 1);
	struct wd_id id = put_key(f, &policy), barred = put_key(f, &other);
	WD_AUTO(client_done) struct client c = attested(f);
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL, *spki = NULL;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *pair = NULL, *public = NULL;

	t_ok(resource(f, &c, key_path("public", &id)));
	spki = opened(f, &c);
	t_ok(wd_pkey_from_spki(wd_secret_borrow(spki), &public));
	t_ok(resource(f, &c, key_path("key", &id)));
	key = opened(f, &c);
	t_ok(wd_pkey_from_private(wd_secret_borrow(key), &pair));
	assert_true(wd_pkey_same_public(public, pair));
	assert_int_equal(
	    resource(f, &c, key_path("public", &barred)), WD_R_SIGNER_MISMATCH);
}

static void
native_release_is_signed_over_what_was_asked(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id id = put_key(f, &policy);
	WD_AUTO(client_done) struct client c = attested(f);
	WD_AUTO(wd_secret_freep) struct wd_secret *jws = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *payload = NULL, *nonce = NULL;
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	char thumb[WD_THUMB_TEXT];
	const struct wd_jval *root;
	struct wd_span text;
	uint64_t n;

	t_ok(resource_by(f, &c, key_path("key", &id), true,
	    wd_span_text(c.cookie), wd_span(NULL, 0)));
	jws = opened(f, &c);
	t_ok(wd_jws_verify(f->b->release_key,
	    wd_bytes_span(f->b->release_header), wd_secret_borrow(jws),
	    &payload));
	t_ok(wd_json_parse(wd_bytes_span(payload), NULL, &doc));
	root = wd_json_root(doc);
	t_ok(wd_thumb_text(c.key, thumb));
	assert_true(wd_jval_text(wd_jval_get(root, "client"), &text));
	assert_true(wd_span_is(text, thumb));
	assert_true(wd_jval_text(wd_jval_get(root, "nonce"), &text));
	t_ok(wd_b64_decode(text, &nonce));
	t_span_equal(wd_bytes_span(nonce), WD_SPAN(c.challenge));
	assert_true(
	    wd_jval_text(wd_jval_get(wd_jval_get(root, "key"), "path"), &text));
	assert_true(wd_span_is(text, key_path("key", &id)));
	assert_true(
	    wd_jval_text(wd_jval_get(wd_jval_get(root, "lease"), "id"), &text));
	assert_true(wd_span_is(text, c.lease.id.s));
	assert_true(wd_jval_uint(
	    wd_jval_get(wd_jval_get(root, "lease"), "seconds"), 86400, &n));
	assert_int_equal(n, WD_LEASE_DEFAULT);
	assert_true(wd_jval_text(
	    wd_jval_get(wd_jval_get(root, "lease"), "session"), &text));
	assert_true(wd_span_is(text, c.lease.session.s));
}

/* A renewal, as our agent asks for it. */
static int
renew(struct t_broker *f, struct client *c, const struct wd_id *lease,
    const struct wd_id *session)
{
	struct wd_msg_resource_ask ask = { .request = f->request,
		.source = WD_SPAN_LIT("192.0.2.1"),
		.door = WD_DOOR_COCO,
		.cookie = wd_span_text(c->cookie),
		.path = wd_span_text(secret_path),
		.native = true,
		.replaces = *lease,
		.replaces_session = *session };

	wd_outcome_done(&f->out);
	f->out = (struct wd_outcome){ 0 };
	t_ok(wd_release(f->b, &ask, f->now, &f->out, &c->lease));
	return f->out.result;
}

static void
revoked_lease_is_not_renewed(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = attested(f);
	WD_AUTO(client_done) struct client later = attested(f);
	struct wd_id lease, session;

	put_secret(f, secret_path, "x", &policy);
	t_ok(resource(f, &c, secret_path));
	lease = c.lease.id;
	session = c.lease.session;
	t_ok(renew(f, &later, &lease, &session));
	t_ok(wd_store_revoke(f->b->store, "lease", lease.s, f->now));
	assert_int_equal(
	    renew(f, &later, &lease, &session), WD_R_REVOKED_BY_OPERATOR);
	t_logged(f, "\"reason\":\"revoked_by_operator\"");
	/* other leases go on */
	lease = later.lease.id;
	t_ok(renew(f, &later, &lease, &session));
	t_ok(wd_store_revoke(f->b->store, "session", session.s, f->now));
	assert_int_equal(
	    renew(f, &later, &lease, &session), WD_R_REVOKED_BY_OPERATOR);
}

/* ---- how much one may have logged */

static void
session_has_so_many_decisions_a_minute(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = attested(f);
	WD_AUTO(client_done) struct client other = attested(f);

	put_secret(f, secret_path, "x", &policy);
	f->b->entries_per_session = 3;
	t_ok(resource(f, &c, secret_path));
	assert_int_equal(resource(f, &c, "no/such/thing"), WD_R_NOT_FOUND);
	assert_non_null(f->out.entry);
	t_ok(resource(f, &c, secret_path));
	assert_int_equal(resource(f, &c, secret_path), WD_R_RATE_LIMITED);
	assert_null(f->out.entry); /* counted, not logged one by one */
	t_ok(resource(f, &other, secret_path));
}

/* Claims of the same environment on this platform; they have an order. */
static void
on_platform(struct client *c, uint8_t n)
{
	uint8_t id[16] = { n }, data[64] = { 1 }, who[32];

	(void)memset(who, SIGNER, sizeof(who));
	c->claims = (struct wd_claims){ 0 };
	t_ok(wd_claims_put_text(&c->claims, WD_C_TEE, "sgx"));
	t_ok(wd_claims_put_bool(&c->claims, WD_C_SOFTWARE, false));
	t_ok(wd_claims_put_bool(&c->claims, WD_C_DEBUG, false));
	t_ok(wd_claims_put_text(&c->claims, WD_C_TCB_STATUS, "UpToDate"));
	t_ok(wd_claims_put(&c->claims, WD_C_REPORT_DATA, WD_SPAN(data)));
	t_ok(wd_claims_put(&c->claims, WD_C_PLATFORM_ID, WD_SPAN(id)));
	t_ok(wd_claims_put(&c->claims, WD_C_MRENCLAVE, WD_SPAN(who)));
	t_ok(wd_claims_put(&c->claims, WD_C_MRSIGNER, WD_SPAN(who)));
	t_ok(wd_claims_put_uint(&c->claims, WD_C_ISVPRODID, 1));
	t_ok(wd_claims_put_uint(&c->claims, WD_C_ISVSVN, 3));
}

static void
platform_has_so_many_entries_a_minute_whatever_its_sessions(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client a = client_new(f);
	WD_AUTO(client_done) struct client b = client_new(f);
	WD_AUTO(client_done) struct client c = client_new(f);

	put_secret(f, secret_path, "x", &policy);
	f->b->entries_per_platform = 4;
	on_platform(&a, 1);
	on_platform(&b, 1);
	on_platform(&c, 2);
	t_ok(attest(f, &a));
	t_ok(resource(f, &a, secret_path));
	t_ok(resource(f, &a, secret_path));
	t_ok(attest(f, &b));
	assert_int_equal(resource(f, &a, secret_path), WD_R_RATE_LIMITED);
	assert_int_equal(resource(f, &b, secret_path), WD_R_RATE_LIMITED);
	assert_null(f->out.entry);
	t_ok(attest(f, &c));
	t_ok(resource(f, &c, secret_path));
}

static void
attestation_over_the_rate_does_not_spend_its_challenge(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(client_done) struct client a = client_new(f);
	WD_AUTO(client_done) struct client b = client_new(f);

	f->b->entries_per_platform = 1;
	on_platform(&a, 1);
	on_platform(&b, 1);
	t_ok(attest(f, &a));
	assert_int_equal(attest(f, &b), WD_R_RATE_LIMITED);
	assert_null(f->out.entry);
	f->b->entries_per_platform = 0;
	t_ok(attest(f, &b));
}

/* ---- the word of what was revoked */

static int
watch(struct t_broker *f, struct client *c, bool has_after, uint64_t after,
    struct wd_msg_revoked *ret)
{
	struct wd_msg_revoked_ask ask = { .request = f->request,
		.source = WD_SPAN_LIT("192.0.2.1"),
		.door = WD_DOOR_COCO,
		.cookie = wd_span_text(c->cookie),
		.has_after = has_after,
		.after = after };

	wd_outcome_done(&f->out);
	f->out = (struct wd_outcome){ 0 };
	t_ok(wd_watch(f->b, &ask, f->now, &f->out));
	if (f->out.result == 0)
		t_reply(f, WD_CALL_REVOKED, ret);
	return f->out.result;
}

static void
is_told(struct wd_span digests, size_t i, const char *kind, const char *what)
{
	uint8_t digest[32];

	t_ok(wd_revoked_digest(kind, wd_span_text(what), digest));
	assert_true(digests.len >= 32 * (i + 1));
	t_span_equal(wd_span(digests.p + 32 * i, 32), WD_SPAN(digest));
}

static void
what_was_revoked_since_is_told_in_digests(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(client_done) struct client c = attested(f);
	struct wd_msg_revoked m = { 0 };

	t_ok(watch(f, &c, false, 0, &m));
	assert_int_equal(m.after, 0);
	assert_int_equal(m.expires, f->now + 300);
	t_ok(wd_store_revoke(f->b->store, "prefix", "default/db", f->now));
	t_ok(wd_store_revoke(f->b->store, "platform", "00", f->now));
	t_ok(wd_store_revoke(f->b->store, "key", "k", f->now));
	/* who asks for no more than the number hears no more */
	t_ok(watch(f, &c, false, 0, &m));
	assert_int_equal(m.after, 3);
	assert_int_equal(m.digests.len, 0);
	t_ok(watch(f, &c, true, 0, &m));
	assert_int_equal(m.after, 3);
	assert_false(m.all);
	assert_int_equal(m.digests.len, 64); /* platforms are not told */
	is_told(m.digests, 0, "prefix", "default/db");
	is_told(m.digests, 1, "key", "k");
	t_ok(watch(f, &c, true, 2, &m));
	assert_int_equal(m.digests.len, 32);
	t_ok(watch(f, &c, true, 3, &m));
	assert_int_equal(m.after, 3);
	assert_int_equal(m.digests.len, 0);
	/* a number from a store that was put back */
	t_ok(watch(f, &c, true, 9, &m));
	assert_int_equal(m.digests.len, 64);
	assert_int_equal(m.after, 3);
}

static void
many_revocations_are_told_in_pieces(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(client_done) struct client c = attested(f);
	struct wd_msg_revoked m = { 0 };
	char what[16];

	t_ok(wd_store_begin(f->b->store));
	for (unsigned i = 0; i < WD_WATCH_ROWS + 5; i++) {
		struct wd_wr wr = wd_wr_fixed(what, sizeof(what));

		wd_wr_printf(&wr, "a/%u", i);
		wd_wr_u8(&wr, 0);
		t_ok(wd_wr_end(&wr));
		t_ok(wd_store_revoke(f->b->store, "prefix", what, f->now));
	}
	t_ok(wd_store_commit(f->b->store));
	t_ok(watch(f, &c, true, 0, &m));
	assert_int_equal(m.after, WD_WATCH_ROWS);
	assert_int_equal(m.digests.len, 32 * WD_WATCH_ROWS);
	t_ok(watch(f, &c, true, m.after, &m));
	assert_int_equal(m.after, WD_WATCH_ROWS + 5);
	is_told(m.digests, 4, "prefix", what);
}

static void
holder_of_a_revoked_measurement_is_told_to_drop_all(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(client_done) struct client c = attested(f);
	struct wd_msg_revoked m = { 0 };
	char text[65] = "";

	for (unsigned i = 0; i < 64; i += 2)
		wd_copy(text + i, WD_SPAN_LIT("05"));
	t_ok(wd_store_revoke(f->b->store, "measurement", text, f->now));
	t_ok(watch(f, &c, true, 0, &m));
	assert_true(m.all);
	assert_int_equal(m.after, 1);
}

static void
nobody_without_a_session_is_told(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = attested(f);
	struct wd_msg_revoked m = { 0 };

	f->now += 300;
	assert_int_equal(watch(f, &c, true, 0, &m), WD_R_CREDENTIAL_INVALID);
	f->now -= 300;
	put_secret(f, secret_path, "x", &policy);
	t_ok(resource(f, &c, secret_path));
	t_ok(watch(f, &c, true, 0, &m));
	t_ok(
	    wd_store_revoke(f->b->store, "session", c.lease.session.s, f->now));
	assert_int_equal(watch(f, &c, true, 0, &m), WD_R_CREDENTIAL_INVALID);
	c.cookie[0] = '\0';
	assert_int_equal(watch(f, &c, true, 0, &m), WD_R_NO_CREDENTIAL);
	wd_broker_seal(f->b);
	assert_int_equal(watch(f, &c, true, 0, &m), WD_R_SEALED);
}

static void
revoked_things_are_not_released(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id id = put_key(f, &policy);
	WD_AUTO(client_done) struct client c = attested(f);

	put_secret(f, secret_path, "x", &policy);
	t_ok(resource(f, &c, secret_path));
	t_ok(wd_store_revoke(f->b->store, "prefix", "default/db", f->now));
	assert_int_equal(
	    resource(f, &c, secret_path), WD_R_REVOKED_BY_OPERATOR);
	t_ok(resource(f, &c, key_path("key", &id)));
	t_ok(wd_store_revoke(f->b->store, "key", id.s, f->now));
	assert_int_equal(
	    resource(f, &c, key_path("key", &id)), WD_R_REVOKED_BY_OPERATOR);
}

static void
revoked_measurement_opens_no_session(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(client_done) struct client c = client_new(f);

	t_ok(wd_store_revoke(f->b->store, "measurement",
	    "0505050505050505050505050505050505050505050505050505050505050505",
	    f->now - 1000));
	assert_int_equal(attest(f, &c), WD_R_REVOKED_BY_OPERATOR);
	t_logged(f, "\"reason\":\"revoked_by_operator\"");
}

static bool
has_row(struct t_broker *f, const struct client *c)
{
	WD_AUTO(wd_store_session_done) struct wd_store_session row = { 0 };
	uint8_t key[WD_ROW_KEY];

	t_ok(wd_challenge_key(WD_SPAN(c->challenge), key));
	return wd_store_session_by_challenge(f->b->store, key, &row) == 0;
}

/* Nobody fills the store who cannot attest. */
static void
challenges_and_what_is_refused_leave_no_row(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(client_done) struct client good = client_new(f);
	WD_AUTO(client_done) struct client bad = client_new(f);

	assert_false(has_row(f, &bad));
	t_ok(attest(f, &good));
	assert_true(has_row(f, &good));
	t_ok(wd_store_revoke(f->b->store, "measurement",
	    "0505050505050505050505050505050505050505050505050505050505050505",
	    f->now - 1000));
	assert_int_equal(attest(f, &bad), WD_R_REVOKED_BY_OPERATOR);
	assert_false(has_row(f, &bad));
}

static void
every_tee_has_what_can_be_revoked(void **state)
{
	struct t_broker *f = *state;
	static const struct {
		const char *kind;
		enum wd_claim claim;
	} rows[] = {
		{ "platform", WD_C_PLATFORM_ID },
		{ "platform", WD_C_PLATFORM_INSTANCE_ID },
		{ "measurement", WD_C_MRENCLAVE },
		{ "measurement", WD_C_MRTD },
		{ "measurement", WD_C_MEASUREMENT },
		{ "platform", WD_C_AK_PUBLIC_SHA256 },
		{ "measurement", WD_C_REALM_INITIAL_MEASUREMENT },
	};
	uint8_t value[32];
	char text[65];

	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_claims claims = { 0 };

		memset(value, (int)i + 1, sizeof(value));
		wd_hex_format(WD_SPAN(value), text);
		t_ok(wd_claims_put(&claims, rows[i].claim, WD_SPAN(value)));
		t_ok(wd_store_revoke(f->b->store, "platform", "ff", f->now));
		t_ok(wd_broker_look(f->b, f->now, NULL));
		t_ok(wd_claims_revoked(f->b, &claims, NULL));
		t_ok(wd_store_revoke(f->b->store, rows[i].kind, text, f->now));
		assert_int_equal(wd_claims_revoked(f->b, &claims, NULL),
		    WD_R_REVOKED_BY_OPERATOR);
	}
}

static void
a_device_beside_the_tee_can_be_revoked(void **state)
{
	struct t_broker *f = *state;
	struct wd_claims claims = { 0 };

	t_ok(wd_claims_put(
	    &claims, WD_C_GPUS_PLATFORM_IDS, WD_SPAN_LIT("aa\0bbcc\0")));
	t_ok(wd_store_revoke(f->b->store, "platform", "bb", f->now));
	t_ok(wd_broker_look(f->b, f->now, NULL));
	t_ok(wd_claims_revoked(f->b, &claims, NULL));
	t_ok(wd_store_revoke(f->b->store, "platform", "bbcc", f->now));
	assert_int_equal(
	    wd_claims_revoked(f->b, &claims, NULL), WD_R_REVOKED_BY_OPERATOR);
}

static void
moved_row_does_not_open(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = attested(f);
	WD_AUTO(wd_store_secret_done) struct wd_store_secret x = { 0 };

	put_secret(f, secret_path, "x", &policy);
	t_ok(wd_store_secret_get(f->b->store, secret_path, &x));
	assert_true(wd_span_to_text(
	    WD_SPAN_LIT("default/db/moved"), x.path, sizeof(x.path)));
	t_ok(wd_store_secret_put(f->b->store, &x));
	t_ok(wd_store_bind(f->b->store, x.path, &policy));
	assert_int_equal(resource(f, &c, x.path), WD_R_TAMPERED);
}

static void
sealed_server_releases_nothing(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = attested(f);

	put_secret(f, secret_path, "x", &policy);
	wd_broker_seal(f->b);
	assert_int_equal(resource(f, &c, secret_path), WD_R_SEALED);
	assert_null(f->b->release_key);
}

static void
keyring_of_another_store_is_refused(void **state)
{
	struct t_broker *f = *state;
	void *other_state = NULL;
	struct t_broker *other;

	(void)t_broker_setup(&other_state); /* asserts inside */
	other = other_state;
	assert_int_equal(
	    wd_broker_unseal(f->b, wd_secret_borrow(other->keyring), NULL),
	    WD_R_WRONG_STORE);
	assert_false(f->b->open);
	(void)t_broker_teardown(&other_state); /* asserts inside */
}

/* ---- what other key servers got wrong: w and a number */

/* A policy of the KBS API, under an id made of N. */
static struct wd_id
add_isecl_policy(struct t_broker *f, uint8_t n, const char *json)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = NULL;
	WD_AUTO(wd_store_policy_done)
	struct wd_store_policy row = {
		.id = t_id(n), .created = f->now, .updated = f->now
	};

	t_ok(wd_policy_parse(wd_span_text(json), NULL, &p));
	row.flat = wd_bytes_copy(wd_policy_flat(p));
	t_ok(wd_policy_version(p, row.version));
	t_ok(wd_store_policy_put(f->b->store, &row));
	return row.id;
}

#define SEVEN "0707070707070707070707070707070707070707070707070707070707070707"
#define ISECL_FOR_NGINX                           \
	"{\"sgx_enclave_issuer_anyof\":[\"" SEVEN \
	"\"],\"tls_client_certificate_issuer_cn_anyof\":[\"nginx\"]}"

/* A client that has shown a certificate by this issuer, "" for none. */
static struct client
attested_as(struct t_broker *f, const char *issuer, uint8_t signer)
{
	struct client c = client_new(f);
	struct wd_msg_attest_ask ask = attest_ask(f, &c);
	struct wd_msg_session m;

	ask.client_cn = wd_span_text(issuer);
	ask.client_issuer = wd_span_text(issuer);
	put_claims(&c.claims, signer, false, false);
	wd_outcome_done(&f->out);
	f->out = (struct wd_outcome){ 0 };
	t_ok(wd_session_open(
	    f->b, &ask, wd_claims_flat(&c.claims), f->now, &f->out));
	t_ok(f->out.result);
	t_reply(f, WD_CALL_ATTEST, &m);
	assert_true(wd_span_to_text(m.cookie, c.cookie, sizeof(c.cookie)));
	return c;
}

/* One table of clients, policies and keys for all was what leaked there. */
static void
w7_what_one_client_may_no_other_inherits(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = add_isecl_policy(f, 90, ISECL_FOR_NGINX);
	WD_AUTO(client_done) struct client nginx = attested_as(f, "nginx", 7);
	WD_AUTO(client_done) struct client other = attested_as(f, "other", 7);
	WD_AUTO(client_done) struct client none = attested_as(f, "", 7);
	WD_AUTO(client_done) struct client enclave = attested_as(f, "nginx", 8);

	put_secret(f, secret_path, "x", &policy);
	for (int turn = 0; turn < 3; turn++) {
		t_ok(resource(f, &nginx, secret_path));
		assert_int_equal(resource(f, &other, secret_path),
		    WD_R_CLIENT_IDENTITY_MISMATCH);
		t_ok(resource(f, &nginx, secret_path));
		assert_int_equal(resource(f, &none, secret_path),
		    WD_R_CLIENT_IDENTITY_MISSING);
		assert_int_equal(
		    resource(f, &enclave, secret_path), WD_R_SIGNER_MISMATCH);
	}
}

/* That it is released to the right one was never tried there. */
static void
w10_a_key_under_a_policy_of_that_api_is_released(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = add_isecl_policy(f, 90, ISECL_FOR_NGINX);
	struct wd_id id = put_key(f, &policy);
	WD_AUTO(client_done) struct client c = attested_as(f, "nginx", 7);
	WD_AUTO(wd_secret_freep) struct wd_secret *jws = NULL;

	t_ok(resource_by(f, &c, key_path("key", &id), true,
	    wd_span_text(c.cookie), wd_span(NULL, 0)));
	jws = opened(f, &c);
	assert_true(wd_secret_len(jws) > 0);
}

/* The cookie's holder may not change what the session rests on. */
static void
evidence_that_comes_second_changes_no_session(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = client_new(f);
	char cookie[sizeof(c.cookie)];

	put_secret(f, secret_path, "x", &policy);
	put_claims(&c.claims, SIGNER + 1, false, false);
	t_ok(attest(f, &c));
	wd_copy((uint8_t *)cookie, wd_span(c.cookie, sizeof(cookie)));
	put_claims(&c.claims, SIGNER, false, false);
	assert_int_equal(attest(f, &c), WD_R_CHALLENGE_USED);
	assert_int_equal(resource(f, &c, secret_path), WD_R_SIGNER_MISMATCH);
	assert_string_equal(cookie, c.cookie);
}

/* With the k-th allocation failing, for every k, nothing is released. */
static void
failing_allocations_never_release(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id id = put_key(f, &policy);
	WD_AUTO(client_done) struct client c = attested(f);
	struct wd_msg_resource_ask ask = { .cookie = wd_span_text(c.cookie),
		.path = wd_span_text(key_path("key", &id)),
		.native = true };

	for (uint64_t k = 1;; k++) {
		WD_AUTO(wd_outcome_done) struct wd_outcome out = { 0 };
		int r, fired;

		(void)wd_alloc_fail_at(k);
		r = wd_release(f->b, &ask, f->now, &out, &c.lease);
		fired = wd_alloc_fail_at(0);
		if (!fired) {
			t_ok(r);
			t_ok(out.result);
			return;
		}
		/* A failure that changed nothing may be survived only when
		 * both halves are there: the answer and its entry. */
		if (r == 0 && out.result == 0)
			assert_non_null(out.entry);
	}
}

/* ---- paths */

static void
paths_are_three_plain_segments(void **state)
{
	static const char *const bad[] = { "", "a", "a/b", "a/b/c/d", "/b/c",
		"a//c", "a/b/", "a/b/.c", "a/../c", "a/b/c d", "a/b/c%",
		"default/key/x", "default/cert/", "default/key/",
		"default/public/x" };

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(
		    wd_path_read(wd_span_text(bad[i])).kind, WD_PATH_NONE);
	assert_int_equal(
	    wd_path_read(WD_SPAN_LIT("a/b/c.d")).kind, WD_PATH_SECRET);
	assert_int_equal(
	    wd_path_read(WD_SPAN_LIT("key/default/x")).kind, WD_PATH_SECRET);
}

static void
key_paths_carry_id_and_version(void **state)
{
	struct wd_id id = t_id(9);
	char text[96];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
	struct wd_path p;

	(void)state;
	wd_wr_printf(&wr, "default/key/%s.v12", id.s);
	p = wd_path_read(wd_wr_span(&wr));
	assert_int_equal(p.kind, WD_PATH_KEY);
	assert_int_equal(p.version, 12);
	assert_string_equal(p.key.s, id.s);
	wd_wr_text(&wr, "x");
	assert_int_equal(wd_path_read(wd_wr_span(&wr)).kind, WD_PATH_NONE);
	wr = wd_wr_fixed(text, sizeof(text));
	wd_wr_printf(&wr, "default/cert/%s.v0", id.s);
	assert_int_equal(wd_path_read(wd_wr_span(&wr)).kind, WD_PATH_NONE);
}

/* Who writes into the file past SQLite changes no version of it. */
static void
revocations_are_looked_at_again_where_nothing_seems_to_change(void **state)
{
	struct t_broker *f = *state;

	t_ok(wd_broker_look(f->b, f->now, NULL));
	f->b->revoked_by_use = true;
	t_ok(wd_broker_look(f->b, f->now, NULL));
	assert_true(f->b->revoked_by_use);
	f->b->look_again = 0;
	t_ok(wd_broker_look(f->b, f->now, NULL));
	assert_false(f->b->revoked_by_use);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_broker(challenge_is_good_for_300_seconds),
		with_broker(made_up_challenges_are_refused),
		with_broker(doors_that_open_no_sessions_have_no_challenges),
		with_broker(sealed_server_makes_and_takes_no_challenge),
		with_broker(challenge_opens_one_session),
		with_broker(challenge_spent_before_a_restart_stays_spent),
		with_broker(client_key_off_the_curve_is_refused),
		with_broker(clock_far_behind_refuses),
		with_broker(token_is_an_ear_by_the_token_key),
		with_broker(secret_reaches_the_sessions_key),
		with_broker(token_serves_like_the_cookie),
		with_broker(altered_and_foreign_credentials_are_refused),
		with_broker(session_ends),
		with_broker(a_session_is_what_it_is_wherever_it_is_found),
		with_broker(a_kept_session_is_revoked_too),
		with_broker(a_path_that_is_revoked_is_so_in_every_version),
		with_broker(sessions_that_are_kept_no_more_are_still_found),
		with_broker(no_policy_no_release),
		with_broker(policy_decides_by_the_claims),
		with_broker(software_evidence_needs_a_policy_that_says_so),
		with_broker(debug_evidence_needs_a_policy_that_says_so),
		with_broker(changed_policy_holds_from_the_next_release_on),
		with_broker(changed_secret_holds_from_the_next_release_on),
		with_broker(many_secrets_are_told_apart),
		with_broker(
		    changed_reference_values_hold_from_the_next_release_on),
		with_broker(key_and_certificate_come_under_the_keys_policy),
		with_broker(the_public_part_of_a_key_comes_alone),
		with_broker(native_release_is_signed_over_what_was_asked),
		with_broker(revoked_lease_is_not_renewed),
		with_broker(session_has_so_many_decisions_a_minute),
		with_broker(
		    platform_has_so_many_entries_a_minute_whatever_its_sessions),
		with_broker(
		    attestation_over_the_rate_does_not_spend_its_challenge),
		with_broker(what_was_revoked_since_is_told_in_digests),
		with_broker(many_revocations_are_told_in_pieces),
		with_broker(
		    holder_of_a_revoked_measurement_is_told_to_drop_all),
		with_broker(nobody_without_a_session_is_told),
		with_broker(revoked_things_are_not_released),
		with_broker(revoked_measurement_opens_no_session),
		with_broker(challenges_and_what_is_refused_leave_no_row),
		with_broker(every_tee_has_what_can_be_revoked),
		with_broker(a_device_beside_the_tee_can_be_revoked),
		with_broker(moved_row_does_not_open),
		with_broker(sealed_server_releases_nothing),
		with_broker(keyring_of_another_store_is_refused),
		with_broker(w7_what_one_client_may_no_other_inherits),
		with_broker(w10_a_key_under_a_policy_of_that_api_is_released),
		with_broker(evidence_that_comes_second_changes_no_session),
		with_broker(
		    revocations_are_looked_at_again_where_nothing_seems_to_change),
		with_broker(failing_allocations_never_release),
		cmocka_unit_test(paths_are_three_plain_segments),
		cmocka_unit_test(key_paths_carry_id_and_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
