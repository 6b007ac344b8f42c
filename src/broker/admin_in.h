/*
 * Inside the admin calls only: what their files share. Every RUN of the table
 * is declared here; none of them may put a secret into the entry.
 */
#pragma once

#include "broker/admin.h"
#include "proto/door.h"
#include "seal/sealwrap.h"

enum {
	WD_PAGE_MAX = 100,           /* rows of a list's answer */
	WD_LIST_MAX = 1 << 20,       /* bytes of a list's answer */
	WD_PREFIXES_MAX = 16384,     /* bytes of one policy's, listed */
	WD_RULE_WORD = 32,           /* bytes of a resource or action */
	WD_SECRET_BYTES_MAX = 65536, /* of what is kept under a key or path */
	WD_SELF_SIGNED_SECONDS = 3650 * 86400,
};

/* What every admin request starts with. */
struct wd_msg_admin_ask wd_admin_head(const void *msg);

/* What can be said of MSG before it is looked at: who, from where, which key,
 * policy or path. */
void wd_admin_entry_begin(struct wd_admin *a, const void *msg);

/* Sets the entry's detail; cut short where it does not fit. No secrets. */
void wd_admin_say(struct wd_admin *a, const char *fmt, ...) WD_PRINTF(2, 3);

/* Adds the diagnosis to what was said. */
void wd_admin_say_why(struct wd_admin *a);

/* R as a function of the store returned it. A fault gets the database's words,
 * WD_R_NOT_FOUND those of WHAT ("key"); other rejections are one of ours. */
int wd_admin_got(struct wd_admin *a, int r, const char *what) WD_MUST_USE;

/* Opens the transaction, for a RUN whose row says BEGINS. */
int wd_admin_begin(struct wd_admin *a) WD_MUST_USE;

/* A text that may be shown anywhere: UTF-8, no control characters. It fits, by
 * the cap of its message. WD_R_MALFORMED. */
int wd_admin_text(struct wd_admin *a, struct wd_span s, char *dst, size_t size,
    const char *what) WD_MUST_USE;

/* WD_R_RANGE unless LIMIT is one that a list may have. */
int wd_admin_limit(struct wd_admin *a, uint32_t limit) WD_MUST_USE;

/* Whether TOKEN may do RESOURCE:ACTION; fills RET_WHO as wd_admin_allowed(). */
int wd_admin_may(struct wd_broker *b, const char *resource, const char *action,
    struct wd_span token, int64_t now, struct wd_store_token *ret_who,
    struct wd_diag *d) WD_MUST_USE;

/* Takes the next rule off REST, without the space behind it; no bytes at the
 * end. Then its resource off the RULE, which leaves the action. */
struct wd_span wd_rules_next(struct wd_span *rest);
struct wd_span wd_rule_resource(struct wd_span *rule);

/* ---- what a key is made of */

struct wd_material {
	enum wd_key_kind kind;
	struct wd_secret *plain; /* as it is released: PKCS#8 DER, or raw */
	struct wd_pkey *pair;    /* NULL: AES and opaque */
	bool stays;              /* it may never leave our store */
	bool seal_wrap;          /* the HSM wraps it too */
};
void wd_material_done(struct wd_material *m);

/* A new key. WD_R_RANGE for no kind, WD_R_MALFORMED for an opaque one, which
 * cannot be made up; or a fault. */
int wd_material_make(enum wd_key_kind kind, struct wd_material *ret,
    struct wd_diag *d) WD_MUST_USE;

/* What an operator brings; KIND may be none for a private key. WD_R_RANGE,
 * WD_R_MALFORMED, WD_R_KEY_INVALID, WD_R_TOO_LARGE, WD_R_MISMATCH when it is
 * of another kind; or a fault. */
int wd_material_take(enum wd_key_kind kind, struct wd_span given,
    struct wd_material *ret, struct wd_diag *d) WD_MUST_USE;

/* Whether a backend keeps the key that M brings, as far as its public key
 * tells: 0, WD_R_BACKEND_ANSWER, those of wd_material_take(), or a fault. */
int wd_admin_remote_brought(
    struct wd_admin *a, const struct wd_msg_key_create *m) WD_MUST_USE;

/* Whether M's caller may have attached what the backend has found for it.
 * WD_R_PERMISSION, or a fault. */
int wd_admin_check_attached(
    struct wd_admin *a, const struct wd_msg_key_create *m) WD_MUST_USE;

/* Fills KEY and V of a key that a backend made or knows, and begins the
 * transaction. MAY_UNWRAP counts when the key leaves wrapped alone.
 * WD_R_BACKEND_ANSWER, or a fault. */
int wd_admin_remote_version(struct wd_admin *a, bool may_unwrap,
    struct wd_store_key *key, struct wd_store_version *v) WD_MUST_USE;

/* ---- certificates of keys */

/* "CN=…,DNS=…" signed by the key itself, as PEM. WD_R_MALFORMED, WD_R_RANGE, or
 * a fault. */
int wd_admin_self_sign(struct wd_admin *a, struct wd_span subject,
    const struct wd_pkey *pair, struct wd_bytes **ret_pem) WD_MUST_USE;

/* Sends the key as it is stored; CHAIN or not. */
int wd_admin_answer_key(struct wd_admin *a, const struct wd_store_key *key,
    const struct wd_store_version *newest) WD_MUST_USE;

/* Adds how KEY may leave, where that can be seen, and its version's age. 0 or a
 * fault. */
int wd_admin_tell_way(struct wd_admin *a, const struct wd_store_key *key,
    const struct wd_store_version *newest, struct wd_msg_key_record *m)
    WD_MUST_USE;

/* ---- paths */

/* What only keys may be under; a path, or a prefix of some. */
bool wd_admin_is_keys_path(struct wd_span path);

/* Takes a prefix that may be bound into a->path. WD_R_MALFORMED, and
 * WD_R_CONFLICT for one of keys. */
int wd_admin_read_prefix(struct wd_admin *a, struct wd_span text) WD_MUST_USE;

/* The prefixes of a policy as a LIST of path_record; WR takes WD_PREFIXES_MAX.
 * WD_R_TOO_LARGE when they are more. */
int wd_admin_prefixes(struct wd_admin *a, const struct wd_id *policy,
    struct wd_wr *wr) WD_MUST_USE;

/* Binds PATH to the policy that is there. WD_R_PERMISSION unless the caller may
 * bind, whatever else it may; WD_R_NOT_FOUND; WD_R_TOO_LARGE when the policy
 * has as many prefixes as it can be shown with. */
int wd_admin_bind(struct wd_admin *a, const char *path,
    const struct wd_id *policy) WD_MUST_USE;

/* ---- what the HSM of the seal wraps (admin_hsm.c) */

/* The key to wrap with, when that is WANTED; else NULL. WD_R_HSM_UNAVAILABLE:
 * the HSM was not asked for one. */
int wd_admin_wrap(struct wd_admin *a, bool wanted,
    const struct wd_sealwrap **ret) WD_MUST_USE;
/* What the HSM gave for BLOB; NULL: nothing. */
const struct wd_sealwrap *wd_admin_unwrap(
    struct wd_admin *a, const struct wd_bytes *blob);

/* As wd_secret_use_key() and wd_secret_open_path(), with what was found. */
int wd_admin_use_key(struct wd_admin *a, const struct wd_store_version *v,
    struct wd_secret **ret, bool *ret_stays) WD_MUST_USE;
int wd_admin_open_path(struct wd_admin *a, const struct wd_store_secret *x,
    struct wd_secret **ret) WD_MUST_USE;

/* X with or without the mark, inside the transaction. */
int wd_admin_hsm_path(struct wd_admin *a, struct wd_store_secret *x, bool on)
    WD_MUST_USE;

/* ---- the calls */

const char *wd_admin_key_create_action(const void *msg);
int wd_admin_key_create(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_key_show(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_key_list(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_key_delete(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_key_policy(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_key_rotate(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_key_unwrap(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_key_csr(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_key_chain(struct wd_admin *a, const void *msg) WD_MUST_USE;
const char *wd_admin_key_hsm_action(const void *msg);
int wd_admin_key_hsm(struct wd_admin *a, const void *msg) WD_MUST_USE;
const char *wd_admin_key_use_action(const void *msg);
int wd_admin_key_use(struct wd_admin *a, const void *msg) WD_MUST_USE;

const char *wd_admin_policy_add_action(const void *msg);
int wd_admin_policy_add(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_policy_show(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_policy_list(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_policy_delete(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_policy_bind(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_policy_explain(struct wd_admin *a, const void *msg) WD_MUST_USE;

const char *wd_admin_reference_put_action(const void *msg);
int wd_admin_reference_put(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_reference_show(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_reference_list(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_reference_delete(struct wd_admin *a, const void *msg) WD_MUST_USE;

int wd_admin_secret_put(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_secret_get(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_secret_list(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_secret_delete(struct wd_admin *a, const void *msg) WD_MUST_USE;
const char *wd_admin_secret_hsm_action(const void *msg);
int wd_admin_secret_hsm(struct wd_admin *a, const void *msg) WD_MUST_USE;

int wd_admin_collateral_put(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_collateral_list(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_collateral_show(struct wd_admin *a, const void *msg) WD_MUST_USE;

int wd_admin_token_create(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_token_list(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_token_revoke(struct wd_admin *a, const void *msg) WD_MUST_USE;

int wd_admin_tpm_add(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_tpm_list(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_tpm_remove(struct wd_admin *a, const void *msg) WD_MUST_USE;

int wd_admin_lease_list(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_revoke(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_backup_begin(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_backup_rows(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_backup_end(struct wd_admin *a, const void *msg) WD_MUST_USE;
int wd_admin_audit_tail(struct wd_admin *a, const void *msg) WD_MUST_USE;
