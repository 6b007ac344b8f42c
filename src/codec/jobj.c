/*
 * Objects by taking members. What nobody took is found at the close, so a
 * reader cannot forget to refuse what it does not know. Must never touch the
 * JSON library itself.
 */
#include "codec/json.h"

#include "base/clock.h"
#include "codec/hex.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
wd_jobj_open(struct wd_jobj *o, const struct wd_jval *v, struct wd_diag *d,
    const char *what)
{
	*o = (struct wd_jobj){ .v = v, .d = d, .what = what };
	if (wd_jval_type(v) != WD_JOBJECT)
		wd_jobj_fail(o, WD_R_MALFORMED, "is not an object");
}

void
wd_jobj_fold_case(struct wd_jobj *o)
{
	o->fold_case = true;
}

void
wd_jobj_fail(struct wd_jobj *o, enum wd_reason reason, const char *fmt, ...)
{
	char text[sizeof(o->d->detail)];
	va_list ap;
	int n;

	if (o->result != 0)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	o->result =
	    wd_reject(o->d, reason, "%s: %s", o->what, n < 0 ? "" : text);
}

static void
fail_member(struct wd_jobj *o, enum wd_reason reason, const char *name,
    const char *problem)
{
	wd_jobj_fail(o, reason, "member \"%s\" %s", name, problem);
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
names_match(const struct wd_jobj *o, const char *a, const char *b)
{
	if (!o->fold_case)
		return strcmp(a, b) == 0;
	while (*a != '\0' && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}

/* The member, and how many match: more than one only when case is folded. */
static const struct wd_jval *
find(const struct wd_jobj *o, const char *name, size_t *ret_n)
{
	const struct wd_jval *found = NULL;
	struct wd_jwalk w = { 0 };
	size_t n = 0;

	if (!o->fold_case) {
		found = wd_jval_get(o->v, name);
		*ret_n = found != NULL;
		return found;
	}
	while (wd_jval_walk(o->v, &w))
		if (names_match(o, name, w.name)) {
			found = w.value;
			n++;
		}
	*ret_n = n;
	return found;
}

static bool
was_taken(const struct wd_jobj *o, const char *name)
{
	for (size_t i = 0; i < o->n_taken; i++)
		if (names_match(o, o->taken[i], name))
			return true;
	return false;
}

const struct wd_jval *
wd_jobj_take(struct wd_jobj *o, const char *name, enum wd_presence p)
{
	const struct wd_jval *v;
	size_t n;

	if (o->result != 0)
		return NULL;
	v = find(o, name, &n);
	if (n > 1)
		fail_member(o, WD_R_MALFORMED, name, "is there twice");
	if (n == 0 && p == WD_REQUIRED)
		fail_member(o, WD_R_MALFORMED, name, "is missing");
	if (n != 1)
		return NULL;
	assert(!was_taken(o, name) && o->n_taken < WD_N(o->taken));
	o->taken[o->n_taken++] = name;
	return v;
}

/* Takes a member that must have TYPE; NULL when absent or of another. */
static const struct wd_jval *
take_typed(struct wd_jobj *o, const char *name, enum wd_presence p,
    enum wd_jtype type, const char *problem)
{
	const struct wd_jval *v = wd_jobj_take(o, name, p);

	if (v == NULL || wd_jval_type(v) == type)
		return v;
	fail_member(o, WD_R_MALFORMED, name, problem);
	return NULL;
}

struct wd_span
wd_jobj_text(
    struct wd_jobj *o, const char *name, enum wd_presence p, size_t max)
{
	struct wd_span s = { 0 };

	if (!wd_jval_text(
		take_typed(o, name, p, WD_JTEXT, "is not a text"), &s))
		return s;
	if (s.len <= max)
		return s;
	fail_member(o, WD_R_RANGE, name, "is too long");
	return wd_span(NULL, 0);
}

uint64_t
wd_jobj_uint(
    struct wd_jobj *o, const char *name, enum wd_presence p, uint64_t max)
{
	const struct wd_jval *v =
	    take_typed(o, name, p, WD_JINT, "is not a whole number");
	uint64_t n = 0;

	if (v != NULL && !wd_jval_uint(v, max, &n))
		fail_member(o, WD_R_RANGE, name, "is out of range");
	return n;
}

bool
wd_jobj_bool(
    struct wd_jobj *o, const char *name, enum wd_presence p, bool otherwise)
{
	bool b = otherwise;

	(void)wd_jval_bool(/* false only for NULL: otherwise stands */
	    take_typed(o, name, p, WD_JBOOL, "is not true or false"), &b);
	return b;
}

const struct wd_jval *
wd_jobj_array(
    struct wd_jobj *o, const char *name, enum wd_presence p, size_t max)
{
	const struct wd_jval *v =
	    take_typed(o, name, p, WD_JARRAY, "is not an array");

	if (wd_jval_count(v) <= max)
		return v;
	fail_member(o, WD_R_RANGE, name, "has too many elements");
	return NULL;
}

const struct wd_jval *
wd_jobj_object(struct wd_jobj *o, const char *name, enum wd_presence p)
{
	return take_typed(o, name, p, WD_JOBJECT, "is not an object");
}

void
wd_jobj_hex(struct wd_jobj *o, const char *name, enum wd_presence p, void *dst,
    size_t len)
{
	struct wd_span s = { 0 };

	wd_wipe(dst, len);
	if (!wd_jval_text(
		take_typed(o, name, p, WD_JTEXT, "is not a text"), &s))
		return;
	if (wd_hex_decode_exact(s, dst, len) != 0)
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "member \"%s\" is not %zu bytes in hex", name, len);
}

int64_t
wd_jobj_time(struct wd_jobj *o, const char *name, enum wd_presence p)
{
	struct wd_span s = { 0 };
	int64_t t = 0;

	if (wd_jval_text(
		take_typed(o, name, p, WD_JTEXT, "is not a text"), &s) &&
	    !wd_time_parse(s, &t))
		fail_member(o, WD_R_MALFORMED, name,
		    "is not a time like 2025-07-01T00:00:00Z");
	return t;
}

bool
wd_jobj_has(const struct wd_jobj *o, const char *name)
{
	size_t n;

	(void)find(o, name, &n); /* only the number matters */
	return n > 0;
}

int
wd_jobj_close(struct wd_jobj *o)
{
	struct wd_jwalk w = { 0 };

	while (o->result == 0 && wd_jval_walk(o->v, &w))
		if (!was_taken(o, w.name))
			fail_member(o, WD_R_UNKNOWN_MEMBER, w.name,
			    "is not known or not used here");
	return o->result;
}

int
wd_jobj_close_open_world(struct wd_jobj *o)
{
	return o->result;
}
