/*
 * The layer of the HSM around stored bytes.
 */
#include "seal/sealwrap.h"

#include "base/rd.h"
#include "base/wr.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "seal/rest_in.h"
#include "seal/seal.h"

enum {
	FORMAT = 1,
	HEAD_MAX = 4 + WD_SEALWRAP_BLOB,
	AAD_MAX = WD_REST_AAD + HEAD_MAX,
};

int
wd_sealwrap_derive(const struct wd_id *store_id, struct wd_span random,
    struct wd_secret **ret_key)
{
	return wd_hkdf(random, "warder/1/seal-wrap", wd_id_span(store_id),
	    WD_SEALWRAP_KEY, ret_key);
}

static int
write_aad(struct wd_wr *wr, const struct wd_id *store_id,
    const struct wd_rest *place, struct wd_span head)
{
	wd_wr_bytes(wr, head);
	return wd_rest_aad(wr, "warder/1/seal-wrap", store_id, place);
}

int
wd_sealwrap_seal(const struct wd_id *store_id, const struct wd_rest *place,
    const struct wd_sealwrap *w, struct wd_span plain, struct wd_secret **ret)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
	uint8_t buf[AAD_MAX], head_room[HEAD_MAX];
	struct wd_wr aad = wd_wr_fixed(buf, sizeof(buf)), wr;
	struct wd_wr head = wd_wr_fixed(head_room, sizeof(head_room));
	struct wd_secret *s;
	int r;

	wd_wr_u8(&head, FORMAT);
	wd_wr_u8(&head, WD_SEAL_PKCS11);
	wd_wr_le16(&head, (uint16_t)w->blob.len);
	wd_wr_bytes(&head, w->blob);
	if (wd_wr_end(&head) != 0 || w->blob.len == 0)
		return WD_F_BUG;
	if ((r = write_aad(&aad, store_id, place, wd_wr_span(&head))) != 0 ||
	    (r = wd_aead_seal(w->key, wd_wr_span(&aad), plain, &sealed)) != 0)
		return r;
	s = wd_secret_new(head.len + sealed->len);
	if (s == NULL)
		return WD_F_MEMORY;
	wr = wd_wr_fixed(wd_secret_bytes(s), wd_secret_len(s));
	wd_wr_bytes(&wr, wd_wr_span(&head));
	wd_wr_bytes(&wr, wd_bytes_span(sealed));
	*ret = s;
	return 0;
}

/* HEAD is everything up to the sealed secret, which stays in RD. */
static int
read_head(struct wd_rd *rd, struct wd_span *ret_blob, struct wd_span *ret_head)
{
	struct wd_span all = wd_span(rd->p, rd->left);
	uint8_t format = wd_rd_u8(rd), kind = wd_rd_u8(rd);
	struct wd_span blob = wd_rd_bytes(rd, wd_rd_le16(rd));

	if (wd_rd_ok(rd) != 0 || format != FORMAT || kind != WD_SEAL_PKCS11 ||
	    blob.len == 0 || blob.len > WD_SEALWRAP_BLOB)
		return WD_R_TAMPERED;
	*ret_blob = blob;
	*ret_head = wd_span(all.p, 4 + blob.len);
	return 0;
}

int
wd_sealwrap_blob(struct wd_span wrapped, struct wd_span *ret)
{
	struct wd_rd rd = wd_rd(wrapped);
	struct wd_span head;

	return read_head(&rd, ret, &head);
}

int
wd_sealwrap_open(const struct wd_id *store_id, const struct wd_rest *place,
    struct wd_span key, struct wd_span wrapped, struct wd_secret **ret)
{
	uint8_t buf[AAD_MAX];
	struct wd_wr aad = wd_wr_fixed(buf, sizeof(buf));
	struct wd_rd rd = wd_rd(wrapped);
	struct wd_span blob, head;
	int r;

	if (key.len != WD_SEALWRAP_KEY)
		return WD_R_TAMPERED;
	if ((r = read_head(&rd, &blob, &head)) != 0 ||
	    (r = write_aad(&aad, store_id, place, head)) != 0)
		return r;
	return wd_aead_open(key, wd_wr_span(&aad), wd_rd_rest(&rd), ret);
}
