/*
 * The keyring: made, flattened, sealed under the root key. Key bytes are only
 * ever in struct wd_secret.
 */
#include "seal/keyring.h"

#include "base/rd.h"
#include "base/wr.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "crypto/pkey.h"
#include "crypto/rand.h"

enum {
	FLAT_VERSION = 2, /* 1 had all terms */
	FILE_VERSION = 1,
	TERM_LEN = 32,
	CHALLENGE_LEN = 32,
	CHECK_LEN = 32,
	PRIVATE_MAX = 1024, /* a P-256 key takes 138 bytes */
	FILE_HEAD = 6,
};

static const uint8_t file_magic[4] = { 'W', 'D', 'K', 'R' };

void
wd_keyring_done(struct wd_keyring *k)
{
	for (size_t i = 0; i < WD_N(k->term); i++)
		k->term[i] = wd_secret_free(k->term[i]);
	k->challenge_key = wd_secret_free(k->challenge_key);
	k->release_key = wd_secret_free(k->release_key);
	k->token_key = wd_secret_free(k->token_key);
	*k = (struct wd_keyring){ 0 };
}

static void
hand_over(struct wd_keyring *from, struct wd_keyring *ret)
{
	*ret = *from;
	*from = (struct wd_keyring){ 0 };
}

static int
new_signing_key(struct wd_secret **ret)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	int r = wd_pkey_generate(WD_PKEY_P256, &k);

	if (r != 0)
		return r;
	return wd_pkey_to_pkcs8(k, ret);
}

static int
make_check(struct wd_keyring *k)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *check = NULL;
	int r = wd_hkdf(wd_secret_borrow(k->term[0]), "warder/1/check",
	    wd_id_span(&k->store_id), CHECK_LEN, &check);

	if (r == 0)
		wd_copy(k->check, wd_secret_borrow(check));
	return r;
}

int
wd_keyring_make(const struct wd_id *store_id, struct wd_span root_key,
    struct wd_keyring *ret)
{
	WD_AUTO(wd_keyring_done) struct wd_keyring k = { 0 };
	int r;

	k.store_id = *store_id;
	k.first = k.n_terms = 1;
	if ((r = wd_rand_secret(TERM_LEN, &k.term[0])) != 0 ||
	    (r = make_check(&k)) != 0 ||
	    (r = wd_hkdf(root_key, "warder/1/challenge", wd_id_span(store_id),
		 CHALLENGE_LEN, &k.challenge_key)) != 0 ||
	    (r = new_signing_key(&k.release_key)) != 0 ||
	    (r = new_signing_key(&k.token_key)) != 0)
		return r;
	hand_over(&k, ret);
	return 0;
}

int
wd_keyring_add_term(struct wd_keyring *k)
{
	int r;

	if (k->n_terms >= WD_KEYRING_TERMS ||
	    wd_keyring_newest(k) == UINT32_MAX)
		return WD_R_CONFLICT;
	if ((r = wd_rand_secret(TERM_LEN, &k->term[k->n_terms])) == 0)
		k->n_terms++;
	return r;
}

int
wd_keyring_drop_before(struct wd_keyring *k, uint32_t first)
{
	uint32_t n = first - k->first;

	if (first < k->first || first > wd_keyring_newest(k))
		return WD_R_RANGE;
	for (uint32_t i = 0; i < n; i++)
		k->term[i] = wd_secret_free(k->term[i]);
	for (uint32_t i = n; n > 0 && i < k->n_terms; i++)
		k->term[i - n] = WD_TAKE(k->term[i]);
	k->first = first;
	k->n_terms -= n;
	return 0;
}

int
wd_keyring_check(const struct wd_keyring *k, uint8_t ret_check[32])
{
	wd_copy(ret_check, WD_SPAN(k->check));
	return 0;
}

/*
 * u16 version, 36 bytes of store id, u32 the first term, u8 number of terms, 32
 * bytes each, the challenge key, the check value, then release and token key,
 * each with a u16 length before.
 */
static size_t
flat_len(const struct wd_keyring *k)
{
	return 2 + WD_ID_LEN + 4 + 1 + k->n_terms * (size_t)TERM_LEN +
	    CHALLENGE_LEN + CHECK_LEN + 2 + wd_secret_len(k->release_key) + 2 +
	    wd_secret_len(k->token_key);
}

static void
write_private(struct wd_wr *wr, const struct wd_secret *key)
{
	wd_wr_le16(wr, (uint16_t)wd_secret_len(key));
	wd_wr_bytes(wr, wd_secret_borrow(key));
}

int
wd_keyring_flat(const struct wd_keyring *k, struct wd_secret **ret)
{
	size_t len = flat_len(k);
	WD_AUTO(wd_secret_freep) struct wd_secret *s = wd_secret_new(len);
	struct wd_wr wr;

	if (s == NULL)
		return WD_F_MEMORY;
	wr = wd_wr_fixed(wd_secret_bytes(s), len);
	wd_wr_le16(&wr, FLAT_VERSION);
	wd_wr_bytes(&wr, wd_id_span(&k->store_id));
	wd_wr_le32(&wr, k->first);
	wd_wr_u8(&wr, (uint8_t)k->n_terms);
	for (size_t i = 0; i < k->n_terms; i++)
		wd_wr_bytes(&wr, wd_secret_borrow(k->term[i]));
	wd_wr_bytes(&wr, wd_secret_borrow(k->challenge_key));
	wd_wr_bytes(&wr, WD_SPAN(k->check));
	write_private(&wr, k->release_key);
	write_private(&wr, k->token_key);
	if (wd_wr_end(&wr) != 0 || wr.len != len)
		return WD_F_BUG;
	*ret = WD_TAKE(s);
	return 0;
}

/* Copies N bytes off RD; a missing copy shows as NULL at the end. */
static struct wd_secret *
take(struct wd_rd *rd, size_t n)
{
	struct wd_span s = wd_rd_bytes(rd, n);

	return rd->bad ? NULL : wd_secret_copy(s);
}

static struct wd_secret *
take_private(struct wd_rd *rd)
{
	uint16_t len = wd_rd_le16(rd);

	if (len == 0 || len > PRIVATE_MAX)
		wd_rd_fail(rd);
	return take(rd, len);
}

/* Only the form this code writes: lower case. */
static void
take_id(struct wd_rd *rd, struct wd_id *ret)
{
	struct wd_span text = wd_rd_bytes(rd, WD_ID_LEN);

	if (!wd_id_parse(text, ret) || !wd_span_equal(wd_id_span(ret), text))
		wd_rd_fail(rd);
}

static void
take_all(struct wd_rd *rd, struct wd_keyring *k)
{
	take_id(rd, &k->store_id);
	k->first = wd_rd_le32(rd);
	k->n_terms = wd_rd_u8(rd);
	if (k->first < 1 || k->n_terms < 1 || k->n_terms > WD_KEYRING_TERMS ||
	    k->first > UINT32_MAX - k->n_terms)
		wd_rd_fail(rd);
	for (size_t i = 0; !rd->bad && i < k->n_terms; i++)
		k->term[i] = take(rd, TERM_LEN);
	k->challenge_key = take(rd, CHALLENGE_LEN);
	wd_rd_copy(rd, k->check, CHECK_LEN);
	k->release_key = take_private(rd);
	k->token_key = take_private(rd);
}

static bool
is_whole(const struct wd_keyring *k)
{
	for (size_t i = 0; i < k->n_terms; i++)
		if (k->term[i] == NULL)
			return false;
	return k->challenge_key != NULL && k->release_key != NULL &&
	    k->token_key != NULL;
}

int
wd_keyring_read(struct wd_span flat, struct wd_keyring *ret)
{
	WD_AUTO(wd_keyring_done) struct wd_keyring k = { 0 };
	struct wd_rd rd = wd_rd(flat);
	uint16_t version = wd_rd_le16(&rd);
	int r;

	if ((r = wd_rd_ok(&rd)) != 0)
		return r;
	if (version != FLAT_VERSION)
		return WD_R_VERSION;
	take_all(&rd, &k);
	if ((r = wd_rd_end(&rd)) != 0)
		return r;
	if (!is_whole(&k))
		return WD_F_MEMORY;
	hand_over(&k, ret);
	return 0;
}

static int
file_key(struct wd_span root_key, const struct wd_id *store_id,
    struct wd_secret **ret)
{
	return wd_hkdf(root_key, "warder/1/keyring", wd_id_span(store_id),
	    WD_AEAD_KEY, ret);
}

/* The head of the file and the store it belongs to, for the AAD. */
static struct wd_span
write_aad(uint8_t buf[FILE_HEAD + WD_ID_LEN], const struct wd_id *store_id)
{
	struct wd_wr wr = wd_wr_fixed(buf, FILE_HEAD + WD_ID_LEN);

	wd_wr_bytes(&wr, WD_SPAN(file_magic));
	wd_wr_le16(&wr, FILE_VERSION);
	wd_wr_bytes(&wr, wd_id_span(store_id));
	return wd_wr_span(&wr);
}

int
wd_keyring_seal(
    const struct wd_keyring *k, struct wd_span root_key, struct wd_bytes **ret)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *flat = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_KEYRING_MAX);
	uint8_t buf[FILE_HEAD + WD_ID_LEN];
	struct wd_span aad = write_aad(buf, &k->store_id);
	int r;

	if ((r = file_key(root_key, &k->store_id, &key)) != 0 ||
	    (r = wd_keyring_flat(k, &flat)) != 0 ||
	    (r = wd_aead_seal(wd_secret_borrow(key), aad,
		 wd_secret_borrow(flat), &sealed)) != 0)
		return r;
	wd_wr_bytes(&wr, wd_span(buf, FILE_HEAD));
	wd_wr_bytes(&wr, wd_bytes_span(sealed));
	return wd_wr_take(&wr, ret) == 0 ? 0 : WD_F_MEMORY;
}

/* What is authentic but cannot be read was not written by this code. */
static int
read_authentic(const struct wd_secret *flat, const struct wd_id *store_id,
    struct wd_keyring *ret)
{
	WD_AUTO(wd_keyring_done) struct wd_keyring k = { 0 };
	int r = wd_keyring_read(wd_secret_borrow(flat), &k);

	if (r == WD_R_MALFORMED)
		return WD_R_TAMPERED;
	if (r != 0)
		return r;
	if (!wd_span_equal(wd_id_span(&k.store_id), wd_id_span(store_id)))
		return WD_R_TAMPERED;
	hand_over(&k, ret);
	return 0;
}

int
wd_keyring_open(struct wd_span sealed, struct wd_span root_key,
    const struct wd_id *store_id, struct wd_keyring *ret)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *flat = NULL;
	uint8_t buf[FILE_HEAD + WD_ID_LEN];
	struct wd_span aad = write_aad(buf, store_id);
	struct wd_rd rd = wd_rd(sealed);
	struct wd_span magic = wd_rd_bytes(&rd, sizeof(file_magic));
	uint16_t version = wd_rd_le16(&rd);
	int r;

	if (!wd_span_equal(magic, WD_SPAN(file_magic)))
		return WD_R_TAMPERED;
	if (version != FILE_VERSION)
		return WD_R_VERSION;
	if ((r = file_key(root_key, store_id, &key)) != 0 ||
	    (r = wd_aead_open(
		 wd_secret_borrow(key), aad, wd_rd_rest(&rd), &flat)) != 0)
		return r;
	return read_authentic(flat, store_id, ret);
}
