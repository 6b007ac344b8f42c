/*
 * UUIDs as text.
 */
#include "base/id.h"

static bool
is_dash_place(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

/* The lower-case hex digit, or 0 when it is none. */
static char
hex_lower(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return (char)c;
	if (c >= 'a' && c <= 'f')
		return (char)c;
	if (c >= 'A' && c <= 'F')
		return (char)(c - 'A' + 'a');
	return '\0';
}

bool
wd_id_parse(struct wd_span text, struct wd_id *ret_id)
{
	struct wd_id id = { { 0 } };

	if (text.len != WD_ID_LEN)
		return false;
	for (size_t i = 0; i < WD_ID_LEN; i++) {
		id.s[i] = is_dash_place(i) ? '-' : hex_lower(text.p[i]);
		if (id.s[i] == '\0' || (is_dash_place(i) && text.p[i] != '-'))
			return false;
	}
	if (id.s[14] != '4')
		return false;
	if (id.s[19] != '8' && id.s[19] != '9' && id.s[19] != 'a' &&
	    id.s[19] != 'b')
		return false;
	*ret_id = id;
	return true;
}

struct wd_id
wd_id_from_random(const uint8_t bytes[16])
{
	static const char hex[] = "0123456789abcdef";
	struct wd_id id = { { 0 } };
	size_t at = 0;

	for (size_t i = 0; i < 16; i++) {
		uint8_t b = bytes[i];

		if (i == 6)
			b = (uint8_t)((b & 0x0f) | 0x40);
		if (i == 8)
			b = (uint8_t)((b & 0x3f) | 0x80);
		if (is_dash_place(at))
			id.s[at++] = '-';
		id.s[at++] = hex[b >> 4];
		id.s[at++] = hex[b & 15];
	}
	return id;
}

struct wd_span
wd_id_span(const struct wd_id *id)
{
	return wd_span(id->s, wd_id_is_none(id) ? 0 : WD_ID_LEN);
}
