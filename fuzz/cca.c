/*
 * CCA tokens: both messages, both sets of claims and the realm's key, as if
 * their signatures had been good.
 */
#include "fuzz.h"

#include "crypto/init.h"
#include "verify/arm/state.h"
#include "verify/cca/token.h"

static void
realm(const struct wd_cose *m, struct wd_span all)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	struct wd_cca_realm t;

	if (wd_cca_realm_read(m->payload, &t, NULL) != 0)
		return;
	must(t.challenge.len == 64 && fuzz_within(t.challenge, all));
	must(t.personalization.len == 64);
	must(t.rim.len >= 32 && t.rim.len <= 64 && fuzz_within(t.rim, all));
	for (size_t i = 0; i < 4; i++) {
		must(t.rem[i].len >= 32 && t.rem[i].len % 16 == 0);
		must(fuzz_within(t.rem[i], all));
	}
	must(t.rak.len > 0 && fuzz_within(t.rak, all));
	must(wd_cca_rak(&t, &key, NULL) >= 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_span all = wd_span(data, size);
	struct wd_cca_token token;
	struct wd_cca_platform p;
	struct wd_claims c = { 0 };

	must(wd_crypto_init(NULL) == 0);
	if (wd_cca_token_parse(all, &token, NULL) != 0)
		return 0;
	must(fuzz_within(token.platform.payload, all));
	must(fuzz_within(token.realm.signature, all));
	realm(&token.realm, all);
	if (wd_cca_platform_read(token.platform.payload, &p, NULL) != 0)
		return 0;
	fuzz_accepted = true;
	must(p.instance_id.len == 33 && p.instance_id.p[0] == 1);
	must(p.implementation_id.len == 32);
	must(p.lifecycle >= 0 && p.lifecycle <= WD_LIFECYCLE_MAX);
	must(p.challenge.len >= 32 && p.challenge.len <= 64);
	fuzz_touch(p.config);
	if (wd_arm_components_put(&c, p.components) == 0) {
		struct wd_claims again;

		must(wd_claims_adopt(&again, wd_claims_flat(&c)) == 0);
	}
	return 0;
}
