/*
 * The head of an HTTP/1.1 request, taken apart strictly (RFC 9112, without its
 * tolerances). What two programs could read differently is refused: bare line
 * feeds, folded lines, control bytes, a second Host or Content-Length, any
 * Transfer-Encoding, targets that are no plain path. Pure: no sockets.
 */
#pragma once

#include "base/diag.h"

/* Bits, so that a set of them fits in one number. */
enum wd_method {
	WD_METHOD_GET = 1,
	WD_METHOD_POST = 2,
	WD_METHOD_PUT = 4,
	WD_METHOD_DELETE = 8,
	WD_METHOD_OTHER = 16, /* a token, but none that is served */
};

/* "GET" and so on; NULL for WD_METHOD_OTHER. */
const char *wd_method_name(enum wd_method m);

enum {
	WD_HEAD_MAX = 32768, /* a bearer token alone may be 16 KiB */
	WD_HEAD_FIELDS = 64,
	WD_TARGET_MAX = 2048,
};

struct wd_head_field {
	struct wd_span name, value;
};

/* Spans view the bytes that were parsed. */
struct wd_head {
	enum wd_method method;
	struct wd_span path;  /* "/a/b", no empty, "." or ".." segment */
	struct wd_span query; /* without '?'; see http/query.h */
	struct wd_head_field fields[WD_HEAD_FIELDS];
	size_t n_fields;
	uint64_t body_len;
	bool close;           /* the client wants the connection closed */
	bool expect_continue; /* it waits for "100 Continue" */
};

/*
 * How many bytes of SO_FAR are the head, its empty line included; 0 when the
 * end has not come. FROM is where to look from; it is moved on, so that a slow
 * client costs no second look at what was seen. Lines that end in a bare line
 * feed count too: parsing then refuses them at once.
 */
size_t wd_head_end(struct wd_span so_far, size_t *from);

/* All of BYTES as one head. WD_R_MALFORMED, WD_R_TOO_LARGE. */
int wd_head_parse(struct wd_span bytes, struct wd_head *ret_head,
    struct wd_diag *d) WD_MUST_USE;

/* The first field of this name (in either case); empty when there is none. */
struct wd_span wd_head_field(const struct wd_head *h, const char *name);

/* The type of the body without parameters is TYPE ("application/json"). */
bool wd_head_content_is(const struct wd_head *h, const char *type);

/* An Accept field lists TYPE itself, or (LOOSE) a wildcard that covers it. */
bool wd_head_accepts(const struct wd_head *h, const char *type, bool loose);

/* The token of "Authorization: Bearer …"; empty when there is none. */
struct wd_span wd_head_bearer(const struct wd_head *h);

/* The value of one cookie; empty when there is none. */
struct wd_span wd_head_cookie(const struct wd_head *h, const char *name);
