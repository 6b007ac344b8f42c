/*
 * Uses of keys in JSON, at both doors: attested clients write bytes in
 * base64url without padding, as the rest of their protocol does, admins in
 * base64 with padding. No sockets, no decisions.
 */
#pragma once

#include "base/secret.h"
#include "codec/json.h"
#include "codec/jtext.h"
#include "proto/msg.h"
#include "proto/use.h"

enum wd_use_text { WD_USE_B64, WD_USE_B64URL };

/* A body that was read; owns what its spans, given below, are views of. */
struct wd_use_body {
	struct wd_json *doc;
	struct wd_secret *input;
	struct wd_bytes *aad, *signature;
	enum wd_keysig sig;
	uint32_t version;
	uint16_t bits;
	bool wrapped, hashed;
};
void wd_use_body_done(struct wd_use_body *b);

/* The body of a request for USE; B comes zeroed. WD_R_MALFORMED,
 * WD_R_UNKNOWN_MEMBER, WD_R_RANGE, WD_R_TOO_LARGE, WD_R_UNSUPPORTED for an
 * algorithm that is not known; or a fault. */
int wd_use_read(struct wd_span json, enum wd_keyuse use, enum wd_use_text text,
    struct wd_use_body *b, struct wd_diag *d) WD_MUST_USE;

/* Answers: of attested clients with what is secret as a JWE, of admins in
 * plain. */
void wd_used_write(
    struct wd_wr *wr, enum wd_keyuse use, const struct wd_msg_used *m);
void wd_key_used_write(
    struct wd_wr *wr, enum wd_keyuse use, const struct wd_msg_key_used *m);
