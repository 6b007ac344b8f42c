/*
 * Messages and calls: every type goes both ways, and nothing but the exact
 * encoding is read.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "proto/calls.h"
#include "proto/door.h"

static const uint8_t pattern[64] = { 1, 2, 3 };

/* A value for each field that is not its zero. */
static void
fill(const struct wd_msg_type *t, uint8_t *msg)
{
	static const uint8_t random[16] = { 7 };

	for (size_t i = 0; i < t->n_fields; i++) {
		const struct wd_field *f = &t->fields[i];
		uint8_t *at = msg + f->offset;

		if (f->type == WD_FIELD_ID)
			*(struct wd_id *)at = wd_id_from_random(random);
		else if (f->type == WD_FIELD_TEXT)
			*(struct wd_span *)at = WD_SPAN_LIT("text");
		else if (f->cap > 0)
			*(struct wd_span *)at =
			    wd_span(pattern, f->cap < 9 ? f->cap : 9);
		else
			at[0] = 1;
	}
}

static void
every_message_goes_both_ways(void **state)
{
	size_t n;
	const struct wd_msg_type *const *types = wd_msg_types(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		uint8_t *a = wd_alloc(types[i]->size + 1);
		uint8_t *b = wd_alloc(types[i]->size + 1);
		struct wd_wr one = wd_wr_growing(1 << 20);
		struct wd_wr two = wd_wr_growing(1 << 20);

		fill(types[i], a);
		wd_msg_write(&one, types[i], a);
		t_ok(wd_wr_end(&one));
		assert_int_equal(wd_msg_len(types[i], a), one.len);
		t_ok(wd_msg_read(wd_wr_span(&one), types[i], b));
		wd_msg_write(&two, types[i], b);
		t_span_equal(wd_wr_span(&one), wd_wr_span(&two));
		for (size_t cut = 0; cut < one.len; cut++)
			assert_int_equal(
			    wd_msg_read(wd_span(one.p, cut), types[i], b),
			    WD_R_MALFORMED);
		wd_wr_u8(&one, 0);
		assert_int_equal(
		    wd_msg_read(wd_wr_span(&one), types[i], b), WD_R_MALFORMED);
		wd_wr_done(&one);
		wd_wr_done(&two);
		wd_freep(&a);
		wd_freep(&b);
	}
}

static void
field_over_its_cap_is_refused(void **state)
{
	struct wd_msg_challenge m = { 0 };
	uint8_t big[4 + 65] = { 65 };
	struct wd_wr wr = wd_wr_growing(1000);

	(void)state;
	assert_int_equal(wd_msg_read(WD_SPAN(big), &wd_msg_challenge_type, &m),
	    WD_R_MALFORMED);
	m.challenge = wd_span(big, 65);
	wd_msg_write(&wr, &wd_msg_challenge_type, &m);
	assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
	wd_wr_done(&wr);
}

static void
control_bytes_in_text_are_refused(void **state)
{
	struct wd_msg_path_record m = { WD_SPAN_LIT("a\nb") };
	struct wd_wr wr = wd_wr_growing(1000);
	static const uint8_t wire[] = { 1, 0, 0, 0, 0x7f };

	(void)state;
	wd_msg_write(&wr, &wd_msg_path_record_type, &m);
	assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
	wd_wr_done(&wr);
	assert_int_equal(
	    wd_msg_read(WD_SPAN(wire), &wd_msg_path_record_type, &m),
	    WD_R_MALFORMED);
}

static void
bool_is_zero_or_one(void **state)
{
	struct wd_msg_health m;
	static const uint8_t wire[] = { 2, 0, 0, 0 };

	(void)state;
	assert_int_equal(wd_msg_read(WD_SPAN(wire), &wd_msg_health_type, &m),
	    WD_R_MALFORMED);
}

static void
ids_have_one_form(void **state)
{
	struct wd_msg_key_ask m;
	uint8_t wire[4 + 4 + 1 + 1 + 36] = { 0 };
	static const char id[] = "0f8fad5b-d9cb-469f-a165-70867728950e";

	(void)state;
	wire[9] = 36;
	wd_copy(wire + 10, WD_SPAN_LIT(id));
	t_ok(wd_msg_read(WD_SPAN(wire), &wd_msg_key_ask_type, &m));
	wire[12] = 'F';
	assert_int_equal(wd_msg_read(WD_SPAN(wire), &wd_msg_key_ask_type, &m),
	    WD_R_MALFORMED);
	wire[12] = 'f';
	wire[9] = 35;
	assert_int_equal(wd_msg_read(WD_SPAN(wire), &wd_msg_key_ask_type, &m),
	    WD_R_MALFORMED);
}

static void
lists_are_walked_record_by_record(void **state)
{
	struct wd_msg_path_record in = { WD_SPAN_LIT("a/b/c") }, out;
	struct wd_wr wr = wd_wr_growing(1000);
	struct wd_rd rd;

	(void)state;
	wd_list_add(&wr, &wd_msg_path_record_type, &in);
	wd_list_add(&wr, &wd_msg_path_record_type, &in);
	rd = wd_rd(wd_wr_span(&wr));
	for (int i = 0; i < 2; i++) {
		t_ok(wd_list_next(&rd, &wd_msg_path_record_type, &out));
		t_span_equal(out.path, in.path);
	}
	t_ok(wd_rd_end(&rd));
	rd = wd_rd(wd_span(wr.p, wr.len - 1));
	t_ok(wd_list_next(&rd, &wd_msg_path_record_type, &out));
	assert_int_equal(
	    wd_list_next(&rd, &wd_msg_path_record_type, &out), WD_R_MALFORMED);
	wd_wr_done(&wr);
}

static void
replies_carry_result_and_reason(void **state)
{
	const struct wd_call_row *row = wd_call_row(WD_CALL_CHALLENGE);
	struct wd_msg_challenge m = { WD_SPAN_LIT("xyz") }, got = { 0 };
	struct wd_wr wr = wd_wr_growing(1000);
	struct wd_span detail = { 0 };
	int result = 1;

	(void)state;
	wd_reply_write(&wr, row, 0, NULL, &m);
	t_ok(wd_reply_read(wd_wr_span(&wr), row, &result, &detail, &got));
	assert_int_equal(result, 0);
	t_span_equal(got.challenge, m.challenge);
	wd_wr_done(&wr);
	wd_reply_write(&wr, row, WD_F_MEMORY, "no memory", NULL);
	t_ok(wd_reply_read(wd_wr_span(&wr), row, &result, &detail, &got));
	assert_int_equal(result, WD_F_MEMORY);
	t_span_equal(detail, WD_SPAN_LIT("no memory"));
	assert_int_equal(
	    wd_reply_read(wd_span(wr.p, 3), row, &result, &detail, &got),
	    WD_R_MALFORMED);
	wd_wr_done(&wr);
}

static void
call_ids_are_unique_and_caps_hold_their_messages(void **state)
{
	size_t n;
	const struct wd_call_row *rows = wd_call_rows(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(wd_call_row((uint16_t)rows[i].id), &rows[i]);
		assert_true(rows[i].from != 0 && rows[i].to != 0);
	}
	assert_null(wd_call_row(0));
	assert_null(wd_call_row(999));
}

static void
key_kinds_have_rows(void **state)
{
	(void)state;
	for (int k = WD_KEY_AES128; k <= WD_KEY_OPAQUE; k++)
		assert_int_equal(wd_key_row((enum wd_key_kind)k)->kind, k);
	assert_null(wd_key_row(WD_KEY_NONE));
	assert_int_equal(
	    wd_key_row_by_name(WD_SPAN_LIT("ec-p256"))->kind, WD_KEY_P256);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_goes_both_ways),
		cmocka_unit_test(field_over_its_cap_is_refused),
		cmocka_unit_test(control_bytes_in_text_are_refused),
		cmocka_unit_test(bool_is_zero_or_one),
		cmocka_unit_test(ids_have_one_form),
		cmocka_unit_test(lists_are_walked_record_by_record),
		cmocka_unit_test(replies_carry_result_and_reason),
		cmocka_unit_test(
		    call_ids_are_unique_and_caps_hold_their_messages),
		cmocka_unit_test(key_kinds_have_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
