/*
 * Values of a backend's section. Each is checked by its key's type before it
 * is kept; secrets are never among them.
 */
#include "backend/conf.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "sys/credential.h"

bool
wd_backend_name_is_valid(struct wd_span name)
{
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-')
			return false;
	}
	return name.len >= 1 && name.len <= WD_BACKEND_NAME_MAX &&
	    !wd_span_is(name, "embedded");
}

/* ---- types */

/* WORDS have single spaces between. */
static bool
is_one_of(struct wd_span value, const char *words)
{
	while (*words != '\0') {
		size_t len = strcspn(words, " ");

		if (wd_span_equal(value, wd_span(words, len)))
			return true;
		words += len + (words[len] == ' ');
	}
	return false;
}

void
wd_backend_key_form(const struct wd_backend_key *key, struct wd_wr *wr)
{
	switch (key->type) {
	case WD_BACKEND_IS_TEXT:
		wd_wr_text(wr, "a text");
		return;
	case WD_BACKEND_IS_PATH:
		wd_wr_text(wr, "a path, or credential:NAME");
		return;
	case WD_BACKEND_IS_BOOL:
		wd_wr_text(wr, "yes or no");
		return;
	case WD_BACKEND_IS_NUMBER:
		wd_wr_printf(
		    wr, "a decimal number from %u to %u", key->min, key->max);
		return;
	case WD_BACKEND_IS_WORD:
		wd_wr_printf(wr, "one of %s", key->words);
		return;
	}
}

static int
wrong_form(const struct wd_backend_key *key, struct wd_diag *d)
{
	char text[160] = { 0 };
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text) - 1);

	wd_backend_key_form(key, &wr);
	return wd_reject(d, WD_R_MALFORMED, "%s is not %s", key->name, text);
}

static bool
is_number(const struct wd_backend_key *key, struct wd_span value)
{
	uint64_t n;

	return wd_num_parse(value, key->max, &n) && n >= key->min;
}

int
wd_backend_key_check(
    const struct wd_backend_key *key, struct wd_span value, struct wd_diag *d)
{
	bool fine = value.len > 0 || key->standard != NULL;
	struct wd_span name;

	if (value.len > WD_BACKEND_VALUE_MAX)
		return wd_reject(d, WD_R_RANGE, "%s is over %d bytes",
		    key->name, WD_BACKEND_VALUE_MAX);
	if (value.len > 0 && key->type == WD_BACKEND_IS_BOOL)
		fine = is_one_of(value, "yes no");
	if (value.len > 0 && key->type == WD_BACKEND_IS_WORD)
		fine = is_one_of(value, key->words);
	if (key->type == WD_BACKEND_IS_PATH && wd_credential_is(value))
		fine = wd_credential_name(value, &name);
	if (value.len > 0 && key->type == WD_BACKEND_IS_NUMBER)
		fine = is_number(key, value);
	return fine ? 0 : wrong_form(key, d);
}

/* ---- keys */

/* FOLDER/VALUE, unless VALUE is absolute. */
static int
set_path(char *at, struct wd_span value, const char *folder, struct wd_diag *d)
{
	int n = snprintf(at, WD_BACKEND_VALUE_MAX + 1, "%s/%.*s", folder,
	    (int)value.len, (const char *)value.p);

	if (n < 0 || n > WD_BACKEND_VALUE_MAX)
		return wd_reject(d, WD_R_RANGE, "the path is over %d bytes",
		    WD_BACKEND_VALUE_MAX);
	return 0;
}

static int
keep(struct wd_backend_conf *c, size_t i, struct wd_span value,
    const char *folder, struct wd_diag *d)
{
	const struct wd_backend_key *key = &c->form->keys[i];
	int r = wd_backend_key_check(key, value, d);

	if (r != 0)
		return r;
	if (value.len == 0) /* given, but empty: as if it were left out */
		value = wd_span_text(key->standard);
	c->at[i].key = key;
	if (key->type == WD_BACKEND_IS_PATH && value.len > 0 &&
	    value.p[0] != '/' && !wd_credential_is(value))
		return set_path(c->at[i].value, value, folder, d);
	if (!wd_span_to_text(value, c->at[i].value, sizeof(c->at[i].value)))
		return wrong_form(key, d); /* has a NUL */
	return 0;
}

int
wd_backend_conf_set(struct wd_backend_conf *c, const char *name,
    struct wd_span value, const char *folder, struct wd_diag *d)
{
	for (size_t i = 0; i < c->form->n_keys && i < WD_N(c->at); i++) {
		if (strcmp(c->form->keys[i].name, name) != 0)
			continue;
		if (c->at[i].key != NULL)
			return wd_reject(
			    d, WD_R_EXISTS, "%s is given twice", name);
		return keep(c, i, value, folder, d);
	}
	return wd_reject(d, WD_R_UNKNOWN_MEMBER,
	    "a backend of kind %s has no key %.60s", c->form->name, name);
}

int
wd_backend_conf_complete(struct wd_backend_conf *c, struct wd_diag *d)
{
	c->n = c->form->n_keys;
	if (c->n > WD_N(c->at))
		return wd_fault(d, WD_F_BUG, "too many keys");
	for (size_t i = 0; i < c->n; i++) {
		const struct wd_backend_key *key = &c->form->keys[i];
		int r;

		if (c->at[i].key != NULL)
			continue;
		if (key->standard == NULL)
			return wd_reject(d, WD_R_MALFORMED,
			    "backend %s: %s must be given", c->name, key->name);
		r = keep(c, i, wd_span_text(key->standard), "", d);
		if (r != 0)
			return wd_fault(
			    d, WD_F_BUG, "the default of %s", key->name);
	}
	return 0;
}

/* ---- for rows */

const char *
wd_backend_text(const struct wd_backend_conf *c, const char *key)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->at[i].key->name, key) == 0)
			return c->at[i].value;
	return ""; /* a mistake in the row: its keys and its code differ */
}

uint32_t
wd_backend_number(const struct wd_backend_conf *c, const char *key)
{
	uint64_t n = 0;

	/* It was checked; one that was left out is 0. */
	(void)wd_num_parse(
	    wd_span_text(wd_backend_text(c, key)), UINT32_MAX, &n);
	return (uint32_t)n;
}

bool
wd_backend_flag(const struct wd_backend_conf *c, const char *key)
{
	return strcmp(wd_backend_text(c, key), "yes") == 0;
}
