/*
 * Which bytes of a part of evidence or collateral are under a signature, or are
 * one: none of their bits may differ.
 */
#pragma once

#include "vectors/cases.h"

/* A map of a part: one byte for each, 1 where it is covered. NULL when the part
 * is absent. */
struct wd_bytes *t_covered(const struct t_base *b, enum wd_part part);

/*
 * C came of B with a bit of PART changed that no signature covers. Either they
 * say the same, or, of what nobody vouches for, less.
 */
bool t_says_no_more(
    const struct t_base *b, enum wd_part part, const struct wd_claims *c);
