/*
 * Shared by the files that read policies from JSON. Each appends to a flat
 * policy; errors are recorded on the object they are in.
 */
#pragma once

#include "policy/parse.h"

/* A whole policy of one schema. 0, or as wd_policy_parse(). */
int wd_parse_warder(
    const struct wd_jval *v, struct wd_diag *d, struct wd_wr *flat) WD_MUST_USE;
int wd_parse_isecl_v3(
    const struct wd_jval *v, struct wd_diag *d, struct wd_wr *flat) WD_MUST_USE;
int wd_parse_isecl_v5(
    const struct wd_jval *v, struct wd_diag *d, struct wd_wr *flat) WD_MUST_USE;

/* Takes all members of Warder's own form but the clauses. */
void wd_parse_head(struct wd_jobj *o, struct wd_wr *flat);

/*
 * Appends a comparison with the values of V, the member NAME of O: an array
 * where the comparison takes a list, one value else. CLAIM is 0 for one of the
 * client.
 */
void wd_parse_comparison(struct wd_jobj *o, const char *name,
    const struct wd_jval *v, enum wd_op op, enum wd_claim claim,
    struct wd_wr *flat);

/* Appends the number of values in V, the member NAME of O, and the values: as
 * of a clause that compares CLAIM with a list. */
void wd_parse_values(struct wd_jobj *o, const char *name, enum wd_claim claim,
    const struct wd_jval *v, struct wd_wr *flat);
