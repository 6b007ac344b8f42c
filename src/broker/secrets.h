/*
 * Stored secrets, sealed and opened: one place that says under which table, row
 * and purpose each of them rests.
 */
#pragma once

#include "broker/broker.h"

/* Sealing is one use of the keyring, as broker/count.h counts them: inside the
 * transaction that stores what comes of it. Its rejections, or a fault. Each
 * kind of place must be known to broker/rewrap.c too, or a rotation leaves what
 * lies there behind. */
int wd_secret_seal(struct wd_broker *b, const struct wd_rest *place,
    struct wd_span plain, struct wd_bytes **ret, struct wd_diag *d) WD_MUST_USE;

/* The bytes of a key version: PKCS#8 DER, or raw for AES and opaque. One that
 * STAYS is sealed as such, so that nobody who can write the store has it
 * released. */
int wd_secret_seal_key(struct wd_broker *b, const struct wd_id *id,
    uint32_t version, bool stays, struct wd_span plain, struct wd_bytes **ret,
    struct wd_diag *d) WD_MUST_USE;

/* To be released: also WD_R_MAY_NOT_LEAVE. */
int wd_secret_open_key(struct wd_broker *b, const struct wd_store_version *v,
    struct wd_secret **ret, struct wd_diag *d) WD_MUST_USE;

/* To be used in this process. */
int wd_secret_use_key(struct wd_broker *b, const struct wd_store_version *v,
    struct wd_secret **ret, bool *ret_stays, struct wd_diag *d) WD_MUST_USE;

/* An opaque secret by path. */
int wd_secret_seal_path(struct wd_broker *b, const char *path, uint32_t version,
    struct wd_span plain, struct wd_bytes **ret, struct wd_diag *d) WD_MUST_USE;
int wd_secret_open_path(struct wd_broker *b, const struct wd_store_secret *x,
    struct wd_secret **ret, struct wd_diag *d) WD_MUST_USE;
