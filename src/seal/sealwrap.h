/*
 * Seal wrap: a second layer around a stored secret that asked for it, under a
 * random key of its own that only the HSM of the seal opens. Whoever has the
 * root key and the store, but not the HSM, cannot read it.
 *
 * The layer lies inside that of the keyring, for three reasons. A keyring that
 * is rotated has its rows encrypted anew, and terms dropped, without the HSM.
 * Nothing goes to the HSM that is not authentic, since the outer layer opens
 * first. And the term of the keyring stays in front, where an index finds it.
 *
 * The HSM never sees the secret, only the random key, which leaves warder-seal
 * derived for this purpose alone: asked to open the blob of the seal file, it
 * gives nothing that opens the root key. Only an HSM does (WD_SEAL_PKCS11): a
 * TPM opens nothing more once a register has changed, and then what it has
 * wrapped would be lost, while the seal has its break-glass shares.
 *
 * Bytes: u8 1 (format), u8 kind of the device, u16 length, that many bytes of
 * the device, then the sealed secret. AAD: label, store id, table, row, version
 * and purpose, and everything that stands before. Little endian.
 */
#pragma once

#include "seal/keyring.h"

enum { WD_SEALWRAP_KEY = 32, WD_SEALWRAP_BLOB = 1536 };

/* What the device has wrapped, and the key that it gives. */
struct wd_sealwrap {
	struct wd_span blob, key;
};

/* The key of the layer, from the random one; in warder-seal. */
int wd_sealwrap_derive(const struct wd_id *store_id, struct wd_span random,
    struct wd_secret **ret_key) WD_MUST_USE;

/* PLAIN at PLACE, which is one of wd_rest_by_hsm(). 0 or a fault. */
int wd_sealwrap_seal(const struct wd_id *store_id, const struct wd_rest *place,
    const struct wd_sealwrap *w, struct wd_span plain, struct wd_secret **ret)
    WD_MUST_USE;

/* The device's part of WRAPPED, which it views. WD_R_TAMPERED. */
int wd_sealwrap_blob(struct wd_span wrapped, struct wd_span *ret) WD_MUST_USE;

/* Opens it with the key that the device has given for that. WD_R_TAMPERED:
 * other bytes, another place, or not its key. */
int wd_sealwrap_open(const struct wd_id *store_id, const struct wd_rest *place,
    struct wd_span key, struct wd_span wrapped, struct wd_secret **ret)
    WD_MUST_USE;
