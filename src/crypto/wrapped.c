/*
 * From the outside in. Which of the two layers did not open is told to nobody:
 * an AES key that does not decrypt is replaced by a random one, under which the
 * rest cannot open.
 */
#include "crypto/wrapped.h"

#include "codec/der.h"
#include "crypto/aead.h"
#include "crypto/ecdh.h"
#include "crypto/key.h"
#include "crypto/rand.h"

static const struct {
	const char *name;
	enum wd_hash hash;
} wraps[] = {
	[WD_WRAP_OAEP_SHA256] = { "RSA-OAEP-256+A256KWP", WD_SHA256 },
	[WD_WRAP_OAEP_SHA1] = { "RSA-OAEP-SHA1+A256KWP", WD_SHA1 },
};

const char *
wd_wrap_name(enum wd_wrap wrap)
{
	return wraps[wrap].name;
}

enum wd_wrap
wd_wrap_by_name(struct wd_span name)
{
	for (size_t i = WD_WRAP_NONE + 1; i < WD_N(wraps); i++)
		if (wd_span_is(name, wraps[i].name))
			return (enum wd_wrap)i;
	return WD_WRAP_NONE;
}

bool
wd_wrapped_fits(const struct wd_pkey *rsa, struct wd_span bytes)
{
	size_t first = rsa->row->len;

	return rsa->row->family == WD_FAMILY_RSA && bytes.len >= first + 16 &&
	    bytes.len <= WD_WRAPPED_MAX && (bytes.len - first) % 8 == 0;
}

static int
open_first(const struct wd_pkey *own, enum wd_hash hash, struct wd_span bytes,
    struct wd_secret **ret_kek)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *kek = NULL;
	int r = wd_oaep_decrypt(own, hash, bytes, &kek);

	if (r != 0 && r != WD_R_TAMPERED)
		return r;
	if (r == 0 && wd_secret_len(kek) == WD_AEAD_KEY) {
		*ret_kek = WD_TAKE(kek);
		return 0;
	}
	return wd_rand_secret(WD_AEAD_KEY, ret_kek);
}

int
wd_wrapped_open(const struct wd_pkey *own, enum wd_wrap wrap,
    struct wd_span bytes, struct wd_secret **ret_key)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *kek = NULL;
	size_t first = own->row->len;
	int r;

	if (!own->is_private || own->row->family != WD_FAMILY_RSA)
		return WD_R_KEY_INVALID;
	if (wrap == WD_WRAP_NONE)
		return WD_R_UNSUPPORTED;
	if (!wd_wrapped_fits(own, bytes))
		return WD_R_TAMPERED;
	r = open_first(own, wraps[wrap].hash, wd_span(bytes.p, first), &kek);
	if (r != 0)
		return r;
	return wd_aes_unwrap_padded(wd_secret_borrow(kek),
	    wd_span(bytes.p + first, bytes.len - first), ret_key);
}

void
wd_wrapped_trim(struct wd_secret *pkcs8)
{
	struct wd_rd rd = wd_rd(wd_secret_borrow(pkcs8));

	(void)wd_der_enter(&rd, WD_DER_SEQUENCE); /* only its end counts */
	if (wd_rd_ok(&rd) == 0 && rd.left < 8 &&
	    wd_span_is_zero(wd_span(rd.p, rd.left)))
		wd_secret_shorten(pkcs8, wd_secret_len(pkcs8) - rd.left);
}
