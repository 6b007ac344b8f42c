/*
 * The manual's part about keys, from the table that reads them.
 */
#include "bin/common/conf.h"

#include <stdio.h>
#include <string.h>

#include "bin/common/manual.h"

/* What a value looks like, as the start of a sentence. */
static void
describe(const struct wd_conf_key *key, char *ret, size_t size)
{
	const char *form = wd_conf_form(key->type);
	const char *end =
	    key->standard[0] == '\0' ? "; none by default." : "; by default";

	if (key->type == WD_CONF_IS_NUMBER)
		(void)snprintf(ret, size, "A decimal number from %u to %u%s",
		    key->min, key->max, end);
	else
		(void)snprintf(ret, size, "%c%s%s", form[0] - 'a' + 'A',
		    form + 1, end); /* forms are short texts of ours */
}

static void
write_form(struct wd_wr *wr, const struct wd_conf_key *key)
{
	char text[256];

	describe(key, text, sizeof(text));
	wd_manual_fill(wr, text);
	if (key->standard[0] != '\0')
		wd_wr_printf(wr, ".Ql %s .\n", key->standard);
}

static void
write_key(struct wd_wr *wr, const struct wd_conf_key *key)
{
	wd_wr_printf(wr, ".It Cm %s\n", key->name);
	wd_manual_fill(wr, key->manual);
	write_form(wr, key);
	if (key->at_start_only)
		wd_wr_text(wr, "Only a new start changes it.\n");
}

void
wd_conf_manual(struct wd_wr *wr)
{
	size_t n;
	const struct wd_conf_key *keys = wd_conf_keys(&n);

	for (size_t i = 0; i < n; i++) {
		bool first =
		    i == 0 || strcmp(keys[i].section, keys[i - 1].section) != 0;
		bool last = i + 1 == n ||
		    strcmp(keys[i].section, keys[i + 1].section) != 0;

		if (first)
			wd_wr_printf(wr, ".Ss [%s] keys\n.Bl -tag -width Ds\n",
			    keys[i].section);
		write_key(wr, &keys[i]);
		if (last)
			wd_wr_text(wr, ".El\n");
	}
	wd_conf_backends_manual(wr);
}
