/*
 * A policy: the conditions under which a secret is released. In memory it is an
 * index over its flat form, which is what travels between roles and rests in
 * the store; there is one flat form for each policy, and nothing that was not
 * checked by wd_policy_adopt() is ever evaluated.
 *
 * The id is not part of a policy: the store's row has it, and the version, the
 * SHA-256 of the canonical text, stays the same under any id.
 *
 * The clauses stand in one array, each group in front of its members:
 * `all [mrsigner in …, any [isv_svn ge 3, not [isv_prod_id eq 7]]]` is six of
 * them, the outermost `all` being the policy itself and not written.
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"
#include "policy/clause.h"
#include "policy/status.h"
#include "verify/tee.h"

enum {
	WD_POLICY_FLAT_MAX = 65536,
	WD_POLICY_CLAUSES = 256, /* groups included */
	WD_POLICY_DEPTH = 8,     /* the policy itself and leaves included */
	WD_POLICY_VALUES = 256,  /* of one clause; and advisories */
	WD_POLICY_SETS = 16,     /* of reference values, named by clauses */
	WD_LEASE_DEFAULT = 600,
	WD_LEASE_MAX = 86400,
};

/* How the policy was written; it is shown in the same way. Numbers are stored.
 */
enum wd_policy_schema {
	WD_SCHEMA_WARDER = 1,
	WD_SCHEMA_ISECL_V3 = 3, /* v3 and v4: sgx_enclave_issuer_anyof, … */
	WD_SCHEMA_ISECL_V5 = 5, /* attestation_type, sgx { attributes { … } } */
};

/* What every policy says, clauses apart. */
struct wd_policy_head {
	enum wd_policy_schema schema;
	enum wd_tee tee;
	bool accept_software;
	bool allow_debug;
	bool plain_type;   /* v5: the attestation type was a text, not a list;
			      v3: it was left out */
	uint16_t statuses; /* WD_STATUS_ bits; never WD_STATUS_REVOKED */
	uint32_t lease_seconds;
	int64_t not_before, not_after; /* both inclusive; 0: open */
};

/*
 * A set of reference values that clauses name, each once. Which values it has
 * is not the policy's to say: whoever evaluates it fills SET in before.
 */
struct wd_reference;
struct wd_policy_set {
	struct wd_span name;
	const struct wd_reference *set; /* NULL: there is none; borrowed */
};

struct wd_policy {
	struct wd_policy_head head;
	size_t n_advisories;
	struct wd_span advisories; /* rejected ones, as values */
	size_t n_clauses;
	struct wd_clause *clauses; /* owned */
	struct wd_bytes *flat;     /* owned; all spans are views of it */
	size_t n_sets;
	struct wd_policy_set sets[WD_POLICY_SETS];
};

/*
 * Checks a flat policy and takes a copy. WD_R_MALFORMED for anything odd (with
 * a sentence in D), WD_R_TOO_LARGE, or a fault.
 */
int wd_policy_adopt(
    struct wd_span flat, struct wd_diag *d, struct wd_policy **ret) WD_MUST_USE;
struct wd_policy *wd_policy_free(struct wd_policy *p);
void wd_policy_freep(struct wd_policy **p);

/* The flat form; lives as long as P. */
struct wd_span wd_policy_flat(const struct wd_policy *p);

/* The seconds a lease given NOW may have: the policy's, cut off at not_after;
 * 0 outside the window. */
uint32_t wd_policy_lease(const struct wd_policy *p, int64_t now);

/*
 * Writing the flat form, in this order: head, advisories, then clauses, each
 * followed by its values or members. Whatever is wrong shows at adoption.
 */
void wd_policy_put_head(struct wd_wr *wr, const struct wd_policy_head *h);
void wd_policy_put_count(struct wd_wr *wr, size_t n); /* of advisories */
void wd_policy_put_group(struct wd_wr *wr, enum wd_op op, size_t n_members);
void wd_policy_put_clause(
    struct wd_wr *wr, enum wd_op op, enum wd_claim claim, size_t n_values);
void wd_policy_put_value(struct wd_wr *wr, struct wd_span value);
