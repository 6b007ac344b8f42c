/*
 * The command line of a verb: options by table, so that parsing, --help and
 * the manual cannot disagree. Values never hold secrets; those come from files
 * or standard input.
 */
#pragma once

#include "base/cc.h"

#include <stdbool.h>

struct cli_option {
	const char *name;  /* "at" is --at */
	const char *value; /* what it takes, as help shows it; NULL: nothing */
	const char *help;
	bool many; /* may be given more than once */
};

/* What the process returns. */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAULT = 1,
	CLI_USAGE = 2,
	CLI_SEALED = 2, /* of status: as Vault's has it */
	CLI_REJECTED = 3,
};

struct cli_args;

struct cli_verb {
	const char *name;     /* one or two words: "evidence verify" */
	const char *summary;  /* one line */
	const char *operands; /* as help shows them; NULL: none are taken */
	const struct cli_option *options; /* --help is every verb's own */
	size_t n_options;
	const char *example; /* a line that works as it stands */
	enum cli_exit (*run)(const struct cli_args *args);
};

/* The words after the verb; views argv. */
struct cli_args {
	const struct cli_verb *verb;
	const char *const *words;
	int n_words;
};

/* Says what is wrong on standard error; false when something is. */
bool cli_args_check(const struct cli_args *args);

bool cli_has(const struct cli_args *args, const char *name);

/* The option's value; NULL when it was not given. */
const char *cli_value(const struct cli_args *args, const char *name);

/* The next value of an option given many times: start with *AT = 0; NULL at
 * the end. */
const char *cli_next(const struct cli_args *args, const char *name, int *at);

/* The next operand, likewise. */
const char *cli_operand(const struct cli_args *args, int *at);

void cli_help(const struct cli_verb *verb);

/* Says on standard error how to call the verb; CLI_USAGE. */
enum cli_exit cli_usage(const struct cli_args *args, const char *fmt, ...)
    WD_PRINTF(2, 3);
