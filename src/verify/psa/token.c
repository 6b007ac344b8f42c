/*
 * Reading PSA tokens; layout.md beside this file has the claims. One table per
 * profile, with the same claims at the same places.
 */
#include "verify/psa/token.h"

#include "verify/arm/state.h"

enum {
	PROFILE,
	NONCE,
	INSTANCE,
	IMPLEMENTATION,
	CLIENT,
	LIFECYCLE,
	SEED,
	CERTIFICATION,
	COMPONENTS,
	SERVICE,
	NO_COMPONENTS,
	ROWS
};

static const char what[] = "PSA token";

/* Claims of RFC 9783, section 4; the boot seed has the key SEED_KEY. */
#define NAMED_ROWS(SEED_KEY)                                                  \
	{                                                                     \
		[PROFILE] = { 265, "profile", WD_CWT_TEXT, 1, 128, true },    \
		[NONCE] = { 10, "nonce", WD_CWT_DIGEST, 0, 0, true },         \
		[INSTANCE] = { 256, "instance id", WD_CWT_BYTES, 33, 33,      \
			true },                                               \
		[IMPLEMENTATION] = { 2396, "implementation id", WD_CWT_BYTES, \
			32, 32, true },                                       \
		[CLIENT] = { 2394, "client id", WD_CWT_INT, 0, 0, true },     \
		[LIFECYCLE] = { 2395, "lifecycle", WD_CWT_UINT, 0,            \
			WD_LIFECYCLE_MAX, true },                             \
		[SEED] = { SEED_KEY, "boot seed", WD_CWT_BYTES, 8, 32,        \
			false },                                              \
		[CERTIFICATION] = { 2398, "certification reference",          \
			WD_CWT_TEXT, 1, 64, false },                          \
		[COMPONENTS] = { 2399, "software components", WD_CWT_ANY, 0,  \
			0, true },                                            \
		[SERVICE] = { 2400, "verification service", WD_CWT_TEXT, 0,   \
			512, false },                                         \
	}

static const struct wd_cwt_row rfc_rows[] = NAMED_ROWS(268);
static const struct wd_cwt_row second_rows[] = NAMED_ROWS(2397);

static const struct wd_cwt_row first_rows[] = {
	[PROFILE] = { -75000, "profile", WD_CWT_TEXT, 1, 128, false },
	[NONCE] = { -75008, "nonce", WD_CWT_DIGEST, 0, 0, true },
	[INSTANCE] = { -75009, "instance id", WD_CWT_BYTES, 33, 33, true },
	[IMPLEMENTATION] = { -75003, "implementation id", WD_CWT_BYTES, 32, 32,
	    true },
	[CLIENT] = { -75001, "client id", WD_CWT_INT, 0, 0, true },
	[LIFECYCLE] = { -75002, "lifecycle", WD_CWT_UINT, 0, WD_LIFECYCLE_MAX,
	    true },
	[SEED] = { -75004, "boot seed", WD_CWT_BYTES, 32, 32, true },
	[CERTIFICATION] = { -75005, "hardware version", WD_CWT_TEXT, 1, 64,
	    false },
	[COMPONENTS] = { -75006, "software components", WD_CWT_ANY, 0, 0,
	    false },
	[SERVICE] = { -75010, "verification service", WD_CWT_TEXT, 0, 512,
	    false },
	[NO_COMPONENTS] = { -75007, "no software measurements", WD_CWT_UINT, 1,
	    1, false },
};

struct profile {
	const char *name;
	const struct wd_cwt_row *rows;
	size_t n;
};

static const struct profile profiles[] = {
	{ "tag:psacertified.org,2023:psa#tfm", rfc_rows, WD_N(rfc_rows) },
	{ "http://arm.com/psa/2.0.0", second_rows, WD_N(second_rows) },
};

static const struct profile first_profile = { "PSA_IOT_PROFILE_1", first_rows,
	WD_N(first_rows) };

/* Of two names a token may have one; without any it is of the first form. */
static const struct profile *
find_profile(struct wd_span payload)
{
	static const struct wd_cwt_row rows[] = {
		{ 265, "profile", WD_CWT_TEXT, 1, 128, false },
		{ -75000, "profile", WD_CWT_TEXT, 1, 128, false },
	};
	struct wd_cwt_value v[2];

	if (wd_cwt_read(payload, what, rows, 2, v, NULL) != 0 ||
	    (v[0].is && v[1].is))
		return NULL;
	for (size_t i = 0; i < WD_N(profiles); i++)
		if (v[0].is && wd_span_is(v[0].bytes, profiles[i].name))
			return &profiles[i];
	if (v[0].is || (v[1].is && !wd_span_is(v[1].bytes, first_profile.name)))
		return NULL;
	return &first_profile;
}

/* Either components, or the claim that there are none. */
static int
check_components(const struct wd_cwt_value *v, struct wd_diag *d)
{
	if (v[COMPONENTS].is == v[NO_COMPONENTS].is)
		return wd_reject(d, WD_R_MALFORMED,
		    "%s: software components, or that there are none: one of "
		    "the two is needed",
		    what);
	return v[NO_COMPONENTS].is
	    ? 0
	    : wd_arm_components_check(v[COMPONENTS].bytes, d);
}

int
wd_psa_token_read(
    struct wd_span payload, struct wd_psa_token *ret, struct wd_diag *d)
{
	const struct profile *p = find_profile(payload);
	struct wd_cwt_value v[ROWS] = { 0 };
	int r;

	if (p == NULL)
		return wd_reject(d, WD_R_MALFORMED,
		    "%s: not a map of claims of a profile that is known", what);
	if ((r = wd_cwt_read(payload, what, p->rows, p->n, v, d)) != 0 ||
	    (r = check_components(v, d)) != 0)
		return r;
	if (v[INSTANCE].bytes.p[0] != 1) /* UEID of type RAND, RFC 9711 */
		return wd_reject(d, WD_R_MALFORMED,
		    "%s: the instance id is of another type", what);
	*ret = (struct wd_psa_token){
		.profile = p->name,
		.nonce = v[NONCE].bytes,
		.instance_id = v[INSTANCE].bytes,
		.implementation_id = v[IMPLEMENTATION].bytes,
		.boot_seed = v[SEED].bytes,
		.certification = v[CERTIFICATION].bytes,
		.service = v[SERVICE].bytes,
		.components = v[COMPONENTS].bytes,
		.client_id = v[CLIENT].number,
		.lifecycle = v[LIFECYCLE].number,
	};
	return 0;
}
