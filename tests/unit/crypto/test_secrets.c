/*
 * Every function that makes a secret, with its k-th allocation failing for
 * every k, and with input that it must refuse: nothing is handed out and no
 * secret stays behind in memory.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "crypto/aead.h"
#include "crypto/ecdh.h"
#include "crypto/init.h"
#include "crypto/jwe.h"
#include "crypto/kdf.h"
#include "crypto/rand.h"
#include "jose_fixtures.h"
#include "t_keys.h"

/* Secrets that are alive. */
static size_t alive;

static void *
counting_alloc(size_t len)
{
	void *p = wd_alloc(len);

	alive += p != NULL;
	return p;
}

static void
counting_release(void *p)
{
	alive--;
	(void)wd_free(p); /* always NULL */
}

/* What the makers below need, made once. */
static struct wd_pkey *bob, *alice, *rsa;
static struct wd_bytes *sealed, *oaep;
static struct wd_jwe to_bob, to_rsa;
static const uint8_t key[32] = { 7 };
static const struct wd_span plain = { (const uint8_t *)"plain", 5 };

static int
make_random(struct wd_secret **ret)
{
	return wd_rand_secret(32, ret);
}

static int
make_hkdf(struct wd_secret **ret)
{
	return wd_hkdf(WD_SPAN(key), "label", wd_span(NULL, 0), 32, ret);
}

static int
make_scrypt(struct wd_secret **ret)
{
	struct wd_scrypt s = { .n = 1024, .r = 8, .p = 1 };

	return wd_scrypt(plain, &s, ret);
}

static int
make_concat(struct wd_secret **ret)
{
	return wd_concat_kdf(WD_SPAN(key), "A256GCM", 32, ret);
}

static int
make_opened(struct wd_secret **ret)
{
	return wd_aead_open(WD_SPAN(key), plain, wd_bytes_span(sealed), ret);
}

static int
make_unwrapped(struct wd_secret **ret)
{
	uint8_t wrapped[40];
	int r = wd_aes_wrap(WD_SPAN(key), WD_SPAN(key), wrapped);

	return r != 0 ? r : wd_aes_unwrap(WD_SPAN(key), WD_SPAN(wrapped), ret);
}

static int
make_agreed(struct wd_secret **ret)
{
	return wd_ecdh(bob, alice, ret);
}

static int
make_oaep(struct wd_secret **ret)
{
	return wd_oaep256_decrypt(rsa, wd_bytes_span(oaep), ret);
}

static int
make_pkcs8(struct wd_secret **ret)
{
	return wd_pkey_to_pkcs8(bob, ret);
}

/* Alice's key is no ephemeral one, but serves as well here. */
static int
make_jwe_ecdh(struct wd_secret **ret)
{
	return wd_jwe_open(bob, WD_JWE_ECDH_ES_A256KW, alice, &to_bob, ret);
}

static int
make_jwe_rsa(struct wd_secret **ret)
{
	return wd_jwe_open(rsa, WD_JWE_RSA_OAEP_256, NULL, &to_rsa, ret);
}

struct maker {
	const char *name;
	int (*make)(struct wd_secret **ret);
	int want; /* with memory enough */
};

/* The ECDH one fails late, at the unwrapping, since Alice did not seal it. */
static const struct maker makers[] = {
	{ "random", make_random, 0 },
	{ "hkdf", make_hkdf, 0 },
	{ "scrypt", make_scrypt, 0 },
	{ "concat kdf", make_concat, 0 },
	{ "aead open", make_opened, 0 },
	{ "unwrap", make_unwrapped, 0 },
	{ "ecdh", make_agreed, 0 },
	{ "oaep", make_oaep, 0 },
	{ "pkcs8", make_pkcs8, 0 },
	{ "jwe ecdh", make_jwe_ecdh, WD_R_TAMPERED },
	{ "jwe rsa", make_jwe_rsa, 0 },
};

/* Runs one maker with its K-th allocation failing; false when it had fewer. */
static bool
fails_cleanly_at(const struct maker *m, uint64_t k)
{
	struct wd_secret *s = NULL;
	size_t before = alive;
	int r;

	(void)wd_alloc_fail_at(k); /* arms */
	r = m->make(&s);
	if (!wd_alloc_fail_at(0)) {
		assert_int_equal(r, m->want);
		assert_int_equal(alive, before + (r == 0));
		s = wd_secret_free(s);
		return false;
	}
	if (r >= 0 || s != NULL || alive != before)
		fail_msg("%s: allocation %d", m->name, (int)k);
	return true;
}

static void
failing_memory_leaves_no_secret(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(makers); i++)
		for (uint64_t k = 1; fails_cleanly_at(&makers[i], k); k++)
			continue;
	assert_int_equal(alive, 0);
}

/* The last byte of all that is opened is damaged first. */
static void
refused_input_leaves_no_secret(void **state)
{
	struct wd_bytes *parts[] = { sealed, oaep, to_bob.tag, to_rsa.tag };
	static const size_t users[] = { 4, 7, 9, 10 };

	(void)state;
	for (size_t i = 0; i < WD_N(parts); i++) {
		struct wd_secret *s = NULL;

		parts[i]->p[parts[i]->len - 1] ^= 1;
		assert_int_equal(makers[users[i]].make(&s), WD_R_TAMPERED);
		parts[i]->p[parts[i]->len - 1] ^= 1;
		assert_null(s);
		assert_int_equal(alive, 0);
	}
}

static void
sealing_with_failing_memory_leaves_nothing(void **state)
{
	static const enum wd_jwe_alg algs[] = { WD_JWE_ECDH_ES_A256KW,
		WD_JWE_RSA_OAEP_256 };

	(void)state;
	for (size_t i = 0; i < WD_N(algs); i++) {
		int fired = 1;

		for (uint64_t k = 1; fired; k++) {
			struct wd_jwe jwe = { 0 };
			int r;

			(void)wd_alloc_fail_at(k); /* arms */
			r = wd_jwe_seal(
			    i == 0 ? bob : rsa, algs[i], plain, &jwe);
			fired = wd_alloc_fail_at(0);
			assert_int_equal(r < 0, fired);
			assert_int_equal(jwe.tag == NULL, fired);
			assert_int_equal(alive, 0);
			wd_jwe_done(&jwe);
		}
	}
}

static int
setup(void **state)
{
	(void)state;
	wd_secret_set_memory(counting_alloc, counting_release);
	if (wd_crypto_init(NULL) != 0)
		return 1;
	bob = t_private(key_bob);
	alice = t_private(key_alice);
	rsa = t_private(key_rsa);
	t_ok(wd_aead_seal(WD_SPAN(key), plain, plain, &sealed));
	t_ok(wd_oaep256_encrypt(rsa, plain, &oaep));
	t_ok(wd_jwe_seal(bob, WD_JWE_ECDH_ES_A256KW, plain, &to_bob));
	t_ok(wd_jwe_seal(rsa, WD_JWE_RSA_OAEP_256, plain, &to_rsa));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	bob = wd_pkey_free(bob);
	alice = wd_pkey_free(alice);
	rsa = wd_pkey_free(rsa);
	sealed = wd_bytes_free(sealed);
	oaep = wd_bytes_free(oaep);
	wd_jwe_done(&to_bob);
	wd_jwe_done(&to_rsa);
	return alive == 0 ? 0 : 1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failing_memory_leaves_no_secret),
		cmocka_unit_test(refused_input_leaves_no_secret),
		cmocka_unit_test(sealing_with_failing_memory_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
