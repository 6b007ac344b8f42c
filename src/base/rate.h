/*
 * So many a minute for each key: a bucket that holds a minute's worth and fills
 * steadily. The table has a fixed size whatever keys come; when there is no
 * room the bucket that is fullest is forgotten, which gives its key the least.
 */
#pragma once

#include "base/cc.h"
#include "base/span.h"

enum {
	WD_RATE_KEY = 64,
	WD_RATE_WAYS = 4,   /* places that a key may have */
	WD_RATE_ROWS = 512, /* in all */
};

struct wd_rate {
	struct wd_rate_row {
		uint8_t key[WD_RATE_KEY];
		size_t len;
		int64_t full_at; /* microseconds */
	} rows[WD_RATE_ROWS];
};

/* Takes one of PER_MINUTE (0: no bound) for KEY, of which WD_RATE_KEY bytes
 * count; false when there is none left. NOW_MS never goes back. */
bool wd_rate_take(
    struct wd_rate *t, uint32_t per_minute, struct wd_span key, int64_t now_ms);
