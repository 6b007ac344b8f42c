/*
 * The list of what Linux's IMA has measured (binary_runtime_measurements),
 * replayed until it leads to the value of a quoted register. What follows
 * there was measured after the quote, or invented, and counts for nothing.
 */
#pragma once

#include "base/diag.h"
#include "crypto/hash.h"

struct wd_ima {
	uint32_t entries;    /* that the register covers */
	uint32_t violations; /* among them: files that changed meanwhile */
};

/* The register the list was extended into. WD_R_EVENT_LOG_MALFORMED. */
int wd_ima_pcr(struct wd_span list, unsigned *ret, struct wd_diag *d)
    WD_MUST_USE;

/*
 * VALUE is the register of BANK. ALLOW_SHA1 lets kernels before 5.8 pass, which
 * extend SHA-1 digests into every bank. WD_R_EVENT_LOG_MALFORMED,
 * WD_R_EVENT_LOG_MISMATCH when no part of the list leads to VALUE, or a fault.
 */
int wd_ima_replay(struct wd_span list, enum wd_hash bank, bool allow_sha1,
    struct wd_span value, struct wd_ima *ret, struct wd_diag *d) WD_MUST_USE;
