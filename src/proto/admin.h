/*
 * The admin API's JSON (docs/admin-api.md) to and from the fields of messages.
 * No sockets, no decisions. Who asks, and what the path or the query says, is
 * the caller's to fill in.
 */
#pragma once

#include "base/secret.h"
#include "codec/json.h"
#include "codec/jtext.h"
#include "policy/policy.h"
#include "policy/reference.h"
#include "proto/msg.h"

/* What the spans of a message that was read are views of. Zeroed at first. */
struct wd_admin_body {
	struct wd_json *doc;
	struct wd_secret *material;
	struct wd_bytes *bytes;
	struct wd_policy *policy;
	struct wd_reference *reference;
};
void wd_admin_body_done(struct wd_admin_body *b);

/*
 * Bodies. All: WD_R_MALFORMED, WD_R_UNKNOWN_MEMBER, WD_R_RANGE, WD_R_TOO_LARGE,
 * or a fault. A key also WD_R_KEY_INVALID; a policy also WD_R_UNSUPPORTED.
 */
int wd_admin_key_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_key_create *ret, struct wd_diag *d) WD_MUST_USE;
int wd_admin_key_policy_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_key_policy *ret, struct wd_diag *d) WD_MUST_USE;
int wd_admin_unwrap_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_key_unwrap *ret, struct wd_diag *d) WD_MUST_USE;
int wd_admin_csr_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_key_csr_ask *ret, struct wd_diag *d) WD_MUST_USE;
int wd_admin_rotate_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_key_csr_ask *ret, struct wd_diag *d) WD_MUST_USE;
int wd_admin_policy_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_policy_add *ret, struct wd_diag *d) WD_MUST_USE;
/* RET->name is that of the path, or empty; WD_R_MISMATCH for another. */
int wd_admin_reference_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_reference_put *ret, struct wd_diag *d) WD_MUST_USE;
int wd_admin_explain_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_explain_ask *ret, struct wd_diag *d) WD_MUST_USE;
/* {"seal_wrap": true}, of a key or a secret. */
int wd_admin_seal_wrap_read(struct wd_span json, struct wd_admin_body *b,
    bool *ret, struct wd_diag *d) WD_MUST_USE;
int wd_admin_bind_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_policy_bind *ret, struct wd_diag *d) WD_MUST_USE;
int wd_admin_collateral_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_collateral_put *ret, struct wd_diag *d) WD_MUST_USE;
int wd_admin_token_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_token_create *ret, struct wd_diag *d) WD_MUST_USE;
int wd_admin_tpm_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_tpm_add *ret, struct wd_diag *d) WD_MUST_USE;
int wd_admin_revoke_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_revoke *ret, struct wd_diag *d) WD_MUST_USE;
int wd_admin_unseal_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_unseal *ret, struct wd_diag *d) WD_MUST_USE;
int wd_admin_migrate_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_seal_migrate *ret, struct wd_diag *d) WD_MUST_USE;

int wd_admin_backup_end_read(struct wd_span json, struct wd_admin_body *b,
    struct wd_msg_backup_end_ask *ret, struct wd_diag *d) WD_MUST_USE;

/*
 * What names a piece of collateral, from words: the names of role and TEE
 * ("none" is one), "standard" or "early", and the scope as it is shown. False
 * when there is no such word.
 */
bool wd_admin_role(struct wd_span name, uint8_t *ret_role);
bool wd_admin_tee(struct wd_span name, uint8_t *ret_tee);
bool wd_admin_class(struct wd_span name, uint8_t *ret_class);
bool wd_admin_scope(struct wd_span text, uint8_t role, uint8_t ret_scope[8]);

/* Records. One that cannot be what it says poisons the writer. */
void wd_admin_key_write(
    struct wd_jtext *j, const struct wd_msg_key_record *key, bool whole);
void wd_admin_policy_write(
    struct wd_jtext *j, const struct wd_msg_policy_record *p, bool whole);
void wd_admin_reference_write(
    struct wd_jtext *j, const struct wd_msg_reference_record *x, bool whole);
void wd_admin_explained_write(
    struct wd_jtext *j, const struct wd_msg_explained *m);
void wd_admin_secret_write(
    struct wd_jtext *j, const struct wd_msg_secret_record *s);
void wd_admin_document_write(
    struct wd_jtext *j, const struct wd_msg_collateral_record *c);
void wd_admin_backup_write(
    struct wd_jtext *j, const struct wd_msg_backup_begun *b);
void wd_admin_manifest_write(
    struct wd_jtext *j, const struct wd_msg_backup_manifest *m);
void wd_admin_made_write(struct wd_jtext *j, const struct wd_msg_token_made *t);
void wd_admin_seal_write(struct wd_jtext *j, const struct wd_msg_seal_state *s);

/* PROCS as the supervisor has sent it last; NULL: nothing yet. */
/* BACKENDS: a list of backend_status; may be empty. */
void wd_admin_status_write(struct wd_jtext *j, const struct wd_msg_status *s,
    const struct wd_msg_proc_list *procs, struct wd_span backends);

/*
 * Lists: {"items": [...]}, with "next" from the last item when there is MORE.
 * Each writes the whole answer.
 */
enum wd_admin_list {
	WD_LIST_KEYS,
	WD_LIST_POLICIES,
	WD_LIST_SECRETS,
	WD_LIST_DOCUMENTS,
	WD_LIST_TOKENS,
	WD_LIST_LEASES,
	WD_LIST_TPMS,
	WD_LIST_REFERENCES,
	WD_LIST_COUNT
};
void wd_admin_list_write(
    struct wd_wr *wr, enum wd_admin_list list, struct wd_span items, bool more);
void wd_admin_audit_write(
    struct wd_wr *wr, const struct wd_msg_audit_entries *entries);
