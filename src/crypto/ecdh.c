/*
 * Elliptic-curve Diffie-Hellman.
 */
#include "crypto/ecdh.h"

#include "crypto/curve.h"

/*
 * The last 0 leaves out a second check of the peer's point, half of the cost:
 * it was found on its curve and finite when it was imported, and with a
 * cofactor of 1 nothing else can be wrong with it.
 */
static bool
start(EVP_PKEY_CTX *ctx, const struct wd_pkey *theirs)
{
	WD_AUTO(wd_evp_pkey_freep) EVP_PKEY *room = NULL;
	EVP_PKEY *peer = theirs->evp;

	if (peer == NULL) {
		struct wd_span point =
		    wd_span(theirs->point, 1 + 2 * theirs->row->len);

		if (wd_curve_import(theirs->row, point, &room) != 0)
			return false;
		peer = room;
	}
	return EVP_PKEY_derive_init(ctx) == 1 &&
	    EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) == 1;
}

int
wd_ecdh(const struct wd_pkey *ours, const struct wd_pkey *theirs,
    struct wd_secret **ret_z)
{
	WD_AUTO(wd_evp_pkey_ctx_freep) EVP_PKEY_CTX *ctx = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *z = NULL;
	size_t len = ours->row->len;

	if (!ours->is_private || ours->row->family != WD_FAMILY_EC ||
	    theirs->row != ours->row)
		return WD_R_KEY_INVALID;
	if ((z = wd_secret_new(len)) == NULL)
		return WD_F_MEMORY;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, ours->evp, NULL);
	if (ctx == NULL || !start(ctx, theirs) ||
	    EVP_PKEY_derive(ctx, wd_secret_bytes(z), &len) != 1)
		return wd_lib_fault();
	if (len != wd_secret_len(z))
		return WD_F_BUG;
	if (wd_span_is_zero(wd_secret_borrow(z)))
		return WD_R_KEY_INVALID;
	*ret_z = WD_TAKE(z);
	return 0;
}
