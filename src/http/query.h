/*
 * The query of a target: `name=value` pairs, each name known and given at most
 * once, values percent-decoded to printable ASCII. Pure.
 */
#pragma once

#include "base/diag.h"

struct wd_param {
	const char *name;
	char *dst;   /* receives the value; an empty text when absent */
	size_t size; /* of DST */
	bool given;
};

/*
 * Fills PARAMS. WD_R_UNKNOWN_MEMBER for a name that is not among them,
 * WD_R_MALFORMED for a second one of a name or a value that does not decode,
 * WD_R_RANGE for a value longer than its place.
 */
int wd_query_read(struct wd_span query, struct wd_param *params, size_t n,
    struct wd_diag *d) WD_MUST_USE;
