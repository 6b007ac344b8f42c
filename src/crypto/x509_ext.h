/*
 * Extensions of what x509_make.h makes. Their contents are written here as DER,
 * so that ours and the caller's own are added in the same way.
 */
#pragma once

#include "crypto/lib.h"
#include "crypto/x509_make.h"

#include <openssl/x509.h>

typedef STACK_OF(X509_EXTENSION) wd_exts;

void wd_exts_freep(wd_exts **exts);

/*
 * New lists for a certificate, a request and a revocation list. RET_EXTS is the
 * caller's; NULL there means an empty list. 0, WD_R_RANGE for a value that
 * does not fit, or a fault.
 */
int wd_exts_of_cert(const struct wd_cert_spec *spec,
    const struct wd_pkey *subject, const struct wd_pkey *issuer,
    wd_exts **ret_exts) WD_MUST_USE;
int wd_exts_of_request(const struct wd_cert_spec *spec, wd_exts **ret_exts)
    WD_MUST_USE;
int wd_exts_of_crl(const struct wd_pkey *issuer, wd_exts **ret_exts)
    WD_MUST_USE;
