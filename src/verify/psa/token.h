/*
 * The claims of a PSA token, whatever its profile calls them.
 */
#pragma once

#include "verify/arm/cwt.h"

/* Views into the token; what is optional is empty when absent. */
struct wd_psa_token {
	const char *profile;
	struct wd_span nonce, instance_id, implementation_id, boot_seed;
	struct wd_span certification, service;
	struct wd_span components; /* none: it says that it has none */
	int64_t client_id, lifecycle;
};

/* WD_R_MALFORMED, also for a profile that is not known. */
int wd_psa_token_read(struct wd_span payload, struct wd_psa_token *ret,
    struct wd_diag *d) WD_MUST_USE;
