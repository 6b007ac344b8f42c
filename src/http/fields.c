/*
 * Questions about header fields: media types, bearer tokens, cookies.
 */
#include "http/head.h"

#include "base/rd.h"
#include "http/text.h"

struct wd_span
wd_head_field(const struct wd_head *h, const char *name)
{
	for (size_t i = 0; i < h->n_fields; i++)
		if (wd_text_is_word(h->fields[i].name, name))
			return h->fields[i].value;
	return wd_span(NULL, 0);
}

/* A media type without its parameters. */
static struct wd_span
bare_type(struct wd_span value)
{
	struct wd_rd rd = wd_rd(value);

	return wd_text_trim(wd_text_take_until(&rd, ';'));
}

bool
wd_head_content_is(const struct wd_head *h, const char *type)
{
	return wd_text_is_word(
	    bare_type(wd_head_field(h, "Content-Type")), type);
}

/* A range with a star for the subtype, or for both parts, covers TYPE. */
static bool
covers(struct wd_span range, const char *type)
{
	struct wd_rd rd = wd_rd(wd_span_text(type));
	struct wd_span family = wd_text_take_until(&rd, '/');

	if (wd_span_is(range, "*/*"))
		return true;
	return range.len == family.len + 2 && range.p[range.len - 2] == '/' &&
	    range.p[range.len - 1] == '*' &&
	    wd_text_same_word(wd_span(range.p, family.len), family);
}

static bool
list_accepts(struct wd_span list, const char *type, bool loose)
{
	struct wd_rd rd = wd_rd(list);

	while (wd_rd_more(&rd)) {
		struct wd_span range = bare_type(wd_text_take_until(&rd, ','));

		if (wd_text_is_word(range, type) ||
		    (loose && covers(range, type)))
			return true;
	}
	return false;
}

bool
wd_head_accepts(const struct wd_head *h, const char *type, bool loose)
{
	for (size_t i = 0; i < h->n_fields; i++)
		if (wd_text_is_word(h->fields[i].name, "Accept") &&
		    list_accepts(h->fields[i].value, type, loose))
			return true;
	return false;
}

struct wd_span
wd_head_bearer(const struct wd_head *h)
{
	struct wd_rd rd = wd_rd(wd_head_field(h, "Authorization"));
	struct wd_span scheme = wd_text_take_until(&rd, ' ');

	if (!wd_text_is_word(scheme, "Bearer"))
		return wd_span(NULL, 0);
	return wd_text_trim(wd_rd_rest(&rd));
}

struct wd_span
wd_head_cookie(const struct wd_head *h, const char *name)
{
	struct wd_rd rd = wd_rd(wd_head_field(h, "Cookie"));

	while (wd_rd_more(&rd)) {
		struct wd_rd pair =
		    wd_rd(wd_text_trim(wd_text_take_until(&rd, ';')));

		if (wd_span_is(wd_text_take_until(&pair, '='), name))
			return wd_rd_rest(&pair);
	}
	return wd_span(NULL, 0);
}
