/*
 * Rows are looked up by kind and text; binary claims are written as hex.
 */
#include "broker/revoked.h"

#include "codec/hex.h"

#include <string.h>

int
wd_is_revoked(
    struct wd_broker *b, const char *kind, const char *what, struct wd_diag *d)
{
	int r;

	if (!b->revocations)
		return 0;
	r = wd_store_revoked(b->store, kind, what, 0);
	if (r < 0)
		return wd_fault(d, r, "%s", wd_store_why(b->store));
	if (r > 0)
		return wd_reject(d, WD_R_REVOKED_BY_OPERATOR,
		    "an operator has revoked this %s", kind);
	return 0;
}

static int
claim_revoked(struct wd_broker *b, const char *kind,
    const struct wd_claims *claims, enum wd_claim claim, struct wd_diag *d)
{
	struct wd_span value;
	char text[2 * 64 + 1];

	if (!wd_claims_get(claims, claim, &value) || value.len == 0 ||
	    value.len > 64)
		return 0;
	wd_hex_format(value, text);
	return wd_is_revoked(b, kind, text, d);
}

/* Each text of a claim that is a list. */
static int
list_revoked(struct wd_broker *b, const char *kind,
    const struct wd_claims *claims, enum wd_claim claim, struct wd_diag *d)
{
	struct wd_span list;
	struct wd_rd rd;
	char text[2 * 64 + 1];
	int r = 0;

	if (!wd_claims_get(claims, claim, &list))
		return 0;
	rd = wd_rd(list);
	while (r == 0 && wd_rd_more(&rd)) {
		size_t n = 0;

		while (n < rd.left && rd.p[n] != 0)
			n++;
		if (wd_span_to_text(wd_rd_bytes(&rd, n), text, sizeof(text)))
			r = wd_is_revoked(b, kind, text, d);
		wd_rd_skip(&rd, 1);
	}
	return r;
}

/* What a revocation of each kind is compared with; a TEE has some of them. */
static const struct {
	const char *kind;
	enum wd_claim claim;
} identities[] = {
	{ "platform", WD_C_PLATFORM_ID },
	{ "platform", WD_C_PLATFORM_INSTANCE_ID },
	{ "platform", WD_C_AK_PUBLIC_SHA256 },
	{ "platform", WD_C_GPUS_PLATFORM_IDS },
	{ "measurement", WD_C_MRENCLAVE },
	{ "measurement", WD_C_MRTD },
	{ "measurement", WD_C_MEASUREMENT },
	{ "measurement", WD_C_REALM_INITIAL_MEASUREMENT },
};

int
wd_claims_revoked(
    struct wd_broker *b, const struct wd_claims *claims, struct wd_diag *d)
{
	int r = 0;

	if (!b->revocations)
		return 0;
	for (size_t i = 0; i < WD_N(identities) && r == 0; i++)
		r = wd_claim_type(identities[i].claim) == WD_CLAIM_LIST
		    ? list_revoked(
			  b, identities[i].kind, claims, identities[i].claim, d)
		    : claim_revoked(b, identities[i].kind, claims,
			  identities[i].claim, d);
	return r;
}

int
wd_path_revoked(struct wd_broker *b, const char *path, struct wd_diag *d)
{
	char prefix[WD_PATH_MAX + 1] = "";
	size_t len = strlen(path);
	int r;

	if (!wd_span_to_text(wd_span(path, len), prefix, sizeof(prefix)))
		return wd_fault(d, WD_F_BUG, "a path is too long");
	for (char *end = prefix + len; end != NULL;
	     end = strrchr(prefix, '/')) {
		*end = '\0';
		if ((r = wd_is_revoked(b, "prefix", prefix, d)) != 0)
			return r;
	}
	return 0;
}
