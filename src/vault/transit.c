/*
 * Keys of the transit engine: made, looked at, ended.
 */
#include "vault/transit.h"

#include "codec/base64.h"
#include "codec/pem.h"
#include "vault/ask.h"

#include <stdio.h>

enum { PEM_MAX = 4096 };

static int
post(struct wd_vault *v, struct wd_vault_ask *a, struct wd_diag *d)
{
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };

	return wd_vault_ask_post(v, a, &reply, d);
}

/* "mount/keys/name" and what comes behind it. */
static int
open_key(struct wd_vault_ask *a, const struct wd_vault_key *k,
    const char *behind, struct wd_diag *d)
{
	int r = wd_vault_ask_open(a, k->mount, "keys", k->name, d);
	struct wd_wr wr;

	if (r != 0 || behind == NULL)
		return r;
	wr = wd_wr_fixed(a->path, sizeof(a->path) - 1);
	wr.len = wd_span_text(a->path).len;
	wd_wr_text(&wr, "/");
	wd_wr_text(&wr, behind);
	if (wd_wr_end(&wr) != 0)
		return wd_reject(d, WD_R_RANGE, "vault: the path is too long");
	a->path[wr.len] = '\0';
	return 0;
}

int
wd_vault_key_make(struct wd_vault *v, const struct wd_vault_key *k,
    const char *type, struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	int r = open_key(&a, k, NULL, d);

	if (r != 0)
		return r;
	wd_jtext_key_text(&a.j, "type", type);
	return post(v, &a, d);
}

int
wd_vault_key_rotate(
    struct wd_vault *v, const struct wd_vault_key *k, struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	int r = open_key(&a, k, "rotate", d);

	a.once = true;
	return r != 0 ? r : post(v, &a, d);
}

int
wd_vault_key_import(struct wd_vault *v, const struct wd_vault_key *k,
    const char *type, struct wd_span blob, struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	int r = open_key(&a, k, "import", d);

	if (r != 0)
		return r;
	a.once = true;
	wd_jtext_key(&a.j, "ciphertext");
	wd_jtext_b64(&a.j, blob);
	wd_jtext_key_text(&a.j, "hash_function", "SHA256");
	wd_jtext_key_text(&a.j, "type", type);
	return post(v, &a, d);
}

/* ---- looked at */

void
wd_vault_key_info_done(struct wd_vault_key_info *i)
{
	wd_bytes_freep(&i->spki);
}

/* PEM mostly; the engine gives Ed25519 keys as their 32 bytes in base64. */
static int
read_public(struct wd_span text, struct wd_bytes **ret)
{
	static const uint8_t ed25519[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
		0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	struct wd_rd rd = wd_rd(text);

	if (text.len > 0 && text.p[0] == '-')
		return wd_pem_next(&rd, "PUBLIC KEY", ret);
	if ((spki = wd_bytes_new(sizeof(ed25519) + 32)) == NULL)
		return WD_F_MEMORY;
	wd_copy(spki->p, WD_SPAN(ed25519));
	if (wd_b64_decode_exact(text, spki->p + sizeof(ed25519), 32) != 0)
		return WD_R_MALFORMED;
	*ret = WD_TAKE(spki);
	return 0;
}

/* Versions of a symmetric key are times, of others objects. */
static int
take_version(const struct wd_jval *keys, uint32_t version,
    struct wd_bytes **ret, struct wd_diag *d)
{
	const struct wd_jval *one;
	struct wd_span text;
	char number[16];
	int r;

	(void)snprintf(number, sizeof(number), "%u", (unsigned)version);
	if ((one = wd_jval_get(keys, number)) == NULL)
		return wd_reject(d, WD_R_NOT_FOUND,
		    "vault: the key has no version %s", number);
	if (!wd_jval_text(wd_jval_get(one, "public_key"), &text) ||
	    text.len == 0)
		return 0;
	r = text.len > PEM_MAX ? WD_R_MALFORMED : read_public(text, ret);
	return r <= 0 ? r
		      : wd_reject(d, WD_R_BACKEND_ANSWER,
			    "vault: a public key that is none");
}

static int
take_info(const struct wd_vault_reply *reply, uint32_t version,
    struct wd_vault_key_info *ret, struct wd_diag *d)
{
	struct wd_vault_key_info i = { 0 };
	uint64_t newest = 0;
	struct wd_span type = { 0 };
	int r;

	if (!wd_jval_text(wd_jval_get(reply->data, "type"), &type) ||
	    !wd_span_is_word(type) ||
	    !wd_span_to_text(type, i.type, sizeof(i.type)) ||
	    !wd_jval_uint(wd_jval_get(reply->data, "latest_version"),
		UINT32_MAX, &newest) ||
	    newest == 0)
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "vault: a key without type or version");
	i.newest = (uint32_t)newest;
	(void)wd_jval_bool(
	    wd_jval_get(reply->data, "exportable"), &i.exportable);
	r = take_version(wd_jval_get(reply->data, "keys"),
	    version == 0 ? i.newest : version, &i.spki, d);
	if (r == 0)
		*ret = i;
	return r;
}

int
wd_vault_key_look(struct wd_vault *v, const struct wd_vault_key *k,
    struct wd_vault_key_info *ret, struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	int r = open_key(&a, k, NULL, d);

	if (r == 0)
		r = wd_vault_ask_bare(v, &a, "GET", &reply, d);
	return r != 0 ? r : take_info(&reply, k->version, ret, d);
}

int
wd_vault_wrapping_key(struct wd_vault *v, const char *mount,
    struct wd_bytes **ret_spki, struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	struct wd_span text = { 0 };
	int r =
	    wd_vault_ask_open(&a, mount, NULL, wd_span_text("wrapping_key"), d);

	if (r == 0)
		r = wd_vault_ask_bare(v, &a, "GET", &reply, d);
	if (r != 0)
		return r;
	r = wd_jval_text(wd_jval_get(reply.data, "public_key"), &text) &&
		text.len <= PEM_MAX
	    ? read_public(text, ret_spki)
	    : WD_R_MALFORMED;
	return r <= 0 ? r
		      : wd_reject(d, WD_R_BACKEND_ANSWER,
			    "vault: a public key that is none");
}

/* ---- ended */

/* A Vault deletes no key that was not first said to be deletable. */
int
wd_vault_key_destroy(
    struct wd_vault *v, const struct wd_vault_key *k, struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask bare = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	WD_AUTO(wd_vault_key_info_done) struct wd_vault_key_info info = { 0 };
	const struct wd_vault_key any = { k->mount, k->name, 0 };
	struct wd_diag why = { 0 };
	int r = wd_vault_key_look(v, &any, &info, &why);

	if (r == WD_R_NOT_FOUND)
		return 0;
	if (r != 0) {
		if (d != NULL && d->result == 0)
			*d = why;
		return r;
	}
	if ((r = open_key(&a, k, "config", d)) != 0)
		return r;
	wd_jtext_key_bool(&a.j, "deletion_allowed", true);
	if ((r = post(v, &a, d)) != 0 || (r = open_key(&bare, k, NULL, d)) != 0)
		return r;
	return wd_vault_ask_bare(v, &bare, "DELETE", &reply, d);
}
