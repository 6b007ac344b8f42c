/*
 * What the linker puts before libcrypto's door in targets that want to get
 * behind signatures (-Wl,--wrap, see fuzz/meson.build). No product program has
 * it. Whether a signature fits is asked only when it matters.
 */
#include "case.h"

#include "crypto/sig.h"
#include "crypto/x509.h"

bool fuzz_forgives;

#define REAL(name) __real_##name
#define WRAP(name, params, args)        \
	int REAL(name) params;          \
	int __wrap_##name params;       \
	int __wrap_##name params        \
	{                               \
		if (fuzz_forgives)      \
			return 0;       \
		return REAL(name) args; \
	}

/* clang-format off */
WRAP(wd_sig_verify,
    (const struct wd_pkey *k, enum wd_sig_alg alg, struct wd_span message,
	struct wd_span sig),
    (k, alg, message, sig))
WRAP(wd_sig_verify_any,
    (const struct wd_pkey *k, enum wd_sig_scheme scheme, enum wd_hash hash,
	struct wd_span message, struct wd_span sig),
    (k, scheme, hash, message, sig))
WRAP(wd_ec_verify_parts,
    (const struct wd_pkey *k, enum wd_sig_alg alg, const struct wd_span *parts,
	size_t n_parts, struct wd_span sig),
    (k, alg, parts, n_parts, sig))
WRAP(wd_p256_verify,
    (const struct wd_pkey *k, struct wd_span message, const uint8_t *rs),
    (k, message, rs))
WRAP(wd_cert_signed_by,
    (const struct wd_cert *c, const struct wd_pkey *key), (c, key))
WRAP(wd_crl_signed_by,
    (const struct wd_crl *crl, const struct wd_pkey *key), (crl, key))
/* clang-format on */
