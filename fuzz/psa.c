/*
 * PSA tokens of every profile, as if their signatures had been good.
 */
#include "fuzz.h"

#include "verify/arm/state.h"
#include "verify/cose.h"
#include "verify/psa/token.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_span all = wd_span(data, size);
	struct wd_psa_token t;
	struct wd_cose c;
	struct wd_claims claims = { 0 };

	if (wd_cose_parse(all, "token", &c, NULL) != 0)
		return 0;
	must(fuzz_within(c.protected_header, all));
	must(fuzz_within(c.payload, all) && c.payload.len > 0);
	must(fuzz_within(c.signature, all));
	if (wd_psa_token_read(c.payload, &t, NULL) != 0)
		return 0;
	fuzz_accepted = true;
	must(t.nonce.len >= 32 && t.nonce.len <= 64);
	must(t.instance_id.len == 33 && t.implementation_id.len == 32);
	must(t.lifecycle >= 0 && t.lifecycle <= WD_LIFECYCLE_MAX);
	must(t.client_id >= INT32_MIN && t.client_id <= INT32_MAX);
	must(t.boot_seed.len <= 32);
	fuzz_touch(t.service);
	if (t.components.len > 0 &&
	    wd_arm_components_put(&claims, t.components) == 0) {
		struct wd_claims again;

		must(wd_claims_adopt(&again, wd_claims_flat(&claims)) == 0);
	}
	return 0;
}
