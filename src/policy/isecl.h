/*
 * The members of the two ISecL schemas, in the order of their names, with the
 * clause each of them stands for. Parser, flat form and printer walk the same
 * rows.
 */
#pragma once

#include "policy/policy.h"

enum wd_isecl_kind {
	WD_ISECL_CLAUSE,
	WD_ISECL_TYPE, /* of attestation: SGX, TDX */
	WD_ISECL_TCB,  /* true, false or absent */
	WD_ISECL_ID,   /* these three are the server's */
	WD_ISECL_CREATED,
	WD_ISECL_UPDATED,
	WD_ISECL_ENTER, /* an object; its members follow up to LEAVE */
	WD_ISECL_LEAVE,
};

struct wd_isecl_row {
	const char *name;
	enum wd_isecl_kind kind;
	enum wd_op op;       /* of a clause */
	enum wd_claim claim; /* 0: of the client */
};

/* Of policies for TEE; NULL and no rows for Warder's own schema. */
const struct wd_isecl_row *wd_isecl_rows(
    enum wd_policy_schema schema, enum wd_tee tee, size_t *ret_n);

/* The clause of P that ROW stands for, or NULL. */
const struct wd_clause *wd_isecl_clause(
    const struct wd_policy *p, const struct wd_isecl_row *row);

/* P holds nothing but what its schema can say; true for Warder's own. */
bool wd_isecl_fits(const struct wd_policy *p);
