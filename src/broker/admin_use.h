/*
 * What a backend is to be asked before an admin's use of a key can be done.
 */
#pragma once

#include "broker/admin.h"
#include "broker/use.h"

/* For KEY_USE: X->fetch.wanted when it is. Whatever else this returns, the call
 * itself comes to as well. */
int wd_admin_plan_use(struct wd_broker *b, const struct wd_msg_key_use *m,
    struct wd_use_asked *x, struct wd_diag *d) WD_MUST_USE;
