/*
 * Signatures of TPMs.
 */
#include "fuzz.h"

#include "verify/tpm/signature.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_span all = wd_span(data, size);
	struct wd_tpm_signature s;

	if (wd_tpm_signature_parse(all, &s, NULL) != 0)
		return 0;
	fuzz_accepted = true;
	must(fuzz_within(s.first, all) && fuzz_within(s.second, all));
	must(s.scheme == WD_SCHEME_ECDSA || s.second.p == NULL);
	fuzz_touch(s.first);
	fuzz_touch(s.second);
	return 0;
}
