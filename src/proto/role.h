/*
 * The roles a process can have, as RPC tables, logs and the supervisor name
 * them. A front or keeper of the admin cell is the same program with another
 * row, so that a public front has no way to speak an admin call.
 */
#pragma once

#include "base/span.h"

enum wd_proc {
	WD_PROC_NONE = 0,
	WD_PROC_SUPERVISOR = 1,
	WD_PROC_FRONT = 2,       /* public */
	WD_PROC_ADMIN_FRONT = 3, /* admin socket, admin TLS */
	WD_PROC_KEEPER = 4,
	WD_PROC_VERIFY = 5,
	WD_PROC_SEAL = 6,
	WD_PROC_SCRIBE = 7,
	WD_PROC_AGENT = 8,
	WD_PROC_LINK = 9,
	WD_PROC_DEVICE = 10, /* HSM of the seal */
	WD_PROC_BACKEND = 11, /* one a configured backend */
	WD_PROC_COUNT
};

/* One bit a role, for tables of who may call. */
#define WD_BIT(role) (1u << (unsigned)WD_PROC_##role)

/* "front", "admin-front", "keeper", … */
const char *wd_proc_name(enum wd_proc role);
