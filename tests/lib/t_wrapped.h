/*
 * What an HSM does with a key that leaves it in two layers: for tests alone.
 */
#pragma once

#include "crypto/aead.h"
#include "crypto/ecdh.h"
#include "crypto/rand.h"
#include "crypto/wrapped.h"

/* 0, a rejection of what it is made of, or a fault. */
static inline int
t_wrap_with(const struct wd_pkey *client, enum wd_hash hash, struct wd_span kek,
    struct wd_span key, struct wd_bytes **ret)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *first = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *second = NULL;
	int r;

	if ((r = wd_oaep_encrypt(client, hash, kek, &first)) != 0 ||
	    (r = wd_aes_wrap_padded(kek, key, &second)) != 0)
		return r;
	*ret = wd_bytes_new(first->len + second->len);
	if (*ret == NULL)
		return WD_F_MEMORY;
	wd_copy((*ret)->p, wd_bytes_span(first));
	wd_copy((*ret)->p + first->len, wd_bytes_span(second));
	return 0;
}

static inline int
t_wrap(const struct wd_pkey *client, enum wd_hash hash, struct wd_span key,
    struct wd_bytes **ret)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *kek = NULL;
	int r = wd_rand_secret(WD_AEAD_KEY, &kek);

	return r != 0
	    ? r
	    : t_wrap_with(client, hash, wd_secret_borrow(kek), key, ret);
}
