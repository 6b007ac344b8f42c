/*
 * The frame of quotes: each version's good form, and every size, version and
 * type that must be refused before anything is verified.
 */
#include "lib/t.h"

#include "base/wr.h"
#include "verify/intel/quote.h"

static const uint8_t vendor[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c,
	0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };

/* What a test changes about a quote that is otherwise as it must be. */
struct recipe {
	uint16_t version, key_type;
	uint32_t tee_type;
	uint8_t vendor_flip;
	uint16_t body_type; /* version 5 */
	uint32_t body_size;
	uint16_t outer_type; /* versions 4 and 5 */
	int outer_delta, signature_delta, cert_delta;
	uint16_t auth_len, cert_type;
	size_t cert_len, trailing;
};

static const struct recipe v3 = { .version = 3,
	.key_type = 2,
	.body_size = 384,
	.auth_len = 32,
	.cert_type = 5,
	.cert_len = 9 };
static const struct recipe v4 = { .version = 4,
	.key_type = 2,
	.tee_type = 0x81,
	.body_size = 584,
	.outer_type = 6,
	.auth_len = 32,
	.cert_type = 5,
	.cert_len = 9 };
static const struct recipe v5 = { .version = 5,
	.key_type = 2,
	.tee_type = 0x81,
	.body_type = 3,
	.body_size = 648,
	.outer_type = 6,
	.auth_len = 32,
	.cert_type = 5,
	.cert_len = 9 };

static uint8_t buffer[4096];

static void
fill(struct wd_wr *wr, uint8_t byte, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wd_wr_u8(wr, byte);
}

static struct wd_span
make(struct recipe q)
{
	struct wd_wr wr = wd_wr_fixed(buffer, sizeof(buffer));
	size_t inner = 384U + 64U + 2U + q.auth_len + 6 + q.cert_len;
	size_t all = 128 + inner + (q.version > 3 ? 6U : 0U);

	wd_wr_le16(&wr, q.version);
	wd_wr_le16(&wr, q.key_type);
	wd_wr_le32(&wr, q.tee_type);
	wd_wr_zero(&wr, 4);
	wd_wr_u8(&wr, vendor[0] ^ q.vendor_flip);
	wd_wr_bytes(&wr, wd_span(vendor + 1, 15));
	fill(&wr, 0x11, 20);
	if (q.version == 5) {
		wd_wr_le16(&wr, q.body_type);
		wd_wr_le32(&wr, q.body_size);
	}
	fill(&wr, 0x22, q.body_size);
	wd_wr_le32(&wr, (uint32_t)((int)all + q.signature_delta));
	fill(&wr, 0x33, 64);
	fill(&wr, 0x44, 64);
	if (q.version > 3) {
		wd_wr_le16(&wr, q.outer_type);
		wd_wr_le32(&wr, (uint32_t)((int)inner + q.outer_delta));
	}
	fill(&wr, 0x55, 384);
	fill(&wr, 0x66, 64);
	wd_wr_le16(&wr, q.auth_len);
	fill(&wr, 0x77, q.auth_len);
	wd_wr_le16(&wr, q.cert_type);
	wd_wr_le32(&wr, (uint32_t)((int)q.cert_len + q.cert_delta));
	fill(&wr, 0x88, q.cert_len);
	fill(&wr, 0x99, q.trailing);
	t_ok(wd_wr_end(&wr));
	return wd_wr_span(&wr);
}

static void
is_all(struct wd_span s, uint8_t byte, size_t n)
{
	assert_int_equal(s.len, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(s.p[i], byte);
}

static void
parts_are_found(
    const struct recipe *recipe, enum wd_tee tee, enum wd_intel_body body)
{
	struct wd_span bytes = make(*recipe);
	struct wd_intel_quote q;

	t_ok(wd_intel_quote_parse(bytes, &q, NULL));
	assert_int_equal(q.version, recipe->version);
	assert_int_equal(q.tee, tee);
	assert_int_equal(q.body_type, body);
	assert_ptr_equal(q.signed_part.p, bytes.p);
	assert_int_equal(q.signed_part.len,
	    48 + recipe->body_size + (recipe->version == 5 ? 6U : 0U));
	is_all(q.body, 0x22, recipe->body_size);
	is_all(q.signature, 0x33, 64);
	is_all(q.att_key, 0x44, 64);
	is_all(q.qe_report, 0x55, 384);
	is_all(q.qe_signature, 0x66, 64);
	is_all(q.qe_auth, 0x77, recipe->auth_len);
	is_all(q.cert_data, 0x88, recipe->cert_len);
	assert_int_equal(q.cert_type, recipe->cert_type);
	assert_int_equal(q.trailing, recipe->trailing);
}

static void
every_version_is_read(void **state)
{
	struct recipe r = v4;

	(void)state;
	parts_are_found(&v3, WD_TEE_SGX, WD_BODY_SGX);
	parts_are_found(&v4, WD_TEE_TDX, WD_BODY_TD10);
	parts_are_found(&v5, WD_TEE_TDX, WD_BODY_TD15);
	r.tee_type = 0;
	r.body_size = 384;
	parts_are_found(&r, WD_TEE_SGX, WD_BODY_SGX);
	r = v5;
	r.tee_type = 0;
	r.body_type = 1;
	r.body_size = 384;
	parts_are_found(&r, WD_TEE_SGX, WD_BODY_SGX);
	r = v5;
	r.body_type = 2;
	r.body_size = 584;
	parts_are_found(&r, WD_TEE_TDX, WD_BODY_TD10);
}

static void
bytes_behind_the_signature_data_are_counted(void **state)
{
	struct recipe r = v3;

	(void)state;
	r.trailing = 307;
	parts_are_found(&r, WD_TEE_SGX, WD_BODY_SGX);
	r = v4;
	r.trailing = 70;
	parts_are_found(&r, WD_TEE_TDX, WD_BODY_TD10);
}

static void
authentication_data_may_be_empty_or_long(void **state)
{
	struct recipe r = v3;

	(void)state;
	r.auth_len = 0;
	parts_are_found(&r, WD_TEE_SGX, WD_BODY_SGX);
	r.auth_len = 1000;
	parts_are_found(&r, WD_TEE_SGX, WD_BODY_SGX);
}

static void
refused(const struct recipe *from, size_t field, uint64_t value, size_t size)
{
	struct recipe r = *from;
	struct wd_intel_quote q = { .version = 77 };

	wd_copy((uint8_t *)&r + field, wd_span(&value, size));
	assert_int_equal(
	    wd_intel_quote_parse(make(r), &q, NULL), WD_R_MALFORMED);
	assert_int_equal(q.version, 77);
}

#define REFUSED(from, field, value)                                         \
	refused(&(from), offsetof(struct recipe, field), (uint64_t)(value), \
	    sizeof((from).field))

static void
wrong_headers_are_refused(void **state)
{
	(void)state;
	REFUSED(v3, version, 0);
	REFUSED(v3, version, 2);
	REFUSED(v5, version, 6);
	REFUSED(v3, version, 0xffff);
	REFUSED(v3, key_type, 3);
	REFUSED(v3, tee_type, 0x81);
	REFUSED(v4, tee_type, 0x82);
	REFUSED(v4, tee_type, 1);
	REFUSED(v3, vendor_flip, 1);
}

static void
bodies_that_do_not_fit_their_type_are_refused(void **state)
{
	(void)state;
	REFUSED(v5, body_type, 0);
	REFUSED(v5, body_type, 4);
	REFUSED(v5, body_type, 1); /* SGX body, TDX TEE */
	REFUSED(v5, body_type, 2); /* 648 bytes for 584 */
	REFUSED(v5, body_size, 647);
	REFUSED(v5, body_size, 649);
	REFUSED(v5, tee_type, 0); /* TDX body, SGX TEE */
}

static void
sizes_that_disagree_are_refused(void **state)
{
	(void)state;
	REFUSED(v3, signature_delta, -1);
	REFUSED(v3, signature_delta, 1);
	REFUSED(v3, signature_delta, -700);
	REFUSED(v3, signature_delta, INT32_MIN);
	REFUSED(v3, cert_delta, 1);
	REFUSED(v3, cert_delta, -1);
	REFUSED(v3, cert_delta, INT32_MIN);
	REFUSED(v4, outer_delta, 1);
	REFUSED(v4, outer_delta, -1);
	REFUSED(v4, outer_type, 5);
	REFUSED(v4, cert_delta, 1);
	REFUSED(v4, cert_delta, -1); /* padding within the outer size */
}

static void
every_truncation_is_refused(void **state)
{
	const struct recipe all[] = { v3, v4, v5 };
	struct wd_intel_quote q;

	(void)state;
	for (size_t i = 0; i < WD_N(all); i++) {
		struct wd_span s = make(all[i]);

		for (size_t n = 0; n < s.len; n++)
			assert_int_equal(
			    wd_intel_quote_parse(wd_span(s.p, n), &q, NULL),
			    WD_R_MALFORMED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_version_is_read),
		cmocka_unit_test(bytes_behind_the_signature_data_are_counted),
		cmocka_unit_test(authentication_data_may_be_empty_or_long),
		cmocka_unit_test(wrong_headers_are_refused),
		cmocka_unit_test(bodies_that_do_not_fit_their_type_are_refused),
		cmocka_unit_test(sizes_that_disagree_are_refused),
		cmocka_unit_test(every_truncation_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
