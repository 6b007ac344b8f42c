/*
 * UTF-8 by the table of RFC 3629 section 4. Must never accept a second spelling
 * of a character.
 */
#include "codec/utf8.h"

/* What the second byte of a sequence may be, by the first (RFC 3629 4). */
struct lead {
	uint8_t first, last; /* of first bytes */
	uint8_t len;
	uint8_t low, high; /* of second bytes */
};

static const struct lead leads[] = {
	{ 0xc2, 0xdf, 2, 0x80, 0xbf },
	{ 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf },
	{ 0xed, 0xed, 3, 0x80, 0x9f },
	{ 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf },
	{ 0xf1, 0xf3, 4, 0x80, 0xbf },
	{ 0xf4, 0xf4, 4, 0x80, 0x8f },
};

static bool
follows(const struct lead *lead, struct wd_span s)
{
	if (s.len < lead->len || s.p[1] < lead->low || s.p[1] > lead->high)
		return false;
	for (size_t i = 2; i < lead->len; i++)
		if ((s.p[i] & 0xc0) != 0x80)
			return false;
	return true;
}

size_t
wd_utf8_first(struct wd_span s)
{
	if (s.len == 0)
		return 0;
	if (s.p[0] < 0x80)
		return 1;
	for (size_t i = 0; i < WD_N(leads); i++)
		if (s.p[0] >= leads[i].first && s.p[0] <= leads[i].last)
			return follows(&leads[i], s) ? leads[i].len : 0;
	return 0;
}

/* C0, DEL and C1: 00 to 1f, 7f, and U+0080 to U+009f as c2 80 to c2 9f. */
static bool
is_control(struct wd_span s)
{
	return s.p[0] < 0x20 || s.p[0] == 0x7f ||
	    (s.p[0] == 0xc2 && s.p[1] < 0xa0);
}

bool
wd_utf8_is_text(struct wd_span s)
{
	while (s.len > 0) {
		size_t n = wd_utf8_first(s);

		if (n == 0 || is_control(s))
			return false;
		s = wd_span(s.p + n, s.len - n);
	}
	return true;
}

bool
wd_utf8_is_string(struct wd_span s)
{
	while (s.len > 0) {
		size_t n = wd_utf8_first(s);

		if (n == 0 || s.p[0] == 0)
			return false;
		s = wd_span(s.p + n, s.len - n);
	}
	return true;
}
