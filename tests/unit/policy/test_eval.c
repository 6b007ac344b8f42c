/*
 * Groups in three-valued logic, the reason that is given, and the trace.
 */
#include "fixture.h"

#define P(clauses) "{\"warder\":1,\"tee\":\"sgx\",\"all\":[" clauses "]}"

/* True, false and, with mrenclave gone, unknown. */
#define YES "{\"claim\":\"isv_svn\",\"ge\":5}"
#define NO "{\"claim\":\"mrsigner\",\"in\":[\"" F32 "\"]}"
#define GONE "{\"claim\":\"mrenclave\",\"in\":[\"" T32 "\"]}"
#define ANY(clauses) "{\"any\":[" clauses "]}"
#define ALL(clauses) "{\"all\":[" clauses "]}"
#define NOT(clause) "{\"not\":" clause "}"

static const struct change gone = { .id = WD_C_MRENCLAVE, .absent = true };

struct row {
	const char *json;
	int want;
};

static const struct row rows[] = {
	{ P(YES), 0 },
	{ P(NO), WD_R_SIGNER_MISMATCH },
	{ P(GONE), WD_R_MEASUREMENT_MISMATCH },
	/* not */
	{ P(NOT(NO)), 0 },
	{ P(NOT(YES)), WD_R_POLICY_CLAUSE },
	{ P(NOT(GONE)), WD_R_POLICY_CLAUSE },
	{ P(NOT(NOT(YES))), 0 },
	{ P(NOT(NOT(GONE))), WD_R_POLICY_CLAUSE },
	/* any */
	{ P(ANY(NO "," YES)), 0 },
	{ P(ANY(YES "," NO)), 0 },
	{ P(ANY(GONE "," YES)), 0 },
	{ P(ANY(YES "," GONE)), 0 },
	{ P(ANY(NO)), WD_R_SIGNER_MISMATCH },
	{ P(ANY(GONE)), WD_R_MEASUREMENT_MISMATCH },
	{ P(ANY(NO "," GONE)), WD_R_POLICY_CLAUSE },
	{ P(ANY(GONE "," NO)), WD_R_POLICY_CLAUSE },
	{ P(NOT(ANY(NO))), 0 },
	{ P(NOT(ANY(NO "," GONE))), WD_R_POLICY_CLAUSE },
	{ P(NOT(ANY(NO "," YES))), WD_R_POLICY_CLAUSE },
	/* all */
	{ P(ALL(YES)), 0 },
	{ P(ALL(YES "," NO)), WD_R_SIGNER_MISMATCH },
	{ P(ALL(NO "," YES)), WD_R_SIGNER_MISMATCH },
	{ P(ALL(GONE "," NO)), WD_R_MEASUREMENT_MISMATCH },
	{ P(NOT(ALL(YES))), WD_R_POLICY_CLAUSE },
	{ P(NOT(ALL(YES "," NO))), 0 },
	{ P(NOT(ALL(YES "," GONE))), WD_R_POLICY_CLAUSE },
	/* whatever the missing value were, this would be false */
	{ P(NOT(ALL(GONE "," NO))), 0 },
	{ P(NOT(ALL(NO "," GONE))), 0 },
	/* one after the other, and one in the other */
	{ P(YES "," NO "," GONE), WD_R_SIGNER_MISMATCH },
	{ P(YES "," GONE "," NO), WD_R_MEASUREMENT_MISMATCH },
	{ P(ANY(NO "," YES) "," ANY(YES)), 0 },
	{ P(ANY(NO "," YES) "," NO), WD_R_SIGNER_MISMATCH },
	{ P(ANY(ALL(YES "," NO) "," ALL(YES "," YES))), 0 },
	{ P(ANY(ALL(YES "," NO) "," NOT(YES))), WD_R_POLICY_CLAUSE },
	{ P(ALL(ANY(NO "," ALL(ANY(NOT(NO)))))), 0 },
	{ P(ALL(ANY(NO "," ALL(ANY(NOT(YES))))) "," YES), WD_R_POLICY_CLAUSE },
	{ P(YES "," ANY(NO "," NO)), WD_R_SIGNER_MISMATCH },
};

static void
groups_follow_three_valued_logic(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++)
		if (t_judge(rows[i].json, &gone) != rows[i].want)
			fail_msg("%s: %d, not %d", rows[i].json,
			    t_judge(rows[i].json, &gone), rows[i].want);
}

/* Each claim gone from under each kind of group: it never lets anything in. */
static void
an_absent_claim_never_satisfies(void **state)
{
	static const char *const before[] = { "", "{\"not\":", "{\"any\":[",
		"{\"all\":[", "{\"not\":{\"not\":" };
	static const char *const behind[] = { "", "}", "]}", "]}", "}}" };
	static const char *const values[] = {
		[WD_CLAIM_UINT] = "\"eq\":5",
		[WD_CLAIM_TIME] = "\"eq\":\"2025-07-01T00:00:00Z\"",
		[WD_CLAIM_TEXT] = "\"eq\":\"UpToDate\"",
		[WD_CLAIM_BOOL] = "\"is\":true",
		[WD_CLAIM_LIST] = "\"in\":[\"INTEL-SA-00001\"]",
	};
	size_t n;
	const struct wd_claim_row *claims = wd_claim_rows(&n);

	(void)state;
	for (size_t i = 0; i < n * WD_N(before); i++) {
		const struct wd_claim_row *claim = &claims[i / WD_N(before)];
		struct change without = { .id = claim->id, .absent = true };
		size_t shape = i % WD_N(before);
		char policy[512];

		if (wd_claim_rule(claim->id) == NULL ||
		    claim->type == WD_CLAIM_BYTES)
			continue;
		(void)snprintf(policy, sizeof(policy),
		    P("%s{\"claim\":\"%s\",%s}%s"), before[shape], claim->name,
		    values[claim->type], behind[shape]);
		assert_true(t_judge(policy, &without) > 0);
	}
}

static void
no_claims_at_all_are_refused(void **state)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = t_parse(P(YES));
	struct wd_claims none = { 0 };

	(void)state;
	assert_int_equal(wd_policy_eval(p, &none, &t_client, t_now, NULL),
	    WD_R_TEE_MISMATCH);
}

static const struct wd_trace_row *
find_row(const struct wd_policy_trace *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->row[i].name, name) == 0)
			return &t->row[i];
	fail_msg("no row %s", name);
	return NULL;
}

static void
expect_row(const struct wd_policy_trace *t, const char *name,
    enum wd_truth result, const char *expected, const char *got)
{
	const struct wd_trace_row *row = find_row(t, name);

	assert_int_equal(row->result, result);
	assert_string_equal(row->expected, expected);
	assert_string_equal(row->got, got);
}

/* Judges the plain evidence without its measurement. */
static void
trace_of(const char *json, const struct wd_client_identity *client,
    struct wd_policy_trace *t)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = t_parse(json);
	struct wd_claims claims;

	t_claims(&claims, &gone);
	assert_true(wd_policy_eval(p, &claims, client, t_now, t) >= 0);
}

static void
the_trace_says_what_was_compared(void **state)
{
	static struct wd_policy_trace t;

	(void)state;
	trace_of(
	    P(ANY(NO "," NOT(GONE)) ",{\"claim\":\"isv_svn\",\"ge\":7},"
				    "{\"claim\":\"smt_enabled\",\"is\":"
				    "false},{\"claim\":\"tcb_date\",\"ge\":"
				    "\"2025-06-01T00:00:00Z\"},"
				    "{\"claim\":\"isv_prod_id\",\"in\":[1,"
				    "5]}"),
	    NULL, &t);
	expect_row(&t, "tee", WD_HOLDS, "sgx", "sgx");
	expect_row(&t, "software", WD_HOLDS, "false", "false");
	expect_row(&t, "debug", WD_HOLDS, "false", "false");
	expect_row(&t, "time", WD_HOLDS, "any", "2025-07-01T00:00:00Z");
	expect_row(&t, "tcb_status", WD_HOLDS, "UpToDate, SWHardeningNeeded",
	    "UpToDate");
	expect_row(&t, "any", WD_ABSENT, "any of 2", "");
	expect_row(&t, "mrsigner", WD_FAILS, "in " F32, T32);
	expect_row(&t, "not", WD_ABSENT, "not of 1", "");
	expect_row(&t, "mrenclave", WD_ABSENT, "in " T32, "absent");
	expect_row(&t, "isv_svn", WD_FAILS, "ge 7", "5");
	expect_row(&t, "smt_enabled", WD_FAILS, "is false", "true");
	expect_row(&t, "tcb_date", WD_HOLDS, "ge 2025-06-01T00:00:00Z",
	    "2025-07-01T00:00:00Z");
	expect_row(&t, "isv_prod_id", WD_HOLDS, "in 1, 5", "5");
	assert_int_equal(find_row(&t, "any")->depth, 0);
	assert_int_equal(find_row(&t, "mrenclave")->depth, 2);
	assert_false(t.cut);
}

static void
the_trace_shows_conditions_that_constrain(void **state)
{
	static struct wd_policy_trace t;

	(void)state;
	trace_of("{\"warder\":1,\"tee\":\"sgx\",\"accept_software\":true,"
		 "\"allow_debug\":true,\"not_before\":\"2026-01-01T00:00:00Z\","
		 "\"not_after\":\"2027-01-01T00:00:00Z\","
		 "\"rejected_advisories\":[\"A-1\",\"A-2\"],\"all\":[" YES "]}",
	    NULL, &t);
	expect_row(&t, "software", WD_HOLDS, "any", "false");
	expect_row(&t, "debug", WD_HOLDS, "any", "false");
	expect_row(&t, "time", WD_FAILS,
	    "from 2026-01-01T00:00:00Z to 2027-01-01T00:00:00Z",
	    "2025-07-01T00:00:00Z");
	expect_row(&t, "advisory_ids", WD_HOLDS, "none of A-1 A-2",
	    "INTEL-SA-00001 INTEL-SA-00001 ");
}

static void
the_trace_shows_the_client(void **state)
{
	static const char policy[] =
	    P("{\"client\":\"issuer_cn\",\"in\":[\"\xc3\xa4\"]},"
	      "{\"client\":\"permissions\",\"all_of\":[\"nginx\"]}");
	static struct wd_policy_trace t;

	(void)state;
	trace_of(policy, &t_client, &t);
	expect_row(&t, "client issuer_cn", WD_FAILS, "in ??", "CMSCA");
	expect_row(
	    &t, "client permissions", WD_HOLDS, "all_of nginx", "nginx USA ");
	trace_of(policy, NULL, &t);
	expect_row(&t, "client issuer_cn", WD_ABSENT, "in ??",
	    "no verified client certificate");
}

static void
the_trace_tells_none_from_absent(void **state)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = t_parse(P(YES));
	static struct wd_policy_trace t;
	struct wd_claims claims = { 0 };

	(void)state;
	t_ok(wd_claims_put_text(&claims, WD_C_TEE, "sgx"));
	t_ok(wd_claims_put(&claims, WD_C_ADVISORY_IDS, wd_span(NULL, 0)));
	assert_int_equal(wd_policy_eval(p, &claims, NULL, t_now, &t),
	    WD_R_SOFTWARE_NOT_ACCEPTED);
	expect_row(&t, "advisory_ids", WD_HOLDS, "any", "none");
	expect_row(&t, "software", WD_ABSENT, "false", "absent");
	expect_row(&t, "tcb_status", WD_ABSENT, "UpToDate, SWHardeningNeeded",
	    "absent");
}

static void
long_texts_are_cut_visibly(void **state)
{
	static struct wd_policy_trace t;
	const struct wd_trace_row *row;

	(void)state;
	trace_of(
	    P("{\"claim\":\"config_id\",\"in\":[\"" F64 "\",\"" T64 "\"]}"),
	    NULL, &t);
	row = find_row(&t, "config_id");
	assert_int_equal(strlen(row->expected), WD_TRACE_TEXT - 1);
	assert_string_equal(row->expected + WD_TRACE_TEXT - 4, "...");
	assert_string_equal(row->got, T64);
}

static void
the_trace_is_bounded(void **state)
{
	static struct wd_policy_trace t;
	WD_AUTO(wd_wr_done) struct wd_wr policy = wd_wr_growing(65536);
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(65536);
	struct wd_jtext j = wd_jtext(&wr);

	(void)state;
	wd_wr_text(&policy, "{\"warder\":1,\"tee\":\"sgx\",\"all\":[" YES);
	for (int i = 0; i < 100; i++)
		wd_wr_text(&policy, "," NO);
	wd_wr_bytes(&policy, WD_SPAN("]}")); /* with its NUL */
	trace_of((const char *)wd_wr_span(&policy).p, NULL, &t);
	assert_int_equal(t.n, WD_TRACE_ROWS);
	assert_true(t.cut);
	wd_policy_trace_write(&t, &j);
	t_ok(wd_wr_end(&wr));
	assert_true(wd_wr_span(&wr).len < 14000);
}

static void
the_trace_is_written_as_json(void **state)
{
	static struct wd_policy_trace t;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(65536);
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *again = NULL;
	struct wd_jtext j = wd_jtext(&wr);
	static const char first[] = "[{\"depth\":0,\"expected\":\"sgx\","
				    "\"got\":\"sgx\",\"name\":\"tee\","
				    "\"result\":\"holds\"},";

	(void)state;
	trace_of(P(NOT(GONE) "," NO), NULL, &t);
	wd_policy_trace_write(&t, &j);
	t_ok(wd_wr_end(&wr));
	t_ok(wd_json_parse(wd_wr_span(&wr), NULL, &doc));
	assert_int_equal(wd_jval_count(wd_json_root(doc)), t.n);
	t_ok(wd_json_canonical(wd_json_root(doc), &again));
	t_span_equal(wd_bytes_span(again), wd_wr_span(&wr));
	t_span_equal(
	    wd_span(wd_wr_span(&wr).p, sizeof(first) - 1), WD_SPAN_LIT(first));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_follow_three_valued_logic),
		cmocka_unit_test(an_absent_claim_never_satisfies),
		cmocka_unit_test(no_claims_at_all_are_refused),
		cmocka_unit_test(the_trace_says_what_was_compared),
		cmocka_unit_test(the_trace_shows_conditions_that_constrain),
		cmocka_unit_test(the_trace_shows_the_client),
		cmocka_unit_test(the_trace_tells_none_from_absent),
		cmocka_unit_test(long_texts_are_cut_visibly),
		cmocka_unit_test(the_trace_is_bounded),
		cmocka_unit_test(the_trace_is_written_as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
