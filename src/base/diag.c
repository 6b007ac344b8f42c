/*
 * Recording the first reason.
 */
#include "base/diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void record(struct wd_diag *d, int result, const char *fmt, va_list ap)
    WD_PRINTF(3, 0);

static void
record(struct wd_diag *d, int result, const char *fmt, va_list ap)
{
	if (d == NULL || d->result != 0)
		return;
	d->result = result;
	if (vsnprintf(d->detail, sizeof(d->detail), fmt, ap) < 0)
		d->detail[0] = '\0';
	for (char *c = d->detail; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

int
wd_reject(struct wd_diag *d, enum wd_reason reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(d, (int)reason, fmt, ap);
	va_end(ap);
	return (int)reason;
}

int
wd_fault(struct wd_diag *d, enum wd_faults fault, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(d, (int)fault, fmt, ap);
	va_end(ap);
	return (int)fault;
}

int
wd_fault_errno(struct wd_diag *d, const char *fmt, ...)
{
	char why[128];
	const char *text = strerror_r(errno, why, sizeof(why));
	bool fresh = d != NULL && d->result == 0;
	va_list ap;
	size_t used;

	va_start(ap, fmt);
	record(d, WD_F_SYSTEM, fmt, ap);
	va_end(ap);
	if (fresh) {
		used = strlen(d->detail);
		(void)snprintf(d->detail + used, sizeof(d->detail) - used,
		    ": %s", text); /* cut short at worst */
	}
	return WD_F_SYSTEM;
}

void
wd_diag_clear(struct wd_diag *d)
{
	*d = (struct wd_diag){ 0 };
}
