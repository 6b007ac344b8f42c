/*
 * Sharing a secret (Shamir 1979) byte by byte over GF(2^8) with the polynomial
 * of AES. A share is the value of each byte's polynomial at x, then x: one byte
 * longer than the secret. Shares carry no checksum: what they are put together
 * to must prove itself by opening something.
 */
#pragma once

#include "base/secret.h"

enum {
	WD_SHARES_MAX = 255,
	WD_SHARE_SECRET_MAX = 64, /* bytes that are shared */
};

/*
 * SHARES shares one after the other, of which any THRESHOLD give SECRET back;
 * x counts from 1. WD_R_RANGE: none, more than 255, a threshold over their
 * number, or of 1 for more than one share; or a fault.
 */
int wd_shamir_split(struct wd_span secret, unsigned shares, unsigned threshold,
    struct wd_secret **ret_shares) WD_MUST_USE;

/*
 * What SHARES, one after the other and each SHARE_LEN long, give together.
 * Too few or wrong ones give a secret that is wrong. WD_R_MALFORMED: not whole
 * shares, two of the same x or one of 0; or a fault.
 */
int wd_shamir_join(struct wd_span shares, size_t share_len,
    struct wd_secret **ret_secret) WD_MUST_USE;

/* The field, for tests: addition is XOR. The inverse of 0 is 0. */
uint8_t wd_gf256_mul(uint8_t a, uint8_t b);
uint8_t wd_gf256_inv(uint8_t a);
