/*
 * Seals: what protects the root key at rest. The file `seal` in the state
 * folder holds kind, parameters, store id and the wrapped root key. One row a
 * kind: passphrase (scrypt), shamir (shares of several operators), pkcs11 (a
 * key in an HSM), tpm (registers of a TPM), file (development only, loudly).
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"
#include "base/id.h"
#include "base/secret.h"
#include "base/wr.h"

enum wd_seal_kind {
	WD_SEAL_NONE,
	WD_SEAL_PASSPHRASE,
	WD_SEAL_FILE,
	WD_SEAL_SHAMIR,
	WD_SEAL_PKCS11,
	WD_SEAL_TPM,
	WD_SEAL_BREAK_GLASS, /* no seal of its own: beside another */
};

/* How many shares there are, and how many of them open the seal. */
struct wd_seal_split {
	unsigned shares, threshold;
};

/* WD_R_RANGE: there can be no such split. */
int wd_seal_split_check(const struct wd_seal_split *s, struct wd_diag *d)
    WD_MUST_USE;

/*
 * What holds the key of a seal where nobody can read it; only keys of the seal
 * go there, the root key never. Rejections are passed on with their sentence.
 */
struct wd_seal_device {
	void *ctx;
	int (*wrap)(void *ctx, enum wd_seal_kind kind, struct wd_span key,
	    struct wd_bytes **ret_blob, struct wd_diag *d);
	/* WD_R_UNSEAL_REFUSED: not what the device has wrapped. */
	int (*unwrap)(void *ctx, enum wd_seal_kind kind, struct wd_span blob,
	    struct wd_secret **ret_key, struct wd_diag *d);
};

/* What a seal wraps and unwraps with. */
struct wd_seal_use {
	/* The passphrase, key, or joined secret; with a device, that of
	 * break-glass shares. */
	struct wd_span share;
	struct wd_seal_split split;          /* wrapping for shares only */
	const struct wd_seal_device *device; /* rows with one */
};

/*
 * A seal wraps the root key under a share: what an operator types, what the
 * shares of several give together, or for automatic seals what lies in a file.
 * Wrapped bytes are bound to the store id.
 */
struct wd_seal_row {
	enum wd_seal_kind kind;
	const char *name;
	bool automatic;       /* opens without an operator */
	bool device;          /* by a device */
	const char *key_file; /* the share, in the state folder; NULL: typed */
	size_t share_min, share_max;
	/* Said at start and in status, a sentence without "; ". NULL: none. */
	const char *warning;
	/* How a blob's share is split among operators: WD_R_MALFORMED. NULL: it
	 * is not, one gives it whole. */
	int (*split_of)(struct wd_span blob, struct wd_seal_split *ret);
	/* Wraps ROOT into a new blob. */
	int (*wrap)(struct wd_span root, const struct wd_id *store_id,
	    const struct wd_seal_use *use, struct wd_bytes **ret_blob,
	    struct wd_diag *d);
	/* WD_R_UNSEAL_REFUSED when the share is wrong or the blob is of another
	 * store; WD_R_MALFORMED. */
	int (*unwrap)(struct wd_span blob, const struct wd_id *store_id,
	    const struct wd_seal_use *use, struct wd_secret **ret_root,
	    struct wd_diag *d);
};

/*
 * A second copy of the root key beside a seal that opens by a device, for the
 * day on which the device is gone: operators' shares open it, when they are
 * told to. Not in the table, since no server has it for its seal.
 */
extern const struct wd_seal_row wd_seal_break_glass;

const struct wd_seal_row *wd_seal_row(enum wd_seal_kind kind); /* NULL */
const struct wd_seal_row *wd_seal_by_name(struct wd_span name);
const struct wd_seal_row *const *wd_seal_rows(size_t *ret_n);

/*
 * A share of an operator, as seal/shamir.h makes them of WD_SHARE_KEY bytes:
 * base64 out, that or hex in. Reading: WD_R_MALFORMED.
 */
enum { WD_SHARE_KEY = 32, WD_SHARE_LEN = WD_SHARE_KEY + 1, WD_SHARE_TEXT = 44 };
int wd_share_read(struct wd_span text, struct wd_secret **ret) WD_MUST_USE;
void wd_share_write(struct wd_wr *wr, struct wd_span share);

#define WD_SEAL_FILE_NAME "seal" /* in the state folder */

enum { WD_SEAL_FILE_MAX = 4096 };

struct wd_init_result;

/* The seal file: {magic, version, kind, store id, blob, break-glass blob}. */
struct wd_seal_file {
	enum wd_seal_kind kind;
	struct wd_id store_id;
	struct wd_bytes *blob;
	struct wd_bytes *break_glass; /* NULL: there is none */
};
void wd_seal_file_done(struct wd_seal_file *f);
int wd_seal_file_make(const struct wd_seal_file *f, struct wd_bytes **ret)
    WD_MUST_USE;
int wd_seal_file_read(struct wd_span bytes, struct wd_seal_file *ret)
    WD_MUST_USE; /* WD_R_MALFORMED, WD_R_VERSION */

/*
 * Makes the state of a new server in the folder STATE (a descriptor; its path
 * for the databases): root key, seal, keyring, store with the first admin
 * token (rules *:*, 24 hours). The seal file comes last: with it the server is
 * initialized, and without it a mark tells what is left of an attempt that was
 * killed; that is cleared away first. A failing attempt leaves nothing behind.
 * WD_R_EXISTS when any of it is there already, WD_R_RANGE for a passphrase that
 * is too short or too long or shares that cannot be, and what BEFORE_SEAL or
 * the device reject.
 */
struct wd_init {
	const char *state_path;
	int state;
	enum wd_seal_kind kind;
	struct wd_span passphrase; /* WD_SEAL_PASSPHRASE */
	/* WD_SEAL_SHAMIR; a seal of a device: of break-glass shares, or none */
	struct wd_seal_split split;
	const struct wd_seal_device *device;
	int64_t now;
	/* Puts in place what else must be there before the server counts as
	 * initialized, the file of the token for one. NULL: nothing. */
	int (*before_seal)(
	    void *ctx, const struct wd_init_result *made, struct wd_diag *d);
	void *ctx;
};

struct wd_init_result {
	struct wd_id store_id;
	uint8_t thumbprint[32]; /* RFC 7638, of the release key */
	struct wd_id token_id;
	int64_t token_expires;
	struct wd_secret *token; /* the text, "wdt_" and 43 characters */
	/* WD_SHARE_LEN bytes each, one after the other; NULL: no shares. */
	struct wd_secret *shares;
};

void wd_init_result_done(struct wd_init_result *x);
int wd_init_state(const struct wd_init *how, struct wd_init_result *ret,
    struct wd_diag *d) WD_MUST_USE;

/* STATE holds what is left of an attempt that was killed. */
bool wd_init_unfinished(int state);

/* WD_R_EXISTS when STATE holds a server, or files of one that no attempt left
 * behind. */
int wd_init_require_none(int state, struct wd_diag *d) WD_MUST_USE;

/*
 * Puts the state of a server in place as a backup has it. As wd_init_state():
 * the seal comes last, a failing attempt leaves nothing behind, one that was
 * killed leaves a mark of its own and is cleared away by the next.
 */
struct wd_restore {
	const char *state_path;
	int state;
	struct wd_span seal, keyring; /* the files */
	struct wd_span key;           /* of a seal's key file; empty: none */
	/* Makes store.db and sessions.db, and has found them good. */
	int (*load)(void *ctx, struct wd_diag *d);
	int (*before_seal)(void *ctx, struct wd_diag *d);
	void *ctx;
};
int wd_restore_state(const struct wd_restore *how, struct wd_diag *d)
    WD_MUST_USE;
bool wd_restore_unfinished(int state);
int wd_restore_require_none(int state, struct wd_diag *d) WD_MUST_USE;
