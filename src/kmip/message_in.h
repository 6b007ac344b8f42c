/*
 * Inside of kmip/message.h, for the files that read responses.
 */
#pragma once

#include "base/diag.h"

/* WD_R_BACKEND_ANSWER; WHAT is what is not as it must be. */
int wd_kmip_malformed(struct wd_diag *d, const char *what);
