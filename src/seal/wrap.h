/*
 * Inside src/seal only: what all seals have in common. The root key under a
 * key that comes from the share; bound to kind, store id and the parameters
 * that stand before it.
 */
#pragma once

#include "base/wr.h"
#include "seal/seal.h"

extern const struct wd_seal_row wd_seal_passphrase;
extern const struct wd_seal_row wd_seal_key_file;
extern const struct wd_seal_row wd_seal_shamir;
extern const struct wd_seal_row wd_seal_pkcs11;
extern const struct wd_seal_row wd_seal_tpm;

/* PARAMS, then the sealed root key, in one new blob. */
int wd_wrap_root(const struct wd_seal_row *row, const struct wd_id *store_id,
    struct wd_span params, struct wd_span key, struct wd_span root,
    struct wd_bytes **ret_blob) WD_MUST_USE;

/* WD_R_UNSEAL_REFUSED when key, store or parameters are others. */
int wd_unwrap_root(const struct wd_seal_row *row, const struct wd_id *store_id,
    struct wd_span params, struct wd_span key, struct wd_span sealed,
    struct wd_secret **ret_root, struct wd_diag *d) WD_MUST_USE;

/* The passphrase seal with another cost, 2^LOG_N, for tests. */
int wd_passphrase_wrap(unsigned log_n, struct wd_span root,
    const struct wd_id *store_id, struct wd_span share,
    struct wd_bytes **ret_blob) WD_MUST_USE;
