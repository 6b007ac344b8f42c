/*
 * SNP for the benchmark: reports of a software platform, each another one.
 */
#include "bin/warder/bench.h"

#include "attest/swtee_snp.h"
#include "base/clock.h"
#include "crypto/sig.h"
#include "crypto/x509.h"
#include "verify/appraise.h"

enum { REPORTS = 256, COLD_REPORTS = 64 };

struct snp {
	struct wd_swtee_snp *t;
	struct wd_swtee_snp_docs docs;
	uint8_t report[REPORTS][WD_SNP_REPORT];
	struct wd_snp_report parsed[REPORTS];
	struct wd_cert *vek;
	struct wd_verifier *v;
	struct wd_inputs in;
	int64_t at;
	bool cold;
};

static void
snp_done(struct snp *s)
{
	wd_verifier_freep(&s->v);
	wd_cert_freep(&s->vek);
	wd_swtee_snp_docs_done(&s->docs);
	wd_swtee_snp_freep(&s->t);
}

static int
make_reports(struct snp *s, struct wd_diag *d)
{
	struct wd_swtee_snp_claim c = { .fault = WD_SWTEE_SNP_SOUND };
	int r = 0;

	for (size_t i = 0; i < REPORTS && r == 0; i++) {
		c.report_data[0] = (uint8_t)i;
		r = wd_swtee_snp_report(s->t, &c, s->report[i], d);
		if (r == 0)
			r = wd_snp_report_parse(
			    WD_SPAN(s->report[i]), &s->parsed[i], d);
	}
	return r;
}

static int
snp_open(struct snp *s, struct wd_diag *d)
{
	const struct wd_swtee_snp_spec spec = { .line = WD_SNP_GENOA };
	const struct wd_swtee_snp_collateral vendor = { 0 };
	struct wd_anchor anchor;
	struct wd_appraisal_rules rules = { .anchors = &anchor,
		.n_anchors = 1 };
	int r;

	if ((r = wd_swtee_snp_new(&spec, &s->t, d)) != 0 ||
	    (r = wd_swtee_snp_collateral(s->t, &vendor, &s->docs, d)) != 0 ||
	    (r = make_reports(s, d)) != 0)
		return r;
	if (wd_swtee_snp_anchor(s->t, &anchor) != 0 ||
	    wd_verifier_new(&rules, &s->v) != 0 ||
	    wd_cert_parse(wd_swtee_snp_vek(s->t), &s->vek) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot make a verifier");
	s->in.part[WD_IN_VEK] = wd_swtee_snp_vek(s->t);
	s->in.part[WD_IN_ASK] = wd_bytes_span(s->docs.ask);
	s->in.part[WD_IN_AMD_CRL] = wd_bytes_span(s->docs.crl);
	s->at = wd_time_now();
	return 0;
}

static int
judge(void *ctx, size_t i)
{
	struct snp *s = ctx;
	struct wd_claims claims;

	if (s->cold)
		wd_verifier_forget(s->v);
	s->in.part[WD_IN_REPORT] = WD_SPAN(s->report[i]);
	return wd_appraise(
	    s->v, WD_TEE_SNP, &s->in, s->at, wd_span(NULL, 0), &claims, NULL);
}

static int
sign_check(void *ctx, size_t i)
{
	const struct snp *s = ctx;

	return wd_sig_verify(wd_cert_key(s->vek), WD_SIG_ES384,
	    s->parsed[i].signed_part, WD_SPAN(s->parsed[i].rs));
}

int
bench_snp(
    const struct bench_how *how, struct bench_rates *ret, struct wd_diag *d)
{
	static struct snp room; /* large */
	const struct bench_work w = { &room, how->cold ? COLD_REPORTS : REPORTS,
		judge, sign_check, 1 };
	int r;

	room = (struct snp){ .cold = how->cold };
	r = snp_open(&room, d);
	if (r == 0)
		r = bench_measure(&w, how, ret, d);
	snp_done(&room);
	return r;
}
