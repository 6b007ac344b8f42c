/*
 * TTLV written. Must never make what codec/ttlv.c would refuse.
 */
#include "codec/ttlv.h"

#include "codec/utf8.h"

enum { UNIT = 8 };

static void
head(struct wd_wr *wr, uint32_t tag, enum wd_ttlv_type type, size_t len)
{
	wd_wr_be32(wr, tag << 8 | (uint32_t)type);
	if (len > UINT32_MAX)
		wd_wr_fail(wr);
	wd_wr_be32(wr, (uint32_t)len);
}

static void
pad(struct wd_wr *wr, size_t len)
{
	wd_wr_zero(wr, (UNIT - len % UNIT) % UNIT);
}

size_t
wd_ttlv_open(struct wd_wr *wr, uint32_t tag)
{
	head(wr, tag, WD_TTLV_STRUCTURE, 0);
	return wr->len;
}

void
wd_ttlv_close(struct wd_wr *wr, size_t offset)
{
	if (wr->bad)
		return;
	if (wr->len - offset > UINT32_MAX)
		wd_wr_fail(wr);
	wd_wr_patch_be32(wr, offset - 4, (uint32_t)(wr->len - offset));
}

static void
write_32(struct wd_wr *wr, uint32_t tag, enum wd_ttlv_type type, uint32_t v)
{
	head(wr, tag, type, 4);
	wd_wr_be32(wr, v);
	wd_wr_zero(wr, 4);
}

static void
write_64(struct wd_wr *wr, uint32_t tag, enum wd_ttlv_type type, uint64_t v)
{
	head(wr, tag, type, 8);
	wd_wr_be64(wr, v);
}

void
wd_ttlv_write_int(struct wd_wr *wr, uint32_t tag, int32_t v)
{
	write_32(wr, tag, WD_TTLV_INTEGER, (uint32_t)v);
}

void
wd_ttlv_write_long(struct wd_wr *wr, uint32_t tag, int64_t v)
{
	write_64(wr, tag, WD_TTLV_LONG, (uint64_t)v);
}

void
wd_ttlv_write_enum(struct wd_wr *wr, uint32_t tag, uint32_t v)
{
	write_32(wr, tag, WD_TTLV_ENUM, v);
}

void
wd_ttlv_write_bool(struct wd_wr *wr, uint32_t tag, bool v)
{
	write_64(wr, tag, WD_TTLV_BOOLEAN, v ? 1 : 0);
}

void
wd_ttlv_write_time(struct wd_wr *wr, uint32_t tag, int64_t v)
{
	write_64(wr, tag, WD_TTLV_TIME, (uint64_t)v);
}

void
wd_ttlv_write_interval(struct wd_wr *wr, uint32_t tag, uint32_t v)
{
	write_32(wr, tag, WD_TTLV_INTERVAL, v);
}

static void
write_string(
    struct wd_wr *wr, uint32_t tag, enum wd_ttlv_type type, struct wd_span s)
{
	head(wr, tag, type, s.len);
	wd_wr_bytes(wr, s);
	pad(wr, s.len);
}

void
wd_ttlv_write_bytes(struct wd_wr *wr, uint32_t tag, struct wd_span s)
{
	write_string(wr, tag, WD_TTLV_BYTES, s);
}

void
wd_ttlv_write_text(struct wd_wr *wr, uint32_t tag, struct wd_span s)
{
	if (!wd_utf8_is_string(s))
		wd_wr_fail(wr);
	write_string(wr, tag, WD_TTLV_TEXT, s);
}

void
wd_ttlv_write_big(struct wd_wr *wr, uint32_t tag, struct wd_span v)
{
	size_t more;

	if (v.len == 0) {
		wd_wr_fail(wr);
		return;
	}
	more = (UNIT - v.len % UNIT) % UNIT;
	head(wr, tag, WD_TTLV_BIG, more + v.len);
	for (size_t i = 0; i < more; i++)
		wd_wr_u8(wr, (v.p[0] & 0x80) != 0 ? 0xff : 0);
	wd_wr_bytes(wr, v);
}
