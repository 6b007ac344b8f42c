/*
 * Several processes on the same files, and a process that may open no file any
 * more.
 */
#include "fixture.h"

#include "sys/sandbox.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { CHILDREN = 4, CHALLENGES = 200 };

/* What the children tell: who won each challenge, and whether all is well. */
struct shared {
	int won[CHALLENGES];
	int others;
	int ready;
};

static struct shared *
share(void)
{
	struct shared *m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(m, MAP_FAILED);
	return m;
}

static int
spend(struct wd_store *s, unsigned n)
{
	WD_AUTO(wd_store_session_done)
	struct wd_store_session x = { .id = t_id(1), .made = 1, .expires = 2 };

	x.challenge[0] = (uint8_t)n;
	x.challenge[1] = (uint8_t)(n >> 8);
	x.claims = wd_bytes_new(1500);
	return wd_store_session_add(s, &x);
}

static void
compete(const char *dir, struct shared *m)
{
	struct wd_store *s = NULL;
	int r;

	if (t_open(dir, &s) != 0)
		_exit(1);
	__atomic_add_fetch(&m->ready, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&m->ready, __ATOMIC_SEQ_CST) < CHILDREN)
		(void)usleep(100);
	for (unsigned i = 0; i < CHALLENGES; i++) {
		r = spend(s, i);
		if (r == 0)
			__atomic_add_fetch(&m->won[i], 1, __ATOMIC_SEQ_CST);
		else if (r != WD_R_CHALLENGE_USED)
			__atomic_add_fetch(&m->others, 1, __ATOMIC_SEQ_CST);
	}
	_exit(0);
}

static void
expect_child_done(void)
{
	int status = 0;

	assert_true(wait(&status) > 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
one_of_four_processes_spends_each_challenge(void **state)
{
	struct fixture *f = *state;
	struct shared *m = share();

	t_ok(wd_store_create(f->dir, &f->id, NULL));
	for (int i = 0; i < CHILDREN; i++)
		if (fork() == 0)
			compete(f->dir, m);
	for (int i = 0; i < CHILDREN; i++)
		expect_child_done();
	assert_int_equal(m->others, 0);
	for (int i = 0; i < CHALLENGES; i++)
		assert_int_equal(m->won[i], 1);
	(void)munmap(m, sizeof(*m));
}

static void
change_and_leave(const char *dir, const struct wd_id *key)
{
	struct wd_store *s = NULL;

	if (t_open(dir, &s) != 0 ||
	    wd_store_key_delete(s, key) != 0)
		_exit(1);
	_exit(0);
}

static void
deleted_key_is_gone_in_every_process(void **state)
{
	struct fixture *f = *state;
	struct wd_store_key k = t_key(1);
	uint64_t before = 0, after = 0;

	t_ok(t_add_key(f->s, &k));
	t_ok(wd_store_changed(f->s, &before));
	if (fork() == 0)
		change_and_leave(f->dir, &k.id);
	expect_child_done();
	t_ok(wd_store_changed(f->s, &after));
	assert_int_not_equal(before, after);
	assert_int_equal(wd_store_key_get(f->s, &k.id, &k), WD_R_NOT_FOUND);
}

/* Kills the process that opens, makes, renames or removes a file. */
static void
forbid_opening(void)
{
	static const long forbidden[] = {
#ifdef __NR_open
		__NR_open,
		__NR_creat,
		__NR_unlink,
		__NR_rename,
#endif
		__NR_openat,
		__NR_unlinkat,
		__NR_renameat2,
	};
	struct sock_filter code[2 * WD_N(forbidden) + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = { WD_N(code), code };
	size_t n = 1;

	for (size_t i = 0; i < WD_N(forbidden); i++) {
		code[n++] = (struct sock_filter)BPF_JUMP(
		    BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)forbidden[i], 0, 1);
		code[n++] = (struct sock_filter)BPF_STMT(
		    BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	}
	code[n] =
	    (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(77);
}

/* Enough rows for checkpoints and for a larger index in shared memory. */
static int
fill_both(struct wd_store *s)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *big = wd_bytes_new(1 << 20);
	char name[16];
	int r = 0;

	for (unsigned i = 0; r == 0 && i < 12000; i++)
		r = spend(s, i + 1000);
	for (unsigned i = 0; r == 0 && i < 24; i++) {
		(void)snprintf(name, sizeof(name), "big%u", i);
		r = wd_meta_put(s, name, wd_bytes_span(big));
	}
	return r;
}

static int
one_large_change(struct wd_store *s)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *big = wd_bytes_new(1 << 20);
	char name[16];
	int r = wd_store_begin(s);

	for (unsigned i = 0; r == 0 && i < 32; i++) {
		(void)snprintf(name, sizeof(name), "more%u", i);
		r = wd_meta_put(s, name, wd_bytes_span(big));
	}
	wd_store_rollback(s);
	return r;
}

static void
enter_sandbox(void)
{
	if (wd_sandbox_enter(WD_SANDBOX_KEEPER, NULL) != 0)
		_exit(77);
}

static void
work_without_opening(const char *dir, void (*close_sandbox)(void))
{
	struct wd_store *s = NULL;
	struct wd_store_key k = t_key(1), rows[4];
	struct wd_key_filter all = { .limit = 4 };
	size_t n;

	if (t_open(dir, &s) != 0)
		_exit(1);
	close_sandbox();
	if (fill_both(s) != 0 || one_large_change(s) != 0 ||
	    t_add_key(s, &k) != 0 ||
	    wd_store_key_list(s, &all, rows, 4, &n) != 0 ||
	    wd_store_session_expire(s, 1000, 20000) < 0)
		_exit(2);
	s = wd_store_close(s);
	_exit(0);
}

static void
open_store_needs_no_further_file(void **state)
{
	struct fixture *f = *state;
	static void (*const sandboxes[])(
	    void) = { forbid_opening, enter_sandbox };
	struct wd_id key = t_id(1);

	t_ok(wd_store_create(f->dir, &f->id, NULL));
	/* The first process makes the files beside, the others find them. */
	for (size_t i = 0; i < 4; i++) {
		if (fork() == 0)
			work_without_opening(f->dir, sandboxes[i % 2]);
		expect_child_done();
		t_ok(t_open(f->dir, &f->s));
		t_ok(wd_store_key_delete(f->s, &key));
		f->s = wd_store_close(f->s);
	}
}

static void
killed_in_the_middle(const char *dir)
{
	struct wd_store *s = NULL;

	if (t_open(dir, &s) == 0 && wd_store_begin(s) == 0 &&
	    wd_meta_put(s, "half", WD_SPAN_LIT("x")) == 0)
		_exit(0);
	_exit(1);
}

static void
change_of_a_killed_process_is_not_there(void **state)
{
	struct fixture *f = *state;
	struct wd_bytes *b = NULL;

	if (fork() == 0)
		killed_in_the_middle(f->dir);
	expect_child_done();
	assert_int_equal(wd_meta_get(f->s, "half", &b), WD_R_NOT_FOUND);
	t_ok(wd_meta_put(f->s, "whole", WD_SPAN_LIT("x")));
}

/* Another connection stands for another process. */
static void
reading_stays_in_one_state_until_its_end(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_store_closep) struct wd_store *other = NULL;
	struct wd_bytes *b = NULL;
	uint64_t first, second;

	t_ok(t_open(f->dir, &other));
	t_ok(wd_store_read_begin(f->s));
	t_ok(wd_store_changed(f->s, &first));
	t_ok(wd_meta_put(other, "new", WD_SPAN_LIT("x")));
	t_ok(wd_store_changed(f->s, &second));
	assert_true(first == second);
	assert_int_equal(wd_meta_get(f->s, "new", &b), WD_R_NOT_FOUND);
	wd_store_read_end(f->s);
	t_ok(wd_store_changed(f->s, &second));
	assert_true(first != second);
	t_ok(wd_store_read_begin(f->s));
	t_ok(wd_store_changed(f->s, &first));
	assert_true(first == second);
	t_ok(wd_meta_get(f->s, "new", &b));
	wd_store_read_end(f->s);
	b = wd_bytes_free(b);
	t_ok(wd_meta_put(f->s, "own", WD_SPAN_LIT("x")));
	t_ok(wd_store_changed(f->s, &second));
	assert_true(first != second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(one_of_four_processes_spends_each_challenge),
		with_store(deleted_key_is_gone_in_every_process),
		with_folder(open_store_needs_no_further_file),
		with_store(change_of_a_killed_process_is_not_there),
		with_store(reading_stays_in_one_state_until_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
