/*
 * Answers about evidence.
 */
#include "bin/warder/evidence_answer.h"

#include "verify/claims_json.h"

enum { ANSWER_MAX = 65536 };

static void
write_refusal(
    struct wd_jtext *j, struct wd_span id, int result, const struct wd_diag *d)
{
	wd_jtext_object(j);
	wd_jtext_key_text(j, "detail", d->detail);
	if (id.len > 0) {
		wd_jtext_key(j, "id");
		wd_jtext_string(j, id);
	}
	if (result > 0)
		wd_jtext_key_text(j, "reason", wd_reason_name(result));
	wd_jtext_key_text(j, "verdict", result > 0 ? "rejected" : "fault");
	wd_jtext_end(j);
}

static void
write_claims(
    struct wd_jtext *j, struct wd_span id, const struct wd_claims *claims)
{
	const struct wd_claim_extra extra[] = {
		{ "verdict", WD_SPAN_LIT("verified") },
		{ "id", id },
	};

	wd_claims_write_object(j, claims, extra, id.len > 0 ? 2 : 1);
}

bool
evidence_answer_json(FILE *to, struct wd_span id, int result,
    const struct wd_claims *claims, const struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(ANSWER_MAX);
	struct wd_jtext j = wd_jtext(&wr);

	if (result == 0)
		write_claims(&j, id, claims);
	else
		write_refusal(&j, id, result, d);
	wd_wr_u8(&wr, '\n');
	return wd_wr_end(&wr) == 0 && fwrite(wr.p, 1, wr.len, to) == wr.len &&
	    fflush(to) == 0;
}

static void
write_words(struct wd_wr *wr, const struct wd_claims *claims)
{
	const struct wd_claim_row *row;
	struct wd_span value;

	wd_wr_text(wr, "verified\n");
	for (size_t at = 0; wd_claims_next(claims, &at, &row, &value);) {
		struct wd_jtext j = wd_jtext(wr);

		wd_wr_printf(wr, "  %-30s ", row->name);
		wd_claim_write_value(&j, row, value);
		wd_wr_text(wr, "\n");
	}
}

bool
evidence_answer_words(FILE *to, int result, const struct wd_claims *claims,
    const struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(ANSWER_MAX);

	if (result == 0)
		write_words(&wr, claims);
	else if (result > 0)
		wd_wr_printf(&wr, "rejected: %s\n%s\n(%s)\n",
		    wd_reason_name(result), wd_reason_row(result)->sentence,
		    d->detail);
	else
		wd_wr_printf(&wr, "not judged: %s\n", d->detail);
	return wd_wr_end(&wr) == 0 && fwrite(wr.p, 1, wr.len, to) == wr.len &&
	    fflush(to) == 0;
}
