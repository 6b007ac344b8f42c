/*
 * Ties of a lease: everything whose revocation ends it, as it was when the
 * lease was given, in one text of lines "kind what". They are what a revocation
 * is compared with when the session is long gone.
 */
#pragma once

#include "broker/thing.h"

struct wd_ties_of {
	const struct wd_id *lease, *session;
	const struct wd_thing *thing; /* a key */
	const uint8_t *policy_version;
	const struct wd_claims *claims;
};

/* 0 or a fault. */
int wd_ties_write(const struct wd_ties_of *of, struct wd_bytes **ret)
    WD_MUST_USE;

/* 0, WD_R_REVOKED_BY_OPERATOR, WD_R_TAMPERED for no ties of ours, or a fault.
 */
int wd_ties_revoked(struct wd_broker *b, struct wd_span ties, struct wd_diag *d)
    WD_MUST_USE;

/* A digest of the platform and the measurements in CLAIMS: what was made for
 * one of them is not given to another. */
int wd_ties_holder(const struct wd_claims *claims, uint8_t ret[32]) WD_MUST_USE;
