/*
 * What a policy in Warder's own form says beside its clauses. A default is
 * applied here and nowhere else.
 */
#include "policy/parse_in.h"

/* A member that nothing in the evidence could meet is an error. */
static void
refuse_without_status(struct wd_jobj *o, const char *name, enum wd_tee tee)
{
	if (wd_jobj_has(o, name) && !wd_tee_has_status(tee))
		wd_jobj_fail(o, WD_R_UNSUPPORTED, "%s: evidence of %s has none",
		    name, wd_tee_name(tee));
}

static uint16_t
read_statuses(struct wd_jobj *o, enum wd_tee tee)
{
	const struct wd_jval *v;
	uint16_t statuses = 0;

	refuse_without_status(o, "tcb_statuses", tee);
	if (!wd_tee_has_status(tee))
		return 0;
	v = wd_jobj_array(o, "tcb_statuses", WD_OPTIONAL, 16);
	if (v == NULL)
		return WD_STATUS_DEFAULT;
	if (wd_jval_count(v) == 0)
		wd_jobj_fail(o, WD_R_MALFORMED, "tcb_statuses is empty");
	for (size_t i = 0; i < wd_jval_count(v); i++) {
		struct wd_span name = { 0 };
		uint16_t bit;

		if (!wd_jval_text(wd_jval_at(v, i), &name) ||
		    (bit = wd_status_by_name(name)) == 0 ||
		    (statuses & bit) != 0) {
			wd_jobj_fail(o, WD_R_MALFORMED,
			    "tcb_statuses lists what is no status, or one "
			    "twice");
			return 0;
		}
		statuses |= bit;
	}
	if ((statuses & WD_STATUS_REVOKED) != 0)
		wd_jobj_fail(
		    o, WD_R_RANGE, "a revoked platform cannot be accepted");
	return statuses;
}

static void
read_tee(struct wd_jobj *o, struct wd_policy_head *h)
{
	struct wd_span name = wd_jobj_text(o, "tee", WD_REQUIRED, 16);

	h->tee = wd_tee_by_name(name);
	if (h->tee == WD_TEE_NONE)
		wd_jobj_fail(
		    o, WD_R_MALFORMED, "the TEE is not one that is known");
}

static void
read_times(struct wd_jobj *o, struct wd_policy_head *h)
{
	h->lease_seconds = WD_LEASE_DEFAULT;
	if (wd_jobj_has(o, "lease_seconds"))
		h->lease_seconds = (uint32_t)wd_jobj_uint(
		    o, "lease_seconds", WD_OPTIONAL, WD_LEASE_MAX);
	if (h->lease_seconds == 0)
		wd_jobj_fail(o, WD_R_RANGE, "a lease has at least one second");
	h->not_before = wd_jobj_time(o, "not_before", WD_OPTIONAL);
	h->not_after = wd_jobj_time(o, "not_after", WD_OPTIONAL);
	if (h->not_after != 0 && h->not_after < h->not_before)
		wd_jobj_fail(
		    o, WD_R_RANGE, "not_after is earlier than not_before");
}

static void
read_head(struct wd_jobj *o, struct wd_policy_head *h)
{
	*h = (struct wd_policy_head){ .schema = WD_SCHEMA_WARDER };
	if (wd_jobj_uint(o, "warder", WD_REQUIRED, UINT32_MAX) != 1)
		wd_jobj_fail(o, WD_R_UNSUPPORTED,
		    "only version 1 of this form is known");
	read_tee(o, h);
	h->accept_software =
	    wd_jobj_bool(o, "accept_software", WD_OPTIONAL, false);
	h->allow_debug = wd_jobj_bool(o, "allow_debug", WD_OPTIONAL, false);
	read_times(o, h);
	h->statuses = read_statuses(o, h->tee);
	refuse_without_status(o, "rejected_advisories", h->tee);
}

static void
read_advisories(struct wd_jobj *o, struct wd_wr *flat)
{
	const struct wd_jval *v = wd_jobj_array(
	    o, "rejected_advisories", WD_OPTIONAL, WD_POLICY_VALUES);
	size_t n = wd_jval_count(v);

	if (v != NULL && n == 0)
		wd_jobj_fail(o, WD_R_MALFORMED, "rejected_advisories is empty");
	wd_policy_put_count(flat, n);
	for (size_t i = 0; i < n; i++) {
		struct wd_span id = { 0 };

		if (!wd_jval_text(wd_jval_at(v, i), &id))
			wd_jobj_fail(o, WD_R_MALFORMED,
			    "rejected_advisories lists what is no text");
		wd_policy_put_value(flat, id);
	}
}

void
wd_parse_head(struct wd_jobj *o, struct wd_wr *flat)
{
	struct wd_policy_head head;

	read_head(o, &head);
	wd_policy_put_head(flat, &head);
	read_advisories(o, flat);
}
