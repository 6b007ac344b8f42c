/*
 * One pass over the members in the order in which they stand. Values that
 * nobody asks for are passed over by their brackets and quotes.
 */
#include "audit/entry_read.h"

#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/rd.h"

enum { DEPTH_MAX = 16, SECONDS_MAX = 1 << 30 };

/* What is looked for; texts without their quotes, numbers as they stand. */
struct found {
	struct wd_span event, lease, lease_seconds, path, result, session, time;
};

static uint8_t
peek(const struct wd_rd *rd)
{
	return rd->left > 0 ? *rd->p : 0;
}

static void
expect(struct wd_rd *rd, uint8_t c)
{
	if (wd_rd_u8(rd) != c)
		wd_rd_fail(rd);
}

/* What stands between the quotes; escapes stay as they are. */
static struct wd_span
take_text(struct wd_rd *rd)
{
	struct wd_span s;
	size_t n = 0;

	expect(rd, '"');
	while (n < rd->left && rd->p[n] != '"')
		n += rd->p[n] == '\\' ? 2 : 1;
	s = wd_rd_bytes(rd, n);
	expect(rd, '"');
	return s;
}

/* A number, true, false or null. */
static struct wd_span
take_word(struct wd_rd *rd)
{
	size_t n = 0;

	while (n < rd->left && rd->p[n] != ',' && rd->p[n] != '}' &&
	    rd->p[n] != ']')
		n++;
	if (n == 0)
		wd_rd_fail(rd);
	return wd_rd_bytes(rd, n);
}

static void
pass_over(struct wd_rd *rd)
{
	unsigned depth = 0;

	do {
		uint8_t c = peek(rd);

		if (c == '"') {
			(void)take_text(rd); /* nobody asks for it */
			continue;
		}
		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
		if (depth > DEPTH_MAX)
			wd_rd_fail(rd);
		wd_rd_skip(rd, 1);
	} while (depth > 0 && wd_rd_more(rd));
	if (depth > 0)
		wd_rd_fail(rd);
}

static struct wd_span
take_value(struct wd_rd *rd)
{
	uint8_t c = peek(rd);

	if (c == '"')
		return take_text(rd);
	if (c != '{' && c != '[')
		return take_word(rd);
	pass_over(rd);
	return wd_span(NULL, 0);
}

static void
note(struct found *f, struct wd_span key, struct wd_span value)
{
	struct {
		const char *name;
		struct wd_span *to;
	} rows[] = { { "event", &f->event }, { "lease", &f->lease },
		{ "lease_seconds", &f->lease_seconds }, { "path", &f->path },
		{ "result", &f->result }, { "session", &f->session },
		{ "time", &f->time } };

	for (size_t i = 0; i < WD_N(rows); i++)
		if (wd_span_is(key, rows[i].name))
			*rows[i].to = value;
}

static bool
take_members(struct wd_rd *rd, struct found *f)
{
	expect(rd, '{');
	while (wd_rd_more(rd)) {
		struct wd_span key = take_text(rd);

		expect(rd, ':');
		note(f, key, take_value(rd));
		if (peek(rd) != ',')
			break;
		wd_rd_skip(rd, 1);
	}
	expect(rd, '}');
	return wd_rd_end(rd) == 0;
}

/* A path that was released has no byte that would be escaped. */
static bool
is_plain(struct wd_span s)
{
	return s.len > 0 && wd_span_is_word(s) &&
	    memchr(s.p, '\\', s.len) == NULL;
}

static bool
read_lease(const struct found *f, struct wd_entry_seen *x)
{
	uint64_t seconds;

	if (!wd_span_is(f->event, "release") ||
	    !wd_span_is(f->result, "allow") || !is_plain(f->path) ||
	    !wd_id_parse(f->lease, &x->lease) ||
	    !wd_id_parse(f->session, &x->session) ||
	    !wd_num_parse(f->lease_seconds, SECONDS_MAX, &seconds))
		return false;
	x->path = f->path;
	x->seconds = (uint32_t)seconds;
	return true;
}

bool
wd_entry_read(struct wd_span entry, struct wd_entry_seen *ret)
{
	struct wd_rd rd = wd_rd(entry);
	struct wd_entry_seen x = { 0 };
	struct found f = { 0 };

	if (!take_members(&rd, &f) || !wd_time_parse(f.time, &x.time))
		return false;
	x.is_lease = read_lease(&f, &x);
	*ret = x;
	return true;
}
