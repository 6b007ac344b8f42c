/*
 * Bindings by door. The text that is hashed is made here from members that
 * were decoded, never taken over from a client, so that nothing but these
 * members can be bound.
 */
#include "proto/binding.h"

#include "base/wr.h"
#include "codec/jtext.h"
#include "crypto/hash.h"

enum { EXPONENT_MAX = 8, MODULUS_MAX = 512, TEXT_MAX = 7 * 262144 };

static bool
has_len(struct wd_span s, size_t min, size_t max)
{
	return s.len >= min && s.len <= max;
}

static int
check_key(const struct wd_jwk *k)
{
	size_t half = wd_pkey_coordinate_len(k->curve);

	if (k->alg == WD_JWE_RSA_OAEP_256 && k->curve == WD_PKEY_NONE)
		return has_len(k->n, 1, MODULUS_MAX) &&
			has_len(k->e, 1, EXPONENT_MAX)
		    ? 0
		    : WD_R_KEY_INVALID;
	if (k->alg == WD_JWE_ECDH_ES_A256KW &&
	    (k->curve == WD_PKEY_P256 || k->curve == WD_PKEY_P521))
		return has_len(k->x, half, half) && has_len(k->y, half, half)
		    ? 0
		    : WD_R_KEY_INVALID;
	return WD_R_UNSUPPORTED;
}

static void
write_member(struct wd_jtext *j, const char *name, struct wd_span bytes)
{
	wd_jtext_key(j, name);
	wd_jtext_b64url(j, bytes);
}

/* The members of a JWK that Confidential Containers bind, and no other. */
static void
write_key(struct wd_jtext *j, const struct wd_jwk *k)
{
	wd_jtext_object(j);
	wd_jtext_key_text(j, "alg", wd_jwe_alg_name(k->alg));
	if (k->curve == WD_PKEY_NONE) {
		write_member(j, "e", k->e);
		wd_jtext_key_text(j, "kty", "RSA");
		write_member(j, "n", k->n);
	} else {
		wd_jtext_key_text(
		    j, "crv", k->curve == WD_PKEY_P256 ? "P-256" : "P-521");
		wd_jtext_key_text(j, "kty", "EC");
		write_member(j, "x", k->x);
		write_member(j, "y", k->y);
	}
	wd_jtext_end(j);
}

/*
 * KBS protocol 0.4.0, runtime data: SHA-384 over the JCS text (RFC 8785). That
 * of primary evidence has a member additional-evidence, even when it is empty;
 * that of a device has none, since it would be part of itself.
 */
static int
coco(const struct wd_bound *b, uint8_t *ret, size_t *ret_len)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(TEXT_MAX);
	struct wd_jtext j = wd_jtext(&wr);
	int r = check_key(&b->key);

	if (r != 0)
		return r;
	wd_jtext_object(&j);
	if (!wd_tee_is_device(b->tee)) {
		wd_jtext_key(&j, "additional-evidence");
		wd_jtext_string(&j, b->additional);
	}
	wd_jtext_key(&j, "nonce");
	wd_jtext_b64(&j, b->challenge);
	wd_jtext_key(&j, "tee-pubkey");
	write_key(&j, &b->key);
	wd_jtext_end(&j);
	if (wd_wr_end(&wr) != 0)
		return wr.no_memory ? WD_F_MEMORY : WD_R_MALFORMED;
	*ret_len = wd_hash_len(WD_SHA384);
	return wd_hash(WD_SHA384, wd_wr_span(&wr), ret);
}

/* The nonce of a TPM, or of SPDM, holds no more than the first 32 bytes. */
static int
coco_first_32(const struct wd_bound *b, uint8_t *ret, size_t *ret_len)
{
	int r = coco(b, ret, ret_len);

	if (r == 0)
		*ret_len = 32;
	return r;
}

/* Each TEE has a report data of 64 bytes or another field: a row each. */
static const struct {
	enum wd_door door;
	enum wd_tee tee;
	int (*make)(const struct wd_bound *b, uint8_t *ret, size_t *ret_len);
} rows[] = {
	{ WD_DOOR_COCO, WD_TEE_SGX, coco },
	{ WD_DOOR_COCO, WD_TEE_AZ_SNP, coco },
	{ WD_DOOR_COCO, WD_TEE_AZ_TDX, coco },
	{ WD_DOOR_COCO, WD_TEE_CCA, coco },
	{ WD_DOOR_COCO, WD_TEE_NVIDIA, coco_first_32 },
	{ WD_DOOR_COCO, WD_TEE_SNP, coco },
	{ WD_DOOR_COCO, WD_TEE_TDX, coco },
	{ WD_DOOR_COCO, WD_TEE_TPM, coco_first_32 },
};

int
wd_binding(
    const struct wd_bound *b, uint8_t ret[WD_BINDING_MAX], size_t *ret_len)
{
	uint8_t bytes[WD_BINDING_MAX];
	size_t len;

	for (size_t i = 0; i < WD_N(rows); i++) {
		int r;

		if (rows[i].door != b->door || rows[i].tee != b->tee)
			continue;
		if ((r = rows[i].make(b, bytes, &len)) != 0)
			return r;
		wd_copy(ret, wd_span(bytes, len));
		*ret_len = len;
		return 0;
	}
	return WD_R_UNSUPPORTED;
}
