/*
 * Inside src/store only: making, connecting and checking one database file.
 */
#pragma once

#include "store/sql.h"

enum { WD_FORMAT = 8 }; /* user_version of all files */

struct wd_db_file {
	const char *name;   /* in the state folder */
	int32_t mark;       /* application_id */
	const char *pragma; /* what is set at each connection */
};

const struct wd_db_file *wd_db_file(enum wd_db db);

/* DIR/NAME into PATH. WD_R_TOO_LARGE. */
enum { WD_FILE_PATH = 1024 };
int wd_db_path(const char *dir, const char *name, char path[WD_FILE_PATH],
    struct wd_diag *d) WD_MUST_USE;

/* A new file with its tables, in DIR, mode 0600. WD_R_EXISTS. Left connected,
 * inside an open transaction: the caller adds rows and commits. */
int wd_db_make(const char *dir, enum wd_db db, sqlite3 **ret, struct wd_diag *d)
    WD_MUST_USE;

/* Removes the file and the two that SQLite keeps beside it. */
void wd_db_remove(const char *dir, enum wd_db db);

/* An existing one. WD_R_NOT_INITIALIZED, WD_R_VERSION, WD_R_TAMPERED when it
 * is no file of ours. */
int wd_db_connect(const char *dir, enum wd_db db, sqlite3 **ret,
    struct wd_diag *d) WD_MUST_USE;

/* From here on a change of DB waits for others for two seconds only, not ten.
 */
void wd_db_started(sqlite3 *db);

/* Whether the tables and indexes are those that were made: who has others read
 * them decides which row is found. WD_R_TAMPERED. */
int wd_db_check_tables(sqlite3 *db, enum wd_db which, struct wd_diag *d)
    WD_MUST_USE;

/* A database without a single table: its making did not come to its end. */
bool wd_db_is_empty(const char *dir, enum wd_db db);

void wd_db_closep(sqlite3 **db);
void wd_db_finalizep(sqlite3_stmt **st);

/* Runs statements that give no rows. */
int wd_db_exec(sqlite3 *db, const char *sql, struct wd_diag *d) WD_MUST_USE;

/* One value of meta, before statements are prepared. WD_R_NOT_FOUND. */
int wd_db_meta_get(sqlite3 *db, const char *name, struct wd_id *ret,
    struct wd_diag *d) WD_MUST_USE;
int wd_db_meta_put(sqlite3 *db, const char *name, const struct wd_id *value,
    struct wd_diag *d) WD_MUST_USE;

/* One process at a time looks whether a file must be made. Unlocked when the
 * descriptor is closed. */
int wd_db_lock_folder(const char *dir, int *ret_fd, struct wd_diag *d)
    WD_MUST_USE;
void wd_db_unlockp(int *fd);

/* Connects upstream.db; makes it where there is none. WD_R_TAMPERED when it is
 * of another store. */
int wd_upstream_connect(const char *dir, const struct wd_id *store_id,
    sqlite3 **ret, struct wd_diag *d) WD_MUST_USE;

/* sessions.db as new, with a new id of its own, for the store STORE_ID. */
int wd_sessions_make(const char *dir, const struct wd_id *store_id,
    struct wd_diag *d) WD_MUST_USE;

/* Connects sessions.db; one from before the machine's last start, or one that
 * cannot be read, is replaced. WD_R_TAMPERED when it is of another store. */
int wd_sessions_connect(const char *dir, const struct wd_id *store_id,
    sqlite3 **ret, struct wd_id *ret_sessions_id, struct wd_diag *d)
    WD_MUST_USE;
