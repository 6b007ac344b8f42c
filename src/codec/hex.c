/*
 * Hexadecimal. Reads either case, writes lower case, must never skip a byte.
 */
#include "codec/hex.h"

#include "base/reason.h"

static const char digits[] = "0123456789abcdef";

static void
encode(struct wd_span s, uint8_t *dst)
{
	for (size_t i = 0; i < s.len; i++) {
		dst[2 * i] = (uint8_t)digits[s.p[i] >> 4];
		dst[2 * i + 1] = (uint8_t)digits[s.p[i] & 15];
	}
}

void
wd_hex_write(struct wd_wr *wr, struct wd_span s)
{
	uint8_t *dst;

	if (s.len > SIZE_MAX / 2) {
		wd_wr_fail(wr);
		return;
	}
	dst = s.len == 0 ? NULL : wd_wr_reserve(wr, 2 * s.len);
	if (dst != NULL)
		encode(s, dst);
}

void
wd_hex_format(struct wd_span s, char *dst)
{
	encode(s, (uint8_t *)dst);
	dst[2 * s.len] = '\0';
}

/* The value of a digit, or 16. */
static uint8_t
digit_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return (uint8_t)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (uint8_t)(c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (uint8_t)(c - 'A' + 10);
	return 16;
}

static bool
is_hex(struct wd_span text)
{
	if (text.len % 2 != 0)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (digit_value(text.p[i]) > 15)
			return false;
	return true;
}

static void
decode(struct wd_span text, uint8_t *dst)
{
	for (size_t i = 0; i < text.len; i += 2)
		dst[i / 2] = (uint8_t)(digit_value(text.p[i]) << 4 |
		    digit_value(text.p[i + 1]));
}

int
wd_hex_decode(struct wd_span text, struct wd_bytes **ret_bytes)
{
	struct wd_bytes *b;

	if (!is_hex(text))
		return WD_R_MALFORMED;
	b = wd_bytes_new(text.len / 2);
	if (b == NULL)
		return WD_F_MEMORY;
	decode(text, b->p);
	*ret_bytes = b;
	return 0;
}

int
wd_hex_decode_exact(struct wd_span text, void *dst, size_t len)
{
	if (!is_hex(text) || text.len / 2 != len)
		return WD_R_MALFORMED;
	decode(text, dst);
	return 0;
}
