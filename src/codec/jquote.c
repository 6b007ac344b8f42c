/*
 * One JSON string in the form of RFC 8785 section 3.2.2.2. Bytes that are not
 * UTF-8 must never pass: two readers would see two texts.
 */
#include "codec/jtext.h"

#include "codec/utf8.h"

enum { BLOCK = 16 };

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

/* Whether a byte is anything but ASCII that stands for itself. */
static uint8_t
is_odd(uint8_t c)
{
	return (uint8_t)((uint8_t)(c - 0x20) >= 0x60) | (uint8_t)(c == '"') |
	    (uint8_t)(c == '\\');
}

/* Of BLOCK bytes, of which the compiler makes a vector: tokens are kilobytes.
 */
static bool
any_odd(const uint8_t *p)
{
	uint8_t odd = 0;

	for (size_t i = 0; i < BLOCK; i++)
		odd |= is_odd(p[i]);
	return odd != 0;
}

/* How many bytes at the start are ASCII that stands for itself. */
static size_t
plain_run(struct wd_span s)
{
	size_t n = 0;

	while (s.len - n >= BLOCK && !any_odd(s.p + n))
		n += BLOCK;
	while (n < s.len && is_odd(s.p[n]) == 0)
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
