/*
 * The software TEE's Arm side: CCA and PSA tokens of a platform that is not
 * there. Its key says in its JWK that it is software, and so do its tokens, in
 * their implementation id.
 */
#pragma once

#include "base/wr.h"
#include "crypto/pkey.h"
#include "verify/appraise.h"

enum { WD_ARM_INSTANCE = 33 };

/* A platform; the realm's key is new in each process. */
struct wd_arm {
	struct wd_pkey *cpak, *rak;
	uint8_t instance_id[WD_ARM_INSTANCE]; /* 01, SHA-256 of the CPAK */
};

/* A platform of the key CPAK, which is taken; NULL: a new one (P-384). 0,
 * WD_R_KEY_INVALID when it is no private EC key, or a fault. */
int wd_arm_open(struct wd_pkey *cpak_take, struct wd_arm *ret,
    struct wd_diag *d) WD_MUST_USE;
void wd_arm_done(struct wd_arm *arm);

/* The key into the folder DIR (0600), its JWKs into COLLATERAL. WD_R_EXISTS
 * when there is a key already, or a fault. */
int wd_arm_save(const struct wd_arm *arm, int dir, int collateral,
    struct wd_diag *d) WD_MUST_USE;

/* The platform of the key in DIR. WD_R_NOT_FOUND, WD_R_MALFORMED, a fault. */
int wd_arm_load(int dir, struct wd_arm *ret, struct wd_diag *d) WD_MUST_USE;

/* The CPAK as collateral, for tokens of TEE: this platform signs both kinds
 * with one key. */
void wd_arm_write_jwk(
    struct wd_wr *wr, const struct wd_arm *arm, enum wd_tee tee);

/* The anchor that a configuration needs for it. 0 or a fault. */
int wd_arm_anchor(const struct wd_arm *arm, enum wd_tee tee,
    struct wd_anchor *ret) WD_MUST_USE;

/* One claim that is not as it would be, for tests and demonstrations. */
struct wd_arm_edit {
	bool realm; /* of the realm's token, else the platform's */
	int64_t key;
	enum { WD_ARM_DROP, WD_ARM_TWICE, WD_ARM_SET } what;
	struct wd_span value; /* CBOR; a claim that is not there is added */
};

struct wd_arm_token {
	enum wd_tee tee; /* CCA or PSA */
	/* CCA: 64 bytes; PSA: 32, 48 or 64. */
	struct wd_span challenge;
	bool named;         /* CCA: the realm token has a profile */
	unsigned profile;   /* PSA: 0 RFC 9783, 1 PSA_IOT_PROFILE_1, 2 2.0.0 */
	uint16_t lifecycle; /* 0: secured */
	/* CCA; zeros take a digest of "warder software realm". */
	uint8_t measurement[64], personalization[64];
	const struct wd_arm_edit *edits;
	size_t n_edits;
	/* Others that sign and are bound; NULL: those of the platform. */
	const struct wd_pkey *platform_signer, *realm_signer, *bound;
};

/* 0 or a fault. */
int wd_arm_token(const struct wd_arm *arm, const struct wd_arm_token *t,
    struct wd_bytes **ret, struct wd_diag *d) WD_MUST_USE;
