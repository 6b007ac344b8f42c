#include "vectors/cases.h"

#include "lib/t.h"

#include "base/alloc.h"
#include "crypto/init.h"
#include "sys/file.h"

#include <assert.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXPECTED_MAX = 1 << 20 };

static struct t_bases all;
static char pattern[2 * WD_FILE_PATH_MAX];
static bool full;

static struct wd_span
text_of(const struct wd_jval *v, const char *name)
{
	struct wd_span text = { 0 };

	if (!wd_jval_text(wd_jval_get(v, name), &text))
		fail_msg("%s: not a text", name);
	return text;
}

/* ---- which checks are of a case's own bytes */

static bool
is_of_own_bytes(const struct wd_jval *check)
{
	static const char *const changes[] = { "mutate", "override_inputs",
		"pcr_override", "pcr_remove" };

	for (size_t i = 0; i < WD_N(changes); i++)
		if (wd_jval_get(check, changes[i]) != NULL)
			return false;
	return true;
}

static bool
is_verified(const struct wd_jval *check)
{
	return wd_span_is(
	    text_of(wd_jval_get(check, "expect"), "verdict"), "verified");
}

static bool
is_intel(const struct t_base *b)
{
	return b->in.part[WD_IN_QUOTE].len > 2;
}

/* Quotes of one version, or the same bytes. */
static bool
is_same_kind(const struct t_base *a, const struct t_base *b)
{
	if (a->q.tee != b->q.tee)
		return false;
	if (is_intel(a) && is_intel(b))
		return a->in.part[WD_IN_QUOTE].p[0] ==
		    b->in.part[WD_IN_QUOTE].p[0];
	for (size_t i = 0; i < WD_IN_COUNT; i++)
		if (!wd_part_is_collateral((enum wd_part)i) &&
		    !wd_span_equal(a->in.part[i], b->in.part[i]))
			return false;
	return true;
}

/* ---- one base */

static void
read_input(struct t_base *b, const char *folder, struct wd_span role,
    struct wd_span file)
{
	struct wd_diag d = { 0 };
	char path[WD_FILE_PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%.*s", folder, (int)file.len,
	    (const char *)file.p);
	if (evidence_input(&b->q, role, path, &d) != 0)
		fail_msg("%s: %s", b->name, d.detail);
}

/* A case of quotes of both kinds: their header tells. */
static enum wd_tee
tee_of_quote(const char *folder, struct wd_span file)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *quote = NULL;
	char path[WD_FILE_PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%.*s", folder, (int)file.len,
	    (const char *)file.p);
	t_ok(wd_file_read(AT_FDCWD, path, 1 << 16, &quote, NULL));
	return quote->len > 4 && quote->p[0] >= 4 && quote->p[4] == 0x81
	    ? WD_TEE_TDX
	    : WD_TEE_SGX;
}

static void
read_inputs(struct t_base *b, const char *folder, const struct wd_jval *doc,
    const struct wd_jval *inputs)
{
	const struct wd_jval *log = wd_jval_get(doc, "event_log");
	struct wd_jwalk w = { 0 };
	struct wd_span file;

	while (wd_jval_walk(inputs, &w)) {
		assert_true(wd_jval_text(w.value, &file));
		read_input(b, folder, wd_span_text(w.name), file);
	}
	/* A TD's log lies beside its quote; checks name it only to change it.
	 */
	if (log != NULL && b->q.part[WD_IN_EVENT_LOG] == NULL)
		read_input(
		    b, folder, WD_SPAN_LIT("event_log"), text_of(log, "file"));
}

static void
take_views(struct t_base *b)
{
	for (size_t i = 0; i < WD_IN_COUNT; i++)
		b->in.part[i] = wd_bytes_span(b->q.part[i]);
	b->rules = b->q.rules.set;
	b->rules.anchors = b->q.rules.anchor;
	b->rules.n_anchors = b->q.rules.n_anchors;
	if (b->rules.n_anchors == 0)
		b->rules.anchors = wd_anchor_vendors(&b->rules.n_anchors);
}

static void
read_base(struct t_base *b, const char *folder, const struct wd_jval *doc,
    const struct wd_jval *check)
{
	const struct wd_jval *inputs = wd_jval_get(check, "inputs");
	const struct wd_jval *policy = wd_jval_get(check, "policy");
	struct wd_span tee = text_of(doc, "tee");

	if (inputs == NULL)
		inputs = wd_jval_get(doc, "inputs");
	if (inputs == NULL) /* the first check's serve all */
		inputs = wd_jval_get(
		    wd_jval_at(wd_jval_get(doc, "checks"), 0), "inputs");
	if (wd_span_is(tee, "sgx+tdx"))
		b->q.tee = tee_of_quote(folder, text_of(inputs, "quote"));
	else
		t_ok(evidence_tee(&b->q, tee, NULL));
	t_ok(evidence_at(&b->q, text_of(check, "time"), NULL));
	if (wd_jval_get(check, "nonce") != NULL)
		t_ok(evidence_nonce(&b->q, text_of(check, "nonce"), NULL));
	if (policy != NULL)
		t_ok(evidence_policy(&b->q, policy, NULL));
	read_inputs(b, folder, doc, inputs);
	take_views(b);
}

static void
base_done(struct t_base *b)
{
	wd_verifier_freep(&b->v);
	evidence_done(&b->q);
	*b = (struct t_base){ .verifies = false };
}

/* What it is recorded to be is what it is, before anything is changed. */
static void
open_base(struct t_base *b)
{
	int r;

	t_ok(wd_verifier_new(&b->rules, &b->v));
	r = t_base_judge(b, b->v, &b->in, &b->claims);
	if (b->verifies ? r != 0 : r <= 0)
		fail_msg("%s: the verdict is %d", b->name, r);
}

static void
add_base(
    const char *folder, const struct wd_jval *doc, const struct wd_jval *check)
{
	struct wd_span id = text_of(check, "id"), of = text_of(doc, "case");
	struct t_base *b = &all.base[all.n];

	assert_true(all.n < T_BASES_MAX);
	(void)snprintf(b->name, sizeof(b->name), "%.*s#%.*s", (int)of.len,
	    (const char *)of.p, (int)id.len, (const char *)id.p);
	b->verifies = is_verified(check);
	read_base(b, folder, doc, check);
	all.n++;
}

/* ---- cases */

static void
load_case(const char *folder, const struct wd_jval *doc)
{
	const struct wd_jval *checks = wd_jval_get(doc, "checks");
	size_t first = all.n;

	for (size_t i = 0; i < wd_jval_count(checks); i++) {
		const struct wd_jval *check = wd_jval_at(checks, i);
		bool known = false;

		if (!is_verified(check) || !is_of_own_bytes(check))
			continue;
		add_base(folder, doc, check);
		for (size_t k = first; k + 1 < all.n; k++)
			known |=
			    is_same_kind(&all.base[k], &all.base[all.n - 1]);
		if (known && !full)
			base_done(&all.base[--all.n]);
	}
	if (all.n == first)
		add_base(folder, doc, wd_jval_at(checks, 0));
	for (size_t i = first; i < all.n; i++)
		open_base(&all.base[i]);
}

static void
load_file(char *path)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *text = NULL;
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	struct wd_diag d = { 0 };

	if (wd_file_read(AT_FDCWD, path, EXPECTED_MAX, &text, &d) != 0 ||
	    wd_json_parse(wd_bytes_span(text), &d, &doc) != 0)
		fail_msg("%s: %s", path, d.detail);
	*strrchr(path, '/') = '\0';
	load_case(path, wd_json_root(doc));
}

int
t_bases_setup(void **state)
{
	glob_t found;

	(void)state;
	t_ok(wd_crypto_init(NULL));
	all.base = wd_alloc_array(T_BASES_MAX, sizeof(*all.base));
	assert_non_null(all.base);
	t_ok(glob(pattern, 0, NULL, &found));
	for (size_t i = 0; i < found.gl_pathc; i++)
		load_file(found.gl_pathv[i]);
	globfree(&found);
	return 0;
}

int
t_bases_teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < all.n; i++)
		base_done(&all.base[i]);
	all.base = wd_free(all.base);
	return 0;
}

bool
t_bases_find(int argc, char **argv)
{
	const char *root = getenv("WARDER_EVIDENCE");
	char beside[WD_FILE_PATH_MAX];

	assert(argc >= 3);
	(void)snprintf(
	    beside, sizeof(beside), "%s/../shared/evidence", argv[1]);
	if (root == NULL)
		root = beside;
	full = argc > 3 && strcmp(argv[3], "--full") == 0;
	(void)snprintf(
	    pattern, sizeof(pattern), "%s/%s/expected.json", root, argv[2]);
	if (access(root, R_OK) == 0)
		return true;
	(void)fprintf(stderr,
	    "SKIPPED: no evidence vectors at %s (set WARDER_EVIDENCE)\n", root);
	return false;
}

const struct t_bases *
t_bases(void)
{
	return &all;
}

bool
t_bases_full(void)
{
	return full;
}

int
t_base_judge(const struct t_base *b, struct wd_verifier *v,
    const struct wd_inputs *in, struct wd_claims *ret)
{
	struct wd_claims claims = { .len = SIZE_MAX };
	int r = wd_appraise(v, b->q.tee, in, b->q.at,
	    wd_span(b->q.nonce, b->q.nonce_len), &claims, NULL);

	if (r != 0)
		assert_true(claims.len == SIZE_MAX);
	*ret = claims;
	return r;
}
