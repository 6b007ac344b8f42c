/*
 * TPMs for the benchmark: quotes of one software key, each another one, with
 * the same log.
 */
#include "bin/warder/bench_tpm.h"

#include "bin/warder/bench.h"

#include "base/clock.h"
#include "crypto/sig.h"

enum { QUOTES = 256, COLD_QUOTES = 64, SIGNATURE_HEAD = 6 };

struct tpm {
	struct bench_tpm_world world;
	struct wd_bytes *attest[QUOTES], *signature[QUOTES];
	struct wd_verifier *v;
	struct wd_inputs in;
	int64_t at;
	bool cold;
};

static void
tpm_done(struct tpm *t)
{
	wd_verifier_freep(&t->v);
	for (size_t i = 0; i < QUOTES; i++) {
		wd_bytes_freep(&t->attest[i]);
		wd_bytes_freep(&t->signature[i]);
	}
	bench_tpm_done(&t->world);
}

static int
tpm_open(struct tpm *t, struct wd_diag *d)
{
	const struct wd_appraisal_rules rules = { .n_anchors = 0 };
	int r = bench_tpm_make(&t->world);

	for (unsigned i = 0; i < QUOTES && r == 0; i++)
		r = bench_tpm_quote(
		    &t->world, i, &t->attest[i], &t->signature[i]);
	if (r != 0 || wd_verifier_new(&rules, &t->v) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot make quotes");
	t->in.part[WD_IN_AK] = wd_bytes_span(t->world.area);
	t->in.part[WD_IN_PCRS] = wd_bytes_span(t->world.pcrs);
	t->in.part[WD_IN_EVENT_LOG] = wd_bytes_span(t->world.log);
	t->at = wd_time_now();
	return 0;
}

static int
judge(void *ctx, size_t i)
{
	struct tpm *t = ctx;
	struct wd_claims claims;

	if (t->cold)
		wd_verifier_forget(t->v);
	t->in.part[WD_IN_ATTEST] = wd_bytes_span(t->attest[i]);
	t->in.part[WD_IN_SIGNATURE] = wd_bytes_span(t->signature[i]);
	return wd_appraise(
	    t->v, WD_TEE_TPM, &t->in, t->at, wd_span(NULL, 0), &claims, NULL);
}

static int
sign_check(void *ctx, size_t i)
{
	const struct tpm *t = ctx;
	struct wd_span s = wd_bytes_span(t->signature[i]);

	return wd_sig_verify(t->world.key, WD_SIG_RS256,
	    wd_bytes_span(t->attest[i]),
	    wd_span(s.p + SIGNATURE_HEAD, s.len - SIGNATURE_HEAD));
}

int
bench_tpm(
    const struct bench_how *how, struct bench_rates *ret, struct wd_diag *d)
{
	WD_AUTO(tpm_done) struct tpm t = { .cold = how->cold };
	const struct bench_work w = { &t, how->cold ? COLD_QUOTES : QUOTES,
		judge, sign_check, 1 };
	int r = tpm_open(&t, d);

	return r != 0 ? r : bench_measure(&w, how, ret, d);
}
