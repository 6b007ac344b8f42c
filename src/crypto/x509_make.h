/*
 * Making certificates, requests and revocation lists: for `init`, for
 * operators' keys, and for the software TEE, whose certificates carry the
 * vendors' names.
 */
#pragma once

#include "base/wr.h"
#include "crypto/x509.h"

/* One attribute of a distinguished name; OID in dotted text. */
struct wd_rdn {
	const char *oid;   /* "2.5.4.3" is CN */
	const char *value; /* UTF-8 */
};

struct wd_cert_ext {
	const char *oid; /* dotted text */
	bool critical;
	struct wd_span der; /* contents of the extension's OCTET STRING */
};

enum wd_key_usage {
	WD_KU_DIGITAL_SIGNATURE = 1,
	WD_KU_KEY_ENCIPHERMENT = 2,
	WD_KU_CERT_SIGN = 4,
	WD_KU_CRL_SIGN = 8,
};

struct wd_cert_spec {
	const struct wd_rdn *subject;
	size_t n_subject;
	const struct wd_rdn *issuer; /* NULL: self-issued, the subject */
	size_t n_issuer;
	struct wd_span serial; /* big endian, 1 to 20 bytes; empty: random */
	int64_t not_before, not_after;
	bool is_ca;
	int path_len;       /* -1: none */
	unsigned key_usage; /* of wd_key_usage */
	bool server_auth;   /* extendedKeyUsage serverAuth */
	const char *const
	    *dns; /* subjectAltName; IP addresses are recognised */
	size_t n_dns;
	const char *crl_uri; /* NULL: no distribution point */
	const struct wd_cert_ext *ext;
	size_t n_ext;
	bool pss; /* an RSA issuer signs with RSASSA-PSS and SHA-384 */
};

/*
 * A certificate for SUBJECT's public key signed by ISSUER's private key, with
 * both key identifiers. WD_R_KEY_INVALID when ISSUER is public only; WD_R_RANGE
 * when a name, date, serial or path length is not possible; or a fault.
 */
int wd_cert_make(const struct wd_cert_spec *spec, const struct wd_pkey *subject,
    const struct wd_pkey *issuer, struct wd_bytes **ret_der) WD_MUST_USE;

/* A PKCS#10 request (RFC 2986) signed by KEY; subject and dns of SPEC count.
 * Results as wd_cert_make(). */
int wd_csr_make(const struct wd_cert_spec *spec, const struct wd_pkey *key,
    struct wd_bytes **ret_der) WD_MUST_USE;

/*
 * Likewise by a key whose private half is elsewhere: RET is what it has to
 * sign, which is a digest when HASHED (by the hash that goes with the key; RSA
 * by PKCS #1 v1.5), else a message. Results as wd_cert_make().
 */
int wd_csr_begin(const struct wd_cert_spec *spec, const struct wd_pkey *key,
    struct wd_bytes **ret, bool *ret_hashed) WD_MUST_USE;

/* The request with that signature, in the form of wd_sign(). Also WD_R_MISMATCH
 * when KEY has not made it. */
int wd_csr_end(const struct wd_cert_spec *spec, const struct wd_pkey *key,
    struct wd_span sig, struct wd_bytes **ret_der) WD_MUST_USE;

struct wd_crl_spec {
	const struct wd_rdn *issuer;
	size_t n_issuer;
	int64_t this_update, next_update;
	const struct wd_span *revoked; /* serials */
	size_t n_revoked;
	bool pss; /* as in wd_cert_spec */
};

/* Version 2, number 1, with the issuer's key identifier. Results as
 * wd_cert_make(). */
int wd_crl_make(const struct wd_crl_spec *spec, const struct wd_pkey *issuer,
    struct wd_bytes **ret_der) WD_MUST_USE;

/*
 * "CN=…,O=…,DNS=…,DNS=…" as operators type it: names go to SPEC.subject, DNS to
 * SPEC.dns, in the caller's arrays. Attributes: CN, O, OU, L, ST, C, DNS; a
 * backslash takes the next character as it is. TEXT is cut in place and must
 * outlive the arrays. WD_R_MALFORMED.
 */
int wd_subject_parse(char *text, struct wd_rdn *rdn, size_t max_rdn,
    size_t *ret_n_rdn, const char **dns, size_t max_dns, size_t *ret_n_dns,
    struct wd_diag *d) WD_MUST_USE;
