/*
 * What programs ask for, in the terms of the server's door, and what is no
 * signature of theirs.
 */
#include "lib/t.h"

#include "bin/agent/remote_sign.h"
#include "crypto/init.h"

static const uint8_t info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86,
	0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };

static uint8_t data[64] = { 0xf1, 2, 3, [31] = 4, 5, [47] = 6, 7, [63] = 8 };

static enum wd_holder_status
ask(enum wd_holder_kind kind, enum wd_holder_mech mech, size_t len,
    struct wd_remote_sign *x)
{
	const struct wd_holder_sign m = { .mech = mech,
		.hash = WD_HOLDER_SHA256,
		.mgf = WD_HOLDER_SHA256,
		.salt_len = 32,
		.data = wd_span(data, len) };

	return wd_remote_sign_of(kind, &m, x);
}

/* Has KEY sign as the door would, and as a holder of it would. */
static void
both_sign_alike(const struct wd_pkey *key, enum wd_sig_alg alg,
    const struct wd_holder_sign *m, struct wd_remote_sign *x)
{
	struct wd_raw_params raw = { .kind = WD_RAW_ECDSA };
	uint8_t sig[WD_SIG_MAX];
	size_t len = 0;

	t_ok(wd_sign_raw(key, &raw, m->data, sig, &len));
	t_ok(wd_remote_sign_verify(key, x, m->data, wd_span(sig, len)));
	t_ok(wd_sign_digest(key, alg, wd_span(x->digest, x->len), sig, &len));
	t_ok(wd_remote_sign_verify(key, x, m->data, wd_span(sig, len)));
	sig[len - 1] ^= 1;
	assert_int_equal(
	    wd_remote_sign_verify(key, x, m->data, wd_span(sig, len)),
	    WD_R_MISMATCH);
}

static void
ecdsa_signs_any_digest_as_its_curve_reads_it(void **state)
{
	static const struct {
		enum wd_pkey_alg alg;
		enum wd_holder_kind kind;
		enum wd_keysig sig;
		enum wd_sig_alg by;
		size_t len;
	} rows[] = {
		{ WD_PKEY_P256, WD_HOLDER_P256, WD_KEYSIG_ES256, WD_SIG_ES256,
		    32 },
		{ WD_PKEY_P384, WD_HOLDER_P384, WD_KEYSIG_ES384, WD_SIG_ES384,
		    48 },
		{ WD_PKEY_P521, WD_HOLDER_P521, WD_KEYSIG_ES512, WD_SIG_ES512,
		    64 },
	};
	static const size_t lens[] = { 1, 20, 32, 48, 64 };

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;

		t_ok(wd_pkey_generate(rows[i].alg, &key));
		for (size_t k = 0; k < WD_N(lens); k++) {
			const struct wd_holder_sign m = { .mech =
							      WD_HOLDER_ECDSA,
				.data = wd_span(data, lens[k]) };
			struct wd_remote_sign x;

			assert_int_equal(
			    wd_remote_sign_of(rows[i].kind, &m, &x),
			    WD_HOLDER_OK);
			assert_int_equal(x.sig, rows[i].sig);
			assert_int_equal(x.len, rows[i].len);
			both_sign_alike(key, rows[i].by, &m, &x);
		}
	}
}

static void
rsa_signs_by_the_names_of_the_door(void **state)
{
	struct wd_remote_sign x;

	(void)state;
	assert_int_equal(
	    ask(WD_HOLDER_RSA, WD_HOLDER_PSS, 32, &x), WD_HOLDER_OK);
	assert_int_equal(x.sig, WD_KEYSIG_PS256);
	assert_true(x.hashed);
	t_span_equal(wd_span(x.digest, x.len), wd_span(data, 32));
	assert_int_equal(
	    ask(WD_HOLDER_RSA, WD_HOLDER_PSS, 31, &x), WD_HOLDER_DATA_LENGTH);
}

static void
a_digest_info_is_a_digest_to_the_door(void **state)
{
	static const struct {
		uint8_t id, len;
		enum wd_keysig sig;
	} rows[] = {
		{ 1, 32, WD_KEYSIG_RS256 },
		{ 2, 48, WD_KEYSIG_RS384 },
		{ 3, 64, WD_KEYSIG_RS512 },
	};
	uint8_t text[sizeof(info) + 64];

	(void)state;
	for (size_t k = 0; k < WD_N(rows); k++) {
		struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
		struct wd_holder_sign m = { .mech = WD_HOLDER_PKCS1 };
		struct wd_remote_sign x;

		wd_wr_bytes(&wr, WD_SPAN(info));
		wd_wr_bytes(&wr, wd_span(data, rows[k].len));
		text[1] = (uint8_t)(17 + rows[k].len);
		text[14] = rows[k].id;
		text[18] = rows[k].len;
		m.data = wd_wr_span(&wr);
		assert_int_equal(
		    wd_remote_sign_of(WD_HOLDER_RSA, &m, &x), WD_HOLDER_OK);
		assert_int_equal(x.sig, rows[k].sig);
		t_span_equal(
		    wd_span(x.digest, x.len), wd_span(data, rows[k].len));
		for (size_t i = 0; i < sizeof(info); i++) {
			text[i] ^= 0x80;
			assert_int_equal(
			    wd_remote_sign_of(WD_HOLDER_RSA, &m, &x),
			    WD_HOLDER_MECHANISM);
			text[i] ^= 0x80;
		}
		m.data.len--;
		assert_int_equal(wd_remote_sign_of(WD_HOLDER_RSA, &m, &x),
		    WD_HOLDER_MECHANISM);
	}
}

static void
pss_has_a_salt_as_long_as_its_hash(void **state)
{
	static const struct {
		enum wd_holder_hash hash;
		uint16_t len;
		enum wd_keysig sig;
	} rows[] = {
		{ WD_HOLDER_SHA256, 32, WD_KEYSIG_PS256 },
		{ WD_HOLDER_SHA384, 48, WD_KEYSIG_PS384 },
		{ WD_HOLDER_SHA512, 64, WD_KEYSIG_PS512 },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_holder_sign m = { .mech = WD_HOLDER_PSS,
			.hash = rows[i].hash,
			.mgf = rows[i].hash,
			.salt_len = rows[i].len,
			.data = wd_span(data, rows[i].len) };
		struct wd_remote_sign x;

		assert_int_equal(
		    wd_remote_sign_of(WD_HOLDER_RSA, &m, &x), WD_HOLDER_OK);
		assert_int_equal(x.sig, rows[i].sig);
		m.salt_len--;
		assert_int_equal(wd_remote_sign_of(WD_HOLDER_RSA, &m, &x),
		    WD_HOLDER_PARAMETER);
	}
}

static void
what_has_no_such_name_is_refused(void **state)
{
	struct wd_holder_sign m = { .mech = WD_HOLDER_PSS,
		.hash = WD_HOLDER_SHA256,
		.mgf = WD_HOLDER_SHA256,
		.salt_len = 32,
		.data = wd_span(data, 32) };
	struct wd_remote_sign x;

	(void)state;
	m.salt_len = 20;
	assert_int_equal(
	    wd_remote_sign_of(WD_HOLDER_RSA, &m, &x), WD_HOLDER_PARAMETER);
	m.salt_len = 32;
	m.mgf = WD_HOLDER_SHA384;
	assert_int_equal(
	    wd_remote_sign_of(WD_HOLDER_RSA, &m, &x), WD_HOLDER_PARAMETER);
	assert_int_equal(
	    ask(WD_HOLDER_P256, WD_HOLDER_ECDSA, 0, &x), WD_HOLDER_DATA_LENGTH);
	assert_int_equal(
	    ask(WD_HOLDER_RSA, WD_HOLDER_ECDSA, 32, &x), WD_HOLDER_MECHANISM);
	assert_int_equal(
	    ask(WD_HOLDER_RSA, WD_HOLDER_PKCS1, 51, &x), WD_HOLDER_MECHANISM);
	assert_int_equal(
	    ask(WD_HOLDER_RSA, WD_HOLDER_PKCS1, 0, &x), WD_HOLDER_MECHANISM);
	m = (struct wd_holder_sign){ .mech = WD_HOLDER_EDDSA,
		.data = wd_span(data, WD_KEYUSE_DATA_MAX + 1) };
	assert_int_equal(wd_remote_sign_of(WD_HOLDER_ED25519, &m, &x),
	    WD_HOLDER_DATA_LENGTH);
}

static void
ed25519_signs_the_message_itself(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	struct wd_remote_sign x;
	uint8_t sig[WD_SIG_MAX];
	size_t len = 0;

	(void)state;
	t_ok(wd_pkey_generate(WD_PKEY_ED25519, &key));
	assert_int_equal(
	    ask(WD_HOLDER_ED25519, WD_HOLDER_EDDSA, 50, &x), WD_HOLDER_OK);
	assert_int_equal(x.sig, WD_KEYSIG_EDDSA);
	assert_false(x.hashed);
	t_ok(wd_sign(key, WD_SIG_EDDSA, wd_span(data, 50), sig, &len));
	t_ok(wd_remote_sign_verify(
	    key, &x, wd_span(data, 50), wd_span(sig, len)));
	assert_int_equal(wd_remote_sign_verify(
			     key, &x, wd_span(data, 49), wd_span(sig, len)),
	    WD_R_MISMATCH);
}

static void
a_signature_by_another_key_or_of_another_form_is_none(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL, *other = NULL;
	struct wd_remote_sign x;
	uint8_t sig[WD_SIG_MAX];
	size_t len = 0;

	(void)state;
	t_ok(wd_pkey_generate(WD_PKEY_P256, &key));
	t_ok(wd_pkey_generate(WD_PKEY_P256, &other));
	assert_int_equal(
	    ask(WD_HOLDER_P256, WD_HOLDER_ECDSA, 32, &x), WD_HOLDER_OK);
	t_ok(wd_sign_digest(other, WD_SIG_ES256, wd_span(data, 32), sig, &len));
	assert_int_equal(
	    wd_remote_sign_verify(key, &x, wd_span(NULL, 0), wd_span(sig, len)),
	    WD_R_MISMATCH);
	t_ok(wd_remote_sign_verify(
	    other, &x, wd_span(NULL, 0), wd_span(sig, len)));
	for (size_t n = 0; n < len; n++)
		assert_int_equal(wd_remote_sign_verify(other, &x,
				     wd_span(NULL, 0), wd_span(sig, n)),
		    WD_R_MISMATCH);
	/* An algorithm that the key does not have. */
	x.sig = WD_KEYSIG_PS256;
	assert_int_equal(wd_remote_sign_verify(
			     other, &x, wd_span(NULL, 0), wd_span(sig, len)),
	    WD_R_MISMATCH);
}

static int
start(void **state)
{
	(void)state;
	return wd_crypto_init(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ecdsa_signs_any_digest_as_its_curve_reads_it),
		cmocka_unit_test(rsa_signs_by_the_names_of_the_door),
		cmocka_unit_test(a_digest_info_is_a_digest_to_the_door),
		cmocka_unit_test(pss_has_a_salt_as_long_as_its_hash),
		cmocka_unit_test(what_has_no_such_name_is_refused),
		cmocka_unit_test(ed25519_signs_the_message_itself),
		cmocka_unit_test(
		    a_signature_by_another_key_or_of_another_form_is_none),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
