/*
 * A bucket is the moment at which it will be full again (the generic cell rate
 * algorithm of ATM, ITU-T I.371): what was taken lies in the future.
 */
#include "base/rate.h"

static const int64_t minute_us = 60 * 1000 * 1000;

/* FNV-1a: who chooses keys so that they meet only shortens their own stay. */
static size_t
place_of(struct wd_span key)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < key.len; i++)
		h = (uint32_t)((uint64_t)(h ^ key.p[i]) * 16777619u);
	return h % (WD_RATE_ROWS / WD_RATE_WAYS) * WD_RATE_WAYS;
}

static struct wd_rate_row *
row_for(struct wd_rate *t, struct wd_span key)
{
	struct wd_rate_row *set = &t->rows[place_of(key)], *fullest = set;

	for (size_t i = 0; i < WD_RATE_WAYS; i++) {
		if (wd_span_equal(wd_span(set[i].key, set[i].len), key))
			return &set[i];
		if (set[i].full_at < fullest->full_at)
			fullest = &set[i];
	}
	*fullest = (struct wd_rate_row){ .len = key.len };
	wd_copy(fullest->key, key);
	return fullest;
}

bool
wd_rate_take(
    struct wd_rate *t, uint32_t per_minute, struct wd_span key, int64_t now_ms)
{
	int64_t now = now_ms * 1000, one, full_at;
	struct wd_rate_row *row;

	if (per_minute == 0)
		return true;
	if (key.len > WD_RATE_KEY)
		key.len = WD_RATE_KEY;
	row = row_for(t, key);
	one = minute_us / per_minute;
	full_at = (row->full_at > now ? row->full_at : now) + one;
	if (full_at > now + minute_us)
		return false;
	row->full_at = full_at;
	return true;
}
