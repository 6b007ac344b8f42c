/*
 * Signatures of TPMs, brought to the form that crypto/ verifies.
 */
#include "verify/tpm/signature.h"

#include "base/rd.h"
#include "base/wr.h"
#include "verify/tpm/alg.h"

enum { COORDINATE_MAX = 66 };

static bool
scheme_of(uint16_t alg, enum wd_sig_scheme *ret)
{
	static const struct {
		uint16_t alg;
		enum wd_sig_scheme scheme;
	} rows[] = {
		{ WD_TPM_RSASSA, WD_SCHEME_RSASSA },
		{ WD_TPM_RSAPSS, WD_SCHEME_RSAPSS },
		{ WD_TPM_ECDSA, WD_SCHEME_ECDSA },
	};

	for (size_t i = 0; i < WD_N(rows); i++) {
		if (rows[i].alg != alg)
			continue;
		*ret = rows[i].scheme;
		return true;
	}
	return false;
}

int
wd_tpm_signature_parse(
    struct wd_span bytes, struct wd_tpm_signature *ret, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(bytes);
	struct wd_tpm_signature s = { 0 };

	s.scheme_id = wd_rd_be16(&rd);
	if (!scheme_of(s.scheme_id, &s.scheme) ||
	    !wd_tpm_hash(wd_rd_be16(&rd), &s.hash))
		wd_rd_fail(&rd);
	s.first = wd_rd_bytes(&rd, wd_rd_be16(&rd));
	if (s.scheme == WD_SCHEME_ECDSA)
		s.second = wd_rd_bytes(&rd, wd_rd_be16(&rd));
	if (wd_rd_end(&rd) != 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "the signature does not have the form of a TPM's");
	*ret = s;
	return 0;
}

/* A number of a TPM may lack leading zeros. */
static void
pad(struct wd_wr *wr, struct wd_span n, size_t len)
{
	if (n.len > len) {
		wd_wr_fail(wr);
		return;
	}
	wd_wr_zero(wr, len - n.len);
	wd_wr_bytes(wr, n);
}

static int
verify_ecdsa(const struct wd_tpm_signature *s, const struct wd_pkey *key,
    struct wd_span message)
{
	size_t half = wd_pkey_coordinate_len(wd_pkey_alg(key));
	uint8_t rs[2 * COORDINATE_MAX];
	struct wd_wr wr = wd_wr_fixed(rs, sizeof(rs));

	pad(&wr, s->first, half);
	pad(&wr, s->second, half);
	if (wd_wr_end(&wr) != 0)
		return WD_R_MISMATCH;
	return wd_sig_verify_any(
	    key, s->scheme, s->hash, message, wd_wr_span(&wr));
}

int
wd_tpm_signature_verify(const struct wd_tpm_signature *s,
    const struct wd_pkey *key, struct wd_span message)
{
	int r = s->scheme == WD_SCHEME_ECDSA
	    ? verify_ecdsa(s, key, message)
	    : wd_sig_verify_any(key, s->scheme, s->hash, message, s->first);

	return r > 0 ? WD_R_MISMATCH : r;
}
