/*
 * A set of reference values: what an operator takes as good (RFC 9334), under
 * a name that policies use instead of the values. One version of it is one flat
 * form; a change of the set is a new version under the same name, and changes
 * what every policy accepts that names it.
 *
 *   { "name": "web-1.4", "description": "…", "expires": "2027-01-01T00:00:00Z",
 *     "values": { "mr_td": ["hex", …], "isv_prod_id": [1, 2],
 *                 "pcrs": { "sha256": { "4": ["hex"], "11": ["hex", …] } } } }
 *
 * The flat form, version 1, little endian: u16 version 1, name and description
 * (u16 length, text), i64 expires (0: never), then rows to the end: u8 claim,
 * u8 bank (0: not of a register), u16 number of values, each {u16 length,
 * bytes}. Rows come in the order of the text; nothing comes twice.
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"
#include "codec/jtext.h"
#include "policy/clause.h"

enum {
	WD_REFERENCE_VERSION = 1,
	WD_REFERENCE_FLAT_MAX = 65536,
	WD_REFERENCE_TEXT_MAX = 262144,
	WD_REFERENCE_ROWS = 256,
	WD_REFERENCE_VALUES = 256, /* of one row */
	WD_REFERENCE_NAME = 64,
	WD_REFERENCE_NOTE = 256, /* of the description */
};

struct wd_reference_row {
	const struct wd_claim_row *claim;
	uint8_t bank; /* of a register: wd_bank_by_name(); 0: no register */
	size_t n;
	struct wd_span values; /* as those of a clause */
};

struct wd_reference {
	struct wd_span name, description;
	int64_t expires;     /* the last second it may be used; 0: never ends */
	uint8_t version[32]; /* by wd_reference_version(); zeros until then */
	size_t n_rows;
	struct wd_reference_row *rows; /* owned */
	struct wd_bytes *flat;         /* owned; spans are views of it */
};

/*
 * Checks a flat set and takes a copy. WD_R_MALFORMED for anything odd,
 * WD_R_TOO_LARGE, or a fault.
 */
int wd_reference_adopt(struct wd_span flat, struct wd_diag *d,
    struct wd_reference **ret) WD_MUST_USE;
struct wd_reference *wd_reference_free(struct wd_reference *x);
void wd_reference_freep(struct wd_reference **x);

/* The flat form; lives as long as X. */
struct wd_span wd_reference_flat(const struct wd_reference *x);

/* 1 to 64 letters, digits, `.`, `_` and `-`, a letter or digit first. */
bool wd_reference_is_name(struct wd_span s);

/* Whether it may still be used. */
bool wd_reference_is_current(const struct wd_reference *x, int64_t now);

/* The row of a claim; BANK is 0 unless it is a register. NULL: there is none.
 */
const struct wd_reference_row *wd_reference_find(
    const struct wd_reference *x, enum wd_claim claim, uint8_t bank);

/* Banks of registers by name, from 1; 0: none of ours. Then the name of one,
 * NULL past the last, and the bytes of a value. */
uint8_t wd_bank_by_name(struct wd_span name);
const char *wd_bank_name(uint8_t bank);
size_t wd_bank_len(uint8_t bank);

/* "pcr.7" and its like. */
bool wd_claim_is_register(enum wd_claim claim);

/* The canonical text (RFC 8785), without members that say nothing. */
void wd_reference_text(const struct wd_reference *x, struct wd_jtext *j);

/* Fills X->version in: the SHA-256 of that text. 0 or a fault. */
int wd_reference_version(struct wd_reference *x) WD_MUST_USE;

/* Its values alone: what the member "values" holds. */
void wd_reference_values_text(const struct wd_reference *x, struct wd_jtext *j);

/*
 * Writing the flat form: head, then rows, each followed by its values
 * (wd_policy_put_value()). Whatever is wrong shows at adoption.
 */
void wd_reference_put_head(struct wd_wr *wr, struct wd_span name,
    struct wd_span description, int64_t expires);
void wd_reference_put_row(
    struct wd_wr *wr, enum wd_claim claim, uint8_t bank, size_t n_values);
