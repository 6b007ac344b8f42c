/*
 * From judged evidence to a session, and back from a credential to it.
 */
#include "broker/session.h"

#include "base/alloc.h"
#include "broker/enrol.h"
#include "broker/kept.h"
#include "broker/limits.h"
#include "broker/revoked.h"
#include "broker/rowkey.h"
#include "broker/token.h"
#include "crypto/hash.h"
#include "crypto/rand.h"
#include "verify/claims_json.h"

enum { CLAIMS_NAMES = 1024 }; /* bytes of most, in JSON, but for values */

/* What opening a session makes, until it is stored and answered. */
struct wd_opening {
	struct wd_broker *b;
	struct wd_msg_attest_ask ask; /* its spans are the caller's */
	int64_t now;
	int result;
	struct wd_diag d;
	struct wd_claims claims;
	struct wd_wr claims_json;
	struct wd_pkey *key;
	struct wd_secret *cookie, *token;
	struct wd_store_session row;
};

static void
opening_done(struct wd_opening *o)
{
	o->key = wd_pkey_free(o->key);
	o->cookie = wd_secret_free(o->cookie);
	o->token = wd_secret_free(o->token);
	wd_wr_done(&o->claims_json);
	wd_store_session_done(&o->row);
}

int
wd_session_may_attest(struct wd_broker *b, const struct wd_msg_attest_ask *ask,
    int64_t now, struct wd_diag *d)
{
	int r;

	if (!b->open)
		return wd_reject(d, WD_R_SEALED, "the server is sealed");
	if ((r = wd_broker_look(b, now, d)) != 0)
		return r;
	r = wd_challenge_check(b, (enum wd_door)ask->door, ask->challenge, now);
	if (r > 0)
		return wd_reject(
		    d, (enum wd_reason)r, "%s", wd_reason_row(r)->sentence);
	return r;
}

static int
make_cookie(int64_t now, struct wd_secret **ret)
{
	WD_AUTO(wd_secret_freep)
	struct wd_secret *text = wd_secret_new(WD_COOKIE_TEXT);
	int r;

	if (text == NULL)
		return WD_F_MEMORY;
	r = wd_cookie_make(now, (char *)wd_secret_bytes(text));
	if (r == 0)
		*ret = WD_TAKE(text);
	return r;
}

static int
import_key(struct wd_opening *o, struct wd_diag *d)
{
	const struct wd_msg_attest_ask *ask = &o->ask;
	struct wd_jwk jwk = {
		.curve = (enum wd_pkey_alg)ask->key_curve,
		.alg = (enum wd_jwe_alg)ask->key_alg,
		.x = ask->key_x,
		.y = ask->key_y,
		.n = ask->key_n,
		.e = ask->key_e,
	};
	int r = wd_jwk_import(&jwk, &o->key);

	if (r > 0)
		return wd_reject(d, (enum wd_reason)r,
		    "the client's public key cannot be used");
	return r != 0 ? r : wd_pkey_to_spki(o->key, &o->row.spki);
}

static int
make_credentials(struct wd_opening *o)
{
	struct wd_token_in in = {
		.claims = &o->claims,
		.claims_json = wd_wr_span(&o->claims_json),
		.client = o->key,
		.client_alg = (enum wd_jwe_alg)o->ask.key_alg,
		.nonce = o->ask.challenge,
		.session = &o->row.id,
		.now = o->now,
		.expires = o->row.expires,
	};
	int r;

	if ((r = make_cookie(o->now, &o->cookie)) != 0 ||
	    (r = wd_token_make(o->b, &in, &o->token)) != 0 ||
	    (r = wd_cookie_key(wd_secret_borrow(o->cookie), o->row.cookie)) !=
		0)
		return r;
	return wd_hash(WD_SHA256, wd_secret_borrow(o->token), o->row.token);
}

static int
fill_row(struct wd_opening *o)
{
	const struct wd_msg_attest_ask *ask = &o->ask;
	struct wd_store_session *row = &o->row;
	int r;

	row->door = ask->door;
	row->key_alg = ask->key_alg;
	row->made = o->now;
	row->expires = o->now + o->b->session_seconds;
	if (!wd_span_to_text(
		ask->client_cn, row->client_cn, sizeof(row->client_cn)) ||
	    !wd_span_to_text(ask->client_issuer, row->client_issuer,
		sizeof(row->client_issuer)))
		return WD_R_MALFORMED;
	row->nonce = wd_bytes_copy(ask->challenge);
	row->claims = wd_bytes_copy(wd_claims_flat(&o->claims));
	if (row->nonce == NULL || row->claims == NULL)
		return WD_F_MEMORY;
	if ((r = wd_challenge_key(ask->challenge, row->challenge)) != 0)
		return r < 0 ? r : WD_R_CHALLENGE_INVALID;
	return wd_rand_id(&row->id);
}

/* It says whose key it is, so it comes before all that is asked of a platform.
 */
static int
use_enrolment(struct wd_opening *o, struct wd_diag *d)
{
	if (o->ask.tee != WD_TEE_TPM)
		return wd_reject(d, WD_R_MALFORMED,
		    "an enrolment goes with a TPM's evidence alone");
	return wd_enrol_apply(o->b, o->ask.enrolment, o->now, &o->claims, d);
}

/* Everything but the row. */
static int
prepare(struct wd_opening *o, struct wd_span claims, struct wd_diag *d)
{
	struct wd_jtext j = wd_jtext(&o->claims_json);
	int r;

	if (!o->b->open)
		return wd_reject(d, WD_R_SEALED, "the server is sealed");
	if (wd_claims_adopt(&o->claims, claims) != 0)
		return wd_fault(d, WD_F_PEER, "verify sent no claims");
	if (o->ask.enrolment.len > 0 && (r = use_enrolment(o, d)) != 0)
		return r;
	if ((r = wd_limit_platform(o->b, &o->claims, d)) != 0)
		return r;
	wd_wr_expect(&o->claims_json, 2 * claims.len + CLAIMS_NAMES);
	wd_claims_write_object(&j, &o->claims, NULL, 0);
	if (wd_wr_end(&o->claims_json) != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory for the claims");
	if ((r = import_key(o, d)) != 0 || (r = fill_row(o)) != 0 ||
	    (r = wd_claims_revoked(o->b, &o->claims, d)) != 0)
		return r;
	return make_credentials(o);
}

/* Spends the challenge. */
static int
store_row(struct wd_opening *o, struct wd_diag *d)
{
	int r = wd_store_session_add(o->b->store, &o->row);

	if (r < 0)
		return wd_fault(d, r, "%s", wd_store_why(o->b->store));
	return r == 0 ? 0
		      : wd_reject(d, WD_R_CHALLENGE_USED,
			    "the challenge was used before");
}

static int
log_session(struct wd_opening *o, int result, struct wd_outcome *out)
{
	char source[65];
	struct wd_entry e = {
		.event = WD_EV_ATTEST,
		.time = o->now,
		.request = o->ask.request,
		.session = o->row.id,
		.result = result,
		.software = wd_claims_bool(&o->claims, WD_C_SOFTWARE),
		.claims = wd_wr_span(&o->claims_json),
	};

	if (wd_span_to_text(o->ask.source, source, sizeof(source)))
		e.source = source;
	return wd_outcome_log(out, &e);
}

/* Revoked platforms are verified evidence and logged; the rest is counted. */
static bool
is_logged(int result)
{
	return result == 0 || result == WD_R_REVOKED_BY_OPERATOR;
}

struct wd_opening *
wd_opening_new(
    struct wd_broker *b, const struct wd_msg_attest_ask *ask, int64_t now)
{
	struct wd_opening *o = wd_alloc(sizeof(*o));

	if (o == NULL)
		return NULL;
	o->b = b;
	o->ask = *ask;
	o->now = now;
	o->claims_json = wd_wr_growing(WD_ENTRY_MAX);
	return o;
}

struct wd_opening *
wd_opening_free(struct wd_opening *o)
{
	if (o != NULL)
		opening_done(o);
	return wd_free(o);
}

void
wd_opening_prepare(struct wd_opening *o, struct wd_span claims)
{
	o->result = prepare(o, claims, &o->d);
}

void
wd_opening_store(struct wd_opening *o)
{
	if (o->result == 0)
		o->result = store_row(o, &o->d);
}

void
wd_opening_fail(struct wd_opening *o)
{
	if (o->result == 0)
		o->result =
		    wd_fault(&o->d, WD_F_STORE, "the session was not stored");
}

int
wd_opening_answer(struct wd_opening *o, struct wd_outcome *out)
{
	struct wd_msg_session msg = { 0 };

	if (o->result == 0) {
		msg.session = o->row.id;
		msg.cookie = wd_secret_borrow(o->cookie);
		msg.token = wd_secret_borrow(o->token);
		msg.expires = o->row.expires;
	}
	if (is_logged(o->result) && log_session(o, o->result, out) != 0)
		o->result =
		    wd_fault(&o->d, WD_F_MEMORY, "no memory for the log");
	if (o->result == 0)
		wd_kept_put(o->b, &o->row, WD_TAKE(o->key));
	return wd_outcome_reply(out, WD_CALL_ATTEST, o->result, &o->d, &msg);
}

int
wd_session_open(struct wd_broker *b, const struct wd_msg_attest_ask *ask,
    struct wd_span claims, int64_t now, struct wd_outcome *out)
{
	WD_AUTO(wd_opening_freep)
	struct wd_opening *o = wd_opening_new(b, ask, now);

	if (o == NULL)
		return WD_F_MEMORY;
	wd_opening_prepare(o, claims);
	wd_opening_store(o);
	return wd_opening_answer(o, out);
}

void
wd_opening_freep(struct wd_opening **o)
{
	*o = wd_opening_free(*o);
}

const struct wd_pkey *
wd_session_key(struct wd_broker *b, const struct wd_store_session *session,
    struct wd_pkey **room)
{
	const struct wd_session_kept *kept = wd_kept_find(b, session->cookie);

	if (kept != NULL)
		return kept->key;
	if (wd_pkey_from_spki(wd_bytes_span(session->spki), room) != 0)
		return NULL;
	return *room;
}

static int
by_cookie(struct wd_broker *b, struct wd_span cookie,
    struct wd_store_session *room, const struct wd_store_session **ret)
{
	const struct wd_session_kept *kept;
	uint8_t key[WD_ROW_KEY];
	int r;

	if ((r = wd_cookie_key(cookie, key)) != 0)
		return r;
	if ((kept = wd_kept_find(b, key)) != NULL) {
		*ret = &kept->row;
		return 0;
	}
	*ret = room;
	r = wd_store_session_by_cookie(b->store, key, room);
	if (r != 0)
		return r;
	return wd_ct_equal(WD_SPAN(key), WD_SPAN(room->cookie))
	    ? 0
	    : WD_R_NOT_FOUND;
}

/* The row of the challenge that the token names, if it is that row's token. */
static int
by_token(struct wd_broker *b, struct wd_span token,
    struct wd_store_session *room, const struct wd_store_session **ret)
{
	uint8_t challenge[WD_CHALLENGE_LEN], key[WD_ROW_KEY], digest[32];
	int r;

	if ((r = wd_token_challenge(token, challenge)) != 0 ||
	    (r = wd_challenge_key(WD_SPAN(challenge), key)) != 0 ||
	    (r = wd_hash(WD_SHA256, token, digest)) != 0 ||
	    (r = wd_store_session_by_challenge(b->store, key, room)) != 0)
		return r;
	*ret = room;
	return wd_ct_equal(WD_SPAN(digest), WD_SPAN(room->token))
	    ? 0
	    : WD_R_NOT_FOUND;
}

/* Whether it may be used now. */
static int
check_session(struct wd_broker *b, const struct wd_store_session *row,
    int64_t now, struct wd_diag *d)
{
	int r;

	if (now >= row->expires || now < row->made - WD_CLOCK_BACK)
		return wd_reject(d, WD_R_CREDENTIAL_INVALID,
		    "the session is unknown or has expired");
	if ((r = wd_revocations_known(b, d)) != 0)
		return r;
	r = wd_any_revoked(b)
	    ? wd_store_revoked(b->store, "session", row->id.s, row->made)
	    : 0;
	if (r != 0)
		return r < 0 ? wd_fault(d, r, "%s", wd_store_why(b->store))
			     : wd_reject(d, WD_R_CREDENTIAL_INVALID,
				   "the session was revoked");
	return 0;
}

int
wd_session_find(struct wd_broker *b, struct wd_span cookie,
    struct wd_span token, int64_t now, struct wd_store_session *room,
    const struct wd_store_session **ret, struct wd_diag *d)
{
	const struct wd_store_session *row = NULL;
	int r;

	if (cookie.len == 0 && token.len == 0)
		return wd_reject(d, WD_R_NO_CREDENTIAL,
		    "attest first, then show the cookie or the token");
	r = cookie.len > 0 ? by_cookie(b, cookie, room, &row)
			   : by_token(b, token, room, &row);
	if (r < 0)
		return wd_fault(d, r, "%s", wd_store_why(b->store));
	if (r != 0)
		return wd_reject(d, WD_R_CREDENTIAL_INVALID,
		    "the session is unknown or has expired");
	if ((r = check_session(b, row, now, d)) != 0)
		return r;
	*ret = row;
	return 0;
}
