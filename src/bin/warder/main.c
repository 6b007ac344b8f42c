/*
 * warder, the command line: finds the verb, checks its options, runs it.
 * Exit status: 0 done or verified, 3 rejected, 2 wrong usage, 1 fault.
 */
#include "bin/warder/manual.h"
#include "bin/warder/verbs.h"

#include <stdio.h>
#include <string.h>

static void
print_verbs(FILE *to)
{
	size_t n;
	const struct cli_verb *const *verbs = cli_verbs(&n);

	(void)fprintf(to, "usage: warder VERB [option ...]\n\n");
	for (size_t i = 0; i < n; i++)
		(void)fprintf(
		    to, "  %-20s %s\n", verbs[i]->name, verbs[i]->summary);
	(void)fprintf(to, "\n'warder VERB --help' tells more.\n");
}

int
main(int argc, char **argv)
{
	const char *const *words = (const char *const *)argv;
	struct cli_args args = { NULL, NULL, 0 };
	int used;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		print_verbs(stdout);
		return CLI_OK;
	}
	if (argc == 2 && strcmp(argv[1], "--print-manual") == 0)
		return cli_print_manual();
	if (argc > 1)
		args.verb = cli_verb_find(words + 1, argc - 1, &used);
	if (args.verb == NULL) {
		print_verbs(stderr);
		return CLI_USAGE;
	}
	args.words = words + 1 + used;
	args.n_words = argc - 1 - used;
	if (!cli_args_check(&args))
		return CLI_USAGE;
	if (cli_has(&args, "help")) {
		cli_help(args.verb);
		return CLI_OK;
	}
	return (int)args.verb->run(&args);
}
