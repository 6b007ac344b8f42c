/*
 * Seals by a device: a random key wraps the root key, and only that key goes
 * to the device. So the device learns nothing of the root key, and the seal is
 * bound to its store whatever the device can authenticate.
 *
 * Blob: u8 1 (format), u16 length, that many bytes of the device, then the
 * sealed root key. Little endian.
 */
#include "seal/wrap.h"

#include "base/rd.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "crypto/rand.h"

enum { FORMAT = 1, DEVICE_MAX = 1536, PARAMS_MAX = 3 + DEVICE_MAX };

static int
derive(const struct wd_id *store_id, const struct wd_secret *key,
    struct wd_secret **ret)
{
	return wd_hkdf(wd_secret_borrow(key), "warder/1/seal-device",
	    wd_id_span(store_id), WD_AEAD_KEY, ret);
}

static int
require_device(const struct wd_seal_row *row, const struct wd_seal_use *use,
    struct wd_diag *d)
{
	if (use->device != NULL)
		return 0;
	return wd_reject(d, WD_R_UNAVAILABLE,
	    "the %s of this seal is not there: is it in the configuration?",
	    row->name);
}

static int
wrap(const struct wd_seal_row *row, struct wd_span root,
    const struct wd_id *store_id, const struct wd_seal_use *use,
    struct wd_bytes **ret_blob, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *random = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *inner = NULL;
	uint8_t buf[PARAMS_MAX];
	struct wd_wr params = wd_wr_fixed(buf, sizeof(buf));
	int r;

	if ((r = require_device(row, use, d)) != 0 ||
	    (r = wd_rand_secret(WD_AEAD_KEY, &random)) != 0 ||
	    (r = use->device->wrap(use->device->ctx, row->kind,
		 wd_secret_borrow(random), &inner, d)) != 0 ||
	    (r = derive(store_id, random, &key)) != 0)
		return r;
	wd_wr_u8(&params, FORMAT);
	wd_wr_le16(&params, (uint16_t)inner->len);
	wd_wr_bytes(&params, wd_bytes_span(inner));
	if (wd_wr_end(&params) != 0)
		return wd_fault(d, WD_F_SYSTEM, "the device gives too much");
	return wd_wrap_root(row, store_id, wd_wr_span(&params),
	    wd_secret_borrow(key), root, ret_blob);
}

static int
unwrap(const struct wd_seal_row *row, struct wd_span blob,
    const struct wd_id *store_id, const struct wd_seal_use *use,
    struct wd_secret **ret_root, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *random = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	struct wd_rd rd = wd_rd(blob);
	uint8_t format = wd_rd_u8(&rd);
	struct wd_span inner = wd_rd_bytes(&rd, wd_rd_le16(&rd));
	int r;

	if (wd_rd_ok(&rd) != 0 || format != FORMAT || inner.len > DEVICE_MAX)
		return wd_reject(d, WD_R_MALFORMED, "the seal file is damaged");
	if ((r = require_device(row, use, d)) != 0 ||
	    (r = use->device->unwrap(
		 use->device->ctx, row->kind, inner, &random, d)) != 0 ||
	    (r = derive(store_id, random, &key)) != 0)
		return r;
	return wd_unwrap_root(row, store_id, wd_span(blob.p, 3 + inner.len),
	    wd_secret_borrow(key), wd_rd_rest(&rd), ret_root, d);
}

/* ---- an HSM */

static int
wrap_pkcs11(struct wd_span root, const struct wd_id *store_id,
    const struct wd_seal_use *use, struct wd_bytes **ret_blob,
    struct wd_diag *d)
{
	return wrap(&wd_seal_pkcs11, root, store_id, use, ret_blob, d);
}

static int
unwrap_pkcs11(struct wd_span blob, const struct wd_id *store_id,
    const struct wd_seal_use *use, struct wd_secret **ret_root,
    struct wd_diag *d)
{
	return unwrap(&wd_seal_pkcs11, blob, store_id, use, ret_root, d);
}

const struct wd_seal_row wd_seal_pkcs11 = {
	.kind = WD_SEAL_PKCS11,
	.name = "pkcs11",
	.automatic = true,
	.device = true,
	.wrap = wrap_pkcs11,
	.unwrap = unwrap_pkcs11,
};

/* ---- a TPM */

static int
wrap_tpm(struct wd_span root, const struct wd_id *store_id,
    const struct wd_seal_use *use, struct wd_bytes **ret_blob,
    struct wd_diag *d)
{
	return wrap(&wd_seal_tpm, root, store_id, use, ret_blob, d);
}

static int
unwrap_tpm(struct wd_span blob, const struct wd_id *store_id,
    const struct wd_seal_use *use, struct wd_secret **ret_root,
    struct wd_diag *d)
{
	return unwrap(&wd_seal_tpm, blob, store_id, use, ret_root, d);
}

const struct wd_seal_row wd_seal_tpm = {
	.kind = WD_SEAL_TPM,
	.name = "tpm",
	.automatic = true,
	.device = true,
	.wrap = wrap_tpm,
	.unwrap = unwrap_tpm,
};
