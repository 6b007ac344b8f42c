/*
 * DER (X.690) on the cursor: definite lengths in their shortest form, one-byte
 * tags. Enough for the vendors' certificate extensions and for key material.
 */
#pragma once

#include "base/rd.h"
#include "base/wr.h"

enum wd_der_tag {
	WD_DER_BOOLEAN = 0x01,
	WD_DER_INTEGER = 0x02,
	WD_DER_BIT_STRING = 0x03,
	WD_DER_OCTET_STRING = 0x04,
	WD_DER_NULL = 0x05,
	WD_DER_OID = 0x06,
	WD_DER_ENUMERATED = 0x0a,
	WD_DER_UTF8_STRING = 0x0c,
	WD_DER_IA5_STRING = 0x16,
	WD_DER_SEQUENCE = 0x30,
	WD_DER_SET = 0x31,
};

/* The contents of the next element; poisons RD when its tag is not TAG. */
struct wd_rd wd_der_enter(struct wd_rd *rd, uint8_t tag);

/* Any next element: its tag, and a view of its contents. */
struct wd_span wd_der_any(struct wd_rd *rd, uint8_t *ret_tag);

/* The tag of the next element without taking it; 0 at the end. */
uint8_t wd_der_peek(const struct wd_rd *rd);

/* Contents of an OBJECT IDENTIFIER, for comparison with encoded bytes. */
struct wd_span wd_der_oid(struct wd_rd *rd);

/* A non-negative INTEGER or ENUMERATED up to MAX, minimally encoded. */
uint64_t wd_der_uint(struct wd_rd *rd, uint8_t tag, uint64_t max);

bool wd_der_boolean(struct wd_rd *rd);

/* The whole next element, head and contents: what a signature covers. */
struct wd_span wd_der_whole(struct wd_rd *rd, uint8_t tag);

/* Contents of an INTEGER of either sign, minimally encoded, 1 to MAX bytes. */
struct wd_span wd_der_integer(struct wd_rd *rd, size_t max);

/* The number of a non-negative INTEGER without the sign's zero byte; zero is
 * one zero byte. At most MAX bytes. */
struct wd_span wd_der_magnitude(struct wd_rd *rd, size_t max);

/* The bytes of a BIT STRING whose last byte is used in full. */
struct wd_span wd_der_bytes_of_bits(struct wd_rd *rd);

/* Writes tag and length for N bytes of contents that follow. */
void wd_der_write_head(struct wd_wr *wr, uint8_t tag, size_t n);

/* A whole element; CONTENTS are not looked at. */
void wd_der_write(struct wd_wr *wr, uint8_t tag, struct wd_span contents);
