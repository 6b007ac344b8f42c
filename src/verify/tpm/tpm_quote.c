/*
 * The checks of a quote. Two of them are where others have failed: the bank
 * and the registers are the quote's and not the caller's, and the digest of the
 * values is by the hash of the signature and not of the bank.
 */
#include "verify/tpm/tpm_quote.h"

#include "base/num.h"
#include "codec/hex.h"
#include "codec/json.h"
#include "verify/tpm/alg.h"

int
wd_tpm_quote_read(struct wd_span attest, struct wd_span signature,
    struct wd_tpm_quote *q, struct wd_diag *d)
{
	int r = wd_tpm_attest_parse(attest, &q->attest, d);

	q->bytes = attest;
	return r != 0 ? r : wd_tpm_signature_parse(signature, &q->signature, d);
}

int
wd_tpm_quote_read_rs256(struct wd_span attest, struct wd_span signature,
    struct wd_tpm_quote *q, struct wd_diag *d)
{
	q->bytes = attest;
	q->signature = (struct wd_tpm_signature){
		.scheme = WD_SCHEME_RSASSA,
		.hash = WD_SHA256,
		.first = signature,
	};
	return wd_tpm_attest_parse(attest, &q->attest, d);
}

int
wd_tpm_quote_signed(const struct wd_tpm_quote *q, const struct wd_pkey *key,
    bool allow_sha1, struct wd_diag *d)
{
	int r;

	if (q->signature.hash == WD_SHA1 && !allow_sha1)
		return wd_reject(
		    d, WD_R_WEAK_HASH, "the quote is signed over SHA-1");
	r = wd_tpm_signature_verify(&q->signature, key, q->bytes);
	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot check a signature");
	if (r > 0)
		return wd_reject(d, WD_R_QUOTE_BAD_SIGNATURE,
		    "the quote is not signed by the attestation key");
	return 0;
}

int
wd_tpm_quote_bound(
    const struct wd_tpm_quote *q, struct wd_span nonce, struct wd_diag *d)
{
	if (nonce.len == 0 || wd_ct_equal(q->attest.extra_data, nonce))
		return 0;
	return wd_reject(d, WD_R_NONCE_MISMATCH,
	    "the quote is not over the nonce that was asked for");
}

int
wd_tpm_quote_selection(struct wd_tpm_quote *q, uint32_t required,
    bool allow_sha1, struct wd_diag *d)
{
	const struct wd_tpm_attest *a = &q->attest;

	if (a->n_banks != 1)
		return wd_reject(d, WD_R_PCR_SELECTION,
		    "the quote covers %u banks, not one", a->n_banks);
	if (!wd_tpm_hash(a->bank, &q->bank))
		return wd_reject(d, WD_R_PCR_SELECTION,
		    "the bank %04x is not known", a->bank);
	if (q->bank == WD_SHA1 && !allow_sha1)
		return wd_reject(
		    d, WD_R_WEAK_HASH, "the registers are of the SHA-1 bank");
	if (a->pcrs == 0 || a->pcrs >> WD_TPM_PCRS != 0)
		return wd_reject(d, WD_R_PCR_SELECTION,
		    "the quote covers the registers %08x", a->pcrs);
	if ((a->pcrs & required) != required)
		return wd_reject(d, WD_R_PCR_SELECTION,
		    "the quote covers the registers %06x, not all of %06x",
		    a->pcrs, required);
	q->pcrs = a->pcrs;
	return 0;
}

static bool
is_quoted(const struct wd_tpm_quote *q, uint64_t pcr)
{
	return (q->pcrs >> pcr & 1) != 0;
}

static int
bad_values(struct wd_diag *d)
{
	return wd_reject(d, WD_R_MALFORMED,
	    "pcrs: not an object of registers with values in hex");
}

/* FOUND gets the bits of the quoted registers that were given. */
static int
read_values(struct wd_tpm_quote *q, const struct wd_jval *v, uint32_t *found,
    struct wd_diag *d)
{
	struct wd_jwalk w = { 0 };
	struct wd_span hex;
	uint64_t pcr;

	while (wd_jval_walk(v, &w)) {
		if (!wd_num_parse(
			wd_span_text(w.name), WD_TPM_PCRS - 1, &pcr) ||
		    !wd_jval_text(w.value, &hex))
			return bad_values(d);
		if (!is_quoted(q, pcr))
			continue;
		if (wd_hex_decode_exact(
			hex, q->value[pcr], wd_hash_len(q->bank)) != 0)
			return bad_values(d);
		*found |= UINT32_C(1) << pcr;
	}
	return 0;
}

/* Values may say which bank they are of; then it is that of the quote. */
static int
read_json(struct wd_tpm_quote *q, const struct wd_jval *root, struct wd_diag *d)
{
	const struct wd_jval *bank =
	    wd_jval_get(root, wd_tpm_bank_name(q->bank));
	uint32_t found = 0;
	int r;

	if (wd_jval_type(root) != WD_JOBJECT ||
	    (bank != NULL && wd_jval_type(bank) != WD_JOBJECT))
		return bad_values(d);
	r = read_values(q, bank != NULL ? bank : root, &found, d);
	if (r != 0)
		return r;
	if (found != q->pcrs)
		return wd_reject(d, WD_R_PCR_VALUES_MISSING,
		    "pcrs: values of %06x of the registers %06x", found,
		    q->pcrs);
	return 0;
}

struct wd_span
wd_tpm_quote_value(const struct wd_tpm_quote *q, unsigned pcr)
{
	return wd_span(q->value[pcr], wd_hash_len(q->bank));
}

/* In the order of the selection: by number. */
int
wd_tpm_quote_digest(const struct wd_tpm_quote *q, struct wd_diag *d)
{
	enum wd_hash hash = q->signature.hash;
	struct wd_span parts[WD_TPM_PCRS];
	uint8_t digest[WD_HASH_MAX];
	size_t n = 0;

	for (unsigned i = 0; i < WD_TPM_PCRS; i++)
		if (is_quoted(q, i))
			parts[n++] = wd_tpm_quote_value(q, i);
	if (wd_hash_parts(hash, parts, n, digest) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	if (wd_ct_equal(
		q->attest.pcr_digest, wd_span(digest, wd_hash_len(hash))))
		return 0;
	return wd_reject(d, WD_R_PCR_DIGEST_MISMATCH,
	    "the values of the registers are not those that were quoted");
}

int
wd_tpm_quote_values(
    struct wd_tpm_quote *q, struct wd_span pcrs, struct wd_diag *d)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	struct wd_diag why = { 0 };
	int r;

	if (pcrs.len == 0)
		return wd_reject(d, WD_R_PCR_VALUES_MISSING,
		    "the values of the registers were not given");
	r = wd_json_parse(pcrs, &why, &doc);
	if (r < 0)
		return wd_fault(d, WD_F_MEMORY, "cannot parse pcrs");
	if (r > 0)
		return wd_reject(d, WD_R_MALFORMED, "pcrs: %s", why.detail);
	if ((r = read_json(q, wd_json_root(doc), d)) != 0)
		return r;
	return wd_tpm_quote_digest(q, d);
}
