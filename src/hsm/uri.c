/*
 * Reading RFC 7512, as much of it as names one key. A PIN has no place in a
 * configuration that everyone may read.
 */
#include "hsm/uri.h"

#include "base/rd.h"
#include "base/reason.h"
#include "base/wr.h"
#include "codec/hex.h"

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

/* Percent-decoded. Control bytes are nobody's label. */
static int
decode(struct wd_span text, char *dst, size_t size)
{
	struct wd_rd rd = wd_rd(text);
	struct wd_wr wr = wd_wr_fixed(dst, size - 1);

	while (wd_rd_more(&rd)) {
		uint8_t c = wd_rd_u8(&rd);

		if (c == '%' &&
		    wd_hex_decode_exact(wd_rd_bytes(&rd, 2), &c, 1) != 0)
			return WD_R_MALFORMED;
		if (c < ' ' || c == 0x7f)
			return WD_R_MALFORMED;
		wd_wr_u8(&wr, c);
	}
	if (wd_wr_end(&wr) != 0)
		return WD_R_RANGE;
	dst[wr.len] = '\0';
	return 0;
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
		    (parts[i].path && value.p[0] != '/'))
			return wd_reject(d, WD_R_MALFORMED,
			    "%s stands twice, is empty or is no absolute path",
			    parts[i].name);
		r = decode(value, dst, parts[i].size);
		return r == 0
		    ? 0
		    : wd_reject(d, (enum wd_reason)r,
			  "%s is malformed or too long", parts[i].name);
	}
	return wd_reject(d, WD_R_UNSUPPORTED,
	    "only token, serial and object, then module-path and pin-source "
	    "can stand in it; a PIN lies in a file");
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

int
wd_hsm_uri_read(struct wd_span text, struct wd_hsm_uri *ret, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(text);
	struct wd_span scheme = wd_rd_bytes(&rd, sizeof(SCHEME) - 1), path;
	struct wd_hsm_uri u = { 0 };
	int r;

	if (wd_rd_ok(&rd) != 0 || !wd_span_is(scheme, SCHEME))
		return wd_reject(
		    d, WD_R_MALFORMED, "it does not begin with " SCHEME);
	path = take_until(&rd, '?');
	if ((r = set_all(path, ';', false, &u, d)) != 0 ||
	    (r = set_all(wd_rd_rest(&rd), '&', true, &u, d)) != 0)
		return r;
	if ((u.token[0] == '\0' && u.serial[0] == '\0') ||
	    u.object[0] == '\0' || u.module[0] == '\0' || u.pin_file[0] == '\0')
		return wd_reject(d, WD_R_MALFORMED,
		    "token (or serial), object, module-path and pin-source "
		    "must stand in it");
	*ret = u;
	return 0;
}
