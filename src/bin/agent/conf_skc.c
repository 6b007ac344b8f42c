/*
 * Keys of the configuration that come from a keys.txt of SKC: all of them with
 * the rights of section [skc].
 */
#include "bin/agent/conf.h"

#include "bin/agent/skc.h"

#include <stdio.h>
#include <string.h>

static bool
is_configured(const struct agent_conf *c, const struct agent_key_conf *k)
{
	for (size_t i = 0; i < c->n_keys; i++)
		if (strcmp(c->keys[i].path, k->path) == 0 ||
		    strcmp(c->keys[i].id, k->id) == 0)
			return true;
	return false;
}

static int
add(struct agent_conf *c, const struct wd_skc_key *key, struct wd_diag *d)
{
	struct agent_key_conf k = {
		.see = c->skc_see, .use = c->skc_use, .wrapped = c->wrapped
	};

	/* All fit: an id has 36 characters, and the label as many at most as
	 * the line's reader lets through. */
	(void)snprintf(k.name, sizeof(k.name), "%s", key->id.s);
	(void)snprintf(k.id, sizeof(k.id), "%s", key->id.s);
	(void)snprintf(k.path, sizeof(k.path), "default/key/%s", key->id.s);
	(void)snprintf(k.label, sizeof(k.label), "%s", key->label);
	if (is_configured(c, &k))
		return 0;
	if (!key->is_private)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "%s is a secret key, which programs cannot use here; give "
		    "it a section [key NAME] with get",
		    key->id.s);
	if (c->n_keys == AGENT_KEYS_MAX)
		return wd_reject(
		    d, WD_R_RANGE, "more than %d keys", AGENT_KEYS_MAX);
	c->keys[c->n_keys++] = k;
	return 0;
}

int
agent_conf_add_skc(struct agent_conf *c, struct wd_span text, struct wd_diag *d)
{
	for (;;) {
		struct wd_skc_key key;
		int r = wd_skc_next(&text, &key, d);

		if (r == WD_R_NOT_FOUND)
			return 0;
		if (r != 0 || (r = add(c, &key, d)) != 0)
			return r;
	}
}
