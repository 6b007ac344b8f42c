/*
 * Seal wrap in admin calls: what the HSM is to be asked before a call can be
 * done. The call itself comes after, with what the HSM has given, and looks at
 * everything again.
 */
#pragma once

#include "broker/admin.h"
#include "seal/sealwrap.h"

enum { WD_HSM_BLOBS = 64 }; /* versions of a key that are unwrapped at once */

struct wd_hsm_plan {
	bool
	    wrap; /* a new key is to be wrapped; or, of these, each is opened */
	struct wd_bytes *blobs[WD_HSM_BLOBS];
	size_t n;
};
void wd_hsm_plan_done(struct wd_hsm_plan *p);

/* For CALL as MSG says. 0, and RET may be empty: nothing is to be asked, or
 * what is wrong the call itself will say. WD_R_TOO_LARGE: more versions than
 * that; or a fault. */
int wd_admin_hsm_plan(struct wd_broker *b, enum wd_call call, const void *msg,
    struct wd_hsm_plan *ret, struct wd_diag *d) WD_MUST_USE;
