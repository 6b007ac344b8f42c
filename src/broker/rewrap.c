/*
 * Encrypting stored rows anew. What the HSM has wrapped is the plaintext here,
 * so it stays wrapped and the HSM is not asked.
 */
#include "broker/rewrap.h"

#include <string.h>

#include "base/alloc.h"
#include "broker/backup.h"
#include "broker/count.h"
#include "broker/secrets.h"

enum { ROWS = 256 };

struct page {
	struct wd_store_wrapped rows[ROWS];
	size_t n;
};

static void
page_freep(struct page **p)
{
	for (size_t i = 0; *p != NULL && i < (*p)->n; i++)
		wd_store_wrapped_done(&(*p)->rows[i]);
	*p = wd_free(*p);
}

static int
failed(struct wd_broker *b, int r, struct wd_diag *d)
{
	return wd_fault(
	    d, r < 0 ? r : WD_F_STORE, "%s", wd_store_why(b->store));
}

/* ---- one row */

enum { PLACES = 2 };

/* Where the row may lie; they view ID and X. */
static size_t
places_of(int table, const struct wd_store_wrapped *x, const struct wd_id *id,
    struct wd_rest ret[PLACES])
{
	if (table == WD_WRAPPED_SECRETS) {
		ret[0] = wd_rest_of_path(x->row, x->version);
		if (x->hsm)
			ret[0] = wd_rest_by_hsm(ret[0]);
		return 1;
	}
	if (strcmp(x->backend, "embedded") != 0) {
		ret[0] = wd_rest_of_reference(id, x->version);
		return 1;
	}
	ret[0] = wd_rest_of_key(id, x->version);
	ret[1] = wd_rest_of_staying_key(id, x->version);
	for (size_t i = 0; x->hsm && i < PLACES; i++)
		ret[i] = wd_rest_by_hsm(ret[i]);
	return PLACES;
}

/* RET_PLACE: where it lies. WD_R_TAMPERED: nowhere, or a fault. */
static int
open_one(struct wd_broker *b, const struct wd_store_wrapped *x,
    const struct wd_rest *places, size_t n, struct wd_secret **ret,
    struct wd_rest *ret_place)
{
	int r = WD_R_TAMPERED;

	for (size_t i = 0; i < n && r > 0; i++) {
		*ret_place = places[i];
		r = wd_keyring_decrypt(
		    &b->ring, &places[i], wd_bytes_span(x->bytes), ret);
	}
	return r;
}

/* What does not open stays as it is, and its term with it. */
static int
rewrap_one(struct wd_broker *b, struct wd_rewrap *w,
    const struct wd_store_wrapped *x, struct wd_diag *d)
{
	struct wd_id id = { 0 };
	struct wd_rest places[PLACES], place = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *fresh = NULL;
	size_t n;
	int r;

	/* A path is none, and is not looked at. */
	(void)wd_id_parse(wd_span_text(x->row), &id);
	n = places_of(w->table, x, &id, places);
	r = open_one(b, x, places, n, &plain, &place);
	if (r < 0)
		return wd_fault(d, r, "a stored secret cannot be opened");
	if (r > 0) {
		w->bad++;
		return 0;
	}
	r = wd_secret_seal(b, &place, wd_secret_borrow(plain), &fresh, d);
	if (r != 0)
		return r;
	r = wd_store_wrapped_replace(
	    b->store, (enum wd_wrapped_table)w->table, x, wd_bytes_span(fresh));
	if (r < 0)
		return failed(b, r, d);
	w->done++;
	return 0; /* or it was written again meanwhile */
}

static int
rewrap_all(struct wd_broker *b, struct wd_rewrap *w, const struct page *p,
    struct wd_diag *d)
{
	int r = 0;

	if (wd_store_begin(b->store) != 0)
		return failed(b, WD_F_STORE, d);
	for (size_t i = 0; r == 0 && i < p->n; i++)
		r = rewrap_one(b, w, &p->rows[i], d);
	if (r == 0 && wd_store_commit(b->store) != 0)
		r = failed(b, WD_F_STORE, d);
	wd_store_rollback(b->store);
	return r;
}

/* ---- a pass */

static int
count_left(struct wd_broker *b, struct wd_rewrap *w, struct wd_diag *d)
{
	uint32_t newest = wd_keyring_newest(&b->ring);
	uint64_t n;

	w->left = 0;
	for (uint32_t t = wd_keyring_oldest(&b->ring); t < newest; t++) {
		int r =
		    wd_store_wrapped_count(b->store, t, WD_REWRAP_COUNTED, &n);

		if (r != 0)
			return failed(b, r, d);
		w->left += n;
	}
	return 0;
}

static void
go_to(struct wd_rewrap *w, uint32_t term, int table)
{
	w->term = term;
	w->table = table;
	w->after = (struct wd_store_wrapped){ 0 };
}

/* The next rows of the pass; none: it is over. */
static int
next_page(
    struct wd_broker *b, struct wd_rewrap *w, struct page *p, struct wd_diag *d)
{
	uint32_t newest = wd_keyring_newest(&b->ring);

	while (w->term < newest) {
		int r = wd_store_wrapped_list(b->store,
		    (enum wd_wrapped_table)w->table, w->term, &w->after,
		    p->rows, ROWS, &p->n);

		if (r != 0)
			return failed(b, r, d);
		if (p->n > 0)
			return 0;
		if (w->table + 1 < WD_WRAPPED_TABLES)
			go_to(w, w->term, w->table + 1);
		else
			go_to(w, w->term + 1, 0);
	}
	return 0;
}

static int
begin(struct wd_broker *b, struct wd_rewrap *w, struct wd_diag *d)
{
	w->bad = w->done = 0;
	go_to(w, wd_keyring_oldest(&b->ring), 0);
	return count_left(b, w, d);
}

static int
end(struct wd_rewrap *w)
{
	w->left = w->bad;
	go_to(w, 0, 0);
	return WD_R_NOT_FOUND;
}

static int
not_now(struct wd_diag *d, const char *why)
{
	return wd_reject(d, WD_R_UNAVAILABLE, "%s", why);
}

int
wd_rewrap_some(
    struct wd_broker *b, struct wd_rewrap *w, int64_t now, struct wd_diag *d)
{
	WD_AUTO(page_freep) struct page *p = NULL;
	const struct wd_store_wrapped *last;
	uint64_t before = w->done, bad = w->bad;
	int r = 0;

	if (wd_backup_is_taken(b))
		return not_now(d, "a backup is being made");
	if (w->term < wd_keyring_oldest(&b->ring) && (r = begin(b, w, d)) != 0)
		return r;
	if (w->left > b->keyring_limit / 2)
		return not_now(
		    d, "there are too many secrets for the limit of a term");
	if ((p = wd_alloc(sizeof(*p))) == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	if ((r = next_page(b, w, p, d)) != 0)
		return r;
	if (p->n == 0)
		return end(w);
	if ((r = wd_count_reserve(b, p->n, now, d)) != 0)
		return r;
	if ((r = rewrap_all(b, w, p, d)) != 0) {
		w->done = before;
		w->bad = bad;
		return r;
	}
	last = &p->rows[p->n - 1];
	w->after.version = last->version;
	wd_copy(w->after.row, WD_SPAN(last->row));
	before = w->done - before;
	w->left -= before < w->left ? before : w->left;
	return w->left > 0 ? 0 : count_left(b, w, d);
}

int
wd_rewrap_oldest(struct wd_broker *b, uint32_t *ret_term, struct wd_diag *d)
{
	uint32_t t = wd_keyring_oldest(&b->ring);
	uint64_t n = 0;

	for (; t < wd_keyring_newest(&b->ring); t++) {
		int r = wd_store_wrapped_count(b->store, t, 1, &n);

		if (r != 0)
			return failed(b, r, d);
		if (n > 0)
			break;
	}
	*ret_term = t;
	return 0;
}
