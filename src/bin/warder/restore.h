/*
 * Inside the verbs `restore` and `backup verify`: a backup, opened, and what
 * was found in it.
 */
#pragma once

#include "bin/warder/args.h"
#include "bin/warder/backup_file.h"
#include "bin/warder/init.h"

/* Where what opens the seal comes from. */
#define RESTORE_OPTIONS                                                      \
	{ "passphrase-file", "FILE",                                         \
		"what opens the seal: read the passphrase there; - is "      \
		"standard input",                                            \
		false },                                                     \
	    { "share-file", "FILE",                                          \
		    "likewise: a share; given as often as the seal needs",   \
		    true },                                                  \
	{                                                                    \
		"key-file", "FILE",                                          \
		    "likewise: the key of a seal for development, seal.key", \
		    false                                                    \
	}

/* One change that the store has lost. */
struct restore_lost {
	int64_t time;
	uint64_t entry;
	char event[32];
	char detail[400];
};

enum { RESTORE_LOST = 200 }; /* that are told one by one */

struct restore {
	struct init *x; /* configuration, device, owners */
	struct backup_file f;
	struct wd_seal_file seal;
	bool standing; /* not of a backup: of the server in X's state folder */
	struct wd_keyring ring;
	bool open;                  /* the ring is there: it is this server's */
	struct wd_secret *key_file; /* what the seal of a file opens with */

	struct wd_load_result loaded;
	uint64_t keys, secrets; /* that were opened */
	uint64_t wrapped;       /* under the HSM's layer too, which was not */

	/* the log that is there */
	bool has_log;
	bool same_log; /* it is the one that the backup was made beside */
	uint64_t entries;
	uint64_t n_lost;
	struct restore_lost *lost; /* the first RESTORE_LOST */
};
void restore_done(struct restore *r);

/* ---- restore_open.c */

/*
 * Opens the seal in the backup by what the options give, and finds out whether
 * whoever has the root key made it. X has kind and configuration for a device.
 * WD_R_UNSEAL_REFUSED; WD_R_TAMPERED: not this server's, or changed.
 */
int restore_open(struct restore *r, const struct cli_args *args,
    struct wd_diag *d) WD_MUST_USE;

/* Likewise of the server that is there: its ring. */
int restore_open_standing(struct restore *r, const struct cli_args *args,
    struct wd_diag *d) WD_MUST_USE;

/* What seal there is, for which a device may be needed. WD_R_MALFORMED. */
int restore_look(struct restore *r, struct wd_diag *d) WD_MUST_USE;

/* ---- restore_load.c */

/* Makes the store in DIR, and opens every secret in it where there is a ring.
 * WD_R_MALFORMED, WD_R_TAMPERED, WD_R_WRONG_STORE. */
int restore_load(struct restore *r, const char *dir, struct wd_diag *d)
    WD_MUST_USE;

/* ---- restore_log.c */

/* Looks at the log in the folder that is open in X, before anything is made: it
 * is the backup's, whole, or there is none. WD_R_CONFLICT: another log;
 * WD_R_TAMPERED: not what was signed then. */
int restore_log_look(struct restore *r, struct wd_diag *d) WD_MUST_USE;

/* Has the log say that the store was restored; makes one where there is none.
 */
int restore_log_write(struct restore *r, struct wd_diag *d) WD_MUST_USE;
