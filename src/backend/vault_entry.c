/*
 * Entries as keys and back. What is read was written by others: a form that is
 * not known makes an opaque secret or is refused, and never another key.
 */
#include "backend/vault_entry.h"

#include "backend/material.h"
#include "codec/base64.h"
#include "codec/jtext.h"

enum { ENTRY_MAX = 256 << 10, MEMBER_MAX = 128 };

void
wd_vault_found_done(struct wd_vault_found *f)
{
	wd_secret_freep(&f->bytes);
	wd_bytes_freep(&f->spki);
}

/* ---- written */

static void
put_b64(struct wd_jtext *j, const char *name, struct wd_span bytes)
{
	wd_jtext_key(j, name);
	wd_jtext_b64(j, bytes);
}

/* The broker's names for it, in the order of the alphabet. */
static void
put_key(struct wd_wr *wr, const struct wd_id *id, const struct wd_key_row *row,
    struct wd_span bytes, struct wd_span spki)
{
	struct wd_jtext j = wd_jtext(wr);

	wd_jtext_object(&j);
	wd_jtext_key_text(&j, "algorithm", row->algorithm);
	if (row->curve != NULL)
		wd_jtext_key_text(&j, "curve_type", row->curve);
	wd_jtext_key(&j, "id");
	wd_jtext_string(&j, wd_id_span(id));
	if (spki.len == 0)
		put_b64(&j, "key_data", bytes);
	if (row->bits != 0)
		wd_jtext_key_uint(&j, "key_length", row->bits);
	if (spki.len > 0) {
		put_b64(&j, "private_key", bytes);
		put_b64(&j, "public_key", spki);
	}
	wd_jtext_end(&j);
}

int
wd_vault_entry_write(const struct wd_id *id, struct wd_span name,
    enum wd_key_kind kind, struct wd_span bytes, struct wd_span spki,
    struct wd_bytes **ret)
{
	WD_AUTO(wd_wr_done) struct wd_wr key = wd_wr_growing(ENTRY_MAX);
	WD_AUTO(wd_wr_done) struct wd_wr entry = wd_wr_growing(2 * ENTRY_MAX);
	struct wd_jtext j = wd_jtext(&entry);

	put_key(&key, id, wd_key_row(kind), bytes, spki);
	if (wd_wr_end(&key) != 0)
		return WD_F_MEMORY;
	wd_jtext_object(&j);
	wd_jtext_key_span(&j, name);
	wd_jtext_string(&j, wd_wr_span(&key));
	wd_jtext_end(&j);
	return wd_wr_end(&entry) == 0 ? wd_wr_take(&entry, ret) : WD_F_MEMORY;
}

/* ---- read: what a text holds */

static int
take_pair(struct wd_span bytes, struct wd_vault_found *f)
{
	return wd_backend_pair(bytes, &f->kind, &f->bytes, &f->spki);
}

static int
take_base64(struct wd_span text, struct wd_secret **ret)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL; /* is wiped */
	int r = wd_b64_decode(text, &b);

	if (r != 0)
		return r;
	*ret = wd_secret_copy(wd_bytes_span(b));
	return *ret == NULL ? WD_F_MEMORY : 0;
}

/* Whatever is no private key is what it says. */
static int
take_text(struct wd_span text, struct wd_vault_found *f)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;
	int r = take_pair(text, f);

	if (r > 0 && (r = take_base64(text, &der)) == 0)
		r = take_pair(wd_secret_borrow(der), f);
	if (r <= 0)
		return r;
	wd_vault_found_done(f);
	f->kind = WD_KEY_OPAQUE;
	f->bytes = wd_secret_copy(text);
	return f->bytes == NULL ? WD_F_MEMORY : 0;
}

/* ---- read: the broker's form */

static int
take_symmetric(const struct wd_jval *o, bool aes, struct wd_vault_found *f)
{
	struct wd_span text;
	int r;

	if (!wd_jval_text(wd_jval_get(o, "key_data"), &text))
		return WD_R_MALFORMED;
	if ((r = take_base64(text, &f->bytes)) != 0)
		return r;
	f->kind = aes ? wd_backend_aes(wd_secret_len(f->bytes)) : WD_KEY_OPAQUE;
	return f->kind == WD_KEY_NONE ? WD_R_KEY_INVALID : 0;
}

static int
take_private(const struct wd_jval *o, struct wd_vault_found *f)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;
	struct wd_span text;
	int r;

	if (!wd_jval_text(wd_jval_get(o, "private_key"), &text))
		return WD_R_MALFORMED;
	r = take_base64(text, &der);
	return r != 0 ? r : take_pair(wd_secret_borrow(der), f);
}

/* Whether V is such an object at all. */
static bool
is_key(const struct wd_jval *v)
{
	struct wd_span s;

	return wd_jval_text(wd_jval_get(v, "algorithm"), &s) &&
	    (wd_jval_get(v, "key_data") != NULL ||
		wd_jval_get(v, "private_key") != NULL);
}

static int
take_key(const struct wd_jval *o, struct wd_vault_found *f)
{
	struct wd_span algorithm = { 0 };

	(void)wd_jval_text(
	    wd_jval_get(o, "algorithm"), &algorithm); /* is_key() */
	if (wd_span_is(algorithm, "AES"))
		return take_symmetric(o, true, f);
	if (wd_span_is(algorithm, "OPAQUE"))
		return take_symmetric(o, false, f);
	return take_private(o, f);
}

/* A text may hold such an object. */
static int
take_value(struct wd_span text, struct wd_vault_found *f)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	int r = text.len > 0 && text.p[0] == '{'
	    ? wd_json_parse(text, NULL, &doc)
	    : WD_R_MALFORMED;

	if (r < 0)
		return r;
	return r == 0 && is_key(wd_json_root(doc))
	    ? take_key(wd_json_root(doc), f)
	    : take_text(text, f);
}

/* ---- read: which member */

static const struct wd_jval *
member_of(const struct wd_jval *data, struct wd_span name)
{
	char text[MEMBER_MAX];

	return wd_span_to_text(name, text, sizeof(text))
	    ? wd_jval_get(data, text)
	    : NULL;
}

static const struct wd_jval *
only_member(const struct wd_jval *data)
{
	struct wd_jwalk w = { 0 };

	return wd_jval_members(data) == 1 && wd_jval_walk(data, &w) ? w.value
								    : NULL;
}

static int
take_member(const struct wd_jval *v, struct wd_vault_found *f)
{
	struct wd_span text;

	if (is_key(v))
		return take_key(v, f);
	return wd_jval_text(v, &text) && text.len > 0 ? take_value(text, f)
						      : WD_R_MALFORMED;
}

int
wd_vault_entry_read(const struct wd_jval *data, struct wd_span name,
    struct wd_span member, struct wd_vault_found *ret, struct wd_diag *d)
{
	WD_AUTO(wd_vault_found_done) struct wd_vault_found f = { 0 };
	const struct wd_jval *v =
	    member.len > 0 ? member_of(data, member) : member_of(data, name);
	int r;

	if (member.len > 0 && v == NULL)
		return wd_reject(d, WD_R_NOT_FOUND,
		    "vault: the entry has no member %.*s", (int)member.len,
		    (const char *)member.p);
	if (v == NULL)
		v = is_key(data) ? data : only_member(data);
	if (v == NULL)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "vault: the entry has several members: name one, "
		    "PATH#MEMBER");
	r = take_member(v, &f);
	if (r > 0)
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "vault: the entry holds no key in a form that is known");
	if (r < 0)
		return wd_fault(d, WD_F_MEMORY, "no memory for an entry");
	if (wd_secret_len(f.bytes) > WD_BACKEND_BYTES_MAX)
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "vault: the entry is larger than a key may be");
	*ret = f;
	f = (struct wd_vault_found){ 0 };
	return 0;
}

enum wd_key_kind
wd_vault_kind_of(struct wd_span pkcs8, struct wd_bytes **spki)
{
	WD_AUTO(wd_vault_found_done) struct wd_vault_found f = { 0 };

	if (take_pair(pkcs8, &f) != 0)
		return WD_KEY_NONE;
	*spki = WD_TAKE(f.spki);
	return f.kind;
}
