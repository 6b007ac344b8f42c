/*
 * Inside of broker/use: one use of a key on its way, and what the kinds of keys
 * can do.
 */
#pragma once

#include "broker/use.h"
#include "crypto/sig.h"
#include "proto/envelope.h"

struct wd_using {
	const struct wd_thing *thing;
	const struct wd_use_work *w;
	struct wd_use_asked *x;
	const struct wd_key_row *kind;
	enum wd_keysig sig; /* SIGN, VERIFY */

	/* DECRYPT: what the key is to open, and its envelope; how 0: none */
	struct wd_envelope envelope;
	struct wd_span body;

	struct wd_secret *bytes; /* the key, when it is here */
	struct wd_span answer;   /* what its backend did, when it is not */

	struct wd_use_done done;
	struct wd_diag *d;
};

/*
 * One row for what keys of a family can do. CHECK looks at the request before
 * anything is opened; HERE does it with U->bytes, or with the public key alone
 * when no SECRET is needed; THERE looks at U->answer.
 */
struct wd_use_row {
	enum wd_keyuse use;
	unsigned families; /* bits 1 << enum wd_key_family */
	bool secret;
	int (*check)(struct wd_using *u);
	int (*here)(struct wd_using *u);
	int (*there)(struct wd_using *u);
};

/* NULL: such keys do not. */
const struct wd_use_row *wd_use_row(
    enum wd_keyuse use, enum wd_key_family family);

/* One sentence for all that can be wrong with a ciphertext. */
int wd_use_not_decrypted(struct wd_diag *d);

/* And for what a backend answers that cannot be right. */
int wd_use_wrong_answer(struct wd_diag *d);

/* The backend's algorithm for a signature. */
enum wd_backend_alg wd_use_backend_alg(enum wd_keysig sig);

/* Head of an envelope and the caller's data, in a row. */
int wd_use_aad(struct wd_span head, struct wd_span aad,
    uint8_t room[WD_USE_ROOM], struct wd_span *ret) WD_MUST_USE;
