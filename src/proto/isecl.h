/*
 * The KBS API of the Intel Security Libraries: its JSON to and from the fields
 * of messages. Member names match in either case, as clients in the field rely
 * on ("transfer_policy_ID"). Keys and policies alone: the release protocol of
 * that API is not here.
 */
#pragma once

#include "base/secret.h"
#include "codec/json.h"
#include "codec/jtext.h"
#include "proto/msg.h"

/* What the spans of a message that was read are views of. */
struct wd_isecl_body {
	struct wd_json *doc;
	struct wd_secret *material;
};
void wd_isecl_body_done(struct wd_isecl_body *b);

/*
 * The body of POST /keys: generate, bring one's own (key_string), or attach
 * (kmip_key_id; vault_path and pkcs11_uri likewise). WD_R_MALFORMED,
 * WD_R_UNKNOWN_MEMBER, WD_R_RANGE for sizes and curves that are not served,
 * WD_R_KEY_INVALID and WD_R_MISMATCH for AES keys of the wrong length. Who asks
 * is the caller's to fill in.
 */
int wd_isecl_key_read(struct wd_span json, struct wd_isecl_body *b,
    struct wd_msg_key_create *ret, struct wd_diag *d) WD_MUST_USE;

/* What GET /keys is to be narrowed to; empty texts and zero are not looked at.
 */
struct wd_isecl_filter {
	struct wd_span algorithm, curve;
	uint64_t bits;
};

/* WD_R_RANGE when no key there is could match. RET_KIND is set when one kind
 * alone matches, so that the keeper can look for it. */
int wd_isecl_filter_check(const struct wd_isecl_filter *filter,
    uint8_t *ret_kind, struct wd_diag *d) WD_MUST_USE;
bool wd_isecl_filter_matches(
    const struct wd_isecl_filter *filter, const struct wd_msg_key_record *key);

/* KeyResponse. */
void wd_isecl_key_write(
    struct wd_jtext *j, const struct wd_msg_key_record *key);

/*
 * A key transfer policy in the schema it was written in; one in Warder's own,
 * which these clients cannot read, as its member "policy". WD_R_MALFORMED when
 * the record's policy is none, or a fault.
 */
int wd_isecl_policy_write(
    struct wd_jtext *j, const struct wd_msg_policy_record *policy) WD_MUST_USE;
