/*
 * u8 version, u32 term, i64 when it began, u64 uses, then HMAC-SHA-256 of all
 * that. Little endian.
 */
#include "seal/uses.h"

#include "base/rd.h"
#include "base/wr.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

enum { VERSION = 1, MAC = 32, TEXT = WD_USES_LEN - MAC };

/* Under what stays when terms come and go. */
static int
make_mac(const struct wd_keyring *k, struct wd_span text, uint8_t ret[MAC])
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	int r = wd_hkdf(wd_secret_borrow(k->challenge_key), "warder/1/uses",
	    wd_id_span(&k->store_id), 32, &key);

	if (r != 0)
		return r;
	return wd_hmac_sha256(wd_secret_borrow(key), &text, 1, ret);
}

int
wd_uses_flat(const struct wd_keyring *k, const struct wd_uses *u,
    uint8_t ret[WD_USES_LEN])
{
	uint8_t mac[MAC];
	struct wd_wr wr = wd_wr_fixed(ret, WD_USES_LEN);
	int r;

	wd_wr_u8(&wr, VERSION);
	wd_wr_le32(&wr, u->term);
	wd_wr_le64(&wr, (uint64_t)u->made);
	wd_wr_le64(&wr, u->n);
	if ((r = make_mac(k, wd_wr_span(&wr), mac)) != 0)
		return r;
	wd_wr_bytes(&wr, WD_SPAN(mac));
	return wd_wr_end(&wr) == 0 ? 0 : WD_F_BUG;
}

int
wd_uses_read(
    const struct wd_keyring *k, struct wd_span flat, struct wd_uses *ret)
{
	struct wd_rd rd = wd_rd(flat);
	uint8_t version = wd_rd_u8(&rd), mac[MAC];
	struct wd_uses u;
	struct wd_span given;
	int r;

	u.term = wd_rd_le32(&rd);
	u.made = (int64_t)wd_rd_le64(&rd);
	u.n = wd_rd_le64(&rd);
	given = wd_rd_bytes(&rd, MAC);
	if (wd_rd_end(&rd) != 0 || version != VERSION)
		return WD_R_TAMPERED;
	if ((r = make_mac(k, wd_span(flat.p, TEXT), mac)) != 0)
		return r;
	if (!wd_ct_equal(given, WD_SPAN(mac)))
		return WD_R_TAMPERED;
	*ret = u;
	return 0;
}
