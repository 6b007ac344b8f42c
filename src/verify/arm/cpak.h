/*
 * The key that a platform signs its tokens with, as its maker made it known:
 * CPAK for CCA, IAK for PSA. It is no certificate: whoever gives it to the
 * verifier vouches for it.
 */
#pragma once

#include "crypto/pkey.h"
#include "verify/registry.h"

enum { WD_INSTANCE_ID = 33 };

struct wd_cpak {
	struct wd_pkey *key;
	enum wd_tee tee; /* CCA, PSA; NONE: it does not say */
	bool has_instance;
	uint8_t instance_id[WD_INSTANCE_ID];
	bool software;      /* says that it is of a software TEE */
	uint8_t sha256[32]; /* of its SubjectPublicKeyInfo */
};

void wd_cpak_done(struct wd_cpak *cpak);

/*
 * A public EC key as JWK (RFC 7517). Beside its standard members may stand
 * "tee" ("cca" or "psa"), "instance_id", the platform it is of in hex, and
 * "software". WD_R_MALFORMED (also for a private key), WD_R_KEY_INVALID, or a
 * fault.
 */
int wd_cpak_read(struct wd_span jwk, struct wd_cpak *ret, struct wd_diag *d)
    WD_MUST_USE;

/*
 * The key in the part CPAK of A. Rejections: WD_R_COLLATERAL_MISSING;
 * WD_R_MALFORMED when it is none; WD_R_PLATFORM_BAD_SIGNATURE when it is for
 * the tokens of another TEE; WD_R_CHAIN_UNTRUSTED_ROOT when it is a software
 * TEE's that no anchor names.
 */
int wd_cpak_get(struct wd_appraisal *a, struct wd_cpak *ret) WD_MUST_USE;

/* WD_R_PLATFORM_BAD_SIGNATURE when the key is known to be of another platform
 * than INSTANCE. */
int wd_cpak_fits(const struct wd_cpak *cpak, struct wd_span instance,
    struct wd_diag *d) WD_MUST_USE;

/*
 * A key that is to be stored: as wd_doc_check(). It must say which platform
 * and TEE it is of, and has no dates but that of its coming. WD_R_MALFORMED,
 * WD_R_CHAIN_UNTRUSTED_ROOT as above.
 */
struct wd_doc_info;
int wd_cpak_check(const struct wd_verifier *v, struct wd_span jwk, int64_t at,
    struct wd_doc_info *info, struct wd_diag *d) WD_MUST_USE;

/* What the key of INSTANCE is stored under. 0 or a fault. */
int wd_cpak_scope(struct wd_span instance, uint8_t ret[8]) WD_MUST_USE;

/* The implementation id by which a software TEE's tokens are known, so that
 * its own key is looked for; it makes nothing trusted. */
bool wd_cpak_is_software(struct wd_span implementation_id);
extern const uint8_t wd_cpak_software_id[32];
