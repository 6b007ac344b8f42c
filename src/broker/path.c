/*
 * Paths are compared and stored as they are; nothing is normalised, so there
 * is nothing to be confused about.
 */
#include "broker/path.h"

#include "base/num.h"

enum { PATH_LONGEST = 512, PATH_SEGMENTS = 3 };

static bool
is_first(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool
is_segment(struct wd_span s)
{
	if (s.len == 0 || !is_first(s.p[0]))
		return false;
	for (size_t i = 1; i < s.len; i++) {
		if (!is_first(s.p[i]) && s.p[i] != '.')
			return false;
	}
	return true;
}

/* The number of segments, up to three in SEGMENT; 0 when TEXT is no path. */
static size_t
split(struct wd_span text, struct wd_span segment[PATH_SEGMENTS])
{
	size_t n = 0, start = 0;

	if (text.len > PATH_LONGEST)
		return 0;
	for (size_t i = 0; i <= text.len; i++) {
		if (i < text.len && text.p[i] != '/')
			continue;
		if (n == PATH_SEGMENTS)
			return 0;
		segment[n] = wd_span(text.p + start, i - start);
		if (!is_segment(segment[n++]))
			return 0;
		start = i + 1;
	}
	return n;
}

static bool
key_tag(struct wd_span tag, struct wd_path *p)
{
	uint64_t version = 0;

	if (tag.len < WD_ID_LEN ||
	    !wd_id_parse(wd_span(tag.p, WD_ID_LEN), &p->key))
		return false;
	if (tag.len == WD_ID_LEN)
		return true;
	if (tag.len < WD_ID_LEN + 3 || tag.p[WD_ID_LEN] != '.' ||
	    tag.p[WD_ID_LEN + 1] != 'v' ||
	    !wd_num_parse(
		wd_span(tag.p + WD_ID_LEN + 2, tag.len - WD_ID_LEN - 2),
		UINT32_MAX, &version) ||
	    version == 0)
		return false;
	p->version = (uint32_t)version;
	return true;
}

struct wd_path
wd_path_read(struct wd_span text)
{
	struct wd_path none = { 0 }, p = { .kind = WD_PATH_SECRET };
	struct wd_span segment[PATH_SEGMENTS];

	if (split(text, segment) != PATH_SEGMENTS)
		return none;
	if (!wd_span_is(segment[0], "default"))
		return p;
	if (wd_span_is(segment[1], "key"))
		p.kind = WD_PATH_KEY;
	if (wd_span_is(segment[1], "cert"))
		p.kind = WD_PATH_CERT;
	if (wd_span_is(segment[1], "public"))
		p.kind = WD_PATH_PUBLIC;
	if (p.kind != WD_PATH_SECRET && !key_tag(segment[2], &p))
		return none;
	return p;
}

bool
wd_path_is_prefix(struct wd_span text)
{
	struct wd_span segment[PATH_SEGMENTS];

	return split(text, segment) > 0;
}
