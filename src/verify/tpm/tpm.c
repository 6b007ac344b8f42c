/*
 * The steps of judging a TPM's quote. Form first, magic and type at its head;
 * then the key and who vouches for it, the signature, the nonce, the registers
 * and their values; logs last, since they only say how a value came about.
 * Whether anything ties the key to a real TPM is a claim: policy decides.
 */
#include "verify/tpm/tpm.h"

#include "base/alloc.h"
#include "base/wr.h"
#include "crypto/hash.h"
#include "verify/tpm/alg.h"
#include "verify/tpm/case.h"

static struct wd_span
part(const struct wd_appraisal *a, enum wd_part role)
{
	return a->in->part[role];
}

/* With a certificate alone only its chain can be judged; that says nothing
 * about a machine, so it is no answer to a challenge. */
static int
form(struct wd_appraisal *a)
{
	struct wd_tpm_case *c = wd_tpm_case(a);
	struct wd_span attest = part(a, WD_IN_ATTEST);
	struct wd_span signature = part(a, WD_IN_SIGNATURE);

	c->has_quote = attest.p != NULL || signature.p != NULL ||
	    part(a, WD_IN_AK_CERT).p == NULL || a->bound.len > 0;
	if (!c->has_quote)
		return 0;
	return wd_tpm_quote_read(attest, signature, &c->quote, a->d);
}

static int
key(struct wd_appraisal *a)
{
	struct wd_span bytes = part(a, WD_IN_AK);

	if (bytes.p == NULL)
		bytes = part(a, WD_IN_AK_CERT);
	if (bytes.len == 0)
		return wd_reject(
		    a->d, WD_R_MALFORMED, "ak: the attestation key is missing");
	return wd_tpm_ak_get(a->v, bytes, a->at, &wd_tpm_case(a)->ak, a->d);
}

/* A restricted key has one scheme, which its public area names. */
static bool
has_scheme(const struct wd_tpm_ak *ak, const struct wd_tpm_signature *s)
{
	return ak->scheme == s->scheme_id &&
	    ak->scheme_hash == wd_tpm_alg_of(s->hash);
}

static int
signature(struct wd_appraisal *a)
{
	struct wd_tpm_case *c = wd_tpm_case(a);
	int r;

	if (!c->has_quote)
		return 0;
	r = wd_tpm_quote_signed(
	    &c->quote, c->ak->key, a->v->rules.allow_sha1, a->d);
	if (r != 0 || !c->ak->has_area ||
	    has_scheme(c->ak, &c->quote.signature))
		return r;
	return wd_reject(a->d, WD_R_QUOTE_BAD_SIGNATURE,
	    "the quote is signed in another way than the key signs");
}

static int
nonce(struct wd_appraisal *a)
{
	const struct wd_tpm_case *c = wd_tpm_case(a);

	return c->has_quote ? wd_tpm_quote_bound(&c->quote, a->bound, a->d) : 0;
}

static int
selection(struct wd_appraisal *a)
{
	const struct wd_appraisal_rules *rules = &a->v->rules;
	struct wd_tpm_case *c = wd_tpm_case(a);

	if (!c->has_quote)
		return 0;
	return wd_tpm_quote_selection(
	    &c->quote, rules->required_pcrs, rules->allow_sha1, a->d);
}

/* Values out of JSON, which costs as much as the signature. */
struct kept_values {
	uint8_t value[WD_TPM_PCRS][WD_HASH_MAX];
};

static void
release_values(void *p)
{
	(void)wd_free(p); /* always NULL */
}

/* The same bytes read for the same registers of the same bank. */
static int
values_key(struct wd_appraisal *a, struct wd_cache_key *ret)
{
	const struct wd_tpm_quote *q = &wd_tpm_case(a)->quote;
	struct wd_wr wr = wd_wr_fixed(ret->signer, sizeof(ret->signer));

	wd_wr_u8(&wr, (uint8_t)q->bank);
	wd_wr_le32(&wr, q->pcrs);
	if (wd_hash(WD_SHA256, part(a, WD_IN_PCRS), ret->bytes) != 0)
		return wd_fault(a->d, WD_F_CRYPTO, "cannot hash");
	return 0;
}

static int
keep_values(struct wd_appraisal *a, const struct wd_cache_key *key)
{
	struct kept_values *k = wd_alloc(sizeof(*k));

	if (k == NULL)
		return wd_fault(a->d, WD_F_MEMORY, "no memory for registers");
	wd_copy(k->value, WD_SPAN(wd_tpm_case(a)->quote.value));
	(void)wd_cache_put(a->v->cache, WD_KEPT_TPM_VALUES, key, k,
	    release_values, INT64_MAX, a->at); /* for the next time alone */
	return 0;
}

static int
values(struct wd_appraisal *a)
{
	struct wd_tpm_case *c = wd_tpm_case(a);
	struct wd_cache_key key = { 0 };
	const struct kept_values *kept;
	int r;

	if (!c->has_quote)
		return 0;
	if ((r = values_key(a, &key)) != 0)
		return r;
	kept = wd_cache_get(a->v->cache, WD_KEPT_TPM_VALUES, &key);
	if (kept != NULL) {
		wd_copy(c->quote.value, WD_SPAN(kept->value));
		return wd_tpm_quote_digest(&c->quote, a->d);
	}
	r = wd_tpm_quote_values(&c->quote, part(a, WD_IN_PCRS), a->d);
	return r != 0 ? r : keep_values(a, &key);
}

static const struct wd_step steps[] = {
	{ "quote form", form },
	{ "attestation key", key },
	{ "attestation key chain", wd_tpm_step_chain },
	{ "quote signature", signature },
	{ "nonce", nonce },
	{ "register selection", selection },
	{ "register values", values },
	{ "event log", wd_tpm_step_event_log },
	{ "IMA list", wd_tpm_step_ima },
	{ "claims", wd_tpm_step_claims },
};

/* Nothing that a TPM's evidence is judged with is chosen by platform. */
static int
platform(struct wd_verifier *v, const struct wd_inputs *in, int64_t at,
    struct wd_platform *ret, struct wd_diag *d)
{
	(void)v;
	(void)in;
	(void)at;
	(void)ret;
	(void)d;
	return WD_R_NOT_FOUND;
}

const struct wd_tee_row wd_tpm_row = {
	.tee = WD_TEE_TPM,
	.platform = platform,
	.steps = steps,
	.n_steps = WD_N(steps),
};
