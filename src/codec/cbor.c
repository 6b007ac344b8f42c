/*
 * CBOR. It must never look at more than the cursor holds, and what a length or
 * a count says is believed only as far as bytes are there.
 */
#include "codec/cbor.h"

#include "codec/utf8.h"

/* RFC 8949, section 3: the low five bits of the first byte. */
enum { INFO = 0x1f, INFO_ONE_BYTE = 24, INFO_EIGHT_BYTES = 27, MAJOR = 5 };

/* Floating point numbers, whose argument is their bits (section 3.3). */
enum { INFO_HALF = 25, SIMPLE_RESERVED = 32 };

struct head {
	enum wd_cbor_type type;
	uint8_t info;
	uint64_t argument;
};

static uint64_t
take_argument(struct wd_rd *rd, uint8_t info)
{
	switch (info) {
	case INFO_ONE_BYTE:
		return wd_rd_u8(rd);
	case INFO_ONE_BYTE + 1:
		return wd_rd_be16(rd);
	case INFO_ONE_BYTE + 2:
		return wd_rd_be32(rd);
	case INFO_EIGHT_BYTES:
		return wd_rd_be64(rd);
	default:
		break;
	}
	if (info > INFO_EIGHT_BYTES) /* reserved, or of indefinite length */
		wd_rd_fail(rd);
	return info;
}

static struct head
take_head(struct wd_rd *rd)
{
	uint8_t first = wd_rd_u8(rd);
	struct head h = { .type = (enum wd_cbor_type)(first >> MAJOR),
		.info = first & INFO };

	h.argument = take_argument(rd, h.info);
	/* Section 3.3: values below 32 have the short form only. */
	if (h.type == WD_CBOR_SIMPLE && h.info == INFO_ONE_BYTE &&
	    h.argument < SIMPLE_RESERVED)
		wd_rd_fail(rd);
	return h;
}

enum wd_cbor_type
wd_cbor_peek(const struct wd_rd *rd)
{
	if (!wd_rd_more(rd))
		return WD_CBOR_NONE;
	return (enum wd_cbor_type)(rd->p[0] >> MAJOR);
}

static uint64_t
take(struct wd_rd *rd, enum wd_cbor_type type)
{
	struct head h = take_head(rd);

	if (h.type != type)
		wd_rd_fail(rd);
	return rd->bad ? 0 : h.argument;
}

int64_t
wd_cbor_int(struct wd_rd *rd, int64_t min, int64_t max)
{
	struct head h = take_head(rd);
	int64_t v = 0;

	if (h.type > WD_CBOR_NEGATIVE || h.argument > INT64_MAX)
		wd_rd_fail(rd);
	else
		v = h.type == WD_CBOR_UINT ? (int64_t)h.argument
					   : -1 - (int64_t)h.argument;
	if (v < min || v > max)
		wd_rd_fail(rd);
	return rd->bad ? 0 : v;
}

static struct wd_span
take_string(struct wd_rd *rd, enum wd_cbor_type type, size_t min, size_t max)
{
	uint64_t len = take(rd, type);

	if (len < min || len > max)
		wd_rd_fail(rd);
	return wd_rd_bytes(rd, rd->bad ? 0 : (size_t)len);
}

struct wd_span
wd_cbor_bytes(struct wd_rd *rd, size_t min, size_t max)
{
	return take_string(rd, WD_CBOR_BYTES, min, max);
}

struct wd_span
wd_cbor_text(struct wd_rd *rd, size_t min, size_t max)
{
	struct wd_span s = take_string(rd, WD_CBOR_TEXT, min, max);

	if (wd_utf8_is_text(s))
		return s;
	wd_rd_fail(rd);
	return wd_span(NULL, 0);
}

/* An element takes at least one byte, a pair at least two. */
static size_t
take_count(struct wd_rd *rd, enum wd_cbor_type type, size_t max, size_t least)
{
	uint64_t n = take(rd, type);

	if (n <= max && n <= rd->left / least)
		return (size_t)n;
	wd_rd_fail(rd);
	return 0;
}

size_t
wd_cbor_array(struct wd_rd *rd, size_t max)
{
	return take_count(rd, WD_CBOR_ARRAY, max, 1);
}

size_t
wd_cbor_map(struct wd_rd *rd, size_t max)
{
	return take_count(rd, WD_CBOR_MAP, max, 2);
}

void
wd_cbor_tag(struct wd_rd *rd, uint64_t tag)
{
	uint64_t got = take(rd, WD_CBOR_TAG);

	if (got != tag)
		wd_rd_fail(rd);
}

/* Takes one item but for what is inside of it, and says how many items that
 * is. */
static uint64_t
skip_shell(struct wd_rd *rd)
{
	struct head h = take_head(rd);

	switch (h.type) {
	case WD_CBOR_BYTES:
	case WD_CBOR_TEXT:
		if (h.argument > rd->left)
			wd_rd_fail(rd);
		wd_rd_skip(rd, rd->bad ? 0 : (size_t)h.argument);
		return 0;
	case WD_CBOR_ARRAY:
		return h.argument;
	case WD_CBOR_MAP:
		if (h.argument > rd->left) /* or twice that might wrap */
			wd_rd_fail(rd);
		return rd->bad ? 0 : 2 * h.argument;
	case WD_CBOR_TAG:
		return 1;
	case WD_CBOR_UINT:
	case WD_CBOR_NEGATIVE:
	case WD_CBOR_SIMPLE:
	case WD_CBOR_NONE:
		break;
	}
	return 0;
}

struct wd_span
wd_cbor_whole(struct wd_rd *rd)
{
	struct wd_rd before = *rd;
	uint64_t left[WD_CBOR_DEPTH] = { 1 }; /* items to come, by level */
	size_t level = 0;

	while (!rd->bad) {
		uint64_t inside;

		while (level > 0 && left[level] == 0)
			level--;
		if (left[level] == 0)
			break;
		left[level]--;
		inside = skip_shell(rd);
		if (inside == 0)
			continue;
		if (level + 1 == WD_CBOR_DEPTH || inside > rd->left) {
			wd_rd_fail(rd);
			break;
		}
		left[++level] = inside;
	}
	if (rd->bad)
		return wd_span(NULL, 0);
	return wd_rd_bytes(&before, before.left - rd->left);
}

void
wd_cbor_write_head(struct wd_wr *wr, enum wd_cbor_type type, uint64_t v)
{
	uint8_t first = (uint8_t)((unsigned)type << MAJOR);

	if (v < INFO_ONE_BYTE) {
		wd_wr_u8(wr, (uint8_t)(first | v));
	} else if (v <= UINT8_MAX) {
		wd_wr_u8(wr, first | INFO_ONE_BYTE);
		wd_wr_u8(wr, (uint8_t)v);
	} else if (v <= UINT16_MAX) {
		wd_wr_u8(wr, first | (INFO_ONE_BYTE + 1));
		wd_wr_be16(wr, (uint16_t)v);
	} else if (v <= UINT32_MAX) {
		wd_wr_u8(wr, first | (INFO_ONE_BYTE + 2));
		wd_wr_be32(wr, (uint32_t)v);
	} else {
		wd_wr_u8(wr, first | INFO_EIGHT_BYTES);
		wd_wr_be64(wr, v);
	}
}

void
wd_cbor_write_int(struct wd_wr *wr, int64_t v)
{
	if (v >= 0)
		wd_cbor_write_head(wr, WD_CBOR_UINT, (uint64_t)v);
	else
		wd_cbor_write_head(wr, WD_CBOR_NEGATIVE, (uint64_t)(-1 - v));
}

void
wd_cbor_write_bytes(struct wd_wr *wr, struct wd_span s)
{
	wd_cbor_write_head(wr, WD_CBOR_BYTES, s.len);
	wd_wr_bytes(wr, s);
}

void
wd_cbor_write_text(struct wd_wr *wr, struct wd_span s)
{
	wd_cbor_write_head(wr, WD_CBOR_TEXT, s.len);
	wd_wr_bytes(wr, s);
}
