/*
 * Event logs: both forms, how they end, what they lead to, and which of their
 * data may be believed.
 */
#include "lib/t.h"

#include "base/wr.h"
#include "crypto/init.h"
#include "verify/eventlog/eventlog.h"

enum { SHA1_ID = 4, SHA256_ID = 0xb, SHA384_ID = 0xc };

static int
setup(void **state)
{
	(void)state;
	return wd_crypto_init(NULL);
}

struct log {
	uint8_t bytes[4096];
	struct wd_wr wr;
};

static void
begin(struct log *l)
{
	l->wr = wd_wr_fixed(l->bytes, sizeof(l->bytes));
}

/* The first event, for SHA-256 and SHA-384. */
static void
begin_agile(struct log *l)
{
	begin(l);
	wd_wr_le32(&l->wr, 0);
	wd_wr_le32(&l->wr, WD_EV_NO_ACTION);
	wd_wr_zero(&l->wr, 20);
	wd_wr_le32(&l->wr, 16 + 8 + 4 + 8 + 1 + 2);
	wd_wr_bytes(&l->wr, WD_SPAN_LIT("Spec ID Event03\0"));
	wd_wr_le32(&l->wr, 0);
	wd_wr_bytes(&l->wr, WD_SPAN_LIT("\x00\x02\x00\x02"));
	wd_wr_le32(&l->wr, 2);
	wd_wr_le16(&l->wr, SHA256_ID);
	wd_wr_le16(&l->wr, 32);
	wd_wr_le16(&l->wr, SHA384_ID);
	wd_wr_le16(&l->wr, 48);
	wd_wr_u8(&l->wr, 2);
	wd_wr_bytes(&l->wr, WD_SPAN_LIT("vv"));
}

/* An event that measures WHAT and shows DATA. */
static void
put_event(struct log *l, uint32_t reg, uint32_t type, struct wd_span what,
    struct wd_span data)
{
	uint8_t d256[32], d384[48];

	t_ok(wd_hash(WD_SHA256, what, d256));
	t_ok(wd_hash(WD_SHA384, what, d384));
	wd_wr_le32(&l->wr, reg);
	wd_wr_le32(&l->wr, type);
	wd_wr_le32(&l->wr, 2);
	wd_wr_le16(&l->wr, SHA256_ID);
	wd_wr_bytes(&l->wr, WD_SPAN(d256));
	wd_wr_le16(&l->wr, SHA384_ID);
	wd_wr_bytes(&l->wr, WD_SPAN(d384));
	wd_wr_le32(&l->wr, (uint32_t)data.len);
	wd_wr_bytes(&l->wr, data);
}

static void
put_old(struct log *l, uint32_t reg, uint32_t type, struct wd_span data)
{
	uint8_t digest[20];

	t_ok(wd_hash(WD_SHA1, data, digest));
	wd_wr_le32(&l->wr, reg);
	wd_wr_le32(&l->wr, type);
	wd_wr_bytes(&l->wr, WD_SPAN(digest));
	wd_wr_le32(&l->wr, (uint32_t)data.len);
	wd_wr_bytes(&l->wr, data);
}

static int
parse(const struct log *l, struct wd_eventlog *ret)
{
	t_ok(wd_wr_end(&l->wr));
	return wd_eventlog_parse(wd_wr_span(&l->wr), ret, NULL);
}

/* H(old || H(what)) from zeros. */
static void
extended(enum wd_hash bank, const char *const *what, size_t n,
    uint8_t ret[WD_HASH_MAX])
{
	size_t len = wd_hash_len(bank);
	uint8_t digest[WD_HASH_MAX];
	const struct wd_span parts[] = { wd_span(ret, len),
		wd_span(digest, len) };

	for (size_t i = 0; i < n; i++) {
		t_ok(wd_hash(bank, wd_span_text(what[i]), digest));
		t_ok(wd_hash_parts(bank, parts, 2, ret));
	}
}

static void
an_agile_log_leads_to_its_registers_in_every_bank(void **state)
{
	static const char *const first[] = { "a", "c" };
	static const char *const second[] = { "b" };
	static const enum wd_hash banks[] = { WD_SHA256, WD_SHA384 };
	struct log l;
	struct wd_eventlog log;

	(void)state;
	begin_agile(&l);
	put_event(&l, 1, WD_EV_IPL, WD_SPAN_LIT("a"), WD_SPAN_LIT("x"));
	put_event(&l, 2, WD_EV_IPL, WD_SPAN_LIT("b"), WD_SPAN_LIT(""));
	put_event(&l, 5, WD_EV_NO_ACTION, WD_SPAN_LIT("n"), WD_SPAN_LIT("n"));
	put_event(&l, 1, WD_EV_IPL, WD_SPAN_LIT("c"), WD_SPAN_LIT("y"));
	t_ok(parse(&l, &log));
	assert_false(log.is_old);
	assert_int_equal(log.n_events, 4);
	for (size_t i = 0; i < WD_N(banks); i++) {
		struct wd_replay x;
		uint8_t want[3][WD_HASH_MAX] = { 0 };

		t_ok(wd_eventlog_replay(&log, banks[i], &x, NULL));
		extended(banks[i], first, 2, want[1]);
		extended(banks[i], second, 1, want[2]);
		t_span_equal(WD_SPAN(x.reg[1].digest), WD_SPAN(want[1]));
		t_span_equal(WD_SPAN(x.reg[2].digest), WD_SPAN(want[2]));
		assert_int_equal(x.reg[1].n, 2);
		assert_int_equal(x.reg[2].n, 1);
		assert_int_equal(x.reg[5].n, 0);
	}
}

static void
an_old_log_has_sha_1_alone(void **state)
{
	static const char *const what[] = { "a" };
	struct log l;
	struct wd_eventlog log;
	struct wd_replay x;
	uint8_t want[WD_HASH_MAX] = { 0 };

	(void)state;
	begin(&l);
	put_old(&l, 4, WD_EV_SEPARATOR, WD_SPAN_LIT("a"));
	t_ok(parse(&l, &log));
	assert_true(log.is_old);
	assert_int_equal(log.n_events, 1);
	t_ok(wd_eventlog_replay(&log, WD_SHA1, &x, NULL));
	extended(WD_SHA1, what, 1, want);
	t_span_equal(WD_SPAN(x.reg[4].digest), WD_SPAN(want));
	assert_int_equal(wd_eventlog_replay(&log, WD_SHA256, &x, NULL),
	    WD_R_EVENT_LOG_MALFORMED);
}

static void
a_log_ends_at_padding_of_ones_or_zeros(void **state)
{
	static const uint8_t pads[] = { 0xff, 0 };
	struct wd_eventlog log;

	(void)state;
	for (size_t i = 0; i < WD_N(pads); i++) {
		struct log l;

		begin_agile(&l);
		put_event(&l, 1, WD_EV_IPL, WD_SPAN_LIT("a"), WD_SPAN_LIT("x"));
		for (size_t k = 0; k < 1001; k++)
			wd_wr_u8(&l.wr, pads[i]);
		t_ok(parse(&l, &log));
		assert_int_equal(log.n_events, 1);
		wd_wr_u8(&l.wr, 1);
		assert_int_equal(parse(&l, &log), WD_R_EVENT_LOG_MALFORMED);
	}
}

static void
the_startup_locality_is_the_start_of_pcr_0(void **state)
{
	struct log l;
	struct wd_eventlog log;
	struct wd_replay x;

	(void)state;
	begin_agile(&l);
	put_event(&l, 0, WD_EV_NO_ACTION, WD_SPAN_LIT(""),
	    WD_SPAN_LIT("StartupLocality\0\x03"));
	t_ok(parse(&l, &log));
	t_ok(wd_eventlog_replay(&log, WD_SHA256, &x, NULL));
	assert_int_equal(x.reg[0].digest[31], 3);
	assert_int_equal(x.reg[0].digest[0], 0);
	/* twice, or after the first measurement */
	put_event(&l, 0, WD_EV_NO_ACTION, WD_SPAN_LIT(""),
	    WD_SPAN_LIT("StartupLocality\0\x04"));
	t_ok(parse(&l, &log));
	assert_int_equal(wd_eventlog_replay(&log, WD_SHA256, &x, NULL),
	    WD_R_EVENT_LOG_MALFORMED);
	begin_agile(&l);
	put_event(&l, 0, WD_EV_IPL, WD_SPAN_LIT("a"), WD_SPAN_LIT(""));
	put_event(&l, 0, WD_EV_NO_ACTION, WD_SPAN_LIT(""),
	    WD_SPAN_LIT("StartupLocality\0\x03"));
	t_ok(parse(&l, &log));
	assert_int_equal(wd_eventlog_replay(&log, WD_SHA256, &x, NULL),
	    WD_R_EVENT_LOG_MALFORMED);
}

/* Bytes that differ from a good log of one event. */
static const struct {
	const char *what;
	size_t offset;
	uint32_t value;
	size_t size;
} faults[] = {
	{ "the size of the first event", 28, 0xffffffff, 4 },
	{ "the size of the first event, one less", 28, 38, 4 },
	{ "no algorithm", 56, 0, 4 },
	{ "more algorithms than there are", 56, 3, 4 },
	{ "very many algorithms", 56, 0xffffffff, 4 },
	{ "an algorithm twice", 64, SHA256_ID, 2 },
	{ "a digest of another size", 62, 20, 2 },
	{ "a digest of no size", 66, 0, 2 },
	{ "a register there is not", 71, 24, 4 },
	{ "no digest", 79, 0, 4 },
	{ "more digests than algorithms", 79, 3, 4 },
	{ "a digest that is not listed", 83, SHA1_ID, 2 },
	{ "a digest twice", 117, SHA256_ID, 2 },
	{ "more data than there is", 167, 5, 4 },
	{ "very much data", 167, 0xffffffff, 4 },
	{ "less data than there is", 167, 3, 4 },
};

static void
a_log_that_is_not_in_its_form_is_refused(void **state)
{
	struct log good;
	struct wd_eventlog log;

	(void)state;
	begin_agile(&good);
	put_event(&good, 1, WD_EV_IPL, WD_SPAN_LIT("a"), WD_SPAN_LIT("data"));
	t_ok(parse(&good, &log));
	for (size_t i = 0; i < WD_N(faults); i++) {
		struct log l = good;
		struct wd_wr at;

		l.wr.p = l.bytes;
		at = wd_wr_fixed(l.bytes + faults[i].offset, 4);
		if (faults[i].size == 2)
			wd_wr_le16(&at, (uint16_t)faults[i].value);
		else
			wd_wr_le32(&at, faults[i].value);
		if (parse(&l, &log) != WD_R_EVENT_LOG_MALFORMED)
			print_error("%s\n", faults[i].what);
		assert_int_equal(parse(&l, &log), WD_R_EVENT_LOG_MALFORMED);
	}
}

static void
a_log_that_is_cut_off_within_an_event_is_refused(void **state)
{
	struct log l;
	struct wd_eventlog log;
	size_t head;

	(void)state;
	begin_agile(&l);
	head = l.wr.len;
	put_event(&l, 1, WD_EV_IPL, WD_SPAN_LIT("a"), WD_SPAN_LIT("data"));
	for (size_t n = 0; n < l.wr.len; n++) {
		struct wd_span part = wd_span(l.bytes, n);

		if (n == head)
			t_ok(wd_eventlog_parse(part, &log, NULL));
		else
			assert_int_equal(wd_eventlog_parse(part, &log, NULL),
			    WD_R_EVENT_LOG_MALFORMED);
	}
}

static void
data_counts_only_where_its_type_hashes_it_and_it_does(void **state)
{
	struct log l;
	struct wd_eventlog log;
	struct wd_event e;
	bool is;
	size_t at = 0;

	(void)state;
	begin_agile(&l);
	put_event(&l, 1, WD_EV_SEPARATOR, WD_SPAN_LIT("a"), WD_SPAN_LIT("a"));
	put_event(&l, 1, WD_EV_SEPARATOR, WD_SPAN_LIT("a"), WD_SPAN_LIT("b"));
	put_event(&l, 1, WD_EV_IPL, WD_SPAN_LIT("a"), WD_SPAN_LIT("a"));
	t_ok(parse(&l, &log));
	assert_true(wd_eventlog_next(&log, WD_SHA384, &at, &e));
	t_ok(wd_event_is_rehashed(&e, WD_SHA384, &is));
	assert_true(is);
	assert_true(wd_eventlog_next(&log, WD_SHA384, &at, &e));
	t_ok(wd_event_is_rehashed(&e, WD_SHA384, &is));
	assert_false(is);
	assert_true(wd_eventlog_next(&log, WD_SHA384, &at, &e));
	t_ok(wd_event_is_rehashed(&e, WD_SHA384, &is));
	assert_false(is);
	assert_false(wd_eventlog_next(&log, WD_SHA384, &at, &e));
}

/* ---- SecureBoot */

#define GLOBAL                                                             \
	"\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c" \
	"\x0a\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0S\0e\0c\0u\0r\0e\0B\0o\0o\0t\0"
#define ON WD_SPAN_LIT(GLOBAL "\1")
#define OFF WD_SPAN_LIT(GLOBAL "\0")
#define CONFIG WD_EV_EFI_VARIABLE_DRIVER_CONFIG
#define SEPARATOR WD_SPAN_LIT("\0\0\0\0")

static struct wd_eventlog_facts
facts_of(const struct log *l)
{
	struct wd_eventlog_facts f;
	struct wd_eventlog log;

	t_ok(parse(l, &log));
	t_ok(wd_eventlog_facts(&log, WD_SHA384, 1u << 7, 7, &f));
	return f;
}

static void
secure_boot_is_what_firmware_measured_before_its_separator(void **state)
{
	struct log l;

	(void)state;
	begin_agile(&l);
	put_event(&l, 7, CONFIG, ON, ON);
	assert_false(facts_of(&l).has_secure_boot);
	put_event(&l, 7, WD_EV_SEPARATOR, SEPARATOR, SEPARATOR);
	assert_true(facts_of(&l).has_secure_boot);
	assert_true(facts_of(&l).secure_boot);
	assert_true(facts_of(&l).all_rehashed);
	begin_agile(&l);
	put_event(&l, 7, CONFIG, OFF, OFF);
	put_event(&l, 7, WD_EV_SEPARATOR, SEPARATOR, SEPARATOR);
	assert_true(facts_of(&l).has_secure_boot);
	assert_false(facts_of(&l).secure_boot);
}

/* What says nothing has not been hashed again. */
static void
data_that_is_not_there_is_not_rehashed(void **state)
{
	struct log l;

	(void)state;
	begin_agile(&l);
	assert_false(facts_of(&l).all_rehashed);
	put_event(&l, 3, WD_EV_SEPARATOR, SEPARATOR, SEPARATOR);
	assert_false(facts_of(&l).all_rehashed);
	put_event(&l, 7, WD_EV_SEPARATOR, SEPARATOR, SEPARATOR);
	assert_true(facts_of(&l).all_rehashed);
	put_event(&l, 7, CONFIG, ON, WD_SPAN_LIT(""));
	assert_false(facts_of(&l).all_rehashed);
}

static void
secure_boot_cannot_be_claimed_by_others(void **state)
{
	struct log l;

	(void)state;
	/* the firmware's event under another type, one's own behind it */
	begin_agile(&l);
	put_event(&l, 7, 0x8000000a, OFF, OFF);
	put_event(&l, 7, WD_EV_SEPARATOR, SEPARATOR, SEPARATOR);
	put_event(&l, 7, CONFIG, ON, ON);
	assert_false(facts_of(&l).secure_boot);
	/* the separator under another type */
	begin_agile(&l);
	put_event(&l, 7, 0x8000000a, OFF, OFF);
	put_event(&l, 7, WD_EV_IPL, SEPARATOR, WD_SPAN_LIT("x"));
	put_event(&l, 7, CONFIG, ON, ON);
	put_event(&l, 7, WD_EV_SEPARATOR, SEPARATOR, SEPARATOR);
	assert_false(facts_of(&l).secure_boot);
	/* the data altered */
	begin_agile(&l);
	put_event(&l, 7, CONFIG, OFF, ON);
	put_event(&l, 7, WD_EV_SEPARATOR, SEPARATOR, SEPARATOR);
	assert_false(facts_of(&l).secure_boot);
	assert_false(facts_of(&l).all_rehashed);
	/* twice */
	begin_agile(&l);
	put_event(&l, 7, CONFIG, OFF, OFF);
	put_event(&l, 7, CONFIG, ON, ON);
	put_event(&l, 7, WD_EV_SEPARATOR, SEPARATOR, SEPARATOR);
	assert_false(facts_of(&l).secure_boot);
	/* in another register */
	begin_agile(&l);
	put_event(&l, 8, CONFIG, ON, ON);
	put_event(&l, 7, WD_EV_SEPARATOR, SEPARATOR, SEPARATOR);
	assert_false(facts_of(&l).has_secure_boot);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    an_agile_log_leads_to_its_registers_in_every_bank),
		cmocka_unit_test(an_old_log_has_sha_1_alone),
		cmocka_unit_test(a_log_ends_at_padding_of_ones_or_zeros),
		cmocka_unit_test(the_startup_locality_is_the_start_of_pcr_0),
		cmocka_unit_test(a_log_that_is_not_in_its_form_is_refused),
		cmocka_unit_test(
		    a_log_that_is_cut_off_within_an_event_is_refused),
		cmocka_unit_test(
		    data_counts_only_where_its_type_hashes_it_and_it_does),
		cmocka_unit_test(
		    secure_boot_is_what_firmware_measured_before_its_separator),
		cmocka_unit_test(data_that_is_not_there_is_not_rehashed),
		cmocka_unit_test(secure_boot_cannot_be_claimed_by_others),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
