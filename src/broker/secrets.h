/*
 * Stored secrets, sealed and opened: one place that says under which table, row
 * and purpose each of them rests. One that is wrapped by the HSM too
 * (seal/sealwrap.h) opens with what the HSM has given for its blob, W, or with
 * what is kept of that (broker/unwrapped.h), and in no other way.
 */
#pragma once

#include "broker/broker.h"
#include "seal/sealwrap.h"

/* Sealing is one use of the keyring, as broker/count.h counts them: inside the
 * transaction that stores what comes of it. Its rejections, or a fault. Each
 * kind of place must be known to broker/rewrap.c too, or a rotation leaves what
 * lies there behind. */
int wd_secret_seal(struct wd_broker *b, const struct wd_rest *place,
    struct wd_span plain, struct wd_bytes **ret, struct wd_diag *d) WD_MUST_USE;

/* One that STAYS is sealed as such, so that nobody who can write the store has
 * it released. */
struct wd_secret_key {
	const struct wd_id *id;
	uint32_t version;
	bool stays;
};

/* The bytes of a key version: PKCS#8 DER, or raw for AES and opaque. W NULL:
 * the HSM does not wrap it; the row says which it is. */
int wd_secret_seal_key(struct wd_broker *b, const struct wd_secret_key *x,
    const struct wd_sealwrap *w, struct wd_span plain, struct wd_bytes **ret,
    struct wd_diag *d) WD_MUST_USE;

/* What the HSM is to be asked for before V opens; *RET stays NULL when there is
 * nothing to ask. WD_R_TAMPERED, WD_R_WRONG_STORE, or a fault. */
int wd_secret_key_blob(struct wd_broker *b, const struct wd_store_version *v,
    struct wd_bytes **ret, struct wd_diag *d) WD_MUST_USE;

/* Whether it may leave, which takes no HSM. */
int wd_secret_key_stays(struct wd_broker *b, const struct wd_store_version *v,
    bool *ret, struct wd_diag *d) WD_MUST_USE;

/* To be used in this process. As above, and WD_R_HSM_UNAVAILABLE: W, which may
 * be NULL, is not what it needs. */
int wd_secret_use_key(struct wd_broker *b, const struct wd_store_version *v,
    const struct wd_sealwrap *w, struct wd_secret **ret, bool *ret_stays,
    struct wd_diag *d) WD_MUST_USE;

/* To be released: also WD_R_MAY_NOT_LEAVE. */
int wd_secret_open_key(struct wd_broker *b, const struct wd_store_version *v,
    const struct wd_sealwrap *w, struct wd_secret **ret, struct wd_diag *d)
    WD_MUST_USE;

/* An opaque secret by path, likewise. */
int wd_secret_seal_path(struct wd_broker *b, const struct wd_store_secret *x,
    const struct wd_sealwrap *w, struct wd_span plain, struct wd_bytes **ret,
    struct wd_diag *d) WD_MUST_USE;
int wd_secret_path_blob(struct wd_broker *b, const struct wd_store_secret *x,
    struct wd_bytes **ret, struct wd_diag *d) WD_MUST_USE;
/* Whether it rests where X says that it does, by what it is bound to. As above,
 * and it takes no HSM. */
int wd_secret_path_is(struct wd_broker *b, const struct wd_store_secret *x,
    struct wd_diag *d) WD_MUST_USE;
int wd_secret_open_path(struct wd_broker *b, const struct wd_store_secret *x,
    const struct wd_sealwrap *w, struct wd_secret **ret, struct wd_diag *d)
    WD_MUST_USE;
