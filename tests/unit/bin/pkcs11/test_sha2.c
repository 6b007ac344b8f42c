/*
 * The module's own SHA-2 against libcrypto's, over every length around a block
 * and in every division.
 */
#include "lib/t.h"

#include "bin/pkcs11/sha2.h"
#include "crypto/hash.h"
#include "crypto/init.h"

enum { LONGEST = 300 };

static const struct {
	enum wd_sha2_alg ours;
	enum wd_hash theirs;
} algs[] = { { WD_SHA2_256, WD_SHA256 }, { WD_SHA2_384, WD_SHA384 },
	{ WD_SHA2_512, WD_SHA512 } };

static uint8_t data[LONGEST];

static void
check(size_t alg, size_t len, size_t first)
{
	uint8_t ours[WD_SHA2_MAX], theirs[WD_HASH_MAX];
	struct wd_sha2 s;

	wd_sha2_init(&s, algs[alg].ours);
	wd_sha2_add(&s, wd_span(data, first));
	wd_sha2_add(&s, wd_span(data + first, len - first));
	wd_sha2_end(&s, ours);
	t_ok(wd_hash(algs[alg].theirs, wd_span(data, len), theirs));
	assert_int_equal(
	    wd_sha2_len(algs[alg].ours), wd_hash_len(algs[alg].theirs));
	assert_memory_equal(ours, theirs, wd_sha2_len(algs[alg].ours));
}

static void
every_length_hashes_as_libcrypto_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(algs); i++)
		for (size_t len = 0; len <= LONGEST; len++)
			check(i, len, 0);
}

static void
parts_hash_as_the_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(algs); i++)
		for (size_t first = 0; first <= LONGEST; first++)
			check(i, LONGEST, first);
}

/* FIPS 180-4's own example, so that a fault of both would show. */
static void
abc_hashes_as_published(void **state)
{
	static const uint8_t expected[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01,
		0xcf, 0xea };
	uint8_t digest[WD_SHA2_MAX];
	struct wd_sha2 s;

	(void)state;
	wd_sha2_init(&s, WD_SHA2_256);
	wd_sha2_add(&s, WD_SPAN_LIT("abc"));
	wd_sha2_end(&s, digest);
	assert_memory_equal(digest, expected, sizeof(expected));
	assert_true(wd_span_is_zero(wd_span(&s, sizeof(s))));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_hashes_as_libcrypto_does),
		cmocka_unit_test(parts_hash_as_the_whole),
		cmocka_unit_test(abc_hashes_as_published),
	};

	for (size_t i = 0; i < LONGEST; i++)
		data[i] = (uint8_t)(i * 7 + 1);
	t_ok(wd_crypto_init(NULL));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
