/*
 * A list is told apart by its issuer's key, as stored, and believed by that
 * key's signature and its dates each time it is looked at.
 */
#include "verify/tpm/ek_lists.h"

#include "crypto/hash.h"
#include "verify/crl.h"
#include "verify/snapshot.h"

enum { HEAD = 4 /* of a snapshot */ };

static const struct wd_trail_spec ca_spec = {
	.name = "chain of the list's issuer",
	.tee = WD_TEE_TPM,
	.kept = WD_KEPT_EK_CA_TRAIL,
	.ek = true,
	.n_min = 1,
	.n_max = WD_TRAIL_MAX,
	.leaf_keys = WD_TRAIL_TPM_KEYS,
	.ca_keys = WD_TRAIL_TPM_KEYS,
	.leaf_is_ca = true,
};

/* The newest, whatever class it was imported as. */
static struct wd_span
find(struct wd_span snapshot, struct wd_span scope, bool software)
{
	struct wd_rd rd = wd_rd(snapshot);
	struct wd_span found = { 0 };
	int64_t newest = 0;

	wd_rd_skip(&rd, HEAD);
	while (wd_rd_more(&rd)) {
		struct wd_snapshot_row row = wd_snapshot_next(&rd);

		if (row.role != WD_IN_EK_CRL || row.tee != WD_TEE_TPM ||
		    (row.software != 0) != software ||
		    !wd_span_equal(row.scope, scope) ||
		    (found.p != NULL && row.issue_date <= newest))
			continue;
		found = row.doc;
		newest = row.issue_date;
	}
	return found;
}

/* Whether the certificate at I - 1 stands on the list of the one at I. */
static int
look(struct wd_verifier *v, const struct wd_trail *t, size_t i,
    struct wd_span list, int64_t at, int64_t *ret_ends, struct wd_diag *d)
{
	const struct wd_crl *crl;
	uint8_t digest[32];
	int64_t end = 0;
	int r;

	if (wd_hash(WD_SHA256, wd_cert_der(t->cert[i]), digest) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	r = wd_kept_crl(v, list, t->cert[i], digest, at, &crl, d);
	if (r != 0)
		return r;
	if (wd_crl_lists(crl, wd_cert_serial(t->cert[i - 1])))
		return wd_reject(d, WD_R_REVOKED,
		    "a certificate of the endorsement key's chain is revoked");
	(void)wd_crl_next_update(crl, &end); /* was checked to be there */
	*ret_ends = end < *ret_ends ? end : *ret_ends;
	return 0;
}

int
wd_tpm_ek_lists(struct wd_verifier *v, const struct wd_trail *t, bool software,
    struct wd_span snapshot, int64_t at, int64_t *ret_ends, struct wd_diag *d)
{
	int64_t ends = *ret_ends;

	for (size_t i = 1; i < t->n; i++) {
		struct wd_span list;
		uint8_t scope[8];
		int r;

		if (wd_crl_scope(t->cert[i], scope) != 0)
			return wd_fault(d, WD_F_CRYPTO, "cannot hash");
		list = find(snapshot, WD_SPAN(scope), software);
		if (list.p == NULL && v->rules.need_ek_crl)
			return wd_reject(d, WD_R_CRL_MISSING,
			    "no revocation list of an issuer of the "
			    "endorsement "
			    "key's chain was imported");
		if (list.p != NULL &&
		    (r = look(v, t, i, list, at, &ends, d)) != 0)
			return r;
	}
	*ret_ends = ends;
	return 0;
}

int
wd_tpm_ek_crl_check(struct wd_verifier *v, struct wd_span doc,
    struct wd_span chain, int64_t at, struct wd_doc_info *info,
    struct wd_diag *d)
{
	const struct wd_trail *path;
	const struct wd_crl *crl;
	int r;

	if (chain.p == NULL)
		return wd_reject(d, WD_R_COLLATERAL_MISSING,
		    "the chain of the list's issuer is not given");
	r = wd_trail_get(v, &ca_spec, chain, wd_span(NULL, 0), at, &path, d);
	if (r != 0)
		return r;
	r = wd_kept_crl(
	    v, doc, wd_trail_leaf(path), path->leaf_sha256, at, &crl, d);
	if (r != 0)
		return r;
	if (wd_crl_scope(wd_trail_leaf(path), info->id.scope) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	info->id.tee = WD_TEE_TPM;
	info->software = wd_trail_end(v, &ca_spec, path->root_sha256)->software;
	info->issue_date = wd_crl_this_update(crl);
	(void)wd_crl_next_update(crl, &info->next_update); /* likewise */
	return 0;
}
