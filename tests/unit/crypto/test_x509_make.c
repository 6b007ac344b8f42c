/*
 * What is made here is read back by our own parser and accepted by libcrypto's
 * strictest path validation, which shares no code with it.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/reason.h"
#include "crypto/init.h"
#include "crypto/sig.h"
#include "crypto/x509_make.h"
#include "jose_fixtures.h"
#include "key_fixtures.h"
#include "t_keys.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

static const struct wd_rdn root_name[] = {
	{ "2.5.4.3", "Test Root" },
	{ "2.5.4.10", "Tests & \xc3\x9c" },
	{ "2.5.4.6", "FI" },
};
static const struct wd_rdn leaf_name[] = { { "2.5.4.3", "leaf.example" } };
static const char *const leaf_dns[] = { "leaf.example", "*.leaf.example",
	"192.0.2.7", "2001:db8::7" };
static const int64_t now = 1780000000; /* in 2026 */
static const int64_t in_2060 = 2850000000;

static struct wd_cert_spec
root_spec(void)
{
	return (struct wd_cert_spec){ .subject = root_name,
		.n_subject = WD_N(root_name),
		.not_before = now - 10,
		.not_after = in_2060,
		.is_ca = true,
		.path_len = 0,
		.key_usage = WD_KU_CERT_SIGN | WD_KU_CRL_SIGN };
}

static struct wd_cert_spec
leaf_spec(void)
{
	return (struct wd_cert_spec){ .subject = leaf_name,
		.n_subject = WD_N(leaf_name),
		.issuer = root_name,
		.n_issuer = WD_N(root_name),
		.serial = WD_SPAN_LIT("\xc0\xff\xee"),
		.not_before = now - 5,
		.not_after = now + 1000,
		.path_len = -1,
		.key_usage = WD_KU_DIGITAL_SIGNATURE | WD_KU_KEY_ENCIPHERMENT,
		.server_auth = true,
		.dns = leaf_dns,
		.n_dns = WD_N(leaf_dns),
		.crl_uri = "http://crl.example/root.crl" };
}

static struct wd_bytes *
make(const struct wd_cert_spec *spec, const struct wd_pkey *subject,
    const struct wd_pkey *issuer)
{
	struct wd_bytes *der = NULL;

	t_ok(wd_cert_make(spec, subject, issuer, &der));
	return der;
}

static struct wd_bytes *
make_crl(const struct wd_span *revoked, size_t n, const struct wd_pkey *issuer)
{
	struct wd_crl_spec spec = { root_name, WD_N(root_name), now - 5,
		now + 1000, revoked, n, false };
	struct wd_bytes *der = NULL;

	t_ok(wd_crl_make(&spec, issuer, &der));
	return der;
}

static struct wd_cert *
parse(const struct wd_bytes *der)
{
	struct wd_cert *c = NULL;

	t_ok(wd_cert_parse(wd_bytes_span(der), &c));
	return c;
}

static X509 *
decode(const struct wd_bytes *der)
{
	const uint8_t *p = der->p;
	X509 *x = d2i_X509(NULL, &p, (long)der->len);

	assert_non_null(x);
	return x;
}

/* X509_V_OK or the error of strict validation of LEAF below ROOT. */
static int
validate(const struct wd_bytes *root, const struct wd_bytes *leaf,
    const struct wd_bytes *crl)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509 *root_x = decode(root);
	X509 *leaf_x = decode(leaf);
	const uint8_t *p = crl->p;
	X509_CRL *list = d2i_X509_CRL(NULL, &p, (long)crl->len);
	X509_VERIFY_PARAM *param;
	int error;

	assert_non_null(list);
	assert_int_equal(X509_STORE_add_cert(store, root_x), 1);
	assert_int_equal(X509_STORE_add_crl(store, list), 1);
	assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf_x, NULL), 1);
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, now);
	X509_VERIFY_PARAM_set_flags(
	    param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CRL_CHECK);
	X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
	(void)X509_verify_cert(ctx); /* its error says more */
	error = X509_STORE_CTX_get_error(ctx);
	X509_CRL_free(list);
	X509_free(leaf_x);
	X509_free(root_x);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
	return error;
}

static const char *const issuer_keys[] = { key_bob, p384_sec1, key_p521,
	ed25519_pkcs8, rsa2048_pkcs1, rsa3072_pkcs8 };

static void
every_kind_of_issuer_passes_strict_validation(void **state)
{
	static const struct wd_span other[] = { { (const uint8_t *)"\x01",
	    1 } };
	WD_AUTO(wd_pkey_freep) struct wd_pkey *leaf_key = t_private(key_alice);

	(void)state;
	for (size_t i = 0; i < WD_N(issuer_keys); i++) {
		WD_AUTO(wd_pkey_freep)
		struct wd_pkey *key = t_private(issuer_keys[i]);
		struct wd_cert_spec rs = root_spec();
		struct wd_cert_spec ls = leaf_spec();
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *root = make(&rs, key, key);
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *leaf = make(&ls, leaf_key, key);
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *crl = make_crl(other, 1, key);
		WD_AUTO(wd_cert_freep) struct wd_cert *root_c = parse(root);
		WD_AUTO(wd_cert_freep) struct wd_cert *leaf_c = parse(leaf);

		assert_int_equal(validate(root, leaf, crl), X509_V_OK);
		t_ok(wd_cert_signed_by(leaf_c, wd_cert_key(root_c)));
		t_ok(wd_cert_signed_by(root_c, wd_cert_key(root_c)));
	}
}

static void
certificate_says_what_was_asked(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = t_private(key_bob);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *leaf_key = t_private(key_alice);
	WD_AUTO(wd_pkey_freep)
	struct wd_pkey *leaf_public = t_public_of(leaf_key);
	struct wd_cert_spec rs = root_spec();
	struct wd_cert_spec ls = leaf_spec();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *root = make(&rs, key, key);
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *leaf = make(&ls, leaf_public, key);
	WD_AUTO(wd_cert_freep) struct wd_cert *r = parse(root);
	WD_AUTO(wd_cert_freep) struct wd_cert *l = parse(leaf);

	(void)state;
	t_span_equal(wd_cert_common_name(r), WD_SPAN_LIT("Test Root"));
	t_span_equal(wd_cert_issuer(l), wd_cert_subject(r));
	assert_int_equal(wd_cert_serial(r).len, 16);
	t_span_equal(wd_cert_serial(l), WD_SPAN_LIT("\x00\xc0\xff\xee"));
	assert_int_equal(wd_cert_not_before(r), now - 10);
	assert_int_equal(wd_cert_not_after(r), in_2060);
	assert_true(wd_cert_is_ca(r));
	assert_int_equal(wd_cert_path_len(r), 0);
	assert_true(wd_cert_may_sign_certs(r));
	assert_true(wd_cert_may_sign_crls(r));
	assert_false(wd_cert_is_ca(l));
	assert_false(wd_cert_may_sign_certs(l));
	assert_true(wd_pkey_same_public(wd_cert_key(l), leaf_key));
}

/* GENERAL_NAMES by libcrypto: two DNS names and two addresses. */
static void
names_and_addresses_are_told_apart(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = t_private(key_bob);
	struct wd_cert_spec ls = leaf_spec();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *leaf = make(&ls, key, key);
	X509 *x = decode(leaf);

	(void)state;
	assert_int_equal(X509_check_host(x, "leaf.example", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(x, "a.leaf.example", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(x, "192.0.2.7", 0, 0, NULL), 0);
	assert_int_equal(X509_check_ip_asc(x, "192.0.2.7", 0), 1);
	assert_int_equal(X509_check_ip_asc(x, "2001:db8::7", 0), 1);
	assert_int_equal(X509_check_ip_asc(x, "2001:db8::8", 0), 0);
	X509_free(x);
}

static void
own_extensions_are_added(void **state)
{
	static const struct wd_cert_ext ext[] = {
		{ "1.2.840.113741.1.13.1", false,
		    { (const uint8_t *)"\x05\x00", 2 } },
		{ "1.3.6.1.4.1.99999.7", true,
		    { (const uint8_t *)"\x05\x00", 2 } },
	};
	static const uint8_t sgx[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01,
		0x0d, 0x01 };
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = t_private(key_bob);
	struct wd_cert_spec spec = leaf_spec();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	WD_AUTO(wd_cert_freep) struct wd_cert *c = NULL;
	struct wd_span value = { NULL, 0 };

	(void)state;
	spec.ext = ext;
	spec.n_ext = WD_N(ext);
	der = make(&spec, key, key);
	c = parse(der);
	assert_true(wd_cert_extension(c, WD_SPAN(sgx), &value));
	t_span_equal(value, WD_SPAN_LIT("\x05\x00"));
	assert_true(wd_cert_has_unknown_critical(c));
}

static void
a_serial_of_zero_is_possible(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = t_private(key_bob);
	struct wd_cert_spec spec = root_spec();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	WD_AUTO(wd_cert_freep) struct wd_cert *c = NULL;

	(void)state;
	spec.serial = WD_SPAN_LIT("\0");
	der = make(&spec, key, key);
	c = parse(der);
	t_span_equal(wd_cert_serial(c), WD_SPAN_LIT("\0"));
}

static void
what_is_not_possible_is_refused(void **state)
{
	static const char *const bad_dns[] = { "under_score", "a b", "",
		"1.2.3.4.5:6" };
	static const struct wd_rdn bad_rdn[] = {
		{ "2.5.4.6", "Finland" },
		{ "2.5.4.3", "" },
		{ "2.5.4.3", "\xff\xfe" },
	};
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = t_private(key_bob);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *public = t_public_of(key);
	struct wd_cert_spec good = leaf_spec();
	struct wd_cert_spec spec = good;
	struct wd_bytes *der = NULL;
	uint8_t long_serial[21] = { 1 };

	(void)state;
	assert_int_equal(
	    wd_cert_make(&spec, key, public, &der), WD_R_KEY_INVALID);
	assert_int_equal(wd_csr_make(&spec, public, &der), WD_R_KEY_INVALID);
	spec.not_after = spec.not_before - 1;
	assert_int_equal(wd_cert_make(&spec, key, key, &der), WD_R_RANGE);
	spec.not_after = INT64_MAX / 2;
	assert_int_equal(wd_cert_make(&spec, key, key, &der), WD_R_RANGE);
	spec = good;
	spec.not_before = -1;
	assert_int_equal(wd_cert_make(&spec, key, key, &der), WD_R_RANGE);
	spec = good;
	spec.serial = WD_SPAN(long_serial);
	assert_int_equal(wd_cert_make(&spec, key, key, &der), WD_R_RANGE);
	spec = good;
	spec.path_len = 128;
	assert_int_equal(wd_cert_make(&spec, key, key, &der), WD_R_RANGE);
	spec = good;
	spec.n_dns = 1;
	for (size_t i = 0; i < WD_N(bad_dns); i++) {
		spec.dns = &bad_dns[i];
		assert_int_equal(
		    wd_cert_make(&spec, key, key, &der), WD_R_RANGE);
		assert_int_equal(wd_csr_make(&spec, key, &der), WD_R_RANGE);
	}
	spec = good;
	spec.n_subject = 1;
	for (size_t i = 0; i < WD_N(bad_rdn); i++) {
		spec.subject = &bad_rdn[i];
		assert_int_equal(
		    wd_cert_make(&spec, key, key, &der), WD_R_RANGE);
	}
	assert_null(der);
}

static void
request_carries_subject_and_names(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = t_private(key_p521);
	struct wd_cert_spec spec = leaf_spec();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	STACK_OF(X509_EXTENSION) * exts;
	const uint8_t *p;
	X509_REQ *req;

	(void)state;
	t_ok(wd_csr_make(&spec, key, &der));
	p = der->p;
	req = d2i_X509_REQ(NULL, &p, (long)der->len);
	assert_non_null(req);
	assert_int_equal(X509_REQ_verify(req, X509_REQ_get0_pubkey(req)), 1);
	assert_int_equal(
	    X509_NAME_entry_count(X509_REQ_get_subject_name(req)), 1);
	exts = X509_REQ_get_extensions(req);
	assert_int_equal(
	    X509v3_get_ext_by_NID(exts, NID_subject_alt_name, -1), 0);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	X509_REQ_free(req);
}

/* ---- requests of keys that are elsewhere */

static const char *const kinds[] = { rsa2048_pkcs1, p256_pkcs8, p384_sec1,
	key_p521, ed25519_pkcs8 };

/* What that key signs, as whoever holds it would. */
static size_t
sign_elsewhere(const struct wd_pkey *key, struct wd_span what, bool hashed,
    uint8_t sig[WD_SIG_MAX])
{
	enum wd_pkey_alg alg = wd_pkey_alg(key);
	enum wd_sig_alg how = alg == WD_PKEY_P256 ? WD_SIG_ES256
	    : alg == WD_PKEY_P384                 ? WD_SIG_ES384
	    : alg == WD_PKEY_P521                 ? WD_SIG_ES512
	    : alg == WD_PKEY_ED25519              ? WD_SIG_EDDSA
						  : WD_SIG_RS256;
	size_t len = 0;

	assert_int_equal(hashed, how != WD_SIG_EDDSA);
	t_ok((hashed ? wd_sign_digest : wd_sign)(key, how, what, sig, &len));
	return len;
}

static void
a_key_elsewhere_signs_the_same_request(void **state)
{
	struct wd_cert_spec spec = leaf_spec();

	(void)state;
	for (size_t i = 0; i < WD_N(kinds); i++) {
		WD_AUTO(wd_pkey_freep)
		struct wd_pkey *key = t_private(kinds[i]);
		WD_AUTO(wd_pkey_freep)
		struct wd_pkey *public = t_public_of(key);
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *what = NULL,
				*der = NULL;
		uint8_t sig[WD_SIG_MAX];
		bool hashed = false;
		const uint8_t *p;
		X509_REQ *req;
		size_t len;

		t_ok(wd_csr_begin(&spec, public, &what, &hashed));
		len = sign_elsewhere(key, wd_bytes_span(what), hashed, sig);
		t_ok(wd_csr_end(&spec, public, wd_span(sig, len), &der));
		p = der->p;
		req = d2i_X509_REQ(NULL, &p, (long)der->len);
		assert_non_null(req);
		assert_ptr_equal(p, der->p + der->len);
		assert_int_equal(
		    X509_REQ_verify(req, X509_REQ_get0_pubkey(req)), 1);
		X509_REQ_free(req);
	}
}

/* Signed twice alike where signing has no chance in it: then the two ways make
 * the same bytes. */
static void
both_ways_write_the_same(void **state)
{
	static const char *const certain[] = { rsa2048_pkcs1, ed25519_pkcs8 };
	struct wd_cert_spec spec = leaf_spec();

	(void)state;
	for (size_t i = 0; i < WD_N(certain); i++) {
		WD_AUTO(wd_pkey_freep)
		struct wd_pkey *key = t_private(certain[i]);
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *what = NULL, *one = NULL, *other = NULL;
		uint8_t sig[WD_SIG_MAX];
		bool hashed = false;
		size_t len;

		t_ok(wd_csr_make(&spec, key, &one));
		t_ok(wd_csr_begin(&spec, key, &what, &hashed));
		len = sign_elsewhere(key, wd_bytes_span(what), hashed, sig);
		t_ok(wd_csr_end(&spec, key, wd_span(sig, len), &other));
		t_span_equal(wd_bytes_span(one), wd_bytes_span(other));
	}
}

static void
a_signature_of_another_is_no_requests(void **state)
{
	struct wd_cert_spec spec = leaf_spec();

	(void)state;
	for (size_t i = 0; i < WD_N(kinds); i++) {
		WD_AUTO(wd_pkey_freep)
		struct wd_pkey *key = t_private(kinds[i]);
		WD_AUTO(wd_bytes_freep) struct wd_bytes *what = NULL;
		struct wd_bytes *der = NULL;
		uint8_t sig[WD_SIG_MAX] = { 0 };
		bool hashed = false;
		size_t len;

		t_ok(wd_csr_begin(&spec, key, &what, &hashed));
		len = sign_elsewhere(key, wd_bytes_span(what), hashed, sig);
		for (size_t n = 0; n < len; n += 7)
			assert_int_equal(
			    wd_csr_end(&spec, key, wd_span(sig, n), &der),
			    WD_R_MISMATCH);
		for (size_t at = 0; at < len; at += 11) {
			sig[at] ^= 1;
			assert_int_equal(
			    wd_csr_end(&spec, key, wd_span(sig, len), &der),
			    WD_R_MISMATCH);
			sig[at] ^= 1;
		}
		spec.n_dns--; /* another request */
		assert_int_equal(
		    wd_csr_end(&spec, key, wd_span(sig, len), &der),
		    WD_R_MISMATCH);
		spec.n_dns++;
		assert_null(der);
	}
}

static void
names_that_cannot_be_are_refused_before_anything_is_signed(void **state)
{
	static const struct wd_rdn bad = { "2.5.4.6", "FIN" };
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = t_private(p256_pkcs8);
	struct wd_cert_spec spec = leaf_spec();
	struct wd_bytes *what = NULL;
	bool hashed = false;

	(void)state;
	spec.subject = &bad;
	assert_int_equal(wd_csr_begin(&spec, key, &what, &hashed), WD_R_RANGE);
	assert_null(what);
}

static void
revoked_leaf_is_listed(void **state)
{
	static const struct wd_span serials[] = {
		{ (const uint8_t *)"\xc0\xff\xee", 3 },
		{ (const uint8_t *)"\x05", 1 },
	};
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = t_private(key_bob);
	struct wd_cert_spec rs = root_spec();
	struct wd_cert_spec ls = leaf_spec();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *root = make(&rs, key, key);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *leaf = make(&ls, key, key);
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *der = make_crl(serials, 2, key);
	WD_AUTO(wd_cert_freep) struct wd_cert *c = parse(leaf);
	WD_AUTO(wd_crl_freep) struct wd_crl *crl = NULL;

	(void)state;
	assert_int_equal(validate(root, leaf, der), X509_V_ERR_CERT_REVOKED);
	t_ok(wd_crl_parse(wd_bytes_span(der), &crl));
	t_ok(wd_crl_signed_by(crl, key));
	t_span_equal(wd_crl_issuer(crl), wd_cert_issuer(c));
	assert_true(wd_crl_lists(crl, wd_cert_serial(c)));
	assert_true(wd_crl_lists(crl, WD_SPAN_LIT("\x05")));
	assert_false(wd_crl_lists(crl, WD_SPAN_LIT("\x06")));
}

/* The time of the look-ups is what the limit of the test run watches. */
static void
a_hundred_thousand_entries_are_searched_fast(void **state)
{
	enum { N = 100000 };
	WD_AUTO(wd_freep) uint8_t *bytes = wd_alloc(4 * N);
	WD_AUTO(wd_freep)
	struct wd_span *serials = wd_alloc_array(N, sizeof(*serials));
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = t_private(key_bob);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	WD_AUTO(wd_crl_freep) struct wd_crl *crl = NULL;

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		uint32_t v = i * 2654435761u % 0x3fffffff | 0x40000000;

		for (size_t j = 0; j < 4; j++)
			bytes[4 * i + j] = (uint8_t)(v >> (24 - 8 * j));
		bytes[4 * i + 3] |= 1;
		serials[i] = wd_span(bytes + 4 * i, 4);
	}
	der = make_crl(serials, N, key);
	t_ok(wd_crl_parse(wd_bytes_span(der), &crl));
	for (size_t i = 0; i < N; i++) {
		uint8_t even[4];

		assert_true(wd_crl_lists(crl, serials[i]));
		wd_copy(even, serials[i]);
		even[3] &= 0xfe;
		assert_false(wd_crl_lists(crl, WD_SPAN(even)));
	}
}

static void
a_list_may_be_empty(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = t_private(key_bob);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = make_crl(NULL, 0, key);
	WD_AUTO(wd_crl_freep) struct wd_crl *crl = NULL;

	(void)state;
	t_ok(wd_crl_parse(wd_bytes_span(der), &crl));
	t_ok(wd_crl_signed_by(crl, key));
	assert_false(wd_crl_lists(crl, WD_SPAN_LIT("\x05")));
}

static void
impossible_lists_are_refused(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = t_private(key_bob);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *public = t_public_of(key);
	struct wd_crl_spec spec = { root_name, WD_N(root_name), now, now - 1,
		NULL, 0, false };
	struct wd_bytes *der = NULL;

	(void)state;
	assert_int_equal(wd_crl_make(&spec, key, &der), WD_R_RANGE);
	spec.next_update = now;
	assert_int_equal(wd_crl_make(&spec, public, &der), WD_R_KEY_INVALID);
	assert_null(der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_issuer_passes_strict_validation),
		cmocka_unit_test(certificate_says_what_was_asked),
		cmocka_unit_test(names_and_addresses_are_told_apart),
		cmocka_unit_test(own_extensions_are_added),
		cmocka_unit_test(a_serial_of_zero_is_possible),
		cmocka_unit_test(what_is_not_possible_is_refused),
		cmocka_unit_test(request_carries_subject_and_names),
		cmocka_unit_test(a_key_elsewhere_signs_the_same_request),
		cmocka_unit_test(both_ways_write_the_same),
		cmocka_unit_test(a_signature_of_another_is_no_requests),
		cmocka_unit_test(
		    names_that_cannot_be_are_refused_before_anything_is_signed),
		cmocka_unit_test(revoked_leaf_is_listed),
		cmocka_unit_test(a_hundred_thousand_entries_are_searched_fast),
		cmocka_unit_test(a_list_may_be_empty),
		cmocka_unit_test(impossible_lists_are_refused),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
