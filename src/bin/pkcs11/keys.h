/*
 * The public parts of the holder's keys, and the objects a program sees of
 * them: for each key a private key, a public key and its certificates. Handles
 * stay what they are while the module is loaded, in children too.
 */
#pragma once

#include "bin/pkcs11/cert.h"
#include "bin/pkcs11/ck.h"
#include "proto/holder.h"

enum { WD_P11_KEYS_MAX = 1024 };

/* What an object is of its key. */
enum wd_p11_part { WD_PART_PRIVATE, WD_PART_PUBLIC, WD_PART_CERT };

struct wd_p11_key {
	uint64_t serial;        /* of handles; from 1 */
	bool listed;            /* by the last LIST */
	struct wd_bytes *entry; /* what the spans below view */
	struct wd_holder_key k;
	size_t n_certs;
	struct wd_p11_cert certs[WD_HOLDER_CHAIN_MAX];
};

struct wd_p11_object {
	const struct wd_p11_key *key;
	enum wd_p11_part part;
	size_t cert; /* which; 0 is the key's own */
};

/* In the order of their serials. */
struct wd_p11_keys {
	struct wd_p11_key *at[WD_P11_KEYS_MAX];
	size_t n;
	uint64_t last_serial;
};

/* Frees all. Handles are not given out a second time. */
void wd_p11_keys_done(struct wd_p11_keys *keys);

/* Forgets all without touching it: a fork left it half changed. */
void wd_p11_keys_abandon(struct wd_p11_keys *keys);

/* Before the entries of a LIST: what it does not say is not listed any more,
 * but keeps its handles. */
void wd_p11_keys_unlist(struct wd_p11_keys *keys);

/* One entry of LIST. 0, WD_R_MALFORMED, or a fault. */
int wd_p11_keys_add(struct wd_p11_keys *keys, struct wd_span entry) WD_MUST_USE;

/* False when there is no such object. It lives until the lock is given up. */
bool wd_p11_object_at(const struct wd_p11_keys *keys, ck_object_handle_t handle,
    struct wd_p11_object *ret) WD_MUST_USE;

ck_object_handle_t wd_p11_object_handle(const struct wd_p11_object *o);

/* Objects of a key, counted from 0; false behind the last. */
bool wd_p11_object_of(const struct wd_p11_key *key, size_t i,
    struct wd_p11_object *ret) WD_MUST_USE;

/* Bytes of a signature by this key. */
size_t wd_p11_signature_len(const struct wd_holder_key *k);
