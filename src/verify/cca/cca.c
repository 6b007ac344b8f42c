/*
 * The steps of judging a CCA token: from the platform's key, which the verifier
 * was given, over the realm's key, which the platform vouches for, to what the
 * realm says. Nothing counts before the signature over it was good.
 */
#include "verify/cca/cca.h"

#include "crypto/hash.h"
#include "verify/arm/cpak.h"
#include "verify/arm/state.h"
#include "verify/cca/token.h"

struct cca_case {
	struct wd_cca_token token;
	struct wd_cca_platform platform;
	struct wd_cca_realm realm;
	bool software, debug;
};

_Static_assert(sizeof(struct cca_case) <= WD_STATE_MAX, "the state fits");

static struct cca_case *
cca_case(struct wd_appraisal *a)
{
	return (struct cca_case *)(void *)a->state;
}

static int
form(struct wd_appraisal *a)
{
	return wd_cca_token_parse(
	    a->in->part[WD_IN_TOKEN], &cca_case(a)->token, a->d);
}

static int
signed_by(struct wd_appraisal *a, const struct wd_cose *c,
    const struct wd_pkey *key, enum wd_reason reason, const char *what)
{
	int r = wd_cose_verify(c, key);

	if (r < 0)
		return wd_fault(a->d, WD_F_CRYPTO, "cannot check a signature");
	if (r > 0)
		return wd_reject(a->d, reason, "%s", what);
	return 0;
}

static int
platform_token(struct wd_appraisal *a)
{
	struct cca_case *c = cca_case(a);
	WD_AUTO(wd_cpak_done) struct wd_cpak cpak = { 0 };
	int r;

	if ((r = wd_cpak_get(a, &cpak)) != 0 ||
	    (r = signed_by(a, &c->token.platform, cpak.key,
		 WD_R_PLATFORM_BAD_SIGNATURE,
		 "the platform token is not signed by the CPAK")) != 0 ||
	    (r = wd_cca_platform_read(
		 c->token.platform.payload, &c->platform, a->d)) != 0)
		return r;
	c->software = cpak.software;
	return wd_cpak_fits(&cpak, c->platform.instance_id, a->d);
}

/* IANA's names of hash functions. */
static const struct {
	const char *name;
	enum wd_hash alg;
} hashes[] = {
	{ "sha-256", WD_SHA256 },
	{ "sha-384", WD_SHA384 },
	{ "sha-512", WD_SHA512 },
};

static int
not_bound(struct wd_appraisal *a, const char *why)
{
	return wd_reject(
	    a->d, WD_R_REALM_KEY_BINDING, "the realm's key: %s", why);
}

/* What the realm token says counts only as far as it is about its key: the
 * platform says whether that is so. */
static int
realm_key(struct wd_appraisal *a)
{
	struct cca_case *c = cca_case(a);
	uint8_t digest[WD_HASH_MAX];
	size_t i = 0;
	int r = wd_cca_realm_read(c->token.realm.payload, &c->realm, a->d);

	if (r != 0)
		return r;
	while (
	    i < WD_N(hashes) && !wd_span_is(c->realm.rak_hash, hashes[i].name))
		i++;
	if (i == WD_N(hashes))
		return not_bound(a, "bound by an unknown hash");
	if (wd_hash(hashes[i].alg, c->realm.rak, digest) != 0)
		return wd_fault(a->d, WD_F_CRYPTO, "cannot hash");
	if (wd_span_equal(c->platform.challenge,
		wd_span(digest, wd_hash_len(hashes[i].alg))))
		return 0;
	return not_bound(a, "the platform token does not bind it");
}

static int
realm_token(struct wd_appraisal *a)
{
	struct cca_case *c = cca_case(a);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *rak = NULL;
	int r = wd_cca_rak(&c->realm, &rak, a->d);

	if (r != 0)
		return r;
	return signed_by(a, &c->token.realm, rak, WD_R_REALM_BAD_SIGNATURE,
	    "the realm token is not signed by its key");
}

static int
lifecycle(struct wd_appraisal *a)
{
	struct cca_case *c = cca_case(a);

	return wd_arm_lifecycle(a, c->platform.lifecycle, &c->debug);
}

static int
bound(struct wd_appraisal *a)
{
	return wd_appraisal_bound(a, cca_case(a)->realm.challenge);
}

static int
put_common(struct wd_appraisal *a, const struct cca_case *c)
{
	const struct wd_span both[] = { c->token.platform.payload,
		c->token.realm.payload };
	struct wd_claims *out = a->claims;
	uint8_t digest[32];
	int r;

	if ((r = wd_hash_parts(WD_SHA256, both, WD_N(both), digest)) != 0 ||
	    (r = wd_claims_put_text(out, WD_C_TEE, wd_tee_name(a->tee))) != 0 ||
	    (r = wd_claims_put_bool(out, WD_C_SOFTWARE, c->software)) != 0 ||
	    (r = wd_claims_put_bool(out, WD_C_DEBUG, c->debug)) != 0 ||
	    (r = wd_claims_put(out, WD_C_REPORT_DATA, c->realm.challenge)) !=
		0 ||
	    (r = wd_claims_put(out, WD_C_EVIDENCE_DIGEST, WD_SPAN(digest))) !=
		0)
		return r;
	return wd_claims_put(out, WD_C_PLATFORM_ID, c->platform.instance_id);
}

static int
put_platform(struct wd_claims *out, const struct wd_cca_platform *p)
{
	int r;

	if ((r = wd_claims_put(out, WD_C_PLATFORM_PROFILE, p->profile)) != 0 ||
	    (r = wd_claims_put(
		 out, WD_C_IMPLEMENTATION_ID, p->implementation_id)) != 0 ||
	    (r = wd_claims_put(out, WD_C_INSTANCE_ID, p->instance_id)) != 0 ||
	    (r = wd_claims_put_uint(
		 out, WD_C_SECURITY_LIFECYCLE, (uint64_t)p->lifecycle)) != 0 ||
	    (r = wd_arm_components_put(out, p->components)) != 0 ||
	    (r = wd_claims_put(out, WD_C_PLATFORM_CONFIG, p->config)) != 0)
		return r;
	if (p->service.len == 0)
		return 0;
	return wd_claims_put(out, WD_C_VERIFICATION_SERVICE, p->service);
}

static int
put_realm(struct wd_claims *out, const struct wd_cca_realm *t)
{
	static const enum wd_claim rems[] = { WD_C_REM0, WD_C_REM1, WD_C_REM2,
		WD_C_REM3 };
	bool raw = t->profile.len == 0;
	int r = wd_claims_put(out, WD_C_REALM_INITIAL_MEASUREMENT, t->rim);

	for (size_t i = 0; i < WD_N(rems) && r == 0; i++)
		r = wd_claims_put(out, rems[i], t->rem[i]);
	if (r != 0 ||
	    (r = wd_claims_put(
		 out, WD_C_REALM_PERSONALIZATION, t->personalization)) != 0)
		return r;
	if (!raw &&
	    (r = wd_claims_put(out, WD_C_REALM_PROFILE, t->profile)) != 0)
		return r;
	if ((r = wd_claims_put_text(
		 out, WD_C_RAK_ENCODING, raw ? "raw point" : "COSE_Key")) != 0)
		return r;
	return wd_claims_put(out, WD_C_MEASURED_HASH, t->hash);
}

static int
claims(struct wd_appraisal *a)
{
	const struct cca_case *c = cca_case(a);
	int r;

	if ((r = put_common(a, c)) != 0 ||
	    (r = put_platform(a->claims, &c->platform)) != 0 ||
	    (r = put_realm(a->claims, &c->realm)) != 0)
		return r < 0 ? wd_fault(a->d, WD_F_CRYPTO, "cannot hash")
			     : wd_reject(a->d, WD_R_MALFORMED,
				   "the token says more than can be kept");
	return 0;
}

static const struct wd_step steps[] = {
	{ "token form", form },
	{ "platform token", platform_token },
	{ "realm key", realm_key },
	{ "realm token", realm_token },
	{ "lifecycle", lifecycle },
	{ "challenge", bound },
	{ "claims", claims },
};

/* The platform that the token says it is of: a wrong one finds a key that did
 * not sign it. */
static int
platform(struct wd_verifier *v, const struct wd_inputs *in, int64_t at,
    struct wd_platform *ret, struct wd_diag *d)
{
	struct wd_platform p = { 0 };
	struct wd_cca_token token;
	struct wd_cca_platform said;

	(void)v;
	(void)at;
	if (wd_cca_token_parse(in->part[WD_IN_TOKEN], &token, NULL) != 0 ||
	    wd_cca_platform_read(token.platform.payload, &said, NULL) != 0)
		return WD_R_NOT_FOUND;
	if (wd_cpak_scope(said.instance_id, p.scope[WD_IN_CPAK]) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	p.software = wd_cpak_is_software(said.implementation_id);
	*ret = p;
	return 0;
}

const struct wd_tee_row wd_cca_row = {
	.tee = WD_TEE_CCA,
	.platform = platform,
	.steps = steps,
	.n_steps = WD_N(steps),
};
