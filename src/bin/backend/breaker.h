/*
 * Leaves a server alone that does not answer: each call to it would only hold
 * up those behind it. After a call that ran out of time the next are refused at
 * once, for a pause that doubles up to ten seconds; then one is let through to
 * see. Pauses differ by chance, so that processes do not return together.
 */
#pragma once

#include "base/span.h"

enum {
	BREAKER_FIRST_MS = 250,
	BREAKER_MOST_MS = 10000,
};

/* Zeros: closed. */
struct breaker {
	unsigned late; /* calls in a row */
	int64_t until; /* monotonic ms */
};

/* Milliseconds that are left of the pause; 0: ask. */
uint32_t breaker_pause(const struct breaker *b, int64_t now);

/* A call has ended. CHANCE is a random number. */
void breaker_note(
    struct breaker *b, bool was_late, int64_t now, uint32_t chance);
