/*
 * TTLV: the examples of the specification (KMIP 1.4, 9.1.2) both ways, and
 * every form that is none.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "codec/ttlv.h"

enum { TAG = 0x420020, FIRST = 0x420004, SECOND = 0x420005 };

#define CURSOR(literal) wd_rd(WD_SPAN_LIT(literal))

static const char integer[] = "\x42\x00\x20\x02\0\0\0\x04\0\0\0\x08\0\0\0\0";
static const char long_integer[] =
    "\x42\x00\x20\x03\0\0\0\x08\x01\xb6\x9b\x4b\xa5\x74\x92\x00";
static const char big_integer[] =
    "\x42\x00\x20\x04\0\0\0\x10\0\0\0\0\x03\xfd\x35\xeb"
    "\x6b\xc2\xdf\x46\x18\x08\0\0";
static const char enumeration[] =
    "\x42\x00\x20\x05\0\0\0\x04\0\0\0\xff\0\0\0\0";
static const char boolean[] = "\x42\x00\x20\x06\0\0\0\x08\0\0\0\0\0\0\0\x01";
static const char text[] = "\x42\x00\x20\x07\0\0\0\x0bHello World\0\0\0\0\0";
static const char byte_string[] =
    "\x42\x00\x20\x08\0\0\0\x03\x01\x02\x03\0\0\0\0\0";
static const char date_time[] =
    "\x42\x00\x20\x09\0\0\0\x08\0\0\0\0\x47\xda\x67\xf8";
static const char interval[] =
    "\x42\x00\x20\x0a\0\0\0\x04\x00\x0d\x2f\x00\0\0\0\0";
static const char structure[] = "\x42\x00\x20\x01\0\0\0\x20"
				"\x42\x00\x04\x05\0\0\0\x04\0\0\0\xfe\0\0\0\0"
				"\x42\x00\x05\x02\0\0\0\x04\0\0\0\xff\0\0\0\0";

/* 1234567890000000000000000000 in as few bytes as it takes */
static const char big_value[] = "\x03\xfd\x35\xeb\x6b\xc2\xdf\x46\x18\x08\0\0";

static void
examples_are_written(void **state)
{
	uint8_t buf[512];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	const struct wd_span all[] = { WD_SPAN_LIT(integer),
		WD_SPAN_LIT(long_integer), WD_SPAN_LIT(big_integer),
		WD_SPAN_LIT(enumeration), WD_SPAN_LIT(boolean),
		WD_SPAN_LIT(text), WD_SPAN_LIT(byte_string),
		WD_SPAN_LIT(date_time), WD_SPAN_LIT(interval),
		WD_SPAN_LIT(structure) };
	struct wd_rd rd;
	size_t at;

	(void)state;
	wd_ttlv_write_int(&wr, TAG, 8);
	wd_ttlv_write_long(&wr, TAG, INT64_C(123456789000000000));
	wd_ttlv_write_big(&wr, TAG, WD_SPAN_LIT(big_value));
	wd_ttlv_write_enum(&wr, TAG, 255);
	wd_ttlv_write_bool(&wr, TAG, true);
	wd_ttlv_write_text(&wr, TAG, WD_SPAN_LIT("Hello World"));
	wd_ttlv_write_bytes(&wr, TAG, WD_SPAN_LIT("\x01\x02\x03"));
	wd_ttlv_write_time(&wr, TAG, 1205495800);
	wd_ttlv_write_interval(&wr, TAG, 864000);
	at = wd_ttlv_open(&wr, TAG);
	wd_ttlv_write_enum(&wr, FIRST, 254);
	wd_ttlv_write_int(&wr, SECOND, 255);
	wd_ttlv_close(&wr, at);
	t_ok(wd_wr_end(&wr));
	rd = wd_rd(wd_wr_span(&wr));
	for (size_t i = 0; i < WD_N(all); i++)
		t_span_equal(wd_rd_bytes(&rd, all[i].len), all[i]);
	t_ok(wd_rd_end(&rd));
}

static void
examples_are_read(void **state)
{
	struct wd_rd i = CURSOR(integer), l = CURSOR(long_integer),
		     b = CURSOR(big_integer), e = CURSOR(enumeration),
		     t = CURSOR(boolean), x = CURSOR(text),
		     s = CURSOR(byte_string), d = CURSOR(date_time),
		     v = CURSOR(interval);

	(void)state;
	assert_int_equal(wd_ttlv_int(&i, TAG), 8);
	assert_int_equal(wd_ttlv_long(&l, TAG), INT64_C(123456789000000000));
	t_span_equal(wd_ttlv_big(&b, TAG, 16),
	    WD_SPAN_LIT(
		"\0\0\0\0\x03\xfd\x35\xeb\x6b\xc2\xdf\x46\x18\x08\0\0"));
	assert_int_equal(wd_ttlv_enum(&e, TAG), 255);
	assert_true(wd_ttlv_bool(&t, TAG));
	t_span_equal(wd_ttlv_text(&x, TAG, 11), WD_SPAN_LIT("Hello World"));
	t_span_equal(wd_ttlv_bytes(&s, TAG, 3), WD_SPAN_LIT("\x01\x02\x03"));
	assert_int_equal(wd_ttlv_time(&d, TAG), 1205495800);
	assert_int_equal(wd_ttlv_interval(&v, TAG), 864000);
	t_ok(wd_rd_end(&i));
	t_ok(wd_rd_end(&l));
	t_ok(wd_rd_end(&b));
	t_ok(wd_rd_end(&e));
	t_ok(wd_rd_end(&t));
	t_ok(wd_rd_end(&x));
	t_ok(wd_rd_end(&s));
	t_ok(wd_rd_end(&d));
	t_ok(wd_rd_end(&v));
}

static void
structures_are_entered(void **state)
{
	struct wd_rd rd = CURSOR(structure), in;

	(void)state;
	t_ok(wd_ttlv_check(WD_SPAN_LIT(structure)));
	assert_int_equal(wd_ttlv_peek(&rd), TAG);
	assert_int_equal(wd_ttlv_peek_type(&rd), WD_TTLV_STRUCTURE);
	in = wd_ttlv_enter(&rd, TAG);
	assert_int_equal(wd_ttlv_peek(&in), FIRST);
	wd_ttlv_skip(&in);
	assert_int_equal(wd_ttlv_int(&in, SECOND), 255);
	assert_int_equal(wd_ttlv_peek(&in), 0);
	assert_int_equal(wd_ttlv_peek_type(&in), WD_TTLV_NONE);
	t_ok(wd_rd_end(&in));
	t_ok(wd_rd_end(&rd));
}

static void
negative_numbers_keep_their_sign(void **state)
{
	uint8_t buf[80];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_rd rd;

	(void)state;
	wd_ttlv_write_int(&wr, TAG, -2);
	wd_ttlv_write_long(&wr, TAG, INT64_MIN);
	wd_ttlv_write_big(&wr, TAG, WD_SPAN_LIT("\xfe"));
	t_ok(wd_wr_end(&wr));
	rd = wd_rd(wd_wr_span(&wr));
	assert_int_equal(wd_ttlv_int(&rd, TAG), -2);
	assert_true(wd_ttlv_long(&rd, TAG) == INT64_MIN);
	t_span_equal(wd_ttlv_big(&rd, TAG, 8),
	    WD_SPAN_LIT("\xff\xff\xff\xff\xff\xff\xff\xfe"));
	t_ok(wd_rd_end(&rd));
}

static void
another_tag_or_type_poisons(void **state)
{
	struct wd_rd tag = CURSOR(integer), type = CURSOR(integer),
		     in = CURSOR(integer), inner;

	(void)state;
	assert_int_equal(wd_ttlv_int(&tag, FIRST), 0);
	assert_int_equal(wd_rd_ok(&tag), WD_R_MALFORMED);
	assert_int_equal(wd_ttlv_enum(&type, TAG), 0);
	assert_int_equal(wd_rd_ok(&type), WD_R_MALFORMED);
	inner = wd_ttlv_enter(&in, TAG);
	assert_int_equal(wd_rd_ok(&in), WD_R_MALFORMED);
	assert_int_equal(wd_rd_ok(&inner), WD_R_MALFORMED);
}

static void
strings_beyond_their_bound_poison(void **state)
{
	struct wd_rd x = CURSOR(text), s = CURSOR(byte_string),
		     b = CURSOR(big_integer);

	(void)state;
	assert_int_equal(wd_ttlv_text(&x, TAG, 10).len, 0);
	assert_int_equal(wd_rd_ok(&x), WD_R_MALFORMED);
	assert_int_equal(wd_ttlv_bytes(&s, TAG, 2).len, 0);
	assert_int_equal(wd_rd_ok(&s), WD_R_MALFORMED);
	assert_int_equal(wd_ttlv_big(&b, TAG, 8).len, 0);
	assert_int_equal(wd_rd_ok(&b), WD_R_MALFORMED);
}

/* Items that are none, each with what is wrong about it. */
#define BAD(literal)                         \
	{                                    \
		literal, sizeof(literal) - 1 \
	}
static const struct {
	const char *p;
	size_t len;
} bad_items[] = {
	BAD("\x43\x00\x20\x02\0\0\0\x04\0\0\0\x08\0\0\0\0"), /* no such tags */
	BAD("\x42\x00\x20\x00\0\0\0\x04\0\0\0\x08\0\0\0\0"), /* no type */
	BAD("\x42\x00\x20\x0c\0\0\0\x04\0\0\0\x08\0\0\0\0"), /* no such type */
	BAD("\x42\x00\x20\xff\0\0\0\x04\0\0\0\x08\0\0\0\0"),
	BAD("\x42\x00\x20\x02\0\0\0\x08\0\0\0\0\0\0\0\x08"), /* integer of 8 */
	BAD("\x42\x00\x20\x02\0\0\0\x00"),                   /* of none */
	BAD("\x42\x00\x20\x02\0\0\0\x04\0\0\0\x08\0\0\0\x01"), /* padding */
	BAD("\x42\x00\x20\x02\0\0\0\x04\0\0\0\x08"), /* without padding */
	BAD("\x42\x00\x20\x03\0\0\0\x04\0\0\0\x08\0\0\0\0"), /* long of 4 */
	BAD("\x42\x00\x20\x04\0\0\0\x00"),                   /* big of none */
	BAD("\x42\x00\x20\x04\0\0\0\x04\0\0\0\x08\0\0\0\0"), /* big of 4 */
	BAD("\x42\x00\x20\x05\0\0\0\x03\0\0\x08\0\0\0\0\0"), /* enum of 3 */
	BAD("\x42\x00\x20\x06\0\0\0\x01\x01\0\0\0\0\0\0\0"), /* boolean of 1 */
	BAD("\x42\x00\x20\x06\0\0\0\x08\0\0\0\0\0\0\0\x02"), /* neither */
	BAD("\x42\x00\x20\x06\0\0\0\x08\x01\0\0\0\0\0\0\x01"),
	BAD("\x42\x00\x20\x07\0\0\0\x01\x80\0\0\0\0\0\0\0"), /* no UTF-8 */
	BAD("\x42\x00\x20\x07\0\0\0\x02"
	    "a\0\0\0\0\0\0\0"), /* a NUL */
	BAD("\x42\x00\x20\x07\0\0\0\x01"
	    "aa\0\0\0\0\0\0"), /* padding */
	BAD("\x42\x00\x20\x08\0\0\0\x03\x01\x02\x03\0\0\0\0\x01"),
	BAD("\x42\x00\x20\x08\xff\xff\xff\xff\x01\x02\x03\0\0\0\0\0"),
	BAD("\x42\x00\x20\x08\x7f\xff\xff\xff\x01\x02\x03\0\0\0\0\0"),
	BAD("\x42\x00\x20\x09\0\0\0\x04\0\0\0\x08\0\0\0\0"), /* time of 4 */
	BAD("\x42\x00\x20\x0a\0\0\0\x08\0\0\0\0\0\0\0\x08"), /* interval */
	BAD("\x42\x00\x20\x0b\0\0\0\x04\0\0\0\x08\0\0\0\0"),
	BAD("\x42\x00\x20\x01\0\0\0\x04\0\0\0\x08\0\0\0\0"), /* 4 in it */
	BAD("\x42\x00\x20\x01\0\0\0\x08\0\0\0\x08"),         /* cut off */
	BAD("\x42\x00\x20"),
};

static void
what_is_no_item_poisons(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(bad_items); i++) {
		struct wd_rd rd =
		    wd_rd(wd_span(bad_items[i].p, bad_items[i].len));

		wd_ttlv_skip(&rd);
		assert_int_equal(wd_rd_ok(&rd), WD_R_MALFORMED);
	}
}

static void
what_is_no_item_is_refused_inside_of_messages(void **state)
{
	uint8_t buf[64];

	(void)state;
	for (size_t i = 0; i < WD_N(bad_items); i++) {
		struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
		size_t at = wd_ttlv_open(&wr, TAG);

		wd_wr_bytes(&wr, wd_span(bad_items[i].p, bad_items[i].len));
		wd_ttlv_close(&wr, at);
		t_ok(wd_wr_end(&wr));
		assert_int_equal(
		    wd_ttlv_check(wd_wr_span(&wr)), WD_R_MALFORMED);
	}
}

static void
messages_are_one_structure(void **state)
{
	uint8_t two[2 * sizeof(structure)];
	struct wd_wr wr = wd_wr_fixed(two, sizeof(two));

	(void)state;
	assert_int_equal(wd_ttlv_check(wd_span(NULL, 0)), WD_R_MALFORMED);
	assert_int_equal(wd_ttlv_check(WD_SPAN_LIT(integer)), WD_R_MALFORMED);
	t_ok(wd_ttlv_check(WD_SPAN_LIT("\x42\x00\x20\x01\0\0\0\0")));
	wd_wr_bytes(&wr, WD_SPAN_LIT(structure));
	wd_wr_bytes(&wr, WD_SPAN_LIT(structure));
	assert_int_equal(wd_ttlv_check(wd_wr_span(&wr)), WD_R_MALFORMED);
}

static void
cut_messages_are_malformed(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(structure) - 1; n++)
		assert_int_equal(
		    wd_ttlv_check(wd_span(structure, n)), WD_R_MALFORMED);
}

/* N structures in one another. */
static int
check_nest(size_t n)
{
	uint8_t buf[8 * (WD_TTLV_DEPTH + 2)];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	for (size_t left = n; left > 0; left--) {
		wd_wr_be32(&wr, (uint32_t)TAG << 8 | WD_TTLV_STRUCTURE);
		wd_wr_be32(&wr, (uint32_t)(8 * (left - 1)));
	}
	t_ok(wd_wr_end(&wr));
	return wd_ttlv_check(wd_wr_span(&wr));
}

static void
depth_has_a_bound(void **state)
{
	(void)state;
	t_ok(check_nest(WD_TTLV_DEPTH));
	assert_int_equal(check_nest(WD_TTLV_DEPTH + 1), WD_R_TOO_LARGE);
}

static int
check_items(size_t n)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1 << 20);
	size_t at = wd_ttlv_open(&wr, TAG);

	for (size_t i = 1; i < n; i++)
		wd_ttlv_write_bytes(&wr, FIRST, wd_span(NULL, 0));
	wd_ttlv_close(&wr, at);
	t_ok(wd_wr_end(&wr));
	return wd_ttlv_check(wd_wr_span(&wr));
}

static void
the_number_of_items_has_a_bound(void **state)
{
	(void)state;
	t_ok(check_items(WD_TTLV_ITEMS));
	assert_int_equal(check_items(WD_TTLV_ITEMS + 1), WD_R_TOO_LARGE);
}

static void
heads_tell_how_long_messages_are(void **state)
{
	static const struct {
		const char *head;
		uint64_t len;
	} heads[] = {
		{ "\x42\x00\x20\x01\0\0\0\x20", 40 },
		{ "\x42\x00\x20\x01\0\0\0\0", 8 },
		{ "\x42\x00\x20\x01\xff\xff\xff\xf8", UINT64_C(0x100000000) },
		{ "\x42\x00\x20\x01\0\0\0\x21", 0 },
		{ "\x42\x00\x20\x02\0\0\0\x04", 0 }, { "HTTP/1.1", 0 },
		{ "\x15\x03\x03\x00\x02\x02\x28\x00", 0 }, /* an alert of TLS */
	};

	(void)state;
	for (size_t i = 0; i < WD_N(heads); i++)
		assert_true(
		    wd_ttlv_message_len((const uint8_t *)heads[i].head) ==
		    heads[i].len);
}

static void
what_cannot_be_written_poisons_the_writer(void **state)
{
	uint8_t buf[64];
	struct wd_wr nul = wd_wr_fixed(buf, sizeof(buf));
	struct wd_wr none = wd_wr_fixed(buf, sizeof(buf));
	struct wd_wr room = wd_wr_fixed(buf, 15);
	struct wd_wr at_end = wd_wr_fixed(buf, 4);

	(void)state;
	wd_ttlv_write_text(&nul, TAG, WD_SPAN_LIT("a\0b"));
	assert_int_equal(wd_wr_end(&nul), WD_R_TOO_LARGE);
	wd_ttlv_write_big(&none, TAG, wd_span(NULL, 0));
	assert_int_equal(wd_wr_end(&none), WD_R_TOO_LARGE);
	wd_ttlv_write_int(&room, TAG, 1);
	assert_int_equal(wd_wr_end(&room), WD_R_TOO_LARGE);
	wd_ttlv_close(&at_end, wd_ttlv_open(&at_end, TAG));
	assert_int_equal(wd_wr_end(&at_end), WD_R_TOO_LARGE);
}

/* ---- any message reads as what was written */

static uint32_t
draw(uint32_t *seed, uint32_t below)
{
	*seed = (uint32_t)(*seed * UINT64_C(1664525) + 1013904223);
	return (*seed >> 8) % below;
}

enum { MANY = 40 };

static const uint8_t letters[] = "The quick brown fox jumps over it, once.";

static void
write_drawn(struct wd_wr *wr, uint32_t *seed)
{
	struct wd_span s = wd_span(letters, draw(seed, MANY));
	uint32_t v = draw(seed, 1 << 24);

	switch (draw(seed, 5)) {
	case 0:
		wd_ttlv_write_int(wr, TAG, (int32_t)v - (1 << 23));
		break;
	case 1:
		wd_ttlv_write_text(wr, TAG, s);
		break;
	case 2:
		wd_ttlv_write_bytes(wr, TAG, s);
		break;
	case 3:
		wd_ttlv_write_bool(wr, TAG, v % 2 == 1);
		break;
	default:
		wd_ttlv_write_time(wr, TAG, (int64_t)v << 20);
	}
}

static void
read_drawn(struct wd_rd *rd, uint32_t *seed)
{
	struct wd_span s = wd_span(letters, draw(seed, MANY));
	uint32_t v = draw(seed, 1 << 24);

	switch (draw(seed, 5)) {
	case 0:
		assert_int_equal(wd_ttlv_int(rd, TAG), (int32_t)v - (1 << 23));
		break;
	case 1:
		t_span_equal(wd_ttlv_text(rd, TAG, MANY), s);
		break;
	case 2:
		t_span_equal(wd_ttlv_bytes(rd, TAG, MANY), s);
		break;
	case 3:
		assert_true(wd_ttlv_bool(rd, TAG) == (v % 2 == 1));
		break;
	default:
		assert_true(wd_ttlv_time(rd, TAG) == (int64_t)v << 20);
	}
}

/* Items inside of as many structures as there are items; and each cut. */
static void
try_drawn(uint32_t seed)
{
	uint8_t buf[4096];
	size_t open[WD_TTLV_DEPTH], n = 1 + seed % WD_TTLV_DEPTH;
	uint32_t s = seed;
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_rd rd;

	for (size_t i = 0; i < n; i++) {
		open[i] = wd_ttlv_open(&wr, FIRST);
		write_drawn(&wr, &s);
	}
	for (size_t i = n; i > 0; i--)
		wd_ttlv_close(&wr, open[i - 1]);
	t_ok(wd_wr_end(&wr));
	t_ok(wd_ttlv_check(wd_wr_span(&wr)));
	for (size_t cut = 0; cut < wr.len; cut++)
		assert_int_equal(
		    wd_ttlv_check(wd_span(buf, cut)), WD_R_MALFORMED);
	rd = wd_rd(wd_wr_span(&wr));
	s = seed;
	for (size_t i = 0; i < n; i++) {
		rd = wd_ttlv_enter(&rd, FIRST);
		read_drawn(&rd, &s);
	}
	t_ok(wd_rd_end(&rd));
}

static void
what_is_written_reads_as_the_same(void **state)
{
	(void)state;
	for (uint32_t seed = 0; seed < 500; seed++)
		try_drawn(seed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_are_written),
		cmocka_unit_test(examples_are_read),
		cmocka_unit_test(structures_are_entered),
		cmocka_unit_test(negative_numbers_keep_their_sign),
		cmocka_unit_test(another_tag_or_type_poisons),
		cmocka_unit_test(strings_beyond_their_bound_poison),
		cmocka_unit_test(what_is_no_item_poisons),
		cmocka_unit_test(what_is_no_item_is_refused_inside_of_messages),
		cmocka_unit_test(messages_are_one_structure),
		cmocka_unit_test(cut_messages_are_malformed),
		cmocka_unit_test(depth_has_a_bound),
		cmocka_unit_test(the_number_of_items_has_a_bound),
		cmocka_unit_test(heads_tell_how_long_messages_are),
		cmocka_unit_test(what_cannot_be_written_poisons_the_writer),
		cmocka_unit_test(what_is_written_reads_as_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
