/*
 * Reading CCA tokens; layout.md beside this file has the claims.
 */
#include "verify/cca/token.h"

#include "codec/cbor.h"
#include "verify/arm/state.h"

enum { TAG_CCA = 399, KEY_PLATFORM = 44234, KEY_REALM = 44241 };
enum { TOKEN_MAX = 65536, POINT_P384 = 97 };

/* The two tokens as byte strings, in either order, each once. */
static int
split(struct wd_span bytes, struct wd_span *platform, struct wd_span *realm)
{
	static const struct wd_cwt_row rows[] = {
		{ KEY_PLATFORM, "platform", WD_CWT_BYTES, 1, TOKEN_MAX, true },
		{ KEY_REALM, "realm", WD_CWT_BYTES, 1, TOKEN_MAX, true },
	};
	struct wd_cwt_value value[2] = { 0 };
	struct wd_rd rd = wd_rd(bytes), count;

	wd_cbor_tag(&rd, TAG_CCA);
	count = rd; /* nothing signs a third member */
	if (wd_cbor_map(&count, WD_N(rows)) != WD_N(rows))
		wd_rd_fail(&rd);
	wd_cwt_take(&rd, rows, WD_N(rows), value);
	*platform = value[0].bytes;
	*realm = value[1].bytes;
	return wd_rd_end(&rd);
}

int
wd_cca_token_parse(
    struct wd_span bytes, struct wd_cca_token *ret, struct wd_diag *d)
{
	struct wd_cca_token t;
	struct wd_span platform, realm;
	int r;

	if (split(bytes, &platform, &realm) != 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "not a CCA token of a platform and a realm");
	if ((r = wd_cose_parse(platform, "platform token", &t.platform, d)) !=
		0 ||
	    (r = wd_cose_parse(realm, "realm token", &t.realm, d)) != 0)
		return r;
	*ret = t;
	return 0;
}

static bool
is_one_of(struct wd_span s, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (wd_span_is(s, names[i]))
			return true;
	return false;
}

static const char *const platform_profiles[] = {
	"http://arm.com/CCA-SSD/1.0.0",
	"tag:arm.com,2023:cca_platform#1.0.0",
};

static const char realm_profile[] = "tag:arm.com,2023:realm#1.0.0";

static int
unknown_profile(const char *what, struct wd_diag *d)
{
	return wd_reject(
	    d, WD_R_MALFORMED, "%s: its profile is not known", what);
}

enum {
	PROFILE,
	CHALLENGE,
	IMPLEMENTATION,
	INSTANCE,
	CONFIG,
	LIFECYCLE,
	HASH,
	SERVICE,
	COMPONENTS,
	PLATFORM_ROWS
};

static const struct wd_cwt_row platform_rows[PLATFORM_ROWS] = {
	[PROFILE] = { 265, "profile", WD_CWT_TEXT, 1, 128, true },
	[CHALLENGE] = { 10, "challenge", WD_CWT_DIGEST, 0, 0, true },
	[IMPLEMENTATION] = { 2396, "implementation id", WD_CWT_BYTES, 32, 32,
	    true },
	[INSTANCE] = { 256, "instance id", WD_CWT_BYTES, 33, 33, true },
	[CONFIG] = { 2401, "configuration", WD_CWT_BYTES, 0, 512, true },
	[LIFECYCLE] = { 2395, "lifecycle", WD_CWT_UINT, 0, WD_LIFECYCLE_MAX,
	    true },
	[HASH] = { 2402, "hash algorithm", WD_CWT_TEXT, 1, 32, true },
	[SERVICE] = { 2400, "verification service", WD_CWT_TEXT, 0, 512,
	    false },
	[COMPONENTS] = { 2399, "software components", WD_CWT_ANY, 0, 0, true },
};

int
wd_cca_platform_read(
    struct wd_span payload, struct wd_cca_platform *ret, struct wd_diag *d)
{
	static const char what[] = "platform token";
	struct wd_cwt_value v[PLATFORM_ROWS];
	int r = wd_cwt_read(payload, what, platform_rows, PLATFORM_ROWS, v, d);

	if (r != 0 ||
	    (r = wd_arm_components_check(v[COMPONENTS].bytes, d)) != 0)
		return r;
	if (!is_one_of(
		v[PROFILE].bytes, platform_profiles, WD_N(platform_profiles)))
		return unknown_profile(what, d);
	if (v[INSTANCE].bytes.p[0] != 1) /* UEID of type RAND, RFC 9711 */
		return wd_reject(d, WD_R_MALFORMED,
		    "%s: the instance id is of another type", what);
	*ret = (struct wd_cca_platform){
		.profile = v[PROFILE].bytes,
		.challenge = v[CHALLENGE].bytes,
		.implementation_id = v[IMPLEMENTATION].bytes,
		.instance_id = v[INSTANCE].bytes,
		.config = v[CONFIG].bytes,
		.components = v[COMPONENTS].bytes,
		.service = v[SERVICE].bytes,
		.hash = v[HASH].bytes,
		.lifecycle = v[LIFECYCLE].number,
	};
	return 0;
}

enum {
	REALM_PROFILE,
	REALM_CHALLENGE,
	PERSONALIZATION,
	MEASURED_HASH,
	RAK,
	RIM,
	REMS,
	RAK_HASH,
	REALM_ROWS
};

static const struct wd_cwt_row realm_rows[REALM_ROWS] = {
	[REALM_PROFILE] = { 265, "profile", WD_CWT_TEXT, 1, 128, false },
	[REALM_CHALLENGE] = { 10, "challenge", WD_CWT_BYTES, 64, 64, true },
	[PERSONALIZATION] = { 44235, "personalization", WD_CWT_BYTES, 64, 64,
	    true },
	[MEASURED_HASH] = { 44236, "hash algorithm", WD_CWT_TEXT, 1, 32, true },
	[RAK] = { 44237, "public key", WD_CWT_BYTES, 1, 256, true },
	[RIM] = { 44238, "initial measurement", WD_CWT_DIGEST, 0, 0, true },
	[REMS] = { 44239, "extensible measurements", WD_CWT_ANY, 0, 0, true },
	[RAK_HASH] = { 44240, "hash of the public key", WD_CWT_TEXT, 1, 32,
	    true },
};

static int
read_rems(struct wd_span array, struct wd_span ret[4], struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(array);
	size_t n = wd_cbor_array(&rd, 4);

	for (size_t i = 0; i < 4; i++) {
		ret[i] = wd_cbor_bytes(&rd, 32, 64);
		if (ret[i].len % 16 != 0)
			wd_rd_fail(&rd);
	}
	if (n == 4 && wd_rd_end(&rd) == 0)
		return 0;
	return wd_reject(
	    d, WD_R_MALFORMED, "realm token: not four extensible measurements");
}

int
wd_cca_realm_read(
    struct wd_span payload, struct wd_cca_realm *ret, struct wd_diag *d)
{
	static const char what[] = "realm token";
	struct wd_cwt_value v[REALM_ROWS];
	struct wd_cca_realm t;
	int r = wd_cwt_read(payload, what, realm_rows, REALM_ROWS, v, d);

	if (r != 0)
		return r;
	t = (struct wd_cca_realm){
		.profile = v[REALM_PROFILE].bytes,
		.challenge = v[REALM_CHALLENGE].bytes,
		.personalization = v[PERSONALIZATION].bytes,
		.hash = v[MEASURED_HASH].bytes,
		.rak = v[RAK].bytes,
		.rak_hash = v[RAK_HASH].bytes,
		.rim = v[RIM].bytes,
	};
	if ((r = read_rems(v[REMS].bytes, t.rem, d)) != 0)
		return r;
	if (t.profile.len > 0 && !wd_span_is(t.profile, realm_profile))
		return unknown_profile(what, d);
	*ret = t;
	return 0;
}

/* 04, x, y: what the key was before the realm's token had a profile. */
static int
raw_point(struct wd_span point, struct wd_pkey **ret)
{
	size_t half = wd_pkey_coordinate_len(WD_PKEY_P384);
	int r;

	if (point.len != POINT_P384 || point.p[0] != 4)
		return WD_R_MALFORMED;
	r = wd_pkey_ec_public(WD_PKEY_P384, wd_span(point.p + 1, half),
	    wd_span(point.p + 1 + half, half), ret);
	return r > 0 ? WD_R_MALFORMED : r;
}

int
wd_cca_rak(
    const struct wd_cca_realm *realm, struct wd_pkey **ret, struct wd_diag *d)
{
	int r = realm->profile.len == 0 ? raw_point(realm->rak, ret)
					: wd_cose_key(realm->rak, ret);

	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot take in a realm's key");
	if (r > 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "realm token: its key is not in the form of its profile");
	return 0;
}
