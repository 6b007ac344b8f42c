/*
 * Keys in two layers, as HSMs give them out (PKCS#11: CKM_RSA_AES_KEY_WRAP): an
 * AES key of 256 bits under RSA-OAEP, and right behind it the key itself, under
 * that AES key by AES key wrap with padding (RFC 5649). The name by which a
 * client asks leaves the hash of OAEP open; what it gets says which it was.
 */
#pragma once

#include "base/secret.h"
#include "crypto/pkey.h"

/* What clients ask for. */
#define WD_WRAP_ASKED "RSA-OAEP+A256KWP"

enum wd_wrap {
	WD_WRAP_NONE,
	WD_WRAP_OAEP_SHA256,
	WD_WRAP_OAEP_SHA1, /* for HSMs that have nothing else */
};

enum { WD_WRAPPED_MAX = 6144 }; /* bytes of both layers */

/* "RSA-OAEP-256+A256KWP"; NULL for WD_WRAP_NONE. */
const char *wd_wrap_name(enum wd_wrap wrap);
/* WD_WRAP_NONE when it is none of them. */
enum wd_wrap wd_wrap_by_name(struct wd_span name);

/* BYTES have a length that a key wrapped to this RSA key can have. */
bool wd_wrapped_fits(const struct wd_pkey *rsa, struct wd_span bytes);

/*
 * The key in BYTES, by the private key. WD_R_TAMPERED, whatever is wrong with
 * BYTES; WD_R_KEY_INVALID when OWN is no private RSA key; WD_R_UNSUPPORTED for
 * WD_WRAP_NONE; or a fault.
 */
int wd_wrapped_open(const struct wd_pkey *own, enum wd_wrap wrap,
    struct wd_span bytes, struct wd_secret **ret_key) WD_MUST_USE;

/* Cuts off the zeros that some HSMs put behind a private key (PKCS#8), up to a
 * whole number of eight bytes, before they wrap it. Of anything else nothing.
 */
void wd_wrapped_trim(struct wd_secret *pkcs8);
