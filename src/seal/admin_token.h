/*
 * Admin tokens as they are made. A token's text is given out once and never
 * stored; its row is found by its digest, which says nothing about the others.
 */
#pragma once

#include "base/secret.h"
#include "store/store.h"

/* A new token, "wdt_" and 43 characters, and its row's digest. 0 or a fault. */
int wd_admin_token_make(struct wd_secret **ret_text, uint8_t ret_sha256[32])
    WD_MUST_USE;

/* Adds one for the user admin with every right, good for 24 hours; RET has its
 * row. 0 or a fault. */
int wd_admin_token_add_first(struct wd_store *s, int64_t now,
    struct wd_store_token *ret, struct wd_secret **ret_text) WD_MUST_USE;
