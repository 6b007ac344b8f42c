/*
 * Revocations: what an operator took back, and when.
 */
#include "store/sql.h"

#include "base/wr.h"

static const char set_name[] = "set.revocations";

enum { SET_MAX = 64 << 20 }; /* bytes: two million of them */

struct row {
	const char *kind, *what;
	int64_t since;
	uint64_t number;
};

static int
put(struct wd_store *s, const struct row *x)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_REVOKE);
	struct wd_row_mac m;

	wd_sql_guard(&q, &m, "revocations");
	wd_sql_put_text(&q, x->kind);
	wd_sql_put_text(&q, x->what);
	wd_sql_put_int(&q, x->since);
	wd_sql_put_int(&q, (int64_t)x->number);
	wd_sql_put_mac(&q);
	return wd_sql_run(&q);
}

static int
read_row(struct wd_sql *q, struct wd_store_revocation *ret, int64_t *ret_since)
{
	struct wd_row_mac m;

	wd_sql_guard(q, &m, "revocations");
	wd_sql_get_text(q, ret->kind, sizeof(ret->kind));
	wd_sql_get_text(q, ret->what, sizeof(ret->what));
	*ret_since = wd_sql_get_int(q);
	ret->number = (uint64_t)wd_sql_get_int(q);
	wd_sql_get_mac(q);
	return wd_sql_end(q);
}

/* WD_R_NOT_FOUND. */
static int
find(struct wd_store *s, const char *kind, const char *what, int64_t *ret_since)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_REVOKED);
	struct wd_store_revocation x;
	int r;

	wd_sql_put_text(&q, kind);
	wd_sql_put_text(&q, what);
	if ((r = wd_sql_row(&q)) != 0)
		return r;
	return read_row(&q, &x, ret_since);
}

/* ---- all of them */

/* One that only keeps out a row that was put back. */
static bool
is_of_a_row(const char *kind)
{
	static const char *const kinds[] = { "token", "tpm", "policy_row" };

	for (size_t i = 0; i < WD_N(kinds); i++)
		if (wd_span_is(wd_span_text(kind), kinds[i]))
			return true;
	return false;
}

/* The MAC of each is looked at: that of all is over those alone, and a row that
 * says something else under a MAC that stays is one that is missing. */
static int
read_macs(struct wd_store *s, struct wd_wr *wr, struct wd_revocations *ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_REVOKED_ALL);
	struct wd_store_revocation x;
	uint8_t mac[WD_ROW_MAC];
	int64_t since;
	int r;

	while ((r = wd_sql_row(&q)) == 0) {
		if ((r = read_row(&q, &x, &since)) != 0)
			return r;
		wd_sql_get_fixed(&q, mac, sizeof(mac));
		wd_wr_bytes(wr, WD_SPAN(mac));
		ret->by_use = ret->by_use || !is_of_a_row(x.kind);
		ret->last = x.number > ret->last ? x.number : ret->last;
	}
	return r == WD_R_NOT_FOUND ? wd_sql_end(&q) : r;
}

static int
set_mac(struct wd_store *s, uint8_t ret[WD_ROW_MAC], struct wd_revocations *all)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(SET_MAX);
	int r = read_macs(s, &wr, all);

	if (r != 0)
		return r;
	if (wd_wr_end(&wr) != 0)
		return WD_F_MEMORY;
	return wd_store_mac(s, set_name, wd_wr_span(&wr), ret);
}

int
wd_store_revocations_begin(struct wd_store *s)
{
	struct wd_revocations all = { 0 };
	uint8_t mac[WD_ROW_MAC];
	int r = set_mac(s, mac, &all);

	return r != 0 ? r : wd_meta_put(s, set_name, WD_SPAN(mac));
}

static int
check(struct wd_store *s, struct wd_revocations *ret)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *kept = NULL;
	struct wd_revocations all = { 0 };
	uint8_t mac[WD_ROW_MAC];
	int r = set_mac(s, mac, &all);

	if (r != 0)
		return r;
	if ((r = wd_meta_get(s, set_name, &kept)) < 0)
		return r;
	if (r == 0 && wd_ct_equal(wd_bytes_span(kept), WD_SPAN(mac))) {
		*ret = all;
		return 0;
	}
	return wd_store_is_foreign(
	    s, "revocations are missing, or are older ones");
}

/* The rows and the MAC of all are read of one state: whoever revokes meanwhile
 * has changed nothing that should not be. */
int
wd_store_revocations_check(struct wd_store *s, struct wd_revocations *ret)
{
	bool own =
	    !s->reading && sqlite3_get_autocommit(s->db[WD_DB_STORE]) != 0;
	bool foreign;
	int r, over;

	if (own && (r = wd_sql_just(s, WD_SQL_STORE_READ)) != 0)
		return r;
	r = check(s, ret);
	foreign = s->foreign;
	if (own) {
		over = wd_sql_just(s, WD_SQL_STORE_ROLLBACK);
		(void)over; /* nothing was written, nothing can be left */
	}
	s->foreign = foreign;
	return r;
}

/* ---- one */

int
wd_store_revoked_last(struct wd_store *s, uint64_t *ret)
{
	return wd_sql_count(s, WD_SQL_REVOKED_LAST, ret);
}

static int
revoke(struct wd_store *s, const void *arg)
{
	struct wd_revocations all = { 0 };
	struct row x = *(const struct row *)arg;
	int64_t since = x.since;
	int r = wd_store_revocations_check(s, &all);

	if (r != 0)
		return r;
	r = find(s, x.kind, x.what, &since);
	if (r != 0 && r != WD_R_NOT_FOUND)
		return r;
	if (all.last >= INT64_MAX)
		return WD_F_STORE; /* no number of ours */
	x.number = all.last + 1;
	x.since = since > x.since ? since : x.since;
	if ((r = put(s, &x)) != 0)
		return r;
	return wd_store_revocations_begin(s);
}

int
wd_store_revoke(
    struct wd_store *s, const char *kind, const char *what, int64_t since)
{
	const struct row x = { kind, what, since, 0 };

	return wd_sql_atomically(s, WD_DB_STORE, revoke, &x);
}

int
wd_store_revoked_after(struct wd_store *s, uint64_t after, size_t n_max,
    int (*visit)(void *ctx, const struct wd_store_revocation *x), void *ctx)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_REVOKED_AFTER);
	struct wd_store_revocation x;
	int64_t since;
	int r;

	wd_sql_put_int(&q, after > INT64_MAX ? INT64_MAX : (int64_t)after);
	wd_sql_put_int(&q, (int64_t)n_max);
	while ((r = wd_sql_row(&q)) == 0)
		if ((r = read_row(&q, &x, &since)) != 0 ||
		    (r = visit(ctx, &x)) != 0)
			return r;
	return r == WD_R_NOT_FOUND ? 0 : r;
}

int
wd_store_revoked(
    struct wd_store *s, const char *kind, const char *what, int64_t made)
{
	int64_t since;
	int r = find(s, kind, what, &since);

	if (r == WD_R_NOT_FOUND)
		return 0;
	if (r != 0)
		return r;
	return since >= made ? WD_R_REVOKED_BY_OPERATOR : 0;
}
