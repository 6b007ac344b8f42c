/*
 * Evaluation: claims and client against a policy. The result is a reason, not
 * a verdict: setting a verdict to allow is the keeper's alone.
 *
 * Claims that are absent are unknown, not false: a clause on one never holds,
 * and neither does its negation. (`any` may hold by another of its members.)
 * The same goes for a set of reference values that is not there, has expired,
 * or has none for the claim.
 */
#pragma once

#include "codec/jtext.h"
#include "policy/policy.h"

/* A client certificate that was verified by the door the request came by. */
struct wd_client_identity {
	struct wd_span cn, issuer_cn;
	struct wd_span permissions; /* texts, each followed by a zero byte */
};

enum {
	WD_TRACE_ROWS = 40,
	WD_TRACE_NAME = 40,
	WD_TRACE_TEXT = 132,
};

enum wd_truth { WD_FAILS, WD_HOLDS, WD_ABSENT };

struct wd_trace_row {
	enum wd_truth result;
	unsigned depth; /* in groups */
	/* printable ASCII, cut short with "..." where it does not fit */
	char name[WD_TRACE_NAME];
	char expected[WD_TRACE_TEXT];
	char got[WD_TRACE_TEXT];
};

/* What was compared, in the order of the policy. */
struct wd_policy_trace {
	size_t n;
	bool cut; /* there were more rows than fit */
	struct wd_trace_row row[WD_TRACE_ROWS];
};

/*
 * 0 when every condition holds at the time NOW, else the reason of the first
 * that does not: one of the rows 201 to 211, 213 and 214 of base/reason.def, or
 * for a TPM WD_R_AK_NOT_TRUSTED. CLIENT is NULL
 * without a verified certificate. The sets that P names are those it is linked
 * to. TRACE may be NULL; with it, all conditions
 * are looked at, not only up to the first that fails. Allocates nothing.
 */
int wd_policy_eval(const struct wd_policy *p, const struct wd_claims *claims,
    const struct wd_client_identity *client, int64_t now,
    struct wd_policy_trace *trace) WD_MUST_USE;

/* As an array of {"depth","expected","got","name","result"}. */
void wd_policy_trace_write(const struct wd_policy_trace *t, struct wd_jtext *j);
