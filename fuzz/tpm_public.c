/*
 * Public areas of a TPM's keys: what is taken in has a name, and a key or none.
 */
#include "fuzz.h"

#include "crypto/init.h"
#include "verify/tpm/public.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_span all = wd_span(data, size);
	struct wd_pkey *key = NULL;
	uint8_t name[WD_TPM_NAME_MAX];
	struct wd_tpm_public p;
	size_t len = 0;

	must(wd_crypto_init(NULL) == 0);
	if (wd_tpm_public_parse(all, &p, NULL) != 0)
		return 0;
	fuzz_accepted = true;
	must(fuzz_within(p.area, all) && p.area.len + 2 >= size);
	must(fuzz_within(p.policy, p.area) && fuzz_within(p.n_or_x, p.area) &&
	    fuzz_within(p.y, p.area));
	must(wd_tpm_public_name(&p, name, &len) == 0);
	must(len == 2 + wd_hash_len(p.name_alg));
	if (wd_tpm_public_key(&p, &key) == 0)
		must(wd_pkey_is_rsa(wd_pkey_alg(key)) == (p.type == 1));
	(void)wd_pkey_free(key);
	return 0;
}
