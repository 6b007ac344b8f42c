/*
 * Escaping for the log.
 */
#include "sys/log_text.h"

#include "base/rd.h"

enum { REPLACEMENT = 0xfffd };

/* How a first byte continues: how many bytes follow, and the least value that
 * may be spelt with so many (shorter spellings exist for less). */
static const struct {
	uint8_t mask, lead;
	unsigned more;
	uint32_t least;
} forms[] = {
	{ 0x80, 0x00, 0, 0 },
	{ 0xe0, 0xc0, 1, 0x80 },
	{ 0xf0, 0xe0, 2, 0x800 },
	{ 0xf8, 0xf0, 3, 0x10000 },
};

/* The value of MORE continuation bytes behind V, or the replacement; RD moves
 * only over a whole character. */
static uint32_t
continued(struct wd_rd *rd, uint32_t v, unsigned more, uint32_t least)
{
	struct wd_rd ahead = *rd;

	for (unsigned i = 0; i < more; i++) {
		uint8_t b = wd_rd_u8(&ahead);

		if ((b & 0xc0) != 0x80)
			return REPLACEMENT;
		v = v << 6 | (b & 0x3f);
	}
	if (v < least || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return REPLACEMENT;
	*rd = ahead;
	return v;
}

static uint32_t
next_character(struct wd_rd *rd)
{
	uint8_t b = wd_rd_u8(rd);

	for (size_t i = 0; i < WD_N(forms); i++)
		if ((b & forms[i].mask) == forms[i].lead)
			return continued(rd, b & (uint8_t)~forms[i].mask,
			    forms[i].more, forms[i].least);
	return REPLACEMENT;
}

static void
escape(struct wd_wr *wr, uint32_t v)
{
	if (v == '"' || v == '\\')
		wd_wr_printf(wr, "\\%c", (char)v);
	else if (v >= 0x20 && v < 0x7f)
		wd_wr_u8(wr, (uint8_t)v);
	else if (v < 0x10000)
		wd_wr_printf(wr, "\\u%04x", v);
	else
		wd_wr_printf(wr, "\\u%04x\\u%04x",
		    0xd800 + ((v - 0x10000) >> 10),
		    0xdc00 + ((v - 0x10000) & 0x3ff));
}

void
wd_log_text(struct wd_wr *wr, struct wd_span s)
{
	struct wd_rd rd = wd_rd(
	    wd_span(s.p, s.len < WD_LOG_VALUE_MAX ? s.len : WD_LOG_VALUE_MAX));

	while (wd_rd_more(&rd))
		escape(wr, next_character(&rd));
}
