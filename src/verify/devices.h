/*
 * Devices beside a primary TEE: what their evidence says becomes claims of the
 * whole. Each device was judged before, by its own steps and with the same
 * challenge; none is left out here.
 */
#pragma once

#include "verify/claims.h"

enum { WD_DEVICES_MAX = 16 };

/*
 * The claims of PRIMARY with those of N (1 to WD_DEVICES_MAX) devices behind
 * them, as "gpus": software roots count wherever they are, and the earliest
 * end of anything used is that of all. WD_R_DEVICE_TWICE when two have one
 * platform id or one has none, WD_R_TOO_LARGE when the claims do not fit.
 */
int wd_devices_join(const struct wd_claims *primary,
    const struct wd_claims *device, size_t n, struct wd_claims *ret,
    struct wd_diag *d) WD_MUST_USE;
