/*
 * What judging an SGX quote costs, against what its signatures alone would
 * cost: hot (all known but the quote) and cold (nothing known). Nothing is kept
 * by the bytes of a quote, so that judging the same one again is the work of
 * judging another of the same machine.
 *
 *   bench_verify_sgx EVIDENCE CASE TIME
 */
#include "base/clock.h"
#include "base/env.h"
#include "crypto/init.h"
#include "crypto/sig.h"
#include "sys/file.h"
#include "verify/intel/quote.h"
#include "verify/registry.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>

enum { ROUNDS = 7, COLD_SIGNATURES = 10 };

static const struct {
	enum wd_part role;
	const char *file;
} files[] = {
	{ WD_IN_QUOTE, "quote.bin" },
	{ WD_IN_TCB_INFO, "tcb_info.json" },
	{ WD_IN_QE_IDENTITY, "qe_identity.json" },
	{ WD_IN_TCB_SIGNING_CHAIN, "tcb_signing_chain.pem" },
	{ WD_IN_PCK_CRL, "pck_crl.der" },
	{ WD_IN_ROOT_CA_CRL, "root_ca_crl.der" },
};

struct bench {
	struct wd_verifier *v;
	struct wd_inputs in;
	int64_t at;
	struct wd_pkey *key; /* for the signature that all is measured in */
	struct wd_intel_quote quote;
};

static double
now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static bool
judge(struct bench *b)
{
	struct wd_claims claims;

	return wd_appraise(b->v, WD_TEE_SGX, &b->in, b->at, wd_span(NULL, 0),
		   &claims, NULL) == 0;
}

static bool
hot(struct bench *b)
{
	return judge(b);
}

static bool
cold(struct bench *b)
{
	wd_verifier_forget(b->v);
	return judge(b);
}

static bool
signature(struct bench *b)
{
	return wd_p256_verify(
		   b->key, b->quote.signed_part, b->quote.signature.p) == 0;
}

/* The best of a few rounds, in microseconds a call; negative on failure. */
static double
measure(struct bench *b, bool (*f)(struct bench *), unsigned n)
{
	double best = -1;

	for (unsigned round = 0; round < ROUNDS; round++) {
		double start = now_us();
		double each;

		for (unsigned i = 0; i < n; i++)
			if (!f(b))
				return -1;
		each = (now_us() - start) / n;
		if (best < 0 || each < best)
			best = each;
	}
	return best;
}

static int
load(struct bench *b, const char *evidence, const char *one)
{
	static struct wd_bytes *bytes[WD_N(files)];
	struct wd_diag d = { 0 };
	char path[512];

	for (size_t i = 0; i < WD_N(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s/%s", evidence, one,
		    files[i].file);
		if (wd_file_read(AT_FDCWD, path, 1 << 20, &bytes[i], &d) != 0) {
			(void)fprintf(stderr, "%s\n", d.detail);
			return -1;
		}
		b->in.part[files[i].role] = wd_bytes_span(bytes[i]);
	}
	return wd_intel_quote_parse(b->in.part[WD_IN_QUOTE], &b->quote, NULL);
}

static int
start(struct bench *b)
{
	struct wd_appraisal_rules rules = { 0 };
	struct wd_rd rd = wd_rd(b->quote.att_key);
	struct wd_span x = wd_rd_bytes(&rd, 32);
	struct wd_span y = wd_rd_bytes(&rd, 32);
	int r;

	rules.anchors = wd_anchor_vendors(&rules.n_anchors);
	if ((r = wd_verifier_new(&rules, &b->v)) != 0)
		return r;
	return wd_pkey_ec_public(WD_PKEY_P256, x, y, &b->key);
}

int
main(int argc, char **argv)
{
	struct bench b = { 0 };
	const char *evidence;
	double one, each;

	if (argc != 4 || !wd_time_parse(wd_span_text(argv[3]), &b.at)) {
		(void)fprintf(
		    stderr, "usage: bench_verify_sgx EVIDENCE CASE TIME\n");
		return 2;
	}
	evidence = wd_env("WARDER_EVIDENCE");
	if (wd_crypto_init(NULL) != 0 ||
	    load(&b, evidence == NULL ? argv[1] : evidence, argv[2]) != 0 ||
	    start(&b) != 0)
		return 1;
	one = measure(&b, signature, 2000);
	(void)printf("signature  %8.1f us\n", one);
	each = measure(&b, hot, 2000);
	(void)printf("hot        %8.1f us   %.2f of its 1 signature\n", each,
	    one / each);
	if (each < 0)
		return 1;
	each = measure(&b, cold, 50);
	(void)printf("cold       %8.1f us   %.2f of its %d signatures\n", each,
	    COLD_SIGNATURES * one / each, COLD_SIGNATURES);
	return each < 0;
}
