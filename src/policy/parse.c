/*
 * The way in: one document, one schema, one flat policy, and the same checks
 * that a policy from the store or from another role has to pass.
 */
#include "policy/parse_in.h"

static bool
has_either_case(const struct wd_jval *v, const char *name)
{
	struct wd_jobj o;

	wd_jobj_open(&o, v, NULL, "policy");
	wd_jobj_fold_case(&o);
	return wd_jobj_has(&o, name);
}

static int
parse_schema(const struct wd_jval *v, struct wd_diag *d, struct wd_wr *flat)
{
	if (wd_jval_get(v, "warder") != NULL)
		return wd_parse_warder(v, d, flat);
	if (has_either_case(v, "attestation_type") ||
	    has_either_case(v, "sgx") || has_either_case(v, "tdx"))
		return wd_parse_isecl_v5(v, d, flat);
	return wd_parse_isecl_v3(v, d, flat);
}

int
wd_policy_parse_value(
    const struct wd_jval *v, struct wd_diag *d, struct wd_policy **ret)
{
	WD_AUTO(wd_wr_done)
	struct wd_wr flat = wd_wr_growing(WD_POLICY_FLAT_MAX);
	int r = parse_schema(v, d, &flat);

	if (r != 0)
		return r;
	r = wd_wr_end(&flat);
	if (r > 0)
		return wd_reject(d, WD_R_TOO_LARGE,
		    "policy: more than %d bytes", WD_POLICY_FLAT_MAX);
	if (r < 0)
		return wd_fault(d, WD_F_MEMORY, "no memory for a policy");
	return wd_policy_adopt(wd_wr_span(&flat), d, ret);
}

int
wd_policy_parse(struct wd_span json, struct wd_diag *d, struct wd_policy **ret)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	int r = wd_json_parse(json, d, &doc);

	if (r != 0)
		return r;
	return wd_policy_parse_value(wd_json_root(doc), d, ret);
}
