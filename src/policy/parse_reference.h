/*
 * Sets of reference values from JSON (policy/reference.h shows the form). Links
 * the JSON library, so the keeper must not.
 */
#pragma once

#include "codec/json.h"
#include "policy/reference.h"

/*
 * 0; WD_R_MALFORMED, WD_R_UNKNOWN_MEMBER, WD_R_RANGE, WD_R_TOO_LARGE; or a
 * fault.
 */
int wd_reference_parse_value(const struct wd_jval *v, struct wd_diag *d,
    struct wd_reference **ret) WD_MUST_USE;
int wd_reference_parse(struct wd_span json, struct wd_diag *d,
    struct wd_reference **ret) WD_MUST_USE;
