/*
 * CCA tokens for the benchmark: of one software platform and realm, each with
 * another challenge. Two signatures each, the platform's and the realm's; what
 * they are measured against is one of the same kind over a message as long as
 * theirs.
 */
#include "bin/warder/bench.h"

#include "attest/arm.h"
#include "base/clock.h"
#include "crypto/sig.h"

enum { TOKENS = 64, SIGNATURES = 2, JWK = 512, MESSAGE = 512 };

struct cca {
	struct wd_arm arm;
	struct wd_bytes *token[TOKENS];
	char jwk[JWK];
	uint8_t sig[WD_SIG_MAX];
	size_t sig_len;
	struct wd_verifier *v;
	struct wd_inputs in;
	int64_t at;
	bool cold;
};

static const uint8_t message[MESSAGE];

static void
cca_done(struct cca *c)
{
	wd_verifier_freep(&c->v);
	for (size_t i = 0; i < TOKENS; i++)
		wd_bytes_freep(&c->token[i]);
	wd_arm_done(&c->arm);
}

static int
make_tokens(struct cca *c, struct wd_diag *d)
{
	uint8_t challenge[64] = { 0 };
	const struct wd_arm_token t = { .tee = WD_TEE_CCA,
		.challenge = WD_SPAN(challenge) };
	int r = wd_arm_open(NULL, &c->arm, d);

	for (size_t i = 0; i < TOKENS && r == 0; i++) {
		challenge[0] = (uint8_t)i;
		r = wd_arm_token(&c->arm, &t, &c->token[i], d);
	}
	return r;
}

static int
cca_open(struct cca *c, struct wd_diag *d)
{
	struct wd_anchor anchor;
	const struct wd_appraisal_rules rules = { .anchors = &anchor,
		.n_anchors = 1 };
	struct wd_wr wr = wd_wr_fixed(c->jwk, sizeof(c->jwk) - 1);
	int r = make_tokens(c, d);

	if (r != 0)
		return r;
	wd_arm_write_jwk(&wr, &c->arm, WD_TEE_CCA);
	if (wd_wr_end(&wr) != 0 ||
	    wd_arm_anchor(&c->arm, WD_TEE_CCA, &anchor) != 0 ||
	    wd_verifier_new(&rules, &c->v) != 0 ||
	    wd_sign(c->arm.cpak, WD_SIG_ES384, WD_SPAN(message), c->sig,
		&c->sig_len) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot make a verifier");
	c->in.part[WD_IN_CPAK] = wd_span_text(c->jwk);
	c->at = wd_time_now();
	return 0;
}

static int
judge(void *ctx, size_t i)
{
	struct cca *c = ctx;
	struct wd_claims claims;

	if (c->cold)
		wd_verifier_forget(c->v);
	c->in.part[WD_IN_TOKEN] = wd_bytes_span(c->token[i]);
	return wd_appraise(
	    c->v, WD_TEE_CCA, &c->in, c->at, wd_span(NULL, 0), &claims, NULL);
}

static int
sign_check(void *ctx, size_t i)
{
	const struct cca *c = ctx;

	(void)i;
	return wd_sig_verify(c->arm.cpak, WD_SIG_ES384, WD_SPAN(message),
	    wd_span(c->sig, c->sig_len));
}

int
bench_cca(
    const struct bench_how *how, struct bench_rates *ret, struct wd_diag *d)
{
	WD_AUTO(cca_done) struct cca c = { .cold = how->cold };
	const struct bench_work w = { &c, TOKENS, judge, sign_check,
		SIGNATURES };
	int r = cca_open(&c, d);

	return r != 0 ? r : bench_measure(&w, how, ret, d);
}
