/*
 * The log. The journal is spoken to directly, by its datagram protocol: the
 * library for it would fall back to a memfd when the journal is slow, and a
 * sandboxed role would die of that. Output is plain ASCII whatever comes in.
 */
#include "sys/log.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/reason.h"
#include "base/wr.h"
#include "sys/log_text.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 8192, PAIRS_MAX = 16 };

/* Names of levels, and their syslog numbers. */
static const struct {
	const char *name;
	unsigned priority;
} levels[] = {
	[WD_LOG_ERROR] = { "error", 3 },
	[WD_LOG_WARNING] = { "warning", 4 },
	[WD_LOG_INFO] = { "info", 6 },
	[WD_LOG_DEBUG] = { "debug", 7 },
};

static struct {
	const char *role;
	int cell;
	enum wd_log_level most;
	int journal; /* connected socket, -1: standard error */
} log_to = { "warder", -1, WD_LOG_INFO, -1 };

struct pair {
	const char *name, *value;
};

/* Standard error is a stream of the journal: its other end says so. */
static bool
stderr_is_journal(void)
{
	struct sockaddr_un a = { 0 };
	socklen_t len = sizeof(a);

	return getpeername(STDERR_FILENO, (struct sockaddr *)&a, &len) == 0 &&
	    a.sun_family == AF_UNIX && len < sizeof(a) &&
	    strcmp(a.sun_path, "/run/systemd/journal/stdout") == 0;
}

static int
journal_open(void)
{
	static const struct sockaddr_un to = { AF_UNIX,
		"/run/systemd/journal/socket" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 &&
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
		(void)close(fd); /* the lines go to standard error then */
		return -1;
	}
	return fd;
}

void
wd_log_start(const char *role, int cell, enum wd_log_level most)
{
	log_to.role = role;
	log_to.cell = cell;
	log_to.most = most;
	if (log_to.journal < 0 && stderr_is_journal())
		log_to.journal = journal_open();
}

bool
wd_log_level_parse(struct wd_span name, enum wd_log_level *ret)
{
	for (size_t i = 0; i < WD_N(levels); i++)
		if (wd_span_is(name, levels[i].name)) {
			*ret = (enum wd_log_level)i;
			return true;
		}
	return false;
}

static void
json_pair(struct wd_wr *wr, const char *name, const char *value)
{
	wd_wr_printf(wr, ",\"%.64s\":\"", name);
	wd_log_text(wr, wd_span_text(value));
	wd_wr_text(wr, "\"");
}

static void
json_line(struct wd_wr *wr, enum wd_log_level level, const char *event,
    const struct pair *pairs, size_t n)
{
	char now[WD_TIME_TEXT];

	wd_time_format(wd_time_now(), now);
	wd_wr_printf(wr, "{\"time\":\"%s\",\"level\":\"%s\",\"role\":\"%.32s\"",
	    now, levels[level].name, log_to.role);
	if (log_to.cell >= 0)
		wd_wr_printf(wr, ",\"cell\":%d", log_to.cell);
	wd_wr_printf(
	    wr, ",\"pid\":%ld,\"event\":\"%.64s\"", (long)getpid(), event);
	for (size_t i = 0; i < n; i++)
		json_pair(wr, pairs[i].name, pairs[i].value);
	wd_wr_text(wr, "}\n");
}

/* `key_id` becomes the journal field WARDER_KEY_ID. */
static void
journal_field(struct wd_wr *wr, const char *name, const char *value)
{
	wd_wr_text(wr, "WARDER_");
	for (const char *c = name; *c != '\0'; c++)
		wd_wr_u8(wr,
		    (uint8_t)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c));
	wd_wr_text(wr, "=");
	wd_log_text(wr, wd_span_text(value));
	wd_wr_text(wr, "\n");
}

static void
journal_entry(struct wd_wr *wr, enum wd_log_level level, const char *event,
    const struct pair *pairs, size_t n)
{
	wd_wr_printf(wr, "PRIORITY=%u\nSYSLOG_IDENTIFIER=warder-%.32s\n",
	    levels[level].priority, log_to.role);
	wd_wr_printf(wr, "MESSAGE=%.64s", event);
	for (size_t i = 0; i < n; i++) {
		wd_wr_printf(wr, " %.64s=", pairs[i].name);
		wd_log_text(wr, wd_span_text(pairs[i].value));
	}
	wd_wr_text(wr, "\n");
	journal_field(wr, "event", event);
	if (log_to.cell >= 0)
		wd_wr_printf(wr, "WARDER_CELL=%d\n", log_to.cell);
	for (size_t i = 0; i < n; i++)
		journal_field(wr, pairs[i].name, pairs[i].value);
}

static bool
to_journal(enum wd_log_level level, const char *event, const struct pair *pairs,
    size_t n)
{
	uint8_t room[2 * LINE_MAX_LEN];
	struct wd_wr wr = wd_wr_fixed(room, sizeof(room));

	if (log_to.journal < 0)
		return false;
	journal_entry(&wr, level, event, pairs, n);
	return wd_wr_end(&wr) == 0 &&
	    send(log_to.journal, room, wr.len, MSG_NOSIGNAL | MSG_DONTWAIT) >=
	    0;
}

/* A line that would not fit loses its last pairs rather than its end. */
static void
to_stderr(enum wd_log_level level, const char *event, const struct pair *pairs,
    size_t n)
{
	uint8_t room[LINE_MAX_LEN];
	struct wd_wr wr;

	do {
		wr = wd_wr_fixed(room, sizeof(room));
		json_line(&wr, level, event, pairs, n);
	} while (wd_wr_end(&wr) != 0 && n-- > 0);
	while (write(STDERR_FILENO, room, wr.len) < 0 && errno == EINTR)
		;
}

void
wd_log(enum wd_log_level level, const char *event, ...)
{
	struct pair pairs[PAIRS_MAX];
	size_t n = 0;
	va_list ap;

	if (level > log_to.most)
		return;
	va_start(ap, event);
	while (n < PAIRS_MAX) {
		pairs[n].name = va_arg(ap, const char *);
		if (pairs[n].name == NULL)
			break;
		pairs[n].value = va_arg(ap, const char *);
		n++;
	}
	va_end(ap);
	if (!to_journal(level, event, pairs, n))
		to_stderr(level, event, pairs, n);
}

void
wd_log_result(const char *event, int result, const struct wd_diag *d)
{
	wd_log(result < 0 ? WD_LOG_ERROR : WD_LOG_INFO, event, "reason",
	    wd_reason_name(result), "detail", d == NULL ? "" : d->detail, NULL);
}
