/*
 * Policies as JSON, written without a JSON library.
 */
#pragma once

#include "base/id.h"
#include "codec/jtext.h"
#include "policy/policy.h"

enum { WD_POLICY_TEXT_MAX = 524288 };

/*
 * The canonical text in Warder's own form, whatever schema the policy came in:
 * all that it says, defaults spelt out, and nothing else (no id, no dates).
 */
void wd_policy_text(const struct wd_policy *p, struct wd_wr *wr);

/* SHA-256 of that text. 0 or a fault. */
int wd_policy_version(const struct wd_policy *p, uint8_t ret_version[32])
    WD_MUST_USE;

/*
 * The text in the schema it came in, canonical as well. For the ISecL ones with
 * the members the server adds: id, created_at and, for v5, updated_at. For
 * Warder's own form the same as wd_policy_text().
 */
struct wd_policy_dates {
	struct wd_id id;
	int64_t created, updated;
};
void wd_policy_text_as_given(const struct wd_policy *p,
    const struct wd_policy_dates *dates, struct wd_wr *wr);

/* The values of a clause: a JSON array, or one value where its comparison takes
 * one. */
void wd_clause_values_text(const struct wd_clause *c, struct wd_jtext *j);
