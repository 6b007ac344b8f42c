/*
 * The flat form: it goes round, and whatever is odd about it is refused. A flat
 * policy may come from a role that was taken over.
 */
#include "fixture.h"

#include "base/alloc.h"

static const char *const policies[] = {
	"{\"sgx_enclave_issuer_anyof\":[\"" T32 "\"],"
	"\"sgx_enclave_svn_minimum\":3,\"attestation_type_anyof\":[\"SGX\"],"
	"\"client_permissions_allof\":[\"nginx\",\"USA\"]}",
	"{\"attestation_type\":\"SGX\",\"cert_issuer\":[\"CMSCA\"],\"sgx\":{"
	"\"attributes\":{\"mrenclave\":[\"" T32 "\",\"" F32
	"\"],\"isvprodid\":[5,6],\"isvsvn\":3,\"enforce_tcb_upto_date\":true}}"
	"}",
	"{\"warder\":1,\"tee\":\"sgx\",\"accept_software\":true,"
	"\"lease_seconds\":60,\"not_after\":\"2030-01-01T00:00:00Z\","
	"\"rejected_advisories\":[\"A\",\"B\"],\"all\":[{\"claim\":"
	"\"mrsigner\","
	"\"in\":[\"" T32 "\"]},{\"any\":[{\"claim\":\"isv_svn\",\"ge\":3},"
	"{\"not\":{\"claim\":\"smt_enabled\",\"is\":true}}]},{\"client\":"
	"\"cn\","
	"\"in\":[\"client\"]}]}",
	"{\"warder\":1,\"tee\":\"tdx\",\"all\":[{\"claim\":\"mr_td\","
	"\"reference\":\"web-1.4\"},{\"not\":{\"claim\":\"pcrs\","
	"\"reference\":\"bad_boot\"}}]}",
};

static void
policies_survive_the_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(policies); i++) {
		WD_AUTO(wd_policy_freep)
		struct wd_policy *p = t_parse(policies[i]);
		WD_AUTO(wd_policy_freep) struct wd_policy *again = NULL;

		t_ok(wd_policy_adopt(wd_policy_flat(p), NULL, &again));
		t_span_equal(wd_policy_flat(p), wd_policy_flat(again));
		assert_ptr_not_equal(p->flat, again->flat);
		assert_int_equal(p->n_clauses, again->n_clauses);
		for (size_t k = 0; k < p->n_clauses; k++) {
			assert_ptr_equal(
			    p->clauses[k].op, again->clauses[k].op);
			assert_int_equal(
			    p->clauses[k].end, again->clauses[k].end);
		}
	}
}

/* Adopts, evaluates, prints: whatever was adopted must bear all of it. */
static bool
use(struct wd_span flat)
{
	static struct wd_policy_trace trace;
	WD_AUTO(wd_policy_freep) struct wd_policy *p = NULL;
	WD_AUTO(wd_wr_done)
	struct wd_wr wr = wd_wr_growing(WD_POLICY_TEXT_MAX);
	struct wd_policy_dates dates = { 0 };
	struct wd_claims claims;
	struct wd_diag d = { 0 };
	int r = wd_policy_adopt(flat, &d, &p);

	assert_int_equal(d.result, r);
	if (r != 0) {
		assert_int_equal(r, WD_R_MALFORMED);
		assert_null(p);
		return false;
	}
	t_claims(&claims, NULL);
	assert_true(wd_policy_eval(p, &claims, &t_client, t_now, &trace) >= 0);
	wd_policy_text(p, &wr);
	wd_policy_text_as_given(p, &dates, &wr);
	t_ok(wd_wr_end(&wr));
	t_span_equal(wd_policy_flat(p), flat);
	return true;
}

/*
 * A cut inside is refused; one between clauses of the outermost level leaves a
 * policy of fewer clauses, which is one in its own right.
 */
static void
every_truncation_is_refused_or_another_policy(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(policies); i++) {
		WD_AUTO(wd_policy_freep)
		struct wd_policy *p = t_parse(policies[i]);
		struct wd_span flat = wd_policy_flat(p);
		size_t usable = 0;

		for (size_t n = 0; n < flat.len; n++)
			usable += use(wd_span(flat.p, n));
		assert_true(usable < p->n_clauses);
	}
}

static void
every_flipped_bit_is_refused_or_another_policy(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(policies); i++) {
		WD_AUTO(wd_policy_freep)
		struct wd_policy *p = t_parse(policies[i]);
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *b = wd_bytes_copy(wd_policy_flat(p));

		assert_non_null(b);
		for (size_t bit = 0; bit < 8 * b->len; bit++) {
			b->p[bit / 8] ^= (uint8_t)(1U << bit % 8);
			(void)use(wd_bytes_span(b)); /* either is right */
			b->p[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
	}
}

static void
every_appended_byte_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(policies); i++) {
		WD_AUTO(wd_policy_freep)
		struct wd_policy *p = t_parse(policies[i]);
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *b = wd_bytes_new(wd_policy_flat(p).len + 1);

		assert_non_null(b);
		wd_copy(b->p, wd_policy_flat(p));
		for (unsigned v = 0; v < 256; v++) {
			b->p[b->len - 1] = (uint8_t)v;
			assert_false(use(wd_bytes_span(b)));
		}
	}
}

/* A head that is right, for tests to spoil. */
static struct wd_policy_head
good_head(void)
{
	return (struct wd_policy_head){ .schema = WD_SCHEMA_WARDER,
		.tee = WD_TEE_SGX,
		.statuses = WD_STATUS_UP_TO_DATE,
		.lease_seconds = 600 };
}

static void
put_svn(struct wd_wr *wr)
{
	wd_policy_put_clause(wr, WD_OP_GE, WD_C_ISVSVN, 1);
	wd_policy_put_value(wr, WD_SPAN_LIT("\x05\0\0\0\0\0\0\0"));
}

static void
put_signer(struct wd_wr *wr)
{
	wd_policy_put_clause(wr, WD_OP_IN, WD_C_MRSIGNER, 1);
	wd_policy_put_value(
	    wr, WD_SPAN_LIT("0123456789abcdef0123456789abcdef"));
}

static int
adopt(const struct wd_wr *wr)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = NULL;

	t_ok(wd_wr_end(wr));
	return wd_policy_adopt(wd_wr_span(wr), NULL, &p);
}

static int
adopt_head(const struct wd_policy_head *h)
{
	uint8_t buf[256];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	wd_policy_put_head(&wr, h);
	wd_policy_put_count(&wr, 0);
	put_signer(&wr);
	return adopt(&wr);
}

static void
heads_are_checked(void **state)
{
	struct wd_policy_head good = good_head();
	struct wd_policy_head bad[] = { good, good, good, good, good, good,
		good, good, good, good, good };

	(void)state;
	t_ok(adopt_head(&good));
	bad[0].schema = (enum wd_policy_schema)2;
	bad[1].tee = WD_TEE_NONE;
	bad[2].tee = (enum wd_tee)5;
	bad[3].statuses = 0;
	bad[4].statuses = WD_STATUS_REVOKED | WD_STATUS_UP_TO_DATE;
	bad[5].statuses = 1 << 9;
	bad[6].lease_seconds = 0;
	bad[7].lease_seconds = WD_LEASE_MAX + 1;
	bad[8].not_before = -1;
	bad[9].not_before = 2;
	bad[9].not_after = 1;
	bad[10].plain_type = true;
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(adopt_head(&bad[i]), WD_R_MALFORMED);
}

/* What ISecL policies cannot say must not ride in under their name. */
static void
isecl_policies_hold_what_their_schema_can_say(void **state)
{
	struct wd_policy_head good = good_head();
	struct wd_policy_head bad[] = { good, good, good, good, good, good };

	(void)state;
	good.schema = WD_SCHEMA_ISECL_V3;
	t_ok(adopt_head(&good));
	for (size_t i = 0; i < WD_N(bad); i++)
		bad[i].schema = WD_SCHEMA_ISECL_V5;
	bad[0].accept_software = true;
	bad[1].allow_debug = true;
	bad[2].lease_seconds = 601;
	bad[3].not_after = 5;
	bad[4].statuses = 1 << 4;
	bad[5].tee = WD_TEE_TDX;
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(adopt_head(&bad[i]), WD_R_MALFORMED);
}

/* Clauses of an ISecL policy, by what writes them. */
static int
adopt_isecl(void (*first)(struct wd_wr *), void (*second)(struct wd_wr *))
{
	struct wd_policy_head h = good_head();
	uint8_t buf[512];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	h.schema = WD_SCHEMA_ISECL_V3;
	wd_policy_put_head(&wr, &h);
	wd_policy_put_count(&wr, 0);
	first(&wr);
	second(&wr);
	return adopt(&wr);
}

static void
put_nothing(struct wd_wr *wr)
{
	(void)wr; /* on purpose */
}

static void
put_debug_flag(struct wd_wr *wr)
{
	wd_policy_put_clause(wr, WD_OP_IS, WD_C_SMT_ENABLED, 1);
	wd_policy_put_value(wr, WD_SPAN_LIT("\x01"));
}

static void
put_any_signer(struct wd_wr *wr)
{
	wd_policy_put_group(wr, WD_OP_ANY, 1);
	put_signer(wr);
}

static void
isecl_clauses_come_in_their_order(void **state)
{
	(void)state;
	t_ok(adopt_isecl(put_signer, put_svn));
	t_ok(adopt_isecl(put_signer, put_nothing));
	assert_int_equal(adopt_isecl(put_svn, put_signer), WD_R_MALFORMED);
	assert_int_equal(adopt_isecl(put_svn, put_nothing), WD_R_MALFORMED);
	assert_int_equal(adopt_isecl(put_signer, put_signer), WD_R_MALFORMED);
	assert_int_equal(
	    adopt_isecl(put_signer, put_debug_flag), WD_R_MALFORMED);
	assert_int_equal(
	    adopt_isecl(put_any_signer, put_nothing), WD_R_MALFORMED);
}

/* One clause: OP, CLAIM, N values that are all VALUE. */
static int
adopt_clause(unsigned op, unsigned claim, size_t n, struct wd_span value)
{
	struct wd_policy_head h = good_head();
	struct wd_wr wr = wd_wr_growing(100000);
	int r;

	wd_policy_put_head(&wr, &h);
	wd_policy_put_count(&wr, 0);
	wd_policy_put_clause(&wr, (enum wd_op)op, (enum wd_claim)claim, n);
	for (size_t i = 0; i < n; i++)
		wd_policy_put_value(&wr, value);
	r = adopt(&wr);
	wd_wr_done(&wr);
	return r;
}

static void
clauses_are_checked(void **state)
{
	static const uint8_t five[8] = { 5 }, large[8] = { 0, 0, 1 };
	struct wd_span number = WD_SPAN(five), text = WD_SPAN_LIT("CN");
	const struct {
		unsigned op, claim;
		size_t n;
		struct wd_span value;
	} bad[] = {
		{ 0, WD_C_ISVSVN, 1, WD_SPAN(five) },
		{ 15, WD_C_ISVSVN, 1, WD_SPAN(five) },
		{ 255, WD_C_ISVSVN, 1, WD_SPAN(five) },
		{ WD_OP_GE, 0, 1, WD_SPAN(five) },
		{ WD_OP_GE, 255, 1, WD_SPAN(five) },
		{ WD_OP_GE, WD_C_TEE, 1, WD_SPAN(five) },
		{ WD_OP_EQ, WD_C_SOFTWARE, 1, WD_SPAN_LIT("\x01") },
		{ WD_OP_IS, WD_C_ISVSVN, 1, WD_SPAN(five) },
		{ WD_OP_GE, WD_C_ISVSVN, 0, WD_SPAN(five) },
		{ WD_OP_GE, WD_C_ISVSVN, 2, WD_SPAN(five) },
		{ WD_OP_IN, WD_C_ISVSVN, 0, WD_SPAN(five) },
		{ WD_OP_IN, WD_C_ISVSVN, 2, WD_SPAN(five) },
		{ WD_OP_IN, WD_C_ISVSVN, 257, WD_SPAN(five) },
		{ WD_OP_GE, WD_C_ISVSVN, 1, WD_SPAN_LIT("\x05") },
		{ WD_OP_GE, WD_C_ISVSVN, 1, WD_SPAN(large) },
		{ WD_OP_IN, WD_C_MRSIGNER, 1, WD_SPAN(five) },
		{ WD_OP_IN, WD_C_PCK_CA, 1, WD_SPAN_LIT("") },
		{ WD_OP_IN, WD_C_PCK_CA, 1, WD_SPAN_LIT("a\n") },
		{ WD_OP_IS, WD_C_SMT_ENABLED, 1, WD_SPAN_LIT("\x02") },
		{ WD_OP_IS, WD_C_SMT_ENABLED, 1, WD_SPAN_LIT("\x01\x01") },
		{ WD_OP_REFERENCE, WD_C_ISVSVN, 1, WD_SPAN_LIT("a b") },
		{ WD_OP_REFERENCE, WD_C_ISVSVN, 1, WD_SPAN_LIT("") },
		{ WD_OP_REFERENCE, WD_C_ISVSVN, 0, WD_SPAN_LIT("web") },
		{ WD_OP_REFERENCE, WD_C_ISVSVN, 2, WD_SPAN_LIT("web") },
		{ WD_OP_REFERENCE, WD_C_SMT_ENABLED, 1, WD_SPAN_LIT("web") },
		{ WD_OP_REFERENCE, 0, 1, WD_SPAN_LIT("web") },
		{ WD_OP_PCRS, WD_C_PCR7, 1, WD_SPAN_LIT("web") },
		{ WD_OP_PCRS, 0, 1, WD_SPAN_LIT("-web") },
		{ WD_OP_CN_IN, WD_C_ISVSVN, 1, WD_SPAN_LIT("CN") },
		{ WD_OP_CN_IN, 0, 1, WD_SPAN_LIT("\xff") },
		{ WD_OP_CN_IN, 0, 1, WD_SPAN_LIT("") },
		{ WD_OP_CN_IN, 0, 0, WD_SPAN_LIT("CN") },
	};

	(void)state;
	t_ok(adopt_clause(WD_OP_GE, WD_C_ISVSVN, 1, number));
	t_ok(adopt_clause(WD_OP_LE, WD_C_ISVSVN, 1, number));
	t_ok(adopt_clause(WD_OP_CN_IN, 0, 1, text));
	t_ok(adopt_clause(WD_OP_REFERENCE, WD_C_ISVSVN, 1, text));
	t_ok(adopt_clause(WD_OP_PCRS, 0, 1, text));
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(adopt_clause(bad[i].op, bad[i].claim, bad[i].n,
				     bad[i].value),
		    WD_R_MALFORMED);
}

/* A policy of DEPTH groups of OP around one clause. */
static int
adopt_nested(enum wd_op op, size_t depth)
{
	struct wd_policy_head h = good_head();
	uint8_t buf[512];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	wd_policy_put_head(&wr, &h);
	wd_policy_put_count(&wr, 0);
	for (size_t i = 0; i < depth; i++)
		wd_policy_put_group(&wr, op, 1);
	put_svn(&wr);
	return adopt(&wr);
}

static void
nesting_is_bounded(void **state)
{
	(void)state;
	t_ok(adopt_nested(WD_OP_ANY, WD_POLICY_DEPTH - 2));
	t_ok(adopt_nested(WD_OP_NOT, WD_POLICY_DEPTH - 2));
	assert_int_equal(
	    adopt_nested(WD_OP_ANY, WD_POLICY_DEPTH - 1), WD_R_MALFORMED);
	assert_int_equal(adopt_nested(WD_OP_NOT, 100), WD_R_MALFORMED);
}

/* The deepest policy must be printable within the depth of the printer. */
static void
the_deepest_policy_has_a_text(void **state)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = NULL;
	WD_AUTO(wd_policy_freep) struct wd_policy *again = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr text = wd_wr_growing(4096);
	struct wd_policy_head h = good_head();
	uint8_t buf[512];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	(void)state;
	wd_policy_put_head(&wr, &h);
	wd_policy_put_count(&wr, 0);
	for (size_t i = 0; i < WD_POLICY_DEPTH - 2; i++)
		wd_policy_put_group(&wr, WD_OP_ANY, 1);
	put_signer(&wr);
	t_ok(wd_policy_adopt(wd_wr_span(&wr), NULL, &p));
	wd_policy_text(p, &text);
	t_ok(wd_wr_end(&text));
	t_ok(wd_policy_parse(wd_wr_span(&text), NULL, &again));
	t_span_equal(wd_policy_flat(again), wd_policy_flat(p));
}

static int
adopt_group(enum wd_op op, size_t announced, size_t given)
{
	struct wd_policy_head h = good_head();
	uint8_t buf[512];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	wd_policy_put_head(&wr, &h);
	wd_policy_put_count(&wr, 0);
	wd_policy_put_group(&wr, op, announced);
	for (size_t i = 0; i < given; i++)
		put_svn(&wr);
	return adopt(&wr);
}

static void
groups_have_the_members_they_announce(void **state)
{
	(void)state;
	t_ok(adopt_group(WD_OP_ANY, 2, 2));
	t_ok(adopt_group(WD_OP_ANY, 1, 2)); /* the second stands behind it */
	assert_int_equal(adopt_group(WD_OP_ANY, 3, 2), WD_R_MALFORMED);
	assert_int_equal(adopt_group(WD_OP_ANY, 0, 2), WD_R_MALFORMED);
	assert_int_equal(adopt_group(WD_OP_NOT, 2, 2), WD_R_MALFORMED);
	assert_int_equal(adopt_group(WD_OP_ALL, 65535, 2), WD_R_MALFORMED);
}

static void
too_many_clauses_are_refused(void **state)
{
	struct wd_policy_head h = good_head();
	struct wd_wr wr = wd_wr_growing(100000);

	(void)state;
	wd_policy_put_head(&wr, &h);
	wd_policy_put_count(&wr, 0);
	for (size_t i = 0; i < WD_POLICY_CLAUSES; i++)
		put_svn(&wr);
	t_ok(adopt(&wr));
	put_svn(&wr);
	assert_int_equal(adopt(&wr), WD_R_MALFORMED);
	while (wr.len <= WD_POLICY_FLAT_MAX)
		put_svn(&wr);
	assert_int_equal(adopt(&wr), WD_R_TOO_LARGE);
	wd_wr_done(&wr);
}

static void
advisories_are_checked(void **state)
{
	static const char *const bad[] = { "", "a b", "\x7f", "\xc3\xa4" };
	struct wd_policy_head h = good_head();

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		uint8_t buf[256];
		struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

		wd_policy_put_head(&wr, &h);
		wd_policy_put_count(&wr, 1);
		wd_policy_put_value(&wr, wd_span_text(bad[i]));
		put_svn(&wr);
		assert_int_equal(adopt(&wr), WD_R_MALFORMED);
	}
}

/* Their text could not be read back. */
static void
advisories_are_for_tees_that_have_some(void **state)
{
	static const uint8_t count[8] = { 1 };
	struct wd_policy_head h = good_head();

	(void)state;
	h.tee = WD_TEE_TPM;
	h.statuses = 0;
	for (size_t n = 0; n < 2; n++) {
		uint8_t buf[256];
		struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

		wd_policy_put_head(&wr, &h);
		wd_policy_put_count(&wr, n);
		if (n > 0)
			wd_policy_put_value(&wr, WD_SPAN_LIT("A"));
		wd_policy_put_clause(&wr, WD_OP_GE, WD_C_RESET_COUNT, 1);
		wd_policy_put_value(&wr, WD_SPAN(count));
		assert_int_equal(adopt(&wr), n == 0 ? 0 : WD_R_MALFORMED);
	}
}

static void
every_failed_allocation_is_a_fault(void **state)
{
	bool fired = true;

	(void)state;
	for (uint64_t k = 1; fired; k++) {
		struct wd_policy *p = NULL;
		struct wd_diag d = { 0 };
		int r;

		(void)wd_alloc_fail_at(k);
		r = wd_policy_parse(wd_span_text(policies[2]), &d, &p);
		fired = wd_alloc_fail_at(0) != 0;
		assert_int_equal(r, fired ? WD_F_MEMORY : 0);
		assert_int_equal(d.result, r);
		assert_true((p != NULL) == (r == 0));
		p = wd_policy_free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_survive_the_round_trip),
		cmocka_unit_test(every_truncation_is_refused_or_another_policy),
		cmocka_unit_test(
		    every_flipped_bit_is_refused_or_another_policy),
		cmocka_unit_test(every_appended_byte_is_refused),
		cmocka_unit_test(heads_are_checked),
		cmocka_unit_test(isecl_policies_hold_what_their_schema_can_say),
		cmocka_unit_test(isecl_clauses_come_in_their_order),
		cmocka_unit_test(clauses_are_checked),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(the_deepest_policy_has_a_text),
		cmocka_unit_test(groups_have_the_members_they_announce),
		cmocka_unit_test(too_many_clauses_are_refused),
		cmocka_unit_test(advisories_are_checked),
		cmocka_unit_test(advisories_are_for_tees_that_have_some),
		cmocka_unit_test(every_failed_allocation_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
