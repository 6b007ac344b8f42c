/*
 * CCA tokens, as verify/cca/layout.md has them.
 */
#include "attest/arm_in.h"

#include "codec/cbor.h"
#include "crypto/hash.h"
#include "verify/arm/cpak.h"

enum { TOKEN_MAX = 16384 };

static int
platform_token(const struct wd_arm *arm, const struct wd_arm_token *t,
    struct wd_span challenge, struct wd_bytes **ret, struct wd_diag *d)
{
	static const int64_t keys[] = { 265, 10, 2396, 256, 2401, 2395, 2402,
		2399 };
	uint8_t buf[WD_ARM_CLAIMS];
	struct wd_arm_claims c = { wd_wr_fixed(buf, sizeof(buf)), 0, false, t };

	wd_arm_put_text(&c, 265,
	    t->named ? "tag:arm.com,2023:cca_platform#1.0.0"
		     : "http://arm.com/CCA-SSD/1.0.0");
	wd_arm_put_bytes(&c, 10, challenge);
	wd_arm_put_bytes(&c, 2396, WD_SPAN(wd_cpak_software_id));
	wd_arm_put_bytes(&c, 256, WD_SPAN(arm->instance_id));
	wd_arm_put_bytes(&c, 2401, WD_SPAN_LIT("\xcf\xcf\xcf\xcf"));
	wd_arm_put_int(&c, 2395, wd_arm_lifecycle_of(t));
	wd_arm_put_text(&c, 2402, "sha-256");
	wd_arm_put_components(&c, 2399);
	wd_arm_put_added(&c, keys, WD_N(keys));
	return wd_arm_sign_claims(&c,
	    t->platform_signer != NULL ? t->platform_signer : arm->cpak, ret,
	    d);
}

static void
write_rak(struct wd_wr *wr, const struct wd_pkey *rak, bool named)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *x = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *y = NULL;

	if (wd_pkey_public_parts(rak, &x, &y) != 0)
		wd_wr_fail(wr);
	if (!named) {
		wd_wr_u8(wr, 4);
		wd_wr_bytes(wr, wd_bytes_span(x));
		wd_wr_bytes(wr, wd_bytes_span(y));
		return;
	}
	wd_cbor_write_head(wr, WD_CBOR_MAP, 4);
	wd_cbor_write_int(wr, 1);
	wd_cbor_write_int(wr, 2); /* EC2 */
	wd_cbor_write_int(wr, -1);
	wd_cbor_write_int(wr, 2); /* P-384 */
	wd_cbor_write_int(wr, -2);
	wd_cbor_write_bytes(wr, wd_bytes_span(x));
	wd_cbor_write_int(wr, -3);
	wd_cbor_write_bytes(wr, wd_bytes_span(y));
}

static void
put_measurements(struct wd_arm_claims *c, const struct wd_arm_token *t)
{
	static const uint8_t rem[64] = { 0 };
	uint8_t rim[64], buf[300];
	struct wd_wr rems = wd_wr_fixed(buf, sizeof(buf));

	wd_copy(rim, WD_SPAN(t->measurement));
	if (wd_span_is_zero(WD_SPAN(rim)) &&
	    wd_hash(WD_SHA512, WD_SPAN_LIT("warder software realm"), rim) != 0)
		wd_wr_fail(&c->wr);
	wd_arm_put_bytes(c, 44238, WD_SPAN(rim));
	wd_cbor_write_head(&rems, WD_CBOR_ARRAY, 4);
	for (int i = 0; i < 4; i++)
		wd_cbor_write_bytes(&rems, WD_SPAN(rem));
	wd_arm_put(c, 44239, wd_wr_span(&rems));
}

static int
realm_token(const struct wd_arm *arm, const struct wd_arm_token *t,
    struct wd_span rak, struct wd_bytes **ret, struct wd_diag *d)
{
	static const int64_t keys[] = { 265, 10, 44235, 44236, 44237, 44238,
		44239, 44240 };
	uint8_t buf[WD_ARM_CLAIMS];
	struct wd_arm_claims c = { wd_wr_fixed(buf, sizeof(buf)), 0, true, t };

	if (t->named)
		wd_arm_put_text(&c, 265, "tag:arm.com,2023:realm#1.0.0");
	wd_arm_put_bytes(&c, 10, t->challenge);
	wd_arm_put_bytes(&c, 44235, WD_SPAN(t->personalization));
	wd_arm_put_text(&c, 44236, "sha-512");
	wd_arm_put_bytes(&c, 44237, rak);
	put_measurements(&c, t);
	wd_arm_put_text(&c, 44240, "sha-256");
	wd_arm_put_added(&c, keys + (t->named ? 0 : 1), WD_N(keys) - !t->named);
	return wd_arm_sign_claims(
	    &c, t->realm_signer != NULL ? t->realm_signer : arm->rak, ret, d);
}

int
wd_arm_cca(const struct wd_arm *arm, const struct wd_arm_token *t,
    struct wd_bytes **ret, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *platform = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *realm = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(TOKEN_MAX);
	uint8_t buf[256], digest[32];
	struct wd_wr rak = wd_wr_fixed(buf, sizeof(buf));
	int r;

	write_rak(&rak, t->bound != NULL ? t->bound : arm->rak, t->named);
	if (wd_wr_end(&rak) != 0 ||
	    wd_hash(WD_SHA256, wd_wr_span(&rak), digest) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot bind the realm's key");
	rak = wd_wr_fixed(buf, sizeof(buf));
	write_rak(&rak, arm->rak, t->named);
	if ((r = platform_token(arm, t, WD_SPAN(digest), &platform, d)) != 0 ||
	    (r = realm_token(arm, t, wd_wr_span(&rak), &realm, d)) != 0)
		return r;
	wd_cbor_write_head(&wr, WD_CBOR_TAG, 399);
	wd_cbor_write_head(&wr, WD_CBOR_MAP, 2);
	wd_cbor_write_int(&wr, 44234);
	wd_cbor_write_bytes(&wr, wd_bytes_span(platform));
	wd_cbor_write_int(&wr, 44241);
	wd_cbor_write_bytes(&wr, wd_bytes_span(realm));
	if (wd_wr_take(&wr, ret) != 0)
		return wd_fault(d, WD_F_MEMORY, "no room for a token");
	return 0;
}
