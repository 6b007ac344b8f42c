/*
 * Keys and certificates of software platforms as PEM files in a folder: keys
 * for their owner alone (0600), certificates for anybody. A file that is there
 * is never overwritten.
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"
#include "crypto/pkey.h"

/* WD_R_EXISTS, or a fault. */
int wd_key_file_save(int dir, const char *name, const struct wd_pkey *key,
    struct wd_diag *d) WD_MUST_USE;
int wd_cert_file_save(int dir, const char *name, struct wd_span der,
    struct wd_diag *d) WD_MUST_USE;

/* A key that is not NEEDED may be absent: *RET stays. WD_R_NOT_FOUND,
 * WD_R_MALFORMED, or a fault. */
int wd_key_file_open(int dir, const char *name, bool needed,
    struct wd_pkey **ret, struct wd_diag *d) WD_MUST_USE;
int wd_cert_file_open(int dir, const char *name, struct wd_bytes **ret_der,
    struct wd_diag *d) WD_MUST_USE;
