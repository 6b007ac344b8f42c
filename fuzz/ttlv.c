/*
 * TTLV messages: what the check takes can be walked item by item to its end,
 * every view within it; and its head says how long it is.
 */
#include "fuzz.h"

#include "base/reason.h"
#include "codec/ttlv.h"

/* Takes a value by its type. */
static void
take(struct wd_rd *rd, struct wd_span all)
{
	uint32_t tag = wd_ttlv_peek(rd);
	struct wd_span s = wd_span(NULL, 0);

	switch (wd_ttlv_peek_type(rd)) {
	case WD_TTLV_INTEGER:
		(void)wd_ttlv_int(rd, tag);
		break;
	case WD_TTLV_LONG:
		(void)wd_ttlv_long(rd, tag);
		break;
	case WD_TTLV_BIG:
		s = wd_ttlv_big(rd, tag, SIZE_MAX);
		must(s.len > 0 && s.len % 8 == 0);
		break;
	case WD_TTLV_ENUM:
		(void)wd_ttlv_enum(rd, tag);
		break;
	case WD_TTLV_BOOLEAN:
		(void)wd_ttlv_bool(rd, tag);
		break;
	case WD_TTLV_TEXT:
		s = wd_ttlv_text(rd, tag, SIZE_MAX);
		break;
	case WD_TTLV_BYTES:
		s = wd_ttlv_bytes(rd, tag, SIZE_MAX);
		break;
	case WD_TTLV_TIME:
		(void)wd_ttlv_time(rd, tag);
		break;
	case WD_TTLV_INTERVAL:
		(void)wd_ttlv_interval(rd, tag);
		break;
	case WD_TTLV_TIME_EXTENDED:
		wd_ttlv_skip(rd);
		break;
	case WD_TTLV_STRUCTURE:
	case WD_TTLV_NONE:
		must(false);
	}
	must(fuzz_within(s, all));
	fuzz_touch(s);
}

static void
walk(struct wd_span all)
{
	struct wd_rd levels[WD_TTLV_DEPTH + 1] = { wd_rd(all) };
	size_t level = 0, items = 0;

	for (;;) {
		while (level > 0 && !wd_rd_more(&levels[level])) {
			must(wd_rd_end(&levels[level]) == 0);
			level--;
		}
		if (!wd_rd_more(&levels[level]))
			break;
		must(items++ < WD_TTLV_ITEMS);
		if (wd_ttlv_peek_type(&levels[level]) != WD_TTLV_STRUCTURE) {
			take(&levels[level], all);
			must(wd_rd_ok(&levels[level]) == 0);
			continue;
		}
		must(level < WD_TTLV_DEPTH);
		levels[level + 1] =
		    wd_ttlv_enter(&levels[level], wd_ttlv_peek(&levels[level]));
		level++;
	}
	must(wd_rd_end(&levels[0]) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_span all = wd_span(data, size);
	struct wd_rd rd = wd_rd(all);
	int r = wd_ttlv_check(all);

	if (size >= WD_TTLV_HEAD && r == 0)
		must(wd_ttlv_message_len(data) == size);
	if (r == 0) {
		fuzz_accepted = true;
		walk(all);
		return 0;
	}
	must(r == WD_R_MALFORMED || r == WD_R_TOO_LARGE);
	/* Without the check, reading still stays within. */
	rd = wd_ttlv_enter(&rd, wd_ttlv_peek(&rd));
	while (wd_rd_more(&rd) && wd_ttlv_peek_type(&rd) > WD_TTLV_STRUCTURE)
		wd_ttlv_skip(&rd);
	return 0;
}
