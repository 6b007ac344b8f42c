/*
 * Digests and HMAC against published vectors.
 */
#include "lib/t.h"
#include "lib/t_hex.h"

#include "crypto/hash.h"
#include "crypto/init.h"

static void
digests_match_fips_180_4(void **state)
{
	static const char *const abc[] = {
		[WD_SHA256] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9c"
			      "b410ff61f20015ad",
		[WD_SHA384] =
		    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
		    "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
		[WD_SHA512] = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2"
			      "0a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
			      "454d4423643ce80e2a9ac94fa54ca49f",
		[WD_SHA1] = "a9993e364706816aba3e25717850c26c9cd0d89d",
	};
	uint8_t want[WD_HASH_MAX], got[WD_HASH_MAX];

	(void)state;
	for (size_t i = 0; i < WD_N(abc); i++) {
		struct wd_span w = t_hex(abc[i], want);

		assert_int_equal(wd_hash_len((enum wd_hash)i), w.len);
		t_ok(wd_hash((enum wd_hash)i, WD_SPAN_LIT("abc"), got));
		t_span_equal(wd_span(got, w.len), w);
	}
}

static void
parts_hash_like_the_whole(void **state)
{
	struct wd_span parts[] = { WD_SPAN_LIT("a"), { NULL, 0 },
		WD_SPAN_LIT("bc") };
	uint8_t whole[32], got[32];

	(void)state;
	t_ok(wd_hash(WD_SHA256, WD_SPAN_LIT("abc"), whole));
	t_ok(wd_hash_parts(WD_SHA256, parts, 3, got));
	t_span_equal(WD_SPAN(got), WD_SPAN(whole));
	t_ok(wd_hash_parts(WD_SHA256, NULL, 0, got));
	t_ok(wd_hash(WD_SHA256, WD_SPAN_LIT(""), whole));
	t_span_equal(WD_SPAN(got), WD_SPAN(whole));
}

static void
pieces_hash_like_the_whole(void **state)
{
	WD_AUTO(wd_hasher_freep) struct wd_hasher *h = NULL;
	uint8_t whole[64], got[64];

	(void)state;
	for (enum wd_hash alg = WD_SHA256; alg <= WD_SHA1; alg++) {
		h = wd_hasher_new(alg);
		assert_non_null(h);
		t_ok(wd_hasher_add(h, WD_SPAN_LIT("a")));
		t_ok(wd_hasher_add(h, wd_span(NULL, 0)));
		t_ok(wd_hasher_add(h, WD_SPAN_LIT("bc")));
		t_ok(wd_hasher_end(h, got));
		t_ok(wd_hash(alg, WD_SPAN_LIT("abc"), whole));
		t_span_equal(wd_span(got, wd_hash_len(alg)),
		    wd_span(whole, wd_hash_len(alg)));
		h = wd_hasher_free(h);
	}
}

struct hmac_vector {
	size_t key_len;
	uint8_t key_byte;
	const char *data;
	const char *mac;
};

/* RFC 4231, cases 1 and 6; the last is the HMAC of nothing under no key. */
static void
hmac_matches_rfc_4231(void **state)
{
	static const struct hmac_vector vectors[] = {
		{ 20, 0x0b, "Hi There",
		    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e"
		    "32cff7" },
		{ 131, 0xaa,
		    "Test Using Larger Than Block-Size Key - Hash Key First",
		    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0e"
		    "e37f54" },
		{ 0, 0, "",
		    "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c7121442"
		    "92"
		    "c5ad" },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(vectors); i++) {
		const struct hmac_vector *v = &vectors[i];
		struct wd_span data = wd_span_text(v->data);
		struct wd_span parts[] = { wd_span(data.p, data.len / 2),
			wd_span(
			    data.p + data.len / 2, data.len - data.len / 2) };
		uint8_t key[131], want[32], got[32];

		for (size_t j = 0; j < v->key_len; j++)
			key[j] = v->key_byte;
		t_ok(wd_hmac_sha256(wd_span(key, v->key_len), parts, 2, got));
		t_span_equal(WD_SPAN(got), t_hex(v->mac, want));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_match_fips_180_4),
		cmocka_unit_test(parts_hash_like_the_whole),
		cmocka_unit_test(pieces_hash_like_the_whole),
		cmocka_unit_test(hmac_matches_rfc_4231),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
