/*
 * Endorsement keys and their certificates (TCG EK Credential Profile 2.5). Who
 * may issue these is the operator's choice: each maker of TPMs has roots of its
 * own, and none of them is built in.
 */
#include "verify/tpm/ek.h"

#include "codec/der.h"
#include "codec/pem.h"
#include "crypto/x509.h"
#include "verify/chain.h"
#include "verify/tpm/alg.h"
#include "verify/tpm/ek_lists.h"
#include "verify/tpm/purpose.h"

enum { CIPHER_BITS = 128 };

void
wd_tpm_ek_done(struct wd_tpm_ek *e)
{
	e->key = wd_pkey_free(e->key);
}

/* ---- certificates */

/* It opens secrets and signs nothing: section 3.2.15 of the profile. */
static bool
may_open(const struct wd_cert *c)
{
	return wd_tpm_may(c, WD_TPM_KEY_ENCIPHERMENT | WD_TPM_KEY_AGREEMENT);
}

static bool
is_for_an_ek(const struct wd_cert *c)
{
	struct wd_tpm_purposes p = wd_tpm_purposes(c);

	return !p.given || p.of_ek;
}

static const char *
misplaced(const struct wd_trail *t, size_t i)
{
	if (i > 0)
		return NULL;
	if (!may_open(wd_trail_leaf(t)))
		return "its key is not for opening secrets";
	if (!is_for_an_ek(wd_trail_leaf(t)))
		return "it is not for an endorsement key";
	return NULL;
}

static const struct wd_trail_spec spec = {
	.name = "endorsement key chain",
	.tee = WD_TEE_TPM,
	.kept = WD_KEPT_EK_TRAIL,
	.ek = true,
	.n_min = 2,
	.n_max = WD_TRAIL_MAX,
	.leaf_keys = WD_TRAIL_KEY(WD_PKEY_RSA2048) | WD_TRAIL_KEY(WD_PKEY_P256),
	.ca_keys = WD_TRAIL_TPM_KEYS,
	.misplaced = misplaced,
};

/* The first certificate alone, whoever issued it. */
static int
first_certificate(struct wd_span all, struct wd_cert **ret)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	struct wd_rd rd = wd_rd(all);
	int r;

	if (all.p[0] == WD_DER_SEQUENCE)
		return wd_cert_parse(wd_der_whole(&rd, WD_DER_SEQUENCE), ret);
	r = wd_pem_next(&rd, "CERTIFICATE", &der);
	return r != 0 ? r : wd_cert_parse(wd_bytes_span(der), ret);
}

/* Not even an operator's word helps who shows the certificate of another. */
static int
check_owner(const struct wd_tpm_pair *pair, const struct wd_pkey *key,
    struct wd_diag *d)
{
	WD_AUTO(wd_cert_freep) struct wd_cert *c = NULL;
	int r = first_certificate(pair->certificates, &c);

	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot take in a certificate");
	if (r > 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "certificates: neither DER nor PEM of certificates");
	if (wd_pkey_same_public(wd_cert_key(c), key))
		return 0;
	return wd_reject(d, WD_R_EK_NOT_TRUSTED,
	    "the certificate is not of the endorsement key");
}

static int
check_chain(struct wd_verifier *v, const struct wd_tpm_pair *pair, int64_t at,
    struct wd_tpm_ek *e, struct wd_diag *d)
{
	const struct wd_trail *t;
	bool software = false;
	int64_t ends = 0;
	int r;

	if (pair->certificates.len == 0) {
		e->untrusted = wd_reject(&e->why, WD_R_EK_NOT_TRUSTED,
		    "the endorsement key has no certificate, and no operator "
		    "vouches for it");
		return 0;
	}
	if ((r = check_owner(pair, e->key, d)) != 0)
		return r;
	r = wd_trail_get(
	    v, &spec, pair->certificates, wd_span(NULL, 0), at, &t, &e->why);
	if (r == 0) {
		ends = t->not_after;
		software = wd_trail_end(v, &spec, t->root_sha256)->software;
		r = wd_tpm_ek_lists(
		    v, t, software, pair->snapshot, at, &ends, &e->why);
	}
	if (r < 0)
		return wd_fault(d, (enum wd_faults)r, "%s", e->why.detail);
	e->untrusted = r;
	if (r == 0) {
		e->ends = ends;
		e->software = software;
	}
	return 0;
}

/* ---- keys */

/* As the default templates have them (annex B.3 and B.4 of the profile). */
static bool
is_ek(const struct wd_tpm_public *p)
{
	const uint32_t must = WD_TPM_FIXED_TPM | WD_TPM_FIXED_PARENT |
	    WD_TPM_SENSITIVE_DATA_ORIGIN | WD_TPM_ADMIN_WITH_POLICY |
	    WD_TPM_RESTRICTED | WD_TPM_DECRYPT;

	return (p->attributes & ~(uint32_t)WD_TPM_USER_WITH_AUTH) == must &&
	    p->policy.len > 0 && p->scheme == WD_TPM_NULL;
}

/* What credentials can be made for: crypto/tpm_credential.h. */
static bool
is_served(const struct wd_tpm_public *p)
{
	return p->name_alg == WD_SHA256 && p->cipher == WD_TPM_AES &&
	    p->cipher_bits == CIPHER_BITS && p->cipher_mode == WD_TPM_CFB;
}

static bool
is_served_key(const struct wd_pkey *k)
{
	enum wd_pkey_alg alg = wd_pkey_alg(k);

	return alg == WD_PKEY_RSA2048 || alg == WD_PKEY_P256;
}

static int
digest(struct wd_tpm_ek *e, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;

	if (wd_pkey_to_spki(e->key, &spki) != 0 ||
	    wd_hash(WD_SHA256, wd_bytes_span(spki), e->sha256) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot write out a key");
	return 0;
}

static int
take_ek(struct wd_span bytes, struct wd_tpm_ek *e, struct wd_diag *d)
{
	struct wd_tpm_public p;
	int r = wd_tpm_public_parse(bytes, &p, d);

	if (r != 0)
		return r;
	if (!is_ek(&p))
		return wd_reject(d, WD_R_EK_ATTRIBUTES,
		    "the attributes %08x of the key are not those of an "
		    "endorsement key",
		    p.attributes);
	r = is_served(&p) ? wd_tpm_public_key(&p, &e->key) : WD_R_UNSUPPORTED;
	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot take in a key");
	if (r > 0 || !is_served_key(e->key))
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "endorsement keys are RSA 2048 or P-256, with SHA-256 and "
		    "AES-128");
	return digest(e, d);
}

static int
take_ak(struct wd_span bytes, struct wd_tpm_ek *e, struct wd_diag *d)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	struct wd_tpm_public p;
	int r;

	if ((r = wd_tpm_public_parse(bytes, &p, d)) != 0 ||
	    (r = wd_tpm_public_is_ak(&p, d)) != 0)
		return r;
	if (p.name_alg == WD_SHA1)
		return wd_reject(d, WD_R_WEAK_HASH,
		    "the name of the attestation key is a SHA-1");
	if ((r = wd_tpm_public_key(&p, &key)) > 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "the attestation key is of a kind that is not known");
	if (r < 0 || wd_tpm_public_name(&p, e->ak_name, &e->ak_name_len) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot take in a key");
	return 0;
}

int
wd_tpm_ek_check(struct wd_verifier *v, const struct wd_tpm_pair *pair,
    int64_t at, struct wd_tpm_ek *ret, struct wd_diag *d)
{
	WD_AUTO(wd_tpm_ek_done) struct wd_tpm_ek e = { .ends = INT64_MAX };
	int r;

	if ((r = take_ak(pair->ak, &e, d)) != 0 ||
	    (r = take_ek(pair->ek, &e, d)) != 0 ||
	    (r = check_chain(v, pair, at, &e, d)) != 0)
		return r;
	*ret = e;
	e.key = NULL;
	return 0;
}
