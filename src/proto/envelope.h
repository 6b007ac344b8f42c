/*
 * What encryption under a named key gives: which key and version, by which
 * method, and the ciphertext. The head is authenticated with it, so that
 * neither can be exchanged; where the method has no additional data (RSA) the
 * key itself tells.
 *
 *   offset  bytes
 *   0       4      "WDE1"
 *   4       1      enum wd_envelope_how
 *   5       36     id of the key, as text
 *   41      4      version of the key, big endian, from 1
 *   45             the body: nonce, ciphertext, tag; RSA: the ciphertext
 */
#pragma once

#include "base/id.h"
#include "base/wr.h"

/* Numbers are written. */
enum wd_envelope_how {
	WD_ENVELOPE_GCM = 1,  /* AES-256-GCM: 12 bytes of nonce, 16 of tag */
	WD_ENVELOPE_XAES = 2, /* XAES-256-GCM: 24 and 16 */
	WD_ENVELOPE_OAEP = 3, /* RSA-OAEP with SHA-256 */
};

enum { WD_ENVELOPE_HEAD = 45 };

struct wd_envelope {
	enum wd_envelope_how how;
	struct wd_id key;
	uint32_t version;
	struct wd_span head, body; /* views of what was read */
};

/* Appends the head; the body follows. */
void wd_envelope_head(struct wd_wr *wr, enum wd_envelope_how how,
    const struct wd_id *key, uint32_t version);

/* WD_R_MALFORMED: no envelope, of no form that is known, or with a body that is
 * shorter than its method makes it. */
int wd_envelope_read(struct wd_span s, struct wd_envelope *ret) WD_MUST_USE;
