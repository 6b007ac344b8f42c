/*
 * The flattened JWE of a release, taken apart (RFC 7516). The text of its
 * header is handed on as it came: it is what the sender authenticated.
 */
#include "proto/coco_client.h"

#include "codec/base64.h"
#include "codec/json.h"

void
wd_coco_jwe_done(struct wd_coco_jwe *jwe)
{
	for (size_t i = 0; i < jwe->n_parts; i++)
		jwe->parts[i] = wd_bytes_free(jwe->parts[i]);
	jwe->n_parts = 0;
}

/* Digits of N bytes in base64url. */
static size_t
digits(size_t n)
{
	return (n * 4 + 2) / 3;
}

/* Takes a member of base64url text and keeps its bytes, at most MAX. */
static struct wd_span
take(struct wd_coco_jwe *jwe, struct wd_jobj *o, const char *name, size_t max)
{
	struct wd_span text = wd_jobj_text(o, name, WD_REQUIRED, digits(max));
	struct wd_bytes *bytes = NULL;
	int r = o->result != 0 ? o->result : wd_b64url_decode(text, &bytes);

	if (r > 0 && o->result == 0)
		wd_jobj_fail(
		    o, WD_R_MALFORMED, "member \"%s\" is not base64url", name);
	if (r < 0)
		o->result = r;
	if (bytes != NULL)
		jwe->parts[jwe->n_parts++] = bytes;
	return wd_bytes_span(bytes);
}

static void
take_coordinate(struct wd_jobj *o, const char *name, uint8_t ret[32])
{
	struct wd_span text = wd_jobj_text(o, name, WD_REQUIRED, digits(32));

	if (o->result == 0 && wd_b64url_decode_exact(text, ret, 32) != 0)
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "member \"%s\" is no coordinate of P-256", name);
}

static int
read_epk(struct wd_coco_jwe *jwe, const struct wd_jval *v, struct wd_diag *d)
{
	struct wd_jobj o;
	struct wd_span crv, kty;

	wd_jobj_open(&o, v, d, "epk");
	crv = wd_jobj_text(&o, "crv", WD_REQUIRED, 16);
	kty = wd_jobj_text(&o, "kty", WD_REQUIRED, 16);
	if (o.result == 0 &&
	    (!wd_span_is(crv, "P-256") || !wd_span_is(kty, "EC")))
		wd_jobj_fail(&o, WD_R_UNSUPPORTED, "epk is not on P-256");
	take_coordinate(&o, "x", jwe->m.epk_x.b);
	take_coordinate(&o, "y", jwe->m.epk_y.b);
	return wd_jobj_close(&o);
}

/* Algorithms that are spoken, and whether they have an ephemeral key. */
static const struct alg {
	const char *name;
	bool has_epk;
} algs[] = {
	{ "ECDH-ES+A256KW", true },
	{ "RSA-OAEP-256", false },
};

static const struct alg *
find_alg(struct wd_span name)
{
	for (size_t i = 0; i < WD_N(algs); i++)
		if (wd_span_is(name, algs[i].name))
			return &algs[i];
	return NULL;
}

static int
read_header(struct wd_coco_jwe *jwe, struct wd_span header, struct wd_diag *d)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	const struct wd_jval *epk = NULL;
	const struct alg *alg;
	struct wd_jobj o;
	struct wd_span enc;
	int r = wd_json_parse(header, d, &doc);

	if (r != 0)
		return r;
	wd_jobj_open(&o, wd_json_root(doc), d, "protected header");
	alg = find_alg(wd_jobj_text(&o, "alg", WD_REQUIRED, 32));
	enc = wd_jobj_text(&o, "enc", WD_REQUIRED, 32);
	if (o.result == 0 && (alg == NULL || !wd_span_is(enc, "A256GCM")))
		wd_jobj_fail(&o, WD_R_UNSUPPORTED,
		    "the release is neither ECDH-ES+A256KW nor RSA-OAEP-256 "
		    "with A256GCM");
	if (alg == NULL || alg->has_epk)
		epk = wd_jobj_object(&o, "epk", WD_REQUIRED);
	if ((r = wd_jobj_close(&o)) != 0 || !alg->has_epk)
		return r;
	return read_epk(jwe, epk, d);
}

/* RFC 7516, section 7.2.2. */
static int
read_members(
    struct wd_coco_jwe *jwe, const struct wd_jval *root, struct wd_diag *d)
{
	struct wd_msg_link_release *m = &jwe->m;
	struct wd_span text, header;
	struct wd_jobj o;
	int r;

	wd_jobj_open(&o, root, d, "release");
	text = wd_jobj_text(&o, "protected", WD_REQUIRED, 1024);
	m->encrypted_key = take(jwe, &o, "encrypted_key", 512);
	m->iv = take(jwe, &o, "iv", 12);
	m->ciphertext = take(jwe, &o, "ciphertext", 262144);
	m->tag = take(jwe, &o, "tag", 16);
	if ((r = wd_jobj_close(&o)) != 0)
		return r;
	r = wd_b64url_decode(text, &jwe->parts[jwe->n_parts]);
	if (r != 0)
		return r < 0 ? r
			     : wd_reject(d, WD_R_MALFORMED,
				   "the protected header is not base64url");
	header = wd_bytes_span(jwe->parts[jwe->n_parts++]);
	if ((r = read_header(jwe, header, d)) != 0)
		return r;
	/* The text is kept as it was authenticated. */
	jwe->parts[jwe->n_parts] = wd_bytes_copy(text);
	if (jwe->parts[jwe->n_parts] == NULL)
		return WD_F_MEMORY;
	m->protected = wd_bytes_span(jwe->parts[jwe->n_parts++]);
	return 0;
}

int
wd_coco_jwe_read(
    struct wd_span body, struct wd_coco_jwe *ret, struct wd_diag *d)
{
	WD_AUTO(wd_coco_jwe_done) struct wd_coco_jwe jwe = { 0 };
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	int r = wd_json_parse(body, d, &doc);

	if (r == 0)
		r = read_members(&jwe, wd_json_root(doc), d);
	if (r != 0)
		return r;
	*ret = jwe;
	jwe.n_parts = 0;
	return 0;
}
