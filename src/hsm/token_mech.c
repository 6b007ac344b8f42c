/*
 * Mechanisms and attributes as PKCS#11 wants them.
 */
#include "hsm/token_in.h"

enum { TAG_BITS = 128 };

void
wd_token_plain(struct wd_token_mechanism *x, ck_mechanism_type_t type)
{
	x->m = (struct ck_mechanism){ type, NULL, 0 };
}

void
wd_token_gcm(struct wd_token_mechanism *x, struct wd_span aad)
{
	x->gcm = (struct ck_gcm_params){ .iv_ptr = x->nonce,
		.iv_len = sizeof(x->nonce),
		.iv_bits = 8 * sizeof(x->nonce),
		.aad_ptr = aad.len > 0 ? wd_token_in(aad) : NULL,
		.aad_len = aad.len,
		.tag_bits = TAG_BITS };
	x->m = (struct ck_mechanism){ CKM_AES_GCM, &x->gcm, sizeof(x->gcm) };
}

void
wd_token_oaep(struct wd_token_mechanism *x, bool sha1)
{
	x->oaep = (struct ck_rsa_pkcs_oaep_params){
		.hash_alg = sha1 ? CKM_SHA_1 : CKM_SHA256,
		.mgf = sha1 ? CKG_MGF1_SHA1 : CKG_MGF1_SHA256,
		.source = CKZ_DATA_SPECIFIED,
	};
	x->m = (struct ck_mechanism){ CKM_RSA_PKCS_OAEP, &x->oaep,
		sizeof(x->oaep) };
}

void
wd_token_pss(struct wd_token_mechanism *x, enum wd_hash hash)
{
	static const struct {
		ck_mechanism_type_t hash;
		ck_rsa_pkcs_mgf_type_t mgf;
	} rows[] = {
		[WD_SHA256] = { CKM_SHA256, CKG_MGF1_SHA256 },
		[WD_SHA384] = { CKM_SHA384, CKG_MGF1_SHA384 },
		[WD_SHA512] = { CKM_SHA512, CKG_MGF1_SHA512 },
	};

	x->pss = (struct ck_rsa_pkcs_pss_params){ rows[hash].hash,
		rows[hash].mgf, wd_hash_len(hash) };
	x->m =
	    (struct ck_mechanism){ CKM_RSA_PKCS_PSS, &x->pss, sizeof(x->pss) };
}

unsigned char *
wd_token_in(struct wd_span s)
{
	static unsigned char none; /* modules want a place even for nothing */

	return s.p == NULL ? &none : (unsigned char *)(uintptr_t)s.p;
}

void
wd_token_attribute(
    struct ck_attribute *a, ck_attribute_type_t type, struct wd_span value)
{
	*a = (struct ck_attribute){ type, wd_token_in(value), value.len };
}
