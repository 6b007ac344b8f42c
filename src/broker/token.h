/*
 * The attestation token: an EAR (draft-ietf-rats-ear) as compact JWS with
 * ES256, in the shape Confidential Containers relying parties read. It is no
 * proof to this server: a session is found by the digest of the token's bytes.
 */
#pragma once

#include "broker/broker.h"
#include "crypto/jwk.h"

struct wd_token_in {
	const struct wd_claims *claims;
	struct wd_span claims_json; /* the same as an object */
	const struct wd_pkey *client;
	enum wd_jwe_alg client_alg;
	struct wd_span nonce; /* the challenge; shown in base64 */
	const struct wd_id *session;
	int64_t now, expires;
};

/* Signs into a new secret. 0 or a fault. */
int wd_token_make(struct wd_broker *b, const struct wd_token_in *in,
    struct wd_secret **ret) WD_MUST_USE;
