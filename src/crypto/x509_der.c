/*
 * The parts of RFC 5280 that certificates and CRLs share. Strict DER, with the
 * few deviations that vendors' certificates show and that are named below.
 */
#include "crypto/x509_der.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/reason.h"
#include "codec/der.h"

enum {
	TAG_PRINTABLE_STRING = 0x13,
	TAG_UTC_TIME = 0x17,
	TAG_GENERALIZED_TIME = 0x18,
};

int
wd_signed_split(struct wd_span der, struct wd_signed *ret)
{
	struct wd_rd rd = wd_rd(der);
	struct wd_rd doc = wd_der_enter(&rd, WD_DER_SEQUENCE);
	struct wd_signed s;
	struct wd_rd alg;

	s.tbs = wd_der_whole(&doc, WD_DER_SEQUENCE);
	alg = wd_der_enter(&doc, WD_DER_SEQUENCE);
	s.alg = wd_rd_rest(&alg);
	s.sig = wd_der_bytes_of_bits(&doc);
	if (wd_rd_end(&doc) != 0 || wd_rd_end(&rd) != 0)
		return WD_R_MALFORMED;
	*ret = s;
	return 0;
}

/* Years of two digits: 50 and above are of the last century. */
static const char *
century_of(struct wd_span utc)
{
	return utc.p[0] >= '5' ? "19" : "20";
}

/* YYYYMMDDHHMMSSZ, of which UTCTime leaves out the century. */
static bool
parse_time(const char *century, struct wd_span t, int64_t *ret)
{
	char text[WD_TIME_TEXT];
	char digits[14];
	size_t n = wd_span_text(century).len;

	if (n + t.len != sizeof(digits) + 1 || t.p[t.len - 1] != 'Z')
		return false;
	wd_copy(digits, wd_span_text(century));
	wd_copy(digits + n, wd_span(t.p, t.len - 1));
	(void)snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ",
	    digits, digits + 4, digits + 6, digits + 8, digits + 10,
	    digits + 12); /* a NUL inside shortens it, and that is refused */
	return wd_time_parse(wd_span_text(text), ret);
}

bool
wd_der_is_time(const struct wd_rd *rd)
{
	uint8_t tag = wd_der_peek(rd);

	return tag == TAG_UTC_TIME || tag == TAG_GENERALIZED_TIME;
}

/*
 * GeneralizedTime before 2050 is not for certificates to use, but some do; it
 * is unambiguous and therefore read.
 */
int64_t
wd_der_time(struct wd_rd *rd)
{
	uint8_t tag;
	struct wd_span t = wd_der_any(rd, &tag);
	const char *century = "";
	int64_t seconds = 0;

	if (tag == TAG_UTC_TIME && t.len > 0)
		century = century_of(t);
	else if (tag != TAG_GENERALIZED_TIME)
		wd_rd_fail(rd);
	if (rd->bad || !parse_time(century, t, &seconds))
		wd_rd_fail(rd);
	return seconds;
}

static bool
is_plain_string(uint8_t tag)
{
	return tag == WD_DER_UTF8_STRING || tag == WD_DER_IA5_STRING ||
	    tag == TAG_PRINTABLE_STRING;
}

/* One AttributeTypeAndValue; counts and remembers the commonNames. */
static void
take_attribute(struct wd_rd *rd, size_t *n_cn, struct wd_span *cn)
{
	static const uint8_t common_name[] = { 0x55, 0x04, 0x03 };
	struct wd_rd pair = wd_der_enter(rd, WD_DER_SEQUENCE);
	struct wd_span oid = wd_der_oid(&pair);
	uint8_t tag;
	struct wd_span value = wd_der_any(&pair, &tag);

	if (wd_rd_end(&pair) != 0)
		wd_rd_fail(rd);
	if (!wd_span_equal(oid, WD_SPAN(common_name)))
		return;
	++*n_cn;
	*cn = is_plain_string(tag) ? value : wd_span(NULL, 0);
}

struct wd_span
wd_der_name(struct wd_rd *rd, struct wd_span *ret_cn)
{
	struct wd_span name = wd_der_whole(rd, WD_DER_SEQUENCE);
	struct wd_rd in = wd_rd(name);
	struct wd_rd rdns = wd_der_enter(&in, WD_DER_SEQUENCE);
	struct wd_span cn = { NULL, 0 };
	size_t n_cn = 0;

	while (wd_rd_more(&rdns)) {
		struct wd_rd set = wd_der_enter(&rdns, WD_DER_SET);

		do
			take_attribute(&set, &n_cn, &cn);
		while (wd_rd_more(&set));
		if (wd_rd_end(&set) != 0)
			wd_rd_fail(&rdns);
	}
	if (wd_rd_end(&rdns) != 0)
		wd_rd_fail(rd);
	*ret_cn = n_cn == 1 ? cn : wd_span(NULL, 0);
	return name;
}

/* `critical` FALSE must be left out (X.690 11.5), yet some write it. */
static struct wd_x509_ext
take_extension(struct wd_rd *rd)
{
	struct wd_rd in = wd_der_enter(rd, WD_DER_SEQUENCE);
	struct wd_x509_ext ext = { .oid = wd_der_oid(&in) };
	struct wd_rd value;

	if (wd_der_peek(&in) == WD_DER_BOOLEAN)
		ext.critical = wd_der_boolean(&in);
	value = wd_der_enter(&in, WD_DER_OCTET_STRING);
	ext.value = wd_rd_rest(&value);
	if (wd_rd_end(&in) != 0)
		wd_rd_fail(rd);
	return ext;
}

void
wd_der_extensions(struct wd_rd *rd, struct wd_x509_exts *ret)
{
	struct wd_rd list = wd_der_enter(rd, WD_DER_SEQUENCE);

	ret->n = 0;
	while (wd_rd_more(&list)) {
		struct wd_x509_ext ext = take_extension(&list);

		if (ret->n == WD_X509_EXT_MAX ||
		    wd_x509_ext_find(ret, ext.oid) != NULL) {
			wd_rd_fail(&list);
			break;
		}
		ret->at[ret->n++] = ext;
	}
	if (wd_rd_end(&list) != 0 || ret->n == 0)
		wd_rd_fail(rd);
}

const struct wd_x509_ext *
wd_x509_ext_find(const struct wd_x509_exts *exts, struct wd_span oid)
{
	for (size_t i = 0; i < exts->n; i++)
		if (wd_span_equal(exts->at[i].oid, oid))
			return &exts->at[i];
	return NULL;
}
