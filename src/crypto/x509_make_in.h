/*
 * What x509_make.c and x509_csr.c share.
 */
#pragma once

#include "crypto/lib.h"
#include "crypto/x509_make.h"

#include <openssl/x509.h>

void wd_x509_name_freep(X509_NAME **name);

/* WD_R_RANGE for a value that cannot be one, or a fault. */
int wd_x509_name(const struct wd_rdn *rdn, size_t n_rdn, X509_NAME **ret)
    WD_MUST_USE;

/* The hash as strong as the key; NULL, as libcrypto wants it, for Ed25519. */
const EVP_MD *wd_x509_md(const struct wd_pkey *k);

/* As DER. */
int wd_x509_encode(const void *object, const ASN1_ITEM *item,
    struct wd_bytes **ret_der) WD_MUST_USE;
