/*
 * Bytes of keys by our kinds: made, and recognized.
 */
#pragma once

#include "backend/backend.h"

/* PKCS#8 or raw. WD_R_UNSUPPORTED for opaque secrets, or a fault. */
int wd_backend_generate(enum wd_key_kind kind, struct wd_secret **ret,
    struct wd_diag *d) WD_MUST_USE;

/* A private key in any form that wd_pkey_from_private() takes, as PKCS#8, with
 * its kind and its public half. WD_R_KEY_INVALID: none, or of no kind. */
int wd_backend_pair(struct wd_span bytes, enum wd_key_kind *ret_kind,
    struct wd_secret **ret_pkcs8, struct wd_bytes **ret_spki) WD_MUST_USE;

/* WD_KEY_NONE when it is none. */
enum wd_key_kind wd_backend_aes(size_t len);
