/*
 * The Arm CCA token: a platform's statement and a realm's, each signed. The
 * claims are read by whoever has verified what is over them.
 */
#pragma once

#include "verify/arm/cwt.h"
#include "verify/cose.h"

/* Views into the token. */
struct wd_cca_token {
	struct wd_cose platform, realm;
};

/* WD_R_MALFORMED. */
int wd_cca_token_parse(struct wd_span bytes, struct wd_cca_token *ret,
    struct wd_diag *d) WD_MUST_USE;

struct wd_cca_platform {
	struct wd_span profile, challenge, implementation_id, instance_id;
	struct wd_span config, components, service, hash;
	int64_t lifecycle;
};

/* WD_R_MALFORMED, also for a profile that is not known. */
int wd_cca_platform_read(struct wd_span payload, struct wd_cca_platform *ret,
    struct wd_diag *d) WD_MUST_USE;

struct wd_cca_realm {
	struct wd_span profile; /* empty: the first one, which had no name */
	struct wd_span challenge, personalization, hash;
	struct wd_span rak, rak_hash; /* as they are bound */
	struct wd_span rim, rem[4];
};

/* Likewise. */
int wd_cca_realm_read(struct wd_span payload, struct wd_cca_realm *ret,
    struct wd_diag *d) WD_MUST_USE;

/* The realm's key, in the form its profile wants. WD_R_MALFORMED, a fault. */
int wd_cca_rak(const struct wd_cca_realm *realm, struct wd_pkey **ret,
    struct wd_diag *d) WD_MUST_USE;
