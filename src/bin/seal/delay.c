/*
 * The waits after wrong attempts. Short at first, since people mistype; the
 * last one holds, so that a guesser has at most one attempt in a minute and
 * the operator is never locked out.
 */
#include "bin/seal/delay.h"

#include "base/cc.h"

static const uint32_t waits[] = { 1000, 2000, 4000, 8000, 15000, 30000, 60000 };

void
seal_delay_wrong(struct seal_delay *d, int64_t now)
{
	if (d->wrong < WD_N(waits))
		d->wrong++;
	d->until = now + waits[d->wrong - 1];
}

void
seal_delay_clear(struct seal_delay *d)
{
	*d = (struct seal_delay){ 0 };
}

uint32_t
seal_delay_left(const struct seal_delay *d, int64_t now)
{
	int64_t left = d->until - now;

	if (d->wrong == 0 || left <= 0)
		return 0;
	/* A clock that went back must not make the wait longer. */
	return left < waits[d->wrong - 1] ? (uint32_t)left
					  : waits[d->wrong - 1];
}
