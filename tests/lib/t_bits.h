/*
 * Which bits are changed where each is to be refused: all, or with --sample one
 * of every byte, each time another. With the sanitizers, under which everything
 * takes longer, the everyday run samples; --full behind it takes all again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool t_sampled;

static inline void
t_bits_from(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--sample") == 0)
			t_sampled = true;
		else if (strcmp(argv[i], "--full") == 0)
			t_sampled = false;
}

/* The bit to try after BIT. */
static inline size_t
t_next_bit(size_t bit)
{
	size_t byte = bit / 8 + 1;

	return t_sampled ? byte * 8 + byte % 8 : bit + 1;
}
