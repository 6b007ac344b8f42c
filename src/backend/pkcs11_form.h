/*
 * What is known of HSMs as backends without their code.
 */
#pragma once

#include "backend/backend.h"

extern const struct wd_backend_form wd_backend_pkcs11_form;
