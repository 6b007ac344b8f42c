/*
 * The JSON library behind our own types. Depth, size and the number of values
 * are bounded by a scan of ours before the library sees the text, so that
 * neither its stack nor its memory is the sender's to choose. No other files
 * than this and json_*.c may include the library's header.
 */
#include "codec/json.h"

#include "base/alloc.h"
#include "codec/jlift.h"
#include "codec/json_load.h"

#include <errno.h>
#include <jansson.h>
#include <sys/random.h>

struct wd_json {
	json_t *root;
};

/* The library wants a mutable pointer even where it only reads. */
static json_t *
native(const struct wd_jval *v)
{
	return (json_t *)(uintptr_t)v;
}

static const struct wd_jval *
jval(const json_t *v)
{
	return (const struct wd_jval *)v;
}

int
wd_json_init(void)
{
	static bool ready;
	uint32_t seed = 0;

	if (ready)
		return 0;
	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		return WD_F_SYSTEM;
	/* Zero would make the library look for a seed in the file system. */
	json_object_seed(seed == 0 ? 1 : seed);
	wd_json_memory();
	ready = true;
	return 0;
}

/* What the scan in front of the library counts. */
struct shape {
	size_t depth, deepest, values;
	bool in_text, escaped;
};

static void
look_at(struct shape *s, uint8_t c)
{
	if (s->in_text) {
		s->in_text = s->escaped || c != '"';
		s->escaped = !s->escaped && c == '\\';
		return;
	}
	s->in_text = c == '"';
	s->values += c == ',' || c == '[' || c == '{';
	if (c == '[' || c == '{')
		s->depth++;
	if (s->depth > s->deepest)
		s->deepest = s->depth;
	if ((c == ']' || c == '}') && s->depth > 0)
		s->depth--;
}

static int
check_shape(struct wd_span text, struct wd_diag *d)
{
	struct shape s = { 0 };

	for (size_t i = 0; i < text.len; i++)
		look_at(&s, text.p[i]);
	if (s.deepest > WD_JSON_DEPTH)
		return wd_reject(d, WD_R_MALFORMED,
		    "JSON nested more than %d deep", WD_JSON_DEPTH);
	if (s.values > WD_JSON_VALUES)
		return wd_reject(d, WD_R_TOO_LARGE,
		    "JSON of more than %d values", WD_JSON_VALUES);
	return 0;
}

/* The text of number PLACE, when GIVEN of them were given before. */
static json_t *
text_at(struct wd_jtexts *walk, size_t *given, size_t place)
{
	const struct wd_jval *v;

	do
		v = wd_jtexts_next(walk);
	while (v != NULL && (*given)++ < place);
	return native(v);
}

/* The library frees the empty text that stood in and copies this one. */
static int
put_back(json_t *root, const struct wd_jlift *lift)
{
	struct wd_jtexts walk = { .root = jval(root) };
	size_t given = 0;

	for (size_t i = 0; i < lift->n; i++) {
		struct wd_span bytes = lift->texts[i].bytes;
		json_t *v = text_at(&walk, &given, lift->texts[i].place);

		if (v == NULL || json_string_length(v) != 0)
			return WD_F_BUG;
		if (json_string_setn_nocheck(
			v, (const char *)bytes.p, bytes.len) != 0)
			return WD_F_MEMORY;
	}
	return 0;
}

/* First without its long texts. When that is refused then so is the whole, and
 * the library says why. */
static int
load_lifted(struct wd_span text, struct wd_diag *d, json_t **ret)
{
	WD_AUTO(wd_jlift_done) struct wd_jlift lift = { 0 };
	struct wd_span rest;
	int r = wd_jlift(text, &lift);

	if (r != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory for JSON");
	rest = lift.n > 0 ? wd_bytes_span(lift.rest) : text;
	if ((r = check_shape(rest, d)) != 0)
		return r;
	r = wd_json_load(rest, lift.n > 0 ? NULL : d, ret);
	if (r > 0 && lift.n > 0)
		return wd_json_load(text, d, ret);
	if (r == 0)
		r = put_back(*ret, &lift);
	return r < 0 ? wd_fault(d, r, "no memory for JSON") : r;
}

int
wd_json_parse(struct wd_span text, struct wd_diag *d, struct wd_json **ret)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	int r;

	if (text.len > WD_JSON_BYTES)
		return wd_reject(d, WD_R_TOO_LARGE,
		    "JSON text of more than %d bytes", WD_JSON_BYTES);
	if (text.len == 0)
		return wd_reject(d, WD_R_MALFORMED, "no JSON at all");
	if ((r = wd_json_init()) != 0)
		return wd_fault_errno(d, "no random bytes for JSON");
	doc = wd_alloc(sizeof(*doc));
	if (doc == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for JSON");
	if ((r = load_lifted(text, d, &doc->root)) != 0)
		return r;
	*ret = WD_TAKE(doc);
	return 0;
}

struct wd_json *
wd_json_free(struct wd_json *doc)
{
	if (doc != NULL)
		json_decref(doc->root);
	return wd_free(doc);
}

void
wd_json_freep(struct wd_json **doc)
{
	*doc = wd_json_free(*doc);
}

const struct wd_jval *
wd_json_root(const struct wd_json *doc)
{
	return jval(doc->root);
}

enum wd_jtype
wd_jval_type(const struct wd_jval *v)
{
	static const enum wd_jtype types[] = {
		[JSON_OBJECT] = WD_JOBJECT,
		[JSON_ARRAY] = WD_JARRAY,
		[JSON_STRING] = WD_JTEXT,
		[JSON_INTEGER] = WD_JINT,
		[JSON_REAL] = WD_JREAL,
		[JSON_TRUE] = WD_JBOOL,
		[JSON_FALSE] = WD_JBOOL,
		[JSON_NULL] = WD_JNULL,
	};

	return v == NULL ? WD_JNONE : types[json_typeof(native(v))];
}

bool
wd_jval_text(const struct wd_jval *v, struct wd_span *ret)
{
	if (wd_jval_type(v) != WD_JTEXT)
		return false;
	*ret = wd_span(
	    json_string_value(native(v)), json_string_length(native(v)));
	return true;
}

bool
wd_jval_int(const struct wd_jval *v, int64_t *ret)
{
	if (wd_jval_type(v) != WD_JINT)
		return false;
	*ret = json_integer_value(native(v));
	return true;
}

bool
wd_jval_uint(const struct wd_jval *v, uint64_t max, uint64_t *ret)
{
	int64_t n;

	if (!wd_jval_int(v, &n) || n < 0 || (uint64_t)n > max)
		return false;
	*ret = (uint64_t)n;
	return true;
}

bool
wd_jval_bool(const struct wd_jval *v, bool *ret)
{
	if (wd_jval_type(v) != WD_JBOOL)
		return false;
	*ret = json_is_true(native(v));
	return true;
}

size_t
wd_jval_count(const struct wd_jval *v)
{
	return json_array_size(native(v));
}

const struct wd_jval *
wd_jval_at(const struct wd_jval *v, size_t i)
{
	return jval(json_array_get(native(v), i));
}

const struct wd_jval *
wd_jval_get(const struct wd_jval *v, const char *name)
{
	return jval(json_object_get(native(v), name));
}

size_t
wd_jval_members(const struct wd_jval *v)
{
	return json_object_size(native(v));
}

bool
wd_jval_walk(const struct wd_jval *v, struct wd_jwalk *w)
{
	w->at = w->name == NULL ? json_object_iter(native(v))
				: json_object_iter_next(native(v), w->at);
	if (w->at == NULL)
		return false;
	w->name = json_object_iter_key(w->at);
	w->value = jval(json_object_iter_value(w->at));
	return true;
}
