/*
 * Marks of the index of leases, among the small named values of sessions.db.
 */
#include "store/sql.h"

#include "base/rd.h"
#include "base/wr.h"

#include <stdio.h>

enum { NAME = 16, MARK = 8 };

static void
name_of(uint16_t cell, char ret[NAME])
{
	if (cell == WD_LEASES_OF_ALL)
		(void)snprintf(ret, NAME, "indexed"); /* no keeper's */
	else
		(void)snprintf(ret, NAME, "indexed.%u", cell); /* fits */
}

static struct wd_span
bytes_of(uint64_t mark, uint8_t ret[MARK])
{
	struct wd_wr wr = wd_wr_fixed(ret, MARK);

	wd_wr_be64(&wr, mark);
	return wd_span(ret, MARK);
}

static int
read_mark(struct wd_sql *q, uint64_t *ret)
{
	uint8_t bytes[MARK];
	struct wd_rd rd;
	int r = wd_sql_row(q);

	if (r != 0)
		return r;
	wd_sql_get_fixed(q, bytes, MARK);
	if ((r = wd_sql_end(q)) != 0)
		return r;
	rd = wd_rd(WD_SPAN(bytes));
	*ret = wd_rd_be64(&rd);
	return 0;
}

int
wd_lease_mark_put(struct wd_store *s, uint16_t cell, uint64_t mark)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_LEASE_MARK_PUT);
	uint8_t bytes[MARK];
	char name[NAME];

	name_of(cell, name);
	wd_sql_put_text(&q, name);
	wd_sql_put_blob(&q, bytes_of(mark, bytes));
	return wd_sql_run(&q);
}

int
wd_store_lease_mark(struct wd_store *s, uint16_t cell, uint64_t *ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_LEASE_MARK_GET);
	char name[NAME];

	name_of(cell, name);
	wd_sql_put_text(&q, name);
	return read_mark(&q, ret);
}

int
wd_store_lease_mark_least(struct wd_store *s, uint64_t *ret)
{
	WD_AUTO(wd_sql_done)
	struct wd_sql q = wd_sql(s, WD_SQL_LEASE_MARK_LEAST);

	return read_mark(&q, ret);
}

int
wd_store_lease_mark_raise(struct wd_store *s, uint64_t mark)
{
	WD_AUTO(wd_sql_done)
	struct wd_sql q = wd_sql(s, WD_SQL_LEASE_MARK_RAISE);
	uint8_t bytes[MARK];
	int r;

	wd_sql_put_blob(&q, bytes_of(mark, bytes));
	r = wd_sql_run(&q);
	return r != 0 ? r : wd_lease_mark_put(s, WD_LEASES_OF_ALL, mark);
}

int
wd_store_lease_mark_drop(struct wd_store *s, uint16_t cell)
{
	WD_AUTO(wd_sql_done)
	struct wd_sql q = wd_sql(s, WD_SQL_LEASE_MARK_DROP);
	char name[NAME];

	name_of(cell, name);
	wd_sql_put_text(&q, name);
	return wd_sql_run(&q);
}
