/*
 * Short ways to the keys of the fixtures.
 */
#pragma once

#include "lib/t.h"

#include "codec/base64.h"
#include "crypto/pkey.h"

static inline struct wd_pkey *
t_private(const char *pem)
{
	struct wd_pkey *k = NULL;

	t_ok(wd_pkey_from_private(wd_span_text(pem), &k));
	return k;
}

/* The public half, by way of SubjectPublicKeyInfo. */
static inline struct wd_pkey *
t_public_of(const struct wd_pkey *private)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	struct wd_pkey *k = NULL;

	t_ok(wd_pkey_to_spki(private, &spki));
	t_ok(wd_pkey_from_spki(wd_bytes_span(spki), &k));
	return k;
}

static inline struct wd_bytes *
t_b64url(const char *text)
{
	struct wd_bytes *b = NULL;

	t_ok(wd_b64url_decode(wd_span_text(text), &b));
	return b;
}
