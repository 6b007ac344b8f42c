/*
 * The two ISecL schemas, by their tables. Upstream read member names in either
 * case, and so do clients write them. What upstream stored but never enforced
 * must not be accepted unless it is enforced here.
 */
#include "policy/parse_in.h"

#include "policy/isecl.h"

/* The objects a policy is spread over; v3 has the first alone. */
enum { TOP, TEE, ATTRIBUTES, N_OBJECTS };

struct isecl {
	const struct wd_isecl_row *rows;
	size_t n_rows;
	struct wd_policy_head head;
	struct wd_jobj object[N_OBJECTS];
	size_t depth; /* the object whose members come next */
};

static void
check_type(struct isecl *p, struct wd_jobj *o, const struct wd_jval *v)
{
	const char *wanted = p->head.tee == WD_TEE_TDX ? "TDX" : "SGX";
	struct wd_span type = { 0 };

	if (!wd_jval_text(v, &type))
		wd_jobj_fail(
		    o, WD_R_MALFORMED, "an attestation type is not a text");
	else if (wd_span_is(type, "SW"))
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "attestation type SW would release keys without "
		    "attestation; name SGX");
	else if (wd_span_is(type, "TDX") && p->head.tee != WD_TEE_TDX)
		wd_jobj_fail(o, WD_R_UNSUPPORTED,
		    "policies for TDX have the form of ISecL v5");
	else if (!wd_span_is(type, wanted))
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "the attestation type is not known; name SGX");
}

static void
read_type(struct isecl *p, struct wd_jobj *o, const char *name)
{
	bool is_v5 = p->head.schema == WD_SCHEMA_ISECL_V5;
	const struct wd_jval *v =
	    wd_jobj_take(o, name, is_v5 ? WD_REQUIRED : WD_OPTIONAL);

	p->head.plain_type = is_v5 ? wd_jval_type(v) == WD_JTEXT : v == NULL;
	if (v == NULL)
		return;
	if (p->head.plain_type) {
		check_type(p, o, v);
		return;
	}
	for (size_t i = 0; i < wd_jval_count(v); i++)
		check_type(p, o, wd_jval_at(v, i));
	if (wd_jval_count(v) != 1)
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "member \"%s\" does not list exactly one type", name);
}

static void
read_tcb(struct isecl *p, struct wd_jobj *o, const char *name)
{
	if (!wd_jobj_has(o, name))
		return;
	p->head.statuses = wd_jobj_bool(o, name, WD_REQUIRED, true)
	    ? WD_STATUS_UP_TO_DATE
	    : WD_STATUS_ANY_BUT_REVOKED;
}

static void
refuse_server_member(struct wd_jobj *o, const char *name)
{
	if (wd_jobj_has(o, name))
		wd_jobj_fail(o, WD_R_UNKNOWN_MEMBER,
		    "member \"%s\" is set by the server; leave it out", name);
}

/* Policies of an attestation service, which nobody here could ask. */
static void
refuse_policy_ids(struct wd_jobj *o)
{
	const struct wd_jval *v =
	    wd_jobj_array(o, "policy_ids", WD_OPTIONAL, SIZE_MAX);

	if (v != NULL && wd_jval_count(v) == 0)
		wd_jobj_fail(o, WD_R_MALFORMED, "policy_ids is empty");
	if (v != NULL)
		wd_jobj_fail(o, WD_R_UNSUPPORTED,
		    "policies of an attestation service (policy_ids) cannot be "
		    "judged here");
}

static void
enter(struct isecl *p, const char *name, struct wd_diag *d)
{
	struct wd_jobj *outer = &p->object[p->depth];
	const struct wd_jval *v;

	if (p->depth == TEE)
		refuse_policy_ids(outer);
	v = wd_jobj_object(outer, name, WD_REQUIRED);
	if (v == NULL)
		return;
	p->depth++;
	wd_jobj_open(&p->object[p->depth], v, d, name);
	wd_jobj_fold_case(&p->object[p->depth]);
}

/* The error of the innermost object that has one; reading stops at the first,
 * so there is one at most until the objects are closed. */
static int
error_of(const struct isecl *p)
{
	for (size_t i = N_OBJECTS; i > 0; i--)
		if (p->object[i - 1].result != 0)
			return p->object[i - 1].result;
	return 0;
}

/* Reads everything but clauses, opening the objects on the way. */
static void
read_frame(struct isecl *p, struct wd_diag *d)
{
	for (size_t i = 0; i < p->n_rows && error_of(p) == 0; i++) {
		const char *name = p->rows[i].name;
		struct wd_jobj *o = &p->object[p->depth];

		switch (p->rows[i].kind) {
		case WD_ISECL_TYPE:
			read_type(p, o, name);
			break;
		case WD_ISECL_TCB:
			read_tcb(p, o, name);
			break;
		case WD_ISECL_ID:
		case WD_ISECL_CREATED:
		case WD_ISECL_UPDATED:
			refuse_server_member(o, name);
			break;
		case WD_ISECL_ENTER:
			enter(p, name, d);
			break;
		case WD_ISECL_LEAVE:
			p->depth--;
			break;
		case WD_ISECL_CLAUSE:
			break;
		}
	}
}

static void
read_clauses(struct isecl *p, struct wd_wr *flat)
{
	for (size_t i = 0; i < p->n_rows && error_of(p) == 0; i++) {
		const struct wd_isecl_row *row = &p->rows[i];
		struct wd_jobj *o = &p->object[p->depth];
		const struct wd_jval *v;

		p->depth += row->kind == WD_ISECL_ENTER;
		p->depth -= row->kind == WD_ISECL_LEAVE;
		if (row->kind != WD_ISECL_CLAUSE)
			continue;
		v = wd_jobj_take(o, row->name, WD_OPTIONAL);
		if (v != NULL)
			wd_parse_comparison(
			    o, row->name, v, row->op, row->claim, flat);
	}
}

static void
need_enclave(struct wd_jobj *o, const char *signer, const char *measurement)
{
	if (!wd_jobj_has(o, signer) && !wd_jobj_has(o, measurement))
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "neither \"%s\" nor \"%s\" is given", signer, measurement);
}

/* What upstream asks for, the module and its signer, lets every TD in. */
static void
need_td(struct wd_jobj *o)
{
	if (!wd_jobj_has(o, "mrtd"))
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "\"mrtd\" is not given; without it any TD would do");
}

/* Only v5 knows TDX; which of its two forms it is the first type decides. */
static enum wd_tee
tee_of(enum wd_policy_schema schema, const struct wd_jval *v)
{
	const struct wd_jval *type;
	struct wd_span text;
	struct wd_jobj o;

	if (schema != WD_SCHEMA_ISECL_V5)
		return WD_TEE_SGX;
	wd_jobj_open(&o, v, NULL, "policy");
	wd_jobj_fold_case(&o);
	type = wd_jobj_take(&o, "attestation_type", WD_OPTIONAL);
	if (wd_jval_count(type) > 0)
		type = wd_jval_at(type, 0);
	return wd_jval_text(type, &text) && wd_span_is(text, "TDX")
	    ? WD_TEE_TDX
	    : WD_TEE_SGX;
}

static int
parse(struct isecl *p, enum wd_policy_schema schema, const struct wd_jval *v,
    struct wd_diag *d, struct wd_wr *flat)
{
	*p = (struct isecl){ 0 };
	p->head.schema = schema;
	p->head.tee = tee_of(schema, v);
	p->rows = wd_isecl_rows(schema, p->head.tee, &p->n_rows);
	p->head.statuses = WD_STATUS_DEFAULT;
	p->head.lease_seconds = WD_LEASE_DEFAULT;
	wd_jobj_open(&p->object[TOP], v, d, "transfer policy");
	wd_jobj_fold_case(&p->object[TOP]);
	read_frame(p, d);
	if (error_of(p) != 0)
		return error_of(p);
	wd_policy_put_head(flat, &p->head);
	wd_policy_put_count(flat, 0);
	read_clauses(p, flat);
	return error_of(p);
}

int
wd_parse_isecl_v3(
    const struct wd_jval *v, struct wd_diag *d, struct wd_wr *flat)
{
	struct isecl p;
	int r = parse(&p, WD_SCHEMA_ISECL_V3, v, d, flat);

	if (r != 0)
		return r;
	need_enclave(&p.object[TOP], "sgx_enclave_issuer_anyof",
	    "sgx_enclave_measurement_anyof");
	return wd_jobj_close(&p.object[TOP]);
}

int
wd_parse_isecl_v5(
    const struct wd_jval *v, struct wd_diag *d, struct wd_wr *flat)
{
	struct isecl p;
	int r = parse(&p, WD_SCHEMA_ISECL_V5, v, d, flat);

	if (r != 0)
		return r;
	if (p.head.tee == WD_TEE_TDX)
		need_td(&p.object[ATTRIBUTES]);
	else
		need_enclave(&p.object[ATTRIBUTES], "mrsigner", "mrenclave");
	for (size_t i = N_OBJECTS; i > 0 && r == 0; i--)
		r = wd_jobj_close(&p.object[i - 1]);
	return r;
}
