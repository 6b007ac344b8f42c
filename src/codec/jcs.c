/*
 * RFC 8785 text of a parsed value. Depth is bounded by the parser, so a fixed
 * stack of levels takes the place of recursion. Must never print a number that
 * two readers could understand differently: integers of 53 bits only.
 */
#include "codec/json.h"

#include "base/alloc.h"
#include "base/wr.h"
#include "codec/jtext.h"

#include <inttypes.h>
#include <stdlib.h>

enum { TEXT_MAX = 8 * WD_JSON_BYTES };

static const int64_t int_max = (INT64_C(1) << 53) - 1;

struct member {
	const char *name;
	const struct wd_jval *value;
};

/* One open array or object. */
struct level {
	const struct wd_jval *v;
	struct member *members; /* owned, sorted; NULL for an array */
	size_t n, next;
};

struct walk {
	struct wd_wr wr;
	struct level levels[WD_JSON_DEPTH];
	size_t depth;
};

static void
walk_done(struct walk *w)
{
	for (size_t i = 0; i < WD_N(w->levels); i++)
		w->levels[i].members = wd_free(w->levels[i].members);
	wd_wr_done(&w->wr);
}

/*
 * Section 3.2.3 sorts by UTF-16 code units. UTF-8 sorts by code points, which
 * differs in one place: surrogates (lead bytes f0 and up in UTF-8) come before
 * U+E000 to U+FFFF (lead bytes ee and ef).
 */
static unsigned
weight(char c)
{
	unsigned u = (unsigned char)c;

	if (u >= 0xf0)
		return u - 2;
	return u >= 0xee ? u + 16 : u;
}

static int
compare_members(const void *a, const void *b)
{
	const char *x = ((const struct member *)a)->name;
	const char *y = ((const struct member *)b)->name;

	while (*x != '\0' && *x == *y) {
		x++;
		y++;
	}
	return (weight(*x) > weight(*y)) - (weight(*x) < weight(*y));
}

static int
sort_members(struct level *l)
{
	struct wd_jwalk w = { 0 };
	size_t i = 0;

	l->members = wd_alloc_array(l->n + 1, sizeof(l->members[0]));
	if (l->members == NULL)
		return WD_F_MEMORY;
	while (wd_jval_walk(l->v, &w))
		l->members[i++] = (struct member){ w.name, w.value };
	qsort(l->members, l->n, sizeof(l->members[0]), compare_members);
	return 0;
}

static int
enter(struct walk *w, const struct wd_jval *v)
{
	struct level *l = &w->levels[w->depth];

	if (w->depth == WD_N(w->levels))
		return WD_R_MALFORMED;
	w->depth++;
	*l = (struct level){ .v = v };
	if (wd_jval_type(v) == WD_JARRAY) {
		l->n = wd_jval_count(v);
		wd_wr_u8(&w->wr, '[');
		return 0;
	}
	l->n = wd_jval_members(v);
	wd_wr_u8(&w->wr, '{');
	return sort_members(l);
}

static void
leave(struct walk *w)
{
	struct level *l = &w->levels[--w->depth];

	wd_wr_u8(&w->wr, l->members == NULL ? ']' : '}');
	l->members = wd_free(l->members);
}

static int
write_int(struct wd_wr *wr, const struct wd_jval *v)
{
	int64_t n;

	if (!wd_jval_int(v, &n) || n > int_max || n < -int_max)
		return WD_R_MALFORMED;
	wd_wr_printf(wr, "%" PRId64, n);
	return 0;
}

/* A scalar, or the opening of an array or object. */
static int
write_value(struct walk *w, const struct wd_jval *v)
{
	struct wd_span text = { 0 };
	bool b = false;

	switch (wd_jval_type(v)) {
	case WD_JNULL:
		wd_wr_text(&w->wr, "null");
		return 0;
	case WD_JBOOL:
		(void)wd_jval_bool(v, &b); /* its type was just looked at */
		wd_wr_text(&w->wr, b ? "true" : "false");
		return 0;
	case WD_JINT:
		return write_int(&w->wr, v);
	case WD_JTEXT:
		(void)wd_jval_text(v, &text); /* its type was looked at */
		wd_jtext_quote(&w->wr, text);
		return 0;
	case WD_JARRAY:
	case WD_JOBJECT:
		return enter(w, v);
	case WD_JREAL:
	case WD_JNONE:
		break;
	}
	return WD_R_MALFORMED;
}

/* The next element of the innermost level, or its end. */
static int
step(struct walk *w)
{
	struct level *l = &w->levels[w->depth - 1];
	size_t i = l->next++;

	if (i == l->n) {
		leave(w);
		return 0;
	}
	if (i > 0)
		wd_wr_u8(&w->wr, ',');
	if (l->members == NULL)
		return write_value(w, wd_jval_at(l->v, i));
	wd_jtext_quote(&w->wr, wd_span_text(l->members[i].name));
	wd_wr_u8(&w->wr, ':');
	return write_value(w, l->members[i].value);
}

int
wd_json_canonical(const struct wd_jval *v, struct wd_bytes **ret_text)
{
	WD_AUTO(walk_done)
	struct walk w = { .wr = wd_wr_growing(TEXT_MAX) };
	int r = write_value(&w, v);

	while (r == 0 && w.depth > 0)
		r = step(&w);
	if (r != 0)
		return r;
	return wd_wr_take(&w.wr, ret_text);
}
