/*
 * Quotes of TPMs, right ones and each way to be wrong.
 */
#include "verify/tpm_world.h"

#include "lib/t.h"

#include "base/wr.h"
#include "codec/hex.h"
#include "crypto/init.h"
#include "crypto/x509_make.h"
#include "verify/claims.h"
#include "verify/tpm/alg.h"

#include <stdio.h>

enum { AT = 1735689600 };

static struct wd_appraisal_rules rules;

static int
judge_at(const struct wd_inputs *in, struct wd_span nonce,
    struct wd_claims *ret, struct wd_diag *d)
{
	struct wd_claims claims = { .last = 77 };
	struct wd_verifier *v;
	int r;

	t_ok(wd_verifier_new(&rules, &v));
	r = wd_appraise(v, WD_TEE_TPM, in, AT, nonce, &claims, d);
	if (r != 0)
		assert_int_equal(claims.last, 77);
	else
		t_ok(wd_appraise(v, WD_TEE_TPM, in, AT, nonce, ret, d));
	wd_verifier_freep(&v);
	return r;
}

static int
judge(const struct t_tpm *t, struct wd_claims *ret)
{
	return judge_at(&t->in, WD_SPAN(t->nonce), ret, NULL);
}

static int
judge_spec(const struct t_tpm_spec *s)
{
	struct wd_claims claims;
	struct t_tpm t;
	int r;

	t_tpm_make(s, &t);
	r = judge(&t, &claims);
	t_tpm_done(&t);
	return r;
}

static int
setup(void **state)
{
	(void)state;
	rules = (struct wd_appraisal_rules){ 0 };
	return 0;
}

static struct wd_span
claim(const struct wd_claims *c, enum wd_claim id)
{
	struct wd_span value;

	assert_true(wd_claims_get(c, id, &value));
	return value;
}

static void
quotes_of_every_kind_of_key_are_judged(void **state)
{
	static const struct t_tpm_spec specs[] = {
		{ .key = WD_PKEY_RSA2048 },
		{ .key = WD_PKEY_RSA3072 },
		{ .key = WD_PKEY_RSA2048, .pss = true },
		{ .key = WD_PKEY_RSA2048, .sig_hash = WD_SHA384 },
		{ .key = WD_PKEY_RSA2048, .bank = WD_TPM_SHA384 },
		{ .key = WD_PKEY_RSA2048,
		    .bank = WD_TPM_SHA512,
		    .pcrs = 0xffffff },
		{ .key = WD_PKEY_P256 },
		{ .key = WD_PKEY_P384, .sig_hash = WD_SHA384 },
		{ .key = WD_PKEY_P521, .sig_hash = WD_SHA512 },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(specs); i++)
		t_ok(judge_spec(&specs[i]));
}

static void
a_quote_says_what_was_measured_and_by_whom(void **state)
{
	const struct t_tpm_spec s = { .key = WD_PKEY_P256 };
	struct wd_claims c;
	uint8_t value[32];
	struct t_tpm t;
	uint64_t n;

	(void)state;
	t_tpm_make(&s, &t);
	t_ok(judge(&t, &c));
	assert_true(wd_span_is(claim(&c, WD_C_TEE), "tpm"));
	assert_true(wd_span_is(claim(&c, WD_C_PCR_BANK), "sha256"));
	assert_true(wd_span_is(claim(&c, WD_C_AK_TRUST), "none"));
	t_span_equal(
	    claim(&c, WD_C_PCRS_SELECTED), WD_SPAN_LIT("\0\0\4\0\7\0"));
	t_tpm_value(4, value, sizeof(value));
	t_span_equal(claim(&c, WD_C_PCR4), WD_SPAN(value));
	t_span_equal(claim(&c, WD_C_REPORT_DATA), WD_SPAN(t.nonce));
	t_span_equal(claim(&c, WD_C_FIRMWARE_VERSION),
	    WD_SPAN_LIT("\x20\x16\x05\x11\x00\x16\x28\x00"));
	assert_true(wd_claims_uint(&c, WD_C_TPM_CLOCK, &n) && n == 1234567);
	assert_true(wd_claims_uint(&c, WD_C_RESET_COUNT, &n) && n == 3);
	assert_true(wd_claims_uint(&c, WD_C_RESTART_COUNT, &n) && n == 2);
	assert_true(wd_claims_bool(&c, WD_C_TPM_SAFE));
	assert_int_equal(claim(&c, WD_C_AK_NAME).len, 34);
	t_tpm_done(&t);
}

static void
name_is_over_the_whole_public_area(void **state)
{
	const struct t_tpm_spec s = { .key = WD_PKEY_P256 };
	struct wd_claims c;
	uint8_t digest[32];
	struct wd_span name;
	struct t_tpm t;

	(void)state;
	t_tpm_make(&s, &t);
	t_ok(judge(&t, &c));
	t_ok(wd_hash(WD_SHA256, wd_bytes_span(t.area), digest));
	name = claim(&c, WD_C_AK_NAME);
	t_span_equal(wd_span(name.p, 2), WD_SPAN_LIT("\0\x0b"));
	t_span_equal(wd_span(name.p + 2, 32), WD_SPAN(digest));
	t_tpm_done(&t);
}

static void
what_was_not_made_by_a_tpm_is_refused(void **state)
{
	const struct t_tpm_spec s = { .key = WD_PKEY_P256,
		.magic = 0xff544348 };

	(void)state;
	assert_int_equal(judge_spec(&s), WD_R_BAD_MAGIC);
}

/* Certification, creation, time, session audit. */
static void
other_attestations_are_no_quotes(void **state)
{
	static const uint16_t types[] = { 0x8017, 0x801a, 0x8019, 0x8016 };

	(void)state;
	for (size_t i = 0; i < WD_N(types); i++) {
		struct t_tpm_spec s = { .key = WD_PKEY_P256, .type = types[i] };

		assert_int_equal(judge_spec(&s), WD_R_NOT_A_QUOTE);
	}
}

static void
keys_that_sign_what_they_are_given_are_refused(void **state)
{
	static const uint32_t attributes[] = {
		T_AK_ATTRIBUTES & ~(1u << 1),
		T_AK_ATTRIBUTES & ~(1u << 4),
		T_AK_ATTRIBUTES & ~(1u << 5),
		T_AK_ATTRIBUTES & ~(1u << 16),
		T_AK_ATTRIBUTES & ~(1u << 18),
		T_AK_ATTRIBUTES | 1u << 17,
	};

	(void)state;
	for (size_t i = 0; i < WD_N(attributes); i++) {
		struct t_tpm_spec s = { .key = WD_PKEY_P256,
			.attributes = attributes[i] };

		assert_int_equal(judge_spec(&s), WD_R_AK_ATTRIBUTES);
	}
}

static void
nonce_is_the_whole_nonce(void **state)
{
	const struct t_tpm_spec s = { .key = WD_PKEY_P256 };
	uint8_t longer[33] = { 0 };
	struct wd_claims c;
	struct t_tpm t;

	(void)state;
	t_tpm_make(&s, &t);
	assert_int_equal(judge_at(&t.in, wd_span(t.nonce, 31), &c, NULL),
	    WD_R_NONCE_MISMATCH);
	wd_copy(longer, WD_SPAN(t.nonce));
	assert_int_equal(
	    judge_at(&t.in, WD_SPAN(longer), &c, NULL), WD_R_NONCE_MISMATCH);
	longer[3] ^= 1;
	assert_int_equal(judge_at(&t.in, wd_span(longer, 32), &c, NULL),
	    WD_R_NONCE_MISMATCH);
	t_ok(judge_at(&t.in, wd_span(NULL, 0), &c, NULL));
	t_tpm_done(&t);
}

static void
another_key_did_not_sign_it(void **state)
{
	const struct t_tpm_spec ec = { .key = WD_PKEY_P256 };
	const struct t_tpm_spec rsa = { .key = WD_PKEY_RSA2048 };
	struct t_tpm a, b;
	struct wd_claims c;

	(void)state;
	t_tpm_make(&ec, &a);
	t_tpm_make(&rsa, &b);
	a.in.part[WD_IN_AK] = b.in.part[WD_IN_AK];
	assert_int_equal(judge(&a, &c), WD_R_QUOTE_BAD_SIGNATURE);
	a.in.part[WD_IN_SIGNATURE] = b.in.part[WD_IN_SIGNATURE];
	a.attest->p[20] ^= 1;
	assert_int_equal(judge(&a, &c), WD_R_QUOTE_BAD_SIGNATURE);
	t_tpm_done(&a);
	t_tpm_done(&b);
}

static void
sha1_is_too_weak_unless_a_rule_says_otherwise(void **state)
{
	const struct t_tpm_spec s = { .key = WD_PKEY_RSA2048,
		.bank = WD_TPM_SHA1 };

	(void)state;
	assert_int_equal(judge_spec(&s), WD_R_WEAK_HASH);
	rules.allow_sha1 = true;
	t_ok(judge_spec(&s));
}

/* The hash stands in the signature, where it can be said to be another. */
static void
a_signature_over_sha1_is_refused_as_such(void **state)
{
	const struct t_tpm_spec s = { .key = WD_PKEY_RSA2048 };
	struct wd_claims c;
	struct t_tpm t;

	(void)state;
	t_tpm_make(&s, &t);
	t.signature->p[3] = WD_TPM_SHA1;
	assert_int_equal(judge(&t, &c), WD_R_WEAK_HASH);
	rules.allow_sha1 = true;
	assert_int_equal(judge(&t, &c), WD_R_QUOTE_BAD_SIGNATURE);
	t_tpm_done(&t);
}

/* The key's public area says how it signs. */
static void
a_key_signs_in_one_way(void **state)
{
	const struct t_tpm_spec pss = { .key = WD_PKEY_RSA2048, .pss = true };
	const struct t_tpm_spec ssa = { .key = WD_PKEY_RSA2048 };
	struct wd_claims c;
	struct t_tpm a, b;

	(void)state;
	t_tpm_make(&pss, &a);
	t_tpm_make(&ssa, &b);
	a.in.part[WD_IN_AK] = b.in.part[WD_IN_AK];
	assert_int_equal(judge(&a, &c), WD_R_QUOTE_BAD_SIGNATURE);
	t_tpm_done(&a);
	t_tpm_done(&b);
}

static void
one_bank_with_some_registers_is_what_a_quote_covers(void **state)
{
	const struct t_tpm_spec two = { .key = WD_PKEY_P256, .n_banks = 2 };
	const struct t_tpm_spec odd = { .key = WD_PKEY_P256, .bank = 0x12 };
	const struct t_tpm_spec s = { .key = WD_PKEY_P256 };
	struct wd_claims c;
	struct t_tpm t;

	(void)state;
	assert_int_equal(judge_spec(&two), WD_R_PCR_SELECTION);
	assert_int_equal(judge_spec(&odd), WD_R_PCR_SELECTION);
	t_tpm_make(&s, &t); /* none: three bytes before the digest */
	for (size_t i = 1; i <= 3; i++)
		t.attest->p[t.attest->len - 34 - i] = 0;
	t_tpm_sign(&s, &t);
	assert_int_equal(judge(&t, &c), WD_R_PCR_SELECTION);
	t_tpm_done(&t);
}

static void
registers_that_a_rule_wants_are_quoted(void **state)
{
	const struct t_tpm_spec s = { .key = WD_PKEY_P256 };

	(void)state;
	rules.required_pcrs = 1u << 0 | 1u << 7;
	t_ok(judge_spec(&s));
	rules.required_pcrs = 1u << 0 | 1u << 9;
	assert_int_equal(judge_spec(&s), WD_R_PCR_SELECTION);
}

/* Anybody may reset 16 and 23 and extend them to any value. */
static void
a_register_that_can_be_reset_stands_in_for_no_other(void **state)
{
	static const char zeros[] = "{\"8\":\"%s\",\"11\":\"%s\"}";
	struct t_tpm_spec s = { .key = WD_PKEY_P256,
		.pcrs = 1u << 16 | 1u << 23 };
	char hex[65], json[200];
	uint8_t value[32];

	(void)state;
	t_tpm_value(16, value, sizeof(value));
	wd_hex_format(WD_SPAN(value), hex);
	(void)snprintf(json, sizeof(json), zeros, hex, hex);
	s.json = json;
	assert_int_equal(judge_spec(&s), WD_R_PCR_VALUES_MISSING);
	rules.required_pcrs = 1u << 8 | 1u << 11;
	assert_int_equal(judge_spec(&s), WD_R_PCR_SELECTION);
}

/* What a stranger sends must not cost more than reading its head. */
static void
a_hundred_selections_are_refused_before_any_signature(void **state)
{
	const struct t_tpm_spec s = { .key = WD_PKEY_P256, .n_banks = 100 };
	struct wd_claims c;
	struct t_tpm t;

	(void)state;
	t_tpm_make(&s, &t);
	t.signature->p[t.signature->len - 1] ^= 1;
	assert_int_equal(judge(&t, &c), WD_R_MALFORMED);
	t_tpm_done(&t);
}

static void
digest_is_by_the_hash_of_the_signature(void **state)
{
	const struct t_tpm_spec s = { .key = WD_PKEY_RSA2048,
		.bank = WD_TPM_SHA384,
		.other_digest = true,
		.digest_hash = WD_SHA384 };

	(void)state;
	assert_int_equal(judge_spec(&s), WD_R_PCR_DIGEST_MISMATCH);
}

static void
values_that_were_not_quoted_are_not_believed(void **state)
{
	const struct t_tpm_spec s = { .key = WD_PKEY_P256 };
	struct wd_claims c;
	struct wd_span v;
	struct t_tpm t;
	char *at;

	(void)state;
	t_tpm_make(&s, &t);
	at = (char *)t.pcrs->p + t.pcrs->len - 4;
	*at = *at == '0' ? '1' : '0';
	assert_int_equal(judge(&t, &c), WD_R_PCR_DIGEST_MISMATCH);
	t.in.part[WD_IN_PCRS] = wd_span(NULL, 0);
	assert_int_equal(judge(&t, &c), WD_R_PCR_VALUES_MISSING);
	t.in.part[WD_IN_PCRS] = WD_SPAN_LIT("{\"0\":\"00\"}");
	assert_int_equal(judge(&t, &c), WD_R_MALFORMED);
	t.in.part[WD_IN_PCRS] = WD_SPAN_LIT("{\"24\":\"00\"}");
	assert_int_equal(judge(&t, &c), WD_R_MALFORMED);
	t.in.part[WD_IN_PCRS] = WD_SPAN_LIT("{\"9\":\"00\"}");
	assert_int_equal(judge(&t, &c), WD_R_PCR_VALUES_MISSING);
	t.in.part[WD_IN_PCRS] = WD_SPAN_LIT("[]");
	assert_int_equal(judge(&t, &c), WD_R_MALFORMED);
	t_tpm_done(&t);
	t_tpm_make(&s, &t);
	t_ok(judge(&t, &c));
	assert_false(wd_claims_get(&c, WD_C_PCR1, &v));
	t_tpm_done(&t);
}

static void
values_may_say_their_bank(void **state)
{
	struct t_tpm_spec s = { .key = WD_PKEY_P256, .pcrs = 1 };
	const char *zero_one = "{\"sha1\":{\"0\":\"00\"},\"sha256\":{\"0\":"
			       "\"000102030405060708090a0b0c0d0e0f"
			       "101112131415161718191a1b1c1d1e1f\"}}";

	(void)state;
	s.json = zero_one;
	t_ok(judge_spec(&s));
	s.json = "{\"sha256\":[]}";
	assert_int_equal(judge_spec(&s), WD_R_MALFORMED);
}

static void
a_quote_is_all_there_is(void **state)
{
	const struct t_tpm_spec strange[] = {
		{ .key = WD_PKEY_P256, .unsafe = 1 },
		{ .key = WD_PKEY_P256, .clock = UINT64_C(1) << 60 },
		{ .key = WD_PKEY_P256, .n_banks = 17 },
	};
	const struct t_tpm_spec s = { .key = WD_PKEY_P256 };
	struct wd_claims c;
	struct t_tpm t;

	(void)state;
	for (size_t i = 0; i < WD_N(strange); i++)
		assert_int_equal(judge_spec(&strange[i]), WD_R_MALFORMED);
	t_tpm_make(&s, &t);
	for (size_t i = 0; i < WD_IN_COUNT; i++) {
		struct wd_inputs in = t.in;

		if (in.part[i].p == NULL)
			continue;
		in.part[i] = wd_span(NULL, 0);
		assert_int_equal(judge_at(&in, WD_SPAN(t.nonce), &c, NULL),
		    i == WD_IN_PCRS ? WD_R_PCR_VALUES_MISSING : WD_R_MALFORMED);
	}
	t_tpm_done(&t);
}

/* ---- logs */

static void
event(struct wd_wr *wr, uint32_t pcr, const uint8_t digest[32])
{
	wd_wr_le32(wr, pcr);
	wd_wr_le32(wr, 13); /* EV_IPL: its data says what it likes */
	wd_wr_le32(wr, 1);
	wd_wr_le16(wr, WD_TPM_SHA256);
	wd_wr_bytes(wr, wd_span(digest, 32));
	wd_wr_le32(wr, 4);
	wd_wr_text(wr, "text");
}

/* A crypto-agile log of one event for each of 0, 4 and 9. */
static struct wd_bytes *
make_log(uint8_t ret_values[3][32])
{
	static const uint32_t pcrs[] = { 0, 4, 9 };
	struct wd_wr wr = wd_wr_growing(4096);
	struct wd_bytes *log;

	wd_wr_le32(&wr, 0);
	wd_wr_le32(&wr, 3);
	wd_wr_zero(&wr, 20);
	wd_wr_le32(&wr, 33);
	wd_wr_bytes(&wr, WD_SPAN_LIT("Spec ID Event03\0"));
	wd_wr_le32(&wr, 0);
	wd_wr_bytes(&wr, WD_SPAN_LIT("\0\2\0\2"));
	wd_wr_le32(&wr, 1);
	wd_wr_le16(&wr, WD_TPM_SHA256);
	wd_wr_le16(&wr, 32);
	wd_wr_u8(&wr, 0);
	for (size_t i = 0; i < 3; i++) {
		uint8_t extended[64] = { 0 };

		for (size_t j = 32; j < 64; j++)
			extended[j] = (uint8_t)(i + j);
		event(&wr, pcrs[i], extended + 32);
		t_ok(wd_hash(WD_SHA256, WD_SPAN(extended), ret_values[i]));
	}
	t_ok(wd_wr_take(&wr, &log));
	return log;
}

static void
an_event_log_leads_to_the_registers_it_is_about(void **state)
{
	struct wd_span values[24] = { 0 };
	const struct t_tpm_spec s = { .key = WD_PKEY_P256, .values = values };
	uint8_t made[3][32];
	struct wd_bytes *log;
	struct wd_claims c;
	struct t_tpm t;
	uint64_t n;

	(void)state;
	t_ok(wd_crypto_init(NULL));
	log = make_log(made); /* 9 is not quoted, 7 not in the log */
	values[0] = WD_SPAN(made[0]);
	values[4] = WD_SPAN(made[1]);
	t_tpm_make(&s, &t);
	t.in.part[WD_IN_EVENT_LOG] = wd_bytes_span(log);
	t_ok(judge(&t, &c));
	t_span_equal(
	    claim(&c, WD_C_EVENT_LOG_PCRS_MATCHING), WD_SPAN_LIT("\0\0\4\0"));
	assert_true(wd_claims_uint(&c, WD_C_EVENTS, &n) && n == 3);
	assert_true(wd_span_is(claim(&c, WD_C_EVENT_DATA), "untrusted"));
	log->p[65 + 54 + 14] ^= 1; /* the digest of the second event */
	assert_int_equal(judge(&t, &c), WD_R_EVENT_LOG_MISMATCH);
	log->len--;
	t.in.part[WD_IN_EVENT_LOG] = wd_bytes_span(log);
	assert_int_equal(judge(&t, &c), WD_R_EVENT_LOG_MALFORMED);
	t_tpm_done(&t);
	wd_bytes_freep(&log);
}

/* Programs reset and extend register 23 as they like. */
static void
an_ima_list_is_of_no_other_register(void **state)
{
	static const char list[] = "\27\0\0\0"
				   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				   "\6\0\0\0ima-ng\1\0\0\0x";
	struct wd_span values[24] = { 0 };
	struct t_tpm_spec s = { .key = WD_PKEY_P256, .values = values };
	uint8_t pcr[64] = { 0 };
	struct wd_claims c;
	struct t_tpm t;

	(void)state;
	t_ok(wd_crypto_init(NULL));
	for (size_t i = 32; i < 64; i++)
		pcr[i] = 0xff;
	t_ok(wd_hash(WD_SHA256, WD_SPAN(pcr), pcr));
	values[23] = wd_span(pcr, 32);
	s.pcrs = 1u << 23;
	t_tpm_make(&s, &t);
	t.in.part[WD_IN_IMA_LOG] = WD_SPAN_LIT(list);
	assert_int_equal(judge(&t, &c), WD_R_EVENT_LOG_MISMATCH);
	t_tpm_done(&t);
}

/* A list for a register that was not quoted cannot be told from an invented
 * one. */
static void
an_ima_list_needs_its_register_quoted(void **state)
{
	static const char list[] = "\12\0\0\0"
				   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				   "\6\0\0\0ima-ng\1\0\0\0x";
	struct wd_span values[24] = { 0 };
	struct t_tpm_spec s = { .key = WD_PKEY_P256, .values = values };
	uint8_t pcr[64] = { 0 };
	struct wd_claims c;
	struct t_tpm t;
	uint64_t n;

	(void)state;
	t_ok(wd_crypto_init(NULL));
	t_tpm_make(&s, &t);
	t.in.part[WD_IN_IMA_LOG] = WD_SPAN_LIT(list);
	assert_int_equal(judge(&t, &c), WD_R_EVENT_LOG_MISMATCH);
	t_tpm_done(&t);
	for (size_t i = 32; i < 64; i++)
		pcr[i] = 0xff; /* the entry is a violation */
	t_ok(wd_hash(WD_SHA256, WD_SPAN(pcr), pcr));
	values[10] = wd_span(pcr, 32);
	s.pcrs = 1u << 10;
	t_tpm_make(&s, &t);
	t.in.part[WD_IN_IMA_LOG] = WD_SPAN_LIT(list);
	t_ok(judge(&t, &c));
	assert_true(wd_claims_uint(&c, WD_C_IMA_ENTRIES, &n) && n == 1);
	assert_true(wd_claims_uint(&c, WD_C_IMA_VIOLATIONS, &n) && n == 1);
	t_tpm_done(&t);
}

/* ---- the key and who vouches for it */

static void
keys_without_a_public_area_have_no_name(void **state)
{
	const struct t_tpm_spec s = { .key = WD_PKEY_P256 };
	struct wd_claims c;
	struct wd_span v;
	struct t_tpm t;

	(void)state;
	t_tpm_make(&s, &t);
	t.in.part[WD_IN_AK] = wd_bytes_span(t.spki);
	t_ok(judge(&t, &c));
	assert_false(wd_claims_get(&c, WD_C_AK_NAME, &v));
	assert_int_equal(claim(&c, WD_C_AK_PUBLIC_SHA256).len, 32);
	t_tpm_done(&t);
}

struct vouched {
	struct t_tpm t;
	struct wd_pkey *ca_key;
	struct wd_bytes *ca, *leaf;
	struct wd_anchor anchor;
};

/* What the certificate of the key is like. */
struct shape {
	unsigned usage;
	bool server_auth;
	const char *purpose; /* DER of extKeyUsage */
	int64_t not_after;
	bool other_key;
};

static struct wd_bytes *
certificate(const struct wd_cert_spec *more, const char *name,
    const struct wd_pkey *subject, const struct wd_pkey *issuer)
{
	const struct wd_rdn ca = { "2.5.4.3", "TPM makers" };
	const struct wd_rdn own = { "2.5.4.3", name };
	struct wd_cert_spec spec = *more;
	struct wd_bytes *der;

	spec.subject = &own;
	spec.issuer = &ca;
	spec.n_subject = spec.n_issuer = 1;
	spec.not_before = AT - 10;
	spec.path_len = -1;
	t_ok(wd_cert_make(&spec, subject, issuer, &der));
	return der;
}

static void
vouch(const struct shape *shape, struct vouched *v)
{
	const struct t_tpm_spec s = { .key = WD_PKEY_P256 };
	const struct wd_cert_spec ca = { .is_ca = true,
		.key_usage = WD_KU_CERT_SIGN,
		.not_after = AT + 1000 };
	const struct wd_cert_ext purpose = { "2.5.29.37", false,
		wd_span_text(shape->purpose == NULL ? "" : shape->purpose) };
	const struct wd_cert_spec leaf = { .ext = &purpose,
		.n_ext = shape->purpose == NULL ? 0 : 1,
		.key_usage = shape->usage,
		.server_auth = shape->server_auth,
		.not_after = shape->not_after };

	*v = (struct vouched){ .anchor = { .tee = WD_TEE_TPM } };
	t_tpm_make(&s, &v->t);
	t_ok(wd_pkey_generate(WD_PKEY_P256, &v->ca_key));
	v->ca = certificate(&ca, "TPM makers", v->ca_key, v->ca_key);
	v->leaf = certificate(
	    &leaf, "AK", shape->other_key ? v->ca_key : v->t.key, v->ca_key);
	v->anchor.der = wd_bytes_span(v->ca);
	t_ok(wd_hash(WD_SHA256, v->anchor.der, v->anchor.sha256));
	rules.anchors = &v->anchor;
	rules.n_anchors = 1;
	v->t.in.part[WD_IN_AK_CERT] = wd_bytes_span(v->leaf);
}

static void
vouched_done(struct vouched *v)
{
	t_tpm_done(&v->t);
	wd_pkey_freep(&v->ca_key);
	wd_bytes_freep(&v->ca);
	wd_bytes_freep(&v->leaf);
	rules = (struct wd_appraisal_rules){ 0 };
}

static const struct shape good = { .usage = WD_KU_DIGITAL_SIGNATURE,
	.not_after = AT + 100 };

static void
a_certificate_under_an_anchor_is_trust(void **state)
{
	struct wd_claims c;
	struct vouched v;
	int64_t end;

	(void)state;
	vouch(&good, &v);
	t_ok(judge(&v.t, &c));
	assert_true(wd_span_is(claim(&c, WD_C_AK_TRUST), "chain"));
	assert_false(wd_claims_bool(&c, WD_C_SOFTWARE));
	assert_true(wd_claims_time(&c, WD_C_COLLATERAL_EXPIRY, &end));
	assert_int_equal(end, AT + 100);
	v.t.in.part[WD_IN_AK] = v.t.in.part[WD_IN_AK_CERT];
	v.t.in.part[WD_IN_AK_CERT] = wd_span(NULL, 0);
	t_ok(judge(&v.t, &c));
	assert_true(wd_span_is(claim(&c, WD_C_AK_TRUST), "chain"));
	rules.n_anchors = 0;
	t_ok(judge(&v.t, &c));
	assert_true(wd_span_is(claim(&c, WD_C_AK_TRUST), "none"));
	vouched_done(&v);
}

static void
bad_certificate(const struct shape *shape, int reason)
{
	struct wd_claims c;
	struct vouched v;

	vouch(shape, &v);
	assert_int_equal(judge(&v.t, &c), reason);
	vouched_done(&v);
}

static void
certificates_that_say_something_else_are_refused(void **state)
{
	struct shape s = good;

	(void)state;
	s.other_key = true;
	bad_certificate(&s, WD_R_AK_NOT_TRUSTED);
	s = good;
	s.usage = WD_KU_KEY_ENCIPHERMENT;
	bad_certificate(&s, WD_R_CHAIN_MALFORMED);
	s = good;
	s.server_auth = true;
	bad_certificate(&s, WD_R_CHAIN_MALFORMED);
	s = good;
	s.not_after = AT - 1;
	bad_certificate(&s, WD_R_CHAIN_EXPIRED);
}

#define PURPOSE(last) "\x30\x07\x06\x05\x67\x81\x05\x08" last
#define AK_PURPOSE PURPOSE("\x03")
#define EK_PURPOSE PURPOSE("\x01")
#define EK_AND_AK                                                  \
	"\x30\x0e\x06\x05\x67\x81\x05\x08\x01\x06\x05\x67\x81\x05" \
	"\x08\x03"

static void
purpose_of_a_certificate_is_to_vouch_for_such_keys(void **state)
{
	static const struct {
		const char *purpose;
		int strict, lenient;
	} rows[] = {
		{ AK_PURPOSE, 0, 0 },
		{ EK_AND_AK, 0, 0 },
		{ EK_PURPOSE, WD_R_AK_NOT_TRUSTED, 0 },
		{ NULL, WD_R_AK_NOT_TRUSTED, 0 },
		{ PURPOSE("\x02"), WD_R_CHAIN_MALFORMED, WD_R_CHAIN_MALFORMED },
		{ AK_PURPOSE "\x05", WD_R_CHAIN_MALFORMED,
		    WD_R_CHAIN_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct shape s = good;
		struct vouched v;
		struct wd_claims c;

		s.purpose = rows[i].purpose;
		vouch(&s, &v);
		assert_int_equal(judge(&v.t, &c), rows[i].lenient);
		rules.need_ak_purpose = true;
		assert_int_equal(judge(&v.t, &c), rows[i].strict);
		vouched_done(&v);
	}
}

static void
a_certificate_of_nobody_we_know_is_refused(void **state)
{
	struct vouched a, b;
	struct wd_claims c;

	(void)state;
	vouch(&good, &a);
	vouch(&good, &b); /* the same name, another key */
	assert_int_equal(judge(&a.t, &c), WD_R_CHAIN_BAD_SIGNATURE);
	vouched_done(&a);
	vouched_done(&b);
}

static void
a_certificate_alone_says_nothing_about_a_machine(void **state)
{
	struct wd_inputs in = { 0 };
	struct wd_claims c;
	struct vouched v;
	struct wd_span value;

	(void)state;
	vouch(&good, &v);
	in.part[WD_IN_AK_CERT] = wd_bytes_span(v.leaf);
	t_ok(judge_at(&in, wd_span(NULL, 0), &c, NULL));
	assert_true(wd_span_is(claim(&c, WD_C_AK_TRUST), "chain"));
	assert_false(wd_claims_get(&c, WD_C_PCR0, &value));
	assert_int_equal(
	    judge_at(&in, WD_SPAN(v.t.nonce), &c, NULL), WD_R_MALFORMED);
	rules.n_anchors = 0;
	assert_int_equal(judge_at(&in, wd_span(NULL, 0), &c, NULL),
	    WD_R_CHAIN_UNTRUSTED_ROOT);
	vouched_done(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    quotes_of_every_kind_of_key_are_judged, setup),
		cmocka_unit_test_setup(
		    a_quote_says_what_was_measured_and_by_whom, setup),
		cmocka_unit_test_setup(
		    name_is_over_the_whole_public_area, setup),
		cmocka_unit_test_setup(
		    what_was_not_made_by_a_tpm_is_refused, setup),
		cmocka_unit_test_setup(other_attestations_are_no_quotes, setup),
		cmocka_unit_test_setup(
		    keys_that_sign_what_they_are_given_are_refused, setup),
		cmocka_unit_test_setup(nonce_is_the_whole_nonce, setup),
		cmocka_unit_test_setup(another_key_did_not_sign_it, setup),
		cmocka_unit_test_setup(
		    sha1_is_too_weak_unless_a_rule_says_otherwise, setup),
		cmocka_unit_test_setup(
		    a_signature_over_sha1_is_refused_as_such, setup),
		cmocka_unit_test_setup(a_key_signs_in_one_way, setup),
		cmocka_unit_test_setup(
		    one_bank_with_some_registers_is_what_a_quote_covers, setup),
		cmocka_unit_test_setup(
		    registers_that_a_rule_wants_are_quoted, setup),
		cmocka_unit_test_setup(
		    a_register_that_can_be_reset_stands_in_for_no_other, setup),
		cmocka_unit_test_setup(
		    a_hundred_selections_are_refused_before_any_signature,
		    setup),
		cmocka_unit_test_setup(
		    digest_is_by_the_hash_of_the_signature, setup),
		cmocka_unit_test_setup(
		    values_that_were_not_quoted_are_not_believed, setup),
		cmocka_unit_test_setup(values_may_say_their_bank, setup),
		cmocka_unit_test_setup(a_quote_is_all_there_is, setup),
		cmocka_unit_test_setup(
		    an_event_log_leads_to_the_registers_it_is_about, setup),
		cmocka_unit_test_setup(
		    an_ima_list_needs_its_register_quoted, setup),
		cmocka_unit_test_setup(
		    an_ima_list_is_of_no_other_register, setup),
		cmocka_unit_test_setup(
		    keys_without_a_public_area_have_no_name, setup),
		cmocka_unit_test_setup(
		    a_certificate_under_an_anchor_is_trust, setup),
		cmocka_unit_test_setup(
		    certificates_that_say_something_else_are_refused, setup),
		cmocka_unit_test_setup(
		    purpose_of_a_certificate_is_to_vouch_for_such_keys, setup),
		cmocka_unit_test_setup(
		    a_certificate_of_nobody_we_know_is_refused, setup),
		cmocka_unit_test_setup(
		    a_certificate_alone_says_nothing_about_a_machine, setup),
	};

	return cmocka_run_group_tests(tests, NULL, t_tpm_teardown);
}
