/*
 * How long the next attempt at unsealing has to wait: longer after each wrong
 * one, never for ever. The time comes from the caller.
 */
#pragma once

#include <stdint.h>

struct seal_delay {
	unsigned wrong; /* attempts in a row */
	int64_t until;  /* of the caller's clock, in milliseconds */
};

/* A wrong attempt ended at NOW. */
void seal_delay_wrong(struct seal_delay *d, int64_t now);

/* A right one: everything is forgotten. */
void seal_delay_clear(struct seal_delay *d);

/* Milliseconds until an attempt is looked at; 0: now. */
uint32_t seal_delay_left(const struct seal_delay *d, int64_t now);
