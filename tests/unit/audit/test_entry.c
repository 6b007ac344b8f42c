/*
 * Entries: the exact text, what happens to bytes that are no text, and what is
 * left out of an entry that is too long.
 */
#include "lib/t.h"

#include "audit/entry.h"
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

static void
is_written(const struct wd_entry *e, const char *want)
{
	uint8_t buf[WD_ENTRY_MAX];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	wd_entry_write(&wr, e);
	t_ok(wd_wr_end(&wr));
	t_span_equal(wd_wr_span(&wr), wd_span_text(want));
}

static void
an_entry_with_nothing_in_it_is_short(void **state)
{
	struct wd_entry e = { .event = WD_EV_START, .time = 0 };

	(void)state;
	is_written(&e,
	    "{\"event\":\"start\",\"result\":\"allow\","
	    "\"time\":\"1970-01-01T00:00:00Z\",\"v\":1}");
}

static void
an_entry_has_all_its_members_in_order(void **state)
{
	const uint8_t version[32] = { 0xab, [31] = 0x01 };
	struct wd_entry e = {
		.event = WD_EV_RELEASE,
		.time = 1751328000,
		.request = id(1),
		.source = "192.0.2.7",
		.actor = "olga",
		.session = id(2),
		.lease = id(3),
		.key = id(4),
		.policy = id(5),
		.policy_version = version,
		.path = "default/key/x",
		.version = 7,
		.lease_seconds = 600,
		.result = WD_R_MEASUREMENT_MISMATCH,
		.detail = "no such \"measurement\"",
		.software = true,
		.claims = WD_SPAN_LIT("{\"tee\":\"sgx\"}"),
		.trace = WD_SPAN_LIT("[1]"),
		.counts = WD_SPAN_LIT("[2]"),
	};

	(void)state;
	is_written(&e,
	    "{\"actor\":\"olga\",\"claims\":{\"tee\":\"sgx\"},"
	    "\"counts\":[2],\"detail\":\"no such \\\"measurement\\\"\","
	    "\"event\":\"release\","
	    "\"key\":\"04040404-0404-4404-8404-040404040404\","
	    "\"lease\":\"03030303-0303-4303-8303-030303030303\","
	    "\"lease_seconds\":600,\"path\":\"default/key/x\","
	    "\"policy\":\"05050505-0505-4505-8505-050505050505\","
	    "\"policy_version\":\"ab000000000000000000000000000000"
	    "00000000000000000000000000000001\","
	    "\"reason\":\"measurement_mismatch\","
	    "\"request\":\"01010101-0101-4101-8101-010101010101\","
	    "\"result\":\"deny\","
	    "\"session\":\"02020202-0202-4202-8202-020202020202\","
	    "\"software\":\"SOFTWARE\",\"source\":\"192.0.2.7\","
	    "\"time\":\"2025-07-01T00:00:00Z\",\"trace\":[1],\"v\":1,"
	    "\"version\":7}");
}

static void
a_fault_is_told_from_a_denial(void **state)
{
	struct wd_entry e = { .event = WD_EV_UNSEAL, .result = WD_F_SYSTEM };

	(void)state;
	is_written(&e,
	    "{\"event\":\"unseal\",\"reason\":\"fault\","
	    "\"result\":\"fault\",\"time\":\"1970-01-01T00:00:00Z\",\"v\":1}");
}

static void
bytes_that_are_no_text_are_replaced(void **state)
{
	struct wd_entry e = {
		.event = WD_EV_REFUSED,
		.source = "a\xff\x01z",
		.actor = "\xc3\xa9", /* valid UTF-8 stays */
	};

	(void)state;
	is_written(&e,
	    "{\"actor\":\"\xc3\xa9\",\"event\":\"refused\","
	    "\"result\":\"allow\",\"source\":\"a??z\","
	    "\"time\":\"1970-01-01T00:00:00Z\",\"v\":1}");
}

/* A JSON text of LEN bytes. */
static char *
long_json(size_t len)
{
	static char text[2 * WD_ENTRY_MAX];

	assert_true(len < sizeof(text));
	memset(text, 'x', len);
	text[0] = '"';
	text[len - 1] = '"';
	text[len] = '\0';
	return text;
}

static void
a_long_entry_is_cut(void **state)
{
	const char *want = "{\"cut\":true,\"event\":\"attest\","
			   "\"result\":\"allow\","
			   "\"time\":\"1970-01-01T00:00:00Z\",\"v\":1}";
	struct wd_entry e = { .event = WD_EV_ATTEST };
	struct wd_wr wr = wd_wr_growing(1 << 20);

	(void)state;
	e.claims = wd_span_text(long_json(WD_ENTRY_MAX));
	is_written(&e, want);    /* over the end of the buffer */
	wd_entry_write(&wr, &e); /* over the limit in a larger one */
	t_ok(wd_wr_end(&wr));
	t_span_equal(wd_wr_span(&wr), wd_span_text(want));
	wd_wr_done(&wr);
}

static void
the_longest_entry_is_whole(void **state)
{
	struct wd_entry e = { .event = WD_EV_ATTEST };
	struct wd_wr wr = wd_wr_growing(1 << 20);
	const size_t rest = sizeof("{\"claims\":,\"event\":\"attest\","
				   "\"result\":\"allow\",\"time\":"
				   "\"1970-01-01T00:00:00Z\",\"v\":1}") -
	    1;

	(void)state;
	e.claims = wd_span_text(long_json(WD_ENTRY_MAX - rest));
	wd_entry_write(&wr, &e);
	t_ok(wd_wr_end(&wr));
	assert_int_equal(wr.len, WD_ENTRY_MAX);
	wd_wr_done(&wr);
}

static void
what_cannot_be_cut_poisons_the_writer(void **state)
{
	struct wd_entry e = { .event = WD_EV_COUNTS };
	struct wd_wr wr = wd_wr_growing(1 << 20);

	(void)state;
	e.counts = wd_span_text(long_json(WD_ENTRY_MAX));
	wd_entry_write(&wr, &e);
	assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
	wd_entry_write(&wr, &(struct wd_entry){ .event = WD_EV_START });
	assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
	wd_wr_done(&wr);
}

/* The rules of a new token are the longest text that must not be cut. */
static void
a_detail_of_1536_bytes_is_whole(void **state)
{
	char detail[1536 + 2], want[1700];
	struct wd_entry e = { .event = WD_EV_START, .detail = detail };

	(void)state;
	memset(detail, 'x', sizeof(detail));
	for (size_t len = 1536; len <= 1537; len++) {
		struct wd_wr wr = wd_wr_fixed(want, sizeof(want));

		detail[len] = '\0';
		wd_wr_text(&wr, "{\"detail\":\"");
		wd_wr_bytes(&wr, wd_span(detail, 1536));
		wd_wr_text(&wr,
		    "\",\"event\":\"start\",\"result\":\"allow\","
		    "\"time\":\"1970-01-01T00:00:00Z\",\"v\":1}");
		wd_wr_u8(&wr, 0);
		t_ok(wd_wr_end(&wr));
		is_written(&e, want);
		detail[len] = 'x';
	}
}

static void
every_event_has_a_name(void **state)
{
	(void)state;
	for (unsigned e = 0; e <= WD_EV_LOG_WRITABLE; e++) {
		const char *name = wd_event_name((enum wd_event)e);

		assert_non_null(name);
		for (unsigned f = 0; f < e; f++)
			assert_string_not_equal(
			    name, wd_event_name((enum wd_event)f));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_with_nothing_in_it_is_short),
		cmocka_unit_test(an_entry_has_all_its_members_in_order),
		cmocka_unit_test(a_fault_is_told_from_a_denial),
		cmocka_unit_test(bytes_that_are_no_text_are_replaced),
		cmocka_unit_test(a_long_entry_is_cut),
		cmocka_unit_test(the_longest_entry_is_whole),
		cmocka_unit_test(what_cannot_be_cut_poisons_the_writer),
		cmocka_unit_test(a_detail_of_1536_bytes_is_whole),
		cmocka_unit_test(every_event_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
