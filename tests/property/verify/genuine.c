#include "verify/genuine.h"

#include "lib/t.h"

#include "base/clock.h"
#include "crypto/init.h"

static struct t_genuine the = { .tee = WD_TEE_SGX };
static uint16_t version = 3;

void
t_genuine_of(enum wd_tee tee, uint16_t v)
{
	the.tee = tee;
	version = v;
}

struct wd_bytes *
t_genuine_quote(uint8_t what, uint16_t qe_isv_svn)
{
	const struct wd_swtee_quote sgx = { .report_data = { 1, 2, 3 },
		.isv_svn = what,
		.qe_isv_svn = qe_isv_svn,
		.version = version };
	const struct wd_swtee_td td = { .report_data = { 1, 2, 3 },
		.rtmr = { { what } },
		.qe_isv_svn = qe_isv_svn,
		.version = version };
	struct wd_bytes *quote;

	if (the.tee == WD_TEE_TDX)
		t_ok(wd_swtee_td_quote(the.t, &td, &quote, NULL));
	else
		t_ok(wd_swtee_quote(the.t, &sgx, &quote, NULL));
	return quote;
}

static void
make(struct t_genuine *g)
{
	const struct wd_swtee_spec spec = { .made = T_NOW };
	const struct wd_swtee_collateral c = { .issued = T_NOW,
		.status = WD_TCB_SW_HARDENING,
		.advisories = "INTEL-SA-00001" };

	t_ok(wd_crypto_init(NULL));
	t_ok(wd_swtee_new(&spec, &g->t, NULL));
	t_ok(wd_swtee_collateral(g->t, &c, &g->docs, NULL));
	g->quote = t_genuine_quote(0, 0);
	t_ok(wd_swtee_anchor(g->t, &g->anchor));
	g->anchor.tee = g->tee;
	wd_swtee_docs_inputs(&g->docs, g->tee, &g->in);
	g->in.part[WD_IN_QUOTE] = wd_bytes_span(g->quote);
	g->rules.anchors = &g->anchor;
	g->rules.n_anchors = 1;
	t_ok(wd_verifier_new(&g->rules, &g->v));
	t_ok(t_verdict(g->v, &g->in, &g->claims));
}

struct t_genuine *
t_genuine(void)
{
	if (the.t == NULL)
		make(&the);
	return &the;
}

int
t_genuine_teardown(void **state)
{
	(void)state;
	wd_verifier_freep(&the.v);
	wd_bytes_freep(&the.quote);
	wd_swtee_docs_done(&the.docs);
	wd_swtee_freep(&the.t);
	return 0;
}

int
t_verdict(
    struct wd_verifier *v, const struct wd_inputs *in, struct wd_claims *ret)
{
	struct wd_claims claims = { .len = 0, .last = 77 };
	int r =
	    wd_appraise(v, the.tee, in, T_NOW, wd_span(NULL, 0), &claims, NULL);

	if (r != 0) {
		assert_int_equal(claims.len, 0);
		assert_int_equal(claims.last, 77);
	}
	*ret = claims;
	return r;
}

int
t_verdict_with(struct wd_verifier *v, enum wd_part part, struct wd_span bytes,
    struct wd_claims *ret)
{
	struct wd_inputs in = t_genuine()->in;

	in.part[part] = bytes;
	return t_verdict(v, &in, ret);
}

void
t_refused_or_same(int r, const struct wd_claims *c)
{
	assert_true(r >= 0);
	if (r == 0)
		t_span_equal(
		    wd_claims_flat(c), wd_claims_flat(&t_genuine()->claims));
}

/* xorshift32 */
uint32_t
t_random(void)
{
	static uint32_t x = 2463534242U;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}
