/*
 * Policies from JSON. Three schemas, told apart by their members: Warder's own
 * ("warder": 1), ISecL v5 (attestation_type, sgx or tdx), and ISecL v3 and v4
 * (anything else). Links the JSON library, so the keeper must not.
 *
 * Warder's own form; what is absent has the value shown, clauses and tee must
 * be there:
 *
 *   { "warder": 1, "tee": "sgx",
 *     "accept_software": false, "allow_debug": false, "lease_seconds": 600,
 *     "not_before": "2025-07-01T00:00:00Z", "not_after": …,     (open)
 *     "tcb_statuses": ["UpToDate", "SWHardeningNeeded"],
 *     "rejected_advisories": ["INTEL-SA-00615", …],             (none)
 *     "all": [ clause, … ] }
 *
 *   clause: { "all": [clause, …] }, { "any": [clause, …] }, { "not": clause },
 *     { "claim": "mrsigner", "in": ["hex", …] },
 *     { "claim": "isv_prod_id", "eq": 1 },
 *     { "claim": "isv_svn", "ge": 3 },
 *     { "claim": "smt_enabled", "is": false },
 *     { "claim": "mrenclave", "reference": "web-1.4" }: the name of a set of
 *       reference values (policy/reference.h); for any claim that takes "in",
 *       and for "pcrs", which is all registers that the set has
 *     { "client": "issuer_cn" or "cn", "in": ["text", …] },
 *     { "client": "permissions", "any_of" or "all_of": ["text", …] }
 *
 * ISecL members match in either case. id, created_at and updated_at are the
 * server's to set: on input they are unknown members, as is everything that
 * would not be enforced.
 */
#pragma once

#include "codec/json.h"
#include "policy/policy.h"

/*
 * 0; WD_R_MALFORMED, WD_R_UNKNOWN_MEMBER, WD_R_RANGE, WD_R_TOO_LARGE;
 * WD_R_UNSUPPORTED for what is known but cannot be judged here (TDX, policy_ids
 * of an attestation service); or a fault.
 */
int wd_policy_parse(
    struct wd_span json, struct wd_diag *d, struct wd_policy **ret) WD_MUST_USE;

/* As wd_policy_parse(), of a value inside a document. */
int wd_policy_parse_value(const struct wd_jval *v, struct wd_diag *d,
    struct wd_policy **ret) WD_MUST_USE;
