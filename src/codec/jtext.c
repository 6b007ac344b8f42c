/*
 * Canonical JSON out. The order of keys and the nesting are our own code's to
 * get right, so they are asserted; the texts may come from outside, so they are
 * checked, and a bad one poisons the writer. Must never parse anything.
 */
#include "codec/jtext.h"

#include "base/clock.h"
#include "codec/base64.h"
#include "codec/hex.h"

#include <assert.h>

static const uint64_t uint_max = (UINT64_C(1) << 53) - 1;

struct wd_jtext
wd_jtext(struct wd_wr *wr)
{
	return (struct wd_jtext){ .wr = wr };
}

/* Each value passes here: the comma in front of it, unless a key had it. */
static void
before_value(struct wd_jtext *j)
{
	unsigned level;

	if (j->depth == 0)
		return;
	level = j->depth - 1;
	assert(j->after_key == j->is_object[level]);
	if (!j->is_object[level] && j->has_member[level])
		wd_wr_u8(j->wr, ',');
	j->has_member[level] = true;
	j->after_key = false;
}

static void
open_level(struct wd_jtext *j, bool is_object)
{
	before_value(j);
	assert(j->depth < WD_JTEXT_DEPTH);
	j->is_object[j->depth] = is_object;
	j->has_member[j->depth] = false;
	j->last_key[j->depth] = wd_span(NULL, 0);
	j->depth++;
	wd_wr_u8(j->wr, is_object ? '{' : '[');
}

void
wd_jtext_object(struct wd_jtext *j)
{
	open_level(j, true);
}

void
wd_jtext_array(struct wd_jtext *j)
{
	open_level(j, false);
}

void
wd_jtext_end(struct wd_jtext *j)
{
	assert(j->depth > 0 && !j->after_key);
	j->depth--;
	wd_wr_u8(j->wr, j->is_object[j->depth] ? '}' : ']');
}

void
wd_jtext_key_span(struct wd_jtext *j, struct wd_span name)
{
	unsigned level = j->depth - 1;

	assert(j->depth > 0 && j->is_object[level] && !j->after_key);
	assert(!j->has_member[level] ||
	    wd_span_compare(j->last_key[level], name) < 0);
	if (j->has_member[level])
		wd_wr_u8(j->wr, ',');
	wd_jtext_quote(j->wr, name);
	wd_wr_u8(j->wr, ':');
	j->last_key[level] = name;
	j->after_key = true;
}

void
wd_jtext_key(struct wd_jtext *j, const char *key)
{
	wd_jtext_key_span(j, wd_span_text(key));
}

void
wd_jtext_string(struct wd_jtext *j, struct wd_span utf8)
{
	before_value(j);
	wd_jtext_quote(j->wr, utf8);
}

void
wd_jtext_text(struct wd_jtext *j, const char *text)
{
	wd_jtext_string(j, wd_span_text(text));
}

static void
quoted_by(struct wd_jtext *j, void (*write)(struct wd_wr *, struct wd_span),
    struct wd_span s)
{
	before_value(j);
	wd_wr_u8(j->wr, '"');
	write(j->wr, s);
	wd_wr_u8(j->wr, '"');
}

void
wd_jtext_hex(struct wd_jtext *j, struct wd_span bytes)
{
	quoted_by(j, wd_hex_write, bytes);
}

void
wd_jtext_b64(struct wd_jtext *j, struct wd_span bytes)
{
	quoted_by(j, wd_b64_write, bytes);
}

void
wd_jtext_b64url(struct wd_jtext *j, struct wd_span bytes)
{
	quoted_by(j, wd_b64url_write, bytes);
}

void
wd_jtext_uint(struct wd_jtext *j, uint64_t v)
{
	before_value(j);
	if (v > uint_max)
		wd_wr_fail(j->wr);
	wd_wr_decimal(j->wr, v);
}

void
wd_jtext_bool(struct wd_jtext *j, bool v)
{
	before_value(j);
	wd_wr_text(j->wr, v ? "true" : "false");
}

void
wd_jtext_null(struct wd_jtext *j)
{
	before_value(j);
	wd_wr_text(j->wr, "null");
}

void
wd_jtext_time(struct wd_jtext *j, int64_t seconds)
{
	char text[WD_TIME_TEXT];

	wd_time_format(seconds, text);
	wd_jtext_text(j, text);
}

void
wd_jtext_raw(struct wd_jtext *j, struct wd_span json)
{
	before_value(j);
	wd_wr_bytes(j->wr, json);
}

void
wd_jtext_key_text(struct wd_jtext *j, const char *key, const char *text)
{
	wd_jtext_key(j, key);
	wd_jtext_text(j, text);
}

void
wd_jtext_key_uint(struct wd_jtext *j, const char *key, uint64_t v)
{
	wd_jtext_key(j, key);
	wd_jtext_uint(j, v);
}

void
wd_jtext_key_bool(struct wd_jtext *j, const char *key, bool v)
{
	wd_jtext_key(j, key);
	wd_jtext_bool(j, v);
}
