/*
 * What a key is made of: generated, or brought by an operator. The bytes are
 * only ever in a struct wd_secret or behind struct wd_pkey.
 */
#include "broker/admin_in.h"

#include "crypto/rand.h"

void
wd_material_done(struct wd_material *m)
{
	m->plain = wd_secret_free(m->plain);
	m->pair = wd_pkey_free(m->pair);
}

static int
known(enum wd_key_kind kind, const struct wd_key_row **ret, struct wd_diag *d)
{
	*ret = wd_key_row(kind);
	if (*ret == NULL)
		return wd_reject(d, WD_R_RANGE, "there is no such kind of key");
	return 0;
}

static int
make_pair(enum wd_key_kind kind, struct wd_material *m)
{
	int r = wd_pkey_generate(wd_key_row(kind)->pair, &m->pair);

	return r != 0 ? r : wd_pkey_to_pkcs8(m->pair, &m->plain);
}

int
wd_material_make(
    enum wd_key_kind kind, struct wd_material *ret, struct wd_diag *d)
{
	WD_AUTO(wd_material_done) struct wd_material m = { .kind = kind };
	const struct wd_key_row *row;
	int r;

	if ((r = known(kind, &row, d)) != 0)
		return r;
	if (row->family == WD_FAMILY_OPAQUE)
		return wd_reject(d, WD_R_MALFORMED,
		    "an opaque secret cannot be generated; give its bytes");
	r = row->family == WD_FAMILY_AES
	    ? wd_rand_secret(row->bits / 8, &m.plain)
	    : make_pair(kind, &m);
	if (r != 0)
		return wd_fault(d, WD_F_CRYPTO, "no key could be made");
	*ret = m;
	m = (struct wd_material){ 0 };
	return 0;
}

static int
take_raw(const struct wd_key_row *row, struct wd_span given,
    struct wd_material *m, struct wd_diag *d)
{
	if (row->family == WD_FAMILY_AES && given.len != row->bits / 8)
		return wd_reject(d, WD_R_KEY_INVALID,
		    "a key of kind %s has %u bytes, not %zu", row->name,
		    row->bits / 8, given.len);
	m->kind = row->kind;
	m->plain = wd_secret_copy(given);
	return m->plain == NULL ? wd_fault(d, WD_F_MEMORY, "no memory") : 0;
}

static int
take_pair(struct wd_span given, struct wd_material *m, struct wd_diag *d)
{
	const struct wd_key_row *row;
	int r = wd_pkey_from_private(given, &m->pair);

	if (r == WD_R_MALFORMED)
		return wd_reject(d, WD_R_MALFORMED,
		    "this is no private key in PKCS#8, PKCS#1 or SEC1 without "
		    "encryption");
	if (r == WD_R_KEY_INVALID)
		return wd_reject(d, WD_R_KEY_INVALID,
		    "the private key is of a size or curve that is not kept "
		    "here, or its parts do not fit each other");
	if (r == 0)
		r = wd_pkey_to_pkcs8(m->pair, &m->plain);
	if (r != 0)
		return wd_fault(d, WD_F_CRYPTO, "the key cannot be written");
	row = wd_key_row_by_pair(wd_pkey_alg(m->pair));
	if (row == NULL)
		return wd_fault(d, WD_F_BUG, "a pair of no kind");
	m->kind = row->kind;
	return 0;
}

static int
take(const struct wd_key_row *row, struct wd_span given, struct wd_material *m,
    struct wd_diag *d)
{
	int r;

	if (row != NULL && row->pair == WD_PKEY_NONE)
		return take_raw(row, given, m, d);
	if ((r = take_pair(given, m, d)) != 0)
		return r;
	if (row != NULL && row->kind != m->kind)
		return wd_reject(d, WD_R_MISMATCH,
		    "the private key is of kind %s, not %s",
		    wd_key_row(m->kind)->name, row->name);
	return 0;
}

int
wd_material_take(enum wd_key_kind kind, struct wd_span given,
    struct wd_material *ret, struct wd_diag *d)
{
	WD_AUTO(wd_material_done) struct wd_material m = { 0 };
	const struct wd_key_row *row = NULL;
	int r;

	if (kind != WD_KEY_NONE && (r = known(kind, &row, d)) != 0)
		return r;
	if (given.len > WD_SECRET_BYTES_MAX)
		return wd_reject(d, WD_R_TOO_LARGE, "a key has at most 64 KiB");
	if ((r = take(row, given, &m, d)) != 0)
		return r;
	*ret = m;
	m = (struct wd_material){ 0 };
	return 0;
}
