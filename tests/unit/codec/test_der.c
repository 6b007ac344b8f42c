/*
 * DER: one encoding for each value, everything else poisons the cursor.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "codec/der.h"

struct bytes {
	size_t len;
	uint8_t p[12];
};

static struct wd_rd
cursor(const struct bytes *b)
{
	return wd_rd(wd_span(b->p, b->len));
}

static void
enters_nested_elements(void **state)
{
	/* SEQUENCE { OID 1.2.840, INTEGER 300, BOOLEAN true } */
	static const uint8_t der[] = { 0x30, 0x0c, 0x06, 0x03, 0x2a, 0x86, 0x48,
		0x02, 0x02, 0x01, 0x2c, 0x01, 0x01, 0xff };
	struct wd_rd rd = wd_rd(WD_SPAN(der));
	struct wd_rd seq = wd_der_enter(&rd, WD_DER_SEQUENCE);

	(void)state;
	assert_int_equal(seq.left, 12);
	t_span_equal(wd_der_oid(&seq), WD_SPAN_LIT("\x2a\x86\x48"));
	assert_int_equal(wd_der_peek(&seq), WD_DER_INTEGER);
	assert_int_equal(wd_der_uint(&seq, WD_DER_INTEGER, 300), 300);
	assert_true(wd_der_boolean(&seq));
	assert_int_equal(wd_der_peek(&seq), 0);
	t_ok(wd_rd_end(&seq));
	t_ok(wd_rd_end(&rd));
}

static void
another_tag_poisons(void **state)
{
	static const uint8_t der[] = { 0x30, 0x00 };
	struct wd_rd rd = wd_rd(WD_SPAN(der));
	struct wd_rd in = wd_der_enter(&rd, WD_DER_SET);

	(void)state;
	assert_int_equal(wd_rd_end(&in), WD_R_MALFORMED);
	assert_int_equal(wd_rd_end(&rd), WD_R_MALFORMED);
}

static void
lengths_have_one_form(void **state)
{
	static const struct bytes bad[] = {
		{ 2, { 0x04, 0x80 } },                   /* indefinite */
		{ 4, { 0x04, 0x81, 0x01, 0xaa } },       /* long, but short */
		{ 5, { 0x04, 0x82, 0x00, 0x01, 0xaa } }, /* padded */
		{ 7, { 0x04, 0x84, 0x00, 0x00, 0x00, 0x01, 0xaa } },
		{ 7, { 0x04, 0x85, 0x01, 0x00, 0x00, 0x00, 0x00 } },
		{ 2, { 0x04, 0xff } },
		{ 6, { 0x04, 0x84, 0xff, 0xff, 0xff, 0xff } },
		{ 2, { 0x04, 0x01 } }, /* cut short */
		{ 1, { 0x04 } },
		{ 0, { 0 } },
	};
	uint8_t tag = 9;

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		struct wd_rd rd = cursor(&bad[i]);
		struct wd_rd again = cursor(&bad[i]);

		assert_int_equal(wd_der_any(&rd, &tag).len, 0);
		assert_int_equal(tag, 0);
		assert_int_equal(wd_rd_ok(&rd), WD_R_MALFORMED);
		rd = wd_der_enter(&again, WD_DER_OCTET_STRING);
		assert_int_equal(wd_rd_ok(&rd), WD_R_MALFORMED);
		assert_int_equal(wd_rd_ok(&again), WD_R_MALFORMED);
	}
}

static void
tags_of_more_bytes_are_refused(void **state)
{
	static const uint8_t der[] = { 0x1f, 0x01, 0x00 };
	struct wd_rd rd = wd_rd(WD_SPAN(der));
	uint8_t tag;

	(void)state;
	(void)wd_der_any(&rd, &tag); /* the cursor tells */
	assert_int_equal(wd_rd_ok(&rd), WD_R_MALFORMED);
}

static void
integers_have_one_form(void **state)
{
	static const struct bytes bad[] = {
		{ 2, { 0x02, 0x00 } },             /* no bytes */
		{ 3, { 0x02, 0x01, 0x80 } },       /* negative */
		{ 4, { 0x02, 0x02, 0x00, 0x7f } }, /* padded */
		{ 11, { 0x02, 0x09, 1, 0, 0, 0, 0, 0, 0, 0, 0 } },
		{ 12, { 0x02, 0x0a, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0 } },
		{ 3, { 0x0a, 0x01, 0x01 } }, /* ENUMERATED */
	};
	static const struct bytes largest = { 11,
		{ 0x02, 0x09, 0, 255, 255, 255, 255, 255, 255, 255, 255 } };
	struct wd_rd rd = cursor(&largest);

	(void)state;
	assert_true(wd_der_uint(&rd, WD_DER_INTEGER, UINT64_MAX) == UINT64_MAX);
	t_ok(wd_rd_end(&rd));
	for (size_t i = 0; i < WD_N(bad); i++) {
		rd = cursor(&bad[i]);
		assert_true(wd_der_uint(&rd, WD_DER_INTEGER, UINT64_MAX) == 0);
		assert_int_equal(wd_rd_ok(&rd), WD_R_MALFORMED);
	}
}

static void
a_number_over_its_maximum_does_not_wrap(void **state)
{
	static const struct bytes svn = { 4, { 0x02, 0x02, 0x01, 0x05 } };
	struct wd_rd rd = cursor(&svn);

	(void)state;
	assert_int_equal(wd_der_uint(&rd, WD_DER_INTEGER, 255), 0);
	assert_int_equal(wd_rd_ok(&rd), WD_R_MALFORMED);
}

static void
enumerated_is_read_by_its_tag(void **state)
{
	static const struct bytes two = { 3, { 0x0a, 0x01, 0x02 } };
	struct wd_rd rd = cursor(&two);

	(void)state;
	assert_int_equal(wd_der_uint(&rd, WD_DER_ENUMERATED, 2), 2);
	t_ok(wd_rd_end(&rd));
}

static void
truth_is_ff_or_00(void **state)
{
	static const struct bytes no = { 3, { 0x01, 0x01, 0x00 } };
	static const struct bytes bad[] = {
		{ 3, { 0x01, 0x01, 0x01 } },
		{ 2, { 0x01, 0x00 } },
		{ 4, { 0x01, 0x02, 0xff, 0xff } },
		{ 3, { 0x02, 0x01, 0xff } },
	};
	struct wd_rd rd = cursor(&no);

	(void)state;
	assert_false(wd_der_boolean(&rd));
	t_ok(wd_rd_end(&rd));
	for (size_t i = 0; i < WD_N(bad); i++) {
		rd = cursor(&bad[i]);
		assert_false(wd_der_boolean(&rd));
		assert_int_equal(wd_rd_ok(&rd), WD_R_MALFORMED);
	}
}

static void
oids_have_one_form(void **state)
{
	static const struct bytes bad[] = {
		{ 2, { 0x06, 0x00 } },
		{ 3, { 0x06, 0x01, 0x86 } },             /* arc not ended */
		{ 4, { 0x06, 0x02, 0x80, 0x01 } },       /* padded arc */
		{ 5, { 0x06, 0x03, 0x2a, 0x80, 0x01 } }, /* padded later */
		{ 3, { 0x04, 0x01, 0x2a } },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		struct wd_rd rd = cursor(&bad[i]);

		assert_int_equal(wd_der_oid(&rd).len, 0);
		assert_int_equal(wd_rd_ok(&rd), WD_R_MALFORMED);
	}
}

static void
written_heads_read_back(void **state)
{
	static const size_t lengths[] = { 0, 1, 127, 128, 255, 256, 65535,
		65536 };
	static const size_t heads[] = { 2, 2, 2, 3, 3, 4, 4, 5 };

	(void)state;
	for (size_t i = 0; i < WD_N(lengths); i++) {
		struct wd_wr wr = wd_wr_growing(100000);
		struct wd_rd rd, in;

		wd_der_write_head(&wr, WD_DER_OCTET_STRING, lengths[i]);
		assert_int_equal(wd_wr_span(&wr).len, heads[i]);
		wd_wr_zero(&wr, lengths[i]);
		rd = wd_rd(wd_wr_span(&wr));
		in = wd_der_enter(&rd, WD_DER_OCTET_STRING);
		t_ok(wd_rd_end(&rd));
		assert_int_equal(in.left, lengths[i]);
		wd_wr_done(&wr);
	}
}

static void
whole_element_keeps_its_head(void **state)
{
	static const uint8_t der[] = { 0x30, 0x03, 0x02, 0x01, 0x05, 0x05,
		0x00 };
	struct wd_rd rd = wd_rd(WD_SPAN(der));

	(void)state;
	t_span_equal(wd_der_whole(&rd, WD_DER_SEQUENCE), wd_span(der, 5));
	t_span_equal(wd_der_whole(&rd, WD_DER_NULL), wd_span(der + 5, 2));
	t_ok(wd_rd_end(&rd));
	t_span_equal(wd_der_whole(&rd, WD_DER_NULL), wd_span(NULL, 0));
	assert_int_equal(wd_rd_ok(&rd), WD_R_MALFORMED);
}

struct integer {
	struct bytes der;
	const char *contents;  /* NULL: refused */
	const char *magnitude; /* NULL: refused */
	size_t len;            /* of both texts, but for the sign's zero */
};

static void
long_integers_have_one_form(void **state)
{
	static const struct integer cases[] = {
		{ { 3, { 2, 1, 0x7f } }, "\x7f", "\x7f", 1 },
		{ { 3, { 2, 1, 0x00 } }, "\x00", "\x00", 1 },
		{ { 4, { 2, 2, 0x00, 0x80 } }, "\x00\x80", "\x80", 1 },
		{ { 3, { 2, 1, 0x80 } }, "\x80", NULL, 1 },
		{ { 4, { 2, 2, 0x00, 0x7f } }, NULL, NULL, 0 },
		{ { 4, { 2, 2, 0xff, 0x80 } }, NULL, NULL, 0 },
		{ { 2, { 2, 0 } }, NULL, NULL, 0 },
		{ { 5, { 2, 3, 1, 2, 3 } }, NULL, NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(cases); i++) {
		const struct integer *c = &cases[i];
		struct wd_rd a = cursor(&c->der);
		struct wd_rd b = cursor(&c->der);
		struct wd_span contents = wd_der_integer(&a, 2);
		struct wd_span magnitude = wd_der_magnitude(&b, 2);

		assert_int_equal(a.bad, c->contents == NULL);
		assert_int_equal(b.bad, c->magnitude == NULL);
		if (c->contents != NULL)
			t_span_equal(
			    contents, wd_span(c->contents, c->der.len - 2));
		if (c->magnitude != NULL)
			t_span_equal(magnitude, wd_span(c->magnitude, c->len));
	}
}

static void
bit_strings_are_of_whole_bytes(void **state)
{
	static const struct bytes good = { 5, { 3, 3, 0, 0xab, 0xcd } };
	static const struct bytes unused = { 5, { 3, 3, 4, 0xab, 0xc0 } };
	static const struct bytes empty = { 2, { 3, 0 } };
	struct wd_rd rd = cursor(&good);

	(void)state;
	t_span_equal(wd_der_bytes_of_bits(&rd), WD_SPAN_LIT("\xab\xcd"));
	t_ok(wd_rd_end(&rd));
	rd = cursor(&unused);
	(void)wd_der_bytes_of_bits(&rd); /* only the error counts */
	assert_true(rd.bad);
	rd = cursor(&empty);
	(void)wd_der_bytes_of_bits(&rd); /* only the error counts */
	assert_true(rd.bad);
}

static void
written_element_reads_back(void **state)
{
	uint8_t buf[8];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_rd rd;

	(void)state;
	wd_der_write(&wr, WD_DER_OCTET_STRING, WD_SPAN_LIT("abc"));
	t_ok(wd_wr_end(&wr));
	rd = wd_rd(wd_wr_span(&wr));
	rd = wd_der_enter(&rd, WD_DER_OCTET_STRING);
	t_span_equal(wd_rd_rest(&rd), WD_SPAN_LIT("abc"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enters_nested_elements),
		cmocka_unit_test(another_tag_poisons),
		cmocka_unit_test(lengths_have_one_form),
		cmocka_unit_test(tags_of_more_bytes_are_refused),
		cmocka_unit_test(integers_have_one_form),
		cmocka_unit_test(a_number_over_its_maximum_does_not_wrap),
		cmocka_unit_test(enumerated_is_read_by_its_tag),
		cmocka_unit_test(truth_is_ff_or_00),
		cmocka_unit_test(oids_have_one_form),
		cmocka_unit_test(whole_element_keeps_its_head),
		cmocka_unit_test(long_integers_have_one_form),
		cmocka_unit_test(bit_strings_are_of_whole_bytes),
		cmocka_unit_test(written_heads_read_back),
		cmocka_unit_test(written_element_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
