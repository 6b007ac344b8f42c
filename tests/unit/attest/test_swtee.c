/*
 * The software TEE against the verifier: what it makes is judged as it was
 * asked for, and each of its faults is refused for its own reason.
 */
#include "lib/t.h"

#include "attest/swtee.h"
#include "base/clock.h"
#include "crypto/init.h"
#include "sys/file.h"
#include "verify/collateral.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW wd_time_civil(2030, 6, 1, 12, 0, 0)

enum { DAY = 86400 };

/* A platform, and one verdict on a quote of it. */
struct world {
	struct wd_swtee *t;
	struct wd_swtee_docs docs;
	struct wd_bytes *quote;
	struct wd_claims claims;
	bool is_td;
};

static void
world_done(struct world *w)
{
	wd_swtee_freep(&w->t);
	wd_swtee_docs_done(&w->docs);
	wd_bytes_freep(&w->quote);
}

static struct wd_swtee *
platform(void)
{
	struct wd_swtee_spec spec = { .made = NOW };
	struct wd_swtee *t;

	t_ok(wd_swtee_new(&spec, &t, NULL));
	return t;
}

static int
judge(struct world *w, int64_t at)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	struct wd_anchor anchor;
	struct wd_appraisal_rules rules = { .anchors = &anchor,
		.n_anchors = 1 };
	struct wd_inputs in = { 0 };

	t_ok(wd_swtee_anchor(w->t, &anchor));
	anchor.tee = w->is_td ? WD_TEE_TDX : WD_TEE_SGX;
	t_ok(wd_verifier_new(&rules, &v));
	wd_swtee_docs_inputs(&w->docs, anchor.tee, &in);
	in.part[WD_IN_QUOTE] = wd_bytes_span(w->quote);
	return wd_appraise(
	    v, anchor.tee, &in, at, wd_span(NULL, 0), &w->claims, NULL);
}

/* A new quote of a TD with new collateral. */
static int
ask_td(struct world *w, const struct wd_swtee_td *q,
    const struct wd_swtee_collateral *c)
{
	struct wd_swtee_collateral dated = *c;

	dated.issued = NOW;
	if (w->t == NULL)
		w->t = platform();
	wd_swtee_docs_done(&w->docs);
	wd_bytes_freep(&w->quote);
	t_ok(wd_swtee_collateral(w->t, &dated, &w->docs, NULL));
	t_ok(wd_swtee_td_quote(w->t, q, &w->quote, NULL));
	w->is_td = true;
	return judge(w, NOW);
}

/* A quote Q of W's platform with collateral C, judged at AT. */
static int
ask(struct world *w, const struct wd_swtee_quote *q,
    const struct wd_swtee_collateral *c, int64_t at)
{
	struct wd_swtee_collateral dated = *c;

	if (dated.issued == 0)
		dated.issued = NOW;
	if (w->t == NULL)
		w->t = platform();
	wd_swtee_docs_done(&w->docs);
	wd_bytes_freep(&w->quote);
	t_ok(wd_swtee_collateral(w->t, &dated, &w->docs, NULL));
	t_ok(wd_swtee_quote(w->t, q, &w->quote, NULL));
	return judge(w, at);
}

static const struct wd_swtee_quote plain_quote;
static const struct wd_swtee_collateral plain;

static void
status_is(const struct world *w, enum wd_claim id, enum wd_tcb_status status)
{
	struct wd_span v;

	assert_true(wd_claims_get(&w->claims, id, &v));
	t_span_equal(v, wd_span_text(wd_tcb_status_name(status)));
}

static void
what_a_quote_was_asked_to_say_are_its_claims(void **state)
{
	WD_AUTO(world_done) struct world w = { 0 };
	const struct wd_swtee_quote q = { .report_data = { 1, 2, 3 },
		.mrenclave = { 0xaa },
		.mrsigner = { 0xbb },
		.isv_prod_id = 300,
		.isv_svn = 7,
		.config_svn = 9,
		.config_id = { 0xcc },
		.isv_family_id = { 0xdd },
		.isv_ext_prod_id = { 0xee },
		.miscselect = { 1 } };
	static const struct {
		enum wd_claim id;
		size_t offset, len;
	} bytes[] = {
		{ WD_C_REPORT_DATA,
		    offsetof(struct wd_swtee_quote, report_data), 64 },
		{ WD_C_MRENCLAVE, offsetof(struct wd_swtee_quote, mrenclave),
		    32 },
		{ WD_C_MRSIGNER, offsetof(struct wd_swtee_quote, mrsigner),
		    32 },
		{ WD_C_CONFIGID, offsetof(struct wd_swtee_quote, config_id),
		    64 },
		{ WD_C_ISVFAMILYID,
		    offsetof(struct wd_swtee_quote, isv_family_id), 16 },
		{ WD_C_ISVEXTPRODID,
		    offsetof(struct wd_swtee_quote, isv_ext_prod_id), 16 },
		{ WD_C_MISCSELECT, offsetof(struct wd_swtee_quote, miscselect),
		    4 },
	};
	struct wd_span v;
	uint64_t n;

	(void)state;
	t_ok(ask(&w, &q, &plain, NOW));
	for (size_t i = 0; i < WD_N(bytes); i++) {
		assert_true(wd_claims_get(&w.claims, bytes[i].id, &v));
		t_span_equal(v,
		    wd_span(
			(const uint8_t *)&q + bytes[i].offset, bytes[i].len));
	}
	assert_true(wd_claims_uint(&w.claims, WD_C_ISVPRODID, &n));
	assert_int_equal(n, 300);
	assert_true(wd_claims_uint(&w.claims, WD_C_ISVSVN, &n));
	assert_int_equal(n, 7);
	assert_true(wd_claims_uint(&w.claims, WD_C_CONFIGSVN, &n));
	assert_int_equal(n, 9);
}

static void
claims_say_software_and_name_the_platform(void **state)
{
	WD_AUTO(world_done) struct world w = { 0 };
	struct wd_span v;
	uint64_t n;

	(void)state;
	t_ok(ask(&w, &plain_quote, &plain, NOW));
	assert_true(wd_claims_bool(&w.claims, WD_C_SOFTWARE));
	assert_false(wd_claims_bool(&w.claims, WD_C_DEBUG));
	status_is(&w, WD_C_TCB_STATUS, WD_TCB_UP_TO_DATE);
	assert_true(wd_claims_get(&w.claims, WD_C_PLATFORM_ID, &v));
	t_span_equal(v, WD_SPAN(wd_swtee_pck(w.t)->ppid));
	assert_false(wd_span_is_zero(v));
	assert_true(wd_claims_get(&w.claims, WD_C_CPUSVN, &v));
	t_span_equal(v, WD_SPAN(wd_swtee_pck(w.t)->components));
	assert_true(
	    wd_claims_uint(&w.claims, WD_C_TCB_EVALUATION_DATA_NUMBER, &n));
	assert_int_equal(n, WD_SWTEE_EVALUATION_NUMBER);
	assert_true(wd_claims_get(&w.claims, WD_C_PCK_CA, &v));
	t_span_equal(v, WD_SPAN_LIT("platform"));
}

static void
every_number_of_a_platform_survives_its_certificate(void **state)
{
	static const uint16_t pcesvns[] = { 0x7f, 0x80, 0xff, 0x100, 0x7fff,
		0x8000, 0xffff };
	const struct wd_swtee_spec base = {
		.pck = { .ppid = { 1 },
		    .components = { 0x7f, 0x80, 0xff, 1 },
		    .cpusvn = { 2 },
		    .pceid = { 3, 4 },
		    .fmspc = { 5, 6 },
		    .sgx_type = 2,
		    .platform_instance_id = { 7 },
		    .cached_keys = true },
		.made = NOW,
	};

	(void)state;
	for (size_t i = 0; i < WD_N(pcesvns); i++) {
		WD_AUTO(world_done) struct world w = { 0 };
		struct wd_swtee_spec spec = base;
		struct wd_span v;
		uint64_t n;

		spec.pck.pcesvn = pcesvns[i];
		t_ok(wd_swtee_new(&spec, &w.t, NULL));
		t_ok(ask(&w, &plain_quote, &plain, NOW));
		assert_true(wd_claims_uint(&w.claims, WD_C_PCESVN, &n));
		assert_int_equal(n, pcesvns[i]);
		assert_true(wd_claims_get(&w.claims, WD_C_FMSPC, &v));
		t_span_equal(v, WD_SPAN(base.pck.fmspc));
		assert_true(wd_claims_get(&w.claims, WD_C_PCEID, &v));
		t_span_equal(v, WD_SPAN(base.pck.pceid));
		assert_true(
		    wd_claims_get(&w.claims, WD_C_PLATFORM_INSTANCE_ID, &v));
		t_span_equal(v, WD_SPAN(base.pck.platform_instance_id));
		assert_true(wd_claims_bool(&w.claims, WD_C_CACHED_KEYS));
		assert_false(wd_claims_bool(&w.claims, WD_C_SMT_ENABLED));
	}
}

static void
a_processor_ca_and_tcb_info_of_version_2_serve_too(void **state)
{
	WD_AUTO(world_done) struct world w = { 0 };
	const struct wd_swtee_spec spec = { .processor_ca = true, .made = NOW };
	const struct wd_swtee_collateral c = { .tcb_info_version = 2 };
	struct wd_span v;

	(void)state;
	t_ok(wd_swtee_new(&spec, &w.t, NULL));
	t_ok(ask(&w, &plain_quote, &c, NOW));
	assert_true(wd_claims_get(&w.claims, WD_C_PCK_CA, &v));
	t_span_equal(v, WD_SPAN_LIT("processor"));
}

static void
every_status_can_be_had(void **state)
{
	WD_AUTO(world_done) struct world w = { 0 };
	struct wd_span v;

	(void)state;
	for (int s = 0; s < WD_TCB_RELAUNCH; s++) {
		const struct wd_swtee_collateral c = {
			.status = (enum wd_tcb_status)s,
			.advisories = "INTEL-SA-1,INTEL-SA-22",
		};

		t_ok(ask(&w, &plain_quote, &c, NOW));
		status_is(&w, WD_C_TCB_STATUS, c.status);
		assert_true(wd_claims_get(&w.claims, WD_C_ADVISORY_IDS, &v));
		t_span_equal(v, WD_SPAN_LIT("INTEL-SA-1\0INTEL-SA-22\0"));
	}
}

static void
the_quoting_enclave_has_statuses_of_its_own(void **state)
{
	WD_AUTO(world_done) struct world w = { 0 };
	const struct wd_swtee_quote old = { .qe_isv_svn = WD_SWTEE_QE_SVN_OLD };
	const struct wd_swtee_quote ancient = { .qe_isv_svn = 1 };
	const struct wd_swtee_collateral revoked = { .qe_status =
							 WD_TCB_REVOKED };

	(void)state;
	t_ok(ask(&w, &old, &plain, NOW));
	status_is(&w, WD_C_TCB_STATUS, WD_TCB_OUT_OF_DATE);
	status_is(&w, WD_C_PLATFORM_TCB_STATUS, WD_TCB_UP_TO_DATE);
	t_ok(ask(&w, &plain_quote, &revoked, NOW));
	status_is(&w, WD_C_TCB_STATUS, WD_TCB_REVOKED);
	assert_int_equal(
	    ask(&w, &ancient, &plain, NOW), WD_R_TCB_NOT_SUPPORTED);
}

static void
levels_are_those_that_were_given(void **state)
{
	WD_AUTO(world_done) struct world w = { 0 };
	struct wd_swtee_level levels[] = {
		{ .components = { 255 }, .status = WD_TCB_UP_TO_DATE },
		{ .components = { 3 },
		    .pcesvn = 2,
		    .status = WD_TCB_CONFIGURATION,
		    .date = NOW - 30 * (int64_t)DAY },
	};
	struct wd_swtee_collateral c = { .levels = levels, .n_levels = 2 };
	int64_t date;

	(void)state;
	t_ok(ask(&w, &plain_quote, &c, NOW));
	status_is(&w, WD_C_TCB_STATUS, WD_TCB_CONFIGURATION);
	assert_true(wd_claims_time(&w.claims, WD_C_TCB_DATE, &date));
	assert_int_equal(date, levels[1].date);
	c.n_levels = 1;
	assert_int_equal(
	    ask(&w, &plain_quote, &c, NOW), WD_R_TCB_NOT_SUPPORTED);
}

static void
every_fault_is_refused_for_its_reason(void **state)
{
	WD_AUTO(world_done) struct world w = { 0 };

	(void)state;
	for (int f = WD_SWTEE_SOUND; f < WD_SWTEE_FAULTS; f++) {
		const struct wd_swtee_fault_row *row =
		    wd_swtee_fault_row((enum wd_swtee_fault)f);
		const struct wd_swtee_quote q = { .fault =
						      (enum wd_swtee_fault)f };

		assert_int_equal(
		    wd_swtee_fault_by_name(wd_span_text(row->name)), f);
		assert_int_equal(ask(&w, &q, &plain, NOW), row->reason);
	}
	assert_int_equal(
	    wd_swtee_fault_by_name(WD_SPAN_LIT("")), WD_SWTEE_FAULTS);
}

static void
sgx_quotes_come_in_versions_3_to_5(void **state)
{
	WD_AUTO(world_done) struct world w = { 0 };
	struct wd_swtee_quote q = { .version = 3 };
	uint64_t n;

	(void)state;
	for (; q.version <= 5; q.version++) {
		t_ok(ask(&w, &q, &plain, NOW));
		assert_true(wd_claims_uint(&w.claims, WD_C_QUOTE_VERSION, &n));
		assert_int_equal(n, q.version);
	}
	wd_bytes_freep(&w.quote);
	assert_int_equal(wd_swtee_quote(w.t, &q, &w.quote, NULL), WD_R_RANGE);
}

static void
what_a_td_was_asked_to_say_are_its_claims(void **state)
{
	WD_AUTO(world_done) struct world w = { 0 };
	const struct wd_swtee_td q = { .report_data = { 1, 2 },
		.mr_td = { 3 },
		.rtmr = { { 4 }, { 5 }, { 6 }, { 7 } },
		.mr_seam = { 8 },
		.mr_config_id = { 9 },
		.mr_owner = { 10 },
		.mr_owner_config = { 11 },
		.mr_service_td = { 12 },
		.xfam = { 13 } };
	const struct {
		enum wd_claim id;
		struct wd_span want;
	} rows[] = {
		{ WD_C_REPORT_DATA, WD_SPAN(q.report_data) },
		{ WD_C_MRTD, WD_SPAN(q.mr_td) },
		{ WD_C_RTMR0, WD_SPAN(q.rtmr[0]) },
		{ WD_C_RTMR1, WD_SPAN(q.rtmr[1]) },
		{ WD_C_RTMR2, WD_SPAN(q.rtmr[2]) },
		{ WD_C_RTMR3, WD_SPAN(q.rtmr[3]) },
		{ WD_C_MRSEAM, WD_SPAN(q.mr_seam) },
		{ WD_C_MRCONFIGID, WD_SPAN(q.mr_config_id) },
		{ WD_C_MROWNER, WD_SPAN(q.mr_owner) },
		{ WD_C_MROWNERCONFIG, WD_SPAN(q.mr_owner_config) },
		{ WD_C_MRSERVICETD, WD_SPAN(q.mr_service_td) },
		{ WD_C_XFAM, WD_SPAN(q.xfam) },
	};

	(void)state;
	t_ok(ask_td(&w, &q, &plain));
	status_is(&w, WD_C_TCB_STATUS, WD_TCB_UP_TO_DATE);
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_span v;

		assert_true(wd_claims_get(&w.claims, rows[i].id, &v));
		t_span_equal(v, rows[i].want);
	}
	assert_true(wd_claims_bool(&w.claims, WD_C_SEPT_VE_DISABLE));
	assert_true(wd_claims_bool(&w.claims, WD_C_SOFTWARE));
}

static void
tds_come_in_versions_4_and_5_and_with_both_reports(void **state)
{
	WD_AUTO(world_done) struct world w = { 0 };
	struct wd_swtee_td q = { .version = 4 };
	struct wd_span v;

	(void)state;
	t_ok(ask_td(&w, &q, &plain));
	q.version = 5;
	t_ok(ask_td(&w, &q, &plain));
	assert_true(wd_claims_get(&w.claims, WD_C_TEE_TCB_SVN2, &v));
	q.report_10 = true;
	t_ok(ask_td(&w, &q, &plain));
	assert_false(wd_claims_get(&w.claims, WD_C_TEE_TCB_SVN2, &v));
	q.version = 3;
	wd_bytes_freep(&w.quote);
	assert_int_equal(
	    wd_swtee_td_quote(w.t, &q, &w.quote, NULL), WD_R_RANGE);
}

static void
modules_have_a_status_of_their_own(void **state)
{
	WD_AUTO(world_done) struct world w = { 0 };
	const struct wd_swtee_td plain_td = { .version = 5 };
	const struct wd_swtee_td old = { .tee_tcb_svn = { 4, 1, 3 } };
	const struct wd_swtee_td replaced = { .tee_tcb_svn = { 4, 1, 3 },
		.tee_tcb_svn2 = { 5, 1, 3 } };
	const struct wd_swtee_td unknown = { .tee_tcb_svn = { 4, 2, 3 } };
	const struct wd_swtee_collateral revoked = { .module_status =
							 WD_TCB_REVOKED };

	(void)state;
	t_ok(ask_td(&w, &plain_td, &revoked));
	status_is(&w, WD_C_TCB_STATUS, WD_TCB_REVOKED);
	t_ok(ask_td(&w, &old, &plain));
	status_is(&w, WD_C_TCB_STATUS, WD_TCB_OUT_OF_DATE);
	t_ok(ask_td(&w, &replaced, &plain));
	status_is(&w, WD_C_TCB_STATUS, WD_TCB_RELAUNCH);
	assert_int_equal(
	    ask_td(&w, &unknown, &plain), WD_R_TDX_MODULE_MISMATCH);
}

static void
every_fault_of_a_td_is_refused_for_its_reason(void **state)
{
	WD_AUTO(world_done) struct world w = { 0 };
	const struct wd_swtee_td debug = { .debug = true };

	(void)state;
	for (int f = WD_SWTEE_SOUND; f < WD_SWTEE_FAULTS; f++) {
		const struct wd_swtee_td q = { .fault =
						   (enum wd_swtee_fault)f };

		assert_int_equal(ask_td(&w, &q, &plain),
		    wd_swtee_fault_row((enum wd_swtee_fault)f)->reason);
	}
	assert_int_equal(ask_td(&w, &debug, &plain), WD_R_DEBUG_NOT_ALLOWED);
}

static void
debug_enclaves_are_refused_as_such(void **state)
{
	WD_AUTO(world_done) struct world w = { 0 };
	const struct wd_swtee_quote q = { .debug = true };

	(void)state;
	assert_int_equal(ask(&w, &q, &plain, NOW), WD_R_DEBUG_NOT_ALLOWED);
}

static void
revoked_certificates_are_refused(void **state)
{
	static const struct wd_swtee_collateral revoked[] = {
		{ .revoke_pck = true },
		{ .revoke_ca = true },
		{ .revoke_signing = true },
		{ .revoke_ca = true, .revoke_signing = true },
	};
	WD_AUTO(world_done) struct world w = { 0 };

	(void)state;
	for (size_t i = 0; i < WD_N(revoked); i++)
		assert_int_equal(
		    ask(&w, &plain_quote, &revoked[i], NOW), WD_R_REVOKED);
}

static void
collateral_ends_when_it_was_asked_to(void **state)
{
	WD_AUTO(world_done) struct world w = { 0 };
	const struct wd_swtee_collateral c = { .issued = NOW - 10,
		.next_update = NOW + 10 };

	(void)state;
	t_ok(ask(&w, &plain_quote, &c, NOW));
	t_ok(ask(&w, &plain_quote, &c, NOW + 10));
	assert_int_equal(ask(&w, &plain_quote, &c, NOW + 11), WD_R_CRL_EXPIRED);
	assert_int_equal(ask(&w, &plain_quote, &c, NOW - 11), WD_R_CRL_EXPIRED);
	t_ok(ask(&w, &plain_quote, &plain, NOW + 29 * (int64_t)DAY));
	assert_int_equal(ask(&w, &plain_quote, &plain, NOW + 31 * (int64_t)DAY),
	    WD_R_CRL_EXPIRED);
}

static void
another_root_is_no_anchor(void **state)
{
	WD_AUTO(world_done) struct world w = { 0 };
	WD_AUTO(wd_swtee_freep) struct wd_swtee *other = platform();
	struct wd_swtee *own;
	int r;

	(void)state;
	t_ok(ask(&w, &plain_quote, &plain, NOW));
	own = w.t;
	w.t = other;
	r = judge(&w, NOW);
	w.t = own;
	assert_int_equal(r, WD_R_PCK_CHAIN_UNTRUSTED_ROOT);
}

static struct wd_span
chain_of(const struct wd_swtee_docs *docs, size_t part)
{
	return wd_bytes_span(part == WD_IN_PCK_CRL
		? docs->pck_crl_issuer_chain
		: docs->part[WD_IN_TCB_SIGNING_CHAIN]);
}

static void
every_document_can_be_stored(void **state)
{
	WD_AUTO(world_done) struct world w = { .t = platform() };
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	const struct wd_swtee_collateral c = { .evaluation_number = 23,
		.issued = NOW };
	struct wd_anchor anchor;
	struct wd_appraisal_rules rules = { .anchors = &anchor,
		.n_anchors = 1 };
	size_t n = 0;

	(void)state;
	t_ok(wd_swtee_anchor(w.t, &anchor));
	t_ok(wd_verifier_new(&rules, &v));
	t_ok(wd_swtee_collateral(w.t, &c, &w.docs, NULL));
	for (size_t i = 0; i < WD_IN_COUNT; i++) {
		struct wd_doc_info info;

		if (w.docs.part[i] == NULL)
			continue;
		t_ok(wd_doc_check(v, (enum wd_part)i,
		    wd_bytes_span(w.docs.part[i]), chain_of(&w.docs, i), NOW,
		    &info, NULL));
		assert_true(info.software);
		if (i == WD_IN_TCB_INFO || i == WD_IN_QE_IDENTITY)
			assert_int_equal(info.evaluation_number, 23);
		assert_non_null(wd_swtee_doc_file((enum wd_part)i));
		n++;
	}
	assert_int_equal(n, 5);
}

static void
what_no_document_can_say_is_refused(void **state)
{
	static const struct {
		struct wd_swtee_collateral c;
		int r;
	} rows[] = {
		{ { .tcb_info_version = 4 }, WD_R_RANGE },
		{ { .status = WD_TCB_RELAUNCH }, WD_R_RANGE },
		{ { .qe_status = WD_TCB_RELAUNCH }, WD_R_RANGE },
		{ { .issued = 100, .next_update = 99 }, WD_R_RANGE },
		{ { .advisories = "" }, WD_R_MALFORMED },
		{ { .advisories = "A\"" }, WD_R_MALFORMED },
		{ { .advisories = ",A" }, WD_R_MALFORMED },
		{ { .advisories = "A,,B" }, WD_R_MALFORMED },
		{ { .advisories = "A," }, WD_R_MALFORMED },
	};
	WD_AUTO(wd_swtee_freep) struct wd_swtee *t = platform();
	struct wd_swtee_docs docs = { 0 };

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++)
		assert_int_equal(
		    wd_swtee_collateral(t, &rows[i].c, &docs, NULL), rows[i].r);
	assert_null(docs.trust_anchor);
}

/* ---- folders */

struct folder {
	char path[64];
	int fd;
};

static struct folder
folder_new(void)
{
	struct folder f = { .path = "/tmp/wd-swtee-XXXXXX" };

	assert_non_null(mkdtemp(f.path));
	f.fd = open(f.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f.fd >= 0);
	return f;
}

static const char *const names[] = { "root.key", "root.pem", "pck_ca.key",
	"pck_ca.pem", "pck.key", "pck.pem", "tcb_signing.key",
	"tcb_signing.pem", "attestation.key", "tcb_info.json",
	"qe_identity.json", "tcb_signing_chain.pem", "pck_crl.der",
	"root_ca_crl.der", "pck_crl_issuer_chain.pem", "trust_anchor.pem" };

static void
folder_done(struct folder *f)
{
	for (size_t i = 0; i < WD_N(names); i++)
		(void)unlinkat(f->fd, names[i], 0);
	(void)close(f->fd);
	(void)rmdir(f->path);
}

static void
what_was_saved_is_opened_again(void **state)
{
	WD_AUTO(folder_done) struct folder f = folder_new();
	WD_AUTO(world_done) struct world w = { 0 };
	WD_AUTO(wd_swtee_freep) struct wd_swtee *first = platform();
	struct wd_anchor a, b;

	(void)state;
	t_ok(wd_swtee_save(first, f.fd, NULL));
	assert_int_equal(wd_swtee_save(first, f.fd, NULL), WD_R_EXISTS);
	t_ok(wd_swtee_open(f.fd, &w.t, NULL));
	t_ok(wd_swtee_anchor(first, &a));
	t_ok(wd_swtee_anchor(w.t, &b));
	t_span_equal(WD_SPAN(a.sha256), WD_SPAN(b.sha256));
	t_ok(ask(&w, &plain_quote, &plain, NOW));
	t_ok(wd_swtee_docs_save(&w.docs, f.fd, NULL));
	t_ok(wd_swtee_docs_save(&w.docs, f.fd, NULL));
	for (size_t i = 0; i < WD_N(names); i++) {
		struct stat st;
		bool is_key = wd_span_is(
		    wd_span(names[i] + strlen(names[i]) - 4, 4), ".key");

		t_ok(fstatat(f.fd, names[i], &st, 0));
		assert_int_equal(st.st_mode & 0777, is_key ? 0600 : 0644);
	}
}

static void
a_folder_without_the_vendors_keys_still_makes_quotes(void **state)
{
	static const char *const vendors[] = { "root.key", "pck_ca.key",
		"tcb_signing.key" };
	WD_AUTO(folder_done) struct folder f = folder_new();
	WD_AUTO(world_done) struct world w = { .t = platform() };
	struct wd_swtee_docs docs = { 0 };

	(void)state;
	t_ok(wd_swtee_save(w.t, f.fd, NULL));
	t_ok(ask(&w, &plain_quote, &plain, NOW));
	for (size_t i = 0; i < WD_N(vendors); i++)
		t_ok(unlinkat(f.fd, vendors[i], 0));
	wd_swtee_freep(&w.t);
	wd_bytes_freep(&w.quote);
	t_ok(wd_swtee_open(f.fd, &w.t, NULL));
	t_ok(wd_swtee_quote(w.t, &plain_quote, &w.quote, NULL));
	t_ok(judge(&w, NOW));
	assert_int_equal(
	    wd_swtee_collateral(w.t, &plain, &docs, NULL), WD_R_KEY_INVALID);
}

static void
a_folder_that_is_none_is_refused(void **state)
{
	WD_AUTO(folder_done) struct folder f = folder_new();
	WD_AUTO(wd_swtee_freep) struct wd_swtee *t = platform();
	struct wd_swtee *none = NULL;

	(void)state;
	assert_int_equal(wd_swtee_open(f.fd, &none, NULL), WD_R_NOT_FOUND);
	t_ok(wd_swtee_save(t, f.fd, NULL));
	t_ok(unlinkat(f.fd, "attestation.key", 0));
	assert_int_equal(wd_swtee_open(f.fd, &none, NULL), WD_R_NOT_FOUND);
	t_ok(wd_file_write(
	    f.fd, "attestation.key", WD_SPAN_LIT("nothing"), 0600, true, NULL));
	assert_int_equal(wd_swtee_open(f.fd, &none, NULL), WD_R_MALFORMED);
	assert_null(none);
}

static void
a_certificate_of_no_platform_is_refused(void **state)
{
	WD_AUTO(folder_done) struct folder f = folder_new();
	WD_AUTO(wd_swtee_freep) struct wd_swtee *t = platform();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *root = NULL;
	struct wd_swtee *none = NULL;

	(void)state;
	t_ok(wd_swtee_save(t, f.fd, NULL));
	t_ok(wd_file_read(f.fd, "root.pem", 4096, &root, NULL));
	t_ok(wd_file_write(
	    f.fd, "pck.pem", wd_bytes_span(root), 0644, false, NULL));
	assert_int_equal(wd_swtee_open(f.fd, &none, NULL), WD_R_MALFORMED);
	t_ok(wd_file_write(
	    f.fd, "pck.pem", WD_SPAN_LIT("nothing"), 0644, false, NULL));
	assert_int_equal(wd_swtee_open(f.fd, &none, NULL), WD_R_MALFORMED);
	t_ok(unlinkat(f.fd, "pck.pem", 0));
	assert_int_equal(wd_swtee_open(f.fd, &none, NULL), WD_R_NOT_FOUND);
	assert_null(none);
}

static int
setup(void **state)
{
	(void)state;
	return wd_crypto_init(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_quote_was_asked_to_say_are_its_claims),
		cmocka_unit_test(claims_say_software_and_name_the_platform),
		cmocka_unit_test(
		    every_number_of_a_platform_survives_its_certificate),
		cmocka_unit_test(
		    a_processor_ca_and_tcb_info_of_version_2_serve_too),
		cmocka_unit_test(every_status_can_be_had),
		cmocka_unit_test(the_quoting_enclave_has_statuses_of_its_own),
		cmocka_unit_test(levels_are_those_that_were_given),
		cmocka_unit_test(every_fault_is_refused_for_its_reason),
		cmocka_unit_test(sgx_quotes_come_in_versions_3_to_5),
		cmocka_unit_test(what_a_td_was_asked_to_say_are_its_claims),
		cmocka_unit_test(
		    tds_come_in_versions_4_and_5_and_with_both_reports),
		cmocka_unit_test(modules_have_a_status_of_their_own),
		cmocka_unit_test(every_fault_of_a_td_is_refused_for_its_reason),
		cmocka_unit_test(debug_enclaves_are_refused_as_such),
		cmocka_unit_test(revoked_certificates_are_refused),
		cmocka_unit_test(collateral_ends_when_it_was_asked_to),
		cmocka_unit_test(another_root_is_no_anchor),
		cmocka_unit_test(every_document_can_be_stored),
		cmocka_unit_test(what_no_document_can_say_is_refused),
		cmocka_unit_test(what_was_saved_is_opened_again),
		cmocka_unit_test(
		    a_folder_without_the_vendors_keys_still_makes_quotes),
		cmocka_unit_test(a_folder_that_is_none_is_refused),
		cmocka_unit_test(a_certificate_of_no_platform_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
