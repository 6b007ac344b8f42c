/*
 * What the readers of the admin API's bodies share.
 */
#pragma once

#include "proto/admin.h"

/* Parses JSON into B and opens its object. 0 or the reason. */
int wd_admin_open(struct wd_span json, struct wd_admin_body *b,
    struct wd_jobj *o, struct wd_diag *d, const char *what) WD_MUST_USE;
