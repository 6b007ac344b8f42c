/*
 * warder, the command line: finds the verb, checks its options, runs it.
 * Exit status: 0 done or verified, 3 rejected, 2 wrong usage, 1 fault.
 */
#include "bin/warder/manual.h"
#include "bin/warder/verbs.h"

#include <stdio.h>
#include <string.h>

enum { INDENT = 17, WIDTH = 79 }; /* columns */

/* What follows NOUN in the name of V: "" for a verb of one word, NULL when it
 * is another's. */
static const char *
below(const struct cli_verb *v, const char *noun)
{
	size_t len = strlen(noun);

	if (strncmp(v->name, noun, len) != 0)
		return NULL;
	if (v->name[len] == ' ')
		return v->name + len + 1;
	return v->name[len] == '\0' ? "" : NULL;
}

/* The names of what can be done to NOUN, in lines. */
static void
print_names(FILE *to, const char *noun)
{
	size_t n, at = INDENT;
	const struct cli_verb *const *verbs = cli_verbs(&n);

	(void)fprintf(
	    to, "  %s%-*s", noun, INDENT - 2 - (int)strlen(noun), " ...");
	for (size_t i = 0; i < n; i++) {
		const char *name = below(verbs[i], noun);
		size_t len = name == NULL ? 0 : strlen(name);

		if (len == 0)
			continue;
		if (at > INDENT && at + 2 + len > WIDTH) {
			(void)fprintf(to, ",\n%*s", INDENT, "");
			at = INDENT;
		}
		(void)fprintf(to, "%s%s", at > INDENT ? ", " : "", name);
		at += (at > INDENT ? 2 : 0) + len;
	}
	(void)fputc('\n', to);
}

/* Verbs of one word with what they do, nouns with what can be done to them. */
static void
print_all(FILE *to)
{
	size_t n;
	const struct cli_verb *const *verbs = cli_verbs(&n);
	char noun[INDENT], last[INDENT] = "";

	(void)fprintf(to, "usage: warder VERB [option ...]\n\n");
	for (size_t i = 0; i < n; i++) {
		const char *name = verbs[i]->name;
		size_t len = strcspn(name, " ");

		(void)snprintf(noun, sizeof(noun), "%.*s", (int)len, name);
		if (name[len] == '\0') {
			(void)fprintf(to, "  %-*s%s\n", INDENT - 2, name,
			    verbs[i]->summary);
		} else if (strcmp(noun, last) != 0) {
			print_names(to, noun);
			(void)snprintf(last, sizeof(last), "%s", noun);
		}
	}
	(void)fprintf(to, "\n'warder VERB --help' tells more.\n");
}

/* False: there is no such noun. */
static bool
print_below(FILE *to, const char *noun)
{
	size_t n, found = 0;
	const struct cli_verb *const *verbs = cli_verbs(&n);

	for (size_t i = 0; i < n; i++) {
		if (below(verbs[i], noun) == NULL)
			continue;
		if (found++ == 0)
			(void)fprintf(
			    to, "usage: warder %s VERB [option ...]\n\n", noun);
		(void)fprintf(
		    to, "  %-24s%s\n", verbs[i]->name, verbs[i]->summary);
	}
	return found > 0;
}

/* WORDS name no verb: at most a noun, and perhaps help is asked for. */
static enum cli_exit
no_verb(const char *const *words, int n)
{
	bool asked = n > 0 && strcmp(words[n - 1], "--help") == 0;
	FILE *to = asked ? stdout : stderr;

	n -= asked;
	if (n == 0) {
		print_all(to);
	} else if (!print_below(to, words[0])) {
		(void)fprintf(stderr,
		    "warder: there is no verb '%s'\nTry 'warder --help'.\n",
		    words[0]);
		return CLI_USAGE;
	}
	if (n > 1)
		(void)fprintf(stderr, "\nwarder: there is no verb '%s %s'\n",
		    words[0], words[1]);
	return asked && n < 2 ? CLI_OK : CLI_USAGE;
}

int
main(int argc, char **argv)
{
	const char *const *words = (const char *const *)argv;
	struct cli_args args = { NULL, NULL, 0 };
	int used;

	if (argc == 2 && strcmp(argv[1], "--print-manual") == 0)
		return cli_print_manual();
	if (argc > 1)
		args.verb = cli_verb_find(words + 1, argc - 1, &used);
	if (args.verb == NULL)
		return (int)no_verb(words + 1, argc - 1);
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
