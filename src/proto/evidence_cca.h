/*
 * Evidence of Arm CCA realms in the KBS protocol: the token's bytes as an array
 * of numbers.
 */
#pragma once

#include "proto/evidence.h"

int wd_evidence_read_cca(struct wd_jobj *o, struct wd_wr *bundle) WD_MUST_USE;
void wd_evidence_write_cca(struct wd_jtext *j, const struct wd_inputs *in);
