/*
 * Members that are read alike at several doors.
 */
#include "proto/members.h"

#include "codec/base64.h"

static bool
has_control_byte(struct wd_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	return false;
}

struct wd_span
wd_member_text(
    struct wd_jobj *o, const char *name, enum wd_presence p, size_t max)
{
	struct wd_span s = wd_jobj_text(o, name, p, max);

	if (!has_control_byte(s))
		return s;
	wd_jobj_fail(
	    o, WD_R_MALFORMED, "member \"%s\" has a control byte", name);
	return wd_span(NULL, 0);
}

static struct wd_id
id_of(struct wd_jobj *o, const char *name, struct wd_span text)
{
	struct wd_id id = { { 0 } };

	if (!wd_id_parse(text, &id))
		wd_jobj_fail(
		    o, WD_R_MALFORMED, "member \"%s\" is not an id", name);
	return id;
}

struct wd_id
wd_member_id(struct wd_jobj *o, const char *name, enum wd_presence p)
{
	bool given = wd_jobj_has(o, name);
	struct wd_span text = wd_jobj_text(o, name, p, 64);

	return given ? id_of(o, name, text) : (struct wd_id){ { 0 } };
}

struct wd_id
wd_member_id_or_empty(struct wd_jobj *o, const char *name)
{
	struct wd_span text = wd_jobj_text(o, name, WD_OPTIONAL, 64);

	return text.len > 0 ? id_of(o, name, text) : (struct wd_id){ { 0 } };
}

struct wd_id
wd_member_id_or_null(struct wd_jobj *o, const char *name)
{
	const struct wd_jval *v = wd_jobj_take(o, name, WD_REQUIRED);
	struct wd_span text = { 0 };

	if (v == NULL || wd_jval_type(v) == WD_JNULL)
		return (struct wd_id){ { 0 } };
	(void)wd_jval_text(v, &text); /* no text is no id */
	return id_of(o, name, text);
}

/* ---- keys people bring */

static size_t
decoded_len(struct wd_span text)
{
	size_t len = text.len / 4 * 3;

	for (size_t i = 1; i <= 2 && i <= text.len; i++)
		len -= len > 0 && text.p[text.len - i] == '=';
	return len;
}

static int
check_size(size_t len, struct wd_diag *d)
{
	if (len == 0)
		return wd_reject(d, WD_R_MALFORMED, "key material is empty");
	if (len > WD_MATERIAL_MAX)
		return wd_reject(d, WD_R_RANGE,
		    "key material is longer than %d bytes", WD_MATERIAL_MAX);
	return 0;
}

int
wd_material_from_pem(
    struct wd_span text, struct wd_secret **ret, struct wd_diag *d)
{
	int r = check_size(text.len, d);

	if (r != 0)
		return r;
	*ret = wd_secret_copy(text);
	return *ret != NULL
	    ? 0
	    : wd_fault(d, WD_F_MEMORY, "no memory for key material");
}

int
wd_material_from_b64(
    struct wd_span text, struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;
	size_t len = decoded_len(text);
	int r = check_size(len, d);

	if (r != 0)
		return r;
	s = wd_secret_new(len);
	if (s == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for key material");
	if (wd_b64_decode_exact(text, wd_secret_bytes(s), len) != 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "key material is not base64 with padding");
	*ret = WD_TAKE(s);
	return 0;
}

enum wd_key_kind
wd_aes_kind(size_t len)
{
	size_t n;
	const struct wd_key_row *rows = wd_key_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (rows[i].family == WD_FAMILY_AES && rows[i].bits == len * 8)
			return rows[i].kind;
	return WD_KEY_NONE;
}
