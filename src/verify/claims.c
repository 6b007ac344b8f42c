/*
 * The flat block of claims: written once by a verifier, in rising order of
 * ids, then only read. Adopting a block from elsewhere checks all of it, so
 * that readers need not.
 */
#include "verify/claims.h"

#include <assert.h>

/* By id; rows without a name are unknown. */
static const struct wd_claim_row by_id[256] = {
#define WD_CLAIM(id_, NAME, name_, type_) \
	[id_] = { WD_C_##NAME, name_, WD_CLAIM_##type_ },
#include "verify/claims.def"
#undef WD_CLAIM
};

static const struct wd_claim_row rows[] = {
#define WD_CLAIM(id_, NAME, name_, type_) \
	{ WD_C_##NAME, name_, WD_CLAIM_##type_ },
#include "verify/claims.def"
#undef WD_CLAIM
};

enum { HEAD = 4 }; /* id, type, length */

const struct wd_claim_row *
wd_claim_rows(size_t *ret_n)
{
	*ret_n = WD_N(rows);
	return rows;
}

const struct wd_claim_row *
wd_claim_by_name(struct wd_span name)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (wd_span_is(name, rows[i].name))
			return &rows[i];
	return NULL;
}

enum wd_claim_type
wd_claim_type(enum wd_claim id)
{
	return by_id[id].type;
}

static struct wd_span
written(const struct wd_claims *c)
{
	return wd_span(c->flat, c->len);
}

static int
put(struct wd_claims *c, enum wd_claim id, enum wd_claim_type type,
    struct wd_span value)
{
	struct wd_wr wr =
	    wd_wr_fixed(c->flat + c->len, sizeof(c->flat) - c->len);

	assert(by_id[id].name != NULL && by_id[id].type == type);
	assert((unsigned)id > c->last);
	if (value.len > UINT16_MAX)
		return WD_R_TOO_LARGE;
	wd_wr_u8(&wr, (uint8_t)id);
	wd_wr_u8(&wr, (uint8_t)type);
	wd_wr_le16(&wr, (uint16_t)value.len);
	wd_wr_bytes(&wr, value);
	if (wd_wr_end(&wr) != 0)
		return WD_R_TOO_LARGE;
	c->len += HEAD + value.len;
	c->last = (uint8_t)id;
	return 0;
}

int
wd_claims_put(struct wd_claims *c, enum wd_claim id, struct wd_span value)
{
	return put(c, id, by_id[id].type, value);
}

static int
put_64(
    struct wd_claims *c, enum wd_claim id, enum wd_claim_type type, uint64_t v)
{
	uint8_t bytes[8];
	struct wd_wr wr = wd_wr_fixed(bytes, sizeof(bytes));

	wd_wr_le64(&wr, v);
	return put(c, id, type, WD_SPAN(bytes));
}

int
wd_claims_put_uint(struct wd_claims *c, enum wd_claim id, uint64_t v)
{
	return v > WD_CLAIM_UINT_MAX ? WD_R_TOO_LARGE
				     : put_64(c, id, WD_CLAIM_UINT, v);
}

int
wd_claims_put_bool(struct wd_claims *c, enum wd_claim id, bool v)
{
	uint8_t byte = v;

	return put(c, id, WD_CLAIM_BOOL, wd_span(&byte, 1));
}

int
wd_claims_put_time(struct wd_claims *c, enum wd_claim id, int64_t v)
{
	return put_64(c, id, WD_CLAIM_TIME, (uint64_t)v);
}

int
wd_claims_put_text(struct wd_claims *c, enum wd_claim id, const char *v)
{
	return put(c, id, WD_CLAIM_TEXT, wd_span_text(v));
}

int
wd_claims_put_bits(struct wd_claims *c, enum wd_claim id, uint64_t mask)
{
	uint8_t bytes[64 * 2];
	struct wd_wr wr = wd_wr_fixed(bytes, sizeof(bytes));

	for (uint16_t i = 0; i < 64; i++)
		if ((mask >> i & 1) != 0)
			wd_wr_le16(&wr, i);
	return put(c, id, WD_CLAIM_NUMBERS, wd_span(bytes, wr.len));
}

bool
wd_claims_next(const struct wd_claims *c, size_t *at,
    const struct wd_claim_row **ret_row, struct wd_span *ret_value)
{
	struct wd_rd rd = wd_rd(written(c));
	uint8_t id;

	wd_rd_skip(&rd, *at);
	if (!wd_rd_more(&rd))
		return false;
	id = wd_rd_u8(&rd);
	wd_rd_skip(&rd, 1);
	*ret_value = wd_rd_bytes(&rd, wd_rd_le16(&rd));
	if (wd_rd_ok(&rd) != 0)
		return false; /* cannot be: the block was checked */
	*ret_row = &by_id[id];
	*at = c->len - rd.left;
	return true;
}

bool
wd_claims_get(
    const struct wd_claims *c, enum wd_claim id, struct wd_span *ret_value)
{
	const struct wd_claim_row *row;

	for (size_t at = 0; wd_claims_next(c, &at, &row, ret_value);)
		if (row->id == id)
			return true;
	*ret_value = wd_span(NULL, 0);
	return false;
}

static bool
get_64(const struct wd_claims *c, enum wd_claim id, uint64_t *ret)
{
	struct wd_span value;
	struct wd_rd rd;

	if (!wd_claims_get(c, id, &value))
		return false;
	rd = wd_rd(value);
	*ret = wd_rd_le64(&rd);
	return wd_rd_end(&rd) == 0;
}

bool
wd_claims_uint(const struct wd_claims *c, enum wd_claim id, uint64_t *ret)
{
	assert(by_id[id].type == WD_CLAIM_UINT);
	return get_64(c, id, ret);
}

bool
wd_claims_time(const struct wd_claims *c, enum wd_claim id, int64_t *ret)
{
	uint64_t v;

	assert(by_id[id].type == WD_CLAIM_TIME);
	if (!get_64(c, id, &v))
		return false;
	*ret = (int64_t)v;
	return true;
}

bool
wd_claims_bool(const struct wd_claims *c, enum wd_claim id)
{
	struct wd_span value;

	assert(by_id[id].type == WD_CLAIM_BOOL);
	return wd_claims_get(c, id, &value) && value.p[0] == 1;
}

static bool
is_text(struct wd_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

/* Texts, each followed by a zero byte. */
static bool
is_list(struct wd_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != 0 && !is_text(wd_span(s.p + i, 1)))
			return false;
	return s.len == 0 || s.p[s.len - 1] == 0;
}

static bool
is_uint(struct wd_span s)
{
	struct wd_rd rd = wd_rd(s);
	uint64_t v = wd_rd_le64(&rd);

	return wd_rd_end(&rd) == 0 && v <= WD_CLAIM_UINT_MAX;
}

static bool
value_is_fine(enum wd_claim_type type, struct wd_span value)
{
	switch (type) {
	case WD_CLAIM_UINT:
		return is_uint(value);
	case WD_CLAIM_TIME:
		return value.len == 8;
	case WD_CLAIM_BOOL:
		return value.len == 1 && value.p[0] <= 1;
	case WD_CLAIM_TEXT:
		return is_text(value);
	case WD_CLAIM_LIST:
		return is_list(value);
	case WD_CLAIM_NUMBERS:
		return value.len % 2 == 0;
	case WD_CLAIM_BYTES:
		return true;
	}
	return false;
}

int
wd_claims_adopt(struct wd_claims *c, struct wd_span flat)
{
	struct wd_rd rd = wd_rd(flat);
	uint8_t last = 0;

	if (flat.len > sizeof(c->flat))
		return WD_R_MALFORMED;
	while (wd_rd_more(&rd)) {
		uint8_t id = wd_rd_u8(&rd);
		uint8_t type = wd_rd_u8(&rd);
		struct wd_span value = wd_rd_bytes(&rd, wd_rd_le16(&rd));

		if (id <= last || by_id[id].name == NULL ||
		    type != (uint8_t)by_id[id].type ||
		    !value_is_fine(by_id[id].type, value))
			return WD_R_MALFORMED;
		last = id;
	}
	if (wd_rd_end(&rd) != 0)
		return WD_R_MALFORMED;
	c->len = flat.len;
	c->last = last;
	wd_copy(c->flat, flat);
	return 0;
}

struct wd_span
wd_claims_flat(const struct wd_claims *c)
{
	return written(c);
}
