/*
 * Keys of platforms. A software TEE's key says so of itself, and counts only
 * where an anchor, which the configuration alone sets, names it too.
 */
#include "verify/arm/cpak.h"

#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/json.h"
#include "crypto/hash.h"
#include "verify/chain.h"
#include "verify/collateral.h"

enum { COORDINATE_TEXT = 88 };

static const int64_t without_end = 253402300799; /* 9999-12-31T23:59:59Z */

const uint8_t wd_cpak_software_id[32] = "warder software TEE, no hardware";

static const struct {
	const char *name; /* RFC 7518, section 6.2.1.1 */
	enum wd_pkey_alg alg;
} curves[] = {
	{ "P-256", WD_PKEY_P256 },
	{ "P-384", WD_PKEY_P384 },
	{ "P-521", WD_PKEY_P521 },
};

void
wd_cpak_done(struct wd_cpak *cpak)
{
	wd_pkey_freep(&cpak->key);
}

bool
wd_cpak_is_software(struct wd_span implementation_id)
{
	return wd_span_equal(implementation_id, WD_SPAN(wd_cpak_software_id));
}

static enum wd_pkey_alg
take_curve(struct wd_jobj *o)
{
	struct wd_span kty = wd_jobj_text(o, "kty", WD_REQUIRED, 8);
	struct wd_span crv = wd_jobj_text(o, "crv", WD_REQUIRED, 16);

	for (size_t i = 0; i < WD_N(curves); i++)
		if (wd_span_is(kty, "EC") && wd_span_is(crv, curves[i].name))
			return curves[i].alg;
	wd_jobj_fail(o, WD_R_KEY_INVALID, "not an EC key on a known curve");
	return WD_PKEY_NONE;
}

static int
take_coordinate(struct wd_jobj *o, const char *name, struct wd_bytes **ret)
{
	struct wd_span text =
	    wd_jobj_text(o, name, WD_REQUIRED, COORDINATE_TEXT);
	int r = wd_b64url_decode(text, ret);

	if (r > 0)
		wd_jobj_fail(
		    o, WD_R_MALFORMED, "\"%s\" is not base64url", name);
	return r < 0 ? r : 0;
}

static int
take_key(struct wd_jobj *o, struct wd_pkey **ret)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *x = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *y = NULL;
	enum wd_pkey_alg alg = take_curve(o);
	int r;

	if (wd_jobj_has(o, "d"))
		wd_jobj_fail(
		    o, WD_R_MALFORMED, "this is a private key: keep it safe");
	if ((r = take_coordinate(o, "x", &x)) != 0 ||
	    (r = take_coordinate(o, "y", &y)) != 0)
		return r;
	if (o->result != 0)
		return 0;
	r = wd_pkey_ec_public(alg, wd_bytes_span(x), wd_bytes_span(y), ret);
	if (r > 0)
		wd_jobj_fail(o, WD_R_KEY_INVALID, "not a point on its curve");
	return r < 0 ? r : 0;
}

static int
digest_of(const struct wd_pkey *key, uint8_t ret[32])
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	int r = wd_pkey_to_spki(key, &spki);

	return r != 0 ? r : wd_hash(WD_SHA256, wd_bytes_span(spki), ret);
}

/* Whoever vouches for a key says what for. */
static enum wd_tee
take_tee(struct wd_jobj *o)
{
	enum wd_tee tee = WD_TEE_NONE;

	if (!wd_jobj_has(o, "tee"))
		return tee;
	tee = wd_tee_by_name(wd_jobj_text(o, "tee", WD_REQUIRED, 8));
	if (tee != WD_TEE_CCA && tee != WD_TEE_PSA)
		wd_jobj_fail(
		    o, WD_R_MALFORMED, "\"tee\" is neither cca nor psa");
	return tee;
}

static int
take_all(struct wd_jobj *o, struct wd_cpak *c)
{
	int r;

	if ((r = take_key(o, &c->key)) != 0)
		return r;
	c->tee = take_tee(o);
	c->has_instance = wd_jobj_has(o, "instance_id");
	wd_jobj_hex(o, "instance_id", WD_OPTIONAL, c->instance_id,
	    sizeof(c->instance_id));
	c->software = wd_jobj_bool(o, "software", WD_OPTIONAL, false);
	/* RFC 7517, section 4: members that are not known are ignored. */
	if ((r = wd_jobj_close_open_world(o)) != 0)
		return r;
	return digest_of(c->key, c->sha256);
}

int
wd_cpak_read(struct wd_span jwk, struct wd_cpak *ret, struct wd_diag *d)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	WD_AUTO(wd_cpak_done) struct wd_cpak c = { 0 };
	struct wd_jobj o;
	int r;

	if ((r = wd_json_parse(jwk, d, &doc)) != 0)
		return r > 0 ? WD_R_MALFORMED : r;
	wd_jobj_open(&o, wd_json_root(doc), d, "cpak");
	if ((r = take_all(&o, &c)) < 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot take in a CPAK");
	if (r > 0)
		return r == WD_R_KEY_INVALID ? r : WD_R_MALFORMED;
	*ret = c;
	c.key = NULL;
	return 0;
}

static bool
is_anchor(const struct wd_verifier *v, enum wd_tee tee, const struct wd_cpak *c)
{
	const struct wd_anchor *anchor = wd_trail_anchor(v, tee, c->sha256);

	return anchor != NULL && anchor->software;
}

/* A key for tokens of TEE; NONE: of the one that it names. */
static int
read_trusted(const struct wd_verifier *v, enum wd_tee tee, struct wd_span jwk,
    struct wd_cpak *ret, struct wd_diag *d)
{
	WD_AUTO(wd_cpak_done) struct wd_cpak c = { 0 };
	int r = wd_cpak_read(jwk, &c, d);

	if (r != 0)
		return r > 0 ? WD_R_MALFORMED : r;
	if (tee == WD_TEE_NONE)
		tee = c.tee;
	if (tee == WD_TEE_NONE)
		return wd_reject(d, WD_R_MALFORMED,
		    "cpak: the member \"tee\" is missing: cca or psa");
	if (c.tee != WD_TEE_NONE && c.tee != tee)
		return wd_reject(d, WD_R_PLATFORM_BAD_SIGNATURE,
		    "cpak: the key is for tokens of %s", wd_tee_name(c.tee));
	if (c.software && !is_anchor(v, tee, &c))
		return wd_reject(d, WD_R_CHAIN_UNTRUSTED_ROOT,
		    "cpak: a software TEE that is not configured");
	*ret = c;
	c.key = NULL;
	return 0;
}

int
wd_cpak_get(struct wd_appraisal *a, struct wd_cpak *ret)
{
	struct wd_span jwk = a->in->part[WD_IN_CPAK];

	if (jwk.p == NULL)
		return wd_reject(a->d, WD_R_COLLATERAL_MISSING,
		    "cpak: the key of this platform is not known");
	return read_trusted(a->v, a->tee, jwk, ret, a->d);
}

int
wd_cpak_check(const struct wd_verifier *v, struct wd_span jwk, int64_t at,
    struct wd_doc_info *info, struct wd_diag *d)
{
	WD_AUTO(wd_cpak_done) struct wd_cpak c = { 0 };
	int r = read_trusted(v, WD_TEE_NONE, jwk, &c, d);

	if (r != 0)
		return r;
	if (!c.has_instance)
		return wd_reject(d, WD_R_MALFORMED,
		    "cpak: the member \"instance_id\" is missing");
	if (wd_cpak_scope(WD_SPAN(c.instance_id), info->id.scope) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	info->id.tee = c.tee;
	info->issue_date = at;
	info->next_update = without_end;
	info->software = c.software;
	return 0;
}

int
wd_cpak_fits(
    const struct wd_cpak *cpak, struct wd_span instance, struct wd_diag *d)
{
	if (!cpak->has_instance ||
	    wd_span_equal(WD_SPAN(cpak->instance_id), instance))
		return 0;
	return wd_reject(d, WD_R_PLATFORM_BAD_SIGNATURE,
	    "cpak: the key is of another platform");
}

int
wd_cpak_scope(struct wd_span instance, uint8_t ret[8])
{
	uint8_t digest[32];
	int r = wd_hash(WD_SHA256, instance, digest);

	if (r == 0)
		wd_copy(ret, wd_span(digest, 8));
	return r;
}
