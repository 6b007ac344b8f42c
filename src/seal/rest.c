/*
 * Data at rest: encrypted under the newest term, bound to the place where it
 * lies, so that a row copied elsewhere in the database does not open.
 */
#include "seal/keyring.h"

#include <string.h>

#include "base/rd.h"
#include "base/wr.h"
#include "crypto/aead.h"
#include "seal/rest_in.h"

enum { TERM_HEAD = 4, TEXT_MAX = 512 };

static void
write_text(struct wd_wr *wr, const char *text)
{
	struct wd_span s = wd_span_text(text);

	if (s.len > TEXT_MAX)
		wd_wr_fail(wr);
	wd_wr_le16(wr, (uint16_t)s.len);
	wd_wr_bytes(wr, s);
}

/* Each part with its length, so that no two places give the same bytes. */
int
wd_rest_aad(struct wd_wr *wr, const char *label, const struct wd_id *store_id,
    const struct wd_rest *place)
{
	write_text(wr, label);
	wd_wr_bytes(wr, wd_id_span(store_id));
	write_text(wr, place->table);
	write_text(wr, place->row);
	wd_wr_le32(wr, place->version);
	write_text(wr, place->purpose);
	return wd_wr_end(wr) == 0 ? 0 : WD_F_BUG;
}

static int
write_aad(
    struct wd_wr *wr, const struct wd_keyring *k, const struct wd_rest *place)
{
	return wd_rest_aad(wr, "warder/1/rest", &k->store_id, place);
}

struct wd_rest
wd_rest_by_hsm(struct wd_rest place)
{
	static const struct {
		const char *plain, *by_hsm;
	} purposes[] = {
		{ "key", "key-hsm" },
		{ "key-stays", "key-stays-hsm" },
		{ "secret", "secret-hsm" },
	};
	const char *purpose = "none-hsm"; /* opens nothing */

	for (size_t i = 0; i < WD_N(purposes); i++)
		if (strcmp(purposes[i].plain, place.purpose) == 0)
			purpose = purposes[i].by_hsm;
	place.purpose = purpose;
	return place;
}

int
wd_keyring_encrypt(const struct wd_keyring *k, const struct wd_rest *place,
    struct wd_span plain, struct wd_bytes **ret)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
	uint8_t buf[WD_REST_AAD];
	struct wd_wr aad = wd_wr_fixed(buf, sizeof(buf)), wr;
	struct wd_bytes *b;
	int r;

	if ((r = write_aad(&aad, k, place)) != 0 ||
	    (r = wd_aead_seal(wd_secret_borrow(k->term[k->n_terms - 1]),
		 wd_wr_span(&aad), plain, &sealed)) != 0)
		return r;
	b = wd_bytes_new(TERM_HEAD + sealed->len);
	if (b == NULL)
		return WD_F_MEMORY;
	wr = wd_wr_fixed(b->p, b->len);
	wd_wr_le32(&wr, wd_keyring_newest(k));
	wd_wr_bytes(&wr, wd_bytes_span(sealed));
	*ret = b;
	return 0;
}

int
wd_keyring_decrypt(const struct wd_keyring *k, const struct wd_rest *place,
    struct wd_span sealed, struct wd_secret **ret)
{
	uint8_t buf[WD_REST_AAD];
	struct wd_wr aad = wd_wr_fixed(buf, sizeof(buf));
	struct wd_rd rd = wd_rd(sealed);
	uint32_t term = wd_rd_le32(&rd);
	int r;

	if (wd_rd_ok(&rd) != 0)
		return WD_R_TAMPERED;
	if (term < wd_keyring_oldest(k) || term > wd_keyring_newest(k))
		return WD_R_WRONG_STORE;
	if ((r = write_aad(&aad, k, place)) != 0)
		return r;
	return wd_aead_open(wd_secret_borrow(k->term[term - k->first]),
	    wd_wr_span(&aad), wd_rd_rest(&rd), ret);
}
