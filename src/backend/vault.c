/*
 * Keys in a HashiCorp Vault or an OpenBao. Those that are released rest as
 * entries of a key-value engine, each version an entry of its own, so that the
 * engine's own cleaning of old versions takes nothing away; those that stay are
 * keys of the transit engine; what the server makes for the asking is released
 * with the server's lease.
 */
#include "backend/vault.h"

#include "backend/material.h"
#include "backend/vault_entry.h"
#include "backend/vault_in.h"
#include "base/alloc.h"
#include "crypto/aead.h"
#include "crypto/ecdh.h"
#include "crypto/pkey.h"
#include "crypto/rand.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>

enum {
	KEEP_LEAST_MS = 100,
	FILE_MAX = 256 << 10,
	NAME_MAX_LEN = WD_ID_LEN + 16
};

/* ---- results */

static const struct {
	int from, to;
} results[] = {
	{ WD_R_NO_CREDENTIAL, WD_R_PERMISSION },
	{ WD_R_MALFORMED, WD_R_UNSUPPORTED },
	{ WD_R_RANGE, WD_R_UNSUPPORTED },
	{ WD_R_KEY_INVALID, WD_R_UNSUPPORTED },
	{ WD_R_OVERLOADED, WD_R_UNAVAILABLE },
	{ WD_R_BACKEND_NOT_CONFIGURED, WD_R_UNAVAILABLE },
	{ WD_R_TOO_LARGE, WD_R_BACKEND_ANSWER },
	{ WD_F_PEER, WD_R_UNAVAILABLE },
	{ WD_F_TIMEOUT, WD_R_UNAVAILABLE },
};

int
wd_vault_result(int r, struct wd_diag *d)
{
	for (size_t i = 0; i < WD_N(results); i++)
		if (results[i].from == r) {
			r = results[i].to;
			break;
		}
	if (r != 0 && d != NULL && d->result != 0)
		d->result = r;
	return r;
}

/* ---- opened */

static int
read_pem(const struct wd_backend_conf *c, const char *key,
    struct wd_secret **ret, struct wd_diag *d)
{
	const char *path = wd_backend_text(c, key);

	if (path[0] == '\0')
		return 0;
	return wd_file_read_secret(AT_FDCWD, path, FILE_MAX, ret, d);
}

static int
open_client(const struct wd_backend_conf *c, struct wd_backend_vault *x,
    struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep)
	struct wd_secret *ca = NULL, *certificate = NULL, *key = NULL;
	const char *secret = wd_backend_text(c, "secret");
	struct wd_vault_options o = {
		.address = wd_span_text(wd_backend_text(c, "address")),
		.name_space = wd_span_text(wd_backend_text(c, "namespace")),
		.mount = wd_span_text(wd_backend_text(c, "login_mount")),
		.role = wd_span_text(wd_backend_text(c, "role")),
		.secret_file = secret[0] == '\0' ? NULL : secret,
		.tls12 = wd_backend_flag(c, "tls12"),
		.direct = wd_backend_flag(c, "direct"),
	};
	int r;

	if ((r = read_pem(c, "ca", &ca, d)) != 0 ||
	    (r = read_pem(c, "certificate", &certificate, d)) != 0 ||
	    (r = read_pem(c, "key", &key, d)) != 0)
		return r;
	if (!wd_vault_method_by_name(
		wd_span_text(wd_backend_text(c, "login")), &o.method))
		return wd_fault(d, WD_F_BUG, "a login without a method");
	o.ca = wd_secret_borrow(ca);
	o.certificate = wd_secret_borrow(certificate);
	o.key = wd_secret_borrow(key);
	return wd_vault_open(&o, &x->v, d);
}

static int
take_mount(const struct wd_backend_conf *c, const char *key, char *dst,
    struct wd_diag *d)
{
	struct wd_span s = wd_span_text(wd_backend_text(c, key));

	(void)wd_span_to_text(s, dst, WD_BACKEND_VALUE_MAX + 1); /* fits */
	return wd_vault_path_check(s, key, d);
}

static int
take_paths(const struct wd_backend_conf *c, char *dst, struct wd_diag *d)
{
	struct wd_span rest = wd_span_text(wd_backend_text(c, "paths")), path;
	int r = 0;

	(void)wd_span_to_text(rest, dst, WD_BACKEND_VALUE_MAX + 1); /* fits */
	while (r == 0 && rest.len > 0) {
		path = wd_vault_next_path(&rest);
		r = wd_vault_path_check(path, "paths", d);
	}
	return r;
}

static void
close_vault(void *x)
{
	struct wd_backend_vault *b = x;

	if (b == NULL)
		return;
	wd_vault_freep(&b->v);
	(void)wd_free(b);
}

static int
open_vault(const struct wd_backend_conf *c, void **ret, struct wd_diag *d)
{
	struct wd_backend_vault *x = wd_alloc(sizeof(*x));
	const char *engine = wd_backend_text(c, "engine");
	int r;

	if (x == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	x->engine = engine[0] == '1' ? 1 : engine[0] == '2' ? 2 : 0;
	if ((r = wd_json_init()) != 0 ||
	    (r = take_mount(c, "mount", x->mount, d)) != 0 ||
	    (r = take_mount(c, "transit", x->transit, d)) != 0 ||
	    (r = take_paths(c, x->paths, d)) != 0 ||
	    (r = open_client(c, x, d)) != 0) {
		close_vault(x);
		return r;
	}
	*ret = x;
	return 0;
}

int
wd_vault_engine(
    struct wd_backend_vault *x, struct wd_vault_kv *ret, struct wd_diag *d)
{
	int r = 0;

	*ret = (struct wd_vault_kv){ x->mount, x->engine };
	if (x->engine == 0)
		r = wd_vault_kv_find(x->v, x->mount, ret, d);
	if (r == 0)
		x->engine = ret->version;
	return r;
}

/* ---- how it is */

static int
look(struct wd_backend_vault *x, struct wd_wr *words, struct wd_diag *d)
{
	struct wd_vault_health h;
	struct wd_vault_kv kv;
	int64_t due;
	int r = wd_vault_health(x->v, &h, d);

	if (r != 0)
		return r;
	if (!h.initialized || h.sealed)
		return wd_reject(d, WD_R_UNAVAILABLE, "vault: it is %s",
		    h.initialized ? "sealed" : "not initialized");
	if ((r = wd_vault_keep(x->v, d)) != 0 ||
	    (r = wd_vault_engine(x, &kv, d)) != 0)
		return r;
	wd_wr_printf(words, "version %s%s, %s is a key-value engine %u",
	    h.version, h.standby ? " (stands by)" : "", kv.mount, kv.version);
	due = wd_vault_due_ms(x->v);
	if (due >= 0)
		wd_wr_printf(words, ", our token is renewed in %llu s",
		    (unsigned long long)due / 1000);
	return 0;
}

static int
check(void *x, int64_t deadline, struct wd_wr *words, struct wd_diag *d)
{
	struct wd_backend_vault *b = x;

	wd_vault_until(b->v, deadline);
	return wd_vault_result(look(b, words, d), d);
}

/* A token that nobody uses would end otherwise. One that is not there yet, or
 * could not be had again, waits for the next call. */
static int64_t
keep(void *x, int64_t deadline)
{
	struct wd_backend_vault *b = x;
	int64_t due = wd_vault_due_ms(b->v);

	if (due == 0) {
		wd_vault_until(b->v, deadline);
		(void)!wd_vault_keep(b->v, NULL); /* a call will tell */
		due = wd_vault_due_ms(b->v);
	}
	return due < 0 || due > KEEP_LEAST_MS ? due : KEEP_LEAST_MS;
}

/* ---- made */

/* The name of a version: its id, and from the second one on its number. */
static struct wd_span
name_of(const struct wd_backend_make *in, const char *before,
    char dst[NAME_MAX_LEN])
{
	int n = in->version < 2
	    ? snprintf(dst, NAME_MAX_LEN, "%s%s", before, in->id.s)
	    : snprintf(dst, NAME_MAX_LEN, "%s%s.v%u", before, in->id.s,
		  (unsigned)in->version);

	return wd_span(dst, (size_t)n);
}

static int
keep_key(struct wd_backend_vault *x, const struct wd_backend_make *in,
    struct wd_span bytes, struct wd_backend_made *m, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *text = NULL;
	struct wd_vault_locator l = { .sort = WD_VAULT_ENTRY };
	struct wd_vault_kv kv;
	char name[NAME_MAX_LEN];
	int r = wd_vault_engine(x, &kv, d);

	if (r != 0)
		return r;
	l.path = name_of(in, "", name);
	l.engine = kv.version;
	l.version = kv.version == 2 ? 1 : 0;
	(void)snprintf(l.mount, sizeof(l.mount), "%s", kv.mount); /* fits */
	if ((r = wd_vault_entry_write(&in->id, l.path, in->kind, bytes,
		 wd_bytes_span(m->spki), &text)) != 0 ||
	    (r = wd_vault_kv_write(
		 x->v, &kv, l.path, wd_bytes_span(text), 0, d)) != 0)
		return r;
	m->kind = in->kind;
	return wd_vault_locator_write(&l, m->locator, d);
}

static int
make_entry(struct wd_backend_vault *x, const struct wd_backend_make *in,
    struct wd_backend_made *m, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *fresh = NULL;
	struct wd_span bytes = in->bytes;
	bool pair = wd_key_row(in->kind)->pair != WD_PKEY_NONE;
	int r = 0;

	/* The engine holds what it is given and makes nothing. */
	if (bytes.len == 0 &&
	    (r = wd_backend_generate(in->kind, &fresh, d)) != 0)
		return r;
	if (bytes.len == 0)
		bytes = wd_secret_borrow(fresh);
	if (pair && wd_vault_kind_of(bytes, &m->spki) != in->kind)
		return wd_reject(
		    d, WD_R_UNSUPPORTED, "the key is not of its kind");
	return keep_key(x, in, bytes, m, d);
}

/* {a fresh key under the engine's by RSA-OAEP, the key under that one}. */
static int
write_blob(struct wd_span bytes, struct wd_span spki, struct wd_bytes **ret)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *engine = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *once = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *first = NULL, *second = NULL;
	int r;

	if ((r = wd_pkey_from_spki(spki, &engine)) != 0 ||
	    (r = wd_rand_secret(WD_AEAD_KEY, &once)) != 0 ||
	    (r = wd_oaep256_encrypt(engine, wd_secret_borrow(once), &first)) !=
		0 ||
	    (r = wd_aes_wrap_padded(wd_secret_borrow(once), bytes, &second)) !=
		0)
		return r;
	if ((*ret = wd_bytes_new(first->len + second->len)) == NULL)
		return WD_F_MEMORY;
	wd_copy((*ret)->p, wd_bytes_span(first));
	wd_copy((*ret)->p + first->len, wd_bytes_span(second));
	return 0;
}

static int
bring(struct wd_backend_vault *x, const struct wd_backend_make *in,
    const struct wd_vault_key *k, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *engine = NULL, *blob = NULL;
	int r = wd_vault_wrapping_key(x->v, k->mount, &engine, d);

	if (r == 0 &&
	    (r = write_blob(in->bytes, wd_bytes_span(engine), &blob)) != 0)
		return r > 0 ? wd_reject(d, WD_R_BACKEND_ANSWER,
				   "vault: a wrapping key that is none")
			     : wd_fault(d, WD_F_CRYPTO, "cannot wrap the key");
	return r != 0 ? r
		      : wd_vault_key_import(x->v, k, wd_vault_type_of(in->kind),
			    wd_bytes_span(blob), d);
}

/* Where there is one already that is the same, it has been brought. */
static int
bring_once(struct wd_backend_vault *x, const struct wd_backend_make *in,
    const struct wd_vault_key *k, struct wd_diag *d)
{
	WD_AUTO(wd_vault_key_info_done) struct wd_vault_key_info info = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	bool pair = wd_key_row(in->kind)->pair != WD_PKEY_NONE;
	int r;

	if (pair && wd_vault_kind_of(in->bytes, &spki) != in->kind)
		return wd_reject(
		    d, WD_R_UNSUPPORTED, "the key is not of its kind");
	r = wd_vault_key_look(x->v, k, &info, NULL);
	if (r == 0 &&
	    (!pair ||
		!wd_span_equal(wd_bytes_span(info.spki), wd_bytes_span(spki))))
		return wd_reject(
		    d, WD_R_EXISTS, "vault: there is another key of that name");
	return r == 0 ? 0 : bring(x, in, k, d);
}

/* A key that stays is one of the transit engine's, of one version. */
static int
make_staying(struct wd_backend_vault *x, const struct wd_backend_make *in,
    struct wd_backend_made *m, struct wd_diag *d)
{
	WD_AUTO(wd_vault_key_info_done) struct wd_vault_key_info info = { 0 };
	struct wd_vault_locator l = { .sort = WD_VAULT_STAYS, .version = 1 };
	struct wd_vault_key k = { .mount = x->transit, .version = 1 };
	const char *type = wd_vault_type_of(in->kind);
	char name[NAME_MAX_LEN];
	int r;

	if (type == NULL)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "keys of this kind cannot stay in Vault");
	k.name = l.path = name_of(in, "warder-", name);
	r = in->bytes.len > 0 ? bring_once(x, in, &k, d)
			      : wd_vault_key_make(x->v, &k, type, d);
	if (r != 0 || (r = wd_vault_key_look(x->v, &k, &info, d)) != 0)
		return r;
	if (wd_vault_kind_by_type(info.type) != in->kind)
		return wd_reject(
		    d, WD_R_EXISTS, "vault: there is another key of that name");
	(void)snprintf(l.mount, sizeof(l.mount), "%s", x->transit); /* fits */
	m->kind = in->kind;
	m->stays = true;
	m->spki = WD_TAKE(info.spki);
	return wd_vault_locator_write(&l, m->locator, d);
}

static int
give(struct wd_backend_made *m, int r, struct wd_backend_made *out,
    struct wd_diag *d)
{
	if (r == 0) {
		*out = *m;
		*m = (struct wd_backend_made){ 0 };
	}
	return wd_vault_result(r, d);
}

static int
make(void *x, const struct wd_backend_make *in, int64_t deadline,
    struct wd_backend_made *out, struct wd_diag *d)
{
	WD_AUTO(wd_backend_made_done) struct wd_backend_made m = { 0 };
	struct wd_backend_vault *b = x;

	if (wd_key_row(in->kind) == NULL)
		return wd_reject(d, WD_R_UNSUPPORTED, "no such kind of key");
	wd_vault_until(b->v, deadline);
	return give(&m,
	    in->stays ? make_staying(b, in, &m, d) : make_entry(b, in, &m, d),
	    out, d);
}

static int
attach(void *x, struct wd_span name, int64_t deadline,
    struct wd_backend_made *out, struct wd_diag *d)
{
	WD_AUTO(wd_backend_made_done) struct wd_backend_made m = { 0 };
	struct wd_backend_vault *b = x;

	wd_vault_until(b->v, deadline);
	return give(&m, wd_vault_attach(b, name, &m, d), out, d);
}

/* ---- fetched */

static int
fetch_entry(struct wd_backend_vault *x, const struct wd_vault_locator *l,
    enum wd_key_kind kind, struct wd_backend_got *g, struct wd_diag *d)
{
	WD_AUTO(wd_vault_entry_done) struct wd_vault_entry e = { 0 };
	WD_AUTO(wd_vault_found_done) struct wd_vault_found f = { 0 };
	const struct wd_vault_kv kv = { l->mount, l->engine };
	int r = wd_vault_kv_read(x->v, &kv, l->path, l->version, &e, d);

	if (r != 0 ||
	    (r = wd_vault_entry_read(
		 e.data, wd_vault_last(l->path), l->member, &f, d)) != 0)
		return r;
	if (f.kind != kind)
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "vault: the entry holds another kind of key now");
	g->bytes = WD_TAKE(f.bytes);
	return 0;
}

/* What was made goes on as an object in JSON: engines give what they like. */
static int
fetch_creds(struct wd_backend_vault *x, const struct wd_vault_locator *l,
    struct wd_backend_got *g, struct wd_diag *d)
{
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *text = NULL;
	int r = wd_vault_lease_make(x->v, l->path, wd_span(NULL, 0), &reply, d);

	if (r != 0)
		return r;
	if (!wd_span_to_text(reply.lease_id, g->lease, sizeof(g->lease)) ||
	    wd_json_canonical(reply.data, &text) != 0 ||
	    text->len > WD_BACKEND_BYTES_MAX) {
		(void)!wd_vault_lease_revoke(
		    x->v, reply.lease_id, NULL); /* it ends by itself too */
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "vault: what it made is in no form that is known");
	}
	g->bytes = wd_secret_copy(wd_bytes_span(text));
	g->seconds = (uint32_t)reply.lease_seconds;
	g->renewable = reply.renewable;
	return g->bytes == NULL ? wd_fault(d, WD_F_MEMORY, "no memory") : 0;
}

static int
fetch_by(struct wd_backend_vault *x, const struct wd_vault_locator *l,
    enum wd_key_kind kind, struct wd_backend_got *g, struct wd_diag *d)
{
	switch (l->sort) {
	case WD_VAULT_ENTRY:
		return fetch_entry(x, l, kind, g, d);
	case WD_VAULT_CREDS:
		return fetch_creds(x, l, g, d);
	case WD_VAULT_STAYS:
		break;
	}
	return wd_reject(d, WD_R_MAY_NOT_LEAVE,
	    "vault: the key stays in the transit engine");
}

static int
fetch(void *x, struct wd_span locator, enum wd_key_kind kind, int64_t deadline,
    struct wd_backend_got *out, struct wd_diag *d)
{
	WD_AUTO(wd_backend_got_done) struct wd_backend_got g = { 0 };
	struct wd_backend_vault *b = x;
	struct wd_vault_locator l;
	int r = wd_vault_locator_read(locator, &l, d);

	wd_vault_until(b->v, deadline);
	if (r == 0)
		r = fetch_by(b, &l, kind, &g, d);
	if (r == 0) {
		*out = g;
		g = (struct wd_backend_got){ 0 };
	}
	return wd_vault_result(r, d);
}

/* ---- used, ended */

static int
use(void *x, const struct wd_backend_work *in, int64_t deadline,
    struct wd_secret **ret, struct wd_diag *d)
{
	struct wd_backend_vault *b = x;

	wd_vault_until(b->v, deadline);
	return wd_vault_result(wd_vault_use(b, in, ret, d), d);
}

static int
destroy(void *x, struct wd_span locator, int64_t deadline, struct wd_diag *d)
{
	struct wd_backend_vault *b = x;
	struct wd_vault_locator l;
	int r = wd_vault_locator_read(locator, &l, d);

	wd_vault_until(b->v, deadline);
	if (r == 0 && l.sort == WD_VAULT_ENTRY) {
		const struct wd_vault_kv kv = { l.mount, l.engine };

		r = wd_vault_kv_destroy(b->v, &kv, l.path, 0, d);
	} else if (r == 0 && l.sort == WD_VAULT_STAYS) {
		const struct wd_vault_key k = { l.mount, l.path, 0 };

		r = wd_vault_key_destroy(b->v, &k, d);
	}
	return wd_vault_result(r, d);
}

static int
renew(void *x, struct wd_span lease, uint32_t seconds, int64_t deadline,
    uint32_t *ret_seconds, struct wd_diag *d)
{
	struct wd_backend_vault *b = x;
	uint64_t got = 0;
	int r;

	wd_vault_until(b->v, deadline);
	r = wd_vault_lease_renew(b->v, lease, seconds, &got, d);
	if (r == 0)
		*ret_seconds = (uint32_t)got;
	return wd_vault_result(r, d);
}

static int
revoke(void *x, struct wd_span lease, int64_t deadline, struct wd_diag *d)
{
	struct wd_backend_vault *b = x;

	wd_vault_until(b->v, deadline);
	return wd_vault_result(wd_vault_lease_revoke(b->v, lease, d), d);
}

const struct wd_backend_row wd_backend_vault_row = {
	.form = &wd_backend_vault_form,
	.open = open_vault,
	.close = close_vault,
	.check = check,
	.keep = keep,
	.make = make,
	.attach = attach,
	.fetch = fetch,
	.use = use,
	.destroy = destroy,
	.renew = renew,
	.revoke = revoke,
};
