/*
 * The registry: for each TEE the ordered steps of an appraisal, and what one
 * call of wd_appraise carries from step to step.
 */
#pragma once

#include "base/bytes.h"
#include "verify/appraise.h"
#include "verify/cache.h"
#include "verify/memo.h"

struct wd_verifier {
	struct wd_appraisal_rules rules; /* anchors point to a copy */
	struct wd_anchor *anchors; /* those of endorsement keys behind them */
	struct wd_bytes **anchor_ders; /* one each; NULL where none came */
	struct wd_cache *cache;
	struct wd_memo memo;   /* documents, which machines share */
	struct wd_memo chains; /* PCK chains, each of one machine */
};

enum { WD_STATE_MAX = 4096 };

/* One call. Nothing in it outlives the call but the claims. */
struct wd_appraisal {
	struct wd_verifier *v;
	enum wd_tee tee;
	const struct wd_inputs *in;
	int64_t at;
	struct wd_span bound; /* what the report data must begin with */
	struct wd_diag *d;
	int64_t expiry; /* the earliest end of anything used */
	struct wd_claims *claims;
	_Alignas(max_align_t) uint8_t state[WD_STATE_MAX]; /* of the TEE */
};

/* A step refuses with one reason, or finds nothing wrong: 0. */
struct wd_step {
	const char *name;
	int (*run)(struct wd_appraisal *a);
};

/* Which collateral fits a piece of evidence: by role, zeros for those that
 * serve every platform. */
struct wd_platform {
	uint8_t scope[WD_IN_COUNT][8];
	bool software;     /* its root is one */
	bool root_unknown; /* the collateral will tell: see leads */
};

struct wd_tee_row {
	enum wd_tee tee;
	/* WD_R_NOT_FOUND when IN does not say it in a form that is genuine at
	 * AT. 0 or a fault else. */
	int (*platform)(struct wd_verifier *v, const struct wd_inputs *in,
	    int64_t at, struct wd_platform *ret, struct wd_diag *d);
	/* 0 when the certificates in IN lead to an anchor, a rejection when
	 * they do not, or a fault. NULL where platform always knows the root.
	 */
	int (*leads)(
	    struct wd_verifier *v, const struct wd_inputs *in, int64_t at);
	const struct wd_step *steps; /* all of them, in this order */
	size_t n_steps;
};

/* NULL when evidence of this TEE cannot be judged. */
const struct wd_tee_row *wd_tee_row(enum wd_tee tee);

/*
 * wd_appraise with the steps of a caller: for tests and fuzz targets that want
 * to get past a signature.
 */
int wd_appraise_steps(struct wd_verifier *v, const struct wd_tee_row *row,
    const struct wd_inputs *in, int64_t at, struct wd_span report_data,
    struct wd_claims *ret_claims, struct wd_diag *d) WD_MUST_USE;

/* The end of something used: lowers the expiry of the whole. */
void wd_appraisal_ends(struct wd_appraisal *a, int64_t end);

/* WD_R_NONCE_MISMATCH unless REPORT_DATA is what the caller wants it to be:
 * A->bound and zeros, or anything when there is nothing to be bound to. */
int wd_appraisal_bound(struct wd_appraisal *a, struct wd_span report_data)
    WD_MUST_USE;
