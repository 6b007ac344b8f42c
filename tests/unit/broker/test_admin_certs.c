#include "fixture.h"

#include "codec/pem.h"
#include "crypto/x509_make.h"

#include <string.h>

enum { YEAR = 365 * 86400 };

static struct wd_msg_key_record
new_key(struct t_broker *f, enum wd_key_kind kind, const char *subject)
{
	struct wd_msg_key_create m = { t_head(f), .kind = (uint8_t)kind,
		.subject = wd_span_text(subject) };
	struct wd_msg_key_record key;

	t_ok(t_call(f, WD_CALL_KEY_CREATE, &m));
	t_reply(f, WD_CALL_KEY_CREATE, &key);
	return key;
}

static int
with_subject(struct t_broker *f, enum wd_key_kind kind, const char *subject)
{
	struct wd_msg_key_create m = { t_head(f), .kind = (uint8_t)kind,
		.subject = wd_span_text(subject) };

	return t_call(f, WD_CALL_KEY_CREATE, &m);
}

/* ---- signed by the key itself */

static void
check_self_signed(struct t_broker *f, enum wd_key_kind kind)
{
	struct wd_msg_key_record key =
	    new_key(f, kind, "CN=a.example,O=Org,DNS=a.example,DNS=192.0.2.1");
	WD_AUTO(wd_chain_done) struct wd_chain c = { 0 };
	WD_AUTO(wd_pkey_freep) struct wd_pkey *public = NULL;

	t_ok(wd_chain_parse_pem(key.chain, &c, NULL));
	assert_int_equal(c.n, 1);
	t_ok(wd_pkey_from_spki(key.spki, &public));
	assert_true(wd_pkey_same_public(public, wd_cert_key(c.cert[0])));
	t_ok(wd_cert_signed_by(c.cert[0], public));
	assert_true(wd_span_is(wd_cert_common_name(c.cert[0]), "a.example"));
	assert_false(wd_cert_is_ca(c.cert[0]));
	assert_true(wd_cert_not_before(c.cert[0]) < f->now);
	assert_int_equal(
	    wd_cert_not_after(c.cert[0]), f->now + 10 * (int64_t)YEAR);
}

static void
a_subject_makes_a_certificate_of_the_key(void **state)
{
	struct t_broker *f = *state;

	check_self_signed(f, WD_KEY_P256);
	check_self_signed(f, WD_KEY_P521);
	check_self_signed(f, WD_KEY_ED25519);
	check_self_signed(f, WD_KEY_RSA2048);
}

static void
a_subject_that_cannot_be_is_refused(void **state)
{
	struct t_broker *f = *state;
	static const char *const malformed[] = { "a.example", "CN=", "XX=a",
		"CN=a,", "DNS=a.example", "CN=a\xff" };

	for (size_t i = 0; i < WD_N(malformed); i++)
		assert_int_equal(
		    with_subject(f, WD_KEY_P256, malformed[i]), WD_R_MALFORMED);
	assert_int_equal(
	    with_subject(f, WD_KEY_P256, "CN=a,DNS=a_b.example"), WD_R_RANGE);
	t_logged(f, "\"result\":\"deny\"");
}

static void
what_has_no_public_part_has_no_certificate(void **state)
{
	struct t_broker *f = *state;

	assert_int_equal(
	    with_subject(f, WD_KEY_AES256, "CN=a.example"), WD_R_UNSUPPORTED);
}

/* ---- requests */

static void
a_request_is_made_for_the_stored_key(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_record key = new_key(f, WD_KEY_P256, "");
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	struct wd_msg_key_csr_ask m = { t_head(f), .id = key.id,
		.subject = WD_SPAN_LIT("CN=b.example,DNS=b.example") };
	struct wd_msg_der answer;

	spki = wd_bytes_copy(key.spki);
	t_ok(t_call(f, WD_CALL_KEY_CSR, &m));
	t_reply(f, WD_CALL_KEY_CSR, &answer);
	assert_non_null(
	    memmem(answer.der.p, answer.der.len, spki->p, spki->len));
	t_logged(f, "\"event\":\"key_csr\"");
	t_logged(f, "for CN=b.example,DNS=b.example");
	t_logged(f, "\"version\":1");
}

static void
a_request_needs_a_key_a_subject_and_the_keyring(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_csr_ask m = { t_head(f), .id = t_id(9) };

	m.subject = WD_SPAN_LIT("CN=b.example");
	assert_int_equal(t_call(f, WD_CALL_KEY_CSR, &m), WD_R_NOT_FOUND);
	m.id = new_key(f, WD_KEY_AES128, "").id;
	assert_int_equal(t_call(f, WD_CALL_KEY_CSR, &m), WD_R_UNSUPPORTED);
	m.id = new_key(f, WD_KEY_P256, "").id;
	m.subject = wd_span(NULL, 0);
	assert_int_equal(t_call(f, WD_CALL_KEY_CSR, &m), WD_R_MALFORMED);
	m.subject = WD_SPAN_LIT("CN=a,DNS=a b");
	assert_int_equal(t_call(f, WD_CALL_KEY_CSR, &m), WD_R_RANGE);
	m.subject = WD_SPAN_LIT("CN=b.example");
	t_ok(t_call(f, WD_CALL_KEY_CSR, &m));
	wd_broker_seal(f->b);
	assert_int_equal(t_call(f, WD_CALL_KEY_CSR, &m), WD_R_SEALED);
}

static void
a_key_that_was_moved_does_not_open(void **state)
{
	struct t_broker *f = *state;
	struct wd_store_key key;
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	struct wd_msg_key_csr_ask m = { t_head(f), .id = t_id(9) };
	struct wd_id from = new_key(f, WD_KEY_P256, "").id;

	t_ok(wd_store_key_get(f->b->store, &from, &key));
	t_ok(wd_store_version_get(f->b->store, &from, 0, &v));
	key.id = v.key = m.id;
	t_ok(wd_store_key_add(f->b->store, &key, &v));
	m.subject = WD_SPAN_LIT("CN=b.example");
	assert_int_equal(t_call(f, WD_CALL_KEY_CSR, &m), WD_R_TAMPERED);
	t_logged(f, "\"reason\":\"tampered\"");
}

/* ---- chains */

/* An authority of two steps, and what it makes. */
struct authority {
	struct wd_pkey *root, *middle;
	struct wd_bytes *root_der, *middle_der;
};

static const struct wd_rdn root_name[] = { { "2.5.4.3", "Root" } };
static const struct wd_rdn middle_name[] = { { "2.5.4.3", "Middle" } };
static const struct wd_rdn leaf_name[] = { { "2.5.4.3", "leaf.example" } };

static struct wd_bytes *
issue(const struct wd_rdn *subject, const struct wd_pkey *key,
    const struct wd_rdn *issuer, const struct wd_pkey *issuer_key, bool is_ca)
{
	struct wd_cert_spec spec = { .subject = subject,
		.n_subject = 1,
		.issuer = issuer,
		.n_issuer = 1,
		.not_before = T_NOW - YEAR,
		.not_after = T_NOW + YEAR,
		.is_ca = is_ca,
		.path_len = -1,
		.key_usage =
		    is_ca ? WD_KU_CERT_SIGN : WD_KU_DIGITAL_SIGNATURE };
	struct wd_bytes *der = NULL;

	t_ok(wd_cert_make(&spec, key, issuer_key, &der));
	return der;
}

static void
authority_done(struct authority *ca)
{
	ca->root = wd_pkey_free(ca->root);
	ca->middle = wd_pkey_free(ca->middle);
	ca->root_der = wd_bytes_free(ca->root_der);
	ca->middle_der = wd_bytes_free(ca->middle_der);
}

static struct authority
authority(void)
{
	struct authority ca = { 0 };

	t_ok(wd_pkey_generate(WD_PKEY_P256, &ca.root));
	t_ok(wd_pkey_generate(WD_PKEY_P384, &ca.middle));
	ca.root_der = issue(root_name, ca.root, root_name, ca.root, true);
	ca.middle_der = issue(middle_name, ca.middle, root_name, ca.root, true);
	return ca;
}

static struct wd_bytes *
leaf_for(struct wd_span spki, const struct wd_rdn *issuer,
    const struct wd_pkey *issuer_key)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;

	t_ok(wd_pkey_from_spki(spki, &key));
	return issue(leaf_name, key, issuer, issuer_key, false);
}

static int
put_chain(struct t_broker *f, const struct wd_id *id,
    const struct wd_bytes *const *certs, size_t n)
{
	WD_AUTO(wd_wr_done) struct wd_wr pem = wd_wr_growing(65536);
	struct wd_msg_key_chain m = { t_head(f), .id = *id };

	for (size_t i = 0; i < n; i++)
		wd_pem_write(&pem, "CERTIFICATE", wd_bytes_span(certs[i]));
	m.pem = wd_wr_span(&pem);
	return t_call(f, WD_CALL_KEY_CHAIN, &m);
}

static void
a_chain_that_fits_is_stored_without_its_root(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(authority_done) struct authority ca = authority();
	struct wd_msg_key_record key = new_key(f, WD_KEY_P256, "");
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *leaf = leaf_for(key.spki, middle_name, ca.middle);
	const struct wd_bytes *certs[] = { leaf, ca.middle_der, ca.root_der };
	WD_AUTO(wd_chain_done) struct wd_chain c = { 0 };

	t_ok(put_chain(f, &key.id, certs, 3));
	t_logged(f, "\"event\":\"key_chain\"");
	t_logged(f, "2 certificates");
	t_logged(f, key.id.s);
	t_reply(f, WD_CALL_KEY_CHAIN, &key);
	t_ok(wd_chain_parse_pem(key.chain, &c, NULL));
	assert_int_equal(c.n, 2);
	t_span_equal(wd_cert_der(c.cert[0]), wd_bytes_span(leaf));
	t_span_equal(wd_cert_der(c.cert[1]), wd_bytes_span(ca.middle_der));
}

static void
a_leaf_alone_is_a_chain(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(authority_done) struct authority ca = authority();
	struct wd_msg_key_record key = new_key(f, WD_KEY_ED25519, "CN=own");
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *leaf = leaf_for(key.spki, middle_name, ca.middle);
	const struct wd_bytes *certs[] = { leaf };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *own = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr pem = wd_wr_growing(4096);

	own = wd_bytes_copy(key.chain);
	t_ok(put_chain(f, &key.id, certs, 1));
	t_reply(f, WD_CALL_KEY_CHAIN, &key);
	wd_pem_write(&pem, "CERTIFICATE", wd_bytes_span(leaf));
	t_span_equal(key.chain, wd_wr_span(&pem));
	assert_false(wd_span_equal(key.chain, wd_bytes_span(own)));
}

static void
a_leaf_for_another_key_is_a_mismatch(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(authority_done) struct authority ca = authority();
	struct wd_id id = new_key(f, WD_KEY_P256, "").id;
	struct wd_msg_key_record other = new_key(f, WD_KEY_P256, "");
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *leaf = leaf_for(other.spki, middle_name, ca.middle);
	const struct wd_bytes *certs[] = { leaf, ca.middle_der };

	assert_int_equal(put_chain(f, &id, certs, 2), WD_R_MISMATCH);
	t_logged(f, "\"reason\":\"mismatch\"");
	certs[0] = ca.middle_der; /* an authority's is not the key's either */
	assert_int_equal(put_chain(f, &id, certs, 1), WD_R_MISMATCH);
}

static void
a_chain_out_of_order_is_a_mismatch(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(authority_done) struct authority ca = authority();
	WD_AUTO(authority_done) struct authority other = authority();
	struct wd_msg_key_record key = new_key(f, WD_KEY_P256, "");
	struct wd_id id = key.id;
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *leaf = leaf_for(key.spki, middle_name, ca.middle);
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *no_ca =
	    issue(middle_name, ca.middle, root_name, ca.root, false);
	const struct wd_bytes *root_first[] = { leaf, ca.root_der,
		ca.middle_der };
	const struct wd_bytes *gap[] = { leaf, ca.root_der };
	const struct wd_bytes *twice[] = { leaf, leaf };
	/* the same name, another key */
	const struct wd_bytes *stranger[] = { leaf, other.middle_der };
	const struct wd_bytes *not_ca[] = { leaf, no_ca };

	assert_int_equal(put_chain(f, &id, root_first, 3), WD_R_MISMATCH);
	assert_int_equal(put_chain(f, &id, gap, 2), WD_R_MISMATCH);
	assert_int_equal(put_chain(f, &id, twice, 2), WD_R_MISMATCH);
	assert_int_equal(put_chain(f, &id, stranger, 2), WD_R_MISMATCH);
	t_logged(f, "certificate 1 is not signed by the next one");
	assert_int_equal(put_chain(f, &id, not_ca, 2), WD_R_MISMATCH);
}

static int
put_text(struct t_broker *f, const struct wd_id *id, const char *pem)
{
	struct wd_msg_key_chain m = { t_head(f), .id = *id,
		.pem = wd_span_text(pem) };

	return t_call(f, WD_CALL_KEY_CHAIN, &m);
}

static void
what_is_no_chain_is_malformed(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = new_key(f, WD_KEY_P256, "").id;

	assert_int_equal(put_text(f, &id, ""), WD_R_MALFORMED);
	assert_int_equal(put_text(f, &id, "certificate"), WD_R_MALFORMED);
	assert_int_equal(put_text(f, &id,
			     "-----BEGIN CERTIFICATE-----\nAAAA\n"
			     "-----END CERTIFICATE-----\n"),
	    WD_R_MALFORMED);
}

static void
a_chain_needs_a_key_with_a_public_part(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = new_key(f, WD_KEY_AES128, "").id;

	assert_int_equal(put_text(f, &id, "x"), WD_R_UNSUPPORTED);
	id = t_id(99);
	assert_int_equal(put_text(f, &id, "x"), WD_R_NOT_FOUND);
}

static void
without_memory_certificates_stay_as_they_are(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(authority_done) struct authority ca = authority();
	struct wd_msg_key_record key = new_key(f, WD_KEY_P256, "");
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *leaf = leaf_for(key.spki, middle_name, ca.middle);
	struct wd_msg_key_csr_ask csr = { t_head(f), .id = key.id,
		.subject = WD_SPAN_LIT("CN=b.example") };
	struct wd_msg_key_chain m = { t_head(f), .id = key.id };
	WD_AUTO(wd_wr_done) struct wd_wr pem = wd_wr_growing(65536);

	wd_pem_write(&pem, "CERTIFICATE", wd_bytes_span(leaf));
	wd_pem_write(&pem, "CERTIFICATE", wd_bytes_span(ca.middle_der));
	m.pem = wd_wr_span(&pem);
	t_torture(f, WD_CALL_KEY_CSR, &csr, NULL);
	t_torture(f, WD_CALL_KEY_CHAIN, &m, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_broker(a_subject_makes_a_certificate_of_the_key),
		with_broker(a_subject_that_cannot_be_is_refused),
		with_broker(what_has_no_public_part_has_no_certificate),
		with_broker(a_request_is_made_for_the_stored_key),
		with_broker(a_request_needs_a_key_a_subject_and_the_keyring),
		with_broker(a_key_that_was_moved_does_not_open),
		with_broker(a_chain_that_fits_is_stored_without_its_root),
		with_broker(a_leaf_alone_is_a_chain),
		with_broker(a_leaf_for_another_key_is_a_mismatch),
		with_broker(a_chain_out_of_order_is_a_mismatch),
		with_broker(what_is_no_chain_is_malformed),
		with_broker(a_chain_needs_a_key_with_a_public_part),
		with_broker(without_memory_certificates_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
