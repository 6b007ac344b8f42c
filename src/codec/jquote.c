/*
 * One JSON string in the form of RFC 8785 section 3.2.2.2. Bytes that are not
 * UTF-8 must never pass: two readers would see two texts.
 */
#include "codec/jtext.h"

#include "codec/utf8.h"

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

		n = wd_utf8_first(wd_span(utf8.p + i, utf8.len - i));
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
