/*
 * Private keys made for one test, in the forms people bring them.
 */
#pragma once

#include "lib/t.h"

#include "base/secret.h"
#include "codec/base64.h"
#include "codec/pem.h"
#include "crypto/pkey.h"

enum { MADE_KEY_TEXT = 8192 };

/* PKCS#8 of a new key as base64. */
static inline void
made_key_b64(enum wd_pkey_alg alg, char dst[MADE_KEY_TEXT])
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;
	struct wd_wr wr = wd_wr_fixed(dst, MADE_KEY_TEXT - 1);

	t_ok(wd_pkey_generate(alg, &key));
	t_ok(wd_pkey_to_pkcs8(key, &der));
	wd_b64_write(&wr, wd_secret_borrow(der));
	t_ok(wd_wr_end(&wr));
	dst[wr.len] = '\0';
}

/* As PEM, its line ends escaped as JSON wants them. */
static inline void
made_key_pem(enum wd_pkey_alg alg, char dst[MADE_KEY_TEXT])
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;
	static char pem[MADE_KEY_TEXT];
	struct wd_wr in = wd_wr_fixed(pem, sizeof(pem));
	struct wd_wr out = wd_wr_fixed(dst, MADE_KEY_TEXT - 1);

	t_ok(wd_pkey_generate(alg, &key));
	t_ok(wd_pkey_to_pkcs8(key, &der));
	wd_pem_write(&in, "PRIVATE KEY", wd_secret_borrow(der));
	t_ok(wd_wr_end(&in));
	for (size_t i = 0; i < in.len; i++)
		if (pem[i] == '\n')
			wd_wr_text(&out, "\\n");
		else
			wd_wr_u8(&out, (uint8_t)pem[i]);
	t_ok(wd_wr_end(&out));
	dst[out.len] = '\0';
}
