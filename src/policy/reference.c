/*
 * Sets of reference values in their flat form. Reading refuses everything a
 * writer of ours would not have written, so that one set has one form and one
 * version; it must never allocate from a count.
 */
#include "policy/reference.h"

#include "base/alloc.h"
#include "codec/utf8.h"
#include "policy/policy.h"

enum { ROW_BYTES_MIN = 7 };

static const int64_t last_second = 253402300799; /* 9999-12-31T23:59:59Z */

static const struct {
	const char *name;
	size_t len;
} banks[] = { { "sha1", 20 }, { "sha256", 32 }, { "sha384", 48 },
	{ "sha512", 64 } };

uint8_t
wd_bank_by_name(struct wd_span name)
{
	for (uint8_t i = 0; i < WD_N(banks); i++)
		if (wd_span_is(name, banks[i].name))
			return (uint8_t)(i + 1);
	return 0;
}

const char *
wd_bank_name(uint8_t bank)
{
	return bank >= 1 && bank <= WD_N(banks) ? banks[bank - 1].name : NULL;
}

size_t
wd_bank_len(uint8_t bank)
{
	return bank >= 1 && bank <= WD_N(banks) ? banks[bank - 1].len : 0;
}

bool
wd_claim_is_register(enum wd_claim claim)
{
	return claim >= WD_C_PCR0 && claim <= WD_C_PCR23;
}

static bool
is_letter_or_digit(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z');
}

bool
wd_reference_is_name(struct wd_span s)
{
	if (s.len == 0 || s.len > WD_REFERENCE_NAME ||
	    !is_letter_or_digit(s.p[0]))
		return false;
	for (size_t i = 1; i < s.len; i++)
		if (!is_letter_or_digit(s.p[i]) && s.p[i] != '.' &&
		    s.p[i] != '_' && s.p[i] != '-')
			return false;
	return true;
}

bool
wd_reference_is_current(const struct wd_reference *x, int64_t now)
{
	return x->expires == 0 || now <= x->expires;
}

const struct wd_reference_row *
wd_reference_find(
    const struct wd_reference *x, enum wd_claim claim, uint8_t bank)
{
	for (size_t i = 0; i < x->n_rows; i++)
		if (x->rows[i].claim->id == claim && x->rows[i].bank == bank)
			return &x->rows[i];
	return NULL;
}

/* ---- reading */

static int
refuse(struct wd_diag *d, const char *problem)
{
	return wd_reject(d, WD_R_MALFORMED, "reference values: %s", problem);
}

/* Whether A stands before B in the text: registers are all in the member
 * "pcrs", by their bank and then by the text of their number. */
static bool
comes_before(const struct wd_reference_row *a, const struct wd_reference_row *b)
{
	struct wd_span name_a = wd_span_text(a->claim->name);
	struct wd_span name_b = wd_span_text(b->claim->name);

	if (a->bank != 0 && b->bank != 0 && a->bank != b->bank)
		return a->bank < b->bank;
	if (a->bank != 0 && b->bank == 0)
		name_a = WD_SPAN_LIT("pcrs");
	if (a->bank == 0 && b->bank != 0)
		name_b = WD_SPAN_LIT("pcrs");
	return wd_span_compare(name_a, name_b) < 0;
}

static int
read_values(struct wd_rd *rd, const struct wd_clause *as,
    struct wd_reference_row *row, struct wd_diag *d)
{
	size_t len = wd_bank_len(row->bank);

	row->values = wd_span(rd->p, 0);
	if (row->n == 0 || row->n > WD_REFERENCE_VALUES)
		return refuse(d, "a claim has no values, or too many");
	for (size_t i = 0; i < row->n; i++) {
		struct wd_span v = wd_value_next(rd);

		if (rd->bad || !wd_clause_value_fits(as, v) ||
		    (len != 0 && v.len != len))
			return refuse(d, "a value has the wrong form");
		row->values.len = (size_t)(rd->p - row->values.p);
		if (wd_value_repeats(row->values, v))
			return refuse(d, "a claim has the same value twice");
	}
	return 0;
}

static int
read_row(struct wd_rd *rd, struct wd_reference *x, struct wd_diag *d)
{
	struct wd_reference_row *row = &x->rows[x->n_rows];
	enum wd_claim claim = (enum wd_claim)wd_rd_u8(rd);
	struct wd_clause as = { .op = wd_op_row(WD_OP_IN) };

	if (x->n_rows == WD_REFERENCE_ROWS)
		return refuse(d, "there are too many claims");
	as.claim = row->claim = wd_claim_row(claim);
	as.rule = wd_claim_rule(claim);
	row->bank = wd_rd_u8(rd);
	row->n = wd_rd_le16(rd);
	if (as.claim == NULL || as.rule == NULL ||
	    !wd_clause_op_fits(as.op, as.claim, as.rule))
		return refuse(d, "no clause can look a claim up");
	if (wd_claim_is_register(claim) != (wd_bank_name(row->bank) != NULL) ||
	    (row->bank != 0 && wd_bank_name(row->bank) == NULL))
		return refuse(d, "a bank is not one of registers");
	if (x->n_rows > 0 && !comes_before(row - 1, row))
		return refuse(d, "claims come twice, or not in their order");
	x->n_rows++;
	return read_values(rd, &as, row, d);
}

static int
read_head(struct wd_rd *rd, struct wd_reference *x, struct wd_diag *d)
{
	if (wd_rd_le16(rd) != WD_REFERENCE_VERSION)
		return refuse(d, "the version is not known");
	x->name = wd_value_next(rd);
	x->description = wd_value_next(rd);
	x->expires = (int64_t)wd_rd_le64(rd);
	if (rd->bad || !wd_reference_is_name(x->name))
		return refuse(d,
		    "a name is 1 to 64 letters, digits, dots, dashes and "
		    "underscores, a letter or digit first");
	if (x->description.len > WD_REFERENCE_NOTE ||
	    !wd_utf8_is_text(x->description))
		return refuse(d, "the description is too long, or no text");
	if (x->expires < 0 || x->expires > last_second)
		return refuse(d, "the end is out of range");
	return 0;
}

static int
read_set(struct wd_reference *x, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(wd_bytes_span(x->flat));
	int r;

	if ((r = read_head(&rd, x, d)) != 0)
		return r;
	while (wd_rd_more(&rd))
		if ((r = read_row(&rd, x, d)) != 0)
			return r;
	if (wd_rd_end(&rd) != 0)
		return refuse(d, "it is cut short");
	return x->n_rows > 0 ? 0 : refuse(d, "it has no values");
}

int
wd_reference_adopt(
    struct wd_span flat, struct wd_diag *d, struct wd_reference **ret)
{
	WD_AUTO(wd_reference_freep) struct wd_reference *x = NULL;
	size_t most = flat.len / ROW_BYTES_MIN + 1;
	int r;

	if (flat.len > WD_REFERENCE_FLAT_MAX)
		return wd_reject(d, WD_R_TOO_LARGE,
		    "reference values: more than %d bytes",
		    WD_REFERENCE_FLAT_MAX);
	if (most > WD_REFERENCE_ROWS + 1)
		most = WD_REFERENCE_ROWS + 1;
	x = wd_alloc(sizeof(*x));
	if (x == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for a set");
	x->rows = wd_alloc_array(most, sizeof(x->rows[0]));
	x->flat = wd_bytes_copy(flat);
	if (x->rows == NULL || x->flat == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for a set");
	if ((r = read_set(x, d)) != 0)
		return r;
	*ret = WD_TAKE(x);
	return 0;
}

struct wd_reference *
wd_reference_free(struct wd_reference *x)
{
	if (x == NULL)
		return NULL;
	x->rows = wd_free(x->rows);
	x->flat = wd_bytes_free(x->flat);
	return wd_free(x);
}

void
wd_reference_freep(struct wd_reference **x)
{
	*x = wd_reference_free(*x);
}

struct wd_span
wd_reference_flat(const struct wd_reference *x)
{
	return wd_bytes_span(x->flat);
}

/* ---- writing */

void
wd_reference_put_head(struct wd_wr *wr, struct wd_span name,
    struct wd_span description, int64_t expires)
{
	wd_wr_le16(wr, WD_REFERENCE_VERSION);
	wd_policy_put_value(wr, name);
	wd_policy_put_value(wr, description);
	wd_wr_le64(wr, (uint64_t)expires);
}

void
wd_reference_put_row(
    struct wd_wr *wr, enum wd_claim claim, uint8_t bank, size_t n_values)
{
	wd_wr_u8(wr, (uint8_t)claim);
	wd_wr_u8(wr, bank);
	wd_policy_put_count(wr, n_values);
}
