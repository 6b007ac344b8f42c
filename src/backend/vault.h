/*
 * Keys in a HashiCorp Vault or an OpenBao, as a backend.
 */
#pragma once

#include "backend/vault_form.h"

extern const struct wd_backend_row wd_backend_vault_row;
