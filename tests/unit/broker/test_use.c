/*
 * Keys used without being released: by admins and by attested clients, with the
 * key here and with the key in a backend, and every way in which that is
 * refused.
 */
#include "fixture.h"

#include "broker/admin_use.h"
#include "broker/challenge.h"
#include "broker/release.h"
#include "broker/session.h"
#include "crypto/aead.h"
#include "crypto/ecdh.h"
#include "crypto/jwe.h"
#include "crypto/sig.h"
#include "proto/envelope.h"

#include <stdio.h>
#include <string.h>

enum { SIGNER = 7 };

static const struct wd_span text = { (const uint8_t *)"of a client", 11 };
static const struct wd_span aad = { (const uint8_t *)"row 7", 5 };
static const struct wd_span nothing;

/* ---- keys */

static struct wd_id
make_key(struct t_broker *f, enum wd_key_kind kind, const struct wd_id *policy)
{
	struct wd_msg_key_create m = { t_head(f), .kind = (uint8_t)kind };
	struct wd_msg_key_record key;

	if (policy != NULL)
		m.policy = *policy;
	t_ok(t_call(f, WD_CALL_KEY_CREATE, &m));
	t_reply(f, WD_CALL_KEY_CREATE, &key);
	return key.id;
}

static void
rotate(struct t_broker *f, const struct wd_id *id)
{
	struct wd_msg_key_csr_ask m = { t_head(f), .id = *id };

	t_ok(t_call(f, WD_CALL_KEY_ROTATE, &m));
}

/* ---- asking as an admin */

static struct wd_msg_key_use
ask_of(struct t_broker *f, const struct wd_id *id, enum wd_keyuse use,
    struct wd_span input)
{
	return (struct wd_msg_key_use){ t_head(f), .id = *id,
		.use = (uint8_t)use, .bits = use == WD_KEYUSE_DATAKEY ? 256 : 0,
		.input = input };
}

static int
call(struct t_broker *f, const struct wd_msg_key_use *m)
{
	t_ok(wd_broker_look(f->b, f->now, NULL)); /* as a keeper does */
	return t_call(f, WD_CALL_KEY_USE, m);
}

static struct wd_msg_key_used
reply(struct t_broker *f)
{
	struct wd_msg_key_used m;

	t_reply(f, WD_CALL_KEY_USE, &m);
	return m;
}

static struct wd_bytes *
copy(struct wd_span s)
{
	struct wd_bytes *b = wd_bytes_copy(s);

	assert_non_null(b);
	return b;
}

/* The envelope of INPUT, by the key's newest version. */
static struct wd_bytes *
encrypted(struct t_broker *f, const struct wd_id *id, struct wd_span input,
    struct wd_span with)
{
	struct wd_msg_key_use m = ask_of(f, id, WD_KEYUSE_ENCRYPT, input);

	m.aad = with;
	t_ok(call(f, &m));
	return copy(reply(f).output);
}

static int
decrypt(struct t_broker *f, const struct wd_id *id, struct wd_span cipher,
    struct wd_span with)
{
	struct wd_msg_key_use m = ask_of(f, id, WD_KEYUSE_DECRYPT, cipher);

	m.aad = with;
	return call(f, &m);
}

/* ---- encryption */

static void
what_a_key_encrypts_it_decrypts(void **state)
{
	static const enum wd_key_kind kinds[] = { WD_KEY_AES256,
		WD_KEY_RSA2048 };
	static const uint8_t zeros[190];
	static const size_t lens[] = { 0, 1, 16, 190 };
	struct t_broker *f = *state;

	for (size_t i = 0; i < WD_N(kinds); i++) {
		struct wd_id id = make_key(f, kinds[i], NULL);

		for (size_t n = 0; n < WD_N(lens); n++) {
			struct wd_span p = wd_span(zeros, lens[n]);
			WD_AUTO(wd_bytes_freep)
			struct wd_bytes *c = encrypted(f, &id, p, nothing);

			t_ok(decrypt(f, &id, wd_bytes_span(c), nothing));
			t_span_equal(reply(f).plain, p);
			assert_int_equal(reply(f).version, 1);
		}
	}
}

static void
most_that_is_taken_is_32_kib(void **state)
{
	static uint8_t zeros[WD_KEYUSE_DATA_MAX + 1];
	struct t_broker *f = *state;
	struct wd_id id = make_key(f, WD_KEY_AES256, NULL);
	struct wd_span most = wd_span(zeros, WD_KEYUSE_DATA_MAX);
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *c =
	    encrypted(f, &id, most, wd_span(zeros, WD_KEYUSE_AAD_MAX));
	struct wd_msg_key_use m =
	    ask_of(f, &id, WD_KEYUSE_ENCRYPT, WD_SPAN(zeros));

	t_ok(decrypt(
	    f, &id, wd_bytes_span(c), wd_span(zeros, WD_KEYUSE_AAD_MAX)));
	t_span_equal(reply(f).plain, most);
	assert_int_equal(call(f, &m), WD_R_TOO_LARGE);
	assert_int_equal(decrypt(f, &id, wd_bytes_span(c),
			     wd_span(zeros, WD_KEYUSE_AAD_MAX + 1)),
	    WD_R_TOO_LARGE);
}

static void
an_rsa_key_encrypts_what_fits_it(void **state)
{
	static const uint8_t zeros[191];
	struct t_broker *f = *state;
	struct wd_id id = make_key(f, WD_KEY_RSA2048, NULL);
	struct wd_msg_key_use m =
	    ask_of(f, &id, WD_KEYUSE_ENCRYPT, WD_SPAN(zeros));

	assert_int_equal(call(f, &m), WD_R_TOO_LARGE);
	m.input = text;
	m.aad = aad;
	assert_int_equal(call(f, &m), WD_R_UNSUPPORTED);
}

static void
old_versions_decrypt_after_a_rotation(void **state)
{
	static const enum wd_key_kind kinds[] = { WD_KEY_AES256,
		WD_KEY_RSA2048 };
	struct t_broker *f = *state;

	for (size_t i = 0; i < WD_N(kinds); i++) {
		struct wd_id id = make_key(f, kinds[i], NULL);
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *first = encrypted(f, &id, text, nothing);
		WD_AUTO(wd_bytes_freep) struct wd_bytes *second = NULL;

		rotate(f, &id);
		second = encrypted(f, &id, text, nothing);
		t_ok(decrypt(f, &id, wd_bytes_span(first), nothing));
		t_span_equal(reply(f).plain, text);
		assert_int_equal(reply(f).version, 1);
		t_ok(decrypt(f, &id, wd_bytes_span(second), nothing));
		assert_int_equal(reply(f).version, 2);
		t_logged(f, "\"version\":2");
	}
}

static void
other_data_to_go_with_it_does_not_decrypt(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = make_key(f, WD_KEY_AES256, NULL);
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *c = encrypted(f, &id, text, aad);

	t_ok(decrypt(f, &id, wd_bytes_span(c), aad));
	assert_int_equal(
	    decrypt(f, &id, wd_bytes_span(c), nothing), WD_R_MISMATCH);
	assert_int_equal(
	    decrypt(f, &id, wd_bytes_span(c), text), WD_R_MISMATCH);
}

static void
another_keys_ciphertext_does_not_decrypt(void **state)
{
	struct t_broker *f = *state;
	struct wd_id one = make_key(f, WD_KEY_AES256, NULL);
	struct wd_id other = make_key(f, WD_KEY_AES256, NULL);
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *c = encrypted(f, &one, text, nothing);

	assert_int_equal(
	    decrypt(f, &other, wd_bytes_span(c), nothing), WD_R_MISMATCH);
	/* Nor when it says that it is this key's. */
	wd_copy(c->p + 5, wd_id_span(&other));
	assert_int_equal(
	    decrypt(f, &other, wd_bytes_span(c), nothing), WD_R_MISMATCH);
}

/* What the reply says of the refusal. */
static void
told(struct t_broker *f, char dst[232])
{
	struct wd_span why = { 0 };
	struct wd_msg_key_used m;
	int result = 0;

	t_ok(wd_reply_read(wd_bytes_span(f->out.reply),
	    wd_call_row(WD_CALL_KEY_USE), &result, &why, &m));
	assert_true(wd_span_to_text(why, dst, 232));
}

/* The head has a form; what it names is authenticated or not there. */
static void
no_bit_of_an_envelope_may_differ(void **state)
{
	static const enum wd_key_kind kinds[] = { WD_KEY_AES256,
		WD_KEY_RSA2048 };
	struct t_broker *f = *state;

	for (size_t i = 0; i < WD_N(kinds); i++) {
		struct wd_id id = make_key(f, kinds[i], NULL);
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *c = encrypted(f, &id, text, nothing);

		rotate(f, &id);
		for (size_t n = 0; n < 8 * c->len;
		     n += n < 8 * WD_ENVELOPE_HEAD ? 1 : 37) {
			int r;

			c->p[n / 8] ^= (uint8_t)(1u << n % 8);
			r = decrypt(f, &id, wd_bytes_span(c), nothing);
			assert_true(r == WD_R_MISMATCH || r == WD_R_MALFORMED ||
			    r == WD_R_NOT_FOUND);
			assert_true(
			    n < 8 * WD_ENVELOPE_HEAD || r == WD_R_MISMATCH);
			c->p[n / 8] ^= (uint8_t)(1u << n % 8);
		}
		for (size_t len = 0; len < c->len; len += 3)
			assert_int_not_equal(
			    decrypt(f, &id, wd_span(c->p, len), nothing), 0);
	}
}

/* No padding oracle: another length of the message, another first byte, a
 * ciphertext that is larger than the modulus: one answer. */
static void
why_rsa_did_not_decrypt_is_not_told(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = make_key(f, WD_KEY_RSA2048, NULL);
	uint8_t raw[256];
	struct wd_id other = t_id(9);
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *c = encrypted(f, &id, text, nothing);
	char first[232], next[232];

	memset(raw, 0, sizeof(raw));
	assert_int_equal(decrypt(f, &id, WD_SPAN(raw), nothing), WD_R_MISMATCH);
	told(f, first);
	for (unsigned fill = 1; fill < 256; fill += 17) {
		memset(raw, (int)fill, sizeof(raw));
		assert_int_equal(
		    decrypt(f, &id, WD_SPAN(raw), nothing), WD_R_MISMATCH);
		told(f, next);
		assert_string_equal(first, next);
	}
	/* Envelopes: of another method, a body that was changed, another key.
	 */
	c->p[4] = WD_ENVELOPE_GCM;
	assert_int_equal(
	    decrypt(f, &id, wd_bytes_span(c), nothing), WD_R_MISMATCH);
	told(f, next);
	assert_string_equal(first, next);
	c->p[4] = WD_ENVELOPE_OAEP;
	c->p[WD_ENVELOPE_HEAD + 9] ^= 1;
	assert_int_equal(
	    decrypt(f, &id, wd_bytes_span(c), nothing), WD_R_MISMATCH);
	told(f, next);
	assert_string_equal(first, next);
	wd_copy(c->p + 5, wd_id_span(&other));
	assert_int_equal(
	    decrypt(f, &id, wd_bytes_span(c), nothing), WD_R_MISMATCH);
	told(f, next);
	assert_string_equal(first, next);
}

static void
rsa_takes_what_others_encrypted_to_the_public_key(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = make_key(f, WD_KEY_RSA2048, NULL);
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *c = NULL;
	struct wd_msg_key_use m;

	t_ok(wd_store_version_get(f->b->store, &id, 1, &v));
	t_ok(wd_pkey_from_spki(wd_bytes_span(v.spki), &key));
	t_ok(wd_oaep256_encrypt(key, text, &c));
	t_ok(decrypt(f, &id, wd_bytes_span(c), nothing));
	t_span_equal(reply(f).plain, text);
	rotate(f, &id);
	assert_int_equal(
	    decrypt(f, &id, wd_bytes_span(c), nothing), WD_R_MISMATCH);
	m = ask_of(f, &id, WD_KEYUSE_DECRYPT, wd_bytes_span(c));
	m.version = 1;
	t_ok(call(f, &m));
	t_span_equal(reply(f).plain, text);
	m.version = 3;
	assert_int_equal(call(f, &m), WD_R_NOT_FOUND);
}

static void
a_data_key_comes_in_plain_and_encrypted(void **state)
{
	static const unsigned sizes[] = { 128, 256 };
	struct t_broker *f = *state;
	struct wd_id id = make_key(f, WD_KEY_AES256, NULL);

	for (size_t i = 0; i < WD_N(sizes); i++) {
		struct wd_msg_key_use m =
		    ask_of(f, &id, WD_KEYUSE_DATAKEY, nothing);
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *plain = NULL, *cipher = NULL;

		m.bits = (uint16_t)sizes[i];
		m.aad = aad;
		t_ok(call(f, &m));
		plain = copy(reply(f).plain);
		cipher = copy(reply(f).output);
		assert_int_equal(plain->len, sizes[i] / 8);
		t_not_logged(f, wd_bytes_span(plain));
		t_ok(decrypt(f, &id, wd_bytes_span(cipher), aad));
		t_span_equal(reply(f).plain, wd_bytes_span(plain));
		t_ok(call(f, &m));
		assert_false(
		    wd_span_equal(reply(f).plain, wd_bytes_span(plain)));
	}
}

static void
a_data_key_has_128_or_256_bits(void **state)
{
	static const uint16_t other[] = { 0, 8, 127, 129, 192, 255, 257, 512 };
	struct t_broker *f = *state;
	struct wd_id id = make_key(f, WD_KEY_AES256, NULL);
	struct wd_msg_key_use m = ask_of(f, &id, WD_KEYUSE_DATAKEY, nothing);

	for (size_t i = 0; i < WD_N(other); i++) {
		m.bits = other[i];
		assert_int_equal(call(f, &m), WD_R_RANGE);
	}
	m.bits = 128;
	t_ok(call(f, &m));
	assert_int_equal(reply(f).plain.len, 16);
}

static void
a_data_key_may_come_encrypted_alone(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = make_key(f, WD_KEY_AES256, NULL);
	struct wd_msg_key_use m = ask_of(f, &id, WD_KEYUSE_DATAKEY, nothing);

	m.wrapped = true;
	t_ok(call(f, &m));
	assert_int_equal(reply(f).plain.len, 0);
	assert_int_equal(
	    reply(f).output.len, WD_ENVELOPE_HEAD + WD_XAES_EXTRA + 32);
	m.bits = 192;
	assert_int_equal(call(f, &m), WD_R_RANGE);
}

/* ---- signatures */

static void
each_kind_of_pair_signs_and_verifies(void **state)
{
	static const struct {
		enum wd_key_kind kind;
		enum wd_keysig sig, comes;
	} rows[] = {
		{ WD_KEY_RSA2048, WD_KEYSIG_NONE, WD_KEYSIG_PS256 },
		{ WD_KEY_RSA2048, WD_KEYSIG_RS256, WD_KEYSIG_RS256 },
		{ WD_KEY_P256, WD_KEYSIG_NONE, WD_KEYSIG_ES256 },
		{ WD_KEY_P384, WD_KEYSIG_ES384, WD_KEYSIG_ES384 },
		{ WD_KEY_P521, WD_KEYSIG_NONE, WD_KEYSIG_ES512 },
		{ WD_KEY_ED25519, WD_KEYSIG_EDDSA, WD_KEYSIG_EDDSA },
	};
	struct t_broker *f = *state;

	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_id id = make_key(f, rows[i].kind, NULL);
		struct wd_msg_key_use m = ask_of(f, &id, WD_KEYUSE_SIGN, text);
		WD_AUTO(wd_bytes_freep) struct wd_bytes *sig = NULL;

		m.sig = (uint8_t)rows[i].sig;
		t_ok(call(f, &m));
		assert_int_equal(reply(f).sig, rows[i].comes);
		sig = copy(reply(f).output);
		rotate(f, &id);
		m.use = WD_KEYUSE_VERIFY;
		m.signature = wd_bytes_span(sig);
		t_ok(call(f, &m));
		assert_false(reply(f).valid);
		m.version = 1;
		t_ok(call(f, &m));
		assert_true(reply(f).valid);
		m.input = aad;
		t_ok(call(f, &m));
		assert_false(reply(f).valid);
	}
}

/* What others have hashed is signed as if it had been hashed here. */
static void
a_digest_is_signed_as_its_message_is(void **state)
{
	static const struct {
		enum wd_key_kind kind;
		enum wd_keysig sig;
		enum wd_hash hash;
	} rows[] = {
		{ WD_KEY_RSA2048, WD_KEYSIG_PS256, WD_SHA256 },
		{ WD_KEY_RSA2048, WD_KEYSIG_RS256, WD_SHA256 },
		{ WD_KEY_RSA2048, WD_KEYSIG_PS384, WD_SHA384 },
		{ WD_KEY_RSA2048, WD_KEYSIG_RS384, WD_SHA384 },
		{ WD_KEY_RSA2048, WD_KEYSIG_PS512, WD_SHA512 },
		{ WD_KEY_RSA2048, WD_KEYSIG_RS512, WD_SHA512 },
		{ WD_KEY_P256, WD_KEYSIG_ES256, WD_SHA256 },
		{ WD_KEY_P384, WD_KEYSIG_ES384, WD_SHA384 },
		{ WD_KEY_P521, WD_KEYSIG_ES512, WD_SHA512 },
	};
	struct t_broker *f = *state;

	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_id id = make_key(f, rows[i].kind, NULL);
		struct wd_msg_key_use m = ask_of(f, &id, WD_KEYUSE_SIGN, text);
		WD_AUTO(wd_bytes_freep) struct wd_bytes *sig = NULL;
		uint8_t digest[WD_HASH_MAX];
		size_t len = wd_hash_len(rows[i].hash);

		t_ok(wd_hash(rows[i].hash, text, digest));
		m.sig = (uint8_t)rows[i].sig;
		m.input = wd_span(digest, len);
		m.hashed = true;
		t_ok(call(f, &m));
		t_logged(f, "sign, a digest of ");
		sig = copy(reply(f).output);
		m.use = WD_KEYUSE_VERIFY;
		m.signature = wd_bytes_span(sig);
		t_ok(call(f, &m));
		assert_true(reply(f).valid);
		m.hashed = false;
		t_ok(call(f, &m));
		assert_false(reply(f).valid);
		m.input = text;
		t_ok(call(f, &m));
		assert_true(reply(f).valid);
	}
}

static void
a_digest_is_as_long_as_its_hash(void **state)
{
	static const uint8_t zeros[64];
	struct t_broker *f = *state;
	struct wd_id pair = make_key(f, WD_KEY_P256, NULL);
	struct wd_id ed25519 = make_key(f, WD_KEY_ED25519, NULL);
	struct wd_msg_key_use m = ask_of(f, &pair, WD_KEYUSE_SIGN, nothing);

	m.hashed = true;
	for (size_t len = 0; len <= sizeof(zeros); len++) {
		m.input = wd_span(zeros, len);
		assert_int_equal(call(f, &m), len == 32 ? 0 : WD_R_RANGE);
	}
	m.id = ed25519;
	assert_int_equal(call(f, &m), WD_R_UNSUPPORTED);
}

static void
a_key_does_what_its_kind_does(void **state)
{
	static const struct {
		enum wd_key_kind kind;
		enum wd_keyuse use;
	} rows[] = {
		{ WD_KEY_AES256, WD_KEYUSE_SIGN },
		{ WD_KEY_AES256, WD_KEYUSE_VERIFY },
		{ WD_KEY_AES128, WD_KEYUSE_ENCRYPT },
		{ WD_KEY_AES192, WD_KEYUSE_DATAKEY },
		{ WD_KEY_P256, WD_KEYUSE_ENCRYPT },
		{ WD_KEY_P256, WD_KEYUSE_DECRYPT },
		{ WD_KEY_ED25519, WD_KEYUSE_DATAKEY },
	};
	struct t_broker *f = *state;

	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_id id = make_key(f, rows[i].kind, NULL);
		struct wd_msg_key_use m = ask_of(f, &id, rows[i].use, text);

		assert_int_equal(call(f, &m), WD_R_UNSUPPORTED);
		t_logged(f, "\"reason\":\"unsupported\"");
	}
}

static void
a_key_signs_by_the_algorithms_of_its_kind(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = make_key(f, WD_KEY_P256, NULL);
	struct wd_msg_key_use m = ask_of(f, &id, WD_KEYUSE_SIGN, text);

	for (unsigned sig = 1; sig < 256; sig++) {
		m.sig = (uint8_t)sig;
		assert_int_equal(
		    call(f, &m), sig == WD_KEYSIG_ES256 ? 0 : WD_R_UNSUPPORTED);
	}
}

/* ---- rights of admins, and the log */

static void
each_use_is_a_right_of_its_own(void **state)
{
	static const char *const rules[] = { "keys:encrypt", "keys:decrypt",
		"keys:sign", "keys:verify", "keys:datakey" };
	struct t_broker *f = *state;
	struct wd_id id = make_key(f, WD_KEY_RSA2048, NULL);

	for (size_t i = 0; i < WD_N(rules); i++) {
		WD_AUTO(wd_secret_freep)
		struct wd_secret *token = t_add_token(f, rules[i]);

		for (unsigned use = 1; use <= WD_KEYUSE_DATAKEY; use++) {
			struct wd_msg_key_use m =
			    ask_of(f, &id, (enum wd_keyuse)use, nothing);
			int r;

			m.token = wd_secret_borrow(token);
			r = call(f, &m);
			if (wd_span_is(wd_span_text(rules[i] + 5),
				wd_keyuse_name((enum wd_keyuse)use)))
				assert_int_not_equal(r, WD_R_PERMISSION);
			else
				assert_int_equal(r, WD_R_PERMISSION);
		}
	}
}

static void
other_rights_on_keys_are_none_to_use_them(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = make_key(f, WD_KEY_AES256, NULL);
	WD_AUTO(wd_secret_freep)
	struct wd_secret *token = t_add_token(
	    f, "keys:create keys:retrieve keys:update keys:certify keys:none");
	struct wd_msg_key_use m = ask_of(f, &id, WD_KEYUSE_ENCRYPT, text);

	m.token = wd_secret_borrow(token);
	assert_int_equal(call(f, &m), WD_R_PERMISSION);
	t_logged(f, "\"actor\":\"other\"");
	t_logged(f, "encrypt: this needs a token with the rule keys:encrypt");
	m.token = WD_SPAN_LIT("wdt_nobodys");
	assert_int_equal(call(f, &m), WD_R_CREDENTIAL_INVALID);
}

static void
the_log_says_what_was_done_and_not_with_what(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = make_key(f, WD_KEY_AES256, NULL);
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *c = encrypted(f, &id, text, aad);

	t_logged(f, "\"event\":\"use\"");
	t_logged(f, "\"detail\":\"encrypt, 11 bytes\"");
	t_logged(f, id.s);
	t_logged(f, "\"result\":\"allow\"");
	t_not_logged(f, text);
	t_not_logged(f, aad);
	t_ok(decrypt(f, &id, wd_bytes_span(c), aad));
	t_logged(f, "\"detail\":\"decrypt, 96 bytes\"");
	t_not_logged(f, text);
	assert_int_equal(
	    decrypt(f, &id, wd_bytes_span(c), nothing), WD_R_MISMATCH);
	t_logged(f, "\"result\":\"deny\"");
}

static void
a_sealed_server_uses_no_key(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = make_key(f, WD_KEY_AES256, NULL);
	struct wd_msg_key_use m = ask_of(f, &id, WD_KEYUSE_ENCRYPT, text);

	wd_broker_seal(f->b);
	assert_int_equal(call(f, &m), WD_R_SEALED);
}

static void
a_revoked_key_is_not_used(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = make_key(f, WD_KEY_AES256, NULL);
	struct wd_msg_key_use m = ask_of(f, &id, WD_KEYUSE_ENCRYPT, text);
	struct wd_msg_revoke revoke = { t_head(f), .kind = WD_SPAN_LIT("key"),
		.what = wd_id_span(&id) };

	t_ok(t_call(f, WD_CALL_REVOKE, &revoke));
	f->now++;
	assert_int_equal(call(f, &m), WD_R_REVOKED_BY_OPERATOR);
	m.id = t_id(99);
	assert_int_equal(call(f, &m), WD_R_NOT_FOUND);
}

/* ---- attested clients */

struct client {
	struct wd_pkey *key;
	struct wd_bytes *x, *y;
	char cookie[41];
};

static void
client_done(struct client *c)
{
	c->key = wd_pkey_free(c->key);
	c->x = wd_bytes_free(c->x);
	c->y = wd_bytes_free(c->y);
}

static void
put_claims(struct wd_claims *c, uint8_t signer)
{
	uint8_t data[64] = { 1 }, measure[32], who[32];

	memset(measure, 5, sizeof(measure));
	memset(who, signer, sizeof(who));
	t_ok(wd_claims_put_text(c, WD_C_TEE, "sgx"));
	t_ok(wd_claims_put_bool(c, WD_C_SOFTWARE, false));
	t_ok(wd_claims_put_bool(c, WD_C_DEBUG, false));
	t_ok(wd_claims_put_text(c, WD_C_TCB_STATUS, "UpToDate"));
	t_ok(wd_claims_put(c, WD_C_REPORT_DATA, WD_SPAN(data)));
	t_ok(wd_claims_put(c, WD_C_MRENCLAVE, WD_SPAN(measure)));
	t_ok(wd_claims_put(c, WD_C_MRSIGNER, WD_SPAN(who)));
	t_ok(wd_claims_put_uint(c, WD_C_ISVPRODID, 1));
	t_ok(wd_claims_put_uint(c, WD_C_ISVSVN, 3));
}

static struct client
attested(struct t_broker *f, uint8_t signer)
{
	struct client c = { 0 };
	uint8_t challenge[WD_CHALLENGE_LEN];
	struct wd_claims claims = { 0 };
	struct wd_msg_session m;
	struct wd_msg_attest_ask ask = { .request = f->request,
		.source = WD_SPAN_LIT("192.0.2.1"),
		.door = WD_DOOR_COCO,
		.tee = WD_TEE_SGX,
		.challenge = WD_SPAN(challenge),
		.key_curve = WD_PKEY_P256,
		.key_alg = WD_JWE_ECDH_ES_A256KW };

	t_ok(wd_pkey_generate(WD_PKEY_P256, &c.key));
	t_ok(wd_pkey_public_parts(c.key, &c.x, &c.y));
	ask.key_x = wd_bytes_span(c.x);
	ask.key_y = wd_bytes_span(c.y);
	t_ok(wd_challenge_make(f->b, WD_DOOR_COCO, f->now, challenge));
	put_claims(&claims, signer);
	wd_outcome_done(&f->out);
	f->out = (struct wd_outcome){ 0 };
	t_ok(wd_session_open(
	    f->b, &ask, wd_claims_flat(&claims), f->now, &f->out));
	t_reply(f, WD_CALL_ATTEST, &m);
	assert_true(wd_span_to_text(m.cookie, c.cookie, sizeof(c.cookie)));
	return c;
}

static struct wd_msg_use_ask
client_ask(struct t_broker *f, const struct client *c, const struct wd_id *id,
    enum wd_keyuse use, struct wd_span input)
{
	return (struct wd_msg_use_ask){ .request = f->request,
		.source = WD_SPAN_LIT("192.0.2.1"),
		.door = WD_DOOR_COCO,
		.cookie = wd_span_text(c->cookie),
		.id = *id,
		.use = (uint8_t)use,
		.bits = use == WD_KEYUSE_DATAKEY ? 256 : 0,
		.input = input };
}

static int
client_call(struct t_broker *f, const struct wd_msg_use_ask *m)
{
	WD_AUTO(wd_use_asked_done) struct wd_use_asked x = { 0 };

	wd_outcome_done(&f->out);
	f->out = (struct wd_outcome){ 0 };
	t_ok(wd_use_with(f->b, m, f->now, &x, &f->out));
	assert_false(x.fetch.wanted);
	return f->out.result;
}

static struct wd_msg_used
client_reply(struct t_broker *f)
{
	struct wd_msg_used m;

	t_reply(f, WD_CALL_USE, &m);
	return m;
}

/* What only C can read of the last answer. */
static struct wd_secret *
opened(struct t_broker *f, const struct client *c)
{
	struct wd_msg_used m = client_reply(f);

	return t_jwe_opened(c->key,
	    (struct t_jwe){
		m.protected, m.encrypted_key, m.iv, m.ciphertext, m.tag });
}

static bool
holds(struct wd_span where, struct wd_span what)
{
	return memmem(where.p, where.len, what.p, what.len) != NULL;
}

static void
a_client_gets_what_is_decrypted_wrapped(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id id = make_key(f, WD_KEY_AES256, &policy);
	WD_AUTO(client_done) struct client c = attested(f, SIGNER);
	struct wd_msg_use_ask m =
	    client_ask(f, &c, &id, WD_KEYUSE_ENCRYPT, text);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *cipher = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;

	t_ok(client_call(f, &m));
	assert_int_equal(client_reply(f).protected.len, 0);
	cipher = copy(client_reply(f).output);
	m = client_ask(f, &c, &id, WD_KEYUSE_DECRYPT, wd_bytes_span(cipher));
	t_ok(client_call(f, &m));
	t_logged(f, "\"event\":\"use\"");
	t_logged(f, "\"session\":");
	t_logged(f, policy.s);
	assert_false(holds(wd_bytes_span(f->out.reply), text));
	plain = opened(f, &c);
	t_span_equal(wd_secret_borrow(plain), text);
}

static void
a_clients_data_key_is_wrapped_too(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id id = make_key(f, WD_KEY_AES256, &policy);
	WD_AUTO(client_done) struct client c = attested(f, SIGNER);
	struct wd_msg_use_ask m =
	    client_ask(f, &c, &id, WD_KEYUSE_DATAKEY, nothing);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *cipher = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;

	t_ok(client_call(f, &m));
	plain = opened(f, &c);
	assert_int_equal(wd_secret_len(plain), 32);
	assert_false(
	    holds(wd_bytes_span(f->out.reply), wd_secret_borrow(plain)));
	cipher = copy(client_reply(f).output);
	t_ok(decrypt(f, &id, wd_bytes_span(cipher), nothing));
	t_span_equal(reply(f).plain, wd_secret_borrow(plain));
}

static void
a_client_whom_the_policy_denies_uses_no_key(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id under = make_key(f, WD_KEY_AES256, &policy);
	struct wd_id bare = make_key(f, WD_KEY_AES256, NULL);
	WD_AUTO(client_done) struct client c = attested(f, SIGNER + 1);

	for (unsigned use = 1; use <= WD_KEYUSE_DATAKEY; use++) {
		struct wd_msg_use_ask m =
		    client_ask(f, &c, &under, (enum wd_keyuse)use, text);

		assert_int_equal(client_call(f, &m), WD_R_SIGNER_MISMATCH);
		t_logged(f, "\"result\":\"deny\"");
		t_logged(f, wd_keyuse_name((enum wd_keyuse)use));
		m.id = bare;
		assert_int_equal(client_call(f, &m), WD_R_NO_POLICY);
	}
}

static void
without_a_session_no_key_is_used(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id id = make_key(f, WD_KEY_AES256, &policy);
	WD_AUTO(client_done) struct client c = attested(f, SIGNER);
	struct wd_msg_use_ask m =
	    client_ask(f, &c, &id, WD_KEYUSE_ENCRYPT, text);

	t_ok(client_call(f, &m));
	f->now += 301;
	assert_int_equal(client_call(f, &m), WD_R_CREDENTIAL_INVALID);
	assert_null(f->out.entry);
	m.cookie = nothing;
	assert_int_equal(client_call(f, &m), WD_R_NO_CREDENTIAL);
	m.token = wd_secret_borrow(f->token); /* an admin's is no session's */
	assert_int_equal(client_call(f, &m), WD_R_CREDENTIAL_INVALID);
	wd_broker_seal(f->b);
	assert_int_equal(client_call(f, &m), WD_R_SEALED);
}

static void
what_was_revoked_is_used_no_more(void **state)
{
	static const char *const kinds[] = { "session", "key", "prefix" };
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);

	for (size_t i = 0; i < WD_N(kinds); i++) {
		struct wd_id id = make_key(f, WD_KEY_AES256, &policy);
		WD_AUTO(client_done) struct client c = attested(f, SIGNER);
		struct wd_msg_session s;
		struct wd_msg_use_ask m;
		char path[80];
		struct wd_msg_revoke revoke = { t_head(f),
			.kind = wd_span_text(kinds[i]) };

		t_reply(f, WD_CALL_ATTEST, &s);
		(void)snprintf(path, sizeof(path), "default/key/%s", id.s);
		revoke.what = i == 0 ? wd_id_span(&s.session)
		    : i == 1         ? wd_id_span(&id)
				     : wd_span_text(path);
		m = client_ask(f, &c, &id, WD_KEYUSE_ENCRYPT, text);
		t_ok(client_call(f, &m));
		t_ok(t_call(f, WD_CALL_REVOKE, &revoke));
		f->now++;
		assert_int_equal(client_call(f, &m),
		    i == 0 ? WD_R_CREDENTIAL_INVALID
			   : WD_R_REVOKED_BY_OPERATOR);
	}
}

static void
a_sealed_server_uses_no_key_for_clients(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id id = make_key(f, WD_KEY_AES256, &policy);
	WD_AUTO(client_done) struct client c = attested(f, SIGNER);
	struct wd_msg_use_ask m =
	    client_ask(f, &c, &id, WD_KEYUSE_ENCRYPT, text);

	t_ok(client_call(f, &m));
	wd_broker_seal(f->b);
	assert_int_equal(client_call(f, &m), WD_R_SEALED);
}

static void
one_session_cannot_fill_the_log(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id id = make_key(f, WD_KEY_AES256, &policy);
	WD_AUTO(client_done) struct client c = attested(f, SIGNER);
	struct wd_msg_use_ask m =
	    client_ask(f, &c, &id, WD_KEYUSE_ENCRYPT, text);

	f->b->entries_per_session = 2;
	t_ok(client_call(f, &m));
	t_ok(client_call(f, &m));
	assert_int_equal(client_call(f, &m), WD_R_RATE_LIMITED);
	assert_null(f->out.entry);
}

/* ---- keys that stay */

static struct wd_id
make_staying(
    struct t_broker *f, enum wd_key_kind kind, const struct wd_id *policy)
{
	struct wd_msg_key_create m = { t_head(f), .kind = (uint8_t)kind,
		.policy = *policy, .stays = true };
	struct wd_msg_key_record key;

	t_ok(t_call(f, WD_CALL_KEY_CREATE, &m));
	t_logged(f, "generated to stay");
	t_reply(f, WD_CALL_KEY_CREATE, &key);
	return key.id;
}

static int
release_of(struct t_broker *f, const struct client *c, const struct wd_id *id)
{
	struct wd_store_lease lease = { 0 };
	char path[80];
	struct wd_msg_resource_ask ask = { .request = f->request,
		.door = WD_DOOR_COCO,
		.cookie = wd_span_text(c->cookie) };

	(void)snprintf(path, sizeof(path), "default/key/%s", id->s);
	ask.path = wd_span_text(path);
	wd_outcome_done(&f->out);
	f->out = (struct wd_outcome){ 0 };
	t_ok(wd_release(f->b, &ask, f->now, &f->out, &lease));
	return f->out.result;
}

static void
a_key_that_stays_is_used_and_never_released(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id id = make_staying(f, WD_KEY_AES256, &policy);
	WD_AUTO(client_done) struct client c = attested(f, SIGNER);
	struct wd_msg_use_ask m =
	    client_ask(f, &c, &id, WD_KEYUSE_ENCRYPT, text);

	for (unsigned version = 1; version <= 2; version++) {
		t_ok(client_call(f, &m));
		assert_int_equal(client_reply(f).version, version);
		assert_int_equal(release_of(f, &c, &id), WD_R_MAY_NOT_LEAVE);
		t_logged(f, "key_may_not_leave_hsm");
		rotate(f, &id);
	}
}

static void
a_pair_that_stays_asks_for_a_certificate(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id id = make_staying(f, WD_KEY_P256, &policy);
	struct wd_msg_key_csr_ask csr = { t_head(f), .id = id,
		.subject = WD_SPAN_LIT("CN=web.test") };

	t_ok(t_call(f, WD_CALL_KEY_CSR, &csr));
}

static void
an_opaque_secret_is_there_to_be_released(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = { t_head(f), .kind = WD_KEY_OPAQUE,
		.material = WD_SPAN_LIT("a text"), .stays = true };

	assert_int_equal(t_call(f, WD_CALL_KEY_CREATE, &m), WD_R_UNSUPPORTED);
}

/* ---- keys in backends */

/* A key that stays in a backend; BYTES are what that holds. */
static struct wd_id
remote_key_under(struct t_broker *f, uint8_t n, enum wd_key_kind kind,
    bool stays, const struct wd_pkey *pair, const struct wd_id *policy)
{
	struct wd_remote x = { .backend = "there",
		.kind = WD_BACKEND_VAULT,
		.locator = "transit/k:1",
		.made = true,
		.stays = stays };
	WD_AUTO(wd_store_version_done)
	struct wd_store_version v = {
		.key = t_id(n), .version = 1, .created = f->now
	};
	struct wd_store_key key = { .id = t_id(n),
		.kind = (uint8_t)kind,
		.version = 1,
		.backend = "there",
		.created = f->now };

	if (policy != NULL)
		key.policy = *policy;
	t_ok(wd_remote_seal(f->b, &key.id, 1, &x, &v.wrapped, NULL));
	if (pair != NULL)
		t_ok(wd_pkey_to_spki(pair, &v.spki));
	t_ok(wd_store_key_add(f->b->store, &key, &v));
	return key.id;
}

static struct wd_id
remote_key(struct t_broker *f, uint8_t n, enum wd_key_kind kind, bool stays,
    const struct wd_pkey *pair)
{
	return remote_key_under(f, n, kind, stays, pair, NULL);
}

/* What the backend is asked for M; 0 when it is asked. */
static int
plan(struct t_broker *f, const struct wd_msg_key_use *m, struct wd_use_asked *x,
    uint8_t room[WD_USE_ROOM], struct wd_msg_backend_work *ret)
{
	struct wd_use_work w = wd_use_work_of_admin(m);
	struct wd_diag d = { 0 };

	t_ok(wd_admin_plan_use(f->b, m, x, &d));
	assert_true(x->fetch.wanted);
	return x->there ? wd_use_message(&w, x, room, ret) : 0;
}

static int
call_with(struct t_broker *f, const struct wd_msg_key_use *m,
    struct wd_use_asked *x, int result, struct wd_span bytes)
{
	struct wd_admin_found found = { .used = x };

	x->fetch.answered = true;
	x->fetch.result = result;
	x->fetch.bytes = bytes;
	t_ok(wd_broker_look(f->b, f->now, NULL));
	return t_call_found(f, WD_CALL_KEY_USE, m, &found);
}

static void
a_key_that_stays_encrypts_there(void **state)
{
	static const uint8_t key[32] = { 3 };
	struct t_broker *f = *state;
	struct wd_id id = remote_key(f, 40, WD_KEY_AES256, true, NULL);
	struct wd_msg_key_use m = ask_of(f, &id, WD_KEYUSE_ENCRYPT, text);
	WD_AUTO(wd_use_asked_done) struct wd_use_asked x = { 0 }, y = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *body = NULL, *cipher = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	struct wd_msg_backend_work w;
	uint8_t room[WD_USE_ROOM];

	m.aad = aad;
	t_ok(plan(f, &m, &x, room, &w));
	assert_int_equal(w.use, WD_USE_ENCRYPT);
	assert_int_equal(w.alg, WD_USE_AES_GCM);
	assert_true(wd_span_is(w.locator, "transit/k:1"));
	t_ok(wd_aead_seal(WD_SPAN(key), w.aad, w.input, &body));
	t_ok(call_with(f, &m, &x, 0, wd_bytes_span(body)));
	cipher = copy(reply(f).output);
	m = ask_of(f, &id, WD_KEYUSE_DECRYPT, wd_bytes_span(cipher));
	m.aad = aad;
	t_ok(plan(f, &m, &y, room, &w));
	assert_int_equal(w.use, WD_USE_DECRYPT);
	t_ok(wd_aead_open(WD_SPAN(key), w.aad, w.input, &plain));
	t_ok(call_with(f, &m, &y, 0, wd_secret_borrow(plain)));
	t_span_equal(reply(f).plain, text);
	assert_int_equal(
	    call_with(f, &m, &y, WD_R_MISMATCH, nothing), WD_R_MISMATCH);
}

static void
a_data_key_is_the_one_that_was_encrypted_there(void **state)
{
	static const uint8_t key[32] = { 3 };
	struct t_broker *f = *state;
	struct wd_id id = remote_key(f, 41, WD_KEY_AES256, true, NULL);
	struct wd_msg_key_use m = ask_of(f, &id, WD_KEYUSE_DATAKEY, nothing);
	WD_AUTO(wd_use_asked_done) struct wd_use_asked x = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *body = NULL, *made = NULL;
	struct wd_msg_backend_work w;
	uint8_t room[WD_USE_ROOM];

	t_ok(plan(f, &m, &x, room, &w));
	made = copy(w.input);
	t_ok(wd_aead_seal(WD_SPAN(key), w.aad, w.input, &body));
	t_ok(call_with(f, &m, &x, 0, wd_bytes_span(body)));
	t_span_equal(reply(f).plain, wd_bytes_span(made));
}

static void
a_signature_made_there_is_by_the_registered_key(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *pair = NULL, *other = NULL;
	struct wd_id id;
	struct wd_msg_key_use m;
	WD_AUTO(wd_use_asked_done) struct wd_use_asked x = { 0 };
	struct wd_msg_backend_work w;
	uint8_t room[WD_USE_ROOM], sig[WD_SIG_MAX];
	size_t len = 0;

	t_ok(wd_pkey_generate(WD_PKEY_P256, &pair));
	t_ok(wd_pkey_generate(WD_PKEY_P256, &other));
	id = remote_key(f, 42, WD_KEY_P256, true, pair);
	m = ask_of(f, &id, WD_KEYUSE_SIGN, text);
	t_ok(plan(f, &m, &x, room, &w));
	assert_int_equal(w.use, WD_USE_SIGN);
	assert_int_equal(w.alg, WD_USE_ECDSA);
	t_ok(wd_sign(other, WD_SIG_ES256, w.input, sig, &len));
	assert_int_equal(
	    call_with(f, &m, &x, 0, wd_span(sig, len)), WD_R_BACKEND_ANSWER);
	t_ok(wd_sign(pair, WD_SIG_ES256, w.input, sig, &len));
	t_ok(call_with(f, &m, &x, 0, wd_span(sig, len)));
	m.use = WD_KEYUSE_VERIFY; /* which needs no backend */
	m.signature = wd_span(sig, len);
	t_ok(call(f, &m));
	assert_true(reply(f).valid);
}

static void
what_a_backend_answers_has_the_form_of_what_was_asked(void **state)
{
	static const uint8_t zeros[64];
	struct t_broker *f = *state;
	struct wd_id id = remote_key(f, 43, WD_KEY_AES256, true, NULL);
	struct wd_msg_key_use m = ask_of(f, &id, WD_KEYUSE_ENCRYPT, text);
	WD_AUTO(wd_use_asked_done) struct wd_use_asked x = { 0 };
	struct wd_msg_backend_work w;
	uint8_t room[WD_USE_ROOM];

	t_ok(plan(f, &m, &x, room, &w));
	for (size_t len = 0; len < sizeof(zeros); len++)
		assert_int_equal(call_with(f, &m, &x, 0, wd_span(zeros, len)),
		    len == text.len + WD_AEAD_EXTRA ? 0 : WD_R_BACKEND_ANSWER);
}

static void
a_backend_decrypts_what_it_was_given_and_no_more(void **state)
{
	static const uint8_t zeros[256];
	static const uint8_t key[32] = { 4 };
	struct t_broker *f = *state;
	struct wd_id id = remote_key(f, 48, WD_KEY_AES256, true, NULL);
	struct wd_msg_key_use m = ask_of(f, &id, WD_KEYUSE_ENCRYPT, text);
	WD_AUTO(wd_use_asked_done) struct wd_use_asked x = { 0 }, y = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *body = NULL, *cipher = NULL;
	struct wd_msg_backend_work w;
	uint8_t room[WD_USE_ROOM];

	t_ok(plan(f, &m, &x, room, &w));
	t_ok(wd_aead_seal(WD_SPAN(key), w.aad, w.input, &body));
	t_ok(call_with(f, &m, &x, 0, wd_bytes_span(body)));
	cipher = copy(reply(f).output);
	m.use = WD_KEYUSE_DECRYPT;
	m.input = wd_bytes_span(cipher);
	t_ok(plan(f, &m, &y, room, &w));
	for (size_t len = 0; len < 64; len++)
		assert_int_equal(call_with(f, &m, &y, 0, wd_span(zeros, len)),
		    len == text.len ? 0 : WD_R_BACKEND_ANSWER);
}

static void
a_backend_decrypts_no_more_than_rsa_can_hold(void **state)
{
	static const uint8_t zeros[256];
	struct t_broker *f = *state;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *pair = NULL;
	struct wd_id id;
	struct wd_msg_key_use m;
	WD_AUTO(wd_use_asked_done) struct wd_use_asked x = { 0 };
	struct wd_msg_backend_work w;
	uint8_t room[WD_USE_ROOM];

	t_ok(wd_pkey_generate(WD_PKEY_RSA2048, &pair));
	id = remote_key(f, 49, WD_KEY_RSA2048, true, pair);
	m = ask_of(f, &id, WD_KEYUSE_DECRYPT, WD_SPAN(zeros));
	t_ok(plan(f, &m, &x, room, &w));
	assert_int_equal(w.alg, WD_USE_RSA_OAEP);
	t_ok(call_with(f, &m, &x, 0, wd_span(zeros, 190)));
	assert_int_equal(
	    call_with(f, &m, &x, 0, wd_span(zeros, 191)), WD_R_BACKEND_ANSWER);
}

static void
a_key_that_may_leave_is_fetched_and_used_here(void **state)
{
	static const uint8_t key[32] = { 3 };
	struct t_broker *f = *state;
	struct wd_id id = remote_key(f, 44, WD_KEY_AES256, false, NULL);
	struct wd_msg_key_use m = ask_of(f, &id, WD_KEYUSE_ENCRYPT, text);
	WD_AUTO(wd_use_asked_done) struct wd_use_asked x = { 0 }, y = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *cipher = NULL;

	t_ok(plan(f, &m, &x, NULL, NULL));
	assert_false(x.there);
	t_ok(call_with(f, &m, &x, 0, WD_SPAN(key)));
	cipher = copy(reply(f).output);
	m = ask_of(f, &id, WD_KEYUSE_DECRYPT, wd_bytes_span(cipher));
	t_ok(plan(f, &m, &y, NULL, NULL));
	t_ok(call_with(f, &m, &y, 0, WD_SPAN(key)));
	t_span_equal(reply(f).plain, text);
	assert_int_equal(
	    call_with(f, &m, &y, 0, wd_span(key, 16)), WD_R_BACKEND_ANSWER);
	assert_int_equal(
	    call_with(f, &m, &y, WD_R_UNAVAILABLE, nothing), WD_R_UNAVAILABLE);
}

static void
without_its_backend_a_key_is_not_used(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = remote_key(f, 45, WD_KEY_AES256, true, NULL);
	struct wd_msg_key_use m = ask_of(f, &id, WD_KEYUSE_ENCRYPT, text);

	assert_int_equal(call(f, &m), WD_R_BACKEND_NOT_CONFIGURED);
}

/* Between asking and the answer. */
static void
a_key_revoked_while_its_backend_works_is_not_used(void **state)
{
	static const uint8_t zeros[64];
	struct t_broker *f = *state;
	struct wd_id id = remote_key(f, 46, WD_KEY_AES256, true, NULL);
	struct wd_msg_key_use m = ask_of(f, &id, WD_KEYUSE_ENCRYPT, text);
	WD_AUTO(wd_use_asked_done) struct wd_use_asked x = { 0 };
	struct wd_msg_revoke revoke = { t_head(f), .kind = WD_SPAN_LIT("key"),
		.what = wd_id_span(&id) };
	struct wd_msg_backend_work w;
	uint8_t room[WD_USE_ROOM];

	t_ok(plan(f, &m, &x, room, &w));
	t_ok(t_call(f, WD_CALL_REVOKE, &revoke));
	f->now++;
	assert_int_equal(
	    call_with(f, &m, &x, 0, wd_span(zeros, text.len + WD_AEAD_EXTRA)),
	    WD_R_REVOKED_BY_OPERATOR);
}

static void
a_client_is_judged_again_when_the_backend_has_answered(void **state)
{
	static const uint8_t zeros[64];
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id id =
	    remote_key_under(f, 47, WD_KEY_AES256, true, NULL, &policy);
	WD_AUTO(client_done) struct client c = attested(f, SIGNER);
	struct wd_msg_use_ask m =
	    client_ask(f, &c, &id, WD_KEYUSE_ENCRYPT, text);
	WD_AUTO(wd_use_asked_done) struct wd_use_asked x = { 0 };
	char measure[64];
	struct wd_msg_revoke revoke = { t_head(f),
		.kind = WD_SPAN_LIT("measurement") };

	memset(measure, '0', sizeof(measure)); /* that of put_claims() */
	for (size_t i = 1; i < sizeof(measure); i += 2)
		measure[i] = '5';
	revoke.what = WD_SPAN(measure);
	wd_outcome_done(&f->out);
	f->out = (struct wd_outcome){ 0 };
	t_ok(wd_use_with(f->b, &m, f->now, &x, &f->out));
	assert_true(x.fetch.wanted);
	t_ok(t_call(f, WD_CALL_REVOKE, &revoke));
	f->now++;
	x.fetch.answered = true;
	x.fetch.bytes = wd_span(zeros, text.len + WD_AEAD_EXTRA);
	wd_outcome_done(&f->out);
	f->out = (struct wd_outcome){ 0 };
	t_ok(wd_use_with(f->b, &m, f->now, &x, &f->out));
	assert_int_equal(f->out.result, WD_R_REVOKED_BY_OPERATOR);
	assert_false(x.fetch.wanted);
}

/* A backend that is told to sign, and answers as one that was to decrypt. */
static void
a_backends_words_are_no_reason_for_a_client(void **state)
{
	static const char words[] = "for the operator's eyes";
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id id =
	    remote_key_under(f, 52, WD_KEY_AES256, true, NULL, &policy);
	WD_AUTO(client_done) struct client c = attested(f, SIGNER);
	struct wd_msg_use_ask m =
	    client_ask(f, &c, &id, WD_KEYUSE_ENCRYPT, text);
	static const int results[] = { WD_R_MISMATCH, WD_R_UNSUPPORTED,
		WD_R_NOT_FOUND, WD_R_UNAVAILABLE, WD_R_BACKEND_ANSWER };

	for (size_t i = 0; i < WD_N(results); i++) {
		WD_AUTO(wd_use_asked_done) struct wd_use_asked x = { 0 };

		wd_outcome_done(&f->out);
		f->out = (struct wd_outcome){ 0 };
		t_ok(wd_use_with(f->b, &m, f->now, &x, &f->out));
		assert_true(x.fetch.wanted);
		x.fetch.answered = true;
		x.fetch.result = results[i];
		x.fetch.why = wd_span_text(words);
		t_ok(wd_use_with(f->b, &m, f->now, &x, &f->out));
		assert_int_equal(f->out.result,
		    results[i] == WD_R_MISMATCH ? WD_R_BACKEND_ANSWER
						: results[i]);
		assert_null(memmem(f->out.reply->p, f->out.reply->len, words,
		    sizeof(words) - 1));
	}
	wd_outcome_done(&f->out);
	f->out = (struct wd_outcome){ 0 };
}

/* ---- what changes between asking and the answer */

/* The next version of a key of remote_key_under(), at this place. */
static void
move_on(struct t_broker *f, const struct wd_id *id, uint32_t version,
    bool stays, const char *locator)
{
	struct wd_remote x = { .backend = "there",
		.kind = WD_BACKEND_VAULT,
		.made = true,
		.stays = stays };
	WD_AUTO(wd_store_version_done)
	struct wd_store_version v = {
		.key = *id, .version = version, .created = f->now
	};

	wd_copy(x.locator, wd_span_text(locator));
	t_ok(wd_remote_seal(f->b, id, version, &x, &v.wrapped, NULL));
	t_ok(wd_store_key_rotate(f->b->store, &v));
}

/* One step of a release, and of a use. Nothing is said, and nothing logged,
 * while something is wanted. */
static int
release_step(struct t_broker *f, const struct client *c, const struct wd_id *id,
    struct wd_fetch *fetch)
{
	struct wd_store_lease lease = { 0 };
	char path[80];
	struct wd_msg_resource_ask ask = { .request = f->request,
		.source = WD_SPAN_LIT("192.0.2.1"),
		.door = WD_DOOR_COCO,
		.cookie = wd_span_text(c->cookie) };

	(void)snprintf(path, sizeof(path), "default/key/%s", id->s);
	ask.path = wd_span_text(path);
	wd_outcome_done(&f->out);
	f->out = (struct wd_outcome){ 0 };
	t_ok(wd_release_with(f->b, &ask, f->now, fetch, &f->out, &lease));
	assert_int_equal(fetch->wanted, f->out.reply == NULL);
	assert_int_equal(fetch->wanted, f->out.entry == NULL);
	return f->out.result;
}

static int
use_step(
    struct t_broker *f, const struct wd_msg_use_ask *m, struct wd_use_asked *x)
{
	wd_outcome_done(&f->out);
	f->out = (struct wd_outcome){ 0 };
	t_ok(wd_use_with(f->b, m, f->now, x, &f->out));
	assert_int_equal(x->fetch.wanted, f->out.reply == NULL);
	assert_int_equal(x->fetch.wanted, f->out.entry == NULL);
	return f->out.result;
}

static void
came(struct wd_fetch *f, struct wd_span bytes)
{
	f->answered = true;
	f->result = 0;
	f->bytes = bytes;
}

static void
nothing_is_left_of(const struct wd_fetch *f)
{
	assert_true(f->wanted);
	assert_false(f->answered);
	assert_int_equal(f->bytes.len, 0);
	assert_null(f->bytes.p);
}

/* What C can read of the last release. */
static struct wd_secret *
released(struct t_broker *f, const struct client *c)
{
	struct wd_msg_release m;

	t_reply(f, WD_CALL_RESOURCE, &m);
	return t_jwe_opened(c->key,
	    (struct t_jwe){
		m.protected, m.encrypted_key, m.iv, m.ciphertext, m.tag });
}

static const uint8_t old_key[32] = { 1 }, new_key[32] = { 2 };

static void
a_key_that_is_rotated_meanwhile_is_released_as_it_is_now(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id id =
	    remote_key_under(f, 60, WD_KEY_AES256, false, NULL, &policy);
	WD_AUTO(client_done) struct client c = attested(f, SIGNER);
	WD_AUTO(wd_fetch_done) struct wd_fetch x = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *got = NULL;

	t_ok(release_step(f, &c, &id, &x));
	assert_true(x.wanted);
	assert_string_equal(x.what.locator, "transit/k:1");
	move_on(f, &id, 2, false, "transit/k:2");
	came(&x, WD_SPAN(old_key));
	t_ok(release_step(f, &c, &id, &x));
	nothing_is_left_of(&x);
	assert_string_equal(x.what.locator, "transit/k:2");
	assert_false(wd_id_is_none(&x.session));
	came(&x, WD_SPAN(new_key));
	t_ok(release_step(f, &c, &id, &x));
	t_logged(f, "\"version\":2");
	got = released(f, &c);
	t_span_equal(wd_secret_borrow(got), WD_SPAN(new_key));
}

static void
a_key_that_is_rotated_meanwhile_is_used_as_it_is_now(void **state)
{
	static const uint8_t body[64];
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = attested(f, SIGNER);

	for (int stays = 0; stays < 2; stays++) {
		WD_AUTO(wd_use_asked_done) struct wd_use_asked x = { 0 };
		struct wd_id id = remote_key_under(f, (uint8_t)(61 + stays),
		    WD_KEY_AES256, stays != 0, NULL, &policy);
		struct wd_msg_use_ask m =
		    client_ask(f, &c, &id, WD_KEYUSE_ENCRYPT, text);
		struct wd_span answer = stays
		    ? wd_span(body, text.len + WD_AEAD_EXTRA)
		    : WD_SPAN(new_key);

		t_ok(use_step(f, &m, &x));
		assert_int_equal(x.version, 1);
		move_on(f, &id, 2, stays != 0, "transit/k:2");
		came(&x.fetch, stays ? answer : WD_SPAN(old_key));
		t_ok(use_step(f, &m, &x));
		nothing_is_left_of(&x.fetch);
		assert_int_equal(x.version, 2);
		assert_int_equal(x.there, stays);
		assert_string_equal(x.fetch.what.locator, "transit/k:2");
		assert_false(wd_id_is_none(&x.fetch.session));
		came(&x.fetch, answer);
		t_ok(use_step(f, &m, &x));
		assert_int_equal(client_reply(f).version, 2);
		t_logged(f, "\"version\":2");
	}
}

/* Nobody is asked without end. */
static void
what_changes_twice_meanwhile_is_refused(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id id =
	    remote_key_under(f, 63, WD_KEY_AES256, false, NULL, &policy);
	WD_AUTO(client_done) struct client c = attested(f, SIGNER);
	struct wd_msg_use_ask m =
	    client_ask(f, &c, &id, WD_KEYUSE_ENCRYPT, text);
	WD_AUTO(wd_fetch_done) struct wd_fetch x = { 0 };
	WD_AUTO(wd_use_asked_done) struct wd_use_asked y = { 0 };

	t_ok(release_step(f, &c, &id, &x));
	t_ok(use_step(f, &m, &y));
	for (uint32_t version = 2; version <= 3; version++) {
		assert_true(x.wanted);
		assert_true(y.fetch.wanted);
		move_on(f, &id, version, false,
		    version == 2 ? "transit/k:2" : "transit/k:3");
		came(&x, WD_SPAN(old_key));
		came(&y.fetch, WD_SPAN(old_key));
		assert_int_equal(release_step(f, &c, &id, &x),
		    version == 2 ? 0 : WD_R_UNAVAILABLE);
		assert_int_equal(
		    use_step(f, &m, &y), version == 2 ? 0 : WD_R_UNAVAILABLE);
	}
	assert_false(x.wanted);
	assert_false(y.fetch.wanted);
	t_logged(f, "changed meanwhile");
}

/* It has had its time. */
static void
a_backend_that_gave_nothing_is_not_asked_again(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id id =
	    remote_key_under(f, 64, WD_KEY_AES256, false, NULL, &policy);
	WD_AUTO(client_done) struct client c = attested(f, SIGNER);
	WD_AUTO(wd_fetch_done) struct wd_fetch x = { 0 };

	t_ok(release_step(f, &c, &id, &x));
	move_on(f, &id, 2, false, "transit/k:2");
	x.answered = true;
	x.result = WD_R_UNAVAILABLE;
	assert_int_equal(release_step(f, &c, &id, &x), WD_R_UNAVAILABLE);
}

static void
what_is_asked_for_again_is_judged_again(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	struct wd_id other = t_add_policy(f, SIGNER + 1);
	struct wd_id id =
	    remote_key_under(f, 65, WD_KEY_AES256, false, NULL, &policy);
	WD_AUTO(client_done) struct client c = attested(f, SIGNER);
	WD_AUTO(wd_fetch_done) struct wd_fetch x = { 0 };
	struct wd_msg_key_policy m = { t_head(f), .id = id, .policy = other };

	t_ok(release_step(f, &c, &id, &x));
	move_on(f, &id, 2, false, "transit/k:2");
	came(&x, WD_SPAN(old_key));
	t_ok(release_step(f, &c, &id, &x));
	nothing_is_left_of(&x);
	t_ok(t_call(f, WD_CALL_KEY_POLICY, &m));
	came(&x, WD_SPAN(new_key));
	assert_int_equal(release_step(f, &c, &id, &x), WD_R_SIGNER_MISMATCH);
	assert_false(x.wanted);
}

/* The HSM of the seal is two blobs and their keys here. */
static int
with_hsm(struct t_broker *f, enum wd_call what, const void *msg, int n)
{
	struct wd_sealwrap w = n == 1
	    ? (struct wd_sealwrap){ WD_SPAN_LIT("b1"), WD_SPAN(old_key) }
	    : (struct wd_sealwrap){ WD_SPAN_LIT("b2"), WD_SPAN(new_key) };
	struct wd_admin_found found = { .wraps = &w, .n_wraps = 1 };

	return t_call_found(f, what, msg, &found);
}

static void
what_the_hsm_opened_of_a_version_before_is_not_used(void **state)
{
	struct t_broker *f = *state;
	struct wd_id policy = t_add_policy(f, SIGNER);
	WD_AUTO(client_done) struct client c = attested(f, SIGNER);
	WD_AUTO(wd_fetch_done) struct wd_fetch x = { 0 };
	WD_AUTO(wd_use_asked_done) struct wd_use_asked y = { 0 };
	struct wd_msg_key_create create = { t_head(f), .kind = WD_KEY_AES256,
		.policy = policy, .seal_wrap = true };
	struct wd_msg_key_csr_ask next = { t_head(f) };
	struct wd_msg_key_record key;
	struct wd_msg_use_ask m;

	t_ok(with_hsm(f, WD_CALL_KEY_CREATE, &create, 1));
	t_reply(f, WD_CALL_KEY_CREATE, &key);
	next.id = key.id;
	m = client_ask(f, &c, &key.id, WD_KEYUSE_ENCRYPT, text);
	t_ok(release_step(f, &c, &next.id, &x));
	m.id = next.id;
	t_ok(use_step(f, &m, &y));
	t_span_equal(wd_bytes_span(x.blob), WD_SPAN_LIT("b1"));
	t_span_equal(wd_bytes_span(y.fetch.blob), WD_SPAN_LIT("b1"));
	t_ok(with_hsm(f, WD_CALL_KEY_ROTATE, &next, 2));
	came(&x, WD_SPAN(old_key));
	came(&y.fetch, WD_SPAN(old_key));
	t_ok(release_step(f, &c, &next.id, &x));
	t_ok(use_step(f, &m, &y));
	nothing_is_left_of(&x);
	nothing_is_left_of(&y.fetch);
	assert_true(x.by_seal);
	assert_true(y.fetch.by_seal);
	t_span_equal(wd_bytes_span(x.blob), WD_SPAN_LIT("b2"));
	t_span_equal(wd_bytes_span(y.fetch.blob), WD_SPAN_LIT("b2"));
	came(&x, WD_SPAN(new_key));
	came(&y.fetch, WD_SPAN(new_key));
	t_ok(release_step(f, &c, &next.id, &x));
	t_logged(f, "\"version\":2");
	t_ok(use_step(f, &m, &y));
	assert_int_equal(client_reply(f).version, 2);
}

/* ---- memory */

static void
memory_may_fail_anywhere(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = make_key(f, WD_KEY_AES256, NULL);
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *c = encrypted(f, &id, text, aad);
	struct wd_msg_key_use m =
	    ask_of(f, &id, WD_KEYUSE_DECRYPT, wd_bytes_span(c));

	m.aad = aad;
	t_torture(f, WD_CALL_KEY_USE, &m, NULL);
	m = ask_of(f, &id, WD_KEYUSE_DATAKEY, nothing);
	t_torture(f, WD_CALL_KEY_USE, &m, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_broker(what_a_key_encrypts_it_decrypts),
		with_broker(most_that_is_taken_is_32_kib),
		with_broker(an_rsa_key_encrypts_what_fits_it),
		with_broker(old_versions_decrypt_after_a_rotation),
		with_broker(other_data_to_go_with_it_does_not_decrypt),
		with_broker(another_keys_ciphertext_does_not_decrypt),
		with_broker(no_bit_of_an_envelope_may_differ),
		with_broker(why_rsa_did_not_decrypt_is_not_told),
		with_broker(rsa_takes_what_others_encrypted_to_the_public_key),
		with_broker(a_data_key_comes_in_plain_and_encrypted),
		with_broker(a_data_key_has_128_or_256_bits),
		with_broker(a_data_key_may_come_encrypted_alone),
		with_broker(each_kind_of_pair_signs_and_verifies),
		with_broker(a_digest_is_signed_as_its_message_is),
		with_broker(a_digest_is_as_long_as_its_hash),
		with_broker(a_key_does_what_its_kind_does),
		with_broker(a_key_signs_by_the_algorithms_of_its_kind),
		with_broker(each_use_is_a_right_of_its_own),
		with_broker(other_rights_on_keys_are_none_to_use_them),
		with_broker(the_log_says_what_was_done_and_not_with_what),
		with_broker(a_sealed_server_uses_no_key),
		with_broker(a_revoked_key_is_not_used),
		with_broker(a_client_gets_what_is_decrypted_wrapped),
		with_broker(a_clients_data_key_is_wrapped_too),
		with_broker(a_client_whom_the_policy_denies_uses_no_key),
		with_broker(without_a_session_no_key_is_used),
		with_broker(what_was_revoked_is_used_no_more),
		with_broker(a_sealed_server_uses_no_key_for_clients),
		with_broker(one_session_cannot_fill_the_log),
		with_broker(a_key_that_stays_is_used_and_never_released),
		with_broker(a_pair_that_stays_asks_for_a_certificate),
		with_broker(an_opaque_secret_is_there_to_be_released),
		with_broker(a_key_that_stays_encrypts_there),
		with_broker(a_data_key_is_the_one_that_was_encrypted_there),
		with_broker(a_signature_made_there_is_by_the_registered_key),
		with_broker(
		    what_a_backend_answers_has_the_form_of_what_was_asked),
		with_broker(a_backend_decrypts_what_it_was_given_and_no_more),
		with_broker(a_backend_decrypts_no_more_than_rsa_can_hold),
		with_broker(a_key_that_may_leave_is_fetched_and_used_here),
		with_broker(without_its_backend_a_key_is_not_used),
		with_broker(a_key_revoked_while_its_backend_works_is_not_used),
		with_broker(
		    a_client_is_judged_again_when_the_backend_has_answered),
		with_broker(a_backends_words_are_no_reason_for_a_client),
		with_broker(
		    a_key_that_is_rotated_meanwhile_is_released_as_it_is_now),
		with_broker(
		    a_key_that_is_rotated_meanwhile_is_used_as_it_is_now),
		with_broker(what_changes_twice_meanwhile_is_refused),
		with_broker(a_backend_that_gave_nothing_is_not_asked_again),
		with_broker(what_is_asked_for_again_is_judged_again),
		with_broker(
		    what_the_hsm_opened_of_a_version_before_is_not_used),
		with_broker(memory_may_fail_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
