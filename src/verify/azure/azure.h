/*
 * Confidential VMs of Azure: SNP or TDX under a paravisor, with its TPM.
 */
#pragma once

#include "verify/registry.h"

extern const struct wd_tee_row wd_az_snp_row, wd_az_tdx_row;
