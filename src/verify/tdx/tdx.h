/*
 * TDX trust domains: quotes of version 4, and of version 5 with TD reports 1.0
 * and 1.5.
 */
#pragma once

#include "verify/registry.h"

extern const struct wd_tee_row wd_tdx_row;
