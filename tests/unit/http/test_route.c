/*
 * Routes: patterns, listeners, methods, bodies.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "http/route.h"

enum { PUBLIC = 1, ADMIN = 2 };

static const char *const json[] = { "application/json", NULL };

static const struct wd_route routes[] = {
	{ WD_METHOD_GET, "/keys", NULL, 0, PUBLIC | ADMIN, 0, NULL },
	{ WD_METHOD_POST, "/keys", NULL, 0, ADMIN, 100, json },
	{ WD_METHOD_GET | WD_METHOD_DELETE, "/keys/*", NULL, 0, PUBLIC, 0,
	    NULL },
	{ WD_METHOD_PUT, "/secrets/**", NULL, 0, ADMIN, 10, NULL },
};

static struct wd_head
head(enum wd_method m, const char *path)
{
	return (struct wd_head){ .method = m, .path = wd_span_text(path) };
}

static int
find(enum wd_method m, const char *path, unsigned listener,
    const struct wd_route **row, unsigned *allowed)
{
	struct wd_head h = head(m, path);
	struct wd_route_args args;

	return wd_route_find(
	    routes, WD_N(routes), &h, listener, row, &args, allowed);
}

static void
patterns_match_whole_segments(void **state)
{
	struct wd_route_args args = { 0 };

	(void)state;
	assert_true(wd_route_matches("/a/*/c", WD_SPAN_LIT("/a/b/c"), &args));
	assert_int_equal(args.n, 1);
	t_span_equal(args.arg[0], WD_SPAN_LIT("b"));
	assert_true(wd_route_matches("/a/**", WD_SPAN_LIT("/a/b/c"), &args));
	t_span_equal(args.arg[0], WD_SPAN_LIT("b/c"));
	assert_false(wd_route_matches("/a/**", WD_SPAN_LIT("/a"), &args));
	assert_false(wd_route_matches("/a/*", WD_SPAN_LIT("/a"), &args));
	assert_false(wd_route_matches("/a/*", WD_SPAN_LIT("/a/b/c"), &args));
	assert_false(wd_route_matches("/a", WD_SPAN_LIT("/ab"), &args));
	assert_false(wd_route_matches("/ab", WD_SPAN_LIT("/a"), &args));
	assert_false(wd_route_matches("/a", WD_SPAN_LIT("/"), &args));
	assert_false(
	    wd_route_matches("/*/*/*/*", WD_SPAN_LIT("/a/b/c/d"), &args));
}

static void
rows_are_found_by_method_path_and_listener(void **state)
{
	const struct wd_route *row = NULL;
	unsigned allowed = 0;

	(void)state;
	t_ok(find(WD_METHOD_GET, "/keys", PUBLIC, &row, &allowed));
	assert_ptr_equal(row, &routes[0]);
	t_ok(find(WD_METHOD_POST, "/keys", ADMIN, &row, &allowed));
	assert_ptr_equal(row, &routes[1]);
	t_ok(find(WD_METHOD_DELETE, "/keys/x", PUBLIC, &row, &allowed));
	assert_ptr_equal(row, &routes[2]);
}

static void
misses_say_why(void **state)
{
	const struct wd_route *row = NULL;
	unsigned allowed = 0;

	(void)state;
	assert_int_equal(find(WD_METHOD_GET, "/none", ADMIN, &row, &allowed),
	    WD_R_NOT_FOUND);
	assert_int_equal(find(WD_METHOD_POST, "/keys", PUBLIC, &row, &allowed),
	    WD_R_NOT_ON_THIS_LISTENER);
	assert_int_equal(
	    find(WD_METHOD_PUT, "/secrets/a", PUBLIC, &row, &allowed),
	    WD_R_NOT_ON_THIS_LISTENER);
	assert_int_equal(
	    find(WD_METHOD_GET, "/secrets/a", PUBLIC, &row, &allowed),
	    WD_R_NOT_FOUND);
	assert_int_equal(find(WD_METHOD_PUT, "/keys/x", PUBLIC, &row, &allowed),
	    WD_R_METHOD);
	assert_int_equal(allowed, WD_METHOD_GET | WD_METHOD_DELETE);
	assert_int_equal(
	    find(WD_METHOD_OTHER, "/keys", ADMIN, &row, &allowed), WD_R_METHOD);
	assert_int_equal(allowed, WD_METHOD_GET | WD_METHOD_POST);
	assert_null(row);
}

static struct wd_head
body(uint64_t len, const char *name, const char *value)
{
	struct wd_head h = head(WD_METHOD_POST, "/keys");

	h.body_len = len;
	h.fields[0] =
	    (struct wd_head_field){ wd_span_text(name), wd_span_text(value) };
	h.n_fields = 1;
	return h;
}

static void
bodies_have_caps_and_types(void **state)
{
	struct wd_head h = body(100, "Content-Type", "application/json");

	(void)state;
	t_ok(wd_route_check_body(&routes[1], &h, 1000, NULL));
	assert_int_equal(
	    wd_route_check_body(&routes[1], &h, 99, NULL), WD_R_TOO_LARGE);
	h.body_len = 101;
	assert_int_equal(
	    wd_route_check_body(&routes[1], &h, 1000, NULL), WD_R_TOO_LARGE);
	h = body(1, "Content-Type", "text/plain");
	assert_int_equal(
	    wd_route_check_body(&routes[1], &h, 1000, NULL), WD_R_MEDIA_TYPE);
	t_ok(wd_route_check_body(&routes[3], &h, 1000, NULL));
	assert_int_equal(
	    wd_route_check_body(&routes[0], &h, 1000, NULL), WD_R_TOO_LARGE);
	h = body(1, "Content-Encoding", "gzip");
	assert_int_equal(
	    wd_route_check_body(&routes[3], &h, 1000, NULL), WD_R_MEDIA_TYPE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_whole_segments),
		cmocka_unit_test(rows_are_found_by_method_path_and_listener),
		cmocka_unit_test(misses_say_why),
		cmocka_unit_test(bodies_have_caps_and_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
