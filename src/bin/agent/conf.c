/*
 * Reading the agent's configuration. Nothing is handed out before everything
 * was read and checked.
 */
#include "bin/agent/conf.h"

#include "base/alloc.h"
#include "bin/agent/skc.h"
#include "codec/ini.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct reading {
	struct agent_conf conf;
	const char *folder;
	uint64_t seen;                     /* bits by place in the table */
	uint64_t seen_key[AGENT_KEYS_MAX]; /* the same, per section */
};

/* "key NAME": its name; NULL for another section. */
static const char *
key_section(const char *section)
{
	return strncmp(section, "key ", 4) == 0 ? section + 4 : NULL;
}

static const struct agent_conf_key *
find(const char *section, const char *name, size_t *ret_place)
{
	size_t n;
	const struct agent_conf_key *keys = agent_conf_keys(&n);

	if (key_section(section) != NULL)
		section = "key";
	else if (strcmp(section, "key") == 0)
		return NULL; /* of no name */
	for (size_t i = 0; i < n; i++)
		if (strcmp(keys[i].section, section) == 0 &&
		    strcmp(keys[i].name, name) == 0) {
			*ret_place = i;
			return &keys[i];
		}
	return NULL;
}

static bool
is_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < AGENT_NAME &&
	    strspn(name,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_-.") == len;
}

/* The section's place among the keys, a new one if need be. */
static int
find_key(struct reading *rd, const char *name, size_t *ret_i, struct wd_diag *d)
{
	struct agent_conf *c = &rd->conf;

	for (size_t i = 0; i < c->n_keys; i++)
		if (strcmp(c->keys[i].name, name) == 0) {
			*ret_i = i;
			return 0;
		}
	if (!is_name(name))
		return wd_reject(d, WD_R_MALFORMED,
		    "a key's name has letters, digits, '_', '-' and '.', at "
		    "most %d",
		    AGENT_NAME - 1);
	if (c->n_keys == AGENT_KEYS_MAX)
		return wd_reject(
		    d, WD_R_RANGE, "more than %d keys", AGENT_KEYS_MAX);
	(void)wd_span_to_text(wd_span_text(name), c->keys[c->n_keys].name,
	    AGENT_NAME); /* fits, see above */
	*ret_i = c->n_keys++;
	return 0;
}

static int
on_entry(void *ctx, const struct wd_ini_entry *e, struct wd_diag *d)
{
	struct reading *rd = ctx;
	const char *name = key_section(e->section);
	size_t place = 0;
	size_t i = 0;
	struct agent_value v = { find(e->section, e->name, &place),
		wd_span_text(e->value), rd->folder };
	uint64_t *seen;
	int r;

	if (v.key == NULL)
		return wd_reject(d, WD_R_UNKNOWN_MEMBER,
		    "there is no key %.60s in section [%.60s]", e->name,
		    e->section);
	if (name != NULL && (r = find_key(rd, name, &i, d)) != 0)
		return r;
	seen = name != NULL ? &rd->seen_key[i] : &rd->seen;
	if ((*seen >> place & 1) != 0)
		return wd_reject(d, WD_R_EXISTS, "%s is given twice", e->name);
	*seen |= (uint64_t)1 << place;
	return agent_conf_set(&v,
	    name != NULL ? (void *)&rd->conf.keys[i] : (void *)&rd->conf, d);
}

/* ---- what was not given, and what concerns more than one value */

static int
set_defaults(struct reading *rd, struct wd_diag *d)
{
	size_t n;
	const struct agent_conf_key *keys = agent_conf_keys(&n);

	for (size_t i = 0; i < n; i++) {
		struct agent_value v = { &keys[i],
			wd_span_text(keys[i].standard), rd->folder };

		if ((rd->seen >> i & 1) != 0 ||
		    strcmp(keys[i].section, "key") == 0)
			continue;
		if (keys[i].standard == NULL)
			return wd_reject(d, WD_R_NOT_FOUND,
			    "%s in section [%s] must be given", keys[i].name,
			    keys[i].section);
		if (agent_conf_set(&v, &rd->conf, NULL) != 0)
			return wd_fault(
			    d, WD_F_BUG, "the default of %s", keys[i].name);
	}
	return 0;
}

static int
complete_key(struct agent_key_conf *k, struct wd_diag *d)
{
	if ((k->id[0] == '\0') == (k->path[0] == '\0'))
		return wd_reject(d, WD_R_MALFORMED,
		    "[key %s]: either id or path must be given", k->name);
	if (k->mode == AGENT_MODE_REMOTE && k->id[0] == '\0')
		return wd_reject(d, WD_R_MALFORMED,
		    "[key %s]: mode = remote needs an id", k->name);
	if (k->id[0] != '\0') /* fits: an id has 36 characters */
		(void)snprintf(k->path, sizeof(k->path), "default/%s/%.36s",
		    k->mode == AGENT_MODE_REMOTE ? "public" : "key", k->id);
	return 0;
}

/* A is used in the server and B is one of its versions, named by its path. */
static bool
is_held_too(const struct agent_key_conf *a, const struct agent_key_conf *b)
{
	char path[AGENT_NAME + 16];

	(void)snprintf(path, sizeof(path), "default/key/%s", a->id); /* fits */
	return a->mode == AGENT_MODE_REMOTE &&
	    strncmp(b->path, path, strlen(path)) == 0;
}

/* A key that is used in the server is not held as well: each would take the
 * other's place, and give it its rights. */
static bool
are_the_same(const struct agent_key_conf *a, const struct agent_key_conf *b)
{
	return strcmp(a->path, b->path) == 0 ||
	    (a->id[0] != '\0' && strcmp(a->id, b->id) == 0) ||
	    is_held_too(a, b) || is_held_too(b, a);
}

static int
complete_keys(struct agent_conf *c, struct wd_diag *d)
{
	for (size_t i = 0; i < c->n_keys; i++) {
		int r = complete_key(&c->keys[i], d);

		if (r != 0)
			return r;
		if (c->keys[i].wrapped == WD_WRAPPED_UNSET)
			c->keys[i].wrapped = c->wrapped;
		/* No HSM wraps what is public. */
		if (c->keys[i].mode == AGENT_MODE_REMOTE)
			c->keys[i].wrapped = WD_WRAPPED_NEVER;
		for (size_t k = 0; k < i; k++)
			if (are_the_same(&c->keys[i], &c->keys[k]))
				return wd_reject(d, WD_R_EXISTS,
				    "[key %s] and [key %s] are the same",
				    c->keys[k].name, c->keys[i].name);
	}
	return 0;
}

/* What SKC's files and its users' nginx.conf call it. */
static void
name_token_of_skc(struct reading *rd)
{
	size_t place = 0;

	if (rd->conf.skc_keys[0] != '\0' &&
	    find("agent", "token", &place) != NULL &&
	    (rd->seen >> place & 1) == 0)
		wd_copy(rd->conf.token, WD_SPAN(WD_SKC_TOKEN));
}

static int
complete(struct reading *rd, struct wd_diag *d)
{
	struct agent_conf *c = &rd->conf;
	int r = set_defaults(rd, d);

	if (r != 0 || (r = complete_keys(c, d)) != 0)
		return r;
	name_token_of_skc(rd);
	if (c->serial[0] != '\0' && strlen(c->serial) != WD_HOLDER_SERIAL_LEN)
		return wd_reject(d, WD_R_RANGE, "serial is not %d characters",
		    WD_HOLDER_SERIAL_LEN);
	if (c->wrap_key_bits % 1024 != 0)
		return wd_reject(d, WD_R_RANGE,
		    "wrap_key_bits is none of 2048, 3072 and 4096");
	return 0;
}

int
agent_conf_parse(struct wd_span text, const char *folder,
    struct agent_conf *ret, struct wd_diag *d)
{
	WD_AUTO(wd_freep) struct reading *rd = wd_alloc(sizeof(*rd));
	int r;

	if (rd == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	rd->folder = folder;
	r = wd_ini_read(text, on_entry, rd, d);
	if (r == 0)
		r = complete(rd, d);
	if (r == 0)
		*ret = rd->conf;
	return r;
}

static int
read_skc(struct agent_conf *c, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *text = NULL;
	int r;

	if (c->skc_keys[0] == '\0')
		return 0;
	r = wd_file_read(AT_FDCWD, c->skc_keys, WD_INI_MAX, &text, d);
	return r != 0 ? r : agent_conf_add_skc(c, wd_bytes_span(text), d);
}

int
agent_conf_read(const char *path, struct agent_conf *ret, struct wd_diag *d)
{
	WD_AUTO(wd_freep) struct agent_conf *c = wd_alloc(sizeof(*c));
	WD_AUTO(wd_bytes_freep) struct wd_bytes *text = NULL;
	char folder[WD_FILE_PATH_MAX];
	int r = wd_file_read(AT_FDCWD, path, WD_INI_MAX, &text, d);

	if (r != 0 || (r = wd_file_folder(path, folder, d)) != 0)
		return r;
	if (c == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	if ((r = agent_conf_parse(wd_bytes_span(text), folder, c, d)) != 0 ||
	    (r = read_skc(c, d)) != 0)
		return r;
	*ret = *c;
	return 0;
}

const struct agent_conf_key *
agent_conf_needs_restart(
    const struct agent_conf *old, const struct agent_conf *fresh)
{
	size_t n;
	const struct agent_conf_key *keys = agent_conf_keys(&n);

	for (size_t i = 0; i < n; i++) {
		size_t at = keys[i].offset;

		if (keys[i].at_start_only &&
		    !wd_span_equal(
			wd_span((const char *)old + at, keys[i].size),
			wd_span((const char *)fresh + at, keys[i].size)))
			return &keys[i];
	}
	return NULL;
}
