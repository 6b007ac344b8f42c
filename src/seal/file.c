/*
 * The file seal, for development: the share is a random key in a file beside
 * the seal, so whoever can copy the folder has everything in it.
 */
#include "seal/wrap.h"

#include "crypto/aead.h"
#include "crypto/kdf.h"

static int
derive(
    const struct wd_id *store_id, struct wd_span share, struct wd_secret **ret)
{
	return wd_hkdf(share, "warder/1/seal-file", wd_id_span(store_id),
	    WD_AEAD_KEY, ret);
}

static int
wrap(struct wd_span root, const struct wd_id *store_id,
    const struct wd_seal_use *use, struct wd_bytes **ret_blob,
    struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	int r;

	(void)d; /* only faults, which say it all */
	if ((r = derive(store_id, use->share, &key)) != 0)
		return r;
	return wd_wrap_root(&wd_seal_key_file, store_id, wd_span(NULL, 0),
	    wd_secret_borrow(key), root, ret_blob);
}

static int
unwrap(struct wd_span blob, const struct wd_id *store_id,
    const struct wd_seal_use *use, struct wd_secret **ret_root,
    struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	int r;

	if ((r = derive(store_id, use->share, &key)) != 0)
		return r;
	return wd_unwrap_root(&wd_seal_key_file, store_id, wd_span(NULL, 0),
	    wd_secret_borrow(key), blob, ret_root, d);
}

const struct wd_seal_row wd_seal_key_file = {
	.kind = WD_SEAL_FILE,
	.name = "file",
	.automatic = true,
	.key_file = "seal.key",
	.share_min = 32,
	.share_max = 32,
	.warning = "DEVELOPMENT ONLY: the key that opens this server lies in "
		   "its own folder (seal.key), so that whoever copies the "
		   "folder has every secret in it",
	.wrap = wrap,
	.unwrap = unwrap,
};
