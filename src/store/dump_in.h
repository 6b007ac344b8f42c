/*
 * Inside src/store only: what writing and reading a dump share.
 */
#pragma once

#include "store/dump.h"

#include <sqlite3.h>

enum { WD_DUMP_VERSION = 1, WD_TABLE_NAME = 32 };

/* First byte of a record. */
enum {
	WD_DUMP_HEAD = 'H',
	WD_DUMP_TABLE = 'T',
	WD_DUMP_ROW = 'R',
	WD_DUMP_END = 'E',
};

enum wd_dump_value {
	WD_DUMP_NULL,
	WD_DUMP_INTEGER,
	WD_DUMP_TEXT,
	WD_DUMP_BLOB,
};

/* The tables of store.db in the order in which they were made: what others
 * refer to comes first. */
struct wd_tables {
	size_t n;
	char name[WD_DUMP_TABLES][WD_TABLE_NAME + 1];
};

int wd_tables_read(sqlite3 *db, struct wd_tables *ret, struct wd_diag *d)
    WD_MUST_USE;

/* All rows of a table, or one new one with all columns. NAME is of the schema
 * of our own. */
enum wd_table_use { WD_TABLE_SELECT, WD_TABLE_INSERT };
int wd_table_prepare(sqlite3 *db, enum wd_table_use use, const char *name,
    sqlite3_stmt **ret, struct wd_diag *d) WD_MUST_USE;
