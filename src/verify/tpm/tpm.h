/*
 * TPM 2.0: quotes over registers, with the logs that lead to them.
 */
#pragma once

#include "verify/registry.h"

extern const struct wd_tee_row wd_tpm_row;
