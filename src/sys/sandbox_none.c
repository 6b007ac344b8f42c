/*
 * No sandbox: for builds with sanitizers, whose run time makes system calls of
 * its own. The process says so wherever missing features are shown.
 */
#include "sys/harden.h"
#include "sys/sandbox.h"

int
wd_sandbox_enter(enum wd_sandbox_kind kind, struct wd_diag *d)
{
	(void)kind;
	(void)d;
	wd_harden_note_missing("seccomp (build with sanitizers)");
	return 0;
}
