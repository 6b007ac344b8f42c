/*
 * A list is told apart by its issuer's key, and looked at for the certificate
 * right below that issuer.
 */
#include "verify/nvidia/lists.h"

#include "crypto/hash.h"
#include "verify/crl.h"

/* The lists, from the root down: of the issuer so many places above the end. */
static const struct {
	enum wd_part role;
	size_t from_end;
} lists[] = {
	{ WD_IN_GPU_ROOT_CRL, 1 },
	{ WD_IN_GPU_CRL, 2 },
};

static const struct wd_trail_spec ca_spec = {
	.name = "GPU CA chain",
	.tee = WD_TEE_NVIDIA,
	.kept = WD_KEPT_GPU_CA_TRAIL,
	.n_min = 1,
	.n_max = 2,
	.leaf_keys = WD_TRAIL_KEY(WD_PKEY_P384),
	.ca_keys = WD_TRAIL_KEY(WD_PKEY_P384),
	.leaf_is_ca = true,
};

int
wd_nvidia_scopes(const struct wd_trail *path, struct wd_platform *ret)
{
	int r = 0;

	for (size_t i = 0; i < WD_N(lists) && r == 0; i++)
		r = wd_crl_scope(path->cert[path->n - lists[i].from_end],
		    ret->scope[lists[i].role]);
	return r;
}

static int
look(struct wd_appraisal *a, const struct wd_trail *path, enum wd_part role,
    size_t place)
{
	const struct wd_cert *issuer = path->cert[place];
	struct wd_span der = a->in->part[role];
	const struct wd_crl *crl;
	uint8_t digest[32];
	int64_t end = 0;
	int r;

	if (der.p == NULL && !a->v->rules.need_gpu_crl)
		return 0;
	if (der.p == NULL)
		return wd_reject(a->d, WD_R_CRL_MISSING, "%s: not given",
		    wd_part_name(role));
	if (wd_hash(WD_SHA256, wd_cert_der(issuer), digest) != 0)
		return wd_fault(a->d, WD_F_CRYPTO, "cannot hash");
	r = wd_kept_crl(a->v, der, issuer, digest, a->at, &crl, a->d);
	if (r != 0)
		return r;
	(void)wd_crl_next_update(crl, &end); /* was checked to be there */
	wd_appraisal_ends(a, end);
	if (!wd_crl_lists(crl, wd_cert_serial(path->cert[place - 1])))
		return 0;
	return wd_reject(a->d, WD_R_REVOKED,
	    "a CA in the GPU's certificate chain is revoked");
}

int
wd_nvidia_lists(struct wd_appraisal *a, const struct wd_trail *path)
{
	int r = 0;

	for (size_t i = 0; i < WD_N(lists) && r == 0; i++)
		r = look(a, path, lists[i].role, path->n - lists[i].from_end);
	return r;
}

static int
check_chain(enum wd_part role, const struct wd_trail *path, struct wd_diag *d)
{
	if (role == WD_IN_GPU_ROOT_CRL || path->n == 2)
		return 0;
	return wd_reject(d, WD_R_CHAIN_MALFORMED,
	    "its chain is not a product's CA and the root");
}

int
wd_nvidia_crl_check(struct wd_verifier *v, enum wd_part role,
    struct wd_span doc, struct wd_span chain, int64_t at,
    struct wd_doc_info *info, struct wd_diag *d)
{
	const struct wd_trail *path;
	const struct wd_cert *issuer;
	const struct wd_crl *crl;
	bool root = role == WD_IN_GPU_ROOT_CRL;
	int r;

	if (chain.p == NULL)
		return wd_reject(d, WD_R_COLLATERAL_MISSING,
		    "the chain of the list's issuer is not given");
	r = wd_trail_get(v, &ca_spec, chain, wd_span(NULL, 0), at, &path, d);
	if (r != 0 || (r = check_chain(role, path, d)) != 0)
		return r;
	issuer = root ? wd_trail_root(path) : wd_trail_leaf(path);
	r = wd_kept_crl(v, doc, issuer,
	    root ? path->root_sha256 : path->leaf_sha256, at, &crl, d);
	if (r != 0)
		return r;
	if (wd_crl_scope(issuer, info->id.scope) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	info->id.tee = WD_TEE_NVIDIA;
	info->software =
	    wd_trail_anchor(v, WD_TEE_NVIDIA, path->root_sha256)->software;
	info->issue_date = wd_crl_this_update(crl);
	(void)wd_crl_next_update(/* was checked to be there */
	    crl, &info->next_update);
	return 0;
}
