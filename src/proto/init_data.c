/*
 * The field of each TEE, and the forms in which a hash lies there. Which hash
 * was taken stands in the text; it need not be read, since a text that has any
 * of these hashes is the text that was meant.
 */
#include "proto/init_data.h"

#include "crypto/hash.h"

enum form { CUT, WHOLE, EXTENDED };

/* KBS protocol 0.4.0, as its guest components have it. */
static const struct row {
	enum wd_tee tee;
	enum wd_claim claim;
	enum form form;
} rows[] = {
	{ WD_TEE_SGX, WD_C_CONFIGID, CUT },
	{ WD_TEE_TDX, WD_C_MRCONFIGID, CUT },
	{ WD_TEE_SNP, WD_C_HOST_DATA, CUT },
	{ WD_TEE_CCA, WD_C_REALM_PERSONALIZATION, WHOLE },
	{ WD_TEE_TPM, WD_C_PCR8, EXTENDED },
	{ WD_TEE_AZ_SNP, WD_C_PCR8, EXTENDED },
	{ WD_TEE_AZ_TDX, WD_C_PCR8, EXTENDED },
};

static const struct row *
row_of(enum wd_tee tee)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (rows[i].tee == tee)
			return &rows[i];
	return NULL;
}

/* The hash cut off where the field ends, or with zeros behind it. */
static bool
begins_field(struct wd_span hash, struct wd_span field)
{
	size_t n = hash.len < field.len ? hash.len : field.len;

	return wd_span_equal(wd_span(hash.p, n), wd_span(field.p, n)) &&
	    (n == field.len ||
		wd_span_is_zero(wd_span(field.p + n, field.len - n)));
}

/* A register of SHA-256 that was zeros and was extended with it alone. */
static int
is_extended(struct wd_span hash, struct wd_span field, bool *ret)
{
	static const uint8_t zeros[32] = { 0 };
	const struct wd_span parts[] = { WD_SPAN(zeros), hash };
	uint8_t want[32];
	int r = wd_hash_parts(WD_SHA256, parts, WD_N(parts), want);

	*ret = r == 0 && hash.len == sizeof(want) &&
	    wd_span_equal(field, WD_SPAN(want));
	return r;
}

static int
is_in_field(
    const struct row *row, struct wd_span hash, struct wd_span field, bool *ret)
{
	if (row->form == EXTENDED)
		return is_extended(hash, field, ret);
	*ret = row->form == WHOLE ? wd_span_equal(hash, field)
				  : begins_field(hash, field);
	return 0;
}

/* A field of fewer than 32 bytes would hold too little of a hash. */
static int
is_bound(
    const struct row *row, struct wd_span text, struct wd_span field, bool *ret)
{
	static const enum wd_hash hashes[] = { WD_SHA256, WD_SHA384,
		WD_SHA512 };

	*ret = false;
	for (size_t i = 0; i < WD_N(hashes) && !*ret && field.len >= 32; i++) {
		uint8_t digest[WD_HASH_MAX];
		int r = wd_hash(hashes[i], text, digest);

		if (r == 0)
			r = is_in_field(row,
			    wd_span(digest, wd_hash_len(hashes[i])), field,
			    ret);
		if (r != 0)
			return r;
	}
	return 0;
}

/* The digest is there only where it counts, so that no policy can name one
 * that nothing vouches for. */
static int
put_bound(struct wd_claims *claims, struct wd_span text, struct wd_diag *d)
{
	uint8_t digest[32];

	if (wd_hash(WD_SHA256, text, digest) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	if (wd_claims_put_text(claims, WD_C_INIT_DATA, "bound") != 0 ||
	    wd_claims_put(claims, WD_C_INIT_DATA_SHA256, WD_SPAN(digest)) != 0)
		return wd_reject(d, WD_R_MALFORMED, "the claims do not fit");
	return 0;
}

int
wd_init_data_judge(enum wd_tee tee, struct wd_span text,
    struct wd_claims *claims, struct wd_diag *d)
{
	const struct row *row = row_of(tee);
	struct wd_span field;
	bool bound;

	if (row == NULL)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "init-data: evidence of this TEE has no field for it");
	if (!wd_claims_get(claims, row->claim, &field))
		return wd_claims_put_text(
			   claims, WD_C_INIT_DATA, "untrusted") == 0
		    ? 0
		    : wd_reject(d, WD_R_MALFORMED, "the claims do not fit");
	if (is_bound(row, text, field, &bound) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	if (!bound)
		return wd_reject(d, WD_R_INIT_DATA_MISMATCH,
		    "init-data: its hash is not in the evidence");
	return put_bound(claims, text, d);
}
