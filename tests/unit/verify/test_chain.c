/*
 * Certificate paths of any vendor: what is refused, and by which reason.
 */
#include "lib/t.h"

#include "base/clock.h"
#include "codec/pem.h"
#include "crypto/hash.h"
#include "crypto/init.h"
#include "crypto/x509_make.h"
#include "verify/chain.h"

#define NOW wd_time_civil(2030, 6, 1, 0, 0, 0)
#define YEAR INT64_C(31536000)

enum { LEAF, LOW, HIGH, ROOT, OTHER, WHO };

static struct wd_pkey *keys[WHO];

struct place {
	const char *name, *issuer;
	int key, signer;
	bool is_ca;
	int path_len;
	unsigned usage;
	int64_t from, to;
	bool critical;
};

/* What is made: certificates in the order they are given. */
struct recipe {
	struct place at[4]; /* leaf to root */
	bool root_in_chain, root_der, pinned, der_form;
	size_t skip; /* a place that is left out; 0: none */
};

static struct recipe
good(void)
{
	struct recipe r = { .root_in_chain = true, .pinned = true };
	static const char *const names[] = { "leaf", "low", "high", "root" };

	for (int i = 0; i < 4; i++)
		r.at[i] = (struct place){ names[i], names[i < 3 ? i + 1 : 3], i,
			i < 3 ? i + 1 : 3, i > 0, -1,
			i > 0 ? (unsigned)WD_KU_CERT_SIGN : 0U, NOW - YEAR,
			NOW + YEAR, false };
	return r;
}

static struct wd_bytes *
make(const struct place *p)
{
	static const uint8_t null[] = { 5, 0 };
	const struct wd_rdn subject = { "2.5.4.3", p->name };
	const struct wd_rdn issuer = { "2.5.4.3", p->issuer };
	const struct wd_cert_ext ext = { "1.2.3.4", true, WD_SPAN(null) };
	const struct wd_cert_spec spec = {
		.subject = &subject,
		.n_subject = 1,
		.issuer = &issuer,
		.n_issuer = 1,
		.not_before = p->from,
		.not_after = p->to,
		.is_ca = p->is_ca,
		.path_len = p->path_len,
		.key_usage = p->usage,
		.ext = &ext,
		.n_ext = p->critical ? 1 : 0,
	};
	struct wd_bytes *der = NULL;

	t_ok(wd_cert_make(&spec, keys[p->key], keys[p->signer], &der));
	return der;
}

static const char *
no_name_x(const struct wd_trail *t, size_t i)
{
	return wd_span_is(wd_cert_common_name(t->cert[i]), "x") ? "an x" : NULL;
}

static const struct wd_trail_spec spec = {
	.name = "test chain",
	.tee = WD_TEE_SNP,
	.kept = WD_KEPT_VEK_TRAIL,
	.n_min = 3,
	.n_max = 4,
	.leaf_keys = WD_TRAIL_KEY(WD_PKEY_P384),
	.ca_keys = WD_TRAIL_KEY(WD_PKEY_P256) | WD_TRAIL_KEY(WD_PKEY_P384),
	.misplaced = no_name_x,
};

struct made {
	struct wd_bytes *der[4], *above;
	struct wd_anchor anchor;
};

static void
made_done(struct made *m)
{
	for (size_t i = 0; i < 4; i++)
		m->der[i] = wd_bytes_free(m->der[i]);
	m->above = wd_bytes_free(m->above);
}

static void
add(struct wd_wr *wr, const struct recipe *r, struct wd_span der)
{
	if (r->der_form)
		wd_wr_bytes(wr, der);
	else
		wd_pem_write(wr, "CERTIFICATE", der);
}

static void
prepare(const struct recipe *r, struct made *m)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(65536);
	size_t end = r->root_in_chain ? 4 : 3;

	*m = (struct made){ .anchor = { .tee = WD_TEE_SNP } };
	for (size_t i = 0; i < 4; i++)
		m->der[i] = make(&r->at[i]);
	for (size_t i = 1; i < end; i++)
		if (i != r->skip)
			add(&wr, r, wd_bytes_span(m->der[i]));
	t_ok(wd_wr_take(&wr, &m->above));
	if (r->pinned)
		t_ok(wd_hash(
		    WD_SHA256, wd_bytes_span(m->der[3]), m->anchor.sha256));
	if (r->root_der)
		m->anchor.der = wd_bytes_span(m->der[3]);
}

/* Asked twice: what is remembered gives the same answer. */
static int
judge_at(const struct recipe *r, int64_t at, size_t *ret_n)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(made_done) struct made m;
	struct wd_appraisal_rules rules = { .n_anchors = 1 };
	const struct wd_trail *t;
	int results[2];

	prepare(r, &m);
	rules.anchors = &m.anchor;
	t_ok(wd_verifier_new(&rules, &v));
	m.anchor.der = wd_span(NULL, 0); /* the verifier has its own */
	for (size_t i = 0; i < 2; i++)
		results[i] = wd_trail_get(v, &spec, wd_bytes_span(m.der[0]),
		    wd_bytes_span(m.above), at, &t, NULL);
	assert_int_equal(results[0], results[1]);
	if (results[0] == 0 && ret_n != NULL)
		*ret_n = t->n;
	return results[0];
}

static int
judge(const struct recipe *r)
{
	return judge_at(r, NOW, NULL);
}

static void
a_good_path_is_taken_in_pem_and_der(void **state)
{
	struct recipe r = good();
	size_t n = 0;

	(void)state;
	t_ok(judge_at(&r, NOW, &n));
	assert_int_equal(n, 4);
	r.der_form = true;
	t_ok(judge(&r));
}

static void
a_root_left_out_comes_from_the_anchor(void **state)
{
	struct recipe r = good();
	size_t n = 0;

	(void)state;
	r.root_in_chain = false;
	assert_int_equal(judge(&r), WD_R_CHAIN_UNTRUSTED_ROOT);
	r.root_der = true;
	t_ok(judge_at(&r, NOW, &n));
	assert_int_equal(n, 4);
	r.at[2].signer = OTHER;
	assert_int_equal(judge(&r), WD_R_CHAIN_BAD_SIGNATURE);
	r.at[2].signer = ROOT;
	r.at[2].issuer = "x";
	assert_int_equal(judge(&r), WD_R_CHAIN_UNTRUSTED_ROOT);
	r = good();
	r.root_in_chain = false;
	r.root_der = true;
	r.pinned = false; /* the DER is not what the digest says */
	assert_int_equal(judge(&r), WD_R_CHAIN_UNTRUSTED_ROOT);
}

static void
a_root_that_is_not_pinned_is_not_trusted(void **state)
{
	struct recipe r = good();

	(void)state;
	r.pinned = false;
	assert_int_equal(judge(&r), WD_R_CHAIN_UNTRUSTED_ROOT);
}

static void
each_signature_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct recipe r = good();

		r.at[i].signer = OTHER;
		assert_int_equal(judge(&r), WD_R_CHAIN_BAD_SIGNATURE);
	}
}

static void
a_path_has_no_gaps(void **state)
{
	struct recipe r = good();

	(void)state;
	r.skip = 2;
	assert_int_equal(judge(&r), WD_R_CHAIN_BAD_SIGNATURE);
}

static void
issuers_must_be_able_to_issue(void **state)
{
	struct recipe r;

	(void)state;
	for (size_t i = 1; i < 4; i++) {
		r = good();
		r.at[i].is_ca = false;
		assert_int_equal(judge(&r), WD_R_CHAIN_NOT_CA);
		r = good();
		r.at[i].usage = WD_KU_CRL_SIGN;
		assert_int_equal(judge(&r), WD_R_CHAIN_NOT_CA);
	}
	r = good();
	r.at[2].path_len = 0;
	assert_int_equal(judge(&r), WD_R_CHAIN_NOT_CA);
	r.at[2].path_len = 1;
	r.at[1].path_len = 0;
	t_ok(judge(&r));
}

static void
form_is_looked_at(void **state)
{
	struct recipe r = good();

	(void)state;
	r.at[0].is_ca = true;
	r.at[0].usage = WD_KU_CERT_SIGN;
	assert_int_equal(judge(&r), WD_R_CHAIN_MALFORMED);
	r = good();
	r.at[1].issuer = "else";
	assert_int_equal(judge(&r), WD_R_CHAIN_MALFORMED);
	r = good();
	r.at[1].critical = true;
	assert_int_equal(judge(&r), WD_R_CHAIN_MALFORMED);
	r = good();
	r.at[0].name = "x";
	assert_int_equal(judge(&r), WD_R_CHAIN_MALFORMED);
	r = good();
	r.at[0].key = OTHER; /* P-256 */
	assert_int_equal(judge(&r), WD_R_CHAIN_MALFORMED);
}

static void
dates_are_looked_at_in_each_call(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct recipe r = good();

		t_ok(judge_at(&r, NOW + YEAR, NULL));
		r.at[i].to = NOW - 1;
		assert_int_equal(judge(&r), WD_R_CHAIN_EXPIRED);
		r.at[i].to = NOW + YEAR;
		r.at[i].from = NOW + 1;
		assert_int_equal(judge(&r), WD_R_CHAIN_EXPIRED);
	}
}

static int
judge_bytes(struct wd_span leaf, struct wd_span above)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	struct wd_appraisal_rules rules = { 0 };
	const struct wd_trail *t;

	t_ok(wd_verifier_new(&rules, &v));
	return wd_trail_get(v, &spec, leaf, above, NOW, &t, NULL);
}

static void
what_is_no_chain_is_refused(void **state)
{
	WD_AUTO(made_done) struct made m;
	struct recipe r = good();
	struct wd_span leaf, none = { 0 };

	(void)state;
	r.der_form = true;
	prepare(&r, &m);
	leaf = wd_bytes_span(m.der[0]);
	assert_int_equal(judge_bytes(none, none), WD_R_CHAIN_MALFORMED);
	assert_int_equal(
	    judge_bytes(WD_SPAN_LIT("rubbish"), none), WD_R_CHAIN_MALFORMED);
	assert_int_equal(
	    judge_bytes(WD_SPAN_LIT("0\003ab"), none), WD_R_CHAIN_MALFORMED);
	assert_int_equal(
	    judge_bytes(wd_bytes_span(m.above), wd_bytes_span(m.above)),
	    WD_R_CHAIN_MALFORMED); /* too many */
	assert_int_equal(judge_bytes(wd_span(leaf.p, leaf.len - 1), none),
	    WD_R_CHAIN_MALFORMED);
	assert_int_equal(judge_bytes(wd_bytes_span(m.der[3]), none),
	    WD_R_CHAIN_MALFORMED); /* too few */
}

static int
setup(void **state)
{
	(void)state;
	t_ok(wd_crypto_init(NULL));
	for (size_t i = 0; i < WHO; i++)
		t_ok(wd_pkey_generate(
		    i == OTHER ? WD_PKEY_P256 : WD_PKEY_P384, &keys[i]));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < WHO; i++)
		keys[i] = wd_pkey_free(keys[i]);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_path_is_taken_in_pem_and_der),
		cmocka_unit_test(a_root_left_out_comes_from_the_anchor),
		cmocka_unit_test(a_root_that_is_not_pinned_is_not_trusted),
		cmocka_unit_test(each_signature_counts),
		cmocka_unit_test(a_path_has_no_gaps),
		cmocka_unit_test(issuers_must_be_able_to_issue),
		cmocka_unit_test(form_is_looked_at),
		cmocka_unit_test(dates_are_looked_at_in_each_call),
		cmocka_unit_test(what_is_no_chain_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
