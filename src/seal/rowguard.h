/*
 * What authenticates the rows of the store that decide (store/store.h): HMAC
 * under a key of the keyring, which only an unsealed server has.
 */
#pragma once

#include "seal/keyring.h"
#include "store/store.h"

/* The key. It stays when data keys are rotated and when the seal is another. 0
 * or a fault. */
int wd_row_key(const struct wd_keyring *k, struct wd_secret **ret) WD_MUST_USE;

/* KEY must live as long as the guard is a store's. */
struct wd_guard wd_row_guard(const struct wd_secret *key);
