/*
 * Claims: what verified evidence says, as typed values in one flat block, each
 * {u8 id, u8 type, u16 length little endian, value}. Made by the verifiers,
 * read by policy, tokens and the log. Rows in verify/claims.def.
 */
#pragma once

#include "base/diag.h"
#include "base/rd.h"
#include "base/wr.h"

enum wd_claim_type {
	WD_CLAIM_UINT = 1,  /* 8 bytes little endian, WD_CLAIM_UINT_MAX */
	WD_CLAIM_BYTES = 2, /* shown as hex */
	WD_CLAIM_TEXT = 3,  /* printable ASCII */
	WD_CLAIM_BOOL = 4,  /* one byte, 0 or 1 */
	WD_CLAIM_TIME = 5,  /* seconds since 1970, 8 bytes; shown as RFC 3339 */
	WD_CLAIM_LIST = 6,  /* texts, each followed by a zero byte */
	WD_CLAIM_NUMBERS = 7, /* u16 little endian each */
};

/* What a number in JSON can be (RFC 8259, section 6). */
#define WD_CLAIM_UINT_MAX ((UINT64_C(1) << 53) - 1)

enum wd_claim {
#define WD_CLAIM(id, NAME, name, type) WD_C_##NAME = id,
#include "verify/claims.def"
#undef WD_CLAIM
};

enum { WD_CLAIMS_MAX = 6144 };

struct wd_claims {
	size_t len;
	uint8_t last; /* the highest id so far */
	uint8_t flat[WD_CLAIMS_MAX];
};

/* Adds a value. Ids come in rising order and have the type of the function
 * (asserted). 0, or WD_R_TOO_LARGE. */
int wd_claims_put(struct wd_claims *c, enum wd_claim id, struct wd_span value)
    WD_MUST_USE;
int wd_claims_put_uint(struct wd_claims *c, enum wd_claim id, uint64_t v)
    WD_MUST_USE;
int wd_claims_put_bool(struct wd_claims *c, enum wd_claim id, bool v)
    WD_MUST_USE;
int wd_claims_put_time(struct wd_claims *c, enum wd_claim id, int64_t v)
    WD_MUST_USE;
int wd_claims_put_text(struct wd_claims *c, enum wd_claim id, const char *v)
    WD_MUST_USE;
/* The positions of the bits that are set in MASK, lowest first. */
int wd_claims_put_bits(struct wd_claims *c, enum wd_claim id, uint64_t mask)
    WD_MUST_USE;

/* False (and an empty value) when absent. Views live as long as C. */
bool wd_claims_get(
    const struct wd_claims *c, enum wd_claim id, struct wd_span *ret_value);
bool wd_claims_uint(const struct wd_claims *c, enum wd_claim id, uint64_t *ret);
bool wd_claims_bool(
    const struct wd_claims *c, enum wd_claim id); /* absent: false */
bool wd_claims_time(const struct wd_claims *c, enum wd_claim id, int64_t *ret);

/* Checks and adopts a flat block from another role or from the store: known
 * ids in rising order, right types and lengths. WD_R_MALFORMED otherwise. */
int wd_claims_adopt(struct wd_claims *c, struct wd_span flat) WD_MUST_USE;
struct wd_span wd_claims_flat(const struct wd_claims *c);

/* Walks all values in order: start with *AT = 0; false at the end. */
struct wd_claim_row {
	enum wd_claim id;
	const char *name;
	enum wd_claim_type type;
};
bool wd_claims_next(const struct wd_claims *c, size_t *at,
    const struct wd_claim_row **ret_row, struct wd_span *ret_value);

const struct wd_claim_row *wd_claim_rows(size_t *ret_n);
const struct wd_claim_row *wd_claim_by_name(struct wd_span name);
enum wd_claim_type wd_claim_type(enum wd_claim id);
