/*
 * Certificates, lists and chains: what is read from good ones, and that no
 * damaged one is read at all.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/reason.h"
#include "codec/pem.h"
#include "crypto/init.h"
#include "crypto/x509.h"
#include "x509_fixtures.h"

static struct wd_bytes *
der_of(const char *pem, const char *label)
{
	struct wd_rd rd = wd_rd(wd_span_text(pem));
	struct wd_bytes *der = NULL;

	t_ok(wd_pem_next(&rd, label, &der));
	return der;
}

static struct wd_cert *
cert_of(const char *pem)
{
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *der = der_of(pem, "CERTIFICATE");
	struct wd_cert *c = NULL;

	t_ok(wd_cert_parse(wd_bytes_span(der), &c));
	return c;
}

static struct wd_crl *
crl_of(const char *pem)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = der_of(pem, "X509 CRL");
	struct wd_crl *crl = NULL;

	t_ok(wd_crl_parse(wd_bytes_span(der), &crl));
	return crl;
}

static int64_t
time_of(const char *text)
{
	int64_t t = 0;

	assert_true(wd_time_parse(wd_span_text(text), &t));
	return t;
}

static void
root_is_read(void **state)
{
	WD_AUTO(wd_cert_freep) struct wd_cert *c = cert_of(fixture_root);

	(void)state;
	t_span_equal(wd_cert_common_name(c), WD_SPAN_LIT("Fixture Root"));
	t_span_equal(wd_cert_subject(c), wd_cert_issuer(c));
	t_span_equal(wd_cert_serial(c), WD_SPAN_LIT("\0"));
	assert_int_equal(
	    wd_cert_not_before(c), time_of("2026-11-24T09:05:51Z"));
	assert_int_equal(wd_cert_not_after(c), time_of("2126-10-31T09:05:51Z"));
	assert_true(wd_cert_is_ca(c));
	assert_int_equal(wd_cert_path_len(c), 1);
	assert_true(wd_cert_may_sign_certs(c));
	assert_true(wd_cert_may_sign_crls(c));
	assert_false(wd_cert_has_unknown_critical(c));
	assert_int_equal(wd_pkey_alg(wd_cert_key(c)), WD_PKEY_P256);
	t_ok(wd_cert_signed_by(c, wd_cert_key(c)));
}

static void
leaf_is_read(void **state)
{
	static const uint8_t oid[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x86, 0x8d,
		0x1f, 0x01 };
	WD_AUTO(wd_cert_freep) struct wd_cert *c = cert_of(fixture_leaf);
	WD_AUTO(wd_cert_freep) struct wd_cert *root = cert_of(fixture_root);
	struct wd_span value = { NULL, 0 };

	(void)state;
	t_span_equal(wd_cert_serial(c), WD_SPAN_LIT("\x00\xc0\xff\xee"));
	t_span_equal(wd_cert_issuer(c), wd_cert_subject(root));
	assert_false(wd_cert_is_ca(c));
	assert_int_equal(wd_cert_path_len(c), -1);
	assert_false(wd_cert_may_sign_certs(c));
	assert_false(wd_cert_may_sign_crls(c));
	assert_true(wd_cert_extension(c, WD_SPAN(oid), &value));
	t_span_equal(value,
	    WD_SPAN_LIT("\x0c\x07"
			"fixture"));
	assert_false(wd_cert_extension(c, wd_span(oid, 8), &value));
	t_ok(wd_cert_signed_by(c, wd_cert_key(root)));
	assert_int_equal(wd_cert_signed_by(c, wd_cert_key(c)), WD_R_MISMATCH);
}

static void
spki_in_the_certificate_is_the_key(void **state)
{
	WD_AUTO(wd_cert_freep) struct wd_cert *c = cert_of(fixture_leaf);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;

	(void)state;
	t_ok(wd_pkey_to_spki(wd_cert_key(c), &spki));
	t_span_equal(wd_cert_spki(c), wd_bytes_span(spki));
}

struct self_signed {
	const char *pem;
	enum wd_pkey_alg alg;
	const char *cn;
	bool unknown_critical;
};

/* A P-384 key signs with SHA-256; a second CN hides both. */
static void
other_algorithms_verify(void **state)
{
	static const struct self_signed certs[] = {
		{ fixture_p384_sha256, WD_PKEY_P384, "P-384 with SHA-256",
		    true },
		{ fixture_ed25519, WD_PKEY_ED25519, "", true },
		{ fixture_rsa_pss, WD_PKEY_RSA2048, "RSA-PSS", false },
	};
	WD_AUTO(wd_cert_freep) struct wd_cert *root = cert_of(fixture_root);

	(void)state;
	for (size_t i = 0; i < WD_N(certs); i++) {
		WD_AUTO(wd_cert_freep)
		struct wd_cert *c = cert_of(certs[i].pem);

		assert_int_equal(wd_pkey_alg(wd_cert_key(c)), certs[i].alg);
		assert_true(wd_span_is(wd_cert_common_name(c), certs[i].cn));
		assert_int_equal(
		    wd_cert_has_unknown_critical(c), certs[i].unknown_critical);
		t_ok(wd_cert_signed_by(c, wd_cert_key(c)));
		assert_int_equal(
		    wd_cert_signed_by(c, wd_cert_key(root)), WD_R_MISMATCH);
	}
}

/* A flipped bit is refused by the parser or breaks the signature. */
static void
every_flipped_bit_breaks_a_certificate(void **state)
{
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *der = der_of(fixture_leaf, "CERTIFICATE");
	WD_AUTO(wd_cert_freep) struct wd_cert *root = cert_of(fixture_root);

	(void)state;
	for (size_t bit = 0; bit < der->len * 8; bit++) {
		WD_AUTO(wd_cert_freep) struct wd_cert *c = NULL;
		int r;

		der->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		r = wd_cert_parse(wd_bytes_span(der), &c);
		if (r == 0)
			r = wd_cert_signed_by(c, wd_cert_key(root));
		assert_true(r == WD_R_MALFORMED || r == WD_R_MISMATCH);
		der->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void
truncated_and_longer_certificates_are_refused(void **state)
{
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *der = der_of(fixture_leaf, "CERTIFICATE");
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *longer = wd_bytes_new(der->len + 1);
	struct wd_cert *c = NULL;

	(void)state;
	wd_copy(longer->p, wd_bytes_span(der));
	for (size_t len = 0; len < der->len; len++)
		assert_int_equal(
		    wd_cert_parse(wd_span(der->p, len), &c), WD_R_MALFORMED);
	assert_int_equal(
	    wd_cert_parse(wd_bytes_span(longer), &c), WD_R_MALFORMED);
	assert_null(c);
}

/* Finds NEEDLE and replaces it, the N-th occurrence, by bytes as long. */
static void
replace(
    struct wd_bytes *der, struct wd_span needle, size_t nth, struct wd_span by)
{
	for (size_t i = 0; i + needle.len <= der->len; i++) {
		if (!wd_span_equal(wd_span(der->p + i, needle.len), needle))
			continue;
		if (nth-- > 0)
			continue;
		wd_copy(der->p + i, by);
		return;
	}
	fail_msg("the fixture does not hold the bytes to be replaced");
}

struct damage {
	const char *name;
	struct wd_span from;
	size_t nth;
	struct wd_span to;
};

#define B(literal)                                              \
	{                                                       \
		(const uint8_t *)(literal), sizeof(literal) - 1 \
	}

static const struct damage damages[] = {
	{ "inner algorithm", B("\x2a\x86\x48\xce\x3d\x04\x03\x02"), 0,
	    B("\x2a\x86\x48\xce\x3d\x04\x03\x03") },
	{ "outer algorithm", B("\x2a\x86\x48\xce\x3d\x04\x03\x02"), 1,
	    B("\x2a\x86\x48\xce\x3d\x04\x03\x03") },
	{ "duplicate extension", B("\x06\x03\x55\x1d\x0e"), 0,
	    B("\x06\x03\x55\x1d\x23") },
	{ "version 2", B("\xa0\x03\x02\x01\x02"), 0,
	    B("\xa0\x03\x02\x01\x01") },
	{ "time zone", B("261124090551Z"), 0, B("26112409+000Z") },
	{ "no Z", B("261124090551Z"), 0, B("2611240905511") },
	{ "month 13", B("261124090551Z"), 0, B("261324090551Z") },
	{ "30 February", B("261124090551Z"), 0, B("260230090551Z") },
	{ "hour 24", B("261124090551Z"), 0, B("261124240551Z") },
	{ "NUL in a time", B("261124090551Z"), 0, B("26112409055\0Z") },
	{ "padded serial", B("\x02\x04\x00\xc0\xff\xee"), 0,
	    B("\x02\x04\x00\x40\xff\xee") },
	{ "boolean of 1", B("\x01\x01\xff"), 0, B("\x01\x01\x01") },
	{ "compressed point", B("\x03\x42\x00\x04"), 0, B("\x03\x42\x00\x02") },
};

static void
damaged_certificates_are_malformed(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(damages); i++) {
		const struct damage *d = &damages[i];
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *der = der_of(fixture_leaf, "CERTIFICATE");
		WD_AUTO(wd_cert_freep) struct wd_cert *c = NULL;

		replace(der, d->from, d->nth, d->to);
		if (wd_cert_parse(wd_bytes_span(der), &c) != WD_R_MALFORMED)
			fail_msg("accepted: %s", d->name);
	}
}

static void
list_is_read(void **state)
{
	WD_AUTO(wd_crl_freep) struct wd_crl *crl = crl_of(fixture_crl);
	WD_AUTO(wd_cert_freep) struct wd_cert *root = cert_of(fixture_root);
	WD_AUTO(wd_cert_freep) struct wd_cert *leaf = cert_of(fixture_leaf);
	int64_t next = 0;

	(void)state;
	t_span_equal(wd_crl_issuer(crl), wd_cert_subject(root));
	assert_int_equal(
	    wd_crl_this_update(crl), time_of("2026-11-24T09:05:51Z"));
	assert_true(wd_crl_next_update(crl, &next));
	assert_int_equal(next, time_of("2051-07-16T09:05:51Z"));
	t_ok(wd_crl_signed_by(crl, wd_cert_key(root)));
	assert_int_equal(
	    wd_crl_signed_by(crl, wd_cert_key(leaf)), WD_R_MISMATCH);
	assert_true(wd_crl_lists(crl, wd_cert_serial(leaf)));
	assert_true(wd_crl_lists(crl, WD_SPAN_LIT("\x7f")));
	assert_false(wd_crl_lists(crl, wd_cert_serial(root)));
	assert_false(wd_crl_lists(crl, WD_SPAN_LIT("\xc0\xff\xee")));
	assert_false(wd_crl_lists(crl, WD_SPAN_LIT("\x00\x7f")));
	assert_false(wd_crl_lists(crl, WD_SPAN_LIT("")));
}

static void
every_flipped_bit_breaks_a_list(void **state)
{
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *der = der_of(fixture_crl, "X509 CRL");
	WD_AUTO(wd_cert_freep) struct wd_cert *root = cert_of(fixture_root);

	(void)state;
	for (size_t bit = 0; bit < der->len * 8; bit++) {
		WD_AUTO(wd_crl_freep) struct wd_crl *crl = NULL;
		int r;

		der->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		r = wd_crl_parse(wd_bytes_span(der), &crl);
		if (r == 0)
			r = wd_crl_signed_by(crl, wd_cert_key(root));
		assert_true(r == WD_R_MALFORMED || r == WD_R_MISMATCH);
		der->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void
truncated_lists_are_refused(void **state)
{
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *der = der_of(fixture_crl, "X509 CRL");
	struct wd_crl *crl = NULL;

	(void)state;
	for (size_t len = 0; len < der->len; len++)
		assert_int_equal(
		    wd_crl_parse(wd_span(der->p, len), &crl), WD_R_MALFORMED);
	assert_null(crl);
}

/* Which of the two was signed with is nobody's choice. */
static void
lists_with_two_algorithms_are_malformed(void **state)
{
	const struct wd_span sha256 =
	    WD_SPAN_LIT("\x2a\x86\x48\xce\x3d\x04\x03\x02");
	const struct wd_span sha384 =
	    WD_SPAN_LIT("\x2a\x86\x48\xce\x3d\x04\x03\x03");

	(void)state;
	for (size_t nth = 0; nth < 2; nth++) {
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *der = der_of(fixture_crl, "X509 CRL");
		struct wd_crl *crl = NULL;

		replace(der, sha256, nth, sha384);
		assert_int_equal(
		    wd_crl_parse(wd_bytes_span(der), &crl), WD_R_MALFORMED);
	}
}

static void
chain_is_read_in_order(void **state)
{
	WD_AUTO(wd_wr_done) struct wd_wr pem = wd_wr_growing(8192);
	WD_AUTO(wd_chain_done) struct wd_chain chain = { 0 };

	(void)state;
	wd_wr_text(&pem, fixture_leaf);
	wd_wr_text(&pem, fixture_root);
	wd_wr_u8(&pem, 0); /* as quoting enclaves end it */
	t_ok(wd_chain_parse_pem(wd_wr_span(&pem), &chain, NULL));
	assert_int_equal(chain.n, 2);
	t_ok(wd_cert_signed_by(chain.cert[0], wd_cert_key(chain.cert[1])));
}

static void
bad_chains_are_refused(void **state)
{
	WD_AUTO(wd_wr_done) struct wd_wr pem = wd_wr_growing(8192);
	struct wd_chain chain = { 0 };
	struct wd_diag d = { 0 };

	(void)state;
	assert_int_equal(
	    wd_chain_parse_pem(WD_SPAN_LIT(""), &chain, &d), WD_R_MALFORMED);
	assert_int_equal(
	    wd_chain_parse_pem(wd_span_text(fixture_crl), &chain, NULL),
	    WD_R_MALFORMED);
	for (size_t i = 0; i < 6; i++)
		wd_wr_text(&pem, fixture_leaf);
	t_ok(wd_chain_parse_pem(wd_wr_span(&pem), &chain, NULL));
	wd_chain_done(&chain);
	wd_wr_text(&pem, fixture_leaf);
	assert_int_equal(
	    wd_chain_parse_pem(wd_wr_span(&pem), &chain, NULL), WD_R_MALFORMED);
	assert_int_equal(chain.n, 0);
	assert_int_equal(d.result, WD_R_MALFORMED);
}

/* For every allocation: a fault, nothing handed out, nothing leaked. */
static void
failing_memory_is_a_fault(void **state)
{
	struct wd_chain chain = { 0 };
	int r = WD_F_MEMORY;

	(void)state;
	for (uint64_t k = 1; r != 0; k++) {
		(void)wd_alloc_fail_at(k); /* arms; nothing fired yet */
		r = wd_chain_parse_pem(
		    wd_span_text(fixture_leaf), &chain, NULL);
		if (r == 0)
			break;
		assert_int_equal(r, WD_F_MEMORY);
		assert_int_equal(chain.n, 0);
	}
	(void)wd_alloc_fail_at(0); /* off again */
	wd_chain_done(&chain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_is_read),
		cmocka_unit_test(leaf_is_read),
		cmocka_unit_test(spki_in_the_certificate_is_the_key),
		cmocka_unit_test(other_algorithms_verify),
		cmocka_unit_test(every_flipped_bit_breaks_a_certificate),
		cmocka_unit_test(truncated_and_longer_certificates_are_refused),
		cmocka_unit_test(damaged_certificates_are_malformed),
		cmocka_unit_test(list_is_read),
		cmocka_unit_test(every_flipped_bit_breaks_a_list),
		cmocka_unit_test(truncated_lists_are_refused),
		cmocka_unit_test(lists_with_two_algorithms_are_malformed),
		cmocka_unit_test(chain_is_read_in_order),
		cmocka_unit_test(bad_chains_are_refused),
		cmocka_unit_test(failing_memory_is_a_fault),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
