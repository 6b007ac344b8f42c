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

/* What is asked for. A process that is one of two measures when it is told to,
 * by BOSS; -1: this is the only one. */
struct bench_how {
	bool cold;
	int boss;
};

/* Takes evidence of one kind through W. */
typedef int bench_run(
    const struct bench_how *how, struct bench_rates *ret, struct wd_diag *d);

/* The round whose ratio is the median. A fault when W answers anything but
 * 0. */
int bench_measure(const struct bench_work *w, const struct bench_how *how,
    struct bench_rates *ret, struct wd_diag *d) WD_MUST_USE;

/* For bench_measure(): answers BOSS until it is gone. */
int bench_serve(const struct bench_work *w, int boss) WD_MUST_USE;

/* What two processes on two CPUs do, in what each does alone: 2 at best. */
struct bench_scaling {
	double judged, signatures;
};

/* RUN in two processes, each kept on a CPU of its own: both kinds of work, each
 * alone and at once, in turn. The round whose ratio is the median. 0 or a
 * fault. */
int bench_pair(bench_run *run, bool cold, struct bench_scaling *ret,
    struct wd_diag *d) WD_MUST_USE;

/* SNP reports of a VCEK that is known or, cold, of which nothing is: against
 * their P-384 signature alone. 0 or a fault. */
bench_run bench_snp;

/* Quotes of a TPM over 24 registers with a log of 44 events: against their
 * RSA-2048 signature alone. Likewise. */
bench_run bench_tpm;

/* CCA tokens: against their two P-384 signatures. Likewise. */
bench_run bench_cca;
