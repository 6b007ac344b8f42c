/*
 * The connection, and what needs the attestation key alone.
 */
#include "tss/tss_in.h"

#include "base/alloc.h"

#include <tss2/tss2_mu.h>

int
wd_tss_fault(struct wd_diag *d, const char *what, TSS2_RC rc)
{
	return wd_fault(d, WD_F_SYSTEM, "the TPM: cannot %s (%08x)", what, rc);
}

void
wd_tss_esys_freep(void *p)
{
	Esys_Free(*(void **)p);
}

static void
flush(struct wd_tss *t, ESYS_TR *handle)
{
	if (*handle != ESYS_TR_NONE)
		(void)Esys_FlushContext(t->esys, *handle); /* we leave anyway */
	*handle = ESYS_TR_NONE;
}

struct wd_tss *
wd_tss_free(struct wd_tss *t)
{
	if (t == NULL)
		return NULL;
	if (t->esys != NULL) {
		flush(t, &t->ak);
		flush(t, &t->ek);
		Esys_Finalize(&t->esys);
	}
	wd_tcti_close(&t->tcti);
	return wd_free(t);
}

void
wd_tss_freep(struct wd_tss **t)
{
	*t = wd_tss_free(*t);
}

int
wd_tss_open(const char *tcti, struct wd_tss **ret, struct wd_diag *d)
{
	WD_AUTO(wd_tss_freep) struct wd_tss *t = wd_alloc(sizeof(*t));
	TSS2_RC rc;
	int r;

	if (t == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	t->tcti.fd = -1;
	t->ak = t->ek = ESYS_TR_NONE;
	if ((r = wd_tcti_open(&t->tcti, tcti, d)) != 0)
		return r;
	rc = Esys_Initialize(
	    &t->esys, (TSS2_TCTI_CONTEXT *)(void *)&t->tcti, NULL);
	if (rc != TSS2_RC_SUCCESS)
		return wd_tss_fault(d, "be talked to", rc);
	*ret = WD_TAKE(t);
	return 0;
}

int
wd_tss_primary(struct wd_tss *t, const TPM2B_PUBLIC *template, ESYS_TR *handle,
    struct wd_bytes **ret_public, struct wd_diag *d)
{
	const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
	const TPM2B_DATA outside = { 0 };
	const TPML_PCR_SELECTION none = { 0 };
	WD_AUTO(wd_tss_esys_freep) void *public = NULL;
	uint8_t bytes[sizeof(TPM2B_PUBLIC)];
	TPM2B_PUBLIC *made = NULL;
	size_t len = 0;
	TSS2_RC rc;

	flush(t, handle);
	rc = Esys_CreatePrimary(t->esys, ESYS_TR_RH_ENDORSEMENT,
	    ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, template,
	    &outside, &none, handle, &made, NULL, NULL, NULL);
	public = made;
	if (rc == TSS2_RC_SUCCESS)
		rc = Tss2_MU_TPM2B_PUBLIC_Marshal(
		    made, bytes, sizeof(bytes), &len);
	if (rc != TSS2_RC_SUCCESS)
		return wd_tss_fault(d, "make a key", rc);
	*ret_public = wd_bytes_copy(wd_span(bytes, len));
	return *ret_public != NULL ? 0 : wd_fault(d, WD_F_MEMORY, "no memory");
}

/* A label in the place of the public key keeps other programs' keys of the same
 * kind apart from ours. */
static TPM2B_PUBLIC
ak_template(enum wd_tss_kind kind)
{
	static const uint8_t label[32] = "warder attestation key 1";
	TPM2B_PUBLIC t = {
		.publicArea = { .type = kind == WD_TSS_RSA ? TPM2_ALG_RSA
							   : TPM2_ALG_ECC,
		    .nameAlg = TPM2_ALG_SHA256,
		    .objectAttributes = TPMA_OBJECT_FIXEDTPM |
			TPMA_OBJECT_FIXEDPARENT |
			TPMA_OBJECT_SENSITIVEDATAORIGIN |
			TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA |
			TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT }
	};
	TPMT_PUBLIC *p = &t.publicArea;

	if (kind == WD_TSS_RSA) {
		p->parameters.rsaDetail =
		    (TPMS_RSA_PARMS){ .symmetric.algorithm = TPM2_ALG_NULL,
			    .scheme.scheme = TPM2_ALG_RSASSA,
			    .scheme.details.rsassa.hashAlg = TPM2_ALG_SHA256,
			    .keyBits = 2048 };
		p->unique.rsa.size = sizeof(label);
		wd_copy(p->unique.rsa.buffer, WD_SPAN(label));
		return t;
	}
	p->parameters.eccDetail =
	    (TPMS_ECC_PARMS){ .symmetric.algorithm = TPM2_ALG_NULL,
		    .scheme.scheme = TPM2_ALG_ECDSA,
		    .scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256,
		    .curveID = TPM2_ECC_NIST_P256,
		    .kdf.scheme = TPM2_ALG_NULL };
	p->unique.ecc.x.size = sizeof(label);
	wd_copy(p->unique.ecc.x.buffer, WD_SPAN(label));
	return t;
}

int
wd_tss_make_ak(struct wd_tss *t, enum wd_tss_kind kind,
    struct wd_bytes **ret_public, struct wd_diag *d)
{
	const TPM2B_PUBLIC template = ak_template(kind);

	return wd_tss_primary(t, &template, &t->ak, ret_public, d);
}

static TPML_PCR_SELECTION
selection(uint16_t bank, uint32_t mask)
{
	return (TPML_PCR_SELECTION){ .count = 1,
		.pcrSelections = { { .hash = bank,
		    .sizeofSelect = 3,
		    .pcrSelect = { (BYTE)mask, (BYTE)(mask >> 8),
			(BYTE)(mask >> 16) } } } };
}

/* The registers that an answer has values of, lowest first. */
static uint32_t
take_values(const TPML_PCR_SELECTION *got, const TPML_DIGEST *values,
    struct wd_tss_pcrs *ret)
{
	const TPMS_PCR_SELECTION *s = &got->pcrSelections[0];
	uint32_t mask = 0;
	size_t n = 0;

	if (got->count == 0)
		return 0;
	for (unsigned i = 0; i < WD_TSS_PCRS && i < 8u * s->sizeofSelect; i++) {
		const TPM2B_DIGEST *v;

		if ((s->pcrSelect[i / 8] >> i % 8 & 1) == 0 ||
		    n == values->count)
			continue;
		v = &values->digests[n++];
		if (v->size > WD_TSS_DIGEST_MAX)
			continue;
		ret->len[i] = (uint8_t)v->size;
		wd_copy(ret->value[i], wd_span(v->buffer, v->size));
		mask |= UINT32_C(1) << i;
	}
	return mask;
}

/* A TPM gives at most eight values at a time. */
int
wd_tss_read_pcrs(struct wd_tss *t, uint16_t bank, uint32_t mask,
    struct wd_tss_pcrs *ret, struct wd_diag *d)
{
	struct wd_tss_pcrs pcrs = { 0 };

	for (unsigned turn = 0; mask != 0 && turn < WD_TSS_PCRS; turn++) {
		const TPML_PCR_SELECTION want = selection(bank, mask);
		WD_AUTO(wd_tss_esys_freep) void *keep_got = NULL;
		WD_AUTO(wd_tss_esys_freep) void *keep_values = NULL;
		TPML_PCR_SELECTION *got = NULL;
		TPML_DIGEST *values = NULL;
		uint32_t found;
		TSS2_RC rc = Esys_PCR_Read(t->esys, ESYS_TR_NONE, ESYS_TR_NONE,
		    ESYS_TR_NONE, &want, NULL, &got, &values);

		keep_got = got;
		keep_values = values;
		if (rc != TSS2_RC_SUCCESS)
			return wd_tss_fault(d, "read its registers", rc);
		found = take_values(got, values, &pcrs);
		if (found == 0)
			break; /* it has no such bank */
		mask &= ~found;
	}
	*ret = pcrs;
	return 0;
}

static int
marshal_signature(
    const TPMT_SIGNATURE *s, struct wd_bytes **ret, struct wd_diag *d)
{
	uint8_t bytes[sizeof(TPMT_SIGNATURE)];
	size_t len = 0;
	TSS2_RC rc =
	    Tss2_MU_TPMT_SIGNATURE_Marshal(s, bytes, sizeof(bytes), &len);

	if (rc != TSS2_RC_SUCCESS)
		return wd_tss_fault(d, "have its signature read", rc);
	*ret = wd_bytes_copy(wd_span(bytes, len));
	return *ret != NULL ? 0 : wd_fault(d, WD_F_MEMORY, "no memory");
}

int
wd_tss_quote(struct wd_tss *t, uint16_t bank, uint32_t mask,
    struct wd_span nonce, struct wd_bytes **ret_attest,
    struct wd_bytes **ret_signature, struct wd_diag *d)
{
	const TPML_PCR_SELECTION want = selection(bank, mask);
	const TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_NULL };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *attest = NULL;
	WD_AUTO(wd_tss_esys_freep) void *keep_quoted = NULL;
	WD_AUTO(wd_tss_esys_freep) void *keep_signature = NULL;
	TPM2B_DATA data = { .size = (UINT16)nonce.len };
	TPMT_SIGNATURE *signature = NULL;
	TPM2B_ATTEST *quoted = NULL;
	TSS2_RC rc;

	if (nonce.len > sizeof(data.buffer))
		return wd_fault(d, WD_F_BUG, "the nonce is too long");
	wd_copy(data.buffer, nonce);
	rc = Esys_Quote(t->esys, t->ak, ESYS_TR_PASSWORD, ESYS_TR_NONE,
	    ESYS_TR_NONE, &data, &scheme, &want, &quoted, &signature);
	keep_quoted = quoted;
	keep_signature = signature;
	if (rc != TSS2_RC_SUCCESS)
		return wd_tss_fault(d, "quote", rc);
	attest = wd_bytes_copy(wd_span(quoted->attestationData, quoted->size));
	if (attest == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	if (marshal_signature(signature, ret_signature, d) != 0)
		return WD_F_SYSTEM;
	*ret_attest = WD_TAKE(attest);
	return 0;
}
