/*
 * TTLV, the binary encoding of KMIP (KMIP Specification 1.4, section 9.1; 2.0
 * keeps it in its Encoding of TTLV): tag, type, length, value, padded to eight
 * bytes. Strict: a length that is not the type's, padding that is not zero, a
 * structure that its items do not fill, are refused.
 *
 * A whole message is checked first, then read item by item on the cursor.
 * Nothing is allocated, nothing recurses. Errors stick to the cursor.
 *
 *   if ((r = wd_ttlv_check(message)) != 0)
 *           return r;
 *   rd = wd_rd(message);
 *   in = wd_ttlv_enter(&rd, RESPONSE_MESSAGE);
 *   if (wd_ttlv_peek(&in) == BATCH_COUNT)
 *           n = wd_ttlv_int(&in, BATCH_COUNT);
 */
#pragma once

#include "base/rd.h"
#include "base/wr.h"

enum wd_ttlv_type {
	WD_TTLV_NONE = 0,
	WD_TTLV_STRUCTURE = 1,
	WD_TTLV_INTEGER = 2,
	WD_TTLV_LONG = 3,
	WD_TTLV_BIG = 4,
	WD_TTLV_ENUM = 5,
	WD_TTLV_BOOLEAN = 6,
	WD_TTLV_TEXT = 7,
	WD_TTLV_BYTES = 8,
	WD_TTLV_TIME = 9,
	WD_TTLV_INTERVAL = 10,
	WD_TTLV_TIME_EXTENDED = 11,
};

enum {
	WD_TTLV_HEAD = 8,     /* tag, type and length */
	WD_TTLV_DEPTH = 16,   /* structures in one another */
	WD_TTLV_ITEMS = 8192, /* of one message */
};

/* The bytes of an item of which HEAD begins, head and padding included; 0 when
 * HEAD is no head of a structure of a whole number of eight bytes. For those
 * who read messages off a stream. */
uint64_t wd_ttlv_message_len(const uint8_t head[WD_TTLV_HEAD]);

/* MESSAGE is one structure that is well-formed all through, within the bounds
 * above. 0, WD_R_MALFORMED; WD_R_TOO_LARGE beyond them. */
int wd_ttlv_check(struct wd_span message) WD_MUST_USE;

/* Tag and type of the next item without taking it; 0 at the end. */
uint32_t wd_ttlv_peek(const struct wd_rd *rd);
enum wd_ttlv_type wd_ttlv_peek_type(const struct wd_rd *rd);

/* The contents of the next item; poisons RD unless it is a structure of TAG. */
struct wd_rd wd_ttlv_enter(struct wd_rd *rd, uint32_t tag);

/* Values; poison RD when the next item has another tag or type. */
int32_t wd_ttlv_int(struct wd_rd *rd, uint32_t tag);
int64_t wd_ttlv_long(struct wd_rd *rd, uint32_t tag);
uint32_t wd_ttlv_enum(struct wd_rd *rd, uint32_t tag);
bool wd_ttlv_bool(struct wd_rd *rd, uint32_t tag);
int64_t wd_ttlv_time(struct wd_rd *rd, uint32_t tag);
uint32_t wd_ttlv_interval(struct wd_rd *rd, uint32_t tag);

/* Views into the message. Texts are UTF-8 without NUL; big integers are two's
 * complement, big endian, a whole number of eight bytes. Poison RD also beyond
 * MAX bytes. */
struct wd_span wd_ttlv_text(struct wd_rd *rd, uint32_t tag, size_t max);
struct wd_span wd_ttlv_bytes(struct wd_rd *rd, uint32_t tag, size_t max);
struct wd_span wd_ttlv_big(struct wd_rd *rd, uint32_t tag, size_t max);

/* Takes the next item whatever it is. What is inside of a structure is not
 * looked at: wd_ttlv_check() has. */
void wd_ttlv_skip(struct wd_rd *rd);

/* ---- writing */

/* Begins a structure; the offset is for wd_ttlv_close(), which ends it. */
size_t wd_ttlv_open(struct wd_wr *wr, uint32_t tag) WD_MUST_USE;
void wd_ttlv_close(struct wd_wr *wr, size_t offset);

void wd_ttlv_write_int(struct wd_wr *wr, uint32_t tag, int32_t v);
void wd_ttlv_write_long(struct wd_wr *wr, uint32_t tag, int64_t v);
void wd_ttlv_write_enum(struct wd_wr *wr, uint32_t tag, uint32_t v);
void wd_ttlv_write_bool(struct wd_wr *wr, uint32_t tag, bool v);
void wd_ttlv_write_time(struct wd_wr *wr, uint32_t tag, int64_t v);
void wd_ttlv_write_interval(struct wd_wr *wr, uint32_t tag, uint32_t v);
void wd_ttlv_write_bytes(struct wd_wr *wr, uint32_t tag, struct wd_span s);

/* Poisons WR unless S is UTF-8 without NUL. */
void wd_ttlv_write_text(struct wd_wr *wr, uint32_t tag, struct wd_span s);

/* V is two's complement, big endian, at least one byte; it is made longer by
 * its sign. */
void wd_ttlv_write_big(struct wd_wr *wr, uint32_t tag, struct wd_span v);
