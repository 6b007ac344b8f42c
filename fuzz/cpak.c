/*
 * Keys of platforms as JWK.
 */
#include "fuzz.h"

#include "crypto/init.h"
#include "verify/arm/cpak.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WD_AUTO(wd_cpak_done) struct wd_cpak c = { 0 };

	must(wd_crypto_init(NULL) == 0);
	if (wd_cpak_read(wd_span(data, size), &c, NULL) != 0) {
		must(c.key == NULL);
		return 0;
	}
	fuzz_accepted = true;
	must(c.key != NULL && wd_pkey_is_ec(wd_pkey_alg(c.key)));
	must(!wd_pkey_is_private(c.key));
	return 0;
}
