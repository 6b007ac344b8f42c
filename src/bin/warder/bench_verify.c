/*
 * warder bench verify: what judging a quote costs, against what the signatures
 * in it would cost alone. Hot: all is known but the quote, and every quote is
 * another one. Cold: nothing is known. Both are measured in turn, so that a
 * machine that slows down slows both, by the CPU time of this process.
 */
#include "bin/warder/verbs.h"

#include "attest/swtee.h"
#include "base/clock.h"
#include "crypto/init.h"
#include "crypto/sig.h"
#include "verify/intel/quote.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	ROUNDS = 7,
	QUOTES = 1024,        /* more than caches of the CPU can favour */
	COLD_SIGNATURES = 10, /* chains 3 + 1, lists 2, documents 2, quote 2 */
	COLD_QUOTES = 64,
	BLOCK = 32, /* quotes in a row before the signatures' turn */
};

static const struct cli_option options[] = {
	{ "tee", "TEE", "sgx (the default) or tdx", false },
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
judge(struct bench *b, size_t i)
{
	struct wd_claims claims;

	if (b->cold)
		wd_verifier_forget(b->v);
	b->in.part[WD_IN_QUOTE] = wd_bytes_span(b->quote[i]);
	return wd_appraise(
	    b->v, b->tee, &b->in, b->at, wd_span(NULL, 0), &claims, NULL);
}

static int
sign_check(struct bench *b, size_t i)
{
	return wd_p256_verify(
	    b->key, b->parts[i].signed_part, b->parts[i].signature.p);
}

/* ---- measuring */

static double
cpu_seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts); /* cannot fail */
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

struct rates {
	double per_second, limit; /* of one round */
};

/* Adds what F takes for N quotes from number FROM on. */
static int
take_turn(struct bench *b, int (*f)(struct bench *b, size_t i), size_t from,
    size_t n, double *seconds)
{
	double start = cpu_seconds();
	int r = 0;

	for (size_t i = from; i < from + n && r == 0; i++)
		r = f(b, i);
	*seconds += cpu_seconds() - start;
	return r;
}

static int
measure_round(struct bench *b, struct rates *ret)
{
	size_t n = b->cold ? COLD_QUOTES : QUOTES;
	double quotes = 0, signatures = 0;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i += BLOCK) {
		r = take_turn(b, judge, i, BLOCK, &quotes);
		if (r == 0)
			r = take_turn(b, sign_check, i, BLOCK, &signatures);
	}
	ret->per_second = (double)n / quotes;
	ret->limit = (double)n / signatures / (b->cold ? COLD_SIGNATURES : 1);
	return r;
}

static int
by_ratio(const void *a, const void *b)
{
	const struct rates *x = a, *y = b;
	double d = x->per_second / x->limit - y->per_second / y->limit;

	return (d > 0) - (d < 0);
}

/* The round whose ratio is the median. */
static int
measure(struct bench *b, struct rates *ret, struct wd_diag *d)
{
	struct rates rounds[ROUNDS];

	if (judge(b, 0) != 0) /* what a hot verifier knows */
		return wd_fault(d, WD_F_BUG, "a sound quote is refused");
	for (size_t i = 0; i < ROUNDS; i++)
		if (measure_round(b, &rounds[i]) != 0)
			return wd_fault(
			    d, WD_F_BUG, "a sound quote is refused");
	qsort(rounds, ROUNDS, sizeof(rounds[0]), by_ratio);
	*ret = rounds[ROUNDS / 2];
	return 0;
}

/* ---- the answer */

static bool
print(const struct cli_args *args, const struct bench *b, const struct rates *x)
{
	bool cold = cli_has(args, "cold");
	double ratio = x->per_second / x->limit;

	if (cli_has(args, "json"))
		return printf("{\"cold\":%s,\"limit_per_second\":%.0f,"
			      "\"per_second\":%.0f,\"ratio_to_limit\":%.3f,"
			      "\"rounds\":%d,\"tee\":\"%s\"}\n",
			   cold ? "true" : "false", x->limit, x->per_second,
			   ratio, ROUNDS, wd_tee_name(b->tee)) > 0;
	return printf("%s quotes, %s: %.0f a second and CPU, %.2f of the "
		      "%.0f that %s alone would allow\n"
		      "(median of %d rounds, by CPU time)\n",
		   b->tee == WD_TEE_TDX ? "TDX" : "SGX",
		   cold ? "nothing known" : "platform known", x->per_second,
		   ratio, x->limit,
		   cold ? "their 10 signatures" : "their signature",
		   ROUNDS) > 0;
}

static enum cli_exit
run(const struct cli_args *args)
{
	WD_AUTO(bench_done) struct bench b = { .cold = cli_has(args, "cold") };
	const char *tee = cli_value(args, "tee");
	struct wd_diag d = { 0 };
	struct rates x = { 0, 0 };
	int r;

	b.tee = tee == NULL ? WD_TEE_SGX : wd_tee_by_name(wd_span_text(tee));
	if (b.tee != WD_TEE_SGX && b.tee != WD_TEE_TDX)
		return cli_usage(args, "--tee %s: neither sgx nor tdx", tee);
	r = wd_crypto_init(&d);
	if (r != 0 || (r = bench_open(&b, &d)) != 0 ||
	    (r = measure(&b, &x, &d)) != 0) {
		(void)fprintf(stderr, "warder: %s\n", d.detail);
		return CLI_FAULT;
	}
	return print(args, &b, &x) ? CLI_OK : CLI_FAULT;
}

const struct cli_verb cli_verb_bench_verify = {
	.name = "bench verify",
	.summary = "measure how fast this machine judges evidence",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder bench verify --tee sgx --cold --json",
	.run = run,
};
