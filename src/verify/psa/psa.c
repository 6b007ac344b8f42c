/*
 * The steps of judging a PSA token: the signature by the key of its platform,
 * then what it says.
 */
#include "verify/psa/psa.h"

#include "crypto/hash.h"
#include "verify/arm/cpak.h"
#include "verify/arm/state.h"
#include "verify/cose.h"
#include "verify/psa/token.h"

#include <stdio.h>

struct psa_case {
	struct wd_cose message;
	struct wd_psa_token token;
	bool software, debug;
};

_Static_assert(sizeof(struct psa_case) <= WD_STATE_MAX, "the state fits");

static struct psa_case *
psa_case(struct wd_appraisal *a)
{
	return (struct psa_case *)(void *)a->state;
}

static int
form(struct wd_appraisal *a)
{
	return wd_cose_parse(
	    a->in->part[WD_IN_TOKEN], "PSA token", &psa_case(a)->message, a->d);
}

static int
signature(struct wd_appraisal *a)
{
	struct psa_case *c = psa_case(a);
	WD_AUTO(wd_cpak_done) struct wd_cpak key = { 0 };
	int r = wd_cpak_get(a, &key);

	if (r != 0)
		return r;
	if ((r = wd_cose_verify(&c->message, key.key)) < 0)
		return wd_fault(a->d, WD_F_CRYPTO, "cannot check a signature");
	if (r > 0)
		return wd_reject(a->d, WD_R_PLATFORM_BAD_SIGNATURE,
		    "the token is not signed by its platform's key");
	if ((r = wd_psa_token_read(c->message.payload, &c->token, a->d)) != 0)
		return r;
	c->software = key.software;
	return wd_cpak_fits(&key, c->token.instance_id, a->d);
}

static int
lifecycle(struct wd_appraisal *a)
{
	struct psa_case *c = psa_case(a);

	return wd_arm_lifecycle(a, c->token.lifecycle, &c->debug);
}

static int
bound(struct wd_appraisal *a)
{
	return wd_appraisal_bound(a, psa_case(a)->token.nonce);
}

static int
put_common(struct wd_appraisal *a, const struct psa_case *c)
{
	struct wd_claims *out = a->claims;
	uint8_t digest[32];
	int r;

	if ((r = wd_hash(WD_SHA256, c->message.payload, digest)) != 0 ||
	    (r = wd_claims_put_text(out, WD_C_TEE, wd_tee_name(a->tee))) != 0 ||
	    (r = wd_claims_put_bool(out, WD_C_SOFTWARE, c->software)) != 0 ||
	    (r = wd_claims_put_bool(out, WD_C_DEBUG, c->debug)) != 0 ||
	    (r = wd_claims_put(out, WD_C_REPORT_DATA, c->token.nonce)) != 0 ||
	    (r = wd_claims_put(out, WD_C_EVIDENCE_DIGEST, WD_SPAN(digest))) !=
		0)
		return r;
	return wd_claims_put(out, WD_C_PLATFORM_ID, c->token.instance_id);
}

/* A claim that may be absent. */
static int
put_some(struct wd_claims *out, enum wd_claim id, struct wd_span value)
{
	return value.len == 0 ? 0 : wd_claims_put(out, id, value);
}

static int
put_token(struct wd_claims *out, const struct wd_psa_token *t)
{
	char client[16];
	int r;

	(void)snprintf(client, sizeof(client), "%d", (int)t->client_id);
	if ((r = wd_claims_put_text(out, WD_C_PLATFORM_PROFILE, t->profile)) !=
		0 ||
	    (r = wd_claims_put(
		 out, WD_C_IMPLEMENTATION_ID, t->implementation_id)) != 0 ||
	    (r = wd_claims_put(out, WD_C_INSTANCE_ID, t->instance_id)) != 0 ||
	    (r = wd_claims_put_uint(
		 out, WD_C_SECURITY_LIFECYCLE, (uint64_t)t->lifecycle)) != 0)
		return r;
	if (t->components.len > 0 &&
	    (r = wd_arm_components_put(out, t->components)) != 0)
		return r;
	if ((r = put_some(out, WD_C_BOOT_SEED, t->boot_seed)) != 0 ||
	    (r = wd_claims_put_text(out, WD_C_CLIENT_ID, client)) != 0 ||
	    (r = put_some(
		 out, WD_C_CERTIFICATION_REFERENCE, t->certification)) != 0)
		return r;
	return put_some(out, WD_C_VERIFICATION_SERVICE, t->service);
}

static int
claims(struct wd_appraisal *a)
{
	const struct psa_case *c = psa_case(a);
	int r = put_common(a, c);

	if (r == 0)
		r = put_token(a->claims, &c->token);
	if (r < 0)
		return wd_fault(a->d, WD_F_CRYPTO, "cannot hash");
	return r == 0 ? 0
		      : wd_reject(a->d, WD_R_MALFORMED,
			    "the token says more than can be kept");
}

static const struct wd_step steps[] = {
	{ "token form", form },
	{ "signature", signature },
	{ "lifecycle", lifecycle },
	{ "nonce", bound },
	{ "claims", claims },
};

/* The platform that the token says it is of: a wrong one finds a key that did
 * not sign it. */
static int
platform(struct wd_verifier *v, const struct wd_inputs *in, int64_t at,
    struct wd_platform *ret, struct wd_diag *d)
{
	struct wd_platform p = { 0 };
	struct wd_psa_token said;
	struct wd_cose c;

	(void)v;
	(void)at;
	if (wd_cose_parse(in->part[WD_IN_TOKEN], "", &c, NULL) != 0 ||
	    wd_psa_token_read(c.payload, &said, NULL) != 0)
		return WD_R_NOT_FOUND;
	if (wd_cpak_scope(said.instance_id, p.scope[WD_IN_CPAK]) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	p.software = wd_cpak_is_software(said.implementation_id);
	*ret = p;
	return 0;
}

const struct wd_tee_row wd_psa_row = {
	.tee = WD_TEE_PSA,
	.platform = platform,
	.steps = steps,
	.n_steps = WD_N(steps),
};
