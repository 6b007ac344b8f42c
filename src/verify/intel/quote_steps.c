/*
 * Steps over the quote itself: from the bytes to an attestation key that a
 * genuine quoting enclave vouches for, and its signature.
 */
#include "verify/intel/intel.h"

#include "crypto/sig.h"

_Static_assert(sizeof(struct wd_intel_case) <= WD_STATE_MAX,
    "the state of an Intel call must fit");

struct wd_intel_case *
wd_intel_case(struct wd_appraisal *a)
{
	return (struct wd_intel_case *)a->state;
}

int
wd_intel_quote_form(struct wd_appraisal *a)
{
	struct wd_intel_case *c = wd_intel_case(a);
	int r = wd_intel_quote_parse(a->in->part[WD_IN_QUOTE], &c->quote, a->d);

	if (r != 0)
		return r;
	if (c->quote.tee != a->tee)
		return wd_reject(a->d, WD_R_MALFORMED, "this is a quote of %s",
		    wd_tee_name(c->quote.tee));
	c->qe = wd_sgx_report_read(c->quote.qe_report);
	return 0;
}

/* A chain of the caller's counts only when the quote brings none. */
int
wd_intel_certification_data(struct wd_appraisal *a)
{
	struct wd_intel_case *c = wd_intel_case(a);

	c->chain = wd_intel_chain(&c->quote, a->in);
	if (c->chain.p != NULL)
		return 0;
	return wd_reject(a->d, WD_R_UNSUPPORTED_CERT_DATA,
	    "certification data of type %u, and no pck_chain beside it",
	    c->quote.cert_type);
}

/*
 * All that vouches for the attestation key, and the certificate that vouches
 * for that: when these bytes were good once, they are good.
 */
int
wd_intel_known_attester(struct wd_appraisal *a)
{
	struct wd_intel_case *c = wd_intel_case(a);
	const struct wd_span parts[] = { c->quote.att_key, c->quote.qe_report,
		c->quote.qe_signature, c->quote.qe_auth };

	wd_copy(c->attester.signer, WD_SPAN(c->pck->leaf_sha256));
	if (wd_hash_parts(WD_SHA256, parts, WD_N(parts), c->attester.bytes) !=
	    0)
		return wd_fault(a->d, WD_F_CRYPTO, "cannot hash");
	c->att_key = wd_cache_get(a->v->cache, WD_KEPT_ATTESTER, &c->attester);
	return 0;
}

int
wd_intel_qe_report_signature(struct wd_appraisal *a)
{
	const struct wd_intel_case *c = wd_intel_case(a);
	int r;

	if (c->att_key != NULL)
		return 0;
	r = wd_p256_verify(wd_cert_key(wd_path_leaf(c->pck)),
	    c->quote.qe_report, c->quote.qe_signature.p);
	if (r < 0)
		return wd_fault(a->d, WD_F_CRYPTO, "cannot check a signature");
	if (r > 0)
		return wd_reject(a->d, WD_R_QE_REPORT_BAD_SIGNATURE,
		    "the QE report is not signed by the PCK");
	return 0;
}

/* SHA-256 of key and authentication data, and 32 zero bytes. */
int
wd_intel_att_key_binding(struct wd_appraisal *a)
{
	const struct wd_intel_case *c = wd_intel_case(a);
	const struct wd_span parts[] = { c->quote.att_key, c->quote.qe_auth };
	uint8_t want[64] = { 0 };

	if (c->att_key != NULL)
		return 0;
	if (wd_hash_parts(WD_SHA256, parts, WD_N(parts), want) != 0)
		return wd_fault(a->d, WD_F_CRYPTO, "cannot hash");
	if (!wd_span_equal(c->qe.report_data, WD_SPAN(want)))
		return wd_reject(a->d, WD_R_ATT_KEY_BINDING,
		    "the QE report does not bind this attestation key");
	return 0;
}

static void
key_release(void *p)
{
	(void)wd_pkey_free(p);
}

int
wd_intel_att_key(struct wd_appraisal *a)
{
	struct wd_intel_case *c = wd_intel_case(a);
	struct wd_rd rd = wd_rd(c->quote.att_key);
	struct wd_span x = wd_rd_bytes(&rd, 32);
	struct wd_span y = wd_rd_bytes(&rd, 32);
	struct wd_pkey *key;
	int r;

	if (c->att_key != NULL)
		return 0;
	r = wd_pkey_ec_public(WD_PKEY_P256, x, y, &key);
	if (r < 0)
		return wd_fault(a->d, WD_F_CRYPTO, "cannot take in a key");
	if (r > 0)
		return wd_reject(a->d, WD_R_QUOTE_BAD_SIGNATURE,
		    "the attestation key is no point of P-256");
	c->att_key = wd_cache_put(a->v->cache, WD_KEPT_ATTESTER, &c->attester,
	    key, key_release, c->pck->not_after, a->at);
	return 0;
}

int
wd_intel_quoting_enclave(struct wd_appraisal *a)
{
	const struct wd_intel_case *c = wd_intel_case(a);

	return wd_qe_identity_match(c->identity, &c->qe, a->d);
}

int
wd_intel_qe_level(struct wd_appraisal *a)
{
	struct wd_intel_case *c = wd_intel_case(a);

	c->qe_level = wd_svn_levels_find(&c->identity->levels, c->qe.isv_svn);
	if (c->qe_level != NULL)
		return 0;
	return wd_reject(a->d, WD_R_TCB_NOT_SUPPORTED,
	    "the quoting enclave is below every level");
}

int
wd_intel_quote_signature(struct wd_appraisal *a)
{
	const struct wd_intel_case *c = wd_intel_case(a);
	int r = wd_p256_verify(
	    c->att_key, c->quote.signed_part, c->quote.signature.p);

	if (r < 0)
		return wd_fault(a->d, WD_F_CRYPTO, "cannot check a signature");
	if (r > 0)
		return wd_reject(a->d, WD_R_QUOTE_BAD_SIGNATURE,
		    "the quote is not signed by the attestation key");
	return 0;
}

/* After the platform's level, and for TDX the module's, are known. */
int
wd_intel_qe_converge(struct wd_appraisal *a)
{
	struct wd_intel_case *c = wd_intel_case(a);

	c->status = wd_tcb_converge(c->status, c->qe_level->verdict.status);
	return 0;
}
