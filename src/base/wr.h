/*
 * The writer: appends to a fixed buffer or to one that grows up to a maximum.
 * The first error (full, no memory) is sticky and everything after it is
 * dropped; look once, at wd_wr_end() or wd_wr_take().
 */
#pragma once

#include "base/bytes.h"

struct wd_wr {
	uint8_t *p;      /* start of the buffer; growing: inside a wd_bytes */
	size_t len, cap; /* used, available */
	size_t max; /* how far it may grow; 0: the buffer is the caller's */
	bool bad;
	bool no_memory; /* why it is bad: memory rather than room */
};

/* Writes into the caller's buffer; it must outlive the writer. */
static inline struct wd_wr
wd_wr_fixed(void *buf, size_t cap)
{
	return (struct wd_wr){ (uint8_t *)buf, 0, cap, 0, false, false };
}

/* Grows on the heap up to MAX bytes; release with wd_wr_done or wd_wr_take. */
static inline struct wd_wr
wd_wr_growing(size_t max)
{
	return (struct wd_wr){ NULL, 0, 0, max, false, false };
}

/* Wipes and frees what a growing writer holds. Zeroed writers are fine. */
void wd_wr_done(struct wd_wr *wr);

void wd_wr_fail(struct wd_wr *wr);

/* So many bytes will follow: one that grows makes the room at once. Nothing is
 * promised; what does not fit is found when it is written. */
void wd_wr_expect(struct wd_wr *wr, size_t n);

void wd_wr_bytes(struct wd_wr *wr, struct wd_span s);
void wd_wr_text(struct wd_wr *wr, const char *text);
void wd_wr_zero(struct wd_wr *wr, size_t n);
void wd_wr_u8(struct wd_wr *wr, uint8_t v);
void wd_wr_le16(struct wd_wr *wr, uint16_t v);
void wd_wr_le32(struct wd_wr *wr, uint32_t v);
void wd_wr_le64(struct wd_wr *wr, uint64_t v);
void wd_wr_be16(struct wd_wr *wr, uint16_t v);
void wd_wr_be32(struct wd_wr *wr, uint32_t v);
void wd_wr_be64(struct wd_wr *wr, uint64_t v);

/* Decimal digits, without sign or leading zeros. */
void wd_wr_decimal(struct wd_wr *wr, uint64_t v);

/* At most 512 bytes of formatted text a call; longer poisons the writer. */
void wd_wr_printf(struct wd_wr *wr, const char *fmt, ...) WD_PRINTF(2, 3);

/* What wd_wr_reserve() does where the room is not there yet. */
uint8_t *wd_wr_reserve_more(struct wd_wr *wr, size_t n) WD_MUST_USE;

/*
 * N bytes to be filled by the caller right away; valid until the next write.
 * NULL when the writer is bad.
 */
WD_MUST_USE static inline uint8_t *
wd_wr_reserve(struct wd_wr *wr, size_t n)
{
	uint8_t *at;

	if (wr->bad || wr->p == NULL || n > wr->cap - wr->len)
		return wd_wr_reserve_more(wr, n);
	at = wr->p + wr->len;
	wr->len += n;
	return at;
}

/* Overwrites four bytes already written, for lengths known afterwards. */
void wd_wr_patch_le32(struct wd_wr *wr, size_t offset, uint32_t v);
void wd_wr_patch_be32(struct wd_wr *wr, size_t offset, uint32_t v);

/* What was written so far; lives until the next write. */
struct wd_span wd_wr_span(const struct wd_wr *wr);

/* 0, WD_R_TOO_LARGE when it did not fit, or a fault when memory ran out. */
int wd_wr_end(const struct wd_wr *wr) WD_MUST_USE;

/* As wd_wr_end(); on 0 the bytes are the caller's and WR is empty. */
int wd_wr_take(struct wd_wr *wr, struct wd_bytes **ret_bytes) WD_MUST_USE;
