/*
 * Classes of bytes and small readings of HTTP text.
 */
#include "http/text.h"

static bool
is_in(uint8_t c, const char *set)
{
	for (; *set != '\0'; set++)
		if (c == (uint8_t)*set)
			return true;
	return false;
}

static bool
is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z');
}

bool
wd_text_is_token(uint8_t c)
{
	return is_alnum(c) || is_in(c, "!#$%&'*+-.^_`|~");
}

bool
wd_text_is_visible(uint8_t c)
{
	return c > 0x20 && c < 0x7f;
}

bool
wd_text_is_path(uint8_t c)
{
	return is_alnum(c) || is_in(c, "-._~/");
}

bool
wd_text_is_query(uint8_t c)
{
	return wd_text_is_path(c) || is_in(c, ":,@=&%");
}

bool
wd_text_is_host(uint8_t c)
{
	return is_alnum(c) || is_in(c, "-._:[]");
}

struct wd_span
wd_text_take_while(struct wd_rd *rd, bool (*is)(uint8_t c))
{
	size_t n = 0;

	while (n < rd->left && is(rd->p[n]))
		n++;
	return wd_rd_bytes(rd, n);
}

struct wd_span
wd_text_take_until(struct wd_rd *rd, uint8_t c)
{
	size_t n = 0;
	struct wd_span s;

	while (n < rd->left && rd->p[n] != c)
		n++;
	s = wd_rd_bytes(rd, n);
	if (rd->left > 0)
		wd_rd_skip(rd, 1);
	return s;
}

struct wd_span
wd_text_trim(struct wd_span s)
{
	while (s.len > 0 && s.p[0] == ' ')
		s = wd_span(s.p + 1, s.len - 1);
	while (s.len > 0 && s.p[s.len - 1] == ' ')
		s.len--;
	return s;
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool
wd_text_same_word(struct wd_span a, struct wd_span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool
wd_text_is_word(struct wd_span s, const char *word)
{
	return wd_text_same_word(s, wd_span_text(word));
}

bool
wd_text_lists_word(struct wd_span list, const char *word)
{
	struct wd_rd rd = wd_rd(list);

	while (wd_rd_more(&rd))
		if (wd_text_is_word(
			wd_text_trim(wd_text_take_until(&rd, ',')), word))
			return true;
	return false;
}
