/*
 * Inside src/seal only: what both layers around stored bytes are bound to.
 */
#pragma once

#include "base/wr.h"
#include "seal/keyring.h"

enum { WD_REST_AAD = 2048 };

/* LABEL, store and PLACE, each with its length. 0, or WD_F_BUG. */
int wd_rest_aad(struct wd_wr *wr, const char *label,
    const struct wd_id *store_id, const struct wd_rest *place) WD_MUST_USE;
