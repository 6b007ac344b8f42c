/*
 * Explaining in the admin API: evidence in, what it would get and why out.
 */
#include "proto/admin_body.h"

#include "codec/base64.h"
#include "proto/evidence.h"
#include "proto/members.h"
#include "verify/claims_json.h"

/* ---- the question */

/* Members of "parts" come in any order; a bundle has them by role. */
static int
read_parts(struct wd_jobj *o, struct wd_wr *bundle)
{
	int r = 0;

	for (int role = 0; role < WD_IN_COUNT && r == 0; role++) {
		const char *name = wd_part_name((enum wd_part)role);

		if (!wd_part_is_collateral((enum wd_part)role) &&
		    wd_jobj_has(o, name))
			r = wd_evidence_b64(o, name,
			    wd_part_max((enum wd_part)role), bundle,
			    (enum wd_part)role);
	}
	return r;
}

static int
bundle_parts(
    const struct wd_jval *parts, struct wd_bytes **ret, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_BUNDLE_MAX);
	struct wd_jobj o;
	int r;

	wd_jobj_open(&o, parts, d, "parts");
	if (o.result != 0)
		return o.result;
	if ((r = read_parts(&o, &wr)) != 0 || (r = wd_jobj_close(&o)) != 0)
		return r;
	r = wd_wr_take(&wr, ret);
	return r <= 0 ? r
		      : wd_reject(d, WD_R_TOO_LARGE,
			    "parts: more than %d bytes", WD_BUNDLE_MAX);
}

/* Either as the KBS protocol has it, or part by part. */
static int
read_evidence(struct wd_jobj *o, struct wd_admin_body *b, uint8_t *ret_tee,
    struct wd_diag *d)
{
	const struct wd_jval *evidence =
	    wd_jobj_object(o, "evidence", WD_OPTIONAL);
	struct wd_span name = wd_jobj_text(o, "tee", WD_OPTIONAL, 16);
	const struct wd_jval *parts = wd_jobj_object(o, "parts", WD_OPTIONAL);
	enum wd_tee tee;
	int r;

	if ((r = wd_jobj_close(o)) != 0)
		return r;
	if ((evidence != NULL) == (parts != NULL))
		return wd_reject(d, WD_R_MALFORMED,
		    "body: give \"evidence\", or \"tee\" and \"parts\"");
	if (evidence != NULL)
		r = wd_evidence_read(evidence, &tee, &b->bytes, d);
	else if ((tee = wd_tee_by_name(name)) == WD_TEE_NONE)
		r = wd_reject(d, WD_R_TEE_NOT_SUPPORTED,
		    "body: no TEE of this name is known");
	else
		r = bundle_parts(parts, &b->bytes, d);
	if (r == 0)
		*ret_tee = (uint8_t)tee;
	return r;
}

int
wd_admin_explain_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_explain_ask *ret, struct wd_diag *d)
{
	struct wd_jobj o;
	int r = wd_admin_open(json, b, &o, d, "body");

	if (r != 0)
		return r;
	ret->path = wd_member_text(&o, "path", WD_REQUIRED, 512);
	ret->additional =
	    wd_jobj_text(&o, "additional_evidence", WD_OPTIONAL, 262144);
	if ((r = read_evidence(&o, b, &ret->tee, d)) != 0)
		return r;
	ret->evidence = wd_bytes_span(b->bytes);
	ret->enrolment =
	    wd_evidence_enrolment(ret->evidence, (enum wd_tee)ret->tee);
	return 0;
}

/* ---- the answer */

static void
write_claims(struct wd_jtext *j, struct wd_span flat)
{
	struct wd_claims claims = { 0 };

	wd_jtext_key(j, "claims");
	if (wd_claims_adopt(&claims, flat) != 0)
		wd_wr_fail(j->wr);
	wd_claims_write_object(j, &claims, NULL, 0);
}

void
wd_admin_explained_write(struct wd_jtext *j, const struct wd_msg_explained *m)
{
	wd_jtext_object(j);
	if (m->claims.len > 0)
		write_claims(j, m->claims);
	if (m->clauses.len > 0) {
		wd_jtext_key(j, "clauses");
		wd_jtext_raw(j, m->clauses);
	}
	wd_jtext_key(j, "detail");
	wd_jtext_string(j, m->detail);
	if (m->reason == 0)
		wd_jtext_key_uint(j, "lease_seconds", m->seconds);
	if (!wd_id_is_none(&m->policy))
		wd_jtext_key_text(j, "policy", m->policy.s);
	if (m->reason != 0)
		wd_jtext_key_text(j, "reason", wd_reason_name((int)m->reason));
	if (m->references.len > 0) {
		wd_jtext_key(j, "references");
		wd_jtext_raw(j, m->references);
	}
	wd_jtext_key_text(j, "verdict", m->reason == 0 ? "allow" : "deny");
	if (m->version.len > 0) {
		wd_jtext_key(j, "version");
		wd_jtext_hex(j, m->version);
	}
	wd_jtext_end(j);
}
