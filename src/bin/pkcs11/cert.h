/*
 * The parts of a certificate that PKCS#11 has attributes for.
 */
#pragma once

#include "base/span.h"

/* Views of the certificate's DER. */
struct wd_p11_cert {
	struct wd_span der, serial, issuer, subject, spki; /* whole elements */
};

/* False when the outer form is not that of RFC 5280. Nothing is verified: the
 * holder says what its certificates are. */
bool wd_p11_cert_read(struct wd_span der, struct wd_p11_cert *ret) WD_MUST_USE;
