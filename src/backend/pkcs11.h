/*
 * Keys in a token of an HSM, as a backend.
 */
#pragma once

#include "backend/pkcs11_form.h"

extern const struct wd_backend_row wd_backend_pkcs11_row;
