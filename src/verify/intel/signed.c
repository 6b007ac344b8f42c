/*
 * A scanner that finds where the signed value begins and ends. It counts
 * brackets outside strings; whether the value is good JSON is for the parser,
 * which sees the same bytes.
 */
#include "verify/intel/signed.h"

#include "base/rd.h"
#include "codec/hex.h"

enum { DEPTH_MAX = 16, SIGNATURE_DIGITS = 128 };

static void
skip_space(struct wd_rd *rd)
{
	while (rd->left > 0 &&
	    (*rd->p == ' ' || *rd->p == '\t' || *rd->p == '\r' ||
		*rd->p == '\n'))
		wd_rd_skip(rd, 1);
}

/* White space, then exactly TEXT. */
static void
expect(struct wd_rd *rd, const char *text)
{
	struct wd_span want = wd_span_text(text);

	skip_space(rd);
	if (!wd_span_equal(wd_rd_bytes(rd, want.len), want))
		wd_rd_fail(rd);
}

static void
expect_member(struct wd_rd *rd, const char *name)
{
	expect(rd, "\"");
	if (!wd_span_is(wd_rd_bytes(rd, wd_span_text(name).len), name))
		wd_rd_fail(rd);
	if (wd_rd_u8(rd) != '"')
		wd_rd_fail(rd);
	expect(rd, ":");
}

/* The rest of a string whose opening quote was taken. */
static void
skip_string(struct wd_rd *rd)
{
	while (wd_rd_more(rd)) {
		uint8_t c = wd_rd_u8(rd);

		if (c == '"')
			return;
		if (c == '\\')
			wd_rd_skip(rd, 1);
	}
	wd_rd_fail(rd);
}

/* An object from its brace to the one that closes it. */
static struct wd_span
take_object(struct wd_rd *rd)
{
	const uint8_t *start;
	unsigned depth = 0;

	skip_space(rd);
	start = rd->p;
	if (rd->left == 0 || *rd->p != '{')
		wd_rd_fail(rd);
	while (wd_rd_more(rd)) {
		uint8_t c = wd_rd_u8(rd);

		if (c == '"')
			skip_string(rd);
		if ((c == '{' || c == '[') && ++depth > DEPTH_MAX)
			wd_rd_fail(rd);
		if ((c != '}' && c != ']') || --depth > 0)
			continue;
		if (c == ']')
			wd_rd_fail(rd); /* no brace closes it */
		return wd_span(start, (size_t)(rd->p - start));
	}
	wd_rd_fail(rd);
	return wd_span(NULL, 0);
}

int
wd_signed_doc_split(struct wd_span doc, const char *name,
    struct wd_signed_doc *ret, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(doc);
	struct wd_signed_doc s = { 0 };
	struct wd_span digits;

	expect(&rd, "{");
	expect_member(&rd, name);
	s.body = take_object(&rd);
	expect(&rd, ",");
	expect_member(&rd, "signature");
	expect(&rd, "\"");
	digits = wd_rd_bytes(&rd, SIGNATURE_DIGITS);
	if (wd_rd_u8(&rd) != '"')
		wd_rd_fail(&rd);
	expect(&rd, "}");
	skip_space(&rd);
	if (wd_rd_end(&rd) != 0 ||
	    wd_hex_decode_exact(digits, s.rs, sizeof(s.rs)) != 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "%s: not of the form {\"%s\":{...},\"signature\":\"...\"}",
		    name, name);
	*ret = s;
	return 0;
}
