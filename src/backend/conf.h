/*
 * The section of one backend, key by key: from the configuration file in the
 * supervisor, and from the supervisor's message in warder-backend.
 */
#pragma once

#include "backend/backend.h"

/* [a-z0-9-], not over WD_BACKEND_NAME_MAX, not "embedded". */
bool wd_backend_name_is_valid(struct wd_span name);

/*
 * Sets NAME of C, which has its form and was zeroed otherwise. Paths are made
 * absolute by FOLDER, unless they are "credential:NAME". WD_R_UNKNOWN_MEMBER,
 * WD_R_EXISTS (given twice), WD_R_MALFORMED, WD_R_RANGE.
 */
int wd_backend_conf_set(struct wd_backend_conf *c, const char *name,
    struct wd_span value, const char *folder, struct wd_diag *d) WD_MUST_USE;

/* Gives every other key its default. WD_R_MALFORMED: one must be given. */
int wd_backend_conf_complete(struct wd_backend_conf *c, struct wd_diag *d)
    WD_MUST_USE;

/* Whether VALUE is one that KEY may have: 0, WD_R_MALFORMED, WD_R_RANGE. */
int wd_backend_key_check(const struct wd_backend_key *key, struct wd_span value,
    struct wd_diag *d) WD_MUST_USE;

/* What KEY's value looks like, as the end of "NAME is not ". */
void wd_backend_key_form(const struct wd_backend_key *key, struct wd_wr *wr);
