/*
 * The folder of the journal: which segments there are.
 */
#pragma once

#include "base/diag.h"

#define WD_JOURNAL_FOLDER "journal"

/*
 * First and last segment in FOLDER (a descriptor, borrowed); both 0 when there
 * is none. WD_R_TAMPERED when one in between is missing.
 */
int wd_folder_range(int folder, uint32_t *ret_first, uint32_t *ret_last,
    struct wd_diag *d) WD_MUST_USE;
