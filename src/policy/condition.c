/*
 * The conditions that come before a policy's clauses. Whatever the evidence
 * does not say counts against it: no software flag means a software root.
 */
#include "policy/question.h"

#include "base/clock.h"

static enum wd_truth
truth(bool b)
{
	return b ? WD_HOLDS : WD_FAILS;
}

static bool
is_false(struct wd_span flag)
{
	return flag.len == 1 && flag.p[0] == 0;
}

static const struct wd_policy_head *
head(const struct wd_question *q)
{
	return &q->policy->head;
}

/* A TPM has no debug mode that its evidence could tell of. */
static bool
is_tpm(const struct wd_question *q)
{
	return head(q)->tee == WD_TEE_TPM;
}

/* The values of a flag, or its absence. */
static void
write_flag(struct wd_span flag, struct wd_wr *wr)
{
	wd_wr_text(wr,
	    flag.p == NULL       ? "absent"
		: is_false(flag) ? "false"
				 : "true");
}

static enum wd_truth
tee_holds(const struct wd_question *q)
{
	struct wd_span tee = q->claim[WD_C_TEE];

	return tee.p == NULL
	    ? WD_ABSENT
	    : truth(wd_span_is(tee, wd_tee_name(head(q)->tee)));
}

static void
tee_expect(const struct wd_question *q, struct wd_wr *wr)
{
	wd_wr_text(wr, wd_tee_name(head(q)->tee));
}

/* A text, or its absence. */
static void
write_claim(struct wd_span text, struct wd_wr *wr)
{
	wd_wr_bytes(wr, text.p == NULL ? WD_SPAN_LIT("absent") : text);
}

static void
tee_got(const struct wd_question *q, struct wd_wr *wr)
{
	write_claim(q->claim[WD_C_TEE], wr);
}

static enum wd_truth
software_holds(const struct wd_question *q)
{
	struct wd_span flag = q->claim[WD_C_SOFTWARE];

	if (head(q)->accept_software)
		return WD_HOLDS;
	return flag.p == NULL ? WD_ABSENT : truth(is_false(flag));
}

static void
software_expect(const struct wd_question *q, struct wd_wr *wr)
{
	wd_wr_text(wr, head(q)->accept_software ? "any" : "false");
}

static void
software_got(const struct wd_question *q, struct wd_wr *wr)
{
	write_flag(q->claim[WD_C_SOFTWARE], wr);
}

static enum wd_truth
debug_holds(const struct wd_question *q)
{
	struct wd_span flag = q->claim[WD_C_DEBUG];

	if (head(q)->allow_debug || is_tpm(q))
		return WD_HOLDS;
	return flag.p == NULL ? WD_ABSENT : truth(is_false(flag));
}

static void
debug_expect(const struct wd_question *q, struct wd_wr *wr)
{
	wd_wr_text(wr, head(q)->allow_debug || is_tpm(q) ? "any" : "false");
}

static void
debug_got(const struct wd_question *q, struct wd_wr *wr)
{
	write_flag(q->claim[WD_C_DEBUG], wr);
}

static enum wd_truth
time_holds(const struct wd_question *q)
{
	return truth(wd_policy_lease(q->policy, q->now) > 0);
}

static void
write_time(struct wd_wr *wr, const char *before, int64_t t)
{
	char text[WD_TIME_TEXT];

	wd_time_format(t, text);
	wd_wr_printf(wr, "%s%s", before, text);
}

static void
time_expect(const struct wd_question *q, struct wd_wr *wr)
{
	if (head(q)->not_before == 0 && head(q)->not_after == 0)
		wd_wr_text(wr, "any");
	if (head(q)->not_before != 0)
		write_time(wr, "from ", head(q)->not_before);
	if (head(q)->not_after != 0)
		write_time(wr, head(q)->not_before != 0 ? " to " : "up to ",
		    head(q)->not_after);
}

static void
time_got(const struct wd_question *q, struct wd_wr *wr)
{
	write_time(wr, "", q->now);
}

static enum wd_truth
status_holds(const struct wd_question *q)
{
	struct wd_span status = q->claim[WD_C_TCB_STATUS];

	if (!wd_tee_has_status(head(q)->tee))
		return WD_HOLDS;
	if (status.p == NULL)
		return WD_ABSENT;
	return truth((wd_status_by_name(status) & head(q)->statuses) != 0);
}

static void
status_expect(const struct wd_question *q, struct wd_wr *wr)
{
	const char *between = "";
	const char *name;

	if (!wd_tee_has_status(head(q)->tee))
		wd_wr_text(wr, "any");
	for (unsigned i = 0; (name = wd_status_name(i)) != NULL; i++) {
		if ((head(q)->statuses >> i & 1) == 0)
			continue;
		wd_wr_printf(wr, "%s%s", between, name);
		between = ", ";
	}
}

static void
status_got(const struct wd_question *q, struct wd_wr *wr)
{
	write_claim(q->claim[WD_C_TCB_STATUS], wr);
}

/* The next of texts that each end in a zero byte. */
static struct wd_span
list_next(struct wd_rd *rd)
{
	size_t n = 0;
	struct wd_span s;

	while (n < rd->left && rd->p[n] != 0)
		n++;
	s = wd_rd_bytes(rd, n);
	wd_rd_skip(rd, 1);
	return s;
}

static bool
is_rejected(const struct wd_policy *p, struct wd_span advisory)
{
	struct wd_rd rd = wd_rd(p->advisories);

	while (wd_rd_more(&rd))
		if (wd_span_equal(wd_value_next(&rd), advisory))
			return true;
	return false;
}

static bool
names_rejected(const struct wd_question *q, struct wd_span list)
{
	struct wd_rd rd = wd_rd(list);

	while (wd_rd_more(&rd))
		if (is_rejected(q->policy, list_next(&rd)))
			return true;
	return false;
}

/* The quoting enclave has advisories of its own; not every TEE has one. */
static enum wd_truth
advisories_hold(const struct wd_question *q)
{
	struct wd_span platform = q->claim[WD_C_ADVISORY_IDS];

	if (q->policy->n_advisories == 0)
		return WD_HOLDS;
	if (platform.p == NULL)
		return WD_ABSENT;
	return truth(!names_rejected(q, platform) &&
	    !names_rejected(q, q->claim[WD_C_QE_ADVISORY_IDS]));
}

static void
advisories_expect(const struct wd_question *q, struct wd_wr *wr)
{
	struct wd_rd rd = wd_rd(q->policy->advisories);

	wd_wr_text(wr, q->policy->n_advisories == 0 ? "any" : "none of");
	while (wd_rd_more(&rd)) {
		wd_wr_u8(wr, ' ');
		wd_wr_bytes(wr, wd_value_next(&rd));
	}
}

static void
write_advisories(struct wd_span list, struct wd_wr *wr)
{
	struct wd_rd rd = wd_rd(list);

	while (wd_rd_more(&rd)) {
		wd_wr_bytes(wr, list_next(&rd));
		wd_wr_text(wr, " ");
	}
}

static void
advisories_got(const struct wd_question *q, struct wd_wr *wr)
{
	struct wd_span platform = q->claim[WD_C_ADVISORY_IDS];
	struct wd_span qe = q->claim[WD_C_QE_ADVISORY_IDS];

	write_advisories(platform, wr);
	write_advisories(qe, wr);
	if (platform.p == NULL)
		wd_wr_text(wr, "absent");
	else if (platform.len == 0 && qe.len == 0)
		wd_wr_text(wr, "none");
}

/* A clause of the policy itself that lists keys; one in a group may be passed
 * by. */
static bool
pins(const struct wd_policy *p, enum wd_claim one, enum wd_claim other)
{
	for (size_t i = 0; i < p->n_clauses;) {
		const struct wd_clause *c = &p->clauses[i];

		if (c->claim != NULL &&
		    (c->op->op == WD_OP_IN || c->op->op == WD_OP_EQ ||
			c->op->op == WD_OP_REFERENCE) &&
		    (c->claim->id == one || c->claim->id == other))
			return true;
		i = c->op->kind == WD_OP_GROUP ? c->end : i + 1;
	}
	return false;
}

static bool
pins_the_key(const struct wd_policy *p)
{
	return pins(p, WD_C_AK_NAME, WD_C_AK_PUBLIC_SHA256);
}

/* Anybody can make a key and quote registers of a TPM in software with it. */
static enum wd_truth
key_holds(const struct wd_question *q)
{
	struct wd_span trust = q->claim[WD_C_AK_TRUST];

	if (pins_the_key(q->policy))
		return WD_HOLDS; /* the clause itself is judged in its turn */
	return trust.p == NULL ? WD_ABSENT
			       : truth(wd_span_is(trust, "chain") ||
				     wd_span_is(trust, "enrolled") ||
				     wd_span_is(trust, "platform"));
}

static void
key_expect(const struct wd_question *q, struct wd_wr *wr)
{
	wd_wr_text(wr,
	    pins_the_key(q->policy) ? "the policy's"
				    : "chain, enrolled, platform");
}

static void
key_got(const struct wd_question *q, struct wd_wr *wr)
{
	write_claim(q->claim[WD_C_AK_TRUST], wr);
}

/*
 * Any guest of the hardware can have data of its own vouched for and call
 * itself a paravisor: which one is trusted with registers is for the policy to
 * say, by what the hardware measured.
 */
static bool
pins_the_paravisor(const struct wd_question *q)
{
	return head(q)->tee == WD_TEE_AZ_SNP
	    ? pins(q->policy, WD_C_MEASUREMENT, WD_C_ID_KEY_DIGEST)
	    : pins(q->policy, WD_C_MRTD, WD_C_MRTD);
}

static enum wd_truth
paravisor_holds(const struct wd_question *q)
{
	return truth(pins_the_paravisor(q));
}

static void
paravisor_expect(const struct wd_question *q, struct wd_wr *wr)
{
	wd_wr_text(wr,
	    head(q)->tee == WD_TEE_AZ_SNP
		? "a clause on measurement or id_key_digest"
		: "a clause on mr_td");
}

static void
paravisor_got(const struct wd_question *q, struct wd_wr *wr)
{
	wd_wr_text(wr, pins_the_paravisor(q) ? "one" : "none");
}

/* The order is by weight: what kind of thing asks, then how well it is kept. */
static const struct wd_condition conditions[] = {
	{ "tee", WD_R_TEE_MISMATCH, WD_TEE_NONE, tee_holds, tee_expect,
	    tee_got },
	{ "ak_trust", WD_R_AK_NOT_TRUSTED, WD_TEE_TPM, key_holds, key_expect,
	    key_got },
	{ "paravisor", WD_R_AK_NOT_TRUSTED, WD_TEE_AZ_SNP, paravisor_holds,
	    paravisor_expect, paravisor_got },
	{ "paravisor", WD_R_AK_NOT_TRUSTED, WD_TEE_AZ_TDX, paravisor_holds,
	    paravisor_expect, paravisor_got },
	{ "software", WD_R_SOFTWARE_NOT_ACCEPTED, WD_TEE_NONE, software_holds,
	    software_expect, software_got },
	{ "debug", WD_R_POLICY_DEBUG, WD_TEE_NONE, debug_holds, debug_expect,
	    debug_got },
	{ "time", WD_R_POLICY_CLAUSE, WD_TEE_NONE, time_holds, time_expect,
	    time_got },
	{ "tcb_status", WD_R_TCB_STATUS_NOT_ACCEPTED, WD_TEE_NONE, status_holds,
	    status_expect, status_got },
	{ "advisory_ids", WD_R_POLICY_CLAUSE, WD_TEE_NONE, advisories_hold,
	    advisories_expect, advisories_got },
};

const struct wd_condition *
wd_conditions(size_t *ret_n)
{
	*ret_n = WD_N(conditions);
	return conditions;
}
