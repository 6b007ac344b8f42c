/*
 * Names of roles.
 */
#include "proto/role.h"

static const char *const names[WD_PROC_COUNT] = {
	[WD_PROC_NONE] = "none",
	[WD_PROC_SUPERVISOR] = "supervisor",
	[WD_PROC_FRONT] = "front",
	[WD_PROC_ADMIN_FRONT] = "admin-front",
	[WD_PROC_KEEPER] = "keeper",
	[WD_PROC_VERIFY] = "verify",
	[WD_PROC_SEAL] = "seal",
	[WD_PROC_SCRIBE] = "scribe",
	[WD_PROC_AGENT] = "agent",
	[WD_PROC_LINK] = "link",
	[WD_PROC_DEVICE] = "device",
	[WD_PROC_BACKEND] = "backend",
};

const char *
wd_proc_name(enum wd_proc role)
{
	return (unsigned)role < WD_PROC_COUNT ? names[role] : names[0];
}
