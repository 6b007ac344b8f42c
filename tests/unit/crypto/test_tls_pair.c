/*
 * Whether a TLS key and a certificate belong together.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "codec/pem.h"
#include "crypto/init.h"
#include "crypto/tls_pair.h"
#include "crypto/x509_make.h"

enum { FROM = 1700000000, TO = 1800000000 };

static struct wd_pkey *key, *other;
static struct wd_wr key_pem, other_pem, cert_pem;

static void
write_key(const struct wd_pkey *k, struct wd_wr *ret)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;

	*ret = wd_wr_growing(4096);
	t_ok(wd_pkey_to_pkcs8(k, &der));
	wd_pem_write(ret, "PRIVATE KEY", wd_secret_borrow(der));
	t_ok(wd_wr_end(ret));
}

static int
make(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	struct wd_rdn name = { "2.5.4.3", "kbs.example" };
	struct wd_cert_spec spec = { .subject = &name,
		.n_subject = 1,
		.not_before = FROM,
		.not_after = TO,
		.path_len = -1 };

	(void)state;
	t_ok(wd_crypto_init(NULL));
	t_ok(wd_pkey_generate(WD_PKEY_P256, &key));
	t_ok(wd_pkey_generate(WD_PKEY_P256, &other));
	write_key(key, &key_pem);
	write_key(other, &other_pem);
	t_ok(wd_cert_make(&spec, key, key, &der));
	cert_pem = wd_wr_growing(4096);
	wd_pem_write(&cert_pem, "CERTIFICATE", wd_bytes_span(der));
	t_ok(wd_wr_end(&cert_pem));
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	wd_pkey_freep(&key);
	wd_pkey_freep(&other);
	wd_wr_done(&key_pem);
	wd_wr_done(&other_pem);
	wd_wr_done(&cert_pem);
	return 0;
}

static void
key_and_certificate_that_fit_give_the_dates(void **state)
{
	struct wd_tls_pair pair = { 0 };

	(void)state;
	t_ok(wd_tls_pair_check(
	    wd_wr_span(&key_pem), wd_wr_span(&cert_pem), &pair, NULL));
	assert_int_equal(pair.not_before, FROM);
	assert_int_equal(pair.not_after, TO);
}

static void
key_of_another_is_a_mismatch(void **state)
{
	struct wd_tls_pair pair = { 1, 2 };
	struct wd_diag d = { 0 };

	(void)state;
	assert_int_equal(wd_tls_pair_check(wd_wr_span(&other_pem),
			     wd_wr_span(&cert_pem), &pair, &d),
	    WD_R_MISMATCH);
	assert_string_equal(d.detail, "the key is not the certificate's");
	assert_int_equal(pair.not_before, 1);
}

static void
what_is_no_pem_is_malformed(void **state)
{
	static const char *const texts[] = { "", "none\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END "
		"CERTIFICATE-----\n",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n"
		"-----END PRIVATE KEY-----\n" };
	struct wd_tls_pair pair;

	(void)state;
	for (size_t i = 0; i < WD_N(texts); i++) {
		struct wd_span text = wd_span_text(texts[i]);

		assert_int_equal(
		    wd_tls_pair_check(text, wd_wr_span(&cert_pem), &pair, NULL),
		    WD_R_MALFORMED);
		assert_int_equal(
		    wd_tls_pair_check(wd_wr_span(&key_pem), text, &pair, NULL),
		    WD_R_MALFORMED);
	}
	/* One in the other's place. */
	assert_int_equal(wd_tls_pair_check(wd_wr_span(&cert_pem),
			     wd_wr_span(&key_pem), &pair, NULL),
	    WD_R_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_and_certificate_that_fit_give_the_dates),
		cmocka_unit_test(key_of_another_is_a_mismatch),
		cmocka_unit_test(what_is_no_pem_is_malformed),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
