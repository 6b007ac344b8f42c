/*
 * What certificates and CRLs have in common (RFC 5280): the signed frame,
 * names, times and extensions. All on the cursor; nothing is decoded twice and
 * nothing is trusted here.
 */
#pragma once

#include "base/rd.h"
#include "crypto/pkey.h"

/* SIGNED: views into the document. */
struct wd_signed {
	struct wd_span tbs; /* whole element: the bytes that are signed */
	struct wd_span alg; /* contents of the outer AlgorithmIdentifier */
	struct wd_span sig;
};

/* WD_R_MALFORMED, also when something follows. */
int wd_signed_split(struct wd_span der, struct wd_signed *ret) WD_MUST_USE;

/*
 * 0, WD_R_MISMATCH when KEY did not make the signature or the algorithm is one
 * we do not know or one of another key, or a fault.
 */
int wd_signed_verify(const struct wd_signed *s, const struct wd_pkey *key)
    WD_MUST_USE;

/* UTCTime or GeneralizedTime as section 4.1.2.5 wants them, 1970 and later. */
int64_t wd_der_time(struct wd_rd *rd);

/* The next element is a time. */
bool wd_der_is_time(const struct wd_rd *rd);

/*
 * A Name: checks its form and gives the whole element. RET_CN is the value of
 * the only commonName, empty when there is none, more than one, or one in an
 * alphabet other than UTF-8, ASCII or PrintableString.
 */
struct wd_span wd_der_name(struct wd_rd *rd, struct wd_span *ret_cn);

enum { WD_X509_EXT_MAX = 32 };

struct wd_x509_ext {
	struct wd_span oid, value;
	bool critical;
};

struct wd_x509_exts {
	struct wd_x509_ext at[WD_X509_EXT_MAX];
	size_t n;
};

/* SEQUENCE OF Extension; poisons RD on a duplicate, on none and on too many. */
void wd_der_extensions(struct wd_rd *rd, struct wd_x509_exts *ret);

/* NULL when absent. */
const struct wd_x509_ext *wd_x509_ext_find(
    const struct wd_x509_exts *exts, struct wd_span oid);
