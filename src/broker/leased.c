/*
 * What is renewed is found by the lease that the client names, which its holder
 * alone was told, and counts only for the same platform and measurements, the
 * same key in the same version, resting at the same place.
 */
#include "broker/leased.h"

#include "broker/ties.h"
#include "crypto/rand.h"

#include <string.h>

static int
stored(const struct wd_leased *x, int r, struct wd_diag *d)
{
	return r < 0 ? wd_fault(d, r, "%s", wd_store_why(x->b->store)) : r;
}

/* ---- what was released before */

static bool
is_the_same(const struct wd_leased *x, const struct wd_store_upstream *row,
    const struct wd_upstream *u, const uint8_t holder[32])
{
	return wd_span_equal(
		   wd_id_span(&row->key), wd_id_span(&x->thing->key.id)) &&
	    u->version == x->thing->number && u->kind == x->what->kind &&
	    strcmp(u->backend, x->what->backend) == 0 &&
	    strcmp(u->locator, x->what->locator) == 0 &&
	    wd_span_equal(WD_SPAN(u->holder), wd_span(holder, 32));
}

/* WD_R_NOT_FOUND when there is nothing that could be released again. */
static int
find(const struct wd_leased *x, struct wd_store_upstream *row,
    struct wd_upstream *u, struct wd_diag *d)
{
	struct wd_diag why = { 0 };
	uint8_t holder[32];
	int r;

	if (wd_id_is_none(x->replaces))
		return WD_R_NOT_FOUND;
	r = wd_store_upstream_by_lease(x->b->store, x->replaces, row);
	if (r != 0)
		return stored(x, r, d);
	if (row->ending || row->expires <= x->now)
		return WD_R_NOT_FOUND;
	if (wd_ties_holder(x->claims, holder) != 0)
		return wd_fault(d, WD_F_CRYPTO, "no digest of claims");
	r = wd_upstream_open(x->b, row, u, &why);
	if (r < 0)
		return wd_fault(d, r, "%s", why.detail);
	return r == 0 && is_the_same(x, row, u, holder) ? 0 : WD_R_NOT_FOUND;
}

/* Seconds of a lease that are worth a renewal: half of what was given at first,
 * or of what the policy allows where that is less. */
static bool
is_enough(const struct wd_leased *x, const struct wd_upstream *u, int64_t left)
{
	int64_t full = u->granted > 0 && u->granted < x->seconds
	    ? (int64_t)u->granted
	    : (int64_t)x->seconds;

	return left > 0 && left >= full / 2;
}

int
wd_leased_plan(const struct wd_leased *x, struct wd_diag *d)
{
	WD_AUTO(wd_store_upstream_done) struct wd_store_upstream row = { 0 };
	struct wd_fetch *f = x->fetch;
	struct wd_upstream u = { 0 };
	int r = f->anew ? WD_R_NOT_FOUND : find(x, &row, &u, d);

	f->wanted = true;
	f->renews = false;
	if (r < 0)
		return r;
	if (r > 0 || (!u.renewable && !is_enough(x, &u, row.ends - x->now)))
		return 0;
	f->renews = true;
	f->wanted = u.renewable;
	f->row = row.id;
	f->renewable = u.renewable;
	wd_copy(f->lease, WD_SPAN(u.lease));
	/* No shorter than it was given at first: it may be needed for longer
	 * while the backend is away. */
	f->seconds_asked = u.granted > x->seconds ? u.granted : x->seconds;
	return 0;
}

/* Something new instead. */
static int
anew(const struct wd_leased *x)
{
	struct wd_fetch *f = x->fetch;

	f->what = *x->what; /* it may rest elsewhere by now */
	f->renews = false;
	f->anew = true;
	f->answered = false;
	f->wanted = true;
	f->row = (struct wd_id){ 0 };
	wd_wipe(f->lease, sizeof(f->lease));
	f->seconds = 0;
	return 0;
}

int
wd_leased_again(
    const struct wd_leased *x, struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_store_upstream_done) struct wd_store_upstream row = { 0 };
	struct wd_fetch *f = x->fetch;
	struct wd_upstream u = { 0 };
	bool renewed = f->answered && f->result == 0;
	int64_t left;
	int r = find(x, &row, &u, d);

	if (r < 0)
		return r;
	if (r > 0 || !wd_span_equal(wd_id_span(&row.id), wd_id_span(&f->row)) ||
	    (f->answered && f->result == WD_R_NOT_FOUND))
		return anew(x);
	/* What could not be renewed for the moment has what is left of it. */
	left = renewed ? (int64_t)f->seconds : row.ends - x->now;
	if (!is_enough(x, &u, left))
		return anew(x);
	f->seconds = left > UINT32_MAX ? UINT32_MAX : (uint32_t)left;
	r = wd_upstream_secret(x->b, &row, ret, d);
	return r > 0 ? anew(x) : r;
}

/* ---- the row */

static int
ties_of(const struct wd_leased *x, const struct wd_leased_to *to,
    struct wd_bytes **ret)
{
	const struct wd_ties_of of = { .lease = to->lease,
		.session = to->session,
		.thing = x->thing,
		.policy_version = to->policy_version,
		.claims = x->claims };

	return wd_ties_write(&of, ret);
}

/* What only a new one has. */
static int
seal(const struct wd_leased *x, const struct wd_leased_to *to,
    struct wd_store_upstream *row)
{
	struct wd_upstream u = { .kind = x->what->kind,
		.version = x->thing->number,
		.granted = x->fetch->seconds,
		.renewable = x->fetch->renewable };
	int r;

	wd_copy(u.backend, WD_SPAN(x->what->backend));
	wd_copy(u.locator, WD_SPAN(x->what->locator));
	wd_copy(u.lease, WD_SPAN(x->fetch->lease));
	if ((r = wd_ties_holder(x->claims, u.holder)) != 0 ||
	    (r = wd_upstream_seal(x->b, &row->id, &u, &row->reference)) != 0)
		return r;
	return wd_upstream_seal_secret(x->b, &row->id, to->bytes, &row->secret);
}

static int
add(const struct wd_leased *x, const struct wd_leased_to *to,
    struct wd_store_upstream *row, struct wd_diag *d)
{
	int r = wd_rand_id(&row->id);

	if (r == 0)
		r = seal(x, to, row);
	if (r != 0)
		return wd_fault(d, WD_F_CRYPTO, "a lease cannot be sealed");
	row->key = x->thing->key.id;
	wd_copy(row->what, WD_SPAN(x->thing->text));
	wd_copy(row->backend, WD_SPAN(x->what->backend));
	r = wd_store_upstream_add(x->b->store, row);
	return r > 0 ? wd_fault(d, WD_F_STORE, "a lease is there already")
		     : stored(x, r, d);
}

static int
renew(
    const struct wd_leased *x, struct wd_store_upstream *row, struct wd_diag *d)
{
	int r;

	row->id = x->fetch->row;
	r = wd_store_upstream_renew(x->b->store, row);
	return r > 0 ? wd_reject(d, WD_R_UNAVAILABLE,
			   "what was to be renewed has ended; try again")
		     : stored(x, r, d);
}

int
wd_leased_keep(
    const struct wd_leased *x, const struct wd_leased_to *to, struct wd_diag *d)
{
	const struct wd_fetch *f = x->fetch;
	uint32_t left = f->seconds > 0 ? f->seconds : to->seconds;
	WD_AUTO(wd_store_upstream_done)
	struct wd_store_upstream row = { .lease = *to->lease,
		.session = *to->session,
		.made = x->now,
		.expires = x->now + to->seconds,
		.ends = x->now + left,
		.seen = x->b->revocations };
	int r = ties_of(x, to, &row.ties);

	if (r != 0)
		return wd_fault(d, r, "no memory for what a lease hangs on");
	r = f->renews ? renew(x, &row, d) : add(x, to, &row, d);
	if (r == 0) {
		x->fetch->row = row.id;
		x->fetch->kept = true;
	}
	return r;
}
