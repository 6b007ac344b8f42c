/*
 * Configuration files: `[section]` and `name = value` lines; comments start
 * with `#` or `;`, or within a line with a blank and `;`. The only door to the
 * ini library. What a name means is the caller's business.
 *
 * Stricter than the library: UTF-8 without control bytes, no indented lines
 * (which it would take for a continuation), no line it would cut.
 */
#pragma once

#include "base/diag.h"

enum { WD_INI_MAX = 262144 };

struct wd_ini_entry {
	unsigned line;
	const char *section; /* "" before the first */
	const char *name, *value;
};

/* 0, or why the entry is not accepted; the line is put in front of it. */
typedef int wd_ini_take(
    void *ctx, const struct wd_ini_entry *entry, struct wd_diag *d);

/*
 * Gives TAKE each entry in order, up to the first that it refuses; texts live
 * until it returns. What TAKE returned; WD_R_MALFORMED with the line;
 * WD_R_TOO_LARGE over WD_INI_MAX bytes; or a fault.
 */
int wd_ini_read(struct wd_span text, wd_ini_take *take, void *ctx,
    struct wd_diag *d) WD_MUST_USE;
