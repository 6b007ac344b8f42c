/*
 * What `restore` and `backup verify` share beside the backup itself: the
 * process, and what is said at the end.
 */
#pragma once

#include "bin/warder/restore.h"

/* No core, no debugger, secret memory: before the first secret. */
int restore_prepare(struct wd_diag *d) WD_MUST_USE;

void restore_init_done(struct init *x);

enum cli_exit restore_complain(
    const char *verb, int result, const struct wd_diag *d);

/* What was made, what is void, and what the store has lost since. */
bool restore_say(const struct restore *r, bool json);

/* What was found in a backup that was only looked at. */
bool restore_say_verified(const struct restore *r, bool json);
