/*
 * Metadata that rests on disk: keys (wrapped), policies, bindings, tokens,
 * collateral, revocations in store.db; sessions and leases in sessions.db;
 * leases of backends in upstream.db. Who writes what, and with which
 * durability, is in ARCHITECTURE.md. Nothing here encrypts or decides: wrapped
 * bytes come and go as they are.
 *
 * Rows own their blobs: release with the matching _done. Texts are NUL-ended.
 * A store is for one thread. Every function: 0, the rejections it names, or a
 * fault; wd_store_why() then has the database's words.
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"
#include "base/id.h"

enum {
	WD_PATH_MAX = 512,
	WD_LABEL_MAX = 128,
	WD_USAGE_MAX = 512,
	WD_RULES_MAX = 1024,
	WD_USER_MAX = 64,
	WD_BACKEND_MAX = 32,
	/* A session's row stays at least this long after the session was made:
	 * no challenge may live longer, and none is taken that was made more
	 * than so many seconds later by the clock of who looks. */
	WD_CHALLENGE_SECONDS_MAX = 300,
	WD_CHALLENGE_AHEAD = 5,
	WD_SET_NAME_MAX = 64,
	WD_SET_NOTE_MAX = 256,
};

struct wd_store;

/*
 * Makes both databases in the folder STATE_DIR (paths; must not exist:
 * WD_R_EXISTS), mode 0600, with STORE_ID in their meta tables.
 */
int wd_store_create(const char *state_dir, const struct wd_id *store_id,
    struct wd_diag *d) WD_MUST_USE;

/* Removes them all: for the one who made them and could not finish. */
void wd_store_remove(const char *state_dir);

/*
 * Opens them for reading and writing, prepares every statement and makes a
 * small change in each, so that no file needs to be opened later (a sandbox
 * closes after this; closing the store then needs no more than newfstatat).
 * WD_R_NOT_INITIALIZED when there are none; WD_R_VERSION for another format;
 * WD_R_TAMPERED when store.db is damaged or the two do not carry the same store
 * id. A sessions.db that is missing, damaged, or from before the machine's last
 * start is replaced by an empty one with a new id of its own. An upstream.db
 * that is missing is made.
 */
int wd_store_open(const char *state_dir, struct wd_store **ret,
    struct wd_diag *d) WD_MUST_USE;
struct wd_store *wd_store_close(struct wd_store *s);

/* Whether store.db still has the tables that it was opened with: a MAC says
 * nothing of the way in which a row was found. To be asked whenever the store
 * has changed, by who is going to read it. A fault. */
int wd_store_check_tables(struct wd_store *s) WD_MUST_USE;
void wd_store_closep(struct wd_store **s);

struct wd_id wd_store_id(const struct wd_store *s);

/*
 * The id of sessions.db, new whenever that file is made anew. The key of
 * challenges is derived with it: then a challenge whose row went away with the
 * old file cannot be used once more.
 */
struct wd_id wd_store_sessions_id(const struct wd_store *s);

/* What the database said about the last fault; lives as long as S. */
const char *wd_store_why(const struct wd_store *s);

/* Another number whenever store.db was changed, here or by another process. */
int wd_store_changed(struct wd_store *s, uint64_t *ret_version) WD_MUST_USE;

/*
 * ---- what is known to be of this server
 *
 * Whoever can write the file can write any row. Rows that decide who gets what
 * (policies, keys, versions, paths, tokens, tpms, reference_sets, docs,
 * revocations) therefore have a MAC, under a key that the opener has while the
 * server is unsealed, over the table and all columns that decide. With a guard
 * every such row is checked when it is read, and one whose MAC is wrong is a
 * fault, of which wd_store_why() says which it is; in lists it is there, so
 * that it can be removed. Without one they are read as
 * they are, and nothing may be decided by them; they cannot be written then,
 * but for being deleted: writers answer WD_R_SEALED.
 */
enum { WD_ROW_MAC = 32, WD_TAMPERED_TEXT = 160 };

struct wd_guard {
	const void *ctx;
	int (*mac)(const void *ctx, const struct wd_span *parts, size_t n,
	    uint8_t ret[WD_ROW_MAC]);
};

/* NULL: none. What its context points to must live until another is set. */
void wd_store_guard(struct wd_store *s, const struct wd_guard *g);

/* Whether it was such a row that the last call failed at. */
bool wd_store_foreign(const struct wd_store *s);

/*
 * Looks at all of them, some at a call, and tells of each that is not of this
 * server; from a struct of zeros on, until there are no more. WD_R_SEALED.
 */
struct wd_row_check {
	size_t table;
	struct wd_id after;
	int64_t version;
	uint64_t rows; /* that were looked at */
};
struct wd_row_seen {
	void (*bad)(void *ctx, const char *what);
	void *ctx;
};
int wd_store_check_rows(struct wd_store *s, struct wd_row_check *c,
    size_t n_max, const struct wd_row_seen *seen, bool *ret_more) WD_MUST_USE;

/* Whether a row with a wrong MAC was met since this was asked, and the last of
 * them in words. */
bool wd_store_tampered(struct wd_store *s, char ret[WD_TAMPERED_TEXT]);

/*
 * Admin changes are one transaction each: BEGIN IMMEDIATE, FULL sync at commit.
 * Without an open transaction the writers below make one of their own. A writer
 * that is refused has changed nothing; after a fault everything since BEGIN may
 * be undone already, and what follows up to the end is refused.
 */
int wd_store_begin(struct wd_store *s) WD_MUST_USE;
int wd_store_commit(struct wd_store *s) WD_MUST_USE;
void wd_store_rollback(struct wd_store *s); /* fine without one open */

/*
 * Between the two, everything is read from one state of both databases, and the
 * files are locked once instead of once a statement, and only when something is
 * read. What others stored before the begin is seen. No writing in between;
 * keep it short, since the logs of changes cannot be folded meanwhile.
 */
int wd_store_read_begin(struct wd_store *s) WD_MUST_USE;
void wd_store_read_end(struct wd_store *s);

/* Sessions added in between are stored together. After a fault of the end none
 * of them is. */
int wd_store_sessions_begin(struct wd_store *s) WD_MUST_USE;
int wd_store_sessions_end(struct wd_store *s) WD_MUST_USE;

/* ---- small named values: "check" (keyring check value), "latest_time" … */
int wd_meta_get(struct wd_store *s, const char *name, struct wd_bytes **ret)
    WD_MUST_USE; /* WD_R_NOT_FOUND */
int wd_meta_put(struct wd_store *s, const char *name, struct wd_span value)
    WD_MUST_USE;

/* ---- keys and their versions */

struct wd_store_key {
	struct wd_id id;
	uint8_t kind;                     /* enum wd_key_kind */
	uint32_t version;                 /* the newest, from 1 */
	char backend[WD_BACKEND_MAX + 1]; /* "embedded" */
	char attach[WD_PATH_MAX + 1];
	struct wd_id policy; /* none: no policy */
	char label[WD_LABEL_MAX + 1];
	char usage[WD_USAGE_MAX + 1];
	int64_t created;
};

struct wd_store_version {
	struct wd_id key;
	uint32_t version;
	struct wd_bytes
	    *wrapped;           /* sealed by the keyring: the bytes, or where */
	struct wd_bytes *spki;  /* NULL: symmetric */
	struct wd_bytes *chain; /* PEM; NULL: none */
	int64_t created;
	bool hsm; /* under the HSM's layer too (seal/sealwrap.h) */
};

void wd_store_version_done(struct wd_store_version *v);

/* A new key with its first version. WD_R_EXISTS; WD_R_NOT_FOUND when its policy
 * does not exist. */
int wd_store_key_add(struct wd_store *s, const struct wd_store_key *key,
    const struct wd_store_version *first) WD_MUST_USE;
/* Version key.version + 1; the row then names it. WD_R_NOT_FOUND; WD_R_CONFLICT
 * for any other version. */
int wd_store_key_rotate(struct wd_store *s, const struct wd_store_version *next)
    WD_MUST_USE;
int wd_store_key_get(struct wd_store *s, const struct wd_id *id,
    struct wd_store_key *ret) WD_MUST_USE; /* WD_R_NOT_FOUND */
/* VERSION 0: the newest by the key's row, a fault when that one is missing.
 * WD_R_NOT_FOUND. */
int wd_store_version_get(struct wd_store *s, const struct wd_id *id,
    uint32_t version, struct wd_store_version *ret) WD_MUST_USE;
int wd_store_key_set_policy(
    struct wd_store *s, const struct wd_id *id, const struct wd_id *policy)
    WD_MUST_USE; /* WD_R_NOT_FOUND (key or policy) */
int wd_store_key_set_chain(struct wd_store *s, const struct wd_id *id,
    uint32_t version, struct wd_span pem) WD_MUST_USE; /* WD_R_NOT_FOUND */
int wd_store_key_delete(struct wd_store *s, const struct wd_id *id)
    WD_MUST_USE; /* WD_R_NOT_FOUND */

struct wd_key_filter {
	uint16_t kinds;      /* bits 1 << kind; 0: any */
	struct wd_id policy; /* none: any */
	struct wd_id after;  /* ids above this one, in order */
	size_t limit;
};
/* Up to N_MAX rows into ROWS, in id order. */
int wd_store_key_list(struct wd_store *s, const struct wd_key_filter *filter,
    struct wd_store_key *rows, size_t n_max, size_t *ret_n) WD_MUST_USE;
int wd_store_key_count(struct wd_store *s, uint64_t *ret) WD_MUST_USE;
/* A key of BACKEND whose `attach` begins so. WD_R_NOT_FOUND. Slow with many
 * keys: it looks at each. */
int wd_store_key_at(struct wd_store *s, const char *backend, const char *attach,
    struct wd_id *ret) WD_MUST_USE;

/* ---- policies and the paths they are bound to */

struct wd_store_policy {
	struct wd_id id;
	uint8_t version[32];
	struct wd_bytes *flat;
	int64_t created, updated;
};

void wd_store_policy_done(struct wd_store_policy *p);

/* Inserts, or replaces version and flat of the id that exists. */
int wd_store_policy_put(struct wd_store *s, const struct wd_store_policy *p)
    WD_MUST_USE;
int wd_store_policy_get(struct wd_store *s, const struct wd_id *id,
    struct wd_store_policy *ret) WD_MUST_USE; /* WD_R_NOT_FOUND */
/* WD_R_IN_USE while a key or a path is bound to it; WD_R_NOT_FOUND. */
int wd_store_policy_delete(struct wd_store *s, const struct wd_id *id)
    WD_MUST_USE;
int wd_store_policy_list(struct wd_store *s, const struct wd_id *after,
    struct wd_id *ids, size_t n_max, size_t *ret_n) WD_MUST_USE;
int wd_store_policy_count(struct wd_store *s, uint64_t *ret) WD_MUST_USE;

/* PREFIX is whole segments ("a", "a/b", "a/b/c"). POLICY none: unbinds.
 * WD_R_NOT_FOUND (policy, or nothing bound). */
int wd_store_bind(struct wd_store *s, const char *prefix,
    const struct wd_id *policy) WD_MUST_USE;
/* The policy of the exact PATH, else of its longest bound prefix of whole
 * segments. WD_R_NOT_FOUND. */
int wd_store_bound(
    struct wd_store *s, const char *path, struct wd_id *ret_policy) WD_MUST_USE;
/* The prefixes of a policy, each NUL-ended in one block. */
int wd_store_prefixes(struct wd_store *s, const struct wd_id *policy,
    struct wd_bytes **ret) WD_MUST_USE;

/* ---- sets of reference values, and which policies name them */

struct wd_store_reference {
	char name[WD_SET_NAME_MAX + 1];
	uint8_t version[32];
	char description[WD_SET_NOTE_MAX + 1];
	int64_t expires;       /* 0: never */
	struct wd_bytes *flat; /* policy/reference.h; NULL in lists */
	int64_t created, updated;
	uint32_t policies; /* that name it; not written */
};

void wd_store_reference_done(struct wd_store_reference *x);

/* WD_R_EXISTS. */
int wd_store_reference_add(
    struct wd_store *s, const struct wd_store_reference *x) WD_MUST_USE;
/* All but name and first date. WD_R_NOT_FOUND. */
int wd_store_reference_replace(
    struct wd_store *s, const struct wd_store_reference *x) WD_MUST_USE;
int wd_store_reference_get(struct wd_store *s, const char *name,
    struct wd_store_reference *ret) WD_MUST_USE; /* WD_R_NOT_FOUND */
/* WD_R_IN_USE while a policy names it; WD_R_NOT_FOUND. */
int wd_store_reference_delete(struct wd_store *s, const char *name) WD_MUST_USE;
/* Up to N_MAX behind AFTER, by name. */
int wd_store_reference_list(struct wd_store *s, const char *after,
    struct wd_store_reference *rows, size_t n_max, size_t *ret_n) WD_MUST_USE;
/* The first N_MAX policies that name it. */
int wd_store_reference_policies(struct wd_store *s, const char *name,
    struct wd_id *ids, size_t n_max, size_t *ret_n) WD_MUST_USE;

/* What a policy names: nothing any more, then one set more. WD_R_NOT_FOUND when
 * there is no such set, or policy. */
int wd_store_policy_names_none(struct wd_store *s, const struct wd_id *policy)
    WD_MUST_USE;
int wd_store_policy_names(struct wd_store *s, const struct wd_id *policy,
    const char *name) WD_MUST_USE;

/* ---- opaque secrets by path */

struct wd_store_secret {
	char path[WD_PATH_MAX + 1];
	uint32_t version; /* from 1, rises at each write */
	struct wd_bytes *wrapped;
	int64_t updated;
	bool hsm; /* as of a version of a key */
};

void wd_store_secret_done(struct wd_store_secret *x);
/* The version a write of PATH would get next. */
int wd_store_secret_next(
    struct wd_store *s, const char *path, uint32_t *ret_version) WD_MUST_USE;
/* WD_R_CONFLICT unless its version is above all that the path has had, deleted
 * ones too. */
int wd_store_secret_put(struct wd_store *s, const struct wd_store_secret *x)
    WD_MUST_USE;
int wd_store_secret_get(struct wd_store *s, const char *path,
    struct wd_store_secret *ret) WD_MUST_USE; /* WD_R_NOT_FOUND */
int wd_store_secret_delete(struct wd_store *s, const char *path)
    WD_MUST_USE; /* WD_R_NOT_FOUND */
/* Paths below PREFIX ("" for all) after AFTER, without their bytes. */
int wd_store_secret_list(struct wd_store *s, const char *prefix,
    const char *after, struct wd_store_secret *rows, size_t n_max,
    size_t *ret_n) WD_MUST_USE;

/* ---- what is wrapped, by the term of the keyring that it is under */

enum wd_wrapped_table {
	WD_WRAPPED_VERSIONS, /* keys, and where keys rest */
	WD_WRAPPED_SECRETS,
	WD_WRAPPED_TABLES
};

enum { WD_WRAPPED_BYTES = 256 << 10 }; /* about as many in a list */

struct wd_store_wrapped {
	char row[WD_PATH_MAX + 1]; /* id or path */
	uint32_t version;
	char backend[WD_BACKEND_MAX + 1]; /* versions: of the key */
	struct wd_bytes *bytes;
	bool hsm;
};

void wd_store_wrapped_done(struct wd_store_wrapped *x);
/* Rows of all tables. No more than MOST are counted in each of them. */
int wd_store_wrapped_count(struct wd_store *s, uint32_t term, uint32_t most,
    uint64_t *ret) WD_MUST_USE;
/* Up to N_MAX rows of TERM behind AFTER (its row and version; empty: from the
 * start), in order. None: no more. */
int wd_store_wrapped_list(struct wd_store *s, enum wd_wrapped_table table,
    uint32_t term, const struct wd_store_wrapped *after,
    struct wd_store_wrapped *rows, size_t n_max, size_t *ret_n) WD_MUST_USE;
/* FRESH takes the place of X's bytes. WD_R_CONFLICT: those are not there any
 * more. */
int wd_store_wrapped_replace(struct wd_store *s, enum wd_wrapped_table table,
    const struct wd_store_wrapped *x, struct wd_span fresh) WD_MUST_USE;
/* The same, and whether FRESH is under the HSM's layer too. */
int wd_store_wrapped_set_hsm(struct wd_store *s, enum wd_wrapped_table table,
    const struct wd_store_wrapped *x, struct wd_span fresh, bool hsm)
    WD_MUST_USE;
/* Rows of all tables that are. */
int wd_store_hsm_count(struct wd_store *s, uint64_t *ret) WD_MUST_USE;

/* ---- admin tokens */

struct wd_store_token {
	struct wd_id id;
	uint8_t sha256[32]; /* of the whole text, "wdt_" included */
	char user[WD_USER_MAX + 1];
	char rules[WD_RULES_MAX + 1];
	int64_t created, expires;
};

/* WD_R_EXISTS for the same id or digest. */
int wd_store_token_add(struct wd_store *s, const struct wd_store_token *t)
    WD_MUST_USE;
int wd_store_token_get(struct wd_store *s, const uint8_t sha256[32],
    struct wd_store_token *ret) WD_MUST_USE; /* WD_R_NOT_FOUND */
int wd_store_token_delete(struct wd_store *s, const struct wd_id *id)
    WD_MUST_USE; /* WD_R_NOT_FOUND */
int wd_store_token_list(struct wd_store *s, struct wd_store_token *rows,
    size_t n_max, size_t *ret_n) WD_MUST_USE;

/* ---- endorsement keys of TPMs that an operator vouches for */

enum { WD_TPM_LABEL_MAX = 128 };

struct wd_store_tpm {
	uint8_t ek[32]; /* SHA-256 of its SubjectPublicKeyInfo */
	char label[WD_TPM_LABEL_MAX + 1];
	int64_t created;
};

/* WD_R_EXISTS. */
int wd_store_tpm_add(struct wd_store *s, const struct wd_store_tpm *t)
    WD_MUST_USE;
int wd_store_tpm_get(struct wd_store *s, const uint8_t ek[32],
    struct wd_store_tpm *ret) WD_MUST_USE; /* WD_R_NOT_FOUND */
int wd_store_tpm_delete(struct wd_store *s, const uint8_t ek[32])
    WD_MUST_USE; /* WD_R_NOT_FOUND */

/* Up to N_MAX behind AFTER (NULL: from the start), in rising order. */
int wd_store_tpm_list(struct wd_store *s, const uint8_t *after,
    struct wd_store_tpm *rows, size_t n_max, size_t *ret_n) WD_MUST_USE;

/* ---- collateral */

struct wd_store_doc {
	uint8_t role, tee, update_class, software;
	uint8_t scope[8];
	int64_t issued, next_update;
	uint32_t evaluation_number;
	struct wd_bytes *doc; /* NULL in lists; then SIZE says */
	size_t size;
};

void wd_store_doc_done(struct wd_store_doc *x);
/* Inserts or replaces by (role, tee, update_class, software, scope). */
int wd_store_doc_put(struct wd_store *s, const struct wd_store_doc *x)
    WD_MUST_USE;
/* By the key members of X. WD_R_NOT_FOUND. */
int wd_store_doc_get(struct wd_store *s, const struct wd_store_doc *x,
    struct wd_store_doc *ret) WD_MUST_USE;
/* Calls VISIT for each; stops when it returns other than 0 and returns that.
 * WITH_BYTES: doc is there. The row is VISIT's to look at only. */
int wd_store_doc_each(struct wd_store *s, bool with_bytes,
    int (*visit)(void *ctx, const struct wd_store_doc *x), void *ctx)
    WD_MUST_USE;

/* ---- revocations: one row each, compared at each use */

int wd_store_revoke(struct wd_store *s, const char *kind, const char *what,
    int64_t since) WD_MUST_USE;
/* Rows are numbered as they come, from 1; one that is revoked once more gets a
 * new number. The last; 0: there are none. */
int wd_store_revoked_last(struct wd_store *s, uint64_t *ret) WD_MUST_USE;

/*
 * A row that is missing says nothing, so that all of them together have a MAC,
 * which is kept among the small named values: begun for a new store, written
 * anew with each revocation. The check looks at each row: a fault when one is
 * changed or missing, or an older one is in its place, then also of
 * wd_store_revoke(). WD_R_SEALED.
 */
struct wd_revocations {
	uint64_t last; /* as above */
	/* There are others than of kinds that only keep out old rows ("token",
	 * "tpm", "policy_row"): without, none is asked for at each use. */
	bool by_use;
};

int wd_store_revocations_begin(struct wd_store *s) WD_MUST_USE;
int wd_store_revocations_check(struct wd_store *s, struct wd_revocations *ret)
    WD_MUST_USE;

struct wd_store_revocation {
	char kind[32];
	char what[WD_PATH_MAX + 1];
	uint64_t number;
};

/* Calls VISIT for each with a number above AFTER, in their order, N_MAX at
 * most; stops when it returns other than 0 and returns that. */
int wd_store_revoked_after(struct wd_store *s, uint64_t after, size_t n_max,
    int (*visit)(void *ctx, const struct wd_store_revocation *x), void *ctx)
    WD_MUST_USE;
/* 0 when not revoked, WD_R_REVOKED_BY_OPERATOR when a row (kind, what) has a
 * time at or after MADE. */
int wd_store_revoked(struct wd_store *s, const char *kind, const char *what,
    int64_t made) WD_MUST_USE;

/* ---- sessions (synchronous=OFF: losing one costs a new attestation) */

struct wd_store_session {
	uint8_t challenge[32]; /* digest by broker/rowkey.h; primary key */
	struct wd_id id;
	uint8_t cookie[32]; /* likewise; zeros: none */
	uint8_t token[32];  /* SHA-256 of the token; zeros: none */
	uint8_t door;
	uint8_t key_alg; /* enum wd_jwe_alg */
	char client_cn[257], client_issuer[257];
	struct wd_bytes *spki;   /* the client's public key */
	struct wd_bytes *claims; /* flat */
	struct wd_bytes *nonce;  /* the challenge as the client has it */
	int64_t made, expires;
};

void wd_store_session_done(struct wd_store_session *x);
/* WD_R_CHALLENGE_USED when the challenge's row is there already. */
int wd_store_session_add(struct wd_store *s, const struct wd_store_session *x)
    WD_MUST_USE;
/* By digest of cookie or challenge. WD_R_NOT_FOUND. */
int wd_store_session_by_cookie(struct wd_store *s, const uint8_t digest[32],
    struct wd_store_session *ret) WD_MUST_USE;
int wd_store_session_by_challenge(struct wd_store *s, const uint8_t digest[32],
    struct wd_store_session *ret) WD_MUST_USE;
/* Removes rows whose session and challenge had both expired at BEFORE, at most
 * N_MAX a call. WD_R_NOT_FOUND when there were none. */
int wd_store_session_expire(struct wd_store *s, int64_t before, size_t n_max)
    WD_MUST_USE;

/* ---- leases: an index of the log, written in batches after the answer */

struct wd_store_lease {
	struct wd_id id, session;
	char what[WD_PATH_MAX + 1];
	int64_t made, expires;
};

/* Rows that are there already stay as they are. */
int wd_store_lease_add(struct wd_store *s, const struct wd_store_lease *rows,
    size_t n) WD_MUST_USE;
int wd_store_lease_list(struct wd_store *s, const struct wd_id *after,
    int64_t now, struct wd_store_lease *rows, size_t n_max, size_t *ret_n)
    WD_MUST_USE;
/* As wd_store_session_expire(). */
int wd_store_lease_expire(struct wd_store *s, int64_t before, size_t n_max)
    WD_MUST_USE;

/*
 * How far the index goes: each keeper has a mark, an entry number of the log
 * below which the leases of all of its own entries are in the table. Marks only
 * rise; they go with sessions.db. CELL names the keeper, or all of them: a mark
 * that stands for all is there once the index was completed.
 */
enum { WD_LEASES_OF_ALL = 65000 };

/* Adds rows (none are fine) and sets the mark, in one transaction. */
int wd_store_lease_index(struct wd_store *s, const struct wd_store_lease *rows,
    size_t n, uint16_t cell, uint64_t mark) WD_MUST_USE;
/* The mark of one keeper, or the lowest of any. WD_R_NOT_FOUND. */
int wd_store_lease_mark(struct wd_store *s, uint16_t cell, uint64_t *ret)
    WD_MUST_USE;
int wd_store_lease_mark_least(struct wd_store *s, uint64_t *ret) WD_MUST_USE;
/* The leases of all entries below MARK, whoever wrote them, are there. */
int wd_store_lease_mark_raise(struct wd_store *s, uint64_t mark) WD_MUST_USE;
/* A keeper leaves, and nothing of its leases is missing. */
int wd_store_lease_mark_drop(struct wd_store *s, uint16_t cell) WD_MUST_USE;

/*
 * ---- leases of backends: what a backend has leased for a lease of ours, and
 * what is to be given back there. Rows are added by any keeper before the
 * secret leaves, and ended by the admin's keeper. In a file of their own: each
 * change is synced, and none makes keepers look anew at what admins change.
 */

struct wd_store_upstream {
	struct wd_id id;
	struct wd_id lease;    /* ours, the last */
	struct wd_id previous; /* the one it replaced; none: it is the first */
	struct wd_id session, key;
	char what[WD_PATH_MAX + 1];
	char backend[WD_BACKEND_MAX + 1];
	struct wd_bytes *ties;      /* broker/ties.h */
	struct wd_bytes *reference; /* sealed */
	struct wd_bytes *secret;    /* likewise; NULL: ending */
	int64_t made, expires;      /* our lease */
	int64_t ends;               /* the backend's */
	uint64_t seen;              /* number of a revocation */
	bool ending;                /* to be given back */
	int64_t due;                /* when that is tried (again) */
	uint32_t failures;
};

void wd_store_upstream_done(struct wd_store_upstream *x);

/* A new one, not ending, without previous. WD_R_EXISTS for the same id or
 * lease. */
int wd_store_upstream_add(struct wd_store *s, const struct wd_store_upstream *x)
    WD_MUST_USE;
/* By lease or previous. WD_R_NOT_FOUND. */
int wd_store_upstream_by_lease(struct wd_store *s, const struct wd_id *lease,
    struct wd_store_upstream *ret) WD_MUST_USE;
/* Of the row X->id: lease (which becomes the previous one), session, ties,
 * expires, ends and seen. WD_R_CONFLICT when it is ending, or gone. */
int wd_store_upstream_renew(
    struct wd_store *s, const struct wd_store_upstream *x) WD_MUST_USE;

/* It is to be given back from DUE on; its secret goes. One that is ending
 * already, or gone, stays as it is. */
int wd_store_upstream_end(
    struct wd_store *s, const struct wd_id *id, int64_t due) WD_MUST_USE;
/* The same for N_MAX of those whose lease has ended at NOW. WD_R_NOT_FOUND when
 * there were none. */
int wd_store_upstream_expire(struct wd_store *s, int64_t now, size_t n_max)
    WD_MUST_USE;

/* Rows into ROWS, which the caller releases; N_MAX at most. Not ending, and
 * seen up to less than NUMBER. */
int wd_store_upstream_unseen(struct wd_store *s, uint64_t number,
    struct wd_store_upstream *rows, size_t n_max, size_t *ret_n) WD_MUST_USE;
int wd_store_upstream_seen(
    struct wd_store *s, const struct wd_id *id, uint64_t number) WD_MUST_USE;
/* Likewise those to be given back to BACKEND now, the longest due first. */
int wd_store_upstream_due(struct wd_store *s, const char *backend, int64_t now,
    struct wd_store_upstream *rows, size_t n_max, size_t *ret_n) WD_MUST_USE;
/* Likewise those to be given back whose backend's lease had ended at BEFORE. */
int wd_store_upstream_over(struct wd_store *s, int64_t before,
    struct wd_store_upstream *rows, size_t n_max, size_t *ret_n) WD_MUST_USE;
/* Likewise those after the lease AFTER (NULL: from the start) whose lease has
 * ended at NOW, in its order. */
int wd_store_upstream_list(struct wd_store *s, const struct wd_id *after,
    int64_t now, struct wd_store_upstream *rows, size_t n_max, size_t *ret_n)
    WD_MUST_USE;

/* It could not be given back: once more at DUE. */
int wd_store_upstream_failed(
    struct wd_store *s, const struct wd_id *id, int64_t due) WD_MUST_USE;
/* What has failed of BACKEND is due at NOW. */
int wd_store_upstream_hurry(
    struct wd_store *s, const char *backend, int64_t now) WD_MUST_USE;
int wd_store_upstream_delete(struct wd_store *s, const struct wd_id *id)
    WD_MUST_USE;

/* Changes in between are stored together; after a fault of the end none is. */
int wd_store_upstream_begin(struct wd_store *s) WD_MUST_USE;
int wd_store_upstream_commit(struct wd_store *s) WD_MUST_USE;
void wd_store_upstream_rollback(struct wd_store *s); /* fine without one */

struct wd_upstream_count {
	uint64_t live, ending, failing; /* of those ending */
};
int wd_store_upstream_count(struct wd_store *s, const char *backend,
    struct wd_upstream_count *ret) WD_MUST_USE;
