/*
 * SGX enclaves: quotes of version 3, and of versions 4 and 5 in their SGX form.
 */
#pragma once

#include "verify/registry.h"

extern const struct wd_tee_row wd_sgx_row;
