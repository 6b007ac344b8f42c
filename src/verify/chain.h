/*
 * Certificate paths of vendors other than Intel: from a leaf over
 * intermediates to a root that is an anchor. Signatures are checked along this
 * one path only; names and key identifiers decide nothing. What a vendor's
 * certificates must be like beyond that is in a spec.
 */
#pragma once

#include "crypto/x509.h"
#include "verify/registry.h"

enum { WD_TRAIL_MAX = 8 };

/* A path whose form and signatures are good. Dates are for each call. */
struct wd_trail {
	struct wd_cert *cert[WD_TRAIL_MAX]; /* leaf first, root last */
	size_t n;
	uint8_t leaf_sha256[32]; /* of the DER, as the next */
	uint8_t root_sha256[32];
	int64_t not_before, not_after; /* when all of them are valid */
};

#define WD_TRAIL_KEY(alg) (1U << (alg))

/* Those that makers of TPMs sign with. */
#define WD_TRAIL_TPM_KEYS                                                \
	(WD_TRAIL_KEY(WD_PKEY_RSA2048) | WD_TRAIL_KEY(WD_PKEY_RSA3072) | \
	    WD_TRAIL_KEY(WD_PKEY_RSA4096) | WD_TRAIL_KEY(WD_PKEY_P256) | \
	    WD_TRAIL_KEY(WD_PKEY_P384) | WD_TRAIL_KEY(WD_PKEY_P521))

struct wd_trail_spec {
	const char *name;    /* for messages: "VCEK chain" */
	enum wd_tee tee;     /* whose anchors */
	enum wd_kept kept;   /* one kind for each spec */
	bool ek;             /* anchors are those of endorsement keys */
	size_t n_min, n_max; /* certificates, the root included */
	unsigned leaf_keys;  /* WD_TRAIL_KEY(WD_PKEY_P384) | ... */
	unsigned ca_keys;
	bool leaf_is_ca; /* issuers on their own, else a leaf may be no CA */
	/* What more is wrong with T->cert[I]; NULL when nothing. May be NULL.*/
	const char *(*misplaced)(const struct wd_trail *t, size_t i);
};

/*
 * The path of the certificates in LEAF and then in ABOVE (which may be empty),
 * each PEM or DER, in the order of the path. Where the last one is not
 * self-issued, an anchor whose DER is known and whose key made it is its end.
 * Kept by exact bytes; roots and dates are looked at in each call. The result
 * is the cache's and lives as long as the call. Rejections:
 * WD_R_CHAIN_MALFORMED, _UNTRUSTED_ROOT, _BAD_SIGNATURE, _NOT_CA, _EXPIRED.
 */
int wd_trail_get(struct wd_verifier *v, const struct wd_trail_spec *spec,
    struct wd_span leaf, struct wd_span above, int64_t at,
    const struct wd_trail **ret, struct wd_diag *d) WD_MUST_USE;

struct wd_trail *wd_trail_free(struct wd_trail *t);
void wd_trail_freep(struct wd_trail **t);

/* The anchor of TEE with this digest; NULL when there is none. */
const struct wd_anchor *wd_trail_anchor(
    const struct wd_verifier *v, enum wd_tee tee, const uint8_t sha256[32]);

/* The same of those that SPEC's paths may end in. */
const struct wd_anchor *wd_trail_end(const struct wd_verifier *v,
    const struct wd_trail_spec *spec, const uint8_t sha256[32]);

static inline const struct wd_cert *
wd_trail_leaf(const struct wd_trail *t)
{
	return t->cert[0];
}

static inline const struct wd_cert *
wd_trail_root(const struct wd_trail *t)
{
	return t->cert[t->n - 1];
}
