/*
 * Looking in the cache before decoding and verifying.
 */
#include "verify/intel/kept.h"

#include "crypto/sig.h"
#include "verify/intel/signed.h"

static void
path_release(void *p)
{
	(void)wd_path_free(p);
}

static void
tcb_info_release(void *p)
{
	(void)wd_tcb_info_free(p);
}

static void
qe_identity_release(void *p)
{
	(void)wd_qe_identity_free(p);
}

/* TCB signing and QE identity chains are one thing with two sets of reasons. */
static enum wd_kept
kept_kind(enum wd_path_kind kind)
{
	switch (kind) {
	case WD_PATH_PCK:
		return WD_KEPT_PCK_PATH;
	case WD_PATH_PCK_CA:
		return WD_KEPT_CA_PATH;
	case WD_PATH_TCB_SIGNING:
	case WD_PATH_QE_IDENTITY:
		break;
	}
	return WD_KEPT_SIGNING_PATH;
}

/* PCK chains differ from machine to machine: among the documents they would
 * push those out that all machines share. Each is looked at twice a request,
 * to choose collateral and to judge. */
static int
path_digest(struct wd_verifier *v, enum wd_path_kind kind, struct wd_span pem,
    uint8_t ret_sha256[32])
{
	return wd_memo_sha256(
	    kind == WD_PATH_PCK ? &v->chains : &v->memo, pem, ret_sha256);
}

static int
cannot_hash(struct wd_diag *d)
{
	return wd_fault(d, WD_F_CRYPTO, "cannot hash");
}

int
wd_kept_path(struct wd_verifier *v, enum wd_path_kind kind, struct wd_span pem,
    enum wd_tee tee, int64_t at, const struct wd_path **ret, struct wd_diag *d)
{
	struct wd_cache_key key = { 0 };
	const struct wd_path *p;
	struct wd_path *fresh;
	int r;

	if (path_digest(v, kind, pem, key.bytes) != 0)
		return cannot_hash(d);
	p = wd_cache_get(v->cache, kept_kind(kind), &key);
	if (p == NULL) {
		r = wd_path_verify(kind, pem, v->rules.anchors,
		    v->rules.n_anchors, tee, &fresh, d);
		if (r != 0)
			return r;
		p = wd_cache_put(v->cache, kept_kind(kind), &key, fresh,
		    path_release, fresh->not_after, at);
	}
	if (wd_path_anchor(p->root_sha256, v->rules.anchors, v->rules.n_anchors,
		tee) == NULL)
		return wd_path_untrusted(kind, d);
	if ((r = wd_path_dates(p, kind, at, d)) != 0)
		return r;
	*ret = p;
	return 0;
}

/* The signature over the raw bytes comes before anything reads them. */
static int
signed_body(struct wd_span doc, const char *name, const struct wd_path *signer,
    enum wd_reason bad_signature, struct wd_span *ret, struct wd_diag *d)
{
	struct wd_signed_doc s;
	int r;

	if ((r = wd_signed_doc_split(doc, name, &s, d)) != 0)
		return r;
	r = wd_p256_verify(wd_cert_key(wd_path_leaf(signer)), s.body, s.rs);
	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot check a signature");
	if (r > 0)
		return wd_reject(d, bad_signature,
		    "%s: not signed by its signing certificate", name);
	*ret = s.body;
	return 0;
}

static int
tcb_info_verify(struct wd_span doc, const struct wd_path *signer,
    struct wd_tcb_info **ret, struct wd_diag *d)
{
	struct wd_span body;
	int r = signed_body(
	    doc, "tcbInfo", signer, WD_R_TCB_INFO_BAD_SIGNATURE, &body, d);

	return r != 0 ? r : wd_tcb_info_parse(body, ret, d);
}

int
wd_kept_tcb_info(struct wd_verifier *v, struct wd_span doc,
    const struct wd_path *signer, int64_t at, const struct wd_tcb_info **ret,
    struct wd_diag *d)
{
	struct wd_cache_key key = { 0 };
	const struct wd_tcb_info *t;
	struct wd_tcb_info *fresh;
	int r;

	wd_copy(key.signer, WD_SPAN(signer->leaf_sha256));
	if (wd_memo_sha256(&v->memo, doc, key.bytes) != 0)
		return cannot_hash(d);
	t = wd_cache_get(v->cache, WD_KEPT_TCB_INFO, &key);
	if (t == NULL) {
		if ((r = tcb_info_verify(doc, signer, &fresh, d)) != 0)
			return r;
		t = wd_cache_put(v->cache, WD_KEPT_TCB_INFO, &key, fresh,
		    tcb_info_release, fresh->next_update, at);
	}
	if (at < t->issue_date)
		return wd_reject(d, WD_R_TCB_INFO_NOT_YET_VALID,
		    "the TCB info was issued later");
	if (at > t->next_update)
		return wd_reject(
		    d, WD_R_TCB_INFO_EXPIRED, "the TCB info has expired");
	*ret = t;
	return 0;
}

static int
qe_identity_verify(struct wd_span doc, const struct wd_path *signer,
    struct wd_qe_identity **ret, struct wd_diag *d)
{
	struct wd_span body;
	int r = signed_body(doc, "enclaveIdentity", signer,
	    WD_R_QE_IDENTITY_BAD_SIGNATURE, &body, d);

	return r != 0 ? r : wd_qe_identity_parse(body, ret, d);
}

int
wd_kept_qe_identity(struct wd_verifier *v, struct wd_span doc,
    const struct wd_path *signer, int64_t at, const struct wd_qe_identity **ret,
    struct wd_diag *d)
{
	struct wd_cache_key key = { 0 };
	const struct wd_qe_identity *q;
	struct wd_qe_identity *fresh;
	int r;

	wd_copy(key.signer, WD_SPAN(signer->leaf_sha256));
	if (wd_memo_sha256(&v->memo, doc, key.bytes) != 0)
		return cannot_hash(d);
	q = wd_cache_get(v->cache, WD_KEPT_QE_IDENTITY, &key);
	if (q == NULL) {
		if ((r = qe_identity_verify(doc, signer, &fresh, d)) != 0)
			return r;
		q = wd_cache_put(v->cache, WD_KEPT_QE_IDENTITY, &key, fresh,
		    qe_identity_release, fresh->next_update, at);
	}
	if (at < q->issue_date)
		return wd_reject(d, WD_R_QE_IDENTITY_NOT_YET_VALID,
		    "the QE identity was issued later");
	if (at > q->next_update)
		return wd_reject(
		    d, WD_R_QE_IDENTITY_EXPIRED, "the QE identity has expired");
	*ret = q;
	return 0;
}
