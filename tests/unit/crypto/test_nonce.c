/*
 * Nonces of ECDSA: never twice the same, and not those of another process.
 */
#include "lib/t.h"

#include "crypto/init.h"
#include "crypto/sig.h"
#include "key_fixtures.h"
#include "lib/t_child.h"
#include "t_keys.h"

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

static int
sign_into_pipe(void *ctx)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = t_private(p256_pkcs8);
	WD_AUTO(wd_signer_freep) struct wd_signer *s = wd_signer_new(k);
	uint8_t r[HALF];
	int fd = *(const int *)ctx;

	return sign(s, 1, r) == 0 && write(fd, r, HALF) == HALF ? 0 : 1;
}

static void
a_child_has_other_nonces_than_its_parent(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = t_private(p256_pkcs8);
	WD_AUTO(wd_signer_freep) struct wd_signer *s = wd_signer_new(k);
	uint8_t ours[HALF], theirs[HALF];
	int pair[2];

	(void)state;
	assert_int_equal(pipe(pair), 0);
	t_ok(sign(s, 1, ours));
	t_exits(t_child(sign_into_pipe, &pair[1]), 0);
	assert_int_equal(read(pair[0], theirs, HALF), HALF);
	for (int i = 0; i < 64; i++) {
		t_ok(sign(s, 1, ours));
		assert_false(wd_span_equal(WD_SPAN(ours), WD_SPAN(theirs)));
	}
	(void)close(pair[0]);
	(void)close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_signature_has_a_nonce_of_its_own),
		cmocka_unit_test(a_child_has_other_nonces_than_its_parent),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
