/*
 * Revocation lists.
 */
#include "fuzz.h"

#include "crypto/init.h"
#include "crypto/x509.h"

static void
look_at(const struct wd_crl *crl)
{
	int64_t next;

	fuzz_accepted = true;
	fuzz_touch(wd_crl_issuer(crl));
	(void)wd_crl_this_update(crl);        /* any time is fine */
	(void)wd_crl_next_update(crl, &next); /* either is fine */
	must(!wd_crl_lists(crl, wd_span(NULL, 0)));
	(void)wd_crl_lists(crl, WD_SPAN_LIT("\x01")); /* either is fine */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_crl *crl = NULL;

	must(wd_crypto_init(NULL) == 0);
	if (wd_crl_parse(wd_span(data, size), &crl) == 0)
		look_at(crl);
	(void)wd_crl_free(crl);
	return 0;
}
