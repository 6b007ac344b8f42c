/*
 * Releases of what a backend makes for the asking, with a lease of its own. A
 * renewal releases the same secret again while the backend lets its lease be
 * renewed, and something new when it does not; in either case the store knows
 * of the backend's lease before the secret leaves.
 */
#pragma once

#include "broker/thing.h"
#include "broker/upstream.h"
#include "verify/claims.h"

/* One release that was allowed. */
struct wd_leased {
	struct wd_broker *b;
	const struct wd_thing *thing;
	const struct wd_remote *what; /* as it stands in the store now */
	const struct wd_claims *claims;
	const struct wd_id *replaces; /* the lease that is renewed; none: new */
	int64_t now;
	uint32_t seconds; /* that the policy allows */
	struct wd_fetch *fetch;
};

/*
 * What the backend is to be asked for: FETCH->wanted, and FETCH->renews when
 * what was released with the lease that is replaced can be released again.
 * Renews and not wanted: it can be without asking. 0 or a fault.
 */
int wd_leased_plan(const struct wd_leased *x, struct wd_diag *d) WD_MUST_USE;

/*
 * With FETCH->renews, when the backend was asked or need not be: the secret
 * that was released before, and FETCH->seconds, which its lease has left. Sets
 * FETCH->wanted and gives no secret when something new is to be asked for
 * instead. 0 or a fault.
 */
int wd_leased_again(const struct wd_leased *x, struct wd_secret **ret,
    struct wd_diag *d) WD_MUST_USE;

/* Ours, which is about to leave with BYTES. */
struct wd_leased_to {
	const struct wd_id *lease, *session;
	uint32_t seconds;
	const uint8_t *policy_version;
	struct wd_span bytes;
};

/* Writes the row, durably. WD_R_UNAVAILABLE when what is renewed has ended
 * meanwhile; or a fault. */
int wd_leased_keep(const struct wd_leased *x, const struct wd_leased_to *to,
    struct wd_diag *d) WD_MUST_USE;
