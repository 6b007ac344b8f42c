/*
 * The seal of shares: the key is random, belongs to nobody, and is split among
 * operators. It is not the root key, so that shares can be made anew without
 * touching anything but the seal file.
 *
 * Blob: u8 1 (format), u8 shares, u8 threshold, then the sealed root key.
 */
#include "seal/wrap.h"

#include "base/rd.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "crypto/kdf.h"
#include "crypto/aead.h"
#include "seal/shamir.h"

enum { FORMAT = 1, PARAMS = 3 };

int
wd_seal_split_check(const struct wd_seal_split *s, struct wd_diag *d)
{
	if (s->shares >= 1 && s->shares <= WD_SHARES_MAX && s->threshold >= 1 &&
	    s->threshold <= s->shares && (s->threshold >= 2 || s->shares == 1))
		return 0;
	return wd_reject(d, WD_R_RANGE,
	    "there can be 1 to %d shares, and a threshold of 2 to their number",
	    WD_SHARES_MAX);
}

static int
derive(
    const struct wd_id *store_id, struct wd_span share, struct wd_secret **ret)
{
	return wd_hkdf(share, "warder/1/seal-shares", wd_id_span(store_id),
	    WD_AEAD_KEY, ret);
}

static int
wrap_for(const struct wd_seal_row *row, struct wd_span root,
    const struct wd_id *store_id, const struct wd_seal_use *use,
    struct wd_bytes **ret_blob)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	uint8_t buf[PARAMS];
	struct wd_wr params = wd_wr_fixed(buf, sizeof(buf));
	int r;

	if ((r = derive(store_id, use->share, &key)) != 0)
		return r;
	wd_wr_u8(&params, FORMAT);
	wd_wr_u8(&params, (uint8_t)use->split.shares);
	wd_wr_u8(&params, (uint8_t)use->split.threshold);
	return wd_wrap_root(row, store_id, wd_wr_span(&params),
	    wd_secret_borrow(key), root, ret_blob);
}

static int
read_split(struct wd_rd *rd, struct wd_seal_split *ret)
{
	uint8_t format = wd_rd_u8(rd);
	struct wd_seal_split s = { .shares = wd_rd_u8(rd) };

	s.threshold = wd_rd_u8(rd);
	if (format != FORMAT || s.threshold == 0 || s.threshold > s.shares ||
	    (s.threshold == 1 && s.shares > 1))
		wd_rd_fail(rd);
	if (wd_rd_ok(rd) != 0)
		return WD_R_MALFORMED;
	*ret = s;
	return 0;
}

static int
split_of(struct wd_span blob, struct wd_seal_split *ret)
{
	struct wd_rd rd = wd_rd(blob);

	return read_split(&rd, ret);
}

static int
unwrap_for(const struct wd_seal_row *row, struct wd_span blob,
    const struct wd_id *store_id, const struct wd_seal_use *use,
    struct wd_secret **ret_root, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	struct wd_rd rd = wd_rd(blob);
	struct wd_seal_split split;
	int r;

	if (read_split(&rd, &split) != 0)
		return wd_reject(d, WD_R_MALFORMED, "the seal file is damaged");
	if ((r = derive(store_id, use->share, &key)) != 0)
		return r;
	return wd_unwrap_root(row, store_id, wd_span(blob.p, PARAMS),
	    wd_secret_borrow(key), wd_rd_rest(&rd), ret_root, d);
}

/* ---- a seal of its own */

static int
wrap(struct wd_span root, const struct wd_id *store_id,
    const struct wd_seal_use *use, struct wd_bytes **ret_blob,
    struct wd_diag *d)
{
	(void)d; /* only faults, which say it all */
	return wrap_for(&wd_seal_shamir, root, store_id, use, ret_blob);
}

static int
unwrap(struct wd_span blob, const struct wd_id *store_id,
    const struct wd_seal_use *use, struct wd_secret **ret_root,
    struct wd_diag *d)
{
	return unwrap_for(&wd_seal_shamir, blob, store_id, use, ret_root, d);
}

const struct wd_seal_row wd_seal_shamir = {
	.kind = WD_SEAL_SHAMIR,
	.name = "shamir",
	.share_min = WD_SHARE_KEY,
	.share_max = WD_SHARE_KEY,
	.split_of = split_of,
	.wrap = wrap,
	.unwrap = unwrap,
};

/* ---- beside another: the kind in what is authenticated keeps the two apart */

static int
wrap_break_glass(struct wd_span root, const struct wd_id *store_id,
    const struct wd_seal_use *use, struct wd_bytes **ret_blob,
    struct wd_diag *d)
{
	(void)d; /* likewise */
	return wrap_for(&wd_seal_break_glass, root, store_id, use, ret_blob);
}

static int
unwrap_break_glass(struct wd_span blob, const struct wd_id *store_id,
    const struct wd_seal_use *use, struct wd_secret **ret_root,
    struct wd_diag *d)
{
	return unwrap_for(
	    &wd_seal_break_glass, blob, store_id, use, ret_root, d);
}

const struct wd_seal_row wd_seal_break_glass = {
	.kind = WD_SEAL_BREAK_GLASS,
	.name = "break-glass",
	.share_min = WD_SHARE_KEY,
	.share_max = WD_SHARE_KEY,
	.split_of = split_of,
	.wrap = wrap_break_glass,
	.unwrap = unwrap_break_glass,
};

/* ---- a share as text */

/* Which form it is, its length says. The bytes end in the secret. */
int
wd_share_read(struct wd_span text, struct wd_secret **ret)
{
	WD_AUTO(wd_secret_freep)
	struct wd_secret *s = wd_secret_new(WD_SHARE_LEN);
	uint8_t *p;
	int r;

	if (s == NULL)
		return WD_F_MEMORY;
	p = wd_secret_bytes(s);
	if (text.len == 2 * WD_SHARE_LEN)
		r = wd_hex_decode_exact(text, p, WD_SHARE_LEN);
	else
		r = wd_b64_decode_exact(text, p, WD_SHARE_LEN);
	if (r != 0)
		return r;
	if (p[WD_SHARE_KEY] == 0)
		return WD_R_MALFORMED;
	*ret = WD_TAKE(s);
	return 0;
}

void
wd_share_write(struct wd_wr *wr, struct wd_span share)
{
	wd_b64_write(wr, share);
}
