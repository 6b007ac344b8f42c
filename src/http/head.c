/*
 * Parsing of a request's head: request line, fields, and the few fields that
 * decide how the bytes after it are read.
 */
#include "http/head.h"

#include <string.h>

#include "base/num.h"
#include "http/text.h"

enum { LEN_MAX = 1 << 30 }; /* of a body; routes allow far less */

static const struct {
	enum wd_method method;
	const char *name;
} methods[] = {
	{ WD_METHOD_GET, "GET" },
	{ WD_METHOD_POST, "POST" },
	{ WD_METHOD_PUT, "PUT" },
	{ WD_METHOD_DELETE, "DELETE" },
};

const char *
wd_method_name(enum wd_method m)
{
	for (size_t i = 0; i < WD_N(methods); i++)
		if (methods[i].method == m)
			return methods[i].name;
	return NULL;
}

size_t
wd_head_end(struct wd_span so_far, size_t *from)
{
	size_t i = *from;
	const uint8_t *at;

	while (i < so_far.len &&
	    (at = memchr(so_far.p + i, '\n', so_far.len - i)) != NULL) {
		size_t back;

		i = (size_t)(at - so_far.p);
		back = i > 0 && so_far.p[i - 1] == '\r' ? 2 : 1;
		if (i >= back && so_far.p[i - back] == '\n')
			return i + 1;
		i++;
	}
	*from = so_far.len;
	return 0;
}

/* One line without its CR LF; poisons RD when it does not end in them. */
static struct wd_span
take_line(struct wd_rd *rd)
{
	const uint8_t *end =
	    rd->left == 0 ? NULL : memchr(rd->p, '\n', rd->left);
	struct wd_span line;

	if (end == NULL || end == rd->p || end[-1] != '\r') {
		wd_rd_fail(rd);
		return wd_span(NULL, 0);
	}
	line = wd_rd_bytes(rd, (size_t)(end - rd->p) - 1);
	wd_rd_skip(rd, 2);
	return line;
}

/* Path segments are never empty, "." or "..", so that a path has one spelling
 * and no meaning beyond its text. */
static bool
segments_are_plain(struct wd_span path)
{
	size_t start = 1;

	for (size_t i = 1; i <= path.len; i++) {
		struct wd_span s;

		if (i < path.len && path.p[i] != '/')
			continue;
		s = wd_span(path.p + start, i - start);
		if (s.len == 0 || wd_span_is(s, ".") || wd_span_is(s, ".."))
			return false;
		start = i + 1;
	}
	return true;
}

static int
parse_target(struct wd_span target, struct wd_head *h, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(target);

	if (target.len > WD_TARGET_MAX)
		return wd_reject(d, WD_R_TOO_LARGE, "the target is too long");
	h->path = wd_text_take_while(&rd, wd_text_is_path);
	if (rd.left > 0 && rd.p[0] == '?') {
		wd_rd_skip(&rd, 1);
		h->query = wd_text_take_while(&rd, wd_text_is_query);
	}
	if (rd.left > 0 || h->path.len == 0 || h->path.p[0] != '/')
		return wd_reject(
		    d, WD_R_MALFORMED, "the target is not a plain path");
	if (h->path.len > 1 && !segments_are_plain(h->path))
		return wd_reject(
		    d, WD_R_MALFORMED, "the path has an empty or dot segment");
	return 0;
}

static int
parse_request_line(struct wd_span line, struct wd_head *h, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(line);
	struct wd_span method = wd_text_take_while(&rd, wd_text_is_token);
	struct wd_span target;

	if (method.len == 0 || wd_rd_u8(&rd) != ' ')
		return wd_reject(d, WD_R_MALFORMED, "no method");
	target = wd_text_take_while(&rd, wd_text_is_visible);
	if (!wd_span_is(wd_rd_rest(&rd), " HTTP/1.1"))
		return wd_reject(
		    d, WD_R_MALFORMED, "the request line is not of HTTP/1.1");
	h->method = WD_METHOD_OTHER;
	for (size_t i = 0; i < WD_N(methods); i++)
		if (wd_span_is(method, methods[i].name))
			h->method = methods[i].method;
	return parse_target(target, h, d);
}

static int
parse_field(struct wd_span line, struct wd_head *h, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(line);
	struct wd_head_field f = { wd_text_take_while(&rd, wd_text_is_token),
		{ 0 } };

	if (f.name.len == 0 || wd_rd_u8(&rd) != ':')
		return wd_reject(
		    d, WD_R_MALFORMED, "a header line is not `name: value`");
	f.value = wd_text_trim(wd_rd_rest(&rd));
	for (size_t i = 0; i < f.value.len; i++)
		if (f.value.p[i] < 0x20 || f.value.p[i] == 0x7f)
			return wd_reject(d, WD_R_MALFORMED,
			    "a header value holds a control byte");
	if (h->n_fields == WD_HEAD_FIELDS)
		return wd_reject(d, WD_R_TOO_LARGE, "too many header lines");
	h->fields[h->n_fields++] = f;
	return 0;
}

static size_t
count_fields(const struct wd_head *h, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_fields; i++)
		if (wd_text_is_word(h->fields[i].name, name))
			n++;
	return n;
}

/* A second one of these would let two readers see two requests. */
static int
check_counts(const struct wd_head *h, struct wd_diag *d)
{
	static const char *const once[] = { "Host", "Content-Length",
		"Content-Type", "Authorization", "Cookie", "Expect" };
	struct wd_rd host = wd_rd(wd_head_field(h, "Host"));

	for (size_t i = 0; i < WD_N(once); i++)
		if (count_fields(h, once[i]) > 1)
			return wd_reject(d, WD_R_MALFORMED,
			    "more than one %s header", once[i]);
	(void)wd_text_take_while(
	    &host, wd_text_is_host); /* looks at the rest */
	if (wd_head_field(h, "Host").len == 0 || host.left > 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "no Host header, or no host in it");
	if (count_fields(h, "Transfer-Encoding") > 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "Transfer-Encoding is not served");
	return 0;
}

static int
parse_length(struct wd_head *h, struct wd_diag *d)
{
	struct wd_span text = wd_head_field(h, "Content-Length");

	if (count_fields(h, "Content-Length") == 0)
		return 0;
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			text.len = 0;
	if (text.len == 0 || (text.len > 1 && text.p[0] == '0'))
		return wd_reject(
		    d, WD_R_MALFORMED, "Content-Length is not a number");
	if (!wd_num_parse(text, LEN_MAX, &h->body_len))
		return wd_reject(
		    d, WD_R_TOO_LARGE, "the body is larger than allowed");
	return 0;
}

static int
parse_framing(struct wd_head *h, struct wd_diag *d)
{
	struct wd_span expect = wd_head_field(h, "Expect");
	int r = check_counts(h, d);

	if (r == 0)
		r = parse_length(h, d);
	if (r != 0)
		return r;
	h->expect_continue = wd_text_is_word(expect, "100-continue");
	if (expect.len > 0 && !h->expect_continue)
		return wd_reject(
		    d, WD_R_MALFORMED, "only 100-continue can be expected");
	h->close = wd_text_lists_word(wd_head_field(h, "Connection"), "close");
	return 0;
}

int
wd_head_parse(struct wd_span bytes, struct wd_head *ret_head, struct wd_diag *d)
{
	struct wd_head h = { 0 };
	struct wd_rd rd = wd_rd(bytes);
	struct wd_span line = take_line(&rd);
	int r;

	if (bytes.len > WD_HEAD_MAX)
		return wd_reject(d, WD_R_TOO_LARGE, "the head is too long");
	if (wd_rd_ok(&rd) == 0 && (r = parse_request_line(line, &h, d)) != 0)
		return r;
	while (wd_rd_ok(&rd) == 0 && (line = take_line(&rd)).len > 0)
		if ((r = parse_field(line, &h, d)) != 0)
			return r;
	if (wd_rd_end(&rd) != 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "a line of the head does not end in CR LF");
	if ((r = parse_framing(&h, d)) != 0)
		return r;
	*ret_head = h;
	return 0;
}
