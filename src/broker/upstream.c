/*
 * Records of backends' leases, and their ends.
 */
#include "broker/upstream.h"

#include "broker/ties.h"
#include "crypto/aead.h"

#include <string.h>

enum {
	RECORD = 1, /* version of the form */
	RENEWABLE = 1,
	ROOM = 64 + WD_BACKEND_MAX + WD_LOCATOR_MAX + WD_BACKEND_LEASE_MAX,
	PLACE = 16 + WD_ID_LEN,
	LOOK = 100, /* rows at a time */
};

/* What a row's KIND of bytes are bound to. */
static struct wd_span
place(const char *kind, const struct wd_id *row, uint8_t room[PLACE])
{
	struct wd_wr wr = wd_wr_fixed(room, PLACE);

	wd_wr_text(&wr, kind);
	wd_wr_u8(&wr, 0);
	wd_wr_bytes(&wr, wd_id_span(row));
	return wd_wr_span(&wr); /* fits */
}

static int
seal(struct wd_broker *b, const char *kind, const struct wd_id *row,
    struct wd_span plain, struct wd_bytes **ret)
{
	uint8_t room[PLACE];

	return wd_xaes_seal(wd_secret_borrow(b->upstream_key),
	    place(kind, row, room), plain, ret);
}

static int
unseal(struct wd_broker *b, const char *kind, const struct wd_id *row,
    const struct wd_bytes *sealed, struct wd_secret **ret)
{
	uint8_t room[PLACE];

	return wd_xaes_open(wd_secret_borrow(b->upstream_key),
	    place(kind, row, room), wd_bytes_span(sealed), ret);
}

static void
write_text(struct wd_wr *wr, const char *text)
{
	struct wd_span s = wd_span_text(text);

	wd_wr_le16(wr, (uint16_t)s.len);
	wd_wr_bytes(wr, s);
}

int
wd_upstream_seal(struct wd_broker *b, const struct wd_id *row,
    const struct wd_upstream *x, struct wd_bytes **ret)
{
	uint8_t room[ROOM];
	struct wd_wr wr = wd_wr_fixed(room, sizeof(room));

	wd_wr_u8(&wr, RECORD);
	wd_wr_u8(&wr, (uint8_t)x->kind);
	wd_wr_u8(&wr, x->renewable ? RENEWABLE : 0);
	wd_wr_le32(&wr, x->version);
	wd_wr_le32(&wr, x->granted);
	wd_wr_bytes(&wr, WD_SPAN(x->holder));
	write_text(&wr, x->backend);
	write_text(&wr, x->locator);
	write_text(&wr, x->lease);
	if (wd_wr_end(&wr) != 0)
		return WD_F_BUG;
	return seal(b, "lease", row, wd_wr_span(&wr), ret);
}

static bool
read_text(struct wd_rd *rd, char *dst, size_t size)
{
	return wd_span_to_text(wd_rd_bytes(rd, wd_rd_le16(rd)), dst, size);
}

static int
read_record(struct wd_span s, struct wd_upstream *ret)
{
	struct wd_rd rd = wd_rd(s);
	struct wd_upstream x = { 0 };
	uint8_t form = wd_rd_u8(&rd);

	x.kind = (enum wd_backend_kind)wd_rd_u8(&rd);
	x.renewable = wd_rd_u8(&rd) == RENEWABLE;
	x.version = wd_rd_le32(&rd);
	x.granted = wd_rd_le32(&rd);
	wd_rd_copy(&rd, x.holder, sizeof(x.holder));
	if (!read_text(&rd, x.backend, sizeof(x.backend)) ||
	    !read_text(&rd, x.locator, sizeof(x.locator)) ||
	    !read_text(&rd, x.lease, sizeof(x.lease)) || wd_rd_end(&rd) != 0 ||
	    form != RECORD)
		return WD_R_TAMPERED;
	*ret = x;
	return 0;
}

static int
opened(int r, struct wd_diag *d)
{
	if (r < 0)
		return wd_fault(d, r, "a backend's lease cannot be opened");
	if (r > 0)
		return wd_reject(d, (enum wd_reason)r,
		    "a stored lease of a backend does not open: moved, "
		    "damaged, or of another store");
	return 0;
}

int
wd_upstream_open(struct wd_broker *b, const struct wd_store_upstream *row,
    struct wd_upstream *ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	struct wd_upstream x = { 0 };
	int r = unseal(b, "lease", &row->id, row->reference, &plain);

	if (r == 0)
		r = read_record(wd_secret_borrow(plain), &x);
	if (r == 0 && strcmp(x.backend, row->backend) != 0)
		r = WD_R_TAMPERED;
	if ((r = opened(r, d)) == 0)
		*ret = x;
	return r;
}

int
wd_upstream_secret(struct wd_broker *b, const struct wd_store_upstream *row,
    struct wd_secret **ret, struct wd_diag *d)
{
	return opened(unseal(b, "secret", &row->id, row->secret, ret), d);
}

int
wd_upstream_seal_secret(struct wd_broker *b, const struct wd_id *row,
    struct wd_span bytes, struct wd_bytes **ret)
{
	return seal(b, "secret", row, bytes, ret);
}

/* ---- revocations */

static int
stored(struct wd_broker *b, int r, struct wd_diag *d)
{
	return r == 0 ? 0
		      : wd_fault(d, WD_F_STORE, "%s", wd_store_why(b->store));
}

/* What it hangs on is unknown, or revoked: it ends. */
static int
look_at(struct wd_broker *b, const struct wd_store_upstream *row, int64_t now,
    struct wd_diag *d)
{
	struct wd_diag why = { 0 };
	int r = wd_ties_revoked(b, wd_bytes_span(row->ties), &why);

	if (r < 0)
		return wd_fault(d, r, "%s", why.detail);
	return stored(b,
	    r > 0 ? wd_store_upstream_end(b->store, &row->id, now)
		  : wd_store_upstream_seen(b->store, &row->id, b->revocations),
	    d);
}

static int
look_at_all(struct wd_broker *b, const struct wd_store_upstream *rows, size_t n,
    int64_t now, struct wd_diag *d)
{
	int r = stored(b, wd_store_upstream_begin(b->store), d);

	for (size_t i = 0; i < n && r == 0; i++)
		r = look_at(b, &rows[i], now, d);
	if (r == 0)
		return stored(b, wd_store_upstream_commit(b->store), d);
	wd_store_upstream_rollback(b->store);
	return r;
}

int
wd_upstream_look(
    struct wd_broker *b, int64_t now, bool *ret_more, struct wd_diag *d)
{
	static struct wd_store_upstream rows[LOOK]; /* large */
	size_t n = 0;
	int r = stored(b,
	    wd_store_upstream_unseen(b->store, b->revocations, rows, LOOK, &n),
	    d);

	*ret_more = r == 0 && n == LOOK;
	if (r == 0 && n > 0)
		r = look_at_all(b, rows, n, now, d);
	for (size_t i = 0; i < n; i++)
		wd_store_upstream_done(&rows[i]);
	return r;
}
