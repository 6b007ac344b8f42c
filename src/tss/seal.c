/*
 * Sealing a key under registers (PolicyPCR, bank SHA-256). The parent is the
 * storage root key by the template of the TCG (ECC P-256, made anew each time:
 * it is always the same). What crosses the bus is encrypted in sessions salted
 * to it, so that whoever listens there learns nothing.
 *
 * Blob: u8 1 (format), u32 mask of registers, 32 bytes of each at the time of
 * sealing, which only serve to say which has changed, u16 length and
 * TPM2B_PRIVATE, u16 length and TPM2B_PUBLIC. Little endian.
 */
#include "tss/tss_in.h"

#include "base/rd.h"
#include "base/wr.h"
#include "crypto/hash.h"

#include <tss2/tss2_mu.h>

enum { FORMAT = 1, BLOB_MAX = 1536, DIGEST = 32 };

/* What lies in the TPM meanwhile. */
struct work {
	struct wd_tss *t;
	ESYS_TR parent, session, object;
};

static void
flush_one(struct wd_tss *t, ESYS_TR handle)
{
	if (handle != ESYS_TR_NONE)
		(void)Esys_FlushContext(t->esys, handle); /* or it is gone */
}

static void
work_done(struct work *w)
{
	flush_one(w->t, w->object);
	flush_one(w->t, w->session);
	flush_one(w->t, w->parent);
}

static struct work
work(struct wd_tss *t)
{
	return (struct work){ t, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE };
}

/* ---- the storage root key, and sessions salted to it */

static int
make_parent(struct work *w, struct wd_diag *d)
{
	const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
	const TPM2B_DATA outside = { 0 };
	const TPML_PCR_SELECTION none = { 0 };
	const TPM2B_PUBLIC template = {
		.publicArea = { .type = TPM2_ALG_ECC,
		    .nameAlg = TPM2_ALG_SHA256,
		    .objectAttributes = TPMA_OBJECT_FIXEDTPM |
			TPMA_OBJECT_FIXEDPARENT |
			TPMA_OBJECT_SENSITIVEDATAORIGIN |
			TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA |
			TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
		    .parameters.eccDetail = { .symmetric = { .algorithm =
								 TPM2_ALG_AES,
						  .keyBits.aes = 128,
						  .mode.aes = TPM2_ALG_CFB },
			.scheme.scheme = TPM2_ALG_NULL,
			.curveID = TPM2_ECC_NIST_P256,
			.kdf.scheme = TPM2_ALG_NULL },
		    .unique.ecc = { .x.size = 32, .y.size = 32 } }
	};
	TSS2_RC rc = Esys_CreatePrimary(w->t->esys, ESYS_TR_RH_OWNER,
	    ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &template,
	    &outside, &none, &w->parent, NULL, NULL, NULL, NULL);

	return rc == TSS2_RC_SUCCESS
	    ? 0
	    : wd_tss_fault(d, "make its storage root key", rc);
}

static int
open_session(
    struct work *w, TPM2_SE kind, TPMA_SESSION attributes, struct wd_diag *d)
{
	const TPMT_SYM_DEF aes = { .algorithm = TPM2_ALG_AES,
		.keyBits.aes = 128,
		.mode.aes = TPM2_ALG_CFB };
	TSS2_RC rc;

	flush_one(w->t, w->session);
	w->session = ESYS_TR_NONE;
	rc = Esys_StartAuthSession(w->t->esys, w->parent, ESYS_TR_NONE,
	    ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, kind, &aes,
	    TPM2_ALG_SHA256, &w->session);
	if (rc == TSS2_RC_SUCCESS && kind != TPM2_SE_TRIAL)
		rc = Esys_TRSess_SetAttributes(w->t->esys, w->session,
		    attributes | TPMA_SESSION_CONTINUESESSION, 0xff);
	return rc == TSS2_RC_SUCCESS ? 0
				     : wd_tss_fault(d, "open a session", rc);
}

/* ---- registers */

static TPML_PCR_SELECTION
registers(uint32_t mask)
{
	return (TPML_PCR_SELECTION){ .count = 1,
		.pcrSelections = { { .hash = TPM2_ALG_SHA256,
		    .sizeofSelect = 3,
		    .pcrSelect = { (BYTE)mask, (BYTE)(mask >> 8),
			(BYTE)(mask >> 16) } } } };
}

/* Their values one after the other, lowest first. */
static int
read_values(
    struct wd_tss *t, uint32_t mask, struct wd_wr *wr, struct wd_diag *d)
{
	struct wd_tss_pcrs pcrs;
	int r = wd_tss_read_pcrs(t, TPM2_ALG_SHA256, mask, &pcrs, d);

	for (unsigned i = 0; r == 0 && i < WD_TSS_PCRS; i++) {
		if ((mask >> i & 1) == 0)
			continue;
		if (pcrs.len[i] != DIGEST)
			return wd_reject(d, WD_R_UNSUPPORTED,
			    "the TPM has no register %u of SHA-256", i);
		wd_wr_bytes(wr, wd_span(pcrs.value[i], DIGEST));
	}
	return r;
}

/* The policy that these values meet. */
static int
make_policy(struct work *w, uint32_t mask, struct wd_span values,
    TPM2B_DIGEST *ret, struct wd_diag *d)
{
	const TPML_PCR_SELECTION want = registers(mask);
	WD_AUTO(wd_tss_esys_freep) void *keep = NULL;
	TPM2B_DIGEST digest = { .size = DIGEST }, *got = NULL;
	TSS2_RC rc;
	int r;

	if ((r = wd_hash(WD_SHA256, values, digest.buffer)) != 0 ||
	    (r = open_session(w, TPM2_SE_TRIAL, 0, d)) != 0)
		return r;
	rc = Esys_PolicyPCR(w->t->esys, w->session, ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, &digest, &want);
	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_PolicyGetDigest(w->t->esys, w->session, ESYS_TR_NONE,
		    ESYS_TR_NONE, ESYS_TR_NONE, &got);
	keep = got;
	if (rc != TSS2_RC_SUCCESS)
		return wd_tss_fault(d, "make a policy", rc);
	*ret = *got;
	return 0;
}

/* ---- sealing */

static void
wipe_sensitive(TPM2B_SENSITIVE_CREATE *s)
{
	wd_wipe(s, sizeof(*s));
}

static int
create(struct work *w, const TPM2B_DIGEST *policy, struct wd_span key,
    struct wd_wr *wr, struct wd_diag *d)
{
	WD_AUTO(wipe_sensitive)
	TPM2B_SENSITIVE_CREATE sensitive = { .sensitive.data.size =
						 (UINT16)key.len };
	const TPM2B_PUBLIC public = {
		.publicArea = { .type = TPM2_ALG_KEYEDHASH,
		    .nameAlg = TPM2_ALG_SHA256,
		    .objectAttributes =
			TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT,
		    .authPolicy = *policy,
		    .parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL }
	};
	const TPM2B_DATA outside = { 0 };
	const TPML_PCR_SELECTION none = { 0 };
	WD_AUTO(wd_tss_esys_freep) void *keep_private = NULL;
	WD_AUTO(wd_tss_esys_freep) void *keep_public = NULL;
	uint8_t bytes[sizeof(TPM2B_PRIVATE) + sizeof(TPM2B_PUBLIC)];
	TPM2B_PRIVATE *made_private = NULL;
	TPM2B_PUBLIC *made_public = NULL;
	size_t private_len = 0, len = 0;
	TSS2_RC rc;

	wd_copy(sensitive.sensitive.data.buffer, key);
	rc = Esys_Create(w->t->esys, w->parent, w->session, ESYS_TR_NONE,
	    ESYS_TR_NONE, &sensitive, &public, &outside, &none, &made_private,
	    &made_public, NULL, NULL, NULL);
	keep_private = made_private;
	keep_public = made_public;
	if (rc == TSS2_RC_SUCCESS)
		rc = Tss2_MU_TPM2B_PRIVATE_Marshal(
		    made_private, bytes, sizeof(bytes), &private_len);
	len = private_len;
	if (rc == TSS2_RC_SUCCESS)
		rc = Tss2_MU_TPM2B_PUBLIC_Marshal(
		    made_public, bytes, sizeof(bytes), &len);
	if (rc != TSS2_RC_SUCCESS)
		return wd_tss_fault(d, "seal a key", rc);
	wd_wr_le16(wr, (uint16_t)private_len);
	wd_wr_bytes(wr, wd_span(bytes, private_len));
	wd_wr_le16(wr, (uint16_t)(len - private_len));
	wd_wr_bytes(wr, wd_span(bytes + private_len, len - private_len));
	return 0;
}

int
wd_tss_seal(struct wd_tss *t, uint32_t mask, struct wd_span key,
    struct wd_bytes **ret_blob, struct wd_diag *d)
{
	WD_AUTO(work_done) struct work w = work(t);
	WD_AUTO(wd_wr_done) struct wd_wr blob = wd_wr_growing(BLOB_MAX);
	uint8_t room[WD_TSS_PCRS * DIGEST];
	struct wd_wr values = wd_wr_fixed(room, sizeof(room));
	TPM2B_DIGEST policy;
	int r;

	if (mask == 0 || mask >> WD_TSS_PCRS != 0 || key.len > 64)
		return wd_fault(d, WD_F_BUG, "nothing that could be sealed");
	if ((r = read_values(t, mask, &values, d)) != 0 ||
	    (r = make_parent(&w, d)) != 0 ||
	    (r = make_policy(&w, mask, wd_wr_span(&values), &policy, d)) != 0 ||
	    (r = open_session(&w, TPM2_SE_HMAC, TPMA_SESSION_DECRYPT, d)) != 0)
		return r;
	wd_wr_u8(&blob, FORMAT);
	wd_wr_le32(&blob, mask);
	wd_wr_bytes(&blob, wd_wr_span(&values));
	if ((r = create(&w, &policy, key, &blob, d)) != 0)
		return r;
	return wd_wr_take(&blob, ret_blob) == 0
	    ? 0
	    : wd_fault(d, WD_F_MEMORY, "no memory");
}

/* ---- unsealing */

struct sealed {
	uint32_t mask;
	struct wd_span values;
	TPM2B_PRIVATE private;
	TPM2B_PUBLIC public;
};

static int
read_blob(struct wd_span blob, struct sealed *ret)
{
	struct wd_rd rd = wd_rd(blob);
	uint8_t format = wd_rd_u8(&rd);
	struct wd_span a, b;
	size_t n = 0, at = 0;

	ret->mask = wd_rd_le32(&rd);
	for (unsigned i = 0; i < WD_TSS_PCRS; i++)
		n += ret->mask >> i & 1;
	ret->values = wd_rd_bytes(&rd, n * DIGEST);
	a = wd_rd_bytes(&rd, wd_rd_le16(&rd));
	b = wd_rd_bytes(&rd, wd_rd_le16(&rd));
	if (wd_rd_end(&rd) != 0 || format != FORMAT || n == 0 ||
	    ret->mask >> WD_TSS_PCRS != 0)
		return WD_R_MALFORMED;
	if (Tss2_MU_TPM2B_PRIVATE_Unmarshal(a.p, a.len, &at, &ret->private) !=
		TSS2_RC_SUCCESS ||
	    at != a.len)
		return WD_R_MALFORMED;
	at = 0;
	if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(b.p, b.len, &at, &ret->public) !=
		TSS2_RC_SUCCESS ||
	    at != b.len)
		return WD_R_MALFORMED;
	return 0;
}

/* Says which registers are not as they were; 0 when all are. */
static int
compare(struct wd_tss *t, const struct sealed *s, struct wd_diag *d)
{
	uint8_t room[WD_TSS_PCRS * DIGEST];
	struct wd_wr now = wd_wr_fixed(room, sizeof(room));
	char text[128];
	struct wd_wr which = wd_wr_fixed(text, sizeof(text) - 1);
	size_t at = 0;
	int r = read_values(t, s->mask, &now, d);

	for (unsigned i = 0; r == 0 && i < WD_TSS_PCRS; i++) {
		if ((s->mask >> i & 1) == 0)
			continue;
		if (!wd_span_equal(wd_span(room + at, DIGEST),
			wd_span(s->values.p + at, DIGEST)))
			wd_wr_printf(&which, " %u", i);
		at += DIGEST;
	}
	if (r != 0 || which.len == 0)
		return r;
	text[which.len] = '\0';
	return wd_reject(d, WD_R_UNSEAL_REFUSED,
	    "the TPM does not unseal: registers have changed since:%s", text);
}

static int
unseal(struct work *w, const struct sealed *s, struct wd_secret **ret_key,
    struct wd_diag *d)
{
	const TPML_PCR_SELECTION want = registers(s->mask);
	const TPM2B_DIGEST current = { 0 };
	TPM2B_SENSITIVE_DATA *got = NULL;
	TSS2_RC rc = Esys_PolicyPCR(w->t->esys, w->session, ESYS_TR_NONE,
	    ESYS_TR_NONE, ESYS_TR_NONE, &current, &want);

	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_Unseal(w->t->esys, w->object, w->session,
		    ESYS_TR_NONE, ESYS_TR_NONE, &got);
	if (rc != TSS2_RC_SUCCESS)
		return wd_reject(d, WD_R_UNSEAL_REFUSED,
		    "the TPM does not unseal (%08x)", rc);
	*ret_key = wd_secret_copy(wd_span(got->buffer, got->size));
	wd_wipe(got, sizeof(*got));
	Esys_Free(got);
	return *ret_key != NULL ? 0 : wd_fault(d, WD_F_MEMORY, "no memory");
}

int
wd_tss_unseal(struct wd_tss *t, struct wd_span blob, struct wd_secret **ret_key,
    struct wd_diag *d)
{
	WD_AUTO(work_done) struct work w = work(t);
	struct sealed s = { 0 };
	TSS2_RC rc;
	int r;

	if (read_blob(blob, &s) != 0)
		return wd_reject(d, WD_R_MALFORMED, "the seal file is damaged");
	if ((r = compare(t, &s, d)) != 0 || (r = make_parent(&w, d)) != 0 ||
	    (r = open_session(&w, TPM2_SE_HMAC, TPMA_SESSION_DECRYPT, d)) != 0)
		return r;
	rc = Esys_Load(t->esys, w.parent, w.session, ESYS_TR_NONE, ESYS_TR_NONE,
	    &s.private, &s.public, &w.object);
	if (rc != TSS2_RC_SUCCESS)
		return wd_reject(d, WD_R_UNSEAL_REFUSED,
		    "this is sealed to another TPM, or damaged (%08x)", rc);
	r = open_session(&w, TPM2_SE_POLICY, TPMA_SESSION_ENCRYPT, d);
	return r != 0 ? r : unseal(&w, &s, ret_key, d);
}
