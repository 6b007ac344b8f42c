/*
 * The words of a program that runs until it is stopped: which configuration,
 * or what to print instead. And the printing.
 */
#pragma once

#include <stdio.h>

#include "base/wr.h"

struct wd_words {
	const char *config;
	bool check, help, version, manual;
};

/* CONFIG is the path without --config. False: some word is none of these. */
bool wd_words_read(
    int argc, char **argv, const char *config, struct wd_words *ret);

/*
 * What --help, --version and --print-config-manual print, on standard output.
 * PROGRAM is the name beside the version; MANUAL writes the keys. False when
 * W asks for none of them; else *RET is 0, or FAULT when it could not be
 * printed whole.
 */
struct wd_words_texts {
	const char *program, *usage;
	void (*manual)(struct wd_wr *wr);
	int fault;
};

bool wd_words_print(
    const struct wd_words *w, const struct wd_words_texts *texts, int *ret);
