/*
 * What vouches for the attestation key of a quote: the quoting enclave's
 * report, signed by the PCK, and the PCK chain.
 */
#include "attest/swtee_in.h"

#include "codec/pem.h"
#include "crypto/hash.h"

enum {
	AUTH = 32,
	FLAG_DEBUG = 2,
	PCK_CHAIN = 5, /* types of certification data */
	PPID_RSA3072 = 3,
	PPID_DATA = 384 + 36,
	DATA_MAX = 32768,
};

const struct wd_swtee_qe *
wd_swtee_qe(bool is_td)
{
	static const struct wd_swtee_qe sgx = { "QE",
		{ 0x8c, 0x4f, 0x57, 0x75, 0xd7, 0x96, 0x50, 0x3e, 0x96, 0x13,
		    0x7f, 0x77, 0xc6, 0x8a, 0x82, 0x9a, 0x00, 0x56, 0xac, 0x8d,
		    0xed, 0x70, 0x14, 0x0b, 0x08, 0x1b, 0x09, 0x44, 0x90, 0xc5,
		    0x7b, 0xff },
		1 };
	static const struct wd_swtee_qe tdx = { "TD_QE",
		{ 0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17, 0x47, 0x4e,
		    0x34, 0xa7, 0xfc, 0x43, 0xed, 0x03, 0x0f, 0x7c, 0x15, 0x63,
		    0xf1, 0xba, 0xbd, 0xdf, 0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54,
		    0xa8, 0xc5 },
		2 };

	return is_td ? &tdx : &sgx;
}

/* The quoting enclave as its identity has it, unless F's fault is there. */
static int
quoting_enclave(const struct wd_swtee *t, const struct wd_swtee_frame *f,
    const struct wd_span bound[2], struct wd_swtee_quote *ret)
{
	const struct wd_swtee_qe *known = wd_swtee_qe(f->is_td);
	/* INIT, MODE64BIT, PROVISION_KEY */
	static const uint8_t attributes[16] = { 0x15, 0, 0, 0, 0, 0, 0, 0,
		0xe7 };
	struct wd_swtee_quote qe = { .isv_prod_id = known->prod_id,
		.isv_svn = f->qe_isv_svn };
	int r;

	wd_copy(qe.cpusvn, WD_SPAN(t->pck.cpusvn));
	wd_copy(qe.attributes, WD_SPAN(attributes));
	wd_copy(qe.mrsigner, WD_SPAN(known->mrsigner));
	if (f->fault == WD_SWTEE_QE_DEBUG)
		qe.attributes[0] |= FLAG_DEBUG;
	if (f->fault == WD_SWTEE_QE_SIGNER)
		qe.mrsigner[0] ^= 1;
	r = wd_hash(WD_SHA256, WD_SPAN_LIT("warder software quoting enclave"),
	    qe.mrenclave);
	if (r != 0 ||
	    (r = wd_hash_parts(WD_SHA256, bound, 2, qe.report_data)) != 0)
		return r;
	*ret = qe;
	return 0;
}

/* The quoting enclave signs its report for an attestation key once. */
static int
sign_report(const struct wd_swtee *t, const struct wd_swtee_frame *f,
    struct wd_span report, uint8_t rs[64], struct wd_diag *d)
{
	const struct wd_swtee_vouched *v = &t->vouched[f->is_td];

	if (!v->is_made || !wd_span_equal(report, WD_SPAN(v->report)))
		return wd_swtee_sign(t, WD_SWTEE_PCK, report, rs, d);
	wd_copy(rs, WD_SPAN(v->signature));
	return 0;
}

static int
write_report(struct wd_wr *wr, const struct wd_swtee *t,
    const struct wd_swtee_frame *f, const struct wd_span bound[2],
    struct wd_diag *d)
{
	uint8_t report[WD_SWTEE_REPORT], rs[64];
	struct wd_wr in = wd_wr_fixed(report, sizeof(report));
	struct wd_swtee_quote qe;
	int r;

	if (quoting_enclave(t, f, bound, &qe) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	wd_swtee_write_report(&in, &qe);
	if (wd_wr_end(&in) != 0)
		return wd_fault(d, WD_F_BUG, "a report of another size");
	r = sign_report(t, f, wd_wr_span(&in), rs, d);
	if (r != 0)
		return r;
	if (f->fault == WD_SWTEE_QE_REPORT_SIGNATURE)
		rs[63] ^= 1;
	wd_wr_bytes(wr, WD_SPAN(report));
	wd_wr_bytes(wr, WD_SPAN(rs));
	return 0;
}

/* As Intel's quoting enclave fills it. */
static void
fill_auth(uint8_t auth[AUTH])
{
	for (uint8_t i = 0; i < AUTH; i++)
		auth[i] = i;
}

static int
vouch(struct wd_swtee *t, bool is_td, struct wd_diag *d)
{
	const struct wd_swtee_frame f = { .qe_isv_svn = WD_SWTEE_QE_SVN,
		.is_td = is_td };
	struct wd_swtee_vouched *v = &t->vouched[is_td];
	uint8_t both[WD_SWTEE_REPORT + 64], point[64], auth[AUTH];
	struct wd_wr wr = wd_wr_fixed(both, sizeof(both));
	const struct wd_span bound[] = { WD_SPAN(point), WD_SPAN(auth) };
	int r;

	fill_auth(auth);
	if ((r = wd_swtee_point(t->key[WD_SWTEE_ATT], point, d)) != 0 ||
	    (r = write_report(&wr, t, &f, bound, d)) != 0)
		return r;
	wd_copy(v->report, wd_span(both, WD_SWTEE_REPORT));
	wd_copy(v->signature, wd_span(both + WD_SWTEE_REPORT, 64));
	v->is_made = true;
	return 0;
}

int
wd_swtee_vouch(struct wd_swtee *t, struct wd_diag *d)
{
	int r;

	if (t->key[WD_SWTEE_PCK] == NULL || t->key[WD_SWTEE_ATT] == NULL)
		return 0;
	r = vouch(t, false, d);
	return r != 0 ? r : vouch(t, true, d);
}

static void
write_chain(
    struct wd_wr *wr, const struct wd_swtee *t, const struct wd_swtee_frame *f)
{
	static const enum wd_swtee_who above[] = { WD_SWTEE_CA, WD_SWTEE_ROOT };
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *leaf =
	    wd_bytes_copy(wd_bytes_span(t->cert[WD_SWTEE_PCK]));

	if (leaf == NULL) {
		wd_wr_fail(wr);
		return;
	}
	if (f->fault == WD_SWTEE_PCK_SIGNATURE)
		leaf->p[leaf->len - 1] ^= 1;
	wd_pem_write(wr, "CERTIFICATE", wd_bytes_span(leaf));
	wd_swtee_write_chain(wr, t, above, WD_N(above));
	wd_wr_u8(wr, 0); /* quoting enclaves write one */
}

int
wd_swtee_write_qe(struct wd_wr *wr, const struct wd_swtee *t,
    const struct wd_swtee_frame *f, const uint8_t att_key[64],
    struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr data = wd_wr_growing(DATA_MAX);
	bool is_chain = f->fault != WD_SWTEE_CERT_DATA;
	uint8_t auth[AUTH];
	const struct wd_span bound[] = { wd_span(att_key, 64), WD_SPAN(auth) };
	int r;

	fill_auth(auth);
	if ((r = write_report(wr, t, f, bound, d)) != 0)
		return r;
	if (is_chain)
		write_chain(&data, t, f);
	else
		wd_wr_zero(&data, PPID_DATA);
	if (wd_wr_end(&data) != 0)
		return wd_fault(d, WD_F_MEMORY, "no room for a chain");
	wd_wr_le16(wr, sizeof(auth));
	wd_wr_bytes(wr, WD_SPAN(auth));
	wd_wr_le16(wr, is_chain ? PCK_CHAIN : PPID_RSA3072);
	wd_wr_le32(wr, (uint32_t)data.len);
	wd_wr_bytes(wr, wd_wr_span(&data));
	return 0;
}
