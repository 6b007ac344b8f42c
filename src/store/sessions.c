/*
 * Sessions. The insert is what spends a challenge: the same one a second time,
 * from any process, finds the row and is refused.
 */
#include "store/sql.h"

void
wd_store_session_done(struct wd_store_session *x)
{
	x->spki = wd_bytes_free(x->spki);
	x->claims = wd_bytes_free(x->claims);
	x->nonce = wd_bytes_free(x->nonce);
}

/* A session without cookie or token has zeros there; nothing hashes to them. */
static void
put_digest(struct wd_sql *q, const uint8_t digest[32])
{
	struct wd_span s = wd_span(digest, 32);

	wd_sql_put_blob(q, wd_span_is_zero(s) ? wd_span(NULL, 0) : s);
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* A session is what a client is, so that its row decides as those of store.db
 * do. It is of the file that it was made in: a new one voids those before. */
static void
guard(struct wd_sql *q, struct wd_row_mac *m)
{
	wd_sql_guard(q, m, "sessions");
	wd_sql_note_text(q, wd_id_span(&q->s->sessions_id));
}

int
wd_store_session_add(struct wd_store *s, const struct wd_store_session *x)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_SESSION_ADD);
	struct wd_row_mac m;

	guard(&q, &m);
	wd_sql_put_blob(&q, WD_SPAN(x->challenge));
	wd_sql_put_id(&q, &x->id);
	put_digest(&q, x->cookie);
	put_digest(&q, x->token);
	wd_sql_put_int(&q, x->door);
	wd_sql_put_int(&q, x->key_alg);
	wd_sql_put_text(&q, x->client_cn);
	wd_sql_put_text(&q, x->client_issuer);
	wd_sql_put_bytes(&q, x->spki);
	wd_sql_put_bytes(&q, x->claims);
	wd_sql_put_bytes(&q, x->nonce);
	wd_sql_put_int(&q, x->made);
	wd_sql_put_int(&q, x->expires);
	wd_sql_put_mac(&q);
	wd_sql_put_int(&q,
	    later(x->expires,
		x->made + WD_CHALLENGE_AHEAD + WD_CHALLENGE_SECONDS_MAX));
	return wd_sql_run(&q);
}

static int
read_session(struct wd_sql *q, struct wd_store_session *ret)
{
	WD_AUTO(wd_store_session_done) struct wd_store_session x = { 0 };
	struct wd_row_mac m;
	int r;

	guard(q, &m);
	wd_sql_get_fixed(q, x.challenge, sizeof(x.challenge));
	wd_sql_get_id(q, &x.id);
	wd_sql_get_fixed(q, x.cookie, sizeof(x.cookie));
	wd_sql_get_fixed(q, x.token, sizeof(x.token));
	x.door = wd_sql_get_u8(q);
	x.key_alg = wd_sql_get_u8(q);
	wd_sql_get_text(q, x.client_cn, sizeof(x.client_cn));
	wd_sql_get_text(q, x.client_issuer, sizeof(x.client_issuer));
	wd_sql_get_bytes(q, &x.spki);
	wd_sql_get_bytes(q, &x.claims);
	wd_sql_get_bytes(q, &x.nonce);
	x.made = wd_sql_get_int(q);
	x.expires = wd_sql_get_int(q);
	wd_sql_get_mac(q);
	if ((r = wd_sql_end(q)) != 0)
		return r;
	*ret = x;
	x = (struct wd_store_session){ 0 };
	return 0;
}

static int
by_digest(struct wd_store *s, enum wd_sql_name which, const uint8_t digest[32],
    struct wd_store_session *ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, which);
	int r;

	wd_sql_put_blob(&q, wd_span(digest, 32));
	if ((r = wd_sql_row(&q)) != 0)
		return r;
	return read_session(&q, ret);
}

int
wd_store_session_by_cookie(
    struct wd_store *s, const uint8_t digest[32], struct wd_store_session *ret)
{
	return by_digest(s, WD_SQL_SESSION_BY_COOKIE, digest, ret);
}

int
wd_store_session_by_challenge(
    struct wd_store *s, const uint8_t digest[32], struct wd_store_session *ret)
{
	return by_digest(s, WD_SQL_SESSION_BY_CHALLENGE, digest, ret);
}

int
wd_store_session_expire(struct wd_store *s, int64_t before, size_t n_max)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_SESSION_EXPIRE);

	wd_sql_put_int(&q, before);
	wd_sql_put_int(&q, (int64_t)n_max);
	return wd_sql_run(&q);
}
