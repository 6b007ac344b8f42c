/*
 * Reading and writing RFC 7512, as much of it as names a token or one key. A
 * PIN has no place in a configuration that everyone may read.
 */
#include "hsm/uri.h"

#include "base/rd.h"
#include "base/reason.h"
#include "base/wr.h"
#include "codec/hex.h"
#include "sys/credential.h"

#include <string.h>

#define SCHEME "pkcs11:"

static const struct {
	const char *name;
	bool query, path;
	size_t offset, size;
} parts[] = {
#define PART(text, query, path, member)                                 \
	{                                                               \
		text, query, path, offsetof(struct wd_hsm_uri, member), \
		    sizeof(((struct wd_hsm_uri *)NULL)->member)         \
	}
	PART("token", false, false, token),
	PART("serial", false, false, serial),
	PART("object", false, false, object),
	PART("module-path", true, true, module),
	PART("pin-source", true, true, pin_file),
#undef PART
};

/* What is before the next of STOP, which goes too. */
static struct wd_span
take_until(struct wd_rd *rd, char stop)
{
	size_t n = 0;
	struct wd_span s;

	while (n < rd->left && rd->p[n] != (uint8_t)stop)
		n++;
	s = wd_rd_bytes(rd, n);
	wd_rd_skip(rd, rd->left > 0 ? 1 : 0);
	return s;
}

/* Percent-decoded. */
static int
decode_bytes(struct wd_span text, struct wd_wr *wr)
{
	struct wd_rd rd = wd_rd(text);

	while (wd_rd_more(&rd)) {
		uint8_t c = wd_rd_u8(&rd);

		if (c == '%' &&
		    wd_hex_decode_exact(wd_rd_bytes(&rd, 2), &c, 1) != 0)
			return WD_R_MALFORMED;
		wd_wr_u8(wr, c);
	}
	return wd_wr_end(wr) == 0 ? 0 : WD_R_RANGE;
}

/* Control bytes are nobody's label. */
static int
decode(struct wd_span text, char *dst, size_t size)
{
	struct wd_wr wr = wd_wr_fixed(dst, size - 1);
	int r = decode_bytes(text, &wr);

	for (size_t i = 0; i < wr.len; i++)
		if (wr.p[i] < ' ' || wr.p[i] == 0x7f)
			r = WD_R_MALFORMED;
	dst[r == 0 ? wr.len : 0] = '\0';
	return r;
}

static int
decode_id(struct wd_span text, struct wd_hsm_uri *u)
{
	struct wd_wr wr = wd_wr_fixed(u->id, sizeof(u->id));
	int r = u->id_len != 0 || text.len == 0 ? WD_R_MALFORMED
						: decode_bytes(text, &wr);

	u->id_len = wr.len;
	return r;
}

static int
decode_type(struct wd_span text, struct wd_hsm_uri *u)
{
	if (u->class != WD_HSM_ANY)
		return WD_R_MALFORMED;
	if (wd_span_is(text, "private"))
		u->class = WD_HSM_PRIVATE;
	if (wd_span_is(text, "secret-key"))
		u->class = WD_HSM_SECRET;
	return u->class != WD_HSM_ANY ? 0 : WD_R_UNSUPPORTED;
}

/* What is no text: the id and the type of a key. */
static int
set_other(struct wd_span name, struct wd_span value, bool query,
    struct wd_hsm_uri *u, struct wd_diag *d)
{
	bool id = !query && wd_span_is(name, "id");
	int r = WD_R_UNSUPPORTED;

	if (id || (!query && wd_span_is(name, "type")))
		r = id ? decode_id(value, u) : decode_type(value, u);
	else
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "only token, serial, object, id and type, then module-path "
		    "and pin-source can stand in it; a PIN lies in a file");
	return r == 0 ? 0
		      : wd_reject(d, (enum wd_reason)r,
			    id ? "id is malformed, too long, or stands twice"
			       : "type stands twice, or is neither private nor "
				 "secret-key");
}

/* Where a module or a PIN is. */
static bool
is_place(const char *part, struct wd_span value)
{
	struct wd_span name;

	return value.p[0] == '/' ||
	    (strcmp(part, "pin-source") == 0 &&
		wd_credential_name(value, &name));
}

static int
set(struct wd_span one, bool query, struct wd_hsm_uri *u, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(one);
	struct wd_span name = take_until(&rd, '='), value = wd_rd_rest(&rd);
	struct wd_span file = WD_SPAN_LIT("file:");

	for (size_t i = 0; i < WD_N(parts); i++) {
		char *dst = (char *)u + parts[i].offset;
		int r;

		if (parts[i].query != query || !wd_span_is(name, parts[i].name))
			continue;
		if (value.len > file.len && parts[i].path &&
		    wd_span_equal(wd_span(value.p, file.len), file))
			value =
			    wd_span(value.p + file.len, value.len - file.len);
		if (dst[0] != '\0' || value.len == 0 ||
		    (parts[i].path && !is_place(parts[i].name, value)))
			return wd_reject(d, WD_R_MALFORMED,
			    "%s stands twice, is empty or is no absolute path",
			    parts[i].name);
		r = decode(value, dst, parts[i].size);
		return r == 0
		    ? 0
		    : wd_reject(d, (enum wd_reason)r,
			  "%s is malformed or too long", parts[i].name);
	}
	return set_other(name, value, query, u, d);
}

static int
set_all(struct wd_span text, char between, bool query, struct wd_hsm_uri *u,
    struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(text);
	int r = 0;

	while (r == 0 && wd_rd_more(&rd))
		r = set(take_until(&rd, between), query, u, d);
	return r;
}

static int
parse(struct wd_span text, struct wd_hsm_uri *u, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(text);
	struct wd_span scheme = wd_rd_bytes(&rd, sizeof(SCHEME) - 1), path;
	int r;

	if (wd_rd_ok(&rd) != 0 || !wd_span_is(scheme, SCHEME))
		return wd_reject(
		    d, WD_R_MALFORMED, "it does not begin with " SCHEME);
	path = take_until(&rd, '?');
	r = set_all(path, ';', false, u, d);
	return r != 0 ? r : set_all(wd_rd_rest(&rd), '&', true, u, d);
}

static bool
names_token(const struct wd_hsm_uri *u)
{
	return u->token[0] != '\0' || u->serial[0] != '\0';
}

int
wd_hsm_uri_read(struct wd_span text, struct wd_hsm_uri *ret, struct wd_diag *d)
{
	struct wd_hsm_uri u = { 0 };
	int r = parse(text, &u, d);

	if (r != 0)
		return r;
	if (u.id_len != 0 || u.class != WD_HSM_ANY)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "the key of a seal is named by its label, as object");
	if (!names_token(&u) || u.object[0] == '\0' || u.module[0] == '\0' ||
	    u.pin_file[0] == '\0')
		return wd_reject(d, WD_R_MALFORMED,
		    "token (or serial), object, module-path and pin-source "
		    "must stand in it");
	*ret = u;
	return 0;
}

int
wd_hsm_uri_read_token(
    struct wd_span text, struct wd_hsm_uri *ret, struct wd_diag *d)
{
	struct wd_hsm_uri u = { 0 };
	int r = parse(text, &u, d);

	if (r != 0)
		return r;
	if (u.object[0] != '\0' || u.id_len != 0 || u.class != WD_HSM_ANY)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "it names a token; keys are named one by one");
	if (!names_token(&u) || u.module[0] == '\0')
		return wd_reject(d, WD_R_MALFORMED,
		    "token (or serial) and module-path must stand in it");
	*ret = u;
	return 0;
}

int
wd_hsm_uri_read_key(
    struct wd_span text, struct wd_hsm_uri *ret, struct wd_diag *d)
{
	struct wd_hsm_uri u = { 0 };
	int r = parse(text, &u, d);

	if (r != 0)
		return r;
	if (u.module[0] != '\0' || u.pin_file[0] != '\0')
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "module and PIN are those of the backend");
	if (u.object[0] == '\0' && u.id_len == 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "id or object must stand in it");
	*ret = u;
	return 0;
}

/* ---- writing */

static bool
is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static void
write_bytes(struct wd_span s, struct wd_wr *wr)
{
	for (size_t i = 0; i < s.len; i++) {
		if (is_plain(s.p[i])) {
			wd_wr_u8(wr, s.p[i]);
			continue;
		}
		wd_wr_u8(wr, '%');
		wd_hex_write(wr, wd_span(s.p + i, 1));
	}
}

void
wd_hsm_uri_write_key(const struct wd_hsm_uri *u, struct wd_wr *wr)
{
	wd_wr_text(wr, SCHEME);
	if (u->id_len != 0) {
		wd_wr_text(wr, "id=");
		write_bytes(wd_span(u->id, u->id_len), wr);
	} else {
		wd_wr_text(wr, "object=");
		write_bytes(wd_span_text(u->object), wr);
	}
	if (u->class != WD_HSM_ANY)
		wd_wr_text(wr,
		    u->class == WD_HSM_PRIVATE ? ";type=private"
					       : ";type=secret-key");
}
