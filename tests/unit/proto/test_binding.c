/*
 * Bindings against digests that were computed elsewhere (Python's json and
 * hashlib), and everything that binds nothing.
 */
#include "lib/t.h"
#include "lib/t_hex.h"

#include "crypto/init.h"
#include "proto/binding.h"

static uint8_t x[66], y[66], n[512], e[8], counting[32];

/* The key of RFC 7515, appendix A.3. */
static struct wd_bound
p256(void)
{
	struct wd_bound b = { .door = WD_DOOR_COCO,
		.tee = WD_TEE_SGX,
		.challenge = WD_SPAN(counting),
		.key = {
		    .curve = WD_PKEY_P256, .alg = WD_JWE_ECDH_ES_A256KW } };

	for (uint8_t i = 0; i < sizeof(counting); i++)
		counting[i] = i;
	b.key.x = t_hex("7fcdce2770f6c45d4183cbee6fdb4b7b"
			"580733357be9ef13bacf6e3c7bd15445",
	    x);
	b.key.y = t_hex("c7f144cd1bbd9b7e872cdfedb9eeb9f4"
			"b3695d6ea90b24ad8a4623288588e5ad",
	    y);
	return b;
}

static struct wd_bound
rsa(void)
{
	struct wd_bound b = p256();

	b.key = (struct wd_jwk){ .curve = WD_PKEY_NONE,
		.alg = WD_JWE_RSA_OAEP_256,
		.n = wd_span(n, 256),
		.e = wd_span(e, 3) };
	for (size_t i = 0; i < sizeof(n); i++)
		n[i] = 0xee;
	e[0] = e[2] = 1;
	return b;
}

static void
binds(const struct wd_bound *b, const char *hex)
{
	uint8_t want[48], got[WD_BINDING_MAX];
	size_t len = 0;

	t_ok(wd_binding(b, got, &len));
	t_span_equal(wd_span(got, len), t_hex(hex, want));
}

static void
refused(const struct wd_bound *b, int r)
{
	uint8_t got[WD_BINDING_MAX];
	size_t len = 77;

	assert_int_equal(wd_binding(b, got, &len), r);
	assert_int_equal(len, 77);
}

static void
coco_binds_as_its_clients_do(void **state)
{
	struct wd_bound b = p256();

	(void)state;
	binds(&b,
	    "dfa65d498315212bdaf8857231cf0482172933db271f1585"
	    "6bf30db447227eb5b1dd9e29fcc1fb9076fb00792c3bb7e7");
	b.tee = WD_TEE_CCA; /* the same, in the realm's challenge */
	binds(&b,
	    "dfa65d498315212bdaf8857231cf0482172933db271f1585"
	    "6bf30db447227eb5b1dd9e29fcc1fb9076fb00792c3bb7e7");
	b = rsa();
	binds(&b,
	    "ca7749ddd3a391a4da8acea2936a7ee4a40df93d87d6c07d"
	    "7db629e25273020f21c35b326d589df73ab02827ccc57bc4");
}

/* A device is bound to nonce and key: not to the text that it stands in. */
static void
a_device_is_bound_without_what_it_comes_with(void **state)
{
	struct wd_bound b = p256();

	(void)state;
	b.tee = WD_TEE_NVIDIA;
	binds(&b,
	    "cc12bca78af3e46d9ddb68eb97122047"
	    "abb52703f1cec34bd0adc12c5ac8c860");
	b.additional = WD_SPAN_LIT("{\"nvidia\":1}");
	binds(&b,
	    "cc12bca78af3e46d9ddb68eb97122047"
	    "abb52703f1cec34bd0adc12c5ac8c860");
}

static void
additional_evidence_is_bound_with_its_escapes(void **state)
{
	struct wd_bound b = p256();

	(void)state;
	for (size_t i = 0; i < sizeof(x); i++) {
		x[i] = 1;
		y[i] = 2;
	}
	b.key.curve = WD_PKEY_P521;
	b.key.x = WD_SPAN(x);
	b.key.y = WD_SPAN(y);
	b.challenge = WD_SPAN_LIT("\xff\xff\xff");
	b.additional = WD_SPAN_LIT("{\"nvidia\":\"\xc3\xa9\n\"}");
	binds(&b,
	    "9bf801c978cedc13c8e2ee00588672d4ba49c22d155fcc6e"
	    "aff1c9233adb7136ff4700a69f9149b4ee92f18edc400f74");
	b.additional = WD_SPAN_LIT("\xc3");
	refused(&b, WD_R_MALFORMED);
}

static void
parts_of_a_key_have_their_sizes(void **state)
{
	struct wd_bound b = p256();

	(void)state;
	b.key.x.len = 31;
	refused(&b, WD_R_KEY_INVALID);
	b = p256();
	b.key.y.len = 33;
	refused(&b, WD_R_KEY_INVALID);
	b = p256();
	b.key.curve = WD_PKEY_P521;
	refused(&b, WD_R_KEY_INVALID);
	b = rsa();
	b.key.n.len = 0;
	refused(&b, WD_R_KEY_INVALID);
	b = rsa();
	b.key.n.len = 513;
	refused(&b, WD_R_KEY_INVALID);
	b = rsa();
	b.key.e.len = 0;
	refused(&b, WD_R_KEY_INVALID);
	b = rsa();
	b.key.e.len = 9;
	refused(&b, WD_R_KEY_INVALID);
}

static void
what_a_door_does_not_bind_is_refused(void **state)
{
	struct wd_bound b = p256();

	(void)state;
	b.key.curve = WD_PKEY_P384;
	refused(&b, WD_R_UNSUPPORTED);
	b = p256();
	b.key.alg = WD_JWE_RSA_OAEP_256;
	refused(&b, WD_R_UNSUPPORTED);
	b = rsa();
	b.key.alg = WD_JWE_NONE;
	refused(&b, WD_R_UNSUPPORTED);
	b = p256();
	b.door = WD_DOOR_ADMIN;
	refused(&b, WD_R_UNSUPPORTED);
	b = p256();
	b.tee = WD_TEE_PSA;
	refused(&b, WD_R_UNSUPPORTED);
}

static int
setup(void **state)
{
	(void)state;
	return wd_crypto_init(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(coco_binds_as_its_clients_do),
		cmocka_unit_test(a_device_is_bound_without_what_it_comes_with),
		cmocka_unit_test(additional_evidence_is_bound_with_its_escapes),
		cmocka_unit_test(parts_of_a_key_have_their_sizes),
		cmocka_unit_test(what_a_door_does_not_bind_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
