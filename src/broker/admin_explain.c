/*
 * What evidence would get: the way of a release up to the verdict, for an
 * admin. Nothing is opened.
 */
#include "broker/admin_in.h"

#include "broker/judge.h"

enum { CLAUSES_MAX = 65536 };

/* Why, clause by clause, where the policy was reached. */
static void
write_clauses(const struct wd_policy_trace *t, struct wd_wr *wr)
{
	struct wd_jtext j = wd_jtext(wr);

	if (t->n > 0)
		wd_policy_trace_write(t, &j);
}

/* RET views *TRACE's text in WR, the broker's policy and what verify said. */
static int
judge(struct wd_admin *a, const struct wd_thing *thing, struct wd_wr *wr,
    struct wd_msg_explained *ret)
{
	struct wd_policy_trace trace = { 0 };
	struct wd_judged judged = { 0 };
	struct wd_claims claims = { 0 };
	int r;

	if (wd_claims_adopt(&claims, a->found->evidence->claims) != 0)
		return wd_fault(a->d, WD_F_PEER, "verify sent bad claims");
	r = wd_judge(a->b, thing, &claims, NULL, a->now, &trace, &judged, a->d);
	if (r < 0)
		return r;
	write_clauses(&trace, wr);
	if (wd_wr_end(wr) != 0)
		return wd_fault(a->d, WD_F_MEMORY, "the clauses do not fit");
	ret->reason = (uint32_t)r;
	ret->detail = wd_span_text(a->d->detail);
	ret->claims = a->found->evidence->claims;
	ret->policy = thing->policy;
	if (judged.policy_version != NULL)
		ret->version = wd_span(judged.policy_version, 32);
	ret->clauses = wd_wr_span(wr);
	ret->seconds = judged.seconds;
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
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(CLAUSES_MAX);
	WD_AUTO(wd_thing_done) struct wd_thing thing = { 0 };
	struct wd_msg_explained out = { 0 };
	int r;

	if (a->found == NULL || a->found->evidence == NULL)
		return wd_fault(a->d, WD_F_PEER, "verify has not said a word");
	if ((r = wd_broker_look(a->b, a->now, a->d)) != 0 ||
	    (r = wd_thing_find(a->b, m->path, &thing, a->d)) != 0)
		return r;
	if (a->found->evidence->reason == 0) {
		if ((r = judge(a, &thing, &wr, &out)) != 0)
			return r;
	} else {
		out.reason = (uint32_t)a->found->evidence->reason;
		out.detail = a->found->evidence->detail;
		out.policy = thing.policy;
	}
	return answer(a, &out);
}
