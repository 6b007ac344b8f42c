/*
 * The manual's part about the agent's keys, from the table that reads them.
 */
#include "bin/agent/conf.h"

#include "bin/common/manual.h"

#include <stdio.h>
#include <string.h>

/* What a value looks like, and what it is when it is not given. */
static void
write_form(struct wd_wr *wr, const struct agent_conf_key *key)
{
	const char *form = agent_conf_form(key->type);
	const char *standard = key->standard == NULL ? "; must be given."
	    : key->standard[0] == '\0'               ? "; none by default."
						     : "; by default";
	char text[256];

	if (key->type == AGENT_IS_NUMBER)
		(void)snprintf(text, sizeof(text),
		    "A decimal number from %u to %u%s", key->min, key->max,
		    standard);
	else if (key->type == AGENT_IS_HEX)
		(void)snprintf(text, sizeof(text), "%zu bytes in hex%s",
		    key->size, standard);
	else
		(void)snprintf(text, sizeof(text), "%c%s%s",
		    form[0] - 'a' + 'A', form + 1, standard);
	wd_manual_fill(wr, text);
	if (key->standard != NULL && key->standard[0] != '\0')
		wd_wr_printf(wr, ".Ql %s .\n", key->standard);
}

static bool
is_other_section(const struct agent_conf_key *a, const struct agent_conf_key *b)
{
	return strcmp(a->section, b->section) != 0;
}

static const char *
title(const struct agent_conf_key *key)
{
	return strcmp(key->section, "key") == 0 ? "key NAME" : key->section;
}

void
agent_conf_manual(struct wd_wr *wr)
{
	size_t n;
	const struct agent_conf_key *keys = agent_conf_keys(&n);

	for (size_t i = 0; i < n; i++) {
		const struct agent_conf_key *key = &keys[i];

		if (i == 0 || is_other_section(key, key - 1))
			wd_wr_printf(wr, ".Ss [%s] keys\n.Bl -tag -width Ds\n",
			    title(key));
		wd_wr_printf(wr, ".It Cm %s\n", key->name);
		wd_manual_fill(wr, key->manual);
		write_form(wr, key);
		if (key->at_start_only)
			wd_wr_text(wr, "Only a new start changes it.\n");
		if (i + 1 == n || is_other_section(key, key + 1))
			wd_wr_text(wr, ".El\n");
	}
}
