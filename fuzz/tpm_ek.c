/*
 * Endorsement keys, their certificates and the attestation keys beside them: a
 * key that is untrusted is said to be, with a reason, and a second look finds
 * the same. Parts of the case: AK, its certificates those of the endorsement
 * key, which is the evidence.
 */
#include "fuzz.h"

#include "case.h"

#include "base/alloc.h"
#include "crypto/init.h"
#include "verify/collateral.h"
#include "verify/tpm/ek.h"

static int
check(struct wd_verifier *v, const struct fuzz_case *c, struct wd_tpm_ek *ret)
{
	const struct wd_tpm_pair pair = {
		.certificates = c->in.part[WD_IN_AK_CERT],
		.ek = c->in.part[WD_IN_EVIDENCE],
		.ak = c->in.part[WD_IN_AK],
		.snapshot = wd_snapshot_check(c->snapshot) == 0
		    ? c->snapshot
		    : wd_span(NULL, 0),
	};

	*ret = (struct wd_tpm_ek){ 0 };
	return wd_tpm_ek_check(v, &pair, c->at, ret, NULL);
}

static void
look_at(const struct wd_tpm_ek *e)
{
	fuzz_accepted = true;
	must(e->key != NULL && e->ak_name_len > 2);
	must(e->ak_name_len <= WD_TPM_NAME_MAX);
	must((e->untrusted > 0) == (e->why.detail[0] != '\0'));
	must(e->untrusted == 0 || !e->software);
}

static void
all(struct wd_verifier *v, const struct fuzz_case *c)
{
	WD_AUTO(wd_tpm_ek_done) struct wd_tpm_ek e = { 0 }, again = { 0 };
	int failed, r = check(v, c, &e);

	must(r >= 0);
	if (r == 0)
		look_at(&e);
	must(check(v, c, &again) == r && again.untrusted == e.untrusted);
	must(wd_span_equal(WD_SPAN(again.sha256), WD_SPAN(e.sha256)));
	if (c->fail_at == 0)
		return;
	wd_tpm_ek_done(&again);
	wd_verifier_forget(v);
	(void)wd_alloc_fail_at(c->fail_at);
	failed = check(v, c, &again);
	(void)wd_alloc_fail_at(0);
	must(failed < 0 || failed == r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	struct fuzz_case c;

	must(wd_crypto_init(NULL) == 0);
	if (!fuzz_case_read(wd_span(data, size), &c))
		return 0;
	fuzz_forgives = (c.options & FUZZ_FORGIVE) != 0;
	must(wd_verifier_new(&c.rules, &v) == 0);
	all(v, &c);
	return 0;
}
