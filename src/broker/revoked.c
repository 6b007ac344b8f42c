/*
 * Rows are looked up by kind and text; binary claims are written as hex.
 */
#include "broker/revoked.h"

#include "codec/hex.h"

#include <string.h>

int
wd_revocations_known(const struct wd_broker *b, struct wd_diag *d)
{
	return !b->revocations_lost
	    ? 0
	    : wd_fault(d, WD_F_STORE,
		  "store.db was changed by somebody else: what is revoked is "
		  "not known");
}

int
wd_is_revoked(
    struct wd_broker *b, const char *kind, const char *what, struct wd_diag *d)
{
	int r;

	if (!wd_any_revoked(b))
		return 0;
	if ((r = wd_revocations_known(b, d)) != 0)
		return r;
	r = wd_store_revoked(b->store, kind, what, 0);
	if (r < 0)
		return wd_fault(d, r, "%s", wd_store_why(b->store));
	if (r > 0)
		return wd_reject(d, WD_R_REVOKED_BY_OPERATOR,
		    "an operator has revoked this %s", kind);
	return 0;
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

/* Each text of a claim that is a list. */
static int
each_text(
    const char *kind, struct wd_span list, wd_identity_visit *visit, void *ctx)
{
	struct wd_rd rd = wd_rd(list);
	char text[2 * 64 + 1];
	int r = 0;

	while (r == 0 && wd_rd_more(&rd)) {
		size_t n = 0;

		while (n < rd.left && rd.p[n] != 0)
			n++;
		if (wd_span_to_text(wd_rd_bytes(&rd, n), text, sizeof(text)))
			r = visit(ctx, kind, text);
		wd_rd_skip(&rd, 1);
	}
	return r;
}

static int
each_of(const struct wd_claims *claims, const char *kind, enum wd_claim claim,
    wd_identity_visit *visit, void *ctx)
{
	struct wd_span value;
	char text[2 * 64 + 1];

	if (!wd_claims_get(claims, claim, &value) || value.len == 0)
		return 0;
	if (wd_claim_type(claim) == WD_CLAIM_LIST)
		return each_text(kind, value, visit, ctx);
	if (value.len > 64)
		return 0;
	wd_hex_format(value, text);
	return visit(ctx, kind, text);
}

int
wd_identities_each(
    const struct wd_claims *claims, wd_identity_visit *visit, void *ctx)
{
	int r = 0;

	for (size_t i = 0; i < WD_N(identities) && r == 0; i++)
		r = each_of(claims, identities[i].kind, identities[i].claim,
		    visit, ctx);
	return r;
}

struct look {
	struct wd_broker *b;
	struct wd_diag *d;
};

static int
look_one(void *ctx, const char *kind, const char *what)
{
	const struct look *x = ctx;

	return wd_is_revoked(x->b, kind, what, x->d);
}

int
wd_claims_revoked(
    struct wd_broker *b, const struct wd_claims *claims, struct wd_diag *d)
{
	struct look x = { b, d };

	return wd_any_revoked(b) ? wd_identities_each(claims, look_one, &x) : 0;
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
