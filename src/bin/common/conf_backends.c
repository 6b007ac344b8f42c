/*
 * Sections [backend NAME], of which there may be several: `kind` comes first,
 * since it says which keys the others may be.
 */
#include "bin/common/conf.h"

#include <string.h>

#include "backend/conf.h"
#include "base/num.h"
#include "bin/common/manual.h"
#include "codec/ini.h"

static const char prefix[] = "backend ";

/* What every kind has beside its own. */
static const struct wd_backend_key kind_key = { "kind", WD_BACKEND_IS_TEXT,
	.manual = "What the backend is. Must be the first key of its "
		  "section." };

static const struct {
	struct wd_backend_key key;
	size_t at; /* of a uint32_t in struct wd_conf_backend; 0: not given */
} common[] = {
	{ { "processes", WD_BACKEND_IS_NUMBER, 1, WD_CONF_BACKEND_PROCESSES,
	      .standard = "2",
	      .manual = "How many processes serve it. Each does one thing at "
			"a time, so this is how much is asked of the backend "
			"at once." },
	    offsetof(struct wd_conf_backend, processes) },
	{ { "timeout_ms", WD_BACKEND_IS_NUMBER, 100, 60000, .standard = "5000",
	      .manual = "Within so many milliseconds an answer must have "
			"come; then the request is refused, to be tried "
			"again." },
	    offsetof(struct wd_conf_backend, timeout_ms) },
};

bool
wd_conf_is_backend(const char *section)
{
	return strncmp(section, prefix, sizeof(prefix) - 1) == 0;
}

const struct wd_conf_backend *
wd_conf_backend(const struct wd_conf *c, const char *name)
{
	for (size_t i = 0; i < c->n_backends; i++)
		if (strcmp(c->backends[i].conf.name, name) == 0)
			return &c->backends[i];
	return NULL;
}

static int
find(struct wd_conf *conf, const char *name, struct wd_conf_backend **ret,
    struct wd_diag *d)
{
	for (size_t i = 0; i < conf->n_backends; i++)
		if (strcmp(conf->backends[i].conf.name, name) == 0) {
			*ret = &conf->backends[i];
			return 0;
		}
	if (!wd_backend_name_is_valid(wd_span_text(name)))
		return wd_reject(d, WD_R_MALFORMED,
		    "%.60s is not the name of a backend: 1 to %d of the bytes "
		    "a to z, 0 to 9 and '-', and not embedded",
		    name, WD_BACKEND_NAME_MAX);
	if (conf->n_backends == WD_N(conf->backends))
		return wd_reject(d, WD_R_RANGE, "there are over %zu backends",
		    WD_N(conf->backends));
	*ret = &conf->backends[conf->n_backends++];
	(void)wd_span_to_text(wd_span_text(name), (*ret)->conf.name,
	    sizeof((*ret)->conf.name)); /* fits, it is valid */
	return 0;
}

static int
set_kind(struct wd_conf_backend *b, struct wd_span value, struct wd_diag *d)
{
	char text[160] = { 0 };
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text) - 1);
	size_t n;
	const struct wd_backend_form *const *forms = wd_backend_forms(&n);

	b->conf.form = wd_backend_form_by_name(value);
	if (b->conf.form != NULL)
		return 0;
	for (size_t i = 0; i < n; i++)
		wd_wr_printf(&wr, " %s", forms[i]->name);
	return wd_reject(d, WD_R_MALFORMED, "kind is not one of%s", text);
}

static int
set_common(struct wd_conf_backend *b, size_t i, struct wd_span value,
    struct wd_diag *d)
{
	uint32_t *at = (uint32_t *)((char *)b + common[i].at);
	uint64_t n = 0;
	int r;

	if (*at != 0)
		return wd_reject(
		    d, WD_R_EXISTS, "%s is given twice", common[i].key.name);
	r = wd_backend_key_check(&common[i].key, value, d);
	if (r != 0)
		return r;
	/* It was checked; left empty it is what it is by default. */
	if (value.len > 0)
		(void)wd_num_parse(value, UINT32_MAX, &n);
	*at = (uint32_t)n;
	return 0;
}

int
wd_conf_set_backend(struct wd_conf *conf, const struct wd_ini_entry *e,
    const char *folder, struct wd_diag *d)
{
	struct wd_span value = wd_span_text(e->value);
	struct wd_conf_backend *b;
	int r = find(conf, e->section + sizeof(prefix) - 1, &b, d);

	if (r != 0)
		return r;
	if (b->conf.form == NULL && strcmp(e->name, kind_key.name) != 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "the first key of a backend is not kind");
	if (b->conf.form == NULL)
		return set_kind(b, value, d);
	if (strcmp(e->name, kind_key.name) == 0)
		return wd_reject(d, WD_R_EXISTS, "kind is given twice");
	for (size_t i = 0; i < WD_N(common); i++)
		if (strcmp(common[i].key.name, e->name) == 0)
			return set_common(b, i, value, d);
	return wd_backend_conf_set(&b->conf, e->name, value, folder, d);
}

static int
complete(struct wd_conf_backend *b, struct wd_diag *d)
{
	for (size_t i = 0; i < WD_N(common); i++) {
		const uint32_t *at =
		    (const uint32_t *)((const char *)b + common[i].at);
		int r = *at != 0
		    ? 0
		    : set_common(b, i, wd_span_text(common[i].key.standard), d);

		if (r != 0)
			return r;
	}
	return wd_backend_conf_complete(&b->conf, d);
}

int
wd_conf_backends_complete(struct wd_conf *conf, struct wd_diag *d)
{
	for (size_t i = 0; i < conf->n_backends; i++) {
		int r = complete(&conf->backends[i], d);

		if (r != 0)
			return r;
	}
	if (conf->default_backend[0] != '\0' &&
	    wd_conf_backend(conf, conf->default_backend) == NULL)
		return wd_reject(d, WD_R_NOT_FOUND,
		    "default_backend: there is no section [backend %s]",
		    conf->default_backend);
	return 0;
}

/* ---- the manual */

/* The form of a value, as a sentence. */
static void
write_form(struct wd_wr *wr, const struct wd_backend_key *key)
{
	char text[200] = { 0 };
	struct wd_wr form = wd_wr_fixed(text, sizeof(text) - 1);

	wd_backend_key_form(key, &form);
	if (key->standard == NULL)
		wd_wr_text(&form, "; must be given.");
	else if (key->standard[0] == '\0')
		wd_wr_text(&form, "; none by default.");
	else
		wd_wr_text(&form, "; by default");
	text[0] = (char)(text[0] - 'a' + 'A'); /* forms are texts of ours */
	wd_manual_fill(wr, text);
	if (key->standard != NULL && key->standard[0] != '\0')
		wd_wr_printf(wr, ".Ql %s .\n", key->standard);
}

static void
write_key(struct wd_wr *wr, const struct wd_backend_key *key)
{
	wd_wr_printf(wr, ".It Cm %s\n", key->name);
	wd_manual_fill(wr, key->manual);
	write_form(wr, key);
}

static void
write_kind(struct wd_wr *wr, const struct wd_backend_form *form)
{
	wd_wr_printf(wr,
	    ".Ss [backend NAME] keys of kind %s\n.Bl -tag -width Ds\n",
	    form->name);
	for (size_t i = 0; i < form->n_keys; i++)
		write_key(wr, &form->keys[i]);
	wd_wr_text(wr, ".El\n");
}

static void
write_kinds(struct wd_wr *wr)
{
	size_t n;
	const struct wd_backend_form *const *forms = wd_backend_forms(&n);

	wd_wr_printf(wr, ".It Cm %s\n", kind_key.name);
	wd_manual_fill(wr, kind_key.manual);
	for (size_t i = 0; i < n; i++)
		wd_wr_printf(wr, "%s.Ql %s%s\n", i == 0 ? "One of\n" : "",
		    forms[i]->name, i + 1 == n ? " ." : " ,");
}

void
wd_conf_backends_manual(struct wd_wr *wr)
{
	size_t n;
	const struct wd_backend_form *const *forms = wd_backend_forms(&n);

	wd_wr_text(wr, ".Ss [backend NAME] keys\n");
	wd_manual_fill(wr,
	    "A backend is where keys rest that are not kept in Warder's own "
	    "store. There may be 8, each with a section of its own; NAME is "
	    "what keys call it. Secrets are never values here: they lie in "
	    "files that the user of backends may read, or are credentials that "
	    "systemd gives to the service (systemd.exec(5), LoadCredential=): "
	    "a path may be credential:NAME. A reload adds, changes and removes "
	    "backends.");
	wd_wr_text(wr, ".Bl -tag -width Ds\n");
	write_kinds(wr);
	for (size_t i = 0; i < WD_N(common); i++)
		write_key(wr, &common[i].key);
	wd_wr_text(wr, ".El\n");
	for (size_t i = 0; i < n; i++)
		write_kind(wr, forms[i]);
}
