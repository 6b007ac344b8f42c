/*
 * The cursor over prepared statements. The only file that steps them; it must
 * never build the text of a statement.
 */
#include "store/sql.h"

#include <assert.h>
#include <stdio.h>

/* Words of statements.def that are no rejections. */
enum { WD_R_OK = 0, WD_R_FAULT = WD_F_STORE };

static const struct wd_sql_row table[] = {
#define WD_SQL(NAME, db, none, unique, foreign, text)       \
	{ WD_DB_##db, (int)WD_R_##none, (int)WD_R_##unique, \
		(int)WD_R_##foreign, text },
#include "store/statements.def"
#undef WD_SQL
};

const struct wd_sql_row *
wd_sql_table(enum wd_sql_name which)
{
	return &table[which];
}

int
wd_sql_fault(struct wd_store *s, enum wd_db db)
{
	int code = sqlite3_extended_errcode(s->db[db]);

	(void)snprintf(s->why, sizeof(s->why), "%s.db: %s (%d)",
	    db == WD_DB_STORE          ? "store"
		: db == WD_DB_SESSIONS ? "sessions"
				       : "upstream",
	    sqlite3_errmsg(s->db[db]), code); /* cut short at worst */
	return (code & 0xff) == SQLITE_NOMEM ? WD_F_MEMORY : WD_F_STORE;
}

struct wd_sql
wd_sql(struct wd_store *s, enum wd_sql_name which)
{
	int r = wd_sql_begin_reading(s, table[which].db);

	s->foreign = false;
	return (struct wd_sql){
		.s = s, .row = &table[which], .st = s->st[which], .result = r
	};
}

void
wd_sql_done(struct wd_sql *q)
{
	/* A reset repeats the error of the last step, which was seen. */
	(void)sqlite3_reset(q->st);
	(void)sqlite3_clear_bindings(q->st); /* always SQLITE_OK */
}

static void
note(struct wd_sql *q, int code)
{
	if (code != SQLITE_OK && q->result == 0)
		q->result = wd_sql_fault(q->s, q->row->db);
}

void
wd_sql_put_int(struct wd_sql *q, int64_t v)
{
	wd_sql_note_int(q, v);
	note(q, sqlite3_bind_int64(q->st, ++q->bound, v));
}

static void
put_text(struct wd_sql *q, const void *text, size_t len)
{
	assert(len <= INT32_MAX);
	wd_sql_note_text(q, wd_span(text, len));
	note(q,
	    sqlite3_bind_text(
		q->st, ++q->bound, text, (int)len, SQLITE_STATIC));
}

void
wd_sql_put_id(struct wd_sql *q, const struct wd_id *id)
{
	if (id != NULL && !wd_id_is_none(id)) {
		put_text(q, id->s, WD_ID_LEN);
		return;
	}
	wd_sql_note_null(q);
	note(q, sqlite3_bind_null(q->st, ++q->bound));
}

void
wd_sql_put_text(struct wd_sql *q, const char *text)
{
	put_text(q, text, wd_span_text(text).len);
}

void
wd_sql_put_blob(struct wd_sql *q, struct wd_span s)
{
	assert(s.len <= INT32_MAX);
	wd_sql_note_blob(q, s);
	if (s.p == NULL)
		note(q, sqlite3_bind_null(q->st, ++q->bound));
	else
		note(q,
		    sqlite3_bind_blob(
			q->st, ++q->bound, s.p, (int)s.len, SQLITE_STATIC));
}

void
wd_sql_put_bytes(struct wd_sql *q, const struct wd_bytes *b)
{
	wd_sql_put_blob(q, wd_bytes_span(b));
}

/* What a failed step means, by the statement's row. */
static int
refused(struct wd_sql *q)
{
	int code = sqlite3_extended_errcode(q->s->db[q->row->db]);
	int meaning = WD_F_STORE;

	if (code == SQLITE_CONSTRAINT_PRIMARYKEY ||
	    code == SQLITE_CONSTRAINT_UNIQUE)
		meaning = q->row->unique;
	else if (code == SQLITE_CONSTRAINT_FOREIGNKEY)
		meaning = q->row->foreign;
	return meaning > 0 ? meaning : wd_sql_fault(q->s, q->row->db);
}

/* A full disk and the like end the transaction under way by themselves. What
 * would have been its rest must not be written alone. */
static bool
transaction_is_lost(const struct wd_sql *q)
{
	return q->row->db == WD_DB_STORE && q->s->in_transaction &&
	    sqlite3_get_autocommit(q->s->db[WD_DB_STORE]);
}

int
wd_sql_run(struct wd_sql *q)
{
	if (q->result != 0)
		return q->result;
	if (transaction_is_lost(q))
		return WD_F_STORE;
	if (sqlite3_step(q->st) != SQLITE_DONE)
		return refused(q);
	if (sqlite3_changes(q->s->db[q->row->db]) == 0)
		return q->row->none;
	return 0;
}

int
wd_sql_row(struct wd_sql *q)
{
	int code;

	if (q->result != 0)
		return q->result;
	q->column = 0;
	code = sqlite3_step(q->st);
	if (code == SQLITE_ROW)
		return 0;
	if (code != SQLITE_DONE)
		return wd_sql_fault(q->s, q->row->db);
	return q->row->none;
}

/* In a row that has a MAC it is somebody else's doing. */
static void
misfit(struct wd_sql *q)
{
	char what[100];

	if (q->result != 0)
		return;
	q->result = WD_F_STORE;
	(void)snprintf(what, sizeof(what),
	    "column %d of \"%.60s\" holds something else", q->column,
	    q->row->text); /* cut short at worst */
	if (q->mac != NULL)
		(void)wd_store_is_foreign(q->s, what); /* as said above */
	else
		(void)snprintf(
		    q->s->why, sizeof(q->s->why), "%s", what); /* fits */
}

static bool
is_null(struct wd_sql *q)
{
	return sqlite3_column_type(q->st, q->column) == SQLITE_NULL;
}

int64_t
wd_sql_get_int(struct wd_sql *q)
{
	int64_t v;

	if (sqlite3_column_type(q->st, q->column) != SQLITE_INTEGER)
		misfit(q);
	v = sqlite3_column_int64(q->st, q->column++);
	wd_sql_note_int(q, v);
	return v;
}

static uint64_t
get_up_to(struct wd_sql *q, int64_t max)
{
	int64_t v = wd_sql_get_int(q);

	if (v < 0 || v > max) {
		misfit(q);
		return 0;
	}
	return (uint64_t)v;
}

uint8_t
wd_sql_get_u8(struct wd_sql *q)
{
	return (uint8_t)get_up_to(q, UINT8_MAX);
}

uint32_t
wd_sql_get_u32(struct wd_sql *q)
{
	return (uint32_t)get_up_to(q, UINT32_MAX);
}

/* Text and blob are not the same, though their bytes are: no look-up by one
 * finds the other. */
static void
expect(struct wd_sql *q, int type)
{
	if (sqlite3_column_type(q->st, q->column) != type)
		misfit(q);
}

/* The bytes of a text or blob; valid until the next step. */
static struct wd_span
get_span(struct wd_sql *q)
{
	const void *p = sqlite3_column_blob(q->st, q->column);
	int len = sqlite3_column_bytes(q->st, q->column);

	q->column++;
	return p == NULL ? wd_span("", 0) : wd_span(p, (size_t)len);
}

void
wd_sql_get_id(struct wd_sql *q, struct wd_id *ret)
{
	bool none = is_null(q);
	struct wd_span s;

	expect(q, none ? SQLITE_NULL : SQLITE_TEXT);
	s = get_span(q);
	*ret = (struct wd_id){ { 0 } };
	if (none)
		wd_sql_note_null(q);
	else
		wd_sql_note_text(q, s);
	if (!none && !wd_id_parse(s, ret))
		misfit(q);
}

void
wd_sql_get_text(struct wd_sql *q, char *dst, size_t size)
{
	struct wd_span s;

	expect(q, SQLITE_TEXT);
	s = get_span(q);
	wd_sql_note_text(q, s);
	if (!wd_span_to_text(s, dst, size))
		misfit(q);
}

void
wd_sql_get_fixed(struct wd_sql *q, uint8_t *dst, size_t len)
{
	bool none = is_null(q);
	struct wd_span s;

	expect(q, none ? SQLITE_NULL : SQLITE_BLOB);
	s = get_span(q);
	wd_sql_note_blob(q, none ? wd_span(NULL, 0) : s);
	wd_wipe(dst, len);
	if (none)
		return;
	if (s.len == len)
		wd_copy(dst, s);
	else
		misfit(q);
}

void
wd_sql_get_bytes(struct wd_sql *q, struct wd_bytes **ret)
{
	bool none = is_null(q);
	struct wd_span s;

	expect(q, none ? SQLITE_NULL : SQLITE_BLOB);
	s = get_span(q);
	wd_sql_note_blob(q, none ? wd_span(NULL, 0) : s);
	*ret = none ? NULL : wd_bytes_copy(s);
	if (!none && *ret == NULL && q->result == 0)
		q->result = WD_F_MEMORY;
}

void
wd_sql_get_any(struct wd_sql *q)
{
	switch (sqlite3_column_type(q->st, q->column)) {
	case SQLITE_INTEGER:
		(void)wd_sql_get_int(q);
		return;
	case SQLITE_TEXT:
		wd_sql_note_text(q, get_span(q));
		return;
	case SQLITE_BLOB:
		wd_sql_note_blob(q, get_span(q));
		return;
	default: /* no number with a point is under a MAC of ours */
		q->column++;
		wd_sql_note_null(q);
	}
}

size_t
wd_sql_columns(const struct wd_sql *q)
{
	return (size_t)sqlite3_column_count(q->st);
}

int64_t
wd_sql_peek_int(const struct wd_sql *q, int column)
{
	return sqlite3_column_int64(q->st, column);
}

void
wd_sql_peek_id(const struct wd_sql *q, int column, struct wd_id *ret)
{
	const void *p = sqlite3_column_blob(q->st, column);

	*ret = (struct wd_id){ { 0 } };
	/* What is no id comes to the one that is not: pages go on. */
	(void)wd_span_to_text(
	    wd_span(p, (size_t)sqlite3_column_bytes(q->st, column)), ret->s,
	    sizeof(ret->s));
}

int
wd_sql_end(const struct wd_sql *q)
{
	return q->result;
}

int
wd_sql_just(struct wd_store *s, enum wd_sql_name which)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, which);

	return wd_sql_run(&q);
}

int
wd_sql_count(struct wd_store *s, enum wd_sql_name which, uint64_t *ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, which);
	uint64_t n;
	int r;

	if ((r = wd_sql_row(&q)) != 0)
		return r;
	n = get_up_to(&q, INT64_MAX);
	if ((r = wd_sql_end(&q)) == 0)
		*ret = n;
	return r;
}
