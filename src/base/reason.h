/*
 * Results of functions: 0 is done, a negative number is a fault (we could not
 * do it), a positive one a rejection (the input or the caller is not
 * acceptable). The sign decides log level, HTTP class and retry; no caller
 * branches on a fault's number. The rows are in base/reason.def.
 */
#pragma once

#include "base/span.h"

enum wd_faults {
	WD_F_MEMORY = -1, /* no memory, or a cap of our own reached */
	WD_F_SYSTEM = -2, /* a system call or a library failed */
	WD_F_CRYPTO = -3, /* libcrypto failed where it should not */
	WD_F_STORE =
	    -4, /* the database or a file of ours is not as it must be */
	WD_F_PEER = -5,    /* another role went away or broke the protocol */
	WD_F_TIMEOUT = -6, /* a deadline passed */
	WD_F_BUG = -7,     /* only our own mistake explains it */
};

enum wd_reason {
#define WD_REASON(number, name, text, status, sentence) WD_R_##name = number,
#include "base/reason.def"
#undef WD_REASON
};

struct wd_reason_row {
	enum wd_reason number;
	const char *name;     /* as tokens, logs and answers spell it */
	int status;           /* HTTP status of an answer that carries it */
	const char *sentence; /* what a person is told */
};

/* The row of a rejection; for faults and unknown numbers the row "fault". */
const struct wd_reason_row *wd_reason_row(int result);

/* Short for the row's name. */
const char *wd_reason_name(int result);

/* The row with this name, or NULL. */
const struct wd_reason_row *wd_reason_by_name(struct wd_span name);

/* All rows, for tests and documents. */
const struct wd_reason_row *wd_reason_rows(size_t *ret_n);
