/*
 * The database files: made, connected, checked. Nothing here knows what the
 * tables mean.
 */
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Another process may hold the lock that a change needs: until its log entry is
 * durable, at most. Who starts has the time; who serves does not. */
enum { START_BUSY_MS = 10000, BUSY_MS = 2000 };

static const struct wd_db_file files[WD_DB_COUNT] = {
	[WD_DB_STORE] = { "store.db", 0x57447374, /* WDst */
	    "PRAGMA synchronous=FULL; PRAGMA secure_delete=ON" },
	[WD_DB_SESSIONS] = { "sessions.db", 0x57447365, /* WDse */
	    "PRAGMA synchronous=OFF; PRAGMA secure_delete=OFF" },
	[WD_DB_UPSTREAM] = { "upstream.db", 0x57447570, /* WDup */
	    "PRAGMA synchronous=FULL; PRAGMA secure_delete=ON" },
};

/*
 * Everything temporary in memory: nothing may need to be opened once a sandbox
 * is closed. The log of changes shrinks to this size when it starts again.
 */
static const char common_pragma[] =
    "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0; PRAGMA cell_size_check=ON;"
    "PRAGMA journal_size_limit=4194304";

static const struct {
	enum wd_db db;
	const char *sql;
} tables[] = {
#define WD_TABLE(db, sql) { WD_DB_##db, sql },
#include "store/schema.def"
#undef WD_TABLE
};

const struct wd_db_file *
wd_db_file(enum wd_db db)
{
	return &files[db];
}

int
wd_db_path(const char *dir, const char *name, char path[WD_FILE_PATH],
    struct wd_diag *d)
{
	int n = snprintf(path, WD_FILE_PATH, "%s/%s", dir, name);

	if (n < 0 || n >= WD_FILE_PATH)
		return wd_reject(d, WD_R_TOO_LARGE,
		    "the path of the state folder is too long");
	return 0;
}

void
wd_db_closep(sqlite3 **db)
{
	/* Cannot fail: no statement is left. NULL is fine. */
	(void)sqlite3_close(*db);
	*db = NULL;
}

static int
failed(sqlite3 *db, const char *what, struct wd_diag *d)
{
	switch (sqlite3_errcode(db) & 0xff) {
	case SQLITE_NOMEM:
		return wd_fault(d, WD_F_MEMORY, "%s: no memory", what);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return wd_reject(d, WD_R_TAMPERED, "%s: damaged (%s)", what,
		    sqlite3_errmsg(db));
	default:
		return wd_fault(
		    d, WD_F_STORE, "%s: %s", what, sqlite3_errmsg(db));
	}
}

int
wd_db_exec(sqlite3 *db, const char *sql, struct wd_diag *d)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return failed(db, sql, d);
	return 0;
}

void
wd_db_finalizep(sqlite3_stmt **st)
{
	/* Repeats the error of the last step, which was seen. */
	(void)sqlite3_finalize(*st);
	*st = NULL;
}

static int
pragma_int(sqlite3 *db, const char *sql, int64_t *ret, struct wd_diag *d)
{
	WD_AUTO(wd_db_finalizep) sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK ||
	    sqlite3_step(st) != SQLITE_ROW)
		return failed(db, sql, d);
	*ret = sqlite3_column_int64(st, 0);
	return 0;
}

static int
require_wal(sqlite3 *db, const char *name, struct wd_diag *d)
{
	WD_AUTO(wd_db_finalizep) sqlite3_stmt *st = NULL;
	const char *mode;

	if (sqlite3_prepare_v2(db, "PRAGMA journal_mode=WAL", -1, &st, NULL) !=
		SQLITE_OK ||
	    sqlite3_step(st) != SQLITE_ROW)
		return failed(db, name, d);
	mode = (const char *)sqlite3_column_text(st, 0);
	if (!wd_span_is(wd_span_text(mode), "wal"))
		return wd_fault(d, WD_F_STORE,
		    "%s: this file system cannot share memory", name);
	return 0;
}

int
wd_db_meta_get(
    sqlite3 *db, const char *name, struct wd_id *ret, struct wd_diag *d)
{
	WD_AUTO(wd_db_finalizep) sqlite3_stmt *st = NULL;
	struct wd_span value;
	int code;

	if (sqlite3_prepare_v2(db, "SELECT value FROM meta WHERE name = ?1", -1,
		&st, NULL) != SQLITE_OK ||
	    sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC) != SQLITE_OK)
		return failed(db, "meta", d);
	if ((code = sqlite3_step(st)) == SQLITE_DONE)
		return WD_R_NOT_FOUND;
	if (code != SQLITE_ROW)
		return failed(db, "meta", d);
	value = wd_span(
	    sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0));
	if (!wd_id_parse(value, ret))
		return WD_R_NOT_FOUND;
	return 0;
}

int
wd_db_meta_put(
    sqlite3 *db, const char *name, const struct wd_id *value, struct wd_diag *d)
{
	WD_AUTO(wd_db_finalizep) sqlite3_stmt *st = NULL;
	struct wd_span text = wd_id_span(value);

	if (sqlite3_prepare_v2(db, "INSERT INTO meta VALUES(?1, ?2)", -1, &st,
		NULL) != SQLITE_OK ||
	    sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_bind_blob(st, 2,
		text.p == NULL ? (const uint8_t *)"" : text.p, (int)text.len,
		SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_step(st) != SQLITE_DONE)
		return failed(db, "meta", d);
	return 0;
}

/* Limits of the library that the schema of a foreign file could play on. */
static void
harden(sqlite3 *db)
{
	/* Each only fails for an option that does not exist. */
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	(void)sqlite3_busy_timeout(db, START_BUSY_MS); /* cannot fail */
}

void
wd_db_started(sqlite3 *db)
{
	(void)sqlite3_busy_timeout(db, BUSY_MS); /* cannot fail */
}

/* Refused once the library is in use; then it was set before. A process has
 * one thread, and nobody asks what memory the library has in use: no locks. */
static void
configure(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_URI, 0);
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int
link_up(const char *path, enum wd_db db, sqlite3 **ret, struct wd_diag *d)
{
	WD_AUTO(wd_db_closep) sqlite3 *c = NULL;
	int r;

	configure();
	if (sqlite3_open_v2(path, &c,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
		    SQLITE_OPEN_EXRESCODE,
		NULL) != SQLITE_OK) {
		if (c == NULL)
			return WD_F_MEMORY;
		return failed(c, files[db].name, d);
	}
	harden(c);
	if ((r = require_wal(c, files[db].name, d)) != 0 ||
	    (r = wd_db_exec(c, common_pragma, d)) != 0 ||
	    (r = wd_db_exec(c, files[db].pragma, d)) != 0)
		return r;
	*ret = WD_TAKE(c);
	return 0;
}

static int
make_tables(sqlite3 *db, enum wd_db which, struct wd_diag *d)
{
	char mark[96];
	int r;

	(void)snprintf(mark, sizeof(mark),
	    "PRAGMA application_id=%d; PRAGMA user_version=%d",
	    files[which].mark, WD_FORMAT); /* fits */
	if ((r = wd_db_exec(db, "BEGIN IMMEDIATE", d)) != 0 ||
	    (r = wd_db_exec(db, mark, d)) != 0)
		return r;
	for (size_t i = 0; i < WD_N(tables); i++)
		if (tables[i].db == which &&
		    (r = wd_db_exec(db, tables[i].sql, d)) != 0)
			return r;
	return 0;
}

/* SQLite would open a file that is there; this must not. */
static int
reserve(const char *path, const char *name, struct wd_diag *d)
{
	int fd = open(
	    path, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return wd_reject(d, WD_R_EXISTS, "%s is there already", name);
	if (fd < 0)
		return wd_fault_errno(d, "%s", name);
	(void)close(fd); /* nothing was written */
	return 0;
}

int
wd_db_make(const char *dir, enum wd_db db, sqlite3 **ret, struct wd_diag *d)
{
	WD_AUTO(wd_db_closep) sqlite3 *c = NULL;
	char path[WD_FILE_PATH];
	int r;

	if ((r = wd_db_path(dir, files[db].name, path, d)) != 0 ||
	    (r = reserve(path, files[db].name, d)) != 0)
		return r;
	if ((r = link_up(path, db, &c, d)) != 0 ||
	    (r = make_tables(c, db, d)) != 0) {
		wd_db_closep(&c);
		wd_db_remove(dir, db);
		return r;
	}
	*ret = WD_TAKE(c);
	return 0;
}

void
wd_db_remove(const char *dir, enum wd_db db)
{
	static const char *const suffix[] = { "", "-wal", "-shm" };
	char name[32], path[WD_FILE_PATH];

	for (size_t i = 0; i < WD_N(suffix); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", files[db].name,
		    suffix[i]); /* fits */
		if (wd_db_path(dir, name, path, NULL) == 0)
			(void)unlink(path); /* may not be there */
	}
}

static bool
is_ours(enum wd_db which, struct wd_span sql)
{
	for (size_t i = 0; i < WD_N(tables); i++)
		if (tables[i].db == which && wd_span_is(sql, tables[i].sql))
			return true;
	return false;
}

static bool
starts_with(struct wd_span s, const char *start)
{
	size_t len = wd_span_text(start).len;

	return s.len >= len && wd_span_is(wd_span(s.p, len), start);
}

/* Another table beside ours is nobody's matter. Anything else says how ours are
 * read: a column that is computed, an index that finds less, statistics by
 * which SQLite takes another way. */
static bool
is_another_table(struct wd_span sql)
{
	return starts_with(sql, "CREATE TABLE ") &&
	    !starts_with(sql, "CREATE TABLE sqlite_");
}

int
wd_db_check_tables(sqlite3 *db, enum wd_db which, struct wd_diag *d)
{
	WD_AUTO(wd_db_finalizep) sqlite3_stmt *st = NULL;
	size_t wanted = 0;
	int code;

	for (size_t i = 0; i < WD_N(tables); i++)
		wanted += tables[i].db == which;
	if (sqlite3_prepare_v2(db,
		"SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL", -1, &st,
		NULL) != SQLITE_OK)
		return failed(db, files[which].name, d);
	while ((code = sqlite3_step(st)) == SQLITE_ROW) {
		struct wd_span sql = wd_span(sqlite3_column_blob(st, 0),
		    (size_t)sqlite3_column_bytes(st, 0));

		if (is_ours(which, sql))
			wanted--;
		else if (!is_another_table(sql))
			break;
	}
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return failed(db, files[which].name, d);
	if (code == SQLITE_DONE && wanted == 0)
		return 0;
	return wd_reject(d, WD_R_TAMPERED,
	    "%s: its tables are not those that this program makes",
	    files[which].name);
}

static int
check_marks(sqlite3 *db, const struct wd_db_file *file, struct wd_diag *d)
{
	int64_t mark = 0, version = 0;
	int r;

	if ((r = pragma_int(db, "PRAGMA application_id", &mark, d)) != 0 ||
	    (r = pragma_int(db, "PRAGMA user_version", &version, d)) != 0)
		return r;
	if (mark != file->mark)
		return wd_reject(d, WD_R_TAMPERED,
		    "%s was not made by this program", file->name);
	if (version != WD_FORMAT)
		return wd_reject(d, WD_R_VERSION,
		    "%s has format %lld, this program reads format %d",
		    file->name, (long long)version, WD_FORMAT);
	return 0;
}

bool
wd_db_is_empty(const char *dir, enum wd_db db)
{
	WD_AUTO(wd_db_closep) sqlite3 *c = NULL;
	char path[WD_FILE_PATH];
	int64_t n = 1;

	return wd_db_path(dir, files[db].name, path, NULL) == 0 &&
	    link_up(path, db, &c, NULL) == 0 &&
	    pragma_int(c, "SELECT count(*) FROM sqlite_schema", &n, NULL) ==
	    0 &&
	    n == 0;
}

int
wd_db_connect(const char *dir, enum wd_db db, sqlite3 **ret, struct wd_diag *d)
{
	WD_AUTO(wd_db_closep) sqlite3 *c = NULL;
	char path[WD_FILE_PATH];
	struct stat st;
	int r;

	if ((r = wd_db_path(dir, files[db].name, path, d)) != 0)
		return r;
	if (lstat(path, &st) != 0 && errno == ENOENT)
		return wd_reject(d, WD_R_NOT_INITIALIZED,
		    "there is no %s in the state folder", files[db].name);
	if ((r = link_up(path, db, &c, d)) != 0 ||
	    (r = check_marks(c, &files[db], d)) != 0 ||
	    (r = wd_db_check_tables(c, db, d)) != 0)
		return r;
	/* Closing must not need to remove files: a sandbox may be closed. */
	(void)sqlite3_db_config(c, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	*ret = WD_TAKE(c);
	return 0;
}
