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
	{ "tee", "TEE", "sgx (the default), tdx, snp, tpm or cca", false },
	{ "cold", NULL, "with caches emptied before each quote", false },
	{ "processes", "N",
	    "2: how two processes on two CPUs scale, against signatures alone",
	    false },
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
bench_quotes(enum wd_tee tee, const struct bench_how *how,
    struct bench_rates *ret, struct wd_diag *d)
{
	WD_AUTO(bench_done) struct bench b = { .tee = tee, .cold = how->cold };
	const struct bench_work w = { &b, how->cold ? COLD_QUOTES : QUOTES,
		judge, sign_check, how->cold ? COLD_SIGNATURES : 1 };
	int r = bench_open(&b, d);

	return r != 0 ? r : bench_measure(&w, how, ret, d);
}

static int
bench_sgx(
    const struct bench_how *how, struct bench_rates *ret, struct wd_diag *d)
{
	return bench_quotes(WD_TEE_SGX, how, ret, d);
}

static int
bench_tdx(
    const struct bench_how *how, struct bench_rates *ret, struct wd_diag *d)
{
	return bench_quotes(WD_TEE_TDX, how, ret, d);
}

/* ---- the answer */

/* What can be measured. */
static const struct row {
	const char *tee, *title;
	bench_run *run;
	const char *hot_limit, *cold_limit;
} rows[] = {
	{ "sgx", "SGX quotes", bench_sgx, "1 P-256 signature",
	    "10 P-256 signatures" },
	{ "tdx", "TDX quotes", bench_tdx, "1 P-256 signature",
	    "10 P-256 signatures" },
	{ "snp", "SNP reports", bench_snp, "1 P-384 signature",
	    "1 P-384 signature" },
	{ "tpm", "quotes of a TPM with a log of 44 events", bench_tpm,
	    "1 RSA-2048 signature", "1 RSA-2048 signature" },
	{ "cca", "CCA tokens", bench_cca, "2 P-384 signatures",
	    "2 P-384 signatures" },
};

static const struct row *
find_row(const char *tee)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (tee == NULL || strcmp(tee, rows[i].tee) == 0)
			return &rows[i];
	return NULL;
}

static const char *
limit_of(const struct cli_args *args, const struct row *row)
{
	return cli_has(args, "cold") ? row->cold_limit : row->hot_limit;
}

static bool
print(const struct cli_args *args, const struct row *row,
    const struct bench_rates *x)
{
	const char *limit = limit_of(args, row);
	bool cold = cli_has(args, "cold");
	double ratio = x->per_second / x->limit;

	if (cli_has(args, "json"))
		return printf("{\"cold\":%s,\"limit\":\"%s\","
			      "\"limit_per_second\":%.0f,"
			      "\"per_second\":%.0f,\"ratio_to_limit\":%.3f,"
			      "\"rounds\":%d,\"tee\":\"%s\"}\n",
			   cold ? "true" : "false", limit, x->limit,
			   x->per_second, ratio, BENCH_ROUNDS, row->tee) > 0;
	return printf("%s, %s: %.0f a second and CPU, %.2f of the "
		      "%.0f that %s alone would allow\n"
		      "(median of %d rounds, by CPU time)\n",
		   row->title, cold ? "nothing known" : "platform known",
		   x->per_second, ratio, x->limit, limit, BENCH_ROUNDS) > 0;
}

static bool
print_pair(const struct cli_args *args, const struct row *row,
    const struct bench_scaling *x)
{
	const char *cold = cli_has(args, "cold") ? "true" : "false";
	double ratio = x->judged / x->signatures;

	if (cli_has(args, "json"))
		return printf("{\"cold\":%s,\"processes\":2,"
			      "\"ratio_of_scaling\":%.3f,\"rounds\":%d,"
			      "\"scaling\":%.3f,"
			      "\"scaling_of_signatures\":%.3f,"
			      "\"tee\":\"%s\"}\n",
			   cold, ratio, BENCH_ROUNDS, x->judged, x->signatures,
			   row->tee) > 0;
	return printf("%s: two processes on two CPUs do %.2f times what one "
		      "does alone;\nwith signatures of the same kind alone "
		      "it is %.2f: %.2f of that\n"
		      "(median of %d rounds, by CPU time)\n",
		   row->title, x->judged, x->signatures, ratio,
		   BENCH_ROUNDS) > 0;
}

static enum cli_exit
failed(const struct wd_diag *d)
{
	(void)fprintf(stderr, "warder: %s\n", d->detail);
	return CLI_FAULT;
}

/* Two processes start libcrypto each for itself. */
static enum cli_exit
run_pair(const struct cli_args *args, const struct row *row)
{
	struct bench_scaling x = { 0, 0 };
	struct wd_diag d = { 0 };

	if (bench_pair(row->run, cli_has(args, "cold"), &x, &d) != 0)
		return failed(&d);
	return print_pair(args, row, &x) ? CLI_OK : CLI_FAULT;
}

static enum cli_exit
run(const struct cli_args *args)
{
	const struct bench_how how = { cli_has(args, "cold"), -1 };
	const char *tee = cli_value(args, "tee");
	const char *processes = cli_value(args, "processes");
	const struct row *row = find_row(tee);
	struct wd_diag d = { 0 };
	struct bench_rates x = { 0, 0 };

	if (row == NULL)
		return cli_usage(
		    args, "--tee %s: not sgx, tdx, snp, tpm or cca", tee);
	if (processes != NULL && strcmp(processes, "2") == 0)
		return run_pair(args, row);
	if (processes != NULL && strcmp(processes, "1") != 0)
		return cli_usage(args, "--processes: neither 1 nor 2");
	if (wd_crypto_init(&d) != 0 || row->run(&how, &x, &d) != 0)
		return failed(&d);
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
