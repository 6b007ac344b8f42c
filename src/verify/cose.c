/*
 * COSE messages and keys. The bytes that are signed are put together here from
 * those that came, never encoded anew.
 */
#include "verify/cose.h"

#include "codec/cbor.h"

enum { TAG_SIGN1 = 18, HEADER_MAX = 4096, HEADERS_MAX = 16 };
enum { LABEL_ALG = 1, LABEL_CRIT = 2 };

/* RFC 9053, section 2.1. */
static const struct {
	int64_t id;
	enum wd_sig_alg alg;
} algs[] = {
	{ -7, WD_SIG_ES256 },
	{ -35, WD_SIG_ES384 },
	{ -36, WD_SIG_ES512 },
};

static void
take_alg(struct wd_rd *rd, enum wd_sig_alg *ret)
{
	int64_t id = wd_cbor_int(rd, INT32_MIN, INT32_MAX);

	for (size_t i = 0; i < WD_N(algs); i++)
		if (algs[i].id == id) {
			*ret = algs[i].alg;
			return;
		}
	wd_rd_fail(rd);
}

/* Whether the label that comes next is a number, and which. */
static bool
take_label(struct wd_rd *rd, int64_t *ret)
{
	enum wd_cbor_type type = wd_cbor_peek(rd);

	if (type == WD_CBOR_UINT || type == WD_CBOR_NEGATIVE) {
		*ret = wd_cbor_int(rd, INT64_MIN, INT64_MAX);
		return true;
	}
	(void)wd_cbor_text(rd, 0, HEADER_MAX);
	return false;
}

/* What no header may say where ALG is not looked for. */
static void
refuse(struct wd_rd *rd, int64_t label)
{
	if (label == LABEL_ALG || label == LABEL_CRIT)
		wd_rd_fail(rd);
}

static void
protected_header(struct wd_rd *rd, enum wd_sig_alg *ret_alg)
{
	size_t n = wd_cbor_map(rd, HEADERS_MAX);
	bool has_alg = false;

	for (size_t i = 0; i < n && !rd->bad; i++) {
		int64_t label = 0;

		if (take_label(rd, &label) && label == LABEL_ALG && !has_alg) {
			take_alg(rd, ret_alg);
			has_alg = true;
			continue;
		}
		refuse(rd, label);
		(void)wd_cbor_whole(rd); /* the cursor tells */
	}
	if (!has_alg)
		wd_rd_fail(rd);
}

static void
unprotected_header(struct wd_rd *rd)
{
	size_t n = wd_cbor_map(rd, HEADERS_MAX);

	for (size_t i = 0; i < n && !rd->bad; i++) {
		int64_t label = 0;

		(void)take_label(rd, &label); /* texts are like unknown ones */
		refuse(rd, label);
		(void)wd_cbor_whole(rd); /* the cursor tells */
	}
}

int
wd_cose_parse(struct wd_span bytes, const char *what, struct wd_cose *ret,
    struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(bytes), header;
	struct wd_cose c = { 0 };

	wd_cbor_tag(&rd, TAG_SIGN1);
	if (wd_cbor_array(&rd, 4) != 4)
		wd_rd_fail(&rd);
	c.protected_header = wd_cbor_bytes(&rd, 1, HEADER_MAX);
	header = wd_rd(c.protected_header);
	protected_header(&header, &c.alg);
	if (wd_rd_end(&header) != 0)
		wd_rd_fail(&rd);
	unprotected_header(&rd);
	c.payload = wd_cbor_bytes(&rd, 1, bytes.len);
	c.signature = wd_cbor_bytes(&rd, 64, 132);
	if (wd_rd_end(&rd) != 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "%s: not a COSE_Sign1 message signed by ECDSA", what);
	*ret = c;
	return 0;
}

/*
 * Sig_structure of RFC 9052, section 4.4: an array of the context, the
 * protected header, no external data and the payload.
 */
int
wd_cose_verify(const struct wd_cose *c, const struct wd_pkey *key)
{
	uint8_t before[32], between[16];
	struct wd_wr head = wd_wr_fixed(before, sizeof(before));
	struct wd_wr middle = wd_wr_fixed(between, sizeof(between));
	struct wd_span parts[4];
	int r;

	wd_cbor_write_head(&head, WD_CBOR_ARRAY, 4);
	wd_cbor_write_text(&head, WD_SPAN_LIT("Signature1"));
	wd_cbor_write_head(&head, WD_CBOR_BYTES, c->protected_header.len);
	wd_cbor_write_bytes(&middle, wd_span(NULL, 0));
	wd_cbor_write_head(&middle, WD_CBOR_BYTES, c->payload.len);
	if (wd_wr_end(&head) != 0 || wd_wr_end(&middle) != 0)
		return WD_F_BUG;
	parts[0] = wd_wr_span(&head);
	parts[1] = c->protected_header;
	parts[2] = wd_wr_span(&middle);
	parts[3] = c->payload;
	r = wd_ec_verify_parts(key, c->alg, parts, WD_N(parts), c->signature);
	return r > 0 ? WD_R_MISMATCH : r;
}

enum { LABEL_FIRST = -4, LABEL_LAST = 5 };
enum { KEY_MEMBERS_MAX = 10, KEY_TYPE_EC2 = 2, COORDINATE_MAX = 66 };

struct members {
	bool has[LABEL_LAST - LABEL_FIRST + 1]; /* by label */
	int64_t type, curve;
	struct wd_span x, y;
};

static void
take_member(struct wd_rd *rd, int64_t label, struct members *m)
{
	switch (label) {
	case 1:
		m->type = wd_cbor_int(rd, INT32_MIN, INT32_MAX);
		return;
	case -1:
		m->curve = wd_cbor_int(rd, INT32_MIN, INT32_MAX);
		return;
	case -2:
		m->x = wd_cbor_bytes(rd, 1, COORDINATE_MAX);
		return;
	case -3:
		m->y = wd_cbor_bytes(rd, 1, COORDINATE_MAX);
		return;
	case -4: /* the private key */
		wd_rd_fail(rd);
		return;
	default: /* key id, algorithm, operations */
		(void)wd_cbor_whole(rd);
		return;
	}
}

static int
take_members(struct wd_span bytes, struct members *m)
{
	struct wd_rd rd = wd_rd(bytes);
	size_t n = wd_cbor_map(&rd, KEY_MEMBERS_MAX);

	for (size_t i = 0; i < n && !rd.bad; i++) {
		int64_t label = wd_cbor_int(&rd, LABEL_FIRST, LABEL_LAST);
		size_t slot = (size_t)(label - LABEL_FIRST);

		if (m->has[slot])
			wd_rd_fail(&rd);
		m->has[slot] = true;
		take_member(&rd, label, m);
	}
	return wd_rd_end(&rd);
}

int
wd_cose_key(struct wd_span bytes, struct wd_pkey **ret)
{
	static const enum wd_pkey_alg curves[] = {
		WD_PKEY_NONE,
		WD_PKEY_P256,
		WD_PKEY_P384,
		WD_PKEY_P521,
	};
	struct members m = { 0 };
	int r;

	if (take_members(bytes, &m) != 0 || m.type != KEY_TYPE_EC2 ||
	    m.curve < 1 || (size_t)m.curve >= WD_N(curves))
		return WD_R_MALFORMED;
	r = wd_pkey_ec_public(curves[m.curve], m.x, m.y, ret);
	return r > 0 ? WD_R_MALFORMED : r;
}
