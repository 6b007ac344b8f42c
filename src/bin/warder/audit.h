/*
 * What the offline verbs about the log share: the folder and the key to check
 * it by.
 */
#pragma once

#include "audit/checkpoint.h"
#include "base/diag.h"
#include "bin/warder/args.h"

struct audit_log {
	int dir;                /* owned */
	struct wd_note_key key; /* owned */
	bool pinned; /* the key was given; else it is the folder's own word */
};

void audit_log_done(struct audit_log *l);

/* Opens --log and loads --key, or the public key of the folder. 0 or a fault.
 */
int audit_log_open(const struct cli_args *args, struct audit_log *ret,
    struct wd_diag *d) WD_MUST_USE;

/* Reads a checkpoint of a file in DIR and checks its signature. */
int audit_checkpoint_read(const struct audit_log *l, int dir, const char *file,
    struct wd_bytes **ret_note, struct wd_checkpoint *ret, struct wd_diag *d)
    WD_MUST_USE;

/* Says on standard error why a verb could not do its work, and what it
 * returns then. */
enum cli_exit audit_complain(int result, const struct wd_diag *d);
