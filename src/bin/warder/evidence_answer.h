/*
 * What is said about evidence: one JSON object, or lines for people.
 */
#pragma once

#include "base/diag.h"
#include "verify/claims.h"

#include <stdio.h>

/*
 * One line: {"id", "verdict": "verified", claims…}, {"verdict": "rejected",
 * "reason", "detail"} or {"verdict": "fault", "detail"}. ID empty: no member.
 * False when it could not be written.
 */
bool evidence_answer_json(FILE *to, struct wd_span id, int result,
    const struct wd_claims *claims, const struct wd_diag *d) WD_MUST_USE;

/* The same for people, over several lines. */
bool evidence_answer_words(FILE *to, int result, const struct wd_claims *claims,
    const struct wd_diag *d) WD_MUST_USE;
