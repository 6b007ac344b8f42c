/*
 * Prints one line of JSON per kind of recipient: a fresh private key, a JWE
 * sealed to it and its own thumbprint; and one line with a signed token. A
 * JOSE implementation that shares no code with ours reads them
 * (jose_interop.py).
 */
#include "codec/jtext.h"
#include "codec/pem.h"
#include "crypto/init.h"
#include "crypto/jwe.h"
#include "crypto/jws.h"

#include <stdio.h>

enum { LINE_MAX_BYTES = 16384 };

static const struct wd_span secret = {
	(const uint8_t *)"released to one recipient", 25
};

static void
write_bytes(struct wd_jtext *j, const char *name, const struct wd_bytes *b)
{
	wd_jtext_key(j, name);
	wd_jtext_b64url(j, wd_bytes_span(b));
}

static void
write_jwe(struct wd_jtext *j, const struct wd_jwe *jwe)
{
	wd_jtext_key(j, "jwe");
	wd_jtext_object(j);
	write_bytes(j, "ciphertext", jwe->ciphertext);
	write_bytes(j, "encrypted_key", jwe->encrypted_key);
	write_bytes(j, "iv", jwe->iv);
	wd_jtext_key(j, "protected");
	wd_jtext_string(j, wd_bytes_span(jwe->protected_b64));
	write_bytes(j, "tag", jwe->tag);
	wd_jtext_end(j);
}

static int
write_key(struct wd_jtext *j, const struct wd_pkey *k)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr pem = wd_wr_growing(LINE_MAX_BYTES);
	int r;

	if ((r = wd_pkey_to_pkcs8(k, &der)) != 0)
		return r;
	wd_pem_write(&pem, "PRIVATE KEY", wd_secret_borrow(der));
	wd_jtext_key(j, "key");
	wd_jtext_string(j, wd_wr_span(&pem));
	return 0;
}

static int
write_thumbprint(struct wd_jtext *j, const struct wd_pkey *k)
{
	uint8_t digest[32];
	int r;

	if ((r = wd_jwk_thumbprint(k, digest)) != 0)
		return r;
	wd_jtext_key(j, "thumbprint");
	wd_jtext_b64url(j, WD_SPAN(digest));
	return 0;
}

static int
print_line(const struct wd_wr *wr)
{
	struct wd_span line = wd_wr_span(wr);

	if (wd_wr_end(wr) != 0)
		return 1;
	return printf("%.*s\n", (int)line.len, (const char *)line.p) < 0;
}

static int
print_sealed(enum wd_pkey_alg key, enum wd_jwe_alg alg)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	WD_AUTO(wd_jwe_done) struct wd_jwe jwe = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(LINE_MAX_BYTES);
	struct wd_jtext j = wd_jtext(&wr);

	wd_jtext_object(&j);
	if (wd_pkey_generate(key, &k) != 0 ||
	    wd_jwe_seal(k, alg, secret, &jwe) != 0)
		return 1;
	write_jwe(&j, &jwe);
	if (write_key(&j, k) != 0 || write_thumbprint(&j, k) != 0)
		return 1;
	wd_jtext_end(&j);
	return print_line(&wr);
}

static int
print_signed(void)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(LINE_MAX_BYTES);
	WD_AUTO(wd_wr_done) struct wd_wr token = wd_wr_growing(LINE_MAX_BYTES);
	struct wd_jtext j = wd_jtext(&wr);

	wd_jtext_object(&j);
	if (wd_pkey_generate(WD_PKEY_P256, &k) != 0 ||
	    wd_jws_sign(
		k, WD_SPAN_LIT("{\"alg\":\"ES256\"}"), secret, &token) != 0)
		return 1;
	wd_jtext_key(&j, "jws");
	wd_jtext_string(&j, wd_wr_span(&token));
	if (write_key(&j, k) != 0)
		return 1;
	wd_jtext_end(&j);
	return print_line(&wr);
}

int
main(void)
{
	return wd_crypto_init(NULL) != 0 ||
	    print_sealed(WD_PKEY_P256, WD_JWE_ECDH_ES_A256KW) != 0 ||
	    print_sealed(WD_PKEY_P521, WD_JWE_ECDH_ES_A256KW) != 0 ||
	    print_sealed(WD_PKEY_RSA2048, WD_JWE_RSA_OAEP_256) != 0 ||
	    print_signed() != 0;
}
