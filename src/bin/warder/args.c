/*
 * Parsing of options by table. Words are looked at where they lie: nothing is
 * copied, and what a verb asks for twice is parsed twice.
 */
#include "bin/warder/args.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct cli_option help_option = { "help", NULL,
	"print this and end", false };

static const struct cli_option *
option_of(const struct cli_verb *verb, const char *name, size_t len)
{
	for (size_t i = 0; i < verb->n_options; i++) {
		const struct cli_option *o = &verb->options[i];

		if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
			return o;
	}
	if (len == 4 && strncmp(name, "help", 4) == 0)
		return &help_option;
	return NULL;
}

/* One step through the words: an option or an operand. */
struct word {
	const struct cli_option *option; /* NULL: an operand, or unknown */
	const char *value;               /* NULL: none was given */
	bool is_operand;
};

static struct word
operand_word(const char *text)
{
	return (struct word){ NULL, text, true };
}

/* Takes the word at *AT and its value; "--" makes operands of the rest. */
static bool
next_word(const struct cli_args *args, int *at, bool *rest, struct word *ret)
{
	const char *text, *equals;

	if (!*rest && *at < args->n_words &&
	    strcmp(args->words[*at], "--") == 0) {
		*rest = true;
		(*at)++;
	}
	if (*at >= args->n_words)
		return false;
	text = args->words[(*at)++];
	if (*rest || text[0] != '-' || text[1] == '\0') {
		*ret = operand_word(text);
		return true;
	}
	*ret = (struct word){ NULL, NULL, false };
	if (strncmp(text, "--", 2) != 0)
		return true;
	text += 2;
	equals = strchr(text, '=');
	ret->option = option_of(args->verb, text,
	    equals == NULL ? strlen(text) : (size_t)(equals - text));
	if (equals != NULL)
		ret->value = equals + 1;
	else if (ret->option != NULL && ret->option->value != NULL &&
	    *at < args->n_words)
		ret->value = args->words[(*at)++];
	return true;
}

static int
times_given(const struct cli_args *args, const struct cli_option *option)
{
	struct word w;
	bool rest = false;
	int n = 0;

	for (int at = 0; next_word(args, &at, &rest, &w);)
		n += w.option == option;
	return n;
}

static bool
word_is_fine(
    const struct cli_args *args, const struct word *w, const char *text)
{
	if (w->is_operand) {
		if (args->verb->operands != NULL)
			return true;
		(void)cli_usage(args, "'%s' is one word too many", text);
		return false;
	}
	if (w->option == NULL) {
		(void)cli_usage(args, "there is no option %s", text);
		return false;
	}
	if ((w->option->value == NULL) != (w->value == NULL)) {
		(void)cli_usage(args,
		    w->value == NULL ? "--%s needs a value"
				     : "--%s takes no value",
		    w->option->name);
		return false;
	}
	if (!w->option->many && times_given(args, w->option) > 1) {
		(void)cli_usage(
		    args, "--%s is given more than once", w->option->name);
		return false;
	}
	return true;
}

bool
cli_args_check(const struct cli_args *args)
{
	struct word w;
	bool rest = false;
	int from;

	for (int at = 0; from = at, next_word(args, &at, &rest, &w);)
		if (!word_is_fine(args, &w, args->words[from]))
			return false;
	return true;
}

/* A cursor into the words that survives between calls: *AT. */
static const char *
next_value(const struct cli_args *args, const char *name, int *at)
{
	struct word w;
	bool rest = false;

	for (int i = 0; next_word(args, &i, &rest, &w);) {
		if (i <= *at || w.option == NULL ||
		    strcmp(w.option->name, name) != 0)
			continue;
		*at = i;
		return w.value == NULL ? "" : w.value;
	}
	return NULL;
}

bool
cli_has(const struct cli_args *args, const char *name)
{
	return cli_value(args, name) != NULL;
}

const char *
cli_value(const struct cli_args *args, const char *name)
{
	int at = 0;

	return next_value(args, name, &at);
}

const char *
cli_next(const struct cli_args *args, const char *name, int *at)
{
	return next_value(args, name, at);
}

const char *
cli_operand(const struct cli_args *args, int *at)
{
	struct word w;
	bool rest = false;

	for (int i = 0; next_word(args, &i, &rest, &w);) {
		if (i <= *at || !w.is_operand)
			continue;
		*at = i;
		return w.value;
	}
	return NULL;
}

static void
print_option(const struct cli_option *o)
{
	char left[64];

	(void)snprintf(left, sizeof(left), "--%s%s%s", o->name,
	    o->value == NULL ? "" : " ", o->value == NULL ? "" : o->value);
	(void)printf("  %-26s %s%s\n", left, o->help,
	    o->many ? " (may be repeated)" : "");
}

void
cli_help(const struct cli_verb *verb)
{
	(void)printf("usage: warder %s%s%s%s\n\n%s\n\n", verb->name,
	    verb->n_options > 0 ? " [option ...]" : "",
	    verb->operands == NULL ? "" : " ",
	    verb->operands == NULL ? "" : verb->operands, verb->summary);
	for (size_t i = 0; i < verb->n_options; i++)
		print_option(&verb->options[i]);
	print_option(&help_option);
	(void)printf("\nexample:\n  %s\n", verb->example);
}

enum cli_exit
cli_usage(const struct cli_args *args, const char *fmt, ...)
{
	va_list ap;

	(void)fprintf(stderr, "warder %s: ", args->verb->name);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fprintf(stderr, "\nTry 'warder %s --help'.\n", args->verb->name);
	return CLI_USAGE;
}
