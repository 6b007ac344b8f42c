/*
 * Policies for TPMs: registers, and whose key it is that quotes them.
 */
#include "lib/t.h"

#include "policy/eval.h"
#include "policy/parse.h"

#include <stdio.h>

#define V32 "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
#define NAME "000b" V32
#define P(clauses) "{\"warder\":1,\"tee\":\"tpm\",\"all\":[" clauses "]}"
#define PCR "{\"claim\":\"pcr.16\",\"in\":[\"" V32 "\"]}"
#define PIN "{\"claim\":\"ak_name\",\"eq\":\"" NAME "\"}"

static const uint8_t name[34] = { 0, 0x0b, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25,
	0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f, 0x30, 0x31,
	0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d,
	0x3e, 0x3f };

/* TRUST NULL: the evidence does not say. */
static int
judge(const char *policy, const char *trust)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = NULL;
	struct wd_claims c = { 0 };

	t_ok(wd_policy_parse(wd_span_text(policy), NULL, &p));
	t_ok(wd_claims_put_text(&c, WD_C_TEE, "tpm"));
	t_ok(wd_claims_put_bool(&c, WD_C_SOFTWARE, false));
	t_ok(wd_claims_put_text(&c, WD_C_PCR_BANK, "sha256"));
	t_ok(wd_claims_put_bool(&c, WD_C_TPM_SAFE, true));
	t_ok(wd_claims_put(
	    &c, WD_C_FIRMWARE_VERSION, WD_SPAN_LIT("\1\2\3\4\5\6\7\10")));
	t_ok(wd_claims_put(&c, WD_C_AK_NAME, WD_SPAN(name)));
	if (trust != NULL)
		t_ok(wd_claims_put_text(&c, WD_C_AK_TRUST, trust));
	t_ok(wd_claims_put(&c, WD_C_PCR16, wd_span(name + 2, 32)));
	t_ok(wd_claims_put_bool(&c, WD_C_SECURE_BOOT, true));
	t_ok(wd_claims_put(&c, WD_C_AK_PUBLIC_SHA256, wd_span(name + 2, 32)));
	return wd_policy_eval(p, &c, NULL, 0, NULL);
}

static void
a_key_is_trusted_by_chain_enrolment_platform_or_name(void **state)
{
	(void)state;
	t_ok(judge(P(PCR), "chain"));
	t_ok(judge(P(PCR), "enrolled"));
	t_ok(judge(P(PCR), "platform"));
	assert_int_equal(judge(P(PCR), "none"), WD_R_AK_NOT_TRUSTED);
	assert_int_equal(judge(P(PCR), NULL), WD_R_AK_NOT_TRUSTED);
	t_ok(judge(P(PCR "," PIN), "none"));
	t_ok(judge(
	    P(PCR ",{\"claim\":\"ak_public_sha256\",\"in\":[\"" V32 "\"]}"),
	    "none"));
}

/* Any guest can have runtime data of its own vouched for by the hardware. */
static void
registers_of_a_vm_count_under_a_paravisor_that_is_named(void **state)
{
	static const struct {
		const char *tee, *clause;
		int result;
	} rows[] = {
		{ "az-snp-vtpm", PCR, WD_R_AK_NOT_TRUSTED },
		{ "az-tdx-vtpm", PCR, WD_R_AK_NOT_TRUSTED },
		{ "az-snp-vtpm",
		    PCR ",{\"claim\":\"measurement\",\"in\":[\"" V32
			"00112233445566778899aabbccddeeff\"]}",
		    WD_R_MEASUREMENT_MISMATCH },
		{ "az-snp-vtpm",
		    PCR ",{\"claim\":\"mr_td\",\"in\":[\"" V32
			"00112233445566778899aabbccddeeff\"]}",
		    WD_R_AK_NOT_TRUSTED },
		{ "az-tdx-vtpm",
		    PCR ",{\"any\":[{\"claim\":\"mr_td\",\"in\":"
			"[\"" V32 "00112233445566778899aabbccddeeff\"]}]}",
		    WD_R_AK_NOT_TRUSTED },
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		WD_AUTO(wd_policy_freep) struct wd_policy *p = NULL;
		struct wd_claims c = { 0 };
		uint8_t other[48] = { 9 };

		(void)snprintf(text, sizeof(text),
		    "{\"warder\":1,\"tee\":\"%s\",\"all\":[%s]}", rows[i].tee,
		    rows[i].clause);
		t_ok(wd_policy_parse(wd_span_text(text), NULL, &p));
		t_ok(wd_claims_put_text(&c, WD_C_TEE, rows[i].tee));
		t_ok(wd_claims_put_bool(&c, WD_C_SOFTWARE, false));
		t_ok(wd_claims_put_bool(&c, WD_C_DEBUG, false));
		t_ok(wd_claims_put_text(&c, WD_C_TCB_STATUS, "UpToDate"));
		t_ok(wd_claims_put(&c, WD_C_MEASUREMENT, WD_SPAN(other)));
		t_ok(wd_claims_put_text(&c, WD_C_AK_TRUST, "platform"));
		t_ok(wd_claims_put(&c, WD_C_PCR16, wd_span(name + 2, 32)));
		assert_int_equal(
		    wd_policy_eval(p, &c, NULL, 0, NULL), rows[i].result);
	}
}

static void
another_key_is_not_the_one_that_is_named(void **state)
{
	(void)state;
	assert_int_equal(
	    judge(P("{\"claim\":\"ak_name\",\"eq\":\"000c" V32 "\"}"), "chain"),
	    WD_R_AK_NOT_TRUSTED);
}

/* Under `any` it may be passed by, under `not` it says whom not to trust. */
static void
a_name_in_a_group_is_no_pin(void **state)
{
	(void)state;
	assert_int_equal(judge(P("{\"any\":[" PIN "," PCR "]}"), "none"),
	    WD_R_AK_NOT_TRUSTED);
	assert_int_equal(judge(P(PCR ",{\"not\":{\"claim\":\"ak_name\","
				     "\"eq\":\"000c" V32 "\"}}"),
			     "none"),
	    WD_R_AK_NOT_TRUSTED);
}

static void
registers_and_what_else_a_quote_says_are_compared(void **state)
{
	static const struct {
		const char *clause;
		int want;
	} rows[] = {
		{ "{\"claim\":\"pcr.16\",\"eq\":\"00" V32 "\"}",
		    WD_R_MEASUREMENT_MISMATCH },
		{ "{\"claim\":\"pcr.7\",\"eq\":\"" V32 "\"}",
		    WD_R_MEASUREMENT_MISMATCH },
		{ "{\"claim\":\"bank\",\"eq\":\"sha256\"}", 0 },
		{ "{\"claim\":\"bank\",\"eq\":\"sha384\"}",
		    WD_R_POLICY_CLAUSE },
		{ "{\"claim\":\"safe\",\"is\":true}", 0 },
		{ "{\"claim\":\"safe\",\"is\":false}", WD_R_POLICY_CLAUSE },
		{ "{\"claim\":\"secure_boot\",\"is\":true}", 0 },
		{ "{\"claim\":\"secure_boot\",\"is\":false}",
		    WD_R_POLICY_CLAUSE },
		{ "{\"claim\":\"firmware_version\",\"eq\":"
		  "\"0102030405060708\"}",
		    0 },
		{ "{\"claim\":\"firmware_version\",\"eq\":"
		  "\"0102030405060709\"}",
		    WD_R_POLICY_CLAUSE },
		{ "{\"claim\":\"ak_trust\",\"in\":[\"chain\"]}", 0 },
		{ "{\"claim\":\"ak_trust\",\"in\":[\"enrolled\"]}",
		    WD_R_AK_NOT_TRUSTED },
		{ "{\"claim\":\"event_data\",\"eq\":\"rehashed\"}",
		    WD_R_POLICY_CLAUSE },
		{ "{\"claim\":\"ima_violations\",\"eq\":0}",
		    WD_R_POLICY_CLAUSE },
		{ "{\"claim\":\"reset_count\",\"eq\":0}", WD_R_POLICY_CLAUSE },
	};
	char policy[512];

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		(void)snprintf(policy, sizeof(policy), P("%s"), rows[i].clause);
		if (judge(policy, "chain") != rows[i].want)
			fail_msg("%s: %d", policy, judge(policy, "chain"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_key_is_trusted_by_chain_enrolment_platform_or_name),
		cmocka_unit_test(
		    registers_of_a_vm_count_under_a_paravisor_that_is_named),
		cmocka_unit_test(another_key_is_not_the_one_that_is_named),
		cmocka_unit_test(a_name_in_a_group_is_no_pin),
		cmocka_unit_test(
		    registers_and_what_else_a_quote_says_are_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
