/*
 * warder version: what is installed.
 */
#include "bin/warder/verbs.h"

#include <stdio.h>

static enum cli_exit
run(const struct cli_args *args)
{
	(void)args;
	(void)printf("warder %s\n", WARDER_VERSION);
	return CLI_OK;
}

const struct cli_verb cli_verb_version = {
	.name = "version",
	.summary = "print the version",
	.example = "warder version",
	.run = run,
};
