/*
 * The library reads lines through a function of ours, which sees each of them
 * first: that is where lines are counted and where its tolerance ends.
 */
#include "codec/ini.h"

#include <ini.h>

#include "base/rd.h"
#include "codec/utf8.h"

struct reading {
	struct wd_rd rd;
	unsigned line; /* the one handed out last */
	wd_ini_take *take;
	void *ctx;
	int result; /* not 0: stop */
	struct wd_diag why;
};

/* Takes a line without its end off the text. */
static struct wd_span
take_line(struct wd_rd *rd)
{
	struct wd_span line = { rd->p, 0 };

	while (line.len < rd->left && rd->p[line.len] != '\n')
		line.len++;
	(void)wd_rd_bytes(rd, line.len + (line.len < rd->left)); /* is there */
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Tabs aside: they are allowed, but no text of ours may hold them. */
static bool
is_text(struct wd_span line)
{
	size_t from = 0;

	for (size_t i = 0; i <= line.len; i++) {
		if (i < line.len && line.p[i] != '\t')
			continue;
		if (!wd_utf8_is_text(wd_span(line.p + from, i - from)))
			return false;
		from = i + 1;
	}
	return true;
}

static bool
is_indented(struct wd_span line)
{
	size_t i = 0;

	while (i < line.len && is_blank(line.p[i]))
		i++;
	return i > 0 && i < line.len && line.p[i] != '#' && line.p[i] != ';';
}

static const char *
what_is_wrong(struct wd_span line, size_t room)
{
	if (line.len >= room)
		return "too long";
	if (!is_text(line))
		return "not UTF-8, or has control characters";
	if (is_indented(line))
		return "starts with a blank";
	return NULL;
}

/* As fgets(3) has it. */
static char *
next_line(char *room, int size, void *ctx)
{
	struct reading *r = ctx;
	struct wd_span line;
	const char *wrong;

	if (r->result != 0 || r->rd.left == 0)
		return NULL;
	r->line++;
	line = take_line(&r->rd);
	wrong = what_is_wrong(line, (size_t)size);
	if (wrong != NULL) {
		r->result = wd_reject(&r->why, WD_R_MALFORMED, "%s", wrong);
		return NULL;
	}
	wd_copy(room, line);
	room[line.len] = '\0';
	return room;
}

static int
on_entry(void *ctx, const char *section, const char *name, const char *value)
{
	struct reading *r = ctx;
	struct wd_ini_entry e = { r->line, section, name, value };

	if (r->result == 0)
		r->result = r->take(r->ctx, &e, &r->why);
	return r->result == 0;
}

int
wd_ini_read(
    struct wd_span text, wd_ini_take *take, void *ctx, struct wd_diag *d)
{
	struct reading r = { .rd = wd_rd(text), .take = take, .ctx = ctx };
	int bad_line;

	if (text.len > WD_INI_MAX)
		return wd_reject(
		    d, WD_R_TOO_LARGE, "over %d bytes", (int)WD_INI_MAX);
	bad_line = ini_parse_stream(next_line, &r, on_entry, &r);
	if (r.result > 0)
		return wd_reject(d, (enum wd_reason)r.result, "line %u: %s",
		    r.line, r.why.detail);
	if (r.result < 0)
		return wd_fault(d, (enum wd_faults)r.result, "line %u: %s",
		    r.line, r.why.detail);
	if (bad_line > 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "line %d: neither [section] nor name = value", bad_line);
	return bad_line == 0
	    ? 0
	    : wd_fault(d, WD_F_SYSTEM, "the ini library failed");
}
