/*
 * The cursor over hostile bytes.
 */
#include "base/rd.h"

#include "base/reason.h"

void
wd_rd_fail(struct wd_rd *rd)
{
	rd->bad = true;
	rd->left = 0;
}

/* The bounds check: NULL when N bytes cannot be had. */
static const uint8_t *
advance(struct wd_rd *rd, size_t n)
{
	const uint8_t *p = rd->p;

	if (rd->bad || n > rd->left) {
		wd_rd_fail(rd);
		return NULL;
	}
	if (n > 0)
		rd->p += n;
	rd->left -= n;
	return p;
}

struct wd_span
wd_rd_bytes(struct wd_rd *rd, size_t n)
{
	const uint8_t *p = advance(rd, n);

	return wd_span(p, p == NULL ? 0 : n);
}

struct wd_span
wd_rd_rest(struct wd_rd *rd)
{
	return wd_rd_bytes(rd, rd->left);
}

struct wd_rd
wd_rd_sub(struct wd_rd *rd, size_t n)
{
	struct wd_span s = wd_rd_bytes(rd, n);

	return (struct wd_rd){ s.p, s.len, rd->bad };
}

void
wd_rd_copy(struct wd_rd *rd, void *dst, size_t n)
{
	struct wd_span s = wd_rd_bytes(rd, n);

	if (rd->bad)
		wd_wipe(dst, n);
	else
		wd_copy(dst, s);
}

void
wd_rd_skip(struct wd_rd *rd, size_t n)
{
	(void)advance(rd, n); /* the error is sticky */
}

void
wd_rd_zero(struct wd_rd *rd, size_t n)
{
	if (!wd_span_is_zero(wd_rd_bytes(rd, n)))
		wd_rd_fail(rd);
}

static uint64_t
little(struct wd_rd *rd, size_t n)
{
	const uint8_t *p = advance(rd, n);
	uint64_t v = 0;

	if (p == NULL)
		return 0;
	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static uint64_t
big(struct wd_rd *rd, size_t n)
{
	const uint8_t *p = advance(rd, n);
	uint64_t v = 0;

	if (p == NULL)
		return 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t
wd_rd_u8(struct wd_rd *rd)
{
	return (uint8_t)little(rd, 1);
}

uint16_t
wd_rd_le16(struct wd_rd *rd)
{
	return (uint16_t)little(rd, 2);
}

uint32_t
wd_rd_le32(struct wd_rd *rd)
{
	return (uint32_t)little(rd, 4);
}

uint64_t
wd_rd_le64(struct wd_rd *rd)
{
	return little(rd, 8);
}

uint16_t
wd_rd_be16(struct wd_rd *rd)
{
	return (uint16_t)big(rd, 2);
}

uint32_t
wd_rd_be32(struct wd_rd *rd)
{
	return (uint32_t)big(rd, 4);
}

uint64_t
wd_rd_be64(struct wd_rd *rd)
{
	return big(rd, 8);
}

bool
wd_rd_more(const struct wd_rd *rd)
{
	return !rd->bad && rd->left > 0;
}

int
wd_rd_ok(const struct wd_rd *rd)
{
	return rd->bad ? WD_R_MALFORMED : 0;
}

int
wd_rd_end(const struct wd_rd *rd)
{
	return rd->bad || rd->left > 0 ? WD_R_MALFORMED : 0;
}
