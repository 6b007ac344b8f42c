/*
 * Warder's own form: each member, each claim that a clause may name, each
 * comparison; and what is refused, by number.
 */
#include "fixture.h"

#define SIGNER "{\"claim\":\"mrsigner\",\"in\":[\"" T32 "\"]}"
#define P(more, clauses) \
	"{\"warder\":1,\"tee\":\"sgx\"" more ",\"all\":[" clauses "]}"

struct row {
	const char *json;
	int want;
};

static void
judge_rows(const struct row *rows, size_t n, const struct change *change)
{
	for (size_t i = 0; i < n; i++)
		if (t_judge(rows[i].json, change) != rows[i].want)
			fail_msg("%s: %d, not %d", rows[i].json,
			    t_judge(rows[i].json, change), rows[i].want);
}

static void
tee_must_be_the_policys(void **state)
{
	struct change tdx = { .id = WD_C_TEE, .value = "tdx" };
	struct change none = { .id = WD_C_TEE, .absent = true };

	(void)state;
	t_ok(t_judge(P("", SIGNER), NULL));
	assert_int_equal(t_judge(P("", SIGNER), &tdx), WD_R_TEE_MISMATCH);
	assert_int_equal(t_judge(P("", SIGNER), &none), WD_R_TEE_MISMATCH);
}

/* Only evidence whose vendor gives a status is asked for one. */
static void
a_status_is_asked_for_where_there_is_one(void **state)
{
	static const char with[] = "{\"warder\":1,\"tee\":\"%s\",%s"
				   "\"all\":[" SIGNER "]}";
	static const struct {
		const char *tee;
		bool has_status;
	} rows[] = { { "sgx", true }, { "tdx", true }, { "snp", false },
		{ "tpm", false }, { "cca", false }, { "psa", false },
		{ "nvidia", false } };
	char policy[512];

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct change tee = { .id = WD_C_TEE, .value = rows[i].tee };
		struct change status = { .id = WD_C_TCB_STATUS,
			.value = "OutOfDate" };

		(void)snprintf(policy, sizeof(policy), with, rows[i].tee, "");
		assert_int_equal(t_judge(policy, &tee),
		    i == 3 ? WD_R_AK_NOT_TRUSTED : 0); /* TPMs want more */
		if (i == 0)
			assert_int_equal(t_judge(policy, &status),
			    WD_R_TCB_STATUS_NOT_ACCEPTED);
		(void)snprintf(policy, sizeof(policy), with, rows[i].tee,
		    "\"tcb_statuses\":[\"OutOfDate\"],");
		assert_int_equal(t_refused(policy),
		    rows[i].has_status ? 0 : WD_R_UNSUPPORTED);
		(void)snprintf(policy, sizeof(policy), with, rows[i].tee,
		    "\"rejected_advisories\":[\"A-1\"],");
		assert_int_equal(t_refused(policy),
		    rows[i].has_status ? 0 : WD_R_UNSUPPORTED);
	}
}

static void
software_needs_accept_software(void **state)
{
	struct change software = { .id = WD_C_SOFTWARE, .number = 1 };
	struct change unsaid = { .id = WD_C_SOFTWARE, .absent = true };
	static const struct row rows[] = {
		{ P("", SIGNER), WD_R_SOFTWARE_NOT_ACCEPTED },
		{ P(",\"accept_software\":false", SIGNER),
		    WD_R_SOFTWARE_NOT_ACCEPTED },
		{ P(",\"accept_software\":true", SIGNER), 0 },
	};

	(void)state;
	judge_rows(rows, WD_N(rows), &software);
	judge_rows(rows, WD_N(rows), &unsaid);
	t_ok(t_judge(P(",\"accept_software\":true", SIGNER), NULL));
}

static void
debug_needs_allow_debug(void **state)
{
	struct change debug = { .id = WD_C_DEBUG, .number = 1 };
	struct change unsaid = { .id = WD_C_DEBUG, .absent = true };
	static const struct row rows[] = {
		{ P("", SIGNER), WD_R_POLICY_DEBUG },
		{ P(",\"allow_debug\":false", SIGNER), WD_R_POLICY_DEBUG },
		{ P(",\"allow_debug\":true", SIGNER), 0 },
	};

	(void)state;
	judge_rows(rows, WD_N(rows), &debug);
	judge_rows(rows, WD_N(rows), &unsaid);
	t_ok(t_judge(P(",\"allow_debug\":true", SIGNER), NULL));
}

static void
tcb_statuses_are_those_listed(void **state)
{
	struct change status = { .id = WD_C_TCB_STATUS };
	static const char policy[] =
	    P(",\"tcb_statuses\":[\"OutOfDate\",\"ConfigurationNeeded\"]",
		SIGNER);

	(void)state;
	status.value = "OutOfDate";
	t_ok(t_judge(policy, &status));
	assert_int_equal(
	    t_judge(P("", SIGNER), &status), WD_R_TCB_STATUS_NOT_ACCEPTED);
	status.value = "UpToDate";
	assert_int_equal(
	    t_judge(policy, &status), WD_R_TCB_STATUS_NOT_ACCEPTED);
	status.value = "SWHardeningNeeded";
	t_ok(t_judge(P("", SIGNER), &status));
}

static void
rejected_advisories_deny(void **state)
{
	static const char policy[] =
	    P(",\"rejected_advisories\":[\"INTEL-SA-00615\",\"INTEL-SA-2\"]",
		SIGNER);
	struct change platform = { .id = WD_C_ADVISORY_IDS, .value = "" };
	struct change qe = { .id = WD_C_QE_ADVISORY_IDS };

	(void)state;
	t_ok(t_judge(policy, NULL));
	t_ok(t_judge(policy, &platform));
	platform.value = "INTEL-SA-00615";
	assert_int_equal(t_judge(policy, &platform), WD_R_POLICY_CLAUSE);
	t_ok(t_judge(P("", SIGNER), &platform));
	platform.value = "INTEL-SA-0061";
	t_ok(t_judge(policy, &platform));
	platform.absent = true;
	assert_int_equal(t_judge(policy, &platform), WD_R_POLICY_CLAUSE);
	qe.value = "INTEL-SA-2";
	assert_int_equal(t_judge(policy, &qe), WD_R_POLICY_CLAUSE);
	qe.absent = true;
	t_ok(t_judge(policy, &qe));
}

static int
at(const char *json, int64_t now)
{
	return t_judge_as(json, NULL, NULL, now);
}

static void
the_window_includes_both_ends(void **state)
{
	static const char after[] =
	    P(",\"not_before\":\"2025-07-01T00:00:00Z\"", SIGNER);
	static const char before[] =
	    P(",\"not_after\":\"2025-07-01T00:00:00Z\"", SIGNER);

	(void)state;
	assert_int_equal(at(after, t_now - 1), WD_R_POLICY_CLAUSE);
	t_ok(at(after, t_now));
	t_ok(at(before, t_now));
	assert_int_equal(at(before, t_now + 1), WD_R_POLICY_CLAUSE);
	t_ok(at(P("", SIGNER), 0));
	assert_int_equal(at(P("", SIGNER), -1), WD_R_POLICY_CLAUSE);
}

static void
leases_end_with_the_window(void **state)
{
	WD_AUTO(wd_policy_freep)
	struct wd_policy *p = t_parse(P(
	    ",\"lease_seconds\":86400,\"not_before\":\"2025-07-01T00:00:00Z\","
	    "\"not_after\":\"2025-07-02T00:00:00Z\"",
	    SIGNER));
	WD_AUTO(wd_policy_freep)
	struct wd_policy *plain = t_parse(P("", SIGNER));
	WD_AUTO(wd_policy_freep)
	struct wd_policy *shortest = t_parse(P(",\"lease_seconds\":1", SIGNER));

	(void)state;
	assert_int_equal(wd_policy_lease(p, t_now), 86400);
	assert_int_equal(wd_policy_lease(p, t_now - 1), 0);
	assert_int_equal(wd_policy_lease(p, t_now + 86400 - 9), 10);
	assert_int_equal(wd_policy_lease(p, t_now + 86400), 1);
	assert_int_equal(wd_policy_lease(p, t_now + 86401), 0);
	assert_int_equal(wd_policy_lease(plain, t_now), WD_LEASE_DEFAULT);
	assert_int_equal(wd_policy_lease(shortest, t_now), 1);
}

/* A clause on CLAIM, by OP, with a value written as JSON. */
static const char *
clause(const struct wd_claim_row *claim, const char *op, const char *value)
{
	static char text[1024];

	(void)snprintf(text, sizeof(text),
	    P("", "{\"claim\":\"%s\",\"%s\":%s}"), claim->name, op, value);
	return text;
}

/* Hex of the claim's length, each byte the same. */
static const char *
hex(const struct wd_claim_row *claim, const char *byte, bool in_list)
{
	static char text[256];
	size_t len = wd_claim_rule(claim->id)->len;
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));

	wd_wr_text(&wr, in_list ? "[\"" : "\"");
	for (size_t i = 0; i < (len == 0 ? 16 : len); i++)
		wd_wr_text(&wr, byte);
	wd_wr_text(&wr, in_list ? "\"]" : "\"");
	wd_wr_u8(&wr, 0);
	t_ok(wd_wr_end(&wr));
	return text;
}

static int
reason_or(enum wd_reason own)
{
	return own == 0 ? WD_R_POLICY_CLAUSE : (int)own;
}

static void
check_number(const struct wd_claim_row *claim)
{
	const struct wd_claim_rule *rule = wd_claim_rule(claim->id);
	int least = reason_or(rule->least), listed = reason_or(rule->listed);

	t_ok(t_judge(clause(claim, "ge", "5"), NULL));
	t_ok(t_judge(clause(claim, "ge", "4"), NULL));
	assert_int_equal(t_judge(clause(claim, "ge", "6"), NULL), least);
	t_ok(t_judge(clause(claim, "le", "5"), NULL));
	t_ok(t_judge(clause(claim, "le", "6"), NULL));
	assert_int_equal(t_judge(clause(claim, "le", "4"), NULL), least);
	t_ok(t_judge(clause(claim, "eq", "5"), NULL));
	assert_int_equal(t_judge(clause(claim, "eq", "4"), NULL), listed);
	t_ok(t_judge(clause(claim, "in", "[9,5]"), NULL));
	assert_int_equal(t_judge(clause(claim, "in", "[9,4]"), NULL), listed);
	assert_int_equal(
	    t_refused(clause(claim, "is", "true")), WD_R_MALFORMED);
}

static void
check_time(const struct wd_claim_row *claim)
{
	static const char same[] = "\"2025-07-01T00:00:00Z\"";
	static const char later[] = "\"2025-07-01T00:00:01Z\"";
	static const char sooner[] = "\"2025-06-30T23:59:59Z\"";

	t_ok(t_judge(clause(claim, "ge", same), NULL));
	t_ok(t_judge(clause(claim, "ge", sooner), NULL));
	assert_int_equal(
	    t_judge(clause(claim, "ge", later), NULL), WD_R_POLICY_CLAUSE);
	t_ok(t_judge(clause(claim, "le", same), NULL));
	t_ok(t_judge(clause(claim, "le", later), NULL));
	assert_int_equal(
	    t_judge(clause(claim, "le", sooner), NULL), WD_R_POLICY_CLAUSE);
	t_ok(t_judge(clause(claim, "eq", same), NULL));
	assert_int_equal(t_refused(clause(claim, "ge", "5")), WD_R_MALFORMED);
	assert_int_equal(
	    t_refused(clause(claim, "is", "true")), WD_R_MALFORMED);
}

static void
check_bytes(const struct wd_claim_row *claim)
{
	const struct wd_claim_rule *rule = wd_claim_rule(claim->id);
	int listed = reason_or(rule->listed);

	t_ok(t_judge(clause(claim, "in", hex(claim, "11", true)), NULL));
	assert_int_equal(
	    t_judge(clause(claim, "in", hex(claim, "22", true)), NULL), listed);
	t_ok(t_judge(clause(claim, "eq", hex(claim, "11", false)), NULL));
	assert_int_equal(
	    t_judge(clause(claim, "eq", hex(claim, "10", false)), NULL),
	    listed);
	assert_int_equal(
	    t_refused(clause(claim, "eq", "\"\"")), WD_R_MALFORMED);
	if (rule->len > 0)
		assert_int_equal(t_refused(clause(claim, "eq", "\"111111\"")),
		    WD_R_MALFORMED);
	if (!rule->components)
		assert_int_equal(
		    t_refused(clause(claim, "ge", hex(claim, "11", false))),
		    WD_R_MALFORMED);
}

static void
check_text(const struct wd_claim_row *claim)
{
	int listed = reason_or(wd_claim_rule(claim->id)->listed);

	t_ok(t_judge(clause(claim, "in", "[\"x\",\"UpToDate\"]"), NULL));
	assert_int_equal(
	    t_judge(clause(claim, "in", "[\"x\",\"y\"]"), NULL), listed);
	t_ok(t_judge(clause(claim, "eq", "\"UpToDate\""), NULL));
	assert_int_equal(
	    t_judge(clause(claim, "eq", "\"UpToDat\""), NULL), listed);
	assert_int_equal(
	    t_refused(clause(claim, "ge", "\"x\"")), WD_R_MALFORMED);
	assert_int_equal(
	    t_refused(clause(claim, "eq", "\"\\u00e4\"")), WD_R_MALFORMED);
}

static void
check_flag(const struct wd_claim_row *claim)
{
	t_ok(t_judge(clause(claim, "is", "true"), NULL));
	assert_int_equal(
	    t_judge(clause(claim, "is", "false"), NULL), WD_R_POLICY_CLAUSE);
	assert_int_equal(
	    t_refused(clause(claim, "eq", "true")), WD_R_MALFORMED);
	assert_int_equal(t_refused(clause(claim, "is", "1")), WD_R_MALFORMED);
	assert_int_equal(
	    t_refused(clause(claim, "is", "[true]")), WD_R_MALFORMED);
}

/* Each text of the claim must be listed. */
static void
check_list(const struct wd_claim_row *claim)
{
	struct change empty = { .id = claim->id, .value = "" };
	int listed = reason_or(wd_claim_rule(claim->id)->listed);
	const char *good = "[\"x\",\"INTEL-SA-00001\"]";

	t_ok(t_judge(clause(claim, "in", good), NULL));
	assert_int_equal(t_judge(clause(claim, "in", good), &empty), listed);
	assert_int_equal(
	    t_judge(clause(claim, "in", "[\"x\",\"INTEL\"]"), NULL), listed);
	assert_int_equal(
	    t_refused(clause(claim, "eq", "\"x\"")), WD_R_MALFORMED);
	assert_int_equal(
	    t_refused(clause(claim, "in", "[\"\"]")), WD_R_MALFORMED);
	assert_int_equal(t_refused(clause(claim, "in", "[1]")), WD_R_MALFORMED);
}

/* Claims with a member of their own, of one session or one start of a machine
 * alone, or of TEEs that no policy is for yet. */
static bool
has_no_clause(enum wd_claim id)
{
	return (id > WD_C_CURRENT_MIT_VECTOR && id < WD_C_PLATFORM_PROFILE &&
		   wd_claim_rule(id) == NULL) ||
	    id == WD_C_REPORT_ID || id == WD_C_REPORT_ID_MA ||
	    id == WD_C_CURRENT_TCB || id == WD_C_LAUNCH_TCB ||
	    id == WD_C_BOOT_SEED || id == WD_C_OPAQUE_TYPES || id == WD_C_TEE ||
	    id == WD_C_SOFTWARE || id == WD_C_DEBUG || id == WD_C_TCB_STATUS ||
	    id == WD_C_ADVISORY_IDS || id == WD_C_QE_ADVISORY_IDS ||
	    id == WD_C_REPORT_DATA || id == WD_C_EVIDENCE_DIGEST;
}

static void
every_claim_can_accept_and_deny(void **state)
{
	static void (*const check[])(const struct wd_claim_row *) = {
		[WD_CLAIM_UINT] = check_number,
		[WD_CLAIM_TIME] = check_time,
		[WD_CLAIM_BYTES] = check_bytes,
		[WD_CLAIM_TEXT] = check_text,
		[WD_CLAIM_BOOL] = check_flag,
		[WD_CLAIM_LIST] = check_list,
	};
	size_t n;
	const struct wd_claim_row *rows = wd_claim_rows(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		if (!has_no_clause(rows[i].id)) {
			assert_non_null(wd_claim_rule(rows[i].id));
			check[rows[i].type](&rows[i]);
			continue;
		}
		assert_null(wd_claim_rule(rows[i].id));
		assert_int_equal(
		    t_refused(clause(&rows[i], "eq", "\"x\"")), WD_R_MALFORMED);
	}
}

static void
security_versions_are_compared_component_by_component(void **state)
{
	struct change svn = { .id = WD_C_PCK_CPUSVN, .number = 0x11 };
	static const char *const enough[] = {
		"11111111111111111111111111111111",
		"00000000000000000000000000000000",
		"11001100110011001100110011001100",
	};
	/* Larger as a number of either byte order, yet one component short. */
	static const char *const too_much[] = {
		"00000000000000000000000000000012",
		"12000000000000000000000000000000",
		"00000000000000120000000000000000",
	};
	const struct wd_claim_row *claim =
	    wd_claim_by_name(WD_SPAN_LIT("pck_cpusvn"));
	char value[64];

	(void)state;
	for (size_t i = 0; i < WD_N(enough); i++) {
		(void)snprintf(value, sizeof(value), "\"%s\"", enough[i]);
		t_ok(t_judge(clause(claim, "ge", value), &svn));
		(void)snprintf(value, sizeof(value), "\"%s\"", too_much[i]);
		assert_int_equal(t_judge(clause(claim, "ge", value), &svn),
		    WD_R_SVN_BELOW_MINIMUM);
	}
}

static const struct row client_rows[] = {
	{ P("", "{\"client\":\"issuer_cn\",\"in\":[\"x\",\"CMSCA\"]}"), 0 },
	{ P("", "{\"client\":\"issuer_cn\",\"in\":[\"x\"]}"),
	    WD_R_CLIENT_IDENTITY_MISMATCH },
	{ P("", "{\"client\":\"cn\",\"in\":[\"client\"]}"), 0 },
	{ P("", "{\"client\":\"cn\",\"in\":[\"CMSCA\"]}"),
	    WD_R_CLIENT_IDENTITY_MISMATCH },
	{ P("", "{\"client\":\"permissions\",\"any_of\":[\"USA\",\"EU\"]}"),
	    0 },
	{ P("", "{\"client\":\"permissions\",\"any_of\":[\"EU\"]}"),
	    WD_R_CLIENT_IDENTITY_MISMATCH },
	{ P("", "{\"client\":\"permissions\",\"all_of\":[\"USA\",\"nginx\"]}"),
	    0 },
	{ P("", "{\"client\":\"permissions\",\"all_of\":[\"USA\",\"EU\"]}"),
	    WD_R_CLIENT_IDENTITY_MISMATCH },
};

static void
clients_are_judged_by_their_certificate(void **state)
{
	static const struct wd_client_identity bare = { 0 };

	(void)state;
	judge_rows(client_rows, WD_N(client_rows), NULL);
	for (size_t i = 0; i < WD_N(client_rows); i++) {
		assert_int_equal(
		    t_judge_as(client_rows[i].json, NULL, NULL, t_now),
		    WD_R_CLIENT_IDENTITY_MISSING);
		assert_int_equal(
		    t_judge_as(client_rows[i].json, NULL, &bare, t_now),
		    WD_R_CLIENT_IDENTITY_MISMATCH);
	}
}

static const struct row refusals[] = {
	{ "{\"warder\":1}", WD_R_MALFORMED },
	{ "{\"warder\":2,\"tee\":\"sgx\",\"all\":[" SIGNER "]}",
	    WD_R_UNSUPPORTED },
	{ "{\"warder\":\"1\",\"tee\":\"sgx\",\"all\":[" SIGNER "]}",
	    WD_R_MALFORMED },
	{ "{\"warder\":1,\"all\":[" SIGNER "]}", WD_R_MALFORMED },
	{ "{\"warder\":1,\"tee\":\"xyz\",\"all\":[" SIGNER "]}",
	    WD_R_MALFORMED },
	{ "{\"warder\":1,\"tee\":\"none\",\"all\":[" SIGNER "]}",
	    WD_R_MALFORMED },
	{ "{\"warder\":1,\"tee\":\"sgx\"}", WD_R_MALFORMED },
	{ P("", ""), WD_R_MALFORMED },
	{ "{\"warder\":1,\"tee\":\"sgx\",\"all\":" SIGNER "}", WD_R_MALFORMED },
	{ P(",\"id\":\"x\"", SIGNER), WD_R_UNKNOWN_MEMBER },
	{ P(",\"any\":[]", SIGNER), WD_R_UNKNOWN_MEMBER },
	{ P(",\"accept_software\":1", SIGNER), WD_R_MALFORMED },
	{ P(",\"allow_debug\":\"true\"", SIGNER), WD_R_MALFORMED },
	{ P(",\"lease_seconds\":0", SIGNER), WD_R_RANGE },
	{ P(",\"lease_seconds\":86401", SIGNER), WD_R_RANGE },
	{ P(",\"lease_seconds\":-5", SIGNER), WD_R_RANGE },
	{ P(",\"lease_seconds\":\"5\"", SIGNER), WD_R_MALFORMED },
	{ P(",\"not_before\":5", SIGNER), WD_R_MALFORMED },
	{ P(",\"not_after\":\"tomorrow\"", SIGNER), WD_R_MALFORMED },
	{ P(",\"not_before\":\"2025-07-02T00:00:00Z\",\"not_after\":"
	    "\"2025-07-01T00:00:00Z\"",
	      SIGNER),
	    WD_R_RANGE },
	{ P(",\"tcb_statuses\":[]", SIGNER), WD_R_MALFORMED },
	{ P(",\"tcb_statuses\":\"UpToDate\"", SIGNER), WD_R_MALFORMED },
	{ P(",\"tcb_statuses\":[1]", SIGNER), WD_R_MALFORMED },
	{ P(",\"tcb_statuses\":[\"uptodate\"]", SIGNER), WD_R_MALFORMED },
	{ P(",\"tcb_statuses\":[\"UpToDate\",\"UpToDate\"]", SIGNER),
	    WD_R_MALFORMED },
	{ P(",\"tcb_statuses\":[\"UpToDate\",\"Revoked\"]", SIGNER),
	    WD_R_RANGE },
	{ P(",\"rejected_advisories\":[]", SIGNER), WD_R_MALFORMED },
	{ P(",\"rejected_advisories\":[1]", SIGNER), WD_R_MALFORMED },
	{ P(",\"rejected_advisories\":[\"\"]", SIGNER), WD_R_MALFORMED },
	{ P(",\"rejected_advisories\":[\"a b\"]", SIGNER), WD_R_MALFORMED },
	{ P(",\"rejected_advisories\":[\"a\",\"a\"]", SIGNER), WD_R_MALFORMED },
	{ P("", "{}"), WD_R_MALFORMED },
	{ P("", "7"), WD_R_MALFORMED },
	{ P("", "{\"claim\":\"mrsigner\"}"), WD_R_MALFORMED },
	{ P("", "{\"claim\":7,\"eq\":1}"), WD_R_MALFORMED },
	{ P("", "{\"claim\":\"nothing\",\"eq\":1}"), WD_R_MALFORMED },
	{ P("", "{\"claim\":\"isv_svn\",\"ge\":1,\"eq\":1}"),
	    WD_R_UNKNOWN_MEMBER },
	{ P("", "{\"claim\":\"isv_svn\",\"ge\":1,\"why\":\"x\"}"),
	    WD_R_UNKNOWN_MEMBER },
	{ P("", "{\"claim\":\"isv_svn\",\"gt\":1}"), WD_R_MALFORMED },
	{ P("", "{\"claim\":\"isv_svn\",\"ge\":65536}"), WD_R_RANGE },
	{ P("", "{\"claim\":\"isv_svn\",\"ge\":-1}"), WD_R_RANGE },
	{ P("", "{\"claim\":\"isv_svn\",\"in\":3}"), WD_R_MALFORMED },
	{ P("", "{\"claim\":\"isv_svn\",\"in\":[]}"), WD_R_MALFORMED },
	{ P("", "{\"claim\":\"isv_svn\",\"in\":[3,3]}"), WD_R_MALFORMED },
	{ P("", "{\"claim\":\"isv_svn\",\"any_of\":[3]}"), WD_R_MALFORMED },
	{ P("", "{\"client\":\"cn\"}"), WD_R_MALFORMED },
	{ P("", "{\"client\":\"cn\",\"any_of\":[\"x\"]}"), WD_R_MALFORMED },
	{ P("", "{\"client\":\"permissions\",\"in\":[\"x\"]}"),
	    WD_R_MALFORMED },
	{ P("", "{\"client\":\"other\",\"in\":[\"x\"]}"), WD_R_MALFORMED },
	{ P("", "{\"client\":\"cn\",\"in\":[\"x\"],\"claim\":\"fmspc\"}"),
	    WD_R_UNKNOWN_MEMBER },
	{ P("",
	      "{\"client\":\"permissions\",\"any_of\":[\"x\"],\"all_of\":["
	      "\"x\"]}"),
	    WD_R_UNKNOWN_MEMBER },
	{ P("", "{\"any\":[]}"), WD_R_MALFORMED },
	{ P("", "{\"any\":" SIGNER "}"), WD_R_MALFORMED },
	{ P("", "{\"any\":[7]}"), WD_R_MALFORMED },
	{ P("", "{\"not\":[" SIGNER "]}"), WD_R_MALFORMED },
	{ P("", "{\"not\":" SIGNER ",\"any\":[" SIGNER "]}"),
	    WD_R_UNKNOWN_MEMBER },
	{ P("", "{\"all\":[" SIGNER "],\"claim\":\"fmspc\"}"),
	    WD_R_UNKNOWN_MEMBER },
};

static void
what_is_not_understood_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(refusals); i++)
		if (t_refused(refusals[i].json) != refusals[i].want)
			fail_msg("%s: %d, not %d", refusals[i].json,
			    t_refused(refusals[i].json), refusals[i].want);
}

static void
the_place_of_an_error_is_named(void **state)
{
	struct wd_policy *p = NULL;
	struct wd_diag d = { 0 };

	(void)state;
	assert_int_equal(
	    wd_policy_parse(WD_SPAN_LIT(P("",
				SIGNER ",{\"any\":[" SIGNER
				       ",{\"not\":{\"claim\":\"isv_svn\""
				       ",\"ge\":\"x\"}}]}")),
		&d, &p),
	    WD_R_MALFORMED);
	assert_non_null(strstr(d.detail, "all[1].any[1].not:"));
}

/* GROUPS times `not` around a clause. */
static int
parse_nested(size_t groups)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(4096);

	wd_wr_text(&wr, "{\"warder\":1,\"tee\":\"sgx\",\"all\":[");
	for (size_t i = 0; i < groups; i++)
		wd_wr_text(&wr, "{\"not\":");
	wd_wr_text(&wr, SIGNER);
	for (size_t i = 0; i < groups; i++)
		wd_wr_text(&wr, "}");
	wd_wr_text(&wr, "]}");
	wd_wr_u8(&wr, 0);
	t_ok(wd_wr_end(&wr));
	return t_refused((const char *)wd_wr_span(&wr).p);
}

static void
nesting_is_bounded(void **state)
{
	(void)state;
	t_ok(parse_nested(WD_POLICY_DEPTH - 2));
	assert_int_equal(parse_nested(WD_POLICY_DEPTH - 1), WD_R_MALFORMED);
}

/* N clauses, or one clause with N values. */
static int
parse_many(size_t n, bool values)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(100000);

	wd_wr_text(&wr, "{\"warder\":1,\"tee\":\"sgx\",\"all\":[");
	if (values)
		wd_wr_text(&wr, "{\"claim\":\"isv_prod_id\",\"in\":[");
	for (size_t i = 0; i < n; i++)
		wd_wr_printf(&wr,
		    values ? "%s%zu" : "%s{\"claim\":\"isv_svn\",\"ge\":%zu}",
		    i == 0 ? "" : ",", i);
	wd_wr_text(&wr, values ? "]}]}" : "]}");
	wd_wr_u8(&wr, 0);
	t_ok(wd_wr_end(&wr));
	return t_refused((const char *)wd_wr_span(&wr).p);
}

static void
clauses_and_values_are_bounded(void **state)
{
	(void)state;
	t_ok(parse_many(WD_POLICY_CLAUSES, false));
	assert_int_equal(parse_many(WD_POLICY_CLAUSES + 1, false), WD_R_RANGE);
	t_ok(parse_many(WD_POLICY_VALUES, true));
	assert_int_equal(parse_many(WD_POLICY_VALUES + 1, true), WD_R_RANGE);
}

static void
a_policy_too_large_to_travel_is_refused(void **state)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(400000);

	(void)state;
	wd_wr_text(&wr, "{\"warder\":1,\"tee\":\"sgx\",\"all\":[");
	for (unsigned c = 0; c < 5; c++) {
		wd_wr_text(&wr, c == 0 ? "" : ",");
		wd_wr_text(&wr, "{\"claim\":\"config_id\",\"in\":[");
		for (unsigned i = 0; i < 256; i++)
			wd_wr_printf(&wr, "%s\"%0128x\"", i == 0 ? "" : ",", i);
		wd_wr_text(&wr, "]}");
	}
	wd_wr_text(&wr, "]}");
	wd_wr_u8(&wr, 0);
	t_ok(wd_wr_end(&wr));
	assert_int_equal(
	    t_refused((const char *)wd_wr_span(&wr).p), WD_R_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tee_must_be_the_policys),
		cmocka_unit_test(a_status_is_asked_for_where_there_is_one),
		cmocka_unit_test(software_needs_accept_software),
		cmocka_unit_test(debug_needs_allow_debug),
		cmocka_unit_test(tcb_statuses_are_those_listed),
		cmocka_unit_test(rejected_advisories_deny),
		cmocka_unit_test(the_window_includes_both_ends),
		cmocka_unit_test(leases_end_with_the_window),
		cmocka_unit_test(every_claim_can_accept_and_deny),
		cmocka_unit_test(
		    security_versions_are_compared_component_by_component),
		cmocka_unit_test(clients_are_judged_by_their_certificate),
		cmocka_unit_test(what_is_not_understood_is_refused),
		cmocka_unit_test(the_place_of_an_error_is_named),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(clauses_and_values_are_bounded),
		cmocka_unit_test(a_policy_too_large_to_travel_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
