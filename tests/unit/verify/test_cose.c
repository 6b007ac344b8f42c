/*
 * COSE_Sign1: signatures hold for one key, one header and one payload; frames
 * that say more than they may are refused.
 */
#include "lib/t.h"

#include "attest/cose_sign.h"
#include "base/reason.h"
#include "codec/cbor.h"
#include "crypto/init.h"
#include "verify/cose.h"

static const enum wd_pkey_alg curves[] = { WD_PKEY_P256, WD_PKEY_P384,
	WD_PKEY_P521 };

static struct wd_pkey *
new_key(enum wd_pkey_alg alg)
{
	struct wd_pkey *k = NULL;

	t_ok(wd_pkey_generate(alg, &k));
	return k;
}

static int
judge(struct wd_span bytes, const struct wd_pkey *key)
{
	struct wd_cose c;
	int r = wd_cose_parse(bytes, "token", &c, NULL);

	return r != 0 ? r : wd_cose_verify(&c, key);
}

static void
what_is_signed_verifies_with_its_key_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(curves); i++) {
		WD_AUTO(wd_pkey_freep) struct wd_pkey *k = new_key(curves[i]);
		WD_AUTO(wd_pkey_freep)
		struct wd_pkey *same_curve = new_key(curves[i]);
		WD_AUTO(wd_pkey_freep)
		struct wd_pkey *other = new_key(curves[(i + 1) % 3]);
		WD_AUTO(wd_bytes_freep) struct wd_bytes *m = NULL;
		struct wd_cose c;

		t_ok(wd_cose_sign(k, WD_SPAN_LIT("\xa0"), &m, NULL));
		t_ok(wd_cose_parse(wd_bytes_span(m), "token", &c, NULL));
		t_span_equal(c.payload, WD_SPAN_LIT("\xa0"));
		t_ok(wd_cose_verify(&c, k));
		assert_int_equal(wd_cose_verify(&c, same_curve), WD_R_MISMATCH);
		assert_int_equal(wd_cose_verify(&c, other), WD_R_MISMATCH);
	}
}

static void
no_bit_may_differ_and_no_byte_may_be_missing(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = new_key(WD_PKEY_P256);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *m = NULL;

	(void)state;
	t_ok(wd_cose_sign(k, WD_SPAN_LIT("\xa1\x01\x02"), &m, NULL));
	for (size_t bit = 0; bit < m->len * 8; bit++) {
		m->p[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_true(judge(wd_bytes_span(m), k) > 0);
		m->p[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	for (size_t n = 0; n < m->len; n++)
		assert_int_equal(judge(wd_span(m->p, n), k), WD_R_MALFORMED);
	t_ok(judge(wd_bytes_span(m), k));
}

#define SIG_64     \
	"\x58\x40" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
frames_that_are_not_plain_are_refused(void **state)
{
	static const char good[] =
	    "\xd2\x84\x43\xa1\x01\x26\xa0\x41\xa0" SIG_64;
	static const struct {
		const char *what, *bytes;
		size_t len;
	} bad[] = {
#define BAD(what, bytes) { what, bytes, sizeof(bytes) - 1 }
		BAD("no tag", "\x84\x43\xa1\x01\x26\xa0\x41\xa0" SIG_64),
		BAD("tag 17", "\xd1\x84\x43\xa1\x01\x26\xa0\x41\xa0" SIG_64),
		BAD("five items",
		    "\xd2\x85\x43\xa1\x01\x26\xa0\x41\xa0" SIG_64 "\x40"),
		BAD("no algorithm", "\xd2\x84\x41\xa0\xa0\x41\xa0" SIG_64),
		BAD("an empty header", "\xd2\x84\x40\xa0\x41\xa0" SIG_64),
		BAD("algorithm not signed",
		    "\xd2\x84\x41\xa0\xa1\x01\x26\x41\xa0" SIG_64),
		BAD("algorithm in both",
		    "\xd2\x84\x43\xa1\x01\x26\xa1\x01\x26\x41\xa0" SIG_64),
		BAD("algorithm twice",
		    "\xd2\x84\x45\xa2\x01\x26\x01\x26\xa0\x41\xa0" SIG_64),
		BAD("EdDSA", "\xd2\x84\x43\xa1\x01\x27\xa0\x41\xa0" SIG_64),
		BAD("HMAC", "\xd2\x84\x43\xa1\x01\x05\xa0\x41\xa0" SIG_64),
		BAD("algorithm as a text",
		    "\xd2\x84\x47\xa1\x01\x65"
		    "ES256"
		    "\xa0\x41\xa0" SIG_64),
		BAD("a critical header",
		    "\xd2\x84\x46\xa2\x01\x26\x02\x81\x03\xa0\x41\xa0" SIG_64),
		BAD("a critical header, not signed",
		    "\xd2\x84\x43\xa1\x01\x26\xa1\x02\x81\x03\x41\xa0" SIG_64),
		BAD("bytes behind the header",
		    "\xd2\x84\x44\xa1\x01\x26\x00\xa0\x41\xa0" SIG_64),
		BAD("a payload elsewhere",
		    "\xd2\x84\x43\xa1\x01\x26\xa0\xf6" SIG_64),
		BAD("no payload", "\xd2\x84\x43\xa1\x01\x26\xa0\x40" SIG_64),
		BAD("no signature", "\xd2\x84\x43\xa1\x01\x26\xa0\x41\xa0\x40"),
		BAD("bytes behind it",
		    "\xd2\x84\x43\xa1\x01\x26\xa0\x41\xa0" SIG_64 "\x00"),
		BAD("headers without an end",
		    "\xd2\x84\x43\xa1\x01\x26\xbf\xff\x41\xa0" SIG_64),
#undef BAD
	};
	struct wd_cose c;

	(void)state;
	t_ok(wd_cose_parse(wd_span(good, sizeof(good) - 1), "token", &c, NULL));
	for (size_t i = 0; i < WD_N(bad); i++) {
		int r = wd_cose_parse(
		    wd_span(bad[i].bytes, bad[i].len), "token", &c, NULL);

		if (r != WD_R_MALFORMED)
			print_message("%s\n", bad[i].what);
		assert_int_equal(r, WD_R_MALFORMED);
	}
}

static void
other_headers_are_let_be(void **state)
{
	/* a content type and a key id, signed; a key id and a text, not */
	static const char with[] =
	    "\xd2\x84\x48\xa3\x01\x26\x03\x18\x3d\x04\x40"
	    "\xa2\x04\x41k\x61n\x80\x41\xa0" SIG_64;
	struct wd_cose c;

	(void)state;
	t_ok(wd_cose_parse(wd_span(with, sizeof(with) - 1), "token", &c, NULL));
	assert_int_equal(c.alg, WD_SIG_ES256);
}

/* A COSE_Key of K with members that are told. */
struct recipe {
	int64_t type, curve;
	bool private_too, twice, short_x, no_y, unknown;
};

static int
read_key(const struct wd_pkey *k, const struct recipe *r)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *x = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *y = NULL;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *got = NULL;
	uint8_t buf[256];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	int result;

	t_ok(wd_pkey_public_parts(k, &x, &y));
	wd_cbor_write_head(&wr, WD_CBOR_MAP,
	    4U + r->private_too + r->twice + r->unknown - r->no_y);
	wd_cbor_write_int(&wr, 1);
	wd_cbor_write_int(&wr, r->type);
	wd_cbor_write_int(&wr, -1);
	wd_cbor_write_int(&wr, r->curve);
	for (int n = r->twice; n >= 0; n--) {
		wd_cbor_write_int(&wr, -2);
		wd_cbor_write_bytes(&wr, wd_span(x->p, x->len - r->short_x));
	}
	if (!r->no_y) {
		wd_cbor_write_int(&wr, -3);
		wd_cbor_write_bytes(&wr, wd_bytes_span(y));
	}
	if (r->private_too) {
		wd_cbor_write_int(&wr, -4);
		wd_cbor_write_bytes(&wr, wd_bytes_span(x));
	}
	if (r->unknown) {
		wd_cbor_write_int(&wr, 3);
		wd_cbor_write_int(&wr, -35);
	}
	t_ok(wd_wr_end(&wr));
	result = wd_cose_key(wd_wr_span(&wr), &got);
	if (result == 0)
		assert_true(wd_pkey_same_public(k, got));
	return result;
}

static void
keys_are_read_and_what_is_none_is_refused(void **state)
{
	static const struct recipe good[] = {
		{ .type = 2, .curve = 2 },
		{ .type = 2, .curve = 2, .unknown = true },
	};
	static const struct recipe bad[] = {
		{ .type = 1, .curve = 2 },
		{ .type = 2, .curve = 1 },
		{ .type = 2, .curve = 0 },
		{ .type = 2, .curve = 4 },
		{ .type = 2, .curve = -1 },
		{ .type = 2, .curve = 2, .private_too = true },
		{ .type = 2, .curve = 2, .twice = true },
		{ .type = 2, .curve = 2, .short_x = true },
		{ .type = 2, .curve = 2, .no_y = true },
	};
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = new_key(WD_PKEY_P384);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *none = NULL;

	(void)state;
	for (size_t i = 0; i < WD_N(good); i++)
		t_ok(read_key(k, &good[i]));
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(read_key(k, &bad[i]), WD_R_MALFORMED);
	assert_int_equal(wd_cose_key(WD_SPAN_LIT(""), &none), WD_R_MALFORMED);
	assert_int_equal(
	    wd_cose_key(WD_SPAN_LIT("\xa0\x00"), &none), WD_R_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_signed_verifies_with_its_key_alone),
		cmocka_unit_test(no_bit_may_differ_and_no_byte_may_be_missing),
		cmocka_unit_test(frames_that_are_not_plain_are_refused),
		cmocka_unit_test(other_headers_are_let_be),
		cmocka_unit_test(keys_are_read_and_what_is_none_is_refused),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
