/*
 * The SGX extension of PCK certificates, built member by member so that each
 * can be wrong, doubled, missing or out of place.
 */
#include "lib/t.h"

#include "codec/der.h"
#include "verify/intel/pck.h"

/* A member's OID suffix and its encoded value. */
struct part {
	uint8_t suffix[2];
	size_t n_suffix;
	uint8_t value[600];
	size_t n_value;
};

static uint8_t out[4096];

static void
write_oid(struct wd_wr *wr, const uint8_t *suffix, size_t n)
{
	struct wd_span base = wd_pck_oid();

	wd_der_write_head(wr, WD_DER_OID, base.len + n);
	wd_wr_bytes(wr, base);
	wd_wr_bytes(wr, wd_span(suffix, n));
}

static void
write_part(struct wd_wr *wr, const struct part *p)
{
	uint8_t inner[700];
	struct wd_wr in = wd_wr_fixed(inner, sizeof(inner));

	write_oid(&in, p->suffix, p->n_suffix);
	wd_wr_bytes(&in, wd_span(p->value, p->n_value));
	t_ok(wd_wr_end(&in));
	wd_der_write_head(wr, WD_DER_SEQUENCE, in.len);
	wd_wr_bytes(wr, wd_wr_span(&in));
}

static struct part
value_part(uint8_t arc, uint8_t tag, const void *p, size_t n)
{
	struct part part = { .suffix = { arc }, .n_suffix = 1 };
	struct wd_wr wr = wd_wr_fixed(part.value, sizeof(part.value));

	wd_der_write_head(&wr, tag, n);
	wd_wr_bytes(&wr, wd_span(p, n));
	part.n_value = wr.len;
	return part;
}

static struct part
sub_part(uint8_t outer, uint8_t arc, uint8_t tag, const void *p, size_t n)
{
	struct part part = value_part(arc, tag, p, n);

	part.suffix[0] = outer;
	part.suffix[1] = arc;
	part.n_suffix = 2;
	return part;
}

static struct part
sequence_part(uint8_t arc, const struct part *parts, size_t n)
{
	struct part part = { .suffix = { arc }, .n_suffix = 1 };
	uint8_t inner[560];
	struct wd_wr in = wd_wr_fixed(inner, sizeof(inner));
	struct wd_wr wr = wd_wr_fixed(part.value, sizeof(part.value));

	for (size_t i = 0; i < n; i++)
		write_part(&in, &parts[i]);
	t_ok(wd_wr_end(&in));
	wd_der_write_head(&wr, WD_DER_SEQUENCE, in.len);
	wd_wr_bytes(&wr, wd_wr_span(&in));
	t_ok(wd_wr_end(&wr));
	part.n_value = wr.len;
	return part;
}

static const uint8_t cpusvn[16] = { 9, 8, 7 };
static const uint8_t high_pcesvn[] = { 0x00, 0xff, 0xff };

/* Components 1..16 have the values 1..16, but the fifth is 255. */
static void
tcb_parts(struct part parts[18])
{
	for (uint8_t i = 1; i <= 16; i++)
		parts[i - 1] = sub_part(2, i, WD_DER_INTEGER, &i, 1);
	parts[4] = sub_part(2, 5, WD_DER_INTEGER, "\x00\xff", 2);
	parts[16] =
	    sub_part(2, 17, WD_DER_INTEGER, high_pcesvn, sizeof(high_pcesvn));
	parts[17] = sub_part(2, 18, WD_DER_OCTET_STRING, cpusvn, 16);
}

static void
flag_parts(struct part parts[3])
{
	parts[0] = sub_part(7, 1, WD_DER_BOOLEAN, "\xff", 1);
	parts[1] = sub_part(7, 2, WD_DER_BOOLEAN, "\x00", 1);
	parts[2] = sub_part(7, 3, WD_DER_BOOLEAN, "\xff", 1);
}

static void
good_parts(struct part parts[7])
{
	struct part tcb[18], flags[3];

	tcb_parts(tcb);
	flag_parts(flags);
	parts[0] = value_part(1, WD_DER_OCTET_STRING, "0123456789abcdef", 16);
	parts[1] = sequence_part(2, tcb, 18);
	parts[2] = value_part(3, WD_DER_OCTET_STRING, "\x00\x01", 2);
	parts[3] = value_part(4, WD_DER_OCTET_STRING, "fmspc!", 6);
	parts[4] = value_part(5, WD_DER_ENUMERATED, "\x01", 1);
	parts[5] = value_part(6, WD_DER_OCTET_STRING, "platforminstance", 16);
	parts[6] = sequence_part(7, flags, 3);
}

static struct wd_span
make(const struct part *parts, size_t n)
{
	static uint8_t inner[4000];
	struct wd_wr in = wd_wr_fixed(inner, sizeof(inner));
	struct wd_wr wr = wd_wr_fixed(out, sizeof(out));

	for (size_t i = 0; i < n; i++)
		write_part(&in, &parts[i]);
	wd_der_write_head(&wr, WD_DER_SEQUENCE, in.len);
	wd_wr_bytes(&wr, wd_wr_span(&in));
	t_ok(wd_wr_end(&wr));
	return wd_wr_span(&wr);
}

static void
refused(const struct part *parts, size_t n)
{
	struct wd_pck pck = { .sgx_type = 77 };

	assert_int_equal(wd_pck_parse(make(parts, n), &pck), WD_R_MALFORMED);
	assert_int_equal(pck.sgx_type, 77);
}

static void
all_members_are_read(void **state)
{
	struct part parts[7];
	struct wd_pck pck;

	(void)state;
	good_parts(parts);
	t_ok(wd_pck_parse(make(parts, 7), &pck));
	t_span_equal(WD_SPAN(pck.ppid), WD_SPAN_LIT("0123456789abcdef"));
	t_span_equal(WD_SPAN(pck.fmspc), WD_SPAN_LIT("fmspc!"));
	t_span_equal(WD_SPAN(pck.pceid), WD_SPAN_LIT("\x00\x01"));
	t_span_equal(WD_SPAN(pck.cpusvn), WD_SPAN(cpusvn));
	for (size_t i = 0; i < 16; i++)
		assert_int_equal(pck.components[i], i == 4 ? 255 : i + 1);
	assert_int_equal(pck.pcesvn, 65535);
	assert_int_equal(pck.sgx_type, 1);
	assert_true(pck.has_platform);
	t_span_equal(
	    WD_SPAN(pck.platform_instance_id), WD_SPAN_LIT("platforminstance"));
	assert_true(pck.dynamic_platform);
	assert_false(pck.cached_keys);
	assert_true(pck.smt_enabled);
}

static void
five_members_are_a_processor_certificate(void **state)
{
	struct part parts[7];
	struct wd_pck pck;

	(void)state;
	good_parts(parts);
	t_ok(wd_pck_parse(make(parts, 5), &pck));
	assert_false(pck.has_platform);
	refused(parts, 6);
	refused(parts, 4);
}

static void
position_does_not_count(void **state)
{
	struct part parts[7], turned[7];
	struct wd_pck pck;

	(void)state;
	good_parts(parts);
	for (size_t i = 0; i < 7; i++)
		turned[i] = parts[6 - i];
	t_ok(wd_pck_parse(make(turned, 7), &pck));
	t_span_equal(WD_SPAN(pck.fmspc), WD_SPAN_LIT("fmspc!"));
	assert_int_equal(pck.components[4], 255);
}

static void
each_missing_or_doubled_member_is_refused(void **state)
{
	struct part parts[7], less[7], more[8];

	(void)state;
	good_parts(parts);
	for (size_t skip = 0; skip < 7; skip++) {
		size_t n = 0;

		for (size_t i = 0; i < 7; i++) {
			more[i] = parts[i];
			if (i != skip)
				less[n++] = parts[i];
		}
		more[7] = parts[skip];
		refused(less, n);
		refused(more, 8);
	}
}

static void
each_missing_or_doubled_component_is_refused(void **state)
{
	struct part parts[7], tcb[18], less[17], more[19];

	(void)state;
	good_parts(parts);
	tcb_parts(tcb);
	for (size_t skip = 0; skip < 18; skip++) {
		size_t n = 0;

		for (size_t i = 0; i < 18; i++) {
			more[i] = tcb[i];
			if (i != skip)
				less[n++] = tcb[i];
		}
		more[18] = tcb[skip];
		parts[1] = sequence_part(2, less, n);
		refused(parts, 7);
		parts[1] = sequence_part(2, more, 19);
		refused(parts, 7);
	}
}

static void
values_out_of_range_are_refused(void **state)
{
	struct part parts[7], tcb[18];

	(void)state;
	good_parts(parts);
	tcb_parts(tcb);
	tcb[0] = sub_part(2, 1, WD_DER_INTEGER, "\x01\x00", 2); /* 256 */
	parts[1] = sequence_part(2, tcb, 18);
	refused(parts, 7);
	tcb[0] = sub_part(2, 1, WD_DER_INTEGER, "\xff", 1); /* -1 */
	parts[1] = sequence_part(2, tcb, 18);
	refused(parts, 7);
	tcb[0] = sub_part(2, 1, WD_DER_INTEGER, "\x00\x05", 2); /* padded */
	parts[1] = sequence_part(2, tcb, 18);
	refused(parts, 7);
	tcb_parts(tcb);
	tcb[16] = sub_part(2, 17, WD_DER_INTEGER, "\x01\x00\x00", 3);
	parts[1] = sequence_part(2, tcb, 18);
	refused(parts, 7);
}

static void
wrong_types_and_lengths_are_refused(void **state)
{
	struct part parts[7], good[7], flags[3];

	(void)state;
	good_parts(good);
	good_parts(parts);
	parts[3] = value_part(4, WD_DER_OCTET_STRING, "fmspc", 5);
	refused(parts, 7);
	parts[3] = value_part(4, WD_DER_OCTET_STRING, "fmspc!!", 7);
	refused(parts, 7);
	parts[3] = value_part(4, WD_DER_UTF8_STRING, "fmspc!", 6);
	refused(parts, 7);
	parts[3] = good[3];
	parts[4] = value_part(5, WD_DER_INTEGER, "\x01", 1);
	refused(parts, 7);
	parts[4] = good[4];
	flag_parts(flags);
	flags[1] = sub_part(7, 2, WD_DER_BOOLEAN, "\x01", 1);
	parts[6] = sequence_part(7, flags, 3);
	refused(parts, 7);
}

static void
unknown_members_are_refused(void **state)
{
	struct part parts[8];

	(void)state;
	good_parts(parts);
	parts[7] = value_part(8, WD_DER_OCTET_STRING, "x", 1);
	refused(parts, 8);
	parts[6].n_suffix = 2; /* a longer OID with a known start */
	refused(parts, 7);
}

static void
every_truncation_is_refused(void **state)
{
	struct part parts[7];
	struct wd_span s;
	struct wd_pck pck;

	(void)state;
	good_parts(parts);
	s = make(parts, 7);
	for (size_t n = 0; n < s.len; n++)
		assert_int_equal(
		    wd_pck_parse(wd_span(s.p, n), &pck), WD_R_MALFORMED);
	out[s.len] = 0;
	assert_int_equal(
	    wd_pck_parse(wd_span(out, s.len + 1), &pck), WD_R_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_members_are_read),
		cmocka_unit_test(five_members_are_a_processor_certificate),
		cmocka_unit_test(position_does_not_count),
		cmocka_unit_test(each_missing_or_doubled_member_is_refused),
		cmocka_unit_test(each_missing_or_doubled_component_is_refused),
		cmocka_unit_test(values_out_of_range_are_refused),
		cmocka_unit_test(wrong_types_and_lengths_are_refused),
		cmocka_unit_test(unknown_members_are_refused),
		cmocka_unit_test(every_truncation_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
