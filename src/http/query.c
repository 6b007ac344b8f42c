/*
 * Reading a query against the list of parameters a call knows.
 */
#include "http/query.h"

#include "base/wr.h"
#include "http/text.h"

static int
digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte that "%XX" stands for; poisons RD when it is no printable one. */
static uint8_t
take_escaped(struct wd_rd *rd)
{
	int high = digit(wd_rd_u8(rd));
	int low = digit(wd_rd_u8(rd));
	int c = high < 0 || low < 0 ? 0 : high * 16 + low;

	if (c < 0x20 || c > 0x7e)
		wd_rd_fail(rd);
	return (uint8_t)c;
}

static int
decode(struct wd_span text, struct wd_param *p, struct wd_diag *d)
{
	struct wd_wr wr = wd_wr_fixed(p->dst, p->size - 1);
	struct wd_rd rd = wd_rd(text);

	while (wd_rd_more(&rd)) {
		uint8_t c = wd_rd_u8(&rd);

		wd_wr_u8(&wr, c == '%' ? take_escaped(&rd) : c);
	}
	if (wd_rd_end(&rd) != 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "the value of `%s` is not printable text", p->name);
	if (wd_wr_end(&wr) != 0)
		return wd_reject(
		    d, WD_R_RANGE, "the value of `%s` is too long", p->name);
	p->dst[wr.len] = '\0';
	p->given = true;
	return 0;
}

static int
read_pair(
    struct wd_span pair, struct wd_param *params, size_t n, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(pair);
	struct wd_span name = wd_text_take_until(&rd, '=');

	for (size_t i = 0; i < n; i++) {
		if (!wd_span_is(name, params[i].name))
			continue;
		if (params[i].given)
			return wd_reject(d, WD_R_MALFORMED,
			    "`%s` is given more than once", params[i].name);
		return decode(wd_rd_rest(&rd), &params[i], d);
	}
	return wd_reject(d, WD_R_UNKNOWN_MEMBER,
	    "the query has a parameter that is not known here");
}

int
wd_query_read(
    struct wd_span query, struct wd_param *params, size_t n, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(query);
	int r;

	for (size_t i = 0; i < n; i++) {
		params[i].dst[0] = '\0';
		params[i].given = false;
	}
	while (wd_rd_more(&rd))
		if ((r = read_pair(
			 wd_text_take_until(&rd, '&'), params, n, d)) != 0)
			return r;
	return 0;
}
