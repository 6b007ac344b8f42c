/*
 * X.509 certificates: everything a path is judged by.
 */
#include "fuzz.h"

#include "crypto/init.h"
#include "crypto/x509.h"
#include "verify/intel/pck.h"

static void
look_at(const struct wd_cert *c, struct wd_span all)
{
	struct wd_span extension;
	struct wd_pck pck;

	fuzz_accepted = true;
	must(wd_span_equal(wd_cert_der(c), all));
	fuzz_touch(wd_cert_subject(c));
	fuzz_touch(wd_cert_issuer(c));
	fuzz_touch(wd_cert_serial(c));
	fuzz_touch(wd_cert_spki(c));
	fuzz_touch(wd_cert_common_name(c));
	(void)wd_cert_has_unknown_critical(c); /* either is fine */
	must(wd_cert_path_len(c) >= -1);
	must(wd_pkey_alg(wd_cert_key(c)) != WD_PKEY_NONE);
	must(wd_cert_signed_by(c, wd_cert_key(c)) >= 0);
	if (wd_cert_extension(c, wd_pck_oid(), &extension))
		(void)!wd_pck_parse(extension, &pck); /* either is fine */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_cert *c = NULL;

	must(wd_crypto_init(NULL) == 0);
	if (wd_cert_parse(wd_span(data, size), &c) == 0)
		look_at(c, wd_span(data, size));
	(void)wd_cert_free(c);
	return 0;
}
