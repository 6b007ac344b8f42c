/*
 * The lock of a state folder: a running supervisor holds it, and so does a
 * command that changes the folder and must find no supervisor there.
 */
#pragma once

#include "base/diag.h"

#define WD_LOCK_NAME "warderd.lock"

/*
 * Takes the lock of the folder DIR, making its file where there is none.
 * WD_R_IN_USE when another process holds it. The lock lasts until *RET_FD (to
 * be closed by the caller, see wd_fd_closep) is closed or the process ends;
 * programs that it starts do not inherit it. The file stays.
 */
int wd_lock_take(int dir, int *ret_fd, struct wd_diag *d) WD_MUST_USE;
