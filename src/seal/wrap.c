/*
 * The root key under the key of a seal.
 */
#include "seal/wrap.h"

#include "crypto/aead.h"
#include "seal/keyring.h"

enum { AAD_MAX = 2048, BLOB_MAX = 2048 };

static int
write_aad(struct wd_wr *wr, const struct wd_seal_row *row,
    const struct wd_id *store_id, struct wd_span params)
{
	wd_wr_text(wr, "warder/1/seal");
	wd_wr_le16(wr, (uint16_t)row->kind);
	wd_wr_bytes(wr, wd_id_span(store_id));
	wd_wr_bytes(wr, params);
	return wd_wr_end(wr) == 0 ? 0 : WD_F_BUG;
}

int
wd_wrap_root(const struct wd_seal_row *row, const struct wd_id *store_id,
    struct wd_span params, struct wd_span key, struct wd_span root,
    struct wd_bytes **ret_blob)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr blob = wd_wr_growing(BLOB_MAX);
	uint8_t buf[AAD_MAX];
	struct wd_wr aad = wd_wr_fixed(buf, sizeof(buf));
	int r;

	if ((r = write_aad(&aad, row, store_id, params)) != 0 ||
	    (r = wd_aead_seal(key, wd_wr_span(&aad), root, &sealed)) != 0)
		return r;
	wd_wr_bytes(&blob, params);
	wd_wr_bytes(&blob, wd_bytes_span(sealed));
	return wd_wr_take(&blob, ret_blob) == 0 ? 0 : WD_F_MEMORY;
}

int
wd_unwrap_root(const struct wd_seal_row *row, const struct wd_id *store_id,
    struct wd_span params, struct wd_span key, struct wd_span sealed,
    struct wd_secret **ret_root, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *root = NULL;
	uint8_t buf[AAD_MAX];
	struct wd_wr aad = wd_wr_fixed(buf, sizeof(buf));
	int r;

	if ((r = write_aad(&aad, row, store_id, params)) != 0)
		return r;
	r = wd_aead_open(key, wd_wr_span(&aad), sealed, &root);
	if (r == WD_R_TAMPERED)
		return wd_reject(d, WD_R_UNSEAL_REFUSED,
		    "the %s does not open this seal", row->name);
	if (r != 0)
		return r;
	if (wd_secret_len(root) != WD_ROOT_KEY)
		return WD_R_MALFORMED;
	*ret_root = WD_TAKE(root);
	return 0;
}
