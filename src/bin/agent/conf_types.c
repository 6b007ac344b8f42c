/*
 * Values of the agent's configuration, by type. Each of them either fills its
 * whole place or is refused with what it should look like.
 */
#include "bin/agent/conf.h"

#include "base/num.h"
#include "codec/address.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/utf8.h"
#include "sys/log.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

static int
wrong_form(const struct agent_value *v, struct wd_diag *d)
{
	return wd_reject(d, WD_R_MALFORMED, "%s is not %s", v->key->name,
	    agent_conf_form(v->key->type));
}

static int
too_long(const struct agent_value *v, struct wd_diag *d)
{
	return wd_reject(d, WD_R_RANGE, "%s is over %zu bytes", v->key->name,
	    v->key->size - 1);
}

/* ---- texts */

static int
set_text(const struct agent_value *v, void *at, struct wd_diag *d)
{
	if (!wd_utf8_is_text(v->text))
		return wrong_form(v, d);
	if (!wd_span_to_text(v->text, at, v->key->size))
		return too_long(v, d);
	return 0;
}

static bool
is_word(struct wd_span s, const char *others)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') &&
		    (c < '0' || c > '9') &&
		    (c == '\0' || strchr(others, c) == NULL))
			return false;
	}
	return s.len > 0;
}

static int
set_word(const struct agent_value *v, void *at, struct wd_diag *d)
{
	return is_word(v->text, "_-") ? set_text(v, at, d) : wrong_form(v, d);
}

static int
set_path(const struct agent_value *v, void *at, struct wd_diag *d)
{
	bool absolute = v->text.p[0] == '/';
	int n;

	if (v->text.len >= v->key->size)
		return too_long(v, d);
	n = snprintf(at, v->key->size, "%s%s%.*s", absolute ? "" : v->folder,
	    absolute ? "" : "/", (int)v->text.len, (const char *)v->text.p);
	return n < 0 || (size_t)n >= v->key->size ? too_long(v, d) : 0;
}

/* "kbs.example:9443", "192.0.2.1:9443", "[2001:db8::1]:9443" */
static int
set_server(const struct agent_value *v, void *at, struct wd_diag *d)
{
	struct agent_conf *c = (struct agent_conf *)((char *)at -
	    offsetof(struct agent_conf, host));
	struct wd_address a;

	if (!wd_address_split(v->text, &a) || a.port == 0 ||
	    !is_word(a.host, a.brackets ? ":." : ".-"))
		return wrong_form(v, d);
	if (!wd_span_to_text(a.host, c->host, sizeof(c->host)))
		return too_long(v, d);
	c->port = a.port;
	return 0;
}

/* ---- numbers and words */

static int
set_bool(const struct agent_value *v, void *at, struct wd_diag *d)
{
	bool yes = wd_span_is(v->text, "yes");

	if (!yes && !wd_span_is(v->text, "no"))
		return wrong_form(v, d);
	*(bool *)at = yes;
	return 0;
}

static int
set_number(const struct agent_value *v, void *at, struct wd_diag *d)
{
	uint64_t n;

	if (!wd_num_parse(v->text, UINT64_MAX, &n))
		return wrong_form(v, d);
	if (n < v->key->min || n > v->key->max)
		return wd_reject(d, WD_R_RANGE, "%s is not from %u to %u",
		    v->key->name, v->key->min, v->key->max);
	*(uint32_t *)at = (uint32_t)n;
	return 0;
}

static int
set_level(const struct agent_value *v, void *at, struct wd_diag *d)
{
	enum wd_log_level level;

	if (!wd_log_level_parse(v->text, &level))
		return wrong_form(v, d);
	*(uint8_t *)at = (uint8_t)level;
	return 0;
}

static int
set_wrapped(const struct agent_value *v, void *at, struct wd_diag *d)
{
	static const char *const words[] = {
		[WD_WRAPPED_AUTO] = "auto",
		[WD_WRAPPED_NEVER] = "never",
		[WD_WRAPPED_ONLY] = "only",
	};

	for (size_t i = WD_WRAPPED_AUTO; i < WD_N(words); i++)
		if (wd_span_is(v->text, words[i])) {
			*(uint8_t *)at = (uint8_t)i;
			return 0;
		}
	return wrong_form(v, d);
}

static int
set_mode(const struct agent_value *v, void *at, struct wd_diag *d)
{
	bool remote = wd_span_is(v->text, "remote");

	if (!remote && !wd_span_is(v->text, "release"))
		return wrong_form(v, d);
	*(uint8_t *)at = remote ? AGENT_MODE_REMOTE : AGENT_MODE_RELEASE;
	return 0;
}

static int
set_thumb(const struct agent_value *v, void *at, struct wd_diag *d)
{
	return wd_b64url_decode_exact(v->text, at, v->key->size) == 0
	    ? 0
	    : wrong_form(v, d);
}

static int
set_hex(const struct agent_value *v, void *at, struct wd_diag *d)
{
	if (wd_hex_decode_exact(v->text, at, v->key->size) == 0)
		return 0;
	return wd_reject(d, WD_R_MALFORMED, "%s is not %zu bytes in hex",
	    v->key->name, v->key->size);
}

static int
set_id(const struct agent_value *v, void *at, struct wd_diag *d)
{
	struct wd_id id;

	if (!wd_id_parse(v->text, &id))
		return wrong_form(v, d);
	return wd_span_to_text(wd_id_span(&id), at, v->key->size) ? 0
								  : WD_F_BUG;
}

/* Three segments of letters, digits, '_', '-' and '.', no dot in front. */
static int
set_resource(const struct agent_value *v, void *at, struct wd_diag *d)
{
	size_t slashes = 0;
	bool start = true;

	for (size_t i = 0; i < v->text.len; i++) {
		struct wd_span c = wd_span(v->text.p + i, 1);
		bool slash = c.p[0] == '/';

		if (start ? !is_word(c, "_-") : !slash && !is_word(c, "_-."))
			return wrong_form(v, d);
		slashes += slash;
		start = slash;
	}
	if (slashes != 2 || start)
		return wrong_form(v, d);
	return set_text(v, at, d);
}

/* ---- users */

static bool
look_up(const char *name, bool is_group, uint32_t *ret_id)
{
	uint64_t number;

	if (wd_num_parse(wd_span_text(name), UINT32_MAX - 1, &number)) {
		*ret_id = (uint32_t)number;
		return true;
	}
	if (is_group) {
		const struct group *gr = getgrnam(name);

		if (gr != NULL)
			*ret_id = gr->gr_gid;
		return gr != NULL;
	}
	const struct passwd *pw = getpwnam(name);

	if (pw != NULL)
		*ret_id = pw->pw_uid;
	return pw != NULL;
}

static int
add_grant(struct wd_span word, struct agent_grants *ret, struct wd_diag *d)
{
	bool is_group = word.p[0] == '@';
	struct wd_hold_grant *g = &ret->who[ret->n];
	char name[64];

	if (is_group)
		word = wd_span(word.p + 1, word.len - 1);
	if (ret->n == WD_HOLD_GRANTS_MAX)
		return wd_reject(
		    d, WD_R_RANGE, "more than %d users", WD_HOLD_GRANTS_MAX);
	if (!is_word(word, "_-.$") ||
	    !wd_span_to_text(word, name, sizeof(name)))
		return wd_reject(
		    d, WD_R_MALFORMED, "that is no name of a user");
	g->is_group = is_group;
	if (!look_up(name, is_group, &g->id))
		return wd_reject(d, WD_R_NOT_FOUND, "there is no %s %s",
		    is_group ? "group" : "user", name);
	ret->n++;
	return 0;
}

static bool
is_between(uint8_t c)
{
	return c == ' ' || c == ',' || c == '\t';
}

/* Words with blanks or commas between them. */
static int
set_users(const struct agent_value *v, void *at, struct wd_diag *d)
{
	struct agent_grants grants = { 0 };
	struct wd_span s = v->text;

	while (s.len > 0) {
		size_t n = 0;
		int r;

		while (n < s.len && !is_between(s.p[n]))
			n++;
		if (n > 0 && (r = add_grant(wd_span(s.p, n), &grants, d)) != 0)
			return r;
		n += n < s.len;
		s = wd_span(s.p + n, s.len - n);
	}
	*(struct agent_grants *)at = grants;
	return 0;
}

/* ---- the table */

static const struct {
	const char *form;
	int (*set)(const struct agent_value *, void *at, struct wd_diag *);
} types[AGENT_TYPES] = {
	[AGENT_IS_TEXT] = { "a text without control characters", set_text },
	[AGENT_IS_WORD] = { "a name", set_word },
	[AGENT_IS_PATH] = { "a path", set_path },
	[AGENT_IS_SERVER] = { "a server of the form kbs.example:9443, "
			      "192.0.2.1:9443 or [2001:db8::1]:9443",
	    set_server },
	[AGENT_IS_BOOL] = { "yes or no", set_bool },
	[AGENT_IS_NUMBER] = { "a decimal number", set_number },
	[AGENT_IS_LEVEL] = { "error, warning, info or debug", set_level },
	[AGENT_IS_THUMB] = { "a thumbprint of 43 characters in base64url",
	    set_thumb },
	[AGENT_IS_HEX] = { "bytes in hex", set_hex },
	[AGENT_IS_ID] = { "the id of a key", set_id },
	[AGENT_IS_RESOURCE] = { "a path of the form repo/type/tag",
	    set_resource },
	[AGENT_IS_MODE] = { "release or remote", set_mode },
	[AGENT_IS_WRAPPED] = { "auto, never or only", set_wrapped },
	[AGENT_IS_USERS] = { "names of users, and of groups with @ in front",
	    set_users },
};

const char *
agent_conf_form(enum agent_conf_type type)
{
	return types[type].form;
}

int
agent_conf_set(const struct agent_value *v, void *place_of, struct wd_diag *d)
{
	if (v->text.len > 0)
		return types[v->key->type].set(
		    v, (char *)place_of + v->key->offset, d);
	if (v->key->standard != NULL && v->key->standard[0] == '\0')
		return 0;
	return wrong_form(v, d);
}
