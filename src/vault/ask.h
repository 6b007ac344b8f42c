/*
 * How the files of this folder ask: paths put together and bodies sent.
 */
#pragma once

#include "base/wr.h"
#include "codec/jtext.h"
#include "vault/vault.h"

enum { WD_VAULT_ASK_PATH = WD_VAULT_PATH_MAX + 64 };

struct wd_vault_ask {
	char path[WD_VAULT_ASK_PATH];
	struct wd_wr body;
	struct wd_jtext j; /* an object is open */
	bool once;
};

/* MOUNT/WHAT/NAME, or without WHAT (NULL). WD_R_RANGE. */
int wd_vault_ask_open(struct wd_vault_ask *a, const char *mount,
    const char *what, struct wd_span name, struct wd_diag *d) WD_MUST_USE;
void wd_vault_ask_done(struct wd_vault_ask *a);

/* With the body. WD_R_TOO_LARGE when it has become too large; else as
 * wd_vault_call(). */
int wd_vault_ask_post(struct wd_vault *v, struct wd_vault_ask *a,
    struct wd_vault_reply *ret, struct wd_diag *d) WD_MUST_USE;

/* Without it, by another method. */
int wd_vault_ask_bare(struct wd_vault *v, const struct wd_vault_ask *a,
    const char *method, struct wd_vault_reply *ret, struct wd_diag *d)
    WD_MUST_USE;
