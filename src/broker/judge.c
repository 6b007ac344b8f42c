/*
 * The policy that is bound, what an operator has revoked, then every condition.
 */
#include "broker/judge.h"

#include "broker/revoked.h"
#include "codec/hex.h"

static int
find_policy(struct wd_broker *b, const struct wd_thing *thing,
    struct wd_judged *ret, struct wd_diag *d)
{
	char version[65];
	int r;

	if (wd_id_is_none(&thing->policy))
		return wd_reject(
		    d, WD_R_NO_POLICY, "no policy is bound to the resource");
	r = wd_broker_policy(
	    b, &thing->policy, &ret->policy, &ret->policy_version, d);
	if (r == WD_R_NOT_FOUND)
		return wd_fault(d, WD_F_STORE, "a bound policy is missing");
	if (r != 0)
		return r;
	wd_hex_format(wd_span(ret->policy_version, 32), version);
	return wd_is_revoked(b, "policy_version", version, d);
}

int
wd_judge(struct wd_broker *b, const struct wd_thing *thing,
    const struct wd_claims *claims, const struct wd_client_identity *client,
    int64_t now, struct wd_policy_trace *trace, struct wd_judged *ret,
    struct wd_diag *d)
{
	int r;

	if ((r = find_policy(b, thing, ret, d)) != 0 ||
	    (r = wd_claims_revoked(b, claims, d)) != 0)
		return r;
	r = wd_policy_eval(ret->policy, claims, client, now, trace);
	if (r < 0)
		return wd_fault(d, r, "the policy could not be evaluated");
	if (r > 0)
		return wd_reject(
		    d, (enum wd_reason)r, "%s", wd_reason_row(r)->sentence);
	ret->seconds = wd_policy_lease(ret->policy, now);
	if (ret->seconds == 0)
		return wd_reject(d, WD_R_POLICY_CLAUSE,
		    "the policy is outside its time window");
	return 0;
}
