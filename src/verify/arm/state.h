/*
 * What CCA's platform tokens and PSA tokens say alike: the state of the
 * platform's life and the software it has booted.
 */
#pragma once

#include "verify/registry.h"

/* PSA Security Model, section 3.1: the major state is in the upper byte. */
enum { WD_LIFECYCLE_MAX = 0x60ff };

/*
 * 0 in a secured state, and where rules allow debugging in one in which all but
 * the root of trust can be debugged (RET_DEBUG). WD_R_DEBUG_NOT_ALLOWED,
 * WD_R_LIFECYCLE_NOT_SECURED.
 */
int wd_arm_lifecycle(struct wd_appraisal *a, int64_t lifecycle, bool *ret_debug)
    WD_MUST_USE;

/* Checks the form of an array of software components, at least one.
 * WD_R_MALFORMED. */
int wd_arm_components_check(struct wd_span array, struct wd_diag *d)
    WD_MUST_USE;

/* The claim software_components: per component its type ("-" when it has
 * none), its measurement and its signer in hex. 0 or WD_R_TOO_LARGE. */
int wd_arm_components_put(struct wd_claims *out, struct wd_span array)
    WD_MUST_USE;
