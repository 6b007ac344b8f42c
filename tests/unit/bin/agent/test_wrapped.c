/*
 * Keys that came as an HSM has wrapped them: the one that was registered is
 * opened, and whatever else a server, a link or an HSM could send is refused.
 */
#include "lib/t.h"
#include "lib/t_wrapped.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "bin/agent/release.h"
#include "codec/base64.h"
#include "crypto/init.h"
#include "crypto/jwe.h"
#include "crypto/jwk.h"
#include "crypto/jws.h"

#include <string.h>

#define ID "0d3e5bb8-56a4-4a8a-a4f4-3f4f7a1b2c3d"
#define PATH "default/key/" ID
#define SHA256_NAME "RSA-OAEP-256+A256KWP"
#define SHA1_NAME "RSA-OAEP-SHA1+A256KWP"

static const uint8_t challenge[49] = { 1, 2, 3, 4 };
static const uint8_t aes[32] = { 5, 6, 7 };

/* Both sides of a session, and two keys of an HSM. */
static struct {
	struct wd_pkey *own, *signer, *ec;
	struct wd_pkey *pair, *other;
	struct wd_secret *pair_bytes, *other_bytes;
	struct wd_bytes *spki;
	uint8_t pinned[32];
} keys;

static int
set_up(void **state)
{
	(void)state;
	t_ok(wd_pkey_generate(WD_PKEY_RSA2048, &keys.own));
	t_ok(wd_pkey_generate(WD_PKEY_P256, &keys.signer));
	t_ok(wd_pkey_generate(WD_PKEY_P256, &keys.ec));
	t_ok(wd_pkey_generate(WD_PKEY_P256, &keys.pair));
	t_ok(wd_pkey_generate(WD_PKEY_P256, &keys.other));
	t_ok(wd_pkey_to_pkcs8(keys.pair, &keys.pair_bytes));
	t_ok(wd_pkey_to_pkcs8(keys.other, &keys.other_bytes));
	t_ok(wd_pkey_to_spki(keys.pair, &keys.spki));
	t_ok(wd_jwk_thumbprint(keys.signer, keys.pinned));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	wd_pkey_freep(&keys.own);
	wd_pkey_freep(&keys.signer);
	wd_pkey_freep(&keys.ec);
	wd_pkey_freep(&keys.pair);
	wd_pkey_freep(&keys.other);
	wd_secret_freep(&keys.pair_bytes);
	wd_secret_freep(&keys.other_bytes);
	wd_bytes_freep(&keys.spki);
	return 0;
}

/* ---- what a server makes of it */

/* What a test may change; the rest is as it must be. */
struct said {
	const struct wd_pkey *client; /* that all is wrapped to */
	const char *algorithm, *wrap;
	enum wd_hash hash;
	struct wd_span key;  /* in the layers */
	struct wd_span spki; /* beside them */
	struct wd_span raw;  /* instead of layers */
};

static struct said
good(void)
{
	return (struct said){ .client = keys.own,
		.algorithm = "ec-p256",
		.wrap = SHA256_NAME,
		.hash = WD_SHA256,
		.key = wd_secret_borrow(keys.pair_bytes),
		.spki = wd_bytes_span(keys.spki) };
}

static void
write_key(struct wd_wr *wr, const struct said *s)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *layers = NULL;

	if (s->raw.len == 0)
		t_ok(t_wrap(keys.own, s->hash, s->key, &layers));
	wd_wr_printf(wr, "{\"algorithm\":\"%s\",\"bytes\":\"", s->algorithm);
	wd_b64url_write(wr, s->raw.len > 0 ? s->raw : wd_bytes_span(layers));
	wd_wr_text(wr, "\",\"label\":\"\",\"path\":\"" PATH "\"");
	if (s->wrap != NULL) {
		wd_wr_text(wr, ",\"spki\":\"");
		wd_b64url_write(wr, s->spki);
		wd_wr_text(wr, "\"");
	}
	wd_wr_text(wr, ",\"version\":1");
	if (s->wrap != NULL)
		wd_wr_printf(wr, ",\"wrap\":\"%s\"", s->wrap);
	wd_wr_text(wr, "}");
}

static struct wd_span
payload_of(struct wd_wr *wr, const struct said *s)
{
	uint8_t thumb[32];

	t_ok(wd_jwk_thumbprint(s->client, thumb));
	wd_wr_text(wr, "{\"chain\":\"\",\"client\":\"");
	wd_b64url_write(wr, WD_SPAN(thumb));
	wd_wr_text(wr, "\",\"key\":");
	write_key(wr, s);
	wd_wr_text(wr,
	    ",\"lease\":{\"id\":\"" ID "\",\"seconds\":600,\"session\":\"" ID
	    "\"},\"nonce\":\"");
	wd_b64_write(wr, WD_SPAN(challenge));
	wd_wr_text(wr, "\",\"policy\":\"");
	for (size_t i = 0; i < 32; i++)
		wd_wr_text(wr, "5a");
	wd_wr_text(wr, "\",\"v\":1}");
	t_ok(wd_wr_end(wr));
	return wd_wr_span(wr);
}

/* A release in the link's hands, with the buffers it views. */
struct made {
	struct wd_jwe jwe;
	struct wd_msg_link_release m;
};

static void
made_done(struct made *x)
{
	wd_jwe_done(&x->jwe);
}

/* For an RSA key. */
static void
make(const struct said *s, struct made *x)
{
	static uint8_t payload[8192], header[512], jws[12288];
	struct wd_wr p = wd_wr_fixed(payload, sizeof(payload));
	struct wd_wr h = wd_wr_fixed(header, sizeof(header));
	struct wd_wr wr = wd_wr_fixed(jws, sizeof(jws));

	wd_wr_text(&h, "{\"alg\":\"ES256\",\"jwk\":");
	wd_jwk_write(&h, keys.signer, WD_JWE_NONE);
	wd_wr_text(&h, ",\"typ\":\"vnd.warder.release\"}");
	t_ok(wd_jws_sign(keys.signer, wd_wr_span(&h), payload_of(&p, s), &wr));
	*x = (struct made){ 0 };
	t_ok(wd_jwe_seal(
	    s->client, WD_JWE_RSA_OAEP_256, wd_wr_span(&wr), &x->jwe));
	x->m.protected = wd_bytes_span(x->jwe.protected_b64);
	x->m.encrypted_key = wd_bytes_span(x->jwe.encrypted_key);
	x->m.iv = wd_bytes_span(x->jwe.iv);
	x->m.ciphertext = wd_bytes_span(x->jwe.ciphertext);
	x->m.tag = wd_bytes_span(x->jwe.tag);
}

static int
open_it(const struct made *x, enum wd_release_wrapped wrapped,
    struct wd_release *r, struct wd_diag *d)
{
	const struct wd_release_want want = { .own = keys.own,
		.wrapped = wrapped,
		.pinned = WD_SPAN(keys.pinned),
		.challenge = WD_SPAN(challenge),
		.path = WD_SPAN_LIT(PATH) };

	return wd_release_open(&want, &x->m, r, d);
}

static void
opens(const struct said *s, struct wd_span key)
{
	WD_AUTO(made_done) struct made x = { 0 };
	WD_AUTO(wd_release_done) struct wd_release r = { 0 };

	make(s, &x);
	t_ok(open_it(&x, WD_WRAPPED_AUTO, &r, NULL));
	t_span_equal(wd_secret_borrow(r.payload.bytes), key);
}

static void
is_refused(const struct said *s, enum wd_release_wrapped wrapped, int reason,
    const char *words)
{
	WD_AUTO(made_done) struct made x = { 0 };
	struct wd_release r = { .payload = { .version = 77 } };
	struct wd_diag d = { 0 };

	make(s, &x);
	assert_int_equal(open_it(&x, wrapped, &r, &d), reason);
	assert_int_equal(r.payload.version, 77);
	if (strstr(d.detail, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", d.detail, words);
}

/* ---- accepted */

static void
registered_pair_is_opened(void **state)
{
	struct said s = good();

	(void)state;
	opens(&s, s.key);
	s.hash = WD_SHA1;
	s.wrap = SHA1_NAME;
	opens(&s, s.key);
}

static void
aes_key_of_its_length_is_opened(void **state)
{
	struct said s = good();

	(void)state;
	s.algorithm = "aes-256";
	s.key = WD_SPAN(aes);
	s.spki = wd_span(NULL, 0);
	opens(&s, s.key);
	s.algorithm = "aes-128";
	is_refused(&s, WD_WRAPPED_AUTO, WD_R_RELEASE_MISMATCH, "another key");
}

static void
plain_release_is_opened_by_an_rsa_key(void **state)
{
	struct said s = good();

	(void)state;
	s.wrap = NULL;
	s.raw = s.key;
	opens(&s, s.key);
}

/* ---- refused */

static void
what_was_not_asked_for_is_refused(void **state)
{
	struct said s = good();

	(void)state;
	is_refused(
	    &s, WD_WRAPPED_NEVER, WD_R_RELEASE_MISMATCH, "not asked for");
	is_refused(
	    &s, WD_WRAPPED_UNSET, WD_R_RELEASE_MISMATCH, "not asked for");
	s.wrap = NULL;
	s.raw = s.key;
	is_refused(&s, WD_WRAPPED_ONLY, WD_R_RELEASE_MISMATCH,
	    "did not come as an HSM");
}

static void
another_key_in_the_layers_is_refused(void **state)
{
	struct said s = good();

	(void)state;
	s.key = wd_secret_borrow(keys.other_bytes);
	is_refused(&s, WD_WRAPPED_AUTO, WD_R_RELEASE_MISMATCH, "another key");
	s.key = WD_SPAN(aes);
	is_refused(&s, WD_WRAPPED_AUTO, WD_R_RELEASE_MISMATCH, "another key");
}

static void
public_key_beside_it_must_be_of_its_kind(void **state)
{
	struct said s = good();

	(void)state;
	s.algorithm = "ec-p384";
	is_refused(&s, WD_WRAPPED_AUTO, WD_R_RELEASE_MISMATCH, "another key");
	s.algorithm = "ec-p256";
	s.spki = wd_span(NULL, 0);
	is_refused(&s, WD_WRAPPED_AUTO, WD_R_MALFORMED, "public key");
	s.spki = WD_SPAN(aes);
	is_refused(&s, WD_WRAPPED_AUTO, WD_R_MALFORMED, "public key");
	s = good();
	s.algorithm = "aes-256";
	s.key = WD_SPAN(aes);
	is_refused(&s, WD_WRAPPED_AUTO, WD_R_MALFORMED, "public key");
	s.algorithm = "certificate";
	is_refused(&s, WD_WRAPPED_AUTO, WD_R_MALFORMED, "no kind");
}

static void
layers_that_do_not_open_are_refused(void **state)
{
	static const uint8_t zeros[WD_WRAPPED_MAX];
	static const size_t lengths[] = { 1, 255, 256, 264, 272, 400, 401 };
	struct said s = good();

	(void)state;
	s.hash = WD_SHA1; /* and says it was the other */
	is_refused(&s, WD_WRAPPED_AUTO, WD_R_RELEASE_MISMATCH, "does not open");
	for (size_t i = 0; i < WD_N(lengths); i++) {
		s.raw = wd_span(zeros, lengths[i]);
		is_refused(&s, WD_WRAPPED_AUTO, WD_R_RELEASE_MISMATCH,
		    "does not open");
	}
}

static void
unknown_wraps_are_refused(void **state)
{
	static const char *const names[] = { "", "RSA-OAEP+A256KWP",
		"RSA1_5+A256KWP", "RSA-OAEP-256+A256KW" };

	(void)state;
	for (size_t i = 0; i < WD_N(names); i++) {
		struct said s = good();

		s.wrap = names[i];
		is_refused(&s, WD_WRAPPED_AUTO, WD_R_MALFORMED, "");
	}
}

/* A session with another key than RSA opens no layers, whatever is said. */
static void
layers_need_an_rsa_key(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *layers = NULL;
	struct wd_payload p = { .wrap = WD_WRAP_OAEP_SHA256,
		.algorithm = WD_SPAN_LIT("ec-p256") };
	const struct wd_release_want want = { .own = keys.ec,
		.wrapped = WD_WRAPPED_AUTO };

	(void)state;
	t_ok(t_wrap(
	    keys.own, WD_SHA256, wd_secret_borrow(keys.pair_bytes), &layers));
	p.bytes = wd_secret_copy(wd_bytes_span(layers));
	assert_int_equal(
	    wd_release_unwrap(&want, &p, NULL), WD_R_RELEASE_MISMATCH);
	wd_payload_done(&p);
}

/* The header of an EC key in front of what is for an RSA key. */
static void
other_outer_headers_are_refused(void **state)
{
	WD_AUTO(made_done) struct made x = { 0 };
	struct said s = good();
	struct wd_release r = { 0 };

	(void)state;
	make(&s, &x);
	x.m.protected.len--;
	assert_int_equal(
	    open_it(&x, WD_WRAPPED_AUTO, &r, NULL), WD_R_MALFORMED);
	/* {"alg":"ECDH-ES+A256KW","enc":"A256GCM"} */
	x.m.protected = WD_SPAN_LIT(
	    "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00ifQ");
	assert_int_equal(
	    open_it(&x, WD_WRAPPED_AUTO, &r, NULL), WD_R_MALFORMED);
}

static void
changed_bytes_are_refused(void **state)
{
	WD_AUTO(made_done) struct made x = { 0 };
	struct said s = good();
	struct wd_release r = { 0 };

	(void)state;
	make(&s, &x);
	x.jwe.encrypted_key->p[7] ^= 1;
	assert_int_equal(
	    open_it(&x, WD_WRAPPED_AUTO, &r, NULL), WD_R_RELEASE_MISMATCH);
	x.jwe.encrypted_key->p[7] ^= 1;
	x.jwe.tag->p[7] ^= 1;
	assert_int_equal(
	    open_it(&x, WD_WRAPPED_AUTO, &r, NULL), WD_R_RELEASE_MISMATCH);
	x.jwe.tag->p[7] ^= 1;
	x.m.encrypted_key.len--;
	assert_int_equal(
	    open_it(&x, WD_WRAPPED_AUTO, &r, NULL), WD_R_RELEASE_MISMATCH);
}

static void
cut_and_flipped_payloads_do_not_hurt(void **state)
{
	static char buf[8192];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct said s = good();
	struct wd_span text = payload_of(&wr, &s);

	(void)state;
	for (size_t len = 0; len < text.len; len++) {
		WD_AUTO(wd_payload_done) struct wd_payload p = { 0 };

		assert_int_equal(wd_payload_read(wd_span(buf, len), &p, NULL),
		    WD_R_MALFORMED);
	}
	for (size_t bit = 0; bit < text.len * 8; bit += 3) {
		WD_AUTO(wd_payload_done) struct wd_payload p = { 0 };

		buf[bit / 8] ^= (char)(1u << bit % 8);
		assert_true(wd_payload_read(text, &p, NULL) >= 0);
		buf[bit / 8] ^= (char)(1u << bit % 8);
	}
}

static void
lack_of_memory_is_a_fault(void **state)
{
	WD_AUTO(made_done) struct made x = { 0 };
	struct said s = good();
	uint64_t k = 1;
	int r;

	(void)state;
	make(&s, &x);
	do {
		WD_AUTO(wd_release_done) struct wd_release release = { 0 };

		(void)wd_alloc_fail_at(k++);
		r = open_it(&x, WD_WRAPPED_AUTO, &release, NULL);
		assert_true(r <= 0);
	} while (wd_alloc_fail_at(0));
	t_ok(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registered_pair_is_opened),
		cmocka_unit_test(aes_key_of_its_length_is_opened),
		cmocka_unit_test(plain_release_is_opened_by_an_rsa_key),
		cmocka_unit_test(what_was_not_asked_for_is_refused),
		cmocka_unit_test(another_key_in_the_layers_is_refused),
		cmocka_unit_test(public_key_beside_it_must_be_of_its_kind),
		cmocka_unit_test(layers_that_do_not_open_are_refused),
		cmocka_unit_test(unknown_wraps_are_refused),
		cmocka_unit_test(layers_need_an_rsa_key),
		cmocka_unit_test(other_outer_headers_are_refused),
		cmocka_unit_test(changed_bytes_are_refused),
		cmocka_unit_test(cut_and_flipped_payloads_do_not_hurt),
		cmocka_unit_test(lack_of_memory_is_a_fault),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
