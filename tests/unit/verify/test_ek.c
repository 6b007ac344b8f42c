/*
 * Keys of a TPM that is to be enrolled: whose certificate leads where, and
 * which attributes are those of an endorsement key.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "base/wr.h"
#include "codec/pem.h"
#include "crypto/hash.h"
#include "crypto/init.h"
#include "crypto/x509_make.h"
#include "verify/collateral.h"
#include "verify/tpm/alg.h"
#include "verify/tpm/ek.h"

enum {
	AT = 1767225600,
	EK_ATTRIBUTES = 0x000300b2,
	AK_ATTRIBUTES = 0x00050072,
	LARGEST = 8192,
};

static struct wd_pkey *ek_key, *ak_key, *ca_key, *other_key;

/* What a test changes; zeros are those of a good pair. */
struct shape {
	uint32_t ek_attributes, ak_attributes;
	uint16_t name_alg, cipher, bits, mode, ak_name_alg;
	bool no_policy, signs;
	unsigned usage;
	bool server_auth, other_owner, other_anchor, software;
	int64_t not_after;
	bool no_certificate, pem, without_root, as_ak_anchor, need_list;
};

struct made {
	struct wd_bytes *ek, *ak, *ca, *leaf, *chain;
	struct wd_anchor anchor;
	struct wd_verifier *v;
	struct wd_tpm_pair pair;
};

static int
setup(void **state)
{
	(void)state;
	t_ok(wd_crypto_init(NULL));
	t_ok(wd_pkey_generate(WD_PKEY_P256, &ek_key));
	t_ok(wd_pkey_generate(WD_PKEY_P256, &ak_key));
	t_ok(wd_pkey_generate(WD_PKEY_P256, &ca_key));
	t_ok(wd_pkey_generate(WD_PKEY_P256, &other_key));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	wd_pkey_freep(&ek_key);
	wd_pkey_freep(&ak_key);
	wd_pkey_freep(&ca_key);
	wd_pkey_freep(&other_key);
	return 0;
}

static void
sized(struct wd_wr *wr, struct wd_span s)
{
	wd_wr_be16(wr, (uint16_t)s.len);
	wd_wr_bytes(wr, s);
}

static void
write_point(struct wd_wr *wr, const struct wd_pkey *key)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *x = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *y = NULL;

	t_ok(wd_pkey_public_parts(key, &x, &y));
	wd_wr_be16(wr, 3); /* TPM_ECC_NIST_P256 */
	wd_wr_be16(wr, WD_TPM_NULL);
	sized(wr, wd_bytes_span(x));
	sized(wr, wd_bytes_span(y));
}

static uint16_t
or_else(uint16_t given, uint16_t usual)
{
	return given != 0 ? given : usual;
}

static struct wd_bytes *
make_ek(const struct shape *s)
{
	struct wd_wr wr = wd_wr_growing(LARGEST);
	struct wd_bytes *b = NULL;

	wd_wr_be16(&wr, WD_TPM_ECC);
	wd_wr_be16(&wr, or_else(s->name_alg, WD_TPM_SHA256));
	wd_wr_be32(
	    &wr, s->ek_attributes != 0 ? s->ek_attributes : EK_ATTRIBUTES);
	sized(&wr, s->no_policy ? wd_span(NULL, 0) : WD_SPAN_LIT("a policy"));
	wd_wr_be16(&wr, or_else(s->cipher, WD_TPM_AES));
	wd_wr_be16(&wr, or_else(s->bits, 128));
	wd_wr_be16(&wr, or_else(s->mode, WD_TPM_CFB));
	wd_wr_be16(&wr, s->signs ? WD_TPM_ECDSA : WD_TPM_NULL);
	if (s->signs)
		wd_wr_be16(&wr, WD_TPM_SHA256);
	write_point(&wr, ek_key);
	t_ok(wd_wr_take(&wr, &b));
	return b;
}

static struct wd_bytes *
make_ak(const struct shape *s)
{
	struct wd_wr wr = wd_wr_growing(LARGEST);
	struct wd_bytes *b = NULL;

	wd_wr_be16(&wr, WD_TPM_ECC);
	wd_wr_be16(&wr, or_else(s->ak_name_alg, WD_TPM_SHA256));
	wd_wr_be32(
	    &wr, s->ak_attributes != 0 ? s->ak_attributes : AK_ATTRIBUTES);
	sized(&wr, wd_span(NULL, 0));
	wd_wr_be16(&wr, WD_TPM_NULL);
	wd_wr_be16(&wr, WD_TPM_ECDSA);
	wd_wr_be16(&wr, WD_TPM_SHA256);
	write_point(&wr, ak_key);
	t_ok(wd_wr_take(&wr, &b));
	return b;
}

static struct wd_bytes *
certificate(const struct wd_cert_spec *more, const struct wd_pkey *subject,
    const char *name, const struct wd_pkey *issuer)
{
	const struct wd_rdn ca = { "2.5.4.3", "makers of TPMs" };
	const struct wd_rdn own = { "2.5.4.3", name };
	struct wd_cert_spec spec = *more;
	struct wd_bytes *der;

	spec.subject = &own;
	spec.issuer = &ca;
	spec.n_subject = spec.n_issuer = 1;
	spec.not_before = AT - 10;
	spec.path_len = -1;
	t_ok(wd_cert_make(&spec, subject, issuer, &der));
	return der;
}

static void
add(struct wd_wr *wr, bool pem, const struct wd_bytes *der)
{
	if (pem)
		wd_pem_write(wr, "CERTIFICATE", wd_bytes_span(der));
	else
		wd_wr_bytes(wr, wd_bytes_span(der));
}

static void
make_chain(const struct shape *s, struct made *m)
{
	const struct wd_cert_spec ca = { .is_ca = true,
		.key_usage = WD_KU_CERT_SIGN | WD_KU_CRL_SIGN,
		.not_after = AT + 1000 };
	const struct wd_cert_spec leaf = {
		.key_usage = s->usage != 0 ? s->usage : WD_KU_KEY_ENCIPHERMENT,
		.server_auth = s->server_auth,
		.not_after = s->not_after != 0 ? s->not_after : AT + 100,
	};
	struct wd_wr wr = wd_wr_growing(LARGEST);

	m->ca = certificate(&ca, ca_key, "makers of TPMs", ca_key);
	m->leaf = certificate(
	    &leaf, s->other_owner ? other_key : ek_key, "EK", ca_key);
	add(&wr, s->pem, m->leaf);
	if (!s->without_root)
		add(&wr, s->pem, m->ca);
	t_ok(wd_wr_take(&wr, &m->chain));
	m->anchor =
	    (struct wd_anchor){ .tee = WD_TEE_TPM, .software = s->software };
	t_ok(wd_hash(WD_SHA256, wd_bytes_span(m->ca), m->anchor.sha256));
	if (s->other_anchor)
		m->anchor.sha256[0] ^= 1;
	else
		m->anchor.der = wd_bytes_span(m->ca);
}

static void
make(const struct shape *s, struct made *m)
{
	struct wd_appraisal_rules rules = { 0 };

	*m = (struct made){ .ek = make_ek(s), .ak = make_ak(s) };
	make_chain(s, m);
	if (s->as_ak_anchor) {
		rules.anchors = &m->anchor;
		rules.n_anchors = 1;
	} else {
		rules.ek_anchors = &m->anchor;
		rules.n_ek_anchors = 1;
	}
	rules.need_ek_crl = s->need_list;
	t_ok(wd_verifier_new(&rules, &m->v));
	m->pair.ek = wd_bytes_span(m->ek);
	m->pair.ak = wd_bytes_span(m->ak);
	if (!s->no_certificate)
		m->pair.certificates = wd_bytes_span(m->chain);
}

static void
made_done(struct made *m)
{
	wd_verifier_freep(&m->v);
	wd_bytes_freep(&m->ek);
	wd_bytes_freep(&m->ak);
	wd_bytes_freep(&m->ca);
	wd_bytes_freep(&m->leaf);
	wd_bytes_freep(&m->chain);
}

static int
check(const struct shape *s, struct wd_tpm_ek *ret)
{
	struct wd_diag d = { 0 };
	struct made m;
	int r;

	make(s, &m);
	r = wd_tpm_ek_check(m.v, &m.pair, AT, ret, &d);
	assert_true(r == 0 || d.detail[0] != '\0');
	made_done(&m);
	return r;
}

static void
a_key_under_an_anchor_is_trusted_and_named(void **state)
{
	const struct shape shapes[] = { { 0 }, { .pem = true },
		{ .without_root = true },
		{ .ek_attributes = EK_ATTRIBUTES | WD_TPM_USER_WITH_AUTH } };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	uint8_t digest[32];

	(void)state;
	t_ok(wd_pkey_to_spki(ek_key, &spki));
	t_ok(wd_hash(WD_SHA256, wd_bytes_span(spki), digest));
	for (size_t i = 0; i < WD_N(shapes); i++) {
		struct wd_tpm_ek e = { 0 };

		t_ok(check(&shapes[i], &e));
		assert_int_equal(e.untrusted, 0);
		assert_int_equal(e.ends, AT + 100);
		assert_false(e.software);
		assert_memory_equal(e.sha256, digest, 32);
		assert_int_equal(e.ak_name_len, 34);
		assert_true(wd_pkey_same_public(e.key, ek_key));
		wd_tpm_ek_done(&e);
	}
}

static void
software_is_said_to_be_that(void **state)
{
	const struct shape s = { .software = true };
	struct wd_tpm_ek e = { 0 };

	(void)state;
	t_ok(check(&s, &e));
	assert_true(e.software);
	wd_tpm_ek_done(&e);
}

/* An operator may vouch for such a key. */
static void
what_leads_nowhere_is_told_and_not_refused(void **state)
{
	const struct {
		struct shape s;
		int untrusted;
	} rows[] = {
		{ { .no_certificate = true }, WD_R_EK_NOT_TRUSTED },
		{ { .other_anchor = true }, WD_R_CHAIN_UNTRUSTED_ROOT },
		{ { .other_anchor = true, .without_root = true },
		    WD_R_CHAIN_UNTRUSTED_ROOT },
		{ { .as_ak_anchor = true }, WD_R_CHAIN_UNTRUSTED_ROOT },
		{ { .not_after = AT - 1 }, WD_R_CHAIN_EXPIRED },
		{ { .usage = WD_KU_DIGITAL_SIGNATURE }, WD_R_CHAIN_MALFORMED },
		{ { .server_auth = true }, WD_R_CHAIN_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_tpm_ek e = { 0 };

		t_ok(check(&rows[i].s, &e));
		assert_int_equal(e.untrusted, rows[i].untrusted);
		assert_true(e.why.detail[0] != '\0');
		assert_int_equal(e.ends, INT64_MAX);
		assert_false(e.software);
		wd_tpm_ek_done(&e);
	}
}

static void
other_keys_are_refused(void **state)
{
	const struct {
		struct shape s;
		int reason;
	} rows[] = {
		{ { .other_owner = true }, WD_R_EK_NOT_TRUSTED },
		{ { .ek_attributes = EK_ATTRIBUTES & ~WD_TPM_RESTRICTED },
		    WD_R_EK_ATTRIBUTES },
		{ { .ek_attributes = EK_ATTRIBUTES & ~WD_TPM_FIXED_TPM },
		    WD_R_EK_ATTRIBUTES },
		{ { .ek_attributes =
			  EK_ATTRIBUTES & ~WD_TPM_SENSITIVE_DATA_ORIGIN },
		    WD_R_EK_ATTRIBUTES },
		{ { .ek_attributes = EK_ATTRIBUTES | WD_TPM_SIGN },
		    WD_R_EK_ATTRIBUTES },
		{ { .ek_attributes = AK_ATTRIBUTES }, WD_R_EK_ATTRIBUTES },
		{ { .no_policy = true }, WD_R_EK_ATTRIBUTES },
		{ { .signs = true }, WD_R_EK_ATTRIBUTES },
		{ { .name_alg = WD_TPM_SHA384 }, WD_R_UNSUPPORTED },
		{ { .cipher = 0x26 }, WD_R_UNSUPPORTED },
		{ { .bits = 256 }, WD_R_UNSUPPORTED },
		{ { .mode = 0x44 }, WD_R_UNSUPPORTED },
		{ { .ak_attributes = AK_ATTRIBUTES & ~WD_TPM_RESTRICTED },
		    WD_R_AK_ATTRIBUTES },
		{ { .ak_attributes = EK_ATTRIBUTES }, WD_R_AK_ATTRIBUTES },
		{ { .ak_name_alg = WD_TPM_SHA1 }, WD_R_WEAK_HASH },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_tpm_ek e = { 0 };

		assert_int_equal(check(&rows[i].s, &e), rows[i].reason);
		assert_null(e.key);
	}
}

static void
each_truncation_is_refused_or_leads_nowhere(void **state)
{
	const struct shape s = { 0 };
	struct made m;

	(void)state;
	make(&s, &m);
	for (size_t n = 0; n < m.chain->len; n++) {
		struct wd_tpm_pair p = m.pair;
		struct wd_tpm_ek e = { 0 };
		int r;

		p.certificates.len = n;
		r = wd_tpm_ek_check(m.v, &p, AT, &e, NULL);
		assert_true(n == m.leaf->len || r > 0 || e.untrusted > 0);
		wd_tpm_ek_done(&e);
	}
	for (size_t n = 0; n < m.ek->len; n++) {
		struct wd_tpm_pair p = m.pair;
		struct wd_tpm_ek e = { 0 };

		p.ek.len = n;
		assert_int_equal(
		    wd_tpm_ek_check(m.v, &p, AT, &e, NULL), WD_R_MALFORMED);
	}
	made_done(&m);
}

static void
no_memory_is_a_fault(void **state)
{
	const struct shape s = { 0 };
	bool done = false;
	struct made m;

	(void)state;
	make(&s, &m);
	for (uint64_t k = 1; !done; k++) {
		struct wd_tpm_ek e = { 0 };
		int r;

		wd_verifier_forget(m.v);
		(void)wd_alloc_fail_at(k);
		r = wd_tpm_ek_check(m.v, &m.pair, AT, &e, NULL);
		(void)wd_alloc_fail_at(0);
		assert_true(r <= 0);
		done = r == 0;
		assert_true(r < 0 || e.untrusted == 0);
		assert_true(k < 1000);
		wd_tpm_ek_done(&e);
	}
	made_done(&m);
}

/* ---- revocation lists */

/* What a test changes of a list; zeros are those of a good one of nobody. */
struct list {
	bool revokes, other_key, other_name;
	int64_t made, ends;
};

static struct wd_bytes *
make_list(const struct made *m, const struct list *l)
{
	const struct wd_rdn name = { "2.5.4.3",
		l->other_name ? "somebody" : "makers of TPMs" };
	WD_AUTO(wd_cert_freep) struct wd_cert *leaf = NULL;
	struct wd_span serial;
	struct wd_crl_spec spec = { .issuer = &name,
		.n_issuer = 1,
		.this_update = l->made != 0 ? l->made : AT - 5,
		.next_update = l->ends != 0 ? l->ends : AT + 50,
		.revoked = &serial,
		.n_revoked = l->revokes ? 1 : 0 };
	struct wd_bytes *der = NULL;

	t_ok(wd_cert_parse(wd_bytes_span(m->leaf), &leaf));
	serial = wd_cert_serial(leaf);
	t_ok(wd_crl_make(&spec, l->other_key ? other_key : ca_key, &der));
	return der;
}

/* As it is stored, though it were not as it must be. */
static struct wd_doc_info
place_of(const struct made *m, const struct list *l)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	struct wd_doc_info info = { .id = { .role = WD_IN_EK_CRL,
					.tee = WD_TEE_TPM,
					.update_class = 's' },
		.issue_date = l->made,
		.software = m->anchor.software };
	uint8_t digest[32];

	t_ok(wd_pkey_to_spki(ca_key, &spki));
	t_ok(wd_hash(WD_SHA256, wd_bytes_span(spki), digest));
	wd_copy(info.id.scope, wd_span(digest, sizeof(info.id.scope)));
	return info;
}

static void
put_list(struct wd_wr *snapshot, const struct made *m, const struct list *l)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = make_list(m, l);
	struct wd_doc_info info = place_of(m, l);

	wd_snapshot_add(snapshot, &info, wd_bytes_span(der));
}

/* The reason for which the key is not trusted beside these lists. */
static int
untrusted_by(
    const struct shape *s, const struct list *l, size_t n, int64_t *ret_ends)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1 << 16);
	struct wd_tpm_ek e = { 0 };
	struct made m;
	int r;

	make(s, &m);
	wd_snapshot_begin(&wr);
	for (size_t i = 0; i < n; i++)
		put_list(&wr, &m, &l[i]);
	t_ok(wd_wr_end(&wr));
	m.pair.snapshot = wd_wr_span(&wr);
	t_ok(wd_tpm_ek_check(m.v, &m.pair, AT, &e, NULL));
	r = e.untrusted;
	*ret_ends = e.ends;
	wd_tpm_ek_done(&e);
	made_done(&m);
	return r;
}

static void
a_revoked_certificate_is_not_trusted(void **state)
{
	const struct list good = { 0 }, bad = { .revokes = true },
			  of_long = { .ends = AT + 5000 };
	const struct shape shapes[] = { { 0 }, { .need_list = true },
		{ .without_root = true }, { .software = true } };
	int64_t ends;

	(void)state;
	for (size_t i = 0; i < WD_N(shapes); i++) {
		assert_int_equal(
		    untrusted_by(&shapes[i], &bad, 1, &ends), WD_R_REVOKED);
		assert_int_equal(ends, INT64_MAX);
		t_ok(untrusted_by(&shapes[i], &good, 1, &ends));
		assert_int_equal(ends, AT + 50);
		t_ok(untrusted_by(&shapes[i], &of_long, 1, &ends));
		assert_int_equal(ends, AT + 100);
	}
}

static void
lists_are_needed_where_a_rule_says_so(void **state)
{
	const struct shape lenient = { 0 }, strict = { .need_list = true };
	int64_t ends;

	(void)state;
	t_ok(untrusted_by(&lenient, NULL, 0, &ends));
	assert_int_equal(ends, AT + 100);
	assert_int_equal(
	    untrusted_by(&strict, NULL, 0, &ends), WD_R_CRL_MISSING);
}

static void
a_list_that_is_there_must_be_good(void **state)
{
	const struct {
		struct list l;
		int reason;
	} rows[] = {
		{ { .other_key = true }, WD_R_CRL_BAD_SIGNATURE },
		{ { .other_name = true }, WD_R_CRL_ISSUER_MISMATCH },
		{ { .ends = AT - 1 }, WD_R_CRL_EXPIRED },
		{ { .made = AT + 1 }, WD_R_CRL_EXPIRED },
	};
	const struct shape s = { 0 };
	int64_t ends;

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++)
		assert_int_equal(
		    untrusted_by(&s, &rows[i].l, 1, &ends), rows[i].reason);
}

static void
the_newest_list_counts(void **state)
{
	const struct list lists[] = { { .made = AT - 9, .revokes = true },
		{ .made = AT - 8 }, { .made = AT - 9, .revokes = true } };
	const struct list later[] = { { .made = AT - 9 },
		{ .made = AT - 8, .revokes = true }, { .made = AT - 9 } };
	const struct shape s = { 0 };
	int64_t ends;

	(void)state;
	t_ok(untrusted_by(&s, lists, WD_N(lists), &ends));
	assert_int_equal(
	    untrusted_by(&s, later, WD_N(later), &ends), WD_R_REVOKED);
}

/* Of another role, TEE, key or trust. */
static void
other_documents_are_no_list_of_the_issuers(void **state)
{
	const struct shape s = { .need_list = true };
	const struct list l = { 0 };

	(void)state;
	for (int change = 0; change < 4; change++) {
		WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1 << 16);
		WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
		struct wd_doc_info info;
		struct wd_tpm_ek e = { 0 };
		struct made m;

		make(&s, &m);
		der = make_list(&m, &l);
		info = place_of(&m, &l);
		if (change == 0)
			info.id.role = WD_IN_GPU_CRL;
		if (change == 1)
			info.id.tee = WD_TEE_NVIDIA;
		if (change == 2)
			info.id.scope[7] ^= 1;
		if (change == 3)
			info.software = true;
		wd_snapshot_begin(&wr);
		wd_snapshot_add(&wr, &info, wd_bytes_span(der));
		t_ok(wd_wr_end(&wr));
		m.pair.snapshot = wd_wr_span(&wr);
		t_ok(wd_tpm_ek_check(m.v, &m.pair, AT, &e, NULL));
		assert_int_equal(e.untrusted, WD_R_CRL_MISSING);
		wd_tpm_ek_done(&e);
		made_done(&m);
	}
}

static int
store_list(const struct shape *s, const struct list *l, bool chain,
    struct wd_doc_info *ret)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	struct made m;
	int r;

	make(s, &m);
	der = make_list(&m, l);
	r = wd_doc_check(m.v, WD_IN_EK_CRL, wd_bytes_span(der),
	    chain ? wd_bytes_span(m.ca) : wd_span(NULL, 0), AT, ret, NULL);
	made_done(&m);
	return r;
}

static void
a_list_is_checked_before_it_is_stored(void **state)
{
	const struct shape good = { .software = true };
	const struct shape other = { .other_anchor = true };
	const struct shape of_aks = { .as_ak_anchor = true };
	const struct list l = { .made = AT - 5 },
			  forged = { .other_key = true },
			  late = { .ends = AT - 1 };
	struct wd_doc_info info, want;
	struct made m;

	(void)state;
	t_ok(store_list(&good, &l, true, &info));
	make(&good, &m);
	want = place_of(&m, &l);
	made_done(&m);
	t_span_equal(WD_SPAN(info.id.scope), WD_SPAN(want.id.scope));
	assert_int_equal(info.id.role, WD_IN_EK_CRL);
	assert_int_equal(info.id.tee, WD_TEE_TPM);
	assert_true(info.software);
	assert_int_equal(info.issue_date, AT - 5);
	assert_int_equal(info.next_update, AT + 50);
	assert_int_equal(
	    store_list(&good, &l, false, &info), WD_R_COLLATERAL_MISSING);
	assert_int_equal(
	    store_list(&other, &l, true, &info), WD_R_CHAIN_UNTRUSTED_ROOT);
	assert_int_equal(
	    store_list(&of_aks, &l, true, &info), WD_R_CHAIN_UNTRUSTED_ROOT);
	assert_int_equal(
	    store_list(&good, &forged, true, &info), WD_R_CRL_BAD_SIGNATURE);
	assert_int_equal(
	    store_list(&good, &late, true, &info), WD_R_CRL_EXPIRED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_under_an_anchor_is_trusted_and_named),
		cmocka_unit_test(software_is_said_to_be_that),
		cmocka_unit_test(what_leads_nowhere_is_told_and_not_refused),
		cmocka_unit_test(other_keys_are_refused),
		cmocka_unit_test(each_truncation_is_refused_or_leads_nowhere),
		cmocka_unit_test(no_memory_is_a_fault),
		cmocka_unit_test(a_revoked_certificate_is_not_trusted),
		cmocka_unit_test(lists_are_needed_where_a_rule_says_so),
		cmocka_unit_test(a_list_that_is_there_must_be_good),
		cmocka_unit_test(the_newest_list_counts),
		cmocka_unit_test(other_documents_are_no_list_of_the_issuers),
		cmocka_unit_test(a_list_is_checked_before_it_is_stored),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
