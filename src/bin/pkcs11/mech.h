/*
 * The mechanisms of the token, one row each.
 */
#pragma once

#include "bin/pkcs11/ck.h"
#include "bin/pkcs11/sha2.h"
#include "proto/holder.h"

enum wd_mech_family {
	WD_FAMILY_RSA,
	WD_FAMILY_EC,
	WD_FAMILY_ED,
	WD_FAMILY_SHA
};

struct wd_mech {
	ck_mechanism_type_t type;
	enum wd_mech_family family;
	enum wd_holder_mech mech; /* not of WD_FAMILY_SHA */
	bool hashes;              /* the data is hashed here, by HASH */
	enum wd_sha2_alg hash;
};

const struct wd_mech *wd_mechs(size_t *ret_n);

/* NULL when the token does not have it. */
const struct wd_mech *wd_mech_find(ck_mechanism_type_t type);

/* What C_GetMechanismInfo() says of it. */
struct ck_mechanism_info wd_mech_info(const struct wd_mech *mech);

/* The mechanism goes with keys of this kind. */
bool wd_mech_fits(const struct wd_mech *mech, enum wd_holder_kind kind);

/* It does, and the holder lets this key be used so. */
bool wd_mech_is_allowed(
    const struct wd_mech *mech, const struct wd_holder_key *key);

/*
 * Fills hash, MGF and salt of RET from the parameter of M. False when it is not
 * what the mechanism needs.
 */
bool wd_mech_params(const struct wd_mech *mech, const struct ck_mechanism *m,
    struct wd_holder_sign *ret) WD_MUST_USE;
