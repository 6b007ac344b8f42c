/*
 * What every process of the product does before anything else, and what the
 * kernel may lack.
 */
#pragma once

#include "base/diag.h"

/* Names of kernel features that are not there, "; " between them; at most 1
 * KiB. Lives as long as the process. */
const char *wd_harden_missing(void);

/* Notes one more missing feature; a second time it changes nothing. */
void wd_harden_note_missing(const char *feature);

/*
 * Empty environment, umask 077, no core files, no new privileges, not
 * dumpable, default signal dispositions with SIGPIPE ignored, no signal
 * blocked. Time zone data is read, since a sandbox forbids it later. 0 or a
 * fault.
 */
int wd_harden_process(struct wd_diag *d) WD_MUST_USE;

/* As wd_harden_process(), but keeps the environment (where the service manager
 * is found) and may still become other users. For the supervisor. */
int wd_harden_supervisor(struct wd_diag *d) WD_MUST_USE;

/* SCHED_BATCH for the calling process; a refusal is noted as missing. */
void wd_harden_batch(void);

/* The CPUs this process may use: how many, and the number of the N-th. */
unsigned wd_harden_cpus(void);
unsigned wd_harden_cpu(unsigned nth);

/* Runs on this CPU alone from now on. Fault when the kernel refuses. */
int wd_harden_pin(unsigned cpu, struct wd_diag *d) WD_MUST_USE;

/* Becomes USER (and its group, no others) for good. Fault when it fails. */
int wd_harden_become(const char *user, struct wd_diag *d) WD_MUST_USE;
