/*
 * A VCEK or VLEK certificate and its extensions.
 */
#include "fuzz.h"

#include "crypto/init.h"
#include "verify/snp/vek.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WD_AUTO(wd_cert_freep) struct wd_cert *c = NULL;
	struct wd_vek v;

	must(wd_crypto_init(NULL) == 0);
	if (wd_cert_parse(wd_span(data, size), &c) != 0 ||
	    wd_vek_read(c, &v, NULL) != 0)
		return 0;
	fuzz_accepted = true;
	must(v.line != WD_SNP_NO_LINE);
	must((v.kind == WD_SNP_VCEK) == (v.csp_id.p == NULL));
	must(fuzz_within(v.csp_id, wd_cert_der(c)));
	must(fuzz_within(v.chip_id, wd_cert_der(c)));
	must(v.kind == WD_SNP_VLEK ||
	    v.chip_id.len == wd_snp_chip_id_len(v.line));
	fuzz_touch(v.chip_id);
	fuzz_touch(v.csp_id);
	fuzz_touch(WD_SPAN(v.tcb));
	return 0;
}
