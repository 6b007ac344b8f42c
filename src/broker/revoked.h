/*
 * What an operator has revoked, compared at each use. A lease or session is
 * revoked as it was made; a key, policy version, path, platform or measurement
 * stays revoked for whatever comes later.
 */
#pragma once

#include "broker/broker.h"

/* The platform or measurement in CLAIMS: 0, WD_R_REVOKED_BY_OPERATOR or a
 * fault. */
int wd_claims_revoked(struct wd_broker *b, const struct wd_claims *claims,
    struct wd_diag *d) WD_MUST_USE;

/* Calls VISIT for each platform and measurement in CLAIMS, as revocations name
 * them; stops when it returns other than 0 and returns that. */
typedef int wd_identity_visit(void *ctx, const char *kind, const char *what);
int wd_identities_each(const struct wd_claims *claims, wd_identity_visit *visit,
    void *ctx) WD_MUST_USE;

/* Whether anything may be revoked. Where rows are missing everything may be,
 * and asking is a fault. */
static inline bool
wd_any_revoked(const struct wd_broker *b)
{
	return b->revoked_by_use || b->revocations_lost;
}

/* A fault where rows are missing. */
int wd_revocations_known(const struct wd_broker *b, struct wd_diag *d)
    WD_MUST_USE;

/* One row of that kind, which is none of those that keep out old rows; the same
 * results. */
int wd_is_revoked(struct wd_broker *b, const char *kind, const char *what,
    struct wd_diag *d) WD_MUST_USE;

/* PATH or any prefix of whole segments of it; the same results. */
int wd_path_revoked(struct wd_broker *b, const char *path, struct wd_diag *d)
    WD_MUST_USE;
