/*
 * The passphrase seal: scrypt (RFC 7914) makes the key. Its cost stands in the
 * blob, so that it can rise later without a new format.
 *
 * Blob: u8 1 (scrypt), u8 log2 of N, u8 r, u8 p, 32 bytes of salt, then the
 * sealed root key.
 */
#include "seal/wrap.h"

#include "base/rd.h"
#include "crypto/kdf.h"
#include "crypto/rand.h"

enum {
	KDF_SCRYPT = 1,
	LOG_N = 17, /* 0.4 s and 128 MiB */
	LOG_N_MAX = 20,
	R = 8,
	P = 1,
	PARAMS = 4 + 32,
};

static struct wd_span
write_params(uint8_t buf[PARAMS], unsigned log_n, const uint8_t salt[32])
{
	struct wd_wr wr = wd_wr_fixed(buf, PARAMS);

	wd_wr_u8(&wr, KDF_SCRYPT);
	wd_wr_u8(&wr, (uint8_t)log_n);
	wd_wr_u8(&wr, R);
	wd_wr_u8(&wr, P);
	wd_wr_bytes(&wr, wd_span(salt, 32));
	return wd_wr_span(&wr);
}

int
wd_passphrase_wrap(unsigned log_n, struct wd_span root,
    const struct wd_id *store_id, struct wd_span share,
    struct wd_bytes **ret_blob)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	struct wd_scrypt cost = { UINT64_C(1) << log_n, R, P, { 0 } };
	uint8_t buf[PARAMS];
	int r;

	if ((r = wd_rand(cost.salt, sizeof(cost.salt))) != 0 ||
	    (r = wd_scrypt(share, &cost, &key)) != 0)
		return r;
	return wd_wrap_root(&wd_seal_passphrase, store_id,
	    write_params(buf, log_n, cost.salt), wd_secret_borrow(key), root,
	    ret_blob);
}

static int
wrap(struct wd_span root, const struct wd_id *store_id,
    const struct wd_seal_use *use, struct wd_bytes **ret_blob,
    struct wd_diag *d)
{
	(void)d; /* only faults, which say it all */
	return wd_passphrase_wrap(LOG_N, root, store_id, use->share, ret_blob);
}

/* Leaves the rest of the blob in RD. */
static int
read_params(struct wd_rd *rd, struct wd_scrypt *ret)
{
	uint8_t kdf = wd_rd_u8(rd), log_n = wd_rd_u8(rd);
	struct wd_scrypt cost = { 0 };
	int r;

	cost.n = log_n <= LOG_N_MAX ? UINT64_C(1) << log_n : 0;
	cost.r = wd_rd_u8(rd);
	cost.p = wd_rd_u8(rd);
	wd_rd_copy(rd, cost.salt, sizeof(cost.salt));
	if (kdf != KDF_SCRYPT)
		wd_rd_fail(rd);
	if ((r = wd_rd_ok(rd)) == 0)
		*ret = cost;
	return r;
}

static int
malformed(struct wd_diag *d)
{
	return wd_reject(d, WD_R_MALFORMED, "the seal file is damaged");
}

static int
unwrap(struct wd_span blob, const struct wd_id *store_id,
    const struct wd_seal_use *use, struct wd_secret **ret_root,
    struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	struct wd_rd rd = wd_rd(blob);
	struct wd_scrypt cost;
	int r;

	if (read_params(&rd, &cost) != 0)
		return malformed(d);
	r = wd_scrypt(use->share, &cost, &key);
	if (r == WD_R_RANGE)
		return malformed(d);
	if (r != 0)
		return r;
	return wd_unwrap_root(&wd_seal_passphrase, store_id,
	    wd_span(blob.p, PARAMS), wd_secret_borrow(key), wd_rd_rest(&rd),
	    ret_root, d);
}

const struct wd_seal_row wd_seal_passphrase = {
	.kind = WD_SEAL_PASSPHRASE,
	.name = "passphrase",
	.share_min = 12,
	.share_max = 1024,
	.wrap = wrap,
	.unwrap = unwrap,
};
