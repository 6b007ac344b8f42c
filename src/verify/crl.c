/*
 * A list is believed only by the key of its issuer and between its dates.
 */
#include "verify/crl.h"

#include "crypto/hash.h"

static void
release(void *p)
{
	(void)wd_crl_free(p);
}

static int
crl_verify(struct wd_span der, const struct wd_cert *issuer,
    struct wd_crl **ret, struct wd_diag *d)
{
	WD_AUTO(wd_crl_freep) struct wd_crl *crl = NULL;
	int r = wd_crl_parse(der, &crl);

	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot take in a CRL");
	if (r > 0)
		return wd_reject(d, WD_R_MALFORMED, "not a CRL");
	if (!wd_span_equal(wd_crl_issuer(crl), wd_cert_subject(issuer)))
		return wd_reject(d, WD_R_CRL_ISSUER_MISMATCH,
		    "the CRL is not of this certificate's issuer");
	if (!wd_cert_may_sign_crls(issuer))
		return wd_reject(d, WD_R_CRL_BAD_SIGNATURE,
		    "the issuer may not sign revocation lists");
	r = wd_crl_signed_by(crl, wd_cert_key(issuer));
	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot check a CRL");
	if (r > 0)
		return wd_reject(d, WD_R_CRL_BAD_SIGNATURE,
		    "the CRL is not signed by its issuer");
	*ret = WD_TAKE(crl);
	return 0;
}

/* A list that never ends cannot be told from one that was held back. */
static int
crl_dates(const struct wd_crl *crl, int64_t at, struct wd_diag *d)
{
	int64_t next;

	if (!wd_crl_next_update(crl, &next))
		return wd_reject(d, WD_R_CRL_EXPIRED, "the CRL has no end");
	if (at < wd_crl_this_update(crl) || at > next)
		return wd_reject(
		    d, WD_R_CRL_EXPIRED, "the CRL is outside its dates");
	return 0;
}

int
wd_kept_crl(struct wd_verifier *v, struct wd_span der,
    const struct wd_cert *issuer, const uint8_t issuer_sha256[32], int64_t at,
    const struct wd_crl **ret, struct wd_diag *d)
{
	struct wd_cache_key key = { 0 };
	const struct wd_crl *crl;
	struct wd_crl *fresh;
	int64_t end = 0;
	int r;

	wd_copy(key.signer, wd_span(issuer_sha256, 32));
	if (wd_memo_sha256(&v->memo, der, key.bytes) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	crl = wd_cache_get(v->cache, WD_KEPT_CRL, &key);
	if (crl == NULL) {
		if ((r = crl_verify(der, issuer, &fresh, d)) != 0)
			return r;
		(void)wd_crl_next_update(fresh, &end); /* none: goes first */
		crl = wd_cache_put(
		    v->cache, WD_KEPT_CRL, &key, fresh, release, end, at);
	}
	if ((r = crl_dates(crl, at, d)) != 0)
		return r;
	*ret = crl;
	return 0;
}

int
wd_crl_scope(const struct wd_cert *issuer, uint8_t ret[8])
{
	uint8_t digest[32];
	int r = wd_hash(WD_SHA256, wd_cert_spki(issuer), digest);

	if (r == 0)
		wd_copy(ret, wd_span(digest, 8));
	return r;
}
