/*
 * The ISecL key transfer policies as tables. Older v3 servers knew lists of
 * product ids and three members more; they are kept, since such policies are
 * still in the field. Must never let a policy pass that neither signer nor
 * measurement constrains.
 */
#include "policy/isecl.h"

#define CLAUSE(name, op, claim)                                           \
	{                                                                 \
		name, WD_ISECL_CLAUSE, WD_OP_##op, (enum wd_claim)(claim) \
	}
#define OTHER(name, kind)                                              \
	{                                                              \
		name, WD_ISECL_##kind, (enum wd_op)0, (enum wd_claim)0 \
	}

static const struct wd_isecl_row v3[] = {
	OTHER("attestation_type_anyof", TYPE),
	CLAUSE("client_permissions_allof", PERMISSIONS_ALL, 0),
	CLAUSE("client_permissions_anyof", PERMISSIONS_ANY, 0),
	OTHER("created_at", CREATED),
	OTHER("id", ID),
	CLAUSE("sgx_config_id_anyof", IN, WD_C_CONFIGID),
	CLAUSE("sgx_config_id_svn", EQ, WD_C_CONFIGSVN),
	CLAUSE("sgx_enclave_issuer_anyof", IN, WD_C_MRSIGNER),
	CLAUSE("sgx_enclave_issuer_extended_product_id_anyof", IN,
	    WD_C_ISVEXTPRODID),
	CLAUSE("sgx_enclave_issuer_product_id", EQ, WD_C_ISVPRODID),
	CLAUSE("sgx_enclave_issuer_product_id_anyof", IN, WD_C_ISVPRODID),
	CLAUSE("sgx_enclave_measurement_anyof", IN, WD_C_MRENCLAVE),
	CLAUSE("sgx_enclave_svn_minimum", GE, WD_C_ISVSVN),
	OTHER("sgx_enforce_tcb_up_to_date", TCB),
	CLAUSE("tls_client_certificate_issuer_cn_anyof", ISSUER_IN, 0),
	OTHER("updated_at", UPDATED),
};

static const struct wd_isecl_row v5[] = {
	OTHER("attestation_type", TYPE),
	CLAUSE("cert_issuer", ISSUER_IN, 0),
	OTHER("created_at", CREATED),
	OTHER("id", ID),
	OTHER("sgx", ENTER),
	OTHER("attributes", ENTER),
	CLAUSE("client_permissions", PERMISSIONS_ANY, 0),
	OTHER("enforce_tcb_upto_date", TCB),
	CLAUSE("isvprodid", IN, WD_C_ISVPRODID),
	CLAUSE("isvsvn", GE, WD_C_ISVSVN),
	CLAUSE("mrenclave", IN, WD_C_MRENCLAVE),
	CLAUSE("mrsigner", IN, WD_C_MRSIGNER),
	OTHER("attributes", LEAVE),
	OTHER("sgx", LEAVE),
	OTHER("updated_at", UPDATED),
};

static const struct wd_isecl_row v5_tdx[] = {
	OTHER("attestation_type", TYPE),
	CLAUSE("cert_issuer", ISSUER_IN, 0),
	OTHER("created_at", CREATED),
	OTHER("id", ID),
	OTHER("tdx", ENTER),
	OTHER("attributes", ENTER),
	OTHER("enforce_tcb_upto_date", TCB),
	CLAUSE("mrseam", IN, WD_C_MRSEAM),
	CLAUSE("mrsignerseam", IN, WD_C_MRSIGNERSEAM),
	CLAUSE("mrtd", IN, WD_C_MRTD),
	CLAUSE("rtmr0", EQ, WD_C_RTMR0),
	CLAUSE("rtmr1", EQ, WD_C_RTMR1),
	CLAUSE("rtmr2", EQ, WD_C_RTMR2),
	CLAUSE("rtmr3", EQ, WD_C_RTMR3),
	CLAUSE("seamsvn", GE, WD_C_SEAM_SVN),
	OTHER("attributes", LEAVE),
	OTHER("tdx", LEAVE),
	OTHER("updated_at", UPDATED),
};

static const struct wd_isecl_row *
v5_rows(enum wd_tee tee, size_t *ret_n)
{
	*ret_n = tee == WD_TEE_TDX ? WD_N(v5_tdx) : WD_N(v5);
	return tee == WD_TEE_TDX ? v5_tdx : v5;
}

const struct wd_isecl_row *
wd_isecl_rows(enum wd_policy_schema schema, enum wd_tee tee, size_t *ret_n)
{
	*ret_n = 0;
	switch (schema) {
	case WD_SCHEMA_WARDER:
		return NULL;
	case WD_SCHEMA_ISECL_V3:
		*ret_n = WD_N(v3);
		return v3;
	case WD_SCHEMA_ISECL_V5:
		return v5_rows(tee, ret_n);
	}
	return NULL;
}

static bool
is_clause_of(const struct wd_clause *c, const struct wd_isecl_row *row)
{
	enum wd_claim claim =
	    c->claim == NULL ? (enum wd_claim)0 : c->claim->id;

	return row->kind == WD_ISECL_CLAUSE && c->op->op == row->op &&
	    claim == row->claim;
}

const struct wd_clause *
wd_isecl_clause(const struct wd_policy *p, const struct wd_isecl_row *row)
{
	for (size_t i = 0; i < p->n_clauses; i++)
		if (is_clause_of(&p->clauses[i], row))
			return &p->clauses[i];
	return NULL;
}

/* Every clause has a row, in the order of the rows, at most once. */
static bool
clauses_fit(const struct wd_policy *p)
{
	size_t n, at = 0;
	const struct wd_isecl_row *rows =
	    wd_isecl_rows(p->head.schema, p->head.tee, &n);

	for (size_t i = 0; i < n && at < p->n_clauses; i++)
		if (is_clause_of(&p->clauses[at], &rows[i]))
			at++;
	return at == p->n_clauses;
}

/* Product ids, permissions and versions alone would let any signer in, and so
 * would what a TDX policy says of the module: all TDs run on it. */
static bool
names_the_enclave(const struct wd_policy *p)
{
	bool is_td = p->head.tee == WD_TEE_TDX;

	for (size_t i = 0; i < p->n_clauses; i++) {
		const struct wd_claim_row *claim = p->clauses[i].claim;

		if (claim == NULL)
			continue;
		if (is_td ? claim->id == WD_C_MRTD
			  : claim->id == WD_C_MRSIGNER ||
			    claim->id == WD_C_MRENCLAVE)
			return true;
	}
	return false;
}

static bool
has_tee(const struct wd_policy_head *h)
{
	return h->tee == WD_TEE_SGX ||
	    (h->tee == WD_TEE_TDX && h->schema == WD_SCHEMA_ISECL_V5);
}

static bool
head_fits(const struct wd_policy *p)
{
	const struct wd_policy_head *h = &p->head;

	return has_tee(h) && !h->accept_software && !h->allow_debug &&
	    h->lease_seconds == WD_LEASE_DEFAULT && h->not_before == 0 &&
	    h->not_after == 0 && p->n_advisories == 0 &&
	    (h->statuses == WD_STATUS_UP_TO_DATE ||
		h->statuses == WD_STATUS_DEFAULT ||
		h->statuses == WD_STATUS_ANY_BUT_REVOKED);
}

bool
wd_isecl_fits(const struct wd_policy *p)
{
	return p->head.schema == WD_SCHEMA_WARDER ||
	    (head_fits(p) && names_the_enclave(p) && clauses_fit(p));
}
