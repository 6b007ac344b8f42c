/*
 * The module under programs with threads, and under forks in the middle of
 * them. Signatures that are said to be good must verify; nothing may hang.
 */
#include "t_token.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static const char *module;

enum { THREADS = 8, ROUNDS = 150, CHILDREN = 40, ENOUGH = 30 };

#define OK(expression) assert_int_equal((expression), CKR_OK)

static atomic_bool stop;
static atomic_int failures, successes;

static void
count(ck_rv_t rv)
{
	atomic_fetch_add(rv == CKR_OK ? &successes : &failures, 1);
}

/* Another text for every call, so that mixed up signatures show. */
static struct wd_span
text_of(char buf[32], const void *who, int i)
{
	int len = snprintf(buf, 32, "%p %d", who, i);

	return wd_span(buf, (size_t)len);
}

/* Verification happens in t_sign(): libcrypto's contexts here are not made for
 * threads, so that the threads take turns there. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static ck_rv_t
sign_raw(ck_session_handle_t s, ck_object_handle_t key, struct wd_span text,
    unsigned char sig[64])
{
	struct ck_mechanism m = { CKM_ECDSA_SHA256, NULL, 0 };
	unsigned char copy[32];
	unsigned long len = 64;
	ck_rv_t rv = t.f->C_SignInit(s, &m, key);

	if (rv != CKR_OK)
		return rv;
	wd_copy(copy, text);
	return t.f->C_Sign(s, copy, text.len, sig, &len);
}

static ck_rv_t
sign_and_verify(ck_session_handle_t s, ck_object_handle_t key, int i)
{
	unsigned char sig[64];
	char buf[32];
	struct wd_span text = text_of(buf, &s, i);
	ck_rv_t rv = sign_raw(s, key, text, sig);

	if (rv != CKR_OK)
		return rv;
	(void)pthread_mutex_lock(&turn);
	if (wd_sig_verify(t.p256.key, WD_SIG_ES256, text, WD_SPAN(sig)) != 0)
		rv = CKR_SIGNATURE_INVALID;
	(void)pthread_mutex_unlock(&turn);
	return rv;
}

static void *
sign_often(void *arg)
{
	ck_session_handle_t s = 0;
	ck_object_handle_t key;

	(void)arg;
	count(t.f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &s));
	key = t_find(s, CKO_PRIVATE_KEY, "p256");
	for (int i = 0; i < ROUNDS; i++)
		count(sign_and_verify(s, key, i));
	count(t.f->C_CloseSession(s));
	return NULL;
}

static void
run_threads(void *(*run)(void *), void *arg)
{
	pthread_t threads[THREADS];

	failures = 0;
	successes = 0;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, run, arg), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void
threads_with_sessions_of_their_own_all_succeed(void **state)
{
	(void)state;
	run_threads(sign_often, NULL);
	assert_int_equal(failures, 0);
	assert_int_equal(successes, THREADS * (ROUNDS + 2));
}

struct shared {
	ck_session_handle_t s;
	ck_object_handle_t key;
};

/* Against the rules: starts of one thread are used up by another. What comes
 * back as good must be good all the same. */
static void *
share_a_session(void *arg)
{
	const struct shared *sh = arg;

	for (int i = 0; i < ROUNDS; i++) {
		ck_rv_t rv = sign_and_verify(sh->s, sh->key, i);

		if (rv != CKR_OPERATION_ACTIVE &&
		    rv != CKR_OPERATION_NOT_INITIALIZED)
			count(rv);
	}
	return NULL;
}

static void
threads_that_share_a_session_do_no_harm(void **state)
{
	struct shared sh = { t_session(), 0 };

	(void)state;
	sh.key = t_find(sh.s, CKO_PRIVATE_KEY, "p256");
	run_threads(share_a_session, &sh);
	assert_int_equal(failures, 0);
	assert_true(successes > 0);
	OK(t.f->C_CloseSession(sh.s));
}

/* Sessions vanish under those who use them. */
static void *
close_under_others(void *arg)
{
	const ck_object_handle_t *key = arg;
	ck_session_handle_t s = 0;
	unsigned char sig[64];

	for (int i = 0; i < ROUNDS; i++) {
		(void)t.f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &s);
		count(sign_raw(s, *key, WD_SPAN_LIT("x"), sig));
		if (i % 8 == 0)
			(void)t.f->C_CloseAllSessions(1);
	}
	return NULL;
}

static void
sessions_may_be_closed_under_others(void **state)
{
	ck_session_handle_t s = t_session();
	ck_object_handle_t key = t_find(s, CKO_PRIVATE_KEY, "p256");

	(void)state;
	run_threads(close_under_others, &key);
	assert_true(successes > 0);
	OK(t.f->C_CloseAllSessions(1));
}

/* ---- forks */

/* As libp11: starts anew without an end, looks for the key again. */
static int
child_starts_again(void *key)
{
	ck_object_handle_t before = *(ck_object_handle_t *)key;
	ck_session_handle_t s = 0;

	(void)alarm(ENOUGH);
	if (t.f->C_Initialize(NULL) != CKR_OK)
		return 1;
	if (t.f->C_Initialize(NULL) != CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return 2;
	if (t.f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &s) != CKR_OK)
		return 3;
	if (t_find(s, CKO_PRIVATE_KEY, "p256") != before)
		return 4;
	return t_sign_p256(s, before, WD_SPAN_LIT("child")) == CKR_OK ? 0 : 5;
}

/* As pkcs11-provider: ends what the parent started, and starts. */
static int
child_ends_and_starts(void *key)
{
	(void)alarm(ENOUGH);
	if (t.f->C_Finalize(NULL) != CKR_OK)
		return 1;
	return child_starts_again(key);
}

/* As a program that does not know: goes on with what it has. */
static int
child_goes_on(void *arg)
{
	const struct shared *sh = arg;

	(void)alarm(ENOUGH);
	return t_sign_p256(sh->s, sh->key, WD_SPAN_LIT("child")) == CKR_OK ? 0
									   : 1;
}

static int
wait_for(int (*run)(void *), void *arg)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(run(arg));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
a_child_uses_the_module_in_every_way(void **state)
{
	struct shared sh = { t_session(), 0 };

	(void)state;
	sh.key = t_find(sh.s, CKO_PRIVATE_KEY, "p256");
	OK(t_sign_p256(sh.s, sh.key, WD_SPAN_LIT("parent")));
	assert_int_equal(wait_for(child_starts_again, &sh.key), 0);
	assert_int_equal(wait_for(child_ends_and_starts, &sh.key), 0);
	assert_int_equal(wait_for(child_goes_on, &sh), 0);
	OK(t_sign_p256(sh.s, sh.key, WD_SPAN_LIT("parent")));
	OK(t.f->C_CloseSession(sh.s));
}

static int
grandchild(void *key)
{
	int status = child_starts_again(key);

	return status != 0 ? status : wait_for(child_starts_again, key);
}

static void
a_grandchild_uses_it_too(void **state)
{
	ck_session_handle_t s = t_session();
	ck_object_handle_t key = t_find(s, CKO_PRIVATE_KEY, "p256");

	(void)state;
	assert_int_equal(wait_for(grandchild, &key), 0);
	OK(t.f->C_CloseSession(s));
}

static void *
sign_until_told(void *arg)
{
	ck_session_handle_t s = 0;
	ck_object_handle_t key;
	unsigned char sig[64];

	(void)arg;
	(void)t.f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &s);
	key = t_find(s, CKO_PRIVATE_KEY, "p256");
	while (!stop)
		count(sign_raw(s, key, WD_SPAN_LIT("x"), sig));
	return NULL;
}

/* The lock and every connection are in use at the moment of some forks. The
 * child does not verify: libcrypto's own locks may be held too. */
static int
child_amid_threads(void *arg)
{
	ck_session_handle_t s = 0;
	unsigned char sig[64];

	(void)arg;
	(void)alarm(ENOUGH);
	if (t.f->C_Initialize(NULL) != CKR_OK ||
	    t.f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &s) != CKR_OK)
		return 1;
	return sign_raw(s, t_find(s, CKO_PRIVATE_KEY, "p256"), WD_SPAN_LIT("x"),
		   sig) == CKR_OK
	    ? 0
	    : 2;
}

static void
forks_amid_threads_leave_both_sides_working(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	failures = 0;
	stop = false;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, sign_until_told, NULL),
		    0);
	for (int i = 0; i < CHILDREN; i++)
		assert_int_equal(wait_for(child_amid_threads, NULL), 0);
	stop = true;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(failures, 0);
	OK(t.f->C_CloseAllSessions(1));
}

/* A kernel without MADV_WIPEONFORK: the module then goes by process ids. */
static void
refuse_wiped_pages(void)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MADV_WIPEONFORK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	static const struct sock_fprog program = { WD_N(code), code };

	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	assert_int_equal(
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static int
setup_all(void **state)
{
	(void)state;
	if (t_token_setup(module) != 0)
		return 1;
	return t.f->C_Initialize(NULL) == CKR_OK ? 0 : 1;
}

static int
teardown_all(void **state)
{
	(void)state;
	return t_token_teardown();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    threads_with_sessions_of_their_own_all_succeed),
		cmocka_unit_test(threads_that_share_a_session_do_no_harm),
		cmocka_unit_test(sessions_may_be_closed_under_others),
		cmocka_unit_test(a_child_uses_the_module_in_every_way),
		cmocka_unit_test(a_grandchild_uses_it_too),
		cmocka_unit_test(forks_amid_threads_leave_both_sides_working),
	};

	assert_in_range(argc, 2, 3);
	module = argv[1];
	if (argc == 3 && strcmp(argv[2], "by-pid") == 0)
		refuse_wiped_pages();
	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
