/*
 * The cursor over the text of a release, and the one order its members have.
 */
#include "bin/agent/payload.h"

#include "base/num.h"
#include "base/rd.h"
#include "base/wr.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/utf8.h"

void
wd_payload_done(struct wd_payload *p)
{
	p->bytes = wd_secret_free(p->bytes);
	p->spki = wd_bytes_free(p->spki);
	p->chain = wd_bytes_free(p->chain);
}

/* ---- the pieces */

static void
expect(struct wd_rd *rd, const char *text)
{
	struct wd_span want = wd_span_text(text);

	if (!wd_span_equal(wd_rd_bytes(rd, want.len), want))
		wd_rd_fail(rd);
}

/* Up to the quote that ends a string, which is taken too; escapes stay. */
static struct wd_span
take_string(struct wd_rd *rd)
{
	size_t n = 0;
	struct wd_span s;

	while (n < rd->left && rd->p[n] != '"')
		n += rd->p[n] == '\\' ? 2 : 1;
	s = wd_rd_bytes(rd, n);
	expect(rd, "\"");
	return s;
}

/* A string in which nothing needs an escape. */
static struct wd_span
take_plain(struct wd_rd *rd)
{
	struct wd_span s = take_string(rd);

	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == '\\')
			wd_rd_fail(rd);
	return s;
}

static uint32_t
take_number(struct wd_rd *rd, uint32_t min, uint32_t max)
{
	size_t n = 0;
	uint64_t v = 0;

	while (n < rd->left && rd->p[n] >= '0' && rd->p[n] <= '9')
		n++;
	if (!wd_num_parse(wd_rd_bytes(rd, n), max, &v) || v < min) {
		wd_rd_fail(rd);
		return 0;
	}
	return (uint32_t)v;
}

/* Escapes that canonical JSON has for what occurs in a chain or a label. */
static void
write_escaped(struct wd_wr *wr, uint8_t c)
{
	static const struct {
		char escape, byte;
	} rows[] = { { 'n', '\n' }, { 'r', '\r' }, { 't', '\t' }, { '"', '"' },
		{ '\\', '\\' } };

	for (size_t i = 0; i < WD_N(rows); i++)
		if (c == (uint8_t)rows[i].escape) {
			wd_wr_u8(wr, (uint8_t)rows[i].byte);
			return;
		}
	wd_wr_fail(wr);
}

static void
write_unescaped(struct wd_wr *wr, struct wd_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] != '\\')
			wd_wr_u8(wr, s.p[i]);
		else if (++i < s.len)
			write_escaped(wr, s.p[i]);
	}
}

/* ---- the members */

static int
take_chain(struct wd_rd *rd, struct wd_payload *p)
{
	WD_AUTO(wd_wr_done)
	struct wd_wr wr = wd_wr_growing(WD_PAYLOAD_CHAIN_MAX);
	struct wd_span s = take_string(rd);
	int r;

	if (s.len == 0)
		return 0;
	write_unescaped(&wr, s);
	r = wd_wr_take(&wr, &p->chain);
	if (r > 0)
		wd_rd_fail(rd);
	return r < 0 ? r : 0;
}

/* A key is never empty; its length follows from that of its text. */
static int
take_key_bytes(struct wd_rd *rd, struct wd_payload *p)
{
	struct wd_span s = take_plain(rd);
	size_t len = s.len / 4 * 3 + s.len % 4 * 3 / 4;

	if (len == 0 || len > WD_PAYLOAD_BYTES_MAX) {
		wd_rd_fail(rd);
		return 0;
	}
	p->bytes = wd_secret_new(len);
	if (p->bytes == NULL)
		return WD_F_MEMORY;
	if (wd_b64url_decode_exact(s, wd_secret_bytes(p->bytes), len) != 0)
		wd_rd_fail(rd);
	return 0;
}

static void
take_label(struct wd_rd *rd, struct wd_payload *p)
{
	struct wd_wr wr = wd_wr_fixed(p->label, sizeof(p->label) - 1);

	write_unescaped(&wr, take_string(rd));
	if (wd_wr_end(&wr) != 0 || !wd_utf8_is_text(wd_wr_span(&wr)))
		wd_rd_fail(rd);
	p->label[wr.len] = '\0';
}

/* Of the pair that was registered; empty for what is none. */
static int
take_spki(struct wd_rd *rd, struct wd_payload *p)
{
	struct wd_span s = take_plain(rd);
	int r;

	if (s.len > WD_PAYLOAD_SPKI_MAX / 3 * 4)
		wd_rd_fail(rd);
	if (s.len == 0 || wd_rd_ok(rd) != 0)
		return 0;
	r = wd_b64url_decode(s, &p->spki);
	if (r > 0)
		wd_rd_fail(rd);
	return r < 0 ? r : 0;
}

/* Whether TEXT is next. */
static bool
is_next(const struct wd_rd *rd, const char *text)
{
	struct wd_span want = wd_span_text(text);

	return rd->left >= want.len &&
	    wd_span_equal(wd_span(rd->p, want.len), want);
}

/* The members of a key that came wrapped stand around its version. */
static int
take_key(struct wd_rd *rd, struct wd_payload *p)
{
	bool wrapped;
	int r;

	expect(rd, "{\"algorithm\":\"");
	p->algorithm = take_plain(rd);
	expect(rd, ",\"bytes\":\"");
	if ((r = take_key_bytes(rd, p)) != 0)
		return r;
	expect(rd, ",\"label\":\"");
	take_label(rd, p);
	expect(rd, ",\"path\":\"");
	p->path = take_plain(rd);
	wrapped = is_next(rd, ",\"spki\":\"");
	if (wrapped) {
		expect(rd, ",\"spki\":\"");
		if ((r = take_spki(rd, p)) != 0)
			return r;
	}
	expect(rd, ",\"version\":");
	p->version = take_number(rd, 1, UINT32_MAX);
	if (wrapped) {
		expect(rd, ",\"wrap\":\"");
		p->wrap = wd_wrap_by_name(take_plain(rd));
		if (p->wrap == WD_WRAP_NONE)
			wd_rd_fail(rd);
	}
	expect(rd, "}");
	return 0;
}

static void
take_lease(struct wd_rd *rd, struct wd_payload *p)
{
	expect(rd, "{\"id\":\"");
	if (!wd_id_parse(take_plain(rd), &p->lease))
		wd_rd_fail(rd);
	expect(rd, ",\"seconds\":");
	p->seconds = take_number(rd, 1, WD_PAYLOAD_LEASE_MAX);
	expect(rd, ",\"session\":\"");
	if (!wd_id_parse(take_plain(rd), &p->session))
		wd_rd_fail(rd);
	expect(rd, "}");
}

static int
take_members(struct wd_rd *rd, struct wd_payload *p)
{
	int r;

	expect(rd, "{\"chain\":\"");
	if ((r = take_chain(rd, p)) != 0)
		return r;
	expect(rd, ",\"client\":\"");
	p->client = take_plain(rd);
	expect(rd, ",\"key\":");
	if ((r = take_key(rd, p)) != 0)
		return r;
	expect(rd, ",\"lease\":");
	take_lease(rd, p);
	expect(rd, ",\"nonce\":\"");
	p->nonce = take_plain(rd);
	expect(rd, ",\"policy\":\"");
	if (wd_hex_decode_exact(take_plain(rd), p->policy, sizeof(p->policy)) !=
	    0)
		wd_rd_fail(rd);
	expect(rd, ",\"v\":");
	if (take_number(rd, 0, UINT32_MAX) != WD_PAYLOAD_VERSION)
		wd_rd_fail(rd);
	expect(rd, "}");
	return 0;
}

/* ---- all of it */

/* The version is the last member, so that it is found whatever comes before:
 * another version may have other members. */
static bool
is_other_version(struct wd_span text)
{
	size_t n = text.len;
	struct wd_rd rd;
	uint64_t v;

	while (n > 0 && text.p[n - 1] != ',')
		n--;
	rd = wd_rd(wd_span(text.p + n, text.len - n));
	expect(&rd, "\"v\":");
	return rd.left > 1 && rd.p[rd.left - 1] == '}' &&
	    wd_num_parse(wd_span(rd.p, rd.left - 1), UINT32_MAX, &v) &&
	    v != WD_PAYLOAD_VERSION;
}

int
wd_payload_read(struct wd_span text, struct wd_payload *ret, struct wd_diag *d)
{
	WD_AUTO(wd_payload_done) struct wd_payload p = { 0 };
	struct wd_rd rd = wd_rd(text);
	int r;

	if (is_other_version(text))
		return wd_reject(d, WD_R_VERSION,
		    "the release has a version that is not spoken here");
	r = take_members(&rd, &p);
	if (r != 0)
		return wd_fault(d, (enum wd_faults)r, "no memory");
	if (wd_rd_end(&rd) != 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "the release is not as it must be");
	*ret = p;
	p = (struct wd_payload){ 0 };
	return 0;
}
