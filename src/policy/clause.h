/*
 * Clauses: what a policy may compare, and how. The rows below are all there is;
 * parser, flat form, evaluation and printer share them.
 */
#pragma once

#include "base/rd.h"
#include "base/reason.h"
#include "verify/claims.h"

/* Numbers are stored. */
enum wd_op {
	WD_OP_ALL = 1, /* groups */
	WD_OP_ANY = 2,
	WD_OP_NOT = 3,
	WD_OP_GE = 4, /* a claim; bytes: component by component */
	WD_OP_IN = 5,
	WD_OP_EQ = 6,
	WD_OP_IS = 7,
	WD_OP_ISSUER_IN = 8, /* the verified client certificate */
	WD_OP_CN_IN = 9,
	WD_OP_PERMISSIONS_ANY = 10,
	WD_OP_PERMISSIONS_ALL = 11,
	WD_OP_LE = 12, /* as GE, the other way round */
	/* by values that are stored under a name (policy/reference.h) */
	WD_OP_REFERENCE = 13, /* a claim: one of the set's for it */
	WD_OP_PCRS = 14,      /* all registers that the set has */
};

enum wd_op_kind { WD_OP_GROUP, WD_OP_CLAIM, WD_OP_CLIENT, WD_OP_REGISTERS };

struct wd_op_row {
	enum wd_op op;
	enum wd_op_kind kind;
	const char *member;  /* the member of a clause that says it */
	const char *subject; /* of the client: which of its properties; of
				registers: what stands for a claim's name */
	bool is_list;
};

/* The row of a number that may be none (NULL); all rows, by number. */
const struct wd_op_row *wd_op_row(unsigned op);
const struct wd_op_row *wd_op_rows(size_t *ret_n);

/* What a claim's values must be like, and what its failing is called. */
struct wd_claim_rule {
	enum wd_claim claim;
	size_t len;            /* BYTES: exactly; 0: 1 to 64 */
	uint64_t max;          /* UINT */
	bool components;       /* BYTES that are security versions */
	enum wd_reason least;  /* when "ge" or "le" fails; 0: policy_clause */
	enum wd_reason listed; /* when another comparison fails; the same */
};

/* NULL when no clause may name the claim. */
const struct wd_claim_rule *wd_claim_rule(enum wd_claim claim);
const struct wd_claim_row *wd_claim_row(enum wd_claim claim);

struct wd_clause {
	const struct wd_op_row *op;
	const struct wd_claim_row *claim; /* NULL unless it compares one */
	const struct wd_claim_rule *rule; /* the same */
	size_t n;                         /* members or values */
	size_t end;            /* index of the clause behind this one */
	struct wd_span values; /* N times {u16 length, bytes} */
	size_t set;            /* of the policy's, when it names one */
};

/* The clause has the name of a set as its only value. */
bool wd_clause_names_set(const struct wd_clause *c);

/* The next of a clause's values; numbers and times as in claims. */
struct wd_span wd_value_next(struct wd_rd *values);

/* LATEST, the last of VALUES, stands among those in front of it too. */
bool wd_value_repeats(struct wd_span values, struct wd_span latest);

/* A value of eight bytes. */
uint64_t wd_value_number(struct wd_span value);

/* OP may compare claims of this kind. */
bool wd_clause_op_fits(const struct wd_op_row *op,
    const struct wd_claim_row *claim, const struct wd_claim_rule *rule);

/* VALUE may stand in this clause. */
bool wd_clause_value_fits(const struct wd_clause *c, struct wd_span value);

/* What a denial by this clause is called. A client without certificate is
 * WD_R_CLIENT_IDENTITY_MISSING instead. */
enum wd_reason wd_clause_reason(const struct wd_clause *c);
