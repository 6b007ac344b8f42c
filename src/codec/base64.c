/*
 * Base64 by table, both alphabets over one pair of loops. Decoding refuses
 * everything that is not the one canonical spelling of some bytes; it must
 * never skip white space or repair padding.
 */
#include "codec/base64.h"

#include "base/reason.h"

/* A decoding entry is the digit's value with this bit set; zero is no digit. */
enum { DIGIT = 0x40 };

struct alphabet {
	char digit[65];
	bool padded;
	uint8_t value[256];
};

#define D(c, v) [c] = DIGIT | (v)
#define COMMON_DIGITS                                                     \
	D('A', 0), D('B', 1), D('C', 2), D('D', 3), D('E', 4), D('F', 5), \
	    D('G', 6), D('H', 7), D('I', 8), D('J', 9), D('K', 10),       \
	    D('L', 11), D('M', 12), D('N', 13), D('O', 14), D('P', 15),   \
	    D('Q', 16), D('R', 17), D('S', 18), D('T', 19), D('U', 20),   \
	    D('V', 21), D('W', 22), D('X', 23), D('Y', 24), D('Z', 25),   \
	    D('a', 26), D('b', 27), D('c', 28), D('d', 29), D('e', 30),   \
	    D('f', 31), D('g', 32), D('h', 33), D('i', 34), D('j', 35),   \
	    D('k', 36), D('l', 37), D('m', 38), D('n', 39), D('o', 40),   \
	    D('p', 41), D('q', 42), D('r', 43), D('s', 44), D('t', 45),   \
	    D('u', 46), D('v', 47), D('w', 48), D('x', 49), D('y', 50),   \
	    D('z', 51), D('0', 52), D('1', 53), D('2', 54), D('3', 55),   \
	    D('4', 56), D('5', 57), D('6', 58), D('7', 59), D('8', 60),   \
	    D('9', 61)

static const struct alphabet plain = {
	.digit = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		 "0123456789+/",
	.padded = true,
	.value = { COMMON_DIGITS, D('+', 62), D('/', 63) },
};

static const struct alphabet url = {
	.digit = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		 "0123456789-_",
	.padded = false,
	.value = { COMMON_DIGITS, D('-', 62), D('_', 63) },
};

/* The last one or two bytes; returns how many digits they took. */
static size_t
encode_tail(const char *digit, struct wd_span s, uint8_t *dst)
{
	uint32_t v = (uint32_t)s.p[0] << 16;

	if (s.len == 2)
		v |= (uint32_t)s.p[1] << 8;
	dst[0] = (uint8_t)digit[v >> 18];
	dst[1] = (uint8_t)digit[v >> 12 & 63];
	if (s.len == 2)
		dst[2] = (uint8_t)digit[v >> 6 & 63];
	return s.len + 1;
}

static void
encode(const struct alphabet *a, struct wd_span s, uint8_t *dst)
{
	const char *digit = a->digit;
	size_t whole = s.len / 3 * 3;
	size_t used;

	for (size_t i = 0; i < whole; i += 3) {
		uint32_t v = (uint32_t)s.p[i] << 16 |
		    (uint32_t)s.p[i + 1] << 8 | s.p[i + 2];

		*dst++ = (uint8_t)digit[v >> 18];
		*dst++ = (uint8_t)digit[v >> 12 & 63];
		*dst++ = (uint8_t)digit[v >> 6 & 63];
		*dst++ = (uint8_t)digit[v & 63];
	}
	if (whole == s.len)
		return;
	used = encode_tail(digit, wd_span(s.p + whole, s.len - whole), dst);
	for (; a->padded && used < 4; used++)
		dst[used] = '=';
}

static void
write_text(const struct alphabet *a, struct wd_wr *wr, struct wd_span s)
{
	size_t rest = s.len % 3;
	size_t tail = rest == 0 ? 0 : a->padded ? 4 : rest + 1;
	uint8_t *dst;

	/* Nothing that large can be held, so the product cannot wrap. */
	if (s.len > SIZE_MAX / 4) {
		wd_wr_fail(wr);
		return;
	}
	if (s.len == 0)
		return;
	dst = wd_wr_reserve(wr, s.len / 3 * 4 + tail);
	if (dst != NULL)
		encode(a, s, dst);
}

/* Takes the padding off; false when there is not exactly the right amount. */
static bool
strip(const struct alphabet *a, struct wd_span *digits)
{
	size_t pads = 0;

	if (!a->padded)
		return digits->len % 4 != 1;
	if (digits->len % 4 != 0)
		return false;
	while (pads < 2 && pads < digits->len &&
	    digits->p[digits->len - 1 - pads] == '=')
		pads++;
	digits->len -= pads;
	return true;
}

static size_t
decoded_len(struct wd_span digits)
{
	return digits.len / 4 * 3 + digits.len % 4 * 3 / 4;
}

/* The last two or three digits. */
static bool
decode_tail(const uint8_t *value, struct wd_span digits, uint8_t *dst)
{
	uint8_t a = value[digits.p[0]];
	uint8_t b = value[digits.p[1]];
	uint8_t c = digits.len == 3 ? value[digits.p[2]] : DIGIT;
	uint32_t v = (uint32_t)(a & 63) << 18 | (uint32_t)(b & 63) << 12 |
	    (uint32_t)(c & 63) << 6;

	dst[0] = (uint8_t)(v >> 16);
	if (digits.len == 3)
		dst[1] = (uint8_t)(v >> 8);
	return (a & b & c & DIGIT) != 0;
}

/* Fills DST with decoded_len() bytes; false when some byte is no digit. */
static bool
decode(const struct alphabet *alphabet, struct wd_span digits, uint8_t *dst)
{
	const uint8_t *value = alphabet->value;
	size_t whole = digits.len / 4 * 4;
	uint8_t all = DIGIT;

	for (size_t i = 0; i < whole; i += 4) {
		uint8_t a = value[digits.p[i]];
		uint8_t b = value[digits.p[i + 1]];
		uint8_t c = value[digits.p[i + 2]];
		uint8_t d = value[digits.p[i + 3]];
		uint32_t v = (uint32_t)(a & 63) << 18 |
		    (uint32_t)(b & 63) << 12 | (uint32_t)(c & 63) << 6 |
		    (uint32_t)(d & 63);

		all &= a & b & c & d;
		*dst++ = (uint8_t)(v >> 16);
		*dst++ = (uint8_t)(v >> 8);
		*dst++ = (uint8_t)v;
	}
	if (whole == digits.len)
		return (all & DIGIT) != 0;
	return (all & DIGIT) != 0 &&
	    decode_tail(
		value, wd_span(digits.p + whole, digits.len - whole), dst);
}

/* The last digit carries no bit beyond the last byte. */
static bool
ends_clean(const struct alphabet *a, struct wd_span digits)
{
	size_t rest = digits.len % 4;
	uint8_t spare = rest == 2 ? 15 : rest == 3 ? 3 : 0;

	return rest == 0 || (a->value[digits.p[digits.len - 1]] & spare) == 0;
}

static int
decode_new(
    const struct alphabet *a, struct wd_span text, struct wd_bytes **ret_bytes)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;

	if (!strip(a, &text) || !ends_clean(a, text))
		return WD_R_MALFORMED;
	b = wd_bytes_new(decoded_len(text));
	if (b == NULL)
		return WD_F_MEMORY;
	if (!decode(a, text, b->p))
		return WD_R_MALFORMED;
	*ret_bytes = WD_TAKE(b);
	return 0;
}

static bool
all_digits(const struct alphabet *a, struct wd_span digits)
{
	uint8_t all = DIGIT;

	for (size_t i = 0; i < digits.len; i++)
		all &= a->value[digits.p[i]];
	return (all & DIGIT) != 0;
}

/* Looks at all digits first, so that DST is untouched when the text is bad. */
static int
decode_exact(
    const struct alphabet *a, struct wd_span text, void *dst, size_t len)
{
	if (!strip(a, &text) || decoded_len(text) != len ||
	    !all_digits(a, text) || !ends_clean(a, text))
		return WD_R_MALFORMED;
	return decode(a, text, dst) ? 0 : WD_F_BUG;
}

void
wd_b64_write(struct wd_wr *wr, struct wd_span s)
{
	write_text(&plain, wr, s);
}

void
wd_b64url_write(struct wd_wr *wr, struct wd_span s)
{
	write_text(&url, wr, s);
}

int
wd_b64_decode(struct wd_span text, struct wd_bytes **ret_bytes)
{
	return decode_new(&plain, text, ret_bytes);
}

int
wd_b64url_decode(struct wd_span text, struct wd_bytes **ret_bytes)
{
	return decode_new(&url, text, ret_bytes);
}

int
wd_b64_decode_exact(struct wd_span text, void *dst, size_t len)
{
	return decode_exact(&plain, text, dst, len);
}

int
wd_b64url_decode_exact(struct wd_span text, void *dst, size_t len)
{
	return decode_exact(&url, text, dst, len);
}
