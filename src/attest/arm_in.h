/*
 * Inside of attest/arm.h: writing claims, and the kinds of token.
 */
#pragma once

#include "attest/arm.h"

enum { WD_ARM_CLAIMS = 4096 };

/* Claims as they are encoded. */
struct wd_arm_claims {
	struct wd_wr wr; /* keys and values */
	size_t n;
	bool realm;
	const struct wd_arm_token *t;
};

/* A claim whose VALUE is encoded; edits are applied here. */
void wd_arm_put(struct wd_arm_claims *c, int64_t key, struct wd_span value);
void wd_arm_put_bytes(struct wd_arm_claims *c, int64_t key, struct wd_span s);
void wd_arm_put_text(struct wd_arm_claims *c, int64_t key, const char *text);
void wd_arm_put_int(struct wd_arm_claims *c, int64_t key, int64_t v);

/* Two software components whose measurements are digests of words. */
void wd_arm_put_components(struct wd_arm_claims *c, int64_t key);

/* Edits that set a claim which is none of those KNOWN to the token. */
void wd_arm_put_added(
    struct wd_arm_claims *c, const int64_t *known, size_t n_known);

/* The map of claims as a message by KEY. 0 or a fault. */
int wd_arm_sign_claims(struct wd_arm_claims *c, const struct wd_pkey *key,
    struct wd_bytes **ret, struct wd_diag *d) WD_MUST_USE;

int64_t wd_arm_lifecycle_of(const struct wd_arm_token *t);

/* 0 or a fault. */
int wd_arm_cca(const struct wd_arm *arm, const struct wd_arm_token *t,
    struct wd_bytes **ret, struct wd_diag *d) WD_MUST_USE;
int wd_arm_psa(const struct wd_arm *arm, const struct wd_arm_token *t,
    struct wd_bytes **ret, struct wd_diag *d) WD_MUST_USE;
