/*
 * What a signed release says, read by the agent itself: canonical JSON (RFC
 * 8785) of one shape, members in one order. Not a JSON parser: anything but the
 * exact text that a warder writes is refused. Read only once the signature has
 * been verified.
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"
#include "base/id.h"
#include "base/secret.h"
#include "crypto/wrapped.h"

enum {
	WD_PAYLOAD_VERSION = 1,
	WD_PAYLOAD_LABEL_MAX = 128,
	WD_PAYLOAD_CHAIN_MAX = 32768,
	WD_PAYLOAD_BYTES_MAX = 65536,
	WD_PAYLOAD_LEASE_MAX = 24 * 3600,
	WD_PAYLOAD_SPKI_MAX = 1024,
};

/* Spans view the text, which holds the key. */
struct wd_payload {
	struct wd_span client;    /* thumbprint of a key, base64url */
	struct wd_span nonce;     /* base64 */
	struct wd_span path;      /* repo/type/tag */
	struct wd_span algorithm; /* as the command line names kinds of keys */
	uint32_t version;         /* of the key or secret */
	struct wd_id lease, session;
	uint32_t seconds;
	uint8_t policy[32]; /* its version */

	struct wd_secret *bytes; /* the key, or what it is wrapped in */
	enum wd_wrap wrap;       /* not NONE: so, and SPKI is what it must be */
	struct wd_bytes *spki;   /* DER; NULL: none */
	struct wd_bytes *chain;  /* PEM; NULL: none */
	char label[WD_PAYLOAD_LABEL_MAX + 1];
};

void wd_payload_done(struct wd_payload *p);

/* WD_R_VERSION for another version than ours, WD_R_MALFORMED, or a fault. */
int wd_payload_read(
    struct wd_span text, struct wd_payload *ret, struct wd_diag *d) WD_MUST_USE;
