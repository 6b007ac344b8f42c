/*
 * Inside of a Vault's client, for the files of this folder.
 */
#pragma once

#include "http/client.h"
#include "vault/vault.h"

enum {
	WD_VAULT_BODY_MAX = WD_JSON_BYTES,
	WD_VAULT_TEXT_MAX = 256, /* role, mount, namespace */
	WD_VAULT_ATTEMPTS = 3,
};

/* A server, by its name. */
struct wd_vault_place {
	char host[WD_CLIENT_HOST_MAX + 1];
	uint16_t port;
};

struct wd_vault {
	struct wd_vault_place place;
	struct wd_client *here;
	struct wd_client *leader; /* NULL: nobody has named one */
	bool tls12, direct;
	struct wd_bytes *ca, *certificate;
	struct wd_secret *key;

	enum wd_vault_method method;
	char name_space[WD_VAULT_TEXT_MAX];
	char mount[WD_VAULT_TEXT_MAX];
	char role[WD_VAULT_TEXT_MAX];
	char *secret_file; /* NULL: none */
	int64_t deadline;  /* 0: none was set */

	struct wd_secret *token; /* NULL: not logged in */
	bool renewable;
	uint64_t granted; /* seconds at the login */
	int64_t renew_at; /* CLOCK_BOOTTIME, milliseconds; 0: never */
	int64_t ends_at;  /* likewise */
};

/* One call under the deadline END (CLOCK_MONOTONIC), with TOKEN or none. Makes
 * it again where that may help; what came last counts. */
int wd_vault_perform(struct wd_vault *v, const struct wd_vault_call *call,
    struct wd_span token, int64_t end, struct wd_vault_reply *ret,
    struct wd_diag *d) WD_MUST_USE;

/* As wd_vault_keep(), under a deadline. RET_FRESH: there was a login. */
int wd_vault_sign_in(struct wd_vault *v, int64_t end, bool *ret_fresh,
    struct wd_diag *d) WD_MUST_USE;

/* 0 when the server still takes the token, else as a call. */
int wd_vault_look(struct wd_vault *v, int64_t end, struct wd_diag *d)
    WD_MUST_USE;
void wd_vault_forget(struct wd_vault *v);

/* "https://host:port" or, as others say where they are, with a path behind it.
 * WD_R_RANGE. */
int wd_vault_place_read(struct wd_span url, struct wd_vault_place *ret)
    WD_MUST_USE;

/* A client of the server at a place, trusted as V's own. */
int wd_vault_connect(const struct wd_vault *v,
    const struct wd_vault_place *place, struct wd_client **ret,
    struct wd_diag *d) WD_MUST_USE;
