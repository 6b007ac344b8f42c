/*
 * How an answer's head is written.
 */
#include "http/conn.h"

#include "base/clock.h"
#include "base/wr.h"

static const struct {
	int status;
	const char *phrase;
} phrases[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 204, "No Content" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 409, "Conflict" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
};

static const char *
phrase_of(int status)
{
	for (size_t i = 0; i < WD_N(phrases); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Status";
}

/* RFC 9110, 5.6.7. Not by the C library, which would look for the time zone's
 * file, and a sandboxed role may open none. */
static void
write_date(struct wd_wr *wr)
{
	static const char days[] = "ThuFriSatSunMonTueWed"; /* from 1970-01-01
							     */
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t now = wd_time_now();
	char t[WD_TIME_TEXT]; /* 2025-07-01T00:00:00Z */
	size_t month;

	wd_time_format(now, t);
	month = (size_t)(t[5] - '0') * 10 + (size_t)(t[6] - '0') - 1;
	wd_wr_printf(wr, "Date: %.3s, %.2s %.3s %.4s %.8s GMT\r\n",
	    days + 3 * ((now / 86400) % 7), t + 8, months + 3 * month, t,
	    t + 11);
}

void
wd_answer_head(struct wd_wr *wr, const struct wd_answer *a,
    const struct wd_id *request, bool last)
{
	wd_wr_printf(wr, "HTTP/1.1 %d %s\r\n", a->status, phrase_of(a->status));
	write_date(wr);
	wd_wr_printf(wr, "Warder-Request: %s\r\nCache-Control: no-store\r\n",
	    request->s);
	if (a->type != NULL)
		wd_wr_printf(wr, "Content-Type: %s\r\n", a->type);
	if (a->status != 204)
		wd_wr_printf(wr, "Content-Length: %zu\r\n", a->body.len);
	for (size_t i = 0; i < WD_N(a->fields) && a->fields[i].name != NULL;
	     i++)
		wd_wr_printf(
		    wr, "%s: %s\r\n", a->fields[i].name, a->fields[i].value);
	if (last)
		wd_wr_text(wr, "Connection: close\r\n");
	wd_wr_text(wr, "\r\n");
}
