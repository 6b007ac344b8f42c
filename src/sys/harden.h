/*
 * What every role does before anything else, and what the kernel may lack.
 */
#pragma once

#include "base/diag.h"

/* Names of kernel features that are not there, "; " between them; at most 1
 * KiB. Lives as long as the process. */
const char *wd_harden_missing(void);

/* Notes one more missing feature. */
void wd_harden_note_missing(const char *feature);

/*
 * Empty environment, umask 077, no core files, limits, no new privileges, not
 * dumpable, default signal dispositions with SIGPIPE ignored. 0 or a fault.
 */
int wd_harden_process(struct wd_diag *d) WD_MUST_USE;

/* SCHED_BATCH for the calling process; a refusal is noted as missing. */
void wd_harden_batch(void);

/* Pins to the N-th CPU of the inherited mask. Refusals are noted. */
void wd_harden_pin(unsigned nth);

/* Becomes USER (and its group, no others) for good. Fault when it fails. */
int wd_harden_become(const char *user, struct wd_diag *d) WD_MUST_USE;
