/*
 * Signing what verify/cose.c verifies.
 */
#include "attest/cose_sign.h"

#include "codec/cbor.h"

enum { MESSAGE_MAX = 65536 };

static const struct {
	enum wd_pkey_alg curve;
	enum wd_sig_alg alg;
	int64_t id; /* RFC 9053, section 2.1 */
} algs[] = {
	{ WD_PKEY_P256, WD_SIG_ES256, -7 },
	{ WD_PKEY_P384, WD_SIG_ES384, -35 },
	{ WD_PKEY_P521, WD_SIG_ES512, -36 },
};

static int
sign(const struct wd_pkey *key, enum wd_sig_alg alg, struct wd_span header,
    struct wd_span payload, uint8_t sig[WD_SIG_MAX], size_t *ret_len)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(MESSAGE_MAX);

	wd_cbor_write_head(&wr, WD_CBOR_ARRAY, 4);
	wd_cbor_write_text(&wr, WD_SPAN_LIT("Signature1"));
	wd_cbor_write_bytes(&wr, header);
	wd_cbor_write_bytes(&wr, wd_span(NULL, 0));
	wd_cbor_write_bytes(&wr, payload);
	if (wd_wr_end(&wr) != 0)
		return WD_F_MEMORY;
	return wd_sign(key, alg, wd_wr_span(&wr), sig, ret_len);
}

static int
message(const struct wd_pkey *key, enum wd_sig_alg alg, int64_t id,
    struct wd_span payload, struct wd_bytes **ret)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(MESSAGE_MAX);
	uint8_t map[8], sig[WD_SIG_MAX];
	struct wd_wr header = wd_wr_fixed(map, sizeof(map));
	size_t len = 0;
	int r;

	wd_cbor_write_head(&header, WD_CBOR_MAP, 1);
	wd_cbor_write_int(&header, 1);
	wd_cbor_write_int(&header, id);
	r = sign(key, alg, wd_wr_span(&header), payload, sig, &len);
	if (r != 0)
		return r;
	wd_cbor_write_head(&wr, WD_CBOR_TAG, 18);
	wd_cbor_write_head(&wr, WD_CBOR_ARRAY, 4);
	wd_cbor_write_bytes(&wr, wd_wr_span(&header));
	wd_cbor_write_head(&wr, WD_CBOR_MAP, 0);
	wd_cbor_write_bytes(&wr, payload);
	wd_cbor_write_bytes(&wr, wd_span(sig, len));
	return wd_wr_take(&wr, ret);
}

int
wd_cose_sign(const struct wd_pkey *key, struct wd_span payload,
    struct wd_bytes **ret, struct wd_diag *d)
{
	for (size_t i = 0; i < WD_N(algs); i++)
		if (algs[i].curve == wd_pkey_alg(key) &&
		    message(key, algs[i].alg, algs[i].id, payload, ret) == 0)
			return 0;
	return wd_fault(d, WD_F_CRYPTO, "cannot sign a token");
}
