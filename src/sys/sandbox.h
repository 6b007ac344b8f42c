/*
 * The seccomp tables: which system calls a role may make from the moment it
 * reads bytes from outside. Chosen by the build: sandbox_seccomp.c, or
 * sandbox_none.c for sanitizers.
 */
#pragma once

#include "base/diag.h"

enum wd_sandbox_kind {
	WD_SANDBOX_VERIFY, /* no file, no network, no fork */
	WD_SANDBOX_FRONT,  /* accept, sockets it was given */
	WD_SANDBOX_KEEPER, /* the database's files that are open already */
	WD_SANDBOX_SEAL,   /* files of the state folder */
	WD_SANDBOX_DEVICE, /* what modules of HSMs on this machine need */
	WD_SANDBOX_BACKEND, /* calls out, and what such modules need */
	WD_SANDBOX_SCRIBE, /* files of the log folder */
	WD_SANDBOX_AGENT,
	WD_SANDBOX_LINK,
	WD_SANDBOX_COUNT
};

/* Closes for good. A kernel without seccomp is noted as missing, no fault. A
 * forbidden call ends the process with SIGSYS. */
int wd_sandbox_enter(enum wd_sandbox_kind kind, struct wd_diag *d) WD_MUST_USE;
