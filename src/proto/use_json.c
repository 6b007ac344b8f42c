/*
 * Members by use: what one use has, another refuses as unknown.
 */
#include "proto/use_json.h"

#include "codec/base64.h"
#include "proto/coco.h"

enum { PART_TEXT_MAX = 45000, JWE_TEXT_MAX = 65536 };

void
wd_use_body_done(struct wd_use_body *b)
{
	b->doc = wd_json_free(b->doc);
	b->input = wd_secret_free(b->input);
	b->aad = wd_bytes_free(b->aad);
	b->signature = wd_bytes_free(b->signature);
}

/* ---- bytes */

/* How many bytes these digits are, if they are any. */
static size_t
decoded_len(struct wd_span text)
{
	size_t len = text.len;

	for (size_t i = 0; i < 2 && len > 0 && text.p[len - 1] == '='; i++)
		len--;
	return len / 4 * 3 + (len % 4 == 0 ? 0 : len % 4 - 1);
}

static int
decode(struct wd_span text, enum wd_use_text how, void *dst, size_t len)
{
	return how == WD_USE_B64 ? wd_b64_decode_exact(text, dst, len)
				 : wd_b64url_decode_exact(text, dst, len);
}

/* The digits of member NAME, of at most MAX bytes. */
static struct wd_span
digits(struct wd_jobj *o, const char *name, enum wd_presence p, size_t max)
{
	struct wd_span s = wd_jobj_text(o, name, p, PART_TEXT_MAX);

	if (decoded_len(s) <= max)
		return s;
	wd_jobj_fail(
	    o, WD_R_TOO_LARGE, "%s is longer than %zu bytes", name, max);
	return wd_span(NULL, 0);
}

static void
not_base64(struct wd_jobj *o, const char *name, enum wd_use_text how)
{
	wd_jobj_fail(o, WD_R_MALFORMED,
	    how == WD_USE_B64 ? "%s is not base64 with padding"
			      : "%s is not base64url without padding",
	    name);
}

static int
take_secret(struct wd_jobj *o, const char *name, size_t max,
    enum wd_use_text how, struct wd_secret **ret)
{
	struct wd_span s = digits(o, name, WD_REQUIRED, max);
	size_t len = decoded_len(s);

	if (o->result != 0)
		return 0;
	if ((*ret = wd_secret_new(len)) == NULL)
		return WD_F_MEMORY;
	if (decode(s, how, wd_secret_bytes(*ret), len) != 0)
		not_base64(o, name, how);
	return 0;
}

static int
take_bytes(struct wd_jobj *o, const char *name, enum wd_presence p, size_t max,
    enum wd_use_text how, struct wd_bytes **ret)
{
	struct wd_span s = digits(o, name, p, max);
	size_t len = decoded_len(s);

	if (o->result != 0 || !wd_jobj_has(o, name))
		return 0;
	if ((*ret = wd_bytes_new(len)) == NULL)
		return WD_F_MEMORY;
	if (decode(s, how, (*ret)->p, len) != 0)
		not_base64(o, name, how);
	return 0;
}

/* ---- members */

static int
take_aad(struct wd_jobj *o, enum wd_use_text how, struct wd_use_body *b)
{
	return take_bytes(
	    o, "aad", WD_OPTIONAL, WD_KEYUSE_AAD_MAX, how, &b->aad);
}

/* From 1: the newest is meant by saying nothing. */
static void
take_version(struct wd_jobj *o, struct wd_use_body *b)
{
	b->version =
	    (uint32_t)wd_jobj_uint(o, "version", WD_OPTIONAL, UINT32_MAX);
	if (b->version == 0 && wd_jobj_has(o, "version"))
		wd_jobj_fail(o, WD_R_RANGE, "versions begin with 1");
}

static void
take_algorithm(struct wd_jobj *o, struct wd_use_body *b)
{
	struct wd_span name = wd_jobj_text(o, "algorithm", WD_OPTIONAL, 16);

	if (o->result != 0 || !wd_jobj_has(o, "algorithm"))
		return;
	b->sig = wd_keysig_by_name(name);
	if (b->sig == WD_KEYSIG_NONE)
		wd_jobj_fail(o, WD_R_UNSUPPORTED,
		    "algorithm is PS256, RS256 and the like with 384 and "
		    "512, ES256, ES384, ES512 or EdDSA");
}

static int
read_encrypt(struct wd_jobj *o, enum wd_use_text how, struct wd_use_body *b)
{
	int r = take_secret(o, "plaintext", WD_KEYUSE_DATA_MAX, how, &b->input);

	return r != 0 ? r : take_aad(o, how, b);
}

static int
read_decrypt(struct wd_jobj *o, enum wd_use_text how, struct wd_use_body *b)
{
	int r =
	    take_secret(o, "ciphertext", WD_KEYUSE_CIPHER_MAX, how, &b->input);

	take_version(o, b);
	return r != 0 ? r : take_aad(o, how, b);
}

/* A message, or its digest: the other of the two is then not known. */
static int
read_sign(struct wd_jobj *o, enum wd_use_text how, struct wd_use_body *b)
{
	take_algorithm(o, b);
	take_version(o, b);
	b->hashed = wd_jobj_has(o, "digest");
	return b->hashed
	    ? take_secret(o, "digest", WD_KEYUSE_DIGEST_MAX, how, &b->input)
	    : take_secret(o, "message", WD_KEYUSE_DATA_MAX, how, &b->input);
}

static int
read_verify(struct wd_jobj *o, enum wd_use_text how, struct wd_use_body *b)
{
	int r = read_sign(o, how, b);

	return r != 0 ? r
		      : take_bytes(o, "signature", WD_REQUIRED,
			    WD_KEYUSE_SIG_MAX, how, &b->signature);
}

static int
read_datakey(struct wd_jobj *o, enum wd_use_text how, struct wd_use_body *b)
{
	b->bits = (uint16_t)wd_jobj_uint(o, "bits", WD_OPTIONAL, UINT16_MAX);
	if (!wd_jobj_has(o, "bits"))
		b->bits = 256;
	if (b->bits != 128 && b->bits != 256)
		wd_jobj_fail(o, WD_R_RANGE, "bits is 128 or 256");
	b->wrapped = wd_jobj_bool(o, "wrapped", WD_OPTIONAL, false);
	return take_aad(o, how, b);
}

static int (*const readers[])(
    struct wd_jobj *o, enum wd_use_text how, struct wd_use_body *b) = {
	[WD_KEYUSE_ENCRYPT] = read_encrypt,
	[WD_KEYUSE_DECRYPT] = read_decrypt,
	[WD_KEYUSE_SIGN] = read_sign,
	[WD_KEYUSE_VERIFY] = read_verify,
	[WD_KEYUSE_DATAKEY] = read_datakey,
};

int
wd_use_read(struct wd_span json, enum wd_keyuse use, enum wd_use_text text,
    struct wd_use_body *b, struct wd_diag *d)
{
	struct wd_jobj o;
	int r = wd_json_parse(json, d, &b->doc);

	if (r != 0)
		return r;
	wd_jobj_open(&o, wd_json_root(b->doc), d, "body");
	if (readers[use](&o, text, b) != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory for the body");
	return wd_jobj_close(&o);
}

/* ---- answers: members in the order of their names */

static void
put_bytes(struct wd_jtext *j, const char *name, struct wd_span s,
    enum wd_use_text how)
{
	wd_jtext_key(j, name);
	if (how == WD_USE_B64)
		wd_jtext_b64(j, s);
	else
		wd_jtext_b64url(j, s);
}

static void
begin(struct wd_jtext *j, uint8_t sig, enum wd_keyuse use, struct wd_span out,
    enum wd_use_text how)
{
	const char *name = wd_keysig_name((enum wd_keysig)sig);

	wd_jtext_object(j);
	if (name != NULL)
		wd_jtext_key_text(j, "algorithm", name);
	if (use == WD_KEYUSE_ENCRYPT || use == WD_KEYUSE_DATAKEY)
		put_bytes(j, "ciphertext", out, how);
}

static void
end(struct wd_jtext *j, enum wd_keyuse use, struct wd_span out, bool valid,
    uint32_t version, enum wd_use_text how)
{
	if (use == WD_KEYUSE_SIGN)
		put_bytes(j, "signature", out, how);
	if (use == WD_KEYUSE_VERIFY)
		wd_jtext_key_bool(j, "valid", valid);
	wd_jtext_key_uint(j, "version", version);
	wd_jtext_end(j);
}

void
wd_used_write(struct wd_wr *wr, enum wd_keyuse use, const struct wd_msg_used *m)
{
	struct wd_msg_release jwe = { .protected = m->protected,
		.encrypted_key = m->encrypted_key,
		.iv = m->iv,
		.ciphertext = m->ciphertext,
		.tag = m->tag };
	WD_AUTO(wd_wr_done) struct wd_wr text = wd_wr_growing(JWE_TEXT_MAX);
	struct wd_jtext j = wd_jtext(wr);

	begin(&j, m->sig, use, m->output, WD_USE_B64URL);
	if (m->protected.len > 0) {
		wd_coco_release_write(&text, &jwe);
		if (wd_wr_end(&text) != 0)
			wd_wr_fail(wr);
		wd_jtext_key(&j, "plaintext");
		wd_jtext_raw(&j, wd_wr_span(&text));
	}
	end(&j, use, m->output, m->valid, m->version, WD_USE_B64URL);
}

void
wd_key_used_write(
    struct wd_wr *wr, enum wd_keyuse use, const struct wd_msg_key_used *m)
{
	struct wd_jtext j = wd_jtext(wr);

	begin(&j, m->sig, use, m->output, WD_USE_B64);
	if (use == WD_KEYUSE_DECRYPT || m->plain.len > 0)
		put_bytes(&j, "plaintext", m->plain, WD_USE_B64);
	end(&j, use, m->output, m->valid, m->version, WD_USE_B64);
}
