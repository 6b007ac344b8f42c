/*
 * Leases that a backend has given, as the store keeps them: sealed and bound to
 * their row, so that whoever can write the file cannot have one secret given
 * out for another. And which of them are to end because of a revocation. They
 * come and go too fast to be counted as uses of the keyring's terms: their key
 * is derived, and its nonces are long.
 */
#pragma once

#include "broker/remote.h"

struct wd_upstream {
	enum wd_backend_kind kind;
	char backend[WD_BACKEND_MAX + 1];
	char locator[WD_LOCATOR_MAX + 1];
	char lease[WD_BACKEND_LEASE_MAX + 1];
	uint32_t version; /* of the key */
	uint32_t granted; /* seconds that the backend gave at first */
	bool renewable;
	uint8_t holder[32]; /* broker/ties.h */
};

int wd_upstream_seal(struct wd_broker *b, const struct wd_id *row,
    const struct wd_upstream *x, struct wd_bytes **ret) WD_MUST_USE;

/* WD_R_TAMPERED, or a fault. */
int wd_upstream_open(struct wd_broker *b, const struct wd_store_upstream *row,
    struct wd_upstream *ret, struct wd_diag *d) WD_MUST_USE;

/* What was released with it; the same results. */
int wd_upstream_seal_secret(struct wd_broker *b, const struct wd_id *row,
    struct wd_span bytes, struct wd_bytes **ret) WD_MUST_USE;
int wd_upstream_secret(struct wd_broker *b, const struct wd_store_upstream *row,
    struct wd_secret **ret, struct wd_diag *d) WD_MUST_USE;

/*
 * Compares a few rows with what was revoked since they were last looked at, and
 * has those end that are revoked. RET_MORE: there may be others to look at. 0
 * or a fault.
 */
int wd_upstream_look(struct wd_broker *b, int64_t now, bool *ret_more,
    struct wd_diag *d) WD_MUST_USE;
