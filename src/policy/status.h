/*
 * The TCB statuses a policy may accept, as bits. The names are the vendors';
 * bits are stored.
 */
#pragma once

#include "base/span.h"

enum {
	WD_STATUS_UP_TO_DATE = 1 << 0,
	WD_STATUS_SW_HARDENING_NEEDED = 1 << 1,
	WD_STATUS_REVOKED = 1 << 8,
	WD_STATUS_KNOWN = (1 << 9) - 1,
	/* what a policy accepts that says nothing about statuses */
	WD_STATUS_DEFAULT =
	    WD_STATUS_UP_TO_DATE | WD_STATUS_SW_HARDENING_NEEDED,
	WD_STATUS_ANY_BUT_REVOKED = WD_STATUS_KNOWN & ~WD_STATUS_REVOKED,
};

/* The bit of a name, or 0. */
uint16_t wd_status_by_name(struct wd_span name);

/* The name of bit number I, or NULL past the last. */
const char *wd_status_name(unsigned i);
