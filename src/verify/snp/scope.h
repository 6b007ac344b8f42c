/*
 * How AMD's collateral is told apart: signing keys and their lists by line and
 * kind, a VCEK by its chip and TCB.
 */
#pragma once

#include "verify/snp/report.h"

void wd_snp_ask_scope(
    enum wd_snp_line line, enum wd_snp_key kind, uint8_t ret[8]);

/* CHIP_ID with or without the zeros behind it. 0 or a fault. */
int wd_snp_vek_scope(struct wd_span chip_id, struct wd_span tcb, uint8_t ret[8])
    WD_MUST_USE;
