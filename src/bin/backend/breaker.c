/*
 * The pause after late answers.
 */
#include "bin/backend/breaker.h"

uint32_t
breaker_pause(const struct breaker *b, int64_t now)
{
	return b->until <= now ? 0 : (uint32_t)(b->until - now);
}

/* Between half of it and all of it. */
static int64_t
with_jitter(int64_t pause, uint32_t chance)
{
	return pause / 2 + chance % (pause / 2 + 1);
}

void
breaker_note(struct breaker *b, bool was_late, int64_t now, uint32_t chance)
{
	int64_t pause = BREAKER_FIRST_MS;

	if (!was_late) {
		*b = (struct breaker){ 0 };
		return;
	}
	for (unsigned i = 0; i < b->late && pause < BREAKER_MOST_MS; i++)
		pause *= 2;
	if (pause > BREAKER_MOST_MS)
		pause = BREAKER_MOST_MS;
	b->late += b->late < 16;
	b->until = now + with_jitter(pause, chance);
}
