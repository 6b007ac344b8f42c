/*
 * Clocks and RFC 3339.
 */
#include "base/clock.h"

#include <time.h>

static const int64_t last_second = 253402300799; /* 9999-12-31T23:59:59Z */

static struct timespec
read_clock(clockid_t id)
{
	struct timespec ts = { 0, 0 };

	(void)clock_gettime(id, &ts); /* these clocks cannot fail on Linux */
	return ts;
}

int64_t
wd_time_now(void)
{
	return read_clock(CLOCK_REALTIME).tv_sec;
}

int64_t
wd_time_mono_ms(void)
{
	struct timespec ts = read_clock(CLOCK_MONOTONIC);

	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
wd_time_boot(void)
{
	return read_clock(CLOCK_BOOTTIME).tv_sec;
}

int64_t
wd_time_boot_ms(void)
{
	struct timespec t = read_clock(CLOCK_BOOTTIME);

	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

int64_t
wd_time_civil(int year, int month, int day, int hour, int minute, int second)
{
	int64_t y = year - (month <= 2);
	int64_t era = y / 400;
	int64_t of_era = y - era * 400;
	int64_t shifted = month > 2 ? month - 3 : month + 9;
	int64_t of_year = (153 * shifted + 2) / 5 + day - 1;
	int64_t days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	    of_year - 719468;

	return days * 86400 + hour * 3600 + minute * 60 + second;
}

/* N digits at OFFSET, or -1. */
static int
digits(struct wd_span text, size_t offset, size_t n)
{
	int v = 0;

	for (size_t i = offset; i < offset + n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return -1;
		v = v * 10 + (text.p[i] - '0');
	}
	return v;
}

bool
wd_time_parse(struct wd_span text, int64_t *ret_seconds)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
	int year, month, day, hour, minute, second;

	if (text.len != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (shape[i] != 'd' && text.p[i] != (uint8_t)shape[i])
			return false;
	year = digits(text, 0, 4);
	month = digits(text, 5, 2);
	day = digits(text, 8, 2);
	hour = digits(text, 11, 2);
	minute = digits(text, 14, 2);
	second = digits(text, 17, 2);
	if (year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > days_in_month(year, month))
		return false;
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
	    second > 59)
		return false;
	*ret_seconds = wd_time_civil(year, month, day, hour, minute, second);
	return true;
}

static char *
put_digits(char *dst, unsigned v, size_t n)
{
	for (size_t i = n; i > 0; i--, v /= 10)
		dst[i - 1] = (char)('0' + v % 10);
	return dst + n;
}

/* The other way round than wd_time_civil(), with years that begin in March. */
static char *
put_date(char *dst, unsigned days)
{
	unsigned since = days + 719468; /* 0000-03-01 */
	unsigned of_era = since % 146097;
	unsigned year =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
	unsigned shifted = (5 * of_year + 2) / 153;
	unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;

	year += since / 146097 * 400 + (month <= 2);
	dst = put_digits(dst, year, 4);
	*dst++ = '-';
	dst = put_digits(dst, month, 2);
	*dst++ = '-';
	return put_digits(dst, of_year - (153 * shifted + 2) / 5 + 1, 2);
}

/* Not by the C library, which is slow at it: each request has three. */
void
wd_time_format(int64_t seconds, char dst[WD_TIME_TEXT])
{
	int64_t t = seconds < 0     ? 0
	    : seconds > last_second ? last_second
				    : seconds;
	unsigned of_day = (unsigned)(t % 86400);

	dst = put_date(dst, (unsigned)(t / 86400));
	*dst++ = 'T';
	dst = put_digits(dst, of_day / 3600, 2);
	*dst++ = ':';
	dst = put_digits(dst, of_day / 60 % 60, 2);
	*dst++ = ':';
	dst = put_digits(dst, of_day % 60, 2);
	*dst++ = 'Z';
	*dst = '\0';
}
