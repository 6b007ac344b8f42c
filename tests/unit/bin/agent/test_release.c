/*
 * Releases opened and checked: the one form is accepted, and whatever a hostile
 * link could make of it is refused for its reason.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "bin/agent/release.h"
#include "codec/base64.h"
#include "crypto/init.h"
#include "crypto/jwe.h"
#include "crypto/jwk.h"
#include "crypto/jws.h"

#include <string.h>

#define LEASE "6b3a9d6e-3f0c-4d52-9c53-5d4fe3a0a5a1"
#define SESSION "0d3e5bb8-56a4-4a8a-a4f4-3f4f7a1b2c3e"
#define PATH "default/key/0d3e5bb8-56a4-4a8a-a4f4-3f4f7a1b2c3d"
#define POLICY                             \
	"5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a" \
	"5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

/* The texts of a payload that a test may change; the rest is as it must be. */
struct text {
	const char *chain, *client, *algorithm, *bytes, *label, *path, *version;
	const char *lease, *seconds, *session, *nonce, *policy, *v;
};

static const struct text good = {
	.chain = "-----BEGIN\\nEND-----\\n",
	.algorithm = "ec-p256",
	.bytes = "c2VjcmV0",
	.label = "my \\\"key\\\"",
	.path = PATH,
	.version = "7",
	.lease = LEASE,
	.seconds = "600",
	.session = SESSION,
	.policy = POLICY,
	.v = "1",
};

/* Both sides of a session. */
static struct {
	struct wd_pkey *own, *signer, *other;
	uint8_t pinned[32];
	char client[64], nonce[80];
} keys;

static const uint8_t challenge[49] = { 1, 2, 3, 4 };

static struct wd_span
payload_text(const struct text *t, struct wd_wr *wr)
{
	wd_wr_printf(wr, "{\"chain\":\"%s\",\"client\":\"%s\",", t->chain,
	    t->client != NULL ? t->client : keys.client);
	wd_wr_printf(wr,
	    "\"key\":{\"algorithm\":\"%s\",\"bytes\":\"%s\",\"label\":\"%s\",",
	    t->algorithm, t->bytes, t->label);
	wd_wr_printf(
	    wr, "\"path\":\"%s\",\"version\":%s},", t->path, t->version);
	wd_wr_printf(wr, "\"lease\":{\"id\":\"%s\",\"seconds\":%s,", t->lease,
	    t->seconds);
	wd_wr_printf(wr, "\"session\":\"%s\"},", t->session);
	wd_wr_printf(wr, "\"nonce\":\"%s\",\"policy\":\"%s\",\"v\":%s}",
	    t->nonce != NULL ? t->nonce : keys.nonce, t->policy, t->v);
	t_ok(wd_wr_end(wr));
	return wd_wr_span(wr);
}

static void
b64(char *dst, size_t size, struct wd_span s,
    void (*write)(struct wd_wr *, struct wd_span))
{
	struct wd_wr wr = wd_wr_fixed(dst, size - 1);

	write(&wr, s);
	t_ok(wd_wr_end(&wr));
	dst[wr.len] = '\0';
}

static int
set_up(void **state)
{
	uint8_t thumb[32];

	(void)state;
	t_ok(wd_pkey_generate(WD_PKEY_P256, &keys.own));
	t_ok(wd_pkey_generate(WD_PKEY_P256, &keys.signer));
	t_ok(wd_pkey_generate(WD_PKEY_P256, &keys.other));
	t_ok(wd_jwk_thumbprint(keys.signer, keys.pinned));
	t_ok(wd_jwk_thumbprint(keys.own, thumb));
	b64(keys.client, sizeof(keys.client), WD_SPAN(thumb), wd_b64url_write);
	b64(keys.nonce, sizeof(keys.nonce), WD_SPAN(challenge), wd_b64_write);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	wd_pkey_freep(&keys.own);
	wd_pkey_freep(&keys.signer);
	wd_pkey_freep(&keys.other);
	return 0;
}

/* ---- releases made as a server makes them */

static struct wd_span
header_text(const struct wd_pkey *signer, const char *typ, struct wd_wr *wr)
{
	wd_wr_text(wr, "{\"alg\":\"ES256\",\"jwk\":");
	wd_jwk_write(wr, signer, WD_JWE_NONE);
	wd_wr_printf(wr, ",\"typ\":\"%s\"}", typ);
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

/* The coordinates lie in the header at fixed places. */
static void
read_epk(struct made *x)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *header = NULL;
	const uint8_t *text;

	t_ok(wd_b64url_decode(wd_bytes_span(x->jwe.protected_b64), &header));
	text = header->p +
	    strlen("{\"alg\":\"ECDH-ES+A256KW\",\"enc\":"
		   "\"A256GCM\",\"epk\":{\"crv\":\"P-256\","
		   "\"kty\":\"EC\",\"x\":\"");
	t_ok(wd_b64url_decode_exact(wd_span(text, 43), x->m.epk_x.b, 32));
	t_ok(wd_b64url_decode_exact(
	    wd_span(text + 43 + strlen("\",\"y\":\""), 43), x->m.epk_y.b, 32));
}

static void
wrap(const struct wd_pkey *client, struct wd_span plain, struct made *x)
{
	*x = (struct made){ 0 };
	t_ok(wd_jwe_seal(client, WD_JWE_ECDH_ES_A256KW, plain, &x->jwe));
	x->m.protected = wd_bytes_span(x->jwe.protected_b64);
	x->m.encrypted_key = wd_bytes_span(x->jwe.encrypted_key);
	x->m.iv = wd_bytes_span(x->jwe.iv);
	x->m.ciphertext = wd_bytes_span(x->jwe.ciphertext);
	x->m.tag = wd_bytes_span(x->jwe.tag);
	read_epk(x);
}

static void
make(const struct wd_pkey *signer, const struct wd_pkey *client,
    const struct text *t, struct made *x)
{
	static uint8_t payload[4096], header[512], jws[8192];
	struct wd_wr p = wd_wr_fixed(payload, sizeof(payload));
	struct wd_wr h = wd_wr_fixed(header, sizeof(header));
	struct wd_wr wr = wd_wr_fixed(jws, sizeof(jws));

	t_ok(wd_jws_sign(signer, header_text(signer, "vnd.warder.release", &h),
	    payload_text(t, &p), &wr));
	wrap(client, wd_wr_span(&wr), x);
}

static struct wd_release_want
a_want(void)
{
	return (struct wd_release_want){
		.own = keys.own,
		.pinned = WD_SPAN(keys.pinned),
		.challenge = WD_SPAN(challenge),
		.path = WD_SPAN_LIT(PATH),
	};
}

static void
is_refused_with(const struct made *x, int reason, const char *words)
{
	struct wd_release_want want = a_want();
	struct wd_release r = { .payload = { .version = 77 } };
	struct wd_diag d = { 0 };

	assert_int_equal(wd_release_open(&want, &x->m, &r, &d), reason);
	assert_int_equal(r.payload.version, 77);
	assert_int_equal(d.result, reason);
	if (strstr(d.detail, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", d.detail, words);
}

/* ---- accepted */

static void
release_is_opened(void **state)
{
	struct wd_release_want want = a_want();
	struct wd_release r = { 0 };
	struct made x;

	(void)state;
	make(keys.signer, keys.own, &good, &x);
	t_ok(wd_release_open(&want, &x.m, &r, NULL));
	t_span_equal(wd_secret_borrow(r.payload.bytes), WD_SPAN_LIT("secret"));
	t_span_equal(wd_bytes_span(r.payload.chain),
	    WD_SPAN_LIT("-----BEGIN\nEND-----\n"));
	assert_string_equal(r.payload.label, "my \"key\"");
	assert_string_equal(r.payload.lease.s, LEASE);
	t_span_equal(r.payload.algorithm, WD_SPAN_LIT("ec-p256"));
	assert_int_equal(r.payload.version, 7);
	assert_int_equal(r.payload.seconds, 600);
	assert_int_equal(r.payload.policy[31], 0x5a);
	wd_release_done(&r);
	made_done(&x);
}

static void
chain_and_label_may_be_empty(void **state)
{
	struct wd_release_want want = a_want();
	struct wd_release r = { 0 };
	struct text t = good;
	struct made x;

	(void)state;
	t.chain = "";
	t.label = "";
	make(keys.signer, keys.own, &t, &x);
	t_ok(wd_release_open(&want, &x.m, &r, NULL));
	assert_null(r.payload.chain);
	assert_string_equal(r.payload.label, "");
	wd_release_done(&r);
	made_done(&x);
}

/* ---- what a hostile link could send */

static void
release_of_another_signer_is_refused(void **state)
{
	struct made x;

	(void)state;
	make(keys.other, keys.own, &good, &x);
	is_refused_with(&x, WD_R_RELEASE_SIGNATURE, "another key");
	made_done(&x);
}

static void
release_for_another_client_is_refused(void **state)
{
	struct text t = good;
	struct made x;

	(void)state;
	make(keys.signer, keys.other, &good, &x);
	is_refused_with(&x, WD_R_RELEASE_MISMATCH, "not wrapped");
	made_done(&x);

	/* Unwrapped by the thief it was for and wrapped again to us. */
	t.client = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	make(keys.signer, keys.own, &t, &x);
	is_refused_with(&x, WD_R_RELEASE_MISMATCH, "another client");
	made_done(&x);
}

static void
replayed_release_is_refused(void **state)
{
	struct text t = good;
	struct made x;

	(void)state;
	t.nonce = "AQIDBAUAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		  "AAAAAAAAA=";
	make(keys.signer, keys.own, &t, &x);
	is_refused_with(&x, WD_R_RELEASE_MISMATCH, "another challenge");
	made_done(&x);
}

static void
release_of_another_path_is_refused(void **state)
{
	struct text t = good;
	struct made x;

	(void)state;
	t.path = "default/key/1d3e5bb8-56a4-4a8a-a4f4-3f4f7a1b2c3d";
	make(keys.signer, keys.own, &t, &x);
	is_refused_with(&x, WD_R_RELEASE_MISMATCH, "another key than the one");
	made_done(&x);
}

static void
other_version_is_refused_as_such(void **state)
{
	struct text t = good;
	struct made x;

	(void)state;
	t.v = "2";
	t.path = "x\\u0000"; /* what else it says does not matter */
	make(keys.signer, keys.own, &t, &x);
	is_refused_with(&x, WD_R_VERSION, "version");
	made_done(&x);
}

/* A secret wrapped in the plain form of the protocol, by anybody. */
static void
unsigned_release_is_refused(void **state)
{
	struct made x;

	(void)state;
	wrap(keys.own, WD_SPAN_LIT("secret"), &x);
	is_refused_with(&x, WD_R_MALFORMED, "inner header");
	made_done(&x);
	wrap(keys.own, WD_SPAN_LIT(""), &x);
	is_refused_with(&x, WD_R_MALFORMED, "inner header");
	made_done(&x);
}

static void
token_of_the_server_is_no_release(void **state)
{
	uint8_t header[512], jws[8192], payload[4096];
	struct wd_wr h = wd_wr_fixed(header, sizeof(header));
	struct wd_wr p = wd_wr_fixed(payload, sizeof(payload));
	struct wd_wr wr = wd_wr_fixed(jws, sizeof(jws));
	struct made x;

	(void)state;
	t_ok(wd_jws_sign(keys.signer, header_text(keys.signer, "JWT", &h),
	    payload_text(&good, &p), &wr));
	wrap(keys.own, wd_wr_span(&wr), &x);
	is_refused_with(&x, WD_R_MALFORMED, "inner header");
	made_done(&x);
}

/* The pinned key in the header, another key's signature below. */
static void
borrowed_header_is_refused(void **state)
{
	uint8_t header[512], jws[8192], payload[4096];
	struct wd_wr h = wd_wr_fixed(header, sizeof(header));
	struct wd_wr p = wd_wr_fixed(payload, sizeof(payload));
	struct wd_wr wr = wd_wr_fixed(jws, sizeof(jws));
	struct made x;

	(void)state;
	t_ok(wd_jws_sign(keys.other,
	    header_text(keys.signer, "vnd.warder.release", &h),
	    payload_text(&good, &p), &wr));
	wrap(keys.own, wd_wr_span(&wr), &x);
	is_refused_with(&x, WD_R_RELEASE_SIGNATURE, "signature");
	made_done(&x);
}

static void
cut_token_is_refused(void **state)
{
	uint8_t header[512], jws[8192], payload[4096];
	struct wd_wr h = wd_wr_fixed(header, sizeof(header));
	struct wd_wr p = wd_wr_fixed(payload, sizeof(payload));
	struct wd_wr wr = wd_wr_fixed(jws, sizeof(jws));

	(void)state;
	t_ok(wd_jws_sign(keys.signer,
	    header_text(keys.signer, "vnd.warder.release", &h),
	    payload_text(&good, &p), &wr));
	for (size_t cut = 1; cut < wr.len; cut += 13) {
		struct wd_release_want want = a_want();
		struct wd_release r = { 0 };
		struct made x;

		wrap(keys.own, wd_span(jws, wr.len - cut), &x);
		assert_int_equal(
		    wd_release_open(&want, &x.m, &r, NULL), WD_R_MALFORMED);
		made_done(&x);
	}
}

static void
other_ephemeral_key_is_refused(void **state)
{
	struct made x;

	(void)state;
	make(keys.signer, keys.own, &good, &x);
	x.m.epk_x.b[0] ^= 1;
	is_refused_with(&x, WD_R_MALFORMED, "no point");
	made_done(&x);

	/* A true point, but not the one in the header. */
	make(keys.signer, keys.own, &good, &x);
	{
		WD_AUTO(wd_bytes_freep) struct wd_bytes *px = NULL;
		WD_AUTO(wd_bytes_freep) struct wd_bytes *py = NULL;

		t_ok(wd_pkey_public_parts(keys.other, &px, &py));
		wd_copy(x.m.epk_x.b, wd_bytes_span(px));
		wd_copy(x.m.epk_y.b, wd_bytes_span(py));
	}
	is_refused_with(&x, WD_R_MALFORMED, "outer header");
	made_done(&x);
}

static void
other_header_is_refused(void **state)
{
	struct made x;
	char longer[1024];

	(void)state;
	make(keys.signer, keys.own, &good, &x);
	x.m.protected.len--;
	is_refused_with(&x, WD_R_MALFORMED, "outer header");
	x.m.protected.len++;
	wd_copy(longer, x.m.protected);
	longer[x.m.protected.len] = 'A';
	x.m.protected = wd_span(longer, x.m.protected.len + 1);
	is_refused_with(&x, WD_R_MALFORMED, "outer header");
	x.m.protected = WD_SPAN_LIT("");
	is_refused_with(&x, WD_R_MALFORMED, "outer header");
	made_done(&x);
}

static void
changed_bytes_are_refused(void **state)
{
	struct made x;

	(void)state;
	make(keys.signer, keys.own, &good, &x);
	x.jwe.ciphertext->p[5] ^= 1;
	is_refused_with(&x, WD_R_RELEASE_MISMATCH, "changed");
	x.jwe.ciphertext->p[5] ^= 1;
	x.jwe.tag->p[0] ^= 1;
	is_refused_with(&x, WD_R_RELEASE_MISMATCH, "changed");
	x.jwe.tag->p[0] ^= 1;
	x.jwe.encrypted_key->p[0] ^= 1;
	is_refused_with(&x, WD_R_RELEASE_MISMATCH, "changed");
	x.jwe.encrypted_key->p[0] ^= 1;
	x.m.iv.len--;
	is_refused_with(&x, WD_R_RELEASE_MISMATCH, "changed");
	x.m.iv.len++;
	x.m.tag = WD_SPAN_LIT("");
	is_refused_with(&x, WD_R_RELEASE_MISMATCH, "changed");
	made_done(&x);
}

/* ---- payloads */

static int
read_payload(struct wd_span text)
{
	struct wd_payload p = { 0 };
	int r = wd_payload_read(text, &p, NULL);

	wd_payload_done(&p);
	return r;
}

static void
malformed_members_are_refused(void **state)
{
	static const struct {
		size_t at;
		const char *value;
	} bad[] = {
#define BAD(member, value) { offsetof(struct text, member), value }
		BAD(chain, "a\\u0041"),
		BAD(chain, "\\x"),
		BAD(client, "a\\\\"),
		BAD(client, "\x01"),
		BAD(algorithm, "\xc3\xa9"),
		BAD(bytes, ""),
		BAD(bytes, "c2VjcmV0="),
		BAD(bytes, "c2Vj cmV0"),
		BAD(bytes, "c"),
		BAD(bytes, "c2VjcmV0\",\"bytes\":\"c2VjcmV0"),
		BAD(label, "a\\nb"),
		BAD(label, "\\"),
		BAD(label, "\xff"),
		BAD(label,
		    "012345678901234567890123456789012345678901234567890123456"
		    "789012345678901234567890123456789012345678901234567890123"
		    "456789012345678"),
		BAD(path, "a\",\"b"),
		BAD(version, "0"),
		BAD(version, "01"),
		BAD(version, "-1"),
		BAD(version, "4294967296"),
		BAD(version, "1.0"),
		BAD(version, "\"1\""),
		BAD(lease, "x"),
		BAD(lease, ""),
		BAD(seconds, "0"),
		BAD(seconds, "86401"),
		BAD(seconds, ""),
		BAD(policy, "5a"),
		BAD(policy, ""),
		BAD(v, "1,\"w\":1"),
		BAD(v, "1 "),
		BAD(v, "true"),
#undef BAD
	};

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		char buf[4096];
		struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
		struct text t = good;

		*(const char **)(void *)((char *)&t + bad[i].at) = bad[i].value;
		assert_int_equal(
		    read_payload(payload_text(&t, &wr)), WD_R_MALFORMED);
	}
}

static void
cut_and_longer_payloads_are_refused(void **state)
{
	char buf[4096];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_span text = payload_text(&good, &wr);

	(void)state;
	t_ok(read_payload(text));
	for (size_t len = 0; len < text.len; len++)
		assert_int_equal(
		    read_payload(wd_span(text.p, len)), WD_R_MALFORMED);
	for (const char *tail = " }1\n,"; *tail != '\0'; tail++) {
		buf[text.len] = *tail;
		assert_int_equal(
		    read_payload(wd_span(buf, text.len + 1)), WD_R_MALFORMED);
	}
	buf[text.len] = '\0';
	assert_int_equal(
	    read_payload(wd_span(buf, text.len + 1)), WD_R_MALFORMED);
}

/* No flip is a crash; those outside of values are refused. */
static void
flipped_bits_do_not_hurt(void **state)
{
	char buf[4096];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_span text = payload_text(&good, &wr);

	(void)state;
	for (size_t bit = 0; bit < text.len * 8; bit++) {
		buf[bit / 8] ^= (char)(1u << bit % 8);
		assert_true(read_payload(text) >= 0);
		buf[bit / 8] ^= (char)(1u << bit % 8);
	}
}

static void
lack_of_memory_is_a_fault(void **state)
{
	struct made x;
	uint64_t k = 1;
	int r;

	(void)state;
	make(keys.signer, keys.own, &good, &x);
	do {
		struct wd_release_want want = a_want();
		struct wd_release release = { 0 };

		(void)wd_alloc_fail_at(k++);
		r = wd_release_open(&want, &x.m, &release, NULL);
		assert_true(r <= 0);
		wd_release_done(&release);
	} while (wd_alloc_fail_at(0));
	t_ok(r);
	made_done(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(release_is_opened),
		cmocka_unit_test(chain_and_label_may_be_empty),
		cmocka_unit_test(release_of_another_signer_is_refused),
		cmocka_unit_test(release_for_another_client_is_refused),
		cmocka_unit_test(replayed_release_is_refused),
		cmocka_unit_test(release_of_another_path_is_refused),
		cmocka_unit_test(other_version_is_refused_as_such),
		cmocka_unit_test(unsigned_release_is_refused),
		cmocka_unit_test(token_of_the_server_is_no_release),
		cmocka_unit_test(borrowed_header_is_refused),
		cmocka_unit_test(cut_token_is_refused),
		cmocka_unit_test(other_ephemeral_key_is_refused),
		cmocka_unit_test(other_header_is_refused),
		cmocka_unit_test(changed_bytes_are_refused),
		cmocka_unit_test(malformed_members_are_refused),
		cmocka_unit_test(cut_and_longer_payloads_are_refused),
		cmocka_unit_test(flipped_bits_do_not_hurt),
		cmocka_unit_test(lack_of_memory_is_a_fault),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
