/*
 * AMD's extensions, found by OID, never by place.
 */
#include "verify/snp/vek.h"

#include "codec/der.h"

enum {
	OID_STRUCTURE = 1,
	OID_PRODUCT = 2,
	OID_SPL = 3,
	OID_CHIP = 4,
	OID_CSP = 5,
	SPL_FIRST = 1,
	SPL_SPARE_FIRST = 4,
	SPL_SPARE_LAST = 7,
	SPL_LAST = 9,
	STRUCTURE_MAX = 1,
	CSP_MAX = 255,
};

/* 1.3.6.1.4.1.3704.1 */
static const uint8_t arc[8] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78,
	0x01 };

size_t
wd_vek_oid(unsigned first, unsigned second, uint8_t ret[WD_VEK_OID_MAX])
{
	wd_copy(ret, WD_SPAN(arc));
	ret[sizeof(arc)] = (uint8_t)first;
	ret[sizeof(arc) + 1] = (uint8_t)second;
	return sizeof(arc) + (second == 0 ? 1 : 2);
}

static int
malformed(struct wd_diag *d, const char *what)
{
	return wd_reject(
	    d, WD_R_VEK_MALFORMED, "endorsement key certificate: %s", what);
}

static bool
find(const struct wd_cert *c, unsigned first, unsigned second,
    struct wd_span *ret)
{
	uint8_t oid[WD_VEK_OID_MAX];
	size_t len = wd_vek_oid(first, second, oid);

	return wd_cert_extension(c, wd_span(oid, len), ret);
}

/* The only INTEGER of VALUE. */
static bool
uint_of(struct wd_span value, uint64_t max, uint64_t *ret)
{
	struct wd_rd rd = wd_rd(value);

	*ret = wd_der_uint(&rd, WD_DER_INTEGER, max);
	return wd_rd_end(&rd) == 0;
}

/* Printable, as claims and logs show it. */
static bool
text_of(struct wd_span value, struct wd_span *ret)
{
	struct wd_rd rd = wd_rd(value);
	struct wd_rd in = wd_der_enter(&rd, WD_DER_IA5_STRING);

	*ret = wd_rd_rest(&in);
	if (wd_rd_end(&rd) != 0 || ret->len == 0 || ret->len > CSP_MAX)
		return false;
	for (size_t i = 0; i < ret->len; i++)
		if (ret->p[i] < 0x20 || ret->p[i] > 0x7e)
			return false;
	return true;
}

static int
read_product(const struct wd_cert *c, struct wd_vek *v, struct wd_diag *d)
{
	struct wd_span value, name;
	uint64_t structure;

	if (!find(c, OID_STRUCTURE, 0, &value) ||
	    !uint_of(value, STRUCTURE_MAX, &structure))
		return malformed(d, "no structure version that is known");
	if (!find(c, OID_PRODUCT, 0, &value) || !text_of(value, &name))
		return malformed(d, "no product name");
	v->line = wd_snp_line_by_name(name);
	if (v->line == WD_SNP_NO_LINE)
		return malformed(d, "a product that is not known");
	return 0;
}

static bool
is_spare(unsigned spl)
{
	return spl >= SPL_SPARE_FIRST && spl <= SPL_SPARE_LAST;
}

/* An SPL that this line's TCB has no place for says nothing about it. */
static int
read_spl(
    const struct wd_cert *c, unsigned spl, struct wd_vek *v, struct wd_diag *d)
{
	int place = wd_snp_spl_place(v->line, spl);
	struct wd_span value;
	uint64_t n;

	if (!find(c, OID_SPL, spl, &value)) {
		if (place < 0 || is_spare(spl))
			return 0;
		return malformed(d, "a security version is missing");
	}
	if (!uint_of(value, UINT8_MAX, &n))
		return malformed(
		    d, "a security version is no number of 8 bits");
	if (place >= 0)
		v->tcb[place] = (uint8_t)n;
	else if (n != 0)
		return malformed(d, "a security version of another line");
	return 0;
}

/* Bare, or in an OCTET STRING: the length tells, as neither can be the
 * other's. */
static bool
read_chip(struct wd_span value, struct wd_vek *v)
{
	size_t len = wd_snp_chip_id_len(v->line);
	struct wd_rd rd = wd_rd(value);
	struct wd_rd in;

	v->chip_id = value;
	if (value.len == len)
		return true;
	in = wd_der_enter(&rd, WD_DER_OCTET_STRING);
	v->chip_id = wd_rd_rest(&in);
	return wd_rd_end(&rd) == 0 && v->chip_id.len == len;
}

/* Which of the two it is, by what it is bound to. */
static int
read_owner(const struct wd_cert *c, struct wd_vek *v, struct wd_diag *d)
{
	struct wd_span chip, csp;
	bool has_chip = find(c, OID_CHIP, 0, &chip);
	bool has_csp = find(c, OID_CSP, 0, &csp);

	if (has_chip == has_csp)
		return malformed(d, "neither of a chip nor of a provider");
	v->kind = has_chip ? WD_SNP_VCEK : WD_SNP_VLEK;
	if (has_chip ? !read_chip(chip, v) : !text_of(csp, &v->csp_id))
		return malformed(d, "a bad chip or provider id");
	return 0;
}

int
wd_vek_read(const struct wd_cert *c, struct wd_vek *ret, struct wd_diag *d)
{
	struct wd_vek v = { 0 };
	int r;

	if ((r = read_product(c, &v, d)) != 0)
		return r;
	for (unsigned spl = SPL_FIRST; spl <= SPL_LAST; spl++)
		if ((r = read_spl(c, spl, &v, d)) != 0)
			return r;
	if ((r = read_owner(c, &v, d)) != 0)
		return r;
	*ret = v;
	return 0;
}
