/*
 * The canonical text of a set. Its rows stand in the order of their names, so
 * the text is canonical by walking them.
 */
#include "policy/reference.h"

#include "policy/text.h"

/* "7" of "pcr.7". */
static struct wd_span
register_number(const struct wd_claim_row *claim)
{
	struct wd_span name = wd_span_text(claim->name);

	return wd_span(name.p + 4, name.len - 4);
}

static void
row_text(const struct wd_reference_row *row, struct wd_jtext *j)
{
	struct wd_clause as = { .op = wd_op_row(WD_OP_IN),
		.claim = row->claim,
		.values = row->values };

	wd_clause_values_text(&as, j);
}

/* Registers are an object of banks, each one of numbers. */
static void
enter_bank(uint8_t before, uint8_t bank, struct wd_jtext *j)
{
	if (before == bank)
		return;
	if (before != 0)
		wd_jtext_end(j);
	if (before != 0 && bank == 0)
		wd_jtext_end(j);
	if (before == 0) {
		wd_jtext_key(j, "pcrs");
		wd_jtext_object(j);
	}
	if (bank != 0) {
		wd_jtext_key(j, wd_bank_name(bank));
		wd_jtext_object(j);
	}
}

void
wd_reference_values_text(const struct wd_reference *x, struct wd_jtext *j)
{
	uint8_t bank = 0;

	wd_jtext_object(j);
	for (size_t i = 0; i < x->n_rows; i++) {
		const struct wd_reference_row *row = &x->rows[i];

		enter_bank(bank, row->bank, j);
		bank = row->bank;
		if (bank == 0)
			wd_jtext_key(j, row->claim->name);
		else
			wd_jtext_key_span(j, register_number(row->claim));
		row_text(row, j);
	}
	enter_bank(bank, 0, j);
	wd_jtext_end(j);
}

void
wd_reference_text(const struct wd_reference *x, struct wd_jtext *j)
{
	wd_jtext_object(j);
	if (x->description.len > 0) {
		wd_jtext_key(j, "description");
		wd_jtext_string(j, x->description);
	}
	if (x->expires != 0) {
		wd_jtext_key(j, "expires");
		wd_jtext_time(j, x->expires);
	}
	wd_jtext_key(j, "name");
	wd_jtext_string(j, x->name);
	wd_jtext_key(j, "values");
	wd_reference_values_text(x, j);
	wd_jtext_end(j);
}
