/*
 * JSON Web Keys. Members are written in the order of RFC 8785, which for these
 * keys is also the order of RFC 7638 and the one Confidential Containers
 * clients re-create.
 */
#include "crypto/jwk.h"

#include "codec/jtext.h"
#include "crypto/key.h"

int
wd_jwk_import(const struct wd_jwk *jwk, struct wd_pkey **ret)
{
	if (jwk->alg == WD_JWE_RSA_OAEP_256 && jwk->curve == WD_PKEY_NONE)
		return wd_pkey_rsa_public(jwk->n, jwk->e, ret);
	if (jwk->alg == WD_JWE_ECDH_ES_A256KW &&
	    (jwk->curve == WD_PKEY_P256 || jwk->curve == WD_PKEY_P521))
		return wd_pkey_ec_recipient(jwk->curve, jwk->x, jwk->y, ret);
	return WD_R_UNSUPPORTED;
}

const char *
wd_jwe_alg_name(enum wd_jwe_alg alg)
{
	static const char *const names[] = {
		[WD_JWE_NONE] = NULL,
		[WD_JWE_ECDH_ES_A256KW] = "ECDH-ES+A256KW",
		[WD_JWE_RSA_OAEP_256] = "RSA-OAEP-256",
	};

	return names[alg];
}

/* RFC 7518, section 6.2.1.1, and RFC 8037; NULL for RSA. */
static const char *
curve_name(const struct wd_pkey *k)
{
	static const char *const names[] = {
		[WD_PKEY_P256] = "P-256",
		[WD_PKEY_P384] = "P-384",
		[WD_PKEY_P521] = "P-521",
		[WD_PKEY_ED25519] = "Ed25519",
	};

	return names[wd_pkey_alg(k)];
}

static void
write_rsa(struct wd_jtext *j, struct wd_span n, struct wd_span e)
{
	wd_jtext_key(j, "e");
	wd_jtext_b64url(j, e);
	wd_jtext_key_text(j, "kty", "RSA");
	wd_jtext_key(j, "n");
	wd_jtext_b64url(j, n);
}

static void
write_okp(struct wd_jtext *j, const struct wd_pkey *k, struct wd_span x)
{
	wd_jtext_key_text(j, "crv", curve_name(k));
	wd_jtext_key_text(j, "kty", "OKP");
	wd_jtext_key(j, "x");
	wd_jtext_b64url(j, x);
}

static void
write_ec(struct wd_jtext *j, const struct wd_pkey *k)
{
	uint8_t point[1 + 2 * WD_COORDINATE_MAX];
	size_t len = k->row->len;

	if (wd_pkey_point(k, point) != 0)
		wd_wr_fail(j->wr);
	wd_jtext_key_text(j, "crv", curve_name(k));
	wd_jtext_key_text(j, "kty", "EC");
	wd_jtext_key(j, "x");
	wd_jtext_b64url(j, wd_span(point + 1, len));
	wd_jtext_key(j, "y");
	wd_jtext_b64url(j, wd_span(point + 1 + len, len));
}

static void
write_other(struct wd_jtext *j, const struct wd_pkey *k)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *a = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;

	if (wd_pkey_public_parts(k, &a, &b) != 0)
		wd_wr_fail(j->wr);
	else if (k->row->family == WD_FAMILY_RSA)
		write_rsa(j, wd_bytes_span(a), wd_bytes_span(b));
	else
		write_okp(j, k, wd_bytes_span(a));
}

void
wd_jwk_write(struct wd_wr *wr, const struct wd_pkey *k, enum wd_jwe_alg alg)
{
	struct wd_jtext j = wd_jtext(wr);

	wd_jtext_object(&j);
	if (alg != WD_JWE_NONE)
		wd_jtext_key_text(&j, "alg", wd_jwe_alg_name(alg));
	if (k->row->family == WD_FAMILY_EC)
		write_ec(&j, k);
	else
		write_other(&j, k);
	wd_jtext_end(&j);
}

enum { JWK_MAX = 1024 }; /* RSA 4096: 720 */

/* Without "alg", a JWK of ours has just the members RFC 7638 hashes. */
int
wd_jwk_thumbprint(const struct wd_pkey *k, uint8_t ret_digest[32])
{
	uint8_t buf[JWK_MAX];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	wd_jwk_write(&wr, k, WD_JWE_NONE);
	if (wd_wr_end(&wr) != 0)
		return WD_F_MEMORY;
	return wd_hash(WD_SHA256, wd_wr_span(&wr), ret_digest);
}
