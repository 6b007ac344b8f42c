/*
 * Endorsement keys of TPMs that an operator vouches for: TPMs without a
 * certificate, or of a maker that is not trusted as a whole.
 */
#include "broker/admin_in.h"

#include "base/alloc.h"
#include "codec/hex.h"

static int
read_ek(struct wd_admin *a, struct wd_span text, uint8_t ret[32])
{
	if (wd_hex_decode_exact(text, ret, 32) == 0)
		return 0;
	return wd_reject(a->d, WD_R_MALFORMED,
	    "an endorsement key is named by 64 hex digits, the SHA-256 of its "
	    "public key");
}

/* One that was taken out counts from after that, so that its earlier row stays
 * what it is. */
static int
set_created(struct wd_admin *a, struct wd_store_tpm *row)
{
	char hex[2 * sizeof(row->ek) + 1];
	int r;

	wd_hex_format(WD_SPAN(row->ek), hex);
	row->created = a->now;
	r = wd_store_revoked(a->b->store, "tpm", hex, row->created);
	if (r > 0) {
		row->created++;
		r = wd_store_revoked(a->b->store, "tpm", hex, row->created);
	}
	return r <= 0 ? wd_admin_got(a, r, "")
		      : wd_reject(a->d, WD_R_CLOCK,
			    "it was taken out at a later time than the clock "
			    "has");
}

int
wd_admin_tpm_add(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_tpm_add *m = msg;
	struct wd_store_tpm row = { 0 };
	int r;

	if ((r = read_ek(a, m->ek, row.ek)) != 0 ||
	    (r = wd_admin_text(
		 a, m->label, row.label, sizeof(row.label), "label")) != 0 ||
	    (r = set_created(a, &row)) != 0)
		return r;
	r = wd_store_tpm_add(a->b->store, &row);
	if (r == WD_R_EXISTS)
		return wd_reject(
		    a->d, WD_R_EXISTS, "the endorsement key is there already");
	r = wd_admin_got(a, r, "endorsement key");
	return r != 0 ? r : wd_admin_answer(a, NULL);
}

static int
add_rows(struct wd_admin *a, const struct wd_store_tpm *rows, size_t n,
    struct wd_wr *wr)
{
	for (size_t i = 0; i < n; i++) {
		char hex[2 * sizeof(rows[i].ek) + 1];
		struct wd_msg_tpm_record m = {
			.label = wd_span_text(rows[i].label),
			.created = rows[i].created,
		};

		wd_hex_format(WD_SPAN(rows[i].ek), hex);
		m.ek = wd_span_text(hex);
		wd_list_add(wr, &wd_msg_tpm_record_type, &m);
	}
	return wd_wr_end(wr) == 0
	    ? 0
	    : wd_fault(a->d, WD_F_MEMORY, "the list does not fit");
}

int
wd_admin_tpm_list(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_tpm_list_ask *m = msg;
	WD_AUTO(wd_freep) struct wd_store_tpm *rows = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_LIST_MAX);
	struct wd_msg_tpm_list answer = { 0 };
	size_t n = 0, limit = m->limit + (size_t)1;
	uint8_t after[32];
	int r;

	if ((r = wd_admin_limit(a, m->limit)) != 0 ||
	    (m->after.len > 0 && (r = read_ek(a, m->after, after)) != 0))
		return r;
	if ((rows = wd_alloc_array(limit, sizeof(*rows))) == NULL)
		return wd_fault(a->d, WD_F_MEMORY, "no memory");
	r = wd_store_tpm_list(
	    a->b->store, m->after.len > 0 ? after : NULL, rows, limit, &n);
	if ((r = wd_admin_got(a, r, "endorsement key")) != 0)
		return r;
	answer.more = n > m->limit;
	n = answer.more ? m->limit : n;
	if ((r = add_rows(a, rows, n, &wr)) != 0)
		return r;
	answer.tpms = wd_wr_span(&wr);
	return wd_admin_answer(a, &answer);
}

int
wd_admin_tpm_remove(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_tpm_ask *m = msg;
	uint8_t ek[32];
	char hex[2 * sizeof(ek) + 1];
	int r;

	if ((r = read_ek(a, m->ek, ek)) != 0)
		return r;
	wd_hex_format(WD_SPAN(ek), hex);
	r = wd_admin_got(
	    a, wd_store_tpm_delete(a->b->store, ek), "endorsement key");
	if (r == 0)
		r = wd_admin_got(a,
		    wd_store_revoke(a->b->store, "tpm", hex, a->now),
		    "revocation");
	return r != 0 ? r : wd_admin_answer(a, NULL);
}
