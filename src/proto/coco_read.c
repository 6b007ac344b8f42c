/*
 * Requests of the Confidential Containers KBS protocol.
 */
#include "proto/coco.h"

#include "codec/base64.h"
#include "crypto/jwk.h"
#include "proto/evidence.h"
#include "proto/init_data.h"

/* ---- POST /auth */

static int
check_version(struct wd_jobj *o, struct wd_diag *d)
{
	struct wd_span version = wd_jobj_text(o, "version", WD_REQUIRED, 32);

	if (o->result != 0)
		return o->result;
	if (wd_span_is(version, WD_COCO_VERSION))
		return 0;
	return wd_reject(d, WD_R_VERSION,
	    "this server speaks version " WD_COCO_VERSION
	    " of the protocol and no other");
}

int
wd_coco_auth_read(struct wd_span body, enum wd_tee *ret_tee, struct wd_diag *d)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	struct wd_jobj o;
	struct wd_span tee;
	int r = wd_json_parse(body, d, &doc);

	if (r != 0)
		return r;
	wd_jobj_open(&o, wd_json_root(doc), d, "request");
	if ((r = check_version(&o, d)) != 0)
		return r;
	tee = wd_jobj_text(&o, "tee", WD_REQUIRED, 32);
	(void)wd_jobj_take(&o, "extra-params",
	    WD_OPTIONAL); /* of use to TEEs that are not served */
	if ((r = wd_jobj_close(&o)) != 0)
		return r;
	return wd_evidence_tee(tee, ret_tee, d);
}

/* ---- POST /attest */

void
wd_coco_attest_done(struct wd_coco_attest *a)
{
	for (size_t i = 0; i < a->n_parts; i++)
		a->parts[i] = wd_bytes_free(a->parts[i]);
	a->n_parts = 0;
	a->doc = wd_json_free(a->doc);
}

/* Takes a member that is base64 text and keeps its bytes. */
static int
take_bytes(struct wd_coco_attest *a, struct wd_jobj *o, const char *name,
    size_t max, int (*decode)(struct wd_span text, struct wd_bytes **ret),
    struct wd_span *ret)
{
	struct wd_span text =
	    wd_jobj_text(o, name, WD_REQUIRED, (max + 2) / 3 * 4);
	struct wd_bytes *bytes = NULL;
	int r = o->result != 0 ? o->result : decode(text, &bytes);

	if (r > 0)
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "member \"%s\" is not base64 of the right kind", name);
	if (r != 0)
		return r;
	a->parts[a->n_parts++] = bytes;
	*ret = wd_bytes_span(bytes);
	if (ret->len <= max)
		return 0;
	wd_jobj_fail(o, WD_R_RANGE, "member \"%s\" is too long", name);
	return o->result;
}

static const struct {
	const char *kty, *crv, *alg;
	enum wd_pkey_alg curve;
	enum wd_jwe_alg jwe;
} keys[] = {
	{ "EC", "P-256", "ECDH-ES+A256KW", WD_PKEY_P256,
	    WD_JWE_ECDH_ES_A256KW },
	{ "EC", "P-521", "ECDH-ES+A256KW", WD_PKEY_P521,
	    WD_JWE_ECDH_ES_A256KW },
	{ "RSA", "", "RSA-OAEP-256", WD_PKEY_NONE, WD_JWE_RSA_OAEP_256 },
};

static int
find_key_kind(struct wd_coco_attest *a, struct wd_span kty, struct wd_span crv,
    struct wd_span alg, struct wd_diag *d)
{
	for (size_t i = 0; i < WD_N(keys); i++) {
		if (!wd_span_is(kty, keys[i].kty) ||
		    !wd_span_is(crv, keys[i].crv) ||
		    !wd_span_is(alg, keys[i].alg))
			continue;
		a->ask.key_curve = (uint8_t)keys[i].curve;
		a->ask.key_alg = (uint8_t)keys[i].jwe;
		return 0;
	}
	return wd_reject(d, WD_R_UNSUPPORTED,
	    "tee-pubkey: served are ECDH-ES+A256KW on P-256 and P-521, and "
	    "RSA-OAEP-256");
}

/* Members beyond these are not part of the binding and vanish. */
static int
read_key(struct wd_coco_attest *a, const struct wd_jval *v, struct wd_diag *d)
{
	struct wd_jobj o;
	struct wd_span kty, crv, alg;
	int r;

	wd_jobj_open(&o, v, d, "tee-pubkey");
	kty = wd_jobj_text(&o, "kty", WD_REQUIRED, 8);
	alg = wd_jobj_text(&o, "alg", WD_REQUIRED, 32);
	crv = wd_jobj_text(&o, "crv", WD_OPTIONAL, 32);
	if (o.result != 0)
		return o.result;
	if ((r = find_key_kind(a, kty, crv, alg, d)) != 0)
		return r;
	if (a->ask.key_curve == WD_PKEY_NONE) {
		r = take_bytes(
		    a, &o, "n", 512, wd_b64url_decode, &a->ask.key_n);
		if (r == 0)
			r = take_bytes(
			    a, &o, "e", 8, wd_b64url_decode, &a->ask.key_e);
	} else {
		r = take_bytes(a, &o, "x", 66, wd_b64url_decode, &a->ask.key_x);
		if (r == 0)
			r = take_bytes(
			    a, &o, "y", 66, wd_b64url_decode, &a->ask.key_y);
	}
	return r < 0 ? r : wd_jobj_close_open_world(&o);
}

static int
read_runtime(
    struct wd_coco_attest *a, const struct wd_jval *v, struct wd_diag *d)
{
	struct wd_jobj o;
	const struct wd_jval *key;
	int r;

	wd_jobj_open(&o, v, d, "runtime-data");
	r = take_bytes(a, &o, "nonce", 64, wd_b64_decode, &a->ask.challenge);
	if (r < 0)
		return r;
	key = wd_jobj_object(&o, "tee-pubkey", WD_REQUIRED);
	if ((r = wd_jobj_close(&o)) != 0)
		return r;
	return read_key(a, key, d);
}

static int
read_primary(
    struct wd_coco_attest *a, const struct wd_jval *v, struct wd_diag *d)
{
	struct wd_bytes *bundle;
	enum wd_tee tee;
	int r = wd_evidence_read(v, &tee, &bundle, d);

	if (r != 0)
		return r;
	a->parts[a->n_parts++] = bundle;
	a->ask.evidence = wd_bytes_span(bundle);
	a->ask.tee = (uint8_t)tee;
	a->ask.enrolment = wd_evidence_enrolment(a->ask.evidence, tee);
	return 0;
}

static int
read_evidence(
    struct wd_coco_attest *a, const struct wd_jval *v, struct wd_diag *d)
{
	struct wd_jobj o;
	const struct wd_jval *primary;
	int r;

	wd_jobj_open(&o, v, d, "tee-evidence");
	primary = wd_jobj_object(&o, "primary_evidence", WD_REQUIRED);
	a->ask.additional =
	    wd_jobj_text(&o, "additional_evidence", WD_OPTIONAL, 262144);
	if ((r = wd_jobj_close(&o)) != 0)
		return r;
	return read_primary(a, primary, d);
}

/* {"format": "toml", "body": the text}; what is in it is not looked at. */
static int
read_init_data(
    struct wd_coco_attest *a, const struct wd_jval *v, struct wd_diag *d)
{
	struct wd_jobj o;
	struct wd_span format;

	if (v == NULL || wd_jval_type(v) == WD_JNULL)
		return 0;
	wd_jobj_open(&o, v, d, "init-data");
	format = wd_jobj_text(&o, "format", WD_REQUIRED, 16);
	a->ask.init_data =
	    wd_jobj_text(&o, "body", WD_REQUIRED, WD_INIT_DATA_MAX);
	if (o.result == 0 && !wd_span_is(format, "toml"))
		wd_jobj_fail(
		    &o, WD_R_UNSUPPORTED, "the format is toml and no other");
	if (o.result == 0 && a->ask.init_data.len == 0)
		wd_jobj_fail(&o, WD_R_MALFORMED, "the body is empty");
	return wd_jobj_close(&o);
}

static int
read_attestation(
    struct wd_coco_attest *a, const struct wd_jval *root, struct wd_diag *d)
{
	struct wd_jobj o;
	const struct wd_jval *init, *runtime, *evidence;
	int r;

	wd_jobj_open(&o, root, d, "attestation");
	init = wd_jobj_take(&o, "init-data", WD_OPTIONAL);
	runtime = wd_jobj_object(&o, "runtime-data", WD_REQUIRED);
	evidence = wd_jobj_object(&o, "tee-evidence", WD_REQUIRED);
	if ((r = wd_jobj_close(&o)) != 0)
		return r;
	if ((r = read_init_data(a, init, d)) != 0)
		return r;
	if ((r = read_runtime(a, runtime, d)) != 0)
		return r;
	return read_evidence(a, evidence, d);
}

int
wd_coco_attest_read(
    struct wd_span body, struct wd_coco_attest *ret, struct wd_diag *d)
{
	struct wd_coco_attest a = { 0 };
	int r = wd_json_parse(body, d, &a.doc);

	if (r == 0)
		r = read_attestation(&a, wd_json_root(a.doc), d);
	if (r != 0) {
		wd_coco_attest_done(&a);
		return r;
	}
	*ret = a;
	return 0;
}

int
wd_coco_replaces_read(struct wd_span value, struct wd_id *ret_lease,
    struct wd_id *ret_session, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(value);
	struct wd_id lease, session;
	bool good = wd_id_parse(wd_rd_bytes(&rd, WD_ID_LEN), &lease);

	good = wd_rd_u8(&rd) == ' ' && good;
	good = wd_id_parse(wd_rd_bytes(&rd, WD_ID_LEN), &session) && good;
	if (!good || wd_rd_end(&rd) != 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "Warder-Replaces names a lease and its session");
	*ret_lease = lease;
	*ret_session = session;
	return 0;
}
