/*
 * From what a release brings to a key that can be listed and used: parses the
 * key, checks that the certificate is for it, and writes the public
 * part in the form it is sent in.
 */
#include "bin/agent/hold_impl.h"

#include "base/alloc.h"
#include "codec/pem.h"
#include "crypto/hash.h"
#include "crypto/x509.h"

enum { ENTRY_MAX = 60 << 10 }; /* one entry and LIST's head fit a packet */

#define MECH(name) (1u << WD_HOLDER_##name)

struct kind_row {
	enum wd_holder_kind kind;
	uint32_t mechs; /* those that fit */
};

static const struct kind_row kinds[] = {
	[WD_PKEY_RSA2048] = { WD_HOLDER_RSA, MECH(PKCS1) | MECH(PSS) },
	[WD_PKEY_RSA3072] = { WD_HOLDER_RSA, MECH(PKCS1) | MECH(PSS) },
	[WD_PKEY_RSA4096] = { WD_HOLDER_RSA, MECH(PKCS1) | MECH(PSS) },
	[WD_PKEY_P256] = { WD_HOLDER_P256, MECH(ECDSA) },
	[WD_PKEY_P384] = { WD_HOLDER_P384, MECH(ECDSA) },
	[WD_PKEY_P521] = { WD_HOLDER_P521, MECH(ECDSA) },
	[WD_PKEY_ED25519] = { WD_HOLDER_ED25519, MECH(EDDSA) },
};

void
wd_held_end(struct wd_held *v)
{
	if (!v->borrowed) {
		v->signer = wd_signer_free(v->signer);
		v->key = wd_pkey_free(v->key);
	}
	v->borrowed = false;
	v->signer = NULL;
	v->key = NULL;
}

struct wd_held *
wd_held_free(struct wd_held *v)
{
	if (v == NULL)
		return NULL;
	wd_held_end(v);
	v->entry = wd_bytes_free(v->entry);
	return wd_free(v);
}

void
wd_held_freep(struct wd_held **v)
{
	*v = wd_held_free(*v);
}

/* The certificates of a chain as DER. */
struct chain {
	struct wd_bytes *der[WD_HOLDER_CHAIN_MAX];
	size_t n, len;
};

static void
chain_done(struct chain *c)
{
	for (size_t i = 0; i < c->n; i++)
		c->der[i] = wd_bytes_free(c->der[i]);
	c->n = 0;
}

static int
read_chain(struct wd_span pem, struct chain *c, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(pem);

	for (;;) {
		struct wd_bytes *der = NULL;
		int r = wd_pem_next(&rd, "CERTIFICATE", &der);

		if (r == WD_R_NOT_FOUND)
			return 0;
		if (r > 0)
			return wd_reject(d, WD_R_MALFORMED,
			    "the certificate chain is not PEM");
		if (r < 0)
			return wd_fault(
			    d, WD_F_MEMORY, "no memory for a chain");
		if (c->n == WD_HOLDER_CHAIN_MAX) {
			wd_bytes_freep(&der);
			return wd_reject(d, WD_R_TOO_LARGE,
			    "the chain has more than %d certificates",
			    WD_HOLDER_CHAIN_MAX);
		}
		c->der[c->n++] = der;
		c->len += der->len;
		if (c->len > WD_HOLDER_CHAIN_BYTES)
			return wd_reject(
			    d, WD_R_TOO_LARGE, "the chain is too large");
	}
}

/* A program would offer a certificate it cannot answer for. */
static int
check_leaf(const struct chain *c, const struct wd_pkey *key, struct wd_diag *d)
{
	WD_AUTO(wd_cert_freep) struct wd_cert *leaf = NULL;
	int r;

	if (c->n == 0)
		return 0;
	r = wd_cert_parse(wd_bytes_span(c->der[0]), &leaf);
	if (r > 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "the certificate is malformed");
	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot read a certificate");
	if (!wd_pkey_same_public(wd_cert_key(leaf), key))
		return wd_reject(
		    d, WD_R_MISMATCH, "the certificate is for another key");
	return 0;
}

/* Public parts of the key, as LIST has them. */
struct parts {
	struct wd_bytes *spki, *n_or_x, *e_or_y;
};

static void
parts_done(struct parts *p)
{
	wd_bytes_freep(&p->spki);
	wd_bytes_freep(&p->n_or_x);
	wd_bytes_freep(&p->e_or_y);
}

static int
write_entry(struct wd_held *v, const struct wd_hold_record *record,
    const struct chain *c, struct wd_diag *d)
{
	WD_AUTO(parts_done) struct parts p = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(ENTRY_MAX);
	struct wd_holder_key m = {
		.id = v->id,
		.generation = v->version,
		.kind = v->kind,
		.mechs = v->mechs,
		.label = record->label,
		.n_certs = c->n,
	};

	if (wd_pkey_to_spki(v->key, &p.spki) != 0 ||
	    wd_pkey_public_parts(v->key, &p.n_or_x, &p.e_or_y) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot write the public key");
	m.spki = wd_bytes_span(p.spki);
	m.n_or_x = wd_bytes_span(p.n_or_x);
	m.e_or_y = wd_bytes_span(p.e_or_y);
	for (size_t i = 0; i < c->n; i++)
		m.certs[i] = wd_bytes_span(c->der[i]);
	wd_holder_write_key(&wr, &m);
	return wd_wr_take(&wr, &v->entry) == 0
	    ? 0
	    : wd_fault(d, WD_F_MEMORY, "cannot keep the public key");
}

void
wd_held_settle(struct wd_held *v, struct wd_held *before)
{
	if (!v->borrowed)
		return;
	v->borrowed = false;
	before->signer = NULL;
	before->key = NULL;
}

static int
parse_key(struct wd_held *v, const struct wd_hold_record *record,
    const struct wd_held *before)
{
	struct wd_span der = v->remote ? record->spki : record->pkcs8;
	int r = wd_hash(WD_SHA256, der, v->digest);

	if (r != 0)
		return r;
	if (before != NULL && before->key != NULL &&
	    before->remote == v->remote &&
	    wd_ct_equal(WD_SPAN(v->digest), WD_SPAN(before->digest))) {
		v->key = before->key;
		v->signer = before->signer;
		v->borrowed = true;
		return 0;
	}
	r = v->remote ? wd_pkey_from_spki(der, &v->key)
		      : wd_pkey_from_private(der, &v->key);
	if (r != 0 || v->remote)
		return r;
	v->signer = wd_signer_new(v->key);
	return v->signer != NULL ? 0 : WD_F_MEMORY;
}

static int
read_key(struct wd_held *v, const struct wd_hold_record *record,
    const struct wd_held *before, struct wd_diag *d)
{
	const struct kind_row *row;
	int r = parse_key(v, record, before);

	if (r > 0)
		return wd_reject(d, WD_R_KEY_INVALID,
		    "the key is not a usable %s key",
		    v->remote ? "public" : "private");
	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot read the key");
	if ((size_t)wd_pkey_alg(v->key) >= WD_N(kinds))
		return wd_reject(
		    d, WD_R_UNSUPPORTED, "keys of this kind do not sign");
	row = &kinds[wd_pkey_alg(v->key)];
	if ((record->mechs & ~row->mechs) != 0)
		return wd_reject(d, WD_R_RANGE,
		    "a mechanism does not fit the kind of the key");
	v->kind = row->kind;
	v->mechs = record->mechs != 0 ? record->mechs : row->mechs;
	return 0;
}

static bool
rights_fit(const struct wd_hold_rights *rights)
{
	return rights->n_see <= WD_HOLD_GRANTS_MAX &&
	    rights->n_use <= WD_HOLD_GRANTS_MAX;
}

static int
check_record(const struct wd_hold_record *record, struct wd_diag *d)
{
	if (wd_id_is_none(&record->id) || record->version == 0)
		return wd_reject(
		    d, WD_R_RANGE, "a key needs an id and a version");
	if (record->label.len == 0 || record->label.len > WD_HOLDER_LABEL_MAX)
		return wd_reject(d, WD_R_RANGE,
		    "the label has no byte or more than %d",
		    WD_HOLDER_LABEL_MAX);
	if ((record->pkcs8.len > 0) == (record->spki.len > 0))
		return wd_fault(d, WD_F_BUG, "two halves of a key, or none");
	if (record->rights == NULL || !rights_fit(record->rights))
		return wd_fault(d, WD_F_BUG, "rights that cannot be");
	return 0;
}

int
wd_held_make(const struct wd_hold_record *record, const struct wd_held *before,
    struct wd_held **ret, struct wd_diag *d)
{
	WD_AUTO(wd_held_freep) struct wd_held *v = NULL;
	WD_AUTO(chain_done) struct chain c = { 0 };
	int r = check_record(record, d);

	if (r != 0)
		return r;
	v = wd_alloc(sizeof(*v));
	if (v == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for a key");
	v->id = record->id;
	v->version = record->version;
	v->rights = *record->rights;
	v->deadline = record->deadline;
	v->remote = record->spki.len > 0;
	if ((r = read_key(v, record, before, d)) != 0 ||
	    (r = read_chain(record->chain_pem, &c, d)) != 0 ||
	    (r = check_leaf(&c, v->key, d)) != 0 ||
	    (r = write_entry(v, record, &c, d)) != 0)
		return r;
	*ret = WD_TAKE(v);
	return 0;
}
