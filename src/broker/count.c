/*
 * Reserving uses of the keyring's newest term.
 */
#include "broker/count.h"

enum { BLOCK_MOST = 65536, BLOCKS = 1024 };

/* Small enough that several starts do not use a small limit up. */
static uint64_t
block_of(uint64_t limit)
{
	uint64_t n = limit / BLOCKS;

	return n < 1 ? 1 : n > BLOCK_MOST ? BLOCK_MOST : n;
}

/* From here on a term is due, with enough left to go on for a while. */
static uint64_t
due_at(uint64_t limit)
{
	return limit - limit / 8;
}

static int
stale(struct wd_diag *d)
{
	return wd_reject(d, WD_R_UNAVAILABLE,
	    "the keyring was rotated a moment ago; try again");
}

static int
failed(struct wd_broker *b, int r, struct wd_diag *d)
{
	return wd_fault(
	    d, r < 0 ? r : WD_F_STORE, "%s", wd_store_why(b->store));
}

int
wd_count_look(struct wd_broker *b, int64_t now, struct wd_uses *ret,
    enum wd_count *ret_what, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *kept = NULL;
	uint32_t newest = wd_keyring_newest(&b->ring);
	struct wd_uses u;
	int r = wd_meta_get(b->store, WD_USES_NAME, &kept);

	if (r < 0)
		return failed(b, r, d);
	if (r == 0)
		r = wd_uses_read(&b->ring, wd_bytes_span(kept), &u);
	if (r < 0)
		return wd_fault(d, r, "no count");
	if (r == 0 && u.term > newest)
		return stale(d);
	*ret_what = r != 0    ? WD_COUNT_LOST
	    : u.term < newest ? WD_COUNT_NEW
			      : WD_COUNT_KNOWN;
	if (r != 0)
		*ret = (struct wd_uses){ newest, 0, due_at(b->keyring_limit) };
	else if (u.term < newest)
		*ret = (struct wd_uses){ newest, now, 0 };
	else
		*ret = u;
	return 0;
}

static int
put(struct wd_broker *b, const struct wd_uses *u, struct wd_diag *d)
{
	uint8_t flat[WD_USES_LEN];
	int r = wd_uses_flat(&b->ring, u, flat);

	if (r != 0)
		return wd_fault(d, r, "no count");
	r = wd_meta_put(b->store, WD_USES_NAME, WD_SPAN(flat));
	return r == 0 ? 0 : failed(b, r, d);
}

int
wd_count_begin(struct wd_broker *b, int64_t now, struct wd_diag *d)
{
	struct wd_uses u = { wd_keyring_newest(&b->ring), now, 0 };

	return put(b, &u, d);
}

/* As many as fit, and N at least. */
static int
add(struct wd_broker *b, uint64_t n, int64_t now, uint64_t *ret_n,
    struct wd_diag *d)
{
	uint64_t limit = b->keyring_limit, more = block_of(limit);
	struct wd_uses u;
	enum wd_count what;
	int r = wd_count_look(b, now, &u, &what, d);

	if (r != 0)
		return r;
	more = more < n ? n : more;
	if (u.n > limit || limit - u.n < n)
		return wd_reject(d, WD_R_UNAVAILABLE,
		    "the keyring's newest term has encrypted as often as it "
		    "may: rotate the keyring");
	more = limit - u.n < more ? limit - u.n : more;
	u.n += more;
	*ret_n = more;
	return put(b, &u, d);
}

int
wd_count_reserve(
    struct wd_broker *b, uint64_t n, int64_t now, struct wd_diag *d)
{
	uint32_t newest = wd_keyring_newest(&b->ring);
	uint64_t left = b->reserved.term == newest ? b->reserved.left : 0;
	uint64_t more = 0;
	int r;

	if (left >= n)
		return 0;
	if (wd_store_begin(b->store) != 0)
		return failed(b, WD_F_STORE, d);
	if ((r = add(b, n - left, now, &more, d)) != 0) {
		wd_store_rollback(b->store);
		return r;
	}
	if (wd_store_commit(b->store) != 0)
		return failed(b, WD_F_STORE, d);
	b->reserved.term = newest;
	b->reserved.left = left + more;
	return 0;
}

int
wd_count_take(struct wd_broker *b, struct wd_diag *d)
{
	uint32_t newest = wd_keyring_newest(&b->ring);
	struct wd_uses u;
	enum wd_count what;
	int r = wd_count_look(b, 0, &u, &what, d);

	if (r != 0)
		return r;
	if (b->reserved.term != newest || b->reserved.left == 0)
		return stale(d); /* it came while this call was under way */
	b->reserved.left--;
	return 0;
}

const char *
wd_count_due(const struct wd_broker *b, const struct wd_uses *u, int64_t now)
{
	if (u->made == 0)
		return "how often its term has encrypted is not known";
	if (u->n >= due_at(b->keyring_limit))
		return "its term has encrypted nearly as often as it may";
	if (b->keyring_seconds > 0 && now - u->made >= b->keyring_seconds)
		return "its term is as old as it may be";
	return NULL;
}
