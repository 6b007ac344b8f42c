/*
 * Reading the paravisor's report. Every size it declares must fit exactly into
 * what is there.
 */
#include "verify/azure/hcl.h"

#include "base/alloc.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/hash.h"
#include "crypto/pkey.h"

enum {
	HEAD_LEFT = 24, /* behind magic and version */
	REPORT = 1184,
	RUNTIME_HEAD = 20,
	HASH_SHA256 = 1,
	KEYS_MAX = 8,
	MODULUS_TEXT_MAX = 1024,
};

static int
malformed(const char *what, struct wd_diag *d)
{
	return wd_reject(d, WD_R_MALFORMED, "hcl_report: %s", what);
}

static const char *
misshapen(struct wd_rd *rd, struct wd_hcl *h)
{
	uint32_t version, size, hash, runtime;

	if (!wd_span_is(wd_rd_bytes(rd, 4), "HCLA"))
		return "it does not begin as one";
	version = wd_rd_le32(rd);
	wd_rd_skip(rd, HEAD_LEFT);
	h->report = wd_rd_bytes(rd, REPORT);
	size = wd_rd_le32(rd);
	wd_rd_skip(rd, 4);
	h->kind = wd_rd_le32(rd);
	hash = wd_rd_le32(rd);
	runtime = wd_rd_le32(rd);
	h->runtime = wd_rd_bytes(rd, runtime);
	if (wd_rd_ok(rd) != 0)
		return "it is too short for what it declares";
	if (version < 1 || version > 2)
		return "its version is not known";
	if (size < RUNTIME_HEAD || size - RUNTIME_HEAD != runtime)
		return "its sizes do not agree";
	if (hash != HASH_SHA256)
		return "its hash is not SHA-256";
	return NULL;
}

int
wd_hcl_parse(struct wd_span bytes, struct wd_hcl *ret, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(bytes);
	struct wd_hcl h = { 0 };
	const char *what = misshapen(&rd, &h);

	if (what != NULL)
		return malformed(what, d);
	if (!wd_span_is_zero(wd_rd_rest(&rd)))
		return malformed("something follows its runtime data", d);
	*ret = h;
	return 0;
}

int
wd_hcl_bound(
    const struct wd_hcl *h, struct wd_span report_data, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(report_data);
	uint8_t digest[32];

	if (wd_hash(WD_SHA256, h->runtime, digest) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	if (wd_span_equal(wd_rd_bytes(&rd, 32), WD_SPAN(digest)) &&
	    wd_span_is_zero(wd_rd_rest(&rd)))
		return 0;
	return wd_reject(d, WD_R_RUNTIME_DATA_BINDING,
	    "the report data is not over this runtime data");
}

/* ---- runtime data */

static struct wd_hcl_runtime *
runtime_free(struct wd_hcl_runtime *x)
{
	if (x == NULL)
		return NULL;
	x->ak = wd_pkey_free(x->ak);
	return wd_free(x);
}

static void
runtime_freep(struct wd_hcl_runtime **x)
{
	*x = runtime_free(*x);
}

static void
runtime_release(void *x)
{
	(void)runtime_free(x);
}

static int
read_key(struct wd_jobj *o, struct wd_hcl_runtime *x)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *n = NULL, *e = NULL;
	struct wd_span kty = wd_jobj_text(o, "kty", WD_REQUIRED, 8);
	struct wd_span n_text =
	    wd_jobj_text(o, "n", WD_REQUIRED, MODULUS_TEXT_MAX);
	struct wd_span e_text = wd_jobj_text(o, "e", WD_REQUIRED, 16);
	int r;

	if (o->result != 0)
		return 0;
	if (!wd_span_is(kty, "RSA")) {
		wd_jobj_fail(o, WD_R_MALFORMED, "the key is not RSA");
		return 0;
	}
	if ((r = wd_b64url_decode(n_text, &n)) == 0 &&
	    (r = wd_b64url_decode(e_text, &e)) == 0)
		r = wd_pkey_rsa_public(
		    wd_bytes_span(n), wd_bytes_span(e), &x->ak);
	if (r > 0)
		wd_jobj_fail(o, WD_R_MALFORMED, "the key cannot be used");
	return r < 0 ? r : 0;
}

/* The one key of this name: another of the same would be a choice. */
static int
find_key(
    const struct wd_jval *keys, struct wd_hcl_runtime *x, struct wd_diag *d)
{
	int r = 0;

	for (size_t i = 0; i < wd_jval_count(keys) && r == 0; i++) {
		struct wd_jobj o;
		struct wd_span kid;

		wd_jobj_open(&o, wd_jval_at(keys, i), d, "keys");
		kid = wd_jobj_text(&o, "kid", WD_REQUIRED, 64);
		if (o.result == 0 && wd_span_is(kid, "HCLAkPub")) {
			if (x->ak != NULL)
				return malformed("it has two keys", d);
			r = read_key(&o, x);
		}
		if (r == 0)
			r = wd_jobj_close_open_world(&o);
	}
	if (r == 0 && x->ak == NULL)
		return malformed("it has no attestation key", d);
	return r;
}

static int
read_runtime(
    const struct wd_jval *root, struct wd_hcl_runtime *x, struct wd_diag *d)
{
	struct wd_jobj o;
	const struct wd_jval *keys;
	int r;

	wd_jobj_open(&o, root, d, "runtime data");
	keys = wd_jobj_array(&o, "keys", WD_REQUIRED, KEYS_MAX);
	x->has_user_data = wd_jobj_has(&o, "user-data");
	wd_jobj_hex(
	    &o, "user-data", WD_OPTIONAL, x->user_data, sizeof(x->user_data));
	if ((r = wd_jobj_close_open_world(&o)) != 0)
		return r;
	return find_key(keys, x, d);
}

static int
digest_key(struct wd_hcl_runtime *x, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;

	if (wd_pkey_to_spki(x->ak, &spki) != 0 ||
	    wd_hash(WD_SHA256, wd_bytes_span(spki), x->ak_sha256) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot write out a key");
	return 0;
}

static int
make(struct wd_span runtime, struct wd_hcl_runtime **ret, struct wd_diag *d)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	WD_AUTO(runtime_freep)
	struct wd_hcl_runtime *x = wd_alloc(sizeof(*x));
	struct wd_diag why = { 0 };
	int r;

	if (x == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for a key");
	if ((r = wd_json_parse(runtime, &why, &doc)) == 0)
		r = read_runtime(wd_json_root(doc), x, &why);
	if (r > 0)
		return malformed(why.detail, d);
	if (r < 0)
		return wd_fault(d, r, "cannot take in runtime data");
	if ((r = digest_key(x, d)) != 0)
		return r;
	*ret = WD_TAKE(x);
	return 0;
}

int
wd_hcl_runtime_get(struct wd_verifier *v, struct wd_span runtime, int64_t at,
    const struct wd_hcl_runtime **ret, struct wd_diag *d)
{
	struct wd_cache_key key = { 0 };
	struct wd_hcl_runtime *fresh;
	int r;

	if (wd_hash(WD_SHA256, runtime, key.bytes) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	*ret = wd_cache_get(v->cache, WD_KEPT_HCL_RUNTIME, &key);
	if (*ret != NULL)
		return 0;
	if ((r = make(runtime, &fresh, d)) != 0)
		return r;
	*ret = wd_cache_put(v->cache, WD_KEPT_HCL_RUNTIME, &key, fresh,
	    runtime_release, INT64_MAX, at);
	return 0;
}
