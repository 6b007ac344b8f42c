/*
 * Mechanisms and their parameters (PKCS#11 2.40 mechanisms, sections 2.1, 2.3
 * and 2.20; 3.0, section 2.3.15 for Ed25519).
 */
#include "bin/pkcs11/mech.h"

static const struct wd_mech mechs[] = {
	{ CKM_RSA_PKCS, WD_FAMILY_RSA, WD_HOLDER_PKCS1, false, 0 },
	{ CKM_RSA_PKCS_PSS, WD_FAMILY_RSA, WD_HOLDER_PSS, false, 0 },
	{ CKM_SHA256_RSA_PKCS, WD_FAMILY_RSA, WD_HOLDER_PKCS1, true,
	    WD_SHA2_256 },
	{ CKM_SHA384_RSA_PKCS, WD_FAMILY_RSA, WD_HOLDER_PKCS1, true,
	    WD_SHA2_384 },
	{ CKM_SHA512_RSA_PKCS, WD_FAMILY_RSA, WD_HOLDER_PKCS1, true,
	    WD_SHA2_512 },
	{ CKM_SHA256_RSA_PKCS_PSS, WD_FAMILY_RSA, WD_HOLDER_PSS, true,
	    WD_SHA2_256 },
	{ CKM_SHA384_RSA_PKCS_PSS, WD_FAMILY_RSA, WD_HOLDER_PSS, true,
	    WD_SHA2_384 },
	{ CKM_SHA512_RSA_PKCS_PSS, WD_FAMILY_RSA, WD_HOLDER_PSS, true,
	    WD_SHA2_512 },
	{ CKM_ECDSA, WD_FAMILY_EC, WD_HOLDER_ECDSA, false, 0 },
	{ CKM_ECDSA_SHA256, WD_FAMILY_EC, WD_HOLDER_ECDSA, true, WD_SHA2_256 },
	{ CKM_ECDSA_SHA384, WD_FAMILY_EC, WD_HOLDER_ECDSA, true, WD_SHA2_384 },
	{ CKM_ECDSA_SHA512, WD_FAMILY_EC, WD_HOLDER_ECDSA, true, WD_SHA2_512 },
	{ CKM_EDDSA, WD_FAMILY_ED, WD_HOLDER_EDDSA, false, 0 },
	{ CKM_SHA256, WD_FAMILY_SHA, 0, true, WD_SHA2_256 },
	{ CKM_SHA384, WD_FAMILY_SHA, 0, true, WD_SHA2_384 },
	{ CKM_SHA512, WD_FAMILY_SHA, 0, true, WD_SHA2_512 },
};

/* Flags of C_GetMechanismInfo and sizes of keys in bits, by family. */
static const struct ck_mechanism_info infos[] = {
	[WD_FAMILY_RSA] = { 2048, 4096, CKF_SIGN },
	[WD_FAMILY_EC] = { 256, 521,
	    CKF_SIGN | CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS },
	[WD_FAMILY_ED] = { 255, 255, CKF_SIGN },
	[WD_FAMILY_SHA] = { 0, 0, CKF_DIGEST },
};

const struct wd_mech *
wd_mechs(size_t *ret_n)
{
	*ret_n = WD_N(mechs);
	return mechs;
}

const struct wd_mech *
wd_mech_find(ck_mechanism_type_t type)
{
	for (size_t i = 0; i < WD_N(mechs); i++)
		if (mechs[i].type == type)
			return &mechs[i];
	return NULL;
}

struct ck_mechanism_info
wd_mech_info(const struct wd_mech *mech)
{
	return infos[mech->family];
}

bool
wd_mech_fits(const struct wd_mech *mech, enum wd_holder_kind kind)
{
	static const enum wd_mech_family families[] = {
		[WD_HOLDER_RSA] = WD_FAMILY_RSA,
		[WD_HOLDER_P256] = WD_FAMILY_EC,
		[WD_HOLDER_P384] = WD_FAMILY_EC,
		[WD_HOLDER_P521] = WD_FAMILY_EC,
		[WD_HOLDER_ED25519] = WD_FAMILY_ED,
	};

	return mech->family == families[kind];
}

bool
wd_mech_is_allowed(const struct wd_mech *mech, const struct wd_holder_key *key)
{
	return wd_mech_fits(mech, key->kind) &&
	    (key->mechs >> mech->mech & 1) != 0;
}

/* A hash and its mask generation, as PSS parameters name them. */
struct pss_row {
	ck_mechanism_type_t hash;
	ck_rsa_pkcs_mgf_type_t mgf;
	enum wd_holder_hash holder;
	enum wd_sha2_alg alg;
};

static const struct pss_row pss_rows[] = {
	{ CKM_SHA256, CKG_MGF1_SHA256, WD_HOLDER_SHA256, WD_SHA2_256 },
	{ CKM_SHA384, CKG_MGF1_SHA384, WD_HOLDER_SHA384, WD_SHA2_384 },
	{ CKM_SHA512, CKG_MGF1_SHA512, WD_HOLDER_SHA512, WD_SHA2_512 },
};

static bool
pss_params(const struct wd_mech *mech, const struct ck_mechanism *m,
    struct wd_holder_sign *ret)
{
	struct ck_rsa_pkcs_pss_params p;
	const struct pss_row *hash = NULL;
	const struct pss_row *mgf = NULL;

	if (m->parameter == NULL || m->parameter_len != sizeof(p))
		return false;
	wd_copy(&p, wd_span(m->parameter, sizeof(p)));
	for (size_t i = 0; i < WD_N(pss_rows); i++) {
		if (pss_rows[i].hash == p.hash_alg)
			hash = &pss_rows[i];
		if (pss_rows[i].mgf == p.mgf)
			mgf = &pss_rows[i];
	}
	if (hash == NULL || mgf == NULL || p.s_len > wd_sha2_len(hash->alg) ||
	    (mech->hashes && mech->hash != hash->alg))
		return false;
	ret->hash = hash->holder;
	ret->mgf = mgf->holder;
	ret->salt_len = (uint16_t)p.s_len;
	return true;
}

bool
wd_mech_params(const struct wd_mech *mech, const struct ck_mechanism *m,
    struct wd_holder_sign *ret)
{
	if (mech->mech == WD_HOLDER_PSS)
		return pss_params(mech, m, ret);
	return m->parameter_len == 0;
}
