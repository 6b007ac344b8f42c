/*
 * warder bench verify: what judging a quote costs, against what the signatures
 * in it would cost alone. Hot: all is known but the quote, and every quote is
 * another one. Cold: nothing is known. Both are measured in turn, so that a
 * machine that slows down slows both, by the CPU time of this process.
 */
#include "bin/warder/bench.h"
#include "bin/warder/verbs.h"

#include "attest/swtee.h"
#include "base/clock.h"
#include "crypto/init.h"
#include "crypto/sig.h"
#include "verify/intel/quote.h"

#include <stdio.h>
#include <string.h>

enum {
	QUOTES = 1024,        /* more than caches of the CPU can favour */
	COLD_SIGNATURES = 10, /* chains 3 + 1, lists 2, documents 2, quote 2 */
	COLD_QUOTES = 64,
};

static const struct cli_option options[] = {
	{ "tee", "TEE", "sgx (the default), tdx or snp", false },
	{ "cold", NULL, "with caches emptied before each quote", false },
	{ "json", NULL, "answer with one JSON object", false },
};

struct bench {
	enum wd_tee tee;
	struct wd_swtee *t;
	struct wd_swtee_docs docs;
	struct wd_bytes *quote[QUOTES];
	struct wd_intel_quote parts[QUOTES];
	struct wd_verifier *v;
	struct wd_pkey *key; /* the attestation key, kept */
	struct wd_inputs in;
	int64_t at;
	bool cold;
};

static void
bench_done(struct bench *b)
{
	wd_pkey_freep(&b->key);
	wd_verifier_freep(&b->v);
	for (size_t i = 0; i < QUOTES; i++)
		wd_bytes_freep(&b->quote[i]);
	wd_swtee_docs_done(&b->docs);
	wd_swtee_freep(&b->t);
}

/* ---- what is measured */

/* A quote that differs from those of other numbers. */
static int
make_quote(struct bench *b, size_t i, struct wd_diag *d)
{
	const uint8_t data[64] = { (uint8_t)i, (uint8_t)(i >> 8) };
	struct wd_swtee_quote sgx = { .fault = WD_SWTEE_SOUND };
	struct wd_swtee_td tdx = { .fault = WD_SWTEE_SOUND };

	wd_copy(sgx.report_data, WD_SPAN(data));
	wd_copy(tdx.report_data, WD_SPAN(data));
	return b->tee == WD_TEE_TDX
	    ? wd_swtee_td_quote(b->t, &tdx, &b->quote[i], d)
	    : wd_swtee_quote(b->t, &sgx, &b->quote[i], d);
}

static int
make_quotes(struct bench *b, struct wd_diag *d)
{
	int r = 0;

	for (size_t i = 0; i < QUOTES && r == 0; i++) {
		r = make_quote(b, i, d);
		if (r == 0)
			r = wd_intel_quote_parse(
			    wd_bytes_span(b->quote[i]), &b->parts[i], d);
	}
	return r;
}

static int
open_verifier(struct bench *b, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(b->parts[0].att_key);
	struct wd_span x = wd_rd_bytes(&rd, 32);
	struct wd_span y = wd_rd_bytes(&rd, 32);
	struct wd_anchor anchor;
	struct wd_appraisal_rules rules = { .anchors = &anchor,
		.n_anchors = 1 };

	if (wd_swtee_anchor(b->t, &anchor) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash a root");
	anchor.tee = b->tee;
	if (wd_verifier_new(&rules, &b->v) != 0 ||
	    wd_pkey_ec_public(WD_PKEY_P256, x, y, &b->key) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot make a verifier");
	wd_swtee_docs_inputs(&b->docs, b->tee, &b->in);
	return 0;
}

static int
bench_open(struct bench *b, struct wd_diag *d)
{
	const struct wd_swtee_spec spec = { 0 };
	const struct wd_swtee_collateral c = { 0 };
	int r;

	if ((r = wd_swtee_new(&spec, &b->t, d)) != 0 ||
	    (r = wd_swtee_collateral(b->t, &c, &b->docs, d)) != 0 ||
	    (r = make_quotes(b, d)) != 0)
		return r;
	b->at = wd_time_now();
	return open_verifier(b, d);
}

static int
judge(void *ctx, size_t i)
{
	struct bench *b = ctx;
	struct wd_claims claims;

	if (b->cold)
		wd_verifier_forget(b->v);
	b->in.part[WD_IN_QUOTE] = wd_bytes_span(b->quote[i]);
	return wd_appraise(
	    b->v, b->tee, &b->in, b->at, wd_span(NULL, 0), &claims, NULL);
}

static int
sign_check(void *ctx, size_t i)
{
	struct bench *b = ctx;

	return wd_p256_verify(
	    b->key, b->parts[i].signed_part, b->parts[i].signature.p);
}

static int
bench_quotes(
    enum wd_tee tee, bool cold, struct bench_rates *ret, struct wd_diag *d)
{
	WD_AUTO(bench_done) struct bench b = { .tee = tee, .cold = cold };
	const struct bench_work w = { &b, cold ? COLD_QUOTES : QUOTES, judge,
		sign_check, cold ? COLD_SIGNATURES : 1 };
	int r = bench_open(&b, d);

	return r != 0 ? r : bench_measure(&w, ret, d);
}

static int
bench_sgx(bool cold, struct bench_rates *ret, struct wd_diag *d)
{
	return bench_quotes(WD_TEE_SGX, cold, ret, d);
}

static int
bench_tdx(bool cold, struct bench_rates *ret, struct wd_diag *d)
{
	return bench_quotes(WD_TEE_TDX, cold, ret, d);
}

/* ---- the answer */

/* What can be measured. */
static const struct row {
	const char *tee, *title;
	int (*run)(bool cold, struct bench_rates *ret, struct wd_diag *d);
	const char *hot_limit, *cold_limit;
} rows[] = {
	{ "sgx", "SGX quotes", bench_sgx, "their signature",
	    "their 10 signatures" },
	{ "tdx", "TDX quotes", bench_tdx, "their signature",
	    "their 10 signatures" },
	{ "snp", "SNP reports", bench_snp, "their signature",
	    "their signature" },
};

static const struct row *
find_row(const char *tee)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (tee == NULL || strcmp(tee, rows[i].tee) == 0)
			return &rows[i];
	return NULL;
}

static bool
print(const struct cli_args *args, const struct row *row,
    const struct bench_rates *x)
{
	bool cold = cli_has(args, "cold");
	double ratio = x->per_second / x->limit;

	if (cli_has(args, "json"))
		return printf("{\"cold\":%s,\"limit_per_second\":%.0f,"
			      "\"per_second\":%.0f,\"ratio_to_limit\":%.3f,"
			      "\"rounds\":%d,\"tee\":\"%s\"}\n",
			   cold ? "true" : "false", x->limit, x->per_second,
			   ratio, BENCH_ROUNDS, row->tee) > 0;
	return printf("%s, %s: %.0f a second and CPU, %.2f of the "
		      "%.0f that %s alone would allow\n"
		      "(median of %d rounds, by CPU time)\n",
		   row->title, cold ? "nothing known" : "platform known",
		   x->per_second, ratio, x->limit,
		   cold ? row->cold_limit : row->hot_limit, BENCH_ROUNDS) > 0;
}

static enum cli_exit
run(const struct cli_args *args)
{
	const char *tee = cli_value(args, "tee");
	const struct row *row = find_row(tee);
	struct wd_diag d = { 0 };
	struct bench_rates x = { 0, 0 };
	int r;

	if (row == NULL)
		return cli_usage(
		    args, "--tee %s: neither sgx, tdx nor snp", tee);
	r = wd_crypto_init(&d);
	if (r != 0 || (r = row->run(cli_has(args, "cold"), &x, &d)) != 0) {
		(void)fprintf(stderr, "warder: %s\n", d.detail);
		return CLI_FAULT;
	}
	return print(args, row, &x) ? CLI_OK : CLI_FAULT;
}

const struct cli_verb cli_verb_bench_verify = {
	.name = "bench verify",
	.summary = "measure how fast this machine judges evidence",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder bench verify --tee sgx --cold --json",
	.run = run,
};
