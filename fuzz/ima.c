/*
 * Lists of IMA, replayed to the value that no list leads to and to the one they
 * start from.
 */
#include "fuzz.h"

#include "crypto/init.h"
#include "verify/tpm/attest.h"
#include "verify/tpm/ima.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t zero[WD_HASH_MAX];
	struct wd_span all = wd_span(data, size);
	uint8_t ones[32];
	struct wd_ima ima = { 77, 77 };
	unsigned pcr = 99;

	must(wd_crypto_init(NULL) == 0);
	for (size_t i = 0; i < sizeof(ones); i++)
		ones[i] = 0xff;
	if (wd_ima_pcr(all, &pcr, NULL) == 0)
		must(pcr < WD_TPM_PCRS);
	must(
	    wd_ima_replay(all, WD_SHA256, true, WD_SPAN(ones), &ima, NULL) > 0);
	must(ima.entries == 77);
	if (wd_ima_replay(
		all, WD_SHA256, false, wd_span(zero, 32), &ima, NULL) != 0)
		return 0;
	fuzz_accepted = true;
	must(ima.entries == 0 && ima.violations == 0);
	return 0;
}
