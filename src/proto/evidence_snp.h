/*
 * SEV-SNP in the KBS protocol: guests send the report as an object with its
 * fields. What was signed are 1184 bytes, which are put together here again.
 */
#pragma once

#include "proto/evidence.h"

/* As in struct wd_evidence_form. */
int wd_evidence_snp_read(struct wd_jobj *o, struct wd_wr *bundle) WD_MUST_USE;
void wd_evidence_snp_write(struct wd_jtext *j, const struct wd_inputs *in);
