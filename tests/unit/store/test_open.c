/*
 * Making and opening the databases, transactions, small named values.
 */
#include "fixture.h"

#include "store/sql.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Changes a file behind the store's back. */
static void
run_sql(const struct fixture *f, const char *name, const char *sql)
{
	char path[128];
	sqlite3 *db = NULL;

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	t_ok(sqlite3_open(path, &db));
	t_ok(sqlite3_exec(db, sql, NULL, NULL, NULL));
	t_ok(sqlite3_close(db));
}

static void
scribble(const struct fixture *f, const char *name)
{
	char path[128];
	uint8_t junk[200] = { 1, 2, 3 };
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, junk, sizeof(junk)), sizeof(junk));
	(void)close(fd);
}

static void
reopen(struct fixture *f, int expected)
{
	struct wd_diag d = { 0 };

	f->s = wd_store_close(f->s);
	assert_int_equal(wd_store_open(f->dir, &f->s, &d), expected);
	if (f->s != NULL)
		t_guard(f->s, "a key");
	if (expected != 0) {
		assert_null(f->s);
		assert_true(d.detail[0] != '\0');
	}
}

static void
store_keeps_its_id_and_its_files_are_private(void **state)
{
	struct fixture *f = *state;
	struct wd_id id = wd_store_id(f->s);
	struct stat st;
	char path[128];

	assert_string_equal(id.s, f->id.s);
	reopen(f, 0);
	id = wd_store_id(f->s);
	assert_string_equal(id.s, f->id.s);
	(void)snprintf(path, sizeof(path), "%s/store.db", f->dir);
	t_ok(stat(path, &st));
	assert_int_equal(st.st_mode & 0777, 0600);
	(void)snprintf(path, sizeof(path), "%s/sessions.db-wal", f->dir);
	t_ok(stat(path, &st));
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
store_is_not_made_twice(void **state)
{
	struct fixture *f = *state;
	struct wd_diag d = { 0 };

	assert_int_equal(wd_store_create(f->dir, &f->id, &d), WD_R_EXISTS);
	assert_string_equal(d.detail, "store.db is there already");
	reopen(f, 0);
}

static void
half_made_store_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	char path[128];

	scribble(f, "sessions.db");
	assert_int_equal(wd_store_create(f->dir, &f->id, NULL), WD_R_EXISTS);
	(void)snprintf(path, sizeof(path), "%s/store.db", f->dir);
	assert_int_equal(access(path, F_OK), -1);
}

static void
folder_that_does_not_exist_is_a_fault(void **state)
{
	struct fixture *f = *state;
	struct wd_diag d = { 0 };

	assert_int_equal(
	    wd_store_create("/nonexistent/warder", &f->id, &d), WD_F_SYSTEM);
	assert_int_equal(wd_store_open("/nonexistent/warder", &f->s, NULL),
	    WD_R_NOT_INITIALIZED);
}

static void
path_that_is_too_long_is_refused(void **state)
{
	struct fixture *f = *state;
	char path[2000] = { 0 };

	for (size_t i = 0; i + 1 < sizeof(path); i++)
		path[i] = '/';
	assert_int_equal(wd_store_create(path, &f->id, NULL), WD_R_TOO_LARGE);
	assert_int_equal(wd_store_open(path, &f->s, NULL), WD_R_TOO_LARGE);
}

static void
empty_folder_is_not_initialized(void **state)
{
	reopen(*state, WD_R_NOT_INITIALIZED);
}

static void
other_format_is_refused(void **state)
{
	struct fixture *f = *state;

	run_sql(f, "store.db", "PRAGMA user_version=9");
	reopen(f, WD_R_VERSION);
	run_sql(f, "store.db", "PRAGMA user_version=8");
	run_sql(f, "sessions.db", "PRAGMA user_version=0");
	reopen(f, WD_R_VERSION);
	run_sql(f, "sessions.db", "PRAGMA user_version=8");
	reopen(f, 0);
}

static void
foreign_and_damaged_files_are_refused(void **state)
{
	struct fixture *f = *state;

	run_sql(f, "store.db", "PRAGMA application_id=1");
	reopen(f, WD_R_TAMPERED);
	scribble(f, "store.db");
	reopen(f, WD_R_TAMPERED);
}

static void
store_without_id_is_refused(void **state)
{
	struct fixture *f = *state;

	run_sql(f, "store.db", "DELETE FROM meta");
	reopen(f, WD_R_TAMPERED);
}

static void
sessions_of_another_store_are_refused(void **state)
{
	struct fixture *f = *state;
	char sql[128];
	struct wd_id other = t_id(1);

	(void)snprintf(sql, sizeof(sql),
	    "UPDATE meta SET value=CAST('%s' AS BLOB) WHERE name='store'",
	    other.s);
	run_sql(f, "sessions.db", sql);
	reopen(f, WD_R_TAMPERED);
}

/* The three ways in which sessions.db comes back empty. */
static void
expect_new_sessions(struct fixture *f)
{
	struct wd_id before = wd_store_sessions_id(f->s), after;

	reopen(f, 0);
	after = wd_store_sessions_id(f->s);
	assert_false(wd_id_is_none(&after));
	assert_string_not_equal(before.s, after.s);
}

static void
sessions_are_made_anew_when_lost_damaged_or_old(void **state)
{
	struct fixture *f = *state;
	struct wd_id before = wd_store_sessions_id(f->s), after;
	char path[128];

	reopen(f, 0);
	after = wd_store_sessions_id(f->s);
	assert_string_equal(before.s, after.s);
	(void)snprintf(path, sizeof(path), "%s/sessions.db", f->dir);
	t_ok(unlink(path));
	expect_new_sessions(f);
	scribble(f, "sessions.db");
	expect_new_sessions(f);
	run_sql(f, "sessions.db",
	    "UPDATE meta SET value=CAST('6ba7b810-9dad-41d1-80b4-00c04fd430c8'"
	    " AS BLOB) WHERE name='boot'");
	expect_new_sessions(f);
	run_sql(f, "sessions.db", "DELETE FROM meta WHERE name='sessions'");
	expect_new_sessions(f);
}

static void
open_survives_no_memory(void **state)
{
	struct fixture *f = *state;

	wd_alloc_fail_at(1);
	assert_int_equal(wd_store_open(f->dir, &f->s, NULL), WD_F_MEMORY);
	assert_null(f->s);
	assert_true(wd_alloc_fail_at(0));
}

static void
named_values_are_kept(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;

	assert_int_equal(wd_meta_get(f->s, "check", &b), WD_R_NOT_FOUND);
	t_ok(wd_meta_put(f->s, "check", WD_SPAN_LIT("one")));
	t_ok(wd_meta_put(f->s, "check", WD_SPAN_LIT("two")));
	t_ok(wd_meta_get(f->s, "check", &b));
	t_span_equal(wd_bytes_span(b), WD_SPAN_LIT("two"));
}

static void
named_value_survives_no_memory(void **state)
{
	struct fixture *f = *state;
	struct wd_bytes *b = NULL;

	t_ok(wd_meta_put(f->s, "check", WD_SPAN_LIT("one")));
	wd_alloc_fail_at(1);
	assert_int_equal(wd_meta_get(f->s, "check", &b), WD_F_MEMORY);
	assert_null(b);
	assert_true(wd_alloc_fail_at(0));
}

static void
rolled_back_changes_are_gone_and_committed_ones_stay(void **state)
{
	struct fixture *f = *state;
	uint64_t n = 9;

	t_ok(wd_store_begin(f->s));
	assert_int_equal(wd_store_begin(f->s), WD_F_BUG);
	t_add_policy(f->s, 1);
	wd_store_rollback(f->s);
	wd_store_rollback(f->s);
	t_ok(wd_store_policy_count(f->s, &n));
	assert_int_equal(n, 0);
	assert_int_equal(wd_store_commit(f->s), WD_F_BUG);
	t_ok(wd_store_begin(f->s));
	t_add_policy(f->s, 1);
	t_ok(wd_store_commit(f->s));
	reopen(f, 0);
	t_ok(wd_store_policy_count(f->s, &n));
	assert_int_equal(n, 1);
}

static void
refused_writer_undoes_only_its_own_part(void **state)
{
	struct fixture *f = *state;
	struct wd_store_key k = t_key(1), other = t_key(2);
	struct wd_store_version v = { .key = other.id, .version = 1 };
	uint64_t n = 9;

	t_ok(wd_store_begin(f->s));
	t_ok(t_add_key(f->s, &k));
	/* The first half of this one works, the second does not. */
	v.key = t_id(3);
	assert_int_equal(wd_store_key_add(f->s, &other, &v), WD_R_NOT_FOUND);
	t_ok(wd_store_commit(f->s));
	t_ok(wd_store_key_count(f->s, &n));
	assert_int_equal(n, 1);
}

/* The database ends the transaction itself when the disk is full. */
static void
rest_of_a_lost_transaction_is_not_written(void **state)
{
	struct fixture *f = *state;
	static char big[2 << 20];
	uint64_t n = 9;
	struct wd_store_key k = t_key(1);

	t_ok(sqlite3_exec(f->s->db[WD_DB_STORE], "PRAGMA max_page_count=64",
	    NULL, NULL, NULL));
	t_ok(wd_store_begin(f->s));
	t_add_policy(f->s, 1);
	assert_int_equal(wd_meta_put(f->s, "big", WD_SPAN(big)), WD_F_STORE);
	assert_non_null(strstr(wd_store_why(f->s), "full"));
	assert_int_equal(t_add_key(f->s, &k), WD_F_STORE);
	assert_int_equal(
	    wd_meta_put(f->s, "small", WD_SPAN_LIT("x")), WD_F_STORE);
	assert_int_equal(wd_store_commit(f->s), WD_F_STORE);
	t_ok(wd_store_policy_count(f->s, &n));
	assert_int_equal(n, 0);
	t_ok(t_add_key(f->s, &k));
}

static void
every_change_is_seen(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_store_closep) struct wd_store *other = NULL;
	uint64_t a = 0, b = 0;

	t_ok(t_open(f->dir, &other));
	t_ok(wd_store_changed(f->s, &a));
	t_ok(wd_store_changed(f->s, &b));
	assert_int_equal(a, b);
	t_add_policy(other, 1);
	t_ok(wd_store_changed(f->s, &b));
	assert_true(b > a);
	t_add_policy(f->s, 2);
	t_ok(wd_store_changed(f->s, &a));
	assert_true(a > b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_store(store_keeps_its_id_and_its_files_are_private),
		with_store(store_is_not_made_twice),
		with_folder(half_made_store_leaves_nothing),
		with_folder(folder_that_does_not_exist_is_a_fault),
		with_folder(path_that_is_too_long_is_refused),
		with_folder(empty_folder_is_not_initialized),
		with_store(other_format_is_refused),
		with_store(foreign_and_damaged_files_are_refused),
		with_store(store_without_id_is_refused),
		with_store(sessions_of_another_store_are_refused),
		with_store(sessions_are_made_anew_when_lost_damaged_or_old),
		with_folder(open_survives_no_memory),
		with_store(named_values_are_kept),
		with_store(named_value_survives_no_memory),
		with_store(
		    rolled_back_changes_are_gone_and_committed_ones_stay),
		with_store(refused_writer_undoes_only_its_own_part),
		with_store(rest_of_a_lost_transaction_is_not_written),
		with_store(every_change_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
