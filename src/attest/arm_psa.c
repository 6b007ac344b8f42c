/*
 * PSA tokens, as verify/psa/layout.md has them.
 */
#include "attest/arm_in.h"

#include "verify/arm/cpak.h"

/* The keys of the claims by profile, in the order in which they are put. */
static const struct {
	const char *profile;
	int64_t profile_key, nonce, instance, implementation, client, lifecycle,
	    seed, components;
} psa_profiles[] = {
	{ "tag:psacertified.org,2023:psa#tfm", 265, 10, 256, 2396, 2394, 2395,
	    268, 2399 },
	{ "PSA_IOT_PROFILE_1", -75000, -75008, -75009, -75003, -75001, -75002,
	    -75004, -75006 },
	{ "http://arm.com/psa/2.0.0", 265, 10, 256, 2396, 2394, 2395, 2397,
	    2399 },
};

int
wd_arm_psa(const struct wd_arm *arm, const struct wd_arm_token *t,
    struct wd_bytes **ret, struct wd_diag *d)
{
	static const uint8_t seed[32] = { 's', 'e', 'e', 'd' };
	uint8_t buf[WD_ARM_CLAIMS];
	struct wd_arm_claims c = { wd_wr_fixed(buf, sizeof(buf)), 0, false, t };
	size_t p = t->profile < WD_N(psa_profiles) ? t->profile : 0;
	const int64_t keys[] = { psa_profiles[p].profile_key,
		psa_profiles[p].nonce, psa_profiles[p].instance,
		psa_profiles[p].implementation, psa_profiles[p].client,
		psa_profiles[p].lifecycle, psa_profiles[p].seed,
		psa_profiles[p].components };

	wd_arm_put_text(&c, keys[0], psa_profiles[p].profile);
	wd_arm_put_bytes(&c, keys[1], t->challenge);
	wd_arm_put_bytes(&c, keys[2], WD_SPAN(arm->instance_id));
	wd_arm_put_bytes(&c, keys[3], WD_SPAN(wd_cpak_software_id));
	wd_arm_put_int(&c, keys[4], -1);
	wd_arm_put_int(&c, keys[5], wd_arm_lifecycle_of(t));
	wd_arm_put_bytes(&c, keys[6], WD_SPAN(seed));
	wd_arm_put_components(&c, keys[7]);
	wd_arm_put_added(&c, keys, WD_N(keys));
	return wd_arm_sign_claims(&c,
	    t->platform_signer != NULL ? t->platform_signer : arm->cpak, ret,
	    d);
}
