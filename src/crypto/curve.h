/*
 * What all keys of a curve share, made once: setting up a curve costs as much
 * as a multiplication on it. For files of this folder.
 */
#pragma once

#include "crypto/key.h"

#include <openssl/ec.h>

/* The curve itself; NULL when there is no memory. */
const EC_GROUP *wd_curve_group(const struct wd_pkey_row *row);

/* A new key pair on the curve of ROW. 0 or a fault. */
int wd_curve_generate(const struct wd_pkey_row *row, EVP_PKEY **ret)
    WD_MUST_USE;

/*
 * The public key of a point (4, x, y) of the right length. WD_R_KEY_INVALID
 * when it is not on the curve; or a fault.
 */
int wd_curve_import(const struct wd_pkey_row *row, struct wd_span point,
    EVP_PKEY **ret) WD_MUST_USE;
