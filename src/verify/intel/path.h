/*
 * Certificate paths of Intel: from a leaf to a root whose SHA-256 is an anchor.
 * Signatures are checked along this one path only; names and key identifiers
 * decide nothing.
 */
#pragma once

#include "crypto/x509.h"
#include "verify/appraise.h"
#include "verify/intel/pck.h"

enum wd_path_kind {
	WD_PATH_PCK,         /* PCK, Platform or Processor CA, root */
	WD_PATH_TCB_SIGNING, /* TCB signing, root */
	WD_PATH_QE_IDENTITY, /* the same, with reasons of its own */
	WD_PATH_PCK_CA,      /* Platform or Processor CA, root */
};

enum { WD_PATH_MAX = 3 };

/* A path whose form and signatures are good. Dates are for each call. */
struct wd_path {
	struct wd_cert *cert[WD_PATH_MAX]; /* leaf first, root last */
	size_t n;
	uint8_t root_sha256[32]; /* of the DER: compared with anchors */
	uint8_t leaf_sha256[32];
	uint8_t ca_sha256[32];         /* of the certificate above the leaf */
	int64_t not_before, not_after; /* when all of them are valid */
	bool is_platform;              /* which PCK CA, where there is one */
	struct wd_pck pck;             /* of a PCK leaf */
};

struct wd_path *wd_path_free(struct wd_path *p);
void wd_path_freep(struct wd_path **p);

/*
 * Parses PEM and checks the path down from its root, which must be one of
 * ANCHORS for TEE. Rejections: those of KIND (…_MALFORMED, …_UNTRUSTED_ROOT,
 * …_BAD_SIGNATURE, …_NOT_CA).
 */
int wd_path_verify(enum wd_path_kind kind, struct wd_span pem,
    const struct wd_anchor *anchors, size_t n_anchors, enum wd_tee tee,
    struct wd_path **ret, struct wd_diag *d) WD_MUST_USE;

/* The anchor that is this path's root for TEE; NULL when none is. TEE NONE:
 * of any TEE. */
const struct wd_anchor *wd_path_anchor(const uint8_t root_sha256[32],
    const struct wd_anchor *anchors, size_t n_anchors, enum wd_tee tee);

/* …_UNTRUSTED_ROOT of KIND. */
int wd_path_untrusted(enum wd_path_kind kind, struct wd_diag *d);

/* …_EXPIRED of KIND unless all certificates are valid at AT. */
int wd_path_dates(const struct wd_path *p, enum wd_path_kind kind, int64_t at,
    struct wd_diag *d) WD_MUST_USE;

static inline const struct wd_cert *
wd_path_leaf(const struct wd_path *p)
{
	return p->cert[0];
}

static inline const struct wd_cert *
wd_path_root(const struct wd_path *p)
{
	return p->cert[p->n - 1];
}

/* Which PCK CA, as the scope of collateral has it. */
static inline uint8_t
wd_path_ca_letter(const struct wd_path *p)
{
	return p->is_platform ? 'P' : 'p';
}
