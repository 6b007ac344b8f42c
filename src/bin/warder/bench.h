/*
 * Measuring judgements against the signatures in them, in turn, by the CPU
 * time of this process.
 */
#pragma once

#include "base/diag.h"

/* Both answer 0, or the measurement ends. */
struct bench_work {
	void *ctx;
	size_t n; /* evidences that there are; a multiple of BENCH_BLOCK */
	int (*judge)(void *ctx, size_t i);
	int (*sign_check)(void *ctx, size_t i); /* one signature */
	unsigned signatures;                    /* in each evidence */
};

enum { BENCH_ROUNDS = 7, BENCH_BLOCK = 32 };

struct bench_rates {
	double per_second, limit;
};

/* The round whose ratio is the median. A fault when W answers anything but
 * 0. */
int bench_measure(const struct bench_work *w, struct bench_rates *ret,
    struct wd_diag *d) WD_MUST_USE;

/* SNP reports of a VCEK that is known or, COLD, of which nothing is: against
 * their P-384 signature alone. 0 or a fault. */
int bench_snp(bool cold, struct bench_rates *ret, struct wd_diag *d)
    WD_MUST_USE;
