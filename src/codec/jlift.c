/*
 * Finding long plain texts, and the way back to their places. Reads what may
 * not be JSON at all: whatever is in doubt stays for the library to judge.
 */
#include "codec/jlift.h"

#include "base/wr.h"

#include <string.h>

/* ---- out */

static size_t
find(struct wd_span s, size_t from, char c)
{
	const uint8_t *at =
	    from < s.len ? memchr(s.p + from, c, s.len - from) : NULL;

	return at == NULL ? s.len : (size_t)(at - s.p);
}

/* A quotation mark behind an odd number of backslashes is part of the text
 * that begins at START. */
static bool
is_escaped(struct wd_span s, size_t start, size_t at)
{
	size_t n = 0;

	while (at - n > start && s.p[at - n - 1] == '\\')
		n++;
	return n % 2 == 1;
}

/* Where the text that begins at START ends: its closing mark. */
static size_t
end_of_text(struct wd_span s, size_t start)
{
	size_t at = find(s, start, '"');

	while (at < s.len && is_escaped(s, start, at))
		at = find(s, at + 1, '"');
	return at;
}

static uint8_t
is_odd(uint8_t c)
{
	return (uint8_t)((uint8_t)(c - ' ') > '~' - ' ') | (uint8_t)(c == '\\');
}

/* In bytes, of which the compiler makes vectors: evidence is kilobytes. */
static bool
is_plain(struct wd_span s)
{
	uint8_t odd = 0;

	for (size_t i = 0; i < s.len; i++)
		odd |= is_odd(s.p[i]);
	return odd == 0;
}

/* What a colon follows is a member's name. */
static bool
is_name(struct wd_span s, size_t behind)
{
	while (behind < s.len &&
	    (s.p[behind] == ' ' || s.p[behind] == '\t' || s.p[behind] == '\n' ||
		s.p[behind] == '\r'))
		behind++;
	return behind < s.len && s.p[behind] == ':';
}

static void
look_at(struct wd_jlift *lift, size_t place, struct wd_span bytes)
{
	if (bytes.len >= WD_JLIFT_LEAST && lift->n < WD_JLIFT_TEXTS &&
	    is_plain(bytes))
		lift->texts[lift->n++] = (struct wd_jlifted){ place, bytes };
}

static void
look_for(struct wd_span text, struct wd_jlift *lift)
{
	size_t place = 0;
	size_t at = find(text, 0, '"');

	while (at < text.len) {
		size_t start = at + 1;
		size_t end = end_of_text(text, start);

		if (end == text.len)
			return; /* it has no end */
		if (!is_name(text, end + 1))
			look_at(lift, place++,
			    wd_span(text.p + start, end - start));
		at = find(text, end + 1, '"');
	}
}

/* TEXT without what was found in it. */
static struct wd_bytes *
write_rest(struct wd_span text, const struct wd_jlift *lift)
{
	const uint8_t *from = text.p;
	size_t len = text.len;
	struct wd_bytes *rest;
	struct wd_wr wr;

	for (size_t i = 0; i < lift->n; i++)
		len -= lift->texts[i].bytes.len;
	if ((rest = wd_bytes_new(len)) == NULL)
		return NULL;
	wr = wd_wr_fixed(rest->p, len);
	for (size_t i = 0; i < lift->n; i++) {
		struct wd_span bytes = lift->texts[i].bytes;

		wd_wr_bytes(&wr, wd_span(from, (size_t)(bytes.p - from)));
		from = bytes.p + bytes.len;
	}
	wd_wr_bytes(&wr, wd_span(from, len - wr.len));
	return rest;
}

int
wd_jlift(struct wd_span text, struct wd_jlift *ret)
{
	struct wd_jlift lift = { 0 };

	look_for(text, &lift);
	if (lift.n > 0 && (lift.rest = write_rest(text, &lift)) == NULL)
		return WD_F_MEMORY;
	*ret = lift;
	return 0;
}

void
wd_jlift_done(struct wd_jlift *lift)
{
	lift->rest = wd_bytes_free(lift->rest);
}

/* ---- and back */

static const struct wd_jval *
next_in(struct wd_jtexts_level *l)
{
	if (wd_jval_type(l->v) == WD_JARRAY)
		return wd_jval_at(l->v, l->next++);
	return wd_jval_walk(l->v, &l->members) ? l->members.value : NULL;
}

/* The value if it is a text; arrays and objects are entered. */
static const struct wd_jval *
visit(struct wd_jtexts *w, const struct wd_jval *v)
{
	enum wd_jtype type = wd_jval_type(v);

	if (type == WD_JTEXT)
		return v;
	if ((type == WD_JARRAY || type == WD_JOBJECT) &&
	    w->depth < WD_N(w->levels))
		w->levels[w->depth++] = (struct wd_jtexts_level){ .v = v };
	return NULL;
}

const struct wd_jval *
wd_jtexts_next(struct wd_jtexts *w)
{
	const struct wd_jval *text = NULL;

	if (!w->begun)
		text = visit(w, w->root);
	w->begun = true;
	while (text == NULL && w->depth > 0) {
		const struct wd_jval *v = next_in(&w->levels[w->depth - 1]);

		if (v == NULL)
			w->depth--;
		else
			text = visit(w, v);
	}
	return text;
}
