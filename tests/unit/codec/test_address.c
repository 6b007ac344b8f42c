/*
 * Host and port.
 */
#include "lib/t.h"

#include "codec/address.h"

static void
host_and_port_are_cut_apart(void **state)
{
	static const struct {
		const char *text, *host;
		bool brackets;
		uint16_t port;
	} rows[] = {
		{ "kbs.example:9443", "kbs.example", false, 9443 },
		{ "192.0.2.1:0", "192.0.2.1", false, 0 },
		{ "[2001:db8::1]:65535", "2001:db8::1", true, 65535 },
		{ "[]:1", "[]", false, 1 },
		{ "x]:1", "x]", false, 1 },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_address a;

		assert_true(wd_address_split(wd_span_text(rows[i].text), &a));
		t_span_equal(a.host, wd_span_text(rows[i].host));
		assert_int_equal(a.brackets, rows[i].brackets);
		assert_int_equal(a.port, rows[i].port);
	}
}

static void
what_is_no_address_is_refused(void **state)
{
	static const char *const texts[] = { "", ":", "host", "host:", ":1",
		"host:65536", "host:-1", "host: 1", "host:01", "2001:db8::1:9",
		"[2001:db8::1]" };

	(void)state;
	for (size_t i = 0; i < WD_N(texts); i++) {
		struct wd_address a = { .port = 7 };

		assert_false(wd_address_split(wd_span_text(texts[i]), &a));
		assert_int_equal(a.port, 7);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_and_port_are_cut_apart),
		cmocka_unit_test(what_is_no_address_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
