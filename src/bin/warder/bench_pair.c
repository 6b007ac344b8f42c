/*
 * Whether two processes that judge evidence get in each other's way more than
 * two that only check signatures: caches and memory that they share slow both.
 * Each is kept on a CPU of its own and works when it is told to, for turns of
 * both kinds, alone and at once, that follow each other closely.
 */
#include "bin/warder/bench.h"

#include "crypto/init.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAIR = 2, DEADLINE_SECONDS = 120, TURNS = 5 };

/* What a process is told; its answer is a rate, and at first that it is there.
 */
enum word { JUDGE = 'j', SIGNATURES = 's' };

/* Seconds of CPU: short, so that a moment in which the machine is slower falls
 * on all that is compared. */
static const double turn = 0.02;

/* ---- one of the two */

static double
cpu_seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts); /* cannot fail */
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* How many a second, for one turn; 0 when one is not as it should be. */
static double
rate(const struct bench_work *w, int (*f)(void *ctx, size_t i))
{
	double start = cpu_seconds(), took = 0;
	size_t done = 0;

	for (; took < turn; took = cpu_seconds() - start)
		for (size_t i = 0; i < BENCH_BLOCK; i++)
			if (f(w->ctx, done++ % w->n) != 0)
				return 0;
	return (double)done / took;
}

int
bench_serve(const struct bench_work *w, int boss)
{
	double answer = 1; /* ready */
	char word;

	while (send(boss, &answer, sizeof(answer), MSG_NOSIGNAL) ==
		(ssize_t)sizeof(answer) &&
	    recv(boss, &word, 1, 0) == 1)
		answer = rate(w, word == JUDGE ? w->judge : w->sign_check);
	return 0;
}

/* ---- who tells them */

struct pair {
	int fd[PAIR]; /* -1: not there */
	pid_t pid[PAIR];
};

static void
pair_done(struct pair *p)
{
	for (size_t i = 0; i < PAIR; i++) {
		if (p->fd[i] < 0)
			continue;
		(void)close(p->fd[i]);          /* nothing was written to it */
		(void)kill(p->pid[i], SIGKILL); /* it may be gone */
		(void)waitpid(p->pid[i], NULL, 0);
	}
}

/* The I-th CPU that this process may use. */
static bool
keep_on_cpu(size_t i)
{
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof(all), &all) != 0)
		return false;
	CPU_ZERO(&one);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && i-- == 0) {
			CPU_SET(cpu, &one);
			return sched_setaffinity(0, sizeof(one), &one) == 0;
		}
	return false;
}

/* A process that ends with its parent, or when this one hangs up. */
_Noreturn static void
be_one(bench_run *run, bool cold, size_t i, int boss)
{
	const struct bench_how how = { cold, boss };
	struct bench_rates unused;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* it ends by EOF as well */
	if (keep_on_cpu(i) && wd_crypto_init(NULL) == 0)
		(void)run(&how, &unused, NULL); /* silence tells */
	_exit(0);
}

static int
start(struct pair *p, size_t i, bench_run *run, bool cold)
{
	const struct timeval deadline = { .tv_sec = DEADLINE_SECONDS };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	(void)setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &deadline,
	    sizeof(deadline)); /* only a hang would tell */
	p->pid[i] = fork();
	if (p->pid[i] == 0) {
		for (size_t k = 0; k < i; k++)
			(void)close(p->fd[k]); /* the other one's */
		(void)close(ends[0]);
		be_one(run, cold, i, ends[1]);
	}
	(void)close(ends[1]); /* the child has it */
	p->fd[i] = ends[0];
	if (p->pid[i] > 0)
		return 0;
	(void)close(ends[0]);
	p->fd[i] = -1;
	return -1;
}

static bool
tell(const struct pair *p, size_t i, enum word word)
{
	char c = (char)word;

	return send(p->fd[i], &c, 1, MSG_NOSIGNAL) == 1;
}

/* Adds what it answers. */
static bool
hear(const struct pair *p, size_t i, double *sum)
{
	double answer;

	if (recv(p->fd[i], &answer, sizeof(answer), 0) !=
		(ssize_t)sizeof(answer) ||
	    !(answer > 0))
		return false;
	*sum += answer;
	return true;
}

/* Sums of rates. */
struct sums {
	double alone, together;
};

/* Each alone, then both at once. */
static bool
take_turns(const struct pair *p, enum word word, struct sums *sums)
{
	for (size_t i = 0; i < PAIR; i++)
		if (!tell(p, i, word) || !hear(p, i, &sums->alone))
			return false;
	return tell(p, 0, word) && tell(p, 1, word) &&
	    hear(p, 0, &sums->together) && hear(p, 1, &sums->together);
}

static bool
measure_round(const struct pair *p, struct bench_scaling *ret)
{
	struct sums judged = { 0, 0 }, signatures = { 0, 0 };

	for (size_t i = 0; i < TURNS; i++)
		if (!take_turns(p, JUDGE, &judged) ||
		    !take_turns(p, SIGNATURES, &signatures))
			return false;
	ret->judged = PAIR * judged.together / judged.alone;
	ret->signatures = PAIR * signatures.together / signatures.alone;
	return true;
}

static int
by_ratio(const void *a, const void *b)
{
	const struct bench_scaling *x = a, *y = b;
	double d = x->judged / x->signatures - y->judged / y->signatures;

	return (d > 0) - (d < 0);
}

static bool
measure(const struct pair *p, struct bench_scaling *ret)
{
	struct bench_scaling rounds[BENCH_ROUNDS];
	double ready = 0;

	if (!hear(p, 0, &ready) || !hear(p, 1, &ready))
		return false;
	for (size_t i = 0; i < BENCH_ROUNDS; i++)
		if (!measure_round(p, &rounds[i]))
			return false;
	qsort(rounds, BENCH_ROUNDS, sizeof(rounds[0]), by_ratio);
	*ret = rounds[BENCH_ROUNDS / 2];
	return true;
}

int
bench_pair(
    bench_run *run, bool cold, struct bench_scaling *ret, struct wd_diag *d)
{
	WD_AUTO(pair_done) struct pair p = { .fd = { -1, -1 } };

	for (size_t i = 0; i < PAIR; i++)
		if (start(&p, i, run, cold) != 0)
			return wd_fault(
			    d, WD_F_SYSTEM, "cannot start a process");
	if (!measure(&p, ret))
		return wd_fault(
		    d, WD_F_SYSTEM, "a process failed; are there two CPUs?");
	return 0;
}
