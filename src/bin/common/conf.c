/*
 * Reading the configuration. Nothing is handed out before everything was read
 * and checked.
 */
#include "bin/common/conf.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "codec/ini.h"
#include "sys/file.h"

enum { KEYS_MAX = 128 };

struct reading {
	struct wd_conf conf;
	const char *folder;
	bool seen[KEYS_MAX]; /* by place in the table */
};

static bool
is_list(const struct wd_conf_key *key)
{
	return key->type == WD_CONF_IS_ANCHOR ||
	    key->type == WD_CONF_IS_SOFTWARE_ANCHOR ||
	    key->type == WD_CONF_IS_EK_ANCHOR ||
	    key->type == WD_CONF_IS_SOFTWARE_EK_ANCHOR ||
	    key->type == WD_CONF_IS_SNP_TCB;
}

static int
set_default(struct reading *rd, const struct wd_conf_key *key)
{
	struct wd_conf_value v = { key, wd_span_text(key->standard),
		rd->folder };

	return wd_conf_set(&v, &rd->conf, NULL);
}

static int
on_entry(void *ctx, const struct wd_ini_entry *e, struct wd_diag *d)
{
	struct reading *rd = ctx;
	const struct wd_conf_key *key = wd_conf_key(e->section, e->name);
	struct wd_conf_value v = { key, wd_span_text(e->value), rd->folder };
	size_t n;
	bool *seen;

	if (wd_conf_is_backend(e->section))
		return wd_conf_set_backend(&rd->conf, e, rd->folder, d);
	if (key == NULL)
		return wd_reject(d, WD_R_UNKNOWN_MEMBER,
		    "there is no key %.60s in section [%.60s]", e->name,
		    e->section);
	seen = &rd->seen[key - wd_conf_keys(&n)];
	if (*seen && !is_list(key))
		return wd_reject(d, WD_R_EXISTS, "%s is given twice", e->name);
	*seen = true;
	return wd_conf_set(&v, &rd->conf, d);
}

/* Keys that were not given, then what concerns more than one key. */
static int
complete(struct reading *rd, struct wd_diag *d)
{
	struct wd_conf *c = &rd->conf;
	size_t n;
	const struct wd_conf_key *keys = wd_conf_keys(&n);
	int r;

	for (size_t i = 0; i < n; i++)
		if (!rd->seen[i] && set_default(rd, &keys[i]) != 0)
			return wd_fault(
			    d, WD_F_BUG, "the default of %s", keys[i].name);
	if (c->admin_socket[0] == '\0' &&
	    snprintf(c->admin_socket, sizeof(c->admin_socket), "%s/admin.sock",
		c->run_dir) >= WD_CONF_PATH)
		return wd_reject(d, WD_R_RANGE, "run_dir is too long");
	if (strlen(c->admin_socket) >=
	    sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return wd_reject(d, WD_R_RANGE,
		    "the path of the admin socket is over %zu bytes",
		    sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
	if (c->max_per_source > c->max_connections)
		return wd_reject(
		    d, WD_R_RANGE, "max_per_source is over max_connections");
	if (c->vendor_roots && (r = wd_conf_add_vendors(c, d)) != 0)
		return r;
	return wd_conf_backends_complete(c, d);
}

int
wd_conf_parse(struct wd_span text, const char *folder, struct wd_conf *ret,
    struct wd_diag *d)
{
	struct reading rd = { .folder = folder };
	int r = wd_ini_read(text, on_entry, &rd, d);

	if (r == 0)
		r = complete(&rd, d);
	if (r == 0)
		*ret = rd.conf;
	return r;
}

int
wd_conf_read(const char *path, struct wd_conf *ret, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *text = NULL;
	char folder[WD_FILE_PATH_MAX];
	int r = wd_file_read(AT_FDCWD, path, WD_INI_MAX, &text, d);

	if (r != 0 || (r = wd_file_folder(path, folder, d)) != 0)
		return r;
	return wd_conf_parse(wd_bytes_span(text), folder, ret, d);
}

const struct wd_conf_key *
wd_conf_needs_restart(const struct wd_conf *old, const struct wd_conf *fresh)
{
	size_t n;
	const struct wd_conf_key *keys = wd_conf_keys(&n);

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
