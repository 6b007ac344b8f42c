/*
 * One JSON string in the form of RFC 8785 section 3.2.2.2. Bytes that are not
 * UTF-8 must never pass: two readers would see two texts.
 */
#include "codec/jtext.h"

#include "base/span.h"

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

/* Bytes of the sequence S starts with; 0 when it is not UTF-8. */
static size_t
sequence_len(struct wd_span s)
{
	if (s.p[0] < 0x80)
		return 1;
	for (size_t i = 0; i < WD_N(leads); i++)
		if (s.p[0] >= leads[i].first && s.p[0] <= leads[i].last)
			return follows(&leads[i], s) ? leads[i].len : 0;
	return 0;
}

static void
write_escape(struct wd_wr *wr, uint8_t c)
{
	static const char letters[0x20] = {
		['\b'] = 'b',
		['\t'] = 't',
		['\n'] = 'n',
		['\f'] = 'f',
		['\r'] = 'r',
	};

	if (c == '"' || c == '\\')
		wd_wr_printf(wr, "\\%c", c);
	else if (letters[c] != 0)
		wd_wr_printf(wr, "\\%c", letters[c]);
	else
		wd_wr_printf(wr, "\\u%04x", c);
}

void
wd_jtext_quote(struct wd_wr *wr, struct wd_span utf8)
{
	size_t start = 0; /* of the run that needs no escape */
	size_t n;

	wd_wr_u8(wr, '"');
	for (size_t i = 0; i < utf8.len; i += n) {
		uint8_t c = utf8.p[i];

		n = sequence_len(wd_span(utf8.p + i, utf8.len - i));
		if (n == 0) {
			wd_wr_fail(wr);
			return;
		}
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		wd_wr_bytes(wr, wd_span(utf8.p + start, i - start));
		write_escape(wr, c);
		start = i + 1;
	}
	wd_wr_bytes(wr, wd_span(utf8.p + start, utf8.len - start));
	wd_wr_u8(wr, '"');
}
