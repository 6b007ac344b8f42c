/*
 * Leases of backends in their own file.
 */
#include "fixture.h"

#include "store/sql.h"

static struct wd_store_upstream
row(uint8_t n)
{
	struct wd_store_upstream x = { .id = t_id(n),
		.lease = t_id((uint8_t)(n + 50)),
		.session = t_id(100),
		.key = t_id(101),
		.what = "default/key/x",
		.backend = "vault",
		.made = 1000,
		.expires = 1600,
		.ends = 4600,
		.seen = 3 };

	x.ties = t_bytes("ties");
	x.reference = t_bytes("reference");
	x.secret = t_bytes("secret");
	return x;
}

static int
add(struct wd_store *s, uint8_t n)
{
	WD_AUTO(wd_store_upstream_done) struct wd_store_upstream x = row(n);

	return wd_store_upstream_add(s, &x);
}

static int
find(struct wd_store *s, uint8_t lease, struct wd_store_upstream *ret)
{
	struct wd_id id = t_id(lease);

	wd_store_upstream_done(ret);
	*ret = (struct wd_store_upstream){ 0 };
	return wd_store_upstream_by_lease(s, &id, ret);
}

/* How many are due at NOW. */
static size_t
due(struct wd_store *s, int64_t now)
{
	struct wd_store_upstream rows[8];
	size_t n = 0;

	t_ok(wd_store_upstream_due(s, "vault", now, rows, WD_N(rows), &n));
	for (size_t i = 0; i < n; i++)
		wd_store_upstream_done(&rows[i]);
	return n;
}

static void
reopen(struct fixture *f)
{
	f->s = wd_store_close(f->s);
	t_ok(t_open(f->dir, &f->s));
}

static void
a_row_comes_back_as_it_was(void **state)
{
	WD_AUTO(wd_store_upstream_done) struct wd_store_upstream x = { 0 };
	struct fixture *f = *state;

	t_ok(add(f->s, 1));
	reopen(f);
	t_ok(find(f->s, 51, &x));
	assert_string_equal(x.id.s, t_id(1).s);
	assert_string_equal(x.session.s, t_id(100).s);
	assert_string_equal(x.key.s, t_id(101).s);
	assert_string_equal(x.what, "default/key/x");
	assert_string_equal(x.backend, "vault");
	assert_true(wd_id_is_none(&x.previous));
	assert_true(wd_span_is(wd_bytes_span(x.ties), "ties"));
	assert_true(wd_span_is(wd_bytes_span(x.reference), "reference"));
	assert_true(wd_span_is(wd_bytes_span(x.secret), "secret"));
	assert_int_equal(x.made, 1000);
	assert_int_equal(x.expires, 1600);
	assert_int_equal(x.due, 1600);
	assert_int_equal(x.ends, 4600);
	assert_int_equal(x.seen, 3);
	assert_false(x.ending);
	assert_int_equal(x.failures, 0);
	assert_int_equal(find(f->s, 52, &x), WD_R_NOT_FOUND);
}

static void
no_lease_has_two_rows(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_store_upstream_done) struct wd_store_upstream x = row(2);

	t_ok(add(f->s, 1));
	assert_int_equal(add(f->s, 1), WD_R_EXISTS);
	x.lease = t_id(51);
	assert_int_equal(wd_store_upstream_add(f->s, &x), WD_R_EXISTS);
}

static void
a_renewed_row_is_found_by_both_leases(void **state)
{
	WD_AUTO(wd_store_upstream_done) struct wd_store_upstream x = row(1);
	WD_AUTO(wd_store_upstream_done) struct wd_store_upstream y = { 0 };
	struct fixture *f = *state;

	t_ok(wd_store_upstream_add(f->s, &x));
	x.lease = t_id(60);
	x.expires = 2000;
	x.ends = 5000;
	x.seen = 7;
	t_ok(wd_store_upstream_renew(f->s, &x));
	t_ok(find(f->s, 51, &y));
	t_ok(find(f->s, 60, &y));
	assert_string_equal(y.previous.s, t_id(51).s);
	assert_int_equal(y.expires, 2000);
	assert_int_equal(y.due, 2000);
	assert_int_equal(y.ends, 5000);
	assert_int_equal(y.seen, 7);
	x.lease = t_id(61);
	t_ok(wd_store_upstream_renew(f->s, &x));
	assert_int_equal(find(f->s, 51, &y), WD_R_NOT_FOUND);
	t_ok(find(f->s, 60, &y));
}

static void
what_is_ending_is_not_renewed_and_has_no_secret(void **state)
{
	WD_AUTO(wd_store_upstream_done) struct wd_store_upstream x = row(1);
	WD_AUTO(wd_store_upstream_done) struct wd_store_upstream y = { 0 };
	struct fixture *f = *state;

	t_ok(wd_store_upstream_add(f->s, &x));
	t_ok(wd_store_upstream_end(f->s, &x.id, 1100));
	t_ok(wd_store_upstream_end(f->s, &x.id, 9999)); /* no second time */
	assert_int_equal(wd_store_upstream_renew(f->s, &x), WD_R_CONFLICT);
	t_ok(find(f->s, 51, &y));
	assert_true(y.ending);
	assert_null(y.secret);
	assert_int_equal(y.due, 1100);
	assert_int_equal(due(f->s, 1099), 0);
	assert_int_equal(due(f->s, 1100), 1);
	t_ok(wd_store_upstream_delete(f->s, &x.id));
	assert_int_equal(wd_store_upstream_renew(f->s, &x), WD_R_CONFLICT);
	assert_int_equal(find(f->s, 51, &y), WD_R_NOT_FOUND);
}

static void
leases_that_end_are_to_be_given_back(void **state)
{
	struct fixture *f = *state;

	for (uint8_t n = 1; n <= 3; n++)
		t_ok(add(f->s, n));
	assert_int_equal(
	    wd_store_upstream_expire(f->s, 1599, 10), WD_R_NOT_FOUND);
	t_ok(wd_store_upstream_expire(f->s, 1600, 2));
	assert_int_equal(due(f->s, 1600), 2);
	t_ok(wd_store_upstream_expire(f->s, 1600, 2));
	assert_int_equal(due(f->s, 1600), 3);
	assert_int_equal(
	    wd_store_upstream_expire(f->s, 1600, 2), WD_R_NOT_FOUND);
}

static void
what_failed_is_tried_again_later_or_when_its_backend_is_back(void **state)
{
	struct wd_upstream_count n;
	struct fixture *f = *state;
	struct wd_id one = t_id(1);

	t_ok(add(f->s, 1));
	t_ok(add(f->s, 2));
	t_ok(wd_store_upstream_end(f->s, &one, 1100));
	t_ok(wd_store_upstream_failed(f->s, &one, 1200));
	assert_int_equal(due(f->s, 1199), 0);
	assert_int_equal(due(f->s, 1200), 1);
	t_ok(wd_store_upstream_hurry(f->s, "other", 1150));
	assert_int_equal(due(f->s, 1150), 0);
	t_ok(wd_store_upstream_count(f->s, "vault", &n));
	assert_int_equal(n.live, 1);
	assert_int_equal(n.ending, 1);
	assert_int_equal(n.failing, 1);
	t_ok(wd_store_upstream_hurry(f->s, "vault", 1150));
	assert_int_equal(due(f->s, 1150), 1);
	t_ok(wd_store_upstream_count(f->s, "other", &n));
	assert_int_equal(n.live + n.ending + n.failing, 0);
}

static void
rows_are_looked_at_once_for_each_revocation(void **state)
{
	struct wd_store_upstream rows[4];
	struct fixture *f = *state;
	size_t n = 9;

	t_ok(add(f->s, 1));
	t_ok(add(f->s, 2));
	t_ok(wd_store_upstream_unseen(f->s, 3, rows, WD_N(rows), &n));
	assert_int_equal(n, 0);
	t_ok(wd_store_upstream_unseen(f->s, 4, rows, 1, &n));
	assert_int_equal(n, 1);
	t_ok(wd_store_upstream_seen(f->s, &rows[0].id, 4));
	wd_store_upstream_done(&rows[0]);
	t_ok(wd_store_upstream_unseen(f->s, 4, rows, WD_N(rows), &n));
	assert_int_equal(n, 1);
	wd_store_upstream_done(&rows[0]);
}

static void
those_without_a_lease_of_ours_are_listed_in_order(void **state)
{
	struct wd_store_upstream rows[4];
	struct fixture *f = *state;
	struct wd_id after = t_id(52);
	size_t n = 9;

	for (uint8_t i = 3; i >= 1; i--)
		t_ok(add(f->s, i));
	t_ok(wd_store_upstream_list(f->s, NULL, 1599, rows, WD_N(rows), &n));
	assert_int_equal(n, 0);
	t_ok(wd_store_upstream_list(f->s, &after, 1600, rows, WD_N(rows), &n));
	assert_int_equal(n, 1);
	assert_string_equal(rows[0].lease.s, t_id(53).s);
	wd_store_upstream_done(&rows[0]);
}

static void
those_that_are_over_by_themselves_are_found(void **state)
{
	struct wd_store_upstream rows[4];
	struct fixture *f = *state;
	struct wd_id one = t_id(1);
	size_t n = 9;

	t_ok(add(f->s, 1));
	t_ok(add(f->s, 2));
	t_ok(wd_store_upstream_end(f->s, &one, 1100));
	t_ok(wd_store_upstream_over(f->s, 4599, rows, WD_N(rows), &n));
	assert_int_equal(n, 0);
	t_ok(wd_store_upstream_over(f->s, 4600, rows, WD_N(rows), &n));
	assert_int_equal(n, 1);
	assert_string_equal(rows[0].id.s, one.s);
	wd_store_upstream_done(&rows[0]);
}

static void
a_change_makes_nobody_look_anew(void **state)
{
	struct fixture *f = *state;
	uint64_t before, after;

	t_ok(wd_store_changed(f->s, &before));
	t_ok(add(f->s, 1));
	t_ok(wd_store_changed(f->s, &after));
	assert_int_equal(before, after);
}

static void
rows_are_added_while_one_state_is_read(void **state)
{
	struct fixture *f = *state;

	t_ok(wd_store_read_begin(f->s));
	t_ok(add(f->s, 1));
	wd_store_read_end(f->s);
	assert_int_equal(due(f->s, 9999), 0);
}

/* ---- the file */

static void
in_file(const struct fixture *f, const char *sql)
{
	char path[128];
	sqlite3 *db = NULL;

	(void)snprintf(path, sizeof(path), "%s/upstream.db", f->dir);
	t_ok(sqlite3_open(path, &db));
	t_ok(sqlite3_exec(db, sql, NULL, NULL, NULL));
	t_ok(sqlite3_close(db));
}

static void
one_of_another_store_or_damaged_is_refused(void **state)
{
	struct fixture *f = *state;
	struct wd_diag d = { 0 };

	f->s = wd_store_close(f->s);
	in_file(f, "UPDATE meta SET value = x'00' WHERE name = 'store'");
	assert_int_equal(wd_store_open(f->dir, &f->s, &d), WD_R_TAMPERED);
	assert_string_equal(d.detail, "upstream.db belongs to another store");
	in_file(f, "PRAGMA application_id = 1");
	assert_int_equal(wd_store_open(f->dir, &f->s, NULL), WD_R_TAMPERED);
	assert_null(f->s);
}

static void
one_that_is_missing_or_was_not_finished_is_made(void **state)
{
	struct fixture *f = *state;
	char path[128];

	f->s = wd_store_close(f->s);
	(void)snprintf(path, sizeof(path), "%s/upstream.db", f->dir);
	assert_int_equal(unlink(path), 0);
	t_ok(t_open(f->dir, &f->s));
	t_ok(add(f->s, 1));
	f->s = wd_store_close(f->s);
	wd_store_remove(f->dir);
	assert_int_not_equal(access(path, F_OK), 0);
	t_ok(wd_store_create(f->dir, &f->id, NULL));
	in_file(f, "PRAGMA journal_mode = WAL");
	t_ok(t_open(f->dir, &f->s));
	t_ok(add(f->s, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_store(a_row_comes_back_as_it_was),
		with_store(no_lease_has_two_rows),
		with_store(a_renewed_row_is_found_by_both_leases),
		with_store(what_is_ending_is_not_renewed_and_has_no_secret),
		with_store(leases_that_end_are_to_be_given_back),
		with_store(
		    what_failed_is_tried_again_later_or_when_its_backend_is_back),
		with_store(rows_are_looked_at_once_for_each_revocation),
		with_store(those_without_a_lease_of_ours_are_listed_in_order),
		with_store(those_that_are_over_by_themselves_are_found),
		with_store(a_change_makes_nobody_look_anew),
		with_store(rows_are_added_while_one_state_is_read),
		with_store(one_of_another_store_or_damaged_is_refused),
		with_store(one_that_is_missing_or_was_not_finished_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
