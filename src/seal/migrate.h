/*
 * From one seal to another. A new root key is made, so that neither the old
 * seal nor a copy of it opens what is written from then on. Everything new is
 * written beside the old under names ending in ".next" and opened again; one
 * exchange of two names then decides. Whoever opens the seal later puts the
 * rest in order (wd_migrate_settle), so that a process killed at any moment
 * leaves the old seal or the new one in force, never neither.
 */
#pragma once

#include "seal/seal.h"

#define WD_SEAL_NEXT "seal.next"       /* not in force, or not any more */
#define WD_KEYRING_NEXT "keyring.next" /* of the root key in that seal */

struct wd_migrate {
	int state; /* the folder */
	const struct wd_id *store_id;
	const struct wd_seal_row *row; /* the new seal */
	struct wd_seal_use use;        /* a row with a key file: no share */
	struct wd_span keyring;        /* flat form */
};

/* WD_R_RANGE: no share or passphrase can be as USE has it. */
int wd_seal_use_check(const struct wd_seal_row *row,
    const struct wd_seal_use *use, struct wd_diag *d) WD_MUST_USE;

/*
 * 0: the new seal is in force, and RET_ROOT is its root key. Otherwise the old
 * one stands and nothing of the new is left. *RET_UNSURE (with 0: the files are
 * not in order yet; otherwise: which of the two is in force shows when it is
 * opened the next time): until then nothing may be written under either root
 * key. Rejections: those of wd_seal_use_check(), and what a device rejects.
 */
int wd_migrate(const struct wd_migrate *m, struct wd_secret **ret_root,
    bool *ret_unsure, struct wd_diag *d) WD_MUST_USE;

/* The name of a file's successor, "seal.key.next"; ROOM has WD_NEXT_NAME. */
enum { WD_NEXT_NAME = 64 };
const char *wd_migrate_next(const char *name, char room[WD_NEXT_NAME]);

/*
 * After the seal of ROW in STATE was opened: with the successor of its keyring
 * or of its key file where the file itself was of another seal. Gives those
 * their names, and wipes what is left of the other seal. What cannot be done
 * now is done the next time: a fault, but the seal is open.
 */
struct wd_migrate_found {
	bool keyring_next, key_next;
};
int wd_migrate_settle(int state, const struct wd_seal_row *row,
    const struct wd_migrate_found *found, struct wd_diag *d) WD_MUST_USE;
