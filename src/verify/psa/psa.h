/*
 * PSA attestation tokens, of TrustZone platforms.
 */
#pragma once

#include "verify/registry.h"

extern const struct wd_tee_row wd_psa_row;
