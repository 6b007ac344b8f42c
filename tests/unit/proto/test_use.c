/*
 * Ciphertexts of keys and requests to use one: what is written is read, and
 * nothing else.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "proto/envelope.h"
#include "proto/use_json.h"

#include <string.h>

static int
setup(void **state)
{
	(void)state;
	return wd_json_init();
}

static const char key_id[] = "0f8fad5b-d9cb-469f-a165-70867728950e";

/* ---- envelopes */

static size_t
write_one(uint8_t *dst, enum wd_envelope_how how, size_t body)
{
	struct wd_wr wr = wd_wr_fixed(dst, 512);
	struct wd_id id;

	assert_true(wd_id_parse(wd_span_text(key_id), &id));
	wd_envelope_head(&wr, how, &id, 7);
	wd_wr_zero(&wr, body);
	t_ok(wd_wr_end(&wr));
	return wr.len;
}

static void
an_envelope_is_read_as_it_was_written(void **state)
{
	static const struct {
		enum wd_envelope_how how;
		size_t least;
	} rows[] = {
		{ WD_ENVELOPE_GCM, 28 },
		{ WD_ENVELOPE_XAES, 40 },
		{ WD_ENVELOPE_OAEP, 1 },
	};
	uint8_t bytes[512];

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		size_t len = write_one(bytes, rows[i].how, rows[i].least);
		struct wd_envelope e;

		t_ok(wd_envelope_read(wd_span(bytes, len), &e));
		assert_int_equal(e.how, rows[i].how);
		assert_string_equal(e.key.s, key_id);
		assert_int_equal(e.version, 7);
		assert_int_equal(e.head.len, WD_ENVELOPE_HEAD);
		assert_int_equal(e.body.len, rows[i].least);
		for (size_t n = 0; n < len; n++)
			assert_int_equal(
			    wd_envelope_read(wd_span(bytes, n), &e),
			    WD_R_MALFORMED);
	}
}

static void
other_forms_are_none(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
	} edits[] = {
		{ 0, 'w' }, { 3, '2' },              /* magic */
		{ 4, 0 }, { 4, 4 }, { 4, 255 },      /* how */
		{ 5, 'F' }, { 5, 'g' }, { 13, 'a' }, /* id */
	};
	uint8_t bytes[512];
	struct wd_envelope e;
	size_t len;

	(void)state;
	for (size_t i = 0; i < WD_N(edits); i++) {
		len = write_one(bytes, WD_ENVELOPE_XAES, 100);
		bytes[edits[i].at] = edits[i].byte;
		assert_int_equal(
		    wd_envelope_read(wd_span(bytes, len), &e), WD_R_MALFORMED);
	}
	len = write_one(bytes, WD_ENVELOPE_XAES, 100);
	memset(bytes + 41, 0, 4); /* version */
	assert_int_equal(
	    wd_envelope_read(wd_span(bytes, len), &e), WD_R_MALFORMED);
}

/* ---- requests */

static int
read_as(const char *json, enum wd_keyuse use, enum wd_use_text text,
    struct wd_use_body *b)
{
	struct wd_diag d = { 0 };

	return wd_use_read(wd_span_text(json), use, text, b, &d);
}

static int
only_read(const char *json, enum wd_keyuse use, enum wd_use_text text)
{
	WD_AUTO(wd_use_body_done) struct wd_use_body b = { 0 };

	return read_as(json, use, text, &b);
}

static void
each_use_has_its_members(void **state)
{
	WD_AUTO(wd_use_body_done) struct wd_use_body e = { 0 };
	WD_AUTO(wd_use_body_done) struct wd_use_body d = { 0 };
	WD_AUTO(wd_use_body_done) struct wd_use_body v = { 0 };
	WD_AUTO(wd_use_body_done) struct wd_use_body k = { 0 };
	WD_AUTO(wd_use_body_done) struct wd_use_body h = { 0 };

	(void)state;
	t_ok(read_as("{\"plaintext\":\"-_8\",\"aad\":\"YQ\"}",
	    WD_KEYUSE_ENCRYPT, WD_USE_B64URL, &e));
	t_span_equal(wd_secret_borrow(e.input), WD_SPAN_LIT("\xfb\xff"));
	t_span_equal(wd_bytes_span(e.aad), WD_SPAN_LIT("a"));
	t_ok(read_as("{\"ciphertext\":\"+/8=\",\"version\":3}",
	    WD_KEYUSE_DECRYPT, WD_USE_B64, &d));
	t_span_equal(wd_secret_borrow(d.input), WD_SPAN_LIT("\xfb\xff"));
	assert_int_equal(d.version, 3);
	t_ok(read_as("{\"message\":\"\",\"signature\":\"YWI=\","
		     "\"algorithm\":\"EdDSA\"}",
	    WD_KEYUSE_VERIFY, WD_USE_B64, &v));
	assert_int_equal(wd_secret_len(v.input), 0);
	t_span_equal(wd_bytes_span(v.signature), WD_SPAN_LIT("ab"));
	assert_int_equal(v.sig, WD_KEYSIG_EDDSA);
	t_ok(read_as("{}", WD_KEYUSE_DATAKEY, WD_USE_B64, &k));
	assert_int_equal(k.bits, 256);
	t_ok(read_as("{\"digest\":\"YWI\",\"version\":4}", WD_KEYUSE_SIGN,
	    WD_USE_B64URL, &h));
	assert_int_equal(h.version, 4);
	assert_true(h.hashed);
	t_span_equal(wd_secret_borrow(h.input), WD_SPAN_LIT("ab"));
	assert_false(v.hashed);
	assert_false(k.wrapped);
}

static void
anything_else_is_refused(void **state)
{
	static const struct {
		const char *json;
		enum wd_keyuse use;
		int reason;
	} rows[] = {
		{ "", WD_KEYUSE_ENCRYPT, WD_R_MALFORMED },
		{ "[]", WD_KEYUSE_ENCRYPT, WD_R_MALFORMED },
		{ "{}", WD_KEYUSE_ENCRYPT, WD_R_MALFORMED },
		{ "{}", WD_KEYUSE_DECRYPT, WD_R_MALFORMED },
		{ "{}", WD_KEYUSE_SIGN, WD_R_MALFORMED },
		{ "{\"message\":\"\"}", WD_KEYUSE_VERIFY, WD_R_MALFORMED },
		{ "{\"plaintext\":\"YQ==\",\"plaintext\":\"YQ==\"}",
		    WD_KEYUSE_ENCRYPT, WD_R_MALFORMED },
		{ "{\"plaintext\":\"YQ==\",\"version\":1}", WD_KEYUSE_ENCRYPT,
		    WD_R_UNKNOWN_MEMBER },
		{ "{\"message\":\"YQ==\",\"aad\":\"\"}", WD_KEYUSE_SIGN,
		    WD_R_UNKNOWN_MEMBER },
		{ "{\"message\":\"YQ==\",\"digest\":\"YQ==\"}", WD_KEYUSE_SIGN,
		    WD_R_UNKNOWN_MEMBER },
		{ "{\"plaintext\":\"YQ\"}", WD_KEYUSE_ENCRYPT, WD_R_MALFORMED },
		{ "{\"plaintext\":\"YQ=\"}", WD_KEYUSE_ENCRYPT,
		    WD_R_MALFORMED },
		{ "{\"plaintext\":\"YR==\"}", WD_KEYUSE_ENCRYPT,
		    WD_R_MALFORMED },
		{ "{\"plaintext\":\"Y Q==\"}", WD_KEYUSE_ENCRYPT,
		    WD_R_MALFORMED },
		{ "{\"plaintext\":7}", WD_KEYUSE_ENCRYPT, WD_R_MALFORMED },
		{ "{\"ciphertext\":\"\",\"version\":0}", WD_KEYUSE_DECRYPT,
		    WD_R_RANGE },
		{ "{\"message\":\"\",\"algorithm\":\"none\"}", WD_KEYUSE_SIGN,
		    WD_R_UNSUPPORTED },
		{ "{\"message\":\"\",\"algorithm\":\"HS256\"}", WD_KEYUSE_SIGN,
		    WD_R_UNSUPPORTED },
		{ "{\"message\":\"\",\"version\":0}", WD_KEYUSE_SIGN,
		    WD_R_RANGE },
		{ "{\"bits\":192}", WD_KEYUSE_DATAKEY, WD_R_RANGE },
		{ "{\"bits\":0}", WD_KEYUSE_DATAKEY, WD_R_RANGE },
		{ "{\"wrapped\":1}", WD_KEYUSE_DATAKEY, WD_R_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++)
		assert_int_equal(
		    only_read(rows[i].json, rows[i].use, WD_USE_B64),
		    rows[i].reason);
	assert_int_equal(only_read("{\"plaintext\":\"YQ==\"}",
			     WD_KEYUSE_ENCRYPT, WD_USE_B64URL),
	    WD_R_MALFORMED);
}

/* One byte more than may be is refused as that. */
static void
too_much_is_said_to_be(void **state)
{
	static const struct {
		const char *before, *after;
		enum wd_keyuse use;
		size_t most;
	} rows[] = {
		{ "{\"plaintext\":\"", "\"}", WD_KEYUSE_ENCRYPT,
		    WD_KEYUSE_DATA_MAX },
		{ "{\"ciphertext\":\"", "\"}", WD_KEYUSE_DECRYPT,
		    WD_KEYUSE_CIPHER_MAX },
		{ "{\"aad\":\"", "\"}", WD_KEYUSE_DATAKEY, WD_KEYUSE_AAD_MAX },
		{ "{\"message\":\"\",\"signature\":\"", "\"}", WD_KEYUSE_VERIFY,
		    WD_KEYUSE_SIG_MAX },
	};
	static uint8_t zeros[WD_KEYUSE_CIPHER_MAX + 1];

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++)
		for (size_t more = 0; more < 2; more++) {
			WD_AUTO(wd_wr_done)
			struct wd_wr wr = wd_wr_growing(1 << 17);
			struct wd_span s = wd_span(zeros, rows[i].most + more);
			struct wd_jtext j = wd_jtext(&wr);

			wd_wr_text(&wr, rows[i].before);
			wr.len--; /* the quote is written with the digits */
			wd_jtext_b64(&j, s);
			wr.len--;
			wd_wr_text(&wr, rows[i].after);
			wd_wr_u8(&wr, 0);
			t_ok(wd_wr_end(&wr));
			assert_int_equal(only_read((const char *)wr.p,
					     rows[i].use, WD_USE_B64),
			    more == 0 ? 0 : WD_R_TOO_LARGE);
		}
}

/* ---- answers */

static void
answers_name_what_came_of_it(void **state)
{
	struct wd_msg_key_used m = { .version = 2,
		.sig = WD_KEYSIG_RS256,
		.valid = true,
		.output = WD_SPAN_LIT("\xfb\xff"),
		.plain = WD_SPAN_LIT("a") };
	static const char *const want[] = {
		[WD_KEYUSE_SIGN] = "{\"algorithm\":\"RS256\",\"plaintext\":"
				   "\"YQ==\",\"signature\":\"+/8=\","
				   "\"version\":2}",
		[WD_KEYUSE_VERIFY] = "{\"algorithm\":\"RS256\",\"plaintext\":"
				     "\"YQ==\",\"valid\":true,\"version\":2}",
		[WD_KEYUSE_DATAKEY] = "{\"algorithm\":\"RS256\","
				      "\"ciphertext\":\"+/8=\",\"plaintext\":"
				      "\"YQ==\",\"version\":2}",
	};

	(void)state;
	for (size_t use = 0; use < WD_N(want); use++) {
		WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1024);

		if (want[use] == NULL)
			continue;
		wd_key_used_write(&wr, (enum wd_keyuse)use, &m);
		t_ok(wd_wr_end(&wr));
		t_span_equal(wd_wr_span(&wr), wd_span_text(want[use]));
	}
}

static void
what_is_secret_is_a_jwe_for_clients(void **state)
{
	struct wd_msg_used m = { .version = 1,
		.protected = WD_SPAN_LIT("e30"),
		.encrypted_key = WD_SPAN_LIT("k"),
		.iv = WD_SPAN_LIT("i"),
		.ciphertext = WD_SPAN_LIT("c"),
		.tag = WD_SPAN_LIT("t") };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1024);

	(void)state;
	wd_used_write(&wr, WD_KEYUSE_DECRYPT, &m);
	t_ok(wd_wr_end(&wr));
	assert_true(wd_span_is(wd_wr_span(&wr),
	    "{\"plaintext\":{\"protected\":\"e30\",\"encrypted_key\":\"aw\","
	    "\"iv\":\"aQ\",\"ciphertext\":\"Yw\",\"tag\":\"dA\"},"
	    "\"version\":1}"));
}

/* ---- names */

static void
names_stand_for_one_thing_each(void **state)
{
	(void)state;
	for (unsigned use = 1; use <= WD_KEYUSE_DATAKEY; use++)
		assert_int_equal(wd_keyuse_by_name(wd_span_text(
				     wd_keyuse_name((enum wd_keyuse)use))),
		    use);
	for (unsigned sig = 1; sig <= WD_KEYSIG_EDDSA; sig++)
		assert_int_equal(wd_keysig_by_name(wd_span_text(
				     wd_keysig_name((enum wd_keysig)sig))),
		    sig);
	assert_int_equal(
	    wd_keyuse_by_name(WD_SPAN_LIT("release")), WD_KEYUSE_NONE);
	assert_null(wd_keyuse_name(WD_KEYUSE_NONE));
	assert_null(wd_keysig_name(WD_KEYSIG_NONE));
	assert_int_equal(wd_keysig_of(WD_KEY_AES256), WD_KEYSIG_NONE);
	assert_int_equal(wd_keysig_of(WD_KEY_RSA3072), WD_KEYSIG_PS256);
	assert_false(wd_keysig_fits(WD_KEYSIG_ES256, WD_KEY_P384));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_envelope_is_read_as_it_was_written),
		cmocka_unit_test(other_forms_are_none),
		cmocka_unit_test(each_use_has_its_members),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(too_much_is_said_to_be),
		cmocka_unit_test(answers_name_what_came_of_it),
		cmocka_unit_test(what_is_secret_is_a_jwe_for_clients),
		cmocka_unit_test(names_stand_for_one_thing_each),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
