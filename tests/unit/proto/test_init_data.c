/*
 * Init-data against the field of each TEE.
 */
#include "lib/t.h"

#include "crypto/hash.h"
#include "crypto/init.h"
#include "proto/init_data.h"

#define TEXT "version = \"0.1.0\"\n"

static const struct wd_span text = { (const uint8_t *)TEXT, sizeof(TEXT) - 1 };

/* The claims of evidence whose CLAIM holds the first LEN bytes of the hash. */
static struct wd_claims
with(enum wd_claim claim, enum wd_hash hash, size_t len)
{
	struct wd_claims c = { 0 };
	uint8_t field[64] = { 0 };
	uint8_t digest[WD_HASH_MAX];

	t_ok(wd_hash(hash, text, digest));
	for (size_t i = 0; i < len && i < wd_hash_len(hash); i++)
		field[i] = digest[i];
	t_ok(wd_claims_put(&c, claim, wd_span(field, len)));
	return c;
}

static struct wd_claims
extended(size_t digest_len)
{
	static const uint8_t zeros[32] = { 0 };
	struct wd_claims c = { 0 };
	uint8_t digest[WD_HASH_MAX], value[32];
	const struct wd_span parts[] = { WD_SPAN(zeros),
		{ digest, digest_len } };

	t_ok(wd_hash(digest_len == 32 ? WD_SHA256 : WD_SHA384, text, digest));
	t_ok(wd_hash_parts(WD_SHA256, parts, 2, value));
	t_ok(wd_claims_put(&c, WD_C_PCR8, WD_SPAN(value)));
	return c;
}

static void
is_bound(enum wd_tee tee, struct wd_claims c)
{
	uint8_t want[32];
	struct wd_span s;

	t_ok(wd_init_data_judge(tee, text, &c, NULL));
	assert_true(wd_claims_get(&c, WD_C_INIT_DATA, &s));
	assert_true(wd_span_is(s, "bound"));
	t_ok(wd_hash(WD_SHA256, text, want));
	assert_true(wd_claims_get(&c, WD_C_INIT_DATA_SHA256, &s));
	t_span_equal(s, WD_SPAN(want));
}

static void
is_refused(enum wd_tee tee, struct wd_claims c, int reason)
{
	struct wd_span s;

	assert_int_equal(wd_init_data_judge(tee, text, &c, NULL), reason);
	assert_false(wd_claims_get(&c, WD_C_INIT_DATA, &s));
	assert_false(wd_claims_get(&c, WD_C_INIT_DATA_SHA256, &s));
}

static void
a_hash_in_the_signed_field_binds_the_text(void **state)
{
	static const struct {
		enum wd_tee tee;
		enum wd_claim claim;
		size_t len;
	} rows[] = {
		{ WD_TEE_SGX, WD_C_CONFIGID, 64 },
		{ WD_TEE_TDX, WD_C_MRCONFIGID, 48 },
		{ WD_TEE_SNP, WD_C_HOST_DATA, 32 },
	};
	static const enum wd_hash hashes[] = { WD_SHA256, WD_SHA384,
		WD_SHA512 };

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++)
		for (size_t h = 0; h < WD_N(hashes); h++)
			is_bound(rows[i].tee,
			    with(rows[i].claim, hashes[h], rows[i].len));
	is_bound(WD_TEE_CCA, with(WD_C_REALM_PERSONALIZATION, WD_SHA512, 64));
	is_bound(WD_TEE_TPM, extended(32));
	is_bound(WD_TEE_AZ_SNP, extended(32));
	is_bound(WD_TEE_AZ_TDX, extended(32));
}

/* A hash with something behind it, in a field that is longer. */
static struct wd_claims
with_more(enum wd_claim claim, size_t len)
{
	struct wd_claims c = { 0 };
	uint8_t field[64] = { 0 };

	t_ok(wd_hash(WD_SHA256, text, field));
	field[len - 1] = 1;
	t_ok(wd_claims_put(&c, claim, wd_span(field, len)));
	return c;
}

static void
anything_else_in_the_field_is_refused(void **state)
{
	struct wd_claims zeros = { 0 };
	static const uint8_t none[64] = { 0 };

	(void)state;
	t_ok(wd_claims_put(&zeros, WD_C_HOST_DATA, wd_span(none, 32)));
	is_refused(WD_TEE_SNP, zeros, WD_R_INIT_DATA_MISMATCH);
	is_refused(WD_TEE_SNP, with(WD_C_HOST_DATA, WD_SHA1, 32),
	    WD_R_INIT_DATA_MISMATCH);
	is_refused(WD_TEE_SNP, with(WD_C_HOST_DATA, WD_SHA256, 31),
	    WD_R_INIT_DATA_MISMATCH); /* too short a field to say anything */
	is_refused(
	    WD_TEE_SGX, with_more(WD_C_CONFIGID, 64), WD_R_INIT_DATA_MISMATCH);
	is_refused(WD_TEE_TDX, with_more(WD_C_MRCONFIGID, 48),
	    WD_R_INIT_DATA_MISMATCH);
	is_refused(WD_TEE_CCA, with(WD_C_REALM_PERSONALIZATION, WD_SHA256, 64),
	    WD_R_INIT_DATA_MISMATCH);
	is_refused(WD_TEE_TPM, extended(48), WD_R_INIT_DATA_MISMATCH);
	is_refused(WD_TEE_TPM, with(WD_C_PCR8, WD_SHA256, 32),
	    WD_R_INIT_DATA_MISMATCH); /* not extended, but set */
}

/* Also of a virtual TPM: a register that was not quoted is nobody's word. */
static void
a_field_that_is_not_there_binds_nothing(void **state)
{
	struct wd_claims c = { 0 };
	struct wd_span s;

	(void)state;
	t_ok(wd_claims_put_text(&c, WD_C_TEE, "tpm"));
	t_ok(wd_init_data_judge(WD_TEE_TPM, text, &c, NULL));
	assert_true(wd_claims_get(&c, WD_C_INIT_DATA, &s));
	assert_true(wd_span_is(s, "untrusted"));
	assert_false(wd_claims_get(&c, WD_C_INIT_DATA_SHA256, &s));
	is_refused(WD_TEE_PSA, (struct wd_claims){ 0 }, WD_R_UNSUPPORTED);
	is_refused(WD_TEE_NVIDIA, (struct wd_claims){ 0 }, WD_R_UNSUPPORTED);
	/* The hardware's field is the paravisor's there. */
	c = with(WD_C_HOST_DATA, WD_SHA256, 32);
	t_ok(wd_init_data_judge(WD_TEE_AZ_SNP, text, &c, NULL));
	assert_true(wd_claims_get(&c, WD_C_INIT_DATA, &s));
	assert_true(wd_span_is(s, "untrusted"));
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
		cmocka_unit_test(a_hash_in_the_signed_field_binds_the_text),
		cmocka_unit_test(anything_else_in_the_field_is_refused),
		cmocka_unit_test(a_field_that_is_not_there_binds_nothing),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
