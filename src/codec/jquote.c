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

/* How many bytes at the start are ASCII that stands for itself. */
static size_t
plain_run(struct wd_span s)
{
	size_t n = 0;

	while (n < s.len && s.p[n] >= 0x20 && s.p[n] < 0x80 && s.p[n] != '"' &&
	    s.p[n] != '\\')
		n++;
	return n;
}

void
wd_jtext_quote(struct wd_wr *wr, struct wd_span utf8)
{
	size_t start = 0; /* of the run that needs no escape */
	size_t i = plain_run(utf8);

	wd_wr_u8(wr, '"');
	while (i < utf8.len) {
		uint8_t c = utf8.p[i];
		size_t n = wd_utf8_first(wd_span(utf8.p + i, utf8.len - i));

		if (n == 0) {
			wd_wr_fail(wr);
			return;
		}
		if (c < 0x20 || c == '"' || c == '\\') {
			wd_wr_bytes(wr, wd_span(utf8.p + start, i - start));
			write_escape(wr, c);
			start = i + 1;
		}
		i += n;
		i += plain_run(wd_span(utf8.p + i, utf8.len - i));
	}
	wd_wr_bytes(wr, wd_span(utf8.p + start, utf8.len - start));
	wd_wr_u8(wr, '"');
}
