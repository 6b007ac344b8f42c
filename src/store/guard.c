/*
 * MACs of rows that decide: what is bound or read in between is collected as it
 * comes and goes, in an encoding of which no two rows have the same.
 */
#include "store/sql.h"

#include "base/wr.h"

#include <assert.h>
#include <stdio.h>

/* First byte of a value; then eight of number or length, then bytes. */
enum { OF_NULL, OF_INTEGER, OF_TEXT, OF_BLOB };

void
wd_store_guard(struct wd_store *s, const struct wd_guard *g)
{
	s->guard = g == NULL ? (struct wd_guard){ 0 } : *g;
}

bool
wd_store_foreign(const struct wd_store *s)
{
	return s->foreign;
}

bool
wd_store_tampered(struct wd_store *s, char ret[WD_TAMPERED_TEXT])
{
	bool yes = s->tampered[0] != '\0';

	(void)snprintf(ret, WD_TAMPERED_TEXT, "%s", s->tampered); /* fits */
	s->tampered[0] = '\0';
	return yes;
}

/* ---- what is collected */

static void
add(struct wd_row_mac *m, uint8_t kind, uint64_t n, struct wd_span bytes)
{
	struct wd_wr wr = wd_wr_fixed(m->head[m->n], WD_ROW_HEAD);

	assert(m->n < WD_ROW_VALUES);
	wd_wr_u8(&wr, kind);
	wd_wr_le64(&wr, n);
	m->part[2 * m->n] = wd_wr_span(&wr);
	m->part[2 * m->n + 1] = bytes;
	m->n++;
}

void
wd_sql_guard(struct wd_sql *q, struct wd_row_mac *m, const char *table)
{
	struct wd_span name = wd_span_text(table);

	m->n = 0;
	m->table = table;
	if (q->s->guard.mac == NULL)
		return;
	q->mac = m;
	add(m, OF_TEXT, name.len, name);
}

/* Whether the next value belongs to the row that is collected. */
static bool
collects(struct wd_sql *q)
{
	bool yes = q->mac != NULL && !q->loose;

	q->loose = false;
	return yes;
}

void
wd_sql_loose(struct wd_sql *q)
{
	q->loose = true;
}

void
wd_sql_note_int(struct wd_sql *q, int64_t v)
{
	if (collects(q))
		add(q->mac, OF_INTEGER, (uint64_t)v, wd_span(NULL, 0));
}

void
wd_sql_note_text(struct wd_sql *q, struct wd_span s)
{
	if (collects(q))
		add(q->mac, OF_TEXT, s.len, s);
}

void
wd_sql_note_blob(struct wd_sql *q, struct wd_span s)
{
	if (collects(q))
		add(q->mac, s.p == NULL ? OF_NULL : OF_BLOB, s.len, s);
}

void
wd_sql_note_null(struct wd_sql *q)
{
	if (collects(q))
		add(q->mac, OF_NULL, 0, wd_span(NULL, 0));
}

/* ---- what comes of it */

static int
compute(struct wd_sql *q, uint8_t ret[WD_ROW_MAC])
{
	const struct wd_row_mac *m = q->mac;

	return q->s->guard.mac(q->s->guard.ctx, m->part, 2 * m->n, ret);
}

void
wd_sql_put_mac(struct wd_sql *q)
{
	struct wd_row_mac *m = q->mac;
	int r = m == NULL ? WD_R_SEALED : compute(q, q->row_mac);

	q->mac = NULL;
	if (q->result == 0)
		q->result = r;
	wd_sql_put_blob(q, WD_SPAN(q->row_mac));
}

/* The row by its first column, and the second where that is a text, for people.
 */
static void
name_row(const struct wd_row_mac *m, char *dst, size_t size)
{
	struct wd_wr wr = wd_wr_fixed(dst, size - 1);
	struct wd_span first = m->part[3];
	uint8_t kind = m->head[1][0];

	wd_wipe(dst, size);
	if (kind == OF_TEXT)
		wd_wr_bytes(&wr, first);
	for (size_t i = 0; kind == OF_BLOB && i < first.len; i++)
		wd_wr_printf(&wr, "%02x", first.p[i]);
	if (m->n > 2 && m->head[2][0] == OF_TEXT) {
		wd_wr_u8(&wr, ' ');
		wd_wr_bytes(&wr, m->part[5]);
	}
	/* What does not fit is no row of ours, and has no name. */
}

int
wd_store_is_foreign(struct wd_store *s, const char *what)
{
	s->foreign = true;
	(void)snprintf(s->tampered, sizeof(s->tampered),
	    "store.db was changed by somebody else: %.100s", what); /* fits */
	(void)snprintf(s->why, sizeof(s->why), "%s", s->tampered);  /* fits */
	return WD_F_STORE;
}

/* The first byte of what rows have is none of a text. */
int
wd_store_mac(struct wd_store *s, const char *what, struct wd_span bytes,
    uint8_t ret[WD_ROW_MAC])
{
	const struct wd_span parts[] = { wd_span_text(what), bytes };

	if (s->guard.mac == NULL)
		return WD_R_SEALED;
	return s->guard.mac(s->guard.ctx, parts, WD_N(parts), ret);
}

static void
note_foreign(struct wd_sql *q, const struct wd_row_mac *m)
{
	struct wd_store *s = q->s;
	char name[2 * WD_PATH_MAX + 2];

	s->foreign = true;
	name_row(m, name, sizeof(name));
	(void)snprintf(s->tampered, sizeof(s->tampered),
	    "%s was changed by somebody else: row %.80s of %s",
	    q->row->db == WD_DB_SESSIONS ? "sessions.db" : "store.db", name,
	    m->table);                                             /* fits */
	(void)snprintf(s->why, sizeof(s->why), "%s", s->tampered); /* fits */
}

static bool
is_foreign(struct wd_sql *q)
{
	struct wd_row_mac *m = q->mac;
	uint8_t stored[WD_ROW_MAC], mac[WD_ROW_MAC];
	int r;

	q->mac = NULL;
	wd_sql_get_fixed(q, stored, sizeof(stored));
	if (m == NULL)
		return false; /* sealed: nothing is decided by it */
	q->mac = m;
	r = compute(q, mac);
	q->mac = NULL;
	if (r != 0 && q->result == 0)
		q->result = r;
	if (r != 0 || wd_ct_equal(WD_SPAN(stored), WD_SPAN(mac)))
		return false;
	note_foreign(q, m);
	return true;
}

void
wd_sql_get_mac(struct wd_sql *q)
{
	if (is_foreign(q) && q->result == 0)
		q->result = WD_F_STORE;
}

void
wd_sql_see_mac(struct wd_sql *q)
{
	(void)is_foreign(q);
}
