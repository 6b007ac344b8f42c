/*
 * The writer.
 */
#include "base/wr.h"

#include "base/alloc.h"
#include "base/num.h"
#include "base/reason.h"

#include <stdarg.h>
#include <stdio.h>

/* With the headers of its block, FIRST_SIZE is among the sizes that malloc()
 * has at hand. */
enum { FIRST_SIZE = 1000, PRINTF_MAX = 512 };

/* The block that a growing writer has, or NULL. */
static struct wd_bytes *
block_of(const struct wd_wr *wr)
{
	if (wr->p == NULL)
		return NULL;
	return (
	    struct wd_bytes *)(void *)(wr->p - offsetof(struct wd_bytes, p));
}

void
wd_wr_done(struct wd_wr *wr)
{
	if (wr->max > 0) {
		(void)wd_free(block_of(wr)); /* always NULL */
		wr->p = NULL;
	}
	wr->len = 0;
	wr->cap = 0;
}

void
wd_wr_fail(struct wd_wr *wr)
{
	wr->bad = true;
}

static void
set_size(struct wd_wr *wr, size_t cap)
{
	struct wd_bytes *b =
	    wd_realloc(block_of(wr), sizeof(struct wd_bytes) + cap);

	if (b == NULL) {
		wr->bad = true;
		wr->no_memory = true;
		return;
	}
	wr->p = b->p;
	wr->cap = cap;
}

static void
grow(struct wd_wr *wr, size_t needed)
{
	size_t cap = wr->cap < FIRST_SIZE ? FIRST_SIZE : wr->cap;

	if (needed > wr->max) {
		wr->bad = true;
		return;
	}
	while (cap < needed)
		cap += cap;
	set_size(wr, cap < wr->max ? cap : wr->max);
}

void
wd_wr_expect(struct wd_wr *wr, size_t n)
{
	size_t needed;

	if (!wr->bad && wd_num_add(wr->len, n, &needed) && needed <= wr->max &&
	    needed > wr->cap)
		set_size(wr, needed);
}

uint8_t *
wd_wr_reserve_more(struct wd_wr *wr, size_t n)
{
	uint8_t *at;
	size_t needed;

	if (wr->bad)
		return NULL;
	if (!wd_num_add(wr->len, n, &needed)) {
		wr->bad = true;
		return NULL;
	}
	if (needed > wr->cap)
		grow(wr, needed);
	if (wr->bad)
		return NULL;
	at = wr->p + wr->len;
	wr->len = needed;
	return at;
}

void
wd_wr_bytes(struct wd_wr *wr, struct wd_span s)
{
	uint8_t *at = s.len == 0 ? NULL : wd_wr_reserve(wr, s.len);

	if (at != NULL)
		wd_copy(at, s);
}

void
wd_wr_text(struct wd_wr *wr, const char *text)
{
	wd_wr_bytes(wr, wd_span_text(text));
}

void
wd_wr_zero(struct wd_wr *wr, size_t n)
{
	uint8_t *at = n == 0 ? NULL : wd_wr_reserve(wr, n);

	if (at != NULL)
		wd_wipe(at, n);
}

static void
little(struct wd_wr *wr, uint64_t v, size_t n)
{
	uint8_t *at = wd_wr_reserve(wr, n);

	for (size_t i = 0; at != NULL && i < n; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

static void
big(struct wd_wr *wr, uint64_t v, size_t n)
{
	uint8_t *at = wd_wr_reserve(wr, n);

	for (size_t i = 0; at != NULL && i < n; i++)
		at[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

void
wd_wr_u8(struct wd_wr *wr, uint8_t v)
{
	uint8_t *at = wd_wr_reserve(wr, 1);

	if (at != NULL)
		*at = v;
}

void
wd_wr_le16(struct wd_wr *wr, uint16_t v)
{
	little(wr, v, 2);
}

void
wd_wr_le32(struct wd_wr *wr, uint32_t v)
{
	little(wr, v, 4);
}

void
wd_wr_le64(struct wd_wr *wr, uint64_t v)
{
	little(wr, v, 8);
}

void
wd_wr_be16(struct wd_wr *wr, uint16_t v)
{
	big(wr, v, 2);
}

void
wd_wr_be32(struct wd_wr *wr, uint32_t v)
{
	big(wr, v, 4);
}

void
wd_wr_be64(struct wd_wr *wr, uint64_t v)
{
	big(wr, v, 8);
}

void
wd_wr_decimal(struct wd_wr *wr, uint64_t v)
{
	uint8_t digits[20]; /* of 2^64 */
	size_t at = sizeof(digits);

	do {
		digits[--at] = (uint8_t)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	wd_wr_bytes(wr, wd_span(digits + at, sizeof(digits) - at));
}

void
wd_wr_printf(struct wd_wr *wr, const char *fmt, ...)
{
	char text[PRINTF_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		wd_wr_fail(wr);
	else
		wd_wr_bytes(wr, wd_span(text, (size_t)n));
}

/* Four bytes already written, or NULL. */
static uint8_t *
patched(struct wd_wr *wr, size_t offset)
{
	if (wr->bad)
		return NULL;
	if (offset <= wr->len && wr->len - offset >= 4)
		return wr->p + offset;
	wr->bad = true;
	return NULL;
}

void
wd_wr_patch_le32(struct wd_wr *wr, size_t offset, uint32_t v)
{
	uint8_t *at = patched(wr, offset);

	for (size_t i = 0; at != NULL && i < 4; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

void
wd_wr_patch_be32(struct wd_wr *wr, size_t offset, uint32_t v)
{
	uint8_t *at = patched(wr, offset);

	for (size_t i = 0; at != NULL && i < 4; i++)
		at[i] = (uint8_t)(v >> (8 * (3 - i)));
}

struct wd_span
wd_wr_span(const struct wd_wr *wr)
{
	return wd_span(wr->p, wr->len);
}

int
wd_wr_end(const struct wd_wr *wr)
{
	if (!wr->bad)
		return 0;
	return wr->no_memory ? WD_F_MEMORY : WD_R_TOO_LARGE;
}

/* A block that is mostly empty is not handed over: it may be kept for long. */
static struct wd_bytes *
hand_over(struct wd_wr *wr)
{
	struct wd_bytes *b;

	if (wr->max == 0 || wr->p == NULL || wr->len < wr->cap / 2)
		return wd_bytes_copy(wd_wr_span(wr));
	b = block_of(wr);
	b->len = wr->len;
	wr->p = NULL;
	return b;
}

int
wd_wr_take(struct wd_wr *wr, struct wd_bytes **ret_bytes)
{
	int r = wd_wr_end(wr);
	struct wd_bytes *b;

	if (r != 0)
		return r;
	b = hand_over(wr);
	if (b == NULL)
		return WD_F_MEMORY;
	wd_wr_done(wr);
	*ret_bytes = b;
	return 0;
}
