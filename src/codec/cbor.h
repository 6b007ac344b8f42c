/*
 * CBOR (RFC 8949) on the cursor, as attestation tokens use it: definite
 * lengths only, since the profiles of all tokens that are read here demand
 * them; arguments may be longer than need be. Nothing is allocated, nothing
 * recurses, and nothing is read from a count: a container's elements are taken
 * one by one out of the bytes that are there. Errors stick to the cursor.
 *
 *   n = wd_cbor_map(&rd, 32);
 *   for (size_t i = 0; i < n && !rd.bad; i++)
 *           switch (wd_cbor_int(&rd, 0, 1000)) { ... }
 *
 * That no key comes twice is for the reader's table to see.
 */
#pragma once

#include "base/rd.h"
#include "base/wr.h"

/* The major types, in their numbers; NONE at the end and after an error. */
enum wd_cbor_type {
	WD_CBOR_UINT = 0,
	WD_CBOR_NEGATIVE = 1,
	WD_CBOR_BYTES = 2,
	WD_CBOR_TEXT = 3,
	WD_CBOR_ARRAY = 4,
	WD_CBOR_MAP = 5,
	WD_CBOR_TAG = 6,
	WD_CBOR_SIMPLE = 7,
	WD_CBOR_NONE = 8,
};

/* How deep containers and tags may nest in what is skipped. */
enum { WD_CBOR_DEPTH = 8 };

/* The type of the next item without taking it. */
enum wd_cbor_type wd_cbor_peek(const struct wd_rd *rd);

/* An integer of either sign; poisons RD outside MIN to MAX. */
int64_t wd_cbor_int(struct wd_rd *rd, int64_t min, int64_t max);

/* A view of a byte string or of a text (UTF-8, no control characters); poisons
 * RD when it is shorter than MIN or longer than MAX bytes. */
struct wd_span wd_cbor_bytes(struct wd_rd *rd, size_t min, size_t max);
struct wd_span wd_cbor_text(struct wd_rd *rd, size_t min, size_t max);

/* How many elements an array, or pairs a map, has; 0, and RD is poisoned, when
 * they are more than MAX or more than bytes are left. They come next. */
size_t wd_cbor_array(struct wd_rd *rd, size_t max);
size_t wd_cbor_map(struct wd_rd *rd, size_t max);

/* Takes a tag that must be TAG; the tagged item comes next. */
void wd_cbor_tag(struct wd_rd *rd, uint64_t tag);

/* The whole next item, of any type, as a view. */
struct wd_span wd_cbor_whole(struct wd_rd *rd);

/* ---- writing, in the shortest form */

void wd_cbor_write_int(struct wd_wr *wr, int64_t v);
void wd_cbor_write_bytes(struct wd_wr *wr, struct wd_span s);
void wd_cbor_write_text(struct wd_wr *wr, struct wd_span s);

/* The head of any type with its argument: what containers and tags begin
 * with, and strings whose bytes follow. */
void wd_cbor_write_head(struct wd_wr *wr, enum wd_cbor_type type, uint64_t v);
