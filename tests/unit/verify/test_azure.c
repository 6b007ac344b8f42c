/*
 * Judging confidential VMs of Azure: a TD's quote that vouches for runtime
 * data, whose key signs the quote of a TPM, which carries the nonce. Each link
 * is broken in turn. (The same steps carry SNP.)
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "codec/base64.h"
#include "crypto/hash.h"
#include "verify/tpm_world.h"
#include "verify/world.h"

enum { REPORT = 1184, TPMT_HEAD = 6 };

/* A VM, good unless a test changes one of these before it is built. */
struct vm {
	struct t_tpm_spec tpm_spec;
	struct t_recipe td;
	const char *kid, *more; /* of the key; behind it */
	uint32_t kind, hash, off_by;
	bool other_runtime; /* than the TD vouches for */
	bool twice;         /* the key */
	struct t_tpm tpm;
	struct t_world world;
	struct wd_bytes *runtime, *hcl, *signature;
	struct wd_inputs in;
};

static struct vm
good(void)
{
	return (struct vm){ .tpm_spec = { .key = WD_PKEY_RSA2048 },
		.td = t_good_td(),
		.kid = "HCLAkPub",
		.more = "",
		.kind = 4,
		.hash = 1 };
}

static void
make_runtime(struct vm *x)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(8192);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *n = NULL, *e = NULL;

	t_ok(wd_pkey_public_parts(x->tpm.key, &n, &e));
	wd_wr_text(&wr, "{\"keys\":[");
	for (int i = 0; i < (x->twice ? 2 : 1); i++) {
		wd_wr_printf(&wr, "%s{\"kid\":\"%s\",\"kty\":\"RSA\",\"n\":\"",
		    i == 0 ? "" : ",", x->kid);
		wd_b64url_write(&wr, wd_bytes_span(n));
		wd_wr_text(&wr, "\",\"e\":\"");
		wd_b64url_write(&wr, wd_bytes_span(e));
		wd_wr_text(&wr, "\",\"key_ops\":[\"sign\"]}");
	}
	wd_wr_printf(&wr, "%s],\"user-data\":\"", x->more);
	for (int i = 0; i < 64; i++)
		wd_wr_text(&wr, "7a");
	wd_wr_text(&wr, "\"}");
	t_ok(wd_wr_take(&wr, &x->runtime));
}

static void
make_hcl(struct vm *x)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(16384);
	uint32_t len = (uint32_t)x->runtime->len;

	wd_wr_text(&wr, "HCLA");
	wd_wr_le32(&wr, 2);
	wd_wr_zero(&wr, 24 + REPORT);
	wd_wr_le32(&wr, 20 + len + x->off_by);
	wd_wr_le32(&wr, 1);
	wd_wr_le32(&wr, x->kind);
	wd_wr_le32(&wr, x->hash);
	wd_wr_le32(&wr, len);
	wd_wr_bytes(&wr, wd_bytes_span(x->runtime));
	wd_wr_zero(&wr, 40);
	t_ok(wd_wr_take(&wr, &x->hcl));
}

static void
build(struct vm *x)
{
	t_tpm_make(&x->tpm_spec, &x->tpm);
	make_runtime(x);
	t_ok(wd_hash(WD_SHA256, wd_bytes_span(x->runtime), x->td.report_data));
	if (x->other_runtime)
		x->td.report_data[31] ^= 1;
	make_hcl(x);
	t_world_make(&x->world, &x->td);
	x->signature = wd_bytes_copy(wd_span(x->tpm.signature->p + TPMT_HEAD,
	    x->tpm.signature->len - TPMT_HEAD));
	x->in = x->world.in;
	x->in.part[WD_IN_TD_QUOTE] = x->world.in.part[WD_IN_QUOTE];
	x->in.part[WD_IN_QUOTE] = wd_span(NULL, 0);
	x->in.part[WD_IN_HCL_REPORT] = wd_bytes_span(x->hcl);
	x->in.part[WD_IN_TPM_ATTEST] = wd_bytes_span(x->tpm.attest);
	x->in.part[WD_IN_TPM_SIGNATURE] = wd_bytes_span(x->signature);
	x->in.part[WD_IN_PCRS] = wd_bytes_span(x->tpm.pcrs);
}

static void
vm_done(struct vm *x)
{
	t_tpm_done(&x->tpm);
	t_world_done(&x->world);
	wd_bytes_freep(&x->runtime);
	wd_bytes_freep(&x->hcl);
	wd_bytes_freep(&x->signature);
}

static int
appraise(const struct vm *x, enum wd_tee tee, struct wd_span nonce,
    struct wd_claims *claims)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	struct wd_claims room = { 0 };
	struct wd_diag d = { 0 };
	int r;

	t_ok(wd_verifier_new(&x->world.rules, &v));
	r = wd_appraise(v, tee, &x->in, x->world.at, nonce,
	    claims == NULL ? &room : claims, &d);
	assert_int_equal(d.result, r);
	return r;
}

static int
judge(const struct vm *x)
{
	return appraise(x, WD_TEE_AZ_TDX, WD_SPAN(x->tpm.nonce), NULL);
}

/* Builds and judges. */
static int
verdict(struct vm x)
{
	int r;

	build(&x);
	r = judge(&x);
	vm_done(&x);
	return r;
}

static void
a_good_vm_says_what_both_say(void **state)
{
	WD_AUTO(vm_done) struct vm x = good();
	struct wd_claims c = { 0 };
	struct wd_span v;

	(void)state;
	build(&x);
	t_ok(appraise(&x, WD_TEE_AZ_TDX, WD_SPAN(x.tpm.nonce), &c));
	assert_true(wd_claims_get(&c, WD_C_TEE, &v));
	t_span_equal(v, WD_SPAN_LIT("az-tdx-vtpm"));
	assert_true(wd_claims_get(&c, WD_C_TCB_STATUS, &v));
	t_span_equal(v, WD_SPAN_LIT("UpToDate"));
	assert_true(wd_claims_get(&c, WD_C_PCR_BANK, &v));
	t_span_equal(v, WD_SPAN_LIT("sha256"));
	assert_true(wd_claims_get(&c, WD_C_PCR7, &v));
	assert_int_equal(v.len, 32);
	assert_true(wd_claims_get(&c, WD_C_AK_TRUST, &v));
	t_span_equal(v, WD_SPAN_LIT("platform"));
	assert_true(wd_claims_get(&c, WD_C_TPM_NONCE, &v));
	t_span_equal(v, WD_SPAN(x.tpm.nonce));
	assert_true(wd_claims_get(&c, WD_C_USER_DATA, &v));
	assert_int_equal(v.len, 64);
	assert_int_equal(v.p[63], 0x7a);
}

static void
the_nonce_is_that_of_the_quote(void **state)
{
	WD_AUTO(vm_done) struct vm x = good();

	(void)state;
	build(&x);
	assert_int_equal(
	    appraise(&x, WD_TEE_AZ_TDX, WD_SPAN(x.td.report_data), NULL),
	    WD_R_NONCE_MISMATCH);
	assert_int_equal(
	    appraise(&x, WD_TEE_AZ_TDX, wd_span(x.tpm.nonce, 31), NULL),
	    WD_R_NONCE_MISMATCH);
}

static void
runtime_data_that_is_not_vouched_for_is_not_read(void **state)
{
	struct vm x = good();

	(void)state;
	x.other_runtime = true;
	x.more = "!not JSON";
	assert_int_equal(verdict(x), WD_R_RUNTIME_DATA_BINDING);
}

static void
every_bit_of_the_runtime_data_is_bound(void **state)
{
	WD_AUTO(vm_done) struct vm x = good();
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	size_t from;

	(void)state;
	build(&x);
	from = 32 + REPORT + 20;
	t_ok(wd_verifier_new(&x.world.rules, &v));
	for (size_t bit = 0; bit < x.runtime->len * 8; bit++) {
		struct wd_claims c = { 0 };
		uint8_t *p = &x.hcl->p[from + bit / 8];

		*p ^= (uint8_t)(1U << bit % 8);
		assert_int_equal(
		    wd_appraise(v, WD_TEE_AZ_TDX, &x.in, x.world.at,
			WD_SPAN(x.tpm.nonce), &c, NULL),
		    WD_R_RUNTIME_DATA_BINDING);
		*p ^= (uint8_t)(1U << bit % 8);
	}
}

/* The k-th allocation fails, for every k. */
static void
without_memory_there_is_no_verdict(void **state)
{
	WD_AUTO(vm_done) struct vm x = good();
	struct wd_claims genuine = { 0 };
	uint64_t k = 1;
	int fired;

	(void)state;
	build(&x);
	t_ok(appraise(&x, WD_TEE_AZ_TDX, WD_SPAN(x.tpm.nonce), &genuine));
	do {
		WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
		struct wd_claims c = { 0 };
		int r;

		t_ok(wd_verifier_new(&x.world.rules, &v));
		(void)wd_alloc_fail_at(k++);
		r = wd_appraise(v, WD_TEE_AZ_TDX, &x.in, x.world.at,
		    WD_SPAN(x.tpm.nonce), &c, NULL);
		fired = wd_alloc_fail_at(0);
		assert_true(fired ? r < 0 : r == 0);
		if (r == 0)
			t_span_equal(
			    wd_claims_flat(&c), wd_claims_flat(&genuine));
		else
			assert_int_equal(c.len, 0);
	} while (fired != 0);
	assert_true(k > 30);
}

static void
a_report_cut_anywhere_is_malformed(void **state)
{
	WD_AUTO(vm_done) struct vm x = good();
	struct wd_span whole;

	(void)state;
	build(&x);
	whole = x.in.part[WD_IN_HCL_REPORT];
	for (size_t i = 0; i < whole.len - 40; i++) {
		x.in.part[WD_IN_HCL_REPORT] = wd_span(whole.p, i);
		assert_int_equal(judge(&x), WD_R_MALFORMED);
	}
	x.in.part[WD_IN_HCL_REPORT] = wd_span(NULL, 0);
	assert_int_equal(judge(&x), WD_R_MALFORMED);
}

static void
what_the_report_declares_must_fit(void **state)
{
	struct vm kind = good(), hash = good(), size = good();

	(void)state;
	kind.kind = 2;
	assert_int_equal(verdict(kind), WD_R_MALFORMED);
	hash.hash = 2;
	assert_int_equal(verdict(hash), WD_R_MALFORMED);
	size.off_by = 1;
	assert_int_equal(verdict(size), WD_R_MALFORMED);
}

static void
the_key_is_the_one_of_its_name(void **state)
{
	struct vm none = good(), two = good(), odd = good();

	(void)state;
	none.kid = "HCLEkPub";
	assert_int_equal(verdict(none), WD_R_MALFORMED);
	two.twice = true;
	assert_int_equal(verdict(two), WD_R_MALFORMED);
	odd.more = ",{\"kty\":\"RSA\"}";
	assert_int_equal(verdict(odd), WD_R_MALFORMED);
}

static void
the_quote_is_signed_by_that_key(void **state)
{
	WD_AUTO(vm_done) struct vm x = good();

	(void)state;
	build(&x);
	x.signature->p[9] ^= 1;
	assert_int_equal(judge(&x), WD_R_QUOTE_BAD_SIGNATURE);
}

static void
registers_are_those_that_were_quoted(void **state)
{
	struct vm x = good(), magic = good(), type = good();

	(void)state;
	x.tpm_spec.json = "{\"0\":\"00\"}";
	assert_int_equal(verdict(x), WD_R_MALFORMED);
	magic.tpm_spec.magic = 0x544347ff;
	assert_int_equal(verdict(magic), WD_R_BAD_MAGIC);
	type.tpm_spec.type = 0x8017;
	assert_int_equal(verdict(type), WD_R_NOT_A_QUOTE);
}

static void
the_td_is_judged_as_any_other(void **state)
{
	struct vm debug = good(), forged = good(), revoked = good();

	(void)state;
	debug.td.td.attributes |= 1;
	assert_int_equal(verdict(debug), WD_R_DEBUG_NOT_ALLOWED);
	forged.td.quote_signer = T_STRANGER;
	assert_int_equal(verdict(forged), WD_R_QUOTE_BAD_SIGNATURE);
	revoked.td.pck_crl.absent = true;
	assert_int_equal(verdict(revoked), WD_R_CRL_MISSING);
}

static void
evidence_of_the_other_hardware_is_refused(void **state)
{
	WD_AUTO(vm_done) struct vm x = good();

	(void)state;
	build(&x);
	assert_int_equal(
	    appraise(&x, WD_TEE_AZ_SNP, WD_SPAN(x.tpm.nonce), NULL),
	    WD_R_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_vm_says_what_both_say),
		cmocka_unit_test(the_nonce_is_that_of_the_quote),
		cmocka_unit_test(
		    runtime_data_that_is_not_vouched_for_is_not_read),
		cmocka_unit_test(every_bit_of_the_runtime_data_is_bound),
		cmocka_unit_test(without_memory_there_is_no_verdict),
		cmocka_unit_test(a_report_cut_anywhere_is_malformed),
		cmocka_unit_test(what_the_report_declares_must_fit),
		cmocka_unit_test(the_key_is_the_one_of_its_name),
		cmocka_unit_test(the_quote_is_signed_by_that_key),
		cmocka_unit_test(registers_are_those_that_were_quoted),
		cmocka_unit_test(the_td_is_judged_as_any_other),
		cmocka_unit_test(evidence_of_the_other_hardware_is_refused),
	};

	return cmocka_run_group_tests(tests, t_world_setup, t_tpm_teardown);
}
