/*
 * A bundle: the parts of one piece of evidence in one block, as it travels from
 * an agent or a door to verify: per part {u8 role, u32 length little endian,
 * bytes}, in rising order of roles, none twice, none of them collateral.
 */
#pragma once

#include "base/wr.h"
#include "verify/appraise.h"

enum { WD_BUNDLE_MAX = 262144 };

/* Appends a part; roles come in rising order (asserted). */
void wd_bundle_add(struct wd_wr *wr, enum wd_part role, struct wd_span bytes);

/* A bundle of one part. 0 or a fault. */
int wd_bundle_of(enum wd_part role, struct wd_span bytes, struct wd_bytes **ret)
    WD_MUST_USE;

/* Fills the evidence parts of IN with views of BUNDLE. WD_R_MALFORMED. */
int wd_bundle_read(
    struct wd_span bundle, struct wd_inputs *in, struct wd_diag *d) WD_MUST_USE;
