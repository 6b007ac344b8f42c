/*
 * Inside the verb `init`: what is asked, and what was made so far.
 */
#pragma once

#include "audit/entry.h"
#include "audit/note_key.h"
#include "bin/common/conf.h"
#include "hsm/hsm.h"
#include "seal/seal.h"
#include "sys/file.h"
#include "tss/tss.h"

enum { INIT_NAMES = 32 };

#define INIT_TOKEN "admin.token" /* in the folder of the configuration */

struct init {
	/* what is asked */
	char config[WD_CONF_PATH]; /* absolute path of the file */
	char folder[WD_CONF_PATH]; /* that it lies in */
	char output[WD_CONF_PATH]; /* folder of the token */
	char token[WD_CONF_PATH + 16];
	struct wd_conf conf;
	struct wd_bytes *conf_text;    /* to be written; NULL: it is there */
	const char *names[INIT_NAMES]; /* of the TLS certificate */
	size_t n_names;
	enum wd_seal_kind kind;
	struct wd_seal_split split;   /* of a seal of shares */
	struct wd_tss *tpm;           /* open while it wraps */
	struct wd_hsm *hsm;           /* open while it wraps */
	char share_dir[WD_CONF_PATH]; /* where they go; empty: printed */
	struct wd_secret *pin;        /* of the HSM; NULL: none */
	bool generate;                /* a key in the HSM */
	const char *passphrase_file;  /* as cli_passphrase() takes it */
	struct wd_secret *passphrase; /* NULL: no passphrase seal */
	const struct cli_args *args;  /* --new-token: what opens the seal */
	int64_t now;

	/* Instead of a new server, one out of a backup; NULL: a new one. */
	int (*restore)(struct init *x, void *ctx, struct wd_diag *d);
	void *restore_ctx;
	struct wd_span certificate; /* used where it fits the key; or empty */

	/* what is open */
	int state; /* the state folder; -1: not yet */
	int lock;
	int log;
	bool unfinished; /* the state folder holds what a killed init left */

	/* what was made here, and goes again when a later step fails */
	bool made_folder, made_output, made_state, made_log_folder, made_log,
	    made_key, made_certificate, made_conf, made_token, made_share_dir;
	unsigned made_shares; /* files of them */

	int64_t certificate_expires;
	char log_key[WD_NOTE_KEY_TEXT]; /* public, as text */
	struct wd_init_result result;
};

/* ---- init_plan.c: from options to what is asked */

struct cli_args;

/* WD_R_MALFORMED and other rejections for what cannot be; nothing is made. */
int init_plan(const struct cli_args *args, struct init *x, struct wd_diag *d)
    WD_MUST_USE;

/* PATH as it is from the root. WD_R_RANGE: too long. */
int init_absolute(const char *path, char *ret, size_t size, struct wd_diag *d)
    WD_MUST_USE;

/* Places and configuration of a server that is there; as above. */
int init_plan_standing(
    const struct cli_args *args, struct init *x, struct wd_diag *d) WD_MUST_USE;

/* From a backup: as init_plan(), where TEXT is the configuration in it, used
 * when there is none. */
int init_plan_restored(const struct cli_args *args, struct wd_span text,
    struct init *x, struct wd_diag *d) WD_MUST_USE;

/* ---- init_steps.c: making it, all or nothing */

int init_make(struct init *x, struct wd_diag *d) WD_MUST_USE;

/* Opens the state folder, which is there, and takes its lock. WD_R_IN_USE. */
int init_state_open(struct init *x, struct wd_diag *d) WD_MUST_USE;

/* ---- init_token.c: the administrator's token */

/* Its file, with this text. */
int init_token_write(struct init *x, const struct wd_secret *token,
    bool replace, struct wd_diag *d) WD_MUST_USE;

/* Instead of init_plan() and init_make(): one more token for a server that is
 * there. WD_R_NOT_INITIALIZED, WD_R_IN_USE, and what the log rejects. */
int init_token_plan(
    const struct cli_args *args, struct init *x, struct wd_diag *d) WD_MUST_USE;
int init_token_new(struct init *x, struct wd_diag *d) WD_MUST_USE;

/* ---- init_shares.c: the shares of several operators */

/* Looks at the options. WD_R_MALFORMED, WD_R_RANGE. */
int init_shares_plan(
    const struct cli_args *args, struct init *x, struct wd_diag *d) WD_MUST_USE;

/* One file each, for the caller alone, where they are asked for; WD_R_EXISTS.
 * Undone: those that were written go again. */
int init_shares_write(struct init *x, const struct wd_init_result *made,
    struct wd_diag *d) WD_MUST_USE;
void init_shares_undo(const struct init *x);

/* Share I as text; ROOM has WD_SHARE_TEXT bytes and is what is viewed. */
struct wd_span init_share_text(
    const struct wd_init_result *made, unsigned i, struct wd_secret *room);

/* ---- init_device.c: the HSM or TPM */

/* Before the environment is emptied: who asks for credentials later has none
 * of it. */
void init_credentials_note(void);

/* Where credential:NAME would be for this process: where it was given some, or
 * else where the service has them. As wd_credential_path(). */
int init_credential(struct wd_span value, char ret[WD_FILE_PATH_MAX],
    struct wd_diag *d) WD_MUST_USE;

/* Looks at the options and the configuration. WD_R_MALFORMED. */
int init_device_plan(
    const struct cli_args *args, struct init *x, struct wd_diag *d) WD_MUST_USE;

/*
 * Loads the module, logs in and makes a key where that is asked for. RET wraps
 * by it; X holds it until init_device_close(). Rejections of hsm/hsm.h. Modules
 * that hang end this process.
 */
int init_device_open(
    struct init *x, struct wd_seal_device *ret, struct wd_diag *d) WD_MUST_USE;
void init_device_close(struct init *x);

/* ---- init_tls.c: key and certificate, unless the operator has both */

int init_tls(struct init *x, struct wd_diag *d) WD_MUST_USE;

/* ---- init_log.c: the folder of the log; the log with its first entry */

int init_log_folder(struct init *x, struct wd_diag *d) WD_MUST_USE;
int init_log_write(struct init *x, const struct wd_init_result *made,
    struct wd_diag *d) WD_MUST_USE;
void init_log_undo(const struct init *x);

/* One more entry in the log of a server that is there. */
int init_log_append(struct init *x, const struct wd_entry *e, struct wd_diag *d)
    WD_MUST_USE;

/* ---- init_owner.c: whose files they are */

/*
 * As root, with users of their own for the roles: makes files as USER from now
 * on, until init_owner_leave(). A fault when there is no such user.
 */
int init_owner_enter(const struct init *x, const char *user, struct wd_diag *d)
    WD_MUST_USE;
void init_owner_leave(void);

/* Makes a folder NAME in DIR that is USER's alone. *RET_MADE: it was not there
 * before. WD_R_CONFLICT: what is there is no folder, or somebody else's. */
int init_owner_folder(const struct init *x, int dir, const char *name,
    const char *user, bool *ret_made, struct wd_diag *d) WD_MUST_USE;

/* ---- init_file.c: files by their absolute path */

/* Written, synced, with its folder; WD_R_EXISTS. */
int init_file_write(const char *path, struct wd_span bytes, unsigned mode,
    bool replace, struct wd_diag *d) WD_MUST_USE;
bool init_file_is_there(const char *path);
/* Removes what an init that was killed while it wrote PATH has left. */
void init_file_clean(const char *path);

/* ---- init_report.c: what was made, and what to type next */

/* False when standard output does not take it. */
bool init_report(const struct init *x);
bool init_report_json(const struct init *x);
/* The same for one more token. */
bool init_report_token(const struct init *x);
bool init_report_token_json(const struct init *x);
