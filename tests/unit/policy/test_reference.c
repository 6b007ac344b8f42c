/*
 * Sets of reference values and the policies that name them. A set that cannot
 * be used must never let anything through, by a clause or by the negation of
 * one.
 */
#include "fixture.h"

#include "base/alloc.h"
#include "crypto/init.h"
#include "policy/parse_reference.h"

#define H4 "4444444444444444444444444444444444444444444444444444444444444444"
#define H7 "7777777777777777777777777777777777777777777777777777777777777777"
#define H9 "9999999999999999999999999999999999999999999999999999999999999999"
#define H7_384 H7 "77777777777777777777777777777777"

/* Values as a set called "web" has them. */
#define SET(values) "{\"name\":\"web\",\"values\":{" values "}}"
#define SGX(clauses) "{\"warder\":1,\"tee\":\"sgx\",\"all\":[" clauses "]}"
#define TPM(clauses) "{\"warder\":1,\"tee\":\"tpm\",\"all\":[" clauses "]}"
#define WEB(claim) "{\"claim\":\"" claim "\",\"reference\":\"web\"}"

static const char *const sets[] = {
	"{\"name\":\"web-1.4\",\"description\":\"what Jos\xc3\xa9 built\","
	"\"expires\":\"2027-01-01T00:00:00Z\",\"values\":{\"pcrs\":{\"sha384\":"
	"{\"7\":[\"" H7_384 "\"]},\"sha256\":{\"7\":[\"" H7 "\"],\"11\":[\"" H9
	"\",\"" H7 "\"],\"4\":[\"" H4 "\"]}},\"isv_prod_id\":[5,1],"
	"\"mr_td\":[\"" T32 T16 "\"],\"reported_tcb.snp\":[7],"
	"\"gpus.chips\":[\"a\",\"b\"],\"tcb_date\":[\"2025-07-01T00:00:00Z\"],"
	"\"pck_ca\":[\"platform\"],\"rtmr1\":[\"" F32 F16 "\"]}}",
	"{\"name\":\"0\",\"values\":{\"mrenclave\":[\"" T32 "\"]}}",
	"{\"name\":\"r\",\"values\":{\"pcrs\":{\"sha1\":{\"0\":["
	"\"00112233445566778899aabbccddeeff00112233\"]}}}}",
};

static struct wd_reference *
parse(const char *json)
{
	struct wd_reference *x = NULL;
	struct wd_diag d = { 0 };
	int r = wd_reference_parse(wd_span_text(json), &d, &x);

	if (r != 0)
		fail_msg("%d %s\n%s", r, d.detail, json);
	t_ok(wd_reference_version(x));
	return x;
}

static void
text_of(const struct wd_reference *x, struct wd_wr *wr)
{
	struct wd_jtext j = wd_jtext(wr);

	wd_reference_text(x, &j);
	t_ok(wd_wr_end(wr));
}

static void
sets_survive_the_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(sets); i++) {
		WD_AUTO(wd_reference_freep)
		struct wd_reference *x = parse(sets[i]);
		WD_AUTO(wd_reference_freep) struct wd_reference *again = NULL;
		WD_AUTO(wd_reference_freep) struct wd_reference *third = NULL;
		WD_AUTO(wd_wr_done)
		struct wd_wr wr = wd_wr_growing(WD_REFERENCE_TEXT_MAX);

		t_ok(wd_reference_adopt(wd_reference_flat(x), NULL, &again));
		text_of(again, &wr);
		t_ok(wd_reference_parse(wd_wr_span(&wr), NULL, &third));
		t_ok(wd_reference_version(third));
		t_span_equal(wd_reference_flat(x), wd_reference_flat(third));
		t_span_equal(WD_SPAN(x->version), WD_SPAN(third->version));
	}
}

/* Equal texts mean equal sets, whatever order they were written in. */
static void
the_text_is_canonical(void **state)
{
	static const char want[] =
	    "{\"description\":\"what Jos\xc3\xa9 built\","
	    "\"expires\":\"2027-01-01T00:00:00Z\",\"name\":\"web-1.4\","
	    "\"values\":{\"gpus.chips\":[\"a\",\"b\"],\"isv_prod_id\":[5,1],"
	    "\"mr_td\":[\"" T32 T16 "\"],\"pck_ca\":[\"platform\"],"
	    "\"pcrs\":{\"sha256\":{\"11\":[\"" H9 "\",\"" H7 "\"],\"4\":["
	    "\"" H4 "\"],\"7\":[\"" H7 "\"]},\"sha384\":{\"7\":[\"" H7_384
	    "\"]}},\"reported_tcb.snp\":[7],\"rtmr1\":[\"" F32 F16 "\"],"
	    "\"tcb_date\":[\"2025-07-01T00:00:00Z\"]}}";
	WD_AUTO(wd_reference_freep) struct wd_reference *x = parse(sets[0]);
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *canonical = NULL;
	WD_AUTO(wd_wr_done)
	struct wd_wr wr = wd_wr_growing(WD_REFERENCE_TEXT_MAX);

	(void)state;
	text_of(x, &wr);
	t_span_equal(wd_wr_span(&wr), WD_SPAN_LIT(want));
	t_ok(wd_json_parse(wd_span_text(sets[0]), NULL, &doc));
	t_ok(wd_json_canonical(wd_json_root(doc), &canonical));
	t_span_equal(wd_wr_span(&wr), wd_bytes_span(canonical));
}

static void
any_change_is_another_version(void **state)
{
	WD_AUTO(wd_reference_freep)
	struct wd_reference *a = parse(SET("\"isv_prod_id\":[1]"));
	WD_AUTO(wd_reference_freep)
	struct wd_reference *b = parse(SET("\"isv_prod_id\":[2]"));
	WD_AUTO(wd_reference_freep)
	struct wd_reference *c =
	    parse("{\"expires\":\"2027-01-01T00:00:00Z\",\"name\":\"web\","
		  "\"values\":{\"isv_prod_id\":[1]}}");

	(void)state;
	assert_false(wd_span_equal(WD_SPAN(a->version), WD_SPAN(b->version)));
	assert_false(wd_span_equal(WD_SPAN(a->version), WD_SPAN(c->version)));
}

struct refusal {
	const char *json;
	int want;
};

static void
what_is_no_set_is_refused(void **state)
{
	static const struct refusal rows[] = {
		{ "[]", WD_R_MALFORMED },
		{ "{\"values\":{\"isv_svn\":[1]}}", WD_R_MALFORMED },
		{ "{\"name\":\"web\"}", WD_R_MALFORMED },
		{ "{\"name\":\"\",\"values\":{\"isv_svn\":[1]}}",
		    WD_R_MALFORMED },
		{ "{\"name\":\".web\",\"values\":{\"isv_svn\":[1]}}",
		    WD_R_MALFORMED },
		{ "{\"name\":\"a b\",\"values\":{\"isv_svn\":[1]}}",
		    WD_R_MALFORMED },
		{ "{\"name\":\"a/b\",\"values\":{\"isv_svn\":[1]}}",
		    WD_R_MALFORMED },
		{ "{\"name\":\"" T32 "1\",\"values\":{\"isv_svn\":[1]}}",
		    WD_R_RANGE },
		{ "{\"name\":1,\"values\":{\"isv_svn\":[1]}}", WD_R_MALFORMED },
		{ "{\"name\":\"web\",\"version\":1,\"values\":{\"isv_svn\":["
		  "1]}}",
		    WD_R_UNKNOWN_MEMBER },
		{ "{\"name\":\"web\",\"description\":\"a\\nb\",\"values\":{"
		  "\"isv_svn\":[1]}}",
		    WD_R_MALFORMED },
		{ "{\"name\":\"web\",\"expires\":\"tomorrow\",\"values\":{"
		  "\"isv_svn\":[1]}}",
		    WD_R_MALFORMED },
		{ "{\"name\":\"web\",\"name\":\"web\",\"values\":{"
		  "\"isv_svn\":[1]}}",
		    WD_R_MALFORMED },
		{ SET(""), WD_R_MALFORMED },
		{ SET("\"isv_svn\":[]"), WD_R_MALFORMED },
		{ SET("\"isv_svn\":1"), WD_R_MALFORMED },
		{ SET("\"isv_svn\":[\"1\"]"), WD_R_MALFORMED },
		{ SET("\"isv_svn\":[1.0]"), WD_R_MALFORMED },
		{ SET("\"isv_svn\":[65536]"), WD_R_RANGE },
		{ SET("\"isv_svn\":[1,1]"), WD_R_MALFORMED },
		{ SET("\"isv_svn\":[1],\"isv_svn\":[2]"), WD_R_MALFORMED },
		{ SET("\"mrenclave\":[\"" T16 "\"]"), WD_R_MALFORMED },
		{ SET("\"mrenclave\":[\"" T32 "11\"]"), WD_R_MALFORMED },
		{ SET("\"mrenclave\":[\"" T32 "\",5]"), WD_R_MALFORMED },
		{ SET("\"\":[1]"), WD_R_UNKNOWN_MEMBER },
		{ SET("\"nothing\":[1]"), WD_R_UNKNOWN_MEMBER },
		{ SET("\"tee\":[\"sgx\"]"), WD_R_UNKNOWN_MEMBER },
		{ SET("\"software\":[true]"), WD_R_UNKNOWN_MEMBER },
		{ SET("\"smt_enabled\":[true]"), WD_R_MALFORMED },
		{ SET("\"pcr.7\":[\"" H7 "\"]"), WD_R_UNKNOWN_MEMBER },
		{ SET("\"pcrs\":[\"" H7 "\"]"), WD_R_MALFORMED },
		{ SET("\"pcrs\":{}"), WD_R_MALFORMED },
		{ SET("\"pcrs\":{\"sha256\":{}}"), WD_R_MALFORMED },
		{ SET("\"pcrs\":{\"sha256\":[\"" H7 "\"]}"), WD_R_MALFORMED },
		{ SET("\"pcrs\":{\"md5\":{\"7\":[\"" T16 "\"]}}"),
		    WD_R_UNKNOWN_MEMBER },
		{ SET("\"pcrs\":{\"sha256\":{\"24\":[\"" H7 "\"]}}"),
		    WD_R_UNKNOWN_MEMBER },
		{ SET("\"pcrs\":{\"sha256\":{\"07\":[\"" H7 "\"]}}"),
		    WD_R_UNKNOWN_MEMBER },
		{ SET("\"pcrs\":{\"sha256\":{\"\":[\"" H7 "\"]}}"),
		    WD_R_UNKNOWN_MEMBER },
		{ SET("\"pcrs\":{\"sha384\":{\"7\":[\"" H7 "\"]}}"),
		    WD_R_MALFORMED },
		{ SET("\"pcrs\":{\"sha256\":{\"7\":[\"" H7_384 "\"]}}"),
		    WD_R_MALFORMED },
		{ SET("\"pcrs\":{\"sha256\":{\"7\":[\"" H7 "\",\"" H7 "\"]}}"),
		    WD_R_MALFORMED },
		{ SET("\"pcrs\":{\"sha256\":{\"7\":\"" H7 "\"}}"),
		    WD_R_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_reference *x = NULL;
		struct wd_diag d = { 0 };
		int r = wd_reference_parse(wd_span_text(rows[i].json), &d, &x);

		if (r != rows[i].want || d.result != r || x != NULL)
			fail_msg("%s: %d %s", rows[i].json, r, d.detail);
	}
}

/* A set of one claim with N values. */
static int
parse_many(size_t n)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1 << 20);
	WD_AUTO(wd_reference_freep) struct wd_reference *x = NULL;

	wd_wr_text(&wr, "{\"name\":\"web\",\"values\":{\"isv_svn\":[");
	for (size_t i = 0; i < n; i++)
		wd_wr_printf(&wr, "%s%zu", i > 0 ? "," : "", i);
	wd_wr_text(&wr, "]}}");
	t_ok(wd_wr_end(&wr));
	return wd_reference_parse(wd_wr_span(&wr), NULL, &x);
}

static void
a_set_is_bounded(void **state)
{
	struct wd_wr wr = wd_wr_growing(100000);
	struct wd_reference *x = NULL;

	(void)state;
	t_ok(parse_many(WD_REFERENCE_VALUES));
	assert_int_equal(parse_many(WD_REFERENCE_VALUES + 1), WD_R_RANGE);
	while (wr.len <= WD_REFERENCE_FLAT_MAX)
		wd_wr_u8(&wr, 0);
	assert_int_equal(
	    wd_reference_adopt(wd_wr_span(&wr), NULL, &x), WD_R_TOO_LARGE);
	assert_null(x);
	wd_wr_done(&wr);
}

/* ---- the flat form */

static bool
use(struct wd_span flat)
{
	WD_AUTO(wd_reference_freep) struct wd_reference *x = NULL;
	WD_AUTO(wd_reference_freep) struct wd_reference *again = NULL;
	WD_AUTO(wd_wr_done)
	struct wd_wr wr = wd_wr_growing(WD_REFERENCE_TEXT_MAX);
	struct wd_diag d = { 0 };
	int r = wd_reference_adopt(flat, &d, &x);

	assert_int_equal(d.result, r);
	if (r != 0) {
		assert_int_equal(r, WD_R_MALFORMED);
		return false;
	}
	text_of(x, &wr);
	t_ok(wd_reference_parse(wd_wr_span(&wr), NULL, &again));
	t_span_equal(wd_reference_flat(again), flat);
	return true;
}

static void
one_set_has_one_flat_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(sets); i++) {
		WD_AUTO(wd_reference_freep)
		struct wd_reference *x = parse(sets[i]);
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *b = wd_bytes_copy(wd_reference_flat(x));
		size_t usable = 0;

		assert_non_null(b);
		for (size_t n = 0; n < b->len; n++)
			usable += use(wd_span(b->p, n));
		assert_true(usable < x->n_rows);
		for (size_t bit = 0; bit < 8 * b->len; bit++) {
			b->p[bit / 8] ^= (uint8_t)(1U << bit % 8);
			(void)use(wd_bytes_span(b)); /* either is right */
			b->p[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
	}
}

static void
put_one(struct wd_wr *wr, unsigned claim, uint8_t bank, struct wd_span value)
{
	wd_reference_put_row(wr, (enum wd_claim)claim, bank, 1);
	wd_policy_put_value(wr, value);
}

static int
adopt_rows(unsigned first, uint8_t bank, unsigned second, uint8_t bank2)
{
	static const uint8_t byte[64] = { 5 };
	struct wd_wr wr = wd_wr_growing(1000);
	struct wd_reference *x = NULL;
	int r;

	wd_reference_put_head(&wr, WD_SPAN_LIT("web"), wd_span("", 0), 0);
	put_one(&wr, first, bank, wd_span(byte, bank == 0 ? 8 : 32));
	if (second != 0)
		put_one(&wr, second, bank2, wd_span(byte, bank2 == 0 ? 8 : 32));
	r = wd_reference_adopt(wd_wr_span(&wr), NULL, &x);
	wd_wr_done(&wr);
	x = wd_reference_free(x);
	return r;
}

static void
rows_stand_in_their_order_once(void **state)
{
	static const struct {
		unsigned first, second;
		uint8_t bank, bank2;
	} bad[] = {
		{ WD_C_ISVSVN, WD_C_ISVSVN, 0, 0 },
		{ WD_C_ISVSVN, WD_C_ISVPRODID, 0, 0 },
		{ WD_C_PCR7, WD_C_ISVSVN, 2, 0 },
		{ WD_C_PCR7, WD_C_PCR4, 2, 2 },
		{ WD_C_PCR2, WD_C_PCR11, 2, 2 },
		{ WD_C_PCR4, WD_C_PCR4, 2, 2 },
		{ WD_C_PCR4, WD_C_PCR4, 2, 1 },
		{ WD_C_PCR4, 0, 0, 0 },
		{ WD_C_PCR4, 0, 5, 0 },
		{ WD_C_PCR4, 0, 3, 0 },
		{ WD_C_ISVSVN, 0, 2, 0 },
		{ WD_C_SMT_ENABLED, 0, 0, 0 },
		{ WD_C_TEE, 0, 0, 0 },
		{ 255, 0, 0, 0 },
	};

	(void)state;
	t_ok(adopt_rows(WD_C_ISVPRODID, 0, WD_C_ISVSVN, 0));
	t_ok(adopt_rows(WD_C_ISVSVN, 0, WD_C_PCR4, 2));
	t_ok(adopt_rows(WD_C_PCR11, 2, WD_C_PCR2, 2));
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(adopt_rows(bad[i].first, bad[i].bank,
				     bad[i].second, bad[i].bank2),
		    WD_R_MALFORMED);
}

static void
every_failed_allocation_is_a_fault(void **state)
{
	bool fired = true;

	(void)state;
	for (uint64_t k = 1; fired; k++) {
		struct wd_reference *x = NULL;
		struct wd_diag d = { 0 };
		int r;

		(void)wd_alloc_fail_at(k);
		r = wd_reference_parse(wd_span_text(sets[0]), &d, &x);
		fired = wd_alloc_fail_at(0) != 0;
		assert_int_equal(r, fired ? WD_F_MEMORY : 0);
		assert_int_equal(d.result, r);
		assert_true((x != NULL) == (r == 0));
		x = wd_reference_free(x);
	}
}

/* ---- policies that name sets */

static void
policies_that_name_sets_survive_the_round_trip(void **state)
{
	static const char json[] =
	    "{\"accept_software\":false,\"all\":[{\"claim\":\"mrenclave\","
	    "\"reference\":\"web-1.4\"},{\"any\":[{\"claim\":\"pcrs\","
	    "\"reference\":\"boot\"},{\"claim\":\"isv_prod_id\","
	    "\"reference\":\"web-1.4\"}]}],\"allow_debug\":false,"
	    "\"lease_seconds\":600,\"tcb_statuses\":[\"UpToDate\"],"
	    "\"tee\":\"sgx\",\"warder\":1}";
	WD_AUTO(wd_policy_freep) struct wd_policy *p = t_parse(json);
	WD_AUTO(wd_policy_freep) struct wd_policy *again = NULL;
	WD_AUTO(wd_wr_done)
	struct wd_wr wr = wd_wr_growing(WD_POLICY_TEXT_MAX);

	(void)state;
	wd_policy_text(p, &wr);
	t_ok(wd_wr_end(&wr));
	t_span_equal(wd_wr_span(&wr), WD_SPAN_LIT(json));
	t_ok(wd_policy_adopt(wd_policy_flat(p), NULL, &again));
	assert_int_equal(again->n_sets, 2);
	t_span_equal(again->sets[0].name, WD_SPAN_LIT("web-1.4"));
	t_span_equal(again->sets[1].name, WD_SPAN_LIT("boot"));
	assert_int_equal(again->clauses[0].set, 0);
	assert_int_equal(again->clauses[2].set, 1);
	assert_int_equal(again->clauses[3].set, 0);
}

static void
what_no_set_can_say_is_refused_in_a_policy(void **state)
{
	static const char *const bad[] = {
		SGX("{\"claim\":\"mrenclave\",\"reference\":\"\"}"),
		SGX("{\"claim\":\"mrenclave\",\"reference\":\"a b\"}"),
		SGX("{\"claim\":\"mrenclave\",\"reference\":\"../x\"}"),
		SGX("{\"claim\":\"mrenclave\",\"reference\":5}"),
		SGX("{\"claim\":\"mrenclave\",\"reference\":[\"web\"]}"),
		SGX("{\"claim\":\"mrenclave\",\"reference\":\"" T32 "1\"}"),
		SGX("{\"claim\":\"smt_enabled\",\"reference\":\"web\"}"),
		SGX("{\"claim\":\"tee\",\"reference\":\"web\"}"),
		SGX("{\"claim\":\"pcrs\",\"in\":[\"" H7 "\"]}"),
		SGX("{\"claim\":\"pcrs\",\"eq\":\"" H7 "\"}"),
		SGX("{\"client\":\"cn\",\"reference\":\"web\"}"),
	};

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		if (t_refused(bad[i]) != WD_R_MALFORMED)
			fail_msg("%s: %d", bad[i], t_refused(bad[i]));
	assert_int_equal(t_refused(SGX("{\"claim\":\"mrenclave\",\"in\":"
				       "[\"" T32 "\"],\"reference\":\"web\"}")),
	    WD_R_UNKNOWN_MEMBER);
}

/* A policy that names N sets. */
static int
parse_naming(size_t n)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(100000);
	WD_AUTO(wd_policy_freep) struct wd_policy *p = NULL;

	wd_wr_text(
	    &wr, "{\"warder\":1,\"tee\":\"sgx\",\"all\":[" WEB("mrsigner"));
	for (size_t i = 0; i + 1 < n; i++)
		wd_wr_printf(
		    &wr, ",{\"claim\":\"isv_svn\",\"reference\":\"s%zu\"}", i);
	wd_wr_text(&wr, "," WEB("isv_svn") "]}");
	t_ok(wd_wr_end(&wr));
	return wd_policy_parse(wd_wr_span(&wr), NULL, &p);
}

static void
a_policy_names_so_many_sets(void **state)
{
	(void)state;
	t_ok(parse_naming(WD_POLICY_SETS));
	assert_int_equal(parse_naming(WD_POLICY_SETS + 1), WD_R_MALFORMED);
}

/* ---- evaluation */

static struct wd_policy_trace trace;

static void
tpm_evidence(struct wd_claims *c, const char *bank, bool with_seven)
{
	uint8_t four[32], seven[32];

	for (size_t i = 0; i < sizeof(four); i++) {
		four[i] = 0x44;
		seven[i] = 0x77;
	}
	*c = (struct wd_claims){ 0 };
	t_ok(wd_claims_put_text(c, WD_C_TEE, "tpm"));
	t_ok(wd_claims_put_bool(c, WD_C_SOFTWARE, false));
	t_ok(wd_claims_put_text(c, WD_C_PCR_BANK, bank));
	t_ok(wd_claims_put_text(c, WD_C_AK_TRUST, "chain"));
	t_ok(wd_claims_put(c, WD_C_PCR4, WD_SPAN(four)));
	if (with_seven)
		t_ok(wd_claims_put(c, WD_C_PCR7, WD_SPAN(seven)));
}

/* What CLAIMS get from a policy that is linked to SET (NULL: to none). */
static int
judge_claims(const char *policy, const char *set,
    const struct wd_claims *claims, int64_t now)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = t_parse(policy);
	WD_AUTO(wd_reference_freep)
	struct wd_reference *x = set == NULL ? NULL : parse(set);
	int r;

	for (size_t i = 0; i < p->n_sets; i++)
		p->sets[i].set = x;
	r = wd_policy_eval(p, claims, NULL, now, NULL);
	assert_int_equal(wd_policy_eval(p, claims, NULL, now, &trace), r);
	return r;
}

static int
judge(const char *policy, const char *set)
{
	struct wd_claims claims;

	t_claims(&claims, NULL);
	return judge_claims(policy, set, &claims, t_now);
}

static int
judge_tpm(const char *policy, const char *set)
{
	struct wd_claims claims;

	tpm_evidence(&claims, "sha256", true);
	return judge_claims(policy, set, &claims, t_now);
}

static void
a_value_of_the_set_is_accepted_and_no_other(void **state)
{
	static const struct {
		const char *claim, *set;
		int want;
	} rows[] = {
		{ SGX(WEB("mrenclave")),
		    SET("\"mrenclave\":[\"" F32 "\",\"" T32 "\"]"), 0 },
		{ SGX(WEB("mrenclave")), SET("\"mrenclave\":[\"" F32 "\"]"),
		    WD_R_MEASUREMENT_MISMATCH },
		{ SGX(WEB("mrsigner")), SET("\"mrsigner\":[\"" F32 "\"]"),
		    WD_R_SIGNER_MISMATCH },
		{ SGX(WEB("isv_prod_id")), SET("\"isv_prod_id\":[4,5]"), 0 },
		{ SGX(WEB("isv_prod_id")), SET("\"isv_prod_id\":[4,6]"),
		    WD_R_ISV_PRODUCT_MISMATCH },
		{ SGX(WEB("pck_ca")), SET("\"pck_ca\":[\"UpToDate\"]"), 0 },
		{ SGX(WEB("pck_ca")), SET("\"pck_ca\":[\"UpToDat\"]"),
		    WD_R_POLICY_CLAUSE },
		{ SGX(WEB("tcb_date")),
		    SET("\"tcb_date\":[\"2025-07-01T00:00:00Z\"]"), 0 },
		{ SGX(WEB("gpus.chips")),
		    SET("\"gpus.chips\":[\"x\",\"INTEL-SA-00001\"]"), 0 },
		{ SGX(WEB("gpus.chips")), SET("\"gpus.chips\":[\"x\"]"),
		    WD_R_POLICY_CLAUSE },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++)
		if (judge(rows[i].claim, rows[i].set) != rows[i].want)
			fail_msg("%s %s: %d", rows[i].claim, rows[i].set,
			    judge(rows[i].claim, rows[i].set));
}

/* Neither a clause nor its negation, whatever is wrong with the set. */
static void
a_set_that_cannot_be_used_is_unknown(void **state)
{
	static const char clause[] = SGX(WEB("mrenclave"));
	static const char negated[] = SGX("{\"not\":" WEB("mrenclave") "}");
	static const char other[] = SET("\"mrsigner\":[\"" T32 "\"]");
	static const char ended[] =
	    "{\"name\":\"web\",\"expires\":\"2025-06-30T23:59:59Z\","
	    "\"values\":{\"mrenclave\":[\"" T32 "\",\"" F32 "\"]}}";
	static const char either[] =
	    SGX("{\"any\":[" WEB("mrenclave") ",{\"claim\":\"isv_svn\","
					      "\"ge\":5}]}");

	(void)state;
	assert_int_equal(judge(clause, NULL), WD_R_REFERENCE_MISSING);
	assert_int_equal(judge(clause, other), WD_R_REFERENCE_MISSING);
	assert_int_equal(judge(clause, ended), WD_R_REFERENCE_EXPIRED);
	assert_int_equal(judge(negated, NULL), WD_R_POLICY_CLAUSE);
	assert_int_equal(judge(negated, other), WD_R_POLICY_CLAUSE);
	assert_int_equal(judge(negated, ended), WD_R_POLICY_CLAUSE);
	assert_int_equal(judge(either, ended), 0);
	assert_int_equal(judge(negated, SET("\"mrenclave\":[\"" F32 "\"]")), 0);
}

static void
a_set_may_be_used_up_to_its_last_second(void **state)
{
	static const char set[] =
	    "{\"name\":\"web\",\"expires\":\"2025-07-01T00:00:00Z\","
	    "\"values\":{\"mrenclave\":[\"" T32 "\"]}}";
	struct wd_claims claims;

	(void)state;
	t_claims(&claims, NULL);
	t_ok(judge_claims(SGX(WEB("mrenclave")), set, &claims, t_now));
	assert_int_equal(
	    judge_claims(SGX(WEB("mrenclave")), set, &claims, t_now + 1),
	    WD_R_REFERENCE_EXPIRED);
}

static void
a_claim_that_is_absent_stays_so(void **state)
{
	struct wd_claims none = { 0 };

	(void)state;
	t_ok(wd_claims_put_text(&none, WD_C_TEE, "tpm"));
	t_ok(wd_claims_put_bool(&none, WD_C_SOFTWARE, false));
	t_ok(wd_claims_put_text(&none, WD_C_AK_TRUST, "chain"));
	assert_int_equal(judge_claims(TPM(WEB("mrenclave")),
			     SET("\"mrenclave\":[\"" T32 "\"]"), &none, t_now),
	    WD_R_MEASUREMENT_MISMATCH);
	assert_int_equal(judge_claims(TPM("{\"not\":" WEB("pcrs") "}"),
			     SET("\"pcrs\":{\"sha256\":{\"4\":[\"" H7 "\"]}}"),
			     &none, t_now),
	    WD_R_POLICY_CLAUSE);
}

static void
every_register_of_the_set_counts(void **state)
{
	static const struct {
		const char *set;
		int want;
	} rows[] = {
		{ SET("\"pcrs\":{\"sha256\":{\"4\":[\"" H4 "\"]}}"), 0 },
		{ SET("\"pcrs\":{\"sha256\":{\"4\":[\"" H4 "\"],\"7\":[\"" H9
		      "\",\"" H7 "\"]}}"),
		    0 },
		{ SET("\"pcrs\":{\"sha256\":{\"4\":[\"" H4 "\"],\"7\":[\"" H9
		      "\"]}}"),
		    WD_R_MEASUREMENT_MISMATCH },
		{ SET("\"pcrs\":{\"sha256\":{\"4\":[\"" H7 "\"],\"7\":[\"" H7
		      "\"]}}"),
		    WD_R_MEASUREMENT_MISMATCH },
		/* one that was not quoted */
		{ SET("\"pcrs\":{\"sha256\":{\"4\":[\"" H4 "\"],\"9\":[\"" H9
		      "\"]}}"),
		    WD_R_MEASUREMENT_MISMATCH },
		/* another bank, and no registers at all */
		{ SET("\"pcrs\":{\"sha384\":{\"7\":[\"" H7_384 "\"]}}"),
		    WD_R_REFERENCE_MISSING },
		{ SET("\"isv_svn\":[1]"), WD_R_REFERENCE_MISSING },
		/* both: the bank of the quote decides */
		{ SET("\"pcrs\":{\"sha256\":{\"4\":[\"" H4
		      "\"]},\"sha384\":{\"7\":[\"" H7_384 "\"]}}"),
		    0 },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++)
		if (judge_tpm(TPM(WEB("pcrs")), rows[i].set) != rows[i].want)
			fail_msg("%s: %d", rows[i].set,
			    judge_tpm(TPM(WEB("pcrs")), rows[i].set));
	assert_int_equal(judge_tpm(TPM(WEB("pcr.7")), rows[1].set), 0);
	assert_int_equal(judge_tpm(TPM(WEB("pcr.7")), rows[2].set),
	    WD_R_MEASUREMENT_MISMATCH);
	assert_int_equal(
	    judge_tpm(TPM(WEB("pcr.7")), rows[0].set), WD_R_REFERENCE_MISSING);
}

/* Unknown, so no negation of it holds either; a wrong one makes it false. */
static void
a_register_that_was_not_quoted_is_unknown(void **state)
{
	static const char negated[] = TPM("{\"not\":" WEB("pcrs") "}");

	(void)state;
	assert_int_equal(judge_tpm(negated,
			     SET("\"pcrs\":{\"sha256\":{\"9\":[\"" H9 "\"]}}")),
	    WD_R_POLICY_CLAUSE);
	assert_int_equal(judge_tpm(negated,
			     SET("\"pcrs\":{\"sha256\":{\"4\":[\"" H9
				 "\"],\"9\":[\"" H9 "\"]}}")),
	    0);
}

/* What is not a bank of ours, whatever the evidence calls it. */
static void
a_bank_of_no_name_fits_nothing(void **state)
{
	struct wd_claims claims;

	(void)state;
	tpm_evidence(&claims, "sha3_256", true);
	assert_int_equal(judge_claims(TPM(WEB("pcrs")),
			     SET("\"pcrs\":{\"sha256\":{\"4\":[\"" H4 "\"]}}"),
			     &claims, t_now),
	    WD_R_REFERENCE_MISSING);
	assert_int_equal(judge_claims(TPM(WEB("pcr.4")),
			     SET("\"pcrs\":{\"sha256\":{\"4\":[\"" H4 "\"]}}"),
			     &claims, t_now),
	    WD_R_REFERENCE_MISSING);
	assert_int_equal(judge_claims(TPM(WEB("pcr.4")), SET("\"isv_svn\":[1]"),
			     &claims, t_now),
	    WD_R_REFERENCE_MISSING);
}

/* Keys that a set lists are pinned as keys in the policy itself are. */
static void
a_set_may_pin_attestation_keys(void **state)
{
	struct wd_claims c = { 0 };

	(void)state;
	t_ok(wd_claims_put_text(&c, WD_C_TEE, "tpm"));
	t_ok(wd_claims_put_bool(&c, WD_C_SOFTWARE, false));
	t_ok(wd_claims_put(&c, WD_C_AK_NAME, WD_SPAN_LIT("\x01\x02")));
	t_ok(wd_claims_put_text(&c, WD_C_AK_TRUST, "none"));
	t_ok(judge_claims(
	    TPM(WEB("ak_name")), SET("\"ak_name\":[\"0102\"]"), &c, t_now));
	assert_int_equal(judge_claims(TPM(WEB("ak_name")),
			     SET("\"ak_name\":[\"0103\"]"), &c, t_now),
	    WD_R_AK_NOT_TRUSTED);
	assert_int_equal(judge_claims(TPM(WEB("ak_name")), NULL, &c, t_now),
	    WD_R_REFERENCE_MISSING);
}

/* ---- how it is told */

static const struct wd_trace_row *
row_called(const char *name)
{
	for (size_t i = 0; i < trace.n; i++)
		if (strcmp(trace.row[i].name, name) == 0)
			return &trace.row[i];
	fail_msg("no row %s", name);
	return NULL;
}

static void
assert_row(
    const char *name, const char *start, const char *end, const char *got)
{
	const struct wd_trace_row *row = row_called(name);
	size_t len = strlen(row->expected);

	if (strncmp(row->expected, start, strlen(start)) != 0 ||
	    len < strlen(end) ||
	    strcmp(row->expected + len - strlen(end), end) != 0 ||
	    strcmp(row->got, got) != 0)
		fail_msg("%s: %s; %s", name, row->expected, row->got);
}

static void
the_trace_names_set_and_version(void **state)
{
	WD_AUTO(wd_reference_freep)
	struct wd_reference *x = parse(SET("\"isv_prod_id\":[4,6]"));
	char start[64];

	(void)state;
	(void)snprintf(start, sizeof(start),
	    "reference web@%02x%02x%02x%02x%02x%02x%02x%02x: ", x->version[0],
	    x->version[1], x->version[2], x->version[3], x->version[4],
	    x->version[5], x->version[6], x->version[7]);
	(void)judge(SGX(WEB("isv_prod_id")), SET("\"isv_prod_id\":[4,6]"));
	assert_row("isv_prod_id", start, ": 4, 6", "5");
	(void)judge(SGX(WEB("isv_prod_id")), NULL);
	assert_row(
	    "isv_prod_id", "reference web: there is no such set", "", "5");
	(void)judge(SGX(WEB("isv_svn")), SET("\"isv_prod_id\":[4,6]"));
	assert_row("isv_svn", start, ": has no values for this", "5");
	assert_int_equal(row_called("isv_svn")->result, WD_ABSENT);
	(void)judge(SGX(WEB("isv_svn")),
	    "{\"name\":\"web\",\"expires\":\"2024-01-01T00:00:00Z\","
	    "\"values\":{\"isv_svn\":[5]}}");
	assert_row(
	    "isv_svn", "reference web@", ": expired 2024-01-01T00:00:00Z", "5");
}

static void
the_trace_names_the_register_that_decides(void **state)
{
	(void)state;
	(void)judge_tpm(TPM(WEB("pcrs")),
	    SET("\"pcrs\":{\"sha256\":{\"4\":[\"" H4 "\"],\"7\":[\"" H9
		"\"],\"9\":[\"" H9 "\"]}}"));
	assert_row("pcrs", "reference web@", ": sha256 4 7 9", "pcr.7 " H7);
	(void)judge_tpm(TPM(WEB("pcrs")),
	    SET("\"pcrs\":{\"sha256\":{\"4\":[\"" H4 "\"],\"9\":[\"" H9
		"\"]}}"));
	assert_row("pcrs", "reference web@", ": sha256 4 9", "pcr.9 absent");
	(void)judge_tpm(TPM(WEB("pcrs")),
	    SET("\"pcrs\":{\"sha256\":{\"4\":[\"" H4 "\"]}}"));
	assert_row("pcrs", "reference web@", ": sha256 4", "all of them");
	(void)judge_tpm(TPM(WEB("pcrs")), SET("\"isv_svn\":[1]"));
	assert_row(
	    "pcrs", "reference web@", ": has no values for this", "sha256");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_survive_the_round_trip),
		cmocka_unit_test(the_text_is_canonical),
		cmocka_unit_test(any_change_is_another_version),
		cmocka_unit_test(what_is_no_set_is_refused),
		cmocka_unit_test(a_set_is_bounded),
		cmocka_unit_test(one_set_has_one_flat_form),
		cmocka_unit_test(rows_stand_in_their_order_once),
		cmocka_unit_test(every_failed_allocation_is_a_fault),
		cmocka_unit_test(
		    policies_that_name_sets_survive_the_round_trip),
		cmocka_unit_test(what_no_set_can_say_is_refused_in_a_policy),
		cmocka_unit_test(a_policy_names_so_many_sets),
		cmocka_unit_test(a_value_of_the_set_is_accepted_and_no_other),
		cmocka_unit_test(a_set_that_cannot_be_used_is_unknown),
		cmocka_unit_test(a_set_may_be_used_up_to_its_last_second),
		cmocka_unit_test(a_claim_that_is_absent_stays_so),
		cmocka_unit_test(every_register_of_the_set_counts),
		cmocka_unit_test(a_register_that_was_not_quoted_is_unknown),
		cmocka_unit_test(a_bank_of_no_name_fits_nothing),
		cmocka_unit_test(a_set_may_pin_attestation_keys),
		cmocka_unit_test(the_trace_names_set_and_version),
		cmocka_unit_test(the_trace_names_the_register_that_decides),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
