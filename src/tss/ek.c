/*
 * The endorsement key: its certificate, the key itself by the default
 * templates of the TCG EK Credential Profile (2.5, annex B.3: L-1 and L-2), and
 * the credential that proves that both keys are in one TPM.
 */
#include "tss/tss_in.h"

#include <tss2/tss2_mu.h>

enum {
	NV_RSA_CERTIFICATE = 0x01c00002,
	NV_ECC_CERTIFICATE = 0x01c0000a,
	CERTIFICATE_MAX = 8192,
	READ_AT_ONCE = 512,
};

static int
read_nv(struct wd_tss *t, ESYS_TR nv, uint16_t size, struct wd_bytes **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *all = wd_bytes_new(size);

	if (all == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	for (uint16_t at = 0; at < size;) {
		WD_AUTO(wd_tss_esys_freep) void *keep = NULL;
		uint16_t left = (uint16_t)(size - at);
		uint16_t n = left < READ_AT_ONCE ? left : READ_AT_ONCE;
		TPM2B_MAX_NV_BUFFER *part = NULL;
		TSS2_RC rc = Esys_NV_Read(t->esys, nv, nv, ESYS_TR_PASSWORD,
		    ESYS_TR_NONE, ESYS_TR_NONE, n, at, &part);

		keep = part;
		if (rc != TSS2_RC_SUCCESS || part->size != n)
			return wd_tss_fault(d, "read a certificate", rc);
		wd_copy(all->p + at, wd_span(part->buffer, n));
		at = (uint16_t)(at + n);
	}
	*ret = WD_TAKE(all);
	return 0;
}

/* Some makers fill the rest of the index; a certificate says how long it is. */
static void
trim(struct wd_bytes *der)
{
	size_t len;

	if (der->len < 4 || der->p[0] != 0x30 || der->p[1] != 0x82)
		return;
	len = 4 + ((size_t)der->p[2] << 8 | der->p[3]);
	if (len < der->len)
		der->len = len;
}

int
wd_tss_ek_certificate(struct wd_tss *t, enum wd_tss_kind kind,
    struct wd_bytes **ret_der, struct wd_diag *d)
{
	WD_AUTO(wd_tss_esys_freep) void *keep = NULL;
	TPM2B_NV_PUBLIC *public = NULL;
	ESYS_TR nv = ESYS_TR_NONE;
	TSS2_RC rc = Esys_TR_FromTPMPublic(t->esys,
	    kind == WD_TSS_RSA ? NV_RSA_CERTIFICATE : NV_ECC_CERTIFICATE,
	    ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &nv);
	int r;

	if (rc != TSS2_RC_SUCCESS)
		return wd_reject(d, WD_R_NOT_FOUND,
		    "the TPM holds no certificate of its endorsement key");
	rc = Esys_NV_ReadPublic(t->esys, nv, ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, &public, NULL);
	keep = public;
	if (rc != TSS2_RC_SUCCESS || public->nvPublic.dataSize == 0 ||
	    public->nvPublic.dataSize > CERTIFICATE_MAX)
		r = wd_tss_fault(d, "read a certificate", rc);
	else
		r = read_nv(t, nv, public->nvPublic.dataSize, ret_der, d);
	(void)Esys_TR_Close(t->esys, &nv); /* our side of it alone */
	if (r == 0)
		trim(*ret_der);
	return r;
}

/* PolicySecret(TPM_RH_ENDORSEMENT), by SHA-256. */
static const uint8_t ek_policy[] = { 0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3,
	0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7,
	0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69,
	0xaa };

static TPM2B_PUBLIC
ek_template(enum wd_tss_kind kind)
{
	TPM2B_PUBLIC t = { .publicArea = { .type = kind == WD_TSS_RSA
				   ? TPM2_ALG_RSA
				   : TPM2_ALG_ECC,
			       .nameAlg = TPM2_ALG_SHA256,
			       .objectAttributes = TPMA_OBJECT_FIXEDTPM |
				   TPMA_OBJECT_FIXEDPARENT |
				   TPMA_OBJECT_SENSITIVEDATAORIGIN |
				   TPMA_OBJECT_ADMINWITHPOLICY |
				   TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
			       .authPolicy.size = sizeof(ek_policy) } };
	const TPMT_SYM_DEF_OBJECT aes = { .algorithm = TPM2_ALG_AES,
		.keyBits.aes = 128,
		.mode.aes = TPM2_ALG_CFB };
	TPMT_PUBLIC *p = &t.publicArea;

	wd_copy(p->authPolicy.buffer, WD_SPAN(ek_policy));
	if (kind == WD_TSS_RSA) {
		p->parameters.rsaDetail = (TPMS_RSA_PARMS){ .symmetric = aes,
			.scheme.scheme = TPM2_ALG_NULL,
			.keyBits = 2048 };
		p->unique.rsa.size = 256;
		return t;
	}
	p->parameters.eccDetail = (TPMS_ECC_PARMS){ .symmetric = aes,
		.scheme.scheme = TPM2_ALG_NULL,
		.curveID = TPM2_ECC_NIST_P256,
		.kdf.scheme = TPM2_ALG_NULL };
	p->unique.ecc.x.size = 32;
	p->unique.ecc.y.size = 32;
	return t;
}

int
wd_tss_make_ek(struct wd_tss *t, enum wd_tss_kind kind,
    struct wd_bytes **ret_public, struct wd_diag *d)
{
	const TPM2B_PUBLIC template = ek_template(kind);

	return wd_tss_primary(t, &template, &t->ek, ret_public, d);
}

/* A session that may use the endorsement key. */
static int
open_policy(struct wd_tss *t, ESYS_TR *ret, struct wd_diag *d)
{
	const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
	ESYS_TR session = ESYS_TR_NONE;
	TSS2_RC rc = Esys_StartAuthSession(t->esys, ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_POLICY,
	    &none, TPM2_ALG_SHA256, &session);

	if (rc != TSS2_RC_SUCCESS)
		return wd_tss_fault(d, "open a session", rc);
	rc = Esys_PolicySecret(t->esys, ESYS_TR_RH_ENDORSEMENT, session,
	    ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL, 0,
	    NULL, NULL);
	if (rc != TSS2_RC_SUCCESS) {
		(void)Esys_FlushContext(t->esys, session); /* gone either way */
		return wd_tss_fault(d, "use its endorsement key", rc);
	}
	*ret = session;
	return 0;
}

int
wd_tss_activate(struct wd_tss *t, struct wd_span blob, struct wd_span secret,
    struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_tss_esys_freep) void *keep = NULL;
	ESYS_TR session = ESYS_TR_NONE;
	TPM2B_ENCRYPTED_SECRET s;
	TPM2B_DIGEST *got = NULL;
	TPM2B_ID_OBJECT b;
	size_t at = 0;
	TSS2_RC rc;
	int r;

	rc = Tss2_MU_TPM2B_ID_OBJECT_Unmarshal(blob.p, blob.len, &at, &b);
	at = 0;
	if (rc == TSS2_RC_SUCCESS)
		rc = Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(
		    secret.p, secret.len, &at, &s);
	if (rc != TSS2_RC_SUCCESS)
		return wd_reject(d, WD_R_MALFORMED,
		    "the credential has not the form of one");
	if ((r = open_policy(t, &session, d)) != 0)
		return r;
	rc = Esys_ActivateCredential(t->esys, t->ak, t->ek, ESYS_TR_PASSWORD,
	    session, ESYS_TR_NONE, &b, &s, &got);
	keep = got;
	if (rc != TSS2_RC_SUCCESS) {
		(void)Esys_FlushContext(t->esys, session); /* as above */
		return wd_reject(d, WD_R_MISMATCH,
		    "the credential is not for the keys of this TPM (%08x)",
		    rc);
	}
	*ret = wd_secret_copy(wd_span(got->buffer, got->size));
	return *ret != NULL ? 0 : wd_fault(d, WD_F_MEMORY, "no memory");
}
