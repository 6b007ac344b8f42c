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
	wd_wr_text(wr, "Date: ");
	wd_wr_bytes(wr, wd_span(days + 3 * ((now / 86400) % 7), 3));
	wd_wr_text(wr, ", ");
	wd_wr_bytes(wr, wd_span(t + 8, 2));
	wd_wr_u8(wr, ' ');
	wd_wr_bytes(wr, wd_span(months + 3 * month, 3));
	wd_wr_u8(wr, ' ');
	wd_wr_bytes(wr, wd_span(t, 4));
	wd_wr_u8(wr, ' ');
	wd_wr_bytes(wr, wd_span(t + 11, 8));
	wd_wr_text(wr, " GMT\r\n");
}

static void
write_field(struct wd_wr *wr, const char *name, const char *value)
{
	wd_wr_text(wr, name);
	wd_wr_text(wr, ": ");
	wd_wr_text(wr, value);
	wd_wr_text(wr, "\r\n");
}

static void
write_length(struct wd_wr *wr, size_t len)
{
	wd_wr_text(wr, "Content-Length: ");
	wd_wr_decimal(wr, len);
	wd_wr_text(wr, "\r\n");
}

void
wd_answer_head(struct wd_wr *wr, const struct wd_answer *a,
    const struct wd_id *request, bool last)
{
	wd_wr_text(wr, "HTTP/1.1 ");
	wd_wr_decimal(wr, (uint64_t)a->status);
	wd_wr_u8(wr, ' ');
	wd_wr_text(wr, phrase_of(a->status));
	wd_wr_text(wr, "\r\n");
	write_date(wr);
	write_field(wr, "Warder-Request", request->s);
	write_field(wr, "Cache-Control", "no-store");
	if (a->type != NULL)
		write_field(wr, "Content-Type", a->type);
	if (a->status != 204)
		write_length(wr, a->body.len);
	for (size_t i = 0; i < WD_N(a->fields) && a->fields[i].name != NULL;
	     i++)
		write_field(wr, a->fields[i].name, a->fields[i].value);
	if (last)
		wd_wr_text(wr, "Connection: close\r\n");
	wd_wr_text(wr, "\r\n");
}
