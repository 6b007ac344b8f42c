/*
 * The cursor over hostile bytes: the one bounds check of the tree. Every
 * function returns zeros (or an empty span) after the first error, which is
 * sticky; the parser looks once, at wd_rd_end().
 *
 *   struct wd_rd rd = wd_rd(bytes);
 *   q.version = wd_rd_le16(&rd);
 *   sig = wd_rd_sub(&rd, wd_rd_le32(&rd));
 *   if ((r = wd_rd_end(&rd)) != 0)
 *           return r;
 *
 * Parse into a local and publish after wd_rd_end() said 0; loop with
 * `while (wd_rd_more(&rd))` and a maximum; never allocate from a count.
 */
#pragma once

#include "base/span.h"

struct wd_rd {
	const uint8_t *p;
	size_t left;
	bool bad;
};

static inline struct wd_rd
wd_rd(struct wd_span s)
{
	return (struct wd_rd){ s.p, s.len, false };
}

/* Poisons the cursor: a value was read that the format does not allow. */
void wd_rd_fail(struct wd_rd *rd);

/* The next N bytes as a view into the same buffer. */
struct wd_span wd_rd_bytes(struct wd_rd *rd, size_t n);

/* All that is left. */
struct wd_span wd_rd_rest(struct wd_rd *rd);

/* A cursor of its own over the next N bytes; bad from birth if rd is. */
struct wd_rd wd_rd_sub(struct wd_rd *rd, size_t n);

/* Copies N bytes to DST; zeros on error. */
void wd_rd_copy(struct wd_rd *rd, void *dst, size_t n);

void wd_rd_skip(struct wd_rd *rd, size_t n);

/* N reserved bytes that must be zero. */
void wd_rd_zero(struct wd_rd *rd, size_t n);

uint8_t wd_rd_u8(struct wd_rd *rd);
uint16_t wd_rd_le16(struct wd_rd *rd);
uint32_t wd_rd_le32(struct wd_rd *rd);
uint64_t wd_rd_le64(struct wd_rd *rd);
uint16_t wd_rd_be16(struct wd_rd *rd);
uint32_t wd_rd_be32(struct wd_rd *rd);
uint64_t wd_rd_be64(struct wd_rd *rd);

/* Something is left and nothing went wrong. */
bool wd_rd_more(const struct wd_rd *rd);

/* 0, or WD_R_MALFORMED on any earlier error and on bytes left over. */
int wd_rd_end(const struct wd_rd *rd) WD_MUST_USE;

/* As wd_rd_end(), for formats that allow bytes to follow. */
int wd_rd_ok(const struct wd_rd *rd) WD_MUST_USE;
