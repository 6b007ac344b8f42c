/*
 * DER. What X.690 section 10 and 11 forbid is refused here: indefinite or
 * padded lengths, padded integers, truth values other than 00 and ff. It must
 * never look at more than the cursor holds.
 */
#include "codec/der.h"

enum { LONG_FORM = 0x80, HIGH_TAG = 0x1f, LENGTH_BYTES_MAX = 4 };

/* X.690 8.1.3, in the shortest form (10.1). */
static size_t
take_length(struct wd_rd *rd)
{
	size_t first = wd_rd_u8(rd);
	size_t n = first & ~(size_t)LONG_FORM;
	size_t len = 0;

	if (first < LONG_FORM)
		return first;
	if (n == 0 || n > LENGTH_BYTES_MAX) {
		wd_rd_fail(rd);
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		len = len << 8 | wd_rd_u8(rd);
	if (len < LONG_FORM || len >> (8 * (n - 1)) == 0)
		wd_rd_fail(rd);
	return len;
}

struct wd_rd
wd_der_enter(struct wd_rd *rd, uint8_t tag)
{
	if (wd_rd_u8(rd) != tag)
		wd_rd_fail(rd);
	return wd_rd_sub(rd, take_length(rd));
}

struct wd_span
wd_der_any(struct wd_rd *rd, uint8_t *ret_tag)
{
	uint8_t tag = wd_rd_u8(rd);
	struct wd_span contents;

	if ((tag & HIGH_TAG) == HIGH_TAG)
		wd_rd_fail(rd);
	contents = wd_rd_bytes(rd, take_length(rd));
	*ret_tag = rd->bad ? 0 : tag;
	return contents;
}

uint8_t
wd_der_peek(const struct wd_rd *rd)
{
	return wd_rd_more(rd) ? rd->p[0] : 0;
}

/* X.690 8.19: the last byte ends an arc, and no arc starts with padding. */
static bool
is_oid(struct wd_span s)
{
	bool at_start = true;

	for (size_t i = 0; i < s.len; i++) {
		if (at_start && s.p[i] == 0x80)
			return false;
		at_start = s.p[i] < 0x80;
	}
	return s.len > 0 && at_start;
}

struct wd_span
wd_der_oid(struct wd_rd *rd)
{
	struct wd_rd in = wd_der_enter(rd, WD_DER_OID);
	struct wd_span s = wd_rd_rest(&in);

	if (is_oid(s))
		return s;
	wd_rd_fail(rd);
	return wd_span(NULL, 0);
}

/* X.690 8.3: two's complement in the fewest bytes; here not negative. */
static bool
is_uint(struct wd_span s)
{
	if (s.len == 0 || s.p[0] >= 0x80)
		return false;
	return s.len == 1 || s.p[0] != 0 || s.p[1] >= 0x80;
}

uint64_t
wd_der_uint(struct wd_rd *rd, uint8_t tag, uint64_t max)
{
	struct wd_rd in = wd_der_enter(rd, tag);
	struct wd_span s = wd_rd_rest(&in);
	uint64_t v = 0;

	if (!is_uint(s) || s.len > 9 || (s.len == 9 && s.p[0] != 0)) {
		wd_rd_fail(rd);
		return 0;
	}
	for (size_t i = 0; i < s.len; i++)
		v = v << 8 | s.p[i];
	if (v <= max)
		return v;
	wd_rd_fail(rd);
	return 0;
}

bool
wd_der_boolean(struct wd_rd *rd)
{
	struct wd_rd in = wd_der_enter(rd, WD_DER_BOOLEAN);
	uint8_t v = wd_rd_u8(&in);

	if (wd_rd_end(&in) != 0 || (v != 0x00 && v != 0xff))
		wd_rd_fail(rd);
	return !rd->bad && v == 0xff;
}

struct wd_span
wd_der_whole(struct wd_rd *rd, uint8_t tag)
{
	struct wd_rd before = *rd;

	(void)wd_der_enter(rd, tag); /* skips it; the error is sticky */
	if (rd->bad)
		return wd_span(NULL, 0);
	return wd_rd_bytes(&before, before.left - rd->left);
}

struct wd_span
wd_der_integer(struct wd_rd *rd, size_t max)
{
	struct wd_rd in = wd_der_enter(rd, WD_DER_INTEGER);
	struct wd_span s = wd_rd_rest(&in);
	bool padded = s.len > 1 &&
	    ((s.p[0] == 0x00 && s.p[1] < 0x80) ||
		(s.p[0] == 0xff && s.p[1] >= 0x80));

	if (s.len > 0 && s.len <= max && !padded)
		return s;
	wd_rd_fail(rd);
	return wd_span(NULL, 0);
}

struct wd_span
wd_der_magnitude(struct wd_rd *rd, size_t max)
{
	struct wd_rd in = wd_der_enter(rd, WD_DER_INTEGER);
	struct wd_span s = wd_rd_rest(&in);

	if (!is_uint(s)) {
		wd_rd_fail(rd);
		return wd_span(NULL, 0);
	}
	if (s.len > 1 && s.p[0] == 0)
		s = wd_span(s.p + 1, s.len - 1);
	if (s.len <= max)
		return s;
	wd_rd_fail(rd);
	return wd_span(NULL, 0);
}

struct wd_span
wd_der_bytes_of_bits(struct wd_rd *rd)
{
	struct wd_rd in = wd_der_enter(rd, WD_DER_BIT_STRING);

	wd_rd_zero(&in, 1); /* the count of unused bits */
	if (wd_rd_ok(&in) != 0)
		wd_rd_fail(rd);
	return wd_rd_rest(&in);
}

void
wd_der_write_head(struct wd_wr *wr, uint8_t tag, size_t n)
{
	unsigned bytes = 0;

	wd_wr_u8(wr, tag);
	if (n < LONG_FORM) {
		wd_wr_u8(wr, (uint8_t)n);
		return;
	}
	for (size_t rest = n; rest > 0; rest >>= 8)
		bytes++;
	wd_wr_u8(wr, (uint8_t)(LONG_FORM | bytes));
	for (unsigned i = bytes; i > 0; i--)
		wd_wr_u8(wr, (uint8_t)(n >> (8 * (i - 1))));
}

void
wd_der_write(struct wd_wr *wr, uint8_t tag, struct wd_span contents)
{
	wd_der_write_head(wr, tag, contents.len);
	wd_wr_bytes(wr, contents);
}
