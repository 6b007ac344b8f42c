/*
 * Arm CCA realms: tokens of a platform and a realm.
 */
#pragma once

#include "verify/registry.h"

extern const struct wd_tee_row wd_cca_row;
