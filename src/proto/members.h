/*
 * Members of requests that several doors read alike, and the forms in which
 * people bring keys of their own. Needs the JSON library: fronts alone link it.
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

/*
 * What kind of key MATERIAL is, where FAMILY is what was asked for: AES by its
 * length, OPAQUE any, everything else by what the private key (PEM or DER) says
 * itself. WD_R_KEY_INVALID.
 */
int wd_material_kind(struct wd_span material, enum wd_key_family family,
    enum wd_key_kind *ret, struct wd_diag *d) WD_MUST_USE;
