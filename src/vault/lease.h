/*
 * Secrets that a Vault makes for the asking and takes back: of any engine that
 * gives them at ".../creds/ROLE", with a lease. The lease lives no longer than
 * the token that asked, so that token should be a periodic one.
 */
#pragma once

#include "vault/vault.h"

/*
 * A new secret. PARAMETERS is a JSON object for engines that want some; empty:
 * none. Results of a call; WD_R_BACKEND_ANSWER when it comes without lease or
 * data. Not made again when the answer is lost, for it may have been made.
 */
int wd_vault_lease_make(struct wd_vault *v, struct wd_span path,
    struct wd_span parameters, struct wd_vault_reply *ret, struct wd_diag *d)
    WD_MUST_USE;

/* What it has then may be less than SECONDS. Results of a call; what is not
 * there any longer or cannot be renewed is WD_R_NOT_FOUND. */
int wd_vault_lease_renew(struct wd_vault *v, struct wd_span lease,
    uint64_t seconds, uint64_t *ret_seconds, struct wd_diag *d) WD_MUST_USE;

/* Ends it, and what it gave, before this returns. What is gone is a 0. */
int wd_vault_lease_revoke(
    struct wd_vault *v, struct wd_span lease, struct wd_diag *d) WD_MUST_USE;
