/*
 * Admin calls: who asks (token and rules), what is done, what is logged. Every
 * act of a caller with a valid token is logged, accepted or refused; a change
 * stands in an open transaction of store.db until the keeper knows that its
 * entry is durable.
 */
#pragma once

#include "broker/broker.h"

/* What verify thinks of evidence. */
struct wd_admin_evidence {
	int reason; /* 0: genuine */
	struct wd_span detail, claims;
};

struct wd_admin_made; /* broker/admin_remote.h */
struct wd_use_asked;  /* broker/use.h */
struct wd_sealwrap;   /* seal/sealwrap.h */

/* What other roles found out for a call before it can be done. */
struct wd_admin_found {
	int result; /* not 0: why that role refused or could not; then the act
		       is refused for the same reason, and logged */
	struct wd_span why;                      /* its sentence */
	const struct wd_msg_doc_info *doc;       /* COLLATERAL_PUT, by verify */
	const struct wd_msg_audit_entries *tail; /* AUDIT_TAIL, by scribe */
	const struct wd_admin_evidence *evidence; /* POLICY_EXPLAIN, verify */
	const struct wd_admin_made *made; /* KEY_CREATE, KEY_ROTATE, backend */
	struct wd_span fetched; /* KEY_CSR: the private key, by a backend */
	bool unwrapped;         /* likewise: by which it leaves wrapped alone */
	struct wd_span signature;  /* KEY_CSR: instead, by the key there */
	struct wd_use_asked *used; /* KEY_USE, by a backend */
	const struct wd_msg_seal_files *files; /* BACKUP_BEGIN, by seal */
	const struct wd_msg_log_note *note;    /* BACKUP_BEGIN, by scribe */
	/* Of what the HSM wraps: one new key, or those it has opened. */
	const struct wd_sealwrap *wraps;
	size_t n_wraps;
};

/* One admin request while it is handled. */
struct wd_admin {
	struct wd_broker *b;
	const struct wd_admin_row *row;
	struct wd_store_token who;
	const struct wd_admin_found *found;
	int64_t now;
	struct wd_diag *d;
	struct wd_entry entry; /* RUN adds what MSG itself does not say */
	/* room for what the entry points to */
	char source[65], path[WD_PATH_MAX + 1], said[1536];
	char references[4096];
	uint8_t policy_version[32];
	struct wd_outcome *out;
};

/*
 * One row a call. RUN is called with a good token whose rules allow
 * RESOURCE:ACTION, inside a transaction when it WRITES (with BEGINS it opens
 * that itself); it answers with wd_admin_answer() and returns 0, or returns a
 * rejection or fault.
 */
struct wd_admin_row {
	enum wd_call call;
	enum wd_event event;
	const char *resource, *action; /* "keys", "create" */
	/* What MSG needs instead of ACTION; NULL: always ACTION. */
	const char *(*action_of)(const void *msg);
	bool needs_keys; /* WD_R_SEALED while sealed */
	bool writes;
	/* RUN calls wd_admin_begin() once what takes long is done: while the
	 * transaction is open, no other keeper can change anything. */
	bool begins;
	/* It goes on with what was logged when it began: only refusals have an
	 * entry. */
	bool continues;
	int (*run)(struct wd_admin *a, const void *msg);
};

/* NULL when CALL is none of the admin calls that are done here (UNSEAL and
 * STATUS are the keeper's). SEAL, KEYRING_ROTATE and SEAL_MIGRATE are in the
 * table for their rules and entries: they have no RUN, and on 0 the outcome has
 * no reply yet.
 */
const struct wd_admin_row *wd_admin_row(enum wd_call call);
const struct wd_admin_row *wd_admin_rows(size_t *ret_n);

/*
 * Looks at token and rules alone, for calls that need another role first:
 * nothing is asked of verify, scribe or seal for somebody without the right.
 * WD_R_NO_CREDENTIAL, WD_R_CREDENTIAL_INVALID (unknown or expired: not logged
 * one by one), WD_R_PERMISSION, or a fault. RET_WHO is filled on 0 and on
 * WD_R_PERMISSION.
 */
int wd_admin_allowed(struct wd_broker *b, const struct wd_admin_row *row,
    struct wd_span token, int64_t now, struct wd_store_token *ret_who,
    struct wd_diag *d) WD_MUST_USE;

/* As that for the request MSG, of which the action may depend. */
int wd_admin_allowed_for(struct wd_broker *b, const struct wd_admin_row *row,
    const void *msg, int64_t now, struct wd_diag *d) WD_MUST_USE;

/*
 * Does CALL as MSG says (a struct of the row's request). 0 or a fault of our
 * own, after which nothing is open; what the caller is told is in OUT, which
 * comes zeroed. On 0 a transaction may be open: wd_admin_finish() ends it, once
 * the entry is durable (KEEP) or cannot be logged (not KEEP: everything is
 * undone). No other call and nothing else that reads or writes store.db comes
 * between the two: it would see, or become part of, what is not yet so.
 */
int wd_admin_call(struct wd_broker *b, enum wd_call call, const void *msg,
    const struct wd_admin_found *found, int64_t now, struct wd_outcome *out)
    WD_MUST_USE;
int wd_admin_finish(struct wd_broker *b, bool keep, struct wd_diag *d)
    WD_MUST_USE;

/* For RUN. */
int wd_admin_answer(struct wd_admin *a, const void *msg) WD_MUST_USE;

/*
 * Rules are `resource:action`, separated by single spaces; either may be `*`.
 *
 *   keys                   create (generate), register (bring one's own or
 *                          attach), retrieve (metadata), search, update
 *                          (another policy, a new version), certify (CSR and
 *                          chain), unwrap (let the broker unwrap what leaves
 *                          its HSM wrapped alone, or no more; have the HSM of
 *                          the seal wrap it no more), delete; encrypt, decrypt,
 *                          datakey, sign, verify (with the key, which does not
 *                          leave)
 *   key_transfer_policies  create, update (a new version), retrieve, search,
 *                          bind (a prefix to one, or free it), explain
 *                          (what evidence would get), delete
 *   reference_values       create, update (a new version: policies follow),
 *                          retrieve, search, delete
 *   secrets                write, read, search, unwrap (as for keys), delete
 *   collateral             import, retrieve, search
 *   tokens                 create, search, delete
 *   tpms                   create, search, delete
 *   leases                 search
 *   revocations            create
 *   audit                  search
 *   server                 seal
 *   backup                 create
 *   seal                   migrate
 *   keyring                rotate
 *
 * RULES ("keys:create keys:search", "*:*") allow RESOURCE:ACTION.
 */
bool wd_rules_allow(
    const char *rules, const char *resource, const char *action);
/* Form of a text of rules. */
bool wd_rules_are_valid(struct wd_span rules);

/* All stored collateral in one block, for verify (verify/collateral.h). What
 * would make it larger than this is not stored. */
enum { WD_SNAPSHOT_MAX = 64 << 20 };
int wd_collateral_snapshot(struct wd_broker *b, struct wd_bytes **ret)
    WD_MUST_USE;
