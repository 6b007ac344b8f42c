/*
 * The lock, and what a fork does to it. A child is noticed by a page that the
 * kernel wipes in children: no handler runs at the fork, and nothing is asked
 * of the kernel in between. Where there is no such page the process id is
 * compared.
 *
 * The lock of the parent may have been held by a thread that the child does not
 * have. Then what it guarded may be half changed: the child leaves it lying and
 * starts with empty tables. Otherwise it goes on with what the parent had.
 */
#include "bin/pkcs11/state.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { WIPED, READY, MENDING };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	atomic_bool held;
	struct wd_p11 p;

	_Atomic(atomic_int *) guard; /* one of the above; NULL: not prepared */
	atomic_int by_pid;           /* guard where there is no wiped page */
	pid_t pid;
} m = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER,
};

/* A page that is zero in a child, or NULL. */
static atomic_int *
new_guard(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return NULL;
	if (madvise(page, size, MADV_WIPEONFORK) == 0)
		return page;
	(void)munmap(page, size); /* never used */
	return &m.by_pid;
}

bool
wd_p11_prepare(void)
{
	atomic_int *mine, *none = NULL;

	if (atomic_load(&m.guard) != NULL)
		return true;
	mine = new_guard();
	if (mine == NULL)
		return false;
	m.pid = getpid();
	atomic_store(mine, READY);
	if (!atomic_compare_exchange_strong(&m.guard, &none, mine) &&
	    mine != &m.by_pid)
		(void)munmap(mine, (size_t)sysconf(_SC_PAGESIZE));
	return true;
}

/* What a child takes over. Runs in one thread, with the others kept out. */
static void
after_fork(void)
{
	if (atomic_load(&m.held)) {
		wd_p11_keys_abandon(&m.p.keys);
		wd_p11_sessions_abandon(&m.p.sessions);
		m.p.listed = false;
	}
	wd_p11_sessions_after_fork(&m.p.sessions);
	wd_links_after_fork(m.p.links);
	m.p.fresh = false;
	m.p.forked = true;
	m.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	m.changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	atomic_store(&m.held, false);
	m.pid = getpid();
}

static void
notice_fork(atomic_int *guard)
{
	for (;;) {
		int seen = atomic_load(guard);

		if (seen == READY && (guard != &m.by_pid || m.pid == getpid()))
			return;
		if (seen != MENDING &&
		    atomic_compare_exchange_strong(guard, &seen, MENDING)) {
			after_fork();
			atomic_store(guard, READY);
			return;
		}
		(void)sched_yield(); /* another thread mends */
	}
}

struct wd_p11 *
wd_p11_enter_any(void)
{
	notice_fork(atomic_load(&m.guard));
	(void)pthread_mutex_lock(&m.lock); /* of a plain mutex: cannot fail */
	atomic_store(&m.held, true);
	return &m.p;
}

struct wd_p11 *
wd_p11_enter(void)
{
	struct wd_p11 *p;

	if (atomic_load(&m.guard) == NULL)
		return NULL;
	p = wd_p11_enter_any();
	if (!p->initialized)
		wd_p11_leavep(&p);
	return p;
}

void
wd_p11_leavep(struct wd_p11 **p)
{
	if (*p == NULL)
		return;
	*p = NULL;
	atomic_store(&m.held, false);
	(void)pthread_mutex_unlock(&m.lock); /* it is ours */
}

bool
wd_p11_wait(int64_t deadline)
{
	const struct timespec until = { .tv_sec = deadline / 1000,
		.tv_nsec = deadline % 1000 * 1000000 };
	int r;

	atomic_store(&m.held, false);
	r = pthread_cond_clockwait(
	    &m.changed, &m.lock, CLOCK_MONOTONIC, &until);
	atomic_store(&m.held, true);
	return r == 0;
}

void
wd_p11_wake(void)
{
	(void)pthread_cond_broadcast(&m.changed); /* cannot fail */
}
