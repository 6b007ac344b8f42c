/*
 * Lines of keys.txt. Strict: a line that is read in another way than its writer
 * meant would ask for another key.
 */
#include "bin/agent/skc.h"

enum { PIN_MIN = 4, PIN_MAX = 255, VALUE_MAX = 256 };

enum part { TOKEN, ID, OBJECT, TYPE, PIN, PARTS };

static const char *const names[PARTS] = {
	[TOKEN] = "token",
	[ID] = "id",
	[OBJECT] = "object",
	[TYPE] = "type",
	[PIN] = "pin-value",
};

/* Values with percent signs undone. */
struct parts {
	bool seen[PARTS];
	size_t len[PARTS];
	char value[PARTS][VALUE_MAX];
};

/* Takes what is in front of STOP, or all, off S. */
static struct wd_span
cut(struct wd_span *s, uint8_t stop)
{
	struct wd_span head = *s;
	size_t n = 0;

	while (n < s->len && s->p[n] != stop)
		n++;
	head.len = n;
	if (n < s->len)
		n++;
	*s = wd_span(s->p + n, s->len - n);
	return head;
}

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* RFC 3986, section 2.1; no NUL comes out. */
static bool
undo_percent(struct wd_span in, char out[VALUE_MAX], size_t *ret_len)
{
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		int c = in.p[i];

		if (c == '%' && in.len - i > 2) {
			int high = hex_digit(in.p[i + 1]);
			int low = hex_digit(in.p[i + 2]);

			if (high < 0 || low < 0)
				return false;
			c = high * 16 + low;
			i += 2;
		}
		if (c == '\0' || n == VALUE_MAX - 1)
			return false;
		out[n++] = (char)c;
	}
	*ret_len = n;
	return true;
}

static bool
read_part(struct wd_span text, struct parts *parts)
{
	struct wd_span value = text;
	struct wd_span name = cut(&value, '=');
	size_t i = 0;

	while (i < PARTS && !wd_span_is(name, names[i]))
		i++;
	if (i == PARTS || parts->seen[i] ||
	    !undo_percent(value, parts->value[i], &parts->len[i]))
		return false;
	parts->seen[i] = true;
	return true;
}

/* One ';' may end the line. */
static bool
read_parts(struct wd_span line, struct parts *parts)
{
	struct wd_span scheme = cut(&line, ':');

	if (!wd_span_is(scheme, "pkcs11"))
		return false;
	while (line.len > 0)
		if (!read_part(cut(&line, ';'), parts))
			return false;
	for (size_t i = 0; i < PARTS; i++)
		if (!parts->seen[i])
			return false;
	return true;
}

static struct wd_span
value_of(const struct parts *parts, enum part part)
{
	return wd_span(parts->value[part], parts->len[part]);
}

static bool
read_line(struct wd_span line, struct wd_skc_key *ret)
{
	struct parts parts = { 0 };
	struct wd_skc_key key = { 0 };
	bool fits;

	fits = read_parts(line, &parts) &&
	    wd_span_is(value_of(&parts, TOKEN), WD_SKC_TOKEN) &&
	    wd_id_parse(value_of(&parts, ID), &key.id) &&
	    parts.len[OBJECT] > 0 &&
	    wd_span_to_text(
		value_of(&parts, OBJECT), key.label, sizeof(key.label)) &&
	    parts.len[PIN] >= PIN_MIN && parts.len[PIN] <= PIN_MAX;
	key.is_private = wd_span_is(value_of(&parts, TYPE), "private");
	if (!key.is_private &&
	    !wd_span_is(value_of(&parts, TYPE), "secret-key"))
		fits = false;
	wd_wipe(&parts, sizeof(parts)); /* the PIN */
	if (fits)
		*ret = key;
	return fits;
}

static struct wd_span
without_blanks(struct wd_span s)
{
	while (s.len > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = wd_span(s.p + 1, s.len - 1);
	while (s.len > 0 &&
	    (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t' ||
		s.p[s.len - 1] == '\r'))
		s.len--;
	return s;
}

int
wd_skc_next(struct wd_span *text, struct wd_skc_key *ret, struct wd_diag *d)
{
	while (text->len > 0) {
		struct wd_span line = without_blanks(cut(text, '\n'));

		if (line.len == 0 || line.p[0] == '#')
			continue;
		return read_line(line, ret)
		    ? 0
		    : wd_reject(d, WD_R_MALFORMED,
			  "a line is not of the form pkcs11:token=KMS;id=...;"
			  "object=...;type=private;pin-value=...");
	}
	return WD_R_NOT_FOUND;
}
