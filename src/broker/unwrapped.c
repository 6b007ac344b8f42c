/*
 * What the HSM has opened, kept for a while.
 */
#include "broker/unwrapped.h"

#include "base/clock.h"

static void
wipe(struct wd_unwrapped *x)
{
	x->blob = wd_bytes_free(x->blob);
	x->key = wd_secret_free(x->key);
	x->until = 0;
}

static struct wd_unwrapped *
find(struct wd_broker *b, struct wd_span blob)
{
	for (size_t i = 0; i < WD_UNWRAPPED_KEPT; i++) {
		struct wd_unwrapped *x = &b->unwrapped[i];

		if (x->blob != NULL &&
		    wd_span_equal(wd_bytes_span(x->blob), blob))
			return x;
	}
	return NULL;
}

struct wd_span
wd_unwrapped_find(struct wd_broker *b, struct wd_span blob)
{
	struct wd_unwrapped *x = find(b, blob);

	return x == NULL || wd_time_mono_ms() >= x->until
	    ? wd_span(NULL, 0)
	    : wd_secret_borrow(x->key);
}

/* A free place, or that which ends first. */
static struct wd_unwrapped *
place(struct wd_broker *b)
{
	struct wd_unwrapped *best = &b->unwrapped[0];

	for (size_t i = 0; i < WD_UNWRAPPED_KEPT; i++) {
		struct wd_unwrapped *x = &b->unwrapped[i];

		if (x->blob == NULL)
			return x;
		if (x->until < best->until)
			best = x;
	}
	return best;
}

/* One that is there keeps its end: it is not drawn out by being used. KEY may
 * view the one that is wiped to make room. */
void
wd_unwrapped_keep(struct wd_broker *b, struct wd_span blob, struct wd_span key)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *own = NULL;
	struct wd_unwrapped *x = find(b, blob);
	uint32_t seconds = b->unwrapped_seconds;

	if (seconds == 0 || (x != NULL && wd_time_mono_ms() < x->until))
		return;
	if (x == NULL)
		x = place(b);
	own = wd_secret_copy(key);
	wipe(x);
	x->blob = wd_bytes_copy(blob);
	x->key = WD_TAKE(own);
	if (x->blob == NULL || x->key == NULL) {
		wipe(x);
		return;
	}
	if (seconds > WD_UNWRAPPED_SECONDS)
		seconds = WD_UNWRAPPED_SECONDS;
	x->until = wd_time_mono_ms() + (int64_t)seconds * 1000;
}

void
wd_unwrapped_tick(struct wd_broker *b)
{
	int64_t now = wd_time_mono_ms();

	for (size_t i = 0; i < WD_UNWRAPPED_KEPT; i++)
		if (b->unwrapped[i].blob != NULL &&
		    now >= b->unwrapped[i].until)
			wipe(&b->unwrapped[i]);
}

void
wd_unwrapped_forget(struct wd_broker *b)
{
	for (size_t i = 0; i < WD_UNWRAPPED_KEPT; i++)
		wipe(&b->unwrapped[i]);
}
