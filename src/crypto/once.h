/*
 * Agreement with a key pair that exists for it alone, for files of this folder.
 */
#pragma once

#include "crypto/key.h"

/* Whether POINT (4, x, y) is one of the curve's, which here is all that makes
 * it a public key: the cofactor is 1. 0, WD_R_KEY_INVALID, or a fault. */
int wd_point_check(const struct wd_pkey_row *row, struct wd_span point)
    WD_MUST_USE;

/*
 * ECDH of a new pair with THEIRS. RET_POINT, of 1 + 2 * row->len bytes, is the
 * pair's public half; Z is as from wd_ecdh(). WD_R_KEY_INVALID when THEIRS is
 * of no curve or Z would be zero; or a fault. Nothing of the private half is
 * left behind.
 */
int wd_agree_once(const struct wd_pkey *theirs, uint8_t *ret_point,
    struct wd_secret **ret_z) WD_MUST_USE;
