/*
 * Random bytes for ECDSA drawn ahead: never twice the same, by nobody else, and
 * for nothing else.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "lib/t.h"

#include "base/secret.h"
#include "crypto/init.h"
#include "crypto/nonce.h"
#include "crypto/sig.h"
#include "key_fixtures.h"
#include "lib/t_child.h"
#include "t_keys.h"

#include <openssl/rand.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ROUNDS = 100, HALF = 32 };

/* The first half of a signature: a picture of its nonce. */
static int
sign(struct wd_signer *s, uint8_t what, uint8_t ret_r[HALF])
{
	const struct wd_raw_params params = { .kind = WD_RAW_ECDSA };
	const uint8_t digest[HALF] = { what };
	uint8_t sig[WD_SIG_MAX];
	size_t len = 0;
	int r = wd_signer_sign(s, &params, WD_SPAN(digest), sig, &len);

	if (r == 0)
		wd_copy(ret_r, wd_span(sig, HALF));
	return r;
}

static void
each_signature_has_a_nonce_of_its_own(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = t_private(p256_pkcs8);
	WD_AUTO(wd_signer_freep) struct wd_signer *s = wd_signer_new(k);
	uint8_t seen[ROUNDS][HALF];

	(void)state;
	for (size_t i = 0; i < ROUNDS; i++) {
		t_ok(sign(s, 1, seen[i]));
		for (size_t j = 0; j < i; j++)
			assert_false(
			    wd_span_equal(WD_SPAN(seen[i]), WD_SPAN(seen[j])));
	}
}

/* By a process that has all we have, what was drawn ahead too: no handler runs
 * at this fork. As a machine that is set back to a snapshot. */
static void
sign_in_twin(struct wd_signer *s, uint8_t what, uint8_t ret_r[HALF])
{
	int pair[2], status = 0;
	pid_t pid;

	assert_int_equal(pipe(pair), 0);
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(sign(s, what, ret_r) == 0 &&
			    write(pair[1], ret_r, HALF) == HALF
			? 0
			: 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	t_exits(status, 0);
	assert_int_equal(read(pair[0], ret_r, HALF), HALF);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static void
the_same_bytes_make_other_nonces_for_other_messages(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = t_private(p256_pkcs8);
	WD_AUTO(wd_signer_freep) struct wd_signer *s = wd_signer_new(k);
	uint8_t r[3][HALF];

	(void)state;
	t_ok(sign(s, 1, r[0])); /* what was drawn ahead has some left */
	sign_in_twin(s, 1, r[0]);
	sign_in_twin(s, 1, r[1]);
	sign_in_twin(s, 2, r[2]);
	t_span_equal(WD_SPAN(r[0]), WD_SPAN(r[1]));
	assert_false(wd_span_equal(WD_SPAN(r[0]), WD_SPAN(r[2])));
}

/* Bytes as libcrypto draws them between the two calls. */
static int
draw(uint8_t *dst, int len)
{
	int ok;

	wd_nonce_begin();
	ok = RAND_priv_bytes(dst, len);
	wd_nonce_end();
	return ok == 1 ? 0 : 1;
}

static int
draw_into_pipe(void *ctx)
{
	uint8_t drawn[HALF];
	int fd = *(const int *)ctx;

	return draw(drawn, HALF) == 0 && write(fd, drawn, HALF) == HALF ? 0 : 1;
}

static void
a_child_does_not_draw_what_its_parent_draws(void **state)
{
	uint8_t ours[2][HALF], theirs[HALF];
	int pair[2];

	(void)state;
	assert_int_equal(pipe(pair), 0);
	t_ok(draw(ours[0], HALF));
	t_exits(t_child(draw_into_pipe, &pair[1]), 0);
	assert_int_equal(read(pair[0], theirs, HALF), HALF);
	for (int i = 0; i < 64; i++) {
		t_ok(draw(ours[1], HALF));
		assert_false(wd_span_equal(WD_SPAN(ours[1]), WD_SPAN(theirs)));
	}
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static void
any_length_is_drawn(void **state)
{
	static const int lens[] = { 0, 1, 64, 1000, 1024, 1025, 4096 };
	static uint8_t drawn[4096];

	(void)state;
	for (size_t i = 0; i < WD_N(lens); i++) {
		wd_wipe(drawn, sizeof(drawn));
		t_ok(draw(drawn, lens[i]));
		assert_true(lens[i] < 64 ||
		    !wd_span_is_zero(wd_span(drawn, (size_t)lens[i])));
	}
}

static void
afterwards_libcrypto_draws_itself(void **state)
{
	(void)state;
	wd_nonce_begin();
	assert_ptr_not_equal(RAND_get_rand_method(), RAND_OpenSSL());
	wd_nonce_end();
	assert_ptr_equal(RAND_get_rand_method(), RAND_OpenSSL());
}

static void *
no_memory(size_t len)
{
	(void)len;
	return NULL;
}

static void
keep(void *p)
{
	(void)p;
}

static int
begin_without_memory(void *ctx)
{
	uint8_t drawn[HALF];

	(void)ctx;
	wd_secret_set_memory(no_memory, keep);
	wd_nonce_begin();
	if (RAND_get_rand_method() != RAND_OpenSSL())
		return 1;
	wd_nonce_end();
	return draw(drawn, HALF);
}

/* The first of all, before there is a pool. */
static void
without_memory_libcrypto_draws_itself(void **state)
{
	(void)state;
	t_exits(t_child(begin_without_memory, NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_memory_libcrypto_draws_itself),
		cmocka_unit_test(each_signature_has_a_nonce_of_its_own),
		cmocka_unit_test(
		    the_same_bytes_make_other_nonces_for_other_messages),
		cmocka_unit_test(a_child_does_not_draw_what_its_parent_draws),
		cmocka_unit_test(any_length_is_drawn),
		cmocka_unit_test(afterwards_libcrypto_draws_itself),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
