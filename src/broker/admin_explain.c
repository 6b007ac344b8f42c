/*
 * What evidence would get: the way of a release up to the verdict, for an
 * admin. Nothing is opened.
 */
#include "broker/admin_in.h"

#include "broker/enrol.h"
#include "broker/judge.h"
#include "broker/references.h"

enum { CLAUSES_MAX = 65536 };

/* What is told at length. */
struct told {
	struct wd_claims claims;
	struct wd_wr clauses, references;
};

static void
told_done(struct told *t)
{
	wd_wr_done(&t->clauses);
}

/* Why, clause by clause, where the policy was reached. */
static int
write_told(struct wd_admin *a, const struct wd_policy_trace *t,
    const struct wd_policy *p, struct told *told)
{
	struct wd_jtext clauses = wd_jtext(&told->clauses);
	struct wd_jtext references = wd_jtext(&told->references);

	if (t->n > 0)
		wd_policy_trace_write(t, &clauses);
	if (p != NULL && p->n_sets > 0)
		wd_references_write(p, &references);
	if (wd_wr_end(&told->clauses) != 0 || wd_wr_end(&told->references) != 0)
		return wd_fault(a->d, WD_F_MEMORY, "the clauses do not fit");
	return 0;
}

/* As at an attestation: what the server itself has given out for the key of a
 * TPM counts, or refuses. */
static int
use_enrolment(struct wd_admin *a, const struct wd_msg_explain_ask *m,
    struct wd_claims *claims)
{
	if (m->enrolment.len == 0)
		return 0;
	if (m->tee != WD_TEE_TPM)
		return wd_reject(a->d, WD_R_MALFORMED,
		    "an enrolment goes with a TPM's evidence alone");
	return wd_enrol_apply(a->b, m->enrolment, a->now, claims, a->d);
}

/* RET views TOLD and the broker's policy. */
static int
judge(struct wd_admin *a, const struct wd_msg_explain_ask *m,
    const struct wd_thing *thing, struct told *told,
    struct wd_msg_explained *ret)
{
	struct wd_policy_trace trace = { 0 };
	struct wd_judged judged = { 0 };
	int r;

	if (wd_claims_adopt(&told->claims, a->found->evidence->claims) != 0)
		return wd_fault(a->d, WD_F_PEER, "verify sent bad claims");
	r = use_enrolment(a, m, &told->claims);
	if (r == 0)
		r = wd_judge(a->b, thing, &told->claims, NULL, a->now, &trace,
		    &judged, a->d);
	if (r < 0)
		return r;
	ret->reason = (uint32_t)r;
	if ((r = write_told(a, &trace, judged.policy, told)) != 0)
		return r;
	ret->detail = wd_span_text(a->d->detail);
	ret->claims = wd_claims_flat(&told->claims);
	ret->policy = thing->policy;
	if (judged.policy_version != NULL)
		ret->version = wd_span(judged.policy_version, 32);
	ret->clauses = wd_wr_span(&told->clauses);
	ret->references = wd_wr_span(&told->references);
	ret->seconds = judged.seconds;
	a->entry.references = ret->references;
	return 0;
}

/* The outcome is an answer, whatever it is: the call itself went well. */
static int
answer(struct wd_admin *a, const struct wd_msg_explained *m)
{
	int r;

	wd_admin_say(a, "%s",
	    m->reason == 0 ? "would be released"
			   : wd_reason_name((int)m->reason));
	r = wd_admin_answer(a, m);
	if (r == 0)
		wd_diag_clear(a->d);
	return r;
}

int
wd_admin_policy_explain(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_explain_ask *m = msg;
	WD_AUTO(told_done)
	struct told told = { .clauses = wd_wr_growing(CLAUSES_MAX),
		/* the entry is written when this is gone */
		.references =
		    wd_wr_fixed(a->references, sizeof(a->references)) };
	const struct wd_thing *thing = NULL;
	struct wd_msg_explained out = { 0 };
	int r;

	if (a->found == NULL || a->found->evidence == NULL)
		return wd_fault(a->d, WD_F_PEER, "verify has not said a word");
	if ((r = wd_broker_look(a->b, a->now, a->d)) != 0 ||
	    (r = wd_thing_find(a->b, m->path, &thing, a->d)) != 0)
		return r;
	if (a->found->evidence->reason == 0) {
		if ((r = judge(a, m, thing, &told, &out)) != 0)
			return r;
	} else {
		out.reason = (uint32_t)a->found->evidence->reason;
		out.detail = a->found->evidence->detail;
		out.policy = thing->policy;
	}
	return answer(a, &out);
}
