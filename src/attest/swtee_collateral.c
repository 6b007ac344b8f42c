/*
 * The whole set of collateral for a software platform.
 */
#include "attest/swtee_in.h"

#include "base/clock.h"

enum { DAYS = 86400, CRL_DAYS = 30, ROOT_CRL_DAYS = 365, CHAIN_MAX = 32768 };

void
wd_swtee_docs_done(struct wd_swtee_docs *docs)
{
	for (size_t i = 0; i < WD_IN_COUNT; i++) {
		wd_bytes_freep(&docs->part[i]);
		wd_bytes_freep(&docs->td_part[i]);
	}
	wd_bytes_freep(&docs->pck_crl_issuer_chain);
	wd_bytes_freep(&docs->trust_anchor);
}

static int
make_chain(const struct wd_swtee *t, const enum wd_swtee_who *who, size_t n,
    struct wd_bytes **ret, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(CHAIN_MAX);

	wd_swtee_write_chain(&wr, t, who, n);
	if (wd_wr_take(&wr, ret) != 0)
		return wd_fault(d, WD_F_MEMORY, "no room for a chain");
	return 0;
}

static int
make_chains(
    const struct wd_swtee *t, struct wd_swtee_docs *docs, struct wd_diag *d)
{
	static const enum wd_swtee_who signing[] = { WD_SWTEE_SIGNING,
		WD_SWTEE_ROOT };
	static const enum wd_swtee_who ca[] = { WD_SWTEE_CA, WD_SWTEE_ROOT };
	static const enum wd_swtee_who root[] = { WD_SWTEE_ROOT };
	int r;

	if ((r = make_chain(t, signing, WD_N(signing),
		 &docs->part[WD_IN_TCB_SIGNING_CHAIN], d)) != 0 ||
	    (r = make_chain(t, ca, WD_N(ca), &docs->pck_crl_issuer_chain, d)) !=
		0)
		return r;
	return make_chain(t, root, WD_N(root), &docs->trust_anchor, d);
}

/* A list by ISSUER of those of WHO whose flag in REVOKED is set. */
struct list {
	enum wd_swtee_who issuer;
	const enum wd_swtee_who *who;
	const bool *revoked;
	size_t n;
	int days;
};

static int
sign_list(const struct wd_swtee *t, const struct wd_swtee_collateral *c,
    const struct list *l, const struct wd_span *serials, size_t n,
    struct wd_bytes **ret, struct wd_diag *d)
{
	struct wd_rdn name[WD_SWTEE_RDNS];
	const struct wd_crl_spec spec = {
		.issuer = name,
		.n_issuer = WD_SWTEE_RDNS,
		.this_update = c->issued,
		.next_update = c->next_update != 0
		    ? c->next_update
		    : c->issued + l->days * (int64_t)DAYS,
		.revoked = serials,
		.n_revoked = n,
	};
	int r;

	if (t->key[l->issuer] == NULL)
		return wd_reject(d, WD_R_KEY_INVALID,
		    "the key that signs lists is not in the folder");
	wd_swtee_name(l->issuer, t->pck.has_platform, name);
	r = wd_crl_make(&spec, t->key[l->issuer], ret);
	if (r == WD_R_RANGE)
		return wd_reject(d, WD_R_RANGE, "a date that cannot be");
	return r == 0 ? 0 : wd_fault(d, WD_F_CRYPTO, "cannot make a list");
}

enum { LISTED_MAX = 2 };

static int
make_list(const struct wd_swtee *t, const struct wd_swtee_collateral *c,
    const struct list *l, struct wd_bytes **ret, struct wd_diag *d)
{
	struct wd_cert *certs[LISTED_MAX] = { 0 };
	struct wd_span serials[LISTED_MAX];
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < l->n && r == 0; i++) {
		if (!l->revoked[i])
			continue;
		r = wd_cert_parse(wd_bytes_span(t->cert[l->who[i]]), &certs[n]);
		if (r == 0) {
			serials[n] = wd_cert_serial(certs[n]);
			n++;
		}
	}
	if (r == 0)
		r = sign_list(t, c, l, serials, n, ret, d);
	else
		r = wd_fault(d, WD_F_CRYPTO, "cannot read a certificate");
	for (size_t i = 0; i < LISTED_MAX; i++)
		wd_cert_freep(&certs[i]);
	return r;
}

static int
make_lists(const struct wd_swtee *t, const struct wd_swtee_collateral *c,
    struct wd_swtee_docs *docs, struct wd_diag *d)
{
	static const enum wd_swtee_who by_root[] = { WD_SWTEE_CA,
		WD_SWTEE_SIGNING };
	static const enum wd_swtee_who by_ca[] = { WD_SWTEE_PCK };
	const bool root_flags[] = { c->revoke_ca, c->revoke_signing };
	const bool ca_flags[] = { c->revoke_pck };
	const struct list root = { WD_SWTEE_ROOT, by_root, root_flags,
		WD_N(by_root), ROOT_CRL_DAYS };
	const struct list pck = { WD_SWTEE_CA, by_ca, ca_flags, WD_N(by_ca),
		CRL_DAYS };
	int r = make_list(t, c, &root, &docs->part[WD_IN_ROOT_CA_CRL], d);

	if (r != 0)
		return r;
	return make_list(t, c, &pck, &docs->part[WD_IN_PCK_CRL], d);
}

/* With the values that stand for zeros. */
static int
fill_in(const struct wd_swtee_collateral *c, struct wd_swtee_collateral *ret,
    struct wd_diag *d)
{
	*ret = *c;
	if (ret->issued == 0)
		ret->issued = wd_time_now();
	if (ret->tcb_info_version == 0)
		ret->tcb_info_version = 3;
	if (ret->tcb_info_version != 2 && ret->tcb_info_version != 3)
		return wd_reject(d, WD_R_RANGE, "TCB info has version 2 or 3");
	return 0;
}

/* What TDX shares with SGX is made once. */
static int
make_documents(const struct wd_swtee *t, const struct wd_swtee_collateral *c,
    struct wd_swtee_docs *docs, struct wd_diag *d)
{
	struct wd_bytes **sgx = docs->part, **tdx = docs->td_part;
	int r;

	if ((r = wd_swtee_tcb_info(t, c, false, &sgx[WD_IN_TCB_INFO], d)) !=
		0 ||
	    (r = wd_swtee_qe_identity(
		 t, c, false, &sgx[WD_IN_QE_IDENTITY], d)) != 0 ||
	    (r = wd_swtee_tcb_info(t, c, true, &tdx[WD_IN_TCB_INFO], d)) != 0)
		return r;
	return wd_swtee_qe_identity(t, c, true, &tdx[WD_IN_QE_IDENTITY], d);
}

void
wd_swtee_docs_inputs(
    const struct wd_swtee_docs *docs, enum wd_tee tee, struct wd_inputs *in)
{
	for (size_t i = 0; i < WD_IN_COUNT; i++) {
		const struct wd_bytes *doc = docs->part[i];

		if (tee == WD_TEE_TDX && docs->td_part[i] != NULL)
			doc = docs->td_part[i];
		if (doc != NULL)
			in->part[i] = wd_bytes_span(doc);
	}
}

int
wd_swtee_collateral(const struct wd_swtee *t,
    const struct wd_swtee_collateral *c, struct wd_swtee_docs *ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_swtee_docs_done) struct wd_swtee_docs docs = { 0 };
	struct wd_swtee_collateral full;
	int r;

	if ((r = fill_in(c, &full, d)) != 0 ||
	    (r = make_chains(t, &docs, d)) != 0 ||
	    (r = make_documents(t, &full, &docs, d)) != 0 ||
	    (r = make_lists(t, &full, &docs, d)) != 0)
		return r;
	*ret = docs;
	docs = (struct wd_swtee_docs){ 0 };
	return 0;
}
