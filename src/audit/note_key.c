/*
 * Keys of signed notes. The private text is handled as a secret throughout.
 */
#include "audit/note_key.h"

#include <string.h>

#include "base/rd.h"
#include "base/reason.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "crypto/hash.h"

#define PRIVATE "PRIVATE+KEY+"

enum {
	ALG_ED25519 = 1, /* signed-note, "Signature types" */
	RAW = 32,
	TAGGED = 1 + RAW, /* with the algorithm in front */
	BASE64 = 44,
	HASH_TEXT = 8,
};

/* What libcrypto wants around 32 raw bytes (RFC 8410 sections 4 and 7). */
static const uint8_t spki_head[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b,
	0x65, 0x70, 0x03, 0x21, 0x00 };
static const uint8_t pkcs8_head[] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05,
	0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20 };

void
wd_note_key_done(struct wd_note_key *k)
{
	wd_pkey_freep(&k->key);
}

static bool
is_name(struct wd_span name)
{
	return name.len > 0 && name.len < WD_NOTE_NAME &&
	    wd_span_is_word(name) && memchr(name.p, '+', name.len) == NULL;
}

/* The algorithm and the 32 bytes of the public key. */
static int
tagged_public(const struct wd_pkey *key, uint8_t ret[TAGGED])
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *x = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *none = NULL;
	int r = wd_pkey_public_parts(key, &x, &none);

	if (r != 0)
		return r;
	if (wd_pkey_alg(key) != WD_PKEY_ED25519 || x->len != RAW)
		return WD_F_BUG;
	ret[0] = ALG_ED25519;
	wd_copy(ret + 1, wd_bytes_span(x));
	return 0;
}

/* SHA-256(name, newline, algorithm, public key), its first four bytes. */
static int
compute_id(struct wd_span name, const struct wd_pkey *key, uint8_t ret[4])
{
	uint8_t tagged[TAGGED], digest[32];
	const struct wd_span parts[] = { name, WD_SPAN_LIT("\n"),
		WD_SPAN(tagged) };
	int r = tagged_public(key, tagged);

	if (r == 0)
		r = wd_hash_parts(WD_SHA256, parts, WD_N(parts), digest);
	if (r == 0)
		wd_copy(ret, wd_span(digest, 4));
	return r;
}

/* Takes KEY. */
static int
assemble(struct wd_span name, struct wd_pkey *key, struct wd_note_key *ret)
{
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { .key = key };
	int r = compute_id(name, key, k.id);

	if (r != 0)
		return r;
	if (!wd_span_to_text(name, k.name, sizeof(k.name)))
		return WD_F_BUG;
	*ret = k;
	k.key = NULL;
	return 0;
}

int
wd_note_key_generate(struct wd_span name, struct wd_note_key *ret)
{
	struct wd_pkey *key = NULL;
	int r;

	if (!is_name(name))
		return WD_R_RANGE;
	r = wd_pkey_generate(WD_PKEY_ED25519, &key);
	return r != 0 ? r : assemble(name, key, ret);
}

static void
write_head(struct wd_wr *wr, const struct wd_note_key *k)
{
	wd_wr_text(wr, k->name);
	wd_wr_text(wr, "+");
	wd_hex_write(wr, WD_SPAN(k->id));
	wd_wr_text(wr, "+");
}

int
wd_note_key_write_public(struct wd_wr *wr, const struct wd_note_key *k)
{
	uint8_t tagged[TAGGED];
	int r = tagged_public(k->key, tagged);

	if (r != 0)
		return r;
	write_head(wr, k);
	wd_b64_write(wr, WD_SPAN(tagged));
	return 0;
}

/* The algorithm and the 32 bytes of the private key. */
static int
tagged_private(const struct wd_pkey *key, struct wd_secret **ret)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *s = wd_secret_new(TAGGED);
	int r = wd_pkey_to_pkcs8(key, &der);

	if (r != 0)
		return r > 0 ? WD_F_BUG : r;
	if (s == NULL)
		return WD_F_MEMORY;
	if (wd_secret_len(der) != sizeof(pkcs8_head) + RAW)
		return WD_F_BUG;
	wd_secret_bytes(s)[0] = ALG_ED25519;
	wd_copy(wd_secret_bytes(s) + 1,
	    wd_span(wd_secret_borrow(der).p + sizeof(pkcs8_head), RAW));
	*ret = WD_TAKE(s);
	return 0;
}

int
wd_note_key_to_private(const struct wd_note_key *k, struct wd_secret **ret_text)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *tagged = NULL;
	WD_AUTO(wd_secret_freep)
	struct wd_secret *text = wd_secret_new(WD_NOTE_KEY_TEXT);
	struct wd_wr wr;
	int r = tagged_private(k->key, &tagged);

	if (r != 0)
		return r;
	if (text == NULL)
		return WD_F_MEMORY;
	wr = wd_wr_fixed(wd_secret_bytes(text), WD_NOTE_KEY_TEXT);
	wd_wr_text(&wr, PRIVATE);
	write_head(&wr, k);
	wd_b64_write(&wr, wd_secret_borrow(tagged));
	if (wd_wr_end(&wr) != 0)
		return WD_F_BUG;
	wd_secret_shorten(text, wr.len);
	*ret_text = WD_TAKE(text);
	return 0;
}

/* ---- reading */

/* The parts of "name+hash+base64", and of nothing else. */
static bool
split(struct wd_span text, struct wd_span *ret_name, struct wd_span *ret_id,
    struct wd_span *ret_base64)
{
	size_t tail = 1 + HASH_TEXT + 1 + BASE64;

	if (text.len > 0 && text.p[text.len - 1] == '\n')
		text.len--;
	if (text.len <= tail)
		return false;
	*ret_name = wd_span(text.p, text.len - tail);
	*ret_id = wd_span(text.p + ret_name->len + 1, HASH_TEXT);
	*ret_base64 = wd_span(ret_id->p + HASH_TEXT + 1, BASE64);
	return is_name(*ret_name) && text.p[ret_name->len] == '+' &&
	    ret_id->p[HASH_TEXT] == '+';
}

/* Takes KEY; the id must be the one that name and key have. */
static int
finish(struct wd_span name, struct wd_span id_text, struct wd_pkey *key,
    struct wd_note_key *ret)
{
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };
	uint8_t id[4];
	int r = assemble(name, key, &k);

	if (r != 0)
		return r;
	if (wd_hex_decode_exact(id_text, id, sizeof(id)) != 0 ||
	    !wd_span_equal(WD_SPAN(id), WD_SPAN(k.id)))
		return WD_R_MALFORMED;
	*ret = k;
	k.key = NULL;
	return 0;
}

int
wd_note_key_read_public(struct wd_span text, struct wd_note_key *ret)
{
	uint8_t tagged[TAGGED], der[sizeof(spki_head) + RAW];
	struct wd_span name, id, base64;
	struct wd_pkey *key = NULL;
	int r;

	if (!split(text, &name, &id, &base64) ||
	    wd_b64_decode_exact(base64, tagged, sizeof(tagged)) != 0 ||
	    tagged[0] != ALG_ED25519)
		return WD_R_MALFORMED;
	wd_copy(der, WD_SPAN(spki_head));
	wd_copy(der + sizeof(spki_head), wd_span(tagged + 1, RAW));
	r = wd_pkey_from_spki(WD_SPAN(der), &key);
	if (r != 0)
		return r > 0 ? WD_R_MALFORMED : r;
	return finish(name, id, key, ret);
}

static int
load_private(struct wd_span base64, struct wd_pkey **ret)
{
	size_t len = sizeof(pkcs8_head) + RAW;
	WD_AUTO(wd_secret_freep)
	struct wd_secret *tagged = wd_secret_new(TAGGED);
	WD_AUTO(wd_secret_freep) struct wd_secret *der = wd_secret_new(len);
	int r;

	if (tagged == NULL || der == NULL)
		return WD_F_MEMORY;
	if (wd_b64_decode_exact(base64, wd_secret_bytes(tagged), TAGGED) != 0 ||
	    wd_secret_bytes(tagged)[0] != ALG_ED25519)
		return WD_R_MALFORMED;
	wd_copy(wd_secret_bytes(der), WD_SPAN(pkcs8_head));
	wd_copy(wd_secret_bytes(der) + sizeof(pkcs8_head),
	    wd_span(wd_secret_borrow(tagged).p + 1, RAW));
	r = wd_pkey_from_private(wd_secret_borrow(der), ret);
	return r > 0 ? WD_R_MALFORMED : r;
}

int
wd_note_key_read_private(struct wd_span text, struct wd_note_key *ret)
{
	struct wd_rd rd = wd_rd(text);
	struct wd_span name, id, base64;
	struct wd_pkey *key = NULL;
	int r;

	if (!wd_span_is(wd_rd_bytes(&rd, sizeof(PRIVATE) - 1), PRIVATE) ||
	    !split(wd_rd_rest(&rd), &name, &id, &base64))
		return WD_R_MALFORMED;
	r = load_private(base64, &key);
	return r != 0 ? r : finish(name, id, key, ret);
}
