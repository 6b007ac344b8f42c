/*
 * Init-data: the text that a guest was started with, whose hash the host put
 * into a field that the hardware signs. The guest brings the text; here it is
 * held against that field. What is in the text is nobody's concern here, and is
 * never read.
 */
#pragma once

#include "base/diag.h"
#include "verify/claims.h"
#include "verify/tee.h"

enum { WD_INIT_DATA_MAX = 65536 };

/*
 * CLAIMS are what the evidence of TEE says. Adds "init_data": "bound", and the
 * digest of TEXT, when its hash is in the field that is there for it;
 * "untrusted" and no digest when the evidence does not have the field.
 * WD_R_INIT_DATA_MISMATCH when something else is in it, WD_R_UNSUPPORTED for a
 * TEE that has no such field, or a fault.
 */
int wd_init_data_judge(enum wd_tee tee, struct wd_span text,
    struct wd_claims *claims, struct wd_diag *d) WD_MUST_USE;
