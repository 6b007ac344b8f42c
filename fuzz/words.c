/*
 * The small readers of base and codec, one for each value of the first byte:
 * what they take is written again and reads as the same.
 */
#include "fuzz.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/env.h"
#include "base/id.h"
#include "base/num.h"
#include "base/rate.h"
#include "base/rd.h"
#include "base/secret.h"
#include "codec/address.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/utf8.h"

#include <errno.h>

enum { LARGEST = 1 << 17 };

static void
number(struct wd_span s)
{
	uint8_t buf[32];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_rd rd = wd_rd(s);
	uint64_t max = wd_rd_le64(&rd), v;
	size_t sum;

	if (!wd_num_parse(wd_rd_rest(&rd), max, &v))
		return;
	fuzz_accepted = true;
	must(v <= max);
	wd_wr_decimal(&wr, v);
	must(wd_span_equal(wd_wr_span(&wr), wd_span(s.p + 8, s.len - 8)));
	must(wd_num_add((size_t)v, (size_t)max, &sum) == (v <= SIZE_MAX - max));
	if (wd_num_mul((size_t)v, 3, &sum))
		must(sum / 3 == v);
}

static void
time_text(struct wd_span s)
{
	char text[WD_TIME_TEXT];
	struct wd_rd rd = wd_rd(s);
	int64_t t, again;

	if (wd_time_parse(s, &t)) {
		fuzz_accepted = true;
		wd_time_format(t, text);
		must(wd_span_is(s, text));
	}
	wd_time_format((int64_t)wd_rd_le64(&rd), text);
	must(wd_time_parse(wd_span_text(text), &again));
	must(wd_time_now() > 0 && wd_time_boot() <= wd_time_boot_ms() / 1000);
	must(wd_time_mono_ms() >= 0);
}

static void
id(struct wd_span s)
{
	struct wd_rd rd = wd_rd(s);
	uint8_t random[16];
	struct wd_id i, again;

	if (wd_id_parse(s, &i)) {
		fuzz_accepted = true;
		must(wd_id_parse(wd_id_span(&i), &again));
		must(wd_span_is(wd_id_span(&again), i.s));
	}
	wd_rd_copy(&rd, random, sizeof(random));
	i = wd_id_from_random(random);
	must(!wd_id_is_none(&i) && wd_id_parse(wd_id_span(&i), &again));
	i = (struct wd_id){ 0 };
	must(wd_id_is_none(&i) && wd_id_span(&i).len == 0);
}

/* Nobody gets more in a minute than is allowed. */
static void
rate(struct wd_span s)
{
	static struct wd_rate t;
	struct wd_rd rd = wd_rd(s);
	uint32_t per_minute = wd_rd_u8(&rd), taken = 0;
	int64_t now = 0;

	t = (struct wd_rate){ 0 };
	for (int i = 0; i < 1024 && wd_rd_more(&rd); i++) {
		struct wd_span key = wd_rd_bytes(&rd, wd_rd_u8(&rd) % 100);
		bool has = wd_rate_take(&t, per_minute, key, now);

		must(has || per_minute > 0);
		taken += has && key.len == 0;
		now += 3 * (int64_t)key.len;
	}
	fuzz_accepted = true;
	/* the bucket, and what flows in while it is used */
	if (per_minute > 0 && now < 60000)
		must(taken <= 2 * per_minute * WD_RATE_WAYS + 1024);
}

static void
secret(struct wd_span s)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *x = NULL, *empty = NULL;
	struct wd_rd rd = wd_rd(s);
	size_t keep = wd_rd_u8(&rd);
	struct wd_span bytes = wd_rd_rest(&rd);

	must(wd_secret_len(NULL) == 0 && wd_secret_borrow(NULL).p == NULL);
	(void)wd_alloc_fail_at(keep == 7);
	x = wd_secret_copy(bytes);
	(void)wd_alloc_fail_at(0);
	empty = wd_secret_new(keep == 9 ? SIZE_MAX : keep);
	must((keep == 9) == (empty == NULL));
	if (empty != NULL)
		must(wd_span_is_zero(
		    wd_span(wd_secret_bytes(empty), wd_secret_len(empty))));
	if (x == NULL)
		return;
	fuzz_accepted = true;
	must(wd_ct_equal(wd_secret_borrow(x), bytes));
	if (keep > bytes.len)
		return;
	wd_secret_shorten(x, keep);
	must(wd_ct_equal(wd_secret_borrow(x), wd_span(bytes.p, keep)));
	must(wd_ct_equal(wd_secret_borrow(x), bytes) == (keep == bytes.len));
}

static void
spans(struct wd_span s)
{
	char text[64];
	struct wd_rd rd = wd_rd(s);
	struct wd_span a = wd_rd_bytes(&rd, wd_rd_u8(&rd));
	struct wd_span b = wd_rd_rest(&rd);
	bool fits = wd_span_to_text(a, text, sizeof(text));

	must((wd_span_compare(a, b) == 0) == wd_span_equal(a, b));
	must(wd_span_equal(a, b) == wd_ct_equal(a, b));
	must((wd_span_compare(a, b) > 0) == (wd_span_compare(b, a) < 0));
	must(!wd_span_is_word(a) || wd_span_is_printable(a));
	must(fits ? wd_span_is(a, text) : text[0] == '\0');
	must(!wd_span_to_text(a, text, 0));
	fuzz_accepted = true;
	(void)wd_span_is_zero(b);
}

/* The first sentence stands, whatever it is made of. */
static void
diag(struct wd_span s)
{
	static const int errors[] = { 0, ENOENT, EIO, 99999 };
	struct wd_rd rd = wd_rd(s);
	size_t n;
	const struct wd_reason_row *rows = wd_reason_rows(&n);
	const struct wd_reason_row *row = &rows[wd_rd_u8(&rd) % n];
	struct wd_diag d = { 0 }, none = { 0 };
	char text[300];

	errno = errors[wd_rd_u8(&rd) % WD_N(errors)];
	if (!wd_span_to_text(wd_rd_rest(&rd), text, sizeof(text)))
		return;
	fuzz_accepted = true;
	must(wd_fault_errno(&none, "%s", text) == WD_F_SYSTEM);
	must(wd_fault_errno(NULL, "%s", text) == WD_F_SYSTEM);
	must(wd_reject(&d, row->number, "%s", text) == (int)row->number);
	must(wd_fault(&d, WD_F_BUG, "no") == WD_F_BUG);
	must(d.result == (int)row->number);
	must(wd_span_is_printable(wd_span_text(d.detail)));
	must(wd_span_is_printable(wd_span_text(none.detail)));
	must(wd_reason_by_name(wd_span_text(row->name)) == row);
	(void)wd_reason_by_name(wd_span_text(text));
	must(wd_reason_row((int)row->number) == row);
	must(wd_reason_name(-1) != NULL && wd_reason_name(12345) != NULL);
	wd_diag_clear(&d);
	must(d.result == 0 && d.detail[0] == '\0');
	(void)wd_env(text);
}

static void
memory(struct wd_span s)
{
	struct wd_rd rd = wd_rd(s);
	size_t n = wd_rd_le16(&rd), m = wd_rd_le16(&rd);
	WD_AUTO(wd_freep) uint8_t *p = wd_alloc(n);
	WD_AUTO(wd_freep) uint8_t *q = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *none = NULL;
	uint8_t *longer;

	must(p != NULL && wd_span_is_zero(wd_span(p, n)));
	must(wd_alloc_array(SIZE_MAX / 2, 3) == NULL);
	must(wd_alloc((size_t)300 << 20) == NULL);
	must(wd_bytes_new(SIZE_MAX) == NULL);
	must(wd_bytes_free(NULL) == NULL && wd_bytes_span(none).len == 0);
	if (n > 0)
		p[0] = 1;
	(void)wd_alloc_fail_at((m & 1) != 0 ? 1 : 0);
	longer = wd_realloc(p, m);
	must((wd_alloc_fail_at(0) != 0) == (longer == NULL));
	if (longer != NULL)
		p = longer;
	must(n == 0 || (longer != NULL && m == 0) || p[0] == 1);
	q = wd_alloc_array(n % 128, 2 * sizeof(*q));
	must(q != NULL);
	fuzz_accepted = true;
}

/* TEXT decodes by DECODE to what WRITE makes TEXT of, but for the case of
 * digits. */
static void
text_form(struct wd_span s,
    int (*decode)(struct wd_span text, struct wd_bytes **ret),
    int (*exact)(struct wd_span text, void *dst, size_t len),
    void (*write)(struct wd_wr *wr, struct wd_span bytes))
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(LARGEST);
	WD_AUTO(wd_wr_done) struct wd_wr all = wd_wr_growing(LARGEST);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL, *again = NULL;
	struct wd_rd rd = wd_rd(s);
	uint8_t small[8], failing = wd_rd_u8(&rd);
	int r;

	s = wd_rd_rest(&rd);
	write(&all, s);
	must(wd_wr_end(&all) == 0);
	must(decode(wd_wr_span(&all), &again) == 0);
	must(wd_span_equal(wd_bytes_span(again), s));
	(void)wd_alloc_fail_at(failing);
	r = decode(s, &b);
	must(wd_alloc_fail_at(0) == 0 || r < 0);
	must(r >= 0 || failing != 0);
	if (exact(s, small, sizeof(small)) == 0 && r == 0)
		must(wd_span_equal(WD_SPAN(small), wd_bytes_span(b)));
	if (r != 0)
		return;
	fuzz_accepted = true;
	write(&wr, wd_bytes_span(b));
	must(wd_wr_end(&wr) == 0 && wr.len == s.len);
	if (write != wd_hex_write)
		must(wd_span_equal(wd_wr_span(&wr), s));
}

static void
hex(struct wd_span s)
{
	char text[2 * 256 + 1];

	text_form(s, wd_hex_decode, wd_hex_decode_exact, wd_hex_write);
	if (s.len < 256)
		wd_hex_format(s, text);
}

static void
base64(struct wd_span s)
{
	text_form(s, wd_b64_decode, wd_b64_decode_exact, wd_b64_write);
}

static void
base64url(struct wd_span s)
{
	text_form(s, wd_b64url_decode, wd_b64url_decode_exact, wd_b64url_write);
}

static void
address(struct wd_span s)
{
	struct wd_address a;

	if (!wd_address_split(s, &a))
		return;
	fuzz_accepted = true;
	must(a.host.len > 0 && fuzz_within(a.host, s));
	must(a.brackets == (s.p[0] == '[' && a.host.p != s.p));
}

static void
utf8(struct wd_span s)
{
	bool text = wd_utf8_is_text(s), whole = true;

	while (whole && s.len > 0) {
		size_t n = wd_utf8_first(s);

		must(n <= s.len && n <= 4);
		whole = n > 0;
		s = wd_span(s.p + n, s.len - n);
	}
	must(whole || !text);
	fuzz_accepted |= text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const ways[])(struct wd_span s) = { number, time_text, id,
		rate, secret, spans, diag, memory, hex, base64, base64url,
		address, utf8 };
	struct wd_rd rd = wd_rd(wd_span(data, size));
	size_t way = wd_rd_u8(&rd) % WD_N(ways);

	ways[way](wd_rd_rest(&rd));
	return 0;
}
