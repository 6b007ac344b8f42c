/*
 * Making a set of reference values of what verified evidence says.
 */
#pragma once

#include "bin/warder/args.h"
#include "policy/parse_reference.h"

/*
 * TEXT is the answer of a verb that verified evidence, ARGS say which of its
 * claims are wanted and what the set is called. WD_R_NOT_FOUND for a claim the
 * evidence does not have, WD_R_UNSUPPORTED for an answer that does not say that
 * it was verified, and as wd_reference_parse().
 */
int reference_from_evidence(const struct cli_args *args, struct wd_span text,
    struct wd_reference **ret, struct wd_diag *d) WD_MUST_USE;
