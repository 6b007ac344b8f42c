/*
 * Evidence of devices beside a primary TEE, as the Confidential Containers KBS
 * protocol carries it: the text "additional_evidence" to a bundle for each
 * device. Bytes are decoded, never judged. Whoever judges reads the text only
 * once the primary's evidence is found to be bound to it.
 */
#pragma once

#include "verify/bundle.h"
#include "verify/devices.h"

struct wd_device {
	enum wd_tee tee;
	struct wd_bytes *bundle;
};

struct wd_devices {
	size_t n;
	struct wd_device at[WD_DEVICES_MAX];
};

/*
 * The devices in TEXT, in its order; none when it is empty or an empty object.
 * WD_R_RANGE for more than WD_DEVICES_MAX, WD_R_TEE_NOT_SUPPORTED for any that
 * cannot be judged (none is passed over), WD_R_MALFORMED, WD_R_UNKNOWN_MEMBER,
 * WD_R_TOO_LARGE, or a fault.
 */
int wd_devices_read(
    struct wd_span text, struct wd_devices *ret, struct wd_diag *d) WD_MUST_USE;
void wd_devices_done(struct wd_devices *all);
