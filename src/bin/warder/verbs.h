/*
 * The verbs of the command line, one file each; the table is in verbs.c.
 */
#pragma once

#include "bin/warder/args.h"

/* The verb that the first words name; *RET_WORDS is how many it took. NULL
 * when they name none. */
const struct cli_verb *cli_verb_find(
    const char *const *words, int n, int *ret_words);

const struct cli_verb *const *cli_verbs(size_t *ret_n);

extern const struct cli_verb cli_verb_evidence_inspect;
extern const struct cli_verb cli_verb_evidence_verify;
extern const struct cli_verb cli_verb_swtee_collateral;
extern const struct cli_verb cli_verb_swtee_init;
extern const struct cli_verb cli_verb_swtee_quote;
extern const struct cli_verb cli_verb_version;
