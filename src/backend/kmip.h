/*
 * Keys in a KMIP server, as a backend.
 */
#pragma once

#include "backend/kmip_form.h"

extern const struct wd_backend_row wd_backend_kmip_row;
