/*
 * Parsing the frame of a quote. Only sizes, versions and types are judged
 * here: what a part means is for whoever has checked the signature over it.
 */
#include "verify/intel/quote.h"

#include "base/rd.h"

enum {
	HEADER = 48,
	ECDSA_P256 = 2, /* attestation key type */
	TEE_TYPE_SGX = 0,
	TEE_TYPE_TDX = 0x81,
	SIGNATURE = 64,
	POINT = 64,
	REPORT = 384,
};

/* 939a7233-f79c-4ca9-940a-0db3957f0607: Intel's quoting enclaves. */
static const uint8_t intel_qe[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c,
	0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };

static const struct {
	uint16_t type; /* of the body descriptor, version 5 */
	enum wd_intel_body body;
	enum wd_tee tee;
	uint32_t size;
} bodies[] = {
	{ 1, WD_BODY_SGX, WD_TEE_SGX, 384 },
	{ 2, WD_BODY_TD10, WD_TEE_TDX, 584 },
	{ 3, WD_BODY_TD15, WD_TEE_TDX, 648 },
};

static enum wd_tee
tee_of(uint32_t type)
{
	switch (type) {
	case TEE_TYPE_SGX:
		return WD_TEE_SGX;
	case TEE_TYPE_TDX:
		return WD_TEE_TDX;
	default:
		return WD_TEE_NONE;
	}
}

static int
malformed(struct wd_diag *d, const char *what)
{
	return wd_reject(d, WD_R_MALFORMED, "quote: %s", what);
}

/*
 * The reserved fields of versions 4 and 5 are read by nobody: they are signed,
 * and Intel's own library does not look at them.
 */
static int
parse_header(struct wd_rd *rd, struct wd_intel_quote *q, struct wd_diag *d)
{
	uint16_t key_type;
	struct wd_span vendor;

	q->version = wd_rd_le16(rd);
	key_type = wd_rd_le16(rd);
	q->tee = tee_of(wd_rd_le32(rd));
	wd_rd_skip(rd, 4);
	vendor = wd_rd_bytes(rd, sizeof(intel_qe));
	wd_rd_skip(rd, 20);
	if (wd_rd_ok(rd) != 0)
		return malformed(d, "shorter than its header");
	if (q->version < 3 || q->version > 5)
		return malformed(d, "the version is not 3, 4 or 5");
	if (key_type != ECDSA_P256)
		return malformed(d, "the attestation key is not P-256");
	if (q->tee == WD_TEE_NONE)
		return malformed(d, "the TEE type is not known");
	if (q->version == 3 && q->tee != WD_TEE_SGX)
		return malformed(d, "version 3 is for SGX only");
	if (!wd_span_equal(vendor, WD_SPAN(intel_qe)))
		return malformed(d, "the quoting enclave is not Intel's");
	return 0;
}

/* Version 5 names the body's type and size; before that the TEE fixes both. */
static int
parse_body(struct wd_rd *rd, struct wd_intel_quote *q, struct wd_diag *d)
{
	uint16_t type = q->tee == WD_TEE_SGX ? 1 : 2;
	uint32_t size = q->tee == WD_TEE_SGX ? 384 : 584;

	if (q->version == 5) {
		type = wd_rd_le16(rd);
		size = wd_rd_le32(rd);
	}
	for (size_t i = 0; i < WD_N(bodies); i++) {
		if (bodies[i].type != type)
			continue;
		if (bodies[i].size != size || bodies[i].tee != q->tee)
			return malformed(d, "type, size and TEE do not agree");
		q->body_type = bodies[i].body;
		q->body = wd_rd_bytes(rd, size);
		return wd_rd_ok(rd) == 0 ? 0 : malformed(d, "body cut off");
	}
	return malformed(d, "the body's type is not known");
}

/* What vouches for the attestation key, the same in all versions. */
static void
parse_qe(struct wd_rd *rd, struct wd_intel_quote *q)
{
	q->qe_report = wd_rd_bytes(rd, REPORT);
	q->qe_signature = wd_rd_bytes(rd, SIGNATURE);
	q->qe_auth = wd_rd_bytes(rd, wd_rd_le16(rd));
	q->cert_type = wd_rd_le16(rd);
	q->cert_data = wd_rd_bytes(rd, wd_rd_le32(rd));
}

static int
parse_signature_data(
    struct wd_rd *rd, struct wd_intel_quote *q, struct wd_diag *d)
{
	struct wd_rd inner;

	q->signature = wd_rd_bytes(rd, SIGNATURE);
	q->att_key = wd_rd_bytes(rd, POINT);
	if (q->version == 3) {
		parse_qe(rd, q);
		if (wd_rd_end(rd) != 0)
			return malformed(d, "signature data of another size");
		return 0;
	}
	if (wd_rd_le16(rd) != WD_CERT_QE_REPORT)
		return malformed(d, "no QE report where it must be");
	inner = wd_rd_sub(rd, wd_rd_le32(rd));
	parse_qe(&inner, q);
	if (wd_rd_end(&inner) != 0 || wd_rd_end(rd) != 0)
		return malformed(d, "signature data of another size");
	return 0;
}

int
wd_intel_quote_parse(
    struct wd_span bytes, struct wd_intel_quote *ret, struct wd_diag *d)
{
	struct wd_intel_quote q = { 0 };
	struct wd_rd rd = wd_rd(bytes), inner;
	int r;

	if ((r = parse_header(&rd, &q, d)) != 0 ||
	    (r = parse_body(&rd, &q, d)) != 0)
		return r;
	q.signed_part = wd_span(bytes.p, bytes.len - rd.left);
	inner = wd_rd_sub(&rd, wd_rd_le32(&rd));
	q.trailing = rd.left;
	if ((r = parse_signature_data(&inner, &q, d)) != 0)
		return r;
	*ret = q;
	return 0;
}
