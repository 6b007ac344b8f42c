/*
 * A TPM's quote: every part it finds lies within the bytes, and no more
 * registers than there are bits for.
 */
#include "fuzz.h"

#include "verify/claims.h"
#include "verify/tpm/attest.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_span all = wd_span(data, size);
	struct wd_tpm_attest a;

	if (wd_tpm_attest_parse(all, &a, NULL) != 0)
		return 0;
	fuzz_accepted = true;
	must(fuzz_within(a.qualified_signer, all));
	must(fuzz_within(a.extra_data, all) && a.extra_data.len <= 66);
	must(fuzz_within(a.pcr_digest, all));
	must(a.firmware_version.len == 8);
	must(a.clock <= WD_CLAIM_UINT_MAX && a.n_banks <= 16);
	must(a.n_banks > 0 || (a.bank == 0 && a.pcrs == 0));
	fuzz_touch(a.extra_data);
	fuzz_touch(a.pcr_digest);
	return 0;
}
