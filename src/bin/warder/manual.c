/*
 * warder --print-manual: the verbs as a part of warder(1), from their tables,
 * so that page and program cannot differ.
 */
#include "bin/warder/manual.h"

#include "bin/common/manual.h"
#include "bin/warder/verbs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { MANUAL_MAX = 1 << 20, SENTENCE = 512 };

/* The text as a sentence of its own. */
static void
fill_sentence(struct wd_wr *wr, const char *text)
{
	char sentence[SENTENCE];
	size_t len = strlen(text);

	(void)snprintf(sentence, sizeof(sentence), "%c%s%s",
	    toupper((unsigned char)text[0]), text + 1,
	    len > 0 && text[len - 1] == '.' ? "" : "."); /* ours are short */
	wd_manual_fill(wr, sentence);
}

static void
write_option(struct wd_wr *wr, const struct cli_option *o)
{
	wd_wr_printf(wr, ".It Fl \\-%s", o->name);
	if (o->value != NULL)
		wd_wr_printf(wr, " Ar %s", o->value);
	wd_wr_text(wr, "\n");
	fill_sentence(wr, o->help);
	if (o->many)
		wd_wr_text(wr, "May be given more than once.\n");
}

/* Options that every online verb has stand once, in the page itself. */
static bool
is_common(const struct cli_option *o)
{
	static const char *const names[] = { "admin", "ca", "token-file" };

	for (size_t i = 0; i < WD_N(names); i++)
		if (strcmp(o->name, names[i]) == 0)
			return true;
	return false;
}

static void
write_verb(struct wd_wr *wr, const struct cli_verb *v)
{
	wd_wr_printf(wr, ".It Cm %s", v->name);
	if (v->operands != NULL)
		wd_wr_printf(wr, " Ar %s", v->operands);
	wd_wr_text(wr, "\n");
	fill_sentence(wr, v->summary);
	if (v->n_options > 0)
		wd_wr_text(wr, ".Bl -tag -width Ds -compact\n");
	for (size_t i = 0; i < v->n_options; i++)
		if (!is_common(&v->options[i]))
			write_option(wr, &v->options[i]);
	if (v->n_options > 0)
		wd_wr_text(wr, ".El\n");
	wd_wr_printf(wr, "Example:\n.Dl %s\n", v->example);
}

int
cli_print_manual(void)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(MANUAL_MAX);
	size_t n;
	const struct cli_verb *const *verbs = cli_verbs(&n);

	for (size_t i = 0; i < n; i++)
		write_verb(&wr, verbs[i]);
	if (wd_wr_end(&wr) != 0 || fwrite(wr.p, 1, wr.len, stdout) != wr.len ||
	    fflush(stdout) != 0)
		return CLI_FAULT;
	return CLI_OK;
}
