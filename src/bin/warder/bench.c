/*
 * Rounds of both kinds of work, block by block, so that a machine that slows
 * down slows both.
 */
#include "bin/warder/bench.h"

#include <stdlib.h>
#include <time.h>

static double
cpu_seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts); /* cannot fail */
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Adds what F takes for a block from number FROM on. */
static int
take_turn(const struct bench_work *w, int (*f)(void *ctx, size_t i),
    size_t from, double *seconds)
{
	double start = cpu_seconds();
	int r = 0;

	for (size_t i = from; i < from + BENCH_BLOCK && r == 0; i++)
		r = f(w->ctx, i);
	*seconds += cpu_seconds() - start;
	return r;
}

static int
measure_round(const struct bench_work *w, struct bench_rates *ret)
{
	double judged = 0, signatures = 0;
	int r = 0;

	for (size_t i = 0; i < w->n && r == 0; i += BENCH_BLOCK) {
		r = take_turn(w, w->judge, i, &judged);
		if (r == 0)
			r = take_turn(w, w->sign_check, i, &signatures);
	}
	ret->per_second = (double)w->n / judged;
	ret->limit = (double)w->n / signatures / w->signatures;
	return r;
}

static int
by_ratio(const void *a, const void *b)
{
	const struct bench_rates *x = a, *y = b;
	double d = x->per_second / x->limit - y->per_second / y->limit;

	return (d > 0) - (d < 0);
}

int
bench_measure(const struct bench_work *w, const struct bench_how *how,
    struct bench_rates *ret, struct wd_diag *d)
{
	struct bench_rates rounds[BENCH_ROUNDS];
	int r = w->judge(w->ctx, 0); /* what a hot verifier knows */

	if (r == 0 && how->boss >= 0)
		return bench_serve(w, how->boss);
	for (size_t i = 0; i < BENCH_ROUNDS && r == 0; i++)
		r = measure_round(w, &rounds[i]);
	if (r != 0)
		return wd_fault(d, WD_F_BUG, "sound evidence is refused");
	qsort(rounds, BENCH_ROUNDS, sizeof(rounds[0]), by_ratio);
	*ret = rounds[BENCH_ROUNDS / 2];
	return 0;
}
