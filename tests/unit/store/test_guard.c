/*
 * MACs of rows that decide: each table, each way in which somebody who can
 * write the file would change it.
 */
#include "fixture.h"

#include "store/sql.h"

#include <string.h>

/* ---- one row of each table, and how it is read */

static void
add_all(struct wd_store *s)
{
	struct wd_store_key key = t_key(1);
	struct wd_store_token token = { .id = t_id(1),
		.user = "u",
		.rules = "keys:search",
		.created = 1,
		.expires = 99 };
	struct wd_store_tpm tpm = { .label = "rack 7", .created = 1 };
	WD_AUTO(wd_store_reference_done)
	struct wd_store_reference set = { .name = "set", .expires = 5 };
	WD_AUTO(wd_store_doc_done)
	struct wd_store_doc doc = { .role = 3, .tee = 1, .issued = 10 };

	t_add_policy(s, 1);
	t_add_policy(s, 2);
	key.policy = t_id(1);
	t_ok(t_add_key(s, &key));
	t_ok(wd_store_bind(s, "a/b", &key.policy));
	t_digest(token.sha256, 1);
	t_ok(wd_store_token_add(s, &token));
	t_digest(tpm.ek, 1);
	t_ok(wd_store_tpm_add(s, &tpm));
	t_digest(set.version, 1);
	set.flat = t_bytes("values");
	t_ok(wd_store_reference_add(s, &set));
	doc.doc = t_bytes("collateral");
	t_ok(wd_store_doc_put(s, &doc));
	t_ok(wd_store_revoke(s, "key", "x", 10));
}

static int
get_policy(struct wd_store *s)
{
	WD_AUTO(wd_store_policy_done) struct wd_store_policy p = { 0 };
	struct wd_id id = t_id(1);

	return wd_store_policy_get(s, &id, &p);
}

static int
get_key(struct wd_store *s)
{
	struct wd_store_key k;
	struct wd_id id = t_id(1);

	return wd_store_key_get(s, &id, &k);
}

static int
get_version(struct wd_store *s)
{
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	struct wd_id id = t_id(1);

	return wd_store_version_get(s, &id, 1, &v);
}

static int
get_path(struct wd_store *s)
{
	struct wd_id id;

	return wd_store_bound(s, "a/b/c", &id);
}

static int
get_token(struct wd_store *s)
{
	struct wd_store_token t;
	uint8_t digest[32];

	t_digest(digest, 1);
	return wd_store_token_get(s, digest, &t);
}

static int
get_tpm(struct wd_store *s)
{
	struct wd_store_tpm t;
	uint8_t ek[32];

	t_digest(ek, 1);
	return wd_store_tpm_get(s, ek, &t);
}

static int
get_set(struct wd_store *s)
{
	WD_AUTO(wd_store_reference_done) struct wd_store_reference x = { 0 };

	return wd_store_reference_get(s, "set", &x);
}

static int
look_at(void *ctx, const struct wd_store_doc *x)
{
	(void)ctx;
	return x->doc == NULL ? WD_F_BUG : 0;
}

static int
get_docs(struct wd_store *s)
{
	WD_AUTO(wd_store_doc_done) struct wd_store_doc x = { 0 };
	const struct wd_store_doc place = { .role = 3, .tee = 1 };
	int r = wd_store_doc_get(s, &place, &x);

	assert_int_equal(r, wd_store_doc_each(s, true, look_at, NULL));
	return r;
}

static int
is_revoked(struct wd_store *s)
{
	int r = wd_store_revoked(s, "key", "x", 5);

	return r == WD_R_REVOKED_BY_OPERATOR ? 0 : r == 0 ? 1 : r;
}

static int (*const readers[])(struct wd_store *s) = { get_policy, get_key,
	get_version, get_path, get_token, get_tpm, get_set, get_docs,
	is_revoked };

static void
expect_all(struct wd_store *s, int result)
{
	for (size_t i = 0; i < WD_N(readers); i++)
		assert_int_equal(readers[i](s), result);
}

/* ---- somebody else */

static void
run_sql_in(const struct fixture *f, const char *file, const char *sql)
{
	char path[128];
	sqlite3 *db = NULL;

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, file);
	t_ok(sqlite3_open(path, &db));
	t_ok(sqlite3_exec(db, sql, NULL, NULL, NULL));
	t_ok(sqlite3_close(db));
}

static void
run_sql(const struct fixture *f, const char *sql)
{
	run_sql_in(f, "store.db", sql);
}

/* Undone afterwards, so that the next change stands alone. */
static void
expect_refused(struct fixture *f, const char *change, const char *undo,
    int (*read)(struct wd_store *s), const char *table)
{
	char what[WD_TAMPERED_TEXT];

	t_ok(read(f->s));
	run_sql(f, change);
	if (read(f->s) >= 0)
		fail_msg("not refused: %s", change);
	assert_non_null(strstr(wd_store_why(f->s), table));
	assert_true(wd_store_tampered(f->s, what));
	assert_non_null(strstr(what, table));
	assert_non_null(strstr(what, "somebody else"));
	assert_false(wd_store_tampered(f->s, what));
	run_sql(f, undo);
	t_ok(read(f->s));
}

/* ---- tests */

#define Z32 "zeroblob(32)"
#define OTHER "'00000000-0000-4000-8000-000000000009'"

/* Column by column: what it becomes, and what it was. */
static const struct {
	const char *table, *column, *value;
	int (*read)(struct wd_store *s);
} changes[] = {
	{ "policies", "version", Z32, get_policy },
	{ "policies", "flat", "x'00'", get_policy },
	{ "policies", "updated", "7", get_policy },
	{ "policies", "mac", Z32, get_policy },
	{ "keys", "kind", "2", get_key },
	{ "keys", "version", "9", get_key },
	{ "keys", "backend", "'vault'", get_key },
	{ "keys", "attach", "'elsewhere'", get_key },
	{ "keys", "policy", "(SELECT max(id) FROM policies)", get_key },
	{ "keys", "policy", "NULL", get_key },
	{ "keys", "label", "'b label'", get_key },
	{ "keys", "usage", "''", get_key },
	{ "keys", "created", "1", get_key },
	{ "keys", "mac", Z32, get_key },
	{ "versions", "spki", "x'00'", get_version },
	{ "versions", "chain", "x'00'", get_version },
	{ "versions", "chain", "x''", get_version },
	{ "versions", "created", "1", get_version },
	{ "versions", "mac", Z32, get_version },
	{ "paths", "policy", "(SELECT max(id) FROM policies)", get_path },
	{ "paths", "mac", Z32, get_path },
	{ "tokens", "id", OTHER, get_token },
	{ "tokens", "user", "'root'", get_token },
	{ "tokens", "rules", "'*:*'", get_token },
	{ "tokens", "created", "2", get_token },
	{ "tokens", "expires", "9999", get_token },
	{ "tokens", "mac", Z32, get_token },
	{ "tpms", "label", "'rack 8'", get_tpm },
	{ "tpms", "created", "2", get_tpm },
	{ "tpms", "mac", Z32, get_tpm },
	{ "reference_sets", "version", Z32, get_set },
	{ "reference_sets", "description", "'d'", get_set },
	{ "reference_sets", "expires", "0", get_set },
	{ "reference_sets", "flat", "x'00'", get_set },
	{ "reference_sets", "updated", "7", get_set },
	{ "reference_sets", "mac", Z32, get_set },
	{ "docs", "issued", "11", get_docs },
	{ "docs", "next_update", "11", get_docs },
	{ "docs", "evaluation_number", "11", get_docs },
	{ "docs", "doc", "x'00'", get_docs },
	{ "docs", "mac", Z32, get_docs },
	{ "revocations", "since", "1", is_revoked },
	{ "revocations", "number", "7", is_revoked },
	{ "revocations", "mac", Z32, is_revoked },
};

static void
a_changed_column_is_refused(void **state)
{
	struct fixture *f = *state;
	char change[256], undo[256];

	add_all(f->s);
	expect_all(f->s, 0);
	for (size_t i = 0; i < WD_N(changes); i++) {
		(void)snprintf(change, sizeof(change),
		    "CREATE TABLE kept AS SELECT * FROM %s;"
		    "UPDATE %s SET %s = %s",
		    changes[i].table, changes[i].table, changes[i].column,
		    changes[i].value);
		(void)snprintf(undo, sizeof(undo),
		    "PRAGMA foreign_keys=OFF;"
		    "DELETE FROM %s;"
		    "INSERT INTO %s SELECT * FROM kept; DROP TABLE kept",
		    changes[i].table, changes[i].table);
		expect_refused(
		    f, change, undo, changes[i].read, changes[i].table);
	}
}

static void
a_row_that_is_inserted_is_refused(void **state)
{
	struct fixture *f = *state;
	struct wd_store_token t;
	struct wd_store_tpm tpm;
	uint8_t digest[32];

	add_all(f->s);
	run_sql(f,
	    "INSERT INTO tokens SELECT " OTHER
	    ", zeroblob(32), user, '*:*', created, 9999, mac FROM tokens;"
	    "INSERT INTO tpms SELECT zeroblob(32), label, created, mac"
	    " FROM tpms;"
	    "INSERT INTO paths SELECT 'a/b/c', policy, mac FROM paths;"
	    "INSERT INTO revocations SELECT kind, 'y', since, 9, mac"
	    " FROM revocations");
	wd_wipe(digest, sizeof(digest));
	assert_int_equal(wd_store_token_get(f->s, digest, &t), WD_F_STORE);
	assert_int_equal(wd_store_tpm_get(f->s, digest, &tpm), WD_F_STORE);
	assert_int_equal(get_path(f->s), WD_F_STORE);
	assert_int_equal(wd_store_revoked(f->s, "key", "y", 1), WD_F_STORE);
	t_ok(get_token(f->s));
}

/* Two good rows with each other's MACs, or contents. */
static void
swapped_rows_are_refused(void **state)
{
	struct fixture *f = *state;
	struct wd_store_key k = t_key(2);

	add_all(f->s);
	k.policy = t_id(2);
	t_ok(t_add_key(f->s, &k));
	run_sql(f,
	    "UPDATE keys SET mac = (SELECT mac FROM keys o WHERE o.id <>"
	    " keys.id)");
	assert_int_equal(get_key(f->s), WD_F_STORE);
	run_sql(f,
	    "CREATE TABLE o AS SELECT * FROM policies;"
	    "UPDATE policies SET version = (SELECT version FROM o WHERE o.id <>"
	    " policies.id), mac = (SELECT mac FROM o WHERE o.id <>"
	    " policies.id)");
	assert_int_equal(get_policy(f->s), WD_F_STORE);
}

/* No bytes of one column can be taken for those of the next. */
static void
bytes_that_move_between_columns_are_refused(void **state)
{
	struct fixture *f = *state;

	add_all(f->s);
	expect_refused(f,
	    "UPDATE keys SET label = 'a labela', usage = ' usage'",
	    "UPDATE keys SET label = 'a label', usage = 'a usage'", get_key,
	    "keys");
}

static void
rows_of_another_store_are_refused(void **state)
{
	struct fixture *f = *state;

	add_all(f->s);
	t_guard(f->s, "another key");
	expect_all(f->s, WD_F_STORE);
	t_guard(f->s, "a key");
	expect_all(f->s, 0);
}

static void
writers_keep_the_macs_right(void **state)
{
	struct fixture *f = *state;
	struct wd_id id = t_id(1), other = t_id(2);
	WD_AUTO(wd_store_version_done)
	struct wd_store_version next = { .key = t_id(1), .version = 2 };
	struct wd_store_key k;

	add_all(f->s);
	next.wrapped = t_bytes("more");
	t_ok(wd_store_key_rotate(f->s, &next));
	t_ok(wd_store_key_set_policy(f->s, &id, &other));
	t_ok(wd_store_key_set_chain(f->s, &id, 1, WD_SPAN_LIT("pem")));
	t_ok(wd_store_bind(f->s, "a/b", &other));
	t_ok(wd_store_revoke(f->s, "key", "x", 20));
	t_add_policy(f->s, 1);
	expect_all(f->s, 0);
	t_ok(wd_store_key_get(f->s, &id, &k));
	assert_int_equal(k.version, 2);
	assert_string_equal(k.policy.s, other.s);
	t_ok(wd_store_key_set_policy(f->s, &id, NULL));
	t_ok(wd_store_key_get(f->s, &id, &k));
	assert_true(wd_id_is_none(&k.policy));
}

/* What was changed elsewhere must not come by a MAC through a change here. */
static void
a_change_does_not_heal_a_foreign_row(void **state)
{
	struct fixture *f = *state;
	struct wd_id id = t_id(1);
	WD_AUTO(wd_store_version_done)
	struct wd_store_version next = { .key = t_id(1), .version = 2 };

	add_all(f->s);
	next.wrapped = t_bytes("more");
	run_sql(f,
	    "UPDATE keys SET usage = 'other'; UPDATE versions SET spki = "
	    "x'00'");
	assert_int_equal(wd_store_key_set_policy(f->s, &id, NULL), WD_F_STORE);
	assert_int_equal(wd_store_key_rotate(f->s, &next), WD_F_STORE);
	assert_int_equal(
	    wd_store_key_set_chain(f->s, &id, 1, WD_SPAN_LIT("p")), WD_F_STORE);
	assert_int_equal(get_key(f->s), WD_F_STORE);
	t_ok(wd_store_key_delete(f->s, &id)); /* the way out */
}

static void
a_sealed_store_is_read_but_not_written(void **state)
{
	struct fixture *f = *state;
	struct wd_store_key k = t_key(7);
	struct wd_id id = t_id(1);
	struct wd_row_check at = { 0 };
	const struct wd_row_seen seen = { NULL, NULL };
	bool more;

	add_all(f->s);
	wd_store_guard(f->s, NULL);
	expect_all(f->s, 0);
	assert_int_equal(t_add_key(f->s, &k), WD_R_SEALED);
	assert_int_equal(wd_store_key_set_policy(f->s, &id, NULL), WD_R_SEALED);
	assert_int_equal(wd_store_bind(f->s, "x", &id), WD_R_SEALED);
	assert_int_equal(wd_store_revoke(f->s, "key", "z", 1), WD_R_SEALED);
	assert_int_equal(
	    wd_store_check_rows(f->s, &at, 10, &seen, &more), WD_R_SEALED);
	t_guard(f->s, "a key");
	assert_int_equal(wd_store_key_get(f->s, &k.id, &k), WD_R_NOT_FOUND);
	expect_all(f->s, 0);
}

/* ---- what is missing */

static int
look_at_all(struct wd_store *s)
{
	struct wd_revocations all;

	return wd_store_revocations_check(s, &all);
}

static void
expect_lost(struct fixture *f, const char *change, const char *undo)
{
	char what[WD_TAMPERED_TEXT];

	t_ok(look_at_all(f->s));
	run_sql(f, change);
	assert_int_equal(look_at_all(f->s), WD_F_STORE);
	assert_true(wd_store_foreign(f->s));
	assert_true(wd_store_tampered(f->s, what));
	assert_non_null(strstr(what, "revocations are missing"));
	/* Nor does the next one make it good again. */
	assert_int_equal(wd_store_revoke(f->s, "key", "y", 1), WD_F_STORE);
	run_sql(f, undo);
	t_ok(look_at_all(f->s));
}

static void
a_revocation_that_is_missing_is_noticed(void **state)
{
	struct fixture *f = *state;

	t_ok(look_at_all(f->s));
	t_ok(wd_store_revoke(f->s, "key", "x", 10));
	t_ok(wd_store_revoke(f->s, "lease", "x", 10));
	run_sql(f, "CREATE TABLE old AS SELECT * FROM revocations");
	t_ok(wd_store_revoke(f->s, "key", "x", 20));
	run_sql(f, "CREATE TABLE new AS SELECT * FROM revocations");
	expect_lost(f, "DELETE FROM revocations WHERE kind = 'key'",
	    "DELETE FROM revocations;"
	    "INSERT INTO revocations SELECT * FROM new");
	expect_lost(f, "DELETE FROM revocations",
	    "INSERT INTO revocations SELECT * FROM new");
	/* One that was good, of an earlier day. */
	expect_lost(f,
	    "DELETE FROM revocations WHERE kind = 'key';"
	    "INSERT INTO revocations SELECT * FROM old WHERE kind = 'key'",
	    "DELETE FROM revocations;"
	    "INSERT INTO revocations SELECT * FROM new");
	expect_lost(f,
	    "CREATE TABLE kept AS SELECT * FROM meta;"
	    "DELETE FROM meta WHERE name = 'set.revocations'",
	    "INSERT INTO meta SELECT * FROM kept WHERE name ="
	    " 'set.revocations'");
	t_ok(wd_store_revoke(f->s, "key", "y", 1));
	t_ok(look_at_all(f->s));
}

/* The MAC of all is over their MACs, in the order of the table: who leaves both
 * as they are has still changed what is revoked. */
static void
a_revocation_that_says_something_else_is_noticed(void **state)
{
	struct fixture *f = *state;
	static const char *const says[] = {
		"UPDATE revocations SET what = 'xx' WHERE what = 'x'",
		"UPDATE revocations SET kind = 'kez'",
		"UPDATE revocations SET since = 0",
		"UPDATE revocations SET number = 9",
	};

	t_ok(wd_store_revoke(f->s, "key", "x", 10));
	run_sql(f, "CREATE TABLE old AS SELECT * FROM revocations");
	for (size_t i = 0; i < WD_N(says); i++) {
		char what[WD_TAMPERED_TEXT];

		t_ok(look_at_all(f->s));
		run_sql(f, says[i]);
		assert_int_equal(look_at_all(f->s), WD_F_STORE);
		assert_true(wd_store_foreign(f->s));
		assert_true(wd_store_tampered(f->s, what));
		assert_non_null(strstr(what, "of revocations"));
		assert_int_equal(
		    wd_store_revoke(f->s, "key", "y", 1), WD_F_STORE);
		run_sql(f,
		    "DELETE FROM revocations;"
		    "INSERT INTO revocations SELECT * FROM old");
	}
	t_ok(look_at_all(f->s));
}

static void
rows_that_keep_out_old_ones_are_told_from_the_others(void **state)
{
	struct fixture *f = *state;
	struct wd_revocations all = { 0 };

	t_ok(wd_store_revocations_check(f->s, &all));
	assert_false(all.by_use);
	assert_int_equal(all.last, 0);
	t_ok(wd_store_revoke(f->s, "token", "x", 1));
	t_ok(wd_store_revoke(f->s, "tpm", "x", 1));
	t_ok(wd_store_revoke(f->s, "policy_row", "x", 1));
	t_ok(wd_store_revocations_check(f->s, &all));
	assert_false(all.by_use);
	assert_int_equal(all.last, 3);
	t_ok(wd_store_revoke(f->s, "lease", "x", 1));
	t_ok(wd_store_revocations_check(f->s, &all));
	assert_true(all.by_use);
	assert_int_equal(all.last, 4);
}

/* The same bytes as a value of another type, which no look-up finds: put in
 * while the table is not strict, and the schema is as before. */
static void
a_revocation_in_another_type_is_noticed(void **state)
{
	struct fixture *f = *state;
	static const char *const columns[] = { "kind", "what" };
	char what[WD_TAMPERED_TEXT];

	t_ok(wd_store_revoke(f->s, "key", "x", 10));
	for (size_t i = 0; i < WD_N(columns); i++) {
		char sql[600];

		(void)snprintf(sql, sizeof(sql),
		    "PRAGMA writable_schema=ON;"
		    "CREATE TABLE old AS SELECT sql FROM sqlite_schema WHERE"
		    " name = 'revocations';"
		    "UPDATE sqlite_schema SET sql = replace(sql, 'STRICT, ',"
		    " '') WHERE name = 'revocations';"
		    "PRAGMA writable_schema=RESET;"
		    "UPDATE revocations SET %s = CAST(%s AS BLOB);"
		    "PRAGMA writable_schema=ON;"
		    "UPDATE sqlite_schema SET sql = (SELECT sql FROM old)"
		    " WHERE name = 'revocations';"
		    "PRAGMA writable_schema=RESET; DROP TABLE old",
		    columns[i], columns[i]);
		t_ok(look_at_all(f->s));
		assert_int_equal(is_revoked(f->s), 0);
		run_sql(f, sql);
		t_ok(wd_store_check_tables(f->s));
		assert_int_equal(is_revoked(f->s), 1);
		assert_int_equal(look_at_all(f->s), WD_F_STORE);
		assert_true(wd_store_foreign(f->s));
		assert_true(wd_store_tampered(f->s, what));
		run_sql(f, "UPDATE revocations SET kind = 'key', what = 'x'");
	}
	t_ok(look_at_all(f->s));
}

/* An index of SQLite's own that has lost its rows, while the table has them. */
static void
an_index_without_rows_hides_no_revocation(void **state)
{
	struct fixture *f = *state;
	struct wd_revocations all = { 0 };

	t_ok(wd_store_revoke(f->s, "key", "x", 10));
	run_sql(f,
	    "PRAGMA writable_schema=ON;"
	    "CREATE TABLE none(x); CREATE INDEX none_x ON none(x);"
	    "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM"
	    " sqlite_schema WHERE name = 'none_x') WHERE tbl_name ="
	    " 'revocations' AND type = 'index';"
	    "DELETE FROM sqlite_schema WHERE name = 'none_x';"
	    "PRAGMA schema_version=999");
	f->s = wd_store_close(f->s);
	t_ok(t_open(f->dir, &f->s));
	t_ok(wd_store_revocations_check(f->s, &all));
	assert_true(all.by_use);
	assert_int_equal(all.last, 1);
}

static void
a_set_of_another_store_is_none(void **state)
{
	struct fixture *f = *state;

	t_ok(wd_store_revoke(f->s, "key", "x", 10));
	t_guard(f->s, "another key");
	assert_int_equal(look_at_all(f->s), WD_F_STORE);
	wd_store_guard(f->s, NULL);
	assert_int_equal(look_at_all(f->s), WD_R_SEALED);
	assert_int_equal(wd_store_revocations_begin(f->s), WD_R_SEALED);
}

static void
a_newest_version_that_is_missing_is_noticed(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	struct wd_store_version next = {
		.key = t_id(1), .version = 2, .created = 9
	};
	char what[WD_TAMPERED_TEXT];

	add_all(f->s);
	t_ok(wd_store_key_rotate(f->s, &next));
	t_ok(wd_store_version_get(f->s, &next.key, 0, &v));
	assert_int_equal(v.version, 2);
	run_sql(f, "DELETE FROM versions WHERE version = 2");
	assert_int_equal(
	    wd_store_version_get(f->s, &next.key, 0, &v), WD_F_STORE);
	assert_true(wd_store_tampered(f->s, what));
	assert_non_null(strstr(what, "the newest version"));
}

/* ---- sessions */

static void
add_session(struct wd_store *s, uint8_t n)
{
	WD_AUTO(wd_store_session_done)
	struct wd_store_session x = { .id = t_id(n),
		.door = 1,
		.key_alg = 1,
		.client_cn = "client",
		.client_issuer = "issuer",
		.made = 1000,
		.expires = 1500 };

	t_digest(x.challenge, n);
	t_digest(x.cookie, n);
	t_digest(x.token, n);
	x.spki = t_bytes(n == 1 ? "spki" : "other");
	x.claims = t_bytes(n == 1 ? "claims" : "other");
	x.nonce = t_bytes("nonce");
	t_ok(wd_store_session_add(s, &x));
}

static int
get_session(struct wd_store *s)
{
	WD_AUTO(wd_store_session_done) struct wd_store_session x = { 0 };
	uint8_t digest[32];
	int r;

	t_digest(digest, 1);
	r = wd_store_session_by_cookie(s, digest, &x);
	wd_store_session_done(&x);
	assert_int_equal(r, wd_store_session_by_challenge(s, digest, &x));
	return r;
}

static const char *const sessions[] = {
	"id = (SELECT max(id) FROM sessions)",
	"token = NULL",
	"door = 2",
	"key_alg = 2",
	"client_cn = 'admin'",
	"client_issuer = 'CA'",
	"client_cn = 'clienti', client_issuer = 'ssuer'",
	"spki = (SELECT spki FROM sessions WHERE spki <> x'73706b69')",
	"claims = (SELECT claims FROM sessions WHERE claims <>"
	" x'636c61696d73')",
	"claims = NULL",
	"nonce = zeroblob(5)",
	"made = 2000",
	"expires = 99999",
	"mac = zeroblob(32)",
	"mac = (SELECT max(mac) FROM sessions WHERE made = 1000 AND spki <>"
	" x'73706b69')",
};

static void
a_changed_session_is_refused(void **state)
{
	struct fixture *f = *state;

	add_session(f->s, 1);
	add_session(f->s, 2);
	run_sql_in(
	    f, "sessions.db", "CREATE TABLE old AS SELECT * FROM sessions");
	for (size_t i = 0; i < WD_N(sessions); i++) {
		char sql[300], what[WD_TAMPERED_TEXT];

		t_ok(get_session(f->s));
		(void)snprintf(sql, sizeof(sql),
		    "UPDATE sessions SET %s WHERE spki = x'73706b69'",
		    sessions[i]);
		run_sql_in(f, "sessions.db", sql);
		if (get_session(f->s) != WD_F_STORE)
			fail_msg("not refused: %s", sessions[i]);
		assert_true(wd_store_tampered(f->s, what));
		assert_non_null(strstr(what, "sessions.db was changed"));
		run_sql_in(f, "sessions.db",
		    "DELETE FROM sessions;"
		    "INSERT INTO sessions SELECT * FROM old");
	}
	t_ok(get_session(f->s));
}

/* As a session of before is, when the file was made anew. */
static void
a_session_of_another_file_is_refused(void **state)
{
	struct fixture *f = *state;

	add_session(f->s, 1);
	t_ok(get_session(f->s));
	run_sql_in(f, "sessions.db",
	    "UPDATE meta SET value = (SELECT value FROM meta WHERE name ="
	    " 'store') WHERE name = 'sessions'");
	f->s = wd_store_close(f->s);
	t_ok(t_open(f->dir, &f->s));
	assert_int_equal(get_session(f->s), WD_F_STORE);
}

/* ---- how rows are found */

/* Rows and MACs stay as they are, but the column that a row is looked up by is
 * computed, or an index finds what it wants. */
static const char *const schemas[] = {
	"CREATE TABLE k(a TEXT PRIMARY KEY, kind INTEGER, version INTEGER,"
	" backend TEXT, attach TEXT, policy TEXT, label TEXT, usage TEXT,"
	" created INTEGER, mac BLOB, id TEXT AS (iif(a = " OTHER
	", 'none', " OTHER ")));"
	"INSERT INTO k SELECT * FROM keys; DROP TABLE keys;"
	"ALTER TABLE k RENAME TO keys",
	"CREATE TABLE k(kind TEXT, w TEXT, since INTEGER, number INTEGER,"
	" mac BLOB, what TEXT AS (w || '0'), PRIMARY KEY(kind, w));"
	"INSERT INTO k SELECT * FROM revocations; DROP TABLE revocations;"
	"ALTER TABLE k RENAME TO revocations",
	"CREATE INDEX i ON revocations(kind, what)",
	"CREATE UNIQUE INDEX i ON tokens(sha256)",
	"DROP INDEX keys_policy",
	"ANALYZE",
	"CREATE VIEW v AS SELECT * FROM keys",
	"CREATE TRIGGER t AFTER INSERT ON revocations BEGIN DELETE FROM"
	" revocations; END",
};

static void
other_tables_in_the_place_of_ours_are_noticed(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < WD_N(schemas); i++) {
		struct wd_store *again = NULL;
		char what[WD_TAMPERED_TEXT];
		void *own = NULL;
		struct fixture *g;

		t_ok(store_setup(&own));
		g = own;
		add_all(g->s);
		t_ok(wd_store_check_tables(g->s));
		run_sql(g, "CREATE TABLE mine AS SELECT * FROM keys");
		t_ok(wd_store_check_tables(g->s));
		run_sql(g, schemas[i]);
		if (wd_store_check_tables(g->s) != WD_F_STORE)
			fail_msg("not noticed: %s", schemas[i]);
		assert_true(wd_store_tampered(g->s, what));
		assert_non_null(strstr(what, "its tables"));
		assert_int_equal(t_open(g->dir, &again), WD_R_TAMPERED);
		t_ok(teardown(&own));
	}
	t_ok(wd_store_check_tables(f->s));
}

/* ---- all rows */

static void
count(void *ctx, const char *what)
{
	size_t *n = ctx;

	assert_non_null(strstr(what, "row "));
	(*n)++;
}

static size_t
check(struct wd_store *s, uint64_t *ret_rows)
{
	struct wd_row_check at = { 0 };
	size_t n = 0;
	const struct wd_row_seen seen = { count, &n };
	bool more = true;

	while (more)
		t_ok(wd_store_check_rows(s, &at, 3, &seen, &more));
	*ret_rows = at.rows;
	return n;
}

static void
a_look_at_all_rows_finds_each_foreign_one(void **state)
{
	struct fixture *f = *state;
	uint64_t rows = 0;

	add_all(f->s);
	for (uint8_t i = 10; i < 20; i++) {
		struct wd_store_key k = t_key(i);

		t_ok(t_add_key(f->s, &k));
	}
	assert_int_equal(check(f->s, &rows), 0);
	assert_int_equal(rows, 2 + 11 + 11 + 1 + 1 + 1 + 1 + 1 + 1);
	run_sql(f,
	    "UPDATE keys SET usage = 'other';"
	    "UPDATE versions SET created = 1 WHERE key = (SELECT max(key) FROM"
	    " versions);"
	    "UPDATE policies SET created = 99;"
	    "UPDATE docs SET doc = x'00';"
	    "UPDATE revocations SET since = 0");
	assert_int_equal(check(f->s, &rows), 11 + 1 + 1 + 1);
	assert_int_equal(rows, 2 + 11 + 11 + 1 + 1 + 1 + 1 + 1 + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_store(a_changed_column_is_refused),
		with_store(a_row_that_is_inserted_is_refused),
		with_store(swapped_rows_are_refused),
		with_store(bytes_that_move_between_columns_are_refused),
		with_store(rows_of_another_store_are_refused),
		with_store(writers_keep_the_macs_right),
		with_store(a_change_does_not_heal_a_foreign_row),
		with_store(a_sealed_store_is_read_but_not_written),
		with_store(a_revocation_that_is_missing_is_noticed),
		with_store(a_revocation_that_says_something_else_is_noticed),
		with_store(
		    rows_that_keep_out_old_ones_are_told_from_the_others),
		with_store(a_revocation_in_another_type_is_noticed),
		with_store(an_index_without_rows_hides_no_revocation),
		with_store(a_set_of_another_store_is_none),
		with_store(a_newest_version_that_is_missing_is_noticed),
		with_store(a_changed_session_is_refused),
		with_store(a_session_of_another_file_is_refused),
		with_store(other_tables_in_the_place_of_ours_are_noticed),
		with_store(a_look_at_all_rows_finds_each_foreign_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
