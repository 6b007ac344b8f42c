/*
 * The claims of a token (CWT, RFC 8392): one CBOR map from numbers to values,
 * read by a table of those that are known. A key that is in the table may come
 * once; others are passed over, as EAT (RFC 9711, section 6.3) has it.
 */
#pragma once

#include "base/diag.h"
#include "base/rd.h"

enum wd_cwt_type {
	WD_CWT_UINT,   /* MIN and MAX are values; up to 2^31 - 1 */
	WD_CWT_INT,    /* any of 32 bits with its sign */
	WD_CWT_BYTES,  /* MIN and MAX are lengths */
	WD_CWT_TEXT,   /* likewise; printable ASCII */
	WD_CWT_DIGEST, /* 32, 48 or 64 bytes */
	WD_CWT_ANY,    /* an item, as it is encoded */
};

struct wd_cwt_row {
	int64_t key;
	const char *name; /* for messages */
	enum wd_cwt_type type;
	size_t min, max;
	bool needed;
};

struct wd_cwt_value {
	bool is;
	struct wd_span bytes; /* a view; unless it is a number */
	int64_t number;
};

enum { WD_CWT_ROWS = 16, WD_CWT_PAIRS = 64 };

/*
 * The values of ROWS (at most WD_CWT_ROWS) in PAYLOAD, in their order.
 * WD_R_MALFORMED.
 */
int wd_cwt_read(struct wd_span payload, const char *what,
    const struct wd_cwt_row *rows, size_t n, struct wd_cwt_value *ret,
    struct wd_diag *d) WD_MUST_USE;

/* The same, for a map that RD stands at; nothing is reported. Poisons RD. */
void wd_cwt_take(struct wd_rd *rd, const struct wd_cwt_row *rows, size_t n,
    struct wd_cwt_value *ret);
