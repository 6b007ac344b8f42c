/*
 * Key derivation. Results go straight into secrets; what is left of a failed
 * derivation is wiped with them.
 */
#include "crypto/kdf.h"

#include "base/wr.h"
#include "crypto/lib.h"

#include <openssl/core_names.h>

/* libcrypto only reads what it takes without const here. */
static OSSL_PARAM
octets(const char *name, struct wd_span s)
{
	static uint8_t none[1];
	void *p = s.len == 0 ? none : (void *)(uintptr_t)s.p;

	return OSSL_PARAM_construct_octet_string(name, p, s.len);
}

static int
derive(
    EVP_KDF *kdf, const OSSL_PARAM *params, size_t len, struct wd_secret **ret)
{
	WD_AUTO(wd_evp_kdf_ctx_freep) EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	WD_AUTO(wd_secret_freep) struct wd_secret *s = wd_secret_new(len);

	if (s == NULL)
		return WD_F_MEMORY;
	if (ctx == NULL ||
	    EVP_KDF_derive(ctx, wd_secret_bytes(s), len, params) != 1)
		return wd_lib_fault();
	*ret = WD_TAKE(s);
	return 0;
}

int
wd_hkdf(struct wd_span key, const char *info, struct wd_span context,
    size_t len, struct wd_secret **ret)
{
	char digest[] = "SHA2-256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_KDF_PARAM_DIGEST, digest, 0),
		octets(OSSL_KDF_PARAM_KEY, key),
		octets(OSSL_KDF_PARAM_INFO, wd_span_text(info)),
		octets(
		    OSSL_KDF_PARAM_INFO, context), /* appended to the first */
		OSSL_PARAM_construct_end(),
	};

	return derive(wd_lib()->hkdf, params, len, ret);
}

enum { SCRYPT_R = 8, SCRYPT_P_MAX = 4 };

/* A power of two from 2^10 to 2^20; r fixed; little parallelism. */
static bool
scrypt_fits(const struct wd_scrypt *s)
{
	bool power_of_two = (s->n & (s->n - 1)) == 0;

	return power_of_two && s->n >= 1u << 10 && s->n <= 1u << 20 &&
	    s->r == SCRYPT_R && s->p >= 1 && s->p <= SCRYPT_P_MAX;
}

int
wd_scrypt(struct wd_span passphrase, const struct wd_scrypt *params,
    struct wd_secret **ret)
{
	struct wd_scrypt s = *params;
	uint64_t memory = UINT64_C(2) << 30; /* more than N = 2^20 needs */
	OSSL_PARAM list[] = {
		octets(OSSL_KDF_PARAM_PASSWORD, passphrase),
		octets(OSSL_KDF_PARAM_SALT, WD_SPAN(s.salt)),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &s.n),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &s.r),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &s.p),
		OSSL_PARAM_construct_uint64(
		    OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
		OSSL_PARAM_construct_end(),
	};

	if (!scrypt_fits(&s))
		return WD_R_RANGE;
	return derive(wd_lib()->scrypt, list, 32, ret);
}

enum { OTHER_INFO_MAX = 128 };

/*
 * RFC 7518, section 4.6.2: AlgorithmID, PartyUInfo and PartyVInfo with their
 * 32-bit lengths, then SuppPubInfo.
 */
static void
write_other_info(struct wd_wr *wr, const char *alg, size_t len)
{
	struct wd_span id = wd_span_text(alg);

	wd_wr_be32(wr, (uint32_t)id.len);
	wd_wr_bytes(wr, id);
	wd_wr_be32(wr, 0);
	wd_wr_be32(wr, 0);
	wd_wr_be32(wr, (uint32_t)(8 * len));
}

/* One round of SP 800-56A, section 5.8.1: 32 bytes are all that is needed. */
int
wd_concat_kdf(
    struct wd_span z, const char *alg, size_t len, struct wd_secret **ret)
{
	static const uint8_t counter[4] = { 0, 0, 0, 1 };
	uint8_t other[OTHER_INFO_MAX];
	struct wd_wr wr = wd_wr_fixed(other, sizeof(other));
	WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;
	int r;

	write_other_info(&wr, alg, len);
	if (len > 32 || wd_wr_end(&wr) != 0)
		return WD_F_BUG;
	if ((s = wd_secret_new(32)) == NULL)
		return WD_F_MEMORY;
	r = wd_hash_parts(WD_SHA256,
	    (const struct wd_span[]){ WD_SPAN(counter), z, wd_wr_span(&wr) }, 3,
	    wd_secret_bytes(s));
	if (r != 0)
		return r;
	wd_secret_shorten(s, len);
	*ret = WD_TAKE(s);
	return 0;
}
