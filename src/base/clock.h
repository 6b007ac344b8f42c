/*
 * Clocks and the one text form of time: RFC 3339 in UTC with `Z` and whole
 * seconds, `2025-07-01T00:00:00Z`.
 */
#pragma once

#include "base/span.h"

enum { WD_TIME_TEXT = 21 }; /* room for the text and its NUL */

/* Seconds since 1970 by CLOCK_REALTIME. */
int64_t wd_time_now(void);

/* Milliseconds by CLOCK_MONOTONIC, for deadlines. */
int64_t wd_time_mono_ms(void);

/* Seconds by CLOCK_BOOTTIME, for leases: runs while the machine sleeps. */
int64_t wd_time_boot(void);
int64_t wd_time_boot_ms(void);

/*
 * Years 1970 to 9999, every field in range, days of the month checked.
 * Returns false on anything else, a fraction of a second included.
 */
bool wd_time_parse(struct wd_span text, int64_t *ret_seconds);

/* Formats SECONDS (clamped to the years above) into DST. */
void wd_time_format(int64_t seconds, char dst[WD_TIME_TEXT]);

/* Seconds since 1970 of a civil UTC date; fields must be in range. */
int64_t wd_time_civil(
    int year, int month, int day, int hour, int minute, int second);
