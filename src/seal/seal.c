/*
 * The table of seals.
 */
#include "seal/wrap.h"

static const struct wd_seal_row *const rows[] = {
	&wd_seal_passphrase,
	&wd_seal_key_file,
	&wd_seal_shamir,
	&wd_seal_pkcs11,
	&wd_seal_tpm,
};

const struct wd_seal_row *const *
wd_seal_rows(size_t *ret_n)
{
	*ret_n = WD_N(rows);
	return rows;
}

const struct wd_seal_row *
wd_seal_row(enum wd_seal_kind kind)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (rows[i]->kind == kind)
			return rows[i];
	return NULL;
}

const struct wd_seal_row *
wd_seal_by_name(struct wd_span name)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (wd_span_is(name, rows[i]->name))
			return rows[i];
	return NULL;
}
