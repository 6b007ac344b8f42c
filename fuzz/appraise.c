/*
 * Whole appraisals of every TEE, with signatures that fit and with signatures
 * that are taken as if they did. What a verifier remembers never shows, claims
 * come only with a 0, and without memory there is no other verdict.
 */
#include "fuzz.h"

#include "case.h"

#include "base/alloc.h"
#include "crypto/init.h"
#include "verify/claims_text.h"
#include "verify/collateral.h"

static struct wd_verifier *verifier;

static int
judge(const struct fuzz_case *c, const struct wd_inputs *in,
    struct wd_claims *ret)
{
	struct wd_diag d = { 0 };
	int r;

	*ret = (struct wd_claims){ .last = 77 };
	r = wd_appraise(verifier, c->tee, in, c->at, c->bound, ret, &d);
	must(r == 0 || (ret->len == 0 && ret->last == 77));
	must(r <= 0 || (d.result > 0 && d.detail[0] != 0));
	return r;
}

static void
look_at(const struct wd_claims *c)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *text = NULL;
	struct wd_claims again;

	fuzz_accepted = true;
	must(wd_claims_adopt(&again, wd_claims_flat(c)) == 0);
	must(wd_claims_text(c, &text) == 0);
	fuzz_touch(wd_bytes_span(text));
}

static void
same(const struct fuzz_case *c, const struct wd_inputs *in, int r,
    const struct wd_claims *claims)
{
	struct wd_claims again;

	must(judge(c, in, &again) == r);
	must(wd_span_equal(wd_claims_flat(&again), wd_claims_flat(claims)));
}

/* What is absent comes from the snapshot, where that has it. */
static int
complete(const struct fuzz_case *c, struct wd_inputs *ret)
{
	*ret = c->in;
	if (wd_snapshot_check(c->snapshot) != 0)
		return 0;
	return wd_snapshot_select(
	    verifier, c->snapshot, c->tee, c->at, ret, NULL);
}

/* The same with an allocation that fails: what is only kept for later may be
 * lost, anything else is a fault. */
static void
without_memory(const struct fuzz_case *c, int r, const struct wd_claims *claims)
{
	struct wd_claims again;
	struct wd_inputs in;
	int failed;

	wd_verifier_forget(verifier);
	(void)wd_alloc_fail_at(c->fail_at);
	failed = complete(c, &in);
	if (failed == 0)
		failed = judge(c, &in, &again);
	(void)wd_alloc_fail_at(0);
	must(failed < 0 || failed == r);
	if (failed == 0)
		must(wd_span_equal(
		    wd_claims_flat(&again), wd_claims_flat(claims)));
}

static void
all(const struct fuzz_case *c)
{
	struct wd_inputs in;
	struct wd_claims claims;
	int r;

	must(complete(c, &in) == 0);
	r = judge(c, &in, &claims);
	must(r >= 0);
	if (r == 0)
		look_at(&claims);
	same(c, &in, r, &claims);
	if (c->fail_at != 0)
		without_memory(c, r, &claims);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_case c;

	must(wd_crypto_init(NULL) == 0);
	if (!fuzz_case_read(wd_span(data, size), &c))
		return 0;
	if (c.rules.n_anchors == 0)
		c.rules.anchors = wd_anchor_vendors(&c.rules.n_anchors);
	fuzz_forgives = (c.options & FUZZ_FORGIVE) != 0;
	must(wd_verifier_new(&c.rules, &verifier) == 0);
	all(&c);
	wd_verifier_freep(&verifier);
	return 0;
}
