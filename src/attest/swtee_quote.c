/*
 * Quotes, versions 3 to 5: header, report body, and the signature data that
 * leads from the attestation key up to the PCK chain. Layouts: layout.md of
 * verify/intel and verify/sgx.
 */
#include "attest/swtee_in.h"

#include "crypto/hash.h"
#include "crypto/sig.h"

enum {
	QUOTE_MAX = 65536,
	ECDSA_P256 = 2,
	FLAG_DEBUG = 2,
	TEE_TDX = 0x81,
	QE_REPORT_DATA = 6, /* type of certification data */
};

static const struct wd_swtee_fault_row faults[WD_SWTEE_FAULTS] = {
	[WD_SWTEE_SOUND] = { "none", "nothing is wrong", 0 },
	[WD_SWTEE_QUOTE_SIGNATURE] = { "quote_signature",
	    "the quote's signature is altered", WD_R_QUOTE_BAD_SIGNATURE },
	[WD_SWTEE_ATT_KEY_BINDING] = { "att_key_binding",
	    "signed by a key that no quoting enclave vouches for",
	    WD_R_ATT_KEY_BINDING },
	[WD_SWTEE_QE_REPORT_SIGNATURE] = { "qe_report_signature",
	    "the QE report is not signed by the PCK",
	    WD_R_QE_REPORT_BAD_SIGNATURE },
	[WD_SWTEE_QE_SIGNER] = { "qe_signer",
	    "another signer's enclave plays the quoting enclave",
	    WD_R_QE_IDENTITY_MISMATCH },
	[WD_SWTEE_QE_DEBUG] = { "qe_debug",
	    "the quoting enclave can be debugged", WD_R_QE_IDENTITY_MISMATCH },
	[WD_SWTEE_PCK_SIGNATURE] = { "pck_signature",
	    "the PCK certificate's signature is altered",
	    WD_R_PCK_CHAIN_BAD_SIGNATURE },
	[WD_SWTEE_CERT_DATA] = { "cert_data",
	    "an encrypted PPID instead of the PCK chain",
	    WD_R_UNSUPPORTED_CERT_DATA },
	[WD_SWTEE_VENDOR] = { "vendor", "the quoting enclave is not Intel's",
	    WD_R_MALFORMED },
	[WD_SWTEE_LENGTH] = { "length",
	    "the signature data is longer than it says", WD_R_MALFORMED },
};

const struct wd_swtee_fault_row *
wd_swtee_fault_row(enum wd_swtee_fault fault)
{
	return &faults[fault];
}

enum wd_swtee_fault
wd_swtee_fault_by_name(struct wd_span name)
{
	for (size_t i = 0; i < WD_N(faults); i++)
		if (wd_span_is(name, faults[i].name))
			return (enum wd_swtee_fault)i;
	return WD_SWTEE_FAULTS;
}

/* ---- reports */

static int
default_measurements(struct wd_swtee_quote *q, struct wd_diag *d)
{
	int r = 0;

	if (wd_span_is_zero(WD_SPAN(q->mrenclave)))
		r = wd_hash(WD_SHA256, WD_SPAN_LIT("warder software enclave"),
		    q->mrenclave);
	if (r == 0 && wd_span_is_zero(WD_SPAN(q->mrsigner)))
		r = wd_hash(WD_SHA256, WD_SPAN_LIT("warder software signer"),
		    q->mrsigner);
	return r == 0 ? 0 : wd_fault(d, WD_F_CRYPTO, "cannot hash");
}

static int
fill_in(const struct wd_swtee *t, const struct wd_swtee_quote *q,
    struct wd_swtee_quote *ret, struct wd_diag *d)
{
	/* INIT, MODE64BIT; x87, SSE, AVX, AVX-512 */
	static const uint8_t attributes[16] = { 5, 0, 0, 0, 0, 0, 0, 0, 0xe7 };

	*ret = *q;
	if (wd_span_is_zero(WD_SPAN(ret->attributes)))
		wd_copy(ret->attributes, WD_SPAN(attributes));
	if (ret->debug)
		ret->attributes[0] |= FLAG_DEBUG;
	if (wd_span_is_zero(WD_SPAN(ret->cpusvn)))
		wd_copy(ret->cpusvn, WD_SPAN(t->pck.cpusvn));
	if (ret->qe_isv_svn == 0)
		ret->qe_isv_svn = WD_SWTEE_QE_SVN;
	return default_measurements(ret, d);
}

void
wd_swtee_write_report(struct wd_wr *wr, const struct wd_swtee_quote *q)
{
	wd_wr_bytes(wr, WD_SPAN(q->cpusvn));
	wd_wr_bytes(wr, WD_SPAN(q->miscselect));
	wd_wr_zero(wr, 12);
	wd_wr_bytes(wr, WD_SPAN(q->isv_ext_prod_id));
	wd_wr_bytes(wr, WD_SPAN(q->attributes));
	wd_wr_bytes(wr, WD_SPAN(q->mrenclave));
	wd_wr_zero(wr, 32);
	wd_wr_bytes(wr, WD_SPAN(q->mrsigner));
	wd_wr_zero(wr, 32);
	wd_wr_bytes(wr, WD_SPAN(q->config_id));
	wd_wr_le16(wr, q->isv_prod_id);
	wd_wr_le16(wr, q->isv_svn);
	wd_wr_le16(wr, q->config_svn);
	wd_wr_zero(wr, 42);
	wd_wr_bytes(wr, WD_SPAN(q->isv_family_id));
	wd_wr_bytes(wr, WD_SPAN(q->report_data));
}

/* ---- the whole */

int
wd_swtee_point(const struct wd_pkey *key, uint8_t ret[64], struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *x = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *y = NULL;

	if (wd_pkey_public_parts(key, &x, &y) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot read a public key");
	wd_copy(ret, wd_bytes_span(x));
	wd_copy(ret + 32, wd_bytes_span(y));
	return 0;
}

static void
put_header(
    struct wd_wr *wr, const struct wd_swtee *t, const struct wd_swtee_frame *f)
{
	uint8_t vendor[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
		0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };

	if (f->fault == WD_SWTEE_VENDOR)
		vendor[0] ^= 1;
	wd_wr_le16(wr, f->version);
	wd_wr_le16(wr, ECDSA_P256);
	wd_wr_le32(wr, f->is_td ? TEE_TDX : 0);
	wd_wr_le16(wr, f->version == 3 ? f->qe_isv_svn : 0);
	wd_wr_le16(wr, f->version == 3 ? t->pck.pcesvn : 0);
	wd_wr_bytes(wr, WD_SPAN(vendor));
	wd_wr_bytes(wr, WD_SPAN(t->pck.ppid)); /* the QE's id of a platform */
	wd_wr_zero(wr, 4);
}

/* Version 5 says what its body is. */
static void
put_body(struct wd_wr *wr, const struct wd_swtee_frame *f, struct wd_span body)
{
	if (f->version == 5) {
		wd_wr_le16(wr, !f->is_td ? 1 : f->is_15 ? 3 : 2);
		wd_wr_le32(wr, (uint32_t)body.len);
	}
	wd_wr_bytes(wr, body);
}

/* Signature and attestation key over header and body. */
static int
sign_body(struct wd_span body, const struct wd_pkey *key,
    enum wd_swtee_fault fault, uint8_t ret[128], struct wd_diag *d)
{
	uint8_t sig[WD_SIG_MAX];
	size_t len;

	if (wd_sign(key, WD_SIG_ES256, body, sig, &len) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot sign a quote");
	wd_copy(ret, wd_span(sig, 64));
	if (fault == WD_SWTEE_QUOTE_SIGNATURE)
		ret[63] ^= 1;
	return wd_swtee_point(key, ret + 64, d);
}

/* From version 4 on, what vouches for the key is wrapped once more. */
static void
put_signature_data(struct wd_wr *wr, const struct wd_swtee_frame *f,
    const uint8_t signature[128], struct wd_span qe)
{
	bool cut = f->fault == WD_SWTEE_LENGTH;
	size_t wrapping = f->version == 3 ? 0 : 6;

	wd_wr_le32(wr, (uint32_t)(128 + wrapping + qe.len - cut));
	wd_wr_bytes(wr, wd_span(signature, 128));
	if (wrapping > 0) {
		wd_wr_le16(wr, QE_REPORT_DATA);
		wd_wr_le32(wr, (uint32_t)qe.len);
	}
	wd_wr_bytes(wr, qe);
}

static int
write_quote(const struct wd_swtee *t, const struct wd_swtee_frame *f,
    struct wd_span body, const struct wd_pkey *key, struct wd_bytes **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(QUOTE_MAX);
	WD_AUTO(wd_wr_done) struct wd_wr qe = wd_wr_growing(QUOTE_MAX);
	uint8_t signature[128], vouched[64];
	int r;

	put_header(&wr, t, f);
	put_body(&wr, f, body);
	if ((r = wd_swtee_point(t->key[WD_SWTEE_ATT], vouched, d)) != 0 ||
	    (r = wd_swtee_write_qe(&qe, t, f, vouched, d)) != 0 ||
	    (r = sign_body(wd_wr_span(&wr), key, f->fault, signature, d)) != 0)
		return r;
	put_signature_data(&wr, f, signature, wd_wr_span(&qe));
	if (wd_wr_end(&qe) != 0 || wd_wr_take(&wr, ret) != 0)
		return wd_fault(d, WD_F_MEMORY, "no room for a quote");
	return 0;
}

int
wd_swtee_write_quote(const struct wd_swtee *t, const struct wd_swtee_frame *f,
    struct wd_span body, struct wd_bytes **ret, struct wd_diag *d)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *other = NULL;

	if (f->fault != WD_SWTEE_ATT_KEY_BINDING)
		return write_quote(t, f, body, t->key[WD_SWTEE_ATT], ret, d);
	if (wd_pkey_generate(WD_PKEY_P256, &other) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot make a key");
	return write_quote(t, f, body, other, ret, d);
}

int
wd_swtee_quote(const struct wd_swtee *t, const struct wd_swtee_quote *q,
    struct wd_bytes **ret, struct wd_diag *d)
{
	uint8_t body[WD_SWTEE_REPORT];
	struct wd_wr wr = wd_wr_fixed(body, sizeof(body));
	struct wd_swtee_quote full;
	struct wd_swtee_frame f = { .version = q->version == 0 ? 3 : q->version,
		.fault = q->fault };
	int r;

	if (f.version < 3 || f.version > 5)
		return wd_reject(
		    d, WD_R_RANGE, "SGX quotes have version 3, 4 or 5");
	if ((r = fill_in(t, q, &full, d)) != 0)
		return r;
	f.qe_isv_svn = full.qe_isv_svn;
	wd_swtee_write_report(&wr, &full);
	if (wd_wr_end(&wr) != 0)
		return wd_fault(d, WD_F_BUG, "a report of another size");
	return wd_swtee_write_quote(t, &f, wd_wr_span(&wr), ret, d);
}
