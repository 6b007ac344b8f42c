/*
 * PEM, the strict form of RFC 7468 section 3: no text before a block, no
 * headers in it. Must never accept a block whose end names another label.
 */
#include "codec/pem.h"

#include "base/reason.h"
#include "codec/base64.h"

enum { LINE_MAX_CHARS = 64, LINE_BYTES = 48 };

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_space(struct wd_rd *rd)
{
	while (wd_rd_more(rd) && is_space(rd->p[0]))
		wd_rd_skip(rd, 1);
}

/* Nothing left, but for the NUL that quoting enclaves count in. */
static bool
at_end(const struct wd_rd *rd)
{
	return !rd->bad && (rd->left == 0 || (rd->left == 1 && *rd->p == 0));
}

/* One line without its end; the last one may lack it. */
static struct wd_span
take_line(struct wd_rd *rd)
{
	struct wd_span line = { rd->p, 0 };

	while (line.len < rd->left && line.p[line.len] != '\n' &&
	    line.p[line.len] != '\0')
		line.len++;
	wd_rd_skip(rd, line.len);
	if (wd_rd_more(rd) && rd->p[0] == '\n')
		wd_rd_skip(rd, 1);
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* LINE is "-----WORD LABEL-----". */
static bool
is_boundary(struct wd_span line, const char *word, const char *label)
{
	const char *const parts[] = { "-----", word, " ", label, "-----" };
	struct wd_rd rd = wd_rd(line);

	for (size_t i = 0; i < WD_N(parts); i++) {
		struct wd_span part = wd_span_text(parts[i]);

		if (!wd_span_equal(wd_rd_bytes(&rd, part.len), part))
			return false;
	}
	return wd_rd_end(&rd) == 0;
}

/* The base64 of one block, its lines joined, up to the closing boundary. */
static void
join_lines(struct wd_rd *rd, const char *label, struct wd_wr *text)
{
	while (wd_rd_more(rd)) {
		struct wd_span line = take_line(rd);

		if (is_boundary(line, "END", label))
			return;
		if (line.len == 0 || line.len > LINE_MAX_CHARS)
			wd_rd_fail(rd);
		wd_wr_bytes(text, line);
	}
	wd_rd_fail(rd);
}

int
wd_pem_next(struct wd_rd *rd, const char *label, struct wd_bytes **ret_der)
{
	WD_AUTO(wd_wr_done) struct wd_wr text = wd_wr_growing(rd->left + 1);
	int r;

	skip_space(rd);
	if (at_end(rd))
		return WD_R_NOT_FOUND;
	if (!is_boundary(take_line(rd), "BEGIN", label))
		wd_rd_fail(rd);
	join_lines(rd, label, &text);
	if ((r = wd_rd_ok(rd)) != 0 || (r = wd_wr_end(&text)) != 0)
		return r;
	r = text.len == 0 ? WD_R_MALFORMED
			  : wd_b64_decode(wd_wr_span(&text), ret_der);
	if (r > 0)
		wd_rd_fail(rd);
	return r;
}

void
wd_pem_write(struct wd_wr *wr, const char *label, struct wd_span der)
{
	wd_wr_printf(wr, "-----BEGIN %s-----\n", label);
	for (size_t at = 0; at < der.len; at += LINE_BYTES) {
		size_t left = der.len - at;
		size_t n = left < LINE_BYTES ? left : LINE_BYTES;

		wd_b64_write(wr, wd_span(der.p + at, n));
		wd_wr_u8(wr, '\n');
	}
	wd_wr_printf(wr, "-----END %s-----\n", label);
}
