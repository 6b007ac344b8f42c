/*
 * NVIDIA GPUs in confidential mode: SPDM measurements and the certificate chain
 * of the device.
 */
#pragma once

#include "verify/registry.h"

extern const struct wd_tee_row wd_nvidia_row;
