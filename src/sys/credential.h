/*
 * Credentials of systemd (systemd.exec(5), LoadCredential=): files of a folder
 * that a service's environment names. "credential:NAME" in a configuration
 * stands where the path of a file could.
 */
#pragma once

#include "base/diag.h"
#include "base/span.h"
#include "sys/file.h"

/* It begins like one. */
bool wd_credential_is(struct wd_span value);

/* NAME: 1 to 64 letters, digits, '.', '-' and '_', the first of them no '.'.
 * False: VALUE is none. RET views VALUE. */
bool wd_credential_name(struct wd_span value, struct wd_span *ret);

/* Where this process was given credentials; NULL: nowhere. */
const char *wd_credential_folder(void);

/* The file of VALUE in FOLDER, which need not be there. WD_R_MALFORMED;
 * WD_R_NOT_FOUND when FOLDER is NULL; WD_R_RANGE: too long. */
int wd_credential_path(struct wd_span value, const char *folder,
    char ret[WD_FILE_PATH_MAX], struct wd_diag *d) WD_MUST_USE;
