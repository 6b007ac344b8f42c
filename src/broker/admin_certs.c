/*
 * Certificates of keys: signed by the key itself, asked of an authority, and
 * stored once they fit. What is stored here is what agents hand to TLS clients;
 * nobody trusts it because it lies here.
 */
#include "broker/admin_in.h"

#include "broker/admin_remote.h"
#include "broker/remote.h"
#include "broker/secrets.h"
#include "codec/pem.h"
#include "crypto/x509_make.h"

enum {
	SUBJECT_MAX = 1024,
	RDN_MAX = 16,
	DNS_MAX = 32,
	CHAIN_MAX = 32768,
	CLOCKS_APART = 300, /* seconds a reader's clock may be behind */
};

/* A subject as it was typed, cut into its parts. */
struct names {
	char text[SUBJECT_MAX + 1];
	struct wd_rdn rdn[RDN_MAX];
	const char *dns[DNS_MAX];
	size_t n_rdn, n_dns;
};

static int
read_names(struct wd_admin *a, struct wd_span subject, struct names *n)
{
	int r = wd_admin_text(a, subject, n->text, sizeof(n->text), "subject");

	if (r != 0)
		return r;
	r = wd_subject_parse(n->text, n->rdn, RDN_MAX, &n->n_rdn, n->dns,
	    DNS_MAX, &n->n_dns, a->d);
	if (r != 0)
		return r;
	if (n->n_rdn == 0)
		return wd_reject(a->d, WD_R_MALFORMED,
		    "the subject has no CN, only names for the certificate");
	return 0;
}

static struct wd_cert_spec
spec_for(const struct names *n)
{
	return (struct wd_cert_spec){ .subject = n->rdn,
		.n_subject = n->n_rdn,
		.dns = n->dns,
		.n_dns = n->n_dns,
		.path_len = -1 };
}

/* What wd_cert_make() and wd_csr_make() return for a private key. */
static int
made(struct wd_admin *a, int r)
{
	if (r == 0)
		return 0;
	if (r == WD_R_RANGE)
		return wd_reject(a->d, WD_R_RANGE,
		    "a name of the subject cannot stand in a certificate");
	return wd_fault(a->d, WD_F_CRYPTO, "the certificate cannot be made");
}

static int
to_pem(struct wd_admin *a, const struct wd_span *der, size_t n,
    struct wd_bytes **ret)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(CHAIN_MAX);
	int r;

	for (size_t i = 0; i < n; i++)
		wd_pem_write(&wr, "CERTIFICATE", der[i]);
	r = wd_wr_take(&wr, ret);
	if (r > 0)
		return wd_reject(
		    a->d, WD_R_TOO_LARGE, "a chain has at most 32 KiB");
	return r == 0 ? 0 : wd_fault(a->d, WD_F_MEMORY, "no memory");
}

int
wd_admin_self_sign(struct wd_admin *a, struct wd_span subject,
    const struct wd_pkey *pair, struct wd_bytes **ret_pem)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	struct names n = { 0 };
	struct wd_cert_spec spec;
	struct wd_span view;
	int r;

	if ((r = read_names(a, subject, &n)) != 0)
		return r;
	spec = spec_for(&n);
	spec.not_before = a->now - CLOCKS_APART;
	spec.not_after = a->now + WD_SELF_SIGNED_SECONDS;
	spec.server_auth = true;
	spec.key_usage = WD_KU_DIGITAL_SIGNATURE;
	if (wd_pkey_is_rsa(wd_pkey_alg(pair)))
		spec.key_usage |= WD_KU_KEY_ENCIPHERMENT;
	if ((r = made(a, wd_cert_make(&spec, pair, pair, &der))) != 0)
		return r;
	view = wd_bytes_span(der);
	return to_pem(a, &view, 1, ret_pem);
}

/* ---- of a stored key */

/* The key with its newest version; AES and opaque ones have no certificate. */
static int
get_pair(struct wd_admin *a, const struct wd_id *id, struct wd_store_key *key,
    struct wd_store_version *v)
{
	int r;

	if ((r = wd_admin_got(
		 a, wd_store_key_get(a->b->store, id, key), "key")) != 0 ||
	    (r = wd_admin_got(a,
		 wd_store_version_get(a->b->store, id, key->version, v),
		 "version of the key")) != 0)
		return r;
	a->entry.version = key->version;
	if (v->spki == NULL)
		return wd_reject(a->d, WD_R_UNSUPPORTED,
		    "a key of this kind has no public part to certify");
	return 0;
}

/* A key in a backend, which the keeper has fetched. */
static int
open_fetched(struct wd_admin *a, const struct wd_store_key *key,
    const struct wd_store_version *v, struct wd_pkey **ret)
{
	struct wd_span bytes = { 0 };
	int r;

	if (a->found != NULL) {
		bytes = a->found->fetched;
		a->entry.broker_unwrapped = a->found->unwrapped;
	}
	if (bytes.len == 0)
		return wd_reject(a->d, WD_R_BACKEND_NOT_CONFIGURED,
		    "there is no backend %s", key->backend);
	r = wd_remote_check(
	    (enum wd_key_kind)key->kind, wd_bytes_span(v->spki), bytes, a->d);
	if (r != 0)
		return r;
	return wd_pkey_from_private(bytes, ret) == 0
	    ? 0
	    : wd_fault(a->d, WD_F_CRYPTO, "no key can be read");
}

static int
open_pair(struct wd_admin *a, const struct wd_store_key *key,
    const struct wd_store_version *v, struct wd_pkey **ret)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	bool stays = false; /* it signs all the same */
	int r;

	if (wd_remote_is(key))
		return open_fetched(a, key, v, ret);
	if ((r = wd_admin_use_key(a, v, &plain, &stays)) != 0)
		return r;
	r = wd_pkey_from_private(wd_secret_borrow(plain), ret);
	if (r != 0)
		return wd_fault(
		    a->d, WD_F_CRYPTO, "the stored key cannot be read");
	return 0;
}

/* ---- requests */

static int
public_of(struct wd_admin *a, struct wd_span spki, struct wd_pkey **ret)
{
	if (wd_pkey_from_spki(spki, ret) == 0)
		return 0;
	return wd_fault(
	    a->d, WD_F_CRYPTO, "the stored public key cannot be read");
}

void
wd_admin_csr_done(struct wd_admin_csr *x)
{
	x->to_sign = wd_bytes_free(x->to_sign);
}

int
wd_admin_plan_csr(struct wd_broker *b, const struct wd_msg_key_csr_ask *m,
    struct wd_admin_csr *ret, struct wd_diag *d)
{
	struct wd_admin a = { .b = b, .d = d };
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	struct wd_store_key row;
	struct names n = { 0 };
	struct wd_cert_spec spec;
	int r;

	if ((r = get_pair(&a, &m->id, &row, &v)) != 0 ||
	    (r = read_names(&a, m->subject, &n)) != 0 ||
	    (r = public_of(&a, wd_bytes_span(v.spki), &key)) != 0)
		return r;
	spec = spec_for(&n);
	ret->alg = wd_pkey_is_rsa(wd_pkey_alg(key)) ? WD_USE_RSA_PKCS1
	    : wd_pkey_alg(key) == WD_PKEY_ED25519   ? WD_USE_ED25519
						    : WD_USE_ECDSA;
	return made(&a, wd_csr_begin(&spec, key, &ret->to_sign, &ret->hashed));
}

/* By the key itself, where it rests. */
static int
signed_there(struct wd_admin *a, const struct wd_cert_spec *spec,
    const struct wd_store_version *v, struct wd_bytes **ret)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	int r = public_of(a, wd_bytes_span(v->spki), &key);

	if (r != 0)
		return r;
	r = wd_csr_end(spec, key, a->found->signature, ret);
	if (r == WD_R_MISMATCH)
		return wd_reject(a->d, WD_R_BACKEND_ANSWER,
		    "the backend gave a signature that the key has not made");
	return made(a, r);
}

static int
signed_here(struct wd_admin *a, const struct wd_cert_spec *spec,
    const struct wd_store_key *key, const struct wd_store_version *v,
    struct wd_bytes **ret)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *pair = NULL;
	int r = open_pair(a, key, v, &pair);

	return r != 0 ? r : made(a, wd_csr_make(spec, pair, ret));
}

int
wd_admin_key_csr(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_key_csr_ask *m = msg;
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	struct wd_store_key key;
	struct names n = { 0 };
	struct wd_cert_spec spec;
	struct wd_msg_der answer;
	bool there;
	int r;

	if ((r = get_pair(a, &m->id, &key, &v)) != 0 ||
	    (r = read_names(a, m->subject, &n)) != 0)
		return r;
	spec = spec_for(&n);
	there = wd_remote_is(&key) && a->found != NULL &&
	    a->found->signature.len > 0;
	r = there ? signed_there(a, &spec, &v, &der)
		  : signed_here(a, &spec, &key, &v, &der);
	if (r != 0)
		return r;
	wd_admin_say(a, "for %.*s%s", (int)m->subject.len,
	    (const char *)m->subject.p, there ? ", signed where it rests" : "");
	answer.der = wd_bytes_span(der);
	return wd_admin_answer(a, &answer);
}

/* ---- chains */

static int
check_link(struct wd_admin *a, const struct wd_chain *c, size_t i)
{
	const struct wd_cert *issuer = c->cert[i + 1];
	int r;

	if (!wd_cert_is_ca(issuer) ||
	    !wd_span_equal(wd_cert_issuer(c->cert[i]), wd_cert_subject(issuer)))
		return wd_reject(a->d, WD_R_MISMATCH,
		    "certificate %zu is not issued by the next one", i + 1);
	r = wd_cert_signed_by(c->cert[i], wd_cert_key(issuer));
	if (r == WD_R_MISMATCH)
		return wd_reject(a->d, WD_R_MISMATCH,
		    "certificate %zu is not signed by the next one", i + 1);
	return r == 0 ? 0 : wd_fault(a->d, WD_F_CRYPTO, "no verification");
}

static int
check_leaf(struct wd_admin *a, const struct wd_chain *c, struct wd_span spki)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	int r = public_of(a, spki, &key);

	if (r != 0)
		return r;
	if (!wd_pkey_same_public(key, wd_cert_key(c->cert[0])))
		return wd_reject(a->d, WD_R_MISMATCH,
		    "the first certificate is not for this key");
	return 0;
}

/* A root at the end is for those who trust it, who have it. */
static size_t
without_root(const struct wd_chain *c)
{
	const struct wd_cert *last = c->cert[c->n - 1];
	bool root = wd_span_equal(wd_cert_issuer(last), wd_cert_subject(last));

	return c->n > 1 && root ? c->n - 1 : c->n;
}

/* The chain as it is kept: checked, and in one form. */
static int
read_chain(struct wd_admin *a, struct wd_span pem, struct wd_span spki,
    struct wd_bytes **ret)
{
	WD_AUTO(wd_chain_done) struct wd_chain c = { 0 };
	struct wd_span der[WD_N(c.cert)];
	size_t n;
	int r;

	if ((r = wd_chain_parse_pem(pem, &c, a->d)) != 0 ||
	    (r = check_leaf(a, &c, spki)) != 0)
		return r;
	for (size_t i = 0; i + 1 < c.n; i++)
		if ((r = check_link(a, &c, i)) != 0)
			return r;
	n = without_root(&c);
	for (size_t i = 0; i < n; i++)
		der[i] = wd_cert_der(c.cert[i]);
	wd_admin_say(a, "%zu certificates", n);
	return to_pem(a, der, n, ret);
}

int
wd_admin_key_chain(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_key_chain *m = msg;
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *chain = NULL;
	struct wd_store_key key;
	int r;

	if ((r = get_pair(a, &m->id, &key, &v)) != 0 ||
	    (r = read_chain(a, m->pem, wd_bytes_span(v.spki), &chain)) != 0)
		return r;
	r = wd_store_key_set_chain(
	    a->b->store, &m->id, key.version, wd_bytes_span(chain));
	if ((r = wd_admin_got(a, r, "key")) != 0)
		return r;
	v.chain = wd_bytes_free(v.chain);
	v.chain = WD_TAKE(chain);
	return wd_admin_answer_key(a, &key, &v);
}
