/*
 * Certificates of attestation keys: who issued one says that the key lives in
 * a TPM. Which authorities may say so is the operator's choice, there are no
 * roots that everybody trusts.
 */
#include "verify/tpm/case.h"
#include "verify/tpm/purpose.h"

/* The key signs; an endorsement key's certificate says it does not. */
static bool
may_sign(const struct wd_cert *c)
{
	return wd_tpm_may(c, WD_TPM_DIGITAL_SIGNATURE);
}

/* Clouds use that of endorsement keys for signing keys too. Where purposes are
 * given, one of both has to be there: authorities of TPMs issue certificates
 * for other ends as well. */
static bool
is_for_a_tpm(const struct wd_cert *c)
{
	struct wd_tpm_purposes p = wd_tpm_purposes(c);

	return !p.given || p.of_ek || p.of_ak;
}

static const char *
misplaced(const struct wd_trail *t, size_t i)
{
	if (i > 0)
		return NULL;
	if (!may_sign(wd_trail_leaf(t)))
		return "its key is not for signing";
	if (!is_for_a_tpm(wd_trail_leaf(t)))
		return "it is not for a TPM's key";
	return NULL;
}

static const struct wd_trail_spec spec = {
	.name = "attestation key chain",
	.tee = WD_TEE_TPM,
	.kept = WD_KEPT_AK_TRAIL,
	.n_min = 2,
	.n_max = WD_TRAIL_MAX,
	.leaf_keys = WD_TRAIL_TPM_KEYS,
	.ca_keys = WD_TRAIL_TPM_KEYS,
	.misplaced = misplaced,
};

static bool
has_anchors(const struct wd_verifier *v)
{
	for (size_t i = 0; i < v->rules.n_anchors; i++)
		if (v->rules.anchors[i].tee == WD_TEE_TPM)
			return true;
	return false;
}

/* A certificate that no anchor is there for is only a key in a wrapping. */
int
wd_tpm_step_chain(struct wd_appraisal *a)
{
	struct wd_tpm_case *c = wd_tpm_case(a);
	struct wd_span leaf = a->in->part[WD_IN_AK_CERT];
	const struct wd_trail *trail;
	int r;

	if (leaf.p == NULL && c->ak->is_certificate)
		leaf = a->in->part[WD_IN_AK];
	if (leaf.p == NULL || (c->has_quote && !has_anchors(a->v)))
		return 0;
	r = wd_trail_get(
	    a->v, &spec, leaf, wd_span(NULL, 0), a->at, &trail, a->d);
	if (r != 0)
		return r;
	if (a->v->rules.need_ak_purpose &&
	    !wd_tpm_purposes(wd_trail_leaf(trail)).of_ak)
		return wd_reject(a->d, WD_R_AK_NOT_TRUSTED,
		    "the certificate does not say that it is of an "
		    "attestation key");
	if (!wd_pkey_same_public(wd_cert_key(wd_trail_leaf(trail)), c->ak->key))
		return wd_reject(a->d, WD_R_AK_NOT_TRUSTED,
		    "the certificate is not of the attestation key");
	wd_appraisal_ends(a, trail->not_after);
	c->trail = trail;
	return 0;
}
