/*
 * Byte views: comparison, copying, wiping. The only place that uses the mem*
 * functions on data, so that their arguments are checked once.
 */
#include "base/span.h"

#include <string.h>

struct wd_span
wd_span_text(const char *text)
{
	return wd_span(text, text == NULL ? 0 : strlen(text));
}

bool
wd_ct_equal(struct wd_span a, struct wd_span b)
{
	volatile uint8_t diff = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		diff = (uint8_t)(diff | (a.p[i] ^ b.p[i]));
	return diff == 0;
}

bool
wd_span_equal(struct wd_span a, struct wd_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* Tables are searched with it, and most rows differ in their first byte: so
 * the text's length is not looked for before. */
bool
wd_span_is(struct wd_span s, const char *text)
{
	size_t i = 0;

	if (text == NULL)
		return s.len == 0;
	while (i < s.len && text[i] != '\0' && s.p[i] == (uint8_t)text[i])
		i++;
	return i == s.len && text[i] == '\0';
}

int
wd_span_compare(struct wd_span a, struct wd_span b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int r = common == 0 ? 0 : memcmp(a.p, b.p, common);

	if (r != 0)
		return r;
	return (a.len > b.len) - (a.len < b.len);
}

bool
wd_span_is_zero(struct wd_span s)
{
	uint8_t any = 0;

	for (size_t i = 0; i < s.len; i++)
		any = (uint8_t)(any | s.p[i]);
	return any == 0;
}

static bool
is_between(struct wd_span s, uint8_t first, uint8_t last)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < first || s.p[i] > last)
			return false;
	return true;
}

bool
wd_span_is_printable(struct wd_span s)
{
	return is_between(s, ' ', '~');
}

bool
wd_span_is_word(struct wd_span s)
{
	return is_between(s, '!', '~');
}

void
wd_copy(void *dst, struct wd_span src)
{
	if (src.len > 0)
		memcpy(dst, src.p, src.len);
}

bool
wd_span_to_text(struct wd_span s, char *dst, size_t size)
{
	bool fits =
	    s.len < size && (s.len == 0 || memchr(s.p, 0, s.len) == NULL);

	if (size == 0)
		return false;
	if (!fits) {
		dst[0] = '\0';
		return false;
	}
	wd_copy(dst, s);
	dst[s.len] = '\0';
	return true;
}

void
wd_wipe(void *p, size_t len)
{
	if (len > 0)
		explicit_bzero(p, len);
}
