/*
 * Making and judging tokens of one Arm platform.
 */
#include "verify/arm_world.h"

#include "lib/t.h"

void
t_arm_make(struct t_arm *t, enum wd_tee tee)
{
	struct wd_wr wr;

	*t = (struct t_arm){ .token = { .tee = tee } };
	t_ok(wd_arm_open(NULL, &t->arm, NULL));
	for (size_t i = 0; i < sizeof(t->challenge); i++)
		t->challenge[i] = (uint8_t)(i + 1);
	t->token.challenge = WD_SPAN(t->challenge);
	wr = wd_wr_fixed(t->jwk, sizeof(t->jwk) - 1);
	wd_arm_write_jwk(&wr, &t->arm, tee);
	t_ok(wd_wr_end(&wr));
	t_ok(wd_arm_anchor(&t->arm, tee, &t->anchor));
	t->rules = (struct wd_appraisal_rules){ .anchors = &t->anchor,
		.n_anchors = 1 };
}

void
t_arm_done(struct t_arm *t)
{
	wd_arm_done(&t->arm);
}

static void
add(struct t_arm *t, struct wd_arm_edit e)
{
	assert_true(t->token.n_edits < T_EDITS);
	t->edit[t->token.n_edits++] = e;
	t->token.edits = t->edit;
}

void
t_arm_set(struct t_arm *t, bool realm, int64_t key, struct wd_span value)
{
	add(t, (struct wd_arm_edit){ realm, key, WD_ARM_SET, value });
}

void
t_arm_drop(struct t_arm *t, bool realm, int64_t key)
{
	add(t,
	    (struct wd_arm_edit){
		.realm = realm, .key = key, .what = WD_ARM_DROP });
}

void
t_arm_twice(struct t_arm *t, bool realm, int64_t key)
{
	add(t,
	    (struct wd_arm_edit){
		.realm = realm, .key = key, .what = WD_ARM_TWICE });
}

void
t_arm_no_edits(struct t_arm *t)
{
	t->token.n_edits = 0;
}

int
t_arm_judge_bytes(struct t_arm *t, struct wd_span bytes, struct wd_claims *ret)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	struct wd_inputs in = { 0 };
	struct wd_claims c = { .len = SIZE_MAX };
	int r;

	in.part[WD_IN_TOKEN] = bytes;
	if (t->jwk[0] != '\0')
		in.part[WD_IN_CPAK] = wd_span_text(t->jwk);
	t_ok(wd_verifier_new(&t->rules, &v));
	r = wd_appraise(
	    v, t->token.tee, &in, 1906502400, t->token.challenge, &c, NULL);
	if (r != 0)
		assert_true(c.len == SIZE_MAX); /* nothing was claimed */
	else if (ret != NULL)
		*ret = c;
	return r;
}

int
t_arm_judge(struct t_arm *t, struct wd_claims *ret)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *token = NULL;

	t_ok(wd_arm_token(&t->arm, &t->token, &token, NULL));
	return t_arm_judge_bytes(t, wd_bytes_span(token), ret);
}
