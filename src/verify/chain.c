/*
 * Checking a path: its end is an anchor, then each signature from there down,
 * then what each certificate may be used for.
 */
#include "verify/chain.h"

#include "base/alloc.h"
#include "codec/der.h"
#include "codec/pem.h"
#include "crypto/hash.h"

struct wd_trail *
wd_trail_free(struct wd_trail *t)
{
	if (t == NULL)
		return NULL;
	for (size_t i = 0; i < WD_TRAIL_MAX; i++)
		t->cert[i] = wd_cert_free(t->cert[i]);
	return wd_free(t);
}

void
wd_trail_freep(struct wd_trail **t)
{
	*t = wd_trail_free(*t);
}

static void
release(void *t)
{
	(void)wd_trail_free(t);
}

static int
refuse(const struct wd_trail_spec *s, enum wd_reason reason, const char *what,
    struct wd_diag *d)
{
	return wd_reject(d, reason, "%s: %s", s->name, what);
}

static int
malformed(const struct wd_trail_spec *s, const char *what, struct wd_diag *d)
{
	return refuse(s, WD_R_CHAIN_MALFORMED, what, d);
}

/* One certificate more than a path has is refused like one that is missing. */
static int
append(const struct wd_trail_spec *s, struct wd_span der, struct wd_trail *t,
    struct wd_diag *d)
{
	int r;

	if (t->n == s->n_max || t->n == WD_TRAIL_MAX)
		return malformed(s, "too many certificates", d);
	r = wd_cert_parse(der, &t->cert[t->n]);
	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot take in a certificate");
	if (r > 0)
		return malformed(s, "not a certificate", d);
	t->n++;
	return 0;
}

static int
take_der(const struct wd_trail_spec *s, struct wd_span part, struct wd_trail *t,
    struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(part);
	int r;

	while (wd_rd_more(&rd)) {
		struct wd_span der = wd_der_whole(&rd, WD_DER_SEQUENCE);

		if (wd_rd_ok(&rd) != 0)
			return malformed(s, "not DER", d);
		if ((r = append(s, der, t, d)) != 0)
			return r;
	}
	return 0;
}

static int
take_pem(const struct wd_trail_spec *s, struct wd_span part, struct wd_trail *t,
    struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(part);

	for (;;) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
		int r = wd_pem_next(&rd, "CERTIFICATE", &der);

		if (r == WD_R_NOT_FOUND)
			return 0;
		if (r < 0)
			return wd_fault(d, WD_F_MEMORY, "cannot decode PEM");
		if (r > 0)
			return malformed(s, "neither PEM nor DER", d);
		if ((r = append(s, wd_bytes_span(der), t, d)) != 0)
			return r;
	}
}

/* No PEM begins with the tag of a SEQUENCE, which is a digit there. */
static int
take(const struct wd_trail_spec *s, struct wd_span part, struct wd_trail *t,
    struct wd_diag *d)
{
	if (part.len > 0 && part.p[0] == WD_DER_SEQUENCE)
		return take_der(s, part, t, d);
	return take_pem(s, part, t, d);
}

static bool
is_self_issued(const struct wd_cert *c)
{
	return wd_span_equal(wd_cert_issuer(c), wd_cert_subject(c));
}

/* Whether ROOT made the last certificate: 0, or a rejection. */
static int
ends_under(const struct wd_trail *t, const struct wd_cert *root)
{
	const struct wd_cert *last = wd_trail_root(t);

	if (!wd_span_equal(wd_cert_issuer(last), wd_cert_subject(root)))
		return WD_R_NOT_FOUND;
	return wd_cert_signed_by(last, wd_cert_key(root));
}

static const struct wd_anchor *
anchors_of(
    const struct wd_verifier *v, const struct wd_trail_spec *s, size_t *ret_n)
{
	*ret_n = s->ek ? v->rules.n_ek_anchors : v->rules.n_anchors;
	return s->ek ? v->rules.ek_anchors : v->rules.anchors;
}

/* Two roots may have one name: the one that made the signature is the end. */
static int
append_anchor(const struct wd_verifier *v, const struct wd_trail_spec *s,
    struct wd_trail *t, struct wd_diag *d)
{
	enum wd_reason why = WD_R_CHAIN_UNTRUSTED_ROOT;
	size_t n;
	const struct wd_anchor *anchors = anchors_of(v, s, &n);

	for (size_t i = 0; i < n; i++) {
		const struct wd_anchor *a = &anchors[i];
		WD_AUTO(wd_cert_freep) struct wd_cert *root = NULL;
		int r;

		if (a->tee != s->tee || a->der.len == 0)
			continue;
		r = wd_cert_parse(a->der, &root);
		if (r == 0)
			r = ends_under(t, root);
		if (r < 0)
			return wd_fault(
			    d, WD_F_CRYPTO, "cannot check under an anchor");
		if (r == 0)
			return append(s, wd_cert_der(root), t, d);
		if (r == WD_R_MISMATCH)
			why = WD_R_CHAIN_BAD_SIGNATURE;
	}
	return refuse(s, why, "it does not end in a trust anchor", d);
}

static const struct wd_anchor *
find_anchor(const struct wd_anchor *anchors, size_t n, enum wd_tee tee,
    const uint8_t sha256[32])
{
	for (size_t i = 0; i < n; i++)
		if (anchors[i].tee == tee &&
		    wd_span_equal(
			WD_SPAN(anchors[i].sha256), wd_span(sha256, 32)))
			return &anchors[i];
	return NULL;
}

const struct wd_anchor *
wd_trail_anchor(
    const struct wd_verifier *v, enum wd_tee tee, const uint8_t sha256[32])
{
	return find_anchor(v->rules.anchors, v->rules.n_anchors, tee, sha256);
}

const struct wd_anchor *
wd_trail_end(const struct wd_verifier *v, const struct wd_trail_spec *spec,
    const uint8_t sha256[32])
{
	size_t n;
	const struct wd_anchor *anchors = anchors_of(v, spec, &n);

	return find_anchor(anchors, n, spec->tee, sha256);
}

static int
check_root(const struct wd_verifier *v, const struct wd_trail_spec *s,
    const struct wd_trail *t, struct wd_diag *d)
{
	if (wd_trail_end(v, s, t->root_sha256) != NULL)
		return 0;
	return refuse(
	    s, WD_R_CHAIN_UNTRUSTED_ROOT, "its root is no trust anchor", d);
}

static int
digests(struct wd_trail *t, struct wd_diag *d)
{
	if (wd_hash(WD_SHA256, wd_cert_der(wd_trail_leaf(t)), t->leaf_sha256) !=
		0 ||
	    wd_hash(WD_SHA256, wd_cert_der(wd_trail_root(t)), t->root_sha256) !=
		0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash a certificate");
	return 0;
}

/* The next in the path; the root issued itself. */
static const struct wd_cert *
issuer_of(const struct wd_trail *t, size_t i)
{
	return t->cert[i + 1 < t->n ? i + 1 : i];
}

/* From the root down. */
static int
check_signatures(
    const struct wd_trail_spec *s, const struct wd_trail *t, struct wd_diag *d)
{
	for (size_t left = t->n; left > 0; left--) {
		int r = wd_cert_signed_by(
		    t->cert[left - 1], wd_cert_key(issuer_of(t, left - 1)));

		if (r < 0)
			return wd_fault(
			    d, WD_F_CRYPTO, "cannot check a signature");
		if (r > 0)
			return refuse(s, WD_R_CHAIN_BAD_SIGNATURE,
			    "a certificate is not signed by the next", d);
	}
	return 0;
}

/* As many CAs may stand between it and a leaf as its path length says. */
static bool
may_issue(const struct wd_cert *c, size_t n_below)
{
	return wd_cert_is_ca(c) && wd_cert_may_sign_certs(c) &&
	    (wd_cert_path_len(c) < 0 || (size_t)wd_cert_path_len(c) >= n_below);
}

static const char *
misplaced(const struct wd_trail_spec *s, const struct wd_trail *t, size_t i)
{
	const struct wd_cert *c = t->cert[i];
	unsigned keys = i == 0 ? s->leaf_keys : s->ca_keys;

	if (i == 0 && !s->leaf_is_ca && wd_cert_is_ca(c))
		return "its leaf is a CA";
	if (!wd_span_equal(wd_cert_issuer(c), wd_cert_subject(issuer_of(t, i))))
		return "names do not link up";
	if ((keys & WD_TRAIL_KEY(wd_pkey_alg(wd_cert_key(c)))) == 0)
		return "a key of a kind that may not be there";
	if (wd_cert_has_unknown_critical(c))
		return "a critical extension that is not known";
	return s->misplaced == NULL ? NULL : s->misplaced(t, i);
}

static int
check_places(
    const struct wd_trail_spec *s, const struct wd_trail *t, struct wd_diag *d)
{
	size_t first_ca = s->leaf_is_ca ? 0 : 1;

	for (size_t left = t->n; left > 0; left--) {
		size_t i = left - 1;
		const char *what;

		if (i >= first_ca && !may_issue(t->cert[i], i - first_ca))
			return refuse(s, WD_R_CHAIN_NOT_CA,
			    "an issuer may not issue certificates", d);
		what = misplaced(s, t, i);
		if (what != NULL)
			return malformed(s, what, d);
	}
	return 0;
}

static void
take_dates(struct wd_trail *t)
{
	t->not_before = INT64_MIN;
	t->not_after = INT64_MAX;
	for (size_t i = 0; i < t->n; i++) {
		int64_t from = wd_cert_not_before(t->cert[i]);
		int64_t to = wd_cert_not_after(t->cert[i]);

		if (from > t->not_before)
			t->not_before = from;
		if (to < t->not_after)
			t->not_after = to;
	}
}

static int
collect(const struct wd_verifier *v, const struct wd_trail_spec *s,
    struct wd_span leaf, struct wd_span above, struct wd_trail *t,
    struct wd_diag *d)
{
	int r;

	if ((r = take(s, leaf, t, d)) != 0 || (r = take(s, above, t, d)) != 0)
		return r;
	if (t->n == 0)
		return malformed(s, "no certificate", d);
	if (!is_self_issued(wd_trail_root(t)) &&
	    (r = append_anchor(v, s, t, d)) != 0)
		return r;
	if (t->n < s->n_min)
		return malformed(s, "too few certificates", d);
	return 0;
}

static int
verify(const struct wd_verifier *v, const struct wd_trail_spec *s,
    struct wd_span leaf, struct wd_span above, struct wd_trail **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_trail_freep) struct wd_trail *t = wd_alloc(sizeof(*t));
	int r;

	if (t == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for a chain");
	if ((r = collect(v, s, leaf, above, t, d)) != 0 ||
	    (r = digests(t, d)) != 0 || (r = check_root(v, s, t, d)) != 0 ||
	    (r = check_signatures(s, t, d)) != 0 ||
	    (r = check_places(s, t, d)) != 0)
		return r;
	take_dates(t);
	*ret = WD_TAKE(t);
	return 0;
}

/* What is above the leaf is often the same for many: its digest is kept. */
static int
key_of(struct wd_verifier *v, struct wd_span leaf, struct wd_span above,
    struct wd_cache_key *ret)
{
	int r;

	*ret = (struct wd_cache_key){ 0 };
	if ((r = wd_hash(WD_SHA256, leaf, ret->bytes)) != 0 || above.len == 0)
		return r;
	return wd_memo_sha256(&v->memo, above, ret->signer);
}

int
wd_trail_get(struct wd_verifier *v, const struct wd_trail_spec *spec,
    struct wd_span leaf, struct wd_span above, int64_t at,
    const struct wd_trail **ret, struct wd_diag *d)
{
	struct wd_cache_key key;
	const struct wd_trail *t;
	struct wd_trail *fresh;
	int r;

	if (key_of(v, leaf, above, &key) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	t = wd_cache_get(v->cache, spec->kept, &key);
	if (t == NULL) {
		if ((r = verify(v, spec, leaf, above, &fresh, d)) != 0)
			return r;
		t = wd_cache_put(v->cache, spec->kept, &key, fresh, release,
		    fresh->not_after, at);
	}
	if ((r = check_root(v, spec, t, d)) != 0)
		return r;
	if (at < t->not_before || at > t->not_after)
		return refuse(spec, WD_R_CHAIN_EXPIRED,
		    "a certificate is outside its dates", d);
	*ret = t;
	return 0;
}
