/*
 * Judging SGX quotes: what a good one says, and for every reason of refusal a
 * world in which it is the right one.
 */
#include "lib/t.h"

#include "base/clock.h"
#include "crypto/x509_make.h"
#include "verify/registry.h"
#include "verify/world.h"

static void
a_good_quote_says_what_it_is(void **state)
{
	const struct t_recipe r = t_good();
	struct wd_claims c = { 0 };
	struct wd_span v;
	uint64_t n;
	int64_t t;

	(void)state;
	t_ok(t_judge(&r, &c, NULL));
	assert_true(wd_claims_get(&c, WD_C_TEE, &v));
	t_span_equal(v, WD_SPAN_LIT("sgx"));
	assert_true(wd_claims_get(&c, WD_C_TCB_STATUS, &v));
	t_span_equal(v, WD_SPAN_LIT("SWHardeningNeeded"));
	assert_true(wd_claims_get(&c, WD_C_ADVISORY_IDS, &v));
	t_span_equal(v, WD_SPAN_LIT("INTEL-SA-1\0"));
	assert_true(wd_claims_get(&c, WD_C_QE_TCB_STATUS, &v));
	t_span_equal(v, WD_SPAN_LIT("UpToDate"));
	assert_true(wd_claims_get(&c, WD_C_REPORT_DATA, &v));
	t_span_equal(v, WD_SPAN(r.report_data));
	assert_true(wd_claims_get(&c, WD_C_PLATFORM_ID, &v));
	t_span_equal(v, WD_SPAN_LIT("ppid-0123456789a"));
	assert_true(wd_claims_get(&c, WD_C_PCK_CA, &v));
	t_span_equal(v, WD_SPAN_LIT("processor"));
	assert_true(wd_claims_uint(&c, WD_C_ISVPRODID, &n));
	assert_int_equal(n, 3);
	assert_true(wd_claims_uint(&c, WD_C_ISVSVN, &n));
	assert_int_equal(n, 4);
	assert_true(wd_claims_uint(&c, WD_C_TCB_EVALUATION_DATA_NUMBER, &n));
	assert_int_equal(n, 17);
	assert_true(wd_claims_time(&c, WD_C_COLLATERAL_EXPIRY, &t));
	assert_int_equal(t, wd_time_civil(2030, 6, 20, 0, 0, 0));
	assert_false(wd_claims_bool(&c, WD_C_DEBUG));
	assert_false(wd_claims_bool(&c, WD_C_SOFTWARE));
}

static void
versions_4_and_5_in_their_sgx_form_are_judged_too(void **state)
{
	struct t_recipe r = t_good();
	struct wd_claims c = { 0 };
	uint64_t n;

	(void)state;
	for (r.version = 4; r.version <= 5; r.version++) {
		t_ok(t_judge(&r, &c, NULL));
		assert_true(wd_claims_uint(&c, WD_C_QUOTE_VERSION, &n));
		assert_int_equal(n, r.version);
	}
}

static void
a_platform_ca_brings_the_platform_instance(void **state)
{
	static const char ca[] = "Intel SGX PCK Platform CA";
	struct t_recipe r = t_good();
	struct wd_claims c = { 0 };
	struct wd_span v;

	(void)state;
	r.ca.name = ca;
	r.pck.issuer = ca;
	r.pck_crl.issuer = ca;
	r.platform_ca_extension = true;
	t_ok(t_judge(&r, &c, NULL));
	assert_true(wd_claims_get(&c, WD_C_PLATFORM_INSTANCE_ID, &v));
	t_span_equal(v, WD_SPAN_LIT("platforminstance"));
	assert_true(wd_claims_bool(&c, WD_C_SMT_ENABLED));
	r.platform_ca_extension = false;
	assert_int_equal(t_judge(&r, NULL, NULL), WD_R_PCK_CHAIN_MALFORMED);
}

static void
a_software_root_shows_in_the_claims(void **state)
{
	struct t_recipe r = t_good();
	struct wd_claims c = { 0 };

	(void)state;
	r.software = true;
	t_ok(t_judge(&r, &c, NULL));
	assert_true(wd_claims_bool(&c, WD_C_SOFTWARE));
}

static void
an_old_quoting_enclave_lowers_the_status(void **state)
{
	struct t_recipe r = t_good();
	struct wd_claims c = { 0 };
	struct wd_span v;

	(void)state;
	r.qe_isvsvn = 7;
	t_ok(t_judge(&r, &c, NULL));
	assert_true(wd_claims_get(&c, WD_C_TCB_STATUS, &v));
	t_span_equal(v, WD_SPAN_LIT("OutOfDate"));
	assert_true(wd_claims_get(&c, WD_C_PLATFORM_TCB_STATUS, &v));
	t_span_equal(v, WD_SPAN_LIT("SWHardeningNeeded"));
	assert_true(wd_claims_get(&c, WD_C_QE_ADVISORY_IDS, &v));
	t_span_equal(v, WD_SPAN_LIT("INTEL-SA-2\0"));
}

static void
debug_is_a_claim_when_the_rules_allow_it(void **state)
{
	struct t_recipe r = t_good();
	struct wd_claims c = { 0 };

	(void)state;
	r.enclave_debug = true;
	r.allow_debug = true;
	t_ok(t_judge(&r, &c, NULL));
	assert_true(wd_claims_bool(&c, WD_C_DEBUG));
}

static void
a_chain_beside_the_quote_serves_when_it_brings_none(void **state)
{
	struct t_recipe r = t_good();

	(void)state;
	r.pck_chain_beside = true;
	for (r.cert_type = 1; r.cert_type <= 4; r.cert_type++)
		t_ok(t_judge(&r, NULL, NULL));
	r.cert_type = 6;
	assert_int_equal(t_judge(&r, NULL, NULL), WD_R_UNSUPPORTED_CERT_DATA);
}

static void
missing_revocation_lists_may_be_allowed_but_bad_ones_never(void **state)
{
	struct t_recipe r = t_good();

	(void)state;
	r.crl_optional = true;
	r.root_crl.absent = true;
	r.pck_crl.absent = true;
	t_ok(t_judge(&r, NULL, NULL));
	r.pck_crl.absent = false;
	r.pck_crl.signer = T_STRANGER;
	assert_int_equal(t_judge(&r, NULL, NULL), WD_R_CRL_BAD_SIGNATURE);
}

/* One change, and the reason it must be refused for. */
struct refusal {
	int reason;
	void (*change)(struct t_recipe *r);
};

#define CHANGE(name, statement)              \
	static void name(struct t_recipe *r) \
	{                                    \
		statement;                   \
	}

#define LATER wd_time_civil(2030, 7, 1, 0, 0, 0)

CHANGE(type_3, r->cert_type = 3)
CHANGE(two_certificates, r->pck_order = "pc")
CHANGE(one_certificate_too_many, r->pck_order = "pccr")
CHANGE(another_behind_the_root, r->pck_order = "pcrc")
CHANGE(no_certificate, r->pck_order = "")
CHANGE(root_first, r->pck_order = "rcp")
CHANGE(pck_name, r->pck.name = "Intel SGX PCK Certificates")
CHANGE(ca_name, r->ca.name = r->pck.issuer = "Intel SGX PCK Other CA")
CHANGE(root_name, r->root.name = r->root.issuer = r->ca.issuer = "A Root")
CHANGE(no_extension, r->pck.with_pck = false)
CHANGE(pck_is_ca, r->pck.is_ca = true)
CHANGE(names_do_not_link, r->pck.issuer = "Intel SGX PCK Platform CA")
CHANGE(critical_in_ca, r->ca.critical = true)
CHANGE(critical_in_pck, r->pck.critical = true)
CHANGE(ca_is_stranger, r->anchor = T_CA)
CHANGE(anchor_of_tdx, r->anchor_tee = WD_TEE_TDX)
CHANGE(pck_by_stranger, r->pck.signer = T_STRANGER)
CHANGE(pck_by_root, r->pck.signer = T_ROOT)
CHANGE(ca_by_stranger, r->ca.signer = T_STRANGER)
CHANGE(root_by_stranger, r->root.signer = T_STRANGER)
CHANGE(ca_is_no_ca, r->ca.is_ca = false)
CHANGE(ca_path_len_1, r->ca.path_len = 1)
CHANGE(ca_path_len_none, r->ca.path_len = -1)
CHANGE(ca_signs_no_certs, r->ca.key_usage = WD_KU_CRL_SIGN)
CHANGE(root_is_no_ca, r->root.is_ca = false)
CHANGE(pck_ended, r->pck.to = T_NOW - 1)
CHANGE(pck_begins, r->pck.from = T_NOW + 1)
CHANGE(ca_ended, r->ca.to = T_NOW - 1)
CHANGE(root_ended, r->root.to = T_NOW - 1)
CHANGE(root_begins, r->root.from = T_NOW + 1)

CHANGE(no_root_crl, r->root_crl.absent = true)
CHANGE(no_pck_crl, r->pck_crl.absent = true)
CHANGE(root_crl_of_ca, r->root_crl.issuer = r->ca.name)
CHANGE(pck_crl_of_other_ca, r->pck_crl.issuer = "Intel SGX PCK Platform CA")
CHANGE(root_crl_by_ca, r->root_crl.signer = T_CA)
CHANGE(pck_crl_by_root, r->pck_crl.signer = T_ROOT)
CHANGE(ca_signs_no_crls, r->ca.key_usage = WD_KU_CERT_SIGN)
CHANGE(root_crl_ended, r->root_crl.to = T_NOW - 1)
CHANGE(pck_crl_ended, r->pck_crl.to = T_NOW - 1)
CHANGE(pck_crl_begins, r->pck_crl.from = T_NOW + 1)
CHANGE(ca_revoked, r->root_crl.revoked = r->ca.serial)
CHANGE(pck_revoked, r->pck_crl.revoked = r->pck.serial)
CHANGE(signing_revoked, r->root_crl.revoked = r->signing.serial)

CHANGE(no_signing_chain, r->no_signing_chain = true)
CHANGE(no_tcb_info, r->tcb_info.absent = true)
CHANGE(no_qe_identity, r->qe_identity.absent = true)
CHANGE(signing_alone, r->signing_order = "s")
CHANGE(signing_and_two, r->signing_order = "scr")
CHANGE(signing_by_pck, r->signing_order = "pr")
CHANGE(signing_name, r->signing.name = "Intel SGX PCK Certificate")
CHANGE(signing_by_stranger, r->signing.signer = T_STRANGER)
CHANGE(signing_ended, r->signing.to = T_NOW - 1)

CHANGE(tcb_by_stranger, r->tcb_info.signer = T_STRANGER)
CHANGE(tcb_by_pck, r->tcb_info.signer = T_PCK)
CHANGE(qe_by_stranger, r->qe_identity.signer = T_STRANGER)

static void
edit_tcb(struct t_recipe *r, const char *from, const char *to)
{
	r->tcb_info.from = from;
	r->tcb_info.to = to;
}

static void
edit_qe(struct t_recipe *r, const char *from, const char *to)
{
	r->qe_identity.from = from;
	r->qe_identity.to = to;
}

CHANGE(tcb_ended, edit_tcb(r, "2030-06-21", "2030-05-31"))
CHANGE(tcb_begins, edit_tcb(r, "2030-05-21", "2030-06-02"))
CHANGE(tcb_version, edit_tcb(r, "\"version\":3", "\"version\":4"))
CHANGE(tcb_form, edit_tcb(r, "\"svn\":255", "\"svn\":256"))
CHANGE(tcb_fmspc, edit_tcb(r, "00A1B2C3D4E5", "00A1B2C3D4E6"))
CHANGE(tcb_pceid, edit_tcb(r, "\"pceId\":\"0000\"", "\"pceId\":\"0001\""))
CHANGE(qe_ended, edit_qe(r, "2030-06-22", "2030-05-31"))
CHANGE(qe_begins, edit_qe(r, "2030-05-22", "2030-06-02"))
CHANGE(qe_form, edit_qe(r, "\"version\":2", "\"version\":1"))
CHANGE(qe_of_tdx, edit_qe(r, "\"QE\"", "\"TD_QE\""))
CHANGE(qe_of_qve, edit_qe(r, "\"QE\"", "\"QVE\""))
CHANGE(number_of_tcb_info, r->min_evaluation_number = 18)

CHANGE(qe_signer_differs, edit_qe(r, "\"8C8C", "\"8C8D"))

CHANGE(qe_report_by_stranger, r->qe_signer = T_STRANGER)
CHANGE(qe_report_by_ca, r->qe_signer = T_CA)
CHANGE(bound_to_another_key, r->wrong_binding = true)
CHANGE(off_curve, r->off_curve = true)
CHANGE(qe_debug, r->qe_debug = true; r->allow_debug = true)
CHANGE(qe_product, r->qe_isvprodid = 2)
CHANGE(qe_too_old, r->qe_isvsvn = 5)
CHANGE(quote_by_stranger, r->quote_signer = T_STRANGER)
CHANGE(quote_by_pck, r->quote_signer = T_PCK)
CHANGE(component_too_low, r->components[4] = 254)
CHANGE(pcesvn_too_low, r->pcesvn = 12)
CHANGE(enclave_debug, r->enclave_debug = true)

static const struct refusal refusals[] = {
	{ WD_R_UNSUPPORTED_CERT_DATA, type_3 },
	{ WD_R_PCK_CHAIN_MALFORMED, two_certificates },
	{ WD_R_PCK_CHAIN_MALFORMED, one_certificate_too_many },
	{ WD_R_PCK_CHAIN_MALFORMED, another_behind_the_root },
	{ WD_R_PCK_CHAIN_MALFORMED, no_certificate },
	{ WD_R_PCK_CHAIN_MALFORMED, root_first },
	{ WD_R_PCK_CHAIN_MALFORMED, pck_name },
	{ WD_R_PCK_CHAIN_MALFORMED, ca_name },
	{ WD_R_PCK_CHAIN_MALFORMED, root_name },
	{ WD_R_PCK_CHAIN_MALFORMED, no_extension },
	{ WD_R_PCK_CHAIN_MALFORMED, pck_is_ca },
	{ WD_R_PCK_CHAIN_MALFORMED, names_do_not_link },
	{ WD_R_PCK_CHAIN_MALFORMED, critical_in_ca },
	{ WD_R_PCK_CHAIN_MALFORMED, critical_in_pck },
	{ WD_R_PCK_CHAIN_UNTRUSTED_ROOT, ca_is_stranger },
	{ WD_R_PCK_CHAIN_UNTRUSTED_ROOT, anchor_of_tdx },
	{ WD_R_PCK_CHAIN_BAD_SIGNATURE, pck_by_stranger },
	{ WD_R_PCK_CHAIN_BAD_SIGNATURE, pck_by_root },
	{ WD_R_PCK_CHAIN_BAD_SIGNATURE, ca_by_stranger },
	{ WD_R_PCK_CHAIN_BAD_SIGNATURE, root_by_stranger },
	{ WD_R_PCK_CHAIN_NOT_CA, ca_is_no_ca },
	{ WD_R_PCK_CHAIN_NOT_CA, ca_path_len_1 },
	{ WD_R_PCK_CHAIN_NOT_CA, ca_path_len_none },
	{ WD_R_PCK_CHAIN_NOT_CA, ca_signs_no_certs },
	{ WD_R_PCK_CHAIN_NOT_CA, root_is_no_ca },
	{ WD_R_PCK_CHAIN_EXPIRED, pck_ended },
	{ WD_R_PCK_CHAIN_EXPIRED, pck_begins },
	{ WD_R_PCK_CHAIN_EXPIRED, ca_ended },
	{ WD_R_PCK_CHAIN_EXPIRED, root_ended },
	{ WD_R_PCK_CHAIN_EXPIRED, root_begins },
	{ WD_R_CRL_MISSING, no_root_crl },
	{ WD_R_CRL_MISSING, no_pck_crl },
	{ WD_R_CRL_ISSUER_MISMATCH, root_crl_of_ca },
	{ WD_R_CRL_ISSUER_MISMATCH, pck_crl_of_other_ca },
	{ WD_R_CRL_BAD_SIGNATURE, root_crl_by_ca },
	{ WD_R_CRL_BAD_SIGNATURE, pck_crl_by_root },
	{ WD_R_CRL_BAD_SIGNATURE, ca_signs_no_crls },
	{ WD_R_CRL_EXPIRED, root_crl_ended },
	{ WD_R_CRL_EXPIRED, pck_crl_ended },
	{ WD_R_CRL_EXPIRED, pck_crl_begins },
	{ WD_R_REVOKED, ca_revoked },
	{ WD_R_REVOKED, pck_revoked },
	{ WD_R_REVOKED, signing_revoked },
	{ WD_R_COLLATERAL_MISSING, no_signing_chain },
	{ WD_R_COLLATERAL_MISSING, no_tcb_info },
	{ WD_R_COLLATERAL_MISSING, no_qe_identity },
	{ WD_R_TCB_SIGNING_CHAIN_MALFORMED, signing_alone },
	{ WD_R_TCB_SIGNING_CHAIN_MALFORMED, signing_and_two },
	{ WD_R_TCB_SIGNING_CHAIN_BAD_SIGNATURE, signing_by_pck },
	{ WD_R_TCB_SIGNING_CHAIN_MALFORMED, signing_name },
	{ WD_R_TCB_SIGNING_CHAIN_BAD_SIGNATURE, signing_by_stranger },
	{ WD_R_TCB_SIGNING_CHAIN_EXPIRED, signing_ended },
	{ WD_R_TCB_INFO_BAD_SIGNATURE, tcb_by_stranger },
	{ WD_R_TCB_INFO_BAD_SIGNATURE, tcb_by_pck },
	{ WD_R_TCB_INFO_EXPIRED, tcb_ended },
	{ WD_R_TCB_INFO_NOT_YET_VALID, tcb_begins },
	{ WD_R_TCB_INFO_VERSION, tcb_version },
	{ WD_R_MALFORMED, tcb_form },
	{ WD_R_TCB_INFO_MISMATCH, tcb_fmspc },
	{ WD_R_TCB_INFO_MISMATCH, tcb_pceid },
	{ WD_R_QE_IDENTITY_BAD_SIGNATURE, qe_by_stranger },
	{ WD_R_QE_IDENTITY_EXPIRED, qe_ended },
	{ WD_R_QE_IDENTITY_NOT_YET_VALID, qe_begins },
	{ WD_R_MALFORMED, qe_form },
	{ WD_R_QE_IDENTITY_MISMATCH, qe_of_tdx },
	{ WD_R_QE_IDENTITY_MISMATCH, qe_of_qve },
	{ WD_R_EVALUATION_NUMBER, number_of_tcb_info },
	{ WD_R_QE_REPORT_BAD_SIGNATURE, qe_report_by_stranger },
	{ WD_R_QE_REPORT_BAD_SIGNATURE, qe_report_by_ca },
	{ WD_R_ATT_KEY_BINDING, bound_to_another_key },
	{ WD_R_QUOTE_BAD_SIGNATURE, off_curve },
	{ WD_R_QE_IDENTITY_MISMATCH, qe_debug },
	{ WD_R_QE_IDENTITY_MISMATCH, qe_product },
	{ WD_R_TCB_NOT_SUPPORTED, qe_too_old },
	{ WD_R_QUOTE_BAD_SIGNATURE, quote_by_stranger },
	{ WD_R_QUOTE_BAD_SIGNATURE, quote_by_pck },
	{ WD_R_TCB_NOT_SUPPORTED, component_too_low },
	{ WD_R_TCB_NOT_SUPPORTED, pcesvn_too_low },
	{ WD_R_DEBUG_NOT_ALLOWED, enclave_debug },
};

static void
each_fault_is_refused_for_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(refusals); i++) {
		struct t_recipe r = t_good();
		struct wd_claims c = { .len = 77 };
		struct wd_diag d = { 0 };
		int got;

		refusals[i].change(&r);
		got = t_judge(&r, &c, &d);
		if (got != refusals[i].reason)
			print_error("row %zu: %s (%s)\n", i,
			    wd_reason_name(got), d.detail);
		assert_int_equal(got, refusals[i].reason);
		assert_int_equal(c.len, 77);
		assert_int_equal(d.result, got);
	}
}

static void
w2_the_qe_report_binds_the_attestation_key(void **state)
{
	struct t_recipe r = t_good();

	(void)state;
	r.wrong_binding = true;
	for (r.binding_byte = 0; r.binding_byte < 64; r.binding_byte++)
		assert_int_equal(t_judge(&r, NULL, NULL), WD_R_ATT_KEY_BINDING);
}

/* Each of them was at most a line in a log elsewhere. */
static void
w3_collateral_is_signed_and_the_quoting_enclave_is_its(void **state)
{
	static const struct refusal rows[] = {
		{ WD_R_TCB_INFO_BAD_SIGNATURE, tcb_by_stranger },
		{ WD_R_QE_IDENTITY_BAD_SIGNATURE, qe_by_stranger },
		{ WD_R_QE_IDENTITY_MISMATCH, qe_signer_differs },
		{ WD_R_QE_IDENTITY_MISMATCH, qe_product },
		{ WD_R_TCB_NOT_SUPPORTED, qe_too_old },
		{ WD_R_QE_IDENTITY_MISMATCH, qe_debug },
		{ WD_R_DEBUG_NOT_ALLOWED, enclave_debug },
		{ WD_R_REVOKED, ca_revoked },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct t_recipe r = t_good();

		rows[i].change(&r);
		assert_int_equal(t_judge(&r, NULL, NULL), rows[i].reason);
	}
}

/* One that has none cannot be told from one that was held back. */
static void
a_revocation_list_has_an_end(void **state)
{
	struct t_recipe r = t_good();

	(void)state;
	r.root_crl.no_end = true;
	assert_int_equal(t_judge(&r, NULL, NULL), WD_R_CRL_EXPIRED);
	r = t_good();
	r.pck_crl.no_end = true;
	assert_int_equal(t_judge(&r, NULL, NULL), WD_R_CRL_EXPIRED);
}

/* Nobody signs what is there, so it must not look like another quote. */
static void
what_follows_a_quote_does_not_make_it_another(void **state)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(t_world_done) struct t_world w;
	const struct wd_span any = { NULL, 0 };
	struct t_recipe r = t_good();
	struct wd_claims a = { 0 }, b = { 0 };
	struct wd_span one, other;

	(void)state;
	r.trailing = 307;
	t_world_make(&w, &r);
	t_ok(wd_verifier_new(&w.rules, &v));
	t_ok(wd_appraise(v, WD_TEE_SGX, &w.in, w.at, any, &a, NULL));
	w.in.part[WD_IN_QUOTE].len -= 307;
	t_ok(wd_appraise(v, WD_TEE_SGX, &w.in, w.at, any, &b, NULL));
	assert_true(wd_claims_get(&a, WD_C_EVIDENCE_DIGEST, &one));
	assert_true(wd_claims_get(&b, WD_C_EVIDENCE_DIGEST, &other));
	t_span_equal(one, other);
}

static void
a_chain_of_its_own_for_the_qe_identity_has_its_own_reasons(void **state)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(t_world_done) struct t_world w;
	WD_AUTO(t_world_done) struct t_world other;
	struct t_recipe r = t_good();
	struct wd_claims c = { 0 };

	(void)state;
	r.with_qe_chain = true;
	t_world_make(&w, &r);
	t_ok(wd_verifier_new(&w.rules, &v));
	t_ok(wd_appraise(
	    v, WD_TEE_SGX, &w.in, w.at, wd_span(NULL, 0), &c, NULL));
	r.signing.signer = T_STRANGER;
	t_world_make(&other, &r);
	w.in.part[WD_IN_QE_IDENTITY_CHAIN] =
	    other.in.part[WD_IN_QE_IDENTITY_CHAIN];
	assert_int_equal(
	    wd_appraise(v, WD_TEE_SGX, &w.in, w.at, wd_span(NULL, 0), &c, NULL),
	    WD_R_QE_IDENTITY_CHAIN_UNTRUSTED_ROOT);
}

static void
a_second_anchor_may_not_sign_the_collateral_of_the_first(void **state)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(t_world_done) struct t_world w;
	WD_AUTO(t_world_done) struct t_world other;
	struct t_recipe r = t_good();
	struct wd_anchor both[2];
	struct wd_claims c = { 0 };

	(void)state;
	t_world_make(&w, &r);
	t_world_make(&other, &r); /* its root has other bytes */
	both[0] = w.anchor;
	both[1] = other.anchor;
	w.rules.anchors = both;
	w.rules.n_anchors = 2;
	t_ok(wd_verifier_new(&w.rules, &v));
	w.in.part[WD_IN_TCB_SIGNING_CHAIN] =
	    other.in.part[WD_IN_TCB_SIGNING_CHAIN];
	assert_int_equal(
	    wd_appraise(v, WD_TEE_SGX, &w.in, w.at, wd_span(NULL, 0), &c, NULL),
	    WD_R_TCB_SIGNING_CHAIN_UNTRUSTED_ROOT);
}

static int
judge_bound(struct wd_span report_data)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(t_world_done) struct t_world w;
	struct t_recipe r = t_good();
	struct wd_claims c = { 0 };

	t_world_make(&w, &r);
	t_ok(wd_verifier_new(&w.rules, &v));
	return wd_appraise(v, WD_TEE_SGX, &w.in, w.at, report_data, &c, NULL);
}

static void
the_report_data_must_be_what_is_asked_for(void **state)
{
	static const uint8_t long_one[65] = { 1, 2, 3 };

	(void)state;
	t_ok(judge_bound(WD_SPAN_LIT("\x01\x02\x03")));
	t_ok(judge_bound(wd_span(long_one, 64)));
	assert_int_equal(
	    judge_bound(WD_SPAN_LIT("\x01\x02")), WD_R_NONCE_MISMATCH);
	assert_int_equal(
	    judge_bound(WD_SPAN_LIT("\x01\x02\x04")), WD_R_NONCE_MISMATCH);
	assert_int_equal(judge_bound(WD_SPAN(long_one)), WD_R_NONCE_MISMATCH);
}

static void
the_tee_must_be_one_that_is_judged_and_the_quote_of_it(void **state)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(t_world_done) struct t_world w;
	struct t_recipe r = t_good();
	struct wd_claims c = { 0 };
	uint8_t *quote;

	(void)state;
	r.version = 4;
	t_world_make(&w, &r);
	t_ok(wd_verifier_new(&w.rules, &v));
	assert_int_equal(wd_appraise(v, WD_TEE_NONE, &w.in, w.at,
			     wd_span(NULL, 0), &c, NULL),
	    WD_R_TEE_NOT_SUPPORTED);
	quote = w.part[WD_IN_QUOTE]->p;
	quote[4] = 0x81;
	assert_int_equal(
	    wd_appraise(v, WD_TEE_SGX, &w.in, w.at, wd_span(NULL, 0), &c, NULL),
	    WD_R_MALFORMED);
}

static void
a_part_that_is_too_large_is_refused(void **state)
{
	static const uint8_t big[65537];
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(t_world_done) struct t_world w;
	struct t_recipe r = t_good();
	struct wd_claims c = { 0 };

	(void)state;
	t_world_make(&w, &r);
	t_ok(wd_verifier_new(&w.rules, &v));
	w.in.part[WD_IN_QUOTE] = WD_SPAN(big);
	assert_int_equal(
	    wd_appraise(v, WD_TEE_SGX, &w.in, w.at, wd_span(NULL, 0), &c, NULL),
	    WD_R_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_quote_says_what_it_is),
		cmocka_unit_test(
		    versions_4_and_5_in_their_sgx_form_are_judged_too),
		cmocka_unit_test(a_platform_ca_brings_the_platform_instance),
		cmocka_unit_test(a_software_root_shows_in_the_claims),
		cmocka_unit_test(an_old_quoting_enclave_lowers_the_status),
		cmocka_unit_test(debug_is_a_claim_when_the_rules_allow_it),
		cmocka_unit_test(
		    a_chain_beside_the_quote_serves_when_it_brings_none),
		cmocka_unit_test(
		    missing_revocation_lists_may_be_allowed_but_bad_ones_never),
		cmocka_unit_test(each_fault_is_refused_for_its_reason),
		cmocka_unit_test(w2_the_qe_report_binds_the_attestation_key),
		cmocka_unit_test(
		    w3_collateral_is_signed_and_the_quoting_enclave_is_its),
		cmocka_unit_test(a_revocation_list_has_an_end),
		cmocka_unit_test(what_follows_a_quote_does_not_make_it_another),
		cmocka_unit_test(
		    a_chain_of_its_own_for_the_qe_identity_has_its_own_reasons),
		cmocka_unit_test(
		    a_second_anchor_may_not_sign_the_collateral_of_the_first),
		cmocka_unit_test(the_report_data_must_be_what_is_asked_for),
		cmocka_unit_test(
		    the_tee_must_be_one_that_is_judged_and_the_quote_of_it),
		cmocka_unit_test(a_part_that_is_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, t_world_setup, NULL);
}
