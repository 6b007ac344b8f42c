/*
 * Distinguished names as operators type them. The text is cut in place: every
 * value ends up as a NUL-terminated part of it.
 */
#include "base/span.h"
#include "crypto/x509_make.h"

struct attribute {
	const char *name;
	const char *oid; /* NULL: a name for subjectAltName */
	size_t min, max; /* bounds of RFC 5280, appendix A.1 */
};

static const struct attribute attributes[] = {
	{ "CN", "2.5.4.3", 1, 64 },
	{ "O", "2.5.4.10", 1, 64 },
	{ "OU", "2.5.4.11", 1, 64 },
	{ "L", "2.5.4.7", 1, 128 },
	{ "ST", "2.5.4.8", 1, 128 },
	{ "C", "2.5.4.6", 2, 2 },
	{ "DNS", NULL, 1, 253 },
};

static const struct attribute *
attribute_named(const char *name)
{
	for (size_t i = 0; i < WD_N(attributes); i++)
		if (wd_span_is(wd_span_text(name), attributes[i].name))
			return &attributes[i];
	return NULL;
}

/*
 * Ends the part at the next STOP that no backslash precedes, and drops the
 * backslashes. Returns what follows the stop, or NULL at the end of the text.
 */
static char *
cut(char *text, char stop)
{
	char *to = text;

	for (; *text != '\0' && *text != stop; text++) {
		if (*text == '\\' && text[1] != '\0')
			text++;
		*to++ = *text;
	}
	if (*text == '\0') {
		*to = '\0';
		return NULL;
	}
	*to = '\0';
	return text + 1;
}

/* Where the results go; counts how much of it is used. */
struct target {
	struct wd_rdn *rdn;
	size_t max_rdn, n_rdn;
	const char **dns;
	size_t max_dns, n_dns;
};

static bool
store(struct target *t, const struct attribute *a, const char *value)
{
	if (a->oid == NULL) {
		if (t->n_dns == t->max_dns)
			return false;
		t->dns[t->n_dns++] = value;
		return true;
	}
	if (t->n_rdn == t->max_rdn)
		return false;
	t->rdn[t->n_rdn++] = (struct wd_rdn){ a->oid, value };
	return true;
}

static bool
has_control_byte(const char *value)
{
	for (; *value != '\0'; value++)
		if ((uint8_t)*value < 0x20 || *value == 0x7f)
			return true;
	return false;
}

static int
take_part(char *name, struct target *t, struct wd_diag *d)
{
	char *value = cut(name, '=');
	const struct attribute *a = attribute_named(name);
	size_t len = wd_span_text(value).len;

	if (value == NULL || a == NULL)
		return wd_reject(d, WD_R_MALFORMED,
		    "'%s' is none of CN=, O=, OU=, L=, ST=, C=, DNS=", name);
	if (len < a->min || len > a->max || has_control_byte(value))
		return wd_reject(d, WD_R_MALFORMED,
		    "the value of %s must have %zu to %zu characters", name,
		    a->min, a->max);
	if (!store(t, a, value))
		return wd_reject(d, WD_R_MALFORMED, "there are too many names");
	return 0;
}

static char *
skip_spaces(char *text)
{
	while (*text == ' ')
		text++;
	return text;
}

int
wd_subject_parse(char *text, struct wd_rdn *rdn, size_t max_rdn,
    size_t *ret_n_rdn, const char **dns, size_t max_dns, size_t *ret_n_dns,
    struct wd_diag *d)
{
	struct target t = { rdn, max_rdn, 0, dns, max_dns, 0 };
	char *rest = text;
	int r;

	while (rest != NULL) {
		char *part = skip_spaces(rest);

		rest = cut(part, ',');
		if ((r = take_part(part, &t, d)) != 0)
			return r;
	}
	*ret_n_rdn = t.n_rdn;
	*ret_n_dns = t.n_dns;
	return 0;
}
