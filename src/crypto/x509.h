/*
 * X.509 certificates and CRLs (RFC 5280), just what verifying vendors' chains
 * and keeping operators' chains needs. Nothing here decides trust: the caller
 * walks one path from a root it has pinned.
 */
#pragma once

#include "base/diag.h"
#include "crypto/pkey.h"

struct wd_cert;

/*
 * One DER certificate, nothing behind it; inner and outer signature algorithm
 * equal; no duplicate extension; a key of pkey.h. WD_R_MALFORMED, or a fault.
 */
int wd_cert_parse(struct wd_span der, struct wd_cert **ret) WD_MUST_USE;
struct wd_cert *wd_cert_free(struct wd_cert *c);
void wd_cert_freep(struct wd_cert **c);

/* All views live as long as C. */
struct wd_span wd_cert_der(const struct wd_cert *c);
struct wd_span wd_cert_subject(const struct wd_cert *c); /* DER of the name */
struct wd_span wd_cert_issuer(const struct wd_cert *c);
struct wd_span wd_cert_serial(
    const struct wd_cert *c); /* contents of the INTEGER */
struct wd_span wd_cert_spki(const struct wd_cert *c); /* DER */
struct wd_span wd_cert_common_name(
    const struct wd_cert *c); /* empty unless exactly one */
int64_t wd_cert_not_before(const struct wd_cert *c);
int64_t wd_cert_not_after(const struct wd_cert *c);
bool wd_cert_is_ca(const struct wd_cert *c);          /* basicConstraints */
int wd_cert_path_len(const struct wd_cert *c);        /* -1: none given */
bool wd_cert_may_sign_certs(const struct wd_cert *c); /* keyUsage keyCertSign */
bool wd_cert_may_sign_crls(const struct wd_cert *c);  /* keyUsage cRLSign */

/*
 * A critical extension other than basicConstraints, keyUsage, extKeyUsage and
 * subjectAltName. Whoever walks a path must refuse such a certificate (RFC
 * 5280, section 4.2); an operator's chain may be kept.
 */
bool wd_cert_has_unknown_critical(const struct wd_cert *c);

const struct wd_pkey *wd_cert_key(const struct wd_cert *c);

/* The value of the extension with this encoded OID; false when absent. */
bool wd_cert_extension(
    const struct wd_cert *c, struct wd_span oid, struct wd_span *ret_value);

/* The signature of C by KEY over its raw bytes. 0, WD_R_MISMATCH, a fault. */
int wd_cert_signed_by(const struct wd_cert *c, const struct wd_pkey *key)
    WD_MUST_USE;

struct wd_crl;

/* As wd_cert_parse(). Critical extensions, which narrow what a list says, are
 * refused. WD_R_MALFORMED, or a fault. */
int wd_crl_parse(struct wd_span der, struct wd_crl **ret) WD_MUST_USE;
struct wd_crl *wd_crl_free(struct wd_crl *crl);
void wd_crl_freep(struct wd_crl **crl);
struct wd_span wd_crl_issuer(const struct wd_crl *crl);
int64_t wd_crl_this_update(const struct wd_crl *crl);
bool wd_crl_next_update(
    const struct wd_crl *crl, int64_t *ret); /* false: absent */
int wd_crl_signed_by(const struct wd_crl *crl, const struct wd_pkey *key)
    WD_MUST_USE;

/* SERIAL as wd_cert_serial() gives it. */
bool wd_crl_lists(const struct wd_crl *crl, struct wd_span serial);

/* A chain as an operator gives it: PEM, leaf first, one to six certificates. */
struct wd_chain {
	struct wd_cert *cert[6];
	size_t n;
};

void wd_chain_done(struct wd_chain *chain);

/* WD_R_MALFORMED, or a fault. */
int wd_chain_parse_pem(
    struct wd_span pem, struct wd_chain *ret, struct wd_diag *d) WD_MUST_USE;
