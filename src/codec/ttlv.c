/*
 * TTLV. It must never look at more than the cursor holds, and what a length
 * says is believed only as far as bytes are there.
 */
#include "codec/ttlv.h"

#include "base/reason.h"
#include "codec/utf8.h"

/* KMIP 1.4, 9.1.1.1: tags are 42xxxx of the standard or 54xxxx of vendors. */
enum { STANDARD = 0x42, VENDOR = 0x54, UNIT = 8 };

/* 9.1.1.3: how long values are, by type; padding comes after. */
enum form { FORM_NONE, FORM_EXACT, FORM_UNITS, FORM_ANY };
static const struct {
	enum form form;
	uint32_t len;
} forms[] = {
	[WD_TTLV_STRUCTURE] = { FORM_UNITS, 0 },
	[WD_TTLV_INTEGER] = { FORM_EXACT, 4 },
	[WD_TTLV_LONG] = { FORM_EXACT, 8 },
	[WD_TTLV_BIG] = { FORM_UNITS, 8 },
	[WD_TTLV_ENUM] = { FORM_EXACT, 4 },
	[WD_TTLV_BOOLEAN] = { FORM_EXACT, 8 },
	[WD_TTLV_TEXT] = { FORM_ANY, 0 },
	[WD_TTLV_BYTES] = { FORM_ANY, 0 },
	[WD_TTLV_TIME] = { FORM_EXACT, 8 },
	[WD_TTLV_INTERVAL] = { FORM_EXACT, 4 },
	[WD_TTLV_TIME_EXTENDED] = { FORM_EXACT, 8 },
};

struct item {
	uint32_t tag;
	enum wd_ttlv_type type;
	struct wd_span value; /* without padding */
};

static bool
is_length(enum wd_ttlv_type type, uint32_t len)
{
	switch (forms[type].form) {
	case FORM_EXACT:
		return len == forms[type].len;
	case FORM_UNITS:
		return len % UNIT == 0 && len >= forms[type].len;
	case FORM_ANY:
		return true;
	case FORM_NONE:
		break;
	}
	return false;
}

static size_t
padding(size_t len)
{
	return (UNIT - len % UNIT) % UNIT;
}

/* Of a head alone; false for what is none. */
static bool
read_head(struct wd_rd *rd, struct item *ret, uint32_t *ret_len)
{
	uint32_t first = wd_rd_be32(rd);
	uint32_t len = wd_rd_be32(rd);
	uint32_t space = first >> 24;
	uint8_t type = first & 0xff;

	if (rd->bad || (space != STANDARD && space != VENDOR) ||
	    type >= WD_N(forms) || !is_length((enum wd_ttlv_type)type, len))
		return false;
	*ret =
	    (struct item){ .tag = first >> 8, .type = (enum wd_ttlv_type)type };
	*ret_len = len;
	return true;
}

/* 9.1.1.4: a boolean is 0 or 1 in eight bytes; texts are UTF-8. */
static bool
is_value(enum wd_ttlv_type type, struct wd_span v)
{
	if (type == WD_TTLV_BOOLEAN)
		return wd_span_is_zero(wd_span(v.p, v.len - 1)) &&
		    v.p[v.len - 1] <= 1;
	return type != WD_TTLV_TEXT || wd_utf8_is_string(v);
}

/* An item of no tag and no bytes when there is none. */
static struct item
take_any(struct wd_rd *rd)
{
	struct item item = { 0 };
	uint32_t len = 0;

	if (!read_head(rd, &item, &len)) {
		wd_rd_fail(rd);
		return (struct item){ 0 };
	}
	item.value = wd_rd_bytes(rd, len);
	wd_rd_zero(rd, padding(len));
	if (!rd->bad && !is_value(item.type, item.value))
		wd_rd_fail(rd);
	return rd->bad ? (struct item){ 0 } : item;
}

static struct wd_span
take(struct wd_rd *rd, uint32_t tag, enum wd_ttlv_type type)
{
	struct item item = take_any(rd);

	if (item.tag == tag && item.type == type)
		return item.value;
	wd_rd_fail(rd);
	return wd_span(NULL, 0);
}

/* ---- whole messages */

uint64_t
wd_ttlv_message_len(const uint8_t head[WD_TTLV_HEAD])
{
	struct wd_rd rd = wd_rd(wd_span(head, WD_TTLV_HEAD));
	struct item item = { 0 };
	uint32_t len = 0;

	if (!read_head(&rd, &item, &len) || item.type != WD_TTLV_STRUCTURE)
		return 0;
	return (uint64_t)WD_TTLV_HEAD + len;
}

int
wd_ttlv_check(struct wd_span message)
{
	/* What is left of each structure around the next item. */
	struct wd_rd levels[WD_TTLV_DEPTH + 1] = { wd_rd(message) };
	size_t level = 0, items = 0;

	for (;;) {
		struct item item;

		while (level > 0 && !wd_rd_more(&levels[level]))
			level--;
		if (items > 0 && level == 0) /* the message is over */
			return wd_rd_end(&levels[0]);
		item = take_any(&levels[level]);
		if (levels[level].bad ||
		    (items == 0 && item.type != WD_TTLV_STRUCTURE))
			return WD_R_MALFORMED;
		if (++items > WD_TTLV_ITEMS)
			return WD_R_TOO_LARGE;
		if (item.type != WD_TTLV_STRUCTURE)
			continue;
		if (level == WD_TTLV_DEPTH)
			return WD_R_TOO_LARGE;
		levels[++level] = wd_rd(item.value);
	}
}

/* ---- items */

uint32_t
wd_ttlv_peek(const struct wd_rd *rd)
{
	struct wd_rd at = *rd;

	return wd_rd_more(rd) ? wd_rd_be32(&at) >> 8 : 0;
}

enum wd_ttlv_type
wd_ttlv_peek_type(const struct wd_rd *rd)
{
	struct wd_rd at = *rd;
	uint8_t type = wd_rd_more(rd) ? wd_rd_be32(&at) & 0xff : 0;

	return type < WD_N(forms) ? (enum wd_ttlv_type)type : WD_TTLV_NONE;
}

struct wd_rd
wd_ttlv_enter(struct wd_rd *rd, uint32_t tag)
{
	struct wd_rd in = wd_rd(take(rd, tag, WD_TTLV_STRUCTURE));

	in.bad = rd->bad;
	return in;
}

static uint32_t
take_32(struct wd_rd *rd, uint32_t tag, enum wd_ttlv_type type)
{
	struct wd_rd value = wd_rd(take(rd, tag, type));

	return wd_rd_be32(&value);
}

static uint64_t
take_64(struct wd_rd *rd, uint32_t tag, enum wd_ttlv_type type)
{
	struct wd_rd value = wd_rd(take(rd, tag, type));

	return wd_rd_be64(&value);
}

int32_t
wd_ttlv_int(struct wd_rd *rd, uint32_t tag)
{
	return (int32_t)take_32(rd, tag, WD_TTLV_INTEGER);
}

int64_t
wd_ttlv_long(struct wd_rd *rd, uint32_t tag)
{
	return (int64_t)take_64(rd, tag, WD_TTLV_LONG);
}

uint32_t
wd_ttlv_enum(struct wd_rd *rd, uint32_t tag)
{
	return take_32(rd, tag, WD_TTLV_ENUM);
}

bool
wd_ttlv_bool(struct wd_rd *rd, uint32_t tag)
{
	return take_64(rd, tag, WD_TTLV_BOOLEAN) == 1;
}

int64_t
wd_ttlv_time(struct wd_rd *rd, uint32_t tag)
{
	return (int64_t)take_64(rd, tag, WD_TTLV_TIME);
}

uint32_t
wd_ttlv_interval(struct wd_rd *rd, uint32_t tag)
{
	return take_32(rd, tag, WD_TTLV_INTERVAL);
}

static struct wd_span
take_string(struct wd_rd *rd, uint32_t tag, enum wd_ttlv_type type, size_t max)
{
	struct wd_span s = take(rd, tag, type);

	if (s.len <= max)
		return s;
	wd_rd_fail(rd);
	return wd_span(NULL, 0);
}

struct wd_span
wd_ttlv_text(struct wd_rd *rd, uint32_t tag, size_t max)
{
	return take_string(rd, tag, WD_TTLV_TEXT, max);
}

struct wd_span
wd_ttlv_bytes(struct wd_rd *rd, uint32_t tag, size_t max)
{
	return take_string(rd, tag, WD_TTLV_BYTES, max);
}

struct wd_span
wd_ttlv_big(struct wd_rd *rd, uint32_t tag, size_t max)
{
	return take_string(rd, tag, WD_TTLV_BIG, max);
}

void
wd_ttlv_skip(struct wd_rd *rd)
{
	(void)take_any(rd);
}
