/*
 * Entries read back: what was written is found again, and nothing else passes
 * for a lease.
 */
#include "lib/t.h"

#include "audit/entry.h"
#include "audit/entry_read.h"
#include "base/reason.h"

#include <string.h>

static struct wd_id
id(uint8_t fill)
{
	uint8_t bytes[16];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = fill;
	return wd_id_from_random(bytes);
}

static struct wd_entry
release(void)
{
	return (struct wd_entry){
		.event = WD_EV_RELEASE,
		.time = 1751328000,
		.request = id(1),
		.source = "192.0.2.7",
		.session = id(2),
		.lease = id(3),
		.key = id(4),
		.path = "default/key/x",
		.version = 7,
		.lease_seconds = 600,
		.claims = WD_SPAN_LIT("{\"a\":[{\"b\":\"}]\\\"\"},[]]}"),
	};
}

static struct wd_span
written(const struct wd_entry *e, uint8_t buf[WD_ENTRY_MAX])
{
	struct wd_wr wr = wd_wr_fixed(buf, WD_ENTRY_MAX);

	wd_entry_write(&wr, e);
	t_ok(wd_wr_end(&wr));
	return wd_wr_span(&wr);
}

static bool
is_lease(const struct wd_entry *e)
{
	uint8_t buf[WD_ENTRY_MAX];
	struct wd_entry_seen x = { 0 };

	assert_true(wd_entry_read(written(e, buf), &x));
	assert_int_equal(x.time, e->time);
	return x.is_lease;
}

static void
release_that_was_allowed_is_a_lease(void **state)
{
	uint8_t buf[WD_ENTRY_MAX];
	struct wd_entry e = release();
	struct wd_entry_seen x = { 0 };

	(void)state;
	assert_true(wd_entry_read(written(&e, buf), &x));
	assert_true(x.is_lease);
	assert_string_equal(x.lease.s, e.lease.s);
	assert_string_equal(x.session.s, e.session.s);
	t_span_equal(x.path, wd_span_text("default/key/x"));
	assert_int_equal(x.seconds, 600);
}

static void
what_is_no_release_or_was_denied_is_none(void **state)
{
	struct wd_entry e = release();

	(void)state;
	e.event = WD_EV_ATTEST;
	assert_false(is_lease(&e));
	e = release();
	e.result = WD_R_MEASUREMENT_MISMATCH;
	assert_false(is_lease(&e));
	e = release();
	e.lease = (struct wd_id){ 0 };
	assert_false(is_lease(&e));
	e = release();
	e.path = NULL;
	assert_false(is_lease(&e));
	e = release();
	e.path = "a\"b";
	assert_false(is_lease(&e));
	e = release();
	e.lease_seconds = 0;
	assert_false(is_lease(&e));
}

/* Members of another text's making cannot be brought in by a text. */
static void
text_that_looks_like_members_changes_nothing(void **state)
{
	uint8_t buf[WD_ENTRY_MAX];
	struct wd_entry e = release();
	struct wd_entry_seen x = { 0 };

	(void)state;
	e.source = "\",\"lease_seconds\":1,\"x\":\"";
	e.detail = "\\\",\"event\":\"start";
	assert_true(wd_entry_read(written(&e, buf), &x));
	assert_true(x.is_lease);
	assert_int_equal(x.seconds, 600);
}

static void
no_part_of_an_entry_is_one(void **state)
{
	uint8_t buf[WD_ENTRY_MAX];
	struct wd_entry e = release();
	struct wd_span whole = written(&e, buf);
	struct wd_entry_seen x = { .seconds = 5 };

	(void)state;
	for (size_t n = 0; n < whole.len; n++)
		assert_false(wd_entry_read(wd_span(whole.p, n), &x));
	buf[whole.len] = ' ';
	assert_false(wd_entry_read(wd_span(whole.p, whole.len + 1), &x));
	assert_int_equal(x.seconds, 5);
}

static void
other_forms_are_none(void **state)
{
	static const char *const texts[] = { "", "{", "{}", "[]",
		"{\"time\":", "{\"time\":\"1970-01-01T00:00:00Z\"",
		"{\"time\":\"1970-01-01\"}", "{\"time\":0}",
		"{\"a\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]],"
		"\"time\":\"1970-01-01T00:00:00Z\"}",
		"{\"a\":{\"b\":1,\"time\":\"1970-01-01T00:00:00Z\"}}" };
	struct wd_entry_seen x = { 0 };

	(void)state;
	for (size_t i = 0; i < WD_N(texts); i++)
		assert_false(wd_entry_read(wd_span_text(texts[i]), &x));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(release_that_was_allowed_is_a_lease),
		cmocka_unit_test(what_is_no_release_or_was_denied_is_none),
		cmocka_unit_test(text_that_looks_like_members_changes_nothing),
		cmocka_unit_test(no_part_of_an_entry_is_one),
		cmocka_unit_test(other_forms_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
