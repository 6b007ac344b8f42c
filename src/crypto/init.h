/*
 * Start of libcrypto in a process: no configuration file of the host, every
 * algorithm the product uses fetched before a sandbox closes the file system.
 */
#pragma once

#include "base/diag.h"

/*
 * Call once, before any other function of crypto/ and before
 * sys/sandbox.h closes. Idempotent. 0 or a fault.
 */
int wd_crypto_init(struct wd_diag *d) WD_MUST_USE;
