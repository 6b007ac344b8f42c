/*
 * Members of requests that several doors read alike, and the forms in which
 * people bring keys of their own. What a private key is like is not looked at:
 * whoever sent it may have no right to send one, and only the keeper can tell.
 */
#pragma once

#include "base/secret.h"
#include "codec/json.h"
#include "proto/door.h"
#include "proto/msg.h"

/* A text that can travel as the TEXT of a message: no control bytes. */
struct wd_span wd_member_text(
    struct wd_jobj *o, const char *name, enum wd_presence p, size_t max);

/* An id; none when the member is absent, or (OR_EMPTY) an empty text. */
struct wd_id wd_member_id(
    struct wd_jobj *o, const char *name, enum wd_presence p);
struct wd_id wd_member_id_or_empty(struct wd_jobj *o, const char *name);

/* An id, or null for none. */
struct wd_id wd_member_id_or_null(struct wd_jobj *o, const char *name);

/* Key material as it came: PEM as it is, or base64 with padding. At least one
 * byte. WD_R_MALFORMED, WD_R_RANGE for more than WD_MATERIAL_MAX. */
enum { WD_MATERIAL_MAX = 65536, WD_MATERIAL_TEXT_MAX = 87384 };
int wd_material_from_pem(
    struct wd_span text, struct wd_secret **ret, struct wd_diag *d) WD_MUST_USE;
int wd_material_from_b64(
    struct wd_span text, struct wd_secret **ret, struct wd_diag *d) WD_MUST_USE;

/* The kind of AES key that is LEN bytes long; WD_KEY_NONE for other lengths. */
enum wd_key_kind wd_aes_kind(size_t len);
