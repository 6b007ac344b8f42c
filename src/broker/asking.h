/*
 * An attested client that asks for something: its session, the thing it names,
 * and what the thing's policy says of it.
 */
#pragma once

#include "broker/judge.h"

struct wd_asking {
	struct wd_broker *b;
	int64_t now;
	const struct wd_store_session *session; /* NULL: not found */
	struct wd_store_session room;           /* maybe where it lies */
	struct wd_claims claims;
	const struct wd_thing *thing; /* NULL: not found */
	struct wd_judged judged;
};
void wd_asking_done(struct wd_asking *a);

/* Looks at the broker, then finds the session; AGAIN: it was counted when the
 * same was asked before. WD_R_SEALED, WD_R_CLOCK, WD_R_RATE_LIMITED, those of
 * wd_session_find(), or a fault. */
int wd_asking_begin(struct wd_asking *a, struct wd_span cookie,
    struct wd_span token, bool again, struct wd_diag *d) WD_MUST_USE;

/* wd_judge() of A->thing. */
int wd_asking_judge(struct wd_asking *a, struct wd_diag *d) WD_MUST_USE;

/*
 * What the log says of it, into E: session, key, policy and, of a refusal (not
 * 0), why, clause by clause. TRACE and SETS are growing writers that outlive E.
 * 0 or a fault.
 */
int wd_asking_entry(const struct wd_asking *a, int result, struct wd_entry *e,
    struct wd_wr *trace, struct wd_wr *sets) WD_MUST_USE;
