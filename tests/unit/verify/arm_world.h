/*
 * An Arm platform to judge tokens of, by a verifier that trusts its key as
 * software.
 */
#pragma once

#include "attest/arm.h"

enum { T_EDITS = 4, T_JWK = 512 };

struct t_arm {
	struct wd_arm arm;
	struct wd_arm_token token; /* what t_arm_judge() makes */
	struct wd_arm_edit edit[T_EDITS];
	uint8_t challenge[64];
	char jwk[T_JWK]; /* given as CPAK; empty: none */
	struct wd_anchor anchor;
	struct wd_appraisal_rules rules;
};

/* A new platform and a token of TEE that is good. */
void t_arm_make(struct t_arm *t, enum wd_tee tee);
void t_arm_done(struct t_arm *t);

/* Adds an edit to the token; VALUE is CBOR. */
void t_arm_set(struct t_arm *t, bool realm, int64_t key, struct wd_span value);
void t_arm_drop(struct t_arm *t, bool realm, int64_t key);
void t_arm_twice(struct t_arm *t, bool realm, int64_t key);
void t_arm_no_edits(struct t_arm *t);

/* The verdict on a token as it is described, and on these bytes. */
int t_arm_judge(struct t_arm *t, struct wd_claims *ret);
int t_arm_judge_bytes(
    struct t_arm *t, struct wd_span bytes, struct wd_claims *ret);
