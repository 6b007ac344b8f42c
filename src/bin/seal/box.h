/*
 * What the seal opens: the files `seal` and `keyring` of the state folder.
 * Holds the keyring while open, and the root key, under which the keyring is
 * written when it changes or the seal does.
 */
#pragma once

#include "base/diag.h"
#include "base/secret.h"
#include "seal/migrate.h"

struct seal_box {
	int dir; /* the state folder; the caller's */
	bool initialized;
	const struct wd_seal_row *row; /* NULL: no seal that can be read */
	const struct wd_seal_device *device; /* NULL: none */
	struct wd_seal_split split;          /* 0 of 0: opens by itself */
	struct wd_seal_split break_glass;    /* 0 of 0: there are no shares */
	struct wd_id store_id;               /* while open */
	uint32_t terms, term; /* of the keyring: how many, and the newest */
	struct wd_secret *keyring; /* flat form; NULL: sealed */
	/* NULL: sealed, or the files are not in order: nothing is written. */
	struct wd_secret *root;
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

/* The same by what break-glass shares gave together. WD_R_UNSUPPORTED: there is
 * no such copy. */
int seal_box_break_glass(
    struct seal_box *b, struct wd_span share, struct wd_diag *d) WD_MUST_USE;

/* Whether the seal opens as a start would have it, without any change to B.
 * WD_R_TAMPERED when another root key comes of it; and as seal_box_open(). */
int seal_box_probe(const struct seal_box *b, struct wd_diag *d) WD_MUST_USE;

/*
 * Has another seal take the place of this one; the box stays open. WD_R_SEALED;
 * WD_R_CONFLICT while the files are not in order, or when there are break-glass
 * shares for which no new ones come, unless they are to be dropped (DROP); and
 * what wd_migrate() rejects.
 */
int seal_box_migrate(struct seal_box *b, const struct wd_seal_row *row,
    const struct wd_seal_use *use, bool drop, struct wd_diag *d) WD_MUST_USE;

/*
 * One more term in the keyring, which is on the disk before this returns.
 * WD_R_SEALED; WD_R_CONFLICT: as above, or no more terms fit; or a fault.
 */
int seal_box_rotate(struct seal_box *b, struct wd_diag *d) WD_MUST_USE;

/*
 * The terms before OLDEST go; the keyring without them is on the disk before
 * this returns. WD_R_SEALED; WD_R_CONFLICT while the files are not in order;
 * WD_R_RANGE: there is no such term; or a fault.
 */
int seal_box_drop(struct seal_box *b, uint32_t oldest, struct wd_diag *d)
    WD_MUST_USE;

/* Forgets the keys. */
void seal_box_close(struct seal_box *b);
