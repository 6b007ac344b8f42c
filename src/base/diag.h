/*
 * Why something was refused or failed: one reason and one sentence, carried to
 * the place where it is logged or answered. Library layers do not log.
 */
#pragma once

#include "base/reason.h"

struct wd_diag {
	int result;       /* what the function that failed first returned */
	char detail[232]; /* English, no secret, no untrusted control bytes */
};

/*
 * Both record RESULT and the sentence unless an earlier one stands, and return
 * RESULT, so that `return wd_reject(d, WD_R_X, "...")` reads. D may be NULL.
 * Bytes outside printable ASCII are shown as '?'.
 */
int wd_reject(struct wd_diag *d, enum wd_reason reason, const char *fmt, ...)
    WD_PRINTF(3, 4);
int wd_fault(struct wd_diag *d, enum wd_faults fault, const char *fmt, ...)
    WD_PRINTF(3, 4);

/* As wd_fault, with the text of errno appended. */
int wd_fault_errno(struct wd_diag *d, const char *fmt, ...) WD_PRINTF(2, 3);

/* Makes room for the next attempt. */
void wd_diag_clear(struct wd_diag *d);
