/*
 * What the seal opens: the files `seal` and `keyring` of the state folder.
 * Holds the keyring while open. The root key is only there while the keyring
 * is being opened, since nothing else needs it.
 */
#pragma once

#include "base/diag.h"
#include "base/secret.h"
#include "seal/seal.h"

struct seal_box {
	int dir; /* the state folder; the caller's */
	bool initialized;
	const struct wd_seal_row *row; /* NULL: no seal that can be read */
	const struct wd_seal_device *device; /* NULL: none */
	struct wd_seal_split split;          /* 0 of 0: opens by itself */
	struct wd_secret *keyring;           /* flat form; NULL: sealed */
};

/*
 * Learns what seal there is. WD_R_NOT_INITIALIZED; WD_R_TAMPERED when the file
 * is damaged; or a fault.
 */
int seal_box_look(struct seal_box *b, struct wd_diag *d) WD_MUST_USE;

/*
 * Opens with what the operator typed, or the secret that shares gave together;
 * automatic seals take theirs from its file and do not look at SHARE. As
 * seal_box_look(), and WD_R_UNSEAL_REFUSED for a wrong share, WD_R_TAMPERED for
 * a keyring that is damaged or of another root key.
 */
int seal_box_open(struct seal_box *b, struct wd_span share, struct wd_diag *d)
    WD_MUST_USE;

/* Forgets the keys. */
void seal_box_close(struct seal_box *b);
