/*
 * Evidence of Azure's confidential VMs in the KBS protocol: rows of
 * proto/evidence.c.
 */
#pragma once

#include "proto/evidence.h"

int wd_evidence_az_snp_read(struct wd_jobj *o, struct wd_wr *bundle)
    WD_MUST_USE;
int wd_evidence_az_tdx_read(struct wd_jobj *o, struct wd_wr *bundle)
    WD_MUST_USE;
