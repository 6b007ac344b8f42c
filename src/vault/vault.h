/*
 * A Vault (HashiCorp's, or OpenBao) as one of its clients: logs in, keeps its
 * token alive, and makes calls, each under one deadline that covers logins,
 * retries and waits. Blocks, and knows nothing of roles. TLS is always verified
 * and cannot be told not to be. Call wd_crypto_init() first.
 */
#pragma once

#include "vault/reply.h"

enum wd_vault_method {
	WD_VAULT_TOKEN,      /* in a file */
	WD_VAULT_APPROLE,    /* role id and a secret id in a file */
	WD_VAULT_KUBERNETES, /* a role and a service account's token in a file
			      */
	WD_VAULT_JWT,        /* a role, or none, and a JWT in a file */
	WD_VAULT_CERT,       /* our TLS certificate; a role, or none */
	WD_VAULT_METHODS,
};

/* "token", "approle", …; false for another word. */
bool wd_vault_method_by_name(struct wd_span name, enum wd_vault_method *ret);
const char *wd_vault_method_name(enum wd_vault_method m);

struct wd_vault_options {
	struct wd_span address;          /* "https://vault.example:8200" */
	struct wd_span name_space;       /* empty: none */
	struct wd_span ca;               /* PEM; nobody else is trusted */
	struct wd_span certificate, key; /* PEM; empty: we show none */
	enum wd_vault_method method;
	struct wd_span mount; /* of the method; empty: its name */
	struct wd_span role;
	/* Read anew for each login, so that it may be replaced. NULL: none. */
	const char *secret_file;
	bool tls12; /* TLS 1.2 will do */
	/* A standby is to name the server that acts, which is asked then,
	 * rather than to ask it for us. */
	bool direct;
};

struct wd_vault;

/* Nothing of OPTIONS is kept and nothing asked yet. WD_R_RANGE names what
 * cannot be; or a fault. */
int wd_vault_open(const struct wd_vault_options *options, struct wd_vault **ret,
    struct wd_diag *d) WD_MUST_USE;

/* Leaves the token to its end: to revoke it would end the leases under it. */
struct wd_vault *wd_vault_free(struct wd_vault *v);
void wd_vault_freep(struct wd_vault **v);

/* When calls from now on have to be over: CLOCK_MONOTONIC, milliseconds. Until
 * then calls have ten seconds each. */
void wd_vault_until(struct wd_vault *v, int64_t deadline);

struct wd_vault_call {
	const char *method; /* NULL: POST with a body, else GET */
	const char *path;   /* behind "/v1/" */
	struct wd_span body;
	/* A second one would do harm: it is made again only where the first
	 * was certainly not taken up. */
	bool once;
};

/*
 * 0 for a success. Rejections: those of wd_vault_refused(); WD_R_BACKEND_ANSWER
 * for one that no Vault gives; WD_R_TOO_LARGE; WD_R_NO_CREDENTIAL when the file
 * with the secret is missing or is none. Faults: WD_F_TIMEOUT, WD_F_PEER
 * (not reached or not trusted). D has the words.
 */
int wd_vault_call(struct wd_vault *v, const struct wd_vault_call *call,
    struct wd_vault_reply *ret, struct wd_diag *d) WD_MUST_USE;

/* Logs in, or renews the token, if that is due; results as above. */
int wd_vault_keep(struct wd_vault *v, struct wd_diag *d) WD_MUST_USE;

/* Milliseconds until it is due again; -1: not before a call. */
int64_t wd_vault_due_ms(const struct wd_vault *v);

struct wd_vault_health {
	bool initialized, sealed, standby;
	char version[32];
};

/* How the server is, by its own word and without a token; the results are
 * those of a call, but a server that is sealed or stands by is a 0. */
int wd_vault_health(struct wd_vault *v, struct wd_vault_health *ret,
    struct wd_diag *d) WD_MUST_USE;

enum { WD_VAULT_PATH_MAX = 512 };

/*
 * A path or mount as this client sends them: segments of letters, digits and
 * "-._~@:+=", none of them empty, "." or "..". WD_R_RANGE.
 */
int wd_vault_path_check(
    struct wd_span path, const char *what, struct wd_diag *d) WD_MUST_USE;
