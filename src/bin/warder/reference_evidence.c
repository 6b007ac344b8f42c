/*
 * A set of reference values out of the claims of evidence that was verified
 * before. Evidence itself is never taken: nothing here could tell whether it is
 * genuine.
 */
#include "bin/warder/reference.h"

#include "codec/jtext.h"

#include <string.h>

enum { TEXT_MAX = 131072, MEMBER_MAX = 64 };

/* The claims of `evidence verify`, or of `policy explain`. */
static const struct wd_jval *
find_claims(const struct wd_jval *root)
{
	const struct wd_jval *inner = wd_jval_get(root, "claims");
	struct wd_span verdict = { 0 };

	if (inner != NULL)
		return inner;
	return wd_jval_text(wd_jval_get(root, "verdict"), &verdict) &&
		wd_span_is(verdict, "verified")
	    ? root
	    : NULL;
}

/* What stands before a dot is an object. */
static const struct wd_jval *
find_claim(const struct wd_jval *claims, const char *name)
{
	const char *dot = strchr(name, '.');
	char object[MEMBER_MAX];

	if (dot == NULL)
		return wd_jval_get(claims, name);
	if (!wd_span_to_text(
		wd_span(name, (size_t)(dot - name)), object, sizeof(object)))
		return NULL;
	return wd_jval_get(wd_jval_get(claims, object), dot + 1);
}

static void
put_key(struct wd_wr *wr, const char *name)
{
	wd_jtext_quote(wr, wd_span_text(name));
	wd_wr_text(wr, ":");
}

/* "NAME": [VALUE], or the list that it is already. */
static int
put_claim(struct wd_wr *wr, const struct wd_jval *claims, const char *claim,
    const char *member, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *value = NULL;
	const struct wd_jval *v = find_claim(claims, claim);
	bool is_list = wd_jval_type(v) == WD_JARRAY;

	if (v == NULL)
		return wd_reject(d, WD_R_NOT_FOUND,
		    "the evidence has no claim \"%s\"", claim);
	if (wd_json_canonical(v, &value) != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory for a claim");
	put_key(wr, member);
	wd_wr_text(wr, is_list ? "" : "[");
	wd_wr_bytes(wr, wd_bytes_span(value));
	wd_wr_text(wr, is_list ? "" : "]");
	return 0;
}

static const char *
register_of(const char *claim)
{
	return strncmp(claim, "pcr.", 4) == 0 ? claim + 4 : NULL;
}

/* Those claims that are registers, or those that are not; *RET_ANY says
 * whether there were some. */
static int
put_claims(struct wd_wr *wr, const struct wd_jval *claims,
    const struct cli_args *args, bool registers, bool *ret_any,
    struct wd_diag *d)
{
	const char *claim;
	int at = 0, r;

	while ((claim = cli_next(args, "claim", &at)) != NULL) {
		const char *number = register_of(claim);

		if ((number != NULL) != registers)
			continue;
		wd_wr_text(wr, *ret_any ? "," : "");
		r = put_claim(wr, claims, claim, registers ? number : claim, d);
		if (r != 0)
			return r;
		*ret_any = true;
	}
	return 0;
}

static bool
wants_registers(const struct cli_args *args)
{
	const char *claim;
	int at = 0;

	while ((claim = cli_next(args, "claim", &at)) != NULL)
		if (register_of(claim) != NULL)
			return true;
	return false;
}

static int
put_registers(struct wd_wr *wr, const struct wd_jval *claims,
    const struct cli_args *args, bool *ret_any, struct wd_diag *d)
{
	struct wd_span bank = { 0 };
	bool any = false;
	int r;

	if (!wants_registers(args))
		return 0;
	if (!wd_jval_text(wd_jval_get(claims, "bank"), &bank))
		return wd_reject(
		    d, WD_R_NOT_FOUND, "the evidence has no registers");
	wd_wr_text(wr, *ret_any ? "," : "");
	put_key(wr, "pcrs");
	wd_wr_text(wr, "{");
	wd_jtext_quote(wr, bank);
	wd_wr_text(wr, ":{");
	if ((r = put_claims(wr, claims, args, true, &any, d)) != 0)
		return r;
	wd_wr_text(wr, "}}");
	*ret_any = true;
	return 0;
}

static void
put_option(struct wd_wr *wr, const struct cli_args *args, const char *name)
{
	const char *value = cli_value(args, name);

	if (value == NULL)
		return;
	put_key(wr, name);
	wd_jtext_quote(wr, wd_span_text(value));
	wd_wr_text(wr, ",");
}

/* In any order: the parser sees to the form. */
static int
put_set(struct wd_wr *wr, const struct wd_jval *claims,
    const struct cli_args *args, struct wd_diag *d)
{
	bool any = false;
	int r;

	wd_wr_text(wr, "{");
	put_option(wr, args, "name");
	put_option(wr, args, "description");
	put_option(wr, args, "expires");
	put_key(wr, "values");
	wd_wr_text(wr, "{");
	if ((r = put_claims(wr, claims, args, false, &any, d)) != 0 ||
	    (r = put_registers(wr, claims, args, &any, d)) != 0)
		return r;
	wd_wr_text(wr, "}}");
	return wd_wr_end(wr) == 0
	    ? 0
	    : wd_reject(d, WD_R_MALFORMED, "an option is no text");
}

int
reference_from_evidence(const struct cli_args *args, struct wd_span text,
    struct wd_reference **ret, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(TEXT_MAX);
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	const struct wd_jval *claims;
	int r;

	if ((r = wd_json_parse(text, d, &doc)) != 0)
		return r;
	claims = find_claims(wd_json_root(doc));
	if (claims == NULL)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "not the answer of a verb that verified evidence (see "
		    "`warder evidence verify --json`)");
	if ((r = put_set(&wr, claims, args, d)) != 0)
		return r;
	return wd_reference_parse(wd_wr_span(&wr), d, ret);
}
