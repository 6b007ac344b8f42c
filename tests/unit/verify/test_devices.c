/*
 * Claims of devices beside those of a primary TEE.
 */
#include "lib/t.h"

#include "verify/devices.h"

static struct wd_claims
primary(bool software, int64_t expiry)
{
	struct wd_claims c = { 0 };

	t_ok(wd_claims_put_text(&c, WD_C_TEE, "tdx"));
	t_ok(wd_claims_put_bool(&c, WD_C_SOFTWARE, software));
	t_ok(wd_claims_put(&c, WD_C_REPORT_DATA, WD_SPAN_LIT("bound")));
	if (expiry > 0)
		t_ok(wd_claims_put_time(&c, WD_C_COLLATERAL_EXPIRY, expiry));
	t_ok(wd_claims_put(&c, WD_C_PLATFORM_ID, WD_SPAN_LIT("host")));
	t_ok(wd_claims_put(&c, WD_C_MRTD, WD_SPAN_LIT("td")));
	return c;
}

static struct wd_claims
gpu(const char *id, const char *driver, bool software, int64_t expiry)
{
	struct wd_claims c = { 0 };

	t_ok(wd_claims_put_text(&c, WD_C_TEE, "nvidia"));
	t_ok(wd_claims_put_bool(&c, WD_C_SOFTWARE, software));
	t_ok(wd_claims_put_time(&c, WD_C_COLLATERAL_EXPIRY, expiry));
	if (id != NULL)
		t_ok(wd_claims_put(&c, WD_C_PLATFORM_ID, wd_span_text(id)));
	if (driver != NULL)
		t_ok(wd_claims_put_text(&c, WD_C_GPU_DRIVER_VERSION, driver));
	t_ok(wd_claims_put(
	    &c, WD_C_GPU_MEASUREMENTS_SHA384, WD_SPAN_LIT("\1\2")));
	t_ok(wd_claims_put_text(&c, WD_C_GPU_ARCHITECTURE, "HOPPER"));
	return c;
}

static void
says(const struct wd_claims *c, enum wd_claim id, struct wd_span want)
{
	struct wd_span got;

	assert_true(wd_claims_get(c, id, &got));
	t_span_equal(got, want);
}

static void
lists_have_what_every_device_says(void **state)
{
	struct wd_claims p = primary(false, 900), all;
	struct wd_claims two[] = { gpu("a", "590.12", false, 1000),
		gpu("b", "590.13", false, 1000) };
	uint64_t n = 0;

	(void)state;
	t_ok(wd_devices_join(&p, two, 2, &all, NULL));
	assert_true(wd_claims_uint(&all, WD_C_GPUS_COUNT, &n));
	assert_int_equal(n, 2);
	says(
	    &all, WD_C_GPUS_DRIVER_VERSIONS, WD_SPAN_LIT("590.12\000590.13\0"));
	says(&all, WD_C_GPUS_PLATFORM_IDS, WD_SPAN_LIT("61\00062\0"));
	says(&all, WD_C_GPUS_ARCHITECTURES, WD_SPAN_LIT("HOPPER\0"));
	says(&all, WD_C_GPUS_MEASUREMENTS, WD_SPAN_LIT("0102\0"));
	says(&all, WD_C_GPUS_CHIPS, WD_SPAN_LIT("unknown\0"));
	/* what is the primary's stays so */
	says(&all, WD_C_TEE, WD_SPAN_LIT("tdx"));
	says(&all, WD_C_REPORT_DATA, WD_SPAN_LIT("bound"));
	says(&all, WD_C_PLATFORM_ID, WD_SPAN_LIT("host"));
	says(&all, WD_C_MRTD, WD_SPAN_LIT("td"));
	t_ok(wd_claims_adopt(&p, wd_claims_flat(&all)));
}

/* A clause about a list asks of all its texts. */
static void
a_device_that_does_not_say_something_is_seen(void **state)
{
	struct wd_claims p = primary(false, 900), all;
	struct wd_claims two[] = { gpu("a", "590.12", false, 1000),
		gpu("b", NULL, false, 1000) };

	(void)state;
	t_ok(wd_devices_join(&p, two, 2, &all, NULL));
	says(&all, WD_C_GPUS_DRIVER_VERSIONS, WD_SPAN_LIT("590.12\0unknown\0"));
}

static void
one_software_root_makes_software_of_all(void **state)
{
	struct wd_claims p = primary(false, 900), all;
	struct wd_claims two[] = { gpu("a", "1", false, 1000),
		gpu("b", "1", true, 1000) };

	(void)state;
	t_ok(wd_devices_join(&p, two, 1, &all, NULL));
	assert_false(wd_claims_bool(&all, WD_C_SOFTWARE));
	t_ok(wd_devices_join(&p, two, 2, &all, NULL));
	assert_true(wd_claims_bool(&all, WD_C_SOFTWARE));
	p = primary(true, 900);
	t_ok(wd_devices_join(&p, two, 1, &all, NULL));
	assert_true(wd_claims_bool(&all, WD_C_SOFTWARE));
}

static void
the_earliest_end_is_that_of_all(void **state)
{
	static const struct {
		int64_t primary, first, second, want;
	} rows[] = {
		{ 900, 1000, 1000, 900 }, { 900, 1000, 800, 800 },
		{ 900, 700, 800, 700 },
		{ 0, 1000, 950, 950 }, /* the primary's has none */
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_claims p = primary(false, rows[i].primary), all;
		struct wd_claims two[] = {
			gpu("a", "1", false, rows[i].first),
			gpu("b", "1", false, rows[i].second),
		};
		int64_t end = 0;

		t_ok(wd_devices_join(&p, two, 2, &all, NULL));
		assert_true(wd_claims_time(&all, WD_C_COLLATERAL_EXPIRY, &end));
		assert_int_equal(end, rows[i].want);
	}
}

static void
the_same_device_twice_is_refused(void **state)
{
	struct wd_claims p = primary(false, 900);
	struct wd_claims all = { .len = SIZE_MAX };
	struct wd_claims three[] = { gpu("a", "1", false, 1000),
		gpu("b", "1", false, 1000), gpu("a", "2", false, 1000) };

	(void)state;
	assert_int_equal(
	    wd_devices_join(&p, three, 3, &all, NULL), WD_R_DEVICE_TWICE);
	three[2] = gpu(NULL, "2", false, 1000); /* cannot be told apart */
	assert_int_equal(
	    wd_devices_join(&p, three, 3, &all, NULL), WD_R_DEVICE_TWICE);
	assert_true(all.len == SIZE_MAX);
}

static void
more_than_claims_can_hold_is_refused(void **state)
{
	static const uint8_t big[WD_CLAIMS_MAX - 60];
	struct wd_claims p = { 0 }, all = { .len = SIZE_MAX };
	struct wd_claims one = gpu("a", "1", false, 1000);

	(void)state;
	t_ok(wd_claims_put(&p, WD_C_MRTD, WD_SPAN(big)));
	assert_int_equal(
	    wd_devices_join(&p, &one, 1, &all, NULL), WD_R_TOO_LARGE);
	assert_true(all.len == SIZE_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_have_what_every_device_says),
		cmocka_unit_test(a_device_that_does_not_say_something_is_seen),
		cmocka_unit_test(one_software_root_makes_software_of_all),
		cmocka_unit_test(the_earliest_end_is_that_of_all),
		cmocka_unit_test(the_same_device_twice_is_refused),
		cmocka_unit_test(more_than_claims_can_hold_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
